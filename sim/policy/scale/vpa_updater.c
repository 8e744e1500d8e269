// sim/policy/scale/vpa_updater.c - who is updated, and how many at once: see vpa.h.
#include <math.h>

#include "sim/policy/scale/vpa.h"

sim_vpa_priority sim_vpa_judge(const sim_vpa_settings *s, const sim_vpa_recommendation *r, const double request[SIM_VPA_RESOURCES], hr_time age, bool quick_oom)
{
    sim_vpa_priority p = {0};
    bool outside = false;
    for (int i = 0; i < SIM_VPA_RESOURCES; i++) {
        if (!(s->controls >> i & 1))
            continue;
        outside = outside || request[i] < r->lower[i] || request[i] > r->upper[i];
        p.grows = p.grows || r->target[i] > request[i];
        p.change += fabs(r->target[i] - request[i]) / request[i];
    }
    bool is_due = age >= s->updater.pod_lifetime && p.change >= s->updater.min_change;
    p.wants = r->is_known && p.change > 0 && (outside || quick_oom || is_due);
    return p;
}

bool sim_vpa_may_disrupt(const sim_vpa_updater *u, uint32_t configured, uint32_t running, uint32_t disrupted)
{
    uint32_t tolerance = (uint32_t)(configured * u->eviction_tolerance);
    if (running > disrupted && running - disrupted > configured - tolerance)
        return true;
    return tolerance == 0 && running == configured && disrupted == 0;                  // one at a time, when all are there
}
