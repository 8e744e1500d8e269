// tests/unit/test_plans.c - plans of statements against cases computed by hand: how many rows they look at, as the table grows.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

static double time_of(const char *database, const char *statement)
{
    char *components = hr_format("s: {kind: service, on: {go: [{query: d.q}]}}, d: {kind: database, network: 0, %s, statements: {q: {cpu: 1ms, wait: 2ms, %s}}}",
                                 database, statement);
    fixture f = run(components, "c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}", 5 * HR_SEC);
    double mean = sim_histogram_mean_s(look(f, "c").latency);
    free(components);
    done(f);
    return mean;
}

// 3 ms, and a millisecond for each row that is looked at: log2 of the rows, rounded up, or all.
static void test_plans_look_at_so_many_rows(void **state)
{
    (void)state;
    static const struct { const char *rows; double index, sequential; } cases[] = {
        {"rows: 1", 0, 1}, {"rows: 2", 1, 2}, {"rows: 1000", 10, 1000}, {"rows: 1024", 10, 1024}, {"rows: 1025", 11, 1025},
        {"rows: 1000, shards: {count: 4}", 8, 250}};               // of a shard's 250
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        near(time_of(cases[i].rows, "plan: index, per_row: 1ms"), 0.003 + cases[i].index * 1e-3);
        near(time_of(cases[i].rows, "plan: sequential, per_row: 1us"), 0.003 + cases[i].sequential * 1e-6);
        near(time_of(cases[i].rows, "plan: none"), 0.003);
    }
}

// Ten rows, and one more with each of the nine calls of 1 … 9 s: they look at 10, 11 … 18.
static void test_a_scan_grows_with_what_is_inserted(void **state)
{
    (void)state;
    static const struct { const char *inserts; double mean; } cases[] = {{"true", 14}, {"false", 10}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *components = hr_format("s: {kind: service, on: {go: [{query: d.q}]}}, d: {kind: database, network: 0, rows: 10, statements: {q: {cpu: 0, writes: true, "
                                     "plan: sequential, per_row: 1ms, inserts: %s}}}", cases[i].inserts);
        fixture f = run(components, "c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none}", 9500 * HR_MS);
        near(sim_histogram_mean_s(look(f, "c").latency), cases[i].mean * 1e-3);
        free(components);
        done(f);
    }
}

static void test_mistakes(void **state)
{
    (void)state;
    static const mistake mistakes[] = {
        {"per_row: 1us", "belongs to `plan: index`"}, {"plan: indx", "did you mean 'index'"}, {"inserts: true", "belongs to `writes: true`"},
        {"plan: index, per_row: none", "per_row"}};
    all_refused("s: {kind: service, on: {go: [{query: d.a}]}}, d: {kind: database, statements: {a: {@}}}", "c: {rate: 1/s, call: s.go}", mistakes,
                HR_COUNT(mistakes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans_look_at_so_many_rows), cmocka_unit_test(test_a_scan_grows_with_what_is_inserted), cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
