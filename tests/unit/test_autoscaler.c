// tests/unit/test_autoscaler.c - replicas that come and go, and every policy that says how many, against cases computed by hand.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/parts/lives.h"
#include "tests/unit/run.h"

static void expect(fixture f, double seconds, uint32_t wanted, uint32_t present, uint32_t ready)
{
    go(f, seconds);
    sim_replicas_view v = sim_service_present(f.w, (sim_component_id)sim_model_find(f.model, "s"));
    if (v.wanted != wanted || v.present != present || v.ready != ready)
        fail_msg("at %g s: wanted %u, present %u, ready %u; expected %u, %u, %u", seconds, v.wanted, v.present, v.ready, wanted, present, ready);
}

#define TIMETABLE "lb: {kind: balancer, to: s}, a: {kind: autoscaler, of: s, policy: scheduled, max: 3, schedule: {\"1 * * * *\": 3, \"2 * * * *\": 1}}, "

// --- lives --------------------------------------------------------------------------------------------------------------

// At 60 s two start, run at 70 s, are ready at 75 s; at 120 s they leave, idle.
static void test_replicas_come_and_go(void **state)
{
    (void)state;
    fixture f = begin(TIMETABLE "s: {kind: service, startup: 10s, readiness: 5s, on: {go: [{wait: 1ms}]}}", "c: {rate: 10/s, call: lb.go}", 1000 * HR_SEC);
    expect(f, 59.9, 1, 1, 1);
    expect(f, 60.1, 3, 3, 1);
    expect(f, 74.9, 3, 3, 1);
    expect(f, 75.1, 3, 3, 3);
    expect(f, 119.9, 3, 3, 3);
    expect(f, 150, 1, 1, 1);
    sim_replicas_view v = sim_service_present(f.w, (sim_component_id)sim_model_find(f.model, "s"));
    near(v.present_average, (60 * 1 + 60 * 3 + 30 * 1) / 150.0);
    near(v.ready_average, (75 * 1 + 45 * 3 + 30 * 1) / 150.0);
    assert_int_equal(look(f, "c").outcome[SIM_error], 0);
    done(f);
}

// A call a second takes ten. From 75 s on call n is for replica (n - 75) mod 3. Replicas 1 and 2 leave at 120 s and have four seconds: what began
// by 114 s is answered, of the calls at 115 … 119 s the third stays with replica 0 and four are cut off.
static void test_draining_cuts_off(void **state)
{
    (void)state;
    const char *calls = "c: {rate: 1/s, arrivals: constant, call: lb.go, timeout: none}";
    fixture f = begin(TIMETABLE "s: {kind: service, startup: 10s, readiness: 5s, drain: 4s, on: {go: [{wait: 10s}]}}", calls, 1000 * HR_SEC);
    expect(f, 123.9, 1, 3, 1);
    assert_int_equal(look(f, "c").outcome[SIM_error], 0);
    expect(f, 124.1, 1, 1, 1);
    assert_int_equal(look(f, "c").outcome[SIM_error], 4);
    go(f, 200);
    assert_int_equal(look(f, "c").outcome[SIM_error], 4);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 190 - 4);       // those of 1 … 190 s but four
    done(f);
    // The twin: with enough time nothing is cut off, and the last one leaves at 129 s.
    f = begin(TIMETABLE "s: {kind: service, startup: 10s, readiness: 5s, drain: 9.1s, on: {go: [{wait: 10s}]}}", calls, 1000 * HR_SEC);
    expect(f, 128.9, 1, 2, 1);
    expect(f, 129.1, 1, 1, 1);
    assert_int_equal(look(f, "c").outcome[SIM_error], 0);
    done(f);
}

// Cut off in every place: waiting, computing, queueing, asking a database, in branches, rounds and attempts. The database works on.
static void test_cut_in_every_place(void **state)
{
    (void)state;
    static const char *const orders[] = {"", "sharing: true, ", "discipline: priority, preemptive: true, "};
    for (size_t i = 0; i < HR_COUNT(orders); i++) {
        char *components = hr_format(TIMETABLE "s: {kind: service, %s workers: 8, bulkhead: 6, drain: 1s, patience: 20s, local: {entries: 9}, "
            "shed: {policy: aimd}, on: {go: [{set: local}, {cpu: exp(20ms)}, {parallel: [[{query: d.q, timeout: 500ms}], [{wait: exp(5s)}], [{cpu: 5ms}]], "
            "timeout: 6s, failed: []}, {repeat: [{query: d.q, retry: {most: 3}, hedge: {after: 300ms}, failed: []}], times: 3}]}}, "
            "d: {kind: database, pool: 9, statements: {q: {wait: exp(400ms)}}}", orders[i]);
        fixture f = begin(components, "c: {rate: 12/s, call: lb.go, key: uniform(50), timeout: 15s}, e: {rate: 3/s, call: lb.go, priority: 3}", 1000 * HR_SEC);
        free(components);
        for (double at = 115; at < 130; at += 0.05)
            go(f, at);
        assert_true(look(f, "c").outcome[SIM_error] > 0);
        f.w->arrivals_end = f.w->now;
        assert_true(sim_world_drain(f.w, 900 * HR_SEC));
        sim_world_check(f.w);
        done(f);
    }
}

// Cut off while keys are loaded, for those who wait, in the background and behind a lock: a new replica in the same place loads anew. Loads in
// the background alone hold no worker: then the replica is idle and goes at once, without an error.
static void test_cut_while_keys_are_loaded(void **state)
{
    (void)state;
    static const struct { const char *get; bool waits; } cases[] = {
        {"{get: k, single_flight: true, miss: [{query: d.q}, {set: k, ttl: 2s}]}", true},
        {"{get: k, single_flight: false, miss: [{query: d.q}, {set: k, ttl: 2s}]}", true},
        {"{get: k, single_flight: cache, lock: 3s, miss: [{query: d.q}, {set: k, ttl: 2s}]}", true},
        {"{get: k, stale_while_revalidate: 30s, miss: [{query: d.q}, {set: k, ttl: 1s}]}", false},
        {"{parallel: [[{get: k, single_flight: true, refresh_ahead: 50%, miss: [{query: d.q}, {set: k, ttl: 4s}]}], "
         "[{get: local, single_flight: true, miss: [{query: d.q}, {set: local, ttl: 2s}]}]], timeout: 3s, failed: []}", true}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *components = hr_format("lb: {kind: balancer, to: s}, a: {kind: autoscaler, of: s, policy: scheduled, max: 3, "
            "schedule: {\"1 * * * *\": 3, \"2 * * * *\": 1, \"3 * * * *\": 3, \"4 * * * *\": 1}}, k: {kind: cache}, "
            "s: {kind: service, workers: 20, local: {entries: 9}, drain: 1s, on: {go: [%s]}}, d: {kind: database, pool: 90, statements: {q: {wait: exp(3s)}}}", cases[i].get);
        fixture f = begin(components, "c: {rate: 12/s, call: lb.go, key: uniform(20), timeout: 15s}", 1000 * HR_SEC);
        free(components);
        for (double at = 115; at < 260; at += 0.05)
            go(f, at);
        assert_true((look(f, "c").outcome[SIM_error] > 0) == cases[i].waits && look(f, "c").outcome[SIM_ok] > 2000);
        f.w->arrivals_end = f.w->now;
        assert_true(sim_world_drain(f.w, 900 * HR_SEC));
        sim_world_check(f.w);
        done(f);
    }
}

// Three keys of a local cache are hits on the second round. After the slot was empty it is cold again.
static void test_new_replicas_are_cold(void **state)
{
    (void)state;
    fixture f = begin("lb: {kind: balancer, to: s, policy: round-robin}, a: {kind: autoscaler, of: s, policy: scheduled, max: 2, "
                      "schedule: {\"1 * * * *\": 2, \"2 * * * *\": 1, \"3 * * * *\": 2}}, "
                      "s: {kind: service, local: {entries: 9}, on: {go: [{get: local, miss: [{set: local}]}]}}",
                      "c: {rate: 2/s, arrivals: constant, call: lb.go}", 1000 * HR_SEC);
    go(f, 119);
    sim_station_view before = sim_service_look(f.w, (sim_component_id)sim_model_find(f.model, "s"), 1);
    assert_int_equal(before.misses, 1);
    assert_int_equal(before.entries, 1);
    go(f, 121);
    assert_int_equal(sim_service_look(f.w, (sim_component_id)sim_model_find(f.model, "s"), 1).entries, 0);
    go(f, 200);
    assert_int_equal(sim_service_look(f.w, (sim_component_id)sim_model_find(f.model, "s"), 1).misses, 2);
    done(f);
}

// A node of two cores: of three replicas from 60 s on one is pending until the second node is there at 150 s, and ready at 165 s. At 300 s it leaves as the
// youngest; its node goes a minute later. Paid are 400 s of one and 300 s of the other.
static void test_nodes_come_when_there_is_no_room(void **state)
{
    (void)state;
    fixture f = begin("lb: {kind: balancer, to: s}, k: {kind: cluster, nodes: 1, cores: 2, node_start: 90s, node_idle: 60s}, "
                      "a: {kind: autoscaler, of: s, policy: scheduled, max: 3, schedule: {\"1 * * * *\": 3, \"5 * * * *\": 1}}, "
                      "s: {kind: service, cluster: k, startup: 10s, readiness: 5s, on: {go: [{wait: 1ms}]}}", "c: {rate: 10/s, call: lb.go}", 1000 * HR_SEC);
    sim_component_id k = (sim_component_id)sim_model_find(f.model, "k");
    expect(f, 60.1, 3, 2, 1);
    assert_true(sim_cluster_look(f.w, k).pending == 1 && sim_cluster_look(f.w, k).starting == 1);
    expect(f, 149.9, 3, 2, 2);
    expect(f, 150.1, 3, 3, 2);
    expect(f, 165.1, 3, 3, 3);
    expect(f, 300.1, 1, 1, 1);
    go(f, 359.9);
    assert_int_equal(sim_cluster_look(f.w, k).up, 2);
    go(f, 400);
    assert_int_equal(sim_cluster_look(f.w, k).up, 1);
    near(sim_cluster_look(f.w, k).paid_average, (400 + 300) / 400.0);
    done(f);
    // At most one node: two replicas is all there is, and the third is the first to go.
    f = begin("lb: {kind: balancer, to: s}, k: {kind: cluster, nodes: 1, most_nodes: 1, cores: 2}, "
              "a: {kind: autoscaler, of: s, policy: scheduled, max: 3, schedule: {\"1 * * * *\": 3, \"5 * * * *\": 2}}, "
              "s: {kind: service, cluster: k, on: {go: [{wait: 1ms}]}}", "c: {rate: 10/s, call: lb.go}", 1000 * HR_SEC);
    expect(f, 299, 3, 2, 2);
    expect(f, 301, 2, 2, 2);
    done(f);
}

// A planted mistake: one active replica too many in the books.
static void test_a_wrong_count_is_noticed(void **state)
{
    (void)state;
    fixture f = begin(TIMETABLE "s: {kind: service, on: {go: [{wait: 1ms}]}}", "c: {rate: 10/s, call: lb.go}", 1000 * HR_SEC);
    go(f, 70);
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(0);
        sim_lives_of(f.w, (sim_component_id)sim_model_find(f.model, "s"))->active++;
        sim_world_check(f.w);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    done(f);
}

// --- policies in a world --------------------------------------------------------------------------------------------------

// 60 calls a second of 10 ms are 0.6 cores; the target 30 %. Replicas are measured at 7.5, 22.5 … s, so the look at 15 s knows nothing and the
// one at 30 s doubles. Until the new one is measured it counts as idle: 30 % or less, no more are added. At 75 s both are known: 30 % each.
static void test_hpa_waits_for_what_it_has_started(void **state)
{
    (void)state;
    const char *format = "lb: {kind: balancer, to: s}, a: {kind: autoscaler, of: s, max: 9, cpu: 30%%, window: %s}, "
                         "s: {kind: service, startup: 20s, on: {go: [{cpu: 10ms}]}}", *calls = "c: {rate: 60/s, arrivals: constant, call: lb.go}";
    char *components = hr_format(format, "15s");
    fixture f = begin(components, calls, 1000 * HR_SEC);
    free(components);
    expect(f, 29.9, 1, 1, 1);
    expect(f, 30.1, 2, 2, 1);
    expect(f, 49.9, 2, 2, 1);
    expect(f, 50.1, 2, 2, 2);
    for (double at = 60; at < 400; at += 15)
        expect(f, at + 0.1, 2, 2, 2);
    done(f);
    // The twin: an average over 30 s still remembers the time of one replica, 37.5 … 50 s, as 42 %. With the other's 30 % that is 36: a third one.
    components = hr_format(format, "30s");
    f = begin(components, calls, 1000 * HR_SEC);
    free(components);
    expect(f, 74.9, 2, 2, 2);
    expect(f, 75.1, 3, 3, 2);
    done(f);
}

// Five calls in flight with a target of one for each replica. Doubling, and at least four, are allowed in one sync: 1 → 4; the recommendation of
// five holds for 300 s, so at 45 s it is five, with one call each. Calls stop at 100 s; the look at 105 s has not seen it, that at 135 s asks for one.
static void test_hpa_on_calls_in_flight(void **state)
{
    (void)state;
    fixture f = begin("lb: {kind: balancer, to: s}, a: {kind: autoscaler, of: s, max: 9, in_flight: 1, window: 15s}, s: {kind: service, on: {go: [{wait: 1s}]}}",
                      "c: {rate: 5/s, arrivals: constant, call: lb.go}", 1000 * HR_SEC);
    expect(f, 29.9, 1, 1, 1);
    expect(f, 30.1, 4, 4, 4);
    expect(f, 45.1, 5, 5, 5);
    go(f, 100.1);
    f.w->arrivals_end = f.w->now;
    expect(f, 405.1, 5, 5, 5);
    expect(f, 435.1, 1, 1, 1);
    done(f);
}

// 25 calls in flight at three replicas, 8.3 each of 10. At 100 s two crash and calls stop. They stay Running, so the look at 105 s has all three of 97.5 s; later
// they have no values, and for scaling in what is missing counts as the target: (0 + 10 + 10) / 3 of 10 are two of three, then (0 + 10) / 2 are one. Were
// they Pending, they would stay out, and one replica would do at once.
static void test_hpa_takes_a_crashed_replica_for_running(void **state)
{
    (void)state;
    fixture f = begin("lb: {kind: balancer, policy: round-robin, to: s}, s: {kind: service, replicas: 3, on: {go: [{wait: 1s}]}}, "
                      "a: {kind: autoscaler, of: s, max: 9, in_flight: 10, window: 15s, behavior: {scaleDown: {stabilizationWindowSeconds: 0}}}",
                      "c: {rate: 25/s, arrivals: constant, call: lb.go}", 100 * HR_SEC);
    expect(f, 100, 3, 3, 3);
    for (uint32_t slot = 1; slot < 3; slot++)
        sim_lives_crash(f.w, (sim_component_id)sim_model_find(f.model, "s"), slot, 1000 * HR_SEC);
    expect(f, 105.1, 3, 3, 1);
    expect(f, 120.1, 3, 3, 1);
    expect(f, 134.9, 3, 3, 1);
    expect(f, 135.1, 2, 2, 1);
    expect(f, 150.1, 1, 1, 1);
    done(f);
}

// From zero: calls wait at the balancer from 5 and 10 s on, the look at 30 s starts a replica that is ready at 32 s. Nothing has waited at the looks at 60
// and 90 s, a minute after 30 s it is zero again.
static void test_queue_depth_from_zero_to_zero(void **state)
{
    (void)state;
    fixture f = begin("lb: {kind: balancer, to: s, queue: 10}, a: {kind: autoscaler, of: s, policy: queue-depth, min: 0, max: 5, queue: 2, cooldown: 1min}, "
                      "s: {kind: service, replicas: 0, startup: 2s, on: {go: [{wait: 10ms}]}}",
                      "c: {rate: 0.2/s, arrivals: constant, call: lb.go, timeout: none}", 1000 * HR_SEC);
    go(f, 9);
    f.w->arrivals_end = f.w->now;
    expect(f, 29.9, 0, 0, 0);
    expect(f, 31.9, 1, 1, 0);
    expect(f, 32.1, 1, 1, 1);
    near(sim_histogram_mean_s(look(f, "c").latency), (27.01 + 22.01) / 2);
    expect(f, 89.9, 1, 1, 1);
    expect(f, 90.1, 0, 0, 0);
    done(f);
}

// A timetable in Berlin, the night to 31 March 2024 being an hour shorter: 8 o'clock is at 7:00 and then at 6:00 UTC.
static void test_timetable_in_a_zone(void **state)
{
    (void)state;
    const char *text = "scenario: t\ncomponents:\n  lb: {kind: balancer, to: s}\n  s: {kind: service, on: {go: [{wait: 1ms}]}}\n"
                       "  a: {kind: autoscaler, of: s, policy: scheduled, max: 5, zone: Europe/Berlin, begins: 2024-03-30, schedule: {\"0 8 * * *\": 5, \"0 20 * * 0\": 2}}\n"
                       "workload: {c: {rate: 1/s, call: lb.go}}\nrun: {duration: 48h}\n";
    sim_model *model = NULL;
    hr_error e = {0};
    if (sim_model_parse("t", text, strlen(text), "", &model, &e))
        fail_msg("%s", e.text);
    const sim_scale_def *d = &((const sim_autoscaler_def *)model->components[sim_model_find(model, "a")].def)->scale;
    assert_int_equal(d->moment_count, 3);
    assert_true(d->moments[0].at == 7 * 3600 * HR_SEC && d->moments[0].replicas == 5);
    assert_true(d->moments[1].at == (24 + 6) * 3600 * HR_SEC && d->moments[1].replicas == 5);
    assert_true(d->moments[2].at == (24 + 18) * 3600 * HR_SEC && d->moments[2].replicas == 2);
    sim_model_free(model);
}

// --- policies alone -------------------------------------------------------------------------------------------------------

enum { MOST = 32 };
typedef struct {
    const sim_scaler *row;
    sim_scale_def def;
    void    *state;
    uint32_t wanted;
    hr_time  now;
} alone;

static alone policy(const char *name, sim_scale_def def)
{
    const sim_scaler *row = sim_scalers[sim_scaler_find(name)];
    hr_error e = {0};
    if (sim_scale_fits(row, &def, row->needs, &e))
        fail_msg("%s", e.text);
    alone a = {.row = row, .def = def, .state = hr_alloc(row->size(&def)), .wanted = 2};
    if (row->make)
        row->make(a.state, &def);
    return a;
}

// A look `every` later: all wanted replicas are ready, each with this value of every metric.
static uint32_t see(alone *a, double value)
{
    sim_hpa_pod pods[MOST] = {0};
    sim_hpa_reading readings[MOST] = {0};
    uint8_t group[MOST];
    a->now += a->def.settings.every;
    for (uint32_t i = 0; i < a->wanted; i++) {
        pods[i] = (sim_hpa_pod){.phase = SIM_HPA_RUNNING, .ready = SIM_HPA_READY, .has_start = true, .started = SIM_HPA_NEVER, .transition = SIM_HPA_NEVER};
        readings[i] = (sim_hpa_reading){.has_value = true, .has_request = true, .value = (int64_t)(value * 1000), .request = 1000, .sampled = a->now};
    }
    sim_scale_view view = {.now = a->now, .wanted = a->wanted, .pods = pods, .pod_count = a->wanted, .readings = {readings, readings, readings},
                           .group = group};
    uint32_t wanted = a->row->decide(a->state, &a->def.settings, &view);
    a->wanted = wanted < a->def.settings.min ? a->def.settings.min : wanted > a->def.settings.max ? a->def.settings.max : wanted;
    return a->wanted;
}

static sim_scale_settings settings(sim_scale_metric metric, double target)
{
    sim_scale_settings s = {.min = 1, .max = 20, .every = 60 * HR_SEC, .scrape = 15 * HR_SEC, .window = 30 * HR_SEC, .out_cooldown = 150 * HR_SEC,
                            .in_cooldown = 150 * HR_SEC, .points_out = 3, .points_in = 4};
    s.target[metric] = target;
    return s;
}

// Target 10. Three looks at 20: 2 → 4. Still 20: until 150 s later that is the step it has made already; then 4 → 8. At 9.5 nothing; at 5 the fourth look
// halves, and the next one only after 150 s.
static void test_target_tracking(void **state)
{
    (void)state;
    alone a = policy("target-tracking", (sim_scale_def){.settings = settings(SIM_SCALE_IN_FLIGHT, 10)});
    static const struct { double value; uint32_t wanted; } looks[] = {
        {20, 2}, {20, 2}, {20, 4}, {20, 4}, {20, 4}, {20, 8}, {9.5, 8}, {9.5, 8}, {5, 8}, {5, 8}, {5, 8}, {5, 4}, {5, 4}, {5, 4}, {5, 2},
        {11, 2}, {11, 2}, {11, 3}, {31, 7}, {31, 7}};              // in the cool-down a larger step: ceil(2 × 3.1), not of 3
    for (size_t i = 0; i < HR_COUNT(looks); i++)
        if (see(&a, looks[i].value) != looks[i].wanted)
            fail_msg("look %zu: %u, expected %u", i + 1, a.wanted, looks[i].wanted);
    free(a.state);
}

// Steps +0 %: 1, +50 %: 3, -30 %: -1, -60 %: -2 of target 10.
static void test_steps(void **state)
{
    (void)state;
    static const sim_scale_step steps[] = {{-0.6, -2}, {-0.3, -1}, {0, 1}, {0.5, 3}};
    sim_scale_def def = {.settings = settings(SIM_SCALE_RATE, 10), .steps = steps, .step_count = HR_COUNT(steps)};
    def.settings.points_out = def.settings.points_in = 1;
    def.settings.out_cooldown = def.settings.in_cooldown = 0;
    alone a = policy("step", def);
    static const struct { double value; uint32_t wanted; } looks[] = {{9.9, 2}, {10, 3}, {14.9, 4}, {15, 7}, {40, 10}, {7.1, 10}, {7, 9}, {4.1, 8}, {4, 6}, {0, 4}};
    for (size_t i = 0; i < HR_COUNT(looks); i++)
        if (see(&a, looks[i].value) != looks[i].wanted)
            fail_msg("look %zu: %u, expected %u", i + 1, a.wanted, looks[i].wanted);
    free(a.state);
}

// A season of four looks: 20, 20, 80, 20 in all, 10 for a replica, looked up two looks ahead. In the second season the 80 are seen coming.
static void test_predictive(void **state)
{
    (void)state;
    sim_scale_def def = {.settings = settings(SIM_SCALE_RATE, 10)};
    def.settings.season = 240 * HR_SEC;
    def.settings.lead = 120 * HR_SEC;
    alone a = policy("predictive", def);
    static const struct { double all; uint32_t wanted; } looks[] = {{20, 2}, {20, 2}, {80, 8}, {20, 2}, {20, 8}, {20, 8}, {80, 8}, {20, 2}, {20, 8}};
    for (size_t i = 0; i < HR_COUNT(looks); i++)
        if (see(&a, looks[i].all / a.wanted) != looks[i].wanted)
            fail_msg("look %zu: %u, expected %u", i + 1, a.wanted, looks[i].wanted);
    free(a.state);
}

// Behaviour: at most two more in a minute; half of what is too much in a minute, after 120 s.
static void test_hpa_keeps_to_its_behaviour(void **state)
{
    (void)state;
    static const sim_hpa_policy up = {false, 2, 60 * HR_SEC}, down = {true, 50, 60 * HR_SEC};
    sim_scale_def def = {.settings = settings(SIM_SCALE_IN_FLIGHT, 10), .has_behaviour = true, .up = {.policies = &up, .policy_count = 1},
                         .down = {.policies = &down, .policy_count = 1, .window = 120 * HR_SEC}, .up_tolerance = 0.1, .down_tolerance = 0.1};
    def.settings.every = 30 * HR_SEC;
    alone a = policy("hpa", def);
    static const struct { double value; uint32_t wanted; } looks[] = {{50, 4}, {50, 4}, {50, 6}, {10.9, 6}, {1, 6}, {1, 6}, {1, 6}, {1, 3}, {1, 3}, {1, 1}};
    for (size_t i = 0; i < HR_COUNT(looks); i++) {
        uint32_t from = a.wanted, to = see(&a, looks[i].value);
        if (to != looks[i].wanted)
            fail_msg("look %zu: %u, expected %u", i + 1, to, looks[i].wanted);
        if (to != from)
            a.row->scaled(a.state, &a.def.settings, from, to, a.now);
    }
    free(a.state);
}

// --- what is refused --------------------------------------------------------------------------------------------------------

static void wrong(const char *components, const char *complaint) { refused(components, "c: {rate: 1/s, call: lb.go}", complaint); }

static void test_refusals(void **state)
{
    (void)state;
#define SCALED(settings) "lb: {kind: balancer, to: s}, s: {kind: service, on: {go: [{wait: 1ms}]}}, a: {kind: autoscaler, of: s, max: 3" settings "}"
    wrong(SCALED(""), "want at least one of");
    wrong(SCALED(", cpu: 50%, scale_in_cooldown: 3s"), "hpa does not use `scale_in_cooldown`");
    wrong(SCALED(", policy: target-tracking, cpu: 50%, rate: 5/s"), "want one of");
    wrong(SCALED(", cpu: 50%, min: 0"), "needs `queue`");
    wrong(SCALED(", cpu: 50%, min: 2"), "its autoscaler 'a' keeps 2 to 3");
    wrong(SCALED(", policy: step, cpu: 50%, steps: {+10%: -1}"), "adds replicas");
    wrong(SCALED(", policy: scheduled, schedule: {\"61 * * * *\": 1}"), "minute");
    wrong(SCALED(", policy: scheduled, schedule: {\"1 * * * *\": 1}, zone: Nowhere"), "no time zone");
    wrong(SCALED(", cpu: 50%, behavior: {scaleUp: {polices: 1}}"), "polices");
    wrong(SCALED(", cpu: 50%, window: 10s"), "`window`");
    wrong(SCALED(", policy: hpaa, cpu: 50%"), "did you mean 'hpa'");                                        // a row that is not there is looked up nowhere
    assert_int_equal(refused("lb: {kind: balancer, to: s, queue: 5}, s: {kind: service, on: {go: [{wait: 1ms}]}}, a: {kind: autoscaler, of: s, cpu: 50%}",
                             "c: {rate: 1/s, call: lb.go}", "a lacks `max`"), 1);
    wrong(SCALED(", cpu: 50%}, b: {kind: autoscaler, of: s, max: 3, cpu: 50%"), "an autoscaler already");
    wrong("lb: {kind: balancer, to: s}, s: {kind: service, startup: 3s, on: {go: [{wait: 1ms}]}}", "with an autoscaler");
    wrong("lb: {kind: limiter, rate: 1/s, to: a}, s: {kind: service, on: {go: [{wait: 1ms}]}}, "
          "a: {kind: autoscaler, of: s, max: 3, cpu: 50%}", "no component is named 'a'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replicas_come_and_go), cmocka_unit_test(test_draining_cuts_off), cmocka_unit_test(test_cut_in_every_place), cmocka_unit_test(test_cut_while_keys_are_loaded),
        cmocka_unit_test(test_new_replicas_are_cold), cmocka_unit_test(test_nodes_come_when_there_is_no_room),
        cmocka_unit_test(test_a_wrong_count_is_noticed),
        cmocka_unit_test(test_hpa_waits_for_what_it_has_started), cmocka_unit_test(test_hpa_on_calls_in_flight), cmocka_unit_test(test_hpa_takes_a_crashed_replica_for_running),
        cmocka_unit_test(test_queue_depth_from_zero_to_zero), cmocka_unit_test(test_timetable_in_a_zone), cmocka_unit_test(test_target_tracking),
        cmocka_unit_test(test_steps), cmocka_unit_test(test_predictive), cmocka_unit_test(test_hpa_keeps_to_its_behaviour),
        cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
