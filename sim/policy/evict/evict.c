// sim/policy/evict/evict.c - the table of evictors and the store that they order.
#include "sim/policy/evict/evict.h"

#include <string.h>

const sim_evictor *const sim_evictors[] = {
#define SIM_EVICTOR(name) &sim_evictor_##name,
#include "sim/policy/evict/evict.def"
#undef SIM_EVICTOR
    NULL};

const sim_setting sim_evict_settings[] = {{"samples", SIM_EVICT_SAMPLES}, {"lfu_log_factor", SIM_EVICT_LFU_LOG},
                                          {"lfu_decay_time", SIM_EVICT_LFU_DECAY}, {NULL, 0}};

int sim_evictor_find(const char *name)
{
    for (int i = 0; sim_evictors[i]; i++)
        if (strcmp(sim_evictors[i]->name, name) == 0)
            return i;
    return -1;
}

static inline sim_keystore *store_at(const sim_world *w, sim_ref ref) { return SIM_AT(w, sim_keystore, ref); }

size_t sim_keystore_demand(const sim_keystore_def *def)
{
    const sim_evictor *policy = sim_evictors[def->policy];
    return sizeof(sim_keystore) + (policy->demand ? policy->demand(def) : 0);
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

// Open addressing with linear probing (Knuth III 6.4): a look-up touches one line of the table, and an entry only when its hash is
// right. A hash is enough to know where its slot would like to be, so that moving slots needs no entry either.
typedef struct { uint32_t hash, entry; } slot;                                 // entry 0: free

static inline slot *slots_of(const sim_world *w, const sim_keystore *s) { return SIM_AT(w, slot, s->slots); }

// The halves of the 128-bit product, one over the other: every bit of the key reaches the upper bits, from which the slot is taken.
static inline uint32_t hash_of(uint64_t key)
{
    __extension__ unsigned __int128 product = (unsigned __int128)(key ^ 0xBB67AE8584CAA73Bu) * 0x9E3779B97F4A7C15u;
    return (uint32_t)((uint64_t)(product >> 64) ^ (uint64_t)product) ^ (uint32_t)(product >> 32);
}

static inline uint32_t slot_mask(const sim_keystore *s) { return UINT32_MAX >> s->slot_shift; }

// The slot of the key, or the free one where it would go.
static inline uint32_t probe(const sim_world *w, const sim_keystore *s, uint32_t hash, uint64_t key)
{
    const slot *slots = slots_of(w, s);
    uint32_t at = hash >> s->slot_shift;
    while (slots[at].entry && (slots[at].hash != hash || sim_keystore_entry(w, s, slots[at].entry)->key != key))
        at = (at + 1) & slot_mask(s);
    return at;
}

static inline uint32_t find_any(const sim_world *w, const sim_keystore *s, uint64_t key)       // also a ghost
{
    return s->room ? slots_of(w, s)[probe(w, s, hash_of(key), key)].entry : 0;
}

uint32_t sim_keystore_find(const sim_world *w, const sim_keystore *s, uint64_t key)
{
    uint32_t entry = find_any(w, s, key);
    return entry && sim_keystore_entry(w, s, entry)->expires ? entry : 0;
}

void sim_keystore_prefetch(const sim_world *w, sim_ref store, uint64_t key, int depth)
{
    const sim_keystore *s = store_at(w, store);
    if (!s->room)
        return;
    uint32_t hash = hash_of(key), at = hash >> s->slot_shift;
    const slot *slots = slots_of(w, s);
    if (depth == 0) {
        __builtin_prefetch(&slots[at]);
        return;
    }
    while (slots[at].entry && slots[at].hash != hash)
        at = (at + 1) & slot_mask(s);
    const sim_entry *e = sim_keystore_entry(w, s, slots[at].entry);
    if (depth == 1) {
        __builtin_prefetch(e, 1);
        return;
    }
    __builtin_prefetch(&sim_keystore_entry(w, s, e->newer)->older, 1);
    __builtin_prefetch(&sim_keystore_entry(w, s, e->older)->newer, 1);
}

// Takes the entry out of the table and frees it. Slots behind it that would rather be before the gap move up (Knuth III 6.4, R).
static void unhash(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    slot *slots = slots_of(w, s);
    uint32_t mask = slot_mask(s), gap = probe(w, s, hash_of(e->key), e->key);
    for (uint32_t at = (gap + 1) & mask; slots[at].entry; at = (at + 1) & mask)
        if (((at - (slots[at].hash >> s->slot_shift)) & mask) >= ((at - gap) & mask)) {
            slots[gap] = slots[at];
            gap = at;
        }
    slots[gap].entry = 0;
    *e = (sim_entry){.older = s->free_entry};
    s->free_entry = entry;
}

// Doubles entries and slots.
static void grow(sim_world *w, sim_keystore *s)
{
    uint32_t room = s->room ? s->room * 2 : 64, old_slots = s->room * 2;
    s->entries = sim_grow(w, s->entries, s->room * sizeof(sim_entry), room * sizeof(sim_entry));
    if (s->def.lifetimes)
        s->lifetimes = sim_grow(w, s->lifetimes, s->room * sizeof(sim_lifetime), room * sizeof(sim_lifetime));
    sim_ref old = s->slots;
    s->slots = sim_take(w, room * 2 * sizeof(slot));
    s->slot_shift = (uint32_t)__builtin_clz(room * 2) + 1;
    s->room = room;
    const slot *from = SIM_AT(w, const slot, old);
    slot *to = slots_of(w, s);
    for (uint32_t i = 0; i < old_slots; i++) {
        uint32_t at = from[i].hash >> s->slot_shift;
        while (from[i].entry && to[at].entry)
            at = (at + 1) & slot_mask(s);
        if (from[i].entry)
            to[at] = from[i];
    }
    sim_give(w, old, old_slots * sizeof(slot));
}

static uint32_t new_entry(sim_world *w, sim_keystore *s)
{
    uint32_t entry = s->free_entry;
    if (entry) {
        s->free_entry = sim_keystore_entry(w, s, entry)->older;
        return entry;
    }
    if (s->top + 1 >= s->room)
        grow(w, s);
    return ++s->top;
}

// --- the entries that expire ----------------------------------------------------------------------------------------------

// At a place by its hash, whose tenant goes to the end: so the array is in no order of time, as Redis' hash table of such keys is not.
static void place(sim_world *w, sim_keystore *s, uint32_t entry)
{
    if (s->expiring_count == s->expiring_room) {
        uint32_t room = s->expiring_room ? s->expiring_room * 2 : 64;
        s->expiring = sim_grow(w, s->expiring, s->expiring_room * sizeof(uint32_t), room * sizeof(uint32_t));
        s->expiring_room = room;
    }
    uint32_t *expiring = SIM_AT(w, uint32_t, s->expiring), last = s->expiring_count++;
    uint32_t at = (uint32_t)((uint64_t)hash_of(sim_keystore_entry(w, s, entry)->key) * s->expiring_count >> 32);
    if (at != last) {
        expiring[last] = expiring[at];
        sim_keystore_entry(w, s, expiring[last])->place = last + 1;
    }
    expiring[at] = entry;
    sim_keystore_entry(w, s, entry)->place = at + 1;
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
    const sim_entry *next = sim_keystore_entry(w, s, sim_keystore_entry(w, s, entry)->newer);      // of a list, the likely next victim
    if (next->newer) {
        __builtin_prefetch(&slots_of(w, s)[hash_of(next->key) >> s->slot_shift], 1);
        __builtin_prefetch(sim_keystore_entry(w, s, next->newer), 1);
    }
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

sim_lifetime *sim_keystore_lifetime(const sim_world *w, sim_ref store, uint64_t key)
{
    const sim_keystore *s = store_at(w, store);
    return SIM_AT(w, sim_lifetime, s->lifetimes) + sim_keystore_find(w, s, key);
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
    uint32_t hash = hash_of(key);
    slots_of(w, s)[probe(w, s, hash, key)] = (slot){hash, entry};
    *sim_keystore_entry(w, s, entry) = (sim_entry){.key = key, .version = version, .size_bytes = size_bytes};
    s->count++;
    s->used_bytes += bytes;
    set_expiry(w, s, entry, expires);
    sim_keystore_policy(s)->insert(w, s, entry);
    return true;
}

// A ghost comes back: its policy hears of it, and its key is free.
static void call_back(sim_world *w, sim_keystore *s, uint32_t ghost)
{
    sim_keystore_policy(s)->recall(w, s, ghost);
    unhash(w, s, ghost);
    s->ghosts--;
}

static bool replace(sim_world *w, sim_keystore *s, uint32_t entry, uint32_t version, uint32_t size_bytes, hr_time expires)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    uint64_t key = e->key;
    if (size_bytes > e->size_bytes && !make_room(w, s, size_bytes - e->size_bytes, entry)) {
        if (sim_keystore_find(w, s, key))
            return false;
        uint32_t ghost = find_any(w, s, key);  // it had to make room for itself
        if (ghost)
            call_back(w, s, ghost);
        return put_new(w, s, key, version, size_bytes, expires);
    }
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
    if (entry && !known && fits)
        call_back(w, s, entry);
    bool done = fits && (known ? replace(w, s, entry, version, size_bytes, expires) : put_new(w, s, key, version, size_bytes, expires));
    s->refused += !done;
    if (done && s->lifetimes)
        *sim_keystore_lifetime(w, store, key) = (sim_lifetime){.fresh_until = expires};
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
    for (uint32_t at = 0; at < s->room * 2; at++)
        if (slots_of(w, s)[at].entry) {
            uint32_t entry = slots_of(w, s)[at].entry;
            const sim_entry *e = sim_keystore_entry(w, s, entry);
            SIM_ASSERT(w, count + ghosts < s->top && find_any(w, s, e->key) == entry);
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

void sim_keystore_clear(sim_world *w, sim_ref store)
{
    sim_keystore *s = store_at(w, store);
    for (uint32_t entry = 1; entry <= s->top; entry++) {
        const sim_entry *e = sim_keystore_entry(w, s, entry);
        if (find_any(w, s, e->key) != entry)
            continue;                          // a free one
        if (e->expires)
            remove_entry(w, s, entry);
        else
            sim_keystore_forget(w, s, entry);
    }
}

uint32_t sim_keystore_version(const sim_world *w, sim_ref store, uint64_t key)
{
    const sim_keystore *s = store_at(w, store);
    uint32_t entry = sim_keystore_find(w, s, key);
    const sim_entry *e = sim_keystore_entry(w, s, entry);
    return entry && e->expires > w->now ? e->version : 0;
}

void sim_keystore_reset(sim_world *w, sim_ref store)
{
    sim_keystore *s = store_at(w, store);
    s->hits = s->misses = s->evictions = s->expirations = s->refused = 0;
}
