// sim/policy/scale/predictive.c - the seasonal naive forecast: as many requests as one season ago, looked up `lead` ahead, and never fewer
// than now. In the first season there is only the now.
// * It sees what was answered: while the service is overloaded that is less than what was asked for, and so is the forecast.
#include <math.h>

#include "sim/policy/scale/scale.h"

typedef struct { uint64_t looks; double per_s[]; } past;            // one for each look of a season

static uint64_t looks_of(const sim_scale_settings *s) { return (uint64_t)(s->season / s->every); }

static size_t size(const sim_scale_def *def) { return sizeof(past) + looks_of(&def->settings) * sizeof(double); }

// Of all replicas together; false: none has been measured.
static bool find_rate(const sim_scale_view *view, double *per_s)
{
    uint32_t known = 0;
    *per_s = 0;
    for (uint32_t i = 0; i < view->pod_count; i++) {
        const sim_hpa_reading *r = &view->readings[SIM_SCALE_RATE][i];
        *per_s += r->has_value ? (double)r->value / 1000 : 0;
        known += r->has_value;
    }
    return known > 0;
}

static uint32_t decide(void *state, const sim_scale_settings *s, const sim_scale_view *view)
{
    past *p = state;
    uint64_t n = looks_of(s), ahead = (uint64_t)(s->lead / s->every);
    double now;
    bool is_known = find_rate(view, &now);
    double most = now;
    for (uint64_t k = 1; k <= ahead && p->looks >= n; k++)
        most = fmax(most, p->per_s[(p->looks + k) % n]);
    p->per_s[p->looks++ % n] = now;
    if (!is_known)
        return view->wanted;
    return (uint32_t)fmin(ceil(most / s->target[SIM_SCALE_RATE]), s->max);
}

static const char *wrong(const sim_scale_def *def)
{
    const sim_scale_settings *s = &def->settings;
    if (s->season == HR_FOREVER || s->season / s->every < 2 || s->season / s->every > 100000)
        return "`season` must be 2 to 100000 times as long as `every`";
    return s->lead >= s->season ? "`lead` must be shorter than the season" : NULL;
}

const sim_scaler sim_scaler_predictive = {.name = "predictive", .summary = "seasonal naive: the rate of one season ago, some time ahead, and never less than now",
    .uses = SIM_SCALES_RATE | SIM_SCALES_MEASURING | SIM_SCALES_SEASON | SIM_SCALES_LEAD,
    .needs = SIM_SCALES_RATE | SIM_SCALES_SEASON, .every = 60 * HR_SEC, .wrong = wrong, .size = size, .decide = decide};
