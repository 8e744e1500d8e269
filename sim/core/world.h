// sim/core/world.h - the world: one relocatable block of memory with a clock, pending events, calls and components.
// * All state lies in one arena; things refer to each other by 32-bit offsets (units of 8 bytes, zero = none), never by pointers.
//   So a checkpoint is a copy of the used part and works at any address, in any process of the same version.
// * A pointer made from an offset is good until the arena is copied back over (restore); growing never moves anything.
// * Equal times run in order of scheduling. A run is a pure function of (scenario, seed, version).
// * Behaviour is reached through `sim_kinds`, a constant table by kind number, which sim/parts defines.
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/core/base.h"

typedef uint32_t sim_ref;                      // offset from the world's start in units of 8 bytes; 0 = none
typedef uint16_t sim_component_id;             // index into the components; the order of the scenario file

#define SIM_AT(w, type, ref) ((type *)(void *)((char *)(w) + ((uint64_t)(ref) << 3)))
#define SIM_MAX_COMPONENTS 256

typedef enum {                                 // how a call ended; `late` is decided by the workload
#define SIM_OUTCOME(name, help) SIM_##name,
#include "sim/core/outcome.def"
#undef SIM_OUTCOME
    SIM_OUTCOME_COUNT
} sim_outcome;
// The scenario word of an outcome ("ok", "late", "timeout" …). Static.
const char *sim_outcome_name(sim_outcome outcome);

enum {                                         // flags of a call
    SIM_CALL_ABANDONED = 1,                    // its caller has stopped waiting; the answer is dropped
    SIM_CALL_HIT = 2,                          // a cache answered from its own memory
    SIM_CALL_MISS = 4,                         // a cache had to say no
    SIM_CALL_COUNTED = 8,                      // the request was offered inside the measured window
    SIM_CALL_RUNNING = 16,                     // the callee works on it (holds a worker or a connection)
    SIM_CALL_PART = 32,                        // no call, but a part of one that runs steps by itself: see sim/parts/handler.c
    SIM_CALL_ASKING = 64,                      // it is just handing a nested call over, which may come back at once
    SIM_CALL_EFFORT = 128,                     // a part that stands between a call and its attempts: see sim/parts/attempts.c; of a transaction: it is ending
};

// Whether a caller has told its callee that it does not wait: not, it has, and the callee knows.
typedef enum { SIM_CANCEL_NOT, SIM_CANCEL_SENT, SIM_CANCEL_THERE } sim_cancelled;

// One unit of work handed from caller to callee. Calls nest by `parent`; a request is the outermost one.
typedef struct {
    uint64_t request;                          // subject of all draws: workload number << 48 | number of the request
    uint64_t key;                              // row, document, user … that it is about
    hr_time  started;                          // when it was meant to start (a request: the intended arrival)
    hr_time  deadline;                         // when nobody waits for it any more: its caller's, or sooner; HR_FOREVER: none
    union {
        hr_time since;                         // when its present phase began (waiting, service)
        hr_time left;                          // while it waits for a core that may be taken away: what its computation still needs
        uint64_t position;                     // while it commits: of its record in the database's log
    };
    sim_ref  parent;                           // the call that the caller was working on, 0 for a request
    union {
        sim_ref  next;                         // link of the queue that it waits in
        uint32_t hedged;                       // of an effort: attempts that were sent beside another
    };
    uint32_t generation;                       // grows when the slot is reused: a timer for an earlier tenant is stale
    uint32_t version;                          // row version that it read or wrote
    union {
        uint32_t floor;                        // of a request: row version committed when it started: older answers are stale
        sim_ref  message;                      // of a delivery by a broker: what it delivers
        uint32_t client;                       // at a database with `own_pools`: whose pool it has a connection of
    };
    uint32_t size_bytes;
    uint32_t path;                             // where it stands in the tree of its request's calls, see sim_path; part of its draws
    union {
        uint32_t ttl_ms;                       // of a cache `set`; 0 = never expires
        uint32_t count;                        // of a part: rounds of a `repeat` that are over, branches of a `parallel`, attempts that are not
        sim_ref  previous;                     // while it waits for a worker: who waits before it
        uint32_t first_path;                   // of a `publish`: the path of its first attempt
        uint32_t transaction;                  // of a statement of a transaction, and of the part that runs its steps: its number; 0: of none
    };
    sim_component_id caller, callee;
    uint16_t replica;                          // slot at the callee
    uint16_t operation;                        // handler, statement or cache operation at the callee
    uint16_t step;                             // next step of the callee's handler
    uint8_t  status, flags;                    // status: sim_outcome; while its handler runs, how the last call that it made ended
    union {
        uint8_t attempt;                       // of a part that stands between a call and its attempts, or is a load: how many have been made, what it asks
        uint8_t cancelled;                     // of a call, in a world that `cancels`: sim_cancelled
    };
    uint8_t  priority;                         // of the request: larger goes first where a service looks at it
    union {
        uint8_t found;                         // of a cache `get`: sim_found, see sim/parts/refill.c
        uint8_t phase;                         // of a statement, while it is at its database: sim_phase, see sim/parts/database.h
    };
    union {
        uint8_t newer;                         // of a cache `set`, bool: only over an older version
        uint8_t returns;                       // of a transaction that ends, bool: the handler answers inside
        uint8_t from;                          // of a call by a component that is in several regions: from which, the region's number + 1
    };
    sim_ref  link;                             // sim_link of its caller and callee; 0: it is with neither of them
    union {
        sim_ref  steps;                        // of the handler of a service, from when it has begun
        sim_ref  refill;                       // of a cache `get`: what it does about old values; 0: nothing
        uint32_t took_us;                      // of a cache `set`: how long the load of the value took
        uint32_t stands_for;                   // of a statement that a cache writes behind: writes that it stands for
    };
} sim_call;
_Static_assert(sizeof(sim_call) == 96, "a field more costs every call memory; there should be no padding either");

// A pending event: three words. It is written and copied by words, for a processor that loads 16 bytes which it has just stored as
// smaller pieces waits until they have left its store buffer: that cost a tenth of M/M/1's time.
typedef struct {
    hr_time  at;
    union {
        uint64_t whom;
        struct {
            sim_ref  subject;                  // usually a call
            uint32_t generation;               // of the subject, when it was scheduled
        };
    };
    union {
        uint64_t which;
        struct {
            sim_component_id component;
            uint16_t what;                     // meaning private to the component
            uint32_t order;                    // of scheduling, modulo 2^32, for SIM_CHECK: events keep their order by themselves
        };
    };
} sim_event;
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sim_schedule fills the words of an event from their low ends");
static inline void sim_event_copy(sim_event *to, const sim_event *from)
{
    to->at = from->at;
    to->whom = from->whom;
    to->which = from->which;
}

typedef struct {                               // a sorted front and a wheel behind it: events.c, wheel.h
    hr_time  edge;                             // the front holds what is due until then
    sim_ref  front, front_end;                 // an array of sim_event; empty only when nothing is pending but the newest
    sim_ref  first, end;                       // the part of it that is in use: the earliest event, and behind the latest
    sim_ref  wheel, free_chunk;
    uint32_t far, levels;                      // events in the wheel; a bit for each level with events
    sim_event newest;                          // scheduled last and not yet among the others; at HR_FOREVER: there is none
} sim_events;

typedef struct {
    uint16_t kind;                             // index into sim_kinds
    uint16_t gauges;                           // that its kind has
    uint32_t stream;                           // hash of the name: the same draws wherever the component stands in the file
    sim_ref  name, state;
} sim_component;

typedef struct {                               // from a caller to a callee, since time zero
    uint64_t sent, answered, dropped;          // dropped: answered when the caller had stopped waiting
    uint32_t going, coming;                    // now: of those sent, on their way to the callee; of those it has answered, on their way back
} sim_link;

typedef struct {                               // what the recorder keeps on one fixed grid of run time
    sim_ref  values;                           // float[gauge][room]
    uint32_t gauges, count, room;
    hr_time  step, next;                       // next: when a sample is due; HR_FOREVER: none
} sim_series;

struct sim_host;

enum { SIM_FAULTY_SLOW = 1, SIM_FAULTY_PAUSE = 2, SIM_FAULTY_KILL = 4 };

typedef struct sim_world {
    uint32_t used, reserved;                   // arena, in units of 8 bytes
    uint32_t limit;                            // more than that may not be used: then the world is full and runs no further
    sim_ref  free_block[32];                   // freed blocks by power-of-two size
    hr_time  now, full_at;                     // full_at: when it became full
    uint64_t events_run;
    uint64_t seed;
    sim_events events;
    uint32_t order;                            // of the next event to be scheduled; counted in debug builds
    sim_ref  free_call, call_chunks;           // call_chunks: all that calls lie in, see sim_calls_walk
    uint32_t component_count, calls_live, calls_peak, call_chunk_bytes;
    hr_time  window_from, window_to;           // requests that are meant to start in here are counted
    hr_time  arrivals_end;                     // no request starts at or after this time
    sim_series series;
    sim_ref  links;                            // sim_link[caller][callee], from the start on
    uint32_t parts_live;                       // of calls_live, those that are a part of a handler's work and go over no link
    uint32_t moving;                           // messages that brokers, networks or consumers have in hand: work that is no call
    sim_ref  title;                            // scenario and variant, for messages; 0: none
    sim_component_id truth;                    // the database whose committed versions decide staleness
    uint8_t  has_truth, on_wall_clock, is_full;
    uint8_t  cancels;                          // bool: some callers tell that they do not wait any more; cancel.c
    union {
        uint64_t special;                      // 0: the world has none of these, see sim_world_is_plain
        struct {
            uint8_t faulty;                    // SIM_FAULTY_…: what faults may do to some component, so that others need not look
            uint8_t network;                   // the component that carries calls and answers from region to region; 0: they are there at once
            sim_ref lateness;                  // sim_dist of how late timers are, see sim_lateness; 0: never
        };
    };
    const struct sim_host *host;               // live adapters and observers; no part of a checkpoint
    sim_component components[SIM_MAX_COMPONENTS];
} sim_world;
_Static_assert(offsetof(sim_world, host) - offsetof(sim_world, special) == 8, "what is special must fit into the word that is asked");

// Things outside of the arena that a world may be joined to. All optional.
typedef struct {
    uint8_t  what;                             // sim_note_kind
    uint8_t  status;
    sim_component_id from, to;
    uint16_t from_replica, to_replica;
    sim_ref  call;
} sim_note;
// CALL: handed to its callee; REPLY: the caller gets it back; END: a request is over for its workload, answered or given up (`status`).
typedef enum { SIM_NOTE_CALL, SIM_NOTE_REPLY, SIM_NOTE_END } sim_note_kind;

typedef struct {                               // a live leaf: does the work that a database or cache only pretends to do
    // Starts the call on a real server. Later, on the world's thread, the adapter fills status, version, flags and calls sim_leaf_done.
    void (*begin)(void *self, sim_world *w, sim_component_id component, sim_ref call);
    void *self;
} sim_leaf;

typedef struct sim_host {
    void (*observe)(void *self, const sim_world *w, const sim_note *note);
    void *observer;
    sim_leaf leaf[SIM_MAX_COMPONENTS];         // begin = NULL: simulated
} sim_host;

struct sim_account;                            // laws.h
struct sim_force;                              // sim/parts/faults.h

// What a component kind can do. All functions but `build` are optional.
typedef struct {
    const char *name, *summary;
    size_t      state_size, def_size;
    const char *const *gauges;                 // names of what `sample` writes, NULL-terminated
    size_t (*demand)(const void *def);         // bytes that `build` takes when they may be many; NULL: few
    void (*build)(sim_world *w, sim_component_id id, const void *def);
    void (*start)(sim_world *w, sim_component_id id);                         // time zero
    void (*offer)(sim_world *w, sim_component_id id, sim_ref call);           // a call arrives
    void (*reply)(sim_world *w, sim_component_id id, sim_ref call);           // a call that it made has come back; it frees the call
    void (*wake)(sim_world *w, sim_component_id id, const sim_event *event);  // a timer of its own
    void (*cancel)(sim_world *w, sim_component_id id, sim_ref call);          // nobody waits for a call that it has: it ends that soon; absent: it works on
    void (*unwanted)(sim_world *w, sim_component_id id, sim_ref call);        // of a workload: an answer for one of its requests came when its caller had stopped waiting
    // Of a network: takes a call that is sent, or an answer, to where it goes, and has its `link` at 0 meanwhile; false: it is there at once. It
    // hears of every answer, also of those that nobody waits for, but carries none of these.
    bool (*carry)(sim_world *w, sim_component_id id, sim_ref call, bool is_answer);
    // Of a network: takes the message that `call` is cancelled to where that has gone; false: it was not carried. At the end: sim_call_cancelled.
    bool (*tell)(sim_world *w, sim_component_id id, sim_ref call);
    // Of a kind with servers in several regions: chooses the one that a call which is about to be sent goes to, its `replica`; returns its region.
    uint32_t (*aim)(sim_world *w, sim_component_id id, sim_ref call);
    void (*cut)(sim_world *w, sim_component_id id, uint32_t from, uint32_t to);   // the way from one region to another is cut for longer than before
    void (*done)(sim_world *w, sim_component_id id, sim_ref call);            // the leaf work of a call has ended
    void (*sample)(sim_world *w, sim_component_id id, hr_time step, float *gauges);
    void (*reset)(sim_world *w, sim_component_id id);                         // the warm-up is over: counts start at zero
    void (*fault)(sim_world *w, sim_component_id id, uint32_t replica, const struct sim_force *force);   // what faults do to it has changed
    void (*check)(const sim_world *w, sim_component_id id);                   // aborts when an invariant is broken
    // The books of its station 0, 1 … (a service has one for each replica); false when there is no such station. See laws.h.
    bool (*account)(const sim_world *w, sim_component_id id, uint32_t station, struct sim_account *account);
} sim_kind;
extern const sim_kind *const sim_kinds[];

_Noreturn void sim_panic(const sim_world *w, const char *file, int line, const char *condition);
#define SIM_ASSERT(w, condition) ((condition) ? (void)0 : sim_panic(w, __FILE__, __LINE__, #condition))
#ifdef NDEBUG
#define SIM_CHECK(w, condition) ((void)0)
#define SIM_ORDER(w) 0u
enum { SIM_COUNTS_ORDER = 0 };
#else
#define SIM_CHECK(w, condition) SIM_ASSERT(w, condition)
#define SIM_ORDER(w) ((w)->order++)
enum { SIM_COUNTS_ORDER = 1 };
#endif

// --- life -----------------------------------------------------------------------------------------------------------
// An empty world at time 0 that may use `limit_bytes` (0: sim_world_limit()). Four times as much address space is set aside, for what
// grows doubles, and the event that makes a world full runs to its end. Memory is used only as it is needed.
sim_world *sim_world_new(uint64_t seed, size_t limit_bytes);
// What a world may use unless it is told otherwise: a quarter of the machine's memory, for a study holds four at once; at most 8 GiB.
size_t     sim_world_limit(void);
void       sim_world_free(sim_world *w);
// A second world in the same state that lives on by itself, without the host.
sim_world *sim_world_fork(const sim_world *w);
// A copy of the used part (the caller frees `bytes`), and back. Restoring keeps w's host. HR_BAD_INPUT: no checkpoint of this version.
typedef struct { void *bytes; size_t size; } sim_checkpoint;
sim_checkpoint sim_world_checkpoint(const sim_world *w);
hr_status  sim_world_restore(sim_world *w, const void *bytes, size_t size, hr_error *e) HR_MUST_USE;
hr_status  sim_world_save(const sim_world *w, const char *path, hr_error *e) HR_MUST_USE;
hr_status  sim_world_load(const char *path, sim_world **w, hr_error *e) HR_MUST_USE;

// --- memory ---------------------------------------------------------------------------------------------------------
// Zeroed bytes in the arena, 8-byte aligned. Panics when the reserve is used up.
sim_ref sim_take(sim_world *w, size_t bytes);
// Gives a block of `bytes` back for reuse by blocks of the same power of two.
void    sim_give(sim_world *w, sim_ref block, size_t bytes);
// A block of `bytes` with the first `old_bytes` of `old` in it; `old` is given back. For arrays that double.
sim_ref sim_grow(sim_world *w, sim_ref old, size_t old_bytes, size_t bytes);
sim_ref sim_take_text(sim_world *w, const char *text);

// --- components -----------------------------------------------------------------------------------------------------
sim_component_id sim_component_add(sim_world *w, uint16_t kind, const char *name);
static inline const sim_component *sim_component_at(const sim_world *w, sim_component_id id) { return &w->components[id]; }
static inline const sim_kind *sim_kind_of(const sim_world *w, sim_component_id id) { return sim_kinds[w->components[id].kind]; }
static inline const char *sim_component_name(const sim_world *w, sim_component_id id)
{
    return SIM_AT(w, const char, sim_component_at(w, id)->name);
}
#define SIM_STATE(w, type, id) SIM_AT(w, type, sim_component_at(w, id)->state)

// --- events ---------------------------------------------------------------------------------------------------------
enum { SIM_EVENT_UNITS = sizeof(sim_event) / 8, SIM_FRONT_MOST = 32 };       // most: measured best with `bench`, hold-10 to hold-1000000
// An event far away, or one that the front has no room for.
void sim_schedule_far(sim_world *w, hr_time at, uint64_t whom, uint64_t which);
// Puts an event into the front, which has room behind its end: behind all that are not later.
static inline void sim_front_insert(sim_world *w, hr_time at, uint64_t whom, uint64_t which)
{
    sim_event *first = SIM_AT(w, sim_event, w->events.first), *place = SIM_AT(w, sim_event, w->events.end);
    w->events.end += SIM_EVENT_UNITS;
    for (; place > first && at < place[-1].at; place--)
        sim_event_copy(place, place - 1);
    place->at = at;
    place->whom = whom;
    place->which = which;
}
// Puts one that was the newest among the others.
static inline void sim_events_put(sim_world *w, hr_time at, uint64_t whom, uint64_t which)
{
    const sim_events *q = &w->events;
    if (HR_SELDOM(at > q->edge || q->end - q->first >= SIM_FRONT_MOST * SIM_EVENT_UNITS || q->end == q->front_end))
        sim_schedule_far(w, at, whom, which);
    else
        sim_front_insert(w, at, whom, which);
}
static inline void sim_events_set_newest(sim_world *w, hr_time at, sim_component_id component, uint16_t what, sim_ref subject, uint32_t generation)
{
    SIM_CHECK(w, w->on_wall_clock || at >= w->now);
    w->events.newest.at = at;
    w->events.newest.whom = (uint64_t)generation << 32 | subject;
    w->events.newest.which = (uint64_t)SIM_ORDER(w) << 32 | (uint32_t)what << 16 | component;
}
// Schedules a wake of `component`. Only on the wall clock may `at` lie in the past (a late timer); HR_FOREVER is never. A stale event is told by its
// generation; there is no cancelling.
static inline void sim_schedule(sim_world *w, hr_time at, sim_component_id component, uint16_t what, sim_ref subject, uint32_t generation)
{
    const sim_event former = w->events.newest;
    sim_events_set_newest(w, at, component, what, subject, generation);
    if (former.at != HR_FOREVER)
        sim_events_put(w, former.at, former.whom, former.which);
}
// The same for what an event schedules first: there is no newest one.
static inline void sim_schedule_first(sim_world *w, hr_time at, sim_component_id component, uint16_t what, sim_ref subject, uint32_t generation)
{
    SIM_CHECK(w, w->events.newest.at == HR_FOREVER);
    sim_events_set_newest(w, at, component, what, subject, generation);
}
// The front has become empty.
void sim_front_refill(sim_world *w);
// The earliest event if it is due at `until` or before; else false.
static inline bool sim_events_pop_until(sim_world *w, hr_time until, sim_event *event)
{
    sim_events *q = &w->events;
    if (q->first == q->end || q->newest.at < SIM_AT(w, const sim_event, q->first)->at) {
        if (HR_SELDOM(q->newest.at > until || q->newest.at == HR_FOREVER))
            return false;
        sim_event_copy(event, &q->newest);
        q->newest.at = HR_FOREVER;
        return true;
    }
    const sim_event next = *SIM_AT(w, const sim_event, q->first), newest = q->newest;
    if (HR_SELDOM(next.at > until))
        return false;
    q->first += SIM_EVENT_UNITS;
    if (newest.at != HR_FOREVER) {
        q->newest.at = HR_FOREVER;
        sim_events_put(w, newest.at, newest.whom, newest.which);
    }
    if (q->first == q->end)
        sim_front_refill(w);
    sim_event_copy(event, &next);
    return true;
}
static inline bool sim_events_pop(sim_world *w, sim_event *event) { return sim_events_pop_until(w, HR_FOREVER, event); }
static inline uint32_t sim_front_count(const sim_world *w) { return (w->events.end - w->events.first) / SIM_EVENT_UNITS; }
static inline uint32_t sim_events_count(const sim_world *w) { return sim_front_count(w) + w->events.far + (w->events.newest.at != HR_FOREVER); }
static inline hr_time sim_events_next(const sim_world *w)
{
    return hr_min_time(w->events.newest.at, w->events.first < w->events.end ? SIM_AT(w, const sim_event, w->events.first)->at : HR_FOREVER);
}
// Moves events to the time that `to` says for each, which is no earlier; moved ones go behind equal ones. Looks at all: for what is seldom.
void sim_events_move(sim_world *w, hr_time (*to)(const sim_world *w, const sim_event *event, const void *self), const void *self);
void sim_events_check(const sim_world *w);

// --- running --------------------------------------------------------------------------------------------------------
// Starts every component; `series_step` is the grid of the recorder (0: no series).
void sim_world_start(sim_world *w, hr_time series_step);
// When the next event or sample of the recorder is due; HR_FOREVER: none is.
static inline hr_time sim_world_next(const sim_world *w) { return hr_min_time(sim_events_next(w), w->series.next); }
// Runs one of these; false when none is left, or when the world is full.
bool sim_world_step(sim_world *w);
// Runs every event up to and including time `until`, then sets the clock to it. In a full world nothing happens any more.
void sim_world_run(sim_world *w, hr_time until);
// Whether nothing is in flight: no call, no message on the move. Messages that wait in a broker's queue do not count.
static inline bool sim_world_is_idle(const sim_world *w) { return !w->calls_live && !w->moving; }
// Runs until nothing is in flight and no arrival is due, at most until `limit`. Returns whether it is empty.
bool sim_world_drain(sim_world *w, hr_time limit);
// The warm-up is over: every component forgets what it has counted.
void sim_world_reset_counts(sim_world *w);
// Checks every invariant and the laws of laws.h, which hold between any two events; aborts with a dump when one is broken.
void sim_world_check(const sim_world *w);
// One sample of the grid: `gauge` counted over all components in order. NaN outside.
float sim_series_value(const sim_world *w, uint32_t gauge, uint32_t index);
// Position of a component's first gauge in the series.
uint32_t sim_series_first(const sim_world *w, sim_component_id id);

#endif
