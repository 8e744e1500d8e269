// sim/policy/read/read.h - which server of a replicated database answers a statement that only reads: the contract and the list of rows.
// * Candidates are the servers that are up: the primary first, unless it is down, then the replicas in their order; at least one.
// * A row says which one, and whether the call may have to wait there until the replica has applied the user's last write.
// * Zeroed bytes are a valid start. To add one: a file NAME.c with `const sim_reading sim_reading_NAME`, and a row in read.def. Nothing else.
#ifndef SIM_READING_H
#define SIM_READING_H

#include "sim/policy/settings.h"

enum { SIM_READING_PIN = 1, SIM_READING_WAIT = 2 };  // settings that a row honours; the words stand in sim_reading_settings
enum { SIM_READING_RTT = 4 };                  // it looks at round trips: only where servers are in several regions
extern const sim_setting sim_reading_settings[];  // ends with NULL

typedef struct {
    uint32_t policy;                           // row of sim_readings
    hr_time  pin;                              // primary-after-write: so long after the user's own write its reads go to the primary
    hr_time  wait;                             // causal: how long a read waits for a replica to catch up
} sim_reading_def;

typedef struct {
    bool     is_primary;
    uint32_t busy;                             // calls that run or wait there
    uint64_t applied;                          // records that it has: the position up to which it shows writes
    hr_time  rtt;                              // mean round trip from the caller; 0: they are in one place
} sim_reading_server;

typedef struct {
    hr_time  now, wrote_at;                    // the user's last write; before time zero: none
    uint64_t position;                         // of that write; 0: none
    double   u;                                // a draw in (0, 1) of the request's own
} sim_reading_ask;

typedef struct { uint64_t turn; } sim_reading_state;

typedef struct {
    const char *name, *summary;                // scenario word; one line for `headroom list`
    unsigned    uses;                          // SIM_READING_… bits
    // The candidate that answers, SIZE_MAX: none. Where it has not applied `ask->position` and the row uses `wait`, the call waits for that first.
    size_t    (*pick)(sim_reading_state *s, const sim_reading_def *d, const sim_reading_ask *ask, const sim_reading_server *servers, size_t count);
} sim_reading;

#define SIM_READING(name) extern const sim_reading sim_reading_##name;
#include "sim/policy/read/read.def"
#undef SIM_READING
extern const sim_reading *const sim_readings[];   // ends with NULL
// The row number of a policy, or -1.
int sim_reading_find(const char *name);

// For rows: where the replicas begin (`count`: there are none). And any replica, by the draw; the primary when there is none.
static inline size_t sim_reading_replicas(const sim_reading_server *servers) { return servers[0].is_primary ? 1 : 0; }
static inline size_t sim_reading_any(const sim_reading_server *servers, size_t count, double u)
{
    size_t first = sim_reading_replicas(servers);
    return first == count ? 0 : first + (size_t)(u * (double)(count - first));
}

#endif
