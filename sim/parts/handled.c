// sim/parts/handled.c - what is done, so that it can be told when it is done again.
// * A message knows by itself whether it was handled. Two messages of one `publish` step, whose first confirm came too late, do not know of each
//   other: of those that may be, request and place are kept, as an idempotent consumer keeps the numbers of what it has done.
#include "sim/parts/broker.h"

bool sim_message_was_handled(const sim_world *w, const sim_broker *b, const sim_message *m)
{
    return m->flags & SIM_MESSAGE_HANDLED || (m->flags & SIM_MESSAGE_RETRIED && sim_table_find(w, &b->handled, m->request, m->identity));
}

void sim_message_note_handled(sim_world *w, sim_broker *b, sim_message *m)
{
    m->flags |= SIM_MESSAGE_HANDLED;
    if (m->flags & SIM_MESSAGE_RETRIED)
        (void)sim_table_add(w, &b->handled, m->request, m->identity);
}
