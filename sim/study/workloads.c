// sim/study/workloads.c - the figures of each workload as a table of texts, which the terminal and the reports draw alike.
#include <stdio.h>
#include <stdlib.h>

#include "sim/study/study.h"

static const sim_metric quantiles[] = {SIM_METRIC_p50, SIM_METRIC_p95, SIM_METRIC_p99};

// --- what became of the requests: the outcomes other than ok, and behind them those that never came back ------------------

enum { UNANSWERED = SIM_OUTCOME_COUNT, FATE_COUNT };

static const char *fate_name(int fate) { return fate == UNANSWERED ? "unanswered" : sim_outcome_name((sim_outcome)fate); }

static uint64_t count_of(const sim_tally *t, int fate)
{
    uint64_t left = t->offered;
    if (fate != UNANSWERED)
        return t->outcome[fate];
    for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
        left -= t->outcome[o];
    return left;
}

static bool occurs(const sim_study *study, int fate)
{
    for (size_t v = 0; v < study->variant_count && fate != SIM_ok; v++) {
        sim_tally all = sim_study_tally(study, v, -1);
        if (count_of(&all, fate))
            return true;
    }
    return false;
}

// --- the table ----------------------------------------------------------------------------------------------------------

static void add(sim_study_table *t, const char *text)
{
    t->cell = hr_realloc(t->cell, (t->count + 1) * sizeof *t->cell);
    t->cell[t->count++] = hr_strdup(text);
}

static void add_head(sim_study_table *t, const sim_study *study)
{
    char cell[64];
    add(t, "workload");
    if (study->variant_count > 1)
        add(t, "variant");
    t->names = t->count;
    add(t, "offered, /s");
    add(t, "goodput, /s");
    for (int f = 0; f < FATE_COUNT; f++)
        if (occurs(study, f)) {
            snprintf(cell, sizeof cell, "%s, %%", fate_name(f));
            add(t, cell);
        }
    for (size_t q = 0; q < HR_COUNT(quantiles); q++) {
        snprintf(cell, sizeof cell, "%s, %s", sim_metrics[quantiles[q]].word, sim_metrics[quantiles[q]].unit);
        add(t, cell);
    }
    t->columns = t->count;
}

static void add_estimate(sim_study_table *t, const sim_study *study, size_t v, sim_metric m, uint32_t column)
{
    char cell[64];
    add(t, sim_estimate_text(sim_study_estimate(study, v, m, (int)column), sim_metrics[m].factor, cell, sizeof cell));
}

static double offered_per_s(const sim_tally *t, double seconds, int unused)
{
    (void)unused;
    return (double)t->offered / seconds;
}

static double percent(const sim_tally *t, double unused, int fate)
{
    (void)unused;
    return t->offered ? 100 * (double)count_of(t, fate) / (double)t->offered : 0;
}

static void add_estimate_of(sim_study_table *t, const sim_study *study, size_t v, uint32_t column, double (*value)(const sim_tally *, double, int), int self)
{
    char cell[64];
    add(t, sim_estimate_text(sim_study_estimate_of(study, v, (int)column, value, self), 1, cell, sizeof cell));
}

static void add_row(sim_study_table *t, const sim_study *study, uint32_t column, size_t v)
{
    const sim_study_variant *variant = &study->variants[v];
    add(t, variant->model->columns[column].name);
    if (study->variant_count > 1)
        add(t, variant->name);
    add_estimate_of(t, study, v, column, offered_per_s, 0);
    add_estimate(t, study, v, SIM_METRIC_goodput, column);
    for (int f = 0; f < FATE_COUNT; f++)
        if (occurs(study, f))
            add_estimate_of(t, study, v, column, percent, f);
    for (size_t q = 0; q < HR_COUNT(quantiles); q++)
        add_estimate(t, study, v, quantiles[q], column);
}

bool sim_study_is_workload(const sim_study *study, uint32_t column)
{
    const sim_model *model = study->variants[0].model;
    return model->components[model->columns[column].component].kind == SIM_PART_workload;
}

size_t sim_study_workload_count(const sim_study *study)
{
    size_t n = 0;
    for (uint32_t c = 0; c < study->variants[0].model->column_count; c++)
        n += sim_study_is_workload(study, c);
    return n;
}

bool sim_study_workloads(const sim_study *study, sim_study_table *table)
{
    *table = (sim_study_table){0};
    if (sim_study_workload_count(study) < 2)
        return false;
    add_head(table, study);
    for (uint32_t c = 0; c < study->variants[0].model->column_count; c++)
        for (size_t v = 0; v < study->variant_count && sim_study_is_workload(study, c); v++)
            add_row(table, study, c, v);
    return true;
}

void sim_study_table_free(sim_study_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cell[i]);
    free(table->cell);
}
