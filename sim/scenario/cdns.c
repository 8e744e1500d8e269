// sim/scenario/cdns.c - what a CDN says beside its plain keys: which answers it keeps, and where its edges are.
#include <string.h>

#include "sim/parts/cdn.h"
#include "sim/scenario/reader.h"

void sim_cdn_read(sim_reader *r, uint16_t id)
{
    sim_cdn_def *d = r->model->components[id].def;
    const char *name = r->model->components[id].name;
    sim_node *node = r->nodes[id], *keep = sim_node_member(node, "keep");
    const uint16_t origin = sim_model_behind(r->model, id);
    d->regions = d->edges = 1;
    if (!d->entries && !d->memory_bytes)
        SIM_FAIL(r, node, "%s: what an edge keeps has no limit: give `entries` or `memory`", name);
    if (d->ttl == HR_FOREVER && (d->stale || d->spare))
        SIM_FAIL(r, node, "%s: without a `ttl` nothing becomes stale", name);
    if (r->model->components[origin].kind != SIM_PART_service) {
        if (origin != id)                      // else `to` was a mistake, and told
            SIM_FAIL(r, sim_node_member(node, "to"), "%s.to: want a service, or what stands in front of one", name);
        return;
    }
    const char *const *operations = sim_operations_of(r, origin);
    if (keep && (keep->kind != SIM_LIST || !keep->count))
        SIM_FAIL(r, keep, "%s.keep: want a list of operations, such as [page]", name);
    for (const sim_node *n = keep && keep->kind == SIM_LIST ? keep->first : NULL; n; n = n->next) {
        uint32_t o = 0;
        while (operations[o] && (n->kind != SIM_SCALAR || strcmp(operations[o], n->text) != 0))
            o++;
        if (operations[o])
            d->kept[o >> 3] |= (uint8_t)(1u << (o & 7));
        else
            SIM_FAIL(r, n, "%s.keep: '%s' has no such operation%s", name, r->model->components[origin].name,
                     HR_HINT(n->kind == SIM_SCALAR ? hr_nearest(n->text, operations) : NULL, '\''));
    }
}

void sim_edges_read(sim_reader *r, uint16_t id, const sim_network_def *network)
{
    sim_cdn_def *d = r->model->components[id].def;
    const sim_node *edges = sim_node_member(r->nodes[id], "edges");
    d->regions = network->region_count;
    d->edges = edges ? 0 : UINT32_MAX >> (32 - network->region_count);
    if (edges && (edges->kind != SIM_LIST || !edges->count))
        SIM_FAIL(r, edges, "%s.edges: want a list of regions, such as [eu, us]", r->model->components[id].name);
    for (const sim_node *n = edges && edges->kind == SIM_LIST ? edges->first : NULL; n; n = n->next) {
        uint32_t i = 0;
        while (i < network->region_count && (n->kind != SIM_SCALAR || strcmp(network->region[i], n->text) != 0))
            i++;
        if (i < network->region_count)
            d->edges |= 1u << i;
        else
            SIM_FAIL(r, n, "%s.edges: want regions of `network.regions`%s", r->model->components[id].name,
                     HR_HINT(n->kind == SIM_SCALAR ? hr_nearest(n->text, network->region) : NULL, '\''));
    }
}
