// tests/unit/test_service.c - shared cores, priorities, patience, closed loops and shaped gaps against cases computed by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

// Requests come at 1 s, 2 s and 3 s. Each computes for 1.5 s.
// One core shared: the first has 1 s of work done at 2 s, then half speed: ends at 3 s. The second has 0.5 s at 3 s, the third none;
// the second needs 1 s more and ends at 5 s, where the third has 1 s and 0.5 s to go: 5.5 s. Response 2, 3, 2.5.
// First come first served instead: 2.5, 4, 5.5: response 1.5, 2, 2.5. Two cores shared: nobody waits before the third; 1.5, 1.5, 1.5.
static void test_cores_are_shared_as_computed_by_hand(void **state)
{
    (void)state;
    const char *asks = "c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}";
    near(mean_of("cores: 1, sharing: true, on: {go: [{cpu: 1500ms}]}", asks, 3500 * HR_MS), 2.5);
    near(mean_of("cores: 1, on: {go: [{cpu: 1500ms}]}", asks, 3500 * HR_MS), 2.0);
    near(mean_of("cores: 2, sharing: true, on: {go: [{cpu: 1500ms}]}", asks, 3500 * HR_MS), 1.5);
}

// A handler that computes again joins again; computations that end at the same instant leave together.
static void test_a_computation_may_join_again(void **state)
{
    (void)state;
    near(mean_of("cores: 1, sharing: true, on: {go: [{cpu: 200ms}, {cpu: 0}, {cpu: 250ms}]}", "c: {rate: 2/s, arrivals: constant, call: s.go, timeout: none}",
                 1200 * HR_MS), 0.45);
    near(mean_of("replicas: 1, cores: 1, sharing: true, on: {go: [{cpu: 400ms}]}",
                 "c: {users: 4, think: 1s, call: s.go, timeout: none}", 1500 * HR_MS), 1.6);           // all four at once, each at a quarter
}

// One worker, 1 s each. Low ones come at 0.4, 0.8 … 2.0 s, high ones at 1.3 and 2.6 s. Served: low 0.4-1.4, high 1.4-2.4 (waited 0.1),
// low -3.4 although the next high came at 2.6, high 3.4-4.4, then the three other low ones.
static void test_the_higher_priority_goes_first_and_interrupts_nobody(void **state)
{
    (void)state;
    const char *asks = "high: {rate: 0.769230769/s, arrivals: constant, call: s.go, timeout: none, priority: 3}, "
                       "c: {rate: 2.5/s, arrivals: constant, call: s.go, timeout: none, priority: 1}";
    double high[2], low[2];
    for (int order = 0; order < 2; order++) {
        char *components = hr_format("s: {kind: service, workers: 1, discipline: %s, on: {go: [{wait: 1s}]}}", order ? "priority" : "fifo");
        fixture f = run(components, asks, 2700 * HR_MS);
        free(components);
        assert_int_equal(look(f, "high").offered, 2);
        assert_int_equal(look(f, "c").offered, 6);
        high[order] = sim_histogram_mean_s(look(f, "high").latency);
        low[order] = sim_histogram_mean_s(look(f, "c").latency);
        done(f);
    }
    near(high[1], (1.1 + 1.8) / 2);            // 1.3 → 2.4, 2.6 → 4.4
    near(low[1], (1.0 + 2.6 + 4.2 + 4.8 + 5.4 + 6.0) / 6);         // 1.4, 3.4, 5.4, 6.4, 7.4, 8.4
    assert_true(high[0] > 3 && low[0] < low[1]);                   // the twin: in order of arrival the high ones wait with the others
}

// Three users think 1 s and are served 0.5 s side by side: a turn every 1.5 s from 1 s on, so at 1, 2.5 … 8.5: six each.
static void test_users_ask_when_they_have_their_answer(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, workers: 3, on: {go: [{wait: 500ms}]}}", "c: {users: 3, think: 1s, call: s.go, timeout: none}", 10 * HR_SEC);
    assert_int_equal(look(f, "c").offered, 18);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.5);
    done(f);
    // One worker: after the first round, in which two wait, they ask in turn, for a user's 1 s of thinking is what the other two take.
    // Turns at 1 s (three), then from 2.5 s to 99.5 s twice a second.
    f = run("s: {kind: service, workers: 1, on: {go: [{wait: 500ms}]}}", "c: {users: 3, think: 1s, call: s.go, timeout: none}", 100 * HR_SEC);
    near(sim_histogram_mean_s(look(f, "c").latency), (196 * 0.5 + 1.0 + 1.5) / 198);
    done(f);
}

// Who gives up thinks again, although the callee still works: with a timeout of 0.25 s a turn every 1.25 s, at 1, 2.25 …, 9.75.
static void test_a_user_who_gives_up_thinks_again(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, workers: 8, on: {go: [{wait: 500ms}]}}", "c: {users: 1, think: 1s, call: s.go, timeout: 250ms}", 10 * HR_SEC);
    assert_int_equal(look(f, "c").offered, 8);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 8);
    done(f);
}

// Gaps of a shape have the mean that the rate says, whatever the shape's own mean is.
static void test_the_rate_sets_the_mean_of_shaped_gaps(void **state)
{
    (void)state;
    const char *const shapes[] = {"5ms", "erlang(4, 1h)", "uniform(1us, 3us)", "gamma(20, 1s)"};
    for (size_t i = 0; i < HR_COUNT(shapes); i++) {
        char *asks = hr_format("c: {rate: 100/s, arrivals: \"%s\", call: s.go, timeout: none}", shapes[i]);
        fixture f = run("s: {kind: service, on: {go: [{wait: 1ms}]}}", asks, 100 * HR_SEC);
        free(asks);
        uint64_t offered = look(f, "c").offered;
        printf("%s: %llu\n", shapes[i], (unsigned long long)offered);
        assert_true(offered > 9700 && offered < 10300);
        done(f);
    }
}

// One worker, 1 s each, arrivals every 0.3 s, patience 0.45 s. Served: 0.3-1.3, the one of 0.9 until 2.3, the one of 2.1 until 3.3.
// The others leave after 0.45 s. With one place in the queue those of 0.9 and 1.8 find it taken, then it is free again.
static void test_who_loses_patience_leaves_the_queue(void **state)
{
    (void)state;
    const char *asks = "c: {rate: 3.3333333333/s, arrivals: constant, call: s.go, timeout: none}";
    fixture f = run("s: {kind: service, workers: 1, patience: 450ms, on: {go: [{wait: 1s}]}}", asks, 2200 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 3);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 4);
    assert_int_equal(sim_service_look(f.w, 0, 0).gave_up, 4);
    near(sim_histogram_mean_s(look(f, "c").latency), (1.0 + 1.4 + 1.2 + 4 * 0.45) / 7);
    done(f);
    f = run("s: {kind: service, workers: 1, queue: 1, patience: 450ms, on: {go: [{wait: 1s}]}}", asks, 2200 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 3);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 2);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 2);
    near(sim_histogram_mean_s(look(f, "c").latency), (1.0 + 1.1 + 1.2 + 2 * 0.45) / 5);
    done(f);
    f = run("s: {kind: service, workers: 1, patience: none, on: {go: [{wait: 1s}]}}", asks, 2200 * HR_MS);         // the twin
    assert_int_equal(look(f, "c").outcome[SIM_ok], 7);
    done(f);
}

// Ten times as much as can be served, by priority: who leaves from the middle leaves no trace. `run` checks the queue's links on the way.
static void test_those_who_gave_up_cost_no_memory(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, workers: 4, discipline: priority, queue: 1M, patience: exp(100ms), on: {go: [{wait: exp(10ms)}]}}",
                    "high: {rate: 200/s, call: s.go, timeout: none, priority: 5}, c: {rate: 3800/s, call: s.go, timeout: none}", 20 * HR_SEC);
    sim_workload_view low = look(f, "c"), high = look(f, "high");
    printf("low: %llu of %llu gave up; at most %u calls at a time\n", (unsigned long long)low.outcome[SIM_timeout], (unsigned long long)low.offered,
           f.w->calls_peak);
    assert_true(low.outcome[SIM_timeout] > low.offered * 9 / 10 && high.outcome[SIM_timeout] < high.offered / 20);
    assert_true(f.w->calls_peak < 700);        // 380 wait on average, of 80000 that came
    assert_int_equal(f.w->calls_live, 0);
    done(f);
}

// One core. A low one computes 1 s from 1.0 s on; a high one of 0.5 s comes at 1.6 s; a second low one at 2.0 s. Interrupting: high until
// 2.1 s, the first low one, which has 0.4 s to go, until 2.5 s, then the second until 3.5 s. Not interrupting: 2.0, 2.5 and 3.5 s.
static void test_a_higher_priority_takes_the_core_away(void **state)
{
    (void)state;
    const char *asks = "high: {rate: 0.625/s, arrivals: constant, call: s.quick, timeout: none, priority: 1}, "
                       "c: {rate: 1/s, arrivals: constant, call: s.slow, timeout: none}";
    for (int preemptive = 0; preemptive < 2; preemptive++) {
        char *components = hr_format("s: {kind: service, discipline: priority, preemptive: %s, on: {quick: [{cpu: 500ms}], slow: [{cpu: 1s}]}}",
                                     preemptive ? "true" : "false");
        fixture f = run(components, asks, 2500 * HR_MS);
        free(components);
        near(sim_histogram_mean_s(look(f, "high").latency), preemptive ? 0.5 : 0.9);
        near(sim_histogram_mean_s(look(f, "c").latency), preemptive ? 1.5 : 1.25);
        done(f);
    }
}

// The last computation ends at the same instant whether cores are taken away or not: nothing is lost or done twice.
static void test_interrupted_work_is_conserved(void **state)
{
    (void)state;
    hr_time ends[2];
    for (int preemptive = 0; preemptive < 2; preemptive++) {
        char *components = hr_format("s: {kind: service, workers: 1M, discipline: priority, preemptive: %s, cores: 1, on: {go: [{cpu: \"hyperexp(mean=1ms, scv=9)\"}]}}",
                                     preemptive ? "true" : "false");
        fixture f = run(components, "a: {rate: 400/s, call: s.go, timeout: none, priority: 7}, b: {rate: 400/s, call: s.go, timeout: none, priority: 3}, "
                                    "c: {rate: 300/s, call: s.go, timeout: none}", 20 * HR_SEC);
        ends[preemptive] = f.w->now;
        free(components);
        assert_true(f.w->now > 20 * HR_SEC + HR_SEC / 2);           // more than one core can do: it has never idled since long
        done(f);
    }
    assert_int_equal(ends[0], ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cores_are_shared_as_computed_by_hand), cmocka_unit_test(test_a_computation_may_join_again),
        cmocka_unit_test(test_the_higher_priority_goes_first_and_interrupts_nobody), cmocka_unit_test(test_users_ask_when_they_have_their_answer),
        cmocka_unit_test(test_a_user_who_gives_up_thinks_again), cmocka_unit_test(test_the_rate_sets_the_mean_of_shaped_gaps),
        cmocka_unit_test(test_who_loses_patience_leaves_the_queue), cmocka_unit_test(test_those_who_gave_up_cost_no_memory),
        cmocka_unit_test(test_a_higher_priority_takes_the_core_away), cmocka_unit_test(test_interrupted_work_is_conserved)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
