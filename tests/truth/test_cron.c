// tests/truth/test_cron.c - cron expressions against cron.tsv, and against clocks that change, by hand.
// The file lies in the folder HR_SHARED_DIR; without it the test is skipped (77) after everything that needs no file has passed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/core/lines.h"
#include "sim/scenario/instant.h"
#include "sim/scenario/zone.h"

static const char *const truth_path = HR_SHARED_DIR "/truth/cron.tsv";
enum { EXIT_SKIPPED = 77 };

static int64_t instant(const char *text)
{
    int64_t at = 0;
    if (!sim_read_instant(text, &at, NULL))
        fail_msg("'%s' is no instant", text);
    return at;
}

static sim_cron cron_of(const char *expression)
{
    sim_cron c = {0};
    hr_error e = {0};
    if (sim_cron_read(expression, &c, &e))
        fail_msg("%s", e.text);
    return c;
}

// Whether the times of the comma-separated list come in that order. The twin joins the two kinds of days the other way round.
static bool times_are(const char *expression, const sim_zone *zone, const char *after, const char *list, bool twin)
{
    char text[512], *rest = NULL;
    sim_cron c = cron_of(expression);
    int64_t at = instant(after);
    if (twin)
        c.day_star = c.weekday_star = !(c.day_star || c.weekday_star);
    snprintf(text, sizeof text, "%s", list);
    for (char *time = strtok_r(text, ",", &rest); time; time = strtok_r(NULL, ",", &rest))
        if (!sim_cron_next(&c, zone, at, &at) || at != instant(time))
            return false;
    return true;
}

static size_t count_holding(bool twin, size_t *rows)
{
    hr_lines *lines;
    hr_error e = {0};
    size_t holding = 0;
    if (hr_lines_open(truth_path, &lines, &e))
        fail_msg("%s", e.text);
    *rows = 0;
    hr_lines_next(lines, NULL);                                // names of the columns
    for (char *line; (line = hr_lines_next(lines, NULL)); (*rows)++) {
        char *rest = NULL, *expression = strtok_r(line, "\t", &rest), *after = strtok_r(NULL, "\t", &rest), *list = strtok_r(NULL, "\t", &rest);
        assert_non_null(list);
        bool good = times_are(expression, &sim_zone_utc, after, list, twin);
        if (!good && !twin)
            printf("%s after %s: other times\n", expression, after);
        holding += good;
    }
    hr_lines_close(lines);
    return holding;
}

static void test_every_row_holds(void **state)
{
    (void)state;
    size_t rows, holding = count_holding(false, &rows);
    printf("%zu of %zu rows\n", holding, rows);
    assert_true(rows >= 10 && holding == rows);
    assert_true(count_holding(true, &rows) < rows);
}

// --- by hand ----------------------------------------------------------------------------------------------------------

static const struct { const char *zone, *expression, *after, *times; } rows_by_hand[] = {
    // Berlin puts its clocks forward at 2026-03-29 02:00 (01:00 UTC) and back at 2026-10-25 03:00 (01:00 UTC).
    {"Europe/Berlin", "30 2 * * *", "2026-03-28T00:00:00Z", "2026-03-28T01:30:00Z,2026-03-29T01:00:00Z,2026-03-30T00:30:00Z"},
    {"Europe/Berlin", "0,30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z,2026-03-30T00:00:00Z"},
    {"Europe/Berlin", "*/30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:00:00Z,2026-03-30T00:30:00Z"},
    {"Europe/Berlin", "0 3 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z,2026-03-30T01:00:00Z"},
    {"Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z,2026-10-26T01:30:00Z"},
    {"Europe/Berlin", "30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
    {"Europe/Berlin", "0 * * * *", "2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z,2026-10-25T01:00:00Z,2026-10-25T02:00:00Z"},
    // Lord Howe moves by half an hour: at 2026-10-04 02:00 it is 02:30 (15:30 UTC).
    {"Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z,2026-10-04T15:15:00Z"},
    // Samoa left out 30 December 2011: a correction, what was due that day is not made up for.
    {"Pacific/Apia", "0 12 * * *", "2011-12-29T00:00:00Z", "2011-12-29T22:00:00Z,2011-12-30T22:00:00Z"},
    {"Asia/Kolkata", "@daily", "2026-01-01T00:00:00Z", "2026-01-01T18:30:00Z,2026-01-02T18:30:00Z"},
    // Far beyond the table of transitions: the rule of the zone goes on.
    {"Europe/Berlin", "0 12 * * *", "2150-07-01T00:00:00Z", "2150-07-01T10:00:00Z"},
};

static void test_clocks_that_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_COUNT(rows_by_hand); i++) {
        sim_zone zone;
        hr_error e = {0};
        int64_t after = instant(rows_by_hand[i].after);
        if (sim_zone_read(rows_by_hand[i].zone, after - 86400, after + 400 * 86400, &zone, &e))
            fail_msg("%s", e.text);
        if (!times_are(rows_by_hand[i].expression, &zone, rows_by_hand[i].after, rows_by_hand[i].times, false))
            fail_msg("%s in %s after %s", rows_by_hand[i].expression, rows_by_hand[i].zone, rows_by_hand[i].after);
        sim_zone_free(&zone);
    }
}

static bool minute_matches(const sim_cron *c, int64_t at)
{
    struct tm t;
    time_t when = (time_t)at;
    gmtime_r(&when, &t);
    bool by_day = c->day >> t.tm_mday & 1, by_weekday = c->weekday >> t.tm_wday & 1;
    return (c->minute >> t.tm_min & 1) && (c->hour >> t.tm_hour & 1) && (c->month >> (t.tm_mon + 1) & 1) &&
           (c->day_star || c->weekday_star ? by_day && by_weekday : by_day || by_weekday);
}

// Jumping over days and hours finds what looking at every minute with the C library's calendar does.
static void test_agrees_with_looking_at_every_minute(void **state)
{
    (void)state;
    static const char *const expressions[] = {"*/7 3-5 * * *", "5/20 8,20 1-7 * mon", "59 23 31 1-12/2 *", "0 0 * feb 7", "13 */5 */3 * fri"};
    for (size_t i = 0; i < HR_COUNT(expressions); i++) {
        sim_cron c = cron_of(expressions[i]);
        int64_t from = instant("2027-12-20T10:11:00Z"), next = 0;
        assert_true(sim_cron_next(&c, &sim_zone_utc, from, &next));
        for (int64_t at = from + 60; at < from + 500 * 86400; at += 60) {
            if (minute_matches(&c, at) != (at == next))
                fail_msg("%s: wrong at %lld", expressions[i], (long long)at);
            if (at == next)
                assert_true(sim_cron_next(&c, &sim_zone_utc, at, &next));
        }
    }
}

static void test_mistakes_are_named(void **state)
{
    (void)state;
    static const struct { const char *expression, *said; } rows[] = {
        {"", "0 of 5 fields"}, {"* * * *", "4 of 5 fields"}, {"* * * * * ls", "more than 5 fields"}, {"60 * * * *", "minute: out of range"},
        {"* 24 * * *", "hour: out of range"}, {"* * 0 * *", "day of month: out of range"}, {"* * * 13 *", "month: out of range"},
        {"* * * * 8", "day of week: out of range"}, {"*/0 * * * *", "at least 1"}, {"5-1 * * * *", "runs backwards"}, {"1- * * * *", "lacks its end"},
        {"*/x * * * *", "a step wants a number"}, {"1, * * * *", "minute: want *"}, {"* * * foo *", "month: want *"}, {"1x * * * *", "stands behind it"},
        {"* * * janx *", "month: want *"}, {"@reboot", "@hourly"}, {"-1 * * * *", "minute: want *"}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        sim_cron c;
        hr_error e = {0};
        if (sim_cron_read(rows[i].expression, &c, &e) != HR_BAD_INPUT || !strstr(e.text, rows[i].said))
            fail_msg("'%s', wanted '%s': %s", rows[i].expression, rows[i].said, e.text);
    }
    sim_cron never = cron_of("0 0 30 2 *");
    int64_t next;
    assert_false(sim_cron_next(&never, &sim_zone_utc, 0, &next));
    sim_zone zone;
    hr_error e = {0};
    assert_int_equal(sim_zone_read("Europe/Nowhere", 0, 1, &zone, &e), HR_BAD_INPUT);
    assert_int_equal(sim_zone_read("../../../etc/passwd", 0, 1, &zone, &e), HR_BAD_INPUT);
    assert_int_equal(sim_zone_read("", 0, 1, &zone, &e), HR_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest by_hand[] = {cmocka_unit_test(test_clocks_that_change), cmocka_unit_test(test_agrees_with_looking_at_every_minute),
                                         cmocka_unit_test(test_mistakes_are_named)};
    const struct CMUnitTest by_file[] = {cmocka_unit_test(test_every_row_holds)};
    int failed = cmocka_run_group_tests(by_hand, NULL, NULL);
    if (access(truth_path, R_OK) != 0) {
        printf("skipped: no %s\n", truth_path);
        return failed ? failed : EXIT_SKIPPED;
    }
    return failed + cmocka_run_group_tests(by_file, NULL, NULL);
}
