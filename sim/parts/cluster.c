// sim/parts/cluster.c - see cluster.h.
#include "sim/parts/cluster.h"

#include <stdlib.h>

enum { NODE_GONE, NODE_STARTING, NODE_UP };
enum { NODE_RUNS, NODE_IDLES };                // timers: subject the node, generation its number

typedef struct {
    uint32_t phase, number;                    // number: grows when it starts, gets a replica, or falls empty
    uint32_t replicas, unused;
    double   used, used_bytes;                 // cores; memory
} node;

typedef struct {
    uint32_t least, most, stream, births;
    double   cores, memory_bytes;              // of a node
    hr_time  idle;
    sim_dist start;
    sim_ref  nodes;                            // node[most]
    sim_level up, paid;                        // paid: up or starting
} cluster;

static const char *const gauges[] = {"nodes", "pending", NULL};
static const double dust = 1e-9;               // what sums of cores may be off by

static node *node_at(const sim_world *w, const cluster *s, uint32_t i) { return SIM_AT(w, node, s->nodes) + i; }

static size_t demand(const void *def) { return ((const sim_cluster_def *)def)->most_nodes * sizeof(node); }

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_cluster_def *d = def;
    cluster *s = SIM_STATE(w, cluster, id);
    *s = (cluster){.least = d->nodes, .most = d->most_nodes, .cores = d->cores, .memory_bytes = d->memory_bytes, .idle = d->node_idle, .stream = sim_stream(w, id, SIM_DRAW_STARTUP),
                   .start = sim_dist_place(w, &d->node_start)};
    sim_ref nodes = sim_take(w, d->most_nodes * sizeof(node));
    s->nodes = nodes;
    for (uint32_t i = 0; i < d->nodes; i++) {
        *node_at(w, s, i) = (node){.phase = NODE_UP};
        sim_level_up(w, &s->up);
        sim_level_up(w, &s->paid);
    }
}

// --- room ---------------------------------------------------------------------------------------------------------------

static bool has_room(const cluster *s, const node *n, double cores, double bytes)
{
    return n->used + cores <= s->cores + dust && n->used_bytes + bytes <= s->memory_bytes + 0.5;
}

uint32_t sim_cluster_take(sim_world *w, sim_component_id id, double cores, double bytes)
{
    const cluster *s = SIM_STATE(w, const cluster, id);
    node *best = NULL;
    uint32_t which = 0;
    for (uint32_t i = 0; i < s->most; i++) {
        node *n = node_at(w, s, i);
        if (n->phase != NODE_UP || !has_room(s, n, cores, bytes) || (best && n->used >= best->used))
            continue;
        best = n;
        which = i + 1;
    }
    if (best) {
        best->used += cores;
        best->used_bytes += bytes;
        best->replicas++;
        best->number++;
    }
    return which;
}

static void await_idle(sim_world *w, sim_component_id id, uint32_t i)
{
    const cluster *s = SIM_STATE(w, const cluster, id);
    if (s->idle != HR_FOREVER)
        sim_schedule(w, w->now + s->idle, id, NODE_IDLES, i, ++node_at(w, s, i)->number);
}

void sim_cluster_give(sim_world *w, sim_component_id id, uint32_t which, double cores, double bytes)
{
    node *n = node_at(w, SIM_STATE(w, const cluster, id), which - 1);
    n->replicas--;
    n->used = n->replicas ? n->used - cores : 0;
    n->used_bytes = n->replicas ? n->used_bytes - bytes : 0;
    if (!n->replicas)
        await_idle(w, id, which - 1);
}

bool sim_cluster_change(sim_world *w, sim_component_id id, uint32_t which, double cores, double bytes)
{
    const cluster *s = SIM_STATE(w, const cluster, id);
    node *n = node_at(w, s, which - 1);
    if ((cores > 0 && n->used + cores > s->cores + dust) || (bytes > 0 && n->used_bytes + bytes > s->memory_bytes + 0.5))
        return false;
    n->used += cores;
    n->used_bytes += bytes;
    return true;
}

static bool is_here(const sim_world *w, sim_component_id service, sim_component_id id)
{
    if (sim_component_at(w, service)->kind != SIM_PART_service || !SIM_STATE(w, const sim_service, service)->lives)
        return false;
    const sim_lives *l = sim_lives_of(w, service);
    return l->in_cluster && l->cluster == id;
}

static uint32_t pending_of(const sim_world *w, sim_component_id service)
{
    const sim_lives *l = sim_lives_of(w, service);
    uint32_t pending = 0;
    for (uint32_t i = 0; i < SIM_STATE(w, const sim_service, service)->replica_count; i++)
        pending += sim_life_at(w, l, i)->phase == SIM_LIFE_PENDING;
    return pending;
}

// --- nodes --------------------------------------------------------------------------------------------------------------

// The node for a replica that does not fit on those that are up: one that starts and has room beside what is `promised`, or another that is made to start, if
// the replica fits on an empty one. `most`: none.
static uint32_t find_promise(sim_world *w, sim_component_id id, const node *promised, const sim_life *life)
{
    cluster *s = SIM_STATE(w, cluster, id);
    uint32_t gone = s->most;
    for (uint32_t i = 0; i < s->most; i++) {
        if (node_at(w, s, i)->phase == NODE_STARTING && has_room(s, &promised[i], life->cores, life->memory_bytes))
            return i;
        if (node_at(w, s, i)->phase == NODE_GONE && gone == s->most)
            gone = i;
    }
    if (gone == s->most || !has_room(s, &(node){0}, life->cores, life->memory_bytes))
        return s->most;
    node *n = node_at(w, s, gone);
    *n = (node){.phase = NODE_STARTING, .number = n->number + 1};
    sim_level_up(w, &s->paid);
    sim_schedule(w, w->now + sim_dist_time(w, &s->start, s->stream, ++s->births, 0), id, NODE_RUNS, gone, n->number);
    return gone;
}

static void promise(sim_world *w, sim_component_id id, node *promised, const sim_life *life)
{
    uint32_t i = find_promise(w, id, promised, life);
    if (i == SIM_STATE(w, const cluster, id)->most)
        return;
    promised[i].used += life->cores;
    promised[i].used_bytes += life->memory_bytes;
}

void sim_cluster_grow(sim_world *w, sim_component_id id)
{
    node *promised = hr_alloc(SIM_STATE(w, const cluster, id)->most * sizeof *promised);       // room on nodes that start
    for (sim_component_id service = 0; service < w->component_count; service++)
        for (uint32_t i = 0; is_here(w, service, id) && i < SIM_STATE(w, const sim_service, service)->replica_count; i++) {
            const sim_life *life = sim_life_at(w, sim_lives_of(w, service), i);
            if (life->phase == SIM_LIFE_PENDING)
                promise(w, id, promised, life);
        }
    free(promised);
}

void sim_cluster_offer(sim_world *w, sim_component_id id)
{
    for (sim_component_id service = 0; service < w->component_count; service++)
        if (is_here(w, service, id))
            sim_lives_retry(w, service);
}

// Who has no room at the start is pending from then on.
static void start(sim_world *w, sim_component_id id)
{
    for (sim_component_id service = 0; service < w->component_count; service++)
        if (is_here(w, service, id))
            sim_lives_move_in(w, service);
    sim_cluster_grow(w, id);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    cluster *s = SIM_STATE(w, cluster, id);
    node *n = node_at(w, s, event->subject);
    if (n->number != event->generation)
        return;
    if (event->what == NODE_RUNS) {
        n->phase = NODE_UP;
        sim_level_up(w, &s->up);
        await_idle(w, id, event->subject);
        sim_cluster_offer(w, id);
    } else if (s->up.level <= s->least) {
        await_idle(w, id, event->subject);
    } else {
        n->phase = NODE_GONE;
        sim_level_down(w, &s->up);
        sim_level_down(w, &s->paid);
    }
}

// --- what is seen of it -------------------------------------------------------------------------------------------------

sim_cluster_view sim_cluster_look(const sim_world *w, sim_component_id id)
{
    const cluster *s = SIM_STATE(w, const cluster, id);
    sim_cluster_view v = {.up = s->up.level, .starting = s->paid.level - s->up.level, .paid_average = sim_level_average(w, &s->paid)};
    for (sim_component_id service = 0; service < w->component_count; service++)
        v.pending += is_here(w, service, id) ? pending_of(w, service) : 0;
    return v;
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    sim_cluster_view v = sim_cluster_look(w, id);
    (void)step;
    out[0] = (float)v.up;
    out[1] = (float)v.pending;
}

static void reset(sim_world *w, sim_component_id id)
{
    cluster *s = SIM_STATE(w, cluster, id);
    sim_level_reset(w, &s->up);
    sim_level_reset(w, &s->paid);
}

// Each node holds just the replicas that say so, and no more than it has cores.
static void check(const sim_world *w, sim_component_id id)
{
    const cluster *s = SIM_STATE(w, const cluster, id);
    uint32_t up = 0, starting = 0;
    for (uint32_t i = 0; i < s->most; i++) {
        const node *n = node_at(w, s, i);
        uint32_t replicas = 0;
        SIM_ASSERT(w, n->used_bytes <= s->memory_bytes + 1);
        for (sim_component_id service = 0; service < w->component_count; service++)
            replicas += is_here(w, service, id) ? sim_lives_on(w, service, i + 1) : 0;
        SIM_ASSERT(w, replicas == n->replicas && n->used <= s->cores + dust && (n->phase == NODE_UP || !replicas));
        up += n->phase == NODE_UP;
        starting += n->phase == NODE_STARTING;
    }
    SIM_ASSERT(w, up == s->up.level && up + starting == s->paid.level && up >= s->least);
}

const sim_kind sim_kind_cluster = {.name = "cluster", .summary = "nodes that replicas of services with an autoscaler need room on",
    .state_size = sizeof(cluster), .def_size = sizeof(sim_cluster_def), .gauges = gauges, .demand = demand, .build = build, .start = start,
    .wake = wake, .sample = sample, .reset = reset, .check = check};
