// sim/policy/limit/limit.h - how a rate limiter decides on an arrival: the contract and the list of rows.
// * A policy sees one arrival at a time and answers how long it has to wait: 0 now, a time, or SIM_DENY. It never allocates.
// * Zeroed bytes are a valid start: a key that has asked for nothing yet. One state a key.
// * A row says which settings it honours; sim_limit_ready refuses what it does not, and what makes no sense for it.
// * Rates are exact: `micro` millionths of a request per `unit`, so that 1/min is no rounded decimal. A request is unit × 10^6 grains,
//   and `micro` grains are earned in a nanosecond.
// * To add one: a file NAME.c with `const sim_limiter sim_limiter_NAME`, and a row in limit.def. Nothing else.
#ifndef SIM_LIMIT_H
#define SIM_LIMIT_H

#include "sim/core/level.h"
#include "sim/policy/settings.h"

#define SIM_DENY     ((hr_time)-1)
#define SIM_NODELAY  UINT32_MAX                // as `delay`: the whole burst passes at once

enum {                                         // settings that a row honours; the words stand in sim_limit_settings
    SIM_LIMIT_RATE = 1, SIM_LIMIT_BURST = 2, SIM_LIMIT_DELAY = 4, SIM_LIMIT_WINDOW = 8, SIM_LIMIT_MOST = 16,
};
extern const sim_setting sim_limit_settings[];                     // ends with NULL

typedef struct {
    double   rate_per_s;
    hr_time  unit;                             // what the rate was written per: 1s of 10/s, 1min of 30/min
    hr_time  window;                           // 0: the rate's unit
    uint32_t burst;                            // requests above the rate
    uint32_t delay;                            // limit-req: how many of the burst pass at once
    uint32_t most;                             // concurrency: calls under way
    uint32_t unused;                           // no padding: a def lies in worlds, which are the same bytes in every process
    uint64_t micro, quota;                     // filled by sim_limit_ready: see above; requests that a window may have
} sim_limit_def;

typedef sim_area sim_grains;                   // 128 bits: a year at a million requests per second is 3e25 grains

typedef struct {
    const char *name, *summary;                // scenario word; one line for `headroom list`
    const char *real;                          // nginx's directives of the same behaviour, or NULL
    unsigned    uses, needs;                   // SIM_LIMIT_… bits: settings that it honours, and those that must be given
    size_t      state_size;                    // zeroed bytes of one key
    size_t      log_size;                      // and so many more for each request of a window
    // Why these settings do not work, or NULL; optional.
    const char *(*wrong)(const sim_limit_def *l);
    hr_time   (*ask)(void *state, const sim_limit_def *l, hr_time now);
    void      (*end)(void *state);             // a request that was let through is over; optional
} sim_limiter;

#define SIM_LIMITER(name) extern const sim_limiter sim_limiter_##name;
#include "sim/policy/limit/limit.def"
#undef SIM_LIMITER
extern const sim_limiter *const sim_limiters[];                       // ends with NULL
// The row number of a policy, or -1.
int       sim_limiter_find(const char *name);
// Fills what is derived (`micro`, `window`, `quota`). `given`: bits of the settings that were written down; HR_BAD_INPUT when the policy
// ignores one of them, needs one that is absent, or can't work with a value.
hr_status sim_limit_ready(const sim_limiter *policy, sim_limit_def *l, unsigned given, hr_error *e) HR_MUST_USE;
// Bytes of one key's state.
size_t    sim_limit_size(const sim_limiter *policy, const sim_limit_def *l);

static inline sim_grains sim_limit_request(const sim_limit_def *l) { return (sim_grains)l->unit * 1000000; }
static inline sim_grains sim_limit_earned(const sim_limit_def *l, hr_time time) { return (sim_grains)time * (sim_grains)l->micro; }

#endif
