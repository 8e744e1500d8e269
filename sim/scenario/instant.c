// sim/scenario/instant.c - see instant.h.
#include "sim/scenario/instant.h"

#include <ctype.h>
#include <time.h>

// Exactly `count` digits, then `end` (0: whatever).
static const char *digits(const char *c, int count, char end, int *value)
{
    *value = 0;
    for (; c && count > 0; count--, c++) {
        if (!isdigit((unsigned char)*c))
            return NULL;
        *value = *value * 10 + (*c - '0');
    }
    return c && end && *c++ != end ? NULL : c;
}

static const char *read_fraction(const char *c, int32_t *nanoseconds)
{
    int32_t unit = 100000000;
    if (*c != '.' || !nanoseconds || !isdigit((unsigned char)c[1]))
        return *c == '.' ? NULL : c;
    for (c++; isdigit((unsigned char)*c); c++, unit /= 10)
        *nanoseconds += (*c - '0') * unit;
    return c;
}

// Z or ±hh:mm, then the end.
static bool read_offset(const char *c, int *seconds)
{
    int hours, minutes, sign = *c == '-' ? -1 : 1;
    *seconds = 0;
    if ((*c == 'Z' || *c == 'z') && !c[1])
        return true;
    if (*c != '+' && *c != '-')
        return false;
    c = digits(digits(c + 1, 2, ':', &hours), 2, 0, &minutes);
    if (!c || *c || hours > 23 || minutes > 59)
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool sim_read_instant(const char *text, int64_t *seconds, int32_t *nanoseconds)
{
    struct tm t = {0};
    int32_t fraction = 0;
    int year, month, offset = 0;
    const char *c = digits(digits(digits(text, 4, '-', &year), 2, '-', &month), 2, 0, &t.tm_mday);
    if (!c)
        return false;
    t.tm_year = year - 1900;
    t.tm_mon = month - 1;
    if (*c) {
        if (*c != 'T' && *c != 't' && *c != ' ')
            return false;
        c = digits(digits(digits(c + 1, 2, ':', &t.tm_hour), 2, ':', &t.tm_min), 2, 0, &t.tm_sec);
        c = c ? read_fraction(c, nanoseconds ? &fraction : NULL) : NULL;
        if (!c || !read_offset(c, &offset) || t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 59)
            return false;
    }
    struct tm normal = t;
    time_t at = timegm(&normal);                               // it moves 30 February to 2 March
    if (normal.tm_mday != t.tm_mday || normal.tm_mon != t.tm_mon)
        return false;
    *seconds = (int64_t)at - offset;
    if (nanoseconds)
        *nanoseconds = fraction;
    return true;
}
