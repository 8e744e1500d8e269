// sim/policy/scale/hpa.c - one sync: the proposals of all metrics, the largest of them, and what behaviour leaves of it.
#include "sim/policy/scale/hpa.h"

#include <stdio.h>

const char *const sim_hpa_rule_words[SIM_HPA_RULE_COUNT] = {
#define SIM_HPA_RULE(name, words, help) words,
#include "sim/policy/scale/hpa_rule.def"
#undef SIM_HPA_RULE
};

static const char *const failure_reason[] = {"FailedGetResourceMetric", "FailedGetContainerResourceMetric", "FailedGetPodsMetric",
                                             "FailedGetObjectMetric", "FailedGetExternalMetric"};

// The largest proposal. A metric that failed is left out, unless nothing else is known or the others would scale down.
static bool take_best(const sim_hpa *h, const sim_hpa_snapshot *s, sim_hpa_proposal *proposals, sim_hpa_decision *d)
{
    int32_t best = 0;
    const char *failed = NULL;
    uint32_t failures = 0;
    for (uint32_t i = 0; i < h->metric_count; i++) {
        sim_hpa_proposal *p = &proposals[i];
        *p = sim_hpa_propose(h, &h->metrics[i], s, &s->inputs[i]);
        if (p->error) {
            failures++;
            failed = failed ? failed : failure_reason[h->metrics[i].source];
        } else if (best == 0 || p->replicas > best) {
            best = p->replicas;
            d->metric = i;
            d->rule = p->rule;
        }
    }
    if (failures && (failures == h->metric_count || best < s->replicas)) {
        d->rule = SIM_HPA_RULE_failed;
        d->active = failed;
        return false;
    }
    d->desired = best > 0 ? best : 0;
    d->active = "ValidMetricFound";
    return true;
}

// Stabilisation, then limits. The rule is the last step that changed something; where none did, that of the metric stays.
static void normalise(const sim_hpa *h, sim_hpa_memory *memory, hr_time now, sim_hpa_decision *d)
{
    int32_t wanted = d->desired, stabilised;
    sim_hpa_limited limited;
    sim_hpa_forget(&memory->history, wanted);
    if (h->has_behaviour) {
        stabilised = sim_hpa_stabilise(&memory->history, h->up.window, h->down.window, d->current, wanted, now);
        limited = sim_hpa_limit(h, memory, d->current, stabilised, now);
    } else {
        stabilised = sim_hpa_stabilise_legacy(&memory->history, h->controller.downscale_window, wanted, now);
        limited = sim_hpa_limit_legacy(h, d->current, stabilised);
    }
    bool up = h->has_behaviour && wanted >= d->current;
    d->able = stabilised == wanted ? "ReadyForNewScale" : up ? "ScaleUpStabilized" : "ScaleDownStabilized";
    d->limited = limited.reason;
    d->desired = limited.replicas;
    d->policy = limited.policy;
    if (limited.rule != SIM_HPA_RULE_proposal)
        d->rule = limited.rule;
    else if (stabilised != wanted)
        d->rule = stabilised > wanted ? SIM_HPA_RULE_stabilised_down : SIM_HPA_RULE_stabilised_up;
}

sim_hpa_decision sim_hpa_sync(const sim_hpa *h, sim_hpa_memory *memory, const sim_hpa_snapshot *s, sim_hpa_proposal *proposals)
{
    sim_hpa_decision d = {.current = s->replicas, .desired = s->replicas, .able = "SucceededGetScale", .active = "", .limited = ""};
    for (uint32_t i = 0; i < h->metric_count; i++)
        proposals[i] = (sim_hpa_proposal){.error = "not looked at", .rule = SIM_HPA_RULE_failed};
    if (!memory->started) {
        HR_ASSERT(memory->history.count < memory->history.room);
        memory->history.at[memory->history.count++] = (sim_hpa_recommendation){.replicas = s->replicas, .at = s->now};
        memory->started = true;
    }
    if (s->replicas == 0 && h->min != 0) {
        d.rule = SIM_HPA_RULE_disabled;
        d.active = "ScalingDisabled";
    } else if (s->replicas > h->max) {
        d.rule = SIM_HPA_RULE_clamped_max;
        d.desired = h->max;
    } else if (s->replicas < h->min) {
        d.rule = SIM_HPA_RULE_clamped_min;
        d.desired = h->min;
    } else if (take_best(h, s, proposals, &d)) {
        normalise(h, memory, s->now, &d);
    }
    if (d.desired != d.current)
        d.able = "SucceededRescale";
    return d;
}

const char *sim_hpa_rule_text(const sim_hpa_decision *d, char *out, size_t room)
{
    bool by_policy = d->rule == SIM_HPA_RULE_limited_up || d->rule == SIM_HPA_RULE_limited_down;
    if (by_policy)
        snprintf(out, room, "%s %u", sim_hpa_rule_words[d->rule], d->policy + 1);
    else
        snprintf(out, room, "%s", sim_hpa_rule_words[d->rule]);
    return out;
}
