// tests/fuzz/world/stores.c - caches, databases, brokers.
#include <string.h>

#include "tests/fuzz/world/writer.h"

#include "sim/parts/parts.h"
#include "sim/policy/evict/evict.h"
#include "sim/policy/read/read.h"
#include "sim/policy/shard/shard.h"

// What a cache asks a database by itself. The first statement of each database reads, the second, if there is one, writes.
static void write_through(writer *r)
{
    static const char *const ways[] = {"through", "around", "behind", "behind, behind: {interval: 1ms, batch: 3, queue: 7}"};
    uint32_t loads = pick(r, r->databases), writes = pick(r, r->databases);
    if (r->databases && pick(r, 3) == 2)
        hr_text_add(&r->text, ", loads: d%u.q0, ttl: %s", loads, pick(r, 2) ? "5ms" : "2s");
    if (r->databases && r->statements[writes] > 1 && pick(r, 3) == 2)
        hr_text_add(&r->text, ", writes: d%u.q1, write: %s", writes, any_of(r, ways, HR_COUNT(ways)));
}

void write_cache(writer *r, uint32_t i)
{
    const sim_evictor *row = ANY_ROW(r, sim_evictors);
    hr_text_add(&r->text, "  k%u: {kind: cache, eviction: %s, memory: %u%s", i, row->name, 2 + pick(r, 3), pick(r, 2) ? "MiB" : "GiB");
    write_region(r);
    write_settings(r, "cache", sim_evict_settings, row->uses, "memory base eviction");
    write_through(r);
    hr_text_add(&r->text, "}\n");
}

// Replicas, what they are read for, and how soon one takes over.
static void write_replicas(writer *r, uint32_t i, bool is_sharded)
{
    static const char *const commits[] = {"local", "off", "on", "on, confirm: 1", "remote_apply, confirm: 1"}, *const times[] = {"1ms", "0s", "300ms"};
    const sim_reading *row = ANY_ROW(r, sim_readings);
    bool is_spread = r->regions && !is_sharded && pick(r, 2);
    r->replicas[i] = 1 + pick(r, 4);
    if (row->uses & SIM_READING_RTT && !is_spread)
        row = sim_readings[0];
    hr_text_add(&r->text, ", replicas: %u, commit: %s, read: {policy: %s", r->replicas[i], any_of(r, commits, HR_COUNT(commits)), row->name);
    if (is_spread && row->uses & SIM_READING_WAIT)
        hr_text_add(&r->text, ", wait: 0s");
    else
        write_settings(r, "read", sim_reading_settings, row->uses, "");
    for (uint32_t k = 0; is_spread && k < r->replicas[i]; k++)
        hr_text_add(&r->text, "%sr%u%s", k ? ", " : "}, replica_regions: [", pick(r, r->regions), k + 1 == r->replicas[i] ? "]" : "");
    hr_text_add(&r->text, "%s, replication: {network: ", is_spread ? "" : "}");
    write_dist(r, false);
    hr_text_add(&r->text, ", apply: ");
    write_dist(r, false);
    hr_text_add(&r->text, "}");
    if (pick(r, 3) == 2)
        hr_text_add(&r->text, ", failover: {detection: %s, promotion: %s}", any_of(r, times, 3), any_of(r, times, 3));
}

// Connections of the callers' own, few enough to run out.
static void write_pools(writer *r)
{
    uint32_t mode = pick(r, SIM_POOLER_COUNT + 1);
    hr_text_add(&r->text, ", own_pools: true, memory: 4GiB, connection_memory: %uMiB, connection_cpu: %u%%", pick(r, 200), pick(r, 100));
    hr_text_add(&r->text, ", connect: ");
    write_dist(r, false);
    if (mode == SIM_POOLER_COUNT)
        hr_text_add(&r->text, ", max_connections: %u", 1 + pick(r, 40));
    else
        hr_text_add(&r->text, ", pooler: {mode: %s, size: %u", sim_pooler_name(mode), 1 + pick(r, 20));
    if (mode == SIM_POOLER_transaction)
        write_keys(r, "pooler", "mode size");
    hr_text_add(&r->text, "%s", mode == SIM_POOLER_COUNT ? "" : "}");
}

// Shards by any policy, and rows that move to another number of them early enough to be seen.
static void write_shards(writer *r, uint32_t i)
{
    static const double times_ms[] = {1, 0, 300};
    const sim_sharding *row = ANY_ROW(r, sim_shardings);
    uint32_t count = 1 + pick(r, 6), to = 1 + pick(r, 6);
    bool moves = to != count && pick(r, 2);
    r->shards[i] = moves && to > count ? to : count;
    hr_text_add(&r->text, ", rows: %.0f, shards: {count: %u, by: %s", pick_size(r, 1, 5000, 300), count, row->name);
    write_settings(r, "shards", sim_sharding_settings, row->uses, "count by");
    if (row->uses & SIM_SHARDING_PLACE && pick(r, 2))
        hr_text_add(&r->text, ", place: {0: 0, 7: %u}", pick(r, moves && to < count ? to : count));
    if (row->uses & SIM_SHARDING_BOUNDS && count == 3 && !moves)
        hr_text_add(&r->text, ", bounds: [5, 50]");
    hr_text_add(&r->text, "}");
    if (!moves)
        return;
    hr_text_add(&r->text, ", reshard: {at: ");
    write_moment(r, times_ms[pick(r, 3)]);
    hr_text_add(&r->text, ", to: %u", to);
    write_keys(r, "reshard", "at to");
    hr_text_add(&r->text, "}");
}

// Its one server is restarted: little memory for what runs, another machine, or both.
static void write_restarts(writer *r, bool own, bool moves)
{
    static const char *const spans[] = {"0s", "5ms", "1s"};
    static const double spans_ms[] = {0, 5, 1000};
    if (moves) {
        hr_text_add(&r->text, ", instance: huge, resize: {at: ");
        write_moment(r, spans_ms[pick(r, 3)]);
        hr_text_add(&r->text, ", to: %s, restart: %s}", pick(r, 2) ? "tiny" : "huge", any_of(r, spans, 3));
    } else if (!own) {
        hr_text_add(&r->text, ", memory: 3MiB");
    }
    if (!moves || pick(r, 2))
        hr_text_add(&r->text, ", shared_buffers: %uKiB, work_mem: %uKiB, recovery: %s", pick(r, 500), 1 + pick(r, 500), any_of(r, spans, 3));
}

void write_database(writer *r, uint32_t i)
{
    hr_text_add(&r->text, "  d%u: {kind: database", i);
    write_region(r);
    bool own = pick(r, 3) == 2, sharded = pick(r, 3) == 2 && !r->transacted[i], locks = r->statements[i] > 1 && pick(r, 2);
    bool restarts = !sharded && pick(r, 4) == 3, moves = restarts && !own && pick(r, 2);
    const char *together = "rows replicas commit confirm own_pools max_connections connect connection_memory connection_cpu memory history lock_timeout deadlock_timeout shared_buffers work_mem recovery",
               *moved = "rows replicas commit confirm own_pools max_connections connect connection_memory connection_cpu memory history lock_timeout deadlock_timeout shared_buffers work_mem recovery cores";
    char room[240];
    write_keys(r, "database", moves ? moved : own || restarts ? together : write_machine(r, together, room, sizeof room));
    if (restarts)
        write_restarts(r, own, moves);
    if (locks && pick(r, 2))
        hr_text_add(&r->text, ", lock_timeout: %s", pick(r, 2) ? "1ms" : "100ms");
    if (locks && r->transacted[i])
        hr_text_add(&r->text, ", deadlock_timeout: %s", pick(r, 2) ? "1ms" : "50ms");
    if (own)
        write_pools(r);
    r->shards[i] = 1;
    r->replicas[i] = 0;
    if (sharded)
        write_shards(r, i);
    if (!restarts && pick(r, 2))
        write_replicas(r, i, sharded);
    else if (pick(r, 2))
        hr_text_add(&r->text, ", history: true");
    hr_text_add(&r->text, ", statements: {");
    for (uint32_t q = 0; q < r->statements[i]; q++) {
        hr_text_add(&r->text, "%sq%u: {sql: x", q ? ", " : "", q);
        write_keys(r, "statement", "sql writes scatter keys lock plan per_row inserts if_unchanged");
        if (sharded && pick(r, 2))
            hr_text_add(&r->text, q == 0 ? ", scatter: true" : ", keys: %u", 1 + pick(r, 8));
        if (pick(r, 4) == 3)
            hr_text_add(&r->text, ", plan: %s, per_row: %uns", pick(r, 2) ? "index" : "sequential", pick(r, 256));
        if (q == 1 && pick(r, 2))
            hr_text_add(&r->text, ", inserts: true");
        hr_text_add(&r->text, "%s", q > 0 && locks ? ", lock: true" : "");
        bool writes = q == 1 || (q == 2 && pick(r, 2));
        hr_text_add(&r->text, "%s", writes ? ", writes: true" : "");
        if (q == CHECKED && writes && locks && !sharded && pick(r, 2))
            hr_text_add(&r->text, ", if_unchanged: true");
        hr_text_add(&r->text, "}");
    }
    hr_text_add(&r->text, "}}\n");
}

void write_broker(writer *r)
{
    hr_text_add(&r->text, "  m: {kind: broker");
    write_region(r);
    char room[64];
    bool watched = pick(r, 2);
    const char *not = write_machine(r, watched ? "base memory_high_watermark memory" : "base memory_high_watermark", room, sizeof room);
    write_keys(r, "broker", not);
    if (watched)
        hr_text_add(&r->text, ", base: 0B, memory_high_watermark: %u%%", 1 + pick(r, 100));
    if (watched && !strstr(not, "cores"))      // it has no `instance`
        hr_text_add(&r->text, ", memory: %ukB", 1 + pick(r, 200));
    hr_text_add(&r->text, ", queues: {");
    for (uint32_t q = 0; q < r->queues; q++) {
        bool quorum = pick(r, 3) == 2, bounded = pick(r, 2);
        hr_text_add(&r->text, "%su%u: {type: %s", q ? ", " : "", q, quorum ? "quorum" : "classic");
        write_keys(r, "queue", quorum ? "durable max_priority max_length" : "delivery_limit max_length");
        if (bounded)
            hr_text_add(&r->text, ", max_length: %.0f, overflow: %s", pick_size(r, 1, 1e9, 20),
                        pick(r, 2) ? "drop-head" : !quorum && r->dead_letter[q] < r->queues ? "reject-publish-dlx" : "reject-publish");
        if (r->dead_letter[q] < r->queues)
            hr_text_add(&r->text, ", dead_letter: u%u", r->dead_letter[q]);
        hr_text_add(&r->text, "}");
    }
    hr_text_add(&r->text, "}}\n");
}
