// tests/unit/test_faults.c - what breaks, against cases computed by hand; the share of time that random failures take; what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/faults.h"
#include "tests/unit/run.h"

#define EVERY_SECOND "c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}"

static fixture broken(const char *service, const char *faults, hr_time until)
{
    char *components = hr_format("s: {kind: service, workers: 1, %s}", service);
    fixture f = run_broken(components, EVERY_SECOND, faults, until);
    free(components);
    return f;
}

// D/D/1: one each second from 1 s on, each computes 0.5 s. Stopped from 3.2 to 6.2 s: the third ends at 6.5 and has taken 3.5 s, the fourth to
// the eighth end 0.5 s after each other: 7, 7.5, 8, 8.5, 9: 3, 2.5, 2, 1.5, 1 s; then all is as before: 9 and 10 s take 0.5 s.
static void test_a_pause_moves_what_computes(void **state)
{
    (void)state;
    static const char *const kinds[] = {"", "sharing: true, ", "discipline: priority, preemptive: true, "};
    for (size_t i = 0; i < HR_COUNT(kinds); i++) {
        char *service = hr_format("%son: {go: [{cpu: 500ms}]}", kinds[i]);
        fixture f = broken(service, "{at: 3200ms, for: 3s, pause: s}", 10500 * HR_MS);
        free(service);
        assert_int_equal(look(f, "c").outcome[SIM_ok], 10);
        near(sim_histogram_mean_s(look(f, "c").latency), (0.5 * 4 + 3.5 + 3 + 2.5 + 2 + 1.5 + 1) / 10);
        near((double)look(f, "c").latency->greatest * 1e-9, 3.5);
        done(f);
    }
}

// A `wait` goes on outside: that of 3 s is over at 3.5 s and seen at 6.2. An answer, too: b is asked at 3 s.
static void test_a_pause_sees_late_what_goes_on_outside(void **state)
{
    (void)state;
    fixture f = broken("on: {go: [{wait: 500ms}]}", "{at: 3200ms, for: 3s, pause: s}", 3500 * HR_MS);
    near((double)look(f, "c").latency->greatest * 1e-9, 3.2);
    done(f);
    static const struct { const char *timeout; double takes; uint64_t ok; } cases[] = {{"", 3.2, 3}, {", timeout: 700ms", 3.2, 2}, {", timeout: 100ms", 0.1, 0}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *components = hr_format("s: {kind: service, on: {go: [{call: b.go%s}]}}, b: {kind: service, on: {go: [{wait: 500ms}]}}", cases[i].timeout);
        f = run_broken(components, EVERY_SECOND, "{at: 3200ms, for: 3s, pause: s}", 3500 * HR_MS);
        free(components);
        near((double)look(f, "c").latency->greatest * 1e-9, cases[i].takes);
        assert_int_equal(look(f, "c").outcome[SIM_ok], cases[i].ok);
        done(f);
    }
}

// What begins between 3 s and 5 s takes four times as long: 3 s ends at 3.8, 4 s at 4.8; 5 s again at 5.2.
static void test_slow_is_what_begins_meanwhile(void **state)
{
    (void)state;
    static const char *const steps[] = {"cpu: 200ms", "wait: 200ms"};
    for (size_t i = 0; i < HR_COUNT(steps); i++) {
        char *service = hr_format("on: {go: [{%s}]}", steps[i]);
        fixture f = broken(service, "{at: 2900ms, for: 2s, slow: s, factor: 4}", 6500 * HR_MS);
        free(service);
        near(sim_histogram_mean_s(look(f, "c").latency), (4 * 0.2 + 2 * 0.8) / 6);
        done(f);
    }
    fixture f = run_broken("s: {kind: service, on: {go: [{get: k}, {query: d.q}]}}, k: {kind: cache, demand: 10ms, network: 0}, d: {kind: database, "
                           "network: 0, statements: {q: {cpu: 20ms, wait: 30ms}}}", EVERY_SECOND,
                           "{at: 1900ms, for: 1s, slow: k, factor: 2}, {at: 1900ms, for: 1s, slow: d, factor: 3}, {at: 1950ms, slow: d, factor: 2}",
                           3500 * HR_MS);
    // 60 ms; 20 + 300, two faults together; the last is never over: 10 + 100.
    near(sim_histogram_mean_s(look(f, "c").latency), (0.06 + 0.32 + 0.11) / 3);
    done(f);
}

// One each second, 0.4 s each. Dead from 3.2 s on for 2 s: that of 3 s is lost, 4 and 5 s find nobody. For good: so do all later ones.
static void test_a_killed_replica_loses_what_it_has(void **state)
{
    (void)state;
    fixture f = broken("on: {go: [{wait: 400ms}]}", "{at: 3200ms, for: 2s, kill: s}", 8500 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_lost], 1);
    assert_int_equal(look(f, "c").outcome[SIM_error], 2);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 5);
    done(f);
    f = broken("on: {go: [{wait: 400ms}]}", "{at: 3200ms, kill: s}", 8500 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_error], 5);
    done(f);
    // With passive health the balancer finds out with one call, and one each second then.
    f = run_broken("s: {kind: balancer, to: a, max_fails: 1, fail_timeout: 10s}, a: {kind: service, replicas: 2, on: {go: [{wait: 1ms}]}}", EVERY_SECOND,
                   "{at: 500ms, kill: a, replica: 1}", 10500 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_error], 1);
    done(f);
}

// A cache that is down answers no get, so each goes to the database; then it is empty: the key is put in again once.
static void test_a_killed_cache_comes_back_empty(void **state)
{
    (void)state;
    static const struct { const char *fault; uint64_t statements; } cases[] = {
        {"{at: 3500ms, for: 2s, kill: k}", 1 + 2 + 1}, {"{at: 3500ms, flush: k}", 1 + 1}, {"{at: 3500ms, kill: k}", 1 + 4}, {"{at: 500ms, every: 2s, flush: k}", 1 + 3}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = run_broken("s: {kind: service, on: {go: [{get: k, miss: [{query: d.q}, {set: k}]}]}}, k: {kind: cache}, d: {kind: database, statements: {q: {wait: 1ms}}}",
                               EVERY_SECOND, cases[i].fault, 7500 * HR_MS);
        assert_int_equal(look(f, "c").outcome[SIM_ok], 7);
        assert_int_equal(sim_database_look(f.w, 2).started, cases[i].statements);
        done(f);
    }
}

// Statements of 0.4 s, one each second. Killed at 3.2 s for 2 s: one is lost, two fail. With replicas, back before anybody noticed: the same.
// Noticed after 1 s: the replica takes over at 4.2 s, so only 4 s fails, and the old primary comes back as a replica.
static void test_a_killed_database_comes_back(void **state)
{
    (void)state;
    static const struct { const char *keys; uint64_t errors; uint32_t primary; } cases[] = {
        {"pool: 5", 2, 0}, {"own_pools: true", 2, 0}, {"replicas: 1, failover: {detection: 10s}", 2, 0}, {"replicas: 1, failover: {detection: none}", 2, 0},
        {"replicas: 2, failover: {detection: 700ms, promotion: 300ms}", 1, 1}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *components = hr_format("s: {kind: service, on: {go: [{query: d.q}]}}, d: {kind: database, network: 0, %s, statements: {q: {cpu: 100ms, "
                                     "wait: 300ms, writes: true}}}", cases[i].keys);
        fixture f = run_broken(components, EVERY_SECOND, "{at: 3200ms, for: 2s, kill: d}", 9500 * HR_MS);
        free(components);
        sim_workload_view v = look(f, "c");
        assert_int_equal(v.outcome[SIM_lost], 1);
        assert_int_equal(v.outcome[SIM_error], cases[i].errors);
        assert_int_equal(v.outcome[SIM_ok], 8 - cases[i].errors);
        assert_int_equal(sim_database_primary(f.w, 1, 0), cases[i].primary);
        assert_int_equal(sim_database_version(f.w, 1, 0), 9 - cases[i].errors);
        done(f);
    }
}

static void test_a_full_disk_fails_writes_alone(void **state)
{
    (void)state;
    for (int writes = 0; writes < 2; writes++) {
        char *components = hr_format("s: {kind: service, on: {go: [{query: d.q}]}}, d: {kind: database, statements: {q: {wait: 1ms, writes: %s}}}",
                                     writes ? "true" : "false");
        fixture f = run_broken(components, EVERY_SECOND, "{at: 2500ms, for: 3s, full: d}", 8500 * HR_MS);
        free(components);
        assert_int_equal(look(f, "c").outcome[SIM_error], writes ? 3 : 0);
        done(f);
    }
}

// Up for 5 s, down for 2 s on average: down for 2/7 of all time, and so is the share of calls that fail. Of a run of n cycles the share
// varies by about 2 u d / (u + d)^2 / sqrt(2 n): 0.0091 here; four times that. With `at` it begins when it should.
static void test_random_failures_take_their_share_of_time(void **state)
{
    (void)state;
    fixture f = run_broken("s: {kind: service, on: {go: [{wait: 0}]}}", "c: {rate: 10/s, arrivals: constant, call: s.go, timeout: none}",
                           "{every: exp(5s), for: exp(2s), kill: s}", 7000 * HR_SEC);
    double share = (double)look(f, "c").outcome[SIM_error] / (double)look(f, "c").offered;
    print_message("share of failed calls %.4f, want %.4f\n", share, 2.0 / 7);
    assert_true(share > 2.0 / 7 - 0.0364 && share < 2.0 / 7 + 0.0364);
    done(f);
    f = run_broken("s: {kind: service, on: {go: [{wait: 0}]}}", EVERY_SECOND, "{at: 4500ms, for: 1s, every: 1s, until: 10s, kill: s}", 20500 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_error], 3);         // 5, 7 and 9 s
    sim_fault_run run;
    uint32_t runs = 0;
    for (; sim_faults_look(f.w, 2, runs, &run); runs++)
        assert_true(run.from == 4500 * HR_MS + runs * 2 * HR_SEC && run.to == run.from + HR_SEC);
    assert_int_equal(runs, 3);
    done(f);
}

// Which replica it is, is drawn: each is at some time, and two worlds of a seed draw alike.
static void test_replicas_are_drawn(void **state)
{
    (void)state;
    const char *components = "s: {kind: balancer, to: a}, a: {kind: service, replicas: 4, on: {go: [{wait: 1ms}]}}";
    unsigned count[4] = {0};
    fixture f = run_broken(components, EVERY_SECOND, "{every: 1s, for: 1s, kill: a}", 400 * HR_SEC);
    fixture g = run_broken(components, EVERY_SECOND, "{every: 1s, for: 1s, kill: a}", 400 * HR_SEC);
    sim_fault_run one, other;
    for (uint32_t i = 0; i < 190; i++) {
        assert_true(sim_faults_look(f.w, 3, i, &one) && sim_faults_look(g.w, 3, i, &other));
        assert_int_equal(one.replica, other.replica);
        count[one.replica]++;
    }
    for (int i = 0; i < 4; i++)
        assert_true(count[i] > 20 && count[i] < 80);
    done(f);
    done(g);
}

// An autoscaler's replica is replaced: after `startup` there are as many as before.
// For each moment: what is under way until when, what begins when. 2 s after each other, for 1 s: from 2 to 3 s, from 5 to 6 s; the next one is known when one is over.
// That of 10 s would begin when none may any more.
static void test_what_comes_next_is_known(void **state)
{
    (void)state;
    static const struct { hr_time at_ms, ends_ms, begins_ms; } often[] = {{1000, -1, 2000}, {2500, 3000, -1}, {3500, -1, 5000}, {5500, 6000, -1}, {6500, -1, -1}},
                                                               once[] = {{1000, -1, 4000}, {4500, 0, -1}, {9000, 0, -1}};       // 0: never
    for (size_t i = 0; i < HR_COUNT(often); i++) {
        fixture f = broken("on: {go: [{wait: 1ms}]}", "{every: 2s, for: 1s, until: 8s, slow: s}", often[i].at_ms * HR_MS);
        sim_fault_view v = sim_fault_look(f.w, (sim_component_id)sim_model_find(f.model, "faults"), 0);
        assert_int_equal(v.is_under_way, often[i].ends_ms >= 0);
        assert_int_equal(v.ends, often[i].ends_ms < 0 ? HR_FOREVER : often[i].ends_ms * HR_MS);
        assert_int_equal(v.begins, often[i].begins_ms < 0 ? HR_FOREVER : often[i].begins_ms * HR_MS);
        done(f);
    }
    for (size_t i = 0; i < HR_COUNT(once); i++) {
        fixture f = broken("on: {go: [{wait: 1ms}]}", "{at: 4s, kill: s}", once[i].at_ms * HR_MS);
        sim_fault_view v = sim_fault_look(f.w, (sim_component_id)sim_model_find(f.model, "faults"), 0);
        assert_int_equal(v.is_under_way, once[i].ends_ms == 0);
        assert_int_equal(v.ends, HR_FOREVER);
        assert_int_equal(v.begins, once[i].begins_ms < 0 ? HR_FOREVER : once[i].begins_ms * HR_MS);
        assert_int_equal(v.replica, 0);
        done(f);
    }
}

static void test_what_an_autoscaler_looks_after_is_replaced(void **state)
{
    (void)state;
    fixture f = run_broken("s: {kind: balancer, to: a, queue: 10}, a: {kind: service, replicas: 1, startup: 2s, on: {go: [{wait: 400ms}]}}, "
                           "x: {kind: autoscaler, of: a, policy: fixed, min: 1, max: 1}", EVERY_SECOND, "{at: 3200ms, kill: a}", 8500 * HR_MS);
    sim_workload_view v = look(f, "c");
    assert_int_equal(v.outcome[SIM_lost], 1);
    assert_int_equal(v.outcome[SIM_ok], 7);    // those of 4 and 5 s wait at the balancer until 5.2 s
    near((double)v.latency->greatest * 1e-9, 1.6);
    done(f);
}

// A consumer dies with a message: it goes to the other one, though `on_error` would drop it.
static void test_what_a_dead_consumer_had_comes_back(void **state)
{
    (void)state;
    fixture f = run_broken("s: {kind: service, on: {go: [{publish: m.q}]}}, m: {kind: broker, queues: {q: {}}}, w: {kind: service, replicas: 2, consume: "
                           "{from: m.q, call: do, prefetch: 1, on_error: drop}, on: {do: [{wait: 1500ms}]}}", EVERY_SECOND,
                           "{at: 1900ms, for: 5s, kill: w, replica: 0}", 3500 * HR_MS);
    sim_queue_view q = sim_queue_look(f.w, 1, 0);
    assert_int_equal(q.count[SIM_MESSAGE_acked], 3);
    assert_int_equal(q.count[SIM_MESSAGE_requeued], 1);
    assert_int_equal(q.count[SIM_MESSAGE_dropped], 0);
    done(f);
}

static void test_what_means_nothing_is_refused(void **state)
{
    (void)state;
    static const mistake wrong[] = {
        {"{kill: s}", "when? Want `at: 30s`"}, {"{at: 1s}", "wants one verb"}, {"{at: 1s, kill: s, flush: k}", "has several"},
        {"{at: 1s, kil: s}", "did you mean `kill`"}, {"{at: 1s, kill: t}", "no component"}, {"{at: 1s, flush: s}", "cannot be about s, a service"},
        {"{at: 1s, kill: c}", "no component is named 'c': that is a workload, which takes no calls"}, {"{at: 1s, kill: s, replica: 2}", "from 0 to 1, or all"},
        {"{at: 1s, kill: k, replica: 0}", "there is only one"}, {"{at: 1s, flush: k, for: 1s}", "takes no time"}, {"{at: 1s, pause: s}", "`pause` wants `for: 3s`"},
        {"{every: 1s, kill: s}", "when is it over"}, {"{every: 0s, for: 1s, kill: s}", "1ms at least"}, {"{at: 1s, until: 2s, kill: s}", "belongs to `every`"},
        {"{at: 1s, kill: s, factor: 2}", "belongs to `slow`"}, {"{at: 1s, slow: s, factor: 0.5}", "out of range"}, {"{at: 1s, for: 1s, kill: a}", "leave out `for`"},
        {"{at: 1s, kill: d}", "nobody knows since when"}, {"kill", "want a fault"}, {"{at: 1s, partition: eu-us}", "needs a section `network"},
        {"{at: 1s, kill: s, by: 1s}", "`by` belongs to `delay` and `apply_delay`"}, {"{at: 1s, kill: s, share: 5%}", "`share` belongs to `lose`"},
        {"{at: 1s, kill: d, shard: 0}", "d has none"}, {"{at: 1s, apply_delay: d, replica: 1}", "wants `by: 50ms`"},
        {"{at: 1s, replay_pause: e}", "e has no `replicas`"}, {"{at: 1s, kill: h, shard: 2}", "from 0 to 1, or all"}, {"{at: 1s, pause: b, for: 1s}", "it can be about: service"}};
    const char *components = "s: {kind: service, replicas: 2, on: {go: [{get: k}]}}, k: {kind: cache}, b: {kind: balancer, to: s}, d: {kind: database, history: "
                             "true, replicas: 1, statements: {q: {wait: 1ms}}}, e: {kind: database, statements: {q: {wait: 1ms}}}, h: {kind: database, shards: {count: 2}, "
                             "statements: {q: {wait: 1ms}}}, a: {kind: service, on: {go: [{wait: 1ms}]}}, z: {kind: balancer, to: a}, x: {kind: autoscaler, of: a, policy: fixed, max: 2}";
    for (size_t i = 0; i < HR_COUNT(wrong); i++)
        refused_faults(components, "c: {rate: 1/s, call: b.go}", wrong[i].part, wrong[i].complaint);
    refused_faults("faults: {kind: service, on: {go: [{wait: 1ms}]}}", "c: {rate: 1/s, call: faults.go}", "{at: 1s, kill: faults}", "give yours another one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pause_moves_what_computes), cmocka_unit_test(test_a_pause_sees_late_what_goes_on_outside),
        cmocka_unit_test(test_slow_is_what_begins_meanwhile), cmocka_unit_test(test_a_killed_replica_loses_what_it_has),
        cmocka_unit_test(test_a_killed_cache_comes_back_empty), cmocka_unit_test(test_a_killed_database_comes_back),
        cmocka_unit_test(test_a_full_disk_fails_writes_alone), cmocka_unit_test(test_random_failures_take_their_share_of_time),
        cmocka_unit_test(test_replicas_are_drawn), cmocka_unit_test(test_what_comes_next_is_known),
        cmocka_unit_test(test_what_an_autoscaler_looks_after_is_replaced),
        cmocka_unit_test(test_what_a_dead_consumer_had_comes_back), cmocka_unit_test(test_what_means_nothing_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
