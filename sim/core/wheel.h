// sim/core/wheel.h - the far part of the pending events: sorted by digits of their time, never compared with each other.
// * Holds only events after `edge`. Times are read as numbers with 6-bit digits; an event lies at the level of the highest digit in
//   which it differs from the edge, in the slot of that digit. So the earliest events are in the first used slot of the lowest used level.
// * A slot is a chain of chunks in order of scheduling: equal times are always in the same slot and stay in that order.
// * When the edge moves into a slot, its events move to lower levels: each moves at most once a level, however times are distributed.
#ifndef SIM_WHEEL_H
#define SIM_WHEEL_H

#include "sim/core/world.h"

// Adds an event with at > edge.
void sim_wheel_add(sim_world *w, const sim_event *event);
// Moves the edge back to `edge`, which is before the present one. Events between the two are the caller's to add.
void sim_wheel_lower(sim_world *w, hr_time edge);
// Moves the edge on, so that it passes the earliest events, as many as a slot holds but about `most`, or all that are at one time; puts
// them, not sorted, into `into`, which is called with each. The wheel must not be empty.
void sim_wheel_advance(sim_world *w, uint32_t most, void (*into)(sim_world *w, const sim_event *event));
// Aborts when an event lies in a wrong slot or the counts are wrong.
void sim_wheel_check(const sim_world *w);

#endif
