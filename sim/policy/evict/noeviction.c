// sim/policy/evict/noeviction.c - Redis without eviction: when memory is full, what would need more is refused.
#include "sim/policy/evict/evict.h"

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    (void)w, (void)s;
    return 0;
}

const sim_evictor sim_evictor_noeviction = {.name = "noeviction", .summary = "Redis: none; a full cache refuses what is new",
    .real = "noeviction", .insert = sim_keystore_ignore, .hit = sim_keystore_ignore, .remove = sim_keystore_ignore, .victim = victim};
