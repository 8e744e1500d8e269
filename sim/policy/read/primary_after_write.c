// sim/policy/read/primary_after_write.c - for a while after a user's own write its reads go to the primary, as Rails' database selector
// does (two seconds by default). It trusts that replicas are never further behind than that.
#include "sim/policy/read/read.h"

static size_t pick(sim_reading_state *s, const sim_reading_def *d, const sim_reading_ask *ask, const sim_reading_server *servers, size_t count)
{
    (void)s;
    bool pinned = ask->wrote_at >= 0 && ask->now - ask->wrote_at < d->pin;
    return pinned && servers[0].is_primary ? 0 : sim_reading_any(servers, count, ask->u);
}

const sim_reading sim_reading_primary_after_write = {.name = "primary-after-write",
    .summary = "any replica, but the primary for `pin` after the user's own write", .uses = SIM_READING_PIN, .pick = pick};
