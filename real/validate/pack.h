// real/validate/pack.h - the evidence pack: everything that a validation has seen of live servers, kept as files.
// * A pack is a folder: scenario.yaml as it was, pack.json, and for every run its request log (runs/NNN.csv.gz) and, where demands
//   were fitted on it, the times of its leaf work (runs/NNN-times.csv.gz). real/README.md describes the columns.
// * The table of a validation is computed from a pack alone, just measured or read back: both give the same numbers.
// * pack.json is rewritten after each run, so what was measured before an interruption is kept.
#ifndef REAL_PACK_H
#define REAL_PACK_H

#include "real/samples.h"
#include "sim/scenario/model.h"

typedef struct {                               // one request of a run; times are nanoseconds since the run's start
    uint64_t key;
    hr_time  intended, sent, ended;            // ended: answered or given up, as the workload saw it; -1: never
    uint16_t workload;                         // component number
    uint8_t  outcome;                          // sim_outcome, with `late` decided
    uint32_t version;                          // of the row that came back, 0: none
} real_request;

// What happened to a component inside the measured window.
typedef struct { uint64_t started, rejected, hits, misses; double busy_average; } real_counters;

typedef enum { REAL_RUN_FIT, REAL_RUN_CAPACITY, REAL_RUN_MEASURED } real_run_kind;

typedef struct {
    real_run_kind kind;
    uint32_t  variant;                         // index into the pack's variants
    double    rate_per_s;                      // intended, all workloads together
    double    load;                            // share of the measured capacity; 0 where that was not yet known
    uint32_t  repeat;                          // from 1: the same requests, other demands
    uint64_t  seed;
    hr_time   from, to;                        // measured window
    real_request *request;
    size_t    request_count;
    real_counters counters[SIM_MAX_COMPONENTS];
    real_samples *times;                       // fits: of each leaf operation, see real_leaf_operations; else NULL
    size_t    times_count;
} real_run;

typedef struct {
    char     *scenario_text, *name, *created, *machine, *servers;  // servers: versions, one line
    uint64_t  seed;
    char    **variants;
    size_t    variant_count;
    uint32_t  entries[SIM_MAX_COMPONENTS];     // measured capacity of each cache, in keys; 0: no cache
    real_run *run;
    size_t    run_count;
    char     *folder;                          // where it is kept; NULL: nowhere
} real_pack;

// The leaf operations of a model, in the order of real_run.times: every statement of every database, then every cache.
enum { REAL_MOST_OPERATIONS = 512 };          // what is beyond is not fitted: real_validate refuses such a scenario
typedef struct { uint16_t component, operation; const char *component_name, *operation_name; } real_leaf_operation;
size_t real_leaf_operations(const sim_model *model, real_leaf_operation out[REAL_MOST_OPERATIONS]);

// A new pack in `folder`, which is made and must be empty or new (NULL: kept in memory only).
hr_status real_pack_new(const char *folder, const sim_model *model, uint64_t seed, const char *const *variants, size_t variant_count,
                        real_pack **pack, hr_error *e) HR_MUST_USE;
// Adds a run, whose arrays become the pack's, and writes it.
hr_status real_pack_add(real_pack *pack, const sim_model *model, const real_run *run, hr_error *e) HR_MUST_USE;
// Reads a pack back. HR_BAD_INPUT with what is wrong: missing, cut off, not a pack, another version.
hr_status real_pack_read(const char *folder, real_pack **pack, hr_error *e) HR_MUST_USE;
// The model of variant `v`, from the pack's scenario.
hr_status real_pack_model(const real_pack *pack, size_t v, sim_model **model, hr_error *e) HR_MUST_USE;
void      real_pack_free(real_pack *pack);     // NULL is fine
void      real_run_free(real_run *run);        // what it owns

#endif
