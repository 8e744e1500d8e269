// sim/policy/limit/gcra.c - the generic cell rate algorithm (ITU-T I.371, ATM Forum TM 4.0) in its virtual scheduling form: a request
// conforms when it comes no earlier than `burst` gaps before its theoretical arrival time, which conforming ones move on by a gap of 1 / rate.
// So burst + 1 pass at once, as with redis-cell's max_burst. One number of state; equal to a leaky bucket used as a meter.
#include "sim/policy/limit/limit.h"

typedef struct { sim_grains next; } gcra;      // theoretical arrival time of the next request, in grains: time × micro

static hr_time ask(void *state, const sim_limit_def *l, hr_time now)
{
    gcra *g = state;
    sim_grains here = sim_limit_earned(l, now), gap = sim_limit_request(l);
    if (g->next - here > l->burst * gap)
        return SIM_DENY;
    g->next = (g->next > here ? g->next : here) + gap;
    return 0;
}

const sim_limiter sim_limiter_gcra = {.name = "gcra", .summary = "generic cell rate algorithm: one time of state; burst + 1 requests pass at once",
    .uses = SIM_LIMIT_RATE | SIM_LIMIT_BURST, .needs = SIM_LIMIT_RATE, .state_size = sizeof(gcra), .ask = ask};
