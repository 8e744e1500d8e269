// sim/policy/retry/decorrelated_jitter.c - between the base and three times the last wait, at most the cap: AWS' "decorrelated jitter"
// (Brooker 2015, as full_jitter.c).
#include "sim/policy/retry/retry.h"

static hr_time wait(const sim_retry_def *d, uint32_t retry, hr_time before, uint64_t word)
{
    double low = (double)d->base, high = 3.0 * (double)(retry == 1 ? d->base : before), x = low + sim_unit(word) * (high - low);
    return x >= (double)d->cap ? d->cap : (hr_time)x;
}

const sim_retry sim_retry_decorrelated_jitter = {.name = "decorrelated-jitter",
    .summary = "between `base` and three times the last wait, by chance, up to `cap`",
    .wait = wait};
