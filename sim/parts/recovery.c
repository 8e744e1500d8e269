// sim/parts/recovery.c - a database's server that is restarted: because its machine is exchanged, or because the kernel has killed one of its
// processes. Of a database without replicas and shards.
// * It uses `shared_buffers`, `connection_memory` for each open connection (a shared pool keeps all of its own open) and `work_mem` for each
//   statement that runs. Above its memory the kernel kills a backend; then PostgreSQL ends all of them, for that one may have left shared
//   memory in disorder, and recovers from its log: nobody is served for so long (PostgreSQL manual, 19.4.4 Linux Memory Overcommit).
//   Connections, locks and statements are gone, commits are not.
// * A fault that kills it meanwhile lasts as long as it says, and so does a restart: it is back when both are over.
#include "sim/parts/database.h"

typedef struct {
    double    memory_bytes, base, per_connection, per_statement;   // the last three 0: nobody looks
    double    most;                            // share of the memory since the reset
    hr_time   recovery;
    hr_time   resize_at, restart;              // HR_FOREVER: never
    double    new_memory_bytes, new_stretch;
    uint32_t  new_cores, is_dying;             // is_dying, bool: it will be killed in this instant
    uint32_t  restarts, is_restarting;         // restarts: a timer of an earlier one is stale
    uint64_t  killed;                          // since the reset
    sim_level is_new;                          // 0 or 1
} recovery;

static recovery *recovery_of(const sim_world *w, sim_component_id id) { return SIM_AT(w, recovery, SIM_STATE(w, const sim_database, id)->recovery); }

void sim_recovery_build(sim_world *w, sim_component_id id, const sim_database_def *d)
{
    if (d->work_mem <= 0 && !d->resize.to)
        return;
    sim_ref ref = sim_take(w, sizeof(recovery));
    SIM_STATE(w, sim_database, id)->recovery = ref;
    recovery *r = SIM_AT(w, recovery, ref);
    *r = (recovery){.memory_bytes = d->memory_bytes, .recovery = d->recovery, .resize_at = HR_FOREVER};
    if (d->work_mem > 0) {
        r->base = d->shared_buffers;
        r->per_connection = d->connection_bytes;
        r->per_statement = d->work_mem;
    }
    if (d->resize.to) {
        r->resize_at = d->resize.at;
        r->restart = d->resize.restart;
        r->new_memory_bytes = d->resize.to->memory_bytes;
        r->new_stretch = sim_machine_stretch(&d->machine, d->resize.to->cores);
        r->new_cores = sim_whole_cores(d->resize.to->cores);
        if (r->new_cores > SIM_STATE(w, const sim_database, id)->most_cores)
            SIM_STATE(w, sim_database, id)->most_cores = r->new_cores;
    }
}

void sim_recovery_start(sim_world *w, sim_component_id id)
{
    if (SIM_STATE(w, const sim_database, id)->recovery && recovery_of(w, id)->resize_at != HR_FOREVER)
        sim_schedule(w, recovery_of(w, id)->resize_at, id, SIM_DB_RESIZE, 0, 0);
}

static double used(const sim_world *w, sim_component_id id)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const sim_server *server = sim_server_at(w, s, 0);
    const recovery *r = recovery_of(w, id);
    double connections = s->has_pools ? server->open.level : s->pool;
    return r->base + r->per_connection * connections + r->per_statement * server->busy.level;
}

// Whoever calls this is in the middle of a call: the end comes as an event of its own, in the same instant.
void sim_recovery_touch(sim_world *w, sim_component_id id)
{
    recovery *r = recovery_of(w, id);
    double share = r->per_statement > 0 ? used(w, id) / r->memory_bytes : 0;
    r->most = share > r->most ? share : r->most;
    if (share <= 1 || r->is_dying)
        return;
    r->is_dying = 1;
    sim_schedule(w, w->now, id, SIM_DB_KILL, 0, 0);
}

static void restart(sim_world *w, sim_component_id id, hr_time back_after)
{
    recovery *r = recovery_of(w, id);
    r->is_restarting = 1;
    sim_schedule(w, w->now + back_after, id, SIM_DB_BACK, ++r->restarts, 0);
    if (!sim_server_at(w, SIM_STATE(w, const sim_database, id), 0)->is_down)
        sim_database_die(w, id, 0);
}

void sim_recovery_wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    recovery *r = recovery_of(w, id);
    if (event->what == SIM_DB_KILL) {
        r->is_dying = 0;
        if (sim_server_at(w, s, 0)->is_down)   // by a fault, in the same instant
            return;
        r->killed++;
        restart(w, id, r->recovery);
    } else if (event->what == SIM_DB_RESIZE) {
        s->core_count = r->new_cores;          // nothing computes on them until it is back
        s->stretch = r->new_stretch;
        r->memory_bytes = r->new_memory_bytes;
        sim_level_up(w, &r->is_new);
        restart(w, id, r->restart);
    } else if (event->subject == r->restarts) {
        r->is_restarting = 0;
        if (!sim_server_at(w, s, 0)->is_killed)
            sim_replication_return(w, id, 0);
    }
}

bool sim_recovery_goes_on(const sim_world *w, sim_component_id id)
{
    return SIM_STATE(w, const sim_database, id)->recovery && recovery_of(w, id)->is_restarting;
}

void sim_recovery_reset(const sim_world *w, sim_component_id id)
{
    recovery *r = recovery_of(w, id);
    r->killed = 0;
    r->most = r->per_statement > 0 ? used(w, id) / r->memory_bytes : 0;
    sim_level_reset(w, &r->is_new);
}

// The average is that of what is used over the memory that it has now.
void sim_recovery_add(const sim_world *w, sim_component_id id, sim_station_view *v)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const recovery *r = recovery_of(w, id);
    double connections = s->has_pools ? v->connections : s->pool;
    v->resized = sim_level_average(w, &r->is_new);
    if (r->per_statement <= 0)
        return;
    v->has_memory = v->knows_peak = true;
    v->memory = (r->base + r->per_connection * connections + r->per_statement * v->busy_average) / r->memory_bytes;
    v->memory_most = r->most;
    v->killed = r->killed;
}

// Nobody lives above the limit, and who restarts is down.
void sim_recovery_check(const sim_world *w, sim_component_id id)
{
    const recovery *r = recovery_of(w, id);
    SIM_ASSERT(w, r->per_statement <= 0 || used(w, id) <= r->memory_bytes || r->is_dying);
    SIM_ASSERT(w, !r->is_restarting || sim_server_at(w, SIM_STATE(w, const sim_database, id), 0)->is_down);
}
