// tests/unit/test_limit.c - every rate limiter against cases computed by hand, and what must hold for any arrivals.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/core/random.h"
#include "sim/policy/limit/limit.h"

typedef struct { const sim_limiter *policy; sim_limit_def l; void *state; } gate;

static gate gate_of(const char *policy, sim_limit_def l, unsigned given)
{
    gate g = {sim_limiters[sim_limiter_find(policy)], l, NULL};
    hr_error e = {0};
    if (sim_limit_ready(g.policy, &g.l, given, &e))
        fail_msg("%s: %s", policy, e.text);
    g.state = hr_alloc(sim_limit_size(g.policy, &g.l));
    return g;
}

static hr_time ask(gate *g, hr_time at) { return g->policy->ask(g->state, &g->l, at); }

// Feeds times in ms; what comes out is a letter each: a(llow), d(eny), or w(ait).
static void expect(const char *policy, sim_limit_def l, unsigned given, const int *ms, const char *letters)
{
    gate g = gate_of(policy, l, given);
    for (size_t i = 0; letters[i]; i++) {
        hr_time wait = ask(&g, ms[i] * HR_MS);
        char got = wait == SIM_DENY ? 'd' : wait ? 'w' : 'a';
        if (got != letters[i])
            fail_msg("%s, arrival %zu at %d ms: %c, want %c", policy, i, ms[i], got, letters[i]);
    }
    free(g.state);
}

#define TEN_A_SECOND .rate_per_s = 10, .unit = HR_SEC
enum { RATE = SIM_LIMIT_RATE, BURST = SIM_LIMIT_BURST, WINDOW = SIM_LIMIT_WINDOW };

// 3 tokens: three pass; 0.1 s earns one. At 250 ms 1.5 are there, one is left 0.5; at 300 ms 1.0. After a second it is full again, not fuller.
static void test_token_bucket_by_hand(void **state)
{
    (void)state;
    expect("token-bucket", (sim_limit_def){TEN_A_SECOND, .burst = 3}, RATE | BURST,
           (int[]){0, 0, 0, 0, 100, 100, 250, 250, 300, 300, 2000, 2000, 2000, 2000}, "aaadadadadaaad");
    // 1/min is exact: the token that 60 s earn is whole.
    expect("token-bucket", (sim_limit_def){.rate_per_s = 1 / 60.0, .unit = 60 * HR_SEC, .burst = 1}, RATE | BURST,
           (int[]){0, 59999, 60000, 119999, 120000}, "adada");
}

// Gap 100 ms, burst 2: theoretical arrival times 100, 200, 300 after three at 0; the next conforms from 300 - 200 = 100 on.
static void test_gcra_by_hand(void **state)
{
    (void)state;
    expect("gcra", (sim_limit_def){TEN_A_SECOND, .burst = 2}, RATE | BURST, (int[]){0, 0, 0, 0, 99, 100, 100, 900, 900, 900, 900}, "aaaddadaaad");
    expect("gcra", (sim_limit_def){TEN_A_SECOND}, RATE, (int[]){0, 99, 100, 150, 200, 201}, "adadad");
}

// Three a second in windows of the clock. At the end of one and the start of the next, six in 2 ms.
static void test_fixed_window_by_hand(void **state)
{
    (void)state;
    sim_limit_def l = {.rate_per_s = 3, .unit = HR_SEC};
    expect("fixed-window", l, RATE, (int[]){0, 998, 999, 999, 1000, 1000, 1000, 1000, 3500, 3500}, "aaadaaadaa");
    l = (sim_limit_def){.rate_per_s = 0.5, .unit = 60 * HR_SEC, .window = 4 * HR_SEC};             // two in four seconds
    expect("fixed-window", l, RATE | WINDOW, (int[]){0, 1000, 3999, 4000, 4000, 4000}, "aadaad");
}

// Four a second. Four at 900; at 1250 of these count 3: one more makes 4. At 1500 two count, with one of this window: one more. A window
// without a call in between forgets all.
static void test_sliding_window_by_hand(void **state)
{
    (void)state;
    expect("sliding-window", (sim_limit_def){.rate_per_s = 4, .unit = HR_SEC}, RATE,
           (int[]){900, 900, 900, 900, 900, 1000, 1249, 1250, 1250, 1500, 1500, 4000, 4000, 4000, 4000, 4000}, "aaaadddadadaaaad");
}

// Two in any second: at 1000 the one of 0 has left, the one of 600 has not.
static void test_sliding_log_by_hand(void **state)
{
    (void)state;
    expect("sliding-log", (sim_limit_def){.rate_per_s = 2, .unit = HR_SEC}, RATE, (int[]){0, 600, 999, 1000, 1000, 1599, 1600, 1600}, "aadaddad");
}

static void test_concurrency_by_hand(void **state)
{
    (void)state;
    gate g = gate_of("concurrency", (sim_limit_def){.most = 2}, SIM_LIMIT_MOST);
    assert_int_equal(ask(&g, 0), 0);
    assert_int_equal(ask(&g, 0), 0);
    assert_int_equal(ask(&g, HR_SEC), SIM_DENY);
    g.policy->end(g.state);
    assert_int_equal(ask(&g, HR_SEC), 0);
    assert_int_equal(ask(&g, HR_SEC), SIM_DENY);
    free(g.state);
}

// nginx takes a clock that went back a little for one that stands, and one that went back by more than a minute for a new one.
static void test_limit_req_with_a_clock_that_goes_back(void **state)
{
    (void)state;
    expect("limit-req", (sim_limit_def){.rate_per_s = 1, .unit = HR_SEC, .burst = 1, .delay = SIM_NODELAY}, RATE | BURST | SIM_LIMIT_DELAY,
           (int[]){100000, 99000, 99500, 101000, 101000}, "aadad");
    // At 30 s the excess is 1000 - 1 + 1000 = 1999, and 30 s is the time from then on: at 31.999 s 1999 - 1999 + 1000.
    expect("limit-req", (sim_limit_def){.rate_per_s = 1, .unit = HR_SEC, .burst = 2, .delay = SIM_NODELAY}, RATE | BURST | SIM_LIMIT_DELAY,
           (int[]){100000, 100000, 30000, 30000, 31999, 31999, 31999}, "aaadaad");
}

// --- for any arrivals -----------------------------------------------------------------------------------------------

enum { ARRIVALS = 20000 };
// Arrivals in heaps and lulls, on nanoseconds, so that no policy is favoured by round times.
static hr_time *any_arrivals(uint64_t seed)
{
    hr_time *at = hr_alloc(ARRIVALS * sizeof *at), now = 0;
    for (uint32_t i = 0; i < ARRIVALS; i++) {
        sim_draw d = sim_random(seed, 1, i, 0);
        double scale = d.word[1] % 8 == 0 ? 0.9e9 : d.word[1] % 3 == 0 ? 0 : 4e7;
        at[i] = now += (hr_time)(scale * sim_exponential(d.word[0]));
    }
    return at;
}

// The times at which the policy lets requests through, in *count.
static hr_time *passed(const char *policy, sim_limit_def l, unsigned given, const hr_time *at, size_t *count)
{
    gate g = gate_of(policy, l, given);
    hr_time *through = hr_alloc(ARRIVALS * sizeof *through);
    *count = 0;
    for (int i = 0; i < ARRIVALS; i++) {
        hr_time wait = ask(&g, at[i]);
        if (wait != SIM_DENY)
            through[(*count)++] = at[i] + wait;
    }
    free(g.state);
    return through;
}

// The largest number that passes in some half-open time of length d, starting at one of them.
static size_t most_within(const hr_time *through, size_t count, hr_time d)
{
    size_t most = 0;
    for (size_t from = 0, to = 0; from < count; from++) {
        while (to < count && through[to] - through[from] < d)
            to++;
        most = to - from > most ? to - from : most;
    }
    return most;
}

// Whether no time t sees more than burst + rate × t; some arrivals must come close, or the test could not fail.
static bool keeps_to_the_bucket(const hr_time *through, size_t count, double burst, double rate)
{
    for (size_t from = 0; from < count; from++)
        for (size_t to = from; to < count && to < from + 200; to++)
            if ((double)(to - from + 1) > burst + rate * (double)(through[to] - through[from]) * 1e-9 + 1e-9)
                return false;
    return true;
}

static void test_no_window_gets_more_than_the_burst_and_the_rate(void **state)
{
    (void)state;
    static const struct { const char *policy; double burst; uint32_t delay; } rows[] = {{"token-bucket", 5, 0}, {"gcra", 6, 0},
                                                                                        {"limit-req", 6, SIM_NODELAY}};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        hr_time *at = any_arrivals(seed);
        for (size_t i = 0; i < HR_COUNT(rows); i++) {
            size_t n;
            bool nginx = rows[i].delay;
            sim_limit_def l = {.rate_per_s = 7, .unit = HR_SEC, .burst = 5, .delay = rows[i].delay};
            hr_time *through = passed(rows[i].policy, l, RATE | BURST | (nginx ? SIM_LIMIT_DELAY : 0), at, &n);
            // nginx counts whole milliseconds and rounds what has drained down, so it may only be stricter than the bucket, but for the
            // millisecond in which a request comes.
            assert_true(keeps_to_the_bucket(through, n, rows[i].burst + (nginx ? 7e-3 : 0), 7));
            assert_false(keeps_to_the_bucket(through, n, rows[i].burst - 0.5, 7));
            free(through);
        }
        free(at);
    }
}

// GCRA is a leaky bucket used as a meter: a level that drains at the rate and may not pass burst + 1. Written here once more, as a level.
static void test_gcra_is_a_leaky_bucket_as_a_meter(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        hr_time *at = any_arrivals(seed);
        gate g = gate_of("gcra", (sim_limit_def){.rate_per_s = 7, .unit = HR_SEC, .burst = 5}, RATE | BURST);
        int64_t level = 0, last = 0, denied = 0;
        for (int i = 0; i < ARRIVALS; i++) {   // the level in units of 1 / 7e9 requests… times 7: one request is 1e9, 7 drain in a nanosecond
            level = level > (at[i] - last) * 7 ? level - (at[i] - last) * 7 : 0;
            last = at[i];
            bool fits = level + 1000000000 <= 6 * INT64_C(1000000000);
            level += fits ? 1000000000 : 0;
            denied += !fits;
            assert_int_equal(ask(&g, at[i]), fits ? 0 : SIM_DENY);
        }
        assert_true(denied > ARRIVALS / 10 && denied < ARRIVALS * 9 / 10);
        free(g.state);
        free(at);
    }
}

// The same state in two forms: a token bucket with room for n is GCRA with a burst of n - 1.
static void test_a_token_bucket_is_gcra(void **state)
{
    (void)state;
    hr_time *at = any_arrivals(4);
    gate a = gate_of("token-bucket", (sim_limit_def){.rate_per_s = 3 / 60.0, .unit = 60 * HR_SEC, .burst = 4}, RATE | BURST);
    gate b = gate_of("gcra", (sim_limit_def){.rate_per_s = 3 / 60.0, .unit = 60 * HR_SEC, .burst = 3}, RATE | BURST);
    gate other = gate_of("gcra", (sim_limit_def){.rate_per_s = 3 / 60.0, .unit = 60 * HR_SEC, .burst = 4}, RATE | BURST);
    int differ = 0;
    for (int i = 0; i < ARRIVALS; i++) {
        hr_time wait = ask(&a, at[i]);
        assert_int_equal(wait, ask(&b, at[i]));
        differ += wait != ask(&other, at[i]);
    }
    assert_true(differ > 0);
    free(a.state);
    free(b.state);
    free(other.state);
    free(at);
}

// A quota of 8 a second: the log never lets more through in any second. The counter of the clock's windows lets up to 16 through in one;
// the sliding counter stays within quota × (1 + d / window) in any time d, which the other breaks.
static void test_how_far_windows_can_be_wrong(void **state)
{
    (void)state;
    size_t worst_fixed = 0, worst_fixed_short = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        hr_time *at = any_arrivals(seed);
        sim_limit_def l = {.rate_per_s = 8, .unit = HR_SEC};
        size_t n[3];
        hr_time *log = passed("sliding-log", l, RATE, at, &n[0]), *sliding = passed("sliding-window", l, RATE, at, &n[1]);
        hr_time *fixed = passed("fixed-window", l, RATE, at, &n[2]);
        assert_int_equal(most_within(log, n[0], HR_SEC), 8);
        for (int tenths = 1; tenths <= 10; tenths++)
            assert_true((double)most_within(sliding, n[1], tenths * HR_SEC / 10) <= 8 * (1 + tenths / 10.0));
        size_t here = most_within(fixed, n[2], HR_SEC), soon = most_within(fixed, n[2], HR_SEC / 10);
        worst_fixed = here > worst_fixed ? here : worst_fixed;
        worst_fixed_short = soon > worst_fixed_short ? soon : worst_fixed_short;
        assert_true(here <= 16);
        free(log);
        free(sliding);
        free(fixed);
        free(at);
    }
    printf("fixed-window, quota 8: %zu in a second, %zu in a tenth\n", worst_fixed, worst_fixed_short);
    assert_true(worst_fixed > 8 && (double)worst_fixed_short > 8 * 1.1);
}

// --- the table ------------------------------------------------------------------------------------------------------

static void test_every_row_is_whole_and_refuses_what_it_ignores(void **state)
{
    (void)state;
    for (int i = 0; sim_limiters[i]; i++) {
        const sim_limiter *p = sim_limiters[i];
        assert_true(p->name && p->summary && p->ask && p->state_size && p->uses && !(p->needs & ~p->uses));
        assert_int_equal(sim_limiter_find(p->name), i);
        for (const sim_setting *s = sim_limit_settings; s->word; s++) {
            sim_limit_def l = {TEN_A_SECOND, .burst = 2, .most = 2, .window = HR_SEC};
            hr_error e = {0};
            bool fits = sim_limit_ready(p, &l, p->needs | s->bit, &e) == HR_OK;
            assert_true(fits == !(s->bit & ~p->uses));
            assert_true(fits || strstr(e.text, s->word));
        }
        gate g = gate_of(p->name, (sim_limit_def){TEN_A_SECOND, .burst = 2, .most = 2}, p->uses & (RATE | BURST | SIM_LIMIT_MOST));
        assert_int_equal(ask(&g, 0), 0);       // zeroed bytes are a valid start
        int denied = 0;
        for (int n = 0; n < 20; n++)
            denied += ask(&g, 0) == SIM_DENY;
        assert_true(denied >= 10);             // twenty at once are too many for each of them
        free(g.state);
    }
}

static void refused(const char *policy, sim_limit_def l, unsigned given, const char *part)
{
    hr_error e = {0};
    assert_int_equal(sim_limit_ready(sim_limiters[sim_limiter_find(policy)], &l, given, &e), HR_BAD_INPUT);
    if (!strstr(e.text, part))
        fail_msg("'%s' lacks '%s'", e.text, part);
}

static void test_settings_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    refused("fixed-window", (sim_limit_def){.rate_per_s = 0.5, .unit = 60 * HR_SEC, .window = HR_SEC}, RATE | WINDOW, "whole requests");
    refused("token-bucket", (sim_limit_def){TEN_A_SECOND}, RATE | BURST, "no token");
    refused("limit-req", (sim_limit_def){.rate_per_s = 1 / 3600.0, .unit = 3600 * HR_SEC}, RATE, "thousandths");
    refused("limit-req", (sim_limit_def){TEN_A_SECOND, .burst = 2, .delay = 3}, RATE | BURST | SIM_LIMIT_DELAY, "`delay`");
    refused("sliding-log", (sim_limit_def){.rate_per_s = 1e6, .unit = HR_SEC, .window = 2 * HR_SEC}, RATE | WINDOW, "million");
    refused("concurrency", (sim_limit_def){TEN_A_SECOND}, RATE, "does not use `rate`");
    refused("token-bucket", (sim_limit_def){TEN_A_SECOND}, RATE, "needs `burst`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_bucket_by_hand), cmocka_unit_test(test_gcra_by_hand), cmocka_unit_test(test_fixed_window_by_hand),
        cmocka_unit_test(test_sliding_window_by_hand), cmocka_unit_test(test_sliding_log_by_hand), cmocka_unit_test(test_concurrency_by_hand),
        cmocka_unit_test(test_limit_req_with_a_clock_that_goes_back), cmocka_unit_test(test_no_window_gets_more_than_the_burst_and_the_rate),
        cmocka_unit_test(test_gcra_is_a_leaky_bucket_as_a_meter), cmocka_unit_test(test_a_token_bucket_is_gcra),
        cmocka_unit_test(test_how_far_windows_can_be_wrong), cmocka_unit_test(test_every_row_is_whole_and_refuses_what_it_ignores),
        cmocka_unit_test(test_settings_that_make_no_sense_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
