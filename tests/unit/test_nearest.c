// tests/unit/test_nearest.c - "did you mean": which name is near a word, and that none is when nothing is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/core/base.h"

static void test_slips_find_what_was_meant(void **state)
{
    (void)state;
    static const char *const names[] = {"lru", "round-robin", "policy", "set", "loads", "mmc", "p99", "errors", "exp", "exp_decay", "variants", NULL};
    static const struct { const char *word, *near; } rows[] = {
        {"polcy", "policy"}, {"laods", "loads"}, {"mm1", "mmc"}, {"sett", "set"}, {"vairnats", "variants"},      // letters missing, exchanged, wrong, too many
        {"LRU", "lru"}, {"RoundRobin", "round-robin"}, {"round_robin", "round-robin"}, {"M/M/c", "mmc"},         // capitals and what parts words
        {"exponential", "exp"}, {"p99_latency", "p99"}, {"error", "errors"}, {"exp_decays", "exp_decay"},        // beginnings; a slip goes before them
        {"sql", NULL}, {"api", NULL}, {"x", NULL}, {"", NULL}, {"ex", "exp"}, {"e", NULL}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        const char *near = hr_nearest(rows[i].word, names);
        if ((near == NULL) != (rows[i].near == NULL) || (near && strcmp(near, rows[i].near) != 0))
            fail_msg("%s: %s", rows[i].word, near ? near : "none");
    }
}

static void test_a_word_too_long_is_near_nothing(void **state)
{
    (void)state;
    char word[65];
    memset(word, 'a', 64);
    word[64] = 0;
    const char *const alone[] = {word, NULL};
    assert_null(hr_nearest(word, alone));
    word[63] = 0;
    assert_ptr_equal(hr_nearest(word, alone), word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_slips_find_what_was_meant), cmocka_unit_test(test_a_word_too_long_is_near_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
