// sim/policy/balance/least.c - the tournament: nodes in an array, level by level.
#include "sim/policy/balance/least.h"

// The least of those that lie side by side.
static inline sim_least_node least_of(const sim_least_node *from, const sim_least_node *end)
{
    sim_least_node least = {.key = SIM_LEAST_NONE};
    for (; from < end; from++) {
        least.ties = (from->key < least.key ? 0 : least.ties) + (from->key <= least.key ? from->ties : 0);
        least.key = from->key < least.key ? from->key : least.key;
    }
    return least;
}

// Of the children of node `i` of a level above the slots.
static inline sim_least_node least_below(const sim_least_node *node, const sim_least *l, uint32_t level, uint32_t i)
{
    uint32_t from = l->first[level - 1] + i * SIM_LEAST_WIDTH, end = from + SIM_LEAST_WIDTH;
    return least_of(node + from, node + (end < l->first[level] ? end : l->first[level]));
}

sim_least sim_least_make(sim_world *w, uint32_t count)
{
    sim_least l = {.levels = 1, .first = {0, count}};
    for (uint32_t n = count; n > SIM_LEAST_WIDTH; l.levels++) {
        SIM_ASSERT(w, l.levels < SIM_LEAST_LEVELS);
        n = (n + SIM_LEAST_WIDTH - 1) / SIM_LEAST_WIDTH;
        l.first[l.levels + 1] = l.first[l.levels] + n;
    }
    l.nodes = sim_take(w, (l.first[l.levels] + 1) * sizeof(sim_least_node));
    sim_least_node *node = SIM_AT(w, sim_least_node, l.nodes);
    node[l.first[l.levels]].key = SIM_LEAST_NONE;
    for (uint32_t i = 0; i < count; i++)
        node[i] = (sim_least_node){.key = SIM_LEAST_NONE, .ties = 1};
    for (uint32_t level = 1; level < l.levels; level++)
        for (uint32_t i = 0; i < l.first[level + 1] - l.first[level]; i++)
            node[l.first[level] + i] = least_below(node, &l, level, i);
    return l;
}

void sim_least_climb(const sim_world *w, const sim_least *l, uint32_t slot, uint64_t key)
{
    sim_least_node *node = SIM_AT(w, sim_least_node, l->nodes), before = {.key = key, .ties = 1};
    for (uint32_t level = 1, i = slot; level < l->levels; level++) {
        const sim_least_node *changed = &node[l->first[level - 1] + i];
        i /= SIM_LEAST_WIDTH;
        sim_least_node *above = &node[l->first[level] + i], was = *above;
        if (changed->key < was.key)
            *above = *changed;
        else if (changed->key == was.key)
            above->ties += changed->ties - (before.key == was.key ? before.ties : 0);
        else if (before.key != was.key)
            return;
        else if (was.ties > before.ties)
            above->ties -= before.ties;
        else
            *above = least_below(node, l, level, i);
        before = was;
    }
}

uint32_t sim_least_nth(const sim_world *w, const sim_least *l, uint64_t key, uint32_t n)
{
    const sim_least_node *node = SIM_AT(w, const sim_least_node, l->nodes);
    uint32_t i = 0;
    for (uint32_t level = l->levels; level > 0; level--) {
        const sim_least_node *at = node + l->first[level - 1];
        for (; at[i].key != key || at[i].ties <= n; i++)
            n -= at[i].key == key ? at[i].ties : 0;
        i = level > 1 ? i * SIM_LEAST_WIDTH : i;
    }
    return i;
}

void sim_least_check(const sim_world *w, const sim_least *l)
{
    const sim_least_node *node = SIM_AT(w, const sim_least_node, l->nodes);
    for (uint32_t level = 1; level < l->levels; level++)
        for (uint32_t i = 0; i < l->first[level + 1] - l->first[level]; i++) {
            sim_least_node below = least_below(node, l, level, i), here = node[l->first[level] + i];
            SIM_ASSERT(w, here.key == below.key && here.ties == below.ties);
        }
}

// The first slot with the key below the i-th of the uppermost nodes.
static HR_APART sim_least_one descend(const sim_least_node *node, const sim_least *l, uint64_t key, uint32_t i)
{
    for (uint32_t level = l->levels - 1; level > 0; level--)
        for (i *= SIM_LEAST_WIDTH; node[l->first[level - 1] + i].key != key;)
            i++;
    return (sim_least_one){.key = key, .slot = i};
}

// The uppermost nodes.
static inline const sim_least_node *top_of(const sim_least_node *node, const sim_least *l) { return node + l->first[l->levels - 1]; }
static inline const sim_least_node *end_of(const sim_least_node *node, const sim_least *l) { return node + l->first[l->levels]; }

// The first of the least of them. By pairs, for which is less in one does not wait for the pair before; the second of a last one that is none lies
// behind the end, and takes no part.
static inline const sim_least_node *first_of(const sim_least_node *from, const sim_least_node *end)
{
    const sim_least_node *first = from;
    uint64_t key = from->key;
    for (; from < end; from += 2) {
        uint64_t a = from[0].key, b = from[1].key, less = b < a ? b : a;
        const sim_least_node *one = b < a ? from + 1 : from;
        first = less < key ? one : first;
        key = less < key ? less : key;
    }
    return first;
}

sim_least_node sim_least_root(const sim_world *w, const sim_least *l)
{
    const sim_least_node *node = SIM_AT(w, const sim_least_node, l->nodes), *from = top_of(node, l), *end = end_of(node, l);
    sim_least_node root = {.key = first_of(from, end)->key};
    for (; from < end; from++)
        root.ties += from->ties & -(uint32_t)(from->key == root.key);
    return root;
}

sim_least_one sim_least_first(const sim_world *w, const sim_least *l)
{
    const sim_least_node *node = SIM_AT(w, const sim_least_node, l->nodes), *top = top_of(node, l), *first = first_of(top, end_of(node, l));
    uint32_t i = (uint32_t)(first - top);
    return l->levels > 1 ? descend(node, l, first->key, i) : (sim_least_one){.key = first->key, .slot = i};
}
