// sim/policy/balance/hash_walk.h - what nginx' hash balancers share: a number points at a server by weight, and twenty steps lead on from one that
// may not be chosen.
#ifndef SIM_HASH_WALK_H
#define SIM_HASH_WALK_H

#include "sim/policy/balance/upstream.h"

enum { SIM_HASH_STEPS = 20 };                  // then round robin

// The server on which `hash` modulo the sum of all weights falls, also when it may not be chosen: so a failure moves no one else.
static inline uint32_t sim_hash_walk(const sim_candidates *c, uint32_t hash)
{
    uint32_t left = hash % c->upstream->total_weight, slot = 0;
    if (c->upstream->alike)
        return left / c->peer[0].weight;
    while (left >= c->peer[slot].weight)
        left -= c->peer[slot++].weight;
    return slot;
}

#endif
