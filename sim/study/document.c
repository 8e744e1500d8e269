// sim/study/document.c - studies as JSON, and in the store of runs. No times of this machine are in them: the same study, the same bytes.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/store/store.h"
#include "sim/study/json.h"
#include "sim/study/study.h"

json_t *sim_json_real(double x)
{
    char digits[32];
    if (!isfinite(x))
        return json_null();
    snprintf(digits, sizeof digits, "%.12g", x);
    return json_real(strtod(digits, NULL));
}

json_t *sim_json_estimate(sim_estimate e, double factor)
{
    return json_pack("{s:o,s:o,s:o}", "value", sim_json_real(e.value * factor), "low", sim_json_real(e.low * factor), "high", sim_json_real(e.high * factor));
}

json_t *sim_json_seed(uint64_t seed)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, seed);
    return seed > UINT64_C(1) << 53 ? json_string(digits) : json_integer((json_int_t)seed);
}

// JSON names carry their unit (p50_ms), ratios stay shares.
static double json_factor(sim_metric metric)
{
    return strcmp(sim_metrics[metric].unit, "ms") == 0 ? 1e3 : 1;
}

static json_t *place_json(uint16_t number)
{
    return number == SIM_ALL_REPLICAS ? json_string("all") : number == SIM_ANY_REPLICA ? json_null() : json_integer(number);
}

// What happened in the first replication. to_s null: it is not over.
static json_t *faults_json(const sim_study_variant *variant)
{
    json_t *all = json_array();
    for (size_t i = 0; i < variant->fault_count; i++) {
        const sim_fault_run *run = &variant->faults[i];
        const sim_fault_def *f = sim_fault_def_of(variant->model, run);
        char *text = sim_fault_text(variant->model, f, run->replica, run->shard);
        json_array_append_new(all, json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:s}", "verb", sim_fault_rows[f->verb].verb, "target",
                                             f->ways ? f->links : variant->model->components[f->target].name, "shard",
                                             f->places > f->replicas ? place_json(run->shard) : json_null(), "replica",
                                             f->replicas > 1 && !f->ways ? place_json(run->replica) : json_null(), "from_s", sim_json_real((double)run->from * 1e-9),
                                             "to_s", run->to == HR_FOREVER ? json_null() : sim_json_real((double)run->to * 1e-9), "text", text));
        free(text);
    }
    return all;
}

static json_t *outcomes_json(const sim_tally *tally)
{
    json_t *all = json_object();
    for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
        json_object_set_new(all, sim_outcome_name((sim_outcome)o), json_integer((json_int_t)tally->outcome[o]));
    return all;
}

// Of each of several workloads what `components` does not say: how many requests it offered, and how they ended.
static json_t *workloads_json(const sim_study *study, size_t v)
{
    const sim_model *model = study->variants[v].model;
    json_t *all = json_object();
    for (uint32_t c = 0; c < model->column_count; c++)
        if (sim_study_is_workload(study, c)) {
            sim_tally tally = sim_study_tally(study, v, (int)c);
            json_object_set_new(all, model->columns[c].name, json_pack("{s:I,s:o}", "offered", (json_int_t)tally.offered, "outcomes", outcomes_json(&tally)));
        }
    return all;
}

static json_t *variant_json(const sim_study *study, size_t v)
{
    const sim_study_variant *variant = &study->variants[v];
    const sim_tally tally = sim_study_tally(study, v, -1);
    json_t *metrics = json_object(), *components = json_object();
    for (int m = 0; m < SIM_METRIC_COUNT; m++)
        if (!isnan(variant->estimate[m].value))
            json_object_set_new(metrics, sim_metrics[m].json, sim_json_estimate(variant->estimate[m], json_factor((sim_metric)m)));
    for (uint32_t c = 0; c < variant->model->column_count; c++) {
        json_t *one = json_object();
        for (int m = 0; m < SIM_METRIC_COUNT; m++) {
            sim_estimate e = sim_study_estimate(study, v, (sim_metric)m, (int)c);
            if (!isnan(e.value))
                json_object_set_new(one, sim_metrics[m].json, sim_json_estimate(e, json_factor((sim_metric)m)));
        }
        json_object_set_new(components, variant->model->columns[c].name, one);
    }
    json_t *all = json_pack("{s:s,s:s,s:o,s:o,s:o}", "name", variant->name, "summary", variant->summary, "metrics", metrics, "outcomes", outcomes_json(&tally),
                            "components", components);
    if (sim_study_workload_count(study) > 1)
        json_object_set_new(all, "workloads", workloads_json(study, v));
    if (sim_model_find(variant->model, "faults") >= 0)
        json_object_set_new(all, "faults", faults_json(variant));
    return all;
}

// What was asked of the intervals, and what came of it.
static json_t *precision_json(const sim_study *study)
{
    json_t *of = json_array();
    for (int m = 0; m < SIM_METRIC_COUNT; m++)
        if (study->watched[m])
            json_array_append_new(of, json_string(sim_metrics[m].word));
    return json_pack("{s:o,s:o,s:o,s:b,s:o}", "asked", sim_json_real(study->precision), "of", of, "reached", sim_json_real(sim_study_reached(study)),
                     "stopped", study->was_stopped, "replications_wanted", study->wanted ? json_integer((json_int_t)study->wanted) : json_null());
}

static json_t *common_json(const sim_study *study, const char *schema)
{
    json_t *objectives = json_array();
    for (size_t i = 0; i < study->objective_count; i++) {
        const sim_objective_result *o = &study->objectives[i];
        int metric = sim_metric_find(o->objective->metric);
        json_array_append_new(objectives, json_pack("{s:s,s:s,s:s,s:o,s:s}", "variant", study->variants[o->variant].name, "metric",
                                                    o->objective->metric, "limit", o->objective->text, "measured",
                                                    sim_json_estimate(o->measured, metric < 0 ? 1 : json_factor((sim_metric)metric)),
                                                    "verdict", sim_verdict_name(o->verdict)));
    }
    return json_pack("{s:s,s:s,s:s,s:o,s:i,s:b,s:o,s:s,s:i,s:o,s:o,s:b,s:o}", "schema", schema, "name", study->variants[0].model->name, "version",
                     HEADROOM_VERSION, "seed", sim_json_seed(study->seed), "replications", study->replications, "precise", study->is_precise,
                     "precision", precision_json(study), "intervals", study->pieces ? "batch means" : "replications", "lengthened",
                     study->lengthened, "warmup_s", sim_json_real((double)study->warmup / 1e9), "duration_s", sim_json_real((double)study->duration / 1e9), "warmup_found",
                     study->warmup_found, "objectives", objectives);
}

static char *finish(json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    json_decref(document);
    HR_ASSERT(text != NULL);
    return text;
}

char *sim_study_run_document(const sim_study *study)
{
    json_t *document = common_json(study, "headroom/run/1");
    json_t *variant = variant_json(study, 0);
    json_object_set_new(document, "variant", json_string(study->variants[0].name));
    json_object_del(variant, "name");
    json_object_del(variant, "summary");
    json_object_update(document, variant);
    json_decref(variant);
    return finish(document);
}

// Every other variant against the first, in pairs.
static json_t *differences_json(const sim_study *study)
{
    json_t *all = json_array();
    for (size_t v = 1; v < study->variant_count; v++)
        for (int m = 0; m < SIM_METRIC_COUNT; m++) {
            if (!sim_study_can_compare(study, 0, v, (sim_metric)m))
                continue;
            sim_paired paired = sim_study_compare(study, 0, v, (sim_metric)m);
            json_array_append_new(all, json_pack("{s:s,s:s,s:s,s:o,s:s}", "variant", study->variants[v].name, "against", study->variants[0].name,
                                                 "metric", sim_metrics[m].json, "difference",
                                                 sim_json_estimate(paired.difference, json_factor((sim_metric)m)), "verdict",
                                                 sim_verdict_name(paired.verdict)));
        }
    return all;
}

char *sim_study_compare_document(const sim_study *study)
{
    json_t *document = common_json(study, "headroom/compare/1"), *variants = json_array(), *claims = json_array();
    for (size_t v = 0; v < study->variant_count; v++)
        json_array_append_new(variants, variant_json(study, v));
    for (size_t i = 0; i < study->claim_count; i++) {
        const sim_claim_result *c = &study->claims[i];
        json_array_append_new(claims, json_pack("{s:s,s:s,s:s,s:s,s:n,s:s,s:o}", "id", c->claim->id, "source", c->claim->source,
                                                "expression", c->claim->expression, "verdict", sim_verdict_name(c->verdict), "live",
                                                "values", c->values, "margin", sim_json_estimate(c->margin, 1)));
    }
    hr_text sentence = {0};
    sim_study_sentence(study, &sentence);
    json_object_set_new(document, "sentence", json_string(sentence.data));
    free(sentence.data);
    json_object_set_new(document, "variants", variants);
    json_object_set_new(document, "differences", differences_json(study));
    json_object_set_new(document, "claims", claims);
    return finish(document);
}

hr_status sim_study_keep(const sim_study *study, const char *verb, const char *document, hr_status verdict, int64_t *id, hr_error *e)
{
    sim_store *store;
    hr_status status = sim_store_open(NULL, &store, e);
    if (status)
        return status;
    size_t series = 0, n = 0, claims = study->claim_count;
    for (size_t v = 0; v < study->variant_count; v++)
        series += study->variants[v].series_count;
    sim_store_series *rows = hr_alloc((series + 1) * sizeof *rows);
    sim_store_histogram *histograms = hr_alloc(study->variant_count * sizeof *histograms);
    sim_store_verdict *verdicts = hr_alloc((claims + study->objective_count + 1) * sizeof *verdicts);
    for (size_t v = 0; v < study->variant_count; v++) {
        const sim_study_variant *variant = &study->variants[v];
        for (size_t i = 0; i < variant->series_count; i++) {
            const sim_study_series *s = &variant->series[i];
            rows[n++] = (sim_store_series){variant->name, s->component, s->gauge, NULL, study->grid, s->values, s->count};
        }
        histograms[v] = (sim_store_histogram){variant->name, "all", "response", &variant->latency, sizeof variant->latency};
    }
    for (size_t i = 0; i < claims; i++)
        verdicts[i] = (sim_store_verdict){study->claims[i].claim->id, study->claims[i].claim->expression, sim_verdict_name(study->claims[i].verdict)};
    for (size_t i = 0; i < study->objective_count; i++)
        verdicts[claims + i] = (sim_store_verdict){study->objectives[i].objective->metric, study->objectives[i].objective->text,
                                                   sim_verdict_name(study->objectives[i].verdict)};
    const sim_model *model = study->variants[0].model;
    sim_store_run run = {.verb = verb, .name = model->name, .variant = study->variant_count == 1 ? study->variants[0].name : NULL,
                         .scenario_text = model->text, .version = HEADROOM_VERSION, .document = document, .seed = study->seed,
                         .status = verdict, .series = rows, .series_count = n, .histograms = histograms,
                         .histogram_count = study->variant_count, .verdicts = verdicts, .verdict_count = claims + study->objective_count};
    status = sim_store_add(store, &run, id, e);
    free(rows);
    free(histograms);
    free(verdicts);
    sim_store_close(store);
    return status;
}
