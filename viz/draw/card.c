// viz/draw/card.c - the frame that chart cards share: title row, legend, the axis below; see chart.h.
#include <math.h>
#include <string.h>

#include "viz/draw/chart.h"

enum { SAMPLE = 16, ROW = 20 };                // a legend's line sample; a row of the head

static const viz_type title_type = {.is_strong = true, .colour = VIZ_strong};
static const viz_type unit_type = {.size = VIZ_SMALL_SIZE, .colour = VIZ_muted};
static const viz_type name_type = {.size = VIZ_SMALL_SIZE, .colour = VIZ_muted};
static const viz_type now_type = {.size = VIZ_SMALL_SIZE, .is_strong = true, .colour = VIZ_strong};

static bool is_shown(const viz_legend *l)
{
    return l->name && l->name[0];
}

static double entry_width(viz_pen *pen, const viz_legend *l)
{
    double sample = l->is_mark ? 8 : SAMPLE;
    return sample + 6 + viz_text_width(pen, name_type, l->name) + (l->now ? 6 + viz_text_width(pen, now_type, l->now) : 0);
}

static void draw_entry(viz_pen *pen, const viz_legend *l, double x, double y, double width)
{
    double sample = l->is_mark ? 8 : SAMPLE, middle = y - 4, end = x + width;
    if (l->is_mark) {
        viz_mark(pen, l->look.shape, l->look.colour, x + 4, middle, 8);
    } else {
        viz_look_row look = l->is_limit ? (viz_look_row){.colour = VIZ_busy, .dash = {4, 3}, .dashes = 2} : l->look;
        viz_look_line(pen, look, 2);
        cairo_move_to(pen->cr, x, middle);
        cairo_line_to(pen->cr, x + sample, middle);
        cairo_stroke(pen->cr);
        cairo_set_dash(pen->cr, NULL, 0, 0);
    }
    x += sample + 6;
    viz_type name = name_type, now = now_type;
    double now_width = l->now ? fmin(viz_text_width(pen, now, l->now), fmax(end - x, 1)) : 0;
    name.width = fmax(end - x - (l->now ? now_width + 6 : 0) + 0.5, 1);
    x += viz_text(pen, x, y, name, l->name) + 6;
    if (l->now) {
        now.width = fmax(end - x + 1, 1);
        viz_text(pen, x, y, now, l->now);
    }
}

viz_rect viz_card_head(viz_pen *pen, viz_rect card, const char *title, const char *unit, const viz_legend *entries, size_t count)
{
    viz_card(pen, card, VIZ_border);
    viz_rect in = viz_inset(card, VIZ_PAD);
    double y = in.y + 12, right = in.x + in.width, used = 0;
    viz_type type = title_type;
    type.width = in.width;
    if (title && in.width > 0)
        used = viz_text(pen, in.x, y, type, title) + 8;
    type = unit_type;
    type.width = in.width - used;
    if (unit && unit[0] && type.width > 24)
        used += viz_text(pen, in.x + used, y, type, unit) + 8;
    double all = 0;
    for (size_t i = 0; i < count; i++)
        all += is_shown(&entries[i]) ? entry_width(pen, &entries[i]) + VIZ_PAD : 0;
    double x = right - all + VIZ_PAD;          // behind the title, at the right, when all fit
    bool below = all > 0 && x < in.x + used + VIZ_PAD;
    if (below) {
        x = in.x;
        y += ROW;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_shown(&entries[i]))
            continue;
        double width = fmin(entry_width(pen, &entries[i]), in.width);
        if (below && x > in.x && x + width > right) {
            x = in.x;
            y += ROW;
        }
        if (y + VIZ_PAD > card.y + card.height - VIZ_PAD)
            break;                             // a small card: no room for more entries
        draw_entry(pen, &entries[i], x, y, width);
        x += width + VIZ_PAD;
    }
    y += VIZ_PAD;
    return (viz_rect){in.x, y, in.width, in.y + in.height - y};
}

// The words of an axis stay between its ends and do not touch each other.
void viz_axis_below(viz_pen *pen, viz_rect plot, const viz_scale *x, const viz_axis *axis, bool with_lines)
{
    const viz_type type = {.size = VIZ_SMALL_SIZE, .colour = VIZ_muted};
    double y = plot.y + plot.height + 16, right = plot.x + plot.width;
    if (axis->first && axis->last) {
        viz_type half = type;
        half.width = plot.width / 2 - VIZ_GAP;
        if (half.width <= 0)
            return;
        viz_text(pen, plot.x, y, half, axis->first);
        half.align = VIZ_RIGHT;
        viz_text(pen, right, y, half, axis->last);
        return;
    }
    viz_tick ticks[VIZ_TICKS_MOST];
    int n = viz_ticks(x, (int)(plot.width / 56) + 1, ticks);
    double taken = -INFINITY;
    for (int i = 0; i < n; i++) {
        double at = viz_scale_place(x, ticks[i].value), width = viz_text_width(pen, type, ticks[i].word);
        if (with_lines)
            viz_hairline(pen, at, plot.y, at, plot.y + plot.height, VIZ_border, 0);
        double left = fmax(plot.x, fmin(at - width / 2, right - width));
        if (left < taken + 8 || width > plot.width)
            continue;
        viz_text(pen, left, y, type, ticks[i].word);
        taken = left + width;
    }
}
