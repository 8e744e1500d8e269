// sim/core/events.c - the pending events as a 4-ary heap ordered by (time, order of scheduling).
// A 4-ary heap has half the levels of a binary one and its four children share two cache lines.
#include "sim/core/world.h"

static inline bool before(const sim_event *a, const sim_event *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void sim_events_push(sim_world *w, const sim_event *event)
{
    sim_events *q = &w->events;
    if (q->count == q->room) {
        uint32_t room = q->room ? q->room * 2 : 64;
        q->heap = sim_grow(w, q->heap, q->room * sizeof(sim_event), room * sizeof(sim_event));
        q->room = room;
    }
    sim_event *heap = SIM_AT(w, sim_event, q->heap);
    uint32_t hole = q->count++;
    while (hole > 0) {
        uint32_t up = (hole - 1) >> 2;
        if (!before(event, &heap[up]))
            break;
        heap[hole] = heap[up];
        hole = up;
    }
    heap[hole] = *event;
    if (q->count > q->peak)
        q->peak = q->count;
}

bool sim_events_pop(sim_world *w, sim_event *event)
{
    sim_events *q = &w->events;
    if (q->count == 0)
        return false;
    sim_event *heap = SIM_AT(w, sim_event, q->heap);
    *event = heap[0];
    uint32_t count = --q->count;
    if (count == 0)
        return true;
    const sim_event last = heap[count];
    uint32_t hole = 0;
    for (;;) {
        uint32_t child = hole * 4 + 1;
        if (child >= count)
            break;
        uint32_t end = child + 4 < count ? child + 4 : count, least = child;
        for (uint32_t c = child + 1; c < end; c++)
            if (before(&heap[c], &heap[least]))
                least = c;
        if (!before(&heap[least], &last))
            break;
        heap[hole] = heap[least];
        hole = least;
    }
    heap[hole] = last;
    return true;
}

void sim_schedule(sim_world *w, hr_time at, sim_component_id component, uint16_t what, sim_ref subject, uint32_t generation)
{
    SIM_CHECK(w, w->on_wall_clock || at >= w->now);
    sim_event event = {.at = at, .order = w->order++, .subject = subject,
                       .generation = generation, .component = component, .what = what};
    sim_events_push(w, &event);
}

void sim_events_check(const sim_world *w)
{
    const sim_event *heap = SIM_AT(w, const sim_event, w->events.heap);
    for (uint32_t i = 1; i < w->events.count; i++)
        SIM_ASSERT(w, !before(&heap[i], &heap[(i - 1) >> 2]));
    SIM_ASSERT(w, w->on_wall_clock || w->events.count == 0 || heap[0].at >= w->now);
}
