// sim/policy/scale/hpa_scaler.c - the rows that decide as the Kubernetes horizontal pod autoscaler (hpa.h) does, on what a simulated cluster
// measures: hpa itself, and KEDA's queue-depth, which leaves all but the way from and to zero to it.
#include <math.h>

#include "sim/policy/scale/scale.h"

enum { MOST_POLICIES = 8 };

typedef struct {
    uint32_t select, count, percent;           // percent: a bit for each policy
    int32_t  value[MOST_POLICIES], unused;
    hr_time  period[MOST_POLICIES], window;
} side;

typedef struct {                               // behind it: histories with `room` entries each
    uint32_t started, has_behaviour, room, history_count, up_count, down_count;
    double   up_tolerance, down_tolerance;
    side     up, down;
    hr_time  active_at;                        // queue-depth: when more than `activation` waited for the last time
} memory;

// A sync at a time, and one entry more than can be recent: each list forgets what is older than the longest window.
static size_t room_of(const sim_scale_def *d)
{
    hr_time longest = hr_max_time(d->up.window, d->down.window);
    for (uint32_t i = 0; i < d->up.policy_count; i++)
        longest = hr_max_time(longest, d->up.policies[i].period);
    for (uint32_t i = 0; i < d->down.policy_count; i++)
        longest = hr_max_time(longest, d->down.policies[i].period);
    return (size_t)(longest / d->settings.every) + 4;
}

static size_t size(const sim_scale_def *d)
{
    return sizeof(memory) + room_of(d) * (sizeof(sim_hpa_recommendation) + 2 * sizeof(sim_hpa_event));
}

static void keep_side(side *to, const sim_hpa_side *from)
{
    to->select = from->select;
    to->count = from->policy_count;
    to->window = from->window;
    for (uint32_t i = 0; i < from->policy_count; i++) {
        to->value[i] = from->policies[i].value;
        to->period[i] = from->policies[i].period;
        to->percent |= (uint32_t)from->policies[i].percent << i;
    }
}

static void make(void *state, const sim_scale_def *d)
{
    memory *m = state;
    m->room = (uint32_t)room_of(d);
    m->has_behaviour = d->has_behaviour;
    m->up_tolerance = d->up_tolerance;
    m->down_tolerance = d->down_tolerance;
    keep_side(&m->up, &d->up);
    keep_side(&m->down, &d->down);
}

static sim_hpa_side side_of(const side *from, sim_hpa_policy policies[MOST_POLICIES])
{
    for (uint32_t i = 0; i < from->count; i++)
        policies[i] = (sim_hpa_policy){from->percent >> i & 1, from->value[i], from->period[i]};
    return (sim_hpa_side){(sim_hpa_select)from->select, policies, from->count, from->window};
}

static sim_hpa_memory memory_of(memory *m)
{
    sim_hpa_recommendation *history = (void *)(m + 1);
    sim_hpa_event *up = (void *)(history + m->room), *down = up + m->room;
    return (sim_hpa_memory){m->started, {history, m->history_count, m->room}, {up, m->up_count, m->room}, {down, m->down_count, m->room}};
}

// The manifest that the settings amount to, with room for what it points to.
typedef struct {
    sim_hpa        hpa;
    sim_hpa_policy up[MOST_POLICIES], down[MOST_POLICIES];
    sim_hpa_metric metrics[SIM_SCALE_METRICS];
    sim_scale_metric which[SIM_SCALE_METRICS];
} manifest;

static void write_manifest(manifest *to, const memory *m, const sim_scale_settings *s)
{
    *to = (manifest){.hpa = {.metrics = to->metrics, .min = (int32_t)s->min, .max = (int32_t)s->max, .has_behaviour = m->has_behaviour,
                             .up_tolerance = m->up_tolerance, .down_tolerance = m->down_tolerance, .controller = sim_hpa_controller_default()}};
    to->hpa.up = side_of(&m->up, to->up);
    to->hpa.down = side_of(&m->down, to->down);
    to->hpa.controller.tolerance = s->tolerance;
    to->hpa.controller.cpu_initialisation = s->cpu_initialisation;
    to->hpa.controller.readiness_delay = s->readiness_delay;
    for (uint32_t i = 0; i < SIM_SCALE_METRICS; i++) {
        if (s->target[i] <= 0)
            continue;
        bool is_share = sim_scale_is_share(i);
        to->which[to->hpa.metric_count] = (sim_scale_metric)i;
        to->metrics[to->hpa.metric_count++] = (sim_hpa_metric){
            .source = is_share ? SIM_HPA_RESOURCE : i == SIM_SCALE_QUEUE ? SIM_HPA_EXTERNAL : SIM_HPA_PODS,
            .kind = is_share ? SIM_HPA_UTILISATION : SIM_HPA_AVERAGE,
            .target = llround(s->target[i] * (is_share ? 100 : 1000)), .name = i == SIM_SCALE_CPU ? "cpu" : i == SIM_SCALE_MEMORY ? "memory" : ""};
    }
}

// What `status.replicas` of a Deployment counts: all but those that leave.
static int32_t status_of(const sim_scale_view *v)
{
    int32_t n = 0;
    for (uint32_t i = 0; i < v->pod_count; i++)
        n += !v->pods[i].deleted;
    return n;
}

static uint32_t sync(memory *m, const sim_scale_settings *s, const sim_scale_view *v)
{
    manifest man;
    write_manifest(&man, m, s);
    int64_t queue = (int64_t)ceil(v->queue * 1000);
    sim_hpa_input inputs[SIM_SCALE_METRICS];
    for (uint32_t i = 0; i < man.hpa.metric_count; i++)
        inputs[i] = man.which[i] == SIM_SCALE_QUEUE ? (sim_hpa_input){.values = &queue, .value_count = 1}
                                                    : (sim_hpa_input){.readings = v->readings[man.which[i]]};
    sim_hpa_snapshot snapshot = {.now = v->now, .replicas = (int32_t)v->wanted, .status = status_of(v), .pods = v->pods, .pod_count = v->pod_count,
                                 .inputs = inputs, .group = v->group};
    sim_hpa_memory lent = memory_of(m);
    sim_hpa_proposal proposals[SIM_SCALE_METRICS];
    sim_hpa_decision d = sim_hpa_sync(&man.hpa, &lent, &snapshot, proposals);
    m->started = lent.started;
    m->history_count = lent.history.count;
    return (uint32_t)d.desired;
}

static uint32_t decide(void *state, const sim_scale_settings *s, const sim_scale_view *v) { return sync(state, s, v); }

static void scaled(void *state, const sim_scale_settings *s, uint32_t from, uint32_t to, hr_time now)
{
    memory *m = state;
    manifest man;
    write_manifest(&man, m, s);
    sim_hpa_memory lent = memory_of(m);
    sim_hpa_scaled(&man.hpa, &lent, (int32_t)from, (int32_t)to, now);
    m->up_count = lent.up.count;
    m->down_count = lent.down.count;
}

static const char *wrong(const sim_scale_def *d)
{
    bool any = false;
    for (int i = 0; i < SIM_SCALE_METRICS; i++)
        any = any || d->settings.target[i] > 0;
    if (!any)
        return "want at least one of `cpu`, `memory`, `in_flight`, `rate` and `queue` with its target";
    if (d->settings.min == 0 && d->settings.target[SIM_SCALE_QUEUE] <= 0)
        return "`min: 0` needs `queue`: without replicas nothing else is measured that could wake them up";
    if (d->up.policy_count > MOST_POLICIES || d->down.policy_count > MOST_POLICIES)
        return "at most 8 policies of a side of `behavior`";
    return NULL;
}

const sim_scaler sim_scaler_hpa = {.name = "hpa", .summary = "the Kubernetes autoscaler: the ratio of value and target, the largest of all metrics, `behavior`",
    .real = "autoscaling/v2 of Kubernetes 1.33", .uses = SIM_SCALES_LOAD | SIM_SCALES_LIMITS | SIM_SCALES_INITIALISATION | SIM_SCALES_READINESS_DELAY,
    .every = 15 * HR_SEC,
    .reaches_zero = true, .wrong = wrong, .size = size, .make = make, .decide = decide, .scaled = scaled};

// --- queue-depth --------------------------------------------------------------------------------------------------------

// KEDA's own part is the way from zero and to zero: more than `activation` wait, or none of it for `cooldown`
// (https://keda.sh/docs/latest/concepts/scaling-deployments/, activation phase). Between one and `max` it is an HPA on an external metric.
static uint32_t decide_queue(void *state, const sim_scale_settings *s, const sim_scale_view *v)
{
    memory *m = state;
    bool is_active = v->queue > s->activation;
    if (is_active)
        m->active_at = v->now;
    if (v->wanted == 0)
        return is_active ? 1 : 0;
    if (s->min == 0 && !is_active && v->now - m->active_at >= s->cooldown)
        return 0;
    sim_scale_settings from_one = *s;
    from_one.min = s->min ? s->min : 1;
    return sync(m, &from_one, v);
}

const sim_scaler sim_scaler_queue_depth = {.name = "queue-depth", .summary = "as KEDA: waiting calls for each replica, and down to none when nothing waits",
    .real = "KEDA 2, over an HPA", .uses = SIM_SCALES_QUEUE | SIM_SCALES_ACTIVATION | SIM_SCALES_COOLDOWN | SIM_SCALES_LIMITS | SIM_SCALES_EVERY,
    .needs = SIM_SCALES_QUEUE, .every = 30 * HR_SEC,
    .reaches_zero = true, .wrong = wrong, .size = size, .make = make, .decide = decide_queue, .scaled = scaled};
