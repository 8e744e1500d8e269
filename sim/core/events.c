// sim/core/events.c - the pending events: a short sorted array in front, a wheel (wheel.h) behind it.
// * The front holds all events up to `edge`, the wheel all later ones. Few events never leave the front: its edge is then HR_FOREVER.
// * When the front would become long it gives its later part to the wheel; when it is empty the wheel hands over its earliest slot.
//   So the structure follows the number of pending events by itself, up and down.
// * The event that was scheduled last stands aside until the next one comes or an event is taken. Often it is itself the earliest; if not, it
//   is sorted in then, when its time has long been computed: a processor that guesses wrong which event is next finds that out sooner.
// * Equal times run in order of scheduling: a new event goes behind all that are not later, in the front as in its slot of the wheel,
//   and equal times are always on the same side of the edge. No number of order is compared; sim_events_check does that.
#include "sim/core/wheel.h"

#include <stdlib.h>
#include <string.h>

enum { FRONT_ROOM = 256, FRONT_WANTED = 8 };   // measured best with `bench`, hold-10 to hold-1000000

// There is room behind the last event: the front slides back to its start, or grows.
static HR_APART void make_room(sim_world *w)
{
    sim_events *q = &w->events;
    uint32_t count = sim_front_count(w), room = (q->front_end - q->front) / SIM_EVENT_UNITS;
    sim_ref front = q->front;
    if (q->first - q->front <= (q->front_end - q->front) / 2) {
        uint32_t longer = room ? room * 2 : FRONT_ROOM;
        front = sim_take(w, longer * sizeof(sim_event));
        q->front_end = front + longer * SIM_EVENT_UNITS;
    }
    memmove(SIM_AT(w, sim_event, front), SIM_AT(w, const sim_event, q->first), count * sizeof(sim_event));
    if (front != q->front)
        sim_give(w, q->front, room * sizeof(sim_event));
    q->front = q->first = front;
    q->end = front + count * SIM_EVENT_UNITS;
}

static void insert(sim_world *w, const sim_event *event)
{
    if (w->events.end == w->events.front_end)
        make_room(w);
    sim_front_insert(w, event->at, event->whom, event->which);
}

// The front is long and an event at `at` comes in: its later half goes to the wheel. Equal times stay together, on either side;
// when all are equal nothing is gained, and nothing is lost either, for the next such event goes to the end.
static void shorten(sim_world *w, hr_time at)
{
    sim_events *q = &w->events;
    const sim_event *first = SIM_AT(w, const sim_event, q->first);
    uint32_t count = sim_front_count(w), kept = count;
    hr_time low = hr_min_time(first->at, at), high = hr_max_time(first[count - 1].at, at);
    if (low == high)
        return;
    hr_time edge = hr_min_time(first[count / 2].at, high - 1);
    while ((edge | (edge + 1)) < high)         // as round as possible: slots behind a round edge are wide
        edge |= edge + 1;
    sim_wheel_lower(w, edge);
    while (kept > 0 && first[kept - 1].at > edge)
        kept--;
    q->end = q->first + kept * SIM_EVENT_UNITS;
    for (uint32_t i = kept; i < count; i++)
        sim_wheel_add(w, first + i);
}

HR_APART void sim_schedule_far(sim_world *w, hr_time at, uint64_t whom, uint64_t which)
{
    const sim_events *q = &w->events;
    const sim_event event = {.at = at, .whom = whom, .which = which};
    if (at <= q->edge && sim_front_count(w) >= SIM_FRONT_MOST)
        shorten(w, at);
    if (at <= q->edge)
        insert(w, &event);
    else
        sim_wheel_add(w, &event);
}

// The wheel hands over its earliest slot. An empty wheel is no longer needed.
HR_APART void sim_front_refill(sim_world *w)
{
    sim_events *q = &w->events;
    q->first = q->end = q->front;
    if (q->far)
        sim_wheel_advance(w, FRONT_WANTED, insert);
    if (!q->far)
        q->edge = HR_FOREVER;
}

void sim_events_move(sim_world *w, hr_time (*to)(const sim_world *w, const sim_event *event, const void *self), const void *self)
{
    uint32_t count = sim_events_count(w), kept = 0, gone = 0;
    sim_event *all = hr_alloc(count * sizeof *all + 1), *moved = hr_alloc(count * sizeof *moved + 1), event;
    while (sim_events_pop(w, &event)) {
        hr_time at = to(w, &event, self);
        bool stays = at == event.at;
        event.at = at;
        sim_event_copy(stays ? &all[kept++] : &moved[gone++], &event);
    }
    for (uint32_t i = 0; i < kept; i++)
        sim_schedule_far(w, all[i].at, all[i].whom, all[i].which);
    for (uint32_t i = 0; i < gone; i++)
        sim_schedule(w, moved[i].at, moved[i].component, moved[i].what, moved[i].subject, moved[i].generation);
    free(all);
    free(moved);
}

void sim_events_check(const sim_world *w)
{
    const sim_events *q = &w->events;
    const sim_event *first = SIM_AT(w, const sim_event, q->first);
    uint32_t count = sim_front_count(w);
    for (uint32_t i = 0; i + 1 < count; i++) {
        SIM_ASSERT(w, first[i].at <= first[i + 1].at);
        // Only debug builds number them.
        SIM_CHECK(w, first[i].at < first[i + 1].at || (int32_t)(first[i + 1].order - first[i].order) > 0);
    }
    SIM_ASSERT(w, q->front <= q->first && q->end <= q->front_end && (q->end - q->first) % SIM_EVENT_UNITS == 0);
    SIM_ASSERT(w, count == 0 || first[count - 1].at <= q->edge);
    SIM_ASSERT(w, count > 0 || q->far == 0);
    SIM_ASSERT(w, w->on_wall_clock || w->is_full || sim_events_next(w) >= w->now);
    sim_wheel_check(w);
}
