// sim/policy/retry/exponential.c - the wait doubles with each retry: base, 2 base, 4 base … up to the cap. No jitter: herds stay together.
#include "sim/policy/retry/retry.h"

static hr_time wait(const sim_retry_def *d, uint32_t retry, hr_time before, uint64_t word)
{
    (void)before, (void)word;
    return sim_retry_doubled(d, retry);
}

const sim_retry sim_retry_exponential = {.name = "exponential", .summary = "the wait doubles with each retry, up to `cap`", .wait = wait};
