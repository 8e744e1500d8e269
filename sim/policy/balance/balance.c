// sim/policy/balance/balance.c - the table of balancers, made from balance.def.
#include "sim/policy/balance/balance.h"

#include <string.h>

const sim_balancer *const sim_balancers[] = {
#define SIM_BALANCER(name) &sim_balancer_##name,
#include "sim/policy/balance/balance.def"
#undef SIM_BALANCER
    NULL};

int sim_balancer_find(const char *name)
{
    for (int i = 0; sim_balancers[i]; i++)
        if (strcmp(sim_balancers[i]->name, name) == 0)
            return i;
    return -1;
}
