// sim/core/table.h - a hash table in the arena whose keys are pairs of 64-bit words: open addressing, doubled when half full.
// * Entries are structs that begin with a sim_pair; the table knows only their size, which is set once.
// * A pointer to an entry is good until the next sim_table_add or sim_table_remove.
#ifndef SIM_TABLE_H
#define SIM_TABLE_H

#include "sim/core/world.h"

typedef struct { uint64_t a, b; uint32_t is_used, unused; } sim_pair;
typedef struct { sim_ref slots; uint32_t count, room, bytes; } sim_table;      // bytes: of an entry, a multiple of 8; the rest starts as zero

// The entry of that pair, or NULL.
void *sim_table_find(const sim_world *w, const sim_table *t, uint64_t a, uint64_t b);
// The same; where there is none, a new one that is zero beside its pair.
void *sim_table_add(sim_world *w, sim_table *t, uint64_t a, uint64_t b);
void  sim_table_remove(sim_world *w, sim_table *t, void *entry);
void  sim_table_clear(sim_world *w, sim_table *t);

// A map from keys to numbers but 0: a table of sim_mapped.
typedef struct { sim_pair key; uint32_t value, unused; } sim_mapped;
static inline sim_table sim_map_make(void) { return (sim_table){.bytes = sizeof(sim_mapped)}; }
// The number of a key; 0: it has none.
uint32_t sim_map_at(const sim_world *w, const sim_table *map, uint64_t key);
// 0 takes the key out.
void     sim_map_put(sim_world *w, sim_table *map, uint64_t key, uint32_t value);

#endif
