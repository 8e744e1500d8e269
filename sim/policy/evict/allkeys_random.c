// sim/policy/evict/allkeys_random.c - evicts any key, each with the same probability. Under independent look-ups as good as first in, first out.
#include "sim/policy/evict/evict.h"

static void ignore(sim_world *w, sim_keystore *s, uint32_t entry)
{
    (void)w, (void)s, (void)entry;
}

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    for (;;) {
        sim_draw r = sim_random(w->seed, s->stream, s->draws++, 0);
        uint32_t entry = 1 + (uint32_t)((r.word[0] >> 32) * s->top >> 32);
        if (sim_keystore_entry(w, s, entry)->expires)                // not a free slot: every entry expires some time, if only at HR_FOREVER
            return entry;
    }
}

const sim_evictor sim_evictor_allkeys_random = {.name = "allkeys-random", .summary = "any key, each with the same probability",
    .real = "allkeys-random", .insert = ignore, .hit = ignore, .remove = ignore, .victim = victim};
