// sim/parts/broker_look.c - what is seen of a broker and of its queues.
#include "sim/parts/broker.h"

#include <string.h>

hr_time sim_queue_age(const sim_world *w, const sim_queue *q)
{
    hr_time oldest = w->now;
    for (uint32_t i = 0; i <= q->def.max_priority; i++) {
        sim_ref head = SIM_AT(w, const sim_messages, q->levels)[i].head;
        if (head && sim_message_at(w, head)->entered < oldest)
            oldest = sim_message_at(w, head)->entered;
    }
    return w->now - oldest;
}

sim_queue_view sim_queue_look(const sim_world *w, sim_component_id id, uint16_t queue)
{
    const sim_broker *b = SIM_STATE(w, const sim_broker, id);
    const sim_queue *q = sim_queue_at(w, b, queue);
    sim_queue_view v = {.ready_average = sim_level_average(w, &q->ready), .unacked_average = sim_level_average(w, &q->unacked), .ready = q->ready.level,
                        .unacked = q->unacked.level, .incoming = q->before_level.level + (q->working != 0), .consumers = q->consumers,
                        .age = sim_queue_age(w, q), .latency = SIM_AT(w, const sim_histogram, q->latency), .wait = SIM_AT(w, const sim_histogram, q->wait)};
    for (int c = 0; c < SIM_MESSAGE_COUNT; c++)
        v.count[c] = q->count[c] - q->at_reset[c];
    for (uint32_t c = q->first_turn; c; c = sim_consumer_at(w, b, c - 1)->next)
        v.with_credit++;
    return v;
}

sim_station_view sim_queue_station(const sim_world *w, sim_component_id id, uint16_t queue)
{
    sim_queue_view q = sim_queue_look(w, id, queue);
    uint32_t most = sim_queue_at(w, SIM_STATE(w, const sim_broker, id), queue)->def.max_length;
    sim_station_view v = {.queue_limit = most ? most : SIM_UNLIMITED, .unacked = q.unacked, .queue_average = q.ready_average, .queued = q.ready,
                          .started = q.count[SIM_MESSAGE_published], .rejected = q.count[SIM_MESSAGE_refused]};
    memcpy(v.messages, q.count, sizeof v.messages);
    return v;
}

sim_station_view sim_broker_look(const sim_world *w, sim_component_id id)
{
    const sim_broker *b = SIM_STATE(w, const sim_broker, id);
    double busy = sim_level_average(w, &b->cores);
    sim_station_view v = {.utilisation = busy / b->core_count, .busy_average = busy, .busy = b->cores.level, .capacity = b->core_count};
    if (b->monitor)
        sim_monitor_add(w, b, &v);
    for (uint16_t i = 0; i < b->queue_count; i++) {
        sim_station_view queue = sim_queue_station(w, id, i);
        sim_station_add(&v, &queue);
    }
    return v;
}

const sim_histogram *sim_broker_latency(const sim_world *w, sim_component_id id)
{
    return SIM_AT(w, const sim_histogram, SIM_STATE(w, const sim_broker, id)->latency);
}
