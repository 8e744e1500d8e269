// tests/unit/test_stats_queueing.c - closed formulas against each other and at their edges; truth.theory holds them against values
// computed elsewhere.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/core/base.h"
#include "sim/stats/queueing/queueing.h"

static double relative_error(double got, double want)
{
    return got == want ? 0 : fabs(got - want) / fmax(fabs(want), 1e-300);
}

static void near(double got, double want, double tolerance)
{
    if (!(relative_error(got, want) <= tolerance))
        fail_msg("got %.12g, want %.12g", got, want);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
