// cli/validate.c - `validate SCENARIO`: predicted against measured on live servers, and the error between them.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/study.h"
#include "patterns/catalogue.h"
#include "sim/store/store.h"

typedef struct {
    const char *seed, *from, *pack;
    bool        quick, json, no_store;
} options_of_validate;

#ifndef HEADROOM_WITH_LIVE

static hr_status validate(const char *scenario, const options_of_validate *o)
{
    (void)scenario, (void)o;
    fprintf(stderr, "headroom: this build has no live world (HEADROOM_LIVE is off); build it with the preset `release`\n");
    return HR_ENVIRONMENT;
}

#else

#include "real/validate/validate.h"

typedef struct { hr_time started; } progress;

static void show_progress(void *self, const char *doing, double done_frac)
{
    const progress *p = self;
    char label[80];
    snprintf(label, sizeof label, "%-28s", doing);
    cli_progress(label, done_frac, p->started);
}

// --- the table on a terminal ----------------------------------------------------------------------------------------------------

static void print_fits(const real_table *table)
{
    printf("demands, fitted at the two low loads (mean; c² is the squared coefficient of variation)\n");
    printf("  %-24s %12s %12s %12s %12s %7s %8s\n", "", "scenario", "fitted", "at the lower", "at the higher", "c²", "samples");
    for (size_t k = 0; k < table->fits.count; k++) {
        const real_fit *f = &table->fits.fit[k];
        if (f->quantiles)
            printf("  %-24s %9.3f ms %9.3f ms %9.3f ms %10.3f ms %6.2f %8zu\n", f->name, f->author_mean_s * 1e3, f->mean_s * 1e3, f->low_mean_s * 1e3,
                   f->high_mean_s * 1e3, f->scv, f->samples);
        else
            printf("  %-24s %9.3f ms   not fitted: %zu samples\n", f->name, f->author_mean_s * 1e3, f->samples);
    }
}

static void print_row(const real_row *r)
{
    const real_compared *what = &real_compared_rows[r->compared];
    const sim_metric_row *m = &sim_metrics[what->metric];
    char label[48], predicted[64], measured[64], word[48];
    snprintf(label, sizeof label, "%s, %s", m->word, m->unit);
    const char *unit = what->is_absolute ? "points" : "%";
    const char *colour = r->verdict == REAL_OUTSIDE ? "\033[31m" : r->verdict == REAL_NOISY ? "\033[33m" : "\033[32m";
    bool on = cli_has_colour(1);
    snprintf(word, sizeof word, "%s%s%s", on ? colour : "", real_verdict_name(r->verdict), on ? "\033[0m" : "");
    printf("  %-16s", label);
    cli_print_cell(sim_estimate_text(r->predicted, m->factor, predicted, sizeof predicted), 20);
    cli_print_cell(sim_estimate_text(r->measured, m->factor, measured, sizeof measured), 20);
    printf(" %+8.1f %-6s %7.1f  %5.3g  %s\n", r->error * 100, unit, r->floor * 100, what->bound * 100, word);
}

static void print_table(const real_pack *pack, const real_table *table)
{
    printf("%s: predicted and measured with %s\n%s, %s\n\n", pack->name, pack->servers, pack->machine, pack->created);
    print_fits(table);
    for (size_t i = 0; i < table->row_count; i++) {
        const real_row *r = &table->row[i], *before = i ? r - 1 : NULL;
        if (!before || before->variant != r->variant || before->rate_per_s != r->rate_per_s) {
            double capacity = table->capacity[r->variant];
            printf("\n%s at %.0f requests/s: %.0f %% of the measured capacity of %.0f/s, %u repeats\n", pack->variants[r->variant], r->rate_per_s,
                   r->rate_per_s / capacity * 100, capacity, r->repeats);
            printf("  %-16s%20s%20s %8s %-6s %7s  %5s  %s\n", "", "predicted", "measured", "error", "", "floor", "bound", "verdict");
        }
        print_row(r);
    }
    printf("\n%zu rows:", table->row_count);
    for (int v = 0; v < REAL_VERDICT_COUNT; v++)
        printf("%s %zu %s", v ? "," : "", table->verdicts[v], real_verdict_name((real_verdict)v));
    printf("\nthe load generator was late by %.0f µs (median) and %.0f µs (99th percentile)\n", (double)table->lateness_p50 / 1e3,
           (double)table->lateness_p99 / 1e3);
    printf("seed %llu; intervals at 95 %% over the repeats; floor: how far live repeats of the same requests lie apart\n",
           (unsigned long long)pack->seed);
}

// --- the verb ---------------------------------------------------------------------------------------------------------------------

static hr_status keep(const real_pack *pack, const char *document, hr_status status, hr_error *e)
{
    sim_store *store;
    hr_status kept = sim_store_open(NULL, &store, e);
    if (kept)
        return kept;
    int64_t id;
    const sim_store_run run = {.verb = "validate", .name = pack->name, .scenario_text = pack->scenario_text, .version = HEADROOM_VERSION,
                               .document = document, .seed = pack->seed, .status = status};
    kept = sim_store_add(store, &run, &id, e);
    sim_store_close(store);
    return kept;
}

static hr_status print(const real_pack *pack, const options_of_validate *o, hr_status so_far)
{
    hr_error e = {0};
    real_table table;
    if (real_table_make(pack, &table, &e))
        return cli_complain(&e);
    hr_status status = so_far ? so_far : real_table_status(&table);
    char *document = real_table_document(pack, &table);
    if (table.row_count && !o->no_store && !o->from && keep(pack, document, status, &e))
        cli_complain(&e);                      // the numbers are printed: a store that fails does not lose them
    if (o->json)
        puts(document);
    else if (table.row_count)
        print_table(pack, &table);
    if (pack->folder && !o->json)
        printf("evidence: %s (replay: ./headroom validate --from %s)\n", pack->folder, pack->folder);
    free(document);
    real_table_free(&table);
    return status;
}

static hr_status replay(const options_of_validate *o)
{
    hr_error e = {0};
    real_pack *pack;
    if (real_pack_read(o->from, &pack, &e))
        return cli_complain(&e);
    hr_status status = print(pack, o, HR_OK);
    real_pack_free(pack);
    return status;
}

// Beside the store of runs, unless --pack says where.
static char *pack_folder(const options_of_validate *o, const char *name, hr_error *e)
{
    if (o->pack)
        return hr_strdup(o->pack);
    char *store = sim_store_usual_place();
    if (!store) {
        hr_fail(e, HR_ENVIRONMENT, "no place for the evidence: name one with --pack DIR, or set HOME");
        return NULL;
    }
    char stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &utc);
    char *slash = strrchr(store, '/');
    char *folder = hr_format("%.*sevidence/%s-%s", slash ? (int)(slash + 1 - store) : 0, store, name, stamp);
    free(store);
    return folder;
}

static hr_status validate(const char *scenario, const options_of_validate *o)
{
    if (o->from)
        return replay(o);
    real_validate_options options = {.seed = 1, .quick = o->quick};
    hr_error e = {0};
    char *path = NULL, *end;
    errno = 0;
    if (o->seed && (options.seed = strtoull(o->seed, &end, 10), errno || end == o->seed || *end || *o->seed == '-')) {
        hr_fail(&e, HR_BAD_INPUT, "--seed %s: want a whole number from 0 to 18446744073709551615", o->seed);
        return cli_complain(&e);
    }
    if (pattern_path(scenario, &path, &e))
        return cli_complain(&e);
    const char *base = strrchr(path, '/');     // patterns/caching/scenario.yaml is called caching, mine.yaml mine.yaml
    char *folder = pack_folder(o, strpbrk(scenario, "/.") ? (base ? base + 1 : path) : scenario, &e);
    if (!folder) {
        free(path);
        return cli_complain(&e);
    }
    progress p = {.started = hr_now()};
    options.folder = folder;
    options.progress = show_progress;
    options.progress_self = &p;
    options.stop = cli_catch_interrupt();
    real_pack *pack = NULL;
    hr_status status = real_validate(path, &options, &pack, &e);
    cli_progress_end();
    cli_release_interrupt();
    if (status)
        cli_complain(&e);
    if (pack && pack->run_count)
        status = print(pack, o, status);
    real_pack_free(pack);
    free(folder);
    free(path);
    return status;
}

#endif

hr_status cli_validate(int argc, char **argv)
{
    options_of_validate o = {0};
    const cli_option options[] = {{"quick", CLI_FLAG, &o.quick, NULL, "shorter runs: less than a minute, wider intervals"},
                                  {"from", CLI_TEXT, &o.from, "PACK", "no servers: the table of an evidence pack that was kept"},
                                  {"pack", CLI_TEXT, &o.pack, "DIR", "where the evidence pack goes (beside the store of runs)"},
                                  {"seed", CLI_TEXT, &o.seed, "N", "the seed of requests, keys and demands (1)"},
                                  {"no-store", CLI_FLAG, &o.no_store, NULL, "do not keep the run in the store"},
                                  {"json", CLI_FLAG, &o.json, NULL, "print the document for programs"},
                                  {0}};
    const cli_usage usage = {"validate SCENARIO [options] | validate --from PACK",
                             "Starts PostgreSQL and Redis in a private directory, fits demands at two low loads, predicts loads that were not "
                             "fitted, measures each in repeated runs, and prints how far apart they are. Under three minutes; nothing stays behind.",
                             "headroom validate caching --quick", options, 0, 1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    if (words == 0 && !o.from) {
        fprintf(stderr, "headroom: which scenario? For example: headroom validate caching\n");
        return HR_BAD_INPUT;
    }
    return validate(argv[1], &o);
}
