// sim/core/histogram.c - see histogram.h.
#include "sim/core/histogram.h"

#include <string.h>

hr_time sim_histogram_middle(uint32_t bucket)
{
    if (bucket < 128)
        return bucket;
    uint32_t shift = bucket / 64 - 1;                              // bucket = (top - 6) * 64 + (64 … 127)
    uint64_t mantissa = bucket - shift * 64;
    return (hr_time)((mantissa << shift) + ((uint64_t)1 << shift) / 2);
}

void sim_histogram_merge(sim_histogram *into, const sim_histogram *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0 || from->least < into->least)
        into->least = from->least;
    if (into->count == 0 || from->greatest > into->greatest)
        into->greatest = from->greatest;
    into->count += from->count;
    into->sum_s += from->sum_s;
    for (uint32_t i = 0; i < SIM_HISTOGRAM_BUCKETS; i++)
        into->bucket[i] += from->bucket[i];
}

static uint64_t rank_of(double p, uint64_t count)
{
    double rank = p * (double)count;
    uint64_t whole = (uint64_t)rank;
    if ((double)whole < rank)
        whole++;
    return whole < 1 ? 1 : whole > count ? count : whole;
}

hr_time sim_histogram_quantile(const sim_histogram *h, double p)
{
    if (h->count == 0)
        return 0;
    uint64_t rank = rank_of(p, h->count), seen = 0;
    for (uint32_t i = 0; i < SIM_HISTOGRAM_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen >= rank) {
            hr_time v = sim_histogram_middle(i);
            return v < h->least ? h->least : v > h->greatest ? h->greatest : v;
        }
    }
    return h->greatest;
}

double sim_histogram_share_below(const sim_histogram *h, hr_time value)
{
    if (h->count == 0)
        return 0;
    uint64_t seen = 0;
    for (uint32_t i = 0, end = sim_histogram_bucket(value); i <= end; i++)
        seen += h->bucket[i];
    return (double)seen / (double)h->count;
}

double sim_histogram_mean_s(const sim_histogram *h)
{
    return h->count ? h->sum_s / (double)h->count : 0;
}

bool sim_histogram_adds_up(const sim_histogram *h)
{
    uint32_t first = sim_histogram_bucket(h->least), last = sim_histogram_bucket(h->greatest);
    uint64_t sum = 0, between = 0;
    for (uint32_t i = 0; i < SIM_HISTOGRAM_BUCKETS; i++) {
        sum += h->bucket[i];
        between += i >= first && i <= last ? h->bucket[i] : 0;
    }
    return sum == h->count && between == sum;
}

enum { OCTAVE = 64 };                          // buckets that are looked at together: SIM_HISTOGRAM_BUCKETS is a multiple and one more

// How many were added to an octave's buckets since `before`.
static uint64_t octave_added(const uint64_t *now, const uint64_t *before)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < OCTAVE; i++)
        sum += now[i] - before[i];
    return sum;
}

void sim_histogram_advance(const sim_histogram *now, sim_histogram *before, const double *p, uint32_t n, hr_time *value)
{
    uint64_t count = now->count - before->count, seen = 0;
    if (count == 0)
        return;
    uint32_t known = 0, last = SIM_HISTOGRAM_BUCKETS - 1;
    uint64_t rank = n ? rank_of(p[0], count) : UINT64_MAX;         // of the next quantile
    for (uint32_t start = sim_histogram_bucket(now->least) / OCTAVE * OCTAVE; start < last && seen < count; start += OCTAVE) {
        uint64_t added = octave_added(now->bucket + start, before->bucket + start), upto = seen;
        seen += added;
        for (uint32_t i = start; rank <= seen; i++) {              // a quantile lies in this octave
            upto += now->bucket[i] - before->bucket[i];
            while (upto >= rank) {
                value[known++] = sim_histogram_middle(i);
                rank = known < n ? rank_of(p[known], count) : UINT64_MAX;
            }
        }
        if (added)
            memcpy(before->bucket + start, now->bucket + start, OCTAVE * sizeof now->bucket[0]);
    }
    for (; known < n; known++)                                     // the last bucket stands alone
        value[known] = sim_histogram_middle(last);
    before->bucket[last] = now->bucket[last];
    before->count = now->count;
    before->sum_s = now->sum_s;
    before->least = now->least;
    before->greatest = now->greatest;
}
