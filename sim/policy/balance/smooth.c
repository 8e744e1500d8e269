// sim/policy/balance/smooth.c - levels, their turns, and the key by which the next replica is the least.
#include "sim/policy/balance/smooth.h"

// In units of the common weight: by how much the sums of all at this level have grown while they were there, and how many there are.
typedef struct { int64_t turns; uint32_t peers, unused; } sim_smooth_level;

enum { SUM_BITS = 40 };                        // of a key; above them the level

void sim_smooth_make(sim_world *w, const sim_upstream *u, sim_smooth *s)
{
    s->least = sim_least_make(w, u->peer_count);
    s->level_of = sim_take(w, u->peer_count * sizeof(uint32_t));
    s->room = 8;
    s->levels = sim_take(w, s->room * sizeof(sim_smooth_level));
}

static sim_smooth_level *level_at(const sim_world *w, const sim_smooth *s, uint32_t level)
{
    return SIM_AT(w, sim_smooth_level, s->levels) + level;
}

static void make_room(sim_world *w, sim_smooth *s, uint32_t level)
{
    while (level >= s->room) {
        s->levels = sim_grow(w, s->levels, s->room * sizeof(sim_smooth_level), 2 * s->room * sizeof(sim_smooth_level));
        s->room *= 2;
    }
}

// peer->current is the sum less the turns of the level that the replica is counted in; that of one which is out is the sum itself.
static void leave(sim_world *w, sim_smooth *s, sim_peer *p, uint32_t *level_of)
{
    if (!*level_of)
        return;
    sim_smooth_level *l = level_at(w, s, *level_of - 1);
    p->current += l->turns;
    l->peers--;
    *level_of = 0;
}

static void join(sim_world *w, sim_smooth *s, sim_peer *p, uint32_t *level_of, uint32_t level)
{
    make_room(w, s, level);
    sim_smooth_level *l = level_at(w, s, level);
    p->current -= l->turns;
    l->peers++;
    *level_of = level + 1;
}

void sim_smooth_set(sim_world *w, const sim_upstream *u, sim_smooth *s, uint32_t slot, uint32_t level)
{
    sim_peer *p = SIM_AT(w, sim_peer, u->peers) + slot;
    uint32_t *level_of = SIM_AT(w, uint32_t, s->level_of) + slot;
    if (p->out || *level_of != level + 1) {
        leave(w, s, p, level_of);
        if (!p->out)
            join(w, s, p, level_of, level);
    }
    const int64_t middle = (int64_t)1 << (SUM_BITS - 1);
    SIM_ASSERT(w, level < 1u << 24 && p->current < middle && p->current > -middle);
    sim_least_set(w, &s->least, slot, p->out ? SIM_LEAST_NONE : (uint64_t)level << SUM_BITS | (uint64_t)(middle - p->current));
}

uint32_t sim_smooth_pick(sim_world *w, const sim_upstream *u, sim_smooth *s)
{
    uint32_t slot = sim_least_nth(w, &s->least, 0);
    sim_smooth_level *l = level_at(w, s, SIM_AT(w, const uint32_t, s->level_of)[slot] - 1);
    if (l->peers > 1) {                        // nginx leaves the sums alone where there is no choice
        l->turns++;
        SIM_AT(w, sim_peer, u->peers)[slot].current -= l->peers;
    }
    return slot;
}
