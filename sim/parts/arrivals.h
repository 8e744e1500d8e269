// sim/parts/arrivals.h - when requests come from outside: gaps (arrivals.def) at a rate that may vary in time (rates.def), or a trace.
// * The time of request n follows from that of n - 1 and from draws whose subject is n: variants see the same arrivals.
// * A rate that varies thins a Poisson process (Lewis and Shedler 1979) piece by piece: each piece has its own bound, and one without
//   arrivals is passed in one step, however long it is.
// * All state lies in sim_arrivals and in the world's arena.
#ifndef SIM_ARRIVALS_H
#define SIM_ARRIVALS_H

#include "sim/core/random.h"

typedef enum {
#define SIM_ARRIVAL(name, arguments, help) SIM_ARRIVALS_##name,
#include "sim/parts/arrivals.def"
#undef SIM_ARRIVAL
    SIM_ARRIVALS_COUNT
} sim_arrivals_kind;

typedef enum {
#define SIM_RATE(name, arguments, help) SIM_RATE_##name,
#include "sim/parts/rates.def"
#undef SIM_RATE
    SIM_RATE_COUNT
} sim_rate_kind;

typedef struct { hr_time from; double rate, to_rate; } sim_rate_piece;      // per second where it begins and where it ends

typedef struct {                               // a state of an MMPP
    double rate, sojourn_s;                    // sojourn: its mean
    double share;                              // of all time
} sim_rate_state;

typedef struct {                               // a rate as a scenario gives it; everything is lent
    sim_rate_kind kind;
    double   mean_per_s;                       // over the run
    const sim_rate_piece *pieces;              // all but constant and mmpp: the first one from 0 on, then upwards
    const sim_rate_state *states;              // mmpp
    const double *upto;                        // mmpp: [from * count + to] shares of the next states, added up
    uint32_t count;                            // pieces or states
    hr_time  every;                            // the program begins anew; 0: the last rate stays
    hr_time  latest;                           // step, spikes: when the last of them begins
    double   mean, amplitude, phase;           // sine; phase in turns
} sim_rate_def;

typedef struct {                               // a file of requests; everything is lent, columns that it lacks are NULL
    const char *file;
    uint32_t rows, checksum;                   // CRC-32 of the file's text
    const hr_time  *time;                      // from 0 on, upwards, as the file gives them
    const uint64_t *key;
    const uint32_t *size;
    const uint16_t *op;                        // operation of the workload's target
    double   speed;                            // times are divided by it
    hr_time  every;                            // the trace begins anew, 0: never
} sim_trace_def;

typedef struct {
    sim_arrivals_kind kind;
    double       rate_per_s;                   // mean; what rate.mean_per_s says, or a multiple: the whole program is scaled
    sim_rate_def rate;
    sim_dist_def gaps;                         // shaped
    const sim_trace_def *trace;
} sim_arrivals_def;

enum { SIM_GAPS = SIM_AHEAD };                 // gaps are drawn so many at a time: side by side they cost less

typedef struct {
    uint16_t kind;                             // sim_arrivals_kind
    uint8_t  is_varying, is_drawn_ahead;       // bools: thinned; by gaps
    uint32_t stream, state_stream;
    double   mean_gap_ns, gap_scale;           // gap_scale: from a draw of `gaps` to a gap
    hr_time  gap[SIM_GAPS];                    // of the requests from the next one rounded down to SIM_GAPS
    sim_dist gaps;
    sim_ref  pieces, states, upto;
    uint32_t count, place;                     // place: the present piece or state
    hr_time  began, until, every;              // began: the present turn of the program; until: the end of the present piece or visit
    uint64_t visit;                            // of a state
    double   mean, amplitude, phase;           // sine, else amplitude 0
    sim_ref  time;                             // of a trace: hr_time[count]
} sim_arrivals;

const char *sim_arrivals_name(uint32_t kind);
const char *sim_rate_name(uint32_t kind);
// Requests per second over a run of `duration`; of an MMPP, in the long run.
double       sim_rate_mean(const sim_rate_def *d, hr_time duration);
// The greatest rate that it ever has.
double       sim_rate_peak(const sim_rate_def *d);
sim_arrivals sim_arrivals_place(sim_world *w, sim_component_id id, const sim_arrivals_def *def);
// When request `number` is due, the one before it (or the start) having been at `after`; HR_FOREVER: no more before w->arrivals_end. The first of a
// block of gaps, or not by gaps.
hr_time      sim_arrivals_draw(const sim_world *w, sim_arrivals *a, uint64_t number, hr_time after);
// Whether its gap has been drawn, of arrivals that are drawn ahead; then it is due so long after the one before.
static inline bool    sim_arrivals_has_gap(uint64_t number) { return number % SIM_GAPS; }
static inline hr_time sim_arrivals_gap(const sim_arrivals *a, uint64_t number) { return a->gap[number % SIM_GAPS]; }
// Any.
static inline hr_time sim_arrivals_next(const sim_world *w, sim_arrivals *a, uint64_t number, hr_time after)
{
    return HR_MOSTLY(a->is_drawn_ahead && sim_arrivals_has_gap(number)) ? after + sim_arrivals_gap(a, number) : sim_arrivals_draw(w, a, number, after);
}

#endif
