// cli/explain.c - `explain [OWNER[.KEY]]`: the reference, from the table that the reader uses.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "sim/scenario/keys.h"

static const struct { const char *arguments, *help; } distributions[] = {
#define SIM_DISTRIBUTION(name, arguments, help) {arguments, help},
#include "sim/core/distribution.def"
#undef SIM_DISTRIBUTION
};

static void print_key(const sim_key *k)
{
    printf("%s.%s\n    %s\n    want: %s; default: %s\n", k->owner, k->name, k->help, sim_type_example(k->type),
           !k->fallback ? "none, it is required" : *k->fallback ? k->fallback : "absent");
}

hr_status cli_explain(int argc, char **argv)
{
    const cli_option options[] = {{0}};
    const cli_usage usage = {"explain [OWNER | OWNER.KEY | distributions]", "Prints the reference of a key, of all keys of an owner (service, cache, workload …), of `distributions`, or of all.",
                             "headroom explain service.workers", options, 0, 1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    char full[128];
    bool any = false;
    for (const sim_key *k = sim_key_table; k->owner; k++) {
        snprintf(full, sizeof full, "%s.%s", k->owner, k->name);
        if (words == 0 || strcmp(argv[1], k->owner) == 0 || strcmp(argv[1], full) == 0) {
            print_key(k);
            any = true;
        }
    }
    if (words == 0 || strcmp(argv[1], "distributions") == 0) {
        for (int i = 0; i < SIM_DIST_COUNT; i++)
            printf("%s\n    %s\n", distributions[i].arguments, distributions[i].help);
        any = true;
    }
    if (any)
        return HR_OK;
    fprintf(stderr, "headroom: no key '%s'; `headroom explain` lists all\n", argv[1]);
    return HR_BAD_INPUT;
}
