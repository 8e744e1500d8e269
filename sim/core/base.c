// sim/core/base.c - errors, memory, text and files.
#include "sim/core/base.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

hr_status hr_fail(hr_error *e, hr_status status, const char *format, ...)
{
    if (!e)
        return status;
    if (e->count++ == 0)
        e->status = status;
    size_t room = sizeof e->text - e->used;
    if (room < 2)
        return status;
    va_list args;
    va_start(args, format);
    int want = vsnprintf(e->text + e->used, room - 1, format, args);
    va_end(args);
    if (want < 0)
        return status;
    size_t got = (size_t)want < room - 2 ? (size_t)want : room - 2;
    e->used += got;
    if (got == 0 || e->text[e->used - 1] != '\n')
        e->text[e->used++] = '\n';
    e->text[e->used] = 0;
    return status;
}

void hr_panic(const char *file, int line, const char *format, ...)
{
    fprintf(stderr, "headroom: bug at %s:%d: ", file, line);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("\n", stderr);
    abort();
}

void *hr_alloc(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p)
        hr_panic(__FILE__, __LINE__, "no memory for %zu bytes", bytes);
    return p;
}

void *hr_realloc(void *old, size_t bytes)
{
    void *p = realloc(old, bytes ? bytes : 1);
    if (!p)
        hr_panic(__FILE__, __LINE__, "no memory for %zu bytes", bytes);
    return p;
}

char *hr_strdup(const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(hr_alloc(n), text, n);
}

static void add_formatted(hr_text *t, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int want = vsnprintf(NULL, 0, format, args);
    HR_ASSERT(want >= 0);
    size_t need = t->used + (size_t)want + 1;
    if (need > t->room) {
        t->room = need * 2;
        t->data = hr_realloc(t->data, t->room);
    }
    vsnprintf(t->data + t->used, (size_t)want + 1, format, again);
    va_end(again);
    t->used += (size_t)want;
}

void hr_text_add(hr_text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_formatted(t, format, args);
    va_end(args);
}

void hr_text_bytes(hr_text *t, const void *bytes, size_t count)
{
    if (t->used + count + 1 > t->room) {
        t->room = (t->used + count + 1) * 2;
        t->data = hr_realloc(t->data, t->room);
    }
    memcpy(t->data + t->used, bytes, count);
    t->used += count;
    t->data[t->used] = 0;
}

char *hr_format(const char *format, ...)
{
    hr_text t = {0};
    va_list args;
    va_start(args, format);
    add_formatted(&t, format, args);
    va_end(args);
    return t.data;
}

// Opens without waiting: a pipe that nobody writes to would be waited for without end.
static FILE *open_file(const char *path, hr_error *e)
{
    struct stat is;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &is) != 0) {
        hr_fail(e, HR_BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    } else if (!S_ISREG(is.st_mode)) {
        hr_fail(e, HR_BAD_INPUT, "%s: %s, but a file is wanted", path, S_ISDIR(is.st_mode) ? "this is a folder" :
                S_ISFIFO(is.st_mode) ? "this is a pipe" : "this is a device");
    } else {
        return fdopen(fd, "rb");
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

hr_status hr_read_file(const char *path, size_t limit_bytes, char **data, size_t *size, hr_error *e)
{
    FILE *f = open_file(path, e);
    if (!f)
        return HR_BAD_INPUT;
    hr_text t = {0};
    char block[65536];
    size_t got;
    while ((got = fread(block, 1, sizeof block, f)) > 0 && t.used <= limit_bytes)
        hr_text_bytes(&t, block, got);
    int failed = ferror(f) ? errno : 0;
    fclose(f);
    if (failed || t.used > limit_bytes) {
        free(t.data);
        if (failed)
            return hr_fail(e, HR_BAD_INPUT, "%s: cannot be read: %s", path, strerror(failed));
        return hr_fail(e, HR_BAD_INPUT, "%s: larger than %zu bytes, the most that is read here", path, limit_bytes);
    }
    *data = t.data ? t.data : hr_alloc(1);
    *size = t.used;
    return HR_OK;
}

hr_status hr_write_file(const char *path, const void *data, size_t size, hr_error *e)
{
    char *beside = hr_format("%s.%d.part", path, (int)getpid());
    FILE *f = fopen(beside, "wb");
    int failed = f ? 0 : errno;
    if (f) {
        if (fwrite(data, 1, size, f) != size)
            failed = errno;
        if (fclose(f) != 0 && !failed)
            failed = errno;
        if (!failed && rename(beside, path) != 0)
            failed = errno;
        if (failed)
            unlink(beside);
    }
    free(beside);
    if (failed)
        return hr_fail(e, HR_ENVIRONMENT, "%s: cannot be written: %s", path, strerror(failed));
    return HR_OK;
}

hr_status hr_make_folder(const char *path, unsigned mode, hr_error *e)
{
    char *copy = hr_format("%s/", path);
    int failed = 0;
    for (char *slash = strchr(copy + 1, '/'); slash && !failed; slash = strchr(slash + 1, '/')) {
        struct stat there;
        *slash = 0;
        // Asked first: on a read-only file system mkdir of an existing one may say EROFS.
        if (stat(copy, &there) == 0)
            failed = S_ISDIR(there.st_mode) ? 0 : ENOTDIR;
        else if (mkdir(copy, mode) != 0 && errno != EEXIST)
            failed = errno;
        *slash = '/';
    }
    free(copy);
    return failed ? hr_fail(e, HR_ENVIRONMENT, "%s: this folder cannot be made: %s", path, strerror(failed)) : HR_OK;
}

enum { LONGEST_WORD = 63 };                    // longer words are never near

// Capitals and what parts words do not count: M/M/1 is near mm1, LRU is lru. False: it is too long.
static bool fold(const char *word, char out[LONGEST_WORD + 1])
{
    size_t n = 0;
    for (; *word; word++)
        if (!strchr("-_/ ", *word)) {
            if (n == LONGEST_WORD)
                return false;
            out[n++] = (char)tolower((unsigned char)*word);
        }
    out[n] = 0;
    return true;
}

// Letters to be put in, taken out, replaced, or exchanged with the next (Damerau and Levenshtein), by three rows.
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), rows[3][LONGEST_WORD + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        above[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[m];
}

// How many letters two words begin with alike when one is the whole beginning of the other, and no shorter than three; else 0.
static size_t begins(const char *a, const char *b)
{
    size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    return n >= 3 && strncmp(a, b, n) == 0 ? n : 0;
}

const char *hr_nearest(const char *word, const char *const *names)
{
    const char *best = NULL, *longest = NULL;
    char a[LONGEST_WORD + 1], b[LONGEST_WORD + 1];
    if (!fold(word, a))
        return NULL;
    size_t least = (strlen(a) + 1) / 3 + 1, most = 0;              // "polcy" finds "policy", "sql" does not find "set"
    for (; *names; names++) {
        if (!fold(*names, b))
            continue;
        size_t d = distance(a, b), same = begins(a, b);
        best = d < least ? *names : best;
        least = d < least ? d : least;
        longest = same > most ? *names : longest;                  // "exponential" finds "exp"
        most = same > most ? same : most;
    }
    return best ? best : longest;
}

// The number in a file of one number, or UINT64_MAX ("max" stands there, too).
static uint64_t number_in(const char *path)
{
    unsigned long long number = 0;
    FILE *f = fopen(path, "r");
    bool found = f && fscanf(f, "%llu", &number) == 1;
    if (f)
        fclose(f);
    return found ? number : UINT64_MAX;
}

uint64_t hr_memory_bytes(void)
{
    uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t group = number_in("/sys/fs/cgroup/memory.max"), group_v1 = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    uint64_t least = group < group_v1 ? group : group_v1;
    return least < machine ? least : machine;
}

const char *hr_hint(const char *near, char quote, char out[HR_HINT_ROOM])
{
    if (near)
        snprintf(out, HR_HINT_ROOM, "; did you mean %c%s%c?", quote, near, quote);
    return out;
}

hr_time hr_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (hr_time)t.tv_sec * HR_SEC + t.tv_nsec;
}
