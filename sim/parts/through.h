// sim/parts/through.h - a cache that asks the database by itself: what cache.c and through.c share.
// * Reads: a get that misses waits until the database has answered; gets of the same key wait for the same statement.
// * Writes: a set is a write of a new value. It goes through (database, then cache), around (database, then out of the cache) or behind
//   (cache now, database later).
#ifndef SIM_THROUGH_H
#define SIM_THROUGH_H

#include "sim/parts/parts.h"

sim_ref sim_through_place(sim_world *w, const sim_through_def *def, sim_ref store, hr_time grace);
// A `get` that was served and has missed, a `set` that is served. True: its answer has to wait for the database.
bool    sim_through_read(sim_world *w, sim_component_id id, sim_ref through, sim_ref call);
bool    sim_through_write(sim_world *w, sim_component_id id, sim_ref through, sim_ref call);
// The database has answered.
void    sim_through_back(sim_world *w, sim_component_id id, sim_ref through, sim_ref child);
// It is time to write some of what waits (SIM_CACHE_WRITE_OUT).
void    sim_through_write_out(sim_world *w, sim_component_id id, sim_ref through);
// The cache has lost what it held: so are the writes that wait.
void    sim_through_lose(sim_world *w, sim_ref through);
void    sim_through_reset(sim_world *w, sim_ref through);
void    sim_through_check(const sim_world *w, sim_ref through);
void    sim_through_add(const sim_world *w, sim_ref through, sim_station_view *view);

// In cache.c: an operation is done, its answer travels back. And its timer.
void sim_cache_travel(sim_world *w, sim_component_id id, sim_ref call);
enum { SIM_CACHE_WRITE_OUT = 16 };

#endif
