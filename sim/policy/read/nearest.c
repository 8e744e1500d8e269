// sim/policy/read/nearest.c - the server with the shortest round trip to the caller, the primary or a replica, as MongoDB's read preference
// `nearest`; of equal ones any. How far behind it is plays no part.
#include "sim/policy/read/read.h"

static size_t pick(sim_reading_state *s, const sim_reading_def *d, const sim_reading_ask *ask, const sim_reading_server *servers, size_t count)
{
    (void)s, (void)d;
    size_t equal = 0, chosen = 0;
    hr_time least = servers[0].rtt;
    for (size_t i = 1; i < count; i++)
        least = hr_min_time(least, servers[i].rtt);
    for (size_t i = 0; i < count; i++)
        equal += servers[i].rtt == least;
    size_t nth = (size_t)(ask->u * (double)equal);
    for (size_t i = 0; i < count; i++)
        if (servers[i].rtt == least && nth-- == 0)
            chosen = i;
    return chosen;
}

const sim_reading sim_reading_nearest = {.name = "nearest",
    .summary = "the server with the shortest round trip to the caller, the primary or a replica", .uses = SIM_READING_RTT, .pick = pick};
