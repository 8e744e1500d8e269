// sim/scenario/manifest.c - see manifest.h. One function a map of the manifest; each names the keys it takes, so that others are refused.
#include "sim/scenario/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "sim/scenario/keys.h"
#include "sim/scenario/quantity.h"

enum { LARGEST_FILE = 1 << 20 };

typedef struct {
    sim_pool   *pool;
    sim_source *source;
    bool        failed;
} reader;

#define FAIL(r, node, ...) ((void)SIM_WRONG((r)->source, node, __VA_ARGS__), (void)((r)->failed = true))

// --- small words ------------------------------------------------------------------------------------------------------

// Complains of a node that is no map, and of keys that are not among `names` (NULL at the end).
static bool check_map(reader *r, const sim_node *map, const char *where, const char *const *names)
{
    if (map->kind != SIM_MAP) {
        FAIL(r, map, "%s: want a map", where);
        return false;
    }
    for (const sim_node *m = map->first; m; m = m->next) {
        size_t i = 0;
        while (names[i] && strcmp(names[i], m->key->text) != 0)
            i++;
        const char *near = names[i] ? NULL : hr_nearest(m->key->text, names);
        if (!names[i])
            FAIL(r, m->key, "%s has no field `%s`%s", where, m->key->text, HR_HINT(near, '`'));
    }
    return true;
}
#define CHECK_MAP(r, map, where, ...) check_map(r, map, where, (const char *const[]){__VA_ARGS__, NULL})

// The same of what scenarios have, too: the names are those of `owner` in the table of keys.
static bool check_keys(reader *r, const sim_node *map, const char *where, const char *owner)
{
    const char *names[8] = {0};
    size_t n = 0;
    for (const sim_key *k = sim_key_table; k->owner; k++)
        if (strcmp(k->owner, owner) == 0 && n + 1 < HR_COUNT(names))
            names[n++] = k->name;
    return check_map(r, map, where, names);
}

static sim_node *need(reader *r, sim_node *map, const char *where, const char *key)
{
    sim_node *n = sim_node_member(map, key);
    if (!n)
        FAIL(r, map, "%s lacks `%s`", where, key);
    return n;
}

static const char *text_of(reader *r, const sim_node *n, const char *key)
{
    if (n->kind == SIM_SCALAR && *n->text)
        return n->text;
    FAIL(r, n, "%s: want a word", key);
    return "";
}

// A whole number from `least` to `most`; `value` keeps what it has when `n` is NULL or wrong.
static void read_whole(reader *r, const sim_node *n, int64_t least, int64_t most, int32_t *value)
{
    if (!n)
        return;
    char *end = NULL;
    long long x = n->kind == SIM_SCALAR ? strtoll(n->text, &end, 10) : 0;
    if (!end || end == n->text || *end || x < least || x > most)
        FAIL(r, n, "%s = '%s': want a whole number from %lld to %lld", n->key->text, n->kind == SIM_SCALAR ? n->text : "…", (long long)least,
             (long long)most);
    else
        *value = (int32_t)x;
}

static void read_target(reader *r, const sim_node *n, int64_t *milli)
{
    if (n->kind != SIM_SCALAR || !sim_read_quantity(n->text, milli) || *milli <= 0) {
        FAIL(r, n, "%s = '%s': want a quantity above 0 such as 500m, 10 or 2Gi", n->key->text, n->kind == SIM_SCALAR ? n->text : "…");
        *milli = 1;
    }
}

// --- metrics ----------------------------------------------------------------------------------------------------------

static const struct { const char *type, *key; sim_hpa_source source; const char *targets[3]; } sources[] = {
    {"Resource", "resource", SIM_HPA_RESOURCE, {"averageUtilization", "averageValue"}},
    {"ContainerResource", "containerResource", SIM_HPA_CONTAINER, {"averageUtilization", "averageValue"}},
    {"Pods", "pods", SIM_HPA_PODS, {"averageValue"}},
    {"Object", "object", SIM_HPA_OBJECT, {"value", "averageValue"}},
    {"External", "external", SIM_HPA_EXTERNAL, {"value", "averageValue"}},
};

static const struct { const char *key, *type; sim_hpa_target kind; } targets[] = {
    {"averageUtilization", "Utilization", SIM_HPA_UTILISATION}, {"averageValue", "AverageValue", SIM_HPA_AVERAGE},
    {"value", "Value", SIM_HPA_VALUE}};

// The target's value is the field that `type` names, and only that.
static void read_metric_target(reader *r, sim_node *map, size_t source, sim_hpa_metric *m)
{
    if (!CHECK_MAP(r, map, "target", "type", "averageUtilization", "averageValue", "value"))
        return;
    sim_node *type = sim_node_member(map, "type"), *value = NULL;
    for (size_t t = 0; t < HR_COUNT(targets); t++) {
        sim_node *n = sim_node_member(map, targets[t].key);
        bool named = type && type->kind == SIM_SCALAR && strcmp(type->text, targets[t].type) == 0;
        if (n && type && !named)
            FAIL(r, n, "target: `%s` does not belong to type: %s", targets[t].key, type->kind == SIM_SCALAR ? type->text : "…");
        if (!n || (type && !named))
            continue;
        if (value)
            FAIL(r, n, "target: `%s` and `%s` at once", value->key->text, targets[t].key);
        value = n;
        m->kind = targets[t].kind;
    }
    if (!value) {
        FAIL(r, map, "target: want %s%s%s", sources[source].targets[0], sources[source].targets[1] ? " or " : "",
             sources[source].targets[1] ? sources[source].targets[1] : "");
        return;
    }
    bool fits = false;
    for (const char *const *t = sources[source].targets; *t; t++)
        fits = fits || strcmp(*t, value->key->text) == 0;
    if (!fits)
        FAIL(r, value, "a metric of type %s has no target `%s`", sources[source].type, value->key->text);
    int32_t percent = 1;
    if (m->kind == SIM_HPA_UTILISATION)
        read_whole(r, value, 1, INT32_MAX, &percent);
    if (m->kind == SIM_HPA_UTILISATION)
        m->target = percent;
    else
        read_target(r, value, &m->target);
}

static const char *metric_name(reader *r, sim_node *map, const char *where)
{
    sim_node *metric = need(r, map, where, "metric");
    if (!metric || !CHECK_MAP(r, metric, "metric", "name", "selector"))
        return "";
    sim_node *name = need(r, metric, "metric", "name");
    return name ? text_of(r, name, "metric.name") : "";
}

static void read_object(reader *r, sim_node *map, sim_hpa_metric *m)
{
    sim_node *object = need(r, map, "object", "describedObject");
    if (!object || !CHECK_MAP(r, object, "describedObject", "apiVersion", "kind", "name"))
        return;
    sim_node *kind = need(r, object, "describedObject", "kind"), *name = need(r, object, "describedObject", "name");
    if (!kind || !name)
        return;
    char *text = hr_format("%s/%s", text_of(r, kind, "kind"), text_of(r, name, "name"));
    m->object = sim_pool_text(r->pool, text);
    free(text);
}

static void read_source(reader *r, sim_node *map, size_t source, sim_hpa_metric *m)
{
    const char *where = sources[source].key;
    bool good = m->source == SIM_HPA_RESOURCE    ? CHECK_MAP(r, map, where, "name", "target")
                : m->source == SIM_HPA_CONTAINER ? CHECK_MAP(r, map, where, "name", "container", "target")
                : m->source == SIM_HPA_OBJECT    ? CHECK_MAP(r, map, where, "metric", "describedObject", "target")
                                                 : CHECK_MAP(r, map, where, "metric", "target");
    if (!good)
        return;
    bool is_resource = m->source == SIM_HPA_RESOURCE || m->source == SIM_HPA_CONTAINER;
    sim_node *name = is_resource ? need(r, map, where, "name") : NULL, *target = need(r, map, where, "target");
    if (name)
        m->name = text_of(r, name, "name");
    else if (!is_resource)
        m->name = metric_name(r, map, where);
    sim_node *container = m->source == SIM_HPA_CONTAINER ? need(r, map, where, "container") : NULL;
    if (container)
        m->container = text_of(r, container, "container");
    if (m->source == SIM_HPA_OBJECT)
        read_object(r, map, m);
    if (target)
        read_metric_target(r, target, source, m);
}

static void read_metric(reader *r, sim_node *map, sim_hpa_metric *m)
{
    if (!CHECK_MAP(r, map, "a metric", "type", "resource", "containerResource", "pods", "object", "external"))
        return;
    sim_node *type = need(r, map, "a metric", "type");
    const char *types[HR_COUNT(sources) + 1] = {0};
    bool known = false;
    *m = (sim_hpa_metric){.name = "", .target = 1};
    if (!type || type->kind != SIM_SCALAR)
        return;
    for (size_t i = 0; i < HR_COUNT(sources); i++) {
        types[i] = sources[i].type;
        sim_node *body = sim_node_member(map, sources[i].key);
        if (strcmp(type->text, sources[i].type) != 0) {
            if (body)
                FAIL(r, body->key, "`%s` does not belong to type: %s", sources[i].key, type->text);
            continue;
        }
        m->source = sources[i].source;
        if (body)
            read_source(r, body, i, m);
        else
            FAIL(r, map, "type: %s lacks `%s`", type->text, sources[i].key);
        known = true;
    }
    const char *near = known ? NULL : hr_nearest(type->text, types);
    if (!known)
        FAIL(r, type, "no metric of type '%s'; there are Resource, ContainerResource, Pods, Object and External%s%s%s", type->text,
             near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static const sim_hpa_metric cpu_at_80 = {.source = SIM_HPA_RESOURCE, .kind = SIM_HPA_UTILISATION, .target = 80, .name = "cpu"};

static void read_metrics(reader *r, sim_node *list, sim_hpa *h)
{
    h->metrics = &cpu_at_80;
    h->metric_count = 1;
    if (list && list->kind != SIM_LIST)
        FAIL(r, list, "metrics: want a list");
    if (!list || list->kind != SIM_LIST || !list->count)
        return;
    sim_hpa_metric *metrics = sim_pool_take(r->pool, list->count * sizeof *metrics);
    size_t n = 0;
    for (sim_node *m = list->first; m; m = m->next)
        read_metric(r, m, &metrics[n++]);
    h->metrics = metrics;
    h->metric_count = (uint32_t)n;
}

// --- behaviour --------------------------------------------------------------------------------------------------------

static void read_policy(reader *r, sim_node *map, sim_hpa_policy *p)
{
    if (!check_keys(r, map, "a policy", "scaling_policy"))
        return;
    sim_node *type = need(r, map, "a policy", "type");
    int32_t seconds = 1;
    read_whole(r, need(r, map, "a policy", "value"), 1, INT32_MAX, &p->value);
    read_whole(r, need(r, map, "a policy", "periodSeconds"), 1, 1800, &seconds);
    p->period = seconds * HR_SEC;
    p->percent = type && type->kind == SIM_SCALAR && strcmp(type->text, "Percent") == 0;
    if (type && !p->percent && (type->kind != SIM_SCALAR || strcmp(type->text, "Pods") != 0))
        FAIL(r, type, "type: want Pods or Percent");
}

static void read_side(reader *r, sim_node *map, const char *where, sim_hpa_side *side, double *tolerance)
{
    static const char *const selects[] = {"Max", "Min", "Disabled", NULL};
    if (!map || !check_keys(r, map, where, "scaling_rules"))
        return;
    sim_node *window = sim_node_member(map, "stabilizationWindowSeconds"), *select = sim_node_member(map, "selectPolicy");
    sim_node *policies = sim_node_member(map, "policies"), *wide = sim_node_member(map, "tolerance");
    int32_t seconds = (int32_t)(side->window / HR_SEC);
    read_whole(r, window, 0, 3600, &seconds);
    side->window = window ? seconds * HR_SEC : side->window;
    if (select) {
        size_t i = 0;
        while (selects[i] && (select->kind != SIM_SCALAR || strcmp(select->text, selects[i]) != 0))
            i++;
        if (selects[i])
            side->select = (sim_hpa_select)i;
        else
            FAIL(r, select, "selectPolicy: want Max, Min or Disabled");
    }
    if (wide && (wide->kind != SIM_SCALAR || !sim_read_quantity_real(wide->text, tolerance) || *tolerance < 0))
        FAIL(r, wide, "tolerance: want a quantity such as 0.05, not below 0");
    if (policies && (policies->kind != SIM_LIST || !policies->count))
        FAIL(r, policies, "%s.policies: want a list of at least one policy", where);
    if (!policies || policies->kind != SIM_LIST)
        return;
    sim_hpa_policy *list = sim_pool_take(r->pool, policies->count * sizeof *list);
    size_t n = 0;
    for (sim_node *p = policies->first; p; p = p->next)
        read_policy(r, p, &list[n++]);
    side->policies = list;
    side->policy_count = (uint32_t)n;
}

static void read_behaviour(reader *r, sim_node *map, sim_hpa *h)
{
    h->up_tolerance = h->down_tolerance = h->controller.tolerance;
    h->up = sim_hpa_up_default();
    h->down = sim_hpa_down_default(&h->controller);
    if (!map || !check_keys(r, map, "behavior", "behavior"))
        return;
    h->has_behaviour = true;
    read_side(r, sim_node_member(map, "scaleUp"), "scaleUp", &h->up, &h->up_tolerance);
    read_side(r, sim_node_member(map, "scaleDown"), "scaleDown", &h->down, &h->down_tolerance);
}

bool sim_behaviour_read(sim_pool *pool, sim_source *source, sim_node *behaviour, sim_hpa *hpa)
{
    reader r = {.pool = pool, .source = source};
    read_behaviour(&r, behaviour, hpa);
    return !r.failed;
}

// --- the document -----------------------------------------------------------------------------------------------------

static bool can_reach_zero(const sim_hpa *h)
{
    for (uint32_t i = 0; i < h->metric_count; i++)
        if (h->metrics[i].source == SIM_HPA_OBJECT || h->metrics[i].source == SIM_HPA_EXTERNAL)
            return true;
    return false;
}

static void read_spec(reader *r, sim_node *spec, sim_hpa *h)
{
    if (!CHECK_MAP(r, spec, "spec", "scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior"))
        return;
    sim_node *min = sim_node_member(spec, "minReplicas"), *max = need(r, spec, "spec", "maxReplicas");
    h->min = h->max = 1;
    read_whole(r, min, 0, INT32_MAX, &h->min);
    read_whole(r, max, 1, INT32_MAX, &h->max);
    if (max && h->max < h->min)
        FAIL(r, max, "maxReplicas = %d is below minReplicas = %d", h->max, h->min);
    read_metrics(r, sim_node_member(spec, "metrics"), h);
    read_behaviour(r, sim_node_member(spec, "behavior"), h);
    if (min && h->min == 0 && !r->failed && !can_reach_zero(h))
        FAIL(r, min, "minReplicas = 0 needs an Object or External metric: without pods there are no others to wake them up");
}

static bool has_text(sim_node *map, const char *key, const char *text)
{
    const sim_node *n = sim_node_member(map, key);
    return n && n->kind == SIM_SCALAR && strcmp(n->text, text) == 0;
}

static const char *name_of(sim_node *document)
{
    const sim_node *name = sim_node_member(sim_node_member(document, "metadata"), "name");
    return name && name->kind == SIM_SCALAR ? name->text : "";
}

// The autoscaler that is meant, or NULL after a complaint.
static sim_node *choose(reader *r, sim_node *documents, const char *name)
{
    sim_node *found = NULL;
    size_t count = 0;
    for (sim_node *d = documents; d; d = d->next)
        if (d->kind == SIM_MAP && has_text(d, "kind", "HorizontalPodAutoscaler") && (!name || strcmp(name_of(d), name) == 0)) {
            found = found ? found : d;
            count++;
        }
    r->failed = r->failed || count != 1;
    if (count == 0 && name)
        sim_wrong(r->source, 1, 1, "no HorizontalPodAutoscaler named '%s' in this file", name);
    else if (count == 0)
        sim_wrong(r->source, 1, 1, "no document with `kind: HorizontalPodAutoscaler` in this file");
    else if (count > 1)
        SIM_WRONG(r->source, found, "%zu autoscalers in this file: choose one with --name, such as --name %s", count, name_of(found));
    return count == 1 ? found : NULL;
}

static void read_document(reader *r, sim_node *d, sim_manifest *m)
{
    if (!CHECK_MAP(r, d, "the manifest", "apiVersion", "kind", "metadata", "spec", "status"))
        return;
    sim_node *version = need(r, d, "the manifest", "apiVersion"), *spec = need(r, d, "the manifest", "spec");
    if (version && !has_text(d, "apiVersion", "autoscaling/v2"))
        FAIL(r, version, "apiVersion: want autoscaling/v2; `kubectl get hpa.v2.autoscaling NAME -o yaml` prints an older one that way");
    m->name = name_of(d);
    if (spec)
        read_spec(r, spec, &m->hpa);
}

hr_status sim_manifest_parse(const char *path, const char *text, size_t size, const char *name, const sim_hpa_controller *controller,
                             sim_manifest **manifest, hr_error *e)
{
    sim_pool *pool = hr_alloc(sizeof *pool);
    sim_source source = {.path = path, .text = text, .error = e, .about = ""};
    reader r = {.pool = pool, .source = &source};
    sim_manifest *m = sim_pool_take(pool, sizeof *m);
    sim_node *documents, *d = NULL;
    m->memory = pool;
    m->hpa.controller = *controller;
    r.failed = sim_node_parse_all(pool, &source, size, &documents) != HR_OK;
    if (!r.failed)
        d = choose(&r, documents, name);
    if (d)
        read_document(&r, d, m);
    if (r.failed) {
        sim_manifest_free(m);
        return HR_BAD_INPUT;
    }
    *manifest = m;
    return HR_OK;
}

hr_status sim_manifest_read(const char *path, const char *name, const sim_hpa_controller *controller, sim_manifest **manifest, hr_error *e)
{
    char *text;
    size_t size;
    hr_status status = hr_read_file(path, LARGEST_FILE, &text, &size, e);
    if (status)
        return status;
    status = sim_manifest_parse(path, text, size, name, controller, manifest, e);
    free(text);
    return status;
}

void sim_manifest_free(sim_manifest *m)
{
    sim_pool *pool = m ? m->memory : NULL;
    if (!m)
        return;
    sim_pool_free(pool);
    free(pool);
}
