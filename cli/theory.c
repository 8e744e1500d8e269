// cli/theory.c - `theory`: the table that checks the engine against queueing theory; `theory MODEL key=value …`: the exact values alone.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/study.h"
#include "sim/study/theory.h"

typedef struct { bool json, list, quick, markdown; const char *seed; uint64_t threads; } theory_options;

static void print_model(const sim_theory_model *m)
{
    printf("%s\n    %s\n", m->name, m->summary);
    for (const sim_theory_parameter *p = m->parameters; p->name; p++)
        printf("    %-12s %s; %s%s%s\n", p->name, p->help, sim_theory_kind_example(p->kind), p->fallback ? ", default " : "",
               p->fallback ? p->fallback : "");
    printf("    source: %s\n    example: headroom theory %s %s\n", m->source, m->name, m->example);
}

static void print_list(const char *only)
{
    for (size_t i = 0; sim_theory_models[i]; i++)
        if (!only || strcmp(only, sim_theory_models[i]->name) == 0)
            print_model(sim_theory_models[i]);
    if (only)
        return;
    printf("\nquantities:\n");
    for (int q = 0; q < SIM_QUANTITY_COUNT; q++)
        printf("    %-12s %s%s%s\n", sim_quantities[q].name, sim_quantities[q].help, sim_quantities[q].unit[0] ? ", in " : "", sim_quantities[q].unit);
}

// The exact values of one model; words are its parameters.
static hr_status answer(char *const *words, int count, bool json)
{
    hr_error e = {0};
    const sim_theory_model *model;
    if (sim_theory_named(words[0], &model, &e))
        return cli_complain(&e);
    hr_text parameters = {0};
    hr_text_add(&parameters, "%s", "");
    for (int i = 1; i < count; i++)
        hr_text_add(&parameters, "%s%s", i > 1 ? " " : "", words[i]);
    sim_theory_arguments a;
    sim_theory_answer exact;
    hr_status status = sim_theory_read(model, parameters.data, &a, &e);
    if (!status)
        status = sim_theory_compute(model, &a, &exact, &e);
    if (status) {
        free(parameters.data);
        return cli_complain(&e);
    }
    if (json) {
        char *document = sim_theory_answer_document(model, parameters.data, &exact);
        puts(document);
        free(document);
    } else {
        printf("%s %s\n%s\n\n", model->name, parameters.data, model->summary);
        for (int q = 0; q < SIM_QUANTITY_COUNT; q++)
            if (!isnan(exact.value[q]))
                printf("  %-12s %12.8g %-3s %s\n", sim_quantities[q].name, exact.value[q], sim_quantities[q].unit, sim_quantities[q].help);
        printf("\nsource: %s\n", model->source);
    }
    free(parameters.data);
    return HR_OK;
}

static void print_table(const sim_theory_table *table)
{
    size_t agree = 0;
    const char *before = "";
    for (size_t i = 0; i < table->count; i++) {
        const sim_theory_row *r = &table->rows[i];
        if (strcmp(before, r->parameters) != 0)
            printf("%s: %s %s\n", r->title, r->model, r->parameters);
        before = r->parameters;
        printf("  %-9s  %-12s exact %s%.6g, simulated %.6g (%.6g to %.6g), sharp to %.2g %%", r->agrees ? "agrees" : "DISAGREES", sim_quantities[r->quantity].name,
               r->is_bound ? "at most " : "", r->exact, r->simulated.value, r->simulated.low, r->simulated.high,
               sim_theory_sharpness(r) * 100);
        if (r->allowance > 0)
            printf(", may be %.2g %% off", r->allowance * 100);
        printf("\n");
        agree += r->agrees;
    }
    printf("\n%zu of %zu rows agree; seed %llu, %d replications each, intervals that hold together at %.0f %%, %.1f s on %d threads%s\n", agree,
           table->count, (unsigned long long)table->seed, table->replications, table->confidence * 100, table->wall_s, table->threads,
           table->was_stopped ? "; interrupted: the table ends early" : "");
}

// A row that disagrees makes it fail; a table that ends early leaves it undecided.
static hr_status verdict(const sim_theory_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        if (!table->rows[i].agrees)
            return HR_FAILS;
    return table->was_stopped ? HR_UNDECIDED : HR_OK;
}

static void show_progress(void *self, double done_frac) { cli_progress("simulating", done_frac, *(const hr_time *)self); }

static hr_status check(const theory_options *o)
{
    cli_study_options shared = {.seed = o->seed, .threads = o->threads};
    sim_study_options study;
    hr_status status = cli_study_read(&shared, &study);
    if (status)
        return status;
    sim_theory_options options = sim_theory_options_default();
    options.seed = study.seed;
    options.threads = study.threads;
    options.effort = o->quick ? 0.1 : 1;
    hr_error e = {0};
    sim_theory_table *table;
    hr_time begun = hr_now();
    options.progress = show_progress;
    options.progress_self = &begun;
    options.stop = cli_catch_interrupt();
    status = sim_theory_check(&options, &table, &e);
    cli_progress_end();
    cli_release_interrupt();
    if (status)
        return cli_complain(&e);
    if (o->json || o->markdown) {
        char *text = o->json ? sim_theory_document(table) : sim_theory_markdown(table);
        fputs(text, stdout);
        fputs(o->json ? "\n" : "", stdout);
        free(text);
    } else {
        print_table(table);
    }
    status = verdict(table);
    sim_theory_table_free(table);
    return status;
}

hr_status cli_theory(int argc, char **argv)
{
    theory_options o = {0};
    const cli_option options[] = {{"list", CLI_FLAG, &o.list, NULL, "the models, their parameters and sources; of one model when it is named"},
                                  {"quick", CLI_FLAG, &o.quick, NULL, "a tenth of the requests: wider intervals"},
                                  {"markdown", CLI_FLAG, &o.markdown, NULL, "the table as the page docs/theory.md"},
                                  {"seed", CLI_TEXT, &o.seed, "N", "the seed of every draw (1)"},
                                  {"threads", CLI_COUNT, &o.threads, "N", "threads (all cores); results do not depend on it"},
                                  {"json", CLI_FLAG, &o.json, NULL, "print the document for programs"},
                                  {0}};
    const cli_usage usage = {"theory [MODEL key=value …] [options]",
                             "With a model: its exact values. Without: simulates scenarios whose answers are known and compares, so that the engine "
                             "can be trusted where nothing is known.",
                             "headroom theory mmc arrival=8/s service=1s servers=10", options, 0, -1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    hr_error e = {0};
    if (words > 0 && (o.quick || o.markdown || o.seed || o.threads)) {
        hr_fail(&e, HR_BAD_INPUT, "--quick, --markdown, --seed and --threads belong to the table; '%s' alone is exact and needs none", argv[1]);
        return cli_complain(&e);
    }
    if (o.list) {
        const sim_theory_model *model;
        if (words > 0 && sim_theory_named(argv[1], &model, &e))
            return cli_complain(&e);
        print_list(words > 0 ? argv[1] : NULL);
        return HR_OK;
    }
    return words > 0 ? answer(argv + 1, words, o.json) : check(&o);
}
