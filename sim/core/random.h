// sim/core/random.h - counter-based random numbers and the distributions made from them.
// * A draw is a function of (seed, stream, subject, ordinal): no state, so two variants give the same request the same draws.
// * Generator: Philox2x64-7 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): 6 rounds pass BigCrush, one is margin.
// * Distributions are drawn by inversion, or so that a variant that scales a demand still scales the same draw (common random numbers
//   stay monotone).
// * log, exp and sine are our own, from plain IEEE operations: the same bits with every compiler, C library and processor.
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include "sim/core/world.h"

typedef struct { uint64_t word[2]; } sim_draw;

// Purposes of draws within one component; they are part of the stream, so that no two share numbers.
enum { SIM_DRAW_ARRIVAL = 1, SIM_DRAW_KEY, SIM_DRAW_WAIT, SIM_DRAW_CPU, SIM_DRAW_NETWORK, SIM_DRAW_CHOICE, SIM_DRAW_TTL, SIM_DRAW_THINK,
       SIM_DRAW_LATENESS, SIM_DRAW_CHANCE, SIM_DRAW_PATIENCE, SIM_DRAW_STATE, SIM_DRAW_SESSION, SIM_DRAW_RETRY,
       SIM_DRAW_STARTUP, SIM_DRAW_READINESS, SIM_DRAW_EARLY, SIM_DRAW_POISON,
       SIM_DRAW_FLUSH, SIM_DRAW_SEND, SIM_DRAW_APPLY, SIM_DRAW_CONFIRM, SIM_DRAW_CONNECT, SIM_DRAW_LOSS, SIM_DRAW_FAULT, SIM_DRAW_TWO_PHASE,
       SIM_DRAW_OTHER_KEY, SIM_DRAW_ROW, SIM_DRAW_LEVEL, SIM_DRAW_CURSOR, SIM_DRAW_FAULT_BY,
       SIM_DRAW_STATEMENT = 64 };             // + the statement's number

static inline void sim_random_round(uint64_t *a, uint64_t *b, uint64_t key)
{
    __extension__ unsigned __int128 product = (unsigned __int128)*a * 0xD2B74407B1CE6E93u;
    *a = (uint64_t)(product >> 64) ^ (key ^ *b);
    *b = (uint64_t)product;
}

static inline sim_draw sim_random(uint64_t seed, uint32_t stream, uint64_t subject, uint32_t ordinal)
{
    const uint64_t step = 0x9E3779B97F4A7C15u; // of the keys (Weyl sequence)
    sim_draw d = {{subject, (uint64_t)stream << 32 | ordinal}};
    sim_random_round(&d.word[0], &d.word[1], seed);
    sim_random_round(&d.word[0], &d.word[1], seed + step);
    sim_random_round(&d.word[0], &d.word[1], seed + 2 * step);
    sim_random_round(&d.word[0], &d.word[1], seed + 3 * step);
    sim_random_round(&d.word[0], &d.word[1], seed + 4 * step);
    sim_random_round(&d.word[0], &d.word[1], seed + 5 * step);
    sim_random_round(&d.word[0], &d.word[1], seed + 6 * step);
    return d;
}

// The stream of one purpose of one component.
static inline uint32_t sim_stream(const sim_world *w, sim_component_id id, uint32_t purpose)
{
    return sim_component_at(w, id)->stream + purpose * 0x9E3779B1u;
}

// Places in the tree of a request's calls, as what is added to the ordinals of draws. A call of its own kind for the `ordinal`-th time
// in its handler, or a `round` of a repetition, gets draws of its own; the first keeps the path of its caller, so that what is put
// between caller and callee changes no draw.
static inline uint32_t sim_path(uint32_t path, uint32_t ordinal, uint32_t round)
{
    if (!ordinal && !round)
        return path;
    path ^= ordinal * 0x9E3779B1u + round * 0x85EBCA77u;           // then mixed as MurmurHash3 ends
    path = (path ^ path >> 16) * 0x85EBCA6Bu;
    path = (path ^ path >> 13) * 0xC2B2AE35u;
    return path ^ path >> 16;
}

// A word as a number in (0, 1]: 53 bits and half a step, so zero is never reached, and one by the largest words alone.
static inline double sim_unit(uint64_t word) { return ((double)(word >> 11) + 0.5) * 0x1p-53; }

// -log of a word as a number in (0, 1]: exponential with mean 1, by inversion. All 64 bits count; absolute error below 1e-15.
double sim_exponential(uint64_t word);
// Such times for so many subjects from `subject` on, which side by side cost less (exponential.c), in nanoseconds, as their mean is. `shares`: two
// subjects, the first of them even, share the two words of a draw.
enum { SIM_AHEAD = 32 };                       // a power of two
void   sim_exponential_times(uint64_t seed, uint32_t stream, uint64_t subject, uint32_t ordinal, double mean_ns, bool shares, hr_time time[SIM_AHEAD]);

// Natural logarithm of a positive normal number, and e^x for |x| < 700; relative error below 1e-15.
double sim_log(double x);
double sim_exp(double x);
// x > 0 raised to y.
static inline double sim_pow(double x, double y) { return sim_exp(y * sim_log(x)); }

// Sine of so many whole turns (2 pi each); absolute error below 1e-15.
double sim_sine(double turns);

// Inverse of the standard normal distribution (Wichura 1988, AS 241), |error| < 1e-15 relative.
double sim_normal_inverse(double p);

typedef enum {
#define SIM_DISTRIBUTION(name, arguments, help) SIM_DIST_##name,
#include "sim/core/distribution.def"
#undef SIM_DISTRIBUTION
    SIM_DIST_COUNT
} sim_dist_kind;

// A distribution of times as a scenario gives it. `table` is lent by the model: quantiles at equal steps from 0 to 1, in seconds.
typedef struct sim_dist_def {
    sim_dist_kind kind;
    double        a, b, c;                     // parameters in seconds (or shape), in the order of distribution.def
    const double *table;                       // mix: the shares added up
    uint32_t      count;
    const struct sim_dist_def *parts;          // mix: count distributions
} sim_dist_def;

typedef struct {                               // the same inside a world
    uint32_t kind, count;
    double   a, b, c;
    sim_ref  table, parts;
} sim_dist;

sim_dist sim_dist_place(sim_world *w, const sim_dist_def *def);
// One time in nanoseconds, never negative.
hr_time  sim_dist_time(const sim_world *w, const sim_dist *d, uint32_t stream, uint64_t subject, uint32_t ordinal);
// The same for subjects that mostly follow each other, such as the requests of a workload: times of SIM_AHEAD of them are drawn at once,
// side by side, which costs a third. What a draw gives depends on its subject alone, so it changes nothing when it is made.
typedef struct {
    uint64_t from;                             // the first subject that is drawn
    uint32_t ordinal, drawn;                   // drawn: how many subjects are, from `from` on
    uint64_t last, streak;                     // of those that were not: the one that was asked for last, and how many up to it followed each other
    hr_time  time[SIM_AHEAD];
} sim_ahead;
hr_time  sim_dist_draw(const sim_world *w, const sim_dist *d, sim_ahead *ahead, uint32_t stream, uint64_t subject, uint32_t ordinal);
// Whether this one has been drawn; then it is in ahead->time at subject - ahead->from.
static inline bool sim_ahead_has(const sim_ahead *ahead, uint64_t subject, uint32_t ordinal)
{
    return HR_MOSTLY(subject - ahead->from < ahead->drawn && ordinal == ahead->ordinal);
}
static inline hr_time sim_dist_ahead(const sim_world *w, const sim_dist *d, sim_ahead *ahead, uint32_t stream, uint64_t subject, uint32_t ordinal)
{
    return sim_ahead_has(ahead, subject, ordinal) ? ahead->time[subject - ahead->from] : sim_dist_draw(w, d, ahead, stream, subject, ordinal);
}
// The value at probability p in (0, 1), in seconds.
double   sim_dist_quantile(const sim_dist_def *def, double p);
// Mean in seconds, and squared coefficient of variation.
double   sim_dist_mean(const sim_dist_def *def);
double   sim_dist_scv(const sim_dist_def *def);
const char *sim_dist_name(sim_dist_kind kind);
// The share of draws at or below x seconds.
double   sim_dist_below(const sim_dist_def *def, double x);
// Parts of the above for kinds without a handy inverse (hyperexp, gamma, mix), in distribution.c.
double   sim_dist_compose(const sim_world *w, const sim_dist *d, uint32_t stream, uint64_t subject, uint32_t ordinal);
double   sim_dist_bisect(const sim_dist_def *def, double p);
double   sim_dist_moment(const sim_dist_def *def, int k);          // mean of x^k, k 1 or 2; kinds from hyperexp on
// Of a hyperexponential distribution with balanced means: the share of its shorter branch.
double   sim_hyperexp_share(double scv);

// A wall clock's timers are late. A world on the virtual clock that imitates one (sim_lateness_place) adds draws of this to what
// is a timer there: sending a request, the end of a `wait` or `cpu` step. In nanoseconds; 0 in every other world.
void sim_lateness_place(sim_world *w, const sim_dist_def *def);
static inline hr_time sim_lateness(const sim_world *w, sim_component_id id, uint64_t subject, uint32_t ordinal)
{
    return HR_SELDOM(w->lateness) ? sim_dist_time(w, SIM_AT(w, const sim_dist, w->lateness), sim_stream(w, id, SIM_DRAW_LATENESS), subject, ordinal) : 0;
}

#endif
