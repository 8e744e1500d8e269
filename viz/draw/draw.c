// viz/draw/draw.c - see draw.h.
#include "viz/draw/draw.h"

#include <math.h>

const viz_marker_row viz_markers[VIZ_MARKER_COUNT] = {
#define VIZ_MARKER(name, shape, colour, word) {VIZ_##shape, VIZ_##colour, word},
#include "viz/draw/marker.def"
#undef VIZ_MARKER
};

#ifdef __SANITIZE_ADDRESS__
// fontconfig keeps its fonts until the process ends: no leak of ours. Both are called by the leak sanitizer.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}
#endif

viz_pen viz_pen_open(cairo_t *cr, viz_theme theme, double scale)
{
    viz_pen pen = {.cr = cr, .theme = theme, .scale = scale};
    cairo_save(cr);
    cairo_scale(cr, scale, scale);
    pen.layout = pango_cairo_create_layout(cr);
    PangoContext *context = pango_layout_get_context(pen.layout);
    cairo_font_options_t *options = cairo_font_options_create();   // unhinted: the same widths at every scale and on every surface
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context, FALSE);
    pango_layout_set_single_paragraph_mode(pen.layout, TRUE);
    PangoAttrList *features = pango_attr_list_new();
    pango_attr_list_insert(features, pango_attr_font_features_new("tnum=1"));
    pango_layout_set_attributes(pen.layout, features);
    pango_attr_list_unref(features);
    return pen;
}

void viz_pen_close(viz_pen *pen)
{
    g_object_unref(pen->layout);
    cairo_restore(pen->cr);
}

void viz_ink(viz_pen *pen, viz_colour colour, double alpha)
{
    viz_rgb c = viz_colour_rgb(colour, pen->theme);
    cairo_set_source_rgba(pen->cr, c.red, c.green, c.blue, alpha);
}

// --- text -----------------------------------------------------------------------------------------------------------

static double lay_out(viz_pen *pen, viz_type type, const char *text)
{
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(font, "Inter,DejaVu Sans,sans-serif");
    pango_font_description_set_absolute_size(font, (type.size > 0 ? type.size : VIZ_TEXT_SIZE) * PANGO_SCALE);
    pango_font_description_set_weight(font, type.is_strong ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(pen->layout, font);
    pango_font_description_free(font);
    pango_layout_set_width(pen->layout, type.width > 0 ? (int)(type.width * PANGO_SCALE) : -1);
    pango_layout_set_height(pen->layout, -1);  // one line
    pango_layout_set_ellipsize(pen->layout, type.width > 0 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
    pango_layout_set_text(pen->layout, text, -1);
    PangoRectangle logical;
    pango_layout_get_extents(pen->layout, NULL, &logical);
    return (double)logical.width / PANGO_SCALE;
}

double viz_text_width(viz_pen *pen, viz_type type, const char *text)
{
    return lay_out(pen, type, text);
}

static void show(viz_pen *pen, double left, double y, viz_colour colour)
{
    viz_ink(pen, colour, 1);
    cairo_move_to(pen->cr, left, y - (double)pango_layout_get_baseline(pen->layout) / PANGO_SCALE);
    pango_cairo_show_layout(pen->cr, pen->layout);
    cairo_new_path(pen->cr);
}

double viz_text(viz_pen *pen, double x, double y, viz_type type, const char *text)
{
    double width = lay_out(pen, type, text);
    if (type.width > 0 && width > type.width + 1)
        return 0;                              // not even the ellipsis fits
    show(pen, type.align == VIZ_LEFT ? x : type.align == VIZ_CENTRE ? x - width / 2 : x - width, y, type.colour);
    return width;
}

double viz_paragraph(viz_pen *pen, double x, double y, viz_type type, int most, const char *text)
{
    lay_out(pen, type, text);
    pango_layout_set_wrap(pen->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_height(pen->layout, -most);
    PangoRectangle logical;
    pango_layout_get_extents(pen->layout, NULL, &logical);
    show(pen, x, y, type.colour);
    return (double)logical.height / PANGO_SCALE;
}

// --- shapes ---------------------------------------------------------------------------------------------------------

void viz_round_rect(viz_pen *pen, viz_rect r, double radius)
{
    cairo_t *cr = pen->cr;
    radius = fmin(radius, fmin(r.width, r.height) / 2);
    cairo_new_sub_path(cr);
    cairo_arc(cr, r.x + r.width - radius, r.y + radius, radius, -M_PI / 2, 0);
    cairo_arc(cr, r.x + r.width - radius, r.y + r.height - radius, radius, 0, M_PI / 2);
    cairo_arc(cr, r.x + radius, r.y + r.height - radius, radius, M_PI / 2, M_PI);
    cairo_arc(cr, r.x + radius, r.y + radius, radius, M_PI, 3 * M_PI / 2);
    cairo_close_path(cr);
}

static double snap(double device)
{
    return floor(device) + 0.5;
}

double viz_snap_x(const viz_pen *pen, double x)
{
    double y = 0;
    cairo_user_to_device(pen->cr, &x, &y);
    x = snap(x);
    cairo_device_to_user(pen->cr, &x, &y);
    return x;
}

double viz_snap_y(const viz_pen *pen, double y)
{
    double x = 0;
    cairo_user_to_device(pen->cr, &x, &y);
    y = snap(y);
    cairo_device_to_user(pen->cr, &x, &y);
    return y;
}

void viz_card(viz_pen *pen, viz_rect r, viz_colour border)
{
    double x = viz_snap_x(pen, r.x), y = viz_snap_y(pen, r.y), pixel = 1 / pen->scale;
    viz_rect edge = {x, y, viz_snap_x(pen, r.x + r.width - pixel) - x, viz_snap_y(pen, r.y + r.height - pixel) - y};
    viz_round_rect(pen, edge, VIZ_RADIUS);
    viz_ink(pen, VIZ_panel, 1);
    cairo_fill_preserve(pen->cr);
    viz_ink(pen, border, 1);
    cairo_set_dash(pen->cr, NULL, 0, 0);
    cairo_set_line_width(pen->cr, pixel);
    cairo_stroke(pen->cr);
}

void viz_hairline(viz_pen *pen, double x1, double y1, double x2, double y2, viz_colour colour, double dash)
{
    bool upright = x1 == x2;
    if (upright)
        x1 = x2 = viz_snap_x(pen, x1);
    else
        y1 = y2 = viz_snap_y(pen, y1);
    viz_ink(pen, colour, 1);
    cairo_set_line_width(pen->cr, 1 / pen->scale);
    cairo_set_line_cap(pen->cr, CAIRO_LINE_CAP_BUTT);
    cairo_set_dash(pen->cr, &dash, dash > 0 ? 1 : 0, 0);
    cairo_move_to(pen->cr, x1, y1);
    cairo_line_to(pen->cr, x2, y2);
    cairo_stroke(pen->cr);
    cairo_set_dash(pen->cr, NULL, 0, 0);
}

static void outline(cairo_t *cr, viz_shape shape, double x, double y, double r)
{
    cairo_new_path(cr);
    switch (shape) {
    case VIZ_DISC:
    case VIZ_RING:
        cairo_arc(cr, x, y, r, 0, 2 * M_PI);
        break;
    case VIZ_SQUARE:
    case VIZ_BOX:
        cairo_rectangle(cr, x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
        break;
    case VIZ_TRIANGLE:
        cairo_move_to(cr, x, y - r * 1.1);
        cairo_line_to(cr, x + r * 1.1, y + r * 0.9);
        cairo_line_to(cr, x - r * 1.1, y + r * 0.9);
        cairo_close_path(cr);
        break;
    case VIZ_DIAMOND:
        cairo_move_to(cr, x, y - r * 1.2);
        cairo_line_to(cr, x + r * 1.2, y);
        cairo_line_to(cr, x, y + r * 1.2);
        cairo_line_to(cr, x - r * 1.2, y);
        cairo_close_path(cr);
        break;
    case VIZ_CROSS:
        cairo_move_to(cr, x - r, y - r);
        cairo_line_to(cr, x + r, y + r);
        cairo_move_to(cr, x + r, y - r);
        cairo_line_to(cr, x - r, y + r);
        break;
    }
}

void viz_mark(viz_pen *pen, viz_shape shape, viz_colour colour, double x, double y, double size)
{
    cairo_t *cr = pen->cr;
    bool is_open = shape == VIZ_RING || shape == VIZ_BOX;
    cairo_set_dash(cr, NULL, 0, 0);
    outline(cr, shape, x, y, is_open ? size / 2 - 0.75 : size / 2);
    if (shape == VIZ_CROSS) {
        viz_ink(pen, colour, 1);
        cairo_set_line_width(cr, 2);
        cairo_stroke(cr);
        return;
    }
    viz_ink(pen, VIZ_panel, 1);
    cairo_set_line_width(cr, 2);
    cairo_stroke_preserve(cr);
    if (is_open) {
        cairo_fill_preserve(cr);
        viz_ink(pen, colour, 1);
        cairo_set_line_width(cr, 1.5);
        cairo_stroke(cr);
    } else {
        viz_ink(pen, colour, 1);
        cairo_fill(cr);
    }
}

// --- looks ----------------------------------------------------------------------------------------------------------

viz_look_row viz_look(int i)
{
    static const viz_look_row looks[] = {
        {VIZ_a, VIZ_DISC, {0}, 0},
        {VIZ_b, VIZ_SQUARE, {6, 3}, 2},
        {VIZ_hit, VIZ_TRIANGLE, {2, 2}, 2},
        {VIZ_write, VIZ_DIAMOND, {8, 3, 2, 3}, 4},
        {VIZ_muted, VIZ_RING, {0}, 0},
        {VIZ_busy, VIZ_BOX, {6, 3}, 2},
        {VIZ_critical, VIZ_CROSS, {2, 2}, 2},
    };
    return looks[(size_t)i % HR_COUNT(looks)];
}

void viz_look_line(viz_pen *pen, viz_look_row look, double width)
{
    viz_ink(pen, look.colour, 1);
    cairo_set_line_width(pen->cr, width);
    cairo_set_line_join(pen->cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(pen->cr, CAIRO_LINE_CAP_BUTT);
    cairo_set_dash(pen->cr, look.dash, look.dashes, 0);
}
