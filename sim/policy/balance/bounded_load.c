// sim/policy/balance/bounded_load.c - consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018): along the ring past who is full.
// Full is who has ceil(factor × its share of the calls, this one included): so no replica ever exceeds the mean by more than the factor.
#include "sim/policy/balance/ring.h"

#include <math.h>

static void prepare(sim_world *w, sim_upstream *u) { *SIM_AT(w, sim_ring, u->state) = sim_ring_make(w, u); }

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    const sim_ring *ring = state;
    const sim_upstream *u = eligible->upstream;
    const double share = eligible->parameter[0] * (double)(u->in_flight + 1) / u->eligible_weight;
    uint32_t start = sim_ring_find(eligible->world, ring, eligible->call->key, eligible->call->key_bytes), nearest = SIM_NO_PEER;
    for (uint32_t i = 0; i < ring->count; i++) {
        uint32_t slot = sim_ring_slot(eligible->world, ring, start + i);
        const sim_peer *p = &eligible->peer[slot];
        if (p->out)
            continue;
        if (p->load < ceil(share * p->weight))
            return slot;
        if (nearest == SIM_NO_PEER)
            nearest = slot;
    }
    // Only old reports of loads can make everybody seem full; a server without a point of its own is reached by nobody's key.
    return nearest == SIM_NO_PEER ? eligible->slot[0] : nearest;
}

const sim_balancer sim_balancer_bounded_load = {.name = "bounded-load", .summary = "the next on the ring that has room: at most factor × the mean load",
    .uses = SIM_USES_WEIGHTS | SIM_USES_KEY | SIM_USES_NAMES,
    .parameter = {{"factor", "", "most load of a replica, in means", 1.25, 1, 1000, false}}, .state_size = sizeof(sim_ring), .pick = pick,
    .prepare = prepare};
