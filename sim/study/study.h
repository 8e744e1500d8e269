// sim/study/study.h - experiments made of runs: replications of one or more variants on the same random numbers, and what they show.
// * Replication r of every variant gets the same seed, so requests, keys and demands are the same: variants are compared in pairs.
// * Warm-up is found on pilot runs (MSER-5) unless the scenario gives it; it is the longest that any variant needs.
// * Precision is an input, the number of replications an output. The study looks at what it has, and goes on while a watched metric is
//   not known well enough or a claim is undecided. Rule and sources stand in rule.h: looks at widths are free, those at verdicts are paid for.
// * One replication alone is one long run: its intervals are those of batch means.
// * Results do not depend on the number of threads, unless the time runs out.
#ifndef SIM_STUDY_H
#define SIM_STUDY_H

#include <signal.h>

#include "sim/parts/faults.h"
#include "sim/scenario/model.h"
#include "sim/stats/estimate.h"
#include "sim/stats/paired.h"

typedef enum {
#define SIM_METRIC(word, json, unit, factor, better, help) SIM_METRIC_##word,
#include "sim/study/metric.def"
#undef SIM_METRIC
    SIM_METRIC_COUNT
} sim_metric;

typedef struct { const char *word, *json, *unit; double factor; int better; const char *help; } sim_metric_row;
extern const sim_metric_row sim_metrics[SIM_METRIC_COUNT];
// The metric with that scenario word, or -1.
int sim_metric_find(const char *word);

typedef struct {
    uint64_t seed;
    double   precision;                        // largest relative error wanted, at 95 %, of every watched metric (0.05)
    bool     watched[SIM_METRIC_COUNT];        // mean and p95
    int      least, most;                      // replications; equal: exactly so many, whatever the precision
    int      threads;                          // 0: all cores
    bool     may_lengthen;                     // double the duration where it is too short for a watched quantile, if the load is steady
    hr_time  at_most;                          // wall-clock time after which it ends with what is known (HR_FOREVER: none)
    struct sim_request_log *log;                       // of one variant: gets every request of every replication; NULL: none
    void   (*progress)(void *self, double done_frac);              // called from the calling thread; may be NULL
    void    *progress_self;
    const volatile sig_atomic_t *stop;         // becomes true: finish with what is known; may be NULL
} sim_study_options;
sim_study_options sim_study_options_default(void);

typedef struct {                               // one gauge of replication 0, on the grid of the study
    const char *component, *gauge;
    const double *values;
    uint32_t    count;
} sim_study_series;

typedef struct { uint64_t offered, outcome[SIM_OUTCOME_COUNT]; } sim_tally;      // requests; those that never came back have no outcome

typedef struct {
    const char  *name, *summary;
    sim_model   *model;                        // owned by the study
    double      *values;                       // [replication][metric][column + 1]: see sim_study_value
    double      *pieces;                       // of one long run: the same for each of its `study.pieces` pieces, else NULL
    sim_estimate estimate[SIM_METRIC_COUNT];   // in base units; value NaN where the scenario has nothing of the sort
    sim_histogram latency;                     // all workloads, all replications
    sim_study_series *series;
    size_t       series_count;
    sim_fault_run *faults;                     // that replication 0 has had, in order; at most 1000
    size_t       fault_count;
    sim_tally   *tallies, *piece_tallies;      // [replication][column + 1], [piece][column + 1], as values and pieces; of workloads, [0]: of all together
} sim_study_variant;

typedef struct {
    const sim_claim *claim;
    sim_verdict  verdict;
    sim_estimate margin;                       // of the comparison that decided (right side minus left for <), base units
    char         values[160];                  // both sides in words: "12.1 ms < 24.0 ms"
} sim_claim_result;

typedef struct {
    const sim_objective *objective;
    size_t       variant;
    sim_estimate measured;
    sim_verdict  verdict;
} sim_objective_result;

typedef struct {
    uint64_t seed;
    int      replications, threads, looks;
    double   confidence;                       // of every interval: 95 %, or what it takes that all looks together have 95 % (rule.h)
    int      pieces;                           // into which one long run is cut, 0: there are replications
    int      lengthened;                       // how often the scenario's duration was doubled
    bool     is_precise, warmup_found;
    bool     was_stopped;                      // by Ctrl-C or the time, before it had what was asked for
    double   precision;                        // asked for
    bool     watched[SIM_METRIC_COUNT];
    size_t   wanted;                           // replications that would probably give it; 0: cannot be foreseen
    hr_time  warmup, duration, grid;
    sim_study_variant *variants;
    size_t   variant_count;
    sim_claim_result *claims;
    size_t   claim_count;
    sim_objective_result *objectives;          // of every variant
    size_t   objective_count;
    hr_time  wall;                             // how long the study took
    uint64_t events;                           // that it ran
} sim_study;

// Runs the study. The models (one a variant, the same components) become the study's. Claims are those of models[0].
hr_status sim_study_run(sim_model *const *models, size_t count, const sim_study_options *options, sim_study **study, hr_error *e) HR_MUST_USE;
void      sim_study_free(sim_study *study);
// Metric of one replication; `column`: of the model; < 0: the whole system. NaN where there is nothing of the sort.
double    sim_study_value(const sim_study *study, size_t variant, int replication, sim_metric metric, int column);
// Of one variant, with its interval at the study's confidence.
sim_estimate sim_study_estimate(const sim_study *study, size_t variant, sim_metric metric, int column);
// What has been counted in all replications. Column -1: of all workloads together.
sim_tally    sim_study_tally(const sim_study *study, size_t variant, int column);
// The same as an estimate, of what `value` makes of a tally; `seconds` is how long that counts. Column -1: all workloads together.
sim_estimate sim_study_estimate_of(const sim_study *study, size_t variant, int column, double (*value)(const sim_tally *tally, double seconds, int self), int self);
// Paired comparison of two variants at the study's confidence: b against a. Smallest effect of interest: 1 % of a.
sim_paired sim_study_compare(const sim_study *study, size_t a, size_t b, sim_metric metric);
// Whether the comparison says something: both have the metric, and less or more of it is better.
bool       sim_study_can_compare(const sim_study *study, size_t a, size_t b, sim_metric metric);
// The largest relative error of any watched metric, at 95 %: to be compared with `precision`. INFINITY when one is not known at all.
double     sim_study_reached(const sim_study *study);
bool       sim_study_meets_objectives(const sim_study *study, size_t variant);

// A value with its interval, both times `factor`: "12.3 ±0.4", with as many digits as the interval supports. Returns `out`.
const char *sim_estimate_text(sim_estimate estimate, double factor, char *out, size_t room);
// Whether a column is a workload, and how many are.
bool       sim_study_is_workload(const sim_study *study, uint32_t column);
size_t     sim_study_workload_count(const sim_study *study);
// The workloads one by one as text: a row of headings, then one for each workload and variant. Of the outcomes other than ok those that occur.
typedef struct {
    char **cell;                               // row by row
    size_t columns, count;                     // count: of all cells
    size_t names;                              // columns at the left that say whose row it is; the others are numbers, at the right of theirs
} sim_study_table;
// Fills a table, which the caller frees. False: there is only one workload, which is the whole.
bool       sim_study_workloads(const sim_study *study, sim_study_table *table);
void       sim_study_table_free(sim_study_table *table);
// One sentence: which variant costs least (without prices: has the lowest p99) among those that meet every objective, and how many claims hold.
void       sim_study_sentence(const sim_study *study, hr_text *out);

// Reads `path` once for each variant (all of them when `variants` is NULL; a scenario without variants gives one named "").
hr_status sim_study_models(const char *path, const char *const *variants, size_t count, sim_model ***models, size_t *model_count, hr_error *e) HR_MUST_USE;

// Checks that every claim of the scenario can be read: names of metrics, variants, components; units.
hr_status sim_claims_check(const sim_model *model, hr_error *e) HR_MUST_USE;
// Whether the study has every variant that the claim names.
bool      sim_claim_is_asked(const sim_study *study, const sim_claim *claim);
// Decides one claim from the replications so far, at the study's confidence.
void      sim_claim_decide(const sim_study *study, const sim_claim *claim, sim_claim_result *result);

// The JSON documents of the verbs; the caller frees the text. Same study, same bytes.
char *sim_study_run_document(const sim_study *study);          // headroom/run/1
char *sim_study_compare_document(const sim_study *study);      // headroom/compare/1

// Keeps the study in the store of runs (path NULL: the default one); the row's number goes to *id.
hr_status sim_study_keep(const sim_study *study, const char *verb, const char *document, hr_status status, int64_t *id, hr_error *e) HR_MUST_USE;

// One replication, for those who want the world itself (viewer, validation): builds, starts and runs the warm-up.
typedef struct { double *values; sim_tally *tally; sim_histogram latency; } sim_trial;
// Fills values[metric][column + 1] and tally[column + 1] from a world whose window is [from, to) and which stands at `to`; then drains it.
void sim_trial_measure(sim_world *w, const sim_model *model, hr_time from, hr_time to, sim_trial *trial);
// The seed of replication `r`.
uint64_t sim_study_seed(uint64_t seed, int r);

#endif
