// tests/unit/test_measure.c - figures of a study that have a column of their own: those of queues and workloads, against sums made by hand.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/study/study.h"

#define PARTS "scenario: t\ncomponents:\n" \
    "  s: {kind: service, on: {a: [{publish: mq.work}], b: [{publish: mq.left}]}}\n" \
    "  c: {kind: service, consume: {from: mq.work, call: do}, on: {do: [{wait: 50ms}]}}\n" \
    "  mq: {kind: broker, demand: 0s, persist: 0s, network: 0s, queues: {work: {}, left: {}}}\n" \
    "workload: {a: {rate: 10/s, arrivals: constant, call: s.a}, b: {rate: 5/s, arrivals: constant, call: s.b}}\n" \
    "variants: {base: {}}\nrun: {duration: 10s, warmup: 0}\n"

static sim_model *model_of(const char *claim)
{
    hr_error e = {0};
    char *text = hr_format(PARTS "claims: [{id: i, source: s, holds: \"%s\"}]\n", claim);
    sim_model *model = NULL;
    if (sim_model_parse("t", text, strlen(text), "base", &model, &e))
        fail_msg("%s", e.text);
    free(text);
    return model;
}

static double value(const sim_study *study, sim_metric metric, const char *column)
{
    return sim_study_value(study, 0, 0, metric, sim_model_column(study->variants[0].model, column));
}

// Of `left`, which nobody consumes, messages are sent at 0.2 s, 0.4 s … 9.8 s, are there a microsecond later and stay: (0.2 × (1 + … + 49) - 49 × 1e-6) / 10
// wait on average. Those of `work` never wait.
static void test_each_queue_has_its_figures(void **state)
{
    (void)state;
    hr_error e = {0};
    sim_model *model = model_of("queue(base, mq.left) > 24.4 + queue(base, mq.work)");
    assert_int_equal(sim_claims_check(model, &e), HR_OK);
    sim_study_options options = sim_study_options_default();
    options.least = options.most = 1;
    sim_study *study;
    if (sim_study_run(&model, 1, &options, &study, &e))
        fail_msg("%s", e.text);
    print_message("left %.9g, work %g, both %g\n", value(study, SIM_METRIC_queue, "mq.left"), value(study, SIM_METRIC_queue, "mq.work"), value(study, SIM_METRIC_queue, "mq"));
    assert_true(fabs(value(study, SIM_METRIC_queue, "mq.left") - (24.5 - 4.9e-6)) < 1e-9);
    assert_true(value(study, SIM_METRIC_queue, "mq.work") == 0);
    assert_true(value(study, SIM_METRIC_queue, "mq") == value(study, SIM_METRIC_queue, "mq.left"));
    assert_true(fabs(value(study, SIM_METRIC_messages, "mq.left") - 4.9) < 1e-9);
    assert_true(fabs(value(study, SIM_METRIC_messages, "mq.work") - 9.9) < 1e-9);
    assert_true(fabs(value(study, SIM_METRIC_messages, "mq") - 14.8) < 1e-9);
    assert_true(fabs(value(study, SIM_METRIC_message_p50, "mq.work") - 0.05) < 0.001);
    assert_true(isnan(value(study, SIM_METRIC_message_p50, "mq.left")));
    assert_int_equal(study->claims[0].verdict, SIM_UNDECIDED);     // of one replication there is no interval
    sim_study_free(study);
}

static void test_a_queue_that_is_not_there_is_told(void **state)
{
    (void)state;
    hr_error e = {0};
    sim_model *model = model_of("queue(base, mq.worc) < 1");
    assert_int_equal(sim_claims_check(model, &e), HR_BAD_INPUT);
    sim_model_free(model);
    assert_non_null(strstr(e.text, "mq.worc"));
    assert_non_null(strstr(e.text, "did you mean 'mq.work'"));
}

static sim_study *study_of(const char *workload, int replications)
{
    hr_error e = {0};
    char *text = hr_format("scenario: t\ncomponents: {s: {kind: service, workers: 1000, on: {quick: [{wait: 5ms}], slow: [{wait: 2s}], never: [{wait: 1h}]}}}\n"
                           "workload: {%s}\nrun: {duration: 10s, warmup: 0}\n", workload);
    sim_model *model = NULL;
    sim_study *study;
    if (sim_model_parse("t", text, strlen(text), "", &model, &e))
        fail_msg("%s", e.text);
    free(text);
    sim_study_options options = sim_study_options_default();
    options.least = options.most = replications;
    if (sim_study_run(&model, 1, &options, &study, &e))
        fail_msg("%s", e.text);
    return study;
}

// Requests at 0.05 s, 0.1 s … 9.95 s are answered after 5 ms; those at 0.1 s … 9.9 s run into their timeout of 1 s, all of them; those at 0.2 s … 9.8 s
// are still under way when the drain has waited ten times the window and a minute for them.
static void test_each_workload_has_its_row(void **state)
{
    (void)state;
    sim_study *study = study_of("q: {rate: 20/s, arrivals: constant, call: s.quick}, t: {rate: 10/s, arrivals: constant, call: s.slow, timeout: 1s},"
                                "n: {rate: 5/s, arrivals: constant, call: s.never, timeout: none}", 2);
    static const char *const want[] = {
        "workload", "offered, /s", "goodput, /s", "timeout, %", "unanswered, %", "p50, ms", "p95, ms", "p99, ms",
        "q", "19.90 ±0.00", "19.90 ±0.00", "0 ±0", "0 ±0", "5.000 ±0.000", "5.000 ±0.000", "5.000 ±0.000",
        "t", "9.900 ±0.000", "0 ±0", "100.0 ±0.0", "0 ±0", "1000 ±0", "1000 ±0", "1000 ±0",
        "n", "4.900 ±0.000", "0 ±0", "0 ±0", "100.0 ±0.0", "-", "-", "-"};
    sim_study_table t;
    assert_true(sim_study_workloads(study, &t));
    assert_int_equal(t.columns, 8);
    assert_int_equal(t.names, 1);
    assert_int_equal(t.count, HR_COUNT(want));
    for (size_t i = 0; i < t.count; i++)
        assert_string_equal(t.cell[i], want[i]);
    sim_study_table_free(&t);
    char *document = sim_study_run_document(study);
    assert_non_null(strstr(document, "\"workloads\": {\n    \"q\": {\n      \"offered\": 398,\n      \"outcomes\": {\n        \"ok\": 398,"));
    free(document);
    sim_study_free(study);
}

// Of one long run the intervals come from its 32 pieces: each has six or seven requests of the one workload, and of the other as many timeouts as
// requests, but for the pieces of the first second, where none has ended: a trend, of which no interval is known.
static double offered_per_s(const sim_tally *t, double seconds, int unused)
{
    (void)unused;
    return (double)t->offered / seconds;
}

static double share(const sim_tally *t, double seconds, int outcome)
{
    (void)seconds;
    return t->offered ? (double)t->outcome[outcome] / (double)t->offered : 0;
}

static void test_one_long_run_has_intervals_by_its_pieces(void **state)
{
    (void)state;
    sim_study *study = study_of("q: {rate: 20/s, arrivals: constant, call: s.quick}, t: {rate: 10/s, arrivals: constant, call: s.slow, timeout: 1s}", 1);
    const uint32_t q = 1;                      // the service is column 0
    sim_estimate offered = sim_study_estimate_of(study, 0, (int)q, offered_per_s, 0), late = sim_study_estimate_of(study, 0, (int)q + 1, share, SIM_timeout);
    assert_true(fabs(offered.value - 19.9) < 1e-9 && offered.low < 19.9 && offered.high > 19.9 && offered.high - offered.low < 2);
    assert_true(late.value == 1 && late.low < 1);
    sim_study_free(study);
}

static void test_one_workload_is_the_whole(void **state)
{
    (void)state;
    sim_study *study = study_of("q: {rate: 20/s, arrivals: constant, call: s.quick}", 2);
    sim_study_table t;
    assert_false(sim_study_workloads(study, &t));
    char *document = sim_study_run_document(study);
    assert_null(strstr(document, "\"workloads\""));
    free(document);
    sim_study_free(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_queue_has_its_figures), cmocka_unit_test(test_a_queue_that_is_not_there_is_told),
                                       cmocka_unit_test(test_each_workload_has_its_row),
                                       cmocka_unit_test(test_one_long_run_has_intervals_by_its_pieces), cmocka_unit_test(test_one_workload_is_the_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
