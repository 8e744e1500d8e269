// cli/compare.c - `compare SCENARIO`: all variants on the same random numbers, the table, the claims with their verdicts, and the report.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/study.h"
#include "patterns/catalogue.h"

typedef struct {
    cli_study_options study;
    const char *scenario;                      // as the user named it
    const char *output, *picture;
    bool        no_report;
} compare_options;

#ifdef HEADROOM_VIZ

#include "viz/report/report.h"

// The word as a shell reads it back.
static void add_shell_word(const char *word, hr_text *out)
{
    bool is_plain = *word != 0;
    for (const char *at = word; *at; at++)
        is_plain = is_plain && (isalnum((unsigned char)*at) || strchr("_-./=,+:@%", *at));
    if (is_plain) {
        hr_text_add(out, "%s", word);
        return;
    }
    hr_text_add(out, "'");
    for (const char *at = word; *at; at++)
        hr_text_add(out, *at == '\'' ? "'\\''" : "%c", *at);
    hr_text_add(out, "'");
}

// reports/NAME, whatever the scenario is called.
static char *default_folder(const sim_study *study)
{
    char *folder = hr_format("reports/%s", study->variants[0].model->name);
    for (char *at = strchr(folder, '/') + 1; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("_-", *at))
            *at = '-';
    return folder;
}

// Writes what was asked for and tells where it is (on stderr when stdout is for programs).
static hr_status write_report(const sim_study *study, const char *document, const compare_options *o)
{
    hr_error e = {0};
    FILE *told = o->study.json ? stderr : stdout;
    if (o->picture && viz_report_picture(study, o->picture, &e) == HR_OK)
        fprintf(told, "picture: %s\n", o->picture);
    if (!o->no_report) {
        hr_text command = {0};
        char *folder = o->output ? hr_strdup(o->output) : default_folder(study);
        hr_text_add(&command, "./headroom compare ");
        add_shell_word(o->scenario, &command);
        hr_text_add(&command, " --seed %llu --replications %d", (unsigned long long)study->seed, study->replications);
        if (viz_report_write(&(viz_report){study, document, command.data}, folder, &e) == HR_OK)
            fprintf(told, "report: %s/report.html (also report.md, report.json)\n", folder);
        free(command.data);
        free(folder);
    }
    return e.count ? cli_complain(&e) : HR_OK;
}

#else

static hr_status write_report(const sim_study *study, const char *document, const compare_options *o)
{
    (void)study, (void)document;
    if (!o->output && !o->picture)
        return HR_OK;                          // nobody asked for one
    fprintf(stderr, "headroom: this build does not draw, so it writes no report (HEADROOM_VIZ is off); build it with the preset `release`\n");
    return HR_ENVIRONMENT;
}

#endif

static void print_all(const sim_study *study, const cli_study_options *o)
{
    const sim_model *model = study->variants[0].model;
    hr_text sentence = {0};
    sim_study_sentence(study, &sentence);
    printf("%s\n%s\n\n", model->title && model->title[0] ? model->title : model->name, sentence.data);
    free(sentence.data);
    cli_print_variants(study);
    cli_print_workloads(study, "\n");
    cli_print_differences(study);
    if (study->claim_count) {
        printf("\nclaims\n");
        cli_print_claims(study);
    }
    cli_print_basis(study, o);
}

static hr_status report(const sim_study *study, const compare_options *o)
{
    hr_status status = cli_study_status(study, &o->study);
    char *document = sim_study_compare_document(study);
    hr_error store = {0};
    int64_t id = 0;
    hr_status kept = o->study.no_store ? HR_OK : sim_study_keep(study, "compare", document, status, &id, &store);
    if (o->study.json)
        puts(document);
    else
        print_all(study, &o->study);
    fflush(stdout);                            // the numbers come first: neither a store nor a disk that fails loses them
    if (kept)
        cli_complain(&store);
    hr_status written = write_report(study, document, o);
    free(document);
    return written ? written : status;
}

hr_status cli_compare(int argc, char **argv)
{
    compare_options o = {0};
    const cli_option options[] = {{"output", CLI_TEXT, &o.output, "DIR", "the folder of the report (reports/NAME)"},
                                  {"no-report", CLI_FLAG, &o.no_report, NULL, "write no report"},
                                  {"picture", CLI_TEXT, &o.picture, "FILE", "also one picture for a slide: FILE.png or FILE.svg"},
                                  CLI_STUDY_ROWS(o.study), {0}};
    const cli_usage usage = {"compare SCENARIO [options]",
                             "Runs all variants of a scenario on the same requests, keys and demands, prints what each does, decides the scenario's "
                             "claims (holds, fails or undecided at 95 %), and writes a report: a page, a text, and the document for programs.",
                             "headroom compare caching", options, 1, 1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    o.scenario = argv[1];
    hr_error e = {0};
    if (o.output && o.no_report)
        return hr_fail(&e, HR_BAD_INPUT, "--output and --no-report contradict each other"), cli_complain(&e);
    if (o.study.replications == 1)
        return hr_fail(&e, HR_BAD_INPUT, "--replications 1: pairs want at least 2; one long run is for `run`"), cli_complain(&e);
    sim_study_options study_options;
    hr_status status = cli_study_read(&o.study, &study_options);
    if (status)
        return status;
    char *path = NULL;
    sim_model **models = NULL;
    size_t count = 0;
    if (pattern_path(argv[1], &path, &e) || sim_study_models(path, NULL, 0, &models, &count, &e)) {
        free(path);
        return cli_complain(&e);
    }
    free(path);
    sim_study *study;
    status = cli_study_run(models, count, "comparing", &study_options, &study, &e);
    free(models);
    if (status)
        return cli_complain(&e);
    status = report(study, &o);
    sim_study_free(study);
    return status;
}
