// sim/parts/sidecar.c - see sidecar.h.
#include "sim/parts/sidecar.h"

#include <stdlib.h>
#include <string.h>

#include "sim/parts/lives.h"
#include "sim/parts/network.h"
#include "sim/policy/balance/upstream.h"

typedef struct { sim_pair who; sim_ref sidecar; uint32_t unused; } known;

static sim_sidecar *sidecar_at(const sim_world *w, sim_ref ref) { return SIM_AT(w, sim_sidecar, ref); }
static uint16_t service_at(const sim_world *w, const sim_sidecars *s, uint32_t target) { return SIM_AT(w, const uint16_t, s->targets)[target]; }
static sim_sidecar_level *level_at(const sim_world *w, const sim_sidecar *c, uint32_t level) { return SIM_AT(w, sim_sidecar_level, c->levels) + level; }

static const sim_mesh_level *plan_at(const sim_world *w, const sim_sidecars *s, uint32_t region, uint32_t level)
{
    return SIM_AT(w, const sim_mesh_level, s->levels) + region * s->target_count + level;
}

static uint32_t level_count(const sim_world *w, const sim_sidecars *s, uint32_t region)
{
    uint32_t levels = 0;
    while (levels < s->target_count && plan_at(w, s, region, levels)->count)
        levels++;
    return levels;
}

static sim_upstream *upstream_of(const sim_world *w, const sim_sidecar_level *l) { return SIM_AT(w, sim_upstream, l->upstream); }

// --- levels -----------------------------------------------------------------------------------------------------------------

void sim_sidecars_build(sim_world *w, sim_component_id id, sim_sidecars *s, const sim_mesh_def *d)
{
    *s = (sim_sidecars){.policy = d->policy, .target_count = d->target_count, .regions = d->regions, .has_outliers = d->has_outliers,
                        .outliers = d->outliers, .overprovisioning_factor = d->overprovisioning_factor, .known = {.bytes = sizeof(known)},
                        .stream_choice = sim_stream(w, id, SIM_DRAW_CHOICE), .stream_level = sim_stream(w, id, SIM_DRAW_LEVEL),
                        .stream_cursor = sim_stream(w, id, SIM_DRAW_CURSOR)};
    s->targets = sim_take(w, d->target_count * sizeof *d->targets);
    memcpy(SIM_AT(w, uint16_t, s->targets), d->targets, d->target_count * sizeof *d->targets);
    s->level_of = sim_take(w, (size_t)d->regions * d->target_count);
    memcpy(SIM_AT(w, uint8_t, s->level_of), d->levels, (size_t)d->regions * d->target_count);
}

// The endpoints of a level: all replicas of those services that are of it.
static sim_mesh_level gather(sim_world *w, const sim_sidecars *s, uint32_t region, uint32_t level)
{
    const uint8_t *level_of = SIM_AT(w, const uint8_t, s->level_of) + region * s->target_count;
    sim_mesh_level l = {0};
    for (uint32_t t = 0; t < s->target_count; t++)
        l.count += level_of[t] == level ? sim_service_replicas(w, service_at(w, s, t)) : 0;
    l.endpoints = sim_take(w, (l.count + 1u) * sizeof(sim_endpoint));
    sim_endpoint *e = SIM_AT(w, sim_endpoint, l.endpoints);
    for (uint32_t t = 0; t < s->target_count; t++)
        for (uint32_t i = 0; level_of[t] == level && i < sim_service_replicas(w, service_at(w, s, t)); i++)
            *e++ = (sim_endpoint){(uint16_t)t, (uint16_t)i};
    return l;
}

void sim_sidecars_start(sim_world *w, sim_sidecars *s)
{
    s->levels = sim_take(w, (size_t)s->regions * s->target_count * sizeof(sim_mesh_level));
    for (uint32_t r = 0; r < s->regions; r++)
        for (uint32_t l = 0; l < s->target_count; l++) {
            sim_mesh_level level = gather(w, s, r, l);
            SIM_AT(w, sim_mesh_level, s->levels)[r * s->target_count + l] = level;
        }
}

void sim_mesh_loads(const uint32_t *healthy, const uint32_t *total, uint32_t levels, double overprovisioning_factor, double *load)
{
    uint32_t health[SIM_MOST_MESH_TARGETS], sum = 0;               // in whole percents, as Envoy has it
    for (uint32_t i = 0; i < levels; i++) {
        double percent = total[i] ? overprovisioning_factor * 100 * healthy[i] / total[i] : 0;
        health[i] = percent < 100 ? (uint32_t)percent : 100;
        sum += health[i];
    }
    double left = sum ? 1 : 0, all = sum < 100 ? sum : 100;
    for (uint32_t i = 0; i < levels; i++) {
        double wanted = all > 0 ? health[i] / all : 0;
        load[i] = wanted < left ? wanted : left;
        left -= load[i];
    }
}

// --- a sidecar begins -------------------------------------------------------------------------------------------------------

// Where the turn of a rotating policy begins is left to chance, else all sidecars would begin with the same replica: Envoy seeds the index of its
// round robin so (RoundRobinLoadBalancer::refreshHostSource).
static void turn(sim_world *w, const sim_sidecars *s, const sim_sidecar *c, uint32_t level)
{
    if (sim_balancers[s->policy.row]->uses & (SIM_USES_KEY | SIM_USES_ADDRESS))
        return;
    uint64_t who = (uint64_t)sim_component_at(w, (sim_component_id)c->caller)->stream << 32 | c->replica;
    double u = sim_unit(sim_random(w->seed, s->stream_cursor, who, level << 16 | c->life).word[0]);
    sim_upstream_turn(w, level_at(w, c, level)->upstream, (uint32_t)(u * plan_at(w, s, c->region, level)->count));
}

static void begin_level(sim_world *w, const sim_sidecars *s, const sim_sidecar *c, uint32_t level)
{
    const sim_mesh_level *plan = plan_at(w, s, c->region, level);
    const sim_endpoint *e = SIM_AT(w, const sim_endpoint, plan->endpoints);
    char **names = hr_alloc(plan->count * sizeof *names);
    for (uint32_t i = 0; i < plan->count; i++)
        names[i] = hr_format("%s-%u", sim_component_name(w, service_at(w, s, e[i].target)), e[i].replica);
    sim_ref upstream = sim_upstream_make(w, &(sim_upstream_def){.policy = s->policy, .count = plan->count, .names = (const char *const *)names});
    sim_ref outlier = s->has_outliers ? sim_outlier_make(w, &s->outliers, upstream, plan->count) : 0;
    *level_at(w, c, level) = (sim_sidecar_level){.upstream = upstream, .outlier = outlier, .there = plan->count};
    for (uint32_t i = 0; i < plan->count; i++) {
        free(names[i]);
        if (sim_service_is_ready(w, service_at(w, s, e[i].target), e[i].replica))
            continue;
        sim_upstream_mark(w, upstream, i, SIM_OUT_DOWN, true);
        level_at(w, c, level)->there--;
    }
    free(names);
    turn(w, s, c, level);
}

// Another replica has come into the caller's slot: its sidecar knows nothing yet. What the one before has sent and nobody waits for still counts.
static void renew(sim_world *w, const sim_sidecars *s, sim_sidecar *c, uint32_t life)
{
    c->life = life;
    for (uint32_t l = 0; l < level_count(w, s, c->region); l++) {
        const sim_sidecar_level *level = level_at(w, c, l);
        for (uint32_t i = 0; i < plan_at(w, s, c->region, l)->count; i++) {
            sim_upstream_renew(w, level->upstream, i);
            if (level->outlier)
                sim_outlier_renew(w, level->outlier, i);
        }
        turn(w, s, c, l);
    }
}

// Who asks: what only passes calls on has no sidecar.
static const sim_call *asked_by(const sim_world *w, const sim_call *c)
{
    while (c->parent && !(c->flags & SIM_CALL_ABANDONED) && (sim_component_at(w, c->caller)->kind == SIM_PART_limiter ||
                                                             sim_component_at(w, c->caller)->kind == SIM_PART_breaker))
        c = sim_call_at(w, c->parent);
    return c;
}

sim_ref sim_sidecar_of(sim_world *w, sim_component_id id, sim_sidecars *s, const sim_call *call, uint16_t what)
{
    const sim_call *c = asked_by(w, call);
    bool has_replicas = sim_component_at(w, c->caller)->kind == SIM_PART_service && c->parent && !(c->flags & SIM_CALL_ABANDONED);
    uint32_t replica = has_replicas ? sim_call_at(w, c->parent)->replica : 0, region = s->regions > 1 ? sim_network_from(w, call) : 0;
    uint32_t life = has_replicas && SIM_STATE(w, const sim_service, c->caller)->lives
                    ? sim_life_at(w, sim_lives_of(w, c->caller), replica)->number : 0;
    known *k = sim_table_add(w, &s->known, (uint64_t)c->caller << 32 | replica, region);
    if (k->sidecar) {
        if (sidecar_at(w, k->sidecar)->life != life)
            renew(w, s, sidecar_at(w, k->sidecar), life);
        return k->sidecar;
    }
    sim_ref ref = k->sidecar = sim_take(w, sizeof(sim_sidecar));
    sim_sidecar *sidecar = sidecar_at(w, ref);
    uint32_t levels = level_count(w, s, region);
    *sidecar = (sim_sidecar){.next = s->first, .caller = c->caller, .replica = replica, .life = life, .region = region,
                             .levels = sim_take(w, levels * sizeof(sim_sidecar_level))};
    s->first = ref;
    s->count++;
    for (uint32_t l = 0; l < levels; l++)
        begin_level(w, s, sidecar, l);
    if (s->has_outliers)
        sim_schedule(w, w->now + s->outliers.interval, id, what, ref, 0);
    return ref;
}

// --- choosing ---------------------------------------------------------------------------------------------------------------

static uint32_t healthy_in(const sim_world *w, const sim_sidecar_level *l) { return upstream_of(w, l)->eligible_count; }

// The level by the loads of all; where not even a hundredth is healthy anywhere, the nearest one with somebody. Past the last: nobody is healthy.
static uint32_t choose_level(const sim_world *w, const sim_sidecars *s, const sim_sidecar *c, const sim_call *call, uint32_t path)
{
    uint32_t healthy[SIM_MOST_MESH_TARGETS], there[SIM_MOST_MESH_TARGETS], levels = level_count(w, s, c->region), level = 0;
    double load[SIM_MOST_MESH_TARGETS];
    for (uint32_t i = 0; i < levels; i++) {
        healthy[i] = healthy_in(w, level_at(w, c, i));
        there[i] = level_at(w, c, i)->there;
    }
    sim_mesh_loads(healthy, there, levels, s->overprovisioning_factor, load);
    double u = load[0] < 1 ? sim_unit(sim_random(w->seed, s->stream_level, call->request, path).word[0]) : 0;
    while (level < levels && u >= load[level])
        u -= load[level++];
    if (level < levels)
        return level;
    for (level = 0; level < levels && !healthy[level]; )
        level++;
    return level;
}

bool sim_sidecar_choose(sim_world *w, const sim_sidecars *s, sim_ref sidecar, const sim_call *call, uint32_t path, const sim_mesh_place *tried,
                        uint32_t count, sim_mesh_place *place)
{
    sim_sidecar *c = sidecar_at(w, sidecar);
    uint32_t level = choose_level(w, s, c, call, path), slots[SIM_MOST_MESH_RETRIES + 1], n = 0;
    if (level == level_count(w, s, c->region) || !healthy_in(w, level_at(w, c, level)))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        bool is_new = tried[i].level == level;
        for (uint32_t k = 0; k < n; k++)
            is_new = is_new && slots[k] != tried[i].slot;
        if (is_new)
            slots[n++] = tried[i].slot;
    }
    const unsigned uses = sim_balancers[s->policy.row]->uses;
    char key[SIM_BALANCE_KEY_BYTES];
    sim_balanced choice = {.key = key};
    if (uses & SIM_USES_CHANCE)
        choice.random = sim_random(w->seed, s->stream_choice, call->request, path);
    if (uses & (SIM_USES_KEY | SIM_USES_ADDRESS))
        choice.key_bytes = sim_balance_key(uses, call->key, key);
    sim_ref upstream = level_at(w, c, level)->upstream;
    uint32_t slot = sim_upstream_choose(w, upstream, &choice, slots, n);
    if (slot == SIM_NO_PEER)                   // all have been tried: any of them
        slot = sim_upstream_choose(w, upstream, &choice, NULL, 0);
    *place = (sim_mesh_place){(uint16_t)level, (uint16_t)slot};
    c->out++;
    return true;
}

sim_endpoint sim_sidecar_endpoint(const sim_world *w, const sim_sidecars *s, sim_ref sidecar, sim_mesh_place place)
{
    return SIM_AT(w, const sim_endpoint, plan_at(w, s, sidecar_at(w, sidecar)->region, place.level)->endpoints)[place.slot];
}

// An attempt is not out any more.
static const sim_sidecar_level *end(sim_world *w, sim_ref sidecar, sim_mesh_place place, hr_time took, bool failed)
{
    sim_sidecar *c = sidecar_at(w, sidecar);
    const sim_sidecar_level *l = level_at(w, c, place.level);
    c->out--;
    sim_upstream_answer(w, l->upstream, place.slot, took, failed);
    return l;
}

void sim_sidecar_answer(sim_world *w, sim_ref sidecar, sim_mesh_place place, hr_time took, sim_outcome status)
{
    const sim_sidecar_level *l = end(w, sidecar, place, took, status == SIM_error || status == SIM_lost);
    if (l->outlier)
        sim_outlier_note(w, l->outlier, place.slot, status != SIM_ok);
}

void sim_sidecar_cancel(sim_world *w, sim_ref sidecar, sim_mesh_place place, hr_time took) { (void)end(w, sidecar, place, took, false); }

void sim_sidecar_look(sim_world *w, sim_component_id id, const sim_sidecars *s, const sim_event *event)
{
    const sim_sidecar *c = sidecar_at(w, event->subject);
    for (uint32_t l = 0; l < level_count(w, s, c->region); l++)
        sim_outlier_look(w, level_at(w, c, l)->outlier);
    sim_schedule(w, w->now + s->outliers.interval, id, event->what, event->subject, 0);
}

// --- who is there -----------------------------------------------------------------------------------------------------------

static void see(sim_world *w, sim_sidecar_level *l, uint32_t slot, bool is_eligible)
{
    bool was_down = SIM_AT(w, const sim_peer, upstream_of(w, l)->peers)[slot].out & SIM_OUT_DOWN;
    if (is_eligible) {
        sim_upstream_renew(w, l->upstream, slot);
        if (l->outlier)
            sim_outlier_renew(w, l->outlier, slot);
    }
    if (is_eligible)
        l->there += was_down;
    else
        l->there -= !was_down;
    sim_upstream_mark(w, l->upstream, slot, SIM_OUT_DOWN, !is_eligible);
}

void sim_sidecars_see(sim_world *w, const sim_sidecars *s, sim_component_id service, uint32_t replica, bool is_eligible)
{
    for (sim_ref ref = s->first; ref; ref = sidecar_at(w, ref)->next) {
        const sim_sidecar *c = sidecar_at(w, ref);
        for (uint32_t l = 0; l < level_count(w, s, c->region); l++) {
            const sim_mesh_level *plan = plan_at(w, s, c->region, l);
            const sim_endpoint *e = SIM_AT(w, const sim_endpoint, plan->endpoints);
            for (uint32_t i = 0; i < plan->count; i++)
                if (e[i].replica == replica && service_at(w, s, e[i].target) == service)
                    see(w, level_at(w, c, l), i, is_eligible);
        }
    }
}

// --- counts -----------------------------------------------------------------------------------------------------------------

static uint64_t all_ejections(const sim_world *w, const sim_sidecars *s)
{
    uint64_t ejections = 0;
    for (sim_ref ref = s->has_outliers ? s->first : 0; ref; ref = sidecar_at(w, ref)->next)
        for (uint32_t l = 0; l < level_count(w, s, sidecar_at(w, ref)->region); l++)
            ejections += sim_outlier_ejections(w, level_at(w, sidecar_at(w, ref), l)->outlier);
    return ejections;
}

uint64_t sim_sidecars_ejections(const sim_world *w, const sim_sidecars *s) { return all_ejections(w, s) - s->ejections_at_reset; }

double sim_sidecars_ejected(const sim_world *w, const sim_sidecars *s)
{
    double ejected = 0;
    for (sim_ref ref = s->first; ref; ref = sidecar_at(w, ref)->next)
        for (uint32_t l = 0; l < level_count(w, s, sidecar_at(w, ref)->region); l++)
            ejected += sim_level_average(w, &upstream_of(w, level_at(w, sidecar_at(w, ref), l))->sick);
    return s->count ? ejected / s->count : 0;
}

void sim_sidecars_reset(sim_world *w, sim_sidecars *s)
{
    s->ejections_at_reset = all_ejections(w, s);
    for (sim_ref ref = s->first; ref; ref = sidecar_at(w, ref)->next)
        for (uint32_t l = 0; l < level_count(w, s, sidecar_at(w, ref)->region); l++)
            sim_upstream_reset(w, level_at(w, sidecar_at(w, ref), l)->upstream);
}

// What a sidecar has out is out at its balancers, and these know who is ready.
static void check_one(const sim_world *w, const sim_sidecars *s, const sim_sidecar *c)
{
    uint64_t out = 0;
    for (uint32_t l = 0; l < level_count(w, s, c->region); l++) {
        const sim_sidecar_level *level = level_at(w, c, l);
        const sim_upstream *u = upstream_of(w, level);
        const sim_endpoint *e = SIM_AT(w, const sim_endpoint, plan_at(w, s, c->region, l)->endpoints);
        uint32_t there = 0;
        sim_upstream_check(w, level->upstream);
        if (level->outlier)
            sim_outlier_check(w, level->outlier);
        for (uint32_t i = 0; i < u->peer_count; i++) {
            bool is_down = SIM_AT(w, const sim_peer, u->peers)[i].out & SIM_OUT_DOWN;
            SIM_ASSERT(w, is_down == !sim_service_is_ready(w, service_at(w, s, e[i].target), e[i].replica));
            there += !is_down;
        }
        SIM_ASSERT(w, there == level->there);
        out += u->in_flight;
    }
    SIM_ASSERT(w, out == c->out);
}

uint64_t sim_sidecars_check(const sim_world *w, const sim_sidecars *s)
{
    uint64_t out = 0;
    uint32_t count = 0;
    for (sim_ref ref = s->first; ref; ref = sidecar_at(w, ref)->next) {
        check_one(w, s, sidecar_at(w, ref));
        out += sidecar_at(w, ref)->out;
        count++;
    }
    SIM_ASSERT(w, count == s->count && count == s->known.count);
    return out;
}
