// sim/parts/faults.h - what breaks, and when: one component for a world holds the timetable and tells the components what happens to them.
// * A fault begins at a time, or again and again after times that are drawn; it is over after `takes`. Each has at most one run at a time.
// * A component is told what all faults together do to it or to one of its replicas (sim_force): two that overlap need not know of each other.
// * Draws come from the fault's number and its own count of runs: the same in every variant that has the same list.
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "sim/parts/parts.h"

typedef enum {
#define SIM_FAULT(verb, kinds, uses, help) SIM_FAULT_##verb,
#include "sim/parts/fault.def"
#undef SIM_FAULT
    SIM_FAULT_COUNT
} sim_fault_verb;
enum { SIM_FAULT_REPLICA = 1, SIM_FAULT_FACTOR = 2 };              // what a verb takes
typedef struct { const char *verb; uint32_t kinds, uses; const char *help; } sim_fault_row;
extern const sim_fault_row sim_fault_rows[SIM_FAULT_COUNT + 1];    // ends with a NULL verb

#define SIM_ANY_REPLICA 0xffffu                // one is drawn; of a database: the present primary
#define SIM_ALL_REPLICAS 0xfffeu
typedef struct sim_fault_def {
    uint32_t verb;
    uint16_t target, replica;                  // replica: its number from 0, or one of the two above
    uint32_t replicas;                         // that the target has
    bool     has_at, repeats, lasts;           // lasts: it is over after `takes`; else never, or at once
    hr_time  at, until;                        // the first run; none begins at `until` or later
    sim_dist_def every, takes;                 // from the end of a run, or the start, to the next one
    double   factor;
} sim_fault_def;

typedef struct sim_faults_def {
    const sim_fault_def *faults;
    uint32_t count;
} sim_faults_def;

// What faults do to a component, or to one of its replicas, at this moment.
typedef struct sim_force {
    bool    down, paused, full;
    bool    dies, flushed;                     // just now: a new run of `kill`, of `flush`
    double  slow;                              // its times are so many times as long
    hr_time back;                              // down: until then, HR_FOREVER: for good
    hr_time resumes;                           // paused: until then
} sim_force;

// Replicas that a fault can be about.
uint32_t sim_fault_replicas(uint16_t kind, const void *def);
// A replica of a service that is there, by a number in (0, 1): any of them; 0 when there is none. Of others 0. failing.c
uint32_t sim_fault_choose(const sim_world *w, sim_component_id id, double u);
// The server that is the primary now. database.c
uint32_t sim_database_primary(const sim_world *w, sim_component_id id);

typedef struct { uint16_t fault, replica; hr_time from, to; } sim_fault_run;   // to: HR_FOREVER while it is under way
// The nth run since time zero; of the first 1000. False: there is none.
bool sim_faults_look(const sim_world *w, sim_component_id id, uint32_t nth, sim_fault_run *run);

#endif
