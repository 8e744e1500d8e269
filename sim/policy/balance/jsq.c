// sim/policy/balance/jsq.c - join the shortest queue: the fewest calls out, equals by chance. The rule of queueing theory, blind to weights.
#include "sim/policy/balance/least.h"
#include "sim/policy/balance/upstream.h"

static void prepare(sim_world *w, sim_upstream *u) { *SIM_AT(w, sim_least, u->state) = sim_least_make(w, u->peer_count); }

static void changed(sim_world *w, sim_upstream *u, uint32_t slot)
{
    const sim_peer *p = SIM_AT(w, const sim_peer, u->peers) + slot;
    sim_least_set(w, SIM_AT(w, const sim_least, u->state), slot, p->out ? SIM_LEAST_NONE : p->load);
}

static void check(const sim_world *w, const sim_upstream *u) { sim_least_check(w, SIM_AT(w, const sim_least, u->state)); }

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    const sim_least *l = state;
    sim_least_node least = sim_least_root(eligible->world, l);
    return sim_least_nth(eligible->world, l, least.key, sim_balance_below(eligible, 0, least.ties));
}

const sim_balancer sim_balancer_jsq = {.name = "jsq", .summary = "join the shortest queue: the fewest calls out, equals by chance",
    .uses = SIM_USES_CHANCE, .state_size = sizeof(sim_least), .pick = pick, .prepare = prepare, .changed = changed, .check = check};
