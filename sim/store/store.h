// sim/store/store.h - the kept runs: what was run, with which seed and version, and everything that was measured.
// * A run is there whole or not at all: sim_store_add is one transaction, and a crash, a full disk or a bad row leaves nothing.
// * Several processes may use one store at the same time; a handle belongs to one thread at a time.
// * An id is never given out twice, also after its run was removed. Newer runs have greater ids.
// * A refused or failed call says in `e` what to do; out-parameters are untouched then. HR_BAD_INPUT: it is no store of ours,
//   or damaged, or an unknown id. HR_ENVIRONMENT: disk full, no permission, busy.
#ifndef SIM_STORE_H
#define SIM_STORE_H

#include "sim/core/base.h"

typedef struct sim_store sim_store;

typedef struct {                               // a gauge of one component on the recorder's grid
    const char   *variant, *component, *gauge, *unit;
    hr_time       step;                        // sample i was taken at (i + 1) * step of run time
    const double *values;                      // NaN survives
    size_t        count;
} sim_store_series;

typedef struct {                               // the times of one operation; the bytes mean something to the engine only
    const char *variant, *workload, *operation;
    const void *bytes;
    size_t      size;
} sim_store_histogram;

typedef struct {
    const char *id, *expression, *verdict;     // of a claim or an objective; the words of the verb
} sim_store_verdict;

// A whole run. verb, name and version of a run and the id and verdict of a verdict are needed; any other text may be NULL
// and is NULL again when loaded.
typedef struct {
    const char *verb, *name, *variant;         // name: of the scenario
    const char *scenario_text;                 // the file as it was read
    const char *version;                       // of the program
    const char *document;                      // what the verb printed with --json, kept byte for byte
    uint64_t    seed;
    hr_status   status;
    const sim_store_series    *series;
    size_t                     series_count;
    const sim_store_histogram *histograms;
    size_t                     histogram_count;
    const sim_store_verdict   *verdicts;
    size_t                     verdict_count;
    int64_t     id;                            // these two are set by sim_store_load; sim_store_add does not read them
    const char *created;                       // UTC, ISO 8601 with milliseconds: 2030-01-31T12:00:00.000Z
} sim_store_run;

typedef struct {
    int64_t   id;
    char     *created, *verb, *name, *variant, *version;
    uint64_t  seed;
    hr_status status;
} sim_store_summary;

// Opens the store at `place`, and makes it (with its directories, for the user alone) when it is not there. NULL means
// $HEADROOM_STORE, else $XDG_DATA_HOME/headroom/runs.db, else ~/.local/share/headroom/runs.db.
hr_status sim_store_open(const char *place, sim_store **store, hr_error *e) HR_MUST_USE;
// That place; the caller frees it. NULL when neither variable nor a home says where.
char     *sim_store_usual_place(void);
void      sim_store_close(sim_store *s);       // NULL is fine
// Where it is, to be told to the user. Lent by the store.
const char *sim_store_place(const sim_store *s);

// Keeps a run; *id is its number.
hr_status sim_store_add(sim_store *s, const sim_store_run *run, int64_t *id, hr_error *e) HR_MUST_USE;

// The newest `limit` runs (0: all), newest first. The caller frees with sim_store_list_free.
hr_status sim_store_list(sim_store *s, size_t limit, sim_store_summary **list, size_t *count, hr_error *e) HR_MUST_USE;
void      sim_store_list_free(sim_store_summary *list, size_t count);

// The id that `word` means: a number, `last`, or `last-N` (N runs before the last). The message for an unknown one lists the ids.
hr_status sim_store_find(sim_store *s, const char *word, int64_t *id, hr_error *e) HR_MUST_USE;

// One whole run; the caller frees with sim_store_run_free (NULL is fine).
hr_status sim_store_load(sim_store *s, int64_t id, sim_store_run **run, hr_error *e) HR_MUST_USE;
void      sim_store_run_free(sim_store_run *run);

// Removes every run that is neither among the newest `keep_newest` nor younger than `keep_younger` (0: age saves nobody).
hr_status sim_store_gc(sim_store *s, uint64_t keep_newest, hr_time keep_younger, uint64_t *removed, hr_error *e) HR_MUST_USE;

// A run as one JSON document "headroom/runs/1" with the verb's document inside it as it is; the caller frees it.
// `whole` adds series (numbers), histograms (base64) and the scenario's text.
char *sim_store_run_json(const sim_store_run *run, bool whole);
char *sim_store_list_json(const sim_store_summary *list, size_t count);

#endif
