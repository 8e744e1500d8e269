// sim/scenario/loads.h - what a workload says of itself in words: its rate, its arrivals, its keys.
// * Like units.h: each says no without a message; sim_because has the reason, where there is one to tell.
#ifndef SIM_LOADS_H
#define SIM_LOADS_H

#include "sim/parts/parts.h"
#include "sim/scenario/node.h"

// 400/s, step(…), sine(…), mmpp(…) …: rows of sim/parts/rates.def. mean_per_s is filled in by sim_rate_settle.
bool sim_read_program(sim_pool *pool, const sim_source *source, const char *text, sim_rate_def *rate);
// The mean of a program over a run of `duration`, and whether it is one that can be run.
bool sim_rate_settle(const sim_source *source, sim_rate_def *rate, hr_time duration);
// A time that comes: not `none`. programs.c, as the two above
bool sim_want_time(const sim_source *source, const char *text, hr_time *time);
// poisson, constant, erlang(4, 1s), trace(FILE) …: rows of sim/parts/arrivals.def. `operations`: see sim_data_trace.
bool sim_read_arrivals(sim_pool *pool, const sim_source *source, const char *text, const char *const *operations, sim_arrivals_def *arrivals);
// one, uniform(10k), zipf(0.99, 100k) …: rows of sim/core/popularity.def. `replayed`: the trace of `arrivals`, or NULL.
bool sim_read_keys(sim_pool *pool, const sim_source *source, const char *text, const sim_trace_def *replayed, sim_keys_def *keys);
// The keys of a trace, in its order.
sim_keys_def sim_keys_of_trace(const sim_trace_def *trace);

#endif
