// cli/replay.c - `replay FORM …`: a policy on the user's own data. One file replay_FORM.c and one row of replay.def a form.
#include <stdio.h>
#include <string.h>

#include "cli/replay.h"

static const struct { const char *name, *summary; hr_status (*run)(int argc, char **argv); } forms[] = {
#define REPLAY_FORM(name, summary) {#name, summary, cli_replay_##name},
#include "cli/replay.def"
#undef REPLAY_FORM
};

static void print_forms(FILE *to)
{
    fprintf(to, "usage: headroom replay FORM …\n\nWhat a policy does with your own data, without a simulation.\n\n");
    for (size_t i = 0; i < HR_COUNT(forms); i++)
        fprintf(to, "  %-10s %s\n", forms[i].name, forms[i].summary);
    fprintf(to, "\n`headroom replay FORM --help` tells more.\n");
}

hr_status cli_replay(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        print_forms(argc < 2 ? stderr : stdout);
        return argc < 2 ? HR_BAD_INPUT : HR_OK;
    }
    const char *names[HR_COUNT(forms) + 1] = {0};
    for (size_t i = 0; i < HR_COUNT(forms); i++) {
        names[i] = forms[i].name;
        if (strcmp(argv[1], names[i]) == 0)
            return forms[i].run(argc - 1, argv + 1);
    }
    const char *near = hr_nearest(argv[1], names);
    fprintf(stderr, "headroom: replay has no form '%s'%s%s%s; `headroom replay --help` lists them\n", argv[1], near ? "; did you mean '" : "",
            near ? near : "", near ? "'?" : "");
    return HR_BAD_INPUT;
}
