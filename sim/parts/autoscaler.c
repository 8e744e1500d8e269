// sim/parts/autoscaler.c - looks at a service now and then, asks its policy for a number of replicas, and has them start or leave; or gives
// them other cores and memory (vertical.h).
// * What is measured for each replica (cpu, memory, calls in flight, rate) is collected every `scrape`, half a period apart from time zero, and
//   averaged over `window`: a look sees the last collection. The number of waiting calls and messages is known at once.
// * A replica is measured from its second collection on; one that does not run yet has no values.
// * Replicas' timers come here, so that services without an autoscaler know nothing of them: lives.h.
#include <math.h>
#include <stdlib.h>

#include "sim/parts/vertical.h"

typedef struct {                               // of one replica, since time zero; `number` 0: it did not run
    hr_time  at;
    uint32_t number, unused;
    double   cores_ns, calls_ns, left, bytes;
} point;

typedef struct {
    uint32_t policy;
    uint16_t target, unused;
    sim_scale_settings settings;
    sim_ref  state, points;                    // the policy's; point[slots][point_count], a ring each
    uint32_t slots, point_count;
    uint64_t scrapes, looks, scaled_out, scaled_in;
    sim_vertical vertical;                     // when its policy is
} autoscaler;

enum { SCRAPE = SIM_LIFE_TIMERS, LOOK };

static const char *const gauges[] = {"replicas", "ready", "wanted", NULL};

static size_t demand(const void *def)
{
    const sim_autoscaler_def *d = def;
    const sim_scale_settings *s = &d->scale.settings;
    size_t points = 2 * (size_t)s->max * (size_t)(s->window / s->scrape + 1) * sizeof(point);
    return sim_scalers[d->policy]->size(&d->scale) + points + (sim_scalers[d->policy]->is_vertical ? sim_vertical_demand(s) : 0);
}

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_autoscaler_def *d = def;
    const sim_scaler *policy = sim_scalers[d->policy];
    autoscaler *s = SIM_STATE(w, autoscaler, id);
    s->policy = d->policy;
    s->target = d->target;
    s->settings = d->scale.settings;
    s->state = sim_take(w, policy->size(&d->scale));
    if (policy->make)
        policy->make(SIM_AT(w, void, s->state), &d->scale);
}

static hr_time next_look(const sim_world *w, const autoscaler *s)
{
    const sim_scaler *policy = sim_scalers[s->policy];
    return policy->next ? policy->next(SIM_AT(w, const void, s->state), w->now) : w->now + s->settings.every;
}

static void await_look(sim_world *w, sim_component_id id)
{
    hr_time at = next_look(w, SIM_STATE(w, const autoscaler, id));
    if (at != HR_FOREVER)
        sim_schedule(w, at, id, LOOK, 0, 0);
}

static bool measures(const autoscaler *s)
{
    bool any = sim_scalers[s->policy]->is_vertical;
    for (int m = 0; m < SIM_SCALE_OF_PODS; m++)
        any = any || s->settings.target[m] > 0;
    return any;
}

static void start(sim_world *w, sim_component_id id)
{
    autoscaler *s = SIM_STATE(w, autoscaler, id);
    if (sim_scalers[s->policy]->is_vertical)
        sim_vertical_start(w, &s->vertical, sim_service_replicas(w, s->target));
    if (measures(s)) {
        s->slots = sim_service_replicas(w, s->target);
        s->point_count = (uint32_t)(s->settings.window / s->settings.scrape) + 1;
        s->points = sim_take(w, (size_t)s->slots * s->point_count * sizeof(point));
        sim_schedule(w, w->now + s->settings.scrape / 2, id, SCRAPE, 0, 0);
    }
    await_look(w, id);
}

// --- what is measured ---------------------------------------------------------------------------------------------------

static point *point_at(const sim_world *w, const autoscaler *s, uint32_t slot, uint64_t scrape)
{
    return SIM_AT(w, point, s->points) + (size_t)slot * s->point_count + scrape % s->point_count;
}

static void scrape(sim_world *w, sim_component_id id)
{
    autoscaler *s = SIM_STATE(w, autoscaler, id);
    const sim_lives *l = sim_lives_of(w, s->target);
    const sim_replica *replicas = SIM_AT(w, const sim_replica, SIM_STATE(w, const sim_service, s->target)->replicas);
    for (uint32_t i = 0; i < s->slots; i++) {
        const sim_life *life = sim_life_at(w, l, i);
        const sim_replica *r = &replicas[i];
        point *p = point_at(w, s, i, s->scrapes);
        *p = (point){.at = w->now};
        if (life->phase <= SIM_LIFE_STARTING)
            continue;
        p->number = life->number;
        p->cores_ns = (double)sim_level_area(w, &r->cores);
        p->calls_ns = (double)sim_level_area(w, &r->busy) + (double)sim_level_area(w, &r->queue.fifo.length);
        p->left = (double)r->left;
        if (SIM_STATE(w, const sim_service, s->target)->memory)
            p->bytes = sim_memory_of(w, s->target, i).used;
    }
    s->scrapes++;
    sim_schedule(w, w->now + s->settings.scrape, id, SCRAPE, 0, 0);
}

// The first and the last collection of a replica in the window; false: there are no two.
static bool find_span(const sim_world *w, const autoscaler *s, uint32_t slot, uint32_t number, const point **first, const point **last)
{
    uint64_t n = 0, most = s->scrapes < s->point_count ? s->scrapes : s->point_count;
    while (n < most && point_at(w, s, slot, s->scrapes - 1 - n)->number == number)
        n++;
    if (n < 2)
        return false;
    *last = point_at(w, s, slot, s->scrapes - 1);
    *first = point_at(w, s, slot, s->scrapes - n);
    return true;
}

// Thousandths, rounded up, as Kubernetes' quantities are.
static int64_t thousandths(double x) { return (int64_t)ceil(x * 1000 - 1e-9); }

// What a replica has of it.
static int64_t request_of(const sim_world *w, const autoscaler *s, uint32_t slot, sim_scale_metric metric)
{
    const sim_service *service = SIM_STATE(w, const sim_service, s->target);
    if (metric == SIM_SCALE_MEMORY)
        return service->memory ? thousandths(sim_memory_of(w, s->target, slot).limit) : 0;
    return (int64_t)sim_replica_at(w, service, slot)->core_count * 1000;
}

// Memory is what it was at the last collection; all else are averages over the window.
static sim_hpa_reading read_metric(const point *a, const point *b, sim_scale_metric metric)
{
    double span_ns = (double)(b->at - a->at);
    double value = metric == SIM_SCALE_CPU         ? (b->cores_ns - a->cores_ns) / span_ns
                   : metric == SIM_SCALE_MEMORY    ? b->bytes
                   : metric == SIM_SCALE_IN_FLIGHT ? (b->calls_ns - a->calls_ns) / span_ns
                                                   : (b->left - a->left) / (span_ns * 1e-9);
    return (sim_hpa_reading){.has_value = true, .value = thousandths(value), .sampled = b->at, .window = b->at - a->at};
}

// A replica as the Kubernetes API would show it. One that has crashed stays Running while its container waits to be started again
// (CrashLoopBackOff is a reason of the container, no phase of the pod: kubernetes.io, Pod Lifecycle).
static sim_hpa_pod pod_of(const sim_life *life)
{
    bool is_ready = life->phase >= SIM_LIFE_READY;
    return (sim_hpa_pod){.phase = life->has_run ? SIM_HPA_RUNNING : SIM_HPA_PENDING, .ready = is_ready ? SIM_HPA_READY : SIM_HPA_NOT_READY,
                         .deleted = life->phase == SIM_LIFE_DRAINING, .has_start = true, .started = life->created,
                         .transition = is_ready ? life->changed : life->unready};
}

static double waiting(const sim_world *w, sim_component_id service)
{
    const sim_service *s = SIM_STATE(w, const sim_service, service);
    double waiting = sim_balancers_queue(w, service) + (double)sim_consumers_queue(w, service);
    for (uint32_t i = 0; i < s->replica_count; i++)
        waiting += sim_replica_at(w, s, i)->queue.fifo.length.level;
    return waiting;
}

// --- a look -------------------------------------------------------------------------------------------------------------

typedef struct {                               // memory of one look
    sim_hpa_pod     *pods;
    sim_hpa_reading *readings;                 // [SIM_SCALE_OF_PODS][slots]
} gathered;

// Returns how many replicas are there, also pending ones.
static uint32_t gather(const sim_world *w, const autoscaler *s, gathered *g)
{
    const sim_service *service = SIM_STATE(w, const sim_service, s->target);
    const sim_lives *l = sim_lives_of(w, s->target);
    uint32_t n = 0;
    for (uint32_t i = 0; i < service->replica_count; i++) {
        const sim_life *life = sim_life_at(w, l, i);
        const point *first, *last;
        if (life->phase == SIM_LIFE_GONE)
            continue;
        g->pods[n] = pod_of(life);
        bool known = s->points && find_span(w, s, i, life->number, &first, &last);
        for (int m = 0; m < SIM_SCALE_OF_PODS; m++) {
            sim_hpa_reading *reading = &g->readings[(size_t)m * service->replica_count + n];
            *reading = known ? read_metric(first, last, (sim_scale_metric)m) : (sim_hpa_reading){0};
            reading->has_request = true;
            reading->request = request_of(w, s, i, (sim_scale_metric)m);
        }
        n++;
    }
    return n;
}

static uint32_t decide(sim_world *w, const autoscaler *s)
{
    uint32_t slots = sim_service_replicas(w, s->target);
    gathered g = {hr_alloc(slots * sizeof *g.pods), hr_alloc(slots * SIM_SCALE_OF_PODS * sizeof *g.readings)};
    sim_scale_view view = {.now = w->now, .wanted = sim_service_present(w, s->target).wanted, .pods = g.pods, .pod_count = gather(w, s, &g),
                           .queue = waiting(w, s->target), .group = hr_alloc(slots)};
    for (int m = 0; m < SIM_SCALE_OF_PODS; m++)
        view.readings[m] = g.readings + (size_t)m * slots;
    uint32_t wanted = sim_scalers[s->policy]->decide(SIM_AT(w, void, s->state), &s->settings, &view);
    free(g.pods);
    free(g.readings);
    free(view.group);
    return wanted < s->settings.min ? s->settings.min : wanted > s->settings.max ? s->settings.max : wanted;
}

static void look_vertically(sim_world *w, sim_component_id id)
{
    autoscaler *s = SIM_STATE(w, autoscaler, id);
    sim_vertical_sample *samples = hr_alloc(s->slots * sizeof *samples);
    for (uint32_t i = 0; i < s->slots; i++) {
        const point *first, *last;
        if (find_span(w, s, i, sim_life_at(w, sim_lives_of(w, s->target), i)->number, &first, &last))
            samples[i] = (sim_vertical_sample){true, (last->cores_ns - first->cores_ns) / (double)(last->at - first->at), last->bytes, last->at};
    }
    s->looks++;
    await_look(w, id);
    sim_vertical_look(w, s->target, &s->vertical, SIM_AT(w, sim_vpa, s->state), &s->settings.vpa, samples);
    free(samples);
}

static void look(sim_world *w, sim_component_id id)
{
    autoscaler *s = SIM_STATE(w, autoscaler, id);
    const sim_scaler *policy = sim_scalers[s->policy];
    uint32_t from = sim_service_present(w, s->target).wanted, to = decide(w, s);
    s->looks++;
    s->scaled_out += to > from;
    s->scaled_in += to < from;
    if (to != from && policy->scaled)
        policy->scaled(SIM_AT(w, void, s->state), &s->settings, from, to, w->now);
    await_look(w, id);
    if (to != from)
        sim_lives_want(w, s->target, to);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    if (event->what == SCRAPE)
        scrape(w, id);
    else if (event->what == LOOK && sim_scalers[SIM_STATE(w, const autoscaler, id)->policy]->is_vertical)
        look_vertically(w, id);
    else if (event->what == LOOK)
        look(w, id);
    else
        sim_lives_wake(w, SIM_STATE(w, const autoscaler, id)->target, event);
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    sim_replicas_view v = sim_service_present(w, SIM_STATE(w, const autoscaler, id)->target);
    (void)step;
    out[0] = (float)v.present;
    out[1] = (float)v.ready;
    out[2] = (float)v.wanted;
}

static void check(const sim_world *w, sim_component_id id)
{
    const autoscaler *s = SIM_STATE(w, const autoscaler, id);
    uint32_t wanted = sim_service_present(w, s->target).wanted;
    if (sim_scalers[s->policy]->is_vertical)
        sim_vertical_check(w, s->target, &s->vertical, &s->settings.vpa);
    else
        SIM_ASSERT(w, !s->looks || (wanted >= s->settings.min && wanted <= s->settings.max));
    SIM_ASSERT(w, s->scaled_out + s->scaled_in <= s->looks);
    for (uint32_t i = 0; s->scrapes && i < s->slots; i++) {
        const point *last = point_at(w, s, i, s->scrapes - 1);
        const sim_replica *r = sim_replica_at(w, SIM_STATE(w, const sim_service, s->target), i);
        SIM_ASSERT(w, last->at <= w->now && last->left <= (double)r->left && last->number <= sim_life_at(w, sim_lives_of(w, s->target), i)->number);
    }
}

sim_autoscaler_view sim_autoscaler_look(const sim_world *w, sim_component_id id)
{
    const autoscaler *s = SIM_STATE(w, const autoscaler, id);
    return (sim_autoscaler_view){.looks = s->looks, .scaled_out = s->scaled_out, .scaled_in = s->scaled_in,
                                 .recommendation = s->vertical.recommendation};
}

const sim_kind sim_kind_autoscaler = {.name = "autoscaler", .summary = "has the replicas of a service come and go, or gives them other cores and memory",
    .state_size = sizeof(autoscaler), .def_size = sizeof(sim_autoscaler_def), .gauges = gauges, .demand = demand, .build = build,
    .start = start, .wake = wake, .sample = sample, .check = check};
