// sim/parts/cache.c - one Redis-like server: a single thread serves operations in order on keys with versions in bounded memory.
// The operation takes effect when the thread has served it; the network time follows. In between it may have to wait for the database
// (through.c). A live cache does all by itself.
#include "sim/parts/faults.h"
#include "sim/parts/network.h"
#include "sim/parts/through.h"

enum { SERVED, ARRIVED, EXPIRY, SEEN };         // SEEN: an answer that came during a pause

// Redis 7's active expiry (expire.c, active-expire-effort 1): at every tick of `hz` it looks at 20 keys that have a time to live, going on
// where it stopped, and at once at 20 more while over 10 % of them had expired (25 % before Redis 6). Idealised: it takes no time, where
// Redis spends up to a quarter of a tick.
enum { EXPIRY_KEYS = 20, EXPIRY_ACCEPTABLE_PERCENT = 10 };


typedef struct {
    sim_ref   store;
    sim_fifo  queue;
    sim_level busy;                            // the one thread: 0 or 1; live: operations that are out
    uint32_t  queue_limit, demand_stream, network_stream;
    sim_dist  demand, network;
    hr_time   tick;                            // of active expiry; 0: none
    uint64_t  ticking;                         // bool: the next tick is scheduled
    uint64_t  started, rejected, live_hits, live_misses, sampled_hits, sampled_misses;
    uint64_t  refused, left, travelling;       // since time zero, for the laws; travelling: served, the answer is on its way
    hr_time   grace;                           // keys are kept so long after their ttl
    uint32_t  writes, is_down;                 // bool: a set is a write; by a fault
    double    slow;                            // its times are so many times as long; 0: as they are
    hr_time   resumes;                         // it stands still until then
    sim_ref   through;                         // what it asks the database, through.c; 0: nothing
    sim_stay  stay;                            // until it is served
} cache;

static const char *const gauges[] = {"utilisation", "queue", "hit_ratio", "entries", NULL};

static sim_keystore_def store_of(const sim_cache_def *d)
{
    return (sim_keystore_def){
        .policy = d->eviction, .limit_entries = d->entries, .overhead_bytes = d->overhead_bytes,
        .limit_bytes = d->memory_bytes > d->base_bytes ? d->memory_bytes - d->base_bytes : d->memory_bytes ? 1 : 0,
        .samples = d->samples, .lfu_log_factor = d->lfu_log_factor, .lfu_decay_min = d->lfu_decay_min, .lifetimes = d->lifetimes};
}

static size_t demand(const void *def)
{
    const sim_keystore_def store = store_of(def);
    return sim_keystore_demand(&store);
}

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_cache_def *d = def;
    cache *s = SIM_STATE(w, cache, id);
    sim_keystore_def store = store_of(d);
    store.stream = sim_stream(w, id, SIM_DRAW_CHOICE);
    s->store = sim_keystore_make(w, &store);
    s->queue_limit = d->queue;
    s->grace = d->grace;
    s->writes = d->through.write != SIM_WRITE_none;
    if (s->writes || d->through.has_loads)
        s->through = sim_through_place(w, &d->through, s->store, d->grace);
    s->tick = d->hz ? HR_SEC / d->hz : 0;
    s->demand = sim_dist_place(w, &d->demand);
    s->network = sim_dist_place(w, &d->network);
    s->demand_stream = sim_stream(w, id, SIM_DRAW_CPU);
    s->network_stream = sim_stream(w, id, SIM_DRAW_NETWORK);
}

// Ordinal of an operation's draws: get, set and delete of one request have their own.
static uint32_t ordinal_of(const sim_call *c) { return c->path + c->operation; }

static void serve(sim_world *w, sim_component_id id, sim_ref call)
{
    cache *s = SIM_STATE(w, cache, id);
    sim_level_up(w, &s->busy);
    s->started++;
    sim_call *c = sim_call_at(w, call);
    c->flags |= SIM_CALL_RUNNING;
    hr_time demand = sim_dist_time(w, &s->demand, s->demand_stream, c->request, ordinal_of(c));
    if (s->slow > 0)
        demand = hr_times(demand, s->slow);
    sim_schedule(w, hr_max_time(w->now, s->resumes) + demand, id, SERVED, call, c->generation);
}

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    cache *s = SIM_STATE(w, cache, id);
    const sim_leaf *live = sim_leaf_of(w, id);
    if (s->is_down) {                          // nobody listens
        s->refused++;
        sim_call_reply(w, call, SIM_error);
        return;
    }
    if (!live && s->busy.level && s->queue.length.level >= s->queue_limit) {
        s->rejected++;
        s->refused++;
        sim_call_reply(w, call, SIM_rejected);
        return;
    }
    sim_stay_begin(&s->stay, sim_call_arrived(w, sim_call_at(w, call)));
    if (live) {
        s->started++;
        sim_level_up(w, &s->busy);
        live->begin(live->self, w, id, call);
    } else if (s->busy.level == 0) {
        serve(w, id, call);
    } else {
        sim_fifo_push(w, &s->queue, call);
    }
}

void sim_cache_preload(sim_world *w, sim_component_id id, uint64_t keys, uint32_t size_bytes)
{
    const cache *s = SIM_STATE(w, const cache, id);
    while (keys-- > 0)
        (void)sim_keystore_set(w, s->store, keys, 1, size_bytes, HR_FOREVER);
}

// There are ticks only while something can expire.
static void tick_if_needed(sim_world *w, sim_component_id id, cache *s)
{
    if (s->ticking || !s->tick || !SIM_AT(w, const sim_keystore, s->store)->expiring_count)
        return;
    s->ticking = true;
    sim_schedule(w, (w->now / s->tick + 1) * s->tick, id, EXPIRY, 0, 0);
}

static void expire_actively(sim_world *w, sim_component_id id, cache *s)
{
    for (uint32_t looked, expired = 0; ; ) {
        looked = SIM_AT(w, const sim_keystore, s->store)->expiring_count;
        looked = looked < EXPIRY_KEYS ? looked : EXPIRY_KEYS;
        if (looked)
            expired = sim_keystore_expire(w, s->store, looked);
        if (!looked || expired * 100 <= looked * EXPIRY_ACCEPTABLE_PERCENT)
            break;
    }
    s->ticking = false;
    tick_if_needed(w, id, s);
}

// Locks and the states of limiters lie among the keys, as in Redis: they need memory, and may be evicted; locks expire.
static uint64_t lock_of(uint64_t key) { return key | 1ull << 63; }
static uint64_t count_of(uint64_t key) { return key | 1ull << 62; }

// `version` is the token.
static void lock(sim_world *w, const cache *s, sim_call *c)
{
    if (sim_keystore_version(w, s->store, lock_of(c->key)))
        c->flags |= SIM_CALL_MISS;
    else if (sim_keystore_set(w, s->store, lock_of(c->key), c->version, 0, w->now + c->ttl_ms * HR_MS))
        c->flags |= SIM_CALL_HIT;
    else
        c->status = SIM_error;
}

static void count(sim_world *w, const cache *s, sim_call *c)
{
    c->flags |= sim_keystore_version(w, s->store, count_of(c->key)) ? SIM_CALL_HIT : SIM_CALL_MISS;
    if (!sim_keystore_set(w, s->store, count_of(c->key), 1, 0, HR_FOREVER))
        c->status = SIM_error;
}

static void take_effect(sim_world *w, const cache *s, sim_call *c)
{
    uint32_t version = 0;
    c->status = SIM_ok;
    switch (c->operation) {
    case SIM_CACHE_GET:
        c->found = (uint8_t)sim_refill_look(w, s->store, c->refill, c, c->path, &version);
        if (c->found != SIM_FOUND_NOTHING)
            c->version = version;
        c->flags |= c->found == SIM_FOUND || c->found == SIM_FOUND_DUE ? SIM_CALL_HIT : SIM_CALL_MISS;
        break;
    case SIM_CACHE_SET:
        if (!sim_refill_put(w, s->store, c, c->ttl_ms, c->took_us, s->grace, c->newer))
            c->status = SIM_error;             // Redis: -OOM
        break;
    case SIM_CACHE_LOCK: lock(w, s, c); break;
    case SIM_CACHE_COUNT: count(w, s, c); break;
    case SIM_CACHE_UNLOCK:
        if (sim_keystore_version(w, s->store, lock_of(c->key)) == c->version)
            sim_keystore_delete(w, s->store, lock_of(c->key));
        break;
    default:
        sim_keystore_delete(w, s->store, c->key);
    }
}

void sim_cache_travel(sim_world *w, sim_component_id id, sim_ref call)
{
    const cache *s = SIM_STATE(w, const cache, id);
    const sim_call *c = sim_call_at(w, call);
    hr_time network = sim_dist_time(w, &s->network, s->network_stream, c->request, ordinal_of(c));
    sim_schedule(w, w->now + network, id, ARRIVED, call, c->generation);
}

// Whether the answer has to wait for the database.
static bool work(sim_world *w, sim_component_id id, const cache *s, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    if (s->writes && c->operation == SIM_CACHE_SET)
        return sim_through_write(w, id, s->through, call);
    take_effect(w, s, c);
    return s->through && c->operation == SIM_CACHE_GET && c->flags & SIM_CALL_MISS && sim_through_read(w, id, s->through, call);
}

static void lose_all(sim_world *w, const cache *s)
{
    sim_keystore_clear(w, s->store);
    if (s->through)
        sim_through_lose(w, s->through);
}

// Ends one that waits or is being served.
static void lose(sim_world *w, cache *s, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    s->left++;
    sim_call_outdate(w, call);
    c->flags &= (uint8_t)~SIM_CALL_RUNNING;    // its answer may still have a way to go
    sim_stay_end(w, &s->stay);
    sim_call_reply(w, call, SIM_lost);
}

// What is served or waits is lost. Answers that travel arrive; what the cache has asked the database for is still brought to an end.
static void die(sim_world *w, sim_component_id id, cache *s)
{
    sim_ref served = 0;
    sim_call_walk walk = sim_calls_walk(w);
    for (sim_ref call; (call = sim_calls_next(w, &walk));)
        if (sim_call_at(w, call)->callee == id && sim_call_at(w, call)->flags & SIM_CALL_RUNNING)
            served = call;
    lose_all(w, s);
    if (served) {
        sim_level_down(w, &s->busy);
        lose(w, s, served);
    }
    for (sim_ref call; (call = sim_fifo_pop(w, &s->queue));)
        lose(w, s, call);
}

// What is being served is served later, when it stands still.
static bool is_stopped(const sim_world *w, const sim_event *e, uint32_t server)
{
    (void)server;
    return e->what == SERVED && sim_call_at(w, e->subject)->generation == e->generation;
}

static void suffer(sim_world *w, sim_component_id id, uint32_t replica, const sim_force *force)
{
    cache *s = SIM_STATE(w, cache, id);
    (void)replica;
    bool was_down = s->is_down;
    sim_stand_still(w, &s->resumes, force->resumes, id, 0, is_stopped);
    s->slow = force->slow > 1 ? force->slow : 0;
    s->is_down = force->down;
    if (force->dies && !was_down)
        die(w, id, s);
    else if (force->flushed)
        lose_all(w, s);
}

static void back(sim_world *w, sim_component_id id, sim_ref child)
{
    cache *s = SIM_STATE(w, cache, id);
    sim_through_back(w, id, s->through, child);
    tick_if_needed(w, id, s);
}

static void reply(sim_world *w, sim_component_id id, sim_ref child)
{
    const cache *s = SIM_STATE(w, const cache, id);
    if (s->resumes <= w->now) {
        back(w, id, child);
        return;
    }
    w->parts_live++;                           // it is over no link any more
    sim_schedule(w, s->resumes, id, SEEN, child, 0);
}

// What is no call at the cache: its own timers, and answers. Seen when it does not stand still.
static void wake_itself(sim_world *w, sim_component_id id, const sim_event *event)
{
    cache *s = SIM_STATE(w, cache, id);
    if (s->resumes > w->now) {
        sim_schedule(w, s->resumes, id, event->what, event->subject, event->generation);
    } else if (event->what == EXPIRY) {
        expire_actively(w, id, s);
    } else if (event->what == SEEN) {
        w->parts_live--;
        back(w, id, event->subject);
    } else {
        sim_through_write_out(w, id, s->through);
    }
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    cache *s = SIM_STATE(w, cache, id);
    if (event->what != SERVED && event->what != ARRIVED) {
        wake_itself(w, id, event);
        return;
    }
    sim_call *c = sim_call_at(w, event->subject);
    if (event->what == ARRIVED) {
        s->travelling--;
        s->left++;
        sim_call_reply(w, event->subject, (sim_outcome)c->status);
        return;
    }
    if (c->generation != event->generation)    // it was lost with the server
        return;
    c->flags &= (uint8_t)~SIM_CALL_RUNNING;
    s->travelling++;
    bool waits = work(w, id, s, event->subject);
    tick_if_needed(w, id, s);
    sim_level_down(w, &s->busy);
    sim_stay_end(w, &s->stay);
    if (!waits)
        sim_cache_travel(w, id, event->subject);
    sim_ref next = sim_fifo_pop(w, &s->queue);
    if (next)
        serve(w, id, next);
}

// The live server has answered: status, version and the hit or miss flag are set.
static void done(sim_world *w, sim_component_id id, sim_ref call)
{
    cache *s = SIM_STATE(w, cache, id);
    const sim_call *c = sim_call_at(w, call);
    s->live_hits += (c->flags & SIM_CALL_HIT) != 0;
    s->live_misses += (c->flags & SIM_CALL_MISS) != 0;
    sim_level_down(w, &s->busy);
    sim_stay_end(w, &s->stay);
    s->left++;
    sim_call_reply(w, call, (sim_outcome)c->status);
}

static void reset(sim_world *w, sim_component_id id)
{
    cache *s = SIM_STATE(w, cache, id);
    sim_level_reset(w, &s->busy);
    sim_level_reset(w, &s->queue.length);
    sim_keystore_reset(w, s->store);
    if (s->through)
        sim_through_reset(w, s->through);
    s->started = s->rejected = s->live_hits = s->live_misses = s->sampled_hits = s->sampled_misses = 0;
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    cache *s = SIM_STATE(w, cache, id);
    const sim_keystore *k = SIM_AT(w, const sim_keystore, s->store);
    uint64_t hits = k->hits + s->live_hits, misses = k->misses + s->live_misses;
    double asked = (double)(hits - s->sampled_hits + misses - s->sampled_misses);
    out[0] = (float)sim_level_sample(w, &s->busy, step);
    out[1] = (float)sim_level_sample(w, &s->queue.length, step);
    out[2] = asked > 0 ? (float)((double)(hits - s->sampled_hits) / asked) : 0;
    out[3] = (float)k->count;
    s->sampled_hits = hits;
    s->sampled_misses = misses;
}

static void check(const sim_world *w, sim_component_id id)
{
    const cache *s = SIM_STATE(w, const cache, id);
    sim_keystore_check(w, s->store);
    if (s->through)
        sim_through_check(w, s->through);
    SIM_ASSERT(w, s->ticking || !s->tick || !SIM_AT(w, const sim_keystore, s->store)->expiring_count);
    SIM_ASSERT(w, s->queue.length.level <= s->queue_limit);
    SIM_ASSERT(w, s->queue.length.level == 0 || s->busy.level > 0);
}

static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const cache *s = SIM_STATE(w, const cache, id);
    *a = (sim_account){.refused = s->refused, .left = s->left, .inside = s->travelling + s->busy.level + s->queue.length.level, .stay = &s->stay,
                       .level = {{"time of the thread <= time", &s->busy, sim_leaf_of(w, id) ? 0 : 1},
                                 {"time of waiting <= places x time", &s->queue.length, s->queue_limit}}, .levels = 2, .staying = 2};
    return station == 0;
}

sim_station_view sim_cache_look(const sim_world *w, sim_component_id id)
{
    const cache *s = SIM_STATE(w, const cache, id);
    const sim_keystore *k = SIM_AT(w, const sim_keystore, s->store);
    double busy = sim_level_average(w, &s->busy);
    sim_station_view v = {.utilisation = busy, .busy_average = busy, .queue_average = sim_level_average(w, &s->queue.length),
                              .busy = s->busy.level, .capacity = 1, .queued = s->queue.length.level, .queue_limit = s->queue_limit,
                              .started = s->started, .rejected = s->rejected, .hits = k->hits + s->live_hits,
                              .misses = k->misses + s->live_misses, .entries = k->count};
    if (s->through)
        sim_through_add(w, s->through, &v);
    return v;
}

const sim_kind sim_kind_cache = {.name = "cache", .summary = "keys with versions in bounded memory, as Redis keeps them",
    .state_size = sizeof(cache), .def_size = sizeof(sim_cache_def), .gauges = gauges, .demand = demand, .build = build,
    .offer = offer, .reply = reply, .wake = wake, .done = done, .fault = suffer, .sample = sample, .reset = reset, .check = check, .account = account};
