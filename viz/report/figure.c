// viz/report/figure.c - see figure.h.
#include "viz/report/figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRIC_RANGE(metric)  SIM_METRIC_##metric, NULL
#define METRIC_SHARE(metric)  SIM_METRIC_##metric, NULL
#define METRIC_BARS(metric)   SIM_METRIC_##metric, NULL
#define METRIC_SERIES(gauge)  -1, gauge
const viz_figure viz_figures[] = {
#define VIZ_FIGURE(id, title, unit, kind, what, help) {#id, title, unit, VIZ_##kind, METRIC_##kind(what), help},
#include "viz/report/figure.def"
#undef VIZ_FIGURE
    {0},
};

static const sim_study_series *series_of(const sim_study_variant *variant, const char *gauge)
{
    for (size_t i = 0; i < variant->series_count; i++)
        if (strcmp(variant->series[i].gauge, gauge) == 0)
            return &variant->series[i];
    return NULL;
}

bool viz_figure_is_there(const viz_figure *f, const sim_study *study)
{
    for (size_t v = 0; v < study->variant_count; v++) {
        const sim_study_variant *variant = &study->variants[v];
        if (f->kind == VIZ_SERIES ? series_of(variant, f->gauge) != NULL : variant->estimate[f->metric].value > 0)
            return true;
    }
    return false;
}

static const char *name_of(const sim_study *study, size_t v)
{
    return study->variants[v].name[0] ? study->variants[v].name : "measured";
}

static sim_estimate shown(const sim_study_variant *variant, sim_metric metric)
{
    double factor = sim_metrics[metric].factor;
    sim_estimate e = variant->estimate[metric];
    return (sim_estimate){e.value * factor, e.low * factor, e.high * factor};
}

// The objective on that metric in words, and its limit as shown; NULL: there is none.
static char *objective_of(const sim_study *study, sim_metric metric, double *limit)
{
    for (size_t i = 0; i < study->objective_count; i++) {
        const sim_objective *o = study->objectives[i].objective;
        if (strcmp(o->metric, sim_metrics[metric].word) != 0)
            continue;
        *limit = o->limit * sim_metrics[metric].factor;
        return hr_format("objective %s %s", o->metric, o->text);
    }
    return NULL;
}

// --- bars and marks -------------------------------------------------------------------------------------------------

static void draw_bars(viz_pen *pen, viz_rect card, const viz_figure *f, const sim_study *study)
{
    static const sim_metric range[] = {SIM_METRIC_p50, SIM_METRIC_p95, SIM_METRIC_p99};
    bool is_range = f->kind == VIZ_RANGE;
    viz_bars b = {.title = f->title, .unit = f->unit, .axis = {.kind = is_range ? VIZ_LOG : VIZ_PLAIN}, .value_count = is_range ? 3 : 1,
                  .bar_count = study->variant_count, .words = {"p50", "p95", "p99"}};
    viz_bar *bars = hr_alloc(study->variant_count * sizeof *bars);
    char (*said)[64] = hr_alloc(study->variant_count * sizeof *said), *objective = objective_of(study, (sim_metric)f->metric, &b.limit);
    for (size_t v = 0; v < study->variant_count; v++) {
        const sim_study_variant *variant = &study->variants[v];
        bars[v] = (viz_bar){.label = name_of(study, v), .look = (int)v};
        if (is_range) {
            for (size_t k = 0; k < HR_COUNT(range); k++)
                bars[v].value[k] = shown(variant, range[k]);
        } else {
            bars[v].value[0] = shown(variant, (sim_metric)f->metric);
            bars[v].said = sim_estimate_text(variant->estimate[f->metric], sim_metrics[f->metric].factor, said[v], sizeof said[v]);
        }
    }
    b.bars = bars;
    b.limit_word = objective;
    viz_bars_draw(pen, card, &b);
    free(bars);
    free(said);
    free(objective);
}

// --- lines ----------------------------------------------------------------------------------------------------------

enum { SHARES = 103, BLOCKS = 120 };

typedef struct { double x[SHARES > BLOCKS ? SHARES : BLOCKS], y[SHARES > BLOCKS ? SHARES : BLOCKS]; size_t count; } curve;

// The whole distribution at every hundredth, closer at the end.
static void fill_shares(curve *c, const sim_histogram *h)
{
    static const double last[] = {0.995, 0.998, 0.999};
    if (h->count == 0)
        return;
    for (int i = 0; i < SHARES; i++) {
        double p = i < 100 ? (i + 0.5) / 100 : last[i - 100];
        c->x[i] = (double)sim_histogram_quantile(h, p) / 1e6;
        c->y[i] = p * 100;
    }
    c->count = SHARES;
}

// Averages over equal stretches of the recorded gauge, so that a line of an hour has no more points than the eye has.
static void fill_series(curve *c, const sim_study_series *s, hr_time grid)
{
    if (!s)
        return;
    bool is_time = strstr(s->gauge, "_ms") != NULL;
    uint32_t block = s->count / BLOCKS + 1;
    for (uint32_t from = 0; from + block <= s->count; from += block) {
        double sum = 0;
        uint32_t n = 0;
        for (uint32_t k = from; k < from + block; k++)
            if (isfinite(s->values[k]) && !(is_time && s->values[k] <= 0)) {     // a time of zero: none was measured
                sum += s->values[k];
                n++;
            }
        c->x[c->count] = (from + block) * (double)grid / 1e9;
        c->y[c->count++] = n ? sum / n : NAN;
    }
}

// --- faults ---------------------------------------------------------------------------------------------------------------

static bool is_same(const sim_study_variant *a, const sim_fault_run *x, const sim_study_variant *b, const sim_fault_run *y)
{
    if (x->from != y->from || x->to != y->to)
        return false;
    char *one = sim_fault_text(a->model, sim_fault_def_of(a->model, x), x->replica, x->shard);
    char *other = sim_fault_text(b->model, sim_fault_def_of(b->model, y), y->replica, y->shard);
    bool same = strcmp(one, other) == 0;
    free(one);
    free(other);
    return same;
}

static bool has_it(const sim_study_variant *variant, const sim_study_variant *of, const sim_fault_run *run)
{
    for (size_t i = 0; i < variant->fault_count; i++)
        if (is_same(variant, &variant->faults[i], of, run))
            return true;
    return false;
}

// What happened to variant v, unless an earlier one had the same; where some have it and others not, it says which. NULL: said already.
static char *word_of(const sim_study *study, size_t v, const sim_fault_run *run)
{
    const sim_study_variant *variant = &study->variants[v];
    for (size_t u = 0; u < v; u++)
        if (has_it(&study->variants[u], variant, run))
            return NULL;
    hr_text who = {0};
    size_t count = 0;
    for (size_t u = v; u < study->variant_count; u++)
        if (u == v || has_it(&study->variants[u], variant, run))
            hr_text_add(&who, "%s%s", count++ ? ", " : " (", study->variants[u].name);
    char *what = sim_fault_name(variant->model, sim_fault_def_of(variant->model, run), run->replica, run->shard);
    char *word = count == study->variant_count ? hr_strdup(what) : hr_format("%s%s)", what, who.data);
    free(what);
    free(who.data);
    return word;
}

static int by_begin(const void *a, const void *b)
{
    const viz_band *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

viz_band *viz_bands_of(const sim_study *study, size_t *count)
{
    enum { MOST = 64 };                        // of a variant: more are no picture
    viz_band *bands = hr_alloc(study->variant_count * MOST * sizeof *bands + 1);
    *count = 0;
    for (size_t v = 0; v < study->variant_count; v++)
        for (size_t i = 0; i < study->variants[v].fault_count && i < MOST; i++) {
            const sim_fault_run *run = &study->variants[v].faults[i];
            hr_time to = hr_min_time(run->to, study->duration);
            char *word = word_of(study, v, run);
            if (word)
                bands[(*count)++] = (viz_band){(double)run->from * 1e-9, (double)to * 1e-9, word};
        }
    qsort(bands, *count, sizeof *bands, by_begin);
    return bands;
}

void viz_bands_free(viz_band *bands, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)bands[i].word);
    free(bands);
}

// --- over time --------------------------------------------------------------------------------------------------------------

static void draw_lines(viz_pen *pen, viz_rect card, const viz_figure *f, const sim_study *study)
{
    bool is_share = f->kind == VIZ_SHARE;
    viz_line *lines = hr_alloc(study->variant_count * sizeof *lines);
    curve *curves = hr_alloc(study->variant_count * sizeof *curves);
    for (size_t v = 0; v < study->variant_count; v++) {
        curve *c = &curves[v];
        if (is_share)
            fill_shares(c, &study->variants[v].latency);
        else
            fill_series(c, series_of(&study->variants[v], f->gauge), study->grid);
        lines[v] = (viz_line){.name = name_of(study, v), .x = c->x, .y = c->y, .count = c->count, .look = (int)v};
    }
    size_t band_count = 0;
    viz_band *bands = is_share ? NULL : viz_bands_of(study, &band_count);
    const viz_flag warm = {(double)study->warmup / 1e9, "counted from here", false};
    viz_chart chart = {.title = f->title, .unit = f->unit, .lines = lines, .line_count = study->variant_count};
    if (is_share) {
        chart.x.kind = VIZ_LOG;
        chart.y = (viz_axis){.from = 0, .to = 100};
    } else {
        chart.x = (viz_axis){.kind = VIZ_CLOCK, .from = 0, .to = (double)study->duration / 1e9};
        chart.flags = &warm;
        chart.flag_count = study->warmup > 0;
        chart.bands = bands;
        chart.band_count = band_count;
    }
    viz_chart_draw(pen, card, &chart);
    viz_bands_free(bands, band_count);
    free(lines);
    free(curves);
}

void viz_figure_draw(viz_pen *pen, viz_rect card, const viz_figure *f, const sim_study *study)
{
    if (f->kind == VIZ_RANGE || f->kind == VIZ_BARS)
        draw_bars(pen, card, f, study);
    else
        draw_lines(pen, card, f, study);
}

// --- one picture ----------------------------------------------------------------------------------------------------

void viz_poster_draw(viz_pen *pen, const void *what)
{
    enum { EDGE = 20, TOP = 100, GAP = 12, WANTED = 4 };
    const sim_study *study = what;
    const sim_model *model = study->variants[0].model;
    viz_ink(pen, VIZ_canvas, 1);
    cairo_paint(pen->cr);
    hr_text sentence = {0};
    sim_study_sentence(study, &sentence);
    double inner = VIZ_POSTER_WIDTH - 2 * EDGE;
    viz_text(pen, EDGE, 36, (viz_type){.size = 17, .is_strong = true, .colour = VIZ_strong, .width = inner},
             model->title && model->title[0] ? model->title : model->name);
    viz_paragraph(pen, EDGE, 60, (viz_type){.size = 14, .colour = VIZ_text, .width = inner}, 2, sentence.data);
    free(sentence.data);
    double width = (inner - GAP) / 2, height = (VIZ_POSTER_HEIGHT - TOP - EDGE - GAP) / 2.0;
    static const char *const wanted[] = {"response", "statements", "stale", "cost", "good", "errors", "share", "p99_time"};   // the first four that are there
    for (size_t i = 0, n = 0; i < HR_COUNT(wanted) && n < WANTED; i++)
        for (const viz_figure *f = viz_figures; f->id; f++)
            if (strcmp(f->id, wanted[i]) == 0 && viz_figure_is_there(f, study)) {
                viz_rect card = {EDGE + (double)(n % 2) * (width + GAP), TOP + (double)(n / 2) * (height + GAP), width, height};
                viz_figure_draw(pen, card, f, study);
                n++;
            }
}
