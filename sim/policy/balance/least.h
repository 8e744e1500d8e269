// sim/policy/balance/least.h - the least of many numbers that change one at a time: a tournament among the replicas, kept in the world.
// * A node holds the least of its children, SIM_LEAST_WIDTH slots or nodes that lie side by side, and how many slots have it. A change walks up from
//   its slot and stops where nothing changes any more; the children are looked through only where the one with the least has gone.
// * The uppermost nodes are looked through by each choice: what has no more slots than a node has children keeps nothing but their numbers.
// * Which of several equal ones is asked for by their order of slots, so that the choice is the same as that of a plain scan.
#ifndef SIM_LEAST_H
#define SIM_LEAST_H

#include "sim/core/world.h"

#define SIM_LEAST_NONE UINT64_MAX              // the key of a slot that takes no part

enum { SIM_LEAST_WIDTH = 16 };                 // measured best with `bench`, jsq10 and balance-10000-…
enum { SIM_LEAST_LEVELS = 4 };                 // at most: those above the slots would have 16^4 of them

typedef struct { uint64_t key; uint32_t ties, unused; } sim_least_node;
typedef struct { uint64_t key; uint32_t slot, unused; } sim_least_one;
typedef struct {
    sim_ref  nodes;                            // sim_least_node[]: the slots, then the nodes above them, level by level, and one that takes no part
    uint32_t levels;                           // the slots' one included
    uint32_t first[SIM_LEAST_LEVELS + 1];      // where each level begins; behind the last one
} sim_least;

// Of `count` slots, none of which takes part yet.
sim_least sim_least_make(sim_world *w, uint32_t count);
static inline uint64_t sim_least_key(const sim_world *w, const sim_least *l, uint32_t slot)
{
    return SIM_AT(w, const sim_least_node, l->nodes)[slot].key;
}
// The key of a slot that had another one has changed: the nodes above are to be set right.
void      sim_least_climb(const sim_world *w, const sim_least *l, uint32_t slot, uint64_t before);
static inline void sim_least_set(const sim_world *w, const sim_least *l, uint32_t slot, uint64_t key)
{
    sim_least_node *node = SIM_AT(w, sim_least_node, l->nodes) + slot;
    uint64_t before = node->key;
    node->key = key;
    if (l->levels > 1)
        sim_least_climb(w, l, slot, before);
}
// The least key and how many have it; SIM_LEAST_NONE: nobody takes part.
sim_least_node sim_least_root(const sim_world *w, const sim_least *l);
// The slot of the n-th of those with the least key, which is `key`, counted from 0 in order of slots.
uint32_t  sim_least_nth(const sim_world *w, const sim_least *l, uint64_t key, uint32_t n);
// The first of those with the least key, and that key; somebody takes part.
sim_least_one sim_least_first(const sim_world *w, const sim_least *l);
// Every node tells what its children have.
void      sim_least_check(const sim_world *w, const sim_least *l);

#endif
