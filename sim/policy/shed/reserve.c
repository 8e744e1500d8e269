// sim/policy/shed/reserve.c - the last part of a fixed limit is kept for calls of a priority above 0, so that under overload the less
// important ones are refused first, as Stripe's fleet usage load shedder does (Tarjan 2017, "Scaling your API with rate limiters").
#include "sim/policy/shed/shed.h"

static double limit(const sim_shed_state *s, const sim_shed_def *d, unsigned priority)
{
    (void)s;
    return priority ? d->most : d->most * (1 - d->reserve) + 1e-9; // 80 % of 10 are 8, although 1 - 0.2 is not quite 0.8
}

const sim_shed sim_shed_reserve = {.name = "reserve", .summary = "a fixed limit, `most`, of which a share is kept for calls of a priority above 0",
    .uses = SIM_SHED_RESERVE, .limit = limit};
