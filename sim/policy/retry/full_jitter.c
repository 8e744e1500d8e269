// sim/policy/retry/full_jitter.c - anything between nothing and the exponential wait: AWS' "full jitter" (Brooker 2015, "Exponential Backoff
// And Jitter", AWS Architecture Blog). Spreads a herd over the whole time.
#include "sim/policy/retry/retry.h"

static hr_time wait(const sim_retry_def *d, uint32_t retry, hr_time before, uint64_t word)
{
    (void)before;
    return (hr_time)(sim_unit(word) * (double)sim_retry_doubled(d, retry));
}

const sim_retry sim_retry_full_jitter = {.name = "full-jitter", .summary = "between nothing and the exponential wait, by chance", .wait = wait};
