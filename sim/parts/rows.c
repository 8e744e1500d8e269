// sim/parts/rows.c - versions of rows, of one server: open addressing, doubled when half full; a row that was never written is not in it.
#include "sim/parts/database.h"

#include <string.h>

static sim_row *find(const sim_world *w, const sim_rows *t, uint64_t key)
{
    sim_row *rows = SIM_AT(w, sim_row, t->slots);
    uint32_t i = (uint32_t)(key * 0x9E3779B97F4A7C15u >> 32) & (t->room - 1);
    while (rows[i].written && rows[i].key != key)
        i = (i + 1) & (t->room - 1);
    return &rows[i];
}

uint32_t sim_rows_version(const sim_world *w, const sim_rows *t, uint64_t key)
{
    const sim_row *r = t->count ? find(w, t, key) : NULL;
    return r && r->written ? r->version : 1;
}

static void grow(sim_world *w, sim_rows *t)
{
    uint32_t old_room = t->room;
    sim_ref old = t->slots;
    t->room = old_room ? old_room * 2 : 64;
    t->slots = sim_take(w, t->room * sizeof(sim_row));
    for (uint32_t i = 0; i < old_room; i++) {
        sim_row r = SIM_AT(w, sim_row, old)[i];
        if (r.written)
            *find(w, t, r.key) = r;
    }
    sim_give(w, old, old_room * sizeof(sim_row));
}

static sim_row *add(sim_world *w, sim_rows *t, uint64_t key)
{
    if ((t->count + 1) * 2 > t->room)
        grow(w, t);
    sim_row *r = find(w, t, key);
    if (!r->written) {
        *r = (sim_row){key, 1, 1};
        t->count++;
    }
    return r;
}

void sim_rows_copy_one(sim_world *w, const sim_rows *from, sim_rows *to, uint64_t key)
{
    const sim_row *r = from->count ? find(w, from, key) : NULL;
    if (r && r->written) {
        sim_row copy = *r;
        *add(w, to, key) = copy;
    }
}

uint32_t sim_rows_write(sim_world *w, sim_rows *t, uint64_t key) { return ++add(w, t, key)->written; }

bool sim_rows_commit(sim_world *w, sim_rows *t, uint64_t key, uint32_t version)
{
    sim_row *r = add(w, t, key);
    if (r->written < version)
        r->written = version;
    if (r->version >= version)
        return false;
    r->version = version;
    return true;
}

void sim_rows_copy(sim_world *w, const sim_rows *from, sim_rows *to)
{
    sim_give(w, to->slots, to->room * sizeof(sim_row));
    *to = *from;
    if (!from->room)
        return;
    to->slots = sim_take(w, from->room * sizeof(sim_row));
    memcpy(SIM_AT(w, sim_row, to->slots), SIM_AT(w, const sim_row, from->slots), from->room * sizeof(sim_row));
}
