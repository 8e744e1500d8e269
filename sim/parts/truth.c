// sim/parts/truth.c - what a database has committed, for those who compare answers with it: versions, when they were overtaken, rows that there are not.
#include "sim/parts/sharding.h"

typedef struct { hr_time at; uint32_t version; sim_ref before; } commit;        // with `history`, of each row, back to the first

// The primary of the shard where a row lives.
static sim_server *primary(const sim_world *w, const sim_database *s, uint64_t key)
{
    return sim_server_at(w, s, sim_shard_at(w, s, sim_sharding_home(w, s, key))->primary);
}

uint32_t sim_database_version(const sim_world *w, sim_component_id id, uint64_t key)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    return sim_rows_version(w, &primary(w, s, key)->rows, key);
}

static HR_APART void remember(sim_world *w, sim_database *s, uint64_t key, uint32_t version)
{
    sim_ref ref = sim_take(w, sizeof(commit));
    *SIM_AT(w, commit, ref) = (commit){w->now, version, sim_map_at(w, &s->history, key)};
    sim_map_put(w, &s->history, key, ref);
}

hr_time sim_database_overtaken(const sim_world *w, sim_component_id id, uint64_t key, uint32_t version)
{
    const sim_database *s = SIM_STATE(w, const sim_database, id);
    hr_time at = HR_FOREVER;
    for (sim_ref ref = sim_map_at(w, &s->history, key); ref; ref = SIM_AT(w, const commit, ref)->before) {
        if (SIM_AT(w, const commit, ref)->version <= version)
            break;
        at = SIM_AT(w, const commit, ref)->at;
    }
    return at;
}

bool sim_database_has_history(const sim_world *w, sim_component_id id) { return SIM_STATE(w, const sim_database, id)->has_history; }

bool sim_database_lacks(const sim_world *w, sim_component_id id, uint64_t key)
{
    enum { STREAM_OF_ROWS = 0x726F7773 };      // one for all databases
    double absent = SIM_STATE(w, const sim_database, id)->absent;
    return absent > 0 && sim_unit(sim_random(w->seed, STREAM_OF_ROWS, key, 0).word[0]) < absent;
}

void sim_database_commit(sim_world *w, sim_component_id id, uint64_t key, uint32_t version)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    bool is_new = sim_rows_commit(w, &primary(w, s, key)->rows, key, version);
    if (is_new && s->has_history)
        remember(w, s, key, version);
}
