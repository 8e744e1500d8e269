// viz/draw/strip.h - the words of a chart's events and stretches: in rows of their own above the plot, where no line runs.
// * A word begins at its event, further left where the plot ends before it does, and is cut where it is longer than the plot.
// * Words that would touch stand below each other, in as many rows as there may be; "+2" tells how many found no room.
#ifndef VIZ_STRIP_H
#define VIZ_STRIP_H

#include "viz/draw/chart.h"

enum { VIZ_STRIP_ROW = 14 };
// Rows that the words need, at most `most`; 0: there are none. `x` with its places set.
int  viz_strip_rows(viz_pen *pen, const viz_chart *chart, const viz_scale *x, int most);
// Draws them into `rows` rows, the first of which begins at `top`.
void viz_strip_draw(viz_pen *pen, const viz_chart *chart, const viz_scale *x, int rows, double top);

#endif
