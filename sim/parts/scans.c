// sim/parts/scans.c - what a statement's plan costs: rows that it looks at, so that it grows with the table.
// * Down a B-tree it compares log2 of the rows, rounded up, as PostgreSQL's btcostestimate counts; in a sequential scan it looks at all of
//   them, as cost_seqscan does. `per_row` is the time for one, on the core that the statement has.
// * A table has `rows` and what has been inserted since; a shard has its even part.
#include "sim/parts/sharding.h"

void sim_scans_build(sim_world *w, sim_component_id id, const sim_database_def *d)
{
    sim_database *s = SIM_STATE(w, sim_database, id);
    s->table_rows = d->rows;
}

static uint64_t looked_at(uint32_t plan, uint64_t rows)
{
    if (plan == SIM_PLAN_sequential)
        return rows;
    uint64_t levels = 0;
    while (levels < 63 && (uint64_t)1 << levels < rows)
        levels++;
    return levels;
}

hr_time sim_scans_time(const sim_world *w, const sim_database *s, const sim_statement *t)
{
    if (t->plan == SIM_PLAN_none)
        return 0;
    uint64_t shards = s->sharding ? sim_sharding_live(sim_sharded_of(w, s)) : 1;
    return (hr_time)((double)looked_at(t->plan, s->table_rows / shards) * t->row_ns);
}
