// sim/core/events.c - the pending events: a short sorted array in front, a wheel (wheel.h) behind it.
// * The front holds all events up to `edge`, the wheel all later ones. Few events never leave the front: its edge is then HR_FOREVER.
// * When the front would become long it gives its later part to the wheel; when it is empty the wheel hands over its earliest slot.
//   So the structure follows the number of pending events by itself, up and down.
// * Only the front is sorted by (time, order of scheduling), and only there does an event wait for its turn.
#include "sim/core/wheel.h"

#include <string.h>

enum { FRONT_ROOM = 256, FRONT_MOST = 64, FRONT_WANTED = 32 };     // measured best with `bench`, hold-10 to hold-1000000

static inline bool before(const sim_event *a, const sim_event *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

// There is room behind the last event: the front slides back to its start, or grows.
static void make_room(sim_world *w)
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

static void insert(sim_world *w, const sim_event *event)
{
    sim_events *q = &w->events;
    if (q->end == q->room)
        make_room(w);
    sim_event *front = SIM_AT(w, sim_event, q->front);
    uint32_t i = q->end++;
    for (; i > q->first && before(event, &front[i - 1]); i--)
        front[i] = front[i - 1];
    front[i] = *event;
}

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

void sim_events_push(sim_world *w, const sim_event *event)
{
    sim_events *q = &w->events;
    if (q->end - q->first >= FRONT_MOST && event->at <= q->edge)
        shorten(w, event->at);
    if (event->at <= q->edge)
        insert(w, event);
    else
        sim_wheel_add(w, event);
    if (++q->count > q->peak)
        q->peak = q->count;
}

bool sim_events_pop(sim_world *w, sim_event *event)
{
    sim_events *q = &w->events;
    if (!q->count)
        return false;
    *event = SIM_AT(w, const sim_event, q->front)[q->first++];
    q->count--;
    if (q->first == q->end) {
        q->first = q->end = 0;
        if (q->far)
            sim_wheel_advance(w, FRONT_WANTED, insert);
        if (!q->far)
            q->edge = HR_FOREVER;
    }
    return true;
}

void sim_schedule(sim_world *w, hr_time at, sim_component_id component, uint16_t what, sim_ref subject, uint32_t generation)
{
    SIM_CHECK(w, w->on_wall_clock || at >= w->now);
    SIM_CHECK(w, component < SIM_MAX_COMPONENTS && what < 256);
    sim_event event = {.at = at, .what = (uint8_t)what, .component = (uint8_t)component, .order = w->order++ & SIM_ORDER_MASK, .subject = subject, .generation = generation};
    sim_events_push(w, &event);
}

void sim_events_check(const sim_world *w)
{
    const sim_events *q = &w->events;
    const sim_event *front = SIM_AT(w, const sim_event, q->front);
    for (uint32_t i = q->first; i + 1 < q->end; i++)
        SIM_ASSERT(w, before(&front[i], &front[i + 1]));
    SIM_ASSERT(w, q->first == q->end || front[q->end - 1].at <= q->edge);
    SIM_ASSERT(w, q->count == q->end - q->first + q->far && (q->count == 0 || q->first < q->end));
    SIM_ASSERT(w, w->on_wall_clock || q->count == 0 || front[q->first].at >= w->now);
    sim_wheel_check(w);
}
