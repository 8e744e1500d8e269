// sim/parts/service.h - what the handler interpreter and the replicas of a service share.
// * A call that runs holds a worker from its first step to its reply, also while a nested call is out.
// * handler.c walks the steps; service.c owns replicas, workers, queues and cores.
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include "sim/parts/parts.h"

typedef struct {                               // a compiled step in the world
    uint8_t  kind, unused;
    uint16_t target, operation, ordinal, on_hit, unused2;
    uint32_t stream;                           // of the draws of `time`
    uint32_t ttl_ms;                           // 0: never expires
    hr_time  timeout;
    sim_dist time;
} sim_step;

typedef struct {
    sim_level busy, cores;                     // workers that hold a call; cores that compute
    sim_fifo  queue, core_queue;
    sim_ref   last[SIM_PRIORITIES];            // with `priority`: the last call of each that waits in `queue`, or 0
    sim_ref   local;                           // keystore, or 0
    // With `sharing`: the calls that compute, a heap by what `served` will be when they are done; sharing.c.
    sim_ref   jobs;                            // sim_shared_job[job_room]
    uint32_t  job_count, job_room, job_order;
    uint32_t  alarm;                           // generation of the timer that is in force
    double    served_ns;                       // what each of them has got since the replica was last idle
    hr_time   served_at;                       // when that was brought up to date
    uint64_t  started, completed, rejected;    // since the reset
} sim_replica;

typedef struct {
    uint32_t replica_count, workers, queue_limit, cores;
    uint32_t sharing, priority;                // bool
    sim_ref  replicas;                         // sim_replica[replica_count]
    sim_ref  handlers;                         // sim_ref[handler_count], each a sim_step[]
    uint32_t handler_count;
} sim_service;

static inline sim_replica *sim_replica_of(const sim_world *w, const sim_call *call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, call->callee);
    return SIM_AT(w, sim_replica, s->replicas) + call->replica;
}

// Timers: a wait has ended, a computation has ended, a nested call is late, the first of the sharing computations has ended.
enum { SIM_SERVICE_STEP, SIM_SERVICE_CORE, SIM_SERVICE_TIMEOUT, SIM_SERVICE_SHARED };

// Copies a handler's steps into the world.
sim_ref sim_handler_place(sim_world *w, sim_component_id id, const sim_handler_def *handler);
// Runs steps of `call` until one has to wait for something, or the handler ends (then the worker is free again).
void    sim_handler_run(sim_world *w, sim_component_id id, sim_ref call);
// A nested call of the handler has come back.
void    sim_handler_back(sim_world *w, sim_component_id id, sim_ref child);
// A nested call of the handler is late: the handler goes on without it.
void    sim_handler_late(sim_world *w, sim_component_id id, sim_ref child);
// Cores that are shared: a computation joins, and the timer of SIM_SERVICE_SHARED (its subject is the replica).
typedef struct { double done_at_ns; sim_ref call; uint32_t order; } sim_shared_job;
void    sim_sharing_join(sim_world *w, sim_component_id id, sim_replica *r, sim_ref call);
void    sim_sharing_wake(sim_world *w, sim_component_id id, const sim_event *event);
void    sim_sharing_check(const sim_world *w, const sim_service *s, const sim_replica *r);
// Asks for a core for the present `cpu` step of `call`.
void    sim_service_compute(sim_world *w, sim_component_id id, sim_ref call);
// The handler has ended: answers the call and gives its worker to the next one.
void    sim_service_finish(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status);
const sim_step *sim_service_step(const sim_world *w, const sim_call *call);

// A call that `parent`, worked on by component `id`, makes: same request, key, size and measured window.
sim_ref sim_call_nested(sim_world *w, sim_ref parent, sim_component_id id);
// The same for component `id` that only passes `call` on: the same operation, the same draws.
sim_ref sim_call_passed(sim_world *w, sim_ref call, sim_component_id id);
// Such a call has come back: its caller gets its status and what it brings.
void    sim_call_answer(sim_world *w, sim_ref child);

#endif
