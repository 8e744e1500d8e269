// tests/unit/run.h - for tests of parts: a scenario in a few words: read, run and drained with every invariant checked on the way, or refused.
#ifndef TEST_RUN_H
#define TEST_RUN_H

#include "sim/scenario/model.h"

typedef struct { sim_world *w; sim_model *model; } fixture;

// A model; `sections`: further ones of the file, each on lines of its own.
static inline hr_status read_sections(const char *sections, const char *components, const char *workload, sim_model **model, hr_error *e)
{
    char *text = hr_format("scenario: t\n%scomponents: {%s}\nworkload: {%s}\nrun: {duration: 1000s, warmup: 0}\n", sections, components, workload);
    hr_status status = sim_model_parse("t", text, strlen(text), "", model, e);
    free(text);
    return status;
}

// The world of a scenario at time zero; requests arrive until a time.
static inline fixture begin_with(const char *sections, const char *components, const char *workload, hr_time until)
{
    hr_error e = {0};
    fixture f;
    if (read_sections(sections, components, workload, &f.model, &e))
        fail_msg("%s", e.text);
    f.w = sim_model_build(f.model, 1);
    f.w->arrivals_end = until;
    sim_world_start(f.w, 0);
    return f;
}

static inline char *faults_of(const char *faults) { return hr_format("%s%s%s", *faults ? "faults: [" : "", faults, *faults ? "]\n" : ""); }

static inline fixture begin_broken(const char *components, const char *workload, const char *faults, hr_time until)
{
    char *sections = faults_of(faults);
    fixture f = begin_with(sections, components, workload, until);
    free(sections);
    return f;
}

static inline fixture begin(const char *components, const char *workload, hr_time until) { return begin_broken(components, workload, "", until); }

// Runs on to a time, in one go.
static inline void go(fixture f, double seconds)
{
    sim_world_run(f.w, (hr_time)(seconds * 1e9));
    sim_world_check(f.w);
}

// Runs on to a time; every invariant is checked each millisecond on the way.
static inline void run_until(fixture f, hr_time until)
{
    for (hr_time at = f.w->now; at <= until; at += HR_MS) {
        sim_world_run(f.w, at);
        sim_world_check(f.w);
    }
    sim_world_run(f.w, until);
    sim_world_check(f.w);
}

// Runs a world to a time and drains it; every invariant is checked at each `every` on the way.
static inline void run_checked(fixture f, hr_time until, hr_time every)
{
    for (hr_time at = 0; at <= until; at += every) {
        sim_world_run(f.w, at);
        sim_world_check(f.w);
    }
    assert_true(sim_world_drain(f.w, until * 100));
    sim_world_check(f.w);
}

// A world that is run so, in fifty pieces.
static inline fixture run_broken(const char *components, const char *workload, const char *faults, hr_time until)
{
    fixture f = begin_broken(components, workload, faults, until);
    run_checked(f, until, until / 50);
    return f;
}

static inline fixture run(const char *components, const char *workload, hr_time until) { return run_broken(components, workload, "", until); }

static inline sim_component_id part_of(fixture f, const char *name) { return (sim_component_id)sim_model_find(f.model, name); }
static inline sim_workload_view look(fixture f, const char *name) { return sim_workload_look(f.w, part_of(f, name)); }
static inline sim_station_view station(fixture f, const char *name) { return sim_station_look(f.w, part_of(f, name)); }

static inline void done(fixture f)
{
    sim_world_free(f.w);
    sim_model_free(f.model);
}

// Nothing is left when it is drained.
static inline void finish(fixture f)
{
    assert_true(sim_world_drain(f.w, 1000 * HR_SEC));
    sim_world_check(f.w);
    assert_int_equal(f.w->calls_live, 0);
    done(f);
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

// They are refused, and the complaint stands in what is said. How many messages that are.
static inline int refused_with(const char *sections, const char *components, const char *workload, const char *complaint)
{
    hr_error e = {0};
    sim_model *model = NULL;
    if (read_sections(sections, components, workload, &model, &e) != HR_BAD_INPUT || !strstr(e.text, complaint))
        fail_msg("%s\nwant '%s' in: %s", components, complaint, e.text);
    return e.count;
}

static inline int refused_faults(const char *components, const char *workload, const char *faults, const char *complaint)
{
    char *sections = faults_of(faults);
    int count = refused_with(sections, components, workload, complaint);
    free(sections);
    return count;
}
static inline int refused(const char *components, const char *workload, const char *complaint) { return refused_with("", components, workload, complaint); }

typedef struct { const char *part, *complaint; } mistake;

// So are these, each with one message, with each part where the components have an '@'.
static inline void all_refused(const char *components, const char *workload, const mistake *mistakes, size_t count)
{
    const char *at = strchr(components, '@');
    for (size_t i = 0; i < count; i++) {
        char *wrong = hr_format("%.*s%s%s", (int)(at - components), components, mistakes[i].part, at + 1);
        assert_int_equal(refused(wrong, workload, mistakes[i].complaint), 1);
        free(wrong);
    }
}

static inline void near(double got, double want)
{
    if (!(got > want - 1e-6 && got < want + 1e-6))
        fail_msg("got %.9f s, want %.9f s", got, want);
}

#endif
