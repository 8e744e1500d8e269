// sim/policy/balance/rendezvous.c - rendezvous hashing (Thaler and Ravishankar 1998): each replica bids for the key, the highest bid wins. When one
// goes, only its own keys move. Weights by the logarithmic method (Schindelhauer and Schomaker 2005): least -log(u) / weight.
#include "sim/policy/balance/upstream.h"

#include <string.h>

typedef struct { sim_ref names; } rendezvous;  // uint64_t[peer_count]: hashes of the names

static void prepare(sim_world *w, sim_upstream *u)
{
    rendezvous *r = SIM_AT(w, rendezvous, u->state);
    r->names = sim_take(w, u->peer_count * sizeof(uint64_t));
    for (uint32_t slot = 0; slot < u->peer_count; slot++) {
        const char *name = SIM_AT(w, const char, SIM_AT(w, const sim_peer, u->peers)[slot].name);
        SIM_AT(w, uint64_t, r->names)[slot] = sim_balance_hash(0, name, strlen(name));
    }
}

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    const uint64_t *names = SIM_AT(eligible->world, const uint64_t, ((const rendezvous *)state)->names);
    uint64_t key = sim_balance_hash(1, eligible->call->key, eligible->call->key_bytes);
    uint32_t best = 0;
    double least = 0;
    for (uint32_t i = 0; i < eligible->count; i++) {
        uint32_t slot = eligible->slot[i];
        uint64_t pair[2] = {key, names[slot]};
        double bid = -sim_log(sim_unit(sim_balance_hash(2, pair, sizeof pair))) / eligible->peer[slot].weight;
        if (i == 0 || bid < least) {
            best = slot;
            least = bid;
        }
    }
    return best;
}

const sim_balancer sim_balancer_rendezvous = {.name = "rendezvous", .summary = "the highest bid for the key; looks at every replica, moves only what must",
    .uses = SIM_USES_WEIGHTS | SIM_USES_KEY | SIM_USES_NAMES, .state_size = sizeof(rendezvous), .pick = pick, .prepare = prepare};
