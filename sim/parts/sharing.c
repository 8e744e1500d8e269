// sim/parts/sharing.c - processor sharing: all computations of a replica run at once, n of them on c cores each at speed min(1, c / n).
// * Since all run at the same speed, one number, `served_ns`, tells what each has got; a computation that joins when it is s and
//   asks for d ends when it is s + d. So an arrival or an end costs one heap operation, however many run.
// * One timer a replica, for the computation that ends first; who joins or leaves sets another, and the old one is stale.
#include "sim/parts/service.h"

#include <math.h>

_Static_assert(sizeof(sim_replica) % 8 == 0, "the timer's subject is a replica's place in the arena, counted in units of 8 bytes");

static sim_shared_job *jobs_of(const sim_world *w, const sim_replica *r) { return SIM_AT(w, sim_shared_job, r->jobs); }

static bool before(const sim_shared_job *a, const sim_shared_job *b)
{
    return a->done_at_ns < b->done_at_ns || (a->done_at_ns <= b->done_at_ns && a->order < b->order);
}

static void push(sim_world *w, sim_replica *r, sim_shared_job job)
{
    if (r->job_count == r->job_room) {
        uint32_t room = r->job_room ? r->job_room * 2 : 16;
        r->jobs = sim_grow(w, r->jobs, r->job_room * sizeof(sim_shared_job), room * sizeof(sim_shared_job));
        r->job_room = room;
    }
    sim_shared_job *jobs = jobs_of(w, r);
    uint32_t i = r->job_count++;
    for (; i > 0 && before(&job, &jobs[(i - 1) / 2]); i = (i - 1) / 2)
        jobs[i] = jobs[(i - 1) / 2];
    jobs[i] = job;
}

static sim_ref pop(const sim_world *w, sim_replica *r)
{
    sim_shared_job *jobs = jobs_of(w, r), last = jobs[--r->job_count];
    sim_ref call = jobs[0].call;
    uint32_t i = 0;
    for (uint32_t child; (child = 2 * i + 1) < r->job_count; i = child) {
        if (child + 1 < r->job_count && before(&jobs[child + 1], &jobs[child]))
            child++;
        if (!before(&jobs[child], &last))
            break;
        jobs[i] = jobs[child];
    }
    jobs[i] = last;
    return call;
}

static double slowness(const sim_service *s, const sim_replica *r) { return fmax(1, (double)r->job_count / s->cores); }

static void advance(const sim_world *w, const sim_service *s, sim_replica *r)
{
    if (r->job_count)
        r->served_ns += (double)(w->now - r->served_at) / slowness(s, r);
    else
        r->served_ns = 0;                      // idle: begin anew, so that the number stays small and exact
    r->served_at = w->now;
}

// Brings the busy cores up to date and sets the timer for the computation that ends first.
static void settle(sim_world *w, sim_component_id id, const sim_service *s, sim_replica *r)
{
    uint32_t cores = r->job_count < s->cores ? r->job_count : s->cores;
    while (r->cores.level < cores)             // one job came or went, so this is at most one step
        sim_level_up(w, &r->cores);
    while (r->cores.level > cores)
        sim_level_down(w, &r->cores);
    r->alarm++;
    if (r->job_count == 0)
        return;
    double left = fmax(0, jobs_of(w, r)->done_at_ns - r->served_ns) * slowness(s, r);
    sim_ref self = s->replicas + (sim_ref)((size_t)(r - SIM_AT(w, sim_replica, s->replicas)) * sizeof *r / 8);
    sim_schedule(w, w->now + (hr_time)ceil(left), id, SIM_SERVICE_SHARED, self, r->alarm);
}

void sim_sharing_join(sim_world *w, sim_component_id id, sim_replica *r, sim_ref call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    advance(w, s, r);
    push(w, r, (sim_shared_job){r->served_ns + (double)sim_service_cpu_demand(w, call), call, r->job_order++});
    settle(w, id, s, r);
}

void sim_sharing_wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_replica *r = SIM_AT(w, sim_replica, event->subject);
    if (r->alarm != event->generation)
        return;
    advance(w, s, r);
    // Half a nanosecond: what rounding may leave. A handler that goes on may join again at once, so each round looks anew.
    while (r->job_count && jobs_of(w, r)->done_at_ns <= r->served_ns + 0.5) {
        sim_handler_next(w, id, pop(w, r));
    }
    settle(w, id, s, r);
}

void sim_sharing_check(const sim_world *w, const sim_service *s, const sim_replica *r)
{
    const sim_shared_job *jobs = jobs_of(w, r);
    SIM_ASSERT(w, r->cores.level == (r->job_count < s->cores ? r->job_count : s->cores));
    for (uint32_t i = 1; i < r->job_count; i++)
        SIM_ASSERT(w, !before(&jobs[i], &jobs[(i - 1) / 2]));
}
