// sim/policy/scale/cooldown.h - when AWS' Application Auto Scaling acts: alarms after some looks in a row, cool-downs after each activity.
// * Scaling out: until the cool-down is over only a larger step counts, and what has been added is part of it.
// * Scaling in is blocked until its cool-down is over; scaling out ends that.
// (https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html, "Define cooldown periods")
#ifndef SIM_COOLDOWN_H
#define SIM_COOLDOWN_H

#include "sim/policy/scale/scale.h"

typedef struct {                               // zero is a valid start
    hr_time  out_until, in_until;
    uint32_t base;                             // replicas before the scaling out that is cooling down
    uint32_t above, below;                     // looks in a row
    uint32_t unused;
} sim_cooldown;

// Counts a look that asks for more (+1), for fewer (-1) or for neither, and tells whether the alarm for it has gone off.
static inline bool sim_cooldown_alarm(sim_cooldown *c, const sim_scale_settings *s, int direction)
{
    c->above = direction > 0 ? c->above + 1 : 0;
    c->below = direction < 0 ? c->below + 1 : 0;
    return (direction > 0 && c->above >= s->points_out) || (direction < 0 && c->below >= s->points_in);
}

// What a step is reckoned from.
static inline uint32_t sim_cooldown_base(const sim_cooldown *c, const sim_scale_view *v) { return v->now < c->out_until ? c->base : v->wanted; }

// How far it may go now to `desired`.
static inline uint32_t sim_cooldown_go(sim_cooldown *c, const sim_scale_settings *s, const sim_scale_view *v, uint32_t desired)
{
    if (desired > v->wanted) {
        c->base = sim_cooldown_base(c, v);
        c->out_until = v->now + s->out_cooldown;
        c->in_until = 0;
        return desired;
    }
    if (desired == v->wanted || v->now < c->in_until)
        return v->wanted;
    c->in_until = v->now + s->in_cooldown;
    return desired;
}

#endif
