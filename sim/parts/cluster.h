// sim/parts/cluster.h - nodes that replicas need room on: without room a replica is pending, and the cluster starts a node.
// * A replica takes as many cores and as much memory as it has; of the nodes with room it gets the one with the most cores free (Kubernetes' LeastAllocated).
// * Nodes are started for the replicas that do not fit on those that are there or come, one for as many as fit on it; up to `most_nodes`.
// * A node that has been empty for `node_idle` goes, but `nodes` stay.
#ifndef SIM_CLUSTER_H
#define SIM_CLUSTER_H

#include "sim/parts/lives.h"

// Takes room for a replica. Returns its node, from 1; 0: there is none now.
uint32_t sim_cluster_take(sim_world *w, sim_component_id id, double cores, double bytes);
void     sim_cluster_give(sim_world *w, sim_component_id id, uint32_t node, double cores, double bytes);
// A replica on a node takes so much more, or less. False: there is no room for that.
bool     sim_cluster_change(sim_world *w, sim_component_id id, uint32_t node, double cores, double bytes);
// Some replicas are pending: starts the nodes that they need.
void     sim_cluster_grow(sim_world *w, sim_component_id id);
// Some room has become free: pending replicas may have it.
void     sim_cluster_offer(sim_world *w, sim_component_id id);

#endif
