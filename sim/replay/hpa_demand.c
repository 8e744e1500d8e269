// sim/replay/hpa_demand.c - samples as a CSV of the total demand: a dry run of a manifest.
//   time,cpu,memory,qps
//   0,1.25,2.5Gi,120
// * A row is a sync. The replicas that the replay has decided so far share each total evenly, rounded down to thousandths; all of them
//   are ready. Object and External metrics take the total itself. An empty cell or NaN: the metric is missing at this sync.
// * Every metric of the manifest needs a column of its name; other columns are passed over.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/replay/hpa.h"
#include "sim/scenario/quantity.h"

enum { MOST_COLUMNS = 256, MOST_REPLICAS = 1000000 };

static const int64_t *request_for(const sim_replay_pods *pods, const char *name)
{
    for (size_t i = 0; i < pods->request_count; i++)
        if (strcmp(pods->requests[i].resource, name) == 0)
            return &pods->requests[i].request;
    return NULL;
}

static hr_status read_header(sim_hpa_replay *r, char *line, const sim_replay_pods *pods, size_t *of_metric, size_t *columns)
{
    char *cells[MOST_COLUMNS];
    size_t n;
    if (!hr_fields(line, cells, MOST_COLUMNS, &n) || n < 2 || strcmp(cells[0], "time") != 0)
        return hr_lines_fail(r->lines, r->e, "want JSON Lines, or a CSV whose first line begins with time, followed by at most %d columns",
                             MOST_COLUMNS - 1);
    for (uint32_t m = 0; m < r->hpa->metric_count; m++) {
        const sim_hpa_metric *metric = &r->hpa->metrics[m];
        size_t c = 1;
        while (c < n && strcmp(cells[c], metric->name) != 0)
            c++;
        if (c == n)
            return hr_lines_fail(r->lines, r->e, "no column '%s', which the manifest scales by", metric->name);
        if (metric->kind == SIM_HPA_UTILISATION && !request_for(pods, metric->name))
            return hr_fail(r->e, HR_BAD_INPUT, "the manifest scales by the share of the %s request: say it, such as --request %s=%s", metric->name,
                           metric->name, strcmp(metric->name, "memory") == 0 ? "1Gi" : "500m");
        of_metric[m] = c;
    }
    *columns = n;
    return HR_OK;
}

// The pods share `total`; or the metric is missing.
static void share(sim_hpa_replay *r, uint32_t m, const int64_t *request, bool known, int64_t total)
{
    const sim_hpa_metric *metric = &r->hpa->metrics[m];
    sim_hpa_reading reading = {.has_value = known, .has_request = request, .request = request ? *request : 0, .sampled = r->now,
                               .value = r->pod_count ? total / r->pod_count : 0};
    if (known && (metric->source == SIM_HPA_OBJECT || metric->source == SIM_HPA_EXTERNAL))
        sim_hpa_replay_value(r, m, total);
    for (uint32_t p = 0; p < r->pod_count; p++)
        r->readings[(size_t)m * r->pod_room + p] = reading;
}

static bool is_empty(const char *cell)
{
    return !*cell || strcasecmp(cell, "nan") == 0;
}

static hr_status read_row(sim_hpa_replay *r, char **cells, const size_t *of_metric, const sim_replay_pods *pods, int32_t replicas)
{
    sim_hpa_replay_room(r, (uint32_t)replicas);
    for (uint32_t p = 0; p < r->pod_count; p++)
        r->pods[p] = (sim_hpa_pod){.phase = SIM_HPA_RUNNING, .ready = SIM_HPA_READY, .has_start = true, .started = SIM_HPA_NEVER,
                                   .transition = SIM_HPA_NEVER};
    for (uint32_t m = 0; m < r->hpa->metric_count; m++) {
        const char *name = r->hpa->metrics[m].name, *cell = cells[of_metric[m]];
        int64_t total = 0;
        if (!is_empty(cell) && (!sim_read_quantity(cell, &total) || total < 0))
            return hr_lines_fail(r->lines, r->e, "%s = '%s': want a quantity such as 1.25, 500m or 2Gi, not negative", name, cell);
        share(r, m, request_for(pods, name), !is_empty(cell), total);
    }
    return HR_OK;
}

// A time that is a number stays one.
static json_t *time_of(const char *cell)
{
    char *end;
    long long whole = strtoll(cell, &end, 10);
    if (*cell && !*end)
        return json_integer(whole);
    double real = strtod(cell, &end);
    return *cell && !*end && real > -1e15 && real < 1e15 ? json_real(real) : json_string(cell);
}

static hr_status run_rows(sim_hpa_replay *r, size_t columns, const size_t *of_metric, const sim_replay_pods *pods)
{
    int32_t replicas = pods->replicas >= 0 ? pods->replicas : r->hpa->min;
    char *cells[MOST_COLUMNS];
    for (char *line; (line = hr_lines_next(r->lines, NULL)) != NULL;) {
        if (!line[strspn(line, " \t")])
            continue;
        size_t n;
        if (!hr_fields(line, cells, MOST_COLUMNS, &n) || n != columns)
            return hr_lines_fail(r->lines, r->e, "%zu cells, but the first line has %zu", n, columns);
        if (replicas > MOST_REPLICAS)
            return hr_lines_fail(r->lines, r->e, "%d replicas: a replay keeps at most %d", replicas, MOST_REPLICAS);
        json_t *time = time_of(cells[0]);
        hr_status status = time ? sim_hpa_replay_time(r, time) : hr_lines_fail(r->lines, r->e, "time: not UTF-8");
        if (!status)
            status = read_row(r, cells, of_metric, pods, replicas);
        if (!status) {
            sim_hpa_decision d = sim_hpa_replay_sync(r, time, replicas, replicas);
            sim_hpa_scaled(r->hpa, &r->memory, d.current, d.desired, r->now);
            replicas = d.desired;
        }
        json_decref(time);
        if (status)
            return status;
    }
    return HR_OK;
}

hr_status sim_hpa_replay_demand(sim_hpa_replay *r, char *line, const sim_replay_pods *pods)
{
    size_t *of_metric = hr_alloc(r->hpa->metric_count * sizeof *of_metric), columns = 0;
    hr_status status = read_header(r, line, pods, of_metric, &columns);
    if (!status)
        status = run_rows(r, columns, of_metric, pods);
    free(of_metric);
    return status;
}
