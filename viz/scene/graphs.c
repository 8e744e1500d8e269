// viz/scene/graphs.c - the charts at the bottom: throughput, latency, waiting, utilisation, hit ratio; all on one axis of run time.
// * Rates, queues and utilisation are means over the last ten grid steps (1 s on the usual grid); quantiles and hit ratios are the
//   recorder's own. The window is the newest 600 grid steps, or the whole run where it is shorter; every fourth step is a point.
// * What was broken in the window stands behind all of them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/parts/faults.h"
#include "viz/scene/paint.h"

enum { STEPS = 600, STRIDE = 4, MEAN_OF = 10, LINES = 3, GRAPHS = 5, BANDS = 64, NARROWEST = 288, POINTS = STEPS / STRIDE + 2 };

typedef struct {                               // one chart in the making
    viz_chart chart;
    viz_line  line[LINES];
    double    y[LINES][POINTS];
    char      now[LINES][32], title[64];
} graph;

typedef struct {                               // a line to be made
    const char *name, *gauge;
    int         part;                          // the component that has it; -1: the sum over all that have it
    double      factor;
    int         look, decimals;                // decimals < 0: no number in the title row
    const char *unit;
    int         mean_of;                       // grid steps
} wish;

typedef struct {                               // what all charts share
    const viz_scene *s;
    uint32_t index[POINTS], count;             // the recorder's samples that are points
    double   x[POINTS], from, to;
    viz_band band[BANDS];                      // faults; those that begin first
    uint32_t bands;
} window;

static void make_window(window *w, const viz_scene *s)
{
    const sim_series *series = &s->world->series;
    double step_s = (double)series->step * 1e-9, span = fmin((double)viz_player_end(s->player) * 1e-9, STEPS * step_s);
    *w = (window){.s = s};
    for (uint32_t i = series->count > STEPS ? series->count - STEPS : 0; i < series->count; i++)
        if (i % STRIDE == 0 || i + 1 == series->count) {           // the same ones whenever it is drawn: lines do not shimmer
            w->index[w->count] = i;
            w->x[w->count++] = (i + 1) * step_s;
        }
    w->to = fmax(span, series->count * step_s);
    w->from = w->to - span;
}

static void find_faults(window *w)
{
    const sim_model *model = w->s->graph->model;
    int id = sim_model_find(model, "faults");
    sim_fault_run run;
    for (uint32_t i = 0; id >= 0 && w->bands < BANDS && sim_faults_look(w->s->world, (sim_component_id)id, i, &run); i++) {
        double to = run.to == HR_FOREVER ? (double)w->s->world->now * 1e-9 : (double)run.to * 1e-9;
        if (to >= w->from)
            w->band[w->bands++] = (viz_band){(double)run.from * 1e-9, to, sim_fault_name(model, sim_fault_def_of(model, &run), run.replica, run.shard)};
    }
}

// Mean of a gauge over the `mean_of` samples up to `index`, or over as many as there are.
static double gauge_mean(const sim_world *w, uint32_t gauge, uint32_t index, int mean_of)
{
    double sum = 0;
    uint32_t n = index + 1 < (uint32_t)mean_of ? index + 1 : (uint32_t)mean_of;
    for (uint32_t i = 0; i < n; i++)
        sum += (double)sim_series_value(w, gauge, index - i);
    return sum / n;
}

static void add_line(graph *g, const window *w, const wish *want)
{
    const viz_scene *s = w->s;
    size_t k = g->chart.line_count++;
    double *y = g->y[k];
    for (uint32_t i = 0; i < w->count; i++)
        y[i] = 0;
    for (uint16_t part = 0; part < s->graph->part_count; part++) {
        uint32_t gauge = viz_gauge(s->graph, s->world, part, want->gauge);
        if (gauge == UINT32_MAX || (want->part >= 0 && part != want->part))
            continue;
        for (uint32_t i = 0; i < w->count; i++)
            y[i] += gauge_mean(s->world, gauge, w->index[i], want->mean_of) * want->factor;
    }
    char number[32];
    bool has_now = w->count && want->decimals >= 0;
    if (has_now)
        snprintf(g->now[k], sizeof g->now[k], "%s%s", viz_number(y[w->count - 1], want->decimals, number, sizeof number), want->unit);
    g->line[k] = (viz_line){.name = want->name, .now = has_now ? g->now[k] : NULL, .x = w->x, .y = y, .count = w->count, .look = want->look};
}

static void throughput(graph *g, const window *w)
{
    g->chart.title = "Throughput";
    g->chart.unit = "/s";
    add_line(g, w, &(wish){"good", "good_per_s", -1, 1, 0, 0, "", MEAN_OF});
    add_line(g, w, &(wish){"load", "offered_per_s", -1, 1, 4, -1, "", MEAN_OF});
    add_line(g, w, &(wish){"bad", "bad_per_s", -1, 1, 6, 0, "", MEAN_OF});
}

static uint16_t busiest_workload(const viz_graph *g)
{
    uint16_t best = 0;
    double most = -1;
    for (uint16_t i = 0; i < g->part_count; i++)
        if (g->parts[i].kind == SIM_PART_workload) {
            double rate = ((const sim_workload_def *)g->model->components[i].def)->arrivals.rate_per_s;
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
    snprintf(g->title, sizeof g->title, "Latency of %s", w->s->graph->parts[workload].name);
    g->chart.title = g->title;
    g->chart.unit = "ms";
    add_line(g, w, &(wish){"p50", "p50_ms", workload, 1, 0, 1, "", 1});
    add_line(g, w, &(wish){"p99", "p99_ms", workload, 1, 3, 1, "", 1});
    hide_zeros(g, 0);
    hide_zeros(g, 1);
    for (size_t i = 0; i < HR_COUNT(objective_words) && !g->chart.limit_word; i++) {
        const char *text;
        double limit = viz_objective(model, objective_words[i], &text) * 1e3;
        if (!isfinite(limit))
            continue;
        snprintf(g->now[2], sizeof g->now[2], "%s \u2264 %s", objective_words[i], text);
        g->chart.limit_word = g->now[2];
        g->chart.limit = limit;
    }
}

static void waiting(graph *g, const window *w)
{
    g->chart.title = "Waiting";
    g->chart.unit = "calls";
    add_line(g, w, &(wish){"all queues", "queue", -1, 1, 0, 1, "", MEAN_OF});
    bool is_small = true;                      // a hundredth of a call is no mountain
    for (uint32_t i = 0; i < w->count; i++)
        is_small &= g->y[0][i] < 1;
    if (is_small)
        g->chart.y = (viz_axis){.from = 0, .to = 1};
}

static void utilisation(graph *g, const window *w)
{
    const viz_graph *graph_of = w->s->graph;
    g->chart.title = "Utilisation";
    g->chart.unit = "%";
    g->chart.y = (viz_axis){.from = 0, .to = 100};
    size_t most = w->s->layout->charts.width < 1500 ? 2 : LINES;   // names and numbers need room, too
    for (uint16_t i = graph_of->part_count; i-- > 0 && g->chart.line_count < most;) // what stands last is what the others wait for
        if (graph_of->parts[i].is_used && !viz_part_is_plain(&graph_of->parts[i]))
            add_line(g, w, &(wish){graph_of->parts[i].name, "utilisation", i, 100, (int)g->chart.line_count, 0, " %", MEAN_OF});
}

static void hits(graph *g, const window *w)
{
    const viz_graph *graph_of = w->s->graph;
    g->chart.title = "Cache hits";
    g->chart.unit = "% of look-ups";
    g->chart.y = (viz_axis){.from = 0, .to = 100};
    for (uint16_t i = 0; i < graph_of->part_count && g->chart.line_count < LINES; i++)
        if (graph_of->parts[i].is_used && graph_of->parts[i].kind == SIM_PART_cache)
            add_line(g, w, &(wish){graph_of->parts[i].name, "hit_ratio", i, 100, (int)g->chart.line_count, 0, " %", 1});
}

void viz_graphs_draw(viz_pen *pen, const viz_scene *s)
{
    static void (*const makers[GRAPHS])(graph *g, const window *w) = {throughput, latency, waiting, utilisation, hits};
    window *w = hr_alloc(sizeof *w);
    graph *graphs = hr_alloc(GRAPHS * sizeof *graphs);
    make_window(w, s);
    find_faults(w);
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
        c->bands = w->band;
        c->band_count = w->bands;
        c->bands_are_silent = i > 0;           // said once
        viz_chart_draw(pen, (viz_rect){row.x + i * (width + 12), row.y, width, row.height}, c);
    }
    free(graphs);
    for (uint32_t i = 0; i < w->bands; i++)
        free((char *)w->band[i].word);
    free(w);
}
