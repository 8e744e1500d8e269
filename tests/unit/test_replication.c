// tests/unit/test_replication.c - replicas that follow a log, commits that wait for them, reads and failover against cases computed by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/core/table.h"
#include "tests/unit/run.h"

// A service in front of a database `d` with these keys: `put` writes, `get` reads, both take no time by themselves.
static fixture run_failing(const char *keys, const char *workload, const char *faults, hr_time until)
{
    char *components = hr_format("s: {kind: service, workers: 1000, on: {put: [{query: d.put}], get: [{query: d.get}]}}, d: {kind: database, network: 0, "
                                 "%s, statements: {put: {cpu: 0, writes: true}, get: {cpu: 0}}}", keys);
    fixture f = run_broken(components, workload, faults, until);
    free(components);
    sim_world_run(f.w, f.w->now + 100 * HR_SEC);                   // the replicas apply what they have
    sim_world_check(f.w);
    return f;
}

static fixture run_database(const char *keys, const char *workload, hr_time until) { return run_failing(keys, workload, "", until); }

static sim_station_view database(fixture f) { return sim_database_look(f.w, (sim_component_id)sim_model_find(f.model, "d")); }

// Ten writes, 0.1 s apart from 0.1 s on. A record arrives 0.05 s later. Where applying takes 0.15 s, the first is applied at 0.3 s and each
// of the others 0.15 s after the one before: a lag of 0.15 s + 0.05 s × its number, 0.425 s on average. Where it takes 0.05 s: always 0.1 s.
static void test_lag_grows_as_computed_by_hand(void **state)
{
    (void)state;
    const char *writes = "c: {rate: 10/s, arrivals: constant, call: s.put, timeout: none}";
    fixture f = run_database("replicas: 1, replication: {network: 50ms, apply: 150ms}", writes, 1050 * HR_MS);
    assert_int_equal(database(f).lag->count, 10);
    near(sim_histogram_mean_s(database(f).lag), 0.425);
    near((double)database(f).lag->greatest * 1e-9, 0.65);
    done(f);
    f = run_database("replicas: 3, replication: {network: 50ms, apply: 50ms}", writes, 1050 * HR_MS);
    assert_int_equal(database(f).lag->count, 30);
    near(sim_histogram_mean_s(database(f).lag), 0.1);
    done(f);
    f = run_database("pool: 20", writes, 1050 * HR_MS);            // without replicas nothing of this is kept
    assert_null(database(f).lag);
    done(f);
}

// On the disk after 10 ms, at the replica 20 ms later, applied after 100 ms more; a confirmation takes 20 ms.
static void test_commits_wait_as_synchronous_commit_says(void **state)
{
    (void)state;
    static const struct { const char *keys; double takes; } cases[] = {
        {"commit: off", 0}, {"commit: local", 0.01}, {"commit: on", 0.01}, {"confirm: 1", 0.05}, {"commit: remote_apply, confirm: 1", 0.15}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *keys = hr_format("replicas: 1, flush: 10ms, replication: {network: 20ms, apply: 100ms}, %s", cases[i].keys);
        fixture f = run_database(keys, "c: {rate: 1/s, arrivals: constant, call: s.put, timeout: none}", 10 * HR_SEC);
        near(sim_histogram_mean_s(look(f, "c").latency), cases[i].takes);
        free(keys);
        done(f);
    }
    // Who waits holds its connection: with one connection and 150 ms a commit, three writes at once take 0.15, 0.3 and 0.45 s.
    fixture f = run_database("pool: 1, replicas: 1, commit: remote_apply, confirm: 1, flush: 10ms, replication: {network: 20ms, apply: 100ms}",
                             "c: {users: 3, think: 1s, call: s.put, timeout: none}", 1500 * HR_MS);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.3);
    done(f);
}

// The fastest of three is sooner than the second, and that sooner than the last: on the same draws.
static void test_more_confirmations_take_longer(void **state)
{
    (void)state;
    double before = 0;
    for (int confirm = 1; confirm <= 3; confirm++) {
        char *keys = hr_format("replicas: 3, confirm: %d, replication: {network: exp(20ms), apply: 0}", confirm);
        fixture f = run_database(keys, "c: {rate: 5/s, call: s.put, timeout: none}", 50 * HR_SEC);
        double mean = sim_histogram_mean_s(look(f, "c").latency);
        assert_true(mean > before * 1.1);
        before = mean;
        free(keys);
        done(f);
    }
}

// Writes at 1, 2, 3, 4 s are seen at the replica 0.3 s later. Reads at 0.41 s × n, eleven until 4.6 s: 1.23, 2.05, 3.28 and 4.10 come in between.
static void test_reads_miss_their_own_writes_as_computed_by_hand(void **state)
{
    (void)state;
    static const struct { const char *read; unsigned missed; double mean; } cases[] = {
        {"policy: random", 4, 0}, {"policy: primary", 0, 0}, {"policy: round-robin", 4, 0}, {"policy: least-lag", 4, 0},
        {"policy: primary-after-write, pin: 350ms", 0, 0}, {"policy: primary-after-write, pin: 150ms", 2, 0},        // 1.23 and 3.28 are too late for it
        {"policy: causal, wait: 0s", 0, 0},
        {"policy: causal, wait: 1s", 0, (0.07 + 0.25 + 0.02 + 0.20) / 11},     // until 1.3, 2.3, 3.3 and 4.3 s
        {"policy: causal, wait: 100ms", 0, (0.07 + 0.10 + 0.02 + 0.10) / 11}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *keys = hr_format("replicas: 1, replication: {network: 100ms, apply: 200ms}, read: {%s}", cases[i].read);
        fixture f = run_database(keys, "w: {rate: 1/s, arrivals: constant, call: s.put, timeout: none}, "
                                       "c: {rate: 2.43902439/s, arrivals: constant, call: s.get, timeout: none}", 4600 * HR_MS);
        assert_int_equal(database(f).reads, 11);
        assert_int_equal(database(f).unread_writes, cases[i].missed);
        assert_int_equal(database(f).backwards, 0);       // one replica never goes back
        near(sim_histogram_mean_s(look(f, "c").latency), cases[i].mean);
        free(keys);
        done(f);
    }
}

// Sessions are users of their own: they miss what they wrote themselves, not what others wrote; and between two replicas time goes back.
static void test_users_are_told_apart(void **state)
{
    (void)state;
    const char *keys = "replicas: 2, replication: {network: 1ms, apply: exp(20ms)}, read: {policy: round-robin}";
    fixture f = run_database(keys, "w: {rate: 30/s, call: s.put}, c: {users: 10, think: exp(50ms), call: s.get}", 20 * HR_SEC);
    assert_true(database(f).reads > 1000 && database(f).backwards > 0);
    assert_int_equal(database(f).unread_writes, 0);       // the users write nothing
    done(f);
    f = run_database(keys, "w: {rate: 30/s, call: s.put}, c: {rate: 200/s, call: s.get}", 20 * HR_SEC);
    assert_true(database(f).unread_writes > 0);           // the key is the user: everybody expects every write
    done(f);
}

// Writes every 0.1 s; records need 0.25 s to the replica. At 2.05 s the primary dies: 20 were answered, 18 have arrived. Until 3.55 s nobody
// takes its place: the 15 of 2.1 … 3.5 s fail; 15 more until 5.05 s are good. With `confirm: 1` a commit takes 0.5 s: the five of 1.6 … 2.0 s
// have no answer yet and are lost for their callers, so no answer was a lie; three of them are on the replica. With `off` records are
// on the disk 0.3 s later: 15 have arrived, five are lost.
static void test_failover_as_computed_by_hand(void **state)
{
    (void)state;
    static const struct { const char *keys; unsigned ok, lost, lost_commits, version; } cases[] = {
        {"commit: local", 35, 0, 2, 34}, {"confirm: 1", 30, 5, 0, 34}, {"commit: off, flush: 300ms", 35, 0, 5, 31},
        {"replicas: 3", 35, 0, 2, 34}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *keys = hr_format("%s%s, replication: {network: 250ms, apply: 0}, failover: {detection: 1s, promotion: 500ms}",
                               strstr(cases[i].keys, "replicas") ? "" : "replicas: 1, ", cases[i].keys);
        fixture f = run_failing(keys, "c: {rate: 10/s, arrivals: constant, call: s.put, timeout: none}", "{at: 2050ms, kill: d}", 5050 * HR_MS);
        sim_workload_view v = look(f, "c");
        assert_int_equal(v.offered, 50);
        assert_int_equal(v.outcome[SIM_ok], cases[i].ok);
        assert_int_equal(v.outcome[SIM_lost], cases[i].lost);
        assert_int_equal(v.outcome[SIM_error], 15);
        assert_int_equal(database(f).lost_commits, cases[i].lost_commits);
        assert_int_equal(sim_database_version(f.w, (sim_component_id)sim_model_find(f.model, "d"), 0), cases[i].version);
        free(keys);
        done(f);
    }
}

// Received, but not yet applied: the new primary first applies it. 18 records of 0.5 s each, the first arrives at 0.35 s: done at 9.35 s.
// So the writes of 2.1 … 9.3 s fail, 73 of them.
static void test_a_replica_applies_what_it_has_before_it_takes_over(void **state)
{
    (void)state;
    fixture f = run_failing("replicas: 1, replication: {network: 250ms, apply: 500ms}, failover: {detection: 1s, promotion: 500ms}",
                             "c: {rate: 10/s, arrivals: constant, call: s.put, timeout: none}", "{at: 2050ms, kill: d}", 12050 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_error], 73);
    assert_int_equal(database(f).lost_commits, 2);
    done(f);
}

// Reads go on while the primary is down, where the policy sends them to replicas.
static void test_replicas_answer_while_there_is_no_primary(void **state)
{
    (void)state;
    static const struct { const char *policy; unsigned errors; } cases[] = {{"random", 0}, {"primary", 15}, {"causal", 0}, {"primary-after-write", 0}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *keys = hr_format("replicas: 1, read: {policy: %s}, failover: {detection: 1s, promotion: 500ms}", cases[i].policy);
        fixture f = run_failing(keys, "c: {rate: 10/s, arrivals: constant, call: s.get, timeout: none}", "{at: 2050ms, kill: d}", 5050 * HR_MS);
        assert_int_equal(look(f, "c").outcome[SIM_error], cases[i].errors);
        free(keys);
        done(f);
    }
}

static void test_every_policy_picks_one_that_is_there(void **state)
{
    (void)state;
    for (int i = 0; sim_readings[i]; i++) {
        const sim_reading *row = sim_readings[i];
        assert_true(row->name && row->summary && row->pick);
        assert_int_equal(sim_reading_find(row->name), i);
        sim_reading_state s = {0};
        sim_reading_def d = {.policy = (uint32_t)i, .pin = HR_SEC, .wait = HR_SEC};
        for (unsigned n = 0; n < 1000; n++) {
            sim_reading_server servers[4] = {{n % 2 == 0, n % 5, 10, n % 3}, {false, n % 3, n % 11, n % 2}, {false, n % 7, n % 8, 1}, {false, 1, 4, 0}};
            sim_reading_ask ask = {(hr_time)n, (hr_time)(n % 20) - 1, n % 11, (n + 0.5) / 1000};
            size_t count = 1 + n % 4, got = row->pick(&s, &d, &ask, servers, count);
            assert_true(got < count || (got == SIZE_MAX && n % 2));           // nobody answers only where there is no primary
        }
    }
    assert_int_equal(sim_reading_find("nobody"), -1);
}

// The policy by the draw: of three replicas the first has applied what was written, then none has.
static void test_causal_picks_who_has_applied_it(void **state)
{
    (void)state;
    const sim_reading *row = sim_readings[sim_reading_find("causal")];
    sim_reading_server servers[] = {{true, 0, 9, 0}, {false, 0, 7, 0}, {false, 0, 3, 0}, {false, 0, 8, 0}};
    sim_reading_ask ask = {.position = 7, .u = 0.1};
    assert_int_equal(row->pick(NULL, NULL, &ask, servers, 4), 1);
    ask.u = 0.9;
    assert_int_equal(row->pick(NULL, NULL, &ask, servers, 4), 3);
    ask.position = 9;
    assert_int_equal(row->pick(NULL, NULL, &ask, servers, 4), 3);  // the nearest, which has to be waited for
}

static void test_what_does_not_go_together_is_refused(void **state)
{
    (void)state;
    static const mistake wrong[] = {
        {"confirm: 1", "belongs to `replicas`"},
        {"read: {policy: random}", "belongs to `replicas`"},
        {"failover: {detection: 1s}", "belongs to `replicas`"},
        {"replicas: 1, confirm: 2", "can't confirm"},
        {"replicas: 1, confirm: 1, commit: off", "waits for no replica"},
        {"replicas: 1, commit: remote_apply", "say by `confirm`"},
        {"replicas: 1, commit: remote_write", "off, local, on or remote_apply"},
        {"replicas: 1, read: {policy: random, pin: 1s}", "random does not use `pin`"},
        {"replicas: 1, read: {policy: randon}", "did you mean 'random'"},
        {"replicas: 1, read: random", "want {policy: random}"},
        {"replicas: 16", "out of range"}};
    all_refused("s: {kind: service, on: {go: [{query: d.q}]}}, d: {kind: database, @, statements: {q: {wait: 1ms}}}", "c: {rate: 1/s, call: s.go}", wrong, HR_COUNT(wrong));
}

// Against a plain array: pairs come and go; what is in the table is what should be.
static void test_a_table_of_pairs_keeps_what_is_in_it(void **state)
{
    (void)state;
    enum { PAIRS = 300 };
    typedef struct { sim_pair pair; uint64_t value; } entry;
    sim_world *w = sim_world_new(1, 1 << 24);
    sim_table t = {.bytes = sizeof(entry)};
    uint64_t want[PAIRS] = {0};
    uint32_t count = 0;
    assert_null(sim_table_find(w, &t, 0, 0));
    for (uint64_t n = 1; n < 20000; n++) {
        uint64_t which = n * n * 7919 % PAIRS, a = which % 17, b = which / 17 * 16;
        if (n % 3 == 0 && want[which]) {
            sim_table_remove(w, &t, sim_table_find(w, &t, a, b));
            want[which] = 0;
            count--;
        } else {
            entry *e = sim_table_add(w, &t, a, b);
            assert_int_equal(e->value, want[which]);
            count += want[which] == 0;
            e->value = want[which] = n;
        }
        assert_int_equal(t.count, count);
        uint64_t other = n * 31 % PAIRS;
        const entry *e = sim_table_find(w, &t, other % 17, other / 17 * 16);
        assert_true(want[other] ? e && e->value == want[other] : e == NULL);
    }
    sim_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lag_grows_as_computed_by_hand), cmocka_unit_test(test_commits_wait_as_synchronous_commit_says),
        cmocka_unit_test(test_more_confirmations_take_longer), cmocka_unit_test(test_reads_miss_their_own_writes_as_computed_by_hand),
        cmocka_unit_test(test_users_are_told_apart), cmocka_unit_test(test_failover_as_computed_by_hand),
        cmocka_unit_test(test_a_replica_applies_what_it_has_before_it_takes_over), cmocka_unit_test(test_replicas_answer_while_there_is_no_primary),
        cmocka_unit_test(test_every_policy_picks_one_that_is_there), cmocka_unit_test(test_causal_picks_who_has_applied_it),
        cmocka_unit_test(test_what_does_not_go_together_is_refused), cmocka_unit_test(test_a_table_of_pairs_keeps_what_is_in_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
