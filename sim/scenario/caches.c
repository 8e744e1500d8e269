// sim/scenario/caches.c - what a cache says beside its plain keys: when it loses all of them.
#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

enum { MOST_FLUSHES = 100 };

static void read_flushes(sim_reader *r, sim_node *node, const char *where, sim_cache_def *def)
{
    sim_node *flush = sim_node_member(node, "flush");
    if (!flush)
        return;
    if (flush->kind != SIM_LIST || !flush->count || flush->count > MOST_FLUSHES) {
        SIM_FAIL(r, flush, "%s.flush: want 1 to %d times in order, such as [20s, 40s]", where, MOST_FLUSHES);
        return;
    }
    hr_time *times = sim_pool_take(r->pool, flush->count * sizeof *times), before = 0;
    for (const sim_node *n = flush->first; n; n = n->next) {
        hr_time at;
        if (n->kind != SIM_SCALAR || !sim_read_time(n->text, &at) || at <= before || at > 10000000 * HR_SEC) {
            SIM_FAIL(r, n, "%s.flush: want times after the start, each later than the one before, such as [20s, 40s]", where);
            return;
        }
        times[def->flush_count++] = before = at;
    }
    def->flushes = times;
}

void sim_cache_read(sim_reader *r, sim_node *node, const char *where, sim_cache_def *def)
{
    read_flushes(r, node, where, def);
}
