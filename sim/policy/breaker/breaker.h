// sim/policy/breaker/breaker.h - a circuit breaker: closed lets calls through and watches them, open refuses, half-open tries a few.
// * Named after resilience4j, whose rules it follows: thresholds are reached by >=; the wait is over when more than
//   waitDurationInOpenState has passed, and it takes a call to notice; half-open is judged on its own calls alone.
// * A row says what is watched while the breaker is closed: sim_breaker_sum comes from its window. The states are the same for all.
// * sim_breaker_asks before each call; sim_breaker_ends after each that was let through, also when it comes back in another state.
// * To add a row: a file NAME.c with `const sim_breaker_row sim_breaker_NAME`, and a row in breaker.def. Nothing else.
#ifndef SIM_BREAKER_H
#define SIM_BREAKER_H

#include "sim/policy/settings.h"

typedef enum { SIM_BREAKER_CLOSED, SIM_BREAKER_OPEN, SIM_BREAKER_HALF_OPEN } sim_breaker_state;
const char *sim_breaker_state_name(sim_breaker_state state);

enum {                                         // settings that a row honours; the words stand in sim_breaker_settings
    SIM_BREAKER_FAILURE_RATE = 1, SIM_BREAKER_SLOW_RATE = 2, SIM_BREAKER_SLOW_AFTER = 4, SIM_BREAKER_MINIMUM = 8, SIM_BREAKER_SIZE = 16,
    SIM_BREAKER_FAILURES = 32,
    SIM_BREAKER_RATES = SIM_BREAKER_FAILURE_RATE | SIM_BREAKER_SLOW_RATE | SIM_BREAKER_SLOW_AFTER | SIM_BREAKER_MINIMUM,
};
extern const sim_setting sim_breaker_settings[];                   // ends with NULL

typedef struct {
    double   failure_rate, slow_rate;          // shares that open it; the slow ones may have succeeded
    uint32_t minimum;                          // calls that must be there before a share counts
    uint32_t size;                             // of the window: calls or seconds
    uint32_t failures;                         // in a row, for `consecutive`
    uint32_t half_open;                        // calls that may go through while half-open
    hr_time  wait;                             // in the open state
    hr_time  slow_after;                       // a call that takes longer is slow
} sim_breaker_def;
// resilience4j's defaults; five failures in a row as in gobreaker.
sim_breaker_def sim_breaker_default(void);

typedef struct { uint32_t calls, failed, slow; } sim_breaker_sum;
typedef enum { SIM_BREAKER_UNDECIDED, SIM_BREAKER_GOOD, SIM_BREAKER_BAD } sim_breaker_verdict;

typedef struct {
    const char *name, *summary;                // scenario word; one line for `headroom list`
    unsigned    uses;                          // SIM_BREAKER_… bits
    size_t      slot_size;                     // bytes of the window for each of `size`
    size_t      state_size;                    // and beside these; zeroed is empty
    // A call has ended in the closed state: what the window holds now.
    sim_breaker_sum     (*add)(void *window, const sim_breaker_def *d, hr_time now, bool failed, bool slow);
    // Whether that opens it.
    bool                (*opens)(const sim_breaker_def *d, const sim_breaker_sum *sum);
    // What the calls that have ended while half-open say.
    sim_breaker_verdict (*tries)(const sim_breaker_def *d, const sim_breaker_sum *trial);
} sim_breaker_row;

#define SIM_BREAKER(name) extern const sim_breaker_row sim_breaker_##name;
#include "sim/policy/breaker/breaker.def"
#undef SIM_BREAKER
extern const sim_breaker_row *const sim_breaker_rows[];               // ends with NULL
// The row number of a policy, or -1.
int sim_breaker_find(const char *name);
// HR_BAD_INPUT when the row ignores a setting that was given, or can't work with a value.
hr_status sim_breaker_fits(const sim_breaker_row *row, const sim_breaker_def *d, unsigned given, hr_error *e) HR_MUST_USE;

typedef struct {                               // a breaker at work; zeroed is closed. The window's bytes lie elsewhere
    uint32_t state, permitted;                 // sim_breaker_state; calls let through since half-open
    hr_time  opened;
    sim_breaker_sum trial;                     // ended calls of half-open
    uint32_t unused;                           // no padding
} sim_breaker;
size_t sim_breaker_window_size(const sim_breaker_row *row, const sim_breaker_def *d);
// Whether a call may go through now. May move from open to half-open.
bool   sim_breaker_asks(sim_breaker *b, const sim_breaker_row *row, void *window, const sim_breaker_def *d, hr_time now);
// A call that was let through has ended.
void   sim_breaker_ends(sim_breaker *b, const sim_breaker_row *row, void *window, const sim_breaker_def *d, hr_time now, bool failed, bool slow);
// A call that was let through has ended, and its end says nothing: in half-open another may go in its place (resilience4j's releasePermission).
void   sim_breaker_releases(sim_breaker *b);

// For rows: whether a share of failed or slow calls has reached its threshold, and half-open judged by that.
bool                sim_breaker_reaches(const sim_breaker_def *d, const sim_breaker_sum *sum);
sim_breaker_verdict sim_breaker_tries_rates(const sim_breaker_def *d, const sim_breaker_sum *trial);

#endif
