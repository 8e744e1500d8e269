// sim/policy/evict/evict.h - a bounded store of keys with versions, and the contract of the policies that choose what to evict.
// * The store keeps the keys; a policy only orders them. It gets up to five lists whose links lie in the entries, a 32-bit note per
//   entry, and `state_size` zeroed bytes of its own.
// * Limits are entries, bytes, or both; zero means no limit of that sort. Expired entries are found when they are asked for, or by
//   sim_keystore_expire. Where there is a limit in entries, each weighs 1, else its bytes: shares of a cache are shares of that.
// * A policy may go on knowing keys that it has evicted (ghosts): they stand in its ghost lists, count for nothing, and are never
//   found by a get; a set of such a key tells the policy.
// * To add a policy: a file NAME.c with `const sim_evictor sim_evictor_NAME`, and a row in evict.def. Nothing else.
#ifndef SIM_EVICT_H
#define SIM_EVICT_H

#include "sim/core/random.h"
#include "sim/policy/settings.h"

enum { SIM_EVICT_LISTS = 5 };

typedef struct {
    uint64_t key;
    hr_time  expires;                          // HR_FOREVER: never; 0: no entry, or a ghost
    uint32_t newer, older;                     // links of its list: entry numbers, 0 = none; of a free entry: `older` is the next free one
    uint32_t note;                             // the policy's own, zero when it comes in: a bit, a count, the time of the last use
    uint32_t version, size_bytes;
    uint32_t place;                            // among the entries that expire, from 1; 0: it never does
    uint8_t  list;                             // of the policy's lists, the one it stands in
} sim_entry;

typedef struct { uint32_t newest, oldest, count; uint64_t weight; } sim_evict_list;

typedef struct {
    uint32_t policy;                           // row of sim_evictors
    uint32_t limit_entries;                    // 0: none
    uint64_t limit_bytes;                      // 0: none
    uint32_t overhead_bytes;                   // added to the size of every entry
    uint32_t stream;                           // for policies that draw
    uint32_t samples;                          // Redis' maxmemory-samples
    uint32_t lfu_log_factor;                   // Redis' lfu-log-factor
    uint32_t lfu_decay_min;                    // Redis' lfu-decay-time, minutes; 0: never
    uint32_t lifetimes;                        // bool: it keeps a sim_lifetime of each key
} sim_keystore_def;

// What a client puts beside a value to tell later how old it is; the entry itself may be kept longer.
typedef struct {
    hr_time  fresh_until;                      // HR_FOREVER: always
    uint32_t ttl_ms;                           // 0: none
    uint32_t took_us;                          // how long it took to load it; 0: not known
} sim_lifetime;

typedef struct {                               // lies in a world; its address is got from its sim_ref each time
    sim_keystore_def def;
    uint64_t used_bytes, incoming_bytes;       // incoming: of what is being put in while victims are chosen
    uint32_t count, ghosts;
    uint32_t top, room, free_entry;            // entries 1 … top have been used; `room` are there
    uint32_t slot_shift;                       // there are 2^(32 - slot_shift) slots, at least twice as many as entries
    uint32_t expiring_count, expiring_room, expire_cursor;
    sim_ref  entries, slots, expiring;         // expiring: entry numbers, in no order
    sim_ref  state;                            // the policy's own bytes
    sim_ref  lifetimes;                        // sim_lifetime[room], beside `entries`; 0: not kept
    uint32_t unused;
    uint64_t draws;
    uint64_t hits, misses, evictions, expirations, refused;        // since the reset
    sim_evict_list list[SIM_EVICT_LISTS];
} sim_keystore;

enum {                                         // settings that a row honours; the words stand in sim_evict_settings
    SIM_EVICT_SAMPLES = 1, SIM_EVICT_LFU_LOG = 2, SIM_EVICT_LFU_DECAY = 4,
    SIM_EVICT_LFU = SIM_EVICT_LFU_LOG | SIM_EVICT_LFU_DECAY,
};
extern const sim_setting sim_evict_settings[];                      // ends with NULL

// The functions get the store and an entry of it. `demand`, `make`, `retire`, `recall` and `check` are optional.
typedef struct {
    const char *name, *summary;
    const char *real;                          // Redis' maxmemory-policy of the same behaviour, or NULL
    unsigned    uses;
    uint32_t    lists, ghost_lists;            // how many lists hold entries, and how many behind them hold ghosts
    size_t      state_size;
    size_t    (*demand)(const sim_keystore_def *def);                         // bytes that `make` takes
    void      (*make)(sim_world *w, sim_keystore *s);                         // takes more memory than state_size
    void      (*insert)(sim_world *w, sim_keystore *s, uint32_t entry);       // it has just come in
    void      (*hit)(sim_world *w, sim_keystore *s, uint32_t entry);          // read, or written again
    void      (*remove)(sim_world *w, sim_keystore *s, uint32_t entry);       // it goes, for whatever reason
    uint32_t  (*victim)(sim_world *w, sim_keystore *s);                       // which goes first, of at least one; 0: none may go
    // Instead of `remove` when it is evicted: true when the policy has moved it to a ghost list.
    bool      (*retire)(sim_world *w, sim_keystore *s, uint32_t entry);
    void      (*recall)(sim_world *w, sim_keystore *s, uint32_t entry);       // a ghost's key comes in again: unlink it; `insert` follows
    void      (*check)(const sim_world *w, const sim_keystore *s);            // aborts when an invariant of its own is broken
} sim_evictor;

#define SIM_EVICTOR(name) extern const sim_evictor sim_evictor_##name;
#include "sim/policy/evict/evict.def"
#undef SIM_EVICTOR
extern const sim_evictor *const sim_evictors[];                     // ends with NULL
int sim_evictor_find(const char *name);

// --- the store --------------------------------------------------------------------------------------------------------
// Without limits, with Redis' defaults: 5 samples, log factor 10, decay after one minute.
sim_keystore_def sim_keystore_defaults(uint32_t policy);
// Bytes of an empty store, as far as they may be many.
size_t  sim_keystore_demand(const sim_keystore_def *def);
sim_ref sim_keystore_make(sim_world *w, const sim_keystore_def *def);
// Looks the key up, counts a hit or a miss, and fills *version when it is there and has not expired.
bool sim_keystore_get(sim_world *w, sim_ref store, uint64_t key, uint32_t *version);
// Puts or replaces the key, evicting others first. False: it is larger than the whole store, or nothing may be evicted for it.
bool sim_keystore_set(sim_world *w, sim_ref store, uint64_t key, uint32_t version, uint32_t size_bytes, hr_time expires);
// What is kept beside the value of a key that is there, in a store with `lifetimes`. After a set: fresh as long as it is kept.
sim_lifetime *sim_keystore_lifetime(const sim_world *w, sim_ref store, uint64_t key);
// Removes the key if it is there.
void sim_keystore_delete(sim_world *w, sim_ref store, uint64_t key);
// Removes every key, ghosts too; what it has counted stays.
void sim_keystore_clear(sim_world *w, sim_ref store);
// The version of a key that is there, 0: it is not. Counts nothing and is no use of the key.
uint32_t sim_keystore_version(const sim_world *w, sim_ref store, uint64_t key);
// Looks at up to `count` of the entries that expire, going on where it last stopped; removes those that have, and returns how many.
uint32_t sim_keystore_expire(sim_world *w, sim_ref store, uint32_t count);
// Asks the processor for the memory that a get of the key will need, so that several misses of its caches overlap. To be called for
// each of a batch of keys with `depth` 0, then with 1, then with 2.
void sim_keystore_prefetch(const sim_world *w, sim_ref store, uint64_t key, int depth);
void sim_keystore_check(const sim_world *w, sim_ref store);
// Forgets what was counted, not the keys.
void sim_keystore_reset(sim_world *w, sim_ref store);
// Forgets all keys, also the ghosts; what an adaptive policy has learnt of sizes and frequencies stays.
void sim_keystore_clear(sim_world *w, sim_ref store);

// --- for policies -------------------------------------------------------------------------------------------------------
static inline sim_entry *sim_keystore_entry(const sim_world *w, const sim_keystore *s, uint32_t entry)
{
    return SIM_AT(w, sim_entry, s->entries) + entry;
}
static inline const sim_evictor *sim_keystore_policy(const sim_keystore *s) { return sim_evictors[s->def.policy]; }
// In which unit the store is limited, and what an entry, what comes in, and the whole weigh in it.
static inline uint64_t sim_keystore_weight(const sim_keystore *s, const sim_entry *e)
{
    return s->def.limit_entries ? 1 : (uint64_t)e->size_bytes + s->def.overhead_bytes;
}
static inline uint64_t sim_keystore_incoming(const sim_keystore *s) { return s->def.limit_entries ? 1 : s->incoming_bytes; }
static inline uint64_t sim_keystore_capacity(const sim_keystore *s)
{
    return s->def.limit_entries ? s->def.limit_entries : s->def.limit_bytes;
}
// Lists: in at the newest end, or just newer than an entry of the list (0: at the oldest end); out; to the newest end of its own list.
void sim_keystore_push(sim_world *w, sim_keystore *s, uint32_t list, uint32_t entry);
void sim_keystore_push_after(sim_world *w, sim_keystore *s, uint32_t list, uint32_t entry, uint32_t older);
void sim_keystore_unlink(sim_world *w, sim_keystore *s, uint32_t entry);
void sim_keystore_renew(sim_world *w, sim_keystore *s, uint32_t entry);
// `insert` and `hit` of policies with one list: the first pushes, the second does nothing.
void sim_keystore_push_first(sim_world *w, sim_keystore *s, uint32_t entry);
void sim_keystore_ignore(sim_world *w, sim_keystore *s, uint32_t entry);
// Evicts an entry outside of a `set`, as SLRU does on a hit.
void sim_keystore_evict(sim_world *w, sim_keystore *s, uint32_t entry);
// Forgets a ghost.
void sim_keystore_forget(sim_world *w, sim_keystore *s, uint32_t ghost);
// The entry of a key, expired or not; 0: there is none.
uint32_t sim_keystore_find(const sim_world *w, const sim_keystore *s, uint64_t key);
// Any entry with equal probability, or any of those that expire; 0: there is none.
uint32_t sim_keystore_sample(sim_world *w, sim_keystore *s, bool expiring);
static inline sim_draw sim_keystore_draw(sim_world *w, sim_keystore *s) { return sim_random(w->seed, s->def.stream, s->draws++, 0); }

#endif
