// sim/parts/cdn.h - a content delivery network: caches at the edge of several regions, and what a scenario says of them.
#ifndef SIM_CDN_H
#define SIM_CDN_H

#include "sim/parts/network.h"

typedef struct {
    uint16_t target;                           // where an edge fetches: the origin, or another CDN (a shield)
    uint32_t regions;                          // of the network; 1 without one
    uint32_t edges;                            // a bit a region that has one
    uint8_t  kept[SIM_UPLOAD_BYTES];           // a bit an operation whose answers it keeps; others pass
    uint32_t entries, eviction;                // of each edge, as a cache's
    uint64_t memory_bytes;
    hr_time  ttl, stale, spare;                // kept fresh so long (HR_FOREVER: always); served so long after, while a new one is fetched; when fetching fails
    sim_dist_def demand;                       // of an edge for a request; it has room for all
} sim_cdn_def;

sim_station_view sim_cdn_look(const sim_world *w, sim_component_id id);        // hits, misses and loads of all edges; `saved`: answers of an old value
typedef struct { uint64_t hits, misses; uint32_t entries; } sim_edge_view;
sim_edge_view sim_edge_look(const sim_world *w, sim_component_id id, uint32_t region);

#endif
