// tests/unit/test_retry.c - waits before retries and the retry budget against cases computed by hand.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/policy/retry/retry.h"

static const sim_retry_def tenth = {.most = 9, .base = 100 * HR_MS, .cap = HR_SEC};
static const uint64_t half = UINT64_C(1) << 63;                    // as a number in (0, 1): just above one half

static hr_time wait(const char *policy, uint32_t retry, hr_time before, uint64_t word)
{
    return sim_retries[sim_retry_find(policy)]->wait(&tenth, retry, before, word);
}

static void test_waits_by_hand(void **state)
{
    (void)state;
    static const int64_t doubled_ms[] = {100, 200, 400, 800, 1000, 1000};
    for (uint32_t n = 0; n < HR_COUNT(doubled_ms); n++) {
        assert_int_equal(wait("fixed", n + 1, 0, half), 100 * HR_MS);
        assert_int_equal(wait("exponential", n + 1, 0, half), doubled_ms[n] * HR_MS);
        assert_int_equal(wait("full-jitter", n + 1, 0, half) / HR_US, doubled_ms[n] * 500);
    }
    // Between 100 ms and 3 × 100: the middle is 200; then between 100 and 600: 350; 575; 100 to 1725: 912.5; 100 to 2737: capped.
    static const double decorrelated_ms[] = {200, 350, 575, 912.5, 1000};
    hr_time before = 0;
    for (uint32_t n = 0; n < HR_COUNT(decorrelated_ms); n++) {
        before = wait("decorrelated-jitter", n + 1, before, half);
        assert_true(fabs((double)before / 1e6 - decorrelated_ms[n]) < 1e-3);
    }
}

// Whatever the random number, waits stay within what the policy promises, and jitter reaches nearly all of it.
static void test_waits_stay_within_their_bounds(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 40; n++)         // far beyond where doubling would overflow
        for (int i = 0; sim_retries[i]; i++) {
            hr_time least = HR_FOREVER, most = 0, before = n == 1 ? 0 : 300 * HR_MS;
            for (uint64_t k = 0; k < 1000; k++) {
                hr_time x = sim_retries[i]->wait(&tenth, n, before, sim_random(1, 1, k, n).word[0]);
                least = hr_min_time(least, x);
                most = hr_max_time(most, x);
            }
            assert_true(least >= 0 && most <= tenth.cap);
            bool jitter = strstr(sim_retries[i]->name, "jitter");
            assert_true(jitter ? most > 2 * least : most == least);
        }
}

// 20 %: a retry costs five tokens. Ten requests allow two; after ten seconds they are forgotten, and so is what the retries took.
static void test_budget_by_hand(void **state)
{
    (void)state;
    sim_retry_def d = tenth;
    d.budget = 0.2;
    sim_retry_budget b = {0};
    assert_false(sim_retry_budget_take(&b, &d, 0));
    for (int i = 0; i < 10; i++)
        sim_retry_budget_request(&b, i * 100 * HR_MS);
    assert_true(sim_retry_budget_take(&b, &d, 5 * HR_SEC));
    assert_true(sim_retry_budget_take(&b, &d, 5 * HR_SEC));
    assert_false(sim_retry_budget_take(&b, &d, 9 * HR_SEC));
    // At 10 s the tokens of second 0 are gone, what was taken in second 5 is not: 10 requests more make 10 - 10 = 0, 5 more one retry.
    for (int i = 0; i < 10; i++)
        sim_retry_budget_request(&b, 10 * HR_SEC);
    assert_false(sim_retry_budget_take(&b, &d, 10 * HR_SEC));
    for (int i = 0; i < 5; i++)
        sim_retry_budget_request(&b, 11 * HR_SEC);
    assert_true(sim_retry_budget_take(&b, &d, 11 * HR_SEC));
    assert_false(sim_retry_budget_take(&b, &d, 11 * HR_SEC));
    assert_true(sim_retry_budget_take(&b, &d, 15 * HR_SEC));       // second 5 has left
}

// One retry a second in reserve: ten at once from the start, then no more until they are ten seconds old.
static void test_budget_floor_by_hand(void **state)
{
    (void)state;
    sim_retry_def d = tenth;
    d.budget = 0.5;
    d.min_retries_per_s = 1;
    sim_retry_budget b = {0};
    for (int i = 0; i < 10; i++)
        assert_true(sim_retry_budget_take(&b, &d, 0));
    assert_false(sim_retry_budget_take(&b, &d, 9 * HR_SEC));
    assert_true(sim_retry_budget_take(&b, &d, 10 * HR_SEC));
}

// However many ask for a retry, no more than a tenth of the requests get one, plus what one slice may be early.
static void test_retries_stay_a_share_of_requests(void **state)
{
    (void)state;
    sim_retry_def d = tenth;
    d.budget = 0.1;
    sim_retry_budget b = {0};
    int requests = 0, retries = 0;
    for (hr_time at = 0; at < 100 * HR_SEC; at += 10 * HR_MS) {
        sim_retry_budget_request(&b, at);
        requests++;
        for (int i = 0; i < 3; i++)
            retries += sim_retry_budget_take(&b, &d, at);
    }
    assert_true(retries > requests * 9 / 100 && retries <= requests / 10);
}

static void test_every_row_is_whole(void **state)
{
    (void)state;
    for (int i = 0; sim_retries[i]; i++) {
        assert_true(sim_retries[i]->name && sim_retries[i]->summary && sim_retries[i]->wait);
        assert_int_equal(sim_retry_find(sim_retries[i]->name), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_waits_by_hand), cmocka_unit_test(test_waits_stay_within_their_bounds),
                                       cmocka_unit_test(test_budget_by_hand), cmocka_unit_test(test_budget_floor_by_hand),
                                       cmocka_unit_test(test_retries_stay_a_share_of_requests), cmocka_unit_test(test_every_row_is_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
