// tests/unit/test_sharding.c - databases of several shards against cases computed by hand: where calls go, scatter-gather, two-phase commit, rows
// that move.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/core/random.h"
#include "tests/unit/run.h"

#define STATEMENTS "statements: {get: {cpu: 0, wait: 100ms}, put: {cpu: 0, wait: 100ms, writes: true}, all: {cpu: 0, wait: 100ms, scatter: true}, " \
                   "two: {cpu: 0, wait: 100ms, writes: true, keys: 2}}"
#define SERVICE "s: {kind: service, workers: 1000, queue: 1000, on: {get: [{query: d.get}], put: [{query: d.put}], all: [{query: d.all}], two: [{query: d.two}]}}"

static fixture run_shards(const char *keys, const char *workload, hr_time until)
{
    char *components = hr_format(SERVICE ", d: {kind: database, network: 0, %s, " STATEMENTS "}", keys);
    fixture f = run(components, workload, until);
    free(components);
    return f;
}

static sim_component_id number(fixture f) { return (sim_component_id)sim_model_find(f.model, "d"); }
static sim_station_view database(fixture f) { return sim_database_look(f.w, number(f)); }
static double now_s(fixture f) { return (double)f.w->now * 1e-9; }
static double mean(fixture f) { return sim_histogram_mean_s(look(f, "c").latency); }

// One connection, four calls at once, 0.1 s each. All about key 0: one after the other, 0.1 … 0.4 s. Keys 0 … 3 in shards of their own: 0.1 s.
static void test_keys_in_different_shards_do_not_wait_for_each_other(void **state)
{
    (void)state;
    static const struct { const char *shards, *key; double mean, imbalance; } cases[] = {
        {"shards: {count: 4, by: range, bounds: [1, 2, 3]}", "one", 0.25, 4}, {"shards: {count: 1, by: hash}", "sequential(4)", 0.25, 1},
        {"shards: {count: 4, by: range, bounds: [1, 2, 3]}", "sequential(4)", 0.1, 1}, {"rows: 4, shards: {count: 4, by: range}", "sequential(4)", 0.1, 1},
        {"rows: 4, shards: {count: 2, by: range}", "sequential(4)", 0.15, 1},
        {"shards: {count: 4, by: directory, place: {0: 0, 1: 1, 2: 2, 3: 2}}", "sequential(4)", 0.125, 2}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *keys = hr_format("pool: 1, %s", cases[i].shards);
        char *workload = hr_format("c: {users: 4, think: 1s, call: s.get, key: %s}", cases[i].key);
        fixture f = run_shards(keys, workload, 1050 * HR_MS);
        sim_station_view v = database(f);
        double most = 0, all = 0;
        for (uint32_t s = 0; s < v.shards; s++) {
            most = fmax(most, v.shard_busy[s]);
            all += v.shard_busy[s];
        }
        assert_int_equal(look(f, "c").offered, 4);
        near(mean(f), cases[i].mean);
        near(most * v.shards / all, cases[i].imbalance);
        free(keys);
        free(workload);
        done(f);
    }
}

// Without a key: n shards, each exponential: the last of n is in after H(n) means, 1 + 1/2 + … + 1/n (the tail at scale).
static void test_scatter_waits_for_the_slowest_shard(void **state)
{
    (void)state;
    static const struct { int shards; double harmonic; } cases[] = {{1, 1}, {4, 25.0 / 12}, {16, 3.380729}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *components = hr_format("s: {kind: service, workers: 1000, queue: 1000, on: {all: [{query: d.all}]}}, d: {kind: database, network: 0, pool: 1000, "
                                     "shards: {count: %d}, statements: {all: {cpu: 0, wait: exp(100ms), scatter: true}}}", cases[i].shards);
        fixture f = run(components, "c: {rate: 50/s, call: s.all, timeout: none}", 400 * HR_SEC);
        free(components);
        double n = (double)look(f, "c").latency->count, deviation = 0;
        for (int k = 1; k <= cases[i].shards; k++)
            deviation += 1.0 / (k * k);                    // variance of the greatest of n: the sum of 1/k²
        printf("%d shards: %.4f of a shard's mean, H(n) = %.4f\n", cases[i].shards, mean(f) / 0.1, cases[i].harmonic);
        assert_true(fabs(mean(f) / 0.1 - cases[i].harmonic) < 4 * sqrt(deviation / n));
        sim_station_view v = database(f);
        assert_int_equal(v.started, (uint64_t)cases[i].shards * look(f, "c").offered);
        assert_int_equal(v.spread, cases[i].shards > 1 ? v.asked : 0);
        done(f);
    }
}

// 16 shards, each answers 1 of 100 calls in a second, else at once: a call to all is slow with 1 - 0.99^16 = 14.9 %.
static void test_tail_at_scale(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, workers: 1000, queue: 1000, on: {all: [{query: d.all}]}}, d: {kind: database, network: 0, pool: 1000, "
                    "shards: {count: 16}, statements: {all: {cpu: 0, wait: \"mix(99% 1ms, 1% 1s)\", scatter: true}}}",
                    "c: {rate: 50/s, call: s.all, timeout: none}", 400 * HR_SEC);
    double n = (double)look(f, "c").latency->count, want = 1 - pow(0.99, 16), slow = (mean(f) - 0.001) / 0.999;
    printf("slow: %.4f, 1 - 0.99^16 = %.4f\n", slow, want);
    assert_true(fabs(slow - want) < 4 * sqrt(want * (1 - want) / n));
    done(f);
}

// Key 0 and another of two rows: in half of the calls both are the same, or live in the same shard. Alone: 100 ms and a commit's flush of 10 ms. In
// two shards: 100 ms, to be prepared 10 ms, the way there and back 20 ms, the commit 10 ms. The way to the statement costs 20 ms anyway.
static void test_two_phase_commit_takes_a_round_and_a_flush_more(void **state)
{
    (void)state;
    char *components = hr_format(SERVICE ", d: {kind: database, network: 20ms, flush: 10ms, pool: 1000, rows: 2, shards: {count: 2, by: range}, " STATEMENTS "}");
    fixture f = run(components, "c: {rate: 20/s, call: s.two, key: one}", 100 * HR_SEC);
    free(components);
    double cross = (double)database(f).spread / (double)database(f).asked, n = (double)database(f).asked;
    printf("%.3f of %.0f calls touch two shards\n", cross, n);
    assert_true(fabs(cross - 0.5) < 4 * 0.5 / sqrt(n));
    near(mean(f), 0.13 + cross * 0.03);
    near((double)look(f, "c").latency->greatest * 1e-9, 0.16);
    assert_int_equal(sim_database_version(f.w, number(f), 0), 1 + look(f, "c").outcome[SIM_ok]);       // each has written key 0
    assert_true(sim_database_version(f.w, number(f), 1) >= 1 + database(f).spread - 1);
    done(f);
}

// The connections are held through both rounds: with one for each shard, and all calls in both, one is served every 160 ms. (Range of two rows,
// eight keys: all but one of 128 calls touch both.)
static void test_a_prepared_part_holds_its_connection(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, workers: 1000, queue: 1000, on: {two: [{query: d.two}]}}, d: {kind: database, network: 20ms, flush: 10ms, pool: 1, rows: 2, "
                    "pool_timeout: none, shards: {count: 2, by: range}, statements: {two: {cpu: 0, wait: 100ms, writes: true, keys: 8}}}",
                    "c: {users: 10, think: 1s, call: s.two, key: one, timeout: none}", 1050 * HR_MS);
    assert_int_equal(database(f).spread, 10);
    double sum = 0;
    for (int i = 1; i <= 10; i++)
        sum += 0.16 * i;
    near(mean(f), sum / 10);
    done(f);
}

// The other shard has no room for a second call: the call is rejected there, and what is prepared here is rolled back, one round later.
static void test_one_part_that_fails_rolls_the_other_back(void **state)
{
    (void)state;
    fixture f = run("s: {kind: service, workers: 1000, queue: 1000, on: {two: [{query: d.two}], get: [{query: d.get}]}}, d: {kind: database, network: 20ms, pool: 1, queue: 0, rows: 2, "
                    "shards: {count: 2, by: range}, statements: {two: {cpu: 0, wait: 100ms, writes: true, keys: 8}, get: {cpu: 0, wait: 900ms}}}",
                    "o: {rate: 1/s, arrivals: constant, call: s.get, key: sequential(2)}, "        // key 1 at 2 s, until 2.92 s
                    "c: {rate: 0.4/s, arrivals: constant, call: s.two, key: one, timeout: none}", 2600 * HR_MS);
    assert_int_equal(look(f, "c").offered, 1);                     // at 2.5 s
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 1);
    assert_int_equal(sim_database_version(f.w, number(f), 0), 1);
    assert_int_equal(sim_database_version(f.w, number(f), 1), 1);
    done(f);
}

// 1000 rows in two equal ranges become three: bounds 500 before, 333 and 666 afterwards. Rows 333 … 499 leave the first and 666 … 999 the
// second shard: 501. At 100 a second in batches of 10 the 51st, of one row, begins after 5 s; it needs no time: until 5.01 s, when nothing is left.
static void test_rows_move_at_their_rate(void **state)
{
    (void)state;
    fixture f = run_shards("rows: 1000, shards: {count: 2, by: range}, reshard: {at: 1s, to: 3, rate: 100/s, batch: 10, cpu: 0}",
                           "c: {rate: 50/s, arrivals: constant, call: s.put, key: sequential(1000)}", 20001 * HR_MS);
    sim_station_view v = database(f);
    assert_int_equal(v.moved, 501);
    near(v.reshard_s, 5.01);
    // Two are paid for until 1 s, three from then on.
    near(v.shards_paid, (2 + 3 * (now_s(f) - 1)) / now_s(f));
    assert_int_equal(look(f, "c").outcome[SIM_ok], look(f, "c").offered);
    for (uint64_t key = 0; key < 1000; key++)                      // no write is lost, though rows moved while they were written
        assert_int_equal(sim_database_version(f.w, number(f), key), 2);
    done(f);
}

// 10 ms for each row where it is read and again where it is written, one core: batches of 10 take 200 ms, not the 100 ms of their rate. The
// 17th takes 7 rows from the first shard to the second and 3 from that to the third, side by side: 140 ms. The last is a single row: 49 × 0.2 s +
// 0.14 s + 0.02 s.
static void test_moving_rows_costs_time_on_both_sides(void **state)
{
    (void)state;
    fixture f = run_shards("cores: 1, rows: 1000, shards: {count: 2, by: range}, reshard: {at: 0s, to: 3, rate: 100/s, batch: 10, cpu: 10ms}",
                           "c: {rate: 1/s, call: s.get, key: uniform(300)}", 20 * HR_SEC);      // of rows that stay
    near(database(f).reshard_s, 9.96);
    done(f);
    f = run_shards("cores: 1, rows: 1000, shards: {count: 3, by: range}, reshard: {at: 0s, to: 2, rate: 100/s, batch: 10, cpu: 0}",
                   "c: {rate: 50/s, arrivals: constant, call: s.put, key: sequential(1000)}", 20 * HR_SEC);
    near(database(f).shards_paid, (3 * 5.01 + 2 * (now_s(f) - 5.01)) / now_s(f));  // the third goes with its last row
    done(f);
}

// Everybody writes the same few rows while they move, to and fro between servers with replicas; the number of answers is the number of versions.
static void test_no_write_is_lost_while_rows_move(void **state)
{
    (void)state;
    for (int i = 0; sim_shardings[i]; i++) {
        for (int more = 0; more < 2; more++) {
            char *keys = hr_format("rows: 100, pool: 5, replicas: 1, shards: {count: %d, by: %s}, reshard: {at: 1s, to: %d, rate: 50/s, batch: 7, cpu: 1ms}",
                                   more ? 4 : 5, sim_shardings[i]->name, more ? 5 : 4);
            fixture f = run_shards(keys, "c: {rate: 60/s, call: s.put, key: uniform(100), timeout: none}", 20 * HR_SEC);
            uint64_t versions = 0;
            for (uint64_t key = 0; key < 100; key++)
                versions += sim_database_version(f.w, number(f), key) - 1;
            assert_int_equal(versions, look(f, "c").outcome[SIM_ok]);
            assert_true(database(f).reshard_s > 0);
            assert_int_equal(database(f).reads, 0);       // copying a row is no user's read
            free(keys);
            done(f);
        }
    }
}

static void test_mistakes(void **state)
{
    (void)state;
    static const mistake mistakes[] = {
        {"shards: 4", "d.shards: want {count: 4, by: hash}"}, {"shards: {by: hash}", "lacks `count`"},
        {"shards: {count: 33}", "count"}, {"shards: {count: 4, by: rang}", "did you mean 'range'"},
        {"shards: {count: 4, vnodes: 10}", "vnodes"}, {"shards: {count: 4, by: range, bounds: [1, 2]}", "3 keys"},
        {"shards: {count: 3, by: range, bounds: [5, 5]}", "each above the one before"},
        {"shards: {count: 3, by: directory, place: {0: 3}}", "a shard from 0 to 2"},
        {"shards: {count: 3, by: directory, place: {x: 1}}", "no key"},
        {"reshard: {at: 1s, to: 3}", "belongs to `shards`"}, {"shards: {count: 3}, reshard: {at: 1s, to: 3}", "3 shards already"},
        {"shards: {count: 3}, reshard: {to: 4}", "lacks `at`"},
        {"shards: {count: 2, by: range, bounds: [5]}, reshard: {at: 1s, to: 3}", "nobody knows"},
        {"rows: 20M, shards: {count: 2}, reshard: {at: 1s, to: 3}", "too many"},
        {"statements: {a: {keys: 2}}", "belong to a database with `shards`"},
        {"shards: {count: 2}, statements: {a: {scatter: true, writes: true}}", "reads in all shards"}};
    for (size_t i = 0; i < HR_COUNT(mistakes); i++) {
        char *components = hr_format("s: {kind: service, on: {go: [{query: d.a}]}}, d: {kind: database, %s%s}", mistakes[i].part,
                                     strstr(mistakes[i].part, "statements") ? "" : ", statements: {a: {cpu: 1ms}}");
        assert_int_equal(refused(components, "c: {rate: 1/s, call: s.go}", mistakes[i].complaint), 1);
        free(components);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_in_different_shards_do_not_wait_for_each_other), cmocka_unit_test(test_scatter_waits_for_the_slowest_shard),
        cmocka_unit_test(test_tail_at_scale), cmocka_unit_test(test_two_phase_commit_takes_a_round_and_a_flush_more),
        cmocka_unit_test(test_a_prepared_part_holds_its_connection), cmocka_unit_test(test_one_part_that_fails_rolls_the_other_back),
        cmocka_unit_test(test_rows_move_at_their_rate), cmocka_unit_test(test_moving_rows_costs_time_on_both_sides),
        cmocka_unit_test(test_no_write_is_lost_while_rows_move), cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
