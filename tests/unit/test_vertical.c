// tests/unit/test_vertical.c - larger and smaller replicas: the Vertical Pod Autoscaler's parts by their formulas, whom it moves and when, an HPA on memory.
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/lives.h"
#include "tests/unit/run.h"

#define MIB (1024.0 * 1024)

static void close_to(double got, double want)
{
    if (!(fabs(got - want) <= 1e-6 * fabs(want)))
        fail_msg("got %.9g, want %.9g", got, want);
}

// --- the recommender ----------------------------------------------------------------------------------------------------

// Bucket n of cpu begins at 0.01 (1.05^n - 1) / 0.05: 1 core is in the 36th, which ends at 0.2 (1.05^37 - 1); 2 cores in the 49th. One half-life later a
// sample weighs twice as much: 1 and 2.
static void test_a_percentile_is_the_end_of_a_bucket(void **state)
{
    (void)state;
    const hr_time half = 60 * HR_SEC;
    sim_vpa_histogram h = {0};
    assert_true(sim_vpa_percentile(&h, SIM_VPA_CPU, 0.9) <= 0);
    sim_vpa_put(&h, SIM_VPA_CPU, 1, 1, 0, half);
    close_to(sim_vpa_percentile(&h, SIM_VPA_CPU, 0.9), 0.2 * (pow(1.05, 37) - 1));
    sim_vpa_put(&h, SIM_VPA_CPU, 2, 1, half, half);
    close_to(h.total, 3);
    close_to(sim_vpa_percentile(&h, SIM_VPA_CPU, 0.33), 1.016281388);
    close_to(sim_vpa_percentile(&h, SIM_VPA_CPU, 0.34), 2.093479958);
    sim_vpa_take(&h, SIM_VPA_CPU, 2, 1, half, half);
    close_to(sim_vpa_percentile(&h, SIM_VPA_CPU, 1), 1.016281388);
    sim_vpa_put(&h, SIM_VPA_CPU, 2, 1, 250 * half, half);          // what is 250 half-lives old weighs nothing beside it
    close_to(sim_vpa_percentile(&h, SIM_VPA_CPU, 1e-9), 2.093479958);
    assert_true(h.total < 1e31);
    sim_vpa_put(&h, SIM_VPA_CPU, 1e6, 1e9, 250 * half, half);      // the last bucket has no end: its start
    close_to(sim_vpa_percentile(&h, SIM_VPA_CPU, 0.9), 0.2 * (pow(1.05, 175) - 1));
    sim_vpa_histogram m = {0};
    sim_vpa_put(&m, SIM_VPA_MEMORY, 5e6, 1, 0, half);              // the first one of memory ends at 10 MB
    close_to(sim_vpa_percentile(&m, SIM_VPA_MEMORY, 0.9), 1e7);
}

static sim_vpa_settings settings_of(uint32_t controls)
{
    const hr_time day = 86400 * HR_SEC;
    return (sim_vpa_settings){.mode = SIM_UPDATE_Recreate, .controls = controls,
        .recommender = {.half_life = day, .target_percentile = 0.9, .lower_percentile = 0.5, .upper_percentile = 0.95, .margin = 0.15, .memory_interval = day,
                        .confidence_interval = day, .min_cpu = 0.025, .min_memory = 250 * MIB, .oom_bump_up_ratio = 1.2, .oom_min_bump_up = 100 * MIB},
        .updater = {.min_replicas = 2, .eviction_tolerance = 0.5, .pod_lifetime = day / 2, .min_change = 0.1, .evict_after_oom = 600 * HR_SEC}};
}

// The factors that stand beside the code of the recommender (recommender/logic/recommender.go): x 3, 2, 1.14 after half a day, a day, a week; x 0.6, 0.9,
// 0.95 after 5, 30, 60 minutes. Memory is 400 MB throughout: the 22nd bucket ends at 2e8 (1.05^23 - 1), and 15 % more.
static void test_bounds_narrow_with_the_history(void **state)
{
    (void)state;
    static const struct { uint32_t minutes; double upper, lower, within; } cases[] = {
        {5, 289, 0.6, 0.02}, {30, 49, 0.9, 0.02}, {60, 25, 0.95, 0.02}, {720, 3, 0.996, 1e-3}, {1440, 2, 0.998, 1e-3}, {10080, 1.142857, 1, 1e-3}};
    const double target = 2e8 * (pow(1.05, 23) - 1) * 1.15;
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        sim_vpa v = {0};
        sim_vpa_container c = {0};
        sim_vpa_settings s = settings_of(1 << SIM_VPA_MEMORY);
        for (uint32_t m = 0; m <= cases[i].minutes; m++) {
            sim_vpa_add_cpu(&v, &s.recommender, 0.5, 1, m * 60 * HR_SEC);
            sim_vpa_add_memory(&v, &c, &s.recommender, 4e8, m * 60 * HR_SEC);
        }
        s.recommender.min_memory = 0;
        sim_vpa_recommendation r = sim_vpa_recommend(&v, &s);
        assert_true(r.is_known);
        close_to(r.target[SIM_VPA_MEMORY], target);
        assert_true(fabs(r.upper[SIM_VPA_MEMORY] / target / cases[i].upper - 1) <= cases[i].within);
        assert_true(fabs(r.lower[SIM_VPA_MEMORY] / target / cases[i].lower - 1) <= cases[i].within);
        s.recommender.min_memory = 700 * MIB;
        close_to(sim_vpa_recommend(&v, &s).target[SIM_VPA_MEMORY], 700 * MIB);
        s.max_allowed.memory = 300 * MIB;
        close_to(sim_vpa_recommend(&v, &s).target[SIM_VPA_MEMORY], 300 * MIB);
        s = settings_of(1 << SIM_VPA_CPU);     // 0.5 cores: up to a whole one
        close_to(sim_vpa_recommend(&v, &s).target[SIM_VPA_CPU], 1);
        s.min_allowed.cpu = 3;
        close_to(sim_vpa_recommend(&v, &s).target[SIM_VPA_CPU], 3);
    }
}

// One peak an interval: a larger one takes the place of the smaller, the next interval has its own.
static void test_memory_counts_by_its_peaks(void **state)
{
    (void)state;
    const hr_time day = 86400 * HR_SEC;
    sim_vpa_settings s = settings_of(1 << SIM_VPA_MEMORY);
    sim_vpa v = {0};
    sim_vpa_container c = {0};
    const sim_vpa_histogram *h = &v.histogram[SIM_VPA_MEMORY];
    sim_vpa_add_memory(&v, &c, &s.recommender, 4e8, 0);
    sim_vpa_add_memory(&v, &c, &s.recommender, 3e8, day / 4);
    close_to(h->total, 2);                     // dated by the end of its interval, a half-life after time zero
    close_to(sim_vpa_percentile(h, SIM_VPA_MEMORY, 0.1), 2e8 * (pow(1.05, 23) - 1));
    sim_vpa_add_memory(&v, &c, &s.recommender, 8e8, day / 2);      // 1.05^33 = 5.003: the 32nd bucket ends there
    close_to(h->total, 2);
    close_to(sim_vpa_percentile(h, SIM_VPA_MEMORY, 0.1), 2e8 * (pow(1.05, 33) - 1));
    sim_vpa_add_memory(&v, &c, &s.recommender, 4e8, day);
    close_to(h->total, 2 + 4);
    close_to(sim_vpa_percentile(h, SIM_VPA_MEMORY, 0.5), 2e8 * (pow(1.05, 23) - 1));
}

// A death counts as 1.2 times the limit, or 100 MiB more; a second one at the same limit adds nothing. 164 MiB are in the bucket that ends at 2e8 (1.05^13 - 1),
// 1.2 GiB in that of 2e8 (1.05^42 - 1).
static void test_a_death_counts_as_more_than_the_limit(void **state)
{
    (void)state;
    static const struct { double limit, ends; } cases[] = {{64 * MIB, 13}, {1024 * MIB, 42}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        sim_vpa_settings s = settings_of(1 << SIM_VPA_MEMORY);
        sim_vpa v = {0};
        sim_vpa_container c = {0};
        sim_vpa_add_memory(&v, &c, &s.recommender, 2e7, 0);
        sim_vpa_add_oom(&v, &c, &s.recommender, cases[i].limit, HR_SEC);
        sim_vpa_add_oom(&v, &c, &s.recommender, cases[i].limit, 2 * HR_SEC);
        close_to(sim_vpa_percentile(&v.histogram[SIM_VPA_MEMORY], SIM_VPA_MEMORY, 0.01), 2e8 * (pow(1.05, cases[i].ends) - 1));
    }
}

// --- the updater --------------------------------------------------------------------------------------------------------

static void test_who_is_updated(void **state)
{
    (void)state;
    const hr_time hour = 3600 * HR_SEC;
    const sim_vpa_settings s = settings_of(3);
    const sim_vpa_recommendation r = {.is_known = 1, .target = {2, 500}, .lower = {1, 400}, .upper = {4, 900}};
    static const struct { double cpu, memory; hr_time hours; bool oom, wants, grows; double change; } cases[] = {
        {2, 500, 100, false, false, false, 0}, {2, 500, 100, true, false, false, 0},                   // nothing would change
        {2, 390, 0, false, true, true, 110.0 / 390}, {2, 1000, 0, false, true, false, 0.5},             // outside
        {2, 400, 1, false, false, true, 0.25}, {2, 400, 12, false, true, true, 0.25},                   // inside: after half a day
        {2, 480, 100, false, false, true, 20.0 / 480}, {2, 480, 0, true, true, true, 20.0 / 480},       // too little, unless it has just died
        {4, 625, 13, false, true, false, 0.5 + 0.2}, {5, 400, 0, false, true, true, 0.6 + 0.25}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        const double request[] = {cases[i].cpu, cases[i].memory};
        sim_vpa_priority p = sim_vpa_judge(&s, &r, request, cases[i].hours * hour, cases[i].oom);
        assert_int_equal(p.wants, cases[i].wants);
        assert_int_equal(p.grows, cases[i].grows);
        assert_true(fabs(p.change - cases[i].change) < 1e-9);
    }
}

// Half of them, rounded down, may be missing; where that is none, one when all are there.
static void test_how_many_may_be_missing(void **state)
{
    (void)state;
    static const struct { double tolerance; uint32_t wanted, running, may; } cases[] = {
        {0.5, 4, 4, 2}, {0.5, 4, 3, 1}, {0.5, 4, 2, 0}, {0.5, 3, 3, 1}, {0.5, 2, 2, 1}, {0.5, 2, 1, 0}, {0.5, 1, 1, 1}, {0.5, 1, 0, 0}, {0, 3, 3, 1}, {0, 3, 2, 0}, {1, 3, 3, 3}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        const sim_vpa_updater u = {.eviction_tolerance = cases[i].tolerance};
        uint32_t disrupted = 0;
        while (sim_vpa_may_disrupt(&u, cases[i].wanted, cases[i].running, disrupted))
            disrupted++;
        assert_int_equal(disrupted, cases[i].may);
    }
}

// --- in a world ---------------------------------------------------------------------------------------------------------

// What all replicas of `s` that are there have now.
static void expect(fixture f, double seconds, uint64_t evicted, uint64_t resized, double cores, double bytes)
{
    go(f, seconds);
    const sim_lives *l = sim_lives_of(f.w, part_of(f, "s"));
    if (l->evicted != evicted || l->resized != resized || fabs(l->held.cores - cores) > 1e-6 || fabs(l->held.bytes - bytes) > 1)
        fail_msg("at %g s: %u evicted, %u resized, %g cores, %.1f bytes; expected %u, %u, %g, %.1f", seconds, (unsigned)l->evicted, (unsigned)l->resized,
                 l->held.cores, l->held.bytes, (unsigned)evicted, (unsigned)resized, cores, bytes);
}

// Who is there at the start has been there for a day (lives.h): with `pod_lifetime: none` only the bounds move anybody.
#define VPA_BY(updater) "lb: {kind: balancer, to: s, queue: 99}, v: {kind: autoscaler, of: s, policy: vpa, recommender: {confidence_interval: 1min, min_memory: 1MiB}, " \
    "updater: {" updater "}, "
#define VPA VPA_BY("pod_lifetime: none")
#define SERVICE "s: {kind: service, replicas: 3, memory: 1GiB, footprint: {base: 200000000B}, startup: 10s, readiness: 5s, on: {go: [{wait: 1ms}]}}"
#define CALLS "c: {rate: 10/s, call: lb.go}"

// 200 MB are in the bucket that ends at 2e8 (1.05^15 - 1). The look at 60 s has one sample of each: no history, any request is inside. At 120 s there is one
// of a minute: the upper bound is twice the target, less than 1 GiB. One of three may be missing, so one goes a minute.
static void test_replicas_are_evicted_one_after_another(void **state)
{
    (void)state;
    const double gib = 1024 * MIB, small = 2e8 * (pow(1.05, 15) - 1) * 1.15;
    fixture f = begin(VPA "controlled_resources: [memory]}, " SERVICE, CALLS, 1000 * HR_SEC);
    expect(f, 119.9, 0, 0, 3, 3 * gib);
    close_to(sim_autoscaler_look(f.w, part_of(f, "v")).recommendation.target[SIM_VPA_MEMORY], small);
    expect(f, 120.1, 1, 0, 3, 2 * gib + small);
    assert_int_equal(sim_service_present(f.w, part_of(f, "s")).ready, 2);
    expect(f, 179.9, 1, 0, 3, 2 * gib + small);
    assert_int_equal(sim_service_present(f.w, part_of(f, "s")).ready, 3);
    expect(f, 180.1, 2, 0, 3, gib + 2 * small);
    expect(f, 240.1, 3, 0, 3, 3 * small);
    expect(f, 900, 3, 0, 3, 3 * small);
    close_to(sim_service_present(f.w, part_of(f, "s")).bytes_average, (120 * 3 * gib + 60 * (2 * gib + small) + 60 * (gib + 2 * small) + 660 * 3 * small) / 900);
    assert_int_equal(look(f, "c").outcome[SIM_error], 0);
    done(f);
    // The others of its modes: Off and Initial leave them alone; in place nobody is missing, but it is one a minute all the same.
    f = begin(VPA "controlled_resources: [memory], update_mode: Off}, " SERVICE, CALLS, 1000 * HR_SEC);
    expect(f, 900, 0, 0, 3, 3 * gib);
    close_to(sim_lives_of(f.w, part_of(f, "s"))->memory_bytes, gib);
    done(f);
    f = begin(VPA "controlled_resources: [memory], update_mode: Initial}, " SERVICE, CALLS, 1000 * HR_SEC);
    expect(f, 900, 0, 0, 3, 3 * gib);
    close_to(sim_lives_of(f.w, part_of(f, "s"))->memory_bytes, small);
    done(f);
    f = begin(VPA "controlled_resources: [memory], update_mode: InPlaceOrRecreate}, " SERVICE, CALLS, 1000 * HR_SEC);
    expect(f, 120.1, 0, 1, 3, 2 * gib + small);
    assert_int_equal(sim_service_present(f.w, part_of(f, "s")).ready, 3);
    expect(f, 240.1, 0, 3, 3, 3 * small);
    done(f);
    // Who has been there for half a day is moved without waiting for a history: one at 60 s, two more then.
    f = begin(VPA_BY("") "controlled_resources: [memory]}, " SERVICE, CALLS, 1000 * HR_SEC);
    expect(f, 60.1, 1, 0, 3, 2 * gib + small);
    expect(f, 900, 3, 0, 3, 3 * small);
    done(f);
    // A single replica is left alone, unless it is said that it need not be.
    f = begin(VPA "controlled_resources: [memory]}, s: {kind: service, memory: 1GiB, footprint: {base: 200000000B}, on: {go: [{wait: 1ms}]}}", CALLS, 1000 * HR_SEC);
    expect(f, 900, 0, 0, 1, gib);
    done(f);
    f = begin(VPA_BY("min_replicas: 1, pod_lifetime: none") "controlled_resources: [memory]}, s: {kind: service, memory: 1GiB, footprint: {base: 200000000B}, on: {go: [{wait: 1ms}]}}", CALLS,
              1000 * HR_SEC);
    expect(f, 900, 1, 0, 1, small);
    done(f);
}

// Always busy: 1 core each, with the bucket's end and 15 % 1.17, which is two. Who waits for a core gets it at that instant: of four users at each replica one
// computes, then two. A `cpu` takes 100 ms: 10 answers a second of each replica, then 20.
static void test_cores_are_added_while_it_works(void **state)
{
    (void)state;
    static const char *const orders[] = {"", "sharing: true, ", "discipline: priority, "};
    for (size_t i = 0; i < HR_COUNT(orders); i++) {
        char *components = hr_format(VPA "controlled_resources: [cpu], update_mode: InPlaceOrRecreate, max_allowed: {cpu: 2}}, "
            "s: {kind: service, replicas: 2, %s on: {go: [{cpu: 100ms}]}}", orders[i]);
        fixture f = begin(components, "c: {users: 8, think: 1us, call: lb.go, timeout: none}", 1000 * HR_SEC);
        free(components);
        expect(f, 119.9, 0, 0, 2, 2 * 512 * MIB);
        uint64_t before = look(f, "c").outcome[SIM_ok];
        assert_in_range(before, 2 * 1190, 2 * 1200);
        expect(f, 120.1, 0, 1, 3, 2 * 512 * MIB);
        expect(f, 180.1, 0, 2, 4, 2 * 512 * MIB);
        before = look(f, "c").outcome[SIM_ok];
        expect(f, 280.1, 0, 2, 4, 2 * 512 * MIB);
        assert_in_range(look(f, "c").outcome[SIM_ok] - before, 3960, 4040);
        done(f);
    }
}

// More is not allowed than one core, which is the upper bound as well, so the first look begins. Computations that run stay on the cores that they have; those
// cores are not given to others.
static void test_cores_are_taken_away_while_it_works(void **state)
{
    (void)state;
    static const char *const orders[] = {"", "sharing: true, "};
    for (size_t i = 0; i < HR_COUNT(orders); i++) {
        char *components = hr_format(VPA "controlled_resources: [cpu], update_mode: InPlaceOrRecreate, max_allowed: {cpu: 1}}, "
            "s: {kind: service, cores: 3, replicas: 2, %s on: {go: [{cpu: 70s}]}}", orders[i]);
        fixture f = begin(components, "c: {users: 10, think: 1us, call: lb.go, timeout: none}", 1000 * HR_SEC);
        free(components);
        expect(f, 59.9, 0, 0, 6, 2 * 512 * MIB);
        expect(f, 60.1, 0, 1, 4, 2 * 512 * MIB);
        expect(f, 120.1, 0, 2, 2, 2 * 512 * MIB);
        for (double at = 121; at < 400; at++)
            go(f, at);
        uint64_t before = look(f, "c").outcome[SIM_ok];
        expect(f, 1100, 0, 2, 2, 2 * 512 * MIB);
        assert_in_range(look(f, "c").outcome[SIM_ok] - before, 18, 22);        // two cores, 700 s
        done(f);
    }
}

// What is recommended is more than the node has beside the other: the one that was evicted is pending for good, and the other is left alone then. In place it
// waits for room for five minutes first.
static void test_without_room_it_is_pending(void **state)
{
    (void)state;
    const double gib = 1024 * MIB, large = 2e8 * (pow(1.05, 40) - 1) * 1.15;   // of 1.2e9 bytes
    const char *service = "s: {kind: service, replicas: 2, memory: 1200MiB, footprint: {base: 1200000000B}, cluster: k, on: {go: [{wait: 1ms}]}}, "
        "k: {kind: cluster, nodes: 1, most_nodes: 1, memory: 2500MiB}";
    char *components = hr_format(VPA "controlled_resources: [memory]}, %s", service);
    fixture f = begin(components, CALLS, 1000 * HR_SEC);
    free(components);
    expect(f, 119.9, 0, 0, 2, 2 * 1200 * MIB);
    expect(f, 900, 1, 0, 1, 1200 * MIB);
    assert_int_equal(sim_cluster_look(f.w, part_of(f, "k")).pending, 1);
    assert_true(large > 1300 * MIB && large < gib * 1.45);
    done(f);
    components = hr_format(VPA "controlled_resources: [memory], update_mode: InPlaceOrRecreate}, %s", service);
    f = begin(components, CALLS, 1000 * HR_SEC);
    free(components);
    expect(f, 479.9, 0, 0, 2, 2 * 1200 * MIB);
    expect(f, 480.1, 1, 0, 1, 1200 * MIB);
    done(f);
    // With a larger node both get what they need, one after the other.
    f = begin(VPA "controlled_resources: [memory]}, s: {kind: service, replicas: 2, memory: 1200MiB, footprint: {base: 1200000000B}, cluster: k, on: {go: [{wait: 1ms}]}}, "
              "k: {kind: cluster, nodes: 1, most_nodes: 1, memory: 3GiB}", CALLS, 1000 * HR_SEC);
    expect(f, 900, 2, 0, 2, 2 * large);
    done(f);
}

// 40 MiB and the two users' calls of 10 MiB each are 60; a third call comes every 100 s. At 100 s it is killed, which counts as 164 MiB; at the next look it is moved,
// though no bound says so, for it had been there for less than ten minutes. From then on the third call has room.
static void test_who_was_killed_gets_more(void **state)
{
    (void)state;
    fixture f = begin(VPA_BY("min_replicas: 1, pod_lifetime: none") "controlled_resources: [memory]}, "
        "s: {kind: service, memory: 64MiB, footprint: {base: 40MiB, per_call: 10MiB}, on: {go: [{wait: 2s}]}}",
        "u: {users: 2, think: 1us, call: lb.go, timeout: none}, c: {rate: 0.01/s, arrivals: constant, call: lb.go, timeout: none}", 1000 * HR_SEC);
    expect(f, 119.9, 0, 0, 1, 64 * MIB);
    assert_int_equal(sim_service_look(f.w, part_of(f, "s"), 0).killed, 1);
    expect(f, 125, 1, 0, 1, 2e8 * (pow(1.05, 13) - 1) * 1.15);
    expect(f, 900, 1, 0, 1, 2e8 * (pow(1.05, 13) - 1) * 1.15);
    assert_int_equal(look(f, "u").outcome[SIM_error] + look(f, "c").outcome[SIM_error], 3);
    done(f);
}

// --- an HPA on memory ---------------------------------------------------------------------------------------------------

// 80 of 100 MiB whatever it does: ratio 80 / 70, so 2, 3, 4, 5 replicas, each of which uses as much again. It goes to `max` and stays. A replica is known from its
// second collection on, 22.5 s after it was made; at 45 s the second is not, counts as idle, and nothing happens (docs/replay.md).
static void test_memory_that_does_not_fall_fills_the_house(void **state)
{
    (void)state;
    static const struct { double at; uint32_t wanted; } steps[] = {{29.9, 1}, {30.1, 2}, {59.9, 2}, {60.1, 3}, {89.9, 3}, {90.1, 4}, {119.9, 4}, {120.1, 5}, {900, 5}};
    fixture f = begin("lb: {kind: balancer, to: s}, h: {kind: autoscaler, of: s, policy: hpa, max: 5, memory: 70%}, "
                      "s: {kind: service, memory: 100MiB, footprint: {base: 80MiB}, on: {go: [{wait: 1ms}]}}", "c: {rate: 1/s, call: lb.go}", 1000 * HR_SEC);
    for (size_t i = 0; i < HR_COUNT(steps); i++) {
        go(f, steps[i].at);
        assert_int_equal(sim_service_present(f.w, part_of(f, "s")).wanted, steps[i].wanted);
    }
    done(f);
}

// 20 MiB and 1 MiB a call: 60 calls of 10 s a second hold 60 MiB: 80 of 100, so two. Then each has 30 calls: 50, and ceil(2 x 50 / 70) is 2. It stays there.
static void test_memory_that_falls_is_shared(void **state)
{
    (void)state;
    fixture f = begin("lb: {kind: balancer, to: s, policy: least-conn}, h: {kind: autoscaler, of: s, policy: hpa, max: 5, memory: 70%}, "
                      "s: {kind: service, memory: 100MiB, workers: 90, footprint: {base: 20MiB, per_call: 1MiB}, on: {go: [{wait: 10s}]}}",
                      "c: {rate: 6/s, arrivals: constant, call: lb.go, timeout: none}", 1000 * HR_SEC);
    go(f, 900);
    assert_int_equal(sim_service_present(f.w, part_of(f, "s")).wanted, 2);
    done(f);
}

// --- both, and mistakes -------------------------------------------------------------------------------------------------

// More replicas by their calls, larger ones by their memory: those that the one adds have what the other recommends.
static void test_hpa_and_vpa_share_the_work(void **state)
{
    (void)state;
    const double small = 2e8 * (pow(1.05, 15) - 1) * 1.15;
    fixture f = begin(VPA "controlled_resources: [memory]}, h: {kind: autoscaler, of: s, policy: hpa, min: 2, max: 6, in_flight: 5}, "
        "s: {kind: service, replicas: 2, memory: 1GiB, footprint: {base: 200000000B}, on: {go: [{wait: 1s}]}}", "c: {rate: \"step(0s 8/s, 300s 20/s)\", call: lb.go}", 1000 * HR_SEC);
    expect(f, 299, 2, 0, 2, 2 * small);
    go(f, 900);
    uint32_t present = sim_service_present(f.w, part_of(f, "s")).present;
    assert_in_range(present, 4, 6);
    expect(f, 900, 2, 0, present, present * small);
    done(f);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const mistake mistakes[] = {
        {"max: 3", "vpa leaves the number of replicas as it is"}, {"update_mode: Auto", "want Off, Initial, Recreate or InPlaceOrRecreate"},
        {"controlled_resources: memory", "want [cpu], [memory] or [cpu, memory]"}, {"controlled_resources: [disk]", "want cpu or memory"},
        {"controlled_resources: [cpu], cpu: 50%", "vpa does not use `cpu`"},
        {"controlled_resources: [cpu], min_allowed: {cpu: 3}, max_allowed: {cpu: 2}", "above `max_allowed.cpu`"},
        {"controlled_resources: [cpu], recommender: {target_percentile: 40%}", "in this order"},
        {"controlled_resources: [cpu], recommender: {half_life: none}", "want a time"}, {"controlled_resources: [cpu], recommender: {halflife: 1min}", "did you mean `half_life`"},
        {"controlled_resources: [cpu], updater: 3", "want {min_replicas: 1"}};
    all_refused("lb: {kind: balancer, to: s}, v: {kind: autoscaler, of: s, policy: vpa, @}, s: {kind: service, replicas: 2, footprint: {base: 1MiB}, on: {go: [{wait: 1ms}]}}", CALLS, mistakes,
                HR_COUNT(mistakes));
    static const mistake services[] = {
        {"sharing: true, cpu_limit: 0.5", "has a `cpu_limit`"}, {"discipline: priority, preemptive: true", "is `preemptive`"}};
    all_refused("lb: {kind: balancer, to: s}, v: {kind: autoscaler, of: s, policy: vpa, controlled_resources: [cpu]}, "
                "s: {kind: service, replicas: 2, @, on: {go: [{wait: 1ms}]}}", CALLS, services, HR_COUNT(services));
    static const mistake others[] = {
        {"policy: hpa, max: 3, cpu: 50%", "would answer the same load"}, {"policy: target-tracking, max: 3, memory: 50%", "would answer the same load"},
        {"policy: vpa", "has a vpa already"}, {"policy: hpa, rate: 5/s", "lacks `max`"}};
    all_refused("lb: {kind: balancer, to: s}, v: {kind: autoscaler, of: s, policy: vpa}, h: {kind: autoscaler, of: s, @}, "
                "s: {kind: service, replicas: 2, footprint: {base: 1MiB}, on: {go: [{wait: 1ms}]}}", CALLS, others, HR_COUNT(others));
    refused("lb: {kind: balancer, to: s}, v: {kind: autoscaler, of: s, policy: vpa}, s: {kind: service, on: {go: [{wait: 1ms}]}}", CALLS, "has no `footprint`");
    refused("lb: {kind: balancer, to: s}, h: {kind: autoscaler, of: s, policy: hpa, max: 3, memory: 50%}, s: {kind: service, on: {go: [{wait: 1ms}]}}", CALLS, "has no `footprint`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_percentile_is_the_end_of_a_bucket), cmocka_unit_test(test_bounds_narrow_with_the_history), cmocka_unit_test(test_memory_counts_by_its_peaks),
        cmocka_unit_test(test_a_death_counts_as_more_than_the_limit), cmocka_unit_test(test_who_is_updated), cmocka_unit_test(test_how_many_may_be_missing),
        cmocka_unit_test(test_replicas_are_evicted_one_after_another), cmocka_unit_test(test_cores_are_added_while_it_works),
        cmocka_unit_test(test_cores_are_taken_away_while_it_works), cmocka_unit_test(test_without_room_it_is_pending), cmocka_unit_test(test_who_was_killed_gets_more),
        cmocka_unit_test(test_memory_that_does_not_fall_fills_the_house), cmocka_unit_test(test_memory_that_falls_is_shared),
        cmocka_unit_test(test_hpa_and_vpa_share_the_work), cmocka_unit_test(test_mistakes_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
