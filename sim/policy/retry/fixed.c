// sim/policy/retry/fixed.c - the same wait before each retry. Clients that failed together come back together.
#include "sim/policy/retry/retry.h"

static hr_time wait(const sim_retry_def *d, uint32_t retry, hr_time before, uint64_t word)
{
    (void)retry, (void)before, (void)word;
    return hr_min_time(d->base, d->cap);
}

const sim_retry sim_retry_fixed = {.name = "fixed", .summary = "the same wait, `base`, before each retry", .wait = wait};
