// sim/core/lines.c - see lines.h.
#include "sim/core/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { BLOCK = 1 << 18, LONGEST = 1 << 20 };

struct hr_lines {
    char    *path;
    gzFile   file;
    char    *data;                             // LONGEST + BLOCK + 1 bytes; unread ones from `at` to before `end`
    size_t   at, end;
    uint64_t number;                           // of the line that was read last, from 1
    int64_t  file_bytes;                       // 0: not known
    bool     at_end, too_long;
};

hr_status hr_lines_open(const char *path, hr_lines **out, hr_error *e)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct stat s = {0};
    if (fd < 0)
        return hr_fail(e, HR_BAD_INPUT, "%s: %s", path, strerror(errno));
    if (fstat(fd, &s) == 0 && S_ISDIR(s.st_mode)) {
        close(fd);
        return hr_fail(e, HR_BAD_INPUT, "%s: is a folder, not a file", path);
    }
    gzFile file = gzdopen(fd, "rb");
    if (!file) {
        close(fd);
        hr_panic(__FILE__, __LINE__, "no memory to read %s", path);
    }
    gzbuffer(file, BLOCK);
    hr_lines *lines = hr_alloc(sizeof *lines);
    *lines = (hr_lines){.path = hr_strdup(is_stdin ? "standard input" : path), .file = file, .data = hr_alloc(LONGEST + BLOCK + 1),
                        .file_bytes = S_ISREG(s.st_mode) ? s.st_size : 0};
    *out = lines;
    return HR_OK;
}

void hr_lines_close(hr_lines *lines)
{
    if (!lines)
        return;
    gzclose(lines->file);
    free(lines->path);
    free(lines->data);
    free(lines);
}

// Moves what is unread to the front and reads a block behind it. False when nothing more comes.
static bool fill(hr_lines *l)
{
    if (l->at_end || l->end - l->at > LONGEST)
        return false;
    memmove(l->data, l->data + l->at, l->end - l->at);
    l->end -= l->at;
    l->at = 0;
    int got = gzread(l->file, l->data + l->end, BLOCK);
    l->at_end = got <= 0;
    l->end += got > 0 ? (size_t)got : 0;
    return got > 0;
}

char *hr_lines_next(hr_lines *l, size_t *length)
{
    char *end = l->end > l->at ? memchr(l->data + l->at, '\n', l->end - l->at) : NULL;
    while (!end) {
        size_t seen = l->end - l->at;
        if (!fill(l))
            break;
        end = memchr(l->data + seen, '\n', l->end - seen);
    }
    if (l->end == l->at)
        return NULL;
    l->number++;
    l->too_long = !end && !l->at_end;
    if (l->too_long)
        return NULL;
    char *line = l->data + l->at;
    size_t n = (size_t)((end ? end : l->data + l->end) - line);
    l->at = end ? l->at + n + 1 : l->end;
    if (n && line[n - 1] == '\r')
        n--;
    line[n] = 0;
    if (length)
        *length = n;
    return line;
}

double hr_lines_done_frac(const hr_lines *l)
{
    return l->file_bytes > 0 ? (double)gzoffset(l->file) / (double)l->file_bytes : 0;
}

hr_status hr_lines_status(const hr_lines *l, hr_error *e)
{
    int code;
    const char *text = gzerror(l->file, &code);
    if (l->too_long)
        return hr_lines_fail(l, e, "the line is longer than 1 MiB");
    if (code == Z_ERRNO)
        return hr_fail(e, HR_BAD_INPUT, "%s: %s", l->path, strerror(errno));
    if (code < 0)
        return hr_fail(e, HR_BAD_INPUT, "%s: damaged after line %llu: %s", l->path, (unsigned long long)l->number, text);
    return HR_OK;
}

hr_status hr_lines_fail(const hr_lines *l, hr_error *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char text[512];
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (l->number == 0)
        return hr_fail(e, HR_BAD_INPUT, "%s: %s", l->path, text);
    return hr_fail(e, HR_BAD_INPUT, "%s:%llu: %s", l->path, (unsigned long long)l->number, text);
}

char *hr_field(char **at)
{
    char *from = *at + strspn(*at, " \t"), *to = from, *end = from;
    if (*from == '"') {
        for (end = ++from, to = from; *end && (*end != '"' || end[1] == '"'); end++) {
            end += *end == '"';
            *to++ = *end;
        }
        end += strcspn(end, ",");
    } else {
        end += strcspn(end, ",");
        for (to = end; to > from && (to[-1] == ' ' || to[-1] == '\t');)
            to--;
    }
    *at = *end ? end + 1 : NULL;
    *to = 0;
    return from;
}

bool hr_fields(char *line, char **field, size_t most, size_t *count)
{
    *count = 0;
    for (char *at = line; at; field[(*count)++] = hr_field(&at))
        if (*count == most)
            return false;
    return true;
}
