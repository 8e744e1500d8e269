// sim/parts/faults.h - what breaks, and when: one component for a world holds the timetable and tells the components what happens to them.
// * A fault begins at a time, or again and again after times that are drawn; it is over after `takes`. Each has at most one run at a time.
// * A fault is about places of its target: replicas of a service, servers of a database, ways of a network's links, else the one there is.
// * A component is told what all faults together do to one of its places (sim_force): two that overlap need not know of each other.
// * Draws come from the fault's number and its own count of runs: the same in every variant that has the same list.
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "sim/parts/parts.h"

typedef enum {
#define SIM_FAULT(verb, of, kinds, uses, help) SIM_FAULT_##verb,
#include "sim/parts/fault.def"
#undef SIM_FAULT
    SIM_FAULT_COUNT
} sim_fault_verb;
enum { SIM_FAULT_REPLICA = 1, SIM_FAULT_FACTOR = 2, SIM_FAULT_BY = 4, SIM_FAULT_SHARE = 8, SIM_FAULT_STANDBY = 16 };     // what a verb takes
// STANDBY: it is about replicas that follow a primary.
typedef struct { const char *verb; uint32_t kinds, uses; const char *help; } sim_fault_row;
extern const sim_fault_row sim_fault_rows[SIM_FAULT_COUNT + 1];    // ends with a NULL verb

#define SIM_ANY_REPLICA 0xffffu                // one is drawn; of a database: the present primary, of a STANDBY verb one that follows is drawn
#define SIM_ALL_REPLICAS 0xfffeu               // also of shards
typedef struct sim_fault_def {
    uint32_t verb;
    uint16_t target, replica, shard;           // replica: its number from 0 (in its shard), or one of the two above; shard: the same, ANY: drawn
    uint32_t places, replicas;                 // that the target has; of these, in one shard
    const uint8_t *ways;                       // of links: bool for each [from * regions + to], else NULL
    const char *links;                         // of links: what the file calls them
    bool     has_at, repeats, lasts;           // lasts: it is over after `takes`; else never, or at once
    hr_time  at, until;                        // the first run; none begins at `until` or later
    sim_dist_def every, takes;                 // from the end of a run, or the start, to the next one
    sim_dist_def by;                           // how much later
    double   factor, share;
} sim_fault_def;

typedef struct sim_faults_def {
    const sim_fault_def *faults;
    uint32_t count;
} sim_faults_def;

// What faults do to a place of a component at this moment.
typedef struct sim_force {
    bool    down, paused, full;
    bool    dies, flushed;                     // just now: a new run of `kill`, of `flush`
    double  slow;                              // its times are so many times as long
    hr_time back;                              // down: until then, HR_FOREVER: for good
    hr_time resumes;                           // paused: until then
    bool    cut, delayed, held;                // a link lets nothing through; sim_faults_delay, sim_faults_hold say how much later
    hr_time whole;                             // cut: until then, HR_FOREVER: for good
    double  lost;                              // share of packets, beside the link's own
    sim_component_id teller;                   // the faults
} sim_force;

// A server of a component stands still until then, where it does not already do so for as long: those of its pending events that `is_stopped` names come so
// much later. Whether it does so for longer than it did.
bool sim_stand_still(sim_world *w, hr_time *resumes, hr_time until, sim_component_id id, uint32_t server,
                     bool (*is_stopped)(const sim_world *w, const sim_event *e, uint32_t server));

// Places that a fault can be about; *replicas: of these, in one shard.
uint32_t sim_fault_places(uint16_t kind, const void *def, uint32_t *replicas);
// A replica of a service that is there, by a number in (0, 1): any of them; 0 when there is none. failing.c
uint32_t sim_fault_choose(const sim_world *w, sim_component_id id, double u);
// Servers of a database: the primary of a shard now; one that follows it, by a number in (0, 1), the primary when there is none. A shard that
// has rows. failing_database.c
uint32_t sim_database_primary(const sim_world *w, sim_component_id id, uint32_t shard);
uint32_t sim_database_follower(const sim_world *w, sim_component_id id, uint32_t shard, double u);
uint32_t sim_database_shard(const sim_world *w, sim_component_id id, double u);
// How much longer a message takes one way of a link: what the delays together say. `ordinal` tells it from others of its request.
hr_time  sim_faults_delay(const sim_world *w, sim_component_id faults, uint32_t way, uint64_t request, uint32_t ordinal);
// Until when a server may not apply a record that was on the primary's disk at `sent`; its position is the subject of draws.
hr_time  sim_faults_hold(const sim_world *w, sim_component_id faults, sim_component_id database, uint32_t server, uint64_t position, hr_time sent);

// replica, shard: what it is about, SIM_ANY_REPLICA: as many as the fault says. to: HR_FOREVER while it is under way.
typedef struct sim_fault_run { uint16_t fault, replica, shard; hr_time from, to; } sim_fault_run;
// What the nth fault of the list does now: about what a run is under way and when that is over, HR_FOREVER: never; else when the next one begins,
// HR_FOREVER: none does. Of a fault that comes again and again that is known when the one before is over.
typedef struct { bool is_under_way; uint16_t replica, shard; hr_time ends, begins; } sim_fault_view;
sim_fault_view sim_fault_look(const sim_world *w, sim_component_id id, uint32_t nth);
// The nth run since time zero; of the first 1000. False: there is none.
bool sim_faults_look(const sim_world *w, sim_component_id id, uint32_t nth, sim_fault_run *run);

#endif
