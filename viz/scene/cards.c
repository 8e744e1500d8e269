// viz/scene/cards.c - the cards: icon, name, utilisation as number and bar, queue as slots, one line of detail.
// Trouble is told four times: by border, icon, word and number, never by colour alone.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/parts/mesh.h"
#include "sim/parts/network.h"
#include "sim/policy/balance/balance.h"
#include "viz/scene/paint.h"

enum { FULL_HEIGHT = 80, INSIDE = 10, SLOT_STEP = 7 };        // at least this high: there is a line of detail

static const struct { double from; const char *word; viz_colour colour; double thickness; } grades[] = {
    {VIZ_FULL, "full", VIZ_critical, 6}, {VIZ_NEARLY, "nearly full", VIZ_critical, 6}, {VIZ_BUSY, "busy", VIZ_busy, 5}, {0, "", VIZ_muted, 4}};

static size_t grade_of(double utilisation)
{
    size_t i = 0;
    while (i + 1 < HR_COUNT(grades) && !(utilisation >= grades[i].from))
        i++;
    return i;
}

static bool is_station(const viz_part *p) { return !viz_part_is_plain(p); }
// Its name stands on top, for there is more below than a line.
static bool is_tall(const viz_part *p) { return is_station(p) || p->kind == SIM_PART_faults; }

const char *viz_card_name(const viz_scene *s, uint32_t card, char *out, size_t room)
{
    const viz_place *c = &s->layout->cards[card];
    const viz_part *p = &s->graph->parts[c->part];
    if (c->node_count == 1)
        return viz_node_name(s->graph, c->first_node, out, room);
    if (c->node_count == p->replicas)
        snprintf(out, room, "%s × %u", p->name, c->node_count);
    else
        snprintf(out, room, "%s + %u", p->name, c->node_count);
    return out;
}

viz_state viz_card_state(const viz_scene *s, uint32_t card)
{
    const viz_place *c = &s->layout->cards[card];
    viz_state sum = {0};
    double hit_ratio = 0, looked_up = 0, utilisation = 0;
    for (uint32_t i = 0; i < c->node_count; i++) {
        sim_station_view v = viz_station_look(s->graph, s->world, c->first_node + i);
        viz_recent r = viz_watch_recent(s->watch, c->first_node + i);
        sim_station_add(&sum.view, &v);
        utilisation += v.utilisation / c->node_count;
        sum.recent.utilisation += r.utilisation / c->node_count;
        sum.recent.calls_per_s += r.calls_per_s;
        sum.recent.rejects_per_s += r.rejects_per_s;
        if (isfinite(r.hit_ratio)) {
            hit_ratio += r.hit_ratio;
            looked_up++;
        }
    }
    sum.view.utilisation = utilisation;
    sum.recent.hit_ratio = looked_up > 0 ? hit_ratio / looked_up : NAN;
    return sum;
}

// --- still ----------------------------------------------------------------------------------------------------------

static viz_icon icon_of(const viz_part *p)
{
    switch (p->kind) {
    case SIM_PART_workload: return VIZ_ICON_PEOPLE;
    case SIM_PART_balancer: case SIM_PART_mesh: return VIZ_ICON_BALANCER;
    case SIM_PART_limiter: return VIZ_ICON_LIMITER;
    case SIM_PART_breaker: return VIZ_ICON_BREAKER;
    case SIM_PART_cache: case SIM_PART_cdn: return VIZ_ICON_CACHE;
    case SIM_PART_database: return VIZ_ICON_DATABASE;
    case SIM_PART_broker: return VIZ_ICON_BROKER;
    case SIM_PART_faults: return VIZ_ICON_WARNING;
    default: return VIZ_ICON_SERVICE;
    }
}

sim_replicas_view viz_card_replicas(const viz_scene *s, uint16_t autoscaler)
{
    return sim_service_present(s->world, ((const sim_autoscaler_def *)s->graph->model->components[autoscaler].def)->target);
}

const char *viz_card_policy(const viz_scene *s, uint16_t part)
{
    const void *def = s->graph->model->components[part].def;
    switch (s->graph->parts[part].kind) {
    case SIM_PART_balancer: return sim_balancers[((const sim_balancer_def *)def)->policy.row]->name;
    case SIM_PART_mesh: return sim_balancers[((const sim_mesh_def *)def)->policy.row]->name;
    case SIM_PART_limiter: return sim_limiters[((const sim_limiter_def *)def)->policy]->name;
    case SIM_PART_breaker: return sim_breaker_rows[((const sim_breaker_part_def *)def)->policy]->name;
    case SIM_PART_autoscaler: return sim_scalers[((const sim_autoscaler_def *)def)->policy]->name;
    default: return NULL;
    }
}

static void draw_unused(viz_pen *pen, viz_rect r)
{
    const double dash[] = {4, 3};
    viz_round_rect(pen, viz_inset(r, 0.5), VIZ_RADIUS);
    viz_ink(pen, VIZ_muted, 1);
    cairo_set_line_width(pen->cr, 1);
    cairo_set_dash(pen->cr, dash, 2, 0);
    cairo_stroke(pen->cr);
    cairo_set_dash(pen->cr, NULL, 0, 0);
}

static void draw_still(viz_pen *pen, const viz_scene *s, uint32_t card)
{
    const viz_place *c = &s->layout->cards[card];
    const viz_part *p = &s->graph->parts[c->part];
    viz_rect r = c->at;
    if (p->is_used)
        viz_card(pen, r, VIZ_border);
    else
        draw_unused(pen, r);
    char name[80];
    double y = is_tall(p) ? r.y + 17 : r.y + r.height / 2, beside = is_tall(p) && p->is_used ? 46 : 0;
    viz_icon_draw(pen, icon_of(p), VIZ_muted, r.x + 20, y);
    viz_type type = {.colour = p->is_used ? VIZ_strong : VIZ_muted, .is_strong = p->is_used, .width = r.width - 36 - INSIDE - beside};
    viz_text(pen, r.x + 36, is_tall(p) ? y + 5 : y - 2, type, viz_card_name(s, card, name, sizeof name));
    viz_type small = {.size = VIZ_SMALL_SIZE, .colour = VIZ_muted, .width = r.width - 2 * INSIDE};
    if (!p->is_used)
        viz_text(pen, r.x + INSIDE, r.y + 44, small, "not asked in this variant");
    small.width = r.width - 36 - INSIDE;
    if (viz_card_policy(s, c->part) && p->kind != SIM_PART_autoscaler && p->is_used)
        viz_text(pen, r.x + 36, y + 15, small, viz_card_policy(s, c->part));
}

void viz_cards_still(viz_pen *pen, const viz_scene *s)
{
    for (uint32_t c = 0; c < s->layout->card_count; c++)
        draw_still(pen, s, c);
}

// --- now ------------------------------------------------------------------------------------------------------------

static void fill_rect(viz_pen *pen, viz_rect r, viz_colour colour, double radius)
{
    if (r.width <= 0)
        return;
    if (radius > 0)
        viz_round_rect(pen, r, radius);
    else
        cairo_rectangle(pen->cr, r.x, r.y, r.width, r.height);
    viz_ink(pen, colour, 1);
    cairo_fill(pen->cr);
}

// Utilisation: the thresholds are marked on the bar, and the bar grows thicker behind them.
static void draw_bar(viz_pen *pen, viz_rect r, double utilisation, size_t grade)
{
    double thick = grades[grade].thickness, left = r.x + INSIDE, width = r.width - 2 * INSIDE, y = r.y + 34;
    fill_rect(pen, (viz_rect){left, y - 2, width, 4}, VIZ_border, 2);
    fill_rect(pen, (viz_rect){left, y - thick / 2, width * fmin(1, utilisation), thick}, grades[grade].colour, thick / 2);
    viz_hairline(pen, left + width * VIZ_BUSY, y - 4, left + width * VIZ_BUSY, y + 4, VIZ_muted, 0);
    viz_hairline(pen, left + width * VIZ_NEARLY, y - 4, left + width * VIZ_NEARLY, y + 4, VIZ_muted, 0);
}

static void add_slots(viz_pen *pen, double x, double y, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        cairo_rectangle(pen->cr, x + i * SLOT_STEP, y, SLOT_STEP - 2, 7);
}

// The waiting places: as many as there is room for, each for one call; the number tells all that wait. `word`: said in their place.
static void draw_queue(viz_pen *pen, viz_rect r, const sim_station_view *v, const char *word, viz_colour colour)
{
    bool is_full = v->queue_limit && v->queued >= v->queue_limit;
    double x = r.x + INSIDE, y = r.y + 45, fit = *word ? 0 : fmax(0, floor((r.width - 2 * INSIDE - 52) / SLOT_STEP));
    uint32_t slots = v->queue_limit < fit ? v->queue_limit : (uint32_t)fit;
    add_slots(pen, x, y, slots);
    viz_ink(pen, VIZ_border, 1);
    cairo_fill(pen->cr);
    add_slots(pen, x, y, v->queued < slots ? v->queued : slots);
    viz_ink(pen, is_full ? VIZ_critical : VIZ_accent, 1);
    cairo_fill(pen->cr);
    char text[32] = "no queue";
    if (v->queue_limit)
        snprintf(text, sizeof text, "q %u", v->queued);
    viz_text(pen, r.x + r.width - INSIDE, y + 8,
             (viz_type){.size = VIZ_SMALL_SIZE, .colour = is_full ? VIZ_critical : VIZ_muted, .align = VIZ_RIGHT, .is_strong = is_full}, text);
    viz_text(pen, x, y + 8, (viz_type){.size = VIZ_SMALL_SIZE, .colour = colour, .is_strong = true, .width = r.width - 2 * INSIDE - 52}, word);
}

static void say_detail(const viz_scene *s, uint32_t card, const viz_state *state, char *out, size_t room)
{
    const viz_place *c = &s->layout->cards[card];
    const sim_station_view *v = &state->view;
    const char *rest = c->node_count > 1 ? " together" : "";
    if (s->graph->parts[c->part].kind == SIM_PART_cache && isfinite(state->recent.hit_ratio))
        snprintf(out, room, "%.0f %% hits, %u keys", state->recent.hit_ratio * 100, v->entries);
    else if (s->graph->parts[c->part].kind == SIM_PART_cache)
        snprintf(out, room, "%u keys", v->entries);
    else if (isfinite(state->recent.hit_ratio))
        snprintf(out, room, "%u of %u busy, %.0f %% hits%s", v->busy, v->capacity, state->recent.hit_ratio * 100, rest);
    else
        snprintf(out, room, "%u of %u %s%s", v->busy, v->capacity,
                 s->graph->parts[c->part].kind == SIM_PART_database ? "connections busy" : "workers busy", rest);
}

// Why the one replica of a card gets no calls, or NULL.
static const char *phase_of(const viz_scene *s, uint32_t card)
{
    const viz_place *c = &s->layout->cards[card];
    const viz_part *p = &s->graph->parts[c->part];
    bool is_one = p->kind == SIM_PART_service && c->node_count == 1;
    return is_one ? sim_service_phase(s->world, c->part, c->first_node - p->first_node) : NULL;
}

void viz_card_trouble(viz_pen *pen, viz_rect r)
{
    viz_round_rect(pen, viz_inset(r, 0.75), VIZ_RADIUS);
    viz_ink(pen, VIZ_critical, 1);
    cairo_set_line_width(pen->cr, 1.5);
    cairo_stroke(pen->cr);
    fill_rect(pen, (viz_rect){r.x + 11, r.y + 8, 18, 18}, VIZ_panel, 0);
    viz_icon_draw(pen, VIZ_ICON_WARNING, VIZ_critical, r.x + 20, r.y + 17);
}

static void draw_station(viz_pen *pen, const viz_scene *s, uint32_t card)
{
    viz_rect r = s->layout->cards[card].at;
    viz_state state = viz_card_state(s, card);
    double u = state.recent.utilisation;
    size_t grade = grade_of(u);
    bool is_trouble = u >= VIZ_NEARLY || (state.view.queue_limit && state.view.queued >= state.view.queue_limit);
    bool has_detail = r.height >= FULL_HEIGHT;
    if (is_trouble)
        viz_card_trouble(pen, r);
    char text[96];
    snprintf(text, sizeof text, "%.0f %%", u * 100);
    if (phase_of(s, card))                     // it says so in this place
        *text = 0;
    viz_colour number = grades[grade].colour == VIZ_muted ? VIZ_text : grades[grade].colour;
    viz_text(pen, r.x + r.width - INSIDE, r.y + 22, (viz_type){.colour = number, .align = VIZ_RIGHT, .is_strong = is_trouble}, text);
    draw_bar(pen, r, u, grade);
    draw_queue(pen, r, &state.view, has_detail ? "" : grades[grade].word, grades[grade].colour);
    if (!has_detail)
        return;
    double left = r.x + INSIDE, width = r.width - 2 * INSIDE;
    viz_type small = {.size = VIZ_SMALL_SIZE, .colour = grades[grade].colour, .is_strong = true, .align = VIZ_RIGHT};
    double word = *grades[grade].word ? viz_text(pen, left + width, r.y + 73, small, grades[grade].word) + 8 : 0;
    say_detail(s, card, &state, text, sizeof text);
    viz_text(pen, left, r.y + 73, (viz_type){.size = VIZ_SMALL_SIZE, .colour = VIZ_muted, .width = width - word}, text);
}

// --- one line of what is not drawn as a station: returns whether it is more than usual ------------------------------------------

static bool say_workload(const viz_scene *s, const viz_place *c, char *out, size_t room)
{
    char number[32];
    viz_load load = viz_watch_load_of(s->watch, c->part);
    snprintf(out, room, "%s %s/s", viz_number(load.offered_per_s, 0, number, sizeof number), s->graph->parts[c->part].writes ? "writes" : "requests");
    return false;
}

static bool say_autoscaler(const viz_scene *s, const viz_place *c, char *out, size_t room)
{
    sim_replicas_view v = viz_card_replicas(s, c->part);
    snprintf(out, room, "%u of %u ready", v.ready, v.wanted);
    return v.ready < v.wanted;
}

static bool say_cluster(const viz_scene *s, const viz_place *c, char *out, size_t room)
{
    sim_cluster_view v = sim_cluster_look(s->world, c->part);
    snprintf(out, room, "%u nodes, %u pending", v.up, v.pending);
    return v.pending > 0;
}

static bool say_broker(const viz_scene *s, const viz_place *c, char *out, size_t room)
{
    sim_station_view v = sim_broker_look(s->world, c->part);
    snprintf(out, room, "%u ready, %u unacked", v.queued, v.unacked);
    return false;
}

static bool say_cdn(const viz_scene *s, const viz_place *c, char *out, size_t room)
{
    viz_recent recent = viz_watch_recent(s->watch, c->first_node);
    if (isfinite(recent.hit_ratio))
        snprintf(out, room, "%.0f %% hits", recent.hit_ratio * 100);
    return false;
}

static bool say_network(const viz_scene *s, const viz_place *c, char *out, size_t room)
{
    (void)c;
    snprintf(out, room, "%.1f MiB crossed", (double)sim_network_crossed(s->world) / (1 << 20));
    return false;
}

static const struct { uint16_t kind; bool (*say)(const viz_scene *s, const viz_place *c, char *out, size_t room); } lines[] = {
    {SIM_PART_workload, say_workload}, {SIM_PART_autoscaler, say_autoscaler}, {SIM_PART_cluster, say_cluster}, {SIM_PART_broker, say_broker},
    {SIM_PART_cdn, say_cdn}, {SIM_PART_network, say_network}};

static void draw_line(viz_pen *pen, const viz_scene *s, const viz_place *c)
{
    char text[64] = "";
    bool unusual = false;
    for (size_t i = 0; i < HR_COUNT(lines); i++)
        if (lines[i].kind == s->graph->parts[c->part].kind)
            unusual = lines[i].say(s, c, text, sizeof text);
    viz_type small = {.size = VIZ_SMALL_SIZE, .colour = unusual ? VIZ_busy : VIZ_muted, .width = c->at.width - 36 - INSIDE};
    viz_text(pen, c->at.x + 36, c->at.y + c->at.height / 2 + 15, small, text);
}

// Of a folded card: whether all of its replicas are gone.
static bool is_gone(const viz_scene *s, const viz_place *c)
{
    const viz_part *p = &s->graph->parts[c->part];
    bool gone = p->kind == SIM_PART_service;
    for (uint32_t i = 0; i < c->node_count && gone; i++) {
        const char *phase = sim_service_phase(s->world, c->part, c->first_node + i - p->first_node);
        gone = phase && strcmp(phase, "gone") == 0;
    }
    return gone;
}

// A replica that gets no calls says why; one that is not there has nothing else to say.
static void draw_replicas(viz_pen *pen, const viz_scene *s, uint32_t card)
{
    const viz_place *c = &s->layout->cards[card];
    bool gone = is_gone(s, c);
    const char *phase = gone ? "gone" : phase_of(s, card);
    if (phase)
        viz_text(pen, c->at.x + c->at.width - INSIDE, c->at.y + 22, (viz_type){.size = VIZ_SMALL_SIZE, .colour = VIZ_muted, .align = VIZ_RIGHT}, phase);
    if (!gone)
        draw_station(pen, s, card);
}

void viz_cards_now(viz_pen *pen, const viz_scene *s)
{
    for (uint32_t c = 0; c < s->layout->card_count; c++) {
        const viz_part *p = &s->graph->parts[s->layout->cards[c].part];
        if (is_station(p) && p->is_used)
            draw_replicas(pen, s, c);
        else if (p->kind == SIM_PART_faults)
            viz_faults_draw(pen, s, &s->layout->cards[c]);
        else if (p->is_used || p->kind == SIM_PART_workload)
            draw_line(pen, s, &s->layout->cards[c]);
    }
}

// The card that the pointer is on.
void viz_card_select(viz_pen *pen, const viz_scene *s, uint32_t card)
{
    viz_round_rect(pen, viz_inset(s->layout->cards[card].at, -1), VIZ_RADIUS + 1);
    viz_ink(pen, VIZ_accent, 1);
    cairo_set_line_width(pen->cr, 2);
    cairo_stroke(pen->cr);
}
