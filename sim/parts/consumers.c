// sim/parts/consumers.c - who consumes from a broker's queues: turns, credit, replicas that come and go.
// * A queue serves its consumers in turn; who has as many messages unacknowledged as its prefetch allows stands back until it acknowledges
//   one, and then at the end of the turn (basic.qos for each consumer, rabbitmq.com/docs/consumer-prefetch).
// * A replica consumes while it is ready. One that drains has cancelled: it works on what it has. When it ends, its connection is closed, and
//   what it has not acknowledged is put back for the others.
#include "sim/parts/broker.h"
#include "sim/parts/lives.h"

// --- turns --------------------------------------------------------------------------------------------------------------

void sim_consumer_stand_in_turn(sim_world *w, const sim_broker *b, sim_queue *q, uint32_t consumer)
{
    sim_consumer *c = sim_consumer_at(w, b, consumer);
    if (c->has_turn || !c->credit || c->state != SIM_CONSUMER_THERE)
        return;
    c->has_turn = 1;
    c->next = 0;
    *(q->last_turn ? &sim_consumer_at(w, b, q->last_turn - 1)->next : &q->first_turn) = consumer + 1;
    q->last_turn = consumer + 1;
}

uint32_t sim_consumer_next_in_turn(const sim_world *w, const sim_broker *b, sim_queue *q)
{
    uint32_t consumer = q->first_turn - 1;
    sim_consumer *c = sim_consumer_at(w, b, consumer);
    q->first_turn = c->next;
    if (!c->next)
        q->last_turn = 0;
    c->has_turn = 0;
    return consumer;
}

void sim_consumer_give_back(sim_world *w, const sim_broker *b, sim_queue *q, uint32_t consumer)
{
    sim_consumer_at(w, b, consumer)->credit++;
    sim_consumer_stand_in_turn(w, b, q, consumer);
}

static void leave_turn(sim_world *w, const sim_broker *b, sim_queue *q, uint32_t consumer)
{
    uint32_t before = 0, at = q->first_turn;
    while (at && at != consumer + 1) {
        before = at;
        at = sim_consumer_at(w, b, at - 1)->next;
    }
    if (!at)
        return;
    sim_consumer *c = sim_consumer_at(w, b, consumer);
    *(before ? &sim_consumer_at(w, b, before - 1)->next : &q->first_turn) = c->next;
    if (q->last_turn == at)
        q->last_turn = before;
    c->has_turn = 0;
}

// A replica consumes from now on. What an earlier one in its slot has not seen acknowledged yet still takes of its credit.
static void join(sim_world *w, const sim_broker *b, uint32_t consumer)
{
    sim_queue *q = sim_queue_at(w, b, sim_consumer_def_of(w, b, consumer)->queue);
    sim_consumer_at(w, b, consumer)->state = SIM_CONSUMER_THERE;
    q->consumers++;
    sim_consumer_stand_in_turn(w, b, q, consumer);
}

// It gets nothing more.
static void cancel(sim_world *w, const sim_broker *b, uint32_t consumer, sim_consumer_state state)
{
    sim_consumer *c = sim_consumer_at(w, b, consumer);
    sim_queue *q = sim_queue_at(w, b, sim_consumer_def_of(w, b, consumer)->queue);
    q->consumers -= c->state == SIM_CONSUMER_THERE;
    c->state = (uint16_t)state;
    leave_turn(w, b, q, consumer);
}

void sim_consumers_place(sim_world *w, sim_broker *b, const sim_broker_def *def)
{
    for (uint16_t i = 0; i < def->consumer_count; i++)
        b->consumer_count += def->consumers[i].slots;
    b->def_count = def->consumer_count;
    b->defs = sim_take(w, def->consumer_count * sizeof(sim_consumer_def));
    b->consumers = sim_take(w, b->consumer_count * sizeof(sim_consumer));
    uint32_t n = 0;
    for (uint16_t i = 0; i < def->consumer_count; i++) {
        const sim_consumer_def *d = &def->consumers[i];
        SIM_AT(w, sim_consumer_def, b->defs)[i] = *d;
        for (uint32_t r = 0; r < d->slots; r++, n++) {
            *sim_consumer_at(w, b, n) = (sim_consumer){.def = i, .replica = (uint16_t)r, .credit = d->is_auto ? 1 : d->prefetch};
            if (r < d->replicas)
                join(w, b, n);
        }
    }
}

// --- consumers that come and go -------------------------------------------------------------------------------------------

static bool is_broker(const sim_world *w, sim_component_id id) { return sim_component_at(w, id)->kind == SIM_PART_broker; }

// Does what a change of its replica means for every consumer of a service's slot.
static void for_consumers(sim_world *w, sim_component_id service, uint32_t slot, sim_consumer_state state)
{
    for (sim_component_id id = 0; id < w->component_count; id++) {
        const sim_broker *b = SIM_STATE(w, const sim_broker, id);
        for (uint32_t c = 0; is_broker(w, id) && c < b->consumer_count; c++) {
            if (sim_consumer_def_of(w, b, c)->service != service || sim_consumer_at(w, b, c)->replica != slot)
                continue;
            if (state == SIM_CONSUMER_THERE) {
                join(w, b, c);
                sim_queue_deliver(w, id, sim_consumer_def_of(w, b, c)->queue);
                continue;
            }
            cancel(w, b, c, state);
            if (state == SIM_CONSUMER_AWAY)
                sim_deliveries_lose_of(w, id, c);
        }
    }
}

void sim_consumers_see(sim_world *w, sim_component_id service, uint32_t slot, bool is_ready)
{
    for_consumers(w, service, slot, is_ready ? SIM_CONSUMER_THERE : SIM_CONSUMER_CANCELLED);
}

void sim_consumers_cut(sim_world *w, sim_component_id service, uint32_t slot) { for_consumers(w, service, slot, SIM_CONSUMER_AWAY); }

// Whether an entry is the first one by which the service consumes from this queue.
static bool is_first(const sim_consumer_def *defs, uint32_t d, sim_component_id service)
{
    if (defs[d].service != service)
        return false;
    for (uint32_t e = 0; e < d; e++)
        if (defs[e].service == service && defs[e].queue == defs[d].queue)
            return false;
    return true;
}

uint64_t sim_consumers_queue(const sim_world *w, sim_component_id service)
{
    uint64_t messages = 0;
    for (sim_component_id id = 0; id < w->component_count; id++) {
        const sim_broker *b = SIM_STATE(w, const sim_broker, id);
        for (uint32_t d = 0; is_broker(w, id) && d < b->def_count; d++) {
            const sim_consumer_def *defs = SIM_AT(w, const sim_consumer_def, b->defs);
            const sim_queue *q = sim_queue_at(w, b, defs[d].queue);
            messages += is_first(defs, d, service) ? q->ready.level + q->unacked.level : 0;
        }
    }
    return messages;
}
