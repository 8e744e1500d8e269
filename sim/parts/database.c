// sim/parts/database.c - a pool of connections in front of statements: a call waits for a connection, then for a core, then for I/O.
// * Rows have versions: a write makes one more when it ends, a read sees the version of the moment when its statement starts.
// * With a live leaf the pool and its queue stay here; the leaf runs the statement and tells the version.
#include "sim/core/laws.h"
#include "sim/parts/parts.h"

enum { COMPUTED, WAITED, POOL_TIMEOUT };

typedef struct { uint64_t key; uint32_t version, used; } row;
typedef struct { hr_time at; uint32_t version; sim_ref before; } commit;        // with `history`, of each row, back to the first

typedef struct {
    sim_dist cpu, wait;
    uint32_t stream;                           // cpu and wait take one word of the stream each
    uint8_t  writes, unused[3];
} statement;

typedef struct {
    uint32_t  pool, queue_limit, core_count, statement_count;
    hr_time   pool_timeout;
    sim_level busy, cores;
    sim_fifo  queue, core_queue;
    sim_ref   statements, rows;                // rows: open addressing, row[row_room]
    uint32_t  row_count, row_room, network_stream, timer_set;
    sim_dist  network;
    uint64_t  started, rejected, sampled_started;
    double    absent;
    sim_ref   history;                         // a map from a key to its last commit; 0: not kept
    uint32_t  unused;
    uint64_t  refused, left;                   // since time zero, for the laws
    sim_stay  stay;
} database;

static const char *const gauges[] = {"utilisation", "queue", "statements_per_s", NULL};

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_database_def *d = def;
    database *s = SIM_STATE(w, database, id);
    s->pool = d->pool;
    s->queue_limit = d->queue;
    s->pool_timeout = d->pool_timeout;
    s->absent = d->absent;
    if (d->history) {
        const sim_keystore_def map = sim_keystore_defaults((uint32_t)sim_evictor_find("fifo"));
        s->history = sim_keystore_make(w, &map);
    }
    s->core_count = d->cores < 1 ? 1 : (uint32_t)d->cores;
    s->network = sim_dist_place(w, &d->network);
    s->network_stream = sim_stream(w, id, SIM_DRAW_NETWORK);
    s->statement_count = d->statement_count;
    s->statements = sim_take(w, d->statement_count * sizeof(statement));
    for (uint16_t i = 0; i < d->statement_count; i++) {
        statement t = {.cpu = sim_dist_place(w, &d->statements[i].cpu), .wait = sim_dist_place(w, &d->statements[i].wait),
                       .stream = sim_stream(w, id, SIM_DRAW_STATEMENT + i), .writes = d->statements[i].writes};
        SIM_AT(w, statement, s->statements)[i] = t;
    }
}

// --- rows -----------------------------------------------------------------------------------------------------------

static row *find_row(const sim_world *w, const database *s, uint64_t key)
{
    row *rows = SIM_AT(w, row, s->rows);
    uint32_t i = (uint32_t)(key * 0x9E3779B97F4A7C15u >> 32) & (s->row_room - 1);
    while (rows[i].used && rows[i].key != key)
        i = (i + 1) & (s->row_room - 1);
    return &rows[i];
}

uint32_t sim_database_version(const sim_world *w, sim_component_id id, uint64_t key)
{
    const database *s = SIM_STATE(w, const database, id);
    const row *r = s->row_count ? find_row(w, s, key) : NULL;
    return r && r->used ? r->version : 1;
}

static HR_APART void remember(sim_world *w, const database *s, uint64_t key, uint32_t version)
{
    sim_ref ref = sim_take(w, sizeof(commit));
    *SIM_AT(w, commit, ref) = (commit){w->now, version, sim_keystore_version(w, s->history, key)};
    (void)sim_keystore_set(w, s->history, key, ref, 0, HR_FOREVER);
}

hr_time sim_database_overtaken(const sim_world *w, sim_component_id id, uint64_t key, uint32_t version)
{
    const database *s = SIM_STATE(w, const database, id);
    hr_time at = HR_FOREVER;
    for (sim_ref ref = s->history ? sim_keystore_version(w, s->history, key) : 0; ref; ref = SIM_AT(w, const commit, ref)->before) {
        if (SIM_AT(w, const commit, ref)->version <= version)
            break;
        at = SIM_AT(w, const commit, ref)->at;
    }
    return at;
}

bool sim_database_has_history(const sim_world *w, sim_component_id id) { return SIM_STATE(w, const database, id)->history != 0; }

bool sim_database_lacks(const sim_world *w, sim_component_id id, uint64_t key)
{
    enum { STREAM_OF_ROWS = 0x726F7773 };      // one for all databases
    double absent = SIM_STATE(w, const database, id)->absent;
    return absent > 0 && sim_unit(sim_random(w->seed, STREAM_OF_ROWS, key, 0).word[0]) < absent;
}

static void grow_rows(sim_world *w, database *s)
{
    uint32_t old_room = s->row_room;
    sim_ref old = s->rows;
    s->row_room = old_room ? old_room * 2 : 64;
    s->rows = sim_take(w, s->row_room * sizeof(row));
    for (uint32_t i = 0; i < old_room; i++) {
        row r = SIM_AT(w, row, old)[i];
        if (r.used)
            *find_row(w, s, r.key) = r;
    }
    sim_give(w, old, old_room * sizeof(row));
}

void sim_database_commit(sim_world *w, sim_component_id id, uint64_t key, uint32_t version)
{
    database *s = SIM_STATE(w, database, id);
    if ((s->row_count + 1) * 2 > s->row_room)
        grow_rows(w, s);
    row *r = find_row(w, s, key);
    if (!r->used)
        s->row_count++;
    if (!r->used || r->version < version) {
        *r = (row){key, version, 1};
        if (s->history)
            remember(w, s, key, version);
    }
}

// --- statements -----------------------------------------------------------------------------------------------------

static const statement *statement_of(const sim_world *w, const database *s, const sim_call *c)
{
    return SIM_AT(w, const statement, s->statements) + c->operation;
}

static void compute(sim_world *w, sim_component_id id, database *s, sim_ref call)
{
    sim_level_up(w, &s->cores);
    const sim_call *c = sim_call_at(w, call);
    const statement *t = statement_of(w, s, c);
    sim_schedule(w, w->now + sim_dist_time(w, &t->cpu, t->stream, c->request, c->path), id, COMPUTED, call, c->generation);
}

// The call has a connection.
static void execute(sim_world *w, sim_component_id id, sim_ref call)
{
    database *s = SIM_STATE(w, database, id);
    sim_call *c = sim_call_at(w, call);
    sim_level_up(w, &s->busy);
    s->started++;
    c->since = w->now;
    const sim_leaf *live = sim_leaf_of(w, id);
    if (live) {
        live->begin(live->self, w, id, call);
        return;
    }
    c->version = sim_database_version(w, id, c->key);
    if (s->cores.level < s->core_count)
        compute(w, id, s, call);
    else
        sim_fifo_push(w, &s->core_queue, call);
}

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    database *s = SIM_STATE(w, database, id);
    bool is_free = s->busy.level < s->pool;
    if (!is_free && s->queue.length.level >= s->queue_limit) {
        s->rejected++;
        s->refused++;
        sim_call_reply(w, call, SIM_rejected);
        return;
    }
    sim_stay_begin(&s->stay, sim_call_at(w, call)->started);
    if (is_free) {
        execute(w, id, call);
        return;
    }
    sim_call_at(w, call)->since = w->now;
    sim_fifo_push(w, &s->queue, call);
    if (s->pool_timeout != HR_FOREVER && !s->timer_set) {
        s->timer_set = 1;
        sim_schedule(w, w->now + s->pool_timeout, id, POOL_TIMEOUT, 0, 0);
    }
}

static void leave(const sim_world *w, database *s, sim_ref call)
{
    s->left++;
    sim_stay_end(w, &s->stay, sim_call_at(w, call)->started);
}

// The wait queue is in order of arrival, so only its head can be the next to have waited too long.
static void expire(sim_world *w, sim_component_id id)
{
    database *s = SIM_STATE(w, database, id);
    while (s->queue.head) {
        hr_time due = sim_call_at(w, s->queue.head)->since + s->pool_timeout;
        if (due > w->now) {
            sim_schedule(w, due, id, POOL_TIMEOUT, 0, 0);
            return;
        }
        s->rejected++;
        sim_ref call = sim_fifo_pop(w, &s->queue);
        leave(w, s, call);
        sim_call_reply(w, call, SIM_rejected);
    }
    s->timer_set = 0;
}

// The statement has ended and the answer is back: the connection goes to the next call.
static void done(sim_world *w, sim_component_id id, sim_ref call)
{
    database *s = SIM_STATE(w, database, id);
    sim_level_down(w, &s->busy);
    leave(w, s, call);
    sim_ref next = sim_fifo_pop(w, &s->queue);
    if (next)
        execute(w, id, next);
    sim_call_reply(w, call, (sim_outcome)sim_call_at(w, call)->status);
}

static void computed(sim_world *w, sim_component_id id, sim_ref call)
{
    database *s = SIM_STATE(w, database, id);
    sim_level_down(w, &s->cores);
    sim_ref next = sim_fifo_pop(w, &s->core_queue);
    if (next)
        compute(w, id, s, next);
    const sim_call *c = sim_call_at(w, call);
    const statement *t = statement_of(w, s, c);
    hr_time wait = sim_dist_time(w, &t->wait, t->stream, c->request, c->path + 1) +
                   sim_dist_time(w, &s->network, s->network_stream, c->request, c->path);
    sim_schedule(w, w->now + wait, id, WAITED, call, c->generation);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    if (event->what == POOL_TIMEOUT) {
        expire(w, id);
    } else if (event->what == COMPUTED) {
        computed(w, id, event->subject);
    } else {
        sim_call *c = sim_call_at(w, event->subject);
        if (statement_of(w, SIM_STATE(w, const database, id), c)->writes && !sim_database_lacks(w, id, c->key)) {
            c->version = sim_database_version(w, id, c->key) + 1;
            sim_database_commit(w, id, c->key, c->version);
        }
        c->status = SIM_ok;
        done(w, id, event->subject);
    }
}

static void reset(sim_world *w, sim_component_id id)
{
    database *s = SIM_STATE(w, database, id);
    sim_level_reset(w, &s->busy);
    sim_level_reset(w, &s->cores);
    sim_level_reset(w, &s->queue.length);
    sim_level_reset(w, &s->core_queue.length);
    s->started = s->rejected = s->sampled_started = 0;
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    database *s = SIM_STATE(w, database, id);
    out[0] = (float)(sim_level_sample(w, &s->busy, step) / s->pool);
    out[1] = (float)sim_level_sample(w, &s->queue.length, step);
    out[2] = (float)((double)(s->started - s->sampled_started) * 1e9 / (double)step);
    s->sampled_started = s->started;
}

static void check(const sim_world *w, sim_component_id id)
{
    const database *s = SIM_STATE(w, const database, id);
    SIM_ASSERT(w, s->busy.level <= s->pool && s->cores.level <= s->core_count && s->queue.length.level <= s->queue_limit);
    SIM_ASSERT(w, s->queue.length.level == 0 || s->busy.level == s->pool);
    SIM_ASSERT(w, s->core_queue.length.level == 0 || s->cores.level == s->core_count);
}

static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const database *s = SIM_STATE(w, const database, id);
    *a = (sim_account){.refused = s->refused, .left = s->left, .inside = (uint64_t)s->busy.level + s->queue.length.level, .stay = &s->stay,
                       .level = {{"time of connections <= pool x time", &s->busy, s->pool},
                                 {"time of waiting <= places x time", &s->queue.length, s->queue_limit},
                                 {"time of cores <= cores x time", &s->cores, s->core_count}}, .levels = 3, .staying = 2};
    return station == 0;
}

sim_station_view sim_database_look(const sim_world *w, sim_component_id id)
{
    const database *s = SIM_STATE(w, const database, id);
    double busy = sim_level_average(w, &s->busy);
    return (sim_station_view){.utilisation = busy / s->pool, .busy_average = busy,
                              .queue_average = sim_level_average(w, &s->queue.length), .busy = s->busy.level, .capacity = s->pool,
                              .queued = s->queue.length.level, .queue_limit = s->queue_limit, .started = s->started,
                              .rejected = s->rejected};
}

const sim_kind sim_kind_database = {.name = "database",
    .summary = "a pool of connections in front of statements and rows with versions, as PostgreSQL keeps them",
    .state_size = sizeof(database), .def_size = sizeof(sim_database_def), .gauges = gauges, .build = build, .offer = offer,
    .wake = wake, .done = done, .sample = sample, .reset = reset, .check = check, .account = account};
