// sim/scenario/limiters.c - what a scenario says of rate limiters: how they decide, and where their counts lie.
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

void sim_limiter_read(sim_reader *r, sim_node *node, const char *where, sim_limiter_def *d, bool good)
{
    unsigned given = sim_given(node, sim_limit_settings) | (sim_node_member(node, "nodelay") ? SIM_LIMIT_DELAY : 0);
    const sim_node *rate = sim_node_member(node, "rate"), *per = sim_node_member(node, "per"), *delay = sim_node_member(node, "delay");
    double per_s;
    if (rate && rate->kind == SIM_SCALAR)
        (void)sim_read_rate_unit(rate->text, &per_s, &d->limit.unit);      // told by the table
    if (per && (per->kind != SIM_SCALAR || (strcmp(per->text, "all") != 0 && strcmp(per->text, "key") != 0)))
        SIM_FAIL(r, per, "%s.per: want all or key", where);
    d->per_key = per && per->kind == SIM_SCALAR && strcmp(per->text, "key") == 0;
    if (d->nodelay && delay)
        SIM_FAIL(r, delay, "%s: `delay` and `nodelay` exclude each other", where);
    if (d->nodelay)
        d->limit.delay = SIM_NODELAY;
    hr_error e = {0};
    if (good && sim_limit_ready(sim_limiters[d->policy], &d->limit, given, &e))
        sim_complain(r, node, where, &e);
}

void sim_limiter_bind(sim_reader *r, uint16_t id)
{
    const char *where = r->model->components[id].name;
    sim_limiter_def *d = r->model->components[id].def;
    sim_node *node = r->nodes[id];
    const sim_node *store = sim_node_member(node, "store"), *timeout = sim_node_member(node, "timeout"), *deny = sim_node_member(node, "failure_mode_deny");
    if (!store) {
        if (timeout || deny)
            SIM_FAIL(r, timeout ? timeout : deny, "%s: `timeout` and `failure_mode_deny` are about the answers of a `store`", where);
        return;
    }
    if (store->kind != SIM_SCALAR) {
        SIM_FAIL(r, store, "%s.store: want the name of a cache", where);
        return;
    }
    int cache = sim_resolve(r, store, store->text, SIM_PART_cache);
    if (cache < 0)
        return;
    d->has_store = true;
    d->store = (uint16_t)cache;
    ((sim_cache_def *)r->model->components[cache].def)->beyond_live = true;
    if (d->policy != UINT32_MAX && sim_limiters[d->policy]->end)
        SIM_FAIL(r, store, "%s.store: %s counts calls that are under way, which the limiter itself must see", where, sim_limiters[d->policy]->name);
}
