// tests/unit/run.h - for tests of parts: a scenario in a few words, run and drained, with every invariant checked on the way.
#ifndef TEST_RUN_H
#define TEST_RUN_H

#include "sim/scenario/model.h"

typedef struct { sim_world *w; sim_model *model; } fixture;

// The world of a scenario, run and drained; every invariant is checked.
static inline fixture run(const char *components, const char *workload, hr_time until)
{
    char *text = hr_format("scenario: t\ncomponents: {%s}\nworkload: {%s}\nrun: {duration: 100s, warmup: 0}\n", components, workload);
    hr_error e = {0};
    fixture f;
    if (sim_model_parse("t", text, strlen(text), "", &f.model, &e))
        fail_msg("%s", e.text);
    free(text);
    f.w = sim_model_build(f.model, 1);
    f.w->arrivals_end = until;
    sim_world_start(f.w, 0);
    for (hr_time at = 0; at <= until; at += until / 50) {
        sim_world_run(f.w, at);
        sim_world_check(f.w);
    }
    assert_true(sim_world_drain(f.w, until * 100));
    sim_world_check(f.w);
    return f;
}

static inline sim_workload_view look(fixture f, const char *name)
{
    return sim_workload_look(f.w, (sim_component_id)sim_model_find(f.model, name));
}

static inline void done(fixture f)
{
    sim_world_free(f.w);
    sim_model_free(f.model);
}

static inline double mean_of(const char *service, const char *workload, hr_time until)
{
    char *components = hr_format("s: {kind: service, %s}", service);
    fixture f = run(components, workload, until);
    free(components);
    double mean = sim_histogram_mean_s(look(f, "c").latency);
    done(f);
    return mean;
}

static inline void near(double got, double want)
{
    if (!(got > want - 1e-6 && got < want + 1e-6))
        fail_msg("got %.9f s, want %.9f s", got, want);
}

#endif
