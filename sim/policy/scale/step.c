// sim/policy/scale/step.c - AWS' step scaling: how far the metric is from its target says how many replicas come or go.
// * Of the steps from 0 on the last one that is reached counts, of those below 0 the first one.
#include <math.h>
#include <string.h>

#include "sim/policy/scale/cooldown.h"

typedef struct { double from; int32_t add, unused; } step;
typedef struct { sim_cooldown cooldown; uint32_t count, unused; } steps;       // and behind it the steps

static size_t size(const sim_scale_def *def) { return sizeof(steps) + def->step_count * sizeof(step); }

static void make(void *state, const sim_scale_def *def)
{
    steps *all = state;
    step *list = (void *)(all + 1);
    all->count = def->step_count;
    for (uint32_t i = 0; i < def->step_count; i++) {
        list[i].from = def->steps[i].from;
        list[i].add = def->steps[i].add;
    }
}

// How many come (or go, below 0) at this distance from the target, as a share of it.
static int32_t change_at(const steps *all, double distance)
{
    const step *list = (const void *)(all + 1);
    int32_t change = 0;
    for (uint32_t i = 0; i < all->count; i++) {
        if (list[i].from < 0 && distance <= list[i].from)
            return list[i].add;
        if (list[i].from >= 0 && distance >= list[i].from)
            change = list[i].add;
    }
    return change;
}

static uint32_t decide(void *state, const sim_scale_settings *s, const sim_scale_view *view)
{
    steps *all = state;
    double value, target;
    if (!sim_scale_value(s, view, &value, &target))
        return view->wanted;
    int32_t change = change_at(all, value / target - 1);
    if (!sim_cooldown_alarm(&all->cooldown, s, change))
        return view->wanted;
    int64_t desired = (change > 0 ? sim_cooldown_base(&all->cooldown, view) : view->wanted) + (int64_t)change;
    desired = desired < s->min ? s->min : desired > s->max ? s->max : desired;
    bool agrees = change > 0 ? desired > view->wanted : desired < view->wanted;
    return agrees ? sim_cooldown_go(&all->cooldown, s, view, (uint32_t)desired) : view->wanted;
}

static const char *wrong(const sim_scale_def *def)
{
    for (uint32_t i = 0; i < def->step_count; i++)
        if (def->steps[i].add == 0 || (def->steps[i].from < 0) != (def->steps[i].add < 0))
            return "a step above the target adds replicas, one below it (such as -30%) removes some";
    return sim_scale_one_metric(def);
}

const sim_scaler sim_scaler_step = {.name = "step", .summary = "as AWS: the farther a metric is from its target, the more replicas come or go",
    .real = "AWS Application Auto Scaling", .uses = SIM_SCALES_LOAD | SIM_SCALES_ALARMS | SIM_SCALES_STEPS,
    .needs = SIM_SCALES_STEPS, .every = 60 * HR_SEC, .wrong = wrong, .size = size, .make = make, .decide = decide};
