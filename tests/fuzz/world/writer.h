// tests/fuzz/world/writer.h - bytes become the text of a scenario. A function here is what several files write with; each area has a file.
#ifndef TESTS_FUZZ_WORLD_WRITER_H
#define TESTS_FUZZ_WORLD_WRITER_H

#include "sim/scenario/keys.h"

enum { MOST_SERVICES = 4, MOST_OTHERS = 2, MOST_QUEUES = 4, MOST_REGIONS = 3, MOST_OPERATIONS = 3 };
enum { CHECKED = 2 };                          // the statement that may have `if_unchanged`: it is about the request's row

typedef struct {
    const uint8_t *data;
    size_t   size;
    hr_text  text;
    double   duration;                         // of the run, in seconds
    uint32_t services, caches, databases, workloads;
    bool     cluster, any_fault;
    uint32_t shards[MOST_OTHERS], replicas[MOST_OTHERS];           // of databases; shards: also those that rows move to
    bool     transacted[MOST_OTHERS];          // some `transaction` is about it: then it has no shards
    uint32_t inside;                           // what is written is in a transaction of this database, counted from 1; 0: in none
    bool     ordered;                          // whose `order` is ascending: then it has no `repeat`
    uint32_t regions;                          // 0: no network
    uint32_t region[MOST_SERVICES];            // of a service, from 1; 0: it says none, so the first
    char     behind[MOST_SERVICES];            // what stands before it at first: s itself, b balancer, x mesh
    char     front[MOST_SERVICES];             // what takes its calls: as behind, or in front of that l limiter, f breaker, e CDN
    bool     balanced[MOST_SERVICES], local[MOST_SERVICES], scaled[MOST_SERVICES];        // scaled: balanced, too
    bool     drains[MOST_SERVICES];            // scaled, and who leaves is there for a while
    bool     by_memory, by_cpu, vertical;      // an autoscaler of the present service looks at what its replicas use, or compute; vertical: one changes that
    uint32_t operations[MOST_SERVICES], statements[MOST_OTHERS];
    uint32_t queues;                           // of the one broker; 0: there is none
    uint32_t consumer[MOST_QUEUES], dead_letter[MOST_QUEUES];      // the service that consumes, or as many as there are; another queue, or as many
} writer;

// --- writer.c --------------------------------------------------------------------------------------------------------

// One of 0 … count - 1; 0 when nothing is left to read.
uint32_t pick(writer *r, uint32_t count);
uint32_t rows_of(const void *const *table);
// A row of a family's table of policies.
#define ANY_ROW(r, table) ((table)[pick(r, rows_of((const void *const *)(table)))])
const char *any_of(writer *r, const char *const *words, uint32_t count);
// Mostly small, now and then as large as it may be.
double pick_size(writer *r, double least, double most, double usual);
// An example from a table, in quotes; all its milliseconds may become microseconds. What needs a file is left out.
void write_example(writer *r, const char *const *examples, uint32_t count);
void write_dist(writer *r, bool never_zero);
// A time of so many milliseconds, or of half the run if that is less: what happens then is seen.
void write_moment(writer *r, double ms);
// Plain keys of an owner by the table, ", key: value" each; without the words in `not`.
void write_keys(writer *r, const char *owner, const char *not);
// As write_keys, of a policy: with what it needs, without what it does not use.
void write_settings(writer *r, const char *owner, const sim_setting *table, unsigned uses, const char *not);
void write_region(writer *r);
// An instance type, which then says cores and memory, or neither, and a licence: what write_keys must leave out besides `not`; `room` holds it.
const char *write_machine(writer *r, const char *not, char *room, size_t size);

// --- steps.c ---------------------------------------------------------------------------------------------------------

// "[{STEP}, …]" of a handler of the service, or of a block so deep inside one.
void write_steps(writer *r, uint32_t service, int depth);

// --- fronts.c --------------------------------------------------------------------------------------------------------

// Keys that mean nothing alone come together.
void write_balancer(writer *r, uint32_t i);
void write_mesh(writer *r, uint32_t i);
// What stands before a service, or its balancer or mesh, and passes calls on.
void write_limiter(writer *r, uint32_t i, char target);
void write_breaker(writer *r, uint32_t i, char target);
void write_cdn(writer *r, uint32_t i, char target);

// --- services.c ------------------------------------------------------------------------------------------------------

// With its autoscaler before it, and what stands in front of it behind.
void write_service(writer *r, uint32_t i);

// --- stores.c --------------------------------------------------------------------------------------------------------

// With a base of 1 MiB the memory must be larger; parameters only for policies that honour them.
void write_cache(writer *r, uint32_t i);
void write_database(writer *r, uint32_t i);
void write_broker(writer *r);

// --- faults.c --------------------------------------------------------------------------------------------------------

void write_faults(writer *r);
void write_network(writer *r);

// --- file.c ----------------------------------------------------------------------------------------------------------

void write_scenario(writer *r);

#endif
