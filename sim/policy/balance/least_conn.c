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

// Calls out for the weight, compared without dividing: negative when a has fewer.
static int compare(const sim_peer *a, const sim_peer *b)
{
    uint64_t x = (uint64_t)a->load * b->weight, y = (uint64_t)b->load * a->weight;
    return (x > y) - (x < y);
}

// nginx' rule: one pass finds the first of the least, a second one takes turns among those that equal it.
static uint32_t scan(const sim_candidates *c)
{
    uint32_t first = 0, ties = 0;
    for (uint32_t i = 1; i < c->count; i++) {
        int order = compare(&c->peer[c->slot[i]], &c->peer[c->slot[first]]);
        if (order < 0)
            first = i;
        ties = order < 0 ? 0 : ties + (order == 0);
    }
    uint32_t best = c->slot[first];
    if (!ties)
        return best;
    const sim_peer least = c->peer[best];
    sim_turn turn = {.best = best};
    for (uint32_t i = first; i < c->count; i++)
        if (compare(&c->peer[c->slot[i]], &least) == 0)
            sim_turn_take_part(&turn, c, c->slot[i]);
    return sim_turn_end(&turn, c);
}

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    return ((const sim_smooth *)state)->room ? sim_smooth_pick(eligible->world, eligible->upstream, state) : scan(eligible);
}

const sim_balancer sim_balancer_least_conn = {.name = "least-conn", .summary = "the fewest calls out for its weight; equals by smooth weighted turns",
    .real = "least_conn;", .uses = SIM_USES_WEIGHTS, .state_size = sizeof(sim_smooth), .pick = pick, .prepare = prepare, .changed = changed, .check = check};
