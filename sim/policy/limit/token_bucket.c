// sim/policy/limit/token_bucket.c - a bucket of `burst` tokens, full at first, that earns `rate` a second; a request takes one.
// Passes at most burst + rate × t in any time t. The state is what is missing, so that zero is a full bucket.
#include "sim/policy/limit/limit.h"

typedef struct { sim_grains missing; hr_time last; } bucket;

static const char *wrong(const sim_limit_def *l)
{
    return l->burst ? NULL : "a bucket with room for no token (`burst: 0`) lets nothing through";
}

static hr_time ask(void *state, const sim_limit_def *l, hr_time now)
{
    bucket *b = state;
    sim_grains earned = sim_limit_earned(l, hr_max_time(now - b->last, 0)), request = sim_limit_request(l);
    b->missing = earned > b->missing ? 0 : b->missing - earned;
    b->last = hr_max_time(now, b->last);
    if (b->missing + request > l->burst * request)
        return SIM_DENY;
    b->missing += request;
    return 0;
}

const sim_limiter sim_limiter_token_bucket = {.name = "token-bucket", .summary = "a token a request; `burst` tokens at most, `rate` new ones a second",
    .uses = SIM_LIMIT_RATE | SIM_LIMIT_BURST, .needs = SIM_LIMIT_RATE | SIM_LIMIT_BURST, .state_size = sizeof(bucket),
    .wrong = wrong, .ask = ask};
