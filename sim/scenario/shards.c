// sim/scenario/shards.c - which of a database's rows live in which shard, statements that touch several, and rows that move.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

static const uint64_t most_moving = 10000000;          // rows that are looked through one by one

static bool read_number(const char *text, double least, double most, uint64_t *number)
{
    double x = 0;
    bool good = sim_read_count(text, &x) && x >= least && x <= most;
    *number = good ? (uint64_t)x : 0;
    return good;
}

static void read_bounds(sim_reader *r, sim_node *node, const char *where, sim_sharding_def *d)
{
    sim_node *list = sim_node_member(node, "bounds");
    if (!list)
        return;
    if (list->kind != SIM_LIST || list->count != d->count - 1) {
        SIM_FAIL(r, list, "%s.shards.bounds: want a list with the first key of every shard but the first: %u keys", where, d->count - 1);
        return;
    }
    uint64_t *bounds = sim_pool_take(r->pool, list->count * sizeof *bounds), before = 0;
    size_t n = 0;
    for (const sim_node *one = list->first; one; one = one->next, n++) {
        if (one->kind != SIM_SCALAR || !read_number(one->text, (double)before + 1, 1e15, &bounds[n])) {
            SIM_FAIL(r, one, "%s.shards.bounds: want whole numbers, each above the one before, such as [1000, 5000]", where);
            return;
        }
        before = bounds[n];
    }
    d->bounds = bounds;
}

static int by_key(const void *a, const void *b)
{
    const sim_shard_place *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static void read_place(sim_reader *r, sim_node *node, const char *where, sim_sharding_def *d, uint32_t shards)
{
    sim_node *map = sim_node_member(node, "place");
    if (!map)
        return;
    if (map->kind != SIM_MAP || map->count == 0 || map->count > SIM_MOST_places) {
        SIM_FAIL(r, map, "%s.shards.place: want {KEY: SHARD} with 1 to %d keys, such as {0: 3}: key 0 has shard 3 of 0 to %u", where, SIM_MOST_places, shards - 1);
        return;
    }
    sim_shard_place *places = sim_pool_take(r->pool, map->count * sizeof *places);
    for (sim_node *one = map->first; one; one = one->next) {
        sim_shard_place *p = &places[d->place_count++];
        uint64_t shard = 0;
        if (!read_number(one->key->text, 0, 1e15, &p->key))
            SIM_FAIL(r, one->key, "%s.shards.place: '%s' is no key: want a whole number", where, one->key->text);
        else if (one->kind != SIM_SCALAR || !read_number(one->text, 0, shards - 1, &shard))
            SIM_FAIL(r, one, "%s.shards.place: want a shard from 0 to %u", where, shards - 1);
        p->shard = (uint32_t)shard;
    }
    qsort(places, d->place_count, sizeof *places, by_key);
    for (uint32_t i = 1; i < d->place_count; i++)
        if (places[i].key == places[i - 1].key) {
            SIM_FAIL(r, map, "%s.shards.place: key %" PRIu64 " is placed twice", where, places[i].key);
            return;
        }
    d->places = places;
}

static void read_reshard(sim_reader *r, sim_node *node, const char *where, sim_database_def *d)
{
    sim_node *reshard = sim_node_member(node, "reshard");
    if (!reshard || !sim_map_read(r, node, where, "reshard", "{at: 30s, to: 5, rate: 1000/s}", d))
        return;
    char name[96];
    snprintf(name, sizeof name, "%.60s.reshard.at", where);
    sim_at_check(r, sim_node_member(reshard, "at"), name, d->reshard.at);
    if (d->reshard.to == d->shards.count)
        SIM_FAIL(r, reshard, "%s.reshard.to: there are %u shards already", where, d->shards.count);
    if (d->shards.bounds)
        SIM_FAIL(r, reshard, "%s.reshard: with `bounds` nobody knows the new ones: leave them out, then the ranges are equal before and afterwards", where);
    if (d->rows > most_moving)
        SIM_FAIL(r, reshard, "%s.reshard: %" PRIu64 " `rows` are too many to be moved one by one; at most %" PRIu64, where, d->rows, most_moving);
}

static void read_statements(sim_reader *r, sim_node *node, const char *where, const sim_database_def *d)
{
    sim_node *statements = sim_node_member(node, "statements");
    uint16_t i = 0;
    for (sim_node *s = statements && statements->kind == SIM_MAP ? statements->first : NULL; s && i < d->statement_count; s = s->next, i++) {
        const sim_statement_def *t = &d->statements[i];
        if (s->kind != SIM_MAP)
            continue;
        if (!d->shards.count && (t->scatter || t->keys > 1))
            SIM_FAIL(r, s, "%s.statements.%s: `scatter` and `keys` belong to a database with `shards`", where, t->name);
        if (t->scatter && (t->writes || t->lock || t->keys > 1))
            SIM_FAIL(r, s, "%s.statements.%s: `scatter` reads in all shards: without `writes`, `lock` and `keys`", where, t->name);
    }
}

void sim_shards_read(sim_reader *r, sim_node *node, const char *where, sim_database_def *d)
{
    sim_node *shards = sim_node_member(node, "shards");
    const sim_node *reshard = sim_node_member(node, "reshard");
    if (shards && sim_map_read(r, node, where, "shards", "{count: 4, by: hash}", d)) {
        hr_error e = {0};
        const sim_sharding *row = sim_shardings[d->shards.policy];
        if (sim_settings_fit(sim_sharding_settings, row->name, row->uses, 0, sim_given(shards, sim_sharding_settings), &e)) {
            sim_complain(r, shards, where, &e);
            return;
        }
        d->shards.rows = d->rows;
        read_bounds(r, shards, where, &d->shards);
        read_reshard(r, node, where, d);
        read_place(r, shards, where, &d->shards, d->reshard.to && d->reshard.to < d->shards.count ? d->reshard.to : d->shards.count);
    } else if (!shards && reshard) {
        SIM_FAIL(r, reshard, "%s.reshard belongs to `shards`", where);
    }
    if (!shards || d->shards.count)
        read_statements(r, node, where, d);
}
