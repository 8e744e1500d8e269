// sim/scenario/caches.c - what a cache says beside its plain keys: what it asks the database by itself.
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

static void read_mode(sim_reader *r, sim_node *node, const char *where, sim_through_def *d)
{
    static const char *const words[] = {"through", "around", "behind", NULL};
    const sim_node *writes = sim_node_member(node, "writes"), *mode = sim_node_member(node, "write");
    const char *word = !mode ? "through" : mode->kind == SIM_SCALAR ? mode->text : "";
    d->has_loads = sim_node_member(node, "loads") != NULL;
    for (int i = 0; writes && words[i]; i++)
        if (strcmp(words[i], word) == 0)
            d->write = (sim_write)(i + 1);
    if (mode && !writes)
        SIM_FAIL(r, mode, "%s.write belongs to `writes`, the statement that it writes with", where);
    else if (writes && d->write == SIM_WRITE_none)
        SIM_FAIL(r, mode, "%s.write: want through, around or behind", where);
}

static void read_behind(sim_reader *r, sim_node *node, const char *where, sim_through_def *d)
{
    const sim_node *behind = sim_node_member(node, "behind");
    if (behind && d->write != SIM_WRITE_behind)
        SIM_FAIL(r, behind, "%s.behind belongs to `write: behind`", where);
    else
        sim_map_read(r, node, where, "behind", "{interval: 1s, batch: 100, queue: 10k}", d);
}

// Of what it has loaded by itself.
static void read_ttl(sim_reader *r, sim_node *node, const char *where, sim_through_def *d)
{
    sim_node *ttl = sim_node_member(node, "ttl");
    hr_time time = HR_FOREVER;
    if (ttl && !d->has_loads)
        SIM_FAIL(r, ttl, "%s.ttl belongs to `loads`: what steps put in has the ttl of the step", where);
    else if (ttl && (ttl->kind != SIM_SCALAR || !sim_read_time(ttl->text, &time) || time < HR_MS || (time != HR_FOREVER && time > HR_SEC * 3600 * 24 * 40)))
        SIM_FAIL(r, ttl, "%s.ttl: want a time from 1ms to 960h, or none", where);
    d->ttl_ms = time == HR_FOREVER ? 0 : (uint32_t)((time + HR_MS - 1) / HR_MS);
}

void sim_cache_read(sim_reader *r, sim_node *node, const char *where, sim_cache_def *def)
{
    read_mode(r, node, where, &def->through);
    read_behind(r, node, where, &def->through);
    read_ttl(r, node, where, &def->through);
}

// A statement; complains when it does not write, or does.
static void read_statement(sim_reader *r, const sim_node *node, uint16_t *target, uint16_t *operation, bool writes)
{
    if (!node || !sim_resolve_statement(r, node, target, operation))
        return;
    const sim_database_def *db = r->model->components[sim_model_behind(r->model, *target)].def;
    if (db->statements[*operation].writes != writes)
        SIM_FAIL(r, node, "'%s' %s", node->text, writes ? "does not write: give the statement `writes: true`" : "writes: want a statement that reads");
    if (db->statements[*operation].if_unchanged)
        SIM_FAIL(r, node, "'%s' has `if_unchanged`, and a cache has read no version", node->text);
}

void sim_cache_targets_read(sim_reader *r, uint16_t id)
{
    sim_through_def *d = &((sim_cache_def *)r->model->components[id].def)->through;
    read_statement(r, sim_node_member(r->nodes[id], "loads"), &d->load_target, &d->load_operation, false);
    read_statement(r, sim_node_member(r->nodes[id], "writes"), &d->write_target, &d->write_operation, true);
    if (d->write != SIM_WRITE_none)
        d->database = sim_model_behind(r->model, d->write_target);
}
