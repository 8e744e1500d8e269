// sim/parts/mesh.h - a service mesh: a proxy beside each replica that calls, which balances, retries and ejects by what it alone has seen.
// * Each replica of each caller has a sidecar of its own; of a workload there is one, its gateway. A sidecar is made when its first call comes.
// * A sidecar is on its caller's machine: calls reach it at once, and set off from its caller's region.
// * The services behind it answer the same operations. With `locality` those of a region are a level, the nearest first, by Envoy's priorities.
// * Its CPU time is a `cpu` step of the services that it stands beside, which the scenario reader puts into their handlers.
#ifndef SIM_MESH_H
#define SIM_MESH_H

#include "sim/parts/parts.h"

#define SIM_MOST_MESH_TARGETS 16
#define SIM_MOST_MESH_RETRIES 10

typedef struct {
    sim_balancer_choice policy;
    uint16_t target_count, operation_count;
    const uint16_t *targets;                   // services
    const uint16_t *operations;                // [target * operation_count + operation of the first target]: its number there
    uint32_t regions;                          // 1 without a network
    const uint8_t *levels;                     // [region * target_count + target]: of which level the service is for a caller in that region
    sim_dist_def latency;                      // of a call in both sidecars, there and back
    sim_dist_def cpu;                          // of a call in one sidecar
    bool     has_retries;
    sim_retry_def retry;                       // with has_retries
    uint32_t retry_on;                         // a bit for each sim_outcome
    uint32_t min_retry_concurrency;            // with a budget
    hr_time  per_try_timeout;                  // HR_FOREVER: none
    bool     has_outliers;
    sim_outlier_def outliers;                  // with has_outliers
    bool     locality;
    double   overprovisioning_factor;
} sim_mesh_def;

// All sidecars together.
sim_station_view sim_mesh_look(const sim_world *w, sim_component_id id);
// Envoy's priority load (its manual, "Priority levels"): which share of the calls, of 1, goes to each of `levels` levels of `total` endpoints of which
// `healthy` are. All zero: no level is healthy.
void sim_mesh_loads(const uint32_t *healthy, const uint32_t *total, uint32_t levels, double overprovisioning_factor, double *load);
// A replica of a service that the mesh may call, takes calls from now on, or none.
void sim_mesh_see(sim_world *w, sim_component_id id, sim_component_id service, uint32_t replica, bool is_eligible);

#endif
