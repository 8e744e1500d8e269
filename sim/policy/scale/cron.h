// sim/policy/scale/cron.h - times by a cron expression, under the rules of Vixie's cron as Debian ships it.
// * Five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday). Lists, ranges, steps, names of months and days.
//   `a/n` runs from a to the end of the field's range. @hourly, @daily, @weekly, @monthly and @yearly stand for what they say.
// * Day of month and day of week are joined by `or`; by `and` when one of them begins with `*`.
// * Where clocks are put forward, an expression of fixed times (neither minute nor hour begins with `*`) that falls into the hour that is
//   left out runs at its end, once. Where they are put back, it runs in the first pass only. Expressions with such a `*` follow the clock.
//   Changes of three hours and more are corrections: the new time simply holds.
#ifndef SIM_CRON_H
#define SIM_CRON_H

#include "sim/core/base.h"

typedef struct {
    uint64_t minute;                           // bit n: minute n matches; the same for the others
    uint32_t hour, day, month, weekday;
    bool     day_star, weekday_star;           // the field begins with *
    bool     fixed;                            // neither minute nor hour begins with *
} sim_cron;
// HR_BAD_INPUT says which field is wrong and why.
hr_status sim_cron_read(const char *expression, sim_cron *cron, hr_error *e) HR_MUST_USE;

// What a clock on the wall shows: from `at` (seconds since 1970, UTC) on it is ahead of UTC by `offset` seconds, until the next row.
typedef struct { int64_t at; int32_t offset; } sim_zone_span;
typedef struct {
    const sim_zone_span *spans;                // in order of time; the first one holds before its time, too
    uint32_t             count;                // at least 1
} sim_zone;
extern const sim_zone sim_zone_utc;
int32_t sim_zone_offset(const sim_zone *zone, int64_t at);

// The first time strictly after `after`, in seconds since 1970. False: none within 400 years, after which the calendar repeats.
bool sim_cron_next(const sim_cron *cron, const sim_zone *zone, int64_t after, int64_t *next);

#endif
