// sim/policy/shard/consistent_hash.c - the next point on a ring where each shard has `vnodes` points, as in Cassandra with virtual nodes. One more
// shard takes 1/(n + 1) of the rows and no other row moves; the fewer points, the more unequal the shards (by about 1/sqrt(vnodes)).
#include "sim/policy/shard/shard.h"

#include <stdlib.h>

typedef struct { uint64_t hash; uint32_t shard, unused; } point;
typedef struct { uint32_t count, unused; point points[]; } ring;

static size_t bytes(const sim_sharding_def *d, uint32_t count) { return sizeof(ring) + (size_t)count * d->vnodes * sizeof(point); }

static int by_hash(const void *a, const void *b)
{
    const point *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->shard > y->shard) - (x->shard < y->shard);
}

static void fill(void *map, const sim_sharding_def *d, uint32_t count)
{
    ring *r = map;
    for (uint32_t s = 0; s < count; s++)
        for (uint32_t v = 0; v < d->vnodes; v++)       // hashed twice: keys are hashed once, and no key should fall on a point
            r->points[r->count++] = (point){sim_shard_hash(sim_shard_hash((uint64_t)s << 32 | v) + 1), s, 0};
    qsort(r->points, r->count, sizeof *r->points, by_hash);
}

static uint32_t shard(const void *map, uint32_t count, uint64_t key)
{
    (void)count;
    const ring *r = map;
    uint64_t hash = sim_shard_hash(key);
    uint32_t low = 0, high = r->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (r->points[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return r->points[low < r->count ? low : 0].shard;
}

const sim_sharding sim_sharding_consistent_hash = {.name = "consistent-hash", .summary = "the next of `vnodes` points per shard on a ring",
    .uses = SIM_SHARDING_VNODES, .bytes = bytes, .fill = fill, .shard = shard};
