// sim/policy/scale/vpa_recommender.c - from samples to a target and its bounds: see vpa.h.
#include <math.h>

#include "sim/policy/scale/vpa.h"

static const double least_weight = 0.1;        // of a sample of cpu, whatever is requested

void sim_vpa_add_cpu(sim_vpa *v, const sim_vpa_recommender *r, double cores, double request, hr_time at)
{
    sim_vpa_put(&v->histogram[SIM_VPA_CPU], SIM_VPA_CPU, cores, fmax(request, least_weight), at, r->half_life);
    if (!v->samples)
        v->first = at;
    v->last = hr_max_time(v->last, at);
    v->samples++;
}

// Each interval has one peak, dated by its end: a larger one takes the place of the one before. The first sample ends an interval, so that the next begins.
static void add_peak(sim_vpa *v, sim_vpa_container *c, const sim_vpa_recommender *r, double bytes, bool is_oom, hr_time at)
{
    sim_vpa_histogram *h = &v->histogram[SIM_VPA_MEMORY];
    if (!c->begun)
        c->window_end = at;
    c->begun = 1;
    if (at < c->window_end) {
        double most = fmax(c->peak, c->oom_peak);
        if (bytes <= most)
            return;
        sim_vpa_take(h, SIM_VPA_MEMORY, most, 1, c->window_end, r->half_life);
    } else {
        c->window_end += (at - c->window_end) / r->memory_interval * r->memory_interval + r->memory_interval;
        c->peak = c->oom_peak = 0;
    }
    sim_vpa_put(h, SIM_VPA_MEMORY, bytes, 1, c->window_end, r->half_life);
    *(is_oom ? &c->oom_peak : &c->peak) = bytes;
}

void sim_vpa_add_memory(sim_vpa *v, sim_vpa_container *c, const sim_vpa_recommender *r, double bytes, hr_time at) { add_peak(v, c, r, bytes, false, at); }

// Reckoned from what was used and not from what an earlier death has added, so that deaths in a row do not add up.
void sim_vpa_add_oom(sim_vpa *v, sim_vpa_container *c, const sim_vpa_recommender *r, double request, hr_time at)
{
    double used = fmax(request, c->peak);
    add_peak(v, c, r, fmax(used + r->oom_min_bump_up, used * r->oom_bump_up_ratio), true, at);
}

// In units of the confidence interval: how long the history is, or how many samples there are at one a minute, whichever is less.
static double confidence(const sim_vpa *v, const sim_vpa_recommender *r)
{
    double lifespan = (double)(v->last - v->first) / (double)r->confidence_interval;
    double samples = (double)v->samples * 60e9 / (double)r->confidence_interval;
    return fmin(lifespan, samples);
}

static double limit(double x, double least, double most) { return fmax(most > 0 ? fmin(x, most) : x, least); }

static double estimate(const sim_vpa *v, const sim_vpa_settings *s, sim_vpa_resource resource, double percentile, double multiplier)
{
    const sim_vpa_recommender *r = &s->recommender;
    bool is_cpu = resource == SIM_VPA_CPU;
    double x = sim_vpa_percentile(&v->histogram[resource], resource, percentile) * (1 + r->margin) * multiplier;
    x = fmax(x, is_cpu ? r->min_cpu : r->min_memory);
    return is_cpu ? limit(ceil(x - 1e-9), s->min_allowed.cpu, s->max_allowed.cpu) : limit(x, s->min_allowed.memory, s->max_allowed.memory);
}

// The upper bound is x (1 + 1 / days), the lower x (1 + 0.001 / days)^-2: without a history any request is inside.
sim_vpa_recommendation sim_vpa_recommend(const sim_vpa *v, const sim_vpa_settings *s)
{
    sim_vpa_recommendation out = {.is_known = v->histogram[SIM_VPA_CPU].total > 0};
    double days = confidence(v, &s->recommender);
    for (int i = 0; i < SIM_VPA_RESOURCES; i++) {
        sim_vpa_resource resource = (sim_vpa_resource)i;
        if (!(s->controls >> i & 1))
            continue;
        out.is_known = out.is_known && v->histogram[i].total > 0;
        out.target[i] = estimate(v, s, resource, s->recommender.target_percentile, 1);
        out.lower[i] = estimate(v, s, resource, s->recommender.lower_percentile, pow(1 + 0.001 / days, -2));
        out.upper[i] = estimate(v, s, resource, s->recommender.upper_percentile, 1 + 1 / days);
    }
    return out;
}
