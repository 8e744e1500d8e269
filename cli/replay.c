// cli/replay.c - `replay FORM …`: a policy on the user's own data. One file replay_FORM.c and one row of replay.def a form.
#include <stdio.h>
#include <string.h>

#include "cli/replay.h"

static const cli_command forms[] = {
#define REPLAY_FORM(name, summary) {#name, summary, cli_replay_##name},
#include "cli/replay.def"
#undef REPLAY_FORM
};

static void print_forms(FILE *to)
{
    fprintf(to, "usage: headroom replay FORM …\n\nWhat a policy does with your own data, without a simulation.\n\n");
    cli_print_commands(forms, HR_COUNT(forms), to);
    fprintf(to, "\n`headroom replay FORM --help` tells more.\n");
}

hr_status cli_replay(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        print_forms(argc < 2 ? stderr : stdout);
        return argc < 2 ? HR_BAD_INPUT : HR_OK;
    }
    return cli_run_command(forms, HR_COUNT(forms), "replay has no form", "headroom replay --help", argc, argv);
}
