// real/validate/pack.c - see pack.h.
#include "real/validate/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

static const char schema[] = "headroom/pack/1";
static const char *const kind_names[] = {"fit", "capacity", "measured"};
static const char request_head[] = "workload,key,intended_ns,sent_ns,ended_ns,outcome,version\n";
static const char times_head[] = "component,operation,seconds\n";

enum { MOST_FILE_BYTES = 256 << 20 };

size_t real_leaf_operations(const sim_model *model, real_leaf_operation out[REAL_MOST_OPERATIONS])
{
    size_t n = 0;
    for (uint16_t c = 0; c < model->component_count; c++) {
        if (model->components[c].kind != SIM_PART_database)
            continue;
        const sim_database_def *d = model->components[c].def;
        for (uint16_t s = 0; s < d->statement_count && n < REAL_MOST_OPERATIONS; s++)
            out[n++] = (real_leaf_operation){c, s, model->components[c].name, d->statements[s].name};
    }
    for (uint16_t c = 0; c < model->component_count && n < REAL_MOST_OPERATIONS; c++)
        if (model->components[c].kind == SIM_PART_cache)
            out[n++] = (real_leaf_operation){c, 0, model->components[c].name, "operation"};
    return n;
}

void real_run_free(real_run *run)
{
    free(run->request);
    for (size_t i = 0; i < run->times_count; i++)
        real_samples_free(&run->times[i]);
    free(run->times);
    *run = (real_run){0};
}

void real_pack_free(real_pack *pack)
{
    if (!pack)
        return;
    for (size_t i = 0; i < pack->run_count; i++)
        real_run_free(&pack->run[i]);
    for (size_t i = 0; i < pack->variant_count; i++)
        free(pack->variants[i]);
    free(pack->variants);
    free(pack->run);
    free(pack->scenario_text);
    free(pack->name);
    free(pack->created);
    free(pack->machine);
    free(pack->servers);
    free(pack->folder);
    free(pack);
}

hr_status real_pack_model(const real_pack *pack, size_t v, sim_model **model, hr_error *e)
{
    char *path = hr_format("%s/scenario.yaml", pack->folder ? pack->folder : ".");
    hr_status status = sim_model_parse(path, pack->scenario_text, strlen(pack->scenario_text), pack->variants[v], model, e);
    free(path);
    return status;
}

// --- writing ----------------------------------------------------------------------------------------------------------------

// The whole path, so that the name of a run's file is made in one place.
static char *run_path(const real_pack *pack, size_t i, const char *ending)
{
    return hr_format("%s/runs/%03zu%s.csv.gz", pack->folder, i + 1, ending);
}

static hr_status write_gz(const char *path, const hr_text *text, hr_error *e)
{
    gzFile f = gzopen(path, "wb6");
    bool good = f && (text->used == 0 || gzwrite(f, text->data, (unsigned)text->used) == (int)text->used);
    if (f)
        good = gzclose(f) == Z_OK && good;
    return good ? HR_OK : hr_fail(e, HR_ENVIRONMENT, "%s: cannot be written: %s", path, strerror(errno ? errno : ENOSPC));
}

static hr_status write_requests(const real_pack *pack, size_t i, const sim_model *model, hr_error *e)
{
    const real_run *run = &pack->run[i];
    hr_text text = {0};
    hr_text_add(&text, "%s", request_head);
    for (size_t k = 0; k < run->request_count; k++) {
        const real_request *q = &run->request[k];
        hr_text_add(&text, "%s,%" PRIu64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%s,%u\n", model->components[q->workload].name, q->key, q->intended,
                    q->sent, q->ended, sim_outcome_name((sim_outcome)q->outcome), q->version);
    }
    char *path = run_path(pack, i, "");
    hr_status status = write_gz(path, &text, e);
    free(path);
    free(text.data);
    return status;
}

static hr_status write_times(const real_pack *pack, size_t i, const sim_model *model, hr_error *e)
{
    const real_run *run = &pack->run[i];
    real_leaf_operation op[REAL_MOST_OPERATIONS];
    size_t n = real_leaf_operations(model, op);
    hr_text text = {0};
    hr_text_add(&text, "%s", times_head);
    for (size_t k = 0; k < n && k < run->times_count; k++)
        for (size_t s = 0; s < run->times[k].count; s++)
            hr_text_add(&text, "%s,%s,%.9f\n", op[k].component_name, op[k].operation_name, run->times[k].seconds[s]);
    char *path = run_path(pack, i, "-times");
    hr_status status = write_gz(path, &text, e);
    free(path);
    free(text.data);
    return status;
}

static json_t *counters_json(const real_run *run, const sim_model *model)
{
    json_t *all = json_object();
    for (uint16_t c = 0; c < model->component_count; c++) {
        const real_counters *k = &run->counters[c];
        if (k->started || k->rejected)
            json_object_set_new(all, model->components[c].name,
                                json_pack("{s:I,s:I,s:I,s:I,s:f}", "started", (json_int_t)k->started, "rejected", (json_int_t)k->rejected, "hits",
                                          (json_int_t)k->hits, "misses", (json_int_t)k->misses, "busy_average", k->busy_average));
    }
    return all;
}

// Seeds are 64 bits wide and JSON integers here are signed: they are kept as text.
static json_t *seed_json(uint64_t seed)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, seed);
    return json_string(digits);
}

static hr_status write_head(const real_pack *pack, const sim_model *model, hr_error *e)
{
    json_t *variants = json_array(), *entries = json_object(), *runs = json_array();
    for (size_t v = 0; v < pack->variant_count; v++)
        json_array_append_new(variants, json_string(pack->variants[v]));
    for (uint16_t c = 0; c < model->component_count; c++)
        if (pack->entries[c])
            json_object_set_new(entries, model->components[c].name, json_integer(pack->entries[c]));
    for (size_t i = 0; i < pack->run_count; i++) {
        const real_run *r = &pack->run[i];
        json_array_append_new(runs, json_pack("{s:s,s:s,s:f,s:f,s:i,s:o,s:I,s:I,s:I,s:b,s:o}", "kind", kind_names[r->kind], "variant",
                                              pack->variants[r->variant], "rate_per_s", r->rate_per_s, "load", r->load, "repeat", (int)r->repeat,
                                              "seed", seed_json(r->seed), "from_ns", (json_int_t)r->from, "to_ns", (json_int_t)r->to, "requests",
                                              (json_int_t)r->request_count, "times", r->times_count > 0, "counters", counters_json(r, model)));
    }
    json_t *head = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o}", "schema", schema, "version", HEADROOM_VERSION, "name", pack->name,
                             "created", pack->created, "machine", pack->machine, "servers", pack->servers, "seed", seed_json(pack->seed),
                             "variants", variants, "entries", entries, "runs", runs);
    char *text = json_dumps(head, JSON_INDENT(1)), *path = hr_format("%s/pack.json", pack->folder);
    json_decref(head);
    HR_ASSERT(text != NULL);
    hr_status status = hr_write_file(path, text, strlen(text), e);
    free(path);
    free(text);
    return status;
}

static char *machine_line(void)
{
    struct utsname u;
    return uname(&u) == 0 ? hr_format("%s %s, %ld cores", u.sysname, u.machine, sysconf(_SC_NPROCESSORS_ONLN)) : hr_strdup("unknown");
}

static char *now_line(void)
{
    char text[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return hr_strdup(text);
}

hr_status real_pack_new(const char *folder, const sim_model *model, uint64_t seed, const char *const *variants, size_t variant_count,
                        real_pack **out, hr_error *e)
{
    if (folder) {
        char *runs = hr_format("%s/runs", folder), *head = hr_format("%s/pack.json", folder), *scenario = hr_format("%s/scenario.yaml", folder);
        hr_status status = access(head, F_OK) == 0
                               ? hr_fail(e, HR_BAD_INPUT, "%s holds a pack already: name another folder, or remove it", folder)
                               : hr_make_folder(runs, 0777, e);
        if (!status)
            status = hr_write_file(scenario, model->text, strlen(model->text), e);
        free(runs);
        free(head);
        free(scenario);
        if (status)
            return status;
    }
    real_pack *pack = hr_alloc(sizeof *pack);
    pack->scenario_text = hr_strdup(model->text);
    pack->name = hr_strdup(model->name);
    pack->created = now_line();
    pack->machine = machine_line();
    pack->servers = hr_strdup("");
    pack->seed = seed;
    pack->variants = hr_alloc(variant_count * sizeof *pack->variants);
    for (size_t v = 0; v < variant_count; v++)
        pack->variants[v] = hr_strdup(variants[v]);
    pack->variant_count = variant_count;
    pack->folder = folder ? hr_strdup(folder) : NULL;
    *out = pack;
    return HR_OK;
}

hr_status real_pack_add(real_pack *pack, const sim_model *model, const real_run *run, hr_error *e)
{
    pack->run = hr_realloc(pack->run, (pack->run_count + 1) * sizeof *pack->run);
    pack->run[pack->run_count] = *run;
    size_t i = pack->run_count++;
    if (!pack->folder)
        return HR_OK;
    hr_status status = write_requests(pack, i, model, e);
    if (!status && run->times_count)
        status = write_times(pack, i, model, e);
    return status ? status : write_head(pack, model, e);
}

// --- reading ----------------------------------------------------------------------------------------------------------------

static hr_status read_gz(const char *path, char **text, hr_error *e)
{
    gzFile f = gzopen(path, "rb");
    if (!f)
        return hr_fail(e, HR_BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    hr_text t = {0};
    char block[65536];
    int got;
    while ((got = gzread(f, block, sizeof block)) > 0 && t.used < MOST_FILE_BYTES)
        hr_text_bytes(&t, block, (size_t)got);
    bool whole = got == 0 && gzeof(f);
    gzclose(f);
    if (!whole) {
        free(t.data);
        return hr_fail(e, HR_BAD_INPUT, "%s: damaged or cut off", path);
    }
    *text = t.data ? t.data : hr_strdup("");
    return HR_OK;
}

// The next field of a line of comma-separated values; ends it with a zero byte.
static char *field(char **at)
{
    char *start = *at, *end = start + strcspn(start, ",\n");
    if (*end)
        *at = end + 1;
    else
        *at = end;
    *end = 0;
    return start;
}

static bool number(char **at, int64_t *value)
{
    char *text = field(at), *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return end != text && !*end && !errno;
}

static int outcome_named(const char *word)
{
    for (int o = 0; o < SIM_OUTCOME_COUNT; o++)
        if (strcmp(sim_outcome_name((sim_outcome)o), word) == 0)
            return o;
    return -1;
}

static hr_status read_requests(const char *path, const sim_model *model, real_run *run, size_t expected, hr_error *e)
{
    char *text;
    hr_status status = read_gz(path, &text, e);
    if (status)
        return status;
    char *at = text;
    size_t line = 1;
    bool good = strncmp(text, request_head, sizeof request_head - 1) == 0;
    at += good ? sizeof request_head - 1 : 0;
    run->request = hr_alloc((expected + 1) * sizeof *run->request);
    while (good && *at) {
        int64_t key, intended, sent, ended, version;
        line++;
        int workload = sim_model_find(model, field(&at));
        good = run->request_count < expected && workload >= 0 && number(&at, &key) && number(&at, &intended) && number(&at, &sent) && number(&at, &ended);
        int outcome = good ? outcome_named(field(&at)) : -1;
        good = good && outcome >= 0 && number(&at, &version) && model->components[workload].kind == SIM_PART_workload;
        if (good)
            run->request[run->request_count++] = (real_request){(uint64_t)key, intended, sent, ended, (uint16_t)workload, (uint8_t)outcome, (uint32_t)version};
    }
    free(text);
    if (good && run->request_count == expected)
        return HR_OK;
    return hr_fail(e, HR_BAD_INPUT, "%s:%zu: want %zu lines of %s", path, line, expected, request_head);
}

static hr_status read_times(const char *path, const sim_model *model, real_run *run, hr_error *e)
{
    char *text;
    hr_status status = read_gz(path, &text, e);
    if (status)
        return status;
    real_leaf_operation op[REAL_MOST_OPERATIONS];
    size_t n = real_leaf_operations(model, op), line = 1;
    run->times = hr_alloc((n + 1) * sizeof *run->times);
    run->times_count = n;
    char *at = text;
    bool good = strncmp(text, times_head, sizeof times_head - 1) == 0;
    at += good ? sizeof times_head - 1 : 0;
    while (good && *at) {
        line++;
        const char *component = field(&at), *operation = field(&at);
        char *end, *value = field(&at);
        double seconds = strtod(value, &end);
        size_t k = 0;
        while (k < n && (strcmp(op[k].component_name, component) != 0 || strcmp(op[k].operation_name, operation) != 0))
            k++;
        good = k < n && end != value && !*end && seconds >= 0 && seconds < 1e6;
        if (good)
            real_samples_add(&run->times[k], (hr_time)(seconds * 1e9 + 0.5));
    }
    free(text);
    return good ? HR_OK : hr_fail(e, HR_BAD_INPUT, "%s:%zu: want lines of %s", path, line, times_head);
}

static void read_counters(json_t *all, const sim_model *model, real_run *run)
{
    const char *name;
    json_t *one;
    json_object_foreach(all, name, one) {
        int c = sim_model_find(model, name);
        if (c < 0)
            continue;
        run->counters[c] = (real_counters){(uint64_t)json_integer_value(json_object_get(one, "started")),
                                           (uint64_t)json_integer_value(json_object_get(one, "rejected")),
                                           (uint64_t)json_integer_value(json_object_get(one, "hits")),
                                           (uint64_t)json_integer_value(json_object_get(one, "misses")),
                                           json_number_value(json_object_get(one, "busy_average"))};
    }
}

static int index_of(const char *word, const char *const *names, size_t count)
{
    for (size_t i = 0; word && i < count; i++)
        if (strcmp(names[i], word) == 0)
            return (int)i;
    return -1;
}

static uint64_t seed_of(const json_t *text)
{
    return json_is_string(text) ? strtoull(json_string_value(text), NULL, 10) : 0;
}

static hr_status read_run(real_pack *pack, json_t *row, const sim_model *model, hr_error *e)
{
    int kind = index_of(json_string_value(json_object_get(row, "kind")), kind_names, HR_COUNT(kind_names));
    int variant = index_of(json_string_value(json_object_get(row, "variant")), (const char *const *)pack->variants, pack->variant_count);
    real_run *run = &pack->run[pack->run_count];
    *run = (real_run){.kind = (real_run_kind)kind, .variant = (uint32_t)variant, .rate_per_s = json_number_value(json_object_get(row, "rate_per_s")),
                      .load = json_number_value(json_object_get(row, "load")), .repeat = (uint32_t)json_integer_value(json_object_get(row, "repeat")),
                      .seed = seed_of(json_object_get(row, "seed")), .from = json_integer_value(json_object_get(row, "from_ns")),
                      .to = json_integer_value(json_object_get(row, "to_ns"))};
    size_t expected = (size_t)json_integer_value(json_object_get(row, "requests"));
    if (kind < 0 || variant < 0 || !(run->rate_per_s > 0 && run->rate_per_s < 1e9) || run->from < 0 || run->to <= run->from ||
        run->to > 100000 * HR_SEC || expected > 100000000)
        return hr_fail(e, HR_BAD_INPUT, "%s/pack.json: run %zu makes no sense", pack->folder, pack->run_count + 1);
    read_counters(json_object_get(row, "counters"), model, run);
    size_t i = pack->run_count++;              // from here on real_pack_free frees what it has
    char *path = run_path(pack, i, "");
    hr_status status = read_requests(path, model, run, expected, e);
    free(path);
    if (!status && json_is_true(json_object_get(row, "times"))) {
        path = run_path(pack, i, "-times");
        status = read_times(path, model, run, e);
        free(path);
    }
    return status;
}

static char *text_of(json_t *head, const char *key)
{
    const char *text = json_string_value(json_object_get(head, key));
    return hr_strdup(text ? text : "");
}

static hr_status read_all(real_pack *pack, json_t *head, hr_error *e)
{
    json_t *variants = json_object_get(head, "variants"), *runs = json_object_get(head, "runs"), *one;
    size_t i;
    pack->name = text_of(head, "name");
    pack->created = text_of(head, "created");
    pack->machine = text_of(head, "machine");
    pack->servers = text_of(head, "servers");
    pack->seed = seed_of(json_object_get(head, "seed"));
    pack->variants = hr_alloc((json_array_size(variants) + 1) * sizeof *pack->variants);
    json_array_foreach(variants, i, one)
        pack->variants[pack->variant_count++] = hr_strdup(json_is_string(one) ? json_string_value(one) : "");
    if (pack->variant_count == 0 || json_array_size(runs) == 0)
        return hr_fail(e, HR_BAD_INPUT, "%s/pack.json: no finished run is in it", pack->folder);
    sim_model *model;
    hr_status status = real_pack_model(pack, 0, &model, e);
    if (status)
        return status;
    const char *name;
    json_object_foreach(json_object_get(head, "entries"), name, one) {
        int c = sim_model_find(model, name);
        if (c >= 0)
            pack->entries[c] = (uint32_t)json_integer_value(one);
    }
    pack->run = hr_alloc(json_array_size(runs) * sizeof *pack->run);
    json_array_foreach(runs, i, one)
        if (!status)
            status = read_run(pack, one, model, e);
    sim_model_free(model);
    return status;
}

hr_status real_pack_read(const char *folder, real_pack **out, hr_error *e)
{
    char *head_path = hr_format("%s/pack.json", folder), *scenario_path = hr_format("%s/scenario.yaml", folder);
    real_pack *pack = hr_alloc(sizeof *pack);
    pack->folder = hr_strdup(folder);
    json_error_t problem;
    json_t *head = NULL;
    char *text = NULL;
    size_t size;
    hr_status status = hr_read_file(head_path, MOST_FILE_BYTES, &text, &size, e);
    if (!status && !(head = json_loadb(text, size, 0, &problem)))
        status = hr_fail(e, HR_BAD_INPUT, "%s:%d:%d: no pack: %s", head_path, problem.line, problem.column, problem.text);
    const char *said = head ? json_string_value(json_object_get(head, "schema")) : NULL;
    if (!status && (!said || strcmp(said, schema) != 0))
        status = hr_fail(e, HR_BAD_INPUT, "%s: want \"schema\": \"%s\", found \"%s\"", head_path, schema, said ? said : "nothing");
    if (!status)
        status = hr_read_file(scenario_path, 1 << 20, &pack->scenario_text, &size, e);
    if (!status)
        status = read_all(pack, head, e);
    free(text);
    json_decref(head);
    free(head_path);
    free(scenario_path);
    if (status)
        real_pack_free(pack);
    else
        *out = pack;
    return status;
}
