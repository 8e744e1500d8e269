// sim/parts/station.c - what stations show: of a component as a whole, of several together, of a piece of a run.
#include <math.h>
#include <string.h>

#include "sim/parts/cdn.h"
#include "sim/parts/mesh.h"
#include "sim/parts/network.h"

// A service counts for all its replicas; of those that come and go, for those that were there.
static sim_station_view look_at_service(const sim_world *w, sim_component_id id)
{
    sim_replicas_view present = sim_service_present(w, id);
    sim_station_view v = {0};
    double n = present.present_average, utilisation = 0, memory = 0;
    for (uint32_t r = 0, slots = sim_service_replicas(w, id); r < slots; r++) {
        sim_station_view one = sim_service_look(w, id, r);
        utilisation += n > 0 ? one.utilisation / n : 0;
        memory += n > 0 ? one.memory / n : 0;
        sim_station_add(&v, &one);
    }
    v.utilisation = utilisation;
    v.memory = memory;
    v.replicas = present.is_scaled ? n : 0;
    return v;
}

sim_station_view sim_station_look(const sim_world *w, sim_component_id id)
{
    switch (w->components[id].kind) {
    case SIM_PART_service: return look_at_service(w, id);
    case SIM_PART_cluster: return (sim_station_view){.replicas = sim_cluster_look(w, id).paid_average};
    case SIM_PART_cache: return sim_cache_look(w, id);
    case SIM_PART_database: return sim_database_look(w, id);
    case SIM_PART_broker: return sim_broker_look(w, id);
    case SIM_PART_cdn: return sim_cdn_look(w, id);
    case SIM_PART_network: return (sim_station_view){.crossed_bytes = sim_network_crossed(w)};
    case SIM_PART_balancer: return sim_balancer_look(w, id);
    case SIM_PART_mesh: return sim_mesh_look(w, id);
    default: return (sim_station_view){0};
    }
}

double sim_station_busiest(const sim_station_view *v)
{
    double most = 0;
    for (uint32_t i = 0; i < v->shards; i++)
        most = fmax(most, v->shard_busy[i]);
    return most;
}

void sim_station_add(sim_station_view *sum, const sim_station_view *v)
{
#define ADD_NOW(field)     sum->field = v->field > SIM_UNLIMITED - sum->field ? SIM_UNLIMITED : sum->field + v->field
#define ADD_COUNT(field)   sum->field += v->field
#define ADD_AVERAGE(field) sum->field += v->field
#define ADD_SHARE(field)   sum->field = fmax(sum->field, v->field)
#define ADD_MOST(field)    sum->field = v->field > sum->field ? v->field : sum->field
#define ADD_HAS(field)     sum->field |= v->field
#define ADD_WHOLE(field)   sum->field |= v->field
#define ADD_EVER(field)    sum->field += v->field
#define SIM_STATION(type, field, over, help) ADD_##over(field);
#include "sim/parts/station.def"
#undef SIM_STATION
    for (int c = 0; c < SIM_MESSAGE_COUNT; c++)
        sum->messages[c] += v->messages[c];
    if (!v->shards || (sum->shards && sim_station_busiest(sum) >= sim_station_busiest(v)))
        return;
    sum->shards = v->shards;
    memcpy(sum->shard_busy, v->shard_busy, sizeof sum->shard_busy);
    memcpy(sum->shard_have, v->shard_have, sizeof sum->shard_have);
}

static double average_since(double at_a, double at_b, double a_s, double b_s) { return (at_b * b_s - at_a * a_s) / (b_s - a_s); }

// Of replicas that come and go, the time that was worked is what adds up, not the share of those that were there.
static double share_since(const sim_station_view *a, const sim_station_view *b, double at_a, double at_b, double a_s, double b_s)
{
    if (b->replicas <= 0)
        return average_since(at_a, at_b, a_s, b_s);
    double replicas = average_since(a->replicas, b->replicas, a_s, b_s);
    return replicas > 0 ? average_since(at_a * a->replicas, at_b * b->replicas, a_s, b_s) / replicas : 0;
}

sim_station_view sim_station_since(const sim_station_view *a, const sim_station_view *b, double a_s, double b_s)
{
    sim_station_view v = {.shards = b->shards};
#define SINCE_NOW(field)     v.field = b->field
#define SINCE_COUNT(field)   v.field = b->field - a->field
#define SINCE_AVERAGE(field) v.field = average_since(a->field, b->field, a_s, b_s)
#define SINCE_SHARE(field)   v.field = share_since(a, b, a->field, b->field, a_s, b_s)
#define SINCE_MOST(field)    v.field = 0
#define SINCE_HAS(field)     v.field = b->field
#define SINCE_WHOLE(field)   v.field = false
#define SINCE_EVER(field)    v.field = b->field
#define SIM_STATION(type, field, over, help) SINCE_##over(field);
#include "sim/parts/station.def"
#undef SIM_STATION
    for (uint32_t i = 0; i < b->shards; i++) {
        v.shard_busy[i] = average_since(a->shard_busy[i], b->shard_busy[i], a_s, b_s);
        v.shard_have[i] = average_since(a->shard_have[i], b->shard_have[i], a_s, b_s);
    }
    for (int c = 0; c < SIM_MESSAGE_COUNT; c++)
        v.messages[c] = b->messages[c] - a->messages[c];
    return v;
}
