// tests/truth/test_theory.c - every exact value of queueing.tsv is reproduced, and the engine agrees with the formulas.
// The file lies in the folder HR_SHARED_DIR; without it the test is skipped (77) after everything that needs no file has passed.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/study/theory.h"

static const char *const truth_path = HR_SHARED_DIR "/truth/queueing.tsv";
static const double file_tolerance = 1e-6;                         // the file has 8 digits
enum { EXIT_SKIPPED = 77 };
#ifdef NDEBUG
static const double effort = 0.2, twins_found = 0.8;               // of the requests of the full table; of the rows 8 % off that are noticed
#else
static const double effort = 0.1, twins_found = 0.7;               // shorter runs would not leave the beginning behind
#endif

static double relative_error(double got, double want)
{
    return got == want ? 0 : fabs(got - want) / fmax(fabs(want), 1e-300);
}

// Exact value of one quantity; `stretch` multiplies every time and number that means work, for the planted twin.
static double exact_of(const char *name, const char *parameters, const char *quantity, double stretch)
{
    hr_error e = {0};
    const sim_theory_model *model;
    sim_theory_arguments a;
    sim_theory_answer answer;
    if (sim_theory_named(name, &model, &e) || sim_theory_read(model, parameters, &a, &e))
        fail_msg("%s %s: %s", name, parameters, e.text);
    for (int i = 0; model->parameters[i].name; i++)
        if (model->parameters[i].kind != SIM_THEORY_WHOLE)
            a.value[i] *= stretch;
    for (int i = 0; i < a.times_count; i++)
        a.times[i] *= stretch;
    if (sim_theory_compute(model, &a, &answer, &e))
        fail_msg("%s %s: %s", name, parameters, e.text);
    int q = sim_quantity_find(quantity);
    return q < 0 ? NAN : answer.value[q];
}

// The network of the file: arrivals 1/s to station 1; 1→2 0.6, 1→3 0.4; 2→1 0.2, 3→1 0.1, else out; mean services 0.5, 0.9, 1.2 s.
// Visits solve the traffic equations; iterating them converges, for all requests leave in the end.
static double jackson3(double stretch)
{
    double visits[3] = {1, 0, 0};
    for (int round = 0; round < 200; round++) {
        double back = 0.2 * visits[1] + 0.1 * visits[2], first = visits[0];
        visits[0] = 1 + back;
        visits[1] = 0.6 * first;
        visits[2] = 0.4 * first;
    }
    char *text = hr_format("arrival=1/s demands=%.12fs,%.12fs,%.12fs", visits[0] * 0.5, visits[1] * 0.9, visits[2] * 1.2);
    double W = exact_of("jackson", text, "W", stretch);
    free(text);
    return W;
}

static void test_every_row_of_the_file(void **state)
{
    (void)state;
    FILE *f = fopen(truth_path, "r");
    if (!f)
        skip();
    char line[512], model[64], parameters[256], quantity[64];
    double exact;
    int rows = 0, wrong = 0, twin_unnoticed = 0;
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%63[^\t]\t%255[^\t]\t%63[^\t]\t%lf", model, parameters, quantity, &exact) != 4)
            continue;
        bool network = strcmp(model, "jackson3") == 0;
        double got = network ? jackson3(1) : exact_of(model, parameters, quantity, 1);
        double twin = network ? jackson3(1.0001) : exact_of(model, parameters, quantity, 1.0001);
        bool right = relative_error(got, exact) <= file_tolerance;
        printf("%s %s %s: %.8g, exact %.8g %s\n", model, parameters, quantity, got, exact, right ? "ok" : "WRONG");
        rows++;
        wrong += !right;
        twin_unnoticed += relative_error(twin, exact) <= file_tolerance;
    }
    fclose(f);
    printf("%d rows, %d wrong; the twin with 0.01 %% more work passes in %d\n", rows, wrong, twin_unnoticed);
    assert_true(rows >= 82);
    assert_int_equal(wrong, 0);
    assert_int_equal(twin_unnoticed, 0);
}

static double of(const char *name, const char *parameters, const char *quantity) { return exact_of(name, parameters, quantity, 1); }

static void near(double got, double want, double tolerance)
{
    if (!(relative_error(got, want) <= tolerance))
        fail_msg("got %.12g, want %.12g", got, want);
}

// Models meet where one is a special case of the other; each pair is computed in different ways.
static void test_models_meet_at_their_ends(void **state)
{
    (void)state;
    near(of("erlang_a", "arrival=8/s service=1s servers=10 patience=1000000s", "Wq"), of("mmc", "arrival=8/s service=1s servers=10", "Wq"), 1e-5);
    near(of("erlang_a", "arrival=8/s service=1s servers=10 patience=1us", "p_abandon"), of("erlang_b", "load=8 servers=10", "p_loss"), 1e-5);
    near(of("erlang_a", "arrival=50/s service=1s servers=20 patience=1s", "L"), 50, 1e-12);         // patience = service: M/M/infinity
    near(of("power_of_d_meanfield", "load=0.9 d=1 service=1s", "W"), of("mmc", "arrival=0.9/s service=1s servers=1", "W"), 1e-12);
    near(of("mva", "demands=50ms users=7 think=0", "X"), 20, 1e-12);                                // one station never idles
    near(of("mva", "demands=1ms,1ms,1ms users=100000 think=10s", "R"), 100000.0 / 1000 - 10, 1e-2);
    near(of("lru_exact", "items=6 zipf=1.2 size=1", "hit_ratio"), of("fifo_exact", "items=6 zipf=1.2 size=1", "hit_ratio"), 1e-12);
    near(of("fifo_exact", "items=1000 zipf=0 size=250", "hit_ratio"), 0.25, 1e-10);                 // all keys alike: any policy
    near(of("lru_exact", "items=16 zipf=0 size=4", "hit_ratio"), 0.25, 1e-12);
    near(of("lru_che", "items=1000 zipf=0 size=250", "hit_ratio"), 0.25, 1e-10);
    near(of("lru_che", "items=20 zipf=1 size=5", "hit_ratio"), of("lru_exact", "items=20 zipf=1 size=5", "hit_ratio"), 0.01);
    assert_true(of("fifo_exact", "items=10 zipf=1 size=10", "hit_ratio") == 1 && of("lru_che", "items=10 zipf=1 size=11", "hit_ratio") == 1);
    near(of("priority_nonpreemptive", "arrival1=0.4/s arrival2=0.4/s service=1s scv=0", "Wq1") * 0.5 +
         of("priority_nonpreemptive", "arrival1=0.4/s arrival2=0.4/s service=1s scv=0", "Wq2") * 0.5,
         of("mg1", "arrival=0.8/s service=1s scv=0", "Wq"), 1e-12);                                 // conservation law, Kleinrock II chapter 3
    near(of("gg1", "arrival=0.999/s service=1s scv_arrival=1 scv_service=1", "Wq_heavy"), of("mmc", "arrival=0.999/s service=1s servers=1", "Wq"), 1e-9);
}

// Shortest of two queues: never better than one queue for both servers, never worse than random choice; near saturation like M/M/2.
static void test_shortest_of_two_lies_between(void **state)
{
    (void)state;
    const char *const rates[] = {"0.01/s", "0.5/s", "1/s", "1.5/s", "1.9/s", "1.99/s", "1.999/s", "1.9999/s"};
    for (size_t i = 0; i < HR_COUNT(rates); i++) {
        char *both = hr_format("arrival=%s service=1s", rates[i]), *pooled = hr_format("arrival=%s service=1s servers=2", rates[i]);
        double W = of("jsq2", both, "W"), best = of("mmc", pooled, "W"), half = strtod(rates[i], NULL) / 2;
        printf("jsq2 %s: %.10g, one queue %.10g, random %.10g\n", both, W, best, 1 / (1 - half));
        assert_true(W >= best * (1 - 1e-9) && W <= 1 / (1 - half) * (1 + 1e-9));
        if (half > 0.999)
            near(W, best, 1e-3);
        free(both);
        free(pooled);
    }
}

static void test_large_systems_stay_finite(void **state)
{
    (void)state;
    double p = of("mmc", "arrival=99900/s service=1s servers=100k", "p_wait");
    assert_true(p > 0 && p < 1 && isfinite(of("mmc", "arrival=99900/s service=1s servers=100k", "W_p99")));
    near(of("mmc", "arrival=0.999999999/s service=1s servers=1", "W"), 1e9, 1e-6);
    near(of("erlang_a", "arrival=120000/s service=1s servers=100k patience=1s", "p_abandon"), 1.0 / 6, 1e-3);        // fluid limit
    near(of("fifo_exact", "items=1000000 zipf=0 size=300", "hit_ratio"), 300e-6, 1e-6);
    near(of("fifo_exact", "items=100 zipf=10 size=99", "hit_ratio"), 1, 1e-9);
    assert_true(of("mmck", "arrival=1000000/s service=1s servers=1 capacity=100000", "p_loss") > 0.999998);
    near(of("mva", "demands=50ms,80ms,20ms think=1s users=1000000", "X"), 12.5, 1e-9);
}

static void test_impossible_parameters_are_refused(void **state)
{
    (void)state;
    static const struct { const char *model, *parameters, *says; } bad[] = {
        {"mmc", "arrival=10/s service=1s servers=10", "no steady state"},
        {"mmc", "arrival=8/s service=1s server=10", "did you mean 'servers'"},
        {"mmc", "arrival=8/s service=1s", "lacks servers"},
        {"mmc", "arrival=8 service=1s servers=10", "a rate such as"},
        {"mmc", "arrival=-8/s service=1s servers=10", "a rate such as"},
        {"mmc", "arrival=nan service=1s servers=10", "a rate such as"},
        {"mmc", "arrival=8/s service=none servers=10", "a time such as"},
        {"mmc", "arrival=8/s service=1s servers=1.5", "a whole number"},
        {"mmc", "arrival=8/s service=1s servers=0", "out of range"},
        {"mmc", "arrival=8/s arrival=9/s service=1s servers=10", "second time"},
        {"mmc", "arrival service=1s servers=10", "value is missing"},
        {"mmck", "arrival=8/s service=1s servers=10 capacity=9", "cannot be below"},
        {"mg1", "arrival=0.5/s service=1s scv=-1", "a number such as"},
        {"mva", "demands=50ms,x users=3", "times such as"},
        {"mva", "demands=50ms,, users=1000000000", "out of range"},
        {"jackson", "arrival=20/s demands=50ms,10ms", "no steady state"},
        {"priority_preemptive", "arrival1=0.5/s arrival2=0.5/s service=1s", "no steady state"},
        {"jsq2", "arrival=2/s service=1s", "no steady state"},
        {"power_of_d_meanfield", "load=1 d=2", "no steady state"},
        {"erlang_a", "arrival=1000000/s service=1s servers=1 patience=1000000s", "more than is computed"},
    };
    for (size_t i = 0; i < HR_COUNT(bad); i++) {
        hr_error e = {0};
        sim_theory_arguments a;
        sim_theory_answer answer;
        const sim_theory_model *model = sim_theory_find(bad[i].model);
        hr_status status = sim_theory_read(model, bad[i].parameters, &a, &e);
        if (!status)
            status = sim_theory_compute(model, &a, &answer, &e);
        printf("%s", e.text);
        assert_int_equal(status, HR_BAD_INPUT);
        assert_non_null(strstr(e.text, bad[i].says));
    }
}

static void test_every_row_of_the_models_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; sim_theory_models[i]; i++) {
        const sim_theory_model *m = sim_theory_models[i];
        hr_error e = {0};
        sim_theory_arguments a;
        sim_theory_answer answer;
        assert_true(m->summary && m->source && *m->source && m->example && sim_theory_find(m->name) == m);
        assert_int_equal(sim_theory_read(m, m->example, &a, &e), HR_OK);
        assert_int_equal(sim_theory_compute(m, &a, &answer, &e), HR_OK);
        int known = 0;
        for (int q = 0; q < SIM_QUANTITY_COUNT; q++) {
            known += !isnan(answer.value[q]);
            assert_true(isnan(answer.value[q]) || answer.value[q] >= 0);
        }
        assert_true(known > 0);
    }
}

// The engine's table, shortened. Its planted twin takes an exact value that is 8 % off: most rows must notice; the others are bounds, or
// the short run cannot tell. The seed is fixed and not shopped for.
static void test_the_engine_agrees_with_theory(void **state)
{
    (void)state;
    hr_error e = {0};
    sim_theory_options options = sim_theory_options_default();
    sim_theory_table *table;
    options.effort = effort;
    assert_int_equal(sim_theory_check(&options, &table, &e), HR_OK);
    int twins = 0, bounds = 0, rows = 0;
    for (size_t i = 0; i < table->count; i++) {
        sim_theory_row row = table->rows[i];
        printf("%-28s %-45s %-11s exact %.6g, simulated %.6g (%.6g to %.6g) %s\n", row.title, row.parameters, sim_quantities[row.quantity].name,
               row.exact, row.simulated.value, row.simulated.low, row.simulated.high, row.agrees ? "agrees" : "DISAGREES");
        assert_true(row.agrees);
        assert_true(!isnan(row.exact));
        rows++;
        bounds += row.is_bound;
        row.exact *= row.exact > 0.9 && row.exact < 1 ? 0.92 : 1.08;
        twins += !row.is_bound && !sim_theory_agrees(&row);
    }
    printf("%d rows agree; of %d twins 8 %% off, %d are found\n", rows, rows - bounds, twins);
    assert_true(rows >= 60);
    assert_true(twins >= twins_found * (rows - bounds));
    sim_theory_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_meet_at_their_ends), cmocka_unit_test(test_shortest_of_two_lies_between),
        cmocka_unit_test(test_large_systems_stay_finite), cmocka_unit_test(test_impossible_parameters_are_refused),
        cmocka_unit_test(test_every_row_of_the_models_is_whole), cmocka_unit_test(test_every_row_of_the_file),
        cmocka_unit_test(test_the_engine_agrees_with_theory)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    FILE *f = fopen(truth_path, "r");
    if (f)
        fclose(f);
    return failed == 0 && !f ? EXIT_SKIPPED : failed;
}
