// tests/unit/test_locks.c - row locks against cases computed by hand: who wants the same row waits in order, with its connection.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

// `inc` locks its row for 100 ms, `put` writes without a lock, `get` reads.
static fixture run_faulty_locks(const char *keys, const char *workload, const char *faults, hr_time until)
{
    char *components = hr_format("s: {kind: service, workers: 10000, queue: 10000, on: {inc: [{query: d.inc}], put: [{query: d.put}], get: [{query: d.get}]}}, "
                                 "d: {kind: database, network: 0, %s, statements: {inc: {cpu: 0, wait: 100ms, writes: true, lock: true}, "
                                 "put: {cpu: 0, wait: 100ms, writes: true}, get: {cpu: 0, wait: 100ms}}}", keys);
    fixture f = run_broken(components, workload, faults, until);
    free(components);
    return f;
}

static fixture run_locks(const char *keys, const char *workload, hr_time until) { return run_faulty_locks(keys, workload, "", until); }

static sim_station_view counts(fixture f) { return sim_database_look(f.w, (sim_component_id)sim_model_find(f.model, "d")); }
static double mean(fixture f, const char *workload) { return sim_histogram_mean_s(look(f, workload).latency); }

// Four at once: 0.1, 0.2, 0.3 and 0.4 s on one row, 0.1 s each on rows of their own, without a lock, and where they only read.
static void test_writers_of_one_row_wait_for_each_other(void **state)
{
    (void)state;
    static const struct { const char *call, *key; double mean, waited; } cases[] = {
        {"inc", "one", 0.25, 0.6}, {"inc", "sequential(4)", 0.1, 0}, {"inc", "sequential(2)", 0.15, 0.2}, {"put", "one", 0.1, 0}, {"get", "one", 0.1, 0}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *workload = hr_format("c: {users: 4, think: 1s, call: s.%s, key: %s}", cases[i].call, cases[i].key);
        fixture f = run_locks("pool: 20", workload, 1050 * HR_MS);
        near(mean(f, "c"), cases[i].mean);
        near(counts(f).lock_wait_s, cases[i].waited);
        free(workload);
        done(f);
    }
}

// SELECT … FOR UPDATE is nothing for a standby: three readers of three rows share the one connection of the primary, 0.1, 0.2 and 0.3 s. Without a lock each
// of the three standbys has one of them.
static void test_locks_are_taken_on_the_primary(void **state)
{
    (void)state;
    static const struct { const char *lock; double mean; } cases[] = {{"true", 0.2}, {"false", 0.1}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *components = hr_format("s: {kind: service, on: {go: [{query: d.hold}]}}, d: {kind: database, network: 0, pool: 1, replicas: 3, read: {policy: round-robin}, "
                                     "statements: {hold: {cpu: 0, wait: 100ms, lock: %s}}}", cases[i].lock);
        fixture f = run(components, "c: {users: 3, think: 1s, call: s.go, key: sequential(3)}", 1050 * HR_MS);
        near(mean(f, "c"), cases[i].mean);
        free(components);
        done(f);
    }
}

// The commit belongs to it: 10 ms to the disk and 40 ms to a replica and back are held, too. Two writers: 0.15 and 0.3 s.
static void test_the_lock_is_held_until_the_commit(void **state)
{
    (void)state;
    fixture f = run_locks("replicas: 1, confirm: 1, flush: 10ms, replication: {network: 20ms, apply: 0}", "c: {users: 2, think: 1s, call: s.inc}", 1050 * HR_MS);
    near(mean(f, "c"), 0.225);
    done(f);
}

// Two connections, three writers of a row, and from 1.05 s on a reader of it. With locks: the first until 1.1 s, the second, which waits with
// its connection, until 1.2 s. The third comes in at 1.1 s and waits; the reader comes in at 1.2 s: 0.25 s. Without: it comes in at 1.1 s: 0.15 s.
static void test_who_waits_for_a_row_holds_its_connection(void **state)
{
    (void)state;
    static const struct { const char *call; double reader; } cases[] = {{"inc", 0.25}, {"put", 0.15}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *workload = hr_format("c: {users: 3, think: 1s, call: s.%s}, r: {users: 1, think: 1050ms, call: s.get}", cases[i].call);
        fixture f = run_locks("pool: 2", workload, 1060 * HR_MS);
        near(mean(f, "r"), cases[i].reader);
        free(workload);
        done(f);
    }
}

// Four at once: the second has the row at 0.1 s; the third and fourth have waited 150 ms before it is theirs.
static void test_lock_timeout(void **state)
{
    (void)state;
    fixture f = run_locks("lock_timeout: 150ms", "c: {users: 4, think: 1s, call: s.inc}", 1050 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 2);
    assert_int_equal(look(f, "c").outcome[SIM_error], 2);
    assert_int_equal(counts(f).lock_timeouts, 2);
    near(counts(f).lock_wait_s, 0.1 + 2 * 0.15);
    assert_int_equal(sim_database_version(f.w, (sim_component_id)sim_model_find(f.model, "d"), 0), 3);
    done(f);
}

// Poisson arrivals on one row are an M/D/1 queue: D (1 + ρ / (2 (1 - ρ))) = 0.15 s at ρ = 0.5 (Pollaczek-Khinchine). The wait's variance is
// ρ D²/(3 (1 - ρ)) + its mean squared = 0.00583 s²; waits of neighbours are alike, as if one in (1 + ρ)/(1 - ρ)² = 6 counted.
// On a thousand rows the same calls hardly meet: ρ = 0.0005 of each.
static void test_one_row_is_a_queue_with_one_server(void **state)
{
    (void)state;
    fixture f = run_locks("pool: 1000", "c: {rate: 5/s, call: s.inc, timeout: none}", 2000 * HR_SEC);
    double n = (double)look(f, "c").latency->count;
    printf("one row: %.4f s, M/D/1 %.4f s\n", mean(f, "c"), 0.15);
    assert_true(fabs(mean(f, "c") - 0.15) < 4 * sqrt(0.00583 * 6 / n));
    done(f);
    f = run_locks("pool: 1000", "c: {rate: 5/s, call: s.inc, key: uniform(1000), timeout: none}", 2000 * HR_SEC);
    double few = 0.1 * 0.0005 / (2 * (1 - 0.0005));
    printf("a thousand rows: waits of %.6f s on average, M/D/1 %.6f s\n", mean(f, "c") - 0.1, few);
    assert_true(mean(f, "c") - 0.1 > 0 && mean(f, "c") - 0.1 < 4 * few);
    done(f);
}

// Both rows of two shards, held through both phases: 100 ms, the prepare's flush of 10 ms, 20 ms to be told and 10 ms for the commit, besides 20 ms for
// the way there: 160 ms, ten of them one after the other though there are connections for all.
static void test_locks_are_held_through_both_phases(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, workers: 1000, queue: 1000, on: {two: [{query: d.two}]}}, d: {kind: database, network: 20ms, flush: 10ms, pool: 1000, rows: 2, "
                    "shards: {count: 2, by: range}, statements: {two: {cpu: 0, wait: 100ms, writes: true, keys: 8, lock: true}}}",
                    "c: {users: 10, think: 1s, call: s.two, key: one, timeout: none}", 1050 * HR_MS);
    assert_int_equal(counts(f).spread, 10);
    near(mean(f, "c"), 0.16 * 5.5);
    done(f);
}

// The primary dies at 1.05 s with four writers inside: one has the row, three wait for it. None hangs, and the row is free for the new primary.
static void test_nobody_waits_for_the_dead(void **state)
{
    (void)state;
    fixture f = run_faulty_locks("replicas: 1, failover: {detection: 1s, promotion: 0s}", "c: {users: 4, think: 1s, call: s.inc, timeout: none}",
                                 "{at: 1050ms, kill: d}", 4000 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_lost], 4);
    assert_true(look(f, "c").outcome[SIM_ok] > 0);
    done(f);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const mistake mistakes[] = {
        {"lock_timeout: 1s, statements: {a: {writes: true}}", "belongs to a statement with `lock: true`"},
        {"statements: {a: {lock: yes}}", "lock"}, {"shards: {count: 2}, statements: {a: {lock: true, scatter: true}}", "reads in all shards"}};
    all_refused("s: {kind: service, on: {go: [{query: d.a}]}}, d: {kind: database, @}", "c: {rate: 1/s, call: s.go}", mistakes, HR_COUNT(mistakes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writers_of_one_row_wait_for_each_other), cmocka_unit_test(test_locks_are_taken_on_the_primary), cmocka_unit_test(test_the_lock_is_held_until_the_commit),
        cmocka_unit_test(test_who_waits_for_a_row_holds_its_connection), cmocka_unit_test(test_lock_timeout),
        cmocka_unit_test(test_one_row_is_a_queue_with_one_server), cmocka_unit_test(test_locks_are_held_through_both_phases),
        cmocka_unit_test(test_nobody_waits_for_the_dead), cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
