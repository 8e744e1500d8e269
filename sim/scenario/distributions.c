// sim/scenario/distributions.c - exp(5ms), lognormal(p50=8ms, p99=60ms) …: a reader for each row of sim/core/distribution.def.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/data.h"
#include "sim/scenario/units.h"

static const double z99 = 2.3263478740408408;                      // 99 % point of the standard normal distribution
static const double longest_mean_s = 1e6;                          // a mean of eleven days is a slip of the pen

typedef struct {                               // one that is being read
    sim_pool *pool;
    const sim_source *source;
    char    **arguments;
    size_t    count;
    sim_dist_def *d;
} form;

static const char *const examples[] = {
#define SIM_DISTRIBUTION(name, arguments, help) arguments,
#include "sim/core/distribution.def"
#undef SIM_DISTRIBUTION
};

// --- arguments: each says what is wrong with its one, and how it is written -----------------------------------------------

static bool wrong(const form *f, const char *format, ...) HR_PRINTF(2, 3);
static bool wrong(const form *f, const char *format, ...)
{
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return sim_because(f->source, "%s; want %s", what, examples[f->d->kind]);
}

static bool want_count(const form *f, size_t least, size_t most)
{
    if (f->count >= least && f->count <= most)
        return true;
    return wrong(f, "%s has %zu argument%s", sim_dist_name(f->d->kind), f->count, f->count == 1 ? "" : "s");
}

static bool want_time(const form *f, const char *text, double *seconds)
{
    double number;
    return sim_read_span(text, seconds) || wrong(f, sim_read_number(text, &number) ? "'%.60s' lacks its unit" : "'%.60s' is no time", text);
}

static bool want_some_time(const form *f, const char *text, double *seconds)
{
    return want_time(f, text, seconds) && (*seconds > 0 || wrong(f, "'%.60s' is not above 0", text));
}

// The text behind "name=" of argument `i`, or NULL with a complaint.
static const char *named(const form *f, size_t i, const char *name)
{
    const char *text = sim_form_named(f->arguments[i], name);
    if (!text)
        wrong(f, "'%.60s' is not %s=…", f->arguments[i], name);
    return text;
}

static bool named_time(const form *f, size_t i, const char *name, double *seconds)
{
    const char *text = named(f, i, name);
    return text && want_some_time(f, text, seconds);
}

static bool want_number(const form *f, const char *name, const char *text, double least, double most, double *number)
{
    return (sim_read_number(text, number) && *number >= least && *number <= most) ||
           wrong(f, "%s = '%.60s' is no number from %g to %g", name, text, least, most);
}

static bool named_number(const form *f, size_t i, const char *name, double least, double most, double *number)
{
    const char *text = named(f, i, name);
    return text && want_number(f, name, text, least, most, number);
}

// --- the rows -----------------------------------------------------------------------------------------------------------

static bool read_exp(form *f) { return want_count(f, 1, 1) && want_some_time(f, f->arguments[0], &f->d->a); }

static bool read_uniform(form *f)
{
    return want_count(f, 2, 2) && want_time(f, f->arguments[0], &f->d->a) && want_time(f, f->arguments[1], &f->d->b) &&
           (f->d->b >= f->d->a || wrong(f, "%.60s is above %.60s", f->arguments[0], f->arguments[1]));
}

static bool read_erlang(form *f)
{
    return want_count(f, 2, 2) &&
           ((sim_read_count(f->arguments[0], &f->d->a) && f->d->a >= 1 && f->d->a <= 100) ||
            wrong(f, "'%.60s' phases: a whole number from 1 to 100", f->arguments[0])) &&
           want_some_time(f, f->arguments[1], &f->d->b);
}

static bool read_lognormal(form *f)
{
    double p99;
    if (!want_count(f, 2, 2) || !named_time(f, 0, "p50", &f->d->a) || !named_time(f, 1, "p99", &p99))
        return false;
    if (p99 < f->d->a)
        return wrong(f, "%.60s is below the median, %.60s", f->arguments[1], f->arguments[0]);
    f->d->b = sim_log(p99 / f->d->a) / z99;
    return true;
}

static bool read_samples(form *f)
{
    return want_count(f, 1, 1) && sim_data_times(f->pool, f->source, f->arguments[0], SIM_DATA_SORTED, &f->d->table, &f->d->count);
}

static bool read_empirical(form *f)
{
    double *table = sim_pool_take(f->pool, f->count * sizeof *table + 1);
    if (f->count == 1 && !sim_read_span(f->arguments[0], &table[0]))
        return sim_data_times(f->pool, f->source, f->arguments[0], SIM_DATA_ASCENDING, &f->d->table, &f->d->count);
    if (f->count == 1)
        return wrong(f, "two quantiles at least are needed, the least and the greatest");
    for (size_t i = 0; i < f->count; i++)
        if (!want_time(f, f->arguments[i], &table[i]))
            return false;
        else if (i && table[i] < table[i - 1])
            return wrong(f, "%.60s comes after %.60s, but quantiles ascend", f->arguments[i], f->arguments[i - 1]);
    f->d->table = table;
    f->d->count = (uint32_t)f->count;
    return true;
}

static bool read_hyperexp(form *f)
{
    return want_count(f, 2, 2) && named_time(f, 0, "mean", &f->d->a) && named_number(f, 1, "scv", 1, 1e6, &f->d->b);
}

static bool read_weibull(form *f)
{
    return want_count(f, 2, 2) && named_time(f, 0, "scale", &f->d->a) && named_number(f, 1, "shape", 0.1, 100, &f->d->b);
}

static bool read_pareto(form *f)
{
    sim_dist_def *d = f->d;
    if (!want_count(f, 2, 3) || !named_time(f, 0, "min", &d->a) || !named_number(f, 1, "shape", 0.01, 100, &d->b))
        return false;
    if (f->count == 2)
        return d->b > 1 || wrong(f, "without max= there is a mean only for a shape above 1");
    return named_time(f, 2, "max", &d->c) && (d->c > d->a || wrong(f, "%.60s is not above %.60s", f->arguments[2], f->arguments[0]));
}

static bool read_gamma(form *f)
{
    return want_count(f, 2, 2) && want_number(f, "the shape", f->arguments[0], 0.01, 1e4, &f->d->a) && want_some_time(f, f->arguments[1], &f->d->b);
}

// A share and a distribution, but no mix: what one mix can say needs no nest, and a nest could be bottomless.
static bool read_part(form *f, size_t i, double *share, sim_dist_def *part)
{
    const char *text = f->arguments[i], *behind = text + strcspn(text, " ");
    char *word = sim_pool_text(f->pool, text);
    word[behind - text] = 0;
    behind += strspn(behind, " \t");
    if (!*behind || !sim_read_share(word, share) || *share <= 0)
        return wrong(f, "'%.60s' is not a share and a distribution", text);
    if (strncmp(behind, "mix(", 4) == 0)
        return wrong(f, "a mix in a mix: give its parts their shares here");
    return sim_read_dist(f->pool, f->source, behind, part) || wrong(f, "'%.60s' is no distribution", behind);
}

static bool read_mix(form *f)
{
    double *upto = sim_pool_take(f->pool, f->count * sizeof *upto), total = 0, share;
    sim_dist_def *parts = sim_pool_take(f->pool, f->count * sizeof *parts);
    for (size_t i = 0; i < f->count; i++) {
        if (!read_part(f, i, &share, &parts[i]))
            return false;
        upto[i] = total += share;
    }
    f->d->table = upto;
    f->d->parts = parts;
    f->d->count = (uint32_t)f->count;
    return fabs(total - 1) < 1e-9 || wrong(f, "the shares total %.6g%%, not 100%%", total * 100);
}

static const struct { sim_dist_kind kind; bool (*read)(form *f); } readers[] = {
    {SIM_DIST_exp, read_exp}, {SIM_DIST_uniform, read_uniform}, {SIM_DIST_erlang, read_erlang}, {SIM_DIST_lognormal, read_lognormal},
    {SIM_DIST_empirical, read_empirical}, {SIM_DIST_hyperexp, read_hyperexp}, {SIM_DIST_weibull, read_weibull}, {SIM_DIST_pareto, read_pareto},
    {SIM_DIST_gamma, read_gamma}, {SIM_DIST_mix, read_mix}, {SIM_DIST_samples, read_samples}};

bool sim_read_dist(sim_pool *pool, const sim_source *source, const char *text, sim_dist_def *d)
{
    char name[32];
    const char *names[HR_COUNT(readers) + 1] = {0};
    form f = {.pool = pool, .source = source, .d = d};
    *d = (sim_dist_def){.kind = SIM_DIST_constant};
    if (sim_read_span(text, &d->a))
        return d->a <= longest_mean_s || sim_because(source, "at most %g s", longest_mean_s);
    if (!sim_form_split(pool, text, name, sizeof name, &f.arguments, &f.count))
        return strchr(text, '(') && !strchr(text, ')') && sim_because(source, "the closing parenthesis is missing");
    for (size_t i = 0; i < HR_COUNT(readers); i++) {
        names[i] = sim_dist_name(readers[i].kind);
        *d = (sim_dist_def){.kind = readers[i].kind};
        if (strcmp(name, names[i]) == 0)
            return readers[i].read(&f) && (sim_dist_mean(d) <= longest_mean_s || wrong(&f, "its mean of %.4g s is above %g s", sim_dist_mean(d), longest_mean_s));
    }
    const char *near = hr_nearest(name, names);
    return sim_because(source, "no distribution '%s'%s", name, HR_HINT(near, '\''));
}

void sim_show_dist(const sim_dist_def *d, hr_text *out)
{
    char a[32], b[32];
    sim_show_time((hr_time)(sim_dist_mean(d) * 1e9), a, sizeof a);
    if (d->kind == SIM_DIST_constant) {
        hr_text_add(out, "%s", a);
        return;
    }
    sim_show_time((hr_time)(sim_dist_quantile(d, 0.99) * 1e9), b, sizeof b);
    hr_text_add(out, "%s: mean %s, p99 %s, scv %.3g", sim_dist_name(d->kind), a, b, sim_dist_scv(d));
}
