// tests/unit/test_machines.c - what machines cost against bills made out by hand, and what a scenario may not say of them.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/service.h"
#include "sim/study/study.h"
#include "tests/unit/run.h"

#define TYPES "instances: {small: {cores: 2, memory: 4GiB, price: 0.04 $/h}, large: {cores: 8, memory: 16GiB, price: 0.17 $/h}}\n"

static sim_model *read_text(const char *sections, const char *components, const char *workload)
{
    char *text = hr_format("scenario: t\n%scomponents: {%s}\nworkload: {%s}\nrun: {duration: 100s, warmup: 0}\n", sections, components, workload);
    hr_error e = {0};
    sim_model *model = NULL;
    if (sim_model_parse("t", text, strlen(text), "", &model, &e))
        fail_msg("%s", e.text);
    free(text);
    return model;
}

// A study of one replication of 100 s.
static sim_study *study_of(const char *sections, const char *components, const char *workload)
{
    sim_model *model = read_text(sections, components, workload);
    sim_study_options options = sim_study_options_default();
    options.least = options.most = 1;
    hr_error e = {0};
    sim_study *study;
    if (sim_study_run(&model, 1, &options, &study, &e))
        fail_msg("%s", e.text);
    return study;
}

// What the named component costs, or the whole with "".
static double cost(const sim_study *study, const char *name)
{
    return sim_study_value(study, 0, 0, SIM_METRIC_cost, *name ? sim_model_find(study->variants[0].model, name) : -1);
}

// Three small machines, two large ones of a database with storage and a licence, a cache by its core and its half GiB, a broker with a flat licence.
static void test_a_bill_has_all_items(void **state)
{
    (void)state;
    sim_study *study = study_of(TYPES "prices: {core: 0.03 $/h, gib: 0.01 $/h, storage: 0.073 $/GiB/month}\n",
        "lb: {kind: balancer, to: s}, s: {kind: service, instance: small, replicas: 3, on: {go: [{get: k}, {query: d.q}, {publish: m.a}]}}, k: {kind: cache, memory: 512MiB}, "
        "d: {kind: database, instance: large, replicas: 1, storage: 100GiB, licence: 0.05 $/core/h, statements: {q: {wait: 1ms}}}, "
        "m: {kind: broker, instance: small, licence: 0.5 $/h, queues: {a: {}}}", "c: {rate: 10/s, call: lb.go}");
    double services = 3 * 0.04, cache = 0.03 + 0.5 * 0.01, database = 2 * (0.17 + 100 * 0.073 / 730 + 8 * 0.05), broker = 0.04 + 0.5;
    near(cost(study, "s"), services);
    near(cost(study, "k"), cache);
    near(cost(study, "d"), database);
    near(cost(study, "m"), broker);
    near(cost(study, ""), services + cache + database + broker);
    sim_study_free(study);
}

// 50 requests a second of 1 MiB each: 180 000 an hour, 175.78125 GiB of answers. Refused ones are paid for as requests, and have no answer.
static void test_requests_and_answers_are_paid_for(void **state)
{
    (void)state;
    const char *prices = "prices: {requests: 2 $/million, egress: 0.08 $/GiB}\n";
    static const struct { const char *step; double answered; } cases[] = {{"wait: 1ms", 1}, {"fail: error", 0}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *components = hr_format("s: {kind: service, on: {go: [{%s}]}}", cases[i].step);
        sim_study *study = study_of(prices, components, "c: {rate: 50/s, arrivals: constant, call: s.go, size: 1MiB}");
        sim_tally tally = sim_study_tally(study, 0, -1);
        double offered = 0, good = (double)tally.outcome[SIM_ok];
        for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
            offered += (double)tally.outcome[o];
        assert_true(fabs(offered - 5000) <= 1 && fabs(good - 5000 * cases[i].answered) <= 1);
        double bill = offered * 36 / 1e6 * 2 + good * 36 / 1024 * 0.08;
        near(cost(study, "c"), bill);
        near(cost(study, ""), bill);
        if (good > 0)
            near(sim_study_value(study, 0, 0, SIM_METRIC_cost_per_million, -1), bill / (good * 36) * 1e6);
        sim_study_free(study);
        free(components);
    }
}

// In a cluster the nodes are paid for; a service's licence is paid for all the same.
static void test_nodes_are_paid_for(void **state)
{
    (void)state;
    sim_study *study = study_of(TYPES "prices: {core: 1 $/h, gib: 1 $/h}\n",
        "lb: {kind: balancer, to: s}, s: {kind: service, cluster: n, cores: 2, replicas: 3, licence: 0.25 $/core/h, on: {go: [{wait: 1ms}]}}, "
        "a: {kind: autoscaler, of: s, policy: fixed, max: 3}, n: {kind: cluster, instance: large, nodes: 2}", "c: {rate: 10/s, call: lb.go}");
    near(cost(study, "s"), 3 * 2 * 0.25);
    near(cost(study, "n"), 2 * 0.17);
    sim_study_free(study);
}

// Two replicas of 4 GiB that use 1e9 bytes: their bucket ends at 2e8 (1.05^37 - 1), and 15 % more. From 50 s of 100 on one has that, in place, and from 75 s on the other.
static void test_money_follows_what_replicas_have(void **state)
{
    (void)state;
    const double gib = 1u << 30, small = 2e8 * (pow(1.05, 37) - 1) * 1.15 / gib;
    sim_study *study = study_of("prices: {core: 1 $/h, gib: 1 $/h}\n",
        "lb: {kind: balancer, to: s}, s: {kind: service, replicas: 2, memory: 4GiB, footprint: {base: 1000000000B}, on: {go: [{wait: 1ms}]}}, "
        "a: {kind: autoscaler, of: s, policy: vpa, every: 25s, scrape: 10s, controlled_resources: [memory], update_mode: InPlaceOrRecreate, "
        "recommender: {confidence_interval: 1s}, updater: {pod_lifetime: none}}", "c: {rate: 10/s, call: lb.go}");
    near(cost(study, "s"), 2 + 0.5 * 2 * 4 + 0.25 * (4 + small) + 0.25 * 2 * small);
    near(sim_study_value(study, 0, 0, SIM_METRIC_requested_cores, -1), 2);
    near(sim_study_value(study, 0, 0, SIM_METRIC_requested_memory, -1), 0.5 * 2 * 4 + 0.25 * (4 + small) + 0.25 * 2 * small);
    near(sim_study_value(study, 0, 0, SIM_METRIC_resizes, -1), 2);
    near(sim_study_value(study, 0, 0, SIM_METRIC_evictions, -1), 0);
    sim_study_free(study);
}

static void test_a_type_gives_cores_and_memory(void **state)
{
    (void)state;
    sim_model *m = read_text(TYPES, "s: {kind: service, instance: large, on: {go: [{get: k}, {get: l}]}}, k: {kind: cache, instance: small, memory: 1GiB}, "
                             "l: {kind: cache, instance: small}", "c: {rate: 1/s, call: s.go}");
    const sim_service_def *s = m->components[0].def;
    near(s->cores, 8);
    assert_true(s->memory_bytes == 16.0 * (1u << 30));
    assert_true(((const sim_cache_def *)m->components[1].def)->memory_bytes == 1u << 30);
    assert_true(((const sim_cache_def *)m->components[2].def)->memory_bytes == 4ull << 30);
    near(((const sim_cache_def *)m->components[2].def)->cores, 2);
    sim_model_free(m);
}

// Eight computations of 1 s at once on n cores: the last ends after 8 / n rounds, each longer by contention and coherency. Without coherency the
// speed-up is Amdahl's: 1 / (0.05 + 0.95 / 8) = 5.925926.
static void test_more_cores_are_worth_less(void **state)
{
    (void)state;
    static const struct { const char *keys; double longest_s; } cases[] = {
        {"cores: 8", 1}, {"cores: 1, contention: 5%", 8}, {"cores: 2, contention: 5%", 4 * 1.05}, {"cores: 8, contention: 5%", 8 / 5.925925925925926},
        {"cores: 8, coherency: 1%", 1.56}, {"cores: 8, contention: 5%, coherency: 1%", 1.91}, {"cores: 0.5, contention: 50%", 8},
        {"cores: 8, contention: 5%, sharing: true", 1.35}, {"cores: 8, contention: 5%, discipline: priority, preemptive: true", 1.35}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *service = hr_format("s: {kind: service, %s, on: {go: [{cpu: 1s}]}}", cases[i].keys);
        fixture f = run(service, "c: {users: 8, think: 1s, call: s.go, timeout: none}", 1500 * HR_MS);
        near((double)look(f, "c").latency->greatest * 1e-9, cases[i].longest_s);
        done(f);
        free(service);
    }
    fixture f = run("s: {kind: service, on: {go: [{query: d.q}]}}, d: {kind: database, network: 0, cores: 4, contention: 10%, statements: {q: {cpu: 1s}}}",
                    "c: {users: 4, think: 1s, call: s.go, timeout: none}", 1500 * HR_MS);
    near(sim_histogram_mean_s(look(f, "c").latency), 1.3);
    done(f);
}

// Two cores serve two of four calls a second, of 1 s each; 64 calls are in hand. At 50 s the machine is off for 25 s: a hundred calls find nobody. Then
// eight cores serve all. Half of the time on each type: half of both prices.
static void test_a_machine_is_exchanged(void **state)
{
    (void)state;
    const char *service = "s: {kind: service, instance: small, queue: 0, workers: 64, resize: {at: 50s, to: large, restart: 25s}, on: {go: [{cpu: 1s}]}}";
    fixture f = begin_with(TYPES, service, "c: {rate: 4/s, arrivals: constant, call: s.go, timeout: none}", 100 * HR_SEC);
    sim_world_run(f.w, 50 * HR_SEC - 1);
    uint64_t before = look(f, "c").outcome[SIM_ok];
    assert_in_range(before, 96, 100);          // two a second, from the first second on
    assert_int_equal(look(f, "c").outcome[SIM_rejected] > 0, 1);
    sim_world_run(f.w, 75 * HR_SEC - 1);
    sim_world_check(f.w);
    assert_int_equal(look(f, "c").outcome[SIM_ok], before);
    uint64_t failed = look(f, "c").outcome[SIM_error];
    assert_in_range(failed, 99 + 64, 101 + 64);                    // those of 25 s, and what it had
    go(f, 100);
    assert_in_range(look(f, "c").outcome[SIM_ok] - before, 95, 97);     // four a second, but those of the last second
    assert_int_equal(look(f, "c").outcome[SIM_error], failed);
    done(f);
    sim_study *study = study_of(TYPES, service, "c: {rate: 4/s, call: s.go}");
    near(cost(study, "s"), 0.5 * 0.04 + 0.5 * 0.17);
    sim_study_free(study);
}

// Who is off turns away all that come, even where there is room to wait: four a second, from the first at 50 s to the last before 75 s.
static void test_nobody_waits_for_a_machine_that_is_off(void **state)
{
    (void)state;
    const char *service = "s: {kind: service, instance: small, workers: 4, queue: 100, resize: {at: 50s, to: large, restart: 25s}, on: {go: [{wait: 10ms}]}}";
    fixture f = begin_with(TYPES, service, "c: {rate: 4/s, arrivals: constant, call: s.go, timeout: none}", 100 * HR_SEC);
    run_checked(f, 100 * HR_SEC, HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_error], 25 * 4);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 75 * 4 - 1);    // the first comes after 0.25 s, none at the end
    done(f);
}

// Three machines, one after another off for 10 s: three calls a second of 1 s each find two, and nobody is refused. Each dies with what it has in hand: the first with one of three calls,
// the others, of two that are there, with one or two. Then each has eight cores. Paid for as three of the one kind, two, one, none: of 100 s 50, 10, 10, 30.
static void test_machines_are_exchanged_one_by_one(void **state)
{
    (void)state;
    const char *components = "lb: {kind: balancer, policy: least-conn, to: s}, s: {kind: service, replicas: 3, instance: small, resize: {at: 50s, to: large, restart: 10s}, on: {go: [{cpu: 1s}]}}",
               *workload = "c: {rate: 3/s, arrivals: constant, call: lb.go, timeout: none}";
    static const struct { double at; uint32_t down; uint32_t large; } steps[] = {{49.9, 0, 0}, {50.1, 1, 1}, {59.9, 1, 1}, {60.1, 1, 2}, {70.1, 1, 3}, {80.1, 0, 3}};
    fixture f = begin_with(TYPES, components, workload, 100 * HR_SEC);
    for (size_t i = 0; i < HR_COUNT(steps); i++) {
        go(f, steps[i].at);
        const sim_replica *r = SIM_AT(f.w, const sim_replica, SIM_STATE(f.w, const sim_service, 1)->replicas);
        assert_int_equal((r[0].down != 0) + (r[1].down != 0) + (r[2].down != 0), steps[i].down);
        assert_int_equal((r[0].core_count == 8) + (r[1].core_count == 8) + (r[2].core_count == 8), steps[i].large);
    }
    assert_in_range(look(f, "c").outcome[SIM_error], 3, 5);
    done(f);
    sim_study *study = study_of(TYPES, components, workload);
    near(cost(study, "s"), 0.5 * 3 * 0.04 + 0.1 * (2 * 0.04 + 0.17) + 0.1 * (0.04 + 2 * 0.17) + 0.3 * 3 * 0.17);
    sim_study_free(study);
}

// Two cores of 1 s calls serve two of four a second, 64 are in hand. At 50 s there are eight, at once: what waits for a core begins, nothing is lost, and 6 a second more end.
static void test_cores_are_added_in_place(void **state)
{
    (void)state;
    static const char *const orders[] = {"", "sharing: true, "};
    for (size_t i = 0; i < HR_COUNT(orders); i++) {
        char *components = hr_format("s: {kind: service, instance: small, %sworkers: 40, queue: 1000, resize: {at: 50s, to: large, restart: none}, on: {go: [{cpu: 1s}]}}", orders[i]);
        fixture f = begin_with(TYPES, components, "c: {rate: 4/s, arrivals: constant, call: s.go, timeout: none}", 100 * HR_SEC);
        free(components);
        sim_world_run(f.w, 50 * HR_SEC - 1);
        uint64_t before = look(f, "c").outcome[SIM_ok];
        assert_in_range(before, 60, 100);      // shared by 40: each takes 20 s, and the first come later
        for (hr_time at = 50 * HR_SEC; at <= 60 * HR_SEC; at += HR_SEC / 10) {
            sim_world_run(f.w, at);
            sim_world_check(f.w);
        }
        assert_in_range(look(f, "c").outcome[SIM_ok] - before, 70, 100);    // eight a second
        assert_int_equal(look(f, "c").outcome[SIM_error], 0);
        done(f);
    }
}

// The same of a database: two cores, a queue of statements of 1 s; at 50 s its connections are gone for 25 s, then eight cores serve all that come. Half of both prices.
static void test_a_database_gets_another_machine(void **state)
{
    (void)state;
    const char *components = "s: {kind: service, workers: 200, on: {go: [{query: d.q}]}}, d: {kind: database, network: 0, pool: 40, queue: 0, instance: small, "
                             "resize: {at: 50s, to: large, restart: 25s}, statements: {q: {cpu: 1s}}}", *workload = "c: {rate: 4/s, arrivals: constant, call: s.go, timeout: none}";
    fixture f = begin_with(TYPES, components, workload, 100 * HR_SEC);
    sim_world_run(f.w, 50 * HR_SEC - 1);
    sim_world_check(f.w);
    uint64_t before = look(f, "c").outcome[SIM_ok];
    assert_in_range(before, 96, 100);
    sim_world_run(f.w, 75 * HR_SEC - 1);
    sim_world_check(f.w);
    sim_workload_view v = look(f, "c");
    assert_int_equal(v.outcome[SIM_ok], before);
    uint64_t failed = v.outcome[SIM_error] + v.outcome[SIM_lost];
    assert_in_range(failed, 99 + 39, 101 + 40);                    // those of 25 s, and what it had
    go(f, 100);
    v = look(f, "c");
    assert_in_range(v.outcome[SIM_ok] - before, 95, 97);
    assert_int_equal(v.outcome[SIM_error] + v.outcome[SIM_lost], failed);
    done(f);
    sim_study *study = study_of(TYPES, components, workload);
    near(cost(study, "d"), 0.5 * 0.04 + 0.5 * 0.17);
    sim_study_free(study);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const struct { const char *sections, *keys, *says; } cases[] = {
        {TYPES, "instance: smal", "did you mean 'small'"}, {"", "instance: small", "want one of the file's `instances`"},
        {TYPES, "instance: small, cores: 3", "`cores` is said by `instance: small`"}, {TYPES, "instance: small, memory: 1GiB", "`memory` is said by"},
        {TYPES, "resize: {at: 1s, to: large}", "give `instance`, too"}, {TYPES, "instance: small, resize: {at: 1s, to: huge}", "s.resize.to: want one of"},
        {TYPES, "instance: small, resize: {to: large}", "lacks `at`"}, {TYPES, "instance: small, resize: 3", "want {at: 60s, to: large"},
        {TYPES, "instance: large, resize: {at: 1s, to: small, restart: none}", "memory is not taken away"},
        {TYPES, "instance: small, discipline: priority, preemptive: true, resize: {at: 1s, to: large}", "exclude each other"},
        {"", "licence: 3", "want a price such as 0.25 $/core/h"}, {"", "licence: 3 $/month", "want a price such as 0.25 $/core/h"},
        {"instances: {a: {cores: 2, memory: 1GiB, price: 3}}\n", "", "instances.a: want a price such as 0.04 $/h"},
        {"instances: {a: {cores: 2, memory: 1GiB}}\n", "", "lacks `price`"}, {"instances: {a: 3}\n", "", "instances.a: want {cores: 2"}, {"instances: 3\n", "", "want {NAME: {cores: 2"},
        {"prices: {storage: 0.1 $/h}\n", "", "prices.storage: want a price such as 0.04 $/GiB/month"}, {"prices: {requests: 2}\n", "", "$/million"}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *service = hr_format("s: {kind: service, %s%son: {go: [{wait: 1ms}]}}", cases[i].keys, *cases[i].keys ? ", " : "");
        assert_int_equal(refused_with(cases[i].sections, service, "c: {rate: 1/s, call: s.go}", cases[i].says), 1);
        free(service);
    }
    static const mistake databases[] = {
        {"instance: small, resize: {at: 1s, to: large}, replicas: 1", "without `replicas` and `shards`"}, {"instance: small, resize: {at: 1s, to: large, restart: none}", "want a time"},
        {"resize: {at: 1s, to: large}", "give `instance`, too"}, {"instance: small, resize: {at: 1s, to: lage}", "did you mean 'large'"}};
    for (size_t i = 0; i < HR_COUNT(databases); i++) {
        char *parts = hr_format("s: {kind: service, on: {go: [{query: d.q}]}}, d: {kind: database, %s, statements: {q: {wait: 1ms}}}", databases[i].part);
        assert_int_equal(refused_with(TYPES, parts, "c: {rate: 1/s, call: s.go}", databases[i].complaint), 1);
        free(parts);
    }
    refused("lb: {kind: balancer, to: s}, s: {kind: service, resize: {at: 1s, to: large}, on: {go: [{wait: 1ms}]}}, a: {kind: autoscaler, of: s, policy: fixed, max: 1}",
            "c: {rate: 1/s, call: lb.go}", "without an autoscaler");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bill_has_all_items), cmocka_unit_test(test_requests_and_answers_are_paid_for), cmocka_unit_test(test_nodes_are_paid_for),
        cmocka_unit_test(test_money_follows_what_replicas_have),
        cmocka_unit_test(test_a_type_gives_cores_and_memory), cmocka_unit_test(test_more_cores_are_worth_less), cmocka_unit_test(test_a_machine_is_exchanged),
        cmocka_unit_test(test_nobody_waits_for_a_machine_that_is_off), cmocka_unit_test(test_a_database_gets_another_machine),
        cmocka_unit_test(test_machines_are_exchanged_one_by_one), cmocka_unit_test(test_cores_are_added_in_place),
        cmocka_unit_test(test_mistakes_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
