// tests/unit/test_balancer.c - the balancer component: weights, limits with a queue, passive health and old reports, by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

static void test_weights_share_the_calls(void **state)
{
    (void)state;
    fixture f = run("lb: {kind: balancer, to: s, weights: [5, 1, 1]}, s: {kind: service, replicas: 3, on: {go: [{wait: 1ms}]}}",
                    "c: {rate: 70/s, arrivals: constant, call: lb.go, timeout: none}", 10 * HR_SEC + HR_MS);
    sim_component_id s = (sim_component_id)sim_model_find(f.model, "s");
    assert_int_equal(look(f, "c").offered, 700);
    assert_int_equal(sim_service_look(f.w, s, 0).started, 500);
    assert_int_equal(sim_service_look(f.w, s, 1).started, 100);
    assert_int_equal(sim_service_look(f.w, s, 2).started, 100);
    done(f);
}

// Requests come at 1 s, 2 s and 3 s, each takes 1.5 s, the replica gets one at a time. Waiting: 1.5, 2, 2.5. Without a queue the one at 2 s is
// rejected, the one at 3 s finds the replica free.
static void test_a_full_replica_makes_calls_wait_at_the_balancer(void **state)
{
    (void)state;
    for (int queue = 0; queue < 2; queue++) {
        char *components = hr_format("lb: {kind: balancer, to: s, max_conns: 1, queue: %d}, s: {kind: service, workers: 10, on: {go: [{wait: 1500ms}]}}",
                                     queue * 5);
        fixture f = run(components, "c: {rate: 1/s, arrivals: constant, call: lb.go, timeout: none}", 3500 * HR_MS);
        free(components);
        sim_workload_view c = look(f, "c");
        assert_int_equal(c.outcome[SIM_rejected], queue ? 0 : 1);
        near(sim_histogram_mean_s(c.latency), queue ? 2 : 1.5);
        done(f);
    }
}

// Both replicas always fail. At 10 requests a second from 0.1 s on the first two are errors, then everybody is rejected until a whole second has
// come that lies more than ten behind the failure: 11 s, 22 s … 99 s, where again each replica fails once.
static void test_failed_replicas_are_left_alone_as_long_as_nginx_does(void **state)
{
    (void)state;
    fixture f = run("lb: {kind: balancer, to: s, max_fails: 1}, s: {kind: service, replicas: 2, on: {go: [{fail: error}]}}",
                    "c: {rate: 10/s, arrivals: constant, call: lb.go, timeout: none}", 100 * HR_SEC + HR_MS);
    sim_workload_view c = look(f, "c");
    assert_int_equal(c.offered, 1000);
    assert_int_equal(c.outcome[SIM_error], 20);
    assert_int_equal(c.outcome[SIM_rejected], 980);
    done(f);
    f = run("lb: {kind: balancer, to: s, max_fails: 0}, s: {kind: service, replicas: 2, on: {go: [{fail: error}]}}",
            "c: {rate: 10/s, arrivals: constant, call: lb.go, timeout: none}", 100 * HR_SEC + HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_error], 1000);
    done(f);
}

static double mean_with(const char *balancer)
{
    char *components = hr_format("lb: {kind: balancer, to: s, %s}, s: {kind: service, replicas: 10, workers: 1, queue: 1M, on: {go: [{wait: exp(100ms)}]}}",
                                 balancer);
    fixture f = run(components, "c: {rate: 80/s, call: lb.go, timeout: none}", 400 * HR_SEC);
    free(components);
    double mean = sim_histogram_mean_s(look(f, "c").latency);
    done(f);
    return mean;
}

// Mitzenmacher (2000), "How useful is old information?": the least loaded by old reports is worse than chance, two choices are safer.
static void test_old_reports_make_a_herd(void **state)
{
    (void)state;
    double fresh = mean_with("policy: jsq"), old = mean_with("policy: jsq, sees: 5s"), two = mean_with("policy: random-two, sees: 5s");
    double chance = mean_with("policy: random");
    printf("mean response: fresh %.3f s, two of old reports %.3f s, chance %.3f s, least of old reports %.3f s\n", fresh, two, chance, old);
    assert_true(fresh < chance && chance < old && two < old);
}

static void test_wrong_keys_are_refused(void **state)
{
    (void)state;
    static const mistake wrong[] = {
        {"policy: jsq, weights: [1, 2]", "looks at no weights"}, {"weights: [1, 2, 3]", "one weight for each of the 2 replicas"},
        {"weights: 5", "want a list"}, {"weights: [1, 0]", "from 1 to 65535"}, {"queue: 5", "belongs to `max_conns`"},
        {"fail_timeout: 5s", "belongs to `max_fails`"}, {"max_fails: 1, fail_timeout: 1500ms", "whole seconds"},
        {"policy: power-of-d(d=99)", "from 1 to 16"}, {"policy: least-con", "did you mean 'least-conn'"}};
    all_refused("lb: {kind: balancer, to: s, @}, s: {kind: service, replicas: 2, on: {go: [{wait: 1ms}]}}",
                "c: {rate: 1/s, call: lb.go}", wrong, HR_COUNT(wrong));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_share_the_calls), cmocka_unit_test(test_a_full_replica_makes_calls_wait_at_the_balancer),
        cmocka_unit_test(test_failed_replicas_are_left_alone_as_long_as_nginx_does), cmocka_unit_test(test_old_reports_make_a_herd),
        cmocka_unit_test(test_wrong_keys_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
