// sim/parts/vertical.c - see vertical.h.
#include "sim/parts/vertical.h"

#include <stdlib.h>

typedef struct {
    uint32_t number, kills;                    // of the replica that this is about; kills that have been counted
    hr_time  sampled, waiting;                 // the last sample; since when it could not be resized in place, 0: it does not wait
    sim_vpa_container peaks;
} container;

typedef struct {
    uint32_t slot, number;
    sim_vpa_priority priority;
} candidate;

size_t sim_vertical_demand(const sim_scale_settings *s) { return 2 * (size_t)s->max * sizeof(container); }

void sim_vertical_start(sim_world *w, sim_vertical *v, uint32_t slots)
{
    sim_ref containers = sim_take(w, slots * sizeof(container));
    v->containers = containers;
    v->slots = slots;
}

static container *container_at(const sim_world *w, const sim_vertical *v, uint32_t slot) { return SIM_AT(w, container, v->containers) + slot; }

static bool is_active(const sim_life *life) { return life->phase >= SIM_LIFE_PENDING && life->phase <= SIM_LIFE_READY; }

// --- the recommender ----------------------------------------------------------------------------------------------------

static void learn(const sim_world *w, sim_component_id target, const sim_vertical *v, sim_vpa *state, const sim_vpa_recommender *r, uint32_t slot,
                  const sim_vertical_sample *sample)
{
    const sim_life *life = sim_life_at(w, sim_lives_of(w, target), slot);
    container *c = container_at(w, v, slot);
    bool has_memory = SIM_STATE(w, const sim_service, target)->memory;
    sim_memory_use use = has_memory ? sim_memory_of(w, target, slot) : (sim_memory_use){0};
    if (c->number != life->number)
        *c = (container){.number = life->number, .kills = use.killed >= life->created ? 0 : use.kills};
    if (use.kills != c->kills && use.killed >= life->created)
        sim_vpa_add_oom(state, &c->peaks, r, use.kill_limit, use.killed);
    c->kills = use.kills;
    if (!sample->is_known || sample->sampled <= c->sampled)
        return;
    c->sampled = sample->sampled;
    sim_vpa_add_cpu(state, r, sample->cores, life->cores, sample->sampled);
    if (has_memory)
        sim_vpa_add_memory(state, &c->peaks, r, sample->bytes, sample->sampled);
}

// What a replica should have: of what is not controlled what it has.
static void wanted_of(const sim_vertical *v, const sim_vpa_settings *s, double cores, double bytes, double want[SIM_VPA_RESOURCES])
{
    want[SIM_VPA_CPU] = s->controls >> SIM_VPA_CPU & 1 ? v->recommendation.target[SIM_VPA_CPU] : cores;
    want[SIM_VPA_MEMORY] = s->controls >> SIM_VPA_MEMORY & 1 ? v->recommendation.target[SIM_VPA_MEMORY] : bytes;
}

// --- the updater --------------------------------------------------------------------------------------------------------

static bool is_quick_oom(const sim_world *w, sim_component_id target, uint32_t slot, const sim_vpa_updater *u)
{
    if (!SIM_STATE(w, const sim_service, target)->memory)
        return false;
    sim_memory_use use = sim_memory_of(w, target, slot);
    return use.kills && use.killed >= sim_life_at(w, sim_lives_of(w, target), slot)->created && use.killed_after < u->evict_after_oom;
}

static int by_priority(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->priority.grows != y->priority.grows)
        return x->priority.grows ? -1 : 1;
    if (x->priority.change > y->priority.change || x->priority.change < y->priority.change)
        return x->priority.change > y->priority.change ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

// Returns how many.
static uint32_t find_candidates(const sim_world *w, sim_component_id target, const sim_vertical *v, const sim_vpa_settings *s, candidate *list)
{
    const sim_lives *l = sim_lives_of(w, target);
    uint32_t n = 0;
    for (uint32_t i = 0; i < v->slots; i++) {
        const sim_life *life = sim_life_at(w, l, i);
        const double request[SIM_VPA_RESOURCES] = {life->cores, life->memory_bytes};
        if (!is_active(life))
            continue;
        sim_vpa_priority p = sim_vpa_judge(s, &v->recommendation, request, w->now - life->created, is_quick_oom(w, target, i, &s->updater));
        if (p.wants)
            list[n++] = (candidate){i, life->number, p};
    }
    qsort(list, n, sizeof *list, by_priority);
    return n;
}

// Gets its recommendation while it works. False: not now.
static bool resize_in_place(sim_world *w, sim_component_id target, const sim_vertical *v, const sim_vpa_settings *s, uint32_t slot)
{
    const sim_life *life = sim_life_at(w, sim_lives_of(w, target), slot);
    double want[SIM_VPA_RESOURCES];
    wanted_of(v, s, life->cores, life->memory_bytes, want);
    bool fits = !SIM_STATE(w, const sim_service, target)->memory || sim_memory_of(w, target, slot).used <= want[SIM_VPA_MEMORY];
    return fits && sim_lives_resize(w, target, slot, want[SIM_VPA_CPU], want[SIM_VPA_MEMORY]);
}

// How long the kubelet may take until the updater evicts instead: its memory has to become free, or room on its node (updater/restriction).
static hr_time patience(const sim_world *w, sim_component_id target, const sim_vertical *v, const sim_vpa_settings *s, uint32_t slot)
{
    bool shrinks = s->controls >> SIM_VPA_MEMORY & 1 && SIM_STATE(w, const sim_service, target)->memory &&
                   sim_memory_of(w, target, slot).used > v->recommendation.target[SIM_VPA_MEMORY];
    return shrinks ? 3600 * HR_SEC : 300 * HR_SEC;
}

// One that runs. What it does is a disruption in each case.
static void update(sim_world *w, sim_component_id target, sim_vertical *v, const sim_vpa_settings *s, uint32_t slot)
{
    container *c = container_at(w, v, slot);
    if (s->mode == SIM_UPDATE_InPlaceOrRecreate) {
        if (resize_in_place(w, target, v, s, slot)) {
            c->waiting = 0;
            return;
        }
        c->waiting = c->waiting ? c->waiting : w->now;
        if (w->now - c->waiting <= patience(w, target, v, s, slot))
            return;
    }
    sim_lives_evict(w, target, slot);
}

// A pod that has never run disturbs nobody when it goes; in place it has to run first.
static void update_all(sim_world *w, sim_component_id target, sim_vertical *v, const sim_vpa_settings *s)
{
    const sim_lives *l = sim_lives_of(w, target);
    uint32_t live = 0, running = 0, disrupted = 0;
    for (uint32_t i = 0; i < v->slots; i++) {
        const sim_life *life = sim_life_at(w, l, i);
        live += is_active(life);
        running += is_active(life) && life->has_run;
    }
    if (live < s->updater.min_replicas)
        return;
    candidate *list = hr_alloc(v->slots * sizeof *list);
    for (uint32_t i = 0, n = find_candidates(w, target, v, s, list); i < n; i++) {
        uint32_t slot = list[i].slot;
        const sim_life *life = sim_life_at(w, l, slot);
        if (life->number != list[i].number || !is_active(life))    // room that became free has changed it
            continue;
        if (!life->has_run && s->mode == SIM_UPDATE_Recreate) {
            sim_lives_evict(w, target, slot);
        } else if (life->has_run && sim_vpa_may_disrupt(&s->updater, l->wanted, running, disrupted)) {
            disrupted++;
            update(w, target, v, s, slot);
        }
    }
    free(list);
}

void sim_vertical_look(sim_world *w, sim_component_id target, sim_vertical *v, sim_vpa *state, const sim_vpa_settings *s, const sim_vertical_sample *samples)
{
    sim_lives *l = sim_lives_of(w, target);
    for (uint32_t i = 0; i < v->slots; i++)
        if (is_active(sim_life_at(w, l, i)))
            learn(w, target, v, state, &s->recommender, i, &samples[i]);
    v->recommendation = sim_vpa_recommend(state, s);
    if (!v->recommendation.is_known || s->mode == SIM_UPDATE_Off)
        return;
    double want[SIM_VPA_RESOURCES];
    wanted_of(v, s, l->cores, l->memory_bytes, want);
    l->cores = want[SIM_VPA_CPU];
    l->memory_bytes = want[SIM_VPA_MEMORY];
    if (s->mode != SIM_UPDATE_Initial)
        update_all(w, target, v, s);
}

// Bounds lie around the target, and nobody has more or less than is allowed and has been recommended.
void sim_vertical_check(const sim_world *w, sim_component_id target, const sim_vertical *v, const sim_vpa_settings *s)
{
    const sim_vpa_recommendation *r = &v->recommendation;
    for (int i = 0; i < SIM_VPA_RESOURCES && r->is_known; i++)
        SIM_ASSERT(w, !(s->controls >> i & 1) || (r->target[i] > 0 && r->lower[i] <= r->target[i] && r->target[i] <= r->upper[i]));
    for (uint32_t i = 0; i < v->slots; i++) {
        const container *c = container_at(w, v, i);
        const sim_life *life = sim_life_at(w, sim_lives_of(w, target), i);
        SIM_ASSERT(w, c->number <= life->number && c->sampled <= w->now && c->waiting <= w->now);
        SIM_ASSERT(w, life->phase == SIM_LIFE_GONE || (life->cores > 0 && life->memory_bytes >= 0));
    }
}
