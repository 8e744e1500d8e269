// sim/parts/replication.c - the log of a database: when a commit may be answered, how records reach the replicas, and who takes over.
// * A record is sent when it is on the primary's disk. Each replica gets the records in order and applies them one at a time. Both times are
//   known when the record is made, so it is a timer and a table that move the replicas on.
// * A replica in another region is as far away as the network says. What a cut has lost is sent again when that is over.
// * A commit waits as PostgreSQL's synchronous_commit says. Where fewer replicas are left than have to confirm, as many as there are
//   have to, as Patroni has it without synchronous_mode_strict.
#include "sim/core/histogram.h"
#include "sim/core/random.h"
#include "sim/parts/database.h"
#include "sim/parts/faults.h"
#include "sim/parts/sharding.h"

void sim_replication_build(sim_world *w, sim_component_id id, const sim_database_def *d)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    uint32_t shards = s->server_count / s->shard_size;
    s->shards = sim_take(w, shards * sizeof(sim_shard));
    for (uint32_t i = 0; i < shards; i++)
        sim_shard_at(w, s, i)->primary = i * s->shard_size;
    s->commit = d->commit;
    s->confirm = d->confirm;
    s->takes_over_after = d->detection == HR_FOREVER || d->promotion == HR_FOREVER ? HR_FOREVER : d->detection + d->promotion;
    s->flush = sim_dist_place(w, &d->flush);
    s->flush_stream = sim_stream(w, id, SIM_DRAW_FLUSH);
    s->has_log = d->replicas > 0 || d->flush.kind != SIM_DIST_constant || d->flush.a > 0;
    for (uint32_t i = 0; i < s->server_count; i++)
        sim_server_at(w, s, i)->limit = UINT64_MAX;
    if (!d->replicas)
        return;
    s->send = sim_dist_place(w, &d->send);
    s->apply = sim_dist_place(w, &d->apply);
    s->send_stream = sim_stream(w, id, SIM_DRAW_SEND);
    s->apply_stream = sim_stream(w, id, SIM_DRAW_APPLY);
    s->back_stream = sim_stream(w, id, SIM_DRAW_CONFIRM);
    s->lag = sim_take(w, sizeof(sim_histogram));
}

// --- the log ------------------------------------------------------------------------------------------------------------

static sim_record *record_at(const sim_world *w, const sim_shard *shard, uint64_t position)
{
    return SIM_AT(w, sim_record, shard->records) + (position & (shard->room - 1));
}

static sim_delivery *delivery_at(const sim_world *w, const sim_database *s, const sim_shard *shard, uint64_t position, uint32_t server)
{
    return SIM_AT(w, sim_delivery, shard->deliveries) + (position & (shard->room - 1)) * s->shard_size + server % s->shard_size;
}

// A replica of the shard that is up; the primary is none.
static bool follows(const sim_world *w, const sim_database *s, const sim_shard *shard, uint32_t server)
{
    return server != shard->primary && !sim_server_at(w, s, server)->is_down;
}

static HR_APART void grow(sim_world *w, const sim_database *s, sim_shard *shard)
{
    sim_shard old = *shard;
    shard->room = old.room ? old.room * 2 : 64;
    shard->records = sim_take(w, shard->room * sizeof(sim_record));
    shard->deliveries = sim_take(w, (size_t)shard->room * s->shard_size * sizeof(sim_delivery));
    for (uint64_t p = old.first + 1; p <= old.end && old.room; p++) {
        *record_at(w, shard, p) = *record_at(w, &old, p);
        for (uint32_t i = 0; i < s->shard_size; i++)
            *delivery_at(w, s, shard, p, i) = *delivery_at(w, s, &old, p, i);
    }
    sim_give(w, old.records, old.room * sizeof(sim_record));
    sim_give(w, old.deliveries, (size_t)old.room * s->shard_size * sizeof(sim_delivery));
}

static uint64_t subject_of(const sim_database *s, uint32_t server, uint64_t position) { return (uint64_t)(server / s->shard_size) << 48 | position; }

static hr_time later(hr_time at, hr_time by) { return at > HR_FOREVER - by ? HR_FOREVER : at + by; }

// How long a replica needs for a record, and until when faults keep it from that.
static hr_time apply_time(const sim_world *w, const sim_database *s, uint32_t server, uint64_t position)
{
    return sim_dist_time(w, &s->apply, s->apply_stream, subject_of(s, server, position), server % s->shard_size);
}

static hr_time held_until(const sim_world *w, sim_component_id id, const sim_shard *shard, uint32_t server, uint64_t position)
{
    const sim_server *r = sim_server_at(w, SIM_STATE(w, const sim_database, id), server);
    return r->is_held ? sim_faults_hold(w, (sim_component_id)r->teller, id, server, position, record_at(w, shard, position)->sent) : 0;
}

// When what a server sends to another arrives: the record at a position, or the answer to it.
static hr_time travels(const sim_world *w, sim_component_id id, uint32_t from, uint32_t to, uint64_t position, bool is_answer, hr_time leaves)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    if (!s->regions)
        return leaves;
    uint32_t replica = is_answer ? from : to;
    sim_voyage v = {sim_server_region(w, s, from), sim_server_region(w, s, to), sim_component_at(w, id)->stream ^ replica * 0x9E3779B1u, is_answer, position};
    return sim_network_arrives(w, &v, leaves);
}

// Sends a record to a replica, from a time on.
static void deliver(const sim_world *w, sim_component_id id, const sim_shard *shard, uint32_t server, uint64_t position, hr_time from)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_server *r = sim_server_at(w, s, server);
    hr_time send = sim_dist_time(w, &s->send, s->send_stream, subject_of(s, server, position), server % s->shard_size);
    r->arrives = hr_max_time(hr_max_time(r->arrives, travels(w, id, shard->primary, server, position, false, from + send)), r->resumes);
    r->applies = hr_max_time(hr_max_time(r->applies, r->arrives), held_until(w, id, shard, server, position));
    r->applies = later(r->applies, apply_time(w, s, server, position));
    *delivery_at(w, s, shard, position, server) = (sim_delivery){r->arrives, r->applies};
}

// The timer for the next record that a replica applies.
static void await(sim_world *w, sim_component_id id, const sim_shard *shard, uint32_t server)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const sim_server *r = sim_server_at(w, s, server);
    hr_time at = r->applied < shard->end && r->applied < r->limit ? delivery_at(w, s, shard, r->applied + 1, server)->applied : HR_FOREVER;
    if (at != HR_FOREVER)
        sim_schedule(w, hr_max_time(w->now, at), id, SIM_DB_APPLIED, server, r->alarm);
}

// Records that every replica has applied are not needed any more.
static void trim(const sim_world *w, const sim_database *s, sim_shard *shard, uint32_t base)
{
    uint64_t least = shard->end;
    for (uint32_t i = base; i < base + s->shard_size; i++)
        if (follows(w, s, shard, i) && sim_server_at(w, s, i)->applied < least)
            least = sim_server_at(w, s, i)->applied;
    shard->first = least;
}

// When `confirm` replicas have said that they have the record, or have applied it.
static hr_time confirmed(const sim_world *w, sim_component_id id, const sim_shard *shard, uint32_t base, uint64_t position)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    hr_time at[SIM_MOST_REPLICAS];
    uint32_t count = 0;
    for (uint32_t i = base; i < base + s->shard_size; i++) {
        if (!follows(w, s, shard, i))
            continue;
        const sim_delivery *d = delivery_at(w, s, shard, position, i);
        hr_time said = later(s->commit == SIM_COMMIT_remote_apply ? d->applied : d->arrives,
                             sim_dist_time(w, &s->send, s->back_stream, subject_of(s, i, position), i % s->shard_size));
        said = travels(w, id, i, shard->primary, position, true, said);
        uint32_t k = count++;
        for (; k > 0 && at[k - 1] > said; k--)
            at[k] = at[k - 1];
        at[k] = said;
    }
    uint32_t wanted = s->confirm < count ? s->confirm : count;
    return wanted ? at[wanted - 1] : 0;
}

hr_time sim_replication_log(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    sim_shard *shard = sim_shard_at(w, s, c->replica / s->shard_size);
    uint32_t base = c->replica / s->shard_size * s->shard_size;
    uint64_t position = ++shard->end;
    // The log is written in order: a later record that is on the disk has taken the earlier ones with it.
    shard->sent = hr_max_time(shard->sent, w->now + sim_dist_time(w, &s->flush, s->flush_stream, c->request, c->path));
    if (s->shard_size == 1) {
        shard->first = position;
        return s->commit == SIM_COMMIT_off ? w->now : shard->sent;
    }
    if (position - shard->first > shard->room)
        grow(w, s, shard);
    *record_at(w, shard, position) = (sim_record){c->key, shard->sent, c->version, 0};
    c->position = position;
    for (uint32_t i = base; i < base + s->shard_size; i++) {
        if (!follows(w, s, shard, i))
            continue;
        deliver(w, id, shard, i, position, shard->sent);
        if (sim_server_at(w, s, i)->applied + 1 == position)
            await(w, id, shard, i);
    }
    hr_time said = s->confirm ? confirmed(w, id, shard, base, position) : 0;
    trim(w, s, shard, base);
    return s->commit == SIM_COMMIT_off ? w->now : hr_max_time(shard->sent, said);
}

void sim_replication_commit(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    const sim_call *c = sim_call_at(w, call);
    if (s->shard_size == 1)
        return;
    sim_shard *shard = sim_shard_at(w, s, c->replica / s->shard_size);
    if (c->position > shard->first)
        record_at(w, shard, c->position)->is_answered = 1;
    sim_routing_wrote(w, s, c, c->position);
}

void sim_replication_apply(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    uint32_t server = event->subject;
    sim_server *r = sim_server_at(w, s, server);
    sim_shard *shard = sim_shard_at(w, s, server / s->shard_size);
    if (event->generation != r->alarm || r->applied >= r->limit || r->is_down)
        return;                                // the primary died before it was sent
    const sim_record *record = record_at(w, shard, ++r->applied);
    sim_histogram_add(SIM_AT(w, sim_histogram, s->lag), w->now - record->sent);
    (void)sim_rows_commit(w, &r->rows, record->key, record->version);
    trim(w, s, shard, server / s->shard_size * s->shard_size);
    await(w, id, shard, server);
}

hr_time sim_replication_applied_at(const sim_world *w, const sim_database *s, uint32_t server, uint64_t position)
{
    return delivery_at(w, s, sim_shard_at(w, s, server / s->shard_size), position, server)->applied;
}

hr_time sim_replication_lag(const sim_world *w, const sim_database *s)
{
    hr_time lag = 0;
    for (uint32_t i = 0; i < s->server_count && s->shard_size > 1; i++) {
        const sim_shard *shard = sim_shard_at(w, s, i / s->shard_size);
        const sim_server *r = sim_server_at(w, s, i);
        if (follows(w, s, shard, i) && r->applied < shard->end)
            lag = hr_max_time(lag, w->now - record_at(w, shard, r->applied + 1)->sent);
    }
    return lag;
}

// --- what holds replicas up ---------------------------------------------------------------------------------------------

// Works out anew when a replica receives and applies what it has not yet. What it was about to apply when it was stopped goes on where it was.
static void plan(sim_world *w, sim_component_id id, const sim_shard *shard, uint32_t server, hr_time resumed)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_server *r = sim_server_at(w, s, server);
    hr_time stopped = hr_max_time(w->now, resumed), by = hr_max_time(r->resumes - stopped, 0), free = hr_max_time(w->now, r->resumes), got = 0;
    hr_time whole = s->regions ? sim_network_whole(w, sim_server_region(w, s, shard->primary), sim_server_region(w, s, server)) : 0;
    for (uint64_t p = r->applied + 1; p <= shard->end && p <= r->limit; p++) {
        sim_delivery *d = delivery_at(w, s, shard, p, server);
        hr_time takes = apply_time(w, s, server, p);
        bool has_begun = d->applied != HR_FOREVER && d->applied - takes <= stopped && d->arrives <= stopped;
        if (d->arrives > w->now && d->arrives < whole)             // lost in the cut
            d->arrives = travels(w, id, shard->primary, server, p, false, whole);
        d->arrives = hr_max_time(got, d->arrives > stopped ? hr_max_time(d->arrives, r->resumes) : d->arrives);
        got = d->arrives;
        free = has_begun ? later(d->applied, by) : later(hr_max_time(hr_max_time(free, d->arrives), held_until(w, id, shard, server, p)), takes);
        d->applied = free;
        r->arrives = hr_max_time(r->arrives, d->arrives);
        r->applies = free;
    }
    r->alarm++;
    await(w, id, shard, server);
}

typedef struct { sim_component_id id; uint32_t shard; } commits;

// A commit that waits for replicas may have to wait longer.
static hr_time moved(const sim_world *w, const sim_event *e, const void *self)
{
    const commits *m = self;
    const sim_database *s = SIM_STATE(w, const sim_database, m->id);
    const sim_shard *shard = sim_shard_at(w, s, m->shard);
    if (e->component != m->id || e->what != SIM_DB_COMMITTED)
        return e->at;
    const sim_call *c = sim_call_at(w, e->subject);
    bool waits = c->generation == e->generation && c->replica / s->shard_size == m->shard && c->position > shard->first && c->position <= shard->end;
    return waits ? hr_max_time(e->at, confirmed(w, m->id, shard, m->shard * s->shard_size, c->position)) : e->at;
}

void sim_replication_hold(sim_world *w, sim_component_id id, uint32_t server, hr_time resumed)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const commits m = {id, server / s->shard_size};
    const sim_shard *shard = sim_shard_at(w, s, m.shard);
    if (s->shard_size == 1 || !follows(w, s, shard, server))
        return;
    plan(w, id, shard, server, resumed);
    if (s->confirm && s->commit != SIM_COMMIT_off)
        sim_events_move(w, moved, &m);
}

void sim_replication_cut(sim_world *w, sim_component_id id, uint32_t from, uint32_t to)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const commits m = {id, 0};                 // with regions there is one shard
    const sim_shard *shard = sim_shard_at(w, s, 0);
    bool is_used = false;
    for (uint32_t i = 0; s->regions && i < s->server_count; i++) {
        if (!follows(w, s, shard, i))
            continue;
        uint32_t primary = sim_server_region(w, s, shard->primary), replica = sim_server_region(w, s, i);
        is_used |= (primary == from && replica == to) || (primary == to && replica == from);
        if (primary == from && replica == to)
            plan(w, id, shard, i, sim_server_at(w, s, i)->resumes);
    }
    if (is_used && s->confirm && s->commit != SIM_COMMIT_off)
        sim_events_move(w, moved, &m);
}

// --- failover -----------------------------------------------------------------------------------------------------------

// What is under way when the primary dies does not arrive.
static void orphan(sim_world *w, sim_component_id id, uint32_t which)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_shard *shard = sim_shard_at(w, s, which);
    shard->is_headless = 1;
    shard->deaths++;
    for (uint32_t i = which * s->shard_size; i < (which + 1) * s->shard_size; i++) {
        sim_server *r = sim_server_at(w, s, i);
        if (!follows(w, s, shard, i))
            continue;
        for (r->limit = r->applied; r->limit < shard->end && delivery_at(w, s, shard, r->limit + 1, i)->arrives <= w->now; r->limit++) {
        }
    }
    if (s->takes_over_after != HR_FOREVER && s->shard_size > 1)
        sim_schedule(w, w->now + s->takes_over_after, id, SIM_DB_TAKES_OVER, which, shard->deaths);
}

void sim_replication_die(sim_world *w, sim_component_id id, uint32_t server)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    if (sim_shard_at(w, s, server / s->shard_size)->primary == server)
        orphan(w, id, server / s->shard_size);
    else
        sim_server_at(w, s, server)->alarm++;  // it applies nothing any more
}

static bool is_better(const sim_world *w, const sim_server *a, const sim_server *b)
{
    bool a_stands = a->resumes > w->now, b_stands = b->resumes > w->now;
    return a_stands != b_stands ? b_stands : a->limit > b->limit;
}

// The replica that has received most, as Patroni chooses, of those that do not stand still, if there are any.
static uint32_t heir(const sim_world *w, const sim_database *s, const sim_shard *shard, uint32_t which)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = which * s->shard_size; i < (which + 1) * s->shard_size; i++)
        if (follows(w, s, shard, i) && (best == UINT32_MAX || is_better(w, sim_server_at(w, s, i), sim_server_at(w, s, best))))
            best = i;
    return best;
}

// The other replicas get from the new primary what it has and they have not.
static void follow(sim_world *w, sim_component_id id, const sim_shard *shard, uint32_t server)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_server *r = sim_server_at(w, s, server);
    r->arrives = w->now;
    r->applies = r->limit > r->applied ? delivery_at(w, s, shard, r->limit, server)->applied : w->now;
    for (uint64_t p = r->limit + 1; p <= shard->end; p++)
        deliver(w, id, shard, server, p, w->now);
    r->limit = UINT64_MAX;
    r->alarm++;
    await(w, id, shard, server);
}

// A server that was down gets a copy of what the primary has, as by pg_basebackup or pg_rewind while it was down, and follows from there.
static void join(sim_world *w, sim_component_id id, uint32_t server)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_shard *shard = sim_shard_at(w, s, server / s->shard_size);
    sim_server *r = sim_server_at(w, s, server);
    sim_rows_copy(w, &sim_server_at(w, s, shard->primary)->rows, &r->rows);
    for (uint64_t p = shard->first + 1; p <= shard->end; p++)
        (void)sim_rows_commit(w, &r->rows, record_at(w, shard, p)->key, record_at(w, shard, p)->version);
    r->applied = shard->end;
    r->limit = UINT64_MAX;
    r->arrives = r->applies = w->now;
    r->alarm++;
    r->is_down = r->returns = 0;
}

// There is a primary again: the others get what it has, and those that wait for one come back.
static void gather(sim_world *w, sim_component_id id, uint32_t which)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_shard *shard = sim_shard_at(w, s, which);
    shard->sent = hr_max_time(shard->sent, w->now);
    shard->is_headless = 0;
    for (uint32_t i = which * s->shard_size; i < (which + 1) * s->shard_size; i++) {
        if (follows(w, s, shard, i))
            follow(w, id, shard, i);
        else if (sim_server_at(w, s, i)->returns)
            join(w, id, i);
    }
    trim(w, s, shard, which * s->shard_size);
    sim_sharding_resolve(w, id, which);
}

void sim_replication_return(sim_world *w, sim_component_id id, uint32_t server)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    uint32_t which = server / s->shard_size;
    sim_shard *shard = sim_shard_at(w, s, which);
    sim_server *r = sim_server_at(w, s, server);
    if (shard->primary != server) {
        r->returns = 1;
        if (!shard->is_headless)
            join(w, id, server);
        return;
    }
    r->is_down = 0;
    shard->deaths++;                           // nobody takes over any more
    for (uint64_t p = shard->first + 1; p <= shard->end; p++)      // crash recovery: what is in the log is committed
        (void)sim_rows_commit(w, &r->rows, record_at(w, shard, p)->key, record_at(w, shard, p)->version);
    gather(w, id, which);
}

void sim_replication_take_over(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    uint32_t which = event->subject;
    sim_shard *shard = sim_shard_at(w, s, which);
    uint32_t next = heir(w, s, shard, which);
    if (event->generation != shard->deaths || next == UINT32_MAX)
        return;                                // the old one is back, or there is none left
    sim_server *r = sim_server_at(w, s, next);
    if (r->resumes > w->now) {
        sim_schedule(w, r->resumes, id, SIM_DB_TAKES_OVER, which, shard->deaths);
        return;
    }
    if (r->is_held) {                          // promotion ends a pause of replay
        r->is_held = 0;
        plan(w, id, shard, next, 0);
    }
    if (r->applied < r->limit) {               // first it applies what it has
        sim_schedule(w, delivery_at(w, s, shard, r->limit, next)->applied, id, SIM_DB_TAKES_OVER, which, shard->deaths);
        return;
    }
    for (uint64_t p = r->limit + 1; p <= shard->end; p++)
        s->counts.lost_commits += record_at(w, shard, p)->is_answered;
    shard->end = r->limit;
    shard->primary = next;
    shard->sent = w->now;
    r->limit = UINT64_MAX;
    gather(w, id, which);
}

void sim_replication_check(const sim_world *w, const sim_database *s)
{
    for (uint32_t i = 0; i < s->server_count && s->shard_size > 1; i++) {
        const sim_shard *shard = sim_shard_at(w, s, i / s->shard_size);
        const sim_server *r = sim_server_at(w, s, i);
        SIM_ASSERT(w, shard->first <= shard->end && shard->end - shard->first <= shard->room);
        if (!follows(w, s, shard, i))
            continue;
        SIM_ASSERT(w, r->applied >= shard->first && r->applied <= shard->end && (r->applied <= r->limit));
        hr_time whole = s->regions ? sim_network_whole(w, sim_server_region(w, s, shard->primary), sim_server_region(w, s, i)) : 0;
        for (uint64_t p = r->applied + 1; p <= shard->end && p <= r->limit; p++) {  // nothing gets through a cut
            hr_time arrives = delivery_at(w, s, shard, p, i)->arrives;
            SIM_ASSERT(w, arrives <= w->now || arrives >= whole);
        }
        for (uint64_t p = r->applied + 2; p <= shard->end && p <= r->limit; p++)   // one after the other
            SIM_ASSERT(w, delivery_at(w, s, shard, p, i)->applied >= delivery_at(w, s, shard, p - 1, i)->applied);
        if (r->applied < shard->end && r->applied < r->limit)      // nothing is overdue
            SIM_ASSERT(w, delivery_at(w, s, shard, r->applied + 1, i)->applied >= w->now || w->on_wall_clock);
    }
}
