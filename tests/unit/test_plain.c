// tests/unit/test_plain.c - the plain way of calls, and the one that asks for everything, lead to the same world, byte by byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/core/calls.h"
#include "tests/unit/run.h"

static void look_away(void *self, const sim_world *w, const sim_note *note) { (void)self, (void)w, (void)note; }

// Of how many pieces of the run the end is not the same bytes when somebody looks on, for whom no call goes the plain way. `spoil`: planted, that one has
// counted an event too many.
static int differing(const char *components, const char *workload, bool spoil)
{
    enum { PIECES = 40 };
    const hr_time until = 400 * HR_SEC;
    static sim_host host;
    host.observe = look_away;
    fixture plain = begin(components, workload, until);
    sim_world *seen = sim_world_fork(plain.w); // a copy: a world that is built anew has other padding
    seen->host = &host;
    seen->events_run += spoil;
    int wrong = 0;
    assert_true(sim_world_is_plain(plain.w) && !sim_world_is_plain(seen));
    for (int i = 1; i <= PIECES; i++) {
        sim_world_run(plain.w, until / PIECES * i);
        sim_world_run(seen, until / PIECES * i);
        sim_checkpoint a = sim_world_checkpoint(plain.w), b = sim_world_checkpoint(seen);
        wrong += a.size != b.size || memcmp(a.bytes, b.bytes, a.size) != 0;
        free(a.bytes);
        free(b.bytes);
        sim_world_check(plain.w);
    }
    assert_true(plain.w->events_run > 2000);
    done(plain);
    sim_world_free(seen);
    return wrong;
}

static void test_both_ways_lead_to_the_same_world(void **state)
{
    (void)state;
    static const char *const worlds[][2] = {
        {"s: {kind: service, workers: 1, queue: 1G, on: {serve: [{wait: exp(100ms)}]}}",                "c: {rate: 8/s, call: s.serve, timeout: none}"},
        {"s: {kind: service, workers: 3, queue: 4, on: {serve: [{wait: exp(300ms)}]}}",                 "c: {rate: 11/s, call: s.serve, timeout: 700ms}"},
        {"s: {kind: service, workers: 1, queue: 1k, on: {serve: [{wait: 1ms}, {wait: exp(90ms)}]}}",    "c: {rate: 12/s, call: s.serve, timeout: 500ms}"},
        {"s: {kind: service, workers: 2, cores: 1, queue: 9, on: {serve: [{cpu: exp(90ms)}], look: [{wait: exp(20ms)}]}}",
         "c: {rate: 8/s, call: s.serve, timeout: none}, d: {rate: 9/s, arrivals: constant, call: s.look, timeout: 1s}"},
        {"b: {kind: balancer, policy: least-conn, to: s}, s: {kind: service, replicas: 3, workers: 1, queue: 50, on: {serve: [{wait: exp(100ms)}, {call: t.serve}]}}, "
         "t: {kind: service, workers: 2, queue: 50, on: {serve: [{wait: uniform(10ms, 100ms)}]}}",
         "c: {rate: 20/s, call: b.serve, timeout: 300ms}"},
    };
    for (size_t i = 0; i < HR_COUNT(worlds); i++)
        assert_int_equal(differing(worlds[i][0], worlds[i][1], false), 0);
    assert_true(differing(worlds[0][0], worlds[0][1], true) > 0);    // planted: this must be found
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways_lead_to_the_same_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
