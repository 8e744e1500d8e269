// sim/replay/trace.c - see trace.h.
#include "sim/replay/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

sim_trace sim_trace_of(hr_lines *lines, double rate_per_s)
{
    return (sim_trace){.lines = lines, .key = 0, .time = -1, .size = -1, .gap = (hr_time)(1e9 / rate_per_s)};
}

static uint64_t hash_of(const char *text, size_t length)           // FNV-1a, 64 bits
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)text[i]) * 0x100000001B3u;
    return hash;
}

// A number of up to 19 digits stands for itself, any other text for its hash.
static uint64_t key_of(const char *text, size_t length)
{
    uint64_t number = 0;
    size_t i = 0;
    for (unsigned digit; i < length && (digit = (unsigned)text[i] - '0') <= 9; i++)
        number = number * 10 + digit;
    return i == length && length <= 19 && length > 0 ? number : hash_of(text, length);
}

// --- CSV ----------------------------------------------------------------------------------------------------------------

// Whether the line names columns, `key` among them.
static bool read_header(sim_trace *t, const char *line)
{
    char *copy = hr_strdup(line), *at = copy;
    int key = -1, time = -1, size = -1;
    for (int column = 0; at; column++) {
        const char *name = hr_field(&at);
        if (strcmp(name, "key") == 0)
            key = column;
        else if (strcmp(name, "time") == 0)
            time = column;
        else if (strcmp(name, "size") == 0)
            size = column;
    }
    free(copy);
    if (key < 0 || !strchr(line, ','))
        return false;
    t->is_csv = true;
    t->key = key;
    t->time = time;
    t->size = size;
    return true;
}

static bool read_time(sim_trace *t, const char *text, hr_error *e)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds >= 0) || seconds > 9e9) {
        hr_lines_fail(t->lines, e, "time '%s': want seconds, from 0 on", text);
        return false;
    }
    hr_time at = (hr_time)llround(seconds * 1e9);
    if (at < t->at) {
        hr_lines_fail(t->lines, e, "time %s lies before the line above: sort the trace by time", text);
        return false;
    }
    t->at = at;
    return true;
}

static bool read_row(sim_trace *t, char *line, sim_trace_request *out, hr_error *e)
{
    int seen = 0, wanted = 1 + (t->time >= 0) + (t->size >= 0);
    char *at = line;
    for (int column = 0; at; column++) {
        const char *field = hr_field(&at);
        seen += column == t->key || column == t->time || column == t->size;
        if (column == t->key)
            out->key = key_of(field, strlen(field));
        if (column == t->time && !read_time(t, field, e))
            return false;
        if (column == t->size) {
            char *end;
            unsigned long long bytes = strtoull(field, &end, 10);
            if (*field < '0' || *field > '9' || *end || bytes > UINT32_MAX) {
                hr_lines_fail(t->lines, e, "size '%s': want whole bytes, at most 4 GiB", field);
                return false;
            }
            out->size_bytes = (uint32_t)bytes;
        }
    }
    if (seen < wanted)
        hr_lines_fail(t->lines, e, "fewer fields than the header has columns");
    return seen == wanted;
}

size_t sim_trace_read(sim_trace *t, sim_trace_request *out, size_t most, hr_error *e)
{
    size_t n = 0, length;
    for (char *line; n < most && (line = hr_lines_next(t->lines, &length)) != NULL; ) {
        if (length == 0)
            continue;
        if (!t->begun) {
            t->begun = true;
            if (read_header(t, line))
                continue;
        }
        if (t->time < 0)
            t->at += t->gap;
        if (!t->is_csv)
            out[n].key = key_of(line, length);
        else if (!read_row(t, line, &out[n], e))
            return 0;
        out[n++].at = t->at;
    }
    return n > 0 || hr_lines_status(t->lines, e) == HR_OK ? n : 0;
}
