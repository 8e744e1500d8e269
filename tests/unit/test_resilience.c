// tests/unit/test_resilience.c - limiters, breakers, retries, hedging, bulkheads and load shedding in a world, against cases computed by hand.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

static sim_gate_view limiter(fixture f, const char *name) { return sim_limiter_look(f.w, (sim_component_id)sim_model_find(f.model, name)); }
static sim_gate_view breaker(fixture f, const char *name) { return sim_breaker_look(f.w, (sim_component_id)sim_model_find(f.model, name)); }
#define EVERY(gap, target) "c: {rate: " gap ", arrivals: constant, call: " target ", timeout: none}"

// --- limiter ------------------------------------------------------------------------------------------------------------

// Twenty calls a second at ten a second: every second one is rejected. With a burst of 4 and delays: the n-th waits 50 ms more than the one
// before until 200 ms; the sixth is one too many, then every second one waits 200 ms.
static void test_limiter_rejects_and_delays(void **state)
{
    (void)state;
    fixture f = run("l: {kind: limiter, rate: 10/s, to: s}, s: {kind: service, on: {go: [{wait: 1ms}]}}", EVERY("20/s", "l.go"), HR_SEC);
    assert_int_equal(look(f, "c").offered, 19);                    // at 50, 100 … 950 ms
    assert_int_equal(look(f, "c").outcome[SIM_ok], 10);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 9);
    assert_int_equal(limiter(f, "l").refused, 9);
    done(f);
    f = run("l: {kind: limiter, rate: 10/s, burst: 2, to: s}, s: {kind: service, on: {go: [{wait: 1ms}]}}", EVERY("20/s", "l.go"), 460 * HR_MS);
    // Excess 0, 0.5, 1, 1.5, 2 of five calls, 2.5 is too much, then 2, 2.5, 2.
    assert_int_equal(limiter(f, "l").offered, 9);
    assert_int_equal(limiter(f, "l").refused, 2);
    assert_int_equal(limiter(f, "l").delayed, 6);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.001 + (0 + 0.05 + 0.1 + 0.15 + 0.2 + 0.2 + 0.2) / 7);
    done(f);
}

// The counts lie in a cache: 2 ms away there and back, 1 ms for each decision. The same calls pass, 3 ms later. When it needs 50 ms its answer is not waited
// for: after 20 ms all pass, or none. Two keys in turn, one a second each: of nine calls two pass; where the cache has room for one counter, each
// is forgotten before its key comes again, and all pass.
static void test_limiter_with_a_store(void **state)
{
    (void)state;
#define STORE(limit, cache) "l: {kind: limiter, " limit ", store: k, to: s}, k: {kind: cache, network: 2ms, " cache "}, s: {kind: service, on: {go: [{wait: 1ms}]}}"
    fixture f = run(STORE("rate: 10/s", "demand: 1ms"), EVERY("20/s", "l.go"), HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 10);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 9);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.001 + 0.003);
    done(f);
    static const struct { const char *limit; uint64_t ok; } late[] = {
        {STORE("rate: 10/s", "demand: 50ms"), 19}, {STORE("rate: 10/s, failure_mode_deny: true", "demand: 50ms"), 0}};
    for (size_t i = 0; i < HR_COUNT(late); i++) {
        f = run(late[i].limit, EVERY("20/s", "l.go"), HR_SEC);
        assert_int_equal(look(f, "c").outcome[SIM_ok], late[i].ok);
        assert_int_equal(look(f, "c").outcome[SIM_rejected], 19 - late[i].ok);
        assert_int_equal(limiter(f, "l").offered, 19);
        if (late[i].ok)
            near(sim_histogram_mean_s(look(f, "c").latency), 0.001 + 0.020);
        done(f);
    }
    static const struct { const char *limit; uint64_t passed; } rooms[] = {
        {STORE("policy: fixed-window, rate: 1/s, per: key", "demand: 1ms, entries: 2"), 2},
        {STORE("policy: fixed-window, rate: 1/s, per: key", "demand: 1ms, entries: 1, eviction: allkeys-lru"), 9}};
    for (size_t i = 0; i < HR_COUNT(rooms); i++) {
        f = run(rooms[i].limit, "c: {rate: 10/s, arrivals: constant, call: l.go, key: sequential(2)}", HR_SEC);
        assert_int_equal(limiter(f, "l").passed, rooms[i].passed);
        done(f);
    }
#undef STORE
}

// Two a second: of all calls 2 in each of ten seconds; for each of two keys twice as many. Ten thousand keys, once each or so: nearly all.
static void test_limiter_per_key(void **state)
{
    (void)state;
    const char *keys = "c: {rate: 20/s, arrivals: constant, call: l.go, key: uniform(2)}";
    fixture f = run("l: {kind: limiter, policy: fixed-window, rate: 2/s, to: s}, s: {kind: service, on: {go: [{wait: 1ms}]}}", keys, 10 * HR_SEC);
    assert_int_equal(limiter(f, "l").passed, 20);
    done(f);
    f = run("l: {kind: limiter, policy: fixed-window, rate: 2/s, per: key, to: s}, s: {kind: service, on: {go: [{wait: 1ms}]}}", keys, 10 * HR_SEC);
    assert_int_equal(limiter(f, "l").passed, 40);
    done(f);
    f = run("l: {kind: limiter, policy: fixed-window, rate: 1/h, per: key, to: s}, s: {kind: service, on: {go: [{wait: 1ms}]}}",
            "c: {rate: 1000/s, arrivals: constant, call: l.go, key: uniform(10k)}", 5 * HR_SEC);
    sim_gate_view v = limiter(f, "l");         // distinct keys of 4999 draws among 10 000: 10 000 × (1 - e^-0.4999) = 3934, within 5 × 31
    assert_true(v.offered == 4999 && v.passed > 3934 - 155 && v.passed < 3934 + 155);
    done(f);
}

// Two under way, a second each, one every 250 ms: two pass, two do not, and so on: at 0.25, 0.5, 1.25, 1.5 … 9.25, 9.5.
static void test_limiter_of_concurrency(void **state)
{
    (void)state;
    fixture f = run("l: {kind: limiter, policy: concurrency, most: 2, to: s}, s: {kind: service, on: {go: [{wait: 1s}]}}", EVERY("4/s", "l.go"), 10 * HR_SEC);
    assert_int_equal(limiter(f, "l").passed, 20);
    assert_int_equal(limiter(f, "l").refused, 19);
    done(f);
}

// In front of a cache: a get that is refused is a miss, a get that passes brings its hit. Chains of them pass on what they got.
static void test_what_passes_brings_back_what_it_found(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, on: {go: [{get: l, miss: [{query: b.read}, {set: l}]}]}}, l: {kind: limiter, policy: token-bucket, rate: 1000/s, "
                    "burst: 10, to: b2}, b2: {kind: breaker, to: k}, k: {kind: cache, entries: 9}, b: {kind: breaker, to: d}, "
                    "d: {kind: database, statements: {read: {cpu: 1ms}}}",
                    "c: {rate: 10/s, arrivals: constant, call: s.go}", 10 * HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 99);
    assert_int_equal(look(f, "c").reads, 99);
    assert_int_equal(sim_database_look(f.w, (sim_component_id)sim_model_find(f.model, "d")).started, 1);
    assert_int_equal(sim_cache_look(f.w, (sim_component_id)sim_model_find(f.model, "k")).hits, 98);
    done(f);
}

// --- breaker ------------------------------------------------------------------------------------------------------------

// All fail, ten a second. Two open it at 0.2 s; more than a second later, at 1.3 s, one is tried, fails and opens it: 1.3, 2.4 … 9.0.
static void test_breaker_opens_and_tries_again(void **state)
{
    (void)state;
    const char *settings = "kind: breaker, sliding_window_size: 2, wait_duration_in_open_state: 1s, permitted_number_of_calls_in_half_open_state: 1, to: s";
    char *components = hr_format("b: {%s}, s: {kind: service, on: {go: [{fail: error}]}}", settings);
    fixture f = run(components, EVERY("10/s", "b.go"), 10 * HR_SEC);
    free(components);
    sim_gate_view v = breaker(f, "b");
    assert_int_equal(v.offered, 99);
    assert_int_equal(v.passed, 10);
    assert_int_equal(v.opened, 9);
    assert_int_equal(v.state, SIM_BREAKER_OPEN);
    assert_int_equal(look(f, "c").outcome[SIM_error], 10);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 89);
    done(f);
}

// It waits 200 ms for what takes a second: three failures in a row, then it is open. The callee works on all the same.
static void test_breaker_with_a_timeout(void **state)
{
    (void)state;
    fixture f = run("b: {kind: breaker, policy: consecutive, failures: 3, timeout: 200ms, to: s}, s: {kind: service, on: {go: [{wait: 1s}]}}",
                    EVERY("2/s", "b.go"), 5 * HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 3);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 6);
    assert_int_equal(station(f, "s").started, 3);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.2);
    done(f);
    // The twin: without it all are answered.
    f = run("b: {kind: breaker, policy: consecutive, failures: 3, to: s}, s: {kind: service, on: {go: [{wait: 1s}]}}", EVERY("2/s", "b.go"), 5 * HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 9);
    done(f);
}

// --- retries ------------------------------------------------------------------------------------------------------------

#define CALLER(step) "a: {kind: service, workers: 1000, on: {go: [" step "]}}, "

// All fail at once: three retries 100 ms apart, then the error. With 50 ms doubled up to 100: 50 + 100 + 100. Four calls reach the callee.
static void test_retries_by_hand(void **state)
{
    (void)state;
    static const char *const fails = "b: {kind: service, on: {go: [{fail: error}]}}";
    static const struct { const char *step; double took_s; uint64_t attempts; } rows[] = {
        {"{call: b.go, retry: {policy: fixed, base: 100ms}, failed: [{return: ok}]}", 0.3, 4},
        {"{call: b.go, retry: {policy: exponential, base: 50ms, cap: 100ms}, failed: [{return: ok}]}", 0.25, 4},
        {"{call: b.go, retry: {policy: fixed, most: 1, base: 20ms}, failed: [{return: ok}]}", 0.02, 2},
        {"{call: b.go, failed: [{return: ok}]}", 0, 1}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        char *components = hr_format("a: {kind: service, on: {go: [%s]}}, %s", rows[i].step, fails);
        fixture f = run(components, EVERY("1/s", "a.go"), 5 * HR_SEC);
        free(components);
        assert_int_equal(look(f, "c").outcome[SIM_ok], 4);
        near(sim_histogram_mean_s(look(f, "c").latency), rows[i].took_s);
        assert_int_equal(station(f, "b").started, 4 * rows[i].attempts);
        done(f);
    }
}

// The timeout is an attempt's: 200 ms, 100 ms of waiting, 200 ms. The callee works a second on each.
static void test_a_timeout_is_of_an_attempt(void **state)
{
    (void)state;
    fixture f = run(CALLER("{call: b.go, timeout: 200ms, retry: {policy: fixed, most: 1, base: 100ms}}") "b: {kind: service, on: {go: [{wait: 1s}]}}",
                    EVERY("1/s", "a.go"), 5 * HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 4);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.5);
    assert_int_equal(station(f, "b").started, 8);
    done(f);
}

// Each attempt has a draw of its own: of calls that fail with 1/2, 1/16 fail four times. Without retries the draws are those of the first.
static void test_attempts_have_draws_of_their_own(void **state)
{
    (void)state;
    const char *asks = "c: {rate: 1000/s, arrivals: constant, call: a.go}", *shaky = "b: {kind: service, workers: 1000, on: {go: [{if: {chance: 50%}, then: [{fail: error}]}]}}";
    uint64_t failed[2];
    for (int with = 0; with < 2; with++) {
        char *components = hr_format("a: {kind: service, on: {go: [{call: b.go%s}]}}, %s", with ? ", retry: {policy: fixed, base: 1ms}" : "", shaky);
        fixture f = run(components, asks, 20 * HR_SEC);
        free(components);
        failed[with] = look(f, "c").outcome[SIM_error];
        double first = with ? (double)station(f, "b").started - 19999 : (double)failed[0];
        assert_true(fabs(first - (with ? 19999 * 0.875 : 19999 * 0.5)) < 5 * 141);              // 1/2 + 1/4 + 1/8 retries a request
        done(f);
    }
    assert_true(fabs((double)failed[1] - 19999 / 16.0) < 5 * sqrt(19999 / 16.0));
    // No failures: exactly the same times with and without.
    double mean[2];
    for (int with = 0; with < 2; with++) {
        char *components = hr_format("a: {kind: service, on: {go: [{wait: exp(1ms)}, {call: b.go%s}]}}, b: {kind: service, on: {go: [{wait: exp(5ms)}]}}",
                                     with ? ", retry: {}, hedge: {after: 10s}" : "");
        fixture f = run(components, asks, 5 * HR_SEC);
        free(components);
        mean[with] = sim_histogram_mean_s(look(f, "c").latency);
        done(f);
    }
    assert_true(mean[0] == mean[1]);
}

// All fail, 100 requests a second, three retries each if they may: with a budget of 10 % a tenth of them gets one.
static void test_a_budget_bounds_the_load_of_retries(void **state)
{
    (void)state;
    const char *fails = "b: {kind: service, on: {go: [{fail: error}]}}";
    char *components = hr_format(CALLER("{call: b.go, retry: {policy: fixed, base: 1ms, budget: 10%%, min_retries: 0/s}}") "%s", fails);
    fixture f = run(components, EVERY("100/s", "a.go"), 50 * HR_SEC);
    free(components);
    uint64_t requests = look(f, "c").offered, extra = station(f, "b").started - requests;
    assert_true(extra <= requests / 10 && extra >= requests / 10 - 20);
    done(f);
    components = hr_format(CALLER("{call: b.go, retry: {policy: fixed, base: 1ms}}") "%s", fails);
    f = run(components, EVERY("100/s", "a.go"), 50 * HR_SEC);
    free(components);
    assert_int_equal(station(f, "b").started, 4 * requests);       // the twin: four times the load
    done(f);
}

// --- hedging ------------------------------------------------------------------------------------------------------------

// Half of the attempts take a second, the others 10 ms; a second one is sent after 100 ms: 10 ms with 1/2, 110 ms with 1/4, else a second.
static void test_a_hedged_attempt_cuts_the_tail(void **state)
{
    (void)state;
    const char *asks = "c: {rate: 1000/s, arrivals: constant, call: a.go, timeout: none}";
    fixture f = run(CALLER("{call: b.go, hedge: {after: 100ms}}") "b: {kind: service, workers: 5000, on: {go: [{if: {chance: 50%}, then: [{wait: 1s}], else: [{wait: 10ms}]}]}}",
                    asks, 20 * HR_SEC);
    double mean = sim_histogram_mean_s(look(f, "c").latency), want = 0.01 / 2 + 0.11 / 4 + 1.0 / 4;
    printf("hedged: mean %.4f s, %.4f computed\n", mean, want);
    assert_true(fabs(mean - want) < 5 * 0.42 / sqrt(19999));
    assert_true(fabs((double)station(f, "b").started - 1.5 * 19999) < 5 * 71);
    done(f);
}

// An answer that takes as long as usual needs no second attempt; an attempt that fails beside another leaves the step to that.
static void test_when_hedges_are_sent(void **state)
{
    (void)state;
    static const struct { const char *hedge; uint64_t attempts; double took_s; } rows[] = {
        {"{after: 150ms}", 1, 0.1}, {"{after: 100ms}", 1, 0.1}, {"{after: 40ms}", 2, 0.1}, {"{after: 40ms, most: 5}", 3, 0.1}, {"{after: p50}", 1, 0.1}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        char *components = hr_format("a: {kind: service, on: {go: [{call: b.go, hedge: %s}]}}, b: {kind: service, on: {go: [{wait: 100ms}]}}", rows[i].hedge);
        fixture f = run(components, EVERY("10/s", "a.go"), 30050 * HR_MS);
        free(components);
        assert_int_equal(look(f, "c").offered, 300);
        near(sim_histogram_mean_s(look(f, "c").latency), rows[i].took_s);
        assert_int_equal(station(f, "b").started, 300 * rows[i].attempts);
        done(f);
    }
    // b fails after 100 ms: hedged at 40 ms, both fail; the answer is the error of the second, at 140 ms.
    fixture f = run(CALLER("{call: b.go, hedge: {after: 40ms}, failed: [{return: ok}]}") "b: {kind: service, on: {go: [{wait: 100ms}, {fail: error}]}}",
                    EVERY("1/s", "a.go"), 5 * HR_SEC);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.14);
    done(f);
}

// --- bulkhead and load shedding -------------------------------------------------------------------------------------------

// Two out at b, a second each, one every 250 ms, as with the limiter of concurrency; what is kept in fails at once and frees its worker.
// A timeout lets the next one out, though b works on.
static void test_bulkhead_by_hand(void **state)
{
    (void)state;
    fixture f = run("a: {kind: service, bulkhead: 2, on: {go: [{call: b.go}]}}, b: {kind: service, on: {go: [{wait: 1s}]}}", EVERY("4/s", "a.go"), 10 * HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 20);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 19);
    assert_int_equal(station(f, "a").kept_in, 19);
    assert_int_equal(station(f, "b").started, 20);
    done(f);
    f = run("a: {kind: service, bulkhead: 2, on: {go: [{call: b.go, timeout: 400ms}]}}, b: {kind: service, on: {go: [{wait: 1s}]}}",
            EVERY("4/s", "a.go"), 10 * HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 39);
    assert_int_equal(station(f, "a").kept_in, 0);
    done(f);
}

// One worker, a second each; four calls may be in hand, half of that for those without priority. Low at 0.1, 0.2 … 0.9 s: two come in. High at
// 0.45 and 0.9 s: both do.
static void test_shedding_keeps_room_for_priority(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, workers: 1, shed: {policy: reserve, most: 4, reserve: 50%}, on: {go: [{wait: 1s}]}}",
                    "low: {rate: 10/s, arrivals: constant, call: s.go, timeout: none}, "
                    "high: {rate: 2.222222222/s, arrivals: constant, call: s.go, timeout: none, priority: 1}", 950 * HR_MS);
    assert_int_equal(look(f, "low").outcome[SIM_ok], 2);
    assert_int_equal(look(f, "low").outcome[SIM_rejected], 7);
    assert_int_equal(look(f, "high").outcome[SIM_ok], 2);
    assert_int_equal(station(f, "s").shed, 7);
    done(f);
}

// Twice as many calls as a service can serve. With its long queue nearly none is answered within a second; shed by how long calls take,
// most of what it can serve is.
static void test_adaptive_shedding_keeps_goodput(void **state)
{
    (void)state;
    static const char *const shed[] = {"", "shed: {policy: gradient, least: 5},", "shed: {policy: aimd, least: 5, target: 500ms},"};
    double good[3];
    for (int i = 0; i < 3; i++) {
        char *components = hr_format("s: {kind: service, workers: 10, queue: 10k, %s on: {go: [{wait: exp(100ms)}]}}", shed[i]);
        fixture f = run(components, "c: {rate: 200/s, call: s.go, timeout: 1s}", 60 * HR_SEC);
        free(components);
        good[i] = (double)look(f, "c").outcome[SIM_ok] / 60;
        done(f);
    }
    printf("good answers a second of 100 possible: %.1f, gradient %.1f, aimd %.1f\n", good[0], good[1], good[2]);
    assert_true(good[0] < 20 && good[1] > 70 && good[2] > 70);
}

// --- bad input ------------------------------------------------------------------------------------------------------------

static void wrong(const char *components, const char *complaint) { refused(components, "c: {rate: 1/s, call: s.go}", complaint); }

static void test_mistakes_are_named(void **state)
{
    (void)state;
#define S "s: {kind: service, on: {go: [{wait: 1ms}]}}, "
    wrong(S "l: {kind: limiter, policy: fixed-window, rate: 1/s, burst: 3, to: s}", "l: fixed-window does not use `burst`");
    wrong(S "l: {kind: limiter, to: s}", "l: limit-req needs `rate`");
    wrong(S "l: {kind: limiter, rate: 1/s, to: l}", "to itself");
    wrong(S "l: {kind: limiter, rate: 1/s, to: b}, b: {kind: breaker, to: l}", "in a ring");
    wrong("s: {kind: service, replicas: 2, on: {go: [{wait: 1ms}]}}, l: {kind: limiter, rate: 1/s, to: s}", "put a balancer in front");
    wrong(S "l: {kind: limiter, rate: 1/s, nodelay: true, delay: 1, burst: 2, to: s}", "exclude each other");
    wrong(S "l: {kind: limiter, rate: 1/s, per: user, to: s}", "want all or key");
    wrong(S "l: {kind: limiter, rate: 1/s, timeout: 5ms, to: s}", "are about the answers of a `store`");
    wrong(S "l: {kind: limiter, rate: 1/s, store: s, to: s}", "no cache is named 's'");
    wrong(S "l: {kind: limiter, policy: concurrency, most: 3, store: k, to: s}, k: {kind: cache}", "counts calls that are under way");
    wrong(S "b: {kind: breaker, failures: 3, to: s}", "count-based does not use `failures`");
    wrong(S "b: {kind: breaker, policy: count, to: s}", "list breakers");
    wrong("b: {kind: service, on: {go: [{wait: 1s}]}}, s: {kind: service, on: {go: [{call: b.go, retry: {most: 0}}]}}", "out of range");
    wrong("b: {kind: service, on: {go: [{wait: 1s}]}}, s: {kind: service, on: {go: [{call: b.go, retry: {min_retries: 1/s}}]}}", "belongs to a `budget`");
    wrong("b: {kind: service, on: {go: [{wait: 1s}]}}, s: {kind: service, on: {go: [{call: b.go, hedge: {after: q5}}]}}", "such as p95");
    wrong("s: {kind: service, on: {go: [{wait: 1ms, retry: {}}]}}", "has no `retry`");
    wrong("s: {kind: service, local: {entries: 3}, on: {go: [{get: local, retry: {}}]}}", "nothing to ask again");
    wrong("s: {kind: service, shed: {policy: reserve, target: 1s}, on: {go: [{wait: 1ms}]}}", "reserve does not use `target`");
    wrong("s: {kind: service, shed: {least: 50}, on: {go: [{wait: 1ms}]}}", "`least` (50) <= `initial` (20)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limiter_rejects_and_delays), cmocka_unit_test(test_limiter_with_a_store), cmocka_unit_test(test_limiter_per_key), cmocka_unit_test(test_limiter_of_concurrency),
        cmocka_unit_test(test_what_passes_brings_back_what_it_found), cmocka_unit_test(test_breaker_opens_and_tries_again),
        cmocka_unit_test(test_breaker_with_a_timeout), cmocka_unit_test(test_retries_by_hand), cmocka_unit_test(test_a_timeout_is_of_an_attempt),
        cmocka_unit_test(test_attempts_have_draws_of_their_own), cmocka_unit_test(test_a_budget_bounds_the_load_of_retries),
        cmocka_unit_test(test_a_hedged_attempt_cuts_the_tail), cmocka_unit_test(test_when_hedges_are_sent), cmocka_unit_test(test_bulkhead_by_hand),
        cmocka_unit_test(test_shedding_keeps_room_for_priority), cmocka_unit_test(test_adaptive_shedding_keeps_goodput),
        cmocka_unit_test(test_mistakes_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
