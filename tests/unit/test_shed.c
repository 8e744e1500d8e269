// tests/unit/test_shed.c - load shedding policies against cases computed by hand.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/policy/shed/shed.h"

static sim_shed_def settings(const char *policy)
{
    return (sim_shed_def){.policy = (uint32_t)sim_shed_find(policy), .initial = 20, .least = 10, .most = 30, .backoff = 0.9, .target = HR_SEC,
                          .tolerance = 1.5, .reserve = 0.2};
}

static double after(sim_shed_state *s, const sim_shed_def *d, uint32_t in_hand, hr_time took, bool failed)
{
    sim_sheds[d->policy]->ended(s, d, in_hand, took, failed);
    return s->limit;
}

static void close_to(double got, double want)
{
    if (!(fabs(got - want) < 1e-9))
        fail_msg("%.12g, want %.12g", got, want);
}

// 20 in hand allow no more; ten in use are half of 20, so a good call adds one; of 21 they are less than half. A failure leaves 18 of 18.9,
// a call above the target 16 of 16.2; the bounds hold.
static void test_aimd_by_hand(void **state)
{
    (void)state;
    sim_shed_def d = settings("aimd");
    sim_shed_state s = {0};
    assert_true(sim_shed_admits(&s, &d, 19, 0) && !sim_shed_admits(&s, &d, 20, 0));
    close_to(after(&s, &d, 10, HR_MS, false), 21);
    close_to(after(&s, &d, 10, HR_MS, false), 21);
    close_to(after(&s, &d, 21, HR_MS, true), 18);
    close_to(after(&s, &d, 18, HR_SEC, false), 19);                // as long as the target is not longer
    close_to(after(&s, &d, 19, HR_SEC + 1, false), 17);
    for (int i = 0; i < 50; i++)
        after(&s, &d, 30, HR_MS, true);
    close_to(s.limit, 10);
    for (int i = 0; i < 50; i++)
        after(&s, &d, 30, HR_MS, false);
    close_to(s.limit, 30);
}

// 100 ms: usual 100, gradient 1: 0.8 × 20 + 0.2 × (20 + 4). 300 ms: usual 200, 1.5 × 200 / 300 = 1. A second: usual 1400 / 3, gradient 0.7.
// 100 ms: usual 375, more than twice of it, so it is forgotten by a twentieth after this call. Ten in hand of 22 teach nothing of the limit.
static void test_gradient_by_hand(void **state)
{
    (void)state;
    sim_shed_def d = settings("gradient");
    sim_shed_state s = {0};
    close_to(after(&s, &d, 20, 100 * HR_MS, false), 20.8);
    close_to(after(&s, &d, 20, 300 * HR_MS, false), 21.6);
    close_to(after(&s, &d, 20, HR_SEC, false), 0.8 * 21.6 + 0.2 * (0.7 * 21.6 + 4));
    double before = s.limit;
    close_to(after(&s, &d, 11, 100 * HR_MS, false), before + 0.8);
    close_to(s.usual, 375e6 * 0.95);
    before = s.limit;
    close_to(after(&s, &d, 10, 100 * HR_MS, false), before);       // less than half of 21.9
    close_to(after(&s, &d, 20, HR_US, true), before);              // a failure
    assert_true(sim_shed_admits(&s, &d, (uint32_t)before - 1, 0) && !sim_shed_admits(&s, &d, (uint32_t)before, 0));
}

// Calls that take longer and longer: never less than half of the gradient counts, and the bounds hold.
static void test_gradient_gives_way_to_overload(void **state)
{
    (void)state;
    sim_shed_def d = settings("gradient");
    sim_shed_state s = {0};
    for (int i = 0; i < 700; i++)
        after(&s, &d, 30, 10 * HR_MS, false);
    close_to(s.limit, 30);
    for (int i = 0; i < 5; i++)
        after(&s, &d, 30, HR_SEC, false);
    close_to(s.limit, fmax(10, ((((30 * 0.9 + 0.8) * 0.9 + 0.8) * 0.9 + 0.8) * 0.9 + 0.8) * 0.9 + 0.8));
    for (int i = 0; i < 50; i++)
        after(&s, &d, 30, HR_SEC, false);
    close_to(s.limit, 10);
}

static void test_reserve_by_hand(void **state)
{
    (void)state;
    sim_shed_def d = settings("reserve");
    sim_shed_state s = {0};
    assert_true(sim_shed_admits(&s, &d, 23, 0) && !sim_shed_admits(&s, &d, 24, 0));               // 80 % of 30
    assert_true(sim_shed_admits(&s, &d, 29, 1) && !sim_shed_admits(&s, &d, 30, 7));
    d.most = 10;
    assert_true(sim_shed_admits(&s, &d, 7, 0) && !sim_shed_admits(&s, &d, 8, 0));
}

static void test_every_row_is_whole_and_refuses_what_it_ignores(void **state)
{
    (void)state;
    for (int i = 0; sim_sheds[i]; i++) {
        assert_true(sim_sheds[i]->name && sim_sheds[i]->summary && sim_sheds[i]->limit);
        assert_int_equal(sim_shed_find(sim_sheds[i]->name), i);
        sim_shed_def d = settings(sim_sheds[i]->name);
        sim_shed_state s = {0};
        hr_error e = {0};
        for (const sim_setting *k = sim_shed_settings; k->word; k++)
            assert_true((sim_shed_fits(&d, k->bit, &e) == HR_OK) == !(k->bit & ~sim_sheds[i]->uses));
        for (unsigned p = 0; p < 8; p++)
            assert_true(sim_shed_admits(&s, &d, 0, p) && !sim_shed_admits(&s, &d, d.most, p));
    }
    sim_shed_def d = settings("aimd");
    hr_error e = {0};
    d.initial = 5;
    assert_int_equal(sim_shed_fits(&d, 0, &e), HR_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_aimd_by_hand), cmocka_unit_test(test_gradient_by_hand),
                                       cmocka_unit_test(test_gradient_gives_way_to_overload), cmocka_unit_test(test_reserve_by_hand),
                                       cmocka_unit_test(test_every_row_is_whole_and_refuses_what_it_ignores)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
