// sim/replay/limit.c - arrivals through a rate limiter, one state a key.
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/fields.h"
#include "sim/replay/replay.h"

typedef struct { char *name; void *state; } key;

static int by_name(const void *a, const void *b) { return strcmp(((const key *)a)->name, ((const key *)b)->name); }

static void forget(void *node)
{
    key *k = node;
    free(k->name);
    free(k->state);
    free(k);
}

// The state of that key, a fresh one when it is new.
static void *state_of(void **keys, char *name, size_t size)
{
    key wanted = {.name = name}, **found = tfind(&wanted, keys, by_name);
    if (found)
        return (*found)->state;
    key *made = hr_alloc(sizeof *made);
    *made = (key){hr_strdup(name), hr_alloc(size)};
    HR_ASSERT(tsearch(made, keys, by_name));
    return made->state;
}

typedef struct { int time, key; } columns;     // key: -1 when all arrivals are of one

static hr_status find_columns(hr_lines *lines, const sim_replay_limit_options *o, columns *c, hr_error *e)
{
    char *header[SIM_MOST_FIELDS], **names = NULL;
    int count = 0;
    const char *wanted[] = {o->time_column, o->key_column};
    for (int i = 0; i < 2; i++)
        if (wanted[i] && !sim_column_is_number(wanted[i]) && !names) {
            char *line = hr_lines_next(lines, NULL);
            count = line ? sim_fields(line, header) : 0;
            names = header;
        }
    for (int i = 0; i < 2; i++) {
        bool named = wanted[i] && !sim_column_is_number(wanted[i]);
        int at = wanted[i] ? sim_column_find(wanted[i], named ? names : NULL, count) : -1;
        if (wanted[i] && at < 0)
            return named ? hr_lines_fail(lines, e, "the header has no column '%s'", wanted[i]) :
                           hr_fail(e, HR_BAD_INPUT, "there is no column %s: columns count from 1 to %d", wanted[i], SIM_MOST_FIELDS);
        *(i ? &c->key : &c->time) = at;
    }
    return HR_OK;
}

hr_status sim_replay_limit(hr_lines *lines, const sim_replay_limit_options *o, sim_replay_limit_tell *tell, void *self, hr_error *e)
{
    const sim_limiter *policy = sim_limiters[o->policy];
    size_t size = sim_limit_size(policy, &o->limit);
    void *keys = NULL;
    char *field[SIM_MOST_FIELDS], whole[] = "";
    columns c;
    hr_status status = find_columns(lines, o, &c, e);
    for (char *line; !status && (line = hr_lines_next(lines, NULL)) != NULL; ) {
        int count = sim_fields(line, field);
        int64_t ms = 0;
        if (count == 0)
            status = hr_lines_fail(lines, e, "the line is empty: want a time in whole milliseconds");
        else if (c.time >= count || c.key >= count)
            status = hr_lines_fail(lines, e, "%d columns, and number %d is asked for", count, (c.time > c.key ? c.time : c.key) + 1);
        else if (!sim_read_ms(field[c.time], &ms))
            status = hr_lines_fail(lines, e, "'%s': want a time in whole milliseconds from 0 to 10^12", field[c.time]);
        else if (c.key < 0 && count > 1 && c.time == 0)
            status = hr_lines_fail(lines, e, "'%s' follows the time: say what it is, such as --key-column 2", field[1]);
        else {
            char *name = c.key < 0 ? whole : field[c.key];
            sim_replay_arrival a = {ms, c.key < 0 ? NULL : name, policy->ask(state_of(&keys, name, size), &o->limit, ms * HR_MS)};
            tell(self, &a);
        }
    }
    tdestroy(keys, forget);
    return status ? status : hr_lines_status(lines, e);
}
