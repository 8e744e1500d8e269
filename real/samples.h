// real/samples.h - times of leaf work on live servers, kept for calibration: what a statement or cache operation took, unqueued.
#ifndef REAL_SAMPLES_H
#define REAL_SAMPLES_H

#include "sim/core/base.h"

typedef struct { double *seconds; size_t count, room; } real_samples;

void real_samples_add(real_samples *s, hr_time took);
// Adds those of `more`.
void real_samples_join(real_samples *s, const real_samples *more);
void real_samples_free(real_samples *s);
// `count` quantiles at equal steps from the least to the greatest, in seconds, into `table`. Sorts the samples.
void real_samples_quantiles(real_samples *s, double *table, size_t count);
double real_samples_mean(const real_samples *s);

#endif
