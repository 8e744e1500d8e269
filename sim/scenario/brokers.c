// sim/scenario/brokers.c - the queues of a broker, the services that consume from them, and the steps that publish.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

enum { MOST_CONSUMERS = 64 };                  // of a broker: entries of `consume`

// One of the words of a key, as its number; the first one where the key is absent.
static uint32_t read_word(sim_reader *r, sim_node *map, const char *where, const char *key, const char *const *words)
{
    const sim_node *node = sim_node_member(map, key);
    if (!node)
        return 0;
    const char *text = node->kind == SIM_SCALAR ? node->text : "…";
    hr_text all = {0};
    for (uint32_t i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            free(all.data);
            return i;
        }
        hr_text_add(&all, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    }
    SIM_FAIL(r, node, "%s.%s = '%s': want %s%s", where, key, text, all.data, HR_HINT(hr_nearest(text, words), '\''));
    free(all.data);
    return 0;
}

// --- queues ---------------------------------------------------------------------------------------------------------------

static void read_queue(sim_reader *r, sim_node *node, const char *where, sim_queue_def *q)
{
    static const char *const types[] = {"classic", "quorum", NULL}, *const overflows[] = {"drop-head", "reject-publish", "reject-publish-dlx", NULL};
    q->delivery_limit = SIM_UNLIMITED;
    if (node->kind != SIM_MAP) {
        SIM_FAIL(r, node, "%s: want {max_length: 10k, …}, or {}", where);
        return;
    }
    if (!sim_keys_read(r->pool, r->source, "queue", where, node, q))
        r->failed = true;
    q->is_quorum = read_word(r, node, where, "type", types);
    q->overflow = read_word(r, node, where, "overflow", overflows);
    const sim_node *overflow = sim_node_member(node, "overflow"), *durable = sim_node_member(node, "durable"),
                   *limit = sim_node_member(node, "delivery_limit"), *priority = sim_node_member(node, "max_priority");
    if (overflow && !q->max_length)
        SIM_FAIL(r, overflow, "%s.overflow belongs to `max_length`", where);
    if (q->is_quorum && !q->durable)
        SIM_FAIL(r, durable, "%s.durable: a quorum queue is always durable", where);
    if (q->is_quorum && q->max_priority)
        SIM_FAIL(r, priority, "%s.max_priority: a quorum queue has no priorities", where);
    if (q->is_quorum && q->overflow == SIM_REJECT_PUBLISH_DLX)
        SIM_FAIL(r, overflow, "%s.overflow: a quorum queue can't reject-publish-dlx", where);
    if (!q->is_quorum && limit)
        SIM_FAIL(r, limit, "%s.delivery_limit belongs to `type: quorum`: a classic queue counts no deliveries", where);
}

// The queue of that name of broker `id`, or SIM_NO_QUEUE with a complaint.
static uint16_t find_queue(sim_reader *r, const sim_node *node, const char *name, uint16_t id)
{
    const sim_broker_def *b = r->model->components[id].def;
    const char *names[SIM_MOST_QUEUES + 1] = {0};
    for (uint16_t i = 0; i < b->queue_count; i++) {
        names[i] = b->queues[i].name;
        if (strcmp(names[i], name) == 0)
            return i;
    }
    SIM_FAIL(r, node, "'%s' has no queue '%s'%s", r->model->components[id].name, name, HR_HINT(hr_nearest(name, names), '\''));
    return SIM_NO_QUEUE;
}

static void read_dead_letter(sim_reader *r, sim_node *node, uint16_t id, sim_queue_def *q)
{
    const sim_node *to = node->kind == SIM_MAP ? sim_node_member(node, "dead_letter") : NULL;
    q->dead_letter = to ? find_queue(r, to, to->kind == SIM_SCALAR ? to->text : "…", id) : SIM_NO_QUEUE;
    if (q->overflow == SIM_REJECT_PUBLISH_DLX && !to)
        SIM_FAIL(r, node, "%s.queues.%s: `overflow: reject-publish-dlx` wants a `dead_letter`", r->model->components[id].name, q->name);
}

static void check_watermark(sim_reader *r, uint16_t id, const sim_broker_def *b)
{
    const char *name = r->model->components[id].name;
    const sim_node *base = sim_node_member(r->nodes[id], "base"), *watermark = sim_node_member(r->nodes[id], "memory_high_watermark");
    double limit = b->memory_high_watermark * b->memory_bytes;
    if (!watermark && base)
        SIM_FAIL(r, base, "%s.base belongs to `memory_high_watermark`", name);
    if (b->memory_high_watermark > 0 && (limit <= 0 || b->base_bytes > limit))
        SIM_FAIL(r, watermark, "%s.memory_high_watermark: of %.0f bytes that are %.0f, less than its `base` of %.0f: publishers would be blocked for ever", name,
                 b->memory_bytes, limit, b->base_bytes);
}

void sim_queues_read(sim_reader *r, uint16_t id)
{
    sim_broker_def *b = r->model->components[id].def;
    const char *name = r->model->components[id].name;
    check_watermark(r, id, b);
    sim_node *map = sim_node_member(r->nodes[id], "queues");
    if (!map)
        return;                                // told by the table
    if (map->kind != SIM_MAP || map->count == 0 || map->count > SIM_MOST_QUEUES) {
        SIM_FAIL(r, map, "%s.queues: want {NAME: {max_length: 10k, …}} with 1 to %d queues", name, SIM_MOST_QUEUES);
        return;
    }
    sim_queue_def *queues = sim_pool_take(r->pool, map->count * sizeof *queues);
    b->queues = queues;
    b->consumers = sim_pool_take(r->pool, MOST_CONSUMERS * sizeof *b->consumers);
    for (sim_node *q = map->first; q; q = q->next) {
        char where[160];
        snprintf(where, sizeof where, "%.60s.queues.%.60s", name, q->key->text);
        sim_check_name(r, q->key, "a queue");
        queues[b->queue_count].name = q->key->text;
        read_queue(r, q, where, &queues[b->queue_count++]);
    }
    uint16_t i = 0;
    for (sim_node *q = map->first; q; q = q->next)
        read_dead_letter(r, q, id, &queues[i++]);
}

bool sim_resolve_queue(sim_reader *r, const sim_node *node, uint16_t *target, uint16_t *operation)
{
    char name[64];
    const char *rest;
    if (!sim_split_name(r, node, name, sizeof name, &rest))
        return false;
    int id = sim_resolve_behind(r, node, name, SIM_PART_broker);
    if (id < 0)
        return false;
    uint16_t queue = find_queue(r, node, rest, sim_model_behind(r->model, (uint16_t)id));
    *target = (uint16_t)id;
    *operation = queue & SIM_PUBLISH_QUEUE;
    return queue != SIM_NO_QUEUE;
}

// --- steps ----------------------------------------------------------------------------------------------------------------

static bool read_bool(sim_reader *r, sim_node *map, const char *key, bool fallback)
{
    const sim_node *node = sim_node_member(map, key);
    bool is_true = node && node->kind == SIM_SCALAR && strcmp(node->text, "true") == 0;
    if (node && !is_true && (node->kind != SIM_SCALAR || strcmp(node->text, "false") != 0))
        SIM_FAIL(r, node, "%s: want true or false", key);
    return node ? is_true : fallback;
}

void sim_publish_read(sim_reader *r, sim_node *map, const sim_node *argument, sim_step_def *step)
{
    const sim_node *priority = sim_node_member(map, "priority");
    double x = 0;
    bool confirm = read_bool(r, map, "confirm", false), persistent = read_bool(r, map, "persistent", true);
    if (!sim_resolve_queue(r, argument, &step->target, &step->operation))
        return;
    const sim_broker_def *b = r->model->components[sim_model_behind(r->model, step->target)].def;
    const sim_queue_def *q = &b->queues[step->operation];
    step->operation = (uint16_t)(step->operation | (confirm ? SIM_PUBLISH_CONFIRM : 0) | (persistent ? 0 : SIM_PUBLISH_TRANSIENT));
    if (!priority)
        return;
    if (priority->kind != SIM_SCALAR || !sim_read_count(priority->text, &x) || x > 255)
        SIM_FAIL(r, priority, "priority: want a whole number from 0 to 255");
    else if (!q->max_priority)
        SIM_FAIL(r, priority, "priority: the queue '%s' has none; give it a `max_priority`", q->name);
    step->limit = (uint64_t)x + 1;
}

// --- consumers --------------------------------------------------------------------------------------------------------------

static void read_consumer(sim_reader *r, sim_node *node, uint16_t id)
{
    static const char *const acks[] = {"manual", "auto", NULL}, *const errors[] = {"requeue", "dead-letter", "drop", NULL};
    const char *service = r->model->components[id].name;
    const sim_service_def *s = r->model->components[id].def;
    char where[160];
    snprintf(where, sizeof where, "%.60s.consume", service);
    sim_consumer_def d = {.service = id, .replicas = s->replicas, .slots = s->slots ? s->slots : s->replicas};
    if (node->kind != SIM_MAP || !sim_keys_read(r->pool, r->source, "consume", where, node, &d)) {
        if (node->kind != SIM_MAP)
            SIM_FAIL(r, node, "%s: want {from: BROKER.QUEUE, call: OPERATION}", where);
        r->failed = true;
        return;
    }
    d.is_auto = read_word(r, node, where, "ack", acks);
    d.on_error = read_word(r, node, where, "on_error", errors);
    const sim_node *from = sim_node_member(node, "from"), *call = sim_node_member(node, "call"), *prefetch = sim_node_member(node, "prefetch"),
                   *on_error = sim_node_member(node, "on_error"), *idempotent = sim_node_member(node, "idempotent");
    uint16_t broker;
    if (!sim_resolve_queue(r, from, &broker, &d.queue))
        return;
    if (r->model->components[broker].kind != SIM_PART_broker) {
        SIM_FAIL(r, from, "%s.from: want the broker itself, not what stands in front of it", where);
        return;
    }
    d.broker = broker;
    const char *names[257] = {0};
    const char *wanted = call->kind == SIM_SCALAR ? call->text : "…";
    bool found = false;
    for (uint16_t i = 0; i < s->handler_count && i < 256 && !found; i++) {
        names[i] = s->handlers[i].name;
        found = strcmp(names[i], wanted) == 0;
        d.operation = i;
    }
    if (!found)
        SIM_FAIL(r, call, "'%s' has no operation '%s'%s", service, wanted, HR_HINT(hr_nearest(wanted, names), '\''));
    if (d.is_auto && (prefetch || on_error || idempotent))
        SIM_FAIL(r, prefetch ? prefetch : on_error ? on_error : idempotent, "%s: with `ack: auto` a message is done with when it is sent: `prefetch`, "
                 "`on_error` and `idempotent` mean nothing", where);
    if (!d.is_auto && d.prefetch > s->workers + (uint64_t)s->queue)
        SIM_FAIL(r, prefetch ? prefetch : node, "%s.prefetch = %u: a replica has room for %llu calls (workers and queue) and would reject the others", where,
                 d.prefetch, (unsigned long long)s->workers + s->queue);
    sim_broker_def *b = r->model->components[broker].def;
    if (d.on_error == SIM_ON_ERROR_dead_letter && b->queues[d.queue].dead_letter == SIM_NO_QUEUE)
        SIM_FAIL(r, on_error, "%s.on_error: the queue '%s' has no `dead_letter` to send them to; drop is the word for throwing them away", where,
                 b->queues[d.queue].name);
    if (b->consumer_count == MOST_CONSUMERS) {
        SIM_FAIL(r, node, "%s: more than %d entries of `consume` for '%s'", where, MOST_CONSUMERS, r->model->components[broker].name);
        return;
    }
    ((sim_consumer_def *)(uintptr_t)b->consumers)[b->consumer_count++] = d;
}

void sim_consumers_read(sim_reader *r, uint16_t id)
{
    sim_node *consume = sim_node_member(r->nodes[id], "consume");
    if (!consume)
        return;
    if (consume->kind != SIM_LIST) {
        read_consumer(r, consume, id);
        return;
    }
    for (sim_node *one = consume->first; one; one = one->next)
        read_consumer(r, one, id);
}

bool sim_publish_reaches(const sim_model *model, const sim_step_def *step, const sim_consumer_def *consumer)
{
    uint16_t id = sim_model_behind(model, step->target), queue = step->operation & SIM_PUBLISH_QUEUE;
    const sim_broker_def *b = model->components[id].def;
    for (uint16_t hops = 0; hops <= b->queue_count && queue != SIM_NO_QUEUE; hops++) {
        if (consumer->broker == id && consumer->queue == queue)
            return true;
        queue = b->queues[queue].dead_letter;
    }
    return false;
}

double sim_deliveries_most(const sim_model *model, const sim_consumer_def *consumer)
{
    const sim_queue_def *q = &((const sim_broker_def *)model->components[consumer->broker].def)->queues[consumer->queue];
    return consumer->on_error == SIM_ON_ERROR_requeue && !consumer->is_auto && q->delivery_limit != SIM_UNLIMITED ? 1.0 + q->delivery_limit : 1;
}

// A message that always fails and always comes back is delivered again as fast as the network allows.
void sim_requeues_check(sim_reader *r)
{
    const sim_model *m = r->model;
    for (uint16_t i = 0; i < m->component_count; i++) {
        const sim_broker_def *b = m->components[i].def;
        for (uint16_t c = 0; m->components[i].kind == SIM_PART_broker && c < b->consumer_count; c++) {
            const sim_consumer_def *d = &b->consumers[c];
            double round_s = sim_dist_mean(&b->network) > 2e-6 ? sim_dist_mean(&b->network) : 2e-6;
            double most = (double)d->slots * d->prefetch * (double)m->duration * 1e-9 / round_s;
            if (!d->is_auto && d->on_error == SIM_ON_ERROR_requeue && most > SIM_MOST_WORK)
                SIM_FAIL(r, sim_node_member(r->nodes[d->service], "consume"), "%s.consume: %u replicas with %u messages each may requeue them %.3g times in "
                         "%g s; at most %.0e: lower `prefetch` or choose another `on_error`", m->components[d->service].name, d->slots, d->prefetch,
                         most, (double)m->duration * 1e-9, SIM_MOST_WORK);
        }
    }
}
