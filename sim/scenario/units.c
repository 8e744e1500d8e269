// sim/scenario/units.c - see units.h.
#include "sim/scenario/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/data.h"

typedef struct { const char *word; double factor; } unit;

// A number followed by one of the units (or, when `bare` > 0, by nothing: then in units of `bare`).
static bool number_with(const char *text, const unit *units, double bare, double *value)
{
    if (!isdigit((unsigned char)*text) && *text != '.')
        return false;                          // no signs, no "nan", no "inf"
    char *end;
    double x = strtod(text, &end);
    if (end == text || !isfinite(x) || memchr(text, 'x', (size_t)(end - text)) || memchr(text, 'X', (size_t)(end - text)))
        return false;                          // no hexadecimal numbers either: a scenario is read by people
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

// Nothing, or a nanosecond at least: what is less would silently become nothing. At most 30 years: far from the end of int64.
bool sim_read_span(const char *text, double *seconds)
{
    return (strcmp(text, "0") == 0 && (*seconds = 0, true)) ||
           (number_with(text, times, 0, seconds) && (*seconds <= 0 || *seconds >= 0.999e-9) && *seconds <= 1e9);
}

bool sim_read_seconds(const char *text, double *seconds) { return number_with(text, times, 1, seconds) && *seconds <= 1e9; }

bool sim_read_time(const char *text, hr_time *time)
{
    double seconds;
    if (strcmp(text, "none") == 0) {
        *time = HR_FOREVER;
        return true;
    }
    if (!sim_read_span(text, &seconds))
        return false;
    *time = (hr_time)(seconds * 1e9 + 0.5);
    return true;
}

void sim_show_bytes(double bytes, hr_text *out)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t step = 0;
    for (; bytes >= 1024 && fmod(bytes, 1024) == 0 && step + 1 < HR_COUNT(names); step++)
        bytes /= 1024;
    hr_text_add(out, "%.0f%s", bytes, names[step]);
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
    static const unit units[] = {{"/s", 1}, {"k/s", 1e3}, {"M/s", 1e6}, {"/min", 1 / 60.0}, {"k/min", 1e3 / 60}, {"/h", 1 / 3600.0}, {"k/h", 1e3 / 3600},
                                 {"r/s", 1}, {"r/m", 1 / 60.0}, {NULL, 0}};
    return number_with(text, units, 0, per_s);
}

bool sim_read_rate_unit(const char *text, double *per_s, hr_time *per)
{
    if (!sim_read_rate(text, per_s))
        return false;
    char first = strchr(text, '/')[1];
    *per = (first == 's' ? 1 : first == 'm' ? 60 : 3600) * HR_SEC;
    return true;
}

bool sim_read_bytes(const char *text, double *bytes)
{
    static const unit units[] = {{"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {"TiB", 1099511627776.0}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {NULL, 0}};
    return number_with(text, units, 0, bytes);
}

bool sim_read_bandwidth(const char *text, double *bytes_per_s)
{
    static const unit units[] = {{"kbit/s", 125}, {"Mbit/s", 125e3}, {"Gbit/s", 125e6}, {"Tbit/s", 125e9}, {"kB/s", 1e3}, {"MB/s", 1e6},
                                 {"GB/s", 1e9}, {"MiB/s", 1048576}, {NULL, 0}};
    return number_with(text, units, 0, bytes_per_s);
}

bool sim_read_share(const char *text, double *share)
{
    static const unit units[] = {{"%", 0.01}, {NULL, 0}};
    return number_with(text, units, 1, share) && *share <= 1;
}

bool sim_read_percent(const char *text, double *share)
{
    static const unit units[] = {{"%", 0.01}, {NULL, 0}};
    return number_with(text, units, 0, share);
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

bool sim_read_money(const char *text, const char *unit_word, double *money)
{
    const unit units[] = {{unit_word, 1}, {NULL, 0}};
    return number_with(text, units, 0, money);
}

bool sim_read_any(const char *text, double *value)
{
    hr_time time;
    if (strcmp(text, "none") != 0 && sim_read_time(text, &time)) {
        *value = (double)time * 1e-9;
        return true;
    }
    static const unit units[] = {{"%", 0.01}, {"$", 1}, {NULL, 0}};
    return sim_read_rate(text, value) || sim_read_money(text, "$/h", value) || number_with(text, units, 1, value);
}

// --- name(argument, …) ------------------------------------------------------------------------------------------------

enum { MOST_ARGUMENTS = 1024 };

bool sim_form_split(sim_pool *pool, const char *text, char *name, size_t room, char ***into, size_t *count)
{
    char **arguments = *into = sim_pool_take(pool, sizeof(char *) * MOST_ARGUMENTS);
    const char *open = strchr(text, '(');
    size_t length = strlen(text), n = open ? (size_t)(open - text) : 0;
    if (!open || n == 0 || n >= room || text[length - 1] != ')')
        return false;
    memcpy(name, text, n);
    name[n] = 0;
    char *word = sim_pool_text(pool, open + 1);
    word[strlen(word) - 1] = 0;
    *count = 0;
    for (bool more = true; more;) {
        int depth = 0;
        size_t end = 0;
        for (; word[end] && (word[end] != ',' || depth > 0); end++)
            depth += (word[end] == '(') - (word[end] == ')');
        more = word[end] == ',';
        if (*count == MOST_ARGUMENTS || depth != 0)
            return false;
        char *next = word + end + more;
        word[end] = 0;
        while (isspace((unsigned char)*word))
            word++;
        for (end = strlen(word); end > 0 && isspace((unsigned char)word[end - 1]);)
            word[--end] = 0;
        arguments[(*count)++] = word;
        word = next;
    }
    return true;
}

const char *sim_form_named(const char *argument, const char *name)
{
    size_t n = strlen(name);
    return strncmp(argument, name, n) == 0 && argument[n] == '=' ? argument + n + 1 : NULL;
}
