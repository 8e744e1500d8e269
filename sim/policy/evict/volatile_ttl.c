// sim/policy/evict/volatile_ttl.c - Redis: the candidate that would expire soonest, among the keys that expire; pool.h.
#include "sim/policy/evict/pool.h"

static uint64_t soonness(const sim_world *w, const sim_keystore *s, const sim_entry *e)
{
    (void)w, (void)s;
    return UINT64_MAX - (uint64_t)(e->expires / HR_MS);
}

static uint32_t victim(sim_world *w, sim_keystore *s) { return sim_evict_pool_victim(w, s, true, soonness); }

const sim_evictor sim_evictor_volatile_ttl = {.name = "volatile-ttl", .summary = "Redis: the key that expires soonest, by sampling",
    .real = "volatile-ttl", .uses = SIM_EVICT_SAMPLES, .state_size = sizeof(sim_evict_pool), .insert = sim_keystore_ignore,
    .hit = sim_keystore_ignore, .remove = sim_keystore_ignore, .victim = victim};
