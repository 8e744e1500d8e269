// sim/policy/evict/s3_fifo.c - S3-FIFO (Yang et al. 2023, "FIFO queues are all you need for cache eviction"): new keys pass a small FIFO
// (10 %); those used twice in it go on to the main FIFO (90 %, a clock of two bits), the others leave and are remembered for a while:
// what is asked for again after that goes straight to the main one.
#include "sim/policy/evict/evict.h"

enum { SMALL, MAIN, GHOST };                   // an entry's note: uses since it came into its queue, at most MOST
enum { MOVE_FROM = 2, MOST = 3 };

typedef struct { uint32_t returns; } s3_fifo;  // 1: what comes in was a ghost

static uint64_t main_room(const sim_keystore *s)
{
    uint64_t whole = sim_keystore_capacity(s), small = whole / 10;
    return whole - (small ? small : 1);
}

static uint64_t ghost_room(const sim_keystore *s) { return sim_keystore_capacity(s) * 9 / 10; }

static void insert(sim_world *w, sim_keystore *s, uint32_t entry)
{
    s3_fifo *own = SIM_AT(w, s3_fifo, s->state);
    sim_keystore_push(w, s, own->returns ? MAIN : SMALL, entry);
    own->returns = 0;
}

static void hit(sim_world *w, sim_keystore *s, uint32_t entry)
{
    sim_entry *e = sim_keystore_entry(w, s, entry);
    e->note += e->note < MOST;
}

// The oldest of the small queue that was not used enough; the others before it move to the main one. 0: all did.
static uint32_t small_victim(sim_world *w, sim_keystore *s)
{
    for (uint32_t entry; (entry = s->list[SMALL].oldest) != 0; ) {
        if (sim_keystore_entry(w, s, entry)->note < MOVE_FROM)
            return entry;
        sim_keystore_unlink(w, s, entry);
        sim_keystore_entry(w, s, entry)->note = 0;
        sim_keystore_push(w, s, MAIN, entry);
    }
    return 0;
}

static uint32_t main_victim(sim_world *w, sim_keystore *s)
{
    for (;;) {
        uint32_t entry = s->list[MAIN].oldest;
        if (!sim_keystore_entry(w, s, entry)->note)
            return entry;
        sim_keystore_entry(w, s, entry)->note--;
        sim_keystore_renew(w, s, entry);
    }
}

static uint32_t victim(sim_world *w, sim_keystore *s)
{
    uint32_t entry = s->list[MAIN].weight > main_room(s) ? 0 : small_victim(w, s);
    return entry ? entry : main_victim(w, s);
}

static bool retire(sim_world *w, sim_keystore *s, uint32_t entry)
{
    uint64_t weight = sim_keystore_weight(s, sim_keystore_entry(w, s, entry));
    if (sim_keystore_entry(w, s, entry)->list != SMALL || weight > ghost_room(s))
        return false;
    while (s->list[GHOST].weight + weight > ghost_room(s))
        sim_keystore_forget(w, s, s->list[GHOST].oldest);
    sim_keystore_unlink(w, s, entry);
    sim_keystore_push(w, s, GHOST, entry);
    return true;
}

static void recall(sim_world *w, sim_keystore *s, uint32_t entry)
{
    SIM_AT(w, s3_fifo, s->state)->returns = 1;
    sim_keystore_unlink(w, s, entry);
}

static void check(const sim_world *w, const sim_keystore *s)
{
    SIM_ASSERT(w, s->list[GHOST].weight <= ghost_room(s));
    for (uint32_t l = SMALL; l <= MAIN; l++)
        for (uint32_t entry = s->list[l].oldest; entry; entry = sim_keystore_entry(w, s, entry)->newer)
            SIM_ASSERT(w, sim_keystore_entry(w, s, entry)->note <= MOST);
}

const sim_evictor sim_evictor_s3_fifo = {.name = "s3-fifo", .summary = "a small FIFO before a main one, and memory of what left early",
    .lists = 2, .ghost_lists = 1, .state_size = sizeof(s3_fifo), .insert = insert, .hit = hit, .remove = sim_keystore_unlink,
    .victim = victim, .retire = retire, .recall = recall, .check = check};
