// sim/parts/attempts.c - a step that asks more than once: retries after failures, hedged attempts beside one that takes long.
// * Between a call and its attempts stands an effort, a part (handler.c) that runs no steps. It lives until its last attempt is back, also
//   when another has decided the step before: attempts that are not needed any more are not told and work on, as in reality.
// * `timeout` of the step is an attempt's. An attempt that is late is given up and counts as failed; the callee works on.
// * The first attempt has the draws of a step without retries, so that the variants of a scenario stay comparable; each other one its own.
// * An attempt at a `transaction` is a part that runs its steps. It is over when it is rolled back, and its successors have its draws, for they are
//   about the same rows.
// * The budget is one for each step and replica, as a client library has it for a destination.
#include "sim/parts/transaction.h"

enum { LEARN = 100 };                          // answers before a quantile is used, and between two looks at it

typedef struct {
    sim_retry_def retry;                       // most 0: no retries
    double    hedge_quantile;                  // 0: after `hedge_after`
    hr_time   hedge_after;                     // HR_FOREVER until enough answers are known
    uint32_t  hedges;                          // most hedged attempts; 0: none
    uint32_t  retry_stream;
    sim_ref   budgets;                         // sim_retry_budget[replicas], 0: none
    sim_ref   answers;                         // sim_histogram of attempts that were answered, with hedge_quantile
} attempts;

sim_ref sim_attempts_place(sim_world *w, sim_component_id id, const sim_attempts_def *def, uint32_t replicas)
{
    sim_ref ref = sim_take(w, sizeof(attempts));
    attempts a = {.retry = def->retry, .hedges = def->hedges, .hedge_quantile = def->hedge_quantile,
                  .hedge_after = def->hedge_quantile > 0 ? HR_FOREVER : def->hedge_after, .retry_stream = sim_stream(w, id, SIM_DRAW_RETRY)};
    if (def->retry.budget > 0)
        a.budgets = sim_take(w, replicas * sizeof(sim_retry_budget));
    if (def->hedge_quantile > 0)
        a.answers = sim_take(w, sizeof(sim_histogram));
    *SIM_AT(w, attempts, ref) = a;
    return ref;
}

sim_ref sim_attempts_stop(sim_world *w, sim_ref attempts_ref)
{
    sim_ref ref = sim_take(w, sizeof(attempts));
    *SIM_AT(w, attempts, ref) = (attempts){.hedge_after = HR_FOREVER, .retry_stream = SIM_AT(w, const attempts, attempts_ref)->retry_stream};
    return ref;
}

static attempts *attempts_of(const sim_world *w, const sim_call *effort) { return SIM_AT(w, attempts, sim_service_step(w, effort)->attempts); }

// Where attempt number `attempt`, from 0, stands in the tree of calls.
static uint32_t path_of(const sim_call *effort, uint32_t attempt)
{
    return attempt ? sim_path(effort->path, 0, SIM_ROUND_ATTEMPT + attempt) : effort->path;
}

static sim_ref settle(sim_world *w, sim_component_id id, sim_ref effort);

// Sends an attempt. Returns what goes on when that has decided the step already, or the part that is one, else 0.
static sim_ref send(sim_world *w, sim_component_id id, sim_ref effort)
{
    sim_call *f = sim_call_at(w, effort);
    const attempts *a = attempts_of(w, f);
    f->count++;
    uint32_t path = path_of(f, f->attempt++);
    if (sim_service_step(w, f)->kind == SIM_STEP_transaction)
        return sim_transaction_begin(w, id, effort, sim_service_step(w, f));
    if (sim_handler_ask(w, id, effort, sim_service_step(w, f), path))
        return settle(w, id, effort);
    if (f->hedged < a->hedges && a->hedge_after != HR_FOREVER) {
        f->started = w->now + a->hedge_after;  // the hedge timer in force: those of earlier attempts are not
        sim_schedule(w, f->started, id, SIM_SERVICE_HEDGE, effort, f->generation);
    }
    return 0;
}

sim_ref sim_attempts_begin(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_ref effort = sim_handler_part(w, id, call);
    sim_call *f = sim_call_at(w, effort);
    attempts *a = attempts_of(w, f);
    f->flags |= SIM_CALL_EFFORT;
    f->path = sim_path(f->path, sim_service_step(w, f)->ordinal, 0);
    f->since = 0;                              // the wait before the last retry
    if (a->budgets)
        sim_retry_budget_request(SIM_AT(w, sim_retry_budget, a->budgets) + f->replica, w->now);
    return send(w, id, effort);
}

// Whether there may be another attempt after this failure; then f->since is how long it has to wait.
static bool may_retry(sim_world *w, sim_call *f)
{
    attempts *a = attempts_of(w, f);
    uint32_t retry = f->attempt - f->hedged;   // number of the next one, from 1
    if (retry > a->retry.most)
        return false;
    if (a->budgets && !sim_retry_budget_take(SIM_AT(w, sim_retry_budget, a->budgets) + f->replica, &a->retry, w->now))
        return false;
    uint64_t word = sim_random(w->seed, a->retry_stream, f->request, path_of(f, f->attempt)).word[0];
    f->since = sim_retries[a->retry.policy]->wait(&a->retry, retry, f->since, word);
    return true;
}

// An attempt has ended, with the effort's status. Returns what goes on, or 0.
static sim_ref settle(sim_world *w, sim_component_id id, sim_ref effort)
{
    sim_call *f = sim_call_at(w, effort);
    bool is_decided = f->flags & SIM_CALL_ABANDONED;
    if (!is_decided && f->status != SIM_ok) {
        if (f->count)
            return 0;                          // another one is out and may succeed
        if (may_retry(w, f)) {
            sim_schedule(w, w->now + f->since, id, SIM_SERVICE_RETRY, effort, f->generation);
            return 0;
        }
    }
    sim_ref call = is_decided ? 0 : f->parent;
    if (call && f->count && sim_service_step(w, f)->cancels)
        sim_cancel_attempts(w, id, effort);
    if (call) {
        sim_call_at(w, call)->version = f->version;
        sim_handler_turn(sim_call_at(w, call), sim_service_step(w, f), (sim_outcome)f->status, f->flags & SIM_CALL_HIT);
    }
    f->flags |= SIM_CALL_ABANDONED;
    if (!f->count)
        sim_handler_part_free(w, effort);
    return call;
}

static HR_APART void learn(sim_world *w, attempts *a, hr_time took)
{
    sim_histogram *h = SIM_AT(w, sim_histogram, a->answers);
    sim_histogram_add(h, took);
    if (h->count % LEARN == 0)
        a->hedge_after = sim_histogram_quantile(h, a->hedge_quantile);
}

// Takes over what an attempt brings, unless the step is decided.
static void note_end(sim_world *w, sim_call *f, const sim_call *c, sim_outcome status)
{
    attempts *a = attempts_of(w, f);
    f->count--;
    if (a->answers && status == SIM_ok)
        learn(w, a, w->now - c->started);
    if (f->flags & SIM_CALL_ABANDONED)
        return;
    bool hit = status == SIM_ok && c->flags & SIM_CALL_HIT;
    f->status = (uint8_t)status;
    f->flags = (uint8_t)((f->flags & ~SIM_CALL_HIT) | (hit ? SIM_CALL_HIT : 0));
    if (sim_handler_brings(sim_service_step(w, f), f, c, status, hit))
        f->version = c->version;
}

void sim_attempts_back(sim_world *w, sim_component_id id, sim_ref child)
{
    const sim_call *c = sim_call_at(w, child);
    sim_ref effort = c->parent;
    sim_call *f = sim_call_at(w, effort);
    note_end(w, f, c, (sim_outcome)c->status);
    sim_call_free(w, child);
    if (f->flags & SIM_CALL_ASKING)            // `send` is handing it over and settles
        f->flags &= (uint8_t)~SIM_CALL_ASKING;
    else
        sim_handler_run(w, id, settle(w, id, effort));
}

sim_ref sim_attempts_ended(sim_world *w, sim_component_id id, sim_ref effort, const sim_call *part, bool returns)
{
    sim_call *f = sim_call_at(w, effort);
    f->count--;
    f->status = part->status;
    if (part->status == SIM_ok && !returns)
        f->version = part->version;
    if (!returns)
        return settle(w, id, effort);
    sim_ref call = f->parent;
    sim_handler_part_free(w, effort);
    return call;
}

void sim_attempts_late(sim_world *w, sim_component_id id, sim_ref child)
{
    const sim_call *c = sim_call_at(w, child);
    sim_ref effort = c->parent;
    note_end(w, sim_call_at(w, effort), c, SIM_timeout);
    if (sim_service_step(w, sim_call_at(w, effort))->cancels)
        sim_cancel_soon(w, id, child);
    sim_handler_run(w, id, settle(w, id, effort));
}

void sim_attempts_wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_call *f = sim_call_at(w, event->subject);
    if (event->what == SIM_SERVICE_HEDGE) {
        if (f->flags & SIM_CALL_ABANDONED || !f->count || f->started != event->at)
            return;                            // decided, waiting for a retry, or the timer of an earlier attempt
        f->hedged++;
    } else if (!attempts_of(w, f)->retry.most) {       // it has been cancelled while it waited
        sim_handler_run(w, id, settle(w, id, event->subject));
        return;
    }
    sim_handler_run(w, id, send(w, id, event->subject));
}
