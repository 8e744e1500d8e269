// cli/study.c - tables of studies, and running one with progress and Ctrl-C.
#include "cli/study.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NO_END = 100000 };                      // replications: as many as --replications takes; who asks for a precision gets it, or stops it

// "p95,mean": which metrics are watched.
static void read_watched(const char *words, bool *watched, hr_error *e)
{
    const char *names[SIM_METRIC_COUNT + 1] = {0};
    for (int m = 0; m < SIM_METRIC_COUNT; m++) {
        names[m] = sim_metrics[m].word;
        watched[m] = false;
    }
    for (const char *at = words; *at;) {
        char word[64];
        at += strspn(at, " ");
        size_t n = strcspn(at, ", ");
        snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), at);
        at += n;
        at += strspn(at, " ");
        at += *at == ',';
        int metric = sim_metric_find(word);
        const char *near = metric < 0 ? hr_nearest(word, names) : NULL;
        if (metric < 0)
            hr_fail(e, HR_BAD_INPUT, "--of %s: '%s' is no metric%s; see: headroom list metrics", words, word, HR_HINT(near, '\''));
        else
            watched[metric] = true;
    }
}

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
        study->most = NO_END;
        study->may_lengthen = true;
    }
    if (o->of)
        read_watched(o->of, study->watched, &e);
    if (o->replications) {
        if (o->replications > NO_END)
            hr_fail(&e, HR_BAD_INPUT, "--replications %llu: want 2 to %d, or 1 for one long run", (unsigned long long)o->replications, NO_END);
        if (o->precision || o->of)
            hr_fail(&e, HR_BAD_INPUT, "--replications says how many there are, --precision and --of let that be found: give one of the two");
        study->least = study->most = (int)o->replications;
    }
    if (o->threads > 1024)
        hr_fail(&e, HR_BAD_INPUT, "--threads %llu: want 1 to 1024", (unsigned long long)o->threads);
    study->threads = (int)o->threads;
    study->at_most = o->at_most ? o->at_most : HR_FOREVER;
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

// As wide as its widest cell, and two blanks in front.
static int width_of(const sim_study_table *t, size_t column)
{
    int width = 0;
    for (size_t i = column; i < t->count; i += t->columns)
        width = cli_width(t->cell[i]) > width ? cli_width(t->cell[i]) : width;
    return width + 2;
}

void cli_print_workloads(const sim_study *study, const char *above)
{
    sim_study_table t;
    if (!sim_study_workloads(study, &t))
        return;
    printf("%s", above);
    for (size_t i = 0; i < t.count; i++) {
        size_t column = i % t.columns;
        int width = width_of(&t, column);
        if (column < t.names)
            printf("%s%*s", t.cell[i], width - cli_width(t.cell[i]), "");
        else
            cli_print_cell(t.cell[i], width);
        if (column + 1 == t.columns)
            printf("\n");
    }
    sim_study_table_free(&t);
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

// "mean and p95"
static void print_watched(const sim_study *study)
{
    int count = 0, told = 0;
    for (int m = 0; m < SIM_METRIC_COUNT; m++)
        count += study->watched[m];
    for (int m = 0; m < SIM_METRIC_COUNT; m++)
        if (study->watched[m]) {
            printf("%s%s", told == 0 ? "" : told + 1 < count ? ", " : " and ", sim_metrics[m].word);
            told++;
        }
}

// How far it came, and how far it would be.
static void print_shortfall(const sim_study *study)
{
    double reached = sim_study_reached(study);
    printf("%s before %.2g %%: ", study->was_stopped ? "stopped" : "ended", study->precision * 100);
    print_watched(study);
    if (isfinite(reached))
        printf(" known within %.2g %%", reached * 100);
    else
        printf(" not known to any precision");
    if (study->wanted)
        printf("; it would take about %zu replications, some %.0f s more", study->wanted,
               ceil((double)study->wall / 1e9 * ((double)study->wanted / study->replications - 1)));
    printf("\n");
}

void cli_print_basis(const sim_study *study, const cli_study_options *o)
{
    printf("\nseed %llu, %d replication%s of %.6g s, of which %.6g s warm-up%s; intervals at 95 %%%s\n", (unsigned long long)study->seed,
           study->replications, study->replications == 1 ? "" : "s", (double)study->duration / 1e9, (double)study->warmup / 1e9,
           study->variants[0].model->warmup >= 0 ? " (given)" : study->warmup_found ? " (found)" : " (no steady state found: half of the run)",
           study->pieces ? " by batch means" : study->confidence > 0.951 ? " over all looks" : "");
    if (study->lengthened)
        printf("replications are %d times as long as the scenario says: shorter ones are too short for the quantiles at this precision\n",
               1 << study->lengthened);
    if (study->was_stopped && o->replications)
        printf("stopped before %llu replications\n", (unsigned long long)o->replications);
    else if (!study->is_precise && !o->replications)
        print_shortfall(study);
    else if (study->was_stopped)
        printf("stopped while a claim is undecided\n");
}

hr_status cli_study_status(const sim_study *study, const cli_study_options *o)
{
    bool short_of = study->was_stopped || ((o->precision || o->of) && !study->is_precise);
    hr_status status = short_of ? HR_UNDECIDED : HR_OK;
    bool claims = study->variant_count > 1 && study->claim_count > 0;
    size_t n = claims ? study->claim_count : study->objective_count;
    for (size_t i = 0; i < n; i++) {
        sim_verdict verdict = claims ? study->claims[i].verdict : study->objectives[i].verdict;
        if (verdict == SIM_FAILS)
            return HR_FAILS;
        if (verdict == SIM_UNDECIDED)
            status = HR_UNDECIDED;
    }
    return status;
}
