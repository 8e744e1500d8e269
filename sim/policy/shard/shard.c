// sim/policy/shard/shard.c - the table of policies for shards, made from shard.def.
#include "sim/policy/shard/shard.h"

#include <string.h>

const sim_sharding *const sim_shardings[] = {
#define SIM_SHARDING(name) &sim_sharding_##name,
#include "sim/policy/shard/shard.def"
#undef SIM_SHARDING
    NULL};

const sim_setting sim_sharding_settings[] = {
    {"vnodes", SIM_SHARDING_VNODES}, {"bounds", SIM_SHARDING_BOUNDS}, {"place", SIM_SHARDING_PLACE}, {NULL, 0}};

int sim_sharding_find(const char *name)
{
    for (int i = 0; sim_shardings[i]; i++)
        if (strcmp(sim_shardings[i]->name, name) == 0)
            return i;
    return -1;
}
