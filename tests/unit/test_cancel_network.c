// tests/unit/test_cancel_network.c - cancellation between regions that are 80 ms apart, against times worked out by hand.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/parts.h"
#include "tests/unit/run.h"

#define TEN_STEPS "s: {kind: service, workers: 1, on: {go: [{repeat: [{wait: 100ms}], times: 10}]}}"

// One request from us to eu at 1 s, given up after a time; the world at `until`, with everything checked on the way each millisecond.
static fixture run_far(const char *components, const char *timeout, const char *faults, hr_time until)
{
    char *workload = hr_format("c: {rate: 1/s, arrivals: constant, call: f.go, region: us, timeout: %s, cancel: true}}\nnetwork: {regions: [eu, us], rtt: {eu-us: 80ms}", timeout);
    fixture f = begin_broken(components, workload, faults, 1500 * HR_MS);
    free(workload);
    run_until(f, until);
    return f;
}

typedef struct { const char *components, *timeout, *faults; hr_time heard, stops; } story;

// s hears of it at one time, and is free at another; 0: it is not.
static void tell(const story *t, const char *where)
{
    for (int i = 0; i < 4; i++) {
        bool stops = i > 1, after = i & 1;
        hr_time at = stops ? t->stops : t->heard;
        fixture f = run_far(t->components, t->timeout, t->faults, at + (after ? HR_MS : -HR_MS));
        if ((stops ? station(f, "s").busy : station(f, "s").cancelled) != (stops != after))
            fail_msg("%s, case %d: busy %u, cancelled %llu", where, i, station(f, "s").busy, (unsigned long long)station(f, "s").cancelled);
        finish(f);
    }
}

// Sent at 1.25 s, the message is there at 1.29 s. The request has come at 1.04 s: the step that it finds ends at 1.34 s.
static void test_it_takes_its_way(void **state)
{
    (void)state;
    tell(&(story){"f: {kind: breaker, to: s}, " TEN_STEPS, "250ms", "", 1290 * HR_MS, 1340 * HR_MS}, "to a breaker");
    tell(&(story){"f: {kind: limiter, rate: 10/s, to: g}, g: {kind: balancer, to: s}, " TEN_STEPS, "250ms", "", 1290 * HR_MS, 1340 * HR_MS}, "to others");
    // The caller has its part of it at once, and tells a callee that is far: as above.
    tell(&(story){"f: {kind: service, region: us, on: {go: [{call: s.go, cancel: true}]}}, " TEN_STEPS, "250ms", "", 1290 * HR_MS, 1340 * HR_MS}, "by a service");
    // Two ways, 80 ms: the request comes at 1.08 s, the message at 1.33 s.
    tell(&(story){"f: {kind: breaker, to: g}, g: {kind: service, on: {go: [{call: h.go, cancel: true}]}}, h: {kind: balancer, region: us, to: s}, "
                  "s: {kind: service, region: us, on: {go: [{repeat: [{wait: 100ms}], times: 10}]}}", "250ms", "", 1330 * HR_MS, 1380 * HR_MS}, "there and back");
}

// A fault keeps the request for 100 ms more, until 1.14 s, but not the message that follows at 1.03 s: it waits behind the request, as on a TCP connection.
static void test_it_does_not_overtake_its_call(void **state)
{
    (void)state;
    tell(&(story){"f: {kind: breaker, to: s}, " TEN_STEPS, "30ms", "{at: 990ms, for: 20ms, delay: eu-us, by: 100ms}", 1140 * HR_MS, 1240 * HR_MS}, "overtaking");
}

// The link is cut from 1.27 to 1.5 s, so what comes at 1.29 s is lost, and sent again after the round trip and 200 ms: it is there at 1.57 s.
static void test_a_cut_link_keeps_it(void **state)
{
    (void)state;
    tell(&(story){"f: {kind: breaker, to: s}, " TEN_STEPS, "250ms", "{at: 1270ms, for: 230ms, partition: eu-us}", 1570 * HR_MS, 1640 * HR_MS}, "cut");
}

// The answer leaves at 1.24 s, or at 1.27 s when the message is under way: it finds nothing.
static void test_it_may_come_too_late(void **state)
{
    (void)state;
    static const char *const takes[] = {"200ms", "230ms"};
    for (size_t i = 0; i < HR_COUNT(takes); i++) {
        char *parts = hr_format("f: {kind: service, region: us, on: {go: [{call: s.go, cancel: true}]}}, s: {kind: service, on: {go: [{wait: %s}]}}", takes[i]);
        fixture f = run_far(parts, "250ms", "", 1600 * HR_MS);
        assert_int_equal(station(f, "s").cancelled, 0);
        assert_int_equal(f.w->calls_live, 0);
        finish(f);
        free(parts);
    }
}

// 10000 calls a second from 0 s on, whose messages set off from 2 s on; 15 % get lost. At 2.3 s those have come that set off until 2.26 s, 2600, but not
// the lost ones: these are sent again a round trip and 200 ms later. Four standard deviations of the binomial.
static void test_a_loss_keeps_it(void **state)
{
    (void)state;
    fixture f = begin_broken("s: {kind: service, workers: 10000, on: {go: [{wait: 10s}]}}", "c: {rate: 10000/s, arrivals: constant, call: s.go, region: us, timeout: 2s, cancel: true}}\n"
                             "network: {regions: [eu, us], rtt: {eu-us: 80ms}", "{at: 1s, lose: us->eu, share: 15%}", 500 * HR_MS);
    sim_world_run(f.w, 2300 * HR_MS);
    double come = (double)station(f, "s").cancelled, expected = 2600 * 0.85;
    print_message("%.0f of 2600 messages have come, expected %.0f\n", come, expected);
    assert_true(fabs(come - expected) <= 4 * sqrt(2600 * 0.15 * 0.85));
    finish(f);
}

// Who waits for a worker leaves when it is heard. Requests at 1 s and 1.1 s are there 40 ms later, and given up 250 ms after they were sent.
static void test_who_waits_far_away_leaves(void **state)
{
    (void)state;
    fixture f = begin("s: {kind: service, workers: 1, queue: 5, on: {go: [{wait: 400ms}, {wait: 400ms}]}}",
                      "c: {rate: 10/s, arrivals: constant, call: s.go, region: us, timeout: 250ms, cancel: true}}\nnetwork: {regions: [eu, us], rtt: {eu-us: 80ms}", 210 * HR_MS);
    sim_world_run(f.w, 489 * HR_MS);           // sent at 100 and 200 ms
    assert_int_equal(station(f, "s").queued, 1);
    sim_world_run(f.w, 491 * HR_MS);
    assert_int_equal(station(f, "s").queued, 0);
    assert_int_equal(station(f, "s").cancelled, 2);
    sim_world_check(f.w);
    finish(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_takes_its_way), cmocka_unit_test(test_it_does_not_overtake_its_call), cmocka_unit_test(test_a_cut_link_keeps_it),
        cmocka_unit_test(test_it_may_come_too_late),
        cmocka_unit_test(test_a_loss_keeps_it), cmocka_unit_test(test_who_waits_far_away_leaves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
