// sim/policy/evict/pool.h - Redis' pool of eviction candidates, which its LRU, LFU and TTL policies share.
// * Each eviction samples a few keys, offers them to a pool of the 16 best candidates seen so far, and evicts the best that still exists.
// * A candidate's score is the one it had when it was sampled; a key may stand in the pool twice, and stays in it when it is used or
//   deleted: so does Redis. Facts: evict.c of Redis 7 (EVPOOL_SIZE, evictionPoolPopulate, performEvictions).
// * Idealised: samples are independent, where Redis takes neighbours in its hash table.
#ifndef SIM_EVICT_POOL_H
#define SIM_EVICT_POOL_H

#include "sim/policy/evict/evict.h"

enum { SIM_EVICT_POOL = 16 };

typedef struct {                               // the best candidate stands first
    uint32_t count, unused;
    uint64_t key[SIM_EVICT_POOL], score[SIM_EVICT_POOL];
} sim_evict_pool;

typedef uint64_t sim_evict_score(const sim_world *w, const sim_keystore *s, const sim_entry *e);           // the largest goes first
// The victim by `score`, among all keys or among those that expire; 0: there is none. The pool is the policy's whole state.
uint32_t sim_evict_pool_victim(sim_world *w, sim_keystore *s, bool expiring, sim_evict_score *score);

#endif
