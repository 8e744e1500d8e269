// sim/policy/shed/aimd.c - additive increase, multiplicative decrease, as TCP's window (Chiu and Jain 1989) and as AIMDLimit of Netflix'
// concurrency-limits: a call that failed or took longer than the target shrinks the limit to `backoff` of it; any other adds one, but
// only where at least half of the limit is used.
#include "sim/policy/shed/shed.h"

static double limit(const sim_shed_state *s, const sim_shed_def *d, unsigned priority)
{
    (void)priority;
    return sim_shed_found(s, d);
}

static void ended(sim_shed_state *s, const sim_shed_def *d, uint32_t in_hand, hr_time took, bool failed)
{
    double now = sim_shed_found(s, d);
    if (failed || took > d->target)
        sim_shed_set(s, d, (double)(uint32_t)(now * d->backoff));  // a whole number, as there
    else if (in_hand * 2.0 >= now)
        sim_shed_set(s, d, now + 1);
}

const sim_shed sim_shed_aimd = {.name = "aimd",
    .summary = "the limit grows by one with each good call, shrinks by a share when one fails or takes longer than `target`",
    .uses = SIM_SHED_BOUNDS | SIM_SHED_BACKOFF | SIM_SHED_TARGET, .limit = limit, .ended = ended};
