// sim/policy/shed/shed.h - whether a replica takes a call in at all, by how many it has in hand: the contract and the list of rows.
// * In hand is what works or waits at the replica. What is refused costs nothing; what is taken in and answered too late costs all.
// * The adaptive ones find the limit by themselves from how long calls take; all have a limit, and never take in more than that.
// * Zeroed bytes are a valid start. To add one: a file NAME.c with `const sim_shed sim_shed_NAME`, and a row in shed.def. Nothing else.
#ifndef SIM_SHED_H
#define SIM_SHED_H

#include "sim/policy/settings.h"

enum {                                         // settings that a row honours; the words stand in sim_shed_settings
    SIM_SHED_INITIAL = 1, SIM_SHED_LEAST = 2, SIM_SHED_BACKOFF = 4, SIM_SHED_TARGET = 8, SIM_SHED_TOLERANCE = 16, SIM_SHED_RESERVE = 32,
    SIM_SHED_BOUNDS = SIM_SHED_INITIAL | SIM_SHED_LEAST,
};
extern const sim_setting sim_shed_settings[];                      // ends with NULL

typedef struct {
    uint32_t policy;                           // row of sim_sheds
    uint32_t initial, least, most;             // calls in hand: the limit at first, its bounds
    double   backoff;                          // aimd: the limit shrinks to this share of it
    hr_time  target;                           // aimd: a call that took longer is a sign of overload
    double   tolerance;                        // gradient: calls may take so many times as long as usual
    double   reserve;                          // reserve: share of the limit that is kept for priorities above 0
} sim_shed_def;

typedef struct { double limit, usual; uint64_t seen; } sim_shed_state;         // limit 0: `initial`; usual: nanoseconds

typedef struct {
    const char *name, *summary;                // scenario word; one line for `headroom list`
    unsigned    uses;                          // SIM_SHED_… bits; `most` is every row's
    // How many calls may be in hand for one more of that priority to be taken in.
    double    (*limit)(const sim_shed_state *s, const sim_shed_def *d, unsigned priority);
    // A call has ended; `in_hand` counts it. Optional.
    void      (*ended)(sim_shed_state *s, const sim_shed_def *d, uint32_t in_hand, hr_time took, bool failed);
} sim_shed;

#define SIM_SHED(name) extern const sim_shed sim_shed_##name;
#include "sim/policy/shed/shed.def"
#undef SIM_SHED
extern const sim_shed *const sim_sheds[];                             // ends with NULL
// The row number of a policy, or -1.
int       sim_shed_find(const char *name);
// HR_BAD_INPUT when the row ignores a setting that was given, or can't work with a value.
hr_status sim_shed_fits(const sim_shed_def *d, unsigned given, hr_error *e) HR_MUST_USE;
// Whether one more call may come in.
bool      sim_shed_admits(const sim_shed_state *s, const sim_shed_def *d, uint32_t in_hand, unsigned priority);
// For rows: the limit that was found, and a new one within the bounds.
double    sim_shed_found(const sim_shed_state *s, const sim_shed_def *d);
void      sim_shed_set(sim_shed_state *s, const sim_shed_def *d, double limit);

#endif
