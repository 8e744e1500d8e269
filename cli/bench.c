// cli/bench.c - `bench`: nanoseconds per customer for M/M/1 as a scenario, and per event for the hold model; frames and jumps of the viewer.
// Median and spread of five.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_picture.h"
#include "cli/cli.h"
#include "sim/scenario/model.h"

enum { RUNS = 5 };

static const char mm1_text[] =
    "scenario: mm1\ncomponents:\n  s: {kind: service, workers: 1, queue: 1G, on: {serve: [{wait: exp(1s)}]}}\n"
    "workload:\n  c: {rate: 0.8/s, call: s.serve, timeout: none}\nrun: {duration: 1000000s, warmup: 0}\n";

static double mm1(void)
{
    hr_error e = {0};
    sim_model *model;
    HR_ASSERT(sim_model_parse("mm1", mm1_text, strlen(mm1_text), "", &model, &e) == HR_OK);
    sim_world *w = sim_model_build(model, 1);
    w->arrivals_end = model->duration;
    sim_world_start(w, sim_model_grid(model));
    hr_time begun = hr_now();
    sim_world_run(w, model->duration);
    double took = (double)(hr_now() - begun);
    double customers = (double)sim_workload_look(w, (sim_component_id)sim_model_find(model, "c")).offered;
    sim_world_free(w);
    sim_model_free(model);
    return took / customers;
}

// Hold model (Jones 1986): a full event list; each hold pops the earliest event and pushes one an exponential time later.
static double hold(uint32_t pending)
{
    sim_world *w = sim_world_new(1, 0);
    for (uint32_t i = 0; i < pending; i++)
        sim_schedule(w, (hr_time)(-sim_log(sim_unit(sim_random(1, 1, i, 0).word[0])) * 1e9), 0, 0, 0, 0);
    const uint32_t holds = 2000000;
    hr_time *gap = hr_alloc(4096 * sizeof *gap);
    for (uint32_t i = 0; i < 4096; i++)
        gap[i] = (hr_time)(-sim_log(sim_unit(sim_random(1, 2, i, 0).word[0])) * 1e9);
    hr_time begun = hr_now();
    for (uint32_t i = 0; i < holds; i++) {
        sim_event event;
        sim_events_pop(w, &event);
        w->now = event.at;
        sim_schedule(w, w->now + gap[i & 4095], 0, 0, 0, 0);
    }
    double took = (double)(hr_now() - begun);
    free(gap);
    sim_world_free(w);
    return took / holds;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

hr_status cli_bench(int argc, char **argv)
{
    bool json = false;
    const cli_option options[] = {{"json", CLI_FLAG, &json, NULL, "print the document for programs"}, {0}};
    const cli_usage usage = {"bench [--json]", "Times the engine (nanoseconds per customer or event) and the viewer (milliseconds per frame and per jump): median and spread of "
                             "five runs.",
                             "headroom bench", options, 0, 0};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    static const struct { const char *name, *unit; uint32_t pending; double (*run)(void); } rows[] = {
        {"mm1", "ns/customer", 0, mm1}, {"hold-10", "ns/event", 10, NULL}, {"hold-1000", "ns/event", 1000, NULL},
        {"hold-100000", "ns/event", 100000, NULL}, {"hold-1000000", "ns/event", 1000000, NULL},
#ifdef HEADROOM_VIZ
        {"frame", "ms p99", 0, cli_bench_frame}, {"scrub", "ms longest", 0, cli_bench_scrub},
#endif
    };
    json_t *list = json_array();
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        double took[RUNS];
        for (int r = 0; r < RUNS; r++)
            took[r] = rows[i].run ? rows[i].run() : hold(rows[i].pending);
        qsort(took, RUNS, sizeof took[0], by_value);
        if (!json)
            printf("%-14s %8.1f %s   (%.1f to %.1f)\n", rows[i].name, took[RUNS / 2], rows[i].unit, took[0], took[RUNS - 1]);
        json_array_append_new(list, json_pack("{s:s,s:s,s:f,s:f,s:f}", "name", rows[i].name, "unit", rows[i].unit, "median", took[RUNS / 2],
                                              "min", took[0], "max", took[RUNS - 1]));
    }
    json_t *document = json_pack("{s:s,s:o}", "schema", "headroom/bench/1", "rows", list);
    if (json) {
        char *text = json_dumps(document, JSON_INDENT(2));
        puts(text);
        free(text);
    }
    json_decref(document);
    return HR_OK;
}
