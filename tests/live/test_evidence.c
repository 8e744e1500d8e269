// tests/live/test_evidence.c - the arithmetic of validation, without servers: a simulated "live" world whose truth is known.
// Its planted-bug twins: answers that take 1.3 times as long must be found outside, and so must late timers that no fit has seen.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "real/bed/guard.h"
#include "real/validate/table.h"

static const char scenario[] =
    "scenario: twin\n"
    "components:\n"
    "  api: {kind: service, workers: 64, on: {read: [{wait: 2ms}, {get: cache, miss: [{query: db.by_id}, {set: cache}]}]}}\n"
    "  cache: {kind: cache, entries: 200}\n"
    "  db: {kind: database, pool: 8, cores: 8, network: 0ms, statements: {by_id: {cpu: 0ms, wait: exp(8ms)}}}\n"
    "workload:\n"
    "  u: {rate: 800/s, call: api.read, key: zipf(0.9, 1k), timeout: none}\n";

#define assert_near(a, b) assert_true(fabs((a) - (b)) <= 1e-12)

static sim_model *model_of(void)
{
    hr_error e = {0};
    sim_model *model = NULL;
    if (sim_model_parse("twin", scenario, strlen(scenario), "", &model, &e))
        fail_msg("%s", e.text);
    return model;
}

// The world that is "measured".
typedef struct {
    double slower;                             // answers take so many times as long
    double late_s;                             // timers are late, exponentially with this mean
    bool   lateness_unseen;                    // in the fit run timers were punctual
} live_world;

// A pack as if measured: fits on exact samples of the statement and of the timers, five repeats at two loads.
static real_pack *pack_of(const char *folder, live_world world)
{
    const sim_dist_def lateness = {.kind = SIM_DIST_exp, .a = world.late_s};
    hr_error e = {0};
    sim_model *model = model_of();
    const char *const variants[] = {""};
    real_pack *pack;
    assert_int_equal(real_pack_new(folder, model, 7, variants, 1, &pack, &e), HR_OK);
    pack->entries[sim_model_find(model, "cache")] = 200;
    real_run fit = {.kind = REAL_RUN_FIT, .rate_per_s = 100, .repeat = 1, .seed = 1, .from = 0, .to = HR_SEC};
    fit.times = hr_alloc(2 * sizeof *fit.times);
    fit.times_count = 2;
    for (int i = 0; i < 20000; i++) {
        real_samples_add(&fit.times[0], (hr_time)(-8e6 * sim_log((i + 0.5) / 20000)));
        real_samples_add(&fit.times[1], 165 * HR_US);
    }
    fit.request_count = world.late_s > 0 && !world.lateness_unseen ? 20000 : 0;
    fit.request = hr_alloc((fit.request_count + 1) * sizeof *fit.request);
    for (size_t i = 0; i < fit.request_count; i++)
        fit.request[i].sent = (hr_time)(-1e9 * world.late_s * sim_log(((double)i + 0.5) / 20000));
    model->lateness = world.late_s > 0 ? &lateness : NULL;
    assert_int_equal(real_pack_add(pack, model, &fit, &e), HR_OK);
    for (int load = 1; load <= 2; load++)
        for (uint32_t repeat = 1; repeat <= REAL_REPEATS; repeat++) {
            real_run run = {.kind = REAL_RUN_MEASURED, .rate_per_s = 500 * load, .load = 0.3 * load, .repeat = repeat + 100, .seed = (uint64_t)load,
                            .from = HR_SEC, .to = 9 * HR_SEC};
            real_scale_rate(model, run.rate_per_s);
            real_predict_run(model, pack->entries, &run);
            run.repeat = repeat;
            for (size_t i = 0; i < run.request_count; i++)
                run.request[i].ended = run.request[i].intended + (hr_time)((double)(run.request[i].ended - run.request[i].intended) * world.slower);
            assert_int_equal(real_pack_add(pack, model, &run, &e), HR_OK);
        }
    sim_model_free(model);
    return pack;
}

static void test_the_true_model_is_inside_and_a_slower_world_is_not(void **state)
{
    (void)state;
    hr_error e = {0};
    real_pack *pack = pack_of(NULL, (live_world){.slower = 1}), *slow = pack_of(NULL, (live_world){.slower = 1.3});
    real_table table;
    assert_int_equal(real_table_make(pack, &table, &e), HR_OK);
    for (size_t i = 0; i < table.row_count; i++)
        printf("%g/s %s: error %+.4f, floor %.4f: %s\n", table.row[i].rate_per_s, sim_metrics[real_compared_rows[table.row[i].compared].metric].word,
               table.row[i].error, table.row[i].floor, real_verdict_name(table.row[i].verdict));
    assert_int_equal(table.row_count, 2 * REAL_COMPARED_COUNT);
    assert_int_equal(real_table_status(&table), HR_OK);
    assert_int_equal(table.verdicts[REAL_INSIDE], table.row_count);
    real_table_free(&table);
    assert_int_equal(real_table_make(slow, &table, &e), HR_OK);
    assert_true(table.verdicts[REAL_OUTSIDE] >= 4);
    assert_int_equal(real_table_status(&table), HR_FAILS);
    real_table_free(&table);
    real_pack_free(pack);
    real_pack_free(slow);
}

static double worst_median(const real_pack *pack)
{
    hr_error e = {0};
    real_table table;
    double worst = 0;
    assert_int_equal(real_table_make(pack, &table, &e), HR_OK);
    for (size_t i = 0; i < table.row_count; i++)
        if (real_compared_rows[table.row[i].compared].metric == SIM_METRIC_p50)
            worst = fmax(worst, fabs(table.row[i].error));
    real_table_free(&table);
    return worst;
}

static void test_late_timers_are_predicted_where_the_fit_saw_them(void **state)
{
    (void)state;
    const live_world late = {.slower = 1, .late_s = 0.4e-3}, unseen = {.slower = 1, .late_s = 0.4e-3, .lateness_unseen = true};
    real_pack *pack = pack_of(NULL, late), *twin = pack_of(NULL, unseen);
    double seen = worst_median(pack), missed = worst_median(twin);
    printf("worst error of the median: %.4f with the lateness fitted, %.4f without\n", seen, missed);
    assert_true(seen < 0.02);
    assert_true(missed > 0.12);                // the bound
    real_pack_free(pack);
    real_pack_free(twin);
}

static void test_logs_say_what_the_recorder_says(void **state)
{
    (void)state;
    sim_model *model = model_of();
    const uint32_t entries[SIM_MAX_COMPONENTS] = {0};
    real_run run = {.kind = REAL_RUN_MEASURED, .rate_per_s = 800, .seed = 3, .from = HR_SEC, .to = 6 * HR_SEC};
    real_predict_run(model, entries, &run);
    double from_log[REAL_COMPARED_COUNT];
    real_run_measure(&run, model, from_log);
    sim_world *w = real_run_world(model, &run);
    sim_world_start(w, 0);
    sim_world_run(w, run.from);
    sim_world_reset_counts(w);
    sim_world_run(w, run.to);
    size_t columns = model->component_count + 1u;
    sim_trial *trial = hr_alloc(sizeof *trial);
    trial->values = hr_alloc(SIM_METRIC_COUNT * columns * sizeof(double));
    trial->tally = hr_alloc(columns * sizeof *trial->tally);
    sim_trial_measure(w, model, run.from, run.to, trial);
    for (int r = 0; r < REAL_COMPARED_COUNT; r++)
        assert_near(from_log[r], trial->values[(size_t)real_compared_rows[r].metric * columns]);
    free(trial->values);
    free(trial->tally);
    free(trial);
    sim_world_free(w);
    real_run_free(&run);
    sim_model_free(model);
}

static void test_repeats_have_the_same_requests_and_other_demands(void **state)
{
    (void)state;
    sim_model *model = model_of();
    const uint32_t entries[SIM_MAX_COMPONENTS] = {0};
    real_run a = {.rate_per_s = 800, .seed = 3, .repeat = 1, .from = 0, .to = 2 * HR_SEC}, b = a;
    b.repeat = 2;
    real_predict_run(model, entries, &a);
    real_predict_run(model, entries, &b);
    assert_int_equal(a.request_count, b.request_count);
    size_t other = 0;
    for (size_t i = 0; i < a.request_count; i++) {
        assert_int_equal(a.request[i].intended, b.request[i].intended);
        assert_int_equal(a.request[i].key, b.request[i].key);
        other += a.request[i].ended != b.request[i].ended;
    }
    assert_true(other > a.request_count / 10);
    real_run_free(&a);
    real_run_free(&b);
    sim_model_free(model);
}

static void test_floor_and_verdicts_by_hand(void **state)
{
    (void)state;
    const double value[] = {10, 11, 12, 14, 13};
    assert_near(real_floor(value, 5, true), 4);             // ten differences; the tenth of 9.5 is the greatest
    assert_near(real_floor(value, 5, false), 4 / 12.0);
    assert_near(real_floor(value, 1, true), 0);
    assert_int_equal(real_judge(0.05, 0.01, 0.08), REAL_INSIDE);
    assert_int_equal(real_judge(-0.09, 0.10, 0.08), REAL_INDISTINGUISHABLE);
    assert_int_equal(real_judge(-0.11, 0.10, 0.08), REAL_OUTSIDE);
    assert_int_equal(real_judge(0.00, 0.13, 0.08), REAL_NOISY);
}

// --- packs --------------------------------------------------------------------------------------------------------------------

static char *temporary(void)
{
    char *folder = hr_strdup("/tmp/headroom-test.XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static char *document_of(const real_pack *pack)
{
    hr_error e = {0};
    real_table table;
    assert_int_equal(real_table_make(pack, &table, &e), HR_OK);
    char *text = real_table_document(pack, &table);
    real_table_free(&table);
    return text;
}

static void test_a_pack_read_back_gives_the_same_document(void **state)
{
    (void)state;
    hr_error e = {0};
    char *top = temporary(), *folder = hr_format("%s/deep/er", top);
    real_pack *pack = pack_of(folder, (live_world){.slower = 1}), *back = NULL;
    if (real_pack_read(folder, &back, &e))
        fail_msg("%s", e.text);
    char *a = document_of(pack), *b = document_of(back);
    assert_string_equal(a, b);
    free(a);
    free(b);
    real_pack_free(back);
    real_pack *second = NULL;
    sim_model *model = model_of();
    const char *const variants[] = {""};
    assert_int_equal(real_pack_new(folder, model, 7, variants, 1, &second, &e), HR_BAD_INPUT);      // never written over
    sim_model_free(model);
    real_pack_free(pack);
    real_tree_remove(top);
    free(folder);
    free(top);
}

static void test_a_damaged_pack_is_refused_with_its_file(void **state)
{
    (void)state;
    char *folder = temporary(), *victim = hr_format("%s/runs/003.csv.gz", folder), *head = hr_format("%s/pack.json", folder);
    real_pack_free(pack_of(folder, (live_world){.slower = 1}));
    real_pack *back = NULL;
    hr_error e = {0};
    assert_int_equal(truncate(victim, 2000), 0);
    assert_int_equal(real_pack_read(folder, &back, &e), HR_BAD_INPUT);
    assert_non_null(strstr(e.text, "003.csv.gz"));
    assert_int_equal(unlink(victim), 0);
    e = (hr_error){0};
    assert_int_equal(real_pack_read(folder, &back, &e), HR_BAD_INPUT);
    assert_non_null(strstr(e.text, "003.csv.gz"));
    FILE *f = fopen(head, "w");
    assert_non_null(f);
    fputs("{\"schema\": \"headroom/pack/99\"}", f);
    fclose(f);
    e = (hr_error){0};
    assert_int_equal(real_pack_read(folder, &back, &e), HR_BAD_INPUT);
    assert_non_null(strstr(e.text, "headroom/pack/99"));
    e = (hr_error){0};
    assert_int_equal(real_pack_read("/nonexistent", &back, &e), HR_BAD_INPUT);
    real_tree_remove(folder);
    free(victim);
    free(head);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_true_model_is_inside_and_a_slower_world_is_not),
        cmocka_unit_test(test_late_timers_are_predicted_where_the_fit_saw_them),
        cmocka_unit_test(test_logs_say_what_the_recorder_says),
        cmocka_unit_test(test_repeats_have_the_same_requests_and_other_demands),
        cmocka_unit_test(test_floor_and_verdicts_by_hand),
        cmocka_unit_test(test_a_pack_read_back_gives_the_same_document),
        cmocka_unit_test(test_a_damaged_pack_is_refused_with_its_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
