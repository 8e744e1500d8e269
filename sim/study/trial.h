// sim/study/trial.h - pieces of one long run, for batch means: what was counted up to a moment, and between two of them.
#ifndef SIM_STUDY_TRIAL_H
#define SIM_STUDY_TRIAL_H

#include "sim/study/study.h"

typedef struct sim_moment sim_moment;
// What a running world has counted since its counts were reset at time `reset`. Freed by sim_moment_free.
sim_moment *sim_moment_take(const sim_world *w, const sim_model *model, hr_time reset);
void        sim_moment_free(sim_moment *moment, const sim_model *model);
// Fills values[metric][column + 1] from what was counted between the two.
void        sim_moment_between(const sim_moment *a, const sim_moment *b, const sim_model *model, double *values, sim_tally *tally);

#endif
