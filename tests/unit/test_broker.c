// tests/unit/test_broker.c - a broker's queues, confirms, consumers and dead letters, against cases computed by hand from RabbitMQ's documentation.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run.h"

// One user publishes every 100 ms, from 100 ms on. The network takes 20 ms there and back, the queue's process 1 ms, the disk 5 ms.
#define API(publish) "a: {kind: service, on: {go: [{" publish "}]}}, "
#define BROKER(rest) "m: {kind: broker, network: 20ms, demand: 1ms, persist: 5ms, queues: {" rest "}}, "
#define WORKER(consume, steps) "w: {kind: service, workers: 50, consume: {from: m.q, call: do" consume "}, on: {do: [" steps "]}}"
#define EVERY_100MS "c: {rate: 10/s, arrivals: constant, call: a.go, timeout: none}"

static uint16_t queue_named(fixture f, const char *name)
{
    const sim_broker_def *b = f.model->components[sim_model_find(f.model, "m")].def;
    uint16_t i = 0;
    while (strcmp(b->queues[i].name, name) != 0)
        i++;
    return i;
}

static sim_queue_view queue(fixture f, const char *name)
{
    return sim_queue_look(f.w, (sim_component_id)sim_model_find(f.model, "m"), queue_named(f, name));
}

static uint64_t count(fixture f, const char *name, sim_message_count what) { return queue(f, name).count[what]; }

static double latency(fixture f) { return sim_histogram_mean_s(queue(f, "q").latency); }

// --- publishing -----------------------------------------------------------------------------------------------------------

// Fire and forget takes no time. A confirm comes after 10 + 1 + 5 + 10 ms; of a message that is not kept, or a queue that is not durable, without the 5.
static void test_confirms_come_after_the_disk(void **state)
{
    (void)state;
    static const struct { const char *publish, *queue; double want; } cases[] = {
        {"publish: m.q", "q: {}", 0},
        {"publish: m.q, confirm: true", "q: {}", 0.026},
        {"publish: m.q, confirm: true, persistent: false", "q: {}", 0.021},
        {"publish: m.q, confirm: true", "q: {durable: false}", 0.021},
        {"publish: m.q, confirm: true", "q: {type: quorum}", 0.026},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *components = hr_format("a: {kind: service, on: {go: [{%s}]}}, m: {kind: broker, network: 20ms, demand: 1ms, persist: 5ms, queues: {%s}}",
                                     cases[i].publish, cases[i].queue);
        fixture f = run(components, EVERY_100MS, HR_SEC);
        free(components);
        near(sim_histogram_mean_s(look(f, "c").latency), cases[i].want);
        assert_int_equal(queue(f, "q").ready, 9);
        assert_int_equal(count(f, "q", SIM_MESSAGE_published), 9);
        done(f);
    }
}

// To the queue 11 ms, to the consumer 10, its work 30, the ack 10: 61 ms. A quorum queue delivers when the message is on the disks: 66.
static void test_latency_ends_with_the_ack(void **state)
{
    (void)state;
    fixture f = run(API("publish: m.q") BROKER("q: {}") WORKER("", "{wait: 30ms}"), EVERY_100MS, HR_SEC);
    near(latency(f), 0.061);
    assert_int_equal(count(f, "q", SIM_MESSAGE_acked), 9);
    assert_int_equal(queue(f, "q").unacked, 0);
    done(f);
    f = run(API("publish: m.q") BROKER("q: {type: quorum}") WORKER("", "{wait: 30ms}"), EVERY_100MS, HR_SEC);
    near(latency(f), 0.066);
    done(f);
    f = run(API("publish: m.q") BROKER("q: {}") WORKER(", ack: auto", "{wait: 30ms}"), EVERY_100MS, HR_SEC);
    near(latency(f), 0.051);                   // no ack to wait for: until the handler's end
    done(f);
}

// The publisher's deadline is not the message's: its consumer works on it though the request was given up long ago.
static void test_a_message_has_no_deadline(void **state)
{
    (void)state;
    fixture f = run(API("publish: m.q, confirm: true") BROKER("q: {}") "w: {kind: service, drop_late: true, consume: {from: m.q, call: do}, on: {do: [{wait: 30ms}]}}",
                    "c: {rate: 10/s, arrivals: constant, call: a.go, timeout: 2ms}", HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_timeout], 9);
    assert_int_equal(count(f, "q", SIM_MESSAGE_acked), 9);
    assert_int_equal(count(f, "q", SIM_MESSAGE_requeued), 0);
    done(f);
}

// A consumer with prefetch 1 gets the next message after 10 + 30 + 10 ms, so of one each 25 ms every second one is in time: at 40 messages a
// second for a second it does 20. With prefetch 2 it works on two at a time and does all of them.
static void test_prefetch_of_one_waits_for_the_network(void **state)
{
    (void)state;
    const char *often = "c: {rate: 40/s, arrivals: constant, call: a.go, timeout: none}";
    fixture f = run(API("publish: m.q") BROKER("q: {}") WORKER(", prefetch: 1", "{wait: 30ms}"), often, HR_SEC);
    // 39 messages enter at 36, 61 … 986 ms; message n (from 0) is delivered at 36 + 50 n: its ack is 50 ms later.
    near(latency(f), 0.061 + 0.025 * 19);
    done(f);
    f = run(API("publish: m.q") BROKER("q: {}") WORKER(", prefetch: 2", "{wait: 30ms}"), often, HR_SEC);
    near(latency(f), 0.061);
    done(f);
}

// Three replicas take turns: nine messages, three each.
static void test_consumers_take_turns(void **state)
{
    (void)state;
    fixture f = run(API("publish: m.q") BROKER("q: {}") "w: {kind: service, replicas: 3, consume: {from: m.q, call: do}, on: {do: [{wait: 1ms}]}}", EVERY_100MS, HR_SEC);
    sim_component_id w = (sim_component_id)sim_model_find(f.model, "w");
    for (uint32_t r = 0; r < 3; r++)
        assert_int_equal(sim_service_look(f.w, w, r).started, 3);
    assert_int_equal(queue(f, "q").consumers, 3);
    assert_int_equal(queue(f, "q").with_credit, 3);
    done(f);
}

// Each message needs 30 ms of the queue's process, and three come at once: two queues on two cores do not wait for each other, on one core they do.
static void test_a_queue_is_one_process(void **state)
{
    (void)state;
    static const struct { const char *cores; double want; } cases[] = {
        {"cores: 2", 0.020 + (0.030 + 0.060 + 0.030) / 3},         // q: 30, 60; o: 30
        {"cores: 1", 0.020 + (0.030 + 0.060 + 0.090) / 3},         // queues in turn: q, o, q
    };
    for (size_t i = 0; i < 2; i++) {
        char *components = hr_format("a: {kind: service, on: {go: [{parallel: [[{call: b.q1}], [{call: b.q2}], [{call: b.o}]]}]}}, b: {kind: service, on: {"
                                     "q1: [{publish: m.q, confirm: true}], q2: [{publish: m.q, confirm: true}], o: [{publish: m.o, confirm: true}]}}, "
                                     "m: {kind: broker, %s, network: 20ms, demand: 30ms, persist: 0, queues: {q: {}, o: {}}}", cases[i].cores);
        fixture f = run(components, "c: {rate: 1/s, arrivals: constant, call: a.go, timeout: none}", 1500 * HR_MS);
        free(components);
        // The request waits for the slowest of the three.
        near(sim_histogram_mean_s(look(f, "c").latency), i ? 0.110 : 0.080);
        done(f);
    }
}

// --- limits -----------------------------------------------------------------------------------------------------------------

// Nobody consumes. Of nine messages and room for four, drop-head keeps the last four, the others refuse the last five.
static void test_a_full_queue(void **state)
{
    (void)state;
    fixture f = run(API("publish: m.q, confirm: true") BROKER("q: {max_length: 4}"), EVERY_100MS, HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 9);
    assert_int_equal(queue(f, "q").ready, 4);
    assert_int_equal(count(f, "q", SIM_MESSAGE_dropped), 5);
    assert_true(queue(f, "q").age < 500 * HR_MS);                  // the last four, not the first
    done(f);
    f = run(API("publish: m.q, confirm: true") BROKER("q: {max_length: 4, dead_letter: d}, d: {}"), EVERY_100MS, HR_SEC);
    assert_int_equal(count(f, "q", SIM_MESSAGE_dead), 5);
    assert_int_equal(queue(f, "d").ready, 5);
    done(f);
    f = run(API("publish: m.q, confirm: true") BROKER("q: {max_length: 4, overflow: reject-publish, dead_letter: d}, d: {}"), EVERY_100MS, HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 4);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 5);
    assert_int_equal(count(f, "q", SIM_MESSAGE_refused), 5);
    assert_int_equal(queue(f, "d").ready, 0);
    done(f);
    f = run(API("publish: m.q, confirm: true") BROKER("q: {max_length: 4, overflow: reject-publish-dlx, dead_letter: d}, d: {}"), EVERY_100MS, HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_rejected], 5);
    assert_int_equal(queue(f, "d").ready, 5);
    done(f);
    f = run(API("publish: m.q") BROKER("q: {max_length: 4, overflow: reject-publish}"), EVERY_100MS, HR_SEC);
    assert_int_equal(look(f, "c").outcome[SIM_ok], 9);             // without a confirm nobody learns of it
    assert_int_equal(queue(f, "q").ready, 4);
    done(f);
}

// Messages that are out do not count: with four out at a consumer and four ready, only the ninth is one too many.
static void test_max_length_counts_what_is_ready(void **state)
{
    (void)state;
    fixture f = run(API("publish: m.q") BROKER("q: {max_length: 4}") WORKER(", prefetch: 4", "{wait: 2s}"), EVERY_100MS, HR_SEC);
    assert_int_equal(count(f, "q", SIM_MESSAGE_dropped), 1);
    assert_int_equal(count(f, "q", SIM_MESSAGE_acked), 8);
    done(f);
}

// A queue that nobody reads, 250 ms to live: of nine, entering at 111 … 911 ms, those until 711 are gone at 961 ms, the others later.
static void test_messages_expire(void **state)
{
    (void)state;
    fixture f = run(API("publish: m.q") BROKER("q: {message_ttl: 250ms}"), EVERY_100MS, HR_SEC);
    assert_int_equal(count(f, "q", SIM_MESSAGE_expired), 7);
    assert_int_equal(queue(f, "q").ready, 2);
    sim_world_run(f.w, 2 * HR_SEC);
    assert_int_equal(count(f, "q", SIM_MESSAGE_expired), 9);
    done(f);
    f = run(API("publish: m.q") BROKER("q: {message_ttl: 250ms, dead_letter: d}, d: {}"), EVERY_100MS, HR_SEC);
    sim_world_run(f.w, 2 * HR_SEC);
    assert_int_equal(count(f, "q", SIM_MESSAGE_dead), 9);
    assert_int_equal(queue(f, "d").ready, 9);
    done(f);
    // Round and round without a consumer: back where it has died already, it is thrown away.
    f = run(API("publish: m.q") BROKER("q: {message_ttl: 250ms, dead_letter: d}, d: {message_ttl: 250ms, dead_letter: q}"), EVERY_100MS, HR_SEC);
    sim_world_run(f.w, 3 * HR_SEC);
    assert_int_equal(count(f, "d", SIM_MESSAGE_dead_in), 9);
    assert_int_equal(count(f, "d", SIM_MESSAGE_dropped), 9);
    assert_int_equal(count(f, "q", SIM_MESSAGE_dead_in), 0);
    done(f);
}

// A place to wait before the next try: what the consumer rejects stands in `later` for 100 ms and comes back, again and again, for a rejection is
// on the way. From one rejection to the next 1 + 100 + 1 + 10 + 10 ms.
static void test_rejected_messages_may_come_round(void **state)
{
    (void)state;
    fixture f = run(API("publish: m.q") BROKER("q: {dead_letter: later}, later: {message_ttl: 100ms, dead_letter: q}")
                    WORKER(", on_error: dead-letter", "{fail: error}"), "c: {rate: 1/s, arrivals: constant, call: a.go}", 1500 * HR_MS);
    // One message: it enters at 1011 ms and is rejected at 1031, 1153, 1275, 1397 and 1519 ms: at 1.5 s it is out, so the run goes
    // on until it stands in `later`.
    assert_int_equal(count(f, "q", SIM_MESSAGE_dead), 5);
    assert_int_equal(count(f, "later", SIM_MESSAGE_dropped), 0);
    done(f);
}

// --- order --------------------------------------------------------------------------------------------------------------------

// A world that has run for a time and is left there: what always comes back would keep it going for ever.
static fixture run_for(const char *components, const char *workload, hr_time until)
{
    fixture f = begin(components, workload, HR_FOREVER);
    sim_world_run(f.w, until);
    sim_world_check(f.w);
    return f;
}

// The handler fails always, after 300 ms; there is credit for one message. From 111 ms on, every 320 ms: a classic queue delivers the first message
// again at 431, 751 …, and so does a quorum queue with a limit. Without one it comes back behind the others, and the second is next.
static void test_what_comes_back_has_its_old_place(void **state)
{
    (void)state;
    static const struct { const char *queue; uint64_t redelivered; } cases[] = {
        {"q: {}", 2}, {"q: {type: quorum, delivery_limit: 9}", 2}, {"q: {type: quorum}", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *components = hr_format("a: {kind: service, on: {go: [{publish: m.q}]}}, m: {kind: broker, network: 20ms, demand: 1ms, persist: 0, queues: {%s}}, "
                                     "w: {kind: service, consume: {from: m.q, call: do, prefetch: 1}, on: {do: [{wait: 300ms}, {fail: error}]}}",
                                     cases[i].queue);
        fixture f = run_for(components, EVERY_100MS, 1050 * HR_MS);
        free(components);
        assert_int_equal(count(f, "q", SIM_MESSAGE_delivered), 3);
        assert_int_equal(count(f, "q", SIM_MESSAGE_redelivered), cases[i].redelivered);
        done(f);
    }
}

// Both workloads publish at 100, 200 … 900 ms, nobody consumes, messages live for 250 ms. Only the head expires, and that is always one of priority 3:
// seven of those are gone at 1 s, the nine others stand there still. Where all are equal, seven of each are gone.
static void test_expiry_sees_only_the_head(void **state)
{
    (void)state;
    const char *both = "lo: {rate: 10/s, arrivals: constant, call: a.go}, hi: {rate: 10/s, arrivals: constant, call: a.go, priority: 3}";
    fixture f = run_for(API("publish: m.q") BROKER("q: {max_priority: 3, message_ttl: 250ms}"), both, 1005 * HR_MS);
    assert_int_equal(count(f, "q", SIM_MESSAGE_expired), 7);
    assert_int_equal(queue(f, "q").ready, 11);
    done(f);
    f = run_for(API("publish: m.q") BROKER("q: {message_ttl: 250ms}"), both, 1005 * HR_MS);
    assert_int_equal(count(f, "q", SIM_MESSAGE_expired), 14);
    done(f);
}

static void test_priorities_go_first(void **state)
{
    (void)state;
    // Two workloads, both at 10/s; the consumer does one each 100 ms, so the unimportant ones wait until all the others are done.
    const char *both = "lo: {rate: 10/s, arrivals: constant, call: a.go, timeout: none}, hi: {rate: 10/s, arrivals: constant, call: a.go, timeout: none, priority: 3}";
    const char *parts = API("publish: m.q") BROKER("q: {max_priority: 3}") WORKER(", prefetch: 1", "{wait: 80ms}");
    fixture f = run(parts, both, HR_SEC);
    assert_int_equal(count(f, "q", SIM_MESSAGE_acked), 18);
    sim_histogram important = *queue(f, "q").latency;
    done(f);
    f = run(API("publish: m.q") BROKER("q: {}") WORKER(", prefetch: 1", "{wait: 80ms}"), both, HR_SEC);
    // The same work in another order has the same mean, but a wider spread.
    near(sim_histogram_mean_s(&important), sim_histogram_mean_s(queue(f, "q").latency));
    assert_true(sim_histogram_quantile(&important, 0.45) < sim_histogram_quantile(queue(f, "q").latency, 0.25));
    done(f);
}

// --- what goes wrong ----------------------------------------------------------------------------------------------------------

static void test_on_error(void **state)
{
    (void)state;
    fixture f = run(API("publish: m.q") BROKER("q: {}") WORKER(", on_error: drop", "{fail: error}"), EVERY_100MS, HR_SEC);
    assert_int_equal(count(f, "q", SIM_MESSAGE_dropped), 9);
    done(f);
    f = run(API("publish: m.q") BROKER("q: {dead_letter: d}, d: {}") WORKER(", on_error: dead-letter", "{fail: error}"), EVERY_100MS, HR_SEC);
    assert_int_equal(queue(f, "d").ready, 9);
    done(f);
    f = run(API("publish: m.q") BROKER("q: {}") WORKER(", ack: auto", "{fail: error}"), EVERY_100MS, HR_SEC);
    assert_int_equal(count(f, "q", SIM_MESSAGE_acked), 9);
    assert_int_equal(count(f, "q", SIM_MESSAGE_spoilt), 9);
    done(f);
    // A limit of 3 lets a message come back three times: four deliveries, then it is dead.
    f = run(API("publish: m.q") BROKER("q: {type: quorum, delivery_limit: 3, dead_letter: d}, d: {}") WORKER(", poison: 100%", "{wait: 1ms}"), EVERY_100MS, HR_SEC);
    assert_int_equal(count(f, "q", SIM_MESSAGE_delivered), 36);
    assert_int_equal(count(f, "q", SIM_MESSAGE_redelivered), 27);
    assert_int_equal(count(f, "q", SIM_MESSAGE_requeued), 36);
    assert_int_equal(queue(f, "d").ready, 9);
    done(f);
}

// Of 9990 messages 1 % are poison: 100, within 5 standard deviations of 10. The others are all handled the first time.
static void test_poison_is_a_share_of_the_messages(void **state)
{
    (void)state;
    fixture f = run(API("publish: m.q") BROKER("q: {type: quorum, delivery_limit: 1, dead_letter: d}, d: {}") WORKER(", poison: 1%", "{wait: 1ms}"),
                    "c: {rate: 500/s, arrivals: constant, call: a.go, key: zipf(1, 100)}", 20 * HR_SEC);
    uint64_t dead = queue(f, "d").ready;
    assert_true(dead > 50 && dead < 150);
    assert_int_equal(count(f, "q", SIM_MESSAGE_delivered), 9999 + dead);
    done(f);
}

// --- consumers that come and go ------------------------------------------------------------------------------------------------

// A message every 5 s, a consumer needs 10 s for each. The first one starts at 5, 15 … 115 s: twelve. The second is ready at 75 s and starts at 75, 85 … 115:
// five more. At 120 s it leaves with the last one in hand, 5 s from its end. With a drain of 30 s it ends it; with one of 3 s it is cut off at 123, and
// what it had is delivered again at 125, when the other one has its hands free.
static void test_consumers_come_and_go(void **state)
{
    (void)state;
    static const struct { const char *drain; uint64_t acked, delivered, requeued; } cases[] = {{"30s", 17, 18, 0}, {"3s", 16, 18, 1}};
    for (size_t i = 0; i < HR_COUNT(cases); i++) {
        char *components = hr_format("p: {kind: service, on: {go: [{publish: m.q}]}}, "
                        "m: {kind: broker, network: 0, demand: 0, persist: 0, queues: {q: {}}}, "
                                     "a: {kind: autoscaler, of: w, policy: scheduled, max: 2, schedule: {\"1 * * * *\": 2, \"2 * * * *\": 1}}, "
                                     "w: {kind: service, replicas: 1, startup: 10s, readiness: 5s, drain: %s, consume: {from: m.q, call: do, prefetch: 1}, "
                                     "on: {do: [{wait: 10s}]}}", cases[i].drain);
        fixture f = run_for(components, "c: {rate: 0.2/s, arrivals: constant, call: p.go}", 70 * HR_SEC);
        free(components);
        assert_int_equal(queue(f, "q").consumers, 1);
        sim_world_run(f.w, 119 * HR_SEC);
        assert_int_equal(queue(f, "q").consumers, 2);
        assert_int_equal(count(f, "q", SIM_MESSAGE_delivered), 17);
        sim_world_run(f.w, 121 * HR_SEC);
        assert_int_equal(queue(f, "q").consumers, 1);
        assert_int_equal(queue(f, "q").unacked, 2);
        sim_world_run(f.w, 126 * HR_SEC);
        sim_world_check(f.w);
        assert_int_equal(count(f, "q", SIM_MESSAGE_acked), cases[i].acked);
        assert_int_equal(count(f, "q", SIM_MESSAGE_delivered), cases[i].delivered);
        assert_int_equal(count(f, "q", SIM_MESSAGE_redelivered), cases[i].requeued);
        assert_int_equal(count(f, "q", SIM_MESSAGE_requeued), cases[i].requeued);
        done(f);
    }
}

// With `ack: auto` what is in the hands of a replica that is cut off is gone. It gets each message as soon as it is there: of those at 5 … 75 s the first has
// all, of the nine at 80 … 120 s the second gets every other one, five or four, and none of them takes less than 100 s.
static void test_what_is_acknowledged_goes_with_its_replica(void **state)
{
    (void)state;
    fixture f = run_for("p: {kind: service, on: {go: [{publish: m.q}]}}, "
                        "m: {kind: broker, network: 0, demand: 0, persist: 0, queues: {q: {}}}, "
                        "a: {kind: autoscaler, of: w, policy: scheduled, max: 2, schedule: {\"1 * * * *\": 2, \"2 * * * *\": 1}}, "
                        "w: {kind: service, replicas: 1, startup: 10s, readiness: 5s, drain: 3s, consume: {from: m.q, call: do, ack: auto}, "
                        "on: {do: [{wait: 100s}]}}", "c: {rate: 0.2/s, arrivals: constant, call: p.go}", 119 * HR_SEC);
    assert_int_equal(count(f, "q", SIM_MESSAGE_spoilt), 0);
    sim_world_run(f.w, 124 * HR_SEC);
    sim_world_check(f.w);
    assert_in_range(count(f, "q", SIM_MESSAGE_spoilt), 4, 5);
    assert_int_equal(queue(f, "q").unacked, 0);
    done(f);
}

// KEDA: 20 messages stand there at the first look, 30 s, and the first replica comes for them; it needs 10 s for each. At the second, 60 s, the third
// one's ack is on its way: 18, and five for each replica make four. From then on four are done each 10 s. When nothing is left, `cooldown` later
// the last replica leaves.
static void test_queue_depth_counts_messages(void **state)
{
    (void)state;
    fixture f = begin("p: {kind: service, on: {go: [{publish: m.q}]}}, "
                        "m: {kind: broker, network: 0, demand: 0, persist: 0, queues: {q: {}}}, "
                      "a: {kind: autoscaler, of: w, policy: queue-depth, min: 0, max: 9, queue: 5, cooldown: 60s, behavior: {scaleDown: {stabilizationWindowSeconds: 0}}}, "
                      "w: {kind: service, replicas: 0, startup: 0, readiness: 0, consume: {from: m.q, call: do, prefetch: 1}, on: {do: [{wait: 10s}]}}",
                      "c: {rate: 1/s, arrivals: constant, call: p.go}", 20 * HR_SEC + HR_MS);
    static const struct { int at; uint32_t wanted; uint64_t acked; } seen[] = {{29, 0, 0}, {31, 1, 0}, {41, 1, 1}, {59, 1, 2}, {61, 4, 3}, {71, 4, 7}, {89, 4, 11}};
    for (size_t i = 0; i < HR_COUNT(seen); i++) {
        sim_world_run(f.w, seen[i].at * HR_SEC);
        sim_world_check(f.w);
        assert_int_equal(sim_service_present(f.w, (sim_component_id)sim_model_find(f.model, "w")).wanted, seen[i].wanted);
        assert_int_equal(count(f, "q", SIM_MESSAGE_acked), seen[i].acked);
    }
    sim_world_run(f.w, 400 * HR_SEC);
    sim_world_check(f.w);
    assert_int_equal(count(f, "q", SIM_MESSAGE_acked), 20);
    assert_int_equal(sim_service_present(f.w, (sim_component_id)sim_model_find(f.model, "w")).present, 0);
    done(f);
}

// --- restart ------------------------------------------------------------------------------------------------------------------

// Down at 950 ms for a second, nobody consumes: nine messages are in the queue, on disk since 916 ms. Those of 1000 … 1900 ms find nobody.
static void test_a_restart_keeps_what_is_on_disk(void **state)
{
    (void)state;
    static const struct { const char *publish, *queue; uint32_t kept; } cases[] = {
        {"publish: m.q, confirm: true", "q: {}", 9}, {"publish: m.q, confirm: true", "q: {type: quorum}", 9},
        {"publish: m.q, confirm: true, persistent: false", "q: {}", 0}, {"publish: m.q, confirm: true", "q: {durable: false}", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *components = hr_format("a: {kind: service, on: {go: [{%s}]}}, m: {kind: broker, network: 20ms, demand: 1ms, persist: 5ms, "
                                     "queues: {%s}}", cases[i].publish, cases[i].queue);
        fixture f = run_broken(components, EVERY_100MS, "{at: 950ms, for: 1s, kill: m}", 2250 * HR_MS);
        free(components);
        assert_int_equal(look(f, "c").outcome[SIM_error], 10);
        assert_int_equal(look(f, "c").outcome[SIM_ok], 12);        // 9 before, at 2.0, 2.1 and 2.2 s
        assert_int_equal(queue(f, "q").ready, cases[i].kept + 3u);
        assert_int_equal(count(f, "q", SIM_MESSAGE_lost), 9 - cases[i].kept);
        done(f);
    }
}

// The connection is lost at 913 ms: the message published at 900 stands in a classic queue since 911, but not on disk before 916. Its
// publisher gets an error though a consumer may have got it; in a quorum queue it was not even ready.
static void test_what_is_not_yet_on_disk_is_lost(void **state)
{
    (void)state;
    for (int quorum = 0; quorum < 2; quorum++) {
        char *components = hr_format("a: {kind: service, on: {go: [{publish: m.q, confirm: true}]}}, m: {kind: broker, network: 20ms, demand: 1ms, persist: 5ms, "
                                     "queues: {q: {type: %s}}}", quorum ? "quorum" : "classic");
        fixture f = run_broken(components, EVERY_100MS, "{at: 913ms, for: 10ms, kill: m}", HR_SEC);
        free(components);
        assert_int_equal(look(f, "c").outcome[SIM_error], 1);
        assert_int_equal(queue(f, "q").ready, 8);
        assert_int_equal(count(f, "q", SIM_MESSAGE_lost), !quorum);
        done(f);
    }
}

// Nine messages are at the consumer, for 300 ms each; at 650 ms those of 400, 500 and 600 ms are in hand (from 421, 521 and 621 on), those before are
// done. They come back at 651 ms and are done a second time: three duplicates, unless the consumer knows them again (then one that was not yet done).
static void test_a_lost_connection_makes_duplicates(void **state)
{
    (void)state;
    for (int idempotent = 0; idempotent < 2; idempotent++) {
        char *components = hr_format("a: {kind: service, on: {go: [{publish: m.q}]}}, m: {kind: broker, network: 20ms, demand: 1ms, persist: 5ms, "
                                     "queues: {q: {}}}, w: {kind: service, consume: {from: m.q, call: do, idempotent: %s}, on: {do: [{wait: 300ms}]}}",
                                     idempotent ? "true" : "false");
        fixture f = run_broken(components, EVERY_100MS, "{at: 650ms, for: 1ms, kill: m}", HR_SEC);
        free(components);
        assert_int_equal(count(f, "q", SIM_MESSAGE_acked), 9);
        assert_int_equal(count(f, "q", SIM_MESSAGE_requeued), 3);
        assert_int_equal(count(f, "q", SIM_MESSAGE_redelivered), 3);
        assert_int_equal(count(f, "q", SIM_MESSAGE_duplicates), idempotent ? 0 : 3);
        assert_int_equal(count(f, "q", SIM_MESSAGE_skipped), idempotent ? 3 : 0);
        done(f);
    }
}

// An answer that is on its way when the connection is lost: done at 321 + 0, ack due at 331 ms. The message comes back though it is handled; who
// recognises it does no work for it.
static void test_a_lost_ack(void **state)
{
    (void)state;
    for (int idempotent = 0; idempotent < 2; idempotent++) {
        char *components = hr_format("a: {kind: service, on: {go: [{publish: m.q}]}}, m: {kind: broker, network: 20ms, demand: 1ms, persist: 5ms, "
                                     "queues: {q: {}}}, w: {kind: service, consume: {from: m.q, call: do, idempotent: %s}, on: {do: [{wait: 100ms}]}}",
                                     idempotent ? "true" : "false");
        fixture f = run_broken(components, "c: {rate: 5/s, arrivals: constant, call: a.go, timeout: none}", "{at: 325ms, for: 1ms, kill: m}", 300 * HR_MS);
        free(components);
        assert_int_equal(count(f, "q", SIM_MESSAGE_redelivered), 1);
        assert_int_equal(count(f, "q", idempotent ? SIM_MESSAGE_skipped : SIM_MESSAGE_duplicates), 1);
        assert_int_equal(sim_service_look(f.w, (sim_component_id)sim_model_find(f.model, "w"), 0).started, idempotent ? 1 : 2);
        done(f);
    }
}

// The confirm takes 26 ms, the publisher waits 20 and tries once more, and again that is too late: eighteen messages of nine steps. Each is handled
// twice, unless the consumer knows what it has done. A publisher that waits long enough makes nine.
static void test_a_late_confirm_makes_duplicates(void **state)
{
    (void)state;
    static const struct { const char *timeout, *idempotent; uint64_t published, duplicates, skipped; } cases[] = {
        {"20ms", "false", 18, 9, 0}, {"20ms", "true", 18, 0, 9}, {"30ms", "false", 9, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *components = hr_format("a: {kind: service, on: {go: [{publish: m.q, confirm: true, timeout: %s, retry: {most: 1, base: 1ms}}]}}, m: {kind: broker, "
                                     "network: 20ms, demand: 1ms, persist: 5ms, queues: {q: {}}}, w: {kind: service, consume: {from: m.q, call: do, idempotent: %s}, "
                                     "on: {do: [{wait: 1ms}]}}", cases[i].timeout, cases[i].idempotent);
        fixture f = run(components, EVERY_100MS, HR_SEC);
        free(components);
        assert_int_equal(look(f, "c").outcome[i == 2 ? SIM_ok : SIM_timeout], 9);
        assert_int_equal(count(f, "q", SIM_MESSAGE_published), cases[i].published);
        assert_int_equal(count(f, "q", SIM_MESSAGE_acked), cases[i].published);
        assert_int_equal(count(f, "q", SIM_MESSAGE_duplicates), cases[i].duplicates);
        assert_int_equal(count(f, "q", SIM_MESSAGE_skipped), cases[i].skipped);
        done(f);
    }
}

// --- mistakes -----------------------------------------------------------------------------------------------------------------

// Each is told in words that name the place; with nothing wrong nothing is told.
static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const struct { const char *publish, *queues, *consume, *told; } cases[] = {
        {"publish: m.q", "q: {}", "from: m.q, call: do", NULL},
        {"publish: m.qq", "q: {}", "from: m.q, call: do", "'m' has no queue 'qq'; did you mean 'q'?"},
        {"publish: w.q", "q: {}", "from: m.q, call: do", "no broker is named 'w'"},
        {"publish: m.q, confirm: yes", "q: {}", "from: m.q, call: do", "confirm: want true or false"},
        {"publish: m.q, priority: 3", "q: {}", "from: m.q, call: do", "the queue 'q' has none; give it a `max_priority`"},
        {"publish: m.q, priority: 256", "q: {max_priority: 9}", "from: m.q, call: do", "want a whole number from 0 to 255"},
        {"wait: 1ms, confirm: true", "q: {}", "from: m.q, call: do", "a wait step has no `confirm`"},
        {"publish: m.q", "q: {overflow: reject-publish}", "from: m.q, call: do", "m.queues.q.overflow belongs to `max_length`"},
        {"publish: m.q", "q: {max_length: 9, overflow: drop-tail}", "from: m.q, call: do", "want drop-head, reject-publish or reject-publish-dlx"},
        {"publish: m.q", "q: {max_length: 9, overflow: reject-publish-dlx}", "from: m.q, call: do", "wants a `dead_letter`"},
        {"publish: m.q", "q: {dead_letter: r}", "from: m.q, call: do", "'m' has no queue 'r'"},
        {"publish: m.q", "q: {delivery_limit: 3}", "from: m.q, call: do", "belongs to `type: quorum`"},
        {"publish: m.q", "q: {type: quorum, durable: false}", "from: m.q, call: do", "a quorum queue is always durable"},
        {"publish: m.q", "q: {type: quorum, max_priority: 3}", "from: m.q, call: do", "a quorum queue has no priorities"},
        {"publish: m.q", "q: {}", "from: m.q, call: doo", "'w' has no operation 'doo'; did you mean 'do'?"},
        {"publish: m.q", "q: {}", "from: m.q, call: do, prefetch: 60", "a replica has room for 50 calls"},
        {"publish: m.q", "q: {}", "from: m.q, call: do, ack: auto, prefetch: 5", "`prefetch`, `on_error` and `idempotent` mean nothing"},
        {"publish: m.q", "q: {}", "from: m.q, call: do, on_error: dead-letter", "the queue 'q' has no `dead_letter`"},
        {"publish: m.q", "q: {}", "from: m.q, call: again", "a ring of calls: w.again calls w.again"},
        {"publish: m.q", "q: {message_ttl: 1s, dead_letter: d}, d: {}", "from: m.d, call: again", "a ring of calls: w.again calls w.again"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = hr_format("scenario: t\ncomponents:\n  a: {kind: service, on: {go: [{%s}]}}\n  m: {kind: broker, queues: {%s}}\n"
                               "  w: {kind: service, workers: 20, queue: 30, consume: {%s}, on: {do: [{wait: 1ms}], again: [{publish: m.q}]}}\n"
                               "workload: {c: {rate: 1/s, call: a.go}}\n", cases[i].publish, cases[i].queues, cases[i].consume);
        hr_error e = {0};
        sim_model *model = NULL;
        hr_status status = sim_model_parse("t", text, strlen(text), "", &model, &e);
        if (!cases[i].told != (status == HR_OK) || (cases[i].told && !strstr(e.text, cases[i].told)))
            fail_msg("%s\nwant: %s\ngot: %s", text, cases[i].told ? cases[i].told : "nothing", e.used ? e.text : "nothing");
        if (cases[i].told && !strstr(e.text, "t:"))
            fail_msg("no place: %s", e.text);
        free(text);
        if (!status)
            sim_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confirms_come_after_the_disk),
        cmocka_unit_test(test_latency_ends_with_the_ack),
        cmocka_unit_test(test_a_message_has_no_deadline),
        cmocka_unit_test(test_prefetch_of_one_waits_for_the_network),
        cmocka_unit_test(test_consumers_take_turns),
        cmocka_unit_test(test_a_queue_is_one_process),
        cmocka_unit_test(test_a_full_queue),
        cmocka_unit_test(test_max_length_counts_what_is_ready),
        cmocka_unit_test(test_messages_expire),
        cmocka_unit_test(test_rejected_messages_may_come_round),
        cmocka_unit_test(test_what_comes_back_has_its_old_place),
        cmocka_unit_test(test_expiry_sees_only_the_head),
        cmocka_unit_test(test_priorities_go_first),
        cmocka_unit_test(test_on_error),
        cmocka_unit_test(test_poison_is_a_share_of_the_messages),
        cmocka_unit_test(test_a_restart_keeps_what_is_on_disk),
        cmocka_unit_test(test_what_is_not_yet_on_disk_is_lost),
        cmocka_unit_test(test_a_lost_connection_makes_duplicates),
        cmocka_unit_test(test_a_lost_ack),
        cmocka_unit_test(test_a_late_confirm_makes_duplicates),
        cmocka_unit_test(test_consumers_come_and_go),
        cmocka_unit_test(test_what_is_acknowledged_goes_with_its_replica),
        cmocka_unit_test(test_queue_depth_counts_messages),
        cmocka_unit_test(test_mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
