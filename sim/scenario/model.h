// sim/scenario/model.h - a checked scenario: what the reader makes of a file, and the world that is built from it.
// * A model belongs to its caller from sim_model_read to sim_model_free; all its strings and defs live as long.
// * Component numbers are positions in `components` (first the file's components in order, then its workloads),
//   and are the same numbers in every world built from the model.
// * A variant is the same file with some values replaced (`api.on.read: …`): reading it gives a model of its own.
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "sim/parts/parts.h"

typedef struct {
    const char *name;
    uint16_t    kind;                          // SIM_PART_…
    void       *def;                           // sim_service_def … as the kind says
    int         line;                          // in the file
} sim_model_component;

typedef struct {
    const char *metric;                        // p99, errors … (a row of sim/study/metric.def)
    double      limit;                         // in base units: seconds, shares, per second, $/h
    const char *text;                          // as written: "200ms"
    int         line, column;
} sim_objective;

typedef struct {
    const char *id, *source, *expression, *live;                   // live: NULL, or the expression that is checked against servers
    int         line, column;                  // of the expression
} sim_claim;

typedef struct {
    const char *name, *summary;                // summary may be ""
    int         line;
} sim_variant;

typedef struct { const char *name; uint16_t component, queue; } sim_column;    // queue: of a broker; SIM_NO_QUEUE: the component as a whole

typedef struct sim_model {
    const char *name, *title, *path, *text;    // text: the file as it was read
    const char *variant;                       // "" for the file as it stands
    sim_model_component *components;
    uint16_t    component_count;
    sim_column *columns;                       // what figures are of: every component by its number, then every queue ("mq.orders")
    uint32_t    column_count;
    bool        cancels;                       // some caller tells when it does not wait any more
    uint16_t    truth;                         // first database, or UINT16_MAX
    const sim_dist_def *lateness;              // of timers, where a wall clock is imitated (sim_lateness); NULL: never late. Lent
    hr_time     duration, warmup;              // warmup < 0: found by MSER-5
    hr_time     sample;                        // grid of the series
    sim_prices  prices;
    sim_instance_def *instances;               // the machines that there are to be had
    size_t      instance_count;
    sim_objective *objectives;
    size_t      objective_count;
    sim_claim  *claims;
    size_t      claim_count;
    sim_variant *variants;
    size_t      variant_count;
    const char **live_variants;                // of the section `live`: what `validate` takes, all variants when there are none
    size_t      live_variant_count;
    double     *live_loads;                    // shares of the measured capacity
    size_t      live_load_count;
    void       *memory;                        // everything above lies here
} sim_model;

// Reads the file at `path`; `variant` NULL or "" means the file as it stands. All mistakes of the file are told in one pass,
// each with file:line:column, what was expected, the line, a caret and, where one is near, a suggestion.
// HR_ENVIRONMENT: the machine has not the memory that a world of it begins with.
hr_status sim_model_read(const char *path, const char *variant, sim_model **model, hr_error *e) HR_MUST_USE;
// The same from memory; `path` only names it in messages.
hr_status sim_model_parse(const char *path, const char *text, size_t size, const char *variant, sim_model **model, hr_error *e) HR_MUST_USE;
void      sim_model_free(sim_model *model);
// The component of that name, or -1.
int       sim_model_find(const sim_model *model, const char *name);
// The column of that name, or -1.
int       sim_model_column(const sim_model *model, const char *name);
// The component that does the work of calls to `target`: itself, or what stands behind the balancers, limiters and breakers from there on.
uint16_t  sim_model_behind(const sim_model *model, uint16_t target);
// The n-th component, from 0, that a call to `target` may come to, several behind a mesh; UINT16_MAX: there are no more. Makes *operation its number there.
uint16_t  sim_model_reached(const sim_model *model, uint16_t target, uint16_t n, uint16_t *operation);
// How often a call to `target` is made at most, by the retries of sidecars.
uint32_t  sim_model_tries(const sim_model *model, uint16_t target);
// Whether its load is the same at all times on average, so that a longer run is more of the same: no program of rates, no trace, no fault at a fixed time.
bool      sim_model_is_steady(const sim_model *model);
// The duration that the grid and the run use: grid = max(sample, duration / 36000), so that a long run keeps a bounded series.
hr_time   sim_model_grid(const sim_model *model);

// A world at time zero, not yet started; its components have the model's numbers.
sim_world *sim_model_build(const sim_model *model, uint64_t seed);
// The same with the same requests and keys, but other demands and choices for every `repeat`; 0 is sim_model_build.
sim_world *sim_model_build_repeat(const sim_model *model, uint64_t seed, uint32_t repeat);

struct sim_fault_def;
struct sim_fault_run;
// The fault that a run of it tells of.
const struct sim_fault_def *sim_fault_def_of(const sim_model *model, const struct sim_fault_run *run);
// What a fault does to whom, "slow db-1", and by how much, "slow db-1, factor 4"; `replica` and `shard` as in its run, or as in the fault. The
// caller frees it.
char      *sim_fault_name(const sim_model *model, const struct sim_fault_def *fault, uint16_t replica, uint16_t shard);
char      *sim_fault_text(const sim_model *model, const struct sim_fault_def *fault, uint16_t replica, uint16_t shard);
// Every assumption and parameter in force, one a line ("api.workers = 64   (default)"), added to `out`.
void      sim_model_ledger(const sim_model *model, hr_text *out);

#endif
