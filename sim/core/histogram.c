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
    for (uint32_t o = 0; o < SIM_HISTOGRAM_OCTAVES; o++)
        into->octave[o] += from->octave[o];
}

void sim_histogram_since(const sim_histogram *a, const sim_histogram *b, sim_histogram *since)
{
    *since = *b;
    since->count -= a->count;
    since->sum_s -= a->sum_s;
    for (uint32_t i = 0; i < SIM_HISTOGRAM_BUCKETS; i++)
        since->bucket[i] -= a->bucket[i];
    for (uint32_t o = 0; o < SIM_HISTOGRAM_OCTAVES; o++)
        since->octave[o] -= a->octave[o];
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
    uint32_t octave = 0;
    while (seen + h->octave[octave] < rank)
        seen += h->octave[octave++];
    uint32_t i = octave * SIM_HISTOGRAM_OCTAVE;
    while ((seen += h->bucket[i]) < rank)
        i++;
    hr_time v = sim_histogram_middle(i);
    return v < h->least ? h->least : v > h->greatest ? h->greatest : v;
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
    uint64_t sum = 0, between = 0, octave = 0;
    bool same = true;
    for (uint32_t i = 0; i < SIM_HISTOGRAM_BUCKETS; i++) {
        octave = i % SIM_HISTOGRAM_OCTAVE ? octave + h->bucket[i] : h->bucket[i];
        if (i % SIM_HISTOGRAM_OCTAVE == SIM_HISTOGRAM_OCTAVE - 1 || i == SIM_HISTOGRAM_BUCKETS - 1)
            same = same && octave == h->octave[i / SIM_HISTOGRAM_OCTAVE];
        sum += h->bucket[i];
        between += i >= first && i <= last ? h->bucket[i] : 0;
    }
    return same && sum == h->count && between == sum;
}

// 64 bytes at a time, in registers that every processor has: for memcpy of so many compilers write `rep movs`, which takes longer to begin than this
// takes to end.
static void copy_octave(sim_histogram *to, const sim_histogram *from, uint32_t octave)
{
    typedef uint64_t pair __attribute__((vector_size(16), aligned(8)));
    uint32_t start = octave * SIM_HISTOGRAM_OCTAVE;
    to->octave[octave] = from->octave[octave];
    if (octave == SIM_HISTOGRAM_OCTAVES - 1) { // it has one bucket
        to->bucket[start] = from->bucket[start];
        return;
    }
    for (uint32_t i = start; i < start + SIM_HISTOGRAM_OCTAVE; i += 8) {
        const pair *f = (const pair *)(from->bucket + i), a = f[0], b = f[1], c = f[2], d = f[3];
        pair *t = (pair *)(to->bucket + i);
        t[0] = a;
        t[1] = b;
        t[2] = c;
        t[3] = d;
    }
}

void sim_histogram_advance(const sim_histogram *now, sim_histogram *before, const double *p, uint32_t n, hr_time *value)
{
    uint64_t count = now->count - before->count, seen = 0;
    if (count == 0)
        return;
    uint32_t known = 0;
    uint64_t rank = n ? rank_of(p[0], count) : UINT64_MAX;         // of the next quantile
    for (uint32_t o = 0; seen < count; o++) {
        uint64_t added = now->octave[o] - before->octave[o], upto = seen;
        if (!added)
            continue;
        seen += added;
        for (uint32_t i = o * SIM_HISTOGRAM_OCTAVE; rank <= seen; i++) {              // a quantile lies in this octave
            upto += now->bucket[i] - before->bucket[i];
            while (upto >= rank) {
                value[known++] = sim_histogram_middle(i);
                rank = known < n ? rank_of(p[known], count) : UINT64_MAX;
            }
        }
        copy_octave(before, now, o);
    }
    before->count = now->count;
    before->sum_s = now->sum_s;
    before->least = now->least;
    before->greatest = now->greatest;
}
