// sim/policy/balance/random.c - any eligible replica with equal chance, as nginx's `random`. Needs no memory, makes uneven queues.
#include "sim/policy/balance/balance.h"

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    (void)state;
    return (uint32_t)((eligible->random.word[0] >> 32) * eligible->count >> 32);
}

const sim_balancer sim_balancer_random = {.name = "random", .summary = "any replica with equal chance",
    .real = "random;", .pick = pick};
