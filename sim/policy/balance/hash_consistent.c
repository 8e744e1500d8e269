// sim/policy/balance/hash_consistent.c - nginx' `hash KEY consistent`: the next point on the ring. A server that goes leaves its keys to many.
#include "sim/policy/balance/hash_walk.h"
#include "sim/policy/balance/ring.h"

static void prepare(sim_world *w, sim_upstream *u) { *SIM_AT(w, sim_ring, u->state) = sim_ring_make(w, u); }

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    const sim_ring *ring = state;
    sim_balanced *call = eligible->call;
    if (call->rehash++ == 0 && call->key_bytes)
        call->hash = sim_ring_find(eligible->world, ring, call->key, call->key_bytes);
    for (; call->steps <= SIM_HASH_STEPS && call->key_bytes; call->steps++, call->hash++) {
        uint32_t slot = sim_ring_slot(eligible->world, ring, call->hash);
        sim_peer *p = &eligible->peer[slot];
        if (p->out)
            continue;
        if (p->effective < (int32_t)p->weight)
            p->effective++;
        return slot;
    }
    return sim_balance_rotate(eligible);
}

const sim_balancer sim_balancer_hash_consistent = {.name = "hash-consistent", .summary = "the next of 160 points per weight on a ring (ketama)",
    .real = "hash $arg_key consistent;", .uses = SIM_USES_WEIGHTS | SIM_USES_KEY | SIM_USES_NAMES, .state_size = sizeof(sim_ring), .pick = pick,
    .prepare = prepare};
