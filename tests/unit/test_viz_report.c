// tests/unit/test_viz_report.c - the report says what the document says, in every number, and asks for nothing from outside.
#include "viz/report/report.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "viz/report/figure.h"
#include "viz/report/svg.h"

// Words that HTML, Markdown and SVG would take for markup are in it on purpose.
static const char scenario[] =
    "scenario: small\n"
    "title: \"Two <designs> & a | pipe\"\n"
    "components:\n"
    "  api: {kind: service, workers: 4, on: {read: [{wait: exp(5ms)}, {query: db.q}]}}\n"
    "  db: {kind: database, pool: 4, statements: {q: {wait: exp(4ms)}}}\n"
    "  k: {kind: cache}\n"
    "workload:\n"
    "  users: {rate: 200/s, call: api.read, timeout: 1s, objective: 40ms}\n"
    "variants:\n"
    "  plain: {summary: as it <is>}\n"
    "  wide: {api.workers: 16, summary: more workers, faults: [{at: 5s, for: 2s, slow: db, factor: 2}, {at: 12s, flush: k}, {at: 15s, kill: api}]}\n"
    "faults: [{at: 5s, for: 2s, slow: db, factor: 2}, {at: 8s, for: 1s, pause: api}]\n"
    "objectives: {p99: 60ms, errors: 1%}\n"
    "prices: {core: 0.04 $/h, gib: 0.005 $/h}\n"
    "run: {duration: 20s, warmup: 2s}\n"
    "claims:\n"
    "  - {id: small.wide, source: 'More <workers> help', holds: p99(wide) < p99(plain)}\n";

typedef struct { sim_study *study; char *document; hr_text html, markdown; } made;

static int make(void **state)
{
    made *m = hr_alloc(sizeof *m);
    sim_model *models[2] = {0};
    hr_error e = {0};
    const char *const names[] = {"plain", "wide"};
    for (int v = 0; v < 2; v++)
        if (sim_model_parse("small.yaml", scenario, sizeof scenario - 1, names[v], &models[v], &e))
            fail_msg("%s", e.text);
    sim_study_options options = sim_study_options_default();
    options.least = options.most = 5;
    if (sim_study_run(models, 2, &options, &m->study, &e))
        fail_msg("%s", e.text);
    m->document = sim_study_compare_document(m->study);
    viz_report r = {m->study, m->document, "./headroom compare 'a <b>.yaml'"};
    viz_report_html(&r, &m->html);
    viz_report_markdown(&r, &m->markdown);
    *state = m;
    return 0;
}

static int drop(void **state)
{
    made *m = *state;
    sim_study_free(m->study);
    free(m->document);
    free(m->html.data);
    free(m->markdown.data);
    free(m);
    return 0;
}

static sim_estimate estimate_of(const json_t *j)
{
    return (sim_estimate){json_number_value(json_object_get(j, "value")), json_number_value(json_object_get(j, "low")),
                          json_number_value(json_object_get(j, "high"))};
}

// Numbers of the document that `text` does not show, as many as there are.
static int missing_numbers(const char *document, const char *text)
{
    int missing = 0, seen = 0;
    json_t *root = json_loads(document, 0, NULL);
    const json_t *variant;
    size_t v;
    json_array_foreach(json_object_get(root, "variants"), v, variant)
        for (int m = 0; m < SIM_METRIC_COUNT; m++) {
            const json_t *j = json_object_get(json_object_get(variant, "metrics"), sim_metrics[m].json);
            bool is_share = strcmp(sim_metrics[m].unit, "%") == 0;   // shares in the document, per cent in the report
            char cell[64];
            if (!j)
                continue;
            seen++;
            missing += !strstr(text, sim_estimate_text(estimate_of(j), is_share ? 100 : 1, cell, sizeof cell));
        }
    const json_t *difference;
    json_array_foreach(json_object_get(root, "differences"), v, difference) {
        seen++;
        missing += !strstr(text, json_string_value(json_object_get(difference, "verdict")));
    }
    assert_true(seen > 30);
    json_decref(root);
    return missing;
}

static void test_every_number_of_the_document_is_in_the_report(void **state)
{
    const made *m = *state;
    assert_int_equal(missing_numbers(m->document, m->html.data), 0);
    assert_int_equal(missing_numbers(m->document, m->markdown.data), 0);
}

static void test_planted_other_number_is_found(void **state)
{
    const made *m = *state;
    json_t *root = json_loads(m->document, 0, NULL);
    json_t *p99 = json_object_get(json_object_get(json_array_get(json_object_get(root, "variants"), 1), "metrics"), "p99_ms");
    json_object_set_new(p99, "value", json_real(json_number_value(json_object_get(p99, "value")) * 1.5));
    char *planted = json_dumps(root, 0);
    assert_int_equal(missing_numbers(planted, m->html.data), 1);
    free(planted);
    json_decref(root);
}

static bool asks_for_something(const char *html)
{
    static const char *const words[] = {"http", "//", "src=", "@import", "<link", "<script", "xlink"};
    for (size_t i = 0; i < HR_COUNT(words); i++)
        if (strstr(html, words[i]))
            return true;
    const char *at = html;
    while ((at = strstr(at, "url(")) != NULL)
        if (strncmp(at++, "url(#", 5) != 0)
            return true;
    return false;
}

static void test_page_stands_alone(void **state)
{
    const made *m = *state;
    assert_false(asks_for_something(m->html.data));
    assert_true(asks_for_something("<img src=\"x.png\">") && asks_for_something("a{background:url(x)}"));
}

static void test_names_do_not_become_markup(void **state)
{
    const made *m = *state;
    assert_null(strstr(m->html.data, "<designs>"));
    assert_non_null(strstr(m->html.data, "Two &lt;designs&gt; &amp; a | pipe"));
    assert_null(strstr(m->html.data, "a <b>.yaml"));
    assert_non_null(strstr(m->markdown.data, "Two \\<designs> & a \\| pipe"));
}

// Ids that stand twice, and references to ids that are not there; *ids: how many there are.
static int wrong_links(const char *html, int *ids)
{
    int wrong = 0;
    *ids = 0;
    for (const char *at = html; (at = strstr(at, " id=\"")) != NULL; ++*ids) {
        at += strlen(" id=\"");
        char *whole = hr_format(" id=\"%.*s\"", (int)strcspn(at, "\""), at);
        wrong += strstr(at, whole) != NULL;
        free(whole);
    }
    for (const char *at = html; (at = strstr(at, " href=\"#")) != NULL;) {
        at += strlen(" href=\"#");
        char *whole = hr_format(" id=\"%.*s\"", (int)strcspn(at, "\""), at);
        wrong += strstr(html, whole) == NULL;
        free(whole);
    }
    return wrong;
}

static void test_pictures_do_not_share_letters(void **state)
{
    const made *m = *state;
    int ids;
    assert_int_equal(wrong_links(m->html.data, &ids), 0);
    assert_true(ids > 100);
    assert_int_equal(wrong_links("<g id=\"a\"/><g id=\"a\"/><use href=\"#b\"/>", &ids), 2);     // the planted twin
}

static void test_pictures_use_the_page_s_colours(void **state)
{
    const made *m = *state;
    assert_null(strstr(m->html.data, "rgb("));   // a colour outside of the palette would stay as it is in the dark
    for (int i = 0; i < VIZ_COLOUR_COUNT; i++) {
        char *defined = hr_format("--%s:#", viz_colour_name((viz_colour)i));
        assert_non_null(strstr(m->html.data, defined));
        free(defined);
    }
}

static void draw_alien(viz_pen *pen, const void *what)
{
    (void)what;
    cairo_set_source_rgb(pen->cr, 0.1, 0.9, 0.3);
    cairo_paint(pen->cr);
}

static void test_planted_alien_colour_is_found(void **state)
{
    (void)state;
    hr_text svg = {0};
    viz_svg_inline(10, 10, "x-", "", draw_alien, NULL, &svg);
    assert_non_null(strstr(svg.data, "rgb("));
    free(svg.data);
}

// What both have stands once; what only one has, with its name. What is not over lasts to the end.
static void test_charts_know_what_broke(void **state)
{
    const made *m = *state;
    static const viz_band want[] = {{5, 7, "slow db"}, {8, 9, "pause api (plain)"}, {12, 12, "flush k (wide)"}, {15, 20, "kill api (wide)"}};
    size_t count;
    viz_band *bands = viz_bands_of(m->study, &count);
    assert_int_equal(count, HR_COUNT(want));
    for (size_t i = 0; i < count; i++) {
        assert_true(fabs(bands[i].from - want[i].from) < 1e-9 && fabs(bands[i].to - want[i].to) < 1e-9);
        assert_string_equal(bands[i].word, want[i].word);
    }
    viz_bands_free(bands, count);
}

static void test_the_document_knows_what_broke(void **state)
{
    const made *m = *state;
    json_t *root = json_loads(m->document, 0, NULL), *faults = json_object_get(json_array_get(json_object_get(root, "variants"), 1), "faults");
    assert_int_equal(json_array_size(faults), 3);
    const json_t *slow = json_array_get(faults, 0), *dead = json_array_get(faults, 2);
    assert_string_equal(json_string_value(json_object_get(slow, "verb")), "slow");
    assert_string_equal(json_string_value(json_object_get(slow, "target")), "db");
    assert_string_equal(json_string_value(json_object_get(slow, "text")), "slow db, factor 2");
    assert_true(json_number_value(json_object_get(slow, "from_s")) == 5 && json_number_value(json_object_get(slow, "to_s")) == 7);
    assert_true(json_is_null(json_object_get(dead, "to_s")) && json_is_null(json_object_get(dead, "replica")));
    json_decref(root);
}

static void test_same_study_same_bytes(void **state)
{
    const made *m = *state;
    hr_text again = {0};
    viz_report_html(&(viz_report){m->study, m->document, "./headroom compare 'a <b>.yaml'"}, &again);
    assert_string_equal(again.data, m->html.data);
    free(again.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_of_the_document_is_in_the_report),
        cmocka_unit_test(test_planted_other_number_is_found),
        cmocka_unit_test(test_page_stands_alone),
        cmocka_unit_test(test_names_do_not_become_markup),
        cmocka_unit_test(test_pictures_do_not_share_letters),
        cmocka_unit_test(test_pictures_use_the_page_s_colours),
        cmocka_unit_test(test_planted_alien_colour_is_found),
        cmocka_unit_test(test_charts_know_what_broke),
        cmocka_unit_test(test_the_document_knows_what_broke),
        cmocka_unit_test(test_same_study_same_bytes),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
