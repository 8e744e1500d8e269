// viz/scene/player.c - see player.h.
#include "viz/scene/player.h"

#include <stdlib.h>
#include <string.h>

#include "sim/study/study.h"

enum { MARKS = 128 };                          // at first, spread evenly over the run

const viz_speed viz_speeds[] = {
    {1e-3, "1/1000"}, {2e-3, "1/500"}, {5e-3, "1/200"}, {1e-2, "1/100"}, {2e-2, "1/50"}, {5e-2, "1/20"}, {0.1, "1/10"}, {0.2, "1/5"},
    {0.5, "1/2"}, {1, "1"}, {2, "2"}, {5, "5"}, {10, "10"}, {20, "20"}, {50, "50"}, {100, "100"}, {0, "max"}};
const uint32_t viz_speed_count = HR_COUNT(viz_speeds);

uint32_t viz_speed_find(const char *text)
{
    for (uint32_t i = 0; i < viz_speed_count; i++)
        if (strcmp(viz_speeds[i].name, text) == 0)
            return i;
    return UINT32_MAX;
}

typedef struct {                               // a world and who watches it: the shown one, and one that runs ahead
    sim_world *world;
    viz_watch *watch;
} track;

typedef struct {                               // everything at one time, to come back to
    sim_checkpoint world;
    void  *watch;
    size_t bytes;
} mark;

struct viz_player {
    const sim_model *model;
    viz_graph *graph;
    uint64_t   seed;
    hr_time    end, target;
    track      shown, ahead;                   // ahead.world: NULL until the first scouting
    mark      *marks;                          // [i]: of time i * mark_step; the ones not laid yet have no bytes
    uint32_t   mark_count;
    hr_time    mark_step;                      // a whole number of grid steps
    size_t     mark_bytes, mark_bytes_most;
};

// --- tracks ---------------------------------------------------------------------------------------------------------

static track track_begin(const viz_player *p)
{
    track t = {sim_model_build(p->model, sim_study_seed(p->seed, 0)), viz_watch_make(p->graph)};
    t.world->arrivals_end = t.world->window_to = p->end;
    viz_watch_join(t.watch, t.world);
    sim_world_start(t.world, sim_model_grid(p->model));
    return t;
}

static void track_end(track *t)
{
    sim_world_free(t->world);
    viz_watch_free(t->watch);
    *t = (track){0};
}

static void forget_mark(viz_player *p, mark *m)
{
    p->mark_bytes -= m->bytes;
    free(m->world.bytes);
    free(m->watch);
    *m = (mark){0};
}

// Every other mark goes; the others stand twice as far apart.
static void thin_marks(viz_player *p)
{
    for (uint32_t i = 0; i < p->mark_count; i++) {
        if (i % 2) {
            forget_mark(p, &p->marks[i]);
        } else if (i) {
            p->marks[i / 2] = p->marks[i];
            p->marks[i] = (mark){0};
        }
    }
    p->mark_count = (p->mark_count + 1) / 2;
    p->mark_step *= 2;
}

static void keep_limit(viz_player *p)
{
    while (p->mark_bytes > p->mark_bytes_most && p->mark_count > 1)
        thin_marks(p);
}

static void lay_mark(viz_player *p, const track *t)
{
    hr_time now = t->world->now;
    if (now % p->mark_step || now / p->mark_step >= p->mark_count || p->marks[now / p->mark_step].bytes)
        return;
    mark *m = &p->marks[now / p->mark_step];
    size_t size;
    m->watch = viz_watch_save(t->watch, &size);
    m->world = sim_world_checkpoint(t->world);
    m->bytes = size + m->world.size;
    p->mark_bytes += m->bytes;
    keep_limit(p);
}

// Runs to `until`, with a look at every grid time on the way. False when the budget is used up first.
static bool track_run(viz_player *p, track *t, hr_time until, hr_time begun, hr_time budget)
{
    for (hr_time due; (due = viz_watch_due(t->watch)) <= until;) {
        sim_world_run(t->world, due);
        viz_watch_look(t->watch, t->world);
        lay_mark(p, t);
        if (budget != HR_FOREVER && hr_now() - begun >= budget)
            return t->world->now >= until;
    }
    sim_world_run(t->world, until);
    return true;
}

static void track_load(track *t, const mark *m)
{
    hr_error e = {0};
    hr_status status = sim_world_restore(t->world, m->world.bytes, m->world.size, &e);
    HR_ASSERT(status == HR_OK);                // made by this very program
    viz_watch_load(t->watch, m->watch);
}

// The last mark at or before `at` that is laid; the one at time 0 always is.
static uint32_t mark_before(const viz_player *p, hr_time at)
{
    uint32_t i = (uint32_t)hr_min_time(at / p->mark_step, p->mark_count - 1);
    while (!p->marks[i].bytes)
        i--;
    return i;
}

// --- life -----------------------------------------------------------------------------------------------------------

static void begin(viz_player *p)
{
    hr_time grid = sim_model_grid(p->model);
    p->mark_step = (p->end / MARKS + grid) / grid * grid;
    p->mark_count = (uint32_t)(p->end / p->mark_step) + 1;
    p->marks = hr_alloc(p->mark_count * sizeof *p->marks);
    p->shown = track_begin(p);
    lay_mark(p, &p->shown);
    p->target = 0;
}

static void end(viz_player *p)
{
    for (uint32_t i = 0; i < p->mark_count; i++)
        forget_mark(p, &p->marks[i]);
    free(p->marks);
    track_end(&p->shown);
    track_end(&p->ahead);
}

viz_player *viz_player_open(const sim_model *model, uint64_t seed)
{
    viz_player *p = hr_alloc(sizeof *p);
    p->model = model;
    p->graph = viz_graph_make(model);
    p->seed = seed;
    p->end = model->duration;
    p->mark_bytes_most = (size_t)256 << 20;
    begin(p);
    return p;
}

void viz_player_close(viz_player *p)
{
    if (!p)
        return;
    end(p);
    viz_graph_free(p->graph);
    free(p);
}

void viz_player_limit(viz_player *p, size_t bytes)
{
    p->mark_bytes_most = bytes;
    keep_limit(p);
}

void viz_player_restart(viz_player *p, uint64_t seed)
{
    if (seed == p->seed) {
        viz_player_seek(p, 0);
        return;
    }
    end(p);
    p->seed = seed;
    begin(p);
}

const viz_graph *viz_player_graph(const viz_player *p) { return p->graph; }
const sim_world *viz_player_world(const viz_player *p) { return p->shown.world; }
const viz_watch *viz_player_watch(const viz_player *p) { return p->shown.watch; }
hr_time viz_player_now(const viz_player *p) { return p->shown.world->now; }
hr_time viz_player_end(const viz_player *p) { return p->end; }
uint64_t viz_player_seed(const viz_player *p) { return p->seed; }

// --- time -----------------------------------------------------------------------------------------------------------

// Goes to the best mark when the wanted time lies behind, or when a mark spares running there.
void viz_player_seek(viz_player *p, hr_time at)
{
    p->target = hr_max_time(0, hr_min_time(at, p->end));
    uint32_t i = mark_before(p, p->target);
    hr_time now = viz_player_now(p);
    if (p->target < now || i * p->mark_step > now)
        track_load(&p->shown, &p->marks[i]);
}

void viz_player_advance(viz_player *p, hr_time by)
{
    p->target = hr_min_time(p->target > p->end - by ? p->end : p->target + by, p->end);
}

bool viz_player_work(viz_player *p, hr_time budget)
{
    return viz_player_now(p) >= p->target || track_run(p, &p->shown, p->target, hr_now(), budget);
}

void viz_player_step(viz_player *p)
{
    uint64_t notes = viz_watch_notes(p->shown.watch);
    while (viz_watch_notes(p->shown.watch) == notes && viz_player_now(p) < p->end) {
        p->target = hr_min_time(sim_events_next(p->shown.world), p->end);
        track_run(p, &p->shown, p->target, 0, HR_FOREVER);
    }
}

void viz_player_step_back(viz_player *p)
{
    viz_player_seek(p, hr_max_time(0, viz_watch_before(p->shown.watch, viz_player_now(p))));
    viz_player_work(p, HR_FOREVER);
}

bool viz_player_scout(viz_player *p, hr_time budget)
{
    if (p->marks[p->mark_count - 1].bytes)
        return true;
    if (!p->ahead.world)
        p->ahead = track_begin(p);
    uint32_t last = mark_before(p, p->end);
    if (last * p->mark_step > p->ahead.world->now)
        track_load(&p->ahead, &p->marks[last]);
    track_run(p, &p->ahead, p->end, hr_now(), budget);
    return p->marks[p->mark_count - 1].bytes > 0;
}
