// sim/scenario/loads.c - arrivals and keys of workloads; see loads.h.
#include "sim/scenario/loads.h"

#include <math.h>
#include <string.h>

#include "sim/scenario/data.h"
#include "sim/scenario/units.h"

// --- arrivals -------------------------------------------------------------------------------------------------------------

static bool read_trace(sim_pool *pool, const sim_source *source, char **arguments, size_t n, const char *const *operations,
                       sim_arrivals_def *a)
{
    sim_trace_def *trace = sim_pool_take(pool, sizeof *trace);
    hr_time every = 0;
    double speed = 1;
    a->kind = SIM_ARRIVALS_trace;
    for (size_t i = 1; i < n; i++) {
        const char *faster = sim_form_named(arguments[i], "speed"), *again = sim_form_named(arguments[i], "every");
        if (!faster && !again)
            return sim_because(source, "'%.60s': behind the file there may be speed=10 and every=60s", arguments[i]);
        if (faster && (!sim_read_number(faster, &speed) || speed < 1e-3 || speed > 1e6))
            return sim_because(source, "speed=%.60s: want a factor such as 10, from 0.001 to 1e6", faster);
        if (again && !sim_want_time(source, again, &every))
            return false;
    }
    if (!sim_data_trace(pool, source, arguments[0], operations, trace))
        return false;
    double last = (double)trace->time[trace->rows - 1] / speed;
    if (last > 1e16)
        return sim_because(source, "the last request comes after %.3g s: times count from the start of the run", last * 1e-9);
    if (every && (double)every <= last)
        return sim_because(source, "the trace begins anew before its last request, which comes after %.6g s", last * 1e-9);
    trace->speed = speed;
    trace->every = every;
    a->trace = trace;
    a->rate_per_s = trace->rows / fmax((every ? (double)every : last) * 1e-9, 1e-9);
    return true;
}

bool sim_read_arrivals(sim_pool *pool, const sim_source *source, const char *text, const char *const *operations, sim_arrivals_def *a)
{
    char name[32], **arguments;
    size_t n;
    for (int k = SIM_ARRIVALS_poisson; k <= SIM_ARRIVALS_constant; k++)
        if (strcmp(text, sim_arrivals_name((uint32_t)k)) == 0) {
            a->kind = (sim_arrivals_kind)k;
            return true;
        }
    if (sim_form_split(pool, text, name, sizeof name, &arguments, &n) && strcmp(name, "trace") == 0)
        return read_trace(pool, source, arguments, n, operations, a);
    a->kind = SIM_ARRIVALS_shaped;
    if (sim_read_dist(pool, source, text, &a->gaps))
        return sim_dist_mean(&a->gaps) > 0;
    const char *const names[] = {sim_arrivals_name(SIM_ARRIVALS_poisson), sim_arrivals_name(SIM_ARRIVALS_constant), NULL}, *near = hr_nearest(text, names);
    return near && sim_because(source, "did you mean '%s'?", near);
}

// --- keys -----------------------------------------------------------------------------------------------------------------

sim_keys_def sim_keys_of_trace(const sim_trace_def *trace)
{
    sim_keys_def keys = {.kind = SIM_KEYS_trace, .rows = trace->rows, .table = trace->key};
    for (uint32_t i = 0; i < trace->rows; i++)
        keys.count = trace->key[i] >= keys.count ? trace->key[i] + 1 : keys.count;
    return keys;
}

static bool read_trace_keys(sim_pool *pool, const sim_source *source, const char *file, const sim_trace_def *replayed, sim_keys_def *keys)
{
    sim_trace_def named = {0};
    if (!file && !replayed)
        return sim_because(source, "`arrivals` is no trace: name the file, trace(FILE)");
    if (file && !sim_data_trace(pool, source, file, NULL, &named))
        return false;
    const sim_trace_def *trace = file ? &named : replayed;
    if (!trace->key)
        return sim_because(source, "%s has no column `key`", trace->file);
    *keys = sim_keys_of_trace(trace);
    return true;
}

static bool want_count(const sim_source *source, const char *text, uint64_t least, uint64_t *count)
{
    double x;
    if (!sim_read_count(text, &x) || x < (double)least || x > 1e12)
        return sim_because(source, "'%.60s': want %llu to 1e12 keys, such as 100k", text, (unsigned long long)least);
    *count = (uint64_t)x;
    return true;
}

static bool want_share(const sim_source *source, const char *text, double *share)
{
    return (sim_read_share(text, share) && *share > 0 && *share < 1) || sim_because(source, "'%.60s': want a share such as 20%%", text);
}

static bool want_exponent(const sim_source *source, const char *text, double *exponent)
{
    return (sim_read_number(text, exponent) && *exponent <= 100) || sim_because(source, "'%.60s': want an exponent from 0 to 100", text);
}

bool sim_read_keys(sim_pool *pool, const sim_source *source, const char *text, const sim_trace_def *replayed, sim_keys_def *keys)
{
    char name[32], **argument;
    size_t n = 0;
    *keys = (sim_keys_def){.kind = SIM_KEYS_one, .count = 1};
    if (strcmp(text, "one") == 0)
        return true;
    if (strcmp(text, "trace") == 0)
        return read_trace_keys(pool, source, NULL, replayed, keys);
    if (!sim_form_split(pool, text, name, sizeof name, &argument, &n))
        return false;
    const char *names[SIM_KEYS_COUNT + 1] = {0};
    for (uint32_t k = 0; k < SIM_KEYS_COUNT; k++) {
        names[k] = sim_keys_name(k);
        if (strcmp(name, names[k]) == 0)
            keys->kind = k;
    }
    if (keys->kind == SIM_KEYS_trace && n == 1)
        return read_trace_keys(pool, source, argument[0], NULL, keys);
    if ((keys->kind == SIM_KEYS_uniform || keys->kind == SIM_KEYS_sequential) && n == 1)
        return want_count(source, argument[0], 1, &keys->count);
    if (keys->kind == SIM_KEYS_zipf && n == 2)
        return want_exponent(source, argument[0], &keys->exponent) && want_count(source, argument[1], 1, &keys->count);
    if (keys->kind == SIM_KEYS_hotspot && n == 3)
        return want_share(source, argument[0], &keys->hot_keys) && want_share(source, argument[1], &keys->hot_requests) &&
               want_count(source, argument[2], 2, &keys->count);
    if (keys->kind != SIM_KEYS_one)
        return sim_because(source, "%s has %zu argument%s", name, n, n == 1 ? "" : "s");
    const char *near = hr_nearest(name, names);
    return near && sim_because(source, "did you mean '%s'?", near);
}
