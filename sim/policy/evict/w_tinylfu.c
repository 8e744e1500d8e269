// sim/policy/evict/w_tinylfu.c - W-TinyLFU (Einziger, Friedman, Manes 2017): new keys pass an LRU window (1 %); what falls out of it
// comes into the main cache only when it was asked for more often than the key that would have to leave there. How often is estimated
// by a count-min sketch of 4-bit counters that are halved after 10 requests for each key that fits. The main cache is a segmented LRU:
// probation (20 %), and protected (80 %) for what was used in it. Without the paper's doorkeeper; equal estimates keep the old key.
#include "sim/policy/evict/evict.h"

enum { WINDOW, PROBATION, PROTECTED };
enum { ROWS = 4, MOST = 15, SAMPLE = 10 };

typedef struct { sim_ref counters; uint32_t width, added; } tinylfu;           // counters: uint8_t[ROWS][width], width a power of two

static uint64_t window_room(const sim_keystore *s)
{
    uint64_t room = sim_keystore_capacity(s) / 100;
    return room ? room : 1;
}

static uint64_t protected_room(const sim_keystore *s) { return (sim_keystore_capacity(s) - window_room(s)) * 4 / 5; }

// --- the sketch -------------------------------------------------------------------------------------------------------

static uint32_t width_for(uint64_t keys)
{
    uint32_t width = 64;
    while (width < keys && width < 1u << 30)
        width *= 2;
    return width;
}

// To begin with: for as many keys as fit. A limit in bytes alone does not tell: then it grows with them.
static uint32_t first_width(const sim_keystore_def *d)
{
    uint64_t most = d->limit_bytes && d->overhead_bytes ? d->limit_bytes / d->overhead_bytes : UINT64_MAX;
    return width_for(most < d->limit_entries ? most : d->limit_entries);
}

static size_t demand(const sim_keystore_def *d) { return (size_t)first_width(d) * ROWS; }

// What was counted is forgotten.
static void resize(sim_world *w, tinylfu *own, uint32_t width)
{
    sim_give(w, own->counters, (size_t)own->width * ROWS);
    own->counters = sim_take(w, (size_t)width * ROWS);
    own->width = width;
    own->added = 0;
}

static void make(sim_world *w, sim_keystore *s) { resize(w, SIM_AT(w, tinylfu, s->state), first_width(&s->def)); }

static uint8_t *counter_of(const sim_world *w, const tinylfu *own, uint64_t key, uint32_t row)
{
    uint64_t a = key, b = row;
    sim_random_round(&a, &b, 0x9E3779B97F4A7C15u);                             // two rounds of Philox spread neighbouring keys
    sim_random_round(&a, &b, 0xBB67AE8584CAA73Bu);
    return SIM_AT(w, uint8_t, own->counters) + (size_t)row * own->width + (a & (own->width - 1));
}

static uint32_t estimate(const sim_world *w, const tinylfu *own, uint64_t key)
{
    uint32_t least = MOST;
    for (uint32_t row = 0; row < ROWS; row++) {
        uint32_t counter = *counter_of(w, own, key, row);
        least = counter < least ? counter : least;
    }
    return least;
}

static void count(sim_world *w, const sim_keystore *s, uint64_t key)
{
    tinylfu *own = SIM_AT(w, tinylfu, s->state);
    for (uint32_t row = 0; row < ROWS; row++) {
        uint8_t *counter = counter_of(w, own, key, row);
        *counter = (uint8_t)(*counter + (*counter < MOST));
    }
    uint64_t fits = s->def.limit_entries ? s->def.limit_entries : s->count;    // a limit in bytes: as many as there are
    if (++own->added < SAMPLE * fits)
        return;
    uint8_t *counters = SIM_AT(w, uint8_t, own->counters);
    for (size_t i = 0; i < (size_t)own->width * ROWS; i++)
        counters[i] /= 2;
    own->added /= 2;
}

// --- the lists --------------------------------------------------------------------------------------------------------

static void move(sim_world *w, sim_keystore *s, uint32_t entry, uint32_t list)
{
    sim_keystore_unlink(w, s, entry);
    sim_keystore_push(w, s, list, entry);
}

static void insert(sim_world *w, sim_keystore *s, uint32_t entry)
{
    if (s->count > SIM_AT(w, tinylfu, s->state)->width)
        resize(w, SIM_AT(w, tinylfu, s->state), width_for(s->count));
    count(w, s, sim_keystore_entry(w, s, entry)->key);
    sim_keystore_push(w, s, WINDOW, entry);
    while (s->list[WINDOW].weight > window_room(s) && s->list[WINDOW].oldest != entry)
        move(w, s, s->list[WINDOW].oldest, PROBATION);                         // there is room, or `victim` has made it
}

static void hit(sim_world *w, sim_keystore *s, uint32_t entry)
{
    const sim_entry *e = sim_keystore_entry(w, s, entry);
    count(w, s, e->key);
    if (e->list != PROBATION) {
        sim_keystore_renew(w, s, entry);
        return;
    }
    move(w, s, entry, PROTECTED);
    while (s->list[PROTECTED].weight > protected_room(s))
        move(w, s, s->list[PROTECTED].oldest, PROBATION);
}

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    const tinylfu *own = SIM_AT(w, const tinylfu, s->state);
    uint32_t old = s->list[PROBATION].oldest ? s->list[PROBATION].oldest : s->list[PROTECTED].oldest, candidate = s->list[WINDOW].oldest;
    if (!old || !candidate)
        return old ? old : candidate;
    if (s->list[WINDOW].weight + sim_keystore_incoming(s) <= window_room(s))
        return old;                            // nothing falls out of the window
    bool better = estimate(w, own, sim_keystore_entry(w, s, candidate)->key) > estimate(w, own, sim_keystore_entry(w, s, old)->key);
    if (!better)
        return candidate;
    move(w, s, candidate, PROBATION);
    return old;
}

static void check(const sim_world *w, const sim_keystore *s)
{
    const tinylfu *own = SIM_AT(w, const tinylfu, s->state);
    SIM_ASSERT(w, own->width >= s->count);
    SIM_ASSERT(w, !s->def.limit_entries || (s->list[WINDOW].weight <= window_room(s) && s->list[PROTECTED].weight <= protected_room(s)));
}

const sim_evictor sim_evictor_w_tinylfu = {.name = "w-tinylfu", .summary = "an LRU window, then only what is asked for more often than the victim",
    .lists = 3, .state_size = sizeof(tinylfu), .demand = demand, .make = make, .insert = insert, .hit = hit, .remove = sim_keystore_unlink, .victim = victim,
    .check = check};
