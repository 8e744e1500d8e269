// viz/report/figure.h - the pictures of a comparison: which there are, and drawing each as a card.
// * The rows are figure.def; a picture that would show nothing (no variant has the metric, or all have zero) is left out.
#ifndef VIZ_FIGURE_H
#define VIZ_FIGURE_H

#include "sim/study/study.h"
#include "viz/draw/chart.h"

typedef enum { VIZ_RANGE, VIZ_SHARE, VIZ_BARS, VIZ_SERIES } viz_figure_kind;

typedef struct {
    const char     *id, *title, *unit;
    viz_figure_kind kind;
    int             metric;                    // sim_metric; -1 of a series
    const char     *gauge;                     // of a series
    const char     *help;                      // how to read it, for somebody who has never seen one
} viz_figure;
extern const viz_figure viz_figures[];         // ends with a NULL id

// Whether there is something to see.
bool viz_figure_is_there(const viz_figure *figure, const sim_study *study);
void viz_figure_draw(viz_pen *pen, viz_rect card, const viz_figure *figure, const sim_study *study);

// What broke in replication 0 of the variants, and for how long, by begin: the same of several once; where others have been spared, with their
// names. The caller frees it.
viz_band *viz_bands_of(const sim_study *study, size_t *count);
void      viz_bands_free(viz_band *bands, size_t count);

// One picture for a README or a slide: the title, the sentence, and the four figures that decide most.
enum { VIZ_POSTER_WIDTH = 1000, VIZ_POSTER_HEIGHT = 560 };
void viz_poster_draw(viz_pen *pen, const void *study);

#endif
