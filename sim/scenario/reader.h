// sim/scenario/reader.h - what the files share that read a part of a scenario each.
#ifndef SIM_READER_H
#define SIM_READER_H

#include "sim/parts/faults.h"
#include "sim/scenario/keys.h"

typedef struct {
    sim_pool   *pool;
    sim_source *source;
    sim_model  *model;
    sim_node  **nodes;                         // of each component
    const sim_node *components;                // the section, also with those whose kind is none
    bool        failed;
} sim_reader;

// Steps that one request runs at most: more would take seconds though no simulated time may pass.
#define SIM_MOST_STEPS_RUN 1e7

// A mistake at a node.
#define SIM_FAIL(r, node, ...) ((void)SIM_WRONG((r)->source, node, __VA_ARGS__), (void)((r)->failed = true))

// The server that is meant in the live world can only be this one.
void sim_read_engine(sim_reader *r, sim_node *node, const char *where, const char *only);
// The map of plain keys that stands as `owner` at a node, whose keys are those of that owner; absent: its defaults. Whether it was read.
bool sim_map_read(sim_reader *r, sim_node *node, const char *where, const char *owner, const char *want, void *def);
// The bits of those settings of a policy that the file gives.
unsigned sim_given(sim_node *node, const sim_setting *table);
// A complaint of a policy about its settings, at the component.
void sim_complain(sim_reader *r, const sim_node *node, const char *where, const hr_error *e);
// The section `variants`; what the one that is wanted ("": none) replaces is replaced at once.
void sim_variants_read(sim_reader *r, sim_node *root, const char *wanted);
// The section `run`, before all that says when something happens.
void sim_run_read(sim_reader *r, sim_node *root);
// Complains when what happens `at` a time (the key's node, or NULL) never does: it is `none`, or the run is over by then.
void sim_at_check(sim_reader *r, const sim_node *node, const char *where, hr_time at);
// The sections of these names, when the components are read.
void sim_live_read(sim_reader *r, sim_node *root);
void sim_objectives_read(sim_reader *r, sim_node *root);
void sim_claims_read(sim_reader *r, sim_node *root);
// The instance types; the prices; which type a component runs on, and its licence: that before what else it says. machines.c
void sim_instances_read(sim_reader *r, sim_node *root);
void sim_prices_read(sim_reader *r, sim_node *root);
void sim_machine_read(sim_reader *r, uint16_t id);
// To which type a machine is moved, and when: returns the map that says it, or NULL. The same of a service, with what only that must keep to.
sim_node *sim_resize_read(sim_reader *r, sim_node *node, const char *where, const sim_machine_def *machine, sim_resize_def *resize);
void sim_service_resize_read(sim_reader *r, sim_node *node, const char *where, sim_service_def *def);
// The type that a node names, or NULL with a complaint.
const sim_instance_def *sim_instance_find(sim_reader *r, const sim_node *node, const char *where);
// What a service says beside its plain keys and handlers.
void sim_service_read(sim_reader *r, uint16_t id);
// What an autoscaler says of itself; which service it has, when all names are known; its timetable, when the length of the run is.
void sim_autoscaler_read(sim_reader *r, uint16_t id, bool good);
void sim_autoscalers_bind(sim_reader *r);
void sim_autoscalers_settle(sim_reader *r);
// The same of one that changes cores and memory: its own keys; that service `target` has it, after those that change the number. vertical.c
void sim_vertical_read(sim_reader *r, sim_node *node, const char *where, sim_scale_settings *s);
void sim_vertical_bind(sim_reader *r, uint16_t id, uint16_t target);
// What a balancer says; later, when all operations are named, what it calls by itself.
void sim_balancer_read_keys(sim_reader *r, uint16_t id);
void sim_balancer_bind(sim_reader *r, uint16_t id);
// Whether it ejects who fails, and how.
bool sim_outliers_read(sim_reader *r, sim_node *node, const char *where, sim_outlier_def *def);
// What a mesh says; later, when all operations are named, what they are in each of its services; how near these are, when regions are known.
void sim_mesh_read(sim_reader *r, uint16_t id);
void sim_mesh_bind(sim_reader *r, uint16_t id);
void sim_mesh_place(sim_reader *r, uint16_t id, const sim_network_def *network, const uint8_t *region_of);
// The CPU time of a sidecar for a call to `target`; for one that comes to `service`. NULL: none.
const sim_dist_def *sim_sidecar_cpu(const sim_model *model, uint16_t target);
const sim_dist_def *sim_sidecar_cpu_in(const sim_model *model, uint16_t service);
// Complains of more checks than can be run; `steps` as from sim_find_cycles.
void sim_checks_count(sim_reader *r, const double *steps);
// What a database says beside its plain keys.
void sim_database_read(sim_reader *r, sim_node *node, const char *where, sim_database_def *def);
// Its shards, and statements that touch several.
void sim_shards_read(sim_reader *r, sim_node *node, const char *where, sim_database_def *def);
// Reads the operations of service `id` as names only, so that others can refer to them; later, their steps.
void sim_handlers_name(sim_reader *r, uint16_t id);
void sim_handlers_read(sim_reader *r, uint16_t id);
// What the `get` step in `map` does about old values and loads, if it says so; the cache learns what it has to keep for that.
void sim_refill_read(sim_reader *r, const char *where, sim_node *map, sim_step_def *step, sim_service_def *service);
// What a `set` or `delete` step in `map` says beside its ttl.
void sim_putting_read(sim_reader *r, sim_node *map, sim_step_def *step);
// What a limiter says beside its plain keys; and, when all components are known, where its counts lie.
void sim_limiter_read(sim_reader *r, sim_node *node, const char *where, sim_limiter_def *def, bool good);
void sim_limiter_bind(sim_reader *r, uint16_t id);
// What a cache says beside its plain keys.
void sim_cache_read(sim_reader *r, sim_node *node, const char *where, sim_cache_def *def);
// The statements that cache `id` runs by itself, when all components are known and before steps are read.
void sim_cache_targets_read(sim_reader *r, uint16_t id);
// Resolves "db.by_id": a database, or what stands in front of one, and one of its statements.
bool sim_resolve_statement(sim_reader *r, const sim_node *node, uint16_t *target, uint16_t *operation);
// The section `faults`, when all components are known: it becomes one of them.
void sim_faults_read(sim_reader *r, sim_node *root);
// The section `network` becomes a component, behind all others; later, when all else is read, what it says.
void sim_network_name(sim_reader *r, sim_node *root);
void sim_network_read(sim_reader *r);
// The links that a fault names, as bool for each way [from * regions + to], and what it calls them; the network is a component that was read.
const uint8_t *sim_links_read(sim_reader *r, const sim_node *node, uint16_t network, const char *verb, const char **name);
// What a CDN keeps, when operations have names; where its edges are.
void sim_cdn_read(sim_reader *r, uint16_t id);
void sim_edges_read(sim_reader *r, uint16_t id, const sim_network_def *network);
// What a workload calls and asks for, when its plain keys and all operations are known.
void sim_workload_read(sim_reader *r, uint16_t id);
// What rates amount to: it depends on the length of the run.
void sim_workloads_settle(sim_reader *r);
// Resolves "lb.read": a service or a balancer in front of one, and one of the service's operations.
bool sim_resolve_call(sim_reader *r, const sim_node *node, uint16_t *target, uint16_t *operation);
// Resolves "broker.orders", the broker or what stands in front of it: the operation is the queue's number.
bool sim_resolve_queue(sim_reader *r, const sim_node *node, uint16_t *target, uint16_t *operation);
// The queues of broker `id`; what service `id` consumes, when all operations are named; the keys of a `publish` step.
void sim_queues_read(sim_reader *r, uint16_t id);
void sim_consumers_read(sim_reader *r, uint16_t id);
void sim_publish_read(sim_reader *r, sim_node *map, const sim_node *argument, sim_step_def *step);
// Whether a message published by that step may come to this consumer, through dead letters, too.
bool sim_publish_reaches(const sim_model *model, const sim_step_def *step, const sim_consumer_def *consumer);
// How often a consumer gets one message at most, where `delivery_limit` bounds it. Where nothing does: complains of more than can be run.
double sim_deliveries_most(const sim_model *model, const sim_consumer_def *consumer);
void sim_requeues_check(sim_reader *r);
// The names of the operations behind a resolved target, in their order and ended by NULL; from the pool.
const char *const *sim_operations_of(sim_reader *r, uint16_t target);
// The component of that name; complains with a suggestion among those of `kind` (or of any kind when it is < 0).
int  sim_resolve(sim_reader *r, const sim_node *node, const char *name, int kind);
// Complains of services that call each other in a ring, and of too many behind each other. Without such, fills steps[component *
// SIM_MOST_operations + operation]: how many steps a call of the operation may run, with those of the calls that it makes.
void sim_find_cycles(sim_reader *r, double *steps);
// Splits "name.rest"; false with a complaint when there is no dot. The component of that name when one of `kind` stands behind it, be it itself; else
// complains with a suggestion.
bool sim_split_name(sim_reader *r, const sim_node *node, char *name, size_t room, const char **rest);
int  sim_resolve_behind(sim_reader *r, const sim_node *node, const char *name, int kind);
// A name that others can refer to: letters, digits, - and _, at most SIM_MOST_name. Complains otherwise; `what` says of what it is.
bool sim_check_name(sim_reader *r, const sim_node *node, const char *what);

#endif
