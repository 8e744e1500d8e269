// sim/parts/refill.c - what a `get` does about old values and about loads of the same key, so that a key which expires is no stampede.
// * A load runs the `miss` block as a part of its own. It consists of two parts (handler.c): the runner walks the block; above it stands
//   the load, which runs no steps, stands at the `get`, and outlives the call when that does not wait for it (ABANDONED).
// * Misses that join a load wait in a ring of calls, load->next being the last; they go on in order when it ends, with what it has brought.
//   They keep their workers, as threads that wait for a lock do. A load in the background holds none, as branches of `parallel` do not.
// * What a load brings, or that it failed, counts for all who wait. `return` and `fail` in the block end the load.
// * How old a value is, a client finds out from what lies beside it (sim_lifetime). The look is taken where the cache is served.
#include "sim/parts/service.h"

typedef struct {
    sim_refill_def def;
    uint32_t stream;                           // of early loads
    sim_ref  next;                             // refill of another step of the service
    sim_ref  loading;                          // a map from a key to how many loads of it are under way, in all replicas
    sim_ref  flights;                          // sim_ref[replicas]: maps from a key to the load that others may join
    uint32_t replicas, under_way, waiting, stampede;
    uint64_t loads, joined, saved;             // since the reset, as `stampede`
} refill;

// Keystores without limit serve as maps from keys to numbers but 0.
static uint32_t map_at(sim_world *w, sim_ref map, uint64_t key)
{
    uint32_t value = 0;
    return sim_keystore_get(w, map, key, &value) ? value : 0;
}

static void map_put(sim_world *w, sim_ref map, uint64_t key, uint32_t value)
{
    if (value)
        (void)sim_keystore_set(w, map, key, value, 0, HR_FOREVER);
    else
        sim_keystore_delete(w, map, key);
}

sim_ref sim_refill_place(sim_world *w, sim_component_id id, const sim_refill_def *def)
{
    sim_service *s = SIM_STATE(w, sim_service, id);
    const sim_keystore_def map = sim_keystore_defaults((uint32_t)sim_evictor_find("fifo"));
    sim_ref ref = sim_take(w, sizeof(refill));
    refill *f = SIM_AT(w, refill, ref);
    *f = (refill){.def = *def, .stream = sim_stream(w, id, SIM_DRAW_EARLY), .next = s->refills, .replicas = s->replica_count};
    f->loading = sim_keystore_make(w, &map);
    f->flights = sim_take(w, s->replica_count * sizeof(sim_ref));
    for (uint32_t r = 0; r < s->replica_count; r++)
        SIM_AT(w, sim_ref, f->flights)[r] = sim_keystore_make(w, &map);
    s->refills = ref;
    return ref;
}

// --- how old is it? -------------------------------------------------------------------------------------------------------

// XFetch, optimal probabilistic early expiration (Vattani, Chierichetti, Lowenstein 2015, figure 3): now - delta beta ln(rand) >= expiry.
static bool is_early(const sim_world *w, const refill *f, const sim_lifetime *t, const sim_call *c, uint32_t ordinal)
{
    double gap_us = t->took_us * f->def.early * sim_exponential(sim_random(w->seed, f->stream, c->request, ordinal).word[0]);
    return gap_us * 1e3 >= (double)(t->fresh_until - w->now);
}

static sim_found look_old(const refill *f, hr_time age)
{
    if (f && age < f->def.stale)
        return SIM_FOUND_DUE;
    return f && age < f->def.spare ? SIM_FOUND_SPARE : SIM_FOUND_NOTHING;
}

static sim_found look_fresh(const sim_world *w, const refill *f, const sim_lifetime *t, const sim_call *c, uint32_t ordinal)
{
    if (!f || t->fresh_until == HR_FOREVER)
        return SIM_FOUND;
    if ((double)(t->fresh_until - w->now) < f->def.ahead * t->ttl_ms * (double)HR_MS)
        return SIM_FOUND_DUE;
    return f->def.early > 0 && is_early(w, f, t, c, ordinal) ? SIM_FOUND_EARLY : SIM_FOUND;
}

sim_found sim_refill_look(sim_world *w, sim_ref store, sim_ref ref, const sim_call *c, uint32_t ordinal, uint32_t *version)
{
    if (!sim_keystore_get(w, store, c->key, version))
        return SIM_FOUND_NOTHING;
    sim_keystore *s = SIM_AT(w, sim_keystore, store);
    if (!s->lifetimes)
        return SIM_FOUND;
    const refill *f = ref ? SIM_AT(w, const refill, ref) : NULL;
    const sim_lifetime *t = sim_keystore_lifetime(w, store, c->key);
    sim_found found = t->fresh_until <= w->now ? look_old(f, w->now - t->fresh_until) : look_fresh(w, f, t, c, ordinal);
    if (found != SIM_FOUND && found != SIM_FOUND_DUE) {            // of no use by itself: no hit
        s->hits--;
        s->misses++;
    }
    return found;
}

bool sim_refill_put(sim_world *w, sim_ref store, const sim_call *c, uint32_t ttl_ms, uint32_t took_us, hr_time grace)
{
    hr_time fresh_until = ttl_ms ? w->now + ttl_ms * HR_MS : HR_FOREVER;
    bool done = sim_keystore_set(w, store, c->key, c->version, c->size_bytes, ttl_ms ? fresh_until + grace : HR_FOREVER);
    if (done && SIM_AT(w, const sim_keystore, store)->lifetimes)
        *sim_keystore_lifetime(w, store, c->key) = (sim_lifetime){fresh_until, ttl_ms, took_us};
    return done;
}

// --- loads ------------------------------------------------------------------------------------------------------------------

static refill *refill_of(const sim_world *w, const sim_call *at) { return SIM_AT(w, refill, sim_service_step(w, at)->refill); }
static sim_ref flights_of(const sim_world *w, const refill *f, const sim_call *c) { return SIM_AT(w, const sim_ref, f->flights)[c->replica]; }

uint32_t sim_refill_took_us(const sim_world *w, const sim_call *call)
{
    while (call->flags & SIM_CALL_PART) {
        const sim_call *whole = sim_call_at(w, call->parent);
        if (whole->flags & SIM_CALL_PART && sim_service_step(w, whole)->kind == SIM_STEP_get)
            return (uint32_t)((w->now - whole->started) / HR_US);
        call = whole;
    }
    return 0;
}

// Begins a load for `call`, in the background or waited for. Returns its runner.
static sim_ref begin(sim_world *w, sim_component_id id, sim_ref call, refill *f, bool in_background)
{
    const sim_call *c = sim_call_at(w, call);
    sim_ref load = sim_handler_part(w, id, call), runner = sim_handler_part(w, id, load);
    uint32_t count = map_at(w, f->loading, c->key) + 1;
    map_put(w, f->loading, c->key, count);
    f->stampede = count > f->stampede ? count : f->stampede;
    f->under_way++;
    f->loads++;
    if (f->def.single || in_background)
        map_put(w, flights_of(w, f, c), c->key, load);
    if (in_background)
        sim_call_at(w, load)->flags |= SIM_CALL_ABANDONED;
    sim_call_at(w, runner)->step = sim_service_step(w, c)->other;
    sim_call_at(w, runner)->status = c->status;
    return runner;
}

static void join(sim_world *w, refill *f, sim_ref load, sim_ref call)
{
    sim_call *l = sim_call_at(w, load), *c = sim_call_at(w, call);
    if (l->next) {
        c->next = sim_call_at(w, l->next)->next;
        sim_call_at(w, l->next)->next = call;
    } else {
        c->next = call;
    }
    l->next = call;
    f->joined++;
    f->waiting++;
}

sim_ref sim_refill_turn(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    refill *f = refill_of(w, c);
    sim_ref flight = map_at(w, flights_of(w, f, c), c->key);
    if (c->found == SIM_FOUND || c->found == SIM_FOUND_DUE || (c->found == SIM_FOUND_EARLY && flight)) {
        sim_ref runner = c->found == SIM_FOUND_DUE && !flight ? begin(w, id, call, f, true) : 0;
        sim_handler_turn(c, sim_service_step(w, c), SIM_ok, true);
        if (runner)
            sim_handler_run(w, id, runner);
        return call;
    }
    if (!f->def.single || !flight)
        return begin(w, id, call, f, false);
    join(w, f, flight, call);
    return 0;
}

// A load has ended: `call`, which waited for it, goes on. It has what the load brought, else an old value that may serve, else nothing.
static void settle(const sim_world *w, refill *f, sim_call *c, sim_outcome status, uint32_t version)
{
    bool has_old = c->found == SIM_FOUND_SPARE || c->found == SIM_FOUND_EARLY;
    if (status == SIM_ok) {
        c->version = version;
    } else if (has_old) {
        f->saved++;
    } else {
        c->status = (uint8_t)status;
        c->step = SIM_NO_STEP;
        return;
    }
    sim_handler_turn(c, sim_service_step(w, c), SIM_ok, true);
}

sim_ref sim_refill_end(sim_world *w, sim_component_id id, sim_ref runner, sim_outcome status)
{
    sim_ref load = sim_call_at(w, runner)->parent;
    const sim_call l = *sim_call_at(w, load);
    refill *f = refill_of(w, &l);
    uint32_t version = sim_call_at(w, runner)->version;
    f->under_way--;
    map_put(w, f->loading, l.key, map_at(w, f->loading, l.key) - 1);
    if (map_at(w, flights_of(w, f, &l), l.key) == load)
        map_put(w, flights_of(w, f, &l), l.key, 0);
    sim_handler_part_free(w, runner);
    sim_handler_part_free(w, load);
    for (sim_ref call = l.next ? sim_call_at(w, l.next)->next : 0, next; call; call = call == l.next ? 0 : next) {
        next = sim_call_at(w, call)->next;     // before it goes on, for its slot may get another tenant
        f->waiting--;
        settle(w, f, sim_call_at(w, call), status, version);
        sim_handler_run(w, id, call);
    }
    if (l.flags & SIM_CALL_ABANDONED)
        return 0;
    settle(w, f, sim_call_at(w, l.parent), status, version);
    return l.parent;
}

// --- counts -------------------------------------------------------------------------------------------------------------------

void sim_refill_reset(sim_world *w, sim_ref first)
{
    for (refill *f; first; first = f->next) {
        f = SIM_AT(w, refill, first);
        f->loads = f->joined = f->saved = 0;
        f->stampede = 0;
    }
}

void sim_refill_check(const sim_world *w, sim_ref first)
{
    for (const refill *f; first; first = f->next) {
        f = SIM_AT(w, const refill, first);
        uint32_t flights = 0;
        for (uint32_t r = 0; r < f->replicas; r++)
            flights += SIM_AT(w, const sim_keystore, SIM_AT(w, const sim_ref, f->flights)[r])->count;
        uint32_t keys = SIM_AT(w, const sim_keystore, f->loading)->count;
        SIM_ASSERT(w, keys <= f->under_way && flights <= f->under_way && !keys == !f->under_way);
        SIM_ASSERT(w, !f->def.single || flights == f->under_way);                      // each can be joined
        SIM_ASSERT(w, !f->waiting || flights);
    }
}

void sim_refill_add(const sim_world *w, sim_ref first, sim_station_view *view)
{
    view->has_refills = true;
    for (const refill *f; first; first = f->next) {
        f = SIM_AT(w, const refill, first);
        view->loads += f->loads;
        view->joined += f->joined;
        view->saved += f->saved;
        view->stampede = f->stampede > view->stampede ? f->stampede : view->stampede;
    }
}
