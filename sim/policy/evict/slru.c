// sim/policy/evict/slru.c - segmented LRU (Karedla et al. 1994) with four equal segments: a use moves a key one segment up, what a
// segment cannot hold moves one down, and what the lowest cannot hold leaves. New keys come into the lowest segment with room.
#include "sim/policy/evict/evict.h"

enum { SEGMENTS = 4 };

static uint64_t room_of_segment(const sim_keystore *s)
{
    uint64_t room = sim_keystore_capacity(s) / SEGMENTS;
    return room ? room : 1;
}

static void insert(sim_world *w, sim_keystore *s, uint32_t entry)
{
    uint64_t weight = sim_keystore_weight(s, sim_keystore_entry(w, s, entry));
    uint32_t segment = 0;
    while (segment < SEGMENTS && s->list[segment].weight + weight > room_of_segment(s))
        segment++;
    sim_keystore_push(w, s, segment < SEGMENTS ? segment : 0, entry);
}

// One at a time: each step down may push the next one further down.
static void cool(sim_world *w, sim_keystore *s, uint32_t segment)
{
    while (s->list[segment].weight > room_of_segment(s)) {
        uint32_t entry = s->list[segment].oldest;
        if (segment == 0) {
            sim_keystore_evict(w, s, entry);
            continue;
        }
        sim_keystore_unlink(w, s, entry);
        sim_keystore_push(w, s, segment - 1, entry);
        cool(w, s, segment - 1);
    }
}

static void hit(sim_world *w, sim_keystore *s, uint32_t entry)
{
    uint32_t segment = sim_keystore_entry(w, s, entry)->list;
    if (segment == SEGMENTS - 1) {
        sim_keystore_renew(w, s, entry);
        return;
    }
    sim_keystore_unlink(w, s, entry);
    sim_keystore_push(w, s, segment + 1, entry);
    cool(w, s, segment + 1);
}

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    (void)w;
    uint32_t segment = 0;
    while (!s->list[segment].count)
        segment++;
    return s->list[segment].oldest;
}

static void check(const sim_world *w, const sim_keystore *s)
{
    for (uint32_t i = 1; i < SEGMENTS && s->def.limit_entries; i++)
        SIM_ASSERT(w, s->list[i].weight <= room_of_segment(s));
}

const sim_evictor sim_evictor_slru = {.name = "slru", .summary = "four LRU segments, a use moves a key one up", .lists = SEGMENTS,
    .insert = insert, .hit = hit, .remove = sim_keystore_unlink, .victim = victim, .check = check};
