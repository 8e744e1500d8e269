// sim/parts/refill.c - what a `get` does about old values and about loads of the same key, so that a key which expires is no stampede.
// * A load runs the `miss` block as a part of its own. It consists of two parts (handler.c): the runner walks the block; above it stands
//   the load, which runs no steps, stands at the `get`, and outlives the call when that does not wait for it (ABANDONED).
// * Misses that join a load wait in a ring of calls, load->next being the last; they go on in order when it ends, with what it has brought.
//   They keep their workers, as threads that wait for a lock do. A load in the background holds none, as branches of `parallel` do not.
// * What a load brings, or that it failed, counts for all who wait. `return` and `fail` in the block end the load.
// * With a lock in the cache (single_flight: cache) a load first asks for it: SET NX PX, as redis.io describes in "Distributed locks". Who does
//   not get it looks for the value after `poll`, and asks again. load->attempt tells what it is about; `version` is its token.
// * How old a value is, a client finds out from what lies beside it (sim_lifetime). The look is taken where the cache is served.
#include "sim/core/table.h"
#include "sim/parts/service.h"

enum { NO_LOCK, ASKS_LOCK, LOOKS_AGAIN, GIVES_BACK };               // what a load with a lock has just asked the cache; NO_LOCK: nothing
enum { FIRST_POLL = 1 << 23 };                 // of sim_path: apart from rounds and attempts

typedef struct {
    sim_refill_def def;
    uint32_t stream;                           // of early loads
    sim_ref  next;                             // refill of another step of the service
    sim_table loading;                         // a map from a key to how many loads of it are under way, in all replicas
    sim_ref  flights;                          // sim_table[replicas]: maps from a key to the load that others may join
    uint32_t replicas, under_way, running, waiting, stampede;                      // running: those of `under_way` that run their `miss` block
    uint64_t loads, joined, saved;             // since the reset, as `stampede`
} refill;

sim_ref sim_refill_place(sim_world *w, sim_component_id id, const sim_refill_def *def)
{
    sim_service *s = SIM_STATE(w, sim_service, id);
    sim_ref ref = sim_take(w, sizeof(refill));
    refill *f = SIM_AT(w, refill, ref);
    *f = (refill){.def = *def, .stream = sim_stream(w, id, SIM_DRAW_EARLY), .next = s->refills, .replicas = s->replica_count,
                  .loading = sim_map_make(), .flights = sim_take(w, s->replica_count * sizeof(sim_table))};
    for (uint32_t r = 0; r < s->replica_count; r++)
        SIM_AT(w, sim_table, f->flights)[r] = sim_map_make();
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

bool sim_refill_put(sim_world *w, sim_ref store, const sim_call *c, uint32_t ttl_ms, uint32_t took_us, hr_time grace, bool newer)
{
    if (newer && sim_keystore_version(w, store, c->key) >= c->version)
        return true;                           // somebody has put in as new a one
    hr_time fresh_until = ttl_ms ? w->now + ttl_ms * HR_MS : HR_FOREVER;
    bool done = sim_keystore_set(w, store, c->key, c->version, c->size_bytes, ttl_ms ? fresh_until + grace : HR_FOREVER);
    if (done && SIM_AT(w, const sim_keystore, store)->lifetimes)
        *sim_keystore_lifetime(w, store, c->key) = (sim_lifetime){fresh_until, ttl_ms, took_us};
    return done;
}

// --- loads ------------------------------------------------------------------------------------------------------------------

static refill *refill_of(const sim_world *w, const sim_call *at) { return SIM_AT(w, refill, sim_service_step(w, at)->refill); }
static sim_table *flights_of(const sim_world *w, const refill *f, const sim_call *c) { return SIM_AT(w, sim_table, f->flights) + c->replica; }

uint32_t sim_refill_took_us(const sim_world *w, const sim_call *call)
{
    while (call->flags & SIM_CALL_PART && !(call->flags & SIM_CALL_ABANDONED)) {       // above an abandoned part there is nothing any more
        const sim_call *whole = sim_call_at(w, call->parent);
        if (whole->flags & SIM_CALL_PART && sim_service_step(w, whole)->kind == SIM_STEP_get)
            return (uint32_t)((w->now - whole->started) / HR_US);
        call = whole;
    }
    return 0;
}

// Runs the `miss` block of a load. Returns what goes on.
static sim_ref run(sim_world *w, sim_component_id id, sim_ref load)
{
    sim_ref runner = sim_handler_part(w, id, load);
    sim_call *l = sim_call_at(w, load), *r = sim_call_at(w, runner);
    refill *f = refill_of(w, l);
    uint32_t count = sim_map_at(w, &f->loading, l->key) + 1;
    sim_map_put(w, &f->loading, l->key, count);
    f->stampede = count > f->stampede ? count : f->stampede;
    f->running++;
    f->loads++;
    l->started = w->now;
    r->step = sim_service_step(w, l)->other;
    r->status = l->status;
    return runner;
}

static sim_ref ask_cache(sim_world *w, sim_component_id id, sim_ref load, uint8_t what);

// Begins a load for `call`, in the background or waited for. Returns what goes on, or 0.
static sim_ref begin(sim_world *w, sim_component_id id, sim_ref call, bool in_background)
{
    const sim_call *c = sim_call_at(w, call);
    refill *f = refill_of(w, c);
    sim_ref load = sim_handler_part(w, id, call);
    f->under_way++;
    sim_call_at(w, load)->status = c->status;
    if (f->def.single || in_background)
        sim_map_put(w, flights_of(w, f, c), c->key, load);
    if (in_background)
        sim_call_at(w, load)->flags |= SIM_CALL_ABANDONED;
    return f->def.single == SIM_SINGLE_CACHE ? ask_cache(w, id, load, ASKS_LOCK) : run(w, id, load);
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

// What the call has found decides what comes next. Returns what goes on, or 0.
static sim_ref turn(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    refill *f = refill_of(w, c);
    sim_ref flight = sim_map_at(w, flights_of(w, f, c), c->key);
    if (c->found == SIM_FOUND || c->found == SIM_FOUND_DUE || (c->found == SIM_FOUND_EARLY && flight)) {
        sim_ref runner = c->found == SIM_FOUND_DUE && !flight ? begin(w, id, call, true) : 0;
        sim_handler_turn(c, sim_service_step(w, c), SIM_ok, true);
        if (runner)
            sim_handler_run(w, id, runner);
        return call;
    }
    if (!f->def.single || !flight)
        return begin(w, id, call, false);
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

// A load is over. Returns the call that has waited for it and goes on, or 0. Others who have waited go on here.
static sim_ref end(sim_world *w, sim_component_id id, sim_ref load, sim_outcome status, uint32_t version)
{
    sim_call *at = sim_call_at(w, load);
    const sim_call l = *at;
    refill *f = refill_of(w, &l);
    f->under_way--;
    if (sim_map_at(w, flights_of(w, f, &l), l.key) == load)
        sim_map_put(w, flights_of(w, f, &l), l.key, 0);
    if (l.attempt == ASKS_LOCK) {              // it has the lock, or the cache has failed
        at->next = 0;
        at->flags |= SIM_CALL_ABANDONED;
        sim_handler_run(w, id, ask_cache(w, id, load, GIVES_BACK));
    } else {
        sim_handler_part_free(w, load);
    }
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

sim_ref sim_refill_end(sim_world *w, sim_component_id id, sim_ref runner, sim_outcome status)
{
    const sim_call *r = sim_call_at(w, runner);
    sim_ref load = r->parent;
    refill *f = refill_of(w, sim_call_at(w, load));
    uint32_t version = r->version;
    f->running--;
    sim_map_put(w, &f->loading, r->key, sim_map_at(w, &f->loading, r->key) - 1);
    sim_handler_part_free(w, runner);
    return end(w, id, load, status, version);
}

// --- the lock in the cache ----------------------------------------------------------------------------------------------------

// Unlike for any two loads of a key: parts of one request differ in their path.
static uint32_t token_of(const sim_call *l) { return ((uint32_t)l->request ^ (uint32_t)(l->request >> 48) << 24 ^ l->path) | 1; }

// The answer to what a load has asked the cache. Returns what goes on, or 0.
static sim_ref react(sim_world *w, sim_component_id id, sim_ref load)
{
    sim_call *l = sim_call_at(w, load);
    bool found = l->found != SIM_FOUND_NOTHING && l->found != SIM_FOUND_SPARE;
    switch (l->attempt) {
    case ASKS_LOCK:
        if (found || l->status != SIM_ok)      // without a cache nobody can be asked: load, as a plain `get` does
            return run(w, id, load);
        sim_schedule(w, w->now + refill_of(w, l)->def.poll, id, SIM_SERVICE_POLL, load, l->generation);
        return 0;
    case LOOKS_AGAIN: return found ? end(w, id, load, SIM_ok, l->version) : ask_cache(w, id, load, ASKS_LOCK);
    default:
        sim_handler_part_free(w, load);
        return 0;
    }
}

static sim_ref ask_cache(sim_world *w, sim_component_id id, sim_ref load, uint8_t what)
{
    static const uint16_t operation[] = {[ASKS_LOCK] = SIM_CACHE_LOCK, [LOOKS_AGAIN] = SIM_CACHE_GET, [GIVES_BACK] = SIM_CACHE_UNLOCK};
    sim_ref ref = sim_call_nested(w, load, id);
    sim_call *child = sim_call_at(w, ref), *l = sim_call_at(w, load);
    const sim_step *step = sim_service_step(w, l);
    l->attempt = what;
    l->count += what == LOOKS_AGAIN;
    child->operation = operation[what];
    child->path = sim_path(sim_path(l->path, step->ordinal, 0), 0, l->count ? FIRST_POLL + l->count : 0);
    if (what == LOOKS_AGAIN) {
        child->refill = step->refill;
    } else {
        child->version = token_of(l);
        child->ttl_ms = refill_of(w, l)->def.lock_ms;
    }
    return sim_handler_send(w, id, load, ref, step) ? react(w, id, load) : 0;
}

sim_ref sim_refill_back(sim_world *w, sim_component_id id, sim_ref asker)
{
    const sim_call *c = sim_call_at(w, asker);
    return c->flags & SIM_CALL_PART && c->attempt ? react(w, id, asker) : turn(w, id, asker);      // of a call that byte is another
}

void sim_refill_wake(sim_world *w, sim_component_id id, sim_ref load) { sim_handler_run(w, id, ask_cache(w, id, load, LOOKS_AGAIN)); }

// --- a replica that is cut off ------------------------------------------------------------------------------------------------

// What has a step of the same kind and is none: a branch of `parallel` at its own `get`, whose parent stands elsewhere; the runner.
static bool is_load(const sim_world *w, const sim_call *c)
{
    if (!(c->flags & SIM_CALL_PART) || c->attempt == GIVES_BACK)
        return false;
    const sim_step *step = sim_service_step(w, c);
    return step->kind == SIM_STEP_get && step->refill && (c->flags & SIM_CALL_ABANDONED || sim_call_at(w, c->parent)->step == c->step);
}

static bool is_runner(const sim_world *w, const sim_call *c)
{
    const sim_call *load = c->flags & SIM_CALL_PART && !(c->flags & SIM_CALL_ABANDONED) ? sim_call_at(w, c->parent) : NULL;
    return load && load->step != c->step && is_load(w, load);
}

static uint32_t count_joined(const sim_world *w, const sim_call *load)
{
    uint32_t count = load->next ? 1 : 0;
    for (sim_ref at = load->next ? sim_call_at(w, load->next)->next : 0; at != load->next; at = sim_call_at(w, at)->next)
        count++;
    return count;
}

void sim_refill_cut(sim_world *w, sim_component_id id, uint32_t slot)
{
    sim_ref first = SIM_STATE(w, const sim_service, id)->refills;
    sim_call_walk walk = sim_calls_walk(w);
    for (sim_ref call; first && (call = sim_calls_next(w, &walk));) {
        const sim_call *c = sim_call_at(w, call);
        if (c->callee != id || c->replica != slot)
            continue;
        if (is_load(w, c)) {
            refill *f = refill_of(w, c);
            f->under_way--;
            f->waiting -= count_joined(w, c);
        } else if (is_runner(w, c)) {
            refill *f = refill_of(w, sim_call_at(w, c->parent));
            f->running--;
            sim_map_put(w, &f->loading, c->key, sim_map_at(w, &f->loading, c->key) - 1);
        }
    }
    for (const refill *f; first; first = f->next) {
        f = SIM_AT(w, const refill, first);
        sim_table_clear(w, SIM_AT(w, sim_table, f->flights) + slot);
    }
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
            flights += SIM_AT(w, const sim_table, f->flights)[r].count;
        uint32_t keys = f->loading.count;
        SIM_ASSERT(w, keys <= f->running && f->running <= f->under_way && flights <= f->under_way && !keys == !f->running);
        SIM_ASSERT(w, !f->def.single || flights == f->under_way);                      // each can be joined
        SIM_ASSERT(w, !f->waiting || flights);
    }
}

void sim_refill_add(const sim_world *w, sim_ref first, sim_station_view *view)
{
    view->has_refills = view->knows_peak = true;
    for (const refill *f; first; first = f->next) {
        f = SIM_AT(w, const refill, first);
        view->loads += f->loads;
        view->joined += f->joined;
        view->saved += f->saved;
        view->stampede = f->stampede > view->stampede ? f->stampede : view->stampede;
    }
}
