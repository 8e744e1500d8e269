// sim/policy/evict/fifo.c - evicts what was put in first, used or not.
#include "sim/policy/evict/evict.h"

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    (void)w;
    return s->list[0].oldest;
}

const sim_evictor sim_evictor_fifo = {.name = "fifo", .summary = "the key that was put in first", .lists = 1,
    .insert = sim_keystore_push_first, .hit = sim_keystore_ignore, .remove = sim_keystore_unlink, .victim = victim};
