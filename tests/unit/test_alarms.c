// tests/unit/test_alarms.c - the memory alarm of a broker against cases computed by hand, with the sizes of RabbitMQ's guides.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/parts/faults.h"
#include "tests/unit/run.h"

static sim_station_view broker(fixture f) { return sim_broker_look(f.w, (sim_component_id)sim_model_find(f.model, "m")); }

static fixture begin_alarm(const char *keys, const char *queue, const char *workload, const char *faults, hr_time until)
{
    char *components = hr_format("s: {kind: service, workers: 1000, on: {go: [{publish: m.q, confirm: true}]}}, w: {kind: service, consume: {from: m.q, call: do, prefetch: 1}, "
                                 "on: {do: [{wait: 2300ms}]}}, m: {kind: broker, network: 2ms, persist: 0, %s, queues: {q: {%s}}}", keys, queue);
    fixture f = begin_broken(components, workload, faults, until);
    free(components);
    return f;
}

static void go_on(fixture f, hr_time until_ms)
{
    for (hr_time at = f.w->now; at < until_ms * HR_MS; at += 100 * HR_MS) {
        sim_world_run(f.w, at);
        sim_world_check(f.w);
    }
    sim_world_run(f.w, until_ms * HR_MS);
    sim_world_check(f.w);
}

#define MEGABYTES "demand: 0, memory: 10MB, memory_high_watermark: 40%, base: 1MB"
#define EVERY_SECOND "c: {rate: 1/s, arrivals: constant, call: s.go, timeout: none, size: 1MB}"

// A message of 1 MB and 736 B each second, there after 1 ms; the consumer has one for 2.302 s: acks at 3.303, 5.605, 7.907, 10.209 s. More than three beside the base
// MB are too much, by 2208 B, and so are three. The looks at 0 to 11 s find 0, 0, 1, 2, 2, 3, 2, 4, 3, 3, 3 and 2 messages: blocked from 5 to 6 and from 7 to 11 s. Who
// publishes at 5 s goes on at 6 s, those of 7 and 8 s at 11 s, and a millisecond later they know; all others have their answer after 2 ms.
static void test_publishers_wait_until_memory_is_there(void **state)
{
    (void)state;
    fixture f = begin_alarm(MEGABYTES, "", EVERY_SECOND, "", 8500 * HR_MS);
    go_on(f, 11500);
    near(sim_histogram_mean_s(look(f, "c").latency) * 8, 5 * 0.002 + 1.001 + 4.001 + 3.001);
    near(broker(f).blocking * 11.5, 5);
    near(broker(f).memory, (12 * 1e6 + 25 * 1000736.0) / 12 / 10e6);
    near(broker(f).memory_most, (1e6 + 4 * 1000736.0) / 10e6);
    assert_int_equal(sim_queue_look(f.w, (sim_component_id)sim_model_find(f.model, "m"), 0).count[SIM_MESSAGE_acked], 4);     // consumers go on
    sim_world_reset_counts(f.w);
    go_on(f, 11900);
    near(broker(f).memory_most, (1e6 + 4 * 1000736.0) / 10e6);     // what is there, though nobody has looked since
    near(broker(f).blocking, 0);
    done(f);
}

// Killed at 9.5 s: what is blocked is lost, and nothing is any more; back at 9.6 s it has its three messages again, which the look at 10 s sees. A pause from
// 5.9 to 6.4 s puts off the look at 6 s.
static void test_an_alarm_ends_with_its_broker(void **state)
{
    (void)state;
    fixture f = begin_alarm(MEGABYTES, "", EVERY_SECOND, "{at: 9500ms, for: 100ms, kill: m}", 8500 * HR_MS);
    go_on(f, 9900);
    assert_int_equal(look(f, "c").outcome[SIM_error], 2);
    near(broker(f).blocking * 9.9, 1 + 2.5);
    go_on(f, 10100);
    near(broker(f).blocking * 10.1, 1 + 2.5 + 0.1);
    done(f);
    f = begin_alarm(MEGABYTES, "", EVERY_SECOND, "{at: 5900ms, for: 500ms, pause: m}", 5500 * HR_MS);
    go_on(f, 6800);
    near(broker(f).blocking * 6.8, 1.4);
    done(f);
}

// Both alarms: blocked from 4.5 s on by the disk, until 7.5 s. At 5 s memory is below its mark, for nothing has come in since.
static void test_a_full_disk_blocks_as_well(void **state)
{
    (void)state;
    fixture f = begin_alarm(MEGABYTES, "", EVERY_SECOND, "{at: 4500ms, for: 3s, full: m}", 8500 * HR_MS);
    go_on(f, 7900);
    near(broker(f).blocking * 7.9, 0.5 + 1 + 1.5);
    done(f);
}

// Without consumers that get on, one message each 10 or 1 ms; the looks at whole seconds see those of a millisecond before.
static void test_queues_keep_what_the_guides_say(void **state)
{
    (void)state;
    static const struct { const char *keys, *queue, *workload; uint64_t published; } cases[] = {
        // 32 B of each, whatever its size: 99 at 1 s are 3168 B, 199 at 2 s 6368; with a time to live 48 B: 4752 at 1 s.
        {"memory: 10kB", "type: quorum", "rate: 100/s, size: 1MB", 199}, {"memory: 10kB", "type: quorum, message_ttl: 60s", "rate: 100/s, size: 1MB", 99},
        // Up to 2048 messages of 1736 B are 3.555 MB: below 4 MB for ever, above 3.5 MB at 3 s; at 2 s it is 3.469. That
        // of 2.999 s comes at 3 s, behind the look.
        {"memory: 10MB", "", "rate: 1000/s, size: 1kB", 4999}, {"memory: 8750kB", "", "rate: 1000/s, size: 1kB", 2998}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *keys = hr_format("demand: 0, memory_high_watermark: 40%%, base: 0B, %s", cases[i].keys);
        char *workload = hr_format("c: {arrivals: constant, call: s.go, timeout: none, %s}", cases[i].workload);
        fixture f = begin_alarm(keys, cases[i].queue, workload, "", 100 * HR_SEC);
        go_on(f, 5000);
        assert_int_equal(sim_queue_look(f.w, (sim_component_id)sim_model_find(f.model, "m"), 0).count[SIM_MESSAGE_published], cases[i].published);
        free(workload);
        free(keys);
        done(f);
    }
}

// A queue's process that needs 0.1 s for each: of the 99 messages of the first second nine are in the queue, one is in its hands, 89 stand before it.
static void test_what_stands_before_the_queue_counts(void **state)
{
    (void)state;
    fixture f = begin_alarm("demand: 100ms, memory: 1MB, memory_high_watermark: 40%, base: 0B", "", "c: {rate: 100/s, arrivals: constant, call: s.go, timeout: none, size: 10kB}", "",
                            100 * HR_SEC);
    go_on(f, 1500);
    near(broker(f).memory_most, 98 * 10736 / 1e6);
    near(broker(f).blocking * 1.5, 0.5);
    done(f);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const mistake mistakes[] = {{"base: 1MB", "m.base belongs to `memory_high_watermark`"},
        {"memory_high_watermark: 0%", "memory_high_watermark"}, {"memory_high_watermark: 140%", "memory_high_watermark"},
        {"memory: 100MB, memory_high_watermark: 40%", "blocked for ever"}, {"memory: 0B, base: 0B, memory_high_watermark: 40%", "blocked for ever"}};
    all_refused("s: {kind: service, on: {go: [{publish: m.q}]}}, m: {kind: broker, @, queues: {q: {}}}", "c: {rate: 1/s, call: s.go}", mistakes, HR_COUNT(mistakes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publishers_wait_until_memory_is_there), cmocka_unit_test(test_an_alarm_ends_with_its_broker),
        cmocka_unit_test(test_a_full_disk_blocks_as_well), cmocka_unit_test(test_queues_keep_what_the_guides_say),
        cmocka_unit_test(test_what_stands_before_the_queue_counts), cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
