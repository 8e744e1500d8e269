// sim/scenario/keys.h - the table of all keys, and reading the plain ones by it.
#ifndef SIM_KEYS_TABLE_H
#define SIM_KEYS_TABLE_H

#include "sim/parts/cdn.h"
#include "sim/scenario/model.h"
#include "sim/scenario/node.h"

typedef enum { SIM_TYPE_OTHER, SIM_TYPE_COUNT, SIM_TYPE_COUNT64, SIM_TYPE_REAL, SIM_TYPE_BYTES, SIM_TYPE_BYTES32, SIM_TYPE_BYTES64,
               SIM_TYPE_TIME, SIM_TYPE_TIME_OR_NONE, SIM_TYPE_RATE, SIM_TYPE_PLAIN_RATE, SIM_TYPE_SHARE, SIM_TYPE_NUMBER, SIM_TYPE_DIST, SIM_TYPE_EVICTION, SIM_TYPE_BALANCER, SIM_TYPE_LIMITER,
               SIM_TYPE_BREAKER, SIM_TYPE_RETRY, SIM_TYPE_SHED, SIM_TYPE_SCALER, SIM_TYPE_READ, SIM_TYPE_SHARDING, SIM_TYPE_DISCIPLINE, SIM_TYPE_COMMIT, SIM_TYPE_POOLER, SIM_TYPE_PLAN, SIM_TYPE_UPDATE_MODE, SIM_TYPE_BOOL, SIM_TYPE_TEXT } sim_type;

typedef struct {
    const char *owner, *name;
    sim_type    type;
    size_t      offset;                        // in the owner's def
    const char *fallback;                      // the default as text; NULL: required; "": absent
    double      least, most;
    const char *help;
} sim_key;
extern const sim_key sim_key_table[];          // ends with a NULL owner
static inline bool sim_key_is_time(const sim_key *k) { return k->type == SIM_TYPE_TIME || k->type == SIM_TYPE_TIME_OR_NONE; }
// What a value of that type looks like: "a time such as 5ms"; NULL of OTHER, whose help says it. And of a key, within its range.
const char *sim_type_example(sim_type type);
const char *sim_key_example(const sim_key *key);

// The policy in that row of the table that a type names (evictions, limiters …); NULL beyond the last, and for other types.
const char *sim_type_row(sim_type type, uint32_t row);

// Fills every plain key of `owner` in `def` from the map (or its default), and complains of unknown and missing ones.
// `where` names the owner in messages ("api"). Returns whether all was well.
bool sim_keys_read(sim_pool *pool, const sim_source *source, const char *owner, const char *where, sim_node *map, void *def);
// The owner's key of that name, or NULL.
const sim_key *sim_key_find(const char *owner, const char *name);
// Whether it is a key of a step of that kind (get, query …): its help begins with the kinds that have it, up to a colon.
bool sim_key_is_of_step(const sim_key *key, const char *kind);
// For the ledger: prices and instance types; what a component runs on. machines.c
void sim_prices_ledger(const sim_model *model, hr_text *out);
void sim_machine_ledger(const sim_model_component *c, hr_text *out);

#endif
