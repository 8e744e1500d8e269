// sim/policy/balance/round_robin.c - nginx' smooth weighted round robin. Blind to load: a slow replica gets as much as a fast one.
#include "sim/policy/balance/smooth.h"

static void prepare(sim_world *w, sim_upstream *u)
{
    if (sim_smooth_suits(u))
        sim_smooth_make(w, u, SIM_AT(w, sim_smooth, u->state));
}

static void changed(sim_world *w, sim_upstream *u, uint32_t slot)
{
    sim_smooth *s = SIM_AT(w, sim_smooth, u->state);
    if (s->room)
        sim_smooth_set(w, u, s, slot, 0);
}

static void check(const sim_world *w, const sim_upstream *u)
{
    const sim_smooth *s = SIM_AT(w, const sim_smooth, u->state);
    if (s->room)
        sim_smooth_check(w, u, s);
}

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    return ((const sim_smooth *)state)->room ? sim_smooth_pick(eligible->world, eligible->upstream, state) : sim_balance_rotate(eligible);
}

const sim_balancer sim_balancer_round_robin = {.name = "round-robin", .summary = "each replica in turn, by nginx' smooth weights",
    .real = "", .uses = SIM_USES_WEIGHTS, .state_size = sizeof(sim_smooth), .pick = pick, .prepare = prepare, .changed = changed, .check = check};
