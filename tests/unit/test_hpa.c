// tests/unit/test_hpa.c - what the autoscaler forgets of its recommendations bounds nothing: beside a history that keeps all of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/core/random.h"
#include "sim/policy/scale/hpa.h"

enum { SYNCS = 20000, LOWEST = 1, HIGHEST = 12 };

// Planted: whatever a later one is as high as is forgotten, though it may still be the lowest.
static void forget_too_much(sim_hpa_history *h, int32_t desired)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < h->count; i++)
        if (h->at[i].replicas > desired)
            h->at[kept++] = h->at[i];
    h->count = kept;
}

typedef struct { hr_time up, down; bool is_legacy; } windows;

static int32_t stabilise(sim_hpa_history *h, const windows *x, int32_t current, int32_t desired, hr_time now)
{
    return x->is_legacy ? sim_hpa_stabilise_legacy(h, x->down, desired, now) : sim_hpa_stabilise(h, x->up, x->down, current, desired, now);
}

// Syncs some 20 ms apart, now and then at the same time or after ten minutes, whose recommendations wander about. Returns how many came out
// otherwise than with the whole history; *longest is the most that was left of it.
static int differences(const windows *x, uint64_t seed, void (*forget)(sim_hpa_history *h, int32_t desired), uint32_t *longest)
{
    sim_hpa_history whole = {.at = hr_alloc(SYNCS * sizeof *whole.at), .room = SYNCS}, left = {.at = hr_alloc(SYNCS * sizeof *left.at), .room = SYNCS};
    int32_t desired = LOWEST, current = LOWEST;
    hr_time now = 0;
    int count = 0;
    *longest = 0;
    for (uint32_t i = 0; i < SYNCS; i++) {
        sim_draw r = sim_random(seed, 0, i, 0);
        now += r.word[0] % 4096 == 0 ? 600 * HR_SEC : (hr_time)(r.word[0] % 5) * 10 * HR_MS;
        desired += (int32_t)(r.word[1] % 5) - 2;
        desired = desired < LOWEST ? LOWEST : desired > HIGHEST ? HIGHEST : desired;
        forget(&left, desired);
        int32_t want = stabilise(&whole, x, current, desired, now);
        count += stabilise(&left, x, current, desired, now) != want;
        current = want;
        *longest = left.count > *longest ? left.count : *longest;
    }
    free(whole.at);
    free(left.at);
    return count;
}

static void test_what_is_forgotten_bounds_nothing(void **state)
{
    (void)state;
    static const windows rows[] = {{0, 300 * HR_SEC, false}, {30 * HR_SEC, 300 * HR_SEC, false}, {2 * HR_SEC, HR_SEC, false}, {60 * HR_SEC, 0, false},
                                   {0, 0, false}, {.down = 300 * HR_SEC, .is_legacy = true}, {.down = 0, .is_legacy = true}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        uint32_t longest;
        assert_int_equal(differences(&rows[i], i, sim_hpa_forget, &longest), 0);
        assert_true(longest <= 2 * (HIGHEST - LOWEST + 1));        // a staircase down to the last one, and one up
    }
    uint32_t longest;
    assert_true(differences(&rows[1], 1, forget_too_much, &longest) > SYNCS / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_forgotten_bounds_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
