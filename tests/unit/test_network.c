// tests/unit/test_network.c - regions: round trips, bandwidth, slow start and losses, against times worked out by hand and published formulas.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/network.h"
#include "tests/unit/run.h"

// As `run`, with a network of the regions eu and us, 80 ms apart; messages weigh what their rows do.
static fixture between(const char *network, const char *components, const char *workload, hr_time until)
{
    char *both = hr_format("%s}\nnetwork: {regions: [eu, us], overhead: 0B, %s", workload, network);
    fixture f = run(components, both, until);
    free(both);
    return f;
}

static double mean_between(const char *network, const char *components, const char *workload)
{
    fixture f = between(network, components, workload, HR_SEC);
    double mean = sim_histogram_mean_s(look(f, "c").latency);
    done(f);
    return mean;
}

static const char *const far[] = {"rtt: {eu-us: 80ms}", "s: {kind: service, on: {o: [{wait: 10ms}]}}"};

static void test_a_call_takes_its_round_trips(void **state)
{
    (void)state;
    near(mean_between(far[0], far[1], "c: {rate: 100/s, arrivals: constant, call: s.o}"), 0.010);
    near(mean_between(far[0], far[1], "c: {rate: 100/s, arrivals: constant, call: s.o, region: us}"), 0.090);
    near(mean_between(far[0], far[1], "c: {rate: 100/s, arrivals: constant, call: s.o, region: us, connect: 2}"), 0.250);
    near(mean_between("rtt: {us-eu: 80ms, inside: 2ms}", far[1], "c: {rate: 100/s, arrivals: constant, call: s.o}"), 0.012);
    // There and back twice: to the service in eu, from there to the database in us; the cache is near.
    near(mean_between(far[0], "s: {kind: service, on: {o: [{get: k}, {query: d.q}]}}, k: {kind: cache, memory: 2MiB, demand: 1ms, network: 0}, "
                              "d: {kind: database, region: us, network: 0, statements: {q: {cpu: 0, wait: 5ms}}}",
                      "c: {rate: 100/s, arrivals: constant, call: s.o, region: us}"), 0.166);
}

// Both ways of a call take half of the same draw, so the whole has the distribution that was given.
static void test_a_round_trip_is_drawn_once(void **state)
{
    (void)state;
    fixture f = between("rtt: {eu-us: \"uniform(60ms, 100ms)\"}", "s: {kind: service, workers: 1000, on: {o: [{wait: 0}]}}",
                        "c: {rate: 1000/s, call: s.o, region: us}", 20 * HR_SEC);
    const sim_histogram *h = look(f, "c").latency;
    double q10 = (double)sim_histogram_quantile(h, 0.1) * 1e-9, q90 = (double)sim_histogram_quantile(h, 0.9) * 1e-9;
    print_message("uniform(60ms, 100ms): p10 %.4f s, p90 %.4f s of %llu\n", q10, q90, (unsigned long long)h->count);
    assert_true(fabs(q10 - 0.064) < 0.001 && fabs(q90 - 0.096) < 0.001);       // two draws of a half each would give 0.0689 and 0.0911
    done(f);
}

static void test_what_shares_a_pipe_shares_its_bandwidth(void **state)
{
    (void)state;
    // Rows of 10 kB at 1 MB/s. Two answers at once: 20 ms each. One 5 ms after the other: 15 ms each.
    static const char *const service = "s: {kind: service, on: {now: [{wait: 0}], later: [{wait: 5ms}]}}";
    static const char *const link = "rtt: {eu-us: 80ms}, bandwidth: 1MB/s";
    struct { const char *other; double want_c, want_d; } cases[] = {{"s.now", 0.100, 0.100}, {"s.later", 0.095, 0.100}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *workload = hr_format("c: {rate: 10/s, arrivals: constant, call: s.now, region: us, size: 10kB}, "
                                   "d: {rate: 10/s, arrivals: constant, call: %s, region: us, size: 10kB}", cases[i].other);
        fixture f = between(link, service, workload, HR_SEC);
        near(sim_histogram_mean_s(look(f, "c").latency), cases[i].want_c);
        near(sim_histogram_mean_s(look(f, "d").latency), cases[i].want_d);
        sim_pipe_view back = sim_network_look(f.w, 0, 1), there = sim_network_look(f.w, 1, 0);
        assert_int_equal(back.bytes, 18 * 10000);
        assert_int_equal(there.bytes, 0);
        assert_int_equal(back.messages, 18);
        assert_int_equal(sim_network_crossed(f.w), 18 * 10000);
        free(workload);
        done(f);
    }
}

// What is written goes there with the request, what is read comes back with the answer.
static void test_rows_go_where_they_are_wanted(void **state)
{
    (void)state;
    static const char *const far_db = "s: {kind: service, region: us, on: {read: [{query: d.get}], write: [{query: d.put}]}}, "
                                      "d: {kind: database, statements: {get: {}, put: {writes: true}}}";
    for (int writes = 0; writes < 2; writes++) {
        char *workload = hr_format("c: {rate: 10/s, arrivals: constant, call: s.%s, region: us, size: 3kB}", writes ? "write" : "read");
        fixture f = between("rtt: {eu-us: 80ms}", far_db, workload, HR_SEC);
        assert_int_equal(sim_network_look(f.w, 1, 0).bytes, writes ? 27000 : 0);
        assert_int_equal(sim_network_look(f.w, 0, 1).bytes, writes ? 0 : 27000);
        free(workload);
        done(f);
    }
}

// --- TCP ----------------------------------------------------------------------------------------------------------------------

static const hr_time RTT = 80 * HR_MS;

static void test_slow_start_takes_the_published_rounds(void **state)
{
    (void)state;
    for (uint32_t segments = 1; segments < 5000; segments += 7) {
        // With a window of w, n segments take ceil(log2(n / w + 1)) windows (Kurose and Ross 3.7).
        double windows = ceil(log2(segments / 10.0 + 1) - 1e-9);
        assert_int_equal(sim_tcp_slow_start(segments * 1460, 10, RTT, 0), (hr_time)(fmax(windows, 1) - 1) * RTT);
    }
    assert_int_equal(sim_tcp_slow_start(14600, 10, RTT, 0), 0);
    assert_int_equal(sim_tcp_slow_start(14601, 10, RTT, 0), RTT);
    // With a rate of R, the same source's P * (RTT + S / R) - (2^P - 1) * S / R, where P is the lesser of the windows less one and of
    // floor(log2(1 + RTT / (S / R))) + 1: 100 segments at 1 MB/s.
    double segment = 1460 * 1000.0, p = fmin(ceil(log2(101)) - 1, floor(log2(1 + (double)RTT / segment)) + 1);
    double want = p * ((double)RTT + segment) - (pow(2, p) - 1) * segment;
    assert_true(fabs((double)sim_tcp_slow_start(146000, 1, RTT, 1000) - want) < 2);
    assert_true(p == 6 && want < 6 * (double)RTT);
}

static void test_a_large_answer_needs_more_round_trips(void **state)
{
    (void)state;
    // 200 KiB are 141 segments: 10 + 20 + 40 + 71 in four windows.
    near(mean_between(far[0], far[1], "c: {rate: 10/s, arrivals: constant, call: s.o, region: us, size: 200KiB}"), 0.090 + 3 * 0.080);
}

// E = q RTO / (1 - 2p) + (1 - q) r (RTT + p RTO / (1 - 2p)), with q: a segment of the last three is lost, r: one before them is;
// the factor is the mean of 2^J - 1 for J timeouts in a row.
static double expected_loss_s(double p, double segments, double rto_s)
{
    double q = 1 - pow(1 - p, fmin(segments, 3)), r = 1 - pow(1 - p, fmax(segments - 3, 0)), row = rto_s / (1 - 2 * p);
    return q * row + (1 - q) * r * ((double)RTT * 1e-9 + p * row);
}

static void test_losses_cost_what_the_formula_says(void **state)
{
    (void)state;
    enum { DRAWS = 1000000 };
    const hr_time rto = RTT + 200 * HR_MS;
    static const struct { double loss; uint32_t segments; } cases[] = {{0.05, 1}, {0.05, 20}, {0.01, 100}, {0.1, 3}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        double sum = 0, squares = 0;
        for (uint64_t k = 0; k < DRAWS; k++) {
            sim_draw a = sim_random(1, 2, k, 0), b = sim_random(1, 2, k, 1);
            const double u[] = {sim_unit(a.word[0]), sim_unit(a.word[1]), sim_unit(b.word[0]), sim_unit(b.word[1])};
            double s = (double)sim_tcp_loss(cases[i].segments * 1460, cases[i].loss, RTT, rto, u) * 1e-9;
            sum += s;
            squares += s * s;
        }
        double mean = sum / DRAWS, half = 2.576 * sqrt((squares / DRAWS - mean * mean) / DRAWS);
        double want = expected_loss_s(cases[i].loss, cases[i].segments, (double)rto * 1e-9);
        print_message("loss %g, %u segments: %.6f ±%.6f s, formula %.6f s\n", cases[i].loss, cases[i].segments, mean, half, want);
        assert_true(half < 0.02 * want && fabs(mean - want) < half);
        double planted = expected_loss_s(cases[i].loss, cases[i].segments, 0.200);     // a timeout without the round trip: must be told apart
        assert_true(fabs(mean - planted) > half);
    }
}

static void test_timeouts_double_up_to_two_minutes(void **state)
{
    (void)state;
    assert_int_equal(sim_tcp_timeout(280 * HR_MS, 0), 280 * HR_MS);
    assert_int_equal(sim_tcp_timeout(280 * HR_MS, 3), 2240 * HR_MS);
    assert_int_equal(sim_tcp_timeout(280 * HR_MS, 200), 120 * HR_SEC);
    assert_int_equal(sim_tcp_timeout(500 * HR_SEC, 2), 500 * HR_SEC);
    assert_int_equal(sim_tcp_timeout(100000 * HR_SEC, 17), 100000 * HR_SEC);   // doubled so often it is more than an int64 holds
}

// --- what is refused ----------------------------------------------------------------------------------------------------------

static void test_mistakes_are_refused(void **state)
{
    (void)state;
    static const char *const service = "s: {kind: service, on: {o: [{wait: 1ms}]}}";
    static const struct { const char *network, *complaint; } mistakes[] = {
        {"regions: [eu, us], rtt: {eu-us: 80ms, eu-mars: 20min}", "'eu-mars' are no two regions"},
        {"regions: [eu, us, asia], rtt: {eu-us: 80ms, us-asia: 1ms}", "there is none for eu-asia"},
        {"regions: [eu, us], rtt: {eu-us: 80ms, us-eu: 90ms}", "'us-eu' is the same link as 'eu-us'"},
        {"regions: [eu, eu, us], rtt: {eu-us: 80ms}", "'eu' is there twice"},
        {"regions: [eu, us], rtt: {eu-us: 80}", "network.rtt.eu-us: want a round trip"},
        {"regions: [a, b-c, a-b, c], rtt: {a-b-c: 1ms}", "can be two different pairs"},
        {"regions: [eu, us], rtt: {eu-us: 80ms}, bandwidth: fast", "network.bandwidth: want bits or bytes a second"},
        {"regions: [eu, us], rtt: {eu-us: 80ms}, loss: 90%", "a share of the packets up to 30%"},
        {"regions: [eu, us], rtt: {eu-us: 80ms}, min_rto: none", "network.min_rto = 'none': want a time"},
    };
    for (size_t i = 0; i < HR_COUNT(mistakes); i++) {
        char *both = hr_format("c: {rate: 1/s, call: s.o}}\nnetwork: {%s", mistakes[i].network);
        (void)refused(service, both, mistakes[i].complaint);
        free(both);
    }
    assert_int_equal(refused(service, "c: {rate: 1/s, call: s.o, region: us}", "c.region needs a section `network"), 1);
    assert_int_equal(refused(service, "c: {rate: 1/s, call: s.o, connect: 2}", "c.connect needs a section `network"), 1);
    assert_int_equal(refused(service, "c: {rate: 1/s, call: s.o, region: uk}}\nnetwork: {regions: [eu, us], rtt: {eu-us: 80ms}", "did you mean"), 1);
    assert_int_equal(refused("network: {kind: service, on: {o: [{wait: 1ms}]}}", "c: {rate: 1/s, call: network.o}}\nnetwork: {regions: [eu]",
                             "'network' is the name of the section"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_takes_its_round_trips), cmocka_unit_test(test_a_round_trip_is_drawn_once),
        cmocka_unit_test(test_what_shares_a_pipe_shares_its_bandwidth), cmocka_unit_test(test_rows_go_where_they_are_wanted),
        cmocka_unit_test(test_slow_start_takes_the_published_rounds), cmocka_unit_test(test_a_large_answer_needs_more_round_trips),
        cmocka_unit_test(test_losses_cost_what_the_formula_says), cmocka_unit_test(test_timeouts_double_up_to_two_minutes),
        cmocka_unit_test(test_mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
