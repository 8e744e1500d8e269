// sim/scenario/reader.h - what model.c, handlers.c and workloads.c share while a file is read.
#ifndef SIM_READER_H
#define SIM_READER_H

#include "sim/scenario/keys.h"

typedef struct {
    sim_pool   *pool;
    sim_source *source;
    sim_model  *model;
    sim_node  **nodes;                         // of each component
    bool        failed;
} sim_reader;

// A mistake at a node.
#define SIM_FAIL(r, node, ...) ((void)SIM_WRONG((r)->source, node, __VA_ARGS__), (void)((r)->failed = true))

// The server that is meant in the live world can only be this one.
void sim_read_engine(sim_reader *r, sim_node *node, const char *where, const char *only);
// The bits of those settings of a policy that the file gives.
unsigned sim_given(sim_node *node, const sim_setting *table);
// A complaint of a policy about its settings, at the component.
void sim_complain(sim_reader *r, const sim_node *node, const char *where, const hr_error *e);
// What a service says beside its plain keys and handlers.
void sim_service_read(sim_reader *r, uint16_t id);
// What an autoscaler says of itself; which service it has, when all names are known; its timetable, when the length of the run is.
void sim_autoscaler_read(sim_reader *r, uint16_t id, bool good);
void sim_autoscalers_bind(sim_reader *r);
void sim_autoscalers_settle(sim_reader *r);
// What a database says beside its plain keys.
void sim_database_read(sim_reader *r, sim_node *node, const char *where, sim_database_def *def);
// Reads the operations of service `id` as names only, so that others can refer to them; later, their steps.
void sim_handlers_name(sim_reader *r, uint16_t id);
void sim_handlers_read(sim_reader *r, uint16_t id);
// What a workload calls and asks for, when its plain keys and all operations are known.
void sim_workload_read(sim_reader *r, uint16_t id);
// What rates amount to: it depends on the length of the run.
void sim_workloads_settle(sim_reader *r);
// Resolves "lb.read": a service or a balancer in front of one, and one of the service's operations.
bool sim_resolve_call(sim_reader *r, const sim_node *node, uint16_t *target, uint16_t *operation);
// The names of the operations behind a resolved target, in their order and ended by NULL; from the pool.
const char *const *sim_operations_of(sim_reader *r, uint16_t target);
// The component of that name; complains with a suggestion among those of `kind` (or of any kind when it is < 0).
int  sim_resolve(sim_reader *r, const sim_node *node, const char *name, int kind);
// Complains of services that call each other in a ring, and of too many behind each other. Without such, fills steps[component *
// SIM_MOST_operations + operation]: how many steps a call of the operation may run, with those of the calls that it makes.
void sim_find_cycles(sim_reader *r, double *steps);
// A name that others can refer to: letters, digits, - and _, at most SIM_MOST_name. Complains otherwise; `what` says of what it is.
bool sim_check_name(sim_reader *r, const sim_node *node, const char *what);

#endif
