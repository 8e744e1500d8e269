// tests/truth/test_nginx_limit.c - limit-req against verdicts, delays and excess that a real nginx gave (shared/truth/nginx_limit.json).
// Each case is read as nginx was configured ("rate=10r/s burst=5 delay=3"). The planted twin is GCRA: the same bucket without nginx's
// roundings and delays, which must be told apart.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "sim/policy/limit/limit.h"
#include "sim/scenario/units.h"

static sim_limit_def settings_of(const char *config)
{
    sim_limit_def l = {0};
    unsigned given = SIM_LIMIT_RATE | SIM_LIMIT_BURST | SIM_LIMIT_DELAY;
    char *text = hr_strdup(config), *rest = text;
    for (char *word; (word = strsep(&rest, " ")) != NULL; ) {
        if (strncmp(word, "rate=", 5) == 0)
            assert_true(sim_read_rate_unit(word + 5, &l.rate_per_s, &l.unit));
        else if (strncmp(word, "burst=", 6) == 0)
            l.burst = (uint32_t)strtoul(word + 6, NULL, 10);
        else if (strncmp(word, "delay=", 6) == 0)
            l.delay = (uint32_t)strtoul(word + 6, NULL, 10);
        else if (strcmp(word, "nodelay") == 0)
            l.delay = SIM_NODELAY;
        else
            assert_true(word[0] == '(' || word[strlen(word) - 1] == ')');   // "(no burst)"
    }
    free(text);
    hr_error e = {0};
    if (sim_limit_ready(sim_limiters[sim_limiter_find("limit-req")], &l, given, &e))
        fail_msg("%s: %s", config, e.text);
    return l;
}

// How many arrivals of a case come out otherwise than with nginx.
static int differences(const json_t *row, const sim_limiter *policy, bool tell)
{
    const char *config = json_string_value(json_object_get(row, "config")), *verdict = json_string_value(json_object_get(row, "verdict"));
    sim_limit_def l = settings_of(config);
    assert_int_equal(sim_limit_earned(&l, 1000000) / l.unit, json_integer_value(json_object_get(row, "rate_milli")));
    void *state = hr_alloc(sim_limit_size(policy, &l));
    const json_t *times = json_object_get(row, "t_ms"), *delays = json_object_get(row, "delay_ms");
    int wrong = 0;
    for (size_t i = 0; i < json_array_size(times); i++) {
        hr_time wait = policy->ask(state, &l, json_integer_value(json_array_get(times, i)) * HR_MS);
        const json_t *delay = json_array_get(delays, i);
        char said = wait == SIM_DENY ? 'R' : wait ? 'D' : 'P';
        bool same = said == verdict[i] && (json_is_null(delay) ? wait == SIM_DENY : wait == json_integer_value(delay) * HR_MS);
        if (!same && tell)
            printf("  arrival %zu at %lld ms: %c %lld, nginx says %c\n", i, (long long)json_integer_value(json_array_get(times, i)), said,
                   (long long)(wait / HR_MS), verdict[i]);
        wrong += !same;
    }
    free(state);
    return wrong;
}

static json_t *cases(void)
{
    json_error_t error;
    json_t *document = json_load_file(HR_SHARED_DIR "/truth/nginx_limit.json", 0, &error);
    if (!document)
        fail_msg("%s: %s", HR_SHARED_DIR "/truth/nginx_limit.json", error.text);
    return document;
}

static void test_limit_req_is_nginx(void **state)
{
    (void)state;
    json_t *document = cases(), *row;
    size_t i;
    int wrong = 0;
    json_array_foreach(json_object_get(document, "cases"), i, row) {
        int n = differences(row, sim_limiters[sim_limiter_find("limit-req")], true);
        printf("%s, %s: %zu arrivals, %d differ\n", json_string_value(json_object_get(row, "config")),
               json_string_value(json_object_get(row, "pattern")), json_array_size(json_object_get(row, "t_ms")), n);
        wrong += n;
    }
    assert_true(i >= 10);
    json_decref(document);
    assert_int_equal(wrong, 0);
}

// The twin: GCRA with the same rate and burst is the same bucket without nginx's roundings and delays.
static void test_an_ideal_bucket_is_not_nginx(void **state)
{
    (void)state;
    json_t *document = cases(), *row;
    size_t i;
    int wrong = 0;
    json_array_foreach(json_object_get(document, "cases"), i, row)
        wrong += differences(row, sim_limiters[sim_limiter_find("gcra")], false) > 0;
    json_decref(document);
    assert_true(wrong > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limit_req_is_nginx), cmocka_unit_test(test_an_ideal_bucket_is_not_nginx)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
