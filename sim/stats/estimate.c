// sim/stats/estimate.c - see estimate.h.
#include "sim/stats/estimate.h"

#include <float.h>
#include <math.h>

#include "sim/core/base.h"

// Mean and sum of squared deviations in one pass, without the cancellation of sum(x²) - n mean²
// (Welford, Technometrics 4, 1962).
typedef struct {
    size_t n;
    double mean, squares;
} moments;

static void moments_add(moments *m, double x)
{
    m->n++;
    double from_old = x - m->mean;
    m->mean += from_old / (double)m->n;
    m->squares += from_old * (x - m->mean);
}

static moments moments_of(const double *x, size_t n)
{
    moments m = { 0 };
    for (size_t i = 0; i < n; i++)
        moments_add(&m, x[i]);
    return m;
}

// Student's t interval: mean ± t s/sqrt(n) with n - 1 degrees of freedom (Law, Simulation Modeling and Analysis, 4.5).
static sim_estimate t_interval(moments m, double confidence)
{
    HR_ASSERT(confidence > 0 && confidence < 1);
    if (m.n == 0)
        return (sim_estimate){ NAN, -INFINITY, INFINITY };
    if (m.n == 1 || !isfinite(m.squares))
        return (sim_estimate){ m.mean, -INFINITY, INFINITY };
    double n = (double)m.n, t = sim_t_quantile((1 + confidence) / 2, n - 1);
    double half = t * sqrt(m.squares / (n - 1) / n);
    return (sim_estimate){ m.mean, m.mean - half, m.mean + half };
}

sim_estimate sim_mean_interval(const double *x, size_t n, double confidence)
{
    return t_interval(moments_of(x, n), confidence);
}

// The mean of batch `b` of `batches`; what is left out is the part nearest to the warm-up.
static double batch_mean(const double *x, size_t n, size_t batches, size_t b)
{
    size_t size = n / batches;
    return moments_of(x + n % batches + b * size, size).mean;
}

static moments moments_of_batches(const double *x, size_t n, size_t batches)
{
    moments means = { 0 };
    for (size_t b = 0; b < batches; b++)
        moments_add(&means, batch_mean(x, n, batches, b));
    return means;
}

sim_estimate sim_batch_interval(const double *x, size_t n, size_t batches, double confidence)
{
    if (batches < 2 || n < batches)
        return (sim_estimate){ n ? moments_of(x, n).mean : NAN, -INFINITY, INFINITY };
    return t_interval(moments_of_batches(x, n, batches), confidence);
}

// Do neighbouring batches resemble each other? 1 - (sum of squared steps) / (2 · sum of squared deviations) estimates the correlation
// at lag 1; for independent normal batches it is about normal with mean 0 and variance (b - 2)/(b² - 1).
static bool is_correlated(const double *x, size_t n, size_t batches)
{
    moments m = moments_of_batches(x, n, batches);
    double steps = 0, b = (double)batches;
    for (size_t i = 1; i < batches; i++) {
        double step = batch_mean(x, n, batches, i) - batch_mean(x, n, batches, i - 1);
        steps += step * step;
    }
    return m.squares > 0 && 1 - steps / (2 * m.squares) > sim_normal_quantile(0.9) * sqrt((b - 2) / (b * b - 1));
}

sim_estimate sim_run_interval(const double *x, size_t n, double confidence, size_t *batches)
{
    size_t b = n;
    while (b >= SIM_LEAST_BATCHES && is_correlated(x, n, b))
        b /= 2;
    if (b < SIM_LEAST_BATCHES)
        b = 0;
    if (batches)
        *batches = b;
    return sim_batch_interval(x, n, b, confidence);
}

// How many of the smallest observations can be ruled out as being above the quantile: the largest rank r in 0..n with
// P(B < r) <= risk, where B, the number of observations below the quantile, is binomial(n, q).
static size_t rank_below(size_t n, double q, double risk)
{
    size_t low = 0, beyond = n + 1;                            // the rank is in low..beyond - 1
    while (beyond - low > 1) {
        size_t r = low + (beyond - low) / 2;
        if (sim_binomial_cdf((double)r - 1, (double)n, q) <= risk)
            low = r;
        else
            beyond = r;
    }
    return low;
}

// The interval from the l-th to the u-th smallest covers the quantile when l <= B < u, because then at least l
// observations lie below it and at most u - 1 do (David and Nagaraja, Order Statistics, 7.1). The upper rank is the
// lower one of the mirrored problem: the observations counted from above and the quantile 1 - q.
sim_estimate sim_quantile_interval(const double *sorted, size_t n, double q, double confidence)
{
    HR_ASSERT(q > 0 && q < 1 && confidence > 0 && confidence < 1);
    if (n == 0)
        return (sim_estimate){ NAN, -INFINITY, INFINITY };
    double risk = (1 - confidence) / 2;
    size_t lower = rank_below(n, q, risk), from_top = rank_below(n, 1 - q, risk);
    // The inverse of the empirical distribution function; the factor keeps 100 * 0.07 = 7.000000000000001 at rank 7.
    size_t rank = (size_t)ceil((double)n * q * (1 - 4 * DBL_EPSILON));
    return (sim_estimate){ .value = sorted[rank - 1],
        .low = lower >= 1 ? sorted[lower - 1] : -INFINITY,
        .high = from_top >= 1 ? sorted[n - from_top] : INFINITY };
}

double sim_relative_half_width(sim_estimate e)
{
    double half = (e.high - e.low) / 2;
    if (half == 0 && !isnan(e.value))
        return 0;
    return isfinite(half) && isfinite(e.value) && e.value != 0 ? half / fabs(e.value) : INFINITY;
}

size_t sim_replications_wanted(sim_estimate e, size_t n, double wanted)
{
    double now = sim_relative_half_width(e);
    if (now <= wanted)
        return n;
    double needed = ceil((double)n * (now / wanted) * (now / wanted));
    if (!isfinite(needed) || needed > 1e15)                    // more than anybody would wait for
        return 0;
    return needed > (double)n ? (size_t)needed : n + 1;
}
