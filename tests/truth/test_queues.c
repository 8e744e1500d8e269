// tests/truth/test_queues.c - M/M/1, M/M/c and M/G/1 written as scenarios against the formulas, inside the 99 % interval.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/study/study.h"

// Mean response time over 30 replications, with its 99 % interval; the seed is fixed and not shopped for.
static sim_estimate response(const char *servers, const char *rate, const char *demand)
{
    char *text = hr_format("scenario: q\ncomponents:\n  s: {kind: service, workers: %s, queue: 1G, on: {serve: [{wait: %s}]}}\n"
                           "workload:\n  c: {rate: %s, call: s.serve, timeout: none}\nrun: {duration: 40000s, warmup: 2000s, sample: 1000s}\n",
                           servers, demand, rate);
    hr_error e = {0};
    sim_model *model;
    sim_study *study;
    if (sim_model_parse("q", text, strlen(text), "", &model, &e))
        fail_msg("%s", e.text);
    free(text);
    sim_study_options options = sim_study_options_default();
    options.least = options.most = 30;
    assert_int_equal(sim_study_run(&model, 1, &options, &study, &e), HR_OK);
    double x[30];
    for (int r = 0; r < 30; r++)
        x[r] = sim_study_value(study, 0, r, SIM_METRIC_mean, -1);
    sim_study_free(study);
    return sim_mean_interval(x, 30, 0.99);
}

static void compare(const char *law, sim_estimate got, double exact)
{
    printf("%s: %.5f s, simulated %.5f (%.5f to %.5f)\n", law, exact, got.value, got.low, got.high);
    assert_true((got.high - got.low) / 2 < 0.03 * exact);            // narrow enough to tell right from wrong
    assert_true(got.low <= exact && exact <= got.high);
}

static void test_mm1(void **state)
{
    (void)state;
    compare("M/M/1 at 0.8", response("1", "0.8/s", "exp(1s)"), 5.0);
}

static void test_mmc(void **state)
{
    (void)state;
    compare("M/M/8 at 0.8", response("8", "6.4/s", "exp(1s)"), 1.2860281);       // Erlang C
}

static void test_mg1(void **state)
{
    (void)state;
    // Pollaczek-Khinchine: Wq = rho * s * (1 + scv) / 2 / (1 - rho)
    compare("M/D/1 at 0.7", response("1", "0.7/s", "1s"), 1 + 0.7 * (1 + 0.0) / 2 / 0.3);
    compare("M/E4/1 at 0.7", response("1", "0.7/s", "erlang(4, 1s)"), 1 + 0.7 * (1 + 0.25) / 2 / 0.3);
    sim_dist_def d = {.kind = SIM_DIST_lognormal, .a = 0.8, .b = log(4.0 / 0.8) / 2.3263478740408408};
    double s = sim_dist_mean(&d), rho = 0.5 * s;
    compare("M/G/1 lognormal", response("1", "0.5/s", "lognormal(p50=800ms, p99=4s)"), s + rho * s * (1 + sim_dist_scv(&d)) / 2 / (1 - rho));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mm1), cmocka_unit_test(test_mmc), cmocka_unit_test(test_mg1)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
