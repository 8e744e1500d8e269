// viz/scene/pipes.c - pipes between cards, the tokens on their way, and the legend of what is on screen.
// * A token is one call or one reply that the world has noted (or stands for as many as the legend says). It keeps to the right of the
//   pipe in its direction of travel.
#include <math.h>
#include <stdio.h>

#include "viz/scene/paint.h"

enum { PIPE_WIDTH = 16 };
static const double mark_size = 9, lane = 3.75;

viz_marker viz_flight_marker(uint8_t kind)
{
    static const viz_marker markers[VIZ_FLIGHT_COUNT] = {[VIZ_FLIGHT_READ] = VIZ_MARKER_read, [VIZ_FLIGHT_WRITE] = VIZ_MARKER_write,
        [VIZ_FLIGHT_REPLY] = VIZ_MARKER_reply, [VIZ_FLIGHT_HIT] = VIZ_MARKER_hit, [VIZ_FLIGHT_FAILED] = VIZ_MARKER_failed};
    return markers[kind];
}

// --- pipes ----------------------------------------------------------------------------------------------------------

static void add_path(cairo_t *cr, const viz_route *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (i)
            cairo_line_to(cr, r->point[i].x, r->point[i].y);
        else
            cairo_move_to(cr, r->point[i].x, r->point[i].y);
}

// All edges first, then all insides: pipes that meet become one.
void viz_pipes_still(viz_pen *pen, const viz_scene *s)
{
    cairo_set_line_join(pen->cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(pen->cr, CAIRO_LINE_CAP_BUTT);
    for (int inside = 0; inside < 2; inside++) {
        viz_rgb border = viz_colour_rgb(VIZ_border, pen->theme), canvas = viz_colour_rgb(VIZ_canvas, pen->theme);
        double t = inside ? 0.45 : 1;          // the inside lies between edge and canvas, and covers what is below
        cairo_set_source_rgb(pen->cr, canvas.red + (border.red - canvas.red) * t, canvas.green + (border.green - canvas.green) * t,
                             canvas.blue + (border.blue - canvas.blue) * t);
        cairo_set_line_width(pen->cr, inside ? PIPE_WIDTH : PIPE_WIDTH + 2);
        for (uint32_t i = 0; i < s->layout->route_count; i++) {
            add_path(pen->cr, &s->layout->routes[i]);
            cairo_stroke(pen->cr);
        }
    }
}

// --- tokens ---------------------------------------------------------------------------------------------------------

void viz_sprites_free(viz_sprites *sprites)
{
    for (int i = 0; i < VIZ_MARKER_COUNT; i++)
        if (sprites->mark[i])
            cairo_surface_destroy(sprites->mark[i]);
    *sprites = (viz_sprites){0};
}

static int sprite_pixels(double scale) { return (int)ceil((mark_size + 4) * scale) | 1; }

static void make_sprites(viz_sprites *sprites, viz_theme theme, double scale)
{
    if (sprites->mark[0] && sprites->theme == theme && sprites->scale == scale)
        return;
    viz_sprites_free(sprites);
    sprites->theme = theme;
    sprites->scale = scale;
    int size = sprite_pixels(scale);
    for (int i = 0; i < VIZ_MARKER_COUNT; i++) {
        sprites->mark[i] = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, size, size);
        cairo_t *cr = cairo_create(sprites->mark[i]);
        viz_pen pen = viz_pen_open(cr, theme, scale);
        viz_mark(&pen, viz_markers[i].shape, viz_markers[i].colour, size / 2.0 / scale, size / 2.0 / scale, mark_size);
        viz_pen_close(&pen);
        cairo_destroy(cr);
    }
}

// Copies a mark to whole device pixels: no filter, no path.
static void stamp(cairo_t *cr, cairo_surface_t *mark, int size, viz_point at)
{
    cairo_user_to_device(cr, &at.x, &at.y);
    cairo_save(cr);
    cairo_identity_matrix(cr);
    int x = (int)lround(at.x - size / 2.0), y = (int)lround(at.y - size / 2.0);
    cairo_set_source_surface(cr, mark, x, y);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_rectangle(cr, x, y, size, size);
    cairo_fill(cr);
    cairo_restore(cr);
}

void viz_pipes_tokens(viz_pen *pen, const viz_scene *s, viz_sprites *sprites)
{
    double scale = pen->scale;
    hr_time now = s->world->now, span = (hr_time)((double)viz_hop_shown * viz_speeds[s->view->speed].factor);
    if (sprites)
        make_sprites(sprites, pen->theme, scale);
    int size = sprite_pixels(scale);
    for (uint32_t i = 0; i < s->flight_count; i++) {
        const viz_flight *f = &s->flights[i];
        const viz_route *r = &s->layout->routes[s->layout->route_of_pipe[f->pipe]];
        bool is_call = f->kind == VIZ_FLIGHT_READ || f->kind == VIZ_FLIGHT_WRITE;
        double way = (double)(now - f->at - f->hop * span) / (double)span;
        viz_point at = viz_route_at(r, is_call ? way : 1 - way, is_call ? lane : -lane);
        viz_marker marker = viz_flight_marker(f->kind);
        if (sprites)
            stamp(pen->cr, sprites->mark[marker], size, at);
        else
            viz_mark(pen, viz_markers[marker].shape, viz_markers[marker].colour, at.x, at.y, mark_size);
    }
}

// --- legend ---------------------------------------------------------------------------------------------------------

static double legend_marks(viz_pen *pen, const viz_scene *s, double x, double y)
{
    bool seen[VIZ_FLIGHT_COUNT] = {0};
    for (uint32_t i = 0; i < s->flight_count; i++)
        seen[s->flights[i].kind] = true;
    for (uint8_t k = 0; k < VIZ_FLIGHT_COUNT; k++) {
        if (!seen[k])
            continue;
        viz_marker_row row = viz_markers[viz_flight_marker(k)];
        viz_mark(pen, row.shape, row.colour, x + 6, y - 4, mark_size);
        x += 16 + viz_text(pen, x + 16, y, (viz_type){.size = VIZ_SMALL_SIZE, .colour = VIZ_text}, row.word) + 16;
    }
    return x;
}

void viz_legend_draw(viz_pen *pen, const viz_scene *s)
{
    viz_rect r = s->layout->legend;
    double y = r.y + 16, x = legend_marks(pen, s, r.x, y), right = r.x + r.width;
    char scale[96] = "", number[32];
    bool is_max = viz_speeds[s->view->speed].factor == 0;
    if (s->one_in > 1)
        snprintf(scale, sizeof scale, "1 token = %s requests; the stripe in a pipe: calls a second",
                 viz_number((double)s->one_in, 0, number, sizeof number));
    if (is_max)
        snprintf(scale, sizeof scale, "at the greatest speed no tokens: the stripe in a pipe tells calls a second");
    viz_type small = {.size = VIZ_SMALL_SIZE, .colour = VIZ_text, .width = right - x};
    if (*scale)
        x += viz_text(pen, x, y, small, scale) + 24;
    small.align = VIZ_RIGHT;
    small.colour = VIZ_muted;
    small.width = right - x;
    if (!is_max && small.width > 40)
        viz_text(pen, right, y, small, "A hop is drawn for 0.6 s of viewing time, from the moment on at which it arrives.");
}
