// tests/unit/test_through.c - caches that ask the database by themselves, against schedules worked out by hand. Reading takes 9.5 ms, writing
// 4.5 ms, the cache and networks nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

enum { SERVICE, CACHE, DATABASE, GATE };       // components in order

static fixture with_faults(const char *cache, const char *workload, const char *faults, hr_time until)
{
    char *components = hr_format("s: {kind: service, workers: 1000, on: {read: [{get: k}], aside: [{get: k, miss: [{query: db.by_id}, {set: k}]}], "
                                 "write: [{set: k}], race: [{parallel: [[{get: k}], [{wait: 3ms}, {set: k}]]}]}}, k: {kind: cache, demand: 0, "
                                 "network: 0%s}, db: {kind: database, network: 0, statements: {by_id: {cpu: 0, wait: 9.5ms}, put: {cpu: 0, wait: "
                                 "4.5ms, writes: true}}}, gate: {kind: limiter, policy: token-bucket, rate: 1/min, burst: 1, to: db}", cache);
    fixture f = run_broken(components, workload, faults, until);
    free(components);
    return f;
}

static fixture with_cache(const char *cache, const char *workload, hr_time until) { return with_faults(cache, workload, "", until); }

static const char *const each_ms = "c: {rate: 1k/s, arrivals: constant, call: s.read}";
static const char *const write_each_10ms = "w: {rate: 100/s, arrivals: constant, call: s.write}";

static uint64_t statements_of(fixture f) { return sim_database_look(f.w, DATABASE).started; }

static void test_read_through_asks_once_for_all_who_wait(void **state)
{
    (void)state;
    fixture f = with_cache(", loads: db.by_id", each_ms, 300 * HR_MS);
    assert_int_equal(statements_of(f), 1);
    assert_int_equal(sim_cache_look(f.w, CACHE).hits, 289);
    assert_int_equal(look(f, "c").reads, 299);
    near(sim_histogram_mean_s(look(f, "c").latency), (10 * 10.5 - 55) * 1e-3 / 299);
    done(f);
    f = with_cache(", loads: db.by_id, ttl: 100ms", each_ms, 300 * HR_MS);
    assert_int_equal(statements_of(f), 3);     // at 1, 111 and 221 ms
    done(f);
    f = with_cache("", "c: {rate: 1k/s, arrivals: constant, call: s.aside}", 300 * HR_MS);
    assert_int_equal(statements_of(f), 10);    // cache-aside: everybody asks until 10.5 ms
    done(f);
}

static void test_a_get_or_set_fails_as_its_statement_does(void **state)
{
    (void)state;
    fixture f = with_cache(", loads: gate.by_id, ttl: 100ms", each_ms, 300 * HR_MS);
    sim_workload_view c = look(f, "c");
    assert_int_equal(c.outcome[SIM_ok], 110);
    assert_int_equal(c.outcome[SIM_rejected], 189);
    done(f);
    f = with_cache(", writes: gate.put", write_each_10ms, 300 * HR_MS);
    assert_int_equal(look(f, "w").outcome[SIM_ok], 1);
    assert_int_equal(look(f, "w").outcome[SIM_rejected], 28);
    done(f);
}

// Twenty-nine writes of one key, and reads each millisecond.
static void expect_writes(const char *cache, uint64_t statements, uint64_t hits, double mean_write_ms)
{
    char *workload = hr_format("%s, %s", each_ms, write_each_10ms);
    fixture f = with_cache(cache, workload, 300 * HR_MS);
    sim_workload_view c = look(f, "c"), w = look(f, "w");
    print_message("%s: %llu statements, %llu hits, writes %.6f ms\n", cache, (unsigned long long)statements_of(f),
                  (unsigned long long)sim_cache_look(f.w, CACHE).hits, sim_histogram_mean_s(w.latency) * 1e3);
    assert_int_equal(w.outcome[SIM_ok], 29);
    assert_int_equal(c.stale, 0);
    assert_int_equal(c.reads, 299);
    assert_int_equal(statements_of(f), statements);
    assert_int_equal(sim_cache_look(f.w, CACHE).hits, hits);
    near(sim_histogram_mean_s(w.latency), mean_write_ms * 1e-3);
    free(workload);
    done(f);
}

static void test_writes_go_through_around_or_behind(void **state)
{
    (void)state;
    // Through: one read statement, for those of 1 … 10 ms; every write puts its version in, from 14.5 ms on.
    expect_writes(", loads: db.by_id, writes: db.put", 29 + 1, 289, 4.5);
    // Around: the write that ends at 10 n + 4.5 ms takes the key out; those of 10 n + 5 … 10 n + 14 wait for a statement that ends at
    // 10 n + 14.5 and is overtaken then by the next write, so nothing is ever put in. But for the first: from 10.5 to 14.5 there is a value.
    expect_writes(", loads: db.by_id, writes: db.put, write: around", 29 + 1 + 29, 4, 4.5);
    // Behind: at 60 ms the writes of 10 … 50 are one statement, at 110 those of 60 … 100, and so on: five until 300 ms. The write of 10 ms puts
    // the key in at once: only the reads of 1 … 9 have missed. That of 10 comes after the write, which was scheduled first.
    expect_writes(", loads: db.by_id, writes: db.put, write: behind, behind: {interval: 50ms}", 5 + 1, 290, 0);
}

static void test_write_behind_coalesces_and_loses_what_waits(void **state)
{
    (void)state;
    static const struct { const char *cache, *faults; uint64_t statements, coalesced, lost, waiting; uint32_t version; } cases[] = {
        {", writes: db.put, write: behind, behind: {interval: 50ms}", "", 5, 23, 0, 4, 6},
        // At 255 ms the writes of 210 … 250 are lost; those from 260 on wait until 310.
        {", writes: db.put, write: behind, behind: {interval: 50ms}", "{at: 255ms, flush: k}", 4, 23, 5, 4, 5},
        // The limiter lets one statement through: the others wait on, and for ever.
        {", writes: gate.put, write: behind, behind: {interval: 50ms}", "", 1, 0, 0, 24, 2}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = with_faults(cases[i].cache, write_each_10ms, cases[i].faults, 300 * HR_MS);
        sim_station_view v = sim_cache_look(f.w, CACHE);
        print_message("%s: %llu statements, %llu coalesced, %llu lost, %llu wait\n", cases[i].cache, (unsigned long long)statements_of(f),
                      (unsigned long long)v.coalesced, (unsigned long long)v.lost_writes, (unsigned long long)v.waiting_writes);
        assert_int_equal(look(f, "w").outcome[SIM_ok], 29);
        assert_int_equal(v.writes, 29);
        assert_int_equal(statements_of(f), cases[i].statements);
        if (cases[i].coalesced)
            assert_int_equal(v.coalesced, cases[i].coalesced);
        assert_int_equal(v.lost_writes, cases[i].lost);
        assert_int_equal(v.waiting_writes, cases[i].waiting);
        assert_int_equal(sim_database_version(f.w, DATABASE, 0), cases[i].version);
        done(f);
    }
}

static void test_write_behind_writes_a_batch_at_each_interval_and_has_a_bounded_queue(void **state)
{
    (void)state;
    // Ten keys in turn, one each millisecond: always more than four wait. From 21 to 281 ms there are 14 intervals.
    fixture f = with_cache(", writes: db.put, write: behind, behind: {interval: 20ms, batch: 4}",
                           "w: {rate: 1k/s, arrivals: constant, call: s.write, key: sequential(10)}", 300 * HR_MS);
    assert_int_equal(statements_of(f), 14 * 4);
    assert_int_equal(sim_cache_look(f.w, CACHE).coalesced, 299 - 14 * 4 - 10);
    done(f);
    // Three keys may wait: the others are rejected, three of ten are not.
    f = with_cache(", writes: db.put, write: behind, behind: {interval: 10s, queue: 3}",
                   "w: {rate: 1k/s, arrivals: constant, call: s.write, key: sequential(10)}", 300 * HR_MS);
    assert_int_equal(look(f, "w").outcome[SIM_ok], 90);
    assert_int_equal(look(f, "w").outcome[SIM_rejected], 209);
    done(f);
}

// A read begins at 100 ms and ends at 109.5; a write overtakes it, from 103 to 107.5. At 150 ms somebody reads again.
static void expect_after_race(const char *write, uint64_t statements)
{
    char *cache = hr_format(", loads: db.by_id, writes: db.put, write: %s", write);
    fixture f = with_cache(cache, "r: {rate: 10/s, arrivals: constant, call: s.race}, c: {rate: 6.6666667/s, arrivals: constant, call: s.read}", 180 * HR_MS);
    assert_int_equal(look(f, "c").reads, 1);
    assert_int_equal(look(f, "c").stale, 0);
    assert_int_equal(statements_of(f), statements);
    free(cache);
    done(f);
}

static void test_a_slow_read_puts_nothing_old_over_a_write(void **state)
{
    (void)state;
    expect_after_race("through", 2);
    expect_after_race("around", 3);            // nothing is in the cache, so the last one asks
}

static void test_what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const mistake wrong[] = {
        {", loads: db.put", "writes: want a statement that reads"}, {", writes: db.by_id", "does not write"},
        {", loads: db.nothing", "has no statement 'nothing'"}, {", loads: s.read", "no database is named 's'"},
        {", write: behind", "k.write belongs to `writes`"}, {", writes: db.put, write: aside", "want through, around or behind"},
        {", writes: db.put, behind: {batch: 10}", "k.behind belongs to `write: behind`"}, {", ttl: 5s", "k.ttl belongs to `loads`"},
        {", writes: db.put, write: behind, behind: {interval: none}", "interval = 'none': want a time"}};
    all_refused("s: {kind: service, on: {read: [{get: k}]}}, k: {kind: cache@}, db: {kind: database, statements: {by_id: {}, put: {writes: true}}}",
                "c: {rate: 1/s, call: s.read}", wrong, HR_COUNT(wrong));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_through_asks_once_for_all_who_wait),
        cmocka_unit_test(test_a_get_or_set_fails_as_its_statement_does),
        cmocka_unit_test(test_writes_go_through_around_or_behind),
        cmocka_unit_test(test_write_behind_coalesces_and_loses_what_waits),
        cmocka_unit_test(test_write_behind_writes_a_batch_at_each_interval_and_has_a_bounded_queue),
        cmocka_unit_test(test_a_slow_read_puts_nothing_old_over_a_write),
        cmocka_unit_test(test_what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
