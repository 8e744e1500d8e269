// sim/scenario/databases.c - a database's statements, its replicas, and which of its keys go together.
#include <stdio.h>

#include "sim/scenario/reader.h"

static void read_statements(sim_reader *r, sim_node *node, const char *where, sim_database_def *def)
{
    sim_node *map = sim_node_member(node, "statements");
    if (!map)
        return;
    if (map->kind != SIM_MAP || map->count == 0 || map->count > SIM_MOST_operations) {
        SIM_FAIL(r, map, "%s.statements: want {NAME: {cpu: 1ms, wait: exp(7ms)}} with 1 to %d statements", where, SIM_MOST_operations);
        return;
    }
    sim_statement_def *statements = sim_pool_take(r->pool, map->count * sizeof *statements);
    for (sim_node *s = map->first; s; s = s->next) {
        char name[160];
        snprintf(name, sizeof name, "%.60s.statements.%.60s", where, s->key->text);
        sim_check_name(r, s->key, "a statement");
        sim_statement_def *d = &statements[def->statement_count++];
        d->name = s->key->text;
        if (s->kind != SIM_MAP)
            SIM_FAIL(r, s, "%s: want {cpu: 1ms, wait: exp(7ms), sql: …}", name);
        else if (!sim_keys_read(r->pool, r->source, "statement", name, s, d))
            r->failed = true;
    }
    def->statements = statements;
}

static void read_replicas(sim_reader *r, sim_node *node, const char *where, sim_database_def *d)
{
    static const char *const belong[] = {"replication", "read", "failover", "confirm", "replica_regions"};
    for (size_t i = 0; i < HR_COUNT(belong) && !d->replicas; i++) {
        const sim_node *given = sim_node_member(node, belong[i]);
        if (given)
            SIM_FAIL(r, given, "%s.%s belongs to `replicas`", where, belong[i]);
    }
    sim_map_read(r, node, where, "replication", "{network: 0.5ms, apply: exp(0.2ms)}", d);
    bool good = sim_map_read(r, node, where, "read", "{policy: random} or another of `list reads`", d);
    sim_node *read = sim_node_member(node, "read");
    hr_error e = {0};
    const sim_reading *row = sim_readings[good ? d->read.policy : 0];
    if (good && read && sim_settings_fit(sim_reading_settings, row->name, row->uses, 0, sim_given(read, sim_reading_settings), &e))
        sim_complain(r, read, where, &e);
    const sim_node *regions = sim_node_member(node, "replica_regions"), *shards = sim_node_member(node, "shards");
    if (regions && shards)
        SIM_FAIL(r, regions, "%s.replica_regions belongs to a database without `shards`", where);
    if (good && read && row->uses & SIM_READING_RTT && !regions)
        SIM_FAIL(r, read, "%s.read: %s belongs to `replica_regions: [eu, us]`, a region for each replica", where, row->name);
    if (good && read && row->uses & SIM_READING_WAIT && regions && d->read.wait > 0)
        SIM_FAIL(r, read, "%s.read: %s with `replica_regions` waits for no replica, the caller goes to the primary instead: want `wait: 0s`", where, row->name);
    sim_map_read(r, node, where, "failover", "{detection: 10s, promotion: 3s}", d);
}

static void read_commit(sim_reader *r, sim_node *node, const char *where, const sim_database_def *d)
{
    const sim_node *confirm = sim_node_member(node, "confirm"), *commit = sim_node_member(node, "commit");
    bool waits = d->commit == SIM_COMMIT_on || d->commit == SIM_COMMIT_remote_apply;
    if (confirm && d->confirm > d->replicas && d->replicas)
        SIM_FAIL(r, confirm, "%s.confirm: %u replicas can't confirm, there are %u", where, d->confirm, d->replicas);
    if (confirm && d->confirm && !waits)
        SIM_FAIL(r, confirm, "%s.confirm: a commit that is `%s` waits for no replica: want `commit: on` or `remote_apply`", where, sim_commit_name(d->commit));
    if (d->commit == SIM_COMMIT_remote_apply && !d->confirm)
        SIM_FAIL(r, commit, "%s.commit: remote_apply waits for replicas: say by `confirm` for how many", where);
}

static void read_pools(sim_reader *r, sim_node *node, const char *where, sim_database_def *d)
{
    static const char *const belong[] = {"max_connections", "connect", "pooler"};
    for (size_t i = 0; i < HR_COUNT(belong) && !d->own_pools; i++) {
        const sim_node *given = sim_node_member(node, belong[i]);
        if (given)
            SIM_FAIL(r, given, "%s.%s belongs to `own_pools: true`", where, belong[i]);
    }
    sim_node *pooler = sim_node_member(node, "pooler");
    d->has_pooler = pooler && sim_map_read(r, node, where, "pooler", "{mode: transaction, size: 20}", d);
    uint32_t most = d->has_pooler ? d->pooler_size : d->own_pools ? 1 : d->pool;
    if (d->has_pooler && d->max_connections && d->pooler_size > d->max_connections)
        SIM_FAIL(r, pooler, "%s.pooler.size: the server takes %u connections, see `max_connections`", where, d->max_connections);
    if (d->has_pooler && d->pooler == SIM_POOLER_session && (sim_node_member(pooler, "queue") || sim_node_member(pooler, "timeout")))
        SIM_FAIL(r, pooler, "%s.pooler: `queue` and `timeout` belong to the mode transaction; in session mode calls wait in their own pools", where);
    if (d->connection_bytes * most > d->memory_bytes)
        SIM_FAIL(r, sim_node_member(node, "connection_memory"), "%s: %u connections do not fit into its `memory`", where, most);
}

static void read_plans(sim_reader *r, sim_node *node, const char *where, const sim_database_def *d)
{
    sim_node *statements = sim_node_member(node, "statements");
    uint16_t i = 0;
    for (sim_node *s = statements && statements->kind == SIM_MAP ? statements->first : NULL; s && i < d->statement_count; s = s->next, i++) {
        const sim_statement_def *t = &d->statements[i];
        sim_node *per_row = s->kind == SIM_MAP ? sim_node_member(s, "per_row") : NULL;
        if (per_row && t->plan == SIM_PLAN_none)
            SIM_FAIL(r, per_row, "%s.statements.%s.per_row belongs to `plan: index` or `plan: sequential`", where, t->name);
        if (t->inserts && !t->writes)
            SIM_FAIL(r, s, "%s.statements.%s: `inserts` belongs to `writes: true`", where, t->name);
    }
}

static void read_locks(sim_reader *r, sim_node *node, const char *where, const sim_database_def *d)
{
    const sim_node *timeout = sim_node_member(node, "lock_timeout"), *deadlock = sim_node_member(node, "deadlock_timeout");
    bool any = false;
    const sim_node *statements = sim_node_member(node, "statements"), *s = statements ? statements->first : NULL;
    for (uint16_t i = 0; i < d->statement_count; i++, s = s->next) {
        const sim_statement_def *t = &d->statements[i];
        any = any || t->lock;
        if (t->if_unchanged && (!t->writes || !t->lock || t->keys > 1))
            SIM_FAIL(r, s, "%s.statements.%s: `if_unchanged` belongs to `writes: true` and `lock: true`, of one row: without `keys`", where, t->name);
    }
    if (timeout && !any && d->statement_count)
        SIM_FAIL(r, timeout, "%s.lock_timeout belongs to a statement with `lock: true`, and there is none", where);
    if (deadlock && !any && d->statement_count)
        SIM_FAIL(r, deadlock, "%s.deadlock_timeout belongs to statements with `lock: true`, and there are none", where);
}

// What the first statement finds in use, and it with it.
static double memory_least(const sim_database_def *d) { return d->shared_buffers + d->connection_bytes * (d->own_pools ? 1 : d->pool) + d->work_mem; }

static void read_memory(sim_reader *r, sim_node *node, const char *where, const sim_database_def *d)
{
    static const char *const belong[] = {"shared_buffers", "recovery"};
    const sim_node *work = sim_node_member(node, "work_mem");
    for (size_t i = 0; i < HR_COUNT(belong) && d->work_mem <= 0; i++) {
        const sim_node *given = sim_node_member(node, belong[i]);
        if (given)
            SIM_FAIL(r, given, "%s.%s belongs to `work_mem`", where, belong[i]);
    }
    if (d->work_mem > 0 && (d->replicas || sim_node_member(node, "shards")))
        SIM_FAIL(r, work, "%s.work_mem belongs to a database without `replicas` and `shards`", where);
    if (d->work_mem > 0 && memory_least(d) > d->memory_bytes)
        SIM_FAIL(r, work, "%s: shared_buffers and the first statement do not fit into its `memory` of %.0f bytes: it would be killed for ever", where, d->memory_bytes);
}

static void read_resize(sim_reader *r, sim_node *node, const char *where, sim_database_def *d)
{
    const sim_node *map = sim_resize_read(r, node, where, &d->machine, &d->resize);
    if (!map)
        return;
    if (d->replicas || sim_node_member(node, "shards"))
        SIM_FAIL(r, map, "%s.resize belongs to a database without `replicas` and `shards`: of several servers one takes over from another, see `failover`", where);
    if (d->resize.restart == HR_FOREVER)
        SIM_FAIL(r, map, "%s.resize.restart: want a time: a database's server is restarted for it", where);
    if (d->resize.to && memory_least(d) > d->resize.to->memory_bytes)
        SIM_FAIL(r, map, "%s.resize.to: what it uses does not fit into the memory of '%s'", where, d->resize.to->name);
}

void sim_database_read(sim_reader *r, sim_node *node, const char *where, sim_database_def *d)
{
    sim_read_engine(r, node, where, "postgres");
    read_statements(r, node, where, d);
    read_locks(r, node, where, d);
    read_plans(r, node, where, d);
    read_pools(r, node, where, d);
    read_replicas(r, node, where, d);
    read_memory(r, node, where, d);
    read_resize(r, node, where, d);
    sim_shards_read(r, node, where, d);
    if (d->commit < SIM_COMMIT_COUNT)          // else told by the table
        read_commit(r, node, where, d);
}
