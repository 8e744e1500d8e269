// sim/parts/service.c - replicas with workers, a bounded queue, cores and a cache of their own.
#include "sim/parts/service.h"

static const char *const gauges[] = {"utilisation", "busy", "queue", NULL};

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_service_def *d = def;
    sim_service *s = SIM_STATE(w, sim_service, id);
    s->replica_count = d->replicas;
    s->workers = d->workers;
    s->queue_limit = d->queue;
    s->cores = d->cores < 1 ? 1 : (uint32_t)d->cores;
    s->sharing = d->sharing;
    s->priority = d->priority;
    s->replicas = sim_take(w, d->replicas * sizeof(sim_replica));
    for (uint32_t i = 0; d->local_entries && i < d->replicas; i++) {
        sim_keystore_def store = sim_keystore_defaults(d->local_policy);
        store.limit_entries = d->local_entries;
        store.stream = sim_stream(w, id, SIM_DRAW_CHOICE) + i;
        sim_ref local = sim_keystore_make(w, &store);
        SIM_AT(w, sim_replica, s->replicas)[i].local = local;
    }
    s->handler_count = d->handler_count;
    s->handlers = sim_take(w, d->handler_count * sizeof(sim_ref));
    for (uint16_t i = 0; i < d->handler_count; i++) {
        sim_ref steps = sim_handler_place(w, id, &d->handlers[i]);
        SIM_AT(w, sim_ref, s->handlers)[i] = steps;
    }
}

static void begin(sim_world *w, sim_component_id id, sim_replica *r, sim_ref call)
{
    sim_level_up(w, &r->busy);
    r->started++;
    sim_call_at(w, call)->step = 0;
    sim_call_at(w, call)->flags |= SIM_CALL_RUNNING;
    sim_handler_run(w, id, call);
}

// Queues behind the last call of the same priority, or of the next higher one of which somebody waits.
static void push_by_priority(sim_world *w, sim_replica *r, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    sim_ref before = 0;
    for (unsigned p = c->priority; p < SIM_PRIORITIES && !before; p++)
        before = r->last[p];
    sim_ref *link = before ? &sim_call_at(w, before)->next : &r->queue.head;
    c->next = *link;
    *link = call;
    if (!c->next)
        r->queue.tail = call;
    r->last[c->priority] = call;
    sim_level_up(w, &r->queue.length);
}

static sim_ref pop_waiting(sim_world *w, const sim_service *s, sim_replica *r)
{
    sim_ref call = sim_fifo_pop(w, &r->queue);
    if (s->priority && call && r->last[sim_call_at(w, call)->priority] == call)
        r->last[sim_call_at(w, call)->priority] = 0;
    return call;
}

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_replica *r = sim_replica_of(w, sim_call_at(w, call));
    if (r->busy.level < s->workers) {
        begin(w, id, r, call);
    } else if (r->queue.length.level < s->queue_limit) {
        if (s->priority)
            push_by_priority(w, r, call);
        else
            sim_fifo_push(w, &r->queue, call);
    } else {
        r->rejected++;
        sim_call_reply(w, call, SIM_rejected);
    }
}

void sim_service_finish(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    sim_replica *r = sim_replica_of(w, sim_call_at(w, call));
    sim_level_down(w, &r->busy);
    r->completed++;
    sim_call_reply(w, call, status);
    sim_ref next = pop_waiting(w, SIM_STATE(w, const sim_service, id), r);
    if (next)
        begin(w, id, r, next);
}

hr_time sim_service_cpu_demand(const sim_world *w, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    const sim_step *step = sim_service_step(w, c);
    return sim_dist_time(w, &step->time, step->stream, c->request, step->ordinal);
}

static void take_core(sim_world *w, sim_component_id id, sim_replica *r, sim_ref call)
{
    sim_level_up(w, &r->cores);
    const sim_call *c = sim_call_at(w, call);
    const sim_leaf *live = sim_leaf_of(w, id);
    if (live)
        live->begin(live->self, w, id, call);
    else
        sim_schedule(w, w->now + sim_service_cpu_demand(w, call) + sim_lateness(w, id, c->request, sim_service_step(w, c)->ordinal), id,
                     SIM_SERVICE_CORE, call, c->generation);
}

void sim_service_compute(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_replica *r = sim_replica_of(w, sim_call_at(w, call));
    if (s->sharing && !sim_leaf_of(w, id))
        sim_sharing_join(w, id, r, call);
    else if (r->cores.level < s->cores)
        take_core(w, id, r, call);
    else
        sim_fifo_push(w, &r->core_queue, call);
}

// A computation has ended: its core goes to the next, its handler goes on.
static void done(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    sim_replica *r = sim_replica_of(w, c);
    sim_level_down(w, &r->cores);
    sim_ref next = sim_fifo_pop(w, &r->core_queue);
    if (next)
        take_core(w, id, r, next);
    c->step++;
    sim_handler_run(w, id, call);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    if (event->what == SIM_SERVICE_SHARED) {
        sim_sharing_wake(w, id, event);
        return;
    }
    sim_call *c = sim_call_at(w, event->subject);
    if (c->generation != event->generation)
        return;
    if (event->what == SIM_SERVICE_TIMEOUT) {
        sim_handler_late(w, id, event->subject);
    } else if (event->what == SIM_SERVICE_CORE) {
        done(w, id, event->subject);
    } else {
        c->step++;
        sim_handler_run(w, id, event->subject);
    }
}

static void reset(sim_world *w, sim_component_id id)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    for (uint32_t i = 0; i < s->replica_count; i++) {
        sim_replica *r = SIM_AT(w, sim_replica, s->replicas) + i;
        sim_level_reset(w, &r->busy);
        sim_level_reset(w, &r->cores);
        sim_level_reset(w, &r->queue.length);
        sim_level_reset(w, &r->core_queue.length);
        r->started = r->completed = r->rejected = 0;
        if (r->local)
            sim_keystore_reset(w, r->local);
    }
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    double busy = 0, queue = 0;
    for (uint32_t i = 0; i < s->replica_count; i++) {
        sim_replica *r = SIM_AT(w, sim_replica, s->replicas) + i;
        busy += sim_level_sample(w, &r->busy, step);
        queue += sim_level_sample(w, &r->queue.length, step);
    }
    out[0] = (float)(busy / ((double)s->replica_count * s->workers));
    out[1] = (float)busy;
    out[2] = (float)queue;
}

// Nobody waits behind a call of lower priority, and the last of each is known.
static void check_order(const sim_world *w, const sim_replica *r)
{
    unsigned least = SIM_PRIORITIES - 1;
    for (sim_ref call = r->queue.head; call; call = sim_call_at(w, call)->next) {
        const sim_call *c = sim_call_at(w, call);
        bool ends = !c->next || sim_call_at(w, c->next)->priority != c->priority;
        SIM_ASSERT(w, c->priority <= least && (r->last[c->priority] == call) == ends);
        least = c->priority;
    }
}

static void check(const sim_world *w, sim_component_id id)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    for (uint32_t i = 0; i < s->replica_count; i++) {
        const sim_replica *r = SIM_AT(w, const sim_replica, s->replicas) + i;
        SIM_ASSERT(w, r->busy.level <= s->workers && r->queue.length.level <= s->queue_limit && r->cores.level <= s->cores);
        SIM_ASSERT(w, r->queue.length.level == 0 || r->busy.level == s->workers);      // nobody waits beside a free worker
        SIM_ASSERT(w, r->core_queue.length.level == 0 || r->cores.level == s->cores);
        if (s->priority)
            check_order(w, r);
        if (s->sharing && !sim_leaf_of(w, id))
            sim_sharing_check(w, s, r);
        if (r->local)
            sim_keystore_check(w, r->local);
    }
}

uint32_t sim_service_replicas(const sim_world *w, sim_component_id id)
{
    return SIM_STATE(w, const sim_service, id)->replica_count;
}

sim_station_view sim_service_look(const sim_world *w, sim_component_id id, uint32_t replica)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    const sim_replica *r = SIM_AT(w, const sim_replica, s->replicas) + replica;
    double busy = sim_level_average(w, &r->busy);
    sim_station_view v = {.utilisation = busy / s->workers, .busy_average = busy,
                          .queue_average = sim_level_average(w, &r->queue.length), .busy = r->busy.level, .capacity = s->workers,
                          .queued = r->queue.length.level, .queue_limit = s->queue_limit, .started = r->started, .rejected = r->rejected};
    if (r->local) {
        const sim_keystore *k = SIM_AT(w, const sim_keystore, r->local);
        v.hits = k->hits;
        v.misses = k->misses;
        v.entries = k->count;
    }
    return v;
}

const sim_kind sim_kind_service = {.name = "service", .summary = "replicas with workers and a bounded queue that run handlers",
    .state_size = sizeof(sim_service), .def_size = sizeof(sim_service_def), .gauges = gauges, .build = build, .offer = offer,
    .reply = sim_handler_back, .wake = wake, .done = done, .sample = sample, .reset = reset, .check = check};
