// tests/unit/test_engine.c - histogram, event list, checkpoints, forks, policies.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/scenario/model.h"

static void test_histogram_is_within_one_percent(void **state)
{
    (void)state;
    for (uint64_t i = 1; i < 100000; i++) {
        hr_time v = (hr_time)(sim_random(3, 1, i, 0).word[0] >> (21 + i % 40));
        double middle = (double)sim_histogram_middle(sim_histogram_bucket(v));
        assert_true(middle - (double)v <= 0.01 * (double)v + 0.5 && (double)v - middle <= 0.01 * (double)v + 0.5);
    }
}

static void test_histogram_advance_sees_only_what_is_new(void **state)
{
    (void)state;
    static sim_histogram now, before;
    const double p[] = {0.5, 1};
    hr_time got[2] = {-1, -1};
    sim_histogram_advance(&now, &before, p, 2, got);
    assert_true(got[0] == -1);
    for (int i = 0; i < 1000; i++)
        sim_histogram_add(&now, 5 * HR_SEC);
    sim_histogram_advance(&now, &before, p, 2, got);
    for (int i = 1; i <= 100; i++)
        sim_histogram_add(&now, i);
    sim_histogram_advance(&now, &before, p, 2, got);
    assert_true(got[0] == 50 && got[1] == 100);
    assert_memory_equal(&now, &before, sizeof now);
}

static void test_events_come_in_order_against_a_sorted_array(void **state)
{
    (void)state;
    sim_world *w = sim_world_new(1, 0);
    enum { N = 200000 };
    uint64_t pushed = 0, popped = 0;
    hr_time last = 0;
    uint64_t last_pushed = 0;
    for (uint64_t i = 0; i < N; i++) {
        sim_draw r = sim_random(5, 2, i, 0);
        if (r.word[0] % 3 != 0 || sim_events_count(w) == 0) {
            sim_schedule(w, w->now + (hr_time)(r.word[1] % 50), 0, 0, 0, (uint32_t)pushed++);   // many ties
        } else {
            sim_event e = {0};
            assert_true(sim_events_pop(w, &e));
            assert_true(e.at > last || (e.at == last && (popped == 0 || e.generation > last_pushed)));
            last = w->now = e.at;
            last_pushed = e.generation;
            popped++;
        }
        if (i % 4096 == 0)
            sim_events_check(w);
    }
    assert_int_equal(pushed - popped, sim_events_count(w));
    sim_world_free(w);
}

static const char caching[] = HR_SOURCE_DIR "/patterns/caching/scenario.yaml";

static sim_world *started(uint64_t seed)
{
    hr_error e = {0};
    sim_model *model;
    assert_int_equal(sim_model_read(caching, "aside", &model, &e), HR_OK);
    sim_world *w = sim_model_build(model, seed);
    w->arrivals_end = 10 * HR_SEC;
    sim_world_start(w, 100 * HR_MS);
    sim_model_free(model);
    return w;
}

// Everything that a world is, as bytes.
static void assert_same(const sim_world *a, const sim_world *b)
{
    sim_checkpoint x = sim_world_checkpoint(a), y = sim_world_checkpoint(b);
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.bytes, y.bytes, x.size);
    free(x.bytes);
    free(y.bytes);
}

static void test_restored_and_forked_worlds_continue_bit_identically(void **state)
{
    (void)state;
    sim_world *w = started(11), *twin;
    sim_world_run(w, 3 * HR_SEC);
    sim_checkpoint saved = sim_world_checkpoint(w);
    twin = sim_world_fork(w);
    sim_world_run(w, 8 * HR_SEC);
    sim_world_check(w);
    sim_world *other = started(12);            // another seed, at another address, with other memory in it
    sim_world_run(other, 5 * HR_SEC);
    hr_error e = {0};
    assert_int_equal(sim_world_restore(other, saved.bytes, saved.size, &e), HR_OK);
    for (hr_time t = 4 * HR_SEC; t <= 8 * HR_SEC; t += HR_SEC) {   // two side by side
        sim_world_run(twin, t);
        sim_world_run(other, t);
    }
    assert_same(w, twin);
    assert_same(w, other);
    sim_world *different = started(12);        // the planted difference: another seed must not look the same
    sim_world_run(different, 8 * HR_SEC);
    sim_checkpoint x = sim_world_checkpoint(w), y = sim_world_checkpoint(different);
    assert_true(x.size != y.size || memcmp(x.bytes, y.bytes, x.size) != 0);
    free(x.bytes);
    free(y.bytes);
    free(saved.bytes);
    sim_world_free(w);
    sim_world_free(twin);
    sim_world_free(other);
    sim_world_free(different);
}

static void test_world_saved_in_another_process_continues_bit_identically(void **state)
{
    (void)state;
    char path[] = "/tmp/headroom-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    hr_error e = {0};
    pid_t child = fork();
    if (child == 0) {
        sim_world *w = started(21);
        sim_world_run(w, 2 * HR_SEC);
        _exit((int)sim_world_save(w, path, &e));
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 0);
    sim_world *here = started(21), *hindrance = sim_world_new(0, 0), *loaded = NULL;
    assert_int_equal(sim_world_load(path, &loaded, &e), HR_OK);
    assert_ptr_not_equal(loaded, here);
    sim_world_run(here, 6 * HR_SEC);
    sim_world_run(loaded, 6 * HR_SEC);
    assert_same(here, loaded);
    char cut[64] = "headroom";
    assert_int_equal(sim_world_restore(here, cut, sizeof cut, &e), HR_BAD_INPUT);
    unlink(path);
    sim_world_free(here);
    sim_world_free(hindrance);
    sim_world_free(loaded);
}

// Pieces end between samples, at them, and just before.
static void test_pieces_and_steps_leave_the_same_bytes_as_one_run(void **state)
{
    (void)state;
    const hr_time end = 8 * HR_SEC;
    sim_world *whole = started(31), *pieces = started(31), *steps = started(31);
    sim_world_run(whole, end);
    assert_int_equal(whole->series.count, 80);                     // the last one at the end itself
    assert_true(whole->series.next > end && sim_world_next(whole) > end);
    const hr_time length[] = {37 * HR_MS, 100 * HR_MS, 1, 62 * HR_MS - 1};
    for (int i = 0; pieces->now < end; i++)
        sim_world_run(pieces, hr_min_time(pieces->now + length[i % 4], end));
    while (sim_world_next(steps) <= end)
        assert_true(sim_world_step(steps));
    sim_world_run(steps, end);                 // sets the clock
    assert_same(whole, pieces);
    assert_same(whole, steps);
    sim_world_free(whole);
    sim_world_free(pieces);
    sim_world_free(steps);
}

// Samples alone keep nothing going, and none is taken at "never".
static void test_running_for_ever_ends_with_the_last_event(void **state)
{
    (void)state;
    sim_world *w = started(41), *stepped = started(41), *empty = sim_world_new(1, 0);
    while (sim_world_step(stepped)) {
    }
    assert_int_equal(sim_world_next(stepped), HR_FOREVER);
    assert_true(sim_world_drain(stepped, HR_FOREVER));
    sim_world_run(w, HR_FOREVER);
    assert_int_equal(w->now, HR_FOREVER);
    assert_int_equal(w->events_run, stepped->events_run);
    assert_int_equal(w->series.count, stepped->series.count);
    sim_world_start(empty, HR_SEC);            // without components there is nothing to sample
    assert_false(sim_world_step(empty));
    sim_world_run(empty, HR_FOREVER);
    assert_int_equal(empty->events_run, 0);
    sim_world_free(w);
    sim_world_free(stepped);
    sim_world_free(empty);
}

// Nothing happens any more in a world that has become full in the middle of a run; only its clock goes on.
static void test_world_that_becomes_full_stops_in_the_middle(void **state)
{
    (void)state;
    sim_world *w = started(51);
    sim_world_run(w, HR_SEC);
    w->limit = w->used;                        // the next block is one too many
    sim_world_run(w, 9 * HR_SEC);
    assert_true(w->is_full && w->full_at > HR_SEC && w->full_at < 9 * HR_SEC);
    assert_int_equal(w->now, 9 * HR_SEC);
    assert_int_equal(w->series.count, w->full_at / (100 * HR_MS));
    assert_false(sim_world_step(w));
    const uint64_t events = w->events_run;
    sim_world_run(w, 10 * HR_SEC);
    assert_false(sim_world_drain(w, HR_FOREVER));
    assert_int_equal(w->events_run, events);
    sim_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram_is_within_one_percent),
        cmocka_unit_test(test_histogram_advance_sees_only_what_is_new),
        cmocka_unit_test(test_events_come_in_order_against_a_sorted_array),
        cmocka_unit_test(test_restored_and_forked_worlds_continue_bit_identically),
        cmocka_unit_test(test_world_saved_in_another_process_continues_bit_identically),
        cmocka_unit_test(test_pieces_and_steps_leave_the_same_bytes_as_one_run),
        cmocka_unit_test(test_running_for_ever_ends_with_the_last_event),
        cmocka_unit_test(test_world_that_becomes_full_stops_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
