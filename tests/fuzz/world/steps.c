// tests/fuzz/world/steps.c - the steps of a handler, by step.def and condition.def.
#include "tests/fuzz/world/writer.h"

#include <string.h>

#include "sim/parts/parts.h"

enum { MOST_STEPS = 6, DEEPEST = 3 };

static void write_retry(writer *r)
{
    static const char *const waits[] = {"1us", "5ms", "300ms"};
    hr_text_add(&r->text, ", retry: {most: %u, base: %s", 1 + pick(r, 5), any_of(r, waits, 3));
    write_keys(r, "retry", "most base cap min_retries");
    hr_text_add(&r->text, "}");
}

static void write_attempts(writer *r)
{
    if (pick(r, 2))
        write_retry(r);
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
        uint32_t database = r->inside ? r->inside - 1 : pick(r, r->databases);
        if (!r->databases)
            return false;
        uint32_t statement = pick(r, r->statements[database]) % (r->ordered ? CHECKED : UINT32_MAX);
        hr_text_add(&r->text, "d%u.q%u", database, statement);
        if (statement < CHECKED && pick(r, 3) == 2)
            hr_text_add(&r->text, ", key: uniform(%u)", 1 + pick(r, 8));
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
    } else if (*argument == '[' && depth < DEEPEST && !(r->inside && argument[1] == '[') && !r->ordered) {
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

static void write_list(writer *r, uint32_t service, int depth);

// The list of a transaction's steps, which has a statement at least; false where there can be none.
static bool write_transaction(writer *r, uint32_t service, int depth)
{
    if (r->inside || !r->databases || depth >= DEEPEST)
        return false;
    uint32_t database = pick(r, r->databases);
    r->inside = database + 1;
    r->transacted[database] = true;
    r->ordered = pick(r, 3) == 2;
    hr_text_add(&r->text, "[{query: d%u.q0}, ", database);
    write_list(r, service, depth + 1);
    hr_text_add(&r->text, "%s", r->ordered ? ", order: ascending" : "");
    r->inside = 0;
    r->ordered = false;
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
        {SIM_STEP_query, SIM_STEP_transaction, "failed", false}};
    uint32_t which = pick(r, HR_COUNT(steps));
    size_t begun = r->text.used;
    hr_text_add(&r->text, "{%s: ", steps[which].name);
    bool begins = which == SIM_STEP_transaction;
    if (!(begins ? write_transaction(r, service, depth) : write_argument(r, steps[which].argument, service, depth))) {
        r->text.used = begun;
        hr_text_add(&r->text, "{wait: 1ms}");
        return;
    }
    bool on_local = strcmp(r->text.data + r->text.used - 5, "local") == 0;
    if ((sim_step_asks((sim_step_kind)which) || which == SIM_STEP_parallel) && pick(r, 4) == 3)
        hr_text_add(&r->text, ", timeout: 5ms");
    if ((which == SIM_STEP_call || which == SIM_STEP_query) && pick(r, 2))
        hr_text_add(&r->text, ", cancel: true");
    bool again = sim_step_asks((sim_step_kind)which) && pick(r, 4) == 3 && !r->local[service] && !(r->inside && which == SIM_STEP_query);
    if (again)
        write_attempts(r);
    if (begins && pick(r, 3) == 2)
        write_retry(r);
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
            if (which == SIM_STEP_get && !again && !r->inside)
                write_refill(r, on_local);
        }
    hr_text_add(&r->text, "}");
}

// "{STEP}, …]"
static void write_list(writer *r, uint32_t service, int depth)
{
    uint32_t count = 1 + pick(r, depth ? 3 : MOST_STEPS);
    for (uint32_t i = 0; i < count; i++) {
        hr_text_add(&r->text, "%s", i ? ", " : "");
        write_step(r, service, depth);
    }
    hr_text_add(&r->text, "]");
}

void write_steps(writer *r, uint32_t service, int depth)
{
    hr_text_add(&r->text, "[");
    write_list(r, service, depth);
}
