// tests/truth/test_hpa_cases.c - the parts of an autoscaler's decision against the facts of hpa_cases.json, each named when it fails.
// The file lies in the folder HR_SHARED_DIR; without it the test is skipped (77). The planted twins break one rule each.
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/policy/scale/hpa.h"

static const char *const truth_path = HR_SHARED_DIR "/truth/hpa_cases.json";
enum { EXIT_SKIPPED = 77, MOST = 64 };

// What a planted twin does to a case before it is computed: it must then be noticed.
typedef enum { AS_IT_IS, NO_TOLERANCE, READY_AT_ONCE, NO_EVENTS, WINDOW_CLOSED } twin;
static twin planted;

static int64_t whole(const json_t *o, const char *key) { return json_integer_value(json_object_get(o, key)); }
static bool    is_true(const json_t *o, const char *key) { return json_is_true(json_object_get(o, key)); }
static bool    is_null(const json_t *o, const char *key) { return !json_object_get(o, key) || json_is_null(json_object_get(o, key)); }
static const char *word(const json_t *o, const char *key) { return json_string_value(json_object_get(o, key)); }

// "now" is 0; an age beyond int64 nanoseconds means a time that was never set.
static hr_time time_of_age(const json_t *o, const char *key)
{
    int64_t age = whole(o, key);
    return age > INT64_MAX / 4 / HR_SEC ? SIM_HPA_NEVER : -age * HR_SEC;
}

static sim_hpa settings(const json_t *c)
{
    sim_hpa h = {.controller = sim_hpa_controller_default(), .min = 1, .max = INT32_MAX};
    h.controller.cpu_initialisation = planted == READY_AT_ONCE ? 0 : whole(c, "cpu_initialization_period_s") * HR_SEC;
    h.controller.readiness_delay = planted == READY_AT_ONCE ? 0 : whole(c, "initial_readiness_delay_s") * HR_SEC;
    h.down_tolerance = planted == NO_TOLERANCE ? 0 : json_number_value(json_object_get(c, "tolerance_down"));
    h.up_tolerance = planted == NO_TOLERANCE ? 0 : json_number_value(json_object_get(c, "tolerance_up"));
    return h;
}

static sim_hpa_metric metric_of(const json_t *c)
{
    const json_t *m = json_object_get(c, "metric");
    const char *type = word(m, "type");
    sim_hpa_metric metric = {.name = word(m, "name"), .kind = SIM_HPA_AVERAGE, .target = whole(m, "target_average_milli")};
    metric.source = strcmp(type, "resource") == 0             ? SIM_HPA_RESOURCE
                    : strcmp(type, "container_resource") == 0 ? SIM_HPA_CONTAINER
                    : strcmp(type, "pods") == 0               ? SIM_HPA_PODS
                    : strcmp(type, "object") == 0             ? SIM_HPA_OBJECT
                                                              : SIM_HPA_EXTERNAL;
    if (!is_null(m, "target_utilization")) {
        metric.kind = SIM_HPA_UTILISATION;
        metric.target = whole(m, "target_utilization");
    }
    if (!is_null(m, "target_value_milli")) {
        metric.kind = SIM_HPA_VALUE;
        metric.target = whole(m, "target_value_milli");
    }
    return metric;
}

typedef struct {
    sim_hpa_pod      pods[MOST];
    sim_hpa_reading  readings[MOST];
    int64_t          values[MOST];
    uint8_t          group[MOST];
    sim_hpa_input    input;
    sim_hpa_snapshot s;
} scene;

static void set_scene(const json_t *c, scene *x)
{
    static const struct { const char *word; sim_hpa_phase phase; } phases[] = {
        {"running", SIM_HPA_RUNNING}, {"pending", SIM_HPA_PENDING}, {"succeeded", SIM_HPA_SUCCEEDED}, {"failed", SIM_HPA_FAILED}};
    const json_t *pod, *value, *values = json_object_get(json_object_get(c, "metric"), "values_milli");
    size_t i;
    memset(x, 0, sizeof *x);
    json_array_foreach(json_object_get(c, "pods"), i, pod) {
        sim_hpa_pod *p = &x->pods[i];
        p->phase = SIM_HPA_PHASE_UNKNOWN;
        for (size_t k = 0; k < HR_COUNT(phases); k++)
            if (strcmp(phases[k].word, word(pod, "phase")) == 0)
                p->phase = phases[k].phase;
        p->ready = is_null(pod, "ready") ? SIM_HPA_NO_CONDITION : is_true(pod, "ready") ? SIM_HPA_READY : SIM_HPA_NOT_READY;
        p->deleted = is_true(pod, "deleted");
        p->has_start = !is_null(pod, "start_age_s");
        p->started = time_of_age(pod, "start_age_s");
        p->transition = time_of_age(pod, "transition_age_s");
        x->readings[i] = (sim_hpa_reading){.has_value = !is_true(pod, "missing"), .value = whole(pod, "usage_milli"),
                                           .has_request = !is_null(pod, "request_milli"), .request = whole(pod, "request_milli"),
                                           .sampled = time_of_age(pod, "metric_age_s"), .window = whole(pod, "metric_window_s") * HR_SEC};
    }
    x->s = (sim_hpa_snapshot){.replicas = (int32_t)whole(c, "current_replicas"), .status = (int32_t)whole(c, "current_replicas"),
                              .pods = x->pods, .pod_count = (uint32_t)json_array_size(json_object_get(c, "pods")), .group = x->group};
    json_array_foreach(values ? values : json_object_get(c, "extra_metrics_milli"), i, value)
        x->values[x->input.value_count++] = json_integer_value(value);
    x->input.readings = x->readings;
    x->input.values = x->values;
}

static bool check_proposal(const json_t *c)
{
    static scene x;
    set_scene(c, &x);
    sim_hpa h = settings(c);
    sim_hpa_metric m = metric_of(c);
    sim_hpa_proposal p = sim_hpa_propose(&h, &m, &x.s, &x.input);
    const char *part = word(c, "expected_error_contains");
    if (is_true(c, "expected_error") || p.error)
        return is_true(c, "expected_error") && p.error && (!part || strstr(p.error, part));
    return p.replicas == whole(c, "expected_replicas") && (is_null(c, "expected_utilization") || p.value == whole(c, "expected_utilization")) &&
           (is_null(c, "expected_raw") || p.raw == whole(c, "expected_raw"));
}

static bool group_is(const json_t *indices, const scene *x, sim_hpa_group group)
{
    size_t i, n = 0;
    const json_t *index;
    for (uint32_t p = 0; p < x->s.pod_count; p++)
        n += x->group[p] == group;
    json_array_foreach(indices, i, index)
        if (x->group[json_integer_value(index)] != group)
            return false;
    return n == json_array_size(indices);
}

static bool check_groups(const json_t *c)
{
    static scene x;
    set_scene(c, &x);
    sim_hpa h = settings(c);
    sim_hpa_metric m = metric_of(c);
    uint32_t ready = sim_hpa_group_pods(&h, &m, &x.s, &x.input);
    return ready == whole(c, "expected_ready_count") && group_is(json_object_get(c, "expected_unready"), &x, SIM_HPA_UNREADY) &&
           group_is(json_object_get(c, "expected_missing"), &x, SIM_HPA_MISSING) &&
           group_is(json_object_get(c, "expected_ignored"), &x, SIM_HPA_IGNORED);
}

static bool check_request(const json_t *c)
{
    sim_hpa_container containers[MOST];
    const json_t *row;
    size_t i, n = 0;
    json_array_foreach(json_object_get(c, "containers_milli"), i, row)
        containers[n++] = (sim_hpa_container){.name = json_string_value(json_array_get(row, 0)), .has_request = json_is_integer(json_array_get(row, 1)),
                                              .request = json_integer_value(json_array_get(row, 1))};
    json_array_foreach(json_object_get(c, "init_containers"), i, row)
        containers[n++] = (sim_hpa_container){.name = word(row, "name"), .is_init = true, .restarts_always = is_true(row, "restart_always"),
                                              .has_request = !is_null(row, "request_milli"), .request = whole(row, "request_milli")};
    int64_t pod_level = whole(c, "pod_level_request_milli"), request = 0;
    bool by_pod = is_true(c, "pod_level_feature") && !is_null(c, "pod_level_request_milli"), named = *word(c, "container") != 0;
    bool worked = sim_hpa_pod_request(containers, n, named ? word(c, "container") : NULL, by_pod ? &pod_level : NULL, &request);
    return worked == !is_true(c, "expected_error") && (!worked || request == whole(c, "expected_request_milli"));
}

// --- behaviour --------------------------------------------------------------------------------------------------------

static sim_hpa_side side_of(const json_t *o, sim_hpa_policy *policies)
{
    const char *select = word(o, "select_policy");
    sim_hpa_side side = {.policies = policies, .window = whole(o, "stabilization_window_s") * HR_SEC,
                         .select = strcmp(select, "Max") == 0 ? SIM_HPA_MAX : strcmp(select, "Min") == 0 ? SIM_HPA_MIN : SIM_HPA_DISABLED};
    const json_t *p;
    size_t i;
    json_array_foreach(json_object_get(o, "policies"), i, p)
        policies[side.policy_count++] = (sim_hpa_policy){.percent = strcmp(word(p, "type"), "Percent") == 0, .value = (int32_t)whole(p, "value"),
                                                         .period = whole(p, "period_s") * HR_SEC};
    return side;
}

static sim_hpa_events events_of(const json_t *list, sim_hpa_event *room)
{
    sim_hpa_events events = {.at = room, .room = MOST};
    const json_t *e;
    size_t i;
    json_array_foreach(list, i, e)
        if (planted != NO_EVENTS)
            room[events.count++] = (sim_hpa_event){.change = (int32_t)whole(e, "change"), .at = -whole(e, "age_s") * HR_SEC,
                                                   .outdated = is_true(e, "outdated")};
    return events;
}

static sim_hpa_history history_of(const json_t *list, sim_hpa_recommendation *room)
{
    sim_hpa_history history = {.at = room, .room = MOST};
    const json_t *r;
    size_t i;
    json_array_foreach(list, i, r)
        room[history.count++] = (sim_hpa_recommendation){.replicas = (int32_t)whole(r, "recommendation"), .at = -whole(r, "age_s") * HR_SEC};
    return history;
}

static hr_time window_of(const json_t *c, const char *key) { return planted == WINDOW_CLOSED ? 0 : whole(c, key) * HR_SEC; }

static bool check_legacy_limit(const json_t *c)
{
    sim_hpa h = {.controller = sim_hpa_controller_default(), .min = (int32_t)whole(c, "min"), .max = (int32_t)whole(c, "max")};
    h.controller.up_factor = json_number_value(json_object_get(c, "scale_up_limit_factor"));
    h.controller.up_minimum = json_number_value(json_object_get(c, "scale_up_limit_minimum"));
    sim_hpa_limited l = sim_hpa_limit_legacy(&h, (int32_t)whole(c, "current"), (int32_t)whole(c, "desired"));
    return l.replicas == whole(c, "expected_replicas") && strcmp(l.reason, word(c, "expected_condition")) == 0;
}

static bool check_side_limit(const json_t *c)
{
    sim_hpa_policy policies[MOST];
    sim_hpa_event up[MOST], down[MOST];
    sim_hpa_side side = side_of(json_object_get(c, "rules"), policies);
    sim_hpa_memory m = {.up = events_of(json_object_get(c, "up_events"), up), .down = events_of(json_object_get(c, "down_events"), down)};
    uint32_t policy;
    bool is_up = strcmp(word(c, "kind"), "scale_up_limit") == 0;
    int32_t current = (int32_t)whole(c, "current");
    return sim_hpa_side_limit(&side, is_up, current, &m, 0, &policy) ==
           whole(c, "expected_limit");
}

static bool check_limit(const json_t *c)
{
    sim_hpa_policy ups[MOST], downs[MOST];
    sim_hpa_event up[MOST], down[MOST];
    sim_hpa_memory m = {.up = events_of(json_object_get(c, "up_events"), up), .down = events_of(json_object_get(c, "down_events"), down)};
    sim_hpa h = {.min = (int32_t)whole(c, "min"), .max = (int32_t)whole(c, "max"), .has_behaviour = true,
                 .up = side_of(json_object_get(c, "scale_up"), ups), .down = side_of(json_object_get(c, "scale_down"), downs)};
    sim_hpa_limited l = sim_hpa_limit(&h, &m, (int32_t)whole(c, "current"), (int32_t)whole(c, "desired"), 0);
    return l.replicas == whole(c, "expected_replicas") && strcmp(l.reason, word(c, "expected_condition")) == 0;
}

static bool check_stabilise_legacy(const json_t *c)
{
    sim_hpa_recommendation room[MOST];
    sim_hpa_history h = history_of(json_object_get(c, "history"), room);
    int32_t got = sim_hpa_stabilise_legacy(&h, window_of(c, "window_s"), (int32_t)whole(c, "desired"), 0);
    return got == whole(c, "expected_replicas") && h.count == whole(c, "expected_history_len");
}

static bool check_stabilise(const json_t *c)
{
    sim_hpa_recommendation room[MOST];
    sim_hpa_history h = history_of(json_object_get(c, "history"), room);
    int32_t got = sim_hpa_stabilise(&h, window_of(c, "up_window_s"), window_of(c, "down_window_s"), (int32_t)whole(c, "current"),
                                    (int32_t)whole(c, "desired"), 0);
    const json_t *expected = json_object_get(c, "expected_history"), *r;
    size_t i;
    bool same = json_is_null(expected) || h.count == json_array_size(expected);
    json_array_foreach(expected, i, r)
        same = same && room[i].replicas == json_integer_value(r);
    return same && got == whole(c, "expected_replicas");
}

static bool check_event_of(const json_t *c, bool is_up)
{
    sim_hpa_event room[MOST], other[MOST];
    sim_hpa_policy policies[MOST];
    const json_t *rules = json_object_get(c, "rules"), *expected = json_object_get(c, "expected_events"), *e;
    sim_hpa h = {.has_behaviour = !json_is_null(rules)};
    sim_hpa_memory m = {.up = {.at = other, .room = MOST}, .down = {.at = other, .room = MOST}};
    sim_hpa_events *events = is_up ? &m.up : &m.down;
    *events = events_of(json_object_get(c, "events"), room);
    if (h.has_behaviour)
        h.up = h.down = side_of(rules, policies);
    bool same = sim_hpa_change_in(events, whole(c, "change_query_period_s") * HR_SEC, 0) == whole(c, "expected_change_in_period");
    int32_t from = (int32_t)whole(c, "previous_replicas"), change = (int32_t)whole(c, "replica_change");
    sim_hpa_scaled(&h, &m, from, is_up ? from + change : from - change, 0);
    size_t i;
    same = same && events->count == json_array_size(expected);
    json_array_foreach(expected, i, e)
        same = same && i < events->count && room[i].change == whole(e, "change") && room[i].outdated == is_true(e, "outdated");
    return same;
}

static bool check_event(const json_t *c) { return check_event_of(c, true) && check_event_of(c, false); }

static const struct { const char *kind; bool (*check)(const json_t *c); } checks[] = {
    {"resource", check_proposal}, {"container", check_proposal}, {"pods", check_proposal}, {"object", check_proposal},
    {"object_per_pod", check_proposal}, {"external", check_proposal}, {"external_per_pod", check_proposal}, {"group_pods", check_groups},
    {"pod_requests", check_request}, {"convert_legacy_rules", check_legacy_limit}, {"scale_up_limit", check_side_limit},
    {"scale_down_limit", check_side_limit}, {"convert_behavior_rate", check_limit}, {"stabilize_legacy", check_stabilise_legacy},
    {"stabilize_behavior", check_stabilise}, {"store_scale_event", check_event}};

// How many of the facts do not hold; each is named unless a twin is planted.
static size_t count_failures(const json_t *facts)
{
    size_t i, failures = 0;
    const json_t *c;
    json_array_foreach(facts, i, c) {
        bool known = false, holds = false;
        for (size_t k = 0; k < HR_COUNT(checks); k++)
            if (strcmp(checks[k].kind, word(c, "kind")) == 0) {
                known = true;
                holds = checks[k].check(c);
            }
        if (!holds && planted == AS_IT_IS)
            printf("%s: %s\n", word(c, "id"), known ? "another result" : "no check for this kind");
        failures += !holds;
    }
    return failures;
}

static json_t *facts;

static void test_every_fact_holds(void **state)
{
    (void)state;
    planted = AS_IT_IS;
    printf("%zu facts\n", json_array_size(facts));
    assert_true(json_array_size(facts) >= 100);
    assert_int_equal(count_failures(facts), 0);
}

static void test_planted_mistakes_are_noticed(void **state)
{
    (void)state;
    for (planted = NO_TOLERANCE; planted <= WINDOW_CLOSED; planted++)
        if (count_failures(facts) == 0)
            fail_msg("planted mistake %d goes unnoticed", planted);
}

int main(void)
{
    json_error_t error;
    facts = json_load_file(truth_path, 0, &error);
    if (!facts) {
        printf("skipped: %s: %s\n", truth_path, error.text);
        return EXIT_SKIPPED;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_fact_holds), cmocka_unit_test(test_planted_mistakes_are_noticed)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    json_decref(facts);
    return failed;
}
