// tests/unit/test_laws.c - the laws hold in runs of every kind at every moment; a counter that is off by one is found and told.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/core/laws.h"
#include "sim/parts/broker.h"
#include "sim/parts/service.h"
#include "sim/scenario/model.h"

// Queues that fill up, deadlines that pass, pools that are waited for, caches, users, priorities: whatever a call can go through.
static const char scenario[] =
    "scenario: laws\n"
    "components:\n"
    "  lb: {kind: balancer, policy: least-conn, to: api}\n"
    "  api: {kind: service, replicas: 2, workers: 6, queue: 5, cores: 1, discipline: priority, on: {read: [{cpu: exp(1ms)}, {get: c, miss: [{query: db.q}, {set: c, ttl: 1s}]}]}}\n"
    "  slow: {kind: service, workers: 2, queue: 3, on: {work: [{query: db.q, timeout: 15ms}, {wait: exp(4ms)}]}}\n"
    "  c: {kind: cache, entries: 20, queue: 2, demand: exp(1ms), network: 0.3ms}\n"
    "  db: {kind: database, pool: 3, queue: 4, pool_timeout: 20ms, cores: 2, statements: {q: {cpu: exp(1ms), wait: exp(5ms)}}}\n"
    "  fan: {kind: service, workers: 4, queue: 50, patience: exp(20ms), cores: 2, discipline: priority, preemptive: true, on: {page: [{cpu: exp(2ms)},\n"
    "    {parallel: [[{call: slow.work}], [{query: db.q}, {cpu: exp(1ms)}], [{wait: 1ms}]], timeout: 12ms, failed: [{wait: 1ms}]},\n"
    "    {repeat: [{get: c, miss: [{set: c}]}], times: 3}]}}\n"
    "  mq: {kind: broker, cores: 1, demand: exp(1ms), network: 1ms, persist: 20ms, credit: 3, queues: {q: {max_length: 9, "
    "dead_letter: d, message_ttl: 30ms}, p: {type: quorum, delivery_limit: 2, max_length: 9, overflow: reject-publish}, d: {message_ttl: 90ms, dead_letter: q}}}\n"
    "  shop: {kind: service, workers: 30, on: {go: [{publish: mq.q, confirm: true}, {publish: mq.p, confirm: true, timeout: 25ms, failed: [{return: ok}]}]}}\n"
    "  till: {kind: service, replicas: 2, consume: [{from: mq.q, call: do, prefetch: 2, on_error: dead-letter}, {from: mq.p, call: do, prefetch: 2, poison: 9%}], "
    "on: {do: [{wait: exp(9ms)}, {if: {chance: 10%}, then: [{fail: error}]}]}}\n"
    "workload:\n"
    "  buyers: {rate: 350/s, call: shop.go, timeout: 300ms}\n"
    "  many: {rate: 900/s, call: lb.read, key: zipf(1, 100), timeout: 20ms, objective: 8ms}\n"
    "  few: {rate: 200/s, call: lb.read, key: zipf(1, 100), timeout: none, priority: 1}\n"
    "  users: {users: 5, think: exp(10ms), call: slow.work, timeout: 30ms}\n"
    "  fans: {rate: 150/s, call: fan.page, timeout: 100ms}\n"
    "faults:\n"
    "  - {at: 1500ms, for: 200ms, kill: mq}\n"
    "  - {every: exp(400ms), until: 4s, for: exp(100ms), kill: api}\n"
    "  - {every: exp(400ms), until: 4s, for: exp(50ms), pause: api}\n"
    "  - {every: exp(400ms), until: 4s, for: exp(50ms), pause: fan}\n"
    "  - {every: exp(400ms), until: 4s, for: exp(50ms), kill: slow}\n"
    "  - {every: exp(400ms), until: 4s, for: exp(50ms), kill: till}\n"
    "  - {every: exp(400ms), until: 4s, for: exp(50ms), kill: c}\n"
    "  - {every: exp(400ms), until: 4s, for: exp(50ms), kill: db}\n"
    "  - {every: exp(400ms), until: 4s, for: exp(50ms), slow: db, factor: 3}\n"
    "run: {duration: 4s, warmup: 1s}\n";

enum { LB, API, SLOW, CACHE, DB, FAN, MQ, SHOP, TILL, BUYERS, MANY, FEW, USERS, FANS };

static sim_model *parse(const char *text)
{
    hr_error e = {0};
    sim_model *model;
    if (sim_model_parse("laws", text, strlen(text), "", &model, &e))
        fail_msg("%s", e.text);
    return model;
}

static sim_world *started(uint64_t seed, bool late_timers)
{
    static const sim_dist_def late = {.kind = SIM_DIST_exp, .a = 2e-3};
    sim_model *model = parse(scenario);
    if (late_timers)
        model->lateness = &late;
    sim_world *w = sim_model_build(model, seed);
    w->window_from = model->warmup;
    w->arrivals_end = w->window_to = model->duration;
    sim_world_start(w, 0);
    sim_model_free(model);
    return w;
}

static void laws_hold(bool late_timers)
{
    sim_world *w = started(3, late_timers);
    bool is_reset = false;
    for (int i = 0; sim_world_step(w); i++) {
        if (i % 7 == 0)
            sim_world_check(w);
        if (!is_reset && sim_world_next(w) >= w->window_from) {
            is_reset = true;
            sim_world_reset_counts(w);
        }
    }
    assert_int_equal(w->calls_live, 0);
    assert_true(sim_link_at(w, API, CACHE)->sent > 0 && sim_link_at(w, SLOW, DB)->dropped > 0);
    sim_workload_view many = sim_workload_look(w, MANY), users = sim_workload_look(w, USERS);
    assert_true(many.outcome[SIM_timeout] > 0 && many.outcome[SIM_rejected] > 0 && users.outcome[SIM_ok] > 0);
    assert_true(sim_service_look(w, FAN, 0).gave_up > 0 && sim_workload_look(w, FANS).outcome[SIM_ok] > 0);
    assert_true(sim_cache_look(w, CACHE).rejected > 0 && sim_database_look(w, DB).rejected > 0);
    assert_true(sim_workload_look(w, BUYERS).outcome[SIM_ok] > 0 && sim_workload_look(w, BUYERS).outcome[SIM_error] > 0);
    sim_station_view mq = sim_broker_look(w, MQ);
    const uint64_t *n = mq.messages;
    assert_true(n[SIM_MESSAGE_acked] > 0 && n[SIM_MESSAGE_dead] > 0 && n[SIM_MESSAGE_dropped] > 0 && n[SIM_MESSAGE_vanished] > 0 && n[SIM_MESSAGE_lost] > 0);
    assert_true(n[SIM_MESSAGE_requeued] > 0 && n[SIM_MESSAGE_duplicates] > 0 && n[SIM_MESSAGE_refused] > 0);
    sim_world_check(w);
    sim_world_free(w);
}

static void test_laws_hold_between_any_two_events(void **state)
{
    (void)state;
    laws_hold(false);
    laws_hold(true);                           // requests are sent, and steps end, after their time
}

// --- planted bugs -----------------------------------------------------------------------------------------------------------

static sim_replica *replica(sim_world *w) { return SIM_AT(w, sim_replica, SIM_STATE(w, sim_service, API)->replicas); }

static void lose_an_answer(sim_world *w) { sim_link_at(w, LB, API)->answered--; }
static void send_twice(sim_world *w) { sim_link_at(w, MANY, LB)->sent++; }
static void leak_a_call(sim_world *w) { w->calls_live++; }
static void forget_a_branch(sim_world *w) { w->parts_live++; }
static void forget_a_refusal(sim_world *w) { replica(w)->refused--; }
static void finish_twice(sim_world *w) { replica(w)->left++; }
static void stay_longer(sim_world *w) { replica(w)->stay.left += 5; }
static void arrive_earlier(sim_world *w) { replica(w)->stay.came -= 1; }
static void miss_a_step_down(sim_world *w) { replica(w)->busy.changes -= 1000; }
static void work_beyond_the_cores(sim_world *w) { replica(w)->cores.changes -= (sim_area)10 * HR_SEC; }
static void count_twice_in_a_bucket(sim_world *w)
{
    sim_histogram *h = (sim_histogram *)(uintptr_t)sim_workload_look(w, MANY).latency;
    h->bucket[sim_histogram_bucket(h->least)]++;
}
static void forget_an_outcome(sim_world *w) { ((sim_histogram *)(uintptr_t)sim_workload_look(w, MANY).latency)->count--; }
static sim_queue *queue(sim_world *w) { return sim_queue_at(w, SIM_STATE(w, const sim_broker, MQ), 0); }
static void forget_an_ack(sim_world *w) { queue(w)->count[SIM_MESSAGE_acked]--; }
static void forget_a_publish(sim_world *w) { SIM_STATE(w, sim_broker, MQ)->offered--; }
static void stand_longer(sim_world *w) { queue(w)->stay.left += 5; }
static void stop_moving(sim_world *w) { w->moving = 0; SIM_STATE(w, sim_broker, MQ)->ghosts++; }
static void nothing(sim_world *w) { (void)w; }

static const struct { const char *name; void (*plant)(sim_world *w); const char *where, *law; } bugs[] = {
    {"an answer is lost",               lose_an_answer,          "'lb'",  "calls that it made = answers to it"},
    {"a call is sent twice",            send_twice,              "'lb'",  "calls handed to it"},
    {"a call is leaked",                leak_a_call,             "",      "calls under way on all links + parts"},
    {"a branch is forgotten",           forget_a_branch,         "",      "calls under way on all links + parts"},
    {"a refusal is forgotten",          forget_a_refusal,        "'api'", "calls handed to it"},
    {"a call is finished twice",        finish_twice,            "'api'", "calls handed to it"},
    {"stays are too long",              stay_longer,             "'api'", "Little's law"},
    {"an arrival is early by 1 ns",     arrive_earlier,          "'api'", "Little's law"},
    {"a worker is free 1 us too late",  miss_a_step_down,        "'api'", "Little's law"},
    {"cores work more than they can",   work_beyond_the_cores,   "'api'", "time of cores"},
    {"a bucket has one too many",       count_twice_in_a_bucket, "",      "sim_histogram_adds_up"},
    {"an outcome has no response time", forget_an_outcome,       "",      "latency"},
    {"an ack is forgotten",             forget_an_ack,           "'mq'",  "messages taken in"},
    {"a publish is forgotten",          forget_a_publish,        "'mq'",  "messages taken in"},
    {"a message stands too long",       stand_longer,            "'mq'",  "Little's law"},
    {"messages do not move",            stop_moving,             "",      "moving"},
    {"nothing",                         nothing,                 "",      NULL},
};

// Checks in a child of its own; its message goes to `text`. Returns whether it has aborted.
static bool aborts(sim_world *w, char *text, size_t room)
{
    int end[2];
    assert_int_equal(pipe(end), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        dup2(end[1], STDERR_FILENO);
        close(end[0]);
        signal(SIGABRT, SIG_DFL);
        sim_world_check(w);
        _exit(0);
    }
    close(end[1]);
    size_t used = 0;
    for (ssize_t got; used + 1 < room && (got = read(end[0], text + used, room - 1 - used)) > 0;)
        used += (size_t)got;
    text[used] = 0;
    close(end[0]);
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    return WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT;
}

static void test_planted_bugs_abort_with_a_dump(void **state)
{
    (void)state;
    sim_world *w = started(3, false);
    sim_world_run(w, w->window_from - 1);
    sim_world_reset_counts(w);
    sim_world_run(w, 3 * HR_SEC);
    for (size_t i = 0; i < HR_COUNT(bugs); i++) {
        char said[16384];
        sim_world *copy = sim_world_fork(w);
        bugs[i].plant(copy);
        bool has_aborted = aborts(copy, said, sizeof said);
        sim_world_free(copy);
        if (has_aborted != (bugs[i].law != NULL))
            fail_msg("%s: %s\n%s", bugs[i].name, has_aborted ? "aborts" : "is not noticed", said);
        if (!bugs[i].law)
            continue;
        const char *wanted[] = {bugs[i].law, bugs[i].where, "scenario laws, seed 3, time 3.0", "to api: sent", "db (database, 1 stations): refused"};
        for (size_t k = 0; k < HR_COUNT(wanted); k++)
            if (!strstr(said, wanted[k]))
                fail_msg("%s: the dump lacks \"%s\":\n%s", bugs[i].name, wanted[k], said);
    }
    sim_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_laws_hold_between_any_two_events),
                                       cmocka_unit_test(test_planted_bugs_abort_with_a_dump)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
