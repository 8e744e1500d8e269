// tests/fuzz/pack.c - any bytes as the files of an evidence pack: refused with a message, or read.
// The input is pack.json, a byte 255, the request log of every run, a byte 255, the times of every run; the scenario is always the same.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "real/validate/pack.h"
#include "tests/fuzz/fuzz.h"

static const char scenario[] = "scenario: s\ncomponents:\n  api: {kind: service, on: {read: [{get: cache, miss: [{query: db.by_id}]}]}}\n"
                               "  cache: {kind: cache}\n  db: {kind: database, statements: {by_id: {cpu: 1ms}}}\n"
                               "workload:\n  users: {rate: 10/s, call: api.read}\nvariants: {none: {}, aside: {}}\n";

enum { RUNS = 4 };                             // whose files are there; more are missing

static char folder[64];

static void write_file(const char *name, const void *data, size_t size)
{
    hr_error e = {0};
    char *path = hr_format("%s/%s", folder, name);
    hr_status status = hr_write_file(path, data, size, &e);
    HR_ASSERT(status == HR_OK);
    free(path);
}

static void remove_folder(void)
{
    const char *const names[] = {"pack.json", "scenario.yaml", "runs/001.csv.gz", "runs/002.csv.gz", "runs/003.csv.gz", "runs/004.csv.gz",
                                 "runs/001-times.csv.gz", "runs/002-times.csv.gz", "runs/003-times.csv.gz", "runs/004-times.csv.gz", "runs", ""};
    for (size_t i = 0; i < HR_COUNT(names); i++) {
        char *path = hr_format("%s/%s", folder, names[i]);
        remove(path);
        free(path);
    }
}

static void make_folder(void)
{
    hr_error e = {0};
    const char *shared = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%s/headroom-fuzz-%d", shared, (int)getpid());
    char *runs = hr_format("%s/runs", folder);
    hr_status status = hr_make_folder(runs, 0700, &e);
    HR_ASSERT(status == HR_OK);
    free(runs);
    write_file("scenario.yaml", scenario, sizeof scenario - 1);
    atexit(remove_folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!*folder)
        make_folder();
    const uint8_t *part[3] = {data, data + size, data + size}, *end[3] = {data + size, data + size, data + size};
    for (int i = 0; i < 2 && part[i] < data + size; i++) {
        const uint8_t *border = memchr(part[i], 255, (size_t)(data + size - part[i]));
        if (!border)
            break;
        end[i] = border;
        part[i + 1] = border + 1;
    }
    write_file("pack.json", part[0], (size_t)(end[0] - part[0]));
    for (int i = 1; i <= RUNS; i++) {
        char name[64];
        snprintf(name, sizeof name, "runs/%03d.csv.gz", i);
        write_file(name, part[1], (size_t)(end[1] - part[1]));
        snprintf(name, sizeof name, "runs/%03d-times.csv.gz", i);
        write_file(name, part[2], (size_t)(end[2] - part[2]));
    }
    hr_error e = {0};
    real_pack *pack;
    if (real_pack_read(folder, &pack, &e)) {
        HR_ASSERT(e.count > 0 && !fuzz_planted);
        return 0;
    }
    fuzz_accepted++;
    for (size_t i = 0; i < pack->run_count; i++)
        for (size_t k = 0; k < pack->run[i].request_count; k++)
            HR_ASSERT(pack->run[i].request[k].outcome < SIM_OUTCOME_COUNT && pack->run[i].variant < pack->variant_count);
    real_pack_free(pack);
    return 0;
}
