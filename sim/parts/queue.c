// sim/parts/queue.c - the messages of one queue of a broker: their order, their end by age, by number and by rejection.
// * Messages expire at the head only, as RabbitMQ's do: one that stands behind others is counted as ready until it gets there.
// * The head is what would be delivered next, the oldest of the highest priority; a queue that is too long loses that one, too.
// * `max_length` counts messages that are ready, not those that are out at consumers.
#include "sim/parts/broker.h"

void sim_messages_push(sim_world *w, sim_messages *list, sim_ref message)
{
    sim_message *m = sim_message_at(w, message);
    m->next = 0;
    m->previous = list->tail;
    if (list->tail)
        sim_message_at(w, list->tail)->next = message;
    else
        list->head = message;
    list->tail = message;
}

// Behind `before`, or at the head when that is 0.
static void insert(sim_world *w, sim_messages *list, sim_ref message, sim_ref before)
{
    sim_message *m = sim_message_at(w, message);
    m->previous = before;
    m->next = before ? sim_message_at(w, before)->next : list->head;
    *(before ? &sim_message_at(w, before)->next : &list->head) = message;
    *(m->next ? &sim_message_at(w, m->next)->previous : &list->tail) = message;
}

void sim_messages_take(sim_world *w, sim_messages *list, sim_ref message)
{
    const sim_message *m = sim_message_at(w, message);
    *(m->previous ? &sim_message_at(w, m->previous)->next : &list->head) = m->next;
    *(m->next ? &sim_message_at(w, m->next)->previous : &list->tail) = m->previous;
}

// --- order --------------------------------------------------------------------------------------------------------------

static sim_messages *level_of(const sim_world *w, const sim_queue *q, const sim_message *m)
{
    uint32_t level = m->priority < q->def.max_priority ? m->priority : q->def.max_priority;
    return SIM_AT(w, sim_messages, q->levels) + level;
}

sim_ref sim_queue_head(const sim_world *w, const sim_queue *q)
{
    const sim_messages *levels = SIM_AT(w, const sim_messages, q->levels);
    for (uint32_t i = q->def.max_priority + 1; i-- > 0 && q->ready.level;)
        if (levels[i].head)
            return levels[i].head;
    return 0;
}

void sim_queue_take(sim_world *w, sim_queue *q, sim_ref message)
{
    const sim_message *m = sim_message_at(w, message);
    sim_messages_take(w, level_of(w, q, m), message);
    sim_level_down(w, &q->ready);
    q->bytes -= m->size_bytes;
    w->moving++;
    sim_stay_end(w, &q->stay);
}

// Who enters has the last position. What comes back has an early one, so its place is looked for from the head on.
void sim_queue_put(sim_world *w, sim_queue *q, sim_ref message)
{
    sim_message *m = sim_message_at(w, message);
    sim_messages *level = level_of(w, q, m);
    m->state = SIM_READY;
    m->ready = w->now;
    if (!level->tail || sim_message_at(w, level->tail)->position < m->position) {
        sim_messages_push(w, level, message);
    } else {
        sim_ref before = 0;
        for (sim_ref at = level->head; at && sim_message_at(w, at)->position < m->position; at = sim_message_at(w, at)->next)
            before = at;
        insert(w, level, message, before);
    }
    sim_level_up(w, &q->ready);
    q->bytes += m->size_bytes;
    w->moving--;
    sim_stay_begin(&q->stay, w->now);
}

// --- ends ---------------------------------------------------------------------------------------------------------------

// A dead letter that would come back to a queue in which it has died by itself, without a consumer's rejection on the way, is thrown away: it
// would go round for ever (rabbitmq.com/docs/dlx, "automatic dead lettering cycles").
static bool goes_round(sim_message *m, const sim_queue *q, sim_death death)
{
    if (death == SIM_DIES_rejected) {
        m->died_in = 0;
        return false;
    }
    m->died_in |= 1u << m->queue;
    return m->died_in >> q->def.dead_letter & 1;
}

void sim_queue_die(sim_world *w, sim_component_id id, sim_ref message, sim_death death)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_message *m = sim_message_at(w, message);
    sim_queue *q = sim_queue_at(w, b, m->queue);
    if (m->publisher)                          // it was taken in: what became of it is not its publisher's business
        sim_broker_confirm(w, id, message, SIM_ok);
    if (q->def.dead_letter == SIM_NO_QUEUE || goes_round(m, q, death)) {
        q->count[death == SIM_DIES_expired && q->def.dead_letter == SIM_NO_QUEUE ? SIM_MESSAGE_expired : SIM_MESSAGE_dropped]++;
        sim_message_free(w, b, message);
        return;
    }
    q->count[SIM_MESSAGE_dead]++;
    m->queue = q->def.dead_letter;
    m->deaths++;
    m->deliveries = m->returns = 0;
    m->generation++;
    m->flags = (uint16_t)((m->flags & (SIM_MESSAGE_COUNTED | SIM_MESSAGE_PERSISTENT | SIM_MESSAGE_RETRIED)) | SIM_MESSAGE_DEAD);
    m->epoch = b->epoch;
    sim_broker_line_up(w, id, message);
}

static void look_later(sim_world *w, sim_component_id id, sim_queue *q, uint16_t queue)
{
    sim_ref head = sim_queue_head(w, q);
    hr_time at = head ? sim_message_at(w, head)->expires : HR_FOREVER;
    if (at == HR_FOREVER || (q->alarm && q->alarm <= at))
        return;
    q->alarm = at;
    sim_schedule(w, at, id, SIM_BROKER_EXPIRY, queue, 0);
}

void sim_queue_expire(sim_world *w, sim_component_id id, uint16_t queue)
{
    sim_queue *q = sim_queue_at(w, SIM_STATE(w, sim_broker, id), queue);
    if (q->def.message_ttl == HR_FOREVER)
        return;
    for (sim_ref head; (head = sim_queue_head(w, q)) && sim_message_at(w, head)->expires <= w->now;) {
        sim_queue_take(w, q, head);
        sim_queue_die(w, id, head, SIM_DIES_expired);
    }
    look_later(w, id, q, queue);
}

void sim_queue_trim(sim_world *w, sim_component_id id, uint16_t queue)
{
    sim_queue *q = sim_queue_at(w, SIM_STATE(w, sim_broker, id), queue);
    while (q->def.max_length && q->def.overflow == SIM_DROP_HEAD && q->ready.level > q->def.max_length) {
        sim_ref head = sim_queue_head(w, q);
        sim_queue_take(w, q, head);
        sim_queue_die(w, id, head, SIM_DIES_maxlen);
    }
}

void sim_queue_enter(sim_world *w, sim_component_id id, sim_ref message)
{
    sim_message *m = sim_message_at(w, message);
    uint16_t queue = m->queue;
    sim_queue *q = sim_queue_at(w, SIM_STATE(w, sim_broker, id), queue);
    q->count[m->flags & SIM_MESSAGE_DEAD ? SIM_MESSAGE_dead_in : SIM_MESSAGE_published]++;
    m->position = ++q->next_position;
    m->entered = w->now;
    m->expires = q->def.message_ttl == HR_FOREVER ? HR_FOREVER : w->now + q->def.message_ttl;
    sim_queue_put(w, q, message);
    sim_queue_deliver(w, id, queue);           // first: what goes to a consumer at once needs no room
    sim_queue_trim(w, id, queue);
}

void sim_queue_check(const sim_world *w, const sim_broker *b, const sim_queue *q)
{
    uint32_t ready = 0, out = 0, before = 0;
    uint64_t bytes = 0, before_bytes = 0;
    for (uint32_t i = 0; i <= q->def.max_priority; i++) {
        uint64_t position = 0;
        for (sim_ref at = SIM_AT(w, const sim_messages, q->levels)[i].head; at; at = sim_message_at(w, at)->next, ready++) {
            const sim_message *m = sim_message_at(w, at);
            SIM_ASSERT(w, m->state == SIM_READY && m->position > position && sim_queue_at(w, b, m->queue) == q && !m->call);
            position = m->position;
            bytes += m->size_bytes;
        }
    }
    for (sim_ref at = q->out.head; at; at = sim_message_at(w, at)->next, out++) {
        SIM_ASSERT(w, sim_message_at(w, at)->state == SIM_OUT);
        bytes += sim_message_at(w, at)->size_bytes;
    }
    for (sim_ref at = q->before.head; at; at = sim_message_at(w, at)->next, before++) {
        SIM_ASSERT(w, sim_message_at(w, at)->state == SIM_BEFORE_QUEUE);
        before_bytes += sim_message_at(w, at)->size_bytes;
    }
    SIM_ASSERT(w, bytes == q->bytes && before_bytes == q->before_bytes);
    SIM_ASSERT(w, ready == q->ready.level && out == q->unacked.level && before == q->before_level.level);
    SIM_ASSERT(w, !q->def.max_length || q->def.overflow != SIM_DROP_HEAD || ready <= q->def.max_length || b->is_down);
    SIM_ASSERT(w, !ready || !q->first_turn || b->is_down || b->is_paused);         // nobody with credit waits beside a message
    SIM_ASSERT(w, !q->before.head || q->working || q->in_line || b->is_down);
    uint32_t turn = 0;
    for (uint32_t c = q->first_turn; c; c = sim_consumer_at(w, b, c - 1)->next, turn++)
        SIM_ASSERT(w, sim_consumer_at(w, b, c - 1)->has_turn && sim_consumer_at(w, b, c - 1)->credit &&
                       sim_consumer_at(w, b, c - 1)->state == SIM_CONSUMER_THERE);
    SIM_ASSERT(w, turn <= q->consumers);
    SIM_ASSERT(w, q->count[SIM_MESSAGE_delivered] >= q->count[SIM_MESSAGE_redelivered]);
    SIM_ASSERT(w, sim_histogram_adds_up(SIM_AT(w, const sim_histogram, q->latency)) && sim_histogram_adds_up(SIM_AT(w, const sim_histogram, q->wait)));
}
