// sim/parts/invalidation.c - a delete in a replica's own cache that the others are told of, as through Redis' publish and subscribe.
// * Each of them hears it after a time of its own, whatever it is doing then; nobody waits for that. Until then it may serve the old value.
// * Messages are not lost. A load that has read the old version before may still put it in afterwards: `newer` at the `set` does not help
//   where the key is gone, a short ttl does.
#include "sim/parts/service.h"

void sim_invalidation_tell(sim_world *w, sim_component_id id, const sim_call *call, const sim_step *step)
{
    uint32_t replicas = SIM_STATE(w, const sim_service, id)->replica_count;
    for (uint32_t r = 0; r < replicas; r++) {
        if (r == call->replica)
            continue;
        hr_time after = sim_dist_time(w, &step->time, step->stream, call->request, sim_path(call->path, step->ordinal, r + 1));
        sim_schedule(w, w->now + after, id, (uint16_t)(SIM_SERVICE_HEARS + r), (sim_ref)call->key, (uint32_t)(call->key >> 32));
    }
}

void sim_invalidation_hear(sim_world *w, sim_component_id id, const sim_event *event)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    const sim_replica *r = sim_replica_at(w, s, event->what - SIM_SERVICE_HEARS);
    sim_keystore_delete(w, r->local, (uint64_t)event->generation << 32 | event->subject);
}
