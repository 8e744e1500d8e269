// viz/draw/palette.c - see palette.h.
#include "viz/draw/palette.h"

static const struct { const char *name; uint32_t value[2]; } colours[VIZ_COLOUR_COUNT] = {
#define VIZ_COLOUR(name, light, dark, help) {#name, {light, dark}},
#include "viz/draw/palette.def"
#undef VIZ_COLOUR
};

uint32_t viz_colour_value(viz_colour colour, viz_theme theme)
{
    return colours[colour].value[theme];
}

viz_rgb viz_colour_rgb(viz_colour colour, viz_theme theme)
{
    uint32_t v = viz_colour_value(colour, theme);
    return (viz_rgb){(double)(v >> 16) / 255, (double)(v >> 8 & 255) / 255, (double)(v & 255) / 255};
}

const char *viz_colour_name(viz_colour colour)
{
    return colours[colour].name;
}
