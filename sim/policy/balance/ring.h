// sim/policy/balance/ring.h - the ring of consistent hashing, with nginx' points (as Cache::Memcached::Fast, "ketama").
// * 160 points for each unit of weight: CRC-32 of host, a zero byte, port, and the point before as four bytes, low end first.
// * Of points that fall together the one of the earlier server stays.
#ifndef SIM_RING_H
#define SIM_RING_H

#include "sim/policy/balance/upstream.h"

enum { SIM_RING_POINTS = 160 };

typedef struct { uint32_t hash, slot; } sim_ring_point;
typedef struct { sim_ref points; uint32_t count; } sim_ring;       // sim_ring_point[count], by hash

sim_ring sim_ring_make(sim_world *w, const sim_upstream *u);
// The number of the first point at or above the key's hash, `count` when there is none: numbers are meant modulo `count`.
uint32_t sim_ring_find(const sim_world *w, const sim_ring *r, const void *key, uint32_t key_bytes);
static inline uint32_t sim_ring_slot(const sim_world *w, const sim_ring *r, uint32_t number)
{
    return SIM_AT(w, const sim_ring_point, r->points)[number % r->count].slot;
}

#endif
