// patterns/catalogue.c - see catalogue.h.
#include "patterns/catalogue.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *pattern_root(void)
{
    static char root[PATH_MAX];
    const char *given = getenv("HEADROOM_ROOT");
    if (given && *given)
        return given;
    ssize_t length = readlink("/proc/self/exe", root, sizeof root - 1);
    root[length > 0 ? length : 0] = 0;
    while (*root) {                            // build/headroom, build/debug/headroom …: the first folder above with patterns/ in it
        char *slash = strrchr(root, '/');
        if (!slash)
            break;
        *slash = 0;
        char *catalogue = hr_format("%s/patterns", root);
        bool found = access(catalogue, R_OK) == 0;
        free(catalogue);
        if (found)
            break;
    }
    return root;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **pattern_names(void)
{
    char *path = hr_format("%s/patterns", pattern_root());
    DIR *folder = opendir(path);
    char **list = hr_alloc(257 * sizeof *list);
    size_t n = 0;
    for (struct dirent *d; folder && n < 256 && (d = readdir(folder));) {
        char *scenario = hr_format("%s/%s/scenario.yaml", path, d->d_name);
        if (d->d_name[0] != '.' && access(scenario, R_OK) == 0)
            list[n++] = hr_strdup(d->d_name);
        free(scenario);
    }
    if (folder)
        closedir(folder);
    free(path);
    qsort(list, n, sizeof *list, by_name);
    return list;
}

hr_status pattern_path(const char *word, char **path, hr_error *e)
{
    if (strpbrk(word, "/.")) {
        *path = hr_strdup(word);
        return HR_OK;
    }
    char *found = hr_format("%s/patterns/%s/scenario.yaml", pattern_root(), word);
    if (access(found, R_OK) == 0) {
        *path = found;
        return HR_OK;
    }
    free(found);
    char **list = pattern_names();
    const char *near = hr_nearest(word, (const char *const *)list);
    hr_fail(e, HR_BAD_INPUT, "no pattern is named '%s'%s; a file is written with its ending, such as mine.yaml", word,
            HR_HINT(near, '\''));
    for (char **name = list; *name; name++)
        free(*name);
    free(list);
    return HR_BAD_INPUT;
}
