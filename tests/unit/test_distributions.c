// tests/unit/test_distributions.c - every distribution of a scenario: its draws against its distribution function (Kolmogorov and Smirnov),
// its moments against figures from elsewhere, and what is refused. Seeds are fixed and not shopped for.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario/units.h"

enum { DRAWS = 100000 };

// Mean and squared coefficient of variation by hand: formulas of the usual parametrisations, or sums. scv < 0: it has none.
static const struct { const char *text; double mean, scv; bool is_continuous; } rows[] = {
    {"5ms", 5e-3, 0, false},
    {"exp(5ms)", 5e-3, 1, true},
    {"uniform(2ms, 8ms)", 5e-3, 0.12, true},
    {"erlang(4, 5ms)", 5e-3, 0.25, true},
    {"lognormal(p50=8ms, p99=60ms)", 11.640913587e-3, 1.11735733, true},        // sigma = ln 7.5 / 2.3263479
    {"empirical(1ms, 2ms, 5ms, 40ms)", 27.5e-3 / 3, 1.474049587, true},
    {"hyperexp(mean=5ms, scv=4)", 5e-3, 4, true},
    {"hyperexp(mean=5ms, scv=1)", 5e-3, 1, true},
    {"weibull(scale=5ms, shape=0.5)", 10e-3, 5, true},                         // gamma(3) = 2, gamma(5) = 24
    {"weibull(scale=5ms, shape=2)", 4.4311346e-3, 0.27323954, true},             // 4 / pi - 1
    {"pareto(min=1ms, shape=3)", 1.5e-3, 1.0 / 3, true},
    {"pareto(min=1ms, shape=1.5)", 3e-3, -1, true},
    {"pareto(min=1ms, shape=1, max=100ms)", 4.651687057e-3, 3.62145806, true},      // mean = ln 100 / 0.99 ms, square 100 ms^2
    {"pareto(min=1ms, shape=0.5, max=100ms)", 10e-3, 2.7, true},               // square: 370 ms^2
    {"gamma(0.5, 5ms)", 5e-3, 2, true},
    {"gamma(7.5, 5ms)", 5e-3, 1 / 7.5, true},
    {"mix(90% exp(5ms), 10% 200ms)", 24.5e-3, 4045.0 / 600.25 - 1, false},     // 0.9 * 50 + 0.1 * 40000
    {"mix(50% exp(1ms), 30% erlang(2, 10ms), 20% hyperexp(mean=20ms, scv=3))", 7.5e-3, 366 / 56.25 - 1, true},   // square: 1 + 45 + 320
};

static sim_dist_def read(sim_pool *pool, const char *text)
{
    sim_dist_def d;
    if (!sim_read_dist(pool, NULL, text, &d))
        fail_msg("%s is not read", text);
    return d;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Draws of requests 0, 1, … sorted upwards, in seconds; the caller frees them.
static double *draw(const sim_dist_def *def, uint64_t seed)
{
    sim_world *w = sim_world_new(seed, 1 << 20);
    sim_dist d = sim_dist_place(w, def);
    double *x = hr_alloc(DRAWS * sizeof *x);
    for (uint64_t i = 0; i < DRAWS; i++)
        x[i] = (double)sim_dist_time(w, &d, 77, i, 3) * 1e-9;
    sim_world_free(w);
    qsort(x, DRAWS, sizeof *x, ascending);
    return x;
}

// The greatest distance between the draws' steps and the distribution function, times the root of their number.
static double distance(const sim_dist_def *def, const double *x, double stretch)
{
    double most = 0;
    for (int i = 0; i < DRAWS; i++) {
        double below = sim_dist_below(def, x[i] * stretch);
        most = fmax(most, fmax(fabs(below - (double)i / DRAWS), fabs(below - (i + 1.0) / DRAWS)));
    }
    return most * sqrt(DRAWS);
}

// 1.95: the 0.1 % point of Kolmogorov's distribution. The twin's draws are 10 % longer and must be found out.
static void test_draws_follow_the_distribution(void **state)
{
    (void)state;
    sim_pool pool = {0};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        if (!rows[i].is_continuous)
            continue;
        sim_dist_def d = read(&pool, rows[i].text);
        double *x = draw(&d, 5), right = distance(&d, x, 1), twin = distance(&d, x, 1.1);
        printf("%s: %.3f, twin %.3f\n", rows[i].text, right, twin);
        free(x);
        assert_true(right < 1.95);
        assert_true(twin > 1.95);
    }
    sim_pool_free(&pool);
}

static void test_moments_are_as_computed_by_hand(void **state)
{
    (void)state;
    sim_pool pool = {0};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        sim_dist_def d = read(&pool, rows[i].text);
        double mean = sim_dist_mean(&d), scv = sim_dist_scv(&d), sum = 0, *x = draw(&d, 6);
        for (int k = 0; k < DRAWS; k++)
            sum += x[k] / DRAWS;
        free(x);
        printf("%s: mean %.7g scv %.7g, mean of draws %.6g\n", rows[i].text, mean, scv, sum);
        assert_true(fabs(mean - rows[i].mean) < 1e-6 * rows[i].mean);
        assert_true(rows[i].scv < 0 ? isinf(scv) : fabs(scv - rows[i].scv) <= 1e-6 * (1 + rows[i].scv));
        if (rows[i].scv >= 0)                  // five standard errors
            assert_true(fabs(sum - mean) <= 5 * mean * sqrt(scv / DRAWS) + 1e-9);
    }
    sim_pool_free(&pool);
}

static void test_quantiles_invert_the_share_below(void **state)
{
    (void)state;
    sim_pool pool = {0};
    const double p[] = {0.001, 0.1, 0.5, 0.77, 0.95, 0.99, 0.9999};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        sim_dist_def d = read(&pool, rows[i].text);
        for (size_t k = 0; rows[i].is_continuous && k < HR_COUNT(p); k++)
            assert_true(fabs(sim_dist_below(&d, sim_dist_quantile(&d, p[k])) - p[k]) < 1e-9);
    }
    sim_pool_free(&pool);
}

// The least number of all is so small that 1 less it is 1.
static void test_the_least_draw_is_the_shortest(void **state)
{
    (void)state;
    sim_pool pool = {0};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        sim_dist_def d = read(&pool, rows[i].text);
        double least = sim_dist_quantile(&d, sim_unit(0));
        assert_true(least >= 0 && least <= sim_dist_quantile(&d, 1e-6));
    }
    sim_pool_free(&pool);
}

// A variant that doubles a demand doubles each draw: pairs on common random numbers stay close.
static void test_scaling_a_demand_scales_each_draw(void **state)
{
    (void)state;
    sim_pool pool = {0};
    const char *const pairs[][2] = {{"hyperexp(mean=5ms, scv=4)", "hyperexp(mean=10ms, scv=4)"}, {"gamma(0.5, 5ms)", "gamma(0.5, 10ms)"},
                                    {"weibull(scale=5ms, shape=0.5)", "weibull(scale=10ms, shape=0.5)"}, {"mix(90% exp(5ms), 10% 200ms)", "mix(90% exp(10ms), 10% 400ms)"}};
    sim_world *w = sim_world_new(9, 1 << 20);
    for (size_t i = 0; i < HR_COUNT(pairs); i++) {
        sim_dist_def one = read(&pool, pairs[i][0]), two = read(&pool, pairs[i][1]);
        sim_dist a = sim_dist_place(w, &one), b = sim_dist_place(w, &two);
        for (uint64_t k = 0; k < 1000; k++)
            assert_true(llabs(2 * sim_dist_time(w, &a, 1, k, 0) - sim_dist_time(w, &b, 1, k, 0)) <= 2);
    }
    sim_world_free(w);
    sim_pool_free(&pool);
}

static void test_a_power_law_stays_inside_the_clock(void **state)
{
    (void)state;
    sim_pool pool = {0};
    sim_dist_def def = read(&pool, "pareto(min=100s, shape=1.01)");
    double *x = draw(&def, 3);
    assert_true(x[0] >= 100 && x[DRAWS - 1] <= 1e9);
    free(x);
    sim_pool_free(&pool);
}

static void test_what_is_no_distribution_is_refused(void **state)
{
    (void)state;
    sim_pool pool = {0};
    sim_dist_def d;
    const char *const bad[] = {
        "hyperexp(mean=5ms, scv=0.5)", "hyperexp(5ms, 4)", "hyperexp(mean=5ms)", "weibull(scale=0, shape=1)", "weibull(scale=5ms, shape=0.01)",
        "pareto(min=1ms, shape=1)", "pareto(min=1ms, shape=2, max=1ms)", "pareto(min=1ms, shape=-2)", "gamma(0, 5ms)", "gamma(nan, 5ms)",
        "mix(90% exp(5ms))", "mix(90% exp(5ms), 20% 1ms)", "mix(100% mix(100% 5ms))", "mix(50% exp(5ms), 50%)", "mix()", "exp(5ms", "exp(5ms))", "exp()", "exp(5ms,)"};
    for (size_t i = 0; i < HR_COUNT(bad); i++)
        if (sim_read_dist(&pool, NULL, bad[i], &d))
            fail_msg("%s is read", bad[i]);
    sim_pool_free(&pool);
}

// Every row of distribution.def with the slips that it invites: what is wrong, and then how it is written.
static void test_what_is_wrong_with_a_distribution_is_told(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"exp(5)", "'5' lacks its unit; want exp(5ms)"}, {"exp(mean=5ms)", "'mean=5ms' is no time; want exp(5ms)"}, {"exp(0)", "'0' is not above 0; want exp(5ms)"},
        {"exp(5ms, 6ms)", "exp has 2 arguments; want exp(5ms)"}, {"exp(1h", "the closing parenthesis is missing"}, {"expo(5ms)", "no distribution 'expo'; did you mean 'exp'?"},
        {"exp(300h)", "its mean of 1.08e+06 s is above 1e+06 s; want exp(5ms)"}, {"300h", "at most 1e+06 s"},
        {"uniform(8ms, 2ms)", "8ms is above 2ms; want uniform(2ms, 8ms)"}, {"erlang(5ms, 4)", "'5ms' phases: a whole number from 1 to 100; want erlang(4, 5ms)"},
        {"lognormal(p50=60ms, p99=8ms)", "p99=8ms is below the median, p50=60ms; want lognormal(p50=8ms, p99=60ms)"},
        {"lognormal(p50=8ms)", "lognormal has 1 argument; want lognormal(p50=8ms, p99=60ms)"}, {"lognormal(8ms, 60ms)", "'8ms' is not p50=…; want lognormal(p50=8ms, p99=60ms)"},
        {"lognormal(p50=8, p99=60)", "'8' lacks its unit; want lognormal(p50=8ms, p99=60ms)"}, {"lognormal(p50=8ms, p95=60ms)", "'p95=60ms' is not p99=…; want lognormal(p50=8ms, p99=60ms)"},
        {"empirical(1ms, 5ms, 2ms)", "2ms comes after 5ms, but quantiles ascend; want empirical(1ms, 2ms, 5ms, 40ms)"}, {"empirical(1ms)", "two quantiles at least"},
        {"hyperexp(mean=5ms, scv=0.5)", "scv = '0.5' is no number from 1 to 1e+06; want hyperexp(mean=5ms, scv=4)"},
        {"weibull(scale=5ms, shape=5ms)", "shape = '5ms' is no number from 0.1 to 100; want weibull(scale=5ms, shape=0.7)"},
        {"pareto(min=1ms, shape=1)", "without max= there is a mean only for a shape above 1; want pareto(min=1ms, shape=1.5, max=1s)"},
        {"pareto(min=1s, shape=2, max=1ms)", "max=1ms is not above min=1s; want pareto"}, {"gamma(0, 5ms)", "the shape = '0' is no number from 0.01 to 10000; want gamma(0.5, 5ms)"},
        {"mix(60% 1ms, 60% 2ms)", "the shares total 120%, not 100%; want mix(90% exp(5ms), 10% 200ms)"}, {"mix(exp(5ms), 10% 200ms)", "'exp(5ms)' is not a share and a distribution; want mix"},
        {"mix(50% exp(5), 50% 1ms)", "'5' lacks its unit; want exp(5ms)"}, {"mix(50% 5, 50% 1ms)", "'5' is no distribution; want mix"}, {"mix(100% mix(100% 5ms))", "a mix in a mix"},
        {"samples(a, b)", "samples has 2 arguments; want samples(FILE)"}};
    sim_pool pool = {0};
    bool told[SIM_DIST_COUNT] = {[SIM_DIST_constant] = true};
    for (size_t i = 0; i < HR_COUNT(bad); i++) {
        sim_reason reason = {0};
        sim_source source = {.path = "s.yaml", .reason = &reason};
        sim_dist_def d;
        if (sim_read_dist(&pool, &source, bad[i][0], &d) || strncmp(reason.text, bad[i][1], strlen(bad[i][1])) != 0)
            fail_msg("%s: %s", bad[i][0], reason.text);
        told[d.kind] = true;
    }
    for (int k = 0; k < SIM_DIST_COUNT; k++)
        assert_true(told[k]);
    sim_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draws_follow_the_distribution), cmocka_unit_test(test_moments_are_as_computed_by_hand),
        cmocka_unit_test(test_quantiles_invert_the_share_below), cmocka_unit_test(test_the_least_draw_is_the_shortest),
        cmocka_unit_test(test_scaling_a_demand_scales_each_draw),
        cmocka_unit_test(test_a_power_law_stays_inside_the_clock), cmocka_unit_test(test_what_is_no_distribution_is_refused),
        cmocka_unit_test(test_what_is_wrong_with_a_distribution_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
