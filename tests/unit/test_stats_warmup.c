// tests/unit/test_stats_warmup.c - MSER-5 finds a planted transient, and finds none where none was planted.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/core/base.h"
#include "sim/stats/warmup.h"

enum { N = 4000, SERIES = 20 };

// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), as a centred uniform number of variance 1.
static double noise(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) * 0x1p-53 - 0.5) * sqrt(12);
}

// A queue that fills: `height` below its steady level at first, with time constant `decay` observations.
static void fill(double *x, double height, double decay, uint64_t seed)
{
    for (int i = 0; i < N; i++)
        x[i] = 50 - height * exp(-i / decay) + noise(&seed);
}

// Per cut the sums anew, O(n²), straight from the definition.
static size_t cut_by_definition(const double *x, size_t n)
{
    size_t batches = n / 5, best = 0;
    double least = INFINITY, y[N / 5];
    for (size_t b = 0; b < batches; b++)
        y[b] = (x[5 * b] + x[5 * b + 1] + x[5 * b + 2] + x[5 * b + 3] + x[5 * b + 4]) / 5;
    for (size_t d = 0; d <= batches / 2; d++) {
        double sum = 0, squares = 0, rest = (double)(batches - d);
        for (size_t b = d; b < batches; b++)
            sum += y[b];
        for (size_t b = d; b < batches; b++)
            squares += (y[b] - sum / rest) * (y[b] - sum / rest);
        if (squares / (rest * rest) < least) {
            least = squares / (rest * rest);
            best = d;
        }
    }
    return best * 5;
}

// With height 20 and decay 60 the transient sinks below the noise (sd 1) after 60 ln 20 = 180 observations and below
// its standard error over the rest (0.016) after 430: the cut belongs between the two.
static void test_mser5_finds_a_known_transient(void **state)
{
    (void)state;
    static double x[N];
    for (uint64_t seed = 1; seed <= SERIES; seed++) {
        bool found;
        fill(x, 20, 60, seed);
        size_t cut = sim_mser5(x, N, &found);
        printf("seed %d: transient until 180..430, cut at %zu\n", (int)seed, cut);
        assert_true(found && cut % 5 == 0 && cut >= 180 && cut <= 430);
        assert_int_equal(cut, cut_by_definition(x, N));
    }
}

// The twin: the same noise without a transient. Whoever always drops something is caught here. One series of the twenty
// may lose more than a twentieth by chance.
static void test_mser5_drops_little_without_a_transient(void **state)
{
    (void)state;
    static double x[N];
    int much = 0;
    for (uint64_t seed = 1; seed <= SERIES; seed++) {
        bool found;
        fill(x, 0, 1, seed);
        size_t cut = sim_mser5(x, N, &found);
        printf("seed %d: no transient, cut at %zu\n", (int)seed, cut);
        much += cut > N / 20;
        assert_int_equal(cut, cut_by_definition(x, N));
    }
    assert_true(much <= 1);
}

static void test_mser5_of_a_series_that_never_settles_is_not_found(void **state)
{
    (void)state;
    static double x[N];
    bool found = true;
    uint64_t seed = 3;
    for (int i = 0; i < N; i++)
        x[i] = 0.05 * i + noise(&seed);                        // an overloaded queue grows for ever
    assert_int_equal(sim_mser5(x, N, &found), N / 2);
    assert_false(found);
}

static void test_mser5_of_a_constant_drops_nothing(void **state)
{
    (void)state;
    static double x[N];
    bool found = false;
    for (int i = 0; i < N; i++)
        x[i] = 0.1;
    assert_int_equal(sim_mser5(x, N, &found), 0);
    assert_true(found);
}

// Never more than half, always a multiple of 5, and no opinion from less than two batches.
static void test_mser5_keeps_its_limits_for_every_length(void **state)
{
    (void)state;
    static double x[N];
    fill(x, 20, 60, 9);
    for (size_t n = 0; n < 300; n++) {
        bool found;
        size_t cut = sim_mser5(x, n, &found);
        assert_true(cut <= n / 2 && cut % 5 == 0);
        assert_true(n >= 10 || (cut == 0 && !found));
    }
}

static void test_mser5_does_not_trust_a_nan(void **state)
{
    (void)state;
    static double x[N];
    bool found = true;
    fill(x, 0, 1, 4);
    x[N - 100] = NAN;
    sim_mser5(x, N, &found);
    assert_false(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mser5_finds_a_known_transient),
        cmocka_unit_test(test_mser5_drops_little_without_a_transient),
        cmocka_unit_test(test_mser5_of_a_series_that_never_settles_is_not_found),
        cmocka_unit_test(test_mser5_of_a_constant_drops_nothing),
        cmocka_unit_test(test_mser5_keeps_its_limits_for_every_length),
        cmocka_unit_test(test_mser5_does_not_trust_a_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
