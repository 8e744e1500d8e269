// sim/scenario/services.c - what a service says of itself beside its handlers: who waits and in what order, load shedding, its cache, its cores.
#include <stdio.h>
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

static void read_shed(sim_reader *r, sim_node *node, const char *where, sim_service_def *def)
{
    sim_node *shed = sim_node_member(node, "shed");
    hr_error e = {0};
    def->sheds = shed != NULL;
    if (!shed || !sim_map_read(r, node, where, "shed", "{policy: gradient} or another of `list sheds`", &def->shed))
        return;
    char name[96];
    snprintf(name, sizeof name, "%.80s.shed", where);
    if (sim_shed_fits(&def->shed, sim_given(shed, sim_shed_settings), &e))
        sim_complain(r, shed, name, &e);
}

static void read_patience(sim_reader *r, sim_node *node, const char *where, sim_service_def *def)
{
    const sim_node *patience = sim_node_member(node, "patience");
    bool is_scalar = patience && patience->kind == SIM_SCALAR;
    def->gives_up = patience && !(is_scalar && strcmp(patience->text, "none") == 0);
    if (def->gives_up && (!is_scalar || !sim_read_dist(r->pool, r->source, patience->text, &def->patience)))
        SIM_FAIL(r, patience, "%s.patience: want a time such as 2s or exp(2s), or none", where);
}

enum { MOST_BY_DEADLINE = 100000 };            // who comes looks for its place among those that wait

// Who is next, and who is turned away.
static void read_discipline(sim_reader *r, sim_node *node, const char *where, sim_service_def *def)
{
    const sim_node *word = sim_node_member(node, "discipline"), *after = sim_node_member(node, "lifo_after");
    if (after && def->discipline != SIM_DISCIPLINE_adaptive_lifo)
        SIM_FAIL(r, after, "%s.lifo_after belongs to `discipline: adaptive-lifo`", where);
    if (def->discipline == SIM_DISCIPLINE_deadline && def->queue > MOST_BY_DEADLINE)
        SIM_FAIL(r, word, "%s: by deadline at most %d calls may wait, because who comes looks for its place: lower `queue`", where, MOST_BY_DEADLINE);
    if (sim_node_member(node, "codel"))
        sim_map_read(r, node, where, "codel", "{target: 5ms, interval: 100ms}, or {} for these", def);
}

static void read_cores(sim_reader *r, sim_node *node, const char *where, const sim_service_def *def)
{
    const sim_node *preemptive = sim_node_member(node, "preemptive"), *limit = sim_node_member(node, "cpu_limit"),
                   *period = sim_node_member(node, "cpu_period");
    if (def->preemptive && def->discipline != SIM_DISCIPLINE_priority)
        SIM_FAIL(r, preemptive, "%s.preemptive: who may interrupt whom is told by priorities: give `discipline: priority`, too", where);
    if (def->preemptive && def->sharing)
        SIM_FAIL(r, preemptive, "%s: `preemptive` and `sharing` exclude each other: cores go to the highest priority, or to all in equal shares", where);
    if (limit && !def->sharing)
        SIM_FAIL(r, limit, "%s.cpu_limit is what the operating system keeps to: give `sharing: true`, too", where);
    if (period && !limit)
        SIM_FAIL(r, period, "%s.cpu_period belongs to a `cpu_limit`", where);
}

static void read_footprint(sim_reader *r, sim_node *node, const char *where, sim_service_def *def)
{
    const sim_node *footprint = sim_node_member(node, "footprint");
    if (!footprint || !sim_map_read(r, node, where, "footprint", "{base: 120MiB, per_call: 2MiB}", &def->footprint))
        return;
    def->has_footprint = true;
    if (def->footprint.base > def->memory_bytes)
        SIM_FAIL(r, footprint, "%s.footprint.base does not fit into the `memory` of %.0f bytes: it would be killed at once, for ever", where, def->memory_bytes);
    if (def->footprint.per_entry > 0 && !sim_node_member(node, "local"))
        SIM_FAIL(r, footprint, "%s.footprint.per_entry belongs to a service with a cache of its own, see `local`", where);
}

void sim_service_read(sim_reader *r, uint16_t id)
{
    sim_node *node = r->nodes[id];
    const char *where = r->model->components[id].name;
    sim_service_def *def = r->model->components[id].def;
    read_shed(r, node, where, def);
    if (sim_node_member(node, "local"))
        sim_map_read(r, node, where, "local", "{entries: 1000}", def);
    read_patience(r, node, where, def);
    read_discipline(r, node, where, def);
    read_cores(r, node, where, def);
    read_footprint(r, node, where, def);
    sim_service_resize_read(r, node, where, def);
}
