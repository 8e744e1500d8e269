// sim/scenario/machines.c - what machines are and what things cost: the instance types, the prices, and which component runs on what.
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

static bool read_price(sim_reader *r, const sim_node *node, const char *where, const char *unit, double *price)
{
    if (node->kind == SIM_SCALAR && sim_read_money(node->text, unit, price))
        return true;
    SIM_FAIL(r, node, "%s: want a price such as 0.04 %s", where, unit);
    return false;
}

// --- prices --------------------------------------------------------------------------------------------------------------

static const struct { const char *word, *unit; size_t offset; } prices[] = {
    {"core", "$/h", offsetof(sim_prices, core)}, {"gib", "$/h", offsetof(sim_prices, gib)},
    {"storage", "$/GiB/month", offsetof(sim_prices, storage)}, {"requests", "$/million", offsetof(sim_prices, requests)},
    {"egress", "$/GiB", offsetof(sim_prices, egress)}, {"transfer", "$/GiB", offsetof(sim_prices, transfer)}};

void sim_prices_read(sim_reader *r, sim_node *root)
{
    sim_node *map = sim_node_member(root, "prices");
    if (!map)
        return;
    if (map->kind != SIM_MAP || !sim_keys_read(r->pool, r->source, "prices", "prices", map, r->model)) {
        if (map->kind != SIM_MAP)
            SIM_FAIL(r, map, "prices: want {core: 0.04 $/h, gib: 0.005 $/h}");
        r->failed = true;
        return;
    }
    for (size_t i = 0; i < HR_COUNT(prices); i++) {
        char where[40];
        snprintf(where, sizeof where, "prices.%s", prices[i].word);
        const sim_node *node = sim_node_member(map, prices[i].word);
        if (node)
            read_price(r, node, where, prices[i].unit, (double *)((char *)&r->model->prices + prices[i].offset));
    }
}

// --- instance types ------------------------------------------------------------------------------------------------------

void sim_instances_read(sim_reader *r, sim_node *root)
{
    sim_node *map = sim_node_member(root, "instances");
    if (!map)
        return;
    if (map->kind != SIM_MAP || !map->count || map->count > SIM_MOST_instances) {
        SIM_FAIL(r, map, "instances: want {NAME: {cores: 2, memory: 4GiB, price: 0.04 $/h}} with 1 to %d types", SIM_MOST_instances);
        return;
    }
    sim_model *m = r->model;
    m->instances = sim_pool_take(r->pool, map->count * sizeof *m->instances);
    for (sim_node *n = map->first; n; n = n->next) {
        char where[160];
        snprintf(where, sizeof where, "instances.%.100s", n->key->text);
        sim_check_name(r, n->key, "an instance type");
        sim_instance_def *d = &m->instances[m->instance_count++];
        d->name = n->key->text;
        if (n->kind != SIM_MAP)
            SIM_FAIL(r, n, "%s: want {cores: 2, memory: 4GiB, price: 0.04 $/h}", where);
        else if (!sim_keys_read(r->pool, r->source, "instance", where, n, d))
            r->failed = true;
        else
            read_price(r, sim_node_member(n, "price"), where, "$/h", &d->price);
    }
}

const sim_instance_def *sim_instance_find(sim_reader *r, const sim_node *node, const char *where)
{
    const char *names[SIM_MOST_instances + 1] = {0}, *word = node->kind == SIM_SCALAR ? node->text : "";
    for (size_t i = 0; i < r->model->instance_count; i++) {
        names[i] = r->model->instances[i].name;
        if (strcmp(names[i], word) == 0)
            return &r->model->instances[i];
    }
    const char *near = hr_nearest(word, names);
    SIM_FAIL(r, node, "%s: want one of the file's `instances`%s", where, HR_HINT(near, '\''));
    return NULL;
}

// --- which component runs on what -----------------------------------------------------------------------------------------

#define PUT_ON(d, type, sort) ((d)->cores = (type)->cores, (d)->memory_bytes = (sort)(type)->memory_bytes)

static void put_on(sim_model_component *c, const sim_instance_def *type, bool has_maxmemory)
{
    switch (c->kind) {
    case SIM_PART_service: PUT_ON((sim_service_def *)c->def, type, double); break;
    case SIM_PART_database: PUT_ON((sim_database_def *)c->def, type, double); break;
    case SIM_PART_broker: PUT_ON((sim_broker_def *)c->def, type, double); break;
    case SIM_PART_cluster: PUT_ON((sim_cluster_def *)c->def, type, double); break;
    default: {
        sim_cache_def *cache = c->def;
        cache->cores = type->cores;
        cache->memory_bytes = has_maxmemory ? cache->memory_bytes : (uint64_t)type->memory_bytes;
    }
    }
}

// Cores and memory are those of the type: a second word for them could only contradict. A cache's `memory` is its maxmemory, which has to fit.
static void read_instance(sim_reader *r, sim_model_component *c, sim_node *node, sim_machine_def *machine)
{
    const sim_node *instance = sim_node_member(node, "instance"), *cores = sim_node_member(node, "cores"), *memory = sim_node_member(node, "memory");
    bool is_cache = c->kind == SIM_PART_cache;
    char where[96];
    snprintf(where, sizeof where, "%.60s.instance", c->name);
    if (!instance || !(machine->instance = sim_instance_find(r, instance, where)))
        return;
    const sim_node *twice = cores ? cores : is_cache ? NULL : memory;
    if (twice)
        SIM_FAIL(r, twice, "%s: `%s` is said by `instance: %s`: leave out one of them", c->name, twice == cores ? "cores" : "memory", machine->instance->name);
    if (is_cache && memory && (double)((sim_cache_def *)c->def)->memory_bytes > machine->instance->memory_bytes)
        SIM_FAIL(r, memory, "%s.memory does not fit into the %.0f bytes of `instance: %s`", c->name, machine->instance->memory_bytes, machine->instance->name);
    if (c->kind == SIM_PART_service && sim_node_member(node, "cluster"))
        SIM_FAIL(r, instance, "%s: its cluster's nodes are the machines: give `instance` there, and `cores` here", c->name);
    put_on(c, machine->instance, memory != NULL);
}

static void read_licence(sim_reader *r, const sim_model_component *c, sim_node *node, sim_machine_def *machine)
{
    const sim_node *licence = sim_node_member(node, "licence");
    const char *text = licence && licence->kind == SIM_SCALAR ? licence->text : "";
    if (licence && !sim_read_money(text, "$/core/h", &machine->licence_core) && !sim_read_money(text, "$/h", &machine->licence))
        SIM_FAIL(r, licence, "%s.licence: want a price such as 0.25 $/core/h, or 0.5 $/h for each server", c->name);
}

void sim_machine_read(sim_reader *r, uint16_t id)
{
    sim_model_component *c = &r->model->components[id];
    sim_machine_def *machine = sim_machine_of(c->kind, c->def);
    if (!machine)
        return;
    read_instance(r, c, r->nodes[id], machine);
    read_licence(r, c, r->nodes[id], machine);
}

sim_node *sim_resize_read(sim_reader *r, sim_node *node, const char *where, const sim_machine_def *machine, sim_resize_def *resize)
{
    sim_node *map = sim_node_member(node, "resize");
    char name[96];
    snprintf(name, sizeof name, "%.60s.resize.to", where);
    if (!map || !sim_map_read(r, node, where, "resize", "{at: 60s, to: large, restart: 30s}", resize))
        return NULL;
    resize->to = sim_instance_find(r, sim_node_member(map, "to"), name);
    snprintf(name, sizeof name, "%.60s.resize.at", where);
    sim_at_check(r, sim_node_member(map, "at"), name, resize->at);
    if (!machine->instance)
        SIM_FAIL(r, map, "%s.resize: give `instance`, too: one type of machine is exchanged for another", where);
    return map;
}

void sim_service_resize_read(sim_reader *r, sim_node *node, const char *where, sim_service_def *d)
{
    const sim_node *map = sim_resize_read(r, node, where, &d->machine, &d->resize);
    if (!map)
        return;
    if (d->resize.restart == HR_FOREVER && d->resize.to && d->resize.to->memory_bytes < d->memory_bytes)
        SIM_FAIL(r, map, "%s.resize: memory is not taken away while it is in use: `restart: none` needs a type with as much as '%s', or give a time", where,
                 d->machine.instance ? d->machine.instance->name : "now");
    if (d->preemptive)
        SIM_FAIL(r, map, "%s: `resize` and `preemptive` exclude each other", where);
    if (d->resize.to && d->has_footprint && d->footprint.base > d->resize.to->memory_bytes)
        SIM_FAIL(r, map, "%s.resize.to: its `footprint.base` does not fit into the memory of '%s'", where, d->resize.to->name);
}

// --- the ledger ------------------------------------------------------------------------------------------------------------

void sim_prices_ledger(const sim_model *model, hr_text *out)
{
    for (size_t i = 0; i < HR_COUNT(prices); i++)
        hr_text_add(out, "prices.%s = %g %s\n", prices[i].word, *(const double *)((const char *)&model->prices + prices[i].offset), prices[i].unit);
    for (size_t i = 0; i < model->instance_count; i++) {
        const sim_instance_def *d = &model->instances[i];
        hr_text_add(out, "instances.%s = %g cores, ", d->name, d->cores);
        sim_show_bytes(d->memory_bytes, out);
        hr_text_add(out, ", %g $/h\n", d->price);
    }
}

void sim_machine_ledger(const sim_model_component *c, hr_text *out)
{
    sim_machine_view v;
    if (!sim_machine_look(c->kind, c->def, &v))
        return;
    const sim_resize_def *resize = c->kind == SIM_PART_service ? &((const sim_service_def *)c->def)->resize
                                   : c->kind == SIM_PART_database ? &((const sim_database_def *)c->def)->resize : NULL;
    char at[32], restart[32];
    if (resize && resize->to && resize->restart == HR_FOREVER)
        hr_text_add(out, "%s.resize = at %s to %s, in place\n", c->name, sim_show_time(resize->at, at, sizeof at), resize->to->name);
    else if (resize && resize->to)
        hr_text_add(out, "%s.resize = from %s on to %s, each machine off for %s\n", c->name, sim_show_time(resize->at, at, sizeof at), resize->to->name,
                    sim_show_time(resize->restart, restart, sizeof restart));
    hr_text_add(out, "%s.instance = %s\n", c->name, v.machine->instance ? v.machine->instance->name : "none");
    if (v.machine->licence > 0 || v.machine->licence_core > 0)
        hr_text_add(out, "%s.licence = %g $/h for each server, %g $/h for each core\n", c->name, v.machine->licence, v.machine->licence_core);
}
