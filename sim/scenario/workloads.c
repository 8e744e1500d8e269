// sim/scenario/workloads.c - a workload's keys that depend on each other: open, closed or partly open, its trace, its sessions.
#include "sim/scenario/loads.h"
#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

// Open, closed or partly open: what arrives, and no key that belongs to another sort.
static void read_loop(sim_reader *r, uint16_t id)
{
    const sim_workload_def *d = r->model->components[id].def;
    const char *name = r->model->components[id].name;
    sim_node *node = r->nodes[id];
    const sim_node *rate = sim_node_member(node, "rate"), *users = sim_node_member(node, "users"), *think = sim_node_member(node, "think");
    const sim_node *arrivals = sim_node_member(node, "arrivals"), *sessions = sim_node_member(node, "requests_per_session");
    bool replays = d->arrivals.kind == SIM_ARRIVALS_trace;
    if (!rate && !users && !replays)
        SIM_FAIL(r, node, "%s lacks `rate` (open loop, such as 400/s) or `users` (closed loop, such as 50)", name);
    if (rate && users)
        SIM_FAIL(r, users, "%s: `rate` and `users` exclude each other: an open loop asks whatever happens, a closed one waits for answers",
                 name);
    if (users && arrivals)
        SIM_FAIL(r, arrivals, "%s.arrivals belongs to a `rate`; users ask when they have thought: give `think`", name);
    if (rate && replays)
        SIM_FAIL(r, rate, "%s: a trace says itself when requests come: leave `rate` out, or replay it faster with trace(FILE, speed=2)",
                 name);
    if (rate && d->arrivals.rate.kind != SIM_RATE_constant && d->arrivals.kind != SIM_ARRIVALS_poisson && !replays)
        SIM_FAIL(r, arrivals, "%s.arrivals: a `rate` that varies thins a Poisson process: leave `arrivals` out, or give one rate", name);
    if (sessions && (users || replays))
        SIM_FAIL(r, sessions, "%s.requests_per_session belongs to a `rate`, of sessions", name);
    if (think && !users && !sessions)
        SIM_FAIL(r, think, "%s.think belongs to `users` or `requests_per_session`", name);
    if (users && sim_dist_mean(&d->think) < 1e-6)
        SIM_FAIL(r, think, "%s.think: users must think for some time (1us at least on average), or refused requests would fill an instant",
                 name);
}

static void read_sessions(sim_reader *r, uint16_t id)
{
    sim_workload_def *d = r->model->components[id].def;
    const char *name = r->model->components[id].name;
    const sim_node *sessions = sim_node_member(r->nodes[id], "requests_per_session"), *key = sim_node_member(r->nodes[id], "key");
    if (!sessions)
        return;
    if (sessions->kind != SIM_SCALAR || !sim_read_number(sessions->text, &d->per_session) || d->per_session < 1 ||
        d->per_session > SIM_MOST_PER_SESSION)
        SIM_FAIL(r, sessions, "%s.requests_per_session: want a number from 1 to %d, such as 4.5", name, SIM_MOST_PER_SESSION);
    if (key && (d->keys.kind == SIM_KEYS_sequential || d->keys.kind == SIM_KEYS_trace))
        SIM_FAIL(r, key, "%s.key: the requests of sessions have no order that a %s could follow", name, sim_keys_name(d->keys.kind));
}

static void read_keys(sim_reader *r, uint16_t id)
{
    sim_workload_def *d = r->model->components[id].def;
    const sim_node *key = sim_node_member(r->nodes[id], "key");
    const sim_trace_def *replayed = d->arrivals.kind == SIM_ARRIVALS_trace ? d->arrivals.trace : NULL;
    d->keys = (sim_keys_def){.kind = SIM_KEYS_one, .count = 1};
    if (d->arrivals.kind == SIM_ARRIVALS_trace && !replayed)
        return;                                // told by the reader of arrivals
    if (!key && replayed && replayed->key)
        d->keys = sim_keys_of_trace(replayed);
    if (key && (key->kind != SIM_SCALAR || !sim_read_keys(r->pool, r->source, key->text, replayed, &d->keys)))
        SIM_FAIL(r, key, "%s.key: want one, uniform(10k), zipf(0.99, 100k), hotspot(20%%, 80%%, 10k), sequential(10k) or trace(FILE)",
                 r->model->components[id].name);
}

static void read_cancel(sim_reader *r, uint16_t id)
{
    const sim_workload_def *d = r->model->components[id].def;
    if (d->cancels && d->timeout == HR_FOREVER)
        SIM_FAIL(r, sim_node_member(r->nodes[id], "cancel"), "%s.cancel belongs to a `timeout`: who waits for ever cancels nothing", r->model->components[id].name);
    r->model->cancels |= d->cancels;
}

void sim_workload_read(sim_reader *r, uint16_t id)
{
    sim_workload_def *d = r->model->components[id].def;
    const sim_node *call = sim_node_member(r->nodes[id], "call"), *arrivals = sim_node_member(r->nodes[id], "arrivals");
    const char *const *operations = call && sim_resolve_call(r, call, &d->target, &d->operation) ? sim_operations_of(r, d->target) : NULL;
    if (arrivals && (arrivals->kind != SIM_SCALAR || !sim_read_arrivals(r->pool, r->source, arrivals->text, operations, &d->arrivals)))
        SIM_FAIL(r, arrivals, "%s.arrivals: want poisson, constant, or a distribution such as erlang(4, 1s), or trace(FILE)",
                 r->model->components[id].name);
    read_keys(r, id);
    read_sessions(r, id);
    read_loop(r, id);
    read_cancel(r, id);
}

void sim_workloads_settle(sim_reader *r)
{
    sim_model *m = r->model;
    for (uint16_t i = 0; i < m->component_count && m->duration > 0; i++) {
        sim_workload_def *d = m->components[i].def;
        if (m->components[i].kind != SIM_PART_workload || !d || d->users || d->arrivals.kind == SIM_ARRIVALS_trace)
            continue;
        const sim_node *rate = sim_node_member(r->nodes[i], "rate");
        if (rate && !sim_rate_settle(r->source, &d->arrivals.rate, m->duration))
            SIM_FAIL(r, rate, "%s.rate = '%s'", m->components[i].name, rate->text);
        d->arrivals.rate_per_s = d->arrivals.rate.mean_per_s;
        if (d->per_session > 0 && d->arrivals.rate_per_s * (double)m->duration * 1e-9 > 0x1p36)
            SIM_FAIL(r, rate, "%s.rate: more than 2^36 sessions in a run", m->components[i].name);
    }
}
