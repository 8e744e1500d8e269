// viz/scene/paint.h - what the files that draw the picture share; nobody else needs it.
#ifndef VIZ_PAINT_H
#define VIZ_PAINT_H

#include "viz/draw/chart.h"
#include "viz/scene/layout.h"
#include "viz/scene/picture.h"
#include "viz/scene/says.h"

typedef struct {                               // everything that a drawing is made from
    const viz_player *player;
    const viz_graph  *graph;
    const sim_world  *world;
    const viz_watch  *watch;
    const viz_layout *layout;
    const viz_view   *view;
    const viz_flight *flights;
    uint32_t flight_count;
    uint64_t one_in;
} viz_scene;

// Copies of the marks at device scale: copying 600 of them is cheap, drawing them is not. Zero-initialise it.
typedef struct { cairo_surface_t *mark[VIZ_MARKER_COUNT]; viz_theme theme; double scale; } viz_sprites;
void viz_sprites_free(viz_sprites *sprites);

viz_marker viz_flight_marker(uint8_t kind);    // of viz_flight_kind

// cards.c - `still`: what does not change while it plays; `now`: numbers, bars, slots, trouble.
void viz_cards_still(viz_pen *pen, const viz_scene *s);
void viz_cards_now(viz_pen *pen, const viz_scene *s);
void viz_card_select(viz_pen *pen, const viz_scene *s, uint32_t card);
void viz_card_trouble(viz_pen *pen, viz_rect card);                // its border and icon
typedef struct { sim_station_view view; viz_recent recent; } viz_state;        // of a card; a folded one: means and sums
viz_state viz_card_state(const viz_scene *s, uint32_t card);
const char *viz_card_name(const viz_scene *s, uint32_t card, char *out, size_t room);
sim_replicas_view viz_card_replicas(const viz_scene *s, uint16_t autoscaler);
// What a component that only passes calls on, or an autoscaler, decides by; NULL for others.
const char *viz_card_policy(const viz_scene *s, uint16_t part);

// tips.c
void viz_card_tip(viz_pen *pen, const viz_scene *s, uint32_t card);

// faults.c - `at`: when it is over, or begins; text: as sim_fault_text has it.
typedef struct { bool is_now; hr_time at; char *text; } viz_trouble;
// Those under way, then those to come before the run ends; by time. The caller frees them.
uint32_t viz_troubles(const viz_scene *s, uint16_t part, viz_trouble **troubles);
void viz_troubles_free(viz_trouble *troubles, uint32_t count);
// "until 0:22", "for good", "at 0:45".
const char *viz_trouble_when(const viz_trouble *trouble, char *out, size_t room);
void viz_faults_draw(viz_pen *pen, const viz_scene *s, const viz_place *card);

// icon.c - 16 units square, its middle at x, y.
typedef enum { VIZ_ICON_PEOPLE, VIZ_ICON_BALANCER, VIZ_ICON_SERVICE, VIZ_ICON_CACHE, VIZ_ICON_DATABASE, VIZ_ICON_LIMITER, VIZ_ICON_BREAKER, VIZ_ICON_BROKER,
               VIZ_ICON_WARNING, VIZ_ICON_RESTART, VIZ_ICON_PLAY, VIZ_ICON_PAUSE, VIZ_ICON_STEP, VIZ_ICON_THEME, VIZ_ICON_LOGO } viz_icon;
void viz_icon_draw(viz_pen *pen, viz_icon icon, viz_colour colour, double x, double y);

// flow.c - stripes that tell the calls a second: where a token stands for several requests, and at the greatest speed.
void viz_pipes_flow(viz_pen *pen, const viz_scene *s);

// pipes.c - the pipes and the tokens; `sprites` NULL: drawn as shapes.
void viz_pipes_still(viz_pen *pen, const viz_scene *s);
void viz_pipes_tokens(viz_pen *pen, const viz_scene *s, viz_sprites *sprites);
void viz_legend_draw(viz_pen *pen, const viz_scene *s);

// graphs.c - the charts, from the recorder's series.
void viz_graphs_draw(viz_pen *pen, const viz_scene *s);

// controls.c - top and bottom bar.
void viz_top_draw(viz_pen *pen, const viz_scene *s);
void viz_controls_still(viz_pen *pen, const viz_scene *s);         // changes with the series: breaches of the objective
void viz_controls_now(viz_pen *pen, const viz_scene *s);
viz_rect viz_timeline(const viz_layout *l);
viz_hit  viz_controls_hit(const viz_scene *s, double x, double y);
void viz_help_draw(viz_pen *pen, const viz_scene *s);
// "1:05.2", with that many decimals.
const char *viz_clock(hr_time at, int decimals, char *out, size_t room);

#endif
