// sim/parts/reshard.c - rows move to another number of shards while the database works.
// * From `at` on, batches of rows that have to move are copied in order of their keys: read where they are, each shard its share, then written
//   where they go. Both cost `cpu` for each row there, on a connection and a core like any statement. Then the batch lives at its new place.
// * No more than `rate` rows a second; less where the shards are busy, for the next batch begins when the last one is done. A batch
//   of which some part fails (queue full, primary dead) is begun again.
// * Copies go to the replicas of a shard as well, without a cost of their own.
#include "sim/parts/sharding.h"

static const hr_time again_after = 100 * HR_MS;        // a failed batch; as long as anybody would wait at least

void sim_reshard_build(sim_world *w, sim_component_id id, const sim_database_def *d)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_sharded *h = sim_sharded_of(w, s);
    if (!h->to)
        return;
    h->at = d->reshard.at;
    h->pace = (hr_time)(1e9 / d->reshard.rate_per_s);
    h->batch = d->reshard.batch;
    h->leaving = sim_take(w, h->total * sizeof(uint32_t));
    h->coming = sim_take(w, h->total * sizeof(uint32_t));
}

void sim_reshard_start(sim_world *w, sim_component_id id)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    if (s->sharding && sim_sharded_of(w, s)->to)
        sim_schedule(w, sim_sharded_of(w, s)->at, id, SIM_DB_MOVES, 0, 0);
}

// Where a row of the batch goes, SIM_MOST_SHARDS: it stays; *from: where it is.
static uint32_t goes(const sim_world *w, const sim_sharded *h, uint64_t key, uint32_t *from)
{
    const sim_sharding *row = sim_shardings[h->policy];
    *from = row->shard(SIM_AT(w, const void, h->map), h->count, key);
    uint32_t to = row->shard(SIM_AT(w, const void, h->next_map), h->to, key);
    return to == *from ? SIM_MOST_SHARDS : to;
}

// The next rows that have to move: `in_batch` of them, below `batch_end`.
static void choose(const sim_world *w, sim_sharded *h)
{
    uint32_t *leaving = SIM_AT(w, uint32_t, h->leaving), *coming = SIM_AT(w, uint32_t, h->coming), from;
    for (uint32_t i = 0; i < h->total; i++)
        leaving[i] = coming[i] = 0;
    h->in_batch = 0;
    uint64_t key = h->cursor;
    for (; key < h->rows && h->in_batch < h->batch; key++) {
        uint32_t to = goes(w, h, key, &from);
        if (to == SIM_MOST_SHARDS)
            continue;
        leaving[from]++;
        coming[to]++;
        h->in_batch++;
    }
    h->batch_end = key;
}

static void send(sim_world *w, sim_component_id id, uint32_t shard, uint32_t rows)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const sim_sharded *h = sim_sharded_of(w, s);
    sim_ref part = sim_routing_part(w, id, 0, SIM_PART_MOVES);
    sim_call *p = sim_call_at(w, part);
    p->operation = (uint16_t)s->statement_count;                   // behind the scenario's own
    p->replica = (uint16_t)sim_shard_at(w, s, shard)->primary;
    p->request = (uint64_t)UINT16_MAX << 48 | h->batches;          // no request's: the subject of its draws
    p->path = shard;
    p->count = rows;
    sim_database_enter(w, id, part);
}

// Sends the parts that read the batch, or write it.
static void send_all(sim_world *w, sim_component_id id, bool writes)
{
    sim_sharded *h = sim_sharded_of(w, SIM_STATE(w, const sim_database, id));
    h->writes = writes;
    h->batches++;
    h->failed = 0;
    h->out = 1;                                // parts may come back at once
    for (uint32_t i = 0; i < h->total; i++) {
        uint32_t rows = SIM_AT(w, const uint32_t, writes ? h->coming : h->leaving)[i];
        if (!rows)
            continue;
        h->out++;
        send(w, id, i, rows);
    }
    sim_reshard_back(w, id, SIM_ok);
}

static void finish(const sim_world *w, sim_sharded *h)
{
    h->cursor = UINT64_MAX;
    h->finished = w->now;
    while (h->paid.level > h->to)
        sim_level_down(w, &h->paid);
}

void sim_reshard_wake(sim_world *w, sim_component_id id)
{
    sim_sharded *h = sim_sharded_of(w, SIM_STATE(w, const sim_database, id));
    while (h->paid.level < h->total)
        sim_level_up(w, &h->paid);
    h->batch_begun = w->now;
    choose(w, h);
    if (h->in_batch)
        send_all(w, id, false);
    else
        finish(w, h);
}

// The batch lives at its new place from now on.
static void switch_over(sim_world *w, sim_component_id id)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_sharded *h = sim_sharded_of(w, s);
    for (uint64_t key = h->cursor; key < h->batch_end; key++) {
        uint32_t from, to = goes(w, h, key, &from);
        if (to == SIM_MOST_SHARDS)
            continue;
        const sim_rows *rows = &sim_server_at(w, s, sim_shard_at(w, s, from)->primary)->rows;
        for (uint32_t i = to * s->shard_size; i < (to + 1) * s->shard_size; i++)
            sim_rows_copy_one(w, rows, &sim_server_at(w, s, i)->rows, key);
    }
    h->cursor = h->batch_end;
    h->moved += h->in_batch;
}

void sim_reshard_back(sim_world *w, sim_component_id id, sim_outcome status)
{
    sim_sharded *h = sim_sharded_of(w, SIM_STATE(w, const sim_database, id));
    h->failed |= status != SIM_ok;
    if (--h->out)
        return;
    if (h->failed) {
        sim_schedule(w, w->now + again_after, id, SIM_DB_MOVES, 0, 0);
    } else if (!h->writes) {
        send_all(w, id, true);
    } else {
        switch_over(w, id);
        sim_schedule(w, hr_max_time(w->now, h->batch_begun + h->pace * h->in_batch), id, SIM_DB_MOVES, 0, 0);
    }
}

void sim_reshard_check(const sim_world *w, const sim_database *s)
{
    if (!s->sharding || !sim_sharded_of(w, s)->to)
        return;
    const sim_sharded *h = sim_sharded_of(w, s);
    SIM_ASSERT(w, h->paid.level == (w->now < h->at ? h->count : h->finished == HR_FOREVER ? h->total : h->to) || w->now == h->at);
    SIM_ASSERT(w, h->finished != HR_FOREVER || (h->cursor <= h->batch_end && h->batch_end <= h->rows));
    uint64_t leaving = 0, coming = 0;
    for (uint32_t i = 0; i < h->total; i++) {
        leaving += SIM_AT(w, const uint32_t, h->leaving)[i];
        coming += SIM_AT(w, const uint32_t, h->coming)[i];
    }
    SIM_ASSERT(w, leaving == h->in_batch && coming == h->in_batch);
}
