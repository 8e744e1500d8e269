// sim/parts/vertical.h - the half of an autoscaler that changes cores and memory of replicas instead of their number; the rules are those of
// sim/policy/scale/vpa.h.
// * A look is a round of recommender and updater: samples of what has been measured since the last one, a recommendation, and what follows from it. New
//   replicas get what is recommended in every mode but Off, whoever wants them.
// * Who is resized in place and has no room on its node, or uses more than it should get, is tried again at each look, and evicted after five minutes, or an hour.
#ifndef SIM_VERTICAL_H
#define SIM_VERTICAL_H

#include "sim/parts/memory.h"

typedef struct {
    sim_ref  containers;                       // [slots]
    uint32_t slots, unused;
    sim_vpa_recommendation recommendation;
} sim_vertical;

typedef struct {                               // of a slot: what was measured last
    bool    is_known;
    double  cores, bytes;
    hr_time sampled;
} sim_vertical_sample;

size_t sim_vertical_demand(const sim_scale_settings *s);
void   sim_vertical_start(sim_world *w, sim_vertical *v, uint32_t slots);
// One look at service `target`; `samples` of each slot.
void   sim_vertical_look(sim_world *w, sim_component_id target, sim_vertical *v, sim_vpa *state, const sim_vpa_settings *s, const sim_vertical_sample *samples);
void   sim_vertical_check(const sim_world *w, sim_component_id target, const sim_vertical *v, const sim_vpa_settings *s);

#endif
