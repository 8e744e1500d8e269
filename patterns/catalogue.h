// patterns/catalogue.h - from the name of a pattern, or a file, to the path of a scenario.
#ifndef PATTERN_CATALOGUE_H
#define PATTERN_CATALOGUE_H

#include "sim/core/base.h"

// The folder that holds `patterns/`: $HEADROOM_ROOT, else above the program. Static.
const char *pattern_root(void);
// `caching` → ROOT/patterns/caching/scenario.yaml; a word with a slash or a dot is a file. The caller frees *path.
hr_status pattern_path(const char *word, char **path, hr_error *e) HR_MUST_USE;
// The names of all patterns in order, NULL-terminated; the caller frees each and the list.
char **pattern_names(void);

#endif
