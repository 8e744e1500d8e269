// cli/compare.c - `compare PATTERN`: all variants on the same random numbers, the table, and the claims with their verdicts.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/study.h"
#include "patterns/catalogue.h"

static hr_status report(const sim_study *study, const cli_study_options *o)
{
    hr_status status = cli_study_status(study);
    char *document = sim_study_compare_document(study);
    hr_error e = {0};
    int64_t id = 0;
    if (o->output && hr_write_file(o->output, document, strlen(document), &e))
        status = cli_complain(&e);
    hr_error store = {0};
    if (!o->no_store && sim_study_keep(study, "compare", document, status, &id, &store))
        cli_complain(&store);                  // the numbers are printed: a store that fails does not lose them
    if (o->json) {
        puts(document);
    } else {
        const sim_model *model = study->variants[0].model;
        printf("%s\n\n", model->title && model->title[0] ? model->title : model->name);
        cli_print_variants(study);
        printf("\nclaims\n");
        cli_print_claims(study);
        cli_print_basis(study);
    }
    free(document);
    return status;
}

hr_status cli_compare(int argc, char **argv)
{
    cli_study_options o = {0};
    const cli_option options[] = {{"output", CLI_TEXT, &o.output, "FILE", "write the JSON document to FILE, too"}, CLI_STUDY_ROWS(o), {0}};
    const cli_usage usage = {"compare SCENARIO [options]",
                             "Runs all variants of a scenario on the same requests, keys and demands, prints what each does, and decides "
                             "the scenario's claims: holds, fails or undecided at 95 %.",
                             "headroom compare caching", options, 1, 1};
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
