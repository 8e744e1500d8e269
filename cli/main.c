// cli/main.c - finds the verb and calls it; its status is the exit status.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const cli_command verbs[] = {
#define CLI_VERB(name, summary) {#name, summary, cli_##name},
#include "cli/verbs.def"
#undef CLI_VERB
};

static void print_verbs(void)
{
    printf("Headroom checks what scaling patterns do: it simulates, with an interval on every number.\n\nusage: headroom VERB …\n\n");
    cli_print_commands(verbs, HR_COUNT(verbs), stdout);
    printf("\n`headroom VERB --help` tells more. To begin: headroom compare caching\n");
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_verbs();
        return argc < 2 ? HR_BAD_INPUT : HR_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("headroom " HEADROOM_VERSION);
        return HR_OK;
    }
    return (int)cli_run_command(verbs, HR_COUNT(verbs), "no verb", "headroom --help", argc, argv);
}
