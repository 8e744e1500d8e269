// sim/parts/database.c - statements on the servers of a database: a call waits for a connection, then for a core, then for I/O.
// * Rows have versions: a write makes one more when it ends, a read sees the version of the moment when its statement starts.
// * With a live leaf the pool and its queue stay here; the leaf runs the statement and tells the version.
#include "sim/parts/sharding.h"

static size_t demand(const void *def)
{
    const sim_database_def *d = def;
    return (1u + d->replicas) * (d->shards.count + d->reshard.to + 1) * sizeof(sim_server);
}

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_database_def *d = def;
    sim_database *s = SIM_STATE(w, sim_database, id);
    s->stretch = sim_machine_stretch(&d->machine, d->cores);
    s->pool = d->pool;
    s->queue_limit = d->queue;
    s->pool_timeout = d->pool_timeout;
    s->absent = d->absent;
    s->has_history = d->history;
    s->history = sim_map_make();
    s->core_count = s->most_cores = d->cores < 1 ? 1 : (uint32_t)d->cores;
    s->network = sim_dist_place(w, &d->network);
    s->network_stream = sim_stream(w, id, SIM_DRAW_NETWORK);
    s->statement_count = d->statement_count;
    s->shard_size = 1 + d->replicas;
    sim_sharding_build(w, id, d);
    s->server_count = s->shard_size * (s->sharding ? sim_sharded_of(w, s)->total : 1);
    s->servers = sim_take(w, s->server_count * sizeof(sim_server));
    s->statements = sim_take(w, (d->statement_count + (uint32_t)SIM_OWN_STATEMENTS) * sizeof(sim_statement));
    for (uint16_t i = 0; i < d->statement_count; i++) {
        sim_statement t = {.cpu = sim_dist_place(w, &d->statements[i].cpu), .wait = sim_dist_place(w, &d->statements[i].wait),
                           .stream = sim_stream(w, id, SIM_DRAW_STATEMENT + i), .writes = d->statements[i].writes,
                           .scatter = d->statements[i].scatter, .keys = (uint8_t)d->statements[i].keys, .lock = d->statements[i].lock, .inserts = d->statements[i].inserts,
                           .plan = (uint8_t)d->statements[i].plan, .reads = !d->statements[i].writes, .checks = d->statements[i].if_unchanged, .row_ns = (double)d->statements[i].per_row};
        SIM_AT(w, sim_statement, s->statements)[i] = t;
    }
    sim_statement own[SIM_OWN_STATEMENTS] = {[SIM_OWN_COMMIT] = {.ends = SIM_ENDS_COMMIT}, [SIM_OWN_ROLLBACK] = {.ends = SIM_ENDS_ROLLBACK}};
    own[SIM_OWN_MOVES] = (sim_statement){.cpu = sim_dist_place(w, &d->reshard.cpu), .stream = sim_stream(w, id, SIM_DRAW_STATEMENT + d->statement_count), .moves = 1};
    for (uint32_t i = 0; i < SIM_OWN_STATEMENTS; i++)
        SIM_AT(w, sim_statement, s->statements)[d->statement_count + i] = own[i];
    for (uint32_t i = 0; i < s->server_count; i++)
        sim_server_at(w, s, i)->room = s->pool;
    sim_backends_build(s, d);
    sim_locks_build(w, id, d);
    sim_scans_build(w, id, d);
    sim_pools_build(w, id, d);
    sim_replication_build(w, id, d);
    sim_routing_build(w, id, d);
    sim_recovery_build(w, id, d);
}

static void start(sim_world *w, sim_component_id id)
{
    sim_reshard_start(w, id);
    sim_recovery_start(w, id);
}

// --- statements -----------------------------------------------------------------------------------------------------

static sim_server *server_of(const sim_world *w, const sim_database *s, const sim_call *c) { return sim_server_at(w, s, c->replica); }

static void compute(sim_world *w, sim_component_id id, const sim_database *s, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    const sim_statement *t = sim_statement_of(w, s, c);
    sim_level_up(w, &server_of(w, s, c)->cores);
    sim_call_at(w, call)->phase = SIM_PHASE_COMPUTES;
    hr_time cpu = sim_dist_time(w, &t->cpu, t->stream, c->request, c->path);
    if (t->moves)
        cpu *= c->count;
    cpu += sim_scans_time(w, s, t);
    if (s->connection_cpu > 0)                 // all connections are looked through for each statement's snapshot
        cpu += (hr_time)((double)cpu * s->connection_cpu * sim_database_capacity(s, server_of(w, s, c)));
    if (s->stretch > 0)
        cpu = hr_times(cpu, 1 + s->stretch);
    if (server_of(w, s, c)->slow > 0)
        cpu = hr_times(cpu, server_of(w, s, c)->slow);
    sim_schedule(w, hr_max_time(w->now, server_of(w, s, c)->resumes) + cpu, id, SIM_DB_COMPUTED, call, c->generation);
}

void sim_database_execute(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    sim_server *server = server_of(w, s, c);
    sim_level_up(w, &server->busy);
    server->started++;
    c->flags |= SIM_CALL_RUNNING;
    c->since = w->now;
    if (s->recovery)
        sim_recovery_touch(w, id);
    const sim_leaf *live = sim_leaf_of(w, id);
    if (live) {
        live->begin(live->self, w, id, call);
        return;
    }
    if (!sim_statement_of(w, s, c)->lock || sim_locks_take(w, id, call))
        sim_database_run(w, id, call);
}

void sim_database_run(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    sim_server *server = server_of(w, s, c);
    const sim_statement *t = sim_statement_of(w, s, c);
    uint32_t read = c->version;
    c->version = sim_rows_version(w, sim_sharding_rows(w, s, c, c->replica), c->key);
    if (sim_transaction_at(s, c))
        sim_backends_see(w, s, c);
    if (t->checks && c->version != read)
        c->version = 0;                        // it will find no row of that version
    if (s->shard_size > 1 && t->reads)         // rows that move are nobody's to read
        sim_routing_read(w, s, c);
    if (server->cores.level < s->core_count)
        compute(w, id, s, call);
    else
        sim_fifo_push(w, &server->core_queue, call);
}

// The call, or the part of one, goes back.
void sim_database_answer(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    sim_call *c = sim_call_at(w, call);
    if (sim_transaction_at(SIM_STATE(w, const sim_database, id), c))
        sim_backends_turned_away(w, id, call);
    c->status = (uint8_t)status;
    c->flags &= (uint8_t)~SIM_CALL_RUNNING;
    c->replica = 0;                            // for its caller the database is one
    if (c->flags & SIM_CALL_PART)
        sim_routing_back(w, id, call);
    else
        sim_call_reply(w, call, status);
}

void sim_database_refuse(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    const sim_call *c = sim_call_at(w, call);
    sim_server *server = server_of(w, SIM_STATE(w, const sim_database, id), c);
    server->rejected += status == SIM_rejected;
    server->refused += !(c->flags & SIM_CALL_PART);
    sim_database_answer(w, id, call, status);
}

void sim_database_time_queue(sim_world *w, sim_component_id id, uint32_t which)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_server *server = sim_server_at(w, s, which);
    hr_time timeout = s->has_pools ? s->backlog_timeout : s->pool_timeout;
    if (timeout == HR_FOREVER || server->timer_set)
        return;
    server->timer_set = 1;
    sim_schedule(w, w->now + timeout, id, SIM_DB_POOL_TIMEOUT, which, 0);
}

void sim_database_enter(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    if (s->has_pools) {
        sim_pools_enter(w, id, call);
        return;
    }
    const sim_call *c = sim_call_at(w, call);
    sim_server *server = server_of(w, s, c);
    bool is_free = server->busy.level < server->room;
    if (server->is_down || (!is_free && server->queue.length.level >= s->queue_limit)) {
        sim_database_refuse(w, id, call, server->is_down ? SIM_error : SIM_rejected);
        return;
    }
    sim_stay_begin(&server->stay, sim_call_arrived(w, c));
    server->parts += (c->flags & SIM_CALL_PART) != 0;
    if (is_free) {
        sim_database_execute(w, id, call);
        return;
    }
    sim_call_at(w, call)->since = w->now;
    sim_fifo_push(w, &server->queue, call);
    sim_database_time_queue(w, id, c->replica);
}

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    if (sim_transaction_at(s, sim_call_at(w, call))) {
        sim_backends_offer(w, id, call);
        return;
    }
    if (s->has_pools)
        sim_call_at(w, call)->client = sim_pools_client(w, sim_call_at(w, call));
    if (s->sharding)
        sim_sharding_offer(w, id, call);
    else if (s->server_count > 1)
        sim_routing_send(w, id, call, 0);
    else
        sim_database_enter(w, id, call);
}

void sim_database_count_left(const sim_world *w, sim_server *server, const sim_call *c)
{
    bool is_part = c->flags & SIM_CALL_PART;
    server->left += !is_part;
    server->parts -= is_part;
    sim_stay_end(w, &server->stay);
}

void sim_database_turn_away(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    const sim_call *c = sim_call_at(w, call);
    sim_database_count_left(w, server_of(w, SIM_STATE(w, const sim_database, id), c), c);
    sim_database_answer(w, id, call, status);
}

void sim_database_left(sim_world *w, sim_component_id id, sim_ref call, bool has_connection)
{
    const sim_call *c = sim_call_at(w, call);
    sim_outcome status = (sim_outcome)c->status;
    sim_pools_left(w, id, c->client, c->replica, has_connection);
    sim_database_turn_away(w, id, call, status);
}

void sim_database_give_up(sim_world *w, sim_component_id id, sim_server *server, sim_outcome status)
{
    sim_ref call = sim_fifo_pop(w, &server->queue);
    if (SIM_STATE(w, const sim_database, id)->has_pools) {
        server->backlog--;
        sim_pools_left(w, id, sim_call_at(w, call)->client, sim_call_at(w, call)->replica, false);
    }
    sim_database_turn_away(w, id, call, status);
}

// The wait queue is in order of arrival, so only its head can be the next to have waited too long.
static void expire(sim_world *w, sim_component_id id, uint32_t which)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_server *server = sim_server_at(w, s, which);
    while (server->queue.head) {
        hr_time due = sim_call_at(w, server->queue.head)->since + (s->has_pools ? s->backlog_timeout : s->pool_timeout);
        if (due > w->now) {
            sim_schedule(w, due, id, SIM_DB_POOL_TIMEOUT, which, 0);
            return;
        }
        server->rejected++;
        sim_database_give_up(w, id, server, SIM_rejected);
    }
    server->timer_set = 0;
}

void sim_database_hand_on(sim_world *w, sim_component_id id, sim_server *server)
{
    sim_ref next = sim_fifo_pop(w, &server->queue);
    if (next)
        sim_database_execute(w, id, next);
}

void sim_database_leave(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const sim_call *c = sim_call_at(w, call);
    if (sim_transaction_at(s, c)) {
        sim_backends_leave(w, id, call);
        return;
    }
    sim_server *server = server_of(w, s, c);
    if (sim_statement_of(w, s, c)->lock)
        sim_locks_release(w, id, call);
    sim_level_down(w, &server->busy);
    sim_database_count_left(w, server, c);
    if (s->has_pools)
        sim_pools_left(w, id, c->client, c->replica, true);
    else
        sim_database_hand_on(w, id, server);
    sim_database_answer(w, id, call, (sim_outcome)c->status);
}

void sim_database_end(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    sim_call_at(w, call)->status = (uint8_t)status;
    sim_database_leave(w, id, call);
}

void sim_database_free_core(sim_world *w, sim_component_id id, sim_server *server)
{
    sim_level_down(w, &server->cores);
    sim_ref next = sim_fifo_pop(w, &server->core_queue);
    if (next)
        compute(w, id, SIM_STATE(w, const sim_database, id), next);
}

static void computed(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_call *c = sim_call_at(w, call);
    sim_server *server = server_of(w, s, c);
    sim_database_free_core(w, id, server);
    c->phase = SIM_PHASE_READS;
    const sim_statement *t = sim_statement_of(w, s, c);
    hr_time wait = sim_dist_time(w, &t->wait, t->stream, c->request, c->path + 1);
    if (server->slow > 0)
        wait = hr_times(wait, server->slow);
    wait += sim_dist_time(w, &s->network, s->network_stream, c->request, c->path);
    sim_schedule(w, w->now + wait, id, SIM_DB_WAITED, call, c->generation);
}

// The commit is over: what the call has written is seen from now on.
static void committed(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    const sim_call *c = sim_call_at(w, call);
    if (sim_statement_of(w, s, c)->ends) {
        sim_backends_committed(w, id, call);
    } else {
        sim_database_commit(w, id, c->key, c->version);
        s->table_rows += sim_statement_of(w, s, c)->inserts;
        if (s->has_log)
            sim_replication_commit(w, id, call);
    }
    sim_database_end(w, id, call, SIM_ok);
}

// The commit takes until then.
static void commit_at(sim_world *w, sim_component_id id, sim_ref call, hr_time due)
{
    sim_call_at(w, call)->phase = SIM_PHASE_COMMITS;
    if (due > w->now)
        sim_schedule(w, due, id, SIM_DB_COMMITTED, call, sim_call_at(w, call)->generation);
    else
        committed(w, id, call);
}

static void end_transaction(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_outcome status;
    hr_time due = sim_backends_end(w, id, call, &status);
    if (status == SIM_ok)
        commit_at(w, id, call, due);
    else
        sim_database_end(w, id, call, status);
}

static void waited(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    if (c->flags & SIM_CALL_PART && c->step == SIM_PART_PREPARES) {
        sim_sharding_prepare(w, id, call);
        return;
    }
    if (sim_statement_of(w, s, c)->ends) {
        end_transaction(w, id, call);
        return;
    }
    if (!sim_statement_of(w, s, c)->writes || sim_database_lacks(w, id, c->key)) {
        sim_database_end(w, id, call, SIM_ok);
        return;
    }
    bool checks = sim_statement_of(w, s, c)->checks, conflicts = checks && !c->version;
    s->counts.checked += checks;
    s->counts.conflicts += conflicts;
    if (server_of(w, s, c)->is_full || conflicts) {                // No space left on device
        sim_database_end(w, id, call, SIM_error);
        return;
    }
    // A part that was in doubt is committed where the primary is now.
    uint32_t at = sim_shard_at(w, s, c->replica / s->shard_size)->primary;
    c->version = sim_rows_write(w, sim_sharding_rows(w, s, c, at), c->key);
    if (sim_transaction_at(s, c)) {
        sim_backends_write(w, s, c, sim_statement_of(w, s, c)->inserts);
        sim_database_end(w, id, call, SIM_ok);
        return;
    }
    commit_at(w, id, call, s->has_log ? sim_replication_log(w, id, call) : w->now);
}

// What comes to a server that stands still is seen at its end, but a computation has its time moved.
bool sim_database_waits(sim_world *w, sim_component_id id, const sim_event *event, uint32_t which)
{
    const sim_server *server = sim_server_at(w, SIM_STATE(w, const sim_database, id), which);
    if (server->resumes <= w->now || event->what == SIM_DB_COMPUTED || server->is_down)
        return false;
    sim_schedule(w, server->resumes, id, event->what, event->subject, event->generation);
    return true;
}

// A call at a server goes on, unless it was lost with the server, or cancelled: then its answer may be on its way still.
static void go_on(sim_world *w, sim_component_id id, const sim_event *event)
{
    const sim_call *c = sim_call_at(w, event->subject);
    if (c->generation != event->generation || !(c->flags & SIM_CALL_RUNNING) || sim_database_waits(w, id, event, c->replica) || sim_sharding_doubts(w, id, event))
        return;
    if (event->what == SIM_DB_COMPUTED)
        computed(w, id, event->subject);
    else if (event->what == SIM_DB_WAITED)
        waited(w, id, event->subject);
    else if (event->what == SIM_DB_PREPARED)
        sim_sharding_prepared(w, id, event->subject);
    else if (event->what == SIM_DB_COMMIT_PREPARED)
        waited(w, id, event->subject);         // it is prepared
    else if (event->what == SIM_DB_ROLLBACK_PREPARED)
        sim_database_end(w, id, event->subject, SIM_error);
    else
        committed(w, id, event->subject);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    switch (event->what) {
    case SIM_DB_POOL_TIMEOUT: expire(w, id, event->subject); break;
    case SIM_DB_APPLIED: sim_replication_apply(w, id, event); break;
    case SIM_DB_TAKES_OVER: sim_replication_take_over(w, id, event); break;
    case SIM_DB_CONNECTED: sim_pools_connected(w, id, event->subject); break;
    case SIM_DB_CLIENT_TIMEOUT: sim_pools_expire(w, id, event->subject); break;
    case SIM_DB_LOCK_TIMEOUT: sim_locks_expire(w, id, event); break;
    case SIM_DB_DEADLOCK: sim_locks_look(w, id, event); break;
    case SIM_DB_IDLE_TIMEOUT: case SIM_DB_CLIENT_GONE: sim_backends_wake(w, id, event); break;
    case SIM_DB_MOVES: sim_reshard_wake(w, id); break;
    case SIM_DB_KILL: case SIM_DB_RESIZE: case SIM_DB_BACK: sim_recovery_wake(w, id, event); break;
    case SIM_DB_CAUGHT_UP: sim_routing_caught_up(w, id, event); break;
    case SIM_DB_INTERRUPTS: sim_database_interrupt(w, id, event); break;
    default: go_on(w, id, event); break;
    }
}

const sim_kind sim_kind_database = {.name = "database",
    .summary = "pools of connections in front of statements and rows with versions, replicas that follow a log, as PostgreSQL has them",
    .state_size = sizeof(sim_database), .def_size = sizeof(sim_database_def), .gauges = sim_database_gauges, .demand = demand, .build = build, .start = start,
    .fault = sim_database_fault, .aim = sim_routing_aim, .cut = sim_replication_cut, .offer = offer, .wake = wake, .cancel = sim_database_cancel,
    .done = sim_database_leave, .sample = sim_database_sample, .reset = sim_database_reset,
    .check = sim_database_check, .account = sim_database_account};
