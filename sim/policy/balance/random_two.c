// sim/policy/balance/random_two.c - two different replicas by chance, of these the one with fewer calls out: nearly as good as looking at all.
#include "sim/policy/balance/balance.h"

static uint32_t below(uint64_t word, uint32_t count)
{
    return (uint32_t)((word >> 32) * count >> 32);
}

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    (void)state;
    uint32_t n = eligible->count, a = below(eligible->random.word[0], n);
    if (n == 1)
        return a;
    uint32_t b = (a + 1 + below(eligible->random.word[1], n - 1)) % n;
    return eligible->in_flight[eligible->slot[b]] < eligible->in_flight[eligible->slot[a]] ? b : a;
}

const sim_balancer sim_balancer_random_two = {.name = "random-two", .summary = "the less busy of two replicas chosen by chance (power of two choices)",
    .real = "random two least_conn;", .pick = pick};
