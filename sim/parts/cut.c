// sim/parts/cut.c - a replica ends with all that it has, as a process that is killed: callers get an error, nothing of it runs on.
// * What it has asked others for is not taken back, unless the step said `cancel`: they work on, and their answers go to nobody.
// * Seldom, so every call that is alive is looked at; calls need no lists for it.
#include "sim/parts/lives.h"
#include "sim/parts/transaction.h"

// One without a link has not been sent yet, unless it is a part.
static bool is_here(const sim_call *c, sim_component_id id, uint32_t slot)
{
    return c->callee == id && c->replica == slot && (c->link || c->flags & SIM_CALL_PART);
}

static void level_to_zero(const sim_world *w, sim_level *l)
{
    while (l->level)
        sim_level_down(w, l);
}

static void empty_line(const sim_world *w, sim_line *q)
{
    q->fifo.head = q->fifo.tail = 0;
    level_to_zero(w, &q->fifo.length);
    for (int p = 0; p < SIM_PRIORITIES; p++)
        q->last[p] = 0;
}

static void empty_replica(sim_world *w, sim_replica *r)
{
    r->cuts++;
    level_to_zero(w, &r->busy);
    level_to_zero(w, &r->cores);
    empty_line(w, &r->queue);
    empty_line(w, &r->core_queue);
    r->codel = (sim_codel){0};
    r->shares.count = 0;
    r->alarm++;
    sim_sharing_cut(w, r);
    for (uint32_t i = 0; r->runs && i < r->core_count; i++) {
        sim_core_run *run = SIM_AT(w, sim_core_run, r->runs) + i;
        *run = (sim_core_run){.alarm = run->alarm + 1};
    }
    for (uint32_t c = 0; r->out && c < w->component_count; c++)
        SIM_AT(w, uint32_t, r->out)[c] = 0;
    if (r->shed)
        *SIM_AT(w, sim_shed_state, r->shed) = (sim_shed_state){0};
    if (r->local)
        sim_keystore_clear(w, r->local);
}

// Nobody waits any more for what the replica has asked for. A call that has been given up before may name a parent that is another by now.
static void forget_children(sim_world *w, sim_component_id id, uint32_t slot)
{
    sim_call_walk walk = sim_calls_walk(w);
    for (sim_ref call; (call = sim_calls_next(w, &walk));) {
        sim_call *c = sim_call_at(w, call);
        if (c->caller == id && !(c->flags & (SIM_CALL_PART | SIM_CALL_ABANDONED)) && is_here(sim_call_at(w, c->parent), id, slot)) {
            c->flags |= SIM_CALL_ABANDONED;
            if (sim_service_step(w, sim_call_at(w, c->parent))->cancels)
                sim_cancel_soon(w, id, call);
        }
    }
}

// Frees the parts of its calls and makes their timers stale. Returns its calls, linked by `next`.
static sim_ref collect(sim_world *w, sim_component_id id, uint32_t slot)
{
    sim_ref first = 0;
    sim_call_walk walk = sim_calls_walk(w);
    for (sim_ref call; (call = sim_calls_next(w, &walk));) {
        sim_call *c = sim_call_at(w, call);
        if (!is_here(c, id, slot))
            continue;
        sim_call_outdate(w, call);
        if (c->flags & SIM_CALL_PART) {
            c->callee = UINT16_MAX;            // free: the walk passes over it
            sim_handler_part_free(w, call);
        } else {
            c->next = first;
            first = call;
        }
    }
    return first;
}

void sim_service_cut(sim_world *w, sim_component_id id, uint32_t slot, sim_outcome status)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_replica *r = sim_replica_at(w, s, slot);
    sim_backends_cut(w, id, slot);
    sim_consumers_cut(w, id, slot);
    sim_refill_cut(w, id, slot);
    forget_children(w, id, slot);
    sim_ref calls = collect(w, id, slot);
    empty_replica(w, r);
    for (sim_ref call = calls; call; call = sim_call_at(w, call)->next) {
        r->left++;
        sim_stay_end(w, &r->stay);
    }
    while (calls) {                            // their callers may ask again at once: last
        sim_ref call = calls;
        calls = sim_call_at(w, call)->next;
        sim_call_reply(w, call, status);
    }
}
