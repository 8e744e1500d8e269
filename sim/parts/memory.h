// sim/parts/memory.h - what a replica uses of its memory, and what becomes of it when that is too much.
// * It uses `base`, `per_call` for each call that it works on, `per_entry` for each key of its own cache, and what it has leaked: `leak` for
//   each call that it has ended. That is looked at whenever a call begins or ends.
// * Above the limit the kernel kills it at that instant (exit 137): its calls end with error, its leak and its cache are gone. It comes back
//   after the back-off that Kubernetes' kubelet keeps to, and after `startup` and `readiness`.
// * A service without a footprint pays nothing for this.
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include "sim/parts/lives.h"

// CrashLoopBackOff of the kubelet: who dies first, or after ten good minutes, is restarted at once; then the waits are 10, 20, 40 … 300 s. Backoff
// in k8s.io/client-go/util/flowcontrol/backoff.go, with kubelet's 10 s and 5 min.
typedef struct {
    hr_time wait;                              // the next one; 0: it has not died yet
    hr_time restarted;                         // when the last one was over
} sim_crash_backoff;
// A process that has died now is restarted after this.
hr_time sim_crash_wait(sim_crash_backoff *backoff, hr_time now);

// For services with `footprint`: built; a call has begun, ended at, or left a replica; one is there again, or another one is there.
sim_ref sim_memory_place(sim_world *w, sim_component_id id, const sim_service_def *def);
void    sim_memory_touch(sim_world *w, sim_component_id id, uint32_t slot);
void    sim_memory_served(sim_world *w, sim_component_id id, uint32_t slot);
void    sim_memory_forget(sim_world *w, sim_component_id id, uint32_t slot);
// A replica has been switched off, with what it has leaked. It has so much memory from now on: who uses more is killed.
void    sim_memory_restart(sim_world *w, sim_component_id id, uint32_t slot);
void    sim_memory_limit(sim_world *w, sim_component_id id, uint32_t slot, double bytes);
typedef struct {
    double   used, limit;                      // now, in bytes
    uint32_t kills, unused;                    // since time zero, of whoever was in that slot; of the last one:
    double   kill_limit;                       // what its limit was
    hr_time  killed, killed_after;             // when; how long it had been there
} sim_memory_use;
sim_memory_use sim_memory_of(const sim_world *w, sim_component_id id, uint32_t slot);
// The timer SIM_SERVICE_KILL.
void    sim_memory_wake(sim_world *w, sim_component_id id, const sim_event *event);
void    sim_memory_reset(sim_world *w, const sim_service *s);
void    sim_memory_add(const sim_world *w, const sim_service *s, uint32_t slot, sim_station_view *view);
void    sim_memory_check(const sim_world *w, sim_component_id id);

// A replica dies with all that it has and is back after a time; HR_FOREVER: never. One that is down or leaving is not hurt again. crash.c
// A fixed replica runs again.
void    sim_service_is_up(sim_world *w, sim_component_id id, uint32_t slot);
void    sim_service_crash(sim_world *w, sim_component_id id, uint32_t slot, hr_time back_after);
void    sim_service_come_back(sim_world *w, sim_component_id id, uint32_t slot);     // the timer SIM_SERVICE_BACK

#endif
