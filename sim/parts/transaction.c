// sim/parts/transaction.c - the `transaction` step: a part of the handler runs its steps, then commits or rolls back.
// * The part is at the `transaction` step itself while its COMMIT or ROLLBACK is out (SIM_CALL_EFFORT); no step has that as its own otherwise.
// * An answer inside leaves the block without COMMIT, so it rolls back, as a function does that returns before its commit (Go: defer tx.Rollback()).
#include "sim/parts/transaction.h"

enum { ENDING = 1 << 25 };                     // of sim_path: beyond what repeats and attempts can reach

sim_ref sim_transaction_begin(sim_world *w, sim_component_id id, sim_ref call, const sim_step *step)
{
    sim_ref part = sim_handler_part(w, id, call);
    uint32_t number = sim_backend_open(w, step->target, part);
    sim_call *p = sim_call_at(w, part);
    p->transaction = number;
    p->step = step->first;
    const sim_call *c = sim_call_at(w, call);
    p->status = c->status;
    if (c->flags & SIM_CALL_EFFORT)            // all attempts have the draws of the only one
        p->path = sim_call_at(w, c->parent)->path;
    return part;
}

// The part whose block `call` is in.
static const sim_call *part_of(const sim_world *w, sim_ref call)
{
    const sim_call *p = sim_call_at(w, call);
    while (sim_service_step(w, sim_call_at(w, p->parent))->kind != SIM_STEP_transaction)
        p = sim_call_at(w, p->parent);
    return p;
}

uint32_t sim_transaction_of(const sim_world *w, sim_ref call) { return part_of(w, call)->transaction; }

// --- rows -----------------------------------------------------------------------------------------------------------------

static uint64_t drawn(const sim_world *w, const sim_call *c, const sim_step *step)
{
    return step->row ? sim_keys_draw(w, SIM_AT(w, const sim_keys, step->row), step->stream + sim_path(c->path, step->ordinal, 0), c->request) : c->key;
}

// Of the rows that the statements of the block are about, in ascending order, the one that has the place of `step` among them.
static uint64_t in_order(const sim_world *w, const sim_call *part, const sim_step *transaction, const sim_step *step)
{
    const sim_step *steps = SIM_AT(w, const sim_step, part->steps);
    uint64_t keys[SIM_MOST_ORDERED];
    uint32_t count = 0, place = 0;
    for (uint16_t i = transaction->first; i < transaction->next; i++) {
        if (!steps[i].inside)
            continue;
        if (&steps[i] == step)
            place = count;
        uint64_t key = drawn(w, part, &steps[i]);
        uint32_t k = count++;
        for (; k > 0 && keys[k - 1] > key; k--)
            keys[k] = keys[k - 1];
        keys[k] = key;
    }
    return keys[place];
}

uint64_t sim_transaction_row(const sim_world *w, sim_ref call, const sim_step *step)
{
    const sim_call *c = sim_call_at(w, call);
    if (step->inside) {
        const sim_call *part = part_of(w, call);
        const sim_step *transaction = sim_service_step(w, sim_call_at(w, part->parent));
        if (transaction->ascending)
            return in_order(w, part, transaction, step);
    }
    return drawn(w, c->flags & SIM_CALL_EFFORT ? sim_call_at(w, c->parent) : c, step);     // all attempts are about the same row
}

// --- its end ----------------------------------------------------------------------------------------------------------------

// The part is over with its status. Returns what goes on, or 0.
static sim_ref finish(sim_world *w, sim_component_id id, sim_ref part)
{
    sim_ref call = sim_call_at(w, part)->parent;
    const sim_call p = *sim_call_at(w, part);
    sim_call *c = sim_call_at(w, call);
    const sim_step *step = sim_service_step(w, c);
    sim_backend_done(w, step->target, p.transaction);
    sim_handler_part_free(w, part);
    bool tried = c->flags & SIM_CALL_EFFORT;
    if (tried)
        call = sim_attempts_ended(w, id, call, &p, p.returns);
    if (p.returns)
        return sim_handler_answer(w, id, call, (sim_outcome)p.status);
    if (tried)
        return call;
    if (p.status == SIM_ok)
        c->version = p.version;
    sim_handler_turn(c, step, (sim_outcome)p.status, false);
    return call;
}

// Sends COMMIT or ROLLBACK. The bulkhead does not count it: nobody gains when one is kept in. Returns whether the answer is there already.
static bool send_end(sim_world *w, sim_component_id id, sim_ref part, const sim_step *step, bool commits)
{
    sim_ref ref = sim_call_nested(w, part, id);
    sim_call *child = sim_call_at(w, ref), *p = sim_call_at(w, part);
    child->operation = sim_backend_ending(w, step->target, commits);
    child->transaction = p->transaction;
    child->size_bytes = 0;
    child->path = sim_path(p->path, step->ordinal, ENDING);
    p->flags |= SIM_CALL_ASKING | SIM_CALL_EFFORT;
    sim_call_await(w, ref, step->timeout, id, SIM_SERVICE_TIMEOUT);
    sim_call_send(w, ref, step->target, 0);
    bool is_back = !(p->flags & SIM_CALL_ASKING);
    p->flags &= (uint8_t)~SIM_CALL_ASKING;
    return is_back;
}

sim_ref sim_transaction_end(sim_world *w, sim_component_id id, sim_ref part, sim_outcome status, bool returns)
{
    sim_call *p = sim_call_at(w, part);
    const sim_call *whole = sim_call_at(w, p->parent);
    const sim_step *step = sim_service_step(w, whole);
    p->step = whole->step;
    p->status = (uint8_t)status;
    p->returns = returns;
    if (!sim_backend_is_used(w, step->target, p->transaction)) {
        if (status == SIM_ok && !returns && sim_backend_is_closed(w, step->target, p->transaction))
            p->status = SIM_error;             // a statement took too long, and the handler went on without it
        return finish(w, id, part);
    }
    return send_end(w, id, part, step, status == SIM_ok && !returns) ? finish(w, id, part) : 0;
}

void sim_transaction_back(sim_world *w, sim_component_id id, sim_ref child)
{
    const sim_call *c = sim_call_at(w, child);
    sim_ref part = c->parent;
    sim_call *p = sim_call_at(w, part);
    if (p->status == SIM_ok && !p->returns)    // a ROLLBACK changes nothing of how the block has ended
        p->status = c->status;
    sim_call_free(w, child);
    if (p->flags & SIM_CALL_ASKING)
        p->flags &= (uint8_t)~SIM_CALL_ASKING;
    else
        sim_handler_run(w, id, finish(w, id, part));
}

// Whether it was committed its client will never know.
void sim_transaction_late(sim_world *w, sim_component_id id, sim_ref child)
{
    sim_ref part = sim_call_at(w, child)->parent;
    sim_call *p = sim_call_at(w, part);
    if (p->status == SIM_ok && !p->returns)
        p->status = SIM_timeout;
    sim_backend_close(w, sim_service_step(w, p)->target, p->transaction);
    sim_handler_run(w, id, finish(w, id, part));
}
