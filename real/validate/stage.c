// real/validate/stage.c - see stage.h.
#include "real/validate/stage.h"

#include <stdlib.h>
#include <string.h>

#include "real/leaf/postgres.h"
#include "real/leaf/redis.h"
#include "real/validate/record.h"

// The generator may be late by this share of the mean response time at most (median) or by this much (99th percentile): more would
// change what is measured. Timers of the machines this is made on are late by 50 µs (median) and 90 µs (99th percentile).
static const double  lateness_share = 0.05;
static const hr_time lateness_p99 = 5 * HR_MS;

struct real_stage {
    real_loop       *loop;
    const sim_model *model;
    const char *const *address;
    const uint32_t  *entries;
    real_postgres   *postgres[SIM_MAX_COMPONENTS];
    real_redis      *redis[SIM_MAX_COMPONENTS];
};

// --- life -----------------------------------------------------------------------------------------------------------------

hr_status real_stage_open(real_loop *loop, const sim_model *model, const char *const *address, const uint32_t *entries, real_stage **out,
                          hr_error *e)
{
    real_stage *stage = hr_alloc(sizeof *stage);
    *stage = (real_stage){.loop = loop, .model = model, .address = address, .entries = entries};
    hr_status status = HR_OK;
    for (uint16_t c = 0; c < model->component_count && !status; c++) {
        if (model->components[c].kind == SIM_PART_database)
            status = real_postgres_open(loop, address[c], model->components[c].def, &stage->postgres[c], e);
        else if (model->components[c].kind == SIM_PART_cache)
            status = real_redis_open(loop, address[c], &stage->redis[c], e);
    }
    if (status)
        real_stage_close(stage);
    else
        *out = stage;
    return status;
}

void real_stage_close(real_stage *stage)
{
    if (!stage)
        return;
    for (int c = 0; c < SIM_MAX_COMPONENTS; c++) {
        real_postgres_close(stage->postgres[c]);
        real_redis_close(stage->redis[c]);
    }
    free(stage);
}

static hr_status begin_alike(const real_stage *stage, hr_error *e)
{
    hr_status status = HR_OK;
    uint64_t keys = real_most_keys(stage->model);
    for (uint16_t c = 0; c < stage->model->component_count && !status; c++) {
        if (stage->postgres[c])
            status = real_postgres_rewind(stage->address[c], e);
        if (stage->redis[c])
            status = real_redis_fill(stage->address[c], keys < stage->entries[c] ? keys : stage->entries[c], real_largest_value(stage->model), e);
    }
    return status;
}

// --- was it in time? ------------------------------------------------------------------------------------------------------

static hr_status punctual(const real_run *run, hr_error *e)
{
    double mean = 0;
    for (size_t i = 0; i < run->request_count; i++)
        mean += run->request[i].ended < 0 ? 0 : (double)(run->request[i].ended - run->request[i].intended) / (double)run->request_count;
    sim_histogram *lateness = hr_alloc(sizeof *lateness);
    real_run_lateness(run, lateness);
    hr_time p50 = sim_histogram_quantile(lateness, 0.50), p99 = sim_histogram_quantile(lateness, 0.99);
    free(lateness);
    if ((double)p50 <= lateness_share * mean && p99 <= lateness_p99)
        return HR_OK;
    return hr_fail(e, HR_ENVIRONMENT, "the load generator was late by %.2f ms (median) and %.2f ms (99th percentile) at %.0f requests/s: "
                   "such a run is not printed. Let the machine rest, or ask for lower loads", (double)p50 / 1e6, (double)p99 / 1e6, run->rate_per_s);
}

// --- a run ------------------------------------------------------------------------------------------------------------------

// Fits keep the times of leaf work; the adapters write them where the operation has its place.
static void join_leaves(real_stage *stage, real_run *run, sim_host *host)
{
    real_leaf_operation op[REAL_MOST_OPERATIONS];
    size_t n = real_leaf_operations(stage->model, op);
    if (run->kind == REAL_RUN_FIT) {
        run->times = hr_alloc((n + 1) * sizeof *run->times);
        run->times_count = n;
    }
    for (size_t i = 0; i < n; i++) {
        uint16_t c = op[i].component;
        real_samples *times = run->times ? &run->times[i] : NULL;
        if (op[i].operation == 0)              // the component's first: its others follow
            host->leaf[c] = stage->postgres[c] ? real_postgres_leaf(stage->postgres[c], times) : real_redis_leaf(stage->redis[c], times);
    }
}

hr_status real_stage_run(real_stage *stage, real_run *run, const volatile sig_atomic_t *stop, hr_error *e)
{
    hr_status status = begin_alike(stage, e);
    if (status)
        return status;
    sim_host *host = hr_alloc(sizeof *host);
    real_recorder *recorder = real_recorder_begin(run, host);
    join_leaves(stage, run, host);
    sim_world *w = real_run_world(stage->model, run);
    w->on_wall_clock = 1;
    w->host = host;
    real_loop_start(stage->loop, w);
    sim_world_start(w, sim_model_grid(stage->model));
    bool good = real_loop_run(stage->loop, run->from, stop);
    if (good) {
        sim_world_reset_counts(w);
        good = real_loop_run(stage->loop, run->to, stop);
        real_run_count(w, stage->model, run);
        good = good && real_loop_drain(stage->loop, run->to + 10 * HR_SEC, stop);
    }
    if (!good && stop && *stop)
        status = hr_fail(e, HR_UNDECIDED, "interrupted");
    else if (real_loop_failure(stage->loop))
        status = hr_fail(e, HR_ENVIRONMENT, "%s", real_loop_failure(stage->loop));
    else if (!good)
        status = hr_fail(e, HR_ENVIRONMENT, "after 10 s %u calls had no answer", w->calls_live);
    else if (run->kind == REAL_RUN_MEASURED)
        status = punctual(run, e);
    if (!status)
        sim_world_check(w);
    sim_world_free(w);
    real_recorder_end(recorder);
    free(host);
    return status;
}
