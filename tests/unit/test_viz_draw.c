// tests/unit/test_viz_draw.c - axes have round ticks and invert; no chart draws outside of its card, whatever it is given.
#include "viz/draw/chart.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- axes -----------------------------------------------------------------------------------------------------------

static bool is_round(double x)
{
    double share = fabs(x) / pow(10, floor(log10(fabs(x)) + 1e-9));
    for (double n = 1; n <= 10; n++)
        if (fabs(share - n) < 1e-6 || fabs(share * 10 - round(share * 10)) < 1e-6)
            return true;
    return x == 0;
}

static void test_ticks_are_round_ascending_and_inside(void **state)
{
    (void)state;
    const double ends[][2] = {{0, 1}, {0, 1440}, {0, 0.0031}, {-3, 21}, {0, 7.3e8}, {12, 13}, {0, 1e-9}};
    for (size_t i = 0; i < HR_COUNT(ends); i++)
        for (int kind = VIZ_PLAIN; kind <= VIZ_CLOCK; kind++)
            for (int most = 2; most <= VIZ_TICKS_MOST; most++) {
                if (kind == VIZ_LOG && ends[i][0] <= 0)
                    continue;
                viz_scale s = {.kind = (viz_axis_kind)kind, .at_to = 100};
                viz_scale_fit(&s, ends[i][0], ends[i][1], most);
                assert_true(s.from <= ends[i][0] + 1e-12 && s.to >= ends[i][1] * (1 - 1e-12));
                viz_tick t[VIZ_TICKS_MOST];
                int n = viz_ticks(&s, most, t);
                assert_in_range(n, 1, most);
                for (int k = 0; k < n; k++) {
                    assert_true(t[k].value >= s.from - (s.to - s.from) * 1e-9 && t[k].value <= s.to + (s.to - s.from) * 1e-9);
                    assert_true(k == 0 || t[k].value > t[k - 1].value);
                    assert_true(k == 0 || strcmp(t[k].word, t[k - 1].word) != 0);
                    if (kind != VIZ_CLOCK)
                        assert_true(is_round(t[k].value));
                }
            }
}

static void test_log_ticks_are_round(void **state)
{
    (void)state;
    viz_scale s = {.kind = VIZ_LOG, .at_to = 400};
    viz_scale_fit(&s, 2.4, 39.2, 8);
    assert_true(fabs(s.from - 2) < 1e-9);
    assert_true(fabs(s.to - 50) < 1e-9);
    viz_tick t[VIZ_TICKS_MOST];
    const char *want[] = {"2", "5", "10", "20", "50"};
    assert_int_equal(viz_ticks(&s, 8, t), 5);
    for (size_t i = 0; i < HR_COUNT(want); i++)
        assert_string_equal(t[i].word, want[i]);
    assert_true(isnan(viz_scale_place(&s, 0)));
}

static void test_places_invert(void **state)
{
    (void)state;
    for (int kind = VIZ_PLAIN; kind <= VIZ_CLOCK; kind++) {
        viz_scale s = {.kind = (viz_axis_kind)kind, .from = 2, .to = 700, .at_from = 300, .at_to = 20};
        for (double v = 2; v <= 700; v *= 1.7)
            assert_true(fabs(viz_scale_value(&s, viz_scale_place(&s, v)) - v) <= 1e-9 * v);
    }
}

static void test_nonsense_still_makes_an_axis(void **state)
{
    (void)state;
    const double bad[][2] = {{NAN, NAN}, {INFINITY, -INFINITY}, {-1, INFINITY}, {0, 0}};
    for (size_t i = 0; i < HR_COUNT(bad); i++)
        for (int kind = VIZ_PLAIN; kind <= VIZ_CLOCK; kind++) {
            viz_scale s = {.kind = (viz_axis_kind)kind};
            viz_scale_fit(&s, bad[i][0], bad[i][1], 5);
            assert_true(s.from < s.to && isfinite(s.from) && isfinite(s.to) && (kind != VIZ_LOG || s.from > 0));
        }
}

static void test_numbers_are_words(void **state)
{
    (void)state;
    char out[32];
    const struct { double value; int decimals; const char *want; } rows[] = {
        {1440, 0, "1,440"}, {0.25, 2, "0.25"}, {-0.0001, 1, "0.0"}, {-12, 0, "−12"}, {999999, 0, "999,999"}, {2.5e6, 0, "2.5M"}, {7e9, 0, "7G"}};
    for (size_t i = 0; i < HR_COUNT(rows); i++)
        assert_string_equal(viz_number(rows[i].value, rows[i].decimals, out, sizeof out), rows[i].want);
}

// --- inside of the card ---------------------------------------------------------------------------------------------

typedef void draw_function(viz_pen *pen, viz_rect card, const void *what);

// Whether all ink of `draw` lies inside of `card`, on a surface without edges.
static bool stays_inside(draw_function *draw, viz_rect card, const void *what, double scale)
{
    cairo_surface_t *surface = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, NULL);
    cairo_t *cr = cairo_create(surface);
    viz_pen pen = viz_pen_open(cr, VIZ_LIGHT, scale);
    draw(&pen, card, what);
    viz_pen_close(&pen);
    assert_int_equal(cairo_status(cr), CAIRO_STATUS_SUCCESS);
    double x, y, width, height;
    cairo_recording_surface_ink_extents(surface, &x, &y, &width, &height);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    assert_true(width > 0 && height > 0);
    return x >= card.x * scale - 1 && y >= card.y * scale - 1 && x + width <= (card.x + card.width) * scale + 1 &&
           y + height <= (card.y + card.height) * scale + 1;
}

static void draw_chart(viz_pen *pen, viz_rect card, const void *what) { viz_chart_draw(pen, card, what); }
static void draw_bars(viz_pen *pen, viz_rect card, const void *what) { viz_bars_draw(pen, card, what); }

static const double widths[] = {60, 120, 200, 340, 900}, heights[] = {48, 96, 180, 400}, scales[] = {1, 1.5, 2};

static void everywhere(draw_function *draw, const void *what)
{
    for (size_t w = 0; w < HR_COUNT(widths); w++)
        for (size_t h = 0; h < HR_COUNT(heights); h++)
            for (size_t s = 0; s < HR_COUNT(scales); s++) {
                viz_rect card = {40.3, 30.7, widths[w], heights[h]};
                if (!stays_inside(draw, card, what, scales[s]))
                    fail_msg("ink outside of a card of %g x %g at scale %g", widths[w], heights[h], scales[s]);
            }
}

enum { POINTS = 60 };
static double x[POINTS], plain[POINTS], wild[POINTS], low[POINTS], high[POINTS];

static int fill(void **state)
{
    (void)state;
    for (int i = 0; i < POINTS; i++) {
        x[i] = i;
        plain[i] = 900 + 90 * sin(i * 0.4);
        wild[i] = i % 7 == 0 ? NAN : i % 11 == 0 ? INFINITY : i % 5 == 0 ? -4e7 : 3e9 * i;
        low[i] = i % 13 == 0 ? -INFINITY : wild[i] - 1e9;
        high[i] = wild[i] + 5e9;
    }
    return 0;
}

static void test_charts_stay_inside(void **state)
{
    (void)state;
    const char *long_word = "a name that nobody would give to anything, but that a scenario may well contain";
    const viz_line lines[] = {{"A", "1,440 req/s", x, plain, NULL, NULL, POINTS, 0}, {long_word, long_word, x, wild, low, high, POINTS, 1},
                              {"one", NULL, x, plain, NULL, NULL, 1, 2}, {NULL, NULL, x, plain, NULL, NULL, 0, 9}};
    const viz_flag flags[] = {{0, "at the start", true}, {30, long_word, false}, {59, "at the very end", true}, {400, "outside", true}};
    const viz_band bands[] = {{-5, 3, "before"}, {8, 30, long_word}, {9, 12, "a"}, {10, 12, "b"}, {11, 200, "c"}, {12, 12, "d"}, {58, 59, "at the end"}, {300, 400, "outside"}};
    viz_chart c = {.title = "Throughput", .unit = "req/s", .lines = lines, .line_count = HR_COUNT(lines), .bands = bands, .band_count = HR_COUNT(bands), .flags = flags,
                   .flag_count = HR_COUNT(flags), .limit_word = "objective 1,000", .limit = 1000, .has_cursor = true, .cursor = 12};
    everywhere(draw_chart, &c);
    c.y.kind = VIZ_LOG;
    c.x.kind = VIZ_CLOCK;
    c.title = c.unit = c.limit_word = long_word;
    everywhere(draw_chart, &c);
    c.x = (viz_axis){.from = 20, .to = 40, .first = long_word, .last = "now"};  // the data goes on beyond the axis
    c.y = (viz_axis){.from = 880, .to = 920};
    everywhere(draw_chart, &c);
    c = (viz_chart){.title = "Nothing yet"};
    everywhere(draw_chart, &c);
}

static void test_words_of_events_stand_above_the_plot(void **state)
{
    (void)state;
    const viz_line line = {"good", NULL, x, plain, NULL, NULL, POINTS, 0};
    const double cards_high[] = {112, 160, 252, 400};
    for (size_t i = 0; i < HR_COUNT(cards_high); i++) {
        viz_rect card = {10, 10, 300, cards_high[i]};
        unsigned char *pixels[2];
        viz_frame f = {0};
        cairo_surface_t *surface[2];
        for (int k = 0; k < 2; k++) {          // two pictures that differ in nothing but the letters of their words, and are as wide
            const viz_band bands[] = {{8, 30, k ? "kill ab" : "kill ba"}, {9, 12, k ? "slow recommendations_dp, factor 3" : "slow recommendations_pd, factor 3"},
                                      {10, 40, k ? "pause bd" : "pause db"}, {11, 12, k ? "flush pq" : "flush qp"}};
            const viz_flag flag = {20, k ? "counted form here" : "counted from here", false};
            const viz_chart c = {.title = "Throughput", .lines = &line, .line_count = 1, .bands = bands, .band_count = HR_COUNT(bands), .flags = &flag,
                                 .flag_count = 1};
            surface[k] = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 320, 420);
            cairo_t *cr = cairo_create(surface[k]);
            viz_pen pen = viz_pen_open(cr, VIZ_LIGHT, 1);
            f = viz_chart_draw(&pen, card, &c);
            viz_pen_close(&pen);
            cairo_destroy(cr);
            cairo_surface_flush(surface[k]);
            pixels[k] = cairo_image_surface_get_data(surface[k]);
        }
        int inside = 0, above = 0, stride = cairo_image_surface_get_stride(surface[0]);
        for (int y = 0; y < 420; y++)
            for (int p = 0; p < 320; p++)
                if (memcmp(pixels[0] + y * stride + p * 4, pixels[1] + y * stride + p * 4, 3) != 0)
                    *(y >= f.plot.y - 4 ? &inside : &above) += 1;
        printf("height %.0f: %d pixels of words above the plot, %d in it\n", cards_high[i], above, inside);
        assert_int_equal(inside, 0);
        assert_true(above > 0 || f.plot.height < 3 * 14);          // too small a plot is not made smaller
        cairo_surface_destroy(surface[0]);
        cairo_surface_destroy(surface[1]);
    }
}

static void test_bars_stay_inside(void **state)
{
    (void)state;
    const viz_bar bars[] = {{"none", "1,260.5 ±2.3", {{1260.5, 1258, 1263}, {2600, 2000, 9000}}, 0},
                            {"a variant with a very long name indeed", "0.000267 ±0.000004 statements", {{0.000267, -INFINITY, INFINITY}, {1e9, 1, 2e9}}, 1},
                            {"", NULL, {{NAN, NAN, NAN}, {NAN, NAN, NAN}}, 2}, {NULL, "-", {{-50, -60, -40}, {0, 0, 0}}, 3}};
    viz_bars b = {.title = "Database load", .unit = "statements/s", .bars = bars, .bar_count = HR_COUNT(bars), .value_count = 1,
                  .words = {"p50", "p99"}, .limit_word = "objective", .limit = 900};
    everywhere(draw_bars, &b);
    b.value_count = 2;
    b.axis.kind = VIZ_LOG;
    everywhere(draw_bars, &b);
    b.bar_count = 0;
    everywhere(draw_bars, &b);
}

static void draw_planted(viz_pen *pen, viz_rect card, const void *what)
{
    viz_card(pen, card, VIZ_border);           // what a chart without manners would do: the words where they fall
    viz_text(pen, card.x + card.width - 20, card.y + card.height - 10, (viz_type){.colour = VIZ_text}, what);
}

static void test_planted_label_outside_is_found(void **state)
{
    (void)state;
    assert_true(stays_inside(draw_planted, (viz_rect){40, 30, 200, 100}, ".", 1));
    assert_false(stays_inside(draw_planted, (viz_rect){40, 30, 200, 100}, "2,000 req/s", 1));
}

static void test_colours_with_one_light_value_share_the_dark_one(void **state)
{
    (void)state;                               // the report finds a colour's name by its light value
    for (int i = 0; i < VIZ_COLOUR_COUNT; i++)
        for (int k = 0; k < i; k++)
            if (viz_colour_value((viz_colour)i, VIZ_LIGHT) == viz_colour_value((viz_colour)k, VIZ_LIGHT))
                assert_int_equal(viz_colour_value((viz_colour)i, VIZ_DARK), viz_colour_value((viz_colour)k, VIZ_DARK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ticks_are_round_ascending_and_inside),
        cmocka_unit_test(test_log_ticks_are_round),
        cmocka_unit_test(test_places_invert),
        cmocka_unit_test(test_nonsense_still_makes_an_axis),
        cmocka_unit_test(test_numbers_are_words),
        cmocka_unit_test(test_charts_stay_inside),
        cmocka_unit_test(test_words_of_events_stand_above_the_plot),
        cmocka_unit_test(test_bars_stay_inside),
        cmocka_unit_test(test_planted_label_outside_is_found),
        cmocka_unit_test(test_colours_with_one_light_value_share_the_dark_one),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
