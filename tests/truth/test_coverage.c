// tests/truth/test_coverage.c - 400 small experiments each on M/M/1 and M/G/1: the 95 % intervals of mean, p95 and of a paired difference
// cover the true value between 92 % and 98 % of the time: with a fixed number of replications, when a precision is asked for and the study
// finds the number, when an undecided claim prolongs it, and by batch means of one long run.
// Release builds only: a debug build would take minutes for the same figures.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/stats/queueing/queueing.h"
#include "sim/study/study.h"

enum { EXPERIMENTS = 400, REPLICATIONS = 10, EXIT_SKIPPED = 77 };

static const double rate = 0.5, least = 0.92, most = 0.98;         // issue: between 92 % and 98 %

// With variants `slow` and `fast` when there is a second demand; `more` is added to the scenario. The first sixth is warm-up.
static sim_model *variant(const char *demand, const char *other, double duration_s, const char *name, const char *more)
{
    char *text = hr_format("scenario: q\ncomponents: {s: {kind: service, workers: 1, queue: 1G, on: {serve: [{wait: \"%s\"}]}}}\n"
                           "workload: {c: {rate: %g/s, call: s.serve, timeout: none}}\nrun: {duration: %gs, warmup: %gs, sample: %gs}\n"
                           "variants: {slow: {}, fast: {s.on.serve: [{wait: \"%s\"}]}}\n%s",
                           demand, rate, duration_s, duration_s / 6, duration_s, other, more);
    hr_error e = {0};
    sim_model *model;
    if (sim_model_parse("q", text, strlen(text), name, &model, &e))
        fail_msg("%s", e.text);
    free(text);
    return model;
}

static sim_model *station(const char *demand) { return variant(demand, demand, 12000, "slow", ""); }

static sim_study *study_of(sim_model *const *models, size_t count, const sim_study_options *options)
{
    hr_error e = {0};
    sim_study *study;
    if (sim_study_run(models, count, options, &study, &e))
        fail_msg("%s", e.text);
    return study;
}

// What an interval covers, and its planted twin: one that takes each replication for two and so is narrower by the root of 2.
typedef struct { int right, twin; } tally;

static void count(tally *t, sim_estimate e, double truth)
{
    double half = (e.high - e.low) / 2 / sqrt(2);
    t->right += e.low <= truth && truth <= e.high;
    t->twin += e.value - half <= truth && truth <= e.value + half;
}

static void judge(const char *what, tally t)
{
    double right = (double)t.right / EXPERIMENTS, twin = (double)t.twin / EXPERIMENTS;
    printf("%s: covers %.4f, twin %.4f\n", what, right, twin);
    assert_true(right >= least && right <= most);
    assert_true(twin < least);
}

// `slow` and `fast` are two demands at the same rate; the truth is given for both means and for the p95 of `slow`.
static void repeat(const char *name, const char *slow, const char *fast, double mean, double p95, double difference)
{
    tally of_mean = {0}, of_p95 = {0}, of_difference = {0};
    for (int i = 0; i < EXPERIMENTS; i++) {
        sim_model *models[] = {station(slow), station(fast)};
        sim_study_options options = sim_study_options_default();
        options.seed = (uint64_t)(i + 1);
        options.least = options.most = REPLICATIONS;
        options.threads = 1;
        sim_study *study = study_of(models, 2, &options);
        count(&of_mean, sim_study_estimate(study, 0, SIM_METRIC_mean, -1), mean);
        count(&of_p95, sim_study_estimate(study, 0, SIM_METRIC_p95, -1), p95);
        count(&of_difference, sim_study_compare(study, 0, 1, SIM_METRIC_mean).difference, difference);
        sim_study_free(study);
    }
    char what[96];
    snprintf(what, sizeof what, "%s mean", name);
    judge(what, of_mean);
    snprintf(what, sizeof what, "%s p95", name);
    judge(what, of_p95);
    snprintf(what, sizeof what, "%s paired difference", name);
    judge(what, of_difference);
}

static void test_mm1_intervals_cover(void **state)
{
    (void)state;
    repeat("M/M/1", "exp(1s)", "exp(900ms)", sim_mmc(rate, 1, 1).W, sim_mmc_response_quantile(rate, 1, 1, 0.95),
           sim_mmc(rate, 0.9, 1).W - sim_mmc(rate, 1, 1).W);
}

// M/E2/1 with mean service 1: the transform of the response time (Kleinrock I 5.7) becomes 4 (1 - rate) / (z^2 + (4 - rate) z + 4 (1 - rate)),
// so the response is the sum of two exponentials whose rates a < b are the zeros, and P(W > t) = (b e^-at - a e^-bt) / (b - a).
static double e2_response_quantile(double q)
{
    double root = sqrt(rate * rate + 8 * rate), a = (4 - rate - root) / 2, b = (4 - rate + root) / 2, low = 0, high = 1000;
    while (high - low > 1e-12) {
        double t = (low + high) / 2;
        *((b * exp(-a * t) - a * exp(-b * t)) / (b - a) > 1 - q ? &low : &high) = t;
    }
    return low;
}

static void test_mg1_intervals_cover(void **state)
{
    (void)state;
    repeat("M/E2/1", "erlang(2, 1s)", "erlang(2, 900ms)", sim_mg1(rate, 1, 0.5).W, e2_response_quantile(0.95),
           sim_mg1(rate, 0.9, 0.5).W - sim_mg1(rate, 1, 0.5).W);
}

// Precision in, length out: replications of 1000 requests, so that the first look is not enough.
static void ask(double precision, sim_metric metric, double truth)
{
    tally t = {0};
    int replications = 0, looks = 0, longer = 0, off = 0;
    for (int i = 0; i < EXPERIMENTS; i++) {
        sim_model *model = variant("exp(1s)", "exp(1s)", 2400, "slow", "");
        sim_study_options options = sim_study_options_default();
        options.seed = (uint64_t)(i + 1);
        options.threads = 1;
        options.precision = precision;
        memset(options.watched, 0, sizeof options.watched);
        options.watched[metric] = true;
        options.most = 100000;
        options.may_lengthen = true;
        sim_study *study = study_of(&model, 1, &options);
        sim_estimate e = study->variants[0].estimate[metric];
        assert_true(study->is_precise && sim_study_reached(study) <= precision);
        count(&t, e, truth);
        off += fabs(e.value - truth) > precision * truth;
        replications += study->replications;
        looks += study->looks;
        longer += study->lengthened;
        sim_study_free(study);
    }
    char what[96];
    snprintf(what, sizeof what, "M/M/1 %s to %g %%", sim_metrics[metric].word, precision * 100);
    printf("%s: %.1f replications, %.2f looks, %.2f doublings; farther off than asked: %.4f\n", what, (double)replications / EXPERIMENTS,
           (double)looks / EXPERIMENTS, (double)longer / EXPERIMENTS, (double)off / EXPERIMENTS);
    judge(what, t);
    assert_true((double)off / EXPERIMENTS <= 1 - least);
}

static void test_intervals_cover_when_a_precision_is_asked_for(void **state)
{
    (void)state;
    double mean = sim_mmc(rate, 1, 1).W, p95 = sim_mmc_response_quantile(rate, 1, 1, 0.95);
    ask(0.05, SIM_METRIC_mean, mean);
    ask(0.05, SIM_METRIC_p95, p95);
    ask(0.02, SIM_METRIC_mean, mean);
    ask(0.02, SIM_METRIC_p95, p95);
}

// The worst case of a claim: its margin is truly zero, so every verdict is wrong, and its sign alone says when the study ends. The interval
// of the difference excludes the truth whenever the claim is decided, so it shows that too.
static void test_difference_covers_when_its_claim_prolongs_the_study(void **state)
{
    (void)state;
    double truth = sim_mmc(rate, 0.9, 1).W - sim_mmc(rate, 1, 1).W;
    tally t = {0};
    int decided = 0, replications = 0;
    char *claims = hr_format("claims: [{id: c, source: s, holds: mean(slow) - mean(fast) < %.15g s}]\n", -truth);
    for (int i = 0; i < EXPERIMENTS; i++) {
        sim_model *models[] = {variant("exp(1s)", "exp(900ms)", 2400, "slow", claims), variant("exp(1s)", "exp(900ms)", 2400, "fast", claims)};
        sim_study_options options = sim_study_options_default();
        options.seed = (uint64_t)(i + 1);
        options.threads = 1;
        options.precision = 0.2;
        sim_study *study = study_of(models, 2, &options);
        assert_int_equal(study->claim_count, 1);
        decided += study->claims[0].verdict != SIM_UNDECIDED;
        replications += study->replications;
        count(&t, sim_study_compare(study, 0, 1, SIM_METRIC_mean).difference, truth);
        sim_study_free(study);
    }
    free(claims);
    printf("claim without a margin: %.1f replications, decided %.4f\n", (double)replications / EXPERIMENTS, (double)decided / EXPERIMENTS);
    judge("difference whose claim prolongs the study", t);
}

static void test_batch_means_of_one_run_cover(void **state)
{
    (void)state;
    double mean = sim_mmc(rate, 1, 1).W, p95 = sim_mmc_response_quantile(rate, 1, 1, 0.95);
    tally of_mean = {0}, of_p95 = {0}, of_busy = {0};
    for (int i = 0; i < EXPERIMENTS; i++) {
        sim_model *model = variant("exp(1s)", "exp(1s)", 60000, "slow", "");
        sim_study_options options = sim_study_options_default();
        options.seed = (uint64_t)(i + 1);
        options.threads = options.least = options.most = 1;
        sim_study *study = study_of(&model, 1, &options);
        count(&of_mean, study->variants[0].estimate[SIM_METRIC_mean], mean);
        count(&of_p95, study->variants[0].estimate[SIM_METRIC_p95], p95);
        count(&of_busy, sim_study_estimate(study, 0, SIM_METRIC_utilisation, sim_model_find(study->variants[0].model, "s")), rate);
        sim_study_free(study);
    }
    judge("M/M/1 mean by batch means", of_mean);
    judge("M/M/1 p95 by batch means", of_p95);
    judge("M/M/1 utilisation by batch means", of_busy);
}

int main(void)
{
#ifndef NDEBUG
    printf("not a release build: skipped\n");
    return EXIT_SKIPPED;
#endif
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mm1_intervals_cover), cmocka_unit_test(test_mg1_intervals_cover),
                                       cmocka_unit_test(test_intervals_cover_when_a_precision_is_asked_for),
                                       cmocka_unit_test(test_difference_covers_when_its_claim_prolongs_the_study),
                                       cmocka_unit_test(test_batch_means_of_one_run_cover)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
