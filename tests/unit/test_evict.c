// tests/unit/test_evict.c - every eviction policy: a case worked out by hand or published, and the store's invariants under all of them.
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/policy/evict/pool.h"

static sim_keystore *at(const sim_world *w, sim_ref store) { return SIM_AT(w, sim_keystore, store); }

static sim_keystore_def def_of(const char *policy, uint32_t entries)
{
    int row = sim_evictor_find(policy);
    if (row < 0)
        fail_msg("no policy %s", policy);
    sim_keystore_def def = sim_keystore_defaults((uint32_t)row);
    def.limit_entries = entries;
    def.stream = 1;
    return def;
}

static bool ask(sim_world *w, sim_ref store, uint64_t key, hr_time expires)
{
    uint32_t version;
    bool hit = sim_keystore_get(w, store, key, &version);
    if (!hit)
        (void)sim_keystore_set(w, store, key, 1, 1, expires);
    return hit;
}

// --- by hand --------------------------------------------------------------------------------------------------------------

// Each letter is a key that is asked for, one a second, and put in when it is missed; below it h for a hit and m for a miss.
typedef struct { const char *policy; uint32_t entries, samples; const char *keys, *outcome; } worked;
static const worked by_hand[] = {
    {"fifo", 2, 5,  "ABACA",
                    "mmhmm"},
    {"lru", 2, 5,   "ABACAB",
                    "mmhmhm"},
    // D finds A used: A goes round, B leaves. E finds C used: C goes round, A leaves; LRU would have kept A.
    {"clock", 3, 5, "ABCCADEC",
                    "mmmhhmmh"},
    // The hand stands at C after D, at D after E: F evicts D, and A stays; CLOCK would have evicted A.
    {"sieve", 3, 5, "ABCADEFA",
                    "mmmhmmmh"},
    {"clock", 3, 5, "ABCADEFA",
                    "mmmhmmmm"},
    // A and B were used twice, so C and D go and leave ghosts. C comes back: p = 1, so that A goes and E stays. A comes back: p = 0.
    {"arc", 3, 5,   "AABBCDEABCEAB",
                    "mhmhmmmhhmhmm"},
    {"lfu", 2, 5,   "AABCBA",
                    "mhmmmh"},
    // Both used twice, A first: it goes. And the other way round.
    {"lfu", 2, 5,   "ABABCAB",
                    "mmhhmmh"},
    {"lfu", 2, 5,   "ABBACAB",
                    "mmhhmhm"},
    // One key a segment. E finds A lowest. B moves up and C down, E moves up and C down again: F evicts it.
    {"slru", 4, 5,  "ABCDEBEFCBDE",
                    "mmmmmhhmmhhh"},
    // A is used twice in the small queue and goes on; B and C leave it unused and come back to the main one; E, used once, leaves, too.
    {"s3-fifo", 10, 5, "AAABCDEFGHIJKBACELE",
                       "mhhmmmmmmmmmmmhmhmm"},
    // J, K, L are no match for A or B; M, asked for twice, is: B leaves.
    {"w-tinylfu", 10, 5, "AAABCDEFGHIJKLAMMNMB",
                         "mhhmmmmmmmmmmmhmhmhm"},
    // With 64 samples of two keys the idlest is found, but for once in 2^64.
    {"allkeys-lru", 2, 64, "ABACAB",
                           "mmhmhm"},
    {"noeviction", 2, 5, "ABCABC",
                         "mmmhhm"},
};

static void expect_outcome(const worked *c, char *got)
{
    sim_world *w = sim_world_new(1, 0);
    sim_keystore_def def = def_of(c->policy, c->entries);
    def.samples = c->samples;
    sim_ref store = sim_keystore_make(w, &def);
    size_t n = 0;
    for (; c->keys[n]; n++) {
        w->now += HR_SEC;
        got[n] = ask(w, store, (uint64_t)c->keys[n], HR_FOREVER) ? 'h' : 'm';
        sim_keystore_check(w, store);
    }
    got[n] = 0;
    sim_world_free(w);
}

static void test_policies_against_cases_worked_out_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_COUNT(by_hand); i++) {
        char got[64];
        expect_outcome(&by_hand[i], got);
        print_message("%-12s %s: %s\n", by_hand[i].policy, by_hand[i].keys, got);
        assert_string_equal(got, by_hand[i].outcome);
    }
    // Planted twins: another policy's outcome for the same keys is told apart.
    const worked twins[] = {{"lru", 3, 5, "ABCCADEC", ""}, {"lru", 3, 5, "AABBCDEABCEAB", ""}, {"fifo", 2, 5, "ABACAB", ""},
                            {"lru", 4, 5, "ABCDEBEFCBDE", ""}, {"fifo", 10, 5, "AAABCDEFGHIJKBACELE", ""},
                            {"lru", 10, 5, "AAABCDEFGHIJKLAMMNMB", ""}, {"lru", 2, 5, "ABABCAB", ""}};
    for (size_t i = 0; i < HR_COUNT(twins); i++) {
        char got[64];
        expect_outcome(&twins[i], got);
        for (size_t k = 0; k < HR_COUNT(by_hand); k++)
            if (strcmp(by_hand[k].keys, twins[i].keys) == 0 && strcmp(by_hand[k].policy, twins[i].policy) != 0 &&
                strcmp(by_hand[k].policy, "allkeys-lru") != 0)
                assert_string_not_equal(got, by_hand[k].outcome);
    }
}

// --- by lot ---------------------------------------------------------------------------------------------------------------

// Pearson's statistic of how often each of ten keys is evicted by the eleventh; 9 degrees of freedom.
static double unevenness(const char *policy)
{
    enum { KEYS = 10, TRIES = 10000 };
    double gone[KEYS] = {0}, sum = 0;
    sim_world *w = sim_world_new(1, 0);
    for (uint32_t t = 0; t < TRIES; t++) {
        sim_keystore_def def = def_of(policy, KEYS);
        def.stream = t;
        sim_ref store = sim_keystore_make(w, &def);
        for (uint64_t key = 0; key <= KEYS; key++)
            (void)sim_keystore_set(w, store, key, 1, 1, 10 * HR_SEC);
        for (uint64_t key = 0; key < KEYS; key++)
            gone[key] += sim_keystore_find(w, at(w, store), key) == 0;
    }
    for (size_t i = 0; i < KEYS; i++)
        sum += (gone[i] - TRIES / KEYS) * (gone[i] - TRIES / KEYS) / (TRIES / KEYS);
    sim_world_free(w);
    return sum;
}

static void test_random_policies_are_even(void **state)
{
    (void)state;
    const double most = 27.9;                  // exceeded once in a thousand times
    assert_true(unevenness("random") < most);
    assert_true(unevenness("allkeys-random") < most);
    assert_true(unevenness("volatile-random") < most);
    assert_true(unevenness("fifo") > most);    // the planted twin
}

// --- Redis ----------------------------------------------------------------------------------------------------------------

// The mean counter of 40 keys after so many hits.
static double mean_counter(uint32_t factor, uint32_t hits)
{
    enum { KEYS = 40 };
    sim_world *w = sim_world_new(1, 0);
    sim_keystore_def def = def_of("allkeys-lfu", KEYS);
    def.lfu_log_factor = factor;
    sim_ref store = sim_keystore_make(w, &def);
    double sum = 0;
    for (uint64_t key = 0; key < KEYS; key++) {
        (void)ask(w, store, key, HR_FOREVER);
        for (uint32_t i = 0; i < hits; i++)
            assert_true(ask(w, store, key, HR_FOREVER));
        sum += sim_keystore_entry(w, at(w, store), sim_keystore_find(w, at(w, store), key))->note & 255;
    }
    sim_world_free(w);
    return sum / KEYS;
}

// The table in redis.conf, from one run of redis-benchmark each: one run of a counter scatters, so a tenth and one are allowed.
static void test_lfu_counter_against_the_table_of_redis_conf(void **state)
{
    (void)state;
    static const struct { uint32_t factor, hits; double counter; } published[] = {
        {0, 100, 104}, {0, 1000, 255}, {1, 100, 18}, {1, 1000, 49}, {1, 100000, 255},
        {10, 100, 10}, {10, 1000, 18}, {10, 100000, 142}, {100, 100, 8}, {100, 1000, 11}, {100, 100000, 49}};
    for (size_t i = 0; i < HR_COUNT(published); i++) {
        double got = mean_counter(published[i].factor, published[i].hits), allowed = 1 + 0.1 * published[i].counter;
        print_message("factor %u, %u hits: %.1f, published %.0f\n", published[i].factor, published[i].hits, got, published[i].counter);
        assert_true(fabs(got - published[i].counter) <= allowed);
    }
    assert_true(fabs(mean_counter(1, 1000) - 18) > 2.8);             // the planted twin: another factor's value
}

static void test_lfu_counter_decays(void **state)
{
    (void)state;
    sim_world *w = sim_world_new(1, 0);
    sim_keystore_def def = def_of("allkeys-lfu", 2);
    def.samples = 64;
    def.lfu_log_factor = 0;                    // every hit counts: 5 + 10 and 5 + 6
    def.lfu_decay_min = 2;
    sim_ref store = sim_keystore_make(w, &def);
    for (int i = 0; i <= 10; i++)
        (void)ask(w, store, 'A', HR_FOREVER);
    w->now = 10 * 60 * HR_SEC;                 // A has lost 5: 10
    for (int i = 0; i <= 6; i++)
        (void)ask(w, store, 'B', HR_FOREVER);
    (void)ask(w, store, 'C', HR_FOREVER);
    assert_false(sim_keystore_find(w, at(w, store), 'A'));
    assert_true(sim_keystore_find(w, at(w, store), 'B'));
    sim_world_free(w);
}

static void test_volatile_policies_spare_what_never_expires(void **state)
{
    (void)state;
    static const char *const policies[] = {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"};
    for (size_t i = 0; i < HR_COUNT(policies); i++) {
        sim_world *w = sim_world_new(1, 0);
        sim_keystore_def def = def_of(policies[i], 3);
        def.samples = 64;
        sim_ref store = sim_keystore_make(w, &def);
        w->now = HR_SEC;
        (void)sim_keystore_set(w, store, 'A', 1, 1, HR_FOREVER);
        (void)sim_keystore_set(w, store, 'B', 1, 1, 50 * HR_SEC);
        (void)sim_keystore_set(w, store, 'C', 1, 1, 40 * HR_SEC);
        w->now = 2 * HR_SEC;
        uint32_t version;
        assert_true(sim_keystore_get(w, store, 'C', &version));      // B was idle for longer and used less; C expires sooner
        assert_true(sim_keystore_set(w, store, 'D', 1, 1, HR_FOREVER));
        assert_true(sim_keystore_find(w, at(w, store), 'A') && sim_keystore_find(w, at(w, store), 'D'));
        bool b = sim_keystore_find(w, at(w, store), 'B') != 0;
        if (i != 2)
            assert_int_equal(b, strcmp(policies[i], "volatile-ttl") == 0);
        assert_true(sim_keystore_set(w, store, 'E', 1, 1, HR_FOREVER));
        assert_false(sim_keystore_set(w, store, 'F', 1, 1, HR_FOREVER));               // none is left that may go
        assert_int_equal(at(w, store)->refused, 1);
        sim_keystore_check(w, store);
        sim_world_free(w);
    }
}

static void test_expire_goes_on_where_it_stopped(void **state)
{
    (void)state;
    sim_world *w = sim_world_new(1, 0);
    sim_keystore_def def = def_of("lru", 100);
    sim_ref store = sim_keystore_make(w, &def);
    for (uint64_t key = 0; key < 100; key++)
        (void)sim_keystore_set(w, store, key, 1, 1, key % 2 ? HR_FOREVER : key % 4 ? 5 * HR_SEC : 50 * HR_SEC);
    w->now = 10 * HR_SEC;                      // 25 have expired, 25 have not yet
    uint32_t expired = 0;
    for (int i = 0; i < 5; i++)
        expired += sim_keystore_expire(w, store, 10);
    assert_int_equal(expired, 25);
    assert_int_equal(at(w, store)->count, 75);
    assert_int_equal(at(w, store)->expirations, 25);
    sim_keystore_check(w, store);
    w->now = 60 * HR_SEC;
    assert_int_equal(sim_keystore_expire(w, store, 1000), 25);
    assert_int_equal(sim_keystore_expire(w, store, 1000), 0);
    sim_world_free(w);
}

// --- every row ------------------------------------------------------------------------------------------------------------

// Random operations under limits in entries, in bytes and both: sizes change, keys expire, are deleted and come back.
static void exercise(uint32_t row, const sim_keystore_def *def, uint32_t keys)
{
    sim_world *w = sim_world_new(1, 0);
    sim_ref store = sim_keystore_make(w, def);
    for (uint64_t n = 0; n < 6000; n++) {
        sim_draw r = sim_random(1, 2 + row, n, 0);
        uint64_t key = (r.word[0] >> 32) * (r.word[0] & 0xffffffff) % keys;
        uint32_t version = 0, size = (uint32_t)(r.word[1] % 300);
        w->now += 100 * HR_MS;
        if (!sim_keystore_get(w, store, key, &version) || n % 5 == 0)
            (void)sim_keystore_set(w, store, key, (uint32_t)n + 1, size, n % 3 ? HR_FOREVER : w->now + 20 * HR_SEC);
        if (n % 11 == 0)
            sim_keystore_delete(w, store, (key + 1) % keys);
        if (n % 50 == 0)
            (void)sim_keystore_expire(w, store, 20);
        if (n < 300 || n % 50 == 0)
            sim_keystore_check(w, store);
    }
    assert_int_equal(at(w, store)->hits + at(w, store)->misses, 6000);
    sim_world_free(w);
}

static void test_every_row_is_whole_and_keeps_the_store_sound(void **state)
{
    (void)state;
    for (uint32_t i = 0; sim_evictors[i]; i++) {
        const sim_evictor *row = sim_evictors[i];
        assert_true(row->name && row->summary && row->insert && row->hit && row->remove && row->victim);
        assert_int_equal(sim_evictor_find(row->name), i);
        assert_true(row->lists + row->ghost_lists <= SIM_EVICT_LISTS && !row->retire == !row->recall && !row->retire == !row->ghost_lists);
        static const uint32_t entries[] = {1, 2, 3, 4, 7, 10, 50, 200};
        for (size_t k = 0; k < HR_COUNT(entries); k++)
            exercise(i, &(sim_keystore_def){.policy = i, .limit_entries = entries[k], .samples = 5, .lfu_log_factor = 10, .lfu_decay_min = 1},
                     4 * entries[k] + 1);
        exercise(i, &(sim_keystore_def){.policy = i, .limit_bytes = 5000, .overhead_bytes = 96, .samples = 5}, 200);
        exercise(i, &(sim_keystore_def){.policy = i, .limit_entries = 30, .limit_bytes = 5000, .samples = 5}, 200);
    }
}

// Whether the check aborts when `damage` is done to a sound store.
static bool check_finds(void (*damage)(sim_world *w, sim_keystore *s))
{
    pid_t child = fork();
    if (child == 0) {
        sim_world *w = sim_world_new(1, 0);
        sim_keystore_def def = def_of("s3-fifo", 10);
        sim_ref store = sim_keystore_make(w, &def);
        for (uint64_t n = 0; n < 100; n++)
            (void)ask(w, store, n % 17, 100 * HR_SEC);
        sim_keystore_check(w, store);
        signal(SIGABRT, SIG_DFL);
        fclose(stderr);
        damage(w, at(w, store));
        sim_keystore_check(w, store);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void no_damage(sim_world *w, sim_keystore *s) { (void)w, (void)s; }
static void lose_count(sim_world *w, sim_keystore *s) { (void)w, s->count--; }
static void lose_weight(sim_world *w, sim_keystore *s) { (void)w, s->list[0].weight++; }
static void lose_place(sim_world *w, sim_keystore *s) { sim_keystore_entry(w, s, s->list[0].oldest)->place = 0; }
static void lose_note(sim_world *w, sim_keystore *s) { sim_keystore_entry(w, s, s->list[0].oldest)->note = 9; }
static void lose_ghost(sim_world *w, sim_keystore *s) { sim_keystore_unlink(w, s, s->list[2].oldest); }

static void test_check_finds_what_is_broken(void **state)
{
    (void)state;
    assert_false(check_finds(no_damage));
    assert_true(check_finds(lose_count));
    assert_true(check_finds(lose_weight));
    assert_true(check_finds(lose_place));
    assert_true(check_finds(lose_note));
    assert_true(check_finds(lose_ghost));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies_against_cases_worked_out_by_hand),
        cmocka_unit_test(test_random_policies_are_even),
        cmocka_unit_test(test_lfu_counter_against_the_table_of_redis_conf),
        cmocka_unit_test(test_lfu_counter_decays),
        cmocka_unit_test(test_volatile_policies_spare_what_never_expires),
        cmocka_unit_test(test_expire_goes_on_where_it_stopped),
        cmocka_unit_test(test_every_row_is_whole_and_keeps_the_store_sound),
        cmocka_unit_test(test_check_finds_what_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
