// sim/policy/evict/allkeys_lru.c - Redis' approximated LRU: sample 5 keys, keep the 16 idlest seen in a pool, evict the idlest.
// Facts: redis.conf (maxmemory-samples 5), evict.c (EVPOOL_SIZE 16; the LRU clock ticks once a second).
// Idealised: samples are independent, where Redis takes neighbours in its hash table.
#include "sim/policy/evict/evict.h"

enum { SAMPLES = 5, POOL = 16 };

// The pool in state.word: the count, then entry numbers, then the second in which each was last used when it was sampled;
// the idlest stands first. A key that is used again stays in the pool with its old idleness, as in Redis.
static uint32_t *pool_count(sim_keystore *s) { return &s->state.word[0]; }
static uint32_t *pool_entry(sim_keystore *s) { return &s->state.word[1]; }
static uint32_t *pool_stamp(sim_keystore *s) { return &s->state.word[1 + POOL]; }

static void touch(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_keystore_entry(w, s, entry)->stamp = (uint32_t)(w->now / HR_SEC);
}

static void drop(sim_keystore *s, uint32_t place)
{
    uint32_t after = --*pool_count(s) - place;
    for (uint32_t i = place; i < place + after; i++) {
        pool_entry(s)[i] = pool_entry(s)[i + 1];
        pool_stamp(s)[i] = pool_stamp(s)[i + 1];
    }
}

static void removed(sim_world *w, sim_keystore *s, uint32_t entry)
{
    (void)w;
    for (uint32_t i = 0; i < *pool_count(s); i++)
        if (pool_entry(s)[i] == entry) {
            drop(s, i);
            return;
        }
}

static void offer(sim_keystore *s, uint32_t entry, uint32_t stamp)
{
    uint32_t n = *pool_count(s), place = n;
    for (uint32_t i = 0; i < n; i++)
        if (pool_entry(s)[i] == entry)
            return;
    while (place > 0 && pool_stamp(s)[place - 1] > stamp)
        place--;
    if (n == POOL) {
        if (place == POOL)
            return;                            // less idle than all that are in the pool
        drop(s, POOL - 1);
        n--;
    }
    for (uint32_t i = n; i > place; i--) {
        pool_entry(s)[i] = pool_entry(s)[i - 1];
        pool_stamp(s)[i] = pool_stamp(s)[i - 1];
    }
    pool_entry(s)[place] = entry;
    pool_stamp(s)[place] = stamp;
    *pool_count(s) = n + 1;
}

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    for (uint32_t taken = 0; taken < SAMPLES;) {
        sim_draw r = sim_random(w->seed, s->stream, s->draws++, 0);
        uint32_t entry = 1 + (uint32_t)((r.word[0] >> 32) * s->top >> 32);
        const sim_entry *e = sim_keystore_entry(w, s, entry);
        if (!e->expires)                       // a free slot: every entry expires some time, if only at HR_FOREVER
            continue;
        offer(s, entry, e->stamp);
        taken++;
    }
    return pool_entry(s)[0];
}

const sim_evictor sim_evictor_allkeys_lru = {.name = "allkeys-lru", .summary = "Redis' approximation of LRU by sampling",
    .real = "allkeys-lru", .insert = touch, .hit = touch, .remove = removed, .victim = victim};
