// sim/core/table.c - see table.h.
#include "sim/core/table.h"

#include <string.h>

static sim_pair *at(const sim_world *w, const sim_table *t, uint32_t i)
{
    return (sim_pair *)(void *)(SIM_AT(w, char, t->slots) + (size_t)i * t->bytes);
}

static uint32_t home(const sim_table *t, uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ b * 0xC2B2AE3D27D4EB4Fu) * 0x9E3779B97F4A7C15u;          // odd constants of xxHash and of the golden ratio
    return (uint32_t)(h >> 32) & (t->room - 1);
}

// Its slot, or the free one where it belongs.
static sim_pair *slot_of(const sim_world *w, const sim_table *t, uint64_t a, uint64_t b)
{
    uint32_t i = home(t, a, b);
    while (at(w, t, i)->is_used && (at(w, t, i)->a != a || at(w, t, i)->b != b))
        i = (i + 1) & (t->room - 1);
    return at(w, t, i);
}

void *sim_table_find(const sim_world *w, const sim_table *t, uint64_t a, uint64_t b)
{
    sim_pair *p = t->room ? slot_of(w, t, a, b) : NULL;
    return p && p->is_used ? p : NULL;
}

static HR_APART void grow(sim_world *w, sim_table *t)
{
    sim_table old = *t;
    t->room = old.room ? old.room * 2 : 16;
    t->slots = sim_take(w, (size_t)t->room * t->bytes);
    for (uint32_t i = 0; i < old.room; i++) {
        const sim_pair *p = at(w, &old, i);
        if (p->is_used)
            memcpy(slot_of(w, t, p->a, p->b), p, t->bytes);
    }
    sim_give(w, old.slots, (size_t)old.room * old.bytes);
}

void *sim_table_add(sim_world *w, sim_table *t, uint64_t a, uint64_t b)
{
    if ((t->count + 1) * 2 > t->room)
        grow(w, t);
    sim_pair *p = slot_of(w, t, a, b);
    if (!p->is_used) {
        *p = (sim_pair){.a = a, .b = b, .is_used = 1};
        t->count++;
    }
    return p;
}

// Entries behind the gap move up, unless that would put them before their home (Knuth 6.4, algorithm R).
void sim_table_remove(sim_world *w, sim_table *t, void *entry)
{
    uint32_t mask = t->room - 1, gap = (uint32_t)((size_t)((char *)entry - SIM_AT(w, char, t->slots)) / t->bytes);
    for (uint32_t i = (gap + 1) & mask; at(w, t, i)->is_used; i = (i + 1) & mask) {
        const sim_pair *p = at(w, t, i);
        if (((i - home(t, p->a, p->b)) & mask) < ((i - gap) & mask))
            continue;
        memcpy(at(w, t, gap), p, t->bytes);
        gap = i;
    }
    memset(at(w, t, gap), 0, t->bytes);
    t->count--;
}

void sim_table_clear(sim_world *w, sim_table *t)
{
    sim_give(w, t->slots, (size_t)t->room * t->bytes);
    *t = (sim_table){.bytes = t->bytes};
}

uint32_t sim_map_at(const sim_world *w, const sim_table *map, uint64_t key)
{
    const sim_mapped *m = sim_table_find(w, map, key, 0);
    return m ? m->value : 0;
}

void sim_map_put(sim_world *w, sim_table *map, uint64_t key, uint32_t value)
{
    sim_mapped *m = value ? sim_table_add(w, map, key, 0) : sim_table_find(w, map, key, 0);
    if (value)
        m->value = value;
    else if (m)
        sim_table_remove(w, map, m);
}
