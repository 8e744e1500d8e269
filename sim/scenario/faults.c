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

// A number below `count` or "all"; -1 with a complaint.
static int read_number(sim_reader *r, const sim_node *node, uint32_t count)
{
    double number = 0;
    if (node->kind == SIM_SCALAR && strcmp(node->text, "all") == 0)
        return SIM_ALL_REPLICAS;
    if (node->kind == SIM_SCALAR && sim_read_count(node->text, &number) && number < count)
        return (int)number;
    SIM_FAIL(r, node, "faults: `%s`: want a number from 0 to %u, or all", node->key->text, (unsigned)count - 1);
    return -1;
}

static void read_replica(sim_reader *r, sim_node *node, sim_fault_def *f)
{
    const sim_node *replica = sim_node_member(node, "replica"), *shard = sim_node_member(node, "shard");
    f->replica = f->replicas == 1 ? 0 : SIM_ANY_REPLICA;
    f->shard = SIM_ANY_REPLICA;
    if (replica && sim_fault_rows[f->verb].kinds >> SIM_PART_network & 1)
        SIM_FAIL(r, replica, "faults: `replica`: `%s` is about links, which have none: leave it out", sim_fault_rows[f->verb].verb);
    else if (replica && (!(sim_fault_rows[f->verb].uses & SIM_FAULT_REPLICA) || f->replicas == 1))
        SIM_FAIL(r, replica, "faults: `replica`: there is only one that this could be about: leave it out");
    else if (replica)
        f->replica = (uint16_t)read_number(r, replica, f->replicas);
    if (shard && f->places == f->replicas)
        SIM_FAIL(r, shard, "faults: `shard`: %s has none: leave it out", r->model->components[f->target].name);
    else if (shard)
        f->shard = (uint16_t)read_number(r, shard, f->places / f->replicas);
}

static void read_links(sim_reader *r, const sim_node *of, sim_fault_def *f)
{
    const char *verb = sim_fault_rows[f->verb].verb;
    int network = sim_model_find(r->model, "network");
    if (network < 0 || r->model->components[network].kind != SIM_PART_network) {
        SIM_FAIL(r, of, "faults: `%s` needs a section `network: {regions: [eu, us], rtt: {eu-us: 80ms}}`", verb);
        return;
    }
    f->target = (uint16_t)network;
    f->places = sim_fault_places(SIM_PART_network, r->model->components[network].def, &f->replicas);
    f->ways = sim_links_read(r, of, f->target, verb, &f->links);
}

// The component that a verb is about, and whether it can be.
static void read_target(sim_reader *r, const sim_node *of, sim_fault_def *f)
{
    const sim_fault_row *row = &sim_fault_rows[f->verb];
    if (row->kinds >> SIM_PART_network & 1) {
        read_links(r, of, f);
        return;
    }
    int target = of->kind == SIM_SCALAR ? sim_resolve(r, of, of->text, -1) : -1;
    if (of->kind != SIM_SCALAR)
        SIM_FAIL(r, of, "faults: `%s` wants the name of a component", row->verb);
    if (target < 0)
        return;
    const sim_model_component *c = &r->model->components[target];
    f->target = (uint16_t)target;
    f->places = sim_fault_places(c->kind, c->def, &f->replicas);
    if (row->kinds >> c->kind & 1)
        return;
    char kinds[96] = "";
    for (int k = 0; k < SIM_PART_COUNT; k++)
        if (row->kinds >> k & 1)
            snprintf(kinds + strlen(kinds), sizeof kinds - strlen(kinds), "%s%s", *kinds ? ", " : "", sim_kinds[k]->name);
    SIM_FAIL(r, of, "faults: `%s` cannot be about %s, a %s; it can be about: %s", row->verb, c->name, sim_kinds[c->kind]->name, kinds);
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
    sim_at_check(r, sim_node_member(node, "at"), "fault.at", f->at);
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
    bool is_standby = sim_fault_rows[f->verb].uses & SIM_FAULT_STANDBY;
    if (is_standby && c->kind == SIM_PART_database && !d->replicas)
        SIM_FAIL(r, node, "faults: `%s` is about a replica that follows its primary: %s has no `replicas`", sim_fault_rows[f->verb].verb, c->name);
    if (f->verb != SIM_FAULT_kill)
        return;
    if (c->kind == SIM_PART_service && ((const sim_service_def *)c->def)->slots) {
        if (f->lasts)
            SIM_FAIL(r, sim_node_member(node, "for"), "faults: %s has an autoscaler, which replaces what dies: leave out `for`", c->name);
        f->lasts = true;                       // the blow itself takes no time
        f->takes = (sim_dist_def){.kind = SIM_DIST_constant};
    }
    if (c->kind == SIM_PART_database && d->history && d->replicas)
        SIM_FAIL(r, node, "faults: %s has `history`: a new primary may show what was committed nowhere else, and nobody knows since when: leave out "
                 "`history` or the fault", c->name);
}

// What a verb takes beside its target; what it must be told.
static void read_amounts(sim_reader *r, sim_node *node, const sim_fault_def *f)
{
    static const struct { uint32_t use; bool is_needed; const char *key, *of, *want; } amounts[] = {
        {SIM_FAULT_FACTOR, false, "factor", "`slow`", ""}, {SIM_FAULT_BY, true, "by", "`delay` and `apply_delay`", "by: 50ms"},
        {SIM_FAULT_SHARE, true, "share", "`lose`", "share: 5%"}};
    const sim_fault_row *row = &sim_fault_rows[f->verb];
    for (size_t i = 0; i < HR_COUNT(amounts); i++) {
        const sim_node *amount = sim_node_member(node, amounts[i].key);
        if (amount && !(row->uses & amounts[i].use))
            SIM_FAIL(r, amount, "faults: `%s` belongs to %s", amounts[i].key, amounts[i].of);
        else if (!amount && row->uses & amounts[i].use && amounts[i].is_needed)
            SIM_FAIL(r, node, "faults: `%s` wants `%s`: how much", row->verb, amounts[i].want);
    }
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
    read_amounts(r, node, f);
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

static void add_number(hr_text *text, const char *what, uint16_t number)
{
    if (number == SIM_ALL_REPLICAS)
        hr_text_add(text, ", %s: all", what);
    else if (number != SIM_ANY_REPLICA)
        hr_text_add(text, ", %s: %u", what, (unsigned)number);
}

// "db-1", "db, all"; of a database with shards "db, shard: 2, replica: 1".
static void add_place(hr_text *text, const sim_fault_def *f, uint16_t replica, uint16_t shard)
{
    if (f->places > f->replicas) {
        add_number(text, "shard", shard);
        if (f->replicas > 1)
            add_number(text, "replica", replica);
    } else if (replica == SIM_ALL_REPLICAS) {
        hr_text_add(text, ", all");
    } else if (f->replicas > 1 && replica != SIM_ANY_REPLICA) {
        hr_text_add(text, "-%u", (unsigned)replica);
    }
}

static void add_amounts(hr_text *text, const sim_fault_def *f)
{
    uint32_t uses = sim_fault_rows[f->verb].uses;
    if (uses & SIM_FAULT_FACTOR)
        hr_text_add(text, ", factor %g", f->factor);
    if (uses & SIM_FAULT_SHARE)
        hr_text_add(text, ", share %g%%", f->share * 100);
    if (uses & SIM_FAULT_BY) {
        hr_text_add(text, ", by ");
        sim_show_dist(&f->by, text);
    }
}

char *sim_fault_name(const sim_model *model, const sim_fault_def *f, uint16_t replica, uint16_t shard)
{
    hr_text text = {0};
    hr_text_add(&text, "%s %s", sim_fault_rows[f->verb].verb, f->ways ? f->links : model->components[f->target].name);
    if (!f->ways)
        add_place(&text, f, replica, shard);
    return text.data;
}

char *sim_fault_text(const sim_model *model, const sim_fault_def *f, uint16_t replica, uint16_t shard)
{
    char *name = sim_fault_name(model, f, replica, shard);
    hr_text text = {0};
    hr_text_add(&text, "%s", name);
    add_amounts(&text, f);
    free(name);
    return text.data;
}

const sim_fault_def *sim_fault_def_of(const sim_model *model, const sim_fault_run *run)
{
    const sim_faults_def *all = model->components[sim_model_find(model, "faults")].def;
    return &all->faults[run->fault];
}
