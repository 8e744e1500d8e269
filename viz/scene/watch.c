// viz/scene/watch.c - see watch.h.
#include "viz/scene/watch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double memory_s = 2.5;            // time constant of "of late": raw values of one grid step flicker

typedef struct { double utilisation, calls, rejects, hits, misses; } averages;

typedef struct {
    double   busy_s;                           // at the last look: integral of the utilisation
    uint64_t started, rejected, hits, misses;
    averages of_late;                          // forgetting sums, per second; divide by the weight
} node_watch;

typedef struct { uint64_t calls; double of_late; } pipe_watch;     // calls: since the last look

typedef struct { uint64_t offered, outcome[SIM_OUTCOME_COUNT]; viz_load of_late; } load_watch;

typedef struct { uint32_t newest, count; viz_flight flight[VIZ_LEVEL_ROOM]; } level;   // a ring; `newest` is where the next one goes

typedef struct {                               // what a mark copies, before the arrays
    hr_time  looked, step;
    double   weight;                           // how much of the averages is known: 1 after a few time constants
    uint64_t notes;
    uint32_t hop_most;
    uint32_t unused;
} head;

struct viz_watch {
    const viz_graph *graph;
    sim_host    host;
    head        head;
    node_watch *nodes;
    pipe_watch *pipes;
    load_watch *loads;                         // by component number; only those of workloads are used
    level      *levels;
};

viz_watch *viz_watch_make(const viz_graph *graph)
{
    viz_watch *watch = hr_alloc(sizeof *watch);
    watch->graph = graph;
    watch->head.step = sim_model_grid(graph->model);
    watch->nodes = hr_alloc(graph->node_count * sizeof *watch->nodes);
    watch->pipes = hr_alloc(graph->pipe_count * sizeof *watch->pipes);
    watch->loads = hr_alloc(graph->part_count * sizeof *watch->loads);
    watch->levels = hr_alloc(VIZ_LEVELS * sizeof *watch->levels);
    return watch;
}

void viz_watch_free(viz_watch *watch)
{
    if (!watch)
        return;
    free(watch->nodes);
    free(watch->pipes);
    free(watch->loads);
    free(watch->levels);
    free(watch);
}

// --- notes ----------------------------------------------------------------------------------------------------------

// Zero bits at the end of a hash of the request (the finaliser of splitmix64, Steele et al. 2014).
static uint32_t level_of(uint64_t request)
{
    uint64_t h = request + 0x9E3779B97F4A7C15u;
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    h ^= h >> 31;
    uint32_t zeros = h ? (uint32_t)__builtin_ctzll(h) : 64;
    return zeros < VIZ_LEVELS ? zeros : VIZ_LEVELS - 1;
}

// The `age`-th newest flight of a level.
static const viz_flight *recent(const level *l, uint32_t age)
{
    return &l->flight[(l->newest - 1 - age) % VIZ_LEVEL_ROOM];
}

static uint16_t next_hop(const level *l, uint64_t request, hr_time at)
{
    for (uint32_t age = 0; age < l->count && recent(l, age)->at == at; age++)
        if (recent(l, age)->request == request)
            return (uint16_t)(recent(l, age)->hop + 1);
    return 0;
}

static viz_flight_kind kind_of(const viz_graph *g, const sim_note *note, const sim_call *call)
{
    if (note->what == SIM_NOTE_CALL)
        return g->parts[call->request >> 48].writes ? VIZ_FLIGHT_WRITE : VIZ_FLIGHT_READ;
    if (note->status != SIM_ok)
        return VIZ_FLIGHT_FAILED;
    return call->flags & SIM_CALL_HIT ? VIZ_FLIGHT_HIT : VIZ_FLIGHT_REPLY;
}

static void observe(void *self, const sim_world *w, const sim_note *note)
{
    viz_watch *watch = self;
    const viz_graph *g = watch->graph;
    if (note->what == SIM_NOTE_END)            // nothing travels
        return;
    const sim_call *call = sim_call_at(w, note->call);
    uint32_t caller = g->parts[note->from].first_node + note->from_replica;
    uint32_t callee = g->parts[note->to].first_node + note->to_replica;
    bool is_call = note->what == SIM_NOTE_CALL;
    viz_flight f = {.at = w->now, .request = call->request, .from = is_call ? caller : callee, .to = is_call ? callee : caller,
                    .kind = (uint8_t)kind_of(g, note, call), .outcome = note->status, .pipe = viz_graph_pipe(g, caller, callee)};
    SIM_ASSERT(w, f.pipe != UINT32_MAX);       // the graph was made from the same model
    watch->head.notes++;
    watch->pipes[f.pipe].calls += is_call;
    level *l = &watch->levels[level_of(f.request)];
    f.hop = next_hop(l, f.request, f.at);
    if (f.hop > watch->head.hop_most)
        watch->head.hop_most = f.hop;
    l->flight[l->newest++ % VIZ_LEVEL_ROOM] = f;
    if (l->count < VIZ_LEVEL_ROOM)
        l->count++;
}

void viz_watch_join(viz_watch *watch, sim_world *w)
{
    watch->host = (sim_host){.observe = observe, .observer = watch};
    w->host = &watch->host;
}

// --- looks ----------------------------------------------------------------------------------------------------------

sim_station_view viz_station_look(const viz_graph *g, const sim_world *w, uint32_t node)
{
    uint16_t part = g->part_of[node];
    return g->parts[part].kind == SIM_PART_service ? sim_service_look(w, part, node - g->parts[part].first_node) : sim_station_look(w, part);
}

static void forget(double *average, double value, double share) { *average += (value - *average) * share; }

static void look_at_node(node_watch *n, const sim_station_view *v, double now_s, double step_s, double share)
{
    double busy_s = v->utilisation * now_s;
    forget(&n->of_late.utilisation, (busy_s - n->busy_s) / step_s, share);
    forget(&n->of_late.calls, (double)(v->started - n->started) / step_s, share);
    forget(&n->of_late.rejects, (double)(v->rejected - n->rejected) / step_s, share);
    forget(&n->of_late.hits, (double)(v->hits - n->hits) / step_s, share);
    forget(&n->of_late.misses, (double)(v->misses - n->misses) / step_s, share);
    *n = (node_watch){busy_s, v->started, v->rejected, v->hits, v->misses, n->of_late};
}

static void look_at_load(load_watch *l, const sim_workload_view *v, double step_s, double share)
{
    forget(&l->of_late.offered_per_s, (double)(v->offered - l->offered) / step_s, share);
    l->offered = v->offered;
    for (int o = 0; o < SIM_OUTCOME_COUNT; o++) {
        forget(&l->of_late.outcome_per_s[o], (double)(v->outcome[o] - l->outcome[o]) / step_s, share);
        l->outcome[o] = v->outcome[o];
    }
}

hr_time viz_watch_due(const viz_watch *watch) { return watch->head.looked + watch->head.step; }

void viz_watch_look(viz_watch *watch, const sim_world *w)
{
    const viz_graph *g = watch->graph;
    double step_s = (double)(w->now - watch->head.looked) * 1e-9, now_s = (double)w->now * 1e-9;
    double share = -expm1(-step_s / memory_s);
    for (uint32_t node = 0; node < g->node_count; node++) {
        sim_station_view v = viz_station_look(g, w, node);
        look_at_node(&watch->nodes[node], &v, now_s, step_s, share);
    }
    for (uint32_t p = 0; p < g->pipe_count; p++) {
        forget(&watch->pipes[p].of_late, (double)watch->pipes[p].calls / step_s, share);
        watch->pipes[p].calls = 0;
    }
    for (uint16_t i = 0; i < g->part_count; i++)
        if (g->parts[i].kind == SIM_PART_workload) {
            sim_workload_view v = sim_workload_look(w, i);
            look_at_load(&watch->loads[i], &v, step_s, share);
        }
    forget(&watch->head.weight, 1, share);
    watch->head.looked = w->now;
}

// Before the first look nothing is known, and everything is 0.
static double known(const viz_watch *watch, double average) { return watch->head.weight > 0 ? average / watch->head.weight : 0; }

viz_recent viz_watch_recent(const viz_watch *watch, uint32_t node)
{
    const averages *a = &watch->nodes[node].of_late;
    double looked_up = a->hits + a->misses;
    return (viz_recent){known(watch, a->utilisation), known(watch, a->calls), known(watch, a->rejects),
                        looked_up > 0 ? a->hits / looked_up : NAN};
}

viz_load viz_watch_load_of(const viz_watch *watch, uint16_t workload)
{
    viz_load load = watch->loads[workload].of_late;
    load.offered_per_s = known(watch, load.offered_per_s);
    for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
        load.outcome_per_s[o] = known(watch, load.outcome_per_s[o]);
    return load;
}

double viz_watch_flow(const viz_watch *watch, uint32_t pipe) { return known(watch, watch->pipes[pipe].of_late); }
uint64_t viz_watch_notes(const viz_watch *watch) { return watch->head.notes; }

// --- marks ----------------------------------------------------------------------------------------------------------

static void put(char **at, const void *bytes, size_t size)
{
    memcpy(*at, bytes, size);
    *at += size;
}

static void take(const char **at, void *bytes, size_t size)
{
    memcpy(bytes, *at, size);
    *at += size;
}

// Of a level only the flights that it holds are kept, oldest first.
void *viz_watch_save(const viz_watch *watch, size_t *size)
{
    const viz_graph *g = watch->graph;
    *size = sizeof watch->head + g->node_count * sizeof *watch->nodes + g->pipe_count * sizeof *watch->pipes +
            g->part_count * sizeof *watch->loads;
    for (int i = 0; i < VIZ_LEVELS; i++)
        *size += sizeof(uint32_t) + watch->levels[i].count * sizeof(viz_flight);
    char *bytes = hr_alloc(*size), *at = bytes;
    put(&at, &watch->head, sizeof watch->head);
    put(&at, watch->nodes, g->node_count * sizeof *watch->nodes);
    put(&at, watch->pipes, g->pipe_count * sizeof *watch->pipes);
    put(&at, watch->loads, g->part_count * sizeof *watch->loads);
    for (int i = 0; i < VIZ_LEVELS; i++) {
        const level *l = &watch->levels[i];
        put(&at, &l->count, sizeof l->count);
        for (uint32_t age = l->count; age-- > 0;)
            put(&at, recent(l, age), sizeof(viz_flight));
    }
    return bytes;
}

void viz_watch_load(viz_watch *watch, const void *bytes)
{
    const viz_graph *g = watch->graph;
    const char *at = bytes;
    take(&at, &watch->head, sizeof watch->head);
    take(&at, watch->nodes, g->node_count * sizeof *watch->nodes);
    take(&at, watch->pipes, g->pipe_count * sizeof *watch->pipes);
    take(&at, watch->loads, g->part_count * sizeof *watch->loads);
    for (int i = 0; i < VIZ_LEVELS; i++) {
        level *l = &watch->levels[i];
        take(&at, &l->count, sizeof l->count);
        take(&at, l->flight, l->count * sizeof(viz_flight));
        l->newest = l->count;
    }
}

// --- flights --------------------------------------------------------------------------------------------------------

hr_time viz_watch_before(const viz_watch *watch, hr_time at)
{
    hr_time best = -1;
    for (int i = 0; i < VIZ_LEVELS; i++) {
        const level *l = &watch->levels[i];
        uint32_t age = 0;
        while (age < l->count && recent(l, age)->at >= at)
            age++;
        if (age < l->count)
            best = hr_max_time(best, recent(l, age)->at);
    }
    return best;
}

static bool is_on_its_way(const viz_flight *f, hr_time now, hr_time span)
{
    hr_time begins = f->at + f->hop * span;
    return begins <= now && now < begins + span;
}

// Counts what a level has on its way, newest first, back to `since`. False: it has forgotten flights that could still be on their way.
static bool count_level(const level *l, hr_time since, hr_time now, hr_time span, uint32_t *count)
{
    *count = 0;
    for (uint32_t age = 0; age < l->count; age++) {
        if (recent(l, age)->at <= since)
            return true;
        *count += is_on_its_way(recent(l, age), now, span);
    }
    return l->count < VIZ_LEVEL_ROOM;
}

uint32_t viz_watch_flights(const viz_watch *watch, hr_time now, hr_time span, viz_flight *flights, uint32_t room, uint64_t *one_in)
{
    hr_time since = now - span * (hr_time)(watch->head.hop_most + 1);
    uint32_t count[VIZ_LEVELS], total = 0;
    int least = VIZ_LEVELS;                    // thin as little as fits: add levels while all of them are known
    while (least > 0 && count_level(&watch->levels[least - 1], since, now, span, &count[least - 1]) && total + count[least - 1] <= room)
        total += count[--least];
    *one_in = (uint64_t)1 << least;
    uint32_t n = 0;
    for (int i = least; i < VIZ_LEVELS; i++)
        for (uint32_t age = 0; age < watch->levels[i].count && recent(&watch->levels[i], age)->at > since; age++)
            if (is_on_its_way(recent(&watch->levels[i], age), now, span))
                flights[n++] = *recent(&watch->levels[i], age);
    return n;
}
