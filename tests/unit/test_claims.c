// tests/unit/test_claims.c - what claims say that they compared: each side with the unit that its expression has.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/study/dimension.h"

// Nothing varies: `a` answers after 5 ms, `b` after 10 ms, both twice a second, and a core costs 0.5 $/h.
static sim_study *study_of(const char *expression)
{
    hr_error e = {0};
    char *text = hr_format("scenario: t\ncomponents: {s: {kind: service, cores: 2, memory: 0B, on: {go: [{wait: 5ms}]}}}\n"
                           "workload: {w: {rate: 2/s, arrivals: constant, call: s.go, objective: 1s}}\nprices: {core: 0.5 $/h}\n"
                           "variants: {a: {}, b: {s.on.go: [{wait: 10ms}]}}\nrun: {duration: 10250ms, warmup: 250ms}\n"
                           "claims: [{id: i, source: s, holds: \"%s\"}]\n", expression);
    sim_model *models[2];
    sim_study *study = NULL;
    sim_study_options options = sim_study_options_default();
    options.least = options.most = 2;
    for (int i = 0; i < 2; i++)
        if (sim_model_parse("t", text, strlen(text), i == 0 ? "a" : "b", &models[i], &e))
            fail_msg("%s", e.text);
    if (sim_claims_check(models[0], &e) || sim_study_run(models, 2, &options, &study, &e))
        fail_msg("%s", e.text);
    free(text);
    return study;
}

static void test_values_have_the_unit_of_their_expression(void **state)
{
    (void)state;
    static const struct { const char *expression, *values; } rows[] = {
        {"p50(b) < 3 * p50(a)", "10 ms < 15 ms"},
        {"p50(b) / p50(a) < 3", "2 < 3"},                          // a ratio of equal units has none
        {"p50(b) / 2 < p50(a) + 1ms", "5 ms < 6 ms"},
        {"10ms / p50(a) < 3", "2 < 3"},
        {"p50(a) / goodput(b) < 10", "2.5 ms per /s < 1e+04 ms per /s"},   // of different ones both, and a bare number is one of base units
        {"cost(a) / goodput(a) < 1", "0.5 $/h per /s < 1 $/h per /s"},
        {"(cost(a) / goodput(a)) / (cost(b) / goodput(b)) < 1.5", "1 < 1.5"},
        {"1 / p50(a) > 0", "0.2 per ms > 0 per ms"},
        {"p50(a) * goodput(a) < 1", "0.01 < 1"},                   // Little's law
        {"errors(a) / good(a) < 0.5", "0 < 0.5"},
        {"1 - errors(a) > 0.5 * good(a)", "100 % > 50 %"},
        {"good(a) * p50(a) < 6ms", "5 ms < 6 ms"},
        {"p50(a) / p50(b) < 0.6 and p50(a) < 6ms and good(a) > 99%", "0.5 < 0.6 and 5 ms < 6 ms and 100 % > 99 %"}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        sim_study *study = study_of(rows[i].expression);
        if (strcmp(study->claims[0].values, rows[i].values) != 0)
            fail_msg("%s: %s, want %s", rows[i].expression, study->claims[0].values, rows[i].values);
        char *document = sim_study_compare_document(study), *want = hr_format("\"values\": \"%s\"", rows[i].values);
        assert_non_null(strstr(document, want));
        free(want);
        free(document);
        sim_study_free(study);
    }
}

// The words for units that such a small world has not.
static void test_units_are_written_in_their_words(void **state)
{
    (void)state;
    static const struct { sim_metric above, below; bool divides; double value; const char *text; } rows[] = {
        {SIM_METRIC_connections, SIM_METRIC_COUNT, false, 12, "12"},
        {SIM_METRIC_shard_imbalance, SIM_METRIC_COUNT, false, 1.25, "1.25 x"},
        {SIM_METRIC_reshard, SIM_METRIC_COUNT, false, 20, "20 s"},
        {SIM_METRIC_reshard, SIM_METRIC_p99, true, 20, "20"},
        {SIM_METRIC_p99, SIM_METRIC_queue, true, 0.004, "4 ms per call"},
        {SIM_METRIC_goodput, SIM_METRIC_replicas, true, 100, "100 /s per replica"},
        {SIM_METRIC_cost, SIM_METRIC_goodput, true, 0.000125, "0.000125 $/h per /s"},
        {SIM_METRIC_lost_writes, SIM_METRIC_cost_per_million, true, 3, "3 writes per $"},
        {SIM_METRIC_p99, SIM_METRIC_p50, false, 0.000004, "4 ms^2"},
        {SIM_METRIC_queue, SIM_METRIC_p50, false, 0.004, "4 ms·calls"}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        char text[80];
        sim_dimension d = sim_dimension_of(rows[i].above);
        if (rows[i].below != SIM_METRIC_COUNT)
            d = sim_dimension_product(d, sim_dimension_of(rows[i].below), rows[i].divides);
        assert_string_equal(sim_dimension_show(&d, rows[i].value, text, sizeof text), rows[i].text);
    }
}

static void test_what_is_of_another_kind_is_refused(void **state)
{
    (void)state;
    static const struct { const char *expression, *message; } rows[] = {
        {"p50(a) / p50(b) < 5ms", "this has another unit"}, {"p50(a) * goodput(a) < 5ms", "this has another unit"},
        {"p50(a) < 5", "want a time"}, {"p50(a) + goodput(a) < 5", "want a time"}, {"goodput(a) < 5ms", "want a rate"},
        {"cost(a) < 0.5", "want a price"}, {"p50(a) / (p50(b) / p50(a)) < 0.5", "want a time"}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        hr_error e = {0};
        sim_model *model;
        char *text = hr_format("scenario: t\ncomponents: {s: {kind: service, on: {go: [{wait: 5ms}]}}}\nworkload: {w: {rate: 2/s, call: s.go}}\n"
                               "variants: {a: {}, b: {}}\nclaims: [{id: i, source: s, holds: \"%s\"}]\n", rows[i].expression);
        assert_int_equal(sim_model_parse("t", text, strlen(text), "a", &model, &e), HR_OK);
        if (sim_claims_check(model, &e) != HR_BAD_INPUT || !strstr(e.text, rows[i].message))
            fail_msg("%s: want '%s': %s", rows[i].expression, rows[i].message, e.text);
        sim_model_free(model);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_have_the_unit_of_their_expression),
        cmocka_unit_test(test_units_are_written_in_their_words),
        cmocka_unit_test(test_what_is_of_another_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
