// sim/parts/health.h - active health checks: a balancer asks each replica every interval whether it is well.
// * A check is a call of an operation of the service. It waits for a worker as any other call does, so a replica that has too much to do
//   fails its checks as one does that is broken; a `priority` lets it go first where the service looks at priorities.
// * A check that is not answered ok within `timeout` has failed; so many in a row make a replica unhealthy, so many passed ones well again.
// * Replicas are asked one after the other, spread over the interval, as HAProxy does it; replicas that are not ready are not asked.
// * After the last arrival checks go on only while somebody waits for a replica: a run can end.
#ifndef SIM_HEALTH_H
#define SIM_HEALTH_H

#include "sim/core/world.h"

typedef struct {
    uint16_t operation;                        // of the service
    hr_time  interval, timeout;                // timeout <= interval: one check at a time
    uint32_t fails, passes;                    // in a row
    uint32_t priority;                         // of the calls
} sim_health_def;

// Timers of the balancer: the checks of a replica (its subject) are due; a check (the call) is late; who is ejected may come
// back.
enum { SIM_BALANCER_REPORTS, SIM_BALANCER_CHECKS, SIM_BALANCER_LATE, SIM_BALANCER_EJECTED };

typedef struct { uint64_t sent, given_up; uint32_t out; uint64_t failed; } sim_health_counts;      // checks since time zero; out: now

// Of balancer `id`, whose `count` replicas are those of `target` and stand in `upstream`; begins the checks.
sim_ref sim_health_start(sim_world *w, sim_component_id id, const sim_health_def *def, sim_component_id target, sim_ref upstream, uint32_t count);
// The time for a check; `is_wanted`: somebody waits for a replica.
void sim_health_check_due(sim_world *w, sim_ref health, uint32_t slot, bool is_wanted);
// A check is late, unless the event is stale, or has come back and is freed.
void sim_health_late(sim_world *w, sim_ref health, const sim_event *event);
void sim_health_back(sim_world *w, sim_ref health, sim_ref call);
// A new replica is in the slot; what the one before it is asked counts no more.
void sim_health_renew(sim_world *w, sim_ref health, uint32_t slot);
sim_health_counts sim_health_count(const sim_world *w, sim_ref health);
void sim_health_verify(const sim_world *w, sim_ref health);

#endif
