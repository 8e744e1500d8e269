// sim/study/trial.c - one replication: what is read from a world at the end of its window.
#include "sim/study/study.h"

#include <math.h>
#include <string.h>

const sim_metric_row sim_metrics[SIM_METRIC_COUNT] = {
#define SIM_METRIC(word, json, unit, factor, better, help) {#word, #json, unit, factor, better, help},
#include "sim/study/metric.def"
#undef SIM_METRIC
};

int sim_metric_find(const char *word)
{
    for (int i = 0; i < SIM_METRIC_COUNT; i++)
        if (strcmp(sim_metrics[i].word, word) == 0)
            return i;
    return -1;
}

uint64_t sim_study_seed(uint64_t seed, int r)
{
    return sim_random(seed, 0x5EED, (uint64_t)r, 0).word[0];
}

typedef struct {                               // where values go: columns are the whole system, then every component
    double  *values;
    uint32_t columns;
} table;

static void put(table t, sim_metric metric, int component, double value)
{
    t.values[(size_t)metric * t.columns + (size_t)(component + 1)] = value;
}

static double share(double part, double whole) { return whole > 0 ? part / whole : NAN; }

// The state of queues, caches and databases, which the drain would change.
static void measure_stations(const sim_world *w, const sim_model *model, double window_s, table t)
{
    uint64_t hits = 0, misses = 0, statements = 0;
    double pool_busy = 0, queue = 0;
    int databases = 0, caches = 0, stations = 0;
    for (int i = 0; i < model->component_count; i++) {
        sim_station_view v = {0};
        sim_component_id id = (sim_component_id)i;
        switch (model->components[i].kind) {
        case SIM_PART_service:
            for (uint32_t r = 0, n = sim_service_replicas(w, id); r < n; r++) {
                sim_station_view one = sim_service_look(w, id, r);
                v.utilisation += one.utilisation / n;
                v.queue_average += one.queue_average;
                v.hits += one.hits;
                v.misses += one.misses;
            }
            caches += ((const sim_service_def *)model->components[i].def)->local_entries > 0;
            break;
        case SIM_PART_cache:
            v = sim_cache_look(w, id);
            caches++;
            break;
        case SIM_PART_database:
            v = sim_database_look(w, id);
            statements += v.started;
            pool_busy += v.utilisation;
            databases++;
            put(t, SIM_METRIC_statements, i, (double)v.started / window_s);
            break;
        default: continue;
        }
        stations++;
        hits += v.hits;
        misses += v.misses;
        queue += v.queue_average;
        put(t, SIM_METRIC_utilisation, i, v.utilisation);
        put(t, SIM_METRIC_queue, i, v.queue_average);
        put(t, SIM_METRIC_hit_ratio, i, share((double)v.hits, (double)(v.hits + v.misses)));
    }
    if (stations)
        put(t, SIM_METRIC_queue, -1, queue);
    if (databases) {
        put(t, SIM_METRIC_statements, -1, (double)statements / window_s);
        put(t, SIM_METRIC_utilisation, -1, pool_busy / databases);
    }
    if (caches)
        put(t, SIM_METRIC_hit_ratio, -1, share((double)hits, (double)(hits + misses)));
}

static void measure_requests(const sim_workload_view *v, bool has_truth, double window_s, table t, int component)
{
    double offered = (double)v->offered, ok = (double)v->outcome[SIM_ok], late = (double)v->outcome[SIM_late];
    if (v->latency->count) {
        put(t, SIM_METRIC_p50, component, (double)sim_histogram_quantile(v->latency, 0.50) * 1e-9);
        put(t, SIM_METRIC_p95, component, (double)sim_histogram_quantile(v->latency, 0.95) * 1e-9);
        put(t, SIM_METRIC_p99, component, (double)sim_histogram_quantile(v->latency, 0.99) * 1e-9);
        put(t, SIM_METRIC_mean, component, sim_histogram_mean_s(v->latency));
    }
    put(t, SIM_METRIC_throughput, component, (ok + late) / window_s);
    put(t, SIM_METRIC_goodput, component, ok / window_s);
    put(t, SIM_METRIC_good, component, share(ok, offered));
    put(t, SIM_METRIC_late, component, share(late, offered));
    put(t, SIM_METRIC_errors, component, share(offered - ok - late, offered));      // what never came back counts, too
    put(t, SIM_METRIC_stale, component, share((double)v->stale, (double)v->reads));
    if (has_truth)                             // an empty answer is quick and never stale: a system must not be praised for it
        put(t, SIM_METRIC_empty, component, share(ok + late - (double)v->reads, ok + late));
}

// Whether any step of any handler asks the component: one that a variant leaves aside is not paid for.
static bool is_asked(const sim_model *model, int component)
{
    for (int i = 0; i < model->component_count; i++) {
        if (model->components[i].kind != SIM_PART_service)
            continue;
        const sim_service_def *s = model->components[i].def;
        for (uint16_t h = 0; h < s->handler_count; h++)
            for (uint16_t k = 0; k < s->handlers[h].count; k++) {
                const sim_step_def *step = &s->handlers[h].steps[k];
                if (step->kind >= SIM_STEP_get && step->kind <= SIM_STEP_query && step->target != SIM_LOCAL &&
                    sim_model_behind(model, step->target) == component)
                    return true;
            }
    }
    return false;
}

// What cores and memory cost in an hour, in the scenario's money.
static double cost_per_hour(const sim_model *model)
{
    double cores = 0, bytes = 0;
    for (int i = 0; i < model->component_count; i++) {
        const void *def = model->components[i].def;
        if (model->components[i].kind != SIM_PART_service && !is_asked(model, i))
            continue;
        switch (model->components[i].kind) {
        case SIM_PART_service: {
            const sim_service_def *s = def;
            cores += s->replicas * s->cores;
            bytes += s->replicas * s->memory_bytes;
            break;
        }
        case SIM_PART_cache:
            cores += ((const sim_cache_def *)def)->cores;
            bytes += (double)((const sim_cache_def *)def)->memory_bytes;
            break;
        case SIM_PART_database:
            cores += ((const sim_database_def *)def)->cores;
            bytes += ((const sim_database_def *)def)->memory_bytes;
            break;
        default: break;
        }
    }
    return cores * model->price_core + bytes / (double)(1u << 30) * model->price_gib;
}

void sim_trial_measure(sim_world *w, const sim_model *model, hr_time from, hr_time to, sim_trial *trial)
{
    table t = {trial->values, model->component_count + 1u};
    for (size_t i = 0; i < SIM_METRIC_COUNT * (size_t)t.columns; i++)
        trial->values[i] = NAN;
    double window_s = (double)(to - from) * 1e-9;
    measure_stations(w, model, window_s, t);
    if (!w->on_wall_clock)                     // on the wall clock the live loop has waited for every answer
        sim_world_drain(w, to + 10 * (to - from) + 60 * HR_SEC);
    sim_world_check(w);
    sim_workload_view all = {.latency = &trial->latency};
    for (int i = 0; i < model->component_count; i++) {
        if (model->components[i].kind != SIM_PART_workload)
            continue;
        sim_workload_view v = sim_workload_look(w, (sim_component_id)i);
        measure_requests(&v, w->has_truth, window_s, t, i);
        sim_histogram_merge(&trial->latency, v.latency);
        all.offered += v.offered;
        all.stale += v.stale;
        all.reads += v.reads;
        for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
            all.outcome[o] += v.outcome[o];
    }
    measure_requests(&all, w->has_truth, window_s, t, -1);
    memcpy(trial->outcome, all.outcome, sizeof all.outcome);
    double cost = cost_per_hour(model), good_per_s = (double)all.outcome[SIM_ok] / window_s;
    if (cost > 0) {
        put(t, SIM_METRIC_cost, -1, cost);
        if (good_per_s > 0)
            put(t, SIM_METRIC_cost_per_million, -1, cost / (good_per_s * 3600) * 1e6);
    }
}
