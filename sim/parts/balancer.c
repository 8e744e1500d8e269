// sim/parts/balancer.c - passes each call on to a replica that its policy chooses among the eligible ones.
#include "sim/core/laws.h"
#include "sim/parts/parts.h"
#include "sim/parts/service.h"
#include "sim/policy/balance/balance.h"

typedef struct {
    uint32_t policy;
    uint16_t target;
    uint32_t replicas, stream;
    sim_ref  policy_state, in_flight, eligible;                    // uint32_t[replicas], uint16_t[replicas]
    uint64_t choices, left;                    // since time zero
} balancer;

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_balancer_def *d = def;
    balancer *s = SIM_STATE(w, balancer, id);
    s->policy = d->policy;
    s->target = d->target;
    s->stream = sim_stream(w, id, SIM_DRAW_CHOICE);
    s->policy_state = sim_take(w, sim_balancers[d->policy]->state_size + 1);
}

// Before time zero every component is built, so the number of replicas is known.
static void start(sim_world *w, sim_component_id id)
{
    balancer *s = SIM_STATE(w, balancer, id);
    s->replicas = sim_service_replicas(w, s->target);
    s->in_flight = sim_take(w, s->replicas * sizeof(uint32_t));
    s->eligible = sim_take(w, s->replicas * sizeof(uint16_t));
    for (uint32_t i = 0; i < s->replicas; i++)
        SIM_AT(w, uint16_t, s->eligible)[i] = (uint16_t)i;
}

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    balancer *s = SIM_STATE(w, balancer, id);
    const sim_balancer *policy = sim_balancers[s->policy];
    sim_candidates eligible = {.slot = SIM_AT(w, const uint16_t, s->eligible), .count = s->replicas,
                               .in_flight = SIM_AT(w, const uint32_t, s->in_flight),
                               .random = sim_random(w->seed, s->stream, sim_call_at(w, call)->request, sim_call_at(w, call)->path)};
    uint32_t chosen = policy->pick(SIM_AT(w, void, s->policy_state), &eligible);
    SIM_ASSERT(w, chosen < eligible.count);
    uint16_t slot = eligible.slot[chosen];
    SIM_AT(w, uint32_t, s->in_flight)[slot]++;
    s->choices++;
    sim_call_send(w, sim_call_passed(w, call, id), s->target, slot);
}

static void reply(sim_world *w, sim_component_id id, sim_ref child)
{
    balancer *s = SIM_STATE(w, balancer, id);
    SIM_AT(w, uint32_t, s->in_flight)[sim_call_at(w, child)->replica]--;
    s->left++;
    sim_call_answer(w, child);
}

static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const balancer *s = SIM_STATE(w, const balancer, id);
    *a = (sim_account){.left = s->left, .inside = s->choices - s->left, .knows_sent = true, .sent = s->choices};
    for (uint32_t i = 0; i < s->replicas; i++)
        a->waiting += SIM_AT(w, const uint32_t, s->in_flight)[i];
    return station == 0;
}

const sim_kind sim_kind_balancer = {.name = "balancer", .summary = "spreads calls over the replicas of a service",
    .state_size = sizeof(balancer), .def_size = sizeof(sim_balancer_def), .build = build, .start = start, .offer = offer, .reply = reply,
    .account = account};
