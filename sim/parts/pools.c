// sim/parts/pools.c - `own_pools`: each replica of each caller keeps connections of its own, directly to a server or through a pooler.
// * A pool opens a connection when it has no idle one, up to `pool`, and keeps it. Directly, that is one of the server's
//   `max_connections`: when they are used up the call is rejected, as the FATAL "too many clients" reaches the caller of Go's database/sql.
// * Through a pooler in session mode a client connection has a server connection for itself; when they are used up, calls wait in their own pool.
//   In transaction mode client connections cost nothing, and each statement, or transaction of several, waits at the pooler for one of few
//   server connections.
// * Who waits, in a pool, at the pooler or for a new connection, is counted in the server's queue; server->queue itself is the pooler's.
#include "sim/core/random.h"
#include "sim/parts/database.h"

typedef enum { IDLE, NEW, WAIT, REFUSE } way;

void sim_pools_build(sim_world *w, sim_component_id id, const sim_database_def *d)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    double fit = d->connection_bytes > 0 ? d->memory_bytes / d->connection_bytes : UINT32_MAX;
    s->has_pools = d->own_pools;
    s->pooler = d->has_pooler ? d->pooler : SIM_POOLER_COUNT;
    s->most_open = d->has_pooler ? d->pooler_size : d->max_connections ? d->max_connections : UINT32_MAX;
    s->most_open = fit < s->most_open ? (uint32_t)fit : s->most_open;
    s->backlog_limit = d->pooler_queue;
    s->backlog_timeout = d->pooler_timeout;
    s->connection_cpu = d->connection_cpu;
    s->connect = sim_dist_place(w, &d->connect);
    s->connect_stream = sim_stream(w, id, SIM_DRAW_CONNECT);
    s->clients.bytes = sizeof(sim_client);
}

uint32_t sim_pools_client(const sim_world *w, const sim_call *c)
{
    uint32_t replica = c->parent ? sim_call_at(w, c->parent)->replica : 0;
    return (uint32_t)c->caller << 16 | replica;
}

static sim_ref pool_of(sim_world *w, sim_database *s, uint32_t whose, uint32_t which)
{
    sim_client *client = sim_table_add(w, &s->clients, whose, which);
    if (!client->pool) {
        sim_server *server = sim_server_at(w, s, which);
        client->pool = sim_take(w, sizeof(sim_client_pool));
        *SIM_AT(w, sim_client_pool, client->pool) = (sim_client_pool){.server = which, .next = server->pools};
        server->pools = client->pool;
    }
    return client->pool;
}

// How a call gets a connection of the pool.
static way way_of(const sim_world *w, const sim_database *s, const sim_client_pool *p)
{
    if (p->busy < p->open)
        return IDLE;
    if (p->open == s->pool)
        return WAIT;
    if (s->pooler == SIM_POOLER_transaction || sim_server_at(w, s, p->server)->open.level < s->most_open)
        return NEW;
    return s->pooler == SIM_POOLER_session ? WAIT : REFUSE;
}

// The call has a connection to the server, which is opened first when it is new.
static void begin(sim_world *w, sim_component_id id, sim_ref call, bool is_new)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    const sim_call *c = sim_call_at(w, call);
    sim_server *server = sim_server_at(w, s, c->replica);
    hr_time takes = is_new ? sim_dist_time(w, &s->connect, s->connect_stream, c->request, c->path) + hr_max_time(server->resumes - w->now, 0) : 0;
    if (is_new)
        sim_level_up(w, &server->open);
    if (!takes) {
        sim_database_execute(w, id, call);
        return;
    }
    sim_call_at(w, call)->phase = SIM_PHASE_CONNECTS;
    sim_level_up(w, &server->queue.length);
    sim_schedule(w, w->now + takes, id, SIM_DB_CONNECTED, call, c->generation);
}

void sim_pools_connected(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_call *c = sim_call_at(w, call);
    sim_server *server = sim_server_at(w, s, c->replica);
    sim_level_down(w, &server->queue.length);
    c->phase = SIM_PHASE_WAITS;
    if (!server->is_down && c->cancelled != SIM_CANCEL_THERE) {
        sim_database_execute(w, id, call);
        return;
    }
    c->status = server->is_down ? SIM_lost : SIM_timeout;
    sim_database_left(w, id, call, true);
}

// The pooler has a server connection for the statement, or it waits there.
static void ask_pooler(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    sim_server *server = sim_server_at(w, s, c->replica);
    if (server->lent < s->most_open) {
        server->lent++;
        begin(w, id, call, server->lent > server->open.level);
    } else if (server->backlog >= s->backlog_limit) {
        server->rejected++;
        c->status = SIM_rejected;
        sim_database_left(w, id, call, false);
    } else {
        server->backlog++;
        c->phase = SIM_PHASE_AT_POOLER;
        c->since = w->now;
        sim_fifo_push(w, &server->queue, call);
        sim_database_time_queue(w, id, c->replica);
    }
}

// The call has a connection of its pool.
static void take(sim_world *w, sim_component_id id, sim_client_pool *p, sim_ref call, way how)
{
    p->busy++;
    p->open += how == NEW;
    if (SIM_STATE(w, const sim_database, id)->pooler == SIM_POOLER_transaction)
        ask_pooler(w, id, call);
    else
        begin(w, id, call, how == NEW);
}

void sim_pools_enter(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    sim_server *server = sim_server_at(w, s, c->replica);
    sim_ref pool = pool_of(w, s, c->client, c->replica);
    sim_client_pool *p = SIM_AT(w, sim_client_pool, pool);
    way how = way_of(w, s, p);
    if (server->is_down || how == REFUSE || (how == WAIT && p->queue.length.level >= s->queue_limit)) {
        sim_database_refuse(w, id, call, server->is_down ? SIM_error : SIM_rejected);
        return;
    }
    sim_stay_begin(&server->stay, sim_call_arrived(w, c));
    server->parts += (c->flags & SIM_CALL_PART) != 0;
    if (how != WAIT) {
        take(w, id, p, call, how);
        return;
    }
    c->since = w->now;
    sim_fifo_push(w, &p->queue, call);
    sim_level_up(w, &server->queue.length);
    if (s->pool_timeout != HR_FOREVER && !p->timer_set) {
        p->timer_set = 1;
        sim_schedule(w, w->now + s->pool_timeout, id, SIM_DB_CLIENT_TIMEOUT, pool, 0);
    }
}

static sim_ref pop(sim_world *w, const sim_database *s, sim_client_pool *p)
{
    sim_ref call = sim_fifo_pop(w, &p->queue);
    if (call)
        sim_level_down(w, &sim_server_at(w, s, p->server)->queue.length);
    return call;
}

void sim_pools_leave(sim_world *w, sim_database *s, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    sim_fifo_leave(w, &SIM_AT(w, sim_client_pool, pool_of(w, s, c->client, c->replica))->queue, call);
    sim_level_down(w, &sim_server_at(w, s, c->replica)->queue.length);
}

void sim_pools_expire(sim_world *w, sim_component_id id, sim_ref pool)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_client_pool *p = SIM_AT(w, sim_client_pool, pool);
    while (p->queue.head) {
        hr_time due = sim_call_at(w, p->queue.head)->since + s->pool_timeout;
        if (due > w->now) {
            sim_schedule(w, due, id, SIM_DB_CLIENT_TIMEOUT, pool, 0);
            return;
        }
        sim_server_at(w, s, p->server)->rejected++;
        sim_database_turn_away(w, id, pop(w, s, p), SIM_rejected);
    }
    p->timer_set = 0;
}

// A call gives its server connection back: to the pooler, who lends it to the next. `is_gone`: it was closed, and the next one opens another.
static void give_back(sim_world *w, sim_component_id id, sim_server *server, bool is_gone)
{
    server->lent--;
    sim_ref next = sim_fifo_pop(w, &server->queue);
    if (!next)
        return;
    server->backlog--;
    server->lent++;
    begin(w, id, next, is_gone);
}

void sim_pools_left(sim_world *w, sim_component_id id, uint32_t client, uint32_t server, bool has_connection)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_client_pool *p = SIM_AT(w, sim_client_pool, pool_of(w, s, client, server));
    p->busy--;
    if (has_connection && s->pooler == SIM_POOLER_transaction)
        give_back(w, id, sim_server_at(w, s, p->server), false);
    sim_ref next = p->busy < p->open ? pop(w, s, p) : 0;
    if (next)
        take(w, id, p, next, IDLE);
}

// Who waits in this pool or, for a connection of the server, in another one may open a new one.
void sim_pools_close(sim_world *w, sim_component_id id, uint32_t client, uint32_t which)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_client_pool *own = SIM_AT(w, sim_client_pool, pool_of(w, s, client, which));
    sim_server *server = sim_server_at(w, s, which);
    own->busy--;
    own->open--;
    sim_level_down(w, &server->open);
    if (s->pooler == SIM_POOLER_transaction)
        give_back(w, id, server, true);
    for (sim_ref pool = server->pools; pool; pool = SIM_AT(w, sim_client_pool, pool)->next) {
        sim_client_pool *p = SIM_AT(w, sim_client_pool, pool);
        for (way how; p->queue.head && ((how = way_of(w, s, p)) == IDLE || how == NEW);)
            take(w, id, p, pop(w, s, p), how);
    }
}

void sim_pools_die(sim_world *w, sim_component_id id, const sim_server *server)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    for (sim_ref pool = server->pools; pool; pool = SIM_AT(w, sim_client_pool, pool)->next)
        for (sim_ref call; (call = pop(w, s, SIM_AT(w, sim_client_pool, pool))); )
            sim_database_turn_away(w, id, call, SIM_error);
}

void sim_pools_forget(const sim_world *w, const sim_database *s, sim_server *server)
{
    uint32_t open = 0;
    for (sim_ref pool = server->pools; pool; pool = SIM_AT(w, const sim_client_pool, pool)->next) {
        sim_client_pool *p = SIM_AT(w, sim_client_pool, pool);
        p->open = p->busy;                     // those that are just being opened
        open += p->open;
    }
    if (s->pooler == SIM_POOLER_transaction)
        open = server->lent;
    while (server->open.level > open)
        sim_level_down(w, &server->open);
}

void sim_pools_check(const sim_world *w, const sim_database *s, const sim_server *server)
{
    uint64_t open = 0, busy = 0;
    for (sim_ref pool = server->pools; pool; pool = SIM_AT(w, const sim_client_pool, pool)->next) {
        const sim_client_pool *p = SIM_AT(w, const sim_client_pool, pool);
        SIM_ASSERT(w, p->busy <= p->open && p->open <= s->pool && p->queue.length.level <= s->queue_limit);
        open += p->open;
        busy += p->busy;
    }
    SIM_ASSERT(w, server->open.level <= s->most_open && server->lent <= s->most_open && server->backlog <= s->backlog_limit);
    SIM_ASSERT(w, server->busy.level + server->idle.level <= busy && server->busy.level + server->idle.level <= server->open.level);
    SIM_ASSERT(w, s->pooler == SIM_POOLER_transaction || open == server->open.level);
    SIM_ASSERT(w, server->backlog == 0 || server->lent == s->most_open);
}
