// sim/policy/balance/smooth.c - levels, their turns, and the key by which the next replica is the least.
#include "sim/policy/balance/smooth.h"

// In units of the common weight: by how much the sums of all at this level have grown while they were there, and how many there are.
typedef struct { int64_t turns; uint32_t peers, unused; } sim_smooth_level;

// Bits of a key: the sum, above it the level. Neither is ever used up: 2^26 calls at one replica, and as many to the balancer, are more than the
// 8 GiB that a world may have; 2^37 choices take hours.
enum { SUM_BITS = 38 };
static const uint64_t middle = (uint64_t)1 << (SUM_BITS - 1);

// The least is the largest sum, less the turns of its level, of the lowest level.
static inline uint64_t key_of(uint32_t level, int64_t sum) { return ((uint64_t)level << SUM_BITS) + middle - (uint64_t)sum; }
static inline uint32_t level_of(uint64_t key) { return (uint32_t)(key >> SUM_BITS); }
static inline int64_t sum_of(uint64_t key) { return (int64_t)(key_of(level_of(key), 0) - key); }

void sim_smooth_make(sim_world *w, const sim_upstream *u, sim_smooth *s)
{
    s->least = sim_least_make(w, u->peer_count);
    s->room = 8;
    s->levels = sim_take(w, s->room * sizeof(sim_smooth_level));
}

static sim_smooth_level *level_at(const sim_world *w, const sim_smooth *s, uint32_t level)
{
    return SIM_AT(w, sim_smooth_level, s->levels) + level;
}

// First makes room for the level.
static HR_APART void set_in_new_room(sim_world *w, const sim_upstream *u, sim_smooth *s, uint32_t slot, uint32_t level)
{
    s->levels = sim_grow(w, s->levels, s->room * sizeof(sim_smooth_level), 2 * s->room * sizeof(sim_smooth_level));
    s->room *= 2;
    sim_smooth_set(w, u, s, slot, level);
}

// One goes out or comes back: peer->current is the sum itself meanwhile.
static HR_APART void leave_or_join(sim_world *w, const sim_smooth *s, sim_peer *p, uint32_t slot, uint32_t level)
{
    uint64_t before = sim_least_key(w, &s->least, slot), after = SIM_LEAST_NONE;
    if (before != SIM_LEAST_NONE) {
        sim_smooth_level *l = level_at(w, s, level_of(before));
        p->current += sum_of(before) + l->turns;
        l->peers--;
    }
    if (!p->out) {
        sim_smooth_level *l = level_at(w, s, level);
        after = key_of(level, p->current - l->turns);
        p->current = 0;
        l->peers++;
        SIM_ASSERT(w, level_of(after) == level);
    }
    sim_least_set(w, &s->least, slot, after);
}

// peer->current of one that is in is by how much its sum has changed since its key was set.
void sim_smooth_set(sim_world *w, const sim_upstream *u, sim_smooth *s, uint32_t slot, uint32_t level)
{
    sim_peer *p = SIM_AT(w, sim_peer, u->peers) + slot;
    uint64_t key = sim_least_key(w, &s->least, slot);
    if (level >= s->room) {
        set_in_new_room(w, u, s, slot, level);
        return;
    }
    if (p->out || key == SIM_LEAST_NONE) {
        leave_or_join(w, s, p, slot, level);
        return;
    }
    uint32_t before = level_of(key);
    sim_smooth_level *from = level_at(w, s, before), *to = level_at(w, s, level);
    from->peers--;
    to->peers++;
    key += ((uint64_t)(level - (int64_t)before) << SUM_BITS) - (uint64_t)(p->current + from->turns - to->turns);
    p->current = 0;
    SIM_ASSERT(w, level_of(key) == level);
    sim_least_set(w, &s->least, slot, key);
}

uint32_t sim_smooth_pick(sim_world *w, const sim_upstream *u, const sim_smooth *s)
{
    sim_least_one least = sim_least_first(w, &s->least);
    sim_smooth_level *l = level_at(w, s, level_of(least.key));
    if (l->peers > 1) {                        // nginx leaves the sums alone where there is no choice
        l->turns++;
        SIM_AT(w, sim_peer, u->peers)[least.slot].current -= l->peers;
    }
    return least.slot;
}

void sim_smooth_check(const sim_world *w, const sim_upstream *u, const sim_smooth *s)
{
    sim_least_check(w, &s->least);
    uint64_t in = 0;
    for (uint32_t k = 0; k < s->room; k++)
        in += level_at(w, s, k)->peers;
    for (uint32_t i = 0; i < u->peer_count; i++) {
        const sim_peer *p = SIM_AT(w, const sim_peer, u->peers) + i;
        bool is_out = sim_least_key(w, &s->least, i) == SIM_LEAST_NONE;
        SIM_ASSERT(w, is_out == (p->out != 0) && (is_out || p->current == 0));
        in -= !is_out;
    }
    SIM_ASSERT(w, in == 0);
}
