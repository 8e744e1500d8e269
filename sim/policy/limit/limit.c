// sim/policy/limit/limit.c - the table of limiters, made from limit.def, and the checks of their settings.
#include "sim/policy/limit/limit.h"

#include <math.h>
#include <string.h>

const sim_limiter *const sim_limiters[] = {
#define SIM_LIMITER(name) &sim_limiter_##name,
#include "sim/policy/limit/limit.def"
#undef SIM_LIMITER
    NULL};

const sim_setting sim_limit_settings[] = {{"rate", SIM_LIMIT_RATE}, {"burst", SIM_LIMIT_BURST}, {"delay", SIM_LIMIT_DELAY},
                                          {"window", SIM_LIMIT_WINDOW}, {"most", SIM_LIMIT_MOST}, {NULL, 0}};

int sim_limiter_find(const char *name)
{
    for (int i = 0; sim_limiters[i]; i++)
        if (strcmp(sim_limiters[i]->name, name) == 0)
            return i;
    return -1;
}

// How many requests a window has, when it is a whole number; else 0.
static uint64_t quota_of(const sim_limit_def *l)
{
    sim_grains earned = sim_limit_earned(l, l->window), request = sim_limit_request(l);
    return earned % request == 0 ? (uint64_t)(earned / request) : 0;
}

hr_status sim_limit_ready(const sim_limiter *policy, sim_limit_def *l, unsigned given, hr_error *e)
{
    if (sim_settings_fit(sim_limit_settings, policy->name, policy->uses, policy->needs, given, e))
        return e->status;
    l->micro = (uint64_t)llround(l->rate_per_s * ((double)l->unit * 1e-9) * 1e6);
    if (policy->uses & SIM_LIMIT_RATE && !l->micro)
        return hr_fail(e, HR_BAD_INPUT, "the rate is below a millionth of a request in its unit of time");
    if (policy->uses & SIM_LIMIT_WINDOW) {
        l->window = l->window ? l->window : l->unit;
        l->quota = quota_of(l);
        if (!l->quota)
            return hr_fail(e, HR_BAD_INPUT, "%s counts whole requests: `rate` times `window` (%g s) is %g", policy->name, (double)l->window * 1e-9,
                           l->rate_per_s * (double)l->window * 1e-9);
    }
    const char *problem = policy->wrong ? policy->wrong(l) : NULL;
    return problem ? hr_fail(e, HR_BAD_INPUT, "%s: %s", policy->name, problem) : HR_OK;
}

size_t sim_limit_size(const sim_limiter *policy, const sim_limit_def *l)
{
    return policy->state_size + policy->log_size * (size_t)l->quota;
}
