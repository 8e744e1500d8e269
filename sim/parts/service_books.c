// sim/parts/service_books.c - the books of a service: what it has counted, what it shows, and what must hold at any time.
#include "sim/parts/memory.h"

const char *const sim_service_gauges[] = {"utilisation", "busy", "queue", NULL};

void sim_service_reset(sim_world *w, sim_component_id id)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    for (uint32_t i = 0; i < s->replica_count; i++) {
        sim_replica *r = sim_replica_at(w, s, i);
        sim_level_reset(w, &r->busy);
        sim_level_reset(w, &r->cores);
        sim_level_reset(w, &r->queue.fifo.length);
        sim_level_reset(w, &r->core_queue.fifo.length);
        r->started = r->rejected = r->gave_up = r->shed_calls = r->kept_in = r->dropped = r->late = r->cancelled = 0;
        if (s->quota_ns > 0)
            sim_sharing_reset(w, r);
        if (r->local)
            sim_keystore_reset(w, r->local);
    }
    if (s->lives)
        sim_lives_reset(w, s->lives);
    if (s->memory)
        sim_memory_reset(w, s);
    if (s->resize)
        sim_resize_reset(w, s);
    SIM_STATE(w, sim_service, id)->session_counts = (sim_session_counts){0};
    sim_refill_reset(w, s->refills);
}

void sim_service_sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    double busy = 0, queue = 0;
    for (uint32_t i = 0; i < s->replica_count; i++) {
        sim_replica *r = sim_replica_at(w, s, i);
        busy += sim_level_sample(w, &r->busy, step);
        queue += sim_level_sample(w, &r->queue.fifo.length, step);
    }
    double replicas = s->lives ? sim_lives_sample(w, s->lives, step) : s->replica_count;
    out[0] = (float)(replicas > 0 ? busy / (replicas * s->workers) : 0);
    out[1] = (float)busy;
    out[2] = (float)queue;
}

void sim_service_check(const sim_world *w, sim_component_id id)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    for (uint32_t i = 0; i < s->replica_count; i++) {
        const sim_replica *r = sim_replica_at(w, s, i);
        uint32_t queued = r->queue.fifo.length.level, for_core = r->core_queue.fifo.length.level;
        SIM_ASSERT(w, r->busy.level <= s->workers && queued <= s->queue_limit && r->cores.level <= s->most_cores && !r->is_handing_out);
        SIM_ASSERT(w, queued == 0 || r->busy.level == s->workers || r->is_paused);                     // nobody waits beside a free worker
        SIM_ASSERT(w, !r->down || sim_replica_in_hand(r) == 0);
        SIM_ASSERT(w, !(r->down || r->is_paused) || !s->is_plain || w->special);                      // the plain way does not ask
        SIM_ASSERT(w, !r->is_paused || r->resumes >= w->now);
        SIM_ASSERT(w, for_core == 0 || r->cores.level >= r->core_count || r->is_paused);
        for (uint32_t c = 0; r->out && c < w->component_count; c++)
            SIM_ASSERT(w, SIM_AT(w, const uint32_t, r->out)[c] <= s->bulkhead);
        if (s->sheds)
            SIM_ASSERT(w, sim_replica_in_hand(r) <= s->shed.most);
        sim_line_check(w, &r->queue);
        sim_line_check(w, &r->core_queue);
        if (s->sharing && !sim_leaf_of(w, id))
            sim_sharing_check(w, s, r);
        if (s->preemptive && !sim_leaf_of(w, id))
            sim_preempting_check(w, r);
        if (r->local)
            sim_keystore_check(w, r->local);
    }
    if (s->lives)
        sim_lives_check(w, id);
    if (s->memory)
        sim_memory_check(w, id);
    sim_refill_check(w, s->refills);
}

bool sim_service_account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    if (station >= s->replica_count)
        return false;
    const sim_replica *r = sim_replica_at(w, s, station);
    *a = (sim_account){.refused = r->refused, .left = r->left, .inside = (uint64_t)r->busy.level + r->queue.fifo.length.level, .stay = &r->stay,
                       .level = {{"time of workers <= workers x time", &r->busy, s->workers},
                                 {"time of waiting <= places x time", &r->queue.fifo.length, s->queue_limit},
                                 {"time of cores <= cores x time", &r->cores, s->most_cores}}, .levels = 3, .staying = 2};
    return true;
}

uint32_t sim_service_replicas(const sim_world *w, sim_component_id id)
{
    return SIM_STATE(w, const sim_service, id)->replica_count;
}

sim_station_view sim_service_look(const sim_world *w, sim_component_id id, uint32_t replica)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    const sim_replica *r = sim_replica_at(w, s, replica);
    double busy = sim_level_average(w, &r->busy);
    sim_station_view v = {.utilisation = busy / s->workers, .busy_average = busy,
                          .queue_average = sim_level_average(w, &r->queue.fifo.length), .busy = r->busy.level, .capacity = s->workers,
                          .queued = r->queue.fifo.length.level, .queue_limit = s->queue_limit, .started = r->started,
                          .rejected = r->rejected, .gave_up = r->gave_up, .shed = r->shed_calls, .kept_in = r->kept_in,
                          .dropped = r->dropped, .late = r->late, .cancelled = r->cancelled, .periods = r->quota.periods, .throttled = r->quota.throttled,
                          .stopped_s = (double)(r->quota.stopped + (r->quota.stopped_from ? w->now - r->quota.stopped_from : 0)) * 1e-9};
    if (r->local) {
        const sim_keystore *k = SIM_AT(w, const sim_keystore, r->local);
        v.hits = k->hits;
        v.misses = k->misses;
        v.entries = k->count;
    }
    if (s->resize)
        v.resized = sim_resize_share(w, s);
    if (s->memory)
        sim_memory_add(w, s, replica, &v);
    if (replica == 0 && s->lives && sim_lives_of(w, id)->is_vertical)
        sim_lives_add(w, id, &v);
    if (replica == 0) {                        // of all replicas
        v.session_looks = s->session_counts.looks;
        v.lost_sessions = s->session_counts.lost;
    }
    if (s->refills && replica == 0)            // they are counted for the whole service
        sim_refill_add(w, s->refills, &v);
    return v;
}
