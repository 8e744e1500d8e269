// sim/replay/hpa.c - what both forms of samples share: times, memory, the sync itself.
#include "sim/replay/hpa.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/instant.h"

void sim_hpa_replay_room(sim_hpa_replay *r, uint32_t pods)
{
    uint32_t metrics = r->hpa->metric_count;
    if (pods > r->pod_room || !r->pods) {
        r->pod_room = pods * 2 + 16;
        r->pods = hr_realloc(r->pods, r->pod_room * sizeof *r->pods);
        r->group = hr_realloc(r->group, r->pod_room);
        r->readings = hr_realloc(r->readings, (size_t)metrics * r->pod_room * sizeof *r->readings);
    }
    r->pod_count = pods;
    for (uint32_t m = 0; m < metrics; m++)
        r->inputs[m] = (sim_hpa_input){.readings = r->readings + (size_t)m * r->pod_room, .values = r->values[m]};
}

void sim_hpa_replay_value(sim_hpa_replay *r, uint32_t metric, int64_t value)
{
    sim_hpa_input *in = &r->inputs[metric];
    if (in->value_count == r->value_room[metric]) {
        r->value_room[metric] = r->value_room[metric] * 2 + 8;
        r->values[metric] = hr_realloc(r->values[metric], r->value_room[metric] * sizeof(int64_t));
        in->values = r->values[metric];
    }
    r->values[metric][in->value_count++] = value;
}

bool sim_hpa_replay_instant(const json_t *v, hr_time *at)
{
    int64_t seconds = 0;
    int32_t nanoseconds = 0;
    const int64_t most = INT64_MAX / 4 / HR_SEC;               // 73 years each way from 1970, so that no difference overflows
    if (json_is_string(v) && !sim_read_instant(json_string_value(v), &seconds, &nanoseconds))
        return false;
    if (json_is_integer(v))
        seconds = json_integer_value(v);
    if (json_is_real(v)) {
        if (fabs(json_real_value(v)) > (double)most)
            return false;
        seconds = (int64_t)floor(json_real_value(v));
        nanoseconds = (int32_t)lround((json_real_value(v) - (double)seconds) * 1e9);
    }
    if (!(json_is_string(v) || json_is_number(v)) || seconds < -most || seconds >= most)
        return false;
    *at = seconds * HR_SEC + nanoseconds;
    return true;
}

hr_status sim_hpa_replay_time(sim_hpa_replay *r, const json_t *time)
{
    hr_time now;
    if (!sim_hpa_replay_instant(time, &now))
        return hr_lines_fail(r->lines, r->e, "time: want seconds, or an instant such as 2026-01-01T00:00:00Z, between 1900 and 2040");
    if (r->begun && now < r->now)
        return hr_lines_fail(r->lines, r->e, "time goes back: the line before is later");
    r->now = now;
    r->begun = true;
    return HR_OK;
}

sim_hpa_decision sim_hpa_replay_sync(sim_hpa_replay *r, const json_t *time, int32_t replicas, int32_t status)
{
    sim_hpa_snapshot s = {.now = r->now, .replicas = replicas, .status = status, .pods = r->pods, .pod_count = r->pod_count, .inputs = r->inputs,
                          .group = r->group};
    sim_hpa_memory_reserve(&r->memory);
    sim_hpa_decision d = sim_hpa_sync(r->hpa, &r->memory, &s, r->proposals);
    r->show(r->to, &(sim_replay_sync){.time = time, .hpa = r->hpa, .decision = &d, .proposals = r->proposals});
    return d;
}

static hr_status run(sim_hpa_replay *r, const sim_replay_pods *pods)
{
    char *line;
    do
        line = hr_lines_next(r->lines, NULL);
    while (line && !line[strspn(line, " \t")]);
    hr_status status = HR_OK;
    if (line && line[strspn(line, " \t")] == '{')
        status = sim_hpa_replay_snapshots(r, line);
    else if (line)
        status = sim_hpa_replay_demand(r, line, pods);
    if (status)
        return status;
    status = hr_lines_status(r->lines, r->e);
    return status || line ? status : hr_lines_fail(r->lines, r->e, "no samples: want JSON Lines, or a CSV that begins with time,cpu,…");
}

hr_status sim_replay_hpa(hr_lines *samples, const sim_hpa *hpa, const sim_replay_pods *pods, void (*show)(void *to, const sim_replay_sync *sync),
                         void *to, hr_error *e)
{
    uint32_t n = hpa->metric_count;
    sim_hpa_replay r = {.lines = samples, .hpa = hpa, .e = e, .show = show, .to = to, .values = hr_alloc(n * sizeof *r.values),
                        .value_room = hr_alloc(n * sizeof *r.value_room), .inputs = hr_alloc(n * sizeof *r.inputs),
                        .proposals = hr_alloc(n * sizeof *r.proposals)};
    hr_status status = run(&r, pods);
    for (uint32_t m = 0; m < n; m++)
        free(r.values[m]);
    free(r.values);
    free(r.value_room);
    free(r.inputs);
    free(r.proposals);
    free(r.pods);
    free(r.group);
    free(r.readings);
    sim_hpa_memory_free(&r.memory);
    return status;
}
