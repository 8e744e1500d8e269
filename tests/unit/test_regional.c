// tests/unit/test_regional.c - replicas of a database in other regions: reads, writes, lag, confirmations, partitions and failover, worked out by hand.
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

#define FAR "}\nnetwork: {regions: [eu, us, asia], overhead: 0B, rtt: {eu-us: 80ms, eu-asia: 160ms, us-asia: 120ms}"

// Services `s` in eu and `t` in us, asking a database whose primary is in eu. Ten calls of an operation, 0.1 s apart from 0.1 s on.
static fixture run_far(const char *keys, const char *call, const char *faults)
{
    char *components = hr_format("s: {kind: service, workers: 1000, on: {put: [{query: d.put}], get: [{query: d.get}]}}, t: {kind: service, workers: 1000, region: us, "
                                 "on: {put: [{query: d.put}], get: [{query: d.get}]}}, d: {kind: database, network: 0, %s, "
                                 "statements: {put: {cpu: 0, writes: true}, get: {cpu: 0}}}", keys);
    char *workload = hr_format("c: {rate: 10/s, arrivals: constant, call: %s, timeout: none, region: %s}" FAR, call, call[0] == 't' ? "us" : "eu");
    fixture f = run_broken(components, workload, faults, 1050 * HR_MS);
    free(components);
    free(workload);
    sim_world_run(f.w, f.w->now + 10 * HR_SEC);                    // the replicas apply what they have
    sim_world_check(f.w);
    return f;
}

static sim_station_view database(fixture f) { return sim_database_look(f.w, (sim_component_id)sim_model_find(f.model, "d")); }

static double mean_far(const char *keys, const char *call)
{
    fixture f = run_far(keys, call, "");
    double mean = sim_histogram_mean_s(look(f, "c").latency);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 10);
    done(f);
    return mean;
}

#define BOTH "replicas: 2, replica_regions: [us, asia], replication: {network: 10ms, apply: 0}"

static void test_reads_are_near_and_writes_far(void **state)
{
    (void)state;
    near(mean_far(BOTH ", read: {policy: nearest}", "t.get"), 0);
    near(mean_far(BOTH ", read: {policy: nearest}", "s.get"), 0);              // by the primary
    near(mean_far(BOTH ", read: {policy: primary}", "t.get"), 0.08);
    near(mean_far(BOTH ", read: {policy: nearest}", "t.put"), 0.08);
    near(mean_far(BOTH ", read: {policy: round-robin}", "t.get"), 0.06);       // us and asia in turn: 0 and 0.12
    near(mean_far("replicas: 1, read: {policy: random}", "t.get"), 0.08);      // without the key all are in eu
    near(mean_far(BOTH ", own_pools: true, read: {policy: nearest}", "t.get"), 0);
}

// The record takes 10 ms and half a round trip, its confirmation as long: 0.1 s by us, 0.18 s by asia.
static void test_commits_wait_for_the_round_trip(void **state)
{
    (void)state;
    near(mean_far(BOTH ", confirm: 0", "s.put"), 0);
    near(mean_far(BOTH ", confirm: 1", "s.put"), 0.1);
    near(mean_far(BOTH ", confirm: 2", "s.put"), 0.18);
    fixture f = run_far(BOTH, "s.put", "");
    near(sim_histogram_mean_s(database(f).lag), 0.07);                         // 0.05 s and 0.09 s
    done(f);
}

#define ONE "replicas: 1, replica_regions: [us], replication: {network: 0, apply: 0}"

// The cut is from 0.22 s to 0.72 s. The record of 0.1 s is there before; that of 0.2 s is under way and lost as those up to 0.7 s are: all arrive at
// 0.76 s, with lags of 0.56, 0.46 … 0.06 s. The other four have 0.04 s: 0.202 s on average. Who waits for a confirmation waits 0.04 s more.
static void test_a_partition_stalls_the_log(void **state)
{
    (void)state;
    fixture f = run_far(ONE, "s.put", "{at: 220ms, for: 500ms, partition: eu-us}");
    assert_int_equal(database(f).lag->count, 10);
    near(sim_histogram_mean_s(database(f).lag), 0.202);
    near((double)database(f).lag->greatest * 1e-9, 0.56);
    near(sim_histogram_mean_s(look(f, "c").latency), 0);
    done(f);
    f = run_far(ONE ", confirm: 1", "s.put", "{at: 220ms, for: 500ms, partition: eu->us}");
    near(sim_histogram_mean_s(look(f, "c").latency), 0.242);
    done(f);
    // Records get through, confirmations do not: those that set off from 0.24 s on come at 0.76 s.
    f = run_far(ONE ", confirm: 1", "s.put", "{at: 220ms, for: 500ms, partition: us->eu}");
    near(sim_histogram_mean_s(database(f).lag), 0.04);
    near((double)look(f, "c").latency->greatest * 1e-9, 0.56);
    done(f);
    f = run_far(ONE, "s.put", "{at: 150ms, for: 2s, delay: eu-us, by: 10ms}");
    near(sim_histogram_mean_s(database(f).lag), 0.049);                        // all but the first take 10 ms more
    done(f);
}

// The records of 0.2 to 0.6 s are lost with their primary at 0.65 s, for the cut has kept them. The call of 0.7 s fails, those of 0.8 s and later
// travel to the new primary in us and back.
static void test_a_primary_takes_over_in_another_region(void **state)
{
    (void)state;
    static const char faults[] = "{at: 190ms, for: 500ms, partition: eu-us}, {at: 650ms, for: 100s, kill: d, replica: 0}";
    fixture f = run_far(ONE ", failover: {detection: 100ms, promotion: 0}", "s.put", faults);
    assert_int_equal(database(f).lost_commits, 5);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 9);
    assert_int_equal(look(f, "c").outcome[SIM_error], 1);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.24 / 9);               // of those that are answered
    done(f);
    // With a confirmation nothing that was answered is lost.
    f = run_far(ONE ", confirm: 1, failover: {detection: 100ms, promotion: 0}", "s.put", faults);
    assert_int_equal(database(f).lost_commits, 0);
    done(f);
}

static void test_what_is_not_modelled_is_refused(void **state)
{
    (void)state;
    static const mistake wrong[] = {
        {"replicas: 2, replica_regions: [us]", "a region for each of its replicas, that is 2"}, {"replicas: 1, replica_regions: [uss]", "did you mean"},
        {"replica_regions: [us]", "belongs to `replicas`"}, {"replicas: 1, read: {policy: nearest}", "belongs to `replica_regions"},
        {"replicas: 1, replica_regions: [us], shards: {count: 2}", "without `shards`"},
        {"replicas: 1, replica_regions: [us], read: {policy: causal}", "want `wait: 0s`"}};
    all_refused("s: {kind: service, on: {o: [{query: d.q}]}}, d: {kind: database, @, statements: {q: {cpu: 0}}}", "c: {rate: 1/s, call: s.o}" FAR, wrong, HR_COUNT(wrong));
    static const mistake nowhere[] = {{"replicas: 1, replica_regions: [us]", "needs a section `network"}};
    all_refused("s: {kind: service, on: {o: [{query: d.q}]}}, d: {kind: database, @, statements: {q: {cpu: 0}}}", "c: {rate: 1/s, call: s.o}", nowhere, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_are_near_and_writes_far), cmocka_unit_test(test_commits_wait_for_the_round_trip),
        cmocka_unit_test(test_a_partition_stalls_the_log), cmocka_unit_test(test_a_primary_takes_over_in_another_region),
        cmocka_unit_test(test_what_is_not_modelled_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
