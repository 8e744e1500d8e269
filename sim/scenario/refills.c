// sim/scenario/refills.c - what a `get` step says about old values and about loads of the same key; see docs/caching.md.
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

// A time that a value may be older than its ttl.
static hr_time read_grace(sim_reader *r, sim_node *map, const char *key)
{
    sim_node *node = sim_node_member(map, key);
    hr_time time = 0;
    if (node && (node->kind != SIM_SCALAR || !sim_read_time(node->text, &time) || time < HR_MS || time > HR_SEC * 3600 * 24 * 40))
        SIM_FAIL(r, node, "%s: want a time from 1ms to 960h", key);
    return time;
}

static bool read_values(sim_reader *r, sim_node *map, sim_refill_def *d)
{
    sim_node *single = sim_node_member(map, "single_flight"), *early = sim_node_member(map, "early");
    sim_node *ahead = sim_node_member(map, "refresh_ahead");
    const char *word = single && single->kind == SIM_SCALAR ? single->text : "";
    d->single = strcmp(word, "true") == 0;
    if (single && !d->single && strcmp(word, "false") != 0)
        SIM_FAIL(r, single, "single_flight: want true or false");
    if (early && (early->kind != SIM_SCALAR || !sim_read_number(early->text, &d->early) || d->early <= 0 || d->early > 1000))
        SIM_FAIL(r, early, "early: want a number above 0, such as 1");
    if (ahead && (ahead->kind != SIM_SCALAR || !sim_read_share(ahead->text, &d->ahead) || d->ahead <= 0 || d->ahead >= 1))
        SIM_FAIL(r, ahead, "refresh_ahead: want a share of the ttl below 100%%, such as 20%%");
    d->stale = read_grace(r, map, "stale_while_revalidate");
    d->spare = read_grace(r, map, "stale_if_error");
    return single || early || ahead || d->stale || d->spare;
}

void sim_refill_read(sim_reader *r, const char *where, sim_node *map, sim_step_def *step, sim_service_def *service)
{
    sim_refill_def *d = sim_pool_take(r->pool, sizeof *d);
    if (!read_values(r, map, d))
        return;
    const sim_node *miss = sim_node_member(map, "miss");
    if (!miss || miss->kind != SIM_LIST || !miss->count)
        SIM_FAIL(r, map, "%s: this `get` says how a key is loaded, but not what loads it: give it `miss: [step, …]`", where);
    if (step->attempts)
        SIM_FAIL(r, map, "%s: `retry` and `hedge` do not go together with how a key is loaded; put them at the steps under `miss`", where);
    step->refill = d;
    hr_time grace = hr_max_time(d->stale, d->spare);
    bool looks = d->early > 0 || d->ahead > 0 || grace;
    const sim_model_component *behind = step->target == SIM_LOCAL ? NULL : &r->model->components[sim_model_behind(r->model, step->target)];
    if (behind && behind->kind != SIM_PART_cache)
        return;                                // a mistake that is told already
    sim_cache_def *cache = behind ? behind->def : NULL;
    bool *lifetimes = cache ? &cache->lifetimes : &service->local_lifetimes;
    hr_time *kept = cache ? &cache->grace : &service->local_grace;
    *lifetimes = *lifetimes || looks;
    *kept = hr_max_time(*kept, grace);
}
