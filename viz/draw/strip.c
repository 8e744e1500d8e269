// viz/draw/strip.c - see strip.h.
#include "viz/draw/strip.h"

#include <math.h>
#include <stdio.h>

enum { ROWS_MOST = 8, APART = 8 };

typedef struct {                               // while words are placed
    viz_pen         *pen;
    const viz_scale *x;
    int    rows;                               // that there may be
    double taken[ROWS_MOST], end;              // how far each row is used; where the last one ends
    int    used, left_out;
    bool   draws;
    double top;
} strip;

static void place(strip *s, double from, double to, const char *word, viz_colour colour)
{
    double at = fmax(viz_scale_place(s->x, from), s->x->at_from), end = fmin(viz_scale_place(s->x, to), s->x->at_to);
    if (!word || !*word || !(at <= end))
        return;
    viz_type type = {.size = VIZ_SMALL_SIZE, .colour = colour, .width = s->x->at_to - s->x->at_from};
    double width = fmin(viz_text_width(s->pen, type, word), type.width);
    for (int row = 0; row < s->rows; row++) {
        double right = row + 1 < s->rows ? s->x->at_to : s->end, left = fmax(fmin(at, right - width), s->x->at_from);
        if (left < s->taken[row])
            continue;
        type.width = right - left;
        if (s->draws)
            viz_text(s->pen, left, s->top + row * VIZ_STRIP_ROW + 10, type, word);
        s->taken[row] = left + fmin(width, type.width) + APART;
        s->used = row + 1 > s->used ? row + 1 : s->used;
        return;
    }
    s->left_out++;
}

static strip place_all(strip s, const viz_chart *c)
{
    for (int row = 0; row < ROWS_MOST; row++)
        s.taken[row] = -INFINITY;
    for (size_t i = 0; i < c->flag_count; i++)
        place(&s, c->flags[i].x, c->flags[i].x, c->flags[i].word, c->flags[i].is_trouble ? VIZ_critical : VIZ_muted);
    for (size_t i = 0; i < c->band_count && !c->bands_are_silent; i++)
        place(&s, c->bands[i].from, c->bands[i].to, c->bands[i].word, VIZ_critical);
    return s;
}

static strip begin(viz_pen *pen, const viz_scale *x, int rows) { return (strip){.pen = pen, .x = x, .rows = rows < ROWS_MOST ? rows : ROWS_MOST, .end = x->at_to}; }

int viz_strip_rows(viz_pen *pen, const viz_chart *c, const viz_scale *x, int most) { return place_all(begin(pen, x, most), c).used; }

void viz_strip_draw(viz_pen *pen, const viz_chart *c, const viz_scale *x, int rows, double top)
{
    const viz_type type = {.size = VIZ_SMALL_SIZE, .colour = VIZ_critical, .is_strong = true, .align = VIZ_RIGHT};
    strip s = begin(pen, x, rows);
    if (rows <= 0)
        return;
    int left_out = place_all(s, c).left_out;
    if (left_out)                              // their number stands at the end of the last row
        s.end -= viz_text_width(pen, type, "+99") + APART;
    s.draws = true;
    s.top = top;
    left_out = place_all(s, c).left_out;
    if (!left_out)
        return;
    char number[16];
    snprintf(number, sizeof number, "+%d", left_out);
    viz_text(pen, x->at_to, top + (rows - 1) * VIZ_STRIP_ROW + 10, type, number);
}
