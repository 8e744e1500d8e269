// tests/fuzz/world.c - bytes choose a scenario, which runs for 10 000 events with every invariant checked on the way; put back to the
// middle by a checkpoint, and forked there, it must come to the same end, byte for byte. So must one that is looked at, whose calls go no plain way.
// * The scenario is written as text from the program's own tables: keys, kinds, steps, distributions, policies. A new row is tried from
//   the day it is added, as long as what it wants is written like something that is known in tests/fuzz/world/.
// * Read from the front, each choice takes one byte or two; where the bytes end, every choice is the first one.
// * An input that begins with "scenario:" is the scenario itself: findings are kept so, for what bytes choose changes with the tables.
//   With FUZZ_SHOW in the environment the text is printed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world/writer.h"

enum { EVENTS = 10000, CHECK_EVERY = 211 };

static void run_events(sim_world *w, int count)
{
    const hr_time latest = (hr_time)1e17;      // three years: as long as a study would wait at most for what is in flight
    for (int i = 0; i < count && sim_world_next(w) < latest && sim_world_step(w); i++)
        if (i % CHECK_EVERY == 0)
            sim_world_check(w);
    sim_world_check(w);
}

static void look_away(void *self, const sim_world *w, const sim_note *note) { (void)self, (void)w, (void)note; }

static void run_in_all_ways(const sim_model *model)
{
    static const sim_host watcher = {.observe = look_away};
    hr_error e = {0};
    sim_world *w = sim_model_build(model, 7);
    w->arrivals_end = w->window_to = model->duration;
    sim_world_start(w, sim_model_grid(model));
    sim_world *watched = sim_world_fork(w);
    watched->host = &watcher;
    run_events(watched, EVENTS / 2);
    run_events(w, EVENTS / 2);
    sim_checkpoint middle = sim_world_checkpoint(w);
    sim_world *fork = sim_world_fork(w);
    run_events(w, EVENTS / 2);
    sim_checkpoint end = sim_world_checkpoint(w);
    sim_world_reset_counts(w);                 // what comes between must leave no trace
    HR_ASSERT(sim_world_restore(w, middle.bytes, middle.size, &e) == HR_OK);
    if (fuzz_planted)
        w->events_run++;
    sim_world *again[] = {w, fork, watched};
    for (size_t i = 0; i < HR_COUNT(again); i++) {
        run_events(again[i], EVENTS / 2);
        sim_checkpoint other = sim_world_checkpoint(again[i]);
        HR_ASSERT(other.size == end.size && memcmp(other.bytes, end.bytes, end.size) == 0);
        free(other.bytes);
        sim_world_free(again[i]);
    }
    free(middle.bytes);
    free(end.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    writer r = {.data = data, .size = size};
    if (size > 9 && memcmp(data, "scenario:", 9) == 0)
        hr_text_bytes(&r.text, data, size);
    else
        write_scenario(&r);
    if (getenv("FUZZ_SHOW"))
        fputs(r.text.data, stderr);
    hr_error e = {0};
    sim_model *model;
    if (!sim_model_parse("fuzz.yaml", r.text.data, r.text.used, "", &model, &e)) {
        fuzz_accepted++;
        run_in_all_ways(model);
        sim_model_free(model);
    } else if (getenv("FUZZ_SHOW")) {
        fputs(e.text, stderr);
    }
    free(r.text.data);
    return 0;
}
