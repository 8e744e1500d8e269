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

sim_keystore_def sim_keystore_defaults(uint32_t policy)
{
    return (sim_keystore_def){.policy = policy, .samples = 5, .lfu_log_factor = 10, .lfu_decay_min = 1};
}

sim_ref sim_keystore_make(sim_world *w, const sim_keystore_def *def)
{
    sim_ref ref = sim_take(w, sizeof(sim_keystore));
    sim_keystore *s = store_at(w, ref);
    s->def = *def;
    const sim_evictor *policy = sim_keystore_policy(s);
    if (policy->state_size)
        s->state = sim_take(w, policy->state_size);
    if (policy->make)
        policy->make(w, s);
    return ref;
}

// --- the table of keys ------------------------------------------------------------------------------------------------

static uint32_t find_any(const sim_world *w, const sim_keystore *s, uint64_t key)      // also a ghost
{
    if (!s->bucket_count)
        return 0;
    uint32_t e = SIM_AT(w, uint32_t, s->buckets)[bucket_of(s, key)];
    while (e && sim_keystore_entry(w, s, e)->key != key)
        e = sim_keystore_entry(w, s, e)->chain;
    return e;
}

uint32_t sim_keystore_find(const sim_world *w, const sim_keystore *s, uint64_t key)
{
    uint32_t entry = find_any(w, s, key);
    return entry && sim_keystore_entry(w, s, entry)->expires ? entry : 0;
}

void sim_keystore_prefetch(const sim_world *w, sim_ref store, uint64_t key, int depth)
{
    const sim_keystore *s = store_at(w, store);
    if (!s->bucket_count)
        return;
    const uint32_t *bucket = SIM_AT(w, uint32_t, s->buckets) + bucket_of(s, key);
    if (depth == 0) {
        __builtin_prefetch(bucket);
        return;
    }
    const sim_entry *e = sim_keystore_entry(w, s, *bucket);
    if (depth == 1) {
        __builtin_prefetch(e);
        return;
    }
    __builtin_prefetch(sim_keystore_entry(w, s, e->newer), 1);
    __builtin_prefetch(sim_keystore_entry(w, s, e->older), 1);
}

static void unhash(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    uint32_t *at = SIM_AT(w, uint32_t, s->buckets) + bucket_of(s, e->key);
    while (*at != entry)
        at = &sim_keystore_entry(w, s, *at)->chain;
    *at = e->chain;
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

// --- the entries that expire ----------------------------------------------------------------------------------------------

static void place(sim_world *w, sim_keystore *s, uint32_t entry)
{
    if (s->expiring_count == s->expiring_room) {
        uint32_t room = s->expiring_room ? s->expiring_room * 2 : 64;
        s->expiring = sim_grow(w, s->expiring, s->expiring_room * sizeof(uint32_t), room * sizeof(uint32_t));
        s->expiring_room = room;
    }
    SIM_AT(w, uint32_t, s->expiring)[s->expiring_count++] = entry;
    sim_keystore_entry(w, s, entry)->place = s->expiring_count;
}

static void displace(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    if (!e->place)
        return;
    uint32_t *expiring = SIM_AT(w, uint32_t, s->expiring), last = expiring[--s->expiring_count];
    expiring[e->place - 1] = last;
    sim_keystore_entry(w, s, last)->place = e->place;
    e->place = 0;
}

static void set_expiry(sim_world *w, sim_keystore *s, uint32_t entry, hr_time expires)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    e->expires = expires;
    if (expires == HR_FOREVER)
        displace(w, s, entry);
    else if (!e->place)
        place(w, s, entry);
}

uint32_t sim_keystore_sample(sim_world *w, sim_keystore *s, bool expiring)
{
    uint32_t among = expiring ? s->expiring_count : s->count ? s->top : 0;
    while (among) {
        uint32_t n = (uint32_t)((sim_keystore_draw(w, s).word[0] >> 32) * among >> 32);
        uint32_t entry = expiring ? SIM_AT(w, const uint32_t, s->expiring)[n] : n + 1;
        if (sim_keystore_entry(w, s, entry)->expires)
            return entry;
    }
    return 0;
}

// --- in and out -----------------------------------------------------------------------------------------------------------

// Its value goes: it holds no memory and never expires.
static void drop_value(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    displace(w, s, entry);
    s->used_bytes -= (uint64_t)e->size_bytes + s->def.overhead_bytes;
    s->count--;
    e->expires = 0;
}

static void remove_entry(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_keystore_policy(s)->remove(w, s, entry);
    drop_value(w, s, entry);
    unhash(w, s, entry);
}

void sim_keystore_evict(sim_world *w, sim_keystore *s, uint32_t entry)
{
    const sim_evictor *policy = sim_keystore_policy(s);
    s->evictions++;
    if (policy->retire && policy->retire(w, s, entry)) {
        drop_value(w, s, entry);
        s->ghosts++;
    } else {
        remove_entry(w, s, entry);
    }
}

void sim_keystore_forget(sim_world *w, sim_keystore *s, uint32_t ghost)
{
    sim_keystore_unlink(w, s, ghost);
    unhash(w, s, ghost);
    s->ghosts--;
}

bool sim_keystore_get(sim_world *w, sim_ref store, uint64_t key, uint32_t *version)
{
    sim_keystore *s = store_at(w, store);
    uint32_t entry = find_any(w, s, key);
    const sim_entry *e = sim_keystore_entry(w, s, entry);
    if (!entry || e->expires <= w->now) {
        if (entry && e->expires) {             // not a ghost
            remove_entry(w, s, entry);
            s->expirations++;
        }
        s->misses++;
        return false;
    }
    s->hits++;
    *version = e->version;
    sim_keystore_policy(s)->hit(w, s, entry);
    return true;
}

// Evicts until so much more fits; `entry` is what grows, or 0 for one more. False: nothing that may go is left, or `entry` has gone.
static bool make_room(sim_world *w, sim_keystore *s, uint64_t bytes, uint32_t entry)
{
    const sim_keystore_def *d = &s->def;
    s->incoming_bytes = bytes;
    while ((d->limit_entries && !entry && s->count + 1 > d->limit_entries) || (d->limit_bytes && s->used_bytes + bytes > d->limit_bytes)) {
        uint32_t victim = s->count ? sim_keystore_policy(s)->victim(w, s) : 0;
        if (!victim)
            return false;
        sim_keystore_evict(w, s, victim);
        if (victim == entry)
            return false;
    }
    return true;
}

static bool put_new(sim_world *w, sim_keystore *s, uint64_t key, uint32_t version, uint32_t size_bytes, hr_time expires)
{
    uint64_t bytes = (uint64_t)size_bytes + s->def.overhead_bytes;
    if (!make_room(w, s, bytes, 0))
        return false;
    uint32_t entry = new_entry(w, s);
    uint32_t *bucket = SIM_AT(w, uint32_t, s->buckets) + bucket_of(s, key);
    *sim_keystore_entry(w, s, entry) = (sim_entry){.key = key, .version = version, .size_bytes = size_bytes, .chain = *bucket};
    *bucket = entry;
    s->count++;
    s->used_bytes += bytes;
    set_expiry(w, s, entry, expires);
    sim_keystore_policy(s)->insert(w, s, entry);
    return true;
}

static bool replace(sim_world *w, sim_keystore *s, uint32_t entry, uint32_t version, uint32_t size_bytes, hr_time expires)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    uint64_t key = e->key;
    if (size_bytes > e->size_bytes && !make_room(w, s, size_bytes - e->size_bytes, entry))
        return sim_keystore_find(w, s, key) ? false : put_new(w, s, key, version, size_bytes, expires);
    s->used_bytes += size_bytes;
    s->used_bytes -= e->size_bytes;
    sim_evict_list *list = &s->list[e->list];
    list->weight -= sim_keystore_weight(s, e);
    e->size_bytes = size_bytes;
    list->weight += sim_keystore_weight(s, e);
    e->version = version;
    set_expiry(w, s, entry, expires);
    sim_keystore_policy(s)->hit(w, s, entry);
    return true;
}

bool sim_keystore_set(sim_world *w, sim_ref store, uint64_t key, uint32_t version, uint32_t size_bytes, hr_time expires)
{
    sim_keystore *s = store_at(w, store);
    uint32_t entry = find_any(w, s, key);
    bool fits = !s->def.limit_bytes || (uint64_t)size_bytes + s->def.overhead_bytes <= s->def.limit_bytes;
    bool known = entry && sim_keystore_entry(w, s, entry)->expires;
    if (entry && !known && fits) {             // a ghost comes back
        sim_keystore_policy(s)->recall(w, s, entry);
        unhash(w, s, entry);
        s->ghosts--;
    }
    bool done = fits && (known ? replace(w, s, entry, version, size_bytes, expires) : put_new(w, s, key, version, size_bytes, expires));
    s->refused += !done;
    return done;
}

void sim_keystore_delete(sim_world *w, sim_ref store, uint64_t key)
{
    sim_keystore *s = store_at(w, store);
    uint32_t entry = sim_keystore_find(w, s, key);
    if (entry)
        remove_entry(w, s, entry);
}

uint32_t sim_keystore_expire(sim_world *w, sim_ref store, uint32_t count)
{
    sim_keystore *s = store_at(w, store);
    uint32_t expired = 0;
    for (uint32_t i = 0; i < count && s->expiring_count; i++) {
        if (s->expire_cursor >= s->expiring_count)
            s->expire_cursor = 0;
        uint32_t entry = SIM_AT(w, const uint32_t, s->expiring)[s->expire_cursor];
        if (sim_keystore_entry(w, s, entry)->expires <= w->now) {
            remove_entry(w, s, entry);         // the last one has taken its place
            expired++;
        } else {
            s->expire_cursor++;
        }
    }
    s->expirations += expired;
    return expired;
}

// --- lists ------------------------------------------------------------------------------------------------------------------

void sim_keystore_push_after(sim_world *w, sim_keystore *s, uint32_t list, uint32_t entry, uint32_t older)
{
    sim_evict_list *l = &s->list[list];
    sim_entry *e = sim_keystore_entry(w, s, entry);
    e->list = (uint8_t)list;
    e->older = older;
    e->newer = older ? sim_keystore_entry(w, s, older)->newer : l->oldest;
    *(e->newer ? &sim_keystore_entry(w, s, e->newer)->older : &l->newest) = entry;
    *(older ? &sim_keystore_entry(w, s, older)->newer : &l->oldest) = entry;
    l->count++;
    l->weight += sim_keystore_weight(s, e);
}

void sim_keystore_push(sim_world *w, sim_keystore *s, uint32_t list, uint32_t entry)
{
    sim_keystore_push_after(w, s, list, entry, s->list[list].newest);
}

void sim_keystore_unlink(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    sim_evict_list *l = &s->list[e->list];
    *(e->newer ? &sim_keystore_entry(w, s, e->newer)->older : &l->newest) = e->older;
    *(e->older ? &sim_keystore_entry(w, s, e->older)->newer : &l->oldest) = e->newer;
    l->count--;
    l->weight -= sim_keystore_weight(s, e);
}

void sim_keystore_renew(sim_world *w, sim_keystore *s, uint32_t entry)
{
    uint32_t list = sim_keystore_entry(w, s, entry)->list;
    if (s->list[list].newest == entry)
        return;
    sim_keystore_unlink(w, s, entry);
    sim_keystore_push(w, s, list, entry);
}

void sim_keystore_push_first(sim_world *w, sim_keystore *s, uint32_t entry) { sim_keystore_push(w, s, 0, entry); }

void sim_keystore_ignore(sim_world *w, sim_keystore *s, uint32_t entry) { (void)w, (void)s, (void)entry; }

// --- checks -----------------------------------------------------------------------------------------------------------------

static void check_lists(const sim_world *w, const sim_keystore *s)
{
    const sim_evictor *policy = sim_keystore_policy(s);
    uint32_t count[2] = {0};
    for (uint32_t i = 0; i < policy->lists + policy->ghost_lists; i++) {
        const sim_evict_list *l = &s->list[i];
        uint32_t n = 0, older = 0;
        uint64_t weight = 0;
        for (uint32_t entry = l->oldest; entry; entry = sim_keystore_entry(w, s, entry)->newer) {
            const sim_entry *e = sim_keystore_entry(w, s, entry);
            SIM_ASSERT(w, ++n <= l->count && e->list == i && e->older == older && (e->expires == 0) == (i >= policy->lists));
            weight += sim_keystore_weight(s, e);
            older = entry;
        }
        SIM_ASSERT(w, n == l->count && weight == l->weight && older == l->newest);
        count[i >= policy->lists] += n;
    }
    SIM_ASSERT(w, (!policy->lists || count[0] == s->count) && count[1] == s->ghosts);
}

void sim_keystore_check(const sim_world *w, sim_ref store)
{
    const sim_keystore *s = store_at(w, store);
    uint32_t count = 0, ghosts = 0, expiring = 0;
    uint64_t bytes = 0;
    for (uint32_t b = 0; b < s->bucket_count; b++)
        for (uint32_t entry = SIM_AT(w, uint32_t, s->buckets)[b]; entry; entry = sim_keystore_entry(w, s, entry)->chain) {
            const sim_entry *e = sim_keystore_entry(w, s, entry);
            SIM_ASSERT(w, count + ghosts < s->top);
            SIM_ASSERT(w, (e->place != 0) == (e->expires != HR_FOREVER && e->expires != 0));
            SIM_ASSERT(w, !e->place || SIM_AT(w, const uint32_t, s->expiring)[e->place - 1] == entry);
            ghosts += e->expires == 0;
            count += e->expires != 0;
            expiring += e->place != 0;
            bytes += e->expires ? (uint64_t)e->size_bytes + s->def.overhead_bytes : 0;
        }
    SIM_ASSERT(w, count == s->count && ghosts == s->ghosts && bytes == s->used_bytes && expiring == s->expiring_count);
    SIM_ASSERT(w, !s->def.limit_entries || count <= s->def.limit_entries);
    SIM_ASSERT(w, !s->def.limit_bytes || bytes <= s->def.limit_bytes);
    check_lists(w, s);
    if (sim_keystore_policy(s)->check)
        sim_keystore_policy(s)->check(w, s);
}

void sim_keystore_reset(sim_world *w, sim_ref store)
{
    sim_keystore *s = store_at(w, store);
    s->hits = s->misses = s->evictions = s->expirations = s->refused = 0;
}
