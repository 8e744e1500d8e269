// sim/parts/broker.c - a message broker: takes messages in, confirms them, survives a restart or not. Queues and consumers: queue.c, delivery.c.
// * A queue has one process, which takes one message at a time and needs a core for it (`demand`). Cores go to queues in turn.
// * Without `confirm` the publisher goes on at once, unless more than `credit` messages stand before the queue: then it waits until the
//   queue's process has taken its message (RabbitMQ's credit flow).
// * With `confirm` it waits until the message is in the queue and, if it is persistent and the queue durable, on disk (`persist`). A classic
//   queue delivers before that, a quorum queue only when a majority of its replicas has the message.
// * An alarm blocks publishers: what arrives waits, and so does who publishes, with `confirm` or without.
#include "sim/parts/broker.h"

static const char *const gauges[] = {"queue", "unacked", "published_per_s", "acked_per_s", "age_s", NULL};

static size_t demand(const void *def)
{
    const sim_broker_def *d = def;
    size_t consumers = 0, levels = 0;
    for (uint16_t i = 0; i < d->consumer_count; i++)
        consumers += d->consumers[i].slots;
    for (uint16_t i = 0; i < d->queue_count; i++)
        levels += d->queues[i].max_priority + 1u;
    return consumers * sizeof(sim_consumer) + levels * sizeof(sim_messages) + d->queue_count * (sizeof(sim_queue) + 2 * sizeof(sim_histogram));
}

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_broker_def *d = def;
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    b->handled.bytes = sizeof(sim_pair);
    b->demand = sim_dist_place(w, &d->demand);
    b->persist = sim_dist_place(w, &d->persist);
    b->network = sim_dist_place(w, &d->network);
    b->stream_demand = sim_stream(w, id, SIM_DRAW_CPU);
    b->stream_persist = sim_stream(w, id, SIM_DRAW_WAIT);
    b->stream_network = sim_stream(w, id, SIM_DRAW_NETWORK);
    b->stream_poison = sim_stream(w, id, SIM_DRAW_POISON);
    b->core_count = d->cores < 1 ? 1 : (uint32_t)d->cores;
    b->credit = d->credit;
    b->latency = sim_take(w, sizeof(sim_histogram));
    b->queue_count = d->queue_count;
    b->queues = sim_take(w, d->queue_count * sizeof(sim_queue));
    for (uint16_t i = 0; i < d->queue_count; i++) {
        sim_ref levels = sim_take(w, (d->queues[i].max_priority + 1) * sizeof(sim_messages));
        sim_ref latency = sim_take(w, sizeof(sim_histogram)), wait = sim_take(w, sizeof(sim_histogram));
        sim_queue *q = sim_queue_at(w, b, i);
        q->def = d->queues[i];
        q->def.name = NULL;
        q->levels = levels;
        q->latency = latency;
        q->wait = wait;
    }
    sim_consumers_place(w, b, d);
    sim_monitor_build(w, id, d);
}

static void start(sim_world *w, sim_component_id id)
{
    if (SIM_STATE(w, const sim_broker, id)->monitor)
        sim_monitor_look(w, id);
}

// --- messages -----------------------------------------------------------------------------------------------------------

sim_ref sim_message_new(sim_world *w, sim_broker *b)
{
    enum { CHUNK = 64, UNITS = (sizeof(sim_message) + 7) >> 3 };
    if (!b->free_message) {
        sim_ref chunk = sim_take(w, CHUNK * sizeof(sim_message));
        for (uint32_t i = CHUNK; i-- > 0;) {
            sim_message_at(w, chunk + i * UNITS)->next = b->free_message;
            b->free_message = chunk + i * UNITS;
        }
    }
    sim_ref message = b->free_message;
    sim_message *m = sim_message_at(w, message);
    b->free_message = m->next;
    *m = (sim_message){.generation = m->generation};
    w->moving++;
    return message;
}

void sim_message_free(sim_world *w, sim_broker *b, sim_ref message)
{
    sim_message *m = sim_message_at(w, message);
    m->generation++;
    w->moving--;
    m->next = b->free_message;
    b->free_message = message;
}

hr_time sim_broker_way(const sim_world *w, const sim_broker *b, const sim_message *m, uint32_t nth)
{
    hr_time way = sim_dist_time(w, &b->network, b->stream_network, m->request, m->path + nth) / 2;
    return way < HR_US ? HR_US : way;
}

void sim_broker_note_latency(sim_world *w, sim_broker *b, const sim_message *m)
{
    if (!(m->flags & SIM_MESSAGE_COUNTED))
        return;
    sim_histogram_add(SIM_AT(w, sim_histogram, b->latency), w->now - m->published);
    sim_histogram_add(SIM_AT(w, sim_histogram, sim_queue_at(w, b, m->queue)->latency), w->now - m->published);
}

// --- publishers ---------------------------------------------------------------------------------------------------------

static void answer(sim_world *w, sim_broker *b, sim_ref call, sim_outcome status)
{
    b->inside--;
    b->left++;
    sim_level_down(w, &b->waiting);
    sim_stay_end(w, &b->stay);
    sim_call_reply(w, call, status);
}

void sim_broker_confirm(sim_world *w, sim_component_id id, sim_ref message, sim_outcome status)
{
    const sim_broker *b = SIM_STATE(w, const sim_broker, id);
    sim_message *m = sim_message_at(w, message);
    sim_ref call = m->publisher;
    sim_call_at(w, call)->status = (uint8_t)status;
    m->publisher = 0;
    sim_schedule(w, w->now + sim_broker_way(w, b, m, 0), id, SIM_BROKER_CONFIRMED, call, sim_call_at(w, call)->generation);
}

static sim_ref message_of(sim_world *w, sim_broker *b, const sim_call *c)
{
    sim_ref message = sim_message_new(w, b);
    sim_message *m = sim_message_at(w, message);
    m->request = c->request;
    m->key = c->key;
    m->published = w->now;
    m->version = c->version;
    m->size_bytes = c->size_bytes;
    m->path = c->path;
    m->identity = sim_path(c->first_path, 1u + (c->operation & SIM_PUBLISH_QUEUE), 0);     // two steps may stand at the same place
    m->queue = c->operation & SIM_PUBLISH_QUEUE;
    m->priority = c->priority;
    m->epoch = b->epoch;
    m->flags = (uint16_t)((c->flags & SIM_CALL_COUNTED ? SIM_MESSAGE_COUNTED : 0) | (c->operation & SIM_PUBLISH_TRANSIENT ? 0 : SIM_MESSAGE_PERSISTENT) |
                         (c->operation & SIM_PUBLISH_CONFIRM ? SIM_MESSAGE_CONFIRM : 0) |
                         (c->operation & SIM_PUBLISH_RETRIED ? SIM_MESSAGE_RETRIED : 0));
    return message;
}

static void offer(sim_world *w, sim_component_id id, sim_ref call)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    const sim_call *c = sim_call_at(w, call);
    if (b->is_down) {                          // there is nobody to connect to
        b->refused++;
        sim_call_reply(w, call, SIM_error);
        return;
    }
    sim_ref message = message_of(w, b, c);
    sim_message *m = sim_message_at(w, message);
    b->offered++;
    b->on_the_way++;
    sim_schedule(w, w->now + sim_broker_way(w, b, m, 0), id, SIM_BROKER_ARRIVED, message, m->generation);
    sim_stay_begin(&b->stay, c->since);
    sim_level_up(w, &b->waiting);
    b->inside++;
    if (m->flags & SIM_MESSAGE_CONFIRM || b->alarms || sim_queue_at(w, b, m->queue)->before_level.level >= b->credit)
        m->publisher = call;
    else
        answer(w, b, call, SIM_ok);
}

// --- the queues' processes ------------------------------------------------------------------------------------------------

// Cores go to the queues in line.
static void hand_out(sim_world *w, sim_component_id id, sim_broker *b)
{
    while (b->first_in_line && b->cores.level < b->core_count) {
        sim_queue *q = sim_queue_at(w, b, b->first_in_line - 1);
        b->first_in_line = q->next_in_line;
        if (!b->first_in_line)
            b->last_in_line = 0;
        q->in_line = 0;
        sim_ref message = q->before.head;
        sim_message *m = sim_message_at(w, message);
        sim_messages_take(w, &q->before, message);
        sim_level_down(w, &q->before_level);
        q->before_bytes -= m->size_bytes;
        sim_level_up(w, &b->cores);
        q->working = message;
        m->state = SIM_ON_ITS_WAY;
        b->on_the_way++;
        hr_time takes = sim_dist_time(w, &b->demand, b->stream_demand, m->request, m->path + m->deaths);
        sim_schedule(w, hr_max_time(w->now, b->resumes) + takes, id, SIM_BROKER_WORKED, message, m->generation);
    }
}

static void stand_in_line(sim_world *w, sim_component_id id, sim_broker *b, uint16_t queue)
{
    sim_queue *q = sim_queue_at(w, b, queue);
    if (q->working || q->in_line || !q->before.head)
        return;
    q->in_line = 1;
    q->next_in_line = 0;
    *(b->last_in_line ? &sim_queue_at(w, b, b->last_in_line - 1)->next_in_line : &b->first_in_line) = queue + 1u;
    b->last_in_line = queue + 1u;
    hand_out(w, id, b);
}

void sim_broker_line_up(sim_world *w, sim_component_id id, sim_ref message)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_message *m = sim_message_at(w, message);
    sim_queue *q = sim_queue_at(w, b, m->queue);
    if (m->flags & SIM_MESSAGE_DEAD)
        b->offered++;
    m->state = SIM_BEFORE_QUEUE;
    sim_messages_push(w, &q->before, message);
    sim_level_up(w, &q->before_level);
    q->before_bytes += m->size_bytes;
    stand_in_line(w, id, b, m->queue);
}

// It has not reached a queue: the broker was restarted meanwhile.
void sim_broker_lose(sim_world *w, sim_component_id id, sim_ref message)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_message *m = sim_message_at(w, message);
    sim_queue_at(w, b, m->queue)->count[SIM_MESSAGE_vanished]++;
    if (m->publisher)
        sim_broker_confirm(w, id, message, SIM_error);
    sim_message_free(w, b, message);
}

void sim_broker_arrived(sim_world *w, sim_component_id id, sim_ref message)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    if (b->alarms && sim_message_at(w, message)->epoch == b->epoch) {
        sim_messages_push(w, &b->blocked, message);
        return;
    }
    b->on_the_way--;
    if (sim_message_at(w, message)->epoch != b->epoch)
        sim_broker_lose(w, id, message);
    else
        sim_broker_line_up(w, id, message);
}

// The queue is full and refuses what is published (reject-publish): the publisher gets a nack, if it waits for confirms at all.
static void refuse(sim_world *w, sim_component_id id, sim_broker *b, sim_queue *q, sim_ref message)
{
    sim_message *m = sim_message_at(w, message);
    q->count[SIM_MESSAGE_refused]++;
    if (m->publisher)
        sim_broker_confirm(w, id, message, SIM_rejected);
    if (q->def.overflow != SIM_REJECT_PUBLISH_DLX || q->def.dead_letter == SIM_NO_QUEUE || m->flags & SIM_MESSAGE_DEAD) {
        sim_message_free(w, b, message);
        return;
    }
    m->died_in |= 1u << m->queue;
    m->queue = q->def.dead_letter;
    m->deaths++;
    m->flags |= SIM_MESSAGE_DEAD;
    sim_broker_line_up(w, id, message);
}

// On disk: it survives from now on. Who waits for the confirm gets it.
static void persisted(sim_world *w, sim_component_id id, sim_ref message)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_message *m = sim_message_at(w, message);
    bool enters = m->state == SIM_ON_ITS_WAY;
    b->on_the_way -= enters;
    if (m->epoch != b->epoch) {
        if (enters)
            sim_broker_lose(w, id, message);
        return;
    }
    m->flags |= SIM_MESSAGE_ON_DISK;
    if (m->publisher)
        sim_broker_confirm(w, id, message, SIM_ok);
    if (enters)
        sim_queue_enter(w, id, message);
}

static void take_in(sim_world *w, sim_component_id id, sim_broker *b, sim_queue *q, sim_ref message)
{
    sim_message *m = sim_message_at(w, message);
    bool is_kept = q->def.durable && m->flags & SIM_MESSAGE_PERSISTENT;
    if (m->publisher && (!is_kept || !(m->flags & SIM_MESSAGE_CONFIRM)))
        sim_broker_confirm(w, id, message, SIM_ok);
    if (is_kept)
        sim_schedule(w, w->now + sim_dist_time(w, &b->persist, b->stream_persist, m->request, m->path + m->deaths), id, SIM_BROKER_PERSISTED, message,
                     m->generation);
    if (is_kept && q->def.is_quorum)
        b->on_the_way++;
    else
        sim_queue_enter(w, id, message);
}

// The queue's process is done with a message.
static void worked(sim_world *w, sim_component_id id, sim_ref message)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_message *m = sim_message_at(w, message);
    uint16_t queue = m->queue;
    sim_queue *q = sim_queue_at(w, b, queue);
    sim_level_down(w, &b->cores);
    q->working = 0;
    b->on_the_way--;
    if (m->epoch != b->epoch)
        sim_broker_lose(w, id, message);
    else if (q->def.max_length && q->def.overflow != SIM_DROP_HEAD && q->ready.level >= q->def.max_length)
        refuse(w, id, b, q, message);
    else
        take_in(w, id, b, q, message);
    stand_in_line(w, id, b, queue);
    hand_out(w, id, b);
}

// --- the kind -----------------------------------------------------------------------------------------------------------

static void reply(sim_world *w, sim_component_id id, sim_ref call) { sim_delivery_back(w, id, call); }

static void expiry(sim_world *w, sim_component_id id, const sim_event *event)
{
    const sim_broker *b = SIM_STATE(w, const sim_broker, id);
    sim_queue *q = sim_queue_at(w, b, event->subject);
    if (q->alarm != event->at)
        return;                                // another one is in force
    q->alarm = 0;
    if (!b->is_down)
        sim_queue_expire(w, id, (uint16_t)event->subject);
}

// A broker that stands still sees at its end what comes to it. Its answers and deliveries that are under way arrive.
static bool waits(sim_world *w, sim_component_id id, const sim_event *event)
{
    enum { COMES = 1 << SIM_BROKER_ARRIVED | 1 << SIM_BROKER_PERSISTED | 1 << SIM_BROKER_ACKED | 1 << SIM_BROKER_EXPIRY | 1 << SIM_BROKER_MONITOR };
    const sim_broker *b = SIM_STATE(w, const sim_broker, id);
    if (b->resumes <= w->now || !(COMES >> event->what & 1))
        return false;
    if (event->what == SIM_BROKER_EXPIRY && sim_queue_at(w, b, event->subject)->alarm == event->at)
        sim_queue_at(w, b, event->subject)->alarm = b->resumes;
    sim_schedule(w, b->resumes, id, event->what, event->subject, event->generation);
    return true;
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    if (waits(w, id, event))
        return;
    if (event->what == SIM_BROKER_EXPIRY) {
        expiry(w, id, event);
    } else if (event->what == SIM_BROKER_MONITOR) {
        sim_monitor_look(w, id);
    } else if (event->what == SIM_BROKER_DELIVERED || event->what == SIM_BROKER_CONFIRMED) {
        const sim_call *c = sim_call_at(w, event->subject);
        if (c->generation != event->generation)
            return;
        if (event->what == SIM_BROKER_DELIVERED)
            sim_delivery_arrived(w, id, event->subject);
        else
            answer(w, SIM_STATE(w, sim_broker, id), event->subject, (sim_outcome)c->status);
    } else if (sim_message_at(w, event->subject)->generation == event->generation) {
        static void (*const what[])(sim_world *, sim_component_id, sim_ref) = {[SIM_BROKER_ARRIVED] = sim_broker_arrived, [SIM_BROKER_WORKED] = worked,
            [SIM_BROKER_PERSISTED] = persisted, [SIM_BROKER_ACKED] = sim_delivery_acked};
        what[event->what](w, id, event->subject);
    }
}

static void reset(sim_world *w, sim_component_id id)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_level_reset(w, &b->cores);
    sim_level_reset(w, &b->waiting);
    *SIM_AT(w, sim_histogram, b->latency) = (sim_histogram){0};
    b->sampled_published = b->sampled_acked = 0;
    if (b->monitor)
        sim_monitor_reset(w, b);
    for (uint32_t i = 0; i < b->queue_count; i++) {
        sim_queue *q = sim_queue_at(w, b, i);
        sim_level_reset(w, &q->ready);
        sim_level_reset(w, &q->unacked);
        sim_level_reset(w, &q->before_level);
        for (int c = 0; c < SIM_MESSAGE_COUNT; c++)
            q->at_reset[c] = q->count[c];
        *SIM_AT(w, sim_histogram, q->latency) = *SIM_AT(w, sim_histogram, q->wait) = (sim_histogram){0};
    }
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    double ready = 0, unacked = 0, age = 0;
    uint64_t published = 0, acked = 0;
    for (uint32_t i = 0; i < b->queue_count; i++) {
        sim_queue *q = sim_queue_at(w, b, i);
        ready += sim_level_sample(w, &q->ready, step);
        unacked += sim_level_sample(w, &q->unacked, step);
        published += q->count[SIM_MESSAGE_published] - q->at_reset[SIM_MESSAGE_published];
        acked += q->count[SIM_MESSAGE_acked] - q->at_reset[SIM_MESSAGE_acked];
        age = age > (double)sim_queue_age(w, q) ? age : (double)sim_queue_age(w, q);
    }
    out[0] = (float)ready;
    out[1] = (float)unacked;
    out[2] = (float)((double)(published - b->sampled_published) * 1e9 / (double)step);
    out[3] = (float)((double)(acked - b->sampled_acked) * 1e9 / (double)step);
    out[4] = (float)(age * 1e-9);
    b->sampled_published = published;
    b->sampled_acked = acked;
}

enum { WAY_no, WAY_in, WAY_out };

static uint64_t sum_of(const sim_queue *q, int way)
{
    static const int ways[] = {
#define SIM_MESSAGE(name, way, help) WAY_##way,
#include "sim/parts/message.def"
#undef SIM_MESSAGE
    };
    uint64_t sum = 0;
    for (int c = 0; c < SIM_MESSAGE_COUNT; c++)
        sum += ways[c] == way ? q->count[c] : 0;
    return sum;
}

static void check(const sim_world *w, sim_component_id id)
{
    const sim_broker *b = SIM_STATE(w, const sim_broker, id);
    uint32_t working = 0, moving = b->on_the_way + b->ghosts + b->is_awaited;
    for (uint32_t i = 0; i < b->queue_count; i++) {
        sim_queue_check(w, b, sim_queue_at(w, b, i));
        working += sim_queue_at(w, b, i)->working != 0;
        moving += sim_queue_at(w, b, i)->before_level.level + sim_queue_at(w, b, i)->unacked.level;
    }
    SIM_ASSERT(w, moving <= w->moving);
    sim_monitor_check(w, b);
    SIM_ASSERT(w, b->is_paused == (b->resumes > w->now) || b->resumes == w->now);
    SIM_ASSERT(w, working == b->cores.level && working <= b->core_count);
    SIM_ASSERT(w, !b->first_in_line || b->cores.level == b->core_count);
    SIM_ASSERT(w, sim_histogram_adds_up(SIM_AT(w, const sim_histogram, b->latency)));
}

// Station 0 is the broker with its calls and the messages that have not reached a queue; each queue follows.
static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const sim_broker *b = SIM_STATE(w, const sim_broker, id);
    if (station > b->queue_count)
        return false;
    if (station > 0) {
        const sim_queue *q = sim_queue_at(w, b, station - 1);
        *a = (sim_account){.taken = sum_of(q, WAY_in), .gone = sum_of(q, WAY_out), .held = (uint64_t)q->ready.level + q->unacked.level, .stay = &q->stay,
                           .level = {{"messages that are ready", &q->ready, 0}}, .levels = 1, .staying = 1};
        return true;
    }
    *a = (sim_account){.refused = b->refused, .left = b->left, .inside = b->inside, .knows_sent = true, .sent = b->sent, .unsent = b->unsent,
                       .waiting = b->deliveries, .taken = b->offered, .held = b->on_the_way, .stay = &b->stay,
                       .level = {{"publishers that wait", &b->waiting, 0}, {"time of cores <= cores x time", &b->cores, b->core_count}},
                       .levels = 2, .staying = 1};
    for (uint32_t i = 0; i < b->queue_count; i++) {
        const sim_queue *q = sim_queue_at(w, b, i);
        a->gone += sum_of(q, WAY_in) + q->count[SIM_MESSAGE_refused] + q->count[SIM_MESSAGE_vanished];
        a->held += q->before_level.level;
    }
    return true;
}

const sim_kind sim_kind_broker = {.name = "broker", .summary = "queues of messages between services, as RabbitMQ keeps them",
    .state_size = sizeof(sim_broker), .def_size = sizeof(sim_broker_def), .gauges = gauges, .demand = demand, .build = build, .start = start, .fault = sim_broker_fault,
    .offer = offer, .reply = reply, .wake = wake, .sample = sample, .reset = reset, .check = check, .account = account};
