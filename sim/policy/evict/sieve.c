// sim/policy/evict/sieve.c - SIEVE (Zhang et al. 2024, "SIEVE is simpler than LRU"): a hand goes from old to new and evicts the first
// key that was not used since it last passed. Unlike CLOCK's, those it spares keep their places: new keys never mix with old ones.
#include "sim/policy/evict/evict.h"

typedef struct { uint32_t hand; } sieve;       // the next to be looked at; 0: the oldest

static void hit(sim_world *w, sim_keystore *s, uint32_t entry) { sim_keystore_entry(w, s, entry)->note = 1; }

static void removed(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sieve *own = SIM_AT(w, sieve, s->state);
    if (own->hand == entry)
        own->hand = sim_keystore_entry(w, s, entry)->newer;
    sim_keystore_unlink(w, s, entry);
}

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    sieve *own = SIM_AT(w, sieve, s->state);
    uint32_t entry = own->hand ? own->hand : s->list[0].oldest;
    for (sim_entry *e = sim_keystore_entry(w, s, entry); e->note; e = sim_keystore_entry(w, s, entry)) {
        e->note = 0;
        entry = e->newer ? e->newer : s->list[0].oldest;
    }
    own->hand = sim_keystore_entry(w, s, entry)->newer;
    return entry;
}

static void check(const sim_world *w, const sim_keystore *s)
{
    uint32_t hand = SIM_AT(w, const sieve, s->state)->hand;
    SIM_ASSERT(w, !hand || sim_keystore_entry(w, s, hand)->expires);
}

const sim_evictor sim_evictor_sieve = {.name = "sieve", .summary = "a hand sifts from old to new for what was not used", .lists = 1,
    .state_size = sizeof(sieve), .insert = sim_keystore_push_first, .hit = hit, .remove = removed, .victim = victim, .check = check};
