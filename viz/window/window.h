// viz/window/window.h - a window on a player: an SDL2 window whose content is the picture that cairo draws.
// * The window only turns keys and clicks into questions to the player and shows the picture again; what is shown is viz/scene's.
#ifndef VIZ_WINDOW_H
#define VIZ_WINDOW_H

#include "viz/scene/picture.h"

typedef struct {
    const char *title;
    double      width, height, scale;          // units; scale 0: what the screen asks for
    viz_theme   theme;
    uint32_t    speed;                         // row of viz_speeds
    bool        is_playing;                    // at first
} viz_window_options;

// Runs until the window is closed. HR_ENVIRONMENT: there is no display.
hr_status viz_window_run(viz_player *player, const viz_window_options *options, hr_error *e) HR_MUST_USE;

#endif
