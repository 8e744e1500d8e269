// sim/parts/locks.c - row locks of a database: a statement with `lock` has its row for itself from its start to the end of its commit.
// * Who finds the row locked waits in order of arrival, as PostgreSQL's heavyweight locks are given out, and holds its connection meanwhile.
// * Waits are equally long at most (`lock_timeout`), so who has waited too long is the first of its row's queue.
// * A row is locked wherever it lives: while rows move to other shards, old and new place share the lock.
#include "sim/parts/database.h"

typedef struct { sim_pair key; sim_ref holder; uint32_t waiting; sim_ref head, tail; } lock;

void sim_locks_build(sim_world *w, sim_component_id id, const sim_database_def *d)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    s->locks.bytes = sizeof(lock);
    s->lock_timeout = d->lock_timeout;
    for (uint16_t i = 0; i < d->statement_count; i++)
        s->has_locks |= d->statements[i].lock;
}

bool sim_locks_take(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    lock *l = sim_table_add(w, &s->locks, c->key, 0);
    s->counts.locking++;
    if (!l->holder) {
        l->holder = call;
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
    return call;
}

void sim_locks_release(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    lock *l = sim_table_find(w, &s->locks, sim_call_at(w, call)->key, 0);
    if (!l || l->holder != call)
        return;                                // it has waited too long for it
    if (!l->head) {
        sim_table_remove(w, &s->locks, l);
        return;
    }
    l->holder = pop(w, s, l);
    sim_database_run(w, id, l->holder);
}

void sim_locks_forget(sim_world *w, sim_database *s, sim_ref call)
{
    lock *l = sim_table_find(w, &s->locks, sim_call_at(w, call)->key, 0);
    sim_ref before = 0, at = l ? l->head : 0;
    while (at && at != call) {
        before = at;
        at = sim_call_at(w, at)->next;
    }
    if (!at)
        return;                                // it waits for none
    sim_ref head = l->head;
    l->head = at;
    (void)pop(w, s, l);
    if (!before)
        return;
    sim_call_at(w, before)->next = l->head;
    l->tail = l->head ? l->tail : before;
    l->head = head;
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
        SIM_ASSERT(w, l->holder && count == l->waiting && sim_call_at(w, l->holder)->key == l->key.a);
        waiting += count;
    }
    SIM_ASSERT(w, waiting == s->locked_out.level);
}
