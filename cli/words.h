// cli/words.h - the words of a scenario that are no keys: steps and their conditions, and what stands for a value.
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

// Ends with a zeroed row. Rows of a kind stand together.
typedef struct { const char *kind, *name, *arguments, *help; } cli_word;
extern const cli_word cli_words[];

// The kind under which `list` shows a name, such as autoscalers for vpa; NULL: under none. list.c
const char *cli_listed_as(const char *name);

#endif
