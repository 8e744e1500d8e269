// sim/policy/evict/random.c - any key, by lot; also as Redis' allkeys-random and, of the keys that expire, volatile-random.
#include "sim/policy/evict/evict.h"

static uint32_t any(sim_world *w, sim_keystore *s) { return sim_keystore_sample(w, s, false); }

static uint32_t any_expiring(sim_world *w, sim_keystore *s) { return sim_keystore_sample(w, s, true); }

const sim_evictor sim_evictor_random = {.name = "random", .summary = "any key, by lot", .real = "allkeys-random",
    .insert = sim_keystore_ignore, .hit = sim_keystore_ignore, .remove = sim_keystore_ignore, .victim = any};

const sim_evictor sim_evictor_allkeys_random = {.name = "allkeys-random", .summary = "Redis: any key, by lot", .real = "allkeys-random",
    .insert = sim_keystore_ignore, .hit = sim_keystore_ignore, .remove = sim_keystore_ignore, .victim = any};

const sim_evictor sim_evictor_volatile_random = {.name = "volatile-random", .summary = "Redis: any key that expires, by lot",
    .real = "volatile-random", .insert = sim_keystore_ignore, .hit = sim_keystore_ignore, .remove = sim_keystore_ignore,
    .victim = any_expiring};
