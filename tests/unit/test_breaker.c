// tests/unit/test_breaker.c - circuit breakers against cases computed by hand from resilience4j's rules.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/policy/breaker/breaker.h"

typedef struct { const sim_breaker_row *row; sim_breaker_def d; sim_breaker b; void *window; } breaker;

static breaker breaker_of(const char *policy, sim_breaker_def d)
{
    breaker x = {.row = sim_breaker_rows[sim_breaker_find(policy)], .d = d};
    hr_error e = {0};
    assert_int_equal(sim_breaker_fits(x.row, &x.d, x.row->uses, &e), HR_OK);
    x.window = hr_alloc(sim_breaker_window_size(x.row, &x.d) + 1);
    return x;
}

// A call at that second: o(k), f(ailed), s(low). Returns the state after it: C(losed), O(pen), H(alf-open), in small letters when it was refused.
static char call(breaker *x, double at_s, char outcome)
{
    hr_time at = (hr_time)(at_s * 1e9);
    bool may = sim_breaker_asks(&x->b, x->row, x->window, &x->d, at);
    if (may)
        sim_breaker_ends(&x->b, x->row, x->window, &x->d, at, outcome == 'f', outcome == 's');
    return (may ? "COH" : "coh")[x->b.state];
}

// Calls a second apart.
static void expect(const char *policy, sim_breaker_def d, const char *outcomes, const char *states)
{
    breaker x = breaker_of(policy, d);
    for (size_t i = 0; outcomes[i]; i++) {
        char got = call(&x, (double)i, outcomes[i]);
        if (got != states[i])
            fail_msg("%s, call %zu (%c) of %s: %c, want %c", policy, i, outcomes[i], outcomes, got, states[i]);
    }
    free(x.window);
}

static sim_breaker_def settings(uint32_t size, uint32_t minimum)
{
    sim_breaker_def d = sim_breaker_default();
    d.size = size;
    d.minimum = minimum;
    d.wait = 3 * HR_SEC;
    d.half_open = 2;
    return d;
}

// Half of the last four, at least four calls. The failures stand 2 in 4 at the fifth call only: o f o o f would be 2 of the last 4 (f o o f).
static void test_count_based_by_hand(void **state)
{
    (void)state;
    expect("count-based", settings(4, 4), "ofoofo", "CCCCOo");
    expect("count-based", settings(4, 4), "ffo", "CCC");           // too few calls to judge
    expect("count-based", settings(4, 100), "offo", "CCCO");       // the size bounds the minimum
    sim_breaker_def d = settings(10, 5);
    d.failure_rate = 0.7;                      // 7 of 10, although 0.7 × 10 is a little above 7 in binary
    expect("count-based", d, "ooofffffff", "CCCCCCCCCO");
}

// Opened at 1 s; 4 s is exactly the wait of 3 s and still refused; at 5 s the trial begins. Two calls are permitted: both good close it and
// start an empty window; one bad of two is 50 % and opens it again. The third call at once is refused.
static void test_half_open_by_hand(void **state)
{
    (void)state;
    expect("count-based", settings(2, 2), "ffoooooff", "COoooHCCO");
    expect("count-based", settings(2, 2), "ffooofo", "COoooHO");
    breaker x = breaker_of("count-based", settings(2, 2));
    assert_int_equal(call(&x, 0, 'f'), 'C');
    assert_int_equal(call(&x, 1, 'f'), 'O');
    assert_true(sim_breaker_asks(&x.b, x.row, x.window, &x.d, 5 * HR_SEC));      // two are out, the third has to wait
    assert_true(sim_breaker_asks(&x.b, x.row, x.window, &x.d, 5 * HR_SEC));
    assert_false(sim_breaker_asks(&x.b, x.row, x.window, &x.d, 6 * HR_SEC));
    free(x.window);
    sim_breaker_def d = settings(5, 1);        // the minimum bounds the trials: one is enough
    d.half_open = 3;
    expect("count-based", d, "foooooo", "OoooCCC");
}

// What was called while it was closed and comes back while it is open changes nothing.
static void test_late_answers_do_not_count_while_open(void **state)
{
    (void)state;
    breaker x = breaker_of("count-based", settings(2, 2));
    call(&x, 0, 'f');
    call(&x, 1, 'f');
    for (int i = 0; i < 5; i++)
        sim_breaker_ends(&x.b, x.row, x.window, &x.d, 2 * HR_SEC, false, false);
    assert_int_equal(x.b.state, SIM_BREAKER_OPEN);
    assert_int_equal(call(&x, 4.5, 'o'), 'H');
    free(x.window);
}

static void test_slow_calls_by_hand(void **state)
{
    (void)state;
    sim_breaker_def d = settings(4, 4);
    d.slow_rate = 0.75;
    expect("count-based", d, "sosso", "CCCOo");
    expect("count-based", d, "sofo", "CCCC");                       // one slow, one failed: neither share is reached
    expect("consecutive", sim_breaker_default(), "sssssssss", "CCCCCCCCC");
}

// Windows of three seconds, at least two calls, half of them. At 0.0, 0.5: failures; at 1.9 s both are inside the seconds 0, 1, 2.
static void test_time_based_by_hand(void **state)
{
    (void)state;
    sim_breaker_def d = settings(3, 4);
    static const struct { double at; char outcome, state; } calls[] = {
        {0.0, 'f', 'C'}, {0.5, 'f', 'C'}, {1.9, 'o', 'C'},          // three calls: too few
        {3.0, 'o', 'C'},                       // second 0 has left: two calls, none failed
        {3.1, 'f', 'C'}, {4.99, 'f', 'C'},     // seconds 2, 3, 4: o f f
        {5.0, 'o', 'O'},                       // seconds 3, 4, 5: o f f o, half of four
        {8.0, 'o', 'o'}, {8.1, 'o', 'H'}};
    breaker x = breaker_of("time-based", d);
    for (size_t i = 0; i < HR_COUNT(calls); i++)
        assert_int_equal(call(&x, calls[i].at, calls[i].outcome), calls[i].state);
    free(x.window);
    // A long silence empties the window, however long.
    x = breaker_of("time-based", d);
    for (int i = 0; i < 3; i++)
        assert_int_equal(call(&x, 0.1 * i, 'f'), 'C');
    assert_int_equal(call(&x, 1e6, 'f'), 'C');
    free(x.window);
}

// Three in a row; a success between them starts anew. Half-open: one failure opens it, two successes close it.
static void test_consecutive_by_hand(void **state)
{
    (void)state;
    sim_breaker_def d = settings(1, 1);
    d.failures = 3;
    expect("consecutive", d, "ffoffff", "CCCCCOo");
    expect("consecutive", d, "fffooofooooo", "CCOoooOoooHC");
}

static void test_every_row_is_whole_and_refuses_what_it_ignores(void **state)
{
    (void)state;
    for (int i = 0; sim_breaker_rows[i]; i++) {
        const sim_breaker_row *r = sim_breaker_rows[i];
        assert_true(r->name && r->summary && r->add && r->opens && r->tries && r->uses);
        assert_int_equal(sim_breaker_find(r->name), i);
        for (const sim_setting *s = sim_breaker_settings; s->word; s++) {
            sim_breaker_def d = sim_breaker_default();
            hr_error e = {0};
            assert_true((sim_breaker_fits(r, &d, s->bit, &e) == HR_OK) == !(s->bit & ~r->uses));
        }
        sim_breaker_def d = settings(4, 4);
        breaker x = breaker_of(r->name, d);
        bool opened = false;
        for (int n = 0; n < 10; n++)
            opened = call(&x, 0.01 * n, 'f') == 'O' || opened;
        assert_true(opened);                   // ten failures in a tenth of a second are too many for each of them
        for (int n = 0; n < 10; n++)
            call(&x, 60 + 0.01 * n, 'o');
        assert_int_equal(x.b.state, SIM_BREAKER_CLOSED);           // and successes after the wait close it
        free(x.window);
    }
    sim_breaker_def d = sim_breaker_default();
    hr_error e = {0};
    d.failure_rate = 0;
    assert_int_equal(sim_breaker_fits(sim_breaker_rows[0], &d, 0, &e), HR_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count_based_by_hand), cmocka_unit_test(test_half_open_by_hand), cmocka_unit_test(test_late_answers_do_not_count_while_open),
        cmocka_unit_test(test_slow_calls_by_hand), cmocka_unit_test(test_time_based_by_hand), cmocka_unit_test(test_consecutive_by_hand),
        cmocka_unit_test(test_every_row_is_whole_and_refuses_what_it_ignores)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
