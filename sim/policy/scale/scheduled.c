// sim/policy/scale/scheduled.c - a timetable: cron expressions with the number of replicas from then on. Knows nothing of the load.
// * The scenario reader has turned it into moments of the run; before the first of them the number stays as it is.
#include "sim/policy/scale/scale.h"

typedef struct { uint32_t count, at; } timetable;                  // `at`: the next one; behind it the moments

static size_t size(const sim_scale_def *def) { return sizeof(timetable) + def->moment_count * sizeof(sim_scale_moment); }

static void make(void *state, const sim_scale_def *def)
{
    timetable *t = state;
    sim_scale_moment *moments = (void *)(t + 1);
    t->count = def->moment_count;
    for (uint32_t i = 0; i < def->moment_count; i++)
        moments[i] = def->moments[i];
}

static uint32_t decide(void *state, const sim_scale_settings *s, const sim_scale_view *view)
{
    timetable *t = state;
    const sim_scale_moment *moments = (const void *)(t + 1);
    uint32_t wanted = view->wanted;
    (void)s;
    for (; t->at < t->count && moments[t->at].at <= view->now; t->at++)
        wanted = moments[t->at].replicas;
    return wanted;
}

static hr_time next(const void *state, hr_time now)
{
    const timetable *t = state;
    const sim_scale_moment *moments = (const void *)(t + 1);
    (void)now;
    return t->at < t->count ? moments[t->at].at : HR_FOREVER;
}

const sim_scaler sim_scaler_scheduled = {.name = "scheduled", .summary = "a timetable of cron expressions; knows nothing of the load",
    .real = "KEDA's cron trigger, scheduled actions of AWS", .uses = SIM_SCALES_SCHEDULE | SIM_SCALES_ZONE | SIM_SCALES_BEGINS, .needs = SIM_SCALES_SCHEDULE,
    .reaches_zero = true, .size = size, .make = make, .decide = decide, .next = next};
