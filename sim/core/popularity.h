// sim/core/popularity.h - which key a request is about; popularity.def lists the ways.
// * A key is a function of (seed, stream, number of the request): two variants ask for the same keys.
// * Keys are numbers below `count`; the popular ones are the small ones.
#ifndef SIM_POPULARITY_H
#define SIM_POPULARITY_H

#include "sim/core/random.h"

typedef enum {
#define SIM_POPULARITY(name, arguments, help) SIM_KEYS_##name,
#include "sim/core/popularity.def"
#undef SIM_POPULARITY
    SIM_KEYS_COUNT
} sim_keys_kind;

typedef struct {                               // as a scenario gives it
    uint32_t kind;                             // sim_keys_kind
    uint32_t rows;                             // trace: of `table`
    uint64_t count;                            // keys
    double   exponent;                         // zipf: 0 … 100
    double   hot_keys, hot_requests;           // hotspot: shares
    const uint64_t *table;                     // trace: lent
} sim_keys_def;

typedef struct {                               // the same inside a world
    uint32_t kind, rows;
    uint64_t count, hot;                       // hotspot: keys 0 … hot - 1 are hot
    double   hot_requests;
    double   exponent, h_half, h_end, skip;    // zipf: constants of rejection-inversion
    sim_ref  table;                            // uint64_t[rows]
} sim_keys;

const char *sim_keys_name(uint32_t kind);
sim_keys sim_keys_place(sim_world *w, const sim_keys_def *def);
uint64_t sim_keys_draw_one_of(const sim_world *w, const sim_keys *k, uint32_t stream, uint64_t number);
static inline uint64_t sim_keys_draw(const sim_world *w, const sim_keys *k, uint32_t stream, uint64_t number)
{
    return k->kind == SIM_KEYS_one ? 0 : sim_keys_draw_one_of(w, k, stream, number);
}

#endif
