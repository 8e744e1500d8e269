// tests/unit/test_stats_estimate.c - intervals cover the truth as often as promised; planted-bug twins do not.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/core/base.h"
#include "sim/stats/estimate.h"

enum { REPETITIONS = 2000 };
static const double promised = 0.95, covered_least = 0.93, covered_most = 0.97;

// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a generator of its own, so that these numbers never change.
static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double uniform(uint64_t *state)
{
    return ((double)(splitmix(state) >> 11) + 0.5) * 0x1p-53;
}

// Normal by Box and Muller, independent of the quantile functions that the intervals use.
static double normal(uint64_t *state)
{
    double radius = sqrt(-2 * log(uniform(state)));
    return radius * cos(2 * acos(-1) * uniform(state));
}

static bool covers(sim_estimate e, double truth)
{
    return e.low <= truth && truth <= e.high;
}

static double fraction(int count)
{
    return (double)count / REPETITIONS;
}

// The twin takes the normal quantile instead of Student's: with 5 observations it is right far too seldom.
static void test_mean_interval_covers_as_promised(void **state)
{
    (void)state;
    uint64_t seed = 11;
    int right = 0, twin_right = 0;
    for (int r = 0; r < REPETITIONS; r++) {
        double x[5];
        for (size_t i = 0; i < HR_COUNT(x); i++)
            x[i] = 40 + 3 * normal(&seed);
        sim_estimate e = sim_mean_interval(x, HR_COUNT(x), promised), twin = e;
        double shrink = sim_normal_quantile(0.975) / sim_t_quantile(0.975, HR_COUNT(x) - 1);
        twin.low = e.value - (e.value - e.low) * shrink;
        twin.high = e.value + (e.high - e.value) * shrink;
        right += covers(e, 40);
        twin_right += covers(twin, 40);
    }
    printf("mean of 5: covers %.4f, twin with the normal quantile %.4f, promised %.2f\n", fraction(right),
           fraction(twin_right), promised);
    assert_true(fraction(right) >= covered_least && fraction(right) <= covered_most);
    assert_true(fraction(twin_right) < covered_least);
}

// A series that remembers: x = 0.9 of the last x plus noise, true mean 0. The twin takes its values as independent.
static void test_batch_interval_survives_autocorrelation(void **state)
{
    (void)state;
    enum { N = 4000 };
    double *x = hr_alloc(N * sizeof *x);
    uint64_t seed = 12;
    int right = 0, twin_right = 0;
    for (int r = 0; r < REPETITIONS; r++) {
        double now = normal(&seed) / sqrt(1 - 0.9 * 0.9);      // starts in its steady state
        for (int i = 0; i < N; i++)
            x[i] = now = 0.9 * now + normal(&seed);
        right += covers(sim_batch_interval(x, N, 20, promised), 0);
        twin_right += covers(sim_mean_interval(x, N, promised), 0);
    }
    free(x);
    printf("batch means: covers %.4f, twin taking all as independent %.4f\n", fraction(right), fraction(twin_right));
    assert_true(fraction(right) >= covered_least && fraction(right) <= covered_most);
    assert_true(fraction(twin_right) < 0.5);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Order statistics promise at least the confidence, for any distribution. The twin's ranks are one off at both ends, as
// if "below" and "at or below" were confused.
static void test_quantile_interval_covers_at_least_as_promised(void **state)
{
    (void)state;
    enum { N = 60 };
    uint64_t seed = 13;
    int right = 0, twin_right = 0;
    for (int r = 0; r < REPETITIONS; r++) {
        double x[N];
        for (int i = 0; i < N; i++)
            x[i] = -log(uniform(&seed));                       // exponential, quantile q is -log(1 - q)
        qsort(x, N, sizeof *x, ascending);
        sim_estimate e = sim_quantile_interval(x, N, 0.9, promised);
        size_t low = 0, high = 0;
        while (x[low] < e.low)
            low++;
        while (x[high] < e.high)
            high++;
        right += covers(e, log(10));
        twin_right += x[low + 1] <= log(10) && log(10) <= x[high - 1];
    }
    printf("p90 of %d: covers %.4f, twin with narrower ranks %.4f\n", N, fraction(right), fraction(twin_right));
    assert_true(fraction(right) >= promised - 0.01 && fraction(right) <= 0.99);
    assert_true(fraction(twin_right) < promised - 0.01);
}

// Known ranks: for the median of 10 the 95 % interval lies between the 2nd and the 9th (David and Nagaraja, 7.1).
static void test_quantile_interval_has_known_ranks(void **state)
{
    (void)state;
    double x[1000];
    for (size_t i = 0; i < HR_COUNT(x); i++)
        x[i] = (double)(i + 1);
    sim_estimate e = sim_quantile_interval(x, 10, 0.5, 0.95);
    assert_true(e.value == 5 && e.low == 2 && e.high == 9);
    e = sim_quantile_interval(x, 5, 0.5, 0.95);                // 5 values lie on one side with 2/32: too few
    assert_true(e.value == 3 && e.low == -INFINITY && e.high == INFINITY);
    e = sim_quantile_interval(x, 100, 0.99, 0.95);             // 0.99^100 = 0.37: the maximum bounds nothing
    assert_true(e.value == 99 && e.low > 90 && e.high == INFINITY);
    assert_true(sim_quantile_interval(x, 100, 0.07, 0.95).value == 7);
    assert_true(isfinite(sim_quantile_interval(x, 1000, 0.99, 0.95).high));
}

static void test_mean_interval_of_known_data(void **state)
{
    (void)state;
    const double x[] = { 2, 4, 4, 4, 5, 5, 7, 9 };             // mean 5, variance 32/7
    sim_estimate e = sim_mean_interval(x, HR_COUNT(x), 0.95);
    double half = 2.3646242516 * sqrt(32.0 / 7 / 8);           // t(0.975, 7)
    assert_true(fabs(e.value - 5) < 1e-14 && fabs(e.high - 5 - half) < 1e-9 && fabs(5 - e.low - half) < 1e-9);
    assert_true(fabs(sim_relative_half_width(e) - half / 5) < 1e-9);
    const double far[] = { 1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16 };   // variance 30, lost by sum of squares
    e = sim_mean_interval(far, 4, 0.95);
    assert_true(fabs(e.high - e.low - 2 * 3.1824463053 * sqrt(30.0 / 4)) < 1e-5);
}

static bool is_unbounded(sim_estimate e)
{
    return e.low == -INFINITY && e.high == INFINITY && isinf(sim_relative_half_width(e));
}

static void test_too_little_data_is_never_narrow(void **state)
{
    (void)state;
    const double one[] = { 7 }, bad[] = { 1, NAN, 3 }, endless[] = { 1, 2, INFINITY, 4 }, equal[] = { 3, 3, 3, 3 };
    assert_true(is_unbounded(sim_mean_interval(NULL, 0, 0.95)) && isnan(sim_mean_interval(NULL, 0, 0.95).value));
    assert_true(is_unbounded(sim_mean_interval(one, 1, 0.95)) && sim_mean_interval(one, 1, 0.95).value == 7);
    assert_true(is_unbounded(sim_mean_interval(bad, 3, 0.95)) && isnan(sim_mean_interval(bad, 3, 0.95).value));
    assert_true(is_unbounded(sim_mean_interval(endless, 4, 0.95)));
    assert_true(is_unbounded(sim_batch_interval(equal, 4, 1, 0.95)));
    assert_true(is_unbounded(sim_batch_interval(equal, 4, 5, 0.95)));
    assert_true(is_unbounded(sim_batch_interval(NULL, 0, 4, 0.95)));
    assert_true(is_unbounded(sim_quantile_interval(one, 0, 0.5, 0.95)));
    sim_estimate e = sim_mean_interval(equal, 4, 0.95);
    assert_true(e.low == 3 && e.high == 3 && sim_relative_half_width(e) == 0);
}

static void test_batch_interval_leaves_out_the_beginning(void **state)
{
    (void)state;
    const double x[] = { 1000, 1, 3, 1, 3, 1, 3 };             // 3 batches of 2; the odd one is next to the warm-up
    sim_estimate e = sim_batch_interval(x, HR_COUNT(x), 3, 0.95);
    assert_true(e.value == 2 && e.low == 2 && e.high == 2);
}

static void test_replications_wanted_follow_the_square_root(void **state)
{
    (void)state;
    sim_estimate e = { 100, 90, 110 };
    assert_int_equal(sim_replications_wanted(e, 8, 0.05), 32);
    assert_int_equal(sim_replications_wanted(e, 8, 0.0999999), 9);
    assert_int_equal(sim_replications_wanted(e, 8, 0.1), 8);
    assert_int_equal(sim_replications_wanted(e, 8, 0), 0);
    assert_int_equal(sim_replications_wanted((sim_estimate){ 100, -INFINITY, INFINITY }, 1, 0.1), 0);
    assert_int_equal(sim_replications_wanted((sim_estimate){ 0, -1, 1 }, 5, 0.1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean_interval_covers_as_promised),
        cmocka_unit_test(test_batch_interval_survives_autocorrelation),
        cmocka_unit_test(test_quantile_interval_covers_at_least_as_promised),
        cmocka_unit_test(test_quantile_interval_has_known_ranks),
        cmocka_unit_test(test_mean_interval_of_known_data),
        cmocka_unit_test(test_too_little_data_is_never_narrow),
        cmocka_unit_test(test_batch_interval_leaves_out_the_beginning),
        cmocka_unit_test(test_replications_wanted_follow_the_square_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
