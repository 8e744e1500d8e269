// sim/scenario/handlers.h - what the files share that compile the steps of a handler: handlers.c, transactions.c.
#ifndef SIM_HANDLERS_H
#define SIM_HANDLERS_H

#include "sim/scenario/reader.h"

typedef struct {
    sim_reader   *reader;
    sim_service_def *service;
    sim_step_def  steps[SIM_MOST_steps + 2];
    uint16_t      count;
    double        rounds;                      // how often what is read now is run at most
    bool          inside;                      // a transaction, the next four
    bool          ascending, repeats;          // its `order`; what is read now is in a `repeat` of it
    uint16_t      database, statements;        // of its statements, SIM_LOCAL: there is none yet; how many these are
    const char   *where;
} sim_compiler;

// Compiles the steps of a list behind those that are there.
void sim_steps_read(sim_compiler *c, sim_node *list);

// --- transactions.c ---
// The statement of a `query` step and its row; in a transaction it becomes one of its statements.
void sim_statement_read(sim_compiler *c, sim_node *map, const sim_node *argument, sim_step_def *step);
// The steps of the `transaction` at `place`, and their order.
void sim_transaction_read(sim_compiler *c, sim_node *map, sim_node *list, uint16_t place);
// Complains of what a transaction can't have in it.
void sim_transaction_check(sim_compiler *c, const sim_node *map, const sim_step_def *step);

#endif
