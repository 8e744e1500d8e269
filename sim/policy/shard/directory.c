// sim/policy/shard/directory.c - a table says where a key lives. Keys are hashed into 16384 slots, as in Redis Cluster, and the table gives each
// slot a shard; single keys may be placed by themselves, as a lookup table does. A new shard takes an equal share of slots from the others,
// as `redis-cli --cluster rebalance` does: no row moves that need not.
#include "sim/policy/shard/shard.h"

enum { SLOTS = 16384 };
typedef struct { uint32_t place_count; uint8_t shard[SLOTS]; sim_shard_place places[]; } directory;
_Static_assert(SIM_MOST_SHARDS <= 256, "a slot's shard is a byte");

static size_t bytes(const sim_sharding_def *d, uint32_t count)
{
    (void)count;
    return sizeof(directory) + d->place_count * sizeof(sim_shard_place);
}

// A shard joins `newest` others, and gets slots from those that have more than will be everyone's.
static void join(directory *map, uint32_t owned[], uint32_t newest)
{
    uint32_t share = SLOTS / (newest + 1);
    for (uint32_t slot = 0; slot < SLOTS && owned[newest] < share; slot++) {
        uint8_t *owner = &map->shard[slot];
        if (owned[*owner] <= share)
            continue;
        owned[*owner]--;
        owned[newest]++;
        *owner = (uint8_t)newest;
    }
}

static void fill(void *to, const sim_sharding_def *d, uint32_t count)
{
    directory *map = to;
    uint32_t owned[SIM_MOST_SHARDS] = {SLOTS};
    for (uint32_t newest = 1; newest < count; newest++)
        join(map, owned, newest);
    for (uint32_t i = 0; i < d->place_count; i++)
        map->places[i] = d->places[i];
    map->place_count = d->place_count;
}

static const sim_shard_place *find_place(const directory *map, uint64_t key)
{
    uint32_t low = 0, high = map->place_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (map->places[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < map->place_count && map->places[low].key == key ? &map->places[low] : NULL;
}

static uint32_t shard(const void *from, uint32_t count, uint64_t key)
{
    (void)count;
    const directory *map = from;
    const sim_shard_place *place = find_place(map, key);
    return place ? place->shard : map->shard[sim_shard_hash(key) % SLOTS];
}

const sim_sharding sim_sharding_directory = {.name = "directory", .summary = "a table: 16384 hash slots, and single keys where `place` puts them",
    .uses = SIM_SHARDING_PLACE, .bytes = bytes, .fill = fill, .shard = shard};
