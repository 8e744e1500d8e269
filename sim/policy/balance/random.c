// sim/policy/balance/random.c - any replica, with a chance by its weight, as nginx' `random`. Needs no memory, makes uneven queues.
#include "sim/policy/balance/draw.h"

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    (void)state;
    return sim_draw_peer(eligible, 0, NULL, 0);
}

const sim_balancer sim_balancer_random = {.name = "random", .summary = "any replica, with a chance by its weight",
    .real = "random;", .uses = SIM_USES_WEIGHTS | SIM_USES_CHANCE, .pick = pick};
