// tests/unit/test_refill.c - loads of keys: stampedes and their cures, against schedules worked out by hand.
// One key is asked for every millisecond; it takes 9.5 ms to load and is fresh for 100 ms, in the replica's own cache or in a server
// that takes no time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

static const char *const caches[] = {"local", "k"};

// How it went until 300 ms: the requests of 1, 2 … 299 ms.
static fixture ask_each_ms(const char *cache, const char *options, const char *load)
{
    char *components = hr_format("s: {kind: service, workers: 1000, local: {entries: 10}, on: {read: [{get: %s%s, miss: [%s, {set: %s, ttl: "
                                 "100ms}]}]}}, k: {kind: cache, demand: 0, network: 0}, gate: {kind: limiter, policy: token-bucket, to: db, rate: "
                                 "1/min, burst: 1}, db: {kind: database, network: 0, statements: {by_id: {cpu: 0, wait: 9.5ms}}}",
                                 cache, options, load, cache);
    fixture f = run(components, "c: {rate: 1k/s, arrivals: constant, call: s.read}", 300 * HR_MS);
    free(components);
    return f;
}

static void expect(const char *options, const char *load, uint64_t loads, uint64_t joined, uint32_t stampede, uint64_t saved, uint64_t ok,
                   double mean_ms)
{
    for (size_t i = 0; i < HR_COUNT(caches); i++) {
        fixture f = ask_each_ms(caches[i], options, load);
        sim_station_view v = sim_service_look(f.w, 0, 0);
        sim_workload_view c = look(f, "c");
        print_message("%s%s: %llu loads, %llu joined, %u at a time, %llu saved, %llu ok, mean %.6f ms\n", caches[i], options,
                      (unsigned long long)v.loads, (unsigned long long)v.joined, v.stampede, (unsigned long long)v.saved,
                      (unsigned long long)c.outcome[SIM_ok], sim_histogram_mean_s(c.latency) * 1e3);
        assert_true(v.has_refills);
        assert_int_equal(c.offered, 299);
        assert_int_equal(v.loads, loads);
        assert_int_equal(v.joined, joined);
        assert_int_equal(v.stampede, stampede);
        assert_int_equal(v.saved, saved);
        assert_int_equal(c.outcome[SIM_ok], ok);
        if (mean_ms >= 0)
            near(sim_histogram_mean_s(c.latency), mean_ms * 1e-3);
        done(f);
    }
}

// Loads from 1 to 10.5 ms, fresh until 110.5; from 111 to 120.5, until 220.5; from 221 to 230.5. Ten requests come in each of the spans.
static void test_many_misses_are_as_many_loads_or_one(void **state)
{
    (void)state;
    const double each = 9.5, waiting = 10 * 10.5 - 55;             // of those that wait for a load: 9.5, 8.5 … 0.5 ms
    expect(", single_flight: false", "{wait: 9.5ms}", 30, 0, 10, 0, 299, 30 * each / 299);
    expect(", single_flight: true", "{wait: 9.5ms}", 3, 27, 1, 0, 299, 3 * waiting / 299);
}

static void test_stale_while_revalidate_hides_every_load_but_the_first(void **state)
{
    (void)state;
    expect(", single_flight: true, stale_while_revalidate: 50ms", "{wait: 9.5ms}", 3, 9, 1, 0, 299, 50.0 / 299);
    // A grace of half a load: from 115.5 on the value is of no use any more, so 116 … 120 wait for the load in the background.
    expect(", single_flight: true, stale_while_revalidate: 5ms", "{wait: 9.5ms}", 3, 9 + 5 + 5, 1, 0, 299, (50 + 2 * (4.5 + 3.5 + 2.5 + 1.5 + 0.5)) / 299);
}

// The last fifth of each 100 ms begins 20 ms before the end: loads from 91 to 100.5 ms, from 181 to 190.5 and from 271 to 280.5.
static void test_refresh_ahead_loads_in_the_last_part_of_the_ttl(void **state)
{
    (void)state;
    expect(", single_flight: true, refresh_ahead: 20%", "{wait: 9.5ms}", 4, 9, 1, 0, 299, 50.0 / 299);
}

// The database answers once, then the limiter refuses. The value of 10.5 ms saves the requests of 111 … 160 ms.
static void test_stale_if_error_saves_what_a_failed_load_would_lose(void **state)
{
    (void)state;
    expect(", single_flight: true", "{query: gate.by_id}", 1 + 189, 9, 1, 0, 110, -1);
    expect(", single_flight: true, stale_if_error: 50ms", "{query: gate.by_id}", 1 + 189, 9, 1, 50, 160, -1);
}

// Who waits for a load shares its failure: it takes 9.5 ms to fail, so of the requests of 1 … 299 ms every tenth loads.
static void test_a_load_that_fails_fails_all_who_wait(void **state)
{
    (void)state;
    expect(", single_flight: true", "{wait: 9.5ms}, {fail: error}", 30, 269, 1, 0, 0, -1);
}

// Fifty keys in turn, each asked for every 50 ms, loaded in 10 ms and fresh for 100: asked for again with 60 and with 10 ms left. XFetch
// loads early with probability e^(-left / (10 ms x beta)).
static double loads_per_request(const char *options)
{
    char *components = hr_format("s: {kind: service, workers: 1000, local: {entries: 100}, on: {read: [{get: local, single_flight: false%s, miss: "
                                 "[{wait: 10ms}, {set: local, ttl: 100ms}]}]}}", options);
    fixture f = run(components, "c: {rate: 1k/s, arrivals: constant, call: s.read, key: sequential(50)}", 40 * HR_SEC);
    double loads = (double)sim_service_look(f.w, 0, 0).loads / (double)look(f, "c").offered;
    free(components);
    done(f);
    return loads;
}

static void test_xfetch_loads_early_as_often_as_its_formula_says(void **state)
{
    (void)state;
    static const struct { const char *options; double p60, p10; } cases[] = {
        {"", 0, 0}, {", early: 1", 0.00247875, 0.36787944}, {", early: 2", 0.04978707, 0.60653066}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        double p60 = cases[i].p60, p10 = cases[i].p10, requests = p60 + (1 - p60) * (2 * p10 + 3 * (1 - p10)), loads = loads_per_request(cases[i].options);
        print_message("xfetch%s: %.5f loads a request, %.5f by the formula\n", cases[i].options, loads, 1 / requests);
        // Some 15 000 loads, whose distances have a deviation of half a request: 1 % is more than four deviations of the mean.
        assert_true(loads > 0.99 / requests && loads < 1.01 / requests);
    }
}

static void test_each_replica_has_its_own_loads_and_the_stampede_counts_all(void **state)
{
    (void)state;
    fixture f = run("lb: {kind: balancer, to: s}, s: {kind: service, replicas: 3, local: {entries: 10}, on: {read: [{get: k, single_flight: true, "
                    "miss: [{wait: 9.5ms}, {set: k}]}]}}, k: {kind: cache, demand: 0, network: 0}",
                    "c: {rate: 1k/s, arrivals: constant, call: lb.read}", 300 * HR_MS);
    sim_station_view v = sim_service_look(f.w, 1, 0);
    assert_int_equal(v.loads, 3);
    assert_int_equal(v.stampede, 3);
    assert_int_equal(v.joined, 7);
    done(f);
}

// Three replicas in turn, one lock. That of 1 ms loads until 10.5; with a poll of 5 ms those of 2 and 3 ms look at 7 and 12, 8 and 13. The
// other requests until 10 ms wait in their replicas for these three.
static fixture ask_with_lock(const char *options)
{
    char *components = hr_format("lb: {kind: balancer, to: s}, s: {kind: service, replicas: 3, on: {read: [{get: k, single_flight: cache, %s, "
                                 "miss: [{wait: 9.5ms}, {set: k}]}]}}, k: {kind: cache, demand: 0, network: 0}", options);
    fixture f = run(components, "c: {rate: 1k/s, arrivals: constant, call: lb.read}", 300 * HR_MS);
    free(components);
    return f;
}

static void test_a_lock_in_the_cache_lets_one_replica_load(void **state)
{
    (void)state;
    fixture f = ask_with_lock("poll: 5ms");
    sim_station_view v = sim_service_look(f.w, 1, 0);
    assert_int_equal(v.loads, 1);
    assert_int_equal(v.stampede, 1);
    assert_int_equal(v.joined, 7);
    near(sim_histogram_mean_s(look(f, "c").latency), (9.5 + 6.5 + 3.5 + 0.5 + 2 * (10 + 7 + 4)) * 1e-3 / 299);
    assert_int_equal(sim_cache_look(f.w, 2).entries, 1);           // the lock is given back
    done(f);
}

// The lock of 1 ms ends at 6: the replica that looks at 7 gets it, and keeps it when the first one gives back what it has no more. The
// third looks at 8 and finds it taken, and at 13 finds the value.
static void test_a_lock_that_runs_out_lets_a_second_replica_load(void **state)
{
    (void)state;
    fixture f = ask_with_lock("poll: 5ms, lock: 5ms");
    sim_station_view v = sim_service_look(f.w, 1, 0);
    assert_int_equal(v.loads, 2);
    assert_int_equal(v.stampede, 2);
    done(f);
}

static void test_what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const mistake wrong[] = {
        {"{get: k, single_flight: true}", "but not what loads it"},
        {"{get: k, single_flight: maybe, miss: [{set: k}]}", "single_flight: want true, false or cache"},
        {"{get: k, early: 0, miss: [{set: k}]}", "early: want"},
        {"{get: k, refresh_ahead: 100%, miss: [{set: k}]}", "refresh_ahead: want"},
        {"{get: k, stale_if_error: soon, miss: [{set: k}]}", "stale_if_error: want"},
        {"{get: k, early: 1, retry: {}, miss: [{set: k}]}", "do not go together"},
        {"{get: nothing, early: 1, miss: [{set: k}]}", "no cache is named"},
        {"{get: [k], early: 1, miss: [{set: k}]}", "want the name of a cache"},
        {"{set: k, stale_while_revalidate: 1s}", "a set step has no"},
        {"{get: k, single_flight: true, lock: 1s, miss: [{set: k}]}", "belong to `single_flight: cache`"},
        {"{get: k, single_flight: cache, poll: 0, miss: [{set: k}]}", "poll: want"},
        {"{set: k, negative: soon}", "negative: want"},
        {"{set: k, newer: perhaps}", "newer: want"},
        {"{delete: k, everywhere: 5ms}", "a delete step has no `everywhere`"},
        {"{get: k, negative: 5s}", "a get step has no"}};
    all_refused("s: {kind: service, on: {read: [@]}}, k: {kind: cache}",
                "c: {rate: 1/s, call: s.read}", wrong, HR_COUNT(wrong));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_misses_are_as_many_loads_or_one),
        cmocka_unit_test(test_stale_while_revalidate_hides_every_load_but_the_first),
        cmocka_unit_test(test_refresh_ahead_loads_in_the_last_part_of_the_ttl),
        cmocka_unit_test(test_stale_if_error_saves_what_a_failed_load_would_lose),
        cmocka_unit_test(test_a_load_that_fails_fails_all_who_wait),
        cmocka_unit_test(test_xfetch_loads_early_as_often_as_its_formula_says),
        cmocka_unit_test(test_each_replica_has_its_own_loads_and_the_stampede_counts_all),
        cmocka_unit_test(test_a_lock_in_the_cache_lets_one_replica_load),
        cmocka_unit_test(test_a_lock_that_runs_out_lets_a_second_replica_load),
        cmocka_unit_test(test_what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
