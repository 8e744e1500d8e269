// sim/parts/lives.c - see lives.h.
#include <math.h>

#include "sim/parts/cluster.h"
#include "sim/parts/memory.h"

// --- before time zero ---------------------------------------------------------------------------------------------------

// Those that are there at the start have been there for long: no autoscaler takes them for just started.
sim_ref sim_lives_place(sim_world *w, sim_component_id id, const sim_service_def *def)
{
    const hr_time long_ago = -86400 * HR_SEC;
    sim_ref ref = sim_take(w, sizeof(sim_lives)), life = sim_take(w, def->slots * sizeof(sim_life));
    sim_lives *l = SIM_AT(w, sim_lives, ref);
    *l = (sim_lives){.life = life, .wanted = def->replicas, .active = def->replicas, .births = def->replicas, .drain = def->drain, .scaler = def->scaler, .in_cluster = def->in_cluster, .is_vertical = def->is_vertical,
                     .cluster = def->cluster, .cores = def->cores, .memory_bytes = def->memory_bytes,
                     .startup = sim_dist_place(w, &def->startup), .readiness = sim_dist_place(w, &def->readiness),
                     .stream_startup = sim_stream(w, id, SIM_DRAW_STARTUP), .stream_readiness = sim_stream(w, id, SIM_DRAW_READINESS)};
    for (uint32_t i = 0; i < def->replicas; i++) {
        *sim_life_at(w, l, i) = (sim_life){.phase = SIM_LIFE_READY, .number = i + 1, .created = long_ago, .changed = long_ago, .unready = long_ago, .has_run = 1,
                                          .cores = def->cores, .memory_bytes = def->memory_bytes};
        l->held.cores += def->cores;
        l->held.bytes += def->memory_bytes;
        sim_level_up(w, &l->present);
        sim_level_up(w, &l->ready);
    }
    return ref;
}

// --- from phase to phase ------------------------------------------------------------------------------------------------

static void hold(const sim_world *w, sim_held *h, double cores, double bytes)
{
    double span = (double)(w->now - h->since);
    h->core_ns += h->cores * span;
    h->byte_ns += h->bytes * span;
    h->since = w->now;
    h->cores += cores;
    h->bytes += bytes;
}

static void turn(sim_world *w, sim_lives *l, uint32_t slot, sim_life_phase phase)
{
    sim_life *life = sim_life_at(w, l, slot);
    if (life->phase == SIM_LIFE_READY)
        sim_level_down(w, &l->ready);
    if (life->phase < SIM_LIFE_STARTING && phase >= SIM_LIFE_STARTING) {
        sim_level_up(w, &l->present);
        hold(w, &l->held, life->cores, life->memory_bytes);
    }
    if (life->phase >= SIM_LIFE_STARTING && phase < SIM_LIFE_STARTING) {
        sim_level_down(w, &l->present);
        hold(w, &l->held, -life->cores, -life->memory_bytes);
    }
    life->phase = phase;
    life->changed = w->now;
    if (phase == SIM_LIFE_READY)
        sim_level_up(w, &l->ready);
}

static void await(sim_world *w, const sim_lives *l, uint16_t what, uint32_t slot, hr_time span)
{
    if (span != HR_FOREVER)
        sim_schedule(w, w->now + span, (sim_component_id)l->scaler, what, slot, sim_life_at(w, l, slot)->number);
}

// Starts when it has room. Returns whether it has.
static bool launch(sim_world *w, sim_lives *l, uint32_t slot)
{
    sim_life *life = sim_life_at(w, l, slot);
    if (l->in_cluster && !(life->node = sim_cluster_take(w, (sim_component_id)l->cluster, life->cores, life->memory_bytes)))
        return false;
    turn(w, l, slot, SIM_LIFE_STARTING);
    await(w, l, SIM_LIFE_RUNS, slot, sim_dist_time(w, &l->startup, l->stream_startup, life->number, 0));
    return true;
}

// Returns whether it is pending.
static bool start(sim_world *w, sim_component_id id, sim_lives *l, uint32_t slot)
{
    sim_life *life = sim_life_at(w, l, slot);
    life->number = ++l->births;
    life->created = life->unready = w->now;
    life->has_run = 0;
    life->cores = l->cores;
    life->memory_bytes = l->memory_bytes;
    l->active++;
    sim_service_resize(w, id, slot, life->cores, life->memory_bytes);
    bool has_room = launch(w, l, slot);
    if (!has_room)
        turn(w, l, slot, SIM_LIFE_PENDING);
    return !has_room;
}

// A replica is there now, or not any more: what it uses has changed.
static void see_memory(sim_world *w, sim_component_id id, uint32_t slot)
{
    if (SIM_STATE(w, const sim_service, id)->memory)
        sim_memory_touch(w, id, slot);
}

static bool is_idle(const sim_world *w, sim_component_id id, uint32_t slot)
{
    const sim_replica *r = sim_replica_at(w, SIM_STATE(w, const sim_service, id), slot);
    return r->busy.level + r->queue.fifo.length.level == 0;
}

static void end(sim_world *w, sim_component_id id, uint32_t slot, sim_outcome status)
{
    sim_lives *l = sim_lives_of(w, id);
    sim_life *life = sim_life_at(w, l, slot);
    uint32_t node = life->node;
    bool was_draining = life->phase == SIM_LIFE_DRAINING;
    life->node = 0;
    turn(w, l, slot, SIM_LIFE_GONE);
    if (was_draining && l->drains_whole)
        sim_balancers_see(w, id, slot, false);
    sim_service_cut(w, id, slot, status);
    if (SIM_STATE(w, const sim_service, id)->memory)
        sim_memory_forget(w, id, slot);
    if (node) {
        sim_cluster_give(w, (sim_component_id)l->cluster, node, life->cores, life->memory_bytes);
        sim_cluster_offer(w, (sim_component_id)l->cluster);
    }
}

static void stop(sim_world *w, sim_component_id id, sim_lives *l, uint32_t slot)
{
    bool was_ready = sim_life_at(w, l, slot)->phase == SIM_LIFE_READY;
    l->active--;
    turn(w, l, slot, SIM_LIFE_DRAINING);
    if (was_ready)
        sim_service_tell(w, id, slot, false);
    if (is_idle(w, id, slot) && !(was_ready && l->drains_whole))
        end(w, id, slot, SIM_error);
    else
        await(w, l, SIM_LIFE_ENDS, slot, l->drain);
}

// --- how many -----------------------------------------------------------------------------------------------------------

// Which one goes first, as in a Kubernetes ReplicaSet (ActivePodsWithRanks): what has no node before what has one, what does not run before what does, what is not ready before
// what is, who has been so for the shortest time, who was made last.
static bool goes_before(const sim_life *a, const sim_life *b)
{
    if (a->phase != b->phase)
        return a->phase < b->phase;
    return a->changed != b->changed ? a->changed > b->changed : a->number > b->number;
}

static uint32_t first_to_go(const sim_world *w, const sim_lives *l, uint32_t slots)
{
    uint32_t best = slots;
    for (uint32_t i = 0; i < slots; i++) {
        const sim_life *life = sim_life_at(w, l, i);
        if (life->phase >= SIM_LIFE_PENDING && life->phase <= SIM_LIFE_READY && (best == slots || goes_before(life, sim_life_at(w, l, best))))
            best = i;
    }
    return best;
}

static uint32_t free_slot(const sim_world *w, const sim_lives *l, uint32_t slots)
{
    uint32_t slot = 0;
    while (slot < slots && sim_life_at(w, l, slot)->phase != SIM_LIFE_GONE)
        slot++;
    return slot;
}

// Starts and stops what is missing or too much. Without a free slot the rest waits until one is gone.
static void settle(sim_world *w, sim_component_id id)
{
    sim_lives *l = sim_lives_of(w, id);
    uint32_t slots = SIM_STATE(w, const sim_service, id)->replica_count;
    while (l->active > l->wanted)
        stop(w, id, l, first_to_go(w, l, slots));
    bool any_pending = false;
    for (uint32_t slot; l->active < l->wanted && (slot = free_slot(w, l, slots)) < slots;)
        any_pending = start(w, id, l, slot) || any_pending;
    if (any_pending)
        sim_cluster_grow(w, (sim_component_id)l->cluster);
}

void sim_lives_want(sim_world *w, sim_component_id id, uint32_t wanted)
{
    sim_lives_of(w, id)->wanted = wanted;
    settle(w, id);
}

void sim_lives_wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_lives *l = sim_lives_of(w, id);
    uint32_t slot = event->subject;
    const sim_life *life = sim_life_at(w, l, slot);
    if (life->number != event->generation)
        return;
    if (event->what == SIM_LIFE_RUNS && life->phase == SIM_LIFE_STARTING) {
        turn(w, l, slot, SIM_LIFE_UNREADY);
        sim_life_at(w, l, slot)->has_run = 1;
        await(w, l, SIM_LIFE_PASSES, slot, sim_dist_time(w, &l->readiness, l->stream_readiness, life->number, 0));
    } else if (event->what == SIM_LIFE_PASSES && life->phase == SIM_LIFE_UNREADY) {
        turn(w, l, slot, SIM_LIFE_READY);
        see_memory(w, id, slot);
        sim_service_tell(w, id, slot, true);
    } else if (event->what == SIM_LIFE_ENDS && life->phase == SIM_LIFE_DRAINING) {
        end(w, id, slot, SIM_error);
        settle(w, id);
    }
}

// Its place on a node stays its own, and it counts as a replica: a container is started again where its pod is.
void sim_lives_crash(sim_world *w, sim_component_id id, uint32_t slot, hr_time back_after)
{
    sim_lives *l = sim_lives_of(w, id);
    sim_life_phase phase = (sim_life_phase)sim_life_at(w, l, slot)->phase;
    if (phase == SIM_LIFE_DRAINING) {
        end(w, id, slot, SIM_error);
        settle(w, id);
    } else if (phase == SIM_LIFE_READY) {
        turn(w, l, slot, SIM_LIFE_STARTING);
        sim_life_at(w, l, slot)->unready = w->now;
        sim_service_tell(w, id, slot, false);
        await(w, l, SIM_LIFE_RUNS, slot, back_after);
        sim_service_cut(w, id, slot, SIM_error);
    }
}

hr_time sim_lives_startup(const sim_world *w, sim_component_id id, uint32_t slot, uint32_t n)
{
    const sim_lives *l = sim_lives_of(w, id);
    return sim_dist_time(w, &l->startup, l->stream_startup, sim_life_at(w, l, slot)->number, n);
}

void sim_lives_left(sim_world *w, sim_component_id id, uint32_t slot)
{
    sim_lives *l = sim_lives_of(w, id);
    if (sim_life_at(w, l, slot)->phase == SIM_LIFE_DRAINING && is_idle(w, id, slot) && !l->drains_whole) {
        end(w, id, slot, SIM_error);
        settle(w, id);
    }
}

void sim_lives_replace(sim_world *w, sim_component_id id, uint32_t slot)
{
    sim_lives *l = sim_lives_of(w, id);
    sim_life_phase phase = (sim_life_phase)sim_life_at(w, l, slot)->phase;
    if (phase < SIM_LIFE_STARTING)
        return;
    l->active -= phase != SIM_LIFE_DRAINING;
    if (phase == SIM_LIFE_READY)
        sim_service_tell(w, id, slot, false);
    end(w, id, slot, SIM_lost);
    settle(w, id);
}

// --- other cores and memory ---------------------------------------------------------------------------------------------

void sim_lives_evict(sim_world *w, sim_component_id id, uint32_t slot)
{
    sim_lives *l = sim_lives_of(w, id);
    l->evicted++;
    stop(w, id, l, slot);
    settle(w, id);
}

bool sim_lives_resize(sim_world *w, sim_component_id id, uint32_t slot, double cores, double memory_bytes)
{
    sim_lives *l = sim_lives_of(w, id);
    sim_life *life = sim_life_at(w, l, slot);
    double more_cores = cores - life->cores, more_bytes = memory_bytes - life->memory_bytes;
    if (life->node && !sim_cluster_change(w, (sim_component_id)l->cluster, life->node, more_cores, more_bytes))
        return false;
    hold(w, &l->held, more_cores, more_bytes);
    l->resized++;
    life->cores = cores;
    life->memory_bytes = memory_bytes;
    sim_service_resize(w, id, slot, cores, memory_bytes);
    if (life->node)
        sim_cluster_offer(w, (sim_component_id)l->cluster);
    return true;
}

// --- in a cluster -------------------------------------------------------------------------------------------------------

void sim_lives_move_in(sim_world *w, sim_component_id id)
{
    sim_lives *l = sim_lives_of(w, id);
    for (uint32_t i = 0; i < l->active; i++) {
        sim_life *life = sim_life_at(w, l, i);
        life->node = sim_cluster_take(w, (sim_component_id)l->cluster, life->cores, life->memory_bytes);
        if (life->node)
            continue;
        turn(w, l, i, SIM_LIFE_PENDING);
        life->has_run = 0;
        see_memory(w, id, i);
        sim_service_tell(w, id, i, false);
    }
}

void sim_lives_retry(sim_world *w, sim_component_id id)
{
    sim_lives *l = sim_lives_of(w, id);
    uint32_t slots = SIM_STATE(w, const sim_service, id)->replica_count;
    for (;;) {                                 // the oldest first
        uint32_t best = slots;
        for (uint32_t i = 0; i < slots; i++)
            if (sim_life_at(w, l, i)->phase == SIM_LIFE_PENDING && (best == slots || sim_life_at(w, l, i)->number < sim_life_at(w, l, best)->number))
                best = i;
        if (best == slots || !launch(w, l, best))
            return;
    }
}

uint32_t sim_lives_on(const sim_world *w, sim_component_id id, uint32_t node)
{
    const sim_lives *l = sim_lives_of(w, id);
    uint32_t count = 0;
    for (uint32_t i = 0; i < SIM_STATE(w, const sim_service, id)->replica_count; i++)
        count += sim_life_at(w, l, i)->node == node;
    return count;
}

// --- what is seen of it -------------------------------------------------------------------------------------------------

bool sim_lives_is_ready(const sim_world *w, sim_component_id id, uint32_t slot)
{
    return sim_life_at(w, sim_lives_of(w, id), slot)->phase == SIM_LIFE_READY;
}

bool sim_lives_is_draining(const sim_world *w, sim_component_id id, uint32_t slot)
{
    return sim_life_at(w, sim_lives_of(w, id), slot)->phase == SIM_LIFE_DRAINING;
}

bool sim_lives_is_up(const sim_world *w, sim_component_id id, uint32_t slot)
{
    return sim_life_at(w, sim_lives_of(w, id), slot)->phase >= SIM_LIFE_READY;
}

void sim_lives_reset(sim_world *w, sim_ref lives)
{
    sim_lives *l = SIM_AT(w, sim_lives, lives);
    sim_level_reset(w, &l->present);
    sim_level_reset(w, &l->ready);
    l->evicted = l->resized = 0;
    hold(w, &l->held, 0, 0);
    l->held.core_ns = l->held.byte_ns = 0;
    l->held.reset = w->now;
}

double sim_lives_sample(sim_world *w, sim_ref lives, hr_time step) { return sim_level_sample(w, &SIM_AT(w, sim_lives, lives)->present, step); }

sim_replicas_view sim_service_present(const sim_world *w, sim_component_id id)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    if (!s->lives)
        return (sim_replicas_view){.wanted = s->replica_count, .present = s->replica_count, .ready = s->replica_count,
                                   .present_average = s->replica_count, .ready_average = s->replica_count};
    const sim_lives *l = SIM_AT(w, const sim_lives, s->lives);
    const sim_held *h = &l->held;
    double span = (double)(w->now - h->reset), last = (double)(w->now - h->since);
    return (sim_replicas_view){.is_scaled = true, .wanted = l->wanted, .present = l->present.level, .ready = l->ready.level,
                               .present_average = sim_level_average(w, &l->present), .ready_average = sim_level_average(w, &l->ready),
                               .cores_average = span > 0 ? (h->core_ns + h->cores * last) / span : h->cores,
                               .bytes_average = span > 0 ? (h->byte_ns + h->bytes * last) / span : h->bytes};
}

void sim_lives_add(const sim_world *w, sim_component_id id, sim_station_view *view)
{
    const sim_lives *l = sim_lives_of(w, id);
    sim_replicas_view v = sim_service_present(w, id);
    view->is_vertical = true;
    view->held_cores = v.cores_average;
    view->held_bytes = v.bytes_average;
    view->evicted = l->evicted;
    view->resized_in_place = l->resized;
}

const char *sim_service_phase(const sim_world *w, sim_component_id id, uint32_t replica)
{
    static const char *const words[] = {"gone", "pending", "starting", "unready", NULL, "draining"};
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    return s->lives ? words[sim_life_at(w, SIM_AT(w, const sim_lives, s->lives), replica)->phase] : NULL;
}

// Calls are only where a replica is ready or drains, each number is used once, and the counts are those of the phases.
void sim_lives_check(const sim_world *w, sim_component_id id)
{
    const sim_lives *l = sim_lives_of(w, id);
    double cores = 0, bytes = 0;
    uint32_t count[SIM_LIFE_DRAINING + 1] = {0}, slots = SIM_STATE(w, const sim_service, id)->replica_count;
    for (uint32_t i = 0; i < slots; i++) {
        const sim_life *life = sim_life_at(w, l, i);
        SIM_ASSERT(w, life->phase <= SIM_LIFE_DRAINING && life->number <= l->births);
        SIM_ASSERT(w, (life->node != 0) == (l->in_cluster && life->phase >= SIM_LIFE_STARTING));
        SIM_ASSERT(w, is_idle(w, id, i) == (life->phase < SIM_LIFE_READY) || life->phase == SIM_LIFE_READY || l->drains_whole);
        SIM_ASSERT(w, is_idle(w, id, i) || life->phase >= SIM_LIFE_READY);
        SIM_ASSERT(w, life->phase <= SIM_LIFE_STARTING || life->has_run);
        cores += life->phase >= SIM_LIFE_STARTING ? life->cores : 0;
        bytes += life->phase >= SIM_LIFE_STARTING ? life->memory_bytes : 0;
        count[life->phase]++;
    }
    SIM_ASSERT(w, fabs(cores - l->held.cores) <= 1e-6 * (1 + cores) && fabs(bytes - l->held.bytes) <= 1e-6 * (1 + bytes));
    uint32_t active = count[SIM_LIFE_PENDING] + count[SIM_LIFE_STARTING] + count[SIM_LIFE_UNREADY] + count[SIM_LIFE_READY];
    SIM_ASSERT(w, l->active == active && (active == l->wanted || (active < l->wanted && count[SIM_LIFE_GONE] == 0)));
    SIM_ASSERT(w, l->present.level == slots - count[SIM_LIFE_GONE] - count[SIM_LIFE_PENDING] && l->ready.level == count[SIM_LIFE_READY]);
}
