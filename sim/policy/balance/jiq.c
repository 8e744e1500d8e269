// sim/policy/balance/jiq.c - join an idle queue (Lu et al. 2011): replicas report when they fall idle, and who has been idle longest is next;
// where nobody is, any replica by chance. The balancer needs no answer to a question, only the reports.
#include "sim/policy/balance/least.h"
#include "sim/policy/balance/upstream.h"

typedef struct {
    sim_least least;                           // key: the number of the report
    sim_ref   report;                          // uint64_t[peer_count]; 0: not idle
    uint64_t  reports;
} jiq;

static void prepare(sim_world *w, sim_upstream *u)
{
    jiq *q = SIM_AT(w, jiq, u->state);
    q->least = sim_least_make(w, u->peer_count);
    q->report = sim_take(w, u->peer_count * sizeof(uint64_t));
}

static void changed(sim_world *w, sim_upstream *u, uint32_t slot)
{
    jiq *q = SIM_AT(w, jiq, u->state);
    const sim_peer *p = SIM_AT(w, const sim_peer, u->peers) + slot;
    uint64_t *report = SIM_AT(w, uint64_t, q->report) + slot;
    if (p->load)
        *report = 0;
    else if (!*report)
        *report = ++q->reports;
    sim_least_set(w, &q->least, slot, *report && !p->out ? *report : SIM_LEAST_NONE);
}

static void check(const sim_world *w, const sim_upstream *u) { sim_least_check(w, &SIM_AT(w, const jiq, u->state)->least); }

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    const jiq *q = state;
    if (sim_least_root(eligible->world, &q->least).key != SIM_LEAST_NONE)
        return sim_least_first(eligible->world, &q->least).slot;
    return eligible->slot[sim_balance_below(eligible, 0, eligible->count)];
}

const sim_balancer sim_balancer_jiq = {.name = "jiq", .summary = "join idle queue: who has been idle longest, else any by chance",
    .uses = SIM_USES_CHANCE, .state_size = sizeof(jiq), .pick = pick, .prepare = prepare, .changed = changed, .check = check};
