// sim/policy/evict/evict.c - the table of evictors and the store that they order.
#include "sim/policy/evict/evict.h"

#include <string.h>

const sim_evictor *const sim_evictors[] = {
#define SIM_EVICTOR(name) &sim_evictor_##name,
#include "sim/policy/evict/evict.def"
#undef SIM_EVICTOR
    NULL};

int sim_evictor_find(const char *name)
{
    for (int i = 0; sim_evictors[i]; i++)
        if (strcmp(sim_evictors[i]->name, name) == 0)
            return i;
    return -1;
}

static inline sim_keystore *store_at(const sim_world *w, sim_ref ref) { return SIM_AT(w, sim_keystore, ref); }

static inline uint32_t bucket_of(const sim_keystore *s, uint64_t key)
{
    return (uint32_t)(key * 0x9E3779B97F4A7C15u >> 32) & (s->bucket_count - 1);    // Fibonacci hashing (Knuth III 6.4)
}

sim_ref sim_keystore_make(sim_world *w, uint32_t policy, uint32_t limit_entries, uint64_t limit_bytes, uint32_t overhead_bytes,
                       uint32_t stream)
{
    sim_ref ref = sim_take(w, sizeof(sim_keystore));
    *store_at(w, ref) = (sim_keystore){.limit_bytes = limit_bytes, .limit_entries = limit_entries, .overhead_bytes = overhead_bytes,
                                    .policy = policy, .stream = stream};
    return ref;
}

static uint32_t find(const sim_world *w, const sim_keystore *s, uint64_t key)
{
    if (!s->bucket_count)
        return 0;
    uint32_t e = SIM_AT(w, uint32_t, s->buckets)[bucket_of(s, key)];
    while (e && sim_keystore_entry(w, s, e)->key != key)
        e = sim_keystore_entry(w, s, e)->chain;
    return e;
}

static void remove_entry(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    uint32_t *at = SIM_AT(w, uint32_t, s->buckets) + bucket_of(s, e->key);
    while (*at != entry)
        at = &sim_keystore_entry(w, s, *at)->chain;
    *at = e->chain;
    sim_evictors[s->policy]->remove(w, s, entry);
    s->used_bytes -= e->size_bytes + s->overhead_bytes;
    s->count--;
    *e = (sim_entry){.chain = s->free_entry};
    s->free_entry = entry;
}

// Doubles entries and buckets; there are as many buckets as entries.
static void grow(sim_world *w, sim_keystore *s)
{
    uint32_t room = s->room ? s->room * 2 : 64;
    s->entries = sim_grow(w, s->entries, s->room * sizeof(sim_entry), room * sizeof(sim_entry));
    sim_give(w, s->buckets, s->bucket_count * sizeof(uint32_t));
    s->buckets = sim_take(w, room * sizeof(uint32_t));
    s->room = s->bucket_count = room;
    uint32_t *bucket = SIM_AT(w, uint32_t, s->buckets);
    for (uint32_t i = 1; i <= s->top; i++) {   // called only when every entry up to `top` is in use
        sim_entry *e = sim_keystore_entry(w, s, i);
        uint32_t b = bucket_of(s, e->key);
        e->chain = bucket[b];
        bucket[b] = i;
    }
}

static uint32_t new_entry(sim_world *w, sim_keystore *s)
{
    uint32_t entry = s->free_entry;
    if (entry) {
        s->free_entry = sim_keystore_entry(w, s, entry)->chain;
        return entry;
    }
    if (s->top + 1 >= s->room)
        grow(w, s);
    return ++s->top;
}

bool sim_keystore_get(sim_world *w, sim_ref store, uint64_t key, uint32_t *version)
{
    sim_keystore *s = store_at(w, store);
    uint32_t entry = find(w, s, key);
    if (entry && sim_keystore_entry(w, s, entry)->expires <= w->now) {
        remove_entry(w, s, entry);
        s->expirations++;
        entry = 0;
    }
    if (!entry) {
        s->misses++;
        return false;
    }
    s->hits++;
    *version = sim_keystore_entry(w, s, entry)->version;
    sim_evictors[s->policy]->hit(w, s, entry);
    return true;
}

static bool is_over(const sim_keystore *s, uint64_t more_bytes)
{
    return (s->limit_entries && s->count + 1 > s->limit_entries) || (s->limit_bytes && s->used_bytes + more_bytes > s->limit_bytes);
}

static void evict(sim_world *w, sim_keystore *s)
{
    remove_entry(w, s, sim_evictors[s->policy]->victim(w, s));
    s->evictions++;
}

void sim_keystore_set(sim_world *w, sim_ref store, uint64_t key, uint32_t version, uint32_t size_bytes, hr_time expires)
{
    sim_keystore *s = store_at(w, store);
    uint64_t bytes = (uint64_t)size_bytes + s->overhead_bytes;
    uint32_t entry = find(w, s, key);
    if (entry) {
        sim_entry *e = sim_keystore_entry(w, s, entry);
        s->used_bytes += size_bytes;
        s->used_bytes -= e->size_bytes;
        e->version = version;
        e->size_bytes = size_bytes;
        e->expires = expires;
        sim_evictors[s->policy]->hit(w, s, entry);
        while (s->limit_bytes && s->used_bytes > s->limit_bytes)       // it was replaced by a larger one
            evict(w, s);
        return;
    }
    if (s->limit_bytes && bytes > s->limit_bytes)
        return;
    while (s->count && is_over(s, bytes))
        evict(w, s);
    entry = new_entry(w, s);
    uint32_t *bucket = SIM_AT(w, uint32_t, s->buckets) + bucket_of(s, key);
    *sim_keystore_entry(w, s, entry) =
        (sim_entry){.key = key, .expires = expires, .version = version, .size_bytes = size_bytes, .chain = *bucket};
    *bucket = entry;
    s->count++;
    s->used_bytes += bytes;
    sim_evictors[s->policy]->insert(w, s, entry);
}

void sim_keystore_delete(sim_world *w, sim_ref store, uint64_t key)
{
    sim_keystore *s = store_at(w, store);
    uint32_t entry = find(w, s, key);
    if (entry)
        remove_entry(w, s, entry);
}

void sim_keystore_link_newest(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    e->newer = 0;
    e->older = s->state.newest;
    if (s->state.newest)
        sim_keystore_entry(w, s, s->state.newest)->newer = entry;
    else
        s->state.oldest = entry;
    s->state.newest = entry;
}

void sim_keystore_unlink(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    if (e->newer)
        sim_keystore_entry(w, s, e->newer)->older = e->older;
    else
        s->state.newest = e->older;
    if (e->older)
        sim_keystore_entry(w, s, e->older)->newer = e->newer;
    else
        s->state.oldest = e->newer;
}

void sim_keystore_check(const sim_world *w, sim_ref store)
{
    const sim_keystore *s = store_at(w, store);
    uint32_t count = 0;
    uint64_t bytes = 0;
    for (uint32_t b = 0; b < s->bucket_count; b++)
        for (uint32_t e = SIM_AT(w, uint32_t, s->buckets)[b]; e; e = sim_keystore_entry(w, s, e)->chain) {
            SIM_ASSERT(w, count < s->top);
            count++;
            bytes += (uint64_t)sim_keystore_entry(w, s, e)->size_bytes + s->overhead_bytes;
        }
    SIM_ASSERT(w, count == s->count && bytes == s->used_bytes);
    SIM_ASSERT(w, !s->limit_entries || count <= s->limit_entries);
    SIM_ASSERT(w, !s->limit_bytes || count <= 1 || bytes <= s->limit_bytes);
}

void sim_keystore_reset(sim_world *w, sim_ref store)
{
    sim_keystore *s = store_at(w, store);
    s->hits = s->misses = s->evictions = s->expirations = 0;
}
