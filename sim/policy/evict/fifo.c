// sim/policy/evict/fifo.c - evicts what was put in first, used or not.
#include "sim/policy/evict/evict.h"

static void hit(sim_world *w, sim_keystore *s, uint32_t entry)
{
    (void)w, (void)s, (void)entry;
}

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    (void)w;
    return s->state.oldest;
}

const sim_evictor sim_evictor_fifo = {.name = "fifo", .summary = "the key that was put in first",
    .insert = sim_keystore_link_newest, .hit = hit, .remove = sim_keystore_unlink, .victim = victim};
