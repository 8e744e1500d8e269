// cli/replay_hpa.c - `replay hpa`: what the manifest of a Kubernetes autoscaler would have decided on the user's own samples.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/replay.h"
#include "sim/replay/hpa.h"
#include "sim/scenario/quantity.h"

enum { MOST_REQUESTS = 16 };

typedef struct { bool colour, begun; } table;

// Percent as a number, a quantity as text in thousandths ("12000m"), as Kubernetes' own status has it.
static json_t *value_of(const sim_hpa_metric *m, const sim_hpa_proposal *p)
{
    if (p->error)
        return json_null();
    return m->kind == SIM_HPA_UTILISATION ? json_integer(p->value) : json_sprintf("%lldm", (long long)p->value);
}

static void print_json(void *to, const sim_replay_sync *s)
{
    (void)to;
    char rule[64];
    const sim_hpa_decision *d = s->decision;
    json_t *metrics = json_array();
    for (uint32_t i = 0; i < s->hpa->metric_count; i++) {
        const sim_hpa_proposal *p = &s->proposals[i];
        json_t *row = json_pack("{s:s,s:o,s:o}", "name", s->hpa->metrics[i].name, "value", value_of(&s->hpa->metrics[i], p), "desired",
                                p->error ? json_null() : json_integer(p->replicas));
        json_object_set_new(row, p->error ? "error" : "rule", json_string(p->error ? p->error : sim_hpa_rule_words[p->rule]));
        json_array_append_new(metrics, row);
    }
    json_t *line = json_pack("{s:O,s:i,s:i,s:o,s:s,s:{s:s,s:s,s:s}}", "time", s->time, "current", d->current, "desired", d->desired, "metrics",
                             metrics, "rule", sim_hpa_rule_text(d, rule, sizeof rule), "conditions", "AbleToScale", d->able, "ScalingActive",
                             d->active, "ScalingLimited", d->limited);
    char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(15));
    puts(text);
    free(text);
    json_decref(line);
}

static void print_metric(const sim_hpa_metric *m, const sim_hpa_proposal *p)
{
    if (p->error)
        printf("  %s: %s", m->name, p->error);
    else if (m->kind == SIM_HPA_UTILISATION)
        printf("  %s %lld %% of %lld %% → %d", m->name, (long long)p->value, (long long)m->target, p->replicas);
    else
        printf("  %s %.10g of %.10g → %d", m->name, (double)p->value / 1000, (double)m->target / 1000, p->replicas);
}

static void print_row(void *to, const sim_replay_sync *s)
{
    table *t = to;
    char rule[64];
    const sim_hpa_decision *d = s->decision;
    char *time = json_is_string(s->time) ? hr_strdup(json_string_value(s->time)) : json_dumps(s->time, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    if (!t->begun)
        printf("%-20s %7s %7s  %-28s  %s\n", "time", "current", "desired", "rule", "metrics");
    t->begun = true;
    bool bold = t->colour && d->desired != d->current;
    printf("%s%-20s %7d %7d%s  %-28s", bold ? "\033[1m" : "", time, d->current, d->desired, bold ? "\033[0m" : "",
           sim_hpa_rule_text(d, rule, sizeof rule));
    for (uint32_t i = 0; i < s->hpa->metric_count; i++)
        print_metric(&s->hpa->metrics[i], &s->proposals[i]);
    printf("\n");
    free(time);
}

// "cpu=500m,memory=1Gi", cut up in place.
static hr_status read_requests(char *text, sim_replay_request *requests, size_t *count, hr_error *e)
{
    char *rest = NULL;
    for (char *part = strtok_r(text, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(part, '=');
        int64_t milli = 0;
        if (equals)
            *equals = 0;
        if (!equals || !*part || !sim_read_quantity(equals + 1, &milli) || milli <= 0)
            return hr_fail(e, HR_BAD_INPUT, "--request: '%s' is no resource and quantity such as cpu=500m or memory=1Gi", part);
        if (*count == MOST_REQUESTS)
            return hr_fail(e, HR_BAD_INPUT, "--request: at most %d resources", MOST_REQUESTS);
        requests[(*count)++] = (sim_replay_request){part, milli};
    }
    return HR_OK;
}

typedef struct {
    const char *manifest, *samples, *name, *requests, *tolerance;
    uint64_t    replicas;                      // UINT64_MAX: not said
    sim_hpa_controller controller;
    bool        json;
} wish;

static hr_status replay(const wish *w, hr_error *e)
{
    sim_replay_request requests[MOST_REQUESTS];
    sim_replay_pods pods = {.requests = requests, .replicas = w->replicas == UINT64_MAX ? -1 : (int32_t)w->replicas};
    table t = {.colour = cli_has_colour(STDOUT_FILENO)};
    char *request_text = w->requests ? hr_strdup(w->requests) : NULL;
    sim_manifest *manifest = NULL;
    hr_lines *samples = NULL;
    hr_status status = request_text ? read_requests(request_text, requests, &pods.request_count, e) : HR_OK;
    if (!status)
        status = sim_manifest_read(w->manifest, w->name, &w->controller, &manifest, e);
    if (!status)
        status = hr_lines_open(w->samples, &samples, e);
    if (!status)
        status = sim_replay_hpa(samples, &manifest->hpa, &pods, w->json ? print_json : print_row, &t, e);
    hr_lines_close(samples);
    sim_manifest_free(manifest);
    free(request_text);
    return status;
}

hr_status cli_replay_hpa(int argc, char **argv)
{
    wish w = {.replicas = UINT64_MAX, .controller = sim_hpa_controller_default()};
    const cli_option options[] = {
        {"request", CLI_TEXT, &w.requests, "cpu=500m,…", "CSV: what one pod requests"},
        {"replicas", CLI_COUNT, &w.replicas, "N", "CSV: replicas at the start (default: minReplicas)"},
        {"name", CLI_TEXT, &w.name, "NAME", "which autoscaler, if the file holds several"},
        {"tolerance", CLI_TEXT, &w.tolerance, "0.1", "of the controller"},
        {"cpu-initialization-period", CLI_SECONDS, &w.controller.cpu_initialisation, "5min", "of the controller"},
        {"initial-readiness-delay", CLI_SECONDS, &w.controller.readiness_delay, "30s", "of the controller"},
        {"downscale-stabilization", CLI_SECONDS, &w.controller.downscale_window, "5min", "of the controller"},
        {"json", CLI_FLAG, &w.json, NULL, "one object a sync"},
        {0}};
    const cli_usage usage = {
        "replay hpa MANIFEST SAMPLES [options]",
        "Decides what a HorizontalPodAutoscaler (autoscaling/v2) would have, sync by sync. SAMPLES (plain or gzip, - for standard input) is\n"
        "JSON Lines, a line what the controller sees at one sync, or a CSV of the total demand: time,cpu,memory,NAME… (docs/replay.md).",
        "headroom replay hpa hpa.yaml demand.csv --request cpu=500m --replicas 3", options, 2, 2};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    hr_error e = {0};
    w.manifest = argv[1];
    w.samples = argv[2];
    if (w.replicas != UINT64_MAX && w.replicas > INT32_MAX)
        hr_fail(&e, HR_BAD_INPUT, "--replicas: at most %d", INT32_MAX);
    if (w.tolerance && (!sim_read_quantity_real(w.tolerance, &w.controller.tolerance) || w.controller.tolerance < 0))
        hr_fail(&e, HR_BAD_INPUT, "--tolerance: want a number such as 0.1, not below 0");
    return e.status || replay(&w, &e) ? cli_complain(&e) : HR_OK;
}
