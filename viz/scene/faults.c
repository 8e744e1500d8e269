// viz/scene/faults.c - what is broken now and what breaks next, in the words of the scenario: on the card of the faults and in its tip.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/parts/faults.h"
#include "viz/scene/paint.h"

static int by_time(const void *a, const void *b)
{
    const viz_trouble *x = a, *y = b;
    if (x->is_now != y->is_now)
        return x->is_now ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

uint32_t viz_troubles(const viz_scene *s, uint16_t part, viz_trouble **out)
{
    const sim_model *model = s->graph->model;
    const sim_faults_def *d = model->components[part].def;
    viz_trouble *all = hr_alloc(d->count * sizeof *all + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        sim_fault_view v = sim_fault_look(s->world, part, i);
        if (!v.is_under_way && v.begins >= viz_player_end(s->player))
            continue;
        all[count++] = (viz_trouble){v.is_under_way, v.is_under_way ? v.ends : v.begins, sim_fault_text(model, &d->faults[i], v.replica, v.shard)};
    }
    qsort(all, count, sizeof *all, by_time);
    *out = all;
    return count;
}

void viz_troubles_free(viz_trouble *troubles, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free(troubles[i].text);
    free(troubles);
}

const char *viz_trouble_when(const viz_trouble *t, char *out, size_t room)
{
    char at[32] = "";
    if (t->at != HR_FOREVER)
        viz_clock(t->at, t->at % HR_SEC ? 1 : 0, at, sizeof at);
    snprintf(out, room, "%s%s", !t->is_now ? "at " : *at ? "until " : "for good", at);
    return out;
}

// --- the card ---------------------------------------------------------------------------------------------------------

enum { INSIDE = 10, HEAD = 37, LINE = VIZ_TROUBLE_LINE };

// One below the other, each in two lines where it needs them, as far as there is room. Returns how many are left out.
static uint32_t draw_lines(viz_pen *pen, viz_rect r, double bottom, const viz_trouble *all, uint32_t count, bool draws)
{
    double y = r.y + HEAD, width = r.width - 2 * INSIDE;
    for (uint32_t i = 0; i < count; i++) {
        char when[48], line[256];
        snprintf(line, sizeof line, "%s, %s", all[i].text, viz_trouble_when(&all[i], when, sizeof when));
        viz_type type = {.size = VIZ_SMALL_SIZE, .colour = all[i].is_now ? VIZ_critical : VIZ_muted};
        if (y > bottom)
            return count - i;
        int lines = viz_text_width(pen, type, line) > width && y + LINE <= bottom ? 2 : 1;
        type.width = width;
        if (draws)
            viz_paragraph(pen, r.x + INSIDE, y, type, lines, line);
        y += lines * LINE;
    }
    return 0;
}

void viz_faults_draw(viz_pen *pen, const viz_scene *s, const viz_place *c)
{
    viz_trouble *all;
    uint32_t count = viz_troubles(s, c->part, &all), now = 0;
    char text[32];
    while (now < count && all[now].is_now)
        now++;
    viz_type head = {.size = VIZ_SMALL_SIZE, .colour = now ? VIZ_critical : VIZ_muted, .align = VIZ_RIGHT, .is_strong = now > 0};
    snprintf(text, sizeof text, now ? "%u now" : count ? "none now" : "over", now);
    viz_text(pen, c->at.x + c->at.width - INSIDE, c->at.y + 22, head, text);
    if (now)
        viz_card_trouble(pen, c->at);
    double bottom = c->at.y + c->at.height - 8;
    if (draw_lines(pen, c->at, bottom, all, count, false)) {       // the last line tells how many there are besides
        uint32_t left_out = draw_lines(pen, c->at, bottom - LINE, all, count, true);
        snprintf(text, sizeof text, "and %u more", left_out);
        viz_text(pen, c->at.x + INSIDE, bottom, (viz_type){.size = VIZ_SMALL_SIZE, .colour = VIZ_muted}, text);
    } else {
        draw_lines(pen, c->at, bottom, all, count, true);
    }
    viz_troubles_free(all, count);
}
