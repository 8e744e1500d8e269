// sim/parts/outlier.c - see outlier.h.
#include "sim/parts/outlier.h"

#include <math.h>

#include "sim/policy/balance/upstream.h"

typedef struct { uint32_t failed, times; hr_time since; } record;     // failures in a row; ejections not forgiven; of the present one

typedef struct {
    sim_outlier_def def;
    sim_ref  upstream, records;                // record[count]
    uint32_t count, ejected;
    uint64_t ejections;
} outlier;

static record *record_of(const sim_world *w, const outlier *o, uint32_t slot) { return SIM_AT(w, record, o->records) + slot; }

static bool is_ejected(const sim_world *w, const outlier *o, uint32_t slot)
{
    return SIM_AT(w, const sim_peer, SIM_AT(w, const sim_upstream, o->upstream)->peers)[slot].sick & SIM_OUT_EJECTED;
}

sim_ref sim_outlier_make(sim_world *w, const sim_outlier_def *def, sim_ref upstream, uint32_t count)
{
    sim_ref ref = sim_take(w, sizeof(outlier)), records = sim_take(w, count * sizeof(record));
    *SIM_AT(w, outlier, ref) = (outlier){.def = *def, .upstream = upstream, .records = records, .count = count};
    return ref;
}

static void eject(sim_world *w, outlier *o, uint32_t slot)
{
    if (o->ejected && o->ejected >= o->def.max_ejection_percent * o->count)
        return;
    record *r = record_of(w, o, slot);
    r->times++;
    r->since = w->now;
    o->ejected++;
    o->ejections++;
    sim_upstream_mark(w, o->upstream, slot, SIM_OUT_EJECTED, true);
}

void sim_outlier_note(sim_world *w, sim_ref ref, uint32_t slot, bool failed)
{
    outlier *o = SIM_AT(w, outlier, ref);
    record *r = record_of(w, o, slot);
    r->failed = failed ? r->failed + 1 : 0;
    if (r->failed < o->def.consecutive_5xx)
        return;
    r->failed = 0;
    if (!is_ejected(w, o, slot))               // it may be: answers to what it got before
        eject(w, o, slot);
}

static void take_back(sim_world *w, outlier *o, uint32_t slot)
{
    o->ejected--;
    record_of(w, o, slot)->failed = 0;
    sim_upstream_mark(w, o->upstream, slot, SIM_OUT_EJECTED, false);
}

void sim_outlier_look(sim_world *w, sim_ref ref)
{
    outlier *o = SIM_AT(w, outlier, ref);
    for (uint32_t i = 0; i < o->count; i++) {
        record *r = record_of(w, o, i);
        if (!is_ejected(w, o, i))
            r->times -= r->times > 0;
        else if ((double)(w->now - r->since) >= fmin((double)o->def.base_ejection_time * r->times, (double)o->def.max_ejection_time))
            take_back(w, o, i);
    }
}

void sim_outlier_renew(sim_world *w, sim_ref ref, uint32_t slot)
{
    outlier *o = SIM_AT(w, outlier, ref);
    if (is_ejected(w, o, slot))
        take_back(w, o, slot);
    *record_of(w, o, slot) = (record){0};
}

uint64_t sim_outlier_ejections(const sim_world *w, sim_ref ref) { return SIM_AT(w, const outlier, ref)->ejections; }

void sim_outlier_check(const sim_world *w, sim_ref ref)
{
    const outlier *o = SIM_AT(w, const outlier, ref);
    uint32_t ejected = 0;
    for (uint32_t i = 0; i < o->count; i++) {
        const record *r = record_of(w, o, i);
        ejected += is_ejected(w, o, i);
        SIM_ASSERT(w, r->failed < o->def.consecutive_5xx && (r->times || !is_ejected(w, o, i)));
    }
    SIM_ASSERT(w, ejected == o->ejected && (ejected <= 1 || ejected - 1 < o->def.max_ejection_percent * o->count));
}
