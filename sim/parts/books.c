// sim/parts/books.c - the books of a database: what it has counted, what it shows, and what must hold at any time.
#include "sim/core/histogram.h"
#include "sim/parts/sharding.h"

const char *const sim_database_gauges[] = {"utilisation", "queue", "statements_per_s", "lag_ms", NULL};

void sim_database_reset(sim_world *w, sim_component_id id)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    if (s->recovery)
        sim_recovery_reset(w, id);
    for (uint32_t i = 0; i < s->server_count; i++) {
        sim_server *server = sim_server_at(w, s, i);
        sim_level_reset(w, &server->busy);
        sim_level_reset(w, &server->idle);
        sim_level_reset(w, &server->cores);
        sim_level_reset(w, &server->queue.length);
        sim_level_reset(w, &server->core_queue.length);
        sim_level_reset(w, &server->open);
        server->started = server->rejected = 0;
    }
    sim_level_reset(w, &s->routed);
    sim_level_reset(w, &s->locked_out);
    sim_sharding_reset(w, s);
    s->sampled_started = 0;
    s->counts = (sim_database_counts){0};
    if (s->lag)
        *SIM_AT(w, sim_histogram, s->lag) = (sim_histogram){0};
}

void sim_database_sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    double busy = 0, queue = 0, have = 0;
    uint64_t started = 0;
    for (uint32_t i = 0; i < s->server_count; i++) {
        sim_server *server = sim_server_at(w, s, i);
        busy += sim_level_sample(w, &server->busy, step) + sim_level_sample(w, &server->idle, step);
        queue += sim_level_sample(w, &server->queue.length, step);
        started += server->started;
        have += sim_database_capacity(s, server);
    }
    out[0] = have > 0 ? (float)(busy / have) : 0;
    out[1] = (float)queue;
    out[2] = (float)((double)(started - s->sampled_started) * 1e9 / (double)step);
    out[3] = (float)((double)sim_replication_lag(w, s) * 1e-6);
    s->sampled_started = started;
}

void sim_database_check(const sim_world *w, sim_component_id id)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    for (uint32_t i = 0; i < s->server_count; i++) {
        const sim_server *server = sim_server_at(w, s, i);
        if (s->has_pools) {
            sim_pools_check(w, s, server);
        } else {
            SIM_ASSERT(w, server->busy.level + server->idle.level <= s->pool && server->queue.length.level <= s->queue_limit);
            SIM_ASSERT(w, server->queue.length.level == 0 || server->busy.level == server->room);
            SIM_ASSERT(w, server->room == s->pool - server->idle.level);
        }
        SIM_ASSERT(w, server->cores.level <= s->core_count);
        SIM_ASSERT(w, server->core_queue.length.level == 0 || server->cores.level == s->core_count);
        SIM_ASSERT(w, server->parts <= server->busy.level + server->queue.length.level);
    }
    sim_replication_check(w, s);
    sim_locks_check(w, s);
    sim_backends_check(w, id);
    sim_sharding_check(w, s);
    sim_reshard_check(w, s);
    if (s->recovery)
        sim_recovery_check(w, id);
}

// One station a server; where there are several, one more for the calls that are routed.
bool sim_database_account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    if (station >= s->server_count) {
        *a = (sim_account){.left = s->routed_left, .inside = s->routed.level, .stay = &s->routed_stay,
                           .level = {{"routed calls", &s->routed, 0}}, .levels = 1, .staying = 1};
        return station == s->server_count && s->server_count > 1;
    }
    const sim_server *server = sim_server_at(w, s, station);
    uint32_t most_busy = !s->has_pools ? s->pool : s->most_open != UINT32_MAX ? s->most_open : 0;
    *a = (sim_account){.refused = server->refused, .left = server->left,
                       .inside = (uint64_t)server->busy.level + server->queue.length.level - server->parts, .stay = &server->stay,
                       .level = {{"time of connections <= pool x time", &server->busy, most_busy},
                                 {"time of waiting <= places x time", &server->queue.length, s->has_pools ? 0 : s->queue_limit},
                                 {"time of cores <= cores x time", &server->cores, s->most_cores}}, .levels = 3, .staying = 2};
    return true;
}

sim_station_view sim_database_look(const sim_world *w, sim_component_id id)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const sim_database_counts *n = &s->counts;
    sim_station_view v = {.queue_limit = s->queue_limit, .has_pools = s->has_pools, .has_locks = s->has_locks, .reads = n->reads,
                          .unread_writes = n->unread_writes, .backwards = n->backwards, .lost_commits = n->lost_commits, .locking = n->locking,
                          .lock_timeouts = n->lock_timeouts, .lock_wait_s = n->lock_wait_s, .locked_out = sim_level_average(w, &s->locked_out),
                          .has_transactions = s->has_transactions, .deadlocks = n->deadlocks, .idle_timeouts = n->idle_timeouts, .cancelled = n->cancelled,
                          .checked = n->checked, .conflicts = n->conflicts};
    for (uint32_t i = 0; i < s->server_count; i++) {
        const sim_server *server = sim_server_at(w, s, i);
        v.busy_average += sim_level_average(w, &server->busy) + sim_level_average(w, &server->idle);
        v.idle_in_transaction += sim_level_average(w, &server->idle);
        v.queue_average += sim_level_average(w, &server->queue.length);
        v.busy += server->busy.level + server->idle.level;
        v.queued += server->queue.length.level;
        v.capacity += sim_database_capacity(s, server);
        v.connections += sim_level_average(w, &server->open);
        v.started += server->started;
        v.rejected += server->rejected;
    }
    double have = s->has_pools ? v.connections : v.capacity;
    v.utilisation = have > 0 ? v.busy_average / have : 0;
    sim_sharding_add(w, s, &v);
    if (s->recovery)
        sim_recovery_add(w, id, &v);
    v.lag = s->lag ? SIM_AT(w, const sim_histogram, s->lag) : NULL;
    return v;
}
