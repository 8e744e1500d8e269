// viz/scene/picture.h - the picture of a player's present: words, cards, pipes with what moves in them, charts, timeline.
// * What is drawn is a pure function of (player, view): the window, a PNG and an SVG show the same.
// * What seldom changes (frames, pipes, charts) is drawn once onto layers of its own and copied from there; a vector surface gets it
//   drawn anew.
// * Places are in units; `scale` device pixels make one.
#ifndef VIZ_PICTURE_H
#define VIZ_PICTURE_H

#include "viz/draw/draw.h"
#include "viz/draw/render.h"
#include "viz/scene/player.h"

enum { VIZ_TOKENS_MOST = 600 };                // beyond, one token stands for several requests
static const hr_time viz_hop_shown = 600 * HR_MS;                  // viewing time that a hop is drawn for; it takes no simulated time

typedef struct {
    viz_theme theme;
    double    width, height, scale;            // units; device pixels by unit
    uint32_t  speed;                           // row of viz_speeds
    bool      is_playing, has_legend, has_help;
    bool      is_behind;                       // the machine cannot keep the speed
    bool      has_pointer;
    double    pointer_x, pointer_y;
} viz_view;

typedef enum { VIZ_HIT_NOTHING, VIZ_HIT_RESTART, VIZ_HIT_PLAY, VIZ_HIT_STEP, VIZ_HIT_SLOWER, VIZ_HIT_FASTER, VIZ_HIT_TIMELINE,
               VIZ_HIT_THEME, VIZ_HIT_HELP, VIZ_HIT_CARD } viz_hit_kind;
typedef struct {
    viz_hit_kind kind;
    hr_time      at;                           // of the timeline
    uint32_t     card;
} viz_hit;

typedef struct viz_picture viz_picture;

// The player must outlive the picture.
viz_picture *viz_picture_make(const viz_player *player);
void         viz_picture_free(viz_picture *picture);
void         viz_picture_draw(viz_picture *picture, cairo_t *cr, const viz_view *view);
// What lies at a place. While the timeline is dragged, `at` of VIZ_HIT_TIMELINE is wanted for places beside it, too: see viz_picture_time.
viz_hit      viz_picture_hit(viz_picture *picture, const viz_view *view, double x, double y);
hr_time      viz_picture_time(viz_picture *picture, const viz_view *view, double x);
// The tokens of the last drawing and how many requests each stands for.
uint32_t     viz_picture_tokens(const viz_picture *picture, uint64_t *one_in);

// Draws the present into a file. HR_ENVIRONMENT when it cannot be written.
hr_status viz_picture_write(const viz_player *player, const viz_view *view, viz_format format, const char *path, hr_error *e) HR_MUST_USE;

#endif
