// sim/scenario/data.h - files of numbers that a scenario names: measured times, quantiles, traces; plain text or .gz.
// * A name is meant from the scenario's folder on. Only regular files are read: at most 1 GiB of text, 10 million rows, 4096 bytes a line.
// * Blank lines and what follows a # are left out. What cannot be read is told with its line by sim_because; nothing is guessed.
// * Everything lies in the pool.
#ifndef SIM_DATA_H
#define SIM_DATA_H

#include "sim/parts/arrivals.h"
#include "sim/scenario/node.h"

// One time a line, in seconds. SORTED: sorts them. ASCENDING: refuses what is not in order, and fewer than two.
typedef enum { SIM_DATA_SORTED, SIM_DATA_ASCENDING } sim_data_order;
bool sim_data_times(sim_pool *pool, const sim_source *source, const char *name, sim_data_order order, const double **times, uint32_t *count);

// A trace: `time[,key,size,op]`, with or without a line of these names, which may then be fewer and in another order.
// `operations` (ends with NULL) are what `op` may say; NULL: the column is not looked at.
bool sim_data_trace(sim_pool *pool, const sim_source *source, const char *name, const char *const *operations, sim_trace_def *trace);

#endif
