// viz/scene/graphs.c - the charts at the bottom: throughput, latency, waiting, utilisation, hit ratio; all on one axis of run time.
// * Every point is a value of the recorder's grid. The window is the newest 600 grid steps, or the whole run where it is shorter.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "viz/scene/paint.h"

enum { STEPS = 600, LINES = 3, GRAPHS = 5, NARROWEST = 288 };

typedef struct {                               // one chart in the making
    viz_chart chart;
    viz_line  line[LINES];
    double    y[LINES][STEPS + 1];
    char      now[LINES][32];
} graph;

typedef struct {                               // what all charts share
    const viz_scene *s;
    uint32_t first, count;                     // of the recorder's samples
    double   x[STEPS + 1], from, to;
} window;

static void make_window(window *w, const viz_scene *s)
{
    const sim_series *series = &s->world->series;
    double step_s = (double)series->step * 1e-9, span = fmin((double)viz_player_end(s->player) * 1e-9, STEPS * step_s);
    *w = (window){.s = s, .first = series->count > STEPS ? series->count - STEPS : 0};
    w->count = series->count - w->first;
    for (uint32_t i = 0; i < w->count; i++)
        w->x[i] = (w->first + i + 1) * step_s;
    w->to = fmax(span, series->count * step_s);
    w->from = w->to - span;
}

// Adds a line that sums a gauge over the components that have it and, with `only` >= 0, are that one.
static void add_line(graph *g, const window *w, const char *name, const char *gauge, int only, double factor, int look, const char *unit,
                     int decimals)
{
    const viz_scene *s = w->s;
    size_t k = g->chart.line_count++;
    double *y = g->y[k];
    for (uint32_t i = 0; i < w->count; i++)
        y[i] = NAN;
    for (uint16_t part = 0; part < s->graph->part_count; part++) {
        if (only >= 0 && part != only)
            continue;
        uint32_t position = viz_gauge(s->graph, s->world, part, gauge);
        for (uint32_t i = 0; i < w->count; i++) {
            double value = (double)sim_series_value(s->world, position, w->first + i) * factor;
            if (isfinite(value))
                y[i] = isfinite(y[i]) ? y[i] + value : value;
        }
    }
    char number[32];
    if (w->count && isfinite(y[w->count - 1]))
        snprintf(g->now[k], sizeof g->now[k], "%s%s", viz_number(y[w->count - 1], decimals, number, sizeof number), unit);
    g->line[k] = (viz_line){.name = name, .now = g->now[k][0] ? g->now[k] : NULL, .x = w->x, .y = y, .count = w->count, .look = look};
}

static void throughput(graph *g, const window *w)
{
    g->chart.title = "Throughput";
    g->chart.unit = "requests/s";
    add_line(g, w, "good", "good_per_s", -1, 1, 0, "", 0);
    add_line(g, w, "offered", "offered_per_s", -1, 1, 4, "", 0);
    add_line(g, w, "late or failed", "bad_per_s", -1, 1, 6, "", 0);
}

static uint16_t busiest_workload(const viz_graph *g)
{
    uint16_t best = 0;
    double most = -1;
    for (uint16_t i = 0; i < g->part_count; i++)
        if (g->parts[i].kind == SIM_PART_workload) {
            double rate = ((const sim_workload_def *)g->model->components[i].def)->rate_per_s;
            if (rate > most) {
                most = rate;
                best = i;
            }
        }
    return best;
}

// Response times have no value before the first hundred requests: the recorder's 0 then means "not yet".
static void hide_zeros(graph *g, size_t line)
{
    viz_line *l = &g->line[line];
    for (size_t i = 0; i < l->count; i++)
        if (g->y[line][i] == 0)
            g->y[line][i] = NAN;
    if (l->count && isnan(g->y[line][l->count - 1]))
        l->now = NULL;
}

static void latency(graph *g, const window *w)
{
    static const char *const objective_words[] = {"p99", "p95", "p50"};
    const sim_model *model = w->s->graph->model;
    uint16_t workload = busiest_workload(w->s->graph);
    g->chart.title = "Latency";
    g->chart.unit = "ms";
    add_line(g, w, "p50", "p50_ms", workload, 1, 0, "", 1);
    add_line(g, w, "p99", "p99_ms", workload, 1, 3, "", 1);
    hide_zeros(g, 0);
    hide_zeros(g, 1);
    for (size_t i = 0; i < HR_COUNT(objective_words) && !g->chart.limit_word; i++) {
        const char *text;
        double limit = viz_objective(model, objective_words[i], &text) * 1e3;
        if (!isfinite(limit))
            continue;
        snprintf(g->now[2], sizeof g->now[2], "objective %s", text);
        g->chart.limit_word = g->now[2];
        g->chart.limit = limit;
    }
}

static void waiting(graph *g, const window *w)
{
    g->chart.title = "Waiting";
    g->chart.unit = "calls in queues";
    add_line(g, w, "all queues", "queue", -1, 1, 0, "", 1);
}

static void utilisation(graph *g, const window *w)
{
    const viz_graph *graph_of = w->s->graph;
    g->chart.title = "Utilisation";
    g->chart.unit = "%";
    g->chart.y = (viz_axis){.from = 0, .to = 100};
    for (uint16_t i = graph_of->part_count; i-- > 0 && g->chart.line_count < LINES;) // what stands last is what the others wait for
        if (graph_of->parts[i].is_used && graph_of->parts[i].kind != SIM_PART_workload && graph_of->parts[i].kind != SIM_PART_balancer)
            add_line(g, w, graph_of->parts[i].name, "utilisation", i, 100, (int)g->chart.line_count, " %", 0);
}

static void hits(graph *g, const window *w)
{
    const viz_graph *graph_of = w->s->graph;
    g->chart.title = "Cache hits";
    g->chart.unit = "% of look-ups";
    g->chart.y = (viz_axis){.from = 0, .to = 100};
    for (uint16_t i = 0; i < graph_of->part_count && g->chart.line_count < LINES; i++)
        if (graph_of->parts[i].is_used && graph_of->parts[i].kind == SIM_PART_cache)
            add_line(g, w, graph_of->parts[i].name, "hit_ratio", i, 100, (int)g->chart.line_count, " %", 0);
}

void viz_graphs_draw(viz_pen *pen, const viz_scene *s)
{
    static void (*const makers[GRAPHS])(graph *g, const window *w) = {throughput, latency, waiting, utilisation, hits};
    window *w = hr_alloc(sizeof *w);
    graph *graphs = hr_alloc(GRAPHS * sizeof *graphs);
    make_window(w, s);
    viz_rect row = s->layout->charts;
    int fit = (int)fmax(1, floor((row.width + 12) / NARROWEST)), count = 0;
    for (int i = 0; i < GRAPHS && count < fit; i++) {
        makers[i](&graphs[count], w);
        count += graphs[count].chart.line_count > 0;
    }
    double width = (row.width - 12 * (count - 1)) / count;
    for (int i = 0; i < count; i++) {
        viz_chart *c = &graphs[i].chart;
        c->x = (viz_axis){.kind = VIZ_CLOCK, .from = w->from, .to = w->to};
        c->lines = graphs[i].line;
        viz_chart_draw(pen, (viz_rect){row.x + i * (width + 12), row.y, width, row.height}, c);
    }
    free(graphs);
    free(w);
}
