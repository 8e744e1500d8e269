// cli/explain.c - `explain [OWNER[.KEY]]`: the reference, from the table that the reader uses.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/words.h"
#include "sim/scenario/keys.h"
#include "sim/scenario/units.h"

// Steps and conditions want something; what stands for a value is written with its arguments.
static void print_word(const cli_word *w)
{
    bool is_condition = strcmp(w->kind, "conditions") == 0;
    if (is_condition || strcmp(w->kind, "steps") == 0)
        printf("%s%s%s\n    want: %s; %s\n", is_condition ? "if: {" : "", w->name, is_condition ? "}" : "", w->arguments, w->help);
    else
        printf("%s\n    %s\n", w->arguments, w->help);
}

static const struct { const char *name, *help; int most; } limits[] = {
#define SIM_LIMIT(name, most, help) {#name, help, most},
#include "sim/scenario/limit.def"
#undef SIM_LIMIT
};

static void print_limits(void)
{
    printf("limits: at most\n");
    for (size_t i = 0; i < HR_COUNT(limits); i++)
        printf("    %8d %s\n", limits[i].most, limits[i].help);
    printf("    %8d components and workloads\n    %8.0e steps of a replication, because more take longer than anybody waits\n", SIM_MAX_COMPONENTS,
           SIM_MOST_WORK);
    printf("    %8zu MiB of memory for a replication here: a quarter of the machine's, and no more than 8 GiB\n", sim_world_limit() >> 20);
}

static void print_range(const sim_key *k)
{
    char least[32], most[32];
    if (!(k->most > 0))
        return;
    if (sim_key_is_time(k))
        printf("    from %s to %s\n", sim_show_time((hr_time)(k->least * 1e9 + 0.5), least, sizeof least),
               sim_show_time((hr_time)(k->most * 1e9), most, sizeof most));
    else
        printf("    from %g to %g%s\n", k->least, k->most, k->type == SIM_TYPE_RATE ? " per second" : "");
}

static void print_key(const sim_key *k)
{
    printf("%s.%s\n    %s\n    ", k->owner, k->name, k->help);
    if (k->type != SIM_TYPE_OTHER)             // of others the help says it
        printf("want: %s; ", sim_key_example(k));
    printf("default: %s\n", !k->fallback ? "none, it is required" : *k->fallback ? k->fallback : "absent");
    print_range(k);
}

// A word, or all of its kind; `steps` means their conditions, too.
static bool is_meant(const char *asked, const cli_word *w)
{
    return strcmp(asked, w->kind) == 0 || strcmp(asked, w->name) == 0 || (strcmp(asked, "steps") == 0 && strcmp(w->kind, "conditions") == 0);
}

// A key by its name, its owner's (also of several: `faults`), or both; or one of the step that is asked for.
static bool is_key_meant(const char *asked, const sim_key *k)
{
    char full[128], several[64];
    snprintf(full, sizeof full, "%s.%s", k->owner, k->name);
    snprintf(several, sizeof several, "%ss", k->owner);
    return strcmp(asked, k->owner) == 0 || strcmp(asked, k->name) == 0 || strcmp(asked, full) == 0 || strcmp(asked, several) == 0 || sim_key_is_of_step(k, asked);
}

// The word or key, its owner or, when there is a dot in what is asked for, both, that is meant perhaps; "": none.
static void find_near(const char *asked, char *near, size_t room)
{
    bool both = strchr(asked, '.') != NULL;
    size_t n = 0, words = 0, keys = 0;
    while (cli_words[words].kind)
        words++;
    while (sim_key_table[keys].owner)
        keys++;
    const char **names = hr_alloc((words + 2 * keys + 1) * sizeof *names);
    for (size_t i = 0; i < words && !both; i++)
        names[n++] = cli_words[i].name;
    char (*full)[128] = hr_alloc((keys + 1) * sizeof *full);
    for (size_t i = 0; i < keys; i++) {
        snprintf(full[i], sizeof full[i], "%s.%s", sim_key_table[i].owner, sim_key_table[i].name);
        names[n++] = both ? full[i] : sim_key_table[i].name;
        if (!both)
            names[n++] = sim_key_table[i].owner;
    }
    const char *found = hr_nearest(asked, names);
    snprintf(near, room, "%s", found ? found : "");
    free(full);
    free(names);
}

// What is no key may be a policy or a metric, or a list of such, or a misspelt key or word.
static void tell_unknown(const char *asked)
{
    char near[128];
    const char *kind = cli_listed_as(asked);
    find_near(asked, near, sizeof near);
    if (kind && strcmp(kind, asked) == 0)
        fprintf(stderr, "headroom: no key '%s': `headroom list %s` has them\n", asked, kind);
    else if (kind)
        fprintf(stderr, "headroom: no key '%s': it is one of `headroom list %s`\n", asked, kind);
    else
        fprintf(stderr, "headroom: no key '%s'%s; `headroom explain` lists all\n", asked, HR_HINT(*near ? near : NULL, '\''));
}

hr_status cli_explain(int argc, char **argv)
{
    const cli_option options[] = {{0}};
    const cli_usage usage = {"explain [OWNER | KEY | OWNER.KEY | WORD | steps | distributions | rates | arrivals | keys | limits]",
                             "Prints the reference of a key, of all keys of an owner (service, cache, workload …), of a step with its keys or a distribution, of all "
                             "steps, or of what stands for a value (distributions, rates, arrivals, keys), of `limits`; or of all.",
                             "headroom explain service.workers", options, 0, 1};
    int given;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &given);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    bool any = false;
    for (const cli_word *w = cli_words; w->kind; w++)
        if (strcmp(w->kind, "faults") == 0) // their verbs are keys, too
            continue;
        else if (given == 0 || is_meant(argv[1], w)) {
            print_word(w);
            any = true;
        }
    for (const sim_key *k = sim_key_table; k->owner; k++)
        if (given == 0 || is_key_meant(argv[1], k)) {
            print_key(k);
            any = true;
        }
    if (given == 0 || strcmp(argv[1], "limits") == 0) {
        print_limits();
        any = true;
    }
    if (any)
        return HR_OK;
    tell_unknown(argv[1]);
    return HR_BAD_INPUT;
}
