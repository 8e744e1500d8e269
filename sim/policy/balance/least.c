// sim/policy/balance/least.c - the tournament: a complete binary tree in an array.
#include "sim/policy/balance/least.h"

sim_least sim_least_make(sim_world *w, uint32_t count)
{
    sim_least l = {.leaves = 1};
    while (l.leaves < count)
        l.leaves *= 2;
    l.nodes = sim_take(w, 2 * l.leaves * sizeof(sim_least_node));
    for (uint32_t i = 0; i < 2 * l.leaves; i++)
        SIM_AT(w, sim_least_node, l.nodes)[i] = (sim_least_node){.key = SIM_LEAST_NONE, .ties = i >= l.leaves};
    return l;
}

void sim_least_set(sim_world *w, const sim_least *l, uint32_t slot, uint64_t key)
{
    sim_least_node *node = SIM_AT(w, sim_least_node, l->nodes);
    uint32_t i = l->leaves + slot;
    if (node[i].key == key)
        return;
    node[i].key = key;
    for (i /= 2; i; i /= 2) {
        const sim_least_node *a = &node[2 * i], *b = a + 1;
        sim_least_node less = {.key = a->key < b->key ? a->key : b->key};
        less.ties = (a->key == less.key ? a->ties : 0) + (b->key == less.key ? b->ties : 0);
        if (less.key == node[i].key && less.ties == node[i].ties)
            return;
        node[i] = less;
    }
}

uint32_t sim_least_nth(const sim_world *w, const sim_least *l, uint32_t n)
{
    const sim_least_node *node = SIM_AT(w, const sim_least_node, l->nodes);
    const uint64_t key = node[1].key;
    uint32_t i = 1;
    while (i < l->leaves) {
        i *= 2;
        uint32_t left = node[i].key == key ? node[i].ties : 0;
        if (n >= left) {
            n -= left;
            i++;
        }
    }
    return i - l->leaves;
}
