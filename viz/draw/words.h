// viz/draw/words.h - lines of text that were laid out once, to be drawn again: laying out costs ten times as much as drawing.
// * For pictures that are drawn many times a second. A pen without one (the usual case) lays out every line anew.
// * Bounded: a line takes the place of another one with the same hash.
#ifndef VIZ_WORDS_H
#define VIZ_WORDS_H

#include <pango/pangocairo.h>

#include "viz/draw/draw.h"

viz_words *viz_words_make(void);
void       viz_words_free(viz_words *words);
// The line as it was laid out, or NULL. Lent until the next viz_words_keep.
PangoLayout *viz_words_find(const viz_words *words, viz_type type, const char *text, double *width);
// Keeps a copy of `layout` for that line, and returns the copy (lent likewise).
PangoLayout *viz_words_keep(viz_words *words, viz_type type, const char *text, PangoLayout *layout, double width);

#endif
