// tests/unit/test_mesh.c - a mesh: what each sidecar knows, what it asks again, and where it sends calls, against Envoy's manual and by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/memory.h"
#include "sim/parts/mesh.h"
#include "tests/unit/run.h"

static sim_station_view mesh(fixture f) { return sim_mesh_look(f.w, part_of(f, "m")); }
static uint64_t started(fixture f, const char *service, uint32_t replica) { return sim_service_look(f.w, part_of(f, service), replica).started; }

// --- Envoy's priorities: the tables of its manual, "Priority levels" ----------------------------------------------------------

static void test_loads_of_priorities_are_those_of_envoys_manual(void **state)
{
    (void)state;
    static const struct { uint32_t levels, healthy[3]; double load[3]; } rows[] = {            // healthy of 100; load in percent
        {2, {100, 100}, {100, 0}}, {2, {72, 100}, {100, 0}}, {2, {71, 100}, {99, 1}}, {2, {50, 100}, {70, 30}}, {2, {25, 100}, {35, 65}},
        {2, {0, 100}, {0, 100}}, {2, {72, 72}, {100, 0}}, {2, {71, 71}, {99, 1}}, {2, {50, 50}, {70, 30}}, {2, {25, 25}, {50, 50}},
        {3, {100, 100, 100}, {100, 0, 0}}, {3, {71, 71, 100}, {99, 1, 0}}, {3, {50, 50, 100}, {70, 30, 0}}, {3, {25, 100, 100}, {35, 65, 0}},
        {3, {25, 25, 100}, {35, 35, 30}}, {3, {25, 25, 20}, {36, 36, 28}}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        const uint32_t total[3] = {100, 100, 100};
        double load[3];
        sim_mesh_loads(rows[i].healthy, total, rows[i].levels, 1.4, load);
        for (uint32_t l = 0; l < rows[i].levels; l++)
            if (!(load[l] * 100 > rows[i].load[l] - 0.6 && load[l] * 100 < rows[i].load[l] + 0.6))     // the manual rounds to whole percents
                fail_msg("row %zu, level %u: %.2f %%, want %.0f %%", i, l, load[l] * 100, rows[i].load[l]);
    }
    double load[2];
    sim_mesh_loads((const uint32_t[]){3, 2}, (const uint32_t[]){6, 2}, 2, 1.0, load);          // without overprovisioning half is half
    near(load[0], 0.5);
    sim_mesh_loads((const uint32_t[]){0, 0}, (const uint32_t[]){4, 0}, 2, 1.4, load);          // nobody, and no endpoint at all
    near(load[0] + load[1], 0);
}

// --- one for each replica of each caller --------------------------------------------------------------------------------------

static void test_every_replica_of_every_caller_has_a_sidecar(void **state)
{
    (void)state;
    fixture f = run("m: {kind: mesh, to: s}, lb: {kind: balancer, to: web}, web: {kind: service, replicas: 5, on: {go: [{call: guard.o}]}}, "
                    "guard: {kind: breaker, policy: consecutive, to: m}, s: {kind: service, replicas: 2, on: {o: [{wait: 1ms}]}}",
                    "c: {rate: 10/s, arrivals: constant, call: lb.go}, people: {rate: 1/s, call: m.o}", 10 * HR_SEC);
    assert_int_equal(mesh(f).sidecars, 6);     // that of the people is their gateway; the breaker has none
    done(f);
}

// A hundred callers ask once each, all by round robin over four replicas. Were all cursors to start at the first, it would get every call.
static void test_round_robin_starts_anywhere(void **state)
{
    (void)state;
    fixture f = run("m: {kind: mesh, to: s, policy: round-robin}, lb: {kind: balancer, to: web}, web: {kind: service, replicas: 100, on: {go: [{call: m.o}]}}, "
                    "s: {kind: service, replicas: 4, on: {o: [{wait: 1ms}]}}", "c: {rate: 10/s, arrivals: constant, call: lb.go}", 10 * HR_SEC + 1);
    assert_int_equal(mesh(f).passed, 100);
    for (uint32_t i = 0; i < 4; i++)
        assert_in_range(started(f, "s", i), 25 - 17, 25 + 17);     // four deviations of a binomial(100, 1/4)
    done(f);
    f = run("m: {kind: mesh, to: s, policy: round-robin}, s: {kind: service, replicas: 4, on: {o: [{wait: 1ms}]}}",
            "c: {rate: 10/s, arrivals: constant, call: m.o}", 10 * HR_SEC + 1);
    for (uint32_t i = 0; i < 4; i++)           // and one of them goes round
        assert_int_equal(started(f, "s", i), 25);
    done(f);
}

// Two users, two callers, two replicas with a worker each. Who knows of all calls never has one wait; who knows of his own only has nothing out
// when he chooses, and takes either.
static void test_a_sidecar_knows_of_its_own_calls_only(void **state)
{
    (void)state;
    double mean[2];
    for (int i = 0; i < 2; i++) {
        char *components = hr_format("m: {kind: %s, to: s, policy: jsq}, lb: {kind: balancer, policy: jsq, to: web}, web: {kind: service, replicas: 2, workers: 1, "
                                     "on: {go: [{call: m.o}]}}, s: {kind: service, replicas: 2, workers: 1, on: {o: [{wait: 10ms}]}}", i ? "mesh" : "balancer");
        fixture f = run(components, "c: {users: 2, think: 1us, call: lb.go}", 10 * HR_SEC);
        mean[i] = sim_histogram_mean_s(look(f, "c").latency);
        free(components);
        done(f);
    }
    print_message("one balancer %.6f s, two sidecars %.6f s\n", mean[0], mean[1]);
    near(mean[0], 0.010);
    assert_true(mean[1] > 0.012);
}

// --- latency and cores --------------------------------------------------------------------------------------------------------

static const char *const slow = "c: {rate: 10/s, arrivals: constant, call: web.go}";

static double mean_behind(const char *mesh_keys, const char *go, const char *api)
{
    char *components = hr_format("m: {kind: mesh, to: s%s}, web: {kind: service, on: {go: [%s]}}, s: {kind: service, replicas: 2, cores: 1, on: {o: [%s]}}", mesh_keys,
                                 go, api);
    fixture f = run(components, slow, 100 * HR_SEC);
    double mean = sim_histogram_mean_s(look(f, "c").latency);
    free(components);
    done(f);
    return mean;
}

static void test_sidecars_take_time(void **state)
{
    (void)state;
    near(mean_behind("", "{call: m.o}", "{wait: 10ms}"), 0.010);
    near(mean_behind(", latency: 3ms", "{call: m.o}", "{wait: 10ms}"), 0.013);
    near(mean_behind(", cpu: 1ms", "{call: m.o}", "{wait: 10ms}"), 0.012);                     // on the caller's core and on the callee's
    near(mean_behind(", cpu: 1ms", "{parallel: [[{call: m.o}], [{call: m.o}]]}", "{wait: 10ms}"), 0.013);     // the caller has one core
    double plain = mean_behind("", "{call: m.o}", "{cpu: exp(2ms)}");
    double more = mean_behind(", cpu: 100us", "{call: m.o}", "{cpu: exp(2ms)}") - plain;       // it changes no draw of the service's own steps: other draws
    assert_true(more > 0.000195 && more < 0.000205);                                           // would differ by 90 us; the histogram is good to 0.1 %
}

// A core that a sidecar has is not the service's: 2 ms of work and 2 ms of proxy are 250 calls a second instead of 500.
static void test_cpu_of_sidecars_competes(void **state)
{
    (void)state;
    fixture f = run("m: {kind: mesh, to: s, cpu: 2ms}, s: {kind: service, cores: 1, workers: 50, queue: 0, on: {o: [{cpu: 2ms}]}}",
                    "c: {rate: 400/s, arrivals: constant, call: m.o, timeout: none}", 10 * HR_SEC);
    assert_in_range(look(f, "c").outcome[SIM_ok], 2500, 2560);     // and the 50 that are inside at the end
    done(f);
}

// --- asking again -------------------------------------------------------------------------------------------------------------

static void test_retries_of_sidecars_and_callers_multiply(void **state)
{
    (void)state;
    const char *components = "m: {kind: mesh, to: s, retries: {attempts: 2}}, web: {kind: service, on: {go: [{call: m.o, retry: {most: 2, base: 1ms}}]}}, "
                             "s: {kind: service, replicas: 5, on: {o: [{fail: error}]}}";
    fixture f = run(components, slow, 10 * HR_SEC + 1);
    uint64_t asked = 0;
    for (uint32_t i = 0; i < 5; i++)
        asked += started(f, "s", i);
    assert_int_equal(asked, 100 * 3 * 3);
    assert_int_equal(mesh(f).attempts, 900);
    assert_int_equal(mesh(f).retried, 600);
    done(f);
}

// Anything up to 25 ms, 50, 100, 200, 250, 250 …: half of it on average (Envoy, JitteredExponentialBackOffStrategy). The last of `attempts` is not waited for.
static void test_waits_are_envoys(void **state)
{
    (void)state;
    static const struct { const char *keys; double mean_s; } cases[] = {
        {"attempts: 1", 0.0125}, {"attempts: 2", 0.0375}, {"attempts: 5", 0.3125}, {"attempts: 2, base_interval: 100ms, max_interval: 150ms", 0.125}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *keys = hr_format(", retries: {%s}", cases[i].keys);
        double mean = mean_behind(keys, "{call: m.o, failed: [{return: ok}]}", "{fail: error}");
        print_message("%s: %.4f s, want %.4f s\n", cases[i].keys, mean, cases[i].mean_s);
        assert_true(mean > 0.95 * cases[i].mean_s && mean < 1.05 * cases[i].mean_s);           // a thousand of them
        free(keys);
    }
}

static void test_only_what_retry_on_names_is_asked_again(void **state)
{
    (void)state;
    near(mean_behind(", retries: {attempts: 3, retry_on: [timeout, lost]}", "{call: m.o, failed: [{return: ok}]}", "{fail: error}"), 0);
    assert_true(mean_behind(", retries: {attempts: 3, retry_on: error}", "{call: m.o, failed: [{return: ok}]}", "{fail: error}") > 0.05);
}

// One replica is dead and refuses. Half of the calls find it first; the other one is asked next, always.
static void test_another_replica_is_asked(void **state)
{
    (void)state;
    fixture f = run_broken("m: {kind: mesh, to: s, policy: random, retries: {attempts: 1}}, s: {kind: service, replicas: 2, on: {o: [{wait: 1ms}]}}",
                           "c: {rate: 100/s, call: m.o}", "{at: 0s, kill: s, replica: 0}", 10 * HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_ok], look(f, "c").offered);
    assert_in_range(mesh(f).retried, 400, 600);
    assert_int_equal(mesh(f).attempts, look(f, "c").offered + mesh(f).retried);
    done(f);
}

// An attempt is late after 20 ms, the second one, at another replica, too. The replicas work on.
static void test_an_attempt_has_a_time_of_its_own(void **state)
{
    (void)state;
    double mean = mean_behind(", retries: {attempts: 1, per_try_timeout: 20ms, base_interval: 1us}", "{call: m.o, failed: [{return: ok}]}", "{wait: 50ms}");
    assert_true(mean > 0.040 && mean < 0.0400011);
    fixture f = run("m: {kind: mesh, to: s, retries: {attempts: 5, per_try_timeout: 20ms, base_interval: 1us}}, s: {kind: service, workers: 100, on: {o: [{wait: 50ms}]}}",
                    "c: {rate: 10/s, arrivals: constant, call: m.o, timeout: 50ms}", HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 9);
    assert_int_equal(mesh(f).attempts, 3 * 9); // at 0, 20 and 40 ms; who has given up at 50 ms gets no more
    done(f);
}

// Envoy's retry budget: 20 % of what is active, 3 at least.
static void test_a_budget_is_a_share_of_what_is_active(void **state)
{
    (void)state;
    const sim_retry_def d = {.budget = 0.2};
    static const struct { uint32_t active, retrying; bool fits; } cases[] = {{0, 2, true}, {0, 3, false}, {15, 3, false}, {16, 3, true}, {100, 19, true}, {100, 20, false}};
    for (size_t i = 0; i < HR_COUNT(cases); i++)
        assert_int_equal(sim_retry_fits(&d, 3, cases[i].active, cases[i].retrying), cases[i].fits);
    // Every call fails at once, a thousand a second, and a retry waits for 50 ms on average: three wait at a time, which are 60 a second.
    fixture f = run("m: {kind: mesh, to: s, retries: {attempts: 1, base_interval: 100ms, budget_percent: 20%}}, s: {kind: service, workers: 100, on: {o: [{fail: error}]}}",
                    "c: {rate: 1000/s, call: m.o}", 20 * HR_SEC);
    print_message("%llu retries in 20 s, %llu refused\n", (unsigned long long)mesh(f).retried, (unsigned long long)mesh(f).overflowed);
    assert_in_range(mesh(f).retried, 1080, 1260);                  // 3 / (50 ms + 1 ms until the next failure) × 20 s
    assert_int_equal(mesh(f).retried + mesh(f).overflowed, mesh(f).passed);
    done(f);
}

// --- ejections ----------------------------------------------------------------------------------------------------------------

// One replica of two is dead. Each of three sidecars has to learn that by five errors of its own; a balancer needs five in all.
static void test_every_sidecar_ejects_for_itself(void **state)
{
    (void)state;
    for (int is_mesh = 0; is_mesh < 2; is_mesh++) {
        char *components = hr_format("m: {kind: %s, to: s, policy: round-robin, outlier_detection: {base_ejection_time: 300s}}, lb: {kind: balancer, to: web}, "
                                     "web: {kind: service, replicas: 3, on: {go: [{call: m.o}]}}, s: {kind: service, replicas: 2, on: {o: [{wait: 1ms}]}}",
                                     is_mesh ? "mesh" : "balancer");
        fixture f = run_broken(components, "c: {rate: 20/s, arrivals: constant, call: lb.go}", "{at: 0s, kill: s, replica: 1}", 20 * HR_SEC);
        assert_int_equal(look(f, "c").outcome[SIM_error], is_mesh ? 15 : 5);
        assert_int_equal(sim_station_look(f.w, part_of(f, "m")).ejections, is_mesh ? 3 : 1);
        free(components);
        done(f);
    }
}

// --- regions ------------------------------------------------------------------------------------------------------------------

static const char *const network = "}\nnetwork: {regions: [eu, us, asia], rtt: {eu-us: 80ms, us-asia: 100ms, eu-asia: 160ms, inside: 2ms}";

static fixture in_regions(const char *mesh_keys, const char *workload, const char *faults, hr_time until, hr_time reset)
{
    char *components = hr_format("m: {kind: mesh, to: [eu, asia, us]%s}, eu: {kind: service, replicas: 4, on: {o: [{wait: 1ms}], p: [{wait: 5ms}]}}, "
                                 "us: {kind: service, region: us, replicas: 4, on: {p: [{wait: 5ms}], o: [{wait: 1ms}]}}, "
                                 "asia: {kind: service, region: asia, replicas: 4, on: {o: [{wait: 1ms}], p: [{wait: 5ms}]}}", mesh_keys);
    char *both = hr_format("%s%s", workload, network);
    fixture f = begin_broken(components, both, faults, until);
    f.w->window_from = reset;
    sim_world_run(f.w, reset);
    sim_world_reset_counts(f.w);
    sim_world_run(f.w, until);
    sim_world_check(f.w);
    assert_true(sim_world_drain(f.w, 2 * until));
    sim_world_check(f.w);
    free(components);
    free(both);
    return f;
}

static uint64_t started_in(fixture f, const char *service)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 4; i++)
        sum += started(f, service, i);
    return sum;
}

static void test_calls_stay_in_their_region(void **state)
{
    (void)state;
    fixture f = in_regions(", locality: true", "c: {rate: 100/s, call: m.o}, far: {rate: 100/s, call: m.p, region: us}", "", 10 * HR_SEC, 0);
    assert_int_equal(mesh(f).away, 0);
    assert_int_equal(started_in(f, "asia"), 0);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.003);       // 2 ms within the region, once: the sidecar is on the caller's machine
    near(sim_histogram_mean_s(look(f, "far").latency), 0.007);     // the other service has its operations in another order
    done(f);
    f = in_regions(", policy: random", "c: {rate: 100/s, call: m.o}", "", 100 * HR_SEC, 0);
    double away = (double)mesh(f).away / (double)mesh(f).attempts;
    assert_true(away > 0.64 && away < 0.69);   // without it all twelve are alike: two thirds
    done(f);
}

#define EJECTS ", outlier_detection: {base_ejection_time: 300s, max_ejection_percent: 100%}"

// Half of the replicas are dead and ejected: 50 × 1.4 = 70 % of the calls stay, 30 % go to the nearest other region (the manual's table).
static void test_half_a_region_keeps_seventy_percent(void **state)
{
    (void)state;
    fixture f = in_regions(", locality: true" EJECTS, "c: {rate: 200/s, call: m.o}", "{at: 0s, kill: eu, replica: 0}, {at: 0s, kill: eu, replica: 2}", 60 * HR_SEC, 10 * HR_SEC);
    double away = (double)mesh(f).away / (double)mesh(f).attempts;
    print_message("%.4f of %llu calls go away\n", away, (unsigned long long)mesh(f).attempts);
    assert_true(away > 0.30 - 0.0184 && away < 0.30 + 0.0184);     // four deviations of 10 000
    assert_in_range(started_in(f, "us"), mesh(f).away, mesh(f).away + 20);     // and what was on its way at the reset
    assert_int_equal(started_in(f, "asia"), 0);
    near(mesh(f).unhealthy, 2);
    done(f);
    f = in_regions(", locality: true, overprovisioning_factor: 2" EJECTS, "c: {rate: 200/s, call: m.o}", "{at: 0s, kill: eu, replica: 0}, {at: 0s, kill: eu, replica: 2}", 60 * HR_SEC,
                   10 * HR_SEC);
    assert_int_equal(mesh(f).away, 0);
    done(f);
}

// All of eu is dead: us is nearer. For asia, when its own and then us is dead, too, eu is what is left.
static void test_a_dead_region_is_replaced_by_the_nearest(void **state)
{
    (void)state;
    fixture f = in_regions(", locality: true" EJECTS, "c: {rate: 100/s, call: m.o}", "{at: 0s, kill: eu, replica: all}", 20 * HR_SEC, 5 * HR_SEC);
    assert_int_equal(started_in(f, "eu") + started_in(f, "asia"), 0);
    assert_in_range(started_in(f, "us"), mesh(f).passed, mesh(f).passed + 20);
    done(f);
    f = in_regions(", locality: true" EJECTS, "c: {rate: 100/s, call: m.o, region: asia}", "{at: 0s, kill: asia, replica: all}, {at: 0s, kill: us, replica: all}", 20 * HR_SEC, 5 * HR_SEC);
    assert_in_range(started_in(f, "eu"), mesh(f).passed, mesh(f).passed + 20);
    done(f);
    f = in_regions(", locality: true" EJECTS, "c: {rate: 100/s, call: m.o}", "{at: 0s, kill: eu, replica: all}, {at: 0s, kill: us, replica: all}, {at: 0s, kill: asia, replica: all}", 20 * HR_SEC,
                   10 * HR_SEC);
    assert_int_equal(mesh(f).unanswerable, mesh(f).passed);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], mesh(f).passed);
    done(f);
}

// A pod that is not ready is no endpoint any more, so that half of the region is all of it: no call leaves it.
static void test_who_is_not_ready_is_no_endpoint(void **state)
{
    (void)state;
    char *both = hr_format("c: {rate: 200/s, call: m.o}%s", network);
    fixture f = begin("m: {kind: mesh, to: [eu, us], locality: true}, eu: {kind: service, replicas: 4, on: {o: [{wait: 1ms}]}}, "
                      "us: {kind: service, region: us, replicas: 4, on: {o: [{wait: 1ms}]}}", both, 20 * HR_SEC);
    sim_world_run(f.w, HR_SEC);
    sim_service_crash(f.w, part_of(f, "eu"), 0, HR_FOREVER);
    sim_service_crash(f.w, part_of(f, "eu"), 1, HR_FOREVER);
    sim_world_run(f.w, 10 * HR_SEC);
    sim_world_check(f.w);
    assert_int_equal(mesh(f).away, 0);
    sim_service_crash(f.w, part_of(f, "eu"), 2, HR_SEC);
    sim_service_crash(f.w, part_of(f, "eu"), 3, HR_SEC);
    sim_world_run(f.w, 11 * HR_SEC);
    assert_in_range(mesh(f).away, 150, 250);   // nobody is left there for a second
    uint64_t away = mesh(f).away;
    sim_world_run(f.w, 20 * HR_SEC);
    sim_world_check(f.w);
    assert_int_equal(mesh(f).away, away);
    free(both);
    done(f);
}

// --- mistakes -----------------------------------------------------------------------------------------------------------------

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const mistake mistakes[] = {
        {"to: []", "want a service, or a list"}, {"to: [s, s]", "'s' is there twice"}, {"to: lb", "no service is named 'lb': that is a balancer"}, {"to: [s, other]", "'other' has no operation 'o'"},
        {"to: s, locality: true", "needs a section `network"}, {"to: s, overprovisioning_factor: 1.2", "belongs to `locality"},
        {"to: s, retries: {retry_on: [errors]}", "did you mean 'error'"}, {"to: s, retries: {retry_on: ok}", "no outcome after which to ask again"},
        {"to: s, retries: {retry_on: []}", "want outcomes"}, {"to: s, retries: {min_retry_concurrency: 5}", "belongs to `budget_percent`"},
        {"to: s, retries: {base_interval: 1s, max_interval: 10ms}", "<= `max_interval`"}, {"to: s, retries: {retry_on: timeout}", "without `per_try_timeout`"},
        {"to: s, retries: {most: 3}", "has no key `most`"}, {"to: s, sticky: {}", "has no key `sticky`"}};
    all_refused("m: {kind: mesh, @}, lb: {kind: balancer, to: s}, s: {kind: service, on: {o: [{wait: 1ms}]}}, other: {kind: service, on: {p: [{wait: 1ms}]}}",
                "c: {rate: 1/s, call: lb.o}", mistakes, HR_COUNT(mistakes));
    assert_int_equal(refused("m: {kind: mesh, to: t}, s: {kind: service, on: {o: [{wait: 1ms}]}}", "c: {rate: 1/s, call: m.o}", "no service is named 't'"), 1);
    refused("m: {kind: mesh, to: [s, t]}, s: {kind: service, replicas: 30000, on: {o: [{wait: 1ms}]}}, t: {kind: service, replicas: 30001, on: {o: [{wait: 1ms}]}}",
            "c: {rate: 1/s, call: m.o}", "60001 replicas");
    refused("m: {kind: mesh, to: [s, t], locality: true}, s: {kind: service, on: {o: [{wait: 1ms}]}}, t: {kind: service, on: {o: [{wait: 1ms}]}}",
            "c: {rate: 1/s, call: m.o}}\nnetwork: {regions: [eu, us], rtt: 80ms", "all its services are in one region");
    refused("m: {kind: mesh, to: s}, s: {kind: service, on: {o: [{wait: 1ms}]}}", "c: {rate: 1/s, call: m.o, connect: 2}}\nnetwork: {regions: [eu, us], rtt: 80ms",
            "whose proxies keep their connections");
    refused("m: {kind: mesh, to: s, region: us}, s: {kind: service, on: {o: [{wait: 1ms}]}}", "c: {rate: 1/s, call: m.o}}\nnetwork: {regions: [eu, us], rtt: 80ms",
            "where its callers are");
    refused("m: {kind: mesh, to: [s, t]}, s: {kind: service, on: {o: [{wait: 1ms}]}}, t: {kind: service, on: {o: [{call: m.o}]}}", "c: {rate: 1/s, call: s.o}",
            "a ring of calls");                // through the second service
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loads_of_priorities_are_those_of_envoys_manual), cmocka_unit_test(test_every_replica_of_every_caller_has_a_sidecar),
        cmocka_unit_test(test_round_robin_starts_anywhere), cmocka_unit_test(test_a_sidecar_knows_of_its_own_calls_only),
        cmocka_unit_test(test_sidecars_take_time), cmocka_unit_test(test_cpu_of_sidecars_competes),
        cmocka_unit_test(test_retries_of_sidecars_and_callers_multiply), cmocka_unit_test(test_waits_are_envoys),
        cmocka_unit_test(test_only_what_retry_on_names_is_asked_again), cmocka_unit_test(test_another_replica_is_asked),
        cmocka_unit_test(test_an_attempt_has_a_time_of_its_own), cmocka_unit_test(test_a_budget_is_a_share_of_what_is_active),
        cmocka_unit_test(test_every_sidecar_ejects_for_itself), cmocka_unit_test(test_calls_stay_in_their_region),
        cmocka_unit_test(test_half_a_region_keeps_seventy_percent), cmocka_unit_test(test_a_dead_region_is_replaced_by_the_nearest),
        cmocka_unit_test(test_who_is_not_ready_is_no_endpoint), cmocka_unit_test(test_mistakes_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
