// sim/policy/balance/draw.h - drawing replicas by their weights, for the policies that leave it to chance.
#ifndef SIM_DRAW_PEER_H
#define SIM_DRAW_PEER_H

#include "sim/policy/balance/upstream.h"

// The i-th draw of a choice, different from the `count` slots drawn before it (fewer than may be chosen): each other replica with a
// chance by its weight.
uint32_t sim_draw_peer(const sim_candidates *c, uint32_t i, const uint32_t *drawn, uint32_t count);

#endif
