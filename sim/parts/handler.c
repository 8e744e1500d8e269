// sim/parts/handler.c - the interpreter of handlers: one loop over compiled steps, the same under both clocks.
#include "sim/parts/service.h"

sim_ref sim_call_nested(sim_world *w, sim_ref parent, sim_component_id id)
{
    sim_ref ref = sim_call_new(w);
    sim_call *c = sim_call_at(w, ref);
    const sim_call *p = sim_call_at(w, parent);
    c->request = p->request;
    c->key = p->key;
    c->started = c->since = w->now;
    c->parent = parent;
    c->version = p->version;
    c->floor = p->floor;
    c->size_bytes = p->size_bytes;
    c->priority = p->priority;
    c->caller = id;
    c->flags = p->flags & SIM_CALL_COUNTED;
    return ref;
}

sim_ref sim_call_passed(sim_world *w, sim_ref call, sim_component_id id)
{
    sim_ref child = sim_call_nested(w, call, id);
    const sim_call *c = sim_call_at(w, call);
    sim_call_at(w, child)->operation = c->operation;
    sim_call_at(w, child)->ordinal = c->ordinal;
    sim_call_at(w, child)->ttl_ms = c->ttl_ms;
    return child;
}

void sim_call_answer(sim_world *w, sim_ref child)
{
    const sim_call *c = sim_call_at(w, child);
    sim_ref call = c->parent;
    sim_outcome status = (sim_outcome)c->status;
    sim_call_at(w, call)->version = c->version;
    sim_call_at(w, call)->flags |= c->flags & (SIM_CALL_HIT | SIM_CALL_MISS);
    sim_call_free(w, child);
    sim_call_reply(w, call, status);
}

sim_ref sim_handler_place(sim_world *w, sim_component_id id, const sim_handler_def *handler)
{
    sim_ref steps = sim_take(w, handler->count * sizeof(sim_step));
    for (uint16_t i = 0; i < handler->count; i++) {
        const sim_step_def *d = &handler->steps[i];
        sim_step s = {.kind = (uint8_t)d->kind, .target = d->target, .operation = d->operation, .ordinal = d->ordinal,
                      .on_hit = d->on_hit, .timeout = d->timeout,
                      .ttl_ms = d->ttl == HR_FOREVER ? 0 : (uint32_t)((d->ttl + HR_MS - 1) / HR_MS),
                      .stream = sim_stream(w, id, d->kind == SIM_STEP_cpu ? SIM_DRAW_CPU : SIM_DRAW_WAIT)};
        if (d->kind == SIM_STEP_wait || d->kind == SIM_STEP_cpu)
            s.time = sim_dist_place(w, &d->time);
        SIM_AT(w, sim_step, steps)[i] = s;
    }
    return steps;
}

const sim_step *sim_service_step(const sim_world *w, const sim_call *call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, call->callee);
    sim_ref steps = SIM_AT(w, const sim_ref, s->handlers)[call->operation];
    return SIM_AT(w, const sim_step, steps) + call->step;
}

// The replica's own cache answers at once.
static HR_APART void local_step(sim_world *w, sim_call *c, const sim_step *step)
{
    sim_ref local = sim_replica_of(w, c)->local;
    if (step->kind == SIM_STEP_get) {
        uint32_t version;
        bool hit = sim_keystore_get(w, local, c->key, &version);
        if (hit)
            c->version = version;
        c->step = hit ? step->on_hit : (uint16_t)(c->step + 1);
        return;
    }
    if (step->kind == SIM_STEP_set)
        sim_keystore_set(w, local, c->key, c->version, c->size_bytes, step->ttl_ms ? w->now + step->ttl_ms * HR_MS : HR_FOREVER);
    else
        sim_keystore_delete(w, local, c->key);
    c->step++;
}

static HR_APART void nested_step(sim_world *w, sim_component_id id, sim_ref call, const sim_step *step)
{
    sim_ref ref = sim_call_nested(w, call, id);
    sim_call *child = sim_call_at(w, ref);
    switch (step->kind) {
    case SIM_STEP_get: child->operation = SIM_CACHE_GET; break;
    case SIM_STEP_set: child->operation = SIM_CACHE_SET; break;
    case SIM_STEP_delete: child->operation = SIM_CACHE_DELETE; break;
    default: child->operation = step->operation; break;
    }
    child->ordinal = step->ordinal;
    child->ttl_ms = step->ttl_ms;
    if (step->timeout != HR_FOREVER)
        sim_schedule(w, w->now + step->timeout, id, SIM_SERVICE_TIMEOUT, ref, child->generation);
    sim_call_send(w, ref, step->target, 0);
}

void sim_handler_run(sim_world *w, sim_component_id id, sim_ref call)
{
    for (;;) {                                 // one round is one step that takes no time
        sim_call *c = sim_call_at(w, call);
        const sim_step *step = sim_service_step(w, c);
        switch (step->kind) {
        case SIM_STEP_wait:
            sim_schedule(w, w->now + sim_dist_time(w, &step->time, step->stream, c->request, step->ordinal) +
                         sim_lateness(w, id, c->request, step->ordinal), id, SIM_SERVICE_STEP, call, c->generation);
            return;
        case SIM_STEP_cpu:
            sim_service_compute(w, id, call);
            return;
        case SIM_STEP_return:
            sim_service_finish(w, id, call, SIM_ok);
            return;
        case SIM_STEP_fail:
            sim_service_finish(w, id, call, SIM_error);
            return;
        default:
            if (step->target != SIM_LOCAL) {
                nested_step(w, id, call, step);
                return;
            }
            local_step(w, c, step);
        }
    }
}

// Goes on after the nested call of the present step ended with `status`. A cache that fails is a cache that misses: the handler
// goes on, as a cache-aside client does. A statement or service that fails ends the handler with the same outcome.
static void proceed(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status, bool hit)
{
    sim_call *c = sim_call_at(w, call);
    const sim_step *step = sim_service_step(w, c);
    if (status != SIM_ok && (step->kind == SIM_STEP_query || step->kind == SIM_STEP_call)) {
        sim_service_finish(w, id, call, status);
        return;
    }
    c->step = step->kind == SIM_STEP_get && hit ? step->on_hit : (uint16_t)(c->step + 1);
    sim_handler_run(w, id, call);
}

void sim_handler_back(sim_world *w, sim_component_id id, sim_ref child)
{
    sim_call *c = sim_call_at(w, child);
    sim_ref call = c->parent;
    sim_outcome status = (sim_outcome)c->status;
    bool hit = status == SIM_ok && c->flags & SIM_CALL_HIT;
    sim_step_kind kind = (sim_step_kind)sim_service_step(w, sim_call_at(w, call))->kind;
    if (status == SIM_ok && (hit || kind == SIM_STEP_query || kind == SIM_STEP_call))
        sim_call_at(w, call)->version = c->version;
    sim_call_free(w, child);
    proceed(w, id, call, status, hit);
}

void sim_handler_late(sim_world *w, sim_component_id id, sim_ref child)
{
    sim_call *c = sim_call_at(w, child);
    c->flags |= SIM_CALL_ABANDONED;
    proceed(w, id, c->parent, SIM_timeout, false);
}
