// sim/scenario/sections.c - the sections beside components and workload: `run`, `live`, `objectives`, `claims`.
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

void sim_run_read(sim_reader *r, sim_node *root)
{
    sim_node none = {.kind = SIM_MAP, .line = 1, .column = 1}, *run = sim_node_member(root, "run");
    if (run && run->kind != SIM_MAP) {
        SIM_FAIL(r, run, "run: want {duration: 60s}");
        return;
    }
    sim_model *m = r->model;
    if (!sim_keys_read(r->pool, r->source, "run", "run", run ? run : &none, m)) {
        r->failed = true;
        m->duration = 0;                       // perhaps it is that: what depends on it is not judged
    }
    const sim_node *warmup = sim_node_member(run, "warmup");
    m->warmup = -1;
    if (warmup && (warmup->kind != SIM_SCALAR || (strcmp(warmup->text, "auto") != 0 && !sim_read_time(warmup->text, &m->warmup))))
        SIM_FAIL(r, warmup, "run.warmup: want a time such as 10s, or auto");
    else if (m->duration && m->warmup >= m->duration)
        SIM_FAIL(r, warmup, "run.warmup: nothing is left of the duration of %g s", (double)m->duration / 1e9);
}

void sim_at_check(sim_reader *r, const sim_node *node, const char *where, hr_time at)
{
    hr_time end = r->model->duration;
    char text[32];
    if (node && end > 0 && at >= end)          // a duration that cannot be read has been told
        SIM_FAIL(r, node, "%s = '%s': the run is over after %s, so this never happens; want an earlier time, or a longer `run.duration`", where,
                 node->text, sim_show_time(end, text, sizeof text));
}

void sim_live_read(sim_reader *r, sim_node *root)
{
    sim_node *live = sim_node_member(root, "live");
    if (!live)
        return;
    if (live->kind != SIM_MAP || !sim_keys_read(r->pool, r->source, "live", "live", live, r->model)) {
        if (live->kind != SIM_MAP)
            SIM_FAIL(r, live, "live: want {variants: [none, aside], loads: [40%%, 60%%, 80%%]}");
        r->failed = true;
        return;
    }
    sim_node *variants = sim_node_member(live, "variants"), *loads = sim_node_member(live, "loads");
    sim_model *m = r->model;
    m->live_variants = sim_pool_take(r->pool, (variants ? variants->count : 0) * sizeof *m->live_variants + 1);
    m->live_loads = sim_pool_take(r->pool, (loads ? loads->count : 0) * sizeof *m->live_loads + 1);
    if (variants && variants->kind != SIM_LIST)
        SIM_FAIL(r, variants, "live.variants: want a list such as [none, aside]");
    for (sim_node *v = variants && variants->kind == SIM_LIST ? variants->first : NULL; v; v = v->next) {
        const char *names[SIM_MOST_variants + 1] = {0};
        bool known = false;
        for (size_t i = 0; i < m->variant_count; i++) {
            names[i] = m->variants[i].name;
            known = known || (v->kind == SIM_SCALAR && strcmp(names[i], v->text) == 0);
        }
        const char *near = v->kind == SIM_SCALAR ? hr_nearest(v->text, names) : NULL;
        if (known)
            m->live_variants[m->live_variant_count++] = v->text;
        else
            SIM_FAIL(r, v, "live.variants: no variant of that name%s", HR_HINT(near, '\''));
    }
    if (loads && loads->kind != SIM_LIST)
        SIM_FAIL(r, loads, "live.loads: want a list such as [40%%, 60%%, 80%%]");
    for (sim_node *l = loads && loads->kind == SIM_LIST ? loads->first : NULL; l; l = l->next) {
        double share;
        if (l->kind == SIM_SCALAR && sim_read_share(l->text, &share) && share > 0 && share < 1)
            m->live_loads[m->live_load_count++] = share;
        else
            SIM_FAIL(r, l, "live.loads: want a share of the measured capacity, below 100%%, such as 60%%");
    }
}

void sim_objectives_read(sim_reader *r, sim_node *root)
{
    sim_node *map = sim_node_member(root, "objectives");
    if (!map)
        return;
    if (map->kind != SIM_MAP) {
        SIM_FAIL(r, map, "objectives: want {p99: 200ms, errors: 0.1%%}");
        return;
    }
    r->model->objectives = sim_pool_take(r->pool, map->count * sizeof(sim_objective) + 1);
    for (sim_node *o = map->first; o; o = o->next) {
        double limit = 0;
        if (o->kind != SIM_SCALAR || !sim_read_any(o->text, &limit))
            SIM_FAIL(r, o, "objectives.%s: want a limit such as 200ms, 0.1%% or 500/s", o->key->text);
        else
            r->model->objectives[r->model->objective_count++] =
                (sim_objective){o->key->text, limit, o->text, o->key->line, o->key->column};
    }
}

static const char *text_of(sim_reader *r, sim_node *map, const char *key)
{
    const sim_node *n = sim_node_member(map, key);
    if (n && n->kind != SIM_SCALAR)
        SIM_FAIL(r, n, "claim: `%s` must be a text", key);
    return n && n->kind == SIM_SCALAR ? n->text : NULL;
}

void sim_claims_read(sim_reader *r, sim_node *root)
{
    sim_node *list = sim_node_member(root, "claims");
    if (!list)
        return;
    if (list->kind != SIM_LIST) {
        SIM_FAIL(r, list, "claims: want a list of {id, source, holds}");
        return;
    }
    r->model->claims = sim_pool_take(r->pool, list->count * sizeof(sim_claim) + 1);
    for (sim_node *c = list->first; c; c = c->next) {
        sim_claim claim = {0};
        if (c->kind != SIM_MAP || !sim_keys_read(r->pool, r->source, "claim", "claim", c, &claim)) {
            if (c->kind != SIM_MAP)
                SIM_FAIL(r, c, "want a claim: {id: …, source: …, holds: p50(aside) < 0.5 * p50(none)}");
            r->failed = true;
            continue;
        }
        const sim_node *holds = sim_node_member(c, "holds");
        claim = (sim_claim){text_of(r, c, "id"), text_of(r, c, "source"), text_of(r, c, "holds"), text_of(r, c, "live"), holds->line, holds->column};
        if (claim.id && claim.source && claim.expression)
            r->model->claims[r->model->claim_count++] = claim;
    }
}
