// sim/stats/warmup.c - see warmup.h.
// MSER: White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997).
// MSER-5, the same on means of 5: White, Cobb and Spratt, "A comparison of five steady-state truncation heuristics",
// Winter Simulation Conference 2000.
#include "sim/stats/warmup.h"

#include <math.h>

static double batch_mean(const double *x)
{
    double sum = 0;
    for (int i = 0; i < SIM_MSER_BATCH; i++)
        sum += x[i];
    return sum / SIM_MSER_BATCH;
}

// Walks from the last batch to the first, so that mean and squared deviations of "everything from here on" grow by one
// batch a step (Welford 1962) and no cut has to be summed anew. A NaN makes every cut before it lose each comparison.
size_t sim_mser5(const double *x, size_t n, bool *found)
{
    size_t batches = n / SIM_MSER_BATCH, latest = batches / 2, best = latest;
    double mean = 0, squares = 0, least = INFINITY;
    for (size_t cut = batches; cut-- > 0;) {
        double rest = (double)(batches - cut), y = batch_mean(x + cut * SIM_MSER_BATCH), from_old = y - mean;
        mean += from_old / rest;
        squares += from_old * (y - mean);
        double mser = squares / (rest * rest);                 // the squared standard error of the mean of the rest
        if (cut <= latest && mser <= least) {
            least = mser;
            best = cut;
        }
    }
    *found = best < latest;
    return best * SIM_MSER_BATCH;
}
