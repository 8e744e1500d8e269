// cli/replay_balance.c - `replay balance`: the server that a balancer chooses for each request.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"
#include "sim/policy/balance/upstream.h"
#include "sim/replay/replay.h"

typedef struct {
    const char *policy;
    const sim_replay_server *servers;
    uint64_t *count;                           // requests of each server, and behind them those that nobody got
    uint32_t  server_count;
    uint64_t  requests;
    bool      json;
} printing;

// {"server": …} as one line of JSON, without its end.
static void print_object(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    fputs(text ? text : "null", stdout);
    free(text);
    json_decref(object);
}

// Only once there is something to tell: wrong input prints no half document.
static void print_head(const printing *p)
{
    printf("{\n  \"schema\": \"headroom/replay-balance/1\",\n  \"policy\": \"%s\",\n  \"rows\": [", p->policy);
}

static void print_choice(void *self, const char *key, uint32_t slot)
{
    printing *p = self;
    bool none = slot == SIM_NO_PEER;
    p->count[none ? p->server_count : slot]++;
    const char *name = none ? NULL : p->servers[slot].name;
    if (!p->json) {
        puts(name ? name : "-");
    } else {
        if (p->requests == 0)
            print_head(p);
        fputs(p->requests ? ",\n    " : "\n    ", stdout);
        print_object(json_pack("{s:I,s:o,s:o}", "request", (json_int_t)p->requests + 1, "key", key ? json_string(key) : json_null(), "server",
                               name ? json_string(name) : json_null()));
    }
    p->requests++;
}

static void print_counts(const printing *p)
{
    if (p->requests == 0)
        print_head(p);
    printf("\n  ],\n  \"requests\": %llu,\n  \"refused\": %llu,\n  \"servers\": [", (unsigned long long)p->requests,
           (unsigned long long)p->count[p->server_count]);
    for (uint32_t i = 0; i < p->server_count; i++) {
        fputs(i ? ",\n    " : "\n    ", stdout);
        print_object(json_pack("{s:s,s:I,s:I}", "server", p->servers[i].name, "weight", (json_int_t)p->servers[i].weight, "requests",
                               (json_int_t)p->count[i]));
    }
    puts("\n  ]\n}");
}

// Sets what `names` (comma-separated) says of servers: down, or failing.
static hr_status mark(const char *option, const char *names, sim_replay_server *servers, uint32_t count, bool failing, hr_error *e)
{
    char *copy = hr_strdup(names), *rest;
    hr_status status = HR_OK;
    for (char *name = strtok_r(copy, ",", &rest); name && !status; name = strtok_r(NULL, ",", &rest)) {
        uint32_t i = 0;
        while (i < count && strcmp(servers[i].name, name) != 0)
            i++;
        if (i == count)
            status = hr_fail(e, HR_BAD_INPUT, "--%s: no server is named '%s' in --servers", option, name);
        else
            *(failing ? &servers[i].failing : &servers[i].down) = true;
    }
    free(copy);
    return status;
}

static hr_status replay(sim_replay_balance_def *d, const char *path, sim_replay_server *servers, bool json, hr_error *e)
{
    hr_lines *keys = NULL;
    hr_status status = path ? hr_lines_open(path, &keys, e) : HR_OK;
    if (status)
        return status;
    printing p = {.policy = sim_balancers[d->policy.row]->name, .servers = servers, .count = hr_alloc((d->count + 1) * sizeof *p.count), .server_count = d->count, .json = json};
    d->servers = servers;
    d->chosen = print_choice;
    d->self = &p;
    status = sim_replay_balance(d, keys, e);
    if (json && !status)
        print_counts(&p);
    free(p.count);
    hr_lines_close(keys);
    return status;
}

hr_status cli_replay_balance(int argc, char **argv)
{
    const char *policy = "round-robin", *servers = NULL, *keys = NULL, *down = "", *failing = "";
    uint64_t seed = 1, in_flight = 1, max_fails = 1;
    hr_time fail_timeout = 10 * HR_SEC;
    bool json = false;
    sim_replay_balance_def d = {0};
    const cli_option options[] = {
        {"policy", CLI_TEXT, &policy, "NAME", "how a server is chosen; `headroom list balancers` names them"},
        {"servers", CLI_TEXT, &servers, "LIST", "NAME=WEIGHT,… in the order of the configuration; no weight: 1. NAME is HOST:PORT for hash-consistent"},
        {"requests", CLI_COUNT, &d.requests, "N", "how many; without it as many as there are keys"},
        {"keys", CLI_TEXT, &keys, "FILE", "one key a line (plain or gzip, - for standard input); addresses for ip-hash"},
        {"down", CLI_TEXT, &down, "NAMES", "servers that are marked down, separated by commas"},
        {"failing", CLI_TEXT, &failing, "NAMES", "servers that answer nothing: nginx tries the next one and counts the failure"},
        {"max-fails", CLI_COUNT, &max_fails, "N", "failures after which a server is left alone; 0: never"},
        {"fail-timeout", CLI_SECONDS, &fail_timeout, "TIME", "for how long, in whole seconds"},
        {"every", CLI_SECONDS, &d.every, "TIME", "between two requests"},
        {"in-flight", CLI_COUNT, &in_flight, "N", "requests that are out at a time: each is answered when N are"},
        {"seed", CLI_COUNT, &seed, "N", "of what a policy leaves to chance"},
        {"json", CLI_FLAG, &json, NULL, "headroom/replay-balance/1"},
        {0}};
    const cli_usage usage = {"replay balance --servers LIST [--policy P] [--requests N] [--keys FILE] [options]",
                             "Prints the server that a balancer chooses for each request, one a line; - where nobody is left. round-robin, ip-hash, hash and "
                             "hash-consistent choose as nginx does.",
                             "headroom replay balance --policy round-robin --servers a=5,b=1,c=1 --requests 7", options, 0, 0};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    hr_error e = {0};
    sim_replay_server *list = NULL;
    if (!servers)
        hr_fail(&e, HR_BAD_INPUT, "--servers wants NAME=WEIGHT,… such as a=5,b=1,c=1");
    if (fail_timeout % HR_SEC || fail_timeout / HR_SEC > 1000000)
        hr_fail(&e, HR_BAD_INPUT, "--fail-timeout wants whole seconds up to 1000000, as in nginx");
    if (in_flight < 1 || in_flight > 10000000 || max_fails > 1000000)
        hr_fail(&e, HR_BAD_INPUT, "--in-flight wants 1 to 10000000, --max-fails at most 1000000");
    if (e.status || sim_balancer_read(policy, &d.policy, &e) || sim_replay_servers(servers, &list, &d.count, &e))
        return cli_complain(&e);
    d.seed = seed;
    d.in_flight = (uint32_t)in_flight;
    d.max_fails = *failing ? (uint32_t)max_fails : 0;
    d.fail_timeout_s = (uint32_t)(fail_timeout / HR_SEC);
    hr_status status = mark("down", down, list, d.count, false, &e);
    if (!status)
        status = mark("failing", failing, list, d.count, true, &e);
    if (!status)
        status = replay(&d, keys, list, json, &e);
    sim_replay_servers_free(list, d.count);
    return status ? cli_complain(&e) : HR_OK;
}
