// sim/core/level.h - a number that changes in time (busy workers, waiting calls) and its exact time-weighted average.
#ifndef SIM_LEVEL_H
#define SIM_LEVEL_H

#include "sim/core/calls.h"

// An area can be longer than 64 bits: a million calls for a year are 3e22 ns.
__extension__ typedef __int128 sim_area __attribute__((aligned(8)));

// The area up to `now` is level × now - changes, for every step up at time t takes `level` × time away before t: only two numbers
// change with the level, and the area is exact.
typedef struct {
    uint32_t level;
    hr_time  from;                             // time of the reset
    sim_area changes;                          // sum of t over all steps up, less that over all steps down
    sim_area reset, sampled;                   // the area at the reset and at the last sample of the grid
} sim_level;

static inline void sim_level_up(const sim_world *w, sim_level *l)
{
    l->level++;
    l->changes += (uint64_t)w->now;            // never negative; the compiler need not extend its sign
}
static inline void sim_level_down(const sim_world *w, sim_level *l)
{
    l->level--;
    l->changes -= (uint64_t)w->now;
}
// Level × nanoseconds since time zero.
static inline sim_area sim_level_area(const sim_world *w, const sim_level *l)
{
    return (sim_area)l->level * w->now - l->changes;
}
static inline void sim_level_reset(const sim_world *w, sim_level *l)
{
    l->from = w->now;
    l->reset = l->sampled = sim_level_area(w, l);
}
// Average since the reset; the level itself when no time has passed.
static inline double sim_level_average(const sim_world *w, const sim_level *l)
{
    double span = (double)(w->now - l->from);
    return span > 0 ? (double)(sim_level_area(w, l) - l->reset) / span : l->level;
}
// Average since the last sample, `step` ago.
static inline double sim_level_sample(const sim_world *w, sim_level *l, hr_time step)
{
    sim_area area = sim_level_area(w, l), since = area - l->sampled;
    l->sampled = area;
    return (double)since / (double)step;
}

// A first-in first-out queue of calls, linked by sim_call.next, with its length as a level.
typedef struct { sim_ref head, tail; sim_level length; } sim_fifo;

static inline void sim_fifo_push(sim_world *w, sim_fifo *q, sim_ref call)
{
    sim_call_at(w, call)->next = 0;
    if (q->tail)
        sim_call_at(w, q->tail)->next = call;
    else
        q->head = call;
    q->tail = call;
    sim_level_up(w, &q->length);
}
// The oldest call, or 0.
static inline sim_ref sim_fifo_pop(sim_world *w, sim_fifo *q)
{
    sim_ref call = q->head;
    if (call) {
        q->head = sim_call_at(w, call)->next;
        if (!q->head)
            q->tail = 0;
        sim_level_down(w, &q->length);
    }
    return call;
}

// Takes a call that waits there out of the middle: looks for it from the oldest on.
static inline void sim_fifo_leave(sim_world *w, sim_fifo *q, sim_ref call)
{
    sim_ref before = 0;
    for (sim_ref at = q->head; at != call; at = sim_call_at(w, at)->next) {
        SIM_ASSERT(w, at);
        before = at;
    }
    *(before ? &sim_call_at(w, before)->next : &q->head) = sim_call_at(w, call)->next;
    if (q->tail == call)
        q->tail = before;
    sim_level_down(w, &q->length);
}

#endif
