// sim/parts/database.h - what the files of a database share: database.c runs statements on servers, books.c shows what it counts, rows.c keeps
// versions, truth.c tells others what is committed, pools.c has connections of callers, backends.c what one holds while a transaction is open, locks.c
// locks of rows, interrupt.c ends statements that are cancelled, scans.c plans, replication.c the log and its way to the replicas, routing.c says which
// server a call goes to and remembers what users have seen, failing_database.c what faults do to a server; sharding.h is about several shards.
// * A database has shards, mostly one, each a primary and its replicas. With one shard and without replicas server 0 is all there is, and
//   none of the rest is touched.
// * A call at a server holds a connection from its start to its answer, also while its commit waits for replicas. A transaction holds one
//   from its first statement to the answer of its COMMIT or ROLLBACK, also while none of its statements is there.
#ifndef SIM_DATABASE_H
#define SIM_DATABASE_H

#include "sim/core/table.h"
#include "sim/parts/network.h"

typedef struct { uint64_t key; uint32_t version, written; } sim_row;           // written: the newest that was made, committed or not; 0: free slot
typedef struct { sim_ref slots; uint32_t count, room; } sim_rows;

typedef struct {
    sim_level busy, cores;                     // connections that run a statement; cores that compute
    sim_level idle;                            // connections whose transaction has no statement here: idle in transaction
    uint32_t  room, unused_room;               // without own_pools: connections that are not idle in transaction
    sim_fifo  queue, core_queue;
    sim_rows  rows;
    uint32_t  timer_set, is_down;
    uint32_t  parts;                           // of those inside, parts of calls that are routed
    uint32_t  alarm;                           // generation of the timer for the next record, when it is a replica
    sim_level open;                            // with own_pools: connections to it
    uint32_t  lent, backlog;                   // of a pooler in transaction mode: connections that are used; calls that wait for one
    sim_ref   pools;                           // the first sim_client_pool
    uint8_t   is_full, returns;                // its disk; it comes back as soon as there is a primary
    uint8_t   is_held, is_killed;              // a replica: it may not apply all that it has; a fault has it down
    double    slow;                            // its times are so many times as long; 0: as they are
    hr_time   resumes;                         // it stands still until then
    uint32_t  teller, unused_word;             // with is_held: the faults, which say for how long
    uint64_t  started, rejected;               // since the reset
    uint64_t  refused, left;                   // since time zero, for the laws
    sim_stay  stay;
    uint64_t  applied, limit;                  // a replica: records that it has applied, that it will receive at most
    hr_time   arrives, applies;                // when it has received, applied, the newest record that was sent to it
} sim_server;

typedef struct {
    sim_dist cpu, wait;
    uint32_t stream;                           // cpu and wait take one word of the stream each
    uint8_t  writes, scatter, keys, moves;     // keys: how many it touches; moves: its cpu is for each of the call's `count` rows
    uint8_t  lock, inserts, plan, ends;        // plan: SIM_PLAN_…; ends: SIM_ENDS_…
    uint8_t  reads, checks, unused[2];         // reads: it shows its user a row; checks: only over the version that its caller has read
    double   row_ns;                           // for a row that the plan looks at
} sim_statement;

// The log of a shard: records are numbered from 1; those that some replica has still to apply are kept.
typedef struct { uint64_t key; hr_time sent; uint32_t version, is_answered; } sim_record;      // sent: when it was on the primary's disk
typedef struct { hr_time arrives, applied; } sim_delivery;
typedef struct {
    uint32_t primary, is_headless;             // the server; whether it is dead
    uint64_t first, end;                       // records from first + 1 to end are kept
    hr_time  sent;                             // of the newest
    sim_ref  records, deliveries;              // sim_record[room], sim_delivery[room][servers of a shard]: a ring
    uint32_t room, deaths;                     // deaths: of its primaries, and how often one came back
} sim_shard;

typedef struct {                               // since the reset, as station.def has them
    uint64_t reads, unread_writes, backwards, lost_commits, locking, lock_timeouts, deadlocks, idle_timeouts, checked, conflicts, cancelled;
    double   lock_wait_s;
} sim_database_counts;

typedef struct {
    uint32_t  pool, queue_limit, core_count, statement_count;
    uint32_t  most_cores, unused_cores;        // that it ever has
    hr_time   pool_timeout;
    sim_ref   statements, servers;             // sim_statement[], sim_server[server_count], those of a shard side by side
    uint32_t  server_count, shard_size;        // shard_size: servers of a shard
    sim_ref   shards;                          // sim_shard[server_count / shard_size]
    sim_ref   sharding;                        // sim_sharded, sharding.h; 0: one shard
    uint32_t  network_stream, has_log;         // has_log: commits do more than to make a version
    sim_dist  network;
    uint64_t  sampled_started;
    double    absent;
    sim_table history;                         // with `has_history`: a map from a key to its last commit
    uint32_t  has_history;
    sim_ref   recovery;                        // it is restarted now and then, recovery.c; 0: never
    // Pools of the callers.
    uint32_t  has_pools, pooler;               // pooler: SIM_POOLER_…, SIM_POOLER_COUNT: none
    uint32_t  most_open, backlog_limit;        // connections of a server; calls that may wait at the pooler
    hr_time   backlog_timeout;
    double    stretch;                         // share by which its cores lengthen each other's
    double    connection_cpu;                  // share by which each connection lengthens a statement's `cpu`
    sim_dist  connect;
    uint32_t  connect_stream;
    sim_table clients;                         // sim_client by client and server
    // Row locks.
    sim_table locks;                           // by key: those that somebody holds
    sim_level locked_out;                      // calls that wait for one
    hr_time   lock_timeout;
    uint32_t  has_locks, unused_locks;
    uint64_t  table_rows;                      // with those that were inserted
    // Transactions of several statements.
    uint32_t  has_transactions, last_number;   // bool; of the transaction that began last
    sim_table backends;                        // a map from a transaction's number to its sim_backend
    sim_table held;                            // rows by transaction and key: backends.c
    hr_time   deadlock_timeout, idle_timeout;
    // Replication.
    sim_dist  flush, send, apply;
    uint32_t  flush_stream, send_stream, apply_stream, back_stream;
    uint32_t  commit, confirm;
    sim_ref   lag;                             // sim_histogram of time from commit to being applied
    hr_time   takes_over_after;                // when the primary has died; HR_FOREVER: never
    // Routing.
    sim_reading_def read;
    sim_reading_state read_state;
    uint32_t  choice_stream;
    sim_ref   regions;                         // uint8_t[server_count]: of each server; 0: all are where the database is
    sim_table users, seen;                     // sim_user by user, sim_seen by user and key
    sim_level routed;                          // calls whose parts are at servers, or that wait for a replica
    uint64_t  routed_left;
    sim_stay  routed_stay;
    sim_database_counts counts;
} sim_database;

typedef struct { sim_pair client_server; sim_ref pool; uint32_t unused; } sim_client;
typedef struct {                               // connections that a replica of a caller keeps to a server
    uint32_t server, open, busy, timer_set;
    sim_fifo queue;                            // calls that wait for one of them; they are in the server's queue.length, too
    sim_ref  next;                             // pool of the same server
    uint32_t unused;
} sim_client_pool;

typedef struct { sim_pair user; hr_time wrote_at; uint64_t position; } sim_user;
typedef struct { sim_pair user_key; uint32_t written, read; } sim_seen;        // versions: its own last write, the newest that it has read

enum { SIM_DB_COMPUTED, SIM_DB_WAITED, SIM_DB_POOL_TIMEOUT, SIM_DB_COMMITTED, SIM_DB_APPLIED, SIM_DB_TAKES_OVER, SIM_DB_CAUGHT_UP,
       SIM_DB_CONNECTED, SIM_DB_CLIENT_TIMEOUT, SIM_DB_PREPARED, SIM_DB_COMMIT_PREPARED, SIM_DB_ROLLBACK_PREPARED, SIM_DB_MOVES, SIM_DB_LOCK_TIMEOUT,
       SIM_DB_DEADLOCK, SIM_DB_IDLE_TIMEOUT, SIM_DB_CLIENT_GONE,
       SIM_DB_KILL, SIM_DB_RESIZE, SIM_DB_BACK, SIM_DB_INTERRUPTS };

// What a statement, or a part of one, does: it waits (in a pool, for a replica, at the pooler, for a connection to be opened; when it runs, for a lock or
// a core), it computes, it reads, or it prepares or commits.
typedef enum { SIM_PHASE_WAITS, SIM_PHASE_CATCHES_UP, SIM_PHASE_AT_POOLER, SIM_PHASE_CONNECTS, SIM_PHASE_COMPUTES, SIM_PHASE_READS, SIM_PHASE_COMMITS } sim_phase;

// Behind the statements of the scenario lie those that a database has by itself: rows that move, and what ends a transaction.
enum { SIM_OWN_MOVES, SIM_OWN_COMMIT, SIM_OWN_ROLLBACK, SIM_OWN_STATEMENTS };
enum { SIM_ENDS_NOTHING, SIM_ENDS_COMMIT, SIM_ENDS_ROLLBACK };

static inline uint32_t sim_server_region(const sim_world *w, const sim_database *s, uint32_t server) { return SIM_AT(w, const uint8_t, s->regions)[server]; }
static inline sim_server *sim_server_at(const sim_world *w, const sim_database *s, uint32_t server) { return SIM_AT(w, sim_server, s->servers) + server; }
static inline sim_shard  *sim_shard_at(const sim_world *w, const sim_database *s, uint32_t shard) { return SIM_AT(w, sim_shard, s->shards) + shard; }
static inline const sim_statement *sim_statement_of(const sim_world *w, const sim_database *s, const sim_call *c)
{
    return SIM_AT(w, const sim_statement, s->statements) + c->operation;
}

// Connections that a server has.
static inline uint32_t sim_database_capacity(const sim_database *s, const sim_server *server) { return s->has_pools ? server->open.level : s->pool; }
// The transaction that a call is a statement of; 0: of none.
static inline uint32_t sim_transaction_at(const sim_database *s, const sim_call *c) { return s->has_transactions ? c->transaction : 0; }

// --- rows.c ---
// The committed version of a row; 1 for one that was never written.
uint32_t sim_rows_version(const sim_world *w, const sim_rows *rows, uint64_t key);
// Makes the next version, which nobody sees yet; the version is committed.
uint32_t sim_rows_write(sim_world *w, sim_rows *rows, uint64_t key);
// A copy of all rows takes the place of `to`.
void     sim_rows_copy(sim_world *w, const sim_rows *from, sim_rows *to);
// Whether that is newer than what was committed.
bool     sim_rows_commit(sim_world *w, sim_rows *rows, uint64_t key, uint32_t version);
// Puts a row with its versions into other rows.
void     sim_rows_copy_one(sim_world *w, const sim_rows *from, sim_rows *to, uint64_t key);

// --- database.c ---
// Lets the call wait for a connection of server c->replica, or refuses it.
void sim_database_enter(sim_world *w, sim_component_id id, sim_ref call);
// The call leaves its server with c->status, and its connection goes to the next one, unless its transaction keeps it.
void sim_database_leave(sim_world *w, sim_component_id id, sim_ref call);
// For backends.c, parts of that: the call is not at the server any more; a connection of the shared pool is free; the call goes back.
void sim_database_count_left(const sim_world *w, sim_server *server, const sim_call *c);
void sim_database_hand_on(sim_world *w, sim_component_id id, sim_server *server);
void sim_database_answer(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status);
// The call has a connection of its server and runs.
void sim_database_execute(sim_world *w, sim_component_id id, sim_ref call);
// It has its row's lock, if its statement takes one: now it computes.
void sim_database_run(sim_world *w, sim_component_id id, sim_ref call);
// It has run and leaves with c->status; left: it has a place in its caller's pool, but has not run; turn_away: it has only waited.
void sim_database_left(sim_world *w, sim_component_id id, sim_ref call, bool has_connection);
void sim_database_turn_away(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status);
// The head of a server's queue waits no longer; the call at a server is over.
void sim_database_give_up(sim_world *w, sim_component_id id, sim_server *server, sim_outcome status);
void sim_database_end(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status);
// Whether an event of the server's has to wait until it goes on.
bool sim_database_waits(sim_world *w, sim_component_id id, const sim_event *event, uint32_t server);
// Sets the timer of a server's queue.
void sim_database_time_queue(sim_world *w, sim_component_id id, uint32_t server);
// A computation has ended: its core goes to the next.
void sim_database_free_core(sim_world *w, sim_component_id id, sim_server *server);
// The answer that a call, or its part, gets without having been at a server.
void sim_database_refuse(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status);

// --- books.c --- (the ops of the kind that only look)
extern const char *const sim_database_gauges[];
void sim_database_reset(sim_world *w, sim_component_id id);
void sim_database_sample(sim_world *w, sim_component_id id, hr_time step, float *out);
void sim_database_check(const sim_world *w, sim_component_id id);
bool sim_database_account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a);

// --- failing_database.c ---
// What faults do to a server has changed.
struct sim_force;
void sim_database_fault(sim_world *w, sim_component_id id, uint32_t server, const struct sim_force *force);

// --- interrupt.c ---
// The kind's `cancel`; the timer of one that runs at a server that stood still.
void sim_database_cancel(sim_world *w, sim_component_id id, sim_ref call);
void sim_database_interrupt(sim_world *w, sim_component_id id, const sim_event *event);

// --- locks.c ---
void sim_locks_build(sim_world *w, sim_component_id id, const sim_database_def *d);
// The call wants its row's lock. False: it waits, and runs when it has it.
bool sim_locks_take(sim_world *w, sim_component_id id, sim_ref call);
// The call leaves its server, a transaction ends that has locked a row: the next one has the lock.
void sim_locks_release(sim_world *w, sim_component_id id, sim_ref call);
void sim_locks_release_row(sim_world *w, sim_component_id id, uint64_t key);
// A statement of a transaction has waited for a row as long as `deadlock_timeout`.
void sim_locks_look(sim_world *w, sim_component_id id, const sim_event *event);
// A call that dies with its server, or in a deadlock, or is cancelled, waits for no row any more. Whether it did.
bool sim_locks_forget(sim_world *w, sim_database *s, sim_ref call);
void sim_locks_expire(sim_world *w, sim_component_id id, const sim_event *event);
void sim_locks_check(const sim_world *w, const sim_database *s);

// --- backends.c --- (what a handler asks of it: transaction.h)
typedef struct {                               // a transaction; PostgreSQL's backend is the process that has its connection
    sim_ref  runner;                           // the part that runs its steps; 0: its client is gone
    sim_ref  statement;                        // that is here: it waits for a connection or has it; 0: none
    sim_ref  first, last;                      // rows that it has written or locked
    uint32_t number, client, server, alarm;    // client: as sim_call.client; alarm: generation of the idle timer
    uint8_t  is_connected;                     // it has a connection beyond the statement that is here
    uint8_t  is_aborted;                       // a statement has failed: all but ROLLBACK fail
    uint8_t  is_closed;                        // its client has closed the connection, which the server sees when no statement runs
    uint8_t  is_waiting;                       // its statement waits for a row's lock
    uint8_t  ended, unused[3];                 // the session has ended here, as this outcome; SIM_ok: it has not
} sim_backend;

void sim_backends_build(sim_database *s, const sim_database_def *d);
sim_backend *sim_backend_find(const sim_world *w, const sim_database *s, uint32_t number);
// A statement of a transaction arrives; leaves its server with c->status; has been answered without having been at it.
void sim_backends_offer(sim_world *w, sim_component_id id, sim_ref call);
void sim_backends_leave(sim_world *w, sim_component_id id, sim_ref call);
void sim_backends_turned_away(sim_world *w, sim_component_id id, sim_ref call);
// It has locked a row, written one: those are its own to the end. It sees what it has written itself.
void sim_backends_lock(sim_world *w, sim_database *s, uint32_t number, uint64_t key);
void sim_backends_write(sim_world *w, sim_database *s, const sim_call *c, bool inserts);
void sim_backends_see(const sim_world *w, const sim_database *s, sim_call *c);
bool sim_backends_has_locked(const sim_world *w, const sim_database *s, uint32_t number, uint64_t key);
// Its COMMIT or ROLLBACK has run. Returns when that may be answered; then comes sim_backends_committed. SIM_error: there is nothing to commit.
hr_time sim_backends_end(sim_world *w, sim_component_id id, sim_ref call, sim_outcome *status);
void sim_backends_committed(sim_world *w, sim_component_id id, sim_ref call);
void sim_backends_wake(sim_world *w, sim_component_id id, const sim_event *event);
// A server has died, with the statements that ran there.
void sim_backends_die(sim_world *w, sim_component_id id, uint32_t which);
void sim_backends_check(const sim_world *w, sim_component_id id);

// --- scans.c ---
void    sim_scans_build(sim_world *w, sim_component_id id, const sim_database_def *d);
// Core time for the rows that a statement's plan looks at now.
hr_time sim_scans_time(const sim_world *w, const sim_database *s, const sim_statement *t);

// --- pools.c ---
void     sim_pools_build(sim_world *w, sim_component_id id, const sim_database_def *d);
// A number for the replica of the caller that a call comes from.
uint32_t sim_pools_client(const sim_world *w, const sim_call *c);
// sim_database_enter with `own_pools`; the end of that: the call has a place in its pool, and perhaps a connection that it has used.
void     sim_pools_enter(sim_world *w, sim_component_id id, sim_ref call);
void     sim_pools_left(sim_world *w, sim_component_id id, uint32_t client, uint32_t server, bool has_connection);
// The connection of a client is closed instead: others may open one.
void     sim_pools_close(sim_world *w, sim_component_id id, uint32_t client, uint32_t server);
void     sim_pools_connected(sim_world *w, sim_component_id id, sim_ref call);
void     sim_pools_expire(sim_world *w, sim_component_id id, sim_ref pool);
// A call leaves the queue of its pool.
void     sim_pools_leave(sim_world *w, sim_database *s, sim_ref call);
// The server has died and none of its connections is used: nobody has any more.
void     sim_pools_forget(const sim_world *w, const sim_database *s, sim_server *server);
void     sim_pools_die(sim_world *w, sim_component_id id, const sim_server *server);
void     sim_pools_check(const sim_world *w, const sim_database *s, const sim_server *server);

// --- replication.c ---
void    sim_replication_build(sim_world *w, sim_component_id id, const sim_database_def *d);
// The record of what `call` has written is made. Returns when the commit may be answered; then comes sim_replication_commit.
hr_time sim_replication_log(sim_world *w, sim_component_id id, sim_ref call);
void    sim_replication_commit(sim_world *w, sim_component_id id, sim_ref call);
void    sim_replication_apply(sim_world *w, sim_component_id id, const sim_event *event);
// A server has died; it can come back: as the primary that it still is, or as a replica that is up to date (from a backup), when there is a primary.
void    sim_replication_die(sim_world *w, sim_component_id id, uint32_t server);
void    sim_replication_return(sim_world *w, sim_component_id id, uint32_t server);
void    sim_replication_take_over(sim_world *w, sim_component_id id, const sim_event *event);
// More holds a replica up than before: what it has still to receive and to apply comes later, and so do commits that wait for that. Before,
// it stood still until `resumed`.
void    sim_replication_hold(sim_world *w, sim_component_id id, uint32_t server, hr_time resumed);
// When a replica has applied the record at a position, or will have; that it has yet to apply.
hr_time sim_replication_applied_at(const sim_world *w, const sim_database *s, uint32_t server, uint64_t position);
// How long the oldest record waits that some replica has not applied.
hr_time sim_replication_lag(const sim_world *w, const sim_database *s);
// The way from one region to another is cut for longer than before: records that are under way there come later, and so do commits.
void    sim_replication_cut(sim_world *w, sim_component_id id, uint32_t from, uint32_t to);
void    sim_replication_check(const sim_world *w, const sim_database *s);

// --- routing.c ---
// The server of a call that its caller is about to send, c->replica; returns its region. Only with `regions`.
uint32_t sim_routing_aim(sim_world *w, sim_component_id id, sim_ref call);
void sim_routing_build(sim_world *w, sim_component_id id, const sim_database_def *d);
// Sends a call to the server of a shard that its statement wants.
void sim_routing_send(sim_world *w, sim_component_id id, sim_ref call, uint32_t shard);
// For calls with parts: they begin and end to be routed; a part of one (0: of none) for a purpose, that end; its server in a shard,
// without a wait for replicas.
void    sim_routing_begin(sim_world *w, sim_component_id id, sim_ref call);
void    sim_routing_end(sim_world *w, sim_component_id id, sim_ref call, sim_outcome status);
sim_ref sim_routing_part(sim_world *w, sim_component_id id, sim_ref call, uint16_t purpose);
void    sim_routing_free(sim_world *w, sim_ref part);
void    sim_routing_place(sim_world *w, sim_component_id id, sim_ref part, uint32_t shard);
// A part of a routed call has left its server.
void sim_routing_back(sim_world *w, sim_component_id id, sim_ref part);
// The wait for a replica is over.
void sim_routing_caught_up(sim_world *w, sim_component_id id, const sim_event *event);
// What a user has written, and the version that a read of its own is about to show.
void sim_routing_wrote(sim_world *w, sim_database *s, const sim_call *c, uint64_t position);
void sim_routing_read(sim_world *w, sim_database *s, const sim_call *c);

// A server that is restarted, recovery.c: built; started; a statement has begun; the timers of SIM_DB_KILL to SIM_DB_BACK; whether it is down for that.
void sim_recovery_build(sim_world *w, sim_component_id id, const sim_database_def *d);
void sim_recovery_start(sim_world *w, sim_component_id id);
void sim_recovery_touch(sim_world *w, sim_component_id id);
void sim_recovery_wake(sim_world *w, sim_component_id id, const sim_event *event);
bool sim_recovery_goes_on(const sim_world *w, sim_component_id id);
void sim_recovery_reset(const sim_world *w, sim_component_id id);
void sim_recovery_add(const sim_world *w, sim_component_id id, sim_station_view *view);
void sim_recovery_check(const sim_world *w, sim_component_id id);
// A server dies: who waits there is told by a refused connection, who is served by one that is reset. database.c
void sim_database_die(sim_world *w, sim_component_id id, uint32_t server);

#endif
