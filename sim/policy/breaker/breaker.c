// sim/policy/breaker/breaker.c - the states of a circuit breaker, the table made from breaker.def, and the checks of settings.
#include "sim/policy/breaker/breaker.h"

#include <string.h>

const sim_breaker_row *const sim_breaker_rows[] = {
#define SIM_BREAKER(name) &sim_breaker_##name,
#include "sim/policy/breaker/breaker.def"
#undef SIM_BREAKER
    NULL};

const sim_setting sim_breaker_settings[] = {
    {"failure_rate_threshold", SIM_BREAKER_FAILURE_RATE}, {"slow_call_rate_threshold", SIM_BREAKER_SLOW_RATE},
    {"slow_call_duration_threshold", SIM_BREAKER_SLOW_AFTER}, {"minimum_number_of_calls", SIM_BREAKER_MINIMUM},
    {"sliding_window_size", SIM_BREAKER_SIZE}, {"failures", SIM_BREAKER_FAILURES}, {NULL, 0}};

const char *sim_breaker_state_name(sim_breaker_state state)
{
    static const char *const names[] = {"closed", "open", "half-open"};
    return names[state];
}

int sim_breaker_find(const char *name)
{
    for (int i = 0; sim_breaker_rows[i]; i++)
        if (strcmp(sim_breaker_rows[i]->name, name) == 0)
            return i;
    return -1;
}

sim_breaker_def sim_breaker_default(void)
{
    return (sim_breaker_def){.failure_rate = 0.5, .slow_rate = 1, .minimum = 100, .size = 100, .failures = 5, .half_open = 10,
                             .wait = 60 * HR_SEC, .slow_after = 60 * HR_SEC};
}

hr_status sim_breaker_fits(const sim_breaker_row *row, const sim_breaker_def *d, unsigned given, hr_error *e)
{
    if (sim_settings_fit(sim_breaker_settings, row->name, row->uses, 0, given, e))
        return e->status;
    if (d->failure_rate <= 0 || d->slow_rate <= 0)
        return hr_fail(e, HR_BAD_INPUT, "a threshold of nothing would open it at the first call: want more than 0%%");
    if (!d->minimum || !d->size || !d->failures || !d->half_open)
        return hr_fail(e, HR_BAD_INPUT, "counts of calls and seconds start at 1");
    if (d->size > 1000000)
        return hr_fail(e, HR_BAD_INPUT, "a window of more than a million calls or seconds is too long to keep");
    return HR_OK;
}

size_t sim_breaker_window_size(const sim_breaker_row *row, const sim_breaker_def *d) { return row->state_size + row->slot_size * d->size; }

static void open(sim_breaker *b, hr_time now)
{
    b->state = SIM_BREAKER_OPEN;
    b->opened = now;
}

bool sim_breaker_asks(sim_breaker *b, const sim_breaker_row *row, void *window, const sim_breaker_def *d, hr_time now)
{
    if (b->state == SIM_BREAKER_OPEN && now - b->opened > d->wait) {
        *b = (sim_breaker){.state = SIM_BREAKER_HALF_OPEN};
        memset(window, 0, sim_breaker_window_size(row, d));
    }
    if (b->state == SIM_BREAKER_HALF_OPEN)
        return b->permitted < d->half_open && b->permitted++ < d->half_open;
    return b->state == SIM_BREAKER_CLOSED;
}

static void try_out(sim_breaker *b, const sim_breaker_row *row, const sim_breaker_def *d, hr_time now, bool failed, bool slow)
{
    b->trial.calls++;
    b->trial.failed += failed;
    b->trial.slow += slow;
    sim_breaker_verdict verdict = row->tries(d, &b->trial);
    if (verdict == SIM_BREAKER_BAD)
        open(b, now);
    else if (verdict == SIM_BREAKER_GOOD)
        *b = (sim_breaker){.state = SIM_BREAKER_CLOSED};
}

void sim_breaker_ends(sim_breaker *b, const sim_breaker_row *row, void *window, const sim_breaker_def *d, hr_time now, bool failed, bool slow)
{
    if (b->state == SIM_BREAKER_HALF_OPEN) {
        try_out(b, row, d, now, failed, slow);
    } else if (b->state == SIM_BREAKER_CLOSED) {                   // while open, what comes back late changes nothing
        sim_breaker_sum sum = row->add(window, d, now, failed, slow);
        if (row->opens(d, &sum))
            open(b, now);
    }
}

// One that was let through before half-open gives no place there back.
void sim_breaker_releases(sim_breaker *b)
{
    if (b->state == SIM_BREAKER_HALF_OPEN && b->permitted > b->trial.calls)
        b->permitted--;
}

bool sim_breaker_reaches(const sim_breaker_def *d, const sim_breaker_sum *sum)
{
    // A share as a double is a little off (70 % of 10 is no whole 7): half a millionth of a call is not one.
    return sum->failed + 5e-7 >= d->failure_rate * sum->calls || sum->slow + 5e-7 >= d->slow_rate * sum->calls;
}

// resilience4j decides after all the calls that may go through, or after the minimum when that is less.
sim_breaker_verdict sim_breaker_tries_rates(const sim_breaker_def *d, const sim_breaker_sum *trial)
{
    if (trial->calls < d->minimum && trial->calls < d->half_open)
        return SIM_BREAKER_UNDECIDED;
    return sim_breaker_reaches(d, trial) ? SIM_BREAKER_BAD : SIM_BREAKER_GOOD;
}
