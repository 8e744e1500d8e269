// sim/scenario/names.c - what a name in a scenario stands for: a component, one of its operations or statements; and what a name may be.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/reader.h"

static sim_service_def *service_of(const sim_reader *r, uint16_t target)
{
    const sim_model_component *c = &r->model->components[sim_model_behind(r->model, target)];
    return c->kind == SIM_PART_service ? c->def : NULL;
}

// `said`, which is freed, complains of a name that is not among `names`: adds the nearest of these, or else what there is.
static void tell_missing(sim_reader *r, const sim_node *node, const char *const *names, const char *name, char *said)
{
    enum { FEW = 8 };
    const char *near = hr_nearest(name, names);
    hr_text all = {0};
    for (size_t i = 0; !near && names[i] && i <= FEW; i++)
        hr_text_add(&all, "%s%s", i == 0 ? "; there is " : ", ", i < FEW ? names[i] : "…");
    SIM_FAIL(r, node, "%s%s%s", said, HR_HINT(near, '\''), all.data ? all.data : "");
    free(said);
    free(all.data);
}

int sim_resolve(sim_reader *r, const sim_node *node, const char *name, int kind)
{
    const char *names[SIM_MAX_COMPONENTS + 1] = {0};
    size_t n = 0;
    for (int i = 0; i < r->model->component_count; i++) {
        const sim_model_component *c = &r->model->components[i];
        if (kind >= 0 ? c->kind != kind : !sim_kinds[c->kind]->offer)
            continue;
        if (strcmp(c->name, name) == 0)
            return i;
        names[n++] = c->name;
    }
    const char *wanted = kind >= 0 ? sim_kinds[kind]->name : "component";
    int other = sim_model_find(r->model, name);
    if (other < 0 && sim_node_find(r->components, name, strlen(name)))
        r->failed = true;                          // its kind was a mistake, and that has been told
    else if (other >= 0)
        SIM_FAIL(r, node, "no %s is named '%s': that is a %s%s", wanted, name, sim_kinds[r->model->components[other].kind]->name,
                 kind < 0 ? ", which takes no calls" : "");
    else
        tell_missing(r, node, names, name, hr_format("no %s is named '%s'", wanted, name));
    return -1;
}

bool sim_check_name(sim_reader *r, const sim_node *node, const char *what)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const char *name = node->kind == SIM_SCALAR ? node->text : "";
    if (*name && strlen(name) <= SIM_MOST_name && !name[strspn(name, letters)])
        return true;
    SIM_FAIL(r, node, "'%.40s%s' is no name for %s: want 1 to %d letters, digits, - or _", node->kind == SIM_SCALAR ? name : "",
             node->kind != SIM_SCALAR || strlen(name) > 40 ? "…" : "", what, SIM_MOST_name);
    return false;
}

bool sim_split_name(sim_reader *r, const sim_node *node, char *name, size_t room, const char **rest)
{
    const char *dot = node->kind == SIM_SCALAR ? strchr(node->text, '.') : NULL;
    if (!dot || dot == node->text || !dot[1] || (size_t)(dot - node->text) >= room) {
        SIM_FAIL(r, node, "'%s': want NAME.OPERATION, such as lb.read or db.by_id", node->kind == SIM_SCALAR ? node->text : "…");
        return false;
    }
    snprintf(name, room, "%.*s", (int)(dot - node->text), node->text);
    *rest = dot + 1;
    return true;
}

// What stands in front of something whose name was a mistake.
static bool leads_nowhere(const sim_model *model, uint16_t id)
{
    uint16_t last = model->components[id].def ? sim_model_behind(model, id) : id;
    const sim_model_component *c = &model->components[last];
    return c->kind == SIM_PART_mesh || (c->def && sim_part_passes_to(c->kind, c->def) == last);
}

bool sim_resolve_call(sim_reader *r, const sim_node *node, uint16_t *target, uint16_t *operation)
{
    char name[64];
    const char *rest;
    if (!sim_split_name(r, node, name, sizeof name, &rest))
        return false;
    int id = sim_resolve(r, node, name, -1);
    if (id < 0)
        return false;
    const sim_service_def *service = r->model->components[id].def ? service_of(r, (uint16_t)id) : NULL;
    if (!service && leads_nowhere(r->model, (uint16_t)id)) {
        r->failed = true;                          // its `to` was a mistake, and that has been told
        return false;
    }
    if (!service) {
        SIM_FAIL(r, node, "'%s' is a %s: calls go to a service, or to what stands in front of one", name, sim_kinds[r->model->components[id].kind]->name);
        return false;
    }
    if (r->model->components[id].kind == SIM_PART_service && (service->replicas > 1 || service->slots)) {
        SIM_FAIL(r, node, "'%s' has %s replicas: put a balancer in front of it and call that", name, service->slots ? "an autoscaler's" : "several");
        return false;
    }
    const char *names[257] = {0};
    for (uint16_t i = 0; i < service->handler_count && i < 256; i++) {
        names[i] = service->handlers[i].name;
        if (strcmp(names[i], rest) == 0) {
            *target = (uint16_t)id;
            *operation = i;
            return true;
        }
    }
    if (names[0])                              // else `on` was a mistake, and that has been told
        tell_missing(r, node, names, rest, hr_format("'%s' has no operation '%s'", name, rest));
    r->failed = true;
    return false;
}

int sim_resolve_behind(sim_reader *r, const sim_node *node, const char *name, int kind)
{
    int id = sim_model_find(r->model, name);
    bool fits = id >= 0 && r->model->components[id].def && r->model->components[sim_model_behind(r->model, (uint16_t)id)].kind == kind;
    return fits ? id : sim_resolve(r, node, name, kind);
}

const char *const *sim_operations_of(sim_reader *r, uint16_t target)
{
    const sim_service_def *service = service_of(r, target);
    const char **names = sim_pool_take(r->pool, (service->handler_count + 1u) * sizeof *names);
    for (uint16_t i = 0; i < service->handler_count; i++)
        names[i] = service->handlers[i].name;
    return names;
}

bool sim_resolve_statement(sim_reader *r, const sim_node *node, uint16_t *target, uint16_t *operation)
{
    char name[64];
    const char *rest;
    if (!sim_split_name(r, node, name, sizeof name, &rest))
        return false;
    int id = sim_resolve_behind(r, node, name, SIM_PART_database);
    if (id < 0)
        return false;
    const sim_database_def *db = r->model->components[sim_model_behind(r->model, (uint16_t)id)].def;
    const char *names[257] = {0};
    for (uint16_t i = 0; i < db->statement_count && i < 256; i++) {
        names[i] = db->statements[i].name;
        if (strcmp(names[i], rest) == 0) {
            *target = (uint16_t)id;
            *operation = i;
            return true;
        }
    }
    if (names[0])                              // else `statements` was a mistake, and that has been told
        tell_missing(r, node, names, rest, hr_format("'%s' has no statement '%s'", name, rest));
    r->failed = true;
    return false;
}
