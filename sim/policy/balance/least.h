// sim/policy/balance/least.h - the least of many numbers that change one at a time: a tournament among the replicas, kept in the world.
// * A node holds the less of its two children and how many leaves have it: a change walks one path to the root, 14 steps for
//   10 000 replicas, and stops where nothing changes any more. Reading the least is free.
// * Which of several equal ones is asked for by their order of slots, so that the choice is the same as that of a plain scan.
#ifndef SIM_LEAST_H
#define SIM_LEAST_H

#include "sim/core/world.h"

#define SIM_LEAST_NONE UINT64_MAX              // the key of a slot that takes no part

typedef struct { uint64_t key; uint32_t ties, unused; } sim_least_node;
typedef struct { sim_ref nodes; uint32_t leaves; } sim_least;      // sim_least_node[2 * leaves], the root is 1; leaves: a power of two

// Of `count` slots, none of which takes part yet.
sim_least sim_least_make(sim_world *w, uint32_t count);
void      sim_least_set(sim_world *w, const sim_least *l, uint32_t slot, uint64_t key);
// The least key and how many have it; SIM_LEAST_NONE: nobody takes part.
static inline sim_least_node sim_least_root(const sim_world *w, const sim_least *l) { return SIM_AT(w, const sim_least_node, l->nodes)[1]; }
// The slot of the n-th of those with the least key, counted from 0 in order of slots.
uint32_t  sim_least_nth(const sim_world *w, const sim_least *l, uint32_t n);

#endif
