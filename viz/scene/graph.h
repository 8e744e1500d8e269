// viz/scene/graph.h - who calls whom in a model: the nodes and pipes of the picture.
// * A node is what gets a card of its own: a workload, a balancer, a cache, a database, or one replica of a service.
// * A link joins two components; a pipe is one pair of nodes of a link. Pipes of a link lie together, by caller, then callee.
// * Columns run from left to right in call order: a component stands behind the last of those that call it.
#ifndef VIZ_GRAPH_H
#define VIZ_GRAPH_H

#include "sim/scenario/model.h"

enum { VIZ_NO_LINK = UINT16_MAX };

typedef struct {
    const char *name;                          // lent from the model
    uint16_t    kind;                          // SIM_PART_…
    uint32_t    first_node, replicas;          // replicas: 1 for all but services
    uint32_t    column;                        // 0: nobody calls it
    bool        is_used;                       // it is a workload, or a workload's requests can reach it
    bool        writes;                        // workload: its operation runs a statement that writes, however deep
} viz_part;

typedef struct {
    uint16_t from, to;                         // components
    uint32_t first_pipe;
} viz_link;

typedef struct viz_graph {
    const sim_model *model;
    viz_part *parts;                           // by component number
    uint16_t  part_count, link_count;
    uint32_t  node_count, pipe_count, column_count;
    viz_link *links;
    uint16_t *link_of;                         // [from * part_count + to], VIZ_NO_LINK where nobody calls
    uint16_t *part_of;                         // component of a node
} viz_graph;

// It works on nothing itself: a workload, what only passes calls on (a balancer, limiter or breaker), an autoscaler, or a cluster.
bool       viz_part_is_plain(const viz_part *part);
// The model must outlive the graph.
viz_graph *viz_graph_make(const sim_model *model);
void       viz_graph_free(viz_graph *graph);
// The pipe between two nodes, or UINT32_MAX.
uint32_t   viz_graph_pipe(const viz_graph *graph, uint32_t from_node, uint32_t to_node);

#endif
