// sim/parts/resize.c - a service whose one machine is exchanged for another type: vertical scaling. It is switched off with all that it has, and comes
// back with other cores and memory.
#include "sim/parts/memory.h"

typedef struct {
    hr_time   at, restart;
    double    memory_bytes, stretch;           // of the new one
    uint32_t  cores, unused;
    sim_level is_new;                          // 0 or 1
} resize;

sim_ref sim_resize_place(sim_world *w, const sim_service_def *def)
{
    const sim_resize_def *d = &def->resize;
    sim_ref ref = sim_take(w, sizeof(resize));
    *SIM_AT(w, resize, ref) = (resize){.at = d->at, .restart = d->restart, .memory_bytes = d->to->memory_bytes,
                                       .stretch = sim_machine_stretch(&def->machine, d->to->cores), .cores = sim_whole_cores(d->to->cores)};
    return ref;
}

void sim_resize_start(sim_world *w, sim_component_id id)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    if (s->resize && SIM_AT(w, const resize, s->resize)->at != HR_FOREVER)
        sim_schedule(w, SIM_AT(w, const resize, s->resize)->at, id, SIM_SERVICE_RESIZE, 0, 0);
}

void sim_resize_wake(sim_world *w, sim_component_id id)
{
    sim_service *s = SIM_STATE(w, sim_service, id);
    resize *z = SIM_AT(w, resize, s->resize);
    hr_time restart = z->restart;
    sim_level_up(w, &z->is_new);
    s->cores = z->cores;                       // nothing computes on them until it is back
    s->stretch = z->stretch;
    sim_service_crash(w, id, 0, restart);
    if (s->memory)
        sim_memory_resize(w, id, z->memory_bytes);
}

void sim_resize_reset(sim_world *w, const sim_service *s) { sim_level_reset(w, &SIM_AT(w, resize, s->resize)->is_new); }

double sim_resize_share(const sim_world *w, const sim_service *s) { return sim_level_average(w, &SIM_AT(w, const resize, s->resize)->is_new); }
