// cli/bench_picture.c - see bench_picture.h.
#ifdef HEADROOM_VIZ
#include "cli/bench.h"

#include <stdlib.h>

#include "viz/scene/picture.h"

enum { WIDTH = 1920, HEIGHT = 1080, FRAMES = 300, JUMPS = 20 };

typedef struct {
    sim_model       *model;
    viz_player      *player;
    viz_picture     *picture;
    viz_view         view;
    cairo_surface_t *surface;
} stage;

static stage open_stage(hr_time duration)
{
    stage s = {.view = {.width = WIDTH, .height = HEIGHT, .scale = 1, .speed = viz_speed_find("1/10"), .is_playing = true, .has_legend = true}};
    s.model = cli_bench_model();
    s.model->duration = duration;
    s.player = viz_player_open(s.model, 1);
    s.picture = viz_picture_make(s.player);
    s.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    return s;
}

static void close_stage(stage *s)
{
    cairo_surface_destroy(s->surface);
    viz_picture_free(s->picture);
    viz_player_close(s->player);
    sim_model_free(s->model);
}

static void draw(stage *s)
{
    cairo_t *cr = cairo_create(s->surface);
    viz_picture_draw(s->picture, cr, &s->view);
    cairo_destroy(cr);
}

static int by_value(const void *a, const void *b)
{
    hr_time x = *(const hr_time *)a, y = *(const hr_time *)b;
    return (x > y) - (x < y);
}

// Frames come 1/60 s apart at a tenth of the speed, so that calls are seen one by one; the first frame makes the layers and is not counted.
double cli_bench_frame(uint32_t unused)
{
    (void)unused;
    stage s = open_stage(60 * HR_SEC);
    hr_time took[FRAMES];
    viz_player_seek(s.player, 30 * HR_SEC);
    viz_player_work(s.player, HR_FOREVER);
    draw(&s);
    for (int i = 0; i < FRAMES; i++) {
        viz_player_advance(s.player, HR_SEC / 600);
        viz_player_work(s.player, HR_FOREVER);
        hr_time begun = hr_now();
        draw(&s);
        took[i] = hr_now() - begun;
    }
    close_stage(&s);
    qsort(took, FRAMES, sizeof took[0], by_value);
    return (double)took[FRAMES * 99 / 100] * 1e-6;
}

double cli_bench_scrub(uint32_t unused)
{
    (void)unused;
    stage s = open_stage(600 * HR_SEC);
    while (!viz_player_scout(s.player, HR_SEC)) {
    }
    draw(&s);
    hr_time longest = 0;
    for (uint64_t i = 0; i < JUMPS; i++) {
        hr_time at = (hr_time)(sim_unit(sim_random(1, 1, i, 0).word[0]) * 600 * 1e9), begun = hr_now();
        viz_player_seek(s.player, at);
        viz_player_work(s.player, HR_FOREVER);
        draw(&s);
        longest = hr_max_time(longest, hr_now() - begun);
    }
    close_stage(&s);
    return (double)longest * 1e-6;
}
#endif
