// sim/policy/shed/gradient.c - the limit follows how long calls take beside how long they usually take, as Gradient2Limit of Netflix'
// concurrency-limits: limit × clamp(tolerance × usual / now, 0.5, 1) + room for a queue of 4, smoothed by 0.2. Usual is an exponential
// average over 600 calls (the plain mean of the first 10). Where less than half of the limit is used nothing is learnt of the limit.
#include "sim/policy/shed/shed.h"

enum { LONG = 600, WARM_UP = 10 };
static const double QUEUE = 4, SMOOTHING = 0.2;

static double limit(const sim_shed_state *s, const sim_shed_def *d, unsigned priority)
{
    (void)priority;
    return (double)(uint32_t)sim_shed_found(s, d);
}

static void ended(sim_shed_state *s, const sim_shed_def *d, uint32_t in_hand, hr_time took, bool failed)
{
    double x = took > 0 ? (double)took : 1, now = sim_shed_found(s, d);
    if (failed)
        return;                                // how soon a call fails tells nothing of the load
    s->seen++;
    s->usual += (x - s->usual) * (s->seen <= WARM_UP ? 1.0 / (double)s->seen : 2.0 / (LONG + 1));
    double usual = s->usual;
    if (usual > 2 * x)                         // overload is over: the average forgets it faster than by itself
        s->usual *= 0.95;
    if (in_hand < now / 2)
        return;
    double gradient = d->tolerance * usual / x;
    gradient = gradient < 0.5 ? 0.5 : gradient > 1 ? 1 : gradient;
    sim_shed_set(s, d, now * (1 - SMOOTHING) + (now * gradient + QUEUE) * SMOOTHING);
}

const sim_shed sim_shed_gradient = {.name = "gradient",
    .summary = "the limit shrinks while calls take longer than `tolerance` times what is usual, and grows else",
    .uses = SIM_SHED_BOUNDS | SIM_SHED_TOLERANCE, .limit = limit, .ended = ended};
