// sim/replay/hpa_snapshots.c - samples as JSON Lines: a line is what the controller sees at one sync.
//   {"time": 0, "replicas": 3, "pods": [{"name": "a", "phase": "Running", "ready": true, "started": -600, "transition": -590, "sampled": 0,
//    "window": 60, "request": {"cpu": "500m"}, "usage": {"cpu": "300m"}, "metrics": {"qps": "12"}}],
//    "objects": {"Service/front": {"qps": 7}}, "external": {"queue": ["12", "3500m"]}}
// * `ready` absent or null: there is no Ready condition. "Unknown" is not false. `started` absent: the pod has not started.
// * `containers` of a pod: [{"name", "request", "usage", "init", "restartPolicy"}]. Then the pod's usage is their sum, and its own `request`,
//   where it has one, is a pod-level request.
// * A rescale counts as an event for the limits of `behavior` only when the next line shows that it was carried out.
#include <stdio.h>
#include <string.h>

#include "sim/replay/hpa.h"
#include "sim/scenario/quantity.h"

typedef struct {
    sim_hpa_replay *r;
    bool            failed;
} reader;

#define FAIL(x, ...) ((void)((x)->failed || hr_lines_fail((x)->r->lines, (x)->r->e, __VA_ARGS__)), (void)((x)->failed = true))

// Refuses members that are not among `names`.
static void check_names(reader *x, const json_t *o, const char *where, const char *const *names)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)o, key, value) {
        size_t i = 0;
        while (names[i] && strcmp(names[i], key) != 0)
            i++;
        const char *near = names[i] ? NULL : hr_nearest(key, names);
        if (!names[i])
            FAIL(x, "%s has no field '%s'%s", where, key, HR_HINT(near, '\''));
    }
}
#define CHECK_NAMES(x, o, where, ...) check_names(x, o, where, (const char *const[]){__VA_ARGS__, NULL})

static bool is_null(const json_t *v) { return !v || json_is_null(v); }

// The member `key` of `o` as an object, or NULL when it is absent.
static const json_t *object_in(reader *x, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    if (is_null(v))
        return NULL;
    if (!json_is_object(v))
        FAIL(x, "%s: want an object {…}", key);
    return json_is_object(v) ? v : NULL;
}

// A quantity, as text or as a number, in thousandths.
static int64_t quantity_of(reader *x, const json_t *v, const char *name)
{
    char text[32];
    int64_t milli = 0;
    const char *written = json_string_value(v);
    if (json_is_integer(v))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        snprintf(text, sizeof text, "%.15g", json_real_value(v));
    if (json_is_number(v))
        written = text;
    if (!written || !sim_read_quantity(written, &milli))
        FAIL(x, "%s: %s%s%s is no quantity such as 500m, 12 or 2Gi", name, written ? "'" : "", written ? written : "this", written ? "'" : "");
    return milli;
}

static bool quantity_in(reader *x, const json_t *o, const char *name, int64_t *milli)
{
    const json_t *v = o ? json_object_get(o, name) : NULL;
    if (is_null(v))
        return false;
    *milli = quantity_of(x, v, name);
    return true;
}

static int32_t count_in(reader *x, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > INT32_MAX) {
        FAIL(x, "%s: want a whole number that is not negative", key);
        return 0;
    }
    return (int32_t)json_integer_value(v);
}

// A point of time, on the clock of the line's `time`, or a span in seconds.
static hr_time time_in(reader *x, const json_t *o, const char *key, hr_time fallback)
{
    const json_t *v = json_object_get(o, key);
    hr_time at = fallback;
    if (!is_null(v) && !sim_hpa_replay_instant(v, &at))
        FAIL(x, "%s: want a number of seconds, or an instant such as 2026-01-01T00:00:00Z", key);
    return at;
}

static sim_hpa_phase phase_of(reader *x, const json_t *pod)
{
    static const struct { const char *word; sim_hpa_phase phase; } phases[] = {
        {"Running", SIM_HPA_RUNNING}, {"Pending", SIM_HPA_PENDING}, {"Succeeded", SIM_HPA_SUCCEEDED}, {"Failed", SIM_HPA_FAILED},
        {"Unknown", SIM_HPA_PHASE_UNKNOWN}};
    const char *word = json_string_value(json_object_get(pod, "phase"));
    for (size_t i = 0; word && i < HR_COUNT(phases); i++)
        if (strcmp(word, phases[i].word) == 0)
            return phases[i].phase;
    FAIL(x, "phase: want Pending, Running, Succeeded, Failed or Unknown");
    return SIM_HPA_RUNNING;
}

static sim_hpa_readiness readiness_of(reader *x, const json_t *pod)
{
    const json_t *ready = json_object_get(pod, "ready");
    if (is_null(ready))
        return SIM_HPA_NO_CONDITION;
    if (json_is_string(ready) && strcmp(json_string_value(ready), "Unknown") == 0)
        return SIM_HPA_READY_UNKNOWN;
    if (!json_is_boolean(ready))
        FAIL(x, "ready: want true, false, \"Unknown\" or null");
    return json_is_true(ready) ? SIM_HPA_READY : SIM_HPA_NOT_READY;
}

// --- readings of a pod ------------------------------------------------------------------------------------------------

enum { MOST_CONTAINERS = 64 };

static bool request_of(reader *x, const json_t *pod, const sim_hpa_metric *m, int64_t *request)
{
    const json_t *list = json_object_get(pod, "containers"), *c;
    int64_t own = 0;
    bool has_own = quantity_in(x, object_in(x, pod, "request"), m->name, &own);
    sim_hpa_container containers[MOST_CONTAINERS];
    size_t i, n = json_array_size(list);
    if (is_null(list)) {
        *request = own;
        return has_own && !m->container;
    }
    json_array_foreach(list, i, c) {
        const char *policy = json_string_value(json_object_get(c, "restartPolicy")), *name = json_string_value(json_object_get(c, "name"));
        int64_t value = 0;
        bool has = quantity_in(x, object_in(x, c, "request"), m->name, &value);
        containers[i] = (sim_hpa_container){.name = name ? name : "", .is_init = json_is_true(json_object_get(c, "init")), .has_request = has,
                                            .request = value, .restarts_always = policy && strcmp(policy, "Always") == 0};
    }
    return sim_hpa_pod_request(containers, n, m->container, has_own ? &own : NULL, request);
}

// Usage: of the one container that is named, or of all that report any; one of these without the resource leaves the pod without a value.
static bool usage_of(reader *x, const json_t *pod, const sim_hpa_metric *m, int64_t *usage)
{
    const json_t *list = json_object_get(pod, "containers"), *c;
    size_t i, found = 0;
    int64_t value;
    if (is_null(list))
        return !m->container && quantity_in(x, object_in(x, pod, "usage"), m->name, usage);
    *usage = 0;
    json_array_foreach(list, i, c) {
        const char *name = json_string_value(json_object_get(c, "name"));
        const json_t *used = object_in(x, c, "usage");
        if (!used || (m->container && (!name || strcmp(name, m->container) != 0)))
            continue;
        if (!quantity_in(x, used, m->name, &value))
            return false;
        *usage = sim_go_add(*usage, value);
        found++;
    }
    return found > 0;
}

static void check_containers(reader *x, const json_t *list)
{
    const json_t *c;
    size_t i;
    if (is_null(list))
        return;
    if (!json_is_array(list) || json_array_size(list) > MOST_CONTAINERS)
        FAIL(x, "containers: want a list of at most %d", MOST_CONTAINERS);
    json_array_foreach(list, i, c) {
        if (!json_is_object(c) || !json_is_string(json_object_get(c, "name")))
            FAIL(x, "containers: each is an object with a name");
        CHECK_NAMES(x, c, "a container", "name", "request", "usage", "init", "restartPolicy");
    }
}

static void read_pod(reader *x, const json_t *pod, uint32_t number)
{
    sim_hpa_replay *r = x->r;
    if (!json_is_object(pod)) {
        FAIL(x, "pods: each is an object {…}");
        return;
    }
    CHECK_NAMES(x, pod, "a pod", "name", "phase", "ready", "started", "transition", "window", "sampled", "deleted", "request", "usage", "metrics",
                "containers");
    const json_t *deleted = json_object_get(pod, "deleted");
    if (!is_null(deleted) && !json_is_boolean(deleted))
        FAIL(x, "deleted: want true or false");
    check_containers(x, json_object_get(pod, "containers"));
    if (x->failed)
        return;
    r->pods[number] = (sim_hpa_pod){.phase = phase_of(x, pod), .ready = readiness_of(x, pod), .deleted = json_is_true(deleted),
                                    .has_start = !is_null(json_object_get(pod, "started")), .started = time_in(x, pod, "started", SIM_HPA_NEVER),
                                    .transition = time_in(x, pod, "transition", SIM_HPA_NEVER)};
    for (uint32_t m = 0; m < r->hpa->metric_count; m++) {
        const sim_hpa_metric *metric = &r->hpa->metrics[m];
        sim_hpa_reading reading = {.sampled = time_in(x, pod, "sampled", r->now), .window = time_in(x, pod, "window", 60 * HR_SEC)};
        if (metric->source == SIM_HPA_PODS) {
            reading.has_value = quantity_in(x, object_in(x, pod, "metrics"), metric->name, &reading.value);
        } else if (metric->source == SIM_HPA_RESOURCE || metric->source == SIM_HPA_CONTAINER) {
            reading.has_value = usage_of(x, pod, metric, &reading.value);
            reading.has_request = request_of(x, pod, metric, &reading.request);
        }
        r->readings[(size_t)m * r->pod_room + number] = reading;
    }
}

// --- a line -----------------------------------------------------------------------------------------------------------

static void read_values(reader *x, const json_t *line, uint32_t m)
{
    const sim_hpa_metric *metric = &x->r->hpa->metrics[m];
    const json_t *external = object_in(x, line, "external"), *objects = object_in(x, line, "objects"), *v, *one;
    size_t i;
    int64_t value;
    if (metric->source == SIM_HPA_OBJECT && objects) {
        const json_t *object = object_in(x, objects, metric->object);
        if (object && quantity_in(x, object, metric->name, &value))
            sim_hpa_replay_value(x->r, m, value);
    }
    if (metric->source != SIM_HPA_EXTERNAL || !external)
        return;
    v = json_object_get(external, metric->name);
    if (json_is_array(v)) {
        json_array_foreach(v, i, one)
            sim_hpa_replay_value(x->r, m, quantity_of(x, one, metric->name));
    } else if (!is_null(v)) {
        sim_hpa_replay_value(x->r, m, quantity_of(x, v, metric->name));
    }
}

static void read_line(reader *x, const json_t *line)
{
    const json_t *pods = json_object_get(line, "pods"), *pod;
    size_t i;
    if (!json_is_object(line)) {
        FAIL(x, "want an object {…}");
        return;
    }
    CHECK_NAMES(x, line, "a sample", "time", "replicas", "status", "pods", "objects", "external");
    if (!is_null(pods) && !json_is_array(pods))
        FAIL(x, "pods: want a list […]");
    if (!x->failed && sim_hpa_replay_time(x->r, json_object_get(line, "time")) != HR_OK)
        x->failed = true;
    if (x->failed)
        return;
    sim_hpa_replay_room(x->r, (uint32_t)json_array_size(pods));
    json_array_foreach(pods, i, pod)
        read_pod(x, pod, (uint32_t)i);
    for (uint32_t m = 0; m < x->r->hpa->metric_count; m++)
        read_values(x, line, m);
}

hr_status sim_hpa_replay_snapshots(sim_hpa_replay *r, char *line)
{
    sim_hpa_decision last = {0};
    hr_time last_at = 0;
    for (; line; line = hr_lines_next(r->lines, NULL)) {
        if (!line[strspn(line, " \t")])
            continue;
        json_error_t error;
        json_t *sample = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        if (!sample)
            return hr_lines_fail(r->lines, r->e, "column %d: not JSON: %s", error.column, error.text);
        reader x = {.r = r};
        read_line(&x, sample);
        int32_t replicas = x.failed ? 0 : count_in(&x, sample, "replicas");
        int32_t status = x.failed || is_null(json_object_get(sample, "status")) ? replicas : count_in(&x, sample, "status");
        if (!x.failed) {
            if (last.desired != last.current && replicas == last.desired)
                sim_hpa_scaled(r->hpa, &r->memory, last.current, last.desired, last_at);
            last = sim_hpa_replay_sync(r, json_object_get(sample, "time"), replicas, status);
            last_at = r->now;
        }
        json_decref(sample);
        if (x.failed)
            return HR_BAD_INPUT;
    }
    return HR_OK;
}
