// sim/scenario/vertical.c - what a scenario says of an autoscaler that changes cores and memory: what it controls and allows, its recommender, its updater.
#include <string.h>

#include "sim/scenario/reader.h"

static const char *const resources[] = {"cpu", "memory", NULL};

static void read_controlled(sim_reader *r, sim_node *node, const char *where, sim_vpa_settings *s)
{
    const sim_node *list = sim_node_member(node, "controlled_resources");
    s->controls = list ? 0 : (1u << SIM_VPA_RESOURCES) - 1;
    if (list && (list->kind != SIM_LIST || !list->count))
        SIM_FAIL(r, list, "%s.controlled_resources: want [cpu], [memory] or [cpu, memory]", where);
    for (const sim_node *n = list && list->kind == SIM_LIST ? list->first : NULL; n; n = n->next) {
        uint32_t i = 0;
        while (resources[i] && (n->kind != SIM_SCALAR || strcmp(resources[i], n->text) != 0))
            i++;
        if (resources[i])
            s->controls |= 1u << i;
        else
            SIM_FAIL(r, n, "%s.controlled_resources: want cpu or memory%s", where, HR_HINT(n->kind == SIM_SCALAR ? hr_nearest(n->text, resources) : NULL, '\''));
    }
}

void sim_vertical_read(sim_reader *r, sim_node *node, const char *where, sim_scale_settings *s)
{
    static const char *const counts[] = {"min", "max"};
    for (size_t i = 0; i < HR_COUNT(counts); i++) {
        const sim_node *n = sim_node_member(node, counts[i]);
        if (n)
            SIM_FAIL(r, n, "%s.%s: vpa leaves the number of replicas as it is; an autoscaler of another policy can change that beside it", where, counts[i]);
    }
    s->min = 0;                                // its default is another policy's
    sim_map_read(r, node, where, "recommender", "{half_life: 5min, memory_interval: 1min}", &s->vpa.recommender);
    sim_map_read(r, node, where, "updater", "{min_replicas: 1, pod_lifetime: 5min}", &s->vpa.updater);
    sim_map_read(r, node, where, "min_allowed", "{cpu: 1, memory: 128MiB}", &s->vpa.min_allowed);
    sim_map_read(r, node, where, "max_allowed", "{cpu: 4, memory: 2GiB}", &s->vpa.max_allowed);
    read_controlled(r, node, where, &s->vpa);
}

// --- the service ----------------------------------------------------------------------------------------------------------

// Why a service can't have it, or NULL.
static const char *obstacle(const sim_service_def *service, const sim_vpa_settings *s)
{
    bool memory = s->controls >> SIM_VPA_MEMORY & 1, cpu = s->controls >> SIM_VPA_CPU & 1;
    if (service->is_vertical)
        return "has a vpa already";
    if (memory && !service->has_footprint)
        return "has no `footprint`, so nobody knows what it uses of its memory: give one, or `controlled_resources: [cpu]`";
    if (service->machine.instance)
        return "runs on an `instance`, which has the cores and the memory that it has: give `cores` and `memory` instead";
    if (service->preemptive)
        return "is `preemptive`: its cores can't change while they may be taken away";
    if (cpu && service->cpu_limit > 0)
        return "has a `cpu_limit`, which would not follow: leave it out, or `controlled_resources: [memory]`";
    return NULL;
}

// Both would answer the same load: one by more replicas, the other by larger ones, each with what the other has just done.
static void refuse_same_metric(sim_reader *r, uint16_t id, const char *service, uint16_t other)
{
    const sim_model_component *c = &r->model->components[id], *h = &r->model->components[other];
    const sim_scale_settings *s = &((const sim_autoscaler_def *)c->def)->scale.settings, *t = &((const sim_autoscaler_def *)h->def)->scale.settings;
    const struct { sim_vpa_resource resource; sim_scale_metric metric; } same[] = {{SIM_VPA_CPU, SIM_SCALE_CPU}, {SIM_VPA_MEMORY, SIM_SCALE_MEMORY}};
    for (size_t i = 0; i < HR_COUNT(same); i++)
        if (s->vpa.controls >> same[i].resource & 1 && t->target[same[i].metric] > 0)
            SIM_FAIL(r, r->nodes[id], "%s: '%s' has a target for `%s` of '%s', too: both would answer the same load, one by more replicas and one by larger ones, again and "
                     "again (Kubernetes warns of it); give `controlled_resources: [%s]`, or another target there", c->name, h->name, resources[i], service, resources[1 - i]);
}

void sim_vertical_bind(sim_reader *r, uint16_t id, uint16_t target)
{
    sim_autoscaler_def *d = r->model->components[id].def;
    sim_service_def *service = r->model->components[target].def;
    const char *name = r->model->components[target].name, *why = obstacle(service, &d->scale.settings.vpa);
    if (why)
        SIM_FAIL(r, sim_node_member(r->nodes[id], "of"), "%s.of: '%s' %s", r->model->components[id].name, name, why);
    else if (service->slots)
        refuse_same_metric(r, id, name, service->scaler);
    service->is_vertical = true;
    if (service->slots) {
        d->scale.settings.max = service->slots / 2;
        return;
    }
    d->scale.settings.max = service->replicas;
    service->slots = 2 * service->replicas;
    service->scaler = id;
}
