// sim/parts/sidecar.h - what each sidecar of a mesh knows: its own balancers, counts and ejections, and which replica it would choose.
// * A level is a group of replicas that are equally near; each has a balancer (upstream.h) and ejections of its own in each sidecar.
// * Replicas that are not ready are no endpoints, as in Kubernetes; ejected ones are endpoints that are not healthy.
#ifndef SIM_SIDECAR_H
#define SIM_SIDECAR_H

#include "sim/core/table.h"
#include "sim/parts/mesh.h"

typedef struct { uint16_t target, replica; } sim_endpoint;         // target: its number in the mesh
typedef struct { sim_ref endpoints; uint32_t count; } sim_mesh_level;          // sim_endpoint[count]

typedef struct { sim_ref upstream, outlier; uint32_t there, unused; } sim_sidecar_level;     // there: endpoints that are ready

typedef struct {
    sim_ref  next;                             // of the mesh's sidecars
    uint32_t caller, replica, life;            // life: which of the replicas that have been in its slot
    uint32_t region;                           // of the caller
    uint32_t out, retrying;                    // attempts that are out; calls that wait for another attempt or have one out
    sim_ref  levels;                           // sim_sidecar_level[levels of the region]
} sim_sidecar;

typedef struct {                               // of a mesh
    sim_balancer_choice policy;
    uint16_t target_count, has_outliers;       // has_outliers: bool
    uint32_t regions;
    uint32_t stream_choice, stream_level, stream_cursor;
    sim_ref  targets;                          // uint16_t[target_count]
    sim_ref  level_of;                         // uint8_t[regions * target_count]
    sim_ref  levels;                           // sim_mesh_level[regions * target_count], from time zero; behind the last of a region an empty one
    sim_outlier_def outliers;
    double   overprovisioning_factor;
    sim_table known;                           // of a caller, its replica and its region to the sidecar
    sim_ref  first;
    uint32_t count, unused;
    uint64_t ejections_at_reset;
} sim_sidecars;

// Where an attempt goes: an endpoint of a level of the sidecar's region.
typedef struct { uint16_t level, slot; } sim_mesh_place;

void    sim_sidecars_build(sim_world *w, sim_component_id id, sim_sidecars *s, const sim_mesh_def *def);
// At time zero, when the number of replicas is known.
void    sim_sidecars_start(sim_world *w, sim_sidecars *s);
// The sidecar of whoever makes the call; mesh `id` gets timers of kind `what` about it when it ejects.
sim_ref sim_sidecar_of(sim_world *w, sim_component_id id, sim_sidecars *s, const sim_call *call, uint16_t what);
// Chooses a replica for attempt `path` of the call, another one than the `count` that it has tried where there is one. False: none is healthy.
bool    sim_sidecar_choose(sim_world *w, const sim_sidecars *s, sim_ref sidecar, const sim_call *call, uint32_t path, const sim_mesh_place *tried,
                           uint32_t count, sim_mesh_place *place);
sim_endpoint sim_sidecar_endpoint(const sim_world *w, const sim_sidecars *s, sim_ref sidecar, sim_mesh_place place);
// The attempt has ended, answered or given up.
void    sim_sidecar_answer(sim_world *w, sim_ref sidecar, sim_mesh_place place, hr_time took, sim_outcome status);
// It has been cancelled, which says nothing of the replica.
void    sim_sidecar_cancel(sim_world *w, sim_ref sidecar, sim_mesh_place place, hr_time took);
// The timer of a sidecar's ejections.
void    sim_sidecar_look(sim_world *w, sim_component_id id, const sim_sidecars *s, const sim_event *event);
void    sim_sidecars_see(sim_world *w, const sim_sidecars *s, sim_component_id service, uint32_t replica, bool is_eligible);
uint64_t sim_sidecars_ejections(const sim_world *w, const sim_sidecars *s);    // since the reset
double  sim_sidecars_ejected(const sim_world *w, const sim_sidecars *s);       // by a sidecar, time average over all
void    sim_sidecars_reset(sim_world *w, sim_sidecars *s);
// Attempts that are out, after checking every sidecar.
uint64_t sim_sidecars_check(const sim_world *w, const sim_sidecars *s);

#endif
