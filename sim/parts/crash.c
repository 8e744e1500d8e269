// sim/parts/crash.c - a replica that dies and comes back: see memory.h. Balancers know at once, as from an endpoint that is not ready; who asks it
// directly meanwhile is refused with outcome error, and a broker puts what it had back for other consumers.
#include "sim/parts/memory.h"

void sim_service_tell(sim_world *w, sim_component_id id, uint32_t slot, bool is_ready)
{
    sim_balancers_see(w, id, slot, is_ready);
    sim_consumers_see(w, id, slot, is_ready);
}

bool sim_service_is_ready(const sim_world *w, sim_component_id id, uint32_t slot)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    return s->lives ? sim_lives_is_ready(w, id, slot) : !(sim_replica_at(w, s, slot)->down & SIM_DOWN_CRASH);
}

void sim_service_crash(sim_world *w, sim_component_id id, uint32_t slot, hr_time back_after)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    if (s->lives) {
        sim_lives_crash(w, id, slot, back_after);
        return;
    }
    sim_replica *r = sim_replica_at(w, s, slot);
    if (r->down)
        return;
    r->down = SIM_DOWN_CRASH;
    sim_service_tell(w, id, slot, false);
    if (back_after != HR_FOREVER)
        sim_schedule(w, w->now + back_after, id, SIM_SERVICE_BACK, slot, 0);
    sim_service_cut(w, id, slot, SIM_error);              // callers may ask again at once: last
}

void sim_service_is_up(sim_world *w, sim_component_id id, uint32_t slot)
{
    if (SIM_STATE(w, const sim_service, id)->memory)
        sim_memory_touch(w, id, slot);
    sim_consumers_see(w, id, slot, true);
}

void sim_service_come_back(sim_world *w, sim_component_id id, uint32_t slot)
{
    sim_replica *r = sim_replica_at(w, SIM_STATE(w, const sim_service, id), slot);
    r->down &= (uint8_t)~SIM_DOWN_CRASH;
    sim_balancers_see(w, id, slot, true);
    if (!r->down)
        sim_service_is_up(w, id, slot);
}
