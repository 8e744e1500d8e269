// sim/policy/scale/target_tracking.c - AWS' target tracking: keeps one metric near its target, quick to add and slow to remove.
// * Its alarms: above the target `points_out` looks in a row, below 90 % of it `points_in` in a row (three and fifteen minutes there).
#include <math.h>

#include "sim/policy/scale/cooldown.h"

static size_t size(const sim_scale_def *def)
{
    (void)def;
    return sizeof(sim_cooldown);
}

static uint32_t decide(void *state, const sim_scale_settings *s, const sim_scale_view *view)
{
    sim_cooldown *c = state;
    double value, target;
    if (!sim_scale_value(s, view, &value, &target))
        return view->wanted;
    int direction = value > target ? 1 : value < 0.9 * target ? -1 : 0;
    if (!sim_cooldown_alarm(c, s, direction))
        return view->wanted;
    uint32_t base = direction > 0 ? sim_cooldown_base(c, view) : view->wanted;
    double desired = fmin(ceil(base * value / target), s->max);
    bool agrees = direction > 0 ? desired > view->wanted : desired < view->wanted;
    return agrees ? sim_cooldown_go(c, s, view, desired < s->min ? s->min : (uint32_t)desired) : view->wanted;
}

const sim_scaler sim_scaler_target_tracking = {.name = "target-tracking", .summary = "as AWS: keeps one metric at its target, with cool-downs; quick to add, slow to remove",
    .real = "AWS Application Auto Scaling", .uses = SIM_SCALES_LOAD | SIM_SCALES_ALARMS, .every = 60 * HR_SEC,
    .wrong = sim_scale_one_metric, .size = size, .decide = decide};
