// sim/stats/quantile.c - see quantile.h.
#include "sim/stats/quantile.h"

#include <float.h>
#include <math.h>

#include "sim/core/base.h"

// Above this many degrees of freedom the series of t_series() is exact to the last digits, while the difference of two
// large lgamma values in the incomplete beta function begins to cost some.
static const double many_degrees = 1e5;

// c[0] + c[1] x + … + c[7] x^7, by Horner's rule.
static double polynomial(const double c[8], double x)
{
    double sum = c[7];
    for (int i = 6; i >= 0; i--)
        sum = sum * x + c[i];
    return sum;
}

// The rational approximations of M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution",
// Applied Statistics 37 (1988), routine PPND16: one for the middle, one for the tails, one for the far tails.
static const double middle_above[8] = {
    3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
    4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3 };
static const double middle_below[8] = {
    1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
    2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3 };
static const double tail_above[8] = {
    1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
    1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4 };
static const double tail_below[8] = {
    1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
    1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9 };
static const double far_above[8] = {
    6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
    2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7 };
static const double far_below[8] = {
    1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15 };

// The z with P(Z > z) = q, for 0 < q < 0.075.
static double normal_tail(double q)
{
    double r = sqrt(-log(q));
    if (r <= 5)
        return polynomial(tail_above, r - 1.6) / polynomial(tail_below, r - 1.6);
    return polynomial(far_above, r - 5) / polynomial(far_below, r - 5);
}

double sim_normal_quantile(double p)
{
    if (isnan(p))
        return p;
    if (p <= 0 || p >= 1)
        return p <= 0 ? -INFINITY : INFINITY;
    double from_middle = p - 0.5;
    if (fabs(from_middle) <= 0.425) {
        double r = 0.180625 - from_middle * from_middle;
        return from_middle * polynomial(middle_above, r) / polynomial(middle_below, r);
    }
    return from_middle < 0 ? -normal_tail(p) : normal_tail(1 - p);
}

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

// The n-th partial numerator of the continued fraction of the incomplete beta function, DLMF 8.17.23.
static double beta_numerator(double a, double b, double x, int n)
{
    double m = floor(n / 2.0);
    if (n % 2 == 0)
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
}

static double away_from_zero(double x)
{
    return fabs(x) < DBL_MIN ? DBL_MIN : x;
}

// 1 + n1/(1 + n2/(1 + …)) front to back by the modified Lentz method (Thompson and Barnett, J. Comput. Phys. 64, 1986).
// It converges in about sqrt(max(a, b)) steps where x < (a + 1)/(a + b + 2).
static double beta_fraction(double a, double b, double x)
{
    double value = 1, c = 1, d = 0, step = 0;
    for (int n = 1; n < 10000000 && fabs(step - 1) > DBL_EPSILON; n++) {
        double numerator = beta_numerator(a, b, x, n);
        d = 1 / away_from_zero(1 + numerator * d);
        c = away_from_zero(1 + numerator / c);
        step = c * d;
        value *= step;
    }
    return value;
}

// I_x(a, b) where x is below its mean, so that the fraction converges fast. DLMF 8.17.22.
static double small_incomplete_beta(double a, double b, double x, double y)
{
    double log_x = x < 0.5 ? log(x) : log1p(-y), log_y = y < 0.5 ? log(y) : log1p(-x);
    double log_beta = log_gamma(a) + log_gamma(b) - log_gamma(a + b);
    return exp(a * log_x + b * log_y - log_beta) / (a * beta_fraction(a, b, x));
}

double sim_incomplete_beta(double a, double b, double x, double y)
{
    HR_ASSERT(a > 0 && b > 0);
    if (x <= 0 || y <= 0)
        return x <= 0 ? 0 : 1;
    if (x < (a + 1) / (a + b + 2))
        return small_incomplete_beta(a, b, x, y);
    return 1 - small_incomplete_beta(b, a, y, x);                     // DLMF 8.17.4
}

double sim_binomial_cdf(double k, double n, double p)
{
    if (k < 0 || k >= n)
        return k < 0 ? 0 : 1;
    return sim_incomplete_beta(n - k, k + 1, 1 - p, p);               // DLMF 8.17.5
}

// P(T > t) for t >= 0, Abramowitz and Stegun 26.7.1 with 26.5.27.
static double t_tail(double t, double df)
{
    double r2 = t * t / df;
    return 0.5 * sim_incomplete_beta(df / 2, 0.5, 1 / (1 + r2), 1 / (1 + 1 / r2));
}

static double t_density(double t, double df)
{
    double log_scale = log_gamma((df + 1) / 2) - log_gamma(df / 2) - 0.5 * log(df * 3.14159265358979323846);
    return exp(log_scale - (df + 1) / 2 * log1p(t * t / df));
}

// Many degrees of freedom: the normal quantile and a series in 1/df, Abramowitz and Stegun 26.7.5.
static double t_series(double p, double df)
{
    double z = sim_normal_quantile(p), z2 = z * z;
    double first = z * (z2 + 1) / 4, second = z * (3 + z2 * (16 + 5 * z2)) / 96;
    return isinf(z) ? z : z + first / df + second / (df * df);
}

// The t with P(T > t) = q for q < 0.5: Newton's method, kept inside a bracket that bisection narrows where Newton
// leaves it.
static double t_from_tail(double q, double df)
{
    double low = 0, high = 1;
    for (; t_tail(high, df) > q; high *= 2)
        low = high;
    double t = (low + high) / 2;
    for (int i = 0; i < 100; i++) {
        double surplus = t_tail(t, df) - q;
        if (surplus > 0)
            low = t;
        else
            high = t;
        double next = t + surplus / t_density(t, df);
        if (!(next >= low && next <= high))
            next = (low + high) / 2;
        if (fabs(next - t) <= 4 * DBL_EPSILON * t)
            return next;
        t = next;
    }
    return t;
}

double sim_t_quantile(double p, double df)
{
    HR_ASSERT(df >= 1);
    if (isnan(p) || p <= 0 || p >= 1 || df > many_degrees)
        return t_series(p, df);
    if (fabs(p - 0.5) <= DBL_EPSILON)
        return 0;
    return p < 0.5 ? -t_from_tail(p, df) : t_from_tail(1 - p, df);
}
