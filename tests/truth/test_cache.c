// tests/truth/test_cache.c - every row of cache.tsv: the miss ratio that another simulator found for the same trace, to its four digits.
// The files lie in the folder HR_SHARED_DIR; without them the test is skipped (77).
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/policy/evict/evict.h"
#include "sim/replay/replay.h"

enum { EXIT_SKIPPED = 77, MOST = 256 };

typedef struct { char policy[32]; uint64_t size, requests; double ratio; } known;
static known rows[MOST];
static size_t row_count;

static void read_rows(void)
{
    hr_error e = {0};
    hr_lines *lines;
    if (hr_lines_open(HR_SHARED_DIR "/truth/cache.tsv", &lines, &e))
        fail_msg("%s", e.text);
    for (char *line; (line = hr_lines_next(lines, NULL)) != NULL; ) {
        known *k = &rows[row_count];
        unsigned long long size, requests;
        if (sscanf(line, "%31s %llu %llu %lf", k->policy, &size, &requests, &k->ratio) != 4)
            continue;                          // the head
        k->size = size;
        k->requests = requests;
        assert_true(++row_count < MOST);
    }
    assert_int_equal(hr_lines_status(lines, &e), HR_OK);
    hr_lines_close(lines);
}

// Miss ratios of all rows in one pass; `instead` replaces every policy, for the planted twin.
static void replay_rows(const char *instead, double *ratio)
{
    hr_error e = {0};
    hr_lines *trace;
    if (hr_lines_open(HR_SHARED_DIR "/truth/block_trace.txt.gz", &trace, &e))
        fail_msg("%s", e.text);
    sim_replay_cache_row runs[MOST];
    for (size_t i = 0; i < row_count; i++) {
        runs[i] = (sim_replay_cache_row){.policy = sim_evictor_find(instead ? instead : rows[i].policy), .size = rows[i].size};
        if (runs[i].policy < 0)
            fail_msg("no policy %s", rows[i].policy);
    }
    const sim_replay_cache_options o = {.rate_per_s = 1000, .ttl = HR_FOREVER};
    uint64_t requests;
    if (sim_replay_cache(trace, &o, runs, row_count, &requests, &e))
        fail_msg("%s", e.text);
    hr_lines_close(trace);
    for (size_t i = 0; i < row_count; i++) {
        assert_int_equal(requests, rows[i].requests);
        ratio[i] = (double)runs[i].misses / (double)requests;
    }
}

static bool same(double got, double want) { return fabs(round(got * 1e4) - round(want * 1e4)) < 0.5; }

static void test_every_row_to_four_digits(void **state)
{
    (void)state;
    double ratio[MOST];
    size_t wrong = 0;
    read_rows();
    assert_true(row_count >= 16);
    replay_rows(NULL, ratio);
    for (size_t i = 0; i < row_count; i++) {
        print_message("%-10s %8llu  %.4f, known %.4f%s\n", rows[i].policy, (unsigned long long)rows[i].size, ratio[i], rows[i].ratio,
                      same(ratio[i], rows[i].ratio) ? "" : "  WRONG");
        wrong += !same(ratio[i], rows[i].ratio);
    }
    assert_int_equal(wrong, 0);
}

static void test_another_policy_is_told_apart(void **state)
{
    (void)state;
    double ratio[MOST];
    size_t alike = 0, others = 0;
    replay_rows("random", ratio);
    for (size_t i = 0; i < row_count; i++)
        others++, alike += same(ratio[i], rows[i].ratio);
    assert_true(others >= 16 && alike == 0);
}

int main(void)
{
    if (access(HR_SHARED_DIR "/truth/cache.tsv", R_OK) != 0) {
        puts("skipped: no " HR_SHARED_DIR "/truth/cache.tsv");
        return EXIT_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_to_four_digits),
        cmocka_unit_test(test_another_policy_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
