// sim/policy/balance/random_two.c - a few different replicas by chance, of these the least busy one: nearly as good as looking at all.
// Two choices shorten the longest queue from log n / log log n to log log n / log 2, d of them only to log log n / log d (Azar et al. 1999,
// Mitzenmacher 2001).
#include "sim/policy/balance/draw.h"

static uint32_t least_of(const sim_candidates *c, uint32_t d)
{
    uint32_t drawn[16], best = 0;
    for (uint32_t i = 0; i < d && i < c->count; i++) {
        drawn[i] = sim_draw_peer(c, i, drawn, i);
        const sim_peer *p = &c->peer[drawn[i]], *least = &c->peer[drawn[best]];
        if ((uint64_t)p->load * least->weight < (uint64_t)least->load * p->weight)
            best = i;
    }
    return drawn[best];
}

static uint32_t pick_of_two(void *state, const sim_candidates *eligible)
{
    (void)state;
    return least_of(eligible, 2);
}

static uint32_t pick_of_d(void *state, const sim_candidates *eligible)
{
    (void)state;
    return least_of(eligible, (uint32_t)eligible->parameter[0]);
}

const sim_balancer sim_balancer_random_two = {.name = "random-two", .summary = "the less busy of two drawn by their weights (power of two choices)",
    .real = "random two least_conn;", .uses = SIM_USES_WEIGHTS | SIM_USES_CHANCE, .pick = pick_of_two};
const sim_balancer sim_balancer_power_of_d = {.name = "power-of-d", .summary = "the least busy of d drawn by their weights",
    .uses = SIM_USES_WEIGHTS | SIM_USES_CHANCE, .parameter = {{"d", "", "replicas looked at", 2, 1, 16, true}}, .pick = pick_of_d};
