// cli/replay.h - the forms of `replay`, each like a verb: argv[0] is the form.
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "cli/cli.h"

#define REPLAY_FORM(name, summary) hr_status cli_replay_##name(int argc, char **argv);
#include "cli/replay.def"
#undef REPLAY_FORM

#endif
