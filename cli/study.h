// cli/study.h - what `run` and `compare` share: options, the tables they print, Ctrl-C.
#ifndef CLI_STUDY_H
#define CLI_STUDY_H

#include "cli/cli.h"
#include "sim/study/study.h"

typedef struct {
    const char *seed, *precision, *of, *variant;
    uint64_t    replications, threads;
    hr_time     at_most;
    bool        json, ledger, no_store;
} cli_study_options;

// The rows of the option table that both verbs have.
#define CLI_STUDY_ROWS(o) \
    {"seed", CLI_TEXT, &(o).seed, "N", "the seed of every draw (1)"}, \
    {"precision", CLI_TEXT, &(o).precision, "P%", "go on until the relative error is at most this, at 95 % (5%, but at most 80 replications)"}, \
    {"of", CLI_TEXT, &(o).of, "METRIC,…", "of which metrics (mean,p95); `headroom list metrics`"}, \
    {"at-most", CLI_SECONDS, &(o).at_most, "TIME", "end after this time with what is known then"}, \
    {"replications", CLI_COUNT, &(o).replications, "N", "exactly so many replications instead"}, \
    {"threads", CLI_COUNT, &(o).threads, "N", "threads (all cores); results do not depend on it"}, \
    {"no-store", CLI_FLAG, &(o).no_store, NULL, "do not keep the run in the store"}, \
    {"json", CLI_FLAG, &(o).json, NULL, "print the document for programs"}

// Fills `study` options from the words; complains and returns HR_BAD_INPUT when one is wrong.
hr_status cli_study_read(const cli_study_options *o, sim_study_options *study);
// Runs with progress on stderr; Ctrl-C ends it with what is known.
hr_status cli_study_run(sim_model *const *models, size_t count, const char *label, sim_study_options *options, sim_study **study, hr_error *e);
// The word of a verdict, nine columns wide, coloured on a terminal.
const char *cli_verdict(sim_verdict verdict, char *out, size_t room);
void cli_print_variants(const sim_study *study);
// A row for each workload and variant, below `above`; nothing when there is only one workload.
void cli_print_workloads(const sim_study *study, const char *above);
// Every other variant against the first, in pairs: what is better, worse, equivalent, undecided.
void cli_print_differences(const sim_study *study);
void cli_print_objectives(const sim_study *study);
void cli_print_claims(const sim_study *study);
// The lines under every table: seed, replications, warm-up, confidence; and what is missing of what the options ask for.
void cli_print_basis(const sim_study *study, const cli_study_options *o);
// Exit status: claims (when there are any and several variants) or objectives; undecided when it was stopped, or when the precision that
// the options ask for by name is not reached.
hr_status cli_study_status(const sim_study *study, const cli_study_options *o);

#endif
