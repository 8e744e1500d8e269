// tests/unit/test_cancel_query.c - statements that are cancelled, against times worked out by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/parts.h"
#include "tests/unit/run.h"

// A client asks at 100 ms for what `steps` do, gives up at 350 ms, and tells; another one asks for `fast`, without giving up, at 125 ms.
static fixture begin_two(const char *database, const char *statements, const char *steps)
{
    char *parts = hr_format("d: {kind: database, network: 0, %s statements: {%s}}, a: {kind: service, on: {go: [%s]}}, b: {kind: service, on: {go: [{query: d.fast}]}}",
                            database, statements, steps);
    fixture f = begin_broken(parts, "c: {rate: 10/s, arrivals: constant, call: a.go, timeout: 250ms, cancel: true}, "
                                    "e: {rate: 8/s, arrivals: constant, call: b.go, timeout: none}", "", 150 * HR_MS);
    free(parts);
    return f;
}

static double latency(fixture f, const char *workload) { return sim_histogram_mean_s(look(f, workload).latency); }

// `slow` takes a second and has what `fast` needs for 10 ms: free at 350 ms instead of 1.1 s.
static void test_who_runs_ends_at_once(void **state)
{
    (void)state;
    static const struct { const char *database, *statements, *step; } cases[] = {
        {"pool: 1,", "slow: {wait: 1s, cpu: 0}, fast: {wait: 10ms, cpu: 0}", "{query: d.slow, cancel: true}"},
        {"pool: 1,", "slow: {cpu: 1s}, fast: {cpu: 10ms}", "{query: d.slow, cancel: true}"},
        {"cores: 1,", "slow: {cpu: 1s}, fast: {cpu: 10ms}", "{query: d.slow, cancel: true}"},
        {"", "slow: {wait: 1s, cpu: 0, lock: true}, fast: {wait: 10ms, cpu: 0, lock: true}", "{query: d.slow, cancel: true}"},
        {"own_pools: true, max_connections: 2, pooler: {mode: transaction, size: 1},", "slow: {wait: 1s, cpu: 0}, fast: {wait: 10ms, cpu: 0}", "{query: d.slow, cancel: true}"},
        {"shards: {count: 2, by: hash}, pool: 1,", "slow: {wait: 1s, cpu: 0, scatter: true}, fast: {wait: 10ms, cpu: 0}", "{query: d.slow, cancel: true}"},
        {"shards: {count: 2, by: hash}, pool: 1,", "slow: {wait: 1s, cpu: 0, writes: true, keys: 8}, fast: {wait: 10ms, cpu: 0, scatter: true}", "{query: d.slow, cancel: true}"},
        {"pool: 1,", "slow: {wait: 1s, cpu: 0}, fast: {wait: 10ms, cpu: 0}", "{parallel: [[{query: d.slow, cancel: true}], [{wait: 1ms}]]}"},
        {"pool: 1,", "slow: {wait: 1s, cpu: 0}, fast: {wait: 10ms, cpu: 0}", "{query: d.slow, cancel: true, retry: {policy: fixed, most: 3, base: 1ms}}"},
        // Its transaction has locked the row and written it: all is free at once, and nobody sees the version.
        {"", "put: {wait: 0, cpu: 0, lock: true, writes: true}, slow: {wait: 1s, cpu: 0}, fast: {wait: 10ms, cpu: 0, lock: true}",
         "{transaction: [{query: d.put}, {query: d.slow, cancel: true}, {query: d.put}]}"},
        {"pool: 1,", "put: {wait: 0, cpu: 0, lock: true, writes: true}, slow: {wait: 1s, cpu: 0}, fast: {wait: 10ms, cpu: 0, lock: true}",
         "{transaction: [{query: d.put}, {query: d.slow, cancel: true}, {query: d.put}]}"}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = begin_two(cases[i].database, cases[i].statements, cases[i].step);
        run_until(f, 349 * HR_MS);
        assert_int_equal(station(f, "d").cancelled, 0);
        run_until(f, 351 * HR_MS);
        assert_int_equal(station(f, "d").cancelled, 1);
        assert_int_equal(station(f, "a").busy, 0);
        assert_int_equal(sim_database_version(f.w, part_of(f, "d"), 0), 1);
        assert_true(sim_world_drain(f.w, 10 * HR_SEC));
        near(latency(f, "e"), 0.235);
        finish(f);
    }
    fixture f = begin_two(cases[0].database, cases[0].statements, "{query: d.slow}");
    run_until(f, 351 * HR_MS);
    assert_true(sim_world_drain(f.w, 10 * HR_SEC));
    near(latency(f, "e"), 0.985);              // it is not told, and runs for nobody until 1.1 s
    finish(f);
}

// Now `fast`, which a asks for 25 ms after b has asked for `slow`, waits behind that until it is cancelled at 375 ms; who comes at 140 ms waits behind both.
static void test_who_waits_leaves(void **state)
{
    (void)state;
    static const struct { const char *database, *statement; uint32_t busy[2], queued[2]; } cases[] = {
        {"pool: 1,", "wait: 1s, cpu: 0", {1, 1}, {2, 1}}, {"cores: 1,", "cpu: 1s, wait: 0", {3, 2}, {0, 0}}, {"", "wait: 1s, cpu: 0, lock: true", {3, 2}, {0, 0}},
        {"own_pools: true, pooler: {mode: transaction, size: 1},", "wait: 1s, cpu: 0", {1, 1}, {2, 1}}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *parts = hr_format("d: {kind: database, network: 0, %s statements: {q: {%s}}}, a: {kind: service, on: {go: [{query: d.q, cancel: true}]}}, "
                                "b: {kind: service, on: {go: [{query: d.q}]}}", cases[i].database, cases[i].statement);
        fixture f = begin_broken(parts, "h: {rate: 10/s, arrivals: constant, call: b.go, timeout: none}, c: {rate: 8/s, arrivals: constant, call: a.go, timeout: 250ms, cancel: true}, "
                                        "g: {rate: 7.142857143/s, arrivals: constant, call: b.go, timeout: none}", "", 150 * HR_MS);
        free(parts);
        for (int after = 0; after <= 1; after++) {
            run_until(f, (after ? 376 : 374) * HR_MS);
            assert_int_equal(station(f, "d").busy, cases[i].busy[after]);
            assert_int_equal(station(f, "d").queued, cases[i].queued[after]);
            assert_int_equal(station(f, "a").busy, !after);
        }
        assert_true(sim_world_drain(f.w, 10 * HR_SEC));
        near(latency(f, "h"), 1);
        near(latency(f, "g"), 1.96);
        finish(f);
    }
}

// Three of one service, whose pool has one connection, at 50, 100 and 150 ms: each is told of 250 ms later, and the next one begins then.
static void test_a_pool_of_its_own(void **state)
{
    (void)state;
    fixture f = begin("d: {kind: database, network: 0, own_pools: true, pool: 1, statements: {q: {wait: 1s, cpu: 0}}}, a: {kind: service, on: {go: [{query: d.q, cancel: true}]}}",
                      "c: {rate: 20/s, arrivals: constant, call: a.go, timeout: 250ms, cancel: true}", 160 * HR_MS);
    run_until(f, 299 * HR_MS);
    assert_int_equal(station(f, "d").queued, 2);
    run_until(f, 301 * HR_MS);
    assert_int_equal(station(f, "d").queued, 1);
    assert_int_equal(station(f, "d").started, 2);
    run_until(f, 401 * HR_MS);
    assert_int_equal(station(f, "d").busy, 0);
    assert_int_equal(station(f, "d").started, 3);
    assert_int_equal(station(f, "d").cancelled, 3);
    finish(f);
}

// The connection that is opened for `slow`, from 100 to 600 ms, is the pool's afterwards: `fast`, which is asked for by the same service, has it then.
static void test_a_connection_that_is_opened_stays(void **state)
{
    (void)state;
    static const char *const ways[] = {"pool: 1,", "pool: 5, pooler: {mode: transaction, size: 1},"};
    for (size_t i = 0; i < HR_COUNT(ways); i++) {
        char *parts = hr_format("d: {kind: database, network: 0, own_pools: true, connect: 500ms, %s statements: {slow: {wait: 1s, cpu: 0}, fast: {wait: 10ms, cpu: 0}}}, "
                                "a: {kind: service, on: {go: [{query: d.slow, cancel: true}], fast: [{query: d.fast}]}}", ways[i]);
        fixture f = begin(parts, "c: {rate: 10/s, arrivals: constant, call: a.go, timeout: 250ms, cancel: true}, e: {rate: 8/s, arrivals: constant, call: a.fast, timeout: none}",
                          150 * HR_MS);
        run_until(f, 599 * HR_MS);
        assert_int_equal(station(f, "d").started, 0);
        run_until(f, 601 * HR_MS);
        assert_int_equal(station(f, "d").started, 1);
        assert_int_equal(station(f, "d").busy, 1);
        assert_true(sim_world_drain(f.w, 10 * HR_SEC));
        near(latency(f, "e"), 0.485);
        free(parts);
        finish(f);
    }
}

// Its record is on the disk from 300 to 800 ms: what is told at 350 ms changes nothing. Of two shards both prepare until then.
static void test_a_commit_is_not_interrupted(void **state)
{
    (void)state;
    static const char *const ways[] = {"pool: 1, flush: 500ms,", "pool: 1, pool_timeout: 2s, flush: 500ms, shards: {count: 2, by: hash},"};
    for (size_t i = 0; i < HR_COUNT(ways); i++) {
        fixture f = begin_two(ways[i], i ? "slow: {wait: 200ms, cpu: 0, writes: true, keys: 8}, fast: {wait: 10ms, cpu: 0}" : "slow: {wait: 200ms, cpu: 0, writes: true}, fast: {wait: 10ms, cpu: 0}",
                              "{query: d.slow, cancel: true}");
        run_until(f, 799 * HR_MS);
        assert_int_equal(station(f, "d").busy, 1 + i);
        assert_int_equal(station(f, "d").cancelled, 1);
        assert_true(sim_world_drain(f.w, 10 * HR_SEC));
        assert_int_equal(sim_database_version(f.w, part_of(f, "d"), 0), 2);
        near(latency(f, "e"), i ? 1.185 : 0.685);                  // after the second phase, whose commit takes as long again
        finish(f);
    }
}

// The replica has what was written at 100 ms at 400 ms; of the two who wait for that one is told at 350 ms.
static void test_a_wait_for_a_replica_ends(void **state)
{
    (void)state;
    for (int cancels = 0; cancels <= 1; cancels++) {
        char *steps = hr_format("{query: d.put}, {query: d.fast%s}", cancels ? ", cancel: true" : "");
        fixture f = begin_two("replicas: 1, replication: {network: 100ms, apply: 200ms}, read: {policy: causal, wait: 1s},",
                              "put: {cpu: 0, wait: 0, writes: true}, fast: {cpu: 0, wait: 0}", steps);
        run_until(f, 351 * HR_MS);
        assert_int_equal(station(f, "a").busy, !cancels);
        run_until(f, 401 * HR_MS);
        assert_int_equal(station(f, "d").started, cancels ? 2 : 3);
        free(steps);
        finish(f);
    }
}

// A server that stands still hears of it when it goes on, at 600 ms.
static void test_a_server_that_stands_still_hears_later(void **state)
{
    (void)state;
    fixture f = begin_broken("d: {kind: database, network: 0, statements: {q: {wait: 1s, cpu: 0}}}, a: {kind: service, on: {go: [{query: d.q, cancel: true}]}}",
                             "c: {rate: 10/s, arrivals: constant, call: a.go, timeout: 250ms, cancel: true}", "{at: 340ms, for: 260ms, pause: d}", 150 * HR_MS);
    run_until(f, 599 * HR_MS);
    assert_int_equal(station(f, "d").busy, 1);
    run_until(f, 601 * HR_MS);
    assert_int_equal(station(f, "d").busy, 0);
    finish(f);
}

// A step's own time ends: the statement does. In a transaction its client closes the connection, as pgx does, and all is rolled back; without `cancel` the
// server would see that when the statement is over, at 1.1 s. `fast` needs the row at 125 ms.
static void test_a_step_that_is_late(void **state)
{
    (void)state;
    static const struct { const char *step; double latency; } cases[] = {
        {"{query: d.slow, cancel: true, timeout: 100ms}", 0.085}, {"{transaction: [{query: d.slow, cancel: true, timeout: 100ms}]}", 0.085},
        {"{transaction: [{query: d.put}, {query: d.slow, cancel: true, timeout: 100ms}]}", 0.085}, {"{transaction: [{query: d.put}, {query: d.slow, timeout: 100ms}]}", 0.985}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = begin_two("", "put: {cpu: 0, wait: 0, lock: true, writes: true}, slow: {wait: 1s, cpu: 0, lock: true}, fast: {wait: 10ms, cpu: 0, lock: true}", cases[i].step);
        run_until(f, 201 * HR_MS);
        assert_int_equal(station(f, "a").busy, 0);
        assert_true(sim_world_drain(f.w, 10 * HR_SEC));
        near(latency(f, "e"), cases[i].latency);
        assert_int_equal(sim_database_version(f.w, part_of(f, "d"), 0), 1);
        finish(f);
    }
}

// The first attempt is done at 300 ms, and the hedge, begun at 250 ms, ends with it; behind a breaker it does, too. A caller that dies at 300 ms has its statements end.
static void test_hedges_breakers_and_deaths(void **state)
{
    (void)state;
    static const struct { const char *step, *faults; uint32_t busy[2]; } cases[] = {
        {"{query: d.q, cancel: true, hedge: {after: 150ms}}", "", {2, 0}}, {"{query: d.q, hedge: {after: 150ms}}", "", {2, 1}},
        {"{query: r.q, cancel: true, hedge: {after: 150ms}}", "", {2, 0}}, {"{query: d.long, cancel: true}", "{at: 300ms, kill: a}", {1, 0}},
        {"{transaction: [{query: d.long, cancel: true}]}", "{at: 300ms, kill: a}", {1, 0}}, {"{query: d.long}", "{at: 300ms, kill: a}", {1, 1}}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *parts = hr_format("d: {kind: database, network: 0, statements: {q: {wait: 200ms, cpu: 0}, long: {wait: 1s, cpu: 0}}}, r: {kind: breaker, to: d}, "
                                "a: {kind: service, on: {go: [%s]}}", cases[i].step);
        fixture f = begin_broken(parts, "c: {rate: 10/s, arrivals: constant, call: a.go}", cases[i].faults, 150 * HR_MS);
        for (int after = 0; after <= 1; after++) {
            run_until(f, (after ? 301 : 299) * HR_MS);
            assert_int_equal(station(f, "d").busy, cases[i].busy[after]);
        }
        free(parts);
        finish(f);
    }
}

// The database is 40 ms away. From 350 ms on a connection is opened, 80 ms, and what is sent then ends the statement at 470 ms; the answer finds the service at
// 510 ms. A statement that a fault keeps until 640 ms is not there by then: nothing ends it before 1.64 s.
static void test_a_database_in_another_region(void **state)
{
    (void)state;
    static const struct { const char *faults; hr_time at; uint32_t at_database, at_service; uint64_t cancelled; } cases[] = {
        {"", 469, 1, 1, 0}, {"", 471, 0, 1, 1}, {"", 509, 0, 1, 1}, {"", 511, 0, 0, 1},
        {"{at: 90ms, for: 20ms, delay: eu->us, by: 500ms}", 639, 0, 1, 0}, {"{at: 90ms, for: 20ms, delay: eu->us, by: 500ms}", 641, 1, 1, 0},
        {"{at: 90ms, for: 20ms, delay: eu->us, by: 500ms}", 1639, 1, 1, 0}, {"{at: 90ms, for: 20ms, delay: eu->us, by: 500ms}", 1641, 0, 1, 0},
        // There and back are as slow as they are when it is sent: 340 + 40 and 40, and 340 + 40 again.
        {"{at: 340ms, for: 20ms, delay: eu->us, by: 300ms}", 1069, 1, 1, 0}, {"{at: 340ms, for: 20ms, delay: eu->us, by: 300ms}", 1071, 0, 1, 1}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = begin_broken("d: {kind: database, network: 0, region: us, statements: {q: {wait: 1s, cpu: 0}}}, a: {kind: service, on: {go: [{query: d.q, cancel: true}]}}",
                                 "c: {rate: 10/s, arrivals: constant, call: a.go, timeout: 250ms, cancel: true}}\nnetwork: {regions: [eu, us], rtt: {eu-us: 80ms}",
                                 cases[i].faults, 150 * HR_MS);
        run_until(f, cases[i].at * HR_MS);
        if (station(f, "d").busy != cases[i].at_database || station(f, "a").busy != cases[i].at_service || station(f, "d").cancelled != cases[i].cancelled)
            fail_msg("case %zu: %u at the database, %u at the service", i, station(f, "d").busy, station(f, "a").busy);
        finish(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_runs_ends_at_once), cmocka_unit_test(test_who_waits_leaves), cmocka_unit_test(test_a_pool_of_its_own),
        cmocka_unit_test(test_a_connection_that_is_opened_stays), cmocka_unit_test(test_a_commit_is_not_interrupted),
        cmocka_unit_test(test_a_wait_for_a_replica_ends), cmocka_unit_test(test_a_server_that_stands_still_hears_later),
        cmocka_unit_test(test_a_step_that_is_late), cmocka_unit_test(test_hedges_breakers_and_deaths), cmocka_unit_test(test_a_database_in_another_region)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
