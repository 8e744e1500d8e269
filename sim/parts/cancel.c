// sim/parts/cancel.c - cancellation that callers pass on (`cancel: true`), as gRPC does: what becomes of a call that runs, and of what it has asked for.
// * A call that runs ends behind its present step: it goes on by a copy of its handler in which each step is the last and failed, so that what
//   runs steps needs not look whether somebody has cancelled. Blocks end the same way; a transaction is rolled back, a retry is not sent.
// * The call that the present step has out is cancelled in turn if that step says so; else it is waited for.
// * A load of a key, which others may wait for, goes on to its end (refill.c).
// * Callees are told by an event of the same instant, for at a caller that has just changed its state others may ask and answer. What is told takes its way
//   between regions (network.c), through sidecars (mesh.c); statements have their own end (interrupt.c).
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

// Whether the part stands for a load of a key: at the same `get` as what it is a part of.
static bool is_load(const sim_world *w, const sim_call *part)
{
    const sim_step *step = sim_service_step(w, part);
    return step->kind == SIM_STEP_get && step->refill && !(part->flags & SIM_CALL_EFFORT) && sim_call_at(w, part->parent)->step == part->step;
}

// All that works for `call`: parts of it go on by `stops`, and whom these or itself have asked is told if the step says so.
static void stop(sim_world *w, sim_component_id id, sim_ref call, sim_ref stops)
{
    for (sim_ref ref = 0; (ref = sim_call_child(w, call, ref));) {
        sim_call *at = sim_call_at(w, ref);
        if (!(at->flags & SIM_CALL_PART)) {
            if (sim_service_step(w, sim_call_at(w, call))->cancels)
                sim_cancel_soon(w, id, ref);
        } else if (!is_load(w, at)) {
            at->steps = stops;
            stop(w, id, ref, stops);
        }
    }
}

void sim_handler_cancel(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_call *c = sim_call_at(w, call);
    c->steps = SIM_AT(w, const sim_ref, s->stops)[c->operation];
    stop(w, id, call, c->steps);
}

void sim_cancel_attempts(sim_world *w, sim_component_id id, sim_ref effort)
{
    for (sim_ref ref = 0; (ref = sim_call_child(w, effort, ref));)
        sim_cancel_soon(w, id, ref);
}
