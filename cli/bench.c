// cli/bench.c - `bench`: how fast the engine is on this machine; the median and spread of five runs beside the budget, and beside earlier results.
#include "cli/bench.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 5 };

static const cli_bench_row table[] = {
    {"mm1",               "ns/customer", 60,  false, false, cli_bench_queue,      CLI_BENCH_MM1},
    {"mm10",              "ns/customer", 0,   false, false, cli_bench_queue,      CLI_BENCH_MM10},
    {"jsq10",             "ns/customer", 0,   false, false, cli_bench_queue,      CLI_BENCH_JSQ10},
    {"caching",           "ns/event",    125, false, true,  cli_bench_caching,    0},   // 8 million events a second
    {"hold-10",           "ns/event",    0,   false, false, cli_bench_hold,       10},
    {"hold-100",          "ns/event",    0,   false, false, cli_bench_hold,       100},
    {"hold-1000",         "ns/event",    50,  false, false, cli_bench_hold,       1000},
    {"hold-10000",        "ns/event",    0,   false, false, cli_bench_hold,       10000},
    {"hold-100000",       "ns/event",    0,   false, false, cli_bench_hold,       100000},
    {"hold-1000000",      "ns/event",    300, false, false, cli_bench_hold,       1000000},     // 6 × hold-1000's
    {"balance-10000-least-conn", "ns/choice", 1000, false, false, cli_bench_balance, CLI_BENCH_LEAST_CONN},
    {"balance-10000-random-two", "ns/choice", 1000, false, false, cli_bench_balance, CLI_BENCH_RANDOM_TWO},
    {"balance-10000-jsq",        "ns/choice", 1000, false, false, cli_bench_balance, CLI_BENCH_JSQ},
    {"balance-10000-jiq",        "ns/choice", 1000, false, false, cli_bench_balance, CLI_BENCH_JIQ},
    {"balance-10000-peak-ewma",  "ns/choice", 1000, false, false, cli_bench_balance, CLI_BENCH_PEAK_EWMA},
    {"threads-2",         "x",           1.9, true,  true,  cli_bench_threads,    2},
    {"bytes-per-request", "B",           256, false, false, cli_bench_memory,     1000000},
    {"checkpoint",        "ms/MiB",      0,   false, false, cli_bench_checkpoint, 0},
    {"restore",           "ms/MiB",      0,   false, false, cli_bench_restore,    0},
    {"log-csv",           "ns/request",  0,   false, true,  cli_bench_log,        CLI_BENCH_CSV},
    {"log-csv-ratio",     "x",           0,   false, true,  cli_bench_log,        CLI_BENCH_CSV | CLI_BENCH_RATIO},
    {"log-binary",        "ns/request",  0,   false, true,  cli_bench_log,        CLI_BENCH_RECORDS},
    {"log-binary-ratio",  "x",           0,   false, true,  cli_bench_log,        CLI_BENCH_RECORDS | CLI_BENCH_RATIO},
    {"replay-lru",        "ns/request",  100, false, false, cli_bench_replay_lru, 200000},      // 10 million requests a second
#ifdef HEADROOM_VIZ
    {"frame",             "ms p99",      8,   false, true,  cli_bench_frame,      0},
    {"scrub",             "ms longest",  100, false, true,  cli_bench_scrub,      0},
#endif
};
enum { ROWS = sizeof table / sizeof table[0] };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static cli_bench_result measure(const cli_bench_row *row)
{
    double value[RUNS];
    for (int r = 0; r < RUNS; r++)
        value[r] = row->measure(row->argument);
    qsort(value, RUNS, sizeof value[0], by_value);
    return (cli_bench_result){value[RUNS / 2], value[0], value[RUNS - 1]};
}

static void print_head(const char *baseline)
{
    printf("%s, version %s; median and spread of %d runs\n\n", cli_bench_machine(), HEADROOM_VERSION, RUNS);
    printf("%-24s %9s  %-12s %-20s %-12s%s\n", "", "median", "", "spread", "budget", baseline ? "  baseline" : "");
}

static void print_row(const cli_bench_row *row, cli_bench_result r, const cli_bench_result *before)
{
    char spread[48], budget[32] = "";
    snprintf(spread, sizeof spread, "%.3g to %.3g", r.least, r.most);
    if (row->budget > 0)
        snprintf(budget, sizeof budget, "%s %.4g", row->more_is_better ? "≥" : "≤", row->budget);
    bool kept = row->more_is_better ? r.median >= row->budget : r.median <= row->budget;
    printf("%-24s %9.4g  %-12s %-20s %-*s%s", row->name, r.median, row->unit, spread, row->budget > 0 ? 9 : 7, budget,
           row->budget > 0 && !kept ? " missed" : "       ");
    if (before) {
        double slower = row->more_is_better ? before->median / r.median - 1 : r.median / before->median - 1;
        printf("  %.4g", before->median);
        if (fabs(slower) >= 0.1)
            printf(": %.0f %% %s", fabs(slower) * 100, slower > 0 ? "worse" : "better");
    }
    putchar('\n');
    fflush(stdout);
}

static void print_json(const cli_bench_result *results, const bool *wanted)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ROWS; i++)
        if (wanted[i])
            json_array_append_new(list, json_pack("{s:s,s:s,s:f,s:f,s:f,s:o}", "name", table[i].name, "unit", table[i].unit, "median",
                                                  results[i].median, "min", results[i].least, "max", results[i].most, "budget",
                                                  table[i].budget > 0 ? json_real(table[i].budget) : json_null()));
    json_t *document = json_pack("{s:s,s:s,s:o}", "schema", "headroom/bench/1", "machine", cli_bench_machine(), "rows", list);
    char *text = json_dumps(document, JSON_INDENT(2));
    puts(text);
    free(text);
    json_decref(document);
}

// Whether the catalogue's scenario can be read, if a wanted row runs it.
static hr_status be_ready(const bool *wanted, hr_error *e)
{
    for (size_t i = 0; i < ROWS; i++) {
        hr_error why = {0};
        if (!wanted[i] || !table[i].runs_caching)
            continue;
        hr_status status = cli_bench_ready(&why);
        return status ? hr_fail(e, status, "row '%s' of bench runs the catalogue's scenario: %s", table[i].name, why.text) : HR_OK;
    }
    return HR_OK;
}

// Which rows the words name; all when there are none.
static hr_status choose(int words, char **argv, bool *wanted, hr_error *e)
{
    const char *names[ROWS + 1] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        names[i] = table[i].name;
        wanted[i] = words == 0;
    }
    for (int k = 1; k <= words; k++) {
        size_t i = 0;
        while (i < ROWS && strcmp(table[i].name, argv[k]) != 0)
            i++;
        if (i == ROWS) {
            const char *near = hr_nearest(argv[k], names);
            return hr_fail(e, HR_BAD_INPUT, "no row of bench is named '%s'%s", argv[k], HR_HINT(near, '\''));
        }
        wanted[i] = true;
    }
    return HR_OK;
}

hr_status cli_bench(int argc, char **argv)
{
    bool json = false;
    const char *baseline = NULL, *save = NULL;
    const cli_option options[] = {
        {"json", CLI_FLAG, &json, NULL, "print the document for programs"},
        {"baseline", CLI_TEXT, &baseline, "FILE", "print this machine's last results of FILE beside, and what differs by 10 %"},
        {"save", CLI_TEXT, &save, "FILE", "add the results to FILE"},
        {0}};
    const cli_usage usage = {"bench [ROW …] [--json] [--baseline FILE] [--save FILE]",
                             "Times the engine beside its budgets: median and spread of five runs. Rows: mm1, caching, hold-1000 …",
                             "headroom bench mm1 hold-1000", options, 0, -1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    hr_error e = {0};
    bool wanted[ROWS], found[ROWS] = {0};
    cli_bench_result results[ROWS] = {0}, before[ROWS] = {0};
    if (choose(words, argv, wanted, &e) || be_ready(wanted, &e) || (baseline && cli_bench_baseline(baseline, table, ROWS, before, found, &e)))
        return cli_complain(&e);
    if (!json)
        print_head(baseline);
    size_t kept = 0;
    cli_bench_row rows[ROWS];
    cli_bench_result values[ROWS];
    hr_time begun = hr_now();
    for (size_t i = 0; i < ROWS; i++) {
        if (!wanted[i])
            continue;
        if (json)
            cli_progress("bench", (double)i / ROWS, begun);
        results[i] = measure(&table[i]);
        rows[kept] = table[i];
        values[kept++] = results[i];
        if (!json)
            print_row(&table[i], results[i], found[i] ? &before[i] : NULL);
    }
    cli_progress_end();
    if (json)
        print_json(results, wanted);
    if (save && cli_bench_save(save, rows, values, kept, &e))
        return cli_complain(&e);
    return HR_OK;
}
