// sim/scenario/zone.c - see zone.h. The C library is asked for the offset of every day; where it changes, halving finds the second.
#include "sim/scenario/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const folder = "/usr/share/zoneinfo";
enum { STEP_S = 86400 };

static int32_t offset_at(int64_t at)
{
    struct tm shown;
    time_t t = (time_t)at;
    return localtime_r(&t, &shown) ? (int32_t)shown.tm_gmtoff : 0;
}

static void add_span(sim_zone *zone, uint32_t *room, int64_t at, int32_t offset)
{
    if (zone->count == *room) {
        *room = *room * 2 + 16;
        zone->spans = hr_realloc((void *)zone->spans, *room * sizeof *zone->spans);
    }
    ((sim_zone_span *)zone->spans)[zone->count++] = (sim_zone_span){at, offset};
}

// A file of tzdata begins so; its name stays inside of the folder.
static bool is_zone(const char *name)
{
    char magic[4] = {0};
    if (!*name || *name == '/' || strstr(name, ".."))
        return false;
    char *path = hr_format("%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    bool good = file && fread(magic, 1, sizeof magic, file) == sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
    if (file)
        fclose(file);
    free(path);
    return good;
}

hr_status sim_zone_read(const char *name, int64_t from, int64_t to, sim_zone *zone, hr_error *e)
{
    if (access(folder, R_OK) != 0)
        return hr_fail(e, HR_ENVIRONMENT, "no time zones in %s: install the package tzdata", folder);
    if (!is_zone(name))
        return hr_fail(e, HR_BAD_INPUT, "no time zone '%s'; zones are named as the files below %s, such as Europe/Berlin", name, folder);
    const char *set = getenv("TZ");
    char *before = set ? hr_strdup(set) : NULL, *wanted = hr_format(":%s/%s", folder, name);
    uint32_t room = 0;
    setenv("TZ", wanted, 1);
    tzset();
    *zone = (sim_zone){0};
    int32_t offset = offset_at(from);
    add_span(zone, &room, from, offset);
    for (int64_t day = from; day < to; day += STEP_S) {
        int64_t low = day, high = hr_min_time(day + STEP_S, to);
        if (offset_at(high) == offset)
            continue;
        while (high - low > 1) {
            int64_t middle = low + (high - low) / 2;
            if (offset_at(middle) == offset)
                low = middle;
            else
                high = middle;
        }
        offset = offset_at(high);
        add_span(zone, &room, high, offset);
    }
    if (before)
        setenv("TZ", before, 1);
    else
        unsetenv("TZ");
    tzset();
    free(before);
    free(wanted);
    return HR_OK;
}

void sim_zone_free(sim_zone *zone)
{
    free((void *)zone->spans);
    *zone = (sim_zone){0};
}
