// sim/store/store.c - where the store is, which backend keeps it, and what is the same for every backend.
#include "sim/store/backend.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const sim_store_backend *const backends[] = {
    &sim_store_file,
};

// Which file, when nobody said? The rules of the XDG base directory specification 0.8: a relative $XDG_DATA_HOME is ignored.
char *sim_store_usual_place(void)
{
    const char *store = getenv("HEADROOM_STORE"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (store && *store)
        return hr_strdup(store);
    if (data && *data == '/')
        return hr_format("%s/headroom/runs.db", data);
    if (!home || !*home) {
        struct passwd *user = getpwuid(getuid());
        home = user ? user->pw_dir : NULL;
    }
    return home && *home ? hr_format("%s/.local/share/headroom/runs.db", home) : NULL;
}

// postgresql://user:secret@host/db must not show its secret in a message, so only the scheme is repeated.
static hr_status refuse_scheme(const char *place, hr_error *e)
{
    return hr_fail(e, HR_BAD_INPUT, "a store at %.*s://… is not supported by this build: give the path of a file",
                   (int)(strstr(place, "://") - place), place);
}

static const sim_store_backend *backend_for(const char *place)
{
    for (size_t i = 0; i < HR_COUNT(backends); i++) {
        const char *scheme = backends[i]->scheme;
        if (strncmp(place, scheme, strlen(scheme)) == 0 && (*scheme || !strstr(place, "://")))
            return backends[i];
    }
    return NULL;
}

hr_status sim_store_open(const char *place, sim_store **store, hr_error *e)
{
    char *where = place && *place ? hr_strdup(place) : sim_store_usual_place();
    if (!where)
        return hr_fail(e, HR_ENVIRONMENT, "no place for the store of runs: set HEADROOM_STORE to the path of a file, or HOME");
    const sim_store_backend *backend = backend_for(where);
    hr_status status = backend ? backend->open(where, store, e) : refuse_scheme(where, e);
    if (status == HR_OK) {
        (*store)->backend = backend;
        (*store)->place = where;
    } else {
        free(where);
    }
    return status;
}

void sim_store_close(sim_store *s)
{
    if (!s)
        return;
    free(s->place);
    s->backend->close(s);
}

const char *sim_store_place(const sim_store *s) { return s->place; }

// Of equal width, so that texts compare as times do.
static void utc_text(struct timespec at, char text[static 32])
{
    struct tm utc;
    gmtime_r(&at.tv_sec, &utc);
    size_t used = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + used, 32 - used, ".%03dZ", (int)(at.tv_nsec / 1000000));
}

hr_status sim_store_add(sim_store *s, const sim_store_run *run, int64_t *id, hr_error *e)
{
    if (!run->verb || !run->name || !run->version)
        return hr_fail(e, HR_BAD_INPUT, "a run without %s cannot be kept", !run->verb ? "verb" : !run->name ? "name" : "version");
    struct timespec now;
    char created[32];
    clock_gettime(CLOCK_REALTIME, &now);
    utc_text(now, created);
    return s->backend->add(s, run, created, id, e);
}

hr_status sim_store_list(sim_store *s, size_t limit, sim_store_summary **list, size_t *count, hr_error *e)
{
    return s->backend->list(s, limit, list, count, e);
}

void sim_store_list_free(sim_store_summary *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].created);
        free(list[i].verb);
        free(list[i].name);
        free(list[i].variant);
        free(list[i].version);
    }
    free(list);
}

// The newest ids answer "which ones are there?"; more than these do not fit a line.
static hr_status no_such_run(sim_store *s, const char *word, hr_error *e)
{
    enum { SHOWN = 12 };
    sim_store_summary *list;
    size_t count;
    hr_status status = sim_store_list(s, SHOWN + 1, &list, &count, e);
    if (status != HR_OK)
        return status;
    hr_text ids = {0};
    for (size_t i = 0; i < count && i < SHOWN; i++)
        hr_text_add(&ids, "%s%" PRId64, i ? ", " : "", list[i].id);
    if (count == 0)
        hr_fail(e, HR_BAD_INPUT, "no run '%s': the store %s is empty", word, s->place);
    else
        hr_fail(e, HR_BAD_INPUT, "no run '%s' in %s: there is %s%s", word, s->place, ids.data,
                count > SHOWN ? " and older (headroom runs list --limit 0)" : "");
    free(ids.data);
    sim_store_list_free(list, count);
    return HR_BAD_INPUT;
}

// A number of decimal digits alone; false for anything else.
static bool read_count(const char *text, int64_t *count)
{
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    errno = 0;
    *count = strtoll(text, &end, 10);
    return !*end && !errno;
}

hr_status sim_store_find(sim_store *s, const char *word, int64_t *id, hr_error *e)
{
    int64_t number = 0;
    bool counts_back = strcmp(word, "last") == 0 || (strncmp(word, "last-", 5) == 0 && read_count(word + 5, &number));
    if (!counts_back && !read_count(word, &number))
        return hr_fail(e, HR_BAD_INPUT, "'%s' is no id of a run: want a number, last, or last-1", word);
    sim_store_summary *list;
    size_t count;
    bool bounded = counts_back && number < INT64_MAX;
    hr_status status = sim_store_list(s, bounded ? (size_t)number + 1 : 0, &list, &count, e);
    if (status != HR_OK)
        return status;
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        found = counts_back ? (int64_t)i == number : list[i].id == number;
        if (found)
            *id = list[i].id;
    }
    sim_store_list_free(list, count);
    return found ? HR_OK : no_such_run(s, word, e);
}

hr_status sim_store_load(sim_store *s, int64_t id, sim_store_run **run, hr_error *e)
{
    sim_store_run *found = NULL;
    hr_status status = s->backend->load(s, id, &found, e);
    if (status != HR_OK)
        return status;
    if (!found) {
        char word[24];
        snprintf(word, sizeof word, "%" PRId64, id);
        return no_such_run(s, word, e);
    }
    *run = found;
    return HR_OK;
}

static void release(const void *owned) { free((void *)(uintptr_t)owned); }

void sim_store_run_free(sim_store_run *run)
{
    if (!run)
        return;
    const char *texts[] = {run->verb, run->name, run->variant, run->scenario_text, run->version, run->document, run->created};
    for (size_t i = 0; i < HR_COUNT(texts); i++)
        release(texts[i]);
    for (size_t i = 0; i < run->series_count; i++) {
        const sim_store_series *x = &run->series[i];
        release(x->variant), release(x->component), release(x->gauge), release(x->unit), release(x->values);
    }
    for (size_t i = 0; i < run->histogram_count; i++) {
        const sim_store_histogram *x = &run->histograms[i];
        release(x->variant), release(x->workload), release(x->operation), release(x->bytes);
    }
    for (size_t i = 0; i < run->verdict_count; i++) {
        const sim_store_verdict *x = &run->verdicts[i];
        release(x->id), release(x->expression), release(x->verdict);
    }
    release(run->series);
    release(run->histograms);
    release(run->verdicts);
    free(run);
}

hr_status sim_store_gc(sim_store *s, uint64_t keep_newest, hr_time keep_younger, uint64_t *removed, hr_error *e)
{
    if (keep_younger <= 0)
        return s->backend->remove(s, keep_newest, NULL, removed, e);
    struct timespec since;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &since);
    int64_t at_ms = (int64_t)since.tv_sec * 1000 + since.tv_nsec / 1000000 - keep_younger / HR_MS;
    at_ms = at_ms > 0 ? at_ms : 0;             // younger than something longer ago than 1970 is everything
    since = (struct timespec){.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
    utc_text(since, text);
    return s->backend->remove(s, keep_newest, text, removed, e);
}
