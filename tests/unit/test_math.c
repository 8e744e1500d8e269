// tests/unit/test_math.c - our logarithm and exponential against the C library's in long double, and the tables that they use.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/core/log.h"
#include "sim/core/random.h"

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
    assert_int_equal(HR_COUNT(logs), 128);
    assert_int_equal(HR_COUNT(powers), 128);
    for (int i = 0; i < 128; i++) {
        assert_true(logs[i][0] == (i < 79 ? 0.69140625 + i / 256.0 : 1 + (i - 79) / 128.0));
        assert_true(logs[i][1] == 1 / logs[i][0] && logs[i][2] == (double)logl(logs[i][0]));
        assert_true(powers[i] == (double)exp2l(i / 128.0L));
    }
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

// Two side by side are the same bits as one by one; planted: a word that differs in one bit is noticed.
static uint32_t differing(uint64_t count, uint64_t flip)
{
    uint32_t wrong = 0;
    for (uint64_t i = 0; i < count; i += 2) {
        uint64_t word[2];
        for (unsigned k = 0; k < 2; k++)
            word[k] = (sim_random(1, 9, i + k, 0).word[0] >> (i / 8 % 64)) ^ flip;     // of every size
        sim_pair both = sim_exponential_pair(word[0], word[1]);
        for (unsigned k = 0; k < 2; k++) {
            double alone = sim_exponential(word[k] ^ flip), beside = both[k];
            wrong += memcmp(&alone, &beside, sizeof alone) != 0;
        }
    }
    return wrong;
}

static void test_exponentials_are_the_same_bits_as_one_by_one(void **state)
{
    (void)state;
    assert_int_equal(differing(1000000, 0), 0);
    assert_true(differing(1000000, 0x8000) > 0);
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
