// sim/replay/cache.c - a trace of keys through bounded stores of several policies and sizes at once.
#include <stdlib.h>

#include "sim/policy/evict/evict.h"
#include "sim/replay/replay.h"
#include "sim/replay/trace.h"

enum { BATCH = 64, REPORT_EVERY = 1 << 20 };

typedef struct { sim_world *world; sim_ref store; } cache;

static cache make(const sim_replay_cache_options *o, const sim_replay_cache_row *row)
{
    // Address space for entries and table of the largest size, old and new while they double; a world cannot have 32 GiB.
    cache c = {.world = sim_world_new(1, (size_t)31 << 30)};
    sim_keystore_def def = sim_keystore_defaults((uint32_t)row->policy);
    def.limit_entries = o->bytes ? 0 : (uint32_t)row->size;
    def.limit_bytes = o->bytes ? row->size : 0;
    c.store = sim_keystore_make(c.world, &def);
    return c;
}

// Batches let the misses of the processor's caches overlap: without, a large store takes four of them for each request, one by one.
static uint64_t replay(cache *c, const sim_trace_request *request, size_t count, hr_time ttl)
{
    sim_world *w = c->world;
    uint64_t misses = 0;
    for (int depth = 0; depth < 3; depth++)
        for (size_t i = 0; i < count; i++)
            sim_keystore_prefetch(w, c->store, request[i].key, depth);
    for (size_t i = 0; i < count; i++) {
        uint32_t version;
        w->now = request[i].at;
        if (sim_keystore_get(w, c->store, request[i].key, &version))
            continue;
        misses++;
        (void)sim_keystore_set(w, c->store, request[i].key, 1, request[i].size_bytes, ttl == HR_FOREVER ? ttl : w->now + ttl);
    }
    return misses;
}

hr_status sim_replay_cache(hr_lines *lines, const sim_replay_cache_options *o, sim_replay_cache_row *rows, size_t count,
                           uint64_t *requests, hr_error *e)
{
    cache *caches = hr_alloc(count * sizeof *caches);
    for (size_t i = 0; i < count; i++) {
        caches[i] = make(o, &rows[i]);
        rows[i].misses = 0;
    }
    sim_trace trace = sim_trace_of(lines, o->rate_per_s);
    sim_trace_request batch[BATCH] = {0};
    *requests = 0;
    for (size_t n; !(o->stop && *o->stop) && (n = sim_trace_read(&trace, batch, BATCH, e)) > 0; *requests += n) {
        if (o->bytes && trace.size < 0) {
            hr_lines_fail(lines, e, "sizes in bytes need a CSV trace with a column `size`");
            break;
        }
        for (size_t i = 0; i < count; i++)
            rows[i].misses += replay(&caches[i], batch, n, o->ttl);
        if (o->progress && *requests % REPORT_EVERY < BATCH)
            o->progress(o->self, hr_lines_done_frac(lines));
    }
    for (size_t i = 0; i < count; i++) {
        SIM_CHECK(caches[i].world, (sim_keystore_check(caches[i].world, caches[i].store), true));
        sim_world_free(caches[i].world);
    }
    free(caches);
    return e->status;
}
