// sim/parts/transaction.h - transactions of several statements: what a handler asks of their database, and the block that runs them.
// * A transaction is known by a number. It is opened when its block begins and has a connection from its first statement on; BEGIN travels with
//   that statement, COMMIT and ROLLBACK are round trips of their own.
// * The client closes the connection when it has stopped waiting for a statement, and when its replica dies. The server sees that
//   when no statement of it runs; then it rolls back (PostgreSQL without client_connection_check_interval).
#ifndef SIM_TRANSACTION_H
#define SIM_TRANSACTION_H

#include "sim/parts/service.h"

// --- backends.c ---
// Opens a transaction of database `db` whose steps `runner`, a part, runs. Its number.
uint32_t sim_backend_open(sim_world *w, sim_component_id db, sim_ref runner);
// Whether its end has to be told: it has had a connection, which its client has not closed.
bool     sim_backend_is_used(const sim_world *w, sim_component_id db, uint32_t number);
bool     sim_backend_is_closed(const sim_world *w, sim_component_id db, uint32_t number);
// Its client closes the connection; whether it has; it is over for its client, who asks no more.
void     sim_backend_close(sim_world *w, sim_component_id db, uint32_t number);
void     sim_backend_done(sim_world *w, sim_component_id db, uint32_t number);
// The operation of a call that commits, or rolls back.
uint16_t sim_backend_ending(const sim_world *w, sim_component_id db, bool commits);
// Replica `slot` of service `id` ends with all that it has: all databases see its connections closed, a moment later.
void     sim_backends_cut(sim_world *w, sim_component_id id, uint32_t slot);

// --- transaction.c ---
// The steps of a `transaction` step begin: returns the part that runs them.
sim_ref  sim_transaction_begin(sim_world *w, sim_component_id id, sim_ref call, const sim_step *step);
// The part has ended with `status`, or the handler answers in it (`returns`): commits, or rolls back. Returns what goes on, or 0.
sim_ref  sim_transaction_end(sim_world *w, sim_component_id id, sim_ref part, sim_outcome status, bool returns);
// The COMMIT or ROLLBACK of a part has come back.
void     sim_transaction_back(sim_world *w, sim_component_id id, sim_ref child);
// It has not, in the time of the step: the client closes the connection.
void     sim_transaction_late(sim_world *w, sim_component_id id, sim_ref child);
// The transaction that `call`, or a part, runs a step of: its number.
uint32_t sim_transaction_of(const sim_world *w, sim_ref call);
// The row that a `query` step of `call` is about.
uint64_t sim_transaction_row(const sim_world *w, sim_ref call, const sim_step *step);

#endif
