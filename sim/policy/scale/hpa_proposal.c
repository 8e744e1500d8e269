// sim/policy/scale/hpa_proposal.c - what one metric proposes: grouping of pods, ratio, correction for missing and unready pods.
#include <math.h>
#include <string.h>

#include "sim/policy/scale/hpa.h"

// --- grouping ---------------------------------------------------------------------------------------------------------

// Is a pod whose cpu is asked for not ready? Just started pods burn cpu on starting, which says nothing of the load.
static bool cpu_is_unready(const sim_hpa_controller *c, const sim_hpa_pod *p, const sim_hpa_reading *r, hr_time now)
{
    if (p->ready == SIM_HPA_NO_CONDITION || !p->has_start)
        return true;
    if (p->started + c->cpu_initialisation > now)              // a sample that reaches back before it was ready does not count
        return p->ready == SIM_HPA_NOT_READY || r->sampled < p->transition + r->window;
    return p->ready == SIM_HPA_NOT_READY && p->started + c->readiness_delay > p->transition;   // it has never been ready
}

static sim_hpa_group group_of(const sim_hpa *h, bool is_cpu, const sim_hpa_pod *p, const sim_hpa_reading *r, hr_time now)
{
    if (p->deleted || p->phase == SIM_HPA_FAILED)
        return SIM_HPA_IGNORED;
    if (p->phase == SIM_HPA_PENDING)
        return SIM_HPA_UNREADY;
    if (!r->has_value)
        return SIM_HPA_MISSING;
    return is_cpu && cpu_is_unready(&h->controller, p, r, now) ? SIM_HPA_UNREADY : SIM_HPA_COUNTED;
}

static bool is_resource(const sim_hpa_metric *m)
{
    return m->source == SIM_HPA_RESOURCE || m->source == SIM_HPA_CONTAINER;
}

uint32_t sim_hpa_group_pods(const sim_hpa *h, const sim_hpa_metric *m, const sim_hpa_snapshot *s, const sim_hpa_input *in)
{
    bool is_cpu = is_resource(m) && strcmp(m->name, "cpu") == 0;
    uint32_t counted = 0;
    for (uint32_t i = 0; i < s->pod_count; i++) {
        s->group[i] = (uint8_t)group_of(h, is_cpu, &s->pods[i], &in->readings[i], s->now);
        counted += s->group[i] == SIM_HPA_COUNTED;
    }
    return counted;
}

static uint32_t count_group(const sim_hpa_snapshot *s, sim_hpa_group group)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->pod_count; i++)
        n += s->group[i] == group;
    return n;
}

bool sim_hpa_pod_request(const sim_hpa_container *containers, size_t count, const char *name, const int64_t *pod_level, int64_t *request)
{
    int64_t sum = 0;
    bool found = false;
    if (!name && pod_level) {
        *request = *pod_level;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        const sim_hpa_container *c = &containers[i];
        if ((c->is_init && !c->restarts_always) || (name && strcmp(c->name, name) != 0))
            continue;
        if (!c->has_request)
            return false;
        sum = sim_go_add(sum, c->request);
        found = true;
    }
    if (name && !found)
        return false;
    *request = sum;
    return true;
}

// --- metrics of pods --------------------------------------------------------------------------------------------------

typedef enum { LEAVE_OUT, AS_TARGET, AS_IDLE } filling;    // what stands in for a pod that is not counted

typedef struct {
    const sim_hpa_metric   *m;
    const sim_hpa_snapshot *s;
    const sim_hpa_input    *in;
    filling                 missing, unready;
} measured;

typedef struct { double ratio; int64_t value, raw; uint32_t pods; bool has_request; } usage;

// The value that pod `i` counts with. False: it does not count.
static bool value_of(const measured *x, uint32_t i, int64_t *value)
{
    sim_hpa_group group = (sim_hpa_group)x->s->group[i];
    const sim_hpa_reading *r = &x->in->readings[i];
    filling fill = group == SIM_HPA_MISSING ? x->missing : group == SIM_HPA_UNREADY ? x->unready : LEAVE_OUT;
    int64_t percent = x->m->target > 100 ? x->m->target : 100;
    if (group == SIM_HPA_COUNTED)
        *value = r->value;
    else if (fill == AS_TARGET)
        *value = x->m->kind == SIM_HPA_UTILISATION ? sim_go_multiply(r->request, percent) / 100 : x->m->target;
    else
        *value = 0;
    return group == SIM_HPA_COUNTED || fill != LEAVE_OUT;
}

// Usage against target over all that count. A utilisation needs requests, so values of pods that were not asked for are left out of it;
// `pods` still counts them.
static usage measure(const measured *x)
{
    int64_t sum = 0, requested = 0, value;
    uint32_t with_request = 0, n = 0;
    bool percent = x->m->kind == SIM_HPA_UTILISATION;
    for (uint32_t i = 0; i < x->s->pod_count; i++) {
        if (!value_of(x, i, &value))
            continue;
        n++;
        sum = sim_go_add(sum, value);
        requested = percent ? sim_go_add(requested, x->in->readings[i].request) : 0;
        with_request++;
    }
    n += x->in->value_count;
    if (!percent) {
        for (uint32_t i = 0; i < x->in->value_count; i++)
            sum = sim_go_add(sum, x->in->values[i]);
        int64_t mean = n ? sum / n : 0;
        return (usage){.ratio = (double)mean / (double)x->m->target, .value = mean, .raw = mean, .pods = n, .has_request = true};
    }
    if (requested == 0)
        return (usage){.pods = n};
    int32_t utilisation = sim_go_low(sim_go_multiply(sum, 100) / requested);
    return (usage){.ratio = (double)utilisation / (double)x->m->target, .value = utilisation, .raw = sum / with_request, .pods = n,
                   .has_request = true};
}

// Exactly in this form: 1.0 - |ratio| would put 55/50 outside of a tolerance of 0.1.
static bool is_within(const sim_hpa *h, double ratio)
{
    return 1.0 - h->down_tolerance <= ratio && ratio <= 1.0 + h->up_tolerance;
}

static sim_hpa_proposal refuse(const char *why)
{
    return (sim_hpa_proposal){.error = why, .rule = SIM_HPA_RULE_failed};
}

// Nothing measured, or a pod without a request: the metric has failed.
static const char *find_failure(const sim_hpa_metric *m, const sim_hpa_snapshot *s, const sim_hpa_input *in)
{
    bool any = in->value_count > 0;
    for (uint32_t i = 0; i < s->pod_count; i++)
        any = any || in->readings[i].has_value;
    if (!any)
        return is_resource(m) ? "no metrics returned from resource metrics API" : "no metrics returned from custom metrics API";
    if (s->pod_count == 0)
        return "no pods returned by selector while calculating replica count";
    return NULL;
}

static bool lacks_request(const sim_hpa_metric *m, const sim_hpa_snapshot *s, const sim_hpa_input *in)
{
    for (uint32_t i = 0; i < s->pod_count && m->kind == SIM_HPA_UTILISATION; i++)
        if (!in->readings[i].has_request)
            return true;
    return false;
}

// With pods missing or unready the ratio is taken once more, as if they were the worst that argues against the change.
static void correct(const sim_hpa *h, measured *x, const usage *first, bool raises_unready, uint32_t missing, sim_hpa_proposal *p)
{
    int32_t current = x->s->replicas;
    if (missing > 0)
        x->missing = first->ratio < 1.0 ? AS_TARGET : first->ratio > 1.0 ? AS_IDLE : LEAVE_OUT;
    x->unready = raises_unready ? AS_IDLE : LEAVE_OUT;
    p->rule = missing > 0 ? SIM_HPA_RULE_missing : SIM_HPA_RULE_unready;
    p->replicas = current;
    usage again = measure(x);
    if (!again.has_request) {
        *p = refuse("no metrics returned matched known pods");
        return;
    }
    bool turned = (first->ratio < 1.0 && again.ratio > 1.0) || (first->ratio > 1.0 && again.ratio < 1.0);
    if (is_within(h, again.ratio) || turned)
        return;
    int32_t wanted = sim_go_int32(ceil(again.ratio * (double)again.pods));
    if ((again.ratio < 1.0 && wanted > current) || (again.ratio > 1.0 && wanted < current))
        return;
    p->replicas = wanted;
}

static sim_hpa_proposal propose_by_pods(const sim_hpa *h, const sim_hpa_metric *m, const sim_hpa_snapshot *s, const sim_hpa_input *in)
{
    const char *failure = find_failure(m, s, in);
    if (failure)
        return refuse(failure);
    uint32_t ready = sim_hpa_group_pods(h, m, s, in), missing = count_group(s, SIM_HPA_MISSING);
    if (ready == 0 && in->value_count == 0)
        return refuse("did not receive metrics for any ready pods");
    if (lacks_request(m, s, in))
        return refuse("missing request for a container of a pod");
    measured x = {m, s, in, LEAVE_OUT, LEAVE_OUT};
    usage first = measure(&x);
    if (!first.has_request)
        return refuse("no metrics returned matched known pods");
    sim_hpa_proposal p = {.value = first.value, .raw = first.raw, .replicas = s->replicas, .rule = SIM_HPA_RULE_tolerance};
    bool raises_unready = count_group(s, SIM_HPA_UNREADY) > 0 && first.ratio > 1.0;
    if (raises_unready || missing > 0) {
        correct(h, &x, &first, raises_unready, missing, &p);
    } else if (!is_within(h, first.ratio)) {
        p.replicas = sim_go_int32(ceil(first.ratio * (double)ready));
        p.rule = SIM_HPA_RULE_proposal;
    }
    return p;
}

// --- metrics of anything else -----------------------------------------------------------------------------------------

// The sum of the series, at most INT64_MAX. The two targets of an external metric notice that it is too large in different ways.
static int64_t total(const sim_hpa_metric *m, const sim_hpa_input *in)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < in->value_count; i++) {
        int64_t value = in->values[i];
        if (m->kind == SIM_HPA_VALUE && value > 0 && sum > INT64_MAX - value)
            return INT64_MAX;
        sum = sim_go_add(sum, value);
    }
    return m->kind == SIM_HPA_AVERAGE && m->source == SIM_HPA_EXTERNAL && sum < 0 ? INT64_MAX : sum;
}

static uint32_t ready_pods(const sim_hpa_snapshot *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->pod_count; i++)
        n += s->pods[i].phase == SIM_HPA_RUNNING && s->pods[i].ready == SIM_HPA_READY;
    return n;
}

static sim_hpa_proposal propose_by_value(const sim_hpa *h, const sim_hpa_metric *m, const sim_hpa_snapshot *s, int64_t value)
{
    sim_hpa_proposal p = {.value = value, .raw = value, .replicas = s->replicas, .rule = SIM_HPA_RULE_tolerance};
    double ratio = (double)value / (double)m->target;
    if (s->replicas == 0) {
        p.replicas = sim_go_int32(ceil(ratio));
        p.rule = SIM_HPA_RULE_from_zero;
    } else if (!is_within(h, ratio)) {
        if (s->pod_count == 0)
            return refuse("no pods returned by selector while calculating replica count");
        double wanted = ratio * (double)ready_pods(s);
        p.replicas = wanted > INT32_MAX ? INT32_MAX : sim_go_int32(ceil(wanted));
        p.rule = SIM_HPA_RULE_proposal;
    }
    return p;
}

static sim_hpa_proposal propose_by_average(const sim_hpa *h, const sim_hpa_metric *m, const sim_hpa_snapshot *s, int64_t value)
{
    sim_hpa_proposal p = {.raw = value, .replicas = s->status, .rule = SIM_HPA_RULE_tolerance};
    bool external = m->source == SIM_HPA_EXTERNAL;
    double ratio = (double)value / ((double)m->target * (double)s->status);    // no replicas: infinite, or not a number; never within
    if (!is_within(h, ratio)) {
        double wanted = ceil((double)value / (double)m->target);
        p.replicas = external && wanted > INT32_MAX ? INT32_MAX : sim_go_int32(wanted);
        p.rule = s->status == 0 ? SIM_HPA_RULE_from_zero : SIM_HPA_RULE_proposal;
    }
    bool is_full = external && (double)value >= (double)INT64_MAX;
    p.value = is_full ? INT64_MAX : sim_go_int64(ceil((double)value / (double)s->status));
    return p;
}

sim_hpa_proposal sim_hpa_propose(const sim_hpa *h, const sim_hpa_metric *m, const sim_hpa_snapshot *s, const sim_hpa_input *in)
{
    if (m->source != SIM_HPA_OBJECT && m->source != SIM_HPA_EXTERNAL)
        return propose_by_pods(h, m, s, in);
    if (in->value_count == 0)
        return refuse(m->source == SIM_HPA_OBJECT ? "no metric returned for the object" : "no metrics returned from external metrics API");
    int64_t value = total(m, in);
    return m->kind == SIM_HPA_VALUE ? propose_by_value(h, m, s, value) : propose_by_average(h, m, s, value);
}
