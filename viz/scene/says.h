// viz/scene/says.h - one sentence that says what is happening, and one that says what to look at.
// * Made from what the watch has seen of late; the first row of the table whose condition holds speaks.
#ifndef VIZ_SAYS_H
#define VIZ_SAYS_H

#include "viz/scene/watch.h"

// From these shares of its capacity on, a station is called busy, nearly full, full.
#define VIZ_BUSY 0.70
#define VIZ_NEARLY 0.85
#define VIZ_FULL 0.995

typedef struct { char what[192], look[320]; } viz_says;
viz_says viz_say(const viz_graph *graph, const sim_world *w, const viz_watch *watch);

// "api-2" for a replica, else the component's name. Returns `out`.
const char *viz_node_name(const viz_graph *graph, uint32_t node, char *out, size_t room);

// Position in the recorder's series of a component's gauge; UINT32_MAX, for which every value is NaN, where its kind has none of that name.
uint32_t viz_gauge(const viz_graph *graph, const sim_world *w, uint16_t part, const char *name);
// The limit of the scenario's objective for that metric (base units) and its text; NaN where there is none.
double viz_objective(const sim_model *model, const char *metric, const char **text);

#endif
