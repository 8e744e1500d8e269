// sim/parts/balancer.c - passes each call on to a replica that its policy chooses among those that may be chosen.
#include <stdlib.h>
#include <string.h>

#include "sim/core/laws.h"
#include "sim/parts/parts.h"
#include "sim/parts/lives.h"
#include "sim/parts/mesh.h"
#include "sim/policy/balance/upstream.h"

typedef struct {
    sim_balancer_choice policy;
    uint16_t target, unused;
    uint32_t stream;
    uint32_t max_fails, fail_timeout_s, max_conns, queue_limit;
    uint32_t scaled;                           // bool: replicas come and go, so calls may wait for one also when nobody is at work
    uint32_t sticky_drain;                     // bool: who leaves gets the calls that are bound to it
    sim_ref  weights, upstream;                // uint32_t[] until time zero, or 0; sim_upstream
    hr_time  sees, slow_start;
    double   panic;
    uint32_t has_checks, is_sticky;            // bool
    hr_time  expires;
    sim_ref  sticky;                           // cookies, sessions.c; from time zero on
    sim_ref  health;                           // health.c; from time zero on
    sim_health_def checks;
    uint32_t has_outliers;                     // bool
    sim_ref  outlier;                          // outlier.c; from time zero on
    sim_outlier_def outliers;
    uint64_t ejections_at_reset;
    sim_health_counts checks_at_reset;
    sim_fifo queue;                            // calls that no replica could be chosen for while others are at work
    uint64_t choices, refused, left;           // since time zero, for the laws
} balancer;

static sim_ref place_weights(sim_world *w, const uint32_t *weights, uint32_t count)
{
    sim_ref placed = sim_take(w, count * sizeof *weights);
    memcpy(SIM_AT(w, uint32_t, placed), weights, count * sizeof *weights);
    return placed;
}

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_balancer_def *d = def;
    balancer *s = SIM_STATE(w, balancer, id);
    s->policy = d->policy;
    s->target = d->target;
    s->stream = sim_stream(w, id, SIM_DRAW_CHOICE);
    s->max_fails = d->max_fails;
    s->fail_timeout_s = (uint32_t)(d->fail_timeout / HR_SEC);
    s->max_conns = d->max_conns;
    s->queue_limit = d->queue;
    s->sees = d->sees;
    s->slow_start = d->slow_start;
    s->panic = d->panic;
    s->has_checks = d->has_checks;
    s->is_sticky = d->is_sticky;
    s->expires = d->expires;
    s->sticky_drain = d->sticky_drain;
    s->checks = d->health;
    s->has_outliers = d->has_outliers;
    s->outliers = d->outliers;
    if (d->weights)
        s->weights = place_weights(w, d->weights, d->weight_count);
}

// Before time zero every component is built, so the number of replicas is known. Their names are "api-0", "api-1" …
static void start(sim_world *w, sim_component_id id)
{
    balancer *s = SIM_STATE(w, balancer, id);
    uint32_t replicas = sim_service_replicas(w, s->target);
    char **names = hr_alloc(replicas * sizeof *names);
    for (uint32_t i = 0; i < replicas; i++)
        names[i] = hr_format("%s-%u", sim_component_name(w, s->target), i);
    s->upstream = sim_upstream_make(w, &(sim_upstream_def){
        .policy = s->policy, .count = replicas, .weights = s->weights ? SIM_AT(w, const uint32_t, s->weights) : NULL,
        .names = (const char *const *)names, .max_fails = s->max_fails, .fail_timeout_s = s->fail_timeout_s, .max_conns = s->max_conns,
        .reports = s->sees > 0, .panic = s->panic, .slow_start = s->slow_start});
    if (s->sees)
        sim_schedule(w, w->now + s->sees, id, SIM_BALANCER_REPORTS, 0, 0);
    if (s->has_checks)
        s->health = sim_health_start(w, id, &s->checks, s->target, s->upstream, replicas);
    if (s->has_outliers) {
        s->outlier = sim_outlier_make(w, &s->outliers, s->upstream, replicas);
        sim_schedule(w, w->now + s->outliers.interval, id, SIM_BALANCER_EJECTED, 0, 0);
    }
    if (s->sticky_drain)
        sim_lives_of(w, s->target)->drains_whole = 1;
    if (s->is_sticky)
        s->sticky = sim_sticky_make(w, s->expires, replicas);
    s->scaled = sim_service_present(w, s->target).is_scaled;
    for (uint32_t i = 0; s->scaled && i < replicas; i++)
        sim_upstream_mark(w, s->upstream, i, SIM_OUT_DOWN, !sim_lives_is_ready(w, s->target, i));
    for (uint32_t i = 0; i < replicas; i++)
        free(names[i]);
    free(names);
}

static HR_APART uint32_t choose_by(sim_world *w, const balancer *s, const sim_call *c, unsigned uses)
{
    char key[SIM_BALANCE_KEY_BYTES];
    sim_balanced choice = {.key = key};
    if (uses & SIM_USES_CHANCE)
        choice.random = sim_random(w->seed, s->stream, c->request, c->path);
    if (uses & (SIM_USES_KEY | SIM_USES_ADDRESS))
        choice.key_bytes = sim_balance_key(uses, c->key, key);
    return sim_upstream_choose(w, s->upstream, &choice, NULL, 0);
}

// The slot that the policy chooses: by what it looks at of the call, or whatever the call is.
static inline uint32_t choose(sim_world *w, const balancer *s, const sim_call *c)
{
    const unsigned uses = sim_balancers[s->policy.row]->uses & (SIM_USES_CHANCE | SIM_USES_KEY | SIM_USES_ADDRESS);
    return uses ? choose_by(w, s, c, uses) : sim_upstream_choose(w, s->upstream, &(sim_balanced){0}, NULL, 0);
}

// By its cookie where that is good, else it gets one.
static HR_APART uint32_t choose_sticky(sim_world *w, const balancer *s, const sim_call *c)
{
    uint32_t slot = sim_sticky_choose(w, s->sticky, c, s->upstream);
    if (slot != SIM_NO_PEER)
        return slot;
    slot = choose(w, s, c);
    if (slot != SIM_NO_PEER)
        sim_sticky_set(w, s->sticky, c, slot);
    return slot;
}

// Sends the call to a replica; false: none may be chosen.
static bool pass_on(sim_world *w, sim_component_id id, sim_ref call)
{
    balancer *s = SIM_STATE(w, balancer, id);
    const sim_call *c = sim_call_at(w, call);
    uint32_t slot = s->sticky ? choose_sticky(w, s, c) : choose(w, s, c);
    if (slot == SIM_NO_PEER)
        return false;
    s->choices++;
    sim_call_send(w, sim_call_passed(w, call, id), s->target, (uint16_t)slot);
    return true;
}

static bool anyone_at_work(const sim_world *w, const balancer *s) { return SIM_AT(w, const sim_upstream, s->upstream)->in_flight > 0; }

// Who waits is before who comes. Waiting makes sense only while something will look at the queue again: the answer of a call that is out,
// or a replica that comes.
static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    balancer *s = SIM_STATE(w, balancer, id);
    if (!s->queue.head && pass_on(w, id, call))
        return;
    if (s->queue.length.level < s->queue_limit && (s->scaled || anyone_at_work(w, s))) {
        sim_fifo_push(w, &s->queue, call);
        return;
    }
    s->refused++;
    sim_call_reply(w, call, SIM_rejected);
}

static void serve_queue(sim_world *w, sim_component_id id)
{
    balancer *s = SIM_STATE(w, balancer, id);
    while (s->queue.head && SIM_AT(w, const sim_upstream, s->upstream)->eligible_count > 0) {
        bool sent = pass_on(w, id, sim_fifo_pop(w, &s->queue));
        SIM_ASSERT(w, sent);
    }
    while (s->queue.head && !s->scaled && !anyone_at_work(w, s)) {
        s->left++;
        sim_call_reply(w, sim_fifo_pop(w, &s->queue), SIM_rejected);
    }
}

static bool is_in_front(const sim_world *w, sim_component_id id, sim_component_id service)
{
    return sim_component_at(w, id)->kind == SIM_PART_balancer && SIM_STATE(w, const balancer, id)->target == service;
}

// A replica begins anew: what was known of the one before it in its slot is not about it.
static void renew(sim_world *w, const balancer *s, uint32_t slot)
{
    sim_upstream_renew(w, s->upstream, slot);
    if (s->health)
        sim_health_renew(w, s->health, slot);
    if (s->outlier)
        sim_outlier_renew(w, s->outlier, slot);
    if (s->sticky)
        sim_sticky_renew(w, s->sticky, slot);
}

void sim_balancers_see(sim_world *w, sim_component_id service, uint32_t slot, bool is_eligible)
{
    for (sim_component_id id = 0; id < w->component_count; id++) {
        if (sim_component_at(w, id)->kind == SIM_PART_mesh)
            sim_mesh_see(w, id, service, slot, is_eligible);
        if (!is_in_front(w, id, service))
            continue;
        const balancer *s = SIM_STATE(w, const balancer, id);
        if (!s->upstream)                      // before time zero: it will look by itself
            continue;
        if (is_eligible)
            renew(w, s, slot);
        bool drains = !is_eligible && s->sticky_drain && sim_lives_is_draining(w, service, slot);
        sim_upstream_mark(w, s->upstream, slot, SIM_OUT_DRAINING, drains);
        sim_upstream_mark(w, s->upstream, slot, SIM_OUT_DOWN, !is_eligible && !drains);
        if (is_eligible)
            serve_queue(w, id);
    }
}

uint32_t sim_balancers_queue(const sim_world *w, sim_component_id service)
{
    uint32_t waiting = 0;
    for (sim_component_id id = 0; id < w->component_count; id++)
        waiting += is_in_front(w, id, service) ? SIM_STATE(w, const balancer, id)->queue.length.level : 0;
    return waiting;
}

static void reply(sim_world *w, sim_component_id id, sim_ref child)
{
    balancer *s = SIM_STATE(w, balancer, id);
    const sim_call *c = sim_call_at(w, child);
    if (!c->parent) {
        sim_health_back(w, s->health, child);
        serve_queue(w, id);
        return;
    }
    bool is_cancelled = w->cancels && c->cancelled;                // that says nothing of the replica
    sim_upstream_answer(w, s->upstream, c->replica, w->now - c->started, !is_cancelled && (c->status == SIM_error || c->status == SIM_lost));
    if (s->outlier && !is_cancelled)
        sim_outlier_note(w, s->outlier, c->replica, c->status != SIM_ok);
    s->left++;
    if (s->queue.head)
        serve_queue(w, id);
    sim_call_answer(w, child);
}

static void cancel(sim_world *w, sim_component_id id, sim_ref call)
{
    balancer *s = SIM_STATE(w, balancer, id);
    sim_ref child = sim_call_child(w, call, 0);
    if (child) {
        sim_call_cancel(w, child);
        return;
    }
    sim_fifo_leave(w, &s->queue, call);
    s->left++;
    sim_call_reply(w, call, SIM_timeout);
}

static sim_health_counts checks_of(const sim_world *w, const balancer *s)
{
    return s->health ? sim_health_count(w, s->health) : (sim_health_counts){0};
}

static uint64_t ejections_of(const sim_world *w, const balancer *s) { return s->outlier ? sim_outlier_ejections(w, s->outlier) : 0; }

static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const balancer *s = SIM_STATE(w, const balancer, id);
    uint64_t out = s->upstream ? SIM_AT(w, const sim_upstream, s->upstream)->in_flight : 0;
    sim_health_counts checks = checks_of(w, s);
    *a = (sim_account){.refused = s->refused, .left = s->left, .inside = s->queue.length.level + out, .knows_sent = true,
                       .sent = s->choices + checks.sent, .waiting = out + checks.out, .given_up = checks.given_up};
    return station == 0;
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    const balancer *s = SIM_STATE(w, const balancer, id);
    switch (event->what) {
    case SIM_BALANCER_CHECKS: sim_health_check_due(w, s->health, event->subject, s->queue.head != 0); break;
    case SIM_BALANCER_LATE:
        sim_health_late(w, s->health, event);
        serve_queue(w, id);                    // it may be the one with which a panic begins
        break;
    case SIM_BALANCER_EJECTED:
        sim_outlier_look(w, s->outlier);
        sim_schedule(w, w->now + s->outliers.interval, id, SIM_BALANCER_EJECTED, 0, 0);
        serve_queue(w, id);
        break;
    default:
        sim_upstream_report(w, s->upstream);
        sim_schedule(w, w->now + s->sees, id, SIM_BALANCER_REPORTS, 0, 0);
    }
}

static void reset(sim_world *w, sim_component_id id)
{
    balancer *s = SIM_STATE(w, balancer, id);
    sim_level_reset(w, &s->queue.length);
    sim_upstream_reset(w, s->upstream);
    s->checks_at_reset = checks_of(w, s);
    s->ejections_at_reset = ejections_of(w, s);
    if (s->sticky)
        *sim_sticky_counts(w, s->sticky) = (sim_session_counts){0};
}

static void check(const sim_world *w, sim_component_id id)
{
    const balancer *s = SIM_STATE(w, const balancer, id);
    if (!s->upstream)                          // before time zero
        return;
    sim_upstream_check(w, s->upstream);
    if (s->health)
        sim_health_verify(w, s->health);
    if (s->outlier)
        sim_outlier_check(w, s->outlier);
    SIM_ASSERT(w, s->queue.length.level <= s->queue_limit && (!s->queue.head || s->scaled || anyone_at_work(w, s)));
}

sim_station_view sim_balancer_look(const sim_world *w, sim_component_id id)
{
    const balancer *s = SIM_STATE(w, const balancer, id);
    const sim_upstream *u = SIM_AT(w, const sim_upstream, s->upstream);
    sim_health_counts checks = checks_of(w, s);
    sim_session_counts cookies = s->sticky ? *sim_sticky_counts(w, s->sticky) : (sim_session_counts){0};
    return (sim_station_view){.judges = s->has_checks || s->has_outliers, .ejections = ejections_of(w, s) - s->ejections_at_reset,
                              .unhealthy = sim_level_average(w, &u->sick), .panicking = sim_level_average(w, &u->panicking),
                              .checks = checks.sent - s->checks_at_reset.sent, .failed_checks = checks.failed - s->checks_at_reset.failed,
                              .cookies = cookies.looks, .moved_sessions = cookies.lost};
}

const sim_kind sim_kind_balancer = {.name = "balancer", .summary = "spreads calls over the replicas of a service",
    .state_size = sizeof(balancer), .def_size = sizeof(sim_balancer_def), .build = build, .start = start, .offer = offer, .reply = reply,
    .wake = wake, .cancel = cancel, .reset = reset, .check = check, .account = account};
