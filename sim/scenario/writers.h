// sim/scenario/writers.h - which operations of services write to a database, however deep.
#ifndef SIM_WRITERS_H
#define SIM_WRITERS_H

#include "sim/scenario/model.h"

// [component][operation]; NULL for what is no service. The caller gives it back to sim_writers_free.
bool **sim_writers_find(const sim_model *model);
void   sim_writers_free(const sim_model *model, bool **writers);

#endif
