// sim/scenario/data.c - see data.h.
#include "sim/scenario/data.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "sim/core/lines.h"
#include "sim/scenario/units.h"

enum { MOST_ROWS = 10 * 1000 * 1000, MOST_BYTES = 1 << 30, LONGEST_LINE = 4096, MOST_COLUMNS = 4 };

// --- lines ------------------------------------------------------------------------------------------------------------

typedef struct {
    const sim_source *source;
    const char *name;
    gzFile      file;                          // reads plain text as well
    uint32_t    number, checksum;              // of the present line; CRC-32 so far
    size_t      bytes;
    bool        failed;
    char        text[LONGEST_LINE + 2];
} lines;

// A mistake in the present line.
#define LINE_FAIL(l, format, ...) ((l)->failed = true, sim_because((l)->source, "%s:%u: " format, (l)->name, (l)->number, __VA_ARGS__))

static bool open_lines(lines *l, const sim_source *source, const char *name)
{
    *l = (lines){.source = source, .name = name, .checksum = (uint32_t)crc32(0, NULL, 0)};
    if (!source)
        return false;
    const char *slash = strrchr(source->path, '/');
    char *path = *name == '/' || !slash ? hr_strdup(name) : hr_format("%.*s/%s", (int)(slash - source->path), source->path, name);
    struct stat there;
    if (stat(path, &there) != 0 || (S_ISREG(there.st_mode) && !(l->file = gzopen(path, "rb"))))
        sim_because(source, "the file %s cannot be read: %s", path, strerror(errno));
    else if (!S_ISREG(there.st_mode))
        sim_because(source, "%s is not a regular file", path);
    free(path);
    return l->file != NULL;
}

// The next line without its end, comment and surrounding space; NULL at the end of the file, or when it has `failed`.
static char *next_line(lines *l)
{
    while (!l->failed && gzgets(l->file, l->text, sizeof l->text)) {
        size_t n = strlen(l->text);
        l->number++;
        l->bytes += n;
        l->checksum = (uint32_t)crc32(l->checksum, (const Bytef *)l->text, (uInt)n);
        bool cut = n == 0 || (l->text[n - 1] != '\n' && !gzeof(l->file));     // by a zero byte, when not by its length
        if (n > LONGEST_LINE || l->bytes > MOST_BYTES || cut) {
            LINE_FAIL(l, "%s", n > LONGEST_LINE ? "a line of more than 4096 bytes" : cut ? "not a text file: it has a zero byte" :
                      "more than 1 GiB of text");
            return NULL;
        }
        l->text[strcspn(l->text, "#\r\n")] = 0;
        for (n = strlen(l->text); n > 0 && strchr(" \t", l->text[n - 1]);)
            l->text[--n] = 0;
        char *start = l->text + strspn(l->text, " \t");
        if (*start)
            return start;
    }
    int error = Z_OK;
    const char *said = gzerror(l->file, &error);
    if (!l->failed && error != Z_OK && error != Z_STREAM_END)
        LINE_FAIL(l, "the file is damaged or cut off behind this line: %s", error == Z_ERRNO ? strerror(errno) : said);
    return NULL;
}

// Room for one more in an array that doubles; false beyond MOST_ROWS.
static bool more_rows(lines *l, uint32_t count, uint32_t *room)
{
    if (count == MOST_ROWS)
        return LINE_FAIL(l, "more than %d rows", MOST_ROWS);
    if (count == *room)
        *room = *room ? *room * 2 : 1024;
    return true;
}

static void *keep(sim_pool *pool, const void *from, size_t bytes)
{
    return from && bytes ? memcpy(sim_pool_take(pool, bytes), from, bytes) : NULL;
}

// --- times ------------------------------------------------------------------------------------------------------------

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool read_time(lines *l, const char *text, double *seconds)
{
    return sim_read_seconds(text, seconds) || LINE_FAIL(l, "'%.40s': want seconds such as 0.25, or a time such as 250ms", text);
}

static bool not_in_order(lines *l, const char *text)
{
    return LINE_FAIL(l, "'%.40s' is less than the time before it: they must ascend", text);
}

bool sim_data_times(sim_pool *pool, const sim_source *source, const char *name, sim_data_order order, const double **times, uint32_t *count)
{
    lines *l = hr_alloc(sizeof *l);
    double *found = NULL, before = 0;
    uint32_t n = 0, room = 0;
    bool good = open_lines(l, source, name);
    for (char *text; good && (text = next_line(l));) {
        good = more_rows(l, n, &room);
        found = hr_realloc(found, room * sizeof *found);
        good = good && read_time(l, text, &found[n]) && (order == SIM_DATA_SORTED || found[n] >= before || not_in_order(l, text));
        if (good)
            before = found[n++];
    }
    good = good && !l->failed;
    if (good && n < (order == SIM_DATA_ASCENDING ? 2 : 1))
        good = sim_because(source, "%s has %u times in it: too few", name, n);
    if (good && order == SIM_DATA_SORTED)
        qsort(found, n, sizeof *found, ascending);
    if (good) {
        *times = keep(pool, found, n * sizeof *found);
        *count = n;
    }
    if (l->file)
        gzclose(l->file);
    free(found);
    free(l);
    return good;
}

// --- traces -----------------------------------------------------------------------------------------------------------

enum { TIME, KEY, SIZE, OP };
static const char *const column_names[] = {"time", "key", "size", "op", NULL};

typedef struct {
    lines     lines;
    const char *const *operations;
    int       column[MOST_COLUMNS], columns;   // what stands in each place of a row
    uint32_t  count, room;
    hr_time  *time;
    uint64_t *key;
    uint32_t *size;
    uint16_t *op;
} tracer;

// The first row: names of columns, or, when it begins with a time, the first request of columns in their usual order.
static bool read_head(tracer *t, char **field, int n, bool *is_head)
{
    double seconds;
    *is_head = !sim_read_seconds(field[0], &seconds) && strchr("+-.0123456789", *field[0]) == NULL;
    t->columns = n;
    bool has_time = false;
    for (int i = 0; i < n; i++) {
        int c = i;
        if (*is_head)
            for (c = 0; column_names[c] && strcmp(column_names[c], field[i]) != 0;)
                c++;
        const char *near = column_names[c] ? NULL : hr_nearest(field[i], column_names);
        if (!column_names[c])
            return LINE_FAIL(&t->lines, "no column is named '%.40s'%s; there are time, key, size, op", field[i],
                             HR_HINT(near, '\''));
        for (int k = 0; k < i; k++)
            if (t->column[k] == c)
                return LINE_FAIL(&t->lines, "two columns `%s`", column_names[c]);
        t->column[i] = c;
        has_time = has_time || c == TIME;
    }
    return has_time || LINE_FAIL(&t->lines, "%s", "no column `time`");
}

static bool read_op(tracer *t, const char *text, uint16_t *op)
{
    for (uint16_t i = 0; t->operations && t->operations[i]; i++)
        if (strcmp(t->operations[i], text) == 0) {
            *op = i;
            return true;
        }
    if (!t->operations)
        return true;
    const char *near = hr_nearest(text, t->operations);
    return LINE_FAIL(&t->lines, "op '%.40s' is no operation of what is called%s", text,
                     HR_HINT(near, '\''));
}

static bool read_field(tracer *t, int column, const char *text)
{
    double x = 0;
    switch (column) {
    case TIME:
        if (!read_time(&t->lines, text, &x))
            return false;
        t->time[t->count] = (hr_time)(x * 1e9 + 0.5);
        return !t->count || t->time[t->count] >= t->time[t->count - 1] || not_in_order(&t->lines, text);
    case KEY:
        if (!sim_read_count(text, &x))
            return LINE_FAIL(&t->lines, "key '%.40s': want a whole number up to 1e15", text);
        t->key[t->count] = (uint64_t)x;
        return true;
    case SIZE:
        if ((!sim_read_count(text, &x) && !sim_read_bytes(text, &x)) || x > 1e9)
            return LINE_FAIL(&t->lines, "size '%.40s': want bytes such as 4096 or 4KiB, at most 1e9", text);
        t->size[t->count] = (uint32_t)x;
        return true;
    default: return read_op(t, text, &t->op[t->count]);
    }
}

static bool read_row(tracer *t, char *text)
{
    char *field[MOST_COLUMNS];
    bool is_head = false;
    size_t count;
    if (!hr_fields(text, field, MOST_COLUMNS, &count))
        return LINE_FAIL(&t->lines, "more than %d columns; there are time, key, size, op", MOST_COLUMNS);
    int n = (int)count;
    if (!t->columns && !read_head(t, field, n, &is_head))
        return false;
    if (is_head)
        return true;
    if (n != t->columns)
        return LINE_FAIL(&t->lines, "%d columns, the first line has %d", n, t->columns);
    uint32_t room = t->room;
    if (!more_rows(&t->lines, t->count, &t->room))
        return false;
    if (room != t->room) {
        t->time = hr_realloc(t->time, t->room * sizeof *t->time);
        t->key = hr_realloc(t->key, t->room * sizeof *t->key);
        t->size = hr_realloc(t->size, t->room * sizeof *t->size);
        t->op = hr_realloc(t->op, t->room * sizeof *t->op);
    }
    for (int i = 0; i < n; i++)
        if (!read_field(t, t->column[i], field[i]))
            return false;
    t->count++;
    return true;
}

static bool has_column(const tracer *t, int column)
{
    for (int i = 0; i < t->columns; i++)
        if (t->column[i] == column)
            return true;
    return false;
}

bool sim_data_trace(sim_pool *pool, const sim_source *source, const char *name, const char *const *operations, sim_trace_def *trace)
{
    tracer *t = hr_alloc(sizeof *t);
    bool good = open_lines(&t->lines, source, name);
    t->operations = operations;
    for (char *text; good && (text = next_line(&t->lines));)
        good = read_row(t, text);
    good = good && !t->lines.failed;
    if (good && !t->count)
        good = sim_because(source, "%s has no rows", name);
    if (good)
        *trace = (sim_trace_def){.file = sim_pool_text(pool, name), .rows = t->count, .checksum = t->lines.checksum, .speed = 1,
                                 .time = keep(pool, t->time, t->count * sizeof *t->time),
                                 .key = has_column(t, KEY) ? keep(pool, t->key, t->count * sizeof *t->key) : NULL,
                                 .size = has_column(t, SIZE) ? keep(pool, t->size, t->count * sizeof *t->size) : NULL,
                                 .op = operations && has_column(t, OP) ? keep(pool, t->op, t->count * sizeof *t->op) : NULL};
    if (t->lines.file)
        gzclose(t->lines.file);
    free(t->time);
    free(t->key);
    free(t->size);
    free(t->op);
    free(t);
    return good;
}
