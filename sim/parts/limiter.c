// sim/parts/limiter.c - a rate limiter in front of another component: lets a call pass, makes it wait, or refuses it.
// * A refused call is answered at once with `rejected`. One that waits is passed on when its time has come, also when its caller has
//   given up meanwhile, unless that has told the limiter (`cancel`); what the policy has given it stays taken.
// * With `per: key` each key has a state of its own; a state is never dropped.
// * With `store` the states lie in a cache that all instances of a gateway share (Redis: an atomic script): each decision takes a call there. What the cache
//   loses, by eviction or a flush, is forgotten here; when it does not answer, calls pass (Envoy's rate limit filter: failure_mode_deny).
#include <string.h>

#include "sim/core/laws.h"
#include "sim/core/table.h"
#include "sim/parts/parts.h"
#include "sim/parts/service.h"

typedef struct {
    uint64_t offered, passed, delayed, refused;                    // since time zero; `delayed` are part of `passed` once they have waited
    uint64_t cancelled;                                            // by their callers, before they were passed on
    uint64_t asked, given_up;                                      // of the store; given_up: its answer was too late
} counts;

typedef struct {
    uint32_t  policy;
    uint16_t  target, store;
    uint32_t  per_key, unused;
    uint32_t  has_store, denies;               // bools; denies: when the store does not answer
    hr_time   store_timeout;
    sim_table states;                          // a map from a key to its state
    sim_limit_def limit;
    sim_level waiting, under_way, asking;      // calls that wait; that are out at the target; that wait for the store
    counts    now, at_reset, sampled;
} limiter;

enum { WAITED, STORE_LATE };                   // timers: of a call that waits, of a call to the store

static const char *const gauges[] = {"passed_per_s", "refused_per_s", "waiting", NULL};

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_limiter_def *d = def;
    limiter *s = SIM_STATE(w, limiter, id);
    s->policy = d->policy;
    s->target = d->target;
    s->store = d->store;
    s->has_store = d->has_store;
    s->denies = d->failure_mode_deny;
    s->store_timeout = d->store_timeout;
    s->per_key = d->per_key;
    s->limit = d->limit;
    s->states = sim_map_make();
}

// The policy's state for a call.
static void *state_of(sim_world *w, limiter *s, const sim_call *c)
{
    uint64_t key = s->per_key ? c->key : 0;
    sim_ref state = sim_map_at(w, &s->states, key);
    if (!state) {
        state = sim_take(w, sim_limit_size(sim_limiters[s->policy], &s->limit));
        sim_map_put(w, &s->states, key, state);
    }
    return SIM_AT(w, void, state);
}

static void pass(sim_world *w, sim_component_id id, sim_ref call)
{
    limiter *s = SIM_STATE(w, limiter, id);
    s->now.passed++;
    sim_level_up(w, &s->under_way);
    sim_call_send(w, sim_call_passed(w, call, id), s->target, 0);
}

static void refuse(sim_world *w, limiter *s, sim_ref call)
{
    s->now.refused++;
    sim_call_reply(w, call, SIM_rejected);
}

static void decide(sim_world *w, sim_component_id id, sim_ref call)
{
    limiter *s = SIM_STATE(w, limiter, id);
    const sim_call *c = sim_call_at(w, call);
    hr_time wait = sim_limiters[s->policy]->ask(state_of(w, s, c), &s->limit, w->now);
    if (wait == SIM_DENY) {
        refuse(w, s, call);
    } else if (wait) {
        s->now.delayed++;
        sim_level_up(w, &s->waiting);
        sim_schedule(w, w->now + wait, id, WAITED, call, c->generation);
    } else {
        pass(w, id, call);
    }
}

// --- a store --------------------------------------------------------------------------------------------------------------

static void ask_store(sim_world *w, sim_component_id id, sim_ref call)
{
    limiter *s = SIM_STATE(w, limiter, id);
    sim_ref child = sim_call_nested(w, call, id);
    sim_call *c = sim_call_at(w, child);
    c->operation = SIM_CACHE_COUNT;
    c->key = (s->per_key ? c->key : 0) ^ (uint64_t)id << 46;       // each limiter has keys of its own
    c->path = sim_path(c->path, id + 1u, 0);
    s->now.asked++;
    sim_level_up(w, &s->asking);
    sim_call_await(w, child, s->store_timeout, id, STORE_LATE);
    sim_call_send(w, child, s->store, 0);
}

static bool is_of_store(const limiter *s, const sim_call *child)
{
    return s->has_store && child->callee == s->store && child->operation == SIM_CACHE_COUNT;
}

// Its caller has cancelled it before it was passed on.
static void drop(sim_world *w, limiter *s, sim_ref call)
{
    s->now.cancelled++;
    sim_call_reply(w, call, SIM_timeout);
}

static bool is_cancelled(const sim_world *w, sim_ref call) { return w->cancels && sim_call_at(w, call)->cancelled == SIM_CANCEL_THERE; }

static void store_failed(sim_world *w, sim_component_id id, sim_ref call)
{
    limiter *s = SIM_STATE(w, limiter, id);
    if (is_cancelled(w, call))
        drop(w, s, call);
    else if (s->denies)
        refuse(w, s, call);
    else
        pass(w, id, call);
}

static void store_answered(sim_world *w, sim_component_id id, sim_ref child)
{
    limiter *s = SIM_STATE(w, limiter, id);
    const sim_call *c = sim_call_at(w, child);
    sim_ref call = c->parent;
    bool failed = c->status != SIM_ok, is_new = c->flags & SIM_CALL_MISS;
    sim_level_down(w, &s->asking);
    sim_call_free(w, child);
    if (failed) {
        store_failed(w, id, call);
        return;
    }
    if (is_new)                                // or forgotten
        memset(state_of(w, s, sim_call_at(w, call)), 0, sim_limit_size(sim_limiters[s->policy], &s->limit));
    if (is_cancelled(w, call))
        drop(w, s, call);
    else
        decide(w, id, call);
}

static void store_is_late(sim_world *w, sim_component_id id, const sim_event *event)
{
    limiter *s = SIM_STATE(w, limiter, id);
    sim_call *c = sim_call_at(w, event->subject);
    if (c->generation != event->generation)
        return;                                // it has answered in time
    c->flags |= SIM_CALL_ABANDONED;
    s->now.given_up++;
    sim_level_down(w, &s->asking);
    store_failed(w, id, c->parent);
}

// ---------------------------------------------------------------------------------------------------------------------------

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    limiter *s = SIM_STATE(w, limiter, id);
    s->now.offered++;
    if (s->has_store)
        ask_store(w, id, call);
    else
        decide(w, id, call);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    if (event->what == STORE_LATE) {
        store_is_late(w, id, event);
        return;
    }
    const sim_call *c = sim_call_at(w, event->subject);
    if (c->generation != event->generation || !c->link)
        return;                                // cancelled; its answer may be on its way still
    sim_level_down(w, &SIM_STATE(w, limiter, id)->waiting);
    pass(w, id, event->subject);
}

static void cancel(sim_world *w, sim_component_id id, sim_ref call)
{
    limiter *s = SIM_STATE(w, limiter, id);
    sim_ref child = sim_call_child(w, call, 0);
    if (!child) {
        sim_level_down(w, &s->waiting);
        drop(w, s, call);
    } else if (!is_of_store(s, sim_call_at(w, child))) {           // the store's answer is waited for
        sim_call_cancel(w, child);
    }
}

static void reply(sim_world *w, sim_component_id id, sim_ref child)
{
    limiter *s = SIM_STATE(w, limiter, id);
    if (is_of_store(s, sim_call_at(w, child))) {
        store_answered(w, id, child);
        return;
    }
    const sim_limiter *policy = sim_limiters[s->policy];
    sim_level_down(w, &s->under_way);
    if (policy->end)
        policy->end(state_of(w, s, sim_call_at(w, child)));
    sim_call_answer(w, child);
}

static void reset(sim_world *w, sim_component_id id)
{
    limiter *s = SIM_STATE(w, limiter, id);
    s->at_reset = s->now;
    sim_level_reset(w, &s->waiting);
    sim_level_reset(w, &s->under_way);
    sim_level_reset(w, &s->asking);
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    limiter *s = SIM_STATE(w, limiter, id);
    double per_s = 1e9 / (double)step;
    out[0] = (float)((double)(s->now.passed - s->sampled.passed) * per_s);
    out[1] = (float)((double)(s->now.refused - s->sampled.refused) * per_s);
    out[2] = (float)sim_level_sample(w, &s->waiting, step);
    s->sampled = s->now;
}

// Every call that came was passed on, was refused, or waits, here or for the store; and the policy's own promise, seen from outside.
static void check(const sim_world *w, sim_component_id id)
{
    const limiter *s = SIM_STATE(w, limiter, id);
    SIM_ASSERT(w, s->now.offered == s->now.passed + s->now.refused + s->now.cancelled + s->waiting.level + s->asking.level);
    SIM_ASSERT(w, s->waiting.level <= s->now.delayed && s->under_way.level <= s->now.passed);
    SIM_ASSERT(w, s->states.count * 2 <= s->states.room && (s->per_key || s->states.count <= 1));
    if (sim_limiters[s->policy]->uses & SIM_LIMIT_MOST)
        SIM_ASSERT(w, s->under_way.level <= (uint64_t)s->limit.most * (s->states.count ? s->states.count : 1));
}

static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const limiter *s = SIM_STATE(w, const limiter, id);
    uint64_t under_way = s->under_way.level, asking = s->asking.level;
    *a = (sim_account){.refused = s->now.refused + s->now.cancelled, .left = s->now.passed - under_way, .inside = s->waiting.level + under_way + asking,
                       .knows_sent = true, .sent = s->now.passed + s->now.asked, .waiting = under_way + asking,
                       .given_up = s->now.given_up,
                       .level = {{"time of calls under way <= most x time", &s->under_way, s->per_key ? 0 : s->limit.most}}, .levels = 1};
    return station == 0;
}

sim_gate_view sim_limiter_look(const sim_world *w, sim_component_id id)
{
    const limiter *s = SIM_STATE(w, limiter, id);
    return (sim_gate_view){.offered = s->now.offered - s->at_reset.offered, .passed = s->now.passed - s->at_reset.passed,
                           .delayed = s->now.delayed - s->at_reset.delayed, .refused = s->now.refused - s->at_reset.refused,
                           .waiting_average = sim_level_average(w, &s->waiting), .waiting = s->waiting.level, .under_way = s->under_way.level};
}

const sim_kind sim_kind_limiter = {.name = "limiter", .summary = "lets calls pass at a rate; what is above it waits or is rejected",
    .state_size = sizeof(limiter), .def_size = sizeof(sim_limiter_def), .gauges = gauges, .build = build, .offer = offer, .reply = reply,
    .wake = wake, .cancel = cancel, .sample = sample, .reset = reset, .check = check, .account = account};
