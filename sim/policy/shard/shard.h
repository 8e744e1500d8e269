// sim/policy/shard/shard.h - which shard of a database a row lives in: the contract and the list of rows.
// * A map says for every key one shard below `count`, the same one whenever it is asked. Several maps of a policy may be in use: while rows
//   move to another number of shards, one says where they come from and one where they go.
// * A row may want memory for its map, which is lent zeroed and filled once. Zero bytes: it computes the shard from the key alone.
// * To add one: a file NAME.c with `const sim_sharding sim_sharding_NAME`, and a row in shard.def. Nothing else.
#ifndef SIM_SHARDING_H
#define SIM_SHARDING_H

#include "sim/policy/settings.h"

#define SIM_MOST_SHARDS 32                     // of a database

enum { SIM_SHARDING_VNODES = 1, SIM_SHARDING_BOUNDS = 2, SIM_SHARDING_PLACE = 4 };    // settings that a row honours
extern const sim_setting sim_sharding_settings[];                  // ends with NULL

typedef struct { uint64_t key; uint32_t shard, unused; } sim_shard_place;

typedef struct {
    uint32_t policy;                           // row of sim_shardings
    uint32_t count;                            // shards; 0: the database has one and no map
    uint32_t vnodes;                           // consistent-hash: points of a shard on the ring
    uint64_t rows;                             // range: keys 0 … rows - 1 are divided equally, where there are no bounds
    const uint64_t *bounds;                    // range: the first key of shard 1, 2 …: count - 1, rising; NULL: equal ranges
    const sim_shard_place *places;             // directory: keys with a shard of their own choice, by key
    uint32_t place_count;
} sim_sharding_def;

typedef struct {
    const char *name, *summary;                // scenario word; one line for `headroom list`
    unsigned    uses;                          // SIM_SHARDING_… bits
    size_t    (*bytes)(const sim_sharding_def *d, uint32_t count);                     // of a map of so many shards; NULL: none
    void      (*fill)(void *map, const sim_sharding_def *d, uint32_t count);           // with `bytes`
    uint32_t  (*shard)(const void *map, uint32_t count, uint64_t key);
} sim_sharding;

#define SIM_SHARDING(name) extern const sim_sharding sim_sharding_##name;
#include "sim/policy/shard/shard.def"
#undef SIM_SHARDING
extern const sim_sharding *const sim_shardings[];                  // ends with NULL
// The row number of a policy, or -1.
int sim_sharding_find(const char *name);

// For rows: a key's hash, as MurmurHash3 ends (fmix64): neighbours are far from each other.
static inline uint64_t sim_shard_hash(uint64_t key)
{
    key = (key ^ key >> 33) * 0xFF51AFD7ED558CCDu;
    key = (key ^ key >> 33) * 0xC4CEB9FE1A85EC53u;
    return key ^ key >> 33;
}

#endif
