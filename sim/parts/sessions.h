// sim/parts/sessions.h - whose call it is: balancers that send a user to the same replica again, and replicas that remember a user.
// * A user is a user of a closed loop, a session, or else everyone who asks for the same key.
// * The cookie of a balancer names a replica and does not go along when another one takes its slot.
// * A user's state is in the memory of one replica: that where he was last. It is lost when he comes to another, or when the replica ends.
#ifndef SIM_SESSIONS_H
#define SIM_SESSIONS_H

#include "sim/core/table.h"

typedef struct { uint64_t looks, lost; } sim_session_counts;       // since the reset: calls that had a replica or state; that found it gone

// Cookies of a balancer for `count` replicas, each good for `expires` from when it is set.
sim_ref sim_sticky_make(sim_world *w, hr_time expires, uint32_t count);
// Chooses the replica in `upstream` that the call's cookie names; SIM_NO_PEER: it has none, or that one may not be chosen.
uint32_t sim_sticky_choose(sim_world *w, sim_ref sticky, const sim_call *call, sim_ref upstream);
// The call goes to that replica, which the policy has chosen: the user gets a cookie.
void    sim_sticky_set(sim_world *w, sim_ref sticky, const sim_call *call, uint32_t slot);
// A new replica is in the slot.
void    sim_sticky_renew(sim_world *w, sim_ref sticky, uint32_t slot);
sim_session_counts *sim_sticky_counts(const sim_world *w, sim_ref sticky);

// Whether the state of the call's user is in the memory of the call's replica of service `id`, or he has none. He has it there from now on, for `timeout`
// after this.
bool    sim_session_is_here(sim_world *w, sim_component_id id, const sim_call *call, hr_time timeout);

#endif
