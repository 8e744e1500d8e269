// tests/unit/test_popularity.c - keys by chi-square against their law, and what is to be drawn exactly.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/core/popularity.h"

enum { DRAWS = 400000, CELLS = 64 };

// Sum of k^-s for first <= k < end: the first terms one by one, the rest by Euler and Maclaurin, right to 1e-12.
static double zipf_sum(double first, double end, double s)
{
    double sum = 0, from = fmax(first, fmin(end, 1000));
    for (double k = first; k < from; k++)
        sum += pow(k, -s);
    if (from >= end)
        return sum;
    double last = end - 1, whole = fabs(s - 1) < 1e-12 ? log(last / from) : from < last ? (pow(last, 1 - s) - pow(from, 1 - s)) / (1 - s) : 0;
    return sum + whole + (pow(from, -s) + pow(last, -s)) / 2 + s * (pow(from, -s - 1) - pow(last, -s - 1)) / 12;
}

// Share of the keys from `first` on below `end`.
static double share_of(const sim_keys_def *d, double first, double end)
{
    double n = (double)d->count, hot = floor(d->hot_keys * n + 0.5);
    switch (d->kind) {
    case SIM_KEYS_zipf: return zipf_sum(first + 1, end + 1, d->exponent) / zipf_sum(1, n + 1, d->exponent);
    case SIM_KEYS_hotspot:
        return (fmin(end, hot) - fmin(first, hot)) / hot * d->hot_requests + (fmax(end, hot) - fmax(first, hot)) / (n - hot) * (1 - d->hot_requests);
    default: return (end - first) / n;
    }
}

// Chi-square of draws by `drawn` against the law of `law`, and its degrees of freedom. Cells grow, so that each expects 40 draws or more.
static double from_law(const sim_keys_def *drawn, const sim_keys_def *law, uint64_t seed, int *freedom)
{
    double border[CELLS + 1] = {0}, sum = 0;
    size_t cell[CELLS] = {0};
    int cells = 0;
    while (border[cells] < (double)law->count && cells < CELLS) {
        double step = 1, room = (double)law->count - border[cells];
        while (step < room && share_of(law, border[cells], border[cells] + step) * DRAWS < 40 + DRAWS / CELLS)
            step = fmin(room, ceil(step * 1.3));
        bool rest = cells == CELLS - 1 || share_of(law, border[cells] + step, (double)law->count) * DRAWS < 40;
        border[cells + 1] = rest ? (double)law->count : border[cells] + step;
        cells++;
    }
    sim_world *w = sim_world_new(seed, 1 << 20);
    sim_keys keys = sim_keys_place(w, drawn);
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint64_t key = sim_keys_draw(w, &keys, 3, i);
        assert_true(key < drawn->count);
        int c = 0;
        while (c < cells - 1 && (double)key >= border[c + 1])
            c++;
        cell[c]++;
    }
    sim_world_free(w);
    for (int c = 0; c < cells; c++) {
        double want = share_of(law, border[c], border[c + 1]) * DRAWS;
        sum += ((double)cell[c] - want) * ((double)cell[c] - want) / want;
    }
    *freedom = cells - 1;
    return sum;
}

// The 0.1 % point of chi-square, by Wilson and Hilferty's cube.
static double point(int freedom)
{
    double n = freedom, x = 1 - 2 / (9 * n) + 3.0902 * sqrt(2 / (9 * n));
    return n * x * x * x;
}

static const struct { sim_keys_def drawn, twin; } laws[] = {
    {{.kind = SIM_KEYS_uniform, .count = 1000}, {.kind = SIM_KEYS_zipf, .count = 1000, .exponent = 0.02}},
    {{.kind = SIM_KEYS_hotspot, .count = 5000, .hot_keys = 0.2, .hot_requests = 0.8}, {.kind = SIM_KEYS_hotspot, .count = 5000, .hot_keys = 0.2, .hot_requests = 0.81}},
    {{.kind = SIM_KEYS_zipf, .count = 1000, .exponent = 0}, {.kind = SIM_KEYS_zipf, .count = 1000, .exponent = 0.02}},
    {{.kind = SIM_KEYS_zipf, .count = 1000, .exponent = 0.5}, {.kind = SIM_KEYS_zipf, .count = 1000, .exponent = 0.52}},
    {{.kind = SIM_KEYS_zipf, .count = 100000, .exponent = 0.99}, {.kind = SIM_KEYS_zipf, .count = 100000, .exponent = 1}},
    {{.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 0.8}, {.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 0.81}},
    {{.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 1}, {.kind = SIM_KEYS_zipf, .count = 90000000, .exponent = 1}},
    {{.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 1 + 1e-10}, {.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 1.01}},
    {{.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 1 - 1e-6}, {.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 0.99}},
    {{.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 1.3}, {.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 1.31}},
    {{.kind = SIM_KEYS_zipf, .count = 100, .exponent = 2}, {.kind = SIM_KEYS_zipf, .count = 100, .exponent = 2.02}},
    {{.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 3}, {.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 3.02}},
    {{.kind = SIM_KEYS_zipf, .count = 2, .exponent = 5}, {.kind = SIM_KEYS_zipf, .count = 2, .exponent = 4.8}}};

static void test_keys_follow_their_law(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_COUNT(laws); i++) {
        int freedom = 0, other = 0;
        double right = from_law(&laws[i].drawn, &laws[i].drawn, 5, &freedom), twin = from_law(&laws[i].twin, &laws[i].drawn, 5, &other);
        printf("%s over %llu, exponent %.7g: chi-square %.1f of %d, below %.1f; twin %.1f\n", sim_keys_name(laws[i].drawn.kind),
               (unsigned long long)laws[i].drawn.count, laws[i].drawn.exponent, right, freedom, point(freedom), twin);
        assert_true(right < point(freedom));
        assert_true(twin > point(other));
    }
}

static void test_zipf_at_its_ends(void **state)
{
    (void)state;
    static const double exponents[] = {0, 1e-12, 0.5, 1, 1 + 1e-15, 2, 10, 100};
    static const uint64_t counts[] = {1, 2, 3, 1000, 1000000000000u};
    for (size_t e = 0; e < HR_COUNT(exponents); e++)
        for (size_t c = 0; c < HR_COUNT(counts); c++) {
            sim_world *w = sim_world_new(3, 1 << 20);
            sim_keys k = sim_keys_place(w, &(sim_keys_def){.kind = SIM_KEYS_zipf, .count = counts[c], .exponent = exponents[e]});
            for (uint64_t i = 0; i < 20000; i++) {
                uint64_t key = sim_keys_draw(w, &k, 1, i);
                assert_true(key < counts[c]);
                assert_true(exponents[e] < 100 || key == 0);         // the second rank has a chance of 2^-100
            }
            sim_world_free(w);
        }
}

// Two scenarios whose exponents differ by little ask for nearly the same keys: an exponent of 1 is no corner of the law.
static void test_zipf_is_smooth_at_one(void **state)
{
    (void)state;
    sim_world *w = sim_world_new(3, 1 << 20);
    sim_keys one = sim_keys_place(w, &(sim_keys_def){.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 1});
    for (double off = 1e-14; off < 1e-9; off *= 10) {
        sim_keys near = sim_keys_place(w, &(sim_keys_def){.kind = SIM_KEYS_zipf, .count = 100000000, .exponent = 1 + off});
        for (uint64_t i = 0; i < 20000; i++) {
            double a = (double)sim_keys_draw(w, &one, 1, i) + 1, b = (double)sim_keys_draw(w, &near, 1, i) + 1;
            assert_true(fabs(a - b) <= 1 + a * (1000 * off + 1e-12));
        }
    }
    sim_world_free(w);
}

static void test_scans_and_traces_are_exact(void **state)
{
    (void)state;
    static const uint64_t table[] = {7, 0, 999999999999999u};
    sim_world *w = sim_world_new(3, 1 << 20);
    sim_keys scan = sim_keys_place(w, &(sim_keys_def){.kind = SIM_KEYS_sequential, .count = 5});
    sim_keys trace = sim_keys_place(w, &(sim_keys_def){.kind = SIM_KEYS_trace, .count = table[2] + 1, .rows = 3, .table = table});
    sim_keys one = sim_keys_place(w, &(sim_keys_def){.kind = SIM_KEYS_one, .count = 1});
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(sim_keys_draw(w, &scan, 1, i), i % 5);
        assert_int_equal(sim_keys_draw(w, &trace, 1, i), table[i % 3]);
        assert_int_equal(sim_keys_draw(w, &one, 1, i), 0);
    }
    sim_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys_follow_their_law), cmocka_unit_test(test_zipf_at_its_ends),
                                       cmocka_unit_test(test_zipf_is_smooth_at_one), cmocka_unit_test(test_scans_and_traces_are_exact)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
