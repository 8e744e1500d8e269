// sim/parts/alarms.c - what blocks those who publish to a broker: RabbitMQ's resource alarms (rabbitmq.com/docs/3.13/alarms).
// * While one is on, no message of a publisher is taken in; consumers go on. Idealised: the publisher waits at once, where in truth its first messages
//   would fit into the buffers of the connection.
// * A full disk is a fault. Memory is looked at once a second (vm_memory_monitor): the alarm is on from a look that finds more than
//   `memory_high_watermark` of it in use until one that does not.
// * A message in memory takes its size and 736 bytes: metadata of at least 720, and 16 for its place (3.13/memory-use, "How much memory does a message
//   use?"). So does what stands before a queue's process, and of what waits or is out a classic queue keeps up to 2048 messages there (3.13/classic-queues);
//   their size is the average one. Of a quorum queue it is 32 bytes each, 16 more with a time to live (3.13/quorum-queues): the rest is on disk.
#include "sim/parts/broker.h"

enum { EVERY = HR_SEC, MESSAGE = 736, MOST_IN_MEMORY = 2048, QUORUM_MESSAGE = 32, QUORUM_TTL = 16 };       // bytes, messages

typedef struct {
    double    total, limit, base;              // bytes: of the server, at which the alarm goes off, without messages
    double    sum, most;                       // of the looks since the reset: bytes
    uint64_t  looks;
    sim_level blocking;                        // 0 or 1: some alarm is on
} monitor;

static monitor *monitor_of(const sim_world *w, const sim_broker *b) { return SIM_AT(w, monitor, b->monitor); }

// --- alarms ---------------------------------------------------------------------------------------------------------------

void sim_broker_release(sim_world *w, sim_component_id id)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    for (sim_ref message; (message = b->blocked.head);) {
        sim_messages_take(w, &b->blocked, message);
        sim_broker_arrived(w, id, message);
    }
}

void sim_broker_alarm(sim_world *w, sim_component_id id, uint32_t alarm, bool is_on)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    bool was_on = b->alarms;
    b->alarms = (uint8_t)(is_on ? b->alarms | alarm : b->alarms & ~alarm);
    if (b->monitor && !was_on && b->alarms)
        sim_level_up(w, &monitor_of(w, b)->blocking);
    if (b->monitor && was_on && !b->alarms)
        sim_level_down(w, &monitor_of(w, b)->blocking);
    if (!b->alarms)
        sim_broker_release(w, id);
}

// --- memory ---------------------------------------------------------------------------------------------------------------

void sim_monitor_build(sim_world *w, sim_component_id id, const sim_broker_def *def)
{
    if (def->memory_high_watermark <= 0)
        return;
    sim_ref ref = sim_take(w, sizeof(monitor));
    *SIM_AT(w, monitor, ref) = (monitor){.total = def->memory_bytes, .limit = def->memory_high_watermark * def->memory_bytes, .base = def->base_bytes};
    SIM_STATE(w, sim_broker, id)->monitor = ref;
}

static double kept_by(const sim_queue *q)
{
    uint32_t count = q->ready.level + q->unacked.level, kept = count < MOST_IN_MEMORY ? count : MOST_IN_MEMORY;
    if (q->def.is_quorum)
        return (double)count * (QUORUM_MESSAGE + (q->def.message_ttl == HR_FOREVER ? 0 : QUORUM_TTL));
    return count ? kept * ((double)q->bytes / count + MESSAGE) : 0;
}

static double used(const sim_world *w, const sim_broker *b)
{
    double bytes = b->is_down ? 0 : monitor_of(w, b)->base;
    for (uint32_t i = 0; i < b->queue_count && !b->is_down; i++) {
        const sim_queue *q = sim_queue_at(w, b, i);
        bytes += (double)q->before_bytes + (double)q->before_level.level * MESSAGE + kept_by(q);
    }
    return bytes;
}

void sim_monitor_look(sim_world *w, sim_component_id id)
{
    sim_broker *b = SIM_STATE(w, sim_broker, id);
    monitor *m = monitor_of(w, b);
    double bytes = used(w, b);
    m->looks++;
    m->sum += bytes;
    m->most = bytes > m->most ? bytes : m->most;
    sim_schedule(w, w->now + EVERY, id, SIM_BROKER_MONITOR, 0, 0);
    sim_broker_alarm(w, id, SIM_ALARM_MEMORY, bytes > m->limit);
}

void sim_monitor_reset(sim_world *w, const sim_broker *b)
{
    monitor *m = monitor_of(w, b);
    sim_level_reset(w, &m->blocking);
    m->looks = 0;
    m->sum = 0;
    m->most = used(w, b);
}

void sim_monitor_add(const sim_world *w, const sim_broker *b, sim_station_view *view)
{
    const monitor *m = monitor_of(w, b);
    view->has_watermark = view->knows_peak = true;
    view->blocking = sim_level_average(w, &m->blocking);
    view->memory = (m->looks ? m->sum / (double)m->looks : used(w, b)) / m->total;
    view->memory_most = m->most / m->total;
}

// The alarm of a broker that is down is off, and what is blocked is known to be.
void sim_monitor_check(const sim_world *w, const sim_broker *b)
{
    SIM_ASSERT(w, b->alarms || !b->blocked.head);
    SIM_ASSERT(w, !(b->alarms & SIM_ALARM_MEMORY) || b->monitor);
    if (!b->monitor)
        return;
    SIM_ASSERT(w, monitor_of(w, b)->blocking.level == (b->alarms != 0));
    SIM_ASSERT(w, !b->is_down || !(b->alarms & SIM_ALARM_MEMORY));
}
