// sim/policy/retry/retry.c - the table of retry policies, made from retry.def, and the budget.
#include "sim/policy/retry/retry.h"

#include <string.h>

const sim_retry *const sim_retries[] = {
#define SIM_RETRY(name) &sim_retry_##name,
#include "sim/policy/retry/retry.def"
#undef SIM_RETRY
    NULL};

int sim_retry_find(const char *name)
{
    for (int i = 0; sim_retries[i]; i++)
        if (strcmp(sim_retries[i]->name, name) == 0)
            return i;
    return -1;
}

hr_time sim_retry_doubled(const sim_retry_def *d, uint32_t retry)
{
    hr_time wait = d->base;
    for (uint32_t i = 1; i < retry && wait < d->cap; i++)
        wait = wait > d->cap / 2 ? d->cap : wait * 2;
    return hr_min_time(wait, d->cap);
}

// --- budget ---------------------------------------------------------------------------------------------------------

enum { TOKEN = 1000 };                         // thousandths, so that a retry at 30 % costs 3.333 tokens

static void forget_old_slices(sim_retry_budget *b, hr_time now)
{
    int64_t second = now / HR_SEC;
    if (second - b->second > SIM_BUDGET_SLICES)
        b->second = second - SIM_BUDGET_SLICES;
    while (b->second < second)
        b->slice[++b->second % SIM_BUDGET_SLICES] = 0;
}

void sim_retry_budget_request(sim_retry_budget *b, hr_time now)
{
    forget_old_slices(b, now);
    b->slice[b->second % SIM_BUDGET_SLICES] += TOKEN;
}

bool sim_retry_budget_take(sim_retry_budget *b, const sim_retry_def *d, hr_time now)
{
    forget_old_slices(b, now);
    int64_t cost = (int64_t)(TOKEN / d->budget), left = (int64_t)(d->min_retries_per_s * SIM_BUDGET_SLICES * (double)cost);
    for (int i = 0; i < SIM_BUDGET_SLICES; i++)
        left += b->slice[i];
    if (left < cost)
        return false;
    b->slice[b->second % SIM_BUDGET_SLICES] -= cost;
    return true;
}

bool sim_retry_fits(const sim_retry_def *d, uint32_t least, uint32_t active, uint32_t retrying)
{
    return retrying < least || retrying < d->budget * active;
}
