// tests/unit/test_invalidation.c - what keeps caches true: deletes that all replicas hear of, compare and set, and rows that do not exist.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

// Reads each millisecond, by three replicas in turn (100 ms: the first); one write at 100.3 ms, by the first. Until 150 ms.
static uint64_t stale_reads(const char *delete)
{
    char *components = hr_format("lb: {kind: balancer, to: s}, lbw: {kind: balancer, to: s}, s: {kind: service, replicas: 3, local: {entries: 10}, on: "
                                 "{read: [{get: local, miss: [{query: db.by_id}, {set: local}]}], write: [{query: db.update}%s]}}, db: {kind: "
                                 "database, network: 0, statements: {by_id: {cpu: 0}, update: {cpu: 0, writes: true}}}", delete);
    fixture f = run(components, "c: {rate: 1k/s, arrivals: constant, call: lb.read}, w: {rate: 9.970089730807577/s, arrivals: constant, call: lbw.write}",
                    150 * HR_MS);
    sim_workload_view c = look(f, "c");
    assert_int_equal(c.reads, 149);
    assert_int_equal(look(f, "w").offered, 1);
    free(components);
    done(f);
    return c.stale;
}

static void test_replicas_serve_what_is_old_until_they_hear_of_a_write(void **state)
{
    (void)state;
    assert_int_equal(stale_reads(""), 49);                         // nobody is told, not even by itself
    assert_int_equal(stale_reads(", {delete: local}"), 33);        // of 101 … 149 ms those of the other two
    assert_int_equal(stale_reads(", {delete: local, everywhere: 5ms}"), 4);                // 101, 102, 104, 105
    assert_int_equal(stale_reads(", {delete: local, everywhere: 0}"), 0);
}

// Writes end at 100.3 and 200.6 ms; the reads of 101, 102, 104 and 105 ms are stale, and those of 201, 202, 204 and 205 ms:
// the second write is the second replica's, whose reads are those of 200 and 203.
static void test_the_age_of_stale_answers(void **state)
{
    (void)state;
    fixture f = run("lb: {kind: balancer, to: s}, lbw: {kind: balancer, to: s}, s: {kind: service, replicas: 3, local: {entries: 10}, on: {read: "
                    "[{get: local, miss: [{query: db.by_id}, {set: local}]}], write: [{query: db.update}, {delete: local, everywhere: 5ms}]}}, "
                    "db: {kind: database, network: 0, history: true, statements: {by_id: {cpu: 0}, update: {cpu: 0, writes: true}}}",
                    "c: {rate: 1k/s, arrivals: constant, call: lb.read}, w: {rate: 9.970089730807577/s, arrivals: constant, call: lbw.write}", 250 * HR_MS);
    sim_workload_view c = look(f, "c");
    assert_true(c.knows_age);
    assert_int_equal(c.stale, 8);
    near(c.stale_age_s, (0.7 + 1.7 + 3.7 + 4.7 + 0.4 + 1.4 + 3.4 + 4.4) * 1e-3);
    near((double)c.stale_age_most * 1e-9, 4.7e-3);
    done(f);
}

// Of a value several versions behind, the age is that of the first version that it lacks: written at 100, 200, 300 ms, never deleted, read at 350.
static void test_the_age_counts_from_the_first_version_that_is_missed(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, local: {entries: 10}, on: {read: [{get: local, miss: [{query: db.by_id}, {set: local}]}], write: [{query: "
                    "db.update}]}}, db: {kind: database, network: 0, history: true, statements: {by_id: {cpu: 0}, update: {cpu: 0, writes: true}}}",
                    "early: {rate: 10/s, arrivals: constant, call: s.write}, c: {rate: 20/s, arrivals: constant, call: s.read}", 360 * HR_MS);
    sim_workload_view c = look(f, "c");        // put in at 50; at 100 the write has not yet committed; stale from 150 on
    assert_int_equal(c.stale, 5);
    near(c.stale_age_s, (50 + 100 + 150 + 200 + 250) * 1e-3);
    near((double)c.stale_age_most * 1e-9, 0.25);
    done(f);
}

// At 100 ms a read begins that takes 20; a write overtakes it and puts version 2 into the cache at 107. Is version 1 put over it at 120?
static uint64_t stale_after_a_race(const char *newer)
{
    char *components = hr_format("s: {kind: service, on: {race: [{parallel: [[{query: db.by_id}, {set: k%s}], [{wait: 5ms}, {query: db.update}, {set: "
                                 "k%s}]]}], read: [{get: k}]}}, k: {kind: cache}, db: {kind: database, statements: {by_id: {wait: 20ms}, update: "
                                 "{wait: 2ms, writes: true}}}", newer, newer);
    fixture f = run(components, "r: {rate: 10/s, arrivals: constant, call: s.race}, c: {rate: 6.6666667/s, arrivals: constant, call: s.read}", 160 * HR_MS);
    sim_workload_view c = look(f, "c");
    assert_int_equal(c.reads, 1);
    free(components);
    done(f);
    return c.stale;
}

static void test_compare_and_set_keeps_a_slow_reader_from_putting_back_what_is_old(void **state)
{
    (void)state;
    assert_int_equal(stale_after_a_race(""), 1);
    assert_int_equal(stale_after_a_race(", newer: true"), 0);
}

// A hundred keys in turn, 499 requests; *missing of them are for keys without a row.
static uint64_t statements(const char *absent, const char *cache, const char *negative, uint64_t *missing)
{
    char *components = hr_format("s: {kind: service, local: {entries: 1000}, on: {read: [{get: %s, miss: [{query: db.by_id}, {set: %s%s}]}]}}, k: {kind: "
                                 "cache, network: 0}, db: {kind: database, absent: %s, statements: {by_id: {}}}", cache, cache, negative, absent);
    fixture f = run(components, "c: {rate: 1k/s, arrivals: constant, call: s.read, key: sequential(100)}", 500 * HR_MS);
    uint64_t started = sim_database_look(f.w, 2).started;
    *missing = 0;
    for (uint64_t n = 0; n < 499; n++)
        *missing += sim_database_lacks(f.w, 2, n % 100);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 499);
    free(components);
    done(f);
    return started;
}

static void test_rows_that_do_not_exist_are_asked_for_again_unless_that_is_kept(void **state)
{
    (void)state;
    static const char *const caches[] = {"local", "k"};
    uint64_t missing;
    for (size_t i = 0; i < HR_COUNT(caches); i++) {
        assert_int_equal(statements("0%", caches[i], "", &missing), 100);
        assert_int_equal(missing, 0);
        uint64_t all = statements("30%", caches[i], "", &missing), keys = (missing + 4) / 5;       // 4 or 5 requests a key
        print_message("%s: %llu statements, %llu requests without a row\n", caches[i], (unsigned long long)all, (unsigned long long)missing);
        assert_in_range(keys, 12, 48);                             // of 100, four standard deviations around 30
        assert_int_equal(all, 100 - keys + missing);
        assert_int_equal(statements("30%", caches[i], ", negative: 10s", &missing), 100);
        assert_int_equal(statements("30%", caches[i], ", negative: 150ms", &missing), 100 + 2 * keys - (missing < 5 * keys));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replicas_serve_what_is_old_until_they_hear_of_a_write),
        cmocka_unit_test(test_the_age_of_stale_answers),
        cmocka_unit_test(test_the_age_counts_from_the_first_version_that_is_missed),
        cmocka_unit_test(test_compare_and_set_keeps_a_slow_reader_from_putting_back_what_is_old),
        cmocka_unit_test(test_rows_that_do_not_exist_are_asked_for_again_unless_that_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
