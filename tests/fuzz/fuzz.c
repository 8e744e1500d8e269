// tests/fuzz/fuzz.c - see fuzz.h.
#include "tests/fuzz/fuzz.h"

bool fuzz_planted;
unsigned long fuzz_accepted;
