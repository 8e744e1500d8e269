// sim/policy/shard/range.c - neighbouring keys live together, as HBase's regions and PostgreSQL's PARTITION BY RANGE have it. A range of keys is
// read in one place; but popular keys that are neighbours, such as the newest, are one shard's. Equal ranges of n shards cut into n + 1: half
// of the rows move, whatever n is.
#include "sim/policy/shard/shard.h"

// A map is the first key of shard 1, 2 …
static size_t bytes(const sim_sharding_def *d, uint32_t count)
{
    (void)d;
    return count * sizeof(uint64_t);
}

static void fill(void *map, const sim_sharding_def *d, uint32_t count)
{
    uint64_t *first = map;
    for (uint32_t i = 1; i < count; i++)
        first[i - 1] = d->bounds ? d->bounds[i - 1] : d->rows / count * i + d->rows % count * i / count;
}

static uint32_t shard(const void *map, uint32_t count, uint64_t key)
{
    const uint64_t *first = map;
    uint32_t low = 0, high = count - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (first[middle] <= key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const sim_sharding sim_sharding_range = {.name = "range", .summary = "neighbouring keys together: equal ranges of `rows`, or as `bounds` say",
    .uses = SIM_SHARDING_BOUNDS, .bytes = bytes, .fill = fill, .shard = shard};
