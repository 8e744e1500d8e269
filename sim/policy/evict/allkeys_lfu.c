// sim/policy/evict/allkeys_lfu.c - Redis' approximated LFU, of all keys or of those that expire: the candidate with the least counter.
// The counter has 8 bits, starts at 5, grows with probability 1 / ((counter - 5) × lfu-log-factor + 1) at a use, and falls by one for
// every lfu-decay-time without a use. Facts: evict.c of Redis 7 (LFULogIncr, LFUDecrAndReturn, LFU_INIT_VAL); pool.h.
#include "sim/policy/evict/pool.h"

enum { START = 5, MOST = 255, MINUTES = 0xffff };

// An entry's note: the minute of the last use, 16 bits that wrap, and below it the counter, as in Redis' 24 bits.
static uint32_t minute(const sim_world *w) { return (uint32_t)(w->now / (60 * HR_SEC)) & MINUTES; }

static uint32_t counter_now(const sim_world *w, const sim_keystore *s, const sim_entry *e)
{
    uint32_t counter = e->note & MOST, idle = (minute(w) - (e->note >> 8)) & MINUTES;
    uint32_t lost = s->def.lfu_decay_min ? idle / s->def.lfu_decay_min : 0;
    return lost > counter ? 0 : counter - lost;
}

static void insert(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_keystore_entry(w, s, entry)->note = minute(w) << 8 | START;
}

static void hit(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    uint32_t counter = counter_now(w, s, e), above = counter > START ? counter - START : 0;
    double chance = 1.0 / ((double)above * s->def.lfu_log_factor + 1);
    if (counter < MOST && sim_unit(sim_keystore_draw(w, s).word[0]) < chance)
        counter++;
    e->note = minute(w) << 8 | counter;
}

static uint64_t rarity(const sim_world *w, const sim_keystore *s, const sim_entry *e) { return MOST - counter_now(w, s, e); }

static uint32_t of_all(sim_world *w, sim_keystore *s) { return sim_evict_pool_victim(w, s, false, rarity); }

static uint32_t of_expiring(sim_world *w, sim_keystore *s) { return sim_evict_pool_victim(w, s, true, rarity); }

const sim_evictor sim_evictor_allkeys_lfu = {.name = "allkeys-lfu", .summary = "Redis' approximation of LFU by sampling and counters that decay",
    .real = "allkeys-lfu", .uses = SIM_EVICT_SAMPLES | SIM_EVICT_LFU, .state_size = sizeof(sim_evict_pool), .insert = insert, .hit = hit,
    .remove = sim_keystore_ignore, .victim = of_all};

const sim_evictor sim_evictor_volatile_lfu = {.name = "volatile-lfu", .summary = "Redis' approximation of LFU, among the keys that expire",
    .real = "volatile-lfu", .uses = SIM_EVICT_SAMPLES | SIM_EVICT_LFU, .state_size = sizeof(sim_evict_pool), .insert = insert, .hit = hit,
    .remove = sim_keystore_ignore, .victim = of_expiring};
