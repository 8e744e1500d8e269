// cli/study.c - tables of studies, and running one with progress and Ctrl-C.
#include "cli/study.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

hr_status cli_study_read(const cli_study_options *o, sim_study_options *study)
{
    *study = sim_study_options_default();
    hr_error e = {0};
    char *end;
    if (o->seed) {
        errno = 0;
        study->seed = strtoull(o->seed, &end, 10);
        if (errno || end == o->seed || *end || o->seed[0] == '-')
            hr_fail(&e, HR_BAD_INPUT, "--seed %s: want a whole number from 0 to 18446744073709551615", o->seed);
    }
    if (o->precision) {
        double value = strtod(o->precision, &end);
        bool is_percent = *end == '%' && !end[1];
        study->precision = is_percent ? value / 100 : value;
        if (end == o->precision || (*end && !is_percent) || !(study->precision >= 0.0001 && study->precision <= 1))
            hr_fail(&e, HR_BAD_INPUT, "--precision %s: want a share from 0.01%% to 100%%, such as 2%%", o->precision);
    }
    if (o->replications) {
        if (o->replications < 2 || o->replications > 100000)
            hr_fail(&e, HR_BAD_INPUT, "--replications %llu: want 2 to 100000", (unsigned long long)o->replications);
        study->least = study->most = (int)o->replications;
    }
    if (o->threads > 1024)
        hr_fail(&e, HR_BAD_INPUT, "--threads %llu: want 1 to 1024", (unsigned long long)o->threads);
    study->threads = (int)o->threads;
    study->cap = o->cap ? o->cap : HR_FOREVER;
    return e.count ? cli_complain(&e) : HR_OK;
}

typedef struct { const char *label; hr_time started; } progress;

static void show_progress(void *self, double done_frac)
{
    progress *p = self;
    cli_progress(p->label, done_frac, p->started);
}

hr_status cli_study_run(sim_model *const *models, size_t count, const char *label, sim_study_options *options, sim_study **study, hr_error *e)
{
    progress p = {label, hr_now()};
    options->progress = show_progress;
    options->progress_self = &p;
    options->stop = cli_catch_interrupt();
    hr_status status = sim_study_run(models, count, options, study, e);
    cli_progress_end();
    cli_release_interrupt();
    return status;
}

void cli_print_variants(const sim_study *study)
{
    printf("%-24s", "");
    for (size_t v = 0; v < study->variant_count; v++)
        cli_print_cell(study->variants[v].name[0] ? study->variants[v].name : "measured", 20);
    printf("\n");
    for (int m = 0; m < SIM_METRIC_COUNT; m++) {
        bool any = false;
        for (size_t v = 0; v < study->variant_count; v++)
            any = any || !isnan(study->variants[v].estimate[m].value);
        if (!any)
            continue;
        char label[64], cell[64];
        snprintf(label, sizeof label, "%s, %s", sim_metrics[m].word, sim_metrics[m].unit);
        printf("%-24s", label);
        for (size_t v = 0; v < study->variant_count; v++)
            cli_print_cell(sim_estimate_text(study->variants[v].estimate[m], sim_metrics[m].factor, cell, sizeof cell), 20);
        printf("\n");
    }
}

void cli_print_differences(const sim_study *study)
{
    const sim_verdict kinds[] = {SIM_BETTER, SIM_WORSE, SIM_EQUIVALENT, SIM_UNDECIDED};
    if (study->variant_count < 2)
        return;
    printf("\nagainst %s, in pairs on the same requests (equivalent: within 1 %%)\n", study->variants[0].name);
    for (size_t v = 1; v < study->variant_count; v++)
        for (size_t k = 0, lines = 0; k < HR_COUNT(kinds); k++) {
            int n = 0;
            for (int m = 0; m < SIM_METRIC_COUNT; m++) {
                if (!sim_study_can_compare(study, 0, v, (sim_metric)m) || sim_study_compare(study, 0, v, (sim_metric)m).verdict != kinds[k])
                    continue;
                if (n++ == 0)
                    printf("  %-16s %-11s", lines++ ? "" : study->variants[v].name, sim_verdict_name(kinds[k]));
                printf("%s%s", n > 1 ? ", " : "", sim_metrics[m].word);
            }
            if (n)
                printf("\n");
        }
}

const char *cli_verdict(sim_verdict verdict, char *out, size_t room)
{
    const char *colour = verdict == SIM_HOLDS ? "\033[32m" : verdict == SIM_FAILS ? "\033[31m" : "\033[33m";
    bool on = cli_has_colour(STDOUT_FILENO);
    snprintf(out, room, "%s%-9s%s", on ? colour : "", sim_verdict_name(verdict), on ? "\033[0m" : "");
    return out;
}

void cli_print_objectives(const sim_study *study)
{
    for (size_t i = 0; i < study->objective_count; i++) {
        const sim_objective_result *o = &study->objectives[i];
        int metric = sim_metric_find(o->objective->metric);
        char cell[64], word[32];
        printf("  %s  objective %s: %s", cli_verdict(o->verdict, word, sizeof word), o->objective->metric, o->objective->text);
        if (study->variants[o->variant].name[0])
            printf(" (%s)", study->variants[o->variant].name);
        printf(": measured %s %s\n", sim_estimate_text(o->measured, sim_metrics[metric].factor, cell, sizeof cell), sim_metrics[metric].unit);
    }
}

void cli_print_claims(const sim_study *study)
{
    for (size_t i = 0; i < study->claim_count; i++) {
        const sim_claim_result *c = &study->claims[i];
        char word[32];
        printf("  %s  %s\n             %s\n             %s: %s\n", cli_verdict(c->verdict, word, sizeof word), c->claim->source,
               c->claim->expression, c->claim->id, c->values);
    }
}

void cli_print_basis(const sim_study *study)
{
    printf("\nseed %llu, %d replications of %.6g s, of which %.6g s warm-up%s; intervals at 95 %%%s\n", (unsigned long long)study->seed,
           study->replications, (double)study->duration / 1e9, (double)study->warmup / 1e9,
           study->variants[0].model->warmup >= 0 ? " (given)" : study->warmup_found ? " (found)" : " (no steady state found: half of the run)",
           study->is_precise ? "" : "; the asked-for precision is not reached: raise --replications or --precision");
}

hr_status cli_study_status(const sim_study *study)
{
    hr_status status = study->is_precise || study->replications >= 2 ? HR_OK : HR_UNDECIDED;
    bool claims = study->variant_count > 1 && study->claim_count > 0;
    size_t n = claims ? study->claim_count : study->objective_count;
    for (size_t i = 0; i < n; i++) {
        sim_verdict verdict = claims ? study->claims[i].verdict : study->objectives[i].verdict;
        if (verdict == SIM_FAILS)
            return HR_FAILS;
        if (verdict == SIM_UNDECIDED)
            status = HR_UNDECIDED;
    }
    return study->was_stopped && status == HR_OK ? HR_UNDECIDED : status;
}
