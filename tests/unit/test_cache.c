// tests/unit/test_cache.c - the cache as a component: times to live, their jitter, and how expired keys go.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

// Entries of the cache at each time, in seconds. In the first 0.1 s each of 1000 keys is put in once; `set` says how, `cache` more of it.
static void entries_at(const char *cache, const char *set, const double *time_s, size_t count, uint32_t *entries)
{
    char *text = hr_format("scenario: cache\ncomponents:\n  s: {kind: service, workers: 1000, on: {put: [%s]}}\n"
                           "  k: {kind: cache, entries: 5000, demand: 0, network: 0%s}\n"
                           "workload:\n  c: {rate: 10k/s, arrivals: constant, call: s.put, key: sequential(1k)}\n", set, cache);
    hr_error e = {0};
    sim_model *model;
    if (sim_model_parse("cache", text, strlen(text), "", &model, &e))
        fail_msg("%s", e.text);
    sim_world *w = sim_model_build(model, 1);
    w->arrivals_end = 100 * HR_MS + HR_US;     // the first comes 0.1 ms after the start
    sim_world_start(w, 0);
    for (size_t i = 0; i < count; i++) {
        sim_world_run(w, (hr_time)(time_s[i] * 1e9));
        sim_world_check(w);
        entries[i] = sim_cache_look(w, 1).entries;
    }
    sim_world_free(w);
    sim_model_free(model);
    free(text);
}

static void test_jitter_spreads_the_ends(void **state)
{
    (void)state;
    const double at[] = {0.2, 0.9, 1.25, 1.7};
    uint32_t even[4], spread[4];
    entries_at(", hz: 500", "{set: k, ttl: 1s}", at, 4, even);
    entries_at(", hz: 500", "{set: k, ttl: 1s, jitter: 50%}", at, 4, spread);
    print_message("even %u %u %u %u, spread %u %u %u %u\n", even[0], even[1], even[2], even[3], spread[0], spread[1], spread[2], spread[3]);
    assert_true(even[0] == 1000 && even[1] == 1000 && even[2] == 0);
    // Evenly between 0.5 and 1.5 s after some 0.05 s: 65 % live at 0.9 s, 30 % at 1.25 s. Four standard deviations of 1000 lots, and
    // what a tick leaves: up to 10 % of those that expire.
    assert_true(spread[0] == 1000 && spread[3] == 0);
    assert_true(spread[1] > 590 && spread[1] < 720);
    assert_true(spread[2] > 240 && spread[2] < 390);
}

static void test_active_expiry_looks_at_twenty_and_on_while_more_than_a_tenth_had_expired(void **state)
{
    (void)state;
    const double at[] = {1.09, 1.11, 2.15};
    uint32_t lazy[3], ticks[3], few[3];
    entries_at(", hz: 0", "{set: k, ttl: 1s}", at, 3, lazy);
    assert_true(lazy[0] == 1000 && lazy[2] == 1000);                 // nobody asks for them
    entries_at("", "{set: k, ttl: 1s}", at, 3, ticks);
    assert_true(ticks[0] > 0 && ticks[1] == 0);                      // the tick at 1.1 s: all that it looks at have expired
    // One in twenty expires: each of the ten ticks from 1.1 s on looks at 20, finds one and leaves it at that, seldom goes on.
    entries_at("", "{if: {key_below: 50}, then: [{set: k, ttl: 1s}], else: [{set: k, ttl: 1h}]}", at, 3, few);
    print_message("ticks %u %u, few %u %u %u\n", ticks[0], ticks[1], few[0], few[1], few[2]);
    assert_true(few[0] == 1000 && few[2] > 960 && few[2] < 1000);
}

static void test_a_full_cache_that_evicts_nothing_answers_with_an_error(void **state)
{
    (void)state;
    const double at[] = {0.2};
    uint32_t entries[1];
    entries_at(", eviction: noeviction", "{set: k}", at, 1, entries);
    assert_int_equal(entries[0], 1000);
    char *text = hr_strdup("scenario: full\ncomponents:\n"
                           "  s: {kind: service, on: {put: [{set: k}, {if: {status: error}, then: [{fail: error}]}]}}\n"
                           "  k: {kind: cache, entries: 10, eviction: noeviction}\n"
                           "workload:\n  c: {rate: 100/s, arrivals: constant, call: s.put, key: sequential(100)}\n");
    hr_error e = {0};
    sim_model *model;
    if (sim_model_parse("full", text, strlen(text), "", &model, &e))
        fail_msg("%s", e.text);
    sim_world *w = sim_model_build(model, 1);
    w->arrivals_end = 995 * HR_MS;
    sim_world_start(w, 0);
    sim_world_run(w, 2 * HR_SEC);
    sim_workload_view v = sim_workload_look(w, 2);
    assert_int_equal(v.outcome[SIM_ok], 10);
    assert_int_equal(v.outcome[SIM_error], v.offered - 10);
    assert_true(v.offered > 90);
    sim_world_free(w);
    sim_model_free(model);
    free(text);
}

static void test_settings_that_mean_nothing_are_refused(void **state)
{
    (void)state;
    static const struct { const char *cache, *set, *complaint; } wrong[] = {
        {", eviction: lru, samples: 10", "{set: k}", "k: lru does not use `samples`"},
        {", eviction: allkeys-lru, lfu_decay_time: 2", "{set: k}", "k: allkeys-lru does not use `lfu_decay_time`"},
        {"", "{set: k, jitter: 10%}", "beside a `ttl`"},
        {"", "{set: k, ttl: 1s, jitter: 150%}", "want a share of the ttl"},
        {"", "{delete: k, jitter: 10%}", "jitter"},
        {", hz: 1000", "{set: k}", "k.hz"}};
    for (size_t i = 0; i < HR_COUNT(wrong); i++) {
        char *components = hr_format("s: {kind: service, on: {put: [%s]}}, k: {kind: cache%s}", wrong[i].set, wrong[i].cache);
        refused(components, "c: {rate: 1/s, call: s.put}", wrong[i].complaint);
        free(components);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jitter_spreads_the_ends),
        cmocka_unit_test(test_active_expiry_looks_at_twenty_and_on_while_more_than_a_tenth_had_expired),
        cmocka_unit_test(test_a_full_cache_that_evicts_nothing_answers_with_an_error),
        cmocka_unit_test(test_settings_that_mean_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
