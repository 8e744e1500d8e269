// sim/parts/handler.c - the interpreter of handlers: one loop over compiled steps, the same under both clocks.
// * What runs steps is a call, or a part of one: the rounds of a `repeat`, a branch of a `parallel`, the block of a `transaction`. A part is a call slot of its own,
//   whose parent is what it is a part of; so blocks nest freely, and a checkpoint needs to know nothing of them.
// * Between a call and its branches stands a join, a part that runs no steps: it outlives the call when a deadline has ended the step,
//   for the branches are not told and work on. They hold no worker; their call does, until it answers.
// * A nested call may come back before it is wholly handed over (rejected, answered from memory). It is then left to the loop that is
//   handing it over, so that the depth of the C stack does not grow with the number of rounds or of waiting calls.
#include "sim/parts/transaction.h"

sim_ref sim_call_nested(sim_world *w, sim_ref parent, sim_component_id id)
{
    sim_ref ref = sim_call_new(w);
    sim_call *c = sim_call_at(w, ref);
    const sim_call *p = sim_call_at(w, parent);
    c->request = p->request;
    c->key = p->key;
    c->started = c->since = w->now;
    c->deadline = p->deadline;
    c->parent = parent;
    c->version = p->version;
    c->floor = p->floor;
    c->size_bytes = p->size_bytes;
    c->priority = p->priority;
    c->path = p->path;
    c->caller = id;
    c->flags = p->flags & SIM_CALL_COUNTED;
    if (HR_SELDOM(w->cancels))
        sim_call_adopt(w, parent, ref);
    return ref;
}

sim_ref sim_call_passed(sim_world *w, sim_ref call, sim_component_id id)
{
    sim_ref child = sim_call_nested(w, call, id);
    const sim_call *c = sim_call_at(w, call);
    sim_call_at(w, child)->operation = c->operation;
    sim_call_at(w, child)->ttl_ms = c->ttl_ms;
    sim_call_at(w, child)->refill = c->refill;
    sim_call_at(w, child)->newer = c->newer;
    return child;
}

void sim_call_answer(sim_world *w, sim_ref child)
{
    const sim_call *c = sim_call_at(w, child);
    sim_ref call = c->parent;
    sim_outcome status = (sim_outcome)c->status;
    sim_call_at(w, call)->version = c->version;
    sim_call_at(w, call)->found = c->found;
    sim_call_at(w, call)->flags |= c->flags & (SIM_CALL_HIT | SIM_CALL_MISS);
    sim_call_free(w, child);
    sim_call_reply(w, call, status);
}

static uint32_t purpose_of(sim_step_kind kind)
{
    return kind == SIM_STEP_cpu ? SIM_DRAW_CPU : kind == SIM_STEP_wait ? SIM_DRAW_WAIT : kind == SIM_STEP_set ? SIM_DRAW_TTL :
           kind == SIM_STEP_delete ? SIM_DRAW_NETWORK : kind == SIM_STEP_query ? SIM_DRAW_ROW : SIM_DRAW_CHANCE;
}

sim_ref sim_handler_place(sim_world *w, sim_component_id id, const sim_handler_def *handler)
{
    sim_ref steps = sim_take(w, handler->count * sizeof(sim_step));
    for (uint16_t i = 0; i < handler->count; i++) {
        const sim_step_def *d = &handler->steps[i];
        sim_step s = {.kind = (uint8_t)d->kind, .condition = (uint8_t)d->condition, .target = d->target, .operation = d->operation,
                      .ordinal = d->ordinal, .next = d->next, .first = d->first, .other = d->other, .branch_count = d->branch_count, .share = d->share,
                      .limit = d->limit, .timeout = d->timeout,
                      .ttl_ms = d->ttl == HR_FOREVER ? 0 : (uint32_t)((d->ttl + HR_MS - 1) / HR_MS),
                      .newer = d->newer, .everywhere = d->everywhere, .writes = d->writes, .inside = d->inside, .cancels = d->cancels, .ascending = d->ascending,
                      .brings = d->kind == SIM_STEP_call || d->kind == SIM_STEP_query, .stream = sim_stream(w, id, purpose_of(d->kind))};
        if (d->kind == SIM_STEP_set)
            s.limit = (uint64_t)((d->negative + HR_MS - 1) / HR_MS);
        if (d->everywhere)
            s.time = sim_dist_place(w, &d->time);
        if (d->kind == SIM_STEP_wait || d->kind == SIM_STEP_cpu) {
            s.time = sim_dist_place(w, &d->time);
            s.ahead = sim_take(w, sizeof(sim_ahead));
        }
        if (d->refill)
            s.refill = sim_refill_place(w, id, d->refill);
        if (d->row) {
            s.row = sim_take(w, sizeof(sim_keys));
            const sim_keys row = sim_keys_place(w, d->row);
            *SIM_AT(w, sim_keys, s.row) = row;
        }
        if (d->branch_count)
            s.branches = sim_take(w, d->branch_count * sizeof(uint16_t));
        if (d->attempts)
            s.attempts = sim_attempts_place(w, id, d->attempts, SIM_STATE(w, const sim_service, id)->replica_count);
        for (uint16_t b = 0; b < d->branch_count; b++)
            SIM_AT(w, uint16_t, s.branches)[b] = d->branches[b];
        SIM_AT(w, sim_step, steps)[i] = s;
    }
    return steps;
}

// The present step ended with `status`: chooses the one that comes next. A cache that fails is a cache that misses: the handler goes
// on, as a cache-aside client does; unless the cache itself asks the database. What else fails runs its `failed` steps, or ends the
// handler with the same outcome.
void sim_handler_turn(sim_call *c, const sim_step *step, sim_outcome status, bool hit)
{
    bool is_cache = step->kind >= SIM_STEP_get && step->kind <= SIM_STEP_delete && !step->writes;
    bool is_other = is_cache ? step->kind == SIM_STEP_get && !hit : status != SIM_ok;
    c->status = (uint8_t)status;
    c->step = is_other ? step->other : step->next;
}

// Whether what the call is about does not exist.
static bool has_no_row(const sim_world *w, const sim_call *c) { return w->has_truth && sim_database_lacks(w, w->truth, c->key); }

// The time to live that a `set` step gives its key: evenly between ttl × (1 - jitter) and ttl × (1 + jitter); 0: for ever.
static uint32_t ttl_of(const sim_world *w, const sim_call *c, const sim_step *step)
{
    if (step->kind == SIM_STEP_set && has_no_row(w, c))
        return (uint32_t)step->limit;
    if (!step->ttl_ms || step->share <= 0)
        return step->ttl_ms;
    double u = sim_unit(sim_random(w->seed, step->stream, c->request, c->path + step->ordinal).word[0]);
    double ttl = step->ttl_ms * (1 + step->share * (2 * u - 1));
    return ttl < 1 ? 1 : (uint32_t)ttl;
}

// The replica's own cache answers at once. Returns what goes on.
static HR_APART sim_ref local_step(sim_world *w, sim_component_id id, sim_ref call, const sim_step *step)
{
    sim_call *c = sim_call_at(w, call);
    sim_ref local = sim_replica_of(w, c)->local;
    bool hit = false;
    if (step->kind == SIM_STEP_get) {
        uint32_t version;
        c->found = (uint8_t)sim_refill_look(w, local, step->refill, c, c->path + step->ordinal, &version);
        hit = c->found != SIM_FOUND_NOTHING;
        if (hit)
            c->version = version;
    } else if (step->kind == SIM_STEP_set) {
        uint32_t ttl_ms = ttl_of(w, c, step);
        (void)sim_refill_put(w, local, c, ttl_ms, sim_refill_took_us(w, c), SIM_STATE(w, const sim_service, id)->local_grace, step->newer);
    } else {
        sim_keystore_delete(w, local, c->key);
        if (step->everywhere)
            sim_invalidation_tell(w, id, c, step);
    }
    if (step->kind == SIM_STEP_get && step->refill) {
        c->status = SIM_ok;
        return sim_refill_back(w, id, call);
    }
    sim_handler_turn(c, step, SIM_ok, hit);
    return call;
}

// Whether the bulkhead lets a call to `target` out; counts it as out in any case, as sim_handler_back counts it back.
static bool may_leave(const sim_world *w, const sim_service *s, sim_replica *r, uint16_t target)
{
    uint32_t *out = SIM_AT(w, uint32_t, r->out) + target;
    bool may = ++*out <= s->bulkhead;
    r->kept_in += !may;
    return may;
}

// A call that its replica has made has come back, or is not waited for any longer.
static void count_back(const sim_world *w, const sim_call *child, const sim_call *parent)
{
    const sim_replica *r = sim_replica_of(w, parent);
    if (r->out)
        SIM_AT(w, uint32_t, r->out)[child->callee]--;
}

// Sends a call that is ready. Returns whether it has come back already.
bool sim_handler_send(sim_world *w, sim_component_id id, sim_ref parent, sim_ref ref, const sim_step *step)
{
    sim_call *child = sim_call_at(w, ref), *c = sim_call_at(w, parent);
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    c->flags |= SIM_CALL_ASKING;
    if (s->bulkhead && !may_leave(w, s, sim_replica_of(w, c), step->target)) {
        child->callee = step->target;
        child->status = SIM_rejected;
        sim_handler_back(w, id, ref);
    } else {
        sim_call_await(w, ref, step->timeout, id, SIM_SERVICE_TIMEOUT);
        sim_call_send(w, ref, step->target, 0);
    }
    bool is_back = !(c->flags & SIM_CALL_ASKING);
    c->flags &= (uint8_t)~SIM_CALL_ASKING;
    return is_back;
}

HR_APART bool sim_handler_ask(sim_world *w, sim_component_id id, sim_ref parent, const sim_step *step, uint32_t path)
{
    sim_ref ref = sim_call_nested(w, parent, id);
    sim_call *child = sim_call_at(w, ref), *c = sim_call_at(w, parent);
    switch (step->kind) {
    case SIM_STEP_get:
        child->operation = SIM_CACHE_GET;
        child->refill = step->refill;
        break;
    case SIM_STEP_set:
        child->operation = SIM_CACHE_SET;
        child->took_us = sim_refill_took_us(w, c);
        child->newer = step->newer;
        break;
    case SIM_STEP_delete: child->operation = SIM_CACHE_DELETE; break;
    case SIM_STEP_query:
        child->operation = step->operation;
        if (step->row || step->inside)
            child->key = sim_transaction_row(w, parent, step);
        break;
    case SIM_STEP_publish:
        child->priority = step->limit ? (uint8_t)(step->limit - 1) : c->priority;
        child->operation = step->attempts ? step->operation | SIM_PUBLISH_RETRIED : step->operation;
        break;
    default: child->operation = step->operation; break;
    }
    child->path = path;
    if (step->kind == SIM_STEP_publish)
        child->first_path = c->flags & SIM_CALL_EFFORT ? c->path : path;
    else if (step->inside)
        child->transaction = sim_transaction_of(w, parent);
    else
        child->ttl_ms = ttl_of(w, c->flags & SIM_CALL_EFFORT ? sim_call_at(w, c->parent) : c, step);
    return sim_handler_send(w, id, parent, ref, step);
}

// --- parts --------------------------------------------------------------------------------------------------------------

// A part of `whole`, at the step that `whole` is at.
sim_ref sim_handler_part(sim_world *w, sim_component_id id, sim_ref whole)
{
    sim_ref ref = sim_call_nested(w, whole, id);
    sim_call *c = sim_call_at(w, ref);
    const sim_call *p = sim_call_at(w, whole);
    c->callee = id;
    c->replica = p->replica;
    c->operation = p->operation;
    c->steps = p->steps;
    c->step = p->step;
    c->flags |= SIM_CALL_PART;
    w->parts_live++;
    return ref;
}

void sim_handler_part_free(sim_world *w, sim_ref part)
{
    w->parts_live--;
    sim_call_free(w, part);
}

static HR_APART sim_ref begin_rounds(sim_world *w, sim_component_id id, sim_ref call, uint16_t first)
{
    sim_ref part = sim_handler_part(w, id, call);
    sim_call_at(w, part)->step = first;
    sim_call_at(w, part)->status = sim_call_at(w, call)->status;
    return part;
}

// One branch less is out (or the step that has begun them all). The last one lets the call go on, unless a deadline has done so.
static sim_ref count_branch(sim_world *w, sim_ref join)
{
    sim_call *j = sim_call_at(w, join);
    if (--j->count)
        return 0;
    sim_ref call = j->flags & SIM_CALL_ABANDONED ? 0 : j->parent;
    if (call)
        sim_handler_turn(sim_call_at(w, call), sim_service_step(w, j), (sim_outcome)j->status, false);
    sim_handler_part_free(w, join);
    return call;
}

// The step itself counts as one branch, so that branches that end at once do not end it before all have begun.
static HR_APART sim_ref begin_branches(sim_world *w, sim_component_id id, sim_ref call, const sim_step *step)
{
    sim_ref join = sim_handler_part(w, id, call);
    sim_call_at(w, join)->count = step->branch_count + 1u;
    sim_call_await(w, join, step->timeout, id, SIM_SERVICE_TIMEOUT);
    for (uint16_t b = 0; b < step->branch_count; b++) {
        sim_ref branch = sim_handler_part(w, id, join);
        sim_call_at(w, branch)->step = SIM_AT(w, const uint16_t, step->branches)[b];
        sim_call_at(w, branch)->status = sim_call_at(w, call)->status;
        sim_handler_run(w, id, branch);
    }
    return count_branch(w, join);
}

// A branch has ended. What it has read or written counts for the call; of several the oldest, for an answer is as old as its oldest part.
static sim_ref end_branch(sim_world *w, sim_ref branch, sim_outcome status)
{
    sim_ref join = sim_call_at(w, branch)->parent;
    sim_call *j = sim_call_at(w, join);
    uint32_t version = sim_call_at(w, branch)->version;
    if (status != SIM_ok && j->status == SIM_ok)
        j->status = (uint8_t)status;
    if (!(j->flags & SIM_CALL_ABANDONED) && version != j->version) {
        sim_call *c = sim_call_at(w, j->parent);
        if (c->version == j->version || version < c->version)
            c->version = version;
    }
    sim_handler_part_free(w, branch);
    return count_branch(w, join);
}

static bool is_drawn(const sim_world *w, const sim_call *c, const sim_step *step)
{
    return sim_unit(sim_random(w->seed, step->stream, c->request, c->path + step->ordinal).word[0]) < step->share;
}

// The rounds are over: the call goes on behind them, or fails as they did.
static sim_ref end_rounds(sim_world *w, sim_ref part, sim_outcome status)
{
    sim_ref call = sim_call_at(w, part)->parent;
    sim_call *c = sim_call_at(w, call);
    c->version = sim_call_at(w, part)->version;
    sim_handler_turn(c, sim_service_step(w, c), status, false);
    sim_handler_part_free(w, part);
    return call;
}

// A part has come to the end of its block. Returns what goes on, or 0.
static HR_APART sim_ref end_block(sim_world *w, sim_component_id id, sim_ref part)
{
    sim_call *c = sim_call_at(w, part);
    const sim_call *whole = sim_call_at(w, c->parent);
    const sim_step *step = sim_service_step(w, whole);
    if (step->kind == SIM_STEP_parallel)
        return end_branch(w, part, SIM_ok);
    if (step->kind == SIM_STEP_get)
        return sim_refill_end(w, id, part, SIM_ok);
    if (step->kind == SIM_STEP_transaction)
        return sim_transaction_end(w, id, part, SIM_ok, false);
    if (c->count + 1 >= step->limit || !is_drawn(w, c, step))
        return end_rounds(w, part, SIM_ok);
    c->count++;
    c->path = sim_path(whole->path, step->ordinal + 1u, c->count);
    c->step = step->first;
    return part;
}

// The handler answers with `status`, or its branch ends so. Returns what goes on, or 0. An answer ends the rounds that it is given in, a
// failure is one of the `repeat` step; both end a transaction first.
sim_ref sim_handler_answer(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    while (sim_call_at(w, call)->flags & SIM_CALL_PART) {
        const sim_call *whole = sim_call_at(w, sim_call_at(w, call)->parent);
        sim_step_kind kind = (sim_step_kind)sim_service_step(w, whole)->kind;
        if (kind == SIM_STEP_parallel)
            return end_branch(w, call, status);
        if (kind == SIM_STEP_get)
            return sim_refill_end(w, id, call, status);
        if (kind == SIM_STEP_transaction)
            return sim_transaction_end(w, id, call, status, status == SIM_ok);
        call = end_rounds(w, call, status);
        if (status != SIM_ok)
            return call;
    }
    sim_service_finish(w, id, call, status);
    return 0;
}

// --- the loop -----------------------------------------------------------------------------------------------------------

static HR_APART bool holds(sim_world *w, const sim_call *c, const sim_step *step)
{
    enum { STREAM_OF_KEYS = 0x6B657973 };      // one for all services
    switch (step->condition) {
    case SIM_CONDITION_key_share: return sim_unit(sim_random(w->seed, STREAM_OF_KEYS, c->key, 0).word[0]) < step->share;
    case SIM_CONDITION_key_below: return c->key < step->limit;
    case SIM_CONDITION_status: return c->status == step->limit;
    case SIM_CONDITION_session: return sim_session_is_here(w, c->callee, c, (hr_time)step->limit);
    default: return is_drawn(w, c, step);
    }
}

// Runs the present step of `call`. Returns what goes on: the same, a part of it, what it was a part of; or 0 when there is something to
// wait for.
static inline sim_ref run_step(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    const sim_step *step = sim_service_step(w, c);
    switch (step->kind) {
    case SIM_STEP_wait:
        sim_handler_wait(w, id, call, c, step);
        return 0;
    case SIM_STEP_cpu:
        sim_service_compute(w, id, call);
        return 0;
    case SIM_STEP_parallel: return begin_branches(w, id, call, step);
    case SIM_STEP_repeat: return begin_rounds(w, id, call, step->first);
    case SIM_STEP_transaction: return step->attempts ? sim_attempts_begin(w, id, call) : sim_transaction_begin(w, id, call, step);
    case SIM_STEP_if:
        c->step = holds(w, c, step) ? step->first : step->other;
        return call;
    case SIM_STEP_return: return sim_handler_answer(w, id, call, SIM_ok);
    case SIM_STEP_fail: return sim_handler_answer(w, id, call, SIM_error);
    default:
        if (step->kind == SIM_STEP_set && !step->limit && has_no_row(w, c)) {
            sim_handler_turn(c, step, SIM_ok, false);              // nothing to put in
            return call;
        }
        if (step->attempts)
            return sim_attempts_begin(w, id, call);
        if (step->target == SIM_LOCAL)
            return local_step(w, id, call, step);
        if (!sim_handler_ask(w, id, call, step, sim_path(c->path, step->ordinal, 0)))
            return 0;
        return step->kind == SIM_STEP_get && step->refill ? sim_refill_back(w, id, call) : call;
    }
}

void sim_handler_run(sim_world *w, sim_component_id id, sim_ref call)
{
    while (call) {
        const sim_call *c = sim_call_at(w, call);
        if (c->step == SIM_NO_STEP)            // a step has failed, or the call is cancelled: then its last step may have ended well
            call = sim_handler_answer(w, id, call, c->status == SIM_ok ? SIM_timeout : (sim_outcome)c->status);
        else if (c->flags & SIM_CALL_PART && c->step == sim_service_step(w, sim_call_at(w, c->parent))->next)
            call = end_block(w, id, call);
        else
            call = run_step(w, id, call);
    }
}

void sim_handler_next(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    c->step = sim_service_step(w, c)->next;
    sim_handler_run(w, id, call);
}

// What a `get` with a refill has brought. A live cache only knows hits and misses; one that fails has found nothing.
static void note_found(sim_call *call, const sim_call *child, sim_outcome status)
{
    call->status = (uint8_t)status;
    call->found = status != SIM_ok ? SIM_FOUND_NOTHING : child->found || !(child->flags & SIM_CALL_HIT) ? child->found : SIM_FOUND;
    if (call->found != SIM_FOUND_NOTHING && child->operation == SIM_CACHE_GET)         // of a lock it is the token
        call->version = child->version;
}

void sim_handler_back(sim_world *w, sim_component_id id, sim_ref child)
{
    const sim_call *c = sim_call_at(w, child);
    sim_ref call = c->parent;
    sim_call *p = sim_call_at(w, call);
    if (p->flags & SIM_CALL_EFFORT) {
        if (sim_service_step(w, p)->kind == SIM_STEP_transaction) {
            sim_transaction_back(w, id, child);
            return;
        }
        count_back(w, c, p);
        sim_attempts_back(w, id, child);
        return;
    }
    count_back(w, c, p);
    const sim_step *step = sim_service_step(w, p);
    sim_outcome status = (sim_outcome)c->status;
    bool hit = status == SIM_ok && c->flags & SIM_CALL_HIT;
    if (sim_handler_brings(step, p, c, status, hit))
        p->version = c->version;
    bool refills = step->kind == SIM_STEP_get && step->refill;
    if (refills)
        note_found(p, c, status);
    sim_call_free(w, child);
    if (!refills)
        sim_handler_turn(p, step, status, hit);
    if (p->flags & SIM_CALL_ASKING)
        p->flags &= (uint8_t)~SIM_CALL_ASKING;
    else
        sim_handler_run(w, id, refills ? sim_refill_back(w, id, call) : call);
}

void sim_handler_late(sim_world *w, sim_component_id id, sim_ref child)
{
    sim_call *c = sim_call_at(w, child), *p = sim_call_at(w, c->parent);
    c->flags |= SIM_CALL_ABANDONED;
    if (p->flags & SIM_CALL_EFFORT && sim_service_step(w, p)->kind == SIM_STEP_transaction) {
        sim_transaction_late(w, id, child);
        return;
    }
    if (!(c->flags & SIM_CALL_PART))           // no branches of a `parallel`, but a call
        count_back(w, c, p);
    if (p->flags & SIM_CALL_EFFORT) {
        sim_attempts_late(w, id, child);
        return;
    }
    const sim_step *step = sim_service_step(w, p);
    sim_ref next = c->parent;
    if (step->inside)
        sim_backend_close(w, step->target, sim_transaction_of(w, next));
    if (step->cancels)
        sim_cancel_soon(w, id, child);
    if (step->kind == SIM_STEP_get && step->refill) {
        p->status = SIM_timeout;
        p->found = SIM_FOUND_NOTHING;
        next = sim_refill_back(w, id, next);
    } else {
        sim_handler_turn(p, step, SIM_timeout, false);
    }
    sim_handler_run(w, id, next);
}
