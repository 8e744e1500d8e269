// sim/parts/service.c - replicas with workers, a bounded queue, cores and a cache of their own.
#include "sim/parts/memory.h"

static size_t demand(const void *def)
{
    const sim_service_def *d = def;
    size_t runs = d->preemptive ? (size_t)d->cores * sizeof(sim_core_run) : 0;
    sim_keystore_def local = sim_keystore_defaults(d->local_policy);
    local.limit_entries = d->local_entries;
    return (d->slots ? d->slots : d->replicas) * (sizeof(sim_replica) + runs + (d->local_entries ? sim_keystore_demand(&local) : 0));
}

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_service_def *d = def;
    sim_service *s = SIM_STATE(w, sim_service, id);
    s->replica_count = d->slots ? d->slots : d->replicas;
    s->workers = d->workers;
    s->queue_limit = d->queue;
    s->most_cores = sim_whole_cores(d->cores);
    s->contention = d->machine.contention;
    s->coherency = d->machine.coherency;
    s->stretches = s->contention > 0 || s->coherency > 0;
    s->sharing = d->sharing;
    s->preemptive = d->preemptive;
    s->gives_up = d->gives_up;
    s->patience = sim_dist_place(w, &d->patience);
    s->stream_patience = sim_stream(w, id, SIM_DRAW_PATIENCE);
    s->bulkhead = d->bulkhead;
    s->sheds = d->sheds;
    s->shed = d->shed;
    s->local_grace = d->local_grace;
    s->codel = d->codel;
    s->drops_late = d->drops_late;
    s->cpu_period = d->cpu_period;
    s->quota_ns = d->cpu_limit * (double)d->cpu_period;
    s->replicas = sim_take(w, s->replica_count * sizeof(sim_replica));
    for (uint32_t i = 0; i < s->replica_count; i++) {
        sim_ref runs = d->preemptive ? sim_take(w, s->most_cores * sizeof(sim_core_run)) : 0;
        sim_ref out = d->bulkhead ? sim_take(w, w->component_count * sizeof(uint32_t)) : 0;
        sim_ref shed = d->sheds ? sim_take(w, sizeof(sim_shed_state)) : 0;
        sim_replica *r = sim_replica_at(w, s, i);
        r->core_count = sim_whole_cores(d->cores);
        r->stretch = sim_machine_stretch(&d->machine, d->cores);
        r->runs = runs;
        r->out = out;
        r->shed = shed;
        bool priority = d->discipline == SIM_DISCIPLINE_priority;
        sim_line_make(&r->queue, (sim_discipline)d->discipline, d->lifo_after, d->gives_up || w->cancels);
        sim_line_make(&r->core_queue, priority ? SIM_DISCIPLINE_priority : SIM_DISCIPLINE_fifo, 0, false);
    }
    for (uint32_t i = 0; d->local_entries && i < s->replica_count; i++) {
        sim_keystore_def store = sim_keystore_defaults(d->local_policy);
        store.limit_entries = d->local_entries;
        store.lifetimes = d->local_lifetimes;
        store.stream = sim_stream(w, id, SIM_DRAW_CHOICE) + i;
        sim_ref local = sim_keystore_make(w, &store);
        sim_replica_at(w, s, i)->local = local;
    }
    if (d->slots)
        s->lives = sim_lives_place(w, id, d);
    s->looks_again = s->drops_late || s->codel.target;
    s->has_door = s->lives || s->sheds || s->drops_late;
    if (d->resize.to) {
        s->resize = sim_resize_place(w, d);
        s->most_cores = s->most_cores < sim_whole_cores(d->resize.to->cores) ? sim_whole_cores(d->resize.to->cores) : s->most_cores;
    }
    if (d->has_footprint)
        s->memory = sim_memory_place(w, id, d);
    s->is_plain = !s->has_door && !s->looks_again && !s->memory && !s->resize && sim_replica_at(w, s, 0)->queue.is_plain;
    s->handler_count = d->handler_count;
    s->handlers = sim_take(w, d->handler_count * sizeof(sim_ref));
    for (uint16_t i = 0; i < d->handler_count; i++) {
        sim_ref steps = sim_handler_place(w, id, &d->handlers[i]);
        SIM_AT(w, sim_ref, s->handlers)[i] = steps;
    }
    if (w->cancels)
        s->stops = sim_take(w, d->handler_count * sizeof(sim_ref));
    for (uint16_t i = 0; i < d->handler_count && w->cancels; i++) {
        sim_ref stops = sim_stops_place(w, SIM_AT(w, const sim_ref, s->handlers)[i], d->handlers[i].count);
        SIM_AT(w, sim_ref, s->stops)[i] = stops;
    }
}

// Its calls meet nothing but its queue and its workers, in a world where nothing stands between it and its callers.
HR_CLOSE bool is_plain(const sim_world *w, const sim_service *s) { return HR_MOSTLY(s->is_plain && sim_world_is_plain(w)); }

HR_CLOSE void enter(const sim_world *w, const sim_service *s, sim_replica *r, sim_call *c)
{
    sim_stay_begin(&r->stay, c->since);
    c->steps = SIM_AT(w, const sim_ref, s->handlers)[c->operation];
    c->step = 0;
}

HR_CLOSE void get_worker(sim_replica *r, sim_call *c)
{
    r->started++;
    c->flags |= SIM_CALL_RUNNING;
}

static HR_APART void begin(sim_world *w, sim_component_id id, const sim_service *s, sim_replica *r, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    sim_level_up(w, &r->busy);
    get_worker(r, c);
    if (HR_SELDOM(s->memory))
        sim_memory_touch(w, id, c->replica);
    const sim_step *step = sim_service_step(w, c);
    if (step->kind == SIM_STEP_wait)           // what most begin with needs no interpreter
        sim_handler_wait(w, id, call, c, step);
    else if (step->kind == SIM_STEP_cpu)
        sim_service_compute(w, id, call);
    else
        sim_handler_run(w, id, call);
}

// A call leaves the replica: load shedding learns from how long it took.
static HR_APART void learn(const sim_world *w, const sim_service *s, const sim_replica *r, const sim_call *c, bool failed)
{
    const sim_shed *policy = sim_sheds[s->shed.policy];
    if (policy->ended)
        policy->ended(SIM_AT(w, sim_shed_state, r->shed), &s->shed, sim_replica_in_hand(r), w->now - sim_call_arrived(w, c), failed);
}

// Whether a call may come in: ok, or how it is turned away.
static sim_outcome at_the_door(sim_world *w, sim_component_id id, const sim_service *s, sim_replica *r, const sim_call *c, bool is_free)
{
    if (s->lives && w->network && !sim_lives_is_up(w, id, c->replica))        // meanwhile: nobody listens there any more
        return SIM_error;
    if (s->sheds && !sim_shed_admits(SIM_AT(w, const sim_shed_state, r->shed), &s->shed, sim_replica_in_hand(r), c->priority)) {
        r->shed_calls++;
        return SIM_rejected;
    }
    if (r->down)                               // nobody listens there
        return SIM_error;
    if (s->drops_late && w->now >= c->deadline) {
        r->late++;
        return SIM_timeout;
    }
    if (!is_free && r->queue.fifo.length.level >= s->queue_limit) {
        r->rejected++;
        return SIM_rejected;
    }
    return SIM_ok;
}

static void lose_patience_later(sim_world *w, sim_component_id id, const sim_service *s, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    sim_schedule(w, w->now + sim_dist_time(w, &s->patience, s->stream_patience, c->request, c->path), id, SIM_SERVICE_PATIENCE, call, c->generation);
}

static HR_APART void offer_otherwise(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_call *c = sim_call_at(w, call);
    sim_replica *r = sim_replica_at(w, s, c->replica);
    bool is_free = r->busy.level < s->workers && !r->queue.fifo.length.level && !r->is_paused;
    sim_outcome how = at_the_door(w, id, s, r, c, is_free);
    if (how != SIM_ok) {
        r->refused++;
        sim_call_reply(w, call, how);
        return;
    }
    enter(w, s, r, c);
    if (is_free) {
        begin(w, id, s, r, call);
        return;
    }
    sim_line_push(w, &r->queue, call);
    if (s->gives_up)
        lose_patience_later(w, id, s, call);
}

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_call *c = sim_call_at(w, call);
    sim_replica *r = sim_replica_at(w, s, c->replica);
    if (!is_plain(w, s) || r->queue.fifo.length.level >= s->queue_limit) {
        offer_otherwise(w, id, call);
        return;
    }
    enter(w, s, r, c);
    if (r->busy.level < s->workers && !r->queue.fifo.length.level)
        begin(w, id, s, r, call);
    else
        sim_fifo_push(w, &r->queue.fifo, call);
}

static inline void leave(const sim_world *w, sim_replica *r)
{
    r->left++;
    sim_stay_end(w, &r->stay);
}

// Its replica may only have waited for this.
static HR_APART void answer_last(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    uint32_t slot = sim_call_at(w, call)->replica;
    sim_call_reply(w, call, status);
    sim_lives_left(w, id, slot);
}

static inline void answer(sim_world *w, sim_component_id id, const sim_service *s, sim_ref call, sim_outcome status)
{
    if (HR_SELDOM(s->lives))
        answer_last(w, id, call, status);
    else
        sim_call_reply(w, call, status);
}

// A call that waits for a worker does so no longer.
static void leave_queue(sim_world *w, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    sim_replica *r = sim_replica_of(w, c);
    const sim_service *s = SIM_STATE(w, const sim_service, c->callee);
    if (s->sheds)
        learn(w, s, r, c, true);
    sim_line_leave(w, &r->queue, call);
    leave(w, r);
    answer(w, c->callee, s, call, SIM_timeout);
}

// Its patience has ended. Who is served by now, or was before its slot got another tenant, has no use for it; nor has one that was turned away and
// whose answer is still on its way.
static void give_up(sim_world *w, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    if (c->flags & SIM_CALL_RUNNING || !c->link)
        return;
    sim_replica_of(w, c)->gave_up++;
    leave_queue(w, call);
}

// It has been told that nobody waits, and reads that. What has answered meanwhile has no use for it.
static void heed(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    if (!c->link)
        return;
    sim_replica_of(w, c)->cancelled++;
    if (c->flags & SIM_CALL_RUNNING)
        sim_handler_cancel(w, id, call);
    else
        leave_queue(w, call);
}

static void cancel(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    const sim_replica *r = sim_replica_of(w, c);
    if (r->is_paused)
        sim_schedule(w, r->resumes, id, SIM_SERVICE_HEEDED, call, c->generation);
    else
        heed(w, id, call);
}

// A worker is free for this call, which has waited; it may be too late, or have waited too long.
static HR_APART bool turned_away(sim_world *w, const sim_service *s, sim_replica *r, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    bool late = s->drops_late && w->now >= c->deadline;
    if (!late && !(s->codel.target && sim_codel_drops(&r->codel, &s->codel, w->now, w->now - c->since, !r->queue.fifo.head)))
        return false;
    *(late ? &r->late : &r->dropped) += 1;
    if (s->sheds)
        learn(w, s, r, c, true);
    leave(w, r);
    sim_call_reply(w, call, late ? SIM_timeout : SIM_rejected);
    return true;
}

// Gives free workers to those that wait. A handler that ends at once frees its worker again: that is left to the loop that is running,
// so that the depth of the C stack does not grow with the queue.
static void hand_out(sim_world *w, sim_component_id id, const sim_service *s, sim_replica *r)
{
    if (!r->queue.fifo.head || r->is_handing_out || r->is_paused)
        return;
    r->is_handing_out = 1;
    while (r->busy.level < s->workers && r->queue.fifo.head) {
        sim_ref call = sim_line_pop(w, &r->queue);
        if (HR_MOSTLY(!s->looks_again) || !turned_away(w, s, r, call))
            begin(w, id, s, r, call);
    }
    r->is_handing_out = 0;
}

void sim_service_hand_out(sim_world *w, sim_component_id id, uint32_t slot)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    hand_out(w, id, s, sim_replica_at(w, s, slot));
}

static void finish(sim_world *w, sim_component_id id, const sim_service *s, sim_replica *r, sim_ref call, sim_outcome status)
{
    if (HR_SELDOM(s->sheds))
        learn(w, s, r, sim_call_at(w, call), status != SIM_ok);
    sim_level_down(w, &r->busy);
    leave(w, r);
    if (HR_SELDOM(s->memory))
        sim_memory_served(w, id, sim_call_at(w, call)->replica);
    hand_out(w, id, s, r);                     // before the answer, whose receiver may ask again: it must not pass those that wait
    answer(w, id, s, call, status);
}

void sim_service_finish(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    finish(w, id, s, sim_replica_at(w, s, sim_call_at(w, call)->replica), call, status);
}

hr_time sim_service_cpu_demand(const sim_world *w, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    const sim_step *step = sim_service_step(w, c);
    hr_time cpu = sim_dist_ahead(w, &step->time, SIM_AT(w, sim_ahead, step->ahead), step->stream, c->request, c->path + step->ordinal);
    if (SIM_STATE(w, const sim_service, c->callee)->stretches)
        cpu = hr_times(cpu, 1 + sim_replica_of(w, c)->stretch);
    return w->faulty & SIM_FAULTY_SLOW ? sim_service_slowed(w, c, cpu) : cpu;
}

static void take_core(sim_world *w, sim_component_id id, sim_replica *r, sim_ref call)
{
    sim_level_up(w, &r->cores);
    const sim_call *c = sim_call_at(w, call);
    const sim_leaf *live = sim_leaf_of(w, id);
    if (live)
        live->begin(live->self, w, id, call);
    else
        sim_schedule(w, w->now + sim_service_cpu_demand(w, call) +
                     sim_lateness(w, id, c->request, c->path + sim_service_step(w, c)->ordinal), id, SIM_SERVICE_CORE, call, c->generation);
}

void sim_service_compute(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_replica *r = sim_replica_of(w, sim_call_at(w, call));
    if (s->sharing && !sim_leaf_of(w, id))
        sim_sharing_join(w, id, r, call);
    else if (s->preemptive && !sim_leaf_of(w, id))
        sim_preempting_join(w, id, r, call);
    else if (r->cores.level < r->core_count)
        take_core(w, id, r, call);
    else
        sim_line_push(w, &r->core_queue, call);
}

void sim_service_hand_out_cores(sim_world *w, sim_component_id id, uint32_t slot)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_replica *r = sim_replica_at(w, s, slot);
    while (!s->preemptive && !r->is_paused && r->core_queue.fifo.head && r->cores.level < r->core_count)
        take_core(w, id, r, sim_line_pop(w, &r->core_queue));
}

// Whether step `next` of the handler is its answer, and nothing is left to do.
HR_CLOSE bool is_answer(const sim_world *w, const sim_call *c, uint16_t next)
{
    return HR_MOSTLY(next != SIM_NO_STEP && !(c->flags & SIM_CALL_PART) && SIM_AT(w, const sim_step, c->steps)[next].kind == SIM_STEP_return);
}

// A wait or a computation has ended: the handler goes on behind it. Most end there, which needs no interpreter either.
static HR_APART void go_on(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_call *c = sim_call_at(w, call);
    c->step = sim_service_step(w, c)->next;
    if (is_answer(w, c, c->step))
        finish(w, id, s, sim_replica_at(w, s, c->replica), call, SIM_ok);
    else
        sim_handler_run(w, id, call);
}

// How long the first step of a call takes, where that is a wait that has been drawn; else -1.
HR_CLOSE hr_time drawn_wait(const sim_world *w, const sim_call *c)
{
    const sim_step *step = sim_service_step(w, c);
    const sim_ahead *ahead = SIM_AT(w, const sim_ahead, step->ahead);
    bool is_known = step->kind == SIM_STEP_wait && sim_ahead_has(ahead, c->request, c->path + step->ordinal);
    return HR_MOSTLY(is_known) ? ahead->time[c->request - ahead->from] : -1;
}

// The worker of a call that has ended in a plain service goes straight to the first that waits, or is free. False, and nothing has been done, when what
// that one begins with is not a wait, or not drawn yet.
HR_CLOSE bool pass_on_worker(sim_world *w, sim_component_id id, sim_replica *r)
{
    sim_ref first = r->queue.fifo.head;
    if (!first) {
        sim_level_down(w, &r->busy);
        return true;
    }
    sim_call *c = sim_call_at(w, first);
    hr_time takes = drawn_wait(w, c);
    if (takes < 0)
        return false;
    sim_fifo_pop(w, &r->queue.fifo);
    get_worker(r, c);
    sim_schedule_first(w, w->now + takes, id, SIM_SERVICE_STEP, first, c->generation);
    return true;
}

// A computation has ended: its core goes to the next.
static void done(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_replica *r = sim_replica_of(w, sim_call_at(w, call));
    sim_level_down(w, &r->cores);
    if (r->core_queue.fifo.head && r->cores.level < r->core_count) // fewer than there were, when cores have been taken away
        take_core(w, id, r, sim_line_pop(w, &r->core_queue));
    go_on(w, id, call);
}

// A nested call is late; unless the replica that had asked for it is gone.
static void late(sim_world *w, sim_component_id id, sim_ref child)
{
    if (!(sim_call_at(w, child)->flags & SIM_CALL_ABANDONED))
        sim_handler_late(w, id, child);
}

// The timer of a call: not if its slot has got another tenant.
static inline void wake_call(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_ref call = event->subject;
    if (sim_call_at(w, call)->generation != event->generation)
        return;
    switch (event->what) {
    case SIM_SERVICE_CORE: done(w, id, call); break;
    case SIM_SERVICE_TIMEOUT: late(w, id, call); break;
    case SIM_SERVICE_PATIENCE: give_up(w, call); break;
    case SIM_SERVICE_CANCEL: sim_call_cancel(w, call); break;
    case SIM_SERVICE_POLL: sim_refill_wake(w, id, call); break;
    case SIM_SERVICE_SEEN: sim_service_seen(w, id, call); break;
    case SIM_SERVICE_HEEDED: heed(w, id, call); break;
    default: sim_attempts_wake(w, id, event); break;               // a retry or a hedged attempt
    }
}

static HR_APART void wake_other(sim_world *w, sim_component_id id, const sim_event *event)
{
    if (event->what == SIM_SERVICE_SHARED)
        sim_sharing_wake(w, id, event);
    else if (event->what == SIM_SERVICE_RUN)
        sim_preempting_wake(w, id, event);
    else if (event->what == SIM_SERVICE_KILL)
        sim_memory_wake(w, id, event);
    else if (event->what == SIM_SERVICE_BACK)
        sim_service_come_back(w, id, event->subject);
    else if (event->what == SIM_SERVICE_RESIZE)
        sim_resize_wake(w, id, event->subject);
    else if (event->what >= SIM_SERVICE_HEARS)
        sim_invalidation_hear(w, id, event);
    else
        wake_call(w, id, event);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_ref call = event->subject;
    sim_call *c = sim_call_at(w, call);
    if (HR_SELDOM(event->what != SIM_SERVICE_STEP)) {
        wake_other(w, id, event);
        return;
    }
    if (HR_SELDOM(c->generation != event->generation))
        return;
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_replica *r = sim_replica_at(w, s, c->replica);
    uint16_t next = sim_service_step(w, c)->next;
    if (!is_plain(w, s) || !is_answer(w, c, next) || !pass_on_worker(w, id, r)) {
        go_on(w, id, call);
        return;
    }
    c->step = next;
    leave(w, r);
    sim_call_reply_so(w, call, SIM_ok, true);
}

const sim_kind sim_kind_service = {.name = "service", .summary = "replicas with workers and a bounded queue that run handlers",
    .state_size = sizeof(sim_service), .def_size = sizeof(sim_service_def), .gauges = sim_service_gauges, .demand = demand, .build = build,
    .start = sim_resize_start, .offer = offer, .reply = sim_service_back, .fault = sim_service_fault, .wake = wake, .cancel = cancel, .done = done,
    .sample = sim_service_sample, .reset = sim_service_reset, .check = sim_service_check, .account = sim_service_account};
