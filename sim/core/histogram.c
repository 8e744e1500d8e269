// sim/core/histogram.c - see histogram.h.
#include "sim/core/histogram.h"

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

void sim_histogram_advance(const sim_histogram *now, sim_histogram *before, const double *p, uint32_t n, hr_time *value)
{
    uint64_t count = now->count - before->count, seen = 0;
    if (count == 0)
        return;
    uint32_t known = 0, end = sim_histogram_bucket(now->greatest);
    uint64_t rank = n ? rank_of(p[0], count) : UINT64_MAX;         // of the next quantile
    for (uint32_t i = sim_histogram_bucket(now->least); i <= end; i++) {
        seen += now->bucket[i] - before->bucket[i];
        before->bucket[i] = now->bucket[i];
        while (seen >= rank) {
            value[known++] = sim_histogram_middle(i);
            rank = known < n ? rank_of(p[known], count) : UINT64_MAX;
        }
    }
    before->count = now->count;
    before->sum_s = now->sum_s;
    before->least = now->least;
    before->greatest = now->greatest;
}
