// cli/explain.c - `explain [OWNER[.KEY]]`: the reference, from the table that the reader uses.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "sim/scenario/keys.h"

typedef struct { const char *word, *arguments, *help; } form;
static const form forms[] = {                  // what stands for a value, by the word that `explain` takes
#define SIM_DISTRIBUTION(name, arguments, help) {"distributions", arguments, help},
#include "sim/core/distribution.def"
#undef SIM_DISTRIBUTION
#define SIM_RATE(name, arguments, help) {"rates", arguments, help},
#include "sim/parts/rates.def"
#undef SIM_RATE
#define SIM_ARRIVAL(name, arguments, help) {"arrivals", arguments, help},
#include "sim/parts/arrivals.def"
#undef SIM_ARRIVAL
#define SIM_POPULARITY(name, arguments, help) {"keys", arguments, help},
#include "sim/core/popularity.def"
#undef SIM_POPULARITY
};

static void print_key(const sim_key *k)
{
    printf("%s.%s\n    %s\n    want: %s; default: %s\n", k->owner, k->name, k->help, sim_type_example(k->type),
           !k->fallback ? "none, it is required" : *k->fallback ? k->fallback : "absent");
}

hr_status cli_explain(int argc, char **argv)
{
    const cli_option options[] = {{0}};
    const cli_usage usage = {"explain [OWNER | OWNER.KEY | distributions | rates | arrivals | keys]", "Prints the reference of a key, of all keys of an owner (service, cache, workload …), of what stands for a value "
                             "(distributions, rates, arrivals, keys), or of all.",
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
    for (size_t i = 0; i < HR_COUNT(forms); i++)
        if (words == 0 || strcmp(argv[1], forms[i].word) == 0) {
            printf("%s\n    %s\n", forms[i].arguments, forms[i].help);
            any = true;
        }
    if (any)
        return HR_OK;
    fprintf(stderr, "headroom: no key '%s'; `headroom explain` lists all\n", argv[1]);
    return HR_BAD_INPUT;
}
