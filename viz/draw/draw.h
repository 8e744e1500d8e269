// viz/draw/draw.h - the words that window, pictures and report draw with, on cairo and pango.
// * Lengths are in units at scale 1 (a pixel of an ordinary screen); `scale` device pixels make one. Spacing goes in fours.
// * Hairlines are one device pixel wide and lie on device pixels, whatever the scale.
// * A pen draws on one cairo context and lives no longer than it. Nothing here keeps state between calls.
#ifndef VIZ_DRAW_H
#define VIZ_DRAW_H

#include <pango/pangocairo.h>

#include "viz/draw/palette.h"

enum { VIZ_GAP = 4, VIZ_PAD = 12, VIZ_RADIUS = 6 };
#define VIZ_TEXT_SIZE 13.0                     // plain text and titles
#define VIZ_SMALL_SIZE 12.0                    // axes, units, legends

typedef struct { double x, y, width, height; } viz_rect;

typedef struct {
    cairo_t     *cr;                           // lent
    PangoLayout *layout;                       // the pen's own
    viz_theme    theme;
    double       scale;
} viz_pen;

// Begins drawing in `theme`: scales `cr` so that one unit is `scale` device pixels. viz_pen_close undoes the scaling.
viz_pen viz_pen_open(cairo_t *cr, viz_theme theme, double scale);
void    viz_pen_close(viz_pen *pen);

// Sets the source colour; `alpha` 1 is opaque.
void viz_ink(viz_pen *pen, viz_colour colour, double alpha);

typedef enum { VIZ_LEFT, VIZ_CENTRE, VIZ_RIGHT } viz_align;
typedef struct {
    double     size;                           // 0: VIZ_TEXT_SIZE
    bool       is_strong;                      // semi-bold
    viz_colour colour;
    viz_align  align;                          // what `x` is of the text
    double     width;                          // > 0: no wider than this; what does not fit becomes an ellipsis
} viz_type;
// Draws one line of UTF-8 with its baseline at `y` and returns its width. Figures are tabular, so that numbers do not dance.
double viz_text(viz_pen *pen, double x, double y, viz_type type, const char *text);
// The same over several lines, broken between words at `type.width`; the first baseline is at `y`. What does not fit into `most` lines
// becomes an ellipsis. Returns the height of all lines.
double viz_paragraph(viz_pen *pen, double x, double y, viz_type type, int most, const char *text);
double viz_text_width(viz_pen *pen, viz_type type, const char *text);

// A path with rounded corners, to be filled or stroked.
void viz_round_rect(viz_pen *pen, viz_rect r, double radius);
// A card: panel, rounded, with a hairline border of that colour (VIZ_border; VIZ_critical for trouble).
void viz_card(viz_pen *pen, viz_rect r, viz_colour border);
// A horizontal or vertical line of one device pixel. `dash` > 0: dashes of that length.
void viz_hairline(viz_pen *pen, double x1, double y1, double x2, double y2, viz_colour colour, double dash);
// The value moved to the middle of its device pixel along x (or y), where a hairline is sharp.
double viz_snap_x(const viz_pen *pen, double x);
double viz_snap_y(const viz_pen *pen, double y);

typedef enum { VIZ_DISC, VIZ_SQUARE, VIZ_TRIANGLE, VIZ_DIAMOND, VIZ_CROSS, VIZ_RING, VIZ_BOX } viz_shape;
// A shape of about `size` units across, its middle at x, y. Filled shapes get a rim of the panel's colour, so that neighbours part.
void viz_mark(viz_pen *pen, viz_shape shape, viz_colour colour, double x, double y, double size);

typedef enum {
#define VIZ_MARKER(name, shape, colour, word) VIZ_MARKER_##name,
#include "viz/draw/marker.def"
#undef VIZ_MARKER
    VIZ_MARKER_COUNT
} viz_marker;
typedef struct { viz_shape shape; viz_colour colour; const char *word; } viz_marker_row;
extern const viz_marker_row viz_markers[VIZ_MARKER_COUNT];

// How the variant or series number `i` looks, everywhere: colour, shape and dashes together (0 is A, 1 is B).
typedef struct { viz_colour colour; viz_shape shape; double dash[4]; int dashes; } viz_look_row;
viz_look_row viz_look(int i);
// Makes the next strokes of that look: its colour, its dashes, `width` units wide.
void viz_look_line(viz_pen *pen, viz_look_row look, double width);

static inline viz_rect viz_inset(viz_rect r, double by)
{
    return (viz_rect){r.x + by, r.y + by, r.width - 2 * by, r.height - 2 * by};
}

#endif
