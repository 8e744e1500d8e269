// sim/parts/sharing.c - processor sharing: all computations of a replica run at once, n of them on c cores each at speed min(1, c / n).
// * Since all run at the same speed, one number, `served_ns`, tells what each has got; a computation that joins when it is s and
//   asks for d ends when it is s + d. So an arrival or an end costs one heap operation, however many run.
// * One timer a replica, for the computation that ends first; who joins or leaves sets another, and the old one is stale.
// * A CPU limit is the kernel's bandwidth control (CFS quota and period, as Kubernetes sets them): a replica whose computations have used up
//   the quota of a period stops until the next one begins. Periods begin with the first computation and go on while there was one in the
//   period before. Idealised: core time is taken as it is used, not in slices of 5 ms a core.
#include "sim/parts/service.h"

#include <math.h>

_Static_assert(sizeof(sim_replica) % 8 == 0, "the timer's subject is a replica's place in the arena, counted in units of 8 bytes");

static double slowness(const sim_replica *r) { return fmax(1, (double)r->shares.count / r->core_count); }

static uint32_t cores_wanted(const sim_replica *r)
{
    return r->quota.stopped_from ? 0 : r->shares.count < r->core_count ? r->shares.count : r->core_count;
}

static void advance(const sim_world *w, sim_replica *r)
{
    double passed = (double)(w->now - r->served_at);
    if (!r->shares.count)
        r->served_ns = 0;                      // idle: begin anew, so that the number stays small and exact
    else if (!r->quota.stopped_from)
        r->served_ns += passed / slowness(r);
    r->quota.left_ns -= passed * cores_wanted(r);
    r->served_at = w->now;
}

// --- the CPU limit --------------------------------------------------------------------------------------------------------

static void begin_period(const sim_service *s, sim_replica *r, hr_time ends)
{
    r->quota.ends = ends;
    r->quota.left_ns = s->quota_ns;
    r->quota.periods++;
}

// The first computation joins: into the present period, the next, or, when that has passed without any, into a new one.
static void enter_period(const sim_world *w, const sim_service *s, sim_replica *r)
{
    if (!r->quota.ends || w->now >= r->quota.ends + s->cpu_period)
        begin_period(s, r, w->now + s->cpu_period);
    else if (w->now >= r->quota.ends)
        begin_period(s, r, r->quota.ends + s->cpu_period);
}

static void go_again(const sim_world *w, sim_quota *q)
{
    if (q->stopped_from)                       // in a pause that is after it
        q->stopped += hr_max_time(0, w->now - q->stopped_from);
    q->stopped_from = 0;
}

// Time has come to the end of the period or of its quota, or neither.
static void keep_quota(const sim_world *w, const sim_service *s, sim_replica *r)
{
    sim_quota *q = &r->quota;
    if (r->shares.count && w->now >= q->ends) {
        go_again(w, q);
        begin_period(s, r, q->ends + s->cpu_period);
    } else if (r->shares.count && q->left_ns <= 0 && !q->stopped_from) {
        q->stopped_from = w->now;
        q->throttled++;
    }
}

// The replica is gone; another one in its place begins anew.
void sim_sharing_cut(const sim_world *w, sim_replica *r)
{
    go_again(w, &r->quota);
    r->quota.ends = 0;
    r->quota.left_ns = 0;                      // what rounding has left of it, by cores that there may be no more
}

void sim_sharing_stop(const sim_world *w, sim_replica *r, hr_time by)
{
    if (r->served_at <= w->now)                // else it is stopped already, until then
        advance(w, r);
    r->served_at += by;
    r->quota.ends += r->quota.ends ? by : 0;
    r->quota.stopped_from += r->quota.stopped_from ? by : 0;
}

void sim_sharing_reset(const sim_world *w, sim_replica *r)
{
    sim_quota *q = &r->quota;
    q->periods = q->throttled = 0;
    q->stopped = 0;
    if (q->stopped_from)
        q->stopped_from = w->now;
}

// --- computations ---------------------------------------------------------------------------------------------------------

// Brings the busy cores up to date and sets the timer for the computation that ends first, reckoned from `served_at`: that is now, or the end of a pause.
static void settle(sim_world *w, sim_component_id id, const sim_service *s, sim_replica *r)
{
    uint32_t cores = cores_wanted(r);
    while (r->cores.level < cores)
        sim_level_up(w, &r->cores);
    while (r->cores.level > cores)
        sim_level_down(w, &r->cores);
    r->alarm++;
    if (r->shares.count == 0)
        return;
    // 30 years at most, as for any time that is drawn: with a million jobs a long one would end behind the last nanosecond of int64.
    double left = r->quota.stopped_from ? 1e18 : fmin(fmax(0, sim_shares_first(w, &r->shares)->done_at - r->served_ns) * slowness(r), 1e18);
    if (s->quota_ns > 0)
        left = fmin(left, r->quota.stopped_from ? (double)(r->quota.ends - r->served_at) : fmin(r->quota.left_ns / cores, (double)(r->quota.ends - r->served_at)));
    sim_ref self = s->replicas + (sim_ref)((size_t)(r - SIM_AT(w, sim_replica, s->replicas)) * sizeof *r / 8);
    sim_schedule(w, r->served_at + (hr_time)ceil(left), id, SIM_SERVICE_SHARED, self, r->alarm);
}

void sim_sharing_join(sim_world *w, sim_component_id id, sim_replica *r, sim_ref call)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    advance(w, r);
    if (s->quota_ns > 0 && !r->shares.count)
        enter_period(w, s, r);
    sim_shares_push(w, &r->shares, r->served_ns + (double)sim_service_cpu_demand(w, call), call);
    settle(w, id, s, r);
}

void sim_sharing_wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_replica *r = SIM_AT(w, sim_replica, event->subject);
    if (r->alarm != event->generation)
        return;
    advance(w, r);
    // Half a nanosecond: what rounding may leave. A handler that goes on may join again at once, so each round looks anew.
    while (r->shares.count && sim_shares_first(w, &r->shares)->done_at <= r->served_ns + 0.5) {
        sim_handler_next(w, id, sim_shares_pop(w, &r->shares));
    }
    if (s->quota_ns > 0)
        keep_quota(w, s, r);
    settle(w, id, s, r);
}

void sim_sharing_resize(sim_world *w, sim_component_id id, sim_replica *r, uint32_t cores)
{
    if (r->served_at <= w->now)                // else a pause lasts until then
        advance(w, r);
    r->core_count = cores;
    r->quota.left_ns = fmax(0, r->quota.left_ns);                  // what rounding has left of it, by the cores that it had
    settle(w, id, SIM_STATE(w, const sim_service, id), r);
}

void sim_sharing_check(const sim_world *w, const sim_service *s, const sim_replica *r)
{
    SIM_ASSERT(w, r->cores.level == cores_wanted(r));
    if (s->quota_ns > 0)                       // at most a nanosecond of all cores too much
        SIM_ASSERT(w, r->quota.left_ns >= -(double)r->core_count && r->quota.left_ns <= s->quota_ns);
    sim_shares_check(w, &r->shares);
}
