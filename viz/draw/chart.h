// viz/draw/chart.h - chart cards: a title row with the current numbers, and below it lines over an axis, or a row of bars each.
// * Everything stays inside of the card, whatever the data or the names: ticks, labels and legends give way, lines are cut at the plot.
// * Zero-initialise a chart and fill what it has; absent is NULL, 0 or, for numbers, NAN where it says so.
// * Names, points and estimates are lent for the call.
// * NaN or infinite values are gaps. An interval is drawn where both of its ends are finite.
#ifndef VIZ_CHART_H
#define VIZ_CHART_H

#include "sim/stats/estimate.h"
#include "viz/draw/axis.h"
#include "viz/draw/draw.h"

typedef struct {
    const char *name;                          // in the title row; "" or NULL: no entry
    const char *now;                           // the current number in words, behind the name; NULL: none
    const double *x, *y;                       // x ascending
    const double *low, *high;                  // the interval band; NULL: none
    size_t      count;
    int         look;                          // viz_look: 0 is A (solid), 1 is B (dashed) …
} viz_line;

typedef struct { double x; const char *word; bool is_trouble; } viz_flag;     // an event: dotted upright through the plot, its word above
typedef struct { double from, to; const char *word; } viz_band;               // a stretch of trouble: shaded, its word above; from = to: a line

typedef struct {
    viz_axis_kind kind;
    double      from, to;                      // from < to: exactly these ends; else round ends around the data
    const char *first, *last;                  // words at both ends in place of the ticks: "60 s ago", "now"; NULL: ticks
} viz_axis;

typedef struct {
    const char *title, *unit;                  // unit: muted, behind the title
    viz_axis    x, y;
    const viz_line *lines;
    size_t      line_count;
    const viz_flag *flags;
    size_t      flag_count;
    const viz_band *bands;                     // by `from`
    size_t      band_count;
    bool        bands_are_silent;              // without their words
    const char *limit_word;                    // a threshold or objective: "objective 60 ms"; NULL: none
    double      limit;                         // its place on the y axis (of bars: on the value axis)
    double      cursor;                        // with has_cursor: an upright at this x
    bool        has_cursor;
} viz_chart;

// Where the data went, for pointers and for the drawing of more: places in units.
typedef struct { viz_rect plot; viz_scale x, y; } viz_frame;

// Draws the card. The least that shows anything is about 120 × 96.
viz_frame viz_chart_draw(viz_pen *pen, viz_rect card, const viz_chart *chart);

enum { VIZ_BAR_VALUES = 4 };
typedef struct {
    const char  *label;                        // at the left
    const char  *said;                         // at the right: the number in words; NULL: none
    sim_estimate value[VIZ_BAR_VALUES];        // one: a bar from zero with its whiskers (a mark on a logarithmic axis); several: a mark each
    int          look;
} viz_bar;

typedef struct {
    const char *title, *unit;
    viz_axis    axis;                          // of the values, left to right
    const char *words[VIZ_BAR_VALUES];         // what the values are, where there are several: "p50", "p95"
    int         value_count;                   // values of every bar
    const viz_bar *bars;
    size_t      bar_count;
    const char *limit_word;
    double      limit;
} viz_bars;

// Draws the card; rows share its height.
viz_frame viz_bars_draw(viz_pen *pen, viz_rect card, const viz_bars *bars);

// --- what both kinds, and other cards, are made of ----------------------------------------------------------------------

typedef struct {
    const char  *name, *now;
    viz_look_row look;
    bool         is_limit;                     // shown as a dashed line of VIZ_busy
    bool         is_mark;                      // shown as its shape only
} viz_legend;
// Draws card, title and unit, and the entries: behind the title where they fit, else in rows below. Returns what is left of the card.
viz_rect viz_card_head(viz_pen *pen, viz_rect card, const char *title, const char *unit, const viz_legend *entries, size_t count);
// Ticks or end words along the bottom of the plot; `with_lines` also draws uprights through it.
void viz_axis_below(viz_pen *pen, viz_rect plot, const viz_scale *x, const viz_axis *axis, bool with_lines);

#endif
