// tests/fuzz/world.c - bytes choose a scenario, which runs for 10 000 events with every invariant checked on the way; put back to the
// middle by a checkpoint, and forked there, it must come to the same end, byte for byte.
// * The scenario is written as text from the program's own tables: keys, kinds, steps, distributions, policies. A new row is tried from
//   the day it is added, as long as what it wants is written like something that is known here.
// * Read from the front, each choice takes one byte or two; where the bytes end, every choice is the first one.
// * An input that begins with "scenario:" is the scenario itself: findings are kept so, for what bytes choose changes with the tables.
//   With FUZZ_SHOW in the environment the text is printed.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/parts/faults.h"
#include "sim/policy/balance/balance.h"
#include "sim/policy/breaker/breaker.h"
#include "sim/policy/evict/evict.h"
#include "sim/policy/limit/limit.h"
#include "sim/policy/read/read.h"
#include "sim/policy/retry/retry.h"
#include "sim/policy/scale/scale.h"
#include "sim/policy/shard/shard.h"
#include "sim/policy/shed/shed.h"
#include "sim/scenario/keys.h"
#include "tests/fuzz/fuzz.h"

enum { EVENTS = 10000, CHECK_EVERY = 211, MOST_SERVICES = 4, MOST_OTHERS = 2, MOST_QUEUES = 4, MOST_REGIONS = 3, MOST_OPERATIONS = 3, MOST_STEPS = 6, DEEPEST = 3 };

typedef struct {
    const uint8_t *data;
    size_t   size;
    hr_text  text;
    uint32_t services, caches, databases, workloads;
    bool     cluster, any_fault, sharded[MOST_OTHERS];
    uint32_t regions;                          // 0: no network
    char     front[MOST_SERVICES];             // what takes its calls: s itself, b balancer, l limiter, f breaker, e CDN
    bool     balanced[MOST_SERVICES], local[MOST_SERVICES], scaled[MOST_SERVICES];        // scaled: balanced, too
    uint32_t operations[MOST_SERVICES], statements[MOST_OTHERS];
    uint32_t queues;                           // of the one broker; 0: there is none
    uint32_t consumer[MOST_QUEUES], dead_letter[MOST_QUEUES];      // the service that consumes, or as many as there are; another queue, or as many
} writer;

static uint32_t pick(writer *r, uint32_t count)
{
    uint32_t x = 0;
    for (uint32_t most = 1; most < count && r->size; most <<= 8, r->size--)
        x = x << 8 | *r->data++;
    return count ? x % count : 0;
}

// A row of a family's table of policies.
static uint32_t rows_of(const void *const *table)
{
    uint32_t rows = 0;
    while (table[rows])
        rows++;
    return rows;
}
#define ANY_ROW(r, table) ((table)[pick(r, rows_of((const void *const *)(table)))])

static const char *any_of(writer *r, const char *const *words, uint32_t count) { return words[pick(r, count)]; }

// Mostly small, now and then as large as it may be.
static double pick_size(writer *r, double least, double most, double usual)
{
    uint32_t sort = pick(r, 16);
    double top = sort == 15 ? most : fmin(most, least + (sort < 8 ? 8 : usual));
    return sort == 14 ? least : least + floor((top - least) * pick(r, 256) / 255);
}

// An example from a table, in quotes; all its milliseconds may become microseconds. What needs a file is left out.
static void write_example(writer *r, const char *const *examples, uint32_t count)
{
    uint32_t which = pick(r, count);
    bool micro = pick(r, 2);
    while (strstr(examples[which], "FILE"))
        which = (which + 1) % count;
    hr_text_add(&r->text, "\"");
    for (const char *at = examples[which]; *at; at++)
        hr_text_add(&r->text, "%c", micro && at[0] == 'm' && at[1] == 's' ? 'u' : *at);
    hr_text_add(&r->text, "\"");
}

static void write_dist(writer *r, bool never_zero)
{
    static const char *const examples[] = {
#define SIM_DISTRIBUTION(name, arguments, help) arguments,
#include "sim/core/distribution.def"
#undef SIM_DISTRIBUTION
    };
    static const char *const edges[] = {"1us", "3s", "1ns", "100000s", "0"};
    if (pick(r, 8) == 7) {
        hr_text_add(&r->text, "%s", any_of(r, edges, never_zero ? 4 : 5));
        return;
    }
    write_example(r, examples, HR_COUNT(examples));
}

static void write_value(writer *r, const sim_key *k)
{
    static const char *const yes_no[] = {"false", "true"};
    static const double bytes[] = {2097152, 100, 4096, 1e9, 1e15}, times[] = {0.01, 0.001, 0.1, 1, 1e-6, 1e4};
    switch (k->type) {
    case SIM_TYPE_COUNT: case SIM_TYPE_COUNT64: {
        bool heavy = strcmp(k->name, "users") == 0 || strcmp(k->name, "replicas") == 0;        // each of them costs time here
        hr_text_add(&r->text, "%.0f", pick_size(r, k->least, heavy ? 300 : k->most, 100));
        break;
    }
    case SIM_TYPE_REAL: hr_text_add(&r->text, "%g", pick(r, 4) == 3 ? k->least : pick_size(r, 1, k->most, 8)); break;
    case SIM_TYPE_BYTES: case SIM_TYPE_BYTES32: case SIM_TYPE_BYTES64:
        hr_text_add(&r->text, "%.0fB", fmax(k->least, fmin(k->most, bytes[pick(r, HR_COUNT(bytes))])));
        break;
    case SIM_TYPE_TIME: {
        uint32_t which = pick(r, HR_COUNT(times) + 1);
        bool is_run = strcmp(k->owner, "run") == 0, endless = which == HR_COUNT(times) && !is_run;
        if (endless)
            hr_text_add(&r->text, "none");
        else
            hr_text_add(&r->text, "%.9gs", fmax(is_run ? 1e-3 : k->least, fmin(k->most, times[which % HR_COUNT(times)])));
        break;
    }
    case SIM_TYPE_RATE: hr_text_add(&r->text, "%g/s", fmin(k->most, (1 + pick(r, 65536)) * pow(10, pick(r, 6) - 3.0))); break;
    case SIM_TYPE_DIST: write_dist(r, strcmp(k->owner, "workload") == 0); break;
    case SIM_TYPE_PLAIN_RATE: hr_text_add(&r->text, "%g/%s", fmin(k->most, 1 + pick(r, 1000)), pick(r, 2) ? "s" : "min"); break;
    case SIM_TYPE_SHARE: hr_text_add(&r->text, "%g%%", 100 * fmax(k->least, fmin(k->most, pick(r, 101) / 100.0))); break;
    case SIM_TYPE_NUMBER: hr_text_add(&r->text, "%g", k->least + (k->most - k->least) * pick(r, 256) / 255); break;
    case SIM_TYPE_EVICTION: hr_text_add(&r->text, "%s", ANY_ROW(r, sim_evictors)->name); break;
    case SIM_TYPE_BALANCER: hr_text_add(&r->text, "%s", ANY_ROW(r, sim_balancers)->name); break;
    case SIM_TYPE_POOLER: hr_text_add(&r->text, "%s", sim_pooler_name(pick(r, SIM_POOLER_COUNT))); break;
    case SIM_TYPE_PLAN: hr_text_add(&r->text, "%s", sim_plan_name(pick(r, SIM_PLAN_COUNT))); break;
    case SIM_TYPE_COMMIT: hr_text_add(&r->text, "%s", sim_commit_name(pick(r, SIM_COMMIT_COUNT))); break;
    case SIM_TYPE_RETRY: hr_text_add(&r->text, "%s", ANY_ROW(r, sim_retries)->name); break;
    case SIM_TYPE_LIMITER: case SIM_TYPE_BREAKER: case SIM_TYPE_SHED: case SIM_TYPE_READ: case SIM_TYPE_SHARDING: case SIM_TYPE_SCALER: case SIM_TYPE_DISCIPLINE: break;     // with what the row uses: below
    case SIM_TYPE_BOOL: hr_text_add(&r->text, "%s", any_of(r, yes_no, 2)); break;
    case SIM_TYPE_TEXT: hr_text_add(&r->text, "\"select 1\""); break;
    case SIM_TYPE_OTHER: break;
    }
}

// Whether the words, with blanks between them, have this one.
static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return true;
    return false;
}

// Plain keys of an owner by the table, ", key: value" each; without the words in `not`.
static void write_keys(writer *r, const char *owner, const char *not)
{
    for (const sim_key *k = sim_key_table; k->owner; k++) {
        if (strcmp(k->owner, owner) != 0 || k->type == SIM_TYPE_OTHER || has_word(not, k->name) || (k->fallback && !pick(r, 2)))
            continue;
        hr_text_add(&r->text, ", %s: ", k->name);
        write_value(r, k);
    }
}

// As write_keys, of a policy: with what it needs, without what it does not use.
static void write_settings(writer *r, const char *owner, const sim_setting *table, unsigned uses, const char *not)
{
    char left_out[256];
    int used = snprintf(left_out, sizeof left_out, "policy %s", not);
    for (const sim_setting *s = table; s->word; s++)
        if (!(uses & s->bit))
            used += snprintf(left_out + used, sizeof left_out - (size_t)used, " %s", s->word);
    write_keys(r, owner, left_out);
}

static void write_region(writer *r)
{
    if (r->regions && pick(r, 2))
        hr_text_add(&r->text, ", region: r%u", pick(r, r->regions));
}

// An instance type, which then says cores and memory, or neither, and a licence: what write_keys must leave out besides `not`; `room` holds it.
static const char *write_machine(writer *r, const char *not, char *room, size_t size)
{
    static const char *const types[] = {"", "", ", instance: tiny", ", instance: huge"}, *const licences[] = {"", ", licence: 0.5 $/h", ", licence: 0.25 $/core/h"};
    const char *type = any_of(r, types, HR_COUNT(types));
    hr_text_add(&r->text, "%s%s", type, any_of(r, licences, HR_COUNT(licences)));
    snprintf(room, size, "%s%s", not, *type ? " cores memory" : "");
    return room;
}

// Little enough memory that it is used up now and then. Returns whether there is one: the service then may say how it starts.
static bool write_footprint(writer *r, bool has_local)
{
    if (pick(r, 4) != 3)
        return false;
    hr_text_add(&r->text, ", footprint: {base: %uKiB, per_call: %uKiB, leak: %uKiB%s}", pick(r, 7), pick(r, 4000), pick(r, 100), has_local ? ", per_entry: 64KiB" : "");
    return true;
}

static void write_attempts(writer *r)
{
    if (pick(r, 2)) {
        static const char *const waits[] = {"1us", "5ms", "300ms"};
        hr_text_add(&r->text, ", retry: {most: %u, base: %s", 1 + pick(r, 5), any_of(r, waits, 3));
        write_keys(r, "retry", "most base cap min_retries");
        hr_text_add(&r->text, "}");
    }
    if (pick(r, 3) == 2)
        hr_text_add(&r->text, ", hedge: {after: %s, most: %u}", pick(r, 2) ? "1ms" : "p90", 1 + pick(r, 3));
}

// What a `get` with a `miss` block does about old values and loads.
static void write_refill(writer *r, bool on_local)
{
    static const char *const times[] = {"1ms", "100ms", "2s"}, *const single[] = {"false", "true", "cache", "cache, lock: 2ms, poll: 1ms"};
    if (pick(r, 2))
        hr_text_add(&r->text, ", single_flight: %s", any_of(r, single, on_local ? 2 : 4));
    if (pick(r, 4) == 3)
        hr_text_add(&r->text, ", early: %u", 1 + pick(r, 256));
    if (pick(r, 4) == 3)
        hr_text_add(&r->text, ", refresh_ahead: %u%%", 1 + pick(r, 99));
    if (pick(r, 3) == 2)
        hr_text_add(&r->text, ", stale_while_revalidate: %s", any_of(r, times, 3));
    if (pick(r, 3) == 2)
        hr_text_add(&r->text, ", stale_if_error: %s", any_of(r, times, 3));
}

// --- steps --------------------------------------------------------------------------------------------------------------

static void write_steps(writer *r, uint32_t service, int depth);

// "chance: 30%": a condition by how condition.def describes its value.
static void write_condition(writer *r)
{
    static const struct { const char *name, *argument; } conditions[] = {
#define SIM_CONDITION(name, argument, help) {#name, argument},
#include "sim/parts/condition.def"
#undef SIM_CONDITION
    };
    uint32_t which = pick(r, HR_COUNT(conditions));
    hr_text_add(&r->text, "{%s: ", conditions[which].name);
    if (strcmp(conditions[which].argument, "SHARE") == 0)
        hr_text_add(&r->text, "%u%%}", pick(r, 101));
    else if (strcmp(conditions[which].argument, "TIME") == 0)
        hr_text_add(&r->text, "%s}", pick(r, 2) ? "100ms" : "30min");
    else if (strcmp(conditions[which].argument, "COUNT") == 0)
        hr_text_add(&r->text, "%u}", pick(r, 1000));
    else
        hr_text_add(&r->text, "%s}", pick(r, 2) ? "timeout" : "rejected");
}

// Whether a message in the queue may come to a service up to this one, through dead letters: then that must not publish there.
static bool comes_back(const writer *r, uint32_t queue, uint32_t service)
{
    bool does = false;
    for (uint32_t hops = 0; hops <= r->queues && queue < r->queues; hops++, queue = r->dead_letter[queue])
        does = does || r->consumer[queue] <= service;
    return does;
}

// What stands behind the step's word, by how step.def describes it; false when there is nothing of the sort to ask.
static bool write_argument(writer *r, const char *argument, uint32_t service, int depth)
{
    if (strcmp(argument, "TIME") == 0) {
        write_dist(r, false);
    } else if (strcmp(argument, "CACHE or local") == 0) {
        uint32_t which = pick(r, r->caches + r->local[service]);
        if (!r->caches && !r->local[service])
            return false;
        hr_text_add(&r->text, which < r->caches ? "k%u" : "local", which);
    } else if (strcmp(argument, "DATABASE.STATEMENT") == 0) {
        uint32_t database = pick(r, r->databases);
        if (!r->databases)
            return false;
        hr_text_add(&r->text, "d%u.q%u", database, pick(r, r->statements[database]));
    } else if (strcmp(argument, "SERVICE.OPERATION") == 0) {       // a later one: no rings
        uint32_t behind = r->services - service - 1, other = service + 1 + pick(r, behind);
        if (!behind)
            return false;
        hr_text_add(&r->text, "%c%u.o%u", r->front[other], other, pick(r, r->operations[other]));
    } else if (strcmp(argument, "BROKER.QUEUE") == 0) {
        static const char *const extras[] = {"", ", confirm: true", ", persistent: false", ", confirm: true, persistent: false"};
        uint32_t queue = pick(r, r->queues);
        if (!r->queues || comes_back(r, queue, service))
            return false;
        hr_text_add(&r->text, "m.u%u%s", queue, any_of(r, extras, HR_COUNT(extras)));
    } else if (*argument == '[' && depth < DEEPEST) {
        uint32_t branches = argument[1] == '[' ? 1 + pick(r, 3) : 1;
        hr_text_add(&r->text, "%s", argument[1] == '[' ? "[" : "");
        for (uint32_t b = 0; b < branches; b++) {
            hr_text_add(&r->text, "%s", b ? ", " : "");
            write_steps(r, service, depth + 1);
        }
        hr_text_add(&r->text, "%s", argument[1] == '[' ? "]" : "");
    } else if (strcmp(argument, "{CONDITION: VALUE}") == 0 && depth < DEEPEST) {
        write_condition(r);
    } else if (strcmp(argument, "ok") == 0 || strcmp(argument, "error") == 0) {
        hr_text_add(&r->text, "%s", argument);
    } else {
        return false;
    }
    return true;
}

static void write_step(writer *r, uint32_t service, int depth)
{
    static const struct { const char *name, *argument; } steps[] = {
#define SIM_STEP(name, argument, help) {#name, argument},
#include "sim/parts/step.def"
#undef SIM_STEP
    };
    static const struct { sim_step_kind from, to; const char *name; bool is_wanted; } blocks[] = {
        {SIM_STEP_get, SIM_STEP_get, "miss", false}, {SIM_STEP_if, SIM_STEP_if, "then", true}, {SIM_STEP_if, SIM_STEP_if, "else", false},
        {SIM_STEP_query, SIM_STEP_repeat, "failed", false}};
    uint32_t which = pick(r, HR_COUNT(steps));
    size_t begun = r->text.used;
    hr_text_add(&r->text, "{%s: ", steps[which].name);
    if (!write_argument(r, steps[which].argument, service, depth)) {
        r->text.used = begun;
        hr_text_add(&r->text, "{wait: 1ms}");
        return;
    }
    bool on_local = strcmp(r->text.data + r->text.used - 5, "local") == 0;
    if ((sim_step_asks((sim_step_kind)which) || which == SIM_STEP_parallel) && pick(r, 4) == 3)
        hr_text_add(&r->text, ", timeout: 5ms");
    bool again = sim_step_asks((sim_step_kind)which) && pick(r, 4) == 3 && !r->local[service];
    if (again)
        write_attempts(r);
    if (which == SIM_STEP_set && pick(r, 2))
        hr_text_add(&r->text, ", ttl: %s", pick(r, 2) ? "1ms" : "2s");
    if (which == SIM_STEP_set && pick(r, 4) == 3)
        hr_text_add(&r->text, ", negative: 100ms");
    if (which == SIM_STEP_set && pick(r, 4) == 3)
        hr_text_add(&r->text, ", newer: true");
    if (which == SIM_STEP_delete && on_local && pick(r, 2)) {
        hr_text_add(&r->text, ", everywhere: ");
        write_dist(r, false);
    }
    if (which == SIM_STEP_repeat && pick(r, 2))
        hr_text_add(&r->text, ", times: %u", 1 + pick(r, 4));
    else if (which == SIM_STEP_repeat)
        hr_text_add(&r->text, ", again: %u%%, most: %u", pick(r, 101), 1 + pick(r, 20));
    for (size_t i = 0; i < HR_COUNT(blocks); i++)
        if (which >= (uint32_t)blocks[i].from && which <= (uint32_t)blocks[i].to && depth < DEEPEST && (blocks[i].is_wanted || pick(r, 3) == 0)) {
            hr_text_add(&r->text, ", %s: ", blocks[i].name);
            write_steps(r, service, depth + 1);
            if (which == SIM_STEP_get && !again)
                write_refill(r, on_local);
        }
    hr_text_add(&r->text, "}");
}

static void write_steps(writer *r, uint32_t service, int depth)
{
    uint32_t count = 1 + pick(r, depth ? 3 : MOST_STEPS);
    hr_text_add(&r->text, "[");
    for (uint32_t i = 0; i < count; i++) {
        hr_text_add(&r->text, "%s", i ? ", " : "");
        write_step(r, service, depth);
    }
    hr_text_add(&r->text, "]");
}

// --- the file -------------------------------------------------------------------------------------------------------------

// Checks often enough to be seen in a short run.
static void write_health(writer *r, uint32_t i, const sim_balancer *policy)
{
    static const char *const times[] = {"interval: 10ms, timeout: 2ms", "interval: 100ms, timeout: 100ms", "interval: 1s"};
    if (pick(r, 3) == 2) {
        hr_text_add(&r->text, ", health_check: {call: o%u, %s", pick(r, r->operations[i]), any_of(r, times, 3));
        write_keys(r, "health_check", "interval timeout");
        hr_text_add(&r->text, "}%s", pick(r, 2) ? ", panic: 50%" : "");
    }
    if (pick(r, 4) == 3)
        hr_text_add(&r->text, ", outlier_detection: {consecutive_5xx: %u, interval: 100ms, base_ejection_time: %s, max_ejection_percent: %u%%}", 1 + pick(r, 4),
                    pick(r, 2) ? "50ms" : "1s", pick(r, 101));
    if (pick(r, 4) == 3)
        hr_text_add(&r->text, ", sticky: {%s}", pick(r, 2) ? "expires: 100ms" : "");
    if (policy->uses & SIM_USES_WEIGHTS && !(policy->uses & (SIM_USES_KEY | SIM_USES_ADDRESS)) && pick(r, 3) == 2)
        hr_text_add(&r->text, ", slow_start: %s", pick(r, 2) ? "1ms" : "300ms");
}

// Keys that mean nothing alone come together.
static void write_balancer(writer *r, uint32_t i)
{
    const sim_balancer *row = ANY_ROW(r, sim_balancers);
    hr_text_add(&r->text, "  b%u: {kind: balancer, to: s%u, policy: %s", i, i, row->name);
    write_region(r);
    write_keys(r, "balancer", "policy max_fails fail_timeout max_conns queue panic slow_start");
    write_health(r, i, row);
    if (pick(r, 3) == 2)
        hr_text_add(&r->text, ", max_conns: %u, queue: %u", 1 + pick(r, 20), pick(r, 100));
    else if (r->scaled[i] && pick(r, 2))
        hr_text_add(&r->text, ", queue: %u", pick(r, 100));
    if (pick(r, 3) == 2)
        hr_text_add(&r->text, ", max_fails: %u, fail_timeout: %us", 1 + pick(r, 5), 1 + pick(r, 10));
    hr_text_add(&r->text, "}\n");
}

// What stands before a service or its balancer and passes calls on.
static void write_limiter(writer *r, uint32_t i, char target)
{
    const sim_limiter *row = ANY_ROW(r, sim_limiters);
    hr_text_add(&r->text, "  l%u: {kind: limiter, to: %c%u, policy: %s, per: %s", i, target, i, row->name, pick(r, 2) ? "all" : "key");
    write_region(r);
    if (row->needs & SIM_LIMIT_RATE)
        hr_text_add(&r->text, ", rate: %u/%s", 1 + pick(r, 5000), pick(r, 2) ? "s" : "min");
    if (row->needs & SIM_LIMIT_BURST)
        hr_text_add(&r->text, ", burst: %u", 1 + pick(r, 100));
    if (row->needs & SIM_LIMIT_MOST)
        hr_text_add(&r->text, ", most: %u", 1 + pick(r, 100));
    bool delays = row->uses & SIM_LIMIT_DELAY && pick(r, 2);        // `nodelay` is another way to say it
    write_settings(r, "limiter", sim_limit_settings, row->uses & ~row->needs, delays ? "nodelay window timeout failure_mode_deny" : "nodelay delay window timeout failure_mode_deny");
    if (row->uses & SIM_LIMIT_DELAY && !delays)
        hr_text_add(&r->text, ", nodelay: true");
    static const char *const late[] = {"", ", timeout: 200us", ", timeout: 2ms, failure_mode_deny: true"};
    if (r->caches && !row->end && pick(r, 2))
        hr_text_add(&r->text, ", store: k%u%s", pick(r, r->caches), any_of(r, late, HR_COUNT(late)));
    hr_text_add(&r->text, "}\n");
}

static void write_breaker(writer *r, uint32_t i, char target)
{
    const sim_breaker_row *row = ANY_ROW(r, sim_breaker_rows);
    hr_text_add(&r->text, "  f%u: {kind: breaker, to: %c%u, policy: %s", i, target, i, row->name);
    write_region(r);
    if (row->uses & SIM_BREAKER_SIZE)
        hr_text_add(&r->text, ", sliding_window_size: %u", 1 + pick(r, 200));
    write_settings(r, "breaker", sim_breaker_settings, row->uses & ~(unsigned)SIM_BREAKER_SIZE, "");
    hr_text_add(&r->text, "}\n");
}

static void write_cdn(writer *r, uint32_t i, char target)
{
    static const char *const ages[] = {"ttl: none", "ttl: 10ms", "ttl: 5ms, stale_while_revalidate: 20ms", "ttl: 1ms, stale_if_error: 2s, stale_while_revalidate: 1ms"};
    bool shield = pick(r, 4) == 3;
    hr_text_add(&r->text, "  e%u: {kind: cdn, to: %s%c%u, keep: [o%u], %s, entries: %u", i, shield ? "z" : "", target, i, pick(r, r->operations[i]),
                any_of(r, ages, 4), 1 + pick(r, 100));
    if (r->regions && pick(r, 2))
        hr_text_add(&r->text, ", edges: [r%u]", pick(r, r->regions));
    write_keys(r, "cdn", "entries memory ttl stale_while_revalidate stale_if_error");
    hr_text_add(&r->text, "}\n");
    if (shield)
        hr_text_add(&r->text, "  z%c%u: {kind: cdn, to: %c%u, keep: [o0], entries: 50, ttl: 20ms}\n", target, i, target, i);
}

static void write_shed(writer *r)
{
    const sim_shed *row = ANY_ROW(r, sim_sheds);
    hr_text_add(&r->text, ", shed: {policy: %s", row->name);
    if (row->uses & SIM_SHED_BOUNDS)
        hr_text_add(&r->text, ", least: %u, initial: %u", 1 + pick(r, 3), 3 + pick(r, 20));
    write_settings(r, "shed", sim_shed_settings, row->uses & ~(unsigned)SIM_SHED_BOUNDS, "most");
    hr_text_add(&r->text, "}");
}

// What a cache asks a database by itself. The first statement of each database reads, the second, if there is one, writes.
static void write_through(writer *r)
{
    static const char *const ways[] = {"through", "around", "behind", "behind, behind: {interval: 1ms, batch: 3, queue: 7}"};
    uint32_t loads = pick(r, r->databases), writes = pick(r, r->databases);
    if (r->databases && pick(r, 3) == 2)
        hr_text_add(&r->text, ", loads: d%u.q0, ttl: %s", loads, pick(r, 2) ? "5ms" : "2s");
    if (r->databases && r->statements[writes] > 1 && pick(r, 3) == 2)
        hr_text_add(&r->text, ", writes: d%u.q1, write: %s", writes, any_of(r, ways, HR_COUNT(ways)));
}

// With a base of 1 MiB the memory must be larger; parameters only for policies that honour them.
static void write_cache(writer *r, uint32_t i)
{
    const sim_evictor *row = ANY_ROW(r, sim_evictors);
    hr_text_add(&r->text, "  k%u: {kind: cache, eviction: %s, memory: %u%s", i, row->name, 2 + pick(r, 3), pick(r, 2) ? "MiB" : "GiB");
    write_region(r);
    write_settings(r, "cache", sim_evict_settings, row->uses, "memory base eviction");
    write_through(r);
    hr_text_add(&r->text, "}\n");
}

static const sim_setting *metric_word(uint32_t metric) { return &sim_scale_words[metric]; }

// Targets: all that are chosen of those that the row uses, or one of them; at least one.
static void write_targets(writer *r, const sim_scaler *row, bool queue)
{
    static const char *const targets[] = {"50%", "2", "20/s", "1"};
    uint32_t only = pick(r, SIM_SCALE_METRICS), several = row->wrong && row->uses & SIM_SCALES_BEHAVIOUR ? pick(r, 16) : 0;
    while (!(row->uses & metric_word(only)->bit))
        only = (only + 1) % SIM_SCALE_METRICS;
    only = queue ? SIM_SCALE_QUEUE : only;
    for (uint32_t m = 0; m < SIM_SCALE_METRICS; m++)
        if (row->uses & metric_word(m)->bit && (m == only || several >> m & 1))
            hr_text_add(&r->text, ", %s: %s", metric_word(m)->word, targets[m]);
}

// Everything happens often, for a run is short. Returns how many replicas there are at the start.
static uint32_t write_autoscaler(writer *r, uint32_t i)
{
    static const char *const spans[] = {"10ms", "100ms", "1s", "20s"};
    const sim_scaler *row = ANY_ROW(r, sim_scalers);
    bool zero = row->reaches_zero && pick(r, 2);
    uint32_t min = zero ? 0 : 1 + pick(r, 3), max = min + 1 + pick(r, 6);
    hr_text_add(&r->text, "  a%u: {kind: autoscaler, of: s%u, policy: %s, min: %u, max: %u", i, i, row->name, min, max);
    if (row->uses & SIM_SCALES_LOAD)
        write_targets(r, row, zero);
    if (row->uses & SIM_SCALES_EVERY)
        hr_text_add(&r->text, ", every: %s", any_of(r, spans, 3));
    if (row->uses & SIM_SCALES_SCRAPE)
        hr_text_add(&r->text, ", scrape: 10ms, window: %s", any_of(r, spans, 3));
    if (row->uses & SIM_SCALES_BEHAVIOUR && pick(r, 4))
        hr_text_add(&r->text, ", behavior: {scaleDown: {stabilizationWindowSeconds: %u, policies: [{type: %s, value: %u, periodSeconds: 1}]}}", pick(r, 2),
                    pick(r, 2) ? "Percent" : "Pods", 1 + pick(r, 100));
    if (row->uses & SIM_SCALES_OUT_COOLDOWN)
        hr_text_add(&r->text, ", scale_out_cooldown: %s, scale_in_cooldown: %s", any_of(r, spans, 4), any_of(r, spans, 4));
    if (row->uses & SIM_SCALES_STEPS)
        hr_text_add(&r->text, ", steps: {+0%%: 1, +%u%%: %u, -%u%%: -1}", 1 + pick(r, 100), 1 + pick(r, 5), 1 + pick(r, 100));
    if (row->uses & SIM_SCALES_SCHEDULE)
        hr_text_add(&r->text, ", schedule: {\"* * * * *\": %u, \"*/2 * * * *\": %u}", pick(r, 10), pick(r, 10));
    if (row->uses & SIM_SCALES_COOLDOWN)
        hr_text_add(&r->text, ", cooldown: %s", any_of(r, spans, 4));
    if (row->uses & SIM_SCALES_SEASON)
        hr_text_add(&r->text, ", season: %us, lead: %s", 3 + pick(r, 60), any_of(r, spans, 3));
    write_settings(r, "autoscaler", sim_scale_words, row->uses & (SIM_SCALES_POINTS_OUT | SIM_SCALES_POINTS_IN | SIM_SCALES_TOLERANCE | SIM_SCALES_ACTIVATION),
                   "min max");
    hr_text_add(&r->text, "}\n");
    return min + pick(r, max - min + 1);
}

static void write_broker(writer *r)
{
    hr_text_add(&r->text, "  m: {kind: broker");
    write_region(r);
    char room[64];
    write_keys(r, "broker", write_machine(r, "", room, sizeof room));
    hr_text_add(&r->text, ", queues: {");
    for (uint32_t q = 0; q < r->queues; q++) {
        bool quorum = pick(r, 3) == 2, bounded = pick(r, 2);
        hr_text_add(&r->text, "%su%u: {type: %s", q ? ", " : "", q, quorum ? "quorum" : "classic");
        write_keys(r, "queue", quorum ? "durable max_priority max_length" : "delivery_limit max_length");
        if (bounded)
            hr_text_add(&r->text, ", max_length: %.0f, overflow: %s", pick_size(r, 1, 1e9, 20),
                        pick(r, 2) ? "drop-head" : !quorum && r->dead_letter[q] < r->queues ? "reject-publish-dlx" : "reject-publish");
        if (r->dead_letter[q] < r->queues)
            hr_text_add(&r->text, ", dead_letter: u%u", r->dead_letter[q]);
        hr_text_add(&r->text, "}");
    }
    hr_text_add(&r->text, "}}\n");
}

static void write_consumers(writer *r, uint32_t service)
{
    bool begun = false;
    for (uint32_t q = 0; q < r->queues; q++) {
        if (r->consumer[q] != service)
            continue;
        hr_text_add(&r->text, "%s{from: m.u%u, call: o%u", begun ? ", " : ", consume: [", q, pick(r, r->operations[service]));
        begun = true;
        if (pick(r, 4) == 3) {
            hr_text_add(&r->text, ", ack: auto}");
            continue;
        }
        static const char *const errors[] = {"requeue", "drop", "dead-letter"};
        hr_text_add(&r->text, ", prefetch: %u, on_error: %s", 1 + pick(r, 8), any_of(r, errors, r->dead_letter[q] < r->queues ? 3 : 2));
        write_keys(r, "consume", "prefetch");
        hr_text_add(&r->text, "}");
    }
    hr_text_add(&r->text, "%s", begun ? "]" : "");
}

static void write_service(writer *r, uint32_t i)
{
    uint32_t replicas = r->scaled[i] ? write_autoscaler(r, i) : r->balanced[i] ? 1 + (uint32_t)pick_size(r, 0, 300, 20) : 1;
    hr_text_add(&r->text, "  s%u: {kind: service, replicas: %u", i, replicas);
    write_region(r);
    static const char *const cores[] = {"", ", sharing: true", ", sharing: true, cpu_limit: 0.3", ", sharing: true, cpu_limit: 2, cpu_period: 3ms"};
    uint32_t discipline = pick(r, SIM_DISCIPLINE_COUNT), sharing = pick(r, HR_COUNT(cores));
    hr_text_add(&r->text, ", discipline: %s%s", sim_discipline_name(discipline), cores[sharing]);
    if (discipline == SIM_DISCIPLINE_priority && !sharing && pick(r, 2))
        hr_text_add(&r->text, ", preemptive: true");
    if (discipline == SIM_DISCIPLINE_adaptive_lifo && pick(r, 2))
        hr_text_add(&r->text, ", lifo_after: 10ms");
    if (discipline == SIM_DISCIPLINE_deadline)
        hr_text_add(&r->text, ", queue: %u", pick(r, 1000));
    if (pick(r, 4) == 3)
        hr_text_add(&r->text, ", codel: {%s}", pick(r, 2) ? "target: 1ms, interval: 10ms" : "");
    bool in_cluster = r->cluster && r->scaled[i] && pick(r, 4);
    char room[200];
    bool starts = write_footprint(r, r->local[i]);
    const char *not = r->scaled[i] ? "discipline queue sharing preemptive lifo_after cpu_limit cpu_period replicas" :
                      starts ? "discipline queue sharing preemptive lifo_after cpu_limit cpu_period replicas drain" :
                      "discipline queue sharing preemptive lifo_after cpu_limit cpu_period replicas startup readiness drain";
    bool moves = !r->scaled[i] && replicas == 1 && sharing && pick(r, 3) == 2;
    static const char *const spans[] = {"0s", "5ms", "1s"};
    if (moves) {                               // from one type to the other
        hr_text_add(&r->text, ", instance: huge, resize: {at: %s, to: %s, restart: %s}", any_of(r, spans, 3), pick(r, 2) ? "tiny" : "huge", any_of(r, spans, 3));
        snprintf(room, sizeof room, "%s cores memory", not);
    }
    write_keys(r, "service", moves ? room : in_cluster ? not : write_machine(r, not, room, sizeof room));
    if (discipline != SIM_DISCIPLINE_deadline && pick(r, 2))
        hr_text_add(&r->text, ", queue: %u", pick(r, 3000));
    if (in_cluster)
        hr_text_add(&r->text, ", cluster: n");
    if (pick(r, 4) == 3) {
        hr_text_add(&r->text, ", patience: ");
        write_dist(r, false);
    }
    if (pick(r, 4) == 3)
        write_shed(r);
    if (r->local[i]) {
        hr_text_add(&r->text, ", local: {entries: %u", 1 + pick(r, 50));
        write_keys(r, "local", "entries");
        hr_text_add(&r->text, "}");
    }
    write_consumers(r, i);
    hr_text_add(&r->text, ", on: {");
    for (uint32_t o = 0; o < r->operations[i]; o++) {
        hr_text_add(&r->text, "%so%u: ", o ? ", " : "", o);
        write_steps(r, i, 0);
    }
    hr_text_add(&r->text, "}}\n");
    char target = r->balanced[i] ? 'b' : 's';
    if (r->balanced[i])
        write_balancer(r, i);
    if (r->front[i] == 'l')
        write_limiter(r, i, target);
    else if (r->front[i] == 'f')
        write_breaker(r, i, target);
    else if (r->front[i] == 'e')
        write_cdn(r, i, target);
}

// Replicas, what they are read for, and how soon one takes over.
static void write_replicas(writer *r)
{
    static const char *const commits[] = {"local", "off", "on", "on, confirm: 1", "remote_apply, confirm: 1"}, *const times[] = {"1ms", "0s", "300ms"};
    const sim_reading *row = ANY_ROW(r, sim_readings);
    hr_text_add(&r->text, ", replicas: %u, commit: %s, read: {policy: %s", 1 + pick(r, 4), any_of(r, commits, HR_COUNT(commits)), row->name);
    write_settings(r, "read", sim_reading_settings, row->uses, "");
    hr_text_add(&r->text, "}, replication: {network: ");
    write_dist(r, false);
    hr_text_add(&r->text, ", apply: ");
    write_dist(r, false);
    hr_text_add(&r->text, "}");
    if (pick(r, 3) == 2)
        hr_text_add(&r->text, ", failover: {detection: %s, promotion: %s}", any_of(r, times, 3), any_of(r, times, 3));
}

// Connections of the callers' own, few enough to run out.
static void write_pools(writer *r)
{
    uint32_t mode = pick(r, SIM_POOLER_COUNT + 1);
    hr_text_add(&r->text, ", own_pools: true, memory: 4GiB, connection_memory: %uMiB, connection_cpu: %u%%", pick(r, 200), pick(r, 100));
    hr_text_add(&r->text, ", connect: ");
    write_dist(r, false);
    if (mode == SIM_POOLER_COUNT)
        hr_text_add(&r->text, ", max_connections: %u", 1 + pick(r, 40));
    else
        hr_text_add(&r->text, ", pooler: {mode: %s, size: %u", sim_pooler_name(mode), 1 + pick(r, 20));
    if (mode == SIM_POOLER_transaction)
        write_keys(r, "pooler", "mode size");
    hr_text_add(&r->text, "%s", mode == SIM_POOLER_COUNT ? "" : "}");
}

// Shards by any policy, and rows that move to another number of them early enough to be seen.
static void write_shards(writer *r)
{
    static const char *const times[] = {"1ms", "0s", "300ms"};
    const sim_sharding *row = ANY_ROW(r, sim_shardings);
    uint32_t count = 1 + pick(r, 6), to = 1 + pick(r, 6);
    bool moves = to != count && pick(r, 2);
    hr_text_add(&r->text, ", rows: %.0f, shards: {count: %u, by: %s", pick_size(r, 1, 5000, 300), count, row->name);
    write_settings(r, "shards", sim_sharding_settings, row->uses, "count by");
    if (row->uses & SIM_SHARDING_PLACE && pick(r, 2))
        hr_text_add(&r->text, ", place: {0: 0, 7: %u}", pick(r, moves && to < count ? to : count));
    if (row->uses & SIM_SHARDING_BOUNDS && count == 3 && !moves)
        hr_text_add(&r->text, ", bounds: [5, 50]");
    hr_text_add(&r->text, "}");
    if (!moves)
        return;
    hr_text_add(&r->text, ", reshard: {at: %s, to: %u", any_of(r, times, 3), to);
    write_keys(r, "reshard", "at to");
    hr_text_add(&r->text, "}");
}

static void write_database(writer *r, uint32_t i)
{
    hr_text_add(&r->text, "  d%u: {kind: database", i);
    write_region(r);
    bool own = pick(r, 3) == 2, sharded = pick(r, 3) == 2, locks = r->statements[i] > 1 && pick(r, 2);
    const char *together = "rows replicas commit confirm own_pools max_connections connect connection_memory connection_cpu memory history lock_timeout";
    char room[240];
    write_keys(r, "database", own ? together : write_machine(r, together, room, sizeof room));
    if (locks && pick(r, 2))
        hr_text_add(&r->text, ", lock_timeout: %s", pick(r, 2) ? "1ms" : "100ms");
    if (own)
        write_pools(r);
    r->sharded[i] = sharded;
    if (sharded)
        write_shards(r);
    if (pick(r, 2))
        write_replicas(r);
    else if (pick(r, 2))
        hr_text_add(&r->text, ", history: true");
    hr_text_add(&r->text, ", statements: {");
    for (uint32_t q = 0; q < r->statements[i]; q++) {
        hr_text_add(&r->text, "%sq%u: {sql: x", q ? ", " : "", q);
        write_keys(r, "statement", "sql writes scatter keys lock plan per_row inserts");
        if (sharded && pick(r, 2))
            hr_text_add(&r->text, q == 0 ? ", scatter: true" : ", keys: %u", 1 + pick(r, 8));
        if (pick(r, 4) == 3)
            hr_text_add(&r->text, ", plan: %s, per_row: %uns", pick(r, 2) ? "index" : "sequential", pick(r, 256));
        if (q == 1 && pick(r, 2))
            hr_text_add(&r->text, ", inserts: true");
        hr_text_add(&r->text, "%s", q > 0 && locks ? ", lock: true" : "");
        hr_text_add(&r->text, "%s", q == 1 || (q == 2 && pick(r, 2)) ? ", writes: true" : "");
        hr_text_add(&r->text, "}");
    }
    hr_text_add(&r->text, "}}\n");
}

static void write_workload(writer *r, uint32_t i)
{
    uint32_t target = pick(r, r->services);
    static const char *const rates[] = {
#define SIM_RATE(name, arguments, help) arguments,
#include "sim/parts/rates.def"
#undef SIM_RATE
    }, *const keys[] = {
#define SIM_POPULARITY(name, arguments, help) arguments,
#include "sim/core/popularity.def"
#undef SIM_POPULARITY
    };
    bool closed = pick(r, 4) == 3, sessions = !closed && pick(r, 4) == 3, varies = !closed && pick(r, 3) == 2;
    hr_text_add(&r->text, "  w%u: {call: %c%u.o%u", i, r->front[target], target, pick(r, r->operations[target]));
    write_region(r);
    if (closed)
        hr_text_add(&r->text, ", users: %u", 1 + pick(r, 1000));
    else
        hr_text_add(&r->text, ", rate: ");
    if (varies)
        write_example(r, rates, HR_COUNT(rates));
    else if (!closed)
        hr_text_add(&r->text, "%u/s", 1 + pick(r, 20000));
    if (sessions)
        hr_text_add(&r->text, ", requests_per_session: %g", 1 + pick(r, 256) / 16.0);
    write_keys(r, "workload", closed || sessions ? r->regions ? "rate users" : "rate users connect" : r->regions ? "rate users think" : "rate users think connect");
    switch (closed || varies ? 0 : pick(r, 4)) {
    case 1: hr_text_add(&r->text, ", arrivals: constant"); break;
    case 2: case 3:
        hr_text_add(&r->text, ", arrivals: ");
        write_dist(r, true);
        break;
    default: break;
    }
    switch (pick(r, 5)) {
    case 4:
        if (!sessions) {                       // some of these have an order
            hr_text_add(&r->text, ", key: ");
            write_example(r, keys, HR_COUNT(keys));
        }
        break;
    case 1: hr_text_add(&r->text, ", key: uniform(%u)", 1 + pick(r, 300)); break;
    case 2: hr_text_add(&r->text, ", key: \"zipf(%.2f, %u)\"", pick(r, 256) / 64.0, 1 + pick(r, 60000)); break;
    case 3: hr_text_add(&r->text, ", key: \"zipf(0.99, 1000000000000)\""); break;
    default: break;
    }
    hr_text_add(&r->text, "}\n");
}

// What a fault of that kind may be about; 0: there is none.
static bool write_name(writer *r, uint32_t kind, uint32_t verb, uint32_t *service)
{
    uint32_t database = pick(r, r->databases);
    *service = pick(r, r->services);
    switch (kind) {
    case SIM_PART_service: hr_text_add(&r->text, "s%u", *service); return true;
    case SIM_PART_cache: hr_text_add(&r->text, "k%u", pick(r, r->caches)); return r->caches > 0;
    case SIM_PART_database: hr_text_add(&r->text, "d%u", database); return r->databases > 0 && (verb != SIM_FAULT_kill || !r->sharded[database]);
    case SIM_PART_broker: hr_text_add(&r->text, "m"); return r->queues > 0;
    default: return false;
    }
}

// What breaks, early enough to be seen and often enough to meet each other.
static void write_fault(writer *r)
{
    uint32_t verb = pick(r, SIM_FAULT_COUNT), kinds = sim_fault_rows[verb].kinds, kind = 0, service;
    do
        kind = pick(r, SIM_PART_COUNT);
    while (!(kinds >> kind & 1) && r->size);
    size_t before = r->text.used;
    hr_text_add(&r->text, "%s  - {%s: ", r->any_fault ? "" : "faults:\n", sim_fault_rows[verb].verb);
    if (!(kinds >> kind & 1) || !write_name(r, kind, verb, &service)) {
        r->text.used = before;
        r->text.data[before] = 0;
        return;
    }
    bool replaced = verb == SIM_FAULT_kill && kind == SIM_PART_service && r->scaled[service], repeats = pick(r, 2);
    if (!repeats || pick(r, 3) == 2)
        hr_text_add(&r->text, ", at: %ums", pick(r, 2000));
    if (repeats)
        hr_text_add(&r->text, ", every: exp(%ums)", 1 + pick(r, 500));
    if (verb != SIM_FAULT_flush && !replaced && (repeats || verb == SIM_FAULT_pause || pick(r, 2)))
        hr_text_add(&r->text, ", for: exp(%ums)", 1 + pick(r, 500));
    if (sim_fault_rows[verb].uses & SIM_FAULT_FACTOR)
        hr_text_add(&r->text, ", factor: %u", 1 + pick(r, 20));
    if (kind == SIM_PART_service && pick(r, 4) == 3 && r->scaled[service])
        hr_text_add(&r->text, ", replica: all");
    hr_text_add(&r->text, "}\n");
    r->any_fault = true;
}

static void write_faults(writer *r)
{
    uint32_t count = pick(r, 2) * pick(r, 6);
    while (count-- > 0)
        write_fault(r);
}

// What one way of a link has: always a round trip, perhaps the rest.
static void write_links(writer *r, const char *key, uint32_t which)
{
    static const char *const speeds[] = {"1Gbit/s", "10kB/s", "1kbit/s"};
    bool begun = false;
    hr_text_add(&r->text, ", %s: {", key);
    for (uint32_t a = 0; a < r->regions; a++)
        for (uint32_t b = a + (a > 0); b < r->regions; b++) {
            bool inside = a == b;              // once
            if (pick(r, 2) && (which > 0 || inside))
                continue;
            hr_text_add(&r->text, inside ? "%sinside: " : "%sr%u-r%u: ", begun ? ", " : "", a, b);
            begun = true;
            if (which == 0)
                write_dist(r, true);
            else
                hr_text_add(&r->text, "%s", which == 1 ? any_of(r, speeds, 3) : pick(r, 2) ? "1%" : "30%");
        }
    hr_text_add(&r->text, "}");
}

static void write_network(writer *r)
{
    static const char *const maps[] = {"rtt", "bandwidth", "loss"};
    hr_text_add(&r->text, "network: {regions: [r0");
    for (uint32_t i = 1; i < r->regions; i++)
        hr_text_add(&r->text, ", r%u", i);
    hr_text_add(&r->text, "]");
    for (uint32_t m = 0; m < HR_COUNT(maps); m++)
        write_links(r, maps[m], m);
    write_keys(r, "network", "min_rto");
    hr_text_add(&r->text, "}\n");
}

static void write_scenario(writer *r)
{
    r->services = 1 + pick(r, MOST_SERVICES);
    r->caches = pick(r, MOST_OTHERS + 1);
    r->databases = pick(r, MOST_OTHERS + 1);
    r->workloads = 1 + pick(r, 3);
    r->cluster = pick(r, 2);
    r->regions = pick(r, 2) * (1 + pick(r, MOST_REGIONS));
    for (uint32_t i = 0; i < r->services; i++) {
        r->balanced[i] = pick(r, 2);
        r->scaled[i] = r->balanced[i] && pick(r, 2);
        static const char fronts[] = {0, 0, 'l', 'f', 'e'};
        char front = fronts[pick(r, HR_COUNT(fronts))];
        r->front[i] = front ? front : r->balanced[i] ? 'b' : 's';
        r->local[i] = pick(r, 3) == 2;
        r->operations[i] = 1 + pick(r, MOST_OPERATIONS);
    }
    for (uint32_t i = 0; i < r->databases; i++)
        r->statements[i] = 1 + pick(r, 3);
    r->queues = pick(r, 2) * (1 + pick(r, MOST_QUEUES));
    for (uint32_t q = 0; q < r->queues; q++) {
        r->consumer[q] = r->services - 1 - pick(r, r->services + 1);       // mostly a late one, whom others may publish to
        r->consumer[q] = r->consumer[q] < r->services ? r->consumer[q] : r->services;
        r->dead_letter[q] = pick(r, 2) ? pick(r, r->queues) : r->queues;
    }
    hr_text_add(&r->text, "scenario: fuzz\nrun: {warmup: 0");
    write_keys(r, "run", "");
    hr_text_add(&r->text, "}\ninstances: {tiny: {cores: 0.5, memory: 8MiB, price: 0.01 $/h}, huge: {cores: 32, memory: 64GiB, price: 1.6 $/h}}\n"
                          "prices: {core: 0.04 $/h, storage: 0.1 $/GiB/month}\n");
    if (r->regions)
        write_network(r);
    hr_text_add(&r->text, "components:\n");
    for (uint32_t i = 0; i < r->services; i++)
        write_service(r, i);
    if (r->cluster) {                          // any replica fits
        hr_text_add(&r->text, "  n: {kind: cluster, cores: 10000, nodes: %u, most_nodes: %u", pick(r, 3), 3 + pick(r, 5));
        write_keys(r, "cluster", "cores nodes most_nodes");
        hr_text_add(&r->text, "%s", pick(r, 2) ? ", licence: 1 $/core/h" : "");
        hr_text_add(&r->text, "}\n");
    }
    for (uint32_t i = 0; i < r->caches; i++)
        write_cache(r, i);
    for (uint32_t i = 0; i < r->databases; i++)
        write_database(r, i);
    if (r->queues)
        write_broker(r);
    hr_text_add(&r->text, "workload:\n");
    for (uint32_t i = 0; i < r->workloads; i++)
        write_workload(r, i);
    write_faults(r);
}

// --- the run ----------------------------------------------------------------------------------------------------------------

static void run_events(sim_world *w, int count)
{
    const hr_time latest = (hr_time)1e17;      // three years: as long as a study would wait at most for what is in flight
    for (int i = 0; i < count && sim_events_next(w) < latest && sim_world_step(w); i++)
        if (i % CHECK_EVERY == 0)
            sim_world_check(w);
    sim_world_check(w);
}

static void run_twice(const sim_model *model)
{
    hr_error e = {0};
    sim_world *w = sim_model_build(model, 7);
    w->arrivals_end = w->window_to = model->duration;
    sim_world_start(w, sim_model_grid(model));
    run_events(w, EVENTS / 2);
    sim_checkpoint middle = sim_world_checkpoint(w);
    sim_world *fork = sim_world_fork(w);
    run_events(w, EVENTS / 2);
    sim_checkpoint end = sim_world_checkpoint(w);
    sim_world_reset_counts(w);                 // what comes between must leave no trace
    HR_ASSERT(sim_world_restore(w, middle.bytes, middle.size, &e) == HR_OK);
    if (fuzz_planted)
        w->order++;
    sim_world *again[] = {w, fork};
    for (size_t i = 0; i < HR_COUNT(again); i++) {
        run_events(again[i], EVENTS / 2);
        sim_checkpoint other = sim_world_checkpoint(again[i]);
        HR_ASSERT(other.size == end.size && memcmp(other.bytes, end.bytes, end.size) == 0);
        free(other.bytes);
        sim_world_free(again[i]);
    }
    free(middle.bytes);
    free(end.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    writer r = {.data = data, .size = size};
    if (size > 9 && memcmp(data, "scenario:", 9) == 0)
        hr_text_bytes(&r.text, data, size);
    else
        write_scenario(&r);
    if (getenv("FUZZ_SHOW"))
        fputs(r.text.data, stderr);
    hr_error e = {0};
    sim_model *model;
    if (!sim_model_parse("fuzz.yaml", r.text.data, r.text.used, "", &model, &e)) {
        fuzz_accepted++;
        run_twice(model);
        sim_model_free(model);
    } else if (getenv("FUZZ_SHOW")) {
        fputs(e.text, stderr);
    }
    free(r.text.data);
    return 0;
}
