// cli/run.c - `run SCENARIO`: simulate one scenario to the asked-for precision and say whether its objectives hold.
#include <stdio.h>
#include <stdlib.h>

#include "cli/study.h"
#include "patterns/catalogue.h"
#include "sim/study/request_log.h"

// What broke in the first replication.
static void print_faults(const sim_study_variant *v)
{
    enum { MOST = 12 };
    if (v->fault_count)
        printf("faults of the first replication\n");
    for (size_t i = 0; i < v->fault_count && i < MOST; i++) {
        const sim_fault_run *run = &v->faults[i];
        char *text = sim_fault_text(v->model, sim_fault_def_of(v->model, run), run->replica, run->shard), until[48] = "";
        if (run->to == HR_FOREVER)
            snprintf(until, sizeof until, ", not over");
        else if (run->to > run->from)
            snprintf(until, sizeof until, " to %.6g s", (double)run->to * 1e-9);
        printf("  at %.6g s%s: %s\n", (double)run->from * 1e-9, until, text);
        free(text);
    }
    if (v->fault_count > MOST)
        printf("  and %zu more\n", v->fault_count - MOST);
    if (v->fault_count)
        printf("\n");
}

static hr_status report(const sim_study *study, const cli_study_options *o)
{
    hr_status status = cli_study_status(study, o), kept = HR_OK;
    char *document = sim_study_run_document(study);
    hr_error e = {0};
    int64_t id = 0;
    if (!o->no_store)
        kept = sim_study_keep(study, "run", document, status, &id, &e);
    if (o->json) {
        puts(document);
    } else {
        const sim_model *model = study->variants[0].model;
        printf("%s%s%s\n\n", model->title && model->title[0] ? model->title : model->name, study->variants[0].name[0] ? ", variant " : "",
               study->variants[0].name);
        cli_print_variants(study);
        printf("\n");
        print_faults(&study->variants[0]);
        cli_print_objectives(study);
        cli_print_workloads(study, study->objective_count ? "\n" : "");
        cli_print_basis(study, o);
        if (id)
            printf("kept as run %lld: ./headroom runs show %lld\n", (long long)id, (long long)id);
    }
    free(document);
    if (kept)
        cli_complain(&e);                      // the numbers are printed: a store that fails does not lose them
    return status;
}

// A log that cannot be taken back does not go with a study that may begin anew.
static hr_status open_log(const char *path, const sim_model *model, sim_study_options *options, hr_error *e)
{
    hr_status status = sim_request_log_open(path, model, options->seed, &options->log, e);
    if (status || sim_request_log_is_file(options->log) || !options->may_lengthen)
        return status;
    sim_request_log_drop(options->log);
    return hr_fail(e, HR_BAD_INPUT, "%s: with --precision, whose replications may turn out too short, a log wants a regular file", path);
}

hr_status cli_run(int argc, char **argv)
{
    cli_study_options o = {0};
    const char *log_path = NULL;
    const cli_option options[] = {{"variant", CLI_TEXT, &o.variant, "NAME", "this variant of the scenario instead of the file as it stands"},
                                  {"ledger", CLI_FLAG, &o.ledger, NULL, "print every assumption and parameter in force, and stop"},
                                  {"log", CLI_TEXT, &log_path, "FILE", "also write every request: FILE.csv, FILE.csv.gz or FILE.hrlog (docs/request-log.md)"},
                                  CLI_STUDY_ROWS(o), {0}};
    const cli_usage usage = {"run SCENARIO [options]",
                             "Simulates a scenario (a file, or the name of a pattern) until its metrics are known to the asked-for "
                             "precision, prints every number with its interval, and checks the objectives.",
                             "headroom run caching --variant aside --precision 1% --of p95", options, 1, 1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    sim_study_options study_options;
    hr_status status = cli_study_read(&o, &study_options);
    if (status)
        return status;
    hr_error e = {0};
    char *path = NULL;
    sim_model **models = NULL;
    size_t count = 0;
    const char *variant = o.variant ? o.variant : "";
    if (pattern_path(argv[1], &path, &e) || sim_study_models(path, &variant, 1, &models, &count, &e)) {
        free(path);
        return cli_complain(&e);
    }
    free(path);
    if (o.ledger) {
        hr_text ledger = {0};
        sim_model_ledger(models[0], &ledger);
        fputs(ledger.data ? ledger.data : "", stdout);
        free(ledger.data);
        sim_model_free(models[0]);
        free(models);
        return HR_OK;
    }
    if (o.replications == 1 && !sim_model_is_steady(models[0]))
        status = hr_fail(&e, HR_BAD_INPUT, "--replications 1: one long run says something only of a load that stays the same; take 2 or more");
    if (!status && log_path)
        status = open_log(log_path, models[0], &study_options, &e);
    if (status) {
        sim_model_free(models[0]);
        free(models);
        return cli_complain(&e);
    }
    sim_study *study;
    status = cli_study_run(models, count, "simulating", &study_options, &study, &e);
    free(models);
    if (status) {
        if (study_options.log)
            sim_request_log_drop(study_options.log);
        return cli_complain(&e);
    }
    status = report(study, &o);
    sim_study_free(study);
    fflush(stdout);                            // the numbers come first: a log that fails does not lose them
    return study_options.log && sim_request_log_close(study_options.log, &e) ? cli_complain(&e) : status;
}
