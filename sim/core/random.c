// sim/core/random.c - logarithm, exponential, sine, normal inverse and distributions; see random.h.
#include "sim/core/random.h"

#include <math.h>
#include <string.h>

#include "sim/core/log.h"

const char *sim_dist_name(sim_dist_kind kind)
{
    static const char *const names[] = {
#define SIM_DISTRIBUTION(name, arguments, help) #name,
#include "sim/core/distribution.def"
#undef SIM_DISTRIBUTION
    };
    return kind < SIM_DIST_COUNT ? names[kind] : "unknown";
}

double sim_log(double x)
{
    sim_log_parts p = sim_log_split(sim_bits_of(x));
    double r2 = p.r * p.r;
    return SIM_LOG_JOIN(p.k, p.r, r2, p.log_c);
}

// x = n/128 ln 2 + r, |r| at most 0.0028: e^x = 2^(n/128) e^r, the first from a table and by adding to the exponent.
double sim_exp(double x)
{
    static const double table[128] = {
#define SIM_EXP_ROW(power) power,
#include "sim/core/exp.def"
#undef SIM_EXP_ROW
    };
    static const double high = 0x1.62e42fef00000p-8, low = 0x1.473de6af278edp-41;     // ln 2 / 128 in two parts
    if (x > 709.0)
        x = 709.0;
    if (x < -708.0)
        return 0;
    double n = (x * 0x1.71547652b82fep+7 + 0x1.8p52) - 0x1.8p52;  // to the nearest whole number: 0x1.8p52 leaves no room for a fraction
    double r = (x - n * high) - n * low, r2 = r * r;
    double less_one = r + r2 * ((0.5 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120)));
    int64_t whole = (int64_t)n;
    double power = sim_of_bits(sim_bits_of(table[whole & 127]) + ((uint64_t)(whole >> 7) << 52));
    return power + power * less_one;
}

// Folded to a quarter of a turn on either side of zero, there by its Taylor series: what is left out is below (pi/2)^21 / 21!.
double sim_sine(double turns)
{
    double t = turns - floor(turns + 0.5);     // [-1/2, 1/2]
    if (fabs(t) > 0.25)
        t = (t < 0 ? -0.5 : 0.5) - t;
    double x = t * 6.28318530717958647693, y = x * x, sum = 1;
    for (int n = 18; n >= 2; n -= 2)
        sum = 1 - y / (n * (n + 1)) * sum;
    return x * sum;
}

static double ratio(double x, const double *top, const double *bottom, int degree)
{
    double a = top[degree], b = bottom[degree];
    for (int i = degree - 1; i >= 0; i--) {
        a = a * x + top[i];
        b = b * x + bottom[i];
    }
    return a / b;
}

double sim_normal_inverse(double p)
{
    // Coefficients: M. J. Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988) 477-484.
    static const double a[] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
                               4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[] = {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
                               2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3};
    static const double c[] = {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
                               1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                               1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                               7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15};
    double q = p - 0.5;
    if (fabs(q) <= 0.425)
        return q * ratio(0.180625 - q * q, a, b, 7);
    double tail = sqrt(-sim_log(q < 0 ? p : 1.0 - p));
    double x = tail <= 5.0 ? ratio(tail - 1.6, c, d, 7) : ratio(tail - 5.0, e, f, 7);
    return q < 0 ? -x : x;
}

static double table_at(const double *table, uint32_t count, double p)
{
    double place = p * (count - 1);
    uint32_t i = (uint32_t)place;
    if (i >= count - 1)
        return table[count - 1];
    return table[i] + (place - i) * (table[i + 1] - table[i]);
}

// Inverse of the Erlang distribution with k phases of mean 1 by bisection: fine for reference, draws use the product form.
static double erlang_inverse(int k, double p)
{
    double low = 0, high = k + 40.0 * sqrt(k) + 40;
    for (int i = 0; i < 200; i++) {
        double x = (low + high) / 2, term = 1, sum = 1;
        for (int j = 1; j < k; j++)
            sum += term *= x / j;
        if (1 - sim_exp(-x) * sum < p)
            low = x;
        else
            high = x;
    }
    return low;
}

double sim_dist_quantile(const sim_dist_def *d, double p)
{
    switch (d->kind) {
    case SIM_DIST_constant: return d->a;
    case SIM_DIST_exp: return -d->a * sim_log(1.0 - p);
    case SIM_DIST_uniform: return d->a + (d->b - d->a) * p;
    case SIM_DIST_erlang: return d->b / d->a * erlang_inverse((int)d->a, p);
    case SIM_DIST_lognormal: return d->a * sim_exp(d->b * sim_normal_inverse(p));
    case SIM_DIST_empirical: return table_at(d->table, d->count, p);
    case SIM_DIST_samples: return d->table[(uint32_t)fmin(p * d->count, d->count - 1.0)];
    case SIM_DIST_weibull: return d->a * sim_pow(fabs(sim_log(1.0 - p)), 1 / d->b);       // not -log 1, a zero with a sign: that has no power
    case SIM_DIST_pareto: return d->a * sim_pow(1.0 - p * (d->c > 0 ? 1.0 - sim_pow(d->a / d->c, d->b) : 1.0), -1 / d->b);
    case SIM_DIST_hyperexp: case SIM_DIST_gamma: case SIM_DIST_mix: return sim_dist_bisect(d, p);
    case SIM_DIST_COUNT: break;
    }
    return 0;
}

double sim_dist_mean(const sim_dist_def *d)
{
    switch (d->kind) {
    case SIM_DIST_uniform: return (d->a + d->b) / 2;
    case SIM_DIST_erlang: return d->b;
    case SIM_DIST_lognormal: return d->a * sim_exp(d->b * d->b / 2);
    case SIM_DIST_empirical: {
        double sum = 0;
        for (uint32_t i = 0; i + 1 < d->count; i++)
            sum += (d->table[i] + d->table[i + 1]) / 2;
        return d->count > 1 ? sum / (d->count - 1) : d->table[0];
    }
    case SIM_DIST_hyperexp: case SIM_DIST_weibull: case SIM_DIST_pareto: case SIM_DIST_gamma: case SIM_DIST_mix: case SIM_DIST_samples:
        return sim_dist_moment(d, 1);
    default: return d->a;
    }
}

double sim_dist_scv(const sim_dist_def *d)
{
    double mean = sim_dist_mean(d), second = 0;
    switch (d->kind) {
    case SIM_DIST_exp: return 1;
    case SIM_DIST_erlang: return 1 / d->a;
    case SIM_DIST_uniform: return (d->b - d->a) * (d->b - d->a) / 12 / (mean * mean);
    case SIM_DIST_lognormal: return sim_exp(d->b * d->b) - 1;
    case SIM_DIST_empirical:                   // straight lines between the quantiles: (x² + xy + y²) / 3 on each piece
        for (uint32_t i = 0; i + 1 < d->count; i++) {
            double x = d->table[i], y = d->table[i + 1];
            second += (x * x + x * y + y * y) / 3 / (d->count - 1);
        }
        return mean > 0 && d->count > 1 ? second / (mean * mean) - 1 : 0;
    case SIM_DIST_hyperexp: case SIM_DIST_weibull: case SIM_DIST_pareto: case SIM_DIST_gamma: case SIM_DIST_mix: case SIM_DIST_samples:
        return mean > 0 ? sim_dist_moment(d, 2) / (mean * mean) - 1 : 0;
    default: return 0;
    }
}

sim_dist sim_dist_place(sim_world *w, const sim_dist_def *def)
{
    sim_dist d = {.kind = def->kind, .count = def->count, .a = def->a, .b = def->b, .c = def->c};
    if (def->kind == SIM_DIST_mix) {
        d.parts = sim_take(w, def->count * sizeof d);
        for (uint32_t i = 0; i < def->count; i++) {
            sim_dist part = sim_dist_place(w, &def->parts[i]);
            SIM_AT(w, sim_dist, d.parts)[i] = part;
        }
    }
    if (def->table) {
        d.table = sim_take(w, def->count * sizeof(double));
        memcpy(SIM_AT(w, double, d.table), def->table, def->count * sizeof(double));
    }
    return d;
}

void sim_lateness_place(sim_world *w, const sim_dist_def *def)
{
    sim_dist d = sim_dist_place(w, def);
    w->lateness = sim_take(w, sizeof d);
    *SIM_AT(w, sim_dist, w->lateness) = d;
}

static void draw_ahead(const sim_world *w, const sim_dist *d, sim_ahead *ahead, uint32_t stream)
{
    ahead->drawn = SIM_AHEAD;
    if (d->kind == SIM_DIST_exp)
        sim_exponential_times(w->seed, stream, ahead->from, ahead->ordinal, d->a * 1e9, false, ahead->time);
    else
        for (unsigned i = 0; i < SIM_AHEAD; i++)
            ahead->time[i] = sim_dist_time(w, d, stream, ahead->from + i, ahead->ordinal);
}

// The subject is not among those that are drawn. When it is the next behind them, or has come behind others in a row, more will follow.
HR_APART hr_time sim_dist_draw(const sim_world *w, const sim_dist *d, sim_ahead *ahead, uint32_t stream, uint64_t subject, uint32_t ordinal)
{
    enum { WORTH_IT = 4 };
    ahead->streak = subject == ahead->last + 1 ? ahead->streak + 1 : 0;
    ahead->last = subject;
    if (ahead->streak < WORTH_IT && !(ahead->drawn && subject == ahead->from + ahead->drawn && ordinal == ahead->ordinal))
        return sim_dist_time(w, d, stream, subject, ordinal);
    ahead->from = subject;
    ahead->ordinal = ordinal;
    draw_ahead(w, d, ahead, stream);
    return ahead->time[0];
}

// Erlang by the product of its phases' uniforms; each draw gives two.
static HR_APART double erlang_draw(uint64_t seed, uint32_t stream, uint64_t subject, uint32_t ordinal, int phases)
{
    double sum = 0;
    for (int i = 0; i < phases; i += 2) {
        sim_draw r = sim_random(seed, stream, subject, ordinal + ((uint32_t)i << 16));
        sum += sim_exponential(r.word[0]);
        if (i + 1 < phases)
            sum += sim_exponential(r.word[1]);
    }
    return sum;
}

static HR_APART hr_time draw_other(const sim_world *w, const sim_dist *d, uint32_t stream, uint64_t subject, uint32_t ordinal)
{
    double seconds;
    if (d->kind == SIM_DIST_erlang) {
        seconds = d->b / d->a * erlang_draw(w->seed, stream, subject, ordinal, (int)d->a);
    } else if (d->kind == SIM_DIST_hyperexp || d->kind == SIM_DIST_gamma || d->kind == SIM_DIST_mix) {
        seconds = sim_dist_compose(w, d, stream, subject, ordinal);
    } else {
        sim_dist_def def = {(sim_dist_kind)d->kind, d->a, d->b, d->c, d->table ? SIM_AT(w, const double, d->table) : NULL, d->count, NULL};
        seconds = sim_dist_quantile(&def, sim_unit(sim_random(w->seed, stream, subject, ordinal).word[0]));
    }
    if (seconds >= 1e9)                        // thirty years: a power law has no end, int64 has
        seconds = 1e9;
    return seconds <= 0 ? 0 : (hr_time)(seconds * 1e9 + 0.5);
}

hr_time sim_dist_time(const sim_world *w, const sim_dist *d, uint32_t stream, uint64_t subject, uint32_t ordinal)
{
    if (d->kind == SIM_DIST_exp)
        return (hr_time)(sim_exponential(sim_random(w->seed, stream, subject, ordinal).word[0]) * (d->a * 1e9) + 0.5);
    if (d->kind == SIM_DIST_constant)
        return (hr_time)(d->a * 1e9);
    return draw_other(w, d, stream, subject, ordinal);
}
