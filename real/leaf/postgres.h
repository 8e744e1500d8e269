// real/leaf/postgres.h - PostgreSQL as the leaf of a database component: prepared statements on asynchronous connections.
// * The component keeps the pool and its wait queue; the adapter has one connection for each place of the pool.
// * A statement's SQL gets $1 = the row's id and, where it uses it, $2 = a new body. A column named `version` is the row's version.
// * A failed statement is data (outcome error). A connection that breaks ends the experiment (real_loop_fail).
#ifndef REAL_POSTGRES_H
#define REAL_POSTGRES_H

#include "real/loop.h"
#include "real/samples.h"
#include "sim/parts/parts.h"

typedef struct real_postgres real_postgres;

// Makes the table that the statements work on, `documents (id, version, body)`, with `rows` rows of `body_bytes` each.
hr_status real_postgres_fill(const char *conninfo, uint64_t rows, uint32_t body_bytes, hr_error *e) HR_MUST_USE;
// What the server calls its version, "15.18".
hr_status real_postgres_version(const char *conninfo, char *out, size_t room, hr_error *e) HR_MUST_USE;
// Sets every row's version back to 1, as a new world assumes.
hr_status real_postgres_rewind(const char *conninfo, hr_error *e) HR_MUST_USE;
// Connects def->pool times and prepares every statement on each. `def` is lent.
hr_status real_postgres_open(real_loop *loop, const char *conninfo, const sim_database_def *def, real_postgres **out, hr_error *e) HR_MUST_USE;
void      real_postgres_close(real_postgres *pg);                  // NULL is fine
// The leaf that joins it to a world. Statements' times are added to samples[statement] when `samples` is not NULL.
sim_leaf  real_postgres_leaf(real_postgres *pg, real_samples *samples);

#endif
