// tests/unit/test_links.c - faults of links: partitions, delays and losses, against times worked out by hand and the formulas of test_network.c.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/network.h"
#include "tests/unit/run.h"

static const char *const service = "s: {kind: service, workers: 1000, on: {o: [{wait: 10ms}]}}";

// Requests from `us` to a service in `eu`, 80 ms there and back, which takes 10 ms; a message is one packet. Another region is far from both.
static fixture run_links(const char *link, const char *workload, const char *faults, hr_time until)
{
    char *both = hr_format("c: {arrivals: constant, call: s.o, region: us, size: 1kB, %s}}\nnetwork: {regions: [eu, us, asia], overhead: 0B, rtt: {eu-us: 80ms, eu-asia: 1s, us-asia: 1s}%s",
                           workload, link);
    fixture f = begin_broken(service, both, faults, until);
    free(both);
    for (hr_time at = 0; at <= until; at += until / 50) {
        sim_world_run(f.w, at);
        sim_world_check(f.w);
    }
    assert_true(sim_world_drain(f.w, 1000 * HR_SEC));
    sim_world_check(f.w);
    return f;
}

static fixture one_call(const char *workload, const char *faults)
{
    char *both = hr_format("rate: 1/s, %s", workload);
    fixture f = run_links("", both, faults, 1500 * HR_MS);
    free(both);
    assert_int_equal(look(f, "c").offered, 1);                     // sent at 1 s, there at 1.04, answered at 1.05, back at 1.09
    return f;
}

// TCP's timeout is 80 + 200 ms, then twice that, four times. A request that is lost at 1.04 s comes at 1.32, 1.6 + 0.28 = 1.88 or 3 s;
// an answer that is lost at 1.09 s at 1.37, 1.93, 3.05 s.
static void test_a_partition_holds_calls_until_tcp_tries_again(void **state)
{
    (void)state;
    static const struct { const char *when, *what; double takes; uint64_t there, back; } cases[] = {
        {"at: 900ms, for: 2s", "eu-us", 2.05, 3, 0}, {"at: 900ms, for: 2s", "us-eu", 2.05, 3, 0}, {"at: 900ms, for: 2s", "us", 2.05, 3, 0},
        {"at: 900ms, for: 2s", "eu", 2.05, 3, 0}, {"at: 900ms, for: 2s", "[us, asia]", 2.05, 3, 0}, {"at: 900ms, for: 2s", "[eu]", 2.05, 3, 0},
        {"at: 900ms, for: 2s", "[eu, us]", 0.09, 0, 0}, {"at: 900ms, for: 2s", "asia", 0.09, 0, 0}, {"at: 900ms, for: 2s", "eu-asia", 0.09, 0, 0},
        {"at: 900ms, for: 150ms", "eu-us", 0.37, 1, 0}, {"at: 900ms, for: 150ms", "us->eu", 0.37, 1, 0}, {"at: 900ms, for: 150ms", "eu->us", 0.09, 0, 0},
        {"at: 1060ms, for: 1s", "eu-us", 2.05, 0, 3}, {"at: 1060ms, for: 1s", "eu->us", 2.05, 0, 3}, {"at: 1060ms, for: 1s", "us->eu", 0.09, 0, 0},
        {"at: 1s, every: 10ms, for: 100ms, until: 1150ms", "eu-us", 0.37, 1, 0}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *fault = hr_format("{%s, partition: %s}", cases[i].when, cases[i].what);
        fixture f = one_call("timeout: none", fault);
        near(sim_histogram_mean_s(look(f, "c").latency), cases[i].takes);
        assert_int_equal(sim_network_look(f.w, 1, 0).retransmitted, cases[i].there);
        assert_int_equal(sim_network_look(f.w, 0, 1).retransmitted, cases[i].back);
        free(fault);
        done(f);
    }
}

static void test_who_waits_for_a_partition_times_out(void **state)
{
    (void)state;
    fixture f = one_call("timeout: 1s", "{at: 900ms, for: 2s, partition: us}");
    sim_workload_view c = look(f, "c");
    assert_int_equal(c.outcome[SIM_timeout], 1);
    assert_int_equal(c.wasted, 1);
    near(sim_histogram_mean_s(c.latency), 1);
    assert_int_equal(sim_service_look(f.w, 0, 0).started, 1);      // TCP delivers it all the same, and its answer goes to nobody
    assert_int_equal(sim_network_look(f.w, 0, 1).messages, 0);
    done(f);
}

// A service in eu, its database in us: the statement is there at 1.04 s, its answer back at 1.13 s. COMMIT is there at 1.17 s and answered at 1.21 s, unless the link is cut
// before: then the client gives up at 2.13 s. What the server has not heard by then it rolls back; what it has heard is committed.
static void test_a_commit_in_a_partition_is_in_doubt(void **state)
{
    (void)state;
    static const struct { const char *end, *cut; double takes; sim_outcome outcome; uint32_t row; } cases[] = {
        {"", "9s", 0.21, SIM_ok, 2}, {"", "1150ms", 1.13, SIM_timeout, 1}, {"", "1190ms", 1.13, SIM_timeout, 2}, {", {fail: error}", "1150ms", 1.13, SIM_error, 1}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *components = hr_format("s: {kind: service, on: {o: [{transaction: [{query: d.put, timeout: 1s}%s]}]}}, d: {kind: database, region: us, network: 0, "
                                     "statements: {put: {cpu: 0, wait: 50ms, writes: true}}}", cases[i].end);
        char *fault = hr_format("{at: %s, for: 60s, partition: eu-us}", cases[i].cut);
        fixture f = begin_broken(components, "c: {rate: 1/s, arrivals: constant, call: s.o, timeout: none}}\nnetwork: {regions: [eu, us], rtt: {eu-us: 80ms}", fault,
                                 1500 * HR_MS);
        free(components);
        free(fault);
        sim_world_run(f.w, (1000 + (hr_time)(cases[i].takes * 1e3) - 1) * HR_MS);
        sim_world_check(f.w);
        assert_int_equal(look(f, "c").outcome[cases[i].outcome], 0);
        sim_world_run(f.w, (1000 + (hr_time)(cases[i].takes * 1e3) + 1) * HR_MS);
        assert_int_equal(look(f, "c").outcome[cases[i].outcome], 1);
        assert_true(sim_world_drain(f.w, 1000 * HR_SEC));
        sim_world_check(f.w);
        assert_int_equal(sim_database_version(f.w, (sim_component_id)sim_model_find(f.model, "d"), 0), cases[i].row);
        done(f);
    }
}

// 15 ms each way, from before the request, or from before the answer alone; one way; two delays. A timeout of TCP counts with the delayed
// round trip: 110 + 200 ms after 1.055 s.
static void test_a_delay_is_added_to_each_way(void **state)
{
    (void)state;
    static const struct { const char *faults; double takes; } cases[] = {
        {"{at: 500ms, for: 2s, delay: eu-us, by: 15ms}", 0.12}, {"{at: 1045ms, for: 2s, delay: eu-us, by: 15ms}", 0.105},
        {"{at: 500ms, for: 501ms, delay: eu-us, by: 15ms}", 0.105}, {"{at: 500ms, for: 400ms, delay: eu-us, by: 15ms}", 0.09},
        {"{at: 500ms, delay: us->eu, by: 15ms}", 0.105}, {"{at: 500ms, delay: asia, by: 15ms}", 0.09}, {"{at: 500ms, delay: eu, by: 15ms}", 0.12},
        {"{at: 500ms, delay: eu-us, by: 15ms}, {at: 600ms, delay: us, by: 10ms}", 0.14},
        {"{at: 500ms, delay: eu-us, by: 15ms}, {at: 900ms, for: 300ms, partition: eu-us}", 0.43}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = one_call("timeout: none", cases[i].faults);
        near(sim_histogram_mean_s(look(f, "c").latency), cases[i].takes);
        done(f);
    }
}

// Drawn for each message: 50 ms on average, so two ways vary by 50 √2 ms.
static void test_a_delay_may_be_a_distribution(void **state)
{
    (void)state;
    fixture f = run_links("", "rate: 100/s, timeout: none", "{at: 0s, delay: eu-us, by: exp(50ms)}", 50 * HR_SEC);
    double got = sim_histogram_mean_s(look(f, "c").latency), want = 0.19, half = 4 * 0.05 * sqrt(2) / sqrt((double)look(f, "c").latency->count);
    print_message("delay exp(50ms): %.4f s, want %.4f ±%.4f\n", got, want, half);
    assert_true(fabs(got - want) < half && half < 0.01);
    done(f);
}

// A message of one packet that is lost with probability p waits for timeouts T, 2T, 4T …: T p / (1 - 2p) on average, with T = 280 ms; both ways of
// a call. So many times T squared: p (1 - p) Σ p^(j-1) (2^j - 1)² with the sum over j = 1, 2 … Losses of several causes are independent.
static void test_losses_cost_what_the_formula_says(void **state)
{
    (void)state;
    static const struct { const char *link, *faults; double loss; } cases[] = {
        {"", "{at: 0s, lose: eu-us, share: 15%}", 0.15}, {"", "{at: 0s, lose: eu-us, share: 10%}, {at: 0s, lose: us, share: 5%}", 0.145},
        {", loss: {eu-us: 5%}", "{at: 0s, lose: eu, share: 10%}", 0.145}, {"", "{at: 0s, lose: asia, share: 10%}", 0}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = run_links(cases[i].link, "rate: 100/s, timeout: none", cases[i].faults, 400 * HR_SEC);
        double p = cases[i].loss, want = 0.09 + 2 * 0.28 * p / (1 - 2 * p), square = 0, got = sim_histogram_mean_s(look(f, "c").latency);
        for (int j = 1; j < 200; j++)
            square += (1 - p) * pow(p, j) * pow(pow(2, j) - 1, 2);
        double half = 4 * 0.28 * sqrt(2 * square / (double)look(f, "c").latency->count);
        print_message("%s%s: %.4f s, formula %.4f ±%.4f\n", cases[i].link, cases[i].faults, got, want, half);
        assert_true(fabs(got - want) < half + 1e-6 && half < 0.2 * want);
        done(f);
    }
}

// A publisher in eu, sending at 1 s. A broker there has the message at once; a consumer in us gets it, as a call would, at 3 s, works for 10 ms, and its ack is back
// at 3.05 s. A broker in us gets it at 3 s, and its confirm is back at 3.04 s. Two microseconds more are the least way to a broker and back.
static void test_messages_wait_for_a_partition(void **state)
{
    (void)state;
    static const struct { const char *broker, *consumer; double takes, ends; } cases[] = {{"eu", "us", 2e-6, 3.05}, {"us", "us", 2.04, 3.04}, {"eu", "eu", 2e-6, 1.01}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *components = hr_format("s: {kind: service, on: {o: [{publish: m.q, confirm: true}]}}, m: {kind: broker, region: %s, network: 0, demand: 0, persist: 0, "
                                     "queues: {q: {}}}, w: {kind: service, region: %s, consume: {from: m.q, call: do, prefetch: 1}, on: {do: [{wait: 10ms}]}}",
                                     cases[i].broker, cases[i].consumer);
        fixture f = begin_broken(components, "c: {rate: 1/s, arrivals: constant, call: s.o, timeout: none}}\nnetwork: {regions: [eu, us], rtt: {eu-us: 80ms}",
                                 "{at: 900ms, for: 2s, partition: eu-us}", 1500 * HR_MS);
        free(components);
        sim_world_run(f.w, (hr_time)(cases[i].ends * 1e9) - HR_MS);
        sim_world_check(f.w);
        assert_false(sim_world_is_idle(f.w));
        sim_world_run(f.w, (hr_time)(cases[i].ends * 1e9) + HR_MS);
        assert_true(sim_world_is_idle(f.w));
        assert_int_equal(sim_queue_look(f.w, 1, 0).count[SIM_MESSAGE_acked], 1);
        assert_true(fabs(sim_histogram_mean_s(look(f, "c").latency) - cases[i].takes) < 5e-6);
        done(f);
    }
}

static void test_links_that_are_none_are_refused(void **state)
{
    (void)state;
    static const mistake wrong[] = {
        {"{at: 1s, partition: eu-mars}", "there is no link 'eu-mars'"}, {"{at: 1s, partition: ue}", "there is no link 'ue'"},
        {"{at: 1s, partition: asai}", "did you mean 'asia'"}, {"{at: 1s, partition: [eu, uss]}", "did you mean 'us'"},
        {"{at: 1s, partition: [eu, us, asia]}", "but not all"}, {"{at: 1s, partition: []}", "but not all"}, {"{at: 1s, partition: {eu: us}}", "want a link such as eu-us"},
        {"{at: 1s, delay: eu-us}", "wants `by: 50ms`"}, {"{at: 1s, lose: eu-us}", "wants `share: 5%`"}, {"{at: 1s, lose: eu-us, share: 95%}", "out of range"},
        {"{at: 1s, partition: eu-us, replica: 0}", "is about links, which have none"}, {"{at: 1s, partition: eu-us, shard: 0}", "network has none"}};
    const char *workload = "c: {rate: 1/s, call: s.o}}\nnetwork: {regions: [eu, us, asia], rtt: {eu-us: 80ms, eu-asia: 1s, us-asia: 1s}";
    for (size_t i = 0; i < HR_COUNT(wrong); i++)
        assert_int_equal(refused_faults(service, workload, wrong[i].part, wrong[i].complaint), 1);
    assert_int_equal(refused_faults(service, "c: {rate: 1/s, call: s.o}}\nnetwork: {regions: [eu], rtt: {inside: 1ms}", "{at: 1s, partition: eu}", "the only region"), 1);
    assert_int_equal(refused_faults(service, "c: {rate: 1/s, call: s.o}}\nnetwork: {regions: [a, b-c, a-b, c], rtt: 80ms", "{at: 1s, partition: a-b-c}", "two different links"), 1);
    assert_int_equal(refused_faults(service, "c: {rate: 1/s, call: s.o}}\nnetwork: {regions: [a, b, a-b], rtt: 80ms", "{at: 1s, partition: a-b}", "can be a region and a link"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_partition_holds_calls_until_tcp_tries_again), cmocka_unit_test(test_who_waits_for_a_partition_times_out), cmocka_unit_test(test_a_commit_in_a_partition_is_in_doubt),
        cmocka_unit_test(test_a_delay_is_added_to_each_way), cmocka_unit_test(test_a_delay_may_be_a_distribution),
        cmocka_unit_test(test_losses_cost_what_the_formula_says), cmocka_unit_test(test_messages_wait_for_a_partition), cmocka_unit_test(test_links_that_are_none_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
