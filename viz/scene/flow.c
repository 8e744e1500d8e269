// viz/scene/flow.c - stripes in the pipes: how many calls a second pass, place by place. Where pipes run together, their calls add up.
// * Every route falls into short pieces. Along one upright or level line, pieces overlap in any way: the line is cut at all of their ends,
//   and each cut gets the sum of those that cover it. Slanted pieces lie in corners; equal ones are summed.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "viz/scene/paint.h"

enum { STRIPE_WIDTH = 14 };                    // of the fullest place

typedef enum { LEVEL, UPRIGHT, SLANTED } direction;

typedef struct {
    direction direction;
    double    line;                            // y of a level piece, x of an upright one
    double    from, to;                        // along the line; from < to
    viz_point a, b;                            // ends of a slanted piece
    double    flow;
} piece;

typedef struct { piece *piece; size_t count; } pieces;

static piece piece_of(viz_point a, viz_point b, double flow)
{
    if (fabs(a.y - b.y) < 1e-6)
        return (piece){.direction = LEVEL, .line = a.y, .from = fmin(a.x, b.x), .to = fmax(a.x, b.x), .flow = flow};
    if (fabs(a.x - b.x) < 1e-6)
        return (piece){.direction = UPRIGHT, .line = a.x, .from = fmin(a.y, b.y), .to = fmax(a.y, b.y), .flow = flow};
    return (piece){.direction = SLANTED, .line = a.x, .from = a.y, .a = a, .b = b, .flow = flow};
}

static pieces cut_routes(const viz_layout *l, const double *flow)
{
    pieces p = {.piece = hr_alloc((l->route_count * (size_t)VIZ_ROUTE_POINTS + 1) * sizeof(piece))};
    for (uint32_t i = 0; i < l->route_count; i++)
        for (uint32_t k = 1; flow[i] > 0 && k < l->routes[i].count; k++)
            p.piece[p.count++] = piece_of(l->routes[i].point[k - 1], l->routes[i].point[k], flow[i]);
    return p;
}

static int by_line(const void *a, const void *b)
{
    const piece *x = a, *y = b;
    if (x->direction != y->direction)
        return x->direction < y->direction ? -1 : 1;
    if (fabs(x->line - y->line) > 1e-6)
        return x->line < y->line ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static piece along(const piece *like, double from, double to, double flow)
{
    piece p = *like;
    p.from = from;
    p.to = to;
    p.flow = flow;
    p.a = like->direction == LEVEL ? (viz_point){from, like->line} : (viz_point){like->line, from};
    p.b = like->direction == LEVEL ? (viz_point){to, like->line} : (viz_point){like->line, to};
    return p;
}

// Pieces of one line, cut at all ends and summed.
static void sum_line(const piece *p, size_t n, pieces *out)
{
    double *end = hr_alloc(2 * n * sizeof *end);
    for (size_t i = 0; i < n; i++) {
        end[2 * i] = p[i].from;
        end[2 * i + 1] = p[i].to;
    }
    qsort(end, 2 * n, sizeof *end, by_value);
    for (size_t k = 1; k < 2 * n; k++) {
        if (end[k] - end[k - 1] < 1e-6)
            continue;
        double middle = (end[k] + end[k - 1]) / 2, sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += p[i].from < middle && middle < p[i].to ? p[i].flow : 0;
        if (sum > 0)
            out->piece[out->count++] = along(p, end[k - 1], end[k], sum);
    }
    free(end);
}

// Slanted pieces of one corner, each with all that are equal to it.
static void sum_slanted(const piece *p, size_t n, pieces *out)
{
    size_t first = out->count;
    for (size_t i = 0; i < n; i++) {
        size_t k = first;
        while (k < out->count && (memcmp(&out->piece[k].a, &p[i].a, sizeof p->a) != 0 || memcmp(&out->piece[k].b, &p[i].b, sizeof p->b) != 0))
            k++;
        if (k == out->count)
            out->piece[out->count++] = p[i];
        else
            out->piece[k].flow += p[i].flow;
    }
}

static pieces sum_pieces(const pieces *p)
{
    pieces out = {.piece = hr_alloc((2 * p->count + 1) * sizeof(piece))};
    qsort(p->piece, p->count, sizeof *p->piece, by_line);
    for (size_t from = 0, to; from < p->count; from = to) {
        const piece *first = &p->piece[from];
        for (to = from; to < p->count && p->piece[to].direction == first->direction && fabs(p->piece[to].line - first->line) < 1e-6; to++) {
        }
        if (first->direction == SLANTED)
            sum_slanted(first, to - from, &out);
        else
            sum_line(first, to - from, &out);
    }
    return out;
}

// Longer by a quarter of a unit at both ends, so that no seam is seen; in corners, with round ends.
static void draw_piece(viz_pen *pen, const piece *p, double width)
{
    double dx = p->b.x - p->a.x, dy = p->b.y - p->a.y, more = 0.25 / hypot(dx, dy);
    cairo_move_to(pen->cr, p->a.x - dx * more, p->a.y - dy * more);
    cairo_line_to(pen->cr, p->b.x + dx * more, p->b.y + dy * more);
    cairo_set_line_cap(pen->cr, p->direction == SLANTED ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
    cairo_set_line_width(pen->cr, width);
    cairo_stroke(pen->cr);
}

void viz_pipes_flow(viz_pen *pen, const viz_scene *s)
{
    const viz_layout *l = s->layout;
    double *flow = hr_alloc((l->route_count + 1) * sizeof *flow), most = 0;
    for (uint32_t p = 0; p < s->graph->pipe_count; p++)
        flow[l->route_of_pipe[p]] += viz_watch_flow(s->watch, p);
    pieces cut = cut_routes(l, flow), sum = sum_pieces(&cut);
    for (size_t i = 0; i < sum.count; i++)
        most = fmax(most, sum.piece[i].flow);
    viz_rgb colour = viz_colour_rgb(VIZ_read, pen->theme), canvas = viz_colour_rgb(VIZ_canvas, pen->theme);
    const double t = 0.28;                     // opaque, so that ends that meet do not add up
    cairo_set_source_rgb(pen->cr, canvas.red + (colour.red - canvas.red) * t, canvas.green + (colour.green - canvas.green) * t,
                         canvas.blue + (colour.blue - canvas.blue) * t);
    for (size_t i = 0; i < sum.count; i++)
        draw_piece(pen, &sum.piece[i], fmax(1, STRIPE_WIDTH * sum.piece[i].flow / most));
    free(cut.piece);
    free(sum.piece);
    free(flow);
}
