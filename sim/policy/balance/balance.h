// sim/policy/balance/balance.h - how a balancer chooses a replica: the contract of policies and the list of rows.
// * The engine filters once: `pick` sees the replicas that may be chosen, at least one, and returns the slot of one of them.
// * A policy never allocates in `pick`: `state_size` zeroed bytes are lent, zero is a valid start; what grows with the number of
//   replicas it takes in `prepare`. All of it lies in the world, so that checkpoints and forks carry it.
// * To add one: a file NAME.c with `const sim_balancer sim_balancer_NAME`, and a row in balance.def. Nothing else.
// * upstream.h is the other side: what the balancer component and `replay balance` call.
#ifndef SIM_BALANCE_H
#define SIM_BALANCE_H

#include "sim/core/random.h"

enum { SIM_BALANCER_PARAMETERS = 2 };          // at most, of one policy
enum { SIM_MOST_PEERS = 60000 };               // replicas among which one balancer chooses

typedef struct {                               // one replica as its balancer knows it
    sim_ref  name;                             // text, for policies with SIM_USES_NAMES; else 0
    uint32_t weight;                           // as configured
    int32_t  effective;                        // nginx: the weight, less after failures
    uint32_t load;                             // calls out there, as far as this balancer has heard: policies look at this
    int64_t  current;                          // nginx: the running sum of smooth weighted round robin; with an index (smooth.h) kept there
    uint32_t in_flight;                        // calls out there
    uint32_t out;                              // why it may not be chosen, SIM_OUT_…; 0: it may
    uint32_t fails;                            // nginx: failures that count against max_fails
    int32_t  accessed_s, checked_s;            // nginx: when it last failed; when it last failed or was given a chance, whole seconds
    uint32_t sick;                             // of SIM_OUT_SICK what is found; in `out`, too, unless the upstream panics
} sim_peer;

enum {                                         // reasons why a replica may not be chosen
    SIM_OUT_DOWN = 1,                          // marked so by the operator
    SIM_OUT_FAILED = 2,                        // passive health: failed max_fails times
    SIM_OUT_UNHEALTHY = 4,                     // active health: its checks fail
    SIM_OUT_EJECTED = 8,                       // outlier detection has put it out for a while
    SIM_OUT_FULL = 16,                         // has as many calls as max_conns allows
    SIM_OUT_TRIED = 32,                        // this very call has been there
    SIM_OUT_DRAINING = 64,                     // it leaves: only who is bound to it may come (nginx' drain)
    SIM_OUT_OF_SERVICE = 15 | SIM_OUT_DRAINING,                 // the lasting ones: tables of policies are made without these replicas
    SIM_OUT_SICK = SIM_OUT_UNHEALTHY | SIM_OUT_EJECTED,            // what a panic forgives
};

// The call that a replica is chosen for, and what its policy remembers between tries of it (zero before the first).
typedef struct {
    sim_draw    random;                        // two random words, for policies with SIM_USES_CHANCE
    const void *key;                           // what the hash policies hash: text, or the bytes of the client's address
    uint32_t    key_bytes;
    uint32_t    hash, rehash, steps;
} sim_balanced;

struct sim_upstream;
typedef struct {
    const uint16_t *slot;                      // the replicas that may be chosen, in order of their slots
    uint32_t        count;                     // at least 1
    sim_peer       *peer;                      // all replicas, by slot
    uint32_t        peer_count;
    sim_balanced   *call;
    sim_world      *world;
    struct sim_upstream *upstream;             // upstream.h
    const double   *parameter;                 // in the order of the row's
} sim_candidates;

typedef struct {                               // a parameter, written as in `policy: power-of-d(d=3)`
    const char *name, *unit, *help;            // unit: "" or what may stand behind the number
    double      fallback, least, most;
    bool        whole;
} sim_balancer_parameter;

enum {                                         // what a row looks at
    SIM_USES_WEIGHTS = 1,
    SIM_USES_KEY = 2,                          // the request's key as text
    SIM_USES_ADDRESS = 4,                      // the client's address: 4 or 16 bytes
    SIM_USES_NAMES = 8,                        // the names of the replicas
    SIM_USES_CHANCE = 16,                      // the call's random words: sim_balance_below
};

typedef struct {
    const char *name, *summary;                // scenario word; one line for `headroom list`
    const char *real;                          // nginx's directive in an upstream block; "" is its default, NULL: it has none
    unsigned    uses;                          // SIM_USES_…
    sim_balancer_parameter parameter[SIM_BALANCER_PARAMETERS];
    size_t      state_size;                    // zeroed bytes lent from the world
    uint32_t  (*pick)(void *state, const sim_candidates *eligible);                    // a slot of eligible->slot
    // The rest is optional. `state` is SIM_AT(w, …, u->state).
    void      (*prepare)(sim_world *w, struct sim_upstream *u);                        // before the first choice: take tables
    void      (*changed)(sim_world *w, struct sim_upstream *u, uint32_t slot);         // load or `out` of a replica: keep an index right
    void      (*check)(const sim_world *w, const struct sim_upstream *u);              // aborts when an index is not right
    void      (*answered)(sim_world *w, struct sim_upstream *u, uint32_t slot, hr_time took);
} sim_balancer;

#define SIM_BALANCER(name) extern const sim_balancer sim_balancer_##name;
#include "sim/policy/balance/balance.def"
#undef SIM_BALANCER

extern const sim_balancer *const sim_balancers[];                     // ends with NULL
// The row number of a policy, or -1.
int sim_balancer_find(const char *name);

typedef struct { uint32_t row; double parameter[SIM_BALANCER_PARAMETERS]; } sim_balancer_choice;
// Reads "round-robin" or "power-of-d(d=3)". HR_BAD_INPUT says what is wrong and what would do; `choice` is then untouched.
hr_status sim_balancer_read(const char *text, sim_balancer_choice *choice, hr_error *e) HR_MUST_USE;
// "d=2: replicas looked at", all parameters of a row, or "". The caller frees it.
char *sim_balancer_parameters(const sim_balancer *b);

// What the hash policies hash, at most so many bytes: the key's number in decimal, or with SIM_USES_ADDRESS a client's address, 10.0.0.0 and the key, so
// that 256 clients share a /24. Returns how many bytes that are.
enum { SIM_BALANCE_KEY_BYTES = 24 };
uint32_t sim_balance_key(unsigned uses, uint64_t key, char text[SIM_BALANCE_KEY_BYTES]);

// --- for policies ----------------------------------------------------------------------------------------------------
// The i-th random word of a choice, below `bound`; for rows with SIM_USES_CHANCE.
uint32_t sim_balance_below(const sim_candidates *c, uint32_t i, uint32_t bound);
// 64 bits of a text (FNV-1a, and the finaliser of splitmix64, for FNV's high bits are poor on short texts).
uint64_t sim_balance_hash(uint64_t seed, const void *bytes, size_t count);
// nginx' smooth weighted round robin among those that may be chosen; the hash policies fall back on it.
uint32_t sim_balance_rotate(const sim_candidates *c);
// `a` or `b`, and never as a branch, which compilers would make of `?:`: for what cannot be foretold.
static inline int64_t sim_balance_either(bool is_a, int64_t a, int64_t b) { return b ^ ((a ^ b) & -(int64_t)is_a); }
// The same among some of them: each is asked in order of slots, and told whether it takes part. One at least does.
typedef struct { uint32_t best; int64_t most, total; } sim_turn;   // the largest sum and whose it is
static inline sim_turn sim_turn_begin(void) { return (sim_turn){.most = INT64_MIN}; }
static inline void sim_turn_ask(sim_turn *turn, const sim_candidates *c, uint32_t slot, bool takes_part)
{
    sim_peer *p = &c->peer[slot];
    int32_t part = (int32_t)sim_balance_either(takes_part, p->effective, 0);
    int64_t sum = p->current + part;
    p->current = sum;
    turn->total += part;
    p->effective += takes_part & (p->effective < (int32_t)p->weight);
    bool is_more = takes_part & (sum > turn->most);
    turn->best = (uint32_t)sim_balance_either(is_more, slot, turn->best);
    turn->most = sim_balance_either(is_more, sum, turn->most);
}
static inline uint32_t sim_turn_end(const sim_turn *turn, const sim_candidates *c)
{
    c->peer[turn->best].current -= turn->total;
    return turn->best;
}

#endif
