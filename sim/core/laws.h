// sim/core/laws.h - bookkeeping that holds in every run, always on: Little's law, conservation of calls, work within the capacity.
// * Each law compares two counts that are kept apart: a level that goes up and down against the calls' own times, what a component says
//   of its calls against what was handed to it. Exact, in whole nanoseconds and calls; including those still inside.
// * Counts here run from time zero and are never reset; sums of times wrap around at 2^64, on both sides alike.
// * A law that does not hold is a bug of ours: the run aborts and prints the law, both numbers, the scenario, the seed and all books.
#ifndef SIM_LAWS_H
#define SIM_LAWS_H

#include <stdio.h>

#include "sim/core/level.h"

// How long calls stay, by their own times: the sum of the times at which they came, and of those at which they left. Those inside add the present time.
typedef struct { uint64_t came, left; } sim_stay;
static inline void sim_stay_begin(sim_stay *s, hr_time arrived) { s->came += (uint64_t)arrived; }
static inline void sim_stay_end(const sim_world *w, sim_stay *s) { s->left += (uint64_t)w->now; }

typedef struct { const char *name; const sim_level *level; uint64_t most; } sim_account_level;

typedef struct sim_account {
    uint64_t refused, left;                    // turned away at the door; answered after they had been in
    uint64_t inside;                           // calls that it works on or that wait, by its own queues and counters
    bool     knows_sent;                       // it keeps the next four, on calls that it makes itself
    uint64_t sent, unsent;                     // handed on; made, but not yet handed on
    uint64_t waiting, given_up;                // made, and it waits for the answer; or does not wait for it any more
    uint64_t taken, gone, held;                // messages that it keeps apart from calls: taken in, gone, still there
    const sim_stay *stay;                      // NULL: it has no time of its own
    sim_account_level level[3];                // the first `staying` ones add up to the calls of `stay`; most 0: no limit
    uint32_t levels, staying;
} sim_account;

// Checks every component's books against each other and against the links between components.
void sim_laws_check(const sim_world *w);
// Everything that is counted, for the message of a broken invariant.
void sim_world_dump(const sim_world *w, FILE *out);

#endif
