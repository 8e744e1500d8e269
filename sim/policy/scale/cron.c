// sim/policy/scale/cron.c - see cron.h.
#include "sim/policy/scale/cron.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MINUTES_A_DAY = 1440 };
static const int64_t horizon_s = (int64_t)146097 * 86400;      // 400 years: the calendar has a period of so many days, whole weeks
static const int32_t correction_s = 3 * 3600;                  // cron(8): changes of the clock from this on are taken as they are

static const sim_zone_span utc_span = {0, 0};
const sim_zone sim_zone_utc = {&utc_span, 1};

// --- reading ----------------------------------------------------------------------------------------------------------

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const struct { const char *name; int least, most; const char *const *words; int word_count; } fields[] = {
    {"minute", 0, 59, NULL, 0}, {"hour", 0, 23, NULL, 0}, {"day of month", 1, 31, NULL, 0}, {"month", 1, 12, months, 12},
    {"day of week", 0, 7, days, 7}};
enum { FIELDS = HR_COUNT(fields) };

static const struct { const char *name, *expression; } nicknames[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"}};

// A number or a name. NULL: neither.
static const char *read_value(size_t field, const char *c, int *value)
{
    if (isdigit((unsigned char)*c)) {
        for (*value = 0; isdigit((unsigned char)*c); c++)
            *value = *value < 1000 ? *value * 10 + (*c - '0') : *value;
        return c;
    }
    for (int i = 0; i < fields[field].word_count; i++)
        if (strncasecmp(c, fields[field].words[i], 3) == 0 && !isalnum((unsigned char)c[3])) {
            *value = i + fields[field].least;
            return c + 3;
        }
    return NULL;
}

// One part of a list: *, a, a-b, each with or without /n. Says what is wrong, or NULL.
static const char *read_part(size_t field, const char **at, uint64_t *bits)
{
    const char *c = *at;
    int from = fields[field].least, to = fields[field].most, step = 1;
    bool single = false;
    if (*c == '*') {
        c++;
    } else {
        c = read_value(field, c, &from);
        if (!c)
            return "want *, a number, or a name where there are names";
        single = *c != '-';
        to = from;
        if (!single && !(c = read_value(field, c + 1, &to)))
            return "a range lacks its end";
    }
    if (*c == '/') {
        if (!isdigit((unsigned char)c[1]))
            return "a step wants a number";
        c = read_value(field, c + 1, &step);
        to = single ? fields[field].most : to;
    }
    if (from < fields[field].least || to > fields[field].most)
        return "out of range";
    if (from > to)
        return "a range runs backwards";
    if (step < 1)
        return "a step wants at least 1";
    for (int value = from; value <= to; value += step)
        *bits |= (uint64_t)1 << value;
    *at = c;
    return NULL;
}

static const char *read_field(size_t field, const char **at, uint64_t *bits)
{
    const char *wrong;
    *bits = 0;
    while (!(wrong = read_part(field, at, bits)) && **at == ',')
        (*at)++;
    if (!wrong && **at && !isspace((unsigned char)**at))
        return "something stands behind it";
    return wrong;
}

static const char *skip_spaces(const char *c)
{
    while (isspace((unsigned char)*c))
        c++;
    return c;
}

hr_status sim_cron_read(const char *expression, sim_cron *cron, hr_error *e)
{
    uint64_t bits[FIELDS];
    bool star[FIELDS];
    const char *c = skip_spaces(expression);
    for (size_t i = 0; i < HR_COUNT(nicknames); i++)
        if (strcasecmp(c, nicknames[i].name) == 0)
            c = nicknames[i].expression;
    if (*c == '@')
        return hr_fail(e, HR_BAD_INPUT, "cron '%s': there are @hourly, @daily, @weekly, @monthly and @yearly, or five fields", expression);
    for (size_t f = 0; f < FIELDS; f++, c = skip_spaces(c)) {
        if (!*c)
            return hr_fail(e, HR_BAD_INPUT, "cron '%s': %zu of 5 fields; want minute, hour, day of month, month, day of week", expression, f);
        star[f] = *c == '*';
        const char *wrong = read_field(f, &c, &bits[f]);
        if (wrong)
            return hr_fail(e, HR_BAD_INPUT, "cron '%s': %s: %s (it takes %d to %d)", expression, fields[f].name, wrong, fields[f].least,
                           fields[f].most);
    }
    if (*c)
        return hr_fail(e, HR_BAD_INPUT, "cron '%s': more than 5 fields; a command does not belong here", expression);
    *cron = (sim_cron){.minute = bits[0], .hour = (uint32_t)bits[1], .day = (uint32_t)bits[2], .month = (uint32_t)bits[3],
                       .weekday = (uint32_t)(bits[4] | bits[4] >> 7) & 0x7F, .day_star = star[2], .weekday_star = star[4],
                       .fixed = !star[0] && !star[1]};
    return HR_OK;
}

// --- matching ---------------------------------------------------------------------------------------------------------

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

// Month and day of a day counted from 1 January 1970 (Hinnant, chrono-compatible date algorithms: years begin in March).
static void civil(int64_t number, uint32_t *month, uint32_t *day)
{
    int64_t shifted = number + 719468, era = floor_div(shifted, 146097);
    uint32_t doe = (uint32_t)(shifted - era * 146097), yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), from_march = (5 * doy + 2) / 153;
    *day = doy - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
}

static bool day_matches(const sim_cron *c, int64_t number)
{
    uint32_t month, day, weekday = (uint32_t)(number + 4 - floor_div(number + 4, 7) * 7);      // 1 January 1970 was a Thursday
    civil(number, &month, &day);
    bool by_day = c->day >> day & 1, by_weekday = c->weekday >> weekday & 1;
    return (c->month >> month & 1) && (c->day_star || c->weekday_star ? by_day && by_weekday : by_day || by_weekday);
}

// The first matching minute of the clock from `from` to before `end`, in minutes since 1970 on that clock, or `end`.
static int64_t first_match(const sim_cron *c, int64_t from, int64_t end)
{
    int64_t at = from;
    while (at < end) {
        int64_t day = floor_div(at, MINUTES_A_DAY), of_day = at - day * MINUTES_A_DAY;
        if (!day_matches(c, day)) {
            at = (day + 1) * MINUTES_A_DAY;
        } else if (!(c->hour >> (of_day / 60) & 1)) {
            at = day * MINUTES_A_DAY + (of_day / 60 + 1) * 60;
        } else if (!(c->minute >> (of_day % 60) & 1)) {
            at++;
        } else {
            return at;
        }
    }
    return end;
}

int32_t sim_zone_offset(const sim_zone *zone, int64_t at)
{
    uint32_t low = 0, high = zone->count;                      // the last span that begins by then
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->spans[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return zone->spans[low].offset;
}

// The first time within span `i`, from `from` on, or `end`.
static int64_t first_in_span(const sim_cron *c, const sim_zone *zone, uint32_t i, int64_t from, int64_t end)
{
    const sim_zone_span *span = &zone->spans[i];
    int32_t change = i ? span->offset - zone->spans[i - 1].offset : 0;
    bool special = c->fixed && change > -correction_s && change < correction_s;
    int64_t shown = span->at + span->offset;                   // when the span begins, on the new clock
    if (special && change > 0 && from <= span->at) {           // what the clock has left out
        int64_t skipped_end = -floor_div(-shown, 60);
        if (first_match(c, -floor_div(-(shown - change), 60), skipped_end) < skipped_end)
            return span->at;
    }
    int64_t local = from + span->offset;
    if (special && change < 0 && local < shown - change)       // what it shows for a second time
        local = shown - change;
    int64_t last = -floor_div(-(end + span->offset), 60), minute = first_match(c, -floor_div(-local, 60), last);
    return minute < last ? minute * 60 - span->offset : end;
}

bool sim_cron_next(const sim_cron *cron, const sim_zone *zone, int64_t after, int64_t *next)
{
    int64_t from = after + 1, horizon = after + horizon_s;
    uint32_t i = 0;
    while (i + 1 < zone->count && zone->spans[i + 1].at <= from)
        i++;
    for (; from < horizon; i++) {
        bool last = i + 1 == zone->count;
        int64_t end = last ? horizon : hr_min_time(zone->spans[i + 1].at, horizon);
        int64_t found = first_in_span(cron, zone, i, from, end);
        if (found < end) {
            *next = found;
            return true;
        }
        if (last)
            return false;
        from = end;
    }
    return false;
}
