// tests/unit/test_cdn.c - caches at the edge, against schedules worked out by hand. The origin stands in eu and takes 9.5 ms, the way to us and back
// 80 ms; edges answer at once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/cdn.h"
#include "tests/unit/run.h"

enum { SERVICE, CDN };                         // components in order

static fixture at_the_edge(const char *cdn, const char *workload, hr_time until)
{
    char *components = hr_format("s: {kind: service, workers: 1000, on: {o: [{wait: 9.5ms}], p: [{wait: 9.5ms}]}}, e: {kind: cdn, keep: [o], demand: 0, "
                                 "entries: 100%s}, gate: {kind: limiter, policy: token-bucket, rate: 1/min, burst: 1, to: s}", cdn);
    char *both = hr_format("%s}\nnetwork: {regions: [eu, us, asia], rtt: {eu-us: 80ms, us-asia: 100ms, eu-asia: 120ms}", workload);
    fixture f = run(components, both, until);
    free(components);
    free(both);
    return f;
}

static const char *const tenths = "c: {rate: 10/s, arrivals: constant, call: e.o, region: us}";       // 0.1, 0.2 … 0.9 s

static void expect(const char *cdn, const char *workload, uint64_t started, uint64_t hits, double mean_s)
{
    fixture f = at_the_edge(cdn, workload, HR_SEC);
    sim_workload_view c = look(f, "c");
    sim_station_view e = sim_cdn_look(f.w, CDN);
    print_message("%s: %llu at the origin, %llu hits, mean %.6f s\n", cdn, (unsigned long long)sim_service_look(f.w, SERVICE, 0).started,
                  (unsigned long long)e.hits, sim_histogram_mean_s(c.latency));
    assert_int_equal(c.outcome[SIM_ok], 9);
    assert_int_equal(sim_service_look(f.w, SERVICE, 0).started, started);
    assert_int_equal(e.hits, hits);
    assert_int_equal(e.loads + e.joined - (e.saved && strstr(cdn, "while") ? e.saved : 0), e.misses);
    near(sim_histogram_mean_s(c.latency), mean_s);
    done(f);
}

static void test_an_edge_answers_what_it_has(void **state)
{
    (void)state;
    expect(", to: s, ttl: none", tenths, 1, 8, 0.0895 / 9);
    expect(", to: s, ttl: none, edges: [eu]", tenths, 1, 8, (9 * 0.080 + 0.0095) / 9);         // the nearest edge is far
    expect(", to: s, ttl: none, edges: [asia, eu]", tenths, 1, 8, (9 * 0.080 + 0.0095) / 9);   // and asia is farther
    expect(", to: s, ttl: none", "c: {rate: 10/s, arrivals: constant, call: e.p, region: us}", 9, 0, 0.0895);  // not kept
    expect(", to: s, ttl: none", "c: {rate: 10/s, arrivals: constant, call: e.o, region: us, key: sequential(3)}", 3, 6, 3 * 0.0895 / 9);
}

static void test_old_answers_end_or_are_served(void **state)
{
    (void)state;
    // Fetched at 0.1 s, there at 0.1895 s, fresh until 0.2895 s: every other request comes too late.
    expect(", to: s, ttl: 100ms", tenths, 5, 4, 5 * 0.0895 / 9);
    expect(", to: s, ttl: 100ms, stale_while_revalidate: 1s", tenths, 5, 8, 0.0895 / 9);
    // Fetching fails from the second time on, 80 ms after it has begun.
    expect(", to: gate, ttl: 100ms, stale_if_error: 10s", tenths, 1, 1, (0.0895 + 7 * 0.080) / 9);
    fixture f = at_the_edge(", to: gate, ttl: 100ms", tenths, HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 2);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 7);
    done(f);
}

static void test_an_edge_fetches_a_key_once_at_a_time(void **state)
{
    (void)state;
    // Requests at 1, 2 … 90 ms wait for the answer at 90.5 ms.
    fixture f = at_the_edge(", to: s, ttl: none", "c: {rate: 1k/s, arrivals: constant, call: e.o, region: us}", 300 * HR_MS);
    assert_int_equal(sim_service_look(f.w, SERVICE, 0).started, 1);
    assert_int_equal(sim_cdn_look(f.w, CDN).joined, 89);
    near(sim_histogram_mean_s(look(f, "c").latency), 90 * 0.045 / 299);
    done(f);
}

static void test_each_region_has_an_edge_and_a_shield_saves_the_origin(void **state)
{
    (void)state;
    static const char *const three = "c: {rate: 10/s, arrivals: constant, call: e.o, region: us}, d: {rate: 10/s, arrivals: constant, call: e.o}, "
                                     "a: {rate: 10/s, arrivals: constant, call: e.o, region: asia}";
    fixture f = at_the_edge(", to: s, ttl: none", three, HR_SEC);
    assert_int_equal(sim_service_look(f.w, SERVICE, 0).started, 3);
    for (uint32_t region = 0; region < 3; region++)
        assert_int_equal(sim_edge_look(f.w, CDN, region).hits, region == 2 ? 7 : 8);   // the second from asia waits for the rest of 129.5 ms
    near(sim_histogram_mean_s(look(f, "a").latency), (0.1295 + 0.0295) / 9);
    done(f);
    f = at_the_edge(", to: shield, ttl: none}, shield: {kind: cdn, keep: [o], demand: 0, entries: 100, edges: [eu], to: s, ttl: none", three, HR_SEC);
    assert_int_equal(sim_service_look(f.w, SERVICE, 0).started, 1);
    near(sim_histogram_mean_s(look(f, "d").latency), 0.0095 / 9);
    near(sim_histogram_mean_s(look(f, "a").latency), (0.120 + 0.020) / 9);       // the shield has it by then
    done(f);
}

static void test_mistakes_are_refused(void **state)
{
    (void)state;
    static const mistake mistakes[] = {
        {"to: s, keep: [o]", "what an edge keeps has no limit"}, {"to: s, entries: 5, keep: [q]", "'s' has no such operation"},
        {"to: s, entries: 5, keep: o", "e.keep: want a list"}, {"to: s, entries: 5, keep: [o], ttl: none, stale_if_error: 1s", "nothing becomes stale"},
        {"to: s, entries: 5, keep: [o], edges: [eu]", "e.edges needs a section `network"}, {"to: k, entries: 5, keep: [o]", "e.to: want a service"},
        {"to: e, entries: 5, keep: [o]", "it can't pass calls on to itself"},
    };
    all_refused("s: {kind: service, on: {o: [{wait: 1ms}]}}, k: {kind: cache}, e: {kind: cdn, @}", "c: {rate: 1/s, call: s.o}", mistakes, HR_COUNT(mistakes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_edge_answers_what_it_has), cmocka_unit_test(test_old_answers_end_or_are_served),
        cmocka_unit_test(test_an_edge_fetches_a_key_once_at_a_time), cmocka_unit_test(test_each_region_has_an_edge_and_a_shield_saves_the_origin),
        cmocka_unit_test(test_mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
