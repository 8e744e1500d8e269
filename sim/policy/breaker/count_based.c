// sim/policy/breaker/count_based.c - the last `sliding_window_size` calls, as resilience4j's COUNT_BASED window. A minimum above its size
// would never be reached, so the size bounds it.
#include "sim/policy/breaker/breaker.h"

typedef struct { uint32_t next; sim_breaker_sum sum; uint8_t slot[]; } ring;

enum { TAKEN = 1, FAILED = 2, SLOW = 4 };

static void count(sim_breaker_sum *sum, uint8_t slot, uint32_t by)
{
    sum->calls += slot & TAKEN ? by : 0;
    sum->failed += slot & FAILED ? by : 0;
    sum->slow += slot & SLOW ? by : 0;
}

static sim_breaker_sum add(void *window, const sim_breaker_def *d, hr_time now, bool failed, bool slow)
{
    ring *r = window;
    (void)now;
    count(&r->sum, r->slot[r->next], (uint32_t)-1);
    r->slot[r->next] = (uint8_t)(TAKEN | (failed ? FAILED : 0) | (slow ? SLOW : 0));
    count(&r->sum, r->slot[r->next], 1);
    r->next = (r->next + 1) % d->size;
    return r->sum;
}

static bool opens(const sim_breaker_def *d, const sim_breaker_sum *sum)
{
    return sum->calls >= (d->minimum < d->size ? d->minimum : d->size) && sim_breaker_reaches(d, sum);
}

const sim_breaker_row sim_breaker_count_based = {.name = "count-based", .summary = "the share of failed or slow ones among the last calls",
    .uses = SIM_BREAKER_RATES | SIM_BREAKER_SIZE, .slot_size = sizeof(uint8_t), .state_size = sizeof(ring), .add = add, .opens = opens,
    .tries = sim_breaker_tries_rates};
