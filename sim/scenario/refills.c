// sim/scenario/refills.c - what a `get` step says about old values and about loads of the same key; see docs/caching.md.
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

// The cache that the step asks; NULL: the replica's own, or none.
static sim_cache_def *cache_of(const sim_reader *r, const sim_step_def *step)
{
    if (step->target == SIM_LOCAL)
        return NULL;
    const sim_model_component *behind = &r->model->components[sim_model_behind(r->model, step->target)];
    return behind->kind == SIM_PART_cache ? behind->def : NULL;
}

// A time that a value may be older than its ttl.
static hr_time read_grace(sim_reader *r, sim_node *map, const char *key)
{
    sim_node *node = sim_node_member(map, key);
    hr_time time = 0;
    if (node && (node->kind != SIM_SCALAR || !sim_read_time(node->text, &time) || time < HR_MS || time > HR_SEC * 3600 * 24 * 40))
        SIM_FAIL(r, node, "%s: want a time from 1ms to 960h", key);
    return time;
}

static void read_single(sim_reader *r, sim_node *map, const sim_node *single, sim_refill_def *d)
{
    sim_node *lock = sim_node_member(map, "lock"), *poll = sim_node_member(map, "poll");
    const char *word = single && single->kind == SIM_SCALAR ? single->text : "";
    d->single = strcmp(word, "true") == 0 ? SIM_SINGLE_REPLICA : strcmp(word, "cache") == 0 ? SIM_SINGLE_CACHE : SIM_SINGLE_NONE;
    if (single && !d->single && strcmp(word, "false") != 0)
        SIM_FAIL(r, single, "single_flight: want true, false or cache");
    hr_time held = 10 * HR_SEC;
    d->poll = 20 * HR_MS;
    if (lock && (lock->kind != SIM_SCALAR || !sim_read_time(lock->text, &held) || held < HR_MS || held > 3600 * HR_SEC))
        SIM_FAIL(r, lock, "lock: want a time from 1ms to 1h");
    if (poll && (poll->kind != SIM_SCALAR || !sim_read_time(poll->text, &d->poll) || d->poll < HR_MS / 10 || d->poll > 3600 * HR_SEC))
        SIM_FAIL(r, poll, "poll: want a time from 0.1ms to 1h");
    if ((lock || poll) && d->single != SIM_SINGLE_CACHE)
        SIM_FAIL(r, lock ? lock : poll, "`lock` and `poll` belong to `single_flight: cache`");
    d->lock_ms = (uint32_t)((held + HR_MS - 1) / HR_MS);
}

static bool read_values(sim_reader *r, sim_node *map, sim_refill_def *d)
{
    sim_node *single = sim_node_member(map, "single_flight"), *early = sim_node_member(map, "early");
    sim_node *ahead = sim_node_member(map, "refresh_ahead");
    read_single(r, map, single, d);
    if (early && (early->kind != SIM_SCALAR || !sim_read_number(early->text, &d->early) || d->early <= 0 || d->early > 1000))
        SIM_FAIL(r, early, "early: want a number above 0, such as 1");
    if (ahead && (ahead->kind != SIM_SCALAR || !sim_read_share(ahead->text, &d->ahead) || d->ahead <= 0 || d->ahead >= 1))
        SIM_FAIL(r, ahead, "refresh_ahead: want a share of the ttl below 100%%, such as 20%%");
    d->stale = read_grace(r, map, "stale_while_revalidate");
    d->spare = read_grace(r, map, "stale_if_error");
    return single || early || ahead || d->stale || d->spare;
}

void sim_putting_read(sim_reader *r, sim_node *map, sim_step_def *step)
{
    sim_node *negative = step->kind == SIM_STEP_set ? sim_node_member(map, "negative") : NULL;
    sim_node *newer = step->kind == SIM_STEP_set ? sim_node_member(map, "newer") : NULL;
    sim_node *everywhere = step->kind == SIM_STEP_delete && step->target == SIM_LOCAL ? sim_node_member(map, "everywhere") : NULL;
    if (negative && (negative->kind != SIM_SCALAR || !sim_read_time(negative->text, &step->negative) || step->negative < HR_MS ||
                     step->negative > HR_SEC * 3600 * 24 * 40))
        SIM_FAIL(r, negative, "negative: want a time from 1ms to 960h");
    const char *word = newer && newer->kind == SIM_SCALAR ? newer->text : "";
    step->newer = strcmp(word, "true") == 0;
    if (newer && !step->newer && strcmp(word, "false") != 0)
        SIM_FAIL(r, newer, "newer: want true or false");
    sim_cache_def *cache = step->kind >= SIM_STEP_get && step->kind <= SIM_STEP_delete ? cache_of(r, step) : NULL;
    if (cache && step->newer)
        cache->beyond_live = true;
    step->writes = cache && ((step->kind == SIM_STEP_set && cache->through.write != SIM_WRITE_none) ||
                             (step->kind == SIM_STEP_get && cache->through.has_loads && !sim_node_member(map, "miss")));
    if (newer && step->writes)
        SIM_FAIL(r, newer, "newer: this cache writes by itself, and every write is new");
    step->everywhere = everywhere != NULL;
    if (everywhere && (everywhere->kind != SIM_SCALAR || !sim_read_dist(r->pool, r->source, everywhere->text, &step->time)))
        SIM_FAIL(r, everywhere, "everywhere: want how long the other replicas take to hear of it, such as 5ms or exp(5ms)");
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
    sim_cache_def *cache = cache_of(r, step);
    if (!cache && step->target != SIM_LOCAL)
        return;                                // a mistake that is told already
    if (!cache && d->single == SIM_SINGLE_CACHE)
        SIM_FAIL(r, map, "%s: single_flight: cache is a lock in a server that all replicas share; local has none: want true", where);
    if (cache)
        cache->beyond_live = cache->beyond_live || d->single == SIM_SINGLE_CACHE;
    bool *lifetimes = cache ? &cache->lifetimes : &service->local_lifetimes;
    hr_time *kept = cache ? &cache->grace : &service->local_grace;
    *lifetimes = *lifetimes || looks;
    *kept = hr_max_time(*kept, grace);
}
