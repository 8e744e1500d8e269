// viz/draw/chart.c - lines over an axis: intervals as bands, stretches of trouble, a limit, events as dotted uprights; see chart.h.
#include "viz/draw/chart.h"
#include "viz/draw/strip.h"

#include <math.h>
#include <stdlib.h>

enum { BELOW = 20 };                           // room for the words of the x axis

static void reach(double value, bool is_log, double *least, double *greatest)
{
    if (!isfinite(value) || (is_log && value <= 0))
        return;
    *least = fmin(*least, value);
    *greatest = fmax(*greatest, value);
}

static viz_scale x_scale(const viz_chart *c)
{
    viz_scale s = {.kind = c->x.kind, .from = c->x.from, .to = c->x.to};
    if (s.from < s.to)
        return s;
    double least = INFINITY, greatest = -INFINITY;
    for (size_t i = 0; i < c->line_count; i++)
        for (size_t k = 0; k < c->lines[i].count; k++)
            reach(c->lines[i].x[k], s.kind == VIZ_LOG, &least, &greatest);
    if (least < greatest) {                    // the x axis ends where the data ends
        s.from = least;
        s.to = greatest;
    } else {
        viz_scale_fit(&s, least, greatest, 4);
    }
    return s;
}

static viz_scale y_scale(const viz_chart *c, int most)
{
    viz_scale s = {.kind = c->y.kind, .from = c->y.from, .to = c->y.to};
    if (s.from < s.to)
        return s;
    bool is_log = s.kind == VIZ_LOG;
    double least = INFINITY, greatest = -INFINITY;
    for (size_t i = 0; i < c->line_count; i++)
        for (size_t k = 0; k < c->lines[i].count; k++) {
            const viz_line *l = &c->lines[i];
            reach(l->y[k], is_log, &least, &greatest);
            if (l->low && l->high && isfinite(l->low[k]) && isfinite(l->high[k])) {
                reach(l->low[k], is_log, &least, &greatest);
                reach(l->high[k], is_log, &least, &greatest);
            }
        }
    // A limit far above the data would press the data flat: it then stands in the title row only.
    if (c->limit_word && c->limit <= greatest * 2)
        reach(c->limit, is_log, &least, &greatest);
    viz_scale_fit(&s, least, greatest, most);
    return s;
}

// The words at the left of the plot, and the lines through it. Returns the width that the words need.
static double left_words(viz_pen *pen, const viz_scale *y, int most, viz_rect plot, bool draw)
{
    const viz_type type = {.size = VIZ_SMALL_SIZE, .colour = VIZ_muted, .align = VIZ_RIGHT};
    viz_tick ticks[VIZ_TICKS_MOST];
    int n = viz_ticks(y, most, ticks);
    double widest = 0;
    for (int i = 0; i < n; i++) {
        widest = fmax(widest, viz_text_width(pen, type, ticks[i].word));
        if (!draw)
            continue;
        double at = viz_scale_place(y, ticks[i].value);
        viz_hairline(pen, plot.x, at, plot.x + plot.width, at, VIZ_border, 0);
        viz_text(pen, plot.x - 8, at + 4, type, ticks[i].word);
    }
    return widest;
}

static bool is_point(const viz_frame *f, const viz_line *l, size_t k)
{
    return isfinite(viz_scale_place(&f->x, l->x[k])) && isfinite(viz_scale_place(&f->y, l->y[k]));
}

static bool has_band(const viz_frame *f, const viz_line *l, size_t k)
{
    return is_point(f, l, k) && isfinite(viz_scale_place(&f->y, l->low[k])) && isfinite(viz_scale_place(&f->y, l->high[k]));
}

// The place of a point, no further from the plot than ten times its size: cairo would draw dashes for all the way to a far one.
static void place(const viz_frame *f, double x, double y, double *at_x, double *at_y)
{
    double right = f->plot.x + f->plot.width, bottom = f->plot.y + f->plot.height;
    *at_x = fmax(f->plot.x - 10 * f->plot.width, fmin(right + 10 * f->plot.width, viz_scale_place(&f->x, x)));
    *at_y = fmax(f->plot.y - 10 * f->plot.height, fmin(bottom + 10 * f->plot.height, viz_scale_place(&f->y, y)));
}

static void draw_band(viz_pen *pen, const viz_frame *f, const viz_line *l)
{
    double x, y;
    for (size_t from = 0, to; from < l->count; from = to + 1) {
        for (to = from; to < l->count && has_band(f, l, to); to++) {
            place(f, l->x[to], l->high[to], &x, &y);
            cairo_line_to(pen->cr, x, y);
        }
        for (size_t k = to; k-- > from;) {
            place(f, l->x[k], l->low[k], &x, &y);
            cairo_line_to(pen->cr, x, y);
        }
        cairo_close_path(pen->cr);
        viz_ink(pen, viz_look(l->look).colour, 0.16);
        cairo_fill(pen->cr);
    }
}

static void draw_line(viz_pen *pen, const viz_frame *f, const viz_line *l)
{
    viz_look_row look = viz_look(l->look);
    bool is_down = false, any = false;
    double x = 0, y = 0;
    for (size_t k = 0; k < l->count; k++) {
        if (!is_point(f, l, k)) {
            is_down = false;
            continue;
        }
        place(f, l->x[k], l->y[k], &x, &y);
        if (is_down)
            cairo_line_to(pen->cr, x, y);
        else
            cairo_move_to(pen->cr, x, y);
        is_down = any = true;
    }
    viz_look_line(pen, look, 1.75);
    cairo_stroke(pen->cr);
    cairo_set_dash(pen->cr, NULL, 0, 0);
    if (any)                                   // its shape marks the latest point
        viz_mark(pen, look.shape, look.colour, x, y, 7);
}

static void draw_flags(viz_pen *pen, const viz_frame *f, const viz_chart *c)
{
    for (size_t i = 0; i < c->flag_count; i++) {
        double x = viz_scale_place(&f->x, c->flags[i].x);
        if (x >= f->plot.x && x <= f->plot.x + f->plot.width)
            viz_hairline(pen, x, f->plot.y, x, f->plot.y + f->plot.height, c->flags[i].is_trouble ? VIZ_critical : VIZ_muted, 2);
    }
}

// A band that has hardly begun is seen all the same.
static void draw_trouble(viz_pen *pen, const viz_frame *f, const viz_chart *c)
{
    for (size_t i = 0; i < c->band_count; i++) {
        double from = fmax(viz_scale_place(&f->x, c->bands[i].from), f->plot.x), to = fmin(viz_scale_place(&f->x, c->bands[i].to), f->plot.x + f->plot.width);
        if (!(from <= to))
            continue;
        cairo_rectangle(pen->cr, from, f->plot.y, fmax(to - from, 1), f->plot.height);
        viz_ink(pen, VIZ_critical, 0.10);
        cairo_fill(pen->cr);
    }
}

static void draw_limit(viz_pen *pen, const viz_frame *f, double limit)
{
    double y = viz_scale_place(&f->y, limit);
    if (y >= f->plot.y && y <= f->plot.y + f->plot.height)
        viz_hairline(pen, f->plot.x, y, f->plot.x + f->plot.width, y, VIZ_busy, 4);
}

static viz_rect head(viz_pen *pen, viz_rect card, const viz_chart *c)
{
    viz_legend *entries = hr_alloc((c->line_count + 1) * sizeof *entries);
    size_t n = 0;
    for (size_t i = 0; i < c->line_count; i++)
        entries[n++] = (viz_legend){.name = c->lines[i].name, .now = c->lines[i].now, .look = viz_look(c->lines[i].look)};
    if (c->limit_word)
        entries[n++] = (viz_legend){.name = c->limit_word, .is_limit = true};
    viz_rect rest = viz_card_head(pen, card, c->title, c->unit, entries, n);
    free(entries);
    return rest;
}

static bool has_points(const viz_frame *f, const viz_chart *c)
{
    for (size_t i = 0; i < c->line_count; i++)
        for (size_t k = 0; k < c->lines[i].count; k++)
            if (is_point(f, &c->lines[i], k))
                return true;
    return false;
}

// Most ticks of the y axis.
static int most_in(viz_rect rest) { return (int)(rest.height / 40) + 2; }

static viz_frame place_plot(viz_pen *pen, const viz_chart *c, viz_rect rest)
{
    viz_frame f = {.x = x_scale(c), .y = y_scale(c, most_in(rest) - 1)};
    double words = left_words(pen, &f.y, most_in(rest), rest, false);
    f.plot = (viz_rect){rest.x + words + 8, rest.y + 6, rest.width - words - 12, rest.height - BELOW - 6};
    f.x.at_from = f.plot.x;
    f.x.at_to = f.plot.x + f.plot.width;
    f.y.at_from = f.plot.y + f.plot.height;
    f.y.at_to = f.plot.y;
    return f;
}

viz_frame viz_chart_draw(viz_pen *pen, viz_rect card, const viz_chart *c)
{
    viz_rect rest = head(pen, card, c);
    viz_frame f = place_plot(pen, c, rest);
    if (f.plot.width < 24 || f.plot.height < 16)
        return f;                              // a card too small for anything but its head
    int rows = viz_strip_rows(pen, c, &f.x, (int)(f.plot.height / 3 / VIZ_STRIP_ROW));
    double strip = rows * VIZ_STRIP_ROW;
    rest = (viz_rect){rest.x, rest.y + strip, rest.width, rest.height - strip};
    f = place_plot(pen, c, rest);
    if (!has_points(&f, c)) {                  // an axis would show numbers that nobody measured
        const viz_type type = {.size = VIZ_SMALL_SIZE, .colour = VIZ_muted, .align = VIZ_CENTRE, .width = rest.width};
        viz_text(pen, rest.x + rest.width / 2, rest.y + rest.height / 2, type, "no data yet");
        return f;
    }
    viz_strip_draw(pen, c, &f.x, rows, rest.y - strip);
    left_words(pen, &f.y, most_in(rest), f.plot, true);
    viz_axis_below(pen, f.plot, &f.x, &c->x, false);
    cairo_save(pen->cr);
    cairo_rectangle(pen->cr, f.plot.x, f.plot.y - 4, f.plot.width + 4, f.plot.height + 4);
    cairo_clip(pen->cr);
    draw_flags(pen, &f, c);
    draw_trouble(pen, &f, c);
    for (size_t i = 0; i < c->line_count; i++)
        if (c->lines[i].low && c->lines[i].high)
            draw_band(pen, &f, &c->lines[i]);
    if (c->limit_word)
        draw_limit(pen, &f, c->limit);
    for (size_t i = c->line_count; i-- > 0;)   // A on top
        draw_line(pen, &f, &c->lines[i]);
    if (c->has_cursor) {
        double x = viz_scale_place(&f.x, c->cursor);
        if (x >= f.plot.x && x <= f.plot.x + f.plot.width)
            viz_hairline(pen, x, f.plot.y, x, f.plot.y + f.plot.height, VIZ_strong, 0);
    }
    cairo_restore(pen->cr);
    return f;
}
