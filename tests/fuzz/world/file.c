// tests/fuzz/world/file.c - the whole file: how many of everything there are, the components, the workloads.
#include "tests/fuzz/world/writer.h"

static void write_workload(writer *r, uint32_t i)
{
    uint32_t target = pick(r, r->services);
    static const char *const rates[] = {
#define SIM_RATE(name, arguments, help) arguments,
#include "sim/parts/rates.def"
#undef SIM_RATE
    }, *const keys[] = {
#define SIM_POPULARITY(name, arguments, help) arguments,
#include "sim/core/popularity.def"
#undef SIM_POPULARITY
    };
    bool closed = pick(r, 4) == 3, sessions = !closed && pick(r, 4) == 3, varies = !closed && pick(r, 3) == 2;
    hr_text_add(&r->text, "  w%u: {call: %c%u.o%u", i, r->front[target], target, pick(r, r->operations[target]));
    write_region(r);
    if (closed)
        hr_text_add(&r->text, ", users: %u", 1 + pick(r, 1000));
    else
        hr_text_add(&r->text, ", rate: ");
    if (varies)
        write_example(r, rates, HR_COUNT(rates));
    else if (!closed)
        hr_text_add(&r->text, "%u/s", 1 + pick(r, 20000));
    if (sessions)
        hr_text_add(&r->text, ", requests_per_session: %g", 1 + pick(r, 256) / 16.0);
    bool connects = r->regions && r->front[target] != 'x';
    const char *left_out = closed || sessions ? connects ? "rate users cancel" : "rate users connect cancel" : connects ? "rate users think cancel" : "rate users think connect cancel";
    if (pick(r, 2)) {
        hr_text_add(&r->text, ", cancel: true");
        left_out = closed || sessions ? "rate users connect timeout cancel" : "rate users think connect timeout cancel";
    }
    write_keys(r, "workload", left_out);
    switch (closed || varies ? 0 : pick(r, 4)) {
    case 1: hr_text_add(&r->text, ", arrivals: constant"); break;
    case 2: case 3:
        hr_text_add(&r->text, ", arrivals: ");
        write_dist(r, true);
        break;
    default: break;
    }
    switch (pick(r, 5)) {
    case 4:
        if (!sessions) {                       // some of these have an order
            hr_text_add(&r->text, ", key: ");
            write_example(r, keys, HR_COUNT(keys));
        }
        break;
    case 1: hr_text_add(&r->text, ", key: uniform(%u)", 1 + pick(r, 300)); break;
    case 2: hr_text_add(&r->text, ", key: \"zipf(%.2f, %u)\"", pick(r, 256) / 64.0, 1 + pick(r, 60000)); break;
    case 3: hr_text_add(&r->text, ", key: \"zipf(0.99, 1000000000000)\""); break;
    default: break;
    }
    hr_text_add(&r->text, "}\n");
}

void write_scenario(writer *r)
{
    r->services = 1 + pick(r, MOST_SERVICES);
    r->caches = pick(r, MOST_OTHERS + 1);
    r->databases = pick(r, MOST_OTHERS + 1);
    r->workloads = 1 + pick(r, 3);
    r->cluster = pick(r, 2);
    r->regions = pick(r, 2) * (1 + pick(r, MOST_REGIONS));
    for (uint32_t i = 0; i < r->services; i++) {
        r->region[i] = r->regions ? pick(r, r->regions + 1) : 0;
        r->balanced[i] = pick(r, 2);
        r->behind[i] = pick(r, 4) == 3 ? 'x' : r->balanced[i] ? 'b' : 's';
        r->scaled[i] = r->balanced[i] && pick(r, 2);
        static const char fronts[] = {0, 0, 'l', 'f', 'e'};
        char front = fronts[pick(r, HR_COUNT(fronts))];
        r->front[i] = front ? front : r->behind[i];
        r->local[i] = pick(r, 3) == 2;
        r->operations[i] = 1 + pick(r, MOST_OPERATIONS);
    }
    for (uint32_t i = 0; i < r->databases; i++)
        r->statements[i] = 1 + pick(r, 3);
    r->queues = pick(r, 2) * (1 + pick(r, MOST_QUEUES));
    for (uint32_t q = 0; q < r->queues; q++) {
        r->consumer[q] = r->services - 1 - pick(r, r->services + 1);       // mostly a late one, whom others may publish to
        r->consumer[q] = r->consumer[q] < r->services ? r->consumer[q] : r->services;
        r->dead_letter[q] = pick(r, 2) ? pick(r, r->queues) : r->queues;
    }
    r->duration = 60;
    hr_text_add(&r->text, "scenario: fuzz\nrun: {warmup: 0");
    write_keys(r, "run", "");
    hr_text_add(&r->text, "}\ninstances: {tiny: {cores: 0.5, memory: 8MiB, price: 0.01 $/h}, huge: {cores: 32, memory: 64GiB, price: 1.6 $/h}}\n"
                          "prices: {core: 0.04 $/h, storage: 0.1 $/GiB/month}\n");
    if (r->regions)
        write_network(r);
    hr_text_add(&r->text, "components:\n");
    for (uint32_t i = 0; i < r->services; i++)
        write_service(r, i);
    if (r->cluster) {                          // any replica fits
        hr_text_add(&r->text, "  n: {kind: cluster, cores: 10000, memory: 1000000GB, nodes: %u, most_nodes: %u", pick(r, 3), 3 + pick(r, 5));
        write_keys(r, "cluster", "cores memory nodes most_nodes");
        hr_text_add(&r->text, "%s", pick(r, 2) ? ", licence: 1 $/core/h" : "");
        hr_text_add(&r->text, "}\n");
    }
    for (uint32_t i = 0; i < r->caches; i++)
        write_cache(r, i);
    for (uint32_t i = 0; i < r->databases; i++)
        write_database(r, i);
    if (r->queues)
        write_broker(r);
    hr_text_add(&r->text, "workload:\n");
    for (uint32_t i = 0; i < r->workloads; i++)
        write_workload(r, i);
    write_faults(r);
}
