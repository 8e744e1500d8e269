// sim/parts/parts.h - the kinds of components: what a scenario says of each, and what can be asked of them in a world.
// * A def struct holds what the scenario reader has checked: names are resolved to component numbers, values are in base units.
// * Everything that a def points to is lent by the model; `build` copies what it needs into the world.
#ifndef SIM_PARTS_H
#define SIM_PARTS_H

#include "sim/core/histogram.h"
#include "sim/core/level.h"
#include "sim/core/popularity.h"
#include "sim/parts/arrivals.h"
#include "sim/parts/codel.h"
#include "sim/parts/health.h"
#include "sim/parts/machine.h"
#include "sim/parts/outlier.h"
#include "sim/parts/sessions.h"
#include "sim/policy/balance/balance.h"
#include "sim/policy/breaker/breaker.h"
#include "sim/policy/evict/evict.h"
#include "sim/policy/limit/limit.h"
#include "sim/policy/read/read.h"
#include "sim/policy/retry/retry.h"
#include "sim/policy/scale/scale.h"
#include "sim/policy/shard/shard.h"
#include "sim/policy/shed/shed.h"

enum {
#define SIM_PART(name) SIM_PART_##name,
#include "sim/parts/parts.def"
#undef SIM_PART
    SIM_PART_COUNT
};

#define SIM_UNLIMITED UINT32_MAX
#define SIM_PRIORITIES 8                       // 0 … 7, larger goes first
#define SIM_MOST_PER_SESSION 100              // on average
#define SIM_MOST_REPLICAS 15                   // of a database's primary
#define SIM_MOST_ORDERED 64                    // statements of a transaction with `order: ascending`
#define SIM_LOCAL 0xffffu                      // as a step's target: the replica's own cache

// --- handlers: what a service does with an operation, as steps ------------------------------------------------------------
typedef enum {
#define SIM_STEP(name, argument, help) SIM_STEP_##name,
#include "sim/parts/step.def"
#undef SIM_STEP
    SIM_STEP_COUNT
} sim_step_kind;
const char *sim_step_name(sim_step_kind kind);
// The steps that ask another component; get, set and delete may also be about the replica's own cache.
static inline bool sim_step_asks(sim_step_kind kind) { return kind >= SIM_STEP_get && kind <= SIM_STEP_publish; }

typedef enum {
#define SIM_CONDITION(name, argument, help) SIM_CONDITION_##name,
#include "sim/parts/condition.def"
#undef SIM_CONDITION
    SIM_CONDITION_COUNT
} sim_condition;
const char *sim_condition_name(sim_condition condition);

// Operations of a cache. LOCK is Redis' SET key token NX PX ttl, UNLOCK a delete if the token is still the caller's. COUNT
// is a limiter's script: a hit where its state is there, else a miss, after which it is.
enum { SIM_CACHE_GET, SIM_CACHE_SET, SIM_CACHE_DELETE, SIM_CACHE_LOCK, SIM_CACHE_UNLOCK, SIM_CACHE_COUNT };

#define SIM_NO_STEP 0xffffu                     // as an index: the handler ends with the status of the step that failed

// How a step asks again: after a failure, and beside an attempt that takes long.
typedef struct {
    sim_retry_def retry;                       // most 0: never
    uint32_t hedges;                           // at most so many attempts beside the first; 0: none
    hr_time  hedge_after;                      // when an attempt has taken so long
    double   hedge_quantile;                   // instead: as long as this share of the answers takes; 0: hedge_after
} sim_attempts_def;

// What a `get` does about old values and about loads, the runs of its `miss` block; refill.c.
typedef struct {
    uint32_t single;                           // sim_single: misses of a key that is just being loaded by the same replica wait for that load
    uint32_t lock_ms;                          // SIM_SINGLE_CACHE: how long the lock is held at most
    hr_time  poll;                             // the same: who does not get it looks again after so long
    double   early;                            // XFetch's beta; 0: no early loads
    double   ahead;                            // share of the ttl, its last part, in which a hit starts a load in the background; 0: none
    hr_time  stale;                            // after the ttl a value is served for so long, and loaded in the background
    hr_time  spare;                            // so long after the ttl it is served when a load fails
} sim_refill_def;
typedef enum { SIM_SINGLE_NONE, SIM_SINGLE_REPLICA, SIM_SINGLE_CACHE } sim_single;   // CACHE: a lock in the cache, too
typedef enum { SIM_FOUND_NOTHING, SIM_FOUND, SIM_FOUND_DUE, SIM_FOUND_EARLY, SIM_FOUND_SPARE } sim_found;

// One compiled step. A handler is a row of these and ends with SIM_STEP_return; the blocks of a step lie behind it: of parallel the
// branches, of repeat the round, of transaction the block, of if the `then`, and last what `other` tells of. Each goes on at the step's `next`.
typedef struct {
    sim_step_kind kind;
    uint16_t      target;                      // get, set, delete: cache or SIM_LOCAL; query, transaction: database; call: balancer or service; publish: broker
    uint16_t      operation;                   // query: statement; call: handler of the service behind the target; publish: queue and flags
    uint16_t      ordinal;                     // which of the equal steps of the handler it is: the ordinal of its draws
    uint16_t      next;                        // index of the step after it and its blocks
    uint16_t      first;                       // repeat, transaction: of its steps; if: of its `then`, `next` when that is empty
    uint16_t      other;                       // get: of its `miss`; if: of its `else`; query … transaction: of its `failed`
    uint32_t      rounds;                      // how often one call of the handler runs it at most
    uint16_t      branch_count;                // parallel
    const uint16_t *branches;                  // indices of their first steps
    sim_condition condition;                   // if
    double        share;                       // if chance, key_share: of 1; repeat: probability of another round; set: jitter of the ttl
    uint64_t      limit;                       // if key_below: the key; session: its timeout; status: the outcome; repeat: the most rounds; publish: priority + 1, 0: the request's
    hr_time       ttl;                         // set: time to live, HR_FOREVER: none
    hr_time       negative;                    // set: the same, of a key that the database does not have; 0: that is not put in
    bool          newer;                       // set: only over an older version
    bool          writes;                      // set: the cache writes, so that a failure is the handler's
    bool          everywhere;                  // delete local: the other replicas hear of it, after `time`
    bool          inside;                      // query: a statement of the transaction that it stands in
    bool          ascending;                   // transaction: its statements take their rows in ascending order of keys
    const sim_keys_def *row;                   // query: another row than the request's; NULL: that one
    hr_time       timeout;                     // get … parallel: HR_FOREVER: none
    bool          cancels;                     // call: the callee is told when nobody waits any more
    sim_dist_def  time;                        // wait, cpu; delete with `everywhere`
    const sim_attempts_def *attempts;          // get … publish; NULL: it asks once
    const sim_refill_def *refill;              // get; NULL: a plain one
} sim_step_def;

typedef struct { const char *name; const sim_step_def *steps; uint16_t count; } sim_handler_def;

typedef enum {
#define SIM_DISCIPLINE(name, word, help) SIM_DISCIPLINE_##name,
#include "sim/parts/discipline.def"
#undef SIM_DISCIPLINE
    SIM_DISCIPLINE_COUNT
} sim_discipline;
// The scenario's word, such as "adaptive-lifo"; NULL beyond the last. Static.
const char *sim_discipline_name(uint32_t discipline);

// --- defs -----------------------------------------------------------------------------------------------------------
typedef struct {
    sim_arrivals_def arrivals;                 // of requests or sessions; not looked at when there are users
    uint32_t users;                            // closed loop: each thinks, asks, waits for the answer; 0: open
    double   per_session;                      // partly open: requests of a session on average, 1 … SIM_MOST_PER_SESSION; 0: no sessions
    sim_dist_def think;                        // of users, and between the requests of a session
    uint16_t target, operation;                // balancer or service, and the handler's number there
    sim_keys_def keys;
    uint32_t size_bytes;                       // of what is written or put into caches for a key
    uint32_t priority;                         // below SIM_PRIORITIES
    uint32_t connect;                          // round trips before each request; with a network
    hr_time  timeout;                          // HR_FOREVER: waits for ever
    bool     cancels;                          // and tells when it does not any more
    hr_time  objective;                        // an answer after this is late; HR_FOREVER: never
} sim_workload_def;

typedef struct {
    sim_balancer_choice policy;
    uint16_t target;                           // a service
    const uint32_t *weights;                   // of its replicas; NULL: all 1
    uint32_t weight_count;
    uint32_t max_fails;                        // passive health, as nginx'; 0: none
    hr_time  fail_timeout;
    uint32_t max_conns, queue;                 // calls at one replica, 0: no limit; calls that may wait until one is below it
    hr_time  sees;                             // loads are reported so often; 0: always known
    bool     is_sticky;
    hr_time  expires;                          // with is_sticky: of a cookie
    bool     sticky_drain;                     // with is_sticky: replicas that leave get the calls that are bound to them
    bool     has_checks;
    sim_health_def health;                     // with has_checks
    bool     has_outliers;
    sim_outlier_def outliers;                  // with has_outliers
    double   panic;                            // below this share of healthy replicas all get calls; 0: never
    hr_time  slow_start;                       // how long a weight takes to grow; 0: none
} sim_balancer_def;

typedef struct {
    uint32_t replicas, workers, queue;         // workers and waiting places of one replica
    uint32_t slots;                            // replicas that it has room for: those of its autoscaler, and as many that leave; 0: fixed
    uint16_t scaler, cluster;                  // with slots: the autoscaler; where the replicas need room
    bool     in_cluster, is_vertical;          // is_vertical: an autoscaler changes cores and memory of its replicas
    sim_dist_def startup, readiness;           // with slots, or after a crash: until the process runs; from then until it is ready
    hr_time  drain;                            // with slots: who leaves may work so long on what it has
    double   cores, memory_bytes;              // of one replica: cores limit `cpu` steps (whole cores, at least 1); both cost money
    sim_machine_def machine;
    bool     has_footprint;                    // above memory_bytes a replica is killed
    sim_footprint_def footprint;
    sim_resize_def resize;                     // of one replica without an autoscaler
    uint32_t discipline;                       // sim_discipline: who waits for a worker is served so; priority is about cores, too
    hr_time  lifo_after;                       // adaptive_lifo
    sim_codel_def codel;                       // some of those that wait are turned away
    bool     drops_late;                       // a call is not begun behind its deadline
    bool     preemptive;                       // with priority: a `cpu` step takes a core from one of lower priority, which goes on later
    bool     sharing;                          // `cpu` steps share the cores equally; false: first come first served
    double   cpu_limit;                        // with `sharing`: core seconds a second that a replica gets, by periods; 0: all cores always
    hr_time  cpu_period;
    bool     gives_up;                         // who has waited for a worker as long as `patience`
    sim_dist_def patience;
    uint32_t bulkhead;                         // calls of one replica that may be out at each component that it asks; 0: any number
    bool     sheds;                            // it refuses calls by `shed`
    sim_shed_def shed;
    uint32_t local_entries;                    // entries of each replica's own cache; 0: it has none
    uint32_t local_policy;
    bool     local_lifetimes;                  // some `get` looks at how old its values are
    hr_time  local_grace;                      // they are kept so long after their ttl, for the most patient `get`
    const sim_handler_def *handlers;
    uint16_t handler_count;
} sim_service_def;

typedef enum { SIM_WRITE_none, SIM_WRITE_through, SIM_WRITE_around, SIM_WRITE_behind } sim_write;

typedef struct {                               // a cache that asks the database by itself
    bool     has_loads;                        // a get that misses does
    sim_write write;                           // what a set does
    uint16_t load_target, load_operation, write_target, write_operation;
    uint16_t database;                         // behind write_target
    uint32_t ttl_ms;                           // of what it has loaded; 0: none
    uint32_t batch, queue;                     // write-behind: keys that are written at an interval; that may wait
    hr_time  interval;
} sim_through_def;

typedef struct {
    uint32_t     entries;                      // 0: limited by memory alone
    uint64_t     memory_bytes;                 // 0: limited by entries alone
    uint64_t     base_bytes;                   // what the server needs with no key in it
    uint32_t     overhead_bytes;               // of each entry, beside its value
    uint32_t     eviction;                     // row of sim_evictors
    uint32_t     samples, lfu_log_factor, lfu_decay_min;   // as in sim_keystore_def
    uint32_t     hz;                           // ticks of active expiry a second; 0: keys expire only when they are asked for
    uint32_t     queue;                        // waiting operations
    sim_through_def through;
    bool         beyond_live;                  // a step or limiter asks for what the live client cannot do: locks, compare and set, counts
    bool         lifetimes;                    // some `get` looks at how old its values are
    hr_time      grace;                        // they are kept so long after their ttl, for the most patient `get`
    sim_dist_def demand;                       // time of the one server thread for an operation
    sim_dist_def network;                      // there and back
    double       cores;
    sim_machine_def machine;
} sim_cache_def;

typedef enum {                                 // what a commit waits for
#define SIM_COMMIT(word, help) SIM_COMMIT_##word,
#include "sim/parts/commit.def"
#undef SIM_COMMIT
    SIM_COMMIT_COUNT
} sim_commit;
// The scenario word of one; NULL beyond the last. Static.
const char *sim_commit_name(uint32_t commit);

typedef enum {
#define SIM_POOLER(word, help) SIM_POOLER_##word,
#include "sim/parts/pooler.def"
#undef SIM_POOLER
    SIM_POOLER_COUNT
} sim_pooler;
const char *sim_pooler_name(uint32_t mode);    // as sim_commit_name

typedef enum {
#define SIM_PLAN(word, help) SIM_PLAN_##word,
#include "sim/parts/plan.def"
#undef SIM_PLAN
    SIM_PLAN_COUNT
} sim_plan;
const char *sim_plan_name(uint32_t plan);      // as sim_commit_name

typedef struct {
    const char  *name, *sql;                   // sql: what the live database is sent, with $1 = key, $2 = new body; NULL: simulation only
    bool         writes;                       // the row's version grows when the statement ends
    bool         scatter;                      // asks every shard
    uint32_t     keys;                         // that it touches, at least 1
    bool         lock;                         // its row is locked until its end
    bool         if_unchanged;                 // it fails when its row has another version than its caller has read last
    bool         inserts;                      // the table has a row more when it ends
    uint32_t     plan;                         // SIM_PLAN_…
    hr_time      per_row;                      // core time for a row that the plan looks at
    sim_dist_def cpu, wait;                    // time on a core, then time that only holds the connection
} sim_statement_def;

typedef struct {                               // rows move to another number of shards
    uint32_t to, batch;                        // to 0: never; rows that are copied together
    hr_time  at;
    double   rate_per_s;                       // rows, at most
    sim_dist_def cpu;                          // for each row, where it is read and where it is written
} sim_reshard_def;

typedef struct {
    uint32_t pool, queue;                      // connections; calls that may wait for one
    hr_time  pool_timeout;                     // longest wait for a connection, HR_FOREVER: none
    double   cores, memory_bytes;
    sim_machine_def machine;
    uint64_t rows;                             // rows of the table; the test bed fills them in
    double   absent;                           // share of the keys that have no row
    bool     history;                          // it remembers when each version was committed, for the age of stale answers
    sim_dist_def network;                      // there and back
    bool     own_pools;                        // each replica of each caller has `pool` connections of its own; false: all share them
    uint32_t max_connections;                  // of a server, with own_pools; 0: any number
    double   connection_bytes, connection_cpu; // of each connection: memory, share by which it lengthens all `cpu`
    sim_dist_def connect;                      // to open one
    bool     has_pooler;                       // between own_pools and the server
    uint32_t pooler, pooler_size, pooler_queue;                    // SIM_POOLER_…; its connections to a server; statements that wait for one
    hr_time  pooler_timeout;
    hr_time  lock_timeout;                     // longest wait for a row's lock, HR_FOREVER: none
    bool     has_transactions;                 // some handler has a `transaction` of its statements
    hr_time  deadlock_timeout;                 // who has waited for a row so long looks for a deadlock
    hr_time  idle_timeout;                     // a session that is idle in transaction for so long is ended, HR_FOREVER: never
    double   shared_buffers, work_mem;         // memory that it has anyway, and for each statement that runs; work_mem 0: nobody looks
    hr_time  recovery;                         // so long it is down when one of its processes was killed for its memory
    sim_resize_def resize;                     // of its one server
    sim_sharding_def shards;                   // count 0: one, and no map
    sim_reshard_def  reshard;
    const uint8_t *regions;                    // [1 + replicas]: of the first primary and of each replica; NULL: all in the database's own
    uint32_t replicas;                         // beside the primary of each shard, each with the same pool, cores and memory
    uint32_t commit, confirm;                  // SIM_COMMIT_…; replicas that a commit waits for
    sim_dist_def flush;                        // a commit's record to the disk
    sim_dist_def send, apply;                  // a record to a replica, one way; to apply it
    sim_reading_def read;                         // made ready
    hr_time  detection, promotion;             // until it is known that the primary has died; until another one takes over. HR_FOREVER: never
    const sim_statement_def *statements;
    uint16_t statement_count;
} sim_database_def;

typedef struct {
    uint32_t policy;                           // row of sim_limiters
    uint16_t target;                           // any component that is called, a limiter or breaker as well
    bool     per_key;                          // each key has a limit of its own
    bool     has_store;                        // the states lie in a cache
    uint16_t store;                            // that cache
    hr_time  store_timeout;                    // how long its answer is waited for, HR_FOREVER: as long as that takes
    bool     failure_mode_deny;                // without its answer calls are refused; false: they pass
    bool     nodelay;                          // for limit-req, as in nginx
    sim_limit_def limit;                       // made ready
} sim_limiter_def;

typedef struct {
    uint32_t policy;                           // row of sim_breaker_rows
    uint16_t target;                           // as a limiter's
    hr_time  timeout;                          // how long it waits for a call, HR_FOREVER: as long as that takes
    sim_breaker_def breaker;
} sim_breaker_part_def;

typedef struct {
    uint32_t policy;                           // row of sim_scalers
    uint16_t target;                           // the service that it scales
    sim_scale_def scale;
} sim_autoscaler_def;

typedef struct {
    uint32_t nodes, most_nodes;                // at least, and at most
    double   cores, memory_bytes;              // of a node; both cost money
    sim_machine_def machine;
    sim_dist_def node_start;
    hr_time  node_idle;                        // an empty node goes after this; HR_FOREVER: never
} sim_cluster_def;

// --- brokers ------------------------------------------------------------------------------------------------------------
#define SIM_MOST_QUEUES 32                     // of a broker: a message remembers in a word in which it has died
#define SIM_NO_QUEUE 0xffffu
enum { SIM_PUBLISH_QUEUE = 0xff, SIM_PUBLISH_CONFIRM = 0x100, SIM_PUBLISH_TRANSIENT = 0x200, SIM_PUBLISH_RETRIED = 0x400 };  // of a
// call that publishes, and of its step, the operation: queue and flags. RETRIED: it may be one attempt of several
typedef enum { SIM_DROP_HEAD, SIM_REJECT_PUBLISH, SIM_REJECT_PUBLISH_DLX } sim_overflow;
typedef enum { SIM_ON_ERROR_requeue, SIM_ON_ERROR_dead_letter, SIM_ON_ERROR_drop } sim_on_error;

typedef struct {
    const char *name;
    bool     is_quorum, durable;
    uint32_t max_length;                       // messages that are ready, 0: any number
    uint32_t overflow;                         // sim_overflow
    hr_time  message_ttl;                      // HR_FOREVER: none
    uint32_t max_priority;                     // 0: priorities mean nothing
    uint32_t delivery_limit;                   // returns that a message survives, SIM_UNLIMITED: any number
    uint16_t dead_letter;                      // a queue of the same broker, or SIM_NO_QUEUE
} sim_queue_def;

typedef struct {                               // what each replica of a service takes from a queue
    uint16_t broker, queue, service, operation;
    uint32_t replicas, slots, prefetch;        // replicas at the start; slots: the most that it has room for
    bool     is_auto, idempotent;
    uint32_t on_error;                         // sim_on_error
    double   poison;                           // share of messages that always fail
} sim_consumer_def;

typedef struct {
    double   cores, memory_bytes;
    sim_machine_def machine;
    sim_dist_def demand;                       // of a core, for each message that is published
    sim_dist_def persist;                      // until a message is on disk, or with a majority of a quorum queue's replicas
    sim_dist_def network;                      // there and back
    uint32_t credit;                           // messages before a queue that its publishers need not wait for
    double   memory_high_watermark;            // share of its memory above which publishers are blocked; 0: nobody looks
    double   base_bytes;                       // that it uses without messages
    const sim_queue_def *queues;
    const sim_consumer_def *consumers;
    uint16_t queue_count, consumer_count;
} sim_broker_def;

// The key of a database that no live server is set up for; NULL: none. Static.
const char *sim_database_simulated(const sim_database_def *d);
// What a component passes calls on to, if it is one that only passes on (a balancer, limiter or breaker), or that asks for what it has not (a CDN); else -1.
int sim_part_passes_to(uint16_t kind, const void *def);

// --- what can be asked of a world ------------------------------------------------------------------------------------
typedef struct {
    uint64_t offered, outcome[SIM_OUTCOME_COUNT], stale, reads;    // reads: answers that carried a row version
    bool     knows_age;                        // of stale answers, the next two
    double   stale_age_s;                      // all of them together: how long before their request started they were overtaken
    hr_time  stale_age_most;
    uint64_t wasted;                           // good answers, by whichever component, that came when their caller had stopped waiting
    const sim_histogram *latency;              // of answered and timed-out requests, from the intended start
    const sim_histogram *lateness;             // of the generator itself, on the wall clock; else NULL
} sim_workload_view;
sim_workload_view sim_workload_look(const sim_world *w, sim_component_id id);

// Whose request it is, for what a user expects to see of its own doings: a number for each user of a closed loop and each session.
#define SIM_EVERYONE UINT64_MAX                // an open workload has no users
uint64_t sim_workload_user(const sim_world *w, uint64_t request);

typedef enum {
#define SIM_MESSAGE(name, way, help) SIM_MESSAGE_##name,
#include "sim/parts/message.def"
#undef SIM_MESSAGE
    SIM_MESSAGE_COUNT
} sim_message_count;

// What a station shows: station.def.
typedef struct sim_station_view {
#define SIM_STATION(type, field, over, help) type field;
#include "sim/parts/station.def"
#undef SIM_STATION
    uint32_t shards;                           // of a database: that there are, or will be; 0: it has no map of shards
    double   shard_busy[SIM_MOST_SHARDS], shard_have[SIM_MOST_SHARDS];  // average since the reset: connections that run statements, that there are
    uint64_t messages[SIM_MESSAGE_COUNT];      // of a broker, since the reset
    const sim_histogram *lag;                  // of a replicated database, since the reset: from commit to being applied at a replica; else NULL
} sim_station_view;
// A component as a whole; of a kind that is no station: all 0.
sim_station_view sim_station_look(const sim_world *w, sim_component_id id);
// Adds one to the sum of several, by station.def. The shards in the sum are those of the database with the busiest one. `lag` is left alone.
void             sim_station_add(sim_station_view *sum, const sim_station_view *v);
// What was between two looks at one station, `a_s` and `b_s` seconds after the reset, by station.def; without `lag`.
sim_station_view sim_station_since(const sim_station_view *a, const sim_station_view *b, double a_s, double b_s);
// Connections that run statements at the busiest shard.
double           sim_station_busiest(const sim_station_view *v);

uint32_t         sim_service_replicas(const sim_world *w, sim_component_id id);
sim_station_view sim_service_look(const sim_world *w, sim_component_id id, uint32_t replica);
sim_station_view sim_cache_look(const sim_world *w, sim_component_id id);
sim_station_view sim_balancer_look(const sim_world *w, sim_component_id id);
sim_station_view sim_database_look(const sim_world *w, sim_component_id id);

typedef struct {                               // the replicas of a service; fixed ones: all of them, always
    bool     is_scaled;
    uint32_t wanted, present, ready;           // now: by the autoscaler; that are there, also those that start or leave; that get calls
    double   present_average, ready_average;   // since the reset
    double   cores_average, bytes_average;     // of those that come and go, since the reset: what they have together
} sim_replicas_view;
// What a replica does that gets no calls: "gone", "pending", "starting", "unready", "draining"; NULL: it gets some.
const char *sim_service_phase(const sim_world *w, sim_component_id id, uint32_t replica);
sim_replicas_view sim_service_present(const sim_world *w, sim_component_id id);

typedef struct {                               // a cluster
    uint32_t up, starting, pending;            // nodes now; replicas that wait for room
    double   paid_average;                     // nodes that are up or start, since the reset
} sim_cluster_view;
sim_cluster_view sim_cluster_look(const sim_world *w, sim_component_id id);

typedef struct {                               // an autoscaler, since time zero
    uint64_t looks, scaled_out, scaled_in;     // how often it looked at its service, and changed the number
    sim_vpa_recommendation recommendation;     // vpa: the last one
} sim_autoscaler_view;
sim_autoscaler_view sim_autoscaler_look(const sim_world *w, sim_component_id id);

typedef struct {                               // a limiter or breaker
    uint64_t offered, passed, delayed, refused, opened;            // since the reset; opened: how often
    double   waiting_average, open_share;      // since the reset: calls that wait; share of the time that it was open
    uint32_t waiting, under_way;               // now: calls that wait; that it has passed on and waits for
    sim_breaker_state state;                   // now
} sim_gate_view;
sim_gate_view sim_limiter_look(const sim_world *w, sim_component_id id);
sim_gate_view sim_breaker_look(const sim_world *w, sim_component_id id);

typedef struct {                               // a queue of a broker
    uint64_t count[SIM_MESSAGE_COUNT];         // since the reset
    double   ready_average, unacked_average;   // since the reset
    uint32_t ready, unacked, incoming;         // now: wait for a consumer; are out; wait for the queue's process
    uint32_t consumers, with_credit;           // replicas that consume; of these, that would get a message now
    hr_time  age;                              // now: since the oldest message that is ready entered the queue
    const sim_histogram *latency;              // of messages that were published in the measured window: from the first publish to the ack
    const sim_histogram *wait;                 // from entering the queue to the delivery
} sim_queue_view;
sim_queue_view   sim_queue_look(const sim_world *w, sim_component_id id, uint16_t queue);
sim_station_view sim_queue_station(const sim_world *w, sim_component_id id, uint16_t queue);       // the same as a station
sim_station_view sim_broker_look(const sim_world *w, sim_component_id id);     // all queues: `queued` are ready, `busy` cores
// From the first publish to the ack, of messages that were published in the measured window; all queues.
const sim_histogram *sim_broker_latency(const sim_world *w, sim_component_id id);

// The version that the database has committed for a row; 1 for a row that was never written.
uint32_t sim_database_version(const sim_world *w, sim_component_id id, uint64_t key);
bool     sim_database_has_history(const sim_world *w, sim_component_id id);
// When the version after `version`, which is not the last one, was committed; HR_FOREVER: nobody has remembered.
hr_time  sim_database_overtaken(const sim_world *w, sim_component_id id, uint64_t key, uint32_t version);
// Whether the row does not exist: the same keys in every run of a seed.
bool     sim_database_lacks(const sim_world *w, sim_component_id id, uint64_t key);
// A commit, seen by the simulated statement or by the live adapter.
void     sim_database_commit(sim_world *w, sim_component_id id, uint64_t key, uint32_t version);
// Puts keys 0 … `keys` - 1 into a simulated cache, the first one last, as far as they fit: before time zero, version 1, no expiry.
void     sim_cache_preload(sim_world *w, sim_component_id id, uint64_t keys, uint32_t size_bytes);
// CPU time that the running `cpu` step of a call asks for: a function of the call, so that live adapters can burn it.
hr_time  sim_service_cpu_demand(const sim_world *w, sim_ref call);

// --- keys of caches and how old they are, refill.c ------------------------------------------------------------------------
// Looks a key up for a `get` of that refill (0: a plain one): a plain hit or miss, or what it should do about an old value. Fills *version
// with what was found. `c` and `ordinal` are the subject of its draw.
sim_found sim_refill_look(sim_world *w, sim_ref store, sim_ref refill, const sim_call *c, uint32_t ordinal, uint32_t *version);
// Puts the call's version under its key, fresh for `ttl_ms` (0: for ever) and kept `grace` longer. False: it does not fit.
// With `newer` only over an older version.
bool      sim_refill_put(sim_world *w, sim_ref store, const sim_call *c, uint32_t ttl_ms, uint32_t took_us, hr_time grace, bool newer);

#endif
