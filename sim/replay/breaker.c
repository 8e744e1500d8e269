// sim/replay/breaker.c - the outcomes of calls through a circuit breaker. Each call ends at the time it is made: a line is one call.
#include <stdlib.h>
#include <string.h>

#include "sim/replay/fields.h"
#include "sim/replay/replay.h"

// "ok", "fail" or "slow", and the time before or behind it.
static hr_status read_line(hr_lines *lines, char *line, hr_time every, sim_replay_call *c, hr_error *e)
{
    static const char *const words[] = {"ok", "fail", "slow", NULL};
    char *field[SIM_MOST_FIELDS];
    int count = sim_fields(line, field);
    bool time_first = count == 2 && sim_column_is_number(field[0]);
    const char *word = count == 0 ? "" : field[time_first], *time = count == 2 ? field[!time_first] : NULL;
    int outcome = 0;
    while (words[outcome] && strcmp(words[outcome], word) != 0)
        outcome++;
    if (count > 2 || !words[outcome])
        return hr_lines_fail(lines, e, "'%s': want ok, fail or slow, and if you like the time in whole milliseconds", count > 2 ? field[2] : word);
    int64_t ms = 0;
    if (time && !sim_read_ms(time, &ms))
        return hr_lines_fail(lines, e, "'%s': want a time in whole milliseconds from 0 to 10^12", time);
    hr_time at = time ? ms * HR_MS : c->outcome ? c->at + every : 0;
    if (at < c->at)
        return hr_lines_fail(lines, e, "%lld ms is before the last call's %lld ms", (long long)(at / HR_MS), (long long)(c->at / HR_MS));
    c->at = at;
    c->outcome = words[outcome];
    return HR_OK;
}

hr_status sim_replay_breaker(hr_lines *lines, const sim_replay_breaker_options *o, sim_replay_breaker_tell *tell, void *self, hr_error *e)
{
    const sim_breaker_row *row = sim_breaker_rows[o->policy];
    void *window = hr_alloc(sim_breaker_window_size(row, &o->breaker) + 1);
    sim_breaker b = {0};
    sim_replay_call c = {0};
    hr_status status = HR_OK;
    for (char *line; !status && (line = hr_lines_next(lines, NULL)) != NULL; ) {
        status = read_line(lines, line, o->every, &c, e);
        if (status)
            break;
        c.permitted = sim_breaker_asks(&b, row, window, &o->breaker, c.at);
        if (c.permitted)
            sim_breaker_ends(&b, row, window, &o->breaker, c.at, *c.outcome == 'f', *c.outcome == 's');
        c.state = (sim_breaker_state)b.state;
        tell(self, &c);
    }
    free(window);
    return status ? status : hr_lines_status(lines, e);
}
