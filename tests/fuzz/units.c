// tests/fuzz/units.c - any text as a value with a unit: refused, or finite, never negative, and drawn from without surprises.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/parts/parts.h"
#include "sim/scenario/loads.h"
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
    if (sim_read_dist(&pool, NULL, text, &d)) {
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
    sim_pool pool = {0};
    sim_keys_def d;
    if (sim_read_keys(&pool, NULL, text, NULL, &d)) {
        fuzz_accepted++;
        sim_world *w = sim_world_new(1, 1 << 21);
        sim_keys keys = sim_keys_place(w, &d);
        for (uint64_t i = 0; i < 50; i++)
            HR_ASSERT(sim_keys_draw(w, &keys, 1, i) < d.count);
        sim_world_free(w);
    }
    sim_pool_free(&pool);
}

// A rate that varies: never negative, never above its peak, and requests come in order.
static void try_program(const char *text)
{
    sim_pool pool = {0};
    sim_arrivals_def d = {.kind = SIM_ARRIVALS_poisson};
    const hr_time duration = 100 * HR_SEC;
    if (sim_read_program(&pool, NULL, text, &d.rate) && sim_rate_settle(NULL, &d.rate, duration)) {
        fuzz_accepted++;
        d.rate_per_s = d.rate.mean_per_s;
        if (d.rate.kind == SIM_RATE_constant && (d.rate_per_s < 1e-6 || d.rate_per_s > 1e7)) {         // key.def refuses that
            sim_pool_free(&pool);
            return;
        }
        HR_ASSERT(d.rate_per_s >= 0 && d.rate_per_s <= sim_rate_peak(&d.rate) * (1 + 1e-9) && sim_rate_peak(&d.rate) <= 1e12);
        sim_world *w = sim_world_new(1, 1 << 21);
        w->arrivals_end = duration;
        sim_component_add(w, SIM_PART_workload, "u");
        sim_arrivals a = sim_arrivals_place(w, 0, &d);
        hr_time at = 0;
        for (uint64_t i = 0; i < 50 && at < duration; i++) {
            hr_time next = sim_arrivals_next(w, &a, i, at);
            HR_ASSERT(next >= at);
            at = next;
        }
        sim_world_free(w);
    }
    sim_pool_free(&pool);
}

static bool read_money(const char *text, double *money) { return sim_read_money(text, "$/GiB/month", money) || sim_read_money(text, "$/h", money); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool (*const readers[])(const char *, double *) = {sim_read_rate, sim_read_bytes, sim_read_share, sim_read_count, sim_read_number,
                                                              sim_read_cores, read_money, sim_read_any};
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
    try_program(text);
    free(text);
    return 0;
}
