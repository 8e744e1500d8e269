// viz/report/svg.c - see svg.h.
#include "viz/report/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viz/draw/render.h"

typedef struct { double scale; viz_drawing *draw; const void *what; } job;

static void paint(cairo_t *cr, const void *self)
{
    const job *j = self;
    viz_pen pen = viz_pen_open(cr, VIZ_LIGHT, j->scale);
    j->draw(&pen, j->what);
    viz_pen_close(&pen);
}

// The colour that cairo writes as rgb(14.117647%,34.117647%,90.196078%); false when it is none of the palette.
static bool palette_colour(const char *at, int *length, viz_colour *colour)
{
    double red, green, blue;
    if (sscanf(at, "rgb(%lf%%,%lf%%,%lf%%)%n", &red, &green, &blue, length) != 3)
        return false;
    uint32_t value = (uint32_t)lround(red * 2.55) << 16 | (uint32_t)lround(green * 2.55) << 8 | (uint32_t)lround(blue * 2.55);
    for (int i = 0; i < VIZ_COLOUR_COUNT; i++)
        if (viz_colour_value((viz_colour)i, VIZ_LIGHT) == value) {
            *colour = (viz_colour)i;
            return true;
        }
    return false;
}

// Copies cairo's picture, with its colours named and its ids prefixed.
static void translate(const char *svg, const char *prefix, hr_text *out)
{
    static const struct { const char *from, *to; } links[] = {{" id=\"", " id=\"%s"}, {" xlink:href=\"#", " href=\"#%s"}, {"url(#", "url(#%s"}};
    for (const char *at = svg; *at;) {
        size_t run = strcspn(at, " ru");       // nothing to do before the next of these letters
        hr_text_bytes(out, at, run);
        at += run;
        int length = 0;
        viz_colour colour;
        if (palette_colour(at, &length, &colour)) {
            hr_text_add(out, "var(--%s)", viz_colour_name(colour));
            at += length;
            continue;
        }
        if (strncmp(at, " id=\"surface", 12) == 0) {                 // a number that counts all surfaces of the process; nothing refers to it
            at = strchr(at + 5, '"') + 1;
            continue;
        }
        size_t k = 0;
        while (k < HR_COUNT(links) && strncmp(at, links[k].from, strlen(links[k].from)) != 0)
            k++;
        if (k < HR_COUNT(links)) {
            hr_text_bytes(out, links[k].to, strlen(links[k].to) - 2);
            hr_text_add(out, "%s", prefix);
            at += strlen(links[k].from);
        } else if (*at) {
            hr_text_bytes(out, at++, 1);
        }
    }
}

void viz_svg_inline(double width, double height, const char *prefix, const char *label, viz_drawing *draw, const void *what, hr_text *out)
{
    hr_text svg = {0};
    viz_render(VIZ_SVG, width, height, paint, &(job){1, draw, what}, &svg);
    const char *body = strstr(svg.data, "<svg");
    body = body ? strchr(body, '>') : NULL;
    HR_ASSERT(body != NULL);
    hr_text_add(out, "<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"", width, height);
    viz_escape(label, out);
    hr_text_add(out, "\"");
    translate(body, prefix, out);
    free(svg.data);
}

hr_status viz_drawing_write(const char *path, double width, double height, double scale, viz_drawing *draw, const void *what, hr_error *e)
{
    const char *ending = strrchr(path, '.');
    bool svg = ending && strcmp(ending, ".svg") == 0;
    if (!svg && (!ending || strcmp(ending, ".png") != 0))
        return hr_fail(e, HR_BAD_INPUT, "%s: want a name that ends in .png or .svg", path);
    double pixels = svg ? 1 : scale;
    return viz_render_file(path, svg ? VIZ_SVG : VIZ_PNG, width * pixels, height * pixels, paint, &(job){pixels, draw, what}, e);
}

void viz_escape(const char *text, hr_text *out)
{
    for (const char *at = text; *at; at++) {
        const char *said = *at == '&' ? "&amp;" : *at == '<' ? "&lt;" : *at == '>' ? "&gt;" : *at == '"' ? "&quot;" : NULL;
        if (said)
            hr_text_add(out, "%s", said);
        else
            hr_text_bytes(out, at, 1);
    }
}
