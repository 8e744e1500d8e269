// viz/scene/picture.c - see picture.h.
#include "viz/scene/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "viz/draw/words.h"
#include "viz/scene/paint.h"

struct viz_picture {
    const viz_player *player;
    viz_layout *layout;
    viz_sprites sprites;
    viz_words  *words;
    viz_flight *flights;                       // [VIZ_TOKENS_MOST]
    uint32_t    flight_count;
    uint64_t    one_in;
    cairo_surface_t *frame;                    // frames, pipes, bars: changes with size and theme
    cairo_surface_t *slow;                     // the frame with charts and flow: changes with the recorder's grid, too
    viz_view    frame_view;                    // what `frame` was drawn for
    uint64_t    frame_seed;
    uint32_t    slow_count;                    // samples in the charts of `slow`
    bool        slow_has_flow;
};

viz_picture *viz_picture_make(const viz_player *player)
{
    viz_picture *p = hr_alloc(sizeof *p);
    p->player = player;
    p->words = viz_words_make();
    p->flights = hr_alloc(VIZ_TOKENS_MOST * sizeof *p->flights);
    return p;
}

static void drop(cairo_surface_t **surface)
{
    if (*surface)
        cairo_surface_destroy(*surface);
    *surface = NULL;
}

void viz_picture_free(viz_picture *p)
{
    if (!p)
        return;
    viz_layout_free(p->layout);
    viz_sprites_free(&p->sprites);
    viz_words_free(p->words);
    drop(&p->frame);
    drop(&p->slow);
    free(p->flights);
    free(p);
}

uint32_t viz_picture_tokens(const viz_picture *p, uint64_t *one_in)
{
    *one_in = p->one_in;
    return p->flight_count;
}

// --- the scene ------------------------------------------------------------------------------------------------------

static void gather_flights(viz_picture *p, const viz_view *view)
{
    hr_time span = (hr_time)((double)viz_hop_shown * viz_speeds[view->speed].factor);
    p->one_in = 1;
    p->flight_count = span > 0 ? viz_watch_flights(viz_player_watch(p->player), viz_player_now(p->player), span, p->flights, VIZ_TOKENS_MOST,
                                                   &p->one_in) : 0;
}

static viz_scene scene_of(viz_picture *p, const viz_view *view)
{
    if (!p->layout || p->layout->width != view->width || p->layout->height != view->height) {
        viz_layout_free(p->layout);
        p->layout = viz_layout_make(viz_player_graph(p->player), view->width, view->height);
        drop(&p->frame);
    }
    return (viz_scene){.player = p->player, .graph = viz_player_graph(p->player), .world = viz_player_world(p->player),
                       .watch = viz_player_watch(p->player), .layout = p->layout, .view = view, .flights = p->flights,
                       .flight_count = p->flight_count, .one_in = p->one_in};
}

// --- layers ---------------------------------------------------------------------------------------------------------

// A pen that draws in units of the scene, until cairo_restore.
static viz_pen enter_scene(const viz_pen *pen, const viz_layout *l)
{
    viz_pen inner = *pen;
    cairo_save(pen->cr);
    cairo_translate(pen->cr, l->scene.x, l->scene.y);
    cairo_scale(pen->cr, l->zoom, l->zoom);
    inner.scale *= l->zoom;
    return inner;
}

static void draw_frame(viz_pen *pen, const viz_scene *s)
{
    cairo_rectangle(pen->cr, 0, 0, s->layout->width, s->layout->height);
    viz_ink(pen, VIZ_canvas, 1);
    cairo_fill(pen->cr);
    viz_top_draw(pen, s);
    viz_pen inner = enter_scene(pen, s->layout);
    viz_pipes_still(&inner, s);
    viz_cards_still(&inner, s);
    cairo_restore(pen->cr);
}

static bool shows_flow(const viz_scene *s) { return s->one_in > 1 || viz_speeds[s->view->speed].factor == 0; }

static void draw_slow(viz_pen *pen, const viz_scene *s)
{
    viz_pen inner = enter_scene(pen, s->layout);
    if (shows_flow(s))
        viz_pipes_flow(&inner, s);
    cairo_restore(pen->cr);
    viz_graphs_draw(pen, s);
    viz_controls_still(pen, s);
}

static void draw_words(viz_pen *pen, const viz_scene *s)
{
    viz_says says = viz_say(s->graph, s->world, s->watch);
    viz_rect r = s->layout->words;
    viz_text(pen, r.x, r.y + 22, (viz_type){.size = 18, .colour = VIZ_strong, .is_strong = true, .width = r.width}, says.what);
    viz_text(pen, r.x, r.y + 44, (viz_type){.size = 14, .colour = VIZ_muted, .width = r.width}, says.look);
}

static uint32_t pointed_card(const viz_scene *s)
{
    const viz_view *v = s->view;
    if (!v->has_pointer || v->has_help)
        return UINT32_MAX;
    return viz_layout_card_at(s->layout, viz_layout_to_scene(s->layout, v->pointer_x, v->pointer_y));
}

// `sprites` NULL: a vector surface.
static void draw_now(viz_pen *pen, const viz_scene *s, viz_sprites *sprites)
{
    uint32_t card = pointed_card(s);
    draw_words(pen, s);
    viz_pen inner = enter_scene(pen, s->layout);
    viz_pipes_tokens(&inner, s, sprites);
    viz_cards_now(&inner, s);
    if (card != UINT32_MAX)
        viz_card_select(&inner, s, card);
    cairo_restore(pen->cr);
    if (s->view->has_legend)
        viz_legend_draw(pen, s);
    viz_controls_now(pen, s);
    if (card != UINT32_MAX)
        viz_card_tip(pen, s, card);
    if (s->view->has_help)
        viz_help_draw(pen, s);
}

static void add_region(cairo_t *cr, viz_rect r, double scale)
{
    double x = floor(r.x * scale), y = floor(r.y * scale);         // whole pixels, or the clip would be costly
    cairo_rectangle(cr, x, y, ceil((r.x + r.width) * scale) - x, ceil((r.y + r.height) * scale) - y);
}

// What the slow layer draws: charts, timeline, and flow through pipes.
static void clip_to_changes(cairo_t *cr, const viz_scene *s)
{
    const viz_layout *l = s->layout;
    add_region(cr, l->charts, s->view->scale);
    add_region(cr, l->bar, s->view->scale);
    if (shows_flow(s))
        add_region(cr, l->scene, s->view->scale);
    cairo_clip(cr);
}

// Draws onto a layer, over a copy of another one.
static void draw_layer(cairo_surface_t **layer, cairo_surface_t *below, viz_words *words, const viz_scene *s,
                       void (*draw)(viz_pen *pen, const viz_scene *s))
{
    const viz_view *v = s->view;
    int width = (int)ceil(v->width * v->scale), height = (int)ceil(v->height * v->scale);
    bool is_new = !*layer;
    if (is_new)
        *layer = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cr = cairo_create(*layer);
    if (below && !is_new)
        clip_to_changes(cr, s);
    if (below) {
        cairo_set_source_surface(cr, below, 0, 0);
        cairo_set_operator(cr, CAIRO_OPERATOR_SOURCE);
        cairo_paint(cr);
        cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
    }
    viz_pen pen = viz_pen_open(cr, v->theme, v->scale);
    pen.words = words;
    draw(&pen, s);
    viz_pen_close(&pen);
    cairo_destroy(cr);
}

static void refresh_layers(viz_picture *p, const viz_scene *s)
{
    const viz_view *v = s->view;
    uint64_t seed = viz_player_seed(p->player);
    bool is_new = !p->frame || p->frame_view.theme != v->theme || p->frame_view.scale != v->scale || p->frame_seed != seed;
    if (is_new) {
        drop(&p->frame);
        drop(&p->slow);
        draw_layer(&p->frame, NULL, p->words, s, draw_frame);
        p->frame_view = *v;
        p->frame_seed = seed;
    }
    if (p->slow && p->slow_has_flow != shows_flow(s))
        drop(&p->slow);
    if (!p->slow || p->slow_count != s->world->series.count) {
        draw_layer(&p->slow, p->frame, p->words, s, draw_slow);
        p->slow_count = s->world->series.count;
        p->slow_has_flow = shows_flow(s);
    }
}

void viz_picture_draw(viz_picture *p, cairo_t *cr, const viz_view *view)
{
    gather_flights(p, view);
    viz_scene s = scene_of(p, view);
    bool is_raster = cairo_surface_get_type(cairo_get_target(cr)) == CAIRO_SURFACE_TYPE_IMAGE;
    if (is_raster) {
        refresh_layers(p, &s);
        cairo_set_source_surface(cr, p->slow, 0, 0);
        cairo_set_operator(cr, CAIRO_OPERATOR_SOURCE);
        cairo_paint(cr);
        cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
    }
    viz_pen pen = viz_pen_open(cr, view->theme, view->scale);
    pen.words = p->words;
    if (!is_raster) {
        draw_frame(&pen, &s);
        draw_slow(&pen, &s);
    }
    draw_now(&pen, &s, is_raster ? &p->sprites : NULL);
    viz_pen_close(&pen);
}

// --- what lies where ------------------------------------------------------------------------------------------------

viz_hit viz_picture_hit(viz_picture *p, const viz_view *view, double x, double y)
{
    viz_scene s = scene_of(p, view);
    viz_hit hit = viz_controls_hit(&s, x, y);
    if (hit.kind == VIZ_HIT_TIMELINE)
        hit.at = viz_picture_time(p, view, x);
    uint32_t card = viz_layout_card_at(s.layout, viz_layout_to_scene(s.layout, x, y));
    if (hit.kind == VIZ_HIT_NOTHING && card != UINT32_MAX)
        hit = (viz_hit){.kind = VIZ_HIT_CARD, .card = card};
    return hit;
}

hr_time viz_picture_time(viz_picture *p, const viz_view *view, double x)
{
    viz_scene s = scene_of(p, view);
    viz_rect line = viz_timeline(s.layout);
    double share = fmin(1, fmax(0, (x - line.x) / line.width));
    return (hr_time)(share * (double)viz_player_end(p->player));
}

// --- files ----------------------------------------------------------------------------------------------------------

typedef struct { const viz_player *player; const viz_view *view; } present;

static void paint(cairo_t *cr, const void *self)
{
    const present *now = self;
    viz_picture *p = viz_picture_make(now->player);
    viz_picture_draw(p, cr, now->view);
    viz_picture_free(p);
}

hr_status viz_picture_write(const viz_player *player, const viz_view *view, viz_format format, const char *path, hr_error *e)
{
    return viz_render_file(path, format, view->width * view->scale, view->height * view->scale, paint, &(present){player, view}, e);
}
