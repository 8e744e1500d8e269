// real/validate/predict.h - the simulated side: demands fitted on live runs at low loads, and runs of the fitted model.
// * Fits see runs of kind REAL_RUN_FIT only, never one at a load that is predicted.
// * A statement's whole time on an unqueued connection, network included, becomes its `wait`, as quantiles; `cpu` and `network`
//   become 0. The same for a cache operation's round trip. What is queued for (pool, workers) stays the model's business.
// * The wall clock's timers are late. How late requests were sent in the fit runs becomes the lateness of the model's timers.
#ifndef REAL_PREDICT_H
#define REAL_PREDICT_H

#include "real/validate/record.h"

enum { REAL_FIT_QUANTILES = 1000, REAL_FIT_LEAST = 40 };          // fewer samples than that: the author's value stays

typedef struct {                               // the fit of one leaf operation, or of the timers
    uint16_t component, operation;
    char     name[136];                        // "db.by_id", "cache.operation", "timers (late by)"
    size_t   samples;
    double   author_mean_s;                    // what the scenario says
    double   mean_s, scv;                      // fitted; scv: squared coefficient of variation
    double   low_mean_s, high_mean_s;          // at the lower and the higher of the fit loads
    uint32_t quantiles;                        // 0: not fitted
    double   table[REAL_FIT_QUANTILES];
} real_fit;

typedef struct {
    real_fit *fit;                             // leaf operations, then the timers
    size_t    count;
    sim_dist_def lateness;                     // of the timers, from their fit
} real_fits;

// Fits every leaf operation from the pack's fit runs. `model` is any variant's.
void      real_fits_make(const real_pack *pack, const sim_model *model, real_fits *fits);
void      real_fits_free(real_fits *fits);
// Puts the fits and the measured cache capacities into a model. It keeps pointers into `fits`.
void      real_fits_apply(const real_fits *fits, const real_pack *pack, sim_model *model);

// Runs the model of `run` on the virtual clock: same requests, window and start as the live run; fills requests and counters.
void      real_predict_run(const sim_model *model, const uint32_t *entries, real_run *run);
// The rate at which the fitted model begins to fall behind, in requests per second: where the measured capacity is looked for.
double    real_predict_capacity(const real_pack *pack, const real_fits *fits, size_t variant, hr_time from, hr_time to, hr_error *e);

#endif
