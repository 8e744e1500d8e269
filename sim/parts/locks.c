// sim/parts/locks.c - row locks of a database: a statement with `lock` has its row for itself from its start to the end of its commit, which
// in a transaction of several statements is the end of that.
// * Who finds the row locked waits in order of arrival, as PostgreSQL's heavyweight locks are given out, and holds its connection meanwhile.
// * Waits are equally long at most (`lock_timeout`), so who has waited too long is the first of its row's queue.
// * A row is locked wherever it lives: while rows move to other shards, old and new place share the lock.
// * Transactions that lock rows in different orders may wait for each other. PostgreSQL looks for that when one has waited for `deadlock_timeout`,
//   and ends the one that looks. Locks are exclusive and each transaction waits for one row at most, so there is one way to follow.
#include "sim/parts/database.h"

typedef struct { sim_pair key; sim_ref holder; uint32_t waiting; sim_ref head, tail; uint32_t transaction, unused; } lock;   // held by a call or a transaction

void sim_locks_build(sim_world *w, sim_component_id id, const sim_database_def *d)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    s->locks.bytes = sizeof(lock);
    s->lock_timeout = d->lock_timeout;
    for (uint16_t i = 0; i < d->statement_count; i++)
        s->has_locks |= d->statements[i].lock;
}

// The row is the call's, or its transaction's.
static void give(sim_world *w, sim_database *s, lock *l, sim_ref call)
{
    l->transaction = sim_transaction_at(s, sim_call_at(w, call));
    l->holder = l->transaction ? 0 : call;
    if (l->transaction)
        sim_backends_lock(w, s, l->transaction, l->key.a);
}

bool sim_locks_take(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    lock *l = sim_table_add(w, &s->locks, c->key, 0);
    s->counts.locking++;
    uint32_t number = sim_transaction_at(s, c);
    if (number && l->transaction == number)
        return true;                           // it has it already
    if (!l->holder && !l->transaction) {
        give(w, s, l, call);
        return true;
    }
    c->next = 0;
    if (l->head)
        sim_call_at(w, l->tail)->next = call;
    else
        l->head = call;
    l->tail = call;
    l->waiting++;
    sim_level_up(w, &s->locked_out);
    if (s->lock_timeout != HR_FOREVER)
        sim_schedule(w, w->now + s->lock_timeout, id, SIM_DB_LOCK_TIMEOUT, call, c->generation);
    if (number) {
        sim_backend_find(w, s, number)->is_waiting = 1;
        sim_schedule(w, w->now + s->deadlock_timeout, id, SIM_DB_DEADLOCK, call, c->generation);
    }
    return false;
}

// The first that waits does so no longer.
static sim_ref pop(sim_world *w, sim_database *s, lock *l)
{
    sim_ref call = l->head;
    const sim_call *c = sim_call_at(w, call);
    l->head = c->next;
    l->waiting--;
    sim_level_down(w, &s->locked_out);
    s->counts.lock_wait_s += (double)(w->now - c->since) * 1e-9;
    if (sim_transaction_at(s, c))
        sim_backend_find(w, s, c->transaction)->is_waiting = 0;
    return call;
}

static void hand_on(sim_world *w, sim_component_id id, lock *l)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    if (!l->head) {
        sim_table_remove(w, &s->locks, l);
        return;
    }
    sim_ref next = pop(w, s, l);
    give(w, s, l, next);
    sim_database_run(w, id, next);
}

void sim_locks_release(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    lock *l = sim_table_find(w, &s->locks, sim_call_at(w, call)->key, 0);
    if (l && l->holder == call)                // else it has waited too long for it
        hand_on(w, id, l);
}

void sim_locks_release_row(sim_world *w, sim_component_id id, uint64_t key)
{
    hand_on(w, id, sim_table_find(w, &SIM_STATE(w, const sim_database, id)->locks, key, 0));
}

bool sim_locks_forget(sim_world *w, sim_database *s, sim_ref call)
{
    lock *l = sim_table_find(w, &s->locks, sim_call_at(w, call)->key, 0);
    sim_ref before = 0, at = l ? l->head : 0;
    while (at && at != call) {
        before = at;
        at = sim_call_at(w, at)->next;
    }
    if (!at)
        return false;                          // it waits for none
    sim_ref head = l->head;
    l->head = at;
    (void)pop(w, s, l);
    if (!before)
        return true;
    sim_call_at(w, before)->next = l->head;
    l->tail = l->head ? l->tail : before;
    l->head = head;
    return true;
}

// Whether what a transaction's statement waits for waits, in the end, for that transaction.
static bool is_in_ring(const sim_world *w, const sim_database *s, const sim_backend *b)
{
    const sim_backend *at = b;
    for (uint32_t steps = 0; at && at->is_waiting && steps <= s->backends.count; steps++) {
        const lock *l = sim_table_find(w, &s->locks, sim_call_at(w, at->statement)->key, 0);
        at = l->transaction ? sim_backend_find(w, s, l->transaction) : NULL;
        if (at == b)
            return true;
    }
    return false;                              // also where it only waits for others that form a ring
}

void sim_locks_look(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, event->subject);
    const sim_backend *b = c->generation == event->generation ? sim_backend_find(w, s, c->transaction) : NULL;
    if (!b || b->statement != event->subject || !b->is_waiting || sim_database_waits(w, id, event, c->replica) || !is_in_ring(w, s, b))
        return;
    (void)sim_locks_forget(w, s, event->subject);
    s->counts.deadlocks++;
    c->status = SIM_error;                     // 40P01, deadlock detected
    sim_database_leave(w, id, event->subject);
}

void sim_locks_expire(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, event->subject);
    if (c->generation != event->generation || sim_database_waits(w, id, event, c->replica))
        return;
    lock *l = sim_table_find(w, &s->locks, c->key, 0);
    if (!l || l->head != event->subject)
        return;                                // it has got it
    (void)pop(w, s, l);
    s->counts.lock_timeouts++;
    c->status = SIM_error;
    sim_database_leave(w, id, event->subject);
}

void sim_locks_check(const sim_world *w, const sim_database *s)
{
    uint64_t waiting = 0;
    for (uint32_t i = 0; i < s->locks.room; i++) {
        const lock *l = SIM_AT(w, const lock, s->locks.slots) + i;
        if (!l->key.is_used)
            continue;
        uint32_t count = 0;
        for (sim_ref call = l->head; call; call = sim_call_at(w, call)->next, count++)
            SIM_ASSERT(w, sim_call_at(w, call)->key == l->key.a && call != l->holder);
        SIM_ASSERT(w, count == l->waiting && !l->holder == (l->transaction != 0));
        SIM_ASSERT(w, l->transaction ? sim_backends_has_locked(w, s, l->transaction, l->key.a) : sim_call_at(w, l->holder)->key == l->key.a);
        waiting += count;
    }
    SIM_ASSERT(w, waiting == s->locked_out.level);
}
