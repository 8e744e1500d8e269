// viz/scene/watch.h - what a viewer has seen of a world: calls and replies on their way, and how busy every node was of late.
// * Filled by the world's notes and by a look at the grid of the recorder; a pure function of what the world did.
// * Requests are thinned by a hash of their number: level j holds every request whose hash ends in j zero bits, so "levels from j on"
//   are one request in 2^j. Each level keeps its newest flights, and forgets older ones.
// * A watch is one block without pointers into itself, so a mark is a copy of it.
#ifndef VIZ_WATCH_H
#define VIZ_WATCH_H

#include "viz/scene/graph.h"

enum { VIZ_LEVELS = 16, VIZ_LEVEL_ROOM = 2048 };

typedef enum { VIZ_FLIGHT_READ, VIZ_FLIGHT_WRITE, VIZ_FLIGHT_REPLY, VIZ_FLIGHT_HIT, VIZ_FLIGHT_FAILED, VIZ_FLIGHT_COUNT } viz_flight_kind;

typedef struct {                               // a call handed over, or its answer
    hr_time  at;
    uint64_t request;
    uint32_t from, to;                         // nodes, in the direction of travel
    uint16_t hop;                              // how many notes of the same request at the same instant came before
    uint8_t  kind;                             // viz_flight_kind
    uint8_t  outcome;                          // of a reply: sim_outcome
    uint32_t pipe;
} viz_flight;

typedef struct {                               // a node of late: averages that forget with a time constant of 2.5 s of run time
    double utilisation;                        // share of its workers, connections, thread
    double calls_per_s, rejects_per_s;
    double hit_ratio;                          // NaN: nothing was looked up of late
} viz_recent;

typedef struct {                               // a workload of late, by the way its requests ended
    double offered_per_s, outcome_per_s[SIM_OUTCOME_COUNT];
} viz_load;

typedef struct viz_watch viz_watch;

viz_watch *viz_watch_make(const viz_graph *graph);
void       viz_watch_free(viz_watch *watch);
// Watches from now on what this world does. The watch must stay where it is.
void       viz_watch_join(viz_watch *watch, sim_world *w);
// Time of the next look. Whoever runs the world stops there and calls viz_watch_look.
hr_time    viz_watch_due(const viz_watch *watch);
void       viz_watch_look(viz_watch *watch, const sim_world *w);
// A copy of what it knows (the caller frees it), and back.
void      *viz_watch_save(const viz_watch *watch, size_t *size);
void       viz_watch_load(viz_watch *watch, const void *bytes);

// How a node stands now, as its own view tells it; nothing for workloads and balancers.
sim_station_view viz_station_look(const viz_graph *graph, const sim_world *w, uint32_t node);
uint64_t   viz_watch_notes(const viz_watch *watch);                            // calls and replies so far
// The newest note before `at` that is still known; -1 when there is none.
hr_time    viz_watch_before(const viz_watch *watch, hr_time at);
viz_recent viz_watch_recent(const viz_watch *watch, uint32_t node);
viz_load   viz_watch_load_of(const viz_watch *watch, uint16_t workload);
// Calls a second through a pipe of late.
double     viz_watch_flow(const viz_watch *watch, uint32_t pipe);
// Flights that are on their way at `now` when each takes `span`, thinned to at most `room`; *one_in tells how much (1: all are here).
// A flight begins at its note, and behind those of the same request at the same instant.
uint32_t   viz_watch_flights(const viz_watch *watch, hr_time now, hr_time span, viz_flight *flights, uint32_t room, uint64_t *one_in);

#endif
