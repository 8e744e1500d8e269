// real/validate/validate.c - see validate.h.
#include "real/validate/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "real/bed/bed.h"
#include "real/leaf/postgres.h"
#include "real/leaf/redis.h"
#include "sim/parts/faults.h"
#include "real/validate/stage.h"

enum { MOST_VARIANTS = 16, MOST_LOADS = 16, RETRIES = 2, MOST_EXTRA_ROUNDS = 4 };

// Shares of the capacity that the scenario's own numbers suggest. Low enough that hardly anything queues; two, so that a demand that
// depends on the load is seen.
static const double fit_loads[] = {0.10, 0.20};
static const double default_loads[] = {0.40, 0.60, 0.80};
static const double beyond = 1.2;              // of the predicted capacity: there the capacity is measured

typedef struct { hr_time warmup, window, extra; } schedule;       // extra: time in all after which no further repeat is begun
static const schedule full = {500 * HR_MS, 3 * HR_SEC, 150 * HR_SEC}, quick = {300 * HR_MS, 900 * HR_MS, 45 * HR_SEC};

typedef struct {
    const real_validate_options *options;
    const schedule *plan;
    hr_time     begun;
    int         done, planned;                 // runs
    real_bed   *bed;
    real_loop  *loop;
    real_pack  *pack;
    const char *address[SIM_MAX_COMPONENTS];
    const char *variant[MOST_VARIANTS];
    sim_model  *model[MOST_VARIANTS];
    real_stage *stage[MOST_VARIANTS];
    double      capacity[MOST_VARIANTS];
    size_t      variant_count;
    double      load[MOST_LOADS];
    size_t      load_count;
    hr_error   *error;
} validation;

static void tell(const validation *v, const char *doing)
{
    if (v->options->progress)
        v->options->progress(v->options->progress_self, doing, v->planned ? (double)v->done / v->planned : 0);
}

// --- can it be done? ----------------------------------------------------------------------------------------------------------

typedef struct { const sim_model *model; hr_error *e; hr_status status; } refusals;

#define REFUSE(r, c, words, ...)                                                                                                             \
    ((r)->status = hr_fail((r)->e, HR_BAD_INPUT, "%s:%d: " words, (r)->model->path, (c)->line, __VA_ARGS__))

// Real cores have both of their own.
static void refuse_stretch(refusals *r, const sim_model_component *c, const sim_machine_def *machine)
{
    if (machine->contention > 0 || machine->coherency > 0)
        REFUSE(r, c, "%s: contention and coherency are only simulated: leave them out", c->name);
}

// Some of what a database can do exists in simulation only: it must not be measured as if it were there.
static void refuse_database(refusals *r, const sim_model_component *c)
{
    const sim_database_def *d = c->def;
    const char *simulated = sim_database_simulated(d);
    if (simulated)
        REFUSE(r, c, "%s has `%s`, which only the simulation knows: validate measures a single server", c->name, simulated);
    refuse_stretch(r, c, &d->machine);
    if (d->absent > 0)
        REFUSE(r, c, "%s.absent: the rows of a live database are all there: leave it out", c->name);
    for (uint16_t s = 0; s < d->statement_count; s++)
        if (!d->statements[s].sql || !*d->statements[s].sql)
            REFUSE(r, c, "%s.statements.%s has no `sql`: a live database needs one", c->name, d->statements[s].name);
}

// The live client puts nothing beside a value that would tell how old it is, and takes no locks.
static void refuse_cache(refusals *r, const sim_model_component *c)
{
    const sim_cache_def *d = c->def;
    if (d->lifetimes || d->beyond_live || d->through.has_loads || d->through.write)
        REFUSE(r, c, "%s: loads, writes, single_flight: cache, newer, the store of a limiter, and early, refresh_ahead and stale_… at it are only simulated: "
               "leave these variants out of `live.variants`", c->name);
}

static void refuse_service(refusals *r, const sim_model_component *c)
{
    refuse_stretch(r, c, &((const sim_service_def *)c->def)->machine);
    if (((const sim_service_def *)c->def)->resize.to)
        REFUSE(r, c, "%s.resize is only simulated: leave it out", c->name);
    if (((const sim_service_def *)c->def)->has_footprint)
        REFUSE(r, c, "%s.footprint is only simulated: leave it out", c->name);
    if (((const sim_service_def *)c->def)->cpu_limit > 0)
        REFUSE(r, c, "%s.cpu_limit is only simulated: leave it out", c->name);
}

// A load must be one that can be set to a share of the capacity.
static void refuse_workload(refusals *r, const sim_model_component *c)
{
    const sim_workload_def *d = c->def;
    const char *why = d->users ? "is a closed loop (`users`)" : d->per_session > 0 ? "is partly open (`requests_per_session`)" :
                      d->arrivals.kind == SIM_ARRIVALS_trace ? "replays a trace" : NULL;
    if (why)
        REFUSE(r, c, "%s %s: loads are measured by open ones, with a `rate`", c->name, why);
}

static void refuse_autoscaler(refusals *r, const sim_model_component *c)
{
    REFUSE(r, c, "%s is an autoscaler: a load of its own cannot be measured while replicas come and go", c->name);
}

static void refuse_faults(refusals *r, const sim_model_component *c)
{
    if (((const sim_faults_def *)c->def)->count)
        REFUSE(r, c, "%s are only simulated: leave these variants out of `live.variants`, or the section out of the file", c->name);
}

static void refuse_distance(refusals *r, const sim_model_component *c)
{
    REFUSE(r, c, "%s: regions and edges are only simulated, for the live servers all run on this machine: leave it out", c->name);
}

static void refuse_mesh(refusals *r, const sim_model_component *c)
{
    REFUSE(r, c, "%s: sidecars are only simulated: put a balancer in its place", c->name);
}

// What stands for a kind of component in the live world, and what of it cannot be there.
static const struct { const char *engine; void (*refuse)(refusals *r, const sim_model_component *c); } live[SIM_PART_COUNT] = {
    [SIM_PART_database] = {"postgres", refuse_database}, [SIM_PART_cache] = {"redis", refuse_cache}, [SIM_PART_service] = {NULL, refuse_service},
    [SIM_PART_workload] = {NULL, refuse_workload}, [SIM_PART_autoscaler] = {NULL, refuse_autoscaler},
    [SIM_PART_network] = {NULL, refuse_distance}, [SIM_PART_cdn] = {NULL, refuse_distance}, [SIM_PART_faults] = {NULL, refuse_faults}, [SIM_PART_mesh] = {NULL, refuse_mesh}};

// Whether the scenario can be run on live servers here: it has a database or a cache, uses nothing that is only simulated, and the servers are
// installed. HR_BAD_INPUT or HR_ENVIRONMENT with what to do.
static hr_status can_be_live(const sim_model *model, hr_error *e)
{
    const char *engines[SIM_PART_COUNT + 1] = {0};
    bool is_used[SIM_PART_COUNT] = {0};
    refusals r = {model, e, HR_OK};
    for (uint16_t c = 0; c < model->component_count; c++) {
        uint16_t kind = model->components[c].kind;
        is_used[kind] = true;
        if (live[kind].refuse)
            live[kind].refuse(&r, &model->components[c]);
    }
    size_t n = 0;
    for (uint16_t kind = 0; kind < SIM_PART_COUNT; kind++)
        if (is_used[kind] && live[kind].engine)
            engines[n++] = live[kind].engine;
    real_leaf_operation op[REAL_MOST_OPERATIONS];
    if (n == 0)
        r.status = hr_fail(e, HR_BAD_INPUT, "%s: has neither a database nor a cache that could be live", model->path);
    if (real_leaf_operations(model, op) == REAL_MOST_OPERATIONS)
        r.status = hr_fail(e, HR_BAD_INPUT, "%s: more than %d statements", model->path, REAL_MOST_OPERATIONS - 1);
    return r.status ? r.status : real_servers_there(engines, e);
}

static hr_status read_scenario(validation *v, const char *path)
{
    sim_model *base;
    hr_status status = sim_model_read(path, NULL, &base, v->error);
    if (status)
        return status;
    status = can_be_live(base, v->error);
    size_t named = base->live_variant_count, all = named ? named : base->variant_count ? base->variant_count : 1;
    if (!status && (all > MOST_VARIANTS || base->live_load_count > MOST_LOADS))
        status = hr_fail(v->error, HR_BAD_INPUT, "%s: at most %d variants and %d loads can be measured; name some under `live:`", path,
                         MOST_VARIANTS, MOST_LOADS);
    for (size_t i = 0; i < all && !status; i++) {
        const char *name = named ? base->live_variants[i] : base->variant_count ? base->variants[i].name : "";
        status = sim_model_read(path, name, &v->model[i], v->error);
        v->variant_count += !status;
        if (!status)
            status = can_be_live(v->model[i], v->error);
    }
    for (size_t i = 0; i < v->variant_count; i++)
        v->variant[i] = v->model[i]->variant;
    v->load_count = base->live_load_count ? base->live_load_count : HR_COUNT(default_loads);
    for (size_t i = 0; i < v->load_count && i < MOST_LOADS; i++)
        v->load[i] = base->live_load_count ? base->live_loads[i] : default_loads[i];
    sim_model_free(base);
    return status;
}

// --- servers --------------------------------------------------------------------------------------------------------------------

static void add_version(hr_text *servers, const char *name, const char *version)
{
    hr_text_add(servers, "%s%s %s", servers->used ? ", " : "", name, version);
}

static hr_status start_database(validation *v, uint16_t c, hr_text *servers)
{
    const sim_database_def *d = v->model[0]->components[c].def;
    const real_server_def def = {.name = v->model[0]->components[c].name, .connections = d->pool * (uint32_t)v->variant_count};
    char version[32];
    hr_status status = real_bed_start(v->bed, "postgres", &def, &v->address[c], v->error);
    if (!status)
        status = real_postgres_version(v->address[c], version, sizeof version, v->error);
    if (!status)
        status = real_postgres_fill(v->address[c], d->rows, real_largest_value(v->model[0]), v->error);
    if (!status)
        add_version(servers, "PostgreSQL", version);
    return status;
}

static hr_status start_cache(validation *v, uint16_t c, hr_text *servers)
{
    const sim_cache_def *d = v->model[0]->components[c].def;
    const char *eviction = sim_evictors[d->eviction]->real;
    if (!eviction)
        return hr_fail(v->error, HR_BAD_INPUT, "%s: Redis has no eviction like `%s`", v->model[0]->components[c].name, sim_evictors[d->eviction]->name);
    const real_server_def def = {.name = v->model[0]->components[c].name, .memory_bytes = d->memory_bytes, .eviction = eviction};
    char version[32];
    hr_status status = real_bed_start(v->bed, "redis", &def, &v->address[c], v->error);
    if (!status)
        status = real_redis_version(v->address[c], version, sizeof version, v->error);
    if (!status)
        status = real_redis_capacity(v->address[c], real_largest_value(v->model[0]), &v->pack->entries[c], v->error);
    if (!status)
        add_version(servers, "Redis", version);
    return status;
}

static hr_status start_servers(validation *v)
{
    hr_text servers = {0};
    hr_status status = real_bed_open(&v->bed, v->error);
    for (uint16_t c = 0; c < v->model[0]->component_count && !status; c++) {
        if (v->options->stop && *v->options->stop)
            status = hr_fail(v->error, HR_UNDECIDED, "interrupted");
        else if (v->model[0]->components[c].kind == SIM_PART_database)
            status = start_database(v, c, &servers);
        else if (v->model[0]->components[c].kind == SIM_PART_cache)
            status = start_cache(v, c, &servers);
    }
    if (!status) {
        free(v->pack->servers);
        v->pack->servers = servers.data;
    } else {
        free(servers.data);
    }
    return status;
}

static hr_status open_stages(validation *v)
{
    hr_status status = real_loop_open(&v->loop, v->error);
    for (size_t i = 0; i < v->variant_count && !status; i++)
        status = real_stage_open(v->loop, v->model[i], v->address, v->pack->entries, &v->stage[i], v->error);
    return status;
}

// --- runs ---------------------------------------------------------------------------------------------------------------------------

// One run, kept in the pack. A run that the generator was too late for is done again, twice at most.
static hr_status run_one(validation *v, const real_run *def, const char *doing)
{
    hr_error late = {0};
    hr_status status = HR_ENVIRONMENT;
    for (int attempt = 0; status == HR_ENVIRONMENT && attempt <= RETRIES && !real_loop_failure(v->loop); attempt++) {
        tell(v, doing);
        real_run run = *def;
        run.from = v->plan->warmup;
        run.to = v->plan->warmup + v->plan->window;
        real_scale_rate(v->model[run.variant], run.rate_per_s);
        late = (hr_error){0};
        status = real_stage_run(v->stage[run.variant], &run, v->options->stop, &late);
        if (!status)
            status = real_pack_add(v->pack, v->model[0], &run, &late);
        else
            real_run_free(&run);
    }
    if (status)
        hr_fail(v->error, status, "%s", late.text);
    v->done++;
    return status;
}

static hr_status fit(validation *v)
{
    const real_fits none = {0};
    hr_status status = HR_OK;
    for (size_t i = 0; i < v->variant_count && !status; i++) {
        double capacity = real_predict_capacity(v->pack, &none, i, v->plan->warmup, v->plan->warmup + v->plan->window, v->error);
        for (size_t k = 0; k < HR_COUNT(fit_loads) && !status; k++) {
            const real_run def = {.kind = REAL_RUN_FIT, .variant = (uint32_t)i, .rate_per_s = capacity * fit_loads[k], .repeat = 1,
                                  .seed = sim_study_seed(v->pack->seed, (int)(1000 + k))};
            status = run_one(v, &def, "fitting demands");
        }
    }
    return status;
}

static hr_status find_capacities(validation *v)
{
    real_fits fits = {0};
    real_fits_make(v->pack, v->model[0], &fits);
    hr_status status = HR_OK;
    for (size_t i = 0; i < v->variant_count && !status; i++) {
        double expected = real_predict_capacity(v->pack, &fits, i, v->plan->warmup, v->plan->warmup + v->plan->window, v->error);
        const real_run def = {.kind = REAL_RUN_CAPACITY, .variant = (uint32_t)i, .rate_per_s = expected * beyond, .repeat = 1,
                              .seed = sim_study_seed(v->pack->seed, 2000)};
        status = run_one(v, &def, "measuring capacity");
        if (!status)
            v->capacity[i] = real_run_served(&v->pack->run[v->pack->run_count - 1]);
    }
    real_fits_free(&fits);
    return status;
}

static hr_status measure_one(validation *v, size_t variant, size_t load, uint32_t repeat)
{
    const real_run def = {.kind = REAL_RUN_MEASURED, .variant = (uint32_t)variant, .rate_per_s = v->capacity[variant] * v->load[load],
                          .load = v->load[load], .repeat = repeat, .seed = sim_study_seed(v->pack->seed, (int)load)};
    char doing[96];
    snprintf(doing, sizeof doing, "measuring %s at %.0f %%", v->variant[variant], v->load[load] * 100);
    return run_one(v, &def, doing);
}

static hr_status measure(validation *v)
{
    hr_status status = HR_OK;
    for (uint32_t repeat = 1; repeat <= REAL_REPEATS; repeat++)
        for (size_t k = 0; k < v->load_count; k++)
            for (size_t i = 0; i < v->variant_count && !status; i++)
                status = measure_one(v, i, k, repeat);
    return status;
}

static bool is_noisy(const real_table *table, size_t variant, double load)
{
    for (size_t i = 0; i < table->row_count; i++)
        if (table->row[i].variant == variant && table->row[i].load == load && table->row[i].verdict == REAL_NOISY)
            return true;
    return false;
}

// More repeats where the repeats so far differ too much to say anything, while there is time.
static hr_status measure_noisy(validation *v)
{
    hr_status status = HR_OK;
    for (uint32_t round = 1; round <= MOST_EXTRA_ROUNDS && !status; round++) {
        real_table table;
        status = real_table_make(v->pack, &table, v->error);
        if (status)
            return status;
        bool any = false;
        for (size_t k = 0; k < v->load_count; k++)
            for (size_t i = 0; i < v->variant_count && !status; i++)
                if (is_noisy(&table, i, v->load[k]) && hr_now() - v->begun < v->plan->extra) {
                    any = true;
                    status = measure_one(v, i, k, REAL_REPEATS + round);
                }
        real_table_free(&table);
        if (!any)
            break;
    }
    return status;
}

hr_status real_validate(const char *path, const real_validate_options *options, real_pack **pack, hr_error *e)
{
    validation *v = hr_alloc(sizeof *v);
    *v = (validation){.options = options, .plan = options->quick ? &quick : &full, .begun = hr_now(), .error = e};
    hr_status status = read_scenario(v, path);
    if (!status)
        status = real_pack_new(options->folder, v->model[0], options->seed, v->variant, v->variant_count, &v->pack, e);
    v->planned = (int)(v->variant_count * (HR_COUNT(fit_loads) + 1 + v->load_count * REAL_REPEATS));
    if (!status) {
        tell(v, "starting servers");
        status = start_servers(v);
    }
    if (!status)
        status = open_stages(v);
    if (!status)
        status = fit(v);
    if (!status)
        status = find_capacities(v);
    if (!status)
        status = measure(v);
    if (!status)
        status = measure_noisy(v);
    for (size_t i = 0; i < v->variant_count; i++) {
        real_stage_close(v->stage[i]);
        sim_model_free(v->model[i]);
    }
    real_loop_close(v->loop);
    real_bed_close(v->bed);
    *pack = v->pack;
    free(v);
    return status;
}
