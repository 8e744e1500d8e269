// sim/policy/retry/retry.h - how long to wait before the next attempt, and whether there may be one: the contract and the list of rows.
// * A policy is a function of the attempt, the wait before it and a random number: it keeps nothing.
// * The budget is a policy's counterpart for a whole client: retries stay a share of the requests, however many of these fail.
// * To add one: a file NAME.c with `const sim_retry sim_retry_NAME`, and a row in retry.def. Nothing else.
#ifndef SIM_RETRY_H
#define SIM_RETRY_H

#include "sim/core/random.h"

typedef struct {
    uint32_t policy;                           // row of sim_retries
    uint32_t most;                             // attempts after the first
    hr_time  base, cap;                        // the first wait, or its upper bound; the longest wait
    double   budget;                           // share of requests that may be retried; 0: no budget
    double   min_retries_per_s;               // retries a second that are always allowed, with a budget
} sim_retry_def;

typedef struct {
    const char *name, *summary;                // scenario word; one line for `headroom list`
    // The wait before retry number `retry` (from 1). `before`: the wait before the last one, 0 for the first; `word`: a random number.
    hr_time (*wait)(const sim_retry_def *d, uint32_t retry, hr_time before, uint64_t word);
} sim_retry;

#define SIM_RETRY(name) extern const sim_retry sim_retry_##name;
#include "sim/policy/retry/retry.def"
#undef SIM_RETRY
extern const sim_retry *const sim_retries[];                          // ends with NULL
// The row number of a policy, or -1.
int     sim_retry_find(const char *name);
// base × 2^(retry - 1), at most the cap: what the exponential ones build on.
hr_time sim_retry_doubled(const sim_retry_def *d, uint32_t retry);

// --- budget: as Finagle's RetryBudget, a bucket whose tokens live for ten seconds ------------------------------------------
// Each request puts a token in, each retry takes 1 / budget of them out. `min_retries_per_s` × 10 s retries are there in reserve, for a
// client that has just started or asks seldom. Counted in ten slices of a second.
enum { SIM_BUDGET_SLICES = 10 };
typedef struct {
    int64_t second;
    int64_t slice[SIM_BUDGET_SLICES];          // thousandths of tokens put in less those taken out, by second
} sim_retry_budget;                            // zeroed is a valid start
void sim_retry_budget_request(sim_retry_budget *b, hr_time now);
// Takes out what a retry costs; false, and takes nothing, when there is not enough.
bool sim_retry_budget_take(sim_retry_budget *b, const sim_retry_def *d, hr_time now);

// Envoy's retry budget (its API, CircuitBreakers.Thresholds.RetryBudget): with so many requests active and so many retries under way there may
// be another retry while these are fewer than the share `budget` of those, or than `least`.
bool sim_retry_fits(const sim_retry_def *d, uint32_t least, uint32_t active, uint32_t retrying);

#endif
