// sim/core/base.h - the words that every room uses: time, status, errors, memory, assertions.
// * Time is int64 nanoseconds everywhere, simulated and measured.
// * Wrong input returns a status and adds text to an hr_error; a broken invariant aborts; no memory aborts.
// * A status is also the exit status of the program (DESIGN: 0 fine, 1 fails, 2 undecided, 3 bad input, 4 environment).
#ifndef HR_BASE_H
#define HR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t hr_time;                       // nanoseconds
#define HR_US     ((hr_time)1000)
#define HR_MS     ((hr_time)1000000)
#define HR_SEC    ((hr_time)1000000000)
#define HR_FOREVER INT64_MAX                   // "no deadline", "never"

typedef enum {
    HR_OK = 0,                                 // holds, fine
    HR_FAILS = 1,                              // a claim, objective or test fails
    HR_UNDECIDED = 2,                          // known so far, but not decided
    HR_BAD_INPUT = 3,                          // bad usage or bad input
    HR_ENVIRONMENT = 4,                        // the machine lacks something
} hr_status;

#define HR_MUST_USE  __attribute__((warn_unused_result))
#define HR_APART     __attribute__((noinline))  // seldom run: not inlined, so that the path beside it stays short
#define HR_CLOSE      static inline __attribute__((always_inline)) // of every request's path: a part of its caller wherever it is called
#define HR_MOSTLY(condition) __builtin_expect(!!(condition), 1)    // the path of every request runs straight on
#define HR_SELDOM(condition) __builtin_expect(!!(condition), 0)
#define HR_PRINTF(f, a) __attribute__((format(printf, f, a)))

// Collected messages, one a line; zero-initialise it. All errors of a file end up in one of these.
typedef struct {
    hr_status status;                          // of the first message; HR_OK when there is none
    int       count;                           // messages so far
    size_t    used;                            // bytes of text used
    char      text[8192];                      // messages, each ends in a newline; more than fit are counted, not kept
} hr_error;

// Adds one message (a newline is added when it lacks one) and returns `status`, so that callers write `return hr_fail(…)`.
// `e` may be NULL: then only the status is returned.
hr_status hr_fail(hr_error *e, hr_status status, const char *format, ...) HR_PRINTF(3, 4);

// Zeroed memory; aborts with the size asked when there is none. Freed with free().
void *hr_alloc(size_t bytes);
void *hr_realloc(void *old, size_t bytes);
char *hr_strdup(const char *text);
// A formatted string; the caller frees it.
char *hr_format(const char *format, ...) HR_PRINTF(1, 2);

// A growing text; zero-initialise it, free(text.data) at the end. `data` is NULL while nothing was added.
typedef struct { char *data; size_t used, room; } hr_text;
void hr_text_add(hr_text *t, const char *format, ...) HR_PRINTF(2, 3);
void hr_text_bytes(hr_text *t, const void *bytes, size_t count);

// The whole file, with a zero byte behind it (the caller frees it). `limit_bytes` bounds what is read. Only true files are read: a pipe
// can be read once, and may never end.
hr_status hr_read_file(const char *path, size_t limit_bytes, char **data, size_t *size, hr_error *e) HR_MUST_USE;
// Writes beside the target and renames, so that a full disk never leaves half a file at `path`.
hr_status hr_write_file(const char *path, const void *data, size_t size, hr_error *e) HR_MUST_USE;

// Makes the folder and those above it where they are missing, with permissions `mode`; fine when it is there.
hr_status hr_make_folder(const char *path, unsigned mode, hr_error *e) HR_MUST_USE;

// Memory that this process may hope for: of the machine, or of its control group where that is less.
uint64_t hr_memory_bytes(void);

enum { HR_HINT_ROOM = 96 };
// The nearest of `names` (NULL-terminated) to `word` for "did you mean", or NULL when none is near.
const char *hr_nearest(const char *word, const char *const *names);
// How a message ends: "; did you mean 'near'?" in quotes of that sort, or "" when near is NULL. Good until the end of the block.
const char *hr_hint(const char *near, char quote, char out[HR_HINT_ROOM]);
#define HR_HINT(near, quote) hr_hint(near, quote, (char[HR_HINT_ROOM]){0})

// Monotonic wall-clock time in nanoseconds (CLOCK_MONOTONIC): for measuring, never inside a simulated world.
hr_time hr_now(void);

_Noreturn void hr_panic(const char *file, int line, const char *format, ...) HR_PRINTF(3, 4);
// A broken invariant: aborts with file and line. Stays in release builds. Inside a world use SIM_ASSERT, which adds time and seed.
#define HR_ASSERT(condition) ((condition) ? (void)0 : hr_panic(__FILE__, __LINE__, "broken invariant: %s", #condition))
// The costly twin of HR_ASSERT: debug builds only.
#ifdef NDEBUG
#define HR_CHECK(condition) ((void)0)
#else
#define HR_CHECK(condition) HR_ASSERT(condition)
#endif

#define HR_COUNT(array) (sizeof(array) / sizeof((array)[0]))
static inline hr_time hr_min_time(hr_time a, hr_time b) { return a < b ? a : b; }
static inline hr_time hr_max_time(hr_time a, hr_time b) { return a > b ? a : b; }
// So many times as long; at most thirty years, which leave room for the clock.
static inline hr_time hr_times(hr_time time, double factor)
{
    double longer = (double)time * factor;
    return longer < 1e18 ? (hr_time)longer : (hr_time)1e18;
}

#endif
