// sim/policy/read/primary.c - all reads go to the primary, as a client does that knows one address. Nothing is ever old, nothing is relieved.
#include "sim/policy/read/read.h"

static size_t pick(sim_reading_state *s, const sim_reading_def *d, const sim_reading_ask *ask, const sim_reading_server *servers, size_t count)
{
    (void)s, (void)d, (void)ask, (void)count;
    return servers[0].is_primary ? 0 : SIZE_MAX;
}

const sim_reading sim_reading_primary = {.name = "primary", .summary = "the primary; while it is down there is no answer", .pick = pick};
