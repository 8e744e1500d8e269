// sim/policy/balance/least_conn.c - the fewest calls out for its weight, as nginx' least_conn: of several such the smooth weighted round robin.
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
        sim_smooth_set(w, u, s, slot, SIM_AT(w, const sim_peer, u->peers)[slot].load);
}

static void check(const sim_world *w, const sim_upstream *u)
{
    const sim_smooth *s = SIM_AT(w, const sim_smooth, u->state);
    if (s->room)
        sim_smooth_check(w, u, s);
}

// nginx' rule: one pass finds the first of the least, a second one takes turns among those that equal it. Calls out for the weight are compared
// without dividing.
static uint32_t scan(const sim_candidates *c)
{
    const sim_peer *p = &c->peer[c->slot[0]];
    uint64_t load = p->load, weight = p->weight;
    uint32_t first = 0, ties = 0;
    for (uint32_t i = 1; i < c->count; i++) {
        p = &c->peer[c->slot[i]];
        uint64_t its = p->load * weight, least = load * p->weight;
        ties = its < least ? 0 : ties + (its == least);
        first = its < least ? i : first;
        load = its < least ? p->load : load;
        weight = its < least ? p->weight : weight;
    }
    if (!ties)
        return c->slot[first];
    sim_turn turn = sim_turn_begin();
    for (uint32_t i = first; i < c->count; i++) {
        p = &c->peer[c->slot[i]];
        sim_turn_ask(&turn, c, c->slot[i], p->load * weight == load * p->weight);
    }
    return sim_turn_end(&turn, c);
}

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    return ((const sim_smooth *)state)->room ? sim_smooth_pick(eligible->world, eligible->upstream, state) : scan(eligible);
}

const sim_balancer sim_balancer_least_conn = {.name = "least-conn", .summary = "the fewest calls out for its weight; equals by smooth weighted turns",
    .real = "least_conn;", .uses = SIM_USES_WEIGHTS, .state_size = sizeof(sim_smooth), .pick = pick, .prepare = prepare, .changed = changed, .check = check};
