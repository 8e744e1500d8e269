// viz/draw/render.h - what cairo draws, as the bytes of a PNG or SVG file.
#ifndef VIZ_RENDER_H
#define VIZ_RENDER_H

#include <cairo.h>

#include "sim/core/base.h"

typedef enum { VIZ_PNG, VIZ_SVG } viz_format;
typedef void viz_painter(cairo_t *cr, const void *what);

// A picture of width × height pixels, painted by `paint`, added to `out`. A picture that big without memory panics.
void viz_render(viz_format format, double width, double height, viz_painter *paint, const void *what, hr_text *out);
// The same into a file. HR_ENVIRONMENT when it cannot be written.
hr_status viz_render_file(const char *path, viz_format format, double width, double height, viz_painter *paint, const void *what,
                          hr_error *e) HR_MUST_USE;

#endif
