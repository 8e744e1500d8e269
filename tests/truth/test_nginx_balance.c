// tests/truth/test_nginx_balance.c - choices of a real nginx 1.22.1 (../shared/truth/nginx_balance.json), each row by its name.
// The planted-bug twin of each family makes the same choices with one detail of the rule left out, and must be caught.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <jansson.h>

#include "sim/policy/balance/upstream.h"

static json_t *truth;

typedef struct { sim_world *w; sim_ref upstream; } group;

// `names` may be NULL where the policy looks at none.
static group make(const char *policy, uint32_t count, const uint32_t *weights, const char *const *names)
{
    group g = {.w = sim_world_new(1, 0)};
    sim_upstream_def def = {.count = count, .weights = weights, .names = names};
    assert_int_equal(sim_balancer_read(policy, &def.policy, NULL), HR_OK);
    g.upstream = sim_upstream_make(g.w, &def);
    return g;
}

static int choose(group g, const void *key, uint32_t key_bytes)
{
    sim_balanced call = {.key = key, .key_bytes = key_bytes};
    uint32_t slot = sim_upstream_choose(g.w, g.upstream, &call, NULL, 0);
    sim_upstream_answer(g.w, g.upstream, slot, 0, false);
    return (int)slot;
}

// Prints the row and returns how many choices differ.
static int tell(const char *family, const char *row, int differ, int of)
{
    printf("%s %s: %d of %d choices differ\n", family, row, differ, of);
    return differ;
}

// --- weighted round robin -------------------------------------------------------------------------------------------------

static int compare_round_robin(const char *policy)
{
    size_t i, k;
    json_t *c, *choice;
    int all = 0;
    json_array_foreach(json_object_get(json_object_get(truth, "round-robin"), "cases"), i, c) {
        uint32_t weights[16] = {0}, count = 0;
        char name[64] = "";
        json_array_foreach(json_object_get(c, "weights"), k, choice) {
            weights[count++] = (uint32_t)json_integer_value(choice);
            snprintf(name + strlen(name), sizeof name - strlen(name), "%s%u", k ? "," : "", weights[k]);
        }
        group g = make(policy, count, weights, NULL);
        json_t *sequence = json_object_get(c, "sequence");
        int differ = 0;
        json_array_foreach(sequence, k, choice)
            differ += choose(g, NULL, 0) != json_integer_value(choice);
        assert_true(json_array_size(sequence) > 0);
        all += tell(policy, name, differ, (int)json_array_size(sequence));
        sim_world_free(g.w);
    }
    return all;
}

static void test_round_robin(void **state)
{
    (void)state;
    assert_int_equal(compare_round_robin("round-robin"), 0);
    assert_true(compare_round_robin("random") > 0);
}

// --- ip-hash ----------------------------------------------------------------------------------------------------------------

// `octets`: of an IPv4 address that are given to the policy as they stand; the planted bug zeroes the third.
static int compare_ip_hash(const char *rows, bool planted)
{
    static const struct { const char *column; uint32_t count, weights[5]; int down; } columns[] = {
        {"s3", 3, {1, 1, 1}, -1}, {"s5", 5, {1, 1, 1, 1, 1}, -1}, {"w321", 3, {3, 2, 1}, -1}, {"s3_down1", 3, {1, 1, 1}, 1}};
    size_t i;
    json_t *row;
    int all = 0, seen = 0;
    json_array_foreach(json_object_get(json_object_get(truth, "ip-hash"), rows), i, row) {
        const char *text = json_string_value(json_object_get(row, "addr"));
        uint8_t address[16];
        uint32_t bytes = inet_pton(AF_INET, text, address) == 1 ? 4 : 16;
        if (bytes == 16)
            assert_int_equal(inet_pton(AF_INET6, text, address), 1);
        address[2] = planted ? 0 : address[2];
        int differ = 0, of = 0;
        for (size_t k = 0; k < HR_COUNT(columns); k++) {
            const json_t *expected = json_object_get(row, columns[k].column);
            if (!expected)
                continue;
            group g = make("ip-hash", columns[k].count, columns[k].weights, NULL);
            if (columns[k].down >= 0)
                sim_upstream_mark(g.w, g.upstream, (uint32_t)columns[k].down, SIM_OUT_DOWN, true);
            differ += choose(g, address, bytes) != json_integer_value(expected);
            of++;
            sim_world_free(g.w);
        }
        seen += of;
        all += tell("ip-hash", text, differ, of);
    }
    assert_true(seen > 0);
    return all;
}

static void test_ip_hash(void **state)
{
    (void)state;
    assert_int_equal(compare_ip_hash("rows", false), 0);
    assert_int_equal(compare_ip_hash("ipv6_rows", false), 0);
    assert_true(compare_ip_hash("rows", true) > 0);
}

// --- hash and hash consistent -------------------------------------------------------------------------------------------------

// Rows are named h3 or c4_w3211 or c4_down1: number of servers, their weights, one that is down.
static int compare_hash(const char *policy, const char *section, bool planted)
{
    const char *names[8] = {NULL};
    size_t i;
    json_t *node, *choices;
    const json_t *facts = json_object_get(truth, section);
    json_array_foreach(json_object_get(facts, "servers"), i, node)
        names[i] = planted ? "127.0.0.1" : json_string_value(node);
    const char *row;
    int all = 0;
    json_object_foreach(json_object_get(facts, "choices"), row, choices) {
        uint32_t count = (uint32_t)(row[1] - '0'), weights[8] = {1, 1, 1, 1, 1, 1, 1, 1};
        for (uint32_t k = 0; strstr(row, "_w") && k < count; k++)
            weights[k] = (uint32_t)(strstr(row, "_w")[2 + k] - '0');
        group g = make(policy, count, weights, names);
        if (strstr(row, "_down"))
            sim_upstream_mark(g.w, g.upstream, (uint32_t)(strstr(row, "_down")[5] - '0'), SIM_OUT_DOWN, true);
        int differ = 0;
        json_array_foreach(choices, i, node) {
            char key[16];
            int length = snprintf(key, sizeof key, "k%zu", i);
            differ += choose(g, key, (uint32_t)length - planted) != json_integer_value(node);
        }
        assert_int_equal(json_array_size(choices), 100);
        all += tell(policy, row, differ, 100);
        sim_world_free(g.w);
    }
    return all;
}

static void test_hash(void **state)
{
    (void)state;
    assert_int_equal(compare_hash("hash", "hash", false), 0);
    assert_true(compare_hash("hash", "hash", true) > 0);             // the last letter is not hashed
}

static void test_hash_consistent(void **state)
{
    (void)state;
    assert_int_equal(compare_hash("hash-consistent", "hash-consistent", false), 0);
    assert_true(compare_hash("hash-consistent", "hash-consistent", true) > 0);         // nor are the ports
}

int main(void)
{
    const char *path = HR_SHARED_DIR "/truth/nginx_balance.json";
    struct stat there;
    if (stat(path, &there) != 0) {
        printf("%s is not there: skipped\n", path);
        return 77;
    }
    json_error_t wrong;
    truth = json_load_file(path, 0, &wrong);
    if (!truth) {
        printf("%s:%d: %s\n", path, wrong.line, wrong.text);
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_robin), cmocka_unit_test(test_ip_hash), cmocka_unit_test(test_hash),
                                       cmocka_unit_test(test_hash_consistent)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    json_decref(truth);
    return failed;
}
