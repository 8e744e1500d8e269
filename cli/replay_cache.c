// cli/replay_cache.c - `replay cache`: the miss ratio of a trace of keys, for several policies and sizes in one pass.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"
#include "sim/policy/evict/evict.h"
#include "sim/replay/replay.h"
#include "sim/scenario/units.h"

enum { MOST_POLICIES = 32, MOST_SIZES = 64 };

typedef struct {
    int      policy[MOST_POLICIES];
    uint64_t size[MOST_SIZES];
    size_t   policies, sizes;
    sim_replay_cache_row *rows;                // every policy of the first size, then of the next
    uint64_t requests;
    hr_time  begun;
} job;

static double ratio_of(const job *j, const sim_replay_cache_row *row) { return j->requests ? (double)row->misses / (double)j->requests : 0; }

static void print_json(const job *j)
{
    json_t *list = json_array();
    for (size_t i = 0; i < j->policies * j->sizes; i++)
        json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:I,s:f}", "policy", sim_evictors[j->rows[i].policy]->name, "size",
                                              (json_int_t)j->rows[i].size, "requests", (json_int_t)j->requests, "misses",
                                              (json_int_t)j->rows[i].misses, "miss_ratio", ratio_of(j, &j->rows[i])));
    json_t *document = json_pack("{s:s,s:o}", "schema", "headroom/replay-cache/1", "rows", list);
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    puts(text);
    free(text);
    json_decref(document);
}

static void print_text(const job *j, bool bytes)
{
    const char *unit = bytes ? "bytes" : "keys";
    if (j->policies * j->sizes == 1) {
        printf("%s, %llu %s: %llu requests, %llu misses, miss ratio %.4f\n", sim_evictors[j->policy[0]]->name,
               (unsigned long long)j->size[0], unit, (unsigned long long)j->requests, (unsigned long long)j->rows[0].misses,
               ratio_of(j, &j->rows[0]));
        return;
    }
    printf("miss ratio of %llu requests\n\n%14s", (unsigned long long)j->requests, unit);
    for (size_t p = 0; p < j->policies; p++)
        printf("  %15s", sim_evictors[j->policy[p]]->name);
    for (size_t i = 0; i < j->policies * j->sizes; i++) {
        if (i % j->policies == 0)
            printf("\n%14llu", (unsigned long long)j->rows[i].size);
        printf("  %15.4f", ratio_of(j, &j->rows[i]));
    }
    putchar('\n');
}

// --- what is asked for ------------------------------------------------------------------------------------------------------

static hr_status read_policies(job *j, const char *list, hr_error *e)
{
    const char *names[64] = {0};
    for (size_t i = 0; sim_evictors[i] && i < 63; i++)
        names[i] = sim_evictors[i]->name;
    char *copy = hr_strdup(list), *rest = NULL;
    for (char *name = strtok_r(copy, ",", &rest); name && !e->status; name = strtok_r(NULL, ",", &rest)) {
        int row = sim_evictor_find(name);
        const char *near = hr_nearest(name, names);
        if (row < 0)
            hr_fail(e, HR_BAD_INPUT, "no eviction policy '%s'%s; `headroom list evictions` names them", name, HR_HINT(near, '\''));
        else if (j->policies == MOST_POLICIES)
            hr_fail(e, HR_BAD_INPUT, "--policy: more than %d policies", MOST_POLICIES);
        else
            j->policy[j->policies++] = row;
    }
    free(copy);
    return !e->status && !j->policies ? hr_fail(e, HR_BAD_INPUT, "--policy wants one or more names, such as lru,s3-fifo") : e->status;
}

static hr_status add_size(job *j, double size, bool bytes, hr_error *e)
{
    if (!bytes && size > SIM_REPLAY_MOST_KEYS)
        return hr_fail(e, HR_BAD_INPUT, "--size: more than %d keys; sample the trace by key and scale the size down with it",
                       SIM_REPLAY_MOST_KEYS);
    if (j->sizes == MOST_SIZES)
        return hr_fail(e, HR_BAD_INPUT, "--sizes: more than %d", MOST_SIZES);
    j->size[j->sizes++] = (uint64_t)size;
    return HR_OK;
}

// The numbers 1, 2 and 5 times powers of ten strictly between the two, then the upper one.
static hr_status add_range(job *j, double from, double to, bool bytes, hr_error *e)
{
    static const double steps[] = {1, 2, 5};
    hr_status status = add_size(j, from, bytes, e);
    for (double ten = 1; ten < to && !status; ten *= 10)
        for (size_t i = 0; i < HR_COUNT(steps) && !status; i++)
            if (ten * steps[i] > from && ten * steps[i] < to)
                status = add_size(j, ten * steps[i], bytes, e);
    return status ? status : to > from ? add_size(j, to, bytes, e) : HR_OK;
}

static bool read_size(const char *text, bool bytes, double *size)
{
    return (sim_read_count(text, size) || (bytes && sim_read_bytes(text, size))) && *size >= 1 && *size < 1e15;
}

static hr_status read_sizes(job *j, const char *list, bool bytes, hr_error *e)
{
    char *copy = hr_strdup(list), *rest = NULL;
    for (char *word = strtok_r(copy, ",", &rest); word && !e->status; word = strtok_r(NULL, ",", &rest)) {
        char *dots = strstr(word, "..");
        double from, to;
        if (dots)
            *dots = 0;
        if (!read_size(word, bytes, &from) || (dots && (!read_size(dots + 2, bytes, &to) || to < from)))
            hr_fail(e, HR_BAD_INPUT, "'%s%s%s' is no size; want a number of %s such as %s, a list of them, or FROM..TO", word, dots ? ".." : "",
                    dots ? dots + 2 : "", bytes ? "bytes" : "keys", bytes ? "64MiB" : "10k");
        else if (dots)
            (void)add_range(j, from, to, bytes, e);
        else
            (void)add_size(j, from, bytes, e);
    }
    free(copy);
    return !e->status && !j->sizes ? hr_fail(e, HR_BAD_INPUT, "--sizes wants sizes, such as 100,1k or 100..100k") : e->status;
}

static void show_progress(void *self, double done_frac) { cli_progress("replay", done_frac, ((const job *)self)->begun); }

static hr_status run(job *j, const char *path, sim_replay_cache_options *o, hr_error *e)
{
    hr_lines *trace;
    if (hr_lines_open(path, &trace, e))
        return e->status;
    j->rows = hr_alloc(j->policies * j->sizes * sizeof *j->rows);
    for (size_t i = 0; i < j->policies * j->sizes; i++)
        j->rows[i] = (sim_replay_cache_row){.policy = j->policy[i % j->policies], .size = j->size[i / j->policies]};
    j->begun = hr_now();
    o->stop = cli_catch_interrupt();
    o->progress = show_progress;
    o->self = j;
    hr_status status = sim_replay_cache(trace, o, j->rows, j->policies * j->sizes, &j->requests, e);
    cli_progress_end();
    cli_release_interrupt();
    hr_lines_close(trace);
    if (!status && *o->stop)
        fprintf(stderr, "headroom: interrupted: what follows is about the first %llu requests\n", (unsigned long long)j->requests);
    return status;
}

hr_status cli_replay_cache(int argc, char **argv)
{
    const char *policies = "lru", *size = NULL, *sizes = NULL, *rate = "1k/s", *ttl = "none";
    bool json = false, bytes = false;
    const cli_option options[] = {
        {"policy", CLI_TEXT, &policies, "P[,P…]", "eviction policies; `headroom list evictions` names them"},
        {"size", CLI_TEXT, &size, "N", "keys that fit"},
        {"sizes", CLI_TEXT, &sizes, "A,B…", "several sizes; FROM..TO steps by 1, 2, 5, 10 …"},
        {"bytes", CLI_FLAG, &bytes, NULL, "sizes are bytes (64MiB): the trace must have a column `size`"},
        {"ttl", CLI_TEXT, &ttl, "TIME", "time to live of every key; volatile-* evict only keys that have one"},
        {"rate", CLI_TEXT, &rate, "N/s", "of a trace without times, for --ttl and Redis' policies, whose clocks tick"},
        {"json", CLI_FLAG, &json, NULL, "headroom/replay-cache/1"},
        {0}};
    const cli_usage usage = {
        "replay cache TRACE (--size N | --sizes A,B…) [options]",
        "Runs a trace of keys through caches, all in one pass: a key that is missed is put in. TRACE is plain or gzip, - is standard input:\n"
        "one key a line, or CSV when the first line names columns, `key` and perhaps `time` (seconds) and `size` (bytes).",
        "headroom replay cache --policy lru,s3-fifo,arc --sizes 100..100k trace.txt.gz", options, 1, 1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    hr_error e = {0};
    job j = {0};
    sim_replay_cache_options o = {.bytes = bytes};
    if (!size == !sizes)
        hr_fail(&e, HR_BAD_INPUT, "give --size N or --sizes A,B…: how many keys fit");
    if (!sim_read_rate(rate, &o.rate_per_s) || o.rate_per_s < 1e-3 || o.rate_per_s > 1e9)
        hr_fail(&e, HR_BAD_INPUT, "--rate '%s': want a rate such as 800/s", rate);
    if (!sim_read_time(ttl, &o.ttl) || o.ttl <= 0)
        hr_fail(&e, HR_BAD_INPUT, "--ttl '%s': want a time such as 5min, or none", ttl);
    if (e.status || read_policies(&j, policies, &e) || read_sizes(&j, size ? size : sizes, bytes, &e) || run(&j, argv[1], &o, &e)) {
        free(j.rows);
        return cli_complain(&e);
    }
    if (json)
        print_json(&j);
    else
        print_text(&j, bytes);
    free(j.rows);
    return HR_OK;
}
