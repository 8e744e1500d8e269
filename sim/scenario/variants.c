// sim/scenario/variants.c - the section `variants`: subtrees of the file that one of them replaces, before anything else is read.
#include <string.h>

#include "sim/scenario/reader.h"

// Where a path begins: a section of the file, or a component or workload by its name.
static sim_node *path_root(sim_node *root, const char *path, size_t length)
{
    sim_node *found = sim_node_find(root, path, length);
    if (!found)
        found = sim_node_find(sim_node_find(root, "components", 10), path, length);
    return found ? found : sim_node_find(sim_node_find(root, "workload", 8), path, length);
}

static void replace(sim_reader *r, sim_node *parent, const char *name, sim_node *value)
{
    sim_node *copy = sim_pool_take(r->pool, sizeof *copy), **at = &parent->first;
    *copy = *value;
    while (*at && strcmp((*at)->key->text, name) != 0)
        at = &(*at)->next;
    copy->next = *at ? (*at)->next : NULL;
    copy->key = sim_pool_take(r->pool, sizeof *copy->key);
    *copy->key = *value->key;
    copy->key->text = sim_pool_text(r->pool, name);
    copy->used = false;
    if (!*at)
        parent->count++;
    *at = copy;
}

static void apply_override(sim_reader *r, sim_node *root, sim_node *value)
{
    const char *path = value->key->text, *dot = strchr(path, '.');
    if (strcmp(path, "faults") == 0) {         // a list: replaced as a whole
        replace(r, root, path, value);
        return;
    }
    sim_node *parent = dot ? path_root(root, path, (size_t)(dot - path)) : NULL;
    if (!parent) {
        SIM_FAIL(r, value->key, "'%s': want a path such as api.on.read or workload.readers.rate; no section or component begins so", path);
        return;
    }
    for (const char *at = dot + 1;; at = dot + 1) {
        dot = strchr(at, '.');
        if (parent->kind != SIM_MAP) {
            SIM_FAIL(r, value->key, "'%s': there is nothing below '%.*s'", path, (int)(at - 1 - path), path);
            return;
        }
        if (!dot) {
            replace(r, parent, at, value);
            return;
        }
        sim_node *next = sim_node_find(parent, at, (size_t)(dot - at));
        if (!next) {
            SIM_FAIL(r, value->key, "'%s': '%.*s' is not in the file", path, (int)(dot - path), path);
            return;
        }
        parent = next;
    }
}

void sim_variants_read(sim_reader *r, sim_node *root, const char *wanted)
{
    sim_node *variants = sim_node_member(root, "variants");
    if (variants && variants->kind != SIM_MAP)
        SIM_FAIL(r, variants, "variants: want {NAME: {path.to.key: value}}");
    if (variants && variants->count > SIM_MOST_variants) {
        SIM_FAIL(r, variants, "%zu variants; at most %d, because a comparison runs and prints them all", variants->count, SIM_MOST_variants);
        variants = NULL;
    }
    sim_model *m = r->model;
    m->variants = sim_pool_take(r->pool, (variants ? variants->count : 0) * sizeof *m->variants + 1);
    const char *names[SIM_MOST_variants + 1] = {0};
    bool found = !*wanted;
    for (sim_node *v = variants && variants->kind == SIM_MAP ? variants->first : NULL; v; v = v->next) {
        if (v->kind != SIM_MAP) {
            SIM_FAIL(r, v, "variant '%s': want {path.to.key: value}, or {} for the file as it stands", v->key->text);
            continue;
        }
        sim_check_name(r, v->key, "a variant");
        const sim_node *summary = sim_node_member(v, "summary");
        m->variants[m->variant_count++] = (sim_variant){v->key->text, summary && summary->kind == SIM_SCALAR ? summary->text : "", v->key->line};
        names[m->variant_count - 1] = v->key->text;
        if (strcmp(v->key->text, wanted) != 0)
            continue;
        found = true;
        for (sim_node *value = v->first; value; value = value->next)
            if (strcmp(value->key->text, "summary") != 0)
                apply_override(r, root, value);
    }
    if (!found) {
        const char *near = hr_nearest(wanted, names);
        SIM_FAIL(r, variants ? variants : root, "no variant is named '%s'%s", wanted, HR_HINT(near, '\''));
    }
}
