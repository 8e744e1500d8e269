// sim/policy/limit/limit_req.c - leaky bucket as nginx's limit_req counts it: whole milliseconds, excess in thousandths of a request.
// Idealised: nginx forgets a key that was idle for a minute when it needs room; here every key is remembered.
#include "sim/policy/limit/limit.h"

typedef struct { int64_t excess, last_ms, known; } meter;        // known: bool

// Thousandths of a request per second, rounded down as nginx does: 1r/m is 16.
static int64_t rate_milli(const sim_limit_def *l) { return (int64_t)(sim_limit_earned(l, 1000000) / l->unit); }

static const char *wrong(const sim_limit_def *l)
{
    if (rate_milli(l) < 1)
        return "nginx counts in thousandths of a request per second, and this rate is below one";
    return l->delay != SIM_NODELAY && l->delay > l->burst ? "`delay` says how much of `burst` passes at once, so it can't be more" : NULL;
}

static hr_time ask(void *state, const sim_limit_def *l, hr_time now)
{
    meter *m = state;
    int64_t now_ms = now / HR_MS, ms = now_ms - m->last_ms, rate = rate_milli(l);
    if (!m->known) {
        *m = (meter){0, now_ms, 1};
        return 0;
    }
    if (ms < 0)                                // the clock went back: a little is no time, more than a minute is a new clock
        ms = ms < -60000 ? 1 : 0;
    sim_grains left = m->excess - (sim_grains)rate * ms / 1000 + 1000;
    int64_t excess = left > 0 ? (int64_t)left : 0;
    if (excess > (int64_t)l->burst * 1000)
        return SIM_DENY;                       // a refused request leaves no trace
    m->excess = excess;
    if (ms)                                    // so that many requests in one millisecond do not lose the fraction
        m->last_ms = now_ms;
    int64_t over = excess - (int64_t)l->delay * 1000;
    return l->delay == SIM_NODELAY || over <= 0 ? 0 : over * 1000 / rate * HR_MS;
}

const sim_limiter sim_limiter_limit_req = {.name = "limit-req",
    .summary = "leaky bucket as nginx's limit_req: what is above the rate waits, what is above `burst` is refused",
    .real = "limit_req zone=z burst=N [nodelay | delay=N];", .uses = SIM_LIMIT_RATE | SIM_LIMIT_BURST | SIM_LIMIT_DELAY, .needs = SIM_LIMIT_RATE,
    .state_size = sizeof(meter), .wrong = wrong, .ask = ask};
