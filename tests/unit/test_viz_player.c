// tests/unit/test_viz_player.c - the player: the same seed and time give the same bytes, however one gets there; flights are the world's notes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "viz/scene/player.h"

static sim_model *read_model(const char *variant)
{
    hr_error e = {0};
    sim_model *model = NULL;
    if (sim_model_read(HR_SOURCE_DIR "/patterns/caching/scenario.yaml", variant, &model, &e))
        fail_msg("%s", e.text);
    return model;
}

typedef struct { void *watch; size_t watch_bytes; sim_checkpoint world; } present;

static present present_of(const viz_player *p)
{
    present now = {0};
    now.watch = viz_watch_save(viz_player_watch(p), &now.watch_bytes);
    now.world = sim_world_checkpoint(viz_player_world(p));
    return now;
}

static bool is_same(present *a, present *b)
{
    bool same = a->watch_bytes == b->watch_bytes && memcmp(a->watch, b->watch, a->watch_bytes) == 0 && a->world.size == b->world.size &&
                memcmp(a->world.bytes, b->world.bytes, a->world.size) == 0;
    free(a->watch);
    free(a->world.bytes);
    free(b->watch);
    free(b->world.bytes);
    return same;
}

static bool are_same(const viz_player *p, const viz_player *q)
{
    present a = present_of(p), b = present_of(q);
    return is_same(&a, &b);
}

static void go(viz_player *p, hr_time at)
{
    viz_player_seek(p, at);
    assert_true(viz_player_work(p, HR_FOREVER));
    assert_true(viz_player_now(p) == at);
}

static const hr_time there = 7 * HR_SEC + 123456789;

static void test_playing_and_jumping_give_the_same_bytes(void **state)
{
    (void)state;
    sim_model *model = read_model("aside");
    viz_player *played = viz_player_open(model, 7), *jumped = viz_player_open(model, 7);
    while (viz_player_now(played) < there) {           // frames of odd length, each begun before the last was done
        viz_player_advance(played, hr_min_time(16666667, there - viz_player_now(played)));
        viz_player_work(played, HR_FOREVER);
    }
    go(jumped, there);
    assert_true(are_same(played, jumped));
    go(jumped, 20 * HR_SEC);                           // there and back, over marks
    go(jumped, there - 3);
    go(jumped, there);
    assert_true(are_same(played, jumped));
    viz_player_close(played);
    viz_player_close(jumped);
    sim_model_free(model);
}

// The planted-bug twins: one event more, or another seed, must be seen by the comparison.
static void test_the_comparison_sees_one_note_and_another_seed(void **state)
{
    (void)state;
    sim_model *model = read_model("aside");
    viz_player *a = viz_player_open(model, 7), *b = viz_player_open(model, 7), *c = viz_player_open(model, 8);
    go(a, there);
    go(b, there);
    go(c, there);
    assert_true(are_same(a, b));
    assert_false(are_same(a, c));
    viz_player_step(b);
    assert_false(are_same(a, b));
    viz_player_close(a);
    viz_player_close(b);
    viz_player_close(c);
    sim_model_free(model);
}

static void test_restart_with_the_same_seed_repeats_and_another_seed_does_not(void **state)
{
    (void)state;
    sim_model *model = read_model("none");
    viz_player *a = viz_player_open(model, 7), *b = viz_player_open(model, 7);
    go(a, there);
    go(b, there + HR_SEC);
    viz_player_restart(b, 7);
    assert_true(viz_player_now(b) == 0);
    go(b, there);
    assert_true(are_same(a, b));
    viz_player_restart(b, 9);
    go(b, there);
    assert_false(are_same(a, b));
    viz_player_restart(b, 7);
    go(b, there);
    assert_true(are_same(a, b));
    viz_player_close(a);
    viz_player_close(b);
    sim_model_free(model);
}

static void test_marks_laid_ahead_and_thinned_change_nothing(void **state)
{
    (void)state;
    sim_model *model = read_model("aside");
    viz_player *plain = viz_player_open(model, 7), *scouted = viz_player_open(model, 7);
    viz_player_limit(scouted, 6 << 20);                // room for a few marks only
    while (!viz_player_scout(scouted, 5 * HR_MS)) {
    }
    hr_time times[] = {59 * HR_SEC, 12 * HR_SEC, there, 30 * HR_SEC, 60 * HR_SEC, 0};
    for (size_t i = 0; i < HR_COUNT(times); i++) {
        go(plain, times[i]);
        go(scouted, times[i]);
        assert_true(are_same(plain, scouted));
    }
    viz_player_limit(scouted, 0);                      // the mark at time 0 stays
    go(scouted, there);
    go(plain, there);
    assert_true(are_same(plain, scouted));
    viz_player_close(plain);
    viz_player_close(scouted);
    sim_model_free(model);
}

static void test_a_step_ends_at_the_next_note_and_a_step_back_at_the_one_before(void **state)
{
    (void)state;
    sim_model *model = read_model("aside");
    viz_player *p = viz_player_open(model, 7);
    go(p, there);
    uint64_t notes = viz_watch_notes(viz_player_watch(p));
    viz_player_step(p);
    hr_time first = viz_player_now(p);
    assert_true(first > there && viz_watch_notes(viz_player_watch(p)) > notes);
    go(p, first - 1);
    assert_true(viz_watch_notes(viz_player_watch(p)) == notes);
    go(p, first);
    viz_player_step(p);
    assert_true(viz_player_now(p) > first);
    viz_player_step_back(p);
    assert_true(viz_player_now(p) == first);
    viz_player_close(p);
    sim_model_free(model);
}

// What was watched agrees with what the world counts itself: every statement arrived through the pipe of its replica.
static void test_flows_agree_with_the_databases_own_count(void **state)
{
    (void)state;
    sim_model *model = read_model("none");
    viz_player *p = viz_player_open(model, 7);
    go(p, 40 * HR_SEC);
    const viz_graph *g = viz_player_graph(p);
    uint16_t api = (uint16_t)sim_model_find(model, "api"), db = (uint16_t)sim_model_find(model, "db");
    double flow = 0;
    for (uint32_t r = 0; r < g->parts[api].replicas; r++)
        flow += viz_watch_flow(viz_player_watch(p), viz_graph_pipe(g, g->parts[api].first_node + r, g->parts[db].first_node));
    double begun = viz_watch_recent(viz_player_watch(p), g->parts[db].first_node).calls_per_s;
    printf("calls through the pipes %.2f/s, begun at the database %.2f/s\n", flow, begun);
    assert_true(flow > 1000 && flow - begun < 0.01 * begun && begun - flow < 0.01 * begun);
    viz_recent recent = viz_watch_recent(viz_player_watch(p), g->parts[db].first_node);
    sim_station_view view = sim_database_look(viz_player_world(p), db);
    assert_true(recent.utilisation - view.utilisation < 0.1 && view.utilisation - recent.utilisation < 0.1);
    viz_player_close(p);
    sim_model_free(model);
}

static bool holds_request(const viz_flight *flights, uint32_t count, uint64_t request)
{
    for (uint32_t i = 0; i < count; i++)
        if (flights[i].request == request)
            return true;
    return false;
}

static void test_thinning_keeps_whole_requests_and_says_how_many(void **state)
{
    (void)state;
    enum { MANY = 20000, FEW = 100 };
    sim_model *model = read_model("aside");
    viz_player *p = viz_player_open(model, 7);
    go(p, there);
    static viz_flight all[MANY], few[FEW];
    uint64_t one_in;
    hr_time span = 100 * HR_MS;
    uint32_t n = viz_watch_flights(viz_player_watch(p), there, span, all, MANY, &one_in);
    assert_true(one_in == 1 && n > 3 * FEW);
    uint32_t m = viz_watch_flights(viz_player_watch(p), there, span, few, FEW, &one_in);
    printf("%u flights, thinned to %u: one request in %llu\n", n, m, (unsigned long long)one_in);
    assert_true(m > 0 && m <= FEW && one_in > 1);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < n; i++)
        expected += holds_request(few, m, all[i].request);
    assert_true(expected == m);                        // all that travels of a kept request is there, and nothing else
    for (uint32_t i = 0; i < n; i++)
        assert_true(all[i].at + all[i].hop * span <= there && there < all[i].at + (all[i].hop + 1) * span);
    viz_player_close(p);
    sim_model_free(model);
}

static void test_graph_knows_who_writes_and_what_is_not_used(void **state)
{
    (void)state;
    sim_model *model = read_model("none");
    viz_graph *g = viz_graph_make(model);
    assert_true(g->parts[sim_model_find(model, "writers")].writes && !g->parts[sim_model_find(model, "readers")].writes);
    assert_false(g->parts[sim_model_find(model, "cache")].is_used);
    assert_true(g->parts[sim_model_find(model, "db")].column == 3 && g->column_count == 4 && g->node_count == 8);
    viz_graph_free(g);
    sim_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_playing_and_jumping_give_the_same_bytes),
        cmocka_unit_test(test_the_comparison_sees_one_note_and_another_seed),
        cmocka_unit_test(test_restart_with_the_same_seed_repeats_and_another_seed_does_not),
        cmocka_unit_test(test_marks_laid_ahead_and_thinned_change_nothing),
        cmocka_unit_test(test_a_step_ends_at_the_next_note_and_a_step_back_at_the_one_before),
        cmocka_unit_test(test_flows_agree_with_the_databases_own_count),
        cmocka_unit_test(test_thinning_keeps_whole_requests_and_says_how_many),
        cmocka_unit_test(test_graph_knows_who_writes_and_what_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
