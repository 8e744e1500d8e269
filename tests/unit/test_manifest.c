// tests/unit/test_manifest.c - quantities, instants and autoscaler manifests: what is read, and what is refused with file and line.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario/instant.h"
#include "sim/scenario/manifest.h"
#include "sim/scenario/quantity.h"

static void test_quantities_are_exact(void **state)
{
    (void)state;
    static const struct { const char *text; int64_t milli; } rows[] = {
        {"500m", 500}, {"1", 1000}, {"1.5", 1500}, {".5", 500}, {"5.", 5000}, {"2k", 2000000}, {"1Ki", 1024000}, {"1.5Gi", 1610612736000},
        {"100u", 1}, {"1n", 1}, {"1000001n", 2}, {"-1n", -1}, {"-2", -2000}, {"+3", 3000}, {"1e3", 1000000}, {"12E-1", 1200}, {"0", 0},
        {"0.30000000000000000000", 300}, {"100000000000000000000n", 100000000000000}, {"8Pi", 9007199254740992000}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        int64_t milli = -7;
        if (!sim_read_quantity(rows[i].text, &milli) || milli != rows[i].milli)
            fail_msg("%s: got %lld", rows[i].text, (long long)milli);
    }
    static const char *const wrong[] = {"", "m", ".", "-", "1.2.3", "1 k", "1K", "1ki", "0x10", "nan", "1e", "1e+", "1e3k", "9e99999", "1Gi2", "1 ",
                                        "1E", "9Pi"};  // these two are too large in thousandths
    for (size_t i = 0; i < HR_COUNT(wrong); i++) {
        int64_t milli;
        if (sim_read_quantity(wrong[i], &milli))
            fail_msg("'%s' was read as %lld", wrong[i], (long long)milli);
    }
}

static void test_tolerances_are_the_doubles_of_the_canonical_form(void **state)
{
    (void)state;
    double x;
    assert_true(sim_read_quantity_real("0.1", &x) && x == 100 * 1e-3);
    assert_true(sim_read_quantity_real("0.3", &x) && x == 300 * 1e-3);
    assert_true(sim_read_quantity_real("0", &x) && x == 0);
    assert_true(sim_read_quantity_real("2", &x) && x == 2);
    assert_true(sim_read_quantity_real("50m", &x) && x == 50 * 1e-3);
    assert_false(sim_read_quantity_real("much", &x));
}

static void test_instants(void **state)
{
    (void)state;
    int64_t at;
    int32_t nanoseconds;
    assert_true(sim_read_instant("1970-01-01T00:00:00Z", &at, NULL) && at == 0);
    assert_true(sim_read_instant("2026-01-01", &at, NULL) && at == 1767225600);
    assert_true(sim_read_instant("2026-01-01T01:30:00.25+01:30", &at, &nanoseconds) && at == 1767225600 && nanoseconds == 250000000);
    assert_true(sim_read_instant("2000-02-29T00:00:00Z", &at, NULL) && at == 951782400);
    static const char *const wrong[] = {"", "2026", "2026-02-30", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.5Z",
                                        "2026-13-01", "2026-01-01T00:00:00+1", "2026-01-00", "26-1-1"};
    for (size_t i = 0; i < HR_COUNT(wrong); i++)
        if (sim_read_instant(wrong[i], &at, NULL))
            fail_msg("'%s' was read", wrong[i]);
}

// --- manifests --------------------------------------------------------------------------------------------------------

#define HEAD "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec:\n"

static hr_status parse(const char *text, const char *name, sim_manifest **m, hr_error *e)
{
    sim_hpa_controller c = sim_hpa_controller_default();
    *e = (hr_error){0};
    return sim_manifest_parse("f.yaml", text, strlen(text), name, &c, m, e);
}

static void test_absent_parts_are_filled_in(void **state)
{
    (void)state;
    sim_manifest *m;
    hr_error e;
    assert_int_equal(parse(HEAD "  maxReplicas: 9\n", NULL, &m, &e), HR_OK);
    assert_int_equal(m->hpa.min, 1);
    assert_int_equal(m->hpa.metrics[0].target, 80);
    assert_string_equal(m->hpa.metrics[0].name, "cpu");
    assert_false(m->hpa.has_behaviour);
    sim_manifest_free(m);
    assert_int_equal(parse(HEAD "  maxReplicas: 9\n  behavior: {scaleDown: {selectPolicy: Min, tolerance: 0.2}}\n", NULL, &m, &e), HR_OK);
    assert_true(m->hpa.has_behaviour);
    assert_int_equal(m->hpa.up.policy_count, 2);
    assert_int_equal(m->hpa.up.window, 0);
    assert_int_equal(m->hpa.down.select, SIM_HPA_MIN);
    assert_int_equal(m->hpa.down.window, 300 * HR_SEC);
    assert_true(m->hpa.down_tolerance == 0.2 && m->hpa.up_tolerance == 0.1);
    sim_manifest_free(m);
}

static void test_one_of_several_documents(void **state)
{
    (void)state;
    sim_manifest *m;
    hr_error e;
    const char *text = "kind: Service\nmetadata: {name: s}\n---\n" HEAD "  maxReplicas: 9\n---\n"
                       "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: b}\nspec: {maxReplicas: 4}\n";
    assert_int_equal(parse(text, "b", &m, &e), HR_OK);
    assert_int_equal(m->hpa.max, 4);
    sim_manifest_free(m);
    assert_int_equal(parse(text, NULL, &m, &e), HR_BAD_INPUT);
    assert_non_null(strstr(e.text, "--name a"));
    assert_int_equal(parse(text, "c", &m, &e), HR_BAD_INPUT);
}

#define METRIC(type, body) HEAD "  maxReplicas: 9\n  metrics:\n  - {type: " type ", " body "}\n"

static void test_mistakes_are_named(void **state)
{
    (void)state;
    static const struct { const char *text, *said; } rows[] = {
        {HEAD "  minReplicas: 2\n", "f.yaml:5:3: spec lacks `maxReplicas`"},
        {HEAD "  maxReplicas: 3\n  minReplica: 2\n", "f.yaml:6:3: spec has no field `minReplica`; did you mean `minReplicas`?"},
        {HEAD "  maxReplicas: 3\n  minReplicas: 4\n", "maxReplicas = 3 is below minReplicas = 4"},
        {HEAD "  maxReplicas: 3x\n", "want a whole number"},
        {HEAD "  maxReplicas: 3\n  minReplicas: 0\n", "needs an Object or External metric"},
        {METRIC("Resources", "resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}"), "did you mean Resource?"},
        {METRIC("Resource", "pods: {}"), "does not belong to type: Resource"},
        {METRIC("Resource", "resource: {name: cpu, target: {type: Utilization, averageUtilization: 0}}"), "from 1 to"},
        {METRIC("Resource", "resource: {name: cpu, target: {type: Utilization, averageValue: 5}}"), "does not belong to type: Utilization"},
        {METRIC("Resource", "resource: {name: cpu, target: {type: Value, value: 5}}"), "has no target `value`"},
        {METRIC("External", "external: {metric: {name: q}, target: {type: Value, value: 5 apples}}"), "want a quantity above 0"},
        {METRIC("Object", "object: {metric: {name: q}, target: {type: Value, value: 5}}"), "lacks `describedObject`"},
        {HEAD "  maxReplicas: 3\n  behavior: {scaleUp: {policies: [{type: Pods, value: 0, periodSeconds: 5}]}}\n", "from 1 to"},
        {HEAD "  maxReplicas: 3\n  behavior: {scaleUp: {policies: []}}\n", "at least one policy"},
        {HEAD "  maxReplicas: 3\n  behavior: {scaleUp: {stabilizationWindowSeconds: 3601}}\n", "from 0 to 3600"},
        {HEAD "  maxReplicas: 3\n  behavior: {scaleUp: {selectPolicy: Most}}\n", "Max, Min or Disabled"},
        {"apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nspec: {maxReplicas: 3}\n", "want autoscaling/v2"},
        {"kind: Service\n", "no document with `kind: HorizontalPodAutoscaler`"},
        {"", "no document"},
        {"a: [\n", "not YAML"}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        sim_manifest *m;
        hr_error e;
        if (parse(rows[i].text, NULL, &m, &e) != HR_BAD_INPUT || !strstr(e.text, rows[i].said))
            fail_msg("row %zu, wanted '%s': %s", i, rows[i].said, e.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantities_are_exact), cmocka_unit_test(test_tolerances_are_the_doubles_of_the_canonical_form),
        cmocka_unit_test(test_instants),             cmocka_unit_test(test_absent_parts_are_filled_in),
        cmocka_unit_test(test_one_of_several_documents), cmocka_unit_test(test_mistakes_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
