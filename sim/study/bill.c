// sim/study/bill.c - what a component costs.
#include "sim/study/measure.h"

// One that a variant leaves aside is not paid for.
bool sim_bill_is_asked(const sim_model *model, int component)
{
    for (int i = 0; i < model->component_count; i++) {
        if (model->components[i].kind == SIM_PART_cache && i != component && sim_bill_is_asked(model, i)) {
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

// Replicas that come and go cost for as long as they are there; in a cluster the nodes
// are paid for. A workload costs what its requests and answers do, the network what crosses between regions.
double sim_bill(const sim_counted *counted, int i)
{
    const sim_model *model = counted->model;
    const sim_station_view *station = &counted->station[i];
    const sim_workload_view *requests = &counted->requests[i];
    const sim_model_component *c = &model->components[i];
    if (c->kind == SIM_PART_workload) {
        double bytes = (double)(requests->outcome[SIM_ok] + requests->outcome[SIM_late]) * ((const sim_workload_def *)c->def)->size_bytes;
        return ((double)requests->offered / 1e6 * model->prices.requests + bytes / (1u << 30) * model->prices.egress) * 3600 / counted->window_s;
    }
    if (c->kind == SIM_PART_network)
        return sim_crossed_mib(station) / 1024 * model->prices.transfer * 3600 / counted->window_s;
    bool is_leaf = c->kind == SIM_PART_cache || c->kind == SIM_PART_database;
    sim_machine_view v;
    if (!sim_machine_look(c->kind, c->def, &v) || (is_leaf && !sim_bill_is_asked(model, i)))
        return 0;
    double servers = sim_is_scaled(model, i) || c->kind == SIM_PART_cluster ? station->replicas : v.servers * (station->shards ? station->shards_paid : 1);
    if (station->is_vertical && servers > 0) {
        v.cores = station->held_cores / servers;
        v.memory_bytes = station->held_bytes / servers;
    }
    sim_prices prices = model->prices;
    if (c->kind == SIM_PART_service && ((const sim_service_def *)c->def)->in_cluster)
        prices.core = prices.gib = 0;          // its place on a node is paid for there; a licence is not
    double cost = sim_machine_cost(&v, servers, &prices);
    const sim_instance_def *to = c->kind == SIM_PART_service ? ((const sim_service_def *)c->def)->resize.to
                                 : c->kind == SIM_PART_database ? ((const sim_database_def *)c->def)->resize.to : NULL;
    if (!to)
        return cost;
    sim_machine_def moved = *v.machine;        // paid for as long as it is the one or the other
    moved.instance = to;
    v = (sim_machine_view){&moved, to->cores, to->memory_bytes, servers};
    return (1 - station->resized) * cost + station->resized * sim_machine_cost(&v, servers, &prices);
}
