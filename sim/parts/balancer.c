// sim/parts/balancer.c - passes each call on to a replica that its policy chooses among those that may be chosen.
#include <stdio.h>
#include <stdlib.h>

#include "sim/parts/parts.h"
#include "sim/parts/service.h"
#include "sim/policy/balance/upstream.h"

typedef struct {
    sim_balancer_choice policy;
    uint16_t target, unused;
    uint32_t stream;
    sim_ref  upstream;
    uint64_t refused;                          // calls for which no replica could be chosen, since the reset
} balancer;

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_balancer_def *d = def;
    balancer *s = SIM_STATE(w, balancer, id);
    s->policy = d->policy;
    s->target = d->target;
    s->stream = sim_stream(w, id, SIM_DRAW_CHOICE);
}

// Before time zero every component is built, so the number of replicas is known. Their names are "api-0", "api-1" …
static void start(sim_world *w, sim_component_id id)
{
    balancer *s = SIM_STATE(w, balancer, id);
    uint32_t replicas = sim_service_replicas(w, s->target);
    char **names = hr_alloc(replicas * sizeof *names);
    for (uint32_t i = 0; i < replicas; i++)
        names[i] = hr_format("%s-%u", sim_component_name(w, s->target), i);
    s->upstream = sim_upstream_make(w, &(sim_upstream_def){.policy = s->policy, .count = replicas, .names = (const char *const *)names});
    for (uint32_t i = 0; i < replicas; i++)
        free(names[i]);
    free(names);
}

// What the hash policies hash. A key is its number in decimal; a client's address is 10.0.0.0 and its key, so that 256 clients share a /24.
static uint32_t write_key(unsigned uses, uint64_t key, char *text, size_t room)
{
    if (uses & SIM_USES_KEY)
        return (uint32_t)snprintf(text, room, "%llu", (unsigned long long)key);
    text[0] = 10;
    for (int i = 1; i < 4; i++)
        text[i] = (char)(uint8_t)(key >> (24 - 8 * i));
    return 4;
}

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    balancer *s = SIM_STATE(w, balancer, id);
    const sim_call *c = sim_call_at(w, call);
    const unsigned uses = sim_balancers[s->policy.row]->uses;
    char key[24];
    sim_balanced choice = {.random = sim_random(w->seed, s->stream, c->request, c->path), .key = key};
    if (uses & (SIM_USES_KEY | SIM_USES_ADDRESS))
        choice.key_bytes = write_key(uses, c->key, key, sizeof key);
    uint32_t slot = sim_upstream_choose(w, s->upstream, &choice, NULL, 0);
    if (slot == SIM_NO_PEER) {
        s->refused++;
        sim_call_reply(w, call, SIM_rejected);
        return;
    }
    sim_ref child = sim_call_nested(w, call, id);
    sim_call_at(w, child)->operation = sim_call_at(w, call)->operation;
    sim_call_send(w, child, s->target, (uint16_t)slot);
}

static void reply(sim_world *w, sim_component_id id, sim_ref child)
{
    balancer *s = SIM_STATE(w, balancer, id);
    sim_call *c = sim_call_at(w, child);
    sim_outcome status = (sim_outcome)c->status;
    sim_upstream_answer(w, s->upstream, c->replica, w->now - c->started, status == SIM_error || status == SIM_lost);
    sim_ref call = c->parent;
    sim_call_at(w, call)->version = c->version;
    sim_call_free(w, child);
    sim_call_reply(w, call, status);
}

static void reset(sim_world *w, sim_component_id id) { SIM_STATE(w, balancer, id)->refused = 0; }

static void check(const sim_world *w, sim_component_id id)
{
    const balancer *s = SIM_STATE(w, const balancer, id);
    if (s->upstream)                           // before time zero there is none
        sim_upstream_check(w, s->upstream);
}

const sim_kind sim_kind_balancer = {.name = "balancer", .summary = "spreads calls over the replicas of a service",
    .state_size = sizeof(balancer), .def_size = sizeof(sim_balancer_def), .build = build, .start = start, .offer = offer, .reply = reply,
    .reset = reset, .check = check};
