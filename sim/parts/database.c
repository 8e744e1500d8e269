// sim/parts/database.c - statements on the servers of a database: a call waits for a connection, then for a core, then for I/O.
// * Rows have versions: a write makes one more when it ends, a read sees the version of the moment when its statement starts.
// * With a live leaf the pool and its queue stay here; the leaf runs the statement and tells the version.
// * What a server has in hand when it dies is lost at once; what comes while it is down fails.
#include <stdlib.h>

#include "sim/parts/database.h"
#include "sim/parts/faults.h"

#include "sim/core/histogram.h"
#include "sim/parts/sharding.h"

typedef struct { hr_time at; uint32_t version; sim_ref before; } commit;        // with `history`, of each row, back to the first

static const char *const gauges[] = {"utilisation", "queue", "statements_per_s", "lag_ms", NULL};

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
    s->core_count = d->cores < 1 ? 1 : (uint32_t)d->cores;
    s->network = sim_dist_place(w, &d->network);
    s->network_stream = sim_stream(w, id, SIM_DRAW_NETWORK);
    s->statement_count = d->statement_count;
    s->shard_size = 1 + d->replicas;
    sim_sharding_build(w, id, d);
    s->server_count = s->shard_size * (s->sharding ? sim_sharded_of(w, s)->total : 1);
    s->servers = sim_take(w, s->server_count * sizeof(sim_server));
    s->statements = sim_take(w, (d->statement_count + 1u) * sizeof(sim_statement));
    for (uint16_t i = 0; i < d->statement_count; i++) {
        sim_statement t = {.cpu = sim_dist_place(w, &d->statements[i].cpu), .wait = sim_dist_place(w, &d->statements[i].wait),
                           .stream = sim_stream(w, id, SIM_DRAW_STATEMENT + i), .writes = d->statements[i].writes,
                           .scatter = d->statements[i].scatter, .keys = (uint8_t)d->statements[i].keys, .lock = d->statements[i].lock, .inserts = d->statements[i].inserts, .plan = (uint8_t)d->statements[i].plan,
                           .row_ns = (double)d->statements[i].per_row};
        SIM_AT(w, sim_statement, s->statements)[i] = t;
    }
    if (d->reshard.to)                         // behind them: rows that move are read and written by one of their own
        SIM_AT(w, sim_statement, s->statements)[d->statement_count] =
            (sim_statement){.cpu = sim_dist_place(w, &d->reshard.cpu), .stream = sim_stream(w, id, SIM_DRAW_STATEMENT + d->statement_count), .moves = 1};
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

// --- rows, for others -------------------------------------------------------------------------------------------------

// The primary of the shard where a row lives.
static sim_server *primary(const sim_world *w, const sim_database *s, uint64_t key)
{
    return sim_server_at(w, s, sim_shard_at(w, s, sim_sharding_home(w, s, key))->primary);
}

uint32_t sim_database_version(const sim_world *w, sim_component_id id, uint64_t key)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    return sim_rows_version(w, &primary(w, s, key)->rows, key);
}

static HR_APART void remember(sim_world *w, sim_database *s, uint64_t key, uint32_t version)
{
    sim_ref ref = sim_take(w, sizeof(commit));
    *SIM_AT(w, commit, ref) = (commit){w->now, version, sim_map_at(w, &s->history, key)};
    sim_map_put(w, &s->history, key, ref);
}

hr_time sim_database_overtaken(const sim_world *w, sim_component_id id, uint64_t key, uint32_t version)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    hr_time at = HR_FOREVER;
    for (sim_ref ref = sim_map_at(w, &s->history, key); ref; ref = SIM_AT(w, const commit, ref)->before) {
        if (SIM_AT(w, const commit, ref)->version <= version)
            break;
        at = SIM_AT(w, const commit, ref)->at;
    }
    return at;
}

bool sim_database_has_history(const sim_world *w, sim_component_id id) { return SIM_STATE(w, const sim_database, id)->has_history; }

bool sim_database_lacks(const sim_world *w, sim_component_id id, uint64_t key)
{
    enum { STREAM_OF_ROWS = 0x726F7773 };      // one for all databases
    double absent = SIM_STATE(w, const sim_database, id)->absent;
    return absent > 0 && sim_unit(sim_random(w->seed, STREAM_OF_ROWS, key, 0).word[0]) < absent;
}

void sim_database_commit(sim_world *w, sim_component_id id, uint64_t key, uint32_t version)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    bool is_new = sim_rows_commit(w, &primary(w, s, key)->rows, key, version);
    if (is_new && s->has_history)
        remember(w, s, key, version);
}

// --- statements -----------------------------------------------------------------------------------------------------

static sim_server *server_of(const sim_world *w, const sim_database *s, const sim_call *c) { return sim_server_at(w, s, c->replica); }

// Connections that it has.
static uint32_t capacity(const sim_database *s, const sim_server *server) { return s->has_pools ? server->open.level : s->pool; }

static void compute(sim_world *w, sim_component_id id, const sim_database *s, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    const sim_statement *t = sim_statement_of(w, s, c);
    sim_level_up(w, &server_of(w, s, c)->cores);
    hr_time cpu = sim_dist_time(w, &t->cpu, t->stream, c->request, c->path);
    if (t->moves)
        cpu *= c->count;
    cpu += sim_scans_time(w, s, t);
    if (s->connection_cpu > 0)                 // all connections are looked through for each statement's snapshot
        cpu += (hr_time)((double)cpu * s->connection_cpu * capacity(s, server_of(w, s, c)));
    if (s->stretch > 0)
        cpu += (hr_time)((double)cpu * s->stretch);
    if (server_of(w, s, c)->slow > 0)
        cpu = (hr_time)((double)cpu * server_of(w, s, c)->slow);
    sim_schedule(w, w->now + cpu, id, SIM_DB_COMPUTED, call, c->generation);
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
    c->version = sim_rows_version(w, sim_sharding_rows(w, s, c), c->key);
    if (s->shard_size > 1 && !t->writes && !t->moves)              // rows that move are nobody's to read
        sim_routing_read(w, s, c);
    if (server->cores.level < s->core_count)
        compute(w, id, s, call);
    else
        sim_fifo_push(w, &server->core_queue, call);
}

// The call, or the part of one, goes back.
static void answer(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    sim_call *c = sim_call_at(w, call);
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
    answer(w, id, call, status);
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
    bool is_free = server->busy.level < s->pool;
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
    if (s->has_pools)
        sim_call_at(w, call)->client = sim_pools_client(w, sim_call_at(w, call));
    if (s->sharding)
        sim_sharding_offer(w, id, call);
    else if (s->server_count > 1)
        sim_routing_send(w, id, call, 0);
    else
        sim_database_enter(w, id, call);
}

static void leave(const sim_world *w, sim_server *server, const sim_call *c)
{
    bool is_part = c->flags & SIM_CALL_PART;
    server->left += !is_part;
    server->parts -= is_part;
    sim_stay_end(w, &server->stay, sim_call_arrived(w, c));
}

void sim_database_turn_away(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    const sim_call *c = sim_call_at(w, call);
    leave(w, server_of(w, SIM_STATE(w, const sim_database, id), c), c);
    answer(w, id, call, status);
}

void sim_database_left(sim_world *w, sim_component_id id, sim_ref call, bool has_connection)
{
    const sim_call *c = sim_call_at(w, call);
    sim_outcome status = (sim_outcome)c->status;
    sim_pools_left(w, id, c, has_connection);
    sim_database_turn_away(w, id, call, status);
}

// The head of the queue waits no longer.
static void give_up(sim_world *w, sim_component_id id, sim_server *server, sim_outcome status)
{
    sim_ref call = sim_fifo_pop(w, &server->queue);
    if (SIM_STATE(w, const sim_database, id)->has_pools) {
        server->backlog--;
        sim_pools_left(w, id, sim_call_at(w, call), false);
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
        give_up(w, id, server, SIM_rejected);
    }
    server->timer_set = 0;
}

void sim_database_leave(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const sim_call *c = sim_call_at(w, call);
    sim_server *server = server_of(w, s, c);
    if (sim_statement_of(w, s, c)->lock)
        sim_locks_release(w, id, call);
    sim_level_down(w, &server->busy);
    leave(w, server, c);
    sim_ref next = s->has_pools ? 0 : sim_fifo_pop(w, &server->queue);
    if (next)
        sim_database_execute(w, id, next);
    else if (s->has_pools)
        sim_pools_left(w, id, c, true);
    answer(w, id, call, (sim_outcome)c->status);
}

static void end(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    sim_call_at(w, call)->status = (uint8_t)status;
    sim_database_leave(w, id, call);
}

static void computed(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const sim_call *c = sim_call_at(w, call);
    sim_server *server = server_of(w, s, c);
    sim_level_down(w, &server->cores);
    sim_ref next = sim_fifo_pop(w, &server->core_queue);
    if (next)
        compute(w, id, s, next);
    const sim_statement *t = sim_statement_of(w, s, c);
    hr_time wait = sim_dist_time(w, &t->wait, t->stream, c->request, c->path + 1);
    if (server->slow > 0)
        wait = (hr_time)((double)wait * server->slow);
    wait += sim_dist_time(w, &s->network, s->network_stream, c->request, c->path);
    sim_schedule(w, w->now + wait, id, SIM_DB_WAITED, call, c->generation);
}

// The commit is over: what the call has written is seen from now on.
static void committed(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    const sim_call *c = sim_call_at(w, call);
    sim_database_commit(w, id, c->key, c->version);
    s->table_rows += sim_statement_of(w, s, c)->inserts;
    if (s->has_log)
        sim_replication_commit(w, id, call);
    end(w, id, call, SIM_ok);
}

static void waited(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_call *c = sim_call_at(w, call);
    if (c->flags & SIM_CALL_PART && c->step == SIM_PART_PREPARES) {
        sim_sharding_prepare(w, id, call);
        return;
    }
    if (!sim_statement_of(w, s, c)->writes || sim_database_lacks(w, id, c->key)) {
        end(w, id, call, SIM_ok);
        return;
    }
    if (server_of(w, s, c)->is_full) {         // No space left on device
        end(w, id, call, SIM_error);
        return;
    }
    c->version = sim_rows_write(w, sim_sharding_rows(w, s, c), c->key);
    hr_time due = s->has_log ? sim_replication_log(w, id, call) : w->now;
    if (due > w->now)
        sim_schedule(w, due, id, SIM_DB_COMMITTED, call, c->generation);
    else
        committed(w, id, call);
}

// A call at a server goes on, unless it was lost with the server.
static void go_on(sim_world *w, sim_component_id id, const sim_event *event)
{
    if (sim_call_at(w, event->subject)->generation != event->generation)
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
        end(w, id, event->subject, SIM_error);
    else
        committed(w, id, event->subject);
}

// --- faults -------------------------------------------------------------------------------------------------------------

// Statements that run at a server; their timers become stale. The caller frees the list.
static sim_ref *running_at(sim_world *w, sim_component_id id, uint32_t which, size_t *count)
{
    sim_ref *list = hr_alloc(sim_server_at(w, SIM_STATE(w, const sim_database, id), which)->busy.level * sizeof *list + 1);
    sim_call_walk walk = sim_calls_walk(w);
    *count = 0;
    for (sim_ref call; (call = sim_calls_next(w, &walk));) {
        sim_call *c = sim_call_at(w, call);
        if (c->callee != id || c->replica != which || !(c->flags & SIM_CALL_RUNNING))
            continue;
        c->generation++;
        list[(*count)++] = call;
    }
    return list;
}

void sim_database_die(sim_world *w, sim_component_id id, uint32_t which)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_server *server = sim_server_at(w, s, which);
    server->is_down = 1;
    sim_replication_die(w, id, which);
    sim_pools_die(w, id, server);
    while (server->queue.head)
        give_up(w, id, server, SIM_error);
    while (sim_fifo_pop(w, &server->core_queue)) {
    }
    while (server->cores.level)
        sim_level_down(w, &server->cores);
    size_t count;
    sim_ref *running = running_at(w, id, which, &count);
    for (size_t i = 0; i < count && s->has_locks; i++)
        sim_locks_forget(w, s, running[i]);    // before any lock is handed on
    for (size_t i = 0; i < count; i++)
        end(w, id, running[i], SIM_lost);
    free(running);
    sim_pools_forget(w, s, server);
}

static void suffer(sim_world *w, sim_component_id id, uint32_t which, const sim_force *force)
{
    sim_server *server = sim_server_at(w, SIM_STATE(w, const sim_database, id), which);
    server->slow = force->slow > 1 ? force->slow : 0;
    server->is_full = force->full;
    server->returns = 0;
    server->is_killed = force->down;
    if (force->down && !server->is_down)
        sim_database_die(w, id, which);
    else if (!force->down && server->is_down && !sim_recovery_goes_on(w, id))
        sim_replication_return(w, id, which);
}

uint32_t sim_database_primary(const sim_world *w, sim_component_id id)
{
    return sim_shard_at(w, SIM_STATE(w, const sim_database, id), 0)->primary;
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
    case SIM_DB_MOVES: sim_reshard_wake(w, id); break;
    case SIM_DB_KILL: case SIM_DB_RESIZE: case SIM_DB_BACK: sim_recovery_wake(w, id, event); break;
    case SIM_DB_CAUGHT_UP: sim_routing_caught_up(w, id, event->subject); break;
    default: go_on(w, id, event); break;
    }
}

static void reset(sim_world *w, sim_component_id id)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    if (s->recovery)
        sim_recovery_reset(w, id);
    for (uint32_t i = 0; i < s->server_count; i++) {
        sim_server *server = sim_server_at(w, s, i);
        sim_level_reset(w, &server->busy);
        sim_level_reset(w, &server->cores);
        sim_level_reset(w, &server->queue.length);
        sim_level_reset(w, &server->core_queue.length);
        sim_level_reset(w, &server->open);
        server->started = server->rejected = 0;
    }
    sim_level_reset(w, &s->routed);
    sim_level_reset(w, &s->locked_out);
    sim_sharding_reset(w, s);
    s->sampled_started = 0;
    s->counts = (sim_database_counts){0};
    if (s->lag)
        *SIM_AT(w, sim_histogram, s->lag) = (sim_histogram){0};
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    double busy = 0, queue = 0, have = 0;
    uint64_t started = 0;
    for (uint32_t i = 0; i < s->server_count; i++) {
        sim_server *server = sim_server_at(w, s, i);
        busy += sim_level_sample(w, &server->busy, step);
        queue += sim_level_sample(w, &server->queue.length, step);
        started += server->started;
        have += capacity(s, server);
    }
    out[0] = have > 0 ? (float)(busy / have) : 0;
    out[1] = (float)queue;
    out[2] = (float)((double)(started - s->sampled_started) * 1e9 / (double)step);
    out[3] = (float)((double)sim_replication_lag(w, s) * 1e-6);
    s->sampled_started = started;
}

static void check(const sim_world *w, sim_component_id id)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    for (uint32_t i = 0; i < s->server_count; i++) {
        const sim_server *server = sim_server_at(w, s, i);
        if (s->has_pools) {
            sim_pools_check(w, s, server);
        } else {
            SIM_ASSERT(w, server->busy.level <= s->pool && server->queue.length.level <= s->queue_limit);
            SIM_ASSERT(w, server->queue.length.level == 0 || server->busy.level == s->pool);
        }
        SIM_ASSERT(w, server->cores.level <= s->core_count);
        SIM_ASSERT(w, server->core_queue.length.level == 0 || server->cores.level == s->core_count);
        SIM_ASSERT(w, server->parts <= server->busy.level + server->queue.length.level);
    }
    sim_replication_check(w, s);
    sim_locks_check(w, s);
    sim_reshard_check(w, s);
    if (s->recovery)
        sim_recovery_check(w, id);
}

// One station a server; where there are several, one more for the calls that are routed.
static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    if (station >= s->server_count) {
        *a = (sim_account){.left = s->routed_left, .inside = s->routed.level, .stay = &s->routed_stay,
                           .level = {{"routed calls", &s->routed, 0}}, .levels = 1, .staying = 1};
        return station == s->server_count && s->server_count > 1;
    }
    const sim_server *server = sim_server_at(w, s, station);
    uint32_t most_busy = !s->has_pools ? s->pool : s->most_open != UINT32_MAX ? s->most_open : 0;
    *a = (sim_account){.refused = server->refused, .left = server->left,
                       .inside = (uint64_t)server->busy.level + server->queue.length.level - server->parts, .stay = &server->stay,
                       .level = {{"time of connections <= pool x time", &server->busy, most_busy},
                                 {"time of waiting <= places x time", &server->queue.length, s->has_pools ? 0 : s->queue_limit},
                                 {"time of cores <= cores x time", &server->cores, s->core_count}}, .levels = 3, .staying = 2};
    return true;
}

sim_station_view sim_database_look(const sim_world *w, sim_component_id id)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const sim_database_counts *n = &s->counts;
    sim_station_view v = {.queue_limit = s->queue_limit, .has_pools = s->has_pools, .has_locks = s->has_locks, .reads = n->reads,
                          .unread_writes = n->unread_writes, .backwards = n->backwards, .lost_commits = n->lost_commits, .locking = n->locking,
                          .lock_timeouts = n->lock_timeouts, .lock_wait_s = n->lock_wait_s, .locked_out = sim_level_average(w, &s->locked_out)};
    for (uint32_t i = 0; i < s->server_count; i++) {
        const sim_server *server = sim_server_at(w, s, i);
        v.busy_average += sim_level_average(w, &server->busy);
        v.queue_average += sim_level_average(w, &server->queue.length);
        v.busy += server->busy.level;
        v.queued += server->queue.length.level;
        v.capacity += capacity(s, server);
        v.connections += sim_level_average(w, &server->open);
        v.started += server->started;
        v.rejected += server->rejected;
    }
    double have = s->has_pools ? v.connections : v.capacity;
    v.utilisation = have > 0 ? v.busy_average / have : 0;
    sim_sharding_add(w, s, &v);
    if (s->recovery)
        sim_recovery_add(w, id, &v);
    v.lag = s->lag ? SIM_AT(w, const sim_histogram, s->lag) : NULL;
    return v;
}

const sim_kind sim_kind_database = {.name = "database",
    .summary = "pools of connections in front of statements and rows with versions, replicas that follow a log, as PostgreSQL has them",
    .state_size = sizeof(sim_database), .def_size = sizeof(sim_database_def), .gauges = gauges, .demand = demand, .build = build, .start = start,
    .fault = suffer, .offer = offer, .wake = wake, .done = sim_database_leave, .sample = sample, .reset = reset, .check = check,
    .account = account};
