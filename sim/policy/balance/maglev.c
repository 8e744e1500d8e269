// sim/policy/balance/maglev.c - the table of Maglev (Eisenbud et al., NSDI 2016): even to a hair, one look-up, and few keys move.
// * Each replica has its own permutation of the table's places; in turns each takes its next free place until all are taken. A replica with
//   half the weight of the heaviest has half the turns.
// * The table is made of the replicas in service, and made anew at the next choice when these change; who is only full, or was tried,
//   is stepped over.
#include "sim/policy/balance/upstream.h"

#include <string.h>

typedef struct {
    uint32_t size, made;                       // a prime; upstream's service_changes when the table was made, plus 1
    sim_ref  table, turns;                     // uint16_t[size]; turn[peer_count]
} maglev;

typedef struct { uint32_t place, skip, credit, unused; } turn;

static bool is_prime(uint32_t n)
{
    for (uint32_t d = 2; d * d <= n; d++)
        if (n % d == 0)
            return false;
    return n > 1;
}

static void prepare(sim_world *w, sim_upstream *u)
{
    maglev *m = SIM_AT(w, maglev, u->state);
    m->size = (uint32_t)u->parameter[0];
    while (!is_prime(m->size) || m->size < u->peer_count)
        m->size++;
    m->table = sim_take(w, m->size * sizeof(uint16_t));
    m->turns = sim_take(w, u->peer_count * sizeof(turn));
}

static uint32_t heaviest(const sim_candidates *c)
{
    uint32_t most = 0;
    for (uint32_t slot = 0; slot < c->peer_count; slot++)
        if (!(c->peer[slot].out & SIM_OUT_OF_SERVICE) && c->peer[slot].weight > most)
            most = c->peer[slot].weight;
    return most;
}

static void begin_turns(const sim_candidates *c, const maglev *m, turn *turns)
{
    for (uint32_t slot = 0; slot < c->peer_count; slot++) {
        const char *name = SIM_AT(c->world, const char, c->peer[slot].name);
        size_t length = strlen(name);
        turns[slot] = (turn){.place = (uint32_t)(sim_balance_hash(1, name, length) % m->size),
                             .skip = (uint32_t)(sim_balance_hash(2, name, length) % (m->size - 1)) + 1};
    }
}

static void make_table(const sim_candidates *c, maglev *m)
{
    const uint16_t free_place = UINT16_MAX;
    uint16_t *table = SIM_AT(c->world, uint16_t, m->table);
    turn *turns = SIM_AT(c->world, turn, m->turns);
    uint32_t full_turn = heaviest(c), left = m->size;
    begin_turns(c, m, turns);
    for (uint32_t i = 0; i < m->size; i++)
        table[i] = free_place;
    for (uint32_t slot = 0; left; slot = (slot + 1) % c->peer_count) {
        turn *t = &turns[slot];
        if (c->peer[slot].out & SIM_OUT_OF_SERVICE || (t->credit += c->peer[slot].weight) < full_turn)
            continue;
        t->credit -= full_turn;
        while (table[t->place] != free_place)
            t->place = (t->place + t->skip) % m->size;
        table[t->place] = (uint16_t)slot;
        left--;
    }
    m->made = c->upstream->service_changes + 1;
}

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    maglev *m = state;
    if (m->made != eligible->upstream->service_changes + 1)
        make_table(eligible, m);
    const uint16_t *table = SIM_AT(eligible->world, const uint16_t, m->table);
    uint32_t place = (uint32_t)(sim_balance_hash(0, eligible->call->key, eligible->call->key_bytes) % m->size);
    for (uint32_t i = 0; i < m->size; i++) {
        uint32_t slot = table[(place + i) % m->size];
        if (!eligible->peer[slot].out)
            return slot;
    }
    return eligible->slot[0];                  // a replica so light that the table has no place for it
}

const sim_balancer sim_balancer_maglev = {.name = "maglev", .summary = "a table of places shared out evenly; few keys move",
    .uses = SIM_USES_WEIGHTS | SIM_USES_KEY | SIM_USES_NAMES,
    .parameter = {{"table", "", "places, rounded up to a prime", 65537, 2, 1e7, true}}, .state_size = sizeof(maglev), .pick = pick,
    .prepare = prepare};
