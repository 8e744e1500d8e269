// viz/draw/words.c - see words.h.
#include "viz/draw/words.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 1024 };                          // a power of two; a picture has about 150 lines

typedef struct {
    char        *text;                         // NULL: free
    double       size, room;                   // what the layout depends on; colour and alignment do not matter
    bool         is_strong;
    PangoLayout *layout;
    double       width;
} line;

struct viz_words { line line[ROOM]; };

viz_words *viz_words_make(void) { return hr_alloc(sizeof(viz_words)); }

static void forget(line *l)
{
    if (!l->text)
        return;
    free(l->text);
    g_object_unref(l->layout);
    *l = (line){0};
}

void viz_words_free(viz_words *words)
{
    if (!words)
        return;
    for (int i = 0; i < ROOM; i++)
        forget(&words->line[i]);
    free(words);
}

static uint32_t place(viz_type type, const char *text)
{
    uint32_t h = 2166136261u ^ (uint32_t)(type.size * 64) ^ (uint32_t)(type.width * 64) << 8 ^ (uint32_t)type.is_strong << 4;
    for (; *text; text++)                      // FNV-1a
        h = (h ^ (uint8_t)*text) * 16777619u;
    return (h ^ h >> 16) % ROOM;
}

PangoLayout *viz_words_find(const viz_words *words, viz_type type, const char *text, double *width)
{
    const line *l = &words->line[place(type, text)];
    if (!l->text || l->size != type.size || l->room != type.width || l->is_strong != type.is_strong || strcmp(l->text, text) != 0)
        return NULL;
    *width = l->width;
    return l->layout;
}

PangoLayout *viz_words_keep(viz_words *words, viz_type type, const char *text, PangoLayout *layout, double width)
{
    line *l = &words->line[place(type, text)];
    forget(l);
    *l = (line){hr_strdup(text), type.size, type.width, type.is_strong, pango_layout_copy(layout), width};
    return l->layout;
}
