// viz/scene/tips.c - the tip of a card: what is known of it in rows, while the pointer is on it.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/parts/cdn.h"
#include "sim/parts/mesh.h"
#include "sim/parts/network.h"
#include "viz/scene/paint.h"

enum { TIP_ROWS = 10 };
typedef struct { char left[48], right[128]; } tip_row;
typedef struct { tip_row row[TIP_ROWS]; int count; } tip;

static void HR_PRINTF(3, 4) add_row(tip *t, const char *left, const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    snprintf(t->row[t->count].left, sizeof t->row[0].left, "%s", left);
    vsnprintf(t->row[t->count].right, sizeof t->row[0].right, format, rest);
    va_end(rest);
    t->count++;
}

static void tell_station(tip *t, const viz_state *s)
{
    add_row(t, "utilisation, of late", "%.1f %%", s->recent.utilisation * 100);
    add_row(t, "since the start", "%.1f %%", s->view.utilisation * 100);
    add_row(t, "at work now", "%u of %u", s->view.busy, s->view.capacity);
    if (s->view.queue_limit == SIM_UNLIMITED)
        add_row(t, "waiting now", "%u", s->view.queued);
    else
        add_row(t, "waiting now", "%u of %u places", s->view.queued, s->view.queue_limit);
    add_row(t, "waiting, since the start", "%.2f", s->view.queue_average);
    add_row(t, "calls begun, of late", "%.0f/s", s->recent.calls_per_s);
    if (s->view.rejected)
        add_row(t, "refused", "%llu", (unsigned long long)s->view.rejected);
    if (s->view.hits + s->view.misses) {
        add_row(t, "hits since the start", "%.1f %%", 100 * (double)s->view.hits / (double)(s->view.hits + s->view.misses));
        add_row(t, "keys held", "%u", s->view.entries);
    }
}

// Its queues, as many as there is room for.
static void tell_broker(tip *t, const viz_scene *s, uint16_t part)
{
    const sim_broker_def *d = s->graph->model->components[part].def;
    sim_station_view v = sim_broker_look(s->world, part);
    const sim_histogram *latency = sim_broker_latency(s->world, part);
    add_row(t, "cores busy, since the start", "%.1f %%", v.utilisation * 100);
    if (latency->count)
        add_row(t, "publish to ack, p50, p99", "%.1f, %.1f ms", (double)sim_histogram_quantile(latency, 0.5) * 1e-6,
                (double)sim_histogram_quantile(latency, 0.99) * 1e-6);
    for (uint16_t q = 0; q < d->queue_count && t->count < TIP_ROWS; q++) {
        sim_queue_view look = sim_queue_look(s->world, part, q);
        add_row(t, d->queues[q].name, "%u wait, %u out, %llu done", look.ready, look.unacked, (unsigned long long)look.count[SIM_MESSAGE_acked]);
    }
}

static void tell_workload(tip *t, const viz_scene *s, uint16_t part)
{
    sim_workload_view v = sim_workload_look(s->world, part);
    add_row(t, "offered", "%llu", (unsigned long long)v.offered);
    for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
        if (v.outcome[o])
            add_row(t, sim_outcome_name((sim_outcome)o), "%llu", (unsigned long long)v.outcome[o]);
    if (v.latency->count)
        add_row(t, "p50, p99 since the start", "%.1f, %.1f ms", (double)sim_histogram_quantile(v.latency, 0.5) * 1e-6,
                (double)sim_histogram_quantile(v.latency, 0.99) * 1e-6);
}

static void tell_autoscaler(tip *t, const viz_scene *s, uint16_t part)
{
    sim_replicas_view v = viz_card_replicas(s, part);
    sim_autoscaler_view a = sim_autoscaler_look(s->world, part);
    add_row(t, "decides by", "%s", viz_card_policy(s, part));
    add_row(t, "wants now", "%u", v.wanted);
    add_row(t, "ready, there", "%u, %u", v.ready, v.present);
    add_row(t, "there, since the start", "%.2f", v.present_average);
    add_row(t, "scaled out, in", "%llu, %llu", (unsigned long long)a.scaled_out, (unsigned long long)a.scaled_in);
}

static void tell_cluster(tip *t, const viz_scene *s, uint16_t part)
{
    sim_cluster_view v = sim_cluster_look(s->world, part);
    add_row(t, "nodes up, starting", "%u, %u", v.up, v.starting);
    add_row(t, "replicas pending", "%u", v.pending);
    add_row(t, "paid, since the start", "%.2f", v.paid_average);
}

static void tell_network(tip *t, const viz_scene *s, uint16_t part)
{
    (void)part;
    add_row(t, "between regions, since the start", "%.1f MiB", (double)sim_network_crossed(s->world) / (1 << 20));
}

static void tell_faults(tip *t, const viz_scene *s, uint16_t part)
{
    viz_trouble *all;
    uint32_t count = viz_troubles(s, part, &all);
    if (!count)
        add_row(t, "none now, none to come", "%s", "");
    for (uint32_t i = 0; i < count && t->count < TIP_ROWS; i++) {
        char when[48];
        bool is_cut = t->count + 1 == TIP_ROWS && i + 1 < count;
        if (is_cut)
            add_row(t, "", "and %u more", count - i);
        else
            add_row(t, viz_trouble_when(&all[i], when, sizeof when), "%s", all[i].text);
    }
    viz_troubles_free(all, count);
}

static void tell_cdn(tip *t, const viz_scene *s, uint16_t part)
{
    sim_station_view v = sim_cdn_look(s->world, part);
    add_row(t, "hits, misses", "%llu, %llu", (unsigned long long)v.hits, (unsigned long long)v.misses);
    add_row(t, "kept by all edges", "%u", v.entries);
}

static void tell_balancer(tip *t, const viz_scene *s, uint16_t part) { add_row(t, "decides by", "%s", viz_card_policy(s, part)); }

static void tell_mesh(tip *t, const viz_scene *s, uint16_t part)
{
    sim_station_view v = sim_mesh_look(s->world, part);
    add_row(t, "decides by", "%s", viz_card_policy(s, part));
    add_row(t, "sidecars", "%u", v.sidecars);
    add_row(t, "calls, retries", "%llu, %llu", (unsigned long long)v.passed, (unsigned long long)v.retried);
    add_row(t, "to other regions", "%llu", (unsigned long long)v.away);
    add_row(t, "ejections", "%llu", (unsigned long long)v.ejections);
}

static void tell_gate(tip *t, const viz_scene *s, uint16_t part, const sim_gate_view *v)
{
    add_row(t, "decides by", "%s", viz_card_policy(s, part));
    add_row(t, "passed", "%llu", (unsigned long long)v->passed);
    add_row(t, "rejected", "%llu", (unsigned long long)v->refused);
}

static void tell_limiter(tip *t, const viz_scene *s, uint16_t part)
{
    sim_gate_view v = sim_limiter_look(s->world, part);
    tell_gate(t, s, part, &v);
    add_row(t, "wait now", "%u", v.waiting);
}

static void tell_breaker(tip *t, const viz_scene *s, uint16_t part)
{
    sim_gate_view v = sim_breaker_look(s->world, part);
    tell_gate(t, s, part, &v);
    add_row(t, "now", "%s, open %.0f %% of the time", sim_breaker_state_name(v.state), 100 * v.open_share);
}

static const struct { uint16_t kind; void (*tell)(tip *t, const viz_scene *s, uint16_t part); } plain[] = {
    {SIM_PART_workload, tell_workload}, {SIM_PART_broker, tell_broker}, {SIM_PART_autoscaler, tell_autoscaler}, {SIM_PART_cluster, tell_cluster},
    {SIM_PART_network, tell_network}, {SIM_PART_cdn, tell_cdn}, {SIM_PART_balancer, tell_balancer}, {SIM_PART_limiter, tell_limiter},
    {SIM_PART_breaker, tell_breaker}, {SIM_PART_mesh, tell_mesh}, {SIM_PART_faults, tell_faults}};

static const viz_type small = {.size = VIZ_SMALL_SIZE};

// As wide as its widest row, within reason.
static double width_of(viz_pen *pen, const tip *t)
{
    double width = 272;
    for (int i = 0; i < t->count; i++)
        width = fmax(width, viz_text_width(pen, small, t->row[i].left) + viz_text_width(pen, small, t->row[i].right) + 2 * VIZ_PAD + 16);
    return fmin(width, 520);
}

void viz_card_tip(viz_pen *pen, const viz_scene *s, uint32_t card)
{
    const viz_place *c = &s->layout->cards[card];
    const viz_part *p = &s->graph->parts[c->part];
    tip t = {0};
    if (!viz_part_is_plain(p)) {
        viz_state state = viz_card_state(s, card);
        tell_station(&t, &state);
    }
    for (size_t i = 0; i < HR_COUNT(plain); i++)
        if (plain[i].kind == p->kind)
            plain[i].tell(&t, s, c->part);
    char name[80];
    double width = width_of(pen, &t), height = 36 + 18 * t.count, x = s->view->pointer_x + 16, y = s->view->pointer_y + 16;
    x = fmax(8, fmin(x, s->layout->width - width - 8));
    y = fmax(8, fmin(y, s->layout->height - height - 8));
    viz_card(pen, (viz_rect){x, y, width, height}, VIZ_muted);
    viz_text(pen, x + VIZ_PAD, y + 20, (viz_type){.colour = VIZ_strong, .is_strong = true, .width = width - 2 * VIZ_PAD},
             viz_card_name(s, card, name, sizeof name));
    for (int i = 0; i < t.count; i++) {
        double row = y + 40 + 18 * i;
        viz_text(pen, x + VIZ_PAD, row, (viz_type){.size = VIZ_SMALL_SIZE, .colour = VIZ_muted}, t.row[i].left);
        viz_type right = {.size = VIZ_SMALL_SIZE, .colour = VIZ_text, .align = VIZ_RIGHT, .width = width - 2 * VIZ_PAD - viz_text_width(pen, small, t.row[i].left)};
        viz_text(pen, x + width - VIZ_PAD, row, right, t.row[i].right);
    }
}
