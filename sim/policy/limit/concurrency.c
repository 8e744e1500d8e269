// sim/policy/limit/concurrency.c - at most so many requests under way, whatever their rate, as nginx's limit_conn. It has to be told of ends.
#include "sim/policy/limit/limit.h"

typedef struct { uint32_t under_way; } gate;

static hr_time ask(void *state, const sim_limit_def *l, hr_time now)
{
    gate *g = state;
    (void)now;
    if (g->under_way >= l->most)
        return SIM_DENY;
    g->under_way++;
    return 0;
}

static void end(void *state)
{
    gate *g = state;
    g->under_way--;
}

const sim_limiter sim_limiter_concurrency = {.name = "concurrency", .summary = "at most `most` calls under way, whatever their rate",
    .real = "limit_conn zone N;", .uses = SIM_LIMIT_MOST, .needs = SIM_LIMIT_MOST, .state_size = sizeof(gate), .ask = ask, .end = end};
