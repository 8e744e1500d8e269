// viz/draw/palette.h - the colours of window, pictures and report: one list (palette.def), a light and a dark value each.
// * Colour never stands alone: what a colour says, a shape or a word says, too (marker.def, viz_look).
#ifndef VIZ_PALETTE_H
#define VIZ_PALETTE_H

#include "sim/core/base.h"

typedef enum {
#define VIZ_COLOUR(name, light, dark, help) VIZ_##name,
#include "viz/draw/palette.def"
#undef VIZ_COLOUR
    VIZ_COLOUR_COUNT
} viz_colour;

typedef enum { VIZ_LIGHT, VIZ_DARK } viz_theme;

typedef struct { double red, green, blue; } viz_rgb;               // 0 … 1

// 0xRRGGBB of a colour, and its parts.
uint32_t    viz_colour_value(viz_colour colour, viz_theme theme);
viz_rgb     viz_colour_rgb(viz_colour colour, viz_theme theme);
const char *viz_colour_name(viz_colour colour);                    // static

#endif
