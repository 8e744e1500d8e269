// sim/parts/interrupt.c - statements whose caller does not wait any more (`cancel: true`), as PostgreSQL's cancel request and drivers end them.
// * One that waits in a pool or at a pooler leaves. A connection that is just being opened for it goes to the pool; a wait for a replica ends.
// * One that runs ends at once: what waits for a lock or a core does so no longer, a core is free. PostgreSQL looks for interrupts between rows and
//   while it waits (CHECK_FOR_INTERRUPTS), which takes no time here. In a transaction that is a failure like others: it is aborted.
// * A commit, or the second phase of one, goes on to its end: it is not interrupted there either. At a server that stands still nothing happens until it goes on.
// * Of a call with several parts each ends so; those that are prepared are rolled back, unless all were.
#include "sim/parts/sharding.h"

// It waits for a connection, and does so no longer.
static void leave_queue(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    sim_server *server = sim_server_at(w, s, c->replica);
    if (!s->has_pools) {
        sim_fifo_leave(w, &server->queue, call);
        sim_database_turn_away(w, id, call, SIM_timeout);
    } else if (c->phase == SIM_PHASE_AT_POOLER) {
        sim_fifo_leave(w, &server->queue, call);
        server->backlog--;
        c->status = SIM_timeout;
        sim_database_left(w, id, call, false);
    } else {
        sim_pools_leave(w, s, call);
        sim_database_turn_away(w, id, call, SIM_timeout);
    }
}

static void stop_running(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    sim_server *server = sim_server_at(w, s, c->replica);
    if (c->phase == SIM_PHASE_COMMITS || sim_leaf_of(w, id))
        return;
    if (server->resumes > w->now) {
        sim_schedule(w, server->resumes, id, SIM_DB_INTERRUPTS, call, c->generation);
        return;
    }
    if (c->phase == SIM_PHASE_COMPUTES)
        sim_database_free_core(w, id, server);
    else if (c->phase != SIM_PHASE_READS && !(s->has_locks && sim_locks_forget(w, s, call)))
        sim_fifo_leave(w, &server->core_queue, call);
    sim_database_end(w, id, call, SIM_timeout);
}

// The call, or the part of one, is at a server.
static void stop(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    c->cancelled = SIM_CANCEL_THERE;
    if (c->flags & SIM_CALL_RUNNING)
        stop_running(w, id, call);
    else if (c->phase != SIM_PHASE_CONNECTS)
        leave_queue(w, id, call);
}

// The parts of a call that is routed; returns how many.
static uint32_t parts_of(sim_world *w, sim_ref call, sim_ref part[SIM_MOST_SHARDS])
{
    uint32_t count = 0;
    for (sim_ref ref = 0; (ref = sim_call_child(w, call, ref));)
        part[count++] = ref;
    return count;
}

void sim_database_cancel(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    s->counts.cancelled++;
    if (c->phase == SIM_PHASE_CATCHES_UP) {
        c->phase = SIM_PHASE_WAITS;
        sim_routing_end(w, id, call, SIM_timeout);
        return;
    }
    sim_ref part[SIM_MOST_SHARDS];
    uint32_t count = s->server_count > 1 && !(c->flags & SIM_CALL_RUNNING) ? parts_of(w, call, part) : 0;
    for (uint32_t i = 0; i < count; i++)
        stop(w, id, part[i]);
    if (!count)
        stop(w, id, call);
}

void sim_database_interrupt(sim_world *w, sim_component_id id, const sim_event *event)
{
    const sim_call *c = sim_call_at(w, event->subject);
    if (c->generation == event->generation && c->flags & SIM_CALL_RUNNING)
        stop_running(w, id, event->subject);
}
