// sim/replay/fields.c - see fields.h.
#include "sim/replay/fields.h"

#include <string.h>

#include "sim/core/lines.h"

int sim_fields(char *line, char *field[SIM_MOST_FIELDS])
{
    size_t count = 0;
    if (strchr(line, ','))
        (void)hr_fields(line, field, SIM_MOST_FIELDS, &count);
    else
        for (char *at, *word = strtok_r(line, " \t", &at); word && count < SIM_MOST_FIELDS; word = strtok_r(NULL, " \t", &at))
            field[count++] = word;
    return (int)count;
}

bool sim_column_is_number(const char *column) { return *column && strspn(column, "0123456789") == strlen(column); }

int sim_column_find(const char *column, char *const *header, int count)
{
    if (!header) {
        int64_t number;
        return sim_read_ms(column, &number) && number >= 1 && number <= SIM_MOST_FIELDS ? (int)number - 1 : -1;
    }
    for (int i = 0; i < count; i++)
        if (strcmp(header[i], column) == 0)
            return i;
    return -1;
}

bool sim_read_ms(const char *text, int64_t *ms)
{
    int64_t x = 0;
    const char *c = text;
    for (; *c >= '0' && *c <= '9' && x <= 1000000000000; c++)
        x = x * 10 + (*c - '0');
    *ms = x;
    return c != text && !*c && x <= 1000000000000;
}
