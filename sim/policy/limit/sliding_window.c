// sim/policy/limit/sliding_window.c - two counters of the clock's windows stand for a window that slides: of the last one counts what
// would still be inside if its requests had come evenly. Only requests that were let through count.
// The error: what came late in the last window counts too little. In a time d within a window at most quota × (1 + d / window) pass.
#include "sim/policy/limit/limit.h"

typedef struct { int64_t window; uint64_t count, before; hr_time last; } counters;

static hr_time ask(void *state, const sim_limit_def *l, hr_time now)
{
    counters *c = state;
    now = c->last = hr_max_time(now, c->last);
    int64_t window = now / l->window;
    if (window > c->window)
        *c = (counters){window, 0, window == c->window + 1 ? c->count : 0, now};
    hr_time still = l->window - now % l->window;                   // of the last window
    sim_grains estimate = (sim_grains)c->before * still + (sim_grains)(c->count + 1) * l->window;
    if (estimate > (sim_grains)l->quota * l->window)
        return SIM_DENY;
    c->count++;
    return 0;
}

const sim_limiter sim_limiter_sliding_window = {.name = "sliding-window",
    .summary = "a quota in a window that slides, estimated from the counts of two windows of the clock",
    .uses = SIM_LIMIT_RATE | SIM_LIMIT_WINDOW, .needs = SIM_LIMIT_RATE, .state_size = sizeof(counters), .ask = ask};
