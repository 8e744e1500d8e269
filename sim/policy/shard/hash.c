// sim/policy/shard/hash.c - the key's hash modulo the number of shards. Even, and without memory; but of n shards one more moves all but one
// row in n + 1: hash mod n = hash mod (n + 1) for n of every n (n + 1) hashes.
#include "sim/policy/shard/shard.h"

static uint32_t shard(const void *map, uint32_t count, uint64_t key)
{
    (void)map;
    return (uint32_t)(sim_shard_hash(key) % count);
}

const sim_sharding sim_sharding_hash = {.name = "hash", .summary = "the key's hash modulo the number of shards", .shard = shard};
