// sim/policy/breaker/time_based.c - the calls of the last `sliding_window_size` seconds, as resilience4j's TIME_BASED window: one sum for
// each second of the clock, of which the present one has just begun.
#include "sim/policy/breaker/breaker.h"

typedef struct { int64_t second; sim_breaker_sum sum, slot[]; } seconds;

static void count(sim_breaker_sum *sum, const sim_breaker_sum *slot, uint32_t by)
{
    sum->calls += slot->calls * by;
    sum->failed += slot->failed * by;
    sum->slow += slot->slow * by;
}

static sim_breaker_sum add(void *window, const sim_breaker_def *d, hr_time now, bool failed, bool slow)
{
    seconds *s = window;
    int64_t second = now / HR_SEC;
    if (second - s->second > d->size)          // everything is older than the window
        s->second = second - d->size;
    while (s->second < second) {
        sim_breaker_sum *oldest = &s->slot[++s->second % d->size];
        count(&s->sum, oldest, (uint32_t)-1);
        *oldest = (sim_breaker_sum){0};
    }
    const sim_breaker_sum one = {1, failed, slow};
    count(&s->slot[s->second % d->size], &one, 1);
    count(&s->sum, &one, 1);
    return s->sum;
}

static bool opens(const sim_breaker_def *d, const sim_breaker_sum *sum) { return sum->calls >= d->minimum && sim_breaker_reaches(d, sum); }

const sim_breaker_row sim_breaker_time_based = {.name = "time-based", .summary = "the share of failed or slow ones among the calls of the last seconds",
    .uses = SIM_BREAKER_RATES | SIM_BREAKER_SIZE, .slot_size = sizeof(sim_breaker_sum), .state_size = sizeof(seconds), .add = add,
    .opens = opens, .tries = sim_breaker_tries_rates};
