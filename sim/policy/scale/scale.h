// sim/policy/scale/scale.h - how many replicas a service should have: the contract of autoscalers and the list of rows.
// * A policy looks at a service at times of its own and says how many replicas it wants; the component bounds that by `min` and `max`,
//   starts and stops replicas. What it sees has been measured before, over a window: it is as old as in reality.
// * A policy never allocates: `size` zeroed bytes are lent, and `make` puts in there what it needs of the lists of a def.
// * hpa.h, vpa.h and cron.h are the parts that work without a simulation, too.
// * To add one: a file NAME.c with `const sim_scaler sim_scaler_NAME`, and a row in scaler.def. Nothing else.
#ifndef SIM_SCALE_H
#define SIM_SCALE_H

#include "sim/policy/scale/hpa.h"
#include "sim/policy/scale/vpa.h"
#include "sim/policy/settings.h"

typedef enum {                                 // what is measured of a service
    SIM_SCALE_CPU,                             // computing cores of a replica; target: a share of its cores
    SIM_SCALE_IN_FLIGHT,                       // calls that a replica works on or that wait there
    SIM_SCALE_RATE,                            // calls that leave a replica, per second
    SIM_SCALE_MEMORY,                          // bytes that a replica uses; target: a share of its memory
    SIM_SCALE_QUEUE,                           // calls that wait anywhere, all together; target: for each replica
    SIM_SCALE_METRICS
} sim_scale_metric;
enum { SIM_SCALE_OF_PODS = SIM_SCALE_QUEUE };  // the metrics before it are measured for each replica

enum {                                         // settings that a row honours; the words stand in sim_scale_words
    SIM_SCALES_CPU = 1 << SIM_SCALE_CPU, SIM_SCALES_IN_FLIGHT = 1 << SIM_SCALE_IN_FLIGHT, SIM_SCALES_RATE = 1 << SIM_SCALE_RATE,
    SIM_SCALES_MEMORY = 1 << SIM_SCALE_MEMORY, SIM_SCALES_QUEUE = 1 << SIM_SCALE_QUEUE, SIM_SCALES_EVERY = 1 << 5, SIM_SCALES_SCRAPE = 1 << 6,
    SIM_SCALES_WINDOW = 1 << 7, SIM_SCALES_BEHAVIOUR = 1 << 8, SIM_SCALES_TOLERANCE = 1 << 9, SIM_SCALES_INITIALISATION = 1 << 10,
    SIM_SCALES_READINESS_DELAY = 1 << 11, SIM_SCALES_OUT_COOLDOWN = 1 << 12, SIM_SCALES_IN_COOLDOWN = 1 << 13, SIM_SCALES_POINTS_OUT = 1 << 14,
    SIM_SCALES_POINTS_IN = 1 << 15, SIM_SCALES_STEPS = 1 << 16, SIM_SCALES_SCHEDULE = 1 << 17, SIM_SCALES_ZONE = 1 << 18, SIM_SCALES_BEGINS = 1 << 19,
    SIM_SCALES_ACTIVATION = 1 << 20, SIM_SCALES_COOLDOWN = 1 << 21, SIM_SCALES_SEASON = 1 << 22, SIM_SCALES_LEAD = 1 << 23,
    SIM_SCALES_UPDATE_MODE = 1 << 24, SIM_SCALES_CONTROLS = 1 << 25, SIM_SCALES_MIN_ALLOWED = 1 << 26, SIM_SCALES_MAX_ALLOWED = 1 << 27,
    SIM_SCALES_RECOMMENDER = 1 << 28, SIM_SCALES_UPDATER = 1 << 29,
    SIM_SCALES_MEASURING = SIM_SCALES_EVERY | SIM_SCALES_SCRAPE | SIM_SCALES_WINDOW,
    SIM_SCALES_LOAD = SIM_SCALES_CPU | SIM_SCALES_IN_FLIGHT | SIM_SCALES_RATE | SIM_SCALES_MEMORY | SIM_SCALES_QUEUE | SIM_SCALES_MEASURING,
    SIM_SCALES_LIMITS = SIM_SCALES_BEHAVIOUR | SIM_SCALES_TOLERANCE,
    SIM_SCALES_ALARMS = SIM_SCALES_OUT_COOLDOWN | SIM_SCALES_IN_COOLDOWN | SIM_SCALES_POINTS_OUT | SIM_SCALES_POINTS_IN,
};
extern const sim_setting sim_scale_words[];                        // ends with NULL

typedef struct {                               // numbers only: it lies in worlds
    uint32_t min, max;
    double   target[SIM_SCALE_METRICS];        // in the metric's unit; 0: not looked at
    hr_time  every;                            // between two looks
    hr_time  scrape, window;                   // replicas are measured so often; averages are taken over so long
    double   tolerance;                        // of the ratio of value and target
    hr_time  cpu_initialisation, readiness_delay;
    hr_time  out_cooldown, in_cooldown;        // after adding and removing replicas
    uint32_t points_out, points_in;            // looks in a row that must ask for more, or fewer
    hr_time  cooldown;                         // idle time before the last replica goes
    double   activation;                       // calls that wait, above which the first one comes
    hr_time  season, lead;                     // length of what repeats itself; how far ahead is looked
    sim_vpa_settings vpa;
} sim_scale_settings;

typedef struct { double from; int32_t add; } sim_scale_step;       // from: how far above the target, as a share of it; below 0: below it
typedef struct { hr_time at; uint32_t replicas, unused; } sim_scale_moment;

typedef struct {
    sim_scale_settings settings;
    bool         has_behaviour;
    sim_hpa_side up, down;
    double       up_tolerance, down_tolerance;
    const sim_scale_step *steps;               // in order of `from`
    uint32_t     step_count;
    const sim_scale_moment *moments;           // of a schedule, in order of time
    uint32_t     moment_count;
} sim_scale_def;

typedef struct {                               // what a policy sees
    hr_time      now;
    uint32_t     wanted;                       // replicas, by the last decision
    const sim_hpa_pod *pods;                   // that are there, also those that start or leave
    uint32_t     pod_count;
    const sim_hpa_reading *readings[SIM_SCALE_OF_PODS];            // of each pod, in thousandths; NULL: not measured
    double       queue;                        // calls that wait
    uint8_t     *group;                        // scratch, one byte a pod
} sim_scale_view;

typedef struct {
    const char *name, *summary;                // scenario word; one line for `headroom list`
    const char *real;                          // where its rules come from
    unsigned    uses, needs;                   // SIM_SCALES_… bits: settings that it honours, and those that must be given
    hr_time     every;                         // between two looks, where the scenario does not say
    bool        is_vertical;                   // it changes cores and memory of the replicas instead of their number: vpa.h
    bool        reaches_zero;                  // `min: 0` works: it sees load also without replicas
    // Why this def does not work, or NULL; optional.
    const char *(*wrong)(const sim_scale_def *def);
    size_t    (*size)(const sim_scale_def *def);                                       // of its state
    void      (*make)(void *state, const sim_scale_def *def);                          // optional
    // Replicas that it wants; bounded by min and max afterwards.
    uint32_t  (*decide)(void *state, const sim_scale_settings *s, const sim_scale_view *view);
    // The decision, as it was carried out; optional.
    void      (*scaled)(void *state, const sim_scale_settings *s, uint32_t from, uint32_t to, hr_time now);
    // When to look next; absent: after `every`. HR_FOREVER: never.
    hr_time   (*next)(const void *state, hr_time now);
} sim_scaler;

#define SIM_SCALER(name) extern const sim_scaler sim_scaler_##name;
#include "sim/policy/scale/scaler.def"
#undef SIM_SCALER
extern const sim_scaler *const sim_scalers[];                      // ends with NULL
// The row number of a policy, or -1.
int       sim_scaler_find(const char *name);
// `given`: bits of the settings that were written down. HR_BAD_INPUT when the policy ignores one of them, needs one that is absent, or
// can't work with a value.
hr_status sim_scale_fits(const sim_scaler *policy, const sim_scale_def *def, unsigned given, hr_error *e) HR_MUST_USE;

// --- for policies -----------------------------------------------------------------------------------------------------
// Whether a target is a share of what a replica has (a resource, with a request), and not a number for each.
static inline bool sim_scale_is_share(uint32_t metric) { return metric == SIM_SCALE_CPU || metric == SIM_SCALE_MEMORY; }
// Replicas that are ready.
uint32_t sim_scale_ready(const sim_scale_view *view);
// The first metric that has a target, and what it says of a replica on average: of those that are ready and measured, in the target's unit.
// False: nothing is known.
bool     sim_scale_value(const sim_scale_settings *s, const sim_scale_view *view, double *value, double *target);
// Whether exactly one metric has a target; else says so.
const char *sim_scale_one_metric(const sim_scale_def *def);

#endif
