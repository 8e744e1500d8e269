// sim/store/file.c - the store in one file: SQLite with a write-ahead log, so that readers and one writer do not wait for each other.
// * The schema's version is the database's user_version; `upgrades` brings an older file up to date in one transaction.
// * The application id tells our files from any other program's database: those are refused, never written to.
// * Every write is one BEGIN IMMEDIATE … COMMIT with full synchronisation: a run that was reported as kept survives a power cut.
#include "sim/store/backend.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x68645231,            // "hdR1"
       BUSY_MS = 5000 };                       // how long to wait for another writer, and how long it may look as if we hung

// Step i brings a file from version i to i + 1. A released step is never edited: add one behind it.
static const char *const upgrades[] = {
    "CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, created TEXT NOT NULL, verb TEXT NOT NULL, name TEXT NOT NULL,"
    "  variant TEXT, seed INTEGER NOT NULL, version TEXT NOT NULL, status INTEGER NOT NULL, scenario TEXT, document TEXT);"
    "CREATE TABLE series (run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, position INTEGER NOT NULL, variant TEXT,"
    "  component TEXT, gauge TEXT, unit TEXT, step INTEGER NOT NULL, samples BLOB NOT NULL, PRIMARY KEY (run, position));"
    "CREATE TABLE histograms (run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, position INTEGER NOT NULL, variant TEXT,"
    "  workload TEXT, operation TEXT, bytes BLOB NOT NULL, PRIMARY KEY (run, position));"
    "CREATE TABLE verdicts (run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, position INTEGER NOT NULL, id TEXT NOT NULL,"
    "  expression TEXT, verdict TEXT NOT NULL, PRIMARY KEY (run, position));",
};
enum { VERSION = HR_COUNT(upgrades) };

enum { BEGIN_READ, BEGIN_WRITE, COMMIT, ROLLBACK, ADD_RUN, ADD_SERIES, ADD_HISTOGRAM, ADD_VERDICT, LIST, LOAD_RUN, LOAD_SERIES,
       LOAD_HISTOGRAMS, LOAD_VERDICTS, REMOVE, STATEMENTS };
static const char *const statements[STATEMENTS] = {
    [BEGIN_READ] = "BEGIN",
    [BEGIN_WRITE] = "BEGIN IMMEDIATE",         // takes the write lock at once: waiting at the first INSERT could end in a deadlock
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [ADD_RUN] = "INSERT INTO runs (created, verb, name, variant, seed, version, status, scenario, document)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [ADD_SERIES] = "INSERT INTO series (run, position, variant, component, gauge, unit, step, samples)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [ADD_HISTOGRAM] = "INSERT INTO histograms (run, position, variant, workload, operation, bytes) VALUES (?, ?, ?, ?, ?, ?)",
    [ADD_VERDICT] = "INSERT INTO verdicts (run, position, id, expression, verdict) VALUES (?, ?, ?, ?, ?)",
    [LIST] = "SELECT id, created, verb, name, variant, seed, version, status FROM runs ORDER BY id DESC LIMIT ?",
    [LOAD_RUN] = "SELECT id, created, verb, name, variant, seed, version, status, scenario, document FROM runs WHERE id = ?",
    [LOAD_SERIES] = "SELECT variant, component, gauge, unit, step, samples FROM series WHERE run = ? ORDER BY position",
    [LOAD_HISTOGRAMS] = "SELECT variant, workload, operation, bytes FROM histograms WHERE run = ? ORDER BY position",
    [LOAD_VERDICTS] = "SELECT id, expression, verdict FROM verdicts WHERE run = ? ORDER BY position",
    [REMOVE] = "DELETE FROM runs WHERE id NOT IN (SELECT id FROM runs ORDER BY id DESC LIMIT ?1) AND (?2 IS NULL OR created < ?2)",
};

typedef struct {
    sim_store     store;                       // first: a sim_store is one of these
    sqlite3      *db;
    const char   *path;                        // lent by the caller of open, later store.place
    sqlite3_stmt *statement[STATEMENTS];       // prepared once
} file_store;

// --- messages -------------------------------------------------------------------------------------------------------

// A full disk is SQLITE_FULL; a quota or a limit on file sizes shows as a failed write, often without the system's reason.
static hr_status complain_disk(const file_store *s, const char *doing, hr_error *e)
{
    int code = sqlite3_extended_errcode(s->db), system_error = sqlite3_system_errno(s->db);
    const char *what = code == SQLITE_FULL ? "no space left" : code == SQLITE_IOERR_WRITE ? "a write failed (disk, quota or size limit?)"
                       : system_error ? strerror(system_error) : "input/output error";
    return hr_fail(e, HR_ENVIRONMENT, "%s: %s while %s, nothing was changed: make room ('headroom runs gc --keep 20' removes old"
                   " runs), or name another file in HEADROOM_STORE", s->path, what, doing);
}

// Says what went wrong in the last call on the database; call it before anything else (a rollback, too) touches the connection.
static hr_status complain(const file_store *s, const char *doing, hr_error *e)
{
    int code = sqlite3_errcode(s->db) & 0xff, system_error = sqlite3_system_errno(s->db);
    switch (code) {
    case SQLITE_NOTADB:
        return hr_fail(e, HR_BAD_INPUT, "%s: this is not a store of runs: name another file in HEADROOM_STORE, or move this one"
                       " away and a new store is made", s->path);
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:                         // a table is missing: all our statements are fixed texts
        return hr_fail(e, HR_BAD_INPUT, "%s: the store is damaged (%s): move it away and a new one is made; sqlite3's .recover may"
                       " save what is readable", s->path, sqlite3_errmsg(s->db));
    case SQLITE_FULL:
    case SQLITE_IOERR:
        return complain_disk(s, doing, e);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return hr_fail(e, HR_ENVIRONMENT, "%s: another process has kept the store locked for %d s: try again when it has finished"
                       " ('fuser -v FILE' names it)", s->path, BUSY_MS / 1000);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return hr_fail(e, HR_ENVIRONMENT, "%s: no permission to write the store or its directory (%s): allow it, or name another"
                       " file in HEADROOM_STORE", s->path, system_error ? strerror(system_error) : "read-only");
    case SQLITE_CONSTRAINT:
        return hr_fail(e, HR_BAD_INPUT, "the run is incomplete and was not kept: %s", sqlite3_errmsg(s->db));
    case SQLITE_TOOBIG:
        return hr_fail(e, HR_BAD_INPUT, "the run is too large and was not kept: one text or series may take %d bytes",
                       sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, -1));
    case SQLITE_NOMEM:
        hr_panic(__FILE__, __LINE__, "no memory while %s", doing);
    default:
        return hr_fail(e, HR_ENVIRONMENT, "%s: failed while %s: %s", s->path, doing, sqlite3_errmsg(s->db));
    }
}

// --- statements -----------------------------------------------------------------------------------------------------

// A prepared statement with its parameters, one letter of `types` each: i int64_t, t text or NULL, b bytes and their size.
// NULL: a parameter was too large, and complain() says so. Texts and bytes are only lent, until the statement is reset.
static sqlite3_stmt *bind(file_store *s, int which, const char *types, ...)
{
    sqlite3_stmt *q = s->statement[which];
    int code = SQLITE_OK;
    va_list args;
    va_start(args, types);
    for (int i = 1; types[i - 1] && code == SQLITE_OK; i++) {
        if (types[i - 1] == 'i') {
            code = sqlite3_bind_int64(q, i, va_arg(args, int64_t));
        } else if (types[i - 1] == 't') {
            const char *text = va_arg(args, const char *);
            code = text ? sqlite3_bind_text64(q, i, text, strlen(text), SQLITE_STATIC, SQLITE_UTF8) : sqlite3_bind_null(q, i);
        } else {
            const void *bytes = va_arg(args, const void *);
            code = sqlite3_bind_blob64(q, i, bytes ? bytes : "", va_arg(args, size_t), SQLITE_STATIC);
        }
    }
    va_end(args);
    HR_ASSERT(code == SQLITE_OK || code == SQLITE_TOOBIG || code == SQLITE_NOMEM);
    return code == SQLITE_OK ? q : NULL;
}

// Runs a bound statement that returns no rows. The error stays in the connection.
static bool finish(sqlite3_stmt *q)
{
    if (!q)
        return false;
    bool done = sqlite3_step(q) == SQLITE_DONE;
    sqlite3_reset(q);
    return done;
}

static bool run_plain(file_store *s, int which) { return finish(s->statement[which]); }

// Leaves whatever transaction is open. SQLite has already done so itself after some errors, such as a full disk.
static void abandon(file_store *s)
{
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_reset(s->statement[i]);
    if (!sqlite3_get_autocommit(s->db))
        run_plain(s, ROLLBACK);
}

static char *text_of(sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    return text ? hr_strdup(text) : NULL;
}

static size_t size_of(sqlite3_stmt *q, int column) { return (size_t)sqlite3_column_bytes(q, column); }

// --- opening --------------------------------------------------------------------------------------------------------

// Makes the directories above `path` that are missing, for the user alone.
static hr_status make_directories(const char *path, hr_error *e)
{
    char *folder = hr_strdup(path), *slash = strrchr(folder, '/');
    hr_error why = {0};
    if (slash && slash != folder) {
        *slash = 0;
        if (hr_make_folder(folder, 0700, &why))
            hr_fail(e, HR_ENVIRONMENT, "%.*s: name a file elsewhere in HEADROOM_STORE", (int)strcspn(why.text, "\n"), why.text);
    }
    free(folder);
    return why.status;
}

// Runs belong to the user: without this the file would be readable to whom the umask allows. A failure shows when it is opened.
static void make_private_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

static int64_t pragma_number(file_store *s, const char *sql)
{
    sqlite3_stmt *q = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        number = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);                       // the error of step stays in the connection
    return number;
}

// Two processes that open a new file at the same time both want the log; the busy timeout does not cover that, so ask again.
static bool use_log(file_store *s)
{
    hr_time give_up = hr_now() + BUSY_MS * HR_MS;
    int code;
    while ((code = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL)) == SQLITE_BUSY && hr_now() < give_up)
        nanosleep(&(struct timespec){.tv_nsec = 5 * HR_MS}, NULL);
    return code == SQLITE_OK;                  // a file system without shared memory keeps the old journal: slower, as safe
}

static bool upgrade_from(file_store *s, int64_t version)
{
    for (; version < VERSION; version++)
        if (sqlite3_exec(s->db, upgrades[version], NULL, NULL, NULL) != SQLITE_OK)
            return false;
    char sql[96];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, VERSION);
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

// Is it ours, and of which version? Looks only. *version is 0 for an empty file.
static hr_status recognise(file_store *s, int64_t *version, hr_error *e)
{
    int64_t application = pragma_number(s, "PRAGMA application_id");
    int64_t tables = application < 0 ? -1 : pragma_number(s, "SELECT count(*) FROM sqlite_schema");
    int64_t found = tables < 0 ? -1 : pragma_number(s, "PRAGMA user_version");
    if (found < 0)
        return complain(s, "opening it", e);
    if (application != APPLICATION_ID && (tables > 0 || application != 0 || found != 0))
        return hr_fail(e, HR_BAD_INPUT, "%s: this is another program's database: name another file in HEADROOM_STORE", s->path);
    if (found > VERSION)
        return hr_fail(e, HR_BAD_INPUT, "%s: the store has version %" PRId64 " and this program knows up to %d: use the newer"
                       " headroom, or name another file in HEADROOM_STORE", s->path, found, (int)VERSION);
    *version = found;
    return HR_OK;
}

// Brings a new or older file up to date. Another process may do the same at the same moment, so it looks again under the lock.
static hr_status upgrade(file_store *s, hr_error *e)
{
    int64_t version = 0;
    if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return complain(s, "preparing it", e);
    hr_status status = recognise(s, &version, e);
    if (status == HR_OK && !(upgrade_from(s, version) && sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK))
        status = complain(s, "preparing it", e);
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static hr_status prepare(file_store *s, hr_error *e)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(s->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &s->statement[i], NULL) != SQLITE_OK)
            return complain(s, "opening it", e);
    return HR_OK;
}

static hr_status set_up(file_store *s, hr_error *e)
{
    int64_t version;
    sqlite3_busy_timeout(s->db, BUSY_MS);
    // One read transaction, so that another process which is just making the store is seen before or after, not half-way.
    if (sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return complain(s, "opening it", e);
    hr_status status = recognise(s, &version, e);
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    if (status != HR_OK)
        return status;
    // incremental: so that gc can give space back; it has to be said before the first table is made.
    if (version == 0 && sqlite3_exec(s->db, "PRAGMA auto_vacuum = INCREMENTAL", NULL, NULL, NULL) != SQLITE_OK)
        return complain(s, "preparing it", e);
    if (!use_log(s) || sqlite3_exec(s->db, "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL", NULL, NULL, NULL) != SQLITE_OK)
        return complain(s, "opening it", e);
    if (version < VERSION)
        status = upgrade(s, e);
    return status == HR_OK ? prepare(s, e) : status;
}

static void file_close(sim_store *store)
{
    file_store *s = (file_store *)store;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(s->statement[i]);
    int code = sqlite3_close(s->db);
    HR_ASSERT(code == SQLITE_OK);              // else a statement was left open
    free(s);
}

static hr_status file_open(const char *place, sim_store **store, hr_error *e)
{
    hr_status status = make_directories(place, e);
    if (status != HR_OK)
        return status;
    make_private_file(place);
    file_store *s = hr_alloc(sizeof *s);
    s->path = place;
    // "./" keeps a name such as ":memory:" or "file:x" from meaning something special to SQLite.
    char *path = hr_format("%s%s", *place == '/' ? "" : "./", place);
    int code = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    free(path);
    status = code == SQLITE_OK ? set_up(s, e) : complain(s, "opening it", e);
    if (status == HR_OK)
        *store = &s->store;
    else
        file_close(&s->store);
    return status;
}

// --- adding ---------------------------------------------------------------------------------------------------------

// float64, least significant byte first, wherever it was written.
static double *little_endian(const double *values, size_t count)
{
    double *copy = hr_alloc(count * sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bits = htole64(bits);
        memcpy(&copy[i], &bits, sizeof bits);
    }
    return copy;
}

static bool add_series(file_store *s, int64_t id, const sim_store_series *x, size_t position)
{
    double *samples = little_endian(x->values, x->count);
    bool added = finish(bind(s, ADD_SERIES, "iittttib", id, (int64_t)position, x->variant, x->component, x->gauge, x->unit,
                             x->step, (const void *)samples, x->count * sizeof *samples));
    sqlite3_clear_bindings(s->statement[ADD_SERIES]);
    free(samples);
    return added;
}

static bool add_parts(file_store *s, int64_t id, const sim_store_run *run)
{
    for (size_t i = 0; i < run->series_count; i++)
        if (!add_series(s, id, &run->series[i], i))
            return false;
    for (size_t i = 0; i < run->histogram_count; i++) {
        const sim_store_histogram *h = &run->histograms[i];
        if (!finish(bind(s, ADD_HISTOGRAM, "iitttb", id, (int64_t)i, h->variant, h->workload, h->operation, h->bytes, h->size)))
            return false;
    }
    for (size_t i = 0; i < run->verdict_count; i++) {
        const sim_store_verdict *v = &run->verdicts[i];
        if (!finish(bind(s, ADD_VERDICT, "iittt", id, (int64_t)i, v->id, v->expression, v->verdict)))
            return false;
    }
    return true;
}

static hr_status file_add(sim_store *store, const sim_store_run *run, const char *created, int64_t *id, hr_error *e)
{
    file_store *s = (file_store *)store;
    int64_t added = 0;
    bool kept = run_plain(s, BEGIN_WRITE) &&
                finish(bind(s, ADD_RUN, "ttttititt", created, run->verb, run->name, run->variant, (int64_t)run->seed,
                            run->version, (int64_t)run->status, run->scenario_text, run->document));
    if (kept) {
        added = sqlite3_last_insert_rowid(s->db);
        kept = add_parts(s, added, run) && run_plain(s, COMMIT);
    }
    if (kept) {
        *id = added;
        return HR_OK;
    }
    hr_status status = complain(s, "keeping a run", e);
    abandon(s);
    return status;
}

// --- reading --------------------------------------------------------------------------------------------------------

static hr_status file_list(sim_store *store, size_t limit, sim_store_summary **list, size_t *count, hr_error *e)
{
    file_store *s = (file_store *)store;
    int64_t most = limit == 0 || limit > INT64_MAX ? -1 : (int64_t)limit;      // -1: no limit
    sqlite3_stmt *q = bind(s, LIST, "i", most);
    sim_store_summary *rows = NULL;
    size_t n = 0;
    int code;
    while ((code = sqlite3_step(q)) == SQLITE_ROW) {
        rows = sim_store_grow(rows, n, sizeof *rows);
        rows[n++] = (sim_store_summary){
            .id = sqlite3_column_int64(q, 0), .created = text_of(q, 1), .verb = text_of(q, 2), .name = text_of(q, 3),
            .variant = text_of(q, 4), .seed = (uint64_t)sqlite3_column_int64(q, 5), .version = text_of(q, 6),
            .status = (hr_status)sqlite3_column_int(q, 7)};
    }
    hr_status status = code == SQLITE_DONE ? HR_OK : complain(s, "reading it", e);
    sqlite3_reset(q);
    if (status == HR_OK) {
        *list = rows;
        *count = n;
    } else {
        sim_store_list_free(rows, n);
    }
    return status;
}

static void *bytes_of(sqlite3_stmt *q, int column)
{
    size_t size = size_of(q, column);
    void *copy = hr_alloc(size);
    if (size)
        memcpy(copy, sqlite3_column_blob(q, column), size);
    return copy;
}

static void read_series(sqlite3_stmt *q, sim_store_run *run)
{
    sim_store_series *rows = sim_store_grow((void *)(uintptr_t)run->series, run->series_count, sizeof *rows);
    double *raw = bytes_of(q, 5);
    size_t count = size_of(q, 5) / sizeof *raw;
    rows[run->series_count++] = (sim_store_series){
        .variant = text_of(q, 0), .component = text_of(q, 1), .gauge = text_of(q, 2), .unit = text_of(q, 3),
        .step = sqlite3_column_int64(q, 4), .values = little_endian(raw, count), .count = count};
    run->series = rows;
    free(raw);
}

static void read_histogram(sqlite3_stmt *q, sim_store_run *run)
{
    sim_store_histogram *rows = sim_store_grow((void *)(uintptr_t)run->histograms, run->histogram_count, sizeof *rows);
    rows[run->histogram_count++] = (sim_store_histogram){
        .variant = text_of(q, 0), .workload = text_of(q, 1), .operation = text_of(q, 2), .bytes = bytes_of(q, 3),
        .size = size_of(q, 3)};
    run->histograms = rows;
}

static void read_verdict(sqlite3_stmt *q, sim_store_run *run)
{
    sim_store_verdict *rows = sim_store_grow((void *)(uintptr_t)run->verdicts, run->verdict_count, sizeof *rows);
    rows[run->verdict_count++] = (sim_store_verdict){.id = text_of(q, 0), .expression = text_of(q, 1), .verdict = text_of(q, 2)};
    run->verdicts = rows;
}

static void read_run(sqlite3_stmt *q, sim_store_run *run)
{
    run->id = sqlite3_column_int64(q, 0);
    run->created = text_of(q, 1);
    run->verb = text_of(q, 2);
    run->name = text_of(q, 3);
    run->variant = text_of(q, 4);
    run->seed = (uint64_t)sqlite3_column_int64(q, 5);
    run->version = text_of(q, 6);
    run->status = (hr_status)sqlite3_column_int(q, 7);
    run->scenario_text = text_of(q, 8);
    run->document = text_of(q, 9);
}

static bool read_rows(file_store *s, int which, int64_t id, void (*read)(sqlite3_stmt *q, sim_store_run *run), sim_store_run *run)
{
    sqlite3_stmt *q = bind(s, which, "i", id);
    int code;
    while ((code = sqlite3_step(q)) == SQLITE_ROW)
        read(q, run);
    sqlite3_reset(q);
    return code == SQLITE_DONE;
}

static hr_status file_load(sim_store *store, int64_t id, sim_store_run **run, hr_error *e)
{
    file_store *s = (file_store *)store;
    sim_store_run *r = hr_alloc(sizeof *r);
    // One transaction: a gc of another process between two of these reads must not show half a run.
    if (run_plain(s, BEGIN_READ) && read_rows(s, LOAD_RUN, id, read_run, r) && read_rows(s, LOAD_SERIES, id, read_series, r) &&
        read_rows(s, LOAD_HISTOGRAMS, id, read_histogram, r) && read_rows(s, LOAD_VERDICTS, id, read_verdict, r) &&
        run_plain(s, COMMIT)) {
        *run = r->verb ? r : NULL;
        if (!r->verb)
            sim_store_run_free(r);
        return HR_OK;
    }
    hr_status status = complain(s, "reading it", e);
    abandon(s);
    sim_store_run_free(r);
    return status;
}

// --- removing -------------------------------------------------------------------------------------------------------

static hr_status file_remove(sim_store *store, uint64_t keep_newest, const char *since, uint64_t *removed, hr_error *e)
{
    file_store *s = (file_store *)store;
    int64_t newest = keep_newest > INT64_MAX ? INT64_MAX : (int64_t)keep_newest;
    bool done = run_plain(s, BEGIN_WRITE) && finish(bind(s, REMOVE, "it", newest, since));
    int64_t count = done ? sqlite3_changes64(s->db) : 0;
    if (!done || !run_plain(s, COMMIT)) {
        hr_status status = complain(s, "removing runs", e);
        abandon(s);
        return status;
    }
    // Giving the space back is a courtesy: where another process holds the file it happens next time.
    sqlite3_exec(s->db, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
    *removed = (uint64_t)count;
    return HR_OK;
}

const sim_store_backend sim_store_file = {
    .scheme = "", .open = file_open, .close = file_close, .add = file_add, .list = file_list, .load = file_load,
    .remove = file_remove,
};
