// sim/study/study.c - warm-up by pilot runs, looks at replications until they are enough; see study.h.
#include "sim/study/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/stats/warmup.h"
#include "sim/study/request_log.h"
#include "sim/study/rule.h"
#include "sim/study/work.h"

enum { PILOTS = 4, PILOT_SEED = 1000000 };     // pilot seeds are none of the replications'
enum { MOST_DOUBLINGS = 6 };                   // of the duration: after that a precision that cannot be had is told

sim_study_options sim_study_options_default(void)
{
    return (sim_study_options){.seed = 1, .precision = 0.05, .watched = {[SIM_METRIC_mean] = true, [SIM_METRIC_p95] = true}, .least = 10,
                               .most = 80, .at_most = HR_FOREVER};
}

// --- warm-up --------------------------------------------------------------------------------------------------------

// The gauges whose averages over the pilots MSER-5 looks at: what is in flight, and what the caches hold.
static bool is_telling(const sim_kind *kind, const char *gauge)
{
    return strcmp(gauge, "in_flight") == 0 || (kind == sim_kinds[SIM_PART_cache] && strcmp(gauge, "hit_ratio") == 0);
}

static hr_time warmup_of(sim_work *work, const sim_model *model, bool *found)
{
    sim_world *pilot[PILOTS];
    bool whole = true;
    for (int p = 0; p < PILOTS; p++) {
        pilot[p] = sim_work_world(model, sim_study_seed(work->study->seed, PILOT_SEED + p));
        whole = whole && sim_work_until(work, pilot[p], model->duration);
        if (pilot[p]->is_full)
            work->full = sim_full_of(pilot[p]);
    }
    uint32_t count = whole ? pilot[0]->series.count : 0, worst = 0;
    double *average = hr_alloc((count + 1) * sizeof *average);
    *found = true;
    for (int i = 0; i < model->component_count; i++) {
        const sim_kind *kind = sim_kinds[model->components[i].kind];
        uint32_t first = sim_series_first(pilot[0], (sim_component_id)i);
        for (uint32_t g = 0; kind->gauges && kind->gauges[g]; g++) {
            if (!is_telling(kind, kind->gauges[g]))
                continue;
            for (uint32_t k = 0; k < count; k++) {
                average[k] = 0;
                for (int p = 0; p < PILOTS; p++)
                    average[k] += (double)sim_series_value(pilot[p], first + g, k) / PILOTS;
            }
            bool settled;
            uint32_t drop = (uint32_t)sim_mser5(average, count, &settled);
            *found = *found && settled;
            if (drop > worst)
                worst = drop;
        }
    }
    free(average);
    for (int p = 0; p < PILOTS; p++)
        sim_world_free(pilot[p]);
    return (hr_time)worst * sim_model_grid(model);
}

static void find_warmup(sim_work *work)
{
    sim_study *study = work->study;
    study->warmup_found = true;
    study->warmup = 0;
    const sim_model *first = study->variants[0].model;
    if (first->warmup >= 0) {
        study->warmup = first->warmup;
        return;
    }
    for (size_t v = 0; v < study->variant_count; v++) {
        bool found;
        hr_time warmup = warmup_of(work, study->variants[v].model, &found);
        study->warmup_found = study->warmup_found && found;
        study->warmup = hr_max_time(study->warmup, warmup);
    }
    study->warmup = hr_min_time(study->warmup, study->duration / 2);
}

// --- what the replications say ----------------------------------------------------------------------------------------

// Row: a replication, or a piece of one long run.
static double cell(const sim_study_variant *v, const double *values, size_t row, sim_metric metric, int column)
{
    return values[(row * SIM_METRIC_COUNT + metric) * (v->model->column_count + 1u) + (size_t)(column + 1)];
}

static const sim_tally *tally_at(const sim_study_variant *v, const sim_tally *tallies, size_t row, int column)
{
    return &tallies[row * (v->model->column_count + 1u) + (size_t)(column + 1)];
}

double sim_study_value(const sim_study *study, size_t variant, int replication, sim_metric metric, int column)
{
    return cell(&study->variants[variant], study->variants[variant].values, (size_t)replication, metric, column);
}

sim_tally sim_study_tally(const sim_study *study, size_t variant, int column)
{
    const sim_study_variant *v = &study->variants[variant];
    sim_tally sum = {0};
    for (size_t r = 0; r < (size_t)study->replications; r++) {
        const sim_tally *one = tally_at(v, v->tallies, r, column);
        sum.offered += one->offered;
        for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
            sum.outcome[o] += one->outcome[o];
    }
    return sum;
}

// How many rows an interval comes from.
static size_t rows_of(const sim_study *study) { return study->pieces ? SIM_WORK_PIECES : (size_t)study->replications; }

// Of rows x: of replications their mean; of one long run its value as a whole, and around that the interval of its pieces. Frees x.
static sim_estimate estimate_of(const sim_study *study, double *x, double whole)
{
    sim_estimate e = study->pieces ? sim_run_interval(x, SIM_WORK_PIECES, study->confidence, NULL)
                                   : sim_mean_interval(x, (size_t)study->replications, study->confidence);
    double half = (e.high - e.low) / 2;
    free(x);
    return study->pieces ? (sim_estimate){whole, whole - half, whole + half} : e;
}

sim_estimate sim_study_estimate(const sim_study *study, size_t variant, sim_metric metric, int column)
{
    const sim_study_variant *v = &study->variants[variant];
    double *x = hr_alloc(rows_of(study) * sizeof *x);
    for (size_t i = 0; i < rows_of(study); i++)
        x[i] = cell(v, study->pieces ? v->pieces : v->values, i, metric, column);
    return estimate_of(study, x, study->pieces ? cell(v, v->values, 0, metric, column) : 0);
}

sim_estimate sim_study_estimate_of(const sim_study *study, size_t variant, int column, double (*value)(const sim_tally *tally, double seconds, int self), int self)
{
    const sim_study_variant *v = &study->variants[variant];
    double seconds = (double)(study->duration - study->warmup) * 1e-9, *x = hr_alloc(rows_of(study) * sizeof *x);
    for (size_t i = 0; i < rows_of(study); i++)
        x[i] = study->pieces ? value(tally_at(v, v->piece_tallies, i, column), seconds / SIM_WORK_PIECES, self)
                             : value(tally_at(v, v->tallies, i, column), seconds, self);
    return estimate_of(study, x, study->pieces ? value(tally_at(v, v->tallies, 0, column), seconds, self) : 0);
}

static double *values_of(const sim_study *study, size_t variant, sim_metric metric, int column)
{
    double *x = hr_alloc((size_t)study->replications * sizeof *x);
    for (int r = 0; r < study->replications; r++)
        x[r] = sim_study_value(study, variant, r, metric, column);
    return x;
}

sim_paired sim_study_compare(const sim_study *study, size_t a, size_t b, sim_metric metric)
{
    double *x = values_of(study, a, metric, -1), *y = values_of(study, b, metric, -1);
    sim_estimate level = sim_mean_interval(x, (size_t)study->replications, study->confidence);
    sim_paired paired = sim_compare_paired(x, y, (size_t)study->replications, study->confidence, fabs(level.value) * 0.01,
                                           sim_metrics[metric].better > 0 ? SIM_HIGHER_IS_BETTER : SIM_LOWER_IS_BETTER);
    free(x);
    free(y);
    return paired;
}

bool sim_study_can_compare(const sim_study *study, size_t a, size_t b, sim_metric metric)
{
    return sim_metrics[metric].better != 0 && !isnan(study->variants[a].estimate[metric].value) &&
           !isnan(study->variants[b].estimate[metric].value);
}

// Adds the work's first `count` trials to what the variants have.
static void gather(const sim_work *work, int count)
{
    sim_study *study = work->study;
    int n = study->replications;
    for (size_t v = 0; v < study->variant_count; v++) {
        sim_study_variant *variant = &study->variants[v];
        size_t columns = variant->model->column_count + 1u, cells = SIM_METRIC_COUNT * columns;
        variant->values = hr_realloc(variant->values, (size_t)(n + count + 1) * cells * sizeof(double));
        variant->tallies = hr_realloc(variant->tallies, (size_t)(n + count + 1) * columns * sizeof(sim_tally));
        for (int r = 0; r < count; r++) {
            const sim_trial *t = &work->trials[v * SIM_WORK_MOST + (size_t)r];
            memcpy(variant->values + (size_t)(n + r) * cells, t->values, cells * sizeof(double));
            sim_histogram_merge(&variant->latency, &t->latency);
            memcpy(variant->tallies + (size_t)(n + r) * columns, t->tally, columns * sizeof *t->tally);
        }
    }
    study->replications += count;
}

// A limit that the whole interval keeps holds, one that it breaks fails; more is better: the limit is a floor, else it is a ceiling.
static sim_verdict verdict_on(sim_estimate e, double limit, int better)
{
    if (e.high < limit)
        return better > 0 ? SIM_FAILS : SIM_HOLDS;
    if (e.low > limit)
        return better > 0 ? SIM_HOLDS : SIM_FAILS;
    return SIM_UNDECIDED;
}

static void read_objectives(sim_study *study)
{
    study->objective_count = 0;
    for (size_t v = 0; v < study->variant_count; v++) {
        const sim_model *model = study->variants[v].model;
        for (size_t i = 0; i < model->objective_count; i++) {
            const sim_objective *o = &model->objectives[i];
            int metric = sim_metric_find(o->metric);
            sim_objective_result *result = &study->objectives[study->objective_count++];
            *result = (sim_objective_result){.objective = o, .variant = v, .verdict = SIM_UNDECIDED};
            if (metric < 0)
                continue;
            result->measured = study->variants[v].estimate[metric];
            result->verdict = verdict_on(result->measured, o->limit, sim_metrics[metric].better);
        }
    }
}

// Reads everything off the replications so far.
static void look(sim_study *study, bool is_last)
{
    study->confidence = sim_rule_confidence(study, ++study->looks, is_last);
    for (size_t v = 0; v < study->variant_count; v++)
        for (int m = 0; m < SIM_METRIC_COUNT; m++)
            study->variants[v].estimate[m] = sim_study_estimate(study, v, (sim_metric)m, -1);
    for (size_t i = 0; i < study->claim_count; i++)
        sim_claim_decide(study, study->claims[i].claim, &study->claims[i]);
    read_objectives(study);
}

// --- the study --------------------------------------------------------------------------------------------------------

static sim_study *new_study(sim_model *const *models, size_t count, const sim_study_options *options)
{
    sim_study *study = hr_alloc(sizeof *study);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    study->seed = options->seed;
    study->precision = options->precision;
    study->pieces = options->most == 1 ? SIM_WORK_PIECES : 0;
    memcpy(study->watched, options->watched, sizeof study->watched);
    study->threads = options->threads > 0 ? options->threads : cores > 0 ? (int)cores : 1;
    study->variants = hr_alloc(count * sizeof *study->variants);
    study->variant_count = count;
    size_t objectives = 0;
    for (size_t v = 0; v < count; v++) {
        study->variants[v] = (sim_study_variant){.name = models[v]->variant, .summary = "", .model = models[v]};
        for (size_t k = 0; k < models[0]->variant_count; k++)
            if (strcmp(models[0]->variants[k].name, models[v]->variant) == 0)
                study->variants[v].summary = models[0]->variants[k].summary;
        objectives += models[v]->objective_count;
        study->duration = hr_max_time(study->duration, models[v]->duration);
    }
    study->claims = hr_alloc((models[0]->claim_count + 1) * sizeof *study->claims);
    for (size_t i = 0; i < models[0]->claim_count; i++)
        if (sim_claim_is_asked(study, &models[0]->claims[i]))
            study->claims[study->claim_count++].claim = &models[0]->claims[i];
    study->grid = sim_model_grid(models[0]);
    study->objectives = hr_alloc((objectives + 1) * sizeof *study->objectives);
    return study;
}

static void free_series(sim_study_variant *variant)
{
    for (size_t i = 0; i < variant->series_count; i++)
        free((void *)(uintptr_t)variant->series[i].values);
    free(variant->series);
    free(variant->faults);
    variant->series = NULL;
    variant->faults = NULL;
    variant->series_count = variant->fault_count = 0;
}

static bool may_lengthen(const sim_study *study, const sim_study_options *options)
{
    bool is_steady = true;
    for (size_t v = 0; v < study->variant_count; v++)
        is_steady = is_steady && sim_model_is_steady(study->variants[v].model);
    return options->may_lengthen && is_steady && !study->was_stopped && study->lengthened < MOST_DOUBLINGS;
}

// Begins anew with replications that are twice as long.
static void lengthen(sim_work *work)
{
    sim_study *study = work->study;
    for (size_t v = 0; v < study->variant_count; v++) {
        sim_study_variant *variant = &study->variants[v];
        variant->model->duration *= 2;
        variant->latency = (sim_histogram){0};
        free_series(variant);
    }
    study->duration *= 2;
    study->grid = sim_model_grid(study->variants[0].model);
    study->replications = study->looks = 0;
    study->lengthened++;
    if (work->options->log)
        sim_request_log_restart(work->options->log);
    find_warmup(work);
}

// Runs until there are `target` replications, or as many as it comes to.
static void replicate(sim_work *work, int target)
{
    sim_study *study = work->study;
    int most = work->options->log && study->threads < SIM_WORK_MOST ? study->threads : SIM_WORK_MOST;      // few unnamed files of a log
    while (study->replications < target) {
        int from = study->replications, to = target - from < most ? target : from + most;
        gather(work, sim_work_run(work, from, to, target));
        if (study->replications < to)
            return;
    }
}

static hr_status tell_full(const sim_full *full, const sim_model *model, hr_error *e)
{
    return hr_fail(e, HR_ENVIRONMENT, "%s: at %.3f s of %.0f s a replication had used up the %.0f MiB that it may have here (a quarter of the "
                   "memory), with %u calls in flight. Bound what grows: `queue`, `timeout`, a cache's `memory` or `entries`, or ask for less: "
                   "`rate`, `users`, run.duration", model->path, (double)full->at * 1e-9, (double)model->duration * 1e-9,
                   (double)full->bytes / (1 << 20), (unsigned)full->calls);
}

static hr_status nothing_known(const sim_study *study, const sim_study_options *options, hr_error *e)
{
    if (options->stop && *options->stop)
        return hr_fail(e, HR_UNDECIDED, "interrupted before the first replication was complete: nothing is known yet");
    return hr_fail(e, HR_UNDECIDED, "the time was over before the first replication of %.6g s was complete: nothing is known yet; allow more time, "
                   "or shorten the scenario's duration", (double)study->duration / 1e9);
}

hr_status sim_study_run(sim_model *const *models, size_t count, const sim_study_options *options, sim_study **out, hr_error *e)
{
    for (size_t v = 0; v < count; v++)
        if (models[v]->component_count != models[0]->component_count || models[v]->column_count != models[0]->column_count)
            return hr_fail(e, HR_BAD_INPUT, "variant '%s' has other components than the scenario: only their values may differ", models[v]->variant);
    sim_study *study = new_study(models, count, options);
    sim_work work = sim_work_begin(study, options);
    find_warmup(&work);
    for (int target = options->least; !work.full.is_full;) {
        replicate(&work, target);
        if (work.full.is_full)
            break;
        study->was_stopped = study->replications < target;
        if (study->replications == 0)
            break;
        look(study, target >= options->most);
        if (may_lengthen(study, options) && sim_rule_is_too_short(study)) {
            lengthen(&work);
            target = options->least;
            continue;
        }
        target = sim_rule_next(study, options);
        if (target == study->replications && target >= options->least)
            study->was_stopped = false;        // the last ones were not needed
        if (study->was_stopped || target == study->replications)
            break;
    }
    study->events = work.events;
    study->wall = hr_now() - work.begun;
    sim_work_end(&work);
    if (work.full.is_full || study->replications == 0) {
        hr_status status = work.full.is_full ? tell_full(&work.full, models[0], e) : nothing_known(study, options, e);
        sim_study_free(study);
        return status;
    }
    *out = study;
    return HR_OK;
}

void sim_study_free(sim_study *study)
{
    if (!study)
        return;
    for (size_t v = 0; v < study->variant_count; v++) {
        sim_study_variant *variant = &study->variants[v];
        free_series(variant);
        free(variant->values);
        free(variant->pieces);
        free(variant->tallies);
        free(variant->piece_tallies);
        sim_model_free(variant->model);
    }
    free(study->variants);
    free(study->claims);
    free(study->objectives);
    free(study);
}

hr_status sim_study_models(const char *path, const char *const *variants, size_t count, sim_model ***models, size_t *model_count, hr_error *e)
{
    sim_model *base;
    hr_status status = sim_model_read(path, NULL, &base, e);
    if (status)
        return status;
    status = sim_claims_check(base, e);
    if (status) {
        sim_model_free(base);
        return status;
    }
    size_t n = variants ? count : base->variant_count ? base->variant_count : 1;
    sim_model **all = hr_alloc(n * sizeof *all);
    for (size_t i = 0; i < n && !status; i++)
        status = sim_model_read(path, variants ? variants[i] : base->variant_count ? base->variants[i].name : "", &all[i], e);
    sim_model_free(base);
    if (status) {
        for (size_t i = 0; i < n; i++)
            if (all[i])
                sim_model_free(all[i]);
        free(all);
        return status;
    }
    *models = all;
    *model_count = n;
    return HR_OK;
}
