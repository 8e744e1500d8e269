// sim/core/level.h - a number that changes in time (busy workers, waiting calls) and its exact time-weighted average.
#ifndef SIM_LEVEL_H
#define SIM_LEVEL_H

#include "sim/core/world.h"

typedef struct {
    uint32_t level, peak;
    hr_time  since;                            // when `area` was last brought up to date
    double   area;                             // integral of the level over time since the reset, in level × nanoseconds
    double   sampled;                          // `area` at the last sample of the grid
    hr_time  from;                             // time of the reset
} sim_level;

static inline void sim_level_set(const sim_world *w, sim_level *l, uint32_t level)
{
    l->area += (double)l->level * (double)(w->now - l->since);
    l->since = w->now;
    l->level = level;
    if (level > l->peak)
        l->peak = level;
}
static inline void sim_level_up(const sim_world *w, sim_level *l) { sim_level_set(w, l, l->level + 1); }
static inline void sim_level_down(const sim_world *w, sim_level *l) { sim_level_set(w, l, l->level - 1); }

static inline void sim_level_reset(const sim_world *w, sim_level *l)
{
    *l = (sim_level){.level = l->level, .peak = l->level, .since = w->now, .from = w->now};
}
// Average since the reset; the level itself when no time has passed.
static inline double sim_level_average(const sim_world *w, const sim_level *l)
{
    double area = l->area + (double)l->level * (double)(w->now - l->since), span = (double)(w->now - l->from);
    return span > 0 ? area / span : l->level;
}
// Average since the last sample, `step` ago.
static inline double sim_level_sample(const sim_world *w, sim_level *l, hr_time step)
{
    sim_level_set(w, l, l->level);
    double area = l->area - l->sampled;
    l->sampled = l->area;
    return area / (double)step;
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

#endif
