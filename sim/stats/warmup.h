// sim/stats/warmup.h - how much of the beginning of a run to leave out because the system was still filling up.
#ifndef SIM_WARMUP_H
#define SIM_WARMUP_H

#include <stdbool.h>
#include <stddef.h>

enum { SIM_MSER_BATCH = 5 };                   // observations per batch: the 5 in MSER-5

// MSER-5: the number of leading observations of `x` to drop, a multiple of 5 and never more than half of `n`.
// Among all cuts it takes the one after which the mean of the rest is known best (smallest standard error), because
// early observations that differ from the rest add more spread than observations. Observations are equally spaced in
// time, or one per request in order of arrival. O(n), no allocation; the last n % 5 observations have no say. `found`
// becomes false when the best cut is the latest one allowed: then no steady state was seen, and the run should be
// longer (or the system has none). Of equally good cuts the earliest counts, so a constant series drops nothing.
size_t sim_mser5(const double *x, size_t n, bool *found);

#endif
