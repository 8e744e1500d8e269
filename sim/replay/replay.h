// sim/replay/replay.h - what a policy does with the user's own data.
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <signal.h>

#include "sim/core/base.h"
#include "sim/core/lines.h"

// --- cache.c ----------------------------------------------------------------------------------------------------------
// A trace is text, one key a line, or CSV: when the first line is a list of column names with `key` among them. Columns: key, time
// (seconds, never backwards), size (bytes); others are passed over. A number is a key of that number, any other text one of its hash.
// Empty lines are none.
typedef struct {
    int      policy;                           // row of sim_evictors
    uint64_t size;                             // keys, or bytes
    uint64_t misses;                           // filled by the replay
} sim_replay_cache_row;

typedef struct {
    bool     bytes;                            // sizes are bytes: the trace must have a column `size`
    double   rate_per_s;                       // of the requests of a trace without times: for policies that look at the clock
    hr_time  ttl;                              // of every key; HR_FOREVER: none
    const volatile sig_atomic_t *stop;         // ends the replay early when it is not zero; may be NULL
    void   (*progress)(void *self, double done_frac);              // now and then; may be NULL
    void    *self;
} sim_replay_cache_options;

enum { SIM_REPLAY_MOST_KEYS = 100000000 };     // that a row may hold
// Runs the trace through all the rows' caches in one pass: a key that is missed is put in. `requests` counts them.
hr_status sim_replay_cache(hr_lines *trace, const sim_replay_cache_options *options, sim_replay_cache_row *rows, size_t count,
                           uint64_t *requests, hr_error *e) HR_MUST_USE;

#endif
