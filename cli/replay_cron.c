// cli/replay_cron.c - `replay cron`: the next times of a cron expression.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/replay.h"
#include "sim/scenario/instant.h"
#include "sim/scenario/zone.h"

enum { MOST_TIMES = 1000000 };
static const int64_t zone_s = (int64_t)401 * 366 * 86400;      // as far as a search may go

// "2026-01-01T02:00:00+01:00"; Z for no offset in UTC.
static void show(int64_t at, const sim_zone *zone, char *out, size_t room)
{
    int32_t offset = sim_zone_offset(zone, at), size = abs(offset);
    time_t shown = (time_t)(at + offset);
    struct tm t;
    gmtime_r(&shown, &t);
    size_t n = strftime(out, room, "%Y-%m-%dT%H:%M:%S", &t);
    if (zone == &sim_zone_utc)
        snprintf(out + n, room - n, "Z");
    else
        snprintf(out + n, room - n, "%c%02d:%02d", offset < 0 ? '-' : '+', size / 3600, size / 60 % 60);
}

typedef struct { const char *expression, *zone_name; uint64_t count; bool json; } wish;

static hr_status list(const wish *w, const sim_cron *cron, const sim_zone *zone, int64_t from, hr_error *e)
{
    json_t *times = json_array(), *utc = json_array();
    char text[64];
    hr_status status = HR_OK;
    for (uint64_t i = 0; i < w->count && !status; i++) {
        if (!sim_cron_next(cron, zone, from, &from)) {
            status = hr_fail(e, HR_BAD_INPUT, "cron '%s': there is no such day in the calendar", w->expression);
            break;
        }
        show(from, zone, text, sizeof text);
        if (!w->json)
            puts(text);
        json_array_append_new(times, json_string(text));
        show(from, &sim_zone_utc, text, sizeof text);
        json_array_append_new(utc, json_string(text));
    }
    json_t *document = json_pack("{s:s,s:s,s:s,s:o,s:o}", "schema", "headroom/replay-cron/1", "expression", w->expression, "zone",
                                 w->zone_name ? w->zone_name : "UTC", "times", times, "utc", utc);
    char *dumped = json_dumps(document, JSON_INDENT(2));
    if (w->json && !status)
        puts(dumped);
    free(dumped);
    json_decref(document);
    return status;
}

hr_status cli_replay_cron(int argc, char **argv)
{
    wish w = {.count = 5};
    const char *from_text = NULL;
    const cli_option options[] = {{"from", CLI_TEXT, &from_text, "TIME", "times strictly after this, such as 2026-01-01T00:00:00Z (default: now)"},
                                  {"count", CLI_COUNT, &w.count, "N", "how many (default 5)"},
                                  {"zone", CLI_TEXT, &w.zone_name, "ZONE", "whose clock, such as Europe/Berlin (default: UTC)"},
                                  {"json", CLI_FLAG, &w.json, NULL, "headroom/replay-cron/1"},
                                  {0}};
    const cli_usage usage = {
        "replay cron EXPRESSION [options]",
        "Prints the next times of a five-field cron expression under the rules of Debian's cron. Day of month and day of week are joined by\n"
        "or, by and when one of them begins with *. Where clocks are put forward, fixed times in the hour left out run at its end, once; where\n"
        "they are put back, they run in the first pass only. With * in front of minute or hour they follow the clock (docs/replay.md).",
        "headroom replay cron \"0 2 * * *\" --from 2026-03-28T00:00:00Z --count 3 --zone Europe/Berlin", options, 1, 1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    hr_error e = {0};
    sim_cron cron;
    sim_zone zone = {0};
    int64_t from = (int64_t)time(NULL);
    w.expression = argv[1];
    if (w.count < 1 || w.count > MOST_TIMES)
        hr_fail(&e, HR_BAD_INPUT, "--count: want 1 to %d", MOST_TIMES);
    if (from_text && !sim_read_instant(from_text, &from, NULL))
        hr_fail(&e, HR_BAD_INPUT, "--from '%s': want an instant such as 2026-01-01T00:00:00Z or 2026-01-01T01:00:00+01:00", from_text);
    if (e.status || sim_cron_read(w.expression, &cron, &e) ||
        (w.zone_name && sim_zone_read(w.zone_name, from - 366 * 86400, from + zone_s, &zone, &e)))
        return cli_complain(&e);
    hr_status status = list(&w, &cron, w.zone_name ? &zone : &sim_zone_utc, from, &e);
    sim_zone_free(&zone);
    return status ? cli_complain(&e) : HR_OK;
}
