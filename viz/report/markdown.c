// viz/report/markdown.c - the report as Markdown: the same tables as the page, without pictures.
#include <stdlib.h>
#include <string.h>

#include "viz/report/report.h"

// Text within a table or a line: what Markdown would take for markup is escaped.
static void add(const char *text, hr_text *out)
{
    for (const char *at = text; *at; at++) {
        if (*at == '|' || *at == '\\' || *at == '*' || *at == '_' || *at == '<' || *at == '`')
            hr_text_add(out, "\\");
        hr_text_bytes(out, *at == '\n' ? " " : at, 1);
    }
}

// The head of a table whose columns are variants from `first` on.
static void add_head(const sim_study *study, const char *word, size_t first, hr_text *out)
{
    hr_text_add(out, "| %s |", word);
    for (size_t v = first; v < study->variant_count; v++) {
        hr_text_add(out, " ");
        add(study->variants[v].name[0] ? study->variants[v].name : "measured", out);
        hr_text_add(out, " |");
    }
    hr_text_add(out, "\n|---|");
    for (size_t v = first; v < study->variant_count; v++)
        hr_text_add(out, "---:|");
    hr_text_add(out, "\n");
}

static void add_metric(int m, hr_text *out)
{
    hr_text_add(out, "| ");
    add(sim_metrics[m].word, out);
    hr_text_add(out, ", %s |", sim_metrics[m].unit);
}

static void add_numbers(const sim_study *study, hr_text *out)
{
    char cell[64];
    hr_text_add(out, "\n## Numbers\n\nEach number stands with its 95 %% interval.\n\n");
    add_head(study, "", 0, out);
    for (int m = 0; m < SIM_METRIC_COUNT; m++) {
        if (!viz_report_has(study, m))
            continue;
        add_metric(m, out);
        for (size_t v = 0; v < study->variant_count; v++)
            hr_text_add(out, " %s |", sim_estimate_text(study->variants[v].estimate[m], sim_metrics[m].factor, cell, sizeof cell));
        hr_text_add(out, "\n");
    }
    hr_text_add(out, "\n<details><summary>What the rows mean</summary>\n\n");
    for (int m = 0; m < SIM_METRIC_COUNT; m++)
        if (viz_report_has(study, m)) {
            hr_text_add(out, "- **");
            add(sim_metrics[m].word, out);
            hr_text_add(out, "**: %s\n", sim_metrics[m].help);
        }
    hr_text_add(out, "\n</details>\n");
}

static void add_workloads(const sim_study *study, hr_text *out)
{
    sim_study_table t;
    if (!sim_study_workloads(study, &t))
        return;
    hr_text_add(out, "\n## Workloads\n");
    for (size_t i = 0; i < t.count; i++) {
        hr_text_add(out, i % t.columns ? " | " : "\n| ");
        add(t.cell[i], out);
        if ((i + 1) % t.columns == 0)
            hr_text_add(out, " |");
        for (size_t c = 0; i + 1 == t.columns && c < t.columns; c++)
            hr_text_add(out, "%s%s", c ? "" : "\n|", c < t.names ? "---|" : "---:|");
    }
    hr_text_add(out, "\n");
    sim_study_table_free(&t);
}

static void add_differences(const sim_study *study, hr_text *out)
{
    if (study->variant_count < 2)
        return;
    hr_text_add(out, "\n## Against ");
    add(study->variants[0].name, out);
    hr_text_add(out, "\n\nDifferences in pairs, on the same requests. Equivalent: within 1 %%. Undecided: the replications do not say.\n\n");
    add_head(study, "", 1, out);
    for (int m = 0; m < SIM_METRIC_COUNT; m++) {
        if (!viz_report_has(study, m) || sim_metrics[m].better == 0)
            continue;
        add_metric(m, out);
        for (size_t v = 1; v < study->variant_count; v++) {
            char cell[96];
            if (!sim_study_can_compare(study, 0, v, (sim_metric)m)) {
                hr_text_add(out, " - |");
                continue;
            }
            sim_paired paired = sim_study_compare(study, 0, v, (sim_metric)m);
            hr_text_add(out, " %s: %s |", sim_verdict_name(paired.verdict), viz_report_difference(study, m, paired, cell, sizeof cell));
        }
        hr_text_add(out, "\n");
    }
}

static void add_claims(const sim_study *study, hr_text *out)
{
    if (study->claim_count)
        hr_text_add(out, "\n## Claims\n\n");
    for (size_t i = 0; i < study->claim_count; i++) {
        const sim_claim_result *c = &study->claims[i];
        hr_text_add(out, "- **%s**: ", sim_verdict_name(c->verdict));
        add(c->claim->source, out);
        hr_text_add(out, "  \n  `%s`  \n  %s (`%s`)\n", c->claim->expression, c->values, c->claim->id);
    }
    if (study->objective_count)
        hr_text_add(out, "\n## Objectives\n\n");
    for (size_t i = 0; i < study->objective_count; i++) {
        const sim_objective_result *o = &study->objectives[i];
        int metric = sim_metric_find(o->objective->metric);
        char cell[64];
        hr_text_add(out, "- **%s**: ", sim_verdict_name(o->verdict));
        add(study->variants[o->variant].name, out);
        hr_text_add(out, ", %s: %s; measured %s %s\n", o->objective->metric, o->objective->text,
                    sim_estimate_text(o->measured, sim_metrics[metric].factor, cell, sizeof cell), sim_metrics[metric].unit);
    }
}

void viz_report_markdown(const viz_report *r, hr_text *out)
{
    const sim_study *study = r->study;
    hr_text_add(out, "# ");
    add(viz_report_title(study), out);
    hr_text_add(out, "\n\n**");
    sim_study_sentence(study, out);
    hr_text_add(out, "**\n\n");
    for (size_t v = 0; v < study->variant_count && study->variants[v].name[0]; v++) {
        hr_text_add(out, "- **");
        add(study->variants[v].name, out);
        hr_text_add(out, "**: ");
        add(study->variants[v].summary, out);
        hr_text_add(out, "\n");
    }
    add_numbers(study, out);
    add_workloads(study, out);
    add_differences(study, out);
    add_claims(study, out);
    hr_text_add(out, "\n## How to repeat it\n\n    %s\n\n", r->command);
    viz_report_basis(study, out);
    hr_text_add(out, "\n\n<details><summary>Every assumption in force</summary>\n\n```\n");
    viz_report_assumptions(study, out);
    hr_text_add(out, "```\n\n</details>\n");
}
