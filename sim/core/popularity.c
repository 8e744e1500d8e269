// sim/core/popularity.c - see popularity.h.
#include "sim/core/popularity.h"

#include <math.h>
#include <string.h>

const char *sim_keys_name(uint32_t kind)
{
    static const char *const names[] = {
#define SIM_POPULARITY(name, arguments, help) #name,
#include "sim/core/popularity.def"
#undef SIM_POPULARITY
    };
    return kind < SIM_KEYS_COUNT ? names[kind] : "unknown";
}

static inline uint64_t below(uint64_t count, uint64_t word)
{
    __extension__ unsigned __int128 wide = (unsigned __int128)word * count;
    return (uint64_t)(wide >> 64);
}

// --- Zipf -------------------------------------------------------------------------------------------------------------
// Rejection-inversion (Hörmann and Derflinger 1996, "Rejection-inversion to generate variates from monotone discrete distributions"):
// rank k with probability k^-s / sum. H is an antiderivative of x^-s; a uniform point between H(1.5) - 1 and H(n + 0.5) is
// inverted, and the piece above the histogram is rejected: some 1.1 tries a draw, whatever the number of keys.

// (e^x - 1) / x and log(1 + x) / x, also where the difference would lose its digits: exponents near 1 need x near 0.
static double slope_of_exp(double x)
{
    return fabs(x) > 1e-3 ? (sim_exp(x) - 1) / x : 1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5)));
}

static double slope_of_log(double x)
{
    if (fabs(x) <= 1e-3)
        return 1 - x * (1.0 / 2 - x * (1.0 / 3 - x * (1.0 / 4 - x * (1.0 / 5 - x / 6))));
    return sim_log(fmax(1 + x, 1e-300)) / x;   // rounding may pass the end, where a large exponent leaves nothing
}

static double h_integral(double x, double s)
{
    double log_x = sim_log(x);
    return slope_of_exp((1 - s) * log_x) * log_x;
}

static double h_inverse(double y, double s) { return sim_exp(slope_of_log((1 - s) * y) * y); }

static void place_zipf(sim_keys *k, double exponent)
{
    k->exponent = exponent;
    k->h_half = h_integral(1.5, exponent) - 1;
    k->h_end = h_integral((double)k->count + 0.5, exponent);
    k->skip = 2 - h_inverse(h_integral(2.5, exponent) - sim_pow(2, -exponent), exponent);
}

enum { MOST_TRIES = 256 };                     // half of them rejected in a row would be a chance of 2^-256

static uint64_t draw_zipf(const sim_keys *k, uint64_t seed, uint32_t stream, uint64_t number)
{
    sim_draw r = sim_random(seed, stream, number, 0);
    for (uint32_t attempt = 1;; attempt++) {
        double u = k->h_end + sim_unit(r.word[attempt & 1]) * (k->h_half - k->h_end);
        double x = h_inverse(u, k->exponent);
        double rank = floor(x + 0.5);
        rank = rank < 1 ? 1 : rank > (double)k->count ? (double)k->count : rank;
        if (rank - x <= k->skip || u >= h_integral(rank + 0.5, k->exponent) - sim_pow(rank, -k->exponent) || attempt == MOST_TRIES)
            return (uint64_t)rank - 1;
        if (!(attempt & 1))
            r = sim_random(seed, stream, number, attempt);
    }
}

// --- all --------------------------------------------------------------------------------------------------------------

sim_keys sim_keys_place(sim_world *w, const sim_keys_def *def)
{
    sim_keys k = {.kind = def->kind, .rows = def->rows, .count = def->count, .hot_requests = def->hot_requests};
    if (def->kind == SIM_KEYS_zipf)
        place_zipf(&k, def->exponent);
    if (def->kind == SIM_KEYS_hotspot)         // at least one key on either side
        k.hot = (uint64_t)fmin(fmax(floor(def->hot_keys * (double)def->count + 0.5), 1), (double)def->count - 1);
    if (def->kind == SIM_KEYS_trace) {
        k.table = sim_take(w, def->rows * sizeof *def->table);
        memcpy(SIM_AT(w, uint64_t, k.table), def->table, def->rows * sizeof *def->table);
    }
    return k;
}

uint64_t sim_keys_draw_one_of(const sim_world *w, const sim_keys *k, uint32_t stream, uint64_t number)
{
    switch (k->kind) {
    case SIM_KEYS_uniform: return below(k->count, sim_random(w->seed, stream, number, 0).word[0]);
    case SIM_KEYS_zipf: return draw_zipf(k, w->seed, stream, number);
    case SIM_KEYS_hotspot: {
        sim_draw r = sim_random(w->seed, stream, number, 0);
        return sim_unit(r.word[1]) < k->hot_requests ? below(k->hot, r.word[0]) : k->hot + below(k->count - k->hot, r.word[0]);
    }
    case SIM_KEYS_sequential: return number % k->count;
    case SIM_KEYS_trace: return SIM_AT(w, const uint64_t, k->table)[number % k->rows];
    default: return 0;
    }
}
