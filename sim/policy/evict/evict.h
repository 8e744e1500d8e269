// sim/policy/evict/evict.h - a bounded store of keys with versions, and the contract of the policies that choose what to evict.
// * The store keeps the keys; a policy only orders them. It gets the store's two links per entry and 140 bytes of state.
// * Limits are entries, bytes, or both; zero means no limit of that sort. Expired entries are found when they are asked for.
// * To add a policy: a file NAME.c with `const sim_evictor sim_evictor_NAME`, and a row in evict.def. Nothing else.
#ifndef SIM_EVICT_H
#define SIM_EVICT_H

#include "sim/core/random.h"

typedef struct {
    uint64_t key;
    hr_time  expires;                          // HR_FOREVER: never
    uint32_t version, size_bytes;
    uint32_t newer, older;                     // the policy's links: entry numbers, 0 = none
    uint32_t chain;                            // next in the hash bucket, or in the free list
    uint32_t stamp;                            // the policy's own note, such as the time of the last use
} sim_entry;

typedef struct { uint32_t newest, oldest; uint32_t word[33]; } sim_evict_state;

typedef struct {                               // lies in a world; its address is got from its sim_ref each time
    uint64_t limit_bytes, used_bytes;
    uint32_t limit_entries, count, overhead_bytes;
    uint32_t policy;                           // row of sim_evictors
    uint32_t stream;                           // for policies that draw
    uint32_t top, room, free_entry;            // entries 1 … top have been used; `room` are there
    uint32_t bucket_count;                     // a power of two
    sim_ref  entries, buckets;
    uint64_t hits, misses, evictions, expirations, draws;          // since the reset
    sim_evict_state state;
} sim_keystore;

typedef struct {
    const char *name, *summary;
    const char *real;                          // Redis' maxmemory-policy of the same behaviour, or NULL
    void      (*insert)(sim_world *w, sim_keystore *s, uint32_t entry);
    void      (*hit)(sim_world *w, sim_keystore *s, uint32_t entry);
    void      (*remove)(sim_world *w, sim_keystore *s, uint32_t entry);
    uint32_t  (*victim)(sim_world *w, sim_keystore *s);               // an entry of the store, which is not empty
} sim_evictor;

#define SIM_EVICTOR(name) extern const sim_evictor sim_evictor_##name;
#include "sim/policy/evict/evict.def"
#undef SIM_EVICTOR
extern const sim_evictor *const sim_evictors[];                     // ends with NULL
int sim_evictor_find(const char *name);

static inline sim_entry *sim_keystore_entry(const sim_world *w, const sim_keystore *s, uint32_t entry)
{
    return SIM_AT(w, sim_entry, s->entries) + entry;
}

// A new store. `overhead_bytes` are added to the size of every entry.
sim_ref sim_keystore_make(sim_world *w, uint32_t policy, uint32_t limit_entries, uint64_t limit_bytes, uint32_t overhead_bytes,
                       uint32_t stream);
// Looks the key up, counts a hit or a miss, and fills *version when it is there and has not expired.
bool sim_keystore_get(sim_world *w, sim_ref store, uint64_t key, uint32_t *version);
// Puts or replaces the key, evicting others first. An item larger than the whole store is not kept.
void sim_keystore_set(sim_world *w, sim_ref store, uint64_t key, uint32_t version, uint32_t size_bytes, hr_time expires);
// Removes the key if it is there.
void sim_keystore_delete(sim_world *w, sim_ref store, uint64_t key);
void sim_keystore_check(const sim_world *w, sim_ref store);

// Forgets what was counted, not the keys.
void sim_keystore_reset(sim_world *w, sim_ref store);

// The list that recency and insertion policies share: newest at one end, oldest at the other.
void sim_keystore_link_newest(sim_world *w, sim_keystore *s, uint32_t entry);
void sim_keystore_unlink(sim_world *w, sim_keystore *s, uint32_t entry);

#endif
