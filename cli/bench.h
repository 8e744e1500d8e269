// cli/bench.h - the rows of `bench`: what is measured, in which unit, and what is asked of it; and how runs of it are kept.
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "cli/cli.h"
#include "sim/scenario/model.h"

// One measurement. To add a row: a function in a file bench_*.c, its declaration and a line in bench.c's table.
typedef struct {
    const char *name, *unit;
    double      budget;                        // of DESIGN 9, for one core of a 2-core machine; 0: none
    bool        more_is_better;
    bool        runs_caching;                  // the catalogue's scenario, which has to be there
    double    (*measure)(uint32_t argument);   // one run; the verb takes five
    uint32_t    argument;
} cli_bench_row;

typedef struct { double median, least, most; } cli_bench_result;

// --- bench_engine.c -------------------------------------------------------------------------------------------------
// Processor time of this thread, so that other programs do not count; only threads-2 is about the clock on the wall.
hr_time cli_bench_cpu_now(void);
// The caching scenario's cache-aside variant, which cli_bench_ready has seen; a world of it at time zero, with the recorder on and joined to
// `host` (may be NULL); and the requests that its workloads have offered.
sim_model *cli_bench_model(void);
sim_world *cli_bench_world(const sim_model *model, uint64_t seed, const sim_host *host);
uint64_t   cli_bench_offered(const sim_world *w, const sim_model *model);
// Whether the catalogue's scenario, which some rows run, can be read.
hr_status cli_bench_ready(hr_error *e) HR_MUST_USE;
double cli_bench_queue(uint32_t which);        // ns a customer: one of the queues below as a scenario, statistics on
enum { CLI_BENCH_MM1, CLI_BENCH_MM10, CLI_BENCH_JSQ10 };
double cli_bench_caching(uint32_t unused);     // ns an event of the catalogue's caching scenario
double cli_bench_hold(uint32_t pending);       // ns an event of the hold model
double cli_bench_threads(uint32_t threads);    // replications per second of so many threads, relative to one
double cli_bench_memory(uint32_t in_flight);   // bytes of the world for each request in flight behind a balancer
double cli_bench_checkpoint(uint32_t unused);  // ms a MiB
double cli_bench_restore(uint32_t unused);

// --- bench_log.c ----------------------------------------------------------------------------------------------------
// What the request log adds to a request of the caching scenario, in ns; or the time with it relative to the time without.
double cli_bench_log(uint32_t which);
enum { CLI_BENCH_CSV = 0, CLI_BENCH_RECORDS = 1, CLI_BENCH_RATIO = 2 };

// --- bench_balance.c ------------------------------------------------------------------------------------------------
// ns to choose one of 10 000 replicas and to hear of an answer.
double cli_bench_balance(uint32_t which);
enum { CLI_BENCH_LEAST_CONN, CLI_BENCH_RANDOM_TWO, CLI_BENCH_JSQ, CLI_BENCH_JIQ, CLI_BENCH_PEAK_EWMA };

// --- bench_replay.c ---------------------------------------------------------------------------------------------------
// ns a request of `replay cache` for LRU of so many keys, from text: four million Zipf requests for two million keys.
double cli_bench_replay_lru(uint32_t size);

// --- bench_picture.c, only in builds with pictures -------------------------------------------------------------------
// The 99th percentile of 300 frames of 1920 × 1080 with about 500 tokens while the caching scenario plays; milliseconds.
double cli_bench_frame(uint32_t unused);
// The longest of 20 jumps to times all over a ten-minute run whose marks are laid, drawn; milliseconds.
double cli_bench_scrub(uint32_t unused);

// --- bench_history.c ------------------------------------------------------------------------------------------------
// A history is a text file, one result a line, separated by tabs: machine, version, date, name, unit, median, least, most.
// Lines that begin with # are remarks. Results of several machines and days may stand in one file; the last one counts.

// This machine: processor model and number of cores. Static.
const char *cli_bench_machine(void);
// Adds results to the end of the file, which is made when it is not there.
hr_status cli_bench_save(const char *path, const cli_bench_row *rows, const cli_bench_result *results, size_t count, hr_error *e) HR_MUST_USE;
// Reads the last result of this machine for every row; `found[i]` is false where there is none.
hr_status cli_bench_baseline(const char *path, const cli_bench_row *rows, size_t count, cli_bench_result *results, bool *found,
                             hr_error *e) HR_MUST_USE;

#endif
