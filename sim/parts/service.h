// sim/parts/service.h - what the handler interpreter and the replicas of a service share.
// * A call that runs holds a worker from its first step to its reply, also while a nested call is out.
// * handler.c walks the steps; service.c owns replicas, workers, queues and cores; sharing.c and preempting.c are other ways to hand
//   the cores out.
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include "sim/parts/network.h"
#include "sim/parts/sessions.h"
#include "sim/parts/shares.h"

typedef struct {                               // a compiled step in the world
    uint8_t  kind, condition, newer, everywhere;                   // newer, everywhere, writes: bool
    uint16_t target, operation, ordinal, next, first, other, branch_count;
    uint8_t  writes, brings, inside, ascending;                    // bools; brings: it asks for a row
    uint8_t  cancels, unused;                  // cancels: bool, the callee is told when nobody waits any more
    uint32_t stream;                           // of the draws of `time`, of chance or of rows
    uint32_t ttl_ms;                           // 0: never expires
    sim_ref  branches;                         // uint16_t[branch_count]
    sim_ref  attempts;                         // how it asks again, attempts.c; 0: it asks once
    union {
        sim_ref  ahead;                        // wait, cpu: sim_ahead of `time`
        sim_ref  refill;                       // get: what it does about old values, refill.c; 0: nothing
        sim_ref  row;                          // query: sim_keys of another row; 0: the request's
    };
    hr_time  timeout;
    double   share;
    uint64_t limit;                            // of `set`: ttl of a key without a row in ms, 0: that is not put in
    sim_dist time;
    uint64_t more[2];                          // 128 bytes: a step is found by a shift
} sim_step;
_Static_assert(sizeof(sim_step) == 128, "a power of two");

// A queue of calls by a discipline; line.c.
typedef struct {
    sim_fifo fifo;
    uint32_t discipline;                       // sim_discipline
    uint16_t is_plain, both_ways;              // bools; plain: first come first served, and nobody leaves; both ways: each knows who waits before it
                                               // (sim_call.previous), so that it can leave
    sim_ref  last[SIM_PRIORITIES];             // by priority: the last call of each that waits, or 0
    hr_time  busy_since, lifo_after;           // since when somebody has waited; adaptive_lifo: how long that may last
} sim_line;
// A queue, whose bytes are zeroed, becomes one of that discipline; `leaving`: calls may leave it from the middle.
void    sim_line_make(sim_line *q, sim_discipline discipline, hr_time lifo_after, bool leaving);

enum { SIM_DOWN_CRASH = 1, SIM_DOWN_FAULT = 2 };

typedef struct {                               // of a CPU limit, as the kernel's bandwidth control keeps it
    double   left_ns;                          // core time that the present period still has
    hr_time  ends;                             // of the present period; 0: none has begun
    hr_time  stopped_from;                     // when the limit stopped the replica; 0: it runs
    uint64_t periods, throttled;               // since the reset: with computations in them; of these, in which the limit stopped it
    hr_time  stopped;                          // since the reset: how long
} sim_quota;

typedef struct {
    sim_level busy, cores;                     // workers that hold a call; cores that compute
    uint32_t  core_count, unused_too;          // that it has: resize.c
    double    stretch;                         // share by which these lengthen each other's computations
    sim_line  queue, core_queue;
    sim_ref   local;                           // keystore, or 0
    uint32_t  is_handing_out;                  // a free worker is being given to those that wait
    // With `sharing`: the calls that compute, a heap by what `served` will be when they are done; sharing.c.
    sim_shares shares;
    uint32_t  alarm;                           // generation of the timer that is in force
    double    served_ns;                       // what each of them has got since the replica was last idle
    hr_time   served_at;                       // when that was brought up to date
    sim_ref   runs;                            // with `preemptive`: sim_core_run[cores]; preempting.c
    sim_ref   out;                             // with `bulkhead`: uint32_t[components], calls that are out at each
    sim_ref   shed;                            // with `shed`: state of its policy
    uint8_t   down;                            // SIM_DOWN_…: it is not there; crash.c, failing.c
    uint8_t   is_paused, unused[2];            // bool: by a fault
    uint32_t  cuts;                            // how often it has ended with all that it had
    double    slow;                            // by faults: its times are so many times as long; 0: as they are
    hr_time   resumes;                         // when the pause ends
    uint64_t  started, rejected, gave_up, shed_calls, kept_in;      // since the reset; kept_in: by the bulkhead
    uint64_t  dropped, late;                   // since the reset: turned away by CoDel; not begun behind their deadline
    uint64_t  cancelled;                       // since the reset: calls whose caller has told that it does not wait
    sim_codel codel;
    sim_quota quota;                           // with `cpu_limit`; sharing.c
    uint64_t  refused, left;                   // since time zero, for the laws
    sim_stay  stay;
} sim_replica;

typedef struct {
    uint32_t replica_count, workers, queue_limit;
    uint32_t sharing, preemptive, gives_up;                        // bool
    uint16_t has_door, looks_again;            // bools: something may turn a call away when it comes, or when a worker is free for it; service.c
    uint32_t stream_patience;
    uint32_t bulkhead;                         // 0: none
    uint32_t sheds;                            // bool
    uint32_t drops_late;                       // bool
    uint32_t stretches;                        // bool: cores lengthen each other's computations
    sim_codel_def codel;
    double   contention, coherency;            // how much: sim_machine_stretch
    double   quota_ns;                         // core time that a replica has in a period; 0: no limit
    hr_time  cpu_period;
    sim_ref  lives;                            // sim_lives, when an autoscaler has the replicas come and go: lives.c; 0: fixed
    sim_ref  memory;                           // what its replicas use of it, memory.c; 0: nobody looks
    sim_ref  resize;                           // its machine is exchanged, resize.c; 0: it is not
    uint32_t most_cores;                       // that a replica ever has
    uint32_t is_plain;                         // bool: only its workers look at its calls, first come first served; but for faults it is always there
    sim_shed_def shed;
    sim_dist patience;
    sim_ref  replicas;                         // sim_replica[replica_count]
    sim_ref  handlers;                         // sim_ref[handler_count], each a sim_step[]
    sim_ref  stops;                            // the same, of which each step is the last: what a cancelled call goes on by; 0: none is
    uint32_t handler_count;
    sim_ref  refills;                          // the first of its steps' refills, 0: none
    hr_time  local_grace;
    sim_table sessions;                        // of its users, sessions.c
    sim_session_counts session_counts;
} sim_service;

static inline sim_replica *sim_replica_at(const sim_world *w, const sim_service *s, uint32_t slot)
{
    return SIM_AT(w, sim_replica, s->replicas) + slot;
}
// Calls that a worker has, or that wait for one.
static inline uint32_t sim_replica_in_hand(const sim_replica *r) { return r->busy.level + r->queue.fifo.length.level; }
static inline sim_replica *sim_replica_of(const sim_world *w, const sim_call *call)
{
    return sim_replica_at(w, SIM_STATE(w, const sim_service, call->callee), call->replica);
}

// Timers: a wait has ended, a computation has ended, a nested call is late, the first of the sharing computations has ended, one on a
// core that may be taken away has ended, a call has waited for a worker as long as it is willing to, a retry is due, a hedged attempt is due,
// a load looks again, a replica has used too much memory, one that crashed is back,
// a call that nobody waits for is cancelled, the machine of a replica is exchanged, an answer that came in a pause is seen, so is a cancellation,
// a replica hears of a delete.
enum { SIM_SERVICE_STEP, SIM_SERVICE_CORE, SIM_SERVICE_TIMEOUT, SIM_SERVICE_SHARED, SIM_SERVICE_RUN, SIM_SERVICE_PATIENCE,
       SIM_SERVICE_RETRY, SIM_SERVICE_HEDGE, SIM_SERVICE_CANCEL, SIM_SERVICE_POLL, SIM_SERVICE_KILL, SIM_SERVICE_BACK, SIM_SERVICE_RESIZE, SIM_SERVICE_SEEN,
       SIM_SERVICE_HEEDED, SIM_SERVICE_HEARS = 4096 };             // + replica; whom: the key that is deleted in its own cache

// Copies a handler's steps into the world.
sim_ref sim_handler_place(sim_world *w, sim_component_id id, const sim_handler_def *handler);
// Cancellation, cancel.c: a copy of `count` placed steps of which each is the last; the kind's `cancel`, for a call that runs; the caller, `id`,
// tells the callee of one call, or of all attempts that an effort has out.
sim_ref sim_stops_place(sim_world *w, sim_ref steps, uint16_t count);
void    sim_handler_cancel(sim_world *w, sim_component_id id, sim_ref call);
void    sim_cancel_soon(sim_world *w, sim_component_id id, sim_ref child);
void    sim_cancel_attempts(sim_world *w, sim_component_id id, sim_ref effort);
// How it asks again when it does not: of a cancelled step.
sim_ref sim_attempts_stop(sim_world *w, sim_ref attempts);
// How long something takes at the call's replica while a fault slows that down; failing.c.
hr_time sim_service_slowed(const sim_world *w, const sim_call *c, hr_time time);
// Begins the `wait` step that `call` is at.
HR_CLOSE void sim_handler_wait(sim_world *w, sim_component_id id, sim_ref call, const sim_call *c, const sim_step *step)
{
    uint32_t ordinal = c->path + step->ordinal;
    hr_time takes = sim_dist_ahead(w, &step->time, SIM_AT(w, sim_ahead, step->ahead), step->stream, c->request, ordinal);
    if (HR_SELDOM(w->faulty & SIM_FAULTY_SLOW))
        takes = sim_service_slowed(w, c, takes);
    sim_schedule(w, w->now + takes + sim_lateness(w, id, c->request, ordinal), id, SIM_SERVICE_STEP, call, c->generation);
}
// Runs steps of `call` until one has to wait for something, or the handler ends (then the worker is free again).
void    sim_handler_run(sim_world *w, sim_component_id id, sim_ref call);
// The wait or computation of the present step has ended: runs on from the next.
void    sim_handler_next(sim_world *w, sim_component_id id, sim_ref call);
// A nested call of the handler has come back.
void    sim_handler_back(sim_world *w, sim_component_id id, sim_ref child);
// A nested call of the handler, or a `parallel` step, is late: the handler goes on without it.
void    sim_handler_late(sim_world *w, sim_component_id id, sim_ref child);
// For attempts.c: a part of `whole` at the step that `whole` is at, and its end; a nested call of `parent` for that step, and whether it has come back
// already; the step ended so: chooses the one that comes next; the handler, or the part of it, answers so: returns what goes on, or 0;
// whether what a call brings counts for its caller.
sim_ref sim_handler_part(sim_world *w, sim_component_id id, sim_ref whole);
void    sim_handler_part_free(sim_world *w, sim_ref part);
bool    sim_handler_send(sim_world *w, sim_component_id id, sim_ref parent, sim_ref child, const sim_step *step);
bool    sim_handler_ask(sim_world *w, sim_component_id id, sim_ref parent, const sim_step *step, uint32_t path);
void    sim_handler_turn(sim_call *c, const sim_step *step, sim_outcome status, bool hit);
sim_ref sim_handler_answer(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status);
static inline bool sim_handler_brings(const sim_step *step, const sim_call *asker, const sim_call *child, sim_outcome status, bool hit)
{
    return status == SIM_ok && (hit || step->brings) && child->key == asker->key;
}
// Rounds of sim_path for other attempts than the first: of a step, of a sidecar. Beyond what a `repeat` can reach.
enum { SIM_ROUND_ATTEMPT = 1 << 24, SIM_ROUND_SIDECAR = 1 << 25 };
// Steps that may ask several times: the first attempt (returns what goes on when that decides the step, else 0), one that has come back, one
// that is late, the timers of SIM_SERVICE_RETRY and SIM_SERVICE_HEDGE.
sim_ref sim_attempts_place(sim_world *w, sim_component_id id, const sim_attempts_def *def, uint32_t replicas);
sim_ref sim_attempts_begin(sim_world *w, sim_component_id id, sim_ref call);
void    sim_attempts_back(sim_world *w, sim_component_id id, sim_ref child);
void    sim_attempts_late(sim_world *w, sim_component_id id, sim_ref child);
// An attempt at a transaction has ended as its part says. Returns what goes on, or 0; when the handler answers inside (`returns`): what the step is one of.
sim_ref sim_attempts_ended(sim_world *w, sim_component_id id, sim_ref effort, const sim_call *part, bool returns);
void    sim_attempts_wake(sim_world *w, sim_component_id id, const sim_event *event);
// Steps with a refill (refill.c): what `asker`, a call or a load, has asked the cache is back, as its `found`, `status` and `version` tell. The
// end of a `miss` block that ran as a load. Both return what goes on, or 0. How long the load that `call` is part of has taken; 0: of none.
sim_ref  sim_refill_place(sim_world *w, sim_component_id id, const sim_refill_def *def);
sim_ref  sim_refill_back(sim_world *w, sim_component_id id, sim_ref asker);
sim_ref  sim_refill_end(sim_world *w, sim_component_id id, sim_ref runner, sim_outcome status);
uint32_t sim_refill_took_us(const sim_world *w, const sim_call *call);
void     sim_refill_wake(sim_world *w, sim_component_id id, sim_ref load);
// The replica is cut off, with all the loads that it has: before its calls are.
void     sim_refill_cut(sim_world *w, sim_component_id id, uint32_t slot);
void     sim_refill_reset(sim_world *w, sim_ref first);
void     sim_refill_check(const sim_world *w, sim_ref first);
void     sim_refill_add(const sim_world *w, sim_ref first, sim_station_view *view);
// A delete in the replica's own cache is told to the others; one of them hears of it.
void sim_invalidation_tell(sim_world *w, sim_component_id id, const sim_call *call, const sim_step *step);
void sim_invalidation_hear(sim_world *w, sim_component_id id, const sim_event *event);
// Cores that are shared: a computation joins, and the timer of SIM_SERVICE_SHARED (its subject is the replica).
void    sim_sharing_join(sim_world *w, sim_component_id id, sim_replica *r, sim_ref call);
void    sim_sharing_wake(sim_world *w, sim_component_id id, const sim_event *event);
void    sim_sharing_cut(const sim_world *w, sim_replica *r);
void    sim_sharing_stop(const sim_world *w, sim_replica *r, hr_time by);     // nothing computes for so long
void    sim_sharing_reset(const sim_world *w, sim_replica *r);
void    sim_sharing_check(const sim_world *w, const sim_service *s, const sim_replica *r);
void    sim_sharing_resize(sim_world *w, sim_component_id id, sim_replica *r, uint32_t cores);     // from now on it has so many
// Cores that may be taken away: a computation asks for one, and the timer of SIM_SERVICE_RUN (its subject is the core's run).
typedef struct {
    sim_ref  call;                             // that computes on the core, or 0
    uint32_t alarm;                            // generation of the timer that is in force
    hr_time  begun, ends;
} sim_core_run;
void    sim_preempting_join(sim_world *w, sim_component_id id, sim_replica *r, sim_ref call);
void    sim_preempting_wake(sim_world *w, sim_component_id id, const sim_event *event);
void    sim_preempting_check(const sim_world *w, const sim_replica *r);
// Machines that are exchanged: placed, scheduled, the timer of SIM_SERVICE_RESIZE, the share of the time since the reset that they are the new ones. A
// replica has so many cores and so much memory from now on, whatever it does; computations that wait get those cores that are free.
sim_ref sim_resize_place(sim_world *w, const sim_service_def *def);
void    sim_resize_start(sim_world *w, sim_component_id id);
void    sim_service_resize(sim_world *w, sim_component_id id, uint32_t slot, double cores, double memory_bytes);
void    sim_service_hand_out_cores(sim_world *w, sim_component_id id, uint32_t slot);
void    sim_resize_wake(sim_world *w, sim_component_id id, uint32_t slot);
void    sim_resize_reset(sim_world *w, const sim_service *s);
double  sim_resize_share(const sim_world *w, const sim_service *s);
// Queues a call where its discipline wants it.
void    sim_line_insert(sim_world *w, sim_line *q, sim_ref call);
static inline void sim_line_push(sim_world *w, sim_line *q, sim_ref call)
{
    if (HR_MOSTLY(q->is_plain))
        sim_fifo_push(w, &q->fifo, call);
    else
        sim_line_insert(w, q, call);
}
// Queues by priority, before those of its own.
void    sim_line_push_first(sim_world *w, sim_line *q, sim_ref call);
// The call that is next, or 0.
sim_ref sim_line_remove(sim_world *w, sim_line *q);
static inline sim_ref sim_line_pop(sim_world *w, sim_line *q) { return HR_MOSTLY(q->is_plain) ? sim_fifo_pop(w, &q->fifo) : sim_line_remove(w, q); }
// Takes a call out of a queue that is linked both ways.
void    sim_line_leave(sim_world *w, sim_line *q, sim_ref call);
void    sim_line_check(const sim_world *w, const sim_line *q);
// service_books.c: the ops of the kind that only look.
extern const char *const sim_service_gauges[];
void    sim_service_reset(sim_world *w, sim_component_id id);
void    sim_service_sample(sim_world *w, sim_component_id id, hr_time step, float *out);
void    sim_service_check(const sim_world *w, sim_component_id id);
bool    sim_service_account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a);
// Faults, failing.c: what they do to a replica has changed; an answer of a call that it made, and one that it saw only after a pause. Gives free
// workers to those that wait.
struct sim_force;
void    sim_service_fault(sim_world *w, sim_component_id id, uint32_t slot, const struct sim_force *force);
void    sim_service_back(sim_world *w, sim_component_id id, sim_ref child);
void    sim_service_seen(sim_world *w, sim_component_id id, sim_ref child);
void    sim_service_hand_out(sim_world *w, sim_component_id id, uint32_t slot);
// Asks for a core for the present `cpu` step of `call`.
void    sim_service_compute(sim_world *w, sim_component_id id, sim_ref call);
// The handler has ended: answers the call and gives its worker to the next one.
void    sim_service_finish(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status);
// The present step of a call that has begun, or of a part of it.
static inline const sim_step *sim_service_step(const sim_world *w, const sim_call *call)
{
    return SIM_AT(w, const sim_step, call->steps) + call->step;
}

// The caller waits so long for a call that it is about to send; then it gets an event of the kind `what` about it. HR_FOREVER: as long as it takes.
static inline void sim_call_await(sim_world *w, sim_ref call, hr_time timeout, sim_component_id id, uint16_t what)
{
    if (timeout == HR_FOREVER)
        return;
    sim_call *c = sim_call_at(w, call);
    c->deadline = hr_min_time(c->deadline, w->now + timeout);
    sim_schedule(w, w->now + timeout, id, what, call, c->generation);
}
// A call that `parent`, worked on by component `id`, makes: same request, key, size and measured window.
sim_ref sim_call_nested(sim_world *w, sim_ref parent, sim_component_id id);
// The same for component `id` that only passes `call` on: the same operation, the same draws.
sim_ref sim_call_passed(sim_world *w, sim_ref call, sim_component_id id);
// Such a call has come back: its caller gets its status and what it brings.
void    sim_call_answer(sim_world *w, sim_ref child);

#endif
