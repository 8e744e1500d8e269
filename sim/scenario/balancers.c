// sim/scenario/balancers.c - what a balancer says beside its plain keys: which service, weights, who is kept out and how it comes back.
#include <stdio.h>
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

static void read_weights(sim_reader *r, uint16_t id, const sim_service_def *service)
{
    sim_balancer_def *d = r->model->components[id].def;
    const char *name = r->model->components[id].name;
    const sim_balancer *policy = sim_balancers[d->policy.row];
    sim_node *weights = sim_node_member(r->nodes[id], "weights");
    if (!weights)
        return;
    if (!(policy->uses & SIM_USES_WEIGHTS)) {
        SIM_FAIL(r, weights, "%s.weights: the policy %s looks at no weights", name, policy->name);
    } else if (service->slots) {
        SIM_FAIL(r, weights, "%s.weights: its service has an autoscaler, so there is no fixed list of replicas", name);
    } else if (weights->kind != SIM_LIST || weights->count != service->replicas) {
        SIM_FAIL(r, weights, "%s.weights: want a list with one weight for each of the %u replicas, such as [5, 1, 1]", name, service->replicas);
    } else {
        uint32_t *list = sim_pool_take(r->pool, weights->count * sizeof *list), n = 0;
        uint64_t total = 0;
        for (const sim_node *one = weights->first; one; one = one->next) {
            double weight = 0;
            if (one->kind != SIM_SCALAR || !sim_read_count(one->text, &weight) || weight < 1 || weight > 65535)
                SIM_FAIL(r, one, "%s.weights: want whole numbers from 1 to 65535", name);
            list[n++] = (uint32_t)weight;
            total += (uint32_t)weight;
        }
        if (total > 1000000)
            SIM_FAIL(r, weights, "%s.weights: they add up to %llu; at most 1000000", name, (unsigned long long)total);
        d->weights = list;
        d->weight_count = n;
    }
}

bool sim_outliers_read(sim_reader *r, sim_node *node, const char *where, sim_outlier_def *d)
{
    sim_node *outliers = sim_node_member(node, "outlier_detection");
    if (outliers)
        (void)sim_map_read(r, node, where, "outlier_detection", "{consecutive_5xx: 5}, or {} for Envoy's values", d);
    return outliers != NULL;
}

// Replicas that leave are there for who is bound to them: some must leave, and not for ever.
static void check_drain(sim_reader *r, const sim_node *sticky, const char *where, const sim_service_def *service)
{
    if (!service->slots)
        SIM_FAIL(r, sticky, "%s.sticky.drain: no replica of its service ever leaves: that needs an autoscaler", where);
    else if (!service->drain || service->drain == HR_FOREVER)
        SIM_FAIL(r, sticky, "%s.sticky.drain: its service wants a `drain`, such as 5min: how long a replica that leaves is there for them", where);
}

// Who is kept out, and how it comes back.
static void read_healing(sim_reader *r, sim_node *node, const char *where, sim_balancer_def *d, const sim_service_def *service)
{
    const sim_node *panic = sim_node_member(node, "panic"), *slow = sim_node_member(node, "slow_start");
    const sim_balancer *policy = sim_balancers[d->policy.row];
    d->is_sticky = sim_node_member(node, "sticky") != NULL;
    if (d->is_sticky && sim_map_read(r, node, where, "sticky", "{expires: 1h}, or {} for cookies that stay", d) && d->sticky_drain && service)
        check_drain(r, sim_node_member(node, "sticky"), where, service);
    d->has_checks = sim_node_member(node, "health_check") != NULL;
    d->has_outliers = sim_outliers_read(r, node, where, &d->outliers);
    if (d->has_checks && !sim_map_read(r, node, where, "health_check", "{call: OPERATION, interval: 5s}", &d->health))
        return;
    if (d->has_checks && d->health.timeout > d->health.interval)
        SIM_FAIL(r, sim_node_member(node, "health_check"), "%s.health_check: `timeout` must not exceed `interval`: there is one check of a replica at a time", where);
    if (panic && !d->has_checks && !d->has_outliers)
        SIM_FAIL(r, panic, "%s.panic belongs to `health_check` or `outlier_detection`", where);
    if (d->slow_start && d->slow_start < HR_MS)
        SIM_FAIL(r, slow, "%s.slow_start: want a time of at least 1ms", where);
    else if (d->slow_start && (!(policy->uses & SIM_USES_WEIGHTS) || policy->uses & (SIM_USES_KEY | SIM_USES_ADDRESS)))
        SIM_FAIL(r, slow, "%s.slow_start lets a weight grow: the policy %s %s", where, policy->name,
                 policy->uses & SIM_USES_WEIGHTS ? "would move keys with it, so that nginx does not allow it either" : "looks at no weights");
}

void sim_balancer_read_keys(sim_reader *r, uint16_t id)
{
    sim_balancer_def *d = r->model->components[id].def;
    const char *name = r->model->components[id].name;
    const sim_node *to = sim_node_member(r->nodes[id], "to");
    int target = to && to->kind == SIM_SCALAR ? sim_resolve(r, to, to->text, SIM_PART_service) : -1;
    if (to && to->kind != SIM_SCALAR)
        SIM_FAIL(r, to, "%s.to: want the name of a service", name);
    d->target = (uint16_t)(target < 0 ? id : target);
    if (target >= 0)
        read_weights(r, id, r->model->components[target].def);
    if (d->fail_timeout % HR_SEC)
        SIM_FAIL(r, sim_node_member(r->nodes[id], "fail_timeout"), "%s.fail_timeout: want whole seconds, as in nginx", name);
    const sim_node *queue = sim_node_member(r->nodes[id], "queue"), *timeout = sim_node_member(r->nodes[id], "fail_timeout");
    bool is_scaled = target >= 0 && ((const sim_service_def *)r->model->components[target].def)->slots;
    if (queue && !d->max_conns && !is_scaled)
        SIM_FAIL(r, queue, "%s.queue belongs to `max_conns`, or to a service with an autoscaler: without a limit nobody waits here", name);
    if (timeout && !d->max_fails)
        SIM_FAIL(r, timeout, "%s.fail_timeout belongs to `max_fails`", name);
    read_healing(r, r->nodes[id], name, d, target >= 0 ? r->model->components[target].def : NULL);
}

// The operation that checks call.
void sim_balancer_bind(sim_reader *r, uint16_t id)
{
    sim_balancer_def *d = r->model->components[id].def;
    sim_node *map = sim_node_member(r->nodes[id], "health_check");
    const sim_node *call = map && map->kind == SIM_MAP ? sim_node_member(map, "call") : NULL;
    if (!call || d->target == id)
        return;                                // told by the tables
    const char *const *names = sim_operations_of(r, d->target), *word = call->kind == SIM_SCALAR ? call->text : "…";
    for (uint16_t i = 0; names[i]; i++)
        if (strcmp(names[i], word) == 0) {
            d->health.operation = i;
            return;
        }
    SIM_FAIL(r, call, "%s.health_check.call: '%s' has no operation '%s'%s", r->model->components[id].name, r->model->components[d->target].name, word,
             HR_HINT(hr_nearest(word, (const char **)(uintptr_t)names), '\''));
}

// Checks are calls, too.
void sim_checks_count(sim_reader *r, const double *steps)
{
    const sim_model *m = r->model;
    for (uint16_t i = 0; i < m->component_count; i++) {
        const sim_balancer_def *d = m->components[i].def;
        if (m->components[i].kind != SIM_PART_balancer || !d->has_checks)
            continue;
        const sim_service_def *service = m->components[d->target].def;
        double checks = (service->slots ? service->slots : service->replicas) * (double)m->duration / (double)d->health.interval;
        if (checks * (1 + steps[d->target * SIM_MOST_operations + d->health.operation]) > SIM_MOST_WORK)
            SIM_FAIL(r, sim_node_member(r->nodes[i], "health_check"), "%s.health_check: %.3g checks in %g s; at most %.0e steps: raise `interval`",
                     m->components[i].name, checks, (double)m->duration * 1e-9, SIM_MOST_WORK);
    }
}
