// cli/bench_balance.c - what it costs to choose among ten thousand replicas, and to hear of the answer.
#include <stdlib.h>

#include "cli/bench.h"
#include "sim/policy/balance/upstream.h"

// As many calls are out as there are replicas; each step one of them, by chance, is answered, and the next is sent.
double cli_bench_balance(uint32_t which)
{
    enum { REPLICAS = 10000, STEPS = 1000000 };
    static const char *const policies[] = {[CLI_BENCH_LEAST_CONN] = "least-conn", [CLI_BENCH_RANDOM_TWO] = "random-two", [CLI_BENCH_JSQ] = "jsq",
                                           [CLI_BENCH_JIQ] = "jiq", [CLI_BENCH_PEAK_EWMA] = "peak-ewma"};
    sim_upstream_def def = {.count = REPLICAS};
    HR_ASSERT(sim_balancer_read(policies[which], &def.policy, NULL) == HR_OK);
    sim_world *w = sim_world_new(1, 0);
    sim_ref upstream = sim_upstream_make(w, &def);
    uint32_t *out = hr_alloc(REPLICAS * sizeof *out);
    sim_balanced call = {0};
    for (uint32_t i = 0; i < REPLICAS; i++) {
        call.random = sim_random(1, 1, i, 0);
        out[i] = sim_upstream_choose(w, upstream, &call, NULL, 0);
    }
    hr_time begun = cli_bench_cpu_now();
    for (uint64_t n = 0; n < STEPS; n++) {
        sim_draw draw = sim_random(1, 2, n, 0);
        uint32_t *one = &out[(uint32_t)((draw.word[0] >> 32) * REPLICAS >> 32)];
        w->now += 1000;
        sim_upstream_answer(w, upstream, *one, (hr_time)(draw.word[1] >> 40), false);
        call.random = sim_random(1, 3, n, 0);
        *one = sim_upstream_choose(w, upstream, &call, NULL, 0);
    }
    double took = (double)(cli_bench_cpu_now() - begun);
    free(out);
    sim_world_free(w);
    return took / STEPS;
}
