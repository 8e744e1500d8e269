// sim/policy/scale/scale.c - the table of autoscalers, made from scaler.def, the checks of their settings, and what several of them ask.
#include "sim/policy/scale/scale.h"

#include <string.h>

const sim_scaler *const sim_scalers[] = {
#define SIM_SCALER(name) &sim_scaler_##name,
#include "sim/policy/scale/scaler.def"
#undef SIM_SCALER
    NULL};

const sim_setting sim_scale_words[] = {
    {"cpu", SIM_SCALES_CPU}, {"in_flight", SIM_SCALES_IN_FLIGHT}, {"rate", SIM_SCALES_RATE}, {"memory", SIM_SCALES_MEMORY}, {"queue", SIM_SCALES_QUEUE},
    {"every", SIM_SCALES_EVERY}, {"scrape", SIM_SCALES_SCRAPE}, {"window", SIM_SCALES_WINDOW}, {"behavior", SIM_SCALES_BEHAVIOUR},
    {"tolerance", SIM_SCALES_TOLERANCE}, {"cpu_initialization_period", SIM_SCALES_INITIALISATION},
    {"initial_readiness_delay", SIM_SCALES_READINESS_DELAY}, {"scale_out_cooldown", SIM_SCALES_OUT_COOLDOWN},
    {"scale_in_cooldown", SIM_SCALES_IN_COOLDOWN}, {"points_out", SIM_SCALES_POINTS_OUT}, {"points_in", SIM_SCALES_POINTS_IN},
    {"steps", SIM_SCALES_STEPS}, {"schedule", SIM_SCALES_SCHEDULE}, {"zone", SIM_SCALES_ZONE}, {"begins", SIM_SCALES_BEGINS},
    {"activation", SIM_SCALES_ACTIVATION}, {"cooldown", SIM_SCALES_COOLDOWN}, {"season", SIM_SCALES_SEASON}, {"lead", SIM_SCALES_LEAD},
    {"update_mode", SIM_SCALES_UPDATE_MODE}, {"controlled_resources", SIM_SCALES_CONTROLS}, {"min_allowed", SIM_SCALES_MIN_ALLOWED},
    {"max_allowed", SIM_SCALES_MAX_ALLOWED}, {"recommender", SIM_SCALES_RECOMMENDER}, {"updater", SIM_SCALES_UPDATER},
    {NULL, 0}};

int sim_scaler_find(const char *name)
{
    for (int i = 0; sim_scalers[i]; i++)
        if (strcmp(sim_scalers[i]->name, name) == 0)
            return i;
    return -1;
}

hr_status sim_scale_fits(const sim_scaler *policy, const sim_scale_def *def, unsigned given, hr_error *e)
{
    const sim_scale_settings *s = &def->settings;
    if (sim_settings_fit(sim_scale_words, policy->name, policy->uses, policy->needs, given, e))
        return e->status;
    if (s->min > s->max)
        return hr_fail(e, HR_BAD_INPUT, "`min` (%u) is above `max` (%u)", s->min, s->max);
    if (s->min == 0 && !policy->reaches_zero)
        return hr_fail(e, HR_BAD_INPUT, "`min: 0` needs queue-depth, scheduled or an hpa on `queue`: without replicas nothing else is measured that could wake them up");
    if (policy->uses & SIM_SCALES_WINDOW && (s->window < s->scrape || s->window / s->scrape > 1000))
        return hr_fail(e, HR_BAD_INPUT, "`window` must be as long as `scrape` at least, and 1000 times at most: an average needs two samples");
    const char *problem = policy->wrong ? policy->wrong(def) : NULL;
    return problem ? hr_fail(e, HR_BAD_INPUT, "%s: %s", policy->name, problem) : HR_OK;
}

uint32_t sim_scale_ready(const sim_scale_view *view)
{
    uint32_t ready = 0;
    for (uint32_t i = 0; i < view->pod_count; i++)
        ready += view->pods[i].ready == SIM_HPA_READY && !view->pods[i].deleted;
    return ready;
}

bool sim_scale_value(const sim_scale_settings *s, const sim_scale_view *view, double *value, double *target)
{
    uint32_t m = 0, ready = sim_scale_ready(view), known = 0;
    while (m < SIM_SCALE_QUEUE && s->target[m] <= 0)
        m++;
    *target = s->target[m];
    if (m == SIM_SCALE_QUEUE) {
        *value = ready ? view->queue / ready : view->queue;
        return true;
    }
    double sum = 0;
    for (uint32_t i = 0; i < view->pod_count; i++) {
        const sim_hpa_reading *r = &view->readings[m][i];
        if (!r->has_value || view->pods[i].ready != SIM_HPA_READY || view->pods[i].deleted)
            continue;
        sum += sim_scale_is_share(m) ? (double)r->value / (double)r->request : (double)r->value / 1000;
        known++;
    }
    *value = known ? sum / known : 0;
    return known > 0;
}

const char *sim_scale_one_metric(const sim_scale_def *def)
{
    int given = 0;
    for (int m = 0; m < SIM_SCALE_METRICS; m++)
        given += def->settings.target[m] > 0;
    return given == 1 ? NULL : "want one of `cpu`, `memory`, `in_flight`, `rate` and `queue` with its target";
}
