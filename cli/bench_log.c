// cli/bench_log.c - what the request log costs: the caching scenario with and without it.
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/bench.h"
#include "sim/study/request_log.h"

// Processor time of the process: writing is part of the price.
static double run_ns(const sim_model *model, sim_request_log *log, uint64_t *requests)
{
    sim_host *host = hr_alloc(sizeof *host);
    sim_request_log_part *part = log ? sim_request_log_begin(log, 0, host) : NULL;
    sim_world *w = cli_bench_world(model, 1, log ? host : NULL);
    clock_t begun = clock();
    sim_world_run(w, model->duration);
    if (log)
        sim_request_log_end(log, part, true);
    double took = (double)(clock() - begun) * (1e9 / CLOCKS_PER_SEC);
    *requests = cli_bench_offered(w, model);
    sim_world_free(w);
    free(host);
    return took;
}

// With and without in turn, so that a machine that becomes slower meanwhile does not count.
double cli_bench_log(uint32_t which)
{
    enum { TURNS = 3 };
    hr_error e = {0};
    sim_model *model = cli_bench_model();
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
