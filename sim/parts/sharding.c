// sim/parts/sharding.c - where rows live, and calls that touch several shards: scatter-gather reads and two-phase commits.
// * The other keys that a statement with `keys` touches are drawn uniformly from `rows`, so they are a function of the request alone.
// * Of a call with parts, `count` is what it waits for: parts that are neither prepared nor over. Prepared ones hang at its `next`.
#include "sim/parts/sharding.h"

#include "sim/core/random.h"
#include "sim/parts/service.h"

static sim_ref place_map(sim_world *w, const sim_sharding_def *d, uint32_t count)
{
    const sim_sharding *row = sim_shardings[d->policy];
    if (!row->bytes)
        return 0;
    sim_ref map = sim_take(w, row->bytes(d, count));
    row->fill(SIM_AT(w, void, map), d, count);
    return map;
}

void sim_sharding_build(sim_world *w, sim_component_id id, const sim_database_def *d)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    if (!d->shards.count)
        return;
    s->sharding = sim_take(w, sizeof(sim_sharded));
    sim_sharded *h = sim_sharded_of(w, s);
    *h = (sim_sharded){.policy = d->shards.policy, .count = d->shards.count, .to = d->reshard.to, .rows = d->rows, .finished = HR_FOREVER,
                       .key_stream = sim_stream(w, id, SIM_DRAW_OTHER_KEY), .two_phase_stream = sim_stream(w, id, SIM_DRAW_TWO_PHASE)};
    h->total = h->to > h->count ? h->to : h->count;
    h->map = place_map(w, &d->shards, h->count);
    if (h->to)
        h->next_map = place_map(w, &d->shards, h->to);
    for (uint32_t i = 0; i < h->count; i++)
        sim_level_up(w, &h->paid);
    sim_reshard_build(w, id, d);
}

// --- where --------------------------------------------------------------------------------------------------------------

uint32_t sim_sharding_home(const sim_world *w, const sim_database *s, uint64_t key)
{
    if (!s->sharding)
        return 0;
    const sim_sharded *h = sim_sharded_of(w, s);
    bool moved = key < h->cursor;
    return sim_shardings[h->policy]->shard(SIM_AT(w, const void, moved ? h->next_map : h->map), moved ? h->to : h->count, key);
}

sim_rows *sim_sharding_rows(const sim_world *w, const sim_database *s, const sim_call *c, uint32_t which)
{
    sim_server *server = sim_server_at(w, s, which);
    if (!s->sharding || !sim_sharded_of(w, s)->cursor)
        return &server->rows;
    uint32_t home = sim_sharding_home(w, s, c->key);
    return home == which / s->shard_size ? &server->rows : &sim_server_at(w, s, sim_shard_at(w, s, home)->primary)->rows;
}

// The key that a statement touches as its number `i`; 0 is the request's own.
static uint64_t key_of(const sim_world *w, const sim_sharded *h, const sim_call *c, uint32_t i)
{
    return i ? sim_random(w->seed, h->key_stream, c->request, c->path + i).word[0] % h->rows : c->key;
}

typedef struct { uint32_t count; bool touched[SIM_MOST_SHARDS]; uint64_t key[SIM_MOST_SHARDS]; } spread;

// The shards that a call touches, and a key in each: its own in its home, else the first that lives there.
static spread spread_of(const sim_world *w, const sim_database *s, const sim_call *c)
{
    const sim_sharded *h = sim_sharded_of(w, s);
    const sim_statement *t = sim_statement_of(w, s, c);
    spread p = {0};
    uint32_t keys = t->scatter ? 0 : t->keys;
    for (uint32_t i = 0; i < keys; i++) {
        uint64_t key = key_of(w, h, c, i);
        uint32_t shard = sim_sharding_home(w, s, key);
        if (p.touched[shard])
            continue;
        p.touched[shard] = true;
        p.key[shard] = key;
        p.count++;
    }
    for (uint32_t shard = 0; shard < sim_sharding_live(h) && t->scatter; shard++) {
        p.touched[shard] = true;
        p.key[shard] = c->key;
        p.count++;
    }
    return p;
}

// --- there ----------------------------------------------------------------------------------------------------------------

static void send_part(sim_world *w, sim_component_id id, sim_ref call, uint32_t shard, uint64_t key)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    bool writes = sim_statement_of(w, s, sim_call_at(w, call))->writes;
    sim_ref part = sim_routing_part(w, id, call, writes ? SIM_PART_PREPARES : SIM_PART_READS);
    sim_call *p = sim_call_at(w, part);
    p->key = key;
    p->path = sim_path(p->path, 0, shard);
    sim_routing_place(w, id, part, shard);
    sim_database_enter(w, id, part);
}

// Nothing is waited for any more. When parts are prepared, all are told the same, else the call is over.
static void settle(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_call *c = sim_call_at(w, call);
    sim_ref part = c->next;
    c->next = 0;
    if (!part) {
        sim_routing_end(w, id, call, (sim_outcome)c->status);
        return;
    }
    uint16_t what = c->status == SIM_ok ? SIM_DB_COMMIT_PREPARED : SIM_DB_ROLLBACK_PREPARED;
    for (sim_ref next; part; part = next) {
        const sim_call *p = sim_call_at(w, part);
        next = p->next;
        c->count++;
        hr_time told = sim_dist_time(w, &s->network, sim_sharded_of(w, s)->two_phase_stream, p->request, p->path);
        sim_schedule(w, w->now + told, id, what, part, p->generation);
    }
}

void sim_sharding_offer(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_sharded *h = sim_sharded_of(w, s);
    sim_call *c = sim_call_at(w, call);
    const sim_statement *t = sim_statement_of(w, s, c);
    h->asked++;
    spread p = {.count = 1};
    if (t->scatter || t->keys > 1)
        p = spread_of(w, s, c);
    if (p.count == 1) {
        sim_routing_send(w, id, call, sim_sharding_home(w, s, c->key));
        return;
    }
    h->spread++;
    sim_routing_begin(w, id, call);
    c->status = SIM_ok;
    c->version = 0;
    c->next = 0;
    c->count = 1;                              // parts may come back at once
    for (uint32_t shard = 0; shard < h->total; shard++) {
        if (!p.touched[shard])
            continue;
        sim_call_at(w, call)->count++;
        send_part(w, id, call, shard, p.key[shard]);
    }
    if (--sim_call_at(w, call)->count == 0)
        settle(w, id, call);
}

// --- and back -------------------------------------------------------------------------------------------------------------

void sim_sharding_prepare(sim_world *w, sim_component_id id, sim_ref part)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_call *p = sim_call_at(w, part);
    p->phase = SIM_PHASE_COMMITS;
    hr_time flush = sim_dist_time(w, &s->flush, sim_sharded_of(w, s)->two_phase_stream, p->request, p->path + 1);
    sim_schedule(w, w->now + flush, id, SIM_DB_PREPARED, part, p->generation);
}

void sim_sharding_prepared(sim_world *w, sim_component_id id, sim_ref part)
{
    sim_call *p = sim_call_at(w, part);
    sim_ref call = p->parent;
    sim_call *c = sim_call_at(w, call);
    p->step = SIM_PART_PREPARED;
    p->next = c->next;
    c->next = part;
    if (--c->count == 0)
        settle(w, id, call);
}

void sim_sharding_back(sim_world *w, sim_component_id id, sim_ref part)
{
    const sim_call *p = sim_call_at(w, part);
    sim_ref call = p->parent;
    sim_outcome status = (sim_outcome)p->status;
    if (p->step == SIM_PART_MOVES) {
        sim_routing_free(w, part);
        sim_reshard_back(w, id, status);
        return;
    }
    sim_call *c = sim_call_at(w, call);
    if (status != SIM_ok && c->status == SIM_ok)
        c->status = (uint8_t)status;           // the first failure is the call's
    if (p->key == c->key && c->version < p->version)               // of all shards the row's home has the newest
        c->version = p->version;
    sim_routing_free(w, part);
    if (--c->count == 0)
        settle(w, id, call);
}

// --- in doubt ---------------------------------------------------------------------------------------------------------------

bool sim_sharding_is_prepared(const sim_call *c) { return c->flags & SIM_CALL_PART && c->step == SIM_PART_PREPARED; }

bool sim_sharding_doubts(sim_world *w, sim_component_id id, const sim_event *event)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_call *c = sim_call_at(w, event->subject);
    if (!sim_sharding_is_prepared(c) || !sim_shard_at(w, s, c->replica / s->shard_size)->is_headless)
        return false;
    c->count = event->what;
    sim_level_up(w, &sim_sharded_of(w, s)->in_doubt);
    return true;
}

// The coordinator connects to the new primary. A record of a commit that it has not got is made again.
static void tell_again(sim_world *w, sim_component_id id, sim_ref part, const sim_shard *shard)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_call *p = sim_call_at(w, part);
    bool is_lost = p->count == SIM_DB_COMMITTED && s->shard_size > 1 && p->position > shard->end;
    uint16_t what = is_lost ? SIM_DB_COMMIT_PREPARED : (uint16_t)p->count;
    p->count = 0;
    sim_level_down(w, &sim_sharded_of(w, s)->in_doubt);
    hr_time told = sim_dist_time(w, &s->network, sim_sharded_of(w, s)->two_phase_stream, p->request, p->path);
    sim_schedule(w, w->now + told, id, what, part, p->generation);
}

void sim_sharding_resolve(sim_world *w, sim_component_id id, uint32_t which)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const sim_shard *shard = sim_shard_at(w, s, which);
    sim_call_walk walk = sim_calls_walk(w);
    for (sim_ref part; s->sharding && (part = sim_calls_next(w, &walk));) {
        const sim_call *p = sim_call_at(w, part);
        if (p->callee == id && sim_sharding_is_prepared(p) && p->count && p->replica / s->shard_size == which)
            tell_again(w, id, part, shard);
    }
}

void sim_sharding_check(const sim_world *w, const sim_database *s)
{
    if (!s->sharding)
        return;
    bool is_headless = false;
    for (uint32_t shard = 0; shard < sim_sharded_of(w, s)->total; shard++)
        is_headless |= sim_shard_at(w, s, shard)->is_headless;
    SIM_ASSERT(w, is_headless || !sim_sharded_of(w, s)->in_doubt.level);
}

// --- counts -----------------------------------------------------------------------------------------------------------------

void sim_sharding_reset(const sim_world *w, const sim_database *s)
{
    if (!s->sharding)
        return;
    sim_sharded *h = sim_sharded_of(w, s);
    h->asked = h->spread = 0;
    sim_level_reset(w, &h->paid);
    sim_level_reset(w, &h->in_doubt);
}

void sim_sharding_add(const sim_world *w, const sim_database *s, sim_station_view *view)
{
    if (!s->sharding)
        return;
    const sim_sharded *h = sim_sharded_of(w, s);
    view->shards = h->total;
    view->shards_paid = sim_level_average(w, &h->paid);
    for (uint32_t i = 0; i < s->server_count; i++) {
        const sim_server *server = sim_server_at(w, s, i);
        view->shard_busy[i / s->shard_size] += sim_level_average(w, &server->busy);
        view->shard_have[i / s->shard_size] += s->has_pools ? sim_level_average(w, &server->open) : s->pool;
    }
    view->asked = h->asked;
    view->spread = h->spread;
    view->has_doubts = w->faulty & SIM_FAULTY_KILL;
    view->in_doubt = sim_level_average(w, &h->in_doubt);
    view->moved = h->moved;
    view->reshards = h->to > 0;
    if (h->to && h->finished != HR_FOREVER)
        view->reshard_s = (double)(h->finished - h->at) * 1e-9;
}
