// tests/unit/test_viz_scene.c - layout and picture: cards apart, routes between them, no ink beside a card, the same pixels for the same time.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "viz/scene/paint.h"

static sim_model *parse(const char *text)
{
    hr_error e = {0};
    sim_model *model = NULL;
    if (sim_model_parse("test.yaml", text, strlen(text), "", &model, &e))
        fail_msg("%s", e.text);
    return model;
}

static sim_model *read_caching(const char *variant)
{
    hr_error e = {0};
    sim_model *model = NULL;
    if (sim_model_read(HR_SOURCE_DIR "/patterns/caching/scenario.yaml", variant, &model, &e))
        fail_msg("%s", e.text);
    return model;
}

// Forty replicas that call an overloaded database, directly and through a second tier.
static const char crowd[] =
    "scenario: crowd\ncomponents:\n  edge: {kind: balancer, to: web}\n"
    "  web: {kind: service, replicas: 40, workers: 8, queue: 10, on: {page: [{cpu: 1ms}, {call: inner.read}], order: [{query: db.put}]}}\n"
    "  inner: {kind: balancer, to: api}\n"
    "  api: {kind: service, replicas: 3, workers: 16, queue: 40, on: {read: [{query: db.get}]}}\n"
    "  db: {kind: database, pool: 4, queue: 30, statements: {get: {wait: exp(8ms)}, put: {wait: exp(8ms), writes: true}}}\n"
    "workload:\n  shoppers: {rate: 700/s, call: edge.page}\n  buyers: {rate: 60/s, call: edge.order}\n"
    "objectives: {p99: 20ms}\nrun: {duration: 20s, warmup: 2s}\n";

// What breaks at the same time, with names that are longer than cards; the first variant has nothing that breaks.
static const char broken[] =
    "scenario: broken\ncomponents:\n  recommendation_service: {kind: service, replicas: 3, workers: 16, on: {read: [{query: order_history_database.get}]}}\n"
    "  lb: {kind: balancer, to: recommendation_service}\n  order_history_database: {kind: database, pool: 20, statements: {get: {wait: exp(6ms)}}}\n"
    "workload:\n  shoppers: {rate: 300/s, call: lb.read}\n"
    "faults:\n  - {at: 10s, for: 20s, slow: order_history_database, factor: 3}\n  - {at: 12500ms, for: 10s, kill: recommendation_service, replica: 1}\n"
    "  - {at: 50s, kill: order_history_database}\n  - {every: 100s, for: 1s, pause: order_history_database}\n"
    "variants: {whole: {faults: []}}\nrun: {duration: 60s, warmup: 2s}\n";

// A chain of `n` services, each asking a database of its own.
static sim_model *chain(int n)
{
    hr_text t = {0};
    hr_text_add(&t, "scenario: chain\ncomponents:\n");
    for (int i = 0; i < n; i++) {
        hr_text_add(&t, "  s%d: {kind: service, on: {go: [{query: d%d.q}", i, i);
        if (i + 1 < n)
            hr_text_add(&t, ", {call: s%d.go}", i + 1);
        hr_text_add(&t, "]}}\n  d%d: {kind: database, statements: {q: {wait: 1ms}}}\n", i);
    }
    hr_text_add(&t, "workload:\n  u: {rate: 10/s, call: s0.go}\nrun: {duration: 5s, warmup: 0}\n");
    sim_model *model = parse(t.data);
    free(t.data);
    return model;
}

// One service that asks `n` databases: a column that cannot be folded.
static sim_model *fan(int n)
{
    hr_text t = {0};
    hr_text_add(&t, "scenario: fan\ncomponents:\n  s:\n    kind: service\n    on:\n      go:\n");
    for (int i = 0; i < n; i++)
        hr_text_add(&t, "        - {query: d%d.q}\n", i);
    for (int i = 0; i < n; i++)
        hr_text_add(&t, "  d%d: {kind: database, statements: {q: {wait: 1ms}}}\n", i);
    hr_text_add(&t, "workload:\n  u: {rate: 10/s, call: s.go}\nrun: {duration: 5s, warmup: 0}\n");
    sim_model *model = parse(t.data);
    free(t.data);
    return model;
}

// --- layout ---------------------------------------------------------------------------------------------------------

static bool are_apart(viz_rect a, viz_rect b)
{
    return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
}

static bool is_inside(viz_rect r, double width, double height)
{
    return r.x >= -0.01 && r.y >= -0.01 && r.x + r.width <= width + 0.01 && r.y + r.height <= height + 0.01;
}

static bool cards_are_right(const viz_layout *l)
{
    uint32_t nodes = 0;
    for (uint32_t a = 0; a < l->card_count; a++) {
        nodes += l->cards[a].node_count;
        if (!is_inside(l->cards[a].at, l->scene.width / l->zoom, l->scene.height / l->zoom))
            return false;
        for (uint32_t b = 0; b < a; b++)
            if (!are_apart(l->cards[a].at, l->cards[b].at))
                return false;
    }
    return nodes == l->graph->node_count;
}

static bool routes_are_right(const viz_layout *l)
{
    for (uint32_t i = 0; i < l->route_count; i++) {
        const viz_route *r = &l->routes[i];
        if (r->count == 0)
            continue;
        viz_rect from = l->cards[r->from].at, to = l->cards[r->to].at;
        viz_point first = viz_route_at(r, 0, 0), last = viz_route_at(r, 1, 0);
        if (fabs(first.x - from.x - from.width) > 0.1 || fabs(last.x - to.x) > 0.1 || fabs(last.y - to.y - to.height / 2) > 0.1)
            return false;
        for (double way = 0.01; way < 0.995; way += 0.01)
            if (viz_layout_card_at(l, viz_route_at(r, way, 0)) != UINT32_MAX)
                return false;                          // it passes through a card
    }
    return true;
}

static const double sizes[][2] = {{1280, 720}, {1920, 1080}, {800, 600}, {640, 400}, {3840, 2160}};

static void check_layouts(sim_model *model, bool has_room)
{
    viz_graph *g = viz_graph_make(model);
    for (size_t i = 0; i < HR_COUNT(sizes); i++) {
        viz_layout *l = viz_layout_make(g, sizes[i][0], sizes[i][1]);
        printf("%s at %.0fx%.0f: %u cards of %u nodes, zoom %.2f\n", model->name, l->width, l->height, l->card_count, g->node_count, l->zoom);
        assert_true(cards_are_right(l));
        if (has_room)
            assert_true(routes_are_right(l));
        viz_layout_free(l);
    }
    viz_graph_free(g);
    sim_model_free(model);
}

static void test_layouts_keep_cards_apart_and_routes_beside_them(void **state)
{
    (void)state;
    check_layouts(read_caching("aside"), true);
    check_layouts(read_caching("none"), true);
    check_layouts(parse(crowd), true);
    check_layouts(chain(12), true);
    check_layouts(fan(100), true);
    check_layouts(parse(broken), true);
}

// The planted-bug twin: a card moved onto its neighbour, or into a pipe, must be seen.
static void test_the_layout_checks_see_a_moved_card(void **state)
{
    (void)state;
    sim_model *model = read_caching("aside");
    viz_graph *g = viz_graph_make(model);
    viz_layout *l = viz_layout_make(g, 1280, 720);
    assert_true(cards_are_right(l) && routes_are_right(l));
    viz_rect right = l->cards[0].at;
    l->cards[0].at.y = l->cards[1].at.y + 1;
    l->cards[0].at.x = l->cards[1].at.x;
    assert_false(cards_are_right(l));
    l->cards[0].at = right;
    l->cards[0].at.x += 40;
    assert_false(routes_are_right(l));
    viz_layout_free(l);
    viz_graph_free(g);
    sim_model_free(model);
}

// --- ink ------------------------------------------------------------------------------------------------------------

enum { WIDTH = 1280, HEIGHT = 720 };

static viz_view view_of(viz_theme theme, const char *speed)
{
    return (viz_view){.theme = theme, .width = WIDTH, .height = HEIGHT, .scale = 1, .speed = viz_speed_find(speed), .has_legend = true};
}

// Draws only the cards, frames and numbers, on nothing, and counts the pixels with ink farther than `slack` from every card.
static int ink_beside_cards(const viz_layout *drawn, const viz_layout *believed, const viz_player *p, double slack)
{
    viz_view view = view_of(VIZ_LIGHT, "1");
    viz_scene s = {.player = p, .graph = viz_player_graph(p), .world = viz_player_world(p), .watch = viz_player_watch(p), .layout = drawn,
                   .view = &view, .one_in = 1};
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, WIDTH, HEIGHT);
    cairo_t *cr = cairo_create(surface);
    viz_pen pen = viz_pen_open(cr, VIZ_LIGHT, 1);
    cairo_translate(cr, drawn->scene.x, drawn->scene.y);
    cairo_scale(cr, drawn->zoom, drawn->zoom);
    pen.scale = drawn->zoom;
    viz_cards_still(&pen, &s);
    viz_cards_now(&pen, &s);
    viz_pen_close(&pen);
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    const unsigned char *pixels = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface), beside = 0, inked = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            if (!pixels[y * stride + x * 4 + 3])
                continue;
            inked++;
            bool is_in = false;
            viz_point at = viz_layout_to_scene(believed, x + 0.5, y + 0.5);
            for (uint32_t c = 0; c < believed->card_count && !is_in; c++) {
                viz_rect r = viz_inset(believed->cards[c].at, -slack);
                is_in = at.x >= r.x && at.x <= r.x + r.width && at.y >= r.y && at.y <= r.y + r.height;
            }
            beside += !is_in;
        }
    cairo_surface_destroy(surface);
    assert_true(inked > 10000);
    return beside;
}

static void check_ink(sim_model *model, hr_time at)
{
    viz_player *p = viz_player_open(model, 3);
    viz_player_seek(p, at);
    viz_player_work(p, HR_FOREVER);
    viz_layout *l = viz_layout_make(viz_player_graph(p), WIDTH, HEIGHT), *moved = viz_layout_make(viz_player_graph(p), WIDTH, HEIGHT);
    assert_int_equal(ink_beside_cards(l, l, p, 1), 0);
    moved->cards[0].at.x += 6;                         // the planted-bug twin: drawn six units beside its card
    assert_true(ink_beside_cards(moved, l, p, 1) > 0);
    viz_layout_free(l);
    viz_layout_free(moved);
    viz_player_close(p);
    sim_model_free(model);
}

static void test_no_ink_leaves_its_card(void **state)
{
    (void)state;
    check_ink(read_caching("aside"), 10 * HR_SEC);
    check_ink(parse(crowd), 10 * HR_SEC);
    check_ink(chain(8), 3 * HR_SEC);
    check_ink(parse(broken), 5 * HR_SEC);
    check_ink(parse(broken), 20 * HR_SEC);
}

// --- faults ---------------------------------------------------------------------------------------------------------

// What is under way by when it is over, then what comes by when it begins; a pause that comes 100 s after the start comes when all is over.
static void test_faults_are_told_in_the_words_of_the_scenario(void **state)
{
    (void)state;
    static const struct { hr_time at_s; const char *told; } moments[] = {
        {5, "at 0:10: slow order_history_database, factor 3; at 0:12.5: kill recommendation_service-1; at 0:50: kill order_history_database; "},
        {15, "until 0:22.5: kill recommendation_service-1; until 0:30: slow order_history_database, factor 3; at 0:50: kill order_history_database; "},
        {25, "until 0:30: slow order_history_database, factor 3; at 0:50: kill order_history_database; "},
        {40, "at 0:50: kill order_history_database; "},
        {55, "for good: kill order_history_database; "}};
    sim_model *model = parse(broken);
    viz_player *p = viz_player_open(model, 3);
    for (size_t i = 0; i < HR_COUNT(moments); i++) {
        viz_player_seek(p, moments[i].at_s * HR_SEC);
        viz_player_work(p, HR_FOREVER);
        viz_scene s = {.player = p, .graph = viz_player_graph(p), .world = viz_player_world(p)};
        viz_trouble *all;
        uint32_t count = viz_troubles(&s, (uint16_t)sim_model_find(model, "faults"), &all);
        hr_text told = {0};
        char when[48];
        for (uint32_t k = 0; k < count; k++)
            hr_text_add(&told, "%s: %s; ", viz_trouble_when(&all[k], when, sizeof when), all[k].text);
        assert_string_equal(told.data, moments[i].told);
        free(told.data);
        viz_troubles_free(all, count);
    }
    viz_player_close(p);
    sim_model_free(model);
}

static bool has_card(const char *variant, uint16_t kind)
{
    hr_error e = {0};
    sim_model *model;
    assert_int_equal(sim_model_parse("test.yaml", broken, strlen(broken), variant, &model, &e), HR_OK);
    viz_graph *g = viz_graph_make(model);
    viz_layout *l = viz_layout_make(g, 1280, 720);
    bool found = false;
    for (uint32_t c = 0; c < l->card_count; c++)
        found = found || g->parts[l->cards[c].part].kind == kind;
    assert_true(cards_are_right(l) && routes_are_right(l));
    viz_layout_free(l);
    viz_graph_free(g);
    sim_model_free(model);
    return found;
}

static void test_without_faults_there_is_no_card_of_them(void **state)
{
    (void)state;
    assert_true(has_card("", SIM_PART_faults) && has_card("", SIM_PART_balancer));
    assert_true(!has_card("whole", SIM_PART_faults) && has_card("whole", SIM_PART_balancer));
}

// --- flow -----------------------------------------------------------------------------------------------------------

// Width of the stripe where a card's pipe is `beside` units away from its left (< 0) or right edge.
static double stripe_at(cairo_surface_t *surface, const viz_layout *l, uint16_t part, double beside)
{
    const viz_part *p = &l->graph->parts[part];
    viz_rect card = l->cards[l->card_of_node[p->first_node + p->replicas / 2]].at;
    double x = beside < 0 ? card.x + beside : card.x + card.width + beside;
    int column = (int)(l->scene.x + x * l->zoom), from = (int)(l->scene.y + card.y * l->zoom), to = from + (int)(card.height * l->zoom);
    const unsigned char *pixels = cairo_image_surface_get_data(surface);
    double ink = 0;
    for (int y = from; y < to; y++)
        ink += pixels[y * cairo_image_surface_get_stride(surface) + column * 4 + 3] / 255.0;
    return ink / l->zoom;
}

// Three replicas in turn: the pipe behind the balancer carries three times what the pipe in front of a replica does. Stripes that
// only lie on top of each other would give one.
static void test_flow_adds_up_where_pipes_run_together(void **state)
{
    (void)state;
    sim_model *model = read_caching("none");
    viz_player *p = viz_player_open(model, 3);
    viz_player_seek(p, 20 * HR_SEC);
    viz_player_work(p, HR_FOREVER);
    viz_layout *l = viz_layout_make(viz_player_graph(p), WIDTH, HEIGHT);
    viz_view view = view_of(VIZ_LIGHT, "max");
    viz_scene s = {.player = p, .graph = viz_player_graph(p), .world = viz_player_world(p), .watch = viz_player_watch(p), .layout = l,
                   .view = &view, .one_in = 1};
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, WIDTH, HEIGHT);
    cairo_t *cr = cairo_create(surface);
    viz_pen pen = viz_pen_open(cr, VIZ_LIGHT, 1);
    cairo_translate(cr, l->scene.x, l->scene.y);
    cairo_scale(cr, l->zoom, l->zoom);
    viz_pipes_flow(&pen, &s);
    viz_pen_close(&pen);
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    double trunk = stripe_at(surface, l, (uint16_t)sim_model_find(model, "lb"), 10);
    double branch = stripe_at(surface, l, (uint16_t)sim_model_find(model, "api"), -10);
    double after = stripe_at(surface, l, (uint16_t)sim_model_find(model, "db"), -10);
    printf("stripes: behind the balancer %.2f, before a replica %.2f, before the database %.2f\n", trunk, branch, after);
    assert_true(fabs(trunk / branch - 3) < 0.15 && fabs(after / trunk - 1) < 0.05);
    cairo_surface_destroy(surface);
    viz_layout_free(l);
    viz_player_close(p);
    sim_model_free(model);
}

// --- pictures -------------------------------------------------------------------------------------------------------

static cairo_surface_t *draw(viz_picture *picture, const viz_view *view)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    cairo_t *cr = cairo_create(surface);
    viz_picture_draw(picture, cr, view);
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    return surface;
}

// Compares a picture that has been drawn all along with a fresh one of a fresh player.
static bool looks_the_same(viz_picture *old, const viz_view *view, const sim_model *model, hr_time at)
{
    viz_player *p = viz_player_open(model, 3);
    viz_player_seek(p, at);
    viz_player_work(p, HR_FOREVER);
    viz_picture *fresh = viz_picture_make(p);
    cairo_surface_t *a = draw(old, view), *b = draw(fresh, view);
    size_t bytes = (size_t)cairo_image_surface_get_stride(a) * HEIGHT;
    bool same = memcmp(cairo_image_surface_get_data(a), cairo_image_surface_get_data(b), bytes) == 0;
    cairo_surface_destroy(a);
    cairo_surface_destroy(b);
    viz_picture_free(fresh);
    viz_player_close(p);
    return same;
}

static void test_a_picture_depends_on_time_and_view_only(void **state)
{
    (void)state;
    sim_model *model = parse(crowd);
    viz_player *p = viz_player_open(model, 3);
    viz_picture *picture = viz_picture_make(p);
    viz_view view = view_of(VIZ_LIGHT, "1/20");
    for (int i = 0; i < 40; i++) {                     // layers, sprites and words are used again and again
        viz_player_advance(p, 33333333);
        viz_player_work(p, HR_FOREVER);
        cairo_surface_destroy(draw(picture, &view));
    }
    hr_time at = viz_player_now(p);
    assert_true(looks_the_same(picture, &view, model, at));
    view.speed = viz_speed_find("10");
    assert_true(looks_the_same(picture, &view, model, at));
    view.theme = VIZ_DARK;
    assert_true(looks_the_same(picture, &view, model, at));
    view.speed = viz_speed_find("max");
    assert_true(looks_the_same(picture, &view, model, at));
    assert_false(looks_the_same(picture, &view, model, at + 200 * HR_MS));     // the planted-bug twin
    viz_picture_free(picture);
    viz_player_close(p);
    sim_model_free(model);
}

static void test_places_of_buttons_and_timeline(void **state)
{
    (void)state;
    sim_model *model = parse(crowd);
    viz_player *p = viz_player_open(model, 3);
    viz_picture *picture = viz_picture_make(p);
    viz_view view = view_of(VIZ_LIGHT, "1");
    assert_true(viz_picture_hit(picture, &view, 78, HEIGHT - 28).kind == VIZ_HIT_PLAY);
    assert_true(viz_picture_hit(picture, &view, 5, HEIGHT / 2).kind == VIZ_HIT_NOTHING);
    viz_layout *l = viz_layout_make(viz_player_graph(p), WIDTH, HEIGHT);
    viz_rect line = viz_timeline(l);
    viz_hit middle = viz_picture_hit(picture, &view, line.x + line.width / 2, line.y + 3);
    assert_true(middle.kind == VIZ_HIT_TIMELINE && middle.at == 10 * HR_SEC);
    assert_true(viz_picture_time(picture, &view, -50) == 0 && viz_picture_time(picture, &view, WIDTH) == 20 * HR_SEC);
    viz_rect card = l->cards[2].at;
    viz_hit hit = viz_picture_hit(picture, &view, l->scene.x + (card.x + 5) * l->zoom, l->scene.y + (card.y + 5) * l->zoom);
    assert_true(hit.kind == VIZ_HIT_CARD && hit.card == 2);
    viz_layout_free(l);
    viz_picture_free(picture);
    viz_player_close(p);
    sim_model_free(model);
}

static void test_the_sentence_follows_the_data(void **state)
{
    (void)state;
    sim_model *model = parse(crowd);
    viz_player *p = viz_player_open(model, 3);
    viz_says s = viz_say(viz_player_graph(p), viz_player_world(p), viz_player_watch(p));
    assert_non_null(strstr(s.what, "empty"));
    viz_player_seek(p, 10 * HR_SEC);
    viz_player_work(p, HR_FOREVER);
    s = viz_say(viz_player_graph(p), viz_player_world(p), viz_player_watch(p));
    printf("%s / %s\n", s.what, s.look);
    assert_true(sim_database_look(viz_player_world(p), (sim_component_id)sim_model_find(model, "db")).rejected > 0);
    assert_non_null(strstr(s.what, "db refuses "));
    viz_player_close(p);
    sim_model_free(model);
    model = parse("scenario: calm\ncomponents:\n  api: {kind: service, on: {read: [{wait: 1ms}]}}\n"
                  "workload:\n  u: {rate: 100/s, call: api.read}\nrun: {duration: 5s, warmup: 0}\n");
    p = viz_player_open(model, 3);
    viz_player_seek(p, 4 * HR_SEC);
    viz_player_work(p, HR_FOREVER);
    s = viz_say(viz_player_graph(p), viz_player_world(p), viz_player_watch(p));
    assert_non_null(strstr(s.what, "room to spare"));
    viz_player_close(p);
    sim_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts_keep_cards_apart_and_routes_beside_them),
        cmocka_unit_test(test_the_layout_checks_see_a_moved_card),
        cmocka_unit_test(test_no_ink_leaves_its_card),
        cmocka_unit_test(test_faults_are_told_in_the_words_of_the_scenario),
        cmocka_unit_test(test_without_faults_there_is_no_card_of_them),
        cmocka_unit_test(test_flow_adds_up_where_pipes_run_together),
        cmocka_unit_test(test_a_picture_depends_on_time_and_view_only),
        cmocka_unit_test(test_places_of_buttons_and_timeline),
        cmocka_unit_test(test_the_sentence_follows_the_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
