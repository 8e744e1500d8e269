// sim/scenario/units.c - see units.h.
#include "sim/scenario/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { const char *word; double factor; } unit;

// A number followed by one of the units (or, when `bare` > 0, by nothing: then in units of `bare`).
static bool number_with(const char *text, const unit *units, double bare, double *value)
{
    if (!isdigit((unsigned char)*text) && *text != '.')
        return false;                          // no signs, no "nan", no "inf"
    char *end;
    double x = strtod(text, &end);
    if (end == text || !isfinite(x) || strpbrk(text, "xXpP") == end - 1)
        return false;
    while (*end == ' ')
        end++;
    if (!*end) {
        *value = x * bare;
        return bare > 0;
    }
    for (; units->word; units++)
        if (strcmp(end, units->word) == 0) {
            *value = x * units->factor;
            return isfinite(*value);
        }
    return false;
}

static const unit times[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}, {NULL, 0}};

static bool seconds_of(const char *text, double *seconds)
{
    return (strcmp(text, "0") == 0 && (*seconds = 0, true)) || number_with(text, times, 0, seconds);
}

bool sim_read_time(const char *text, hr_time *time)
{
    double seconds;
    if (strcmp(text, "none") == 0) {
        *time = HR_FOREVER;
        return true;
    }
    if (!seconds_of(text, &seconds) || seconds > 1e9)              // 30 years: far from the end of int64
        return false;
    *time = (hr_time)(seconds * 1e9 + 0.5);
    return true;
}

const char *sim_show_time(hr_time time, char *out, size_t room)
{
    double x = (double)time;
    if (time == HR_FOREVER)
        snprintf(out, room, "none");
    else if (time >= HR_SEC)
        snprintf(out, room, "%.6gs", x / 1e9);
    else if (time >= HR_MS)
        snprintf(out, room, "%.6gms", x / 1e6);
    else
        snprintf(out, room, "%.6gus", x / 1e3);
    return out;
}

bool sim_read_rate(const char *text, double *per_s)
{
    static const unit units[] = {{"/s", 1}, {"k/s", 1e3}, {"M/s", 1e6}, {"/min", 1 / 60.0}, {"k/min", 1e3 / 60}, {"/h", 1 / 3600.0}, {"k/h", 1e3 / 3600}, {NULL, 0}};
    return number_with(text, units, 0, per_s);
}

bool sim_read_bytes(const char *text, double *bytes)
{
    static const unit units[] = {{"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {"TiB", 1099511627776.0}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {NULL, 0}};
    return number_with(text, units, 0, bytes);
}

bool sim_read_share(const char *text, double *share)
{
    static const unit units[] = {{"%", 0.01}, {NULL, 0}};
    return number_with(text, units, 1, share) && *share <= 1;
}

bool sim_read_count(const char *text, double *count)
{
    static const unit units[] = {{"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {NULL, 0}};
    return number_with(text, units, 1, count) && *count <= 1e15 && *count == floor(*count);
}

bool sim_read_number(const char *text, double *number)
{
    static const unit none[] = {{NULL, 0}};
    return number_with(text, none, 1, number);
}

bool sim_read_cores(const char *text, double *cores)
{
    static const unit units[] = {{"cores", 1}, {"core", 1}, {NULL, 0}};
    return number_with(text, units, 1, cores);
}

bool sim_read_money(const char *text, double *per_hour)
{
    static const unit units[] = {{"$/h", 1}, {NULL, 0}};
    return number_with(text, units, 0, per_hour);
}

bool sim_read_any(const char *text, double *value)
{
    hr_time time;
    if (strcmp(text, "none") != 0 && sim_read_time(text, &time)) {
        *value = (double)time * 1e-9;
        return true;
    }
    static const unit units[] = {{"%", 0.01}, {"$", 1}, {NULL, 0}};
    return sim_read_rate(text, value) || sim_read_money(text, value) || number_with(text, units, 1, value);
}

// --- name(argument, …) ------------------------------------------------------------------------------------------------

enum { MOST_ARGUMENTS = 1024 };

// Splits `name(a, b)`; arguments are trimmed copies from the pool. False when it has no such form.
static bool split(sim_pool *pool, const char *text, char *name, size_t room, char **arguments, size_t *count)
{
    const char *open = strchr(text, '(');
    size_t length = strlen(text), n = open ? (size_t)(open - text) : 0;
    if (!open || n == 0 || n >= room || text[length - 1] != ')')
        return false;
    memcpy(name, text, n);
    name[n] = 0;
    char *rest = sim_pool_text(pool, open + 1);
    rest[strlen(rest) - 1] = 0;
    *count = 0;
    for (char *save = NULL, *word = strtok_r(rest, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        if (*count == MOST_ARGUMENTS)
            return false;
        while (isspace((unsigned char)*word))
            word++;
        for (size_t end = strlen(word); end > 0 && isspace((unsigned char)word[end - 1]);)
            word[--end] = 0;
        arguments[(*count)++] = word;
    }
    return true;
}

static const double z99 = 2.3263478740408408;                      // 99 % point of the standard normal distribution

// lognormal(p50=8ms, p99=60ms): median and shape.
static bool read_lognormal(char **arguments, size_t count, sim_dist_def *d)
{
    double p50, p99;
    if (count != 2 || strncmp(arguments[0], "p50=", 4) != 0 || strncmp(arguments[1], "p99=", 4) != 0)
        return false;
    if (!seconds_of(arguments[0] + 4, &p50) || !seconds_of(arguments[1] + 4, &p99) || !(p50 > 0) || p99 < p50)
        return false;
    *d = (sim_dist_def){.kind = SIM_DIST_lognormal, .a = p50, .b = sim_log(p99 / p50) / z99};
    return true;
}

static bool read_empirical(sim_pool *pool, char **arguments, size_t count, sim_dist_def *d)
{
    double *table = sim_pool_take(pool, count * sizeof *table + 1);
    for (size_t i = 0; i < count; i++)
        if (!seconds_of(arguments[i], &table[i]) || (i && table[i] < table[i - 1]))
            return false;
    *d = (sim_dist_def){.kind = SIM_DIST_empirical, .table = table, .count = (uint32_t)count};
    return count >= 2;
}

bool sim_read_dist(sim_pool *pool, const char *text, sim_dist_def *d)
{
    char name[32], **arguments = sim_pool_take(pool, sizeof(char *) * MOST_ARGUMENTS);
    size_t n = 0;
    *d = (sim_dist_def){.kind = SIM_DIST_constant};
    if (seconds_of(text, &d->a))
        return d->a <= 1e6;
    if (!split(pool, text, name, sizeof name, arguments, &n))
        return false;
    bool good = false;
    if (strcmp(name, "exp") == 0) {
        d->kind = SIM_DIST_exp;
        good = n == 1 && seconds_of(arguments[0], &d->a) && d->a > 0;
    } else if (strcmp(name, "uniform") == 0) {
        d->kind = SIM_DIST_uniform;
        good = n == 2 && seconds_of(arguments[0], &d->a) && seconds_of(arguments[1], &d->b) && d->b >= d->a;
    } else if (strcmp(name, "erlang") == 0) {
        d->kind = SIM_DIST_erlang;
        good = n == 2 && sim_read_count(arguments[0], &d->a) && d->a >= 1 && d->a <= 100 && seconds_of(arguments[1], &d->b) && d->b > 0;
    } else if (strcmp(name, "lognormal") == 0) {
        good = read_lognormal(arguments, n, d);
    } else if (strcmp(name, "empirical") == 0) {
        good = read_empirical(pool, arguments, n, d);
    }
    return good && sim_dist_mean(d) <= 1e6;    // a mean of eleven days is a slip of the pen
}

bool sim_read_keys(const char *text, sim_keys *keys)
{
    sim_pool pool = {0};
    char name[32], **arguments = sim_pool_take(&pool, sizeof(char *) * MOST_ARGUMENTS);
    size_t n = 0;
    double exponent, count = 0;
    bool good = false;
    if (strcmp(text, "one") == 0) {
        *keys = sim_keys_make(SIM_KEYS_ONE, 1, 0);
        good = true;
    } else if (split(&pool, text, name, sizeof name, arguments, &n)) {
        if (strcmp(name, "uniform") == 0 && n == 1 && sim_read_count(arguments[0], &count) && count >= 1) {
            *keys = sim_keys_make(SIM_KEYS_UNIFORM, (uint64_t)count, 0);
            good = true;
        } else if (strcmp(name, "zipf") == 0 && n == 2 && sim_read_any(arguments[0], &exponent) && exponent <= 10 &&
                   sim_read_count(arguments[1], &count) && count >= 1 && count <= 1e12) {
            *keys = sim_keys_make(SIM_KEYS_ZIPF, (uint64_t)count, exponent);
            good = true;
        }
    }
    sim_pool_free(&pool);
    return good;
}
