// sim/policy/scale/hpa.h - the Kubernetes horizontal pod autoscaler (autoscaling/v2): what its controller decides at one sync.
// * Pure functions on a snapshot: nothing is read but the arguments, and only the memory (recommendations, scale events) is written.
// * Values, requests and targets are int64 milli-units, replicas and utilisation int32, ratios doubles: where Kubernetes has integers there
//   are integers, and sums wrap as Go's do. Divisions truncate.
// * The memory never allocates: whoever owns it leaves room for one more entry of each list before a sync (sim_hpa_memory_reserve where
//   it lies on the heap).
// * The algorithm is that of pkg/controller/podautoscaler in Kubernetes 1.33; docs/replay.md tells how to read a decision.
#ifndef SIM_HPA_H
#define SIM_HPA_H

#include "sim/core/base.h"

#define SIM_HPA_NEVER (INT64_MIN / 4)          // a time that was never set: long before anything else

typedef enum {
#define SIM_HPA_RULE(name, words, help) SIM_HPA_RULE_##name,
#include "sim/policy/scale/hpa_rule.def"
#undef SIM_HPA_RULE
    SIM_HPA_RULE_COUNT
} sim_hpa_rule;
extern const char *const sim_hpa_rule_words[SIM_HPA_RULE_COUNT];

// Numbers as Go has them: sums and products wrap, and a double that is too large keeps the low half of its 64-bit conversion (amd64).
static inline int64_t sim_go_add(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
static inline int64_t sim_go_multiply(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }
static inline int32_t sim_go_low(int64_t a) { return (int32_t)(uint32_t)(uint64_t)a; }
static inline int64_t sim_go_int64(double x) { return x >= -0x1p63 && x < 0x1p63 ? (int64_t)x : INT64_MIN; }
static inline int32_t sim_go_int32(double x) { return sim_go_low(sim_go_int64(x)); }

// --- what the manifest says -------------------------------------------------------------------------------------------

typedef enum { SIM_HPA_RESOURCE, SIM_HPA_CONTAINER, SIM_HPA_PODS, SIM_HPA_OBJECT, SIM_HPA_EXTERNAL } sim_hpa_source;
typedef enum { SIM_HPA_UTILISATION, SIM_HPA_AVERAGE, SIM_HPA_VALUE } sim_hpa_target;

typedef struct {
    sim_hpa_source source;
    sim_hpa_target kind;                       // Resource: utilisation or average; Pods: average; Object, External: average or value
    int64_t     target;                        // percent of the request, or milli-units; above 0
    const char *name;                          // of the resource or metric; "cpu" is the one that readiness matters to
    const char *container;                     // ContainerResource only
    const char *object;                        // Object only: "Kind/name"
} sim_hpa_metric;

typedef enum { SIM_HPA_MAX, SIM_HPA_MIN, SIM_HPA_DISABLED } sim_hpa_select;
typedef struct {
    bool    percent;                           // of the replicas, else a number of pods
    int32_t value;
    hr_time period;
} sim_hpa_policy;
typedef struct {                               // one side of `behavior`
    sim_hpa_select        select;
    const sim_hpa_policy *policies;
    uint32_t              policy_count;
    hr_time               window;              // stabilisation
} sim_hpa_side;

typedef struct {                               // settings of the controller, not of one autoscaler
    double  tolerance;
    hr_time cpu_initialisation, readiness_delay;
    hr_time downscale_window;                  // stabilisation where the manifest says nothing
    double  up_factor, up_minimum;             // the legacy limit: max(factor * replicas, minimum)
} sim_hpa_controller;
sim_hpa_controller sim_hpa_controller_default(void);

typedef struct {
    const sim_hpa_metric *metrics;
    uint32_t     metric_count;                 // at least 1
    int32_t      min, max;
    bool         has_behaviour;                // false: the legacy path
    sim_hpa_side up, down;
    double       up_tolerance, down_tolerance;
    sim_hpa_controller controller;
} sim_hpa;

// The sides that hold where `behavior` or a part of it is absent, as the API server fills them in.
sim_hpa_side sim_hpa_up_default(void);
sim_hpa_side sim_hpa_down_default(const sim_hpa_controller *controller);

// --- what the controller sees -----------------------------------------------------------------------------------------

typedef enum { SIM_HPA_RUNNING, SIM_HPA_PENDING, SIM_HPA_SUCCEEDED, SIM_HPA_FAILED, SIM_HPA_PHASE_UNKNOWN } sim_hpa_phase;
typedef enum { SIM_HPA_NO_CONDITION, SIM_HPA_READY, SIM_HPA_NOT_READY, SIM_HPA_READY_UNKNOWN } sim_hpa_readiness;
typedef struct {
    sim_hpa_phase     phase;
    sim_hpa_readiness ready;
    bool    deleted;                           // it has a deletion timestamp
    bool    has_start;
    hr_time started, transition;               // of the pod; of the last change of its readiness
} sim_hpa_pod;

typedef struct {                               // what one metric says of one pod
    bool    has_value, has_request;
    int64_t value, request;
    hr_time sampled, window;                   // when it was measured, and over how long
} sim_hpa_reading;

typedef struct {                               // what one metric says
    const sim_hpa_reading *readings;           // Resource, ContainerResource, Pods: one a pod
    const int64_t *values;                     // Object: one; External: its series; else values of pods that the selector did not return
    uint32_t       value_count;
} sim_hpa_input;

typedef struct {
    hr_time      now;
    int32_t      replicas, status;             // wanted by the scale's spec, and reported in its status
    const sim_hpa_pod   *pods;                 // that the selector returns
    uint32_t     pod_count;
    const sim_hpa_input *inputs;               // one a metric
    uint8_t     *group;                        // scratch, one byte a pod
} sim_hpa_snapshot;

// --- the parts of a decision ------------------------------------------------------------------------------------------

typedef enum { SIM_HPA_COUNTED, SIM_HPA_UNREADY, SIM_HPA_MISSING, SIM_HPA_IGNORED } sim_hpa_group;
// Sorts the pods into s->group for a metric. Returns how many count.
uint32_t sim_hpa_group_pods(const sim_hpa *h, const sim_hpa_metric *m, const sim_hpa_snapshot *s, const sim_hpa_input *in);

typedef struct {
    const char  *error;                        // static text, NULL: it worked. Then nothing else holds.
    int32_t      replicas;
    int64_t      value;                        // reported: percent for a utilisation, else milli-units
    int64_t      raw;                          // utilisation: mean usage in milli-units
    sim_hpa_rule rule;
} sim_hpa_proposal;
sim_hpa_proposal sim_hpa_propose(const sim_hpa *h, const sim_hpa_metric *m, const sim_hpa_snapshot *s, const sim_hpa_input *in);

typedef struct {                               // a container's share in its pod's request
    const char *name;
    bool        is_init, restarts_always;      // plain init containers do not count
    bool        has_request;
    int64_t     request;
} sim_hpa_container;
// The request of a pod: of the container of that name, or (name NULL) of all. `pod_level` is the request of the pod itself, or NULL; it
// wins where no container is named. False: one that counts has none, or there is no such container.
bool sim_hpa_pod_request(const sim_hpa_container *containers, size_t count, const char *name, const int64_t *pod_level, int64_t *request);

typedef struct { int32_t replicas; uint32_t overtaken; hr_time at; } sim_hpa_recommendation;      // overtaken: see sim_hpa_forget. No padding: both lie in worlds
typedef struct { int32_t change, outdated; hr_time at; } sim_hpa_event;
typedef struct { sim_hpa_recommendation *at; uint32_t count, room; } sim_hpa_history;
typedef struct { sim_hpa_event *at; uint32_t count, room; } sim_hpa_events;
typedef struct {                               // what one autoscaler remembers; zero is a valid start
    bool            started;
    sim_hpa_history history;                   // recommendations before stabilisation
    sim_hpa_events  up, down;
} sim_hpa_memory;
void sim_hpa_memory_reserve(sim_hpa_memory *memory);      // on the heap: room for one more of each
void sim_hpa_memory_free(sim_hpa_memory *memory);

// Before a recommendation is written: forgets those of which later ones are as low and as high, for these bound what they bound and leave every
// window after them. So a sync looks at as many as there are different numbers in a window, however often it comes.
void sim_hpa_forget(sim_hpa_history *history, int32_t desired);
// Both write the recommendation into the history and return the stabilised one.
int32_t sim_hpa_stabilise_legacy(sim_hpa_history *history, hr_time window, int32_t desired, hr_time now);
int32_t sim_hpa_stabilise(sim_hpa_history *history, hr_time up, hr_time down, int32_t current, int32_t desired, hr_time now);

int32_t sim_hpa_change_in(const sim_hpa_events *events, hr_time period, hr_time now);
// How far a side lets the replicas go; *policy is the deciding one, from 0.
int32_t sim_hpa_side_limit(const sim_hpa_side *side, bool is_up, int32_t current, const sim_hpa_memory *memory, hr_time now, uint32_t *policy);

typedef struct {
    int32_t      replicas;
    const char  *reason;                       // as Kubernetes names it: DesiredWithinRange, TooManyReplicas …
    sim_hpa_rule rule;                         // what limited it; SIM_HPA_RULE_proposal: nothing
    uint32_t     policy;                       // for a limiting policy, from 0
} sim_hpa_limited;
sim_hpa_limited sim_hpa_limit_legacy(const sim_hpa *h, int32_t current, int32_t stabilised);
sim_hpa_limited sim_hpa_limit(const sim_hpa *h, const sim_hpa_memory *memory, int32_t current, int32_t stabilised, hr_time now);

// --- a sync -----------------------------------------------------------------------------------------------------------

typedef struct {
    int32_t      current, desired;
    sim_hpa_rule rule;                         // the last one that changed the number, or that kept it
    uint32_t     metric;                       // whose proposal won, where one did
    uint32_t     policy;                       // for SIM_HPA_RULE_limited_up and …_down, from 0
    const char  *able, *active, *limited;      // reasons of AbleToScale, ScalingActive, ScalingLimited ("" where it is not set)
} sim_hpa_decision;
// Decides and remembers the recommendation. `proposals` has one place a metric; those of a sync that looks at none stay failed.
sim_hpa_decision sim_hpa_sync(const sim_hpa *h, sim_hpa_memory *memory, const sim_hpa_snapshot *s, sim_hpa_proposal *proposals);
// The replicas were scaled, at `now`: remembered as a scale event, which limits the next ones. Nothing without `behavior`.
void sim_hpa_scaled(const sim_hpa *h, sim_hpa_memory *memory, int32_t from, int32_t to, hr_time now);
// The rule in words: "limited by scaleUp policy 2". Returns `out`.
const char *sim_hpa_rule_text(const sim_hpa_decision *d, char *out, size_t room);

#endif
