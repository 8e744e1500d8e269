// sim/parts/handled.c - what is done, so that it can be told when it is done again.
// * A message knows by itself whether it was handled. Two messages of one `publish` step, whose first confirm came too late, do not know of each
//   other: of those that may be, request and place are kept, as an idempotent consumer keeps the numbers of what it has done.
#include "sim/parts/broker.h"

static sim_handled *find(const sim_world *w, const sim_broker *b, uint64_t request, uint32_t identity)
{
    sim_handled *all = SIM_AT(w, sim_handled, b->handled);
    uint32_t i = (uint32_t)((request ^ identity) * 0x9E3779B97F4A7C15u >> 32) & (b->handled_room - 1);
    while (all[i].used && (all[i].request != request || all[i].identity != identity))
        i = (i + 1) & (b->handled_room - 1);
    return &all[i];
}

static void grow(sim_world *w, sim_broker *b)
{
    uint32_t old_room = b->handled_room;
    sim_ref old = b->handled;
    b->handled_room = old_room ? old_room * 2 : 64;
    b->handled = sim_take(w, b->handled_room * sizeof(sim_handled));
    for (uint32_t i = 0; i < old_room; i++) {
        sim_handled one = SIM_AT(w, sim_handled, old)[i];
        if (one.used)
            *find(w, b, one.request, one.identity) = one;
    }
    sim_give(w, old, old_room * sizeof(sim_handled));
}

bool sim_message_was_handled(const sim_world *w, const sim_broker *b, const sim_message *m)
{
    return m->flags & SIM_MESSAGE_HANDLED || (m->flags & SIM_MESSAGE_RETRIED && b->handled_count && find(w, b, m->request, m->identity)->used);
}

void sim_message_note_handled(sim_world *w, sim_broker *b, sim_message *m)
{
    m->flags |= SIM_MESSAGE_HANDLED;
    if (!(m->flags & SIM_MESSAGE_RETRIED))
        return;
    if ((b->handled_count + 1) * 2 > b->handled_room)
        grow(w, b);
    sim_handled *one = find(w, b, m->request, m->identity);
    b->handled_count += !one->used;
    *one = (sim_handled){m->request, m->identity, 1};
}
