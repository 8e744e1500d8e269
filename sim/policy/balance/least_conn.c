// sim/policy/balance/least_conn.c - the replica with the fewest calls out, as nginx's least_conn: ties go round in turn.
#include "sim/policy/balance/balance.h"

typedef struct { uint32_t next; } least_conn;

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    least_conn *lc = state;
    uint32_t first = lc->next++ % eligible->count, best = first;
    for (uint32_t i = 1; i < eligible->count; i++) {
        uint32_t here = (first + i) % eligible->count;
        if (eligible->in_flight[eligible->slot[here]] < eligible->in_flight[eligible->slot[best]])
            best = here;
    }
    return best;
}

const sim_balancer sim_balancer_least_conn = {.name = "least-conn", .summary = "the replica with the fewest calls out",
    .real = "least_conn;", .state_size = sizeof(least_conn), .pick = pick};
