// sim/policy/evict/lru.c - evicts what was not used for longest, exactly (Redis only approximates this: allkeys-lru).
#include "sim/policy/evict/evict.h"

static void hit(sim_world *w, sim_keystore *s, uint32_t entry)
{
    if (s->state.newest == entry)
        return;
    sim_keystore_unlink(w, s, entry);
    sim_keystore_link_newest(w, s, entry);
}

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    (void)w;
    return s->state.oldest;
}

const sim_evictor sim_evictor_lru = {.name = "lru", .summary = "the key that was not used for longest",
    .insert = sim_keystore_link_newest, .hit = hit, .remove = sim_keystore_unlink, .victim = victim};
