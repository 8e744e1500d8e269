// tests/unit/test_handlers.c - blocks of handlers (parallel, repeat, if, failed) against cases computed by hand, and what their draws share.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario/keys.h"
#include "tests/unit/run.h"

static const char one_a_second[] = "c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}";
// What the handlers below may call: `full` refuses at once when somebody occupies its worker, `b` takes 100 ms on average.
static const char occupied[] = "c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}, o: {rate: 2/s, arrivals: constant, call: full.go, timeout: none}";
static const char others[] = "full: {kind: service, workers: 1, queue: 0, on: {go: [{wait: 20s}]}}, "
                             "b: {kind: service, workers: 1M, on: {go: [{wait: exp(100ms)}], quick: []}}";

static fixture run_steps(const char *steps, const char *more, const char *workload, hr_time until)
{
    char *components = hr_format("s: {kind: service, workers: 1M, %s on: {go: %s}}, %s", more, steps, others);
    fixture f = run(components, workload, until);
    free(components);
    return f;
}

// How long the handler takes for a request that comes alone.
static double time_of(const char *steps, const char *more)
{
    fixture f = run_steps(steps, more, occupied, 1500 * HR_MS);
    sim_workload_view v = look(f, "c");
    if (v.outcome[SIM_ok] != 1)
        fail_msg("%s: no answer", steps);
    assert_int_equal(f.w->calls_live, 0);      // no part is left
    double s = sim_histogram_mean_s(v.latency);
    done(f);
    return s;
}

static sim_outcome outcome_of(const char *steps)
{
    fixture f = run_steps(steps, "", occupied, 1500 * HR_MS);
    sim_workload_view v = look(f, "c");
    int outcome = 0;
    while (outcome < SIM_OUTCOME_COUNT && !v.outcome[outcome])
        outcome++;
    assert_int_equal(f.w->calls_live, 0);
    done(f);
    return (sim_outcome)outcome;
}

static void test_steps_take_the_time_computed_by_hand(void **state)
{
    (void)state;
    static const struct { const char *steps, *more; double s; } rows[] = {
        {"[{wait: 100ms}, {wait: 300ms}]", "", 0.4},
        {"[{parallel: [[{wait: 100ms}], [{wait: 300ms}]]}]", "", 0.3},                                // joins on all
        {"[{parallel: [[{wait: 100ms}], [{wait: 300ms}]]}, {wait: 50ms}]", "", 0.35},
        {"[{parallel: [[{cpu: 100ms}], [{cpu: 200ms}]]}]", "cores: 1,", 0.3},                         // branches compete for cores
        {"[{parallel: [[{cpu: 100ms}], [{cpu: 200ms}]]}]", "cores: 2,", 0.2},
        {"[{parallel: [[{cpu: 100ms}], [{cpu: 200ms}]]}]", "cores: 1, sharing: true,", 0.3},
        {"[{parallel: [[{parallel: [[{wait: 100ms}], [{wait: 200ms}]]}, {wait: 50ms}], [{wait: 150ms}]]}]", "", 0.25},
        {"[{parallel: [[{call: b.quick}], [{call: b.quick}]]}, {wait: 20ms}]", "", 0.02},             // branches that end at once
        {"[{parallel: [[{wait: 100ms}, {return: ok}, {wait: 1s}], [{wait: 300ms}]]}, {wait: 100ms}]", "", 0.4},
        {"[{parallel: [[{wait: 300ms}], [{wait: 10ms}]], timeout: 100ms, failed: [{wait: 5ms}]}]", "", 0.105},
        {"[{parallel: [[{wait: 300ms}], [{call: full.go}]], timeout: 100ms, failed: []}]", "", 0.1},
        {"[{repeat: [{wait: 100ms}], times: 5}]", "", 0.5},
        {"[{repeat: [{wait: 100ms}, {repeat: [{wait: 10ms}, {wait: 5ms}], times: 3}], times: 2}, {wait: 1ms}]", "", 0.291},
        {"[{repeat: [{wait: 100ms}], again: 100%, most: 7}]", "", 0.7},
        {"[{repeat: [{wait: 100ms}], again: 0%}]", "", 0.1},
        {"[{repeat: [{wait: 100ms}, {if: {chance: 100%}, then: [{return: ok}]}], times: 5}, {wait: 1s}]", "", 0.1},
        {"[{repeat: [{repeat: [{wait: 100ms}, {return: ok}], times: 5}], times: 5}]", "", 0.1},      // an answer ends all rounds
        {"[{repeat: [{wait: 100ms}, {fail: error}], times: 5, failed: [{wait: 50ms}]}]", "", 0.15},
        {"[{repeat: [{parallel: [[{wait: 10ms}], [{repeat: [{wait: 4ms}], times: 3}]]}], times: 10}]", "", 0.12},
        {"[{if: {chance: 100%}, then: [{wait: 100ms}], else: [{wait: 200ms}]}, {wait: 1ms}]", "", 0.101},
        {"[{if: {chance: 0%}, then: [{wait: 100ms}], else: [{wait: 200ms}]}, {wait: 1ms}]", "", 0.201},
        {"[{if: {chance: 0%}, then: [{wait: 100ms}]}, {wait: 1ms}]", "", 0.001},
        {"[{if: {chance: 100%}, then: [], else: [{wait: 200ms}]}, {wait: 1ms}]", "", 0.001},
        {"[{if: {chance: 100%}, else: [{wait: 200ms}]}, {wait: 1ms}]", "", 0.001},
        {"[{if: {key_below: 1}, then: [{if: {key_below: 0}, then: [{wait: 1s}], else: [{wait: 2ms}]}], else: [{wait: 1s}]}, {wait: 1ms}]", "", 0.003},
        {"[{if: {key_share: 100%}, then: [{wait: 2ms}]}]", "", 0.002},
        {"[{call: full.go, failed: [{wait: 3ms}]}, {wait: 1ms}]", "", 0.004},
        {"[{call: b.quick, failed: [{wait: 3ms}]}, {wait: 1ms}]", "", 0.001},
        {"[{call: full.go, failed: []}, {if: {status: rejected}, then: [{wait: 2ms}]}]", "", 0.002},
        {"[{call: full.go, failed: [{if: {status: timeout}, then: [{wait: 1s}], else: [{wait: 2ms}]}]}]", "", 0.002},
        {"[{call: full.go, failed: []}, {call: b.quick}, {if: {status: ok}, then: [{wait: 2ms}]}]", "", 0.002},
        {"[{get: local, miss: [{if: {chance: 100%}, then: [{wait: 2ms}]}, {set: local}]}, {get: local, miss: [{wait: 1s}]}]", "local: {entries: 3},", 0.002},
        {"[{get: local, miss: [{parallel: [[{set: local}], [{wait: 2ms}]]}]}, {get: local, miss: [{wait: 1s}]}]", "local: {entries: 3},", 0.002},
    };
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        double s = time_of(rows[i].steps, rows[i].more);
        printf("%s: %.6f\n", rows[i].steps, s);
        near(s, rows[i].s);
    }
}

static void test_a_handler_fails_as_its_first_failure(void **state)
{
    (void)state;
    assert_int_equal(outcome_of("[{parallel: [[{wait: 300ms}, {fail: error}], [{call: full.go}]]}]"), SIM_rejected);
    assert_int_equal(outcome_of("[{parallel: [[{fail: error}], [{call: full.go}]]}]"), SIM_error);
    assert_int_equal(outcome_of("[{parallel: [[{wait: 300ms}], [{wait: 1s}]], timeout: 100ms}]"), SIM_timeout);
    assert_int_equal(outcome_of("[{parallel: [[{wait: 300ms}], [{repeat: [{fail: error}], times: 3}]]}]"), SIM_error);
    assert_int_equal(outcome_of("[{repeat: [{wait: 1ms}, {call: full.go}], times: 3}]"), SIM_rejected);
    assert_int_equal(outcome_of("[{call: full.go, failed: [{fail: error}]}]"), SIM_error);
}

// The deadline of a `parallel` step frees the handler, not its branches: they work on, and leave nothing behind.
static void test_branches_work_on_after_the_deadline(void **state)
{
    (void)state;
    fixture f = run_steps("[{parallel: [[{wait: 300ms}, {call: b.quick}], [{wait: 200ms}, {call: b.quick}]], timeout: 100ms, failed: []}]", "", one_a_second,
                          1500 * HR_MS);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.1);
    near((double)f.w->now * 1e-9, 1.5);
    assert_int_equal(sim_service_look(f.w, 2, 0).started, 2);
    assert_int_equal(f.w->calls_live, 0);
    done(f);
}

static double p99_of(const char *steps)
{
    fixture f = run_steps(steps, "", "c: {rate: 2000/s, call: s.go, timeout: none, key: uniform(1M)}", 20 * HR_SEC);
    double p99 = (double)sim_histogram_quantile(look(f, "c").latency, 0.99) * 1e-9;
    printf("%s: p99 %.4f s\n", steps, p99);
    done(f);
    return p99;
}

// The sum of n exponential times of 100 ms has a 99th percentile of 0.664 s (n = 2), 1.0045 s (n = 4); the same time n times over would
// have 0.921 s and 1.842 s. The longest of two independent ones: 0.5296 s; of twice the same: 0.4605 s. 40000 requests: within 3 %.
static void test_rounds_branches_and_visits_have_draws_of_their_own(void **state)
{
    (void)state;
    static const struct { const char *steps; double p99; } rows[] = {
        {"[{wait: exp(100ms)}, {wait: exp(100ms)}]", 0.6638}, {"[{call: b.go}, {call: b.go}]", 0.6638},
        {"[{repeat: [{wait: exp(100ms)}], times: 4}]", 1.0045}, {"[{repeat: [{call: b.go}], times: 4}]", 1.0045},
        {"[{repeat: [{repeat: [{call: b.go}], times: 2}], times: 2}]", 1.0045},
        {"[{parallel: [[{wait: exp(100ms)}], [{wait: exp(100ms)}]]}]", 0.5296}, {"[{parallel: [[{call: b.go}], [{call: b.go}]]}]", 0.5296},
        {"[{repeat: [{wait: exp(100ms)}], again: 75%}]", 1.842},               // a geometric number of exponential times is one exponential time
    };
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        double p99 = p99_of(rows[i].steps);
        assert_true(p99 > rows[i].p99 * 0.97 && p99 < rows[i].p99 * 1.03);
    }
}

// The share of requests that take long.
static double slow_share(const char *condition, const char *key)
{
    char *steps = hr_format("[{if: %s, then: [{wait: 20ms}], else: [{wait: 1ms}]}]", condition);
    char *asks = hr_format("c: {rate: 1000/s, call: s.go, timeout: none, key: \"%s\", objective: 10ms}", key);
    fixture f = run_steps(steps, "", asks, 20 * HR_SEC);
    double share = (double)look(f, "c").outcome[SIM_late] / (double)look(f, "c").offered;
    printf("%s of %s: %.4f\n", condition, key, share);
    free(steps);
    free(asks);
    done(f);
    return share;
}

// 20000 requests: three standard errors are 0.01.
static void test_conditions_hold_as_often_as_they_say(void **state)
{
    (void)state;
    double by_chance = slow_share("{chance: 30%}", "one"), by_key = slow_share("{key_share: 30%}", "uniform(1M)"), below = slow_share("{key_below: 300}", "uniform(1k)");
    assert_true(by_chance > 0.29 && by_chance < 0.31);
    assert_true(by_key > 0.29 && by_key < 0.31);
    assert_true(below > 0.29 && below < 0.31);
    double sticky = slow_share("{key_share: 50%}", "one");         // one key: always the same side
    assert_true(sticky <= 0 || sticky >= 1);
}

// What comes back at once is left to the loop: a million rounds, and a long queue of calls that take no time, need no deep stack.
static void test_what_comes_back_at_once_needs_no_stack(void **state)
{
    (void)state;
    near(time_of("[{repeat: [{call: b.quick}], times: 1M}, {wait: 1ms}]", ""), 0.001);
    near(time_of("[{repeat: [{call: full.go, failed: []}, {parallel: [[{call: b.quick}], [{call: full.go}]], failed: []}], times: 300k}, {wait: 1ms}]", ""), 0.001);
    fixture f = run("s: {kind: service, workers: 1, queue: 1M, on: {slow: [{wait: 2s}], go: []}}",
                    "a: {rate: 1/s, arrivals: constant, call: s.slow, timeout: none}, c: {rate: 400k/s, arrivals: constant, call: s.go, timeout: none}", 1800 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 719999);
    near((double)f.w->now * 1e-9, 3);
    done(f);
}

// An answer that hands its caller's next question back to the same service must not pass those that wait there: two callers ask in turn.
static void test_who_asks_again_at_once_queues_again(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, on: {go: [{repeat: [{call: one.go}], times: 4}]}}, one: {kind: service, workers: 1, on: {go: [{wait: 100ms}]}}",
                    "a: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}, c: {rate: 0.98/s, arrivals: constant, call: s.go, timeout: none}", 1500 * HR_MS);
    near(sim_histogram_mean_s(look(f, "a").latency), 0.7);
    near(sim_histogram_mean_s(look(f, "c").latency), 1.8 - 1 / 0.98);
    done(f);
}

// Worlds that are copied in the middle of rounds, branches, waits with patience and interrupted computations go on as the original does.
static void test_a_copied_world_goes_on_alike(void **state)
{
    (void)state;
    const char *text = "scenario: t\ncomponents:\n"
        "  s: {kind: service, workers: 4, queue: 100, patience: exp(20ms), discipline: priority, preemptive: true, cores: 1, on: {go: ["
        "{repeat: [{parallel: [[{cpu: exp(1ms)}, {call: b.go}], [{repeat: [{wait: exp(2ms)}], again: 50%}]], timeout: 10ms, failed: []}], times: 3},"
        "{if: {chance: 20%}, then: [{call: b.go, failed: []}]}]}}\n"
        "  b: {kind: service, workers: 1, queue: 1, on: {go: [{wait: exp(2ms)}]}}\n"
        "workload:\n  low: {rate: 200/s, call: s.go}\n  high: {rate: 50/s, call: s.go, priority: 2, timeout: 30ms}\nrun: {duration: 100s}\n";
    sim_model *model = NULL;
    hr_error e = {0};
    if (sim_model_parse("t", text, strlen(text), "", &model, &e))
        fail_msg("%s", e.text);
    sim_world *w = sim_model_build(model, 3);
    w->arrivals_end = 20 * HR_SEC;
    sim_world_start(w, 0);
    for (hr_time at = HR_SEC; at <= 10 * HR_SEC; at += HR_SEC) {
        sim_world_run(w, at);
        sim_world_check(w);
    }
    assert_true(w->calls_live > 10);
    sim_world *copy = sim_world_fork(w);
    assert_true(sim_world_drain(w, 100 * HR_SEC) && sim_world_drain(copy, 100 * HR_SEC));
    sim_checkpoint a = sim_world_checkpoint(w), b = sim_world_checkpoint(copy);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    printf("gave up: %llu, rejected at b: %llu\n", (unsigned long long)sim_service_look(w, 0, 0).gave_up, (unsigned long long)sim_service_look(w, 1, 0).rejected);
    assert_true(sim_service_look(w, 0, 0).gave_up > 10 && sim_service_look(w, 1, 0).rejected > 10);
    free(a.bytes);
    free(b.bytes);
    sim_world_free(w);
    sim_world_free(copy);
    sim_model_free(model);
}

static void test_impossible_steps_are_refused(void **state)
{
    (void)state;
    static const mistake wrong[] = {
        {"on: {go: [{parallel: []}]}", "want 1 to"},
        {"on: {go: [{parallel: [{wait: 1s}]}]}", "want a list of steps"},
        {"on: {go: [{parallel: [[]]}]}", "a branch without steps"},
        {"on: {go: [{repeat: [{wait: 1s}]}]}", "either `times`"},
        {"on: {go: [{repeat: [{wait: 1s}], times: 3, again: 3%}]}", "either `times`"},
        {"on: {go: [{repeat: [{wait: 1s}], times: 0}]}", "from 1 to 1M"},
        {"on: {go: [{repeat: [{wait: 1s}], times: 3, most: 9}]}", "belongs to `again`"},
        {"on: {go: [{repeat: [{wait: 1s}], again: 130%}]}", "a probability"},
        {"on: {go: [{repeat: [], times: 3}]}", "without steps"},
        {"on: {go: [{repeat: {wait: 1s}, times: 3}]}", "want a list of steps"},
        {"on: {go: [{repeat: [{repeat: [{repeat: [{wait: 1s}], times: 1k}], times: 1k}], times: 1k}]}", "at most 1e+07"},
        {"on: {go: [{repeat: [{call: s.more}], times: 1M}], more: [{repeat: [{cpu: 0}], times: 1k}]}", "one call may run"},
        {"on: {go: [{if: {chance: 30%}}]}", "lacks `then`"},
        {"on: {go: [{if: {chanse: 30%}, then: [{wait: 1s}]}]}", "did you mean 'chance'"},
        {"on: {go: [{if: {chance: 30%, key_below: 3}, then: [{wait: 1s}]}]}", "want one condition"},
        {"on: {go: [{if: 30%, then: [{wait: 1s}]}]}", "want one condition"},
        {"on: {go: [{if: {chance: 3}, then: [{wait: 1s}]}]}", "chance: want a probability"},
        {"on: {go: [{if: {status: late}, then: [{wait: 1s}]}]}", "status: want ok"},
        {"on: {go: [{wait: 1s, failed: []}]}", "has no `failed`; `headroom explain step.failed` tells which have"},
        {"on: {go: [{repeat: [{wait: 1s}], times: 3, faild: []}]}", "has no `faild`; did you mean `failed`?"},
        {"on: {go: [{repeat: [{wait: 1s}], times: 3, timeout: 1s}]}", "has no `timeout`"},
        {"patience: soon, on: {go: []}", "s.patience: want"},
        {"patience: {a: 1}, on: {go: []}", "s.patience: want"},
        {"preemptive: true, on: {go: []}", "give `discipline: priority`"},
        {"preemptive: true, discipline: priority, sharing: true, on: {go: []}", "exclude each other"},
    };
    all_refused("s: {kind: service, @}",
                "c: {rate: 1/s, call: s.go}", wrong, HR_COUNT(wrong));
}

// `explain` says of a step which keys it has: those, and no others, are what the reader takes of it.
static void test_a_step_has_the_keys_that_it_is_said_to_have(void **state)
{
    (void)state;
    static const char *const arguments[SIM_STEP_COUNT] = {
        [SIM_STEP_wait] = "1ms", [SIM_STEP_cpu] = "1ms", [SIM_STEP_get] = "local", [SIM_STEP_set] = "local", [SIM_STEP_delete] = "local",
        [SIM_STEP_query] = "d.q", [SIM_STEP_call] = "b.go", [SIM_STEP_publish] = "mq.w", [SIM_STEP_parallel] = "[[{wait: 1ms}]]",
        [SIM_STEP_repeat] = "[{wait: 1ms}]", [SIM_STEP_transaction] = "[{query: d.q}]", [SIM_STEP_if] = "{chance: 10%}", [SIM_STEP_return] = "ok",
        [SIM_STEP_fail] = "error"};
    for (int s = 0; s < SIM_STEP_COUNT; s++)
        for (const sim_key *k = sim_key_table; k->owner; k++) {
            if (strcmp(k->owner, "step") != 0)
                continue;
            const char *kind = sim_step_name((sim_step_kind)s);
            char *components = hr_format("s: {kind: service, local: {entries: 9}, on: {go: [{%s: %s, %s: {}}]}}, d: {kind: database, statements: {q: {}}}, "
                                         "mq: {kind: broker, queues: {w: {}}}, %s", kind, arguments[s], k->name, others);
            char *refusal = hr_format("a %s step has no `%s`", kind, k->name);
            hr_error e = {0};
            sim_model *model = NULL;
            if (!read_sections("", components, one_a_second, &model, &e))
                sim_model_free(model);
            if (sim_key_is_of_step(k, kind) == (e.count && strstr(e.text, refusal)))
                fail_msg("%s: %s: %s", kind, k->name, e.text);
            free(components);
            free(refusal);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_take_the_time_computed_by_hand), cmocka_unit_test(test_a_handler_fails_as_its_first_failure),
        cmocka_unit_test(test_branches_work_on_after_the_deadline), cmocka_unit_test(test_rounds_branches_and_visits_have_draws_of_their_own),
        cmocka_unit_test(test_conditions_hold_as_often_as_they_say), cmocka_unit_test(test_what_comes_back_at_once_needs_no_stack),
        cmocka_unit_test(test_who_asks_again_at_once_queues_again), cmocka_unit_test(test_a_copied_world_goes_on_alike),
        cmocka_unit_test(test_impossible_steps_are_refused), cmocka_unit_test(test_a_step_has_the_keys_that_it_is_said_to_have)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
