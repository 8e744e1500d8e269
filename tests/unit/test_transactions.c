// tests/unit/test_transactions.c - transactions of several statements against cases computed by hand: what a connection holds from the first
// statement to COMMIT or ROLLBACK, what ends it otherwise, and who waits for whom.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/run.h"

// `put` writes, `inc` writes its locked row, `get` reads: 100 ms each. Another service reads without a transaction.
static char *parts(const char *steps, const char *database)
{
    return hr_format("s: {kind: service, workers: 100, queue: 100, on: {go: [%s]}}, r: {kind: service, on: {go: [{query: d.get}]}}, "
                     "d: {kind: database, %s%s, statements: {put: {cpu: 0, wait: 100ms, writes: true}, "
                     "inc: {cpu: 0, wait: 100ms, writes: true, lock: true}, get: {cpu: 0, wait: 100ms}}}",
                     steps, strncmp(database, "network", 7) == 0 ? "" : "network: 0, ", database);
}

// How long requests took, whatever became of them: histograms leave out those that failed.
static struct { hr_time took; uint32_t count; } ends[SIM_MAX_COMPONENTS];

static void observe(void *self, const sim_world *w, const sim_note *note)
{
    (void)self;
    if (note->what != SIM_NOTE_END)
        return;
    const sim_call *c = sim_call_at(w, note->call);
    ends[c->caller].took += w->now - c->started;
    ends[c->caller].count++;
}

static const sim_host host = {.observe = observe};

static fixture run_seen(const char *components, const char *workload, const char *faults, hr_time until)
{
    memset(ends, 0, sizeof ends);
    fixture f = begin_broken(components, workload, faults, until);
    f.w->host = &host;
    run_checked(f, 3 * until, until / 50);
    return f;
}

static fixture run_tx(const char *steps, const char *database, const char *workload, const char *faults)
{
    char *components = parts(steps, database);
    fixture f = run_seen(components, workload, faults, 1500 * HR_MS);
    free(components);
    return f;
}

static sim_station_view counts(fixture f) { return sim_database_look(f.w, part_of(f, "d")); }
static uint32_t version(fixture f, uint64_t key) { return sim_database_version(f.w, part_of(f, "d"), key); }
static double mean(fixture f, const char *workload)
{
    sim_component_id id = part_of(f, workload);
    return (double)ends[id].took * 1e-9 / ends[id].count;
}

// So many users ask at 1 s, once: how long that takes on average, how it ends, and which version the row has afterwards; 1: nobody has written it.
static void expect(const char *steps, const char *database, unsigned users, double latency, sim_outcome outcome, uint32_t row)
{
    char *workload = hr_format("c: {users: %u, think: 1s, call: s.go, timeout: none}", users);
    fixture f = run_tx(steps, database, workload, "");
    near(mean(f, "c"), latency);
    assert_int_equal(look(f, "c").outcome[outcome], users);
    assert_int_equal(version(f, 0), row);
    free(workload);
    done(f);
}

// 100 ms, 300 ms in which the connection is idle in transaction, 100 ms. Without a transaction two calls share a connection: 0.5 and 0.6 s.
static void test_a_transaction_holds_its_connection(void **state)
{
    (void)state;
    expect("{transaction: [{query: d.put}, {wait: 300ms}, {query: d.put}]}", "pool: 1", 2, (0.5 + 1.0) / 2, SIM_ok, 5);
    expect("{query: d.put}, {wait: 300ms}, {query: d.put}", "pool: 1", 2, (0.5 + 0.6) / 2, SIM_ok, 5);
    expect("{transaction: [{wait: 300ms}, {query: d.put}]}", "pool: 1", 2, (0.4 + 0.5) / 2, SIM_ok, 3);      // none before its first statement
    expect("{transaction: [{repeat: [{query: d.put}], times: 2}, {if: {key_below: 1}, then: [{query: d.put}], else: [{wait: 9s}]}]}", "pool: 1", 1, 0.3, SIM_ok, 4);
}

// Two users share one connection, which the first one has for 0.5 s, 0.3 of these idle.
static void test_idle_in_transaction_is_measured(void **state)
{
    (void)state;
    fixture f = run_tx("{transaction: [{query: d.put}, {wait: 300ms}, {query: d.put}]}", "pool: 1", "c: {users: 2, think: 1s, call: s.go, timeout: none}", "");
    sim_station_view v = counts(f);
    near(v.idle_in_transaction * (double)f.w->now * 1e-9, 2 * 0.3);
    near(v.busy_average * (double)f.w->now * 1e-9, 2 * 0.5);
    done(f);
}

// Only COMMIT waits for 10 ms of disk and 40 ms of a replica; each statement by itself does. COMMIT and ROLLBACK are round trips, BEGIN is none.
static void test_only_the_commit_waits(void **state)
{
    (void)state;
    static const char safe[] = "replicas: 1, confirm: 1, flush: 10ms, replication: {network: 20ms, apply: 0}";
    expect("{transaction: [{query: d.put}, {query: d.put}]}", safe, 1, 0.25, SIM_ok, 3);
    expect("{query: d.put}, {query: d.put}", safe, 1, 0.30, SIM_ok, 3);
    expect("{transaction: [{query: d.get}, {query: d.get}]}", safe, 1, 0.20, SIM_ok, 1);
    expect("{transaction: [{query: d.put}, {query: d.put}]}", "network: 20ms", 1, 0.26, SIM_ok, 3);
    expect("{transaction: [{query: d.put}, {fail: error}]}", "network: 20ms", 1, 0.14, SIM_error, 1);
}

// A statement may be out at the database at a time. Of three at once two are kept in, and the first one's COMMIT goes out though the one of 1.15 s is out then.
static void test_a_bulkhead_keeps_no_commit_in(void **state)
{
    (void)state;
    fixture f = run_seen("s: {kind: service, workers: 9, bulkhead: 1, on: {go: [{transaction: [{query: d.put}, {wait: 100ms}]}], slow: [{query: d.get}]}}, "
                         "d: {kind: database, network: 0, flush: 1ms, statements: {put: {cpu: 0, wait: 100ms, writes: true}, get: {cpu: 0, wait: 100ms}}}",
                         "c: {users: 3, think: 1s, call: s.go}, e: {users: 1, think: 1150ms, call: s.slow}", "", 1500 * HR_MS);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 1);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 2);
    assert_int_equal(look(f, "e").outcome[SIM_ok], 1);
    near(sim_histogram_mean_s(look(f, "c").latency), 0.201);
    done(f);
}

// Fifty thousand rows in one transaction are no work for seconds: each is found by its key. All are committed at once.
static void test_a_transaction_may_hold_many_rows(void **state)
{
    (void)state;
    fixture f = run_seen("s: {kind: service, on: {go: [{transaction: [{repeat: [{query: d.inc, key: uniform(1000000000)}], times: 50000}]}]}}, "
                         "d: {kind: database, network: 0, replicas: 1, statements: {inc: {cpu: 0, wait: 1us, writes: true, lock: true, inserts: true}}}",
                         "c: {users: 1, think: 1s, call: s.go, timeout: none}", "", 1100 * HR_MS);
    near(mean(f, "c"), 0.05);
    assert_int_equal(counts(f).locking, 50000);
    done(f);
}

// The commits of two transactions of a request draw their times apart: of 20 requests not all take twice the same.
static void test_each_commit_has_a_time_of_its_own(void **state)
{
    (void)state;
    static const char database[] = "d: {kind: database, network: 0, flush: exp(10ms), statements: {put: {cpu: 0, writes: true}}}";
    double once = 0, twice = 0;
    for (int n = 1; n <= 2; n++) {
        char *components = hr_format("s: {kind: service, workers: 99, on: {go: [{transaction: [{query: d.put}]}%s]}}, %s", n == 2 ? ", {transaction: [{query: d.put}]}" : "", database);
        fixture f = run_seen(components, "c: {rate: 1/s, arrivals: constant, call: s.go, key: uniform(1000)}", "", 20 * HR_SEC);
        *(n == 1 ? &once : &twice) = mean(f, "c");
        free(components);
        done(f);
    }
    assert_true(twice > once && (twice - 2 * once > 1e-6 || 2 * once - twice > 1e-6));
}

// A failure and an answer inside roll back, and then the handler goes on as if the block had been left there.
static void test_what_is_left_early_is_rolled_back(void **state)
{
    (void)state;
    expect("{transaction: [{query: d.put}, {fail: error}]}", "pool: 1", 1, 0.1, SIM_error, 1);
    expect("{transaction: [{query: d.put}, {return: ok}]}, {wait: 9s}", "pool: 1", 1, 0.1, SIM_ok, 1);
    expect("{transaction: [{query: d.put}, {repeat: [{return: ok}], times: 3}]}, {wait: 9s}", "pool: 1", 1, 0.1, SIM_ok, 1);
    expect("{transaction: [{query: d.put}, {fail: error}], failed: [{wait: 50ms}]}, {query: d.get}", "pool: 1", 2, (0.3 + 0.4) / 2, SIM_ok, 1);
    expect("{repeat: [{transaction: [{query: d.put}]}], times: 3}", "pool: 1", 1, 0.3, SIM_ok, 4);
    expect("{transaction: [{fail: error}, {query: d.put}]}", "pool: 1", 1, 0, SIM_error, 1);
}

// The first has the row until its commit at 0.4 s, the second until 0.8 s.
static void test_locks_are_held_to_the_end(void **state)
{
    (void)state;
    expect("{transaction: [{query: d.inc}, {wait: 300ms}]}", "pool: 9", 2, (0.4 + 0.8) / 2, SIM_ok, 3);
    expect("{transaction: [{query: d.inc}, {wait: 300ms}, {fail: error}]}", "pool: 9", 2, (0.4 + 0.8) / 2, SIM_error, 1);
    expect("{transaction: [{query: d.inc}, {query: d.inc}]}", "pool: 9", 2, (0.2 + 0.4) / 2, SIM_ok, 5);     // its own row it has
    expect("{transaction: [{query: d.put}, {wait: 300ms}]}", "pool: 9", 2, 0.4, SIM_ok, 3);
}

// It reads its own version 2, which nobody sees after the ROLLBACK: for the same user the row then goes back to 1.
static void test_a_transaction_sees_what_it_has_written(void **state)
{
    (void)state;
    fixture f = run_tx("{transaction: [{query: d.put}, {query: d.get}, {fail: error}], failed: [{query: d.get}]}", "replicas: 1",
                       "c: {users: 1, think: 1s, call: s.go}", "");
    assert_int_equal(counts(f).reads, 2);
    assert_int_equal(counts(f).backwards, 1);
    done(f);
}

// Idle from 1.1 s on; at 1.3 s the session is ended, and a reader that has waited since 1.05 s has the connection: 0.35 s. The next statement fails.
static void test_idle_in_transaction_session_timeout(void **state)
{
    (void)state;
    fixture f = run_tx("{transaction: [{query: d.put}, {wait: 500ms}, {query: d.put}]}", "pool: 1, idle_in_transaction_session_timeout: 200ms",
                       "c: {users: 1, think: 1s, call: s.go}, e: {users: 1, think: 1050ms, call: r.go}", "");
    near(mean(f, "c"), 0.6);
    assert_int_equal(look(f, "c").outcome[SIM_error], 1);
    near(mean(f, "e"), 0.35);
    assert_int_equal(counts(f).idle_timeouts, 1);
    assert_int_equal(version(f, 0), 1);
    done(f);
    expect("{transaction: [{query: d.put}, {wait: 199ms}, {query: d.put}]}", "idle_in_transaction_session_timeout: 200ms", 1, 0.399, SIM_ok, 3);
    expect("{transaction: [{query: d.put}, {wait: 201ms}]}", "idle_in_transaction_session_timeout: 200ms", 1, 0.301, SIM_error, 1);
}

// The client waits 50 ms for its statement and closes the connection. The server runs the statement to its end at 1.1 s, and only then rolls back.
static void test_who_stops_waiting_closes_the_connection(void **state)
{
    (void)state;
    fixture f = run_tx("{transaction: [{query: d.put, timeout: 50ms}]}", "pool: 1", "c: {users: 1, think: 1s, call: s.go}, e: {users: 1, think: 1060ms, call: r.go}", "");
    near(mean(f, "c"), 0.05);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 1);
    near(mean(f, "e"), 0.14);
    assert_int_equal(version(f, 0), 1);
    done(f);
    expect("{transaction: [{query: d.put, timeout: 50ms, failed: []}, {query: d.put, failed: []}]}", "pool: 1", 1, 0.05, SIM_error, 1);
}

// COMMIT and ROLLBACK are waited for as long as the most patient statement. COMMIT needs 10 ms of network and 200 ms of disk and is out from 1.11 s
// on: its client goes on at 1.26 s and does not know; the server has it on disk at 1.315 s, and so a second try writes once more.
static void test_a_commit_is_waited_for_as_long_as_a_statement(void **state)
{
    (void)state;
    static const struct { const char *steps; double latency; sim_outcome outcome; uint32_t row; } cases[] = {
        {"{transaction: [{query: d.put, timeout: 150ms}]}", 0.11 + 0.15, SIM_timeout, 2},
        {"{transaction: [{query: d.get, timeout: 250ms}, {query: d.put, timeout: 150ms}]}", 2 * 0.11 + 0.21, SIM_ok, 2},
        {"{transaction: [{query: d.get}, {query: d.put, timeout: 150ms}]}", 2 * 0.11 + 0.21, SIM_ok, 2},
        {"{transaction: [{query: d.put, timeout: 150ms}], retry: {policy: fixed, base: 1s, most: 1}}", 2 * (0.11 + 0.15) + 1, SIM_timeout, 3}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = run_tx(cases[i].steps, "network: 10ms, flush: 200ms", "c: {users: 1, think: 1s, call: s.go, timeout: none}", "");
        near(mean(f, "c"), cases[i].latency);
        assert_int_equal(look(f, "c").outcome[cases[i].outcome], 1);
        assert_int_equal(version(f, 0), cases[i].row);
        done(f);
    }
}

// A statement that fails aborts: what follows fails at once, and so does the COMMIT.
static void test_a_failed_statement_aborts(void **state)
{
    (void)state;
    fixture f = run_tx("{transaction: [{query: d.put, failed: []}, {query: d.get, failed: []}, {query: d.get, failed: []}]}", "pool: 1",
                       "c: {users: 1, think: 1s, call: s.go}", "{at: 50ms, kill: d, for: 10ms}, {at: 1s, full: d}");
    near(mean(f, "c"), 0.1);
    assert_int_equal(look(f, "c").outcome[SIM_error], 1);
    assert_int_equal(version(f, 0), 1);
    done(f);
}

// Killed while a statement runs: lost at once. While it is idle in transaction: its next statement is lost, at 1.4 s, also when another server has taken over.
static void test_a_transaction_dies_with_its_server(void **state)
{
    (void)state;
    static const struct { const char *database, *fault; double latency; } cases[] = {
        {"pool: 1", "{at: 1050ms, for: 20ms, kill: d}", 0.05}, {"pool: 1", "{at: 1200ms, for: 20ms, kill: d}", 0.4},
        {"replicas: 1, failover: {detection: 0, promotion: 0}", "{at: 1200ms, kill: d}", 0.4},
        {"own_pools: true, pool: 1", "{at: 1200ms, for: 20ms, kill: d}", 0.4},
        {"own_pools: true, pool: 1, pooler: {mode: transaction, size: 1}", "{at: 1200ms, for: 20ms, kill: d}", 0.4}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        fixture f = run_tx("{transaction: [{query: d.put}, {wait: 300ms}, {query: d.put}]}", cases[i].database,
                           "c: {users: 1, think: 1s, call: s.go}, e: {users: 1, think: 1450ms, call: r.go}", cases[i].fault);
        near(mean(f, "c"), cases[i].latency);
        assert_int_equal(look(f, "c").outcome[SIM_lost], 1);
        near(mean(f, "e"), 0.1);
        assert_int_equal(version(f, 0), 1);
        done(f);
    }
}

// A statement of a slow database takes twice as long; a paused service sees the end of its wait at 1.45 s instead of 1.4 s; who does not get a connection in
// time has held none: the first ends after 0.5 s, the second after 0.2 s.
static void test_a_transaction_in_bad_times(void **state)
{
    (void)state;
    static const struct { const char *database, *fault; unsigned users, rejected; double mean; } cases[] = {
        {"pool: 1", "{at: 500ms, slow: d, factor: 2}", 1, 0, 0.7}, {"pool: 1", "{at: 1150ms, for: 300ms, pause: s}", 1, 0, 0.55},
        {"pool: 1, pool_timeout: 200ms", "", 2, 1, (0.5 + 0.2) / 2}, {"own_pools: true, pool: 1, pool_timeout: 200ms", "", 2, 1, (0.5 + 0.2) / 2}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *workload = hr_format("c: {users: %u, think: 1s, call: s.go, timeout: none}", cases[i].users);
        fixture f = run_tx("{transaction: [{query: d.put}, {wait: 300ms}, {query: d.put}]}", cases[i].database, workload, cases[i].fault);
        near(mean(f, "c"), cases[i].mean);
        assert_int_equal(look(f, "c").outcome[SIM_rejected], cases[i].rejected);
        assert_int_equal(look(f, "c").outcome[SIM_ok], 1);
        free(workload);
        done(f);
    }
}

// The service dies: an idle transaction is rolled back then, a running statement first ends.
static void test_a_transaction_ends_with_its_client(void **state)
{
    (void)state;
    static const struct { const char *fault, *reader; double latency; } cases[] = {
        {"{at: 1200ms, kill: s}", "1210ms", 0.1}, {"{at: 1050ms, kill: s}", "1060ms", 0.14}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *workload = hr_format("c: {users: 1, think: 1s, call: s.go}, e: {users: 1, think: %s, call: r.go}", cases[i].reader);
        fixture f = run_tx("{transaction: [{query: d.put}, {wait: 9s}]}", "pool: 1", workload, cases[i].fault);
        assert_int_equal(look(f, "c").outcome[SIM_lost], 1);
        near(mean(f, "e"), cases[i].latency);
        assert_int_equal(version(f, 0), 1);
        free(workload);
        done(f);
    }
}

// Both services want the server's only connection. A session has it for good; a transaction until its COMMIT at 1.5 s, idle or not.
static void test_poolers_lend_for_a_transaction(void **state)
{
    (void)state;
    static const char steps[] = "{transaction: [{query: d.put}, {wait: 300ms}, {query: d.put}]}";
    static const char workload[] = "c: {users: 1, think: 1s, call: s.go}, e: {users: 1, think: 1050ms, call: r.go}";
    fixture f = run_tx(steps, "own_pools: true, pool: 1, pooler: {mode: transaction, size: 1}", workload, "");
    near(mean(f, "c"), 0.5);
    near(mean(f, "e"), 0.55);
    done(f);
    f = run_tx(steps, "own_pools: true, pool: 1, max_connections: 2", workload, "");
    near(mean(f, "e"), 0.1);
    done(f);
    // A session that is ended is closed: 1 s + 10 ms to connect, 100 ms, 100 ms idle; who has waited since 1.05 s opens the next one.
    const char *const modes[] = {"pooler: {mode: transaction, size: 1}", "pooler: {mode: session, size: 1}"};
    for (size_t i = 0; i < HR_COUNT(modes); i++) {
        char *database = hr_format("own_pools: true, pool: 1, connect: 10ms, idle_in_transaction_session_timeout: 100ms, %s", modes[i]);
        f = run_tx(steps, database, workload, "");
        near(mean(f, "c"), 0.41);
        near(mean(f, "e"), 0.16 + 0.11);
        free(database);
        done(f);
    }
}

// --- deadlocks --------------------------------------------------------------------------------------------------------------

// Two requests about row 1, at 1 s `there` locks it and later row 0, at 1.05 s `back` locks row 0 and after `wait` row 1.
static fixture cross(const char *wait, const char *extra, const char *database)
{
    char path[] = "/tmp/headroom-cross-XXXXXX";
    static const char rows[] = "time,op,key\n1,there,1\n1.05,back,1\n";
    int file = mkstemp(path);
    assert_true(file >= 0 && write(file, rows, strlen(rows)) == (ssize_t)strlen(rows) && close(file) == 0);
    char *components = hr_format("s: {kind: service, workers: 9, on: {there: [{transaction: [{query: d.inc}, {wait: 200ms}, {query: d.inc, key: one}]%s}], "
                                 "back: [{transaction: [{query: d.inc, key: one}, {wait: %s}, {query: d.inc}]%s}]}}, "
                                 "d: {kind: database, network: 0, %s, statements: {inc: {cpu: 0, wait: 100ms, writes: true, lock: true}}}",
                                 extra, wait, extra, database);
    char *workload = hr_format("c: {arrivals: trace(%s), call: s.there, timeout: none}", path);
    fixture f = run_seen(components, workload, "", 5 * HR_SEC);
    free(components);
    free(workload);
    unlink(path);
    return f;
}

static void expect_cross(fixture f, uint64_t deadlocks, double latency, uint32_t row_0, uint32_t row_1)
{
    assert_int_equal(counts(f).deadlocks, deadlocks);
    assert_int_equal(look(f, "c").outcome[SIM_error], deadlocks);
    near(mean(f, "c"), latency);
    assert_int_equal(version(f, 0), row_0);
    assert_int_equal(version(f, 1), row_1);
    done(f);
}

// `there` waits for row 0 from 1.3 s on, `back` for row 1 from 1.35 s on: the first to have waited 1 s sees the ring at 2.3 s and is ended; then
// the other has row 1 until 2.4 s. Its version is 3, for the number 2 was rolled back.
static void test_the_first_to_look_is_the_victim(void **state)
{
    (void)state;
    expect_cross(cross("200ms", "", "pool: 9"), 1, (1.3 + 1.35) / 2, 2, 3);
    expect_cross(cross("200ms", "", "deadlock_timeout: 20ms"), 1, (0.47 + 0.32) / 2, 3, 2);       // `back` at 1.37 s, see the next test
}

// `back` waits from 2.65 s on only, when `there` has looked at 2.3 s and found no ring: `back` looks at 3.65 s, and `there` has row 0 until 3.75 s.
static void test_who_looks_before_the_ring_is_closed_waits_on(void **state)
{
    (void)state;
    expect_cross(cross("1500ms", "", "pool: 9"), 1, (2.75 + 2.6) / 2, 3, 2);
}

// Row 0 first, for both: `there` commits at 1.4 s, `back` has waited for that since 1.05 s and commits at 1.8 s.
static void test_in_order_nobody_waits_in_a_ring(void **state)
{
    (void)state;
    expect_cross(cross("200ms", ", order: ascending", "pool: 9"), 0, (0.4 + 0.75) / 2, 3, 3);
}

// `there` is rolled back at 2.3 s and begins again at 2.35 s: it waits for row 1 until 2.4 s, has it until 2.5 s, and row 0 from 2.7 s to 2.8 s.
// Both have written both rows.
static void test_a_victim_tries_again(void **state)
{
    (void)state;
    fixture f = cross("200ms", ", retry: {policy: fixed, base: 50ms, cap: 50ms, most: 1}", "pool: 9");
    assert_int_equal(counts(f).deadlocks, 1);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 2);
    near(mean(f, "c"), (1.8 + 1.35) / 2);
    done(f);
    // Three attempts of 100 ms, the last one before an answer inside, which no attempt follows; a failure with its own steps behind it.
    expect("{transaction: [{query: d.put}, {fail: error}], retry: {policy: fixed, base: 50ms, cap: 50ms, most: 2}}", "pool: 1", 1, 0.4, SIM_error, 1);
    expect("{transaction: [{query: d.put}, {return: ok}], retry: {policy: fixed, base: 50ms, cap: 50ms, most: 2}}, {wait: 9s}", "pool: 1", 1, 0.1, SIM_ok, 1);
    expect("{transaction: [{query: d.put}, {fail: error}], retry: {policy: fixed, base: 50ms, cap: 50ms, most: 1}, failed: [{wait: 1s}]}", "pool: 1", 1, 1.25, SIM_ok, 1);
    expect("{transaction: [{query: d.put}, {wait: 1s}], retry: {policy: fixed, base: 50ms, cap: 50ms, most: 1}}", "pool: 1", 1, 1.1, SIM_ok, 2);
}

// lock_timeout ends the wait for row 0 at 1.4 s with an error, too, but no deadlock was seen; `back` has row 1 then.
static void test_lock_timeout_ends_a_deadlock_as_well(void **state)
{
    (void)state;
    fixture f = cross("200ms", "", "lock_timeout: 100ms");
    assert_int_equal(counts(f).deadlocks, 0);
    assert_int_equal(counts(f).lock_timeouts, 1);
    near(mean(f, "c"), (0.4 + 0.45) / 2);
    done(f);
}

// --- optimistic locking -----------------------------------------------------------------------------------------------------

// Reads for 100 ms, thinks for 300 ms and writes only over what it has read. Two at once: one row is written by the first in its queue, and the
// second, which has waited for the row until then, finds another version. It has waited 100 ms and run for another 100 ms. On rows of their own both write.
static void test_only_over_the_version_that_was_read(void **state)
{
    (void)state;
    static const char *const keys[] = {"one", "sequential(2)"};
    for (size_t i = 0; i < HR_COUNT(keys); i++) {
        char *workload = hr_format("c: {users: 2, think: 1s, call: s.go, timeout: none, key: %s}", keys[i]);
        fixture f = run_seen("s: {kind: service, workers: 9, on: {go: [{query: d.get}, {wait: 300ms}, {query: d.put}]}}, d: {kind: database, network: 0, "
                             "statements: {get: {cpu: 0, wait: 100ms}, put: {cpu: 0, wait: 100ms, writes: true, lock: true, if_unchanged: true}}}",
                             workload, "", 1500 * HR_MS);
        near(mean(f, "c"), i == 0 ? (0.5 + 0.6) / 2 : 0.5);
        assert_int_equal(look(f, "c").outcome[SIM_error], i == 0);
        assert_int_equal(counts(f).checked, 2);
        assert_int_equal(counts(f).conflicts, i == 0);
        assert_int_equal(version(f, 0), 2);
        free(workload);
        done(f);
    }
}

// In a transaction the conflict rolls back what came before it, and an attempt more reads again: 0.6 s, then 0.5 s. Who has read nothing has nothing to compare.
static void test_a_conflict_is_tried_again(void **state)
{
    (void)state;
    static const struct { const char *steps; double mean; unsigned errors; uint32_t row; } cases[] = {
        {"{transaction: [{query: d.get}, {wait: 300ms}, {query: d.put}], retry: {policy: fixed, base: 50ms, cap: 50ms, most: 1}}", (0.5 + 0.6 + 0.05 + 0.5) / 2, 0, 3},
        {"{transaction: [{query: d.get}, {query: d.put}, {query: d.put}]}", (0.3 + 0.4) / 2, 1, 3},            // its own version is the one that it has
        {"{query: d.put}", (0.1 + 0.2) / 2, 2, 1}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *components = hr_format("s: {kind: service, workers: 9, on: {go: [%s]}}, d: {kind: database, network: 0, statements: {get: {cpu: 0, wait: 100ms}, "
                                     "put: {cpu: 0, wait: 100ms, writes: true, lock: true, if_unchanged: true}}}", cases[i].steps);
        fixture f = run_seen(components, "c: {users: 2, think: 1s, call: s.go, timeout: none}", "", 1500 * HR_MS);
        near(mean(f, "c"), cases[i].mean);
        assert_int_equal(look(f, "c").outcome[SIM_error], cases[i].errors);
        assert_int_equal(version(f, 0), cases[i].row);
        free(components);
        done(f);
    }
}

// --- and the rest -------------------------------------------------------------------------------------------------------------

// A world that is copied in the middle of everything goes on as the original does.
static void test_a_copy_goes_on_alike(void **state)
{
    (void)state;
    static const char *const databases[] = {"pool: 5", "own_pools: true, pool: 5, pooler: {mode: transaction, size: 3}", "replicas: 1, confirm: 1, flush: 1ms"};
    for (size_t i = 0; i < HR_COUNT(databases); i++) {
        char *database = hr_format("%s, deadlock_timeout: 50ms, idle_in_transaction_session_timeout: 100ms", databases[i]);
        char *components = parts("{transaction: [{query: d.inc}, {wait: exp(50ms)}, {query: d.inc, key: uniform(4), timeout: 400ms}, "
                                 "{query: d.get}], retry: {most: 2}}", database);
        fixture f = begin_broken(components, "c: {rate: 15/s, call: s.go, key: uniform(4), timeout: 2s}",
                                 "{at: 5s, for: 1s, kill: d}, {at: 8s, for: 1s, kill: s}", 12 * HR_SEC);
        for (int k = 1; k <= 600; k++) {
            sim_world_run(f.w, k * HR_SEC / 50);
            sim_world_check(f.w);
        }
        sim_world *copy = sim_world_fork(f.w);
        printf("%u calls, %llu deadlocks, %llu sessions ended\n", f.w->calls_live, (unsigned long long)counts(f).deadlocks, (unsigned long long)counts(f).idle_timeouts);
        assert_true(f.w->calls_live > 0 && counts(f).deadlocks > 0 && counts(f).idle_timeouts > 0);
        assert_true(sim_world_drain(f.w, 100 * HR_SEC) && sim_world_drain(copy, 100 * HR_SEC));
        sim_world_check(f.w);
        sim_checkpoint a = sim_world_checkpoint(f.w), b = sim_world_checkpoint(copy);
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.bytes, b.bytes, a.size);
        free(a.bytes);
        free(b.bytes);
        sim_world_free(copy);
        free(components);
        free(database);
        done(f);
    }
}

static void test_mistakes(void **state)
{
    (void)state;
    static const mistake wrong[] = {
        {"{transaction: [{wait: 1ms}]}", "without a statement"}, {"{transaction: {query: d.put}}", "want a list of steps"},
        {"{transaction: [{query: d.put}, {transaction: [{query: d.put}]}]}", "savepoints are not modelled"},
        {"{transaction: [{query: d.put}, {query: e.put}]}", "docs/sharding.md"}, {"{transaction: [{query: h.put}]}", "`keys` commits in two phases"},
        {"{transaction: [{query: l.put}]}", "go straight to their database"},
        {"{transaction: [{parallel: [[{query: d.put}]]}]}", "runs a statement at a time"},
        {"{transaction: [{query: d.put, retry: {most: 2}}]}", "aborts its transaction"}, {"{transaction: [{query: d.put}], hedge: {after: 1ms}}", "has no `hedge`"},
        {"{transaction: [{get: k, single_flight: true, miss: [{query: d.put}]}]}", "others may wait for the load"},
        {"{transaction: [{query: d.put}], order: descending}", "want ascending"},
        {"{transaction: [{repeat: [{query: d.put}], times: 2}], order: ascending}", "none of them in a `repeat`"},
        {"{query: d.put, key: sequential(9)}", "want the row of this statement"}, {"{wait: 1ms, key: one}", "has no `key`"},
        {"{query: d.put, order: ascending}", "has no `order`"}, {"{transaction: [{query: d.put}], timeout: 1s}", "has no `timeout`"}};
    all_refused("s: {kind: service, on: {go: [@]}}, k: {kind: cache}, d: {kind: database, statements: {put: {writes: true}}}, "
                "e: {kind: database, statements: {put: {writes: true}}}, h: {kind: database, shards: {count: 2}, statements: {put: {writes: true}}}, "
                "l: {kind: limiter, policy: token-bucket, rate: 1/s, burst: 1, to: d}", "c: {rate: 1/s, call: s.go}", wrong, HR_COUNT(wrong));
    static const mistake checked[] = {
        {"{query: d.put}]}}, d: {kind: database, statements: {put: {writes: true, if_unchanged: true}}", "belongs to `writes: true` and `lock: true`"},
        {"{query: d.put, key: one}]}}, d: {kind: database, statements: {put: {writes: true, lock: true, if_unchanged: true}}", "compares the row of the request"},
        {"{transaction: [{query: d.put}], order: ascending}]}}, d: {kind: database, statements: {put: {writes: true, lock: true, if_unchanged: true}}",
         "compares the row"},
        {"{set: k}]}}, k: {kind: cache, writes: d.put}, d: {kind: database, statements: {put: {writes: true, lock: true, if_unchanged: true}}", "has read no version"}};
    all_refused("s: {kind: service, on: {go: [@}", "c: {rate: 1/s, call: s.go}", checked, HR_COUNT(checked));
    static const mistake keys[] = {{"deadlock_timeout: 2s", "belongs to statements with `lock: true`"},
                                   {"deadlock_timeout: none, lock_timeout: none", "d.deadlock_timeout = 'none': want a time"}};
    all_refused("s: {kind: service, on: {go: [{query: d.put}]}}, d: {kind: database, @, statements: {put: {writes: true}}}", "c: {rate: 1/s, call: s.go}", keys, 1);
    all_refused("s: {kind: service, on: {go: [{query: d.put}]}}, d: {kind: database, @, statements: {put: {writes: true, lock: true}}}",
                "c: {rate: 1/s, call: s.go}", keys + 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_transaction_holds_its_connection), cmocka_unit_test(test_idle_in_transaction_is_measured),
        cmocka_unit_test(test_only_the_commit_waits), cmocka_unit_test(test_each_commit_has_a_time_of_its_own), cmocka_unit_test(test_a_transaction_may_hold_many_rows),
        cmocka_unit_test(test_a_bulkhead_keeps_no_commit_in), cmocka_unit_test(test_what_is_left_early_is_rolled_back),
        cmocka_unit_test(test_locks_are_held_to_the_end), cmocka_unit_test(test_a_transaction_sees_what_it_has_written),
        cmocka_unit_test(test_idle_in_transaction_session_timeout), cmocka_unit_test(test_who_stops_waiting_closes_the_connection),
        cmocka_unit_test(test_a_commit_is_waited_for_as_long_as_a_statement), cmocka_unit_test(test_a_failed_statement_aborts), cmocka_unit_test(test_a_transaction_dies_with_its_server),
        cmocka_unit_test(test_a_transaction_in_bad_times), cmocka_unit_test(test_a_transaction_ends_with_its_client),
        cmocka_unit_test(test_poolers_lend_for_a_transaction),
        cmocka_unit_test(test_the_first_to_look_is_the_victim), cmocka_unit_test(test_who_looks_before_the_ring_is_closed_waits_on),
        cmocka_unit_test(test_in_order_nobody_waits_in_a_ring), cmocka_unit_test(test_a_victim_tries_again), cmocka_unit_test(test_lock_timeout_ends_a_deadlock_as_well),
        cmocka_unit_test(test_only_over_the_version_that_was_read), cmocka_unit_test(test_a_conflict_is_tried_again),
        cmocka_unit_test(test_a_copy_goes_on_alike), cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
