// sim/policy/scale/vpa_histogram.c - exponential buckets whose weights decay: see vpa.h.
#include <math.h>

#include "sim/policy/scale/vpa.h"

static const double ratio = 1.05, epsilon = 1e-4;                  // a bucket with less weight is empty: 0.001 of the least sample's, 0.1
enum { MOST_EXPONENT = 100 };                  // of 2 in a weight, before all are scaled down

static double first_of(sim_vpa_resource resource) { return resource == SIM_VPA_CPU ? 0.01 : 1e7; }

static uint32_t bucket_of(sim_vpa_resource resource, double value)
{
    double first = first_of(resource);
    if (value < first)
        return 0;
    double bucket = log(value * (ratio - 1) / first + 1) / log(ratio);
    return bucket < SIM_VPA_BUCKETS - 1 ? (uint32_t)bucket : SIM_VPA_BUCKETS - 1;
}

static double start_of(sim_vpa_resource resource, uint32_t bucket) { return first_of(resource) * (pow(ratio, bucket) - 1) / (ratio - 1); }

// What a sample at `at` weighs. Whole half-lives are taken out of all weights before they get too large.
static double factor(sim_vpa_histogram *h, hr_time at, hr_time half_life)
{
    if ((double)(at - h->reference) > MOST_EXPONENT * (double)half_life) {
        int64_t halves = (at - h->reference) / half_life;
        for (uint32_t i = 0; i < SIM_VPA_BUCKETS; i++)
            h->weight[i] = ldexp(h->weight[i], (int)-halves);
        h->total = ldexp(h->total, (int)-halves);
        h->reference += halves * half_life;
    }
    return exp2((double)(at - h->reference) / (double)half_life);
}

void sim_vpa_put(sim_vpa_histogram *h, sim_vpa_resource resource, double value, double weight, hr_time at, hr_time half_life)
{
    weight *= factor(h, at, half_life);
    h->weight[bucket_of(resource, value)] += weight;
    h->total += weight;
}

void sim_vpa_take(sim_vpa_histogram *h, sim_vpa_resource resource, double value, double weight, hr_time at, hr_time half_life)
{
    weight *= factor(h, at, half_life);
    double *bucket = &h->weight[bucket_of(resource, value)];
    if (weight > *bucket - epsilon)            // rounding must not leave a trace
        weight = *bucket;
    *bucket -= weight;
    h->total -= weight;
}

double sim_vpa_percentile(const sim_vpa_histogram *h, sim_vpa_resource resource, double share)
{
    uint32_t first = 0, last = SIM_VPA_BUCKETS - 1;
    while (first < last && h->weight[first] < epsilon)
        first++;
    while (last > first && h->weight[last] < epsilon)
        last--;
    if (h->weight[first] < epsilon)
        return 0;
    double sum = 0;
    for (; first < last; first++) {
        sum += h->weight[first];
        if (sum >= share * h->total)
            break;
    }
    return start_of(resource, first + 1 < SIM_VPA_BUCKETS ? first + 1 : first);       // the last one has no end
}
