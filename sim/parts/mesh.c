// sim/parts/mesh.c - see mesh.h: calls that pass their caller's sidecar, which asks again where it is told to.
// * Between a call and its attempts stands an effort; one attempt is out at a time. One that is late is given up and has failed. In a world that cancels its
//   replica is told, as Envoy resets the stream (Router::Filter::onPerTryTimeout), else it works on.
// * A caller that has given up gets no further attempts.
// * A cancellation passes the sidecars as its call has: it takes half of the latency, too. Then nothing is waited for any more: the attempt that is out is
//   told, none follows, and the replica is not blamed (Envoy: Router::Filter::onDestroy resets what is in flight).
// * `latency` is drawn once a call: half of it before the first attempt, half before the answer. It counts for both sidecars.
// * The first attempt has the draws of a call without a mesh, so that variants stay comparable; each other one its own.
#include "sim/core/laws.h"
#include "sim/parts/network.h"
#include "sim/parts/service.h"
#include "sim/parts/sidecar.h"

enum { LEAVES, ANSWERS, RETRY, LATE, LOOK, CANCELS };              // timers: a call, an attempt (LATE), a sidecar (LOOK)

typedef struct { uint64_t calls, attempts, retries, away, unanswerable, overflowed; } counts;       // since time zero

typedef struct {
    sim_sidecars sidecars;
    sim_ref  operations;                       // uint16_t[target * operation_count + operation]
    uint32_t operation_count, retry_on, min_retry_concurrency, inside;
    uint32_t stream_latency, stream_retry;
    sim_retry_def retry;                       // most 0: no retries
    hr_time  per_try_timeout;
    sim_dist latency;
    uint64_t left, given_up, waiting;          // for the laws; waiting: attempts that are out
    counts   now, at_reset, sampled;
} mesh;

typedef struct {                               // of a call that is here
    sim_ref  sidecar;
    uint32_t attempts;                         // that have been made
    uint32_t is_retry, unused;                 // bool: counted as a retry of its sidecar
    hr_time  waited;                           // before the last retry
    sim_mesh_place been[SIM_MOST_MESH_RETRIES + 1];
} effort;

static const char *const gauges[] = {"attempts_per_s", "retries_per_s", NULL};

static effort *effort_of(const sim_world *w, const sim_call *c) { return SIM_AT(w, effort, c->steps); }
static sim_sidecar *sidecar_of(const sim_world *w, const effort *e) { return SIM_AT(w, sim_sidecar, e->sidecar); }

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_mesh_def *d = def;
    mesh *m = SIM_STATE(w, mesh, id);
    const size_t operations = (size_t)d->target_count * d->operation_count;
    sim_sidecars_build(w, id, &m->sidecars, d);
    m->operations = sim_take(w, operations * sizeof(uint16_t));
    for (size_t i = 0; i < operations; i++)
        SIM_AT(w, uint16_t, m->operations)[i] = d->operations[i];
    m->operation_count = d->operation_count;
    m->retry = d->retry;
    m->retry_on = d->has_retries ? d->retry_on : 0;
    m->min_retry_concurrency = d->min_retry_concurrency;
    m->per_try_timeout = d->per_try_timeout;
    m->latency = sim_dist_place(w, &d->latency);
    m->stream_latency = sim_stream(w, id, SIM_DRAW_NETWORK);
    m->stream_retry = sim_stream(w, id, SIM_DRAW_RETRY);
}

static void start(sim_world *w, sim_component_id id) { sim_sidecars_start(w, &SIM_STATE(w, mesh, id)->sidecars); }

void sim_mesh_see(sim_world *w, sim_component_id id, sim_component_id service, uint32_t replica, bool is_eligible)
{
    sim_sidecars_see(w, &SIM_STATE(w, const mesh, id)->sidecars, service, replica, is_eligible);
}

static hr_time latency_of(const sim_world *w, const mesh *m, const sim_call *c)
{
    return sim_dist_time(w, &m->latency, m->stream_latency, c->request, c->path + c->operation);
}

static uint32_t path_of(const sim_call *c, uint32_t attempt) { return attempt ? sim_path(c->path, 0, SIM_ROUND_SIDECAR + attempt) : c->path; }

// --- the end of a call --------------------------------------------------------------------------------------------------------

static void answer(sim_world *w, sim_component_id id, sim_ref call)
{
    mesh *m = SIM_STATE(w, mesh, id);
    m->inside--;
    m->left++;
    sim_call_reply(w, call, (sim_outcome)sim_call_at(w, call)->status);
}

static void end(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    sim_call *c = sim_call_at(w, call);
    hr_time latency = latency_of(w, SIM_STATE(w, const mesh, id), c), back = latency - latency / 2;
    effort *e = effort_of(w, c);
    sidecar_of(w, e)->retrying -= e->is_retry;
    sim_give(w, c->steps, sizeof(effort));
    c->steps = 0;
    c->status = (uint8_t)status;
    if (back)
        sim_schedule(w, w->now + back, id, ANSWERS, call, c->generation);
    else
        answer(w, id, call);
}

// --- attempts -----------------------------------------------------------------------------------------------------------------

static void send(sim_world *w, sim_component_id id, sim_ref call)
{
    mesh *m = SIM_STATE(w, mesh, id);
    const sim_call *c = sim_call_at(w, call);
    effort *e = effort_of(w, c);
    uint32_t path = path_of(c, e->attempts);
    sim_mesh_place place;
    if (!sim_sidecar_choose(w, &m->sidecars, e->sidecar, c, path, e->been, e->attempts, &place)) {
        m->now.unanswerable++;
        end(w, id, call, SIM_rejected);
        return;
    }
    m->now.attempts++;
    m->now.retries += e->attempts > 0;
    m->waiting++;
    e->been[e->attempts++] = place;
    sim_endpoint to = sim_sidecar_endpoint(w, &m->sidecars, e->sidecar, place);
    sim_ref attempt = sim_call_nested(w, call, id);
    sim_call *a = sim_call_at(w, attempt);
    a->path = path;
    a->operation = SIM_AT(w, const uint16_t, m->operations)[to.target * m->operation_count + c->operation];
    a->from = (uint8_t)(sim_network_from(w, c) + 1);
    a->callee = SIM_AT(w, const uint16_t, m->sidecars.targets)[to.target];
    m->now.away += sim_network_at(w, a) != sim_network_from(w, a);
    sim_call_await(w, attempt, m->per_try_timeout, id, LATE);
    sim_call_send(w, attempt, a->callee, to.replica);
}

// Whether this failure is followed by another attempt; then e->waited is how long that has to wait.
static bool may_retry(sim_world *w, mesh *m, const sim_call *c, effort *e, sim_outcome status)
{
    sim_sidecar *s = sidecar_of(w, e);
    s->retrying -= e->is_retry;
    e->is_retry = 0;
    if (!(m->retry_on >> status & 1) || e->attempts > m->retry.most || c->flags & SIM_CALL_ABANDONED || w->now >= c->deadline)
        return false;
    if (m->retry.budget > 0 && !sim_retry_fits(&m->retry, m->min_retry_concurrency, s->out, s->retrying)) {
        m->now.overflowed++;
        return false;
    }
    uint64_t word = sim_random(w->seed, m->stream_retry, c->request, path_of(c, e->attempts)).word[0];
    e->waited = sim_retries[m->retry.policy]->wait(&m->retry, e->attempts, e->waited, word);
    e->is_retry = 1;
    s->retrying++;
    return true;
}

// An attempt has ended.
static void settle(sim_world *w, sim_component_id id, sim_ref call, hr_time took, sim_outcome status)
{
    mesh *m = SIM_STATE(w, mesh, id);
    const sim_call *c = sim_call_at(w, call);
    effort *e = effort_of(w, c);
    m->waiting--;
    sim_sidecar_answer(w, e->sidecar, e->been[e->attempts - 1], took, status);
    if (status != SIM_ok && may_retry(w, m, c, e, status))
        sim_schedule(w, w->now + e->waited, id, RETRY, call, c->generation);
    else
        end(w, id, call, status);
}

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    mesh *m = SIM_STATE(w, mesh, id);
    sim_call *c = sim_call_at(w, call);
    sim_ref ref = sim_take(w, sizeof(effort)), sidecar = sim_sidecar_of(w, id, &m->sidecars, c, LOOK);
    SIM_AT(w, effort, ref)->sidecar = sidecar;
    c->steps = ref;
    m->inside++;
    m->now.calls++;
    hr_time there = latency_of(w, m, c) / 2;
    if (there)
        sim_schedule(w, w->now + there, id, LEAVES, call, c->generation);
    else
        send(w, id, call);
}

static void reply(sim_world *w, sim_component_id id, sim_ref attempt)
{
    const sim_call *a = sim_call_at(w, attempt);
    sim_ref call = a->parent;
    sim_call *c = sim_call_at(w, call);
    hr_time took = w->now - a->started;
    sim_outcome status = (sim_outcome)a->status;
    c->version = a->version;
    sim_call_free(w, attempt);
    settle(w, id, call, took, status);
}

// The attempt has taken too long.
static void late(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_call *a = sim_call_at(w, event->subject);
    if (a->generation != event->generation || a->flags & SIM_CALL_ABANDONED)   // it has come back, or was cancelled
        return;
    sim_ref call = a->parent;
    hr_time took = w->now - a->started;
    a->flags |= SIM_CALL_ABANDONED;
    SIM_STATE(w, mesh, id)->given_up++;
    if (w->cancels)
        sim_call_cancel(w, event->subject);
    settle(w, id, call, took, SIM_timeout);
}

static void retry(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_ref call = event->subject;
    const sim_call *c = sim_call_at(w, call);
    if (c->generation != event->generation || !c->steps)
        return;                                // cancelled meanwhile
    if (c->flags & SIM_CALL_ABANDONED)
        end(w, id, call, SIM_timeout);
    else
        send(w, id, call);
}

// --- cancelling ---------------------------------------------------------------------------------------------------------------

static void stop(sim_world *w, sim_component_id id, sim_ref call)
{
    mesh *m = SIM_STATE(w, mesh, id);
    const effort *e = effort_of(w, sim_call_at(w, call));
    sim_ref attempt = sim_call_child(w, call, 0);
    if (attempt) {
        sim_call *a = sim_call_at(w, attempt);
        a->flags |= SIM_CALL_ABANDONED;
        m->given_up++;
        m->waiting--;
        sim_sidecar_cancel(w, e->sidecar, e->been[e->attempts - 1], w->now - a->started);
        sim_call_cancel(w, attempt);
    }
    end(w, id, call, SIM_timeout);
}

static void cancel(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    sim_schedule(w, w->now + latency_of(w, SIM_STATE(w, const mesh, id), c) / 2, id, CANCELS, call, c->generation);
}

// Unless it has been answered, or is about to be.
static void cancels(sim_world *w, sim_component_id id, const sim_event *event)
{
    const sim_call *c = sim_call_at(w, event->subject);
    if (c->generation == event->generation && c->steps)
        stop(w, id, event->subject);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    switch (event->what) {
    case LEAVES: send(w, id, event->subject); break;
    case ANSWERS: answer(w, id, event->subject); break;
    case RETRY: retry(w, id, event); break;
    case CANCELS: cancels(w, id, event); break;
    case LATE: late(w, id, event); break;
    default: sim_sidecar_look(w, id, &SIM_STATE(w, mesh, id)->sidecars, event);
    }
}

// --- counts -------------------------------------------------------------------------------------------------------------------

static void reset(sim_world *w, sim_component_id id)
{
    mesh *m = SIM_STATE(w, mesh, id);
    m->at_reset = m->now;
    sim_sidecars_reset(w, &m->sidecars);
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    mesh *m = SIM_STATE(w, mesh, id);
    double seconds = (double)step * 1e-9;
    out[0] = (float)((double)(m->now.attempts - m->sampled.attempts) / seconds);
    out[1] = (float)((double)(m->now.retries - m->sampled.retries) / seconds);
    m->sampled = m->now;
}

static void check(const sim_world *w, sim_component_id id)
{
    const mesh *m = SIM_STATE(w, const mesh, id);
    uint64_t retrying = 0;
    for (sim_ref ref = m->sidecars.first; ref; ref = SIM_AT(w, const sim_sidecar, ref)->next)
        retrying += SIM_AT(w, const sim_sidecar, ref)->retrying;
    SIM_ASSERT(w, sim_sidecars_check(w, &m->sidecars) == m->waiting && m->waiting <= m->inside && retrying <= m->inside);
    SIM_ASSERT(w, m->now.calls == m->left + m->inside && m->now.retries <= m->now.attempts);
}

static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const mesh *m = SIM_STATE(w, const mesh, id);
    *a = (sim_account){.left = m->left, .inside = m->inside, .knows_sent = true, .sent = m->now.attempts, .waiting = m->waiting,
                       .given_up = m->given_up};
    return station == 0;
}

sim_station_view sim_mesh_look(const sim_world *w, sim_component_id id)
{
    const mesh *m = SIM_STATE(w, const mesh, id);
    return (sim_station_view){.sidecars = m->sidecars.count, .passed = m->now.calls - m->at_reset.calls,
                              .attempts = m->now.attempts - m->at_reset.attempts, .retried = m->now.retries - m->at_reset.retries,
                              .away = m->now.away - m->at_reset.away, .unanswerable = m->now.unanswerable - m->at_reset.unanswerable,
                              .overflowed = m->now.overflowed - m->at_reset.overflowed, .judges = m->sidecars.has_outliers,
                              .ejections = sim_sidecars_ejections(w, &m->sidecars), .unhealthy = sim_sidecars_ejected(w, &m->sidecars)};
}

const sim_kind sim_kind_mesh = {.name = "mesh", .summary = "a sidecar proxy beside each replica that calls the services behind it",
    .state_size = sizeof(mesh), .def_size = sizeof(sim_mesh_def), .gauges = gauges, .build = build, .start = start, .offer = offer, .reply = reply,
    .wake = wake, .cancel = cancel, .sample = sample, .reset = reset, .check = check, .account = account};
