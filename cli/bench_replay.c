// cli/bench_replay.c - how fast a trace of keys is replayed: from text in memory, so that no disk counts; reading it is part of it.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/bench.h"
#include "sim/core/popularity.h"
#include "sim/policy/evict/evict.h"
#include "sim/replay/replay.h"

enum { REQUESTS = 4000000, KEYS = 2000000 };

// Four million Zipf requests for two million keys, whose numbers are spread over 32 bits.
static int trace_in_memory(void)
{
    sim_world *w = sim_world_new(1, 0);
    const sim_keys keys = sim_keys_place(w, &(sim_keys_def){.kind = SIM_KEYS_zipf, .count = KEYS, .exponent = 1});
    hr_text text = {0};
    for (uint64_t i = 0; i < REQUESTS; i++)
        hr_text_add(&text, "%u\n", (unsigned)((uint32_t)sim_keys_draw(w, &keys, 1, i) * 2654435761u));
    sim_world_free(w);
    int fd = memfd_create("trace", 0);
    HR_ASSERT(fd >= 0);
    for (size_t at = 0; at < text.used; ) {
        ssize_t n = write(fd, text.data + at, text.used - at);
        HR_ASSERT(n > 0);
        at += (size_t)n;
    }
    free(text.data);
    return fd;
}

double cli_bench_replay_lru(uint32_t size)
{
    int fd = trace_in_memory();
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    hr_error e = {0};
    hr_lines *lines;
    HR_ASSERT(hr_lines_open(path, &lines, &e) == HR_OK);
    sim_replay_cache_row row = {.policy = sim_evictor_find("lru"), .size = size};
    const sim_replay_cache_options o = {.rate_per_s = 1000, .ttl = HR_FOREVER};
    uint64_t requests;
    hr_time begun = cli_bench_cpu_now();
    HR_ASSERT(sim_replay_cache(lines, &o, &row, 1, &requests, &e) == HR_OK && requests == REQUESTS);
    double took = (double)(cli_bench_cpu_now() - begun);
    hr_lines_close(lines);
    close(fd);
    return took / REQUESTS;
}
