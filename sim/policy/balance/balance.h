// sim/policy/balance/balance.h - how a balancer chooses a replica: the contract and the list of rows.
// * The engine filters once: `pick` sees only replicas that are ready and below their limits, at least one.
// * A policy never allocates: `state_size` zeroed bytes are lent; zero is a valid start.
// * To add one: a file NAME.c with `const sim_balancer sim_balancer_NAME`, and a row in balance.def. Nothing else.
#ifndef SIM_BALANCE_H
#define SIM_BALANCE_H

#include "sim/core/random.h"

typedef struct {
    const uint16_t *slot;                      // eligible replicas, in order of their slots
    uint32_t        count;                     // at least 1
    const uint32_t *in_flight;                 // by slot: calls that this balancer has out there
    sim_draw        random;                    // two random words for this choice
} sim_candidates;

typedef struct {
    const char *name, *summary;                // scenario word; one line for `headroom list`
    const char *real;                          // nginx's directive in an upstream block; "" is its default, NULL: it has none
    size_t      state_size;                    // zeroed bytes lent from the world
    uint32_t  (*pick)(void *state, const sim_candidates *eligible);   // an index below eligible->count
} sim_balancer;

#define SIM_BALANCER(name) extern const sim_balancer sim_balancer_##name;
#include "sim/policy/balance/balance.def"
#undef SIM_BALANCER

extern const sim_balancer *const sim_balancers[];                     // ends with NULL
// The row number of a policy, or -1.
int sim_balancer_find(const char *name);

#endif
