// viz/scene/icon.c - small line drawings: what a card is, what a button does.
#include <math.h>

#include "viz/scene/paint.h"

static void people(cairo_t *cr)
{
    cairo_arc(cr, 0, -3.5, 3, 0, 2 * M_PI);
    cairo_new_sub_path(cr);
    cairo_arc(cr, 0, 7, 6, M_PI, 2 * M_PI);
}

static void balancer(cairo_t *cr)
{
    for (int i = -1; i <= 1; i++) {
        cairo_move_to(cr, -6.5, 0);
        cairo_line_to(cr, 6, i * 5.5);
    }
    cairo_new_sub_path(cr);
    cairo_arc(cr, -6, 0, 1, 0, 2 * M_PI);
}

static void service(cairo_t *cr)
{
    cairo_rectangle(cr, -6.5, -6.5, 13, 5.5);
    cairo_rectangle(cr, -6.5, 1, 13, 5.5);
    cairo_move_to(cr, -4, -3.75);
    cairo_line_to(cr, -2.5, -3.75);
    cairo_move_to(cr, -4, 3.75);
    cairo_line_to(cr, -2.5, 3.75);
}

static void cache(cairo_t *cr)
{
    cairo_move_to(cr, 1.5, -7.5);
    cairo_line_to(cr, -5, 1.5);
    cairo_line_to(cr, -0.5, 1.5);
    cairo_line_to(cr, -1.5, 7.5);
    cairo_line_to(cr, 5, -1.5);
    cairo_line_to(cr, 0.5, -1.5);
    cairo_close_path(cr);
}

static void broker(cairo_t *cr)                // a letter
{
    cairo_rectangle(cr, -7, -5, 14, 10);
    cairo_move_to(cr, -7, -5);
    cairo_line_to(cr, 0, 1);
    cairo_line_to(cr, 7, -5);
}

static void half_turn(cairo_t *cr, double y)
{
    cairo_save(cr);
    cairo_translate(cr, 0, y);
    cairo_scale(cr, 6, 2.2);
    cairo_arc(cr, 0, 0, 1, 0, M_PI);
    cairo_restore(cr);
}

static void database(cairo_t *cr)
{
    cairo_save(cr);
    cairo_translate(cr, 0, -4.5);
    cairo_scale(cr, 6, 2.2);
    cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
    cairo_restore(cr);
    cairo_new_sub_path(cr);
    half_turn(cr, 0.2);
    cairo_new_sub_path(cr);
    half_turn(cr, 4.8);
    for (int side = -1; side <= 1; side += 2) {
        cairo_move_to(cr, side * 6, -4.5);
        cairo_line_to(cr, side * 6, 4.8);
    }
}

static void limiter(cairo_t *cr)               // a funnel
{
    cairo_move_to(cr, -6.5, -6);
    cairo_line_to(cr, 6.5, -6);
    cairo_line_to(cr, 1.5, 1);
    cairo_line_to(cr, 1.5, 7);
    cairo_line_to(cr, -1.5, 7);
    cairo_line_to(cr, -1.5, 1);
    cairo_close_path(cr);
}

static void breaker(cairo_t *cr)               // a switch that stands open
{
    cairo_move_to(cr, -7.5, 2);
    cairo_line_to(cr, -3.5, 2);
    cairo_line_to(cr, 3.5, -4);
    cairo_move_to(cr, 4, 2);
    cairo_line_to(cr, 7.5, 2);
}

static void warning(cairo_t *cr)
{
    cairo_move_to(cr, 0, -6.5);
    cairo_line_to(cr, 7, 6);
    cairo_line_to(cr, -7, 6);
    cairo_close_path(cr);
    cairo_move_to(cr, 0, -2);
    cairo_line_to(cr, 0, 1.5);
    cairo_move_to(cr, 0, 3.4);
    cairo_line_to(cr, 0, 4);
}

static void restart(cairo_t *cr)
{
    cairo_move_to(cr, 5, -5);
    cairo_line_to(cr, -3, 0);
    cairo_line_to(cr, 5, 5);
    cairo_close_path(cr);
    cairo_move_to(cr, -5, -5);
    cairo_line_to(cr, -5, 5);
}

static void play(cairo_t *cr)
{
    cairo_move_to(cr, -4, -6);
    cairo_line_to(cr, 6, 0);
    cairo_line_to(cr, -4, 6);
    cairo_close_path(cr);
}

static void pause_bars(cairo_t *cr)
{
    cairo_rectangle(cr, -4.5, -5, 2.6, 10);
    cairo_rectangle(cr, 1.9, -5, 2.6, 10);
}

static void step(cairo_t *cr)
{
    cairo_move_to(cr, -5, -5);
    cairo_line_to(cr, 3, 0);
    cairo_line_to(cr, -5, 5);
    cairo_close_path(cr);
    cairo_move_to(cr, 5, -5);
    cairo_line_to(cr, 5, 5);
}

static void theme(cairo_t *cr)
{
    cairo_arc(cr, 0, 0, 6, M_PI / 2, 3 * M_PI / 2);
    cairo_close_path(cr);
    cairo_new_sub_path(cr);
    cairo_arc(cr, 0, 0, 6, -M_PI / 2, M_PI / 2);
}

static void logo(cairo_t *cr)                  // stairs that leave room above
{
    cairo_move_to(cr, -6, 5);
    cairo_line_to(cr, -2, 5);
    cairo_line_to(cr, -2, 1);
    cairo_line_to(cr, 2, 1);
    cairo_line_to(cr, 2, -3);
    cairo_line_to(cr, 6, -3);
}

static const struct { void (*path)(cairo_t *cr); bool is_filled; } icons[] = {
    [VIZ_ICON_PEOPLE] = {people, false}, [VIZ_ICON_BALANCER] = {balancer, false}, [VIZ_ICON_SERVICE] = {service, false},
    [VIZ_ICON_CACHE] = {cache, false}, [VIZ_ICON_DATABASE] = {database, false}, [VIZ_ICON_WARNING] = {warning, false},
    [VIZ_ICON_LIMITER] = {limiter, false}, [VIZ_ICON_BREAKER] = {breaker, false}, [VIZ_ICON_BROKER] = {broker, false},
    [VIZ_ICON_RESTART] = {restart, true}, [VIZ_ICON_PLAY] = {play, true}, [VIZ_ICON_PAUSE] = {pause_bars, true},
    [VIZ_ICON_STEP] = {step, true}, [VIZ_ICON_THEME] = {theme, false}, [VIZ_ICON_LOGO] = {logo, false}};

void viz_icon_draw(viz_pen *pen, viz_icon icon, viz_colour colour, double x, double y)
{
    cairo_t *cr = pen->cr;
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_new_path(cr);
    icons[icon].path(cr);
    viz_ink(pen, colour, 1);
    cairo_set_line_width(cr, icon == VIZ_ICON_LOGO ? 2 : 1.4);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    if (icons[icon].is_filled)
        cairo_fill_preserve(cr);
    cairo_stroke(cr);
    cairo_restore(cr);
}
