// sim/study/trial.c - one replication: what has been counted in a world at the end of its window, or in a piece of it.
#include "sim/study/trial.h"

#include <stdlib.h>
#include <string.h>

#include "sim/study/measure.h"

uint64_t sim_study_seed(uint64_t seed, int r)
{
    return sim_random(seed, 0x5EED, (uint64_t)r, 0).word[0];
}

// Histograms go on counting in the world: a copy, for the caller to free.
static const sim_histogram *copy_of(const sim_histogram *h)
{
    sim_histogram *copy = h ? hr_alloc(sizeof *copy) : NULL;
    if (h)
        *copy = *h;
    return copy;
}

static void free_copy(const sim_histogram *h) { free((void *)(uintptr_t)h); }

// `lag` of the view is the caller's to free.
static sim_station_view look_at(const sim_world *w, const sim_column *c)
{
    sim_station_view v = c->queue == SIM_NO_QUEUE ? sim_station_look(w, c->component) : sim_queue_station(w, c->component, c->queue);
    v.lag = copy_of(v.lag);
    return v;
}

static bool is_workload(const sim_model *model, const sim_column *c) { return model->components[c->component].kind == SIM_PART_workload; }

// The requests of a workload; of a broker or queue only how long messages take; of others nothing.
static sim_workload_view look_at_requests(const sim_world *w, const sim_model *model, const sim_column *c)
{
    if (is_workload(model, c))
        return sim_workload_look(w, c->component);
    if (model->components[c->component].kind != SIM_PART_broker)
        return (sim_workload_view){0};
    return (sim_workload_view){.latency = c->queue == SIM_NO_QUEUE ? sim_broker_latency(w, c->component) : sim_queue_look(w, c->component, c->queue).latency};
}

static void add_requests(sim_workload_view *all, const sim_workload_view *v)
{
    all->offered += v->offered;
    all->stale += v->stale;
    all->reads += v->reads;
    all->wasted += v->wasted;
    all->knows_age = v->knows_age;
    all->stale_age_s += v->stale_age_s;
    all->stale_age_most = hr_max_time(all->stale_age_most, v->stale_age_most);
    for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
        all->outcome[o] += v->outcome[o];
}

static sim_tally tally_of(const sim_workload_view *v)
{
    sim_tally t = {.offered = v->offered};
    memcpy(t.outcome, v->outcome, sizeof t.outcome);
    return t;
}

void sim_trial_measure(sim_world *w, const sim_model *model, hr_time from, hr_time to, sim_trial *trial)
{
    sim_station_view *station = hr_alloc(model->column_count * sizeof *station);
    sim_workload_view *requests = hr_alloc(model->column_count * sizeof *requests), all = {.latency = &trial->latency};
    for (uint32_t i = 0; i < model->column_count; i++)
        station[i] = look_at(w, &model->columns[i]);               // before the drain, which would change them
    if (!w->on_wall_clock)                     // on the wall clock the live loop has waited for every answer
        sim_world_drain(w, to + 10 * (to - from) + 60 * HR_SEC);
    sim_world_check(w);
    for (uint32_t i = 0; i < model->column_count; i++) {
        requests[i] = look_at_requests(w, model, &model->columns[i]);
        trial->tally[i + 1] = tally_of(&requests[i]);
        if (!is_workload(model, &model->columns[i]))
            continue;
        sim_histogram_merge(&trial->latency, requests[i].latency);
        add_requests(&all, &requests[i]);
    }
    trial->tally[0] = tally_of(&all);
    sim_measure(&(sim_counted){model, station, requests, &all, w->has_truth, (double)(to - from) * 1e-9}, trial->values);
    for (uint32_t i = 0; i < model->column_count; i++)
        free_copy(station[i].lag);
    free(station);
    free(requests);
}

// --- pieces of one long run -------------------------------------------------------------------------------------------

struct sim_moment {
    hr_time           since_reset;
    bool              has_truth;
    sim_station_view  *station;                // of every column
    sim_workload_view *requests;               // of every column; their histograms are ours
};

sim_moment *sim_moment_take(const sim_world *w, const sim_model *model, hr_time reset)
{
    sim_moment *m = hr_alloc(sizeof *m);
    *m = (sim_moment){w->now - reset, w->has_truth, hr_alloc(model->column_count * sizeof *m->station),
                      hr_alloc(model->column_count * sizeof *m->requests)};
    for (uint32_t i = 0; i < model->column_count; i++) {
        m->station[i] = look_at(w, &model->columns[i]);
        m->requests[i] = look_at_requests(w, model, &model->columns[i]);
        m->requests[i].latency = copy_of(m->requests[i].latency);
    }
    return m;
}

void sim_moment_free(sim_moment *m, const sim_model *model)
{
    for (uint32_t i = 0; i < model->column_count; i++) {
        free_copy(m->requests[i].latency);
        free_copy(m->station[i].lag);
    }
    free(m->station);
    free(m->requests);
    free(m);
}

// `lag` becomes the view's histogram.
static sim_station_view station_since(const sim_station_view *a, const sim_station_view *b, double a_s, double b_s, sim_histogram *lag)
{
    sim_station_view v = sim_station_since(a, b, a_s, b_s);
    if (b->lag)
        sim_histogram_since(a->lag, b->lag, lag);
    v.lag = b->lag ? lag : NULL;
    return v;
}

// In a piece, requests are counted where they end: offered are those that have ended. `latency` becomes the view's histogram.
static sim_workload_view requests_since(const sim_workload_view *a, const sim_workload_view *b, sim_histogram *latency)
{
    sim_workload_view v = {.stale = b->stale - a->stale, .reads = b->reads - a->reads, .wasted = b->wasted - a->wasted, .latency = latency, .knows_age = b->knows_age,
                           .stale_age_s = b->stale_age_s - a->stale_age_s};
    for (int o = 0; o < SIM_OUTCOME_COUNT; o++) {
        v.outcome[o] = b->outcome[o] - a->outcome[o];
        v.offered += v.outcome[o];
    }
    sim_histogram_since(a->latency, b->latency, latency);
    return v;
}

void sim_moment_between(const sim_moment *a, const sim_moment *b, const sim_model *model, double *values, sim_tally *tally)
{
    double a_s = (double)a->since_reset * 1e-9, b_s = (double)b->since_reset * 1e-9;
    sim_station_view *station = hr_alloc(model->column_count * sizeof *station);
    sim_workload_view *requests = hr_alloc(model->column_count * sizeof *requests);
    // A column has either: of a workload or broker the latencies, of a database the lag.
    sim_histogram *latency = hr_alloc((model->column_count + 1u) * sizeof *latency), *together = &latency[model->column_count];
    sim_workload_view all = {.latency = together};
    for (uint32_t i = 0; i < model->column_count; i++) {
        station[i] = station_since(&a->station[i], &b->station[i], a_s, b_s, &latency[i]);
        if (b->requests[i].latency)
            requests[i] = requests_since(&a->requests[i], &b->requests[i], &latency[i]);
        tally[i + 1] = tally_of(&requests[i]);
        if (!is_workload(model, &model->columns[i]))
            continue;
        sim_histogram_merge(together, &latency[i]);
        add_requests(&all, &requests[i]);
    }
    tally[0] = tally_of(&all);
    sim_measure(&(sim_counted){model, station, requests, &all, b->has_truth, b_s - a_s}, values);
    free(station);
    free(requests);
    free(latency);
}
