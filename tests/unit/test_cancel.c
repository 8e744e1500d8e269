// tests/unit/test_cancel.c - cancellation that is passed on, against times worked out by hand.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/parts.h"
#include "tests/unit/run.h"

// The world at `until`, with everything checked on the way each millisecond.
static fixture run_to(const char *components, const char *workload, const char *faults, hr_time arrivals, hr_time until)
{
    fixture f = begin_broken(components, workload, faults, arrivals);
    run_until(f, until);
    return f;
}

// Requests at 100, 200 and 300 ms; each step takes 400 ms and there is one worker. The first is cancelled at 350 ms, in its first step, which
// ends at 500 ms: the second has left the queue at 450 ms, so the third begins at 500, is cancelled at 550 and stops at 900 ms.
static void test_who_waits_leaves_and_who_works_stops_at_its_next_step(void **state)
{
    (void)state;
#define SLOW "s: {kind: service, workers: 1, queue: 10, on: {go: [{wait: 400ms}, {wait: 400ms}]}}"
    static const struct { hr_time at; uint32_t busy, queued; uint64_t started, cancelled; } at[] = {
        {349 * HR_MS, 1, 2, 1, 0}, {351 * HR_MS, 1, 2, 1, 1}, {451 * HR_MS, 1, 1, 1, 2}, {499 * HR_MS, 1, 1, 1, 2}, {501 * HR_MS, 1, 0, 2, 2},
        {551 * HR_MS, 1, 0, 2, 3}, {899 * HR_MS, 1, 0, 2, 3}, {901 * HR_MS, 0, 0, 2, 3}};
    for (size_t i = 0; i < HR_COUNT(at); i++) {
        fixture f = run_to(SLOW, "c: {rate: 10/s, arrivals: constant, call: s.go, timeout: 250ms, cancel: true}", "", 310 * HR_MS, at[i].at);
        sim_station_view s = station(f, "s");
        assert_int_equal(s.busy, at[i].busy);
        assert_int_equal(s.queued, at[i].queued);
        assert_int_equal(s.started, at[i].started);
        assert_int_equal(s.cancelled, at[i].cancelled);
        assert_int_equal(look(f, "c").wasted, 0);
        finish(f);
    }
    fixture f = run_to(SLOW, "c: {rate: 10/s, arrivals: constant, call: s.go, timeout: 250ms}", "", 310 * HR_MS, 2499 * HR_MS);
    assert_int_equal(station(f, "s").started, 3);                  // nobody is told: 800 ms each, the last until 2.5 s
    assert_int_equal(look(f, "c").wasted, 2);
    finish(f);
}

// A replica that stands still hears nothing until it goes on. From 340 to 400 ms: the first, told of at 350, ends at 500 ms as above. From 90 ms on the first begins
// at 400 ms, ahead of what is told at 350, and ends behind its first step, at 800 ms. From 340 to 620 ms: the step of the first, due at 500, is seen at 620, so it
// has begun its second when it hears; those who wait leave. One that is killed meanwhile hears nothing any more.
static void test_a_replica_that_stands_still_hears_later(void **state)
{
    (void)state;
    static const struct { const char *faults; hr_time arrivals, at; uint32_t busy, queued; uint64_t started, cancelled; } cases[] = {
        {"{at: 340ms, for: 60ms, pause: s}", 310, 399, 1, 2, 1, 0}, {"{at: 340ms, for: 60ms, pause: s}", 310, 401, 1, 2, 1, 1},
        {"{at: 340ms, for: 60ms, pause: s}", 310, 501, 1, 0, 2, 2}, {"{at: 340ms, for: 60ms, pause: s}", 310, 901, 0, 0, 2, 3},
        {"{at: 90ms, for: 310ms, pause: s}", 110, 399, 0, 1, 0, 0}, {"{at: 90ms, for: 310ms, pause: s}", 110, 401, 1, 0, 1, 1},
        {"{at: 90ms, for: 310ms, pause: s}", 110, 799, 1, 0, 1, 1}, {"{at: 90ms, for: 310ms, pause: s}", 110, 801, 0, 0, 1, 1},
        {"{at: 340ms, for: 280ms, pause: s}", 310, 619, 1, 2, 1, 0}, {"{at: 340ms, for: 280ms, pause: s}", 310, 621, 1, 0, 1, 3},
        {"{at: 340ms, for: 280ms, pause: s}", 310, 1019, 1, 0, 1, 3}, {"{at: 340ms, for: 280ms, pause: s}", 310, 1021, 0, 0, 1, 3},
        {"{at: 340ms, for: 60ms, pause: s}, {at: 380ms, for: 60ms, pause: s}", 310, 439, 1, 2, 1, 0},
        {"{at: 340ms, for: 60ms, pause: s}, {at: 380ms, for: 60ms, pause: s}", 310, 441, 1, 2, 1, 1},
        {"{at: 340ms, for: 280ms, pause: s}, {at: 400ms, for: 10ms, kill: s}", 310, 621, 0, 0, 1, 0}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = run_to(SLOW, "c: {rate: 10/s, arrivals: constant, call: s.go, timeout: 250ms, cancel: true}", cases[i].faults, cases[i].arrivals * HR_MS, cases[i].at * HR_MS);
        sim_station_view s = station(f, "s");
        if (s.busy != cases[i].busy || s.queued != cases[i].queued || s.started != cases[i].started || s.cancelled != cases[i].cancelled)
            fail_msg("case %zu: busy %u, queued %u, started %llu, cancelled %llu", i, s.busy, s.queued, (unsigned long long)s.started, (unsigned long long)s.cancelled);
        finish(f);
    }
}

// One request, at 1 s, through `fronts` to a service that waits 100 ms ten times: given up at 1.25 s, it stops at 1.3 s.
static void test_what_passes_calls_on_passes_it_on(void **state)
{
    (void)state;
    static const char *const fronts[] = {
        "f: {kind: balancer, to: s}", "f: {kind: breaker, to: s}", "f: {kind: limiter, rate: 10/s, to: s}",
        "f: {kind: limiter, rate: 10/s, to: g}, g: {kind: breaker, to: h}, h: {kind: balancer, to: s}",
        "f: {kind: service, on: {go: [{call: s.go, cancel: true}]}}",
        "f: {kind: service, on: {go: [{parallel: [[{call: s.go, cancel: true}], [{wait: 1ms}]]}]}}",
        "f: {kind: service, on: {go: [{repeat: [{call: s.go, cancel: true, retry: {policy: fixed, most: 3, base: 1ms}}], times: 3}]}}",
        "f: {kind: service, on: {go: [{call: g.go, cancel: true}]}}, g: {kind: service, on: {go: [{call: s.go, cancel: true}]}}"};
    for (size_t i = 0; i < HR_COUNT(fronts); i++) {
        char *parts = hr_format("s: {kind: service, on: {go: [{repeat: [{wait: 100ms}], times: 10}]}}, %s", fronts[i]);
        for (int stopped = 0; stopped <= 1; stopped++) {
            fixture f = run_to(parts, "c: {rate: 1/s, arrivals: constant, call: f.go, timeout: 250ms, cancel: true}", "", 1500 * HR_MS,
                               stopped ? 1301 * HR_MS : 1299 * HR_MS);
            assert_int_equal(station(f, "s").busy, !stopped);
            assert_int_equal(station(f, "s").cancelled, 1);
            assert_int_equal(station(f, "s").started, 1);
            assert_int_equal(f.w->calls_live == 0, stopped);       // nor does anybody in between wait any more
            finish(f);
        }
        free(parts);
    }
}

// Given up after 20 ms they end behind their step of 100 ms. That the breaker has given them up before, after 50 ms, says nothing of the service either.
static void test_a_breaker_learns_nothing_of_what_is_cancelled(void **state)
{
    (void)state;
    static const struct { const char *cancel; bool opens; } cases[] = {{", cancel: true", false}, {"", true}};
    for (size_t i = 0; i < HR_COUNT(cases); i++)
        for (int late = 0; late <= 1; late++) {
            char *parts = hr_format("s: {kind: service, on: {go: [{wait: 100ms}, {fail: error}]}}, f: {kind: breaker, to: s, minimum_number_of_calls: 5%s}",
                                    late ? ", timeout: 50ms" : "");
            char *asks = hr_format("c: {rate: 10/s, call: f.go, timeout: 20ms%s}", cases[i].cancel);
            fixture f = run_to(parts, asks, "", 5 * HR_SEC, 5 * HR_SEC);
            sim_gate_view v = sim_breaker_look(f.w, part_of(f, "f"));
            assert_int_equal(v.open_share > 0, cases[i].opens);
            assert_int_equal(v.refused > 0, cases[i].opens);
            finish(f);
            free(asks);
            free(parts);
        }
}

// The step that is out when they are given up fails, so each replica looks as if it did.
static void test_a_balancer_counts_no_failure_of_what_is_cancelled(void **state)
{
    (void)state;
    for (int cancels = 0; cancels <= 1; cancels++) {
        char *asks = hr_format("c: {rate: 10/s, call: f.go, timeout: 20ms%s}", cancels ? ", cancel: true" : "");
        fixture f = run_to("z: {kind: service, on: {go: [{wait: 100ms}, {fail: error}]}}, s: {kind: service, replicas: 2, on: {go: [{call: z.go}]}}, "
                           "f: {kind: balancer, to: s, max_fails: 1}", asks, "", 5 * HR_SEC, 5 * HR_SEC);
        assert_int_equal(look(f, "c").outcome[SIM_rejected] > 0, !cancels);
        assert_true(look(f, "c").outcome[SIM_timeout] > 0);
        finish(f);
        free(asks);
    }
}

// A call in between that does not pass it on waits for its answer, at 2 s, and stops then.
static void test_without_it_the_chain_ends(void **state)
{
    (void)state;
    fixture f = run_to("s: {kind: service, on: {go: [{repeat: [{wait: 100ms}], times: 10}]}}, f: {kind: service, on: {go: [{call: s.go}, {wait: 1s}]}}",
                       "c: {rate: 1/s, arrivals: constant, call: f.go, timeout: 250ms, cancel: true}", "", 1500 * HR_MS, 1999 * HR_MS);
    assert_int_equal(station(f, "s").cancelled, 0);
    assert_int_equal(station(f, "s").busy, 1);
    assert_int_equal(station(f, "f").busy, 1);
    sim_world_run(f.w, 2001 * HR_MS);
    assert_int_equal(f.w->calls_live, 0);
    assert_int_equal(look(f, "c").wasted, 0);                      // what s has answered its caller took
    finish(f);
}

// Both attempts have two steps of 100 ms: the first is done at 1.2 s; the hedge, begun at 1.15 s, stops behind its first step at 1.25 s
// instead of 1.35 s.
static void test_the_loser_of_a_hedge_stops(void **state)
{
    (void)state;
    static const struct { const char *cancel; hr_time at; uint32_t busy; } cases[] = {
        {", cancel: true", 1249 * HR_MS, 1}, {", cancel: true", 1251 * HR_MS, 0}, {"", 1349 * HR_MS, 1}, {"", 1351 * HR_MS, 0}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *parts = hr_format("f: {kind: service, on: {go: [{call: s.go%s, hedge: {after: 150ms}}]}}, s: {kind: service, on: {go: [{wait: 100ms}, {wait: 100ms}]}}",
                                cases[i].cancel);
        fixture f = run_to(parts, "c: {rate: 1/s, arrivals: constant, call: f.go}", "", 1500 * HR_MS, cases[i].at);
        assert_int_equal(station(f, "s").started, 2);
        assert_int_equal(station(f, "s").busy, cases[i].busy);
        assert_int_equal(look(f, "c").outcome[SIM_ok], 1);
        free(parts);
        finish(f);
    }
}

// Each attempt has 150 ms: given up in its second step of 100 ms, the first stops at 1.2 s. With one worker the retry, sent at 1.151 s, begins
// then, is given up at 1.301 s in its second step, and stops at 1.4 s.
static void test_an_attempt_that_is_late_is_cancelled(void **state)
{
    (void)state;
    fixture f = run_to("f: {kind: service, on: {go: [{call: s.go, cancel: true, timeout: 150ms, retry: {policy: fixed, most: 1, base: 1ms}}]}}, "
                       "s: {kind: service, workers: 1, on: {go: [{wait: 100ms}, {wait: 100ms}, {wait: 100ms}]}}",
                       "c: {rate: 1/s, arrivals: constant, call: f.go}", "", 1500 * HR_MS, 1199 * HR_MS);
    assert_int_equal(station(f, "s").queued, 1);
    sim_world_run(f.w, 1201 * HR_MS);
    assert_int_equal(station(f, "s").queued, 0);
    assert_int_equal(station(f, "s").started, 2);
    sim_world_run(f.w, 1401 * HR_MS);
    assert_int_equal(station(f, "s").busy, 0);
    assert_int_equal(station(f, "s").cancelled, 2);
    finish(f);
}

// Requests at 100 and 200 ms; at 250 ms the caller's replica is killed. What works for it stops behind its present step, at 400 ms, and what waits
// leaves at once.
static void test_a_caller_that_dies_cancels(void **state)
{
    (void)state;
    fixture f = run_to("f: {kind: service, on: {go: [{call: s.go, cancel: true}]}}, s: {kind: service, workers: 1, on: {go: [{wait: 300ms}, {wait: 300ms}]}}",
                       "c: {rate: 10/s, arrivals: constant, call: f.go, timeout: none}", "{at: 250ms, kill: f}", 210 * HR_MS, 251 * HR_MS);
    assert_int_equal(station(f, "s").cancelled, 2);
    assert_int_equal(station(f, "s").queued, 0);
    sim_world_run(f.w, 399 * HR_MS);
    assert_int_equal(station(f, "s").busy, 1);
    sim_world_run(f.w, 401 * HR_MS);
    assert_int_equal(station(f, "s").busy, 0);
    assert_int_equal(look(f, "c").outcome[SIM_lost], 2);
    finish(f);
}

// Queues in front: a limiter lets the first of two pass, at 100 ms, and would let the second at 1.1 s, which is given up at 450 ms. A balancer
// with `max_conns` has the second wait for the first, which is given up at 350 ms and stops at 390 ms.
static void test_who_waits_in_front_leaves(void **state)
{
    (void)state;
    fixture f = run_to("l: {kind: limiter, rate: 1/s, burst: 1, to: s}, s: {kind: service, on: {go: [{wait: 1ms}]}}",
                       "c: {rate: 10/s, arrivals: constant, call: l.go, timeout: 250ms, cancel: true}", "", 210 * HR_MS, 451 * HR_MS);
    assert_int_equal(station(f, "s").started, 1);
    assert_int_equal(f.w->calls_live, 0);
    assert_true(sim_world_drain(f.w, 10 * HR_SEC));
    assert_int_equal(station(f, "s").started, 1);
    finish(f);
    f = run_to("b: {kind: balancer, max_conns: 1, queue: 5, to: s}, s: {kind: service, on: {go: [{wait: 290ms}, {wait: 1ms}]}}",
               "c: {rate: 10/s, arrivals: constant, call: b.go, timeout: 250ms, cancel: true}", "", 210 * HR_MS, 389 * HR_MS);
    assert_int_equal(f.w->calls_live, 3);                          // two at the balancer, one of these at the service
    sim_world_run(f.w, 391 * HR_MS);                               // the first has stopped, the second has begun
    assert_int_equal(station(f, "s").started, 2);
    sim_world_run(f.w, 451 * HR_MS);
    assert_int_equal(station(f, "s").cancelled, 2);
    finish(f);
}

// The answer of the cache, at 1.4 s, finds a call that was cancelled at 1.25 s: it loads nothing, nor does one that others may wait for.
static void test_a_call_that_waits_for_a_cache_loads_nothing(void **state)
{
    (void)state;
    static const char *const gets[] = {"{get: k, miss: [{call: s.go}]}", "{get: k, single_flight: true, miss: [{call: s.go}]}",
                                       "{get: k, single_flight: cache, miss: [{call: s.go}]}", "{repeat: [{get: k, single_flight: true, miss: [{call: s.go}]}], times: 2}"};
    for (size_t i = 0; i < HR_COUNT(gets); i++) {
        char *parts = hr_format("k: {kind: cache, demand: 0, network: 400ms}, s: {kind: service, on: {go: [{wait: 1ms}]}}, f: {kind: service, on: {go: [%s]}}", gets[i]);
        fixture f = run_to(parts, "c: {rate: 1/s, arrivals: constant, call: f.go, timeout: 250ms, cancel: true}", "", 1500 * HR_MS, 1399 * HR_MS);
        assert_int_equal(station(f, "f").busy, 1);
        run_until(f, 3 * HR_SEC);
        assert_int_equal(station(f, "f").busy, 0);
        assert_int_equal(station(f, "s").started, 0);
        free(parts);
        finish(f);
    }
}

// A transaction that is cancelled is rolled back: what it has written nobody sees.
static void test_a_cancelled_transaction_is_rolled_back(void **state)
{
    (void)state;
    static const char *const parts =
        "d: {kind: database, pool: 1, statements: {put: {wait: 100ms, writes: true}, get: {wait: 1ms}}}, "
        "f: {kind: service, on: {go: [{transaction: [{query: d.put}, {query: d.put}, {query: d.put}]}]}}";
    fixture f = run_to(parts, "c: {rate: 1/s, arrivals: constant, call: f.go, timeout: 150ms, cancel: true}", "", 1500 * HR_MS, 1199 * HR_MS);
    sim_component_id d = part_of(f, "d");
    assert_int_equal(station(f, "d").started, 2);
    sim_world_run(f.w, 1210 * HR_MS);          // the third would take until 1.3 s
    assert_int_equal(f.w->calls_live, 0);
    assert_int_equal(sim_database_version(f.w, d, 0), 1);          // as it was at first
    finish(f);
}

// 20000 calls wait when the first of them is given up, and 20000 are in all: who has asked whom is found without a look at the others, which would take minutes.
static void test_many_are_given_up_among_many(void **state)
{
    (void)state;
    fixture f = begin("a: {kind: service, workers: 20000, on: {go: [{parallel: [[{call: b.go, cancel: true}], [{wait: 1ms}]]}]}}, "
                      "b: {kind: service, workers: 20000, on: {go: [{call: s.go, cancel: true, retry: {policy: fixed, most: 1, base: 1ms}}]}}, "
                      "s: {kind: service, workers: 20000, on: {go: [{repeat: [{wait: 1s}], times: 100}]}}",
                      "c: {rate: 10000/s, arrivals: constant, call: a.go, timeout: 2s, cancel: true}", 2 * HR_SEC + HR_MS / 20);
    sim_world_run(f.w, 2 * HR_SEC);
    assert_int_equal(station(f, "s").busy, 20000);
    sim_world_run(f.w, 5 * HR_SEC);            // behind the step of each
    sim_world_check(f.w);
    assert_int_equal(station(f, "s").cancelled, 20000);
    assert_int_equal(station(f, "s").busy, 0);
    finish(f);
}

static void test_the_ledger_says_who_cancels(void **state)
{
    (void)state;
    fixture f = begin("d: {kind: database, statements: {q: {wait: 1ms}}}, s: {kind: service, on: {go: [{wait: 1ms}]}}, f: {kind: service, on: {go: [{query: d.q, cancel: true}, {call: s.go}]}}",
                      "c: {rate: 1/s, call: f.go}", HR_SEC);
    hr_text ledger = {0};
    sim_model_ledger(f.model, &ledger);
    assert_non_null(strstr(ledger.data, "f.on.go[0] = query d.q, cancelled when it is not waited for"));
    assert_null(strstr(ledger.data, "call s.go, cancelled"));
    free(ledger.data);
    finish(f);
}

static void test_mistakes_are_named(void **state)
{
    (void)state;
#define S "s: {kind: service, on: {go: [{wait: 1ms}]}}"
    refused(S, "c: {rate: 1/s, call: s.go, timeout: none, cancel: true}", "who waits for ever cancels nothing");
    refused(S, "c: {rate: 1/s, call: s.go, cancel: maybe}", "cancel");
    refused(S ", f: {kind: service, on: {go: [{call: s.go, cancel: perhaps}]}}", "c: {rate: 1/s, call: f.go}", "want true or false");
    refused("k: {kind: cache}, f: {kind: service, on: {go: [{get: k, cancel: true}]}}", "c: {rate: 1/s, call: f.go}", "has no `cancel`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_waits_leaves_and_who_works_stops_at_its_next_step),
        cmocka_unit_test(test_a_replica_that_stands_still_hears_later), cmocka_unit_test(test_what_passes_calls_on_passes_it_on),
        cmocka_unit_test(test_a_breaker_learns_nothing_of_what_is_cancelled), cmocka_unit_test(test_a_balancer_counts_no_failure_of_what_is_cancelled),
        cmocka_unit_test(test_without_it_the_chain_ends), cmocka_unit_test(test_the_loser_of_a_hedge_stops),
        cmocka_unit_test(test_an_attempt_that_is_late_is_cancelled), cmocka_unit_test(test_a_caller_that_dies_cancels),
        cmocka_unit_test(test_who_waits_in_front_leaves), cmocka_unit_test(test_a_cancelled_transaction_is_rolled_back),
        cmocka_unit_test(test_a_call_that_waits_for_a_cache_loads_nothing), cmocka_unit_test(test_many_are_given_up_among_many),
        cmocka_unit_test(test_the_ledger_says_who_cancels),
        cmocka_unit_test(test_mistakes_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
