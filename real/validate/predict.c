// real/validate/predict.c - see predict.h.
#include "real/validate/predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- fits -------------------------------------------------------------------------------------------------------------------

static double author_mean(const sim_model *model, const real_leaf_operation *op)
{
    if (model->components[op->component].kind == SIM_PART_database) {
        const sim_database_def *d = model->components[op->component].def;
        const sim_statement_def *s = &d->statements[op->operation];
        return sim_dist_mean(&s->cpu) + sim_dist_mean(&s->wait) + sim_dist_mean(&d->network);
    }
    const sim_cache_def *d = model->components[op->component].def;
    return sim_dist_mean(&d->demand) + sim_dist_mean(&d->network);
}

// What a fit run tells: times of operation k, or, where k is beyond them, how late its requests were sent.
static real_samples samples_of(const real_run *run, size_t k)
{
    real_samples s = {0};
    if (k < run->times_count)
        real_samples_join(&s, &run->times[k]);
    for (size_t i = 0; k == run->times_count && i < run->request_count; i++)
        real_samples_add(&s, run->request[i].sent - run->request[i].intended);
    return s;
}

static void fit_one(const real_pack *pack, size_t k, real_fit *fit)
{
    real_samples all = {0};
    double low_rate = 0, high_rate = 0;
    for (size_t i = 0; i < pack->run_count; i++) {
        const real_run *run = &pack->run[i];
        real_samples s = {0};
        if (run->kind == REAL_RUN_FIT)
            s = samples_of(run, k);
        if (s.count == 0)
            continue;
        real_samples_join(&all, &s);
        if (low_rate == 0 || run->rate_per_s < low_rate) {
            low_rate = run->rate_per_s;
            fit->low_mean_s = real_samples_mean(&s);
        }
        if (run->rate_per_s > high_rate) {
            high_rate = run->rate_per_s;
            fit->high_mean_s = real_samples_mean(&s);
        }
        real_samples_free(&s);
    }
    fit->samples = all.count;
    if (all.count >= REAL_FIT_LEAST) {
        fit->quantiles = all.count / 4 < REAL_FIT_QUANTILES ? (uint32_t)(all.count / 4) : REAL_FIT_QUANTILES;
        real_samples_quantiles(&all, fit->table, fit->quantiles);
        const sim_dist_def d = {.kind = SIM_DIST_empirical, .table = fit->table, .count = fit->quantiles};
        fit->mean_s = real_samples_mean(&all);
        fit->scv = sim_dist_scv(&d);
    }
    real_samples_free(&all);
}

void real_fits_make(const real_pack *pack, const sim_model *model, real_fits *fits)
{
    real_leaf_operation op[REAL_MOST_OPERATIONS];
    size_t operations = real_leaf_operations(model, op);
    fits->count = operations + 1;
    fits->fit = hr_alloc(fits->count * sizeof *fits->fit);
    for (size_t k = 0; k < operations; k++) {
        real_fit *f = &fits->fit[k];
        f->component = op[k].component;
        f->operation = op[k].operation;
        f->author_mean_s = author_mean(model, &op[k]);
        snprintf(f->name, sizeof f->name, "%.64s.%.64s", op[k].component_name, op[k].operation_name);
        fit_one(pack, k, f);
    }
    real_fit *timers = &fits->fit[operations];
    snprintf(timers->name, sizeof timers->name, "timers (late by)");
    fit_one(pack, operations, timers);
    fits->lateness = (sim_dist_def){.kind = SIM_DIST_empirical, .table = timers->table, .count = timers->quantiles};
}

void real_fits_free(real_fits *fits)
{
    free(fits->fit);
    *fits = (real_fits){0};
}

void real_fits_apply(const real_fits *fits, const real_pack *pack, sim_model *model)
{
    static const sim_dist_def nothing = {.kind = SIM_DIST_constant};
    if (fits->lateness.count)
        model->lateness = &fits->lateness;
    for (size_t k = 0; k + 1 < fits->count; k++) {
        const real_fit *f = &fits->fit[k];
        if (!f->quantiles)
            continue;
        const sim_dist_def fitted = {.kind = SIM_DIST_empirical, .table = f->table, .count = f->quantiles};
        void *def = model->components[f->component].def;
        if (model->components[f->component].kind == SIM_PART_cache) {
            ((sim_cache_def *)def)->demand = nothing;
            ((sim_cache_def *)def)->network = fitted;
        } else {
            sim_statement_def *s = (sim_statement_def *)&((sim_database_def *)def)->statements[f->operation];
            s->cpu = nothing;
            s->wait = fitted;
            ((sim_database_def *)def)->network = nothing;
        }
    }
    for (uint16_t c = 0; c < model->component_count; c++)
        if (model->components[c].kind == SIM_PART_cache && pack->entries[c]) {
            sim_cache_def *d = model->components[c].def;
            d->entries = pack->entries[c];     // counted on the live server: how it fills its memory need not be guessed
            d->memory_bytes = 0;
        }
}

// --- runs -------------------------------------------------------------------------------------------------------------------

void real_predict_run(const sim_model *model, const uint32_t *entries, real_run *run)
{
    sim_host *host = hr_alloc(sizeof *host);
    real_recorder *recorder = real_recorder_begin(run, host);
    sim_world *w = real_run_world(model, run);
    w->host = host;
    uint64_t keys = real_most_keys(model);
    for (uint16_t c = 0; c < model->component_count; c++)
        if (model->components[c].kind == SIM_PART_cache)
            sim_cache_preload(w, c, keys < entries[c] ? keys : entries[c], real_largest_value(model));
    sim_world_start(w, 0);
    sim_world_run(w, run->from);
    sim_world_reset_counts(w);
    sim_world_run(w, run->to);
    real_run_count(w, model, run);
    sim_world_drain(w, run->to + 60 * HR_SEC);
    sim_world_check(w);
    sim_world_free(w);
    real_recorder_end(recorder);
    free(host);
}

double real_predict_capacity(const real_pack *pack, const real_fits *fits, size_t variant, hr_time from, hr_time to, hr_error *e)
{
    double rate = 50, served = 0;
    for (bool keeps_up = true; keeps_up && rate < 100000; rate *= 1.15) {
        sim_model *model;
        if (real_pack_model(pack, variant, &model, e))
            return 0;
        real_fits_apply(fits, pack, model);
        real_scale_rate(model, rate);
        real_run run = {.kind = REAL_RUN_CAPACITY, .seed = pack->seed, .from = from, .to = to};
        real_predict_run(model, pack->entries, &run);
        served = real_run_served(&run);
        keeps_up = served > 0.95 * real_run_offered(&run);
        real_run_free(&run);
        sim_model_free(model);
    }
    return served;
}
