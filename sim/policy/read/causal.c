// sim/policy/read/causal.c - a replica that has applied the user's last write, known by its position in the log, as MongoDB's causal
// sessions and ProxySQL's GTID tracking do. Where none has, the one that is nearest to it, which the call waits for.
#include "sim/policy/read/read.h"

static size_t pick(sim_reading_state *s, const sim_reading_def *d, const sim_reading_ask *ask, const sim_reading_server *servers, size_t count)
{
    (void)s, (void)d;
    size_t first = sim_reading_replicas(servers), fit = 0, nearest = first;
    if (first == count)
        return 0;
    for (size_t i = first; i < count; i++) {
        fit += servers[i].applied >= ask->position;
        if (servers[i].applied > servers[nearest].applied)
            nearest = i;
    }
    size_t nth = (size_t)(ask->u * (double)fit);
    for (size_t i = first; i < count && fit; i++)
        if (servers[i].applied >= ask->position && nth-- == 0)
            return i;
    return nearest;
}

const sim_reading sim_reading_causal = {.name = "causal",
    .summary = "a replica that has applied the user's last write; where none has, the nearest after at most `wait`, else the primary",
    .uses = SIM_READING_WAIT, .pick = pick};
