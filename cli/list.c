// cli/list.c - `list [KIND]`: what there is of each kind, from the tables that the program itself uses.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/words.h"
#include "patterns/catalogue.h"
#include "sim/policy/balance/balance.h"
#include "sim/policy/breaker/breaker.h"
#include "sim/policy/evict/evict.h"
#include "sim/policy/limit/limit.h"
#include "sim/policy/retry/retry.h"
#include "sim/policy/scale/scale.h"
#include "sim/study/study.h"

typedef struct { json_t *entries; const char *kind; } listing;

// `before` (arguments, a unit; may be "") goes in front of the summary.
static void add(listing *l, const char *name, const char *before, const char *summary)
{
    char *text = hr_format("%s%s%s", before, *before ? ": " : "", summary);
    json_array_append_new(l->entries, json_pack("{s:s,s:s,s:s}", "kind", l->kind, "name", name, "summary", text));
    free(text);
}

// The same with what stands in brackets behind the summary; frees it.
static void add_with(listing *l, const char *name, const char *summary, char *behind)
{
    char *text = hr_format("%s%s%s%s", summary, *behind ? " (" : "", behind, *behind ? ")" : "");
    add(l, name, "", text);
    free(text);
    free(behind);
}

static void add_patterns(listing *l)
{
    char **names = pattern_names();
    for (char **name = names; *name; name++) {
        char *path = NULL;
        sim_model *model = NULL;
        hr_error e = {0};
        if (pattern_path(*name, &path, &e) == HR_OK && sim_model_read(path, NULL, &model, &e) == HR_OK) {
            add(l, *name, "", model->title ? model->title : "");
            sim_model_free(model);
        } else {
            add(l, *name, "", "its scenario has mistakes: `headroom run` names them");
        }
        free(path);
        free(*name);
    }
    free(names);
}

static void add_metrics(listing *l)
{
    for (int m = 0; m < SIM_METRIC_COUNT; m++)
        add(l, sim_metrics[m].word, sim_metrics[m].unit, sim_metrics[m].help);
}

static void add_balancers(listing *l)
{
    for (int i = 0; sim_balancers[i]; i++)
        add_with(l, sim_balancers[i]->name, sim_balancers[i]->summary, sim_balancer_parameters(sim_balancers[i]));
}

static void add_evictions(listing *l)
{
    for (int i = 0; sim_evictors[i]; i++)
        add(l, sim_evictors[i]->name, "", sim_evictors[i]->summary);
}

static void add_limiters(listing *l)
{
    for (int i = 0; sim_limiters[i]; i++)
        add(l, sim_limiters[i]->name, "", sim_limiters[i]->summary);
}

static void add_breakers(listing *l)
{
    for (int i = 0; sim_breaker_rows[i]; i++)
        add(l, sim_breaker_rows[i]->name, "", sim_breaker_rows[i]->summary);
}

static void add_retries(listing *l)
{
    for (int i = 0; sim_retries[i]; i++)
        add(l, sim_retries[i]->name, "", sim_retries[i]->summary);
}

static void add_sheds(listing *l)
{
    for (int i = 0; sim_sheds[i]; i++)
        add(l, sim_sheds[i]->name, "", sim_sheds[i]->summary);
}

static void add_reads(listing *l)
{
    for (int i = 0; sim_readings[i]; i++)
        add(l, sim_readings[i]->name, "", sim_readings[i]->summary);
}

static void add_shards(listing *l)
{
    for (int i = 0; sim_shardings[i]; i++)
        add(l, sim_shardings[i]->name, "", sim_shardings[i]->summary);
}

static void add_autoscalers(listing *l)
{
    for (int i = 0; sim_scalers[i]; i++)
        add(l, sim_scalers[i]->name, "", sim_scalers[i]->summary);
}

static void add_words(listing *l)
{
    for (const cli_word *w = cli_words; w->kind; w++)
        if (strcmp(w->kind, l->kind) == 0)
            add(l, w->name, w->arguments, w->help);
}

static void add_components(listing *l)
{
#define SIM_PART(name) add(l, #name, "", sim_kinds[SIM_PART_##name]->summary);
#include "sim/parts/parts.def"
#undef SIM_PART
}

static void add_outcomes(listing *l)
{
#define SIM_OUTCOME(name, help) add(l, #name, "", help);
#include "sim/core/outcome.def"
#undef SIM_OUTCOME
}

// `list policies` shows all families of policies.
static const struct { const char *name, *summary; void (*add)(listing *l); bool is_policies; } kinds[] = {
    {"patterns",      "the catalogue: `compare NAME`", add_patterns, false},
    {"components",    "what a scenario is made of: `kind: NAME`", add_components, false},
    {"steps",         "what a service does with a request", add_words, false},
    {"conditions",    "what an `if` step asks", add_words, false},
    {"balancers",     "how a balancer chooses a replica: `policy: NAME`", add_balancers, true},
    {"evictions",     "which key a full cache gives up: `eviction: NAME`", add_evictions, true},
    {"limiters",      "how a rate limiter decides: `kind: limiter`, `replay limit`", add_limiters, true},
    {"breakers",      "what opens a circuit breaker: `kind: breaker`, `replay breaker`", add_breakers, true},
    {"retries",       "how long a retry waits: `retry: {policy: NAME}`", add_retries, true},
    {"sheds",         "how load shedding finds its limit: `shed: {policy: NAME}`", add_sheds, true},
    {"shards",        "which shard of a database a row lives in: `shards: {by: NAME}`", add_shards, true},
    {"reads",         "which server of a replicated database answers: `read: {policy: NAME}`", add_reads, true},
    {"disciplines",   "who of those that wait at a service is next: `discipline: NAME`", add_words, true},
    {"faults",        "what can break: the section `faults`", add_words, false},
    {"autoscalers",   "how many replicas there should be, or how large: `kind: autoscaler`", add_autoscalers, true},
    {"distributions", "how times are written", add_words, false},
    {"rates",         "how often requests come: `rate: …`", add_words, false},
    {"arrivals",      "gaps between requests: `arrivals: …`", add_words, false},
    {"keys",          "which row a request is about: `key: …`", add_words, false},
    {"metrics",       "what is measured, for objectives and claims", add_metrics, false},
    {"outcomes",      "how a request can end", add_outcomes, false},
};

static void print(const json_t *entries, size_t kind)
{
    size_t i;
    const json_t *entry;
    printf("%s: %s\n", kinds[kind].name, kinds[kind].summary);
    json_array_foreach(entries, i, entry)
        if (strcmp(json_string_value(json_object_get(entry, "kind")), kinds[kind].name) == 0)
            printf("  %-18s %s\n", json_string_value(json_object_get(entry, "name")), json_string_value(json_object_get(entry, "summary")));
}

const char *cli_listed_as(const char *name)
{
    const char *found = NULL;
    for (size_t k = 0; k < HR_COUNT(kinds) && !found; k++)
        if (strcmp(kinds[k].name, name) == 0)
            found = kinds[k].name;
    for (size_t k = 0; k < HR_COUNT(kinds) && !found; k++) {
        listing l = {.entries = json_array(), .kind = kinds[k].name};
        size_t i;
        const json_t *entry;
        kinds[k].add(&l);
        json_array_foreach(l.entries, i, entry)
            if (strcmp(json_string_value(json_object_get(entry, "name")), name) == 0)
                found = kinds[k].name;
        json_decref(l.entries);
    }
    return found;
}

hr_status cli_list(int argc, char **argv)
{
    bool json = false;
    const cli_option options[] = {{"json", CLI_FLAG, &json, NULL, "print the document for programs"}, {0}};
    const cli_usage usage = {"list [KIND]", "Prints what there is of a kind, or of all: patterns, components, steps, conditions, policies (balancers, "
                             "evictions, limiters, breakers, retries, sheds, reads, shards, disciplines, autoscalers), faults, distributions, rates, arrivals, keys, metrics, outcomes.",
                             "headroom list balancers", options, 0, 1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    const char *names[HR_COUNT(kinds) + 2] = {[HR_COUNT(kinds)] = "policies"};
    bool wanted[HR_COUNT(kinds)], any = false;
    for (size_t k = 0; k < HR_COUNT(kinds); k++) {
        names[k] = kinds[k].name;
        wanted[k] = words == 0 || strcmp(argv[1], kinds[k].name) == 0 || (kinds[k].is_policies && strcmp(argv[1], "policies") == 0);
        any = any || wanted[k];
    }
    if (!any) {
        const char *near = hr_nearest(argv[1], names);
        hr_error e = {0};
        hr_fail(&e, HR_BAD_INPUT, "no kind '%s'%s; `headroom list` shows all", argv[1], HR_HINT(near, '\''));
        return cli_complain(&e);
    }
    listing l = {.entries = json_array()};
    for (size_t k = 0; k < HR_COUNT(kinds); k++) {
        l.kind = kinds[k].name;
        if (wanted[k])
            kinds[k].add(&l);
    }
    for (size_t k = 0, n = 0; k < HR_COUNT(kinds) && !json; k++) {
        if (wanted[k] && n++)
            printf("\n");
        if (wanted[k])
            print(l.entries, k);
    }
    json_t *document = json_pack("{s:s,s:o}", "schema", "headroom/list/1", "entries", l.entries);
    if (json) {
        char *text = json_dumps(document, JSON_INDENT(2));
        puts(text);
        free(text);
    }
    json_decref(document);
    return HR_OK;
}
