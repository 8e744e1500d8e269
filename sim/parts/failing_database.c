// sim/parts/failing_database.c - what faults do to the servers of a database: they die and come back, become slow or full, stand still, fall behind.
// * What a server has in hand when it dies is lost at once; what comes while it is down fails. A prepared part of a commit in two phases outlives
//   it, with its place in the pool and its locks.
// * A pause moves computations to later times; what goes on outside, or comes meanwhile, is seen at its end. What a primary has on its disk when it stops
//   is sent all the same, and nobody takes over from it.
#include <stdlib.h>

#include "sim/parts/faults.h"
#include "sim/parts/sharding.h"

// --- death ----------------------------------------------------------------------------------------------------------------

// Statements that run at a server and die with it; their timers become stale. The caller frees the list.
static sim_ref *running_at(sim_world *w, sim_component_id id, uint32_t which, size_t *count)
{
    sim_ref *list = hr_alloc(sim_server_at(w, SIM_STATE(w, const sim_database, id), which)->busy.level * sizeof *list + 1);
    sim_call_walk walk = sim_calls_walk(w);
    *count = 0;
    for (sim_ref call; (call = sim_calls_next(w, &walk));) {
        sim_call *c = sim_call_at(w, call);
        if (c->callee != id || c->replica != which || !(c->flags & SIM_CALL_RUNNING) || sim_sharding_is_prepared(c))
            continue;
        sim_call_outdate(w, call);
        list[(*count)++] = call;
    }
    return list;
}

void sim_database_die(sim_world *w, sim_component_id id, uint32_t which)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_server *server = sim_server_at(w, s, which);
    server->is_down = 1;
    sim_replication_die(w, id, which);
    sim_pools_die(w, id, server);
    while (server->queue.head)
        sim_database_give_up(w, id, server, SIM_error);
    while (sim_fifo_pop(w, &server->core_queue)) {
    }
    while (server->cores.level)
        sim_level_down(w, &server->cores);
    size_t count;
    sim_ref *running = running_at(w, id, which, &count);
    for (size_t i = 0; i < count && s->has_locks; i++)
        (void)sim_locks_forget(w, s, running[i]);                  // before any lock is handed on
    for (size_t i = 0; i < count; i++)
        sim_database_end(w, id, running[i], SIM_lost);
    free(running);
    sim_backends_die(w, id, which);
    sim_pools_forget(w, s, server);
}

// --- pauses ---------------------------------------------------------------------------------------------------------------

// Computations of a server that stops end so much later. Connections that it is just opening, too.
static bool is_stopped(const sim_world *w, const sim_event *e, uint32_t server)
{
    if (e->what != SIM_DB_COMPUTED && e->what != SIM_DB_CONNECTED)
        return false;
    const sim_call *c = sim_call_at(w, e->subject);
    return c->generation == e->generation && c->replica == server;
}

// --- all together -----------------------------------------------------------------------------------------------------------

void sim_database_fault(sim_world *w, sim_component_id id, uint32_t which, const sim_force *force)
{
    sim_server *server = sim_server_at(w, SIM_STATE(w, const sim_database, id), which);
    hr_time resumed = server->resumes;
    server->slow = force->slow > 1 ? force->slow : 0;
    server->is_full = force->full;
    server->is_held = force->held;
    server->teller = force->teller;
    server->returns = 0;
    server->is_killed = force->down;
    if (sim_stand_still(w, &server->resumes, force->resumes, id, which, is_stopped) || force->held)
        sim_replication_hold(w, id, which, resumed);
    if (force->down && !server->is_down)
        sim_database_die(w, id, which);
    else if (!force->down && server->is_down && !sim_recovery_goes_on(w, id))
        sim_replication_return(w, id, which);
}

// --- which one ------------------------------------------------------------------------------------------------------------

uint32_t sim_database_primary(const sim_world *w, sim_component_id id, uint32_t shard)
{
    return sim_shard_at(w, SIM_STATE(w, const sim_database, id), shard)->primary;
}

uint32_t sim_database_follower(const sim_world *w, sim_component_id id, uint32_t shard, double u)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    uint32_t primary = sim_shard_at(w, s, shard)->primary, nth = (uint32_t)(u * (s->shard_size - 1)), base = shard * s->shard_size;
    return s->shard_size > 1 ? base + nth + (base + nth >= primary) : primary;
}

uint32_t sim_database_shard(const sim_world *w, sim_component_id id, double u)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    return s->sharding ? (uint32_t)(u * sim_sharding_live(sim_sharded_of(w, s))) : 0;
}
