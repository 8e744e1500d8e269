// viz/scene/layout.c - see layout.h.
#include "viz/scene/layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/parts/faults.h"

enum { CARD_FULL = 84, CARD_FLAT = 60, CARD_PLAIN = 52, GAP_LEAST = 8, GAP_GOOD = 32, GAP_MOST = 56, WIDTH_LEAST = 120, WIDTH_MOST = 184, PIPE_LEAST = 40,
       PIPE_GOOD = 128, CORNER = 12 };
static const double zoom_most = 1.3;            // where there is room, cards grow, too

typedef struct {                               // how a part is shown
    uint16_t part;
    uint32_t shown, first_card, cards;         // shown: replicas with a card of their own; one card more for the rest
    double   wish;                             // where its callers stand, to keep pipes short
} item;

typedef struct {                               // while a layout is made
    viz_layout *l;
    item   *items;                             // by component
    double  width, height, card_width, card_height;                // of the scene before zooming
    double *column_x;
} plan;

// --- regions --------------------------------------------------------------------------------------------------------

static uint32_t faults_in(const viz_graph *g)
{
    int id = sim_model_find(g->model, "faults");
    return id < 0 ? 0 : ((const sim_faults_def *)g->model->components[id].def)->count;
}

// Faults have their words above a chart: room for two rows of them, where there is any to spare.
static void place_regions(viz_layout *l)
{
    const double side = 20, w = l->width - 2 * side, words = l->height >= 600 && faults_in(l->graph) ? 28 : 0, charts = fmin(216, fmax(112, l->height * 0.2)) + words;
    l->top = (viz_rect){0, 0, l->width, 44};
    l->words = (viz_rect){side, 52, w, 52};
    l->bar = (viz_rect){0, l->height - 56, l->width, 56};
    l->charts = (viz_rect){side, l->bar.y - charts - 12, w, charts};
    l->legend = (viz_rect){side, l->charts.y - 32, w, 24};
    double top = l->words.y + l->words.height + 8;
    l->scene = (viz_rect){side, top, w, fmax(40, l->legend.y - 8 - top)};
}

// --- folding --------------------------------------------------------------------------------------------------------

static uint32_t cards_of(const viz_graph *g, const item *i)
{
    return i->shown == g->parts[i->part].replicas ? i->shown : i->shown + 1;
}

// Of the faults each has two lines, three of them at most.
static double height_of(const plan *p, const viz_part *part)
{
    if (part->kind == SIM_PART_faults)
        return p->card_height == CARD_FULL ? 33 + VIZ_TROUBLE_LINE * 2 * fmin(3, faults_in(p->l->graph)) : CARD_FLAT;
    return viz_part_is_plain(part) ? CARD_PLAIN : p->card_height;
}

static double column_needs(const plan *p, uint32_t column, double gap)
{
    const viz_graph *g = p->l->graph;
    double height = -gap;
    for (uint16_t i = 0; i < g->part_count; i++)
        if (g->parts[i].column == column)
            height += cards_of(g, &p->items[i]) * (height_of(p, &g->parts[i]) + gap);
    return height;
}

static double tallest(const plan *p, double gap)
{
    double height = 0;
    for (uint32_t c = 0; c < p->l->graph->column_count; c++)
        height = fmax(height, column_needs(p, c, gap));
    return height;
}

// The part of the column that takes the most cards and can do with fewer, or NULL.
static item *most_cards(const plan *p, uint32_t column)
{
    const viz_graph *g = p->l->graph;
    item *most = NULL;
    for (uint16_t i = 0; i < g->part_count; i++)
        if (g->parts[i].column == column && cards_of(g, &p->items[i]) > 1 && (!most || cards_of(g, &p->items[i]) > cards_of(g, most)))
            most = &p->items[i];
    return most;
}

static void fold_column(plan *p, uint32_t column)
{
    const viz_graph *g = p->l->graph;
    for (item *most; column_needs(p, column, GAP_LEAST) > p->height && (most = most_cards(p, column));) {
        bool is_whole = most->shown == g->parts[most->part].replicas;
        double spare = p->height - column_needs(p, column, GAP_LEAST) + cards_of(g, most) * (p->card_height + GAP_LEAST);
        double room = floor(spare / (p->card_height + GAP_LEAST));         // for this part, if the others stay
        uint32_t least = is_whole ? 2 : 1;
        uint32_t most_shown = most->shown - least;
        most->shown = room >= 2 && (uint32_t)room - 1 < most_shown ? (uint32_t)room - 1 : most_shown;
    }
}

// Cards as large as they may be if everything fits so; else flat ones; else replicas are folded; else all of it shrinks.
static void plan_size(plan *p)
{
    viz_layout *l = p->l;
    double columns = l->graph->column_count, width = l->scene.width, height = l->scene.height;
    p->card_height = CARD_FULL;
    l->zoom = fmin(zoom_most, fmin(width / (columns * WIDTH_MOST + (columns - 1) * PIPE_GOOD), height / tallest(p, GAP_GOOD)));
    if (l->zoom < 1) {
        p->height = height;
        if (tallest(p, GAP_LEAST) > height)
            p->card_height = CARD_FLAT;
        for (uint32_t c = 0; c < l->graph->column_count; c++)
            fold_column(p, c);
        l->zoom = fmin(1, fmin(width / (columns * WIDTH_LEAST + (columns - 1) * PIPE_LEAST), height / tallest(p, GAP_LEAST)));
    }
    p->width = width / l->zoom;
    p->height = height / l->zoom;
    p->card_width = fmin(WIDTH_MOST, fmax(WIDTH_LEAST, (p->width - (columns - 1) * 64) / columns));
    for (uint32_t c = 0; c < l->graph->column_count; c++)
        p->column_x[c] = c * (p->width - p->card_width) / (columns - 1);
}

// --- cards ----------------------------------------------------------------------------------------------------------

static double middle(viz_rect r) { return r.y + r.height / 2; }

static int by_wish(const void *a, const void *b)
{
    const item *x = *(item *const *)a, *y = *(item *const *)b;
    if (x->wish != y->wish)
        return x->wish < y->wish ? -1 : 1;
    return (x->part > y->part) - (x->part < y->part);
}

// The mean height of the cards that call a part; those that nobody calls stand in the order of the file, unused ones last.
static double wish_of(const plan *p, uint16_t part)
{
    const viz_graph *g = p->l->graph;
    double sum = 0;
    uint32_t n = 0;
    for (uint16_t i = 0; i < g->link_count; i++)
        if (g->links[i].to == part && g->parts[g->links[i].from].is_used) {
            const item *from = &p->items[g->links[i].from];
            for (uint32_t c = 0; c < from->cards; c++, n++)
                sum += middle(p->l->cards[from->first_card + c].at);
        }
    return n ? sum / n : g->parts[part].is_used ? 0 : INFINITY;
}

static double place_part(plan *p, item *i, double y, double gap)
{
    viz_layout *l = p->l;
    const viz_part *part = &l->graph->parts[i->part];
    i->first_card = l->card_count;
    i->cards = cards_of(l->graph, i);
    for (uint32_t c = 0; c < i->cards; c++) {
        double height = height_of(p, part);
        bool is_rest = c == i->shown;
        l->cards[l->card_count] = (viz_place){{p->column_x[part->column], y, p->card_width, height}, i->part, part->first_node + c,
                                              is_rest ? part->replicas - c : 1};
        for (uint32_t n = 0; n < l->cards[l->card_count].node_count; n++)
            l->card_of_node[part->first_node + c + n] = l->card_count;
        l->card_count++;
        y += height + gap;
    }
    return y;
}

static void place_column(plan *p, uint32_t column, item **order)
{
    const viz_graph *g = p->l->graph;
    size_t n = 0;
    uint32_t cards = 0;
    for (uint16_t i = 0; i < g->part_count; i++)
        if (g->parts[i].column == column) {
            p->items[i].wish = wish_of(p, i);
            cards += cards_of(g, &p->items[i]);
            order[n++] = &p->items[i];
        }
    qsort(order, n, sizeof *order, by_wish);
    double bare = column_needs(p, column, 0);
    double gap = cards > 1 ? fmin(GAP_MOST, fmax(GAP_LEAST, (p->height - bare) / cards)) : 0;
    double y = (p->height - bare - (cards - 1) * gap) / 2;
    for (size_t i = 0; i < n; i++)
        y = place_part(p, order[i], y, gap);
}

// --- routes ---------------------------------------------------------------------------------------------------------

// Is the height free of cards in all columns between `from` and `to`?
static bool is_free(const viz_layout *l, uint32_t from, uint32_t to, double y)
{
    for (uint32_t c = 0; c < l->card_count; c++) {
        const viz_part *part = &l->graph->parts[l->cards[c].part];
        if (part->column > from && part->column < to && y > l->cards[c].at.y - 12 && y < l->cards[c].at.y + l->cards[c].at.height + 12)
            return false;
    }
    return true;
}

// A height at which a pipe passes the columns in between: the wanted one, or the nearest beside a card that is in the way.
static double lane(const viz_layout *l, uint32_t from, uint32_t to, double wanted)
{
    if (is_free(l, from, to, wanted))
        return wanted;
    double best = NAN;
    for (uint32_t c = 0; c < l->card_count; c++) {
        uint32_t column = l->graph->parts[l->cards[c].part].column;
        double beside[] = {l->cards[c].at.y - 12, l->cards[c].at.y + l->cards[c].at.height + 12};
        for (int i = 0; i < 2 && column > from && column < to; i++)
            if (is_free(l, from, to, beside[i]) && (isnan(best) || fabs(beside[i] - wanted) < fabs(best - wanted)))
                best = beside[i];
    }
    return isnan(best) ? wanted : best;        // packed to the brim: behind the cards
}

static void add_point(viz_route *r, double x, double y)
{
    if (r->count && r->point[r->count - 1].x == x && r->point[r->count - 1].y == y)
        return;
    r->point[r->count] = (viz_point){x, y};
    if (r->count)
        r->length += hypot(x - r->point[r->count - 1].x, y - r->point[r->count - 1].y);
    r->along[r->count++] = r->length;
}

// A quarter turn at `corner`, coming from `before` and going to `after` along the axes.
static void add_corner(viz_route *r, viz_point before, viz_point corner, viz_point after)
{
    double in = hypot(corner.x - before.x, corner.y - before.y), out = hypot(after.x - corner.x, after.y - corner.y);
    if (in < 0.5 || out < 0.5)
        return;
    double radius = fmin(CORNER, fmin(in, out) / 2);
    viz_point u = {(corner.x - before.x) / in, (corner.y - before.y) / in}, v = {(after.x - corner.x) / out, (after.y - corner.y) / out};
    for (int i = 0; i <= 5; i++) {
        double t = i * M_PI / 10, a = radius * (1 - sin(t)), b = radius * (1 - cos(t));
        add_point(r, corner.x - u.x * a + v.x * b, corner.y - u.y * a + v.y * b);
    }
}

static void place_route(const plan *p, viz_route *r)
{
    viz_layout *l = p->l;
    const viz_place *from = &l->cards[r->from], *to = &l->cards[r->to];
    uint32_t a = l->graph->parts[from->part].column, b = l->graph->parts[to->part].column;
    double x1 = from->at.x + from->at.width, x2 = to->at.x, y1 = middle(from->at), y2 = middle(to->at);
    double pipe = p->column_x[a + 1] - x1, bus1 = x1 + pipe / 2, bus2 = x2 - pipe / 2, y = b > a + 1 ? lane(l, a, b, y2) : y2;
    viz_point way[] = {{x1, y1}, {bus1, y1}, {bus1, y}, {bus2, y}, {bus2, y2}, {x2, y2}};
    add_point(r, x1, y1);
    if (b == a + 1) {
        add_corner(r, way[0], way[1], way[4]);
        add_corner(r, way[1], way[4], way[5]);
    } else {
        for (int i = 1; i < 5; i++)
            add_corner(r, way[i - 1], way[i], way[i + 1]);
    }
    add_point(r, x2, y2);
}

static void place_routes(plan *p)
{
    viz_layout *l = p->l;
    const viz_graph *g = l->graph;
    for (uint16_t i = 0; i < g->link_count; i++) {
        const item *from = &p->items[g->links[i].from], *to = &p->items[g->links[i].to];
        uint32_t first = l->route_count;
        for (uint32_t a = 0; a < from->cards; a++)
            for (uint32_t b = 0; b < to->cards; b++) {
                viz_route *r = &l->routes[l->route_count++];
                *r = (viz_route){.from = from->first_card + a, .to = to->first_card + b};
                if (g->parts[from->part].is_used)      // what cannot be reached calls nobody
                    place_route(p, r);
            }
        uint32_t pipe = g->links[i].first_pipe;
        for (uint32_t a = 0; a < g->parts[from->part].replicas; a++)
            for (uint32_t b = 0; b < g->parts[to->part].replicas; b++, pipe++) {
                uint32_t card_a = l->card_of_node[g->parts[from->part].first_node + a] - from->first_card;
                uint32_t card_b = l->card_of_node[g->parts[to->part].first_node + b] - to->first_card;
                l->route_of_pipe[pipe] = first + card_a * to->cards + card_b;
            }
    }
}

// --- all of it ------------------------------------------------------------------------------------------------------

viz_layout *viz_layout_make(const viz_graph *g, double width, double height)
{
    viz_layout *l = hr_alloc(sizeof *l);
    l->graph = g;
    l->width = width;
    l->height = height;
    place_regions(l);
    plan p = {.l = l, .items = hr_alloc(g->part_count * sizeof(item)), .column_x = hr_alloc(g->column_count * sizeof(double))};
    for (uint16_t i = 0; i < g->part_count; i++)
        p.items[i] = (item){.part = i, .shown = g->parts[i].replicas};
    plan_size(&p);
    uint32_t cards = 0, routes = 0;
    for (uint16_t i = 0; i < g->part_count; i++)
        cards += cards_of(g, &p.items[i]);
    for (uint16_t i = 0; i < g->link_count; i++)
        routes += cards_of(g, &p.items[g->links[i].from]) * cards_of(g, &p.items[g->links[i].to]);
    l->cards = hr_alloc(cards * sizeof *l->cards);
    l->routes = hr_alloc((routes + 1) * sizeof *l->routes);
    l->card_of_node = hr_alloc(g->node_count * sizeof *l->card_of_node);
    l->route_of_pipe = hr_alloc((g->pipe_count + 1) * sizeof *l->route_of_pipe);
    item **order = hr_alloc(g->part_count * sizeof *order);
    for (uint32_t c = 0; c < g->column_count; c++)
        place_column(&p, c, order);
    place_routes(&p);
    free(order);
    free(p.items);
    free(p.column_x);
    return l;
}

void viz_layout_free(viz_layout *l)
{
    if (!l)
        return;
    free(l->cards);
    free(l->routes);
    free(l->card_of_node);
    free(l->route_of_pipe);
    free(l);
}

viz_point viz_layout_to_scene(const viz_layout *l, double x, double y)
{
    return (viz_point){(x - l->scene.x) / l->zoom, (y - l->scene.y) / l->zoom};
}

uint32_t viz_layout_card_at(const viz_layout *l, viz_point at)
{
    for (uint32_t c = 0; c < l->card_count; c++) {
        viz_rect r = l->cards[c].at;
        if (at.x >= r.x && at.x < r.x + r.width && at.y >= r.y && at.y < r.y + r.height)
            return c;
    }
    return UINT32_MAX;
}

viz_point viz_route_at(const viz_route *r, double way, double aside)
{
    double at = way * r->length;
    uint32_t i = 1;
    while (i + 1 < r->count && r->along[i] < at)
        i++;
    viz_point a = r->point[i - 1], b = r->point[i];
    double piece = r->along[i] - r->along[i - 1], t = (at - r->along[i - 1]) / piece;
    double dx = (b.x - a.x) / piece, dy = (b.y - a.y) / piece;
    return (viz_point){a.x + (b.x - a.x) * t - dy * aside, a.y + (b.y - a.y) * t + dx * aside};
}
