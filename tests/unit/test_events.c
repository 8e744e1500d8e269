// tests/unit/test_events.c - the pending events against a model, a plain sorted array: a million random operations of all sorts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/core/random.h"

enum { OPERATIONS = 1000000, MOST = 20000 };

typedef struct {                               // what is tested; planted bugs replace one of the two
    void (*push)(sim_world *w, hr_time at, uint32_t id);
    bool (*pop)(sim_world *w, sim_event *event);
} queue;

typedef struct { hr_time at; uint32_t id; } entry;
typedef struct { entry *entry; uint32_t count; } model;              // latest first, so that the earliest is taken from the end

static void model_push(model *m, hr_time at, uint32_t id)
{
    uint32_t low = 0, high = m->count;         // the first entry that is not later: an equal one was scheduled before and goes first
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (m->entry[middle].at > at)
            low = middle + 1;
        else
            high = middle;
    }
    memmove(m->entry + low + 1, m->entry + low, (m->count++ - low) * sizeof *m->entry);
    m->entry[low] = (entry){at, id};
}

typedef struct {                               // how events are scheduled for a while
    uint32_t wanted;                           // pending events
    uint32_t delay;                            // see delay_of
} mood;

typedef struct {                               // what a run has met
    uint32_t levels;                           // of the wheel: a bit each
    uint32_t to_wheel, to_front, checkpoints, forks, longest_front;
} met;

static hr_time delay_of(uint32_t kind, sim_draw r)
{
    double e = sim_exponential(r.word[0]);
    switch (kind) {
    case 0: return (hr_time)(e * 1e9);
    case 1: return (hr_time)(r.word[0] % 20) * 1000;                 // many ties
    case 2: return r.word[1] % 4 ? (hr_time)(e * 1e3) : (hr_time)(e * 1e15);       // near, and timers far in the future
    case 3: return (hr_time)(r.word[0] >> (2 + r.word[1] % 62)) / 4;               // every order of magnitude
    case 4: return 0;                          // now
    case 5: return r.word[1] % 100 ? 5 * HR_MS : HR_FOREVER;         // constant delays, and events at the end of time
    default: return (hr_time)(r.word[0] % 3 * (1 << 30)) + (hr_time)(r.word[1] % 2);
    }
}

// Runs the operations; returns the number of the first one whose answer differs from the model's, or 0.
static uint32_t differs_at(const queue *q, uint64_t seed, bool on_wall_clock, met *seen)
{
    static const uint32_t sizes[] = {0, 3, 20, 40, 300, 3000, MOST};
    model m = {.entry = hr_alloc((MOST + 200) * sizeof(entry))};
    sim_world *w = sim_world_new(seed, 0), *other = sim_world_new(seed + 1, 0);
    for (uint32_t i = 0; i < 5000; i++)        // memory that a restore has to overwrite
        sim_schedule(other, (hr_time)i * i, 0, 0, 0, 0);
    w->on_wall_clock = on_wall_clock;
    mood now = {0};
    uint32_t wrong = 0;
    for (uint32_t n = 1; n <= OPERATIONS && !wrong; n++) {
        sim_draw r = sim_random(seed, 1, n, 0), how = sim_random(seed, 2, n, 0);
        if (n % 4096 == 1) {
            now.wanted = sizes[how.word[0] % HR_COUNT(sizes)];
            now.delay = (uint32_t)(how.word[1] % 7);
        }
        bool had_far = w->events.far > 0;
        if (m.count < MOST && (how.word[0] >> 32) % 100 < (m.count < now.wanted ? 80u : m.count == 0 ? 100u : 20u)) {
            uint32_t burst = how.word[1] % 5000 == 0 ? 150 : 1;      // all at one time
            hr_time delay = delay_of(now.delay, r), at = delay >= HR_FOREVER - w->now ? HR_FOREVER - 1 : w->now + delay;
            if (on_wall_clock && r.word[1] % 8 == 0)
                at = w->now - hr_min_time(w->now, delay);            // a late timer
            for (uint32_t i = 0; i < burst; i++) {
                q->push(w, at, n + i * OPERATIONS);
                model_push(&m, at, n + i * OPERATIONS);
            }
        } else {
            sim_event event;
            bool any = q->pop(w, &event);
            if (any != (m.count > 0)) {
                wrong = n;
            } else if (any) {
                entry want = m.entry[--m.count];
                if (event.at != want.at || event.subject != want.id)
                    wrong = n;
                w->now = hr_max_time(w->now, event.at);
            }
        }
        seen->levels |= w->events.levels;
        seen->to_wheel += !had_far && w->events.far;
        seen->to_front += had_far && !w->events.far;
        if (sim_front_count(w) > seen->longest_front)
            seen->longest_front = sim_front_count(w);
        if (n % 20011 == 0) {                  // goes on in another world, from a checkpoint; the first one is spoilt
            sim_checkpoint saved = sim_world_checkpoint(w);
            hr_error e = {0};
            assert_int_equal(sim_world_restore(other, saved.bytes, saved.size, &e), HR_OK);
            for (uint32_t i = 0; i < 500; i++)
                sim_schedule(w, w->now + (hr_time)i * i, 0, 0, 0, 0);
            sim_world *former = w;
            w = other;
            other = former;
            free(saved.bytes);
            seen->checkpoints++;
        }
        if (n % 30011 == 0) {                  // goes on in a fork
            sim_world *fork = sim_world_fork(w);
            sim_world_free(w);
            w = fork;
            seen->forks++;
        }
        if (n % 10007 == 0 && !wrong)
            sim_events_check(w);
        if (w->now > HR_FOREVER / 2 && m.count == 0)
            w->now = 0;                        // the end of time was reached: begin again
        if (w->now > HR_FOREVER / 2)
            now.wanted = 0;
    }
    free(m.entry);
    sim_world_free(w);
    sim_world_free(other);
    return wrong;
}

static void push(sim_world *w, hr_time at, uint32_t id) { sim_schedule(w, at, 0, 0, id, 0); }

static void test_a_million_operations_agree_with_a_sorted_array(void **state)
{
    (void)state;
    const queue real = {push, sim_events_pop};
    met seen = {0};
    assert_int_equal(differs_at(&real, 1, false, &seen), 0);
    print_message("levels %x, %u times to the wheel, %u back, longest front %u, %u checkpoints, %u forks\n", seen.levels, seen.to_wheel,
                  seen.to_front, seen.longest_front, seen.checkpoints, seen.forks);
    assert_int_equal(seen.levels, 0x7ff);      // all eleven
    assert_true(seen.to_wheel > 20 && seen.to_front > 20 && seen.longest_front > 256 && seen.checkpoints > 40 && seen.forks > 30);
}

static void test_late_timers_on_the_wall_clock_agree_with_a_sorted_array(void **state)
{
    (void)state;
    const queue real = {push, sim_events_pop};
    met seen = {0};
    assert_int_equal(differs_at(&real, 2, true, &seen), 0);
    assert_true(seen.to_wheel > 20 && seen.to_front > 20);
}

// Planted bugs that the comparison has to find.
static bool pop_last_of_two_equal(sim_world *w, sim_event *event)
{
    if (!sim_events_pop(w, event))
        return false;
    if (sim_events_next(w) == event->at) {
        sim_schedule(w, event->at, 0, 0, event->subject, 0);
        sim_events_pop(w, event);
    }
    return true;
}

static void push_rounded(sim_world *w, hr_time at, uint32_t id)
{
    sim_schedule(w, at > (hr_time)1 << 40 ? at | 1 : at, 0, 0, id, 0);
}

static void test_planted_bugs_are_found(void **state)
{
    (void)state;
    met seen = {0};
    assert_int_not_equal(differs_at(&(queue){push, pop_last_of_two_equal}, 1, false, &seen), 0);
    assert_int_not_equal(differs_at(&(queue){push_rounded, sim_events_pop}, 1, false, &seen), 0);
}

static void test_never_is_not_kept(void **state)
{
    (void)state;
    sim_world *w = sim_world_new(1, 0);
    sim_event event;
    sim_schedule(w, 5, 0, 0, 1, 0);
    sim_schedule(w, HR_FOREVER, 0, 0, 2, 0);
    assert_int_equal(sim_events_count(w), 1);
    assert_true(sim_events_pop(w, &event) && event.subject == 1 && !sim_events_pop(w, &event));
    assert_true(sim_events_next(w) == HR_FOREVER);
    sim_world_free(w);
}

// An event that was never needed leaves nothing behind when its time has passed.
static void test_a_steady_number_of_events_needs_no_more_memory(void **state)
{
    (void)state;
    sim_world *w = sim_world_new(1, 0);
    uint32_t used = 0;
    for (uint64_t i = 0; i < 2000000; i++) {
        sim_event event;
        sim_schedule(w, w->now + (hr_time)(sim_exponential(sim_random(1, 1, i, 0).word[0]) * 1e9), 0, 0, 0, 0);
        if (i >= 10000) {
            assert_true(sim_events_pop(w, &event));
            w->now = event.at;
        }
        if (i == 1000000)
            used = w->used;
    }
    assert_int_equal(sim_events_count(w), 10000);
    assert_true((w->used - used) * 8.0 < 0.02 * 24 * 10000);         // chunks that are not full vary a little
    sim_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_million_operations_agree_with_a_sorted_array),
        cmocka_unit_test(test_never_is_not_kept),
        cmocka_unit_test(test_late_timers_on_the_wall_clock_agree_with_a_sorted_array),
        cmocka_unit_test(test_planted_bugs_are_found),
        cmocka_unit_test(test_a_steady_number_of_events_needs_no_more_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
