// sim/study/theory_document.c - the table of checks, and one model's exact values, as JSON and Markdown.
#include <math.h>
#include <stdlib.h>

#include "sim/study/json.h"
#include "sim/study/theory.h"

static char *dump(json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2));
    json_decref(document);
    return text;
}

static json_t *row_json(const sim_theory_row *row)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:s,s:s}", "title", row->title, "model", row->model, "parameters", row->parameters,
                     "quantity", sim_quantities[row->quantity].name, "exact", sim_json_real(row->exact), "simulated",
                     sim_json_estimate(row->simulated, 1), "sharpness", sim_json_real(sim_theory_sharpness(row)), "allowance",
                     sim_json_real(row->allowance), "relation",
                     row->is_bound ? "at most" : "equal", "verdict", row->agrees ? "agrees" : "disagrees");
}

char *sim_theory_document(const sim_theory_table *table)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < table->count; i++)
        json_array_append_new(rows, row_json(&table->rows[i]));
    return dump(json_pack("{s:s,s:o,s:i,s:f,s:b,s:o}", "schema", "headroom/theory/1", "seed", sim_json_seed(table->seed), "replications",
                          table->replications, "confidence", table->confidence, "stopped", (int)table->was_stopped, "rows", rows));
}

char *sim_theory_answer_document(const sim_theory_model *model, const char *parameters, const sim_theory_answer *answer)
{
    json_t *quantities = json_object();
    for (int q = 0; q < SIM_QUANTITY_COUNT; q++)
        if (!isnan(answer->value[q]))
            json_object_set_new(quantities, sim_quantities[q].name, sim_json_real(answer->value[q]));
    return dump(json_pack("{s:s,s:s,s:s,s:s,s:o}", "schema", "headroom/theory/1", "model", model->name, "parameters", parameters, "source",
                          model->source, "quantities", quantities));
}

static const char opening[] =
    "# The engine against queueing theory\n\n"
    "This page is made by `headroom theory --markdown`. Each row simulates a scenario whose answer is known exactly and compares the two.\n"
    "The interval of each row is so wide that all rows together hold with %.0f %% (Bonferroni). `W` is the response time, `Lq` the number\n"
    "waiting, `W_p95` the 95th percentile of the response time; times are in seconds. *Sharpness* is half the width of the interval in\n"
    "relation to the exact value: an engine that erred by twice as much would be found out. *Allowance* is what the two may differ beside\n"
    "chance: quantiles are read from buckets that are at most 0.8 %% off; Che's formula and \"500 servers for infinitely many\" approximate.\n\n"
    "%zu of %zu rows agree. Seed %llu, %d replications a check, %.0f s of processor time shared by %d threads\n"
    "(`--quick` simulates a tenth of the requests).\n\n"
    "| check | parameters | quantity | exact | simulated | sharpness | allowance | verdict |\n|---|---|---|---|---|---|---|---|\n";

static const char closing[] =
    "\n## What the table does not cover, and why\n\n"
    "- The response-time *distribution* is checked for M/M/c and M/M/infinity only: for the others the books give transforms, not quantiles.\n"
    "- Fork and join is checked with two branches: for more the books give bounds and approximations.\n"
    "- Kingman's formula is an upper bound, so its rows only find an engine that is too slow; they show how close the bound is.\n"
    "\nRows share their random numbers, request by request, so neighbours tend to err on the same side. That makes them no less right:\n"
    "Bonferroni's inequality holds whatever the rows have in common.\n";

char *sim_theory_markdown(const sim_theory_table *table)
{
    size_t agree = 0;
    for (size_t i = 0; i < table->count; i++)
        agree += table->rows[i].agrees;
    hr_text text = {0};
    hr_text_add(&text, opening, table->confidence * 100, agree, table->count, (unsigned long long)table->seed, table->replications,
                table->cpu_s, table->threads);
    for (size_t i = 0; i < table->count; i++) {
        const sim_theory_row *r = &table->rows[i];
        hr_text_add(&text, "| %s | `%s` | %s | %s%.5g | %.5g (%.5g to %.5g) | %.2g %% | ", r->title, r->parameters, sim_quantities[r->quantity].name,
                    r->is_bound ? "≤ " : "", r->exact, r->simulated.value, r->simulated.low, r->simulated.high,
                    sim_theory_sharpness(r) * 100);
        if (r->allowance > 0)
            hr_text_add(&text, "%.2g %%", r->allowance * 100);
        hr_text_add(&text, " | %s |\n", r->agrees ? "agrees" : "**disagrees**");
    }
    hr_text_add(&text, "%s", closing);
    return text.data;
}
