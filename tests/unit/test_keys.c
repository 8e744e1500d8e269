// tests/unit/test_keys.c - what `explain` and messages say of a key is so: its examples are values of it, and none is one where that means something.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario/keys.h"
#include "sim/scenario/units.h"

// The nth value that an example gives, from 0: "a whole number such as 64 or 10k" gives two. False: there are no more.
static bool value_in(const char *example, int nth, char *out, size_t room)
{
    const char *at = strstr(example, "such as ");
    if (!at)
        return false;
    at += strlen("such as ");
    for (; nth > 0; nth--) {
        at = strstr(at, " or ");
        if (!at)
            return false;
        at += strlen(" or ");
    }
    snprintf(out, room, "%.*s", (int)strcspn(at, ",( "), at);
    return true;
}

static bool read(const sim_key *k, const char *text, double *x)
{
    hr_time time = 0;
    switch (k->type) {
    case SIM_TYPE_COUNT: case SIM_TYPE_COUNT64: return sim_read_count(text, x);
    case SIM_TYPE_REAL: return sim_read_cores(text, x);
    case SIM_TYPE_PLAIN_RATE: return sim_read_rate(text, x);
    case SIM_TYPE_SHARE: return sim_read_share(text, x);
    case SIM_TYPE_NUMBER: return sim_read_number(text, x);
    case SIM_TYPE_BYTES: case SIM_TYPE_BYTES32: case SIM_TYPE_BYTES64: return sim_read_bytes(text, x);
    default: return sim_read_time(text, &time) && (*x = (double)time * 1e-9, true);
    }
}

static bool is_number(sim_type type)
{
    return (type >= SIM_TYPE_COUNT && type <= SIM_TYPE_TIME_OR_NONE) || type == SIM_TYPE_PLAIN_RATE || type == SIM_TYPE_SHARE || type == SIM_TYPE_NUMBER;
}

static void test_examples_are_values_of_their_key(void **state)
{
    (void)state;
    int seen = 0;
    for (const sim_key *k = sim_key_table; k->owner; k++) {
        char text[32];
        double x = 0;
        for (int n = 0; is_number(k->type) && value_in(sim_key_example(k), n, text, sizeof text) && strcmp(text, "none") != 0; n++, seen++)
            if (!read(k, text, &x) || x < k->least || x > k->most)
                fail_msg("%s.%s, %g to %g: '%s' is no value of it", k->owner, k->name, k->least, k->most, text);
    }
    printf("%d examples\n", seen);
    assert_true(seen > 200);
}

// A key that takes none says what that means: "none: for ever", or it is the default.
static void test_none_is_offered_where_it_means_something(void **state)
{
    (void)state;
    for (const sim_key *k = sim_key_table; k->owner; k++) {
        bool means = strstr(k->help, "none: ") || (k->fallback && strcmp(k->fallback, "none") == 0);
        bool is_offered = sim_key_is_time(k) && strstr(sim_key_example(k), "or none");
        if (sim_key_is_time(k) && means != is_offered)
            fail_msg("%s.%s: none means %s, and is %soffered", k->owner, k->name, means ? "something" : "nothing", is_offered ? "" : "not ");
    }
}

// And it is read only there.
static void test_none_is_refused_elsewhere(void **state)
{
    (void)state;
    static const char *const lines[] = {"run: {duration: none}", "run: {sample: none}", "faults: [{at: none, kill: s}]"};
    for (size_t i = 0; i < HR_COUNT(lines); i++) {
        hr_error e = {0};
        sim_model *model = NULL;
        char *text = hr_format("scenario: t\ncomponents: {s: {kind: service, on: {go: [{wait: 1ms}]}}}\nworkload: {w: {rate: 1/s, call: s.go}}\n%s\n", lines[i]);
        assert_int_equal(sim_model_parse("t.yaml", text, strlen(text), "", &model, &e), HR_BAD_INPUT);
        if (!strstr(e.text, "t.yaml:4:") || !strstr(e.text, " = 'none': want a time such as 5ms (units: ns, us, ms, s, min, h)\n"))
            fail_msg("%s: %s", lines[i], e.text);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_are_values_of_their_key),
        cmocka_unit_test(test_none_is_offered_where_it_means_something),
        cmocka_unit_test(test_none_is_refused_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
