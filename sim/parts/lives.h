// sim/parts/lives.h - replicas that come and go: the life of each slot of a service that has an autoscaler.
// * gone → pending (no room in its cluster) → starting (the process does not run yet) → unready → ready → draining → gone. Who has no calls yet leaves at once.
// * Balancers send calls to ready ones only. A draining one finishes what it has; what is left after `drain` is cut off with outcome error. With a
//   balancer of `sticky: {drain: true}` it gets the calls that are bound to it until then: nobody can tell which is the last.
// * A slot is used again by a new replica with cold caches and a new number. There are twice as many slots as replicas may be wanted, for
//   those that leave are not counted; were all in use, a new one would start when the first is gone.
// * Timers belong to the autoscaler: a service without one pays nothing.
#ifndef SIM_LIVES_H
#define SIM_LIVES_H

#include "sim/parts/service.h"

typedef enum { SIM_LIFE_GONE, SIM_LIFE_PENDING, SIM_LIFE_STARTING, SIM_LIFE_UNREADY, SIM_LIFE_READY, SIM_LIFE_DRAINING } sim_life_phase;

typedef struct {
    uint32_t phase;
    uint32_t number;                           // of all that the service has had; what is meant for an earlier one is stale
    hr_time  created, changed;                 // changed: when its phase did
    hr_time  unready;                          // while it is not ready: since when, its last crash or since it was made
    uint32_t node, has_run;                    // of its cluster, from 1; 0: none. has_run, bool: its process has been there, though it may have died
    double   cores, memory_bytes;              // that it was made with, or has got since: its request, and its limit
} sim_life;

typedef struct {                               // what all replicas that are there have together
    double  cores, bytes;                      // now
    double  core_ns, byte_ns;                  // since the reset
    hr_time since, reset;                      // since when they have that
} sim_held;

typedef struct {
    sim_ref   life;                            // sim_life[replica_count]
    uint32_t  wanted, active, births;          // active: pending, starting, unready and ready ones
    uint32_t  stream_startup, stream_readiness, unused;
    sim_dist  startup, readiness;
    hr_time   drain;
    uint32_t  scaler;                          // component whose timers these are
    uint32_t  in_cluster, cluster;             // bool, and which
    uint32_t  drains_whole;                    // bool: who leaves stays for all of `drain`, for users that are bound to it may come
    uint32_t  is_vertical;                     // bool: vertical.c changes what they have
    double    cores, memory_bytes;             // that a new replica gets, and takes of a node
    sim_level present, ready;                  // present: all but gone and pending ones
    sim_held  held;
    uint64_t  evicted, resized;                // since the reset: replicas, for others in their place; those that were resized while they worked
} sim_lives;

// Timers, as `what` of the autoscaler's events; their subject is the slot, their generation the number.
enum { SIM_LIFE_RUNS, SIM_LIFE_PASSES, SIM_LIFE_ENDS, SIM_LIFE_TIMERS };

sim_ref  sim_lives_place(sim_world *w, sim_component_id id, const sim_service_def *def);
// From now on the service is to have so many replicas.
void     sim_lives_want(sim_world *w, sim_component_id id, uint32_t wanted);
// A timer of a service's lives.
void     sim_lives_wake(sim_world *w, sim_component_id id, const sim_event *event);
// One that is ready, or leaves, crashes: see sim_service_crash. Who leaves is gone. How long a replica's `n`th start takes until its process runs.
void     sim_lives_crash(sim_world *w, sim_component_id id, uint32_t slot, hr_time back_after);
hr_time  sim_lives_startup(const sim_world *w, sim_component_id id, uint32_t slot, uint32_t n);
// A call has left a replica: one that drains may be empty now.
void     sim_lives_left(sim_world *w, sim_component_id id, uint32_t slot);
static inline sim_lives *sim_lives_of(const sim_world *w, sim_component_id id)
{
    return SIM_AT(w, sim_lives, SIM_STATE(w, const sim_service, id)->lives);
}
static inline sim_life *sim_life_at(const sim_world *w, const sim_lives *l, uint32_t slot) { return SIM_AT(w, sim_life, l->life) + slot; }
// Whether calls find anybody there, ready or draining.
bool     sim_lives_is_up(const sim_world *w, sim_component_id id, uint32_t slot);
bool     sim_lives_is_draining(const sim_world *w, sim_component_id id, uint32_t slot);
bool     sim_lives_is_ready(const sim_world *w, sim_component_id id, uint32_t slot);
// A replica leaves as one that is too many does, and another one is started in its place. One that is there gets other cores and memory while it works;
// false: its node has no room for that.
void     sim_lives_evict(sim_world *w, sim_component_id id, uint32_t slot);
bool     sim_lives_resize(sim_world *w, sim_component_id id, uint32_t slot, double cores, double memory_bytes);
// A replica dies at once; another one is started in its place.
void     sim_lives_replace(sim_world *w, sim_component_id id, uint32_t slot);
// For a cluster: replicas that are there at the start take room or are pending; pending ones try again; how many are on a node.
void     sim_lives_move_in(sim_world *w, sim_component_id id);
void     sim_lives_retry(sim_world *w, sim_component_id id);
uint32_t sim_lives_on(const sim_world *w, sim_component_id id, uint32_t node);
void     sim_lives_reset(sim_world *w, sim_ref lives);
double   sim_lives_sample(sim_world *w, sim_ref lives, hr_time step);         // replicas present on average since the last sample
void     sim_lives_add(const sim_world *w, sim_component_id id, sim_station_view *view);      // of a service whose replicas change what they have
void     sim_lives_check(const sim_world *w, sim_component_id id);

// Ends a replica with all that it has: its callers get `status`, what it waits for is answered to nobody, its caches are empty. cut.c
void     sim_service_cut(sim_world *w, sim_component_id id, uint32_t slot, sim_outcome status);
// Balancers and brokers learn whether a replica takes calls and messages. crash.c
void     sim_service_tell(sim_world *w, sim_component_id id, uint32_t slot, bool is_ready);
// What they were told last; one that a fault has killed is thought to be there. crash.c
bool     sim_service_is_ready(const sim_world *w, sim_component_id id, uint32_t slot);
// Tells the balancers of a service that a replica may get calls, or not any more. balancer.c
void     sim_balancers_see(sim_world *w, sim_component_id service, uint32_t slot, bool is_eligible);
// Calls that wait at the balancers of a service.
uint32_t sim_balancers_queue(const sim_world *w, sim_component_id service);
// Tells brokers that a replica consumes, or takes no new messages; that it ends, before its calls do; messages in the queues that the service
// consumes from, ready and unacknowledged. consumers.c
void     sim_consumers_see(sim_world *w, sim_component_id service, uint32_t slot, bool is_ready);
void     sim_consumers_cut(sim_world *w, sim_component_id service, uint32_t slot);
uint64_t sim_consumers_queue(const sim_world *w, sim_component_id service);

#endif
