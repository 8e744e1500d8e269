// sim/parts/delivery.c - from a queue to its consumers: acks, what comes back, what is handled twice.
// * The credit comes back with the ack, after the way over the network: a prefetch of 1 leaves a consumer idle for there and back each time.
// * With `ack: auto` a message is done with when it is sent: no credit, and what fails is gone.
// * A handler whose connection was lost works on; its message is delivered again meanwhile. That is how things are done twice.
#include "sim/parts/broker.h"

// --- there ----------------------------------------------------------------------------------------------------------------

static void send(sim_world *w, sim_component_id id, sim_queue *q, sim_ref message, uint32_t consumer)
{
    enum { FIRST_ROUND = 1 << 25 };            // of sim_path: beyond what rounds and retries reach
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_message *m = sim_message_at(w, message);
    const sim_consumer_def *d = sim_consumer_def_of(w, b, consumer);
    sim_ref ref = sim_call_new(w);
    sim_call *c = sim_call_at(w, ref);
    c->request = m->request;
    c->key = m->key;
    c->message = message;
    c->size_bytes = m->size_bytes;
    c->version = m->version;
    c->path = m->deliveries || m->deaths ? sim_path(m->path, m->deaths, FIRST_ROUND + m->deliveries) : m->path;
    c->priority = m->priority < SIM_PRIORITIES ? m->priority : SIM_PRIORITIES - 1;
    c->caller = id;
    c->operation = d->operation;
    c->flags = m->flags & SIM_MESSAGE_COUNTED ? SIM_CALL_COUNTED : 0;
    m->call = ref;
    m->consumer = consumer;
    m->deliveries++;
    m->flags &= (uint16_t)~SIM_MESSAGE_AT_CONSUMER;
    b->unsent++;
    b->deliveries++;
    q->count[SIM_MESSAGE_delivered]++;
    q->count[SIM_MESSAGE_redelivered] += m->flags & SIM_MESSAGE_REDELIVERED ? 1 : 0;
    if (m->flags & SIM_MESSAGE_COUNTED)
        sim_histogram_add(SIM_AT(w, sim_histogram, q->wait), w->now - m->ready);
    sim_schedule(w, w->now + sim_broker_way(w, b, m, 1 + 2 * m->deliveries), id, SIM_BROKER_DELIVERED, ref, c->generation);
}

// The head goes to the consumer whose turn it is. Returns false when one of the two is missing.
static bool deliver_one(sim_world *w, sim_component_id id, sim_queue *q)
{
    const sim_broker *b = SIM_STATE(w, const sim_broker, id);
    sim_ref message = q->first_turn ? sim_queue_head(w, q) : 0;
    if (!message)
        return false;
    uint32_t consumer = sim_consumer_next_in_turn(w, b, q);
    sim_message *m = sim_message_at(w, message);
    sim_queue_take(w, q, message);
    send(w, id, q, message, consumer);
    if (sim_consumer_def_of(w, b, consumer)->is_auto) {
        m->state = SIM_GHOST;
        q->count[SIM_MESSAGE_acked]++;
        SIM_STATE(w, sim_broker, id)->ghosts++;
        if (m->publisher)
            sim_broker_confirm(w, id, message, SIM_ok);
    } else {
        m->state = SIM_OUT;
        sim_messages_push(w, &q->out, message);
        sim_level_up(w, &q->unacked);
        q->bytes += m->size_bytes;
        sim_consumer_at(w, b, consumer)->credit--;
    }
    sim_consumer_stand_in_turn(w, b, q, consumer);
    return true;
}

void sim_queue_deliver(sim_world *w, sim_component_id id, uint16_t queue)
{
    const sim_broker *b = SIM_STATE(w, const sim_broker, id);
    sim_queue *q = sim_queue_at(w, b, queue);
    if (b->is_paused)
        return;
    do
        sim_queue_expire(w, id, queue);        // what is over is never delivered
    while (!b->is_down && deliver_one(w, id, q));
}

void sim_delivery_arrived(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_call *c = sim_call_at(w, call);
    sim_ref message = c->message;
    sim_message *m = sim_message_at(w, message);
    const sim_consumer *to = sim_consumer_at(w, b, m->consumer);
    const sim_consumer_def *d = sim_consumer_def_of(w, b, m->consumer);
    m->flags |= SIM_MESSAGE_AT_CONSUMER;
    b->unsent--;
    if (to->state == SIM_CONSUMER_AWAY) {      // its replica has ended meanwhile; one that is acknowledged is gone with it
        sim_call_at(w, call)->status = SIM_error;
        sim_delivery_back(w, id, call);
        return;
    }
    if (d->idempotent && sim_message_was_handled(w, b, m)) {         // its number is known there: the ack goes back at once
        sim_queue_at(w, b, m->queue)->count[SIM_MESSAGE_skipped]++;
        b->deliveries--;
        sim_call_free(w, call);
        m->call = 0;
        m->failed = SIM_ok;
        sim_schedule(w, w->now + sim_broker_way(w, b, m, 2 + 2 * m->deliveries), id, SIM_BROKER_ACKED, message, m->generation);
        return;
    }
    c->started = c->since = w->now;
    b->sent++;
    sim_call_send(w, call, d->service, to->replica);
}

// --- and back -------------------------------------------------------------------------------------------------------------

// A handler has come to a good end: is it the first one for this message?
static void note_handled(sim_world *w, sim_broker *b, const sim_consumer_def *d, sim_message *m)
{
    if (sim_message_was_handled(w, b, m))
        sim_queue_at(w, b, m->queue)->count[d->idempotent ? SIM_MESSAGE_skipped : SIM_MESSAGE_duplicates]++;
    sim_message_note_handled(w, b, m);
}

static sim_message *twin_of(const sim_world *w, const sim_message *m)
{
    sim_message *twin = m->twin ? sim_message_at(w, m->twin) : NULL;
    return twin && twin->generation == m->twin_generation ? twin : NULL;
}

static void ghost_back(sim_world *w, sim_broker *b, sim_ref message, sim_outcome status)
{
    sim_message *m = sim_message_at(w, message);
    sim_queue *q = sim_queue_at(w, b, m->queue);
    const sim_consumer_def *d = sim_consumer_def_of(w, b, m->consumer);
    if (d->is_auto) {
        q->count[SIM_MESSAGE_spoilt] += status != SIM_ok;
        if (status == SIM_ok) {
            note_handled(w, b, d, m);
            sim_broker_note_latency(w, b, m);
        }
    } else if (status == SIM_ok) {
        note_handled(w, b, d, m);
        sim_message *copy = twin_of(w, m);
        if (copy)
            copy->flags |= SIM_MESSAGE_HANDLED;
    }
    b->ghosts--;
    sim_message_free(w, b, message);
}

static bool is_poison(const sim_world *w, const sim_broker *b, const sim_consumer_def *d, const sim_message *m)
{
    return d->poison > 0 && sim_unit(sim_random(w->seed, b->stream_poison + d->queue, m->request, m->identity).word[0]) < d->poison;
}

void sim_delivery_back(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_ref message = sim_call_at(w, call)->message;
    sim_message *m = sim_message_at(w, message);
    const sim_consumer_def *d = sim_consumer_def_of(w, b, m->consumer);
    sim_outcome status = is_poison(w, b, d, m) ? SIM_error : (sim_outcome)sim_call_at(w, call)->status;
    sim_call_free(w, call);
    b->deliveries--;
    m->call = 0;
    if (m->state == SIM_GHOST) {
        ghost_back(w, b, message, status);
        return;
    }
    m->failed = (uint8_t)status;
    if (status == SIM_ok) {
        note_handled(w, b, d, m);
        sim_message *ghost = twin_of(w, m);
        if (ghost)
            ghost->flags |= SIM_MESSAGE_HANDLED;
    }
    sim_schedule(w, w->now + sim_broker_way(w, b, m, 2 + 2 * m->deliveries), id, SIM_BROKER_ACKED, message, m->generation);
}

// Back to its original position, as classic queues do; a quorum queue without a delivery limit puts it at the end.
static void put_back(sim_world *w, sim_component_id id, sim_queue *q, sim_ref message)
{
    sim_message *m = sim_message_at(w, message);
    m->flags |= SIM_MESSAGE_REDELIVERED;
    m->returns++;
    q->count[SIM_MESSAGE_requeued]++;
    if (m->returns > q->def.delivery_limit) {
        sim_queue_die(w, id, message, SIM_DIES_delivery_limit);
        return;
    }
    if (q->def.is_quorum && q->def.delivery_limit == SIM_UNLIMITED)
        m->position = ++q->next_position;
    sim_queue_put(w, q, message);
}

static void take_out(sim_world *w, sim_queue *q, sim_ref message)
{
    sim_messages_take(w, &q->out, message);
    sim_level_down(w, &q->unacked);
    q->bytes -= sim_message_at(w, message)->size_bytes;
}

void sim_delivery_acked(sim_world *w, sim_component_id id, sim_ref message)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_message *m = sim_message_at(w, message);
    uint16_t queue = m->queue;
    sim_queue *q = sim_queue_at(w, b, queue);
    const sim_consumer_def *d = sim_consumer_def_of(w, b, m->consumer);
    take_out(w, q, message);
    sim_consumer_give_back(w, b, q, m->consumer);
    if (m->failed != SIM_ok && d->on_error == SIM_ON_ERROR_requeue) {
        put_back(w, id, q, message);
    } else if (m->failed != SIM_ok && d->on_error == SIM_ON_ERROR_dead_letter) {
        sim_queue_die(w, id, message, SIM_DIES_rejected);
    } else {
        q->count[m->failed == SIM_ok ? SIM_MESSAGE_acked : SIM_MESSAGE_dropped]++;
        if (m->publisher)                      // acknowledged before it was on disk
            sim_broker_confirm(w, id, message, SIM_ok);
        if (m->failed == SIM_ok)
            sim_broker_note_latency(w, b, m);
        sim_message_free(w, b, message);
    }
    sim_queue_deliver(w, id, queue);
    sim_queue_trim(w, id, queue);              // what has come back may be one too many
}

// --- lost connections ---------------------------------------------------------------------------------------------------

// What a consumer works on becomes a ghost; what the broker knows of it is `copy`, or nothing.
static void leave_ghost(sim_world *w, sim_broker *b, sim_ref message, sim_ref copy)
{
    sim_message *m = sim_message_at(w, message);
    m->state = SIM_GHOST;
    m->twin = copy;
    b->ghosts++;
    if (copy) {
        sim_message *c = sim_message_at(w, copy);
        m->twin_generation = c->generation;
        c->twin = message;
        c->twin_generation = m->generation;
    }
}

static sim_ref copy_of(sim_world *w, sim_broker *b, sim_ref message)
{
    sim_ref copy = sim_message_new(w, b);
    sim_message *c = sim_message_at(w, copy);
    uint32_t generation = c->generation;
    *c = *sim_message_at(w, message);
    c->generation = generation;
    c->call = 0;
    return copy;
}

// Its consumer is no longer there; the message may be, for another one.
static void lose_one(sim_world *w, sim_component_id id, sim_queue *q, sim_ref message, bool survives)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_message *m = sim_message_at(w, message);
    bool works = m->call && m->flags & SIM_MESSAGE_AT_CONSUMER;
    take_out(w, q, message);
    sim_consumer_give_back(w, b, q, m->consumer);
    m->generation++;                           // its ack comes to nobody
    if (m->call && !works) {                   // the delivery never arrives
        sim_call_free(w, m->call);
        m->call = 0;
        b->unsent--;
        b->deliveries--;
    }
    sim_ref copy = works && survives ? copy_of(w, b, message) : message;
    if (works)
        leave_ghost(w, b, message, survives ? copy : 0);
    if (survives) {
        sim_message_at(w, copy)->flags |= SIM_MESSAGE_REDELIVERED;
        sim_message_at(w, copy)->returns++;
        q->count[SIM_MESSAGE_requeued]++;
        sim_queue_put(w, q, copy);
        return;
    }
    q->count[SIM_MESSAGE_lost]++;
    if (m->publisher)
        sim_broker_confirm(w, id, message, SIM_error);
    if (!works)
        sim_message_free(w, b, message);
}

// From the newest on, so that each finds its place at the head.
void sim_deliveries_lose(sim_world *w, sim_component_id id, uint16_t queue)
{
    sim_queue *q = sim_queue_at(w, SIM_STATE(w, sim_broker, id), queue);
    while (q->out.tail)
        lose_one(w, id, q, q->out.tail, sim_message_at(w, q->out.tail)->flags & SIM_MESSAGE_ON_DISK);
}

// What one consumer has not acknowledged is put back, as if it had come back; an ack that is on its way arrives.
void sim_deliveries_lose_of(sim_world *w, sim_component_id id, uint32_t consumer)
{
    const sim_broker *b = SIM_STATE(w, const sim_broker, id);
    uint16_t queue = sim_consumer_def_of(w, b, consumer)->queue;
    sim_queue *q = sim_queue_at(w, b, queue);
    for (sim_ref at = q->out.tail, before; at; at = before) {
        before = sim_message_at(w, at)->previous;
        if (sim_message_at(w, at)->consumer == consumer && sim_message_at(w, at)->call)
            lose_one(w, id, q, at, true);
    }
    sim_queue_deliver(w, id, queue);
    sim_queue_trim(w, id, queue);
}
