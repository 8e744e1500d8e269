// tests/unit/test_store.c - the store of runs: round trip, order, differences, two writers, and everything that can go wrong.
#include "sim/store/diff.h"
#include "sim/store/store.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct { char *folder, *path; } place;

static int make_place(void **state)
{
    const char *tmp = getenv("TMPDIR");
    place *p = hr_alloc(sizeof *p);
    p->folder = hr_format("%s/headroom-store-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(p->folder))
        return -1;
    p->path = hr_format("%s/a/b/runs.db", p->folder);
    *state = p;
    return 0;
}

static void remove_tree(const char *folder)
{
    char *command = hr_format("rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
    free(command);
}

static int remove_place(void **state)
{
    place *p = *state;
    remove_tree(p->folder);
    free(p->folder);
    free(p->path);
    free(p);
    return 0;
}

static sim_store *open_at(const char *path)
{
    hr_error e = {0};
    sim_store *s = NULL;
    if (sim_store_open(path, &s, &e) != HR_OK)
        fail_msg("%s", e.text);
    return s;
}

static sim_store_run small_run(const char *name, uint64_t seed)
{
    return (sim_store_run){.verb = "run", .name = name, .version = "0.1.0", .seed = seed, .document = "{\"schema\": \"headroom/run/1\"}"};
}

static int64_t add(sim_store *s, const sim_store_run *run)
{
    hr_error e = {0};
    int64_t id = 0;
    if (sim_store_add(s, run, &id, &e) != HR_OK)
        fail_msg("%s", e.text);
    return id;
}

static size_t count_of(sim_store *s)
{
    sim_store_summary *list;
    size_t count;
    assert_int_equal(sim_store_list(s, 0, &list, &count, NULL), HR_OK);
    sim_store_list_free(list, count);
    return count;
}

// One number asked of the file behind the store's back.
static int64_t ask(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 60000);           // a writer may be at work, or what a killed one left is put in order
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    int code = sqlite3_step(q);
    int64_t number = code == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
    sqlite3_finalize(q);
    sqlite3_close(db);
    return number;
}

static void assert_refused(const char *path, hr_status want, const char *words)
{
    hr_error e = {0};
    sim_store *s = NULL;
    assert_int_equal(sim_store_open(path, &s, &e), want);
    assert_null(s);
    assert_int_equal(e.count, 1);
    if (!strstr(e.text, words) || !strstr(e.text, path))
        fail_msg("message lacks '%s' or the path: %s", words, e.text);
}

// --- round trip -----------------------------------------------------------------------------------------------------

static const double samples[] = {0, -0.0, 0.1, 1e300, 4.9e-324, INFINITY, NAN};
static const uint8_t counts[] = {0, 1, 255, 0, '\'', '"', 0x80};

static sim_store_run full_run(void)
{
    static const sim_store_series series[] = {
        {"aside", "db", "busy", "connections", 100 * HR_MS, samples, HR_COUNT(samples)},
        {NULL, "api", "queue", NULL, HR_SEC, NULL, 0},
    };
    static const sim_store_histogram histograms[] = {{"aside", "readers", "read", counts, sizeof counts}, {NULL, "w", "o", NULL, 0}};
    static const sim_store_verdict verdicts[] = {{"caching.latency", "p50(aside) < 0.5 * p50(none)", "holds"}, {"b", NULL, "fails"}};
    return (sim_store_run){
        .verb = "compare", .name = "caching", .variant = "aside", .scenario_text = "scenario: caching\n# \xc3\xa4 'quoted'\n",
        .version = "0.1.0", .document = "{\"name\": \"caching\",\n  \"x\": 0.10}\n", .seed = UINT64_MAX, .status = HR_UNDECIDED,
        .series = series, .series_count = 2, .histograms = histograms, .histogram_count = 2, .verdicts = verdicts, .verdict_count = 2};
}

static void assert_same_text(const char *a, const char *b)
{
    assert_true(!a == !b);
    if (a)
        assert_string_equal(a, b);
}

static void assert_same_run(const sim_store_run *a, const sim_store_run *b)
{
    assert_same_text(a->verb, b->verb);
    assert_same_text(a->name, b->name);
    assert_same_text(a->variant, b->variant);
    assert_same_text(a->scenario_text, b->scenario_text);
    assert_same_text(a->version, b->version);
    assert_same_text(a->document, b->document);
    assert_true(a->seed == b->seed && a->status == b->status);
    assert_true(a->series_count == b->series_count && a->histogram_count == b->histogram_count && a->verdict_count == b->verdict_count);
    for (size_t i = 0; i < a->series_count; i++) {
        const sim_store_series *x = &a->series[i], *y = &b->series[i];
        assert_same_text(x->variant, y->variant);
        assert_same_text(x->component, y->component);
        assert_same_text(x->gauge, y->gauge);
        assert_same_text(x->unit, y->unit);
        assert_true(x->step == y->step && x->count == y->count);
        if (x->count)
            assert_memory_equal(x->values, y->values, x->count * sizeof *x->values);
    }
    for (size_t i = 0; i < a->histogram_count; i++) {
        const sim_store_histogram *x = &a->histograms[i], *y = &b->histograms[i];
        assert_same_text(x->variant, y->variant);
        assert_same_text(x->workload, y->workload);
        assert_same_text(x->operation, y->operation);
        assert_true(x->size == y->size);
        if (x->size)
            assert_memory_equal(x->bytes, y->bytes, x->size);
    }
    for (size_t i = 0; i < a->verdict_count; i++) {
        assert_same_text(a->verdicts[i].id, b->verdicts[i].id);
        assert_same_text(a->verdicts[i].expression, b->verdicts[i].expression);
        assert_same_text(a->verdicts[i].verdict, b->verdicts[i].verdict);
    }
}

static void test_store_keeps_a_run_byte_for_byte(void **state)
{
    place *p = *state;
    sim_store_run run = full_run(), other = small_run("other", 1), *loaded = NULL;
    sim_store *s = open_at(p->path);
    int64_t id = add(s, &run);
    add(s, &other);
    sim_store_close(s);                        // read by another handle: from the file, not from a cache
    s = open_at(p->path);
    assert_int_equal(sim_store_load(s, id, &loaded, NULL), HR_OK);
    assert_same_run(&run, loaded);
    assert_int_equal(loaded->id, id);
    int year, month, day, hour, minute, ms;
    char end;
    assert_int_equal(sscanf(loaded->created, "%4d-%2d-%2dT%2d:%2d:%*2d.%3d%c", &year, &month, &day, &hour, &minute, &ms, &end), 7);
    assert_int_equal(end, 'Z');
    assert_true(ask(p->path, "SELECT abs(strftime('%s', 'now') - strftime('%s', created)) FROM runs") < 60);
    sim_store_run_free(loaded);
    sim_store_close(s);
}

static void test_store_writes_samples_least_significant_byte_first(void **state)
{
    place *p = *state;
    sim_store *s = open_at(p->path);
    sim_store_run run = full_run();
    add(s, &run);
    sim_store_close(s);
    // 0.1 is the third sample: 0x3FB999999999999A.
    assert_int_equal(ask(p->path, "SELECT hex(substr(samples, 17, 8)) = '9A9999999999B93F' FROM series WHERE position = 0"), 1);
}

static void test_store_is_private_to_the_user(void **state)
{
    place *p = *state;
    sim_store_close(open_at(p->path));
    struct stat file, folder;
    char *parent = hr_format("%s/a", p->folder);
    assert_int_equal(stat(p->path, &file), 0);
    assert_int_equal(stat(parent, &folder), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(folder.st_mode & 0777, 0700);
    free(parent);
}

static void test_store_place_comes_from_the_environment(void **state)
{
    place *p = *state;
    char *direct = hr_format("%s/direct.db", p->folder), *xdg = hr_format("%s/headroom/runs.db", p->folder),
         *home = hr_format("%s/.local/share/headroom/runs.db", p->folder), *want[] = {direct, xdg, home};
    setenv("HOME", p->folder, 1);
    setenv("XDG_DATA_HOME", p->folder, 1);
    setenv("HEADROOM_STORE", direct, 1);
    for (int i = 0; i < 3; i++) {
        sim_store *s = open_at(NULL);
        assert_string_equal(sim_store_place(s), want[i]);
        assert_int_equal(access(want[i], F_OK), 0);
        sim_store_close(s);
        unsetenv(i == 0 ? "HEADROOM_STORE" : "XDG_DATA_HOME");
        free(want[i]);
    }
}

// --- list, find, gc -------------------------------------------------------------------------------------------------

static void test_store_lists_newest_first_and_finds_by_word(void **state)
{
    sim_store *s = open_at(((place *)*state)->path);
    int64_t id[5], found = 0;
    for (uint64_t i = 0; i < 5; i++) {
        sim_store_run run = small_run("caching", 100 + i);
        id[i] = add(s, &run);
    }
    sim_store_summary *list;
    size_t count;
    assert_int_equal(sim_store_list(s, 3, &list, &count, NULL), HR_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(list[i].id, id[4 - i]);
        assert_int_equal(list[i].seed, 104 - i);
        assert_string_equal(list[i].name, "caching");
        assert_null(list[i].variant);
    }
    sim_store_list_free(list, count);
    assert_int_equal(sim_store_find(s, "last", &found, NULL), HR_OK);
    assert_int_equal(found, id[4]);
    assert_int_equal(sim_store_find(s, "last-4", &found, NULL), HR_OK);
    assert_int_equal(found, id[0]);
    const char *const unknown[] = {"last-5", "last-", "last-x", "99", "-1", "", "1x", "99999999999999999999", "last-9223372036854775807"};
    for (size_t i = 0; i < HR_COUNT(unknown); i++) {
        hr_error e = {0};
        assert_int_equal(sim_store_find(s, unknown[i], &found, &e), HR_BAD_INPUT);
        assert_int_equal(found, id[0]);
        assert_non_null(strstr(e.text, unknown[i]));
    }
    hr_error e = {0};
    sim_store_run *none = NULL;
    assert_int_equal(sim_store_load(s, 99, &none, &e), HR_BAD_INPUT);
    assert_null(none);
    assert_non_null(strstr(e.text, "5, 4, 3, 2, 1"));
    sim_store_close(s);
}

static void test_store_gc_keeps_newest_and_young_and_never_reuses_an_id(void **state)
{
    place *p = *state;
    sim_store *s = open_at(p->path);
    sim_store_run run = full_run();
    for (int i = 0; i < 6; i++)
        add(s, &run);
    assert_int_equal(ask(p->path, "UPDATE runs SET created = '2001-01-01T00:00:00.000Z' WHERE id <= 4"), -1);
    uint64_t removed = 99;
    assert_int_equal(sim_store_gc(s, 0, 3600 * HR_SEC, &removed, NULL), HR_OK);       // 5 and 6 are young
    assert_int_equal(removed, 4);
    assert_int_equal(sim_store_gc(s, 1, 0, &removed, NULL), HR_OK);
    assert_int_equal(removed, 1);
    assert_int_equal(ask(p->path, "SELECT count(*) FROM series WHERE run <> 6"), 0);
    assert_int_equal(ask(p->path, "SELECT count(*) FROM series"), 2);
    assert_int_equal(ask(p->path, "SELECT count(*) FROM histograms"), 2);
    assert_int_equal(ask(p->path, "SELECT count(*) FROM verdicts"), 2);
    assert_int_equal(sim_store_gc(s, 0, 0, &removed, NULL), HR_OK);
    assert_int_equal(count_of(s), 0);
    assert_int_equal(add(s, &run), 7);
    sim_store_close(s);
}

// --- whole or not at all --------------------------------------------------------------------------------------------

static void test_store_a_failing_last_row_leaves_nothing(void **state)
{
    place *p = *state;
    sim_store *s = open_at(p->path);
    sim_store_run run = full_run();
    const sim_store_verdict bad[] = {{"good", "1 < 2", "holds"}, {NULL, "an id is needed", "holds"}};
    run.verdicts = bad;
    int64_t id = -7;
    hr_error e = {0};
    assert_int_equal(sim_store_add(s, &run, &id, &e), HR_BAD_INPUT);
    assert_non_null(strstr(e.text, "verdicts.id"));
    assert_int_equal(id, -7);
    assert_int_equal(ask(p->path, "SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM series)"
                                  " + (SELECT count(*) FROM histograms) + (SELECT count(*) FROM verdicts)"), 0);
    run = full_run();
    add(s, &run);                              // and the handle still works
    assert_int_equal(count_of(s), 1);
    sim_store_close(s);
}

static double *many_samples(size_t count)
{
    double *values = hr_alloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (double)i;
    return values;
}

// A limit on the size of files stands in for a disk that is full: the write fails in the same place.
static void test_store_a_failed_write_leaves_nothing(void **state)
{
    place *p = *state;
    sim_store *s = open_at(p->path);
    sim_store_run run = full_run();
    add(s, &run);
    enum { SAMPLES = 1 << 18 };
    double *values = many_samples(SAMPLES);
    sim_store_series large = {"a", "db", "busy", "calls", HR_MS, values, SAMPLES};
    run.series = &large;
    run.series_count = 1;
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1 << 20;                  // the run needs twice that
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int64_t id = -7;
    hr_error e = {0};
    hr_status status = sim_store_add(s, &run, &id, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, HR_ENVIRONMENT);
    if (!strstr(e.text, "nothing was changed"))   // SQLite calls this limit an input/output error, a full disk "full"
        fail_msg("%s", e.text);
    assert_int_equal(id, -7);
    assert_int_equal(count_of(s), 1);
    assert_int_equal(add(s, &run), 2);         // with space again the same handle keeps it
    sim_store_close(s);
    free(values);
}

// Waits until another process has added to `before` runs; a slow machine only makes it take longer.
static void wait_for_more(const char *path, int64_t before)
{
    for (int i = 0; i < 3000 && ask(path, "SELECT count(*) FROM runs") <= before; i++)
        usleep(10000);
}

// A writer that is killed at any moment: what the next one sees are whole runs only.
static void test_store_a_killed_writer_leaves_whole_runs(void **state)
{
    place *p = *state;
    sim_store_close(open_at(p->path));
    double *values = many_samples(20000);
    sim_store_series series[4];
    for (int i = 0; i < 4; i++)
        series[i] = (sim_store_series){"a", "db", "busy", "calls", HR_MS, values, 20000};
    for (int round = 0; round < 8; round++) {
        int64_t before = ask(p->path, "SELECT count(*) FROM runs");
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);  // it writes for ever, and must not outlive a test that fails
            sim_store_run run = small_run("killed", 1);
            run.series = series;
            run.series_count = 4;
            sim_store *s;
            int64_t id;
            if (sim_store_open(p->path, &s, NULL) == HR_OK)
                while (sim_store_add(s, &run, &id, NULL) == HR_OK) {}
            _exit(1);
        }
        wait_for_more(p->path, before);
        usleep((useconds_t)(7000 * round));
        kill(child, SIGKILL);
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how));         // else it was not writing at all
    }
    free(values);
    sim_store *s = open_at(p->path);
    assert_true(count_of(s) >= 8);
    sim_store_close(s);
    assert_int_equal(ask(p->path, "SELECT count(*) FROM series"), 4 * ask(p->path, "SELECT count(*) FROM runs"));
    assert_int_equal(ask(p->path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
}

// --- two processes --------------------------------------------------------------------------------------------------

enum { WRITERS = 3, RUNS_EACH = 25 };

static int write_runs(const char *path, uint64_t writer)
{
    sim_store *s;
    hr_error e = {0};
    if (sim_store_open(path, &s, &e) != HR_OK) {
        fputs(e.text, stderr);
        return 1;
    }
    for (uint64_t i = 0; i < RUNS_EACH; i++) {
        sim_store_run run = full_run();
        int64_t id;
        run.seed = writer * 1000 + i;
        if (sim_store_add(s, &run, &id, &e) != HR_OK) {
            fputs(e.text, stderr);
            return 1;
        }
    }
    sim_store_close(s);
    return 0;
}

// They also race for making the file, its directories and its tables.
static void test_store_processes_write_at_the_same_time(void **state)
{
    place *p = *state;
    pid_t child[WRITERS];
    int gate[2];
    assert_int_equal(pipe(gate), 0);
    for (uint64_t i = 0; i < WRITERS; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            char byte;
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) != 0 || write_runs(p->path, i));     // end of file opens the gate for all
        }
    }
    close(gate[1]);
    close(gate[0]);
    for (int i = 0; i < WRITERS; i++) {
        int how;
        assert_int_equal(waitpid(child[i], &how, 0), child[i]);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    }
    assert_int_equal(ask(p->path, "SELECT count(DISTINCT seed) FROM runs"), WRITERS * RUNS_EACH);
    assert_int_equal(ask(p->path, "SELECT count(*) FROM series"), 2 * WRITERS * RUNS_EACH);
}

static void test_store_says_that_it_is_locked(void **state)
{
    place *p = *state;
    sim_store *s = open_at(p->path);
    sqlite3 *other;
    assert_int_equal(sqlite3_open(p->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    sim_store_run run = full_run();
    int64_t id = -7;
    hr_error e = {0};
    assert_int_equal(count_of(s), 0);          // readers do not wait
    assert_int_equal(sim_store_add(s, &run, &id, &e), HR_ENVIRONMENT);
    assert_non_null(strstr(e.text, "locked"));
    sqlite3_close(other);
    assert_int_equal(add(s, &run), 1);
    sim_store_close(s);
}

// --- files that are no good -----------------------------------------------------------------------------------------

static void write_text(const char *path, const char *text)
{
    assert_int_equal(hr_write_file(path, text, strlen(text), NULL), HR_OK);
}

static void test_store_refuses_what_is_no_store(void **state)
{
    place *p = *state;
    char *path = hr_format("%s/notes.txt", p->folder), *data;
    const char *text = "These are my notes, and they are long enough to be taken for the header of some file format or other.\n";
    size_t size;
    write_text(path, text);
    assert_refused(path, HR_BAD_INPUT, "not a store of runs");
    assert_int_equal(hr_read_file(path, 1 << 20, &data, &size, NULL), HR_OK);
    assert_string_equal(data, text);           // untouched
    free(data);
    free(path);
    path = hr_format("%s/other.db", p->folder);
    ask(path, "CREATE TABLE bookmarks (url TEXT)");
    assert_refused(path, HR_BAD_INPUT, "another program's database");
    free(path);
    assert_refused(p->folder, HR_ENVIRONMENT, "HEADROOM_STORE");       // a directory
    hr_error e = {0};
    sim_store *s = NULL;
    assert_int_equal(sim_store_open("postgresql://me:secret@db/runs", &s, &e), HR_BAD_INPUT);
    assert_non_null(strstr(e.text, "postgresql"));
    assert_null(strstr(e.text, "secret"));
}

static void test_store_says_that_it_is_damaged(void **state)
{
    place *p = *state;
    sim_store *s = open_at(p->path);
    sim_store_run run = full_run();
    for (int i = 0; i < 50; i++)
        add(s, &run);
    sim_store_close(s);
    // Everything behind the first page (the schema) turns to 0xAA.
    int fd = open(p->path, O_RDWR);
    struct stat file;
    assert_int_equal(fstat(fd, &file), 0);
    assert_true(file.st_size > 8192);
    for (off_t at = 4096; at < file.st_size; at++)
        assert_int_equal(pwrite(fd, "\xAA", 1, at), 1);
    close(fd);
    hr_error e = {0};
    sim_store_summary *list = NULL;
    size_t count;
    s = NULL;
    if (sim_store_open(p->path, &s, &e) == HR_OK)
        assert_int_equal(sim_store_list(s, 0, &list, &count, &e), HR_BAD_INPUT);
    assert_null(list);
    assert_int_equal(e.status, HR_BAD_INPUT);
    assert_non_null(strstr(e.text, "damaged"));
    sim_store_close(s);
}

static void test_store_refuses_a_newer_version_and_leaves_it_alone(void **state)
{
    place *p = *state;
    sim_store *s = open_at(p->path);
    sim_store_run run = full_run();
    add(s, &run);
    sim_store_close(s);
    assert_int_equal(ask(p->path, "PRAGMA user_version"), 1);
    ask(p->path, "PRAGMA user_version = 1000");
    assert_refused(p->path, HR_BAD_INPUT, "version 1000");
    assert_int_equal(ask(p->path, "PRAGMA user_version"), 1000);
    ask(p->path, "PRAGMA user_version = 1");
    s = open_at(p->path);
    assert_int_equal(count_of(s), 1);
    sim_store_close(s);
}

// Root may write everywhere, so a child without privileges tries.
static void test_store_says_that_a_directory_is_read_only(void **state)
{
    place *p = *state;
    char *sub = hr_format("%s/locked", p->folder), *path = hr_format("%s/locked/runs.db", p->folder),
         *deep = hr_format("%s/locked/deep/runs.db", p->folder);
    assert_int_equal(mkdir(sub, 0755), 0);
    assert_int_equal(chmod(sub, 0555), 0);
    assert_int_equal(chmod(p->folder, 0755), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        hr_error e = {0}, f = {0};
        sim_store *s;
        if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
            _exit(77);
        bool told = sim_store_open(path, &s, &e) == HR_ENVIRONMENT && strstr(e.text, "permission") &&
                    sim_store_open(deep, &s, &f) == HR_ENVIRONMENT && strstr(f.text, "cannot be made");
        if (!told)
            fprintf(stderr, "%s%s", e.text, f.text);
        _exit(told ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    free(sub);
    free(path);
    free(deep);
    if (WEXITSTATUS(how) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(how), 0);
}

// --- documents ------------------------------------------------------------------------------------------------------

static const sim_store_difference *row_of(const sim_store_diff *diff, const char *path)
{
    for (size_t i = 0; i < diff->count; i++)
        if (strcmp(diff->row[i].path, path) == 0)
            return &diff->row[i];
    fail_msg("no row %s", path);
    return NULL;
}

static void test_diff_joins_numbers_by_path(void **state)
{
    (void)state;
    const char *a = "{\"variants\": [{\"name\": \"none\", \"p99_ms\": {\"value\": 20.0, \"low\": 19}}, {\"name\": \"aside\", \"p99_ms\": {\"value\": 8}}],"
                    " \"loads\": [100, 200], \"zero\": 0, \"gone\": 1, \"text\": \"7\", \"flag\": true,"
                    " \"a.b\": 1, \"a\": {\"b\": 2}, \"seed\": 9007199254740993}";
    const char *b = "{\"variants\": [{\"name\": \"aside\", \"p99_ms\": {\"value\": 6}}, {\"name\": \"none\", \"p99_ms\": {\"value\": 20, \"low\": 19}}],"
                    " \"loads\": [100, 250], \"zero\": 3, \"new\": 5, \"text\": \"8\", \"flag\": false,"
                    " \"a.b\": 1, \"a\": {\"b\": 2}, \"seed\": 9007199254740992}";
    sim_store_diff diff;
    assert_int_equal(sim_store_compare(a, b, &diff, NULL), HR_OK);
    assert_int_equal(diff.count, 11);
    assert_int_equal(diff.changed, 4);
    assert_int_equal(diff.only_a, 1);
    assert_int_equal(diff.only_b, 1);
    const sim_store_difference *row = row_of(&diff, "variants[aside].p99_ms.value");
    assert_true(row->a == 8 && row->b == 6 && row->difference == -2 && row->relative == -0.25);
    row = row_of(&diff, "variants[none].p99_ms.value");                // 20.0 and 20
    assert_true(row->difference == 0 && row->relative == 0);
    assert_true(row_of(&diff, "loads[1]")->relative == 0.25);
    row = row_of(&diff, "zero");
    assert_true(row->difference == 3 && isnan(row->relative));
    row = row_of(&diff, "gone");
    assert_true(row->in_a && !row->in_b && isnan(row->b) && isnan(row->difference));
    assert_true(!row_of(&diff, "new")->in_a);
    assert_true(row_of(&diff, "\"a.b\"")->a == 1 && row_of(&diff, "a.b")->a == 2);
    assert_true(row_of(&diff, "seed")->difference == -1);              // as float64 they would be equal
    assert_string_equal(diff.row[diff.count - 1].path, "new");
    sim_store_diff_free(&diff);
    hr_error e = {0};
    assert_int_equal(sim_store_compare(a, "{\"x\": }", &diff, &e), HR_BAD_INPUT);
    assert_non_null(strstr(e.text, "second document"));
    assert_int_equal(sim_store_compare(NULL, b, &diff, NULL), HR_BAD_INPUT);
}

static void test_diff_names_elements_only_when_all_names_differ(void **state)
{
    (void)state;
    sim_store_number *numbers;
    size_t count;
    const char *document = "{\"same\": [{\"id\": \"x\", \"v\": 1}, {\"id\": \"x\", \"v\": 2}], \"odd\": [{\"id\": \"a b\", \"v\": 18446744073709551615}]}";
    assert_int_equal(sim_store_numbers(document, &numbers, &count, NULL), HR_OK);
    assert_int_equal(count, 3);
    assert_string_equal(numbers[0].path, "same[0].v");
    assert_string_equal(numbers[1].path, "same[1].v");
    assert_string_equal(numbers[2].path, "odd[\"a b\"].v");
    assert_true(numbers[1].value == 2 && numbers[2].value == 0x1p64);
    sim_store_numbers_free(numbers, count);
}

static json_t *read_json(char *text)
{
    json_error_t wrong;
    json_t *root = json_loads(text, 0, &wrong);
    if (!root)
        fail_msg("line %d: %s in %s", wrong.line, wrong.text, text);
    free(text);
    return root;
}

static void test_export_is_json_with_the_document_inside(void **state)
{
    (void)state;
    sim_store_run run = full_run();
    char *text = sim_store_run_json(&run, true);
    assert_non_null(strstr(text, run.document));                       // byte for byte: "0.10" stays
    json_t *root = read_json(text), *series = json_array_get(json_object_get(root, "series"), 0);
    assert_string_equal(json_string_value(json_object_get(root, "schema")), "headroom/runs/1");
    assert_string_equal(json_string_value(json_object_get(root, "seed")), "18446744073709551615");
    assert_string_equal(json_string_value(json_object_get(root, "scenario")), run.scenario_text);
    assert_true(json_real_value(json_object_get(json_object_get(root, "document"), "x")) == 0.1);
    assert_true(json_number_value(json_object_get(series, "step_s")) == 0.1);
    for (size_t i = 0; i < HR_COUNT(samples); i++) {
        json_t *value = json_array_get(json_object_get(series, "values"), i);
        assert_true(isfinite(samples[i]) ? json_number_value(value) == samples[i] : json_is_null(value));
    }
    json_t *histogram = json_array_get(json_object_get(root, "histograms"), 0);
    assert_string_equal(json_string_value(json_object_get(histogram, "base64")), "AAH/ACcigA==");
    json_decref(root);
    run.document = "{\"row\": 1}\n{\"row\": 2}\n";                     // some verbs print one document a line
    run.name = "bad \xff utf-8";
    root = read_json(sim_store_run_json(&run, false));
    assert_string_equal(json_string_value(json_object_get(root, "document")), run.document);
    assert_string_equal(json_string_value(json_object_get(root, "name")), "bad ? utf-8");
    assert_null(json_object_get(root, "series"));
    json_decref(root);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(test_store_keeps_a_run_byte_for_byte),
        WITH_PLACE(test_store_writes_samples_least_significant_byte_first),
        WITH_PLACE(test_store_is_private_to_the_user),
        WITH_PLACE(test_store_place_comes_from_the_environment),
        WITH_PLACE(test_store_lists_newest_first_and_finds_by_word),
        WITH_PLACE(test_store_gc_keeps_newest_and_young_and_never_reuses_an_id),
        WITH_PLACE(test_store_a_failing_last_row_leaves_nothing),
        WITH_PLACE(test_store_a_failed_write_leaves_nothing),
        WITH_PLACE(test_store_a_killed_writer_leaves_whole_runs),
        WITH_PLACE(test_store_processes_write_at_the_same_time),
        WITH_PLACE(test_store_says_that_it_is_locked),
        WITH_PLACE(test_store_refuses_what_is_no_store),
        WITH_PLACE(test_store_says_that_it_is_damaged),
        WITH_PLACE(test_store_refuses_a_newer_version_and_leaves_it_alone),
        WITH_PLACE(test_store_says_that_a_directory_is_read_only),
        cmocka_unit_test(test_diff_joins_numbers_by_path),
        cmocka_unit_test(test_diff_names_elements_only_when_all_names_differ),
        cmocka_unit_test(test_export_is_json_with_the_document_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
