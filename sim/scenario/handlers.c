// sim/scenario/handlers.c - the steps of a service's operations, resolved and compiled to rows.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/handlers.h"
#include "sim/scenario/units.h"

enum { MOST_BRANCHES = 1024, MOST_ROUNDS = 1000 };   // MOST_ROUNDS: unless `most` says otherwise

enum { SIDECAR_ORDINAL = 1 << 15 };            // of its `cpu` steps, so that they change no draw of others

static bool resolve_cache(sim_compiler *c, const sim_node *node, uint16_t *target)
{
    sim_reader *r = c->reader;
    if (node->kind != SIM_SCALAR) {
        SIM_FAIL(r, node, "want the name of a cache, or local");
        return false;
    }
    if (strcmp(node->text, "local") == 0) {
        *target = SIM_LOCAL;
        if (!c->service->local_entries)
            SIM_FAIL(r, node, "%s has no cache of its own: give the service `local: {entries: 1000}`", c->where);
        return c->service->local_entries > 0;
    }
    int id = sim_resolve_behind(r, node, node->text, SIM_PART_cache);
    *target = (uint16_t)id;
    return id >= 0;
}

static int step_kind(const char *word)
{
    for (int k = 0; k < SIM_STEP_COUNT; k++)
        if (strcmp(sim_step_name((sim_step_kind)k), word) == 0)
            return k;
    return -1;
}

// Equal steps before this one: all rows before it, since a request may pass any of them. What a transaction is about is not known yet.
static uint16_t ordinal_of(const sim_compiler *c, const sim_step_def *step)
{
    uint16_t n = 0;
    for (uint16_t i = 0; i < c->count; i++) {
        const sim_step_def *other = &c->steps[i];
        bool same = other->target == step->target && other->operation == step->operation;
        n = (uint16_t)(n + (other->kind == step->kind && (same || step->kind == SIM_STEP_transaction)));
    }
    return n;
}

static void read_rounds(sim_compiler *c, sim_node *map, sim_step_def *step)
{
    sim_reader *r = c->reader;
    const sim_node *times = sim_node_member(map, "times"), *again = sim_node_member(map, "again"), *most = sim_node_member(map, "most");
    double rounds = most ? 0 : MOST_ROUNDS;
    step->share = 1;
    if (!times == !again)
        SIM_FAIL(r, map, "repeat: want either `times`, such as 5, or `again`, the probability of another round, such as 30%%");
    if (times && (times->kind != SIM_SCALAR || !sim_read_count(times->text, &rounds) || rounds < 1 || rounds > 1e6))
        SIM_FAIL(r, times, "times: want a whole number from 1 to 1M");
    if (again && (again->kind != SIM_SCALAR || !sim_read_share(again->text, &step->share) || step->share > 1))
        SIM_FAIL(r, again, "again: want a probability such as 30%%");
    if (most && times)
        SIM_FAIL(r, most, "most: belongs to `again`; `times` says how many rounds there are");
    else if (most && (most->kind != SIM_SCALAR || !sim_read_count(most->text, &rounds) || rounds < 1 || rounds > 1e6))
        SIM_FAIL(r, most, "most: want a whole number from 1 to 1M");
    step->limit = (uint64_t)rounds;
}

static bool read_outcome(const char *text, uint64_t *outcome)
{
    for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
        if (o != SIM_late && strcmp(sim_outcome_name((sim_outcome)o), text) == 0) {    // only a workload knows what is late
            *outcome = (uint64_t)o;
            return true;
        }
    return false;
}

static void read_condition(sim_compiler *c, sim_node *map, sim_step_def *step)
{
    static const struct { const char *example; } wants[] = {[SIM_CONDITION_chance] = {"a probability such as 30%"},
        [SIM_CONDITION_key_share] = {"a share of the keys such as 10%"}, [SIM_CONDITION_key_below] = {"a key such as 1000"},
        [SIM_CONDITION_session] = {"how long it lives without being used, such as 30min"}, [SIM_CONDITION_status] = {"ok, timeout, rejected, error or lost"}};
    sim_reader *r = c->reader;
    const char *names[SIM_CONDITION_COUNT + 1] = {0};
    int kind = -1;
    for (int k = 0; k < SIM_CONDITION_COUNT; k++)
        names[k] = sim_condition_name((sim_condition)k);
    const sim_node *value = map->kind == SIM_MAP && map->count == 1 ? map->first : NULL;
    for (int k = 0; value && k < SIM_CONDITION_COUNT; k++)
        if (strcmp(names[k], value->key->text) == 0)
            kind = k;
    if (kind < 0) {
        const char *near = value ? hr_nearest(value->key->text, names) : NULL;
        SIM_FAIL(r, map, "if: want one condition, {chance: 30%%}, {key_share: 10%%}, {key_below: 1000}, {session: 30min} or {status: timeout}%s",
                 HR_HINT(near, '\''));
        return;
    }
    sim_node_member(map, names[kind]);         // it is used
    step->condition = (sim_condition)kind;
    bool good = value->kind == SIM_SCALAR;
    double key = 0;
    hr_time timeout = 0;
    switch (step->condition) {
    case SIM_CONDITION_key_below:
        good = good && sim_read_count(value->text, &key) && key < 1e18;
        step->limit = good ? (uint64_t)key : 0;
        break;
    case SIM_CONDITION_session:
        good = good && sim_read_time(value->text, &timeout) && timeout >= HR_MS;
        step->limit = good ? (uint64_t)timeout : 0;
        break;
    case SIM_CONDITION_status: good = good && read_outcome(value->text, &step->limit); break;
    default: good = good && sim_read_share(value->text, &step->share) && step->share <= 1;
    }
    if (!good)
        SIM_FAIL(r, value, "%s: want %s", names[kind], wants[kind].example);
}

static void read_extras(sim_compiler *c, sim_node *map, sim_step_def *step)
{
    sim_reader *r = c->reader;
    sim_node *ttl = step->kind == SIM_STEP_set ? sim_node_member(map, "ttl") : NULL;
    sim_node *timeout = sim_step_asks(step->kind) || step->kind == SIM_STEP_parallel ? sim_node_member(map, "timeout") : NULL;
    if (ttl && (ttl->kind != SIM_SCALAR || !sim_read_time(ttl->text, &step->ttl) || step->ttl < HR_MS ||
                (step->ttl != HR_FOREVER && step->ttl > HR_SEC * 3600 * 24 * 40)))
        SIM_FAIL(r, ttl, "ttl: want a time such as 60s, from 1ms to 960h, or none");
    sim_node *jitter = step->kind == SIM_STEP_set ? sim_node_member(map, "jitter") : NULL;
    if (jitter && (jitter->kind != SIM_SCALAR || !sim_read_share(jitter->text, &step->share) || step->share > 1 || step->ttl == HR_FOREVER))
        SIM_FAIL(r, jitter, "jitter: want a share of the ttl such as 20%%, beside a `ttl`");
    if (timeout && (timeout->kind != SIM_SCALAR || !sim_read_time(timeout->text, &step->timeout) || step->timeout < HR_US))
        SIM_FAIL(r, timeout, "timeout: want a time such as 500ms, or none");
    sim_node *cancel = step->kind == SIM_STEP_call || step->kind == SIM_STEP_query ? sim_node_member(map, "cancel") : NULL;
    const char *word = cancel && cancel->kind == SIM_SCALAR ? cancel->text : "";
    step->cancels = strcmp(word, "true") == 0;
    if (cancel && !step->cancels && strcmp(word, "false") != 0)
        SIM_FAIL(r, cancel, "cancel: want true or false");
    r->model->cancels |= step->cancels;
}

// How a step asks again.
static void read_retry(sim_reader *r, const char *where, sim_node *retry, sim_attempts_def *a)
{
    char name[200];
    snprintf(name, sizeof name, "%.160s: retry", where);
    if (retry->kind != SIM_MAP)
        SIM_FAIL(r, retry, "%s: want {policy: full-jitter, most: 3} or the like; {} for the defaults", name);
    else if (!sim_keys_read(r->pool, r->source, "retry", name, retry, &a->retry))
        r->failed = true;
    else if (sim_node_member(retry, "min_retries") && a->retry.budget <= 0)
        SIM_FAIL(r, retry, "%s: `min_retries` belongs to a `budget`", name);
    else if (a->retry.cap < a->retry.base)
        SIM_FAIL(r, retry, "%s: want times with `base` <= `cap`", name);
}

static void read_hedge(sim_reader *r, const char *where, sim_node *hedge, sim_attempts_def *a)
{
    char name[200];
    snprintf(name, sizeof name, "%.160s: hedge", where);
    if (hedge->kind != SIM_MAP || !sim_keys_read(r->pool, r->source, "hedge", name, hedge, a)) {
        if (hedge->kind != SIM_MAP)
            SIM_FAIL(r, hedge, "%s: want {after: p95} or {after: 20ms}", name);
        r->failed = true;
        return;
    }
    const sim_node *after = sim_node_member(hedge, "after");
    const char *text = after->kind == SIM_SCALAR ? after->text : "";
    double percent;
    if (text[0] == 'p' && sim_read_number(text + 1, &percent) && percent >= 1 && percent < 100)
        a->hedge_quantile = percent / 100;
    else if (!sim_read_time(text, &a->hedge_after) || a->hedge_after == HR_FOREVER || a->hedge_after < HR_US)
        SIM_FAIL(r, after, "%s.after: want a time such as 20ms, or a quantile of the answers such as p95", name);
}

static void read_attempts(sim_compiler *c, sim_node *map, sim_step_def *step)
{
    sim_node *retry = sim_node_member(map, "retry"), *hedge = step->kind == SIM_STEP_transaction ? NULL : sim_node_member(map, "hedge");
    if (!retry && !hedge)
        return;
    sim_attempts_def *a = sim_pool_take(c->reader->pool, sizeof *a);
    if (step->target == SIM_LOCAL)
        SIM_FAIL(c->reader, retry ? retry : hedge, "%s: the replica's own cache answers at once and always: nothing to ask again", c->where);
    if (retry)
        read_retry(c->reader, c->where, retry, a);
    if (hedge)
        read_hedge(c->reader, c->where, hedge, a);
    step->attempts = a;
}

// What runs off the end of rows `from` … goes on at `next` instead of at `end`, the first row behind them.
static void lead_on(sim_compiler *c, uint16_t from, uint16_t end, uint16_t next)
{
    for (uint16_t i = from; i < end; i++) {
        if (c->steps[i].next == end)
            c->steps[i].next = next;
        if (c->steps[i].first == end)
            c->steps[i].first = next;
        if (c->steps[i].other == end)
            c->steps[i].other = next;
    }
}

// The branches of the `parallel` step at `place`.
static void read_branches(sim_compiler *c, sim_node *list, uint16_t place)
{
    if (list->kind != SIM_LIST || list->count == 0 || list->count > MOST_BRANCHES) {
        SIM_FAIL(c->reader, list, "parallel: want 1 to %d branches, each a list of steps: [[{…}], [{…}, {…}]]", MOST_BRANCHES);
        return;
    }
    uint16_t *branches = sim_pool_take(c->reader->pool, list->count * sizeof *branches);
    c->steps[place].branches = branches;
    for (sim_node *branch = list->first; branch; branch = branch->next) {
        branches[c->steps[place].branch_count++] = c->count;
        if (branch->kind == SIM_LIST && branch->count == 0)
            SIM_FAIL(c->reader, branch, "parallel: a branch without steps");
        sim_steps_read(c, branch);
    }
}

// How often the block of a step is run at most.
static double rounds_of(const sim_step_def *step)
{
    if (step->kind == SIM_STEP_transaction && step->attempts)
        return 1.0 + step->attempts->retry.most;
    return step->kind == SIM_STEP_repeat ? (double)step->limit : 1;
}

// The rows of the blocks that belong to the step at `place`. Every block goes on behind all of them.
static void read_blocks(sim_compiler *c, sim_node *map, sim_node *argument, uint16_t place)
{
    sim_step_kind kind = c->steps[place].kind;
    const char *other = kind == SIM_STEP_get ? "miss" : kind == SIM_STEP_if ? "else" :
                        kind >= SIM_STEP_query && kind <= SIM_STEP_transaction ? "failed" : NULL;
    sim_node *list = kind == SIM_STEP_repeat || kind == SIM_STEP_transaction ? argument : kind == SIM_STEP_if ? sim_node_member(map, "then") : NULL;
    if (kind == SIM_STEP_parallel)
        read_branches(c, argument, place);
    double rounds = c->rounds;
    bool repeats = c->repeats;
    c->repeats = c->repeats || kind == SIM_STEP_repeat;
    c->rounds *= rounds_of(&c->steps[place]);
    if (c->rounds > SIM_MOST_STEPS_RUN)
        SIM_FAIL(c->reader, map, "%s: %g rounds, together with those around them; at most %g", c->where, c->rounds, SIM_MOST_STEPS_RUN);
    else if (kind == SIM_STEP_transaction && !c->inside)
        sim_transaction_read(c, map, list, place);
    else if (list)
        sim_steps_read(c, list);
    c->rounds = rounds;
    c->repeats = repeats;
    if (kind == SIM_STEP_repeat && argument->kind == SIM_LIST && !argument->count)
        SIM_FAIL(c->reader, argument, "repeat: without steps");
    uint16_t behind = c->count;
    sim_node *rest = other ? sim_node_member(map, other) : NULL;
    if (kind == SIM_STEP_if && !list && !rest)
        SIM_FAIL(c->reader, map, "an if step lacks `then` or `else`: the steps that run when the condition holds, and when not");
    if (rest)
        sim_steps_read(c, rest);
    sim_step_def *step = &c->steps[place];
    step->next = c->count;
    step->first = behind > place + 1 ? (uint16_t)(place + 1) : c->count;
    bool goes_on = (kind == SIM_STEP_get && !step->writes) || kind == SIM_STEP_if;
    step->other = rest ? behind : goes_on ? c->count : SIM_NO_STEP;
    for (uint16_t b = 0; b < step->branch_count; b++)
        lead_on(c, step->branches[b], b + 1 < step->branch_count ? step->branches[b + 1] : behind, c->count);
    if (list)
        lead_on(c, (uint16_t)(place + 1), behind, c->count);
}

// The sidecar of the service computes for a call that comes or goes.
static void add_sidecar(sim_compiler *c, const sim_dist_def *cpu)
{
    if (!cpu)
        return;
    uint16_t n = 0;
    for (uint16_t i = 0; i < c->count; i++)
        n = (uint16_t)(n + (c->steps[i].kind == SIM_STEP_cpu && c->steps[i].ordinal >= SIDECAR_ORDINAL));
    uint16_t place = c->count++;
    c->steps[place] = (sim_step_def){.kind = SIM_STEP_cpu, .ordinal = (uint16_t)(SIDECAR_ORDINAL + n), .next = c->count, .first = c->count, .other = SIM_NO_STEP,
                                     .rounds = (uint32_t)c->rounds, .ttl = HR_FOREVER, .timeout = HR_FOREVER, .time = *cpu};
}

// A key that this kind of step has not: another one has it, or it is misspelt.
static void refuse_key(sim_reader *r, sim_step_kind kind, const sim_node *key)
{
    const char *names[64] = {0};
    size_t n = 0;
    for (const sim_key *k = sim_key_table; k->owner; k++)
        if (strcmp(k->owner, "step") == 0)
            names[n++] = k->name;
    if (sim_key_find("step", key->text))
        SIM_FAIL(r, key, "a %s step has no `%s`; `headroom explain step.%s` tells which have", sim_step_name(kind), key->text, key->text);
    else
        SIM_FAIL(r, key, "a %s step has no `%s`%s; see `headroom explain %s`", sim_step_name(kind), key->text, HR_HINT(hr_nearest(key->text, names), '`'),
                 sim_step_name(kind));
}

static void read_step(sim_compiler *c, sim_node *map)
{
    sim_reader *r = c->reader;
    int kind = -1;
    sim_node *argument = NULL;
    for (sim_node *m = map->kind == SIM_MAP ? map->first : NULL; m && kind < 0; m = m->next)
        if ((kind = step_kind(m->key->text)) >= 0) {
            argument = m;
            m->used = true;
        }
    if (kind < 0) {
        const char *names[SIM_STEP_COUNT + 1] = {0};
        for (int k = 0; k < SIM_STEP_COUNT; k++)
            names[k] = sim_step_name((sim_step_kind)k);
        const char *word = map->kind == SIM_MAP && map->first ? map->first->key->text : map->kind == SIM_SCALAR ? map->text : "";
        const char *near = hr_nearest(word, names);
        SIM_FAIL(r, map, "%s: '%s' is no step; want {wait: 5ms}, {get: cache, miss: […]}, {query: db.by_id} …%s", c->where, word,
                 HR_HINT(near, '\''));
        return;
    }
    if (c->count >= SIM_MOST_steps) {
        SIM_FAIL(r, map, "%s: more than %d steps", c->where, SIM_MOST_steps);
        return;
    }
    sim_step_def step = {.kind = (sim_step_kind)kind, .ttl = HR_FOREVER, .timeout = HR_FOREVER};
    bool scalar = argument->kind == SIM_SCALAR;
    switch (step.kind) {
    case SIM_STEP_wait: case SIM_STEP_cpu:
        if (!scalar || !sim_read_dist(r->pool, r->source, argument->text, &step.time))
            SIM_FAIL(r, argument, "%s: want %s", sim_step_name(step.kind), sim_type_example(SIM_TYPE_DIST));
        break;
    case SIM_STEP_get: case SIM_STEP_set: case SIM_STEP_delete: resolve_cache(c, argument, &step.target); break;
    case SIM_STEP_query: sim_statement_read(c, map, argument, &step); break;
    case SIM_STEP_call:
        if (sim_resolve_call(r, argument, &step.target, &step.operation))
            add_sidecar(c, sim_sidecar_cpu(r->model, step.target));
        break;
    case SIM_STEP_publish: sim_publish_read(r, map, argument, &step); break;
    case SIM_STEP_parallel: case SIM_STEP_transaction: break;
    case SIM_STEP_repeat: read_rounds(c, map, &step); break;
    case SIM_STEP_if: read_condition(c, argument, &step); break;
    case SIM_STEP_return:
        if (!scalar || strcmp(argument->text, "ok") != 0)
            SIM_FAIL(r, argument, "want {return: ok}");
        break;
    default:
        if (!scalar || strcmp(argument->text, "error") != 0)
            SIM_FAIL(r, argument, "want {fail: error}");
    }
    read_extras(c, map, &step);
    if (sim_step_asks(step.kind) || step.kind == SIM_STEP_transaction)
        read_attempts(c, map, &step);
    sim_putting_read(r, map, &step);
    if (step.kind == SIM_STEP_get)
        sim_refill_read(r, c->where, map, &step, c->service);
    sim_transaction_check(c, map, &step);
    step.ordinal = ordinal_of(c, &step);
    step.rounds = (uint32_t)c->rounds;
    uint16_t place = c->count++;
    c->steps[place] = step;
    read_blocks(c, map, argument, place);
    for (const sim_node *m = map->first; m; m = m->next)
        if (!m->used)
            refuse_key(r, step.kind, m->key);
}

void sim_steps_read(sim_compiler *c, sim_node *list)
{
    if (list->kind != SIM_LIST) {
        SIM_FAIL(c->reader, list, "%s: want a list of steps: [{…}, {…}]", c->where);
        return;
    }
    for (sim_node *step = list->first; step; step = step->next)
        read_step(c, step);
}

void sim_handlers_name(sim_reader *r, uint16_t id)
{
    sim_service_def *s = r->model->components[id].def;
    sim_node *on = sim_node_member(r->nodes[id], "on");
    if (!on)
        return;                                // told by the table
    if (on->kind != SIM_MAP || on->count == 0 || on->count > SIM_MOST_operations) {
        SIM_FAIL(r, on, "%s.on: want {OPERATION: [step, …]} with 1 to %d operations", r->model->components[id].name, SIM_MOST_operations);
        return;
    }
    sim_handler_def *handlers = sim_pool_take(r->pool, on->count * sizeof *handlers);
    for (const sim_node *m = on->first; m; m = m->next) {
        sim_check_name(r, m->key, "an operation");
        handlers[s->handler_count++].name = m->key->text;
    }
    s->handlers = handlers;
}

void sim_handlers_read(sim_reader *r, uint16_t id)
{
    sim_service_def *s = r->model->components[id].def;
    sim_node *on = sim_node_member(r->nodes[id], "on");
    if (!on || on->kind != SIM_MAP)
        return;
    sim_handler_def *handlers = (sim_handler_def *)(uintptr_t)s->handlers;
    sim_compiler *c = hr_alloc(sizeof *c);
    size_t i = 0;
    for (sim_node *m = on->first; m && i < s->handler_count; m = m->next, i++) {
        char where[160];
        snprintf(where, sizeof where, "%.60s.on.%.60s", r->model->components[id].name, m->key->text);
        *c = (sim_compiler){.reader = r, .service = s, .rounds = 1, .where = where};
        add_sidecar(c, sim_sidecar_cpu_in(r->model, id));
        sim_steps_read(c, m);
        c->steps[c->count++] = (sim_step_def){.kind = SIM_STEP_return, .rounds = 1, .ttl = HR_FOREVER, .timeout = HR_FOREVER};
        sim_step_def *steps = sim_pool_take(r->pool, c->count * sizeof *steps);
        memcpy(steps, c->steps, c->count * sizeof *steps);
        handlers[i].steps = steps;
        handlers[i].count = c->count;
    }
    free(c);
}
