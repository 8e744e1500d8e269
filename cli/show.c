// cli/show.c - `show SCENARIO`: watch one replication in a window, or write the same picture to a file.
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "patterns/catalogue.h"
#include "sim/scenario/units.h"
#include "sim/study/study.h"
#ifdef HEADROOM_VIZ
#include "viz/scene/picture.h"
#endif
#ifdef HEADROOM_WINDOW
#include "viz/window/window.h"
#endif

typedef struct {
    const char *variant, *png, *svg, *size, *scale, *speed;
    uint64_t seed;
    hr_time  at;
    bool     dark;
} show_options;

#ifdef HEADROOM_VIZ
static hr_status read_size(const char *text, int *width, int *height, hr_error *e)
{
    char rest;
    if (sscanf(text, "%5dx%5d%c", width, height, &rest) != 2 || *width < 640 || *height < 400 || *width > 16384 || *height > 16384)
        return hr_fail(e, HR_BAD_INPUT, "--size %s: want WIDTHxHEIGHT in pixels, from 640x400 to 16384x16384, such as 1920x1080", text);
    return HR_OK;
}

static hr_status read_scale(const char *text, double *scale, hr_error *e)
{
    char *end;
    *scale = strtod(text, &end);
    if (end == text || *end || !(*scale >= 0.5 && *scale <= 4))
        return hr_fail(e, HR_BAD_INPUT, "--scale %s: want device pixels by unit, from 0.5 to 4", text);
    return HR_OK;
}

static hr_status read_speed(const char *text, uint32_t *speed, hr_error *e)
{
    *speed = viz_speed_find(text);
    if (*speed != UINT32_MAX)
        return HR_OK;
    hr_text names = {0};
    for (uint32_t i = 0; i < viz_speed_count; i++)
        hr_text_add(&names, " %s", viz_speeds[i].name);
    hr_fail(e, HR_BAD_INPUT, "--speed %s: want one of%s", text, names.data);
    free(names.data);
    return HR_BAD_INPUT;
}

static hr_status read_view(const show_options *o, viz_view *view, hr_error *e)
{
    int width, height;
    double scale = 1;
    hr_status status = read_size(o->size, &width, &height, e);
    if (!status && o->scale)
        status = read_scale(o->scale, &scale, e);
    if (!status)
        status = read_speed(o->speed, &view->speed, e);
    if (!status && (width / scale < 640 || height / scale < 400))
        status = hr_fail(e, HR_BAD_INPUT, "--size %s with --scale %s leaves %.0fx%.0f units: want at least 640x400", o->size, o->scale,
                         width / scale, height / scale);
    view->theme = o->dark ? VIZ_DARK : VIZ_LIGHT;
    view->width = width / scale;
    view->height = height / scale;
    view->scale = scale;
    view->has_legend = true;
    return status;
}

static void run_to(viz_player *player, hr_time at)
{
    hr_time begun = hr_now();
    viz_player_seek(player, at);
    while (!viz_player_work(player, 100 * HR_MS))
        cli_progress("simulating", (double)viz_player_now(player) / (double)at, begun);
    cli_progress_end();
}

static hr_status show_window(viz_player *player, const viz_view *view, const show_options *o, const sim_model *model, hr_error *e)
{
#ifdef HEADROOM_WINDOW
    char *title = hr_format("%s%s%s - Headroom", model->name, *model->variant ? " / " : "", model->variant);
    viz_window_options options = {.title = title, .width = view->width, .height = view->height, .scale = o->scale ? view->scale : 0,
                                  .theme = view->theme, .speed = view->speed, .is_playing = o->at == 0};
    hr_status status = viz_window_run(player, &options, e);
    free(title);
    return status;
#else
    (void)player, (void)view, (void)o, (void)model;
    return hr_fail(e, HR_ENVIRONMENT, "this program was built without a window (HEADROOM_WINDOW=OFF, package libsdl2-dev); "
                                      "a picture needs none: add --png FILE");
#endif
}

static hr_status show_model(const sim_model *model, const show_options *o, hr_error *e)
{
    viz_view view = {0};
    hr_status status = read_view(o, &view, e);
    if (status)
        return status;
    if (o->at > model->duration) {
        char end[32];
        return hr_fail(e, HR_BAD_INPUT, "--at lies behind the end of the run, which lasts %s: choose an earlier time, or a longer `run: duration`",
                       sim_show_time(model->duration, end, sizeof end));
    }
    viz_player *player = viz_player_open(model, o->seed);
    run_to(player, o->at);
    if (o->png)
        status = viz_picture_write(player, &view, VIZ_PNG, o->png, e);
    if (!status && o->svg)
        status = viz_picture_write(player, &view, VIZ_SVG, o->svg, e);
    if (!o->png && !o->svg)
        status = show_window(player, &view, o, model, e);
    viz_player_close(player);
    return status;
}
#else
static hr_status show_model(const sim_model *model, const show_options *o, hr_error *e)
{
    (void)model, (void)o;
    return hr_fail(e, HR_ENVIRONMENT, "this program was built without pictures: install libcairo2-dev and libpango1.0-dev, and build it with "
                                      "-DHEADROOM_VIZ=ON");
}
#endif

hr_status cli_show(int argc, char **argv)
{
    show_options o = {.size = "1280x800", .speed = "1", .seed = sim_study_options_default().seed};
    const cli_option options[] = {
        {"variant", CLI_TEXT, &o.variant, "NAME", "this variant of the scenario instead of the file as it stands"},
        {"seed", CLI_COUNT, &o.seed, "N", "of the random draws: shows replication 0 of `run --seed N`"},
        {"at", CLI_SECONDS, &o.at, "TIME", "the run's time to show, such as 30s"},
        {"png", CLI_TEXT, &o.png, "FILE", "write the picture there and open no window"},
        {"svg", CLI_TEXT, &o.svg, "FILE", "the same as SVG"},
        {"size", CLI_TEXT, &o.size, "WxH", "pixels (1280x800)"},
        {"scale", CLI_TEXT, &o.scale, "X", "device pixels by unit: 2 for a screen with small pixels"},
        {"speed", CLI_TEXT, &o.speed, "S", "simulated by viewing time: 1/1000 … 1 … 100, max"},
        {"dark", CLI_FLAG, &o.dark, NULL, "light on dark"}, {0}};
    const cli_usage usage = {"show SCENARIO [options]",
                             "Shows one replication at work, from the empty system on: components, calls and replies on their way, queues, charts. "
                             "Keys: press ? in the window.",
                             "headroom show caching --at 30s --png out.png", options, 1, 1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    hr_error e = {0};
    char *path = NULL;
    sim_model *model = NULL;
    hr_status status = pattern_path(argv[1], &path, &e);
    if (!status)
        status = sim_model_read(path, o.variant, &model, &e);
    free(path);
    if (!status)
        status = show_model(model, &o, &e);
    sim_model_free(model);
    return status ? cli_complain(&e) : HR_OK;
}
