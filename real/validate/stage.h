// real/validate/stage.h - one variant of a scenario joined to live servers, ready to be run on the wall clock again and again.
// * Every run begins alike: rows at version 1, caches emptied and then filled with the most popular keys.
// * The workload, the service code and the recorder are those of the simulated world; databases and caches are live.
#ifndef REAL_STAGE_H
#define REAL_STAGE_H

#include "real/loop.h"
#include "real/validate/pack.h"

typedef struct real_stage real_stage;

// `address[c]` of every database and cache; all arguments are lent for the stage's life.
hr_status real_stage_open(real_loop *loop, const sim_model *model, const char *const *address, const uint32_t *entries, real_stage **out,
                          hr_error *e) HR_MUST_USE;
void      real_stage_close(real_stage *stage); // NULL is fine

// Fills in `run` what was seen: its kind, variant, rate, seed, repeat and window are given. HR_UNDECIDED: *stop became true.
// HR_ENVIRONMENT: a server has gone, or the generator itself was too late for the numbers to mean anything.
hr_status real_stage_run(real_stage *stage, real_run *run, const volatile sig_atomic_t *stop, hr_error *e) HR_MUST_USE;

#endif
