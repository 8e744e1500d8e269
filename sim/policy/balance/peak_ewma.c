// sim/policy/balance/peak_ewma.c - the least response time, as Finagle's peak EWMA: what an answer takes there × (calls out there + 1).
// * A slow answer counts at once, quick ones by an average that forgets with time constant `decay`; without answers it fades, too.
// * All fade alike, by e^(-t / decay): who is the least changes only where something happens, so the logarithm of the cost, with the fading
//   taken out, is a key that stands.
// * Who has never answered is tried first, one call at a time.
#include "sim/policy/balance/least.h"
#include "sim/policy/balance/upstream.h"

#include <string.h>

typedef struct { double cost_ns; hr_time at; } average;            // as of `at`
typedef struct { sim_least least; sim_ref averages; } peak_ewma;   // average[peer_count]

// The order of doubles as that of whole numbers; below SIM_LEAST_NONE for every number.
static uint64_t ordered(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | 1ull << 63;
}

static double faded(const sim_upstream *u, hr_time span) { return (double)span / (u->parameter[0] * 1e9); }

static void prepare(sim_world *w, sim_upstream *u)
{
    peak_ewma *e = SIM_AT(w, peak_ewma, u->state);
    e->least = sim_least_make(w, u->peer_count);
    e->averages = sim_take(w, u->peer_count * sizeof(average));
}

static void changed(sim_world *w, sim_upstream *u, uint32_t slot)
{
    peak_ewma *e = SIM_AT(w, peak_ewma, u->state);
    const sim_peer *p = SIM_AT(w, const sim_peer, u->peers) + slot;
    const average *a = SIM_AT(w, const average, e->averages) + slot;
    double cost = p->load ? 1e100 * p->load : -1;                  // of one that has never answered: after all others, or before
    if (a->cost_ns > 0)
        cost = sim_log(a->cost_ns) + faded(u, a->at) + sim_log((double)p->load + 1);
    sim_least_set(w, &e->least, slot, p->out ? SIM_LEAST_NONE : ordered(cost));
}

static void answered(sim_world *w, sim_upstream *u, uint32_t slot, hr_time took)
{
    average *a = SIM_AT(w, average, SIM_AT(w, peak_ewma, u->state)->averages) + slot;
    double span = faded(u, w->now - a->at), left = span < 600 ? sim_exp(-span) : 0;
    double rtt_ns = (double)hr_max_time(took, 1);
    a->cost_ns = rtt_ns > a->cost_ns * left ? rtt_ns : a->cost_ns * left + rtt_ns * (1 - left);
    a->at = w->now;
}

static void check(const sim_world *w, const sim_upstream *u) { sim_least_check(w, &SIM_AT(w, const peak_ewma, u->state)->least); }

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    return sim_least_first(eligible->world, &((const peak_ewma *)state)->least).slot;
}

const sim_balancer sim_balancer_peak_ewma = {.name = "peak-ewma", .summary = "the least expected response time: a fading peak average × (calls out + 1)",
    .parameter = {{"decay", "s", "time constant of forgetting", 10, 1e-3, 1e6, false}}, .state_size = sizeof(peak_ewma), .pick = pick,
    .prepare = prepare, .changed = changed, .check = check, .answered = answered};
