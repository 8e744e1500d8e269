// sim/study/request_log.c - see request_log.h.
#include "sim/study/request_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { BUFFER = 1 << 16, MOST_LINE = 1024, MOST_NAME = 200, MOST_TEXT = 1 << 20, MOST_OPERATIONS = 4096 };

static const char magic[16] = "headroom log 1\n";
static const char head[] = "replication,workload,request,key,operation,intended_ns,sent_ns,ended_ns,outcome,stale,version,measured\n";

typedef struct {                               // little-endian, as the machines are that this runs on (world.h asserts it)
    char     magic[16];
    uint32_t record_bytes, text_bytes;         // the text, tab-separated lines, stands between this and the first record
    uint64_t seed;
} log_head;

enum { STALE = 1, MEASURED = 2 };              // flags
typedef struct {
    uint32_t replication;
    uint16_t workload, operation;
    uint64_t request, key;
    int64_t  intended_ns, sent_ns, ended_ns;
    uint32_t version;                          // of the row that it read or wrote, 0: none
    uint8_t  outcome, flags;
    uint16_t zero;
} record;
_Static_assert(sizeof(log_head) == 32 && sizeof(record) == 56, "the layout of docs/request-log.md");

// Names by number, as they stand in a line of CSV. Those of operations are numbered within their workload.
typedef struct { char *workload, **operation; uint16_t count; } names;

typedef enum { CSV, CSV_GZ, RECORDS } log_format;

struct sim_request_log {
    char      *path, *part_path;               // part_path: until it is complete; NULL: `path` is no regular file
    log_format format;
    int        file;
    gzFile     gz;                             // over `file`, for CSV_GZ
    int        error;                          // errno of the first failure, 0: none
    hr_text    text;                           // what stands before the records or lines
    names      name[SIM_MAX_COMPONENTS];
};

struct sim_request_log_part {
    const sim_request_log *log;
    uint32_t replication;
    int      file, error;
    size_t   used;
    char     buffer[BUFFER];
};

// --- lines ------------------------------------------------------------------------------------------------------------------

// printf would take most of the time of a logged run.
static char *put_number(char *at, uint64_t value)
{
    char digits[20];
    int n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n > 0)
        *at++ = digits[--n];
    *at++ = ',';
    return at;
}

static char *put_time(char *at, int64_t value)
{
    if (value < 0)
        *at++ = '-';
    return put_number(at, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static char *put_word(char *at, const char *word)
{
    size_t n = strlen(word);
    memcpy(at, word, n);
    at[n] = ',';
    return at + n + 1;
}

// Two names of at most MOST_NAME characters and nine numbers fit into MOST_LINE.
static size_t put_line(char *line, const names *name, const record *r)
{
    const names *n = &name[r->workload];
    char *at = put_number(line, r->replication);
    at = put_word(at, n->workload);
    at = put_number(at, r->request);
    at = put_number(at, r->key);
    at = put_word(at, r->operation < n->count ? n->operation[r->operation] : "");
    at = put_time(at, r->intended_ns);
    at = put_time(at, r->sent_ns);
    at = put_time(at, r->ended_ns);
    at = put_word(at, sim_outcome_name((sim_outcome)r->outcome));
    at = put_number(at, (r->flags & STALE) != 0);
    at = put_number(at, r->version);
    at = put_number(at, (r->flags & MEASURED) != 0);
    at[-1] = '\n';
    return (size_t)(at - line);
}

// A name as a field of CSV (RFC 4180): in quotes where it needs them. Cut where it is absurdly long.
static char *csv_name(const char *name)
{
    hr_text t = {0};
    bool quoted = strpbrk(name, ",\"\n\r") != NULL;
    hr_text_add(&t, "%s", quoted ? "\"" : "");
    for (const char *at = name; *at && t.used + 3 < MOST_NAME; at++)
        hr_text_add(&t, *at == '"' ? "\"\"" : "%c", *at);
    hr_text_add(&t, "%s", quoted ? "\"" : "");
    return t.data ? t.data : hr_strdup("");
}

static void free_names(names *name)
{
    for (int i = 0; i < SIM_MAX_COMPONENTS; i++) {
        for (uint16_t o = 0; o < name[i].count; o++)
            free(name[i].operation[o]);
        free(name[i].operation);
        free(name[i].workload);
    }
}

// --- parts ------------------------------------------------------------------------------------------------------------------

static bool write_all(int file, const char *bytes, size_t count, int *error)
{
    while (count > 0 && !*error) {
        ssize_t got = write(file, bytes, count);
        if (got < 0 && errno != EINTR)
            *error = errno;
        bytes += got > 0 ? got : 0;
        count -= got > 0 ? (size_t)got : 0;
    }
    return !*error;
}

static void observe(void *self, const sim_world *w, const sim_note *note)
{
    if (note->what != SIM_NOTE_END)
        return;
    sim_request_log_part *part = self;
    const sim_call *c = sim_call_at(w, note->call);
    const record r = {.replication = part->replication, .workload = c->caller, .operation = c->operation, .request = c->request & 0xFFFFFFFFFFFFu,
                      .key = c->key, .intended_ns = c->started, .sent_ns = c->since, .ended_ns = w->now, .version = c->version,
                      .outcome = note->status,
                      .flags = (uint8_t)((note->status <= SIM_late && c->version && c->version < c->floor ? STALE : 0) |
                                         (c->flags & SIM_CALL_COUNTED ? MEASURED : 0))};
    if (part->used + MOST_LINE > BUFFER) {
        write_all(part->file, part->buffer, part->used, &part->error);
        part->used = 0;
    }
    if (part->log->format == RECORDS) {
        memcpy(part->buffer + part->used, &r, sizeof r);
        part->used += sizeof r;
    } else {
        part->used += put_line(part->buffer + part->used, part->log->name, &r);
    }
}

// An unnamed file in the folder of the target, where there should be room; elsewhere for what is no regular file.
static int unnamed_file(const sim_request_log *log)
{
    const char *slash = strrchr(log->path, '/');
    char *folder = log->part_path && slash ? hr_format("%.*s", (int)(slash - log->path + 1), log->path) : hr_strdup(log->part_path ? "." : "/tmp");
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) {                            // not every file system can
        char *name = hr_format("%s/.headroom-XXXXXX", folder);
        file = mkostemp(name, O_CLOEXEC);
        if (file >= 0)
            unlink(name);
        free(name);
    }
    free(folder);
    return file;
}

sim_request_log_part *sim_request_log_begin(const sim_request_log *log, uint32_t replication, sim_host *host)
{
    sim_request_log_part *part = hr_alloc(sizeof *part);
    part->log = log;
    part->replication = replication;
    part->file = unnamed_file(log);
    part->error = part->file < 0 ? errno : 0;
    host->observe = observe;
    host->observer = part;
    return part;
}

static bool add_bytes(sim_request_log *log, const char *bytes, size_t count)
{
    if (log->error || count == 0)
        return !log->error;
    if (!log->gz)
        return write_all(log->file, bytes, count, &log->error);
    if (gzwrite(log->gz, bytes, (unsigned)count) != (int)count)
        log->error = errno ? errno : EIO;
    return !log->error;
}

void sim_request_log_end(sim_request_log *log, sim_request_log_part *part, bool keep)
{
    if (keep) {
        write_all(part->file, part->buffer, part->used, &part->error);
        log->error = log->error ? log->error : part->error;
        ssize_t got = 0;
        bool good = !log->error && lseek(part->file, 0, SEEK_SET) == 0;
        while (good && (got = read(part->file, part->buffer, BUFFER)) > 0)
            good = add_bytes(log, part->buffer, (size_t)got);
        if (got < 0)
            log->error = errno;
    }
    if (part->file >= 0)
        close(part->file);
    free(part);
}

// --- the log ----------------------------------------------------------------------------------------------------------------

// The service that answers a workload's requests.
static const sim_service_def *service_of(const sim_model *model, const sim_workload_def *d)
{
    uint16_t target = sim_model_behind(model, d->target);
    return model->components[target].kind == SIM_PART_service ? model->components[target].def : NULL;
}

static void read_names(sim_request_log *log, const sim_model *model)
{
    for (uint16_t i = 0; i < model->component_count; i++) {
        if (model->components[i].kind != SIM_PART_workload)
            continue;
        const sim_service_def *s = service_of(model, model->components[i].def);
        log->name[i] = (names){.workload = csv_name(model->components[i].name)};
        if (!s)
            continue;
        log->name[i].count = s->handler_count;
        log->name[i].operation = hr_alloc((s->handler_count + 1u) * sizeof(char *));
        for (uint16_t o = 0; o < s->handler_count; o++)
            log->name[i].operation[o] = csv_name(s->handlers[o].name);
    }
}

static void make_head(sim_request_log *log, const sim_model *model, uint64_t seed)
{
    if (log->format != RECORDS) {
        hr_text_add(&log->text, "%s", head);
        return;
    }
    hr_text lines = {0};
    hr_text_add(&lines, "scenario\t%s\t%s\n", model->name, model->variant);
    for (unsigned i = 0; i < model->component_count; i++) {
        if (log->name[i].workload)
            hr_text_add(&lines, "workload\t%u\t%s\n", i, log->name[i].workload);
        for (unsigned o = 0; o < log->name[i].count; o++)
            hr_text_add(&lines, "operation\t%u\t%u\t%s\n", i, o, log->name[i].operation[o]);
    }
    log_head h = {.record_bytes = sizeof(record), .text_bytes = (uint32_t)lines.used, .seed = seed};
    memcpy(h.magic, magic, sizeof magic);
    hr_text_bytes(&log->text, &h, sizeof h);
    hr_text_bytes(&log->text, lines.data, lines.used);
    free(lines.data);
}

static bool ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n >= m && strcmp(text + n - m, ending) == 0;
}

static void open_file(sim_request_log *log)
{
    const char *path = log->part_path ? log->part_path : log->path;
    log->error = 0;
    log->gz = NULL;
    log->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (log->file < 0) {
        log->error = errno;
    } else if (log->format == CSV_GZ) {
        log->gz = gzdopen(log->file, "wb6");
        log->error = log->gz ? 0 : ENOMEM;
    }
    add_bytes(log, log->text.data, log->text.used);
}

static void close_file(sim_request_log *log)
{
    if (log->gz) {
        errno = 0;
        if (gzclose(log->gz) != Z_OK && !log->error)
            log->error = errno ? errno : EIO;
    } else if (log->file >= 0 && close(log->file) != 0 && !log->error) {
        log->error = errno;
    }
}

static void free_log(sim_request_log *log)
{
    free_names(log->name);
    free(log->text.data);
    free(log->part_path);
    free(log->path);
    free(log);
}

hr_status sim_request_log_open(const char *path, const sim_model *model, uint64_t seed, sim_request_log **out, hr_error *e)
{
    struct stat s;
    bool is_file = stat(path, &s) != 0 || S_ISREG(s.st_mode);
    if (is_file && !ends_with(path, ".csv") && !ends_with(path, ".csv.gz") && !ends_with(path, ".hrlog"))
        return hr_fail(e, HR_BAD_INPUT, "%s: want a name that says the format: FILE.csv, FILE.csv.gz or FILE.hrlog (records)", path);
    sim_request_log *log = hr_alloc(sizeof *log);
    log->path = hr_strdup(path);
    log->part_path = is_file ? hr_format("%s.part", path) : NULL;
    log->format = ends_with(path, ".gz") ? CSV_GZ : ends_with(path, ".hrlog") ? RECORDS : CSV;
    read_names(log, model);
    make_head(log, model, seed);
    open_file(log);
    if (!log->error) {
        *out = log;
        return HR_OK;
    }
    return sim_request_log_close(log, e);
}

bool sim_request_log_is_file(const sim_request_log *log) { return log->part_path != NULL; }

void sim_request_log_restart(sim_request_log *log)
{
    int error = log->error;
    close_file(log);
    open_file(log);
    log->error = error ? error : log->error;
}

hr_status sim_request_log_close(sim_request_log *log, hr_error *e)
{
    hr_status status = HR_OK;
    close_file(log);
    if (!log->error && log->part_path && rename(log->part_path, log->path) != 0)
        log->error = errno;
    if (log->error)
        status = hr_fail(e, HR_ENVIRONMENT, "%s: the request log cannot be written: %s%s", log->path, strerror(log->error),
                         log->part_path ? "; nothing of it is kept" : "");
    if (log->error && log->part_path)
        unlink(log->part_path);
    free_log(log);
    return status;
}

void sim_request_log_drop(sim_request_log *log)
{
    close_file(log);
    if (log->part_path)
        unlink(log->part_path);
    free_log(log);
}

// --- reading ----------------------------------------------------------------------------------------------------------------

// The next field of the text, ended by a tab or a newline; NULL when there is none.
static char *field(char **at)
{
    char *start = *at, *end = start + strcspn(start, "\t\n");
    if (!*end)
        return NULL;
    *at = end + 1;
    *end = 0;
    return start;
}

static bool number(char **at, uint32_t limit, uint32_t *value)
{
    char *word = field(at), *end;
    unsigned long long v = word ? strtoull(word, &end, 10) : 0;
    if (!word || end == word || *end || v >= limit)
        return false;
    *value = (uint32_t)v;
    return true;
}

static bool parse_names(char *text, names *name)
{
    for (char *at = text; *at;) {
        uint32_t workload = 0, operation;
        char *kind = field(&at), *word;
        if (!kind)
            return false;
        if (strcmp(kind, "scenario") == 0) {
            if (!field(&at) || !field(&at))
                return false;
            continue;
        }
        if (!number(&at, SIM_MAX_COMPONENTS, &workload))
            return false;
        names *n = &name[workload];
        if (strcmp(kind, "operation") == 0) {  // in order, from 0
            if (!n->workload || !number(&at, MOST_OPERATIONS, &operation) || operation != n->count || !(word = field(&at)) || strlen(word) > MOST_NAME)
                return false;
            n->operation = hr_realloc(n->operation, (n->count + 1u) * sizeof(char *));
            n->operation[n->count++] = hr_strdup(word);
        } else {
            if (strcmp(kind, "workload") != 0 || n->workload || !(word = field(&at)) || strlen(word) > MOST_NAME)
                return false;
            n->workload = hr_strdup(word);
        }
    }
    return true;
}

static hr_status read_head(FILE *in, const char *path, names *name, hr_error *e)
{
    log_head h;
    if (fread(&h, sizeof h, 1, in) != 1 || memcmp(h.magic, magic, sizeof magic) != 0)
        return hr_fail(e, HR_BAD_INPUT, "%s: not a request log of records: want what `headroom run SCENARIO --log FILE.hrlog` has written", path);
    char *text = h.text_bytes <= MOST_TEXT ? hr_alloc(h.text_bytes + 1u) : NULL;
    bool good = text && h.record_bytes == sizeof(record) && fread(text, 1, h.text_bytes, in) == h.text_bytes && parse_names(text, name);
    free(text);
    return good ? HR_OK : hr_fail(e, HR_BAD_INPUT, "%s: damaged: its head cannot be read", path);
}

static hr_status print_records(FILE *in, const char *path, const names *name, FILE *out, hr_error *e)
{
    record r;
    char line[MOST_LINE];
    uint64_t count = 0;
    size_t got;
    fputs(head, out);
    while ((got = fread(&r, 1, sizeof r, in)) == sizeof r) {
        if (r.workload >= SIM_MAX_COMPONENTS || !name[r.workload].workload || r.operation >= name[r.workload].count || r.outcome >= SIM_OUTCOME_COUNT)
            return hr_fail(e, HR_BAD_INPUT, "%s: damaged: record %" PRIu64 " names a workload, operation or outcome that there is not", path, count + 1);
        fwrite(line, 1, put_line(line, name, &r), out);
        count++;
    }
    if (got || ferror(in))
        return hr_fail(e, HR_BAD_INPUT, "%s: cut off after %" PRIu64 " requests", path, count);
    return fflush(out) == 0 ? HR_OK : hr_fail(e, HR_ENVIRONMENT, "the request log cannot be printed: %s", strerror(errno));
}

hr_status sim_request_log_print(const char *path, FILE *out, hr_error *e)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return hr_fail(e, HR_BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    names *name = hr_alloc(SIM_MAX_COMPONENTS * sizeof *name);
    hr_status status = read_head(in, path, name, e);
    if (!status)
        status = print_records(in, path, name, out, e);
    fclose(in);
    free_names(name);
    free(name);
    return status;
}
