// tests/unit/test_math.c - our logarithm and exponential against the C library's in long double, and the tables that they use.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/core/exponential.h"

static double error_of(double got, long double want)
{
    return want == 0 ? fabs(got) : (double)fabsl(((long double)got - want) / want);
}

// Numbers of every size: near 1, where most digits are lost, between 0 and 1, and over the whole range of exponents.
static double number(uint64_t i)
{
    sim_draw r = sim_random(1, 1, i, 0);
    double u = sim_unit(r.word[0]);
    switch (i % 3) {
    case 0: return u;
    case 1: return 1 + ldexp(u - 0.5, -(int)(r.word[1] % 50));
    default: return ldexp(u + 0.5, (int)(r.word[1] % 2000) - 1000);
    }
}

static double worst_of(double (*log_of)(double), double (*exp_of)(double))
{
    double worst = 0;
    for (uint64_t i = 0; i < 1000000; i++) {
        double x = number(i), y = (sim_unit(sim_random(1, 2, i, 0).word[0]) - 0.5) * (i % 2 ? 1400 : 2);
        worst = fmax(worst, fmax(error_of(log_of(x), logl(x)), error_of(exp_of(y), expl(y))));
    }
    return worst;
}

static double short_log(double x) { return (double)(float)sim_log(x); }
static double short_exp(double x) { return sim_exp(x + 1e-14); }

static void test_log_and_exp_are_right_to_1e_15(void **state)
{
    (void)state;
    double worst = worst_of(sim_log, sim_exp);
    print_message("largest relative error %.2g\n", worst);
    assert_true(worst < 1e-15);
    assert_true(worst_of(short_log, sim_exp) > 1e-15);               // planted: these must be found
    assert_true(worst_of(sim_log, short_exp) > 1e-15);
    assert_true(sim_log(1) == 0 && sim_exp(0) == 1);
}

static void test_tables_are_what_their_formulas_say(void **state)
{
    (void)state;
    static const double logs[][3] = {
#define SIM_LOG_ROW(centre, inverse, log) {centre, inverse, log},
#include "sim/core/log.def"
#undef SIM_LOG_ROW
    };
    static const double powers[] = {
#define SIM_EXP_ROW(power) power,
#include "sim/core/exp.def"
#undef SIM_EXP_ROW
    };
    assert_int_equal(HR_COUNT(logs), 16);
    assert_int_equal(HR_COUNT(powers), 128);
    for (int i = 0; i < 16; i++) {
        assert_true(logs[i][0] == (i < 9 ? 0.71875 + i / 32.0 : 1 + (i - 9) / 16.0));
        assert_true(logs[i][1] == 1 / logs[i][0] && logs[i][2] == (double)logl(logs[i][0]));
    }
    for (int i = 0; i < 128; i++)
        assert_true(powers[i] == (double)exp2l(i / 128.0L));
}

// Monotone in the word: a larger word never means a longer time, whichever table row it falls in.
static void test_exponential_draws_are_monotone_and_right(void **state)
{
    (void)state;
    double worst = 0;
    for (uint64_t i = 0; i < 1000000; i++) {
        sim_draw r = sim_random(3, 1, i, 0);
        uint64_t a = r.word[0] >> (r.word[1] % 64), b = a + 1 + (r.word[1] >> 32 >> (r.word[1] % 32));
        if (b < a)
            continue;
        assert_true(sim_exponential(b) <= sim_exponential(a) + 4e-16 * sim_exponential(a));
        long double exact = -logl((long double)(a | 1) * 0x1p-64L);
        worst = fmax(worst, (double)fabsl(sim_exponential(a) - exact) / fmax(1, (double)exact));
    }
    print_message("largest error %.2g\n", worst);
    assert_true(worst < 1e-15);
    assert_true(sim_exponential(UINT64_MAX) >= 0 && sim_exponential(0) < 45);
}

// Side by side they are what they are one by one, to the last bit, however long: the mean is so large that every bit is behind no point. `flip`:
// planted, a word that differs in one bit.
enum { BLOCKS = 40000 };
static uint32_t differing(void (*side_by_side)(const uint64_t *word, double mean_ns, hr_time *time), uint64_t flip)
{
    const double mean = 0x1p57;
    uint32_t wrong = 0;
    for (uint64_t block = 0; block < BLOCKS; block++) {
        uint64_t word[SIM_AHEAD];
        hr_time time[SIM_AHEAD];
        for (unsigned k = 0; k < SIM_AHEAD; k++)
            word[k] = (sim_random(1, 9, block * SIM_AHEAD + k, 0).word[0] >> (block % 64)) ^ flip;     // of every size
        if (block == 0) {
            word[0] = 0;
            word[1] = UINT64_MAX;
            word[2] = UINT64_MAX - 0x400;
        }
        side_by_side(word, mean, time);
        for (unsigned k = 0; k < SIM_AHEAD; k++)
            wrong += time[k] != (hr_time)(sim_exponential(word[k] ^ (block ? flip : 0)) * mean + 0.5);
    }
    return wrong;
}

static void by_eight(const uint64_t *word, double mean_ns, hr_time *time) { assert_true(sim_exponentials_by_eight(word, mean_ns, time)); }

static void test_exponentials_are_the_same_bits_as_one_by_one(void **state)
{
    (void)state;
    uint64_t word[SIM_AHEAD] = {0};
    hr_time time[SIM_AHEAD];
    assert_int_equal(differing(sim_exponentials_by_two, 0), 0);
    assert_true(differing(sim_exponentials_by_two, 0x8000) > BLOCKS);
    if (!sim_exponentials_by_eight(word, 1, time)) {
        print_message("this processor cannot do eight at once\n");
        return;
    }
    assert_int_equal(differing(by_eight, 0), 0);
    assert_true(differing(by_eight, 0x8000) > BLOCKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_and_exp_are_right_to_1e_15),
        cmocka_unit_test(test_tables_are_what_their_formulas_say),
        cmocka_unit_test(test_exponential_draws_are_monotone_and_right),
        cmocka_unit_test(test_exponentials_are_the_same_bits_as_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
