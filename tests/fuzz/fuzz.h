// tests/fuzz/fuzz.h - what the fuzz targets share. Each NAME.c tries one input: it returns, or it dies, and then it has found a bug.
// * With clang's preset `fuzz` libFuzzer calls it; everywhere else replay.c does, with files and with inputs made from numbers.
// * `fuzz_planted`: the target breaks on purpose what it checks, so that replay.sh sees the check die.
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);      // libFuzzer's name; returns 0, or -1: not worth keeping

extern bool fuzz_planted;
extern unsigned long fuzz_accepted;            // inputs that were good, not refused with a message

#endif
