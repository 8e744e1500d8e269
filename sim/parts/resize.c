// sim/parts/resize.c - a replica gets other cores and memory: vertical scaling. As a fixed service is exchanged machine by machine for another type, each switched
// off with all that it has, or in place, while it works; and as an autoscaler wants it (vertical.c).
#include "sim/parts/memory.h"

typedef struct {
    hr_time   at, restart;                     // restart HR_FOREVER: in place
    double    cores, memory_bytes;             // of the new ones
    sim_level is_new;                          // replicas
} resize;

sim_ref sim_resize_place(sim_world *w, const sim_service_def *def)
{
    const sim_resize_def *d = &def->resize;
    sim_ref ref = sim_take(w, sizeof(resize));
    *SIM_AT(w, resize, ref) = (resize){.at = d->at, .restart = d->restart, .memory_bytes = d->to->memory_bytes, .cores = d->to->cores};
    return ref;
}

void sim_resize_start(sim_world *w, sim_component_id id)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    if (s->resize && SIM_AT(w, const resize, s->resize)->at != HR_FOREVER)
        sim_schedule(w, SIM_AT(w, const resize, s->resize)->at, id, SIM_SERVICE_RESIZE, 0, 0);
}

void sim_service_resize(sim_world *w, sim_component_id id, uint32_t slot, double cores, double memory_bytes)
{
    sim_service *s = SIM_STATE(w, sim_service, id);
    sim_replica *r = sim_replica_at(w, s, slot);
    const sim_machine_def machine = {.contention = s->contention, .coherency = s->coherency};
    uint32_t count = sim_whole_cores(cores);
    s->most_cores = count > s->most_cores ? count : s->most_cores;
    r->stretch = sim_machine_stretch(&machine, cores);
    if (s->sharing) {
        sim_sharing_resize(w, id, r, count);
    } else {
        r->core_count = count;
        sim_service_hand_out_cores(w, id, slot);
    }
    if (s->memory)
        sim_memory_limit(w, id, slot, memory_bytes);
}

static void exchange(sim_world *w, sim_component_id id, uint32_t slot)
{
    resize *z = SIM_AT(w, resize, SIM_STATE(w, const sim_service, id)->resize);
    sim_level_up(w, &z->is_new);
    sim_service_resize(w, id, slot, z->cores, z->memory_bytes);
}

// In place all of them at once; else one after another, the next when the one before is back.
void sim_resize_wake(sim_world *w, sim_component_id id, uint32_t slot)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    hr_time restart = SIM_AT(w, const resize, s->resize)->restart;
    if (restart == HR_FOREVER) {
        for (uint32_t i = 0; i < s->replica_count; i++)
            exchange(w, id, i);
        return;
    }
    if (slot + 1 < s->replica_count)
        sim_schedule(w, w->now + restart, id, SIM_SERVICE_RESIZE, slot + 1, 0);
    sim_service_crash(w, id, slot, restart);
    if (s->memory)
        sim_memory_restart(w, id, slot);
    exchange(w, id, slot);
}

void sim_resize_reset(sim_world *w, const sim_service *s) { sim_level_reset(w, &SIM_AT(w, resize, s->resize)->is_new); }

double sim_resize_share(const sim_world *w, const sim_service *s) { return sim_level_average(w, &SIM_AT(w, const resize, s->resize)->is_new) / s->replica_count; }
