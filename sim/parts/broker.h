// sim/parts/broker.h - what the files of a broker share: broker.c takes messages in, queue.c keeps them, delivery.c sends them to consumers,
//   consumers.c knows who these are, handled.c what is done, restart.c what faults do to it, alarms.c what blocks publishers, broker_look.c what is seen
//   of it.
// * A message is a record of its own, no call: it outlives the request that has published it. A delivery is a call of the broker's, to a
//   replica of the service that consumes; its answer is the consumer's ack or nack.
// * A message stands in one place: on its way, before its queue's process, ready (by priority, then by position), out at a consumer, or it is
//   a ghost: what a consumer still works on though the broker has taken the message back, or acknowledged it, already.
// * Rules and words are RabbitMQ's (rabbitmq.com/docs: queues, consumers, confirms, ttl, maxlength, dlx, priority, quorum-queues).
#ifndef SIM_BROKER_H
#define SIM_BROKER_H

#include "sim/core/laws.h"
#include "sim/core/table.h"
#include "sim/parts/parts.h"

typedef enum { SIM_ON_ITS_WAY, SIM_BEFORE_QUEUE, SIM_READY, SIM_OUT, SIM_GHOST } sim_message_state;
typedef enum { SIM_DIES_rejected, SIM_DIES_expired, SIM_DIES_maxlen, SIM_DIES_delivery_limit } sim_death;

enum {                                         // flags of a message
    SIM_MESSAGE_COUNTED = 1,                   // published in the measured window
    SIM_MESSAGE_PERSISTENT = 2,
    SIM_MESSAGE_ON_DISK = 4,                   // it survives a restart
    SIM_MESSAGE_REDELIVERED = 8,               // it was out before
    SIM_MESSAGE_AT_CONSUMER = 16,              // its delivery has arrived there
    SIM_MESSAGE_HANDLED = 32,                  // a consumer has handled it to a good end
    SIM_MESSAGE_CONFIRM = 64,                  // `publisher` waits for the confirm; else only until the queue's process has taken it
    SIM_MESSAGE_DEAD = 128,                    // it comes from another queue
    SIM_MESSAGE_RETRIED = 256,                 // its `publish` step has a `retry` or `hedge`: there may be another one of the same
};

typedef struct {
    uint64_t request, key;                     // of the call that has published it
    uint64_t position;                         // in its queue: grows with each that enters
    hr_time  published, entered, expires;      // first published; entered its queue
    hr_time  ready;                            // since when it has waited for a consumer this time
    sim_ref  next, previous;                   // in the list in which it stands
    sim_ref  publisher;                        // call that waits for the confirm, or for the queue's process to take it
    sim_ref  call;                             // the delivery that is out
    sim_ref  twin;                             // a ghost's: the message that was put back; and the other way round
    uint32_t twin_generation;
    uint32_t generation;                       // grows when it is freed or put back: a timer for what it was is stale
    uint32_t epoch;                            // of the broker, when it arrived: another one after a restart
    uint32_t version, size_bytes, path;
    uint32_t identity;                         // with `request`: the same for all attempts to publish it
    uint32_t deliveries, returns;              // from its queue; returns: of these, how many came back (x-delivery-count)
    uint32_t deaths;                           // moves to another queue (x-death count)
    uint32_t died_in;                          // bits of the queues in which it has died since a consumer last rejected it
    uint32_t consumer;                         // that it is out at
    uint16_t queue, flags;
    uint8_t  priority, state, failed;          // failed: what the consumer said of it (sim_outcome)
} sim_message;

typedef struct { sim_ref head, tail; } sim_messages;

// Of a consumer: its replica is not there; it gets no new messages (basic.cancel), but works on what it has; it consumes.
typedef enum { SIM_CONSUMER_AWAY, SIM_CONSUMER_CANCELLED, SIM_CONSUMER_THERE } sim_consumer_state;

typedef struct {                               // a replica that consumes
    uint32_t next;                             // + 1, in the turn of those with credit
    uint32_t credit;                           // messages that it may still get before it acknowledges one
    uint16_t def, replica;
    uint16_t has_turn, state;                  // has_turn: bool: it stands in the turn
} sim_consumer;

typedef struct {
    sim_queue_def def;                         // without its name, which is the model's
    sim_messages before, out;                  // before the queue's process; at consumers, in order of delivery
    sim_level before_level, ready, unacked;
    sim_ref   levels;                          // sim_messages[max_priority + 1]
    sim_stay  stay;                            // of messages that are ready
    sim_ref   working;                         // what the queue's process works on
    uint32_t  in_line, next_in_line;           // for a core
    uint32_t  first_turn, last_turn, consumers;// + 1: consumers with credit, the next one first; how many are there
    hr_time   alarm;                           // when the head is looked at; 0: never
    uint64_t  before_bytes, bytes;             // before its process; ready or out
    uint64_t  next_position;
    uint64_t  count[SIM_MESSAGE_COUNT], at_reset[SIM_MESSAGE_COUNT];   // since time zero
    sim_ref   latency, wait;                   // histograms
} sim_queue;

typedef struct {
    sim_dist  demand, persist, network;
    uint32_t  stream_demand, stream_persist, stream_network, stream_poison;
    uint32_t  core_count, queue_count, consumer_count, def_count, credit;
    sim_level cores;
    uint32_t  first_in_line, last_in_line;     // + 1: queues that wait for a core
    sim_ref   queues, consumers, defs;         // sim_queue[], sim_consumer[], sim_consumer_def[]
    sim_ref   free_message;
    sim_table handled;                         // of those that may have been published twice: request and identity, as long as the broker is
    uint32_t  is_awaited, unused;              // bool: it is down and comes back: nothing is over before
    uint32_t  is_down, epoch;                  // epoch: how often it was restarted
    uint8_t   alarms, is_paused, unused_bytes[2];      // alarms: bits of SIM_ALARM_…
    sim_ref   monitor;                         // of its memory, 0: nobody looks
    hr_time   resumes;                         // it stands still until then
    sim_messages blocked;                      // on their way, held up by an alarm
    uint32_t  on_the_way, ghosts, unsent, deliveries, inside;      // messages; deliveries: calls that are out; inside: publishers that wait
    uint64_t  offered;                         // since time zero: messages put on their way to a queue
    uint64_t  refused, left, sent;             // calls, since time zero, for the laws
    uint64_t  sampled_published, sampled_acked;
    sim_stay  stay;                            // of publishers that wait
    sim_level waiting;                         // the same, as a level
    sim_ref   latency;                         // histogram of all queues
} sim_broker;

// What blocks those who publish, as RabbitMQ's resource alarms.
enum { SIM_ALARM_DISK = 1, SIM_ALARM_MEMORY = 2 };

enum { SIM_BROKER_ARRIVED, SIM_BROKER_WORKED, SIM_BROKER_PERSISTED, SIM_BROKER_CONFIRMED, SIM_BROKER_DELIVERED, SIM_BROKER_ACKED, SIM_BROKER_EXPIRY,
       SIM_BROKER_MONITOR };

static inline sim_message *sim_message_at(const sim_world *w, sim_ref message) { return SIM_AT(w, sim_message, message); }
static inline sim_queue *sim_queue_at(const sim_world *w, const sim_broker *b, uint32_t queue) { return SIM_AT(w, sim_queue, b->queues) + queue; }
static inline sim_consumer *sim_consumer_at(const sim_world *w, const sim_broker *b, uint32_t c) { return SIM_AT(w, sim_consumer, b->consumers) + c; }

sim_ref sim_message_new(sim_world *w, sim_broker *b);
void    sim_message_free(sim_world *w, sim_broker *b, sim_ref message);
// One way over the network, the `nth` of this message; never less than a microsecond, so that nothing comes back at once for ever.
hr_time sim_broker_way(const sim_world *w, const sim_broker *b, const sim_message *m, uint32_t nth);
// What the publisher waits for has come about, or never will: it is told, over the network.
void    sim_broker_confirm(sim_world *w, sim_component_id id, sim_ref message, sim_outcome status);
// A message has come over the network; it has not reached a queue, and never will.
void    sim_broker_arrived(sim_world *w, sim_component_id id, sim_ref message);
void    sim_broker_lose(sim_world *w, sim_component_id id, sim_ref message);
// An alarm goes off or is over. What is held up arrives, or is lost when the broker was restarted. The monitor of its memory: built; looks, also for the first
// time; reset; what it has seen. alarms.c
void    sim_broker_alarm(sim_world *w, sim_component_id id, uint32_t alarm, bool is_on);
void    sim_broker_release(sim_world *w, sim_component_id id);
void    sim_monitor_build(sim_world *w, sim_component_id id, const sim_broker_def *def);
void    sim_monitor_look(sim_world *w, sim_component_id id);
void    sim_monitor_reset(sim_world *w, const sim_broker *b);
void    sim_monitor_add(const sim_world *w, const sim_broker *b, sim_station_view *view);
void    sim_monitor_check(const sim_world *w, const sim_broker *b);
// What faults do to it has changed. restart.c
struct sim_force;
void    sim_broker_fault(sim_world *w, sim_component_id id, uint32_t replica, const struct sim_force *force);
// A message was handled and acknowledged: its latency, if it is one of the measured window.
void    sim_broker_note_latency(sim_world *w, sim_broker *b, const sim_message *m);
// Puts a message before its queue's process, which takes it when it has a core.
void    sim_broker_line_up(sim_world *w, sim_component_id id, sim_ref message);

void    sim_messages_push(sim_world *w, sim_messages *list, sim_ref message);          // at the end
void    sim_messages_take(sim_world *w, sim_messages *list, sim_ref message);          // from anywhere
// The message that is next to be delivered, or 0; takes it out; puts it in by priority and position.
sim_ref sim_queue_head(const sim_world *w, const sim_queue *q);
void    sim_queue_take(sim_world *w, sim_queue *q, sim_ref message);
void    sim_queue_put(sim_world *w, sim_queue *q, sim_ref message);
// A message enters its queue; room is made for it, and who can be served is.
void    sim_queue_enter(sim_world *w, sim_component_id id, sim_ref message);
// Messages at the head whose time is over die; the next look is scheduled. Those beyond max_length die, from the head on.
void    sim_queue_expire(sim_world *w, sim_component_id id, uint16_t queue);
void    sim_queue_trim(sim_world *w, sim_component_id id, uint16_t queue);
// A message that stands in no list any more is dead-lettered, or thrown away.
void    sim_queue_die(sim_world *w, sim_component_id id, sim_ref message, sim_death death);
void    sim_queue_check(const sim_world *w, const sim_broker *b, const sim_queue *q);
// How long the oldest message that is ready has been in the queue.
hr_time sim_queue_age(const sim_world *w, const sim_queue *q);

// Whether a consumer has handled the message to a good end before; it has now. handled.c
bool    sim_message_was_handled(const sim_world *w, const sim_broker *b, const sim_message *m);
void    sim_message_note_handled(sim_world *w, sim_broker *b, sim_message *m);

static inline const sim_consumer_def *sim_consumer_def_of(const sim_world *w, const sim_broker *b, uint32_t consumer)
{
    return SIM_AT(w, const sim_consumer_def, b->defs) + sim_consumer_at(w, b, consumer)->def;
}
void    sim_consumers_place(sim_world *w, sim_broker *b, const sim_broker_def *def);
// To the end of its queue's turn, if it may have more; who is next, out of the turn; a message that it had no longer counts against its prefetch.
void     sim_consumer_stand_in_turn(sim_world *w, const sim_broker *b, sim_queue *q, uint32_t consumer);
uint32_t sim_consumer_next_in_turn(const sim_world *w, const sim_broker *b, sim_queue *q);
void     sim_consumer_give_back(sim_world *w, const sim_broker *b, sim_queue *q, uint32_t consumer);
// Sends what is ready to consumers with credit.
void    sim_queue_deliver(sim_world *w, sim_component_id id, uint16_t queue);
void    sim_delivery_arrived(sim_world *w, sim_component_id id, sim_ref call);
void    sim_delivery_back(sim_world *w, sim_component_id id, sim_ref call);
void    sim_delivery_acked(sim_world *w, sim_component_id id, sim_ref message);
// All connections are gone: what is out is put back, or lost.
void    sim_deliveries_lose(sim_world *w, sim_component_id id, uint16_t queue);
// That of one consumer is.
void    sim_deliveries_lose_of(sim_world *w, sim_component_id id, uint32_t consumer);

#endif
