// sim/parts/outlier.h - outlier detection, as Envoy has it: a replica that fails so many times in a row is ejected for a while.
// * Every outcome but ok is a failure, as Envoy counts what it answers itself (503, 504), too; nginx' max_fails knows errors only.
// * An ejection lasts base_ejection_time × how often it was ejected, at most max_ejection_time; every interval is looked who may come back, and
//   who is not ejected then is forgiven one ejection (Envoy's manual, "Outlier detection", and the comments of its configuration).
// * While max_ejection_percent of the replicas are ejected no more are; one always may be.
#ifndef SIM_OUTLIER_H
#define SIM_OUTLIER_H

#include "sim/core/world.h"

typedef struct {
    uint32_t consecutive_5xx;
    hr_time  interval, base_ejection_time, max_ejection_time;
    double   max_ejection_percent;             // a share
} sim_outlier_def;

// For the `count` replicas of `upstream`.
sim_ref sim_outlier_make(sim_world *w, const sim_outlier_def *def, sim_ref upstream, uint32_t count);
// A call to that replica has ended.
void sim_outlier_note(sim_world *w, sim_ref outlier, uint32_t slot, bool failed);
// Once an interval.
void sim_outlier_look(sim_world *w, sim_ref outlier);
// A new replica is in the slot.
void sim_outlier_renew(sim_world *w, sim_ref outlier, uint32_t slot);
uint64_t sim_outlier_ejections(const sim_world *w, sim_ref outlier);           // since time zero
void sim_outlier_check(const sim_world *w, sim_ref outlier);

#endif
