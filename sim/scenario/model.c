// sim/scenario/model.c - from a file to a checked model: names first, then values, then what refers to names.
#include "sim/scenario/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

// --- components -------------------------------------------------------------------------------------------------------

void sim_read_engine(sim_reader *r, sim_node *node, const char *where, const char *only)
{
    const sim_node *engine = sim_node_member(node, "engine");
    if (engine && (engine->kind != SIM_SCALAR || strcmp(engine->text, only) != 0))
        SIM_FAIL(r, engine, "%s.engine = '%s': want %s", where, engine->kind == SIM_SCALAR ? engine->text : "…", only);
}

bool sim_map_read(sim_reader *r, sim_node *node, const char *where, const char *owner, const char *want, void *def)
{
    sim_node none = {.kind = SIM_MAP, .line = node->line, .column = node->column}, *map = sim_node_member(node, owner);
    char name[96];
    snprintf(name, sizeof name, "%.60s.%.20s", where, owner);
    if (map && map->kind != SIM_MAP) {
        SIM_FAIL(r, map, "%s: want %s", name, want);
        return false;
    }
    bool good = sim_keys_read(r->pool, r->source, owner, name, map ? map : &none, def);
    r->failed = r->failed || !good;
    return good;
}

unsigned sim_given(sim_node *node, const sim_setting *table)
{
    unsigned bits = 0;
    for (const sim_setting *s = table; s->word; s++)
        bits |= sim_node_member(node, s->word) ? s->bit : 0;
    return bits;
}

void sim_complain(sim_reader *r, const sim_node *node, const char *where, const hr_error *e)
{
    SIM_FAIL(r, node, "%s: %.*s", where, (int)(e->used ? e->used - 1 : 0), e->text);
}

static void read_breaker(sim_reader *r, sim_node *node, const char *where, const sim_breaker_part_def *d, bool good)
{
    hr_error e = {0};
    if (good && sim_breaker_fits(sim_breaker_rows[d->policy], &d->breaker, sim_given(node, sim_breaker_settings), &e))
        sim_complain(r, node, where, &e);
}

static void read_cache(sim_reader *r, sim_node *node, const char *where, sim_cache_def *d, bool good)
{
    sim_read_engine(r, node, where, "redis");
    if (good && !d->entries && !d->memory_bytes)
        SIM_FAIL(r, node, "%s has no limit: give `memory` or `entries`", where);
    else if (d->memory_bytes && d->memory_bytes <= d->base_bytes)
        SIM_FAIL(r, node, "%s.memory leaves nothing above its `base` of %llu bytes", where, (unsigned long long)d->base_bytes);
    hr_error e = {0};
    sim_cache_read(r, node, where, d);
    const sim_evictor *row = d->eviction != UINT32_MAX ? sim_evictors[d->eviction] : NULL;
    if (row && sim_settings_fit(sim_evict_settings, row->name, row->uses, 0, sim_given(node, sim_evict_settings), &e))
        sim_complain(r, node, where, &e);
}

static void read_values(sim_reader *r, uint16_t id)
{
    sim_model_component *c = &r->model->components[id];
    sim_node *node = r->nodes[id];
    c->def = sim_pool_take(r->pool, sim_kinds[c->kind]->def_size);
    bool good = sim_keys_read(r->pool, r->source, sim_kinds[c->kind]->name, c->name, node, c->def);
    r->failed = r->failed || !good;
    sim_machine_read(r, id);
    switch (c->kind) {
    case SIM_PART_service: sim_service_read(r, id); break;
    case SIM_PART_cache: read_cache(r, node, c->name, c->def, good); break;
    case SIM_PART_limiter: sim_limiter_read(r, node, c->name, c->def, good); break;
    case SIM_PART_breaker: read_breaker(r, node, c->name, c->def, good); break;
    case SIM_PART_autoscaler: sim_autoscaler_read(r, id, good); break;
    case SIM_PART_broker: sim_queues_read(r, id); break;
    case SIM_PART_database: sim_database_read(r, node, c->name, c->def); break;
    default: break;
    }
}

// Others than these two stand in sections of their own.
static bool is_kind(int part) { return part != SIM_PART_workload && part != SIM_PART_network; }

static int part_named(const char *word)
{
    for (int k = 0; k < SIM_PART_COUNT; k++)
        if (is_kind(k) && strcmp(sim_kinds[k]->name, word) == 0)
            return k;
    return -1;
}

// Names and kinds of all components; workloads come last.
static void name_components(sim_reader *r, sim_node *components, sim_node *workload)
{
    sim_model *m = r->model;
    r->components = components;
    size_t most = components->count + workload->count;
    if (most > SIM_MAX_COMPONENTS) {
        SIM_FAIL(r, components, "%zu components and workloads; at most %d", most, SIM_MAX_COMPONENTS);
        return;
    }
    m->components = sim_pool_take(r->pool, (most + 2) * sizeof *m->components);       // two more for `network` and `faults`
    r->nodes = sim_pool_take(r->pool, (most + 2) * sizeof(sim_node *));
    for (sim_node *n = components->first; n; n = n->next) {
        sim_check_name(r, n->key, "a component");
        const sim_node *kind = sim_node_member(n, "kind");
        int part = kind && kind->kind == SIM_SCALAR ? part_named(kind->text) : -1;
        if (part < 0) {
            const char *names[SIM_PART_COUNT + 1] = {0};
            for (int k = 0, kinds = 0; k < SIM_PART_COUNT; k++)
                if (is_kind(k))
                    names[kinds++] = sim_kinds[k]->name;
            const char *near = kind && kind->kind == SIM_SCALAR ? hr_nearest(kind->text, names) : NULL;
            SIM_FAIL(r, kind ? kind : n, "%s: want `kind: service` or another of `list components`%s", n->key->text, HR_HINT(near, '\''));
            continue;
        }
        r->nodes[m->component_count] = n;
        m->components[m->component_count++] = (sim_model_component){.name = n->key->text, .kind = (uint16_t)part, .line = n->key->line};
    }
    for (sim_node *n = workload->first; n; n = n->next) {
        sim_check_name(r, n->key, "a workload");
        if (n->kind != SIM_MAP || sim_node_find(components, n->key->text, strlen(n->key->text))) {
            SIM_FAIL(r, n->key, n->kind == SIM_MAP ? "'%s' is the name of a component, too" : "workload '%s': want {rate: 400/s, call: …}",
                     n->key->text);
            continue;
        }
        r->nodes[m->component_count] = n;
        m->components[m->component_count++] = (sim_model_component){.name = n->key->text, .kind = SIM_PART_workload, .line = n->key->line};
    }
}

// What a limiter or breaker passes calls on to.
static void read_target(sim_reader *r, uint16_t id, uint16_t *target)
{
    const sim_model_component *components = r->model->components;
    const sim_node *to = sim_node_member(r->nodes[id], "to");
    int found = to && to->kind == SIM_SCALAR ? sim_resolve(r, to, to->text, -1) : -1;
    if (to && to->kind != SIM_SCALAR)
        SIM_FAIL(r, to, "%s.to: want the name of a component", components[id].name);
    if (found == id)
        SIM_FAIL(r, to, "%s.to: it can't pass calls on to itself", components[id].name);
    const sim_service_def *service = found >= 0 && components[found].kind == SIM_PART_service ? components[found].def : NULL;
    if (service && (service->replicas > 1 || service->slots))
        SIM_FAIL(r, to, "'%s' has several replicas: put a balancer in front of it and name that", to->text);
    *target = (uint16_t)(found < 0 ? id : found);
}

// Limiters and breakers that pass calls on to each other for ever.
static bool find_passing_ring(sim_reader *r)
{
    const sim_model *m = r->model;
    for (uint16_t i = 0; i < m->component_count; i++) {
        int at = i, hops = 0;
        for (int to; (to = sim_part_passes_to(m->components[at].kind, m->components[at].def)) >= 0 && to != at && hops <= m->component_count; hops++)
            at = to;
        if (hops > m->component_count) {
            SIM_FAIL(r, r->nodes[i], "%s passes calls on in a ring: behind the last `to` must stand a component that does the work", m->components[i].name);
            return true;
        }
    }
    return false;
}

static void read_components(sim_reader *r, sim_node *root)
{
    sim_node *components = sim_node_member(root, "components"), *workload = sim_node_member(root, "workload");
    if (!components || !workload)
        return;                                // told by the table
    if (components->kind != SIM_MAP || workload->kind != SIM_MAP || !components->count || !workload->count) {
        SIM_FAIL(r, components->kind == SIM_MAP && components->count ? workload : components, "want {NAME: {…}} with at least one member, indented below");
        return;
    }
    name_components(r, components, workload);
    sim_network_name(r, root);
    sim_model *m = r->model;
    for (uint16_t i = 0; i < m->component_count; i++)
        read_values(r, i);
    sim_autoscalers_bind(r);
    for (uint16_t i = 0; i < m->component_count; i++)
        switch (m->components[i].kind) {
        case SIM_PART_balancer: sim_balancer_read_keys(r, i); break;
        case SIM_PART_mesh: sim_mesh_read(r, i); break;
        case SIM_PART_limiter:
            read_target(r, i, &((sim_limiter_def *)m->components[i].def)->target);
            sim_limiter_bind(r, i);
            break;
        case SIM_PART_breaker: read_target(r, i, &((sim_breaker_part_def *)m->components[i].def)->target); break;
        case SIM_PART_cdn: read_target(r, i, &((sim_cdn_def *)m->components[i].def)->target); break;
        case SIM_PART_service: sim_handlers_name(r, i); break;
        default: break;
        }
    if (find_passing_ring(r))
        return;                                // what stands behind them can't be told
    for (uint16_t i = 0; i < m->component_count; i++)
        if (m->components[i].kind == SIM_PART_cache)
            sim_cache_targets_read(r, i);
        else if (m->components[i].kind == SIM_PART_cdn)
            sim_cdn_read(r, i);
        else if (m->components[i].kind == SIM_PART_balancer)
            sim_balancer_bind(r, i);
        else if (m->components[i].kind == SIM_PART_mesh)
            sim_mesh_bind(r, i);
    for (uint16_t i = 0; i < m->component_count; i++)
        if (m->components[i].kind == SIM_PART_service) {
            sim_handlers_read(r, i);
            sim_consumers_read(r, i);
        } else if (m->components[i].kind == SIM_PART_workload)
            sim_workload_read(r, i);
    sim_network_read(r);
    m->truth = UINT16_MAX;
    for (uint16_t i = m->component_count; i-- > 0;)
        if (m->components[i].kind == SIM_PART_database)
            m->truth = i;
    sim_faults_read(r, root);
}

// --- how much there is to do ----------------------------------------------------------------------------------------------

// Requests of a replication; of a closed loop as many as there can be, when every answer comes at once.
static double requests_of(const sim_model *m, const sim_workload_def *d)
{
    double seconds = (double)m->duration * 1e-9, each = d->per_session > 0 ? d->per_session : 1;
    const sim_trace_def *trace = d->arrivals.kind == SIM_ARRIVALS_trace ? d->arrivals.trace : NULL;
    if (d->users)
        return d->users * seconds / sim_dist_mean(&d->think);
    if (trace)
        return trace->rows * (trace->every ? ceil((double)m->duration / (double)trace->every) : 1);
    return d->arrivals.rate_per_s * seconds * each;
}

// A file that asks for years of computing is a slip of the pen. Told here, for nobody would wait to find out.
static void check_work(sim_reader *r)
{
    sim_model *m = r->model;
    double *steps = hr_alloc(SIM_MAX_COMPONENTS * SIM_MOST_operations * sizeof *steps);
    sim_find_cycles(r, steps);
    sim_requeues_check(r);
    if (!r->failed)
        sim_checks_count(r, steps);
    for (uint16_t i = 0; i < m->component_count && !r->failed; i++) {
        if (m->components[i].kind != SIM_PART_workload)
            continue;
        const sim_workload_def *d = m->components[i].def;
        // Whole nanoseconds are drawn: of gaps of less nothing may be left, and requests without end would fill an instant.
        if (d->arrivals.kind == SIM_ARRIVALS_shaped && sim_dist_mean(&d->arrivals.gaps) < 1e-6)
            SIM_FAIL(r, sim_node_member(r->nodes[i], "arrivals"), "%s.arrivals: only the shape counts, but want a mean of 1us at least, such as "
                     "erlang(4, 1s)", m->components[i].name);
        double requests = requests_of(m, d), each = 1;
        uint16_t service, operation = d->operation;
        for (uint16_t n = 0; (service = sim_model_reached(m, d->target, n, &operation)) != UINT16_MAX; n++, operation = d->operation)
            each = fmax(each, 1 + sim_model_tries(m, d->target) * steps[service * SIM_MOST_operations + operation]);
        if (requests * each > SIM_MOST_WORK)
            SIM_FAIL(r, r->nodes[i], "%s: up to %.3g requests in %g s, up to %.3g steps each; at most %.0e steps in all, because more take "
                     "longer than anybody waits: lower `%s`, run.duration, or the calls of a request", m->components[i].name, requests,
                     (double)m->duration * 1e-9, each, SIM_MOST_WORK, d->users ? "users` or raise `think" : "rate");
    }
    free(steps);
}

// --- the whole ----------------------------------------------------------------------------------------------------------

static void name_columns(sim_reader *r)
{
    sim_model *m = r->model;
    size_t queues = 0;
    for (uint16_t i = 0; i < m->component_count; i++)
        queues += m->components[i].kind == SIM_PART_broker ? ((const sim_broker_def *)m->components[i].def)->queue_count : 0;
    m->columns = sim_pool_take(r->pool, (m->component_count + queues) * sizeof *m->columns + 1);
    for (uint16_t i = 0; i < m->component_count; i++)
        m->columns[m->column_count++] = (sim_column){m->components[i].name, i, SIM_NO_QUEUE};
    for (uint16_t i = 0; i < m->component_count; i++) {
        const sim_broker_def *d = m->components[i].def;
        for (uint16_t q = 0; m->components[i].kind == SIM_PART_broker && q < d->queue_count; q++) {
            char *name = hr_format("%s.%s", m->components[i].name, d->queues[q].name);
            m->columns[m->column_count++] = (sim_column){sim_pool_text(r->pool, name), i, q};
            free(name);
        }
    }
}

static bool read_all(sim_reader *r, sim_node *root, const char *variant)
{
    sim_model *m = r->model;
    sim_variants_read(r, root, variant);
    if (!sim_keys_read(r->pool, r->source, "file", "the scenario", root, m))
        r->failed = true;
    const sim_node *name = sim_node_member(root, "scenario"), *title = sim_node_member(root, "title");
    m->name = name && name->kind == SIM_SCALAR ? name->text : "";
    m->title = title && title->kind == SIM_SCALAR ? title->text : "";
    if (name)
        sim_check_name(r, name, "a scenario");   // the report's folder is named after it, too
    sim_instances_read(r, root);
    sim_run_read(r, root);
    read_components(r, root);
    sim_workloads_settle(r);
    sim_autoscalers_settle(r);
    sim_prices_read(r, root);
    sim_live_read(r, root);
    sim_objectives_read(r, root);
    sim_claims_read(r, root);
    if (!r->failed)
        check_work(r);
    if (!r->failed)
        name_columns(r);
    return !r->failed;
}

static hr_status parse_one(const char *path, const char *text, size_t size, const char *variant, const char *about, sim_model **out, hr_error *e)
{
    sim_pool *pool = hr_alloc(sizeof *pool);
    sim_reason reason = {0};
    sim_source source = {.path = path, .text = text, .error = e, .about = about, .reason = &reason};
    sim_node *root;
    hr_status status = sim_node_parse(pool, &source, size, &root);
    sim_model *m = sim_pool_take(pool, sizeof *m);
    sim_reader reader = {.pool = pool, .source = &source, .model = m};
    if (status || !read_all(&reader, root, variant)) {
        sim_pool_free(pool);
        free(pool);
        return HR_BAD_INPUT;
    }
    m->path = sim_pool_text(pool, path);
    m->text = sim_pool_text(pool, text);
    m->variant = sim_pool_text(pool, variant);
    m->memory = pool;
    *out = m;
    return HR_OK;
}

hr_status sim_model_parse(const char *path, const char *text, size_t size, const char *variant, sim_model **model, hr_error *e)
{
    sim_model *base = NULL, *one = NULL;
    hr_status status = parse_one(path, text, size, variant ? variant : "", "", &base, e);
    if (status || (variant && *variant)) {
        if (!status)
            *model = base;
        return status;
    }
    for (size_t v = 0; v < base->variant_count; v++) {             // a file is good when all its variants are
        char about[96];
        snprintf(about, sizeof about, "variant '%.64s': ", base->variants[v].name);
        if (parse_one(path, text, size, base->variants[v].name, about, &one, e))
            status = HR_BAD_INPUT;
        else
            sim_model_free(one);
    }
    if (status)
        sim_model_free(base);
    else
        *model = base;
    return status;
}

// Whether a world of it can be begun at all; what grows while it runs is another matter.
static hr_status check_memory(const sim_model *m, hr_error *e)
{
    size_t need = 0, most_of_all = 0, limit = sim_world_limit();
    uint16_t largest = 0;
    for (uint16_t i = 0; i < m->component_count; i++) {
        const sim_kind *kind = sim_kinds[m->components[i].kind];
        size_t bytes = kind->demand ? kind->demand(m->components[i].def) : 0;
        need += bytes;
        if (bytes > most_of_all) {
            most_of_all = bytes;
            largest = i;
        }
    }
    if (need <= limit)
        return HR_OK;
    return hr_fail(e, HR_ENVIRONMENT, "%s:%d: a world of this scenario begins with %zu MiB, of which '%s' takes %zu; here it may have %zu MiB (a "
                   "quarter of the memory): ask for fewer replicas or users", m->path, m->components[largest].line, need >> 20,
                   m->components[largest].name, most_of_all >> 20, limit >> 20);
}

hr_status sim_model_read(const char *path, const char *variant, sim_model **model, hr_error *e)
{
    char *text;
    size_t size;
    hr_status status = hr_read_file(path, SIM_MOST_text, &text, &size, e);
    if (status)
        return status;
    status = sim_model_parse(path, text, size, variant, model, e);
    free(text);
    if (!status && (status = check_memory(*model, e)))
        sim_model_free(*model);
    return status;
}

void sim_model_free(sim_model *model)
{
    if (!model)
        return;
    sim_pool *pool = model->memory;
    sim_pool_free(pool);
    free(pool);
}

int sim_model_column(const sim_model *model, const char *name)
{
    for (uint32_t i = 0; i < model->column_count; i++)
        if (strcmp(model->columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

int sim_model_find(const sim_model *model, const char *name)
{
    for (int i = 0; i < model->component_count; i++)
        if (strcmp(model->components[i].name, name) == 0)
            return i;
    return -1;
}

uint16_t sim_model_behind(const sim_model *model, uint16_t target)
{
    for (int to; (to = sim_part_passes_to(model->components[target].kind, model->components[target].def)) >= 0 && to != target; )
        target = (uint16_t)to;
    return target;                             // one whose `to` was a mistake stands for itself
}

bool sim_model_is_steady(const sim_model *model)
{
    for (uint16_t i = 0; i < model->component_count; i++) {
        const sim_workload_def *d = model->components[i].def;
        if (model->components[i].kind == SIM_PART_workload && !d->users &&
            (d->arrivals.trace || (d->arrivals.rate.kind != SIM_RATE_constant && d->arrivals.rate.kind != SIM_RATE_mmpp)))
            return false;
    }
    for (uint16_t i = 0; i < model->component_count; i++) {
        const sim_faults_def *f = model->components[i].def;
        for (uint32_t k = 0; model->components[i].kind == SIM_PART_faults && k < f->count; k++)
            if (f->faults[k].has_at)
                return false;
    }
    return true;
}

hr_time sim_model_grid(const sim_model *model)
{
    return hr_max_time(model->sample, model->duration / 36000);
}

sim_world *sim_model_build(const sim_model *model, uint64_t seed) { return sim_model_build_repeat(model, seed, 0); }

sim_world *sim_model_build_repeat(const sim_model *model, uint64_t seed, uint32_t repeat)
{
    sim_world *w = sim_world_new(seed, 0);
    char *title = hr_format("%s%s%s", model->name, model->variant[0] ? ", variant " : "", model->variant);
    w->title = sim_take_text(w, title);
    free(title);
    for (uint16_t i = 0; i < model->component_count; i++) {
        sim_component_id id = sim_component_add(w, model->components[i].kind, model->components[i].name);
        if (model->components[i].kind != SIM_PART_workload)
            w->components[id].stream ^= repeat * 0x85EBCA6Bu;
    }
    w->cancels = model->cancels;
    for (uint16_t i = 0; i < model->component_count; i++)
        sim_kinds[model->components[i].kind]->build(w, i, model->components[i].def);
    w->has_truth = model->truth != UINT16_MAX;
    w->truth = model->truth;
    if (model->lateness)
        sim_lateness_place(w, model->lateness);
    return w;
}
