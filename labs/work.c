// labs/work.c - see work.h.
#include "labs/work.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS "lab.json"
#define SCHEMA   "headroom/lab-progress/1"
enum { LARGEST_FILE = 1 << 20 };

static bool is_there(const char *folder, const char *name)
{
    char *path = hr_format("%s/%s", folder, name);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

// A copy without the slashes that a shell's */ leaves at the end; the caller frees it.
static char *without_slash(const char *folder)
{
    char *copy = hr_strdup(folder);
    for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
        copy[n - 1] = 0;
    return copy;
}

static hr_status copy_file(const char *from, const char *folder, const char *name, hr_error *e)
{
    char *data, *to = hr_format("%s/%s", folder, name);
    size_t size;
    hr_status status = hr_read_file(from, LARGEST_FILE, &data, &size, e);
    if (!status) {
        status = hr_write_file(to, data, size, e);
        free(data);
    }
    free(to);
    return status;
}

hr_status lab_work_keep(const lab_work *work, hr_error *e)
{
    if (!work->is_kept)
        return HR_OK;
    json_t *document = json_pack("{s:s,s:s,s:i,s:i,s:b,s:b}", "schema", SCHEMA, "lab", work->lab->id, "hints", work->hints, "tests",
                                 work->tests, "passed", work->passed, "gave_up", work->gave_up);
    char *text = json_dumps(document, JSON_INDENT(2));
    json_decref(document);
    HR_ASSERT(text != NULL);
    char *line = hr_format("%s\n", text), *path = hr_format("%s/%s", work->folder, PROGRESS);
    hr_status status = hr_write_file(path, line, strlen(line), e);
    free(line);
    free(text);
    free(path);
    return status;
}

static hr_status fill(const lab *l, const char *folder, hr_error *e)
{
    char *readme = hr_format("%s/README.md", l->folder), *start = hr_format("%s/start/%s", l->folder, l->file);
    hr_status status = copy_file(readme, folder, "README.md", e);
    if (!status)
        status = copy_file(start, folder, l->file, e);
    free(readme);
    free(start);
    lab_work work = {.lab = (lab *)(uintptr_t)l, .folder = (char *)(uintptr_t)folder, .is_kept = true};
    return status ? status : lab_work_keep(&work, e);
}

hr_status lab_work_start(const lab *l, const char *folder, char **made, hr_error *e)
{
    *made = folder ? without_slash(folder) : hr_format("lab-%s", l->id);
    hr_status status = HR_OK;
    if (mkdir(*made, 0777) != 0 && errno != EEXIST)
        status = hr_fail(e, HR_BAD_INPUT, "%s cannot be made: %s", *made, strerror(errno));
    else if (is_there(*made, l->file) || is_there(*made, PROGRESS) || is_there(*made, "README.md"))
        status = hr_fail(e, HR_BAD_INPUT,
                         "%s holds work already, and it stays as it is.\n"
                         "    to go on:       ./headroom lab run %s\n"
                         "    to begin anew:  ./headroom lab start %d --dir ANOTHER-FOLDER (or move the old one away)", *made, *made, l->number);
    else
        status = fill(l, *made, e);
    if (status) {
        free(*made);
        *made = NULL;
    }
    return status;
}

// What lab.json says; *id is the caller's.
static hr_status read_progress(const char *folder, lab_work *work, char **id, hr_error *e)
{
    char *path = hr_format("%s/%s", folder, PROGRESS), *text;
    size_t size;
    hr_status status = hr_read_file(path, LARGEST_FILE, &text, &size, e);
    if (!status) {
        json_error_t problem;
        json_t *document = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
        const char *schema, *name;
        int passed, gave_up;
        if (!document || json_unpack(document, "{s:s,s:s,s:i,s:i,s:b,s:b}", "schema", &schema, "lab", &name, "hints", &work->hints, "tests",
                                     &work->tests, "passed", &passed, "gave_up", &gave_up) != 0 ||
            strcmp(schema, SCHEMA) != 0 || work->hints < 0 || work->tests < 0) {
            status = hr_fail(e, HR_BAD_INPUT, "%s is damaged. Your work is not in it: remove it and name the lab, as in "
                                              "`./headroom lab test %s --lab 1`", path, folder);
        } else {
            work->passed = passed;
            work->gave_up = gave_up;
            *id = hr_strdup(name);
        }
        json_decref(document);
        free(text);
    }
    free(path);
    return status;
}

hr_status lab_work_open(const char *folder, const char *word, lab_work *work, hr_error *e)
{
    struct stat about;
    if (stat(folder, &about) != 0 || !S_ISDIR(about.st_mode))
        return hr_fail(e, HR_BAD_INPUT, "%s: no such folder; `./headroom lab start 1` makes one", folder);
    if (!word && !is_there(folder, PROGRESS))
        return hr_fail(e, HR_BAD_INPUT, "%s is no work folder of a lab (it has no %s). Name the folder, as in "
                                        "`./headroom lab run lab-01-cache-aside`, or make one: `./headroom lab start 1`",
                       strcmp(folder, ".") == 0 ? "this folder" : folder, PROGRESS);
    char *id = word ? hr_strdup(word) : NULL;
    hr_status status = word ? HR_OK : read_progress(folder, work, &id, e);
    if (!status)
        status = lab_find(id, &work->lab, e);
    free(id);
    if (status)
        return status;
    work->is_kept = !word;
    work->folder = without_slash(folder);
    work->file = strcmp(folder, ".") == 0 ? hr_strdup(work->lab->file) : hr_format("%s/%s", work->folder, work->lab->file);
    if (!is_there(folder, work->lab->file))
        return hr_fail(e, HR_BAD_INPUT, "%s is not there: the lab is done in that file. A fresh one: `./headroom lab start %d --dir ANOTHER-FOLDER`",
                       work->file, work->lab->number);
    return HR_OK;
}

void lab_work_close(lab_work *work)
{
    lab_free(work->lab);
    free(work->folder);
    free(work->file);
}

const char *lab_work_state(const lab *l)
{
    char *usual = hr_format("lab-%s", l->id);
    const char *const places[] = {".", usual}, *state = "new";
    for (size_t i = 0; i < HR_COUNT(places); i++) {
        lab_work work = {0};
        char *id = NULL;
        if (is_there(places[i], PROGRESS) && !read_progress(places[i], &work, &id, NULL) && strcmp(id, l->id) == 0)
            state = work.passed ? "passed" : "begun";
        free(id);
    }
    free(usual);
    return state;
}

char *lab_list_document(lab *const *labs, size_t count)
{
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, json_pack("{s:s,s:i,s:s,s:i,s:s}", "id", labs[i]->id, "number", labs[i]->number, "title", labs[i]->title,
                                             "minutes", labs[i]->minutes, "state", lab_work_state(labs[i])));
    json_t *document = json_pack("{s:s,s:o}", "schema", "headroom/lab-list/1", "labs", all);
    HR_ASSERT(document != NULL);
    char *text = json_dumps(document, JSON_INDENT(2));
    json_decref(document);
    HR_ASSERT(text != NULL);
    return text;
}
