// sim/study/work.h - replications over threads: every variant's numbers from … to, until they are done or somebody says stop.
// * What comes out does not depend on the number of threads: replication r of a variant is a function of the study's seed and r.
// * Stopped early, it keeps the replications that are whole in every variant, counted from the first one without a gap.
#ifndef SIM_STUDY_WORK_H
#define SIM_STUDY_WORK_H

#include "sim/study/study.h"

struct sim_request_log_part;

enum { SIM_WORK_MOST = 64 };                   // replications that one call runs: their histograms are all in memory
enum { SIM_WORK_PIECES = 32 };                 // of one long run: joined in pairs, 32, 16 or 8 batches

typedef struct {
    sim_study *study;
    const sim_study_options *options;
    hr_time    begun;
    sim_trial *trials;                         // [variant][SIM_WORK_MOST], of the last call
    struct sim_request_log_part **parts;               // [SIM_WORK_MOST], with a log: of the replications under way
    uint64_t   events;                         // run so far
} sim_work;

sim_work sim_work_begin(sim_study *study, const sim_study_options *options);
void     sim_work_end(sim_work *work);
// Runs replications from … to - 1 of every variant, at most SIM_WORK_MOST of them; `target` is what the progress told is a share of.
// Returns how many are whole: fewer than asked for when it was stopped.
int      sim_work_run(sim_work *work, int from, int to, int target);
// Ctrl-C, or the time is over.
bool     sim_work_should_stop(const sim_work *work);

// A world at time zero, with its grid, and started.
sim_world *sim_work_world(const sim_model *model, uint64_t seed);
// Runs until then, in pieces; false when it was stopped on the way.
bool     sim_work_until(const sim_work *work, sim_world *w, hr_time until);

#endif
