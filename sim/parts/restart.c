// sim/parts/restart.c - what faults do to a broker: it dies and comes back, its disk becomes full, it stands still.
// * A restart loses what is not on disk, and what is on its way; connections break, so what is out at consumers is put back.
// * A pause stops the queues' processes; what comes meanwhile is seen at its end, and nothing is delivered.
#include "sim/parts/broker.h"
#include "sim/parts/faults.h"

// --- restart ------------------------------------------------------------------------------------------------------------

static void lose_queue(sim_world *w, sim_component_id id, uint16_t queue)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    sim_queue *q = sim_queue_at(w, b, queue);
    for (sim_ref message; (message = q->before.head) != 0;) {
        sim_messages_take(w, &q->before, message);
        sim_level_down(w, &q->before_level);
        q->before_bytes -= sim_message_at(w, message)->size_bytes;
        sim_broker_lose(w, id, message);
    }
    q->in_line = q->next_in_line = 0;
    sim_deliveries_lose(w, id, queue);
    for (uint32_t i = 0; i <= q->def.max_priority; i++)
        for (sim_ref message = SIM_AT(w, sim_messages, q->levels)[i].head, next; message; message = next) {
            sim_message *m = sim_message_at(w, message);
            next = m->next;
            m->epoch = b->epoch;
            if (m->flags & SIM_MESSAGE_ON_DISK)
                continue;
            sim_queue_take(w, q, message);
            q->count[SIM_MESSAGE_lost]++;
            if (m->publisher)
                sim_broker_confirm(w, id, message, SIM_error);
            sim_message_free(w, b, message);
        }
}

static void go_down(sim_world *w, sim_component_id id)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    b->is_down = 1;
    b->epoch++;
    b->first_in_line = b->last_in_line = 0;
    sim_broker_alarm(w, id, SIM_ALARM_MEMORY, false);
    sim_broker_release(w, id);
    for (uint16_t i = 0; i < b->queue_count; i++)
        lose_queue(w, id, i);
}

static void come_up(sim_world *w, sim_component_id id)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    b->is_down = 0;
    for (uint16_t i = 0; i < b->queue_count; i++) {
        sim_queue_deliver(w, id, i);
        sim_queue_trim(w, id, i);              // what was out has come back
    }
}

// --- pauses ---------------------------------------------------------------------------------------------------------------

// What the queues' processes work on is done later.
static bool is_stopped(const sim_world *w, const sim_event *e, uint32_t server)
{
    (void)server;
    return e->what == SIM_BROKER_WORKED && sim_message_at(w, e->subject)->generation == e->generation;
}

static void deliver_all(sim_world *w, sim_component_id id)
{
    for (uint16_t i = 0; i < SIM_STATE(w, const sim_broker, id)->queue_count; i++)
        sim_queue_deliver(w, id, i);
}

void sim_broker_fault(sim_world *w, sim_component_id id, uint32_t replica, const sim_force *force)
{
    (void)replica;
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    bool was_down = b->is_down, was_paused = b->is_paused;
    w->moving -= b->is_awaited;
    b->is_awaited = force->down && force->back != HR_FOREVER;
    w->moving += b->is_awaited;
    b->is_paused = force->paused;
    sim_stand_still(w, &b->resumes, force->resumes, id, 0, is_stopped);
    sim_broker_alarm(w, id, SIM_ALARM_DISK, force->full);
    if (force->down && !was_down)
        go_down(w, id);
    else if (!force->down && was_down)
        come_up(w, id);
    if (was_paused && !b->is_paused)
        deliver_all(w, id);
}
