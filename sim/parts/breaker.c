// sim/parts/breaker.c - a circuit breaker in front of another component: one for all who call it, as in a sidecar.
// * A call that it refuses is answered at once with `rejected`. Whatever comes back other than ok is a failure.
// * With `timeout` it stops waiting for a call by itself, answers `timeout` and counts a failure, as a time limiter inside of a breaker
//   does. A caller that gives up by its own clock is not seen: the call goes on, and its end is what counts.
#include "sim/core/laws.h"
#include "sim/parts/parts.h"
#include "sim/parts/service.h"

typedef struct { uint64_t offered, passed, refused, ended, given_up, opened; } counts;         // since time zero

typedef struct {
    uint32_t  policy;
    uint16_t  target, unused;
    hr_time   timeout;
    sim_breaker_def breaker;
    sim_breaker state;
    sim_ref   window;
    sim_level under_way, is_open;              // calls that it waits for; 1 while it is open
    counts    now, at_reset, sampled;
} breaker;

static const char *const gauges[] = {"passed_per_s", "refused_per_s", "open", NULL};

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_breaker_part_def *d = def;
    breaker *s = SIM_STATE(w, breaker, id);
    s->policy = d->policy;
    s->target = d->target;
    s->timeout = d->timeout;
    s->breaker = d->breaker;
    sim_ref window = sim_take(w, sim_breaker_window_size(sim_breaker_rows[d->policy], &d->breaker) + 1);
    s->window = window;
}

// Keeps the level of the open state in step with the state.
static void note_state(sim_world *w, breaker *s)
{
    bool is_open = s->state.state == SIM_BREAKER_OPEN;
    if (is_open && !s->is_open.level) {
        sim_level_up(w, &s->is_open);
        s->now.opened++;
    } else if (!is_open && s->is_open.level) {
        sim_level_down(w, &s->is_open);
    }
}

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    breaker *s = SIM_STATE(w, breaker, id);
    bool may = sim_breaker_asks(&s->state, sim_breaker_rows[s->policy], SIM_AT(w, void, s->window), &s->breaker, w->now);
    note_state(w, s);
    s->now.offered++;
    if (!may) {
        s->now.refused++;
        sim_call_reply(w, call, SIM_rejected);
        return;
    }
    s->now.passed++;
    sim_level_up(w, &s->under_way);
    sim_ref child = sim_call_passed(w, call, id);
    sim_call_await(w, child, s->timeout, id, 0);
    sim_call_send(w, child, s->target, 0);
}

// A call is over for the breaker: it has come back, or took too long.
static void learn(sim_world *w, sim_component_id id, const sim_call *c, bool failed)
{
    breaker *s = SIM_STATE(w, breaker, id);
    sim_level_down(w, &s->under_way);
    s->now.ended++;
    sim_breaker_ends(&s->state, sim_breaker_rows[s->policy], SIM_AT(w, void, s->window), &s->breaker, w->now, failed,
                     w->now - c->started > s->breaker.slow_after);
    note_state(w, s);
}

// A call that its caller has cancelled says nothing of the callee, however it ends.
static void end(sim_world *w, sim_component_id id, const sim_call *c, bool failed)
{
    breaker *s = SIM_STATE(w, breaker, id);
    if (!w->cancels || !c->cancelled) {
        learn(w, id, c, failed);
        return;
    }
    sim_level_down(w, &s->under_way);
    s->now.ended++;
    sim_breaker_releases(&s->state);
}

static void cancel(sim_world *w, sim_component_id id, sim_ref call)
{
    (void)id;
    sim_ref child = sim_call_child(w, call, 0);
    if (child)                                 // else it is answering
        sim_call_cancel(w, child);
}

static void reply(sim_world *w, sim_component_id id, sim_ref child)
{
    const sim_call *c = sim_call_at(w, child);
    end(w, id, c, c->status != SIM_ok);
    sim_call_answer(w, child);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_call *c = sim_call_at(w, event->subject);
    if (c->generation != event->generation)
        return;                                // it has come back in time
    c->flags |= SIM_CALL_ABANDONED;
    SIM_STATE(w, breaker, id)->now.given_up++;
    end(w, id, c, true);
    sim_call_reply(w, c->parent, SIM_timeout);
}

static void reset(sim_world *w, sim_component_id id)
{
    breaker *s = SIM_STATE(w, breaker, id);
    s->at_reset = s->now;
    sim_level_reset(w, &s->under_way);
    sim_level_reset(w, &s->is_open);
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    breaker *s = SIM_STATE(w, breaker, id);
    double per_s = 1e9 / (double)step;
    out[0] = (float)((double)(s->now.passed - s->sampled.passed) * per_s);
    out[1] = (float)((double)(s->now.refused - s->sampled.refused) * per_s);
    out[2] = (float)sim_level_sample(w, &s->is_open, step);
    s->sampled = s->now;
}

// Every call that came was passed on or refused, every one that was passed on has ended or is out; half-open lets no more through than it may.
static void check(const sim_world *w, sim_component_id id)
{
    const breaker *s = SIM_STATE(w, breaker, id);
    SIM_ASSERT(w, s->now.offered == s->now.passed + s->now.refused && s->now.passed == s->now.ended + s->under_way.level);
    SIM_ASSERT(w, s->state.state <= SIM_BREAKER_HALF_OPEN && s->state.permitted <= s->breaker.half_open);
    SIM_ASSERT(w, s->is_open.level == (s->state.state == SIM_BREAKER_OPEN));
}

static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const breaker *s = SIM_STATE(w, const breaker, id);
    uint64_t under_way = s->under_way.level;
    *a = (sim_account){.refused = s->now.refused, .left = s->now.ended, .inside = under_way, .knows_sent = true, .sent = s->now.passed,
                       .waiting = under_way, .given_up = s->now.given_up};
    return station == 0;
}

sim_gate_view sim_breaker_look(const sim_world *w, sim_component_id id)
{
    const breaker *s = SIM_STATE(w, breaker, id);
    return (sim_gate_view){.offered = s->now.offered - s->at_reset.offered, .passed = s->now.passed - s->at_reset.passed,
                           .refused = s->now.refused - s->at_reset.refused, .opened = s->now.opened - s->at_reset.opened,
                           .open_share = sim_level_average(w, &s->is_open), .under_way = s->under_way.level,
                           .state = (sim_breaker_state)s->state.state};
}

const sim_kind sim_kind_breaker = {.name = "breaker", .summary = "stops calling what fails or is slow too often, and tries again later",
    .state_size = sizeof(breaker), .def_size = sizeof(sim_breaker_part_def), .gauges = gauges, .build = build, .offer = offer, .reply = reply,
    .wake = wake, .cancel = cancel, .sample = sample, .reset = reset, .check = check, .account = account};
