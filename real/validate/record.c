// real/validate/record.c - see record.h.
#include "real/validate/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const real_compared real_compared_rows[REAL_COMPARED_COUNT] = {
#define REAL_COMPARED(metric, bound, is_absolute) {SIM_METRIC_##metric, bound, is_absolute},
#include "real/validate/compared.def"
#undef REAL_COMPARED
};

// --- the scenario's load ------------------------------------------------------------------------------------------------------

uint64_t real_most_keys(const sim_model *model)
{
    uint64_t most = 1;
    for (uint16_t c = 0; c < model->component_count; c++)
        if (model->components[c].kind == SIM_PART_workload) {
            const sim_workload_def *d = model->components[c].def;
            most = d->keys.count > most ? d->keys.count : most;
        }
    return most;
}

uint32_t real_largest_value(const sim_model *model)
{
    uint32_t most = 1;
    for (uint16_t c = 0; c < model->component_count; c++)
        if (model->components[c].kind == SIM_PART_workload) {
            const sim_workload_def *d = model->components[c].def;
            most = d->size_bytes > most ? d->size_bytes : most;
        }
    return most;
}

double real_total_rate(const sim_model *model)
{
    double total = 0;
    for (uint16_t c = 0; c < model->component_count; c++)
        if (model->components[c].kind == SIM_PART_workload)
            total += ((const sim_workload_def *)model->components[c].def)->arrivals.rate_per_s;
    return total;
}

void real_scale_rate(sim_model *model, double per_s)
{
    double factor = per_s / real_total_rate(model);
    for (uint16_t c = 0; c < model->component_count; c++)
        if (model->components[c].kind == SIM_PART_workload)
            ((sim_workload_def *)model->components[c].def)->arrivals.rate_per_s *= factor;
}

// --- the request log ------------------------------------------------------------------------------------------------------

struct real_recorder {
    real_run *run;
    size_t    room;
    struct { size_t *row; size_t room; } of[SIM_MAX_COMPONENTS];   // 1 + the row of each workload's request, by its number; 0: none yet
};

// Where the row of a call's request is kept.
static size_t *place_of(real_recorder *log, const sim_call *c)
{
    size_t number = c->request & 0xffffffffffffu, room = log->of[c->caller].room;
    if (number >= room) {
        size_t more = number + 1 > 2 * room ? number + 4096 : 2 * room;
        log->of[c->caller].row = hr_realloc(log->of[c->caller].row, more * sizeof(size_t));
        memset(log->of[c->caller].row + room, 0, (more - room) * sizeof(size_t));
        log->of[c->caller].room = more;
    }
    return &log->of[c->caller].row[number];
}

// The request's row, made when it is first heard of: when it is sent, or when it is given up before that.
static real_request *row_of(real_recorder *log, const sim_world *w, const sim_call *c)
{
    real_run *run = log->run;
    size_t *place = place_of(log, c);
    if (*place)
        return &run->request[*place - 1];
    if (run->request_count == log->room) {
        log->room = log->room ? log->room * 2 : 4096;
        run->request = hr_realloc(run->request, log->room * sizeof *run->request);
    }
    *place = ++run->request_count;
    run->request[*place - 1] = (real_request){.key = c->key, .intended = c->started, .sent = w->now, .ended = -1, .workload = c->caller,
                                              .outcome = SIM_lost};
    return &run->request[*place - 1];
}

static void log_end(real_recorder *log, const sim_world *w, const sim_call *c, uint8_t outcome)
{
    real_request *q = row_of(log, w, c);
    q->ended = w->now;
    q->outcome = outcome;
    q->version = c->version;
}

static void observe(void *self, const sim_world *w, const sim_note *note)
{
    const sim_call *c = sim_call_at(w, note->call);
    if (c->parent)
        return;
    if (note->what == SIM_NOTE_CALL)
        row_of(self, w, c);
    else if (note->what == SIM_NOTE_END)
        log_end(self, w, c, note->status);
}

real_recorder *real_recorder_begin(real_run *run, sim_host *host)
{
    real_recorder *log = hr_alloc(sizeof *log);
    log->run = run;
    host->observe = observe;
    host->observer = log;
    return log;
}

void real_recorder_end(real_recorder *log)
{
    for (int c = 0; c < SIM_MAX_COMPONENTS; c++)
        free(log->of[c].row);
    free(log);
}

sim_world *real_run_world(const sim_model *model, const real_run *run)
{
    sim_world *w = sim_model_build_repeat(model, run->seed, run->repeat);
    w->window_from = run->from;
    w->window_to = w->arrivals_end = run->to;
    return w;
}

// --- what a run amounts to --------------------------------------------------------------------------------------------------

static bool is_counted(const real_run *run, const real_request *q) { return q->intended >= run->from && q->intended < run->to; }

void real_run_count(const sim_world *w, const sim_model *model, real_run *run)
{
    for (uint16_t c = 0; c < model->component_count; c++) {
        sim_station_view v = sim_station_look(w, c);
        run->counters[c] = (real_counters){v.started, v.rejected, v.hits, v.misses, v.busy_average};
    }
}

double real_run_offered(const real_run *run)
{
    size_t n = 0;
    for (size_t i = 0; i < run->request_count; i++)
        n += is_counted(run, &run->request[i]);
    return (double)n / ((double)(run->to - run->from) * 1e-9);
}

double real_run_served(const real_run *run)
{
    size_t n = 0;
    for (size_t i = 0; i < run->request_count; i++)
        n += run->request[i].outcome <= SIM_late && run->request[i].ended >= run->from && run->request[i].ended < run->to;
    return (double)n / ((double)(run->to - run->from) * 1e-9);
}

void real_run_measure(const real_run *run, const sim_model *model, double value[REAL_COMPARED_COUNT])
{
    double window_s = (double)(run->to - run->from) * 1e-9, by_metric[SIM_METRIC_COUNT];
    for (int m = 0; m < SIM_METRIC_COUNT; m++)
        by_metric[m] = NAN;
    sim_histogram *latency = hr_alloc(sizeof *latency);
    uint64_t answered = 0, statements = 0, hits = 0, misses = 0;
    for (size_t i = 0; i < run->request_count; i++) {
        const real_request *q = &run->request[i];
        if (!is_counted(run, q) || q->ended < 0)
            continue;
        answered += q->outcome <= SIM_late;
        if (q->outcome <= SIM_timeout)
            sim_histogram_add(latency, q->ended - q->intended);
    }
    for (uint16_t c = 0; c < model->component_count; c++) {
        statements += model->components[c].kind == SIM_PART_database ? run->counters[c].started : 0;
        hits += run->counters[c].hits;
        misses += run->counters[c].misses;
    }
    if (latency->count) {
        by_metric[SIM_METRIC_mean] = sim_histogram_mean_s(latency);
        by_metric[SIM_METRIC_p50] = (double)sim_histogram_quantile(latency, 0.50) * 1e-9;
        by_metric[SIM_METRIC_p95] = (double)sim_histogram_quantile(latency, 0.95) * 1e-9;
        by_metric[SIM_METRIC_p99] = (double)sim_histogram_quantile(latency, 0.99) * 1e-9;
    }
    by_metric[SIM_METRIC_throughput] = (double)answered / window_s;
    by_metric[SIM_METRIC_statements] = (double)statements / window_s;
    if (hits + misses)
        by_metric[SIM_METRIC_hit_ratio] = (double)hits / (double)(hits + misses);
    free(latency);
    for (int r = 0; r < REAL_COMPARED_COUNT; r++)
        value[r] = by_metric[real_compared_rows[r].metric];
}

void real_run_lateness(const real_run *run, sim_histogram *lateness)
{
    for (size_t i = 0; i < run->request_count; i++)
        if (is_counted(run, &run->request[i]))
            sim_histogram_add(lateness, run->request[i].sent - run->request[i].intended);
}
