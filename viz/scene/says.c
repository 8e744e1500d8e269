// viz/scene/says.c - see says.h.
#include "viz/scene/says.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/units.h"

typedef struct {                               // what the sentences are made from
    const viz_graph *g;
    const sim_world *w;
    uint32_t busiest;                          // node with the greatest utilisation of late
    double   utilisation;
    sim_station_view view;                     // of the busiest, now
    bool     has_station;
    uint32_t rejecting;                        // node that refuses the most
    double   rejects_per_s;
    double   offered, late, timeout, failed;   // all workloads, per second of late; failed: rejected, error, lost
    uint16_t cache;                            // first cache that is asked, or UINT16_MAX
    double   hit_ratio;
    double   p99_ms, objective_ms;             // of the busiest workload; NaN: unknown
    uint16_t workload, late_workload;
    double   late_of_it;                       // the share that the latest workload gets late
    const char *objective;
} facts;

const char *viz_node_name(const viz_graph *g, uint32_t node, char *out, size_t room)
{
    const viz_part *p = &g->parts[g->part_of[node]];
    if (p->replicas > 1)
        snprintf(out, room, "%s-%u", p->name, node - p->first_node);
    else
        snprintf(out, room, "%s", p->name);
    return out;
}

uint32_t viz_gauge(const viz_graph *g, const sim_world *w, uint16_t part, const char *name)
{
    const char *const *names = sim_kinds[g->parts[part].kind]->gauges;
    for (uint32_t i = 0; names && names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return sim_series_first(w, part) + i;
    return UINT32_MAX;
}

double viz_objective(const sim_model *model, const char *metric, const char **text)
{
    for (size_t i = 0; i < model->objective_count; i++)
        if (strcmp(model->objectives[i].metric, metric) == 0) {
            *text = model->objectives[i].text;
            return model->objectives[i].limit;
        }
    return NAN;
}

// --- facts ----------------------------------------------------------------------------------------------------------

static void gather_stations(facts *f, const viz_watch *watch)
{
    const viz_graph *g = f->g;
    for (uint32_t node = 0; node < g->node_count; node++) {
        const viz_part *p = &g->parts[g->part_of[node]];
        if (!p->is_used || viz_part_is_plain(p))
            continue;
        viz_recent r = viz_watch_recent(watch, node);
        if (!f->has_station || r.utilisation > f->utilisation) {
            f->busiest = node;
            f->utilisation = r.utilisation;
            f->has_station = true;
        }
        if (r.rejects_per_s > f->rejects_per_s) {
            f->rejecting = node;
            f->rejects_per_s = r.rejects_per_s;
        }
        if (p->kind == SIM_PART_cache && f->cache == UINT16_MAX) {
            f->cache = g->part_of[node];
            f->hit_ratio = r.hit_ratio;
        }
    }
    if (f->has_station)
        f->view = viz_station_look(g, f->w, f->busiest);
}

static void gather_loads(facts *f, const viz_watch *watch)
{
    double most = -1;
    for (uint16_t i = 0; i < f->g->part_count; i++) {
        if (f->g->parts[i].kind != SIM_PART_workload)
            continue;
        viz_load l = viz_watch_load_of(watch, i);
        f->offered += l.offered_per_s;
        f->late += l.outcome_per_s[SIM_late];
        f->timeout += l.outcome_per_s[SIM_timeout];
        f->failed += l.outcome_per_s[SIM_rejected] + l.outcome_per_s[SIM_error] + l.outcome_per_s[SIM_lost];
        if (l.outcome_per_s[SIM_late] > f->late_of_it * l.offered_per_s) {
            f->late_of_it = l.outcome_per_s[SIM_late] / l.offered_per_s;
            f->late_workload = i;
        }
        if (l.offered_per_s > most) {
            most = l.offered_per_s;
            f->workload = i;
        }
    }
}

static facts gather(const viz_graph *g, const sim_world *w, const viz_watch *watch)
{
    facts f = {.g = g, .w = w, .cache = UINT16_MAX, .hit_ratio = NAN, .p99_ms = NAN};
    gather_stations(&f, watch);
    gather_loads(&f, watch);
    f.objective_ms = viz_objective(g->model, "p99", &f.objective) * 1e3;
    if (w->series.count)
        f.p99_ms = (double)sim_series_value(w, viz_gauge(g, w, f.workload, "p99_ms"), w->series.count - 1);
    return f;
}

// --- sentences ------------------------------------------------------------------------------------------------------

// Goes on behind what stands in `out`, as far as there is room.
static void HR_PRINTF(3, 4) add_words(char *out, size_t room, const char *format, ...)
{
    size_t used = strlen(out);
    va_list rest;
    va_start(rest, format);
    vsnprintf(out + used, room - used, format, rest);
    va_end(rest);
}

static void say_station(const facts *f, char *out, size_t room)
{
    char name[64];
    viz_node_name(f->g, f->busiest, name, sizeof name);
    uint16_t kind = f->g->parts[f->g->part_of[f->busiest]].kind;
    const char *what = kind == SIM_PART_database ? "connections" : kind == SIM_PART_broker ? "cores" : "workers";
    if (f->view.capacity > 1)
        snprintf(out, room, "%s is %.0f %% busy: %u of %u %s at work now, %u waiting", name, f->utilisation * 100, f->view.busy,
                 f->view.capacity, what, f->view.queued);
    else
        snprintf(out, room, "%s is %.0f %% busy, %u calls waiting", name, f->utilisation * 100, f->view.queued);
}

static bool is_empty(const facts *f) { return f->w->series.count == 0; }

static void say_empty(const facts *f, viz_says *s)
{
    (void)f;
    snprintf(s->what, sizeof s->what, "The system is empty: nothing has been measured yet");
    snprintf(s->look, sizeof s->look, "Caches are cold and queues empty, so the first seconds are not typical.");
}

static bool is_rejecting(const facts *f) { return f->rejects_per_s > 0.01 * f->offered && f->rejects_per_s > 0; }

static void say_rejecting(const facts *f, viz_says *s)
{
    char name[64];
    viz_node_name(f->g, f->rejecting, name, sizeof name);
    snprintf(s->what, sizeof s->what, "%s refuses %.0f calls a second", name, f->rejects_per_s);
    snprintf(s->look, sizeof s->look, "Response times leave refused requests out and look better than it is: compare good with load.");
}

static bool is_timing_out(const facts *f) { return f->timeout + f->failed > 0.01 * f->offered; }

static void say_timing_out(const facts *f, viz_says *s)
{
    snprintf(s->what, sizeof s->what, "%.0f of %.0f requests a second end without an answer", f->timeout + f->failed, f->offered);
    say_station(f, s->look, sizeof s->look);
}

static bool is_full(const facts *f) { return f->has_station && f->utilisation >= VIZ_NEARLY; }

static void say_full(const facts *f, viz_says *s)
{
    char name[64];
    viz_node_name(f->g, f->busiest, name, sizeof name);
    snprintf(s->what, sizeof s->what, "%s is the bottleneck: %.0f %% busy, %u calls wait for it", name, f->utilisation * 100, f->view.queued);
    snprintf(s->look, sizeof s->look, "This near to its capacity, waiting grows much faster than load. Watch its queue and the p99.");
}

static bool is_late(const facts *f) { return f->late > 0.01 * f->offered; }

static void say_late(const facts *f, viz_says *s)
{
    char objective[32];
    const sim_workload_def *d = f->g->model->components[f->late_workload].def;
    snprintf(s->what, sizeof s->what, "%.0f %% of the requests of %s take longer than their %s", f->late_of_it * 100,
             f->g->parts[f->late_workload].name, sim_show_time(d->objective, objective, sizeof objective));
    say_station(f, s->look, sizeof s->look);
    if (f->cache != UINT16_MAX && isfinite(f->hit_ratio))
        add_words(s->look, sizeof s->look, "; %s answers %.0f %% of the look-ups", f->g->parts[f->cache].name, f->hit_ratio * 100);
    add_words(s->look, sizeof s->look, "%s", f->utilisation < VIZ_BUSY ? ". Nothing is full: the work itself takes that long." : ".");
}

static bool is_over(const facts *f) { return f->p99_ms > f->objective_ms; }

static void say_over(const facts *f, viz_says *s)
{
    snprintf(s->what, sizeof s->what, "The slowest of a hundred %s take %.0f ms; the objective is %s", f->g->parts[f->workload].name, f->p99_ms,
             f->objective);
    say_station(f, s->look, sizeof s->look);
}

static bool has_cache(const facts *f) { return f->cache != UINT16_MAX && isfinite(f->hit_ratio); }

static void say_cache(const facts *f, viz_says *s)
{
    snprintf(s->what, sizeof s->what, "%s answers %.0f %% of the look-ups itself", f->g->parts[f->cache].name, f->hit_ratio * 100);
    say_station(f, s->look, sizeof s->look);
}

static bool always(const facts *f)
{
    (void)f;
    return true;
}

static void say_calm(const facts *f, viz_says *s)
{
    snprintf(s->what, sizeof s->what, "Every part has room to spare");
    if (f->has_station)
        say_station(f, s->look, sizeof s->look);
}

static const struct { bool (*holds)(const facts *f); void (*say)(const facts *f, viz_says *s); } rows[] = {
    {is_empty, say_empty}, {is_rejecting, say_rejecting}, {is_timing_out, say_timing_out}, {is_full, say_full}, {is_late, say_late},
    {is_over, say_over}, {has_cache, say_cache}, {always, say_calm}};

viz_says viz_say(const viz_graph *g, const sim_world *w, const viz_watch *watch)
{
    facts f = gather(g, w, watch);
    viz_says s = {0};
    size_t i = 0;
    while (!rows[i].holds(&f))
        i++;
    rows[i].say(&f, &s);
    return s;
}
