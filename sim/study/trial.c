// sim/study/trial.c - one replication: what is read from a world at the end of its window, or of a piece of it.
#include "sim/study/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/parts/cdn.h"

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

static void add_sessions(sim_session_counts *sum, const sim_session_counts *c)
{
    sum->looks += c->looks;
    sum->lost += c->lost;
}

// What is counted adds up: replicas to their service, components to the whole system.
static void add_station(sim_station_view *all, const sim_station_view *v)
{
    all->queue_average += v->queue_average;
    add_sessions(&all->sessions, &v->sessions);
    all->started += v->started;
    all->hits += v->hits;
    all->misses += v->misses;
    all->has_refills = all->has_refills || v->has_refills;
    all->knows_peak = all->knows_peak || v->knows_peak;
    all->loads += v->loads;
    all->joined += v->joined;
    all->stampede = v->stampede > all->stampede ? v->stampede : all->stampede;
    all->periods += v->periods;
    all->throttled += v->throttled;
    all->has_memory = all->has_memory || v->has_memory;
    all->memory = fmax(all->memory, v->memory);
    all->memory_most = fmax(all->memory_most, v->memory_most);
    all->killed += v->killed;
    all->has_pools = all->has_pools || v->has_pools;
    all->connections += v->connections;
    if (v->writes_behind) {
        all->writes_behind = true;
        all->writes += v->writes;
        all->coalesced += v->coalesced;
        all->lost += v->lost;
    }
}

// A service counts for all its replicas; of those that come and go, for those that were there.
static sim_station_view look_at_service(const sim_world *w, sim_component_id id)
{
    sim_replicas_view present = sim_service_present(w, id);
    sim_station_view v = {.replicas = present.is_scaled ? present.present_average : 0};
    double n = present.present_average, memory = 0, resized = 0;
    for (uint32_t r = 0, slots = sim_service_replicas(w, id); r < slots; r++) {
        sim_station_view one = sim_service_look(w, id, r);
        v.utilisation += n > 0 ? one.utilisation / n : 0;
        memory += n > 0 ? one.memory / n : 0;
        resized = one.resized;
        add_station(&v, &one);
    }
    v.memory = memory;
    v.resized = resized;
    return v;
}

// Histograms go on counting in the world: a copy, for the caller to free.
static const sim_histogram *copy_of(const sim_histogram *h)
{
    sim_histogram *copy = h ? hr_alloc(sizeof *copy) : NULL;
    if (h)
        *copy = *h;
    return copy;
}

static void free_copy(const sim_histogram *h) { free((void *)(uintptr_t)h); }

static sim_station_view look_at_database(const sim_world *w, sim_component_id id)
{
    sim_station_view v = sim_database_look(w, id);
    v.lag = copy_of(v.lag);
    return v;
}

// The busiest shard's connections that run statements.
static double busiest(const sim_station_view *v)
{
    double most = 0;
    for (uint32_t i = 0; i < v->shards; i++)
        most = v->shard_busy[i] > most ? v->shard_busy[i] : most;
    return most;
}

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
        put(t, SIM_METRIC_shard_imbalance, component, busiest(v) * v->shards / all);
    put(t, SIM_METRIC_busiest_shard, component, share_of_pool);
    put(t, SIM_METRIC_cross_shard, component, share((double)v->database.spread, (double)v->database.asked));
    if (v->reshards)
        put(t, SIM_METRIC_moved_rows, component, (double)v->database.moved);
    if (v->reshard_s > 0)
        put(t, SIM_METRIC_reshard, component, v->reshard_s);
}

// Of several databases with shards, the one with the busiest shard speaks for all; rows that move add up.
static void add_shards(sim_station_view *all, const sim_station_view *v)
{
    all->reshards |= v->reshards;
    all->database.moved += v->database.moved;
    all->reshard_s = fmax(all->reshard_s, v->reshard_s);
    if (!v->shards || (all->shards && busiest(all) >= busiest(v)))
        return;
    all->shards = v->shards;
    memcpy(all->shard_busy, v->shard_busy, sizeof all->shard_busy);
    memcpy(all->shard_have, v->shard_have, sizeof all->shard_have);
    all->database.asked = v->database.asked;
    all->database.spread = v->database.spread;
}

static void measure_locks(const sim_station_view *v, table t, int component)
{
    if (!v->has_locks)
        return;
    put(t, SIM_METRIC_lock_wait, component, share(v->database.lock_wait_s, (double)v->database.locking));
    put(t, SIM_METRIC_blocked, component, share(v->locked_out, v->busy_average));
    put(t, SIM_METRIC_lock_timeouts, component, share((double)v->database.lock_timeouts, (double)v->database.locking));
}

static void add_locks(sim_station_view *all, const sim_station_view *v)
{
    all->has_locks |= v->has_locks;
    all->locked_out += v->locked_out;
    all->busy_average += v->busy_average;
    all->database.locking += v->database.locking;
    all->database.lock_timeouts += v->database.lock_timeouts;
    all->database.lock_wait_s += v->database.lock_wait_s;
}

// `lag` of the view is the caller's to free.
static sim_station_view look_at(const sim_world *w, const sim_model *model, int component)
{
    sim_component_id id = (sim_component_id)component;
    switch (model->components[component].kind) {
    case SIM_PART_service: return look_at_service(w, id);
    case SIM_PART_cluster: return (sim_station_view){.replicas = sim_cluster_look(w, id).paid_average};
    case SIM_PART_cache: return sim_cache_look(w, id);
    case SIM_PART_database: return look_at_database(w, id);
    case SIM_PART_broker: return sim_broker_look(w, id);
    case SIM_PART_cdn: return sim_cdn_look(w, id);
    case SIM_PART_network: return (sim_station_view){.crossed_bytes = sim_network_crossed(w)};
    case SIM_PART_balancer: return (sim_station_view){.balancer = sim_balancer_look(w, id)};
    default: return (sim_station_view){0};
    }
}

// Of a replicated database, or of all.
static void measure_replicas(const sim_station_view *v, table t, int component)
{
    if (!v->lag)
        return;
    double reads = (double)v->database.reads;
    if (v->lag->count)
        put(t, SIM_METRIC_lag, component, (double)sim_histogram_quantile(v->lag, 0.99) * 1e-9);
    put(t, SIM_METRIC_unread_writes, component, share((double)v->database.unread_writes, reads));
    put(t, SIM_METRIC_backwards, component, share((double)v->database.backwards, reads));
    put(t, SIM_METRIC_lost_commits, component, (double)v->database.lost_commits);
}

static void add_replicas(sim_station_view *all, sim_histogram *lag, const sim_station_view *v)
{
    if (!v->lag)
        return;
    sim_histogram_merge(lag, v->lag);
    all->lag = lag;
    all->database.reads += v->database.reads;
    all->database.unread_writes += v->database.unread_writes;
    all->database.backwards += v->database.backwards;
    all->database.lost_commits += v->database.lost_commits;
}

static bool is_scaled(const sim_model *model, int component)
{
    const sim_model_component *c = &model->components[component];
    return c->kind == SIM_PART_service && ((const sim_service_def *)c->def)->slots > 0;
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
    put(t, SIM_METRIC_lost_writes, component, (double)v->lost);
}

static double crossed_mib(const sim_station_view *v) { return (double)v->crossed_bytes / (1 << 20); }

// What any station has, and all of them together.
static void measure_station(const sim_station_view *v, double window_s, table t, int component)
{
    measure_loads(v, window_s, t, component);
    measure_writes(v, t, component);
    put(t, SIM_METRIC_queue, component, v->queue_average);
    put(t, SIM_METRIC_hit_ratio, component, share((double)v->hits, (double)(v->hits + v->misses)));
    if (v->has_memory) {
        put(t, SIM_METRIC_memory, component, v->memory);
        put(t, SIM_METRIC_oom_kills, component, (double)v->killed);
    }
    if (v->has_memory && v->knows_peak)
        put(t, SIM_METRIC_memory_most, component, v->memory_most);
    put(t, SIM_METRIC_throttled, component, share((double)v->throttled, (double)v->periods));
}

static void measure_database(const sim_station_view *v, double window_s, table t, int component)
{
    put(t, SIM_METRIC_statements, component, (double)v->started / window_s);
    if (v->has_pools)
        put(t, SIM_METRIC_connections, component, v->connections);
    measure_replicas(v, t, component);
    measure_locks(v, t, component);
    measure_shards(v, t, component);
}

static bool is_station(const sim_model *model, int component)
{
    uint16_t kind = model->components[component].kind;
    return kind == SIM_PART_service || kind == SIM_PART_cache || kind == SIM_PART_database || kind == SIM_PART_broker ||
           kind == SIM_PART_cdn;
}

// Services, caches, databases, brokers and CDNs: `view` of every component. The system's utilisation is that of its databases.
static void measure_stations(const sim_station_view *view, const sim_model *model, double window_s, table t)
{
    sim_station_view all = {0}, databases = {0};
    sim_histogram lag = {0};
    int stations = 0, database_count = 0, scaled = 0;
    for (int i = 0; i < model->component_count; i++) {
        const sim_station_view *v = &view[i];
        if (model->components[i].kind == SIM_PART_network)
            put(t, SIM_METRIC_transfer, -1, crossed_mib(v) / window_s);
        if (!is_station(model, i))
            continue;
        stations++;
        add_station(&all, v);
        measure_station(v, window_s, t, i);
        if (model->components[i].kind != SIM_PART_cdn)     // an edge has room for all
            put(t, SIM_METRIC_utilisation, i, v->utilisation);
        if (model->components[i].kind == SIM_PART_database) {
            database_count++;
            databases.utilisation += v->utilisation;
            add_station(&databases, v);
            add_replicas(&databases, &lag, v);
            add_locks(&databases, v);
            add_shards(&databases, v);
            measure_database(v, window_s, t, i);
        }
        if (is_scaled(model, i)) {
            scaled++;
            all.replicas += v->replicas;
            put(t, SIM_METRIC_replicas, i, v->replicas);
        }
    }
    if (stations)
        measure_station(&all, window_s, t, -1);
    if (database_count) {
        measure_database(&databases, window_s, t, -1);
        put(t, SIM_METRIC_utilisation, -1, databases.utilisation / database_count);
    }
    if (scaled)
        put(t, SIM_METRIC_replicas, -1, all.replicas);
}

static void measure_sessions(const sim_session_counts *sessions, const sim_session_counts *cookies, table t, int component)
{
    put(t, SIM_METRIC_lost_sessions, component, share((double)sessions->lost, (double)sessions->looks));
    put(t, SIM_METRIC_moved_sessions, component, share((double)cookies->lost, (double)cookies->looks));
}

// Balancers: each, and all that keep replicas out together; the share of the time in panic is that of the worst.
static void measure_balancers(const sim_station_view *view, int count, table t)
{
    sim_balancer_view all = {0};
    sim_session_counts sessions = {0}, cookies = {0};
    for (int i = 0; i < count; i++) {
        const sim_balancer_view *v = &view[i].balancer;
        add_sessions(&sessions, &view[i].sessions);
        add_sessions(&cookies, &v->cookies);
        measure_sessions(&view[i].sessions, &v->cookies, t, i);
        if (!v->judges)
            continue;
        all = (sim_balancer_view){.judges = true, .unhealthy = all.unhealthy + v->unhealthy, .panicking = fmax(all.panicking, v->panicking)};
        put(t, SIM_METRIC_unhealthy, i, v->unhealthy);
        put(t, SIM_METRIC_panicking, i, v->panicking);
    }
    measure_sessions(&sessions, &cookies, t, -1);
    if (all.judges) {
        put(t, SIM_METRIC_unhealthy, -1, all.unhealthy);
        put(t, SIM_METRIC_panicking, -1, all.panicking);
    }
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
    if (v->knows_age && v->stale)
        put(t, SIM_METRIC_stale_age, component, v->stale_age_s / (double)v->stale);
    if (v->stale_age_most)                     // of a part of the time it is not known
        put(t, SIM_METRIC_stale_age_most, component, (double)v->stale_age_most * 1e-9);
    if (has_truth)                             // an empty answer is quick and never stale: a system must not be praised for it
        put(t, SIM_METRIC_empty, component, share(ok + late - (double)v->reads, ok + late));
}

// Whether any step of any handler, cache or limiter asks the component: one that a variant leaves aside is not paid for.
static bool is_asked(const sim_model *model, int component)
{
    for (int i = 0; i < model->component_count; i++) {
        if (model->components[i].kind == SIM_PART_cache && i != component && is_asked(model, i)) {
            const sim_through_def *d = &((const sim_cache_def *)model->components[i].def)->through;
            if ((d->has_loads && sim_model_behind(model, d->load_target) == component) ||
                (d->write != SIM_WRITE_none && d->database == component))
                return true;
        }
        const sim_limiter_def *limiter = model->components[i].def;
        if (model->components[i].kind == SIM_PART_limiter && limiter->has_store && limiter->store == component)
            return true;
        if (model->components[i].kind != SIM_PART_service)
            continue;
        const sim_service_def *s = model->components[i].def;
        for (uint16_t h = 0; h < s->handler_count; h++)
            for (uint16_t k = 0; k < s->handlers[h].count; k++) {
                const sim_step_def *step = &s->handlers[h].steps[k];
                if (sim_step_asks(step->kind) && step->target != SIM_LOCAL && sim_model_behind(model, step->target) == component)
                    return true;
            }
    }
    return false;
}

// What a component costs in an hour, in the scenario's money. Replicas that come and go cost for as long as they are there; in a cluster the nodes
// are paid for. A workload costs what its requests and answers do, the network what crosses between regions.
static double cost_of(const sim_model *model, const sim_station_view *station, const sim_workload_view *requests, double window_s, int i)
{
    const sim_model_component *c = &model->components[i];
    if (c->kind == SIM_PART_workload) {
        double bytes = (double)(requests->outcome[SIM_ok] + requests->outcome[SIM_late]) * ((const sim_workload_def *)c->def)->size_bytes;
        return ((double)requests->offered / 1e6 * model->prices.requests + bytes / (1u << 30) * model->prices.egress) * 3600 / window_s;
    }
    if (c->kind == SIM_PART_network)
        return crossed_mib(station) / 1024 * model->prices.transfer * 3600 / window_s;
    bool is_leaf = c->kind == SIM_PART_cache || c->kind == SIM_PART_database;
    sim_machine_view v;
    if (!sim_machine_look(c->kind, c->def, &v) || (is_leaf && !is_asked(model, i)))
        return 0;
    double servers = is_scaled(model, i) || c->kind == SIM_PART_cluster ? station->replicas : v.servers * (station->shards ? station->shards_paid : 1);
    sim_prices prices = model->prices;
    if (c->kind == SIM_PART_service && ((const sim_service_def *)c->def)->in_cluster)
        prices.core = prices.gib = 0;          // its place on a node is paid for there; a licence is not
    double cost = sim_machine_cost(&v, servers, &prices);
    const sim_instance_def *to = c->kind == SIM_PART_service ? ((const sim_service_def *)c->def)->resize.to : NULL;
    if (!to)
        return cost;
    sim_machine_def moved = *v.machine;        // paid for as long as it is the one or the other
    moved.instance = to;
    v = (sim_machine_view){&moved, to->cores, to->memory_bytes, servers};
    return (1 - station->resized) * cost + station->resized * sim_machine_cost(&v, servers, &prices);
}

// Of each component and of all; of one in money only when that costs something.
static void measure_cost(const sim_model *model, const sim_station_view *station, const sim_workload_view *requests, double good_per_s,
                         double window_s, table t)
{
    double all = 0;
    for (int i = 0; i < model->component_count; i++) {
        double cost = cost_of(model, &station[i], &requests[i], window_s, i);
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

static void measure_brokers(const sim_model *model, const sim_station_view *station, const sim_workload_view *requests, double window_s, table t)
{
    sim_station_view all = {0};
    sim_histogram *latency = hr_alloc(sizeof *latency);
    bool any = false;
    for (int i = 0; i < model->component_count; i++) {
        if (model->components[i].kind != SIM_PART_broker || !is_asked(model, i))
            continue;
        any = true;
        measure_messages(&station[i], requests[i].latency, window_s, t, i);
        sim_histogram_merge(latency, requests[i].latency);
        for (int c = 0; c < SIM_MESSAGE_COUNT; c++)
            all.messages[c] += station[i].messages[c];
    }
    if (any)
        measure_messages(&all, latency, window_s, t, -1);
    free(latency);
}

static bool has_latency(const sim_model *model, int component)
{
    return model->components[component].kind == SIM_PART_workload || model->components[component].kind == SIM_PART_broker;
}

// The requests of a workload; of a broker only how long messages take.
static sim_workload_view look_at_requests(const sim_world *w, const sim_model *model, int component)
{
    sim_component_id id = (sim_component_id)component;
    return model->components[component].kind == SIM_PART_broker ? (sim_workload_view){.latency = sim_broker_latency(w, id)} : sim_workload_look(w, id);
}

static void add_requests(sim_workload_view *all, const sim_workload_view *v)
{
    all->offered += v->offered;
    all->stale += v->stale;
    all->reads += v->reads;
    all->knows_age = v->knows_age;
    all->stale_age_s += v->stale_age_s;
    all->stale_age_most = hr_max_time(all->stale_age_most, v->stale_age_most);
    for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
        all->outcome[o] += v->outcome[o];
}

// Everything that follows from what the stations and the workloads have counted in a window.
static void measure(const sim_model *model, const sim_station_view *station, const sim_workload_view *requests, const sim_workload_view *all,
                    bool has_truth, double window_s, table t)
{
    for (size_t i = 0; i < SIM_METRIC_COUNT * (size_t)t.columns; i++)
        t.values[i] = NAN;
    measure_stations(station, model, window_s, t);
    measure_balancers(station, model->component_count, t);
    for (int i = 0; i < model->component_count; i++)
        if (model->components[i].kind == SIM_PART_workload)
            measure_requests(&requests[i], has_truth, window_s, t, i);
    measure_requests(all, has_truth, window_s, t, -1);
    measure_brokers(model, station, requests, window_s, t);
    measure_cost(model, station, requests, (double)all->outcome[SIM_ok] / window_s, window_s, t);
}

void sim_trial_measure(sim_world *w, const sim_model *model, hr_time from, hr_time to, sim_trial *trial)
{
    sim_station_view *station = hr_alloc(model->component_count * sizeof *station);
    sim_workload_view *requests = hr_alloc(model->component_count * sizeof *requests), all = {.latency = &trial->latency};
    for (int i = 0; i < model->component_count; i++)
        station[i] = look_at(w, model, i);     // before the drain, which would change them
    if (!w->on_wall_clock)                     // on the wall clock the live loop has waited for every answer
        sim_world_drain(w, to + 10 * (to - from) + 60 * HR_SEC);
    sim_world_check(w);
    for (int i = 0; i < model->component_count; i++) {
        if (!has_latency(model, i))
            continue;
        requests[i] = look_at_requests(w, model, i);
        if (model->components[i].kind == SIM_PART_broker)
            continue;
        sim_histogram_merge(&trial->latency, requests[i].latency);
        add_requests(&all, &requests[i]);
    }
    measure(model, station, requests, &all, w->has_truth, (double)(to - from) * 1e-9, (table){trial->values, model->component_count + 1u});
    memcpy(trial->outcome, all.outcome, sizeof all.outcome);
    for (int i = 0; i < model->component_count; i++)
        free_copy(station[i].lag);
    free(station);
    free(requests);
}

// --- pieces of one long run -------------------------------------------------------------------------------------------

struct sim_moment {
    hr_time           since_reset;
    bool              has_truth;
    sim_station_view  *station;                // of every component
    sim_workload_view *requests;               // of every component; their histograms are ours
};

sim_moment *sim_moment_take(const sim_world *w, const sim_model *model, hr_time reset)
{
    sim_moment *m = hr_alloc(sizeof *m);
    *m = (sim_moment){w->now - reset, w->has_truth, hr_alloc(model->component_count * sizeof *m->station),
                      hr_alloc(model->component_count * sizeof *m->requests)};
    for (int i = 0; i < model->component_count; i++) {
        m->station[i] = look_at(w, model, i);
        if (!has_latency(model, i))
            continue;
        m->requests[i] = look_at_requests(w, model, i);
        m->requests[i].latency = copy_of(m->requests[i].latency);
    }
    return m;
}

void sim_moment_free(sim_moment *m, const sim_model *model)
{
    for (int i = 0; i < model->component_count; i++) {
        free_copy(m->requests[i].latency);
        free_copy(m->station[i].lag);
    }
    free(m->station);
    free(m->requests);
    free(m);
}

// An average over the time since `a`, from averages since the reset.
static double average_since(double at_a, double at_b, double a_s, double b_s) { return (at_b * b_s - at_a * a_s) / (b_s - a_s); }

// Of replicas that come and go, the time that was worked is what adds up, not the share of those that were there.
static double of_replicas_since(const sim_station_view *a, const sim_station_view *b, double at_a, double at_b, double a_s, double b_s)
{
    if (b->replicas <= 0)
        return average_since(at_a, at_b, a_s, b_s);
    double replicas = average_since(a->replicas, b->replicas, a_s, b_s);
    return replicas > 0 ? average_since(at_a * a->replicas, at_b * b->replicas, a_s, b_s) / replicas : 0;
}

// What `b` has counted since `a`; its least and greatest value stay those of all.
static void histogram_since(const sim_histogram *a, const sim_histogram *b, sim_histogram *since)
{
    *since = *b;
    since->count -= a->count;
    since->sum_s -= a->sum_s;
    for (uint32_t i = 0; i < SIM_HISTOGRAM_BUCKETS; i++)
        since->bucket[i] -= a->bucket[i];
}

static sim_session_counts sessions_since(const sim_session_counts *a, const sim_session_counts *b)
{
    return (sim_session_counts){b->looks - a->looks, b->lost - a->lost};
}

static sim_balancer_view balancer_since(const sim_balancer_view *a, const sim_balancer_view *b, double a_s, double b_s)
{
    return (sim_balancer_view){.judges = b->judges, .unhealthy = average_since(a->unhealthy, b->unhealthy, a_s, b_s),
                               .panicking = average_since(a->panicking, b->panicking, a_s, b_s), .checks = b->checks - a->checks, .ejections = b->ejections - a->ejections,
                               .failed_checks = b->failed_checks - a->failed_checks,
                               .cookies = sessions_since(&a->cookies, &b->cookies)};
}

// `lag` becomes the view's histogram.
static sim_station_view station_since(const sim_station_view *a, const sim_station_view *b, double a_s, double b_s, sim_histogram *lag)
{
    if (b->lag)
        histogram_since(a->lag, b->lag, lag);
    const sim_database_counts *d = &a->database, *e = &b->database;
    sim_station_view v = {.balancer = balancer_since(&a->balancer, &b->balancer, a_s, b_s), .sessions = sessions_since(&a->sessions, &b->sessions), .lag = b->lag ? lag : NULL, .has_pools = b->has_pools,
                          .connections = average_since(a->connections, b->connections, a_s, b_s),
                          .database = {.reads = e->reads - d->reads, .unread_writes = e->unread_writes - d->unread_writes,
                                       .backwards = e->backwards - d->backwards, .lost_commits = e->lost_commits - d->lost_commits,
                                       .asked = e->asked - d->asked, .spread = e->spread - d->spread, .moved = e->moved,
                                       .locking = e->locking - d->locking, .lock_timeouts = e->lock_timeouts - d->lock_timeouts,
                                       .lock_wait_s = e->lock_wait_s - d->lock_wait_s},
                          .has_locks = b->has_locks, .locked_out = average_since(a->locked_out, b->locked_out, a_s, b_s),
                          .busy_average = average_since(a->busy_average, b->busy_average, a_s, b_s),
                          .shards = b->shards, .shards_paid = average_since(a->shards_paid, b->shards_paid, a_s, b_s), .reshards = b->reshards, .reshard_s = b->reshard_s,
                          .utilisation = of_replicas_since(a, b, a->utilisation, b->utilisation, a_s, b_s),
                          .resized = average_since(a->resized, b->resized, a_s, b_s),
                          .memory = of_replicas_since(a, b, a->memory, b->memory, a_s, b_s), .has_memory = b->has_memory, .killed = b->killed - a->killed,
                          .queue_average = average_since(a->queue_average, b->queue_average, a_s, b_s),
                          .replicas = average_since(a->replicas, b->replicas, a_s, b_s),
                          .started = b->started - a->started, .hits = b->hits - a->hits, .misses = b->misses - a->misses,
                          .has_refills = b->has_refills, .loads = b->loads - a->loads, .joined = b->joined - a->joined,
                          .writes_behind = b->writes_behind, .writes = b->writes - a->writes,
                          .coalesced = b->coalesced - a->coalesced, .lost = b->lost - a->lost,
                          .crossed_bytes = b->crossed_bytes - a->crossed_bytes, .periods = b->periods - a->periods, .throttled = b->throttled - a->throttled};
    for (uint32_t i = 0; i < b->shards; i++) {
        v.shard_busy[i] = average_since(a->shard_busy[i], b->shard_busy[i], a_s, b_s);
        v.shard_have[i] = average_since(a->shard_have[i], b->shard_have[i], a_s, b_s);
    }
    for (int c = 0; c < SIM_MESSAGE_COUNT; c++)
        v.messages[c] = b->messages[c] - a->messages[c];
    return v;
}

// In a piece, requests are counted where they end: offered are those that have ended. `latency` becomes the view's histogram.
static sim_workload_view requests_since(const sim_workload_view *a, const sim_workload_view *b, sim_histogram *latency)
{
    sim_workload_view v = {.stale = b->stale - a->stale, .reads = b->reads - a->reads, .latency = latency, .knows_age = b->knows_age,
                           .stale_age_s = b->stale_age_s - a->stale_age_s};
    for (int o = 0; o < SIM_OUTCOME_COUNT; o++) {
        v.outcome[o] = b->outcome[o] - a->outcome[o];
        v.offered += v.outcome[o];
    }
    histogram_since(a->latency, b->latency, latency);
    return v;
}

void sim_moment_between(const sim_moment *a, const sim_moment *b, const sim_model *model, double *values)
{
    double a_s = (double)a->since_reset * 1e-9, b_s = (double)b->since_reset * 1e-9;
    sim_station_view *station = hr_alloc(model->component_count * sizeof *station);
    sim_workload_view *requests = hr_alloc(model->component_count * sizeof *requests);
    // A component has either: of a workload or broker the latencies, of a database the lag.
    sim_histogram *latency = hr_alloc((model->component_count + 1u) * sizeof *latency), *together = &latency[model->component_count];
    sim_workload_view all = {.latency = together};
    for (int i = 0; i < model->component_count; i++) {
        station[i] = station_since(&a->station[i], &b->station[i], a_s, b_s, &latency[i]);
        if (!has_latency(model, i))
            continue;
        requests[i] = requests_since(&a->requests[i], &b->requests[i], &latency[i]);
        if (model->components[i].kind == SIM_PART_broker)
            continue;
        sim_histogram_merge(together, &latency[i]);
        add_requests(&all, &requests[i]);
    }
    measure(model, station, requests, &all, b->has_truth, b_s - a_s, (table){values, model->component_count + 1u});
    free(station);
    free(requests);
    free(latency);
}
