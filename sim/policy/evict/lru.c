// sim/policy/evict/lru.c - evicts what was not used for longest, exactly (Redis only approximates this: allkeys-lru).
#include "sim/policy/evict/evict.h"

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    (void)w;
    return s->list[0].oldest;
}

const sim_evictor sim_evictor_lru = {.name = "lru", .summary = "the key that was not used for longest", .lists = 1,
    .insert = sim_keystore_push_first, .hit = sim_keystore_renew, .remove = sim_keystore_unlink, .victim = victim};
