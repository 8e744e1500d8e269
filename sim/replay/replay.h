// sim/replay/replay.h - what a policy does with the user's own data.
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include "sim/core/base.h"
#include "sim/core/lines.h"

typedef struct { uint64_t requests, misses; } sim_replay_cache_result;
// Runs a trace (one key a line: a number, or any text, which is hashed) through a cache of `entries` keys. `policy` is a row of
// sim_evictors.
hr_status sim_replay_cache(hr_lines *trace, int policy, uint32_t entries, sim_replay_cache_result *result, hr_error *e) HR_MUST_USE;

#endif
