// sim/parts/memory.c - see memory.h.
#include "sim/parts/memory.h"

typedef struct {                               // of one replica
    double   leaked, bytes, limit;             // now
    double   most, area;                       // shares of the limit since the reset: the largest; x ns
    hr_time  since, reset;                     // since when it has been `bytes`
    hr_time  began;                            // when it was there, this time
    sim_memory_use last;                       // what is told of kills
    sim_crash_backoff backoff;
    uint32_t deaths, killed;                   // since time zero: a timer of an earlier life is stale; since the reset
    uint32_t dying, unused;                    // bool: it will be killed in this instant
} use;

typedef struct {
    double   base, per_call, per_entry, leak;
    sim_ref  uses;                             // use[replica_count]
    uint32_t stream_startup, stream_readiness;
    sim_dist startup, readiness;               // of replicas that no autoscaler starts
} memory;

hr_time sim_crash_wait(sim_crash_backoff *b, hr_time now)
{
    const hr_time first = 10 * HR_SEC, most = 300 * HR_SEC;
    bool afresh = !b->wait || now - b->restarted > 2 * most;
    hr_time wait = afresh ? 0 : b->wait;
    b->wait = afresh ? first : b->wait * 2 < most ? b->wait * 2 : most;
    b->restarted = now + wait;
    return wait;
}

sim_ref sim_memory_place(sim_world *w, sim_component_id id, const sim_service_def *def)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    const sim_footprint_def *d = &def->footprint;
    sim_ref ref = sim_take(w, sizeof(memory)), uses = sim_take(w, s->replica_count * sizeof(use));
    sim_dist startup = sim_dist_place(w, &def->startup), readiness = sim_dist_place(w, &def->readiness);
    *SIM_AT(w, memory, ref) = (memory){.base = d->base, .per_call = d->per_call, .per_entry = d->per_entry,
                                       .leak = d->leak, .uses = uses, .startup = startup, .readiness = readiness,
                                       .stream_startup = sim_stream(w, id, SIM_DRAW_STARTUP), .stream_readiness = sim_stream(w, id, SIM_DRAW_READINESS)};
    for (uint32_t i = 0; i < s->replica_count; i++) {
        double bytes = i < def->replicas ? d->base : 0;            // others are not there yet
        SIM_AT(w, use, uses)[i] = (use){.bytes = bytes, .limit = def->memory_bytes, .most = bytes / def->memory_bytes};
    }
    return ref;
}

static bool is_up(const sim_world *w, sim_component_id id, uint32_t slot)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    return s->lives ? sim_lives_is_up(w, id, slot) : !sim_replica_at(w, s, slot)->down;
}

static double used(const sim_world *w, sim_component_id id, const memory *m, const use *u, uint32_t slot)
{
    const sim_replica *r = sim_replica_at(w, SIM_STATE(w, const sim_service, id), slot);
    double entries = r->local ? SIM_AT(w, const sim_keystore, r->local)->count : 0;
    return is_up(w, id, slot) ? m->base + m->per_call * r->busy.level + m->per_entry * entries + u->leaked : 0;
}

// Whoever calls this is in the middle of a call: the end comes as an event of its own, in the same instant.
void sim_memory_touch(sim_world *w, sim_component_id id, uint32_t slot)
{
    const memory *m = SIM_AT(w, const memory, SIM_STATE(w, const sim_service, id)->memory);
    use *u = SIM_AT(w, use, m->uses) + slot;
    u->area += u->bytes / u->limit * (double)(w->now - u->since);
    u->since = w->now;
    double bytes = used(w, id, m, u, slot);
    if (u->bytes <= 0 && bytes > 0)
        u->began = w->now;
    u->bytes = bytes;
    u->most = u->bytes > u->most * u->limit ? u->bytes / u->limit : u->most;
    if (u->bytes <= u->limit || u->dying)
        return;
    u->dying = 1;
    sim_schedule(w, w->now, id, SIM_SERVICE_KILL, slot, u->deaths);
}

void sim_memory_served(sim_world *w, sim_component_id id, uint32_t slot)
{
    const memory *m = SIM_AT(w, const memory, SIM_STATE(w, const sim_service, id)->memory);
    SIM_AT(w, use, m->uses)[slot].leaked += m->leak;
    sim_memory_touch(w, id, slot);
}

static use *use_of(const sim_world *w, sim_component_id id, uint32_t slot)
{
    return SIM_AT(w, use, SIM_AT(w, const memory, SIM_STATE(w, const sim_service, id)->memory)->uses) + slot;
}

void sim_memory_restart(sim_world *w, sim_component_id id, uint32_t slot)
{
    use *u = use_of(w, id, slot);
    u->leaked = 0;
    u->dying = 0;
    u->deaths++;
    sim_memory_touch(w, id, slot);
}

void sim_memory_forget(sim_world *w, sim_component_id id, uint32_t slot)
{
    use_of(w, id, slot)->backoff = (sim_crash_backoff){0};
    sim_memory_restart(w, id, slot);
}

void sim_memory_limit(sim_world *w, sim_component_id id, uint32_t slot, double bytes)
{
    sim_memory_touch(w, id, slot);
    use_of(w, id, slot)->limit = bytes;
    sim_memory_touch(w, id, slot);
}

sim_memory_use sim_memory_of(const sim_world *w, sim_component_id id, uint32_t slot)
{
    const use *u = use_of(w, id, slot);
    sim_memory_use told = u->last;
    told.used = u->bytes;
    told.limit = u->limit;
    return told;
}

void sim_memory_wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    const memory *m = SIM_AT(w, const memory, s->memory);
    uint32_t slot = event->subject;
    use *u = use_of(w, id, slot);
    if (u->deaths != event->generation)
        return;
    hr_time after = sim_crash_wait(&u->backoff, w->now);
    if (s->lives)
        after += sim_lives_startup(w, id, slot, u->deaths + 1);
    else
        after += sim_dist_time(w, &m->startup, m->stream_startup, slot, u->deaths) + sim_dist_time(w, &m->readiness, m->stream_readiness, slot, u->deaths);
    u->killed++;
    u->last = (sim_memory_use){.kills = u->last.kills + 1, .kill_limit = u->limit, .killed = w->now, .killed_after = w->now - u->began};
    sim_service_crash(w, id, slot, after);     // callers may ask again at once, but not this one
    sim_memory_restart(w, id, slot);
}

void sim_memory_reset(sim_world *w, const sim_service *s)
{
    const memory *m = SIM_AT(w, const memory, s->memory);
    for (uint32_t i = 0; i < s->replica_count; i++) {
        use *u = SIM_AT(w, use, m->uses) + i;
        u->area = 0;
        u->since = u->reset = w->now;
        u->most = u->bytes / u->limit;
        u->killed = 0;
    }
}

void sim_memory_add(const sim_world *w, const sim_service *s, uint32_t slot, sim_station_view *v)
{
    const memory *m = SIM_AT(w, const memory, s->memory);
    const use *u = SIM_AT(w, const use, m->uses) + slot;
    double span = (double)(w->now - u->reset), share = u->bytes / u->limit, area = u->area + share * (double)(w->now - u->since);
    v->has_memory = v->knows_peak = true;
    v->memory = span > 0 ? area / span : share;
    v->memory_most = u->most;
    v->killed = u->killed;
}

// Nobody lives above the limit, and what is remembered is what is used; the cache may have changed since it was looked at.
void sim_memory_check(const sim_world *w, sim_component_id id)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    const memory *m = SIM_AT(w, const memory, s->memory);
    for (uint32_t i = 0; i < s->replica_count; i++) {
        const use *u = SIM_AT(w, const use, m->uses) + i;
        SIM_ASSERT(w, u->leaked >= 0 && (u->bytes <= u->limit || u->dying) && u->since <= w->now);
        SIM_ASSERT(w, (u->bytes > 0) <= is_up(w, id, i));
        if (m->per_entry <= 0 && is_up(w, id, i))
            SIM_ASSERT(w, u->bytes == used(w, id, m, u, i));
    }
}
