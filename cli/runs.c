// cli/runs.c - `runs list|show|diff`: the kept runs; `runs log`: a request log of records as text.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "sim/store/diff.h"
#include "sim/store/store.h"
#include "sim/study/request_log.h"

static hr_status list(sim_store *store, bool json, hr_error *e)
{
    sim_store_summary *all;
    size_t count;
    hr_status status = sim_store_list(store, 0, &all, &count, e);
    if (status)
        return status;
    if (json) {
        char *text = sim_store_list_json(all, count);
        puts(text);
        free(text);
    } else if (count == 0) {
        printf("no runs are kept yet in %s; try: headroom run caching\n", sim_store_place(store));
    }
    for (size_t i = 0; i < count && !json; i++)
        printf("%6lld  %s  %-8s %-16s %-14s seed %llu, status %d\n", (long long)all[i].id, all[i].created, all[i].verb, all[i].name,
               all[i].variant ? all[i].variant : "", (unsigned long long)all[i].seed, (int)all[i].status);
    sim_store_list_free(all, count);
    return HR_OK;
}

static hr_status load(sim_store *store, const char *word, sim_store_run **run, hr_error *e)
{
    int64_t id;
    hr_status status = sim_store_find(store, word, &id, e);
    return status ? status : sim_store_load(store, id, run, e);
}

static hr_status show(sim_store *store, const char *word, bool json, hr_error *e)
{
    sim_store_run *run;
    hr_status status = load(store, word, &run, e);
    if (status)
        return status;
    if (json) {
        char *text = sim_store_run_json(run, false);
        puts(text);
        free(text);
    } else {
        printf("run %lld, %s: %s %s, seed %llu, version %s, status %d\n", (long long)run->id, run->created, run->verb, run->name,
               (unsigned long long)run->seed, run->version, (int)run->status);
        for (size_t i = 0; i < run->verdict_count; i++)
            printf("  %-10s %s: %s\n", run->verdicts[i].verdict, run->verdicts[i].id, run->verdicts[i].expression ? run->verdicts[i].expression : "");
        printf("%s\n", run->document ? run->document : "");
    }
    sim_store_run_free(run);
    return HR_OK;
}

static hr_status diff(sim_store *store, const char *a, const char *b, hr_error *e)
{
    sim_store_run *x = NULL, *y = NULL;
    hr_status status = load(store, a, &x, e);
    if (!status)
        status = load(store, b, &y, e);
    if (!status) {
        sim_store_diff d;
        status = sim_store_compare(x->document, y->document, &d, e);
        for (size_t i = 0; !status && i < d.count; i++)
            printf("%-60s %14.6g %14.6g %+.3g\n", d.row[i].path, d.row[i].a, d.row[i].b, d.row[i].difference);
        if (!status)
            sim_store_diff_free(&d);
    }
    sim_store_run_free(x);
    sim_store_run_free(y);
    return status;
}

hr_status cli_runs(int argc, char **argv)
{
    bool json = false;
    const cli_option options[] = {{"json", CLI_FLAG, &json, NULL, "print the document for programs"}, {0}};
    const cli_usage usage = {"runs list | show ID | diff ID ID | log FILE.hrlog",
                             "The kept runs. An ID is a number, `last`, or `last-1`. `log` prints a request log of records as CSV.", "headroom runs show last",
                             options, 1, 3};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    hr_error e = {0};
    sim_store *store;
    if (strcmp(argv[1], "log") == 0 && words == 2 && !json)
        return sim_request_log_print(argv[2], stdout, &e) ? cli_complain(&e) : HR_OK;
    if (sim_store_open(NULL, &store, &e))
        return cli_complain(&e);
    hr_status status;
    if (strcmp(argv[1], "list") == 0 && words == 1)
        status = list(store, json, &e);
    else if (strcmp(argv[1], "show") == 0 && words == 2)
        status = show(store, argv[2], json, &e);
    else if (strcmp(argv[1], "diff") == 0 && words == 3)
        status = diff(store, argv[2], argv[3], &e);
    else
        status = hr_fail(&e, HR_BAD_INPUT, "want: headroom %s", usage.usage);
    sim_store_close(store);
    return status ? cli_complain(&e) : HR_OK;
}
