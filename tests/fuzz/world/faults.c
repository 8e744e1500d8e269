// tests/fuzz/world/faults.c - what breaks, and the network between regions.
#include "tests/fuzz/world/writer.h"

#include "sim/parts/faults.h"

// What a fault of that kind may be about; 0: there is none.
static bool write_name(writer *r, uint32_t kind, uint32_t verb, uint32_t *service)
{
    uint32_t database = pick(r, r->databases);
    *service = pick(r, r->services);
    switch (kind) {
    case SIM_PART_service: hr_text_add(&r->text, "s%u", *service); return true;
    case SIM_PART_cache: hr_text_add(&r->text, "k%u", pick(r, r->caches)); return r->caches > 0;
    case SIM_PART_database: hr_text_add(&r->text, "d%u", database); return r->databases > 0 && (verb != SIM_FAULT_kill || !r->sharded[database]);
    case SIM_PART_broker: hr_text_add(&r->text, "m"); return r->queues > 0;
    default: return false;
    }
}

// What breaks, early enough to be seen and often enough to meet each other.
static void write_fault(writer *r)
{
    uint32_t verb = pick(r, SIM_FAULT_COUNT), kinds = sim_fault_rows[verb].kinds, kind = 0, service;
    do
        kind = pick(r, SIM_PART_COUNT);
    while (!(kinds >> kind & 1) && r->size);
    size_t before = r->text.used;
    hr_text_add(&r->text, "%s  - {%s: ", r->any_fault ? "" : "faults:\n", sim_fault_rows[verb].verb);
    if (!(kinds >> kind & 1) || !write_name(r, kind, verb, &service)) {
        r->text.used = before;
        r->text.data[before] = 0;
        return;
    }
    bool replaced = verb == SIM_FAULT_kill && kind == SIM_PART_service && r->scaled[service], repeats = pick(r, 2);
    if (!repeats || pick(r, 3) == 2)
        hr_text_add(&r->text, ", at: %ums", pick(r, 2000));
    if (repeats)
        hr_text_add(&r->text, ", every: exp(%ums)", 1 + pick(r, 500));
    if (verb != SIM_FAULT_flush && !replaced && (repeats || verb == SIM_FAULT_pause || pick(r, 2)))
        hr_text_add(&r->text, ", for: exp(%ums)", 1 + pick(r, 500));
    if (sim_fault_rows[verb].uses & SIM_FAULT_FACTOR)
        hr_text_add(&r->text, ", factor: %u", 1 + pick(r, 20));
    if (kind == SIM_PART_service && pick(r, 4) == 3 && r->scaled[service])
        hr_text_add(&r->text, ", replica: all");
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
