// sim/policy/evict/pool.c - see pool.h.
#include "sim/policy/evict/pool.h"

#include <string.h>

static void drop(sim_evict_pool *p, uint32_t at)
{
    uint32_t after = --p->count - at;
    memmove(&p->key[at], &p->key[at + 1], after * sizeof p->key[0]);
    memmove(&p->score[at], &p->score[at + 1], after * sizeof p->score[0]);
}

// Behind those of the same score; the worst falls out of a full pool.
static void offer(sim_evict_pool *p, uint64_t key, uint64_t score)
{
    uint32_t at = p->count;
    while (at > 0 && p->score[at - 1] < score)
        at--;
    if (at == SIM_EVICT_POOL)
        return;
    if (p->count == SIM_EVICT_POOL)
        drop(p, SIM_EVICT_POOL - 1);
    uint32_t after = p->count++ - at;
    memmove(&p->key[at + 1], &p->key[at], after * sizeof p->key[0]);
    memmove(&p->score[at + 1], &p->score[at], after * sizeof p->score[0]);
    p->key[at] = key;
    p->score[at] = score;
}

uint32_t sim_evict_pool_victim(sim_world *w, sim_keystore *s, bool expiring, sim_evict_score *score)
{
    sim_evict_pool *p = SIM_AT(w, sim_evict_pool, s->state);
    for (;;) {
        for (uint32_t i = 0; i < s->def.samples; i++) {
            uint32_t entry = sim_keystore_sample(w, s, expiring);
            if (!entry)
                return 0;
            const sim_entry *e = sim_keystore_entry(w, s, entry);
            offer(p, e->key, score(w, s, e));
        }
        while (p->count) {
            uint32_t entry = sim_keystore_find(w, s, p->key[0]);
            drop(p, 0);
            if (entry && (!expiring || sim_keystore_entry(w, s, entry)->place))
                return entry;
        }
    }
}
