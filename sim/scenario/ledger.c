// sim/scenario/ledger.c - every parameter in force, from the table of keys: nothing that shapes a run is hidden.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/parts/faults.h"
#include "sim/parts/mesh.h"
#include "sim/scenario/keys.h"
#include "sim/scenario/units.h"

static void show_balancer(const sim_balancer_choice *choice, hr_text *out)
{
    const sim_balancer *b = sim_balancers[choice->row];
    hr_text_add(out, "%s", b->name);
    for (int i = 0; i < SIM_BALANCER_PARAMETERS && b->parameter[i].name; i++)
        hr_text_add(out, "%s%s=%g%s%s", i ? ", " : "(", b->parameter[i].name, choice->parameter[i], b->parameter[i].unit,
                    i + 1 == SIM_BALANCER_PARAMETERS || !b->parameter[i + 1].name ? ")" : "");
}

static void show_weights(const char *name, const sim_balancer_def *d, uint32_t count, hr_text *out)
{
    hr_text_add(out, "%s.weights = %s", name, d->weights ? "" : "all 1");
    for (uint32_t i = 0; i < count && d->weights; i++)
        hr_text_add(out, "%s%u", i ? ", " : "", d->weights[i]);
    hr_text_add(out, "\n");
}

static void show_rate(const sim_rate_def *d, hr_text *out)
{
    if (d->kind == SIM_RATE_constant)
        hr_text_add(out, d->mean > 0 ? "%g/s" : "-", d->mean);
    else
        hr_text_add(out, "%s: mean %.6g/s, at most %g/s", sim_rate_name(d->kind), d->mean_per_s, sim_rate_peak(d));
}

static void show_trace(const sim_trace_def *t, hr_text *out)
{
    char last[32], every[32];
    hr_text_add(out, "the %u requests of %s (CRC-32 %08x) up to %s, at %g times their speed", (unsigned)t->rows, t->file, (unsigned)t->checksum,
                sim_show_time(t->time[t->rows - 1], last, sizeof last), t->speed);
    if (t->every)
        hr_text_add(out, ", again every %s", sim_show_time(t->every, every, sizeof every));
    hr_text_add(out, "%s%s, open loop\n", t->size ? ", sizes too" : "", t->op ? ", operations too" : "");
}

static void show_arrivals(const char *name, const sim_workload_def *d, hr_text *out)
{
    hr_text_add(out, "%s.arrivals = ", name);
    if (d->users)
        hr_text_add(out, "when users have thought, closed loop\n");
    else if (d->arrivals.kind == SIM_ARRIVALS_trace)
        show_trace(d->arrivals.trace, out);
    else if (d->arrivals.kind == SIM_ARRIVALS_shaped)
        hr_text_add(out, "in the shape of %s with scv %.3g, ", sim_dist_name(d->arrivals.gaps.kind), sim_dist_scv(&d->arrivals.gaps));
    else
        hr_text_add(out, "%s, ", sim_arrivals_name(d->arrivals.kind));
    if (d->users || d->arrivals.kind == SIM_ARRIVALS_trace)
        return;
    if (d->per_session > 0)
        hr_text_add(out, "sessions of %g requests on average, partly open\n", d->per_session);
    else
        hr_text_add(out, "open loop\n");
}

static void show_value(const sim_key *k, const void *at, hr_text *out)
{
    char text[32];
    switch (k->type) {
    case SIM_TYPE_COUNT: hr_text_add(out, "%u", *(const uint32_t *)at); break;
    case SIM_TYPE_BYTES32: sim_show_bytes(*(const uint32_t *)at, out); break;
    case SIM_TYPE_COUNT64: hr_text_add(out, "%llu", (unsigned long long)*(const uint64_t *)at); break;
    case SIM_TYPE_BYTES64: sim_show_bytes((double)*(const uint64_t *)at, out); break;
    case SIM_TYPE_REAL: hr_text_add(out, "%g", *(const double *)at); break;
    case SIM_TYPE_BYTES: sim_show_bytes(*(const double *)at, out); break;
    case SIM_TYPE_RATE: show_rate(at, out); break;
    case SIM_TYPE_PLAIN_RATE: hr_text_add(out, "%g/s", *(const double *)at); break;
    case SIM_TYPE_TIME: case SIM_TYPE_TIME_OR_NONE: hr_text_add(out, "%s", sim_show_time(*(const hr_time *)at, text, sizeof text)); break;
    case SIM_TYPE_DIST: sim_show_dist(at, out); break;
    case SIM_TYPE_NUMBER: hr_text_add(out, "%g", *(const double *)at); break;
    case SIM_TYPE_SHARE: hr_text_add(out, "%g%%", *(const double *)at * 100); break;
    case SIM_TYPE_EVICTION: case SIM_TYPE_LIMITER: case SIM_TYPE_BREAKER: case SIM_TYPE_RETRY:
    case SIM_TYPE_SHED: case SIM_TYPE_SCALER: case SIM_TYPE_READ: case SIM_TYPE_SHARDING: case SIM_TYPE_DISCIPLINE: case SIM_TYPE_COMMIT: case SIM_TYPE_POOLER: case SIM_TYPE_PLAN: case SIM_TYPE_UPDATE_MODE:
        hr_text_add(out, "%s", sim_type_row(k->type, *(const uint32_t *)at));
        break;
    case SIM_TYPE_BALANCER: show_balancer(at, out); break;
    case SIM_TYPE_BOOL: hr_text_add(out, "%s", *(const bool *)at ? "true" : "false"); break;
    case SIM_TYPE_TEXT: hr_text_add(out, "%s", *(const char *const *)at ? *(const char *const *)at : "-"); break;
    case SIM_TYPE_OTHER: break;
    }
}

static void show_owner(const char *owner, const char *where, const void *def, hr_text *out)
{
    for (const sim_key *k = sim_key_table; k->owner; k++) {
        if (strcmp(k->owner, owner) != 0 || k->type == SIM_TYPE_OTHER)
            continue;
        hr_text_add(out, "%s.%s = ", where, k->name);
        show_value(k, (const char *)def + k->offset, out);
        hr_text_add(out, "\n");
    }
}

static void show_block(const sim_step_def *step, hr_text *out)
{
    if (step->kind == SIM_STEP_parallel)
        for (uint16_t b = 0; b < step->branch_count; b++)
            hr_text_add(out, "%s [%u]", b ? "," : " from", (unsigned)step->branches[b]);
    else if (step->kind == SIM_STEP_repeat && step->share < 1)
        hr_text_add(out, " from [%u], again with %g %%, at most %llu times", (unsigned)step->first, step->share * 100, (unsigned long long)step->limit);
    else if (step->kind == SIM_STEP_repeat)
        hr_text_add(out, " from [%u], %llu times", (unsigned)step->first, (unsigned long long)step->limit);
    else if (step->kind == SIM_STEP_transaction)
        hr_text_add(out, " from [%u]%s", (unsigned)step->first, step->ascending ? ", rows in ascending order" : "");
    else if (step->kind == SIM_STEP_if)
        hr_text_add(out, " %s ", sim_condition_name(step->condition));
    if (step->kind == SIM_STEP_if && step->condition == SIM_CONDITION_status)
        hr_text_add(out, "%s", sim_outcome_name((sim_outcome)step->limit));
    else if (step->kind == SIM_STEP_if && step->condition == SIM_CONDITION_key_below)
        hr_text_add(out, "%llu", (unsigned long long)step->limit);
    else if (step->kind == SIM_STEP_if && step->condition == SIM_CONDITION_session)
        hr_text_add(out, "%s", sim_show_time((hr_time)step->limit, (char[32]){0}, 32));
    else if (step->kind == SIM_STEP_if)
        hr_text_add(out, "%g %%", step->share * 100);
}

// Where the handler goes on, when that is not the next row.
static void show_ways(const sim_step_def *step, unsigned row, hr_text *out)
{
    if (step->kind == SIM_STEP_if)
        hr_text_add(out, ": go to [%u], else to [%u]", (unsigned)step->first, (unsigned)step->other);
    else if (step->kind == SIM_STEP_get)
        hr_text_add(out, ", on a hit go to [%u], else to [%u]", (unsigned)step->next, (unsigned)step->other);
    else if (step->next != row + 1)
        hr_text_add(out, ", then go to [%u]", (unsigned)step->next);
    if (step->kind >= SIM_STEP_query && step->kind <= SIM_STEP_transaction && step->other != SIM_NO_STEP)
        hr_text_add(out, ", when it fails to [%u]", (unsigned)step->other);
}

static void show_attempts(const sim_attempts_def *a, hr_text *out)
{
    char base[32], cap[32];
    if (a->retry.most)
        hr_text_add(out, ", at most %u retries, %s from %s to %s", (unsigned)a->retry.most, sim_retries[a->retry.policy]->name,
                    sim_show_time(a->retry.base, base, sizeof base), sim_show_time(a->retry.cap, cap, sizeof cap));
    if (a->retry.most && a->retry.budget > 0)
        hr_text_add(out, ", within %g %% of requests and %g/s", a->retry.budget * 100, a->retry.min_retries_per_s);
    if (a->hedges && a->hedge_quantile > 0)
        hr_text_add(out, ", %u hedged after p%g", (unsigned)a->hedges, a->hedge_quantile * 100);
    else if (a->hedges)
        hr_text_add(out, ", %u hedged after %s", (unsigned)a->hedges, sim_show_time(a->hedge_after, base, sizeof base));
}

static void show_refill(const sim_refill_def *d, hr_text *out)
{
    char time[32];
    hr_text_add(out, d->single ? ", loads each key once at a time" : ", loads as often as it misses");
    if (d->single == SIM_SINGLE_CACHE)
        hr_text_add(out, " by a lock of %u ms", (unsigned)d->lock_ms);
    if (d->single == SIM_SINGLE_CACHE)
        hr_text_add(out, ", looked for every %s", sim_show_time(d->poll, time, sizeof time));
    if (d->early > 0)
        hr_text_add(out, ", early with beta %g", d->early);
    if (d->ahead > 0)
        hr_text_add(out, ", refreshed in the last %g %% of the ttl", d->ahead * 100);
    if (d->stale)
        hr_text_add(out, ", stale while revalidating for %s", sim_show_time(d->stale, time, sizeof time));
    if (d->spare)
        hr_text_add(out, ", stale if an error for %s", sim_show_time(d->spare, time, sizeof time));
}

static void show_publish(const sim_model *model, const sim_step_def *step, hr_text *out)
{
    const sim_broker_def *b = model->components[sim_model_behind(model, step->target)].def;
    hr_text_add(out, ".%s, %s, %s", b->queues[step->operation & SIM_PUBLISH_QUEUE].name, step->operation & SIM_PUBLISH_TRANSIENT ? "transient" : "persistent",
                step->operation & SIM_PUBLISH_CONFIRM ? "confirmed" : "fire and forget");
    if (step->limit)
        hr_text_add(out, ", priority %u", (unsigned)(step->limit - 1));
}

// What is asked for there: a statement or an operation. A cache has one row, the request's.
static void show_asked(const sim_model *model, const sim_step_def *step, hr_text *out)
{
    if (step->kind != SIM_STEP_query && step->kind != SIM_STEP_call)
        return;
    const sim_model_component *behind = &model->components[sim_model_behind(model, step->target)];
    if (behind->kind == SIM_PART_database)
        hr_text_add(out, ".%s", ((const sim_database_def *)behind->def)->statements[step->operation].name);
    else
        hr_text_add(out, ".%s", ((const sim_service_def *)behind->def)->handlers[step->operation].name);
}

static void show_steps(const sim_model *model, const char *where, const sim_service_def *s, hr_text *out)
{
    for (uint16_t h = 0; h < s->handler_count; h++)
        for (uint16_t i = 0; i < s->handlers[h].count; i++) {
            const sim_step_def *step = &s->handlers[h].steps[i];
            hr_text_add(out, "%s.on.%s[%u] = %s", where, s->handlers[h].name, (unsigned)i, sim_step_name(step->kind));
            if (step->kind == SIM_STEP_wait || step->kind == SIM_STEP_cpu) {
                hr_text_add(out, " ");
                sim_show_dist(&step->time, out);
            } else if (sim_step_asks(step->kind)) {
                hr_text_add(out, " %s", step->target == SIM_LOCAL ? "local" : model->components[step->target].name);
                show_asked(model, step, out);
            } else {
                show_block(step, out);
            }
            char time[32];
            if (step->kind == SIM_STEP_publish)
                show_publish(model, step, out);
            if (step->row)
                hr_text_add(out, ", its row %s over %llu keys", sim_keys_name(step->row->kind), (unsigned long long)step->row->count);
            if (step->kind == SIM_STEP_set)
                hr_text_add(out, " ttl %s", sim_show_time(step->ttl, time, sizeof time));
            if (step->kind == SIM_STEP_set && step->negative)
                hr_text_add(out, ", %s when there is no row", sim_show_time(step->negative, time, sizeof time));
            if (step->newer)
                hr_text_add(out, ", only over an older version");
            if (step->everywhere) {
                hr_text_add(out, ", everywhere after ");
                sim_show_dist(&step->time, out);
            }
            if (step->attempts)
                show_attempts(step->attempts, out);
            if (step->refill)
                show_refill(step->refill, out);
            if (step->kind == SIM_STEP_set && step->share > 0)
                hr_text_add(out, " jitter %g %%", step->share * 100);
            if (step->timeout != HR_FOREVER)
                hr_text_add(out, " timeout %s", sim_show_time(step->timeout, time, sizeof time));
            if (step->cancels)
                hr_text_add(out, ", cancelled when it is not waited for");
            if (step->kind != SIM_STEP_return && step->kind != SIM_STEP_fail)
                show_ways(step, i, out);
            hr_text_add(out, "\n");
        }
}

// What a service has in maps of its own, when it has it.
static void show_map(const char *service, const char *owner, const void *def, hr_text *out)
{
    char where[160];
    snprintf(where, sizeof where, "%.60s.%s", service, owner);
    show_owner(owner, where, def, out);
}

static void show_vertical(const char *name, const sim_vpa_settings *s, hr_text *out)
{
    hr_text_add(out, "%s.controlled_resources =%s%s\n", name, s->controls >> SIM_VPA_CPU & 1 ? " cpu" : "", s->controls >> SIM_VPA_MEMORY & 1 ? " memory" : "");
    show_map(name, "min_allowed", &s->min_allowed, out);
    show_map(name, "max_allowed", &s->max_allowed, out);
    show_map(name, "recommender", &s->recommender, out);
    show_map(name, "updater", &s->updater, out);
}

static void show_database(const char *name, const sim_database_def *d, hr_text *out)
{
    char where[160];
    for (uint16_t s = 0; s < d->statement_count; s++) {
        snprintf(where, sizeof where, "%.60s.%.60s", name, d->statements[s].name);
        show_owner("statement", where, &d->statements[s], out);
    }
    if (d->has_pooler) {
        snprintf(where, sizeof where, "%.60s.pooler", name);
        show_owner("pooler", where, d, out);
    }
    static const char *const of_shards[] = {"shards", "reshard"};
    for (size_t i = 0; i < HR_COUNT(of_shards) && d->shards.count; i++) {
        snprintf(where, sizeof where, "%.60s.%s", name, of_shards[i]);
        if (i == 0 || d->reshard.to)
            show_owner(of_shards[i], where, d, out);
    }
    static const char *const maps[] = {"replication", "read", "failover"};
    for (size_t i = 0; i < HR_COUNT(maps) && d->replicas; i++) {
        snprintf(where, sizeof where, "%.60s.%s", name, maps[i]);
        show_owner(maps[i], where, d, out);
    }
}

// What a cache asks the database by itself.
static void show_through(const sim_model *model, const char *where, const sim_through_def *d, hr_text *out)
{
    static const char *const words[] = {[SIM_WRITE_through] = "through", [SIM_WRITE_around] = "around", [SIM_WRITE_behind] = "behind"};
    if (d->has_loads)
        hr_text_add(out, "%s.loads = %s, kept for %u ms (0: for ever)\n", where, model->components[d->load_target].name, (unsigned)d->ttl_ms);
    if (d->write == SIM_WRITE_none)
        return;
    hr_text_add(out, "%s.writes = %s, %s\n", where, model->components[d->write_target].name, words[d->write]);
    char name[160];
    snprintf(name, sizeof name, "%.60s.behind", where);
    if (d->write == SIM_WRITE_behind)
        show_owner("behind", name, d, out);
}

static void show_queues(const sim_model *model, const char *name, const sim_broker_def *b, hr_text *out)
{
    static const char *const overflows[] = {"drop-head", "reject-publish", "reject-publish-dlx"}, *const errors[] = {"requeue", "dead-letter", "drop"};
    for (uint16_t i = 0; i < b->queue_count; i++) {
        const sim_queue_def *q = &b->queues[i];
        char where[160];
        snprintf(where, sizeof where, "%.60s.%.60s", name, q->name);
        show_owner("queue", where, q, out);
        hr_text_add(out, "%s.type = %s\n%s.overflow = %s\n%s.dead_letter = %s\n", where, q->is_quorum ? "quorum" : "classic", where,
                    q->max_length ? overflows[q->overflow] : "none", where, q->dead_letter == SIM_NO_QUEUE ? "none" : b->queues[q->dead_letter].name);
    }
    for (uint16_t i = 0; i < b->consumer_count; i++) {
        const sim_consumer_def *d = &b->consumers[i];
        const sim_service_def *s = model->components[d->service].def;
        hr_text_add(out, "%s.%s -> %s.%s = %u consumers, ", name, b->queues[d->queue].name, model->components[d->service].name,
                    s->handlers[d->operation].name, d->replicas);
        if (d->is_auto)
            hr_text_add(out, "ack auto, poison %g%%\n", d->poison * 100);
        else
            hr_text_add(out, "ack manual, prefetch %u, on error %s, %sidempotent, poison %g%%\n", d->prefetch, errors[d->on_error],
                        d->idempotent ? "" : "not ", d->poison * 100);
    }
}

static void show_faults(const sim_model *model, const sim_faults_def *d, hr_text *out)
{
    for (uint32_t i = 0; i < d->count; i++) {
        const sim_fault_def *f = &d->faults[i];
        char *text = sim_fault_text(model, f, f->replica, f->shard), time[32];
        hr_text_add(out, "faults[%u] = %s", (unsigned)i, text);
        if (f->has_at)
            hr_text_add(out, ", at %s", sim_show_time(f->at, time, sizeof time));
        if (f->repeats)
            sim_show_dist(&f->every, (hr_text_add(out, ", every "), out));
        if (f->lasts)
            sim_show_dist(&f->takes, (hr_text_add(out, ", for "), out));
        hr_text_add(out, ", until %s\n", sim_show_time(f->until, time, sizeof time));
        free(text);
    }
}

static void show_network(const sim_network_def *d, hr_text *out)
{
    for (uint32_t i = 0; i < d->region_count; i++)
        for (uint32_t j = i; j < d->region_count; j++) {
            const sim_pipe_def *p = &d->pipes[i * d->region_count + j];
            hr_text_add(out, "network.%s-%s = round trip ", d->region[i], d->region[j]);
            sim_show_dist(&p->rtt, out);
            if (p->bytes_per_s > 0)
                hr_text_add(out, ", %g B/s each way", p->bytes_per_s);
            hr_text_add(out, ", loss %g%%\n", p->loss * 100);
        }
    hr_text_add(out, "assumption: each request and answer begins with TCP's initial window, for its connection was idle; acknowledgements are not lost; a loss lowers no later speed\n"
                     "assumption: a call that its caller has given up is delivered all the same, its answer is not sent\n");
}

// In which region it is, where there are several.
static void show_region(const sim_model *model, uint16_t component, hr_text *out)
{
    int network = sim_model_find(model, "network");
    const sim_model_component *last = &model->components[network < 0 ? 0 : network];
    const sim_network_def *d = last->def;
    if (model->components[component].kind == SIM_PART_cdn) {
        const sim_cdn_def *c = model->components[component].def;
        hr_text_add(out, "%s.edges =", model->components[component].name);
        for (uint32_t i = 0; i < c->regions; i++)
            if (c->edges >> i & 1)
                hr_text_add(out, " %s", last->kind == SIM_PART_network ? d->region[i] : "one");
        hr_text_add(out, ", fetching from %s\n", model->components[c->target].name);
    } else if (last->kind == SIM_PART_network && model->components[component].kind != SIM_PART_mesh && &model->components[component] != last)
        hr_text_add(out, "%s.region = %s\n", model->components[component].name, d->region[d->region_of[component]]);
    const sim_database_def *db = model->components[component].kind == SIM_PART_database ? model->components[component].def : NULL;
    for (uint32_t i = 1; db && db->regions && i <= db->replicas; i++)
        hr_text_add(out, "%s%s%s", i == 1 ? model->components[component].name : "", i == 1 ? ".replica_regions = " : ", ", d->region[db->regions[i]]);
    hr_text_add(out, "%s", db && db->regions ? "\n" : "");
}

static void show_healing(const sim_model *model, const sim_model_component *c, hr_text *out)
{
    const sim_balancer_def *d = c->def;
    if (d->is_sticky)
        show_map(c->name, "sticky", d, out);
    if (d->has_outliers)
        show_map(c->name, "outlier_detection", &d->outliers, out);
    if (!d->has_checks)
        return;
    show_map(c->name, "health_check", &d->health, out);
    hr_text_add(out, "%s.health_check.call = %s\n", c->name, ((const sim_service_def *)model->components[d->target].def)->handlers[d->health.operation].name);
}

static void show_mesh(const sim_model *model, const sim_model_component *c, hr_text *out)
{
    const sim_mesh_def *d = c->def;
    hr_text_add(out, "%s.to =", c->name);
    for (uint16_t t = 0; t < d->target_count; t++)
        hr_text_add(out, " %s", model->components[d->targets[t]].name);
    hr_text_add(out, "\n");
    if (d->has_retries) {
        show_map(c->name, "retries", d, out);
        hr_text_add(out, "%s.retries.retry_on =", c->name);
        for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
            if (d->retry_on >> o & 1)
                hr_text_add(out, " %s", sim_outcome_name((sim_outcome)o));
        hr_text_add(out, "\n");
    }
    if (d->has_outliers)
        show_map(c->name, "outlier_detection", &d->outliers, out);
}

void sim_model_ledger(const sim_model *model, hr_text *out)
{
    hr_text_add(out, "scenario = %s\nversion = %s\n", model->name, HEADROOM_VERSION);
    show_owner("run", "run", model, out);
    hr_text_add(out, "run.warmup = %s\n", model->warmup < 0 ? "auto (MSER-5 on pilot runs)" : "given");
    sim_prices_ledger(model, out);
    for (uint16_t i = 0; i < model->component_count; i++) {
        const sim_model_component *c = &model->components[i];
        show_owner(sim_kinds[c->kind]->name, c->name, c->def, out);
        sim_machine_ledger(c, out);
        if (c->kind == SIM_PART_balancer)
            show_weights(c->name, c->def, ((const sim_service_def *)model->components[((const sim_balancer_def *)c->def)->target].def)->replicas, out);
        if (c->kind == SIM_PART_balancer)
            show_healing(model, c, out);
        if (c->kind == SIM_PART_mesh)
            show_mesh(model, c, out);
        if (c->kind == SIM_PART_service) {
            const sim_service_def *s = c->def;
            hr_text_add(out, "%s.patience = %s", c->name, s->gives_up ? "" : "none");
            if (s->gives_up)
                sim_show_dist(&s->patience, out);
            hr_text_add(out, "\n");
            if (s->sheds)
                show_map(c->name, "shed", &s->shed, out);
            if (s->has_footprint)
                show_map(c->name, "footprint", &s->footprint, out);
            if (s->codel.target)
                show_map(c->name, "codel", s, out);
            show_steps(model, c->name, s, out);
        }
        if (c->kind == SIM_PART_cache) {
            show_through(model, c->name, &((const sim_cache_def *)c->def)->through, out);
        }
        if (c->kind == SIM_PART_autoscaler && sim_scalers[((const sim_autoscaler_def *)c->def)->policy]->is_vertical)
            show_vertical(c->name, &((const sim_autoscaler_def *)c->def)->scale.settings.vpa, out);
        if (c->kind == SIM_PART_broker)
            show_queues(model, c->name, c->def, out);
        if (c->kind == SIM_PART_limiter) {
            const sim_limiter_def *d = c->def;
            hr_text_add(out, "%s.per = %s\n%s.store = %s\n", c->name, d->per_key ? "key" : "all", c->name,
                        d->has_store ? model->components[d->store].name : "none");
        }
        if (c->kind == SIM_PART_workload) {
            const sim_workload_def *w = c->def;
            show_arrivals(c->name, w, out);
            hr_text_add(out, "%s.key = %s over %llu keys\n", c->name, sim_keys_name(w->keys.kind), (unsigned long long)w->keys.count);
        }
        if (c->kind == SIM_PART_database)
            show_database(c->name, c->def, out);
        if (c->kind == SIM_PART_faults)
            show_faults(model, c->def, out);
        if (c->kind == SIM_PART_network)
            show_network(c->def, out);
        show_region(model, i, out);
    }
    hr_text_add(out, "assumption: callers learn of a crash at once (a reset connection); a database that comes back has all that was committed, and one that is a replica then is up to date\n"
                     "assumption: a replica of a database applies records beside its statements, without taking a core from them\n"
                     "assumption: everybody knows at once in which shard a row lives; rows that move go to the replicas of their new shard without a cost there\n"
                     "assumption: replicas are ready from the start, those of an autoscaler after `startup` and `readiness`; a `cpu` step has a core to itself until it ends, unless `sharing` or `preemptive`\n"
                     "assumption: interrupting a computation and going on with it costs nothing; on live servers `preemptive` is not imitated\n"
                     "assumption: what is no longer needed (after a timeout, of a hedge) works on, unless `cancel: true`; then the callee knows at once, between regions as soon as a message gets there (a database's by a new connection), one that is paused when it goes on; waiting calls leave, running ones end behind their present step, statements at once unless they commit, and what an edge fetches goes on\n"
                     "assumption: for retries and breakers every outcome but ok is a failure\n"
                     "assumption: sidecars learn at once which replicas are ready; where calls stay in a region max_ejection_percent is of its replicas\n"
                     "assumption: branches of `parallel` hold no worker of their own; after a deadline they work on, and their work is wasted\n"
                     "assumption: who waits for the load of another keeps its worker; a load in the background holds none\n"
                     "assumption: a call that loses its patience leaves the queue at once and is counted as a timeout\n"
                     "assumption: a CPU limit takes core time as it is used; the kernel hands it to cores in slices of 5 ms\n"
                     "assumption: the response-time histogram holds answered and timed-out requests; refused and failed ones are counted\n"
                     "assumption: a broker's network and disk are never the bottleneck, and without `memory_high_watermark` its messages always fit into memory; handing a message out costs it nothing\n"
                     "assumption: after a restart a broker's consumers are back at once; what they had in hand they work on to its end\n"
                     "assumption: an answer is stale when a newer version was committed before its request started\n");
}
