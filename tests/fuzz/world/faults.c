// tests/fuzz/world/faults.c - what breaks, and the network between regions.
#include "tests/fuzz/world/writer.h"

#include "sim/parts/faults.h"

// What a fault is about, as far as its kind of component has places of its own.
typedef struct { uint32_t service, shards, replicas; } about;

// A link, one way of it, a region, or several with others left.
static bool write_link(writer *r)
{
    uint32_t a = pick(r, r->regions), b = pick(r, r->regions);
    if (r->regions < 2)
        return false;
    b = a == b ? (a + 1) % r->regions : b;
    switch (pick(r, 4)) {
    case 0: hr_text_add(&r->text, "r%u-r%u", a, b); break;
    case 1: hr_text_add(&r->text, "r%u->r%u", a, b); break;
    case 2: hr_text_add(&r->text, "r%u", a); break;
    default: hr_text_add(&r->text, r->regions > 2 ? "[r%u, r%u]" : "[r%u]", a, b); break;
    }
    return true;
}

// What a fault of that kind may be about; false: there is none.
static bool write_name(writer *r, uint32_t kind, uint32_t verb, about *what)
{
    uint32_t database = pick(r, r->databases);
    what->service = pick(r, r->services);
    switch (kind) {
    case SIM_PART_service: hr_text_add(&r->text, "s%u", what->service); return true;
    case SIM_PART_cache: hr_text_add(&r->text, "k%u", pick(r, r->caches)); return r->caches > 0;
    case SIM_PART_database:
        hr_text_add(&r->text, "d%u", database);
        what->shards = r->databases ? r->shards[database] : 1;
        what->replicas = r->databases ? r->replicas[database] : 0;
        return r->databases > 0 && (what->replicas || !(sim_fault_rows[verb].uses & SIM_FAULT_STANDBY));
    case SIM_PART_broker: hr_text_add(&r->text, "m"); return r->queues > 0;
    case SIM_PART_network: return write_link(r);
    default: return false;
    }
}

static void write_place(writer *r, const char *key, uint32_t count)
{
    if (count < 2 || !pick(r, 2))
        return;
    if (pick(r, 3) == 2)
        hr_text_add(&r->text, ", %s: all", key);
    else
        hr_text_add(&r->text, ", %s: %u", key, pick(r, count));
}

static void write_amounts(writer *r, uint32_t verb)
{
    uint32_t uses = sim_fault_rows[verb].uses;
    if (uses & SIM_FAULT_FACTOR)
        hr_text_add(&r->text, ", factor: %u", 1 + pick(r, 20));
    if (uses & SIM_FAULT_SHARE)
        hr_text_add(&r->text, ", share: %u%%", pick(r, 91));
    if (uses & SIM_FAULT_BY) {
        hr_text_add(&r->text, ", by: ");
        write_dist(r, false);
    }
}

// What breaks, early enough to be seen and often enough to meet each other.
static void write_fault(writer *r)
{
    uint32_t verb = pick(r, SIM_FAULT_COUNT), kinds = sim_fault_rows[verb].kinds, kind = 0;
    about what = {.shards = 1};
    do
        kind = pick(r, SIM_PART_COUNT);
    while (!(kinds >> kind & 1) && r->size);
    size_t before = r->text.used;
    hr_text_add(&r->text, "%s  - {%s: ", r->any_fault ? "" : "faults:\n", sim_fault_rows[verb].verb);
    if (!(kinds >> kind & 1) || !write_name(r, kind, verb, &what)) {
        r->text.used = before;
        r->text.data[before] = 0;
        return;
    }
    bool replaced = verb == SIM_FAULT_kill && kind == SIM_PART_service && r->scaled[what.service], repeats = pick(r, 2);
    if (!repeats || pick(r, 3) == 2) {
        hr_text_add(&r->text, ", at: ");
        write_moment(r, pick(r, 2000));
    }
    if (repeats)
        hr_text_add(&r->text, ", every: exp(%ums)", 1 + pick(r, 500));
    if (verb != SIM_FAULT_flush && !replaced && (repeats || verb == SIM_FAULT_pause || pick(r, 2)))
        hr_text_add(&r->text, ", for: exp(%ums)", 1 + pick(r, 500));
    write_amounts(r, verb);
    if (kind == SIM_PART_service && pick(r, 4) == 3 && r->scaled[what.service])
        hr_text_add(&r->text, ", replica: all");
    if (kind == SIM_PART_database) {
        write_place(r, "shard", what.shards);
        write_place(r, "replica", 1 + what.replicas);
    }
    hr_text_add(&r->text, "}\n");
    r->any_fault = true;
}

void write_faults(writer *r)
{
    uint32_t count = pick(r, 2) * pick(r, 6);
    while (count-- > 0)
        write_fault(r);
}

// What one way of a link has: always a round trip, perhaps the rest.
static void write_links(writer *r, const char *key, uint32_t which)
{
    static const char *const speeds[] = {"1Gbit/s", "10kB/s", "1kbit/s"};
    bool begun = false;
    hr_text_add(&r->text, ", %s: {", key);
    for (uint32_t a = 0; a < r->regions; a++)
        for (uint32_t b = a + (a > 0); b < r->regions; b++) {
            bool inside = a == b;              // once
            if (pick(r, 2) && (which > 0 || inside))
                continue;
            hr_text_add(&r->text, inside ? "%sinside: " : "%sr%u-r%u: ", begun ? ", " : "", a, b);
            begun = true;
            if (which == 0)
                write_dist(r, true);
            else
                hr_text_add(&r->text, "%s", which == 1 ? any_of(r, speeds, 3) : pick(r, 2) ? "1%" : "30%");
        }
    hr_text_add(&r->text, "}");
}

void write_network(writer *r)
{
    static const char *const maps[] = {"rtt", "bandwidth", "loss"};
    hr_text_add(&r->text, "network: {regions: [r0");
    for (uint32_t i = 1; i < r->regions; i++)
        hr_text_add(&r->text, ", r%u", i);
    hr_text_add(&r->text, "]");
    for (uint32_t m = 0; m < HR_COUNT(maps); m++)
        write_links(r, maps[m], m);
    write_keys(r, "network", "min_rto");
    hr_text_add(&r->text, "}\n");
}
