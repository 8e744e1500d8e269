// sim/policy/scale/fixed.c - as many replicas as there are: what the others are compared with.
#include "sim/policy/scale/scale.h"

static size_t size(const sim_scale_def *def)
{
    (void)def;
    return 8;
}

static uint32_t decide(void *state, const sim_scale_settings *s, const sim_scale_view *view)
{
    (void)state;
    (void)s;
    return view->wanted;
}

static hr_time next(const void *state, hr_time now)
{
    (void)state;
    (void)now;
    return HR_FOREVER;
}

const sim_scaler sim_scaler_fixed = {.name = "fixed", .summary = "the number stays as it is: what others are compared with", .size = size,
    .decide = decide, .next = next, .reaches_zero = true};
