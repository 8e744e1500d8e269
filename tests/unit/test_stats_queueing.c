// tests/unit/test_stats_queueing.c - closed formulas against independently computed values, and against each other.
// The file of exact values is read at run time from the folder HR_SHARED_DIR; without it the test is skipped (exit 77)
// after everything that needs no file has passed.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/core/base.h"
#include "sim/stats/queueing.h"

#ifdef HR_SHARED_DIR
static const char *const truth_path = HR_SHARED_DIR "/truth/queueing.tsv";
#else
static const char *const truth_path = "";
#endif
static const double file_tolerance = 1e-6;                     // the file has 8 digits
enum { EXIT_SKIPPED = 77 };

static double relative_error(double got, double want)
{
    return got == want ? 0 : fabs(got - want) / fmax(fabs(want), 1e-300);
}

static void near(double got, double want, double tolerance)
{
    if (!(relative_error(got, want) <= tolerance))
        fail_msg("got %.12g, want %.12g", got, want);
}

typedef struct { double arrival, service, servers, capacity, scv, load; } parameters;

// Reads "arrival=0.8/s service=1s servers=2"; the units are the same in every row. False: a word this test doesn't
// know.
static bool read_parameters(const char *text, parameters *p)
{
    const struct { const char *name; double *value; } known[] = {
        { "arrival=", &p->arrival }, { "service=", &p->service }, { "servers=", &p->servers },
        { "capacity=", &p->capacity }, { "scv=", &p->scv }, { "load=", &p->load } };
    for (const char *word = text; word; word = strchr(word, ' ')) {
        word += *word == ' ';
        size_t i = 0;
        while (i < HR_COUNT(known) && strncmp(word, known[i].name, strlen(known[i].name)) != 0)
            i++;
        if (i == HR_COUNT(known))
            return false;
        *known[i].value = strtod(word + strlen(known[i].name), NULL);
    }
    return true;
}

static double quantity_of(sim_queueing q, const char *name)
{
    const struct { const char *name; double value; } known[] = { { "p_wait", q.p_wait }, { "p_loss", q.p_loss },
        { "Wq", q.Wq }, { "W", q.W }, { "Lq", q.Lq }, { "L", q.L }, { "utilisation", q.utilisation } };
    for (size_t i = 0; i < HR_COUNT(known); i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].value;
    return NAN;
}

// What our formulas say to a row; false when the model is not one of them.
static bool evaluate(const char *model, const char *quantity, parameters p, double *value)
{
    int servers = (int)p.servers;
    if (strcmp(model, "mmc") == 0 && strncmp(quantity, "W_p", 3) == 0)
        *value = sim_mmc_response_quantile(p.arrival, p.service, servers, strtod(quantity + 3, NULL) / 100);
    else if (strcmp(model, "mmc") == 0)
        *value = quantity_of(sim_mmc(p.arrival, p.service, servers), quantity);
    else if (strcmp(model, "mg1") == 0)
        *value = quantity_of(sim_mg1(p.arrival, p.service, p.scv), quantity);
    else if (strcmp(model, "mmck") == 0)
        *value = quantity_of(sim_mmck(p.arrival, p.service, servers, (int)p.capacity), quantity);
    else if (strcmp(model, "erlang_b") == 0)
        *value = sim_erlang_b(p.load, servers);
    else
        return false;
    return true;
}

typedef struct { int rows, wrong, twin_unnoticed; } tally;

// One row, and its planted-bug twin: the same formula with 0.01 % more work per request must not pass for the truth.
static void check_row(const char *model, const char *text, const char *quantity, double exact, tally *t)
{
    parameters p = { 0 };
    double got, twin;
    bool known = read_parameters(text, &p);
    if (!evaluate(model, quantity, p, &got))
        return;
    p.service *= 1.0001;
    p.load *= 1.0001;
    evaluate(model, quantity, p, &twin);
    bool right = known && relative_error(got, exact) <= file_tolerance;
    printf("%-8s %-48s %-7s %.8g, exact %.8g %s\n", model, text, quantity, got, exact, right ? "ok" : "WRONG");
    t->rows++;
    t->wrong += !right;
    t->twin_unnoticed += relative_error(twin, exact) <= file_tolerance;
}

static void test_formulas_match_exact_values(void **state)
{
    (void)state;
    FILE *f = fopen(truth_path, "r");
    if (!f)
        skip();
    tally t = { 0 };
    char line[512], model[64], text[256], quantity[64];
    double exact;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "%63[^\t]\t%255[^\t]\t%63[^\t]\t%lf", model, text, quantity, &exact) == 4)
            check_row(model, text, quantity, exact, &t);
    fclose(f);
    printf("%d rows, %d wrong; twin unnoticed in %d\n", t.rows, t.wrong, t.twin_unnoticed);
    assert_true(t.rows > 0);
    assert_int_equal(t.wrong, 0);
    assert_int_equal(t.twin_unnoticed, 0);
}

// M/M/1 by the textbook: W = s / (1 - rho), response exponential.
static void test_mmc_with_one_server_is_mm1(void **state)
{
    (void)state;
    for (double rho = 0.05; rho < 1; rho += 0.05) {
        sim_queueing q = sim_mmc(rho / 0.02, 0.02, 1);
        near(q.W, 0.02 / (1 - rho), 1e-12);
        near(q.L, rho / (1 - rho), 1e-12);
        near(q.p_wait, rho, 1e-12);
        near(sim_mmc_response_quantile(rho / 0.02, 0.02, 1, 0.99), q.W * log(100), 1e-12);
        near(sim_mg1(rho / 0.02, 0.02, 1).W, q.W, 1e-12);
    }
}

// Where c mu - lambda = mu the response beyond t is e^{-mu t} (1 + C mu t); around it nothing may jump.
static void test_response_quantile_in_the_special_case(void **state)
{
    (void)state;
    double t = sim_mmc_response_quantile(3, 1, 4, 0.95), p_wait = sim_mmc(3, 1, 4).p_wait;
    near(exp(-t) * (1 + p_wait * t), 0.05, 1e-12);
    for (double off = 1e-15; off < 1e-6; off *= 10) {
        near(sim_mmc_response_quantile(3 + off, 1, 4, 0.95), t, 3 * off + 1e-13);
        near(sim_mmc_response_quantile(3 - off, 1, 4, 0.95), t, 3 * off + 1e-13);
    }
}

// The mean is the area above the distribution function: quantiles at the middle of equal slices average to W.
static void test_response_quantiles_average_to_mean(void **state)
{
    (void)state;
    const int slices = 20000;
    double sum = 0;
    for (int i = 0; i < slices; i++)
        sum += sim_mmc_response_quantile(6.4, 1, 8, (i + 0.5) / slices);
    near(sum / slices, sim_mmc(6.4, 1, 8).W, 1e-4);
}

static void test_mmck_joins_its_neighbours(void **state)
{
    (void)state;
    near(sim_mmck(12, 0.5, 5, 5).p_loss, sim_erlang_b(6, 5), 1e-13);          // no queue: Erlang B
    near(sim_mmck(4, 1, 5, 2000).W, sim_mmc(4, 1, 5).W, 1e-10);               // endless queue: M/M/c
    near(sim_mmck(4, 1, 5, 2000).p_wait, sim_mmc(4, 1, 5).p_wait, 1e-10);
    double rho = 1.2, p_loss = pow(rho, 10) * (1 - rho) / (1 - pow(rho, 11)); // M/M/1/K, Kleinrock I 3.6
    near(sim_mmck(1.2, 1, 1, 10).p_loss, p_loss, 1e-12);
    double p_empty = (1 - rho) / (1 - pow(rho, 11));           // who is accepted and finds somebody, waits
    near(sim_mmck(1.2, 1, 1, 10).p_wait, 1 - p_empty / (1 - p_loss), 1e-12);
    near(sim_mmck(12, 0.5, 5, 5).p_wait, 0, 0);
    near(sim_mmck(0, 1, 2, 4).W, 1, 0);
}

static void test_many_servers_do_not_overflow(void **state)
{
    (void)state;
    sim_queueing q = sim_mmc(99000, 1, 100000);
    assert_true(q.p_wait > 0 && q.p_wait < 1 && q.Wq > 0 && isfinite(q.W));
    q = sim_mmck(120000, 1, 100000, 100100);                   // overload: what is lost is what does not fit
    near(q.p_loss, 1 - 100000.0 / 120000, 1e-3);
    near(sim_mmc_response_quantile(0.9999, 1, 1, 0.999999), 1e4 * log(1e6), 1e-9);
}

static void test_overload_is_infinite(void **state)
{
    (void)state;
    assert_true(isinf(sim_mmc(2, 1, 2).W) && isinf(sim_mmc(3, 1, 2).Lq) && sim_mmc(3, 1, 2).p_wait == 1);
    assert_true(isinf(sim_mg1(1, 1, 0).Wq));
    assert_true(isinf(sim_mmc_response_quantile(3, 1, 2, 0.5)));
    assert_true(isinf(sim_mmc_response_quantile(1, 1, 2, 1)) && sim_mmc_response_quantile(1, 1, 2, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mmc_with_one_server_is_mm1),
        cmocka_unit_test(test_response_quantile_in_the_special_case),
        cmocka_unit_test(test_response_quantiles_average_to_mean),
        cmocka_unit_test(test_mmck_joins_its_neighbours),
        cmocka_unit_test(test_many_servers_do_not_overflow),
        cmocka_unit_test(test_overload_is_infinite),
        cmocka_unit_test(test_formulas_match_exact_values),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    FILE *f = fopen(truth_path, "r");
    if (f)
        fclose(f);
    return failed == 0 && !f ? EXIT_SKIPPED : failed;
}
