// sim/scenario/ledger.c - every parameter in force, from the table of keys: nothing that shapes a run is hidden.
#include <stdio.h>
#include <string.h>

#include "sim/scenario/keys.h"
#include "sim/scenario/units.h"

static void show_dist(const sim_dist_def *d, hr_text *out)
{
    char a[32], b[32];
    sim_show_time((hr_time)(sim_dist_mean(d) * 1e9), a, sizeof a);
    if (d->kind == SIM_DIST_constant) {
        hr_text_add(out, "%s", a);
        return;
    }
    sim_show_time((hr_time)(sim_dist_quantile(d, 0.99) * 1e9), b, sizeof b);
    hr_text_add(out, "%s: mean %s, p99 %s, scv %.3g", sim_dist_name(d->kind), a, b, sim_dist_scv(d));
}

static void show_value(const sim_key *k, const void *at, hr_text *out)
{
    char text[32];
    switch (k->type) {
    case SIM_TYPE_COUNT: hr_text_add(out, "%u", *(const uint32_t *)at); break;
    case SIM_TYPE_BYTES32: hr_text_add(out, "%u B", *(const uint32_t *)at); break;
    case SIM_TYPE_COUNT64: hr_text_add(out, "%llu", (unsigned long long)*(const uint64_t *)at); break;
    case SIM_TYPE_BYTES64: hr_text_add(out, "%llu B", (unsigned long long)*(const uint64_t *)at); break;
    case SIM_TYPE_REAL: hr_text_add(out, "%g", *(const double *)at); break;
    case SIM_TYPE_BYTES: hr_text_add(out, "%.0f B", *(const double *)at); break;
    case SIM_TYPE_RATE: hr_text_add(out, "%g/s", *(const double *)at); break;
    case SIM_TYPE_TIME: hr_text_add(out, "%s", sim_show_time(*(const hr_time *)at, text, sizeof text)); break;
    case SIM_TYPE_DIST: show_dist(at, out); break;
    case SIM_TYPE_SHARE: hr_text_add(out, "%g%%", *(const double *)at * 100); break;
    case SIM_TYPE_EVICTION: case SIM_TYPE_BALANCER: case SIM_TYPE_LIMITER: case SIM_TYPE_BREAKER: case SIM_TYPE_RETRY:
        hr_text_add(out, "%s", sim_type_row(k->type, *(const uint32_t *)at));
        break;
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

static void show_steps(const sim_model *model, const char *where, const sim_service_def *s, hr_text *out)
{
    for (uint16_t h = 0; h < s->handler_count; h++)
        for (uint16_t i = 0; i < s->handlers[h].count; i++) {
            const sim_step_def *step = &s->handlers[h].steps[i];
            hr_text_add(out, "%s.on.%s[%u] = %s", where, s->handlers[h].name, (unsigned)i, sim_step_name(step->kind));
            if (step->kind == SIM_STEP_wait || step->kind == SIM_STEP_cpu) {
                hr_text_add(out, " ");
                show_dist(&step->time, out);
            } else if (step->kind < SIM_STEP_return) {
                hr_text_add(out, " %s", step->target == SIM_LOCAL ? "local" : model->components[step->target].name);
            }
            char time[32];
            if (step->kind == SIM_STEP_set)
                hr_text_add(out, " ttl %s", sim_show_time(step->ttl, time, sizeof time));
            if (step->timeout != HR_FOREVER)
                hr_text_add(out, " timeout %s", sim_show_time(step->timeout, time, sizeof time));
            if (step->kind == SIM_STEP_get)
                hr_text_add(out, ", on a hit go to [%u]", (unsigned)step->on_hit);
            hr_text_add(out, "\n");
        }
}

void sim_model_ledger(const sim_model *model, hr_text *out)
{
    hr_text_add(out, "scenario = %s\nversion = %s\n", model->name, HEADROOM_VERSION);
    show_owner("run", "run", model, out);
    hr_text_add(out, "run.warmup = %s\n", model->warmup < 0 ? "auto (MSER-5 on pilot runs)" : "given");
    hr_text_add(out, "prices.core = %g $/h\nprices.gib = %g $/h\n", model->price_core, model->price_gib);
    for (uint16_t i = 0; i < model->component_count; i++) {
        const sim_model_component *c = &model->components[i];
        show_owner(sim_kinds[c->kind]->name, c->name, c->def, out);
        if (c->kind == SIM_PART_service)
            show_steps(model, c->name, c->def, out);
        if (c->kind == SIM_PART_workload) {
            const sim_workload_def *w = c->def;
            hr_text_add(out, "%s.arrivals = ", c->name);
            if (w->arrivals == SIM_ARRIVALS_shaped)
                hr_text_add(out, "in the shape of %s with scv %.3g, open loop\n", sim_dist_name(w->gaps.kind), sim_dist_scv(&w->gaps));
            else
                hr_text_add(out, "%s\n", w->users ? "when users have thought, closed loop" :
                            w->arrivals == SIM_ARRIVALS_poisson ? "poisson, open loop" : "constant, open loop");
            hr_text_add(out, "%s.key = %s over %llu keys\n", c->name,
                        w->keys.kind == SIM_KEYS_ZIPF ? "zipf" : w->keys.kind == SIM_KEYS_UNIFORM ? "uniform" : "one",
                        (unsigned long long)w->keys.count);
        }
        if (c->kind == SIM_PART_database) {
            const sim_database_def *d = c->def;
            for (uint16_t s = 0; s < d->statement_count; s++) {
                char where[160];
                snprintf(where, sizeof where, "%.60s.%.60s", c->name, d->statements[s].name);
                show_owner("statement", where, &d->statements[s], out);
            }
        }
    }
    hr_text_add(out, "assumption: replicas start ready; a `cpu` step has a core to itself once it has one (no preemption), unless `sharing`\n"
                     "assumption: the response-time histogram holds answered and timed-out requests; refused and failed ones are counted\n"
                     "assumption: an answer is stale when a newer version was committed before its request started\n");
}
