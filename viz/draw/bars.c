// viz/draw/bars.c - a row for each variant: one value as a bar with its whiskers, several as marks; see chart.h.
#include <math.h>

#include "viz/draw/chart.h"

enum { BELOW = 20, MARK = 8 };

static viz_scale value_scale(const viz_bars *b, double width)
{
    viz_scale s = {.kind = b->axis.kind, .from = b->axis.from, .to = b->axis.to};
    if (s.from < s.to)
        return s;
    bool is_log = s.kind == VIZ_LOG, has_negative = false;
    double least = INFINITY, greatest = -INFINITY;
    for (size_t i = 0; i < b->bar_count; i++)
        for (int k = 0; k < b->value_count; k++) {
            sim_estimate e = b->bars[i].value[k];
            has_negative = has_negative || e.value < 0;
            const double ends[] = {e.value, e.low, e.high};
            for (size_t n = 0; n < HR_COUNT(ends); n++)
                if (isfinite(ends[n]) && (!is_log || ends[n] > 0)) {
                    least = fmin(least, ends[n]);
                    greatest = fmax(greatest, ends[n]);
                }
        }
    if (b->limit_word && b->limit <= greatest * 2 && (!is_log || b->limit > 0)) {
        least = fmin(least, b->limit);
        greatest = fmax(greatest, b->limit);
    }
    // An interval of something near zero may reach below it; the axis does not follow, for the thing itself cannot.
    viz_scale_fit(&s, !is_log && !has_negative ? fmax(least, 0) : least, greatest, (int)(width / 72) + 1);
    return s;
}

static void whiskers(viz_pen *pen, const viz_frame *f, sim_estimate e, double y, double half, viz_colour colour)
{
    double low = viz_scale_place(&f->x, e.low), high = viz_scale_place(&f->x, e.high), right = f->plot.x + f->plot.width;
    if (!isfinite(low) || !isfinite(high))
        return;
    low = fmax(low, f->plot.x);
    high = fmin(high, right);
    viz_ink(pen, colour, 1);
    cairo_set_line_width(pen->cr, 1.5);
    const double lines[3][4] = {{low, y, high, y}, {low, y - half, low, y + half}, {high, y - half, high, y + half}};
    for (size_t i = 0; i < HR_COUNT(lines); i++) {
        cairo_move_to(pen->cr, lines[i][0], lines[i][1]);
        cairo_line_to(pen->cr, lines[i][2], lines[i][3]);
    }
    cairo_stroke(pen->cr);
}

static void draw_bar(viz_pen *pen, const viz_frame *f, const viz_bar *bar, double y, double thickness)
{
    viz_look_row look = viz_look(bar->look);
    sim_estimate e = bar->value[0];
    double zero = viz_scale_place(&f->x, fmax(0, f->x.from)), end = viz_scale_place(&f->x, e.value);
    if (!isfinite(end))
        return;
    cairo_rectangle(pen->cr, fmin(zero, end), y - thickness / 2, fabs(end - zero), thickness);
    viz_ink(pen, look.colour, 1);
    cairo_fill(pen->cr);
    whiskers(pen, f, e, y, fmin(thickness / 2, 5), VIZ_strong);
}

static void draw_marks(viz_pen *pen, const viz_frame *f, const viz_bar *bar, int count, double y)
{
    viz_look_row look = viz_look(bar->look);
    double first = NAN, last = NAN;
    for (int k = 0; k < count; k++) {
        double x = viz_scale_place(&f->x, bar->value[k].value);
        if (!isfinite(x))
            continue;
        first = isnan(first) ? x : fmin(first, x);
        last = isnan(last) ? x : fmax(last, x);
    }
    if (isnan(first))
        return;
    viz_ink(pen, look.colour, 0.35);
    cairo_set_line_width(pen->cr, 3);
    cairo_move_to(pen->cr, first, y);
    cairo_line_to(pen->cr, last, y);
    cairo_stroke(pen->cr);
    for (int k = 0; k < count; k++) {
        double x = viz_scale_place(&f->x, bar->value[k].value);
        if (!isfinite(x))
            continue;
        if (viz_scale_place(&f->x, bar->value[k].high) - viz_scale_place(&f->x, bar->value[k].low) > MARK)
            whiskers(pen, f, bar->value[k], y, 7, VIZ_strong);       // a narrower interval hides behind the mark
        viz_mark(pen, viz_look(k).shape, look.colour, x, y, MARK);
    }
}

static viz_rect head(viz_pen *pen, viz_rect card, const viz_bars *b)
{
    viz_legend entries[VIZ_BAR_VALUES + 1];
    size_t n = 0;
    for (int k = 0; k < b->value_count && b->value_count > 1; k++) {
        viz_look_row look = viz_look(k);
        look.colour = VIZ_muted;               // the shape says which value, the colour which variant
        entries[n++] = (viz_legend){.name = b->words[k], .look = look, .is_mark = true};
    }
    if (b->limit_word)
        entries[n++] = (viz_legend){.name = b->limit_word, .is_limit = true};
    return viz_card_head(pen, card, b->title, b->unit, entries, n);
}

viz_frame viz_bars_draw(viz_pen *pen, viz_rect card, const viz_bars *b)
{
    HR_ASSERT(b->value_count >= 1 && b->value_count <= VIZ_BAR_VALUES);
    viz_rect rest = head(pen, card, b);
    viz_type label_type = {.colour = VIZ_text, .align = VIZ_LEFT}, said_type = {.size = VIZ_SMALL_SIZE, .colour = VIZ_strong, .align = VIZ_RIGHT};
    double labels = 0, said = 0;
    for (size_t i = 0; i < b->bar_count; i++) {
        labels = fmax(labels, b->bars[i].label ? viz_text_width(pen, label_type, b->bars[i].label) : 0);
        said = fmax(said, b->bars[i].said ? viz_text_width(pen, said_type, b->bars[i].said) : 0);
    }
    label_type.width = labels = fmin(labels, rest.width * 0.35);
    said_type.width = said = fmin(said, rest.width * 0.3);
    double left = labels > 0 ? labels + 8 : 0, behind = said > 0 ? said + VIZ_PAD : 4;
    viz_frame f = {.plot = {rest.x + left, rest.y, rest.width - left - behind, rest.height - BELOW}};
    f.x = value_scale(b, f.plot.width);
    if (f.plot.width < 24 || f.plot.height < 8 || b->bar_count == 0)
        return f;
    f.x.at_from = f.plot.x;
    f.x.at_to = f.plot.x + f.plot.width;
    viz_axis_below(pen, f.plot, &f.x, &b->axis, true);
    double row = f.plot.height / (double)b->bar_count;
    label_type.width += 0.5;
    said_type.width += 0.5;
    for (size_t i = 0; i < b->bar_count; i++) {
        const viz_bar *bar = &b->bars[i];
        double y = f.plot.y + row * ((double)i + 0.5);
        if (b->value_count > 1 || f.x.kind == VIZ_LOG)
            draw_marks(pen, &f, bar, b->value_count, y);
        else
            draw_bar(pen, &f, bar, y, fmin(row * 0.6, 16));
        if (bar->label && label_type.width > 1)
            viz_text(pen, rest.x, y + 4.5, label_type, bar->label);
        if (bar->said && said_type.width > 1)
            viz_text(pen, rest.x + rest.width, y + 4.5, said_type, bar->said);
    }
    double limit = viz_scale_place(&f.x, b->limit);
    if (b->limit_word && limit >= f.plot.x && limit <= f.plot.x + f.plot.width)
        viz_hairline(pen, limit, f.plot.y, limit, f.plot.y + f.plot.height, VIZ_busy, 4);
    return f;
}
