// sim/policy/balance/upstream.c - the replicas of a balancer: who may be chosen, what is out, what nginx' passive health makes of failures.
#include "sim/policy/balance/upstream.h"

#include <string.h>

sim_ref sim_upstream_make(sim_world *w, const sim_upstream_def *def)
{
    const sim_balancer *policy = sim_balancers[def->policy.row];
    sim_ref ref = sim_take(w, sizeof(sim_upstream));
    sim_upstream *u = SIM_AT(w, sim_upstream, ref);
    SIM_ASSERT(w, def->count >= 1 && def->count <= UINT16_MAX);
    *u = (sim_upstream){.policy = def->policy.row, .peer_count = def->count, .eligible_count = def->count, .max_fails = def->max_fails,
                        .fail_timeout_s = (int32_t)def->fail_timeout_s, .max_conns = def->max_conns, .release_at = HR_FOREVER,
                        .reports = def->reports, .alike = !def->slow_start, .panic = def->panic, .slow_start = def->slow_start,
                        .grows_at = HR_FOREVER};
    memcpy(u->parameter, def->policy.parameter, sizeof u->parameter);
    u->peers = sim_take(w, def->count * sizeof(sim_peer));
    u->eligible = sim_take(w, def->count * sizeof(uint16_t));
    u->state = sim_take(w, policy->state_size + 1);
    if (def->slow_start)
        u->slow = sim_take(w, def->count * sizeof(sim_slow));
    for (uint32_t i = 0; i < def->count; i++) {
        sim_peer *p = SIM_AT(w, sim_peer, u->peers) + i;
        p->weight = (def->weights ? def->weights[i] : 1) * (def->slow_start ? SIM_SLOW_UNIT : 1);
        if (def->slow_start)
            SIM_AT(w, sim_slow, u->slow)[i] = (sim_slow){.since = HR_FOREVER, .full = p->weight};
        p->effective = (int32_t)p->weight;
        if (policy->uses & SIM_USES_NAMES)
            p->name = sim_take_text(w, def->names[i]);
        SIM_AT(w, uint16_t, u->eligible)[i] = (uint16_t)i;
        u->total_weight += p->weight;
        u->alike = u->alike && p->weight == SIM_AT(w, sim_peer, u->peers)->weight;
    }
    u->eligible_weight = u->total_weight;
    if (policy->prepare)
        policy->prepare(w, u);
    for (uint32_t i = 0; i < def->count && policy->changed; i++)
        policy->changed(w, u, i);
    return ref;
}

static inline void tell(sim_world *w, sim_upstream *u, uint32_t slot)
{
    const sim_balancer *policy = sim_balancers[u->policy];
    if (policy->changed)
        policy->changed(w, u, slot);
}

// The place of a slot in the list of those that may be chosen, or where it would have to stand.
static uint32_t place(const sim_world *w, const sim_upstream *u, uint32_t slot)
{
    const uint16_t *list = SIM_AT(w, const uint16_t, u->eligible);
    uint32_t low = 0, high = u->eligible_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (list[middle] < slot)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void set_weight(const sim_world *w, sim_upstream *u, uint32_t slot, uint32_t weight)
{
    sim_peer *p = SIM_AT(w, sim_peer, u->peers) + slot;
    int32_t effective = p->effective + (int32_t)weight - (int32_t)p->weight;
    u->total_weight += weight - p->weight;
    u->eligible_weight += p->out ? 0 : weight - p->weight;
    p->weight = weight;
    p->effective = effective < 0 ? 0 : effective;
}

// By now the weight is so many whole percents of the full one. Returns when it grows next.
static hr_time grow(const sim_world *w, sim_upstream *u, uint32_t slot)
{
    sim_slow *s = SIM_AT(w, sim_slow, u->slow) + slot;
    if (s->since == HR_FOREVER)
        return HR_FOREVER;
    hr_time percent = (w->now - s->since) / (u->slow_start / SIM_SLOW_UNIT);
    if (percent >= SIM_SLOW_UNIT) {
        s->since = HR_FOREVER;
        set_weight(w, u, slot, s->full);
        return HR_FOREVER;
    }
    set_weight(w, u, slot, s->full / SIM_SLOW_UNIT * (uint32_t)(percent ? percent : 1));
    return s->since + (percent + 1) * (u->slow_start / SIM_SLOW_UNIT);
}

static HR_APART void grow_all(const sim_world *w, sim_upstream *u)
{
    u->grows_at = HR_FOREVER;
    for (uint32_t i = 0; i < u->peer_count; i++)
        u->grows_at = hr_min_time(u->grows_at, grow(w, u, i));
}

static void begin_slowly(const sim_world *w, sim_upstream *u, uint32_t slot)
{
    SIM_AT(w, sim_slow, u->slow)[slot].since = w->now;
    u->grows_at = hr_min_time(u->grows_at, grow(w, u, slot));
}

static void set_out(sim_world *w, sim_upstream *u, uint32_t slot, uint32_t reason, bool on)
{
    sim_peer *p = SIM_AT(w, sim_peer, u->peers) + slot;
    uint32_t before = p->out, after = on ? before | reason : before & ~reason;
    if (before == after)
        return;
    p->out = after;
    uint16_t *list = SIM_AT(w, uint16_t, u->eligible);
    uint32_t at = place(w, u, slot);
    if (!before) {
        u->eligible_count--;
        u->eligible_weight -= p->weight;
        memmove(list + at, list + at + 1, (u->eligible_count - at) * sizeof *list);
    } else if (!after) {
        memmove(list + at + 1, list + at, (u->eligible_count - at) * sizeof *list);
        list[at] = (uint16_t)slot;
        u->eligible_count++;
        u->eligible_weight += p->weight;
    }
    if (!(before & SIM_OUT_OF_SERVICE) != !(after & SIM_OUT_OF_SERVICE))
        u->service_changes++;
    tell(w, u, slot);
}

// Envoy's rule (its manual, "Panic threshold"): compared whenever somebody gets sick or well, comes or goes.
static HR_APART void look_for_panic(sim_world *w, sim_upstream *u)
{
    uint32_t there = 0, healthy = 0;
    for (uint32_t i = 0; i < u->peer_count; i++) {
        const sim_peer *p = SIM_AT(w, const sim_peer, u->peers) + i;
        bool is_there = !(p->out & (SIM_OUT_DOWN | SIM_OUT_DRAINING));
        there += is_there;
        healthy += is_there && !p->sick;
    }
    bool panics = healthy < u->panic * there;
    if (panics == (u->panicking.level > 0))
        return;
    (panics ? sim_level_up : sim_level_down)(w, &u->panicking);
    for (uint32_t i = 0; i < u->peer_count; i++) {
        uint32_t sick = SIM_AT(w, const sim_peer, u->peers)[i].sick;
        if (sick)
            set_out(w, u, i, sick, !panics);
    }
}

static HR_APART void mark(sim_world *w, sim_upstream *u, uint32_t slot, uint32_t reason, bool on)
{
    sim_peer *p = SIM_AT(w, sim_peer, u->peers) + slot;
    uint32_t sick = p->sick, lasting = (p->out & SIM_OUT_OF_SERVICE) | sick;
    if (reason & SIM_OUT_SICK)
        p->sick = on ? sick | reason : sick & ~reason;
    if (!sick != !p->sick)
        (p->sick ? sim_level_up : sim_level_down)(w, &u->sick);
    if (!(reason & SIM_OUT_SICK && on && u->panicking.level))
        set_out(w, u, slot, reason, on);
    if (u->slow_start && lasting && !(p->out & SIM_OUT_OF_SERVICE) && !p->sick)
        begin_slowly(w, u, slot);
    if (u->panic > 0 && reason & (SIM_OUT_SICK | SIM_OUT_DOWN | SIM_OUT_DRAINING))
        look_for_panic(w, u);
}

void sim_upstream_mark(sim_world *w, sim_ref upstream, uint32_t slot, uint32_t reason, bool on)
{
    mark(w, SIM_AT(w, sim_upstream, upstream), slot, reason, on);
}

// --- passive health, as nginx has it ----------------------------------------------------------------------------------------

static int32_t seconds(const sim_world *w) { return (int32_t)(w->now / HR_SEC); }

// A replica that has failed too often waits until fail_timeout is over, in whole seconds, since it failed or had its last chance.
static void judge(sim_world *w, sim_upstream *u, uint32_t slot)
{
    const sim_peer *p = SIM_AT(w, const sim_peer, u->peers) + slot;
    bool waits = u->max_fails && p->fails >= u->max_fails && seconds(w) - p->checked_s <= u->fail_timeout_s;
    if (waits)
        u->release_at = hr_min_time(u->release_at, ((hr_time)p->checked_s + u->fail_timeout_s + 1) * HR_SEC);
    mark(w, u, slot, SIM_OUT_FAILED, waits);
}

static HR_APART void release(sim_world *w, sim_upstream *u)
{
    u->release_at = HR_FOREVER;
    for (uint32_t i = 0; i < u->peer_count; i++)
        if (SIM_AT(w, const sim_peer, u->peers)[i].out & SIM_OUT_FAILED)
            judge(w, u, i);
}

// Choosing a replica whose time is over gives it one chance: no other call goes there before this one is back.
static HR_APART void give_chance(sim_world *w, sim_upstream *u, uint32_t slot)
{
    sim_peer *p = SIM_AT(w, sim_peer, u->peers) + slot;
    if (seconds(w) - p->checked_s <= u->fail_timeout_s)
        return;
    p->checked_s = seconds(w);
    judge(w, u, slot);
}

static HR_APART void note_end(sim_world *w, sim_upstream *u, uint32_t slot, bool failed)
{
    sim_peer *p = SIM_AT(w, sim_peer, u->peers) + slot;
    if (failed) {
        p->fails++;
        p->accessed_s = p->checked_s = seconds(w);
        p->effective -= (int32_t)(p->weight / u->max_fails);
        if (p->effective < 0)
            p->effective = 0;
    } else if (p->accessed_s < p->checked_s) {
        p->fails = 0;
    }
    judge(w, u, slot);
}

// --- choosing and answering -------------------------------------------------------------------------------------------------

static inline void set_load(sim_world *w, sim_upstream *u, uint32_t slot)
{
    sim_peer *p = SIM_AT(w, sim_peer, u->peers) + slot;
    if (!u->reports)
        p->load = p->in_flight;
    if (u->max_conns)
        mark(w, u, slot, SIM_OUT_FULL, p->in_flight >= u->max_conns);
    tell(w, u, slot);
}

static inline void take(sim_world *w, sim_upstream *u, uint32_t slot)
{
    SIM_AT(w, sim_peer, u->peers)[slot].in_flight++;
    u->in_flight++;
    set_load(w, u, slot);
    if (u->max_fails)
        give_chance(w, u, slot);
}

bool sim_upstream_choose_this(sim_world *w, sim_ref upstream, uint32_t slot)
{
    sim_upstream *u = SIM_AT(w, sim_upstream, upstream);
    if (w->now >= u->release_at)
        release(w, u);
    if (SIM_AT(w, const sim_peer, u->peers)[slot].out & ~(uint32_t)SIM_OUT_DRAINING)
        return false;
    take(w, u, slot);
    return true;
}

// Somebody may be chosen.
static inline uint32_t pick(sim_world *w, sim_upstream *u, sim_balanced *call)
{
    sim_candidates c = {.slot = SIM_AT(w, const uint16_t, u->eligible), .count = u->eligible_count, .peer = SIM_AT(w, sim_peer, u->peers),
                        .peer_count = u->peer_count, .call = call, .world = w, .upstream = u, .parameter = u->parameter};
    uint32_t slot = sim_balancers[u->policy]->pick(SIM_AT(w, void, u->state), &c);
    SIM_ASSERT(w, slot < u->peer_count && c.peer[slot].out == 0);
    return slot;
}

void sim_upstream_turn(sim_world *w, sim_ref upstream, uint32_t turns)
{
    sim_upstream *u = SIM_AT(w, sim_upstream, upstream);
    for (; turns && u->eligible_count; turns--)
        tell(w, u, pick(w, u, &(sim_balanced){0}));
}

static HR_APART void mark_tried(sim_world *w, sim_upstream *u, const uint32_t *tried, uint32_t count, bool on)
{
    for (uint32_t i = 0; i < count; i++)
        mark(w, u, tried[i], SIM_OUT_TRIED, on);
}

uint32_t sim_upstream_choose(sim_world *w, sim_ref upstream, sim_balanced *call, const uint32_t *tried, uint32_t tried_count)
{
    sim_upstream *u = SIM_AT(w, sim_upstream, upstream);
    if (w->now >= u->release_at)
        release(w, u);
    if (w->now >= u->grows_at)
        grow_all(w, u);
    if (tried_count)
        mark_tried(w, u, tried, tried_count, true);
    uint32_t slot = SIM_NO_PEER;
    if (u->eligible_count) {
        slot = pick(w, u, call);
        take(w, u, slot);
    }
    if (tried_count)
        mark_tried(w, u, tried, tried_count, false);
    return slot;
}

void sim_upstream_answer(sim_world *w, sim_ref upstream, uint32_t slot, hr_time took, bool failed)
{
    sim_upstream *u = SIM_AT(w, sim_upstream, upstream);
    sim_peer *p = SIM_AT(w, sim_peer, u->peers) + slot;
    SIM_ASSERT(w, p->in_flight > 0);
    p->in_flight--;
    u->in_flight--;
    if (sim_balancers[u->policy]->answered)
        sim_balancers[u->policy]->answered(w, u, slot, took);
    set_load(w, u, slot);
    if (u->max_fails && u->peer_count > 1)     // an only server is never given up
        note_end(w, u, slot, failed);
}

void sim_upstream_renew(sim_world *w, sim_ref upstream, uint32_t slot)
{
    sim_upstream *u = SIM_AT(w, sim_upstream, upstream);
    sim_peer *p = SIM_AT(w, sim_peer, u->peers) + slot;
    p->out |= SIM_OUT_TRIED;                   // the sum of one that may be chosen is kept in the index, if there is one: it lets go of it
    tell(w, u, slot);
    p->effective = (int32_t)p->weight;
    p->current = 0;
    p->out &= ~(uint32_t)SIM_OUT_TRIED;
    tell(w, u, slot);
    p->fails = 0;
    p->accessed_s = p->checked_s = 0;
    mark(w, u, slot, SIM_OUT_FAILED, false);
    mark(w, u, slot, SIM_OUT_UNHEALTHY, false);
}

void sim_upstream_report(sim_world *w, sim_ref upstream)
{
    sim_upstream *u = SIM_AT(w, sim_upstream, upstream);
    for (uint32_t i = 0; i < u->peer_count; i++) {
        sim_peer *p = SIM_AT(w, sim_peer, u->peers) + i;
        if (p->load == p->in_flight)
            continue;
        p->load = p->in_flight;
        tell(w, u, i);
    }
}

void sim_upstream_reset(const sim_world *w, sim_ref upstream)
{
    sim_upstream *u = SIM_AT(w, sim_upstream, upstream);
    sim_level_reset(w, &u->sick);
    sim_level_reset(w, &u->panicking);
}

void sim_upstream_check(const sim_world *w, sim_ref upstream)
{
    const sim_upstream *u = SIM_AT(w, const sim_upstream, upstream);
    uint64_t in_flight = 0;
    uint32_t eligible = 0, weight = 0, total = 0, sick = 0;
    for (uint32_t i = 0; i < u->peer_count; i++) {
        const sim_peer *p = SIM_AT(w, const sim_peer, u->peers) + i;
        in_flight += p->in_flight;
        total += p->weight;
        sick += p->sick != 0;
        SIM_ASSERT(w, u->reports || p->load == p->in_flight);
        SIM_ASSERT(w, !u->max_conns || p->in_flight <= u->max_conns);
        SIM_ASSERT(w, (p->out & SIM_OUT_SICK) == (u->panicking.level ? 0 : p->sick));
        SIM_ASSERT(w, !u->slow || (p->weight && p->weight <= SIM_AT(w, const sim_slow, u->slow)[i].full));
        if (p->out)
            continue;
        SIM_ASSERT(w, eligible < u->eligible_count && SIM_AT(w, const uint16_t, u->eligible)[eligible] == i);
        eligible++;
        weight += p->weight;
    }
    if (sim_balancers[u->policy]->check)
        sim_balancers[u->policy]->check(w, u);
    SIM_ASSERT(w, in_flight == u->in_flight && eligible == u->eligible_count && weight == u->eligible_weight && total == u->total_weight && sick == u->sick.level);
}
