// sim/policy/limit/sliding_log.c - the times of the last requests that were let through: never more than the quota in any window, at the
// price of a time for each request of a window. A request exactly a window old has left it.
#include "sim/policy/limit/limit.h"

typedef struct { uint64_t next, count; hr_time at[]; } record;

static const char *wrong(const sim_limit_def *l)
{
    return l->quota <= 1000000 ? NULL : "more than a million requests in a window are too many to keep the time of each";
}

static hr_time ask(void *state, const sim_limit_def *l, hr_time now)
{
    record *r = state;
    hr_time oldest = r->at[r->next];           // of the last `quota` ones, when there were as many
    if (r->count == l->quota && oldest > now - l->window)
        return SIM_DENY;
    r->at[r->next] = now;
    r->next = (r->next + 1) % l->quota;
    r->count += r->count < l->quota;
    return 0;
}

const sim_limiter sim_limiter_sliding_log = {.name = "sliding-log", .summary = "a quota in any window, exactly: the time of each request is kept",
    .uses = SIM_LIMIT_RATE | SIM_LIMIT_WINDOW, .needs = SIM_LIMIT_RATE, .state_size = sizeof(record),
    .log_size = sizeof(hr_time), .wrong = wrong, .ask = ask};
