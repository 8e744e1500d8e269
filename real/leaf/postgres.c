// real/leaf/postgres.c - see postgres.h.
#include "real/leaf/postgres.h"

#include <event2/event.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    real_postgres *owner;
    PGconn        *connection;
    struct event  *readable, *writable;
    sim_world     *world;
    sim_component_id component;
    sim_ref        call;                       // 0: free
    hr_time        sent;
} lane;

struct real_postgres {
    real_loop    *loop;
    const sim_database_def *def;
    real_samples *samples;
    lane         *lanes;
    uint32_t      lane_count, *free_lanes, free_count;
    char         *body;                        // $2, as large as the largest size asked for so far
    size_t        body_bytes;
};

// --- the table ------------------------------------------------------------------------------------------------------

static hr_status run_sql(const char *conninfo, const char *sql, hr_error *e)
{
    PGconn *c = PQconnectdb(conninfo);
    hr_status status = HR_OK;
    if (PQstatus(c) != CONNECTION_OK) {
        status = hr_fail(e, HR_ENVIRONMENT, "PostgreSQL does not answer: %s", PQerrorMessage(c));
    } else {
        PGresult *result = PQexec(c, sql);
        ExecStatusType got = PQresultStatus(result);
        if (got != PGRES_COMMAND_OK && got != PGRES_TUPLES_OK)
            status = hr_fail(e, HR_ENVIRONMENT, "PostgreSQL refused to prepare the test table: %s", PQerrorMessage(c));
        PQclear(result);
    }
    PQfinish(c);
    return status;
}

hr_status real_postgres_version(const char *conninfo, char *out, size_t room, hr_error *e)
{
    PGconn *c = PQconnectdb(conninfo);
    const char *version = PQstatus(c) == CONNECTION_OK ? PQparameterStatus(c, "server_version") : NULL;
    hr_status status = version ? HR_OK : hr_fail(e, HR_ENVIRONMENT, "PostgreSQL does not answer: %s", PQerrorMessage(c));
    if (version)
        snprintf(out, room, "%.*s", (int)strcspn(version, " "), version);
    PQfinish(c);
    return status;
}

hr_status real_postgres_fill(const char *conninfo, uint64_t rows, uint32_t body_bytes, hr_error *e)
{
    char *sql = hr_format("create table documents (id bigint primary key, version integer not null default 1, body text not null) "
                          "with (fillfactor = 50);"
                          "alter table documents alter column body set storage external;"
                          "insert into documents select i, 1, repeat('x', %" PRIu32 ") from generate_series(0, %" PRIu64 " - 1) i;"
                          "analyze documents; checkpoint;", body_bytes, rows);
    hr_status status = run_sql(conninfo, sql, e);
    free(sql);
    return status;
}

hr_status real_postgres_rewind(const char *conninfo, hr_error *e)
{
    return run_sql(conninfo, "update documents set version = 1 where version <> 1", e);
}

// --- answers --------------------------------------------------------------------------------------------------------

static void take_version(const lane *l, const PGresult *result, sim_call *c)
{
    int column = PQfnumber(result, "version");
    if (column < 0 || PQntuples(result) < 1)
        return;
    c->version = (uint32_t)strtoul(PQgetvalue(result, 0, column), NULL, 10);
    if (l->owner->def->statements[c->operation].writes)
        sim_database_commit(l->world, l->component, c->key, c->version);
}

// All results of the statement have been read: the call is done, the lane is free.
static void finish(lane *l, sim_outcome status)
{
    real_postgres *pg = l->owner;
    sim_call *c = sim_call_at(l->world, l->call);
    sim_ref call = l->call;
    if (pg->samples)
        real_samples_add(&pg->samples[c->operation], hr_now() - l->sent);
    c->status = (uint8_t)status;
    l->call = 0;
    pg->free_lanes[pg->free_count++] = (uint32_t)(l - pg->lanes);
    sim_leaf_done(l->world, l->component, call);
}

static void on_readable(evutil_socket_t fd, short what, void *self)
{
    (void)fd, (void)what;
    lane *l = self;
    if (!PQconsumeInput(l->connection)) {
        real_loop_fail(l->owner->loop, "PostgreSQL closed a connection: %s", PQerrorMessage(l->connection));
        return;
    }
    if (!l->call || PQisBusy(l->connection))
        return;
    real_loop_tick(l->owner->loop);
    sim_outcome status = SIM_error;
    for (PGresult *result; (result = PQgetResult(l->connection)); PQclear(result)) {
        ExecStatusType got = PQresultStatus(result);
        if (got == PGRES_TUPLES_OK || got == PGRES_COMMAND_OK) {
            status = SIM_ok;
            take_version(l, result, sim_call_at(l->world, l->call));
        }
    }
    finish(l, status);
}

static void on_writable(evutil_socket_t fd, short what, void *self)
{
    (void)fd, (void)what;
    lane *l = self;
    int left = PQflush(l->connection);
    if (left == 1)
        event_add(l->writable, NULL);
    else if (left < 0)
        real_loop_fail(l->owner->loop, "PostgreSQL does not take a statement: %s", PQerrorMessage(l->connection));
}

// --- the leaf -------------------------------------------------------------------------------------------------------

static const char *body_of(real_postgres *pg, uint32_t bytes)
{
    if (bytes > pg->body_bytes) {
        pg->body = hr_realloc(pg->body, (size_t)bytes + 1);
        memset(pg->body, 'y', bytes);
        pg->body_bytes = bytes;
    }
    pg->body[bytes] = 0;
    return pg->body;
}

static void begin(void *self, sim_world *w, sim_component_id component, sim_ref call)
{
    real_postgres *pg = self;
    SIM_ASSERT(w, pg->free_count > 0);         // the component's pool is as large as ours
    lane *l = &pg->lanes[pg->free_lanes[--pg->free_count]];
    const sim_call *c = sim_call_at(w, call);
    l->world = w;
    l->component = component;
    l->call = call;
    l->sent = hr_now();
    char name[16], id[24];
    snprintf(name, sizeof name, "s%u", (unsigned)c->operation);
    snprintf(id, sizeof id, "%" PRIu64, c->key);
    bool has_body = strstr(pg->def->statements[c->operation].sql, "$2") != NULL;
    const char *values[2] = {id, has_body ? body_of(pg, c->size_bytes) : NULL};
    if (!PQsendQueryPrepared(l->connection, name, has_body ? 2 : 1, values, NULL, NULL, 0)) {
        real_loop_fail(pg->loop, "PostgreSQL does not take a statement: %s", PQerrorMessage(l->connection));
        return;
    }
    on_writable(0, 0, l);
    if (has_body)                              // restore the filler that body_of cut
        pg->body[c->size_bytes] = c->size_bytes < pg->body_bytes ? 'y' : 0;
}

static hr_status prepare(PGconn *connection, const sim_database_def *def, hr_error *e)
{
    for (uint16_t i = 0; i < def->statement_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%u", (unsigned)i);
        if (!def->statements[i].sql)
            return hr_fail(e, HR_BAD_INPUT, "statement '%s' has no `sql`: a live database needs one", def->statements[i].name);
        PGresult *result = PQprepare(connection, name, def->statements[i].sql, 0, NULL);
        bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
        if (!good)
            return hr_fail(e, HR_BAD_INPUT, "statement '%s': PostgreSQL says: %s", def->statements[i].name, PQerrorMessage(connection));
    }
    return HR_OK;
}

static hr_status open_lane(real_postgres *pg, lane *l, const char *conninfo, hr_error *e)
{
    l->owner = pg;
    l->connection = PQconnectdb(conninfo);
    if (PQstatus(l->connection) != CONNECTION_OK)
        return hr_fail(e, HR_ENVIRONMENT, "PostgreSQL does not answer: %s", PQerrorMessage(l->connection));
    hr_status status = prepare(l->connection, pg->def, e);
    if (status)
        return status;
    PQsetnonblocking(l->connection, 1);
    struct event_base *base = real_loop_base(pg->loop);
    l->readable = event_new(base, PQsocket(l->connection), EV_READ | EV_PERSIST, on_readable, l);
    l->writable = event_new(base, PQsocket(l->connection), EV_WRITE, on_writable, l);
    return event_add(l->readable, NULL) == 0 ? HR_OK : hr_fail(e, HR_ENVIRONMENT, "PostgreSQL's socket cannot be watched");
}

hr_status real_postgres_open(real_loop *loop, const char *conninfo, const sim_database_def *def, real_postgres **out, hr_error *e)
{
    real_postgres *pg = hr_alloc(sizeof *pg);
    pg->loop = loop;
    pg->def = def;
    pg->lanes = hr_alloc(def->pool * sizeof *pg->lanes);
    pg->free_lanes = hr_alloc(def->pool * sizeof *pg->free_lanes);
    for (; pg->lane_count < def->pool; pg->lane_count++) {
        hr_status status = open_lane(pg, &pg->lanes[pg->lane_count], conninfo, e);
        if (status) {
            pg->lane_count++;                  // half open: closed like the others
            real_postgres_close(pg);
            return status;
        }
        pg->free_lanes[pg->free_count++] = pg->lane_count;
    }
    *out = pg;
    return HR_OK;
}

void real_postgres_close(real_postgres *pg)
{
    if (!pg)
        return;
    for (uint32_t i = 0; i < pg->lane_count; i++) {
        if (pg->lanes[i].readable)
            event_free(pg->lanes[i].readable);
        if (pg->lanes[i].writable)
            event_free(pg->lanes[i].writable);
        PQfinish(pg->lanes[i].connection);
    }
    free(pg->lanes);
    free(pg->free_lanes);
    free(pg->body);
    free(pg);
}

sim_leaf real_postgres_leaf(real_postgres *pg, real_samples *samples)
{
    pg->samples = samples;
    return (sim_leaf){begin, pg};
}
