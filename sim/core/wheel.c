// sim/core/wheel.c - see wheel.h.
#include "sim/core/wheel.h"

enum { DIGIT = 6, SLOTS = 1 << DIGIT, LEVELS = 11, CHUNK_EVENTS = 10, CHUNKS = 16 };    // 11 digits of 6 bits hold 63 bits

typedef struct {                               // 248 bytes, so that a power of two holds it
    sim_ref   next;
    uint32_t  count;
    sim_event event[CHUNK_EVENTS];
} chunk;

typedef struct { sim_ref head, tail; uint32_t count; } slot;

typedef struct {
    uint64_t used[LEVELS];                     // a bit for each slot with events
    slot     slots[LEVELS][SLOTS];
} wheel;

static inline wheel *wheel_of(const sim_world *w) { return SIM_AT(w, wheel, w->events.wheel); }

static inline unsigned level_of(hr_time at, hr_time edge)
{
    return (63u - (unsigned)__builtin_clzll((uint64_t)(at ^ edge))) / DIGIT;
}

static inline unsigned digit_of(hr_time at, unsigned level) { return (unsigned)(at >> (level * DIGIT)) & (SLOTS - 1); }

// All ones below level's digit: an edge with these is the end of a slot.
static inline hr_time below(unsigned level)
{
    return level >= LEVELS ? HR_FOREVER : (hr_time)(((uint64_t)1 << (level * DIGIT)) - 1);
}

static sim_ref new_chunk(sim_world *w)
{
    sim_events *q = &w->events;
    if (!q->free_chunk) {
        const uint32_t bytes = 1u << 8;
        sim_ref block = sim_take(w, CHUNKS * bytes);
        for (uint32_t i = CHUNKS; i-- > 0;) {
            sim_ref ref = block + i * (bytes >> 3);
            SIM_AT(w, chunk, ref)->next = q->free_chunk;
            q->free_chunk = ref;
        }
    }
    sim_ref ref = q->free_chunk;
    chunk *c = SIM_AT(w, chunk, ref);
    q->free_chunk = c->next;
    c->next = 0;
    c->count = 0;
    return ref;
}

static void free_chunk(sim_world *w, sim_ref ref)
{
    SIM_AT(w, chunk, ref)->next = w->events.free_chunk;
    w->events.free_chunk = ref;
}

static sim_ref longer(sim_world *w, slot *s)
{
    sim_ref ref = new_chunk(w);
    if (s->tail)
        SIM_AT(w, chunk, s->tail)->next = ref;
    else
        s->head = ref;
    return s->tail = ref;
}

void sim_wheel_add(sim_world *w, const sim_event *event)
{
    sim_events *q = &w->events;
    if (!q->wheel)
        q->wheel = sim_take(w, sizeof(wheel));
    wheel *v = wheel_of(w);
    unsigned level = level_of(event->at, q->edge), digit = digit_of(event->at, level);
    slot *s = &v->slots[level][digit];
    sim_ref tail = s->tail;
    if (!tail || SIM_AT(w, chunk, tail)->count == CHUNK_EVENTS)
        tail = longer(w, s);
    chunk *c = SIM_AT(w, chunk, tail);
    sim_event_copy(&c->event[c->count++], event);
    s->count++;
    v->used[level] |= (uint64_t)1 << digit;
    q->levels |= 1u << level;
    q->far++;
}

// Takes a slot's chain out of the wheel.
static slot take_slot(sim_world *w, unsigned level, unsigned digit)
{
    wheel *v = wheel_of(w);
    slot taken = v->slots[level][digit];
    v->slots[level][digit] = (slot){0};
    v->used[level] &= ~((uint64_t)1 << digit);
    if (!v->used[level])
        w->events.levels &= ~(1u << level);
    w->events.far -= taken.count;
    return taken;
}

static void append(sim_world *w, slot *to, slot from)
{
    if (to->tail)
        SIM_AT(w, chunk, to->tail)->next = from.head;
    else
        to->head = from.head;
    to->tail = from.tail;
    to->count += from.count;
}

// Seen from an earlier edge that differs from the present one at `level`, all that lies at lower levels lies in one slot there.
void sim_wheel_lower(sim_world *w, hr_time edge)
{
    sim_events *q = &w->events;
    if (q->far) {
        wheel *v = wheel_of(w);
        unsigned level = level_of(edge, q->edge), digit = digit_of(q->edge, level);
        slot all = {0};
        for (uint32_t lower = q->levels & ((1u << level) - 1); lower; lower &= lower - 1) {
            unsigned l = (unsigned)__builtin_ctz(lower);
            while (v->used[l])
                append(w, &all, take_slot(w, l, (unsigned)__builtin_ctzll(v->used[l])));
        }
        if (all.count) {
            SIM_CHECK(w, !v->slots[level][digit].count);
            v->slots[level][digit] = all;
            v->used[level] |= (uint64_t)1 << digit;
            q->levels |= 1u << level;
            q->far += all.count;
        }
    }
    q->edge = edge;
}

static uint32_t count_up_to(const sim_world *w, const slot *s, hr_time until)
{
    uint32_t n = 0;
    for (sim_ref ref = s->head; ref; ref = SIM_AT(w, const chunk, ref)->next) {
        const chunk *c = SIM_AT(w, const chunk, ref);
        for (uint32_t i = 0; i < c->count; i++)
            n += c->event[i].at <= until;
    }
    return n;
}

static hr_time earliest(const sim_world *w, const slot *s)
{
    hr_time least = HR_FOREVER;
    for (sim_ref ref = s->head; ref; ref = SIM_AT(w, const chunk, ref)->next) {
        const chunk *c = SIM_AT(w, const chunk, ref);
        for (uint32_t i = 0; i < c->count; i++)
            least = c->event[i].at < least ? c->event[i].at : least;
    }
    return least;
}

void sim_wheel_advance(sim_world *w, uint32_t most, void (*into)(sim_world *w, const sim_event *event))
{
    sim_events *q = &w->events;
    unsigned level = (unsigned)__builtin_ctz(q->levels), digit = (unsigned)__builtin_ctzll(wheel_of(w)->used[level]);
    slot s = take_slot(w, level, digit);
    // How far? To the end of the slot; if that is too much, to the end of a smaller slot around the earliest event.
    q->edge = (q->edge & ~below(level + 1)) | (hr_time)digit << (level * DIGIT) | below(level);
    if (s.count > most && level > 0) {
        hr_time first = earliest(w, &s);
        do
            q->edge = first | below(--level);
        while (level > 0 && count_up_to(w, &s, q->edge) > most);
    }
    for (sim_ref ref = s.head; ref;) {
        const chunk *c = SIM_AT(w, const chunk, ref);
        for (uint32_t i = 0; i < c->count; i++)
            if (c->event[i].at <= q->edge)
                into(w, &c->event[i]);
            else
                sim_wheel_add(w, &c->event[i]);
        sim_ref next = c->next;
        free_chunk(w, ref);
        ref = next;
    }
}

void sim_wheel_check(const sim_world *w)
{
    const sim_events *q = &w->events;
    uint32_t far = 0;
    for (unsigned level = 0; q->wheel && level < LEVELS; level++) {
        const wheel *v = wheel_of(w);
        SIM_ASSERT(w, (v->used[level] != 0) == (q->levels >> level & 1));
        for (unsigned digit = 0; digit < SLOTS; digit++) {
            const slot *s = &v->slots[level][digit];
            uint32_t count = 0;
            SIM_ASSERT(w, (s->count != 0) == (v->used[level] >> digit & 1));
            for (sim_ref ref = s->head; ref; ref = SIM_AT(w, const chunk, ref)->next) {
                const chunk *c = SIM_AT(w, const chunk, ref);
                for (uint32_t i = 0; i < c->count; i++) {
                    hr_time at = c->event[i].at;
                    SIM_ASSERT(w, at > q->edge && level_of(at, q->edge) == level && digit_of(at, level) == digit);
                }
                count += c->count;
            }
            SIM_ASSERT(w, count == s->count);
            far += count;
        }
    }
    SIM_ASSERT(w, far == q->far);
}
