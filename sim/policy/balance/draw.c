// sim/policy/balance/draw.c - a draw without putting back: in one step where weights are alike, else along the weights.
#include "sim/policy/balance/draw.h"

enum { MOST = 16 };                            // drawn for one choice

static uint32_t position(const sim_candidates *c, uint32_t slot)
{
    uint32_t low = 0, high = c->count - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (c->slot[middle] < slot)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Positions are counted from that of the first one drawn, so that a later draw only has to step over those between.
static uint32_t draw_alike(const sim_candidates *c, uint32_t i, const uint32_t *drawn, uint32_t count)
{
    if (count == 0)
        return c->slot[sim_balance_below(c, i, c->count)];
    uint32_t n = c->count, first = position(c, drawn[0]), step = 1 + sim_balance_below(c, i, n - count), taken[MOST];
    for (uint32_t k = 1; k < count; k++) {     // sorted by insertion
        uint32_t steps = (position(c, drawn[k]) + n - first) % n, at = k - 1;
        for (; at > 0 && taken[at - 1] > steps; at--)
            taken[at] = taken[at - 1];
        taken[at] = steps;
    }
    for (uint32_t k = 0; k + 1 < count && taken[k] <= step; k++)
        step++;
    return c->slot[(first + step) % n];
}

static bool is_among(uint32_t slot, const uint32_t *drawn, uint32_t count)
{
    while (count > 0)
        if (drawn[--count] == slot)
            return true;
    return false;
}

uint32_t sim_draw_peer(const sim_candidates *c, uint32_t i, const uint32_t *drawn, uint32_t count)
{
    SIM_CHECK(c->world, count < MOST && count < c->count);
    if (c->upstream->alike)
        return draw_alike(c, i, drawn, count);
    uint32_t weight = c->upstream->eligible_weight;
    for (uint32_t k = 0; k < count; k++)
        weight -= c->peer[drawn[k]].weight;
    uint32_t left = sim_balance_below(c, i, weight);
    for (uint32_t k = 0;; k++) {
        uint32_t slot = c->slot[k];
        if (is_among(slot, drawn, count))
            continue;
        if (left < c->peer[slot].weight)
            return slot;
        left -= c->peer[slot].weight;
    }
}
