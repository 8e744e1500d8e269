// sim/parts/through.c - see through.h.
// * A statement's call is a child of the operation that has caused it; with write-behind it has no parent, for nobody waits for it.
// * `newer` guards every put: a read that was slow puts nothing old over what a write has put in meanwhile. After a write around, which
//   leaves nothing to compare with, reads of the key that are under way serve those who wait, but put nothing in.
// * Writes that wait are a store of keys in order of their first write, with how many writes each stands for in place of a size. A write of a
//   key that waits already is coalesced with it. At most `batch` keys are written at each interval, a statement each; what fails waits again.
// * A version that waits is the one that the database will give it, so that cache and database agree afterwards.
#include "sim/parts/through.h"

#include "sim/core/table.h"
#include "sim/parts/service.h"

typedef struct {
    sim_through_def def;
    sim_ref  store;                            // the cache's keys
    sim_table reading;                         // a map from a key to the statement that reads it
    sim_ref  dirty;                            // write-behind: what waits
    sim_table out;                             // and a map from a key to how many statements for it are under way
    uint64_t statements;                       // of write-behind, since time zero: the subject of their draws
    uint64_t waiting_writes;                   // since time zero: acknowledged, and the database does not have them
    uint64_t writes, coalesced, lost;          // since the reset
    uint32_t is_ticking, unused;               // bool
    hr_time  grace;                            // keys are kept so long after their ttl
} through;

static through *through_at(const sim_world *w, sim_ref ref) { return SIM_AT(w, through, ref); }

sim_ref sim_through_place(sim_world *w, const sim_through_def *def, sim_ref store, hr_time grace)
{
    const sim_keystore_def in_order = sim_keystore_defaults((uint32_t)sim_evictor_find("fifo"));
    sim_ref ref = sim_take(w, sizeof(through));
    *through_at(w, ref) = (through){.def = *def, .store = store, .grace = grace, .reading = sim_map_make(), .dirty = sim_keystore_make(w, &in_order),
                                    .out = sim_map_make()};
    return ref;
}

static sim_ref statement(sim_world *w, sim_component_id id, sim_ref call, uint16_t operation)
{
    sim_ref child = sim_call_nested(w, call, id);
    sim_call_at(w, child)->operation = operation;
    return child;
}

// --- reads ------------------------------------------------------------------------------------------------------------------

static void answer_read(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status, uint32_t version)
{
    sim_call *c = sim_call_at(w, call);
    c->status = (uint8_t)status;
    if (status == SIM_ok) {
        c->version = version;
        c->found = SIM_FOUND;
        c->flags = (uint8_t)((c->flags & ~SIM_CALL_MISS) | SIM_CALL_HIT);
    }
    sim_cache_travel(w, id, call);
}

bool sim_through_read(sim_world *w, sim_component_id id, sim_ref ref, sim_ref call)
{
    through *t = through_at(w, ref);
    sim_call *c = sim_call_at(w, call);
    uint32_t waiting = sim_keystore_version(w, t->dirty, c->key), reader = sim_map_at(w, &t->reading, c->key);
    if (waiting) {                             // evicted, but not yet written
        answer_read(w, id, call, SIM_ok, waiting);
        return true;
    }
    if (!t->def.has_loads)
        return false;
    if (reader) {                              // behind the first who waits for the same statement; put in order at its end
        sim_call *first = sim_call_at(w, sim_call_at(w, reader)->parent);
        c->next = first->next;
        first->next = call;
        return true;
    }
    c->next = 0;                               // it may still tell who waited behind it for the thread
    sim_ref child = statement(w, id, call, t->def.load_operation);
    sim_map_put(w, &t->reading, c->key, child);
    sim_call_send(w, child, t->def.load_target, 0);
    return true;
}

// Those who wait behind the first, who came earliest first: they stand in the opposite order.
static sim_ref in_order(sim_world *w, sim_ref first)
{
    sim_ref head = 0;
    for (sim_ref call = sim_call_at(w, first)->next, next; call; call = next) {
        next = sim_call_at(w, call)->next;
        sim_call_at(w, call)->next = head;
        head = call;
    }
    return head;
}

static void end_read(sim_world *w, sim_component_id id, through *t, sim_ref child)
{
    const sim_call c = *sim_call_at(w, child);
    uint32_t version = c.version, cached = sim_keystore_version(w, t->store, c.key);
    bool is_present = sim_map_at(w, &t->reading, c.key) == child;           // not overtaken by a write around
    if (is_present)
        sim_map_put(w, &t->reading, c.key, 0);
    if (cached > version)
        version = cached;                      // overtaken by a write through
    else if (c.status == SIM_ok && is_present && !(w->has_truth && sim_database_lacks(w, w->truth, c.key))) {
        sim_call put = c;
        (void)sim_refill_put(w, t->store, &put, t->def.ttl_ms, (uint32_t)((w->now - c.started) / HR_US), t->grace, true);
    }
    answer_read(w, id, c.parent, (sim_outcome)c.status, version);
    for (sim_ref call = in_order(w, c.parent), next; call; call = next) {
        next = sim_call_at(w, call)->next;
        answer_read(w, id, call, (sim_outcome)c.status, version);
    }
}

// --- writes -----------------------------------------------------------------------------------------------------------------

static void tick_if_needed(sim_world *w, sim_component_id id, through *t)
{
    if (t->is_ticking || !SIM_AT(w, const sim_keystore, t->dirty)->count)
        return;
    t->is_ticking = true;
    sim_schedule(w, w->now + t->def.interval, id, SIM_CACHE_WRITE_OUT, 0, 0);
}

// So many writes of a key wait for the database, with those that waited before.
static void let_wait(sim_world *w, through *t, uint64_t key, uint32_t version, uint32_t writes)
{
    const sim_keystore *dirty = SIM_AT(w, const sim_keystore, t->dirty);
    uint32_t before = sim_keystore_version(w, t->dirty, key);
    if (before)
        writes += sim_keystore_entry(w, dirty, sim_keystore_find(w, dirty, key))->size_bytes;
    (void)sim_keystore_set(w, t->dirty, key, before > version ? before : version, writes, HR_FOREVER);
}

static bool write_behind(sim_world *w, sim_component_id id, through *t, sim_call *c)
{
    bool is_waiting = sim_keystore_version(w, t->dirty, c->key) != 0;
    if (!is_waiting && SIM_AT(w, const sim_keystore, t->dirty)->count >= t->def.queue) {
        c->status = SIM_rejected;
        return false;
    }
    c->version = sim_database_version(w, t->def.database, c->key) + 1 + sim_map_at(w, &t->out, c->key);
    c->flags |= SIM_CALL_HIT;                  // it brings a version
    c->status = SIM_ok;
    (void)sim_refill_put(w, t->store, c, c->ttl_ms, 0, t->grace, false);
    let_wait(w, t, c->key, c->version, 1);
    t->coalesced += is_waiting;
    t->waiting_writes++;
    tick_if_needed(w, id, t);
    return false;
}

bool sim_through_write(sim_world *w, sim_component_id id, sim_ref ref, sim_ref call)
{
    through *t = through_at(w, ref);
    t->writes++;
    if (t->def.write == SIM_WRITE_behind)
        return write_behind(w, id, t, sim_call_at(w, call));
    sim_call_send(w, statement(w, id, call, t->def.write_operation), t->def.write_target, 0);
    return true;
}

static void end_write(sim_world *w, sim_component_id id, through *t, const sim_call *child)
{
    sim_call *c = sim_call_at(w, child->parent);
    c->status = child->status;
    if (child->status == SIM_ok) {
        c->version = child->version;
        c->flags |= SIM_CALL_HIT;
    }
    if (child->status == SIM_ok && t->def.write == SIM_WRITE_through) {
        (void)sim_refill_put(w, t->store, c, c->ttl_ms, 0, t->grace, true);
    } else if (child->status == SIM_ok) {
        sim_keystore_delete(w, t->store, c->key);
        sim_map_put(w, &t->reading, c->key, 0);
    }
    sim_cache_travel(w, id, child->parent);
}

// --- writes that wait -------------------------------------------------------------------------------------------------------

static void write_one(sim_world *w, sim_component_id id, through *t, const sim_entry *e)
{
    sim_ref ref = sim_call_new(w);
    sim_call *c = sim_call_at(w, ref);
    c->request = (uint64_t)id << 48 | t->statements++;
    c->key = e->key;
    c->started = c->since = w->now;
    c->caller = id;
    c->operation = t->def.write_operation;
    c->stands_for = e->size_bytes;
    sim_keystore_delete(w, t->dirty, c->key);
    sim_map_put(w, &t->out, c->key, sim_map_at(w, &t->out, c->key) + 1);
    sim_call_send(w, ref, t->def.write_target, 0);
}

void sim_through_write_out(sim_world *w, sim_component_id id, sim_ref ref)
{
    through *t = through_at(w, ref);
    const sim_keystore *dirty = SIM_AT(w, const sim_keystore, t->dirty);
    uint32_t most = dirty->count < t->def.batch ? dirty->count : t->def.batch;
    for (uint32_t i = 0; i < most; i++) {
        const sim_entry e = *sim_keystore_entry(w, dirty, dirty->list[0].oldest);
        write_one(w, id, t, &e);
    }
    t->is_ticking = false;
    tick_if_needed(w, id, t);
}

static void end_written_out(sim_world *w, sim_component_id id, through *t, const sim_call *c)
{
    uint32_t out = sim_map_at(w, &t->out, c->key) - 1;
    sim_map_put(w, &t->out, c->key, out);
    if (c->status == SIM_ok)
        t->waiting_writes -= c->stands_for;
    else
        let_wait(w, t, c->key, sim_database_version(w, t->def.database, c->key) + 1 + out, c->stands_for);
    tick_if_needed(w, id, t);
}

void sim_through_lose(sim_world *w, sim_ref ref)
{
    through *t = through_at(w, ref);
    uint64_t lost = SIM_AT(w, const sim_keystore, t->dirty)->used_bytes;
    t->lost += lost;
    t->waiting_writes -= lost;
    sim_keystore_clear(w, t->dirty);
}

void sim_through_back(sim_world *w, sim_component_id id, sim_ref ref, sim_ref child)
{
    through *t = through_at(w, ref);
    const sim_call c = *sim_call_at(w, child);
    if (!c.parent)
        end_written_out(w, id, t, &c);
    else if (sim_call_at(w, c.parent)->operation == SIM_CACHE_GET)
        end_read(w, id, t, child);
    else
        end_write(w, id, t, &c);
    sim_call_free(w, child);
}

// --- counts -------------------------------------------------------------------------------------------------------------------

void sim_through_reset(sim_world *w, sim_ref ref)
{
    through *t = through_at(w, ref);
    t->writes = t->coalesced = t->lost = 0;
}

void sim_through_check(const sim_world *w, sim_ref ref)
{
    const through *t = through_at(w, ref);
    const sim_keystore *dirty = SIM_AT(w, const sim_keystore, t->dirty);
    sim_keystore_check(w, t->dirty);
    SIM_ASSERT(w, dirty->used_bytes <= t->waiting_writes && (t->is_ticking || !dirty->count));
    SIM_ASSERT(w, t->out.count || dirty->used_bytes == t->waiting_writes);
}

void sim_through_add(const sim_world *w, sim_ref ref, sim_station_view *view)
{
    const through *t = through_at(w, ref);
    if (t->def.write != SIM_WRITE_behind)
        return;
    view->writes_behind = true;
    view->writes = t->writes;
    view->coalesced = t->coalesced;
    view->lost_writes = t->lost;
    view->waiting_writes = t->waiting_writes;
}
