// labs/lab.c - reading lab.yaml, and finding labs; see lab.h.
#include "labs/lab.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "patterns/catalogue.h"

enum { MOST_MINUTES = 600, LARGEST_TEXT = 1 << 20 };

typedef struct {
    sim_pool   *pool;
    sim_source *source;
    lab        *lab;
    bool        failed;
} reader;

#define FAIL(r, node, ...) ((void)SIM_WRONG((r)->source, node, __VA_ARGS__), (void)((r)->failed = true))

// --- keys -----------------------------------------------------------------------------------------------------------

typedef struct { const char *name; sim_node_kind kind; bool required; const char *help; } key;

static const key lab_keys[] = {
    {"id", SIM_SCALAR, true, "the folder's name, such as 01-cache-aside"},
    {"title", SIM_SCALAR, true, "one line for people"},
    {"minutes", SIM_SCALAR, true, "how long a learner needs"},
    {"learn", SIM_LIST, true, "what is learnt, a line each"},
    {"file", SIM_SCALAR, true, "the one file that the learner edits; it lies in start/ and solution/"},
    {"free", SIM_MAP, true, "PATH: any, or a list of values that may be chosen; everything else must stay as it is"},
    {"keep", SIM_MAP, false, "PATH: [step, …]: steps that must stay in that handler"},
    {"targets", SIM_LIST, true, "- {id, title, holds: p99(yours) < 30ms, look}"},
    {"watch", SIM_LIST, false, "metrics that are shown beside the targets"},
    {"hints", SIM_LIST, true, "in order, from a nudge to nearly the answer"},
    {"tempting", SIM_LIST, true, "- {file, misses: [target], why}: plausible answers that miss targets"},
    {"after", SIM_SCALAR, true, "what is said when all targets hold"},
    {0}};
static const key target_keys[] = {
    {"id", SIM_SCALAR, true, "one word"}, {"title", SIM_SCALAR, true, "what is asked, for people"},
    {"holds", SIM_SCALAR, true, "a claim such as p99(yours) < 30ms"}, {"look", SIM_SCALAR, true, "where to look when it is missed"}, {0}};
static const key tempting_keys[] = {
    {"file", SIM_SCALAR, true, "below tempting/"}, {"misses", SIM_LIST, true, "ids of the targets that it misses"},
    {"why", SIM_SCALAR, true, "why it misses them"}, {0}};

static const char *kind_name(sim_node_kind kind)
{
    return kind == SIM_SCALAR ? "a text" : kind == SIM_MAP ? "a mapping" : "a list";
}

// Checks a map against its table; false when anything is missing, unknown, empty or of another kind.
static bool check_keys(reader *r, const char *where, sim_node *map, const key *keys)
{
    bool good = true;
    const char *names[16] = {0};
    if (map->kind != SIM_MAP) {
        FAIL(r, map, "%s: want a mapping that begins with `%s:`", where, keys->name);
        return false;
    }
    for (size_t i = 0; keys[i].name; i++) {
        names[i] = keys[i].name;
        const sim_node *n = sim_node_member(map, keys[i].name);
        if (!n && !keys[i].required)
            continue;
        bool empty = n && (n->kind == SIM_SCALAR ? !*n->text : n->count == 0);
        if (!n)
            FAIL(r, map, "%s lacks `%s`: %s", where, keys[i].name, keys[i].help);
        else if (n->kind != keys[i].kind || empty)
            FAIL(r, n, "%s.%s: want %s: %s", where, keys[i].name, kind_name(keys[i].kind), keys[i].help);
        good = good && n && n->kind == keys[i].kind && !empty;
    }
    for (const sim_node *m = map->first; m; m = m->next)
        if (!m->used) {
            const char *near = hr_nearest(m->key->text, names);
            FAIL(r, m->key, "%s has no key `%s`%s", where, m->key->text, HR_HINT(near, '`'));
            good = false;
        }
    return good;
}

static const char *text_of(sim_node *map, const char *name) { return sim_node_member(map, name)->text; }

static const char *const *texts_of(reader *r, const char *where, const sim_node *list, size_t *count)
{
    const char **texts = sim_pool_take(r->pool, list->count * sizeof *texts + 1);
    for (const sim_node *n = list->first; n; n = n->next)
        if (n->kind == SIM_SCALAR && *n->text)
            texts[(*count)++] = n->text;
        else
            FAIL(r, n, "%s: want a list of texts", where);
    return texts;
}

// --- sections -------------------------------------------------------------------------------------------------------

// The metric, and the component if one is named, that a claim compares: alone on its left, for that is what the learner is shown as measured. The claim
// itself is checked by sim_claims_check.
static bool read_measured(sim_pool *pool, const char *expression, lab_target *target)
{
    char metric[32], variant[32], component[64];
    char closing;
    int words = sscanf(expression, "%31[a-z0-9_](%31[a-z0-9_-] , %63[A-Za-z0-9_-] %c", metric, variant, component, &closing);
    int row = words >= 2 ? sim_metric_find(metric) : -1;
    const char *end = strchr(expression, ')');
    if (row < 0 || !end || strcspn(end + 1 + strspn(end + 1, " "), "*/+-") == 0)
        return false;
    target->metric = (sim_metric)row;
    target->component = words == 4 ? sim_pool_text(pool, component) : NULL;
    return true;
}

static void read_targets(reader *r, const sim_node *list)
{
    lab *l = r->lab;
    l->claims = sim_pool_take(r->pool, list->count * sizeof *l->claims);
    l->targets = sim_pool_take(r->pool, list->count * sizeof *l->targets);
    for (sim_node *n = list->first; n; n = n->next) {
        if (!check_keys(r, "target", n, target_keys))
            continue;
        const sim_node *holds = sim_node_member(n, "holds");
        lab_target target = {.title = text_of(n, "title"), .look = text_of(n, "look")};
        if (!read_measured(r->pool, holds->text, &target))
            FAIL(r, holds, "target %s: want a claim that begins with what is measured, and nothing else before < or >, such as p99(%s) < 30ms", text_of(n, "id"), LAB_YOURS);
        l->claims[l->target_count] = (sim_claim){.id = text_of(n, "id"), .source = target.title, .expression = holds->text,
                                                 .line = holds->line, .column = holds->column};
        l->targets[l->target_count++] = target;
    }
}

// The claims, read as the study will read them: names of metrics and components, units, and no other variant than `yours`.
static void check_claims(reader *r)
{
    sim_variant yours = {.name = LAB_YOURS, .summary = ""};
    sim_model judged = *r->lab->start;
    judged.path = r->source->path;
    judged.claims = r->lab->claims;
    judged.claim_count = r->lab->target_count;
    judged.variants = &yours;
    judged.variant_count = 1;
    judged.objective_count = 0;
    if (sim_claims_check(&judged, r->source->error))
        r->failed = true;
}

static bool is_target(const lab *l, const char *id)
{
    for (size_t i = 0; i < l->target_count; i++)
        if (strcmp(l->claims[i].id, id) == 0)
            return true;
    return false;
}

// A file of the lab that must be there.
static void need_file(reader *r, const sim_node *node, const char *below, const char *name)
{
    char *path = hr_format("%s/%s%s", r->lab->folder, below, name);
    if (access(path, R_OK) != 0)
        FAIL(r, node, "%s cannot be read", path);
    free(path);
}

static void read_tempting(reader *r, const sim_node *list)
{
    lab *l = r->lab;
    l->tempting = sim_pool_take(r->pool, list->count * sizeof *l->tempting);
    for (sim_node *n = list->first; n; n = n->next) {
        if (!check_keys(r, "tempting", n, tempting_keys))
            continue;
        const sim_node *misses = sim_node_member(n, "misses");
        lab_tempting t = {.file = text_of(n, "file"), .why = text_of(n, "why")};
        t.misses = texts_of(r, "misses", misses, &t.miss_count);
        for (const sim_node *m = misses->first; m; m = m->next)
            if (m->kind == SIM_SCALAR && !is_target(l, m->text))
                FAIL(r, m, "misses: no target is named '%s'", m->text);
        need_file(r, sim_node_member(n, "file"), "tempting/", t.file);
        l->tempting[l->tempting_count++] = t;
    }
}

static void read_watch(reader *r, const sim_node *list)
{
    sim_metric *watch = sim_pool_take(r->pool, (list ? list->count : 0) * sizeof *watch + 1);
    for (const sim_node *n = list ? list->first : NULL; n; n = n->next) {
        int metric = n->kind == SIM_SCALAR ? sim_metric_find(n->text) : -1;
        if (metric < 0)
            FAIL(r, n, "watch: '%s' is no metric", n->kind == SIM_SCALAR ? n->text : "…");
        else
            watch[r->lab->watch_count++] = (sim_metric)metric;
    }
    r->lab->watch = watch;
}

static void read_free(reader *r, sim_node *map)
{
    r->lab->free = map;
    for (const sim_node *n = map->first; n; n = n->next)
        if (n->kind == SIM_MAP || (n->kind == SIM_SCALAR && strcmp(n->text, "any") != 0))
            FAIL(r, n, "free.%s: want any, or a list of the values that may be chosen", n->key->text);
}

static void read_keep(reader *r, sim_node *map)
{
    r->lab->keep = map;
    for (const sim_node *n = map ? map->first : NULL; n; n = n->next)
        if (n->kind != SIM_LIST || !n->count)
            FAIL(r, n, "keep.%s: want a list of steps", n->key->text);
}

static void read_heading(reader *r, sim_node *root)
{
    lab *l = r->lab;
    const sim_node *id = sim_node_member(root, "id"), *minutes = sim_node_member(root, "minutes");
    const char *slash = strrchr(l->folder, '/'), *name = slash ? slash + 1 : l->folder;
    l->id = id->text;
    l->number = atoi(id->text);
    l->title = text_of(root, "title");
    l->after = text_of(root, "after");
    l->file = text_of(root, "file");
    char *end;
    long value = strtol(minutes->text, &end, 10);
    l->minutes = (int)value;
    if (*end || value < 1 || value > MOST_MINUTES)
        FAIL(r, minutes, "minutes: want a whole number from 1 to %d", MOST_MINUTES);
    if (strcmp(id->text, name) != 0 || l->number < 1)
        FAIL(r, id, "id: want the folder's name, a number and words: '%s'", name);
    if (strchr(l->file, '/'))
        FAIL(r, sim_node_member(root, "file"), "file: want a name without folders");
    need_file(r, id, "", "README.md");
    need_file(r, id, "solution/", l->file);
    l->learn = texts_of(r, "learn", sim_node_member(root, "learn"), &l->learn_count);
    l->hints = texts_of(r, "hints", sim_node_member(root, "hints"), &l->hint_count);
}

static bool read_all(reader *r, sim_node *root)
{
    lab *l = r->lab;
    if (!check_keys(r, "the lab", root, lab_keys))
        return false;
    read_heading(r, root);
    read_free(r, sim_node_member(root, "free"));
    read_keep(r, sim_node_member(root, "keep"));
    read_watch(r, sim_node_member(root, "watch"));
    char *start = hr_format("%s/start/%s", l->folder, l->file);
    hr_status status = sim_model_read(start, NULL, &l->start, r->source->error);
    free(start);
    if (status)
        return false;
    read_targets(r, sim_node_member(root, "targets"));
    if (!r->failed)
        check_claims(r);
    read_tempting(r, sim_node_member(root, "tempting"));
    return !r->failed;
}

hr_status lab_read(const char *folder, lab **out, hr_error *e)
{
    char *path = hr_format("%s/lab.yaml", folder), *text = NULL;
    size_t size;
    hr_status status = hr_read_file(path, LARGEST_TEXT, &text, &size, e);
    if (status) {
        free(path);
        return status;
    }
    sim_pool *pool = hr_alloc(sizeof *pool);
    lab *l = sim_pool_take(pool, sizeof *l);
    *l = (lab){.folder = sim_pool_text(pool, folder), .pool = pool};
    sim_source source = {.path = path, .text = text, .error = e};
    reader r = {.pool = pool, .source = &source, .lab = l};
    sim_node *root;
    status = sim_node_parse(pool, &source, size, &root);
    if (!status && !read_all(&r, root))
        status = HR_BAD_INPUT;
    free(text);
    free(path);
    if (status)
        lab_free(l);
    else
        *out = l;
    return status;
}

void lab_free(lab *l)
{
    if (!l)
        return;
    sim_pool *pool = l->pool;                  // the lab itself lies in it
    sim_model_free(l->start);
    sim_pool_free(pool);
    free(pool);
}

// --- finding --------------------------------------------------------------------------------------------------------

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The folders labs/NN-…, sorted and NULL-terminated; the caller frees each and the list.
static char **folder_names(void)
{
    enum { MOST = 256 };
    char *path = hr_format("%s/labs", pattern_root());
    DIR *folder = opendir(path);
    free(path);
    char **list = hr_alloc((MOST + 1) * sizeof *list);
    size_t n = 0;
    for (struct dirent *d; folder && n < MOST && (d = readdir(folder));)
        if (d->d_name[0] >= '0' && d->d_name[0] <= '9' && strchr(d->d_name, '-'))
            list[n++] = hr_strdup(d->d_name);
    if (folder)
        closedir(folder);
    qsort(list, n, sizeof *list, by_name);
    return list;
}

static void free_names(char **names)
{
    for (char **name = names; *name; name++)
        free(*name);
    free(names);
}

static hr_status read_named(const char *name, lab **out, hr_error *e)
{
    char *folder = hr_format("%s/labs/%s", pattern_root(), name);
    hr_status status = lab_read(folder, out, e);
    free(folder);
    return status;
}

hr_status lab_list(lab ***list, size_t *count, hr_error *e)
{
    char **names = folder_names();
    hr_status status = HR_OK;
    size_t n = 0;
    while (names[n])
        n++;
    *list = hr_alloc((n + 1) * sizeof **list);
    *count = 0;
    for (size_t i = 0; i < n && !status; i++)
        if (!(status = read_named(names[i], &(*list)[*count], e)))
            (*count)++;
    free_names(names);
    if (!status && n == 0)
        status = hr_fail(e, HR_ENVIRONMENT, "no lab is below %s/labs: set HEADROOM_ROOT to the folder of the sources", pattern_root());
    if (status)
        lab_list_free(*list, *count);
    return status;
}

void lab_list_free(lab **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        lab_free(list[i]);
    free(list);
}

static bool is_meant(const char *name, const char *word)
{
    char *end;
    long number = strtol(word, &end, 10);
    return strcmp(name, word) == 0 || strcmp(strchr(name, '-') + 1, word) == 0 || (end != word && !*end && number == atoi(name));
}

hr_status lab_find(const char *word, lab **out, hr_error *e)
{
    char **names = folder_names();
    hr_status status = HR_BAD_INPUT;
    char **name = names;
    while (*name && !is_meant(*name, word))
        name++;
    if (*name) {
        status = read_named(*name, out, e);
    } else {
        const char *near = hr_nearest(word, (const char *const *)names);
        hr_fail(e, HR_BAD_INPUT, "no lab is '%s'%s; `headroom lab list` lists them by number and name", word,
                HR_HINT(near, '\''));
    }
    free_names(names);
    return status;
}
