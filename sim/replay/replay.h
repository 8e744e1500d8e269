// sim/replay/replay.h - what a policy does with the user's own data.
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <signal.h>

#include "sim/core/base.h"
#include "sim/core/lines.h"
#include "sim/policy/balance/balance.h"
#include "sim/policy/breaker/breaker.h"
#include "sim/policy/limit/limit.h"

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

// --- limit.c ----------------------------------------------------------------------------------------------------------
typedef struct {
    int           policy;                      // row of sim_limiters, one that needs no end of a request
    sim_limit_def limit;                       // made ready
    const char   *time_column, *key_column;    // a number from 1, or a name: then the first line is a header. key NULL: all are of one key
} sim_replay_limit_options;
// `key` is NULL when all arrivals are of one; `wait` is the policy's answer.
typedef struct { int64_t at_ms; const char *key; hr_time wait; } sim_replay_arrival;
typedef void sim_replay_limit_tell(void *self, const sim_replay_arrival *arrival);
// Asks the policy for each line's arrival, in the file's order, and tells what it says. Each key has a limiter of its own.
hr_status sim_replay_limit(hr_lines *lines, const sim_replay_limit_options *options, sim_replay_limit_tell *tell, void *self, hr_error *e) HR_MUST_USE;

// --- breaker.c --------------------------------------------------------------------------------------------------------
typedef struct {
    int             policy;                    // row of sim_breaker_rows
    sim_breaker_def breaker;
    hr_time         every;                     // lines without a time: so long after the one before
} sim_replay_breaker_options;
// `permitted`: the breaker let it through, so that its outcome counts. `state` is the one after it.
typedef struct { hr_time at; const char *outcome; bool permitted; sim_breaker_state state; } sim_replay_call;
typedef void sim_replay_breaker_tell(void *self, const sim_replay_call *call);
// Takes each line, ok, fail or slow and perhaps a time, as a call that ends at once, and tells what becomes of the breaker.
hr_status sim_replay_breaker(hr_lines *lines, const sim_replay_breaker_options *options, sim_replay_breaker_tell *tell, void *self, hr_error *e) HR_MUST_USE;

// --- balance.c --------------------------------------------------------------------------------------------------------
typedef struct { char *name; uint32_t weight; bool down, failing; } sim_replay_server;
// Reads "a=5,b=1,c" (no weight: 1) into an array that the caller frees by sim_replay_servers_free; HR_BAD_INPUT says which word is wrong.
hr_status sim_replay_servers(const char *text, sim_replay_server **servers, uint32_t *count, hr_error *e) HR_MUST_USE;
void      sim_replay_servers_free(sim_replay_server *servers, uint32_t count);

typedef struct {
    sim_balancer_choice policy;
    const sim_replay_server *servers;
    uint32_t count;
    uint64_t requests;                         // 0: as many as there are keys
    uint64_t seed;                             // of what the policy leaves to chance
    uint32_t in_flight;                        // so many requests are out at a time: each is answered when the last of them has been sent
    hr_time  every;                            // between requests; only failures and response times look at the clock
    uint32_t max_fails, fail_timeout_s;        // nginx'; a failing server answers nothing, and the request goes to the next one
    // Each request: the slot that answered it, or SIM_NO_PEER (upstream.h) when nobody was left. `key` is NULL without keys.
    void   (*chosen)(void *self, const char *key, uint32_t slot);
    void    *self;
} sim_replay_balance_def;
// `keys`: one line a request, NULL only for policies that look at none.
hr_status sim_replay_balance(const sim_replay_balance_def *def, hr_lines *keys, hr_error *e) HR_MUST_USE;

#endif
