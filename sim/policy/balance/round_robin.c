// sim/policy/balance/round_robin.c - each eligible replica in turn. Blind to load: a slow replica gets as much as a fast one.
#include "sim/policy/balance/balance.h"

typedef struct { uint32_t next; } round_robin;

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    round_robin *rr = state;
    return rr->next++ % eligible->count;
}

const sim_balancer sim_balancer_round_robin = {.name = "round-robin", .summary = "each replica in turn",
    .real = "", .state_size = sizeof(round_robin), .pick = pick};
