// sim/parts/health.c - see health.h.
#include "sim/parts/health.h"

#include "sim/policy/balance/upstream.h"

typedef struct {
    uint32_t failed, passed;                   // checks in a row
    sim_ref  check;                            // that is out, or 0
} asked;

typedef struct {
    sim_health_def def;
    sim_component_id id, target;
    sim_ref  upstream, slots;                  // asked[count]
    uint32_t count;
    sim_health_counts counts;
} health;

static asked *slot_of(const sim_world *w, const health *h, uint32_t slot) { return SIM_AT(w, asked, h->slots) + slot; }
static const sim_peer *peer_of(const sim_world *w, const health *h, uint32_t slot)
{
    return SIM_AT(w, const sim_peer, SIM_AT(w, const sim_upstream, h->upstream)->peers) + slot;
}

sim_ref sim_health_start(sim_world *w, sim_component_id id, const sim_health_def *def, sim_component_id target, sim_ref upstream, uint32_t count)
{
    sim_ref ref = sim_take(w, sizeof(health)), slots = sim_take(w, count * sizeof(asked));
    *SIM_AT(w, health, ref) = (health){.def = *def, .id = id, .target = target, .upstream = upstream, .slots = slots, .count = count};
    for (uint32_t i = 0; i < count; i++)
        sim_schedule(w, w->now + def->interval / count * (i + 1), id, SIM_BALANCER_CHECKS, i, 0);
    return ref;
}

static void send(sim_world *w, health *h, uint32_t slot)
{
    sim_ref ref = sim_call_new(w);
    sim_call *c = sim_call_at(w, ref);
    c->request = (uint64_t)h->id << 48 | h->counts.sent++;
    c->started = c->since = w->now;
    c->deadline = w->now + h->def.timeout;
    c->caller = h->id;
    c->operation = h->def.operation;
    c->priority = (uint8_t)h->def.priority;
    slot_of(w, h, slot)->check = ref;
    h->counts.out++;
    sim_schedule(w, c->deadline, h->id, SIM_BALANCER_LATE, ref, c->generation);
    sim_call_send(w, ref, h->target, (uint16_t)slot);
}

void sim_health_check_due(sim_world *w, sim_ref ref, uint32_t slot, bool is_wanted)
{
    health *h = SIM_AT(w, health, ref);
    if (!(peer_of(w, h, slot)->out & SIM_OUT_DOWN) && (w->now < w->arrivals_end || is_wanted))
        send(w, h, slot);
    sim_schedule(w, w->now + h->def.interval, h->id, SIM_BALANCER_CHECKS, slot, 0);
}

static void judge(sim_world *w, health *h, uint32_t slot, bool passed)
{
    asked *a = slot_of(w, h, slot);
    a->check = 0;
    h->counts.out--;
    h->counts.failed += !passed;
    a->passed = passed ? a->passed + 1 : 0;
    a->failed = passed ? 0 : a->failed + 1;
    if (a->failed == h->def.fails)
        sim_upstream_mark(w, h->upstream, slot, SIM_OUT_UNHEALTHY, true);
    else if (a->passed == h->def.passes)
        sim_upstream_mark(w, h->upstream, slot, SIM_OUT_UNHEALTHY, false);
}

static void give_up(const sim_world *w, health *h, sim_ref call)
{
    sim_call_at(w, call)->flags |= SIM_CALL_ABANDONED;
    h->counts.given_up++;
}

void sim_health_late(sim_world *w, sim_ref ref, const sim_event *event)
{
    health *h = SIM_AT(w, health, ref);
    const sim_call *c = sim_call_at(w, event->subject);
    if (c->generation != event->generation || c->flags & SIM_CALL_ABANDONED)
        return;
    uint32_t slot = c->replica;
    give_up(w, h, event->subject);
    judge(w, h, slot, false);
}

void sim_health_back(sim_world *w, sim_ref ref, sim_ref call)
{
    health *h = SIM_AT(w, health, ref);
    const sim_call *c = sim_call_at(w, call);
    uint32_t slot = c->replica;
    bool passed = c->status == SIM_ok;
    sim_call_free(w, call);
    judge(w, h, slot, passed);
}

void sim_health_renew(sim_world *w, sim_ref ref, uint32_t slot)
{
    health *h = SIM_AT(w, health, ref);
    asked *a = slot_of(w, h, slot);
    if (a->check) {
        give_up(w, h, a->check);
        h->counts.out--;
    }
    *a = (asked){0};
}

sim_health_counts sim_health_count(const sim_world *w, sim_ref ref) { return SIM_AT(w, const health, ref)->counts; }

// Whoever has failed so often in a row is unhealthy, whoever has passed so often is not; each check that is out is a call of ours.
void sim_health_verify(const sim_world *w, sim_ref ref)
{
    const health *h = SIM_AT(w, const health, ref);
    uint32_t out = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        const asked *a = slot_of(w, h, i);
        bool unhealthy = peer_of(w, h, i)->sick & SIM_OUT_UNHEALTHY;
        SIM_ASSERT(w, !a->passed || !a->failed);
        SIM_ASSERT(w, unhealthy ? a->passed < h->def.passes : a->failed < h->def.fails);
        SIM_ASSERT(w, !a->check || (sim_call_at(w, a->check)->caller == h->id && sim_call_at(w, a->check)->replica == i));
        out += a->check != 0;
    }
    SIM_ASSERT(w, out == h->counts.out && h->counts.out + h->counts.given_up <= h->counts.sent);
}
