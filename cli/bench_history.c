// cli/bench_history.c - results of earlier runs of `bench`, in a text file; see bench.h.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/bench.h"

enum { FIELDS = 8 };

const char *cli_bench_machine(void)
{
    static char name[160];
    char line[256], model[128] = "unknown processor";
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "model name : %127[^\n\t]", model) == 1)
            break;
    if (f)
        fclose(f);
    snprintf(name, sizeof name, "%s, %ld cores", model, sysconf(_SC_NPROCESSORS_ONLN));
    return name;
}

hr_status cli_bench_save(const char *path, const cli_bench_row *rows, const cli_bench_result *results, size_t count, hr_error *e)
{
    FILE *f = fopen(path, "a");
    if (!f)
        return hr_fail(e, HR_ENVIRONMENT, "%s: cannot be written: %s", path, strerror(errno));
    char date[32];
    time_t now = time(NULL);
    strftime(date, sizeof date, "%Y-%m-%d", gmtime(&now));
    if (ftell(f) == 0)
        fputs("# results of `headroom bench`: machine, version, date, name, unit, median, least, most\n", f);
    for (size_t i = 0; i < count; i++)
        fprintf(f, "%s\t%s\t%s\t%s\t%s\t%.4g\t%.4g\t%.4g\n", cli_bench_machine(), HEADROOM_VERSION, date, rows[i].name, rows[i].unit,
                results[i].median, results[i].least, results[i].most);
    bool written = !ferror(f);
    if (fclose(f) != 0 || !written)
        return hr_fail(e, HR_ENVIRONMENT, "%s: cannot be written: %s", path, strerror(errno));
    return HR_OK;
}

// Cuts a line at its tabs; returns how many fields there are.
static int cut(char *line, char *field[FIELDS])
{
    int n = 0;
    for (char *at = line; at && n < FIELDS; n++) {
        field[n] = at;
        at = strchr(at, '\t');
        if (at)
            *at++ = 0;
    }
    return n;
}

hr_status cli_bench_baseline(const char *path, const cli_bench_row *rows, size_t count, cli_bench_result *results, bool *found, hr_error *e)
{
    char *text, *rest, *field[FIELDS];
    size_t size;
    hr_status status = hr_read_file(path, 16 << 20, &text, &size, e);
    if (status)
        return status;
    int number = 0;
    for (char *line = strtok_r(text, "\n", &rest); line && !status; line = strtok_r(NULL, "\n", &rest)) {
        number++;
        if (line[0] == '#')
            continue;
        char *end[3] = {0};
        bool whole = cut(line, field) == FIELDS;
        cli_bench_result r = {0};
        if (whole)
            r = (cli_bench_result){strtod(field[5], &end[0]), strtod(field[6], &end[1]), strtod(field[7], &end[2])};
        if (!whole || *end[0] || *end[1] || *end[2] || !(r.median > 0)) {
            status = hr_fail(e, HR_BAD_INPUT, "%s:%d: no result of `bench --save`: want machine, version, date, name, unit, median, least, "
                             "most, separated by tabs", path, number);
            break;
        }
        for (size_t i = 0; i < count && strcmp(field[0], cli_bench_machine()) == 0; i++)
            if (strcmp(rows[i].name, field[3]) == 0 && strcmp(rows[i].unit, field[4]) == 0) {
                results[i] = r;
                found[i] = true;
            }
    }
    free(text);
    return status;
}
