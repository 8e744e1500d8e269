// sim/parts/cancel.c - cancellation that callers pass on (`cancel: true`), as gRPC does: what becomes of a call that runs, and of what it has asked for.
// * A call that runs ends behind its present step: it goes on by a copy of its handler in which each step is the last and failed, so that what
//   runs steps needs not look whether somebody has cancelled. Blocks end the same way; a transaction is rolled back, a retry is not sent.
// * The call that the present step has out is cancelled in turn if that step says so; else it is waited for.
// * A load of a key, which others may wait for, goes on to its end (refill.c).
// * Callees are told by an event of the same instant, for at a caller that has just changed its state others may ask and answer. What is told takes its way
//   between regions (network.c), through sidecars (mesh.c); statements have their own end (interrupt.c).
// * Who has been asked is found among all calls that are alive: calls need no lists for it.
#include "sim/parts/service.h"

sim_ref sim_stops_place(sim_world *w, sim_ref steps, uint16_t count)
{
    sim_ref stops = sim_take(w, count * sizeof(sim_step));
    for (uint16_t i = 0; i < count; i++) {
        sim_step s = SIM_AT(w, const sim_step, steps)[i];
        s.next = s.first = s.other = SIM_NO_STEP;
        if (s.attempts)
            s.attempts = sim_attempts_stop(w, s.attempts);
        SIM_AT(w, sim_step, stops)[i] = s;
    }
    return stops;
}

void sim_cancel_soon(sim_world *w, sim_component_id id, sim_ref child)
{
    sim_schedule(w, w->now, id, SIM_SERVICE_CANCEL, child, sim_call_at(w, child)->generation);
}

// Whether it is a call, or a part, whose `parent` waits for it: of one that has been given up the parent may be another by now.
static bool is_waited_for(const sim_call *c) { return !(c->flags & SIM_CALL_ABANDONED) && c->parent; }

// Whether the part stands for a load of a key: at the same `get` as what it is a part of.
static bool is_load(const sim_world *w, const sim_call *part)
{
    const sim_step *step = sim_service_step(w, part);
    return step->kind == SIM_STEP_get && step->refill && !(part->flags & SIM_CALL_EFFORT) && sim_call_at(w, part->parent)->step == part->step;
}

// Whether `call` is worked on by what `c` is: a part of it, or of a part.
static bool is_part_of(const sim_world *w, const sim_call *c, sim_ref call)
{
    while (c->flags & SIM_CALL_PART && is_waited_for(c) && !is_load(w, c)) {
        if (c->parent == call)
            return true;
        c = sim_call_at(w, c->parent);
    }
    return false;
}

void sim_handler_cancel(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_call *c = sim_call_at(w, call);
    sim_ref stops = SIM_AT(w, const sim_ref, s->stops)[c->operation];
    c->steps = stops;
    sim_call_walk walk = sim_calls_walk(w);
    for (sim_ref ref; (ref = sim_calls_next(w, &walk));) {
        sim_call *at = sim_call_at(w, ref);
        if (at->flags & SIM_CALL_PART) {
            if (at->callee == id && is_part_of(w, at, call))
                at->steps = stops;
        } else if (at->caller == id && is_waited_for(at)) {
            const sim_call *asker = sim_call_at(w, at->parent);
            if ((at->parent == call || is_part_of(w, asker, call)) && sim_service_step(w, asker)->cancels)
                sim_cancel_soon(w, id, ref);
        }
    }
}

// The next call that `asker` of the component has out and waits for, or 0.
static sim_ref next_asked(const sim_world *w, sim_call_walk *walk, sim_component_id id, sim_ref asker)
{
    for (sim_ref ref; (ref = sim_calls_next(w, walk));) {
        const sim_call *at = sim_call_at(w, ref);
        if (at->caller == id && at->parent == asker && is_waited_for(at))
            return ref;
    }
    return 0;
}

void sim_cancel_attempts(sim_world *w, sim_component_id id, sim_ref effort)
{
    sim_call_walk walk = sim_calls_walk(w);
    for (sim_ref ref; (ref = next_asked(w, &walk, id, effort));)
        sim_cancel_soon(w, id, ref);
}

sim_ref sim_call_of(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_call_walk walk = sim_calls_walk(w);
    return next_asked(w, &walk, id, call);
}
