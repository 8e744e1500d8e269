// cli/replay_limit.c - `replay limit`: what a rate limiter says to each arrival of a file.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"
#include "sim/replay/replay.h"
#include "sim/scenario/units.h"

static void print_text(void *self, const sim_replay_arrival *a)
{
    (void)self;
    if (a->wait > 0)
        printf("delay %lld\n", (long long)(a->wait / HR_MS));
    else
        puts(a->wait == SIM_DENY ? "deny" : "allow");
}

static void print_json(void *self, const sim_replay_arrival *a)
{
    (void)self;
    printf("{\"time_ms\": %lld, ", (long long)a->at_ms);
    if (a->key) {
        json_t *key = json_string(a->key);     // NULL when it is no UTF-8
        char *text = key ? json_dumps(key, JSON_ENCODE_ANY) : NULL;
        printf("\"key\": %s, ", text ? text : "null");
        free(text);
        json_decref(key);
    }
    if (a->wait == SIM_DENY)
        printf("\"verdict\": \"deny\", \"delay_ms\": null}\n");
    else
        printf("\"verdict\": \"%s\", \"delay_ms\": %lld}\n", a->wait ? "delay" : "allow", (long long)(a->wait / HR_MS));
}

static int row_named(const char *name, hr_error *e)
{
    const char *names[64] = {0};
    size_t n = 0;
    int row = sim_limiter_find(name);
    for (int i = 0; sim_limiters[i] && n < 63; i++)
        if (!sim_limiters[i]->end)
            names[n++] = sim_limiters[i]->name;
    const char *near = hr_nearest(name, names);
    if (row < 0)
        hr_fail(e, HR_BAD_INPUT, "no limiter '%s'%s; `headroom list limiters` names them", name, HR_HINT(near, '\''));
    else if (sim_limiters[row]->end)
        hr_fail(e, HR_BAD_INPUT, "'%s' has to know when calls end, and arrivals do not tell: use it in a scenario", name);
    return row;
}

// The settings as written: `burst` and `delay` are NULL, and the window 0, when they are not given.
typedef struct { const char *rate, *burst, *delay; bool nodelay; hr_time window; } settings;

static bool read_count(const char *text, uint32_t *count)
{
    double x;
    if (!sim_read_count(text, &x) || x > 1e9)
        return false;
    *count = (uint32_t)x;
    return true;
}

static hr_status read_settings(const settings *s, const sim_limiter *policy, sim_limit_def *l, hr_error *e)
{
    unsigned given = SIM_LIMIT_RATE | (s->burst ? SIM_LIMIT_BURST : 0) | (s->delay || s->nodelay ? SIM_LIMIT_DELAY : 0) |
                     (s->window ? SIM_LIMIT_WINDOW : 0);
    *l = (sim_limit_def){.window = s->window};
    if (!s->rate || !sim_read_rate_unit(s->rate, &l->rate_per_s, &l->unit) || l->rate_per_s > 1e7)
        return hr_fail(e, HR_BAD_INPUT, "--rate wants how many requests may come in a time, such as 10/s or 30/min%s%s", s->rate ? ", not " : "",
                       s->rate ? s->rate : "");
    if (s->burst && !read_count(s->burst, &l->burst))
        return hr_fail(e, HR_BAD_INPUT, "--burst wants a whole number up to 1G, not '%s'", s->burst);
    if (s->delay && !read_count(s->delay, &l->delay))
        return hr_fail(e, HR_BAD_INPUT, "--delay wants a whole number up to 1G, not '%s'", s->delay);
    if (s->delay && s->nodelay)
        return hr_fail(e, HR_BAD_INPUT, "--delay and --nodelay exclude each other");
    if (s->nodelay)
        l->delay = SIM_NODELAY;
    return sim_limit_ready(policy, l, given, e);
}

hr_status cli_replay_limit(int argc, char **argv)
{
    const char *policy = "limit-req";
    settings s = {0};
    sim_replay_limit_options o = {.time_column = "1"};
    bool json = false;
    const cli_option options[] = {
        {"policy", CLI_TEXT, &policy, "NAME", "`headroom list limiters` names them; limit-req (nginx) unless said"},
        {"rate", CLI_TEXT, &s.rate, "RATE", "10/s, 30/min (as nginx writes it: 10r/s, 30r/m)"},
        {"burst", CLI_TEXT, &s.burst, "N", "token-bucket: tokens that fit; limit-req, gcra: requests above the rate, 0 unless said"},
        {"delay", CLI_TEXT, &s.delay, "N", "limit-req: so many of the burst pass at once, the others wait"},
        {"nodelay", CLI_FLAG, &s.nodelay, NULL, "limit-req: the whole burst passes at once"},
        {"window", CLI_SECONDS, &s.window, "TIME", "of the policies with windows; the rate's unit of time unless said"},
        {"time-column", CLI_TEXT, &o.time_column, "N|NAME", "where the time stands; 1 unless said. A name needs a first line with names"},
        {"key-column", CLI_TEXT, &o.key_column, "N|NAME", "where the key stands (a client, say): each has a limiter of its own"},
        {"json", CLI_FLAG, &json, NULL, "an object a line: time_ms, key, verdict, delay_ms"},
        {0}};
    const cli_usage usage = {"replay limit ARRIVALS --rate RATE [options]",
                             "Says allow, delay MS or deny to each arrival of a file: whole milliseconds, one a line (plain or gzip, - for standard input).",
                             "seq 0 20 1000 | headroom replay limit --rate 10/s --burst 5 -", options, 1, 1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    hr_error e = {0};
    hr_lines *lines = NULL;
    o.policy = row_named(policy, &e);
    if (e.status || read_settings(&s, sim_limiters[o.policy], &o.limit, &e) || hr_lines_open(argv[1], &lines, &e))
        return cli_complain(&e);
    hr_status status = sim_replay_limit(lines, &o, json ? print_json : print_text, NULL, &e);
    hr_lines_close(lines);
    return status ? cli_complain(&e) : HR_OK;
}
