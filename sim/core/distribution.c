// sim/core/distribution.c - distributions made of others, or without a handy inverse: draws by composition or rejection, and shares below.
// What feeds a draw uses our own log and exp only; erf, gamma and pow of the C library appear where people read the result.
#include <math.h>

#include "sim/core/random.h"

// --- draws ------------------------------------------------------------------------------------------------------------

// Gamma with shape >= 1 and scale 1 by rejection (Marsaglia and Tsang 2000): some 1.05 tries a draw.
static double gamma_draw(double shape, uint64_t seed, uint32_t stream, uint64_t subject, uint32_t ordinal)
{
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (uint32_t attempt = 0;; attempt++) {
        sim_draw r = sim_random(seed, stream, subject, ordinal + (attempt << 16));
        double x = sim_normal_inverse(sim_unit(r.word[0])), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (sim_log(sim_unit(r.word[1])) < 0.5 * x * x + d - d * v + d * sim_log(v))
            return d * v;
    }
}

double sim_hyperexp_share(double scv) { return (1 + sqrt((scv - 1) / (scv + 1))) / 2; }

double sim_dist_compose(const sim_world *w, const sim_dist *d, uint32_t stream, uint64_t subject, uint32_t ordinal)
{
    const uint32_t other = 0x85EBCA6Bu;        // a stream beside this one
    double u = sim_unit(sim_random(w->seed, stream ^ other, subject, ordinal).word[0]);
    switch (d->kind) {
    case SIM_DIST_hyperexp: {
        double share = sim_hyperexp_share(d->b), mean = d->a / (2 * (u < share ? share : 1 - share));
        return -mean * sim_log(sim_unit(sim_random(w->seed, stream, subject, ordinal).word[0]));
    }
    case SIM_DIST_gamma: {
        bool small = d->a < 1;                 // then gamma(shape + 1) u^(1 / shape)
        double g = gamma_draw(small ? d->a + 1 : d->a, w->seed, stream, subject, ordinal);
        return d->b / d->a * (small ? g * sim_pow(u, 1 / d->a) : g);
    }
    default: {                                 // mix: `table` holds the shares added up
        const double *upto = SIM_AT(w, const double, d->table);
        uint32_t i = 0;
        while (i + 1 < d->count && u >= upto[i])
            i++;
        // A stream of its own: the part may choose with a number, too, and that must not be the one that chose the part.
        return (double)sim_dist_time(w, SIM_AT(w, const sim_dist, d->parts) + i, stream + 0xC2B2AE35u, subject, ordinal) * 1e-9;
    }
    }
}

// --- the share of draws at or below a value -----------------------------------------------------------------------------

// Regularised lower incomplete gamma function by its series, above a + 1 by its continued fraction (Abramowitz and Stegun 6.5.29, 6.5.31).
static double gamma_below(double a, double x)
{
    int sign;
    if (x <= 0)
        return 0;
    double front = exp(a * log(x) - x - lgamma_r(a, &sign));
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (double n = a + 1; term > sum * 1e-17; n++)
            sum += term *= x / n;
        return front * sum;
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int i = 1; i < 10000; i++) {
        double an = -i * (i - a);
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-16)
            break;
    }
    return 1 - front * h;
}

// How many of a table's values, which ascend, are at or below x.
static uint32_t at_or_below(const double *table, uint32_t count, double x)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        *(table[middle] <= x ? &low : &high) = middle + (table[middle] <= x);
    }
    return low;
}

static double table_below(const double *table, uint32_t count, double x)
{
    uint32_t n = at_or_below(table, count, x);
    return n == 0 ? 0 : n == count ? 1 : (n - 1 + (x - table[n - 1]) / (table[n] - table[n - 1])) / (count - 1);
}

double sim_dist_below(const sim_dist_def *d, double x)
{
    if (x < 0)
        return 0;
    switch (d->kind) {
    case SIM_DIST_exp: return -expm1(-x / d->a);
    case SIM_DIST_uniform: return x < d->a ? 0 : x >= d->b ? 1 : (x - d->a) / (d->b - d->a);
    case SIM_DIST_erlang: case SIM_DIST_gamma: return gamma_below(d->a, x * d->a / d->b);
    case SIM_DIST_lognormal: return d->b > 0 ? erfc(-log(x / d->a) / d->b * sqrt(0.5)) / 2 : x >= d->a;
    case SIM_DIST_empirical: return table_below(d->table, d->count, x);
    case SIM_DIST_samples: return (double)at_or_below(d->table, d->count, x) / d->count;
    case SIM_DIST_hyperexp: {
        double share = sim_hyperexp_share(d->b), rate = 2 / d->a;
        return -share * expm1(-share * rate * x) - (1 - share) * expm1(-(1 - share) * rate * x);
    }
    case SIM_DIST_weibull: return -expm1(-pow(x / d->a, d->b));
    case SIM_DIST_pareto: return x <= d->a ? 0 : d->c > 0 && x >= d->c ? 1 : (1 - pow(d->a / x, d->b)) / (d->c > 0 ? 1 - pow(d->a / d->c, d->b) : 1);
    case SIM_DIST_mix: {
        double sum = 0, before = 0;
        for (uint32_t i = 0; i < d->count; before = d->table[i++])
            sum += (d->table[i] - before) * sim_dist_below(&d->parts[i], x);
        return sum;
    }
    default: return x >= d->a;
    }
}

double sim_dist_bisect(const sim_dist_def *d, double p)
{
    double low = 0, high = 1e-9;
    while (sim_dist_below(d, high) < p && high < 1e12)
        high *= 2;
    while (high - low > 1e-14 * high && high > 1e-300) {
        double middle = low + (high - low) / 2;
        *(sim_dist_below(d, middle) < p ? &low : &high) = middle;
    }
    return high;
}

// --- moments ------------------------------------------------------------------------------------------------------------

// Mean of x^k of a Pareto distribution from `a` on with shape b, bounded by c > 0 or not at all; INFINITY where it does not exist.
static double pareto_moment(const sim_dist_def *d, int k)
{
    if (d->c <= 0)
        return d->b > k ? d->b * pow(d->a, k) / (d->b - k) : INFINITY;
    double front = d->b * pow(d->a, d->b) / (1 - pow(d->a / d->c, d->b)), e = k - d->b;
    return front * (fabs(e) < 1e-9 ? log(d->c / d->a) : (pow(d->c, e) - pow(d->a, e)) / e);
}

double sim_dist_moment(const sim_dist_def *d, int k)
{
    double sum = 0, before = 0;
    switch (d->kind) {
    case SIM_DIST_hyperexp: return k == 1 ? d->a : d->a * d->a * (1 + d->b);
    case SIM_DIST_gamma: return k == 1 ? d->b : d->b * d->b * (1 + 1 / d->a);
    case SIM_DIST_weibull: return pow(d->a, k) * tgamma(1 + k / d->b);
    case SIM_DIST_pareto: return pareto_moment(d, k);
    case SIM_DIST_samples:
        for (uint32_t i = 0; i < d->count; i++)
            sum += (k == 1 ? d->table[i] : d->table[i] * d->table[i]) / d->count;
        return sum;
    case SIM_DIST_mix:
        for (uint32_t i = 0; i < d->count; before = d->table[i++]) {
            double mean = sim_dist_mean(&d->parts[i]);
            sum += (d->table[i] - before) * (k == 1 ? mean : mean > 0 ? mean * mean * (1 + sim_dist_scv(&d->parts[i])) : 0);
        }
        return sum;
    default: return 0;
    }
}
