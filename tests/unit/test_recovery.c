// tests/unit/test_recovery.c - databases whose memory is used up, and whose machine is exchanged, against times reckoned by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/database.h"
#include "tests/unit/run.h"

#define CALLS "c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}"

static fixture started(const char *keys)
{
    char *components = hr_format("s: {kind: service, workers: 99, on: {go: [{query: d.q}]}}, d: {kind: database, network: 0, %s, statements: {q: {wait: 10s}}}", keys);
    fixture f = begin(components, CALLS, 1000 * HR_SEC);
    free(components);
    return f;
}

// Whether it is up, how many were killed, how many requests had a bad end.
static void expect(fixture f, double seconds, bool up, uint64_t kills, uint64_t bad)
{
    sim_world_run(f.w, (hr_time)(seconds * 1e9));
    sim_world_check(f.w);
    sim_component_id id = (sim_component_id)sim_model_find(f.model, "d");
    bool is_up = !sim_server_at(f.w, SIM_STATE(f.w, const sim_database, id), 0)->is_down;
    uint64_t killed = sim_database_look(f.w, id).killed, failed = look(f, "c").outcome[SIM_error] + look(f, "c").outcome[SIM_lost];
    if (is_up != up || killed != kills || failed != bad)
        fail_msg("at %g s: %s, %u killed, %u failed; expected %s, %u, %u", seconds, is_up ? "up" : "down", (unsigned)killed, (unsigned)failed, up ? "up" : "down",
                 (unsigned)kills, (unsigned)bad);
}

// A statement a second, of ten seconds each: 60 MiB and four of 10 MiB fit into 100, with the fifth, at 5 s, all five are lost. Nobody is served for three seconds,
// which are the calls of 6 and 7 s; at 12 s there are five again.
static void test_statements_use_up_the_memory(void **state)
{
    (void)state;
    fixture f = started("pool: 10, memory: 100MiB, shared_buffers: 60MiB, work_mem: 10MiB, recovery: 3s");
    expect(f, 4.9, true, 0, 0);
    expect(f, 5.1, false, 1, 5);
    expect(f, 7.9, false, 1, 7);
    expect(f, 8.1, true, 1, 7);
    expect(f, 11.9, true, 1, 7);
    expect(f, 12.1, false, 2, 12);
    near(sim_database_look(f.w, 1).memory_most, 1.1);
    done(f);
    // The twin: ten fit into 160, and there are never more.
    f = started("pool: 10, memory: 160MiB, shared_buffers: 60MiB, work_mem: 10MiB, recovery: 3s");
    expect(f, 100, true, 0, 0);
    near(sim_database_look(f.w, 1).memory_most, 1);
    done(f);
}

// Connections count, and are gone afterwards: 50 MiB and two callers of 20 MiB each fit, the third does not. A pool that is shared has all of its own from the start.
static void test_connections_use_memory_too(void **state)
{
    (void)state;
    fixture f = started("own_pools: true, pool: 9, memory: 100MiB, shared_buffers: 50MiB, connection_memory: 10MiB, work_mem: 10MiB, recovery: 3s");
    expect(f, 2.9, true, 0, 0);
    assert_int_equal(sim_server_at(f.w, SIM_STATE(f.w, const sim_database, 1), 0)->open.level, 2);
    expect(f, 3.1, false, 1, 3);
    assert_int_equal(sim_server_at(f.w, SIM_STATE(f.w, const sim_database, 1), 0)->open.level, 0);
    done(f);
    f = started("pool: 3, memory: 100MiB, shared_buffers: 50MiB, connection_memory: 10MiB, work_mem: 10MiB, recovery: 3s");
    expect(f, 2.9, true, 0, 0);
    expect(f, 3.1, false, 1, 3);
    done(f);
}

// A fault of 10 s begins while it recovers: it is back when both are over. The other way round nothing is killed that is not there.
static void test_a_fault_meanwhile_lasts(void **state)
{
    (void)state;
    fixture f = begin_broken("s: {kind: service, workers: 99, on: {go: [{query: d.q}]}}, d: {kind: database, network: 0, pool: 10, memory: 100MiB, shared_buffers: 60MiB, "
                             "work_mem: 10MiB, recovery: 3s, statements: {q: {wait: 10s}}}", CALLS, "{at: 6.5s, for: 10s, kill: d}, {at: 23s, for: 1s, kill: d}", 1000 * HR_SEC);
    expect(f, 5.1, false, 1, 5);
    expect(f, 16.4, false, 1, 5 + 11);         // those of 6 to 16 s
    expect(f, 16.6, true, 1, 16);
    expect(f, 21.1, false, 2, 21);             // of 17 to 21 s
    expect(f, 23.9, false, 2, 23);
    expect(f, 24.1, true, 2, 23);
    done(f);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const mistake mistakes[] = {
        {"shared_buffers: 1GiB", "belongs to `work_mem`"}, {"recovery: 3s", "belongs to `work_mem`"}, {"work_mem: 4MiB, replicas: 1", "without `replicas` and `shards`"},
        {"memory: 100MiB, work_mem: 4MiB, shared_buffers: 97MiB", "would be killed for ever"}, {"work_mem: 4MiB, recovery: none", "want a time"}};
    all_refused("s: {kind: service, on: {go: [{query: d.q}]}}, d: {kind: database, @, statements: {q: {wait: 1s}}}", CALLS, mistakes, HR_COUNT(mistakes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements_use_up_the_memory), cmocka_unit_test(test_connections_use_memory_too), cmocka_unit_test(test_a_fault_meanwhile_lasts),
        cmocka_unit_test(test_mistakes_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
