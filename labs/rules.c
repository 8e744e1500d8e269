// labs/rules.c - the learner's file beside the one that was handed out; see rules.h.
#include "labs/rules.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_TEXT = 1 << 20, LONGEST_PATH = 256 };

typedef struct {
    const lab  *lab;
    sim_source *source;                        // the learner's file
    bool        failed;
} referee;

#define REFUSE(r, node, ...) ((void)SIM_WRONG((r)->source, node, __VA_ARGS__), (void)((r)->failed = true))

// --- comparing ------------------------------------------------------------------------------------------------------

// Equal but for white space.
static bool same_text(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (isspace((unsigned char)*a))
            a++;
        while (isspace((unsigned char)*b))
            b++;
        if (*a != *b)
            return false;
        if (!*a)
            return true;
    }
}

static const sim_node *member(const sim_node *map, const char *name)
{
    for (const sim_node *m = map && map->kind == SIM_MAP ? map->first : NULL; m; m = m->next)
        if (strcmp(m->key->text, name) == 0)
            return m;
    return NULL;
}

static bool same(const sim_node *a, const sim_node *b)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    if (a->kind == SIM_SCALAR)
        return same_text(a->text, b->text);
    const sim_node *y = b->first;
    for (const sim_node *x = a->first; x; x = x->next) {
        const sim_node *other = a->kind == SIM_MAP ? member(b, x->key->text) : y;
        if (!other || !same(x, other))
            return false;
        y = y ? y->next : NULL;
    }
    return true;
}

// A node in one line, as YAML writes it in braces.
static void show(const sim_node *node, hr_text *out)
{
    if (node->kind == SIM_SCALAR) {
        hr_text_add(out, "%s", node->text);
        return;
    }
    hr_text_add(out, node->kind == SIM_MAP ? "{" : "[");
    for (const sim_node *m = node->first; m; m = m->next) {
        if (node->kind == SIM_MAP)
            hr_text_add(out, "%s: ", m->key->text);
        show(m, out);
        hr_text_add(out, m->next ? ", " : "");
    }
    hr_text_add(out, node->kind == SIM_MAP ? "}" : "]");
}

// --- what may be changed ----------------------------------------------------------------------------------------------

static bool is_below(const char *path, const char *above)
{
    size_t n = strlen(above);
    return strncmp(path, above, n) == 0 && (path[n] == '.' || !path[n]);
}

// The entry of `free` that covers a path, or NULL.
static const sim_node *free_entry(const lab *l, const char *path)
{
    for (const sim_node *n = l->free->first; n; n = n->next)
        if (is_below(path, n->key->text))
            return n;
    return NULL;
}

static bool has_free_below(const lab *l, const char *path)
{
    for (const sim_node *n = l->free->first; n; n = n->next)
        if (is_below(n->key->text, path))
            return true;
    return false;
}

// Tells what may be changed beside `path`: the names below its parent that are free or have something free below them.
static void refuse_addition(referee *r, const char *path, const sim_node *theirs)
{
    const char *dot = strrchr(path, '.'), *last = "";
    size_t parent = dot ? (size_t)(dot - path) + 1 : 0, last_length = 0;
    hr_text names = {0};
    for (const sim_node *n = r->lab->free->first; n; n = n->next) {
        const char *name = n->key->text + parent;
        if (strncmp(n->key->text, path, parent) != 0)
            continue;
        size_t length = strcspn(name, ".");
        if (length != last_length || strncmp(name, last, length) != 0)     // entries of one component stand together
            hr_text_add(&names, "%s%.*s", names.used ? ", " : "", (int)length, name);
        last = name;
        last_length = length;
    }
    REFUSE(r, theirs->key, "%s may not be added here%s%s", path, names.used ? "; what may be changed beside it: " : "", names.used ? names.data : "");
    free(names.data);
}

static void check_choice(referee *r, const char *path, const sim_node *entry, const sim_node *theirs)
{
    if (entry->kind != SIM_LIST)
        return;
    for (const sim_node *choice = entry->first; choice; choice = choice->next)
        if (same(choice, theirs))
            return;
    hr_text choices = {0};
    show(entry, &choices);
    REFUSE(r, theirs, "%s: here it must be one of %s", path, choices.data);
    free(choices.data);
}

static void compare(referee *r, const char *path, const sim_node *theirs, const sim_node *given);

static void compare_members(referee *r, const char *path, const sim_node *theirs, const sim_node *given)
{
    char below[LONGEST_PATH];
    for (const sim_node *m = theirs->first; m; m = m->next) {
        if (strchr(m->key->text, '.')) {       // it would pass for the path of something that is free
            REFUSE(r, m->key, "'%s': no name has a dot here", m->key->text);
            continue;
        }
        snprintf(below, sizeof below, "%s%s%s", path, *path ? "." : "", m->key->text);
        compare(r, below, m, member(given, m->key->text));
    }
    for (const sim_node *m = given ? given->first : NULL; m; m = m->next) {
        snprintf(below, sizeof below, "%s%s%s", path, *path ? "." : "", m->key->text);
        const sim_node *entry = free_entry(r->lab, below);
        if (!member(theirs, m->key->text) && (!entry || entry->kind == SIM_LIST))      // a default is no choice from the list
            REFUSE(r, theirs, "%s is missing: it is part of the exercise and must stay", below);
    }
}

static void compare(referee *r, const char *path, const sim_node *theirs, const sim_node *given)
{
    const sim_node *entry = free_entry(r->lab, path);
    if (entry) {
        check_choice(r, path, entry, theirs);
    } else if (theirs->kind == SIM_MAP && (given ? given->kind == SIM_MAP : has_free_below(r->lab, path))) {
        compare_members(r, path, theirs, given);
    } else if (!given) {
        refuse_addition(r, path, theirs);
    } else if (!same(theirs, given)) {
        hr_text text = {0};
        show(given, &text);
        REFUSE(r, theirs, "%s may not be changed: the exercise says %s", path, text.data);
        free(text.data);
    }
}

// --- what must stay ---------------------------------------------------------------------------------------------------

static const sim_node *at_path(const sim_node *root, const char *path)
{
    char name[LONGEST_PATH];
    for (const char *at = path; root;) {
        size_t n = strcspn(at, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, at);
        root = member(root, name);
        if (!at[n])
            return root;
        at += n + 1;
    }
    return NULL;
}

// Whether a step may end the handler, by itself or in one of its blocks: a map of a step, a list of steps, or of branches.
static bool may_end(const sim_node *step)
{
    if (step->kind == SIM_MAP && (member(step, "return") || member(step, "fail")))
        return true;
    for (const sim_node *part = step->kind == SIM_SCALAR ? NULL : step->first; part; part = part->next)
        if (may_end(part))
            return true;
    return false;
}

static void check_kept(referee *r, const sim_node *kept, const sim_node *root)
{
    const sim_node *steps = at_path(root, kept->key->text);
    if (!steps || steps->kind != SIM_LIST)
        return;                                // told by the scenario's reader, or by `free`
    const sim_node *at = steps->first;
    for (const sim_node *want = kept->first; want; want = want->next) {
        while (at && !same(at, want) && !may_end(at))
            at = at->next;
        if (!at || !same(at, want)) {
            hr_text text = {0};
            show(want, &text);
            REFUSE(r, steps, "%s must still do %s for every request: not only in a `miss`, and not behind a return", kept->key->text, text.data);
            free(text.data);
            return;
        }
        at = at->next;
    }
}

// --- readers stay readers -----------------------------------------------------------------------------------------------

static const sim_statement_def *statement(const sim_model *model, const sim_step_def *step)
{
    return &((const sim_database_def *)model->components[sim_model_behind(model, step->target)].def)->statements[step->operation];
}

static const sim_handler_def *called(const sim_model *model, const sim_step_def *step)
{
    const sim_model_component *c = &model->components[sim_model_behind(model, step->target)];
    return &((const sim_service_def *)c->def)->handlers[step->operation];
}

// Whether a handler runs a statement that writes, itself or by what it calls. Calls form no ring: the reader has seen to that.
static bool writes(const sim_model *model, const sim_handler_def *handler)
{
    for (uint16_t i = 0; i < handler->count; i++) {
        const sim_step_def *step = &handler->steps[i];
        if (step->kind == SIM_STEP_query ? statement(model, step)->writes : step->kind == SIM_STEP_call && writes(model, called(model, step)))
            return true;
    }
    return false;
}

static const sim_handler_def *handler_named(const sim_model *model, const char *service, const char *name)
{
    int id = sim_model_find(model, service);
    const sim_service_def *s = id >= 0 && model->components[id].kind == SIM_PART_service ? model->components[id].def : NULL;
    for (uint16_t i = 0; s && i < s->handler_count; i++)
        if (strcmp(s->handlers[i].name, name) == 0)
            return &s->handlers[i];
    return NULL;
}

static void check_readers(referee *r, const sim_node *root, const sim_model *model)
{
    for (uint16_t c = 0; c < r->lab->start->component_count; c++) {
        const sim_model_component *service = &r->lab->start->components[c];
        const sim_service_def *s = service->kind == SIM_PART_service ? service->def : NULL;
        for (uint16_t i = 0; s && i < s->handler_count; i++) {
            const sim_handler_def *theirs = handler_named(model, service->name, s->handlers[i].name);
            if (!theirs || writes(r->lab->start, &s->handlers[i]) || !writes(model, theirs))
                continue;
            char path[LONGEST_PATH];
            snprintf(path, sizeof path, "components.%s.on.%s", service->name, theirs->name);
            REFUSE(r, at_path(root, path), "%s only reads: it may not run a statement that writes", path);
        }
    }
}

// --- the whole ----------------------------------------------------------------------------------------------------------

static hr_status given_nodes(const lab *l, sim_pool *pool, sim_node **root)
{
    sim_source source = {.path = l->start->path, .text = l->start->text};
    return sim_node_parse(pool, &source, strlen(l->start->text), root);
}

static hr_status judge(const lab *l, const char *path, const char *text, size_t size, sim_model **model, hr_error *e)
{
    sim_pool pool = {0};
    sim_source source = {.path = path, .text = text, .error = e};
    referee r = {.lab = l, .source = &source};
    sim_node *theirs, *given;
    *model = NULL;
    hr_status status = sim_model_parse(path, text, size, NULL, model, e);
    if (!status && !(status = sim_node_parse(&pool, &source, size, &theirs)) && !(status = given_nodes(l, &pool, &given))) {
        compare(&r, "", theirs, given);
        for (const sim_node *kept = l->keep ? l->keep->first : NULL; kept; kept = kept->next)
            check_kept(&r, kept, theirs);
        check_readers(&r, theirs, *model);
    }
    sim_pool_free(&pool);
    if (r.failed)
        status = hr_fail(e, HR_BAD_INPUT, "this is another exercise than %s, so it is not graded. README.md lists what may be changed", l->id);
    if (status)
        sim_model_free(*model);
    return status;
}

hr_status lab_rules_read(const lab *l, const char *path, sim_model **out, hr_error *e)
{
    static const sim_variant yours = {.name = LAB_YOURS, .summary = ""};
    char *text;
    size_t size;
    hr_status status = hr_read_file(path, LARGEST_TEXT, &text, &size, e);
    if (status)
        return status;
    sim_model *model;
    status = judge(l, path, text, size, &model, e);
    free(text);
    if (status)
        return status;
    model->variant = yours.name;
    model->variants = (sim_variant *)(uintptr_t)&yours;
    model->variant_count = 1;
    model->claims = l->claims;
    model->claim_count = l->target_count;
    *out = model;
    return HR_OK;
}
