// cli/main.c - finds the verb and calls it; its status is the exit status.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct { const char *name, *summary; hr_status (*run)(int argc, char **argv); } verbs[] = {
#define CLI_VERB(name, summary) {#name, summary, cli_##name},
#include "cli/verbs.def"
#undef CLI_VERB
};

static void print_verbs(void)
{
    printf("Headroom checks what scaling patterns do: it simulates, with an interval on every number.\n\nusage: headroom VERB …\n\n");
    for (size_t i = 0; i < HR_COUNT(verbs); i++)
        printf("  %-10s %s\n", verbs[i].name, verbs[i].summary);
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
    const char *names[HR_COUNT(verbs) + 1] = {0};
    for (size_t i = 0; i < HR_COUNT(verbs); i++) {
        names[i] = verbs[i].name;
        if (strcmp(argv[1], names[i]) == 0)
            return (int)verbs[i].run(argc - 1, argv + 1);
    }
    const char *near = hr_nearest(argv[1], names);
    if (strpbrk(argv[1], "./")) {
        fprintf(stderr, "headroom: '%.60s' is no verb; for a file: headroom run %.60s\n", argv[1], argv[1]);
        return HR_BAD_INPUT;
    }
    fprintf(stderr, "headroom: no verb '%.60s'%s%s%s; `headroom --help` lists them\n", argv[1], near ? "; did you mean '" : "", near ? near : "",
            near ? "'?" : "");
    return HR_BAD_INPUT;
}
