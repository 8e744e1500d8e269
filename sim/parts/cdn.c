// sim/parts/cdn.c - an edge cache in each region: answers what it has, else fetches it from the origin for all who wait.
// * A call is served by the edge nearest to its caller. What an edge does not keep, or has not, goes on from its region.
// * An edge fetches a key once at a time: who asks meanwhile waits for that answer, and shares its end, also a failure (nginx' proxy_cache_lock,
//   "request collapsing"). A fetch has no deadline of its own, and in the background it has no parent: nobody waits for it.
// * RFC 5861: up to `stale` after its ttl the old answer is served and one fetch runs in the background; up to `spare` it stands in for one that
//   has failed. Nothing tells an edge of a write: it serves what it has until the ttl ends.
// * Who cancels leaves. A fetch goes on without anybody, for it fills the cache; what is not kept is cancelled at the target, too (nginx: a client that closes
//   its connection ends the request to the upstream unless the answer is cacheable, ngx_http_upstream_check_broken_connection).
// * Idealised: an edge has room for all requests at a time.
#include "sim/parts/cdn.h"

#include "sim/core/table.h"
#include "sim/parts/service.h"

typedef struct {
    sim_ref   store;                           // keys; their versions are one more than those of the answers, which may have none
    sim_table fetching;                        // a map from a key to the call that fetches it
    uint64_t  hits, misses;                    // since the reset
} edge;

typedef struct {
    sim_ref   edges;                           // edge[regions]; those without a store are none
    uint32_t  regions;
    uint16_t  target, unused;
    uint8_t   kept[SIM_UPLOAD_BYTES];
    hr_time   ttl, stale, spare;
    sim_dist  demand;
    uint32_t  stream, out;                     // out: calls that are at the target
    sim_level inside;
    sim_stay  stay;
    uint64_t  left, sent;                      // since time zero, for the laws
    uint64_t  fetched, joined, old;            // since the reset
    uint64_t  sampled_hits, sampled_misses;
} cdn;

static const char *const gauges[] = {"hit_ratio", "fetching", NULL};

static edge *edge_at(const sim_world *w, const cdn *s, uint32_t region) { return SIM_AT(w, edge, s->edges) + region; }

static sim_keystore_def store_of(const sim_cdn_def *d)
{
    sim_keystore_def store = sim_keystore_defaults(d->eviction);
    store.limit_entries = d->entries;
    store.limit_bytes = d->memory_bytes;
    store.lifetimes = true;
    return store;
}

static size_t demand(const void *def)
{
    const sim_cdn_def *d = def;
    const sim_keystore_def store = store_of(d);
    return sim_keystore_demand(&store) * d->regions;
}

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_cdn_def *d = def;
    cdn *s = SIM_STATE(w, cdn, id);
    *s = (cdn){.regions = d->regions, .target = d->target, .ttl = d->ttl, .stale = d->stale, .spare = d->spare,
               .stream = sim_stream(w, id, SIM_DRAW_CPU)};
    for (int i = 0; i < SIM_UPLOAD_BYTES; i++)
        s->kept[i] = d->kept[i];
    s->demand = sim_dist_place(w, &d->demand);
    s->edges = sim_take(w, d->regions * sizeof(edge));
    for (uint32_t i = 0; i < d->regions; i++) {
        sim_keystore_def store = store_of(d);
        store.stream = sim_stream(w, id, SIM_DRAW_CHOICE) + i;
        *edge_at(w, s, i) = (edge){.store = d->edges >> i & 1 ? sim_keystore_make(w, &store) : 0, .fetching = sim_map_make()};
    }
}

static bool is_kept(const cdn *s, const sim_call *c) { return s->kept[c->operation >> 3 & (SIM_UPLOAD_BYTES - 1)] >> (c->operation & 7) & 1; }

// Answers of different operations about one row lie under different keys.
static uint64_t key_of(const sim_call *c) { return c->key ^ (uint64_t)c->operation << 52; }

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    cdn *s = SIM_STATE(w, cdn, id);
    const sim_call *c = sim_call_at(w, call);
    sim_level_up(w, &s->inside);
    sim_stay_begin(&s->stay, sim_call_arrived(w, c));
    hr_time demand_time = sim_dist_time(w, &s->demand, s->stream, c->request, c->path + c->operation);
    sim_schedule(w, w->now + demand_time, id, 0, call, c->generation);
}

static void answer(sim_world *w, cdn *s, sim_ref call, sim_outcome status, uint32_t version)
{
    sim_call *c = sim_call_at(w, call);
    sim_level_down(w, &s->inside);
    sim_stay_end(w, &s->stay);
    s->left++;
    if (status == SIM_ok)
        c->version = version;
    sim_call_reply(w, call, status);
}

// --- fetching ---------------------------------------------------------------------------------------------------------------

static sim_ref ask(sim_world *w, sim_component_id id, cdn *s, sim_ref call, uint32_t region)
{
    sim_ref child = sim_call_passed(w, call, id);
    sim_call_at(w, child)->from = (uint8_t)(region + 1);
    s->sent++;
    s->out++;
    return child;
}

// `call` waits for it, or is only why it is fetched.
static void fetch(sim_world *w, sim_component_id id, cdn *s, edge *e, sim_ref call, uint32_t region, bool waits)
{
    sim_call *c = sim_call_at(w, call);
    sim_ref fetcher = sim_map_at(w, &e->fetching, key_of(c));
    if (fetcher && !waits)
        return;
    c->next = 0;
    if (fetcher) {                             // behind those who wait already, put in order at the end
        sim_call *f = sim_call_at(w, fetcher);
        c->next = f->parent;
        f->parent = call;
        s->joined++;
        return;
    }
    sim_ref child = ask(w, id, s, call, region);
    sim_call_at(w, child)->deadline = HR_FOREVER;
    if (!waits)
        sim_call_at(w, child)->parent = 0;
    s->fetched++;
    sim_map_put(w, &e->fetching, key_of(c), child);
    sim_call_send(w, child, s->target, 0);
}

// The version of a key under which something is kept, whatever its age; 0: nothing. How long ago its ttl has ended; negative: it has not.
static uint32_t find(const sim_world *w, const edge *e, uint64_t key, hr_time *past)
{
    uint32_t version = sim_keystore_version(w, e->store, key);
    const sim_lifetime *life = version ? sim_keystore_lifetime(w, e->store, key) : NULL;
    *past = !life || life->fresh_until == HR_FOREVER ? -1 : w->now - life->fresh_until;
    return version;
}

static void serve(sim_world *w, sim_component_id id, cdn *s, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    uint32_t region = sim_network_at(w, c), version;
    edge *e = edge_at(w, s, region);
    hr_time past;
    if (!is_kept(s, c)) {
        sim_call_send(w, ask(w, id, s, call, region), s->target, 0);
        return;
    }
    version = find(w, e, key_of(c), &past);
    if (!version || past >= hr_max_time(s->stale, 0)) {
        e->misses++;
        fetch(w, id, s, e, call, region, true);
        return;
    }
    e->hits++;
    (void)sim_keystore_get(w, e->store, key_of(c), &version);      // a use, for eviction
    if (past >= 0) {
        s->old++;
        fetch(w, id, s, e, call, region, false);
    }
    answer(w, s, call, SIM_ok, version - 1);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    const sim_call *c = sim_call_at(w, event->subject);
    if (c->generation == event->generation && c->link)             // else cancelled; its answer may be on its way still
        serve(w, id, SIM_STATE(w, cdn, id), event->subject);
}

// Takes a call out of those who wait for a fetch; false: it does not.
static bool leave_fetch(sim_world *w, const cdn *s, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    sim_ref fetcher = is_kept(s, c) ? sim_map_at(w, &edge_at(w, s, sim_network_at(w, c))->fetching, key_of(c)) : 0;
    if (!fetcher)
        return false;
    sim_ref *at = &sim_call_at(w, fetcher)->parent;
    while (*at && *at != call)
        at = &sim_call_at(w, *at)->next;
    bool waits = *at != 0;
    if (waits)
        *at = c->next;
    return waits;
}

static void cancel(sim_world *w, sim_component_id id, sim_ref call)
{
    cdn *s = SIM_STATE(w, cdn, id);
    sim_ref child = leave_fetch(w, s, call) ? 0 : sim_call_child(w, call, 0);
    if (child)
        sim_call_cancel(w, child);
    else
        answer(w, s, call, SIM_timeout, 0);
}

static void keep(sim_world *w, const cdn *s, const edge *e, const sim_call *c)
{
    bool ends = s->ttl != HR_FOREVER;
    hr_time fresh_until = ends ? w->now + s->ttl : HR_FOREVER, kept = ends ? fresh_until + hr_max_time(s->stale, s->spare) : HR_FOREVER;
    if (sim_keystore_set(w, e->store, key_of(c), c->version + 1, c->size_bytes, kept))
        sim_keystore_lifetime(w, e->store, key_of(c))->fresh_until = fresh_until;
}

// Who came first is answered first: they stand in the opposite order.
static sim_ref in_order(const sim_world *w, sim_ref last)
{
    sim_ref head = 0;
    for (sim_ref call = last, next; call; call = next) {
        next = sim_call_at(w, call)->next;
        sim_call_at(w, call)->next = head;
        head = call;
    }
    return head;
}

static void end_fetch(sim_world *w, cdn *s, const sim_call *c)
{
    edge *e = edge_at(w, s, c->from - 1u);
    sim_outcome status = (sim_outcome)c->status;
    hr_time past;
    uint32_t version = c->version, old = find(w, e, key_of(c), &past);
    sim_map_put(w, &e->fetching, key_of(c), 0);
    bool stands_in = status != SIM_ok && old && past < s->spare;
    if (status == SIM_ok)
        keep(w, s, e, c);
    if (stands_in) {
        status = SIM_ok;
        version = old - 1;
    }
    for (sim_ref call = in_order(w, c->parent), next; call; call = next) {
        next = sim_call_at(w, call)->next;
        s->old += stands_in;
        answer(w, s, call, status, version);
    }
}

static void reply(sim_world *w, sim_component_id id, sim_ref child)
{
    cdn *s = SIM_STATE(w, cdn, id);
    const sim_call c = *sim_call_at(w, child);
    s->out--;
    sim_call_free(w, child);
    if (is_kept(s, &c))
        end_fetch(w, s, &c);
    else
        answer(w, s, c.parent, (sim_outcome)c.status, c.version);
}

// --- counts -------------------------------------------------------------------------------------------------------------------

static void reset(sim_world *w, sim_component_id id)
{
    cdn *s = SIM_STATE(w, cdn, id);
    sim_level_reset(w, &s->inside);
    s->fetched = s->joined = s->old = s->sampled_hits = s->sampled_misses = 0;
    for (uint32_t i = 0; i < s->regions; i++) {
        edge_at(w, s, i)->hits = edge_at(w, s, i)->misses = 0;
        if (edge_at(w, s, i)->store)
            sim_keystore_reset(w, edge_at(w, s, i)->store);
    }
}

sim_edge_view sim_edge_look(const sim_world *w, sim_component_id id, uint32_t region)
{
    const edge *e = edge_at(w, SIM_STATE(w, const cdn, id), region);
    return (sim_edge_view){e->hits, e->misses, e->store ? SIM_AT(w, const sim_keystore, e->store)->count : 0};
}

sim_station_view sim_cdn_look(const sim_world *w, sim_component_id id)
{
    const cdn *s = SIM_STATE(w, const cdn, id);
    sim_station_view v = {.has_refills = true, .loads = s->fetched, .joined = s->joined, .saved = s->old};
    for (uint32_t i = 0; i < s->regions; i++) {
        sim_edge_view e = sim_edge_look(w, id, i);
        v.hits += e.hits;
        v.misses += e.misses;
        v.entries += e.entries;
    }
    return v;
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    cdn *s = SIM_STATE(w, cdn, id);
    sim_station_view v = sim_cdn_look(w, id);
    double asked = (double)(v.hits - s->sampled_hits + v.misses - s->sampled_misses);
    (void)step;
    out[0] = asked > 0 ? (float)((double)(v.hits - s->sampled_hits) / asked) : 0;
    out[1] = (float)s->out;
    s->sampled_hits = v.hits;
    s->sampled_misses = v.misses;
}

static void check(const sim_world *w, sim_component_id id)
{
    const cdn *s = SIM_STATE(w, const cdn, id);
    uint32_t fetching = 0;
    for (uint32_t i = 0; i < s->regions; i++) {
        fetching += edge_at(w, s, i)->fetching.count;
        if (edge_at(w, s, i)->store)
            sim_keystore_check(w, edge_at(w, s, i)->store);
    }
    SIM_ASSERT(w, fetching <= s->out && s->out <= s->sent);
}

static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const cdn *s = SIM_STATE(w, const cdn, id);
    *a = (sim_account){.left = s->left, .inside = s->inside.level, .knows_sent = true, .sent = s->sent, .waiting = s->out, .stay = &s->stay,
                       .level = {{"requests at the edges", &s->inside, 0}}, .levels = 1, .staying = 1};
    return station == 0;
}

const sim_kind sim_kind_cdn = {.name = "cdn", .summary = "caches at the edge of several regions, in front of an origin",
    .state_size = sizeof(cdn), .def_size = sizeof(sim_cdn_def), .gauges = gauges, .demand = demand, .build = build, .offer = offer, .reply = reply,
    .wake = wake, .cancel = cancel, .sample = sample, .reset = reset, .check = check, .account = account};
