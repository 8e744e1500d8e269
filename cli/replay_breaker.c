// cli/replay_breaker.c - `replay breaker`: the state of a circuit breaker after each call of a file.
#include <stdio.h>
#include <string.h>

#include "cli/replay.h"
#include "sim/replay/replay.h"
#include "sim/scenario/units.h"

static void print_text(void *self, const sim_replay_call *c)
{
    (void)self;
    puts(sim_breaker_state_name(c->state));
}

static void print_json(void *self, const sim_replay_call *c)
{
    (void)self;
    printf("{\"time_ms\": %lld, \"outcome\": \"%s\", \"permitted\": %s, \"state\": \"%s\"}\n", (long long)(c->at / HR_MS), c->outcome,
           c->permitted ? "true" : "false", sim_breaker_state_name(c->state));
}

static int row_named(const char *name, hr_error *e)
{
    const char *names[64] = {0};
    for (int i = 0; sim_breaker_rows[i] && i < 63; i++)
        names[i] = sim_breaker_rows[i]->name;
    int row = sim_breaker_find(name);
    const char *near = hr_nearest(name, names);
    if (row < 0)
        hr_fail(e, HR_BAD_INPUT, "no breaker '%s'%s; `headroom list breakers` names them", name, HR_HINT(near, '\''));
    return row;
}

// A setting as written, NULL when it is not given.
typedef struct { const char *option, *text; unsigned bit; double *share; uint32_t *count; } setting;

static void read_settings(const setting *s, unsigned *given, hr_error *e)
{
    for (; s->option; s++) {
        double x = 0;
        if (!s->text)
            continue;
        *given |= s->bit;
        if (s->share ? !sim_read_share(s->text, s->share) : !sim_read_count(s->text, &x) || x > 1e9)
            hr_fail(e, HR_BAD_INPUT, "--%s wants %s, not '%s'", s->option, s->share ? "a share such as 50%" : "a whole number", s->text);
        else if (s->count)
            *s->count = (uint32_t)x;
    }
}

hr_status cli_replay_breaker(int argc, char **argv)
{
    const char *policy = "count-based";
    bool json = false;
    sim_replay_breaker_options o = {.breaker = sim_breaker_default(), .every = HR_SEC};
    sim_breaker_def *d = &o.breaker;
    setting s[] = {{"failure-rate-threshold", NULL, SIM_BREAKER_FAILURE_RATE, &d->failure_rate, NULL},
                   {"slow-call-rate-threshold", NULL, SIM_BREAKER_SLOW_RATE, &d->slow_rate, NULL},
                   {"minimum-number-of-calls", NULL, SIM_BREAKER_MINIMUM, NULL, &d->minimum},
                   {"sliding-window-size", NULL, SIM_BREAKER_SIZE, NULL, &d->size},
                   {"failures", NULL, SIM_BREAKER_FAILURES, NULL, &d->failures},
                   {"permitted-number-of-calls-in-half-open-state", NULL, 0, NULL, &d->half_open},
                   {0}};
    const cli_option options[] = {
        {"policy", CLI_TEXT, &policy, "NAME", "`headroom list breakers` names them; count-based unless said"},
        {s[0].option, CLI_TEXT, &s[0].text, "SHARE", "failed calls that open it, 50% unless said"},
        {s[1].option, CLI_TEXT, &s[1].text, "SHARE", "slow calls that open it, 100% unless said"},
        {s[2].option, CLI_TEXT, &s[2].text, "N", "calls before a share counts, 100 unless said"},
        {s[3].option, CLI_TEXT, &s[3].text, "N", "calls (count-based) or seconds (time-based), 100 unless said"},
        {s[4].option, CLI_TEXT, &s[4].text, "N", "consecutive: failures in a row, 5 unless said"},
        {s[5].option, CLI_TEXT, &s[5].text, "N", "calls that half-open tries, 10 unless said"},
        {"wait-duration-in-open-state", CLI_SECONDS, &d->wait, "TIME", "60s unless said; over when more than that has passed"},
        {"every", CLI_SECONDS, &o.every, "TIME", "lines without a time: so long after the one before, 1s unless said"},
        {"json", CLI_FLAG, &json, NULL, "an object a line: time_ms, outcome, permitted, state"},
        {0}};
    const cli_usage usage = {"replay breaker OUTCOMES [options]",
                             "Tells a circuit breaker how calls end and prints its state after each: closed, open, half-open. A line is ok, fail or slow, with\n"
                             "the time in milliseconds before or behind it, if you like. A call that an open breaker refuses has no outcome: its line changes nothing.\n"
                             "The rules, names and defaults are resilience4j's.",
                             "printf '%s\\n' ok fail fail | headroom replay breaker --minimum-number-of-calls 3 -", options, 1, 1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    hr_error e = {0};
    unsigned given = 0;
    hr_lines *lines = NULL;
    o.policy = row_named(policy, &e);
    read_settings(s, &given, &e);
    if (e.status || sim_breaker_fits(sim_breaker_rows[o.policy], d, given, &e) || hr_lines_open(argv[1], &lines, &e))
        return cli_complain(&e);
    hr_status status = sim_replay_breaker(lines, &o, json ? print_json : print_text, NULL, &e);
    hr_lines_close(lines);
    return status ? cli_complain(&e) : HR_OK;
}
