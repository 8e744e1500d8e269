// cli/explain.c - `explain [OWNER[.KEY]]`: the reference, from the table that the reader uses.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "sim/scenario/keys.h"

// What is no key: steps and their conditions, and what stands for a value; by the topic that `explain` takes.
static const struct { const char *topic, *name, *heading, *want, *help; } words[] = {
#define SIM_STEP(name, argument, help) {"steps", #name, #name, argument, help},
#include "sim/parts/step.def"
#undef SIM_STEP
#define SIM_CONDITION(name, argument, help) {"steps", #name, "if: {" #name "}", argument, help},
#include "sim/parts/condition.def"
#undef SIM_CONDITION
#define SIM_DISTRIBUTION(name, arguments, help) {"distributions", #name, arguments, NULL, help},
#include "sim/core/distribution.def"
#undef SIM_DISTRIBUTION
#define SIM_RATE(name, arguments, help) {"rates", #name, arguments, NULL, help},
#include "sim/parts/rates.def"
#undef SIM_RATE
#define SIM_ARRIVAL(name, arguments, help) {"arrivals", #name, arguments, NULL, help},
#include "sim/parts/arrivals.def"
#undef SIM_ARRIVAL
#define SIM_POPULARITY(name, arguments, help) {"keys", #name, arguments, NULL, help},
#include "sim/core/popularity.def"
#undef SIM_POPULARITY
};

static void print_key(const sim_key *k)
{
    printf("%s.%s\n    %s\n    want: %s; default: %s\n", k->owner, k->name, k->help, sim_type_example(k->type),
           !k->fallback ? "none, it is required" : *k->fallback ? k->fallback : "absent");
}

// `steps` means the words and the keys of steps.
static bool is_step(const char *asked, const char *owner) { return strcmp(asked, "steps") == 0 && strcmp(owner, "step") == 0; }

hr_status cli_explain(int argc, char **argv)
{
    const cli_option options[] = {{0}};
    const cli_usage usage = {"explain [OWNER | OWNER.KEY | WORD | steps | distributions | rates | arrivals | keys]",
                             "Prints the reference of a key, of all keys of an owner (service, cache, workload …), of a step or distribution, of all "
                             "steps, or of what stands for a value (distributions, rates, arrivals, keys); or of all.",
                             "headroom explain service.workers", options, 0, 1};
    int given;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &given);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    char full[128];
    bool any = false;
    for (size_t i = 0; i < HR_COUNT(words); i++)
        if (given == 0 || strcmp(argv[1], words[i].topic) == 0 || strcmp(argv[1], words[i].name) == 0) {
            printf("%s\n    %s%s%s%s\n", words[i].heading, words[i].want ? "want: " : "", words[i].want ? words[i].want : "",
                   words[i].want ? "; " : "", words[i].help);
            any = true;
        }
    for (const sim_key *k = sim_key_table; k->owner; k++) {
        snprintf(full, sizeof full, "%s.%s", k->owner, k->name);
        if (given == 0 || strcmp(argv[1], k->owner) == 0 || strcmp(argv[1], full) == 0 || is_step(argv[1], k->owner)) {
            print_key(k);
            any = true;
        }
    }
    if (any)
        return HR_OK;
    fprintf(stderr, "headroom: no key '%s'; `headroom explain` lists all\n", argv[1]);
    return HR_BAD_INPUT;
}
