// tests/unit/test_stats_paired.c - every verdict, at its borders, and how often a verdict is wrong.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/core/base.h"
#include "sim/stats/paired.h"

enum { N = 10 };

// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), as a centred uniform number of variance 1.
static double noise(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) * 0x1p-53 - 0.5) * sqrt(12);
}

// Ten latencies around 100 that differ by ± `seed_effect` from seed to seed; b is `shift` away, give or take `own`.
static void run_both(double *a, double *b, double seed_effect, double shift, double own, uint64_t seed)
{
    for (int i = 0; i < N; i++) {
        a[i] = 100 + seed_effect * noise(&seed);
        b[i] = a[i] + shift + own * noise(&seed);
    }
}

static sim_verdict compare(double shift, double own, double smallest_effect, sim_direction direction)
{
    double a[N], b[N];
    run_both(a, b, 20, shift, own, 5);
    sim_paired p = sim_compare_paired(a, b, N, 0.95, smallest_effect, direction);
    printf("shift %g ± %g, smallest effect %g: %.3f in [%.3f, %.3f] %s\n", shift, own, smallest_effect,
           p.difference.value, p.difference.low, p.difference.high, sim_verdict_name(p.verdict));
    return p.verdict;
}

static void test_compare_gives_each_verdict(void **state)
{
    (void)state;
    assert_int_equal(compare(-5, 1, 0.5, SIM_LOWER_IS_BETTER), SIM_BETTER);
    assert_int_equal(compare(-5, 1, 0.5, SIM_HIGHER_IS_BETTER), SIM_WORSE);
    assert_int_equal(compare(5, 1, 0.5, SIM_LOWER_IS_BETTER), SIM_WORSE);
    assert_int_equal(compare(5, 1, 0.5, SIM_HIGHER_IS_BETTER), SIM_BETTER);
    assert_int_equal(compare(0, 1, 5, SIM_LOWER_IS_BETTER), SIM_EQUIVALENT);
    assert_int_equal(compare(0, 10, 0.5, SIM_LOWER_IS_BETTER), SIM_UNDECIDED);
}

static void test_compare_certain_but_negligible_is_equivalent(void **state)
{
    (void)state;
    assert_int_equal(compare(-5, 1, 0, SIM_LOWER_IS_BETTER), SIM_BETTER);
    assert_int_equal(compare(-5, 1, 8, SIM_LOWER_IS_BETTER), SIM_EQUIVALENT);
}

// Common random numbers are worth it: the twin that loses the pairing (b shifted by one replication) can't decide.
static void test_compare_needs_the_pairing(void **state)
{
    (void)state;
    double a[N], b[N], lost[N];
    run_both(a, b, 20, -5, 1, 5);
    for (int i = 0; i < N; i++)
        lost[i] = b[(i + 1) % N];
    sim_paired paired = sim_compare_paired(a, b, N, 0.95, 0.5, SIM_LOWER_IS_BETTER);
    sim_paired twin = sim_compare_paired(a, lost, N, 0.95, 0.5, SIM_LOWER_IS_BETTER);
    assert_int_equal(paired.verdict, SIM_BETTER);
    assert_int_equal(twin.verdict, SIM_UNDECIDED);
    assert_true(fabs(paired.difference.value - twin.difference.value) < 1e-9);     // the same means, another interval
}

static void test_compare_without_spread(void **state)
{
    (void)state;
    const double a[] = { 4, 5, 6 }, same[] = { 4, 5, 6 }, less[] = { 3, 4, 5 };
    assert_int_equal(sim_compare_paired(a, same, 3, 0.95, 0, SIM_LOWER_IS_BETTER).verdict, SIM_EQUIVALENT);
    assert_int_equal(sim_compare_paired(a, less, 3, 0.95, 0, SIM_LOWER_IS_BETTER).verdict, SIM_BETTER);
    assert_int_equal(sim_compare_paired(a, less, 3, 0.95, 1, SIM_LOWER_IS_BETTER).verdict, SIM_EQUIVALENT);
}

static void test_compare_of_too_little_is_undecided(void **state)
{
    (void)state;
    const double a[] = { 4, 5, NAN }, b[] = { 1, 2, 3 };
    assert_int_equal(sim_compare_paired(a, b, 0, 0.95, 10, SIM_LOWER_IS_BETTER).verdict, SIM_UNDECIDED);
    assert_int_equal(sim_compare_paired(a, b, 1, 0.95, 10, SIM_LOWER_IS_BETTER).verdict, SIM_UNDECIDED);
    assert_int_equal(sim_compare_paired(a, b, 3, 0.95, 10, SIM_LOWER_IS_BETTER).verdict, SIM_UNDECIDED);
    assert_int_equal(sim_compare_paired(a, b, 2, 0.95, 1, SIM_LOWER_IS_BETTER).verdict, SIM_BETTER);
}

static void test_decide_sign(void **state)
{
    (void)state;
    const double above[] = { 3, 4, 5, 4 }, below[] = { -3, -4, -5, -4 }, around[] = { -3, 4, 5, -4 };
    assert_int_equal(sim_decide_sign(above, 4, 0.95), SIM_HOLDS);
    assert_int_equal(sim_decide_sign(below, 4, 0.95), SIM_FAILS);
    assert_int_equal(sim_decide_sign(around, 4, 0.95), SIM_UNDECIDED);
    assert_int_equal(sim_decide_sign(above, 1, 0.95), SIM_UNDECIDED);
    assert_int_equal(sim_decide_sign(above, 0, 0.95), SIM_UNDECIDED);
}

static void test_decide_sign_without_spread(void **state)
{
    (void)state;
    const double above[] = { 0.1, 0.1, 0.1 }, below[] = { -2, -2 }, zero[] = { 0, 0, 0 }, bad[] = { 1, 1, NAN };
    assert_int_equal(sim_decide_sign(above, 3, 0.95), SIM_HOLDS);
    assert_int_equal(sim_decide_sign(below, 2, 0.95), SIM_FAILS);
    assert_int_equal(sim_decide_sign(zero, 3, 0.95), SIM_UNDECIDED);
    assert_int_equal(sim_decide_sign(bad, 3, 0.95), SIM_UNDECIDED);
}

// How often does stopping at the first decision give a verdict on margins of true mean 0?
static double wrong_verdicts(double confidence, int looks)
{
    enum { REPETITIONS = 2000, PER_LOOK = 8, MOST_LOOKS = 5 };
    uint64_t seed = 21;
    int wrong = 0;
    for (int r = 0; r < REPETITIONS; r++) {
        double margin[PER_LOOK * MOST_LOOKS];
        for (size_t i = 0; i < HR_COUNT(margin); i++)
            margin[i] = noise(&seed);
        sim_verdict v = SIM_UNDECIDED;
        for (int look = 1; look <= looks && v == SIM_UNDECIDED; look++)
            v = sim_decide_sign(margin, (size_t)(PER_LOOK * look), confidence);
        wrong += v != SIM_UNDECIDED;
    }
    return (double)wrong / REPETITIONS;
}

// The twin looks five times at full confidence each, and is wrong far more often than it says.
static void test_look_confidence_pays_for_the_looks(void **state)
{
    (void)state;
    double shared = wrong_verdicts(sim_look_confidence(0.95, 5), 5), twin = wrong_verdicts(0.95, 5);
    printf("wrong verdicts with five looks: %.4f with shared confidence, %.4f without, promised 0.05\n", shared, twin);
    assert_true(shared <= 0.05);
    assert_true(twin > 0.08);
    assert_true(fabs(sim_look_confidence(0.95, 5) - 0.99) < 1e-15 && fabs(sim_look_confidence(0.95, 1) - 0.95) < 1e-15);
}

static void test_verdict_names(void **state)
{
    (void)state;
    assert_string_equal(sim_verdict_name(SIM_HOLDS), "holds");
    assert_string_equal(sim_verdict_name(SIM_FAILS), "fails");
    assert_string_equal(sim_verdict_name(SIM_UNDECIDED), "undecided");
    assert_string_equal(sim_verdict_name(SIM_BETTER), "better");
    assert_string_equal(sim_verdict_name(SIM_WORSE), "worse");
    assert_string_equal(sim_verdict_name(SIM_EQUIVALENT), "equivalent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare_gives_each_verdict),
        cmocka_unit_test(test_compare_certain_but_negligible_is_equivalent),
        cmocka_unit_test(test_compare_needs_the_pairing),
        cmocka_unit_test(test_compare_without_spread),
        cmocka_unit_test(test_compare_of_too_little_is_undecided),
        cmocka_unit_test(test_decide_sign),
        cmocka_unit_test(test_decide_sign_without_spread),
        cmocka_unit_test(test_look_confidence_pays_for_the_looks),
        cmocka_unit_test(test_verdict_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
