// sim/policy/evict/arc.c - ARC (Megiddo and Modha 2003): keys used once and keys used again have an LRU list each, and each list is
// followed by its ghosts. A ghost that is asked for says that its list was cut too short, and moves the target `p` its way.
#include "sim/policy/evict/evict.h"

enum { ONCE, AGAIN, ONCE_GHOST, AGAIN_GHOST }; // T1, T2, B1, B2 of the paper

typedef struct {
    double   p;                                // what ONCE should weigh
    uint32_t returns;                          // what comes in was a ghost of this list; 0: it was none
    uint32_t plain;                            // 1: the present victim leaves no ghost (case IV A of the paper, with an empty B1)
} arc;

static double weight_of(const sim_keystore *s, uint32_t list) { return (double)s->list[list].weight; }

static void recall(sim_world *w, sim_keystore *s, uint32_t entry)
{
    arc *own = SIM_AT(w, arc, s->state);
    double whole = (double)sim_keystore_capacity(s);
    own->returns = sim_keystore_entry(w, s, entry)->list;
    double mine = weight_of(s, own->returns), other = weight_of(s, own->returns == ONCE_GHOST ? AGAIN_GHOST : ONCE_GHOST);
    double step = other > mine ? other / mine : 1;
    own->p += own->returns == ONCE_GHOST ? step : -step;
    own->p = own->p > whole ? whole : own->p < 0 ? 0 : own->p;
    sim_keystore_unlink(w, s, entry);
}

// Only after deletions and expiry can there be more than a full cache would allow.
static void trim(sim_world *w, sim_keystore *s)
{
    uint64_t whole = sim_keystore_capacity(s);
    while (s->list[ONCE_GHOST].count && s->list[ONCE].weight + s->list[ONCE_GHOST].weight > whole)
        sim_keystore_forget(w, s, s->list[ONCE_GHOST].oldest);
    while (s->list[AGAIN_GHOST].count && s->list[ONCE].weight + s->list[ONCE_GHOST].weight + s->list[AGAIN].weight +
           s->list[AGAIN_GHOST].weight > 2 * whole)
        sim_keystore_forget(w, s, s->list[AGAIN_GHOST].oldest);
}

static void insert(sim_world *w, sim_keystore *s, uint32_t entry)
{
    arc *own = SIM_AT(w, arc, s->state);
    sim_keystore_push(w, s, own->returns ? AGAIN : ONCE, entry);
    own->returns = 0;
    trim(w, s);
}

static void hit(sim_world *w, sim_keystore *s, uint32_t entry)
{
    if (sim_keystore_entry(w, s, entry)->list == AGAIN) {
        sim_keystore_renew(w, s, entry);
        return;
    }
    sim_keystore_unlink(w, s, entry);
    sim_keystore_push(w, s, AGAIN, entry);
}

// REPLACE of the paper.
static uint32_t replace(const sim_keystore *s, const arc *own)
{
    double once = weight_of(s, ONCE);
    bool from_once = s->list[ONCE].count && (once > own->p || (once == own->p && own->returns == AGAIN_GHOST));
    return from_once || !s->list[AGAIN].count ? s->list[ONCE].oldest : s->list[AGAIN].oldest;
}

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    arc *own = SIM_AT(w, arc, s->state);
    uint64_t whole = sim_keystore_capacity(s), once = s->list[ONCE].weight + s->list[ONCE_GHOST].weight;
    own->plain = 0;
    if (own->returns)
        return replace(s, own);
    if (once + sim_keystore_incoming(s) > whole) {                             // case IV A
        if (!s->list[ONCE_GHOST].count && s->list[ONCE].count) {
            own->plain = 1;
            return s->list[ONCE].oldest;
        }
        if (s->list[ONCE_GHOST].count)
            sim_keystore_forget(w, s, s->list[ONCE_GHOST].oldest);
    } else if (s->list[AGAIN_GHOST].count && once + s->list[AGAIN].weight + s->list[AGAIN_GHOST].weight >= 2 * whole) {
        sim_keystore_forget(w, s, s->list[AGAIN_GHOST].oldest);                // case IV B
    }
    return replace(s, own);
}

static bool retire(sim_world *w, sim_keystore *s, uint32_t entry)
{
    if (SIM_AT(w, arc, s->state)->plain)
        return false;
    uint32_t ghosts = sim_keystore_entry(w, s, entry)->list == ONCE ? ONCE_GHOST : AGAIN_GHOST;
    sim_keystore_unlink(w, s, entry);
    sim_keystore_push(w, s, ghosts, entry);
    return true;
}

static void check(const sim_world *w, const sim_keystore *s)
{
    const arc *own = SIM_AT(w, const arc, s->state);
    double whole = (double)sim_keystore_capacity(s), once = weight_of(s, ONCE) + weight_of(s, ONCE_GHOST);
    SIM_ASSERT(w, own->p >= 0 && own->p <= whole && !own->returns);
    SIM_ASSERT(w, !s->def.limit_entries || once <= whole);
    SIM_ASSERT(w, !s->def.limit_entries || once + weight_of(s, AGAIN) + weight_of(s, AGAIN_GHOST) <= 2 * whole);
}

const sim_evictor sim_evictor_arc = {.name = "arc", .summary = "LRU for once and again, their shares learnt from ghosts", .lists = 2,
    .ghost_lists = 2, .state_size = sizeof(arc), .insert = insert, .hit = hit, .remove = sim_keystore_unlink, .victim = victim,
    .retire = retire, .recall = recall, .check = check};
