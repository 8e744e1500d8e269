// sim/policy/read/least_lag.c - the replica that has applied most; of equal ones the least busy, so that idle replicas share the reads.
#include "sim/policy/read/read.h"

static size_t pick(sim_reading_state *s, const sim_reading_def *d, const sim_reading_ask *ask, const sim_reading_server *servers, size_t count)
{
    (void)s, (void)d, (void)ask;
    size_t best = sim_reading_replicas(servers);
    if (best == count)
        return 0;
    for (size_t i = best + 1; i < count; i++)
        if (servers[i].applied > servers[best].applied || (servers[i].applied == servers[best].applied && servers[i].busy < servers[best].busy))
            best = i;
    return best;
}

const sim_reading sim_reading_least_lag = {.name = "least-lag", .summary = "the replica that has applied most; of equal ones the least busy", .pick = pick};
