// sim/study/work.c - see work.h.
#include "sim/study/work.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "sim/study/request_log.h"
#include "sim/study/trial.h"

enum { LOOKS = 64 };                           // in a replication, whether it should stop

typedef struct {                               // what the threads of one call share
    sim_work *work;
    int       from, jobs;                      // a job is one replication of one variant: the variants of a replication are neighbours
    bool     *is_whole;                        // [jobs]
    int       next, done, threads_left;
    pthread_mutex_t lock;
    pthread_cond_t  changed;
} shared;

sim_work sim_work_begin(sim_study *study, const sim_study_options *options)
{
    sim_work work = {.study = study, .options = options, .begun = hr_now()};
    HR_ASSERT(!options->log || study->variant_count == 1);
    work.parts = hr_alloc(SIM_WORK_MOST * sizeof(sim_request_log_part *));
    work.trials = hr_alloc(study->variant_count * SIM_WORK_MOST * sizeof *work.trials);
    for (size_t v = 0; v < study->variant_count; v++)
        for (int r = 0; r < SIM_WORK_MOST; r++) {
            sim_trial *trial = &work.trials[v * SIM_WORK_MOST + (size_t)r];
            size_t columns = study->variants[v].model->column_count + 1u;
            trial->values = hr_alloc(SIM_METRIC_COUNT * columns * sizeof *trial->values);
            trial->tally = hr_alloc(columns * sizeof *trial->tally);
        }
    return work;
}

void sim_work_end(sim_work *work)
{
    for (size_t i = 0; i < work->study->variant_count * SIM_WORK_MOST; i++) {
        free(work->trials[i].values);
        free(work->trials[i].tally);
    }
    free(work->trials);
    free(work->parts);
}

bool sim_work_should_stop(const sim_work *work)
{
    const sim_study_options *o = work->options;
    return (o->stop && *o->stop) || (o->at_most != HR_FOREVER && hr_now() - work->begun > o->at_most);
}

sim_world *sim_work_world(const sim_model *model, uint64_t seed)
{
    sim_world *w = sim_model_build(model, seed);
    w->arrivals_end = w->window_to = model->duration;
    sim_world_start(w, sim_model_grid(model));
    return w;
}

bool sim_work_until(const sim_work *work, sim_world *w, hr_time until)
{
    hr_time piece = (until - w->now) / LOOKS;
    for (int i = 1; i < LOOKS && piece > 0; i++) {
        sim_world_run(w, w->now + piece);
        if (w->is_full || sim_work_should_stop(work))
            return false;
    }
    sim_world_run(w, until);
    return !w->is_full;
}

sim_full sim_full_of(const sim_world *w)
{
    return (sim_full){w->is_full, w->full_at, w->calls_live, (uint64_t)w->limit << 3};
}

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

static sim_fault_run *copy_faults(const sim_world *w, const sim_model *model, size_t *count)
{
    int id = sim_model_find(model, "faults");
    sim_fault_run run, *all = NULL;
    *count = 0;
    while (id >= 0 && sim_faults_look(w, (sim_component_id)id, (uint32_t)*count, &run)) {
        if (!(*count & (*count + 1)))          // room for a power of two
            all = hr_realloc(all, 2 * (*count + 1) * sizeof *all);
        all[(*count)++] = run;
    }
    return all;
}

// One long run: the window in pieces, each measured by itself.
static bool run_pieces(const sim_work *work, sim_world *w, sim_study_variant *v)
{
    hr_time from = work->study->warmup, span = work->study->duration - from;
    size_t columns = v->model->column_count + 1u, cells = SIM_METRIC_COUNT * columns;
    sim_moment *before = sim_moment_take(w, v->model, from);
    bool whole = true;
    v->pieces = hr_alloc(SIM_WORK_PIECES * cells * sizeof(double));
    v->piece_tallies = hr_alloc(SIM_WORK_PIECES * columns * sizeof(sim_tally));
    for (size_t i = 0; whole && i < SIM_WORK_PIECES; i++) {
        whole = sim_work_until(work, w, from + span / SIM_WORK_PIECES * (hr_time)(i + 1));
        sim_moment *now = sim_moment_take(w, v->model, from);
        sim_moment_between(before, now, v->model, v->pieces + i * cells, v->piece_tallies + i * columns);
        sim_moment_free(before, v->model);
        before = now;
    }
    sim_moment_free(before, v->model);
    return whole;
}

// Replication r of a variant, on any thread; false when it was stopped on the way.
static bool run_one(const sim_work *work, size_t variant, int r, sim_trial *trial, sim_request_log_part **part, uint64_t *events,
                    sim_full *full)
{
    sim_study *study = work->study;
    sim_study_variant *v = &study->variants[variant];
    sim_host *host = NULL;
    sim_world *w = sim_work_world(v->model, sim_study_seed(study->seed, r));
    if (work->options->log) {
        w->host = host = hr_alloc(sizeof *host);
        *part = sim_request_log_begin(work->options->log, (uint32_t)r, host);
    }
    w->window_from = study->warmup;
    bool whole = sim_work_until(work, w, study->warmup - 1);       // a request that is meant to start just when the window opens is counted in it
    if (whole) {
        sim_world_reset_counts(w);
        whole = (!study->pieces || run_pieces(work, w, v)) && sim_work_until(work, w, study->duration);
    }
    if (whole) {
        if (r == 0) {
            v->series = copy_series(w, v->model, &v->series_count);
            v->faults = copy_faults(w, v->model, &v->fault_count);
        }
        trial->latency = (sim_histogram){0};
        sim_trial_measure(w, v->model, study->warmup, study->duration, trial);
    }
    *events = w->events_run;
    *full = sim_full_of(w);                    // it may become so while it is drained
    sim_world_free(w);
    free(host);
    return whole && !full->is_full;
}

static void *work_on(void *self)
{
    shared *s = self;
    int variants = (int)s->work->study->variant_count;
    pthread_mutex_lock(&s->lock);
    while (s->next < s->jobs && !s->work->full.is_full && !sim_work_should_stop(s->work)) {
        int job = s->next++;
        pthread_mutex_unlock(&s->lock);
        size_t variant = (size_t)(job % variants);
        int place = job / variants;
        uint64_t events;
        sim_full full;
        bool whole = run_one(s->work, variant, s->from + place, &s->work->trials[variant * SIM_WORK_MOST + (size_t)place],
                             &s->work->parts[place], &events, &full);
        pthread_mutex_lock(&s->lock);
        s->is_whole[job] = whole;
        if (full.is_full && !s->work->full.is_full)
            s->work->full = full;
        s->done++;
        s->work->events += events;
        pthread_cond_signal(&s->changed);
    }
    s->threads_left--;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static struct timespec in_a_while(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += 100 * HR_MS;
    if (t.tv_nsec >= HR_SEC) {
        t.tv_nsec -= HR_SEC;
        t.tv_sec++;
    }
    return t;
}

// The calling thread only tells how far it is. Progress is told without the lock, for it may draw.
static void wait_and_tell(shared *s, int target)
{
    const sim_study_options *o = s->work->options;
    double variants = (double)s->work->study->variant_count;
    pthread_mutex_lock(&s->lock);
    while (s->threads_left) {
        struct timespec until = in_a_while();
        pthread_cond_timedwait(&s->changed, &s->lock, &until);
        double done_frac = (s->from + s->done / variants) / target;
        pthread_mutex_unlock(&s->lock);
        if (o->progress)
            o->progress(o->progress_self, done_frac);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
}

int sim_work_run(sim_work *work, int from, int to, int target)
{
    int threads = work->study->threads, variants = (int)work->study->variant_count;
    HR_ASSERT(to - from <= SIM_WORK_MOST);
    shared s = {.work = work, .from = from, .jobs = (to - from) * variants, .threads_left = threads, .lock = PTHREAD_MUTEX_INITIALIZER};
    s.is_whole = hr_alloc((size_t)s.jobs * sizeof *s.is_whole);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s.changed, &monotonic);
    pthread_t *thread = hr_alloc((size_t)threads * sizeof *thread);
    for (int i = 0; i < threads; i++)
        HR_ASSERT(pthread_create(&thread[i], NULL, work_on, &s) == 0);
    wait_and_tell(&s, target);
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    int whole = 0;
    while (whole < s.jobs && s.is_whole[whole])
        whole++;
    for (int place = 0; place < to - from; place++) {              // only a log has parts
        if (work->parts[place])
            sim_request_log_end(work->options->log, work->parts[place], place < whole / variants);
        work->parts[place] = NULL;
    }
    pthread_cond_destroy(&s.changed);
    pthread_condattr_destroy(&monotonic);
    free(thread);
    free(s.is_whole);
    return whole / variants;
}
