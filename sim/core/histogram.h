// sim/core/histogram.h - counts of times in log-linear buckets: at most 0.8 % from any value, mergeable, fixed size.
// * Below 128 ns a bucket is one nanosecond wide; above, every power of two has 64 buckets; from 2^43 ns (2.4 h) on one bucket holds all.
// * A plain struct without pointers: it can lie in a world, a file or a message, and copying copies it.
#ifndef SIM_HISTOGRAM_H
#define SIM_HISTOGRAM_H

#include "sim/core/base.h"

enum { SIM_HISTOGRAM_BUCKETS = 64 * 38 + 1, SIM_HISTOGRAM_OCTAVE = 64, SIM_HISTOGRAM_OCTAVES = 39 };

typedef struct {
    uint64_t count;
    double   sum_s;                            // exact mean = sum / count, in seconds
    hr_time  least, greatest;                  // exact; both 0 while empty
    uint64_t octave[SIM_HISTOGRAM_OCTAVES];    // sums of 64 buckets each, the last one alone: what is looked at first
    uint64_t bucket[SIM_HISTOGRAM_BUCKETS];
} sim_histogram;

static inline uint32_t sim_histogram_bucket(hr_time value)
{
    uint64_t v = value < 0 ? 0 : (uint64_t)value;
    if (v < 128)
        return (uint32_t)v;
    uint32_t top = 63u - (uint32_t)__builtin_clzll(v);             // 7 …
    uint32_t bucket = (top - 6) * 64 + (uint32_t)(v >> (top - 6));
    return bucket < SIM_HISTOGRAM_BUCKETS ? bucket : SIM_HISTOGRAM_BUCKETS - 1;
}

static inline void sim_histogram_add(sim_histogram *h, hr_time value)
{
    uint32_t bucket = sim_histogram_bucket(value);
    h->bucket[bucket]++;
    h->octave[bucket / SIM_HISTOGRAM_OCTAVE]++;
    h->sum_s += (double)value * 1e-9;
    if (h->count++ == 0)
        h->least = h->greatest = value;
    else if (value < h->least)
        h->least = value;
    else if (value > h->greatest)
        h->greatest = value;
}

// The middle of a bucket, in nanoseconds.
hr_time sim_histogram_middle(uint32_t bucket);
void    sim_histogram_merge(sim_histogram *into, const sim_histogram *from);
// What `b` has counted since it was `a`; its least and greatest value stay those of all.
void    sim_histogram_since(const sim_histogram *a, const sim_histogram *b, sim_histogram *since);
// The value at probability p in [0, 1]: the middle of the bucket of the ceil(p * count)-th value, between least and greatest; 0 when empty.
hr_time sim_histogram_quantile(const sim_histogram *h, double p);
// How many values were at most `value` (to the bucket), as a share; 0 when empty.
double  sim_histogram_share_below(const sim_histogram *h, hr_time value);
double  sim_histogram_mean_s(const sim_histogram *h);
// Whether the buckets add up to the octaves and the count, and those in use lie between the least and the greatest value's.
bool    sim_histogram_adds_up(const sim_histogram *h);
// Quantiles, at `n` ascending probabilities, of what `now` has counted more than `before`; then makes `before` equal to `now`.
// Leaves `value` alone when nothing was added.
void    sim_histogram_advance(const sim_histogram *now, sim_histogram *before, const double *p, uint32_t n, hr_time *value);

#endif
