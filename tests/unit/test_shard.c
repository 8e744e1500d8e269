// tests/unit/test_shard.c - policies for shards: every key has one shard, shards are even as far as they promise, and one shard more moves the
// shares of rows that are known: n/(n+1) by hash, half by range, 1/(n+1) by directory and consistent hashing.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/policy/shard/shard.h"

enum { ROWS = 1000000 };

typedef struct { const sim_sharding *row; void *map; uint32_t count; } shards;

static shards make(const char *policy, const sim_sharding_def *settings, uint32_t count)
{
    sim_sharding_def d = *settings;
    d.vnodes = d.vnodes ? d.vnodes : 128;
    d.rows = d.rows ? d.rows : ROWS;
    shards s = {sim_shardings[sim_sharding_find(policy)], NULL, count};
    if (!s.row->bytes)
        return s;
    s.map = hr_alloc(s.row->bytes(&d, count));
    s.row->fill(s.map, &d, count);
    return s;
}

static uint32_t shard_of(const shards *s, uint64_t key)
{
    uint32_t shard = s->row->shard(s->map, s->count, key);
    assert_true(shard < s->count);
    return shard;
}

// Of all policies, also of one that is written tomorrow: a shard below `count`, the same one again, each shard has some rows.
static void test_every_row_keeps_its_contract(void **state)
{
    (void)state;
    for (int i = 0; sim_shardings[i]; i++) {
        assert_true(sim_shardings[i]->name && sim_shardings[i]->summary && sim_shardings[i]->shard);
        assert_int_equal(sim_sharding_find(sim_shardings[i]->name), i);
        assert_true(!sim_shardings[i]->bytes == !sim_shardings[i]->fill);
        for (uint32_t count = 1; count <= SIM_MOST_SHARDS; count += count < 5 ? 1 : 9) {
            uint32_t rows[SIM_MOST_SHARDS] = {0};
            shards s = make(sim_shardings[i]->name, &(sim_sharding_def){0}, count), again = make(sim_shardings[i]->name, &(sim_sharding_def){0}, count);
            for (uint64_t key = 0; key < ROWS; key += 37) {
                rows[shard_of(&s, key)]++;
                assert_int_equal(shard_of(&s, key), shard_of(&again, key));
            }
            for (uint32_t shard = 0; shard < count; shard++)
                assert_true(rows[shard] > 0);
            (void)shard_of(&s, UINT64_MAX);
            free(s.map);
            free(again.map);
        }
    }
}

// The share of rows that live elsewhere when there are so many shards; *astray: of these, those that did not go to a new shard.
static double moved(const char *policy, uint32_t from, uint32_t to, uint32_t *astray)
{
    shards a = make(policy, &(sim_sharding_def){0}, from), b = make(policy, &(sim_sharding_def){0}, to);
    uint32_t count = 0;
    *astray = 0;
    for (uint64_t key = 0; key < ROWS; key++) {
        uint32_t home = shard_of(&b, key);
        count += home != shard_of(&a, key);
        *astray += home != shard_of(&a, key) && home < from;
    }
    free(a.map);
    free(b.map);
    return (double)count / ROWS;
}

// Four standard deviations of the share of a million rows that move with probability p.
static double noise(double p) { return 4 * sqrt(p * (1 - p) / ROWS); }

static void test_one_shard_more_moves_the_known_share(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= 8; n++) {
        uint32_t astray;
        double hash = (double)n / (n + 1), least = 1.0 / (n + 1);
        double got = moved("hash", n, n + 1, &astray);
        printf("%u shards and one more: hash moves %.4f (n/(n+1) = %.4f)", n, got, hash);
        assert_true(fabs(got - hash) < noise(hash));
        got = moved("range", n, n + 1, &astray);           // old range i reaches n - i of n (n + 1) parts into new range i + 1: n (n + 1) / 2
        printf(", range %.6f (1/2)", got);
        assert_true(fabs(got - 0.5) < (n + 1.0) / ROWS);
        got = moved("directory", n, n + 1, &astray);       // 16384 / (n + 1) slots, rounded down
        printf(", directory %.4f (%.4f)", got, floor(16384.0 / (n + 1)) / 16384);
        assert_true(fabs(got - floor(16384.0 / (n + 1)) / 16384) < noise(least));
        assert_int_equal(astray, 0);
        got = moved("consistent-hash", n, n + 1, &astray); // its new shard has 128 of 128 (n + 1) arcs, exponential ones: 1/sqrt(128) of it is chance
        printf(", consistent-hash %.4f (1/(n+1) = %.4f)\n", got, least);
        assert_true(fabs(got - least) < 4 * least / sqrt(128));
        assert_int_equal(astray, 0);
    }
}

// One fewer is the same the other way round.
static void test_fewer_shards_move_back(void **state)
{
    (void)state;
    for (int i = 0; sim_shardings[i]; i++) {
        uint32_t astray;
        assert_true(moved(sim_shardings[i]->name, 5, 4, &astray) == moved(sim_shardings[i]->name, 4, 5, &astray));
    }
}

static double unevenness(uint32_t vnodes)
{
    double sum = 0;
    uint32_t rows[16] = {0};
    shards s = make("consistent-hash", &(sim_sharding_def){.vnodes = vnodes}, 16);
    for (uint64_t key = 0; key < ROWS; key++)
        rows[shard_of(&s, key)]++;
    for (int i = 0; i < 16; i++)
        sum += pow(rows[i] * 16.0 / ROWS - 1, 2);
    free(s.map);
    return sqrt(sum / 16);
}

// A shard's share of the ring is the sum of `vnodes` exponential arcs: its deviation is 1/sqrt(vnodes) of it.
static void test_more_vnodes_are_more_even(void **state)
{
    (void)state;
    static const uint32_t vnodes[] = {1, 16, 256, 4096};
    for (size_t i = 0; i < HR_COUNT(vnodes); i++) {
        double got = unevenness(vnodes[i]), want = 1 / sqrt(vnodes[i]);
        printf("%u vnodes: shards differ by %.4f of the mean; 1/sqrt(vnodes) = %.4f\n", vnodes[i], got, want);
        assert_true(got > want / 2 && got < want * 2);     // of sixteen shards: a chi distribution with fifteen degrees of freedom
    }
}

static void test_bounds_and_places_are_kept(void **state)
{
    (void)state;
    static const uint64_t bounds[] = {10, 100};
    shards s = make("range", &(sim_sharding_def){.bounds = bounds}, 3);
    static const struct { uint64_t key; uint32_t shard; } cases[] = {{0, 0}, {9, 0}, {10, 1}, {99, 1}, {100, 2}, {UINT64_MAX, 2}};
    for (size_t i = 0; i < HR_COUNT(cases); i++)
        assert_int_equal(shard_of(&s, cases[i].key), cases[i].shard);
    free(s.map);
    s = make("range", &(sim_sharding_def){.rows = 10}, 3);         // 0-2, 3-5, 6-9
    static const uint32_t want[] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 2};
    for (uint64_t key = 0; key < 10; key++)
        assert_int_equal(shard_of(&s, key), want[key]);
    free(s.map);
    static const sim_shard_place places[] = {{.key = 3, .shard = 1}, {.key = 7, .shard = 3}, {.key = 1u << 30, .shard = 0}};
    s = make("directory", &(sim_sharding_def){.places = places, .place_count = 3}, 4);
    shards without = make("directory", &(sim_sharding_def){0}, 4);
    for (uint64_t key = 0; key < 100; key++)
        assert_int_equal(shard_of(&s, key), key == 3 ? 1 : key == 7 ? 3 : shard_of(&without, key));
    assert_int_equal(shard_of(&s, 1u << 30), 0);
    free(s.map);
    free(without.map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_keeps_its_contract), cmocka_unit_test(test_one_shard_more_moves_the_known_share),
        cmocka_unit_test(test_fewer_shards_move_back), cmocka_unit_test(test_more_vnodes_are_more_even),
        cmocka_unit_test(test_bounds_and_places_are_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
