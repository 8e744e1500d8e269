// sim/policy/read/round_robin.c - each replica in turn.
#include "sim/policy/read/read.h"

static size_t pick(sim_reading_state *s, const sim_reading_def *d, const sim_reading_ask *ask, const sim_reading_server *servers, size_t count)
{
    (void)d, (void)ask;
    size_t first = sim_reading_replicas(servers);
    return first == count ? 0 : first + s->turn++ % (count - first);
}

const sim_reading sim_reading_round_robin = {.name = "round-robin", .summary = "each replica in turn", .pick = pick};
