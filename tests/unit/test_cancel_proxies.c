// tests/unit/test_cancel_proxies.c - cancellation through sidecars and edges, against times worked out by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/cdn.h"
#include "sim/parts/memory.h"
#include "sim/parts/mesh.h"
#include "tests/unit/run.h"

// --- sidecars -----------------------------------------------------------------------------------------------------------------

#define TEN_STEPS "s: {kind: service, replicas: 2, on: {go: [{repeat: [{wait: 100ms}], times: 10}]}}"

// One request at 1 s, given up at 1.25 s.
static fixture begin_mesh(const char *parts, const char *call)
{
    char *workload = hr_format("c: {rate: 1/s, arrivals: constant, call: %s, timeout: 250ms, cancel: true}", call);
    fixture f = begin(parts, workload, 1500 * HR_MS);
    free(workload);
    return f;
}

// Both take 10 ms to pass the sidecars: the request is there at 1.01 s, what is told at 1.26 s, so it stops at 1.31 s. The sidecars do not wait for that:
// their answer is back at 1.27 s. They neither ask again, nor hold it against the replica, nor find the attempt late at 1.3 s.
static void test_sidecars_pass_it_on(void **state)
{
    (void)state;
    static const struct { const char *parts, *call; } cases[] = {
        {"m: {kind: mesh, to: s, latency: 20ms}, " TEN_STEPS, "m.go"},
        {"m: {kind: mesh, to: s, latency: 20ms, retries: {attempts: 3}, outlier_detection: {consecutive_5xx: 1, max_ejection_percent: 100%}}, " TEN_STEPS, "m.go"},
        {"m: {kind: mesh, to: s, latency: 20ms, retries: {attempts: 3, per_try_timeout: 290ms}}, b: {kind: breaker, to: m}, f: {kind: service, on: {go: [{call: b.go, cancel: true}]}}, " TEN_STEPS, "f.go"}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = begin_mesh(cases[i].parts, cases[i].call);
        run_until(f, 1259 * HR_MS);
        assert_int_equal(station(f, "s").cancelled, 0);
        run_until(f, 1261 * HR_MS);
        assert_int_equal(station(f, "s").cancelled, 1);
        run_until(f, 1269 * HR_MS);
        uint32_t before = f.w->calls_live;
        run_until(f, 1271 * HR_MS);
        assert_true(f.w->calls_live < before);
        run_until(f, 1309 * HR_MS);
        assert_int_equal(station(f, "s").busy, 1);
        run_until(f, 1311 * HR_MS);
        assert_int_equal(station(f, "s").busy, 0);
        assert_int_equal(f.w->calls_live, 0);
        assert_int_equal(sim_mesh_look(f.w, part_of(f, "m")).attempts, 1);
        assert_int_equal(sim_mesh_look(f.w, part_of(f, "m")).ejections, 0);
        assert_int_equal(look(f, "c").wasted, 0);
        finish(f);
    }
}

// Without latency all is told in the same instant, also when it waits before it asks again: every attempt fails after 100 ms, then it waits for up to 10 s.
static void test_nobody_asks_again(void **state)
{
    (void)state;
    fixture f = begin_mesh("m: {kind: mesh, to: s, retries: {attempts: 9, base_interval: 10s, max_interval: 10s}}, s: {kind: service, on: {go: [{wait: 100ms}, {fail: error}]}}", "m.go");
    run_until(f, 1249 * HR_MS);
    uint64_t attempts = sim_mesh_look(f.w, part_of(f, "m")).attempts;
    assert_true(f.w->calls_live > 0);
    run_until(f, 1251 * HR_MS);
    assert_int_equal(f.w->calls_live, 0);
    sim_world_run(f.w, 60 * HR_SEC);
    assert_int_equal(sim_mesh_look(f.w, part_of(f, "m")).attempts, attempts);
    finish(f);
}

// The region of the caller has nobody there: the attempt goes to the other one, 40 ms away, and so does what is told.
static void test_sidecars_tell_other_regions(void **state)
{
    (void)state;
    fixture f = begin("m: {kind: mesh, to: s}, s: {kind: service, on: {go: [{repeat: [{wait: 100ms}], times: 10}]}}",
                      "c: {rate: 1/s, arrivals: constant, call: m.go, region: us, timeout: 250ms, cancel: true}}\nnetwork: {regions: [eu, us], rtt: {eu-us: 80ms}", 1500 * HR_MS);
    run_until(f, 1251 * HR_MS);
    assert_int_equal(f.w->calls_live, 2);      // the attempt, and the part of it that repeats its step
    run_until(f, 1289 * HR_MS);
    assert_int_equal(station(f, "s").cancelled, 0);
    run_until(f, 1291 * HR_MS);
    assert_int_equal(station(f, "s").cancelled, 1);
    run_until(f, 1341 * HR_MS);                // come at 1.04 s
    assert_int_equal(f.w->calls_live, 0);
    finish(f);
}

// Two attempts of 150 ms. The first is sent at 1.01 s and late at 1.16 s, when its replica is told: it stops behind its second step, at 1.21 s. The second is sent up
// to 25 ms later, late by 1.335 s, and stops by 1.435 s. Where nobody cancels both work on, until 2.01 s and later. Either way both replicas are ejected.
static void test_a_try_that_is_late_is_cancelled(void **state)
{
    (void)state;
    for (int cancels = 0; cancels <= 1; cancels++) {
        char *asks = hr_format("c: {rate: 1/s, arrivals: constant, call: m.go, timeout: 5s%s}", cancels ? ", cancel: true" : "");
        fixture f = begin("m: {kind: mesh, to: s, latency: 20ms, retries: {attempts: 1, per_try_timeout: 150ms}, "
                          "outlier_detection: {consecutive_5xx: 1, max_ejection_percent: 100%}}, " TEN_STEPS, asks, 1500 * HR_MS);
        run_until(f, 1159 * HR_MS);
        assert_int_equal(sim_mesh_look(f.w, part_of(f, "m")).ejections, 0);
        run_until(f, 1161 * HR_MS);
        assert_int_equal(station(f, "s").cancelled, cancels);
        assert_int_equal(sim_mesh_look(f.w, part_of(f, "m")).ejections, 1);
        run_until(f, 1209 * HR_MS);
        assert_int_equal(station(f, "s").busy, 2);
        run_until(f, 1211 * HR_MS);
        assert_int_equal(station(f, "s").busy, 2 - cancels);
        run_until(f, 1436 * HR_MS);
        assert_int_equal(station(f, "s").busy, cancels ? 0 : 2);
        assert_int_equal(station(f, "s").cancelled, cancels ? 2 : 0);
        assert_int_equal(look(f, "c").outcome[SIM_timeout], 1);
        assert_int_equal(sim_mesh_look(f.w, part_of(f, "m")).attempts, 2);
        assert_int_equal(sim_mesh_look(f.w, part_of(f, "m")).ejections, 2);
        finish(f);
        free(asks);
    }
}

// One attempt, late at 1.02 s, whose request comes to the other region at 1.04 s, delayed at 1.09 s: what is told at 1.06 s waits behind it, and it ends with its first step.
static void test_it_is_told_behind_its_call(void **state)
{
    (void)state;
    static const struct { const char *faults; hr_time heard, stops; } cases[] = {{"", 1060, 1140}, {"{at: 990ms, for: 20ms, delay: us->eu, by: 50ms}", 1090, 1190}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = begin_broken("m: {kind: mesh, to: s, retries: {attempts: 1, retry_on: [error], per_try_timeout: 20ms}}, " TEN_STEPS,
                                 "c: {rate: 1/s, arrivals: constant, call: m.go, region: us, timeout: 5s, cancel: true}}\nnetwork: {regions: [eu, us], rtt: {eu-us: 80ms}",
                                 cases[i].faults, 1500 * HR_MS);
        for (int after = 0; after <= 1; after++) {
            run_until(f, (cases[i].heard + (after ? 1 : -1)) * HR_MS);
            assert_int_equal(station(f, "s").cancelled, after);
        }
        for (int after = 0; after <= 1; after++) {
            run_until(f, (cases[i].stops + (after ? 1 : -1)) * HR_MS);
            assert_int_equal(station(f, "s").busy, !after);
        }
        assert_int_equal(look(f, "c").outcome[SIM_timeout], 1);
        finish(f);
    }
}

// A breaker in front of the sidecars counts their timeouts as failures: it opens.
static void test_a_breaker_learns_from_late_tries(void **state)
{
    (void)state;
    fixture f = begin("m: {kind: mesh, to: s, retries: {attempts: 1, retry_on: [error], per_try_timeout: 20ms}}, b: {kind: breaker, to: m, minimum_number_of_calls: 5}, " TEN_STEPS,
                      "c: {rate: 10/s, arrivals: constant, call: b.go, timeout: 5s, cancel: true}", 2 * HR_SEC);
    run_until(f, 2 * HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 5);
    assert_true(look(f, "c").outcome[SIM_rejected] > 0);
    assert_int_equal(station(f, "s").cancelled, 5);
    finish(f);
}

// The replica dies at 1.2 s, and that the attempt is lost is on its way back until 1.24 s: it is given up all the same when the caller is, at 1.22 s.
static void test_an_attempt_whose_answer_is_on_its_way(void **state)
{
    (void)state;
    fixture f = begin_broken("m: {kind: mesh, to: s}, " TEN_STEPS, "c: {rate: 1/s, arrivals: constant, call: m.go, region: us, timeout: 220ms, cancel: true}}\n"
                             "network: {regions: [eu, us], rtt: {eu-us: 80ms}", "{at: 1200ms, for: 1s, kill: s, replica: 0}, {at: 1200ms, for: 1s, kill: s, replica: 1}", 1500 * HR_MS);
    run_until(f, 1221 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 1);
    assert_int_equal(f.w->calls_live, 1);
    run_until(f, 1241 * HR_MS);
    assert_int_equal(f.w->calls_live, 0);
    assert_int_equal(station(f, "s").cancelled, 0);
    finish(f);
}

// --- edges --------------------------------------------------------------------------------------------------------------------

// People in us; the origin in eu is 40 ms away and takes ten times 30 ms for `page`, which the edge keeps, and ten times 100 ms for `mine`.
static fixture begin_cdn(const char *demand, const char *call, hr_time until)
{
    char *parts = hr_format("s: {kind: service, on: {page: [{repeat: [{wait: 30ms}], times: 10}], mine: [{repeat: [{wait: 100ms}], times: 10}]}}, "
                            "e: {kind: cdn, to: s, keep: [page], entries: 100, ttl: none, demand: %s}", demand);
    char *workload = hr_format("c: {rate: 10/s, arrivals: constant, call: e.%s, region: us, timeout: 250ms, cancel: true}}\nnetwork: {regions: [eu, us], rtt: {eu-us: 80ms}", call);
    fixture f = begin(parts, workload, until);
    free(workload);
    free(parts);
    return f;
}

// The fetch goes on from 100 to 480 ms, though the only one who waits leaves at 350 ms: the edge has it then.
static void test_a_fetch_fills_the_cache_for_nobody(void **state)
{
    (void)state;
    fixture f = begin_cdn("0", "page", 150 * HR_MS);
    run_until(f, 351 * HR_MS);
    sim_edge_view us = sim_edge_look(f.w, part_of(f, "e"), 1);
    assert_int_equal(us.entries, 0);
    run_until(f, 481 * HR_MS);
    us = sim_edge_look(f.w, part_of(f, "e"), 1);
    assert_int_equal(us.entries, 1);
    assert_int_equal(station(f, "s").cancelled, 0);
    assert_int_equal(look(f, "c").wasted, 0);
    assert_int_equal(f.w->calls_live, 0);
    finish(f);
}

// Of those who wait for the same fetch, since 100, 200, 300 and 400 ms, the first two leave; the others have the answer at 480 ms.
static void test_who_waits_at_an_edge_leaves(void **state)
{
    (void)state;
    fixture f = begin_cdn("0", "page", 410 * HR_MS);
    run_until(f, 441 * HR_MS);                 // the origin has answered
    uint32_t before = f.w->calls_live;
    run_until(f, 451 * HR_MS);
    assert_int_equal(f.w->calls_live, before - 1);
    run_until(f, 481 * HR_MS);
    assert_int_equal(f.w->calls_live, 0);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 2);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 2);
    assert_int_equal(station(f, "s").started, 1);
    near(sim_histogram_mean_s(look(f, "c").latency), (0.25 + 0.25 + 0.18 + 0.08) / 4);
    finish(f);
}

// What is not kept is passed on, and so is that nobody waits: the origin hears of it at 390 ms, in its third step, which ends at 440 ms.
static void test_what_is_not_kept_is_cancelled(void **state)
{
    (void)state;
    fixture f = begin_cdn("0", "mine", 150 * HR_MS);
    run_until(f, 389 * HR_MS);
    assert_int_equal(station(f, "s").cancelled, 0);
    run_until(f, 391 * HR_MS);
    assert_int_equal(station(f, "s").cancelled, 1);
    run_until(f, 441 * HR_MS);
    assert_int_equal(station(f, "s").busy, 0);
    run_until(f, 481 * HR_MS);
    assert_int_equal(f.w->calls_live, 0);
    finish(f);
}

// An edge that has not yet looked asks nobody.
static void test_an_edge_that_is_at_work(void **state)
{
    (void)state;
    static const char *const calls[] = {"page", "mine"};
    for (size_t i = 0; i < HR_COUNT(calls); i++) {
        fixture f = begin_cdn("300ms", calls[i], 150 * HR_MS);
        run_until(f, 349 * HR_MS);
        assert_int_equal(f.w->calls_live, 1);
        run_until(f, 351 * HR_MS);
        assert_int_equal(f.w->calls_live, 0);
        run_until(f, 600 * HR_MS);
        assert_int_equal(station(f, "s").started, 0);
        finish(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sidecars_pass_it_on), cmocka_unit_test(test_nobody_asks_again), cmocka_unit_test(test_sidecars_tell_other_regions),
        cmocka_unit_test(test_a_try_that_is_late_is_cancelled), cmocka_unit_test(test_it_is_told_behind_its_call), cmocka_unit_test(test_a_breaker_learns_from_late_tries),
        cmocka_unit_test(test_an_attempt_whose_answer_is_on_its_way),
        cmocka_unit_test(test_a_fetch_fills_the_cache_for_nobody), cmocka_unit_test(test_who_waits_at_an_edge_leaves),
        cmocka_unit_test(test_what_is_not_kept_is_cancelled), cmocka_unit_test(test_an_edge_that_is_at_work)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
