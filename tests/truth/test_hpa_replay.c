// tests/truth/test_hpa_replay.c - `replay hpa` against hpa_snapshots.jsonl (one sync each) and hpa_series.jsonl (demand over many syncs).
// The files lie in the folder HR_SHARED_DIR; without them the test is skipped (77). The planted twins replay with other controllers.
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/replay/hpa.h"
#include "sim/scenario/quantity.h"

static const char *const snapshots_path = HR_SHARED_DIR "/truth/hpa_snapshots.jsonl", *const series_path = HR_SHARED_DIR "/truth/hpa_series.jsonl";
enum { EXIT_SKIPPED = 77, MOST_SYNCS = 4096 };

typedef struct { int32_t desired[MOST_SYNCS]; int64_t value[MOST_SYNCS]; size_t count; } trail;

static void follow(void *to, const sim_replay_sync *s)
{
    trail *t = to;
    assert_true(t->count < MOST_SYNCS);
    t->desired[t->count] = s->decision->desired;
    t->value[t->count++] = s->proposals[0].value;
}

// Replays `samples` under the row's manifest.
static void replay(const json_t *row, const char *samples, const sim_replay_pods *pods, const sim_hpa_controller *controller, trail *t)
{
    char path[] = "/tmp/headroom-hpa-XXXXXX", *manifest_text = json_dumps(json_object_get(row, "hpa"), JSON_INDENT(1));
    hr_error e = {0};
    sim_manifest *m = NULL;
    hr_lines *lines = NULL;
    close(mkstemp(path));
    t->count = 0;
    if (hr_write_file(path, samples, strlen(samples), &e) || hr_lines_open(path, &lines, &e) ||
        sim_manifest_parse("row", manifest_text, strlen(manifest_text), NULL, controller, &m, &e) ||
        sim_replay_hpa(lines, &m->hpa, pods, follow, t, &e))
        fail_msg("%s: %s", json_string_value(json_object_get(row, "id")), e.text);
    hr_lines_close(lines);
    sim_manifest_free(m);
    free(manifest_text);
    unlink(path);
}

static bool snapshot_holds(const json_t *row, const sim_hpa_controller *controller)
{
    static trail t;
    char *sample = json_dumps(json_object_get(row, "sample"), JSON_COMPACT);
    const json_t *expect = json_object_get(row, "expect"), *value = json_object_get(expect, "current_metric");
    int64_t wanted = json_integer_value(value);
    replay(row, sample, &(sim_replay_pods){.replicas = -1}, controller, &t);
    free(sample);
    if (json_is_string(value))
        assert_true(sim_read_quantity(json_string_value(value), &wanted));
    return t.count == 1 && t.desired[0] == json_integer_value(json_object_get(expect, "desired")) && (!value || t.value[0] == wanted);
}

static void add_row(hr_text *csv, const json_t *row)
{
    size_t i;
    const json_t *cell;
    json_array_foreach(row, i, cell) {
        hr_text_add(csv, "%s", i ? "," : "");
        if (json_is_string(cell))
            hr_text_add(csv, "%s", json_string_value(cell));
        else
            hr_text_add(csv, "%lld", (long long)json_integer_value(cell));
    }
    hr_text_add(csv, "\n");
}

static bool series_holds(const json_t *row, const sim_hpa_controller *controller)
{
    static trail t;
    hr_text csv = {0};
    size_t i, n = 0;
    json_t *list;
    const char *name;
    sim_replay_request requests[8];
    add_row(&csv, json_object_get(row, "columns"));
    json_array_foreach(json_object_get(row, "rows"), i, list)
        add_row(&csv, list);
    json_object_foreach(json_object_get(row, "request"), name, list) {
        requests[n].resource = name;
        assert_true(sim_read_quantity(json_string_value(list), &requests[n++].request));
    }
    replay(row, csv.data, &(sim_replay_pods){requests, n, (int32_t)json_integer_value(json_object_get(row, "start"))}, controller, &t);
    free(csv.data);
    const json_t *expected = json_object_get(row, "replicas");
    bool same = t.count == json_array_size(expected);
    for (i = 0; same && i < t.count; i++)
        same = t.desired[i] == json_integer_value(json_array_get(expected, i));
    return same;
}

// How many rows of the file hold; the others are named when `tell`.
static size_t count_holding(const char *path, bool (*holds)(const json_t *, const sim_hpa_controller *), const sim_hpa_controller *controller,
                            bool tell, size_t *rows)
{
    hr_error e = {0};
    hr_lines *lines = NULL;
    size_t holding = 0;
    *rows = 0;
    if (hr_lines_open(path, &lines, &e))
        fail_msg("%s", e.text);
    for (char *line; (line = hr_lines_next(lines, NULL)); (*rows)++) {
        json_t *row = json_loads(line, 0, NULL);
        bool good = holds(row, controller);
        if (!good && tell)
            printf("%s: another result\n", json_string_value(json_object_get(row, "id")));
        holding += good;
        json_decref(row);
    }
    hr_lines_close(lines);
    return holding;
}

static void test_every_row_holds(void **state)
{
    (void)state;
    sim_hpa_controller as_it_is = sim_hpa_controller_default();
    size_t rows, holding = count_holding(snapshots_path, snapshot_holds, &as_it_is, true, &rows);
    printf("snapshots: %zu of %zu\n", holding, rows);
    assert_true(rows >= 10 && holding == rows);
    holding = count_holding(series_path, series_holds, &as_it_is, true, &rows);
    printf("series: %zu of %zu\n", holding, rows);
    assert_true(rows >= 10 && holding == rows);
}

static void test_another_controller_is_noticed(void **state)
{
    (void)state;
    sim_hpa_controller strict = sim_hpa_controller_default(), hasty = strict, forgetful = strict;
    strict.tolerance = 0;
    hasty.cpu_initialisation = hasty.readiness_delay = 0;
    forgetful.downscale_window = 0;
    size_t rows;
    assert_true(count_holding(snapshots_path, snapshot_holds, &strict, false, &rows) < rows);
    assert_true(count_holding(snapshots_path, snapshot_holds, &hasty, false, &rows) < rows);
    assert_true(count_holding(series_path, series_holds, &strict, false, &rows) < rows);
    assert_true(count_holding(series_path, series_holds, &forgetful, false, &rows) < rows);
}

int main(void)
{
    if (access(snapshots_path, R_OK) || access(series_path, R_OK)) {
        printf("skipped: no %s or %s\n", snapshots_path, series_path);
        return EXIT_SKIPPED;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_row_holds), cmocka_unit_test(test_another_controller_is_noticed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
