// sim/policy/scale/hpa_behaviour.c - what becomes of a recommendation: stabilisation over the recent ones, rate limits by scale events.
#include <math.h>
#include <stdlib.h>

#include "sim/policy/scale/hpa.h"

static const sim_hpa_policy up_policies[] = {{false, 4, 15 * HR_SEC}, {true, 100, 15 * HR_SEC}};
static const sim_hpa_policy down_policies[] = {{true, 100, 15 * HR_SEC}};

sim_hpa_controller sim_hpa_controller_default(void)
{
    return (sim_hpa_controller){.tolerance = 0.1, .cpu_initialisation = 300 * HR_SEC, .readiness_delay = 30 * HR_SEC,
                                .downscale_window = 300 * HR_SEC, .up_factor = 2, .up_minimum = 4};
}

sim_hpa_side sim_hpa_up_default(void)
{
    return (sim_hpa_side){.select = SIM_HPA_MAX, .policies = up_policies, .policy_count = HR_COUNT(up_policies)};
}

sim_hpa_side sim_hpa_down_default(const sim_hpa_controller *c)
{
    return (sim_hpa_side){.select = SIM_HPA_MAX, .policies = down_policies, .policy_count = HR_COUNT(down_policies),
                          .window = c->downscale_window};
}

// --- memory -----------------------------------------------------------------------------------------------------------

static void reserve_events(sim_hpa_events *e)
{
    if (e->count < e->room)
        return;
    e->room = e->room ? e->room * 2 : 16;
    e->at = hr_realloc(e->at, e->room * sizeof *e->at);
}

void sim_hpa_memory_reserve(sim_hpa_memory *m)
{
    reserve_events(&m->up);
    reserve_events(&m->down);
    if (m->history.room - m->history.count < 2) {              // the first sync writes two
        m->history.room = m->history.room ? m->history.room * 2 : 16;
        m->history.at = hr_realloc(m->history.at, m->history.room * sizeof *m->history.at);
    }
}

void sim_hpa_memory_free(sim_hpa_memory *m)
{
    free(m->up.at);
    free(m->down.at);
    free(m->history.at);
    *m = (sim_hpa_memory){0};
}

// Into the slot of an old one, or behind the last.
static void remember(sim_hpa_history *h, int64_t slot, int32_t replicas, hr_time now)
{
    HR_ASSERT(slot >= 0 || h->count < h->room);
    h->at[slot >= 0 ? (uint32_t)slot : h->count++] = (sim_hpa_recommendation){.replicas = replicas, .at = now};
}

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t most(int32_t a, int32_t b) { return a > b ? a : b; }

// --- stabilisation ----------------------------------------------------------------------------------------------------

enum { AS_LOW = 1, AS_HIGH = 2 };              // a later recommendation is

void sim_hpa_forget(sim_hpa_history *h, int32_t desired)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        sim_hpa_recommendation r = h->at[i];
        r.overtaken |= (desired <= r.replicas ? AS_LOW : 0u) | (desired >= r.replicas ? AS_HIGH : 0u);
        if (r.overtaken != (AS_LOW | AS_HIGH))
            h->at[kept++] = r;
    }
    h->count = kept;
}

int32_t sim_hpa_stabilise_legacy(sim_hpa_history *h, hr_time window, int32_t desired, hr_time now)
{
    int32_t highest = desired;
    int64_t old = -1;
    for (uint32_t i = 0; i < h->count; i++)
        if (h->at[i].at < now - window)
            old = i;
        else
            highest = most(highest, h->at[i].replicas);
    remember(h, old, desired, now);
    return highest;
}

// The lowest recent recommendation bounds the way up, the highest the way down; the replicas go only as far as they must to lie between.
int32_t sim_hpa_stabilise(sim_hpa_history *h, hr_time up, hr_time down, int32_t current, int32_t desired, hr_time now)
{
    int32_t low = desired, high = desired;
    int64_t old = -1;
    for (uint32_t i = 0; i < h->count; i++) {
        const sim_hpa_recommendation *r = &h->at[i];
        if (r->at > now - up)
            low = least(low, r->replicas);
        if (r->at > now - down)
            high = most(high, r->replicas);
        if (r->at < now - up && r->at < now - down)
            old = i;
    }
    remember(h, old, desired, now);
    return least(most(current, low), high);
}

// --- scale events and limits ------------------------------------------------------------------------------------------

int32_t sim_hpa_change_in(const sim_hpa_events *e, hr_time period, hr_time now)
{
    int32_t sum = 0;
    for (uint32_t i = 0; i < e->count; i++)
        if (e->at[i].at > now - period)
            sum = sim_go_low(sum + (int64_t)e->at[i].change);
    return sum;
}

void sim_hpa_scaled(const sim_hpa *h, sim_hpa_memory *m, int32_t from, int32_t to, hr_time now)
{
    if (!h->has_behaviour || from == to)
        return;
    const sim_hpa_side *side = to > from ? &h->up : &h->down;
    sim_hpa_events *e = to > from ? &m->up : &m->down;
    hr_time longest = 0;
    int64_t old = -1;
    for (uint32_t i = 0; i < side->policy_count; i++)
        longest = hr_max_time(longest, side->policies[i].period);
    for (uint32_t i = 0; i < e->count; i++) {
        e->at[i].outdated = e->at[i].outdated || e->at[i].at < now - longest;
        if (e->at[i].outdated)
            old = i;
    }
    HR_ASSERT(old >= 0 || e->count < e->room);
    e->at[old >= 0 ? (uint32_t)old : e->count++] = (sim_hpa_event){.change = abs(to - from), .at = now};
}

// The replicas at the beginning of the policy's period, as far as our own changes tell.
static int32_t base_of(const sim_hpa_policy *p, int32_t current, const sim_hpa_memory *m, hr_time now)
{
    return sim_go_low((int64_t)current - sim_hpa_change_in(&m->up, p->period, now) + sim_hpa_change_in(&m->down, p->period, now));
}

// One policy's limit. Upwards a percentage is rounded up; downwards it is cut off, with its dust: 10 less 90 % is 0.
static int32_t limit_of(const sim_hpa_policy *p, int32_t base, bool is_up)
{
    if (!p->percent)
        return sim_go_low(is_up ? (int64_t)base + p->value : (int64_t)base - p->value);
    double share = (double)p->value / 100;
    return sim_go_int32(is_up ? ceil((double)base * (1 + share)) : (double)base * (1 - share));
}

int32_t sim_hpa_side_limit(const sim_hpa_side *side, bool is_up, int32_t current, const sim_hpa_memory *m, hr_time now, uint32_t *policy)
{
    int32_t limit = 0;
    bool wants_more = (side->select == SIM_HPA_MAX) == is_up;      // Max is the largest change: downwards the least replicas
    *policy = 0;
    if (side->select == SIM_HPA_DISABLED)
        return current;
    for (uint32_t i = 0; i < side->policy_count; i++) {
        const sim_hpa_policy *p = &side->policies[i];
        int32_t to = limit_of(p, base_of(p, current, m, now), is_up);
        if (i && (wants_more ? to <= limit : to >= limit))
            continue;
        limit = to;
        *policy = i;
    }
    return limit;
}

static sim_hpa_limited within_range(int32_t replicas)
{
    return (sim_hpa_limited){.replicas = replicas, .reason = "DesiredWithinRange", .rule = SIM_HPA_RULE_proposal};
}

sim_hpa_limited sim_hpa_limit_legacy(const sim_hpa *h, int32_t current, int32_t stabilised)
{
    int32_t limit = sim_go_int32(fmax(h->controller.up_factor * current, h->controller.up_minimum));
    bool doubles = h->max > limit;
    int32_t allowed = doubles ? limit : h->max;
    if (stabilised < h->min)
        return (sim_hpa_limited){h->min, "TooFewReplicas", SIM_HPA_RULE_clamped_min, 0};
    if (stabilised <= allowed)
        return within_range(stabilised);
    return (sim_hpa_limited){allowed, doubles ? "ScaleUpLimit" : "TooManyReplicas", doubles ? SIM_HPA_RULE_doubling : SIM_HPA_RULE_clamped_max, 0};
}

static sim_hpa_limited limit_up(const sim_hpa *h, const sim_hpa_memory *m, int32_t current, int32_t stabilised, hr_time now)
{
    uint32_t policy;
    int32_t limit = most(sim_hpa_side_limit(&h->up, true, current, m, now, &policy), current);
    bool by_policy = h->max > limit;
    int32_t allowed = by_policy ? limit : h->max;
    if (stabilised <= allowed)
        return within_range(stabilised);
    if (!by_policy)
        return (sim_hpa_limited){allowed, "TooManyReplicas", SIM_HPA_RULE_clamped_max, 0};
    return (sim_hpa_limited){allowed, "ScaleUpLimit", h->up.select == SIM_HPA_DISABLED ? SIM_HPA_RULE_up_off : SIM_HPA_RULE_limited_up, policy};
}

static sim_hpa_limited limit_down(const sim_hpa *h, const sim_hpa_memory *m, int32_t current, int32_t stabilised, hr_time now)
{
    uint32_t policy;
    int32_t limit = least(sim_hpa_side_limit(&h->down, false, current, m, now, &policy), current);
    bool by_policy = h->min < limit;
    int32_t allowed = by_policy ? limit : h->min;
    if (stabilised >= allowed)
        return within_range(stabilised);
    if (!by_policy)
        return (sim_hpa_limited){allowed, "TooFewReplicas", SIM_HPA_RULE_clamped_min, 0};
    return (sim_hpa_limited){allowed, "ScaleDownLimit", h->down.select == SIM_HPA_DISABLED ? SIM_HPA_RULE_down_off : SIM_HPA_RULE_limited_down,
                             policy};
}

sim_hpa_limited sim_hpa_limit(const sim_hpa *h, const sim_hpa_memory *m, int32_t current, int32_t stabilised, hr_time now)
{
    if (stabilised > current)
        return limit_up(h, m, current, stabilised, now);
    if (stabilised < current)
        return limit_down(h, m, current, stabilised, now);
    return within_range(stabilised);
}
