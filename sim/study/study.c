// sim/study/study.c - replications over threads, warm-up by pilot runs, rounds until the asked-for precision; see study.h.
#include "sim/study/study.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/stats/warmup.h"

enum { PILOTS = 4, PILOT_SEED = 1000000, MOST_LOOKS = 4 };         // pilot seeds are none of the replications'

static const double confidence = 0.95;

sim_study_options sim_study_options_default(void)
{
    return (sim_study_options){.seed = 1, .precision = 0.05, .least = 10, .most = 80, .cap = HR_FOREVER};
}

// --- a world that has used up its memory ------------------------------------------------------------------------------
// It has stopped on its way, so that its numbers mean nothing.
typedef struct { bool is_full; hr_time at; uint32_t calls; uint64_t bytes; } full_world;

static full_world full_of(const sim_world *w)
{
    return (full_world){w->is_full, w->full_at, w->calls_live, (uint64_t)w->limit << 3};
}

static hr_status tell_full(const full_world *full, const sim_model *model, hr_error *e)
{
    return hr_fail(e, HR_ENVIRONMENT, "%s: at %.3f s of %.0f s a replication had used up the %.0f MiB that it may have here (a quarter of the "
                   "memory), with %u calls in flight. Bound what grows: `queue`, `timeout`, a cache's `memory` or `entries`, or ask for less: "
                   "`rate`, `users`, run.duration", model->path, (double)full->at * 1e-9, (double)model->duration * 1e-9,
                   (double)full->bytes / (1 << 20), (unsigned)full->calls);
}

// --- one job: replication r of variant v, on any thread ---------------------------------------------------------------
typedef struct {
    sim_study    *study;
    const sim_study_options *options;
    sim_trial    *trials;                      // [variant][replication]
    int           room;                        // replications that fit into `trials`
    int           from, to;                    // this round
    int           next, done;
    uint64_t      events;
    full_world    full;                        // the first that was found
    pthread_mutex_t lock;
    hr_time       deadline;
} round_of_work;

static sim_study_series *copy_series(const sim_world *w, const sim_model *model, size_t *count)
{
    size_t n = 0;
    sim_study_series *all = hr_alloc(w->series.gauges * sizeof *all);
    for (int i = 0; i < model->component_count; i++) {
        const sim_kind *kind = sim_kinds[model->components[i].kind];
        uint32_t first = sim_series_first(w, (sim_component_id)i);
        for (uint32_t g = 0; kind->gauges && kind->gauges[g]; g++) {
            double *values = hr_alloc((w->series.count + 1u) * sizeof *values);
            for (uint32_t k = 0; k < w->series.count; k++)
                values[k] = (double)sim_series_value(w, first + g, k);
            all[n++] = (sim_study_series){model->components[i].name, kind->gauges[g], values, w->series.count};
        }
    }
    *count = n;
    return all;
}

static sim_world *started_world(const sim_model *model, uint64_t seed)
{
    sim_world *w = sim_model_build(model, seed);
    w->arrivals_end = w->window_to = model->duration;
    sim_world_start(w, sim_model_grid(model));
    return w;
}

static uint64_t run_one(sim_study *study, size_t variant, int r, sim_trial *trial, full_world *full)
{
    sim_study_variant *v = &study->variants[variant];
    sim_world *w = started_world(v->model, sim_study_seed(study->seed, r));
    w->window_from = study->warmup;
    sim_world_run(w, study->warmup - 1);       // a request that is meant to start just when the window opens is counted in it
    sim_world_reset_counts(w);
    sim_world_run(w, study->duration);
    if (r == 0)
        v->series = copy_series(w, v->model, &v->series_count);
    sim_trial_measure(w, v->model, study->warmup, study->duration, trial);
    *full = full_of(w);
    uint64_t events = w->events_run;
    sim_world_free(w);
    return events;
}

static bool should_stop(const round_of_work *work)
{
    return work->options->stop && *work->options->stop;
}

static void *work_on(void *self)
{
    round_of_work *work = self;
    int variants = (int)work->study->variant_count;
    for (;;) {
        pthread_mutex_lock(&work->lock);
        int job = work->next < (work->to - work->from) * variants && !should_stop(work) && !work->full.is_full ? work->next++ : -1;
        pthread_mutex_unlock(&work->lock);
        if (job < 0)
            return NULL;
        size_t variant = (size_t)(job % variants);
        int r = work->from + job / variants;
        full_world full;
        uint64_t events = run_one(work->study, variant, r, &work->trials[variant * (size_t)work->room + (size_t)r], &full);
        pthread_mutex_lock(&work->lock);
        if (full.is_full && !work->full.is_full)
            work->full = full;
        work->done++;
        work->events += events;
        pthread_mutex_unlock(&work->lock);
    }
}

static void run_round(round_of_work *work, double progress_from, double progress_to)
{
    int threads = work->study->threads, jobs = (work->to - work->from) * (int)work->study->variant_count;
    pthread_t *thread = hr_alloc((size_t)threads * sizeof *thread);
    work->next = work->done = 0;
    for (int i = 0; i < threads; i++)
        HR_ASSERT(pthread_create(&thread[i], NULL, work_on, work) == 0);
    for (;;) {                                 // the calling thread only tells how far it is
        pthread_mutex_lock(&work->lock);
        int done = work->done;
        bool over = done == jobs || should_stop(work) || work->full.is_full;
        pthread_mutex_unlock(&work->lock);
        if (work->options->progress)
            work->options->progress(work->options->progress_self, progress_from + (progress_to - progress_from) * done / jobs);
        if (over)
            break;
        usleep(jobs > 8 ? 20000 : 1000);
    }
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    free(thread);
}

// --- warm-up --------------------------------------------------------------------------------------------------------

// The gauges whose averages over the pilots MSER-5 looks at: what is in flight, and what the caches hold.
static bool is_telling(const sim_kind *kind, const char *gauge)
{
    return strcmp(gauge, "in_flight") == 0 || (kind == sim_kinds[SIM_PART_cache] && strcmp(gauge, "hit_ratio") == 0);
}

static hr_time warmup_of(const sim_model *model, uint64_t seed, bool *found, full_world *full)
{
    sim_world *pilot[PILOTS];
    for (int p = 0; p < PILOTS; p++) {
        pilot[p] = started_world(model, sim_study_seed(seed, PILOT_SEED + p));
        if (!full->is_full)
            sim_world_run(pilot[p], model->duration);
        if (pilot[p]->is_full)
            *full = full_of(pilot[p]);
    }
    uint32_t count = pilot[0]->series.count, worst = 0;
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

static void find_warmup(sim_study *study, full_world *full)
{
    study->warmup_found = true;
    study->warmup = 0;
    const sim_model *first = study->variants[0].model;
    if (first->warmup >= 0) {
        study->warmup = first->warmup;
        return;
    }
    for (size_t v = 0; v < study->variant_count; v++) {
        bool found;
        hr_time warmup = warmup_of(study->variants[v].model, study->seed, &found, full);
        study->warmup_found = study->warmup_found && found;
        study->warmup = hr_max_time(study->warmup, warmup);
    }
    study->warmup = hr_min_time(study->warmup, study->duration / 2);
}

// --- what the replications say ----------------------------------------------------------------------------------------

double sim_study_value(const sim_study *study, size_t variant, int replication, sim_metric metric, int component)
{
    size_t columns = study->variants[variant].model->component_count + 1u;
    return study->variants[variant].values[((size_t)replication * SIM_METRIC_COUNT + metric) * columns + (size_t)(component + 1)];
}

static double *values_of(const sim_study *study, size_t variant, sim_metric metric, int component)
{
    double *x = hr_alloc((size_t)study->replications * sizeof *x);
    for (int r = 0; r < study->replications; r++)
        x[r] = sim_study_value(study, variant, r, metric, component);
    return x;
}

sim_estimate sim_study_estimate(const sim_study *study, size_t variant, sim_metric metric, int component)
{
    double *x = values_of(study, variant, metric, component);
    sim_estimate estimate = sim_mean_interval(x, (size_t)study->replications, confidence);
    free(x);
    return estimate;
}

sim_paired sim_study_compare(const sim_study *study, size_t a, size_t b, sim_metric metric)
{
    double *x = values_of(study, a, metric, -1), *y = values_of(study, b, metric, -1);
    sim_estimate level = sim_mean_interval(x, (size_t)study->replications, confidence);
    sim_paired paired = sim_compare_paired(x, y, (size_t)study->replications, sim_look_confidence(confidence, MOST_LOOKS),
                                           fabs(level.value) * 0.01,
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

// Gathers trials 0 … replications - 1 into the variants.
static void gather(sim_study *study, const round_of_work *work)
{
    for (size_t v = 0; v < study->variant_count; v++) {
        sim_study_variant *variant = &study->variants[v];
        size_t cells = SIM_METRIC_COUNT * (variant->model->component_count + 1u);
        variant->values = hr_realloc(variant->values, (size_t)study->replications * cells * sizeof(double));
        variant->latency = (sim_histogram){0};
        memset(variant->outcome, 0, sizeof variant->outcome);
        for (int r = 0; r < study->replications; r++) {
            const sim_trial *t = &work->trials[v * (size_t)work->room + (size_t)r];
            memcpy(variant->values + (size_t)r * cells, t->values, cells * sizeof(double));
            sim_histogram_merge(&variant->latency, &t->latency);
            for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
                variant->outcome[o] += t->outcome[o];
        }
        for (int m = 0; m < SIM_METRIC_COUNT; m++)
            variant->estimate[m] = sim_study_estimate(study, v, (sim_metric)m, -1);
    }
}

static void decide(sim_study *study)
{
    double level = sim_look_confidence(confidence, MOST_LOOKS);
    for (size_t i = 0; i < study->claim_count; i++)
        sim_claim_decide(study, &study->variants[0].model->claims[i], level, &study->claims[i]);
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
            // More is better: the limit is a floor; else it is a ceiling.
            double sign = sim_metrics[metric].better > 0 ? -1 : 1;
            double *x = values_of(study, v, (sim_metric)metric, -1);
            for (int r = 0; r < study->replications; r++)
                x[r] = sign * (o->limit - x[r]);
            result->verdict = sim_decide_sign(x, (size_t)study->replications, level);
            free(x);
        }
    }
}

static bool is_precise(const sim_study *study)
{
    for (size_t v = 0; v < study->variant_count; v++) {
        const sim_metric watched[] = {SIM_METRIC_mean, SIM_METRIC_p95};
        for (size_t i = 0; i < HR_COUNT(watched); i++) {
            sim_estimate e = study->variants[v].estimate[watched[i]];
            if (!isnan(e.value) && e.value > 0 && (e.high - e.low) / 2 > study->precision * e.value)
                return false;
        }
    }
    return true;
}

static bool is_decided(const sim_study *study)
{
    for (size_t i = 0; i < study->claim_count; i++)
        if (study->claims[i].verdict == SIM_UNDECIDED)
            return false;
    return true;
}

// --- the study --------------------------------------------------------------------------------------------------------

static sim_study *new_study(sim_model *const *models, size_t count, const sim_study_options *options)
{
    sim_study *study = hr_alloc(sizeof *study);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    study->seed = options->seed;
    study->precision = options->precision;
    study->threads = options->threads > 0 ? options->threads : cores > 0 ? (int)cores : 1;
    study->variants = hr_alloc(count * sizeof *study->variants);
    study->variant_count = count;
    study->claim_count = models[0]->claim_count;
    study->claims = hr_alloc(study->claim_count * sizeof *study->claims);
    size_t objectives = 0;
    for (size_t v = 0; v < count; v++) {
        study->variants[v] = (sim_study_variant){.name = models[v]->variant, .summary = "", .model = models[v]};
        for (size_t k = 0; k < models[0]->variant_count; k++)
            if (strcmp(models[0]->variants[k].name, models[v]->variant) == 0)
                study->variants[v].summary = models[0]->variants[k].summary;
        objectives += models[v]->objective_count;
        study->duration = hr_max_time(study->duration, models[v]->duration);
    }
    study->grid = sim_model_grid(models[0]);
    study->objectives = hr_alloc(objectives * sizeof *study->objectives);
    return study;
}

static void make_room(round_of_work *work, int replications)
{
    const sim_study *study = work->study;
    sim_trial *trials = hr_alloc(study->variant_count * (size_t)replications * sizeof *trials);
    for (size_t v = 0; v < study->variant_count; v++)
        for (int r = 0; r < replications; r++) {
            sim_trial *t = &trials[v * (size_t)replications + (size_t)r];
            if (r < work->room)
                *t = work->trials[v * (size_t)work->room + (size_t)r];
            else
                t->values = hr_alloc(SIM_METRIC_COUNT * (study->variants[v].model->component_count + 1u) * sizeof(double));
        }
    free(work->trials);
    work->trials = trials;
    work->room = replications;
}

hr_status sim_study_run(sim_model *const *models, size_t count, const sim_study_options *options, sim_study **out, hr_error *e)
{
    for (size_t v = 0; v < count; v++)
        if (models[v]->component_count != models[0]->component_count)
            return hr_fail(e, HR_BAD_INPUT, "variant '%s' has other components than the scenario: only their values may differ", models[v]->variant);
    hr_time begun = hr_now();
    sim_study *study = new_study(models, count, options);
    full_world full = {0};
    find_warmup(study, &full);
    if (full.is_full) {
        tell_full(&full, models[0], e);
        sim_study_free(study);
        return HR_ENVIRONMENT;
    }
    round_of_work work = {.study = study, .options = options, .lock = PTHREAD_MUTEX_INITIALIZER};
    int target = options->least;
    for (;;) {
        make_room(&work, target);
        work.from = study->replications;
        work.to = target;
        run_round(&work, study->looks / (double)MOST_LOOKS, (study->looks + 1) / (double)MOST_LOOKS);
        if (work.full.is_full)
            break;
        study->was_stopped = options->stop && *options->stop;
        if (study->was_stopped && study->replications == 0 && work.done < (target - work.from) * (int)count) {
            study->replications = 0;           // not even one round: nothing is known
            break;
        }
        if (!study->was_stopped)
            study->replications = target;
        study->looks++;
        study->events = work.events;
        gather(study, &work);
        decide(study);
        study->is_precise = is_precise(study);
        if (study->was_stopped || (study->is_precise && is_decided(study)) || target >= options->most || study->looks >= MOST_LOOKS ||
            hr_now() - begun > options->cap)
            break;
        target = target * 2 < options->most ? target * 2 : options->most;
    }
    for (size_t v = 0; v < count; v++)
        for (int r = 0; r < work.room; r++)
            free(work.trials[v * (size_t)work.room + (size_t)r].values);
    free(work.trials);
    study->wall = hr_now() - begun;
    if (work.full.is_full) {
        tell_full(&work.full, models[0], e);
        sim_study_free(study);
        return HR_ENVIRONMENT;
    }
    if (study->replications == 0) {
        sim_study_free(study);
        return hr_fail(e, HR_UNDECIDED, "interrupted before the first round of replications was complete: nothing is known yet");
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
        for (size_t i = 0; i < variant->series_count; i++)
            free((void *)(uintptr_t)variant->series[i].values);
        free(variant->series);
        free(variant->values);
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
    if (status || (status = sim_claims_check(base, e)))
        return status;
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
