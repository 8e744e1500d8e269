// tests/unit/test_pools.c - connections of the callers' own, max_connections and poolers against cases computed by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

// Two services, each with pools of its own, in front of database `d`; a statement takes 1 s. Users ask at 1 s, then think so long that they ask no more.
static fixture run_pools(const char *keys, unsigned first_users, unsigned second_users)
{
    char *components = hr_format("a: {kind: service, on: {go: [{query: d.q}]}}, b: {kind: service, on: {go: [{query: d.q}]}}, "
                                 "d: {kind: database, network: 0, own_pools: true, %s%s, statements: {q: {cpu: 0, wait: 1s}}}",
                                 strstr(keys, "pool_timeout") ? "" : "pool_timeout: 10s, ", keys);
    char *workload = hr_format("c: {users: %u, think: 1s, call: a.go, timeout: none}, e: {users: %u, think: 1s, call: b.go, timeout: none}",
                               first_users, second_users);
    fixture f = run(components, workload, 1500 * HR_MS);
    free(components);
    free(workload);
    return f;
}

static void expect(const char *keys, unsigned a_users, unsigned b_users, double a_mean, double b_mean, unsigned b_rejected)
{
    fixture f = run_pools(keys, a_users, b_users);
    near(sim_histogram_mean_s(look(f, "c").latency), a_mean);
    near(sim_histogram_mean_s(look(f, "e").latency), b_mean);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 0);
    assert_int_equal(look(f, "e").outcome[SIM_rejected], b_rejected);
    done(f);
}

// Pools of two: three calls of one service take 1, 1 and 2 s; those of the other do not wait for them.
static void test_each_caller_has_a_pool_of_its_own(void **state)
{
    (void)state;
    expect("pool: 2", 3, 2, 4.0 / 3, 1, 0);
    expect("pool: 2, connect: 100ms", 3, 2, (1.1 + 1.1 + 2.1) / 3, 1.1, 0);    // the third finds a connection that is open
    expect("pool: 2, queue: 0", 2, 3, 1, 1, 1);
    expect("pool: 2, pool_timeout: 500ms", 2, 3, 1, 1, 1);
}

// Three connections in all: the first service opens two, the second one; its second call is told that there are too many. Memory bounds them, too.
static void test_too_many_connections_are_refused(void **state)
{
    (void)state;
    expect("pool: 2, max_connections: 3", 2, 2, 1, 1, 1);
    expect("pool: 2, memory: 1GiB, connection_memory: 300MiB", 2, 2, 1, 1, 1);
    expect("pool: 2, max_connections: 4", 2, 2, 1, 1, 0);
}

// Three connections of a pooler. For sessions the second service gets one of them for good: its second call waits for that, 2 s; the first one's
// three calls share two. For transactions who asks fourth and fifth wait at the pooler until the first ones end: the first service's third
// call is in its pool's queue, the second service's second one is the first at the pooler: 2 s both.
static void test_poolers_of_both_modes(void **state)
{
    (void)state;
    expect("pool: 2, pooler: {mode: session, size: 3}", 3, 2, 4.0 / 3, 1.5, 0);
    expect("pool: 2, pooler: {mode: transaction, size: 3}", 3, 2, 4.0 / 3, 1.5, 0);
    expect("pool: 9, pooler: {mode: session, size: 3}, pool_timeout: 5s", 3, 1, 1, 0, 1);         // starved until it gives up
    expect("pool: 9, pooler: {mode: transaction, size: 3}", 3, 1, 1, 2, 0);
    expect("pool: 9, pooler: {mode: transaction, size: 3, queue: 0}", 3, 1, 1, 0, 1);
    expect("pool: 9, pooler: {mode: transaction, size: 3, timeout: 300ms}", 3, 1, 1, 0, 1);
}

// Each of four connections makes 1 s of computing longer by a tenth: 1.4 s.
static void test_connections_cost_processor_time(void **state)
{
    (void)state;
    fixture f = run("a: {kind: service, on: {go: [{query: d.q}]}}, d: {kind: database, network: 0, pool: 4, cores: 4, connection_cpu: 10%, "
                    "statements: {q: {cpu: 1s}}}", "c: {users: 1, think: 1s, call: a.go, timeout: none}", 1500 * HR_MS);
    near(sim_histogram_mean_s(look(f, "c").latency), 1.4);
    done(f);
}

static void test_what_does_not_go_together_is_refused(void **state)
{
    (void)state;
    static const mistake wrong[] = {
        {"max_connections: 10", "belongs to `own_pools: true`"}, {"pooler: {size: 3}", "belongs to `own_pools: true`"},
        {"own_pools: true, pooler: {mode: statement}", "session or transaction"}, {"own_pools: true, pooler: 3", "want {mode: transaction"},
        {"own_pools: true, pooler: {mode: session, queue: 3}", "belong to the mode transaction"},
        {"own_pools: true, max_connections: 5, pooler: {size: 6}", "the server takes 5"}, {"pool: 20, memory: 1GiB, connection_memory: 100MiB", "do not fit"}};
    all_refused("s: {kind: service, on: {go: [{query: d.q}]}}, d: {kind: database, @, statements: {q: {wait: 1ms}}}",
                "c: {rate: 1/s, call: s.go}", wrong, HR_COUNT(wrong));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_caller_has_a_pool_of_its_own), cmocka_unit_test(test_too_many_connections_are_refused),
        cmocka_unit_test(test_poolers_of_both_modes), cmocka_unit_test(test_connections_cost_processor_time),
        cmocka_unit_test(test_what_does_not_go_together_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
