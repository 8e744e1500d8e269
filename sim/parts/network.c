// sim/parts/network.c - see network.h: who is where, and what is on its way.
// * A call keeps its draws: both ways of it take half of one and the same round trip, whatever else happens.
// * What is on its way belongs to nobody else: its links count it as going or coming, and a replica that is cut off meanwhile does not touch it.
#include "sim/parts/network.h"

#include <string.h>

#include "sim/core/table.h"
#include "sim/parts/faults.h"

typedef struct {
    uint32_t region_count, components, overhead_bytes, initial_window;
    hr_time  min_rto;
    sim_ref  pipes;                            // sim_pipe[from * region_count + to]
    sim_ref  region_of, nearest, uploads, connects;                // as in the def
    uint32_t stream, stream_loss;
    sim_table trips;                           // of a call to its trip
} network;

typedef struct {                               // of a call that has been carried, until its answer is back
    sim_pair pair;                             // the call, 0
    hr_time  arrived;                          // at its callee
    hr_time  left;                             // when the message that is under way was handed over
    hr_time  travel, rto;                      // how long it travels when it is sent; TCP's timeout, the first one
    uint16_t pipe;
    uint8_t  is_answer, tries;
    uint8_t  cancel_tries;                     // of the message that it is cancelled: how often the cut pipe has lost it
    uint8_t  cancel_waits, unused[3];          // bool: that message is behind the call
} trip;

static const char *const gauges[] = {"under_way", NULL};

static network *network_of(const sim_world *w) { return SIM_STATE(w, network, w->network); }
static sim_pipe *pipe_at(const sim_world *w, const network *n, uint32_t which) { return SIM_AT(w, sim_pipe, n->pipes) + which; }
// The same link, the other way.
static uint32_t back_pipe(const network *n, uint32_t pipe) { return pipe % n->region_count * n->region_count + pipe / n->region_count; }
static uint32_t pipe_count(const network *n) { return n->region_count * n->region_count; }

static sim_ref copy_in(sim_world *w, const uint8_t *from, size_t bytes)
{
    sim_ref ref = sim_take(w, bytes);
    memcpy(SIM_AT(w, uint8_t, ref), from, bytes);
    return ref;
}

static size_t demand(const void *def)
{
    const sim_network_def *d = def;
    return (size_t)d->region_count * d->region_count * sizeof(sim_pipe) + (size_t)d->components * (SIM_UPLOAD_BYTES + d->region_count);
}

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_network_def *d = def;
    network *n = SIM_STATE(w, network, id);
    w->network = (uint8_t)id;
    n->region_count = d->region_count;
    n->components = d->components;
    n->overhead_bytes = d->overhead_bytes;
    n->initial_window = d->initial_window;
    n->min_rto = d->min_rto;
    n->region_of = copy_in(w, d->region_of, d->components);
    n->nearest = copy_in(w, d->nearest, (size_t)d->components * d->region_count);
    n->uploads = copy_in(w, d->uploads, (size_t)d->components * SIM_UPLOAD_BYTES);
    n->connects = copy_in(w, d->connects, d->components);
    n->pipes = sim_take(w, pipe_count(n) * sizeof(sim_pipe));
    for (uint32_t i = 0; i < pipe_count(n); i++) {
        const sim_pipe_def *p = &d->pipes[i];
        bool is_used = i / d->region_count != i % d->region_count || sim_dist_mean(&p->rtt) > 0 || p->bytes_per_s > 0 || p->loss > 0;
        sim_dist rtt = sim_dist_place(w, &p->rtt);
        *pipe_at(w, n, i) = (sim_pipe){.rtt = rtt, .ns_per_byte = p->bytes_per_s > 0 ? 1e9 / p->bytes_per_s : 0, .loss = p->loss, .is_used = is_used,
                                      .rtt_mean = (hr_time)(sim_dist_mean(&p->rtt) * HR_SEC)};
    }
    n->stream = sim_stream(w, id, SIM_DRAW_NETWORK);
    n->stream_loss = sim_stream(w, id, SIM_DRAW_LOSS);
    n->trips = (sim_table){.bytes = sizeof(trip)};
}

// --- who is where -----------------------------------------------------------------------------------------------------------

uint32_t sim_network_from(const sim_world *w, const sim_call *c)
{
    if (!w->network)
        return 0;
    const network *n = network_of(w);
    uint8_t fixed = SIM_AT(w, const uint8_t, n->region_of)[c->caller];
    return fixed == SIM_EVERYWHERE ? c->from - 1u : fixed;
}

uint32_t sim_network_at(const sim_world *w, const sim_call *c)
{
    if (!w->network)
        return 0;
    const network *n = network_of(w);
    return SIM_AT(w, const uint8_t, n->nearest)[c->callee * n->region_count + sim_network_from(w, c)];
}

static trip *trip_of(const sim_world *w, const network *n, const sim_call *c)
{
    return sim_table_find(w, &n->trips, (uint64_t)((const char *)c - (const char *)w) >> 3, 0);
}

hr_time sim_network_arrived(const sim_world *w, const sim_call *c)
{
    const trip *t = trip_of(w, network_of(w), c);
    return t ? t->arrived : c->started;
}

hr_time sim_network_rtt(const sim_world *w, uint32_t from, uint32_t to)
{
    return pipe_at(w, network_of(w), from * network_of(w)->region_count + to)->rtt_mean;
}

// --- on the way ---------------------------------------------------------------------------------------------------------------

// The row goes with the request or with the answer; a miss, or an answer that is none, brings nothing.
static uint32_t bytes_of(const sim_world *w, const network *n, const sim_call *c, bool is_answer)
{
    const uint8_t *bits = SIM_AT(w, const uint8_t, n->uploads) + c->callee * SIM_UPLOAD_BYTES;
    bool uploads = bits[(c->operation & 0xff) >> 3] >> (c->operation & 7) & 1;
    bool has_row = is_answer ? !uploads && c->status == SIM_ok && !(c->flags & SIM_CALL_MISS) : uploads;
    return n->overhead_bytes + (has_row ? c->size_bytes : 0);
}

// What tells the draws of a call between two components from those of others of its request.
static uint32_t ordinal_of(const sim_world *w, const sim_call *c)
{
    return c->path + c->operation + sim_component_at(w, c->caller)->stream * 0x9E3779B1u + sim_component_at(w, c->callee)->stream * 0x85EBCA6Bu;
}

static uint32_t ordinal_of_way(const sim_world *w, const sim_call *c, bool is_answer) { return ordinal_of(w, c) ^ (is_answer ? 0xC2B2AE35u : 0); }

// What faults add to one way of a call.
static hr_time delay_of(const sim_world *w, const network *n, uint32_t pipe, const sim_call *c, bool is_answer)
{
    const sim_pipe *p = pipe_at(w, n, pipe);
    return p->is_delayed ? sim_faults_delay(w, p->teller, pipe, c->request, ordinal_of_way(w, c, is_answer)) : 0;
}

static hr_time loss_of(const sim_world *w, const network *n, const sim_pipe *p, const sim_call *c, uint32_t ordinal, uint32_t bytes, hr_time rtt, hr_time rto)
{
    double loss = p->loss + p->extra_loss - p->loss * p->extra_loss;         // neither gets it
    if (loss <= 0)
        return 0;
    sim_draw a = sim_random(w->seed, n->stream_loss, c->request, ordinal), b = sim_random(w->seed, n->stream_loss, c->request, ordinal ^ 0x27D4EB2Fu);
    const double u[] = {sim_unit(a.word[0]), sim_unit(a.word[1]), sim_unit(b.word[0]), sim_unit(b.word[1])};
    return sim_tcp_loss(bytes, loss, rtt, rto, u);
}

static void depart(sim_world *w, sim_component_id id, network *n, sim_ref call, trip *t)
{
    sim_call *c = sim_call_at(w, call);
    sim_pipe *p = pipe_at(w, n, t->pipe);
    uint32_t bytes = bytes_of(w, n, c, t->is_answer);
    hr_time rtt = sim_dist_time(w, &p->rtt, n->stream, c->request, ordinal_of(w, c)), half = t->is_answer ? rtt - rtt / 2 : rtt / 2;
    hr_time extra = delay_of(w, n, t->pipe, c, t->is_answer);
    rtt += extra + delay_of(w, n, back_pipe(n, t->pipe), c, !t->is_answer);
    t->rto = rtt + n->min_rto;                 // Linux: the smoothed round trip and at least so much (tcp_rto_min)
    t->travel = half + extra + sim_tcp_slow_start(bytes, n->initial_window, rtt, p->ns_per_byte) +
                loss_of(w, n, p, c, ordinal_of_way(w, c, t->is_answer), bytes, rtt, t->rto);
    if (!t->is_answer)
        t->travel += SIM_AT(w, const uint8_t, n->connects)[c->caller] * rtt;
    t->left = w->now;
    t->tries = 0;
    p->messages++;
    p->bytes += bytes;
    sim_level_up(w, &p->under_way);
    sim_stay_begin(&p->stay, w->now);
    if (p->ns_per_byte > 0)
        sim_pipe_join(w, p, bytes, call, t->pipe);
    else
        sim_schedule(w, w->now + t->travel, id, SIM_NETWORK_LANDS, call, 0);
}

static void forget(sim_world *w, network *n, sim_ref call)
{
    trip *t = sim_table_find(w, &n->trips, call, 0);
    if (t)
        sim_table_remove(w, &n->trips, t);
}

// Where a call was carried to; one that was not has stayed in its region.
static uint32_t came_to(const sim_world *w, const network *n, sim_ref call, uint32_t from)
{
    const trip *t = sim_table_find(w, &n->trips, call, 0);
    return t ? t->pipe % n->region_count : from;
}

static bool carry(sim_world *w, sim_component_id id, sim_ref call, bool is_answer)
{
    network *n = SIM_STATE(w, network, id);
    const sim_call *c = sim_call_at(w, call);
    uint32_t from = sim_network_from(w, c), to = sim_network_at(w, c);
    if (to == SIM_BY_SERVER)
        to = is_answer ? came_to(w, n, call, from) : sim_kind_of(w, c->callee)->aim(w, c->callee, call);
    if (to == SIM_BESIDE)
        return false;
    uint32_t pipe = is_answer ? to * n->region_count + from : from * n->region_count + to;
    if (!pipe_at(w, n, pipe)->is_used)
        return false;
    if (c->flags & SIM_CALL_ABANDONED) {       // its connection is closed
        forget(w, n, call);
        return false;
    }
    trip *t = sim_table_add(w, &n->trips, call, 0);
    t->pipe = (uint16_t)pipe;
    t->is_answer = is_answer;
    depart(w, id, n, call, t);
    return true;
}

// A message is there, unless the pipe is cut: then TCP's timer will send it again.
static void land(sim_world *w, sim_component_id id, sim_ref call)
{
    network *n = SIM_STATE(w, network, id);
    trip *t = sim_table_find(w, &n->trips, call, 0);
    sim_pipe *p = pipe_at(w, n, t->pipe);
    if (p->is_cut) {
        p->retransmitted++;
        sim_schedule(w, w->now + sim_tcp_timeout(t->rto, t->tries), id, SIM_NETWORK_LANDS, call, 0);
        t->tries = (uint8_t)(t->tries < UINT8_MAX ? t->tries + 1 : UINT8_MAX);
        return;
    }
    sim_level_down(w, &p->under_way);
    sim_stay_end(w, &p->stay);
    if (t->is_answer) {
        sim_table_remove(w, &n->trips, t);
        sim_call_return(w, call);
    } else {
        t->arrived = w->now;
        if (t->cancel_waits)
            sim_schedule(w, w->now, id, SIM_NETWORK_CANCELS, call, sim_call_at(w, call)->generation);
        t->cancel_waits = 0;
        sim_call_arrive(w, call);
    }
}

// --- cancelling ---------------------------------------------------------------------------------------------------------------

// Whether the message that a call is cancelled goes by a connection of its own, as PostgreSQL's (its manual, "Message Flow", Canceling Requests in Progress).
static bool has_own_connection(const sim_world *w, const sim_call *c) { return sim_component_at(w, c->callee)->kind == SIM_PART_database; }

// Its packet is lost by chances of its own, but takes as long as the call's, whose draws these are.
static bool tell(sim_world *w, sim_component_id id, sim_ref call)
{
    enum { CANCEL = 0x165667B1, BYTES = 16 };  // one packet: CancelRequest has so many, RST_STREAM with the head of its frame 13 (RFC 9113, 4.1 and 6.4)
    const network *n = SIM_STATE(w, const network, id);
    const trip *t = sim_table_find(w, &n->trips, call, 0);
    if (!t || t->is_answer)
        return t != NULL;
    const sim_call *c = sim_call_at(w, call);
    const sim_pipe *p = pipe_at(w, n, t->pipe);
    hr_time rtt = sim_dist_time(w, &p->rtt, n->stream, c->request, ordinal_of(w, c)), there = rtt / 2 + delay_of(w, n, t->pipe, c, false), takes = there;
    if (has_own_connection(w, c))              // SYN and SYN-ACK
        takes += there + rtt - rtt / 2 + delay_of(w, n, back_pipe(n, t->pipe), c, true);
    takes += loss_of(w, n, p, c, ordinal_of_way(w, c, false) ^ CANCEL, BYTES, rtt, t->rto);
    sim_schedule(w, w->now + takes, id, SIM_NETWORK_CANCELS, call, c->generation);
    return true;
}

// The message is at the callee, unless the pipe is cut, or it has overtaken the call, behind which it waits on the same connection. Nobody heeds it when the
// answer has left, or, by a connection of its own, before the call is there: a server process that reads its next command ignores it (ProcessInterrupts).
static void cancel(sim_world *w, sim_component_id id, const sim_event *event)
{
    network *n = SIM_STATE(w, network, id);
    const sim_call *c = sim_call_at(w, event->subject);
    trip *t = c->generation == event->generation ? sim_table_find(w, &n->trips, event->subject, 0) : NULL;
    if (!t || t->is_answer)
        return;
    if (pipe_at(w, n, t->pipe)->is_cut) {
        sim_schedule(w, w->now + sim_tcp_timeout(t->rto, t->cancel_tries), id, SIM_NETWORK_CANCELS, event->subject, event->generation);
        t->cancel_tries = (uint8_t)(t->cancel_tries < UINT8_MAX ? t->cancel_tries + 1 : UINT8_MAX);
    } else if (c->link) {
        sim_call_cancelled(w, event->subject);
    } else {
        t->cancel_waits = !has_own_connection(w, c);
    }
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    network *n = SIM_STATE(w, network, id);
    if (event->what == SIM_NETWORK_LANDS) {
        land(w, id, event->subject);
        return;
    }
    if (event->what == SIM_NETWORK_CANCELS) {
        cancel(w, id, event);
        return;
    }
    sim_pipe *p = pipe_at(w, n, event->subject);
    if (p->alarm != event->generation)
        return;
    for (sim_ref call; (call = sim_pipe_sent(w, p)); ) {
        const trip *t = sim_table_find(w, &n->trips, call, 0);
        sim_schedule(w, w->now + t->travel, id, SIM_NETWORK_LANDS, call, 0);
    }
    sim_pipe_settle(w, p, event->subject);
}

// --- what is no call ----------------------------------------------------------------------------------------------------------

hr_time sim_network_whole(const sim_world *w, uint32_t from, uint32_t to)
{
    const sim_pipe *p = pipe_at(w, network_of(w), from * network_of(w)->region_count + to);
    return p->is_cut ? p->whole : 0;
}

hr_time sim_network_arrives(const sim_world *w, const sim_voyage *v, hr_time leaves)
{
    const network *n = network_of(w);
    uint32_t pipe = v->from * n->region_count + v->to;
    const sim_pipe *p = pipe_at(w, n, pipe);
    if (!p->is_used || leaves == HR_FOREVER)
        return leaves;
    hr_time rtt = sim_dist_time(w, &p->rtt, n->stream, v->subject, v->ordinal), takes = v->is_answer ? rtt - rtt / 2 : rtt / 2;
    if (p->is_delayed)
        takes += sim_faults_delay(w, p->teller, pipe, v->subject, v->ordinal ^ (v->is_answer ? 0xC2B2AE35u : 0));
    if (!p->is_cut || leaves < p->cut_at || leaves + takes >= p->whole)
        return leaves + takes;
    return p->whole > HR_FOREVER - takes ? HR_FOREVER : p->whole + takes;
}

// --- faults -------------------------------------------------------------------------------------------------------------------

static void suffer(sim_world *w, sim_component_id id, uint32_t pipe, const sim_force *force)
{
    const network *n = SIM_STATE(w, const network, id);
    sim_pipe *p = pipe_at(w, n, pipe);
    bool is_longer = force->cut && (!p->is_cut || force->whole > p->whole);
    p->cut_at = p->is_cut ? p->cut_at : w->now;
    p->whole = force->whole;
    p->is_cut = force->cut;
    p->is_delayed = force->delayed;
    p->extra_loss = force->lost;
    p->teller = force->teller;
    for (sim_component_id c = 0; is_longer && c < w->component_count; c++)
        if (sim_kind_of(w, c)->cut)
            sim_kind_of(w, c)->cut(w, c, pipe / n->region_count, pipe % n->region_count);
}

// --- counts -------------------------------------------------------------------------------------------------------------------

sim_pipe_view sim_network_look(const sim_world *w, uint32_t from, uint32_t to)
{
    const network *n = network_of(w);
    const sim_pipe *p = pipe_at(w, n, from * n->region_count + to);
    return (sim_pipe_view){p->messages, p->bytes, p->retransmitted, p->under_way.level, sim_level_average(w, &p->under_way), p->is_cut};
}

uint64_t sim_network_crossed(const sim_world *w)
{
    const network *n = network_of(w);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < pipe_count(n); i++)
        bytes += i / n->region_count != i % n->region_count ? pipe_at(w, n, i)->bytes : 0;
    return bytes;
}

static void reset(sim_world *w, sim_component_id id)
{
    const network *n = SIM_STATE(w, const network, id);
    for (uint32_t i = 0; i < pipe_count(n); i++) {
        sim_pipe *p = pipe_at(w, n, i);
        p->messages = p->bytes = p->retransmitted = 0;
        sim_level_reset(w, &p->under_way);
    }
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    const network *n = SIM_STATE(w, const network, id);
    double under_way = 0;
    for (uint32_t i = 0; i < pipe_count(n); i++)
        under_way += sim_level_sample(w, &pipe_at(w, n, i)->under_way, step);
    out[0] = (float)under_way;
}

// What is on its way by the pipes is on its way by the links between components, too. A message waits behind a call only while that is on its way.
static void check(const sim_world *w, sim_component_id id)
{
    const network *n = SIM_STATE(w, const network, id);
    uint64_t by_pipes = 0, by_links = 0;
    for (uint32_t i = 0; i < pipe_count(n); i++) {
        const sim_pipe *p = pipe_at(w, n, i);
        sim_pipe_check(w, p);
        by_pipes += p->under_way.level;
    }
    for (uint32_t i = 0; w->links && i < w->component_count * w->component_count; i++) {
        const sim_link *l = SIM_AT(w, const sim_link, w->links) + i;
        by_links += l->going + l->coming;
    }
    for (uint32_t i = 0; w->cancels && i < n->trips.room; i++) {
        const trip *t = SIM_AT(w, const trip, n->trips.slots) + i;
        const sim_call *c = t->pair.is_used ? sim_call_at(w, (sim_ref)t->pair.a) : NULL;
        SIM_ASSERT(w, !c || !t->cancel_waits || (!t->is_answer && !c->link && c->cancelled == SIM_CANCEL_SENT));
    }
    SIM_ASSERT(w, by_pipes == by_links && by_links <= n->trips.count && n->trips.count <= w->calls_live);
}

static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const network *n = SIM_STATE(w, const network, id);
    if (station >= pipe_count(n))
        return false;
    const sim_pipe *p = pipe_at(w, n, station);
    *a = (sim_account){.stay = &p->stay, .level = {{"messages under way", &p->under_way, 0}}, .levels = 1, .staying = 1};
    return true;
}

const sim_kind sim_kind_network = {.name = "network", .summary = "carries calls and answers between regions: round trips, bandwidth, loss",
    .state_size = sizeof(network), .def_size = sizeof(sim_network_def), .gauges = gauges, .demand = demand, .build = build, .wake = wake,
    .fault = suffer, .carry = carry, .tell = tell, .sample = sample, .reset = reset, .check = check, .account = account};
