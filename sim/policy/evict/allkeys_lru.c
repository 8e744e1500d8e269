// sim/policy/evict/allkeys_lru.c - Redis' approximated LRU, of all keys or of those that expire: the candidate that was idle for longest.
// Facts: the LRU clock ticks once a second (LRU_CLOCK_RESOLUTION); pool.h tells how candidates are found.
#include "sim/policy/evict/pool.h"

// An entry's note is the second in which it was last used.
static void touch(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_keystore_entry(w, s, entry)->note = (uint32_t)(w->now / HR_SEC);
}

static uint64_t idle(const sim_world *w, const sim_keystore *s, const sim_entry *e)
{
    (void)s;
    return (uint32_t)(w->now / HR_SEC) - e->note;
}

static uint32_t of_all(sim_world *w, sim_keystore *s) { return sim_evict_pool_victim(w, s, false, idle); }

static uint32_t of_expiring(sim_world *w, sim_keystore *s) { return sim_evict_pool_victim(w, s, true, idle); }

const sim_evictor sim_evictor_allkeys_lru = {.name = "allkeys-lru", .summary = "Redis' approximation of LRU by sampling",
    .real = "allkeys-lru", .uses = SIM_EVICT_SAMPLES, .state_size = sizeof(sim_evict_pool), .insert = touch, .hit = touch,
    .remove = sim_keystore_ignore, .victim = of_all};

const sim_evictor sim_evictor_volatile_lru = {.name = "volatile-lru", .summary = "Redis' approximation of LRU, among the keys that expire",
    .real = "volatile-lru", .uses = SIM_EVICT_SAMPLES, .state_size = sizeof(sim_evict_pool), .insert = touch, .hit = touch,
    .remove = sim_keystore_ignore, .victim = of_expiring};
