// tests/unit/test_disciplines.c - who of those that wait is next, who is turned away, and CPU limits, against cases computed by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

#define FIVE "c: {rate: 2.5/s, arrivals: constant, call: s.go, timeout: none}"

static fixture serve(const char *how, const char *asks, hr_time until)
{
    char *components = hr_format("s: {kind: service, workers: 1, %s, on: {go: [{wait: 1s}]}}", how);
    fixture f = run(components, asks, until);
    free(components);
    return f;
}

// One worker, 1 s each; requests come at 0.4, 0.8, 1.2, 1.6 and 2.0 s. Whatever the order, the last ends at 5.4 s and the mean is 2.2 s.
// By arrival the last waits longest, 3.4 s. The newest first: 0.4-1.4, that of 1.2 until 2.4, of 2.0 until 3.4, of 1.6 until 4.4, of 0.8.
// Adaptive after 1 s: somebody waits from 0.8 s on, so at 1.4 s still that of 0.8, then of 2.0, 1.6 and 1.2, which has waited for 4.2 s.
static void test_the_order_decides_who_waits_longest(void **state)
{
    (void)state;
    static const struct { const char *how; double longest; } cases[] = {
        {"discipline: fifo", 3.4}, {"discipline: lifo", 4.6}, {"discipline: adaptive-lifo, lifo_after: 1s", 4.2},
        {"discipline: adaptive-lifo, lifo_after: 1h", 3.4}, {"discipline: adaptive-lifo, lifo_after: 0", 4.6}, {"discipline: deadline", 3.4}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = serve(cases[i].how, FIVE, 2200 * HR_MS);
        assert_int_equal(look(f, "c").outcome[SIM_ok], 5);
        near(sim_histogram_mean_s(look(f, "c").latency), 2.2);
        near((double)look(f, "c").latency->greatest * 1e-9, cases[i].longest);
        done(f);
    }
}

// Beside those five, which have ten seconds, two come at 1 and 2 s that have two: each is next, for its deadline ends first.
static void test_the_earliest_deadline_goes_first(void **state)
{
    (void)state;
    const char *asks = "a: {rate: 2.5/s, arrivals: constant, call: s.go, timeout: 10s}, b: {rate: 1/s, arrivals: constant, call: s.go, timeout: 2s}";
    fixture f = serve("discipline: deadline", asks, 2200 * HR_MS);
    near(sim_histogram_mean_s(look(f, "b").latency), 1.4);
    assert_int_equal(look(f, "b").outcome[SIM_ok], 2);
    done(f);
    f = serve("discipline: fifo", asks, 2200 * HR_MS);             // the twin
    assert_int_equal(look(f, "b").outcome[SIM_timeout], 2);
    done(f);
}

// A step's timeout is a deadline, too, when it ends before the request's: of two operations the one with the short timeout goes first.
static void test_a_deadline_is_passed_on(void **state)
{
    (void)state;
    for (int by_deadline = 0; by_deadline < 2; by_deadline++) {
        char *components = hr_format("front: {kind: service, on: {slow: [{call: s.go}], quick: [{call: s.go, timeout: 2s}]}}, "
                                     "s: {kind: service, workers: 1, discipline: %s, on: {go: [{wait: 1s}]}}", by_deadline ? "deadline" : "fifo");
        fixture f = run(components, "a: {rate: 2.5/s, arrivals: constant, call: front.slow, timeout: 10s}, "
                                    "b: {rate: 1/s, arrivals: constant, call: front.quick, timeout: 9s}", 2200 * HR_MS);
        free(components);
        assert_int_equal(look(f, "b").outcome[SIM_ok], by_deadline ? 2 : 0);
        done(f);
    }
}

// The five with 1.5 s of time, by arrival: that of 0.4 is answered; those of 0.8 and 1.2 begin in time and end late; that of 1.6 would
// begin at 3.4, behind its deadline of 3.1: it is dropped, so that of 2.0 begins at 3.4, just in time to be late.
static void test_a_call_behind_its_deadline_is_not_begun(void **state)
{
    (void)state;
    const char *asks = "c: {rate: 2.5/s, arrivals: constant, call: s.go, timeout: 1500ms}";
    fixture f = serve("drop_late: true", asks, 2200 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 1);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 4);
    assert_int_equal(sim_service_look(f.w, 0, 0).late, 1);
    assert_int_equal(sim_service_look(f.w, 0, 0).started, 4);
    near((double)f.w->now * 1e-9, 4.4);
    done(f);
    f = serve("drop_late: false", asks, 2200 * HR_MS);
    assert_int_equal(sim_service_look(f.w, 0, 0).started, 5);
    near((double)f.w->now * 1e-9, 5.4);
    done(f);
    f = serve("drop_late: true, discipline: lifo", asks, 2200 * HR_MS);        // 1.0, 1.2, 1.4 s; the two others are dropped
    assert_int_equal(look(f, "c").outcome[SIM_ok], 3);
    assert_int_equal(sim_service_look(f.w, 0, 0).late, 2);
    done(f);
}

// A look every millisecond at a call that has waited too long. An interval passes, then one is dropped, the next after 100 ms, then
// 100 / sqrt(2), 100 / sqrt(3) … after the last: 100, 200, 270.7, 328.4, 378.4, 423.2 ms.
static void test_codel_drops_faster_and_faster(void **state)
{
    (void)state;
    static const int want[] = {100, 200, 271, 329, 379, 424};
    sim_codel_def d = {5 * HR_MS, 100 * HR_MS};
    sim_codel c = {0};
    size_t n = 0;
    for (int ms = 0; ms < 430; ms++)
        if (sim_codel_drops(&c, &d, ms * HR_MS, 6 * HR_MS, false)) {
            assert_true(n < HR_COUNT(want));
            assert_int_equal(ms, want[n++]);
        }
    assert_int_equal(n, HR_COUNT(want));
    // Somebody has waited less: that was all, and a new interval must pass. As it has only just stopped it begins as fast as it ended: with
    // five in the interval, so the next is due after 100 / sqrt(5) = 44.7 ms.
    assert_false(sim_codel_drops(&c, &d, 430 * HR_MS, 4 * HR_MS, false));
    n = 0;
    for (int ms = 431; ms < 600; ms++)
        if (sim_codel_drops(&c, &d, ms * HR_MS, 6 * HR_MS, false)) {
            static const int again[] = {531, 576};
            assert_true(n < HR_COUNT(again));
            assert_int_equal(ms, again[n++]);
        }
    assert_int_equal(n, 2);
}

static void test_codel_leaves_bursts_and_the_last_one_alone(void **state)
{
    (void)state;
    sim_codel_def d = {5 * HR_MS, 100 * HR_MS};
    sim_codel c = {0};
    for (int ms = 0; ms < 1000; ms++)
        assert_false(sim_codel_drops(&c, &d, ms * HR_MS, ms % 99 ? 50 * HR_MS : HR_MS, false));
    for (int ms = 1000; ms < 2000; ms++)
        assert_false(sim_codel_drops(&c, &d, ms * HR_MS, 50 * HR_MS, ms % 99 == 0));
}

// A fifth more than can be served. Requests do not slow down as TCP's packets do when some are dropped, so it takes seconds until every
// sixth is; yet the queue never fills, and who is answered has waited for a fraction of it.
static void test_codel_keeps_the_queue_short(void **state)
{
    (void)state;
    double p50[2];
    for (int codel = 0; codel < 2; codel++) {
        char *components = hr_format("s: {kind: service, workers: 10, queue: 1000%s, on: {go: [{wait: exp(10ms)}]}}", codel ? ", codel: {}" : "");
        fixture f = run(components, "c: {rate: 1200/s, call: s.go, timeout: none}", 20 * HR_SEC);
        free(components);
        sim_station_view s = sim_service_look(f.w, 0, 0);
        p50[codel] = (double)sim_histogram_quantile(look(f, "c").latency, 0.5) * 1e-6;
        printf("p50 %.1f ms, dropped %llu, rejected %llu\n", p50[codel], (unsigned long long)s.dropped, (unsigned long long)s.rejected);
        assert_int_equal(look(f, "c").outcome[SIM_rejected], s.dropped + s.rejected);
        assert_true(codel ? s.dropped > 3000 && s.rejected == 0 : s.dropped == 0 && s.rejected > 3000);
        done(f);
    }
    assert_true(p50[0] > 900 && p50[1] < p50[0] / 3);
}

// --- CPU limits -----------------------------------------------------------------------------------------------------------

static fixture compute(const char *how, const char *asks, hr_time until)
{
    char *components = hr_format("s: {kind: service, sharing: true, %s}", how);
    fixture f = run(components, asks, until);
    free(components);
    return f;
}

// Half a core: 50 ms in each period of 100 ms. 120 ms of work take 50, a stop of 50, 50, a stop of 50, 20: 220 ms.
static void test_a_limit_stops_what_has_used_it_up(void **state)
{
    (void)state;
    const char *once = "c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}";
    fixture f = compute("cores: 2, cpu_limit: 0.5, on: {go: [{cpu: 120ms}]}", once, 1500 * HR_MS);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.22);
    sim_station_view s = sim_service_look(f.w, 0, 0);
    assert_int_equal(s.periods, 3);
    assert_int_equal(s.throttled, 2);
    near(s.stopped_s, 0.1);
    done(f);
    f = compute("cores: 2, on: {go: [{cpu: 120ms}]}", once, 1500 * HR_MS);     // the twin
    near(sim_histogram_mean_s(look(f, "c").latency), 0.12);
    done(f);
}

// Two computations of 50 ms on two cores use the quota up in 25 ms; they have 25 ms to go when the next period begins.
static void test_more_cores_use_the_quota_up_sooner(void **state)
{
    (void)state;
    fixture f = compute("cores: 2, cpu_limit: 0.5, on: {go: [{cpu: 50ms}]}", "c: {users: 2, think: 1s, call: s.go, timeout: none}", 1500 * HR_MS);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.125);
    done(f);
}

// 60 ms of work at 130, 260 and 390 ms. Periods begin at 130, 230 and 330 ms: each has the last piece of the work before.
// 130-180, 230-240: 110 ms. 260-300, for 10 ms of the period are gone, 330-350: 90 ms. 390-420, 430-460: 70 ms.
static void test_periods_go_on_while_there_is_work(void **state)
{
    (void)state;
    fixture f = compute("cpu_limit: 0.5, on: {go: [{cpu: 60ms}]}", "c: {rate: 7.6923076923/s, arrivals: constant, call: s.go, timeout: none}", 400 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 3);
    near((double)look(f, "c").latency->greatest * 1e-9, 0.11);
    near((double)look(f, "c").latency->least * 1e-9, 0.07);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.09);
    done(f);
}

// A limit of 2 cores of 4 with a load of 90 % of it: no more than the limit is used, and all work is done.
static void test_a_limit_bounds_use(void **state)
{
    (void)state;
    fixture f = compute("cores: 4, workers: 1M, cpu_limit: 2, cpu_period: 10ms, on: {go: [{cpu: exp(5ms)}]}",
                        "c: {rate: 500/s, call: s.go, timeout: none}", 20 * HR_SEC);
    sim_workload_view v = look(f, "c");
    double per_s = (double)v.outcome[SIM_ok] / ((double)f.w->now * 1e-9);
    printf("%.0f/s of 400, ended at %.2f s\n", per_s, (double)f.w->now * 1e-9);
    assert_true(per_s > 380 && per_s < 420 && f.w->now > 23 * HR_SEC);
    done(f);
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const mistake wrong[] = {
        {"discipline: lif", "did you mean 'lifo'?"}, {"discipline: {}", "want one of `list disciplines`"},
        {"lifo_after: 1s", "belongs to `discipline: adaptive-lifo`"}, {"discipline: deadline, queue: 1M", "at most 100000 calls"},
        {"codel: yes", "want {target: 5ms, interval: 100ms}"}, {"codel: {target: 0}", "codel.target"}, {"cpu_limit: 1", "give `sharing: true`, too"},
        {"sharing: true, cpu_period: 1ms", "belongs to a `cpu_limit`"}, {"priority: true", "no key `priority`"}};
    all_refused("s: {kind: service, @, on: {go: []}}",
                "c: {rate: 1/s, call: s.go}", wrong, HR_COUNT(wrong));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_order_decides_who_waits_longest), cmocka_unit_test(test_the_earliest_deadline_goes_first),
        cmocka_unit_test(test_a_deadline_is_passed_on), cmocka_unit_test(test_a_call_behind_its_deadline_is_not_begun),
        cmocka_unit_test(test_codel_drops_faster_and_faster), cmocka_unit_test(test_codel_leaves_bursts_and_the_last_one_alone),
        cmocka_unit_test(test_codel_keeps_the_queue_short), cmocka_unit_test(test_a_limit_stops_what_has_used_it_up),
        cmocka_unit_test(test_more_cores_use_the_quota_up_sooner), cmocka_unit_test(test_periods_go_on_while_there_is_work),
        cmocka_unit_test(test_a_limit_bounds_use), cmocka_unit_test(test_what_does_not_fit_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
