// sim/study/request_log.h - the request log: one line a request, streamed while it runs; as text (CSV, also compressed) or as records.
// * A request is logged when it ends, answered or given up; in order of ending within a replication, replications in order. So the bytes do
//   not depend on the number of threads. Requests of the warm-up are there, too (measured = 0); what is still in flight when a run's drain
//   gives up is not.
// * Replications write to unnamed files beside the target, one for each that is under way; whole ones are joined in order. Memory is bounded.
// * The file gets its name when it is complete. If it cannot be written (disk full), nothing of it is left, and the run goes on without it.
//   What is no regular file (a pipe, /dev/stdout) is written to directly.
// * Columns and the layout of records: docs/request-log.md.
#ifndef SIM_STUDY_REQUEST_LOG_H
#define SIM_STUDY_REQUEST_LOG_H

#include <stdio.h>

#include "sim/scenario/model.h"

typedef struct sim_request_log sim_request_log;
typedef struct sim_request_log_part sim_request_log_part;      // of one replication

// By the name: FILE.csv, FILE.csv.gz or FILE.hrlog; a pipe or device gets CSV. HR_ENVIRONMENT when it cannot be written.
hr_status sim_request_log_open(const char *path, const sim_model *model, uint64_t seed, sim_request_log **log, hr_error *e) HR_MUST_USE;
// Whether sim_request_log_restart can take back what was written.
bool      sim_request_log_is_file(const sim_request_log *log);
// Forgets every part: the study begins anew.
void      sim_request_log_restart(sim_request_log *log);
// Adds nothing more and gives the file its name; HR_ENVIRONMENT when anything of it could not be written: then there is no file.
hr_status sim_request_log_close(sim_request_log *log, hr_error *e) HR_MUST_USE;
// Gives it up: nothing of it is left.
void      sim_request_log_drop(sim_request_log *log);

// One replication, on any thread: makes `host` log every request that ends in the world.
sim_request_log_part *sim_request_log_begin(const sim_request_log *log, uint32_t replication, sim_host *host);
// In order, on one thread: adds the part to the log (`keep`), and frees it.
void      sim_request_log_end(sim_request_log *log, sim_request_log_part *part, bool keep);

// Prints a log of records as CSV. HR_BAD_INPUT when it is none, or damaged.
hr_status sim_request_log_print(const char *path, FILE *out, hr_error *e) HR_MUST_USE;

#endif
