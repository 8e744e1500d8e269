// tests/fuzz/units.c - any text as a value with a unit: refused, or finite, never negative, and drawn from without surprises.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/units.h"
#include "tests/fuzz/fuzz.h"

static void try_time(const char *text)
{
    hr_time time, again;
    if (!sim_read_time(text, &time))
        return;
    fuzz_accepted++;
    char shown[32];
    sim_show_time(time, shown, sizeof shown);
    HR_ASSERT(time >= 0 && sim_read_time(shown, &again));
    HR_ASSERT(time == again || fabs((double)time - (double)again) <= 1e-5 * (double)time);
}

static void try_dist(const char *text)
{
    sim_pool pool = {0};
    sim_dist_def d;
    if (sim_read_dist(&pool, text, &d)) {
        fuzz_accepted++;
        double mean = sim_dist_mean(&d), before = 0;
        HR_ASSERT(mean >= 0 && mean <= 1e6);
        for (double p = 0.01; p < 1; p += 0.07) {
            double x = sim_dist_quantile(&d, p);
            HR_ASSERT(x >= before * (1 - 1e-9) && x < 1e12);
            before = x;
        }
        sim_world *w = sim_world_new(1, 1 << 21);
        sim_dist placed = sim_dist_place(w, &d);
        for (uint64_t i = 0; i < 50; i++) {
            hr_time t = sim_dist_time(w, &placed, 1, i, 0);
            HR_ASSERT(t >= 0 && t <= 1000000000 * HR_SEC);
        }
        sim_world_free(w);
    }
    sim_pool_free(&pool);
}

static void try_keys(const char *text)
{
    sim_keys keys;
    if (!sim_read_keys(text, &keys))
        return;
    fuzz_accepted++;
    for (uint64_t i = 0; i < 50; i++)
        HR_ASSERT(sim_keys_draw(&keys, 1, 1, i) < keys.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool (*const readers[])(const char *, double *) = {sim_read_rate, sim_read_bytes, sim_read_share, sim_read_count, sim_read_number,
                                                              sim_read_cores, sim_read_money, sim_read_any};
    char *text = hr_alloc(size + 1);
    memcpy(text, data, size);
    for (size_t i = 0; i < HR_COUNT(readers); i++) {
        double x = -1;
        if (readers[i](text, &x)) {
            fuzz_accepted++;
            HR_ASSERT(isfinite(x) && x >= 0 && !fuzz_planted);
        }
    }
    try_time(text);
    try_dist(text);
    try_keys(text);
    free(text);
    return 0;
}
