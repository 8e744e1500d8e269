// tests/fuzz/replay.c - feeds a fuzz target without libFuzzer: `replay_NAME [--planted] [--random COUNT BYTES] FILE…`.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/core/random.h"
#include "tests/fuzz/fuzz.h"

static unsigned long tried;

static void try_file(const char *path)
{
    char *data;
    size_t size;
    hr_error e = {0};
    if (hr_read_file(path, 16 << 20, &data, &size, &e)) {
        fputs(e.text, stderr);
        exit(HR_ENVIRONMENT);
    }
    fprintf(stderr, "%s\n", path);             // before: so that one that dies is known
    uint8_t *exact = hr_alloc(size);           // without hr_read_file's zero byte, so that a sanitizer sees who reads on
    memcpy(exact, data, size);
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    tried++;
}

static void try_random(uint64_t count, size_t size)
{
    uint8_t *data = hr_alloc(size + 16);
    for (uint64_t i = 0; i < count; i++, tried++) {
        for (size_t at = 0; at < size; at += 16) {
            sim_draw r = sim_random(0xF022, 1, i, (uint32_t)at);
            memcpy(data + at, r.word, sizeof r.word);
        }
        if (i % 64 == 0)
            fprintf(stderr, "random input %llu of %llu\n", (unsigned long long)i, (unsigned long long)count);
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--planted") == 0) {
            fuzz_planted = true;
        } else if (strcmp(argv[i], "--random") == 0 && i + 2 < argc) {
            try_random(strtoull(argv[i + 1], NULL, 10), strtoull(argv[i + 2], NULL, 10));
            i += 2;
        } else {
            try_file(argv[i]);
        }
    printf("%lu inputs, %lu accepted\n", tried, fuzz_accepted);
    return 0;
}
