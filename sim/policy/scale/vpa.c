// sim/policy/scale/vpa.c - the row of the Vertical Pod Autoscaler, whose parts are in vpa.h: it leaves the number of replicas as it is.
#include "sim/policy/scale/scale.h"

const char *sim_update_mode_name(uint32_t mode)
{
    static const char *const names[] = {
#define SIM_UPDATE_MODE(word, help) #word,
#include "sim/policy/scale/update_mode.def"
#undef SIM_UPDATE_MODE
    };
    return mode < SIM_UPDATE_COUNT ? names[mode] : NULL;
}

static size_t size(const sim_scale_def *def)
{
    (void)def;
    return sizeof(sim_vpa);
}

static uint32_t decide(void *state, const sim_scale_settings *s, const sim_scale_view *view)
{
    (void)state;
    (void)s;
    return view->wanted;
}

static const char *wrong(const sim_scale_def *def)
{
    const sim_vpa_settings *s = &def->settings.vpa;
    if (s->max_allowed.cpu > 0 && s->max_allowed.cpu < s->min_allowed.cpu)
        return "`min_allowed.cpu` is above `max_allowed.cpu`";
    if (s->max_allowed.memory > 0 && s->max_allowed.memory < s->min_allowed.memory)
        return "`min_allowed.memory` is above `max_allowed.memory`";
    if (s->recommender.lower_percentile > s->recommender.target_percentile || s->recommender.target_percentile > s->recommender.upper_percentile)
        return "`lower_percentile`, `target_percentile` and `upper_percentile` of its `recommender` must be in this order";
    return NULL;
}

const sim_scaler sim_scaler_vpa = {.name = "vpa", .summary = "the Kubernetes Vertical Pod Autoscaler: other cores and memory for the replicas, from percentiles of what they used",
    .real = "vertical-pod-autoscaler 1.4",
    .uses = SIM_SCALES_MEASURING | SIM_SCALES_UPDATE_MODE | SIM_SCALES_CONTROLS | SIM_SCALES_MIN_ALLOWED | SIM_SCALES_MAX_ALLOWED | SIM_SCALES_RECOMMENDER |
            SIM_SCALES_UPDATER,
    .every = 60 * HR_SEC, .is_vertical = true, .reaches_zero = true, .wrong = wrong, .size = size, .decide = decide};
