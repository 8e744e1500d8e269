// viz/scene/layout.h - where everything stands: regions of the picture, cards of nodes, routes of pipes between them.
// * A pure function of the graph and the size: no state, no drawing.
// * Columns go from left to right in call order. Replicas that do not fit are folded into one card, which stands for all of them;
//   what still does not fit is shrunk as a whole (`zoom` < 1). Where there is room to spare, all of it grows.
// * Cards, routes and their points are in units of the scene; viz_layout_to_scene takes a place of the picture there.
#ifndef VIZ_LAYOUT_H
#define VIZ_LAYOUT_H

#include "viz/draw/draw.h"
#include "viz/scene/graph.h"

enum { VIZ_TROUBLE_LINE = 15 };                // of the card of the faults, which has up to five
typedef struct {
    viz_rect at;
    uint16_t part;
    uint32_t first_node, node_count;           // more than one: a folded card
} viz_place;

enum { VIZ_ROUTE_POINTS = 40 };
typedef struct { double x, y; } viz_point;
typedef struct {                               // the middle of a pipe, as short straight pieces
    uint32_t  from, to;                        // cards
    uint32_t  count;
    double    length;
    viz_point point[VIZ_ROUTE_POINTS];
    double    along[VIZ_ROUTE_POINTS];         // way from the start to each point
} viz_route;

typedef struct viz_layout {
    const viz_graph *graph;
    double     width, height;
    viz_rect   top, words, scene, legend, charts, bar;             // regions of the picture
    double     zoom;                           // units of the picture by unit of the scene
    viz_place *cards;
    viz_route *routes;                         // links in order, each card by card
    uint32_t   card_count, route_count;
    uint32_t  *card_of_node, *route_of_pipe;
} viz_layout;

viz_layout *viz_layout_make(const viz_graph *graph, double width, double height);
void        viz_layout_free(viz_layout *layout);
viz_point   viz_layout_to_scene(const viz_layout *layout, double x, double y);
// The card at a place of the scene, or UINT32_MAX.
uint32_t    viz_layout_card_at(const viz_layout *layout, viz_point place);
// The place at `way` (0 … 1) along the route, `aside` units to the right of the direction of its points.
viz_point   viz_route_at(const viz_route *route, double way, double aside);

#endif
