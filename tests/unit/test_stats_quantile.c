// tests/unit/test_stats_quantile.c - quantiles against published tables and the distributions they invert.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/core/base.h"
#include "sim/stats/quantile.h"

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance * fmax(1, fabs(want))))
        fail_msg("got %.12g, want %.12g", got, want);
}

// Tables as in Abramowitz and Stegun 26.10 and the NIST/SEMATECH handbook 1.3.6.7, to more digits.
static void test_t_quantile_matches_tables(void **state)
{
    (void)state;
    static const struct { double p, df, t; } table[] = {
        { 0.975, 1, 12.706204736 }, { 0.975, 2, 4.3026527297 }, { 0.975, 10, 2.2281388520 },
        { 0.995, 30, 2.7499956536 }, { 0.95, 5, 2.0150483733 }, { 0.9995, 1, 636.61924877 },
        { 0.975, 120, 1.9799304051 }, { 0.9, 3, 1.6377443537 },
    };
    for (size_t i = 0; i < HR_COUNT(table); i++) {
        double got = sim_t_quantile(table[i].p, table[i].df);
        printf("t(%g, %g) = %.10f, table %.10f\n", table[i].p, table[i].df, got, table[i].t);
        near(got, table[i].t, 1e-9);
        near(sim_t_quantile(1 - table[i].p, table[i].df), -table[i].t, 1e-9);
    }
}

// With one and two degrees of freedom the distribution function has a closed inverse (A&S 26.7.3 and 26.7.4).
static void test_t_quantile_matches_closed_forms(void **state)
{
    (void)state;
    const double pi = acos(-1);
    for (double p = 0.001; p < 1; p += 0.0173) {
        near(sim_t_quantile(p, 1), tan(pi * (p - 0.5)), 1e-10);
        near(sim_t_quantile(p, 2), (2 * p - 1) / sqrt(2 * p * (1 - p)), 1e-10);
    }
}

// The series for many degrees of freedom takes over from the solver without a step, and ends at the normal quantile.
static void test_t_quantile_series_joins_solver(void **state)
{
    (void)state;
    for (double p = 0.001; p < 1; p += 0.0419) {
        near(sim_t_quantile(p, 100001), sim_t_quantile(p, 100000), 1e-9);
        near(sim_t_quantile(p, 1e14), sim_normal_quantile(p), 1e-12);
    }
}

static void test_normal_quantile_matches_table(void **state)
{
    (void)state;
    near(sim_normal_quantile(0.975), 1.959963984540054, 1e-14);
    near(sim_normal_quantile(0.995), 2.575829303548901, 1e-14);
    near(sim_normal_quantile(0.9), 1.281551565544600, 1e-14);
    near(sim_normal_quantile(0.5), 0, 1e-15);
    near(sim_normal_quantile(1e-10), -6.361340902404056, 1e-14);
}

// The C library's erfc is the distribution function; together they must give back p on every branch, to relative
// digits.
static void test_normal_quantile_inverts_erfc(void **state)
{
    (void)state;
    for (double p = 1e-300; p < 0.5; p *= 1.37)
        near(0.5 * erfc(-sim_normal_quantile(p) / sqrt(2)) / p, 1, 1e-12);
    for (double p = 0.5; p < 1; p += 0.00731)
        near(0.5 * erfc(-sim_normal_quantile(p) / sqrt(2)), p, 1e-15);
}

// Against the sum of binomial probabilities, each from the one before.
static void test_binomial_cdf_matches_sum(void **state)
{
    (void)state;
    const double n = 60, chances[] = { 0.001, 0.05, 0.5, 0.95 };
    for (size_t c = 0; c < HR_COUNT(chances); c++) {
        double p = chances[c], term = pow(1 - p, n), sum = 0;
        for (int k = 0; k < n; k++) {
            sum += term;
            near(sim_binomial_cdf(k, n, p), sum, 1e-12);
            term *= (n - k) / (k + 1) * p / (1 - p);
        }
        near(sim_binomial_cdf(-1, n, p), 0, 0);
        near(sim_binomial_cdf(n, n, p), 1, 0);
    }
}

static void test_incomplete_beta_where_both_branches_meet(void **state)
{
    (void)state;
    for (double a = 0.5; a < 1e6; a *= 3)                      // symmetric: half of it lies below one half
        near(sim_incomplete_beta(a, a, 0.5, 0.5), 0.5, 1e-9);
}

static void test_edges_of_probability(void **state)
{
    (void)state;
    double (*normal)(double) = sim_normal_quantile;
    assert_true(normal(0) == -INFINITY && normal(1) == INFINITY && normal(-1) == -INFINITY && isnan(normal(NAN)));
    assert_true(sim_t_quantile(0, 3) == -INFINITY && sim_t_quantile(1, 3) == INFINITY && isnan(sim_t_quantile(NAN, 3)));
    assert_true(sim_t_quantile(0.5, 3) == 0);
    assert_true(isfinite(sim_t_quantile(1e-12, 1)) && isfinite(sim_t_quantile(1 - 1e-15, 4)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_t_quantile_matches_tables),
        cmocka_unit_test(test_t_quantile_matches_closed_forms),
        cmocka_unit_test(test_t_quantile_series_joins_solver),
        cmocka_unit_test(test_normal_quantile_matches_table),
        cmocka_unit_test(test_normal_quantile_inverts_erfc),
        cmocka_unit_test(test_binomial_cdf_matches_sum),
        cmocka_unit_test(test_incomplete_beta_where_both_branches_meet),
        cmocka_unit_test(test_edges_of_probability),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
