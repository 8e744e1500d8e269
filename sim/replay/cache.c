// sim/replay/cache.c - a trace of keys through a bounded store.
#include <stdlib.h>

#include "sim/policy/evict/evict.h"
#include "sim/replay/replay.h"

// A number stands for itself, any other text for its hash (FNV-1a, 64 bits).
static uint64_t key_of(const char *text)
{
    uint64_t number = 0, hash = 0xCBF29CE484222325u;
    bool is_number = *text != 0;
    for (const char *c = text; *c; c++) {
        is_number = is_number && *c >= '0' && *c <= '9';
        number = number * 10 + (uint64_t)(*c - '0');
        hash = (hash ^ (uint8_t)*c) * 0x100000001B3u;
    }
    return is_number ? number : hash;
}

hr_status sim_replay_cache(hr_lines *trace, int policy, uint32_t entries, sim_replay_cache_result *result, hr_error *e)
{
    sim_world *w = sim_world_new(1, 0);
    sim_ref store = sim_keystore_make(w, (uint32_t)policy, entries, 0, 0, 1);
    *result = (sim_replay_cache_result){0};
    for (char *line; (line = hr_lines_next(trace, NULL)) != NULL; ) {
        uint64_t key = key_of(line);
        uint32_t version;
        result->requests++;
        if (sim_keystore_get(w, store, key, &version))
            continue;
        result->misses++;
        sim_keystore_set(w, store, key, 1, 1, HR_FOREVER);
    }
    sim_keystore_check(w, store);
    sim_world_free(w);
    return hr_lines_status(trace, e);
}
