// sim/policy/breaker/consecutive.c - so many failures in a row, as gobreaker and Envoy's consecutive errors count. Half-open: the first
// failure opens it again, as many successes as may go through close it. Slow calls that succeed are successes.
#include "sim/policy/breaker/breaker.h"

typedef struct { uint32_t in_a_row; } row;

static sim_breaker_sum add(void *window, const sim_breaker_def *d, hr_time now, bool failed, bool slow)
{
    row *r = window;
    (void)d, (void)now, (void)slow;
    r->in_a_row = failed ? r->in_a_row + 1 : 0;
    return (sim_breaker_sum){.calls = r->in_a_row, .failed = r->in_a_row};
}

static bool opens(const sim_breaker_def *d, const sim_breaker_sum *sum) { return sum->failed >= d->failures; }

static sim_breaker_verdict tries(const sim_breaker_def *d, const sim_breaker_sum *trial)
{
    if (trial->failed)
        return SIM_BREAKER_BAD;
    return trial->calls >= d->half_open ? SIM_BREAKER_GOOD : SIM_BREAKER_UNDECIDED;
}

const sim_breaker_row sim_breaker_consecutive = {.name = "consecutive", .summary = "so many failures in a row",
    .uses = SIM_BREAKER_FAILURES, .state_size = sizeof(row), .add = add, .opens = opens, .tries = tries};
