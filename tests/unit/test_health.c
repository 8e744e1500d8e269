// tests/unit/test_health.c - active health checks, panic and slow start, by hand: when a replica goes out, when it is back, and with what weight.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/policy/balance/upstream.h"
#include "tests/unit/run.h"

// --- checks -----------------------------------------------------------------------------------------------------------------

// Two replicas with one worker. The request at 10 s holds that of the first for 3.2 s. The first is checked at 0.5 s, 1.5 s …, the second at 1 s, 2 s …;
// a check of the first that comes while the worker is held is late half a second after it.
static sim_world *held(const char *check, sim_model **model)
{
    char *text = hr_format("scenario: t\ncomponents: {lb: {kind: balancer, to: s, health_check: {call: health, interval: 1s, timeout: 500ms%s}}, "
                           "s: {kind: service, replicas: 2, workers: 1, queue: 100, on: {go: [{wait: 3200ms}], health: [{wait: 1ms}]}}}\n"
                           "workload: {c: {rate: 0.1/s, arrivals: constant, call: lb.go, timeout: none}}\nrun: {duration: 100s, warmup: 0}\n", check);
    hr_error e = {0};
    if (sim_model_parse("t", text, strlen(text), "", model, &e))
        fail_msg("%s", e.text);
    free(text);
    sim_world *w = sim_model_build(*model, 1);
    w->arrivals_end = 15 * HR_SEC;
    sim_world_start(w, 0);
    return w;
}

static sim_station_view look_at_balancer(const sim_world *w, const sim_model *m) { return sim_balancer_look(w, (sim_component_id)sim_model_find(m, "lb")); }

static void test_a_replica_is_out_from_its_last_failed_check_to_its_last_passed_one(void **state)
{
    (void)state;
    // The checks at 10.5, 11.5 and 12.5 s fail at 11, 12 and 13 s; those at 13.5 and 14.5 s pass after 1 ms.
    static const struct { const char *check; double out_s; } cases[] = {
        {"", 13.501 - 11}, {", fails: 2", 13.501 - 12}, {", fails: 3, passes: 2", 14.501 - 13}, {", fails: 4", 0}, {", fails: 2, passes: 2", 14.501 - 12}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        sim_model *model;
        sim_world *w = held(cases[i].check, &model);
        sim_world_run(w, 16 * HR_SEC);
        sim_world_check(w);
        sim_station_view v = look_at_balancer(w, model);
        near(v.unhealthy * 16, cases[i].out_s);
        assert_int_equal(v.failed_checks, 3);
        assert_int_equal(v.checks, 15 + 14);   // none at or after 15 s, when the last request may come
        assert_true(sim_world_drain(w, 100 * HR_SEC));
        sim_world_free(w);
        sim_model_free(model);
    }
}

// The request at 1 s holds the first replica's only worker for 7 s; its check at 1.8 s fails at 2.3 s, so that those at 3 s and 5 s go to the second. Without
// checks they take their turns behind it.
static void test_who_is_out_gets_no_calls(void **state)
{
    (void)state;
    for (int checked = 0; checked < 2; checked++) {
        char *components = hr_format("lb: {kind: balancer, to: s%s}, s: {kind: service, replicas: 2, workers: 1, queue: 100, on: {go: [{if: {key_below: 1}, "
                                     "then: [{wait: 7s}], else: [{wait: 1ms}]}], health: [{wait: 1ms}]}}",
                                     checked ? ", health_check: {call: health, interval: 1200ms, timeout: 500ms}" : "");
        fixture f = run(components, "c: {rate: 1/s, arrivals: constant, key: sequential(100), call: lb.go, timeout: none}", 5500 * HR_MS);
        free(components);
        assert_int_equal(look(f, "c").offered, 5);
        near(sim_histogram_mean_s(look(f, "c").latency), (checked ? 7 + 4 * 0.001 : 7 + 2 * 0.001 + 5.001 + 3.002) / 5);
        done(f);
    }
}

// --- panic and slow start, on an upstream -----------------------------------------------------------------------------------

typedef struct { sim_world *w; sim_ref upstream; uint64_t calls; } group;

static group make(sim_upstream_def def, const char *policy)
{
    group g = {.w = sim_world_new(1, 0)};
    hr_error e = {0};
    if (sim_balancer_read(policy, &def.policy, &e))
        fail_msg("%s", e.text);
    g.upstream = sim_upstream_make(g.w, &def);
    return g;
}

static sim_upstream *upstream_of(group g) { return SIM_AT(g.w, sim_upstream, g.upstream); }
static uint32_t weight_of(group g, uint32_t slot) { return SIM_AT(g.w, sim_peer, upstream_of(g)->peers)[slot].weight; }

static uint32_t choose(group *g)
{
    sim_balanced call = {.random = sim_random(9, 1, g->calls++, 0)};
    uint32_t slot = sim_upstream_choose(g->w, g->upstream, &call, NULL, 0);
    if (slot != SIM_NO_PEER)
        sim_upstream_answer(g->w, g->upstream, slot, HR_MS, false);
    sim_upstream_check(g->w, g->upstream);
    return slot;
}

// Envoy's manual: below the threshold, not at it.
static void test_panic_begins_below_the_threshold(void **state)
{
    (void)state;
    static const uint32_t choosable[] = {4, 3, 2, 4, 4}, without[] = {4, 3, 2, 1, 0};
    for (int panics = 0; panics < 2; panics++) {
        group g = make((sim_upstream_def){.count = 4, .panic = panics ? 0.5 : 0}, "round-robin");
        for (uint32_t sick = 0; sick <= 4; sick++) {
            if (sick)
                sim_upstream_mark(g.w, g.upstream, sick - 1, SIM_OUT_UNHEALTHY, true);
            assert_int_equal(upstream_of(g)->eligible_count, panics ? choosable[sick] : without[sick]);
            assert_int_equal(upstream_of(g)->panicking.level, panics && sick > 2);
            assert_int_equal(choose(&g) == SIM_NO_PEER, !panics && sick == 4);
        }
        for (uint32_t sick = 4; sick-- > 0;) {
            sim_upstream_mark(g.w, g.upstream, sick, SIM_OUT_UNHEALTHY, false);
            assert_int_equal(upstream_of(g)->eligible_count, panics ? choosable[sick] : without[sick]);
        }
        sim_world_free(g.w);
    }
}

// Who is down is not counted: of three that are there, one healthy is below a half, of two it is not.
static void test_who_is_down_does_not_count_for_a_panic(void **state)
{
    (void)state;
    group g = make((sim_upstream_def){.count = 4, .panic = 0.5}, "round-robin");
    sim_upstream_mark(g.w, g.upstream, 3, SIM_OUT_DOWN, true);
    sim_upstream_mark(g.w, g.upstream, 0, SIM_OUT_UNHEALTHY, true);
    sim_upstream_mark(g.w, g.upstream, 1, SIM_OUT_UNHEALTHY, true);
    assert_int_equal(upstream_of(g)->eligible_count, 3);
    sim_upstream_mark(g.w, g.upstream, 1, SIM_OUT_DOWN, true);
    assert_int_equal(upstream_of(g)->eligible_count, 1);
    sim_world_free(g.w);
}

// 30 s: a percent every 300 ms. At 15 s half the weight: of 150 calls 50, by smooth weighted turns exactly.
static void test_a_weight_grows_from_one_percent_to_the_whole(void **state)
{
    (void)state;
    static const uint32_t weights[] = {3, 1};
    static const struct { hr_time at; uint32_t percent; } cases[] = {{0, 1}, {599 * HR_MS, 1}, {600 * HR_MS, 2}, {15 * HR_SEC, 50}, {29999 * HR_MS, 99},
                                                                     {30 * HR_SEC, 100}, {60 * HR_SEC, 100}};
    for (int k = 0; k < 2; k++) {
        group g = make((sim_upstream_def){.count = 2, .weights = k ? weights : NULL, .slow_start = 30 * HR_SEC}, "round-robin");
        assert_int_equal(weight_of(g, 0), k ? 300 : 100);           // at the start of a run nobody is new
        sim_upstream_mark(g.w, g.upstream, 0, SIM_OUT_UNHEALTHY, true);
        g.w->now = 100 * HR_SEC;
        sim_upstream_mark(g.w, g.upstream, 0, SIM_OUT_UNHEALTHY, false);
        for (size_t i = 0; i < HR_COUNT(cases); i++) {
            g.w->now = 100 * HR_SEC + cases[i].at;
            choose(&g);
            assert_int_equal(weight_of(g, 0), (k ? 3 : 1) * cases[i].percent);
            assert_int_equal(weight_of(g, 1), 100);
        }
        sim_world_free(g.w);
    }
}

static void test_calls_follow_the_weight(void **state)
{
    (void)state;
    group g = make((sim_upstream_def){.count = 2, .slow_start = 30 * HR_SEC}, "round-robin");
    sim_upstream_mark(g.w, g.upstream, 0, SIM_OUT_UNHEALTHY, true);
    sim_upstream_mark(g.w, g.upstream, 0, SIM_OUT_UNHEALTHY, false);
    g.w->now = 15 * HR_SEC;
    uint32_t got = 0;
    for (int i = 0; i < 150; i++)
        got += choose(&g) == 0;
    assert_int_equal(got, 50);
    g.w->now = 30 * HR_SEC;
    got = 0;
    for (int i = 0; i < 150; i++)
        got += choose(&g) == 0;
    assert_int_equal(got, 75);
    sim_world_free(g.w);
}

// --- outlier detection ------------------------------------------------------------------------------------------------------

// Calls to a replica fail, so many in a row.
static void let_fail(group *g, sim_ref outlier, uint32_t slot, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++) {
        sim_outlier_note(g->w, outlier, slot, true);
        sim_outlier_check(g->w, outlier);
    }
}
static bool is_out(group g, uint32_t slot) { return SIM_AT(g.w, sim_peer, upstream_of(g)->peers)[slot].out & SIM_OUT_EJECTED; }

// Looks at `from`, from + 10 s … until the replica is back. Returns when.
static hr_time back_at(group *g, sim_ref outlier, uint32_t slot, hr_time from)
{
    for (g->w->now = from; is_out(*g, slot); g->w->now += 10 * HR_SEC)
        sim_outlier_look(g->w, outlier);
    return g->w->now - 10 * HR_SEC;
}

static const sim_outlier_def envoys = {.consecutive_5xx = 5, .interval = 10 * HR_SEC, .base_ejection_time = 30 * HR_SEC, .max_ejection_time = 300 * HR_SEC,
                                       .max_ejection_percent = 0.1};

static void test_five_failures_in_a_row_eject(void **state)
{
    (void)state;
    group g = make((sim_upstream_def){.count = 10}, "round-robin");
    sim_ref outlier = sim_outlier_make(g.w, &envoys, g.upstream, 10);
    let_fail(&g, outlier, 3, 4);
    sim_outlier_note(g.w, outlier, 3, false);
    let_fail(&g, outlier, 3, 4);
    assert_false(is_out(g, 3));
    let_fail(&g, outlier, 3, 1);
    assert_true(is_out(g, 3));
    let_fail(&g, outlier, 4, 50);                  // 10 % are out
    assert_false(is_out(g, 4));
    assert_int_equal(sim_outlier_ejections(g.w, outlier), 1);
    sim_world_free(g.w);
}

// Ejected at 1 s: 30 s are over at the look at 40 s, and 31 s is not looked at. Again at 41 s: 60 s, until 110 s. Again at 111 s: 90 s, until 210 s. After two looks in
// service two ejections are forgiven: the next lasts 60 s again. Eleven in a row: never more than 300 s.
static void test_ejections_grow_and_are_forgiven(void **state)
{
    (void)state;
    group g = make((sim_upstream_def){.count = 10}, "round-robin");
    sim_ref outlier = sim_outlier_make(g.w, &envoys, g.upstream, 10);
    static const struct { hr_time at_s, looks_from_s, back_s; } rounds[] = {{1, 10, 40}, {41, 50, 110}, {111, 120, 210}};
    for (size_t i = 0; i < HR_COUNT(rounds); i++) {
        g.w->now = rounds[i].at_s * HR_SEC;
        let_fail(&g, outlier, 0, 5);
        assert_int_equal(back_at(&g, outlier, 0, rounds[i].looks_from_s * HR_SEC), rounds[i].back_s * HR_SEC);
    }
    for (int look = 22; look <= 23; look++) {
        g.w->now = look * 10 * HR_SEC;
        sim_outlier_look(g.w, outlier);
    }
    g.w->now = 231 * HR_SEC;
    let_fail(&g, outlier, 0, 5);
    assert_int_equal(back_at(&g, outlier, 0, 240 * HR_SEC), 300 * HR_SEC);         // 231 + 60, at the next look
    hr_time at = 300 * HR_SEC;
    for (int i = 0; i < 11; i++) {
        g.w->now = at + HR_SEC;
        let_fail(&g, outlier, 0, 5);
        hr_time back = back_at(&g, outlier, 0, at + 10 * HR_SEC);
        assert_true(back - at <= 310 * HR_SEC);
        at = back;
    }
    g.w->now = at + HR_SEC;
    let_fail(&g, outlier, 0, 5);
    assert_int_equal(back_at(&g, outlier, 0, at + 10 * HR_SEC) - at, 310 * HR_SEC);
    sim_world_free(g.w);
}

// Two replicas that always fail: five calls each and both are out, then everybody is rejected; with 10 % only one may be.
static void test_outliers_of_a_scenario(void **state)
{
    (void)state;
    for (int all = 0; all < 2; all++) {
        char *components = hr_format("lb: {kind: balancer, to: s, outlier_detection: {max_ejection_percent: %s}}, s: {kind: service, replicas: 2, on: {go: [{fail: error}]}}",
                                     all ? "100%" : "10%");
        fixture f = run(components, "c: {rate: 10/s, arrivals: constant, call: lb.go, timeout: none}", 5 * HR_SEC + HR_MS);
        free(components);
        sim_workload_view c = look(f, "c");
        assert_int_equal(c.offered, 50);
        assert_int_equal(c.outcome[SIM_error], all ? 10 : 50);
        assert_int_equal(look_at_balancer(f.w, f.model).ejections, all ? 2 : 1);
        done(f);
    }
}

// --- the scenario -----------------------------------------------------------------------------------------------------------

static void test_wrong_keys_are_refused(void **state)
{
    (void)state;
    static const struct { const char *balancer, *told; } wrong[] = {
        {"health_check: 5s", "want {call: OPERATION"}, {"health_check: {interval: 5s}", "lacks `call`"},
        {"health_check: {call: helth}", "did you mean 'health'"}, {"health_check: {call: health, timeout: 6s}", "must not exceed"},
        {"health_check: {call: health, interval: none, timeout: none}", "want a time"},
        {"panic: 50%", "belongs to `health_check`"}, {"outlier_detection: {interval: none}", "want a time"}, {"slow_start: none", "want a time"}, {"slow_start: 1us", "at least 1ms"},
        {"policy: jsq, slow_start: 30s", "looks at no weights"}, {"policy: ip-hash, slow_start: 30s", "nginx does not allow"}};
    for (size_t i = 0; i < HR_COUNT(wrong); i++) {
        char *text = hr_format("scenario: t\ncomponents: {lb: {kind: balancer, to: s, %s}, s: {kind: service, replicas: 2, on: {go: [{wait: 1ms}], "
                               "health: [{wait: 1ms}]}}}\nworkload: {c: {rate: 1/s, call: lb.go}}\n", wrong[i].balancer);
        hr_error e = {0};
        sim_model *model = NULL;
        assert_int_equal(sim_model_parse("t", text, strlen(text), "", &model, &e), HR_BAD_INPUT);
        if (!strstr(e.text, wrong[i].told))
            fail_msg("%s: %s", wrong[i].balancer, e.text);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_replica_is_out_from_its_last_failed_check_to_its_last_passed_one), cmocka_unit_test(test_who_is_out_gets_no_calls),
        cmocka_unit_test(test_panic_begins_below_the_threshold), cmocka_unit_test(test_who_is_down_does_not_count_for_a_panic),
        cmocka_unit_test(test_a_weight_grows_from_one_percent_to_the_whole), cmocka_unit_test(test_calls_follow_the_weight),
        cmocka_unit_test(test_five_failures_in_a_row_eject), cmocka_unit_test(test_ejections_grow_and_are_forgiven),
        cmocka_unit_test(test_outliers_of_a_scenario), cmocka_unit_test(test_wrong_keys_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
