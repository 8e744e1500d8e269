// sim/stats/estimate.h - a number together with its interval: from replications, from one long run, for a quantile.
// * Honest at the edges: too little data, or a NaN or infinity in it, gives the interval (-INFINITY, INFINITY), never a
//   narrow one. The value is then still the mean of what there is; without data or with a NaN in it, it is NaN.
// * `confidence` is a fraction such as 0.95, strictly between 0 and 1.
// * Nothing here allocates, sorts or changes the data.
#ifndef SIM_ESTIMATE_H
#define SIM_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/stats/quantile.h"

typedef struct {
    double value;                              // the point estimate, in the unit of the data
    double low, high;                          // the interval, ends included; infinite where the data cannot say
} sim_estimate;

// Mean of `n` independent observations (one per replication) and its Student t interval.
sim_estimate sim_mean_interval(const double *x, size_t n, double confidence);

// Mean of one long, autocorrelated run after its warm-up, by non-overlapping batch means: each of `batches` equally
// long batches counts as one observation. 10 to 30 batches are enough (Schmeiser 1982); each must be much longer than
// the time over which the series remembers, otherwise the interval is too narrow. The first n % batches are left out.
sim_estimate sim_batch_interval(const double *x, size_t n, size_t batches, double confidence);

// The same for a run that was cut into `n` equally long pieces, one value each: they are joined in pairs, to n/2, n/4 … batches, until
// neighbouring batches no longer show correlation (von Neumann's ratio, one-sided at 10 %: Fishman, Management Science 24, 1978),
// but not below SIM_LEAST_BATCHES. Where even those show it, the run is too short to say anything and the interval is infinite.
// `batches` gets the number that was used, 0 for none; it may be NULL.
enum { SIM_LEAST_BATCHES = 8 };
sim_estimate sim_run_interval(const double *x, size_t n, double confidence, size_t *batches);

// The q-quantile (0 < q < 1) of independent observations sorted upwards, with an interval between two of them by
// binomial order statistics: no distribution is assumed, and it covers with at least `confidence`. A side for which
// there are too few observations is infinite: the p99 of 100 observations has no upper end.
sim_estimate sim_quantile_interval(const double *sorted, size_t n, double q, double confidence);

// Half the interval's width over the absolute value: the precision that users ask for (0.02 is "within 2 %").
// INFINITY when the interval is infinite, or has a width while the value is 0 or NaN.
double sim_relative_half_width(sim_estimate e);

// The replications that will probably bring the relative half-width down to `wanted`, given that `n` of them gave `e`:
// the width shrinks with the square root. At least n + 1 while the precision is not reached, n when it is; 0 when the
// precision cannot be foreseen (infinite interval, value 0). A plan, not a proof: look again when they are done.
size_t sim_replications_wanted(sim_estimate e, size_t n, double wanted);

#endif
