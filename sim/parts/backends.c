// sim/parts/backends.c - transactions of several statements at their database: the connection, rows and locks that each holds to its end.
// * Between its statements a connection is idle in transaction: it runs nothing, and nobody else can have it.
// * What it has written is seen by its own statements; by others, and in the log, from its COMMIT on. A ROLLBACK leaves versions that nobody
//   ever saw, so their numbers have gaps.
// * A statement that fails aborts it: locks are free at once, further statements fail, and its COMMIT, too. Only its end frees the connection.
#include "sim/parts/database.h"
#include "sim/parts/transaction.h"

typedef struct { uint64_t key; uint32_t version, is_locked, inserts; sim_ref next; } held;         // a row; version 0: not written
typedef struct { sim_pair number_key; sim_ref row; uint32_t unused; } held_entry;

void sim_backends_build(sim_database *s, const sim_database_def *d)
{
    s->has_transactions = d->has_transactions;
    s->backends = sim_map_make();
    s->held.bytes = sizeof(held_entry);
    s->deadlock_timeout = d->deadlock_timeout;
    s->idle_timeout = d->idle_timeout;
}

sim_backend *sim_backend_find(const sim_world *w, const sim_database *s, uint32_t number)
{
    sim_ref ref = sim_map_at(w, &s->backends, number);
    return ref ? SIM_AT(w, sim_backend, ref) : NULL;
}

uint32_t sim_backend_open(sim_world *w, sim_component_id db, sim_ref runner)
{
    sim_database *s = SIM_STATE(w, sim_database, db);
    sim_ref ref = sim_take(w, sizeof(sim_backend));
    s->last_number += s->last_number == UINT32_MAX ? 2 : 1;        // 0 is none
    *SIM_AT(w, sim_backend, ref) = (sim_backend){.runner = runner, .number = s->last_number};
    sim_map_put(w, &s->backends, s->last_number, ref);
    return s->last_number;
}

bool sim_backend_is_used(const sim_world *w, sim_component_id db, uint32_t number)
{
    const sim_backend *b = sim_backend_find(w, SIM_STATE(w, const sim_database, db), number);
    return (b->is_connected || b->ended) && !b->is_closed;
}

bool sim_backend_is_closed(const sim_world *w, sim_component_id db, uint32_t number)
{
    return sim_backend_find(w, SIM_STATE(w, const sim_database, db), number)->is_closed;
}

uint16_t sim_backend_ending(const sim_world *w, sim_component_id db, bool commits)
{
    return (uint16_t)(SIM_STATE(w, const sim_database, db)->statement_count + (commits ? SIM_OWN_COMMIT : SIM_OWN_ROLLBACK));
}

// --- rows -----------------------------------------------------------------------------------------------------------------

static held *row_of(const sim_world *w, const sim_database *s, uint32_t number, uint64_t key)
{
    const held_entry *entry = sim_table_find(w, &s->held, number, key);
    return entry ? SIM_AT(w, held, entry->row) : NULL;
}

static held *add_row(sim_world *w, sim_database *s, uint32_t number, uint64_t key)
{
    held_entry *entry = sim_table_add(w, &s->held, number, key);
    if (entry->row)
        return SIM_AT(w, held, entry->row);
    sim_backend *b = sim_backend_find(w, s, number);
    sim_ref ref = entry->row = sim_take(w, sizeof(held));
    if (b->first)
        SIM_AT(w, held, b->last)->next = ref;
    else
        b->first = ref;
    b->last = ref;
    SIM_AT(w, held, ref)->key = key;
    return SIM_AT(w, held, ref);
}

void sim_backends_lock(sim_world *w, sim_database *s, uint32_t number, uint64_t key) { add_row(w, s, number, key)->is_locked = 1; }

bool sim_backends_has_locked(const sim_world *w, const sim_database *s, uint32_t number, uint64_t key)
{
    const held *row = row_of(w, s, number, key);
    return row && row->is_locked;
}

void sim_backends_write(sim_world *w, sim_database *s, const sim_call *c, bool inserts)
{
    held *row = add_row(w, s, c->transaction, c->key);
    row->version = c->version;
    row->inserts += inserts;
}

void sim_backends_see(const sim_world *w, const sim_database *s, sim_call *c)
{
    const held *row = row_of(w, s, c->transaction, c->key);
    if (row && row->version)
        c->version = row->version;
}

// It holds no row any more: who waits for one of them has it.
static void free_rows(sim_world *w, sim_component_id id, sim_backend *b)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    while (b->first) {
        sim_ref ref = b->first;
        const held row = *SIM_AT(w, const held, ref);
        b->first = row.next;
        sim_table_remove(w, &s->held, sim_table_find(w, &s->held, b->number, row.key));
        sim_give(w, ref, sizeof(held));
        if (row.is_locked)
            sim_locks_release_row(w, id, row.key);
    }
}

// --- its connection ---------------------------------------------------------------------------------------------------------

static void rest(sim_world *w, sim_component_id id, sim_backend *b)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_server *server = sim_server_at(w, s, b->server);
    b->is_connected = 1;
    sim_level_up(w, &server->idle);
    server->room--;
    b->alarm++;
    if (s->idle_timeout != HR_FOREVER)
        sim_schedule(w, w->now + s->idle_timeout, id, SIM_DB_IDLE_TIMEOUT, b->number, b->alarm);
}

static void stop_resting(sim_world *w, sim_component_id id, sim_backend *b)
{
    sim_server *server = sim_server_at(w, SIM_STATE(w, const sim_database, id), b->server);
    sim_level_down(w, &server->idle);
    server->room++;
    b->alarm++;
}

// Its connection goes to the next one, or is closed.
static void let_go(sim_world *w, sim_component_id id, sim_backend *b, bool closes)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    b->is_connected = 0;
    if (s->has_pools && closes)
        sim_pools_close(w, id, b->client, b->server);
    else if (s->has_pools)
        sim_pools_left(w, id, b->client, b->server, true);
    else
        sim_database_hand_on(w, id, sim_server_at(w, s, b->server));
}

// The session ends while it is idle in transaction.
static void terminate(sim_world *w, sim_component_id id, sim_backend *b, sim_outcome ended, bool closes)
{
    b->ended = (uint8_t)ended;
    free_rows(w, id, b);
    stop_resting(w, id, b);
    let_go(w, id, b, closes);
}

// When neither side knows it any more.
static void drop(sim_world *w, sim_component_id id, sim_backend *b)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    if (b->runner || b->statement || b->is_connected)
        return;
    sim_ref ref = sim_map_at(w, &s->backends, b->number);
    sim_map_put(w, &s->backends, b->number, 0);
    sim_give(w, ref, sizeof(sim_backend));
}

void sim_backend_close(sim_world *w, sim_component_id db, uint32_t number)
{
    sim_backend *b = sim_backend_find(w, SIM_STATE(w, const sim_database, db), number);
    b->is_closed = 1;
    if (b->is_connected && !b->statement)
        terminate(w, db, b, SIM_lost, true);
    drop(w, db, b);
}

void sim_backend_done(sim_world *w, sim_component_id db, uint32_t number)
{
    sim_backend *b = sim_backend_find(w, SIM_STATE(w, const sim_database, db), number);
    b->runner = 0;
    b->is_closed = 1;
    drop(w, db, b);
}

// --- statements -------------------------------------------------------------------------------------------------------------

void sim_backends_offer(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_call *c = sim_call_at(w, call);
    sim_backend *b = sim_backend_find(w, s, c->transaction);
    uint32_t wanted = b && b->is_connected ? b->server : sim_shard_at(w, s, 0)->primary;
    bool is_astray = s->regions && c->replica != wanted;           // another has become the primary while it was under way
    if (!is_astray)
        c->replica = (uint16_t)wanted;
    bool is_over = !b || is_astray || b->is_closed || b->ended || (b->is_aborted && !sim_statement_of(w, s, c)->ends);
    if (is_over) {                             // it has no connection, or the answer is "current transaction is aborted"
        sim_database_refuse(w, id, call, b && b->ended ? (sim_outcome)b->ended : SIM_error);
        return;
    }
    SIM_CHECK(w, !b->statement);
    b->statement = call;
    if (b->is_connected) {
        c->client = b->client;
        sim_server *server = sim_server_at(w, s, b->server);
        sim_stay_begin(&server->stay, sim_call_arrived(w, c));
        stop_resting(w, id, b);
        sim_database_execute(w, id, call);
        return;
    }
    if (s->has_pools)
        c->client = b->client = sim_pools_client(w, c);
    b->server = c->replica;
    sim_database_enter(w, id, call);
}

void sim_backends_turned_away(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_backend *b = sim_backend_find(w, SIM_STATE(w, const sim_database, id), sim_call_at(w, call)->transaction);
    if (!b || b->statement != call)
        return;
    b->statement = 0;
    drop(w, id, b);
}

void sim_backends_leave(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const sim_call *c = sim_call_at(w, call);
    sim_server *server = sim_server_at(w, s, c->replica);
    sim_backend *b = sim_backend_find(w, s, c->transaction);
    sim_outcome status = (sim_outcome)c->status;
    bool ends = sim_statement_of(w, s, c)->ends, closes = b->is_closed;
    sim_level_down(w, &server->busy);
    sim_database_count_left(w, server, c);
    b->statement = 0;
    b->is_aborted |= status != SIM_ok;
    if (b->is_aborted || ends || closes)
        free_rows(w, id, b);
    if (server->is_down)
        b->ended = SIM_lost;
    if (ends || closes || server->is_down)
        let_go(w, id, b, closes && !server->is_down);
    else
        rest(w, id, b);
    drop(w, id, b);
    sim_database_answer(w, id, call, status);
}

// --- its end ----------------------------------------------------------------------------------------------------------------

hr_time sim_backends_end(sim_world *w, sim_component_id id, sim_ref call, sim_outcome *status)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_call *c = sim_call_at(w, call);
    const sim_backend *b = sim_backend_find(w, s, c->transaction);
    bool commits = sim_statement_of(w, s, c)->ends == SIM_ENDS_COMMIT;
    *status = commits && b->is_aborted ? SIM_error : SIM_ok;
    hr_time due = w->now;
    uint64_t key = c->key;
    for (sim_ref ref = b->first; ref && commits && *status == SIM_ok; ref = SIM_AT(w, const held, ref)->next) {
        const held *row = SIM_AT(w, const held, ref);
        if (!row->version)
            continue;
        if (sim_server_at(w, s, b->server)->is_full) {             // No space left on device
            *status = SIM_error;
            return w->now;
        }
        c->key = row->key;
        c->version = row->version;
        if (s->has_log)
            due = hr_max_time(due, sim_replication_log(w, id, call));
    }
    c->key = key;
    return due;
}

void sim_backends_committed(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    const sim_backend *b = sim_backend_find(w, s, c->transaction);
    bool commits = sim_statement_of(w, s, c)->ends == SIM_ENDS_COMMIT;
    uint64_t key = c->key, position = c->position, written = 0;
    for (sim_ref ref = b->first; ref && commits; ref = SIM_AT(w, const held, ref)->next)
        written += SIM_AT(w, const held, ref)->version != 0;
    for (sim_ref ref = b->first; ref && commits; ref = SIM_AT(w, const held, ref)->next) {
        const held *row = SIM_AT(w, const held, ref);
        if (!row->version)
            continue;
        c->key = row->key;
        c->version = row->version;
        c->position = position - --written;    // its records lie side by side
        sim_database_commit(w, id, c->key, c->version);
        s->table_rows += row->inserts;
        if (s->has_log)
            sim_replication_commit(w, id, call);
    }
    c->key = key;
}

// --- what happens to it -------------------------------------------------------------------------------------------------------

void sim_backends_wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_backend *b = sim_backend_find(w, s, event->subject);
    if (b && b->is_connected && sim_database_waits(w, id, event, b->server))
        return;
    if (event->what == SIM_DB_CLIENT_GONE && b)
        sim_backend_close(w, id, event->subject);
    if (event->what == SIM_DB_CLIENT_GONE || !b || b->alarm != event->generation)
        return;                                // it has gone on in time
    s->counts.idle_timeouts++;
    terminate(w, id, b, SIM_error, true);
}

// The next one of a database that has a backend, from slot *at on; NULL: none is left.
static sim_backend *next_of(const sim_world *w, const sim_database *s, uint32_t *at)
{
    while (*at < s->backends.room) {
        const sim_mapped *m = SIM_AT(w, const sim_mapped, s->backends.slots) + (*at)++;
        if (m->key.is_used)
            return SIM_AT(w, sim_backend, m->value);
    }
    return NULL;
}

void sim_backends_cut(sim_world *w, sim_component_id id, uint32_t slot)
{
    for (sim_component_id db = 0; db < w->component_count; db++) {
        if (sim_component_at(w, db)->kind != SIM_PART_database)
            continue;
        const sim_database *s = SIM_STATE(w, const sim_database, db);
        uint32_t at = 0;
        for (sim_backend *b; (b = next_of(w, s, &at));) {
            const sim_call *runner = b->runner ? sim_call_at(w, b->runner) : NULL;
            if (!runner || runner->callee != id || runner->replica != slot)
                continue;
            b->runner = 0;
            sim_schedule(w, w->now, db, SIM_DB_CLIENT_GONE, b->number, 0);
        }
    }
}

void sim_backends_die(sim_world *w, sim_component_id id, uint32_t which)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    uint32_t at = 0;
    for (sim_backend *b; (b = next_of(w, s, &at));)
        if (b->is_connected && b->server == which)
            terminate(w, id, b, SIM_lost, false);
}

// Every connection that is idle in transaction belongs to one that has no statement here; a row that it has locked is its own.
void sim_backends_check(const sim_world *w, sim_component_id id)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    uint32_t at = 0, waiting = 0, idle = 0, resting = 0, rows = 0;
    for (const sim_backend *b; (b = next_of(w, s, &at));) {
        const sim_call *c = b->statement ? sim_call_at(w, b->statement) : NULL;
        SIM_ASSERT(w, !c || (c->callee == id && c->transaction == b->number && c->replica == b->server));
        SIM_ASSERT(w, !b->is_waiting || (c && c->flags & SIM_CALL_RUNNING));
        SIM_ASSERT(w, !b->runner || sim_call_at(w, b->runner)->transaction == b->number);
        SIM_ASSERT(w, !b->first || b->is_connected || c);
        for (sim_ref ref = b->first; ref; ref = SIM_AT(w, const held, ref)->next, rows++)
            SIM_ASSERT(w, row_of(w, s, b->number, SIM_AT(w, const held, ref)->key) == SIM_AT(w, const held, ref));
        waiting += b->is_waiting;
        resting += b->is_connected && !c;
    }
    for (uint32_t i = 0; i < s->server_count; i++)
        idle += sim_server_at(w, s, i)->idle.level;
    SIM_ASSERT(w, idle == resting && waiting <= s->locked_out.level && rows == s->held.count);
}
