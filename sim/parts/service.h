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
    sim_ref   local;                           // keystore, or 0
    uint64_t  started, completed, rejected;    // since the reset
} sim_replica;

typedef struct {
    uint32_t replica_count, workers, queue_limit, cores;
    sim_ref  replicas;                         // sim_replica[replica_count]
    sim_ref  handlers;                         // sim_ref[handler_count], each a sim_step[]
    uint32_t handler_count;
} sim_service;

static inline sim_replica *sim_replica_of(const sim_world *w, const sim_call *call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, call->callee);
    return SIM_AT(w, sim_replica, s->replicas) + call->replica;
}

enum { SIM_SERVICE_STEP, SIM_SERVICE_CORE, SIM_SERVICE_TIMEOUT };  // timers: a wait has ended, a computation has ended, a nested call is late

// Copies a handler's steps into the world.
sim_ref sim_handler_place(sim_world *w, sim_component_id id, const sim_handler_def *handler);
// Runs steps of `call` until one has to wait for something, or the handler ends (then the worker is free again).
void    sim_handler_run(sim_world *w, sim_component_id id, sim_ref call);
// A nested call of the handler has come back.
void    sim_handler_back(sim_world *w, sim_component_id id, sim_ref child);
// A nested call of the handler is late: the handler goes on without it.
void    sim_handler_late(sim_world *w, sim_component_id id, sim_ref child);
// Asks for a core for the present `cpu` step of `call`.
void    sim_service_compute(sim_world *w, sim_component_id id, sim_ref call);
// The handler has ended: answers the call and gives its worker to the next one.
void    sim_service_finish(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status);
const sim_step *sim_service_step(const sim_world *w, const sim_call *call);

// A call that `parent`, worked on by component `id`, makes: same request, key, size and measured window.
sim_ref sim_call_nested(sim_world *w, sim_ref parent, sim_component_id id);

#endif
