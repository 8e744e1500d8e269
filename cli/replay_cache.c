// cli/replay_cache.c - `replay cache`: the miss ratio of a trace of keys.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/replay.h"
#include "sim/policy/evict/evict.h"
#include "sim/replay/replay.h"

static void print_json(const char *policy, uint64_t size, const sim_replay_cache_result *r)
{
    json_t *row = json_pack("{s:s,s:I,s:I,s:I,s:f}", "policy", policy, "size", (json_int_t)size, "requests", (json_int_t)r->requests, "misses",
                            (json_int_t)r->misses, "miss_ratio", r->requests ? (double)r->misses / (double)r->requests : 0);
    json_t *document = json_pack("{s:s,s:[o]}", "schema", "headroom/replay-cache/1", "rows", row);
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    puts(text);
    free(text);
    json_decref(document);
}

hr_status cli_replay_cache(int argc, char **argv)
{
    const char *policy = "lru";
    uint64_t size = 0;
    bool json = false;
    const cli_option options[] = {{"policy", CLI_TEXT, &policy, "NAME", "eviction policy; `headroom list evictions` names them"},
                                  {"size", CLI_COUNT, &size, "N", "keys that fit"},
                                  {"json", CLI_FLAG, &json, NULL, "headroom/replay-cache/1"},
                                  {0}};
    const cli_usage usage = {"replay cache TRACE --size N [options]", "Runs a trace, one key a line (plain or gzip, - for standard input), through a cache.",
                             "headroom replay cache --policy lru --size 1000 trace.txt.gz", options, 1, 1};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    hr_error e = {0};
    int row = sim_evictor_find(policy);
    if (row < 0)
        hr_fail(&e, HR_BAD_INPUT, "no eviction policy '%s'; `headroom list evictions` names them", policy);
    if (size == 0 || size > UINT32_MAX)
        hr_fail(&e, HR_BAD_INPUT, "--size wants the number of keys that fit, such as 1000");
    hr_lines *trace = NULL;
    if (e.status || hr_lines_open(argv[1], &trace, &e))
        return cli_complain(&e);
    sim_replay_cache_result r;
    hr_status status = sim_replay_cache(trace, row, (uint32_t)size, &r, &e);
    hr_lines_close(trace);
    if (status)
        return cli_complain(&e);
    if (json)
        print_json(policy, size, &r);
    else
        printf("%s, %llu keys: %llu requests, %llu misses, miss ratio %.4f\n", policy, (unsigned long long)size, (unsigned long long)r.requests,
               (unsigned long long)r.misses, r.requests ? (double)r.misses / (double)r.requests : 0);
    return HR_OK;
}
