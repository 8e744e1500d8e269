// sim/policy/evict/lfu.c - evicts what was used least often, exactly; of those, what reached that count first. In constant time (Shah,
// Mitra, Matani 2010): one list in order of count, and a node for each count that occurs, which knows the newest entry of its group.
#include "sim/policy/evict/evict.h"

typedef struct {
    uint64_t uses;
    uint32_t last;                             // the newest entry of the group
    uint32_t lower, higher;                    // nodes of the next counts that occur, 0 = none; of a free node: the next free one
    uint32_t unused;
} group;

typedef struct { sim_ref groups; uint32_t top, room, free, lowest; } lfu;      // an entry's note is the number of its node, from 1

static group *group_at(const sim_world *w, const lfu *own, uint32_t node) { return SIM_AT(w, group, own->groups) + node; }

// A node for `uses` just above `lower` (0: the lowest of all).
static uint32_t open_group(sim_world *w, lfu *own, uint64_t uses, uint32_t lower)
{
    uint32_t node = own->free;
    if (node) {
        own->free = group_at(w, own, node)->lower;
    } else {
        if (own->top + 1 >= own->room) {
            uint32_t room = own->room ? own->room * 2 : 16;
            own->groups = sim_grow(w, own->groups, own->room * sizeof(group), room * sizeof(group));
            own->room = room;
        }
        node = ++own->top;
    }
    uint32_t higher = lower ? group_at(w, own, lower)->higher : own->lowest;
    *group_at(w, own, node) = (group){.uses = uses, .lower = lower, .higher = higher};
    *(lower ? &group_at(w, own, lower)->higher : &own->lowest) = node;
    if (higher)
        group_at(w, own, higher)->lower = node;
    return node;
}

// Takes the entry out of its group, which ends when it was alone in it. The list is left as it is.
static void leave_group(sim_world *w, sim_keystore *s, lfu *own, uint32_t entry)
{
    const sim_entry *e = sim_keystore_entry(w, s, entry);
    group *g = group_at(w, own, e->note);
    if (g->last != entry)
        return;
    if (e->older && sim_keystore_entry(w, s, e->older)->note == e->note) {
        g->last = e->older;
        return;
    }
    *(g->lower ? &group_at(w, own, g->lower)->higher : &own->lowest) = g->higher;
    if (g->higher)
        group_at(w, own, g->higher)->lower = g->lower;
    *g = (group){.lower = own->free};
    own->free = e->note;
}

static void join_group(sim_world *w, sim_keystore *s, lfu *own, uint32_t entry, uint32_t node)
{
    sim_keystore_entry(w, s, entry)->note = node;
    group_at(w, own, node)->last = entry;
}

static void insert(sim_world *w, sim_keystore *s, uint32_t entry)
{
    lfu *own = SIM_AT(w, lfu, s->state);
    uint32_t node = own->lowest;
    if (!node || group_at(w, own, node)->uses != 1)
        node = open_group(w, own, 1, 0);
    sim_keystore_push_after(w, s, 0, entry, group_at(w, own, node)->last);
    join_group(w, s, own, entry, node);
}

static void hit(sim_world *w, sim_keystore *s, uint32_t entry)
{
    lfu *own = SIM_AT(w, lfu, s->state);
    uint32_t node = sim_keystore_entry(w, s, entry)->note, next = group_at(w, own, node)->higher;
    uint64_t uses = group_at(w, own, node)->uses + 1;
    bool shared = next && group_at(w, own, next)->uses == uses;
    uint32_t behind = shared ? group_at(w, own, next)->last : group_at(w, own, node)->last;
    if (!shared)
        next = open_group(w, own, uses, node);
    leave_group(w, s, own, entry);
    if (behind != entry) {
        sim_keystore_unlink(w, s, entry);
        sim_keystore_push_after(w, s, 0, entry, behind);
    }
    join_group(w, s, own, entry, next);
}

static void removed(sim_world *w, sim_keystore *s, uint32_t entry)
{
    leave_group(w, s, SIM_AT(w, lfu, s->state), entry);
    sim_keystore_unlink(w, s, entry);
}

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    (void)w;
    return s->list[0].oldest;
}

static void check(const sim_world *w, const sim_keystore *s)
{
    const lfu *own = SIM_AT(w, const lfu, s->state);
    uint32_t node = own->lowest;
    uint64_t uses = 0;
    for (uint32_t entry = s->list[0].oldest; entry; entry = sim_keystore_entry(w, s, entry)->newer) {
        const group *g = group_at(w, own, node);
        SIM_ASSERT(w, node && sim_keystore_entry(w, s, entry)->note == node && g->uses > uses);
        if (g->last == entry) {
            uses = g->uses;
            node = g->higher;
        }
    }
    SIM_ASSERT(w, node == 0);
}

const sim_evictor sim_evictor_lfu = {.name = "lfu", .summary = "the key that was used least often", .lists = 1, .state_size = sizeof(lfu),
    .insert = insert, .hit = hit, .remove = removed, .victim = victim, .check = check};
