// cli/cli.c - options, messages and progress that all verbs share.
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/scenario/units.h"

void cli_print_commands(const cli_command *rows, size_t count, FILE *to)
{
    for (size_t i = 0; i < count; i++)
        fprintf(to, "  %-10s %s\n", rows[i].name, rows[i].summary);
}

hr_status cli_run_command(const cli_command *rows, size_t count, const char *missing, const char *help, int argc, char **argv)
{
    const char **names = hr_alloc((count + 1) * sizeof *names);
    hr_status (*run)(int, char **) = NULL;
    for (size_t i = 0; i < count; i++) {
        names[i] = rows[i].name;
        if (strcmp(argv[1], names[i]) == 0)
            run = rows[i].run;
    }
    const char *near = hr_nearest(argv[1], names);
    free(names);
    if (run)
        return run(argc - 1, argv + 1);
    fprintf(stderr, "headroom: %s '%.60s'%s; `%s` lists them\n", missing, argv[1], HR_HINT(near, '\''), help);
    return HR_BAD_INPUT;
}

hr_status cli_complain(const hr_error *e)
{
    fprintf(stderr, "headroom: %s", e->text);
    if (e->count > 20)
        fprintf(stderr, "headroom: … and %d more\n", e->count - 20);
    return e->status;
}

bool cli_has_colour(int stream_fd)
{
    const char *no = getenv("NO_COLOR");
    return isatty(stream_fd) && !(no && *no);
}

void cli_progress(const char *label, double done_frac, hr_time started)
{
    if (!isatty(STDERR_FILENO))
        return;
    int filled = (int)(done_frac * 20);
    double gone = (double)(hr_now() - started) / 1e9, left = done_frac > 0.02 ? gone / done_frac - gone : 0;
    fprintf(stderr, "\r%s [", label);
    for (int i = 0; i < 20; i++)
        fputc(i < filled ? '#' : '.', stderr);
    fprintf(stderr, "] %3.0f %%", done_frac * 100);
    if (left > 0)
        fprintf(stderr, ", at most %.0f s left ", left);
    fflush(stderr);
}

void cli_progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%70s\r", "");
}

int cli_width(const char *text)
{
    int shown = 0;
    for (const char *p = text; *p; p++)
        shown += ((unsigned char)*p & 0xC0) != 0x80;
    return shown;
}

void cli_print_cell(const char *text, int width)
{
    int shown = cli_width(text);
    printf("%*s%s", width > shown ? width - shown : 1, "", text);
}

static volatile sig_atomic_t interrupted;
static struct sigaction before_interrupt[2];

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

const volatile sig_atomic_t *cli_catch_interrupt(void)
{
    const struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, &before_interrupt[0]);
    sigaction(SIGTERM, &action, &before_interrupt[1]);
    return &interrupted;
}

void cli_release_interrupt(void)
{
    sigaction(SIGINT, &before_interrupt[0], NULL);
    sigaction(SIGTERM, &before_interrupt[1], NULL);
}

static void print_help(const cli_usage *u)
{
    printf("usage: headroom %s\n\n%s\n\noptions:\n", u->usage, u->about);
    for (const cli_option *o = u->options; o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
        printf("  %s%*s %s\n", left, cli_width(left) < 24 ? 24 - cli_width(left) : 0, "", o->help);
    }
    printf("  %-24s this text\n\nexample: %s\n", "--help", u->example);
}

static cli_parse_result wrong(const cli_usage *u, const char *problem, const char *word, const char *near)
{
    fprintf(stderr, "headroom: %s '%.60s'%s%s%s\n", problem, word, near ? "; did you mean --" : "", near ? near : "", near ? "?" : "");
    fprintf(stderr, "usage: headroom %s\n", u->usage);
    return CLI_WRONG;
}

static cli_parse_result wrong_value(const cli_usage *u, const cli_option *o, const char *text)
{
    fprintf(stderr, "headroom: --%s %.60s: want %s\n", o->name, text, o->kind == CLI_COUNT ? "a whole number" : "a time such as 30s");
    fprintf(stderr, "usage: headroom %s\n", u->usage);
    return CLI_WRONG;
}

static bool store_value(const cli_option *o, const char *text)
{
    char *end;
    hr_time time;
    switch (o->kind) {
    case CLI_FLAG: *(bool *)o->value = true; return true;
    case CLI_TEXT: *(const char **)o->value = text; return true;
    case CLI_COUNT:
        errno = 0;
        *(uint64_t *)o->value = strtoull(text, &end, 10);
        return !errno && end != text && !*end && *text != '-';
    case CLI_SECONDS:
        if (!sim_read_time(text, &time) || time == HR_FOREVER)
            return false;
        *(hr_time *)o->value = time;
        return true;
    }
    return false;
}

cli_parse_result cli_parse(const cli_usage *u, int argc, char **argv, int *words)
{
    *words = 0;
    const char *names[64] = {0};
    for (size_t i = 0; u->options[i].name && i < 63; i++)
        names[i] = u->options[i].name;
    bool only_words = false;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            print_help(u);
            return CLI_DONE;
        }
        if (strcmp(word, "--") == 0 && !only_words) {
            only_words = true;
            continue;
        }
        if (only_words || word[0] != '-' || !word[1]) {
            argv[++*words] = word;
            continue;
        }
        char name[64];
        const char *equals = strchr(word, '=');
        snprintf(name, sizeof name, "%.*s", (int)(equals ? (size_t)(equals - word) : strlen(word)) - 2, word[1] == '-' ? word + 2 : "");
        const cli_option *o = u->options;
        while (o->name && strcmp(o->name, name) != 0)
            o++;
        if (!o->name)
            return wrong(u, "unknown option", word, hr_nearest(name, names));
        const char *value = equals ? equals + 1 : NULL;
        if (o->kind == CLI_FLAG && value)
            return wrong(u, "no value belongs to", word, NULL);
        if (o->kind != CLI_FLAG && !value && ++i >= argc)
            return wrong(u, "a value is missing behind", word, NULL);
        if (!store_value(o, o->kind == CLI_FLAG ? NULL : value ? value : argv[i]))
            return wrong_value(u, o, value ? value : argv[i]);
    }
    if (*words < u->least)
        return wrong(u, "something is missing behind", argv[*words], NULL);
    if (u->most >= 0 && *words > u->most)
        return wrong(u, "one word too many:", argv[u->most + 1], NULL);
    return CLI_GO;
}
