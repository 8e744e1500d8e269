// sim/policy/read/random.c - any replica, as libpq's load_balance_hosts=random with target_session_attrs=prefer-standby.
#include "sim/policy/read/read.h"

static size_t pick(sim_reading_state *s, const sim_reading_def *d, const sim_reading_ask *ask, const sim_reading_server *servers, size_t count)
{
    (void)s, (void)d;
    return sim_reading_any(servers, count, ask->u);
}

const sim_reading sim_reading_random = {.name = "random", .summary = "any replica", .pick = pick};
