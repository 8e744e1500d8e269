// sim/core/laws.c - see laws.h.
#include "sim/core/laws.h"

#include <inttypes.h>
#include <stdlib.h>

// All books of one component, its stations together.
typedef struct {
    sim_account sum;
    uint64_t sent, answered, dropped;          // to it, by the links
    uint64_t going, coming;                    // of these, on their way to it; answered by it, on their way back
    uint64_t made, made_answered;              // by it, by the links
} books;

static void read_links(const sim_world *w, sim_component_id id, books *b)
{
    for (sim_component_id other = 0; other < w->component_count && w->links; other++) {
        const sim_link *in = sim_link_at(w, other, id), *out = sim_link_at(w, id, other);
        b->sent += in->sent;
        b->going += in->going;
        b->coming += in->coming;
        b->answered += in->answered;
        b->dropped += in->dropped;
        b->made += out->sent;
        b->made_answered += out->answered;
    }
}

static void add_account(sim_account *sum, const sim_account *a)
{
    sum->refused += a->refused;
    sum->left += a->left;
    sum->inside += a->inside;
    sum->sent += a->sent;
    sum->unsent += a->unsent;
    sum->waiting += a->waiting;
    sum->given_up += a->given_up;
    sum->knows_sent |= a->knows_sent;
}

_Noreturn static void broken(const sim_world *w, sim_component_id id, uint32_t station, const char *law, uint64_t left, uint64_t right)
{
    fprintf(stderr, "headroom: bug: '%s' (%s, station %u) breaks a law: %s: %" PRIu64 " against %" PRIu64 "\n", sim_component_name(w, id),
            sim_kind_of(w, id)->name, station, law, left, right);
    sim_world_dump(w, stderr);
    abort();
}

static void check_station(const sim_world *w, sim_component_id id, uint32_t station, const sim_account *a)
{
    uint64_t present = 0, area = 0;
    for (uint32_t i = 0; i < a->levels; i++) {
        const sim_level *l = a->level[i].level;
        sim_area since_reset = sim_level_area(w, l) - l->reset, most = (sim_area)a->level[i].most * (w->now - l->from);
        if (a->level[i].most && (l->level > a->level[i].most || since_reset < 0 || since_reset > most))
            broken(w, id, station, a->level[i].name, (uint64_t)since_reset, (uint64_t)most);
        if (i < a->staying) {
            present += l->level;
            area += (uint64_t)sim_level_area(w, l);
        }
    }
    // L = λW without the division by time. Not on the wall clock, whose time adapters move on.
    uint64_t stays = a->stay ? a->stay->left + present * (uint64_t)w->now - a->stay->came : area;
    if (stays != area && !w->on_wall_clock)
        broken(w, id, station, "Little's law, time under the levels = times of the calls (call ns)", area, stays);
    if (a->taken != a->gone + a->held)
        broken(w, id, station, "messages taken in = gone + held", a->taken, a->gone + a->held);
}

// Adds its calls that are alive to *alive.
static void check_component(const sim_world *w, sim_component_id id, uint64_t *alive)
{
    const sim_kind *kind = sim_kind_of(w, id);
    books b = {0};
    read_links(w, id, &b);
    uint32_t stations = 0;
    for (sim_account a = {0}; kind->account && kind->account(w, id, stations, &a); a = (sim_account){0}) {
        check_station(w, id, stations++, &a);
        add_account(&b.sum, &a);
    }
    *alive += b.sent - b.answered - b.dropped + b.sum.unsent;
    if (stations == 0)
        return;
    const struct { const char *law; uint64_t left, right; bool applies; } laws[] = {
        {"calls handed to it = refused + answered + inside", b.sent - b.going, b.sum.refused + b.sum.left + b.sum.inside, kind->offer != NULL},
        {"answers that came or come back from it = refused + answered", b.answered + b.dropped + b.coming, b.sum.refused + b.sum.left, kind->offer != NULL},
        {"calls that it handed on = calls sent on its links", b.sum.sent, b.made, b.sum.knows_sent},
        {"calls that it made = answers to it + given up + waited for", b.made + b.sum.unsent, b.made_answered + b.sum.given_up + b.sum.waiting,
         b.sum.knows_sent},
    };
    for (size_t i = 0; i < HR_COUNT(laws); i++)
        if (laws[i].applies && laws[i].left != laws[i].right)
            broken(w, id, 0, laws[i].law, laws[i].left, laws[i].right);
}

void sim_laws_check(const sim_world *w)
{
    uint64_t alive = w->parts_live;
    for (sim_component_id id = 0; id < w->component_count; id++)
        check_component(w, id, &alive);
    if (w->component_count && alive != w->calls_live)
        broken(w, 0, 0, "calls under way on all links + parts of handlers = calls alive", alive, w->calls_live);
}

void sim_world_dump(const sim_world *w, FILE *out)
{
    fprintf(out, "  scenario %s, seed %" PRIu64 ", time %.9f s, %" PRIu64 " events run, %u calls alive, version %s\n",
            w->title ? SIM_AT(w, const char, w->title) : "without a name", w->seed, (double)w->now / 1e9, w->events_run, w->calls_live, HEADROOM_VERSION);
    for (sim_component_id id = 0; id < w->component_count; id++) {
        const sim_kind *kind = sim_kind_of(w, id);
        sim_account sum = {0};
        uint32_t stations = 0;
        for (sim_account a = {0}; kind->account && kind->account(w, id, stations, &a); a = (sim_account){0}) {
            add_account(&sum, &a);
            stations++;
        }
        fprintf(out, "  %s (%s, %u stations): refused %" PRIu64 ", answered %" PRIu64 ", inside %" PRIu64, sim_component_name(w, id), kind->name, stations,
                sum.refused, sum.left, sum.inside);
        if (sum.knows_sent)
            fprintf(out, ", made %" PRIu64 ", given up %" PRIu64 ", waits for %" PRIu64, sum.sent, sum.given_up, sum.waiting);
        fputc('\n', out);
        for (sim_component_id to = 0; to < w->component_count && w->links; to++) {
            const sim_link *l = sim_link_at(w, id, to);
            if (l->sent)
                fprintf(out, "    to %s: sent %" PRIu64 ", answered %" PRIu64 ", dropped %" PRIu64 "\n", sim_component_name(w, to), l->sent, l->answered,
                        l->dropped);
        }
    }
}
