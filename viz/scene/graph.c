// viz/scene/graph.c - see graph.h.
#include "viz/scene/graph.h"

#include <stdlib.h>

#include "sim/parts/faults.h"
#include "sim/parts/mesh.h"
#include "sim/scenario/writers.h"

static uint32_t replicas_of(const sim_model_component *c)
{
    const sim_service_def *s = c->def;
    if (c->kind == SIM_PART_faults)            // a variant may have none: then there is no card for them
        return ((const sim_faults_def *)c->def)->count > 0;
    return c->kind != SIM_PART_service ? 1 : s->slots ? s->slots : s->replicas;
}

bool viz_part_is_plain(const viz_part *part)
{
    return part->kind != SIM_PART_service && part->kind != SIM_PART_cache && part->kind != SIM_PART_database;
}

// --- what calls what ------------------------------------------------------------------------------------------------

static void join(viz_graph *g, uint16_t from, uint16_t to)
{
    uint16_t *slot = &g->link_of[(size_t)from * g->part_count + to];
    if (*slot != VIZ_NO_LINK)
        return;
    *slot = g->link_count;
    g->links[g->link_count++] = (viz_link){.from = from, .to = to};
}

static bool asks(const sim_step_def *step)
{
    return sim_step_asks(step->kind) && step->target != SIM_LOCAL;
}

// A cache that asks the database by itself.
static void join_through(viz_graph *g, uint16_t id, const sim_through_def *d)
{
    if (d->has_loads)
        join(g, id, d->load_target);
    if (d->write != SIM_WRITE_none)
        join(g, id, d->write_target);
}

static void join_part(viz_graph *g, uint16_t id)
{
    const sim_model_component *c = &g->model->components[id];
    if (c->kind == SIM_PART_workload)
        join(g, id, ((const sim_workload_def *)c->def)->target);
    int to = sim_part_passes_to(c->kind, c->def);
    if (to >= 0)
        join(g, id, (uint16_t)to);
    const sim_mesh_def *mesh = c->def;
    for (uint16_t i = 1; c->kind == SIM_PART_mesh && i < mesh->target_count; i++)
        join(g, id, mesh->targets[i]);
    if (c->kind == SIM_PART_limiter && ((const sim_limiter_def *)c->def)->has_store)
        join(g, id, ((const sim_limiter_def *)c->def)->store);
    if (c->kind == SIM_PART_cache)
        join_through(g, id, &((const sim_cache_def *)c->def)->through);
    const sim_broker_def *b = c->def;
    for (uint16_t i = 0; c->kind == SIM_PART_broker && i < b->consumer_count; i++)
        join(g, id, b->consumers[i].service);
    if (c->kind != SIM_PART_service)
        return;
    const sim_service_def *s = c->def;
    for (uint16_t h = 0; h < s->handler_count; h++)
        for (uint16_t k = 0; k < s->handlers[h].count; k++)
            if (asks(&s->handlers[h].steps[k]))
                join(g, id, s->handlers[h].steps[k].target);
}

static void find_writers(viz_graph *g)
{
    bool **known = sim_writers_find(g->model);
    for (uint16_t i = 0; i < g->part_count; i++) {
        const sim_workload_def *d = g->model->components[i].def;
        if (g->parts[i].kind == SIM_PART_workload)
            g->parts[i].writes = known[sim_model_behind(g->model, d->target)][d->operation];
    }
    for (uint16_t i = 0; i < g->part_count; i++)       // what a cache writes later, nobody has asked for
        if (g->parts[i].kind == SIM_PART_cache)
            g->parts[i].writes = ((const sim_cache_def *)g->model->components[i].def)->through.write == SIM_WRITE_behind;
    sim_writers_free(g->model, known);
}

// --- columns --------------------------------------------------------------------------------------------------------

static void stand_before(viz_graph *g, uint16_t part, const viz_part *service)
{
    g->parts[part].is_used = g->parts[part].is_used || service->is_used;
    g->parts[part].column = service->column ? service->column - 1 : 0;
}

static void mark_ways(const viz_graph *g, uint16_t from, bool *seen)
{
    seen[from] = true;
    for (uint16_t i = 0; i < g->link_count; i++)
        if (g->links[i].from == from && !seen[g->links[i].to])
            mark_ways(g, g->links[i].to, seen);
}

// Whether the pipe is part of a ring: a service that consumes what it has published, or two whose other operations call each other.
static bool is_in_ring(const viz_graph *g, const viz_link *link)
{
    bool *seen = hr_alloc(g->part_count * sizeof *seen);
    mark_ways(g, link->to, seen);
    bool does = seen[link->from];
    free(seen);
    return does;
}

// Longest way from a workload, by relaxing every link until nothing moves: at most part_count rounds, for those in a ring move nothing
// that has a place.
static void place_columns(viz_graph *g)
{
    bool *ring = hr_alloc(g->link_count * sizeof *ring + 1);
    for (uint16_t i = 0; i < g->link_count; i++)
        ring[i] = is_in_ring(g, &g->links[i]);
    for (bool moved = true; moved;) {
        moved = false;
        for (uint16_t i = 0; i < g->link_count; i++) {
            const viz_part *from = &g->parts[g->links[i].from];
            viz_part *to = &g->parts[g->links[i].to];
            if (!from->is_used || (to->is_used && (ring[i] || to->column > from->column)))
                continue;
            to->is_used = true;
            to->column = from->column + 1;
            moved = true;
        }
    }
    free(ring);
    for (uint16_t i = 0; i < g->part_count; i++)
        if (g->parts[i].is_used && g->parts[i].column >= g->column_count)
            g->column_count = g->parts[i].column + 1;
    for (uint16_t i = 0; i < g->part_count; i++)       // nobody calls an autoscaler: it stands beside the balancer of its service
        if (g->parts[i].kind == SIM_PART_autoscaler) {
            const viz_part *of = &g->parts[((const sim_autoscaler_def *)g->model->components[i].def)->target];
            stand_before(g, i, of);
        }
    for (uint16_t i = 0; i < g->part_count; i++) {     // nor a cluster: before the last of the services that live in it
        const sim_service_def *s = g->model->components[i].def;
        if (g->parts[i].kind == SIM_PART_service && s->in_cluster)
            stand_before(g, s->cluster, &g->parts[i]);
    }
    for (uint16_t i = 0; i < g->part_count; i++)       // what this variant leaves aside stands at the end
        if (!g->parts[i].is_used)
            g->parts[i].column = g->column_count - 1;
}

viz_graph *viz_graph_make(const sim_model *model)
{
    viz_graph *g = hr_alloc(sizeof *g);
    uint16_t n = model->component_count;
    g->model = model;
    g->part_count = n;
    g->parts = hr_alloc(n * sizeof *g->parts);
    g->links = hr_alloc((size_t)n * n * sizeof *g->links);
    g->link_of = hr_alloc((size_t)n * n * sizeof *g->link_of);
    for (size_t i = 0; i < (size_t)n * n; i++)
        g->link_of[i] = VIZ_NO_LINK;
    for (uint16_t i = 0; i < n; i++) {
        const sim_model_component *c = &model->components[i];
        g->parts[i] = (viz_part){.name = c->name, .kind = c->kind, .first_node = g->node_count, .replicas = replicas_of(c),
                                 .is_used = c->kind == SIM_PART_workload || c->kind == SIM_PART_network || c->kind == SIM_PART_faults};
        g->node_count += g->parts[i].replicas;
        join_part(g, i);
    }
    g->part_of = hr_alloc(g->node_count * sizeof *g->part_of);
    for (uint16_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < g->parts[i].replicas; r++)
            g->part_of[g->parts[i].first_node + r] = i;
    for (uint16_t i = 0; i < g->link_count; i++) {
        g->links[i].first_pipe = g->pipe_count;
        g->pipe_count += g->parts[g->links[i].from].replicas * g->parts[g->links[i].to].replicas;
    }
    find_writers(g);
    place_columns(g);
    return g;
}

void viz_graph_free(viz_graph *g)
{
    if (!g)
        return;
    free(g->parts);
    free(g->links);
    free(g->link_of);
    free(g->part_of);
    free(g);
}

uint32_t viz_graph_pipe(const viz_graph *g, uint32_t from_node, uint32_t to_node)
{
    uint16_t from = g->part_of[from_node], to = g->part_of[to_node];
    uint16_t link = g->link_of[(size_t)from * g->part_count + to];
    if (link == VIZ_NO_LINK)
        return UINT32_MAX;
    return g->links[link].first_pipe + (from_node - g->parts[from].first_node) * g->parts[to].replicas + (to_node - g->parts[to].first_node);
}
