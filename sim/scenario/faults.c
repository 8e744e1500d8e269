// sim/scenario/faults.c - the section `faults`: what breaks, when, and for how long.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

static bool any_variant_has(sim_node *root)
{
    sim_node *variants = sim_node_member(root, "variants");
    for (sim_node *v = variants && variants->kind == SIM_MAP ? variants->first : NULL; v; v = v->next)
        for (const sim_node *value = v->kind == SIM_MAP ? v->first : NULL; value; value = value->next)
            if (strncmp(value->key->text, "faults", 6) == 0)
                return true;
    return false;
}

// The verb of a fault; -1 with a complaint when there is none, or more than one.
static int verb_of(sim_reader *r, sim_node *node)
{
    int found = -1, count = 0;
    for (int v = 0; v < SIM_FAULT_COUNT; v++)
        if (sim_node_member(node, sim_fault_rows[v].verb)) {
            found = v;
            count++;
        }
    if (count != 1)
        SIM_FAIL(r, node, "a fault wants one verb of `list faults`, such as {at: 30s, for: 10s, kill: api}%s", count ? "; this one has several" : "");
    return count == 1 ? found : -1;
}

static void read_replica(sim_reader *r, sim_node *node, sim_fault_def *f)
{
    const sim_node *replica = sim_node_member(node, "replica");
    double number = 0;
    f->replica = f->replicas == 1 ? 0 : SIM_ANY_REPLICA;
    if (!replica)
        return;
    if (!(sim_fault_rows[f->verb].uses & SIM_FAULT_REPLICA) || f->replicas == 1)
        SIM_FAIL(r, replica, "faults: `replica`: there is only one that this could be about: leave it out");
    else if (replica->kind == SIM_SCALAR && strcmp(replica->text, "all") == 0)
        f->replica = SIM_ALL_REPLICAS;
    else if (replica->kind != SIM_SCALAR || !sim_read_count(replica->text, &number) || number >= f->replicas)
        SIM_FAIL(r, replica, "faults: `replica`: want a number from 0 to %u, or all", (unsigned)f->replicas - 1);
    else
        f->replica = (uint16_t)number;
}

// The component that a verb is about, and whether it can be.
static void read_target(sim_reader *r, const sim_node *of, sim_fault_def *f)
{
    const sim_fault_row *row = &sim_fault_rows[f->verb];
    int target = of->kind == SIM_SCALAR ? sim_resolve(r, of, of->text, -1) : -1;
    if (of->kind != SIM_SCALAR)
        SIM_FAIL(r, of, "faults: `%s` wants the name of a component", row->verb);
    if (target < 0)
        return;
    const sim_model_component *c = &r->model->components[target];
    f->target = (uint16_t)target;
    f->replicas = sim_fault_replicas(c->kind, c->def);
    if (row->kinds >> c->kind & 1)
        return;
    char kinds[96] = "";
    for (int k = 0; k < SIM_PART_COUNT; k++)
        if (row->kinds >> k & 1)
            snprintf(kinds + strlen(kinds), sizeof kinds - strlen(kinds), "%s%s", *kinds ? ", " : "", sim_kinds[k]->name);
    SIM_FAIL(r, of, "faults: `%s` cannot be about %s, a %s; it can about: %s", row->verb, c->name, sim_kinds[c->kind]->name, kinds);
}

static void read_times(sim_reader *r, sim_node *node, sim_fault_def *f)
{
    const sim_node *every = sim_node_member(node, "every"), *lasts = sim_node_member(node, "for");
    const char *verb = sim_fault_rows[f->verb].verb;
    f->has_at = sim_node_member(node, "at") != NULL;
    f->repeats = every != NULL;
    f->lasts = lasts != NULL;
    if (!f->has_at && !every)
        SIM_FAIL(r, node, "faults: when? Want `at: 30s`, or `every: exp(5min)`");
    if (f->has_at && f->at == HR_FOREVER)
        SIM_FAIL(r, sim_node_member(node, "at"), "faults: `at`: want a time such as 30s");
    if (sim_node_member(node, "until") && !every)
        SIM_FAIL(r, sim_node_member(node, "until"), "faults: `until` belongs to `every`");
    if (every && sim_dist_mean(&f->every) < 1e-3)
        SIM_FAIL(r, every, "faults: `every`: want 1ms at least on average: without time between them one run would follow another for ever");
    if (f->verb == SIM_FAULT_flush && lasts)
        SIM_FAIL(r, lasts, "faults: `flush` takes no time: leave out `for`");
    if (f->verb == SIM_FAULT_pause && !lasts)
        SIM_FAIL(r, node, "faults: `pause` wants `for: 3s`: how long it stops");
    const sim_model_component *c = &r->model->components[f->target];
    bool takes_time = f->verb != SIM_FAULT_flush && !(c->kind == SIM_PART_service && ((const sim_service_def *)c->def)->slots && f->verb == SIM_FAULT_kill);
    if (every && !lasts && takes_time)
        SIM_FAIL(r, node, "faults: with `every`, `%s` wants `for: 10s`: when is it over, so that it can happen again?", verb);
}

// What the target says against it.
static void check_target(sim_reader *r, sim_node *node, sim_fault_def *f)
{
    const sim_model_component *c = &r->model->components[f->target];
    const sim_database_def *d = c->def;
    if (f->verb != SIM_FAULT_kill)
        return;
    if (c->kind == SIM_PART_service && ((const sim_service_def *)c->def)->slots) {
        if (f->lasts)
            SIM_FAIL(r, sim_node_member(node, "for"), "faults: %s has an autoscaler, which replaces what dies: leave out `for`", c->name);
        f->lasts = true;                       // the blow itself takes no time
        f->takes = (sim_dist_def){.kind = SIM_DIST_constant};
    }
    if (c->kind == SIM_PART_database && d->shards.count)
        SIM_FAIL(r, node, "faults: %s has `shards`: what becomes of a commit in two phases when a shard dies is not simulated yet; its servers can be `slow` or "
                 "`full`", c->name);
    if (c->kind == SIM_PART_database && d->history && d->replicas)
        SIM_FAIL(r, node, "faults: %s has `history`: a new primary may show what was committed nowhere else, and nobody knows since when: leave out "
                 "`history` or the fault", c->name);
}

static bool read_one(sim_reader *r, sim_node *node, sim_fault_def *f)
{
    if (node->kind != SIM_MAP) {
        SIM_FAIL(r, node, "want a fault: {at: 30s, for: 10s, kill: api}");
        return false;
    }
    int verb = verb_of(r, node);
    bool good = sim_keys_read(r->pool, r->source, "fault", "fault", node, f);
    r->failed = r->failed || !good;
    if (verb < 0 || !good)
        return false;
    f->verb = (uint32_t)verb;
    read_target(r, sim_node_member(node, sim_fault_rows[verb].verb), f);
    if (!f->replicas)
        return false;
    read_replica(r, node, f);
    read_times(r, node, f);
    const sim_node *factor = sim_node_member(node, "factor");
    if (factor && !(sim_fault_rows[verb].uses & SIM_FAULT_FACTOR))
        SIM_FAIL(r, factor, "faults: `factor` belongs to `slow`");
    check_target(r, node, f);
    return true;
}

void sim_faults_read(sim_reader *r, sim_node *root)
{
    sim_node *list = sim_node_member(root, "faults");
    if (!list && !any_variant_has(root))
        return;
    if (list && (list->kind != SIM_LIST || list->count > SIM_MOST_faults)) {
        SIM_FAIL(r, list, "faults: want a list of at most %d, such as [{at: 30s, for: 10s, kill: api}]", SIM_MOST_faults);
        return;
    }
    sim_model *m = r->model;
    if (sim_model_find(m, "faults") >= 0 || m->component_count == SIM_MAX_COMPONENTS) {
        SIM_FAIL(r, list ? list : root, "faults: needs a component of that name: give yours another one, and leave room for it");
        return;
    }
    size_t most = list ? list->count : 0;
    sim_faults_def *def = sim_pool_take(r->pool, sizeof *def);
    sim_fault_def *faults = sim_pool_take(r->pool, most * sizeof *faults + 1);
    for (sim_node *n = list ? list->first : NULL; n; n = n->next)
        def->count += read_one(r, n, &faults[def->count]);
    def->faults = faults;
    m->components[m->component_count++] = (sim_model_component){.name = "faults", .kind = SIM_PART_faults, .def = def, .line = list ? list->line : root->line};
}

char *sim_fault_text(const sim_model *model, const sim_fault_def *f, uint16_t replica)
{
    char which[16] = "";
    if (replica == SIM_ALL_REPLICAS)
        snprintf(which, sizeof which, ", all");
    else if (f->replicas > 1 && replica != SIM_ANY_REPLICA)
        snprintf(which, sizeof which, "-%u", (unsigned)replica);
    char *text = hr_format("%s %s%s", sim_fault_rows[f->verb].verb, model->components[f->target].name, which);
    if (f->verb != SIM_FAULT_slow)
        return text;
    char *with = hr_format("%s, factor %g", text, f->factor);
    free(text);
    return with;
}
