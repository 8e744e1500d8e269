// sim/parts/routing.c - which server of a database a call goes to, and what its users have written and read.
// * Writes and locks go to the primary (a standby refuses SELECT … FOR UPDATE), reads where the policy of sim/policy/read sends them.
// * A call that goes straight to one server is that server's. One that first has to wait for a replica stays here, as a routed call; what is
//   at a server then is a part of it.
// * Where servers are in several regions the caller's side chooses, as drivers and poolers do, and the call travels to that server.
// * A user is a user of a closed loop, a session, or else everyone who asks for the same key: what it wrote and read is remembered by user
//   and key, its last write's time and position by user.
#include <string.h>

#include "sim/core/random.h"
#include "sim/parts/database.h"
#include "sim/parts/service.h"
#include "sim/parts/sharding.h"

void sim_routing_build(sim_world *w, sim_component_id id, const sim_database_def *d)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    s->read = d->read;
    s->choice_stream = sim_stream(w, id, SIM_DRAW_CHOICE);
    if (d->regions) {                          // of one shard
        s->regions = sim_take(w, s->server_count);
        memcpy(SIM_AT(w, uint8_t, s->regions), d->regions, s->server_count);
    }
    s->users.bytes = sizeof(sim_user);
    s->seen.bytes = sizeof(sim_seen);
}

// --- users --------------------------------------------------------------------------------------------------------------

// The last write of a call's user.
static sim_user *user_of(sim_world *w, sim_database *s, const sim_call *c)
{
    uint64_t user = sim_workload_user(w, c->request);
    uint64_t shard = c->replica / s->shard_size;                   // positions are a shard's
    uint64_t part = user == SIM_EVERYONE ? c->key ^ shard << 48 : shard;
    sim_user *u = sim_table_find(w, &s->users, user, part);
    if (u)
        return u;
    u = sim_table_add(w, &s->users, user, part);
    u->wrote_at = -1;
    return u;
}

void sim_routing_wrote(sim_world *w, sim_database *s, const sim_call *c, uint64_t position)
{
    sim_user *u = user_of(w, s, c);
    u->wrote_at = w->now;
    if (u->position < position)
        u->position = position;
    sim_seen *seen = sim_table_add(w, &s->seen, sim_workload_user(w, c->request), c->key);
    if (seen->written < c->version)
        seen->written = c->version;
}

void sim_routing_read(sim_world *w, sim_database *s, const sim_call *c)
{
    if (sim_sharding_home(w, s, c->key) != c->replica / s->shard_size)
        return;                                // the row lives elsewhere: it is asked for in all shards, or has moved
    sim_seen *seen = sim_table_add(w, &s->seen, sim_workload_user(w, c->request), c->key);
    s->counts.reads++;
    s->counts.unread_writes += c->version < seen->written;
    s->counts.backwards += c->version < seen->read;
    if (seen->read < c->version)
        seen->read = c->version;
}

// --- where to -----------------------------------------------------------------------------------------------------------

void sim_routing_end(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_level_down(w, &s->routed);
    sim_stay_end(w, &s->routed_stay);
    s->routed_left++;
    sim_call_reply(w, call, status);
}

void sim_routing_begin(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_level_up(w, &s->routed);
    sim_stay_begin(&s->routed_stay, sim_call_arrived(w, sim_call_at(w, call)));
}

sim_ref sim_routing_part(sim_world *w, sim_component_id id, sim_ref call, uint16_t purpose)
{
    sim_ref part = call ? sim_call_nested(w, call, id) : sim_call_new(w);
    sim_call *p = sim_call_at(w, part);
    p->callee = id;
    p->operation = call ? sim_call_at(w, call)->operation : 0;
    p->step = purpose;
    p->flags |= SIM_CALL_PART;
    if (!call) {
        p->caller = id;
        p->client = UINT32_MAX;
        p->started = w->now;
    }
    w->parts_live++;
    return part;
}

void sim_routing_free(sim_world *w, sim_ref part)
{
    w->parts_live--;
    sim_call_free(w, part);
}

// The only part of a routed call goes to a server.
static void send_part(sim_world *w, sim_component_id id, sim_ref call, uint32_t server)
{
    sim_ref part = sim_routing_part(w, id, call, SIM_PART_SOLE);
    sim_call_at(w, part)->replica = (uint16_t)server;
    sim_database_enter(w, id, part);
}

void sim_routing_back(sim_world *w, sim_component_id id, sim_ref part)
{
    const sim_call *p = sim_call_at(w, part);
    sim_ref call = p->parent;
    sim_outcome status = (sim_outcome)p->status;
    if (p->step != SIM_PART_SOLE) {
        sim_sharding_back(w, id, part);
        return;
    }
    sim_call_at(w, call)->version = p->version;
    sim_routing_free(w, part);
    sim_routing_end(w, id, call, status);
}

// The position that a server must have applied for the user to see its last write. Positions that died with a primary count no more.
static uint64_t wanted(const sim_shard *shard, const sim_user *u) { return u->position < shard->end ? u->position : shard->end; }

// The server that answers a read; SIM_NOWHERE: none. *waits: it has not applied what the user wrote, and the policy wants the call to wait.
enum { SIM_NOWHERE = 0xffff };
static uint32_t pick(sim_world *w, sim_database *s, const sim_call *c, bool *waits)
{
    uint32_t base = c->replica / s->shard_size * s->shard_size, count = 0, number[SIM_MOST_REPLICAS + 1];
    const sim_shard *shard = sim_shard_at(w, s, c->replica / s->shard_size);
    sim_reading_server servers[SIM_MOST_REPLICAS + 1];
    for (uint32_t i = 0; i < s->shard_size; i++) {                 // the primary first
        uint32_t server = i == 0 ? shard->primary : base + i - (base + i <= shard->primary);
        const sim_server *at = sim_server_at(w, s, server);
        if (at->is_down)
            continue;
        number[count] = server;
        hr_time rtt = s->regions ? sim_network_rtt(w, sim_network_from(w, c), sim_server_region(w, s, server)) : 0;
        servers[count++] = (sim_reading_server){i == 0, at->busy.level + at->queue.length.level, i == 0 ? shard->end : at->applied, rtt};
    }
    const sim_user *u = user_of(w, s, c);
    sim_reading_ask ask = {w->now, u->wrote_at, wanted(shard, u), sim_unit(sim_random(w->seed, s->choice_stream, c->request, c->path).word[0])};
    const sim_reading *row = sim_readings[s->read.policy];
    size_t chosen = count ? row->pick(&s->read_state, &s->read, &ask, servers, count) : SIZE_MAX;
    if (chosen >= count)
        return SIM_NOWHERE;
    *waits = row->uses & SIM_READING_WAIT && servers[chosen].applied < ask.position;
    return number[chosen];
}

// The call waits until the replica will have applied what the user wrote, but not too long. One nanosecond more lets the record go first.
static void wait_for(sim_world *w, sim_component_id id, sim_ref call, uint32_t server)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_call *c = sim_call_at(w, call);
    uint64_t position = wanted(sim_shard_at(w, s, server / s->shard_size), user_of(w, s, c));
    hr_time at = sim_replication_applied_at(w, s, server, position);
    c->replica = (uint16_t)server;
    c->phase = SIM_PHASE_CATCHES_UP;
    sim_routing_begin(w, id, call);
    sim_schedule(w, w->now + hr_min_time(s->read.wait, hr_max_time(at - w->now, 0) + 1), id, SIM_DB_CAUGHT_UP, call, c->generation);
}

void sim_routing_caught_up(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    sim_ref call = event->subject;
    sim_call *c = sim_call_at(w, call);
    if (c->generation != event->generation || c->phase != SIM_PHASE_CATCHES_UP)
        return;                                // cancelled
    c->phase = SIM_PHASE_WAITS;
    const sim_shard *shard = sim_shard_at(w, s, c->replica / s->shard_size);
    const sim_server *r = sim_server_at(w, s, c->replica);
    uint32_t server = r->is_down || r->applied < wanted(shard, user_of(w, s, c)) ? shard->primary : c->replica;
    c->replica = 0;
    send_part(w, id, call, server);
}

// The server of the call's shard that answers it now; *waits: see pick.
static uint32_t choose(sim_world *w, sim_component_id id, sim_call *c, uint32_t shard, bool *waits)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    uint32_t primary = sim_shard_at(w, s, shard)->primary;
    c->replica = (uint16_t)primary;
    const sim_statement *t = sim_statement_of(w, s, c);
    if (s->shard_size == 1 || t->writes || t->lock)
        return primary;
    uint32_t server = pick(w, s, c, waits);
    return server == SIM_NOWHERE ? primary : server;
}

void sim_routing_place(sim_world *w, sim_component_id id, sim_ref part, uint32_t shard)
{
    bool waits = false;
    sim_call *p = sim_call_at(w, part);
    uint32_t server = choose(w, id, p, shard, &waits);
    p->replica = (uint16_t)(waits ? sim_shard_at(w, SIM_STATE(w, const sim_database, id), shard)->primary : server);
}

uint32_t sim_routing_aim(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    sim_call *c = sim_call_at(w, call);
    const sim_backend *b = sim_transaction_at(s, c) ? sim_backend_find(w, s, c->transaction) : NULL;
    if (b && b->is_connected)
        c->replica = (uint16_t)b->server;
    else if (sim_transaction_at(s, c))
        c->replica = (uint16_t)sim_shard_at(w, s, 0)->primary;
    else
        sim_routing_place(w, id, call, 0);
    return sim_server_region(w, s, c->replica);
}

// The call has come to the server that its caller has chosen. ERROR: cannot execute UPDATE in a read-only transaction.
static void receive(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    const sim_call *c = sim_call_at(w, call);
    if (sim_statement_of(w, s, c)->writes && c->replica != sim_shard_at(w, s, 0)->primary)
        sim_database_refuse(w, id, call, SIM_error);
    else
        sim_database_enter(w, id, call);
}

void sim_routing_send(sim_world *w, sim_component_id id, sim_ref call, uint32_t shard)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    bool waits = false;
    if (s->regions) {
        receive(w, id, call);
        return;
    }
    uint32_t server = choose(w, id, sim_call_at(w, call), shard, &waits);
    if (waits && s->read.wait > 0) {
        wait_for(w, id, call, server);
        return;
    }
    sim_call_at(w, call)->replica = (uint16_t)(waits ? sim_shard_at(w, s, shard)->primary : server);
    sim_database_enter(w, id, call);
}
