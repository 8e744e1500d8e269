// cli/cli.h - what every verb shares: the list of verbs, options with help, terminal manners.
// * A verb is one file cli/VERB.c with `hr_status cli_VERB(int argc, char **argv)` and one row in verbs.def; argv[0] is the verb.
// * Results go to stdout, progress and messages to stderr. The status that a verb returns is the exit status.
// * Messages to the user are printed once, by cli_complain.
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <signal.h>
#include <stdio.h>

#include "sim/core/base.h"

#define CLI_VERB(name, summary) hr_status cli_##name(int argc, char **argv);
#include "cli/verbs.def"
#undef CLI_VERB

typedef enum { CLI_FLAG, CLI_TEXT, CLI_COUNT, CLI_SECONDS } cli_option_kind;

// One option: `--name VALUE` or `--name=VALUE` (CLI_FLAG takes none). A table of these ends with a zeroed row.
typedef struct {
    const char     *name;                      // without the dashes
    cli_option_kind kind;
    void           *value;                     // bool, const char *, uint64_t, hr_time (written as 30s, 5ms, 2min)
    const char     *argument;                  // how help names the value: FILE, N, TIME
    const char     *help;
} cli_option;

typedef struct {
    const char       *usage;                   // "run SCENARIO [options]"
    const char       *about;                   // one or two sentences
    const char       *example;                 // one command that works
    const cli_option *options;
    int               least, most;             // number of words that are not options (most < 0: any number)
} cli_usage;

typedef enum { CLI_GO, CLI_DONE, CLI_WRONG } cli_parse_result;
// Reads options, moves the other words to argv[1 …] and sets *words to their number. CLI_DONE: help was printed, return HR_OK.
// CLI_WRONG: the complaint was printed, return HR_BAD_INPUT.
cli_parse_result cli_parse(const cli_usage *usage, int argc, char **argv, int *words);

// What argv[1] chooses from: the verbs, the forms of one.
typedef struct { const char *name, *summary; hr_status (*run)(int argc, char **argv); } cli_command;
void cli_print_commands(const cli_command *rows, size_t count, FILE *to);
// Runs the row that argv[1] names, whose argv[0] it is. No such row: "`missing` 'word'", a hint, and that `help` lists them.
hr_status cli_run_command(const cli_command *rows, size_t count, const char *missing, const char *help, int argc, char **argv);

// Prints the messages of `e`, each "headroom: …", on stderr and returns e->status.
hr_status cli_complain(const hr_error *e);

// True when `stream_fd` is a terminal and NO_COLOR is unset: only then escape sequences are allowed.
bool cli_has_colour(int stream_fd);

// One line of progress on stderr, drawn over itself: "label [#####.....] 40 % 12 s left". Silent when stderr is no terminal.
void cli_progress(const char *label, double done_frac, hr_time started);
void cli_progress_end(void);

// Characters of a text (not bytes: ± is two); prints it at the right of a column so many characters wide.
int cli_width(const char *text);
void cli_print_cell(const char *text, int width);

// From now on Ctrl-C (and SIGTERM) only set what is pointed to, so that long work can end with what is known. Until cli_release_interrupt.
const volatile sig_atomic_t *cli_catch_interrupt(void);
void cli_release_interrupt(void);

#endif
