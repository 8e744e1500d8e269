// sim/policy/scale/vpa.h - the Kubernetes Vertical Pod Autoscaler: what its recommender makes of samples, and what its updater does with that.
// * Samples of cpu go into a histogram with the weight of the request; of memory only the peak of each `memory_interval` of a container does. Weights halve
//   every `half_life`: a newer sample weighs more, so nothing is ever aged.
// * target, lower and upper bound are percentiles and a margin; the bounds are the wider the shorter the history is. Percentiles are ends of buckets, which
//   grow by 5 %: what is recommended is 0 to 5 % above the percentile, before the margin.
// * Pure functions, and state that is numbers only; zero is a valid start of all of it.
// * The rules and defaults are those of vertical-pod-autoscaler 1.4 (kubernetes/autoscaler: recommender/util/*histogram*.go, recommender/model/container.go and
//   aggregate_container_state.go, recommender/logic, updater/priority, updater/restriction). Cores are whole, as its cpu-integer-post-processor makes them.
#ifndef SIM_VPA_H
#define SIM_VPA_H

#include "sim/core/base.h"

typedef enum { SIM_VPA_CPU, SIM_VPA_MEMORY, SIM_VPA_RESOURCES } sim_vpa_resource;      // in cores, in bytes

typedef enum {
#define SIM_UPDATE_MODE(word, help) SIM_UPDATE_##word,
#include "sim/policy/scale/update_mode.def"
#undef SIM_UPDATE_MODE
    SIM_UPDATE_COUNT
} sim_update_mode;
const char *sim_update_mode_name(uint32_t mode);                   // the scenario's word; NULL beyond the last. Static

typedef struct {
    hr_time half_life;                         // of the weight of a sample
    double  target_percentile, lower_percentile, upper_percentile; // shares
    double  margin;                            // share that is added to each of them
    hr_time memory_interval;                   // one peak of memory is taken from each
    hr_time confidence_interval;               // a history of so long makes the upper bound twice as large
    double  min_cpu, min_memory;               // never less is recommended
    double  oom_bump_up_ratio, oom_min_bump_up;                    // who was killed needs so many times as much, or so many bytes more
} sim_vpa_recommender;

typedef struct {
    uint32_t min_replicas, unused;             // with fewer nobody is touched
    double   eviction_tolerance;               // share of the replicas that may be missing
    hr_time  pod_lifetime;                     // who is inside the bounds is left alone so long
    double   min_change;                       // and if the change would be a smaller share than this
    hr_time  evict_after_oom;                  // killed sooner than this after its start: moved at once
} sim_vpa_updater;

typedef struct { double cpu, memory; } sim_vpa_allowed;            // 0: no limit

typedef struct {
    uint32_t mode, controls;                   // sim_update_mode; a bit for each resource
    sim_vpa_allowed min_allowed, max_allowed;
    sim_vpa_recommender recommender;
    sim_vpa_updater updater;
} sim_vpa_settings;

// --- the recommender --------------------------------------------------------------------------------------------------

enum { SIM_VPA_BUCKETS = 176 };                // 0.01 … 1000 cores, 10 MB … 1 TB: bucket n begins at first x (1.05^n - 1) / 0.05
typedef struct {
    double  weight[SIM_VPA_BUCKETS], total;
    hr_time reference;                         // a sample of this time weighs 1
} sim_vpa_histogram;

// Its weight is that of a sample at `at`; `half_life` is always the same. Taking one away: what has been put in before, by the same words.
void   sim_vpa_put(sim_vpa_histogram *h, sim_vpa_resource resource, double value, double weight, hr_time at, hr_time half_life);
void   sim_vpa_take(sim_vpa_histogram *h, sim_vpa_resource resource, double value, double weight, hr_time at, hr_time half_life);
// The end of the bucket in which that share of the weight is reached; 0: there are no samples.
double sim_vpa_percentile(const sim_vpa_histogram *h, sim_vpa_resource resource, double share);

typedef struct {                               // of a service
    sim_vpa_histogram histogram[SIM_VPA_RESOURCES];
    hr_time  first, last;                      // samples of cpu
    uint64_t samples;
} sim_vpa;
typedef struct {                               // of a container: a replica
    hr_time  window_end;                       // of the present memory interval
    double   peak, oom_peak;                   // in it, bytes
    uint32_t begun, unused;                    // bool
} sim_vpa_container;

void sim_vpa_add_cpu(sim_vpa *v, const sim_vpa_recommender *r, double cores, double request, hr_time at);
void sim_vpa_add_memory(sim_vpa *v, sim_vpa_container *c, const sim_vpa_recommender *r, double bytes, hr_time at);
// It was killed because it wanted more than its request, which is its limit as well.
void sim_vpa_add_oom(sim_vpa *v, sim_vpa_container *c, const sim_vpa_recommender *r, double request, hr_time at);

typedef struct {
    uint32_t is_known, unused;                 // bool
    double   target[SIM_VPA_RESOURCES], lower[SIM_VPA_RESOURCES], upper[SIM_VPA_RESOURCES];
} sim_vpa_recommendation;
sim_vpa_recommendation sim_vpa_recommend(const sim_vpa *v, const sim_vpa_settings *s);

// --- the updater ------------------------------------------------------------------------------------------------------

typedef struct {
    bool   wants;                              // it should be updated
    bool   grows;                              // these go first
    double change;                             // then by this: the sum of how far its requests are from the target, as shares of them
} sim_vpa_priority;
// `age` since the pod was made; `quick_oom`: it was last killed for its memory, sooner than `evict_after_oom` after it had started.
sim_vpa_priority sim_vpa_judge(const sim_vpa_settings *s, const sim_vpa_recommendation *r, const double request[SIM_VPA_RESOURCES], hr_time age, bool quick_oom);
// Whether one more of the `running` ones may be disrupted after `disrupted` in the same round; `configured` are wanted.
bool sim_vpa_may_disrupt(const sim_vpa_updater *u, uint32_t configured, uint32_t running, uint32_t disrupted);

#endif
