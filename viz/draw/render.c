// viz/draw/render.c - see render.h.
#include "viz/draw/render.h"

#include <cairo-svg.h>
#include <math.h>
#include <stdlib.h>

static cairo_status_t collect(void *out, const unsigned char *bytes, unsigned count)
{
    hr_text_bytes(out, bytes, count);
    return CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *surface_of(viz_format format, double width, double height, hr_text *out)
{
    if (format == VIZ_PNG)
        return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width), (int)ceil(height));
    cairo_surface_t *svg = cairo_svg_surface_create_for_stream(collect, out, width, height);
    cairo_svg_surface_set_document_unit(svg, CAIRO_SVG_UNIT_PX);
    return svg;
}

void viz_render(viz_format format, double width, double height, viz_painter *paint, const void *what, hr_text *out)
{
    cairo_surface_t *surface = surface_of(format, width, height, out);
    cairo_t *cr = cairo_create(surface);
    paint(cr, what);
    cairo_destroy(cr);
    if (format == VIZ_PNG)
        HR_ASSERT(cairo_surface_write_to_png_stream(surface, collect, out) == CAIRO_STATUS_SUCCESS);
    cairo_surface_finish(surface);
    HR_ASSERT(cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS && out->data);
    cairo_surface_destroy(surface);
}

hr_status viz_render_file(const char *path, viz_format format, double width, double height, viz_painter *paint, const void *what, hr_error *e)
{
    hr_text bytes = {0};
    viz_render(format, width, height, paint, what, &bytes);
    hr_status status = hr_write_file(path, bytes.data, bytes.used, e);
    free(bytes.data);
    return status;
}
