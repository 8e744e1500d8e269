// tests/unit/test_memory.c - what replicas use of their memory and when they die of it, against cases computed by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/memory.h"
#include "tests/unit/run.h"

static uint64_t killed(fixture f, uint32_t replica)
{
    return sim_service_look(f.w, (sim_component_id)sim_model_find(f.model, "s"), replica).killed;
}

// 40 MiB and 10 for each call: six fit into 100 MiB exactly, and the seventh kills them all.
static void test_one_call_too_many_kills_all(void **state)
{
    (void)state;
    static const struct { unsigned calls, ok; } cases[] = {{6, 6}, {7, 0}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *workload = hr_format("c: {users: %u, think: 1s, call: s.go, timeout: none}", cases[i].calls);
        fixture f = run("s: {kind: service, memory: 100MiB, footprint: {base: 40MiB, per_call: 10MiB}, startup: 5s, on: {go: [{wait: 1s}]}}", workload,
                        1500 * HR_MS);
        free(workload);
        assert_int_equal(look(f, "c").outcome[SIM_ok], cases[i].ok);
        assert_int_equal(look(f, "c").outcome[SIM_error], cases[i].calls - cases[i].ok);
        assert_int_equal(killed(f, 0), cases[i].ok ? 0 : 1);
        near(sim_service_look(f.w, 0, 0).memory_most, cases[i].ok ? 1.0 : 1.1);
        done(f);
    }
}

// A call that waits uses nothing: with six workers there is no seventh.
static void test_who_waits_uses_nothing(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, workers: 6, memory: 100MiB, footprint: {base: 40MiB, per_call: 10MiB}, on: {go: [{wait: 1s}]}}",
                    "c: {users: 20, think: 1s, call: s.go, timeout: none}", 1500 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 20);
    assert_int_equal(killed(f, 0), 0);
    done(f);
}

// 50 MiB and 10 more with each call that ends: the sixth is one too many. A call a second. Killed at 6.1 s: there again at once. At 12.1 s: 10 s away,
// ten calls fail. At 28.1 s: 20 s, twenty fail. At 54.1 s: 40 s, forty fail. At 100.1 s for the fifth time.
static void test_a_leak_ends_in_a_crash_loop(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, memory: 100MiB, footprint: {base: 50MiB, leak: 10MiB}, on: {go: [{wait: 100ms}]}}",
                    "c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}", 100500 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 30);
    assert_int_equal(look(f, "c").outcome[SIM_error], 70);
    assert_int_equal(killed(f, 0), 5);
    done(f);
}

static void test_the_backoff_is_kubelets(void **state)
{
    (void)state;
    static const int waits_s[] = {0, 10, 20, 40, 80, 160, 300, 300};
    sim_crash_backoff b = {0};
    hr_time now = 5 * HR_SEC;
    for (size_t i = 0; i < HR_COUNT(waits_s); i++) {
        assert_int_equal(sim_crash_wait(&b, now), waits_s[i] * HR_SEC);
        now += waits_s[i] * HR_SEC + HR_SEC;   // it lives for a second
    }
    now += 599 * HR_SEC;
    assert_int_equal(sim_crash_wait(&b, now), 300 * HR_SEC);                   // ten minutes are not enough
    now += 300 * HR_SEC + 600 * HR_SEC + 1;
    assert_int_equal(sim_crash_wait(&b, now), 0);                              // a little more is
    assert_int_equal(sim_crash_wait(&b, now + 1), 10 * HR_SEC);
}

// Thirteen calls at 1 s: seven of them at the first replica, which dies with them and is there again at 6 s. Two calls at 1.8 s both go to the other.
static void test_balancers_leave_the_dead_alone(void **state)
{
    (void)state;
    fixture f = run("lb: {kind: balancer, policy: round-robin, to: s}, s: {kind: service, replicas: 2, memory: 100MiB, footprint: {base: 40MiB, per_call: 10MiB}, "
                    "startup: 3s, readiness: 2s, on: {go: [{wait: 500ms}]}}",
                    "c: {users: 13, think: 1s, call: lb.go, timeout: none}, d: {users: 2, think: 1800ms, call: lb.go, timeout: none}", 1900 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_error], 7);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 6);
    assert_int_equal(look(f, "d").outcome[SIM_ok], 2);
    assert_int_equal(killed(f, 0), 1);
    assert_int_equal(killed(f, 1), 0);
    done(f);
}

// Of an autoscaler's: the replica starts again where it is. Killed at 1 s, ready after startup and readiness at 6 s; nobody else serves until then.
static void test_a_scaled_replica_starts_again(void **state)
{
    (void)state;
    fixture f = begin("lb: {kind: balancer, policy: round-robin, to: s, queue: 10}, s: {kind: service, memory: 100MiB, footprint: {base: 40MiB, per_call: 10MiB}, "
                      "startup: 3s, readiness: 2s, on: {go: [{wait: 1s}]}}, a: {kind: autoscaler, of: s, policy: fixed, max: 1}",
                      "c: {users: 7, think: 1s, call: lb.go, timeout: none}", 1500 * HR_MS);
    static const struct { hr_time at_ms; const char *phase; } moments[] = {{500, NULL}, {1500, "starting"}, {4500, "unready"}, {6500, NULL}};
    for (size_t i = 0; i < HR_COUNT(moments); i++) {
        sim_world_run(f.w, moments[i].at_ms * HR_MS);
        sim_world_check(f.w);
        const char *phase = sim_service_phase(f.w, 1, 0);
        if (moments[i].phase)
            assert_string_equal(phase, moments[i].phase);
        else
            assert_null(phase);
    }
    assert_int_equal(look(f, "c").outcome[SIM_error], 7);
    assert_int_equal(killed(f, 0), 1);
    done(f);
}

// 40 MiB, and 10 s long 10 more of 10 calls in turn: at each time one: half of the limit.
static void test_use_is_averaged_over_time(void **state)
{
    (void)state;
    fixture f = begin("s: {kind: service, memory: 100MiB, footprint: {base: 40MiB, per_call: 20MiB}, on: {go: [{wait: 500ms}]}}",
                      "c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}", 100 * HR_SEC);
    sim_world_run(f.w, 10 * HR_SEC);
    sim_world_reset_counts(f.w);
    sim_world_run(f.w, 20 * HR_SEC);
    near(sim_service_look(f.w, 0, 0).memory, 0.5);
    near(sim_service_look(f.w, 0, 0).memory_most, 0.6);
    done(f);
}

// A consumer has room for two messages of 4 MiB in 10; of the first three, a second each, the third kills it at once. They go back to the queue, and it is
// back at once: again three, and 10 s later. The broker hands nothing to the dead.
static void test_a_killed_consumer_gives_back(void **state)
{
    (void)state;
    fixture f = begin("p: {kind: service, on: {go: [{publish: m.q}]}}, m: {kind: broker, network: 0, demand: 0, persist: 0, queues: {q: {}}}, "
                      "s: {kind: service, memory: 10MiB, footprint: {base: 1MiB, per_call: 4MiB}, consume: {from: m.q, call: do, prefetch: 5}, on: {do: [{wait: 10s}]}}",
                      "c: {rate: 1/s, arrivals: constant, call: p.go}", 4500 * HR_MS);
    sim_component_id m = (sim_component_id)sim_model_find(f.model, "m");
    static const struct { double at; uint64_t delivered, back; } seen[] = {{2.5, 2, 0}, {3.5, 6, 6}, {4.5, 6, 6}, {12.9, 6, 6}, {13.1, 10, 10}};
    for (size_t i = 0; i < HR_COUNT(seen); i++) {
        sim_world_run(f.w, (hr_time)(seen[i].at * 1e9));
        sim_world_check(f.w);
        sim_queue_view q = sim_queue_look(f.w, m, 0);
        if (q.count[SIM_MESSAGE_delivered] != seen[i].delivered || q.count[SIM_MESSAGE_requeued] != seen[i].back)
            fail_msg("at %g s: delivered %llu, back %llu", seen[i].at, (unsigned long long)q.count[SIM_MESSAGE_delivered], (unsigned long long)q.count[SIM_MESSAGE_requeued]);
    }
    done(f);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const mistake mistakes[] = {
        {"footprint: 3", "want {base: 120MiB, per_call: 2MiB}"}, {"footprint: {bas: 3MiB}", "did you mean `base`"}, {"footprint: {base: 1GiB}", "killed at once, for ever"},
        {"footprint: {per_entry: 1KiB}", "a cache of its own"}, {"startup: 3s", "or with a `footprint`"},
        {"footprint: {}, drain: 3s", "belongs to a service with an autoscaler: "}};
    all_refused("s: {kind: service, @, on: {go: [{wait: 1ms}]}}", "c: {rate: 1/s, call: s.go}", mistakes, HR_COUNT(mistakes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_call_too_many_kills_all), cmocka_unit_test(test_a_killed_consumer_gives_back), cmocka_unit_test(test_who_waits_uses_nothing), cmocka_unit_test(test_a_leak_ends_in_a_crash_loop),
        cmocka_unit_test(test_the_backoff_is_kubelets), cmocka_unit_test(test_balancers_leave_the_dead_alone), cmocka_unit_test(test_a_scaled_replica_starts_again),
        cmocka_unit_test(test_use_is_averaged_over_time), cmocka_unit_test(test_mistakes_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
