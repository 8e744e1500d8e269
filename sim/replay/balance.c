// sim/replay/balance.c - requests, one after the other, to servers behind a balancer.
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "sim/policy/balance/upstream.h"
#include "sim/replay/replay.h"

enum { MOST_SERVERS = 60000, MOST_WEIGHT = 65535, MOST_RING = 1000000 };

// --- the servers ----------------------------------------------------------------------------------------------------------

void sim_replay_servers_free(sim_replay_server *servers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free(servers[i].name);
    free(servers);
}

// One "NAME=WEIGHT" or "NAME".
static hr_status read_server(char *word, sim_replay_server *server, hr_error *e)
{
    char *equals = strrchr(word, '='), *end = NULL;
    unsigned long weight = 1;
    if (equals) {
        weight = strtoul(equals + 1, &end, 10);
        if (equals[1] < '0' || equals[1] > '9' || *end || weight < 1 || weight > MOST_WEIGHT)
            return hr_fail(e, HR_BAD_INPUT, "--servers: '%s': want a whole weight from 1 to %d behind the =", word, MOST_WEIGHT);
        *equals = 0;
    }
    if (!*word)
        return hr_fail(e, HR_BAD_INPUT, "--servers: a server has no name; want NAME=WEIGHT,… such as a=5,b=1,c=1");
    *server = (sim_replay_server){.name = hr_strdup(word), .weight = (uint32_t)weight};
    return HR_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static hr_status refuse_twins(const sim_replay_server *servers, uint32_t count, hr_error *e)
{
    const char **names = hr_alloc((count + 1) * sizeof *names), *twin = NULL;
    for (uint32_t i = 0; i < count; i++)
        names[i] = servers[i].name;
    qsort(names, count, sizeof *names, by_name);
    for (uint32_t i = 1; i < count && !twin; i++)
        twin = strcmp(names[i - 1], names[i]) == 0 ? names[i] : NULL;
    free(names);
    return twin ? hr_fail(e, HR_BAD_INPUT, "--servers: '%s' is named twice", twin) : HR_OK;
}

hr_status sim_replay_servers(const char *text, sim_replay_server **servers, uint32_t *count, hr_error *e)
{
    char *copy = hr_strdup(text);
    uint32_t commas = 0, n = 0;
    for (const char *c = copy; *c; c++)
        commas += *c == ',';
    hr_status status = HR_OK;
    if (commas >= MOST_SERVERS)
        status = hr_fail(e, HR_BAD_INPUT, "--servers: %u servers; at most %d", commas + 1, MOST_SERVERS);
    sim_replay_server *list = hr_alloc((commas + 1) * sizeof *list);
    for (char *word = copy, *comma = copy; !status && comma; word = comma + 1) {
        comma = strchr(word, ',');
        if (comma)
            *comma = 0;
        status = read_server(word, &list[n], e);
        n += !status;
    }
    free(copy);
    if (!status)
        status = refuse_twins(list, n, e);
    if (status) {
        sim_replay_servers_free(list, n);
        return status;
    }
    *servers = list;
    *count = n;
    return HR_OK;
}

// --- the requests ---------------------------------------------------------------------------------------------------------

typedef struct {
    const sim_replay_balance_def *def;
    sim_world *w;
    sim_ref   upstream;
    uint32_t *out;                             // ring of the slots with a request out, SIM_NO_PEER: nobody had it
    uint32_t *tried;
} replay;

static hr_status check(const sim_replay_balance_def *d, const hr_lines *keys, hr_error *e)
{
    const sim_balancer *policy = sim_balancers[d->policy.row];
    uint64_t total = 0;
    bool alike = true;
    for (uint32_t i = 0; i < d->count; i++) {
        total += d->servers[i].weight;
        alike = alike && d->servers[i].weight == d->servers[0].weight;
    }
    if (!alike && !(policy->uses & SIM_USES_WEIGHTS))
        return hr_fail(e, HR_BAD_INPUT, "--servers: %s looks at no weights; leave them out", policy->name);
    if ((policy->uses & SIM_USES_NAMES) && total > MOST_RING)
        return hr_fail(e, HR_BAD_INPUT, "--servers: the weights add up to %llu; at most %d with %s", (unsigned long long)total, MOST_RING, policy->name);
    if (!keys && (policy->uses & SIM_USES_KEY))
        return hr_fail(e, HR_BAD_INPUT, "%s chooses by the request's key: give --keys FILE, one key a line", policy->name);
    if (!keys && (policy->uses & SIM_USES_ADDRESS))
        return hr_fail(e, HR_BAD_INPUT, "%s chooses by the client's address: give --keys FILE, one address a line", policy->name);
    if (!keys && !d->requests)
        return hr_fail(e, HR_BAD_INPUT, "--requests wants the number of requests, such as 100, or --keys a file with one a line");
    return HR_OK;
}

static sim_ref make_upstream(sim_world *w, const sim_replay_balance_def *d)
{
    const char **names = hr_alloc(d->count * sizeof *names);
    uint32_t *weights = hr_alloc(d->count * sizeof *weights);
    for (uint32_t i = 0; i < d->count; i++) {
        names[i] = d->servers[i].name;
        weights[i] = d->servers[i].weight;
    }
    sim_ref upstream = sim_upstream_make(w, &(sim_upstream_def){.policy = d->policy, .count = d->count, .weights = weights, .names = names,
                                                                .max_fails = d->max_fails, .fail_timeout_s = d->fail_timeout_s});
    for (uint32_t i = 0; i < d->count; i++)
        sim_upstream_mark(w, upstream, i, SIM_OUT_DOWN, d->servers[i].down);
    free(names);
    free(weights);
    return upstream;
}

// The bytes that a policy hashes; HR_BAD_INPUT: the line is no address.
static hr_status read_key(const hr_lines *keys, char *line, size_t length, unsigned uses, uint8_t address[16], sim_balanced *call, hr_error *e)
{
    call->key = line;
    call->key_bytes = (uint32_t)length;
    if (!(uses & SIM_USES_ADDRESS))
        return HR_OK;
    call->key = address;
    call->key_bytes = inet_pton(AF_INET, line, address) == 1 ? 4 : 16;
    if (call->key_bytes == 16 && inet_pton(AF_INET6, line, address) != 1)
        return hr_lines_fail(keys, e, "'%.100s' is no IPv4 or IPv6 address", line);
    return HR_OK;
}

// A failing server answers nothing, so that the request goes on to the next one.
static uint32_t deliver(const replay *r, sim_balanced *call)
{
    for (uint32_t tries = 0;; tries++) {
        uint32_t slot = sim_upstream_choose(r->w, r->upstream, call, r->tried, tries);
        if (slot == SIM_NO_PEER || !r->def->servers[slot].failing)
            return slot;
        sim_upstream_answer(r->w, r->upstream, slot, 0, true);
        r->tried[tries] = slot;
    }
}

static hr_status run(const replay *r, hr_lines *keys, hr_error *e)
{
    const sim_replay_balance_def *d = r->def;
    const unsigned uses = sim_balancers[d->policy.row]->uses;
    uint64_t n = 0;
    for (; !d->requests || n < d->requests; n++) {
        size_t length = 0;
        uint8_t address[16];
        char *line = keys ? hr_lines_next(keys, &length) : NULL;
        if (keys && !line)
            break;
        sim_balanced call = {.random = sim_random(d->seed, 1, n, 0)};
        if (line && read_key(keys, line, length, uses, address, &call, e))
            return HR_BAD_INPUT;
        uint32_t *out = &r->out[n % d->in_flight];
        if (n >= d->in_flight && *out != SIM_NO_PEER)
            sim_upstream_answer(r->w, r->upstream, *out, d->every * d->in_flight, false);
        *out = deliver(r, &call);
        d->chosen(d->self, line, *out);
        r->w->now += d->every;
    }
    sim_upstream_check(r->w, r->upstream);
    if (keys && hr_lines_status(keys, e))
        return HR_BAD_INPUT;
    if (n < d->requests)
        return hr_fail(e, HR_BAD_INPUT, "--requests %llu, but the file of keys has %llu; leave --requests out to take all of them",
                       (unsigned long long)d->requests, (unsigned long long)n);
    return HR_OK;
}

hr_status sim_replay_balance(const sim_replay_balance_def *def, hr_lines *keys, hr_error *e)
{
    hr_status status = check(def, keys, e);
    if (status)
        return status;
    sim_world *w = sim_world_new(def->seed, 0);
    replay r = {.def = def, .w = w, .upstream = make_upstream(w, def), .out = hr_alloc(def->in_flight * sizeof *r.out),
                .tried = hr_alloc(def->count * sizeof *r.tried)};
    status = run(&r, keys, e);
    free(r.out);
    free(r.tried);
    sim_world_free(w);
    return status;
}
