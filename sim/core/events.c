// sim/core/events.c - the pending events: a short sorted array in front, a wheel (wheel.h) behind it.
// * The front holds all events up to `edge`, the wheel all later ones. Few events never leave the front: its edge is then HR_FOREVER.
// * When the front would become long it gives its later part to the wheel; when it is empty the wheel hands over its earliest slot.
//   So the structure follows the number of pending events by itself, up and down.
// * Equal times run in order of scheduling: a new event goes behind all that are not later, in the front as in its slot of the wheel,
//   and equal times are always on the same side of the edge. No number of order is compared; sim_events_check does that.
#include "sim/core/wheel.h"

#include <string.h>

enum { FRONT_ROOM = 256, FRONT_MOST = 32, FRONT_WANTED = 8 };     // measured best with `bench`, hold-10 to hold-1000000

// There is room behind the last event: the front slides back to its start, or grows.
static HR_APART void make_room(sim_world *w)
{
    sim_events *q = &w->events;
    uint32_t count = q->end - q->first;
    if (q->first > q->room / 2) {
        sim_event *front = SIM_AT(w, sim_event, q->front);
        memmove(front, front + q->first, count * sizeof *front);
    } else {
        uint32_t room = q->room ? q->room * 2 : FRONT_ROOM;
        sim_ref longer = sim_take(w, room * sizeof(sim_event));
        if (count)
            memcpy(SIM_AT(w, sim_event, longer), SIM_AT(w, sim_event, q->front) + q->first, count * sizeof(sim_event));
        sim_give(w, q->front, q->room * sizeof(sim_event));
        q->front = longer;
        q->room = room;
    }
    q->first = 0;
    q->end = count;
}

// A place in the front for an event at `at`, behind all that are not later.
static inline sim_event *place_for(sim_world *w, hr_time at)
{
    sim_events *q = &w->events;
    if (q->end == q->room)
        make_room(w);
    sim_event *front = SIM_AT(w, sim_event, q->front), *first = front + q->first, *place = front + q->end++;
    for (; place > first && at < place[-1].at; place--)
        sim_event_copy(place, place - 1);
    return place;
}

static void insert(sim_world *w, const sim_event *event) { sim_event_copy(place_for(w, event->at), event); }

// The front is long and an event at `at` comes in: its later half goes to the wheel. Equal times stay together, on either side;
// when all are equal nothing is gained, and nothing is lost either, for the next such event goes to the end.
static void shorten(sim_world *w, hr_time at)
{
    sim_events *q = &w->events;
    const sim_event *front = SIM_AT(w, const sim_event, q->front);
    hr_time low = hr_min_time(front[q->first].at, at), high = hr_max_time(front[q->end - 1].at, at);
    if (low == high)
        return;
    hr_time edge = hr_min_time(front[q->first + (q->end - q->first) / 2].at, high - 1);
    while ((edge | (edge + 1)) < high)         // as round as possible: slots behind a round edge are wide
        edge |= edge + 1;
    sim_wheel_lower(w, edge);
    uint32_t end = q->end;
    while (q->end > q->first && front[q->end - 1].at > edge)
        q->end--;
    for (uint32_t i = q->end; i < end; i++)
        sim_wheel_add(w, SIM_AT(w, const sim_event, q->front) + i);
}

static HR_APART void push_far(sim_world *w, const sim_event *event)
{
    sim_events *q = &w->events;
    if (event->at <= q->edge)
        shorten(w, event->at);
    if (event->at <= q->edge)
        insert(w, event);
    else
        sim_wheel_add(w, event);
}

void sim_schedule(sim_world *w, hr_time at, sim_component_id component, uint16_t what, sim_ref subject, uint32_t generation)
{
    SIM_CHECK(w, w->on_wall_clock || at >= w->now);
    sim_events *q = &w->events;
    uint64_t whom = (uint64_t)generation << 32 | subject, which = (uint64_t)w->order++ << 32 | (uint32_t)what << 16 | component;
    if (at > q->edge || q->end - q->first >= FRONT_MOST) {
        push_far(w, &(sim_event){.at = at, .whom = whom, .which = which});
        return;
    }
    sim_event *event = place_for(w, at);
    event->at = at;
    event->whom = whom;
    event->which = which;
}

// The front is empty: the wheel hands over its earliest slot. An empty wheel is no longer needed.
static HR_APART void refill(sim_world *w)
{
    sim_events *q = &w->events;
    q->first = q->end = 0;
    if (q->far)
        sim_wheel_advance(w, FRONT_WANTED, insert);
    if (!q->far)
        q->edge = HR_FOREVER;
}

bool sim_events_pop_until(sim_world *w, hr_time until, sim_event *event)
{
    sim_events *q = &w->events;
    const sim_event *next = SIM_AT(w, const sim_event, q->front) + q->first;
    if (q->first == q->end || next->at > until)
        return false;
    sim_event_copy(event, next);
    if (++q->first == q->end)
        refill(w);
    return true;
}

bool sim_events_pop(sim_world *w, sim_event *event) { return sim_events_pop_until(w, HR_FOREVER, event); }

void sim_events_check(const sim_world *w)
{
    const sim_events *q = &w->events;
    const sim_event *front = SIM_AT(w, const sim_event, q->front);
    for (uint32_t i = q->first; i + 1 < q->end; i++) {
        SIM_ASSERT(w, front[i].at <= front[i + 1].at);
        // Only in debug builds: in the length of a release run the numbers of order may go round.
        SIM_CHECK(w, front[i].at < front[i + 1].at || (int32_t)(front[i + 1].order - front[i].order) > 0);
    }
    SIM_ASSERT(w, q->first == q->end || front[q->end - 1].at <= q->edge);
    SIM_ASSERT(w, q->first < q->end || q->far == 0);
    SIM_ASSERT(w, w->on_wall_clock || w->is_full || q->first == q->end || front[q->first].at >= w->now);
    sim_wheel_check(w);
}
