// sim/policy/read/read.c - the table of policies for reads, made from read.def.
#include "sim/policy/read/read.h"

#include <string.h>

const sim_reading *const sim_readings[] = {
#define SIM_READING(name) &sim_reading_##name,
#include "sim/policy/read/read.def"
#undef SIM_READING
    NULL};

const sim_setting sim_reading_settings[] = {{"pin", SIM_READING_PIN}, {"wait", SIM_READING_WAIT}, {NULL, 0}};

int sim_reading_find(const char *name)
{
    for (int i = 0; sim_readings[i]; i++)
        if (strcmp(sim_readings[i]->name, name) == 0)
            return i;
    return -1;
}
