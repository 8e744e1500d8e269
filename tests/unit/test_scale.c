// tests/unit/test_scale.c - large worlds: a million requests in flight, ten thousand replicas, and nothing left behind by what has ended.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario/model.h"

static sim_world *started(const char *text)
{
    hr_error e = {0};
    sim_model *model;
    if (sim_model_parse("scale", text, strlen(text), "", &model, &e))
        fail_msg("%s", e.text);
    sim_world *w = sim_model_build(model, 1);
    sim_world_start(w, 0);                     // no series: it grows with time, not with requests
    sim_model_free(model);
    return w;
}

// Each request is two calls (balancer and service), a pending event and a deadline.
static void test_a_million_requests_in_flight_take_256_bytes_each(void **state)
{
    (void)state;
    sim_world *w = started("scenario: crowd\ncomponents:\n  b: {kind: balancer, policy: round-robin, to: s}\n"
                           "  s: {kind: service, replicas: 4, workers: 1M, queue: 0, on: {serve: [{wait: exp(1000s)}]}}\n"
                           "workload:\n  c: {rate: 1M/s, call: b.serve, timeout: 5s}\n");
    uint32_t before = w->used;
    sim_world_run(w, HR_SEC + 2 * HR_MS);
    uint32_t requests = w->calls_live / 2;
    double bytes = (double)(w->used - before) * 8;
    print_message("%u requests in flight, %.1f bytes each\n", requests, bytes / requests);
    assert_true(requests > 1000000);
    assert_true(bytes <= 256.0 * requests);
    sim_world_check(w);
    sim_world_free(w);
}

// Returns by how many bytes the world has grown while 900 000 requests came and went; `leak` is a planted bug.
static double growth(const char *step, size_t leak)
{
    char *text = hr_format("scenario: steady\ncomponents:\n  s: {kind: service, workers: 1000, queue: 1000, on: {serve: [{%s}]}}\n"
                           "workload:\n  c: {rate: 10k/s, call: s.serve, timeout: 1s}\n", step);
    sim_world *w = started(text);
    free(text);
    sim_world_run(w, 10 * HR_SEC);
    uint32_t used = w->used;
    if (leak)
        sim_take(w, leak);
    sim_world_run(w, 100 * HR_SEC);
    assert_true(w->events_run > 1800000);
    sim_world_check(w);
    double bytes = (double)(w->used - used) * 8;
    sim_world_free(w);
    return bytes;
}

static void test_finished_requests_leave_nothing(void **state)
{
    (void)state;
    assert_true(growth("wait: 20ms", 0) == 0);
    assert_true(growth("wait: 20ms", 40) > 0);
    assert_true(growth("wait: lognormal(p50=10ms, p99=500ms)", 0) < 64 * 1024);     // more at a time now and then, not with every request
}

static void test_ten_thousand_replicas_run(void **state)
{
    (void)state;
    sim_world *w = started("scenario: many\ncomponents:\n  b: {kind: balancer, policy: round-robin, to: s}\n"
                           "  s: {kind: service, replicas: 10k, workers: 1, queue: 1, on: {serve: [{wait: exp(1s)}]}}\n"
                           "workload:\n  c: {rate: 5k/s, call: b.serve, timeout: none}\n");
    sim_world_run(w, 20 * HR_SEC);
    sim_world_check(w);
    sim_workload_view v = sim_workload_look(w, 2);
    assert_true(v.offered > 98000 && v.outcome[SIM_ok] > 85000);
    assert_int_equal(sim_service_replicas(w, 1), 10000);
    uint32_t used = 0;
    for (uint32_t r = 0; r < 10000; r++)
        used += sim_service_look(w, 1, r).started > 0;
    assert_int_equal(used, 10000);
    sim_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_million_requests_in_flight_take_256_bytes_each),
        cmocka_unit_test(test_finished_requests_leave_nothing),
        cmocka_unit_test(test_ten_thousand_replicas_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
