// sim/parts/sessions.c - see sessions.h.
#include "sim/parts/sessions.h"

#include "sim/parts/service.h"
#include "sim/policy/balance/upstream.h"

typedef struct {
    sim_pair who;
    uint32_t slot, life;                       // the replica, and which of those that have been in its slot
    hr_time  until;
} visit;

typedef struct {
    sim_table users;                           // of visit
    sim_ref  life;                             // uint32_t[count]: how many replicas have been in a slot before
    hr_time  expires;
    sim_session_counts counts;
} sticky;

static hr_time after(const sim_world *w, hr_time span) { return span == HR_FOREVER ? HR_FOREVER : w->now + span; }

static visit *visit_of(sim_world *w, sim_table *t, const sim_call *c)
{
    uint64_t user = sim_workload_user(w, c->request);
    return user == SIM_EVERYONE ? sim_table_add(w, t, c->key, 1) : sim_table_add(w, t, user, 0);
}

// --- at the balancer ----------------------------------------------------------------------------------------------------

sim_ref sim_sticky_make(sim_world *w, hr_time expires, uint32_t count)
{
    sim_ref ref = sim_take(w, sizeof(sticky)), life = sim_take(w, count * sizeof(uint32_t));
    *SIM_AT(w, sticky, ref) = (sticky){.users = {.bytes = sizeof(visit)}, .life = life, .expires = expires};
    return ref;
}

uint32_t sim_sticky_choose(sim_world *w, sim_ref ref, const sim_call *call, sim_ref upstream)
{
    sticky *s = SIM_AT(w, sticky, ref);
    const visit *v = visit_of(w, &s->users, call);
    if (v->until <= w->now)
        return SIM_NO_PEER;
    s->counts.looks++;
    if (v->life == SIM_AT(w, const uint32_t, s->life)[v->slot] && sim_upstream_choose_this(w, upstream, v->slot))
        return v->slot;
    s->counts.lost++;
    return SIM_NO_PEER;
}

void sim_sticky_set(sim_world *w, sim_ref ref, const sim_call *call, uint32_t slot)
{
    sticky *s = SIM_AT(w, sticky, ref);
    visit *v = visit_of(w, &s->users, call);
    v->slot = slot;
    v->life = SIM_AT(w, const uint32_t, s->life)[slot];
    v->until = after(w, s->expires);
}

void sim_sticky_renew(sim_world *w, sim_ref ref, uint32_t slot) { SIM_AT(w, uint32_t, SIM_AT(w, const sticky, ref)->life)[slot]++; }
sim_session_counts *sim_sticky_counts(const sim_world *w, sim_ref ref) { return &SIM_AT(w, sticky, ref)->counts; }

// --- at the replica -----------------------------------------------------------------------------------------------------

bool sim_session_is_here(sim_world *w, sim_component_id id, const sim_call *call, hr_time timeout)
{
    sim_service *s = SIM_STATE(w, sim_service, id);
    uint32_t life = sim_replica_of(w, call)->cuts;
    s->sessions.bytes = sizeof(visit);
    visit *v = visit_of(w, &s->sessions, call);
    bool has_state = v->until > w->now, is_gone = has_state && (v->slot != call->replica || v->life != life);
    s->session_counts.looks += has_state;
    s->session_counts.lost += is_gone;
    v->slot = call->replica;
    v->life = life;
    v->until = after(w, timeout);
    return !is_gone;
}
