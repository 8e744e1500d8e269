// sim/parts/shares.h - work that shares a resource equally, as a heap: what is done first stands first.
// * All get the same, so one number, what each has got since some moment, tells how far all are: work that joins when it is s and needs d is
//   done when it is s + d. Joining and ending cost one heap operation, however many share. Equal ends go in order of joining.
// * The number, its speed and the timer belong to the owner: cores in sharing.c, links between regions in pipe.c.
#ifndef SIM_SHARES_H
#define SIM_SHARES_H

#include "sim/core/world.h"

typedef struct { double done_at; sim_ref call; uint32_t order; } sim_share;
typedef struct { sim_ref heap; uint32_t count, room, order; } sim_shares;      // heap: sim_share[room]

void    sim_shares_push(sim_world *w, sim_shares *s, double done_at, sim_ref call);
// The call that is done first, which leaves; there is one.
sim_ref sim_shares_pop(sim_world *w, sim_shares *s);
static inline const sim_share *sim_shares_first(const sim_world *w, const sim_shares *s) { return SIM_AT(w, const sim_share, s->heap); }
void    sim_shares_check(const sim_world *w, const sim_shares *s);

#endif
