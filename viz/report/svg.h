// viz/report/svg.h - from drawing to SVG text that can stand inside of a page.
// * Colours of the palette become CSS variables (`var(--border)`), so that one picture serves the light and the dark page.
// * Its ids begin with a prefix of its own, so that several pictures in one page do not take each other's letters.
#ifndef VIZ_SVG_H
#define VIZ_SVG_H

#include "viz/draw/draw.h"

typedef void viz_drawing(viz_pen *pen, const void *what);

// A picture of width × height units drawn in the light palette, as an <svg> element without links; `label` is read to those who cannot
// see it. The text is added to `out`.
void viz_svg_inline(double width, double height, const char *prefix, const char *label, viz_drawing *draw, const void *what, hr_text *out);

// The same as a file of its own: .svg or .png by the ending of `path` (a picture of `scale` pixels a unit).
hr_status viz_drawing_write(const char *path, double width, double height, double scale, viz_drawing *draw, const void *what, hr_error *e) HR_MUST_USE;

// Adds text with & < > and quotes written as HTML and XML want them.
void viz_escape(const char *text, hr_text *out);

#endif
