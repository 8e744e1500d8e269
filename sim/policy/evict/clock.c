// sim/policy/evict/clock.c - FIFO with a second chance: what was used since the hand last passed goes round once more (Corbató 1968).
// The clock's face is the list, its hand the oldest end.
#include "sim/policy/evict/evict.h"

static void hit(sim_world *w, sim_keystore *s, uint32_t entry) { sim_keystore_entry(w, s, entry)->note = 1; }

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    while (sim_keystore_entry(w, s, s->list[0].oldest)->note) {
        sim_keystore_entry(w, s, s->list[0].oldest)->note = 0;
        sim_keystore_renew(w, s, s->list[0].oldest);
    }
    return s->list[0].oldest;
}

const sim_evictor sim_evictor_clock = {.name = "clock", .summary = "as FIFO, but what was used gets a second round", .lists = 1,
    .insert = sim_keystore_push_first, .hit = hit, .remove = sim_keystore_unlink, .victim = victim};
