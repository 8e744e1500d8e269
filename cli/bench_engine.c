// cli/bench_engine.c - the measurements of the engine itself; each call is one run.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/bench.h"
#include "patterns/catalogue.h"
#include "sim/scenario/model.h"

hr_time cli_bench_cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * HR_SEC + t.tv_nsec;
}

// --- scenarios --------------------------------------------------------------------------------------------------------

static sim_model *parse(const char *text)
{
    hr_error e = {0};
    sim_model *model;
    HR_ASSERT(sim_model_parse("bench", text, strlen(text), "", &model, &e) == HR_OK);
    return model;
}

sim_world *cli_bench_world(const sim_model *model, uint64_t seed, const sim_host *host)
{
    sim_world *w = sim_model_build(model, seed);
    w->host = host;
    w->arrivals_end = model->duration;
    sim_world_start(w, sim_model_grid(model));
    return w;
}

uint64_t cli_bench_offered(const sim_world *w, const sim_model *model)
{
    uint64_t offered = 0;
    for (int i = 0; i < model->component_count; i++)
        if (model->components[i].kind == SIM_PART_workload)
            offered += sim_workload_look(w, (sim_component_id)i).offered;
    return offered;
}

// Runs the whole scenario with the recorder on.
static double run(const sim_model *model, uint64_t seed, uint64_t *customers, uint64_t *events)
{
    sim_world *w = cli_bench_world(model, seed, NULL);
    hr_time begun = cli_bench_cpu_now();
    sim_world_run(w, model->duration);
    double took = (double)(cli_bench_cpu_now() - begun);
    *customers = cli_bench_offered(w, model);
    *events = w->events_run;
    sim_world_free(w);
    return took;
}

double cli_bench_queue(uint32_t which)
{
    static const char *const text[] = {
        [CLI_BENCH_MM1] = "scenario: mm1\ncomponents:\n  s: {kind: service, workers: 1, queue: 1G, on: {serve: [{wait: exp(1s)}]}}\n"
                          "workload:\n  c: {rate: 0.8/s, call: s.serve, timeout: none}\nrun: {duration: 1000000s, warmup: 0}\n",
        [CLI_BENCH_MM10] = "scenario: mm10\ncomponents:\n  s: {kind: service, workers: 10, queue: 1G, on: {serve: [{wait: exp(1s)}]}}\n"
                           "workload:\n  c: {rate: 8/s, call: s.serve, timeout: none}\nrun: {duration: 100000s, warmup: 0}\n",
        [CLI_BENCH_JSQ10] = "scenario: jsq10\ncomponents:\n  b: {kind: balancer, policy: least-conn, to: s}\n"
                            "  s: {kind: service, replicas: 10, workers: 1, queue: 1G, on: {serve: [{wait: exp(1s)}]}}\n"
                            "workload:\n  c: {rate: 8/s, call: b.serve, timeout: none}\nrun: {duration: 100000s, warmup: 0}\n"};
    sim_model *model = parse(text[which]);
    uint64_t customers, events;
    double took = run(model, 1, &customers, &events);
    sim_model_free(model);
    return took / (double)customers;
}

static hr_status read_caching(sim_model **model, hr_error *e)
{
    char *path;
    hr_status status = pattern_path("caching", &path, e);
    if (status)
        return status;
    status = sim_model_read(path, "aside", model, e);
    free(path);
    return status;
}

hr_status cli_bench_ready(hr_error *e)
{
    sim_model *model;
    hr_status status = read_caching(&model, e);
    if (!status)
        sim_model_free(model);
    return status;
}

sim_model *cli_bench_model(void)
{
    hr_error e = {0};
    sim_model *model;
    HR_ASSERT(read_caching(&model, &e) == HR_OK);
    return model;
}

double cli_bench_caching(uint32_t unused)
{
    (void)unused;
    sim_model *model = cli_bench_model();
    uint64_t customers, events;
    double took = run(model, 1, &customers, &events);
    sim_model_free(model);
    return took / (double)events;
}

// --- the event list -----------------------------------------------------------------------------------------------------

// Hold model (Jones 1986): a full event list; each hold pops the earliest event and pushes one an exponential time later.
double cli_bench_hold(uint32_t pending)
{
    enum { HOLDS = 2000000, GAPS = 4096 };
    sim_world *w = sim_world_new(1, 0);
    for (uint32_t i = 0; i < pending; i++)
        sim_schedule(w, (hr_time)(sim_exponential(sim_random(1, 1, i, 0).word[0]) * 1e9), 0, 0, 0, 0);
    hr_time *gap = hr_alloc(GAPS * sizeof *gap);
    for (uint32_t i = 0; i < GAPS; i++)
        gap[i] = (hr_time)(sim_exponential(sim_random(1, 2, i, 0).word[0]) * 1e9);
    hr_time begun = cli_bench_cpu_now();
    for (uint32_t i = 0; i < HOLDS; i++) {
        sim_event event;
        HR_ASSERT(sim_events_pop(w, &event));
        w->now = event.at;
        sim_schedule(w, w->now + gap[i % GAPS], 0, 0, 0, 0);
    }
    double took = (double)(cli_bench_cpu_now() - begun);
    free(gap);
    sim_world_free(w);
    return took / HOLDS;
}

// --- threads ------------------------------------------------------------------------------------------------------------

enum { REPLICATIONS = 8 };                     // of each thread

typedef struct { const sim_model *model; uint64_t seed; } share;

static void *replicate(void *self)
{
    const share *mine = self;
    uint64_t customers, events;
    for (uint64_t r = 0; r < REPLICATIONS; r++)
        run(mine->model, mine->seed + r, &customers, &events);
    return NULL;
}

double cli_bench_threads(uint32_t threads)
{
    sim_model *model = cli_bench_model();
    pthread_t *thread = hr_alloc(threads * sizeof *thread);
    share *part = hr_alloc(threads * sizeof *part);
    for (uint32_t i = 0; i < threads; i++)
        part[i] = (share){model, 1 + (uint64_t)i * REPLICATIONS};
    hr_time begun = hr_now();
    replicate(&part[0]);
    double alone = (double)(hr_now() - begun);
    begun = hr_now();
    for (uint32_t i = 0; i < threads; i++)
        HR_ASSERT(pthread_create(&thread[i], NULL, replicate, &part[i]) == 0);
    for (uint32_t i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    double together = (double)(hr_now() - begun);
    free(thread);
    free(part);
    sim_model_free(model);
    return threads * alone / together;
}

// --- memory -------------------------------------------------------------------------------------------------------------

// Requests come in for 100 s and are answered after 200 s, so that all are in flight: each is a call to the balancer, a call to the
// service, a pending event and a deadline.
static sim_world *crowd(uint32_t in_flight)
{
    char *text = hr_format("scenario: crowd\ncomponents:\n  b: {kind: balancer, policy: round-robin, to: s}\n"
                           "  s: {kind: service, replicas: 4, workers: 1M, queue: 0, on: {serve: [{wait: 200s}]}}\n"
                           "workload:\n  c: {rate: %u/s, call: b.serve, arrivals: constant, timeout: 300s}\n"
                           "run: {duration: 100s, warmup: 0}\n", in_flight / 100);
    sim_model *model = parse(text);
    sim_world *w = cli_bench_world(model, 1, NULL);
    sim_model_free(model);
    free(text);
    return w;
}

double cli_bench_memory(uint32_t in_flight)
{
    sim_world *w = crowd(in_flight);
    uint32_t before = w->used;
    sim_world_run(w, 100 * HR_SEC);
    double bytes = (double)(w->used - before) * 8.0, requests = w->calls_live / 2.0;
    sim_world_free(w);
    return bytes / requests;
}

// --- checkpoints --------------------------------------------------------------------------------------------------------

enum { CROWD = 200000 };                       // requests in flight: some 40 MiB, more than the caches hold

double cli_bench_checkpoint(uint32_t unused)
{
    (void)unused;
    sim_world *w = crowd(CROWD);
    sim_world_run(w, 100 * HR_SEC);
    hr_time begun = cli_bench_cpu_now();
    sim_checkpoint saved = sim_world_checkpoint(w);
    double took_ms = (double)(cli_bench_cpu_now() - begun) * 1e-6, mib = (double)saved.size / (1 << 20);
    free(saved.bytes);
    sim_world_free(w);
    return took_ms / mib;
}

double cli_bench_restore(uint32_t unused)
{
    (void)unused;
    hr_error e = {0};
    sim_world *w = crowd(CROWD);
    sim_world_run(w, 100 * HR_SEC);
    sim_checkpoint saved = sim_world_checkpoint(w);
    sim_world_run(w, 250 * HR_SEC);            // time has gone on: now back
    hr_time begun = cli_bench_cpu_now();
    HR_ASSERT(sim_world_restore(w, saved.bytes, saved.size, &e) == HR_OK);
    double took_ms = (double)(cli_bench_cpu_now() - begun) * 1e-6, mib = (double)saved.size / (1 << 20);
    free(saved.bytes);
    sim_world_free(w);
    return took_ms / mib;
}
