// sim/scenario/autoscalers.c - what a scenario says of autoscalers: targets, behaviour, steps, timetables; and of the services they have.
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/instant.h"
#include "sim/scenario/manifest.h"
#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"
#include "sim/scenario/zone.h"

enum { MOST_STEPS = 16, MOST_MOMENTS = 10000 };

static void read_behaviour(sim_reader *r, sim_node *node, sim_scale_def *d)
{
    sim_hpa hpa = {.controller = sim_hpa_controller_default()};
    hpa.controller.tolerance = d->settings.tolerance;
    if (!sim_behaviour_read(r->pool, r->source, sim_node_member(node, "behavior"), &hpa))
        r->failed = true;
    d->has_behaviour = hpa.has_behaviour;
    d->up = hpa.up;
    d->down = hpa.down;
    d->up_tolerance = hpa.up_tolerance;
    d->down_tolerance = hpa.down_tolerance;
}

// "+50%": how far from the target, as a share of it.
static bool read_distance(const char *text, double *from)
{
    bool below = *text == '-';
    if (!sim_read_share(text + (*text == '-' || *text == '+'), from))
        return false;
    *from = below ? -*from : *from;
    return !below || *from < 0;
}

static bool read_change(const sim_node *n, int32_t *add)
{
    double count;
    if (n->kind != SIM_SCALAR || !sim_read_count(n->text + (*n->text == '-' || *n->text == '+'), &count) || count < 1 || count > 10000)
        return false;
    *add = *n->text == '-' ? -(int32_t)count : (int32_t)count;
    return true;
}

static int by_distance(const void *a, const void *b)
{
    double x = ((const sim_scale_step *)a)->from, y = ((const sim_scale_step *)b)->from;
    return (x > y) - (x < y);
}

static void read_steps(sim_reader *r, sim_node *node, const char *where, sim_scale_def *d)
{
    sim_node *map = sim_node_member(node, "steps");
    if (!map)
        return;
    if (map->kind != SIM_MAP || !map->count || map->count > MOST_STEPS) {
        SIM_FAIL(r, map, "%s.steps: want {+0%%: 1, +50%%: 3, -30%%: -1} with 1 to %d steps", where, MOST_STEPS);
        return;
    }
    sim_scale_step *steps = sim_pool_take(r->pool, map->count * sizeof *steps);
    for (const sim_node *m = map->first; m; m = m->next) {
        sim_scale_step *step = &steps[d->step_count++];
        if (!read_distance(m->key->text, &step->from))
            SIM_FAIL(r, m->key, "%s.steps: '%s': want how far from the target, such as +50%% or -30%%", where, m->key->text);
        if (!read_change(m, &step->add))
            SIM_FAIL(r, m, "%s.steps: want how many replicas come or go, such as 2 or -1", where);
    }
    qsort(steps, d->step_count, sizeof *steps, by_distance);
    d->steps = steps;
}

void sim_autoscaler_read(sim_reader *r, uint16_t id, bool good)
{
    sim_autoscaler_def *d = r->model->components[id].def;
    const char *where = r->model->components[id].name;
    sim_node *node = r->nodes[id];
    if (!good)
        return;
    const sim_scaler *policy = sim_scalers[d->policy];
    if (!d->scale.settings.every)
        d->scale.settings.every = policy->every;
    read_behaviour(r, node, &d->scale);
    read_steps(r, node, where, &d->scale);
    if (policy->is_vertical)
        sim_vertical_read(r, node, where, &d->scale.settings);
    else if (!sim_node_member(node, "max"))
        SIM_FAIL(r, node, "%s lacks `max`: %s", where, sim_key_find("autoscaler", "max")->help);
    hr_error e = {0};
    if (!r->failed && sim_scale_fits(policy, &d->scale, sim_given(node, sim_scale_words), &e))
        sim_complain(r, node, where, &e);
}

// --- the service ----------------------------------------------------------------------------------------------------------

static void bind(sim_reader *r, uint16_t id, bool is_vertical)
{
    sim_model_component *c = &r->model->components[id];
    sim_autoscaler_def *d = c->def;
    if (sim_scalers[d->policy]->is_vertical != is_vertical)
        return;
    const sim_node *of = sim_node_member(r->nodes[id], "of");
    int target = of && of->kind == SIM_SCALAR ? sim_resolve(r, of, of->text, SIM_PART_service) : -1;
    if (of && of->kind != SIM_SCALAR)
        SIM_FAIL(r, of, "%s.of: want the name of a service", c->name);
    d->target = (uint16_t)(target < 0 ? id : target);
    if (target < 0)
        return;
    sim_service_def *service = r->model->components[target].def;
    const char *name = r->model->components[target].name;
    const sim_scale_settings *s = &d->scale.settings;
    const sim_node *resize = sim_node_member(r->nodes[target], "resize");
    if (resize)
        SIM_FAIL(r, resize, "%s.resize belongs to a service without an autoscaler", name);
    if (is_vertical) {
        sim_vertical_bind(r, id, (uint16_t)target);
        return;
    }
    if (service->slots)
        SIM_FAIL(r, of, "%s.of: '%s' has an autoscaler already: %s", c->name, name, r->model->components[service->scaler].name);
    if (s->max && (service->replicas < s->min || service->replicas > s->max))         // without a `max` that has been told
        SIM_FAIL(r, r->nodes[target], "%s.replicas = %u: its autoscaler '%s' keeps %u to %u; begin with one of these", name, service->replicas,
                 c->name, s->min, s->max);
    if (s->target[SIM_SCALE_MEMORY] > 0 && !service->has_footprint)
        SIM_FAIL(r, sim_node_member(r->nodes[id], "memory"), "%s.memory: '%s' has no `footprint`: nobody knows what it uses", c->name, name);
    service->slots = s->max ? 2 * s->max : 1;          // without a `max` the file is refused already; what needs an autoscaler has one
    service->scaler = id;
}

static void refuse_lives(sim_reader *r, uint16_t id)
{
    static const char *const words[] = {"startup", "readiness", "drain", "cluster"};
    const sim_service_def *d = r->model->components[id].def;
    for (size_t i = 0; i < HR_COUNT(words) && !d->slots; i++) {
        const sim_node *n = sim_node_member(r->nodes[id], words[i]);
        if (n && !(d->has_footprint && i < 2))
            SIM_FAIL(r, n, "%s.%s belongs to a service with an autoscaler%s: the replicas of this one are there from the start", r->model->components[id].name,
                     words[i], i < 2 ? ", or with a `footprint`" : "");
    }
    if (!d->slots && !d->replicas)
        SIM_FAIL(r, sim_node_member(r->nodes[id], "replicas"), "%s.replicas = 0 needs an autoscaler: nobody would ever answer", r->model->components[id].name);
}

static void read_cluster(sim_reader *r, uint16_t id)
{
    sim_service_def *d = r->model->components[id].def;
    const sim_node *n = sim_node_member(r->nodes[id], "cluster");
    int cluster = n && n->kind == SIM_SCALAR ? sim_resolve(r, n, n->text, SIM_PART_cluster) : -1;
    if (n && n->kind != SIM_SCALAR)
        SIM_FAIL(r, n, "%s.cluster: want the name of a cluster", r->model->components[id].name);
    if (cluster < 0)
        return;
    d->in_cluster = true;
    d->cluster = (uint16_t)cluster;
    const sim_cluster_def *c = r->model->components[cluster].def;
    if (d->memory_bytes > c->memory_bytes)
        SIM_FAIL(r, n, "%s.memory = %.0f bytes: a node of '%s' has only %.0f, so no replica would ever have room", r->model->components[id].name, d->memory_bytes,
                 n->text, c->memory_bytes);
    if (d->cores > c->cores)
        SIM_FAIL(r, n, "%s.cores = %g: a node of '%s' has only %g, so no replica would ever have room", r->model->components[id].name, d->cores, n->text,
                 c->cores);
}

static void check_nodes(sim_reader *r, uint16_t id)
{
    const sim_cluster_def *c = r->model->components[id].def;
    if (c->nodes > c->most_nodes)
        SIM_FAIL(r, r->nodes[id], "%s.nodes = %u is above most_nodes = %u", r->model->components[id].name, c->nodes, c->most_nodes);
}

void sim_autoscalers_bind(sim_reader *r)
{
    for (int is_vertical = 0; is_vertical <= 1; is_vertical++)
        for (uint16_t i = 0; i < r->model->component_count; i++)
            if (r->model->components[i].kind == SIM_PART_autoscaler)
                bind(r, i, is_vertical);
    for (uint16_t i = 0; i < r->model->component_count; i++)
        if (r->model->components[i].kind == SIM_PART_service) {
            refuse_lives(r, i);
            read_cluster(r, i);
        } else if (r->model->components[i].kind == SIM_PART_cluster) {
            check_nodes(r, i);
        }
}

// --- timetables -------------------------------------------------------------------------------------------------------------

// Of several rows at one time the largest holds: it comes last.
static int by_time(const void *a, const void *b)
{
    const sim_scale_moment *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->replicas > y->replicas) - (x->replicas < y->replicas);
}

typedef struct { sim_scale_moment *list; uint32_t count; } moments;

// All times of one row from `from` to `to`, in seconds since 1970. False: too many.
static bool add_row(moments *m, const sim_cron *cron, const sim_zone *zone, int64_t from, int64_t to, uint32_t replicas)
{
    int64_t at = from - 1;
    while (sim_cron_next(cron, zone, at, &at) && at <= to) {
        if (m->count == MOST_MOMENTS)
            return false;
        m->list[m->count++] = (sim_scale_moment){.at = (at - from) * HR_SEC, .replicas = replicas};
    }
    return true;
}

static void read_row(sim_reader *r, const char *where, sim_node *row, const sim_zone *zone, int64_t from, int64_t to, moments *m)
{
    sim_cron cron;
    double replicas;
    hr_error e = {0};
    if (sim_cron_read(row->key->text, &cron, &e))
        SIM_FAIL(r, row->key, "%s.schedule: %.*s", where, (int)(e.used ? e.used - 1 : 0), e.text);
    else if (row->kind != SIM_SCALAR || !sim_read_count(row->text, &replicas) || replicas > 10000)
        SIM_FAIL(r, row, "%s.schedule: want a number of replicas", where);
    else if (!add_row(m, &cron, zone, from, to, (uint32_t)replicas))
        SIM_FAIL(r, row, "%s.schedule: more than %d changes in a run", where, MOST_MOMENTS);
}

static void read_schedule(sim_reader *r, uint16_t id, sim_node *map)
{
    sim_node *node = r->nodes[id], *zone_node = sim_node_member(node, "zone"), *begins = sim_node_member(node, "begins");
    const char *where = r->model->components[id].name;
    sim_scale_def *d = &((sim_autoscaler_def *)r->model->components[id].def)->scale;
    int64_t from = 0, to;
    if (!sim_read_instant(begins && begins->kind == SIM_SCALAR ? begins->text : begins ? "" : "2024-01-01T00:00:00Z", &from, NULL)) {
        SIM_FAIL(r, begins, "%s.begins: want a time such as 2024-03-04T07:30:00Z, in whole seconds", where);
        return;
    }
    to = from + r->model->duration / HR_SEC;
    sim_zone zone = sim_zone_utc, read = {0};
    const char *name = zone_node && zone_node->kind == SIM_SCALAR ? zone_node->text : zone_node ? "" : "UTC";
    hr_error e = {0};
    if (strcmp(name, "UTC") != 0 && sim_zone_read(name, from, to, &read, &e)) {
        SIM_FAIL(r, zone_node, "%s.zone: %.*s", where, (int)(e.used ? e.used - 1 : 0), e.text);
        return;
    }
    zone = read.count ? read : zone;
    if (map->kind != SIM_MAP || !map->count)
        SIM_FAIL(r, map, "%s.schedule: want {\"0 8 * * *\": 5, \"0 20 * * *\": 2}", where);
    moments m = {hr_alloc(MOST_MOMENTS * sizeof *m.list), 0};
    for (sim_node *row = map->kind == SIM_MAP ? map->first : NULL; row; row = row->next)
        read_row(r, where, row, &zone, from, to, &m);
    qsort(m.list, m.count, sizeof *m.list, by_time);
    sim_scale_moment *kept = sim_pool_take(r->pool, m.count * sizeof *kept + 1);
    memcpy(kept, m.list, m.count * sizeof *kept);
    d->moments = kept;
    d->moment_count = m.count;
    free(m.list);
    sim_zone_free(&read);
}

void sim_autoscalers_settle(sim_reader *r)
{
    const sim_model *m = r->model;
    for (uint16_t i = 0; i < m->component_count && m->duration > 0; i++) {
        if (m->components[i].kind != SIM_PART_autoscaler)
            continue;
        sim_node *schedule = sim_node_member(r->nodes[i], "schedule");
        if (schedule)
            read_schedule(r, i, schedule);
    }
}
