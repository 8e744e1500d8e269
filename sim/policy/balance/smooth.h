// sim/policy/balance/smooth.h - nginx' smooth weighted round robin among the least busy of many alike replicas, without looking at all of them.
// * nginx adds every replica's weight to its running sum, takes the largest sum and subtracts the total from it. With equal weights all
//   of one level (of load; round robin has one level only) move on by the same amount, so one number a level, `turns`, does for all:
//   a replica keeps its sum less the turns of its level, and who is next within a level depends on these alone.
// * Round robin and least-conn use it where weights are equal and failures do not lower them; the plain rule is beside it in their
//   files, and unit.balance compares the two.
#ifndef SIM_SMOOTH_H
#define SIM_SMOOTH_H

#include "sim/policy/balance/least.h"
#include "sim/policy/balance/upstream.h"

typedef struct {
    sim_least least;                           // key: level, then the largest sum
    sim_ref   levels;                          // sim_smooth_level[room]
    uint32_t  room;                            // 0: there is no index, the plain rule chooses
} sim_smooth;

void     sim_smooth_make(sim_world *w, const sim_upstream *u, sim_smooth *s);
// The replica takes part at this level, unless it is out.
void     sim_smooth_set(sim_world *w, const sim_upstream *u, sim_smooth *s, uint32_t slot, uint32_t level);
// Of the lowest level the one whose turn it is. The caller sets it again, as every choice does.
uint32_t sim_smooth_pick(sim_world *w, const sim_upstream *u, const sim_smooth *s);
void     sim_smooth_check(const sim_world *w, const sim_upstream *u, const sim_smooth *s);
// Whether an upstream is so that this gives the choices of the plain rule.
static inline bool sim_smooth_suits(const sim_upstream *u) { return u->alike && !u->max_fails; }

#endif
