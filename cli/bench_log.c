// cli/bench_log.c - what the request log costs: the caching scenario with and without it.
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/bench.h"
#include "patterns/catalogue.h"
#include "sim/study/request_log.h"

// Processor time of the process: writing is part of the price.
static double run_ns(const sim_model *model, sim_request_log *log, uint64_t *requests)
{
    sim_host *host = hr_alloc(sizeof *host);
    sim_request_log_part *part = log ? sim_request_log_begin(log, 0, host) : NULL;
    sim_world *w = sim_model_build(model, 1);
    w->host = log ? host : NULL;
    w->arrivals_end = model->duration;
    sim_world_start(w, sim_model_grid(model));
    clock_t begun = clock();
    sim_world_run(w, model->duration);
    if (log)
        sim_request_log_end(log, part, true);
    double took = (double)(clock() - begun) * (1e9 / CLOCKS_PER_SEC);
    *requests = 0;
    for (int i = 0; i < model->component_count; i++)
        if (model->components[i].kind == SIM_PART_workload)
            *requests += sim_workload_look(w, (sim_component_id)i).offered;
    sim_world_free(w);
    free(host);
    return took;
}

static sim_model *read_scenario(void)
{
    hr_error e = {0};
    char *path;
    sim_model *model;
    HR_ASSERT(pattern_path("caching", &path, &e) == HR_OK);        // cli_bench_ready has seen it
    HR_ASSERT(sim_model_read(path, "aside", &model, &e) == HR_OK);
    free(path);
    return model;
}

// With and without in turn, so that a machine that becomes slower meanwhile does not count.
double cli_bench_log(uint32_t which)
{
    enum { TURNS = 3 };
    hr_error e = {0};
    sim_model *model = read_scenario();
    const char *folder = getenv("TMPDIR");
    char *path = hr_format("%s/headroom-bench-%ld.%s", folder ? folder : "/tmp", (long)getpid(), which & CLI_BENCH_RECORDS ? "hrlog" : "csv");
    double without = 0, with = 0;
    uint64_t requests = 0;
    for (int i = 0; i < TURNS; i++) {
        sim_request_log *log;
        without += run_ns(model, NULL, &requests);
        if (sim_request_log_open(path, model, 1, &log, &e))
            hr_panic(__FILE__, __LINE__, "%s", e.text);
        with += run_ns(model, log, &requests);
        sim_request_log_drop(log);
    }
    free(path);
    sim_model_free(model);
    return which & CLI_BENCH_RATIO ? with / without : (with - without) / TURNS / (double)requests;
}
