// real/validate/record.h - the request log of a run, on either clock, and the quantities that are compared.
// * Predicted and measured values are computed from logs by the same function: they are two runs of one thing.
#ifndef REAL_RECORD_H
#define REAL_RECORD_H

#include "real/validate/pack.h"
#include "sim/study/study.h"

// What is compared, and by how much a prediction may miss: a share of the measured value, or of one where `is_absolute`.
typedef struct { sim_metric metric; double bound; bool is_absolute; } real_compared;
enum {
#define REAL_COMPARED(metric, bound, is_absolute) REAL_COMPARED_##metric,
#include "real/validate/compared.def"
#undef REAL_COMPARED
    REAL_COMPARED_COUNT
};
extern const real_compared real_compared_rows[REAL_COMPARED_COUNT];

// Joins a recorder to `host`: every request of the world is added to run->request. End it when the world has gone.
typedef struct real_recorder real_recorder;
real_recorder *real_recorder_begin(real_run *run, sim_host *host);
void      real_recorder_end(real_recorder *recorder);

// The world of a run, not yet started.
sim_world *real_run_world(const sim_model *model, const real_run *run);
// Fills run->counters from the world, which stands at the window's end.
void      real_run_count(const sim_world *w, const sim_model *model, real_run *run);
// The compared quantities in base units (seconds, shares, per second); NaN where the run has nothing of the sort.
void      real_run_measure(const real_run *run, const sim_model *model, double value[REAL_COMPARED_COUNT]);
// Answers per second that came inside the window, whenever their requests were sent: what an overloaded system gets done.
double    real_run_served(const real_run *run);

// Requests per second that were intended inside the window.
double    real_run_offered(const real_run *run);
// Adds the lateness of the generator, sent minus intended, of the window's requests.
void      real_run_lateness(const real_run *run, sim_histogram *lateness);

// How many keys the largest workload has, and the largest value: what caches are filled with.
uint64_t  real_most_keys(const sim_model *model);
uint32_t  real_largest_value(const sim_model *model);
// Scales all workloads so that they offer `per_s` together.
void      real_scale_rate(sim_model *model, double per_s);
double    real_total_rate(const sim_model *model);

#endif
