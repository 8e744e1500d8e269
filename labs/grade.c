// labs/grade.c - see grade.h.
#include "labs/grade.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/json.h"

enum { RUN_SEED = 1, TEST_SEED = 20, QUICK = 4, LEAST = 10, MOST = 40 };

// Precision is no aim here: a mean may be as vague as it likes when the target is decided.
static sim_study_options options_of(uint64_t seed, int least, int most)
{
    sim_study_options o = sim_study_options_default();
    o.seed = seed;
    o.precision = INFINITY;
    o.least = least;
    o.most = most;
    return o;
}

sim_study_options lab_run_options(void) { return options_of(RUN_SEED, QUICK, QUICK); }

sim_study_options lab_test_options(void) { return options_of(TEST_SEED, LEAST, MOST); }

sim_verdict lab_verdict(const sim_study *study)
{
    sim_verdict all = SIM_HOLDS;
    for (size_t i = 0; i < study->claim_count; i++) {
        if (study->claims[i].verdict == SIM_FAILS)
            return SIM_FAILS;
        if (study->claims[i].verdict == SIM_UNDECIDED)
            all = SIM_UNDECIDED;
    }
    return all;
}

sim_estimate lab_measured(const lab *l, const sim_study *study, size_t i)
{
    const lab_target *target = &l->targets[i];
    // A component that the learner adds moves the numbers of the others: found by name. Those that targets name are not free to go.
    int component = target->component ? sim_model_column(study->variants[0].model, target->component) : -1;
    return sim_study_estimate(study, 0, target->metric, component);
}

static json_t *real(double x) { return isfinite(x) ? json_real(x) : json_null(); }

// As in the documents of run and compare: names carry the unit (p99_ms), ratios stay shares.
static json_t *target_json(const lab *l, const sim_study *study, size_t i)
{
    const sim_metric_row *metric = &sim_metrics[l->targets[i].metric];
    double factor = strcmp(metric->unit, "ms") == 0 ? metric->factor : 1;
    sim_estimate e = lab_measured(l, study, i);
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:{s:o,s:o,s:o}}", "id", l->claims[i].id, "title", l->targets[i].title, "expression",
                     l->claims[i].expression, "verdict", sim_verdict_name(study->claims[i].verdict), "metric", metric->json, "measured",
                     "value", real(e.value * factor), "low", real(e.low * factor), "high", real(e.high * factor));
}

char *lab_test_document(const lab *l, const char *folder, const sim_study *study, const hr_error *e)
{
    const char *verdict = study ? sim_verdict_name(lab_verdict(study)) : e->status == HR_UNDECIDED ? "undecided" : "refused";
    json_t *document = json_pack("{s:s,s:s,s:s,s:s}", "schema", "headroom/lab-test/1", "lab", l->id, "folder", folder, "verdict",
                                 verdict);
    HR_ASSERT(document != NULL);
    if (study) {
        json_t *targets = json_array();
        for (size_t i = 0; i < l->target_count; i++)
            json_array_append_new(targets, target_json(l, study, i));
        json_object_set_new(document, "targets", targets);
        json_object_set_new(document, "seed", sim_json_seed(study->seed));
        json_object_set_new(document, "replications", json_integer(study->replications));
    } else {
        json_object_set_new(document, "why", json_string(e->text));
    }
    char *text = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(12));
    json_decref(document);
    HR_ASSERT(text != NULL);
    return text;
}
