// tests/unit/test_sessions.c - sticky balancers and state in the memory of replicas, by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/lives.h"
#include "tests/unit/run.h"

// Three keys in turn, four replicas in turn: without cookies key k comes to replica (k + 3 n) mod 4.
static fixture visits(const char *balancer, const char *session)
{
    char *components = hr_format("lb: {kind: balancer, to: s%s}, s: {kind: service, replicas: 4, on: {go: [{if: {session: %s}, else: [{fail: error}]}, {wait: 1ms}]}}",
                                 balancer, session);
    fixture f = run(components, "c: {rate: 1/s, arrivals: constant, key: sequential(3), call: lb.go, timeout: none}", 30 * HR_SEC + HR_MS);
    free(components);
    return f;
}

static sim_station_view service(fixture f) { return sim_service_look(f.w, (sim_component_id)sim_model_find(f.model, "s"), 0); }
static sim_station_view balancer(fixture f) { return sim_balancer_look(f.w, (sim_component_id)sim_model_find(f.model, "lb")); }
static uint64_t started(fixture f, uint32_t replica) { return sim_service_look(f.w, (sim_component_id)sim_model_find(f.model, "s"), replica).started; }

// 30 requests, 10 of each key. The first of each finds nothing to lose; each later one comes to the next replica but one … and has lost its state.
static void test_without_cookies_state_in_memory_is_lost(void **state)
{
    (void)state;
    fixture f = visits("", "30min");
    assert_int_equal(look(f, "c").offered, 30);
    assert_int_equal(look(f, "c").outcome[SIM_error], 27);
    assert_int_equal(service(f).session_looks, 27);
    assert_int_equal(service(f).lost_sessions, 27);
    done(f);
}

static void test_a_cookie_leads_back_to_the_same_replica(void **state)
{
    (void)state;
    fixture f = visits(", sticky: {}", "30min");
    assert_int_equal(look(f, "c").outcome[SIM_ok], 30);
    assert_int_equal(service(f).session_looks, 27);
    assert_int_equal(service(f).lost_sessions, 0);
    assert_int_equal(balancer(f).cookies, 27);
    assert_int_equal(balancer(f).moved_sessions, 0);
    for (uint32_t i = 0; i < 4; i++)           // three users on three replicas; the fourth has nothing to do
        assert_int_equal(started(f, i), i < 3 ? 10 : 0);
    done(f);
}

// A user comes every 3 s. State that lives for 2 s is over by then, so that nothing is lost; cookies of 2 s lead nowhere.
static void test_what_has_expired_is_not_lost(void **state)
{
    (void)state;
    fixture f = visits("", "2s");
    assert_int_equal(look(f, "c").outcome[SIM_ok], 30);
    assert_int_equal(service(f).session_looks, 0);
    done(f);
    f = visits(", sticky: {expires: 2s}", "30min");
    assert_int_equal(balancer(f).cookies, 0);
    assert_int_equal(service(f).lost_sessions, 27);
    done(f);
    // Set at the first visit, good for 7 s: the next two use it, the fourth gets a new one. 10 visits: 1, 4, 7 and 10 do without.
    f = visits(", sticky: {expires: 7s}", "30min");
    assert_int_equal(balancer(f).cookies, 3 * 6);
    done(f);
}

// One user, a request every second, each takes 1.5 s; a replica gets one call at a time: each request finds its replica busy and goes to the other.
static void test_who_may_not_be_chosen_loses_the_user(void **state)
{
    (void)state;
    fixture f = run("lb: {kind: balancer, to: s, max_conns: 1, sticky: {}}, s: {kind: service, replicas: 2, on: {go: [{wait: 1500ms}]}}",
                    "c: {rate: 1/s, arrivals: constant, call: lb.go, timeout: none}", 4 * HR_SEC + HR_MS);
    assert_int_equal(balancer(f).cookies, 3);
    assert_int_equal(balancer(f).moved_sessions, 3);                  // each finds its replica busy with the one before
    assert_int_equal(started(f, 0), 2);
    assert_int_equal(started(f, 1), 2);
    done(f);
}

// A killed replica takes the state along, also when another one has its number: the cut of a service without an autoscaler, as a fault does it.
static void test_a_replica_that_ends_takes_the_state_along(void **state)
{
    (void)state;
    const char *text = "scenario: t\ncomponents: {s: {kind: service, on: {go: [{if: {session: 1h}, else: [{fail: error}]}, {wait: 1ms}]}}}\n"
                       "workload: {c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}}\nrun: {duration: 100s, warmup: 0}\n";
    hr_error e = {0};
    fixture f;
    if (sim_model_parse("t", text, strlen(text), "", &f.model, &e))
        fail_msg("%s", e.text);
    f.w = sim_model_build(f.model, 1);
    f.w->arrivals_end = 10 * HR_SEC;
    sim_world_start(f.w, 0);
    sim_world_run(f.w, 4500 * HR_MS);
    sim_service_cut(f.w, (sim_component_id)sim_model_find(f.model, "s"), 0, SIM_error);
    sim_world_run(f.w, 20 * HR_SEC);
    sim_world_check(f.w);
    assert_int_equal(look(f, "c").outcome[SIM_error], 1);
    assert_int_equal(service(f).lost_sessions, 1);
    done(f);
}

// Four users, two replicas, one of which leaves at 10 s (it is the younger one) and is there for 5 s more. Each user comes every 100 ms.
static fixture scaled_in(const char *sticky)
{
    char *components = hr_format("lb: {kind: balancer, to: s, sticky: %s}, s: {kind: service, replicas: 2, drain: 5s, on: {go: [{wait: 1ms}]}}, "
                                 "a: {kind: autoscaler, of: s, policy: fixed, min: 1, max: 2}", sticky);
    fixture f = begin(components, "c: {rate: 40/s, arrivals: constant, key: sequential(4), call: lb.go, timeout: none}", 30 * HR_SEC);
    free(components);
    sim_world_run(f.w, 10 * HR_SEC);
    sim_lives_want(f.w, (sim_component_id)sim_model_find(f.model, "s"), 1);
    for (hr_time at = 10 * HR_SEC; at <= 31 * HR_SEC; at += HR_SEC / 4) {
        sim_world_run(f.w, at);
        sim_world_check(f.w);
    }
    return f;
}

static void test_a_replica_that_drains_keeps_its_users(void **state)
{
    (void)state;
    fixture f = scaled_in("{}");
    assert_in_range(started(f, 1), 199, 201);  // two users, ten calls a second each, until 10 s
    assert_int_equal(balancer(f).moved_sessions, 2);
    done(f);
    f = scaled_in("{drain: true}");
    assert_in_range(started(f, 1), 299, 301);  // until 15 s
    assert_int_equal(balancer(f).moved_sessions, 2);
    assert_int_equal(look(f, "c").outcome[SIM_ok], look(f, "c").offered);
    done(f);
    f = scaled_in("{drain: true, expires: 4s}");                   // cookies set at 0, 4 and 8 s: from 12 s on nobody is bound to it
    assert_in_range(started(f, 1), 239, 243);
    assert_int_equal(balancer(f).moved_sessions, 0);
    done(f);
}

static void test_who_cannot_drain_is_told(void **state)
{
    (void)state;
    const char *call = "c: {rate: 1/s, call: lb.go}";
    refused("lb: {kind: balancer, to: s, sticky: {drain: true}}, s: {kind: service, replicas: 2, on: {go: [{wait: 1ms}]}}", call, "that needs an autoscaler");
    refused("lb: {kind: balancer, to: s, sticky: {drain: true}}, s: {kind: service, drain: none, on: {go: [{wait: 1ms}]}}, "
            "a: {kind: autoscaler, of: s, policy: fixed, min: 1, max: 2}", call, "wants a `drain`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_cookies_state_in_memory_is_lost), cmocka_unit_test(test_a_cookie_leads_back_to_the_same_replica),
        cmocka_unit_test(test_what_has_expired_is_not_lost), cmocka_unit_test(test_who_may_not_be_chosen_loses_the_user),
        cmocka_unit_test(test_a_replica_that_ends_takes_the_state_along), cmocka_unit_test(test_a_replica_that_drains_keeps_its_users),
        cmocka_unit_test(test_who_cannot_drain_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
