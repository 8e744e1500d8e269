// sim/policy/limit/fixed_window.c - `rate` × `window` requests in each window of the clock. One counter; around the end of a window twice
// the quota can pass in no time.
#include "sim/policy/limit/limit.h"

typedef struct { int64_t window; uint64_t count; } counter;

static hr_time ask(void *state, const sim_limit_def *l, hr_time now)
{
    counter *c = state;
    int64_t window = now / l->window;
    if (window > c->window)                    // a clock that goes back stays in the newer window
        *c = (counter){window, 0};
    if (c->count >= l->quota)
        return SIM_DENY;
    c->count++;
    return 0;
}

const sim_limiter sim_limiter_fixed_window = {.name = "fixed-window", .summary = "a quota in each window of the clock, such as each second",
    .uses = SIM_LIMIT_RATE | SIM_LIMIT_WINDOW, .needs = SIM_LIMIT_RATE, .state_size = sizeof(counter), .ask = ask};
