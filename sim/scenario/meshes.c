// sim/scenario/meshes.c - what a mesh says beside its plain keys: which services, when sidecars ask again, which services are nearer than others.
#include "sim/parts/mesh.h"

#include <string.h>

#include "sim/parts/network.h"
#include "sim/scenario/reader.h"

static void read_targets(sim_reader *r, uint16_t id, sim_node *to, sim_mesh_def *d)
{
    const char *name = r->model->components[id].name;
    bool is_list = to->kind == SIM_LIST;
    if (to->kind == SIM_MAP || (is_list && (!to->count || to->count > SIM_MOST_MESH_TARGETS))) {
        SIM_FAIL(r, to, "%s.to: want a service, or a list of 1 to %d that answer the same operations, such as [api_eu, api_us]", name, SIM_MOST_MESH_TARGETS);
        return;
    }
    uint16_t *targets = sim_pool_take(r->pool, SIM_MOST_MESH_TARGETS * sizeof *targets), count = 0;
    for (const sim_node *n = is_list ? to->first : to; n; n = is_list ? n->next : NULL) {
        int target = n->kind == SIM_SCALAR ? sim_resolve(r, n, n->text, SIM_PART_service) : -1;
        if (n->kind != SIM_SCALAR)
            SIM_FAIL(r, n, "%s.to: want names of services", name);
        for (uint16_t i = 0; i < count; i++)
            if (targets[i] == target)
                SIM_FAIL(r, n, "%s.to: '%s' is there twice", name, n->text);
        if (target >= 0)
            targets[count++] = (uint16_t)target;
    }
    d->targets = targets;
    d->target_count = count;
}

// The outcomes after which a sidecar asks again: a word or a list of them.
static void read_retry_on(sim_reader *r, const char *name, const sim_node *on, sim_mesh_def *d)
{
    static const sim_outcome outcomes[] = {SIM_error, SIM_lost, SIM_rejected, SIM_timeout};
    const char *words[HR_COUNT(outcomes) + 1] = {0};
    for (size_t i = 0; i < HR_COUNT(outcomes); i++) {
        words[i] = sim_outcome_name(outcomes[i]);
        d->retry_on |= on ? 0 : 1u << outcomes[i];
    }
    bool is_list = on && on->kind == SIM_LIST;
    if (is_list && !on->count)
        SIM_FAIL(r, on, "%s.retries.retry_on: want outcomes such as [error, lost]", name);
    for (const sim_node *n = is_list ? on->first : on; n; n = is_list ? n->next : NULL) {
        const char *word = n->kind == SIM_SCALAR ? n->text : "…";
        size_t i = 0;
        while (words[i] && strcmp(words[i], word) != 0)
            i++;
        if (words[i])
            d->retry_on |= 1u << outcomes[i];
        else
            SIM_FAIL(r, n, "%s.retries.retry_on: '%s' is no outcome after which to ask again: want error, lost, rejected or timeout%s", name, word,
                     HR_HINT(hr_nearest(word, words), '\''));
    }
}

static void read_retries(sim_reader *r, sim_node *node, const char *name, sim_mesh_def *d)
{
    sim_node *retries = sim_node_member(node, "retries");
    d->per_try_timeout = HR_FOREVER;
    d->has_retries = retries != NULL;
    if (!retries || !sim_map_read(r, node, name, "retries", "{attempts: 2}, or {} for Istio's and Envoy's values", d))
        return;
    sim_retry_def *retry = &d->retry;
    retry->policy = (uint32_t)sim_retry_find("full-jitter");
    if (!retry->cap)
        retry->cap = 10 * retry->base;         // Envoy's default
    if (retry->cap < retry->base)
        SIM_FAIL(r, sim_node_member(retries, "max_interval"), "%s.retries: want `base_interval` <= `max_interval`", name);
    if (sim_node_member(retries, "min_retry_concurrency") && retry->budget <= 0)
        SIM_FAIL(r, retries, "%s.retries: `min_retry_concurrency` belongs to `budget_percent`", name);
    read_retry_on(r, name, sim_node_member(retries, "retry_on"), d);
    if (d->per_try_timeout == HR_FOREVER && sim_node_member(retries, "retry_on") && d->retry_on == 1u << SIM_timeout)
        SIM_FAIL(r, retries, "%s.retries: without `per_try_timeout` no attempt is late: who asked has given up by then", name);
}

void sim_mesh_read(sim_reader *r, uint16_t id)
{
    sim_mesh_def *d = r->model->components[id].def;
    const char *name = r->model->components[id].name;
    sim_node *node = r->nodes[id], *to = sim_node_member(node, "to");
    const sim_node *factor = sim_node_member(node, "overprovisioning_factor");
    if (to)
        read_targets(r, id, to, d);
    d->has_outliers = sim_outliers_read(r, node, name, &d->outliers);
    if (factor && !d->locality)
        SIM_FAIL(r, factor, "%s.overprovisioning_factor belongs to `locality: true`", name);
    read_retries(r, node, name, d);
}

// Its operations in each service, by their names in the first; until there are regions all services are equally near.
void sim_mesh_bind(sim_reader *r, uint16_t id)
{
    const sim_model *m = r->model;
    sim_mesh_def *d = m->components[id].def;
    const sim_node *to = sim_node_member(r->nodes[id], "to");
    d->regions = 1;
    d->levels = sim_pool_take(r->pool, SIM_MOST_MESH_TARGETS);
    if (d->locality && m->components[m->component_count - 1].kind != SIM_PART_network)
        SIM_FAIL(r, sim_node_member(r->nodes[id], "locality"), "%s.locality needs a section `network: {regions: [eu, us], rtt: {eu-us: 80ms}}`", m->components[id].name);
    if (!d->target_count)
        return;                                // told
    uint64_t replicas = 0;
    for (uint16_t t = 0; t < d->target_count; t++) {
        const sim_service_def *service = m->components[d->targets[t]].def;
        replicas += service->slots ? service->slots : service->replicas;
    }
    if (replicas > SIM_MOST_PEERS)
        SIM_FAIL(r, to, "%s.to: %llu replicas, or places for them, together; at most %d", m->components[id].name, (unsigned long long)replicas, SIM_MOST_PEERS);
    const sim_service_def *first = m->components[d->targets[0]].def;
    uint16_t *operations = sim_pool_take(r->pool, (size_t)d->target_count * first->handler_count * sizeof *operations + 1);
    for (uint16_t t = 0; t < d->target_count; t++) {
        const char *const *names = sim_operations_of(r, d->targets[t]);
        for (uint16_t o = 0; o < first->handler_count; o++) {
            uint16_t there = 0;
            while (names[there] && strcmp(names[there], first->handlers[o].name) != 0)
                there++;
            if (!names[there])
                SIM_FAIL(r, to, "%s.to: '%s' has no operation '%s', which '%s' has: all must answer the same ones", m->components[id].name,
                         m->components[d->targets[t]].name, first->handlers[o].name, m->components[d->targets[0]].name);
            operations[t * first->handler_count + o] = there;
        }
    }
    d->operations = operations;
    d->operation_count = first->handler_count;
}

// How far the service is from a region: the mean round trip, its own region first.
static double distance(const sim_network_def *n, const uint8_t *region_of, uint16_t service, uint32_t region)
{
    return region_of[service] == region ? -1 : sim_dist_mean(&n->pipes[region * n->region_count + region_of[service]].rtt);
}

void sim_mesh_place(sim_reader *r, uint16_t id, const sim_network_def *n, const uint8_t *region_of)
{
    sim_mesh_def *d = r->model->components[id].def;
    uint8_t *levels = sim_pool_take(r->pool, (size_t)n->region_count * SIM_MOST_MESH_TARGETS + 1);
    bool is_one_region = true;
    d->levels = levels;
    d->regions = n->region_count;
    for (uint16_t t = 0; t < d->target_count; t++)
        is_one_region = is_one_region && region_of[d->targets[t]] == region_of[d->targets[0]];
    if (d->locality && is_one_region && d->target_count)
        SIM_FAIL(r, sim_node_member(r->nodes[id], "locality"), "%s.locality: all its services are in one region", r->model->components[id].name);
    for (uint32_t region = 0; d->locality && region < n->region_count; region++)
        for (uint16_t t = 0; t < d->target_count; t++) {
            double mine = distance(n, region_of, d->targets[t], region);
            for (uint16_t other = 0; other < d->target_count; other++) {       // one level for each shorter distance
                double theirs = distance(n, region_of, d->targets[other], region);
                bool is_first = theirs < mine;
                for (uint16_t before = 0; before < other; before++)
                    is_first = is_first && distance(n, region_of, d->targets[before], region) != theirs;
                levels[region * d->target_count + t] = (uint8_t)(levels[region * d->target_count + t] + is_first);
            }
        }
}

static const sim_mesh_def *mesh_behind(const sim_model *m, uint16_t target)
{
    for (int at = target, hops = 0; at >= 0 && hops <= m->component_count; at = sim_part_passes_to(m->components[at].kind, m->components[at].def), hops++)
        if (m->components[at].kind == SIM_PART_mesh)
            return m->components[at].def;
    return NULL;
}

uint16_t sim_model_reached(const sim_model *m, uint16_t target, uint16_t n, uint16_t *operation)
{
    const sim_mesh_def *d = mesh_behind(m, target);
    if (!d || !d->target_count)
        return n ? UINT16_MAX : sim_model_behind(m, target);
    if (n >= d->target_count)
        return UINT16_MAX;
    *operation = d->operations[n * d->operation_count + *operation];
    return d->targets[n];
}

uint32_t sim_model_tries(const sim_model *m, uint16_t target)
{
    const sim_mesh_def *d = mesh_behind(m, target);
    return d && d->has_retries ? 1 + d->retry.most : 1;
}

// --- CPU time of sidecars -----------------------------------------------------------------------------------------------------

const sim_dist_def *sim_sidecar_cpu(const sim_model *m, uint16_t target)
{
    const sim_mesh_def *d = mesh_behind(m, target);
    return d && sim_dist_mean(&d->cpu) > 0 ? &d->cpu : NULL;
}

const sim_dist_def *sim_sidecar_cpu_in(const sim_model *m, uint16_t service)
{
    for (uint16_t i = 0; i < m->component_count; i++) {
        const sim_mesh_def *d = m->components[i].def;
        for (uint16_t t = 0; m->components[i].kind == SIM_PART_mesh && t < d->target_count; t++)
            if (d->targets[t] == service && sim_dist_mean(&d->cpu) > 0)
                return &d->cpu;
    }
    return NULL;
}
