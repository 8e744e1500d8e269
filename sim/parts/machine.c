// sim/parts/machine.c - see machine.h.
#include "sim/parts/broker.h"

sim_machine_def *sim_machine_of(uint16_t kind, void *def)
{
    switch (kind) {
    case SIM_PART_service: return &((sim_service_def *)def)->machine;
    case SIM_PART_database: return &((sim_database_def *)def)->machine;
    case SIM_PART_cluster: return &((sim_cluster_def *)def)->machine;
    case SIM_PART_cache: return &((sim_cache_def *)def)->machine;
    case SIM_PART_broker: return &((sim_broker_def *)def)->machine;
    default: return NULL;
    }
}

#define VIEW(d, count) (sim_machine_view){&(d)->machine, (d)->cores, (double)(d)->memory_bytes, count}

bool sim_machine_look(uint16_t kind, const void *def, sim_machine_view *view)
{
    const sim_service_def *service = def;
    const sim_database_def *database = def;
    const sim_cluster_def *cluster = def;
    switch (kind) {
    case SIM_PART_service: *view = VIEW(service, service->replicas); return true;
    case SIM_PART_database: *view = VIEW(database, 1 + database->replicas); return true;
    case SIM_PART_cluster: *view = VIEW(cluster, cluster->nodes); return true;
    case SIM_PART_cache: *view = VIEW((const sim_cache_def *)def, 1); return true;
    case SIM_PART_broker: *view = VIEW((const sim_broker_def *)def, 1); return true;
    default: return false;
    }
}

double sim_machine_cost(const sim_machine_view *v, double servers, const sim_prices *prices)
{
    const double gib = 1u << 30;
    const sim_machine_def *m = v->machine;
    double machine = m->instance ? m->instance->price : v->cores * prices->core + v->memory_bytes / gib * prices->gib;
    double storage = m->storage_bytes / gib * prices->storage / SIM_MONTH_HOURS;
    return servers * (machine + storage + m->licence + m->licence_core * v->cores);
}

double sim_machine_stretch(const sim_machine_def *machine, double cores)
{
    double n = sim_whole_cores(cores);
    return machine->contention * (n - 1) + machine->coherency * n * (n - 1);
}
