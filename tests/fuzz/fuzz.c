// tests/fuzz/fuzz.c - see fuzz.h.
#include "tests/fuzz/fuzz.h"

bool fuzz_planted;
unsigned long fuzz_accepted;

// libfyaml 0.7 does not give back everything when it refuses a text: some kilobytes, once a run of the program.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libfyaml.so"; }
