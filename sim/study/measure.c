// sim/study/measure.c - the values of metric.def.
#include "sim/study/measure.h"

#include <math.h>
#include <stdlib.h>
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

typedef struct {                               // where values go: columns are the whole system, then those of the model
    double  *values;
    uint32_t columns;
} table;

static void put(table t, sim_metric metric, int column, double value)
{
    t.values[(size_t)metric * t.columns + (size_t)(column + 1)] = value;
}

static double share(double part, double whole) { return whole > 0 ? part / whole : NAN; }

static void measure_shards(const sim_station_view *v, table t, int component)
{
    if (!v->shards)
        return;
    double all = 0, share_of_pool = 0;
    for (uint32_t i = 0; i < v->shards; i++) {
        double busy = share(v->shard_busy[i], v->shard_have[i]);
        all += v->shard_busy[i];
        share_of_pool = busy > share_of_pool ? busy : share_of_pool;
    }
    if (all > 0)
        put(t, SIM_METRIC_shard_imbalance, component, sim_station_busiest(v) * v->shards / all);
    put(t, SIM_METRIC_busiest_shard, component, share_of_pool);
    put(t, SIM_METRIC_cross_shard, component, share((double)v->spread, (double)v->asked));
    if (v->has_doubts)
        put(t, SIM_METRIC_in_doubt, component, v->in_doubt);
    if (v->reshards)
        put(t, SIM_METRIC_moved_rows, component, (double)v->moved);
    if (v->reshard_s > 0)
        put(t, SIM_METRIC_reshard, component, v->reshard_s);
}

static void measure_transactions(const sim_station_view *v, double window_s, table t, int component)
{
    if (!v->has_transactions)
        return;
    put(t, SIM_METRIC_idle_in_transaction, component, share(v->idle_in_transaction, v->busy_average));
    put(t, SIM_METRIC_idle_timeouts, component, (double)v->idle_timeouts / window_s);
    if (v->has_locks)
        put(t, SIM_METRIC_deadlocks, component, (double)v->deadlocks / window_s);
}

static void measure_locks(const sim_station_view *v, table t, int component)
{
    if (!v->has_locks)
        return;
    put(t, SIM_METRIC_lock_wait, component, share(v->lock_wait_s, (double)v->locking));
    put(t, SIM_METRIC_blocked, component, share(v->locked_out, v->busy_average));
    put(t, SIM_METRIC_lock_timeouts, component, share((double)v->lock_timeouts, (double)v->locking));
}

// Of a replicated database, or of all.
static void measure_replicas(const sim_station_view *v, table t, int component)
{
    if (!v->lag)
        return;
    double reads = (double)v->reads;
    if (v->lag->count)
        put(t, SIM_METRIC_lag, component, (double)sim_histogram_quantile(v->lag, 0.99) * 1e-9);
    put(t, SIM_METRIC_unread_writes, component, share((double)v->unread_writes, reads));
    put(t, SIM_METRIC_backwards, component, share((double)v->backwards, reads));
    put(t, SIM_METRIC_lost_commits, component, (double)v->lost_commits);
}

// Loads of keys, where they are counted.
static void measure_loads(const sim_station_view *v, double window_s, table t, int component)
{
    if (!v->has_refills)
        return;
    if (v->knows_peak)
        put(t, SIM_METRIC_stampede, component, v->stampede);
    put(t, SIM_METRIC_loads, component, (double)v->loads / window_s);
    put(t, SIM_METRIC_waited, component, share((double)v->joined, (double)(v->loads + v->joined)));
}

static void measure_writes(const sim_station_view *v, table t, int component)
{
    if (!v->writes_behind)
        return;
    put(t, SIM_METRIC_coalesced, component, share((double)v->coalesced, (double)v->writes));
    put(t, SIM_METRIC_lost_writes, component, (double)v->lost_writes);
}

double sim_crossed_mib(const sim_station_view *v) { return (double)v->crossed_bytes / (1 << 20); }

// What any station has, and all of them together.
static void measure_station(const sim_station_view *v, double window_s, table t, int component)
{
    measure_loads(v, window_s, t, component);
    measure_writes(v, t, component);
    put(t, SIM_METRIC_queue, component, v->queue_average);
    put(t, SIM_METRIC_hit_ratio, component, share((double)v->hits, (double)(v->hits + v->misses)));
    bool knows_memory = v->has_memory || v->has_watermark;
    if (knows_memory)
        put(t, SIM_METRIC_memory, component, v->memory);
    if (v->has_memory)
        put(t, SIM_METRIC_oom_kills, component, (double)v->killed);
    if (v->has_watermark)
        put(t, SIM_METRIC_blocked_publishers, component, v->blocking);
    if (knows_memory && v->knows_peak)
        put(t, SIM_METRIC_memory_most, component, v->memory_most);
    if (v->is_vertical) {
        put(t, SIM_METRIC_requested_cores, component, v->held_cores);
        put(t, SIM_METRIC_requested_memory, component, v->held_bytes / (1u << 30));
        put(t, SIM_METRIC_evictions, component, (double)v->evicted);
        put(t, SIM_METRIC_resizes, component, (double)v->resized_in_place);
    }
    put(t, SIM_METRIC_throttled, component, share((double)v->throttled, (double)v->periods));
}

static void measure_database(const sim_station_view *v, double window_s, table t, int component)
{
    put(t, SIM_METRIC_statements, component, (double)v->started / window_s);
    if (v->has_pools)
        put(t, SIM_METRIC_connections, component, v->connections);
    measure_replicas(v, t, component);
    measure_locks(v, t, component);
    measure_transactions(v, window_s, t, component);
    put(t, SIM_METRIC_conflicts, component, share((double)v->conflicts, (double)v->checked));
    measure_shards(v, t, component);
}

static bool is_station(uint16_t kind)
{
    return kind == SIM_PART_service || kind == SIM_PART_cache || kind == SIM_PART_database || kind == SIM_PART_broker || kind == SIM_PART_cdn;
}

bool sim_is_scaled(const sim_model *model, int component)
{
    const sim_model_component *c = &model->components[component];
    return c->kind == SIM_PART_service && ((const sim_service_def *)c->def)->slots > 0;
}

// The utilisation of several databases is their mean.
static void add_database(sim_station_view *all, sim_histogram *lag, const sim_station_view *v, int count)
{
    double mean = all->utilisation + (v->utilisation - all->utilisation) / count;
    sim_station_add(all, v);
    all->utilisation = mean;
    if (!v->lag)
        return;
    sim_histogram_merge(lag, v->lag);
    all->lag = lag;
}

// Services, caches, databases, brokers and CDNs. The system's utilisation is that of its databases.
static void measure_stations(const sim_counted *c, table t)
{
    sim_station_view all = {0}, databases = {0};
    sim_histogram lag = {0};
    int stations = 0, database_count = 0, scaled = 0;
    for (int i = 0; i < c->model->component_count; i++) {
        const sim_station_view *v = &c->station[i];
        uint16_t kind = c->model->components[i].kind;
        if (kind == SIM_PART_network)
            put(t, SIM_METRIC_transfer, -1, sim_crossed_mib(v) / c->window_s);
        if (!is_station(kind))
            continue;
        stations++;
        sim_station_add(&all, v);
        measure_station(v, c->window_s, t, i);
        if (kind != SIM_PART_cdn)              // an edge has room for all
            put(t, SIM_METRIC_utilisation, i, v->utilisation);
        if (kind == SIM_PART_database) {
            database_count++;
            add_database(&databases, &lag, v, database_count);
            measure_database(v, c->window_s, t, i);
        }
        if (sim_is_scaled(c->model, i)) {
            scaled++;
            put(t, SIM_METRIC_replicas, i, v->replicas);
        }
    }
    if (stations)
        measure_station(&all, c->window_s, t, -1);
    if (database_count) {
        measure_database(&databases, c->window_s, t, -1);
        put(t, SIM_METRIC_utilisation, -1, databases.utilisation);
    }
    if (scaled)
        put(t, SIM_METRIC_replicas, -1, all.replicas);
}

static void measure_balancer(const sim_station_view *v, table t, int component)
{
    put(t, SIM_METRIC_lost_sessions, component, share((double)v->lost_sessions, (double)v->session_looks));
    put(t, SIM_METRIC_moved_sessions, component, share((double)v->moved_sessions, (double)v->cookies));
    put(t, SIM_METRIC_sidecar_retries, component, share((double)v->retried, (double)v->attempts));
    put(t, SIM_METRIC_away, component, share((double)v->away, (double)v->attempts));
    if (!v->judges)
        return;
    put(t, SIM_METRIC_unhealthy, component, v->unhealthy);
    put(t, SIM_METRIC_panicking, component, v->panicking);
}

// Balancers and meshes, and services that remember users: each, and all together; the share of the time in panic is that of the worst.
static void measure_balancers(const sim_counted *c, table t)
{
    sim_station_view all = {0};
    for (int i = 0; i < c->model->component_count; i++) {
        measure_balancer(&c->station[i], t, i);
        sim_station_add(&all, &c->station[i]);
    }
    measure_balancer(&all, t, -1);
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
    if (v->wasted || v->outcome[SIM_timeout])  // somebody has stopped waiting
        put(t, SIM_METRIC_wasted, component, (double)v->wasted / window_s);
    put(t, SIM_METRIC_stale, component, share((double)v->stale, (double)v->reads));
    if (v->knows_age && v->stale)
        put(t, SIM_METRIC_stale_age, component, v->stale_age_s / (double)v->stale);
    if (v->stale_age_most)                     // of a part of the time it is not known
        put(t, SIM_METRIC_stale_age_most, component, (double)v->stale_age_most * 1e-9);
    if (has_truth)                             // an empty answer is quick and never stale: a system must not be praised for it
        put(t, SIM_METRIC_empty, component, share(ok + late - (double)v->reads, ok + late));
}

// Of each component and of all; of one in money only when that costs something.
static void measure_cost(const sim_counted *c, table t)
{
    double all = 0, good_per_s = (double)c->all->outcome[SIM_ok] / c->window_s;
    for (int i = 0; i < c->model->component_count; i++) {
        double cost = sim_bill(c, i);
        if (cost > 0)
            put(t, SIM_METRIC_cost, i, cost);
        all += cost;
    }
    if (all > 0)
        put(t, SIM_METRIC_cost, -1, all);
    if (all > 0 && good_per_s > 0)
        put(t, SIM_METRIC_cost_per_million, -1, all / (good_per_s * 3600) * 1e6);
}

static void measure_messages(const sim_station_view *v, const sim_histogram *latency, double window_s, table t, int component)
{
    const uint64_t *n = v->messages;
    double gone = (double)(n[SIM_MESSAGE_dropped] + n[SIM_MESSAGE_expired] + n[SIM_MESSAGE_lost] + n[SIM_MESSAGE_vanished]);
    double acked = (double)n[SIM_MESSAGE_acked], dead = (double)n[SIM_MESSAGE_dead];
    if (latency->count) {
        put(t, SIM_METRIC_message_p50, component, (double)sim_histogram_quantile(latency, 0.50) * 1e-9);
        put(t, SIM_METRIC_message_p99, component, (double)sim_histogram_quantile(latency, 0.99) * 1e-9);
    }
    put(t, SIM_METRIC_messages, component, (double)n[SIM_MESSAGE_published] / window_s);
    put(t, SIM_METRIC_redelivered, component, share((double)n[SIM_MESSAGE_redelivered], (double)n[SIM_MESSAGE_delivered]));
    put(t, SIM_METRIC_dead, component, share(dead, acked + gone + dead));
    put(t, SIM_METRIC_lost, component, share(gone + (double)n[SIM_MESSAGE_spoilt], acked + gone));
    put(t, SIM_METRIC_duplicates, component, share((double)n[SIM_MESSAGE_duplicates], acked));
}

// Brokers, and their queues.
static void measure_brokers(const sim_counted *counted, table t)
{
    sim_station_view all = {0};
    sim_histogram *latency = hr_alloc(sizeof *latency);
    bool any = false;
    for (int i = 0; i < counted->model->component_count; i++) {
        if (counted->model->components[i].kind != SIM_PART_broker || !sim_bill_is_asked(counted->model, i))
            continue;
        any = true;
        measure_messages(&counted->station[i], counted->requests[i].latency, counted->window_s, t, i);
        sim_histogram_merge(latency, counted->requests[i].latency);
        sim_station_add(&all, &counted->station[i]);
    }
    for (int i = counted->model->component_count; i < (int)counted->model->column_count; i++) {
        measure_messages(&counted->station[i], counted->requests[i].latency, counted->window_s, t, i);
        put(t, SIM_METRIC_queue, i, counted->station[i].queue_average);
    }
    if (any)
        measure_messages(&all, latency, counted->window_s, t, -1);
    free(latency);
}

void sim_measure(const sim_counted *c, double *values)
{
    table t = {values, c->model->column_count + 1u};
    for (size_t i = 0; i < SIM_METRIC_COUNT * (size_t)t.columns; i++)
        t.values[i] = NAN;
    measure_stations(c, t);
    measure_balancers(c, t);
    for (int i = 0; i < c->model->component_count; i++)
        if (c->model->components[i].kind == SIM_PART_workload)
            measure_requests(&c->requests[i], c->has_truth, c->window_s, t, i);
    measure_requests(c->all, c->has_truth, c->window_s, t, -1);
    measure_brokers(c, t);
    measure_cost(c, t);
}
