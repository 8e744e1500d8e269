// viz/window/window.c - see window.h.
#include "viz/window/window.h"

#include <SDL.h>
#include <math.h>
#include <stdlib.h>

static const hr_time frame_time = 16 * HR_MS, work_budget = 10 * HR_MS, scout_budget = 4 * HR_MS;

typedef struct {
    viz_player   *player;
    viz_picture  *picture;
    viz_view      view;
    double        wanted_scale;
    SDL_Window   *window;
    SDL_Renderer *renderer;
    SDL_Texture  *texture;
    cairo_surface_t *surface;                  // pixels of the picture, as large as the texture
    int           pixel_width, pixel_height;
    bool          is_dirty, is_dragging, is_closed;
    bool          drag_was_playing;
} window;

// --- opening and size -----------------------------------------------------------------------------------------------

// Only servers that somebody looks at: left alone, SDL also takes a driver that shows nothing. SDL_VIDEODRIVER names another one.
static bool choose_display(void)
{
    const char *x11 = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY"), *asked = getenv("SDL_VIDEODRIVER");
    bool has_x11 = x11 && *x11, has_wayland = wayland && *wayland;
    if (!(asked && *asked))
        SDL_SetHint(SDL_HINT_VIDEODRIVER, has_x11 && has_wayland ? "x11,wayland" : has_x11 ? "x11" : "wayland");
    return has_x11 || has_wayland || (asked && *asked);
}

static hr_status no_display(const char *why, hr_error *e)
{
    return hr_fail(e, HR_ENVIRONMENT, "no window can be opened here (%s); the same picture without one: add --at TIME --png FILE", why);
}

static hr_status open_window(window *w, const viz_window_options *o, hr_error *e)
{
    if (!choose_display())
        return no_display("neither DISPLAY nor WAYLAND_DISPLAY is set", e);
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");                 // an interrupt ends the program as it does everywhere
    if (SDL_Init(SDL_INIT_VIDEO) != 0)
        return no_display(SDL_GetError(), e);
    w->window = SDL_CreateWindow(o->title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, (int)o->width, (int)o->height,
                                 SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (w->window)
        w->renderer = SDL_CreateRenderer(w->window, -1, 0);
    if (!w->renderer)
        return no_display(SDL_GetError(), e);
    SDL_SetWindowMinimumSize(w->window, 640, 400);
    SDL_StartTextInput();
    return HR_OK;
}

static void close_window(window *w)
{
    viz_picture_free(w->picture);
    if (w->surface)
        cairo_surface_destroy(w->surface);
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    if (w->window)
        SDL_DestroyWindow(w->window);
    SDL_Quit();
}

// Fits picture and pixels to the window. A window of 1000 points on a screen with two pixels a point has scale 2.
static hr_status fit(window *w, hr_error *e)
{
    int points, ignored, width, height;
    SDL_GetWindowSize(w->window, &points, &ignored);
    if (SDL_GetRendererOutputSize(w->renderer, &width, &height) != 0 || width < 1 || height < 1)
        return HR_OK;
    w->view.scale = w->wanted_scale > 0 ? w->wanted_scale : fmax(1, (double)width / fmax(1, points));
    w->view.width = width / w->view.scale;
    w->view.height = height / w->view.scale;
    if (w->texture && width == w->pixel_width && height == w->pixel_height)
        return HR_OK;
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    if (w->surface)
        cairo_surface_destroy(w->surface);
    w->pixel_width = width;
    w->pixel_height = height;
    w->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    w->texture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING, width, height);
    w->is_dirty = true;
    if (!w->texture)
        return hr_fail(e, HR_ENVIRONMENT, "the window's %d × %d pixels cannot be shown: %s", width, height, SDL_GetError());
    return HR_OK;
}

static void show(window *w)
{
    cairo_t *cr = cairo_create(w->surface);
    viz_picture_draw(w->picture, cr, &w->view);
    cairo_destroy(cr);
    cairo_surface_flush(w->surface);
    SDL_UpdateTexture(w->texture, NULL, cairo_image_surface_get_data(w->surface), cairo_image_surface_get_stride(w->surface));
    SDL_RenderCopy(w->renderer, w->texture, NULL, NULL);
    SDL_RenderPresent(w->renderer);
    w->is_dirty = false;
}

// --- what can be asked for ------------------------------------------------------------------------------------------

static void pause_here(window *w)
{
    w->view.is_playing = false;
    viz_player_seek(w->player, viz_player_now(w->player));
}

static void toggle_play(window *w)
{
    if (w->view.is_playing) {
        pause_here(w);
        return;
    }
    if (viz_player_now(w->player) >= viz_player_end(w->player))
        viz_player_seek(w->player, 0);
    w->view.is_playing = true;
}

static void change_speed(window *w, int by)
{
    int64_t speed = (int64_t)w->view.speed + by;
    if (speed >= 0 && speed < (int64_t)viz_speed_count)
        w->view.speed = (uint32_t)speed;
    viz_player_seek(w->player, viz_player_now(w->player));         // what the old speed still wanted is forgotten
}

static void skip(window *w, hr_time by) { viz_player_seek(w->player, viz_player_now(w->player) + by); }

static void step(window *w, bool is_back)
{
    pause_here(w);
    if (is_back)
        viz_player_step_back(w->player);
    else
        viz_player_step(w->player);
}

static void toggle_theme(window *w) { w->view.theme = w->view.theme == VIZ_LIGHT ? VIZ_DARK : VIZ_LIGHT; }

static void press_character(window *w, char c)
{
    switch (c) {
    case ']': change_speed(w, 1); break;
    case '[': change_speed(w, -1); break;
    case '.': step(w, false); break;
    case ',': step(w, true); break;
    case 'r': viz_player_restart(w->player, viz_player_seed(w->player)); break;
    case 'R': viz_player_restart(w->player, viz_player_seed(w->player) + 1); break;
    case 'd': toggle_theme(w); break;
    case 'l': w->view.has_legend = !w->view.has_legend; break;
    case '?': w->view.has_help = !w->view.has_help; break;
    case 'q': w->is_closed = true; break;
    default: break;
    }
}

static void press_key(window *w, const SDL_KeyboardEvent *key)
{
    hr_time second = key->keysym.mod & KMOD_SHIFT ? 10 * HR_SEC : HR_SEC;
    switch (key->keysym.sym) {
    case SDLK_SPACE: toggle_play(w); break;
    case SDLK_LEFT: skip(w, -second); break;
    case SDLK_RIGHT: skip(w, second); break;
    case SDLK_HOME: viz_player_seek(w->player, 0); break;
    case SDLK_END: viz_player_seek(w->player, viz_player_end(w->player)); break;
    case SDLK_ESCAPE: w->view.has_help = false; break;
    default: break;
    }
}

static void press_button(window *w, double x, double y)
{
    viz_hit hit = viz_picture_hit(w->picture, &w->view, x, y);
    switch (hit.kind) {
    case VIZ_HIT_RESTART: viz_player_restart(w->player, viz_player_seed(w->player)); break;
    case VIZ_HIT_PLAY: toggle_play(w); break;
    case VIZ_HIT_STEP: step(w, false); break;
    case VIZ_HIT_SLOWER: change_speed(w, -1); break;
    case VIZ_HIT_FASTER: change_speed(w, 1); break;
    case VIZ_HIT_THEME: toggle_theme(w); break;
    case VIZ_HIT_HELP: w->view.has_help = !w->view.has_help; break;
    case VIZ_HIT_TIMELINE:
        w->is_dragging = true;
        w->drag_was_playing = w->view.is_playing;
        w->view.is_playing = false;
        viz_player_seek(w->player, hit.at);
        break;
    default: w->view.has_help = false;
    }
}

static void release_button(window *w)
{
    if (w->is_dragging)
        w->view.is_playing = w->drag_was_playing;
    w->is_dragging = false;
}

// The pointer is at a place that is given in points of the window.
static void move_pointer(window *w, int x, int y)
{
    int points, ignored;
    SDL_GetWindowSize(w->window, &points, &ignored);
    double units = w->view.width / fmax(1, points);                // of the picture, by point
    w->view.has_pointer = true;
    w->view.pointer_x = x * units;
    w->view.pointer_y = y * units;
    if (w->is_dragging)
        viz_player_seek(w->player, viz_picture_time(w->picture, &w->view, w->view.pointer_x));
}

static void handle(window *w, const SDL_Event *event)
{
    w->is_dirty = true;
    switch (event->type) {
    case SDL_QUIT: w->is_closed = true; break;
    case SDL_TEXTINPUT: press_character(w, event->text.text[0]); break;
    case SDL_KEYDOWN: press_key(w, &event->key); break;
    case SDL_MOUSEMOTION: move_pointer(w, event->motion.x, event->motion.y); break;
    case SDL_MOUSEBUTTONDOWN:
        move_pointer(w, event->button.x, event->button.y);
        if (event->button.button == SDL_BUTTON_LEFT)
            press_button(w, w->view.pointer_x, w->view.pointer_y);
        break;
    case SDL_MOUSEBUTTONUP: release_button(w); break;
    case SDL_WINDOWEVENT:
        if (event->window.event == SDL_WINDOWEVENT_LEAVE)
            w->view.has_pointer = false;
        break;
    default: break;
    }
}

// --- the loop -------------------------------------------------------------------------------------------------------

// Moves the shown time on by what has passed on the wall clock; at the greatest speed, by what the budget allows.
static void play(window *w, hr_time passed)
{
    double factor = viz_speeds[w->view.speed].factor;
    bool is_there = viz_player_work(w->player, 0);
    if (w->view.is_playing && is_there)
        viz_player_advance(w->player, factor > 0 ? (hr_time)((double)passed * factor) : viz_player_end(w->player));
    is_there = viz_player_work(w->player, work_budget);
    w->view.is_behind = factor > 0 && !is_there;
    if (w->view.is_playing && viz_player_now(w->player) >= viz_player_end(w->player))
        w->view.is_playing = false;
}

// One round: events, the player, the picture when something has changed, marks in the time that is left.
static hr_status round_of(window *w, hr_time *last, hr_error *e)
{
    SDL_Event event;
    bool is_busy = w->view.is_playing || w->is_dirty || !viz_player_work(w->player, 0);
    if (!is_busy && SDL_WaitEventTimeout(&event, 50))
        handle(w, &event);
    while (SDL_PollEvent(&event))
        handle(w, &event);
    hr_status status = fit(w, e);
    if (status || w->is_closed)
        return status;
    hr_time began = hr_now(), passed = hr_min_time(began - *last, 100 * HR_MS), shown = viz_player_now(w->player);
    *last = began;
    play(w, passed);
    if (w->is_dirty || viz_player_now(w->player) != shown)
        show(w);
    if (!viz_player_scout(w->player, scout_budget) || w->view.is_playing) {
        hr_time left = frame_time - (hr_now() - began);
        if (left > 0)
            SDL_Delay((Uint32)(left / HR_MS));
    }
    return HR_OK;
}

hr_status viz_window_run(viz_player *player, const viz_window_options *o, hr_error *e)
{
    window w = {.player = player, .wanted_scale = o->scale, .is_dirty = true,
                .view = {.theme = o->theme, .width = o->width, .height = o->height, .scale = 1, .speed = o->speed, .is_playing = o->is_playing,
                         .has_legend = true}};
    hr_status status = open_window(&w, o, e);
    if (!status)
        w.picture = viz_picture_make(player);
    hr_time last = hr_now();
    while (!status && !w.is_closed)
        status = round_of(&w, &last, e);
    close_window(&w);
    return status;
}
