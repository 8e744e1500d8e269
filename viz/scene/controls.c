// viz/scene/controls.c - the bar on top (what is shown), the bar below (restart, play, speed, timeline), and the page of keys.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "viz/scene/paint.h"

static const struct { viz_hit_kind kind; double x, width; } buttons[] = {
    {VIZ_HIT_RESTART, 16, 32}, {VIZ_HIT_PLAY, 56, 44}, {VIZ_HIT_STEP, 108, 32}, {VIZ_HIT_SLOWER, 156, 28}, {VIZ_HIT_FASTER, 252, 28}};
enum { SPEED_X = 184, SPEED_WIDTH = 68, LINE_LEFT = 304, LINE_RIGHT = 200, THEME_RIGHT = 68, HELP_RIGHT = 36 };

const char *viz_clock(hr_time at, int decimals, char *out, size_t room)
{
    int64_t minutes = at / (60 * HR_SEC);
    double seconds = (double)(at % (60 * HR_SEC)) * 1e-9, unit = pow(10, decimals);
    seconds = floor(seconds * unit) / unit;    // never ahead of the time, and never 60
    snprintf(out, room, "%lld:%0*.*f", (long long)minutes, decimals ? 3 + decimals : 2, decimals, seconds);
    return out;
}

viz_rect viz_timeline(const viz_layout *l)
{
    return (viz_rect){LINE_LEFT, l->bar.y + 24, fmax(40, l->width - LINE_LEFT - LINE_RIGHT), 6};
}

static double place_of(const viz_scene *s, hr_time at)
{
    viz_rect line = viz_timeline(s->layout);
    return line.x + line.width * (double)at / (double)viz_player_end(s->player);
}

static void fill(viz_pen *pen, viz_rect r, double radius, viz_colour colour)
{
    viz_round_rect(pen, r, radius);
    viz_ink(pen, colour, 1);
    cairo_fill(pen->cr);
}

// --- still ----------------------------------------------------------------------------------------------------------

void viz_top_draw(viz_pen *pen, const viz_scene *s)
{
    const sim_model *m = s->graph->model;
    viz_rect r = s->layout->top;
    cairo_rectangle(pen->cr, r.x, r.y, r.width, r.height);
    viz_ink(pen, VIZ_panel, 1);
    cairo_fill(pen->cr);
    viz_hairline(pen, 0, r.height, r.width, r.height, VIZ_border, 0);
    fill(pen, (viz_rect){20, 11, 22, 22}, 5, VIZ_accent);
    viz_icon_draw(pen, VIZ_ICON_LOGO, VIZ_panel, 31, 21);
    double x = 52 + viz_text(pen, 52, 27, (viz_type){.colour = VIZ_strong, .is_strong = true}, "Headroom") + 16;
    viz_hairline(pen, x, 12, x, 32, VIZ_border, 0);
    char text[256], seed[64];
    snprintf(seed, sizeof seed, "seed %llu", (unsigned long long)viz_player_seed(s->player));
    double right = r.width - THEME_RIGHT - 24;
    right -= viz_text(pen, right, 27, (viz_type){.colour = VIZ_muted, .align = VIZ_RIGHT}, seed) + 16;
    const char *title = m->title && *m->title ? m->title : m->name;
    double room = right - x - 16;
    viz_type type = {.colour = VIZ_muted, .width = room};
    snprintf(text, sizeof text, "%s%s", title, *m->variant ? "  /" : "");
    double used = room > 0 ? viz_text(pen, x + 16, 27, type, text) + 8 : 0;
    if (*m->variant && room > used + 24)
        viz_text(pen, x + 16 + used, 27, (viz_type){.colour = VIZ_strong, .is_strong = true, .width = room - used}, m->variant);
    viz_icon_draw(pen, VIZ_ICON_THEME, VIZ_text, r.width - THEME_RIGHT, 22);
    viz_text(pen, r.width - HELP_RIGHT, 27, (viz_type){.colour = VIZ_text, .align = VIZ_CENTRE, .is_strong = true}, "?");
}

// Spans of the run where the p99 of any workload was over the scenario's objective, as marks above the timeline.
static void draw_breaches(viz_pen *pen, const viz_scene *s)
{
    const char *text;
    double limit_ms = viz_objective(s->graph->model, "p99", &text) * 1e3, y = viz_timeline(s->layout).y - 6;
    const sim_series *series = &s->world->series;
    if (!isfinite(limit_ms))
        return;
    viz_ink(pen, VIZ_critical, 1);
    for (uint16_t part = 0; part < s->graph->part_count; part++) {
        uint32_t gauge = viz_gauge(s->graph, s->world, part, "p99_ms");
        for (uint32_t i = 0, from; gauge != UINT32_MAX && i < series->count; i++) {
            for (from = i; i < series->count && (double)sim_series_value(s->world, gauge, i) > limit_ms; i++) {
            }
            double left = place_of(s, (hr_time)from * series->step), right = place_of(s, (hr_time)i * series->step);
            if (i > from)
                cairo_rectangle(pen->cr, left, y, right - left, 3);
        }
    }
    cairo_fill(pen->cr);
}

static void draw_ticks(viz_pen *pen, const viz_scene *s)
{
    viz_rect line = viz_timeline(s->layout);
    viz_scale scale = {.kind = VIZ_CLOCK, .from = 0, .to = (double)viz_player_end(s->player) * 1e-9, .at_from = line.x,
                       .at_to = line.x + line.width};
    viz_tick ticks[VIZ_TICKS_MOST];
    int n = viz_ticks(&scale, (int)fmax(2, fmin(VIZ_TICKS_MOST, line.width / 96)), ticks);
    for (int i = 0; i < n; i++)
        viz_text(pen, viz_scale_place(&scale, ticks[i].value), line.y + 24,
                 (viz_type){.size = VIZ_SMALL_SIZE, .colour = VIZ_muted, .align = VIZ_CENTRE}, ticks[i].word);
    hr_time warmup = s->graph->model->warmup;
    if (warmup > 0 && warmup < viz_player_end(s->player)) {
        double x = place_of(s, warmup);
        viz_hairline(pen, x, line.y - 16, x, line.y + 10, VIZ_muted, 2);
        viz_text(pen, x + 4, line.y - 9, (viz_type){.size = VIZ_SMALL_SIZE, .colour = VIZ_muted}, "warm-up ends");
    }
}

void viz_controls_still(viz_pen *pen, const viz_scene *s)
{
    viz_rect r = s->layout->bar;
    cairo_rectangle(pen->cr, r.x, r.y, r.width, r.height);
    viz_ink(pen, VIZ_panel, 1);
    cairo_fill(pen->cr);
    viz_hairline(pen, 0, r.y, r.width, r.y, VIZ_border, 0);
    fill(pen, viz_timeline(s->layout), 3, VIZ_border);
    draw_ticks(pen, s);
    draw_breaches(pen, s);
}

// --- now ------------------------------------------------------------------------------------------------------------

static bool is_over(const viz_scene *s, viz_rect r)
{
    const viz_view *v = s->view;
    return v->has_pointer && v->pointer_x >= r.x && v->pointer_x < r.x + r.width && v->pointer_y >= r.y && v->pointer_y < r.y + r.height;
}

static viz_rect button_rect(const viz_scene *s, size_t i)
{
    return (viz_rect){buttons[i].x, s->layout->bar.y + 12, buttons[i].width, 32};
}

static void draw_buttons(viz_pen *pen, const viz_scene *s)
{
    for (size_t i = 0; i < HR_COUNT(buttons); i++) {
        viz_rect r = button_rect(s, i);
        double x = r.x + r.width / 2, y = r.y + r.height / 2;
        bool is_main = buttons[i].kind == VIZ_HIT_PLAY;
        if (is_main || is_over(s, r))
            fill(pen, r, VIZ_RADIUS, is_main ? VIZ_accent : VIZ_border);
        switch (buttons[i].kind) {
        case VIZ_HIT_RESTART: viz_icon_draw(pen, VIZ_ICON_RESTART, VIZ_text, x, y); break;
        case VIZ_HIT_PLAY: viz_icon_draw(pen, s->view->is_playing ? VIZ_ICON_PAUSE : VIZ_ICON_PLAY, VIZ_panel, x, y); break;
        case VIZ_HIT_STEP: viz_icon_draw(pen, VIZ_ICON_STEP, VIZ_text, x, y); break;
        default:
            viz_text(pen, x, y + 5, (viz_type){.size = 16, .colour = VIZ_text, .align = VIZ_CENTRE},
                     buttons[i].kind == VIZ_HIT_SLOWER ? "−" : "+");
        }
    }
    char text[32];
    const viz_speed *speed = &viz_speeds[s->view->speed];
    snprintf(text, sizeof text, speed->factor > 0 ? "%s ×" : "%s", speed->name);
    viz_text(pen, SPEED_X + SPEED_WIDTH / 2.0, s->layout->bar.y + 33,
             (viz_type){.colour = VIZ_strong, .align = VIZ_CENTRE, .is_strong = true}, text);
}

static const char *state_word(const viz_scene *s, viz_colour *colour)
{
    *colour = s->view->is_playing ? VIZ_accent : VIZ_muted;
    if (s->world->now >= viz_player_end(s->player))
        return "END";
    if (s->view->is_playing && s->view->is_behind)
        return "AT LIMIT";                     // the machine does what it can
    return s->view->is_playing ? "PLAYING" : "PAUSED";
}

static void draw_position(viz_pen *pen, const viz_scene *s)
{
    viz_rect line = viz_timeline(s->layout);
    double x = place_of(s, s->world->now), y = line.y + line.height / 2;
    if (x > line.x)
        fill(pen, (viz_rect){line.x, line.y, x - line.x, line.height}, 3, VIZ_accent);
    cairo_arc(pen->cr, x, y, 7, 0, 2 * M_PI);
    viz_ink(pen, VIZ_panel, 1);
    cairo_fill_preserve(pen->cr);
    viz_ink(pen, VIZ_accent, 1);
    cairo_set_line_width(pen->cr, 2);
    cairo_stroke(pen->cr);
    double factor = viz_speeds[s->view->speed].factor;
    int decimals = factor == 0 || factor >= 1 ? 2 : factor >= 0.05 ? 3 : 4;
    char text[32];
    viz_text(pen, s->layout->width - 96, s->layout->bar.y + 33, (viz_type){.colour = VIZ_strong, .align = VIZ_RIGHT, .is_strong = true},
             viz_clock(s->world->now, decimals, text, sizeof text));
    viz_colour colour;
    const char *word = state_word(s, &colour);
    viz_text(pen, s->layout->width - 20, s->layout->bar.y + 33,
             (viz_type){.size = VIZ_SMALL_SIZE, .colour = colour, .align = VIZ_RIGHT, .is_strong = true}, word);
}

void viz_controls_now(viz_pen *pen, const viz_scene *s)
{
    draw_buttons(pen, s);
    draw_position(pen, s);
}

// --- what lies where ------------------------------------------------------------------------------------------------

static bool holds(viz_rect r, double x, double y) { return x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height; }

viz_hit viz_controls_hit(const viz_scene *s, double x, double y)
{
    for (size_t i = 0; i < HR_COUNT(buttons); i++)
        if (holds(button_rect(s, i), x, y))
            return (viz_hit){.kind = buttons[i].kind};
    viz_rect line = viz_timeline(s->layout);
    if (holds((viz_rect){line.x - 8, line.y - 12, line.width + 16, line.height + 24}, x, y))
        return (viz_hit){.kind = VIZ_HIT_TIMELINE};
    double right = s->layout->width;
    if (holds((viz_rect){right - THEME_RIGHT - 16, 6, 32, 32}, x, y))
        return (viz_hit){.kind = VIZ_HIT_THEME};
    if (holds((viz_rect){right - HELP_RIGHT - 16, 6, 32, 32}, x, y))
        return (viz_hit){.kind = VIZ_HIT_HELP};
    return (viz_hit){.kind = VIZ_HIT_NOTHING};
}

// --- help -----------------------------------------------------------------------------------------------------------

void viz_help_draw(viz_pen *pen, const viz_scene *s)
{
    static const char *const rows[][2] = {
#define VIZ_KEY(keys, help) {keys, help},
#include "viz/scene/key.def"
#undef VIZ_KEY
    };
    double width = 472, height = 52 + 22 * (double)HR_COUNT(rows);
    viz_rect r = {(s->layout->width - width) / 2, fmax(8, (s->layout->height - height) / 2), width, height};
    viz_card(pen, r, VIZ_muted);
    viz_text(pen, r.x + 20, r.y + 28, (viz_type){.size = 15, .colour = VIZ_strong, .is_strong = true}, "Keys");
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        double y = r.y + 54 + 22 * (double)i;
        viz_text(pen, r.x + 20, y, (viz_type){.colour = VIZ_strong, .is_strong = true}, rows[i][0]);
        viz_text(pen, r.x + 150, y, (viz_type){.colour = VIZ_text, .width = width - 170}, rows[i][1]);
    }
}
