// sim/replay/hpa.h - a manifest of a Kubernetes autoscaler on samples: what it would have decided, sync by sync.
// * Samples are JSON Lines, a line what the controller sees at one sync (hpa_snapshots.c), or a CSV of the total demand, which the replicas
//   that the replay itself decides share evenly (hpa_demand.c). Which of the two, the first character tells.
// * Streaming: what is kept is one line and what the autoscaler remembers.
#ifndef SIM_REPLAY_HPA_H
#define SIM_REPLAY_HPA_H

#include <jansson.h>

#include "sim/core/lines.h"
#include "sim/scenario/manifest.h"

typedef struct { const char *resource; int64_t request; } sim_replay_request;
typedef struct {                               // for a CSV
    const sim_replay_request *requests;        // of one pod
    size_t  request_count;
    int32_t replicas;                          // at the start; below 0: the manifest's minReplicas
} sim_replay_pods;

typedef struct {
    const json_t           *time;              // as it was written: a number or a string
    const sim_hpa          *hpa;
    const sim_hpa_decision *decision;
    const sim_hpa_proposal *proposals;         // one a metric
} sim_replay_sync;

// `show` is called once a sync. The first mistake in the samples ends the replay, with file and line.
hr_status sim_replay_hpa(hr_lines *samples, const sim_hpa *hpa, const sim_replay_pods *pods, void (*show)(void *to, const sim_replay_sync *sync),
                         void *to, hr_error *e) HR_MUST_USE;

// --- shared by the two forms ------------------------------------------------------------------------------------------

typedef struct {
    hr_lines        *lines;
    const sim_hpa   *hpa;
    hr_error        *e;
    void           (*show)(void *to, const sim_replay_sync *sync);
    void            *to;
    sim_hpa_memory   memory;
    hr_time          now;
    bool             begun;                    // `now` is a time
    // What the next sync sees.
    sim_hpa_pod     *pods;
    uint8_t         *group;
    sim_hpa_reading *readings;                 // pod_room of each metric
    uint32_t         pod_count, pod_room;
    int64_t        **values;                   // of each metric, value_room
    uint32_t        *value_room;
    sim_hpa_input   *inputs;
    sim_hpa_proposal *proposals;
} sim_hpa_replay;

void      sim_hpa_replay_room(sim_hpa_replay *r, uint32_t pods);           // for so many; what is there may be lost
void      sim_hpa_replay_value(sim_hpa_replay *r, uint32_t metric, int64_t value);   // one more
// Seconds, or text such as 2026-01-01T00:00:00Z, between 1900 and 2040. False: it is neither.
bool      sim_hpa_replay_instant(const json_t *v, hr_time *at);
// The time of a line: such an instant, and not before that of the line before.
hr_status sim_hpa_replay_time(sim_hpa_replay *r, const json_t *time) HR_MUST_USE;
sim_hpa_decision sim_hpa_replay_sync(sim_hpa_replay *r, const json_t *time, int32_t replicas, int32_t status);
hr_status sim_hpa_replay_snapshots(sim_hpa_replay *r, char *line) HR_MUST_USE;
hr_status sim_hpa_replay_demand(sim_hpa_replay *r, char *line, const sim_replay_pods *pods) HR_MUST_USE;

#endif
