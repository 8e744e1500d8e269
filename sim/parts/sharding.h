// sim/parts/sharding.h - a database of several shards: where rows live, statements that touch several shards, and rows that move.
// * A call that touches one shard goes there as if there were no other. One that touches more stays at the database as a routed call and has a
//   part in each; it is answered when the last part is in (sharding.c).
// * Writes in several shards are committed in two phases, as PREPARE TRANSACTION and COMMIT PREPARED: each part holds its connection
//   until it is told what becomes of all. One that was prepared outlives its server: it is told when its shard has a primary again.
// * Rows move in order of their keys, a batch at a time: keys below `cursor` live where the next map says. Who is still at the shard that a row
//   has left reads and writes the row where it lives now.
#ifndef SIM_SHARDED_H
#define SIM_SHARDED_H

#include "sim/parts/database.h"

// What a part of a call is for: its `step`. What a prepared one has been told while nobody was there to do it is its `count`, 0: nothing.
// SOLE: the only one, of a call that had to wait for a replica. MOVES: of no call, it copies rows.
enum { SIM_PART_SOLE, SIM_PART_READS, SIM_PART_PREPARES, SIM_PART_PREPARED, SIM_PART_MOVES };

typedef struct {
    uint32_t policy, count, to, total;         // shards of the map, of the next map (0: rows stay), and the larger of both
    sim_ref  map, next_map;
    uint32_t key_stream, two_phase_stream;
    uint64_t rows;
    uint64_t asked, spread;                    // since the reset: calls, and those that touched several shards
    sim_level paid;                            // shards that are there
    sim_level in_doubt;                        // prepared parts that were told while their shard had no primary
    // reshard.c
    uint64_t cursor, batch_end;                // keys below cursor have moved; those below batch_end are being copied
    hr_time  at, pace, finished;               // begin; nanoseconds a row takes at the scenario's rate; end, HR_FOREVER: not yet
    uint32_t batch, in_batch, out;             // rows of a batch, of this one, and parts of it that are under way
    uint32_t writes, failed, unused;           // bool: it is at the shards where the rows go; some part has failed
    hr_time  batch_begun;
    sim_ref  leaving, coming;                  // uint32_t[total]: rows of the batch by the shard that they leave, that they come to
    uint64_t batches, moved;                   // since time zero
} sim_sharded;

// How many shards have rows; while rows move, all that there are.
static inline uint32_t sim_sharding_live(const sim_sharded *h) { return !h->cursor ? h->count : h->finished == HR_FOREVER ? h->total : h->to; }
static inline sim_sharded *sim_sharded_of(const sim_world *w, const sim_database *s) { return SIM_AT(w, sim_sharded, s->sharding); }

void     sim_sharding_build(sim_world *w, sim_component_id id, const sim_database_def *d);
// The shard where a row lives.
uint32_t sim_sharding_home(const sim_world *w, const sim_database *s, uint64_t key);
// The rows that a call reads or writes at a server of its shard: the server's own, or, when the row has moved away, those of where it lives.
sim_rows *sim_sharding_rows(const sim_world *w, const sim_database *s, const sim_call *c, uint32_t server);
// Sends the call to the shards that it touches.
void     sim_sharding_offer(sim_world *w, sim_component_id id, sim_ref call);
// A part has run and may be committed; is told what becomes of it; has left its server.
void     sim_sharding_prepare(sim_world *w, sim_component_id id, sim_ref part);
void     sim_sharding_prepared(sim_world *w, sim_component_id id, sim_ref part);
void     sim_sharding_back(sim_world *w, sim_component_id id, sim_ref part);
// Whether a call is a prepared part.
bool     sim_sharding_is_prepared(const sim_call *c);
// Whether an event of a call is what a prepared part is told, or was about to do, while its shard has no primary: then it stays in doubt.
bool     sim_sharding_doubts(sim_world *w, sim_component_id id, const sim_event *event);
// A shard has a primary: parts that are in doubt there are told again.
void     sim_sharding_resolve(sim_world *w, sim_component_id id, uint32_t shard);
void     sim_sharding_check(const sim_world *w, const sim_database *s);
void     sim_sharding_reset(const sim_world *w, const sim_database *s);
void     sim_sharding_add(const sim_world *w, const sim_database *s, sim_station_view *view);

// --- reshard.c ---
void sim_reshard_build(sim_world *w, sim_component_id id, const sim_database_def *d);
void sim_reshard_start(sim_world *w, sim_component_id id);
// The timer of the next batch.
void sim_reshard_wake(sim_world *w, sim_component_id id);
void sim_reshard_back(sim_world *w, sim_component_id id, sim_outcome status);
void sim_reshard_check(const sim_world *w, const sim_database *s);

#endif
