// sim/policy/balance/smooth.c - levels, their turns, and the key by which the next replica is the least.
#include "sim/policy/balance/smooth.h"

// In units of the common weight: by how much the sums of all at this level have grown while they were there, and how many there are. The first is
// of those that are out, which take no turns; behind it are the levels from 0 on.
typedef struct { int64_t turns; uint32_t peers, unused; } sim_smooth_level;

// Bits of a key: the sum, above it the level. Neither is ever used up: 2^26 calls at one replica, and as many to the balancer, are more than the
// 8 GiB that a world may have; 2^37 choices take hours.
enum { SUM_BITS = 38 };

void sim_smooth_make(sim_world *w, const sim_upstream *u, sim_smooth *s)
{
    s->least = sim_least_make(w, u->peer_count);
    s->level_of = sim_take(w, u->peer_count * sizeof(uint32_t));
    s->room = 8;
    s->levels = sim_take(w, s->room * sizeof(sim_smooth_level));
    SIM_AT(w, sim_smooth_level, s->levels)->peers = u->peer_count;
}

// First makes room for the level.
static HR_APART void set_in_new_room(sim_world *w, const sim_upstream *u, sim_smooth *s, uint32_t slot, uint32_t level)
{
    s->levels = sim_grow(w, s->levels, s->room * sizeof(sim_smooth_level), 2 * s->room * sizeof(sim_smooth_level));
    s->room *= 2;
    sim_smooth_set(w, u, s, slot, level);
}

// The larger the sum, the less.
static inline uint64_t inverted(const sim_peer *p) { return (uint64_t)(((int64_t)1 << (SUM_BITS - 1)) - p->current); }
static inline uint64_t key_of(const sim_peer *p, uint32_t level_of)
{
    return level_of ? (uint64_t)(level_of - 1) << SUM_BITS | inverted(p) : SIM_LEAST_NONE;
}

// peer->current is the sum less the turns of the level that the replica is counted in; so that of one which is out is the sum itself.
void sim_smooth_set(sim_world *w, const sim_upstream *u, sim_smooth *s, uint32_t slot, uint32_t level)
{
    sim_peer *p = SIM_AT(w, sim_peer, u->peers) + slot;
    uint32_t *level_of = SIM_AT(w, uint32_t, s->level_of) + slot, from = *level_of, to = p->out ? 0 : level + 1;
    if (to >= s->room) {
        set_in_new_room(w, u, s, slot, level);
        return;
    }
    if (from != to) {
        sim_smooth_level *l = SIM_AT(w, sim_smooth_level, s->levels);
        p->current += l[from].turns - l[to].turns;
        l[from].peers--;
        l[to].peers++;
        *level_of = to;
    }
    SIM_ASSERT(w, level < 1u << (64 - SUM_BITS) && inverted(p) >> SUM_BITS == 0);
    sim_least_set(w, &s->least, slot, key_of(p, to));
}

uint32_t sim_smooth_pick(sim_world *w, const sim_upstream *u, sim_smooth *s)
{
    uint32_t slot = sim_least_first(w, &s->least);
    sim_smooth_level *l = SIM_AT(w, sim_smooth_level, s->levels) + SIM_AT(w, const uint32_t, s->level_of)[slot];
    if (l->peers > 1) {                        // nginx leaves the sums alone where there is no choice
        l->turns++;
        SIM_AT(w, sim_peer, u->peers)[slot].current -= l->peers;
    }
    return slot;
}

void sim_smooth_check(const sim_world *w, const sim_upstream *u, const sim_smooth *s)
{
    sim_least_check(w, &s->least);
    const sim_smooth_level *l = SIM_AT(w, const sim_smooth_level, s->levels);
    uint64_t peers = 0;
    for (uint32_t k = 0; k < s->room; k++)
        peers += l[k].peers;
    SIM_ASSERT(w, peers == u->peer_count && l->turns == 0);
    for (uint32_t i = 0; i < u->peer_count; i++) {
        const sim_peer *p = SIM_AT(w, const sim_peer, u->peers) + i;
        uint32_t level_of = SIM_AT(w, const uint32_t, s->level_of)[i];
        SIM_ASSERT(w, !level_of == (p->out != 0) && sim_least_key(w, &s->least, i) == key_of(p, level_of));
    }
}
