// sim/scenario/keys.c - the table made from key.def, and the reading of plain values by it.
#include "sim/scenario/keys.h"

#include <stddef.h>
#include <string.h>

#include "sim/parts/faults.h"
#include "sim/parts/mesh.h"
#include "sim/scenario/loads.h"
#include "sim/scenario/units.h"

const sim_key sim_key_table[] = {
#define SIM_KEY(owner, key, type, container, field, fallback, least, most, help) \
    {#owner, #key, SIM_TYPE_##type, offsetof(container, field), fallback, least, most, help},
#include "sim/scenario/key.def"
#undef SIM_KEY
    {0}};

const char *sim_type_row(sim_type type, uint32_t row)
{
    switch (type) {
    case SIM_TYPE_EVICTION: return sim_evictors[row] ? sim_evictors[row]->name : NULL;
    case SIM_TYPE_LIMITER: return sim_limiters[row] ? sim_limiters[row]->name : NULL;
    case SIM_TYPE_BREAKER: return sim_breaker_rows[row] ? sim_breaker_rows[row]->name : NULL;
    case SIM_TYPE_RETRY: return sim_retries[row] ? sim_retries[row]->name : NULL;
    case SIM_TYPE_SCALER: return sim_scalers[row] ? sim_scalers[row]->name : NULL;
    case SIM_TYPE_SHED: return sim_sheds[row] ? sim_sheds[row]->name : NULL;
    case SIM_TYPE_READ: return sim_readings[row] ? sim_readings[row]->name : NULL;
    case SIM_TYPE_SHARDING: return sim_shardings[row] ? sim_shardings[row]->name : NULL;
    case SIM_TYPE_DISCIPLINE: return sim_discipline_name(row);
    case SIM_TYPE_COMMIT: return sim_commit_name(row);
    case SIM_TYPE_POOLER: return sim_pooler_name(row);
    case SIM_TYPE_PLAN: return sim_plan_name(row);
    case SIM_TYPE_UPDATE_MODE: return sim_update_mode_name(row);
    default: return NULL;
    }
}

const char *sim_type_example(sim_type type)
{
    static const char *const examples[] = {
        [SIM_TYPE_COUNT] = "a whole number such as 64 or 10k", [SIM_TYPE_COUNT64] = "a whole number such as 64 or 10k",
        [SIM_TYPE_REAL] = "a number of cores such as 2 cores", [SIM_TYPE_BYTES] = "a size such as 512MiB (units: B, KiB, MiB, GiB, TiB, kB, MB, GB)",
        [SIM_TYPE_BYTES32] = "a size such as 8KiB", [SIM_TYPE_BYTES64] = "a size such as 512MiB (units: B, KiB, MiB, GiB, TiB, kB, MB, GB)",
        [SIM_TYPE_TIME] = "a time such as 5ms (units: ns, us, ms, s, min, h)",
        [SIM_TYPE_TIME_OR_NONE] = "a time such as 5ms (units: ns, us, ms, s, min, h), or none",
        [SIM_TYPE_RATE] = "a rate such as 800/s, 30/min or 5k/h, or one that varies; see `headroom explain rates`",
        [SIM_TYPE_PLAIN_RATE] = "a rate such as 10/s or 30/min", [SIM_TYPE_SHARE] = "a share such as 50%", [SIM_TYPE_DIST] = "a time such as 5ms (units: ns, us, ms, s, min, h) or exp(5ms); see `headroom explain distributions`",
        [SIM_TYPE_EVICTION] = "one of `list evictions`", [SIM_TYPE_BALANCER] = "one of `list balancers`",
        [SIM_TYPE_LIMITER] = "one of `list limiters`", [SIM_TYPE_BREAKER] = "one of `list breakers`", [SIM_TYPE_RETRY] = "one of `list retries`",
        [SIM_TYPE_SHED] = "one of `list sheds`", [SIM_TYPE_SCALER] = "one of `list autoscalers`", [SIM_TYPE_READ] = "one of `list reads`", [SIM_TYPE_SHARDING] = "one of `list shards`",
        [SIM_TYPE_DISCIPLINE] = "one of `list disciplines`", [SIM_TYPE_COMMIT] = "off, local, on or remote_apply", [SIM_TYPE_POOLER] = "session or transaction", [SIM_TYPE_PLAN] = "none, index or sequential", [SIM_TYPE_UPDATE_MODE] = "Off, Initial, Recreate or InPlaceOrRecreate", [SIM_TYPE_NUMBER] = "a number such as 1.5",
        [SIM_TYPE_BOOL] = "true or false", [SIM_TYPE_TEXT] = "a text"};
    return examples[type];
}

const char *sim_key_example(const sim_key *k)
{
    bool is_count = k->type == SIM_TYPE_COUNT || k->type == SIM_TYPE_COUNT64;
    if (is_count && k->most < 1e4)
        return k->most < 64 ? "a whole number such as 5" : "a whole number such as 64";
    if (k->type == SIM_TYPE_TIME && k->least > 0.005)
        return "a time such as 5s (units: ns, us, ms, s, min, h)";
    if (k->type == SIM_TYPE_TIME_OR_NONE && k->least > 0.005)
        return "a time such as 5s (units: ns, us, ms, s, min, h), or none";
    return sim_type_example(k->type);
}

const sim_key *sim_key_find(const char *owner, const char *name)
{
    for (const sim_key *k = sim_key_table; k->owner; k++)
        if (strcmp(k->owner, owner) == 0 && strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

bool sim_key_is_of_step(const sim_key *k, const char *kind)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    const char *end = strchr(k->help, ':');
    if (strcmp(k->owner, "step") != 0 || !end || !*kind)
        return false;
    for (const char *at = k->help; at < end; at += at[0] != 0) {
        size_t n = strspn(at, letters);
        if (n == strlen(kind) && strncmp(at, kind, n) == 0)
            return true;
        at += n;
    }
    return false;
}

// 99.9 % is a little more than 0.999 as a double.
static bool in_range(const sim_key *k, double x) { return x >= k->least * (1 - 1e-12) && x <= k->most * (1 + 1e-12); }

// Reads one value; *range tells that it was of the right sort, but out of range.
static bool read_value(sim_pool *pool, const sim_source *source, const sim_key *k, const char *text, void *at, bool *range)
{
    double x = 0;
    hr_time time;
    bool good = false;
    switch (k->type) {
    case SIM_TYPE_COUNT: case SIM_TYPE_COUNT64: good = sim_read_count(text, &x); break;
    case SIM_TYPE_REAL: good = sim_read_cores(text, &x); break;
    case SIM_TYPE_PLAIN_RATE: good = sim_read_rate(text, &x); break;
    case SIM_TYPE_SHARE: good = sim_read_share(text, &x); break;
    case SIM_TYPE_NUMBER: good = sim_read_number(text, &x); break;
    case SIM_TYPE_RATE:
        good = sim_read_program(pool, source, text, at);
        x = ((const sim_rate_def *)at)->kind == SIM_RATE_constant ? ((const sim_rate_def *)at)->mean : k->least;
        break;
    case SIM_TYPE_BYTES: case SIM_TYPE_BYTES32: case SIM_TYPE_BYTES64: good = sim_read_bytes(text, &x); break;
    case SIM_TYPE_TIME: case SIM_TYPE_TIME_OR_NONE:
        good = sim_read_time(text, &time) && (time != HR_FOREVER || k->type == SIM_TYPE_TIME_OR_NONE);
        x = time == HR_FOREVER ? k->most : (double)time / 1e9;
        break;
    case SIM_TYPE_DIST: return sim_read_dist(pool, source, text, at);
    case SIM_TYPE_TEXT: *(const char **)at = sim_pool_text(pool, text); return true;
    case SIM_TYPE_BOOL: *(bool *)at = strcmp(text, "true") == 0; return *(bool *)at || strcmp(text, "false") == 0;
    case SIM_TYPE_EVICTION: case SIM_TYPE_LIMITER: case SIM_TYPE_BREAKER: case SIM_TYPE_RETRY:
    case SIM_TYPE_SHED: case SIM_TYPE_SCALER: case SIM_TYPE_READ: case SIM_TYPE_SHARDING: case SIM_TYPE_DISCIPLINE: case SIM_TYPE_COMMIT: case SIM_TYPE_POOLER: case SIM_TYPE_PLAN: case SIM_TYPE_UPDATE_MODE: {
        uint32_t row = 0;
        while (sim_type_row(k->type, row) && strcmp(sim_type_row(k->type, row), text) != 0)
            row++;
        if (!sim_type_row(k->type, row))
            return false;                          // and the row stays 0, which others may look up
        *(uint32_t *)at = row;
        return true;
    }
    case SIM_TYPE_BALANCER: return sim_balancer_read(text, at, NULL) == HR_OK;
    case SIM_TYPE_OTHER: return true;
    }
    *range = good && !in_range(k, x);
    if (!good || *range)
        return false;
    switch (k->type) {
    case SIM_TYPE_COUNT: case SIM_TYPE_BYTES32: *(uint32_t *)at = (uint32_t)x; break;
    case SIM_TYPE_COUNT64: case SIM_TYPE_BYTES64: *(uint64_t *)at = (uint64_t)x; break;
    case SIM_TYPE_TIME: case SIM_TYPE_TIME_OR_NONE: *(hr_time *)at = time; break;
    case SIM_TYPE_RATE: break;
    default: *(double *)at = x;
    }
    return true;
}

static const char *nearest_row(const sim_key *k, const char *word)
{
    const char *names[64] = {0};
    for (uint32_t i = 0; sim_type_row(k->type, i) && i < 63; i++)
        names[i] = sim_type_row(k->type, i);
    return hr_nearest(word, names);
}

static bool read_key(sim_pool *pool, const sim_source *source, const sim_key *k, const char *where, sim_node *map, void *def)
{
    sim_node *node = sim_node_member(map, k->name);
    void *at = (char *)def + k->offset;
    bool range = false;
    if (!node) {
        if (!k->fallback) {
            SIM_WRONG(source, map, "%s lacks `%s`: %s", where, k->name, k->help);
            return false;
        }
        if (*k->fallback)
            HR_ASSERT(read_value(pool, source, k, k->fallback, at, &range));
        return true;
    }
    if (k->type == SIM_TYPE_OTHER)
        return true;
    if (node->kind == SIM_SCALAR && read_value(pool, source, k, node->text, at, &range))
        return true;
    if (k->type == SIM_TYPE_BALANCER && node->kind == SIM_SCALAR) {
        hr_error e = {0};
        HR_ASSERT(sim_balancer_read(node->text, at, &e) != HR_OK);
        SIM_WRONG(source, node, "%s.%s: %.*s", where, k->name, (int)strcspn(e.text, "\n"), e.text);
        return false;
    }
    const char *said = node->kind == SIM_SCALAR ? node->text : node->kind == SIM_MAP ? "{…}" : "[…]";
    const char *near = node->kind == SIM_SCALAR ? nearest_row(k, node->text) : NULL;
    char least[32], most[32];
    if (range && sim_key_is_time(k))
        SIM_WRONG(source, node, "%s.%s = '%s': out of range, want %s to %s", where, k->name, said, sim_show_time((hr_time)(k->least * 1e9 + 0.5), least, sizeof least),
                  sim_show_time((hr_time)(k->most * 1e9), most, sizeof most));
    else if (range)
        SIM_WRONG(source, node, "%s.%s = '%s': out of range, want %g to %g", where, k->name, said, k->least, k->most);
    else
        SIM_WRONG(source, node, "%s.%s = '%s': want %s%s", where, k->name, said, sim_key_example(k),
                  HR_HINT(near, '\''));
    if (k->fallback && *k->fallback)           // so that nobody complains of a 0 that is not in the file
        HR_ASSERT(read_value(pool, source, k, k->fallback, at, &range));
    return false;
}

// A key that the owner has not: what was probably meant.
static void tell_unknown(const sim_source *source, const char *owner, const char *where, const sim_node *m, const char *near)
{
    const char *word = m->key->text, *whose = NULL;
    bool is_bare = m->kind == SIM_SCALAR && !*m->text;
    for (const sim_key *k = sim_key_table; k->owner && !whose; k++)
        if (strcmp(k->name, word) == 0)
            whose = k->owner;
    if (is_bare && strchr(word, ':'))
        SIM_WRONG(source, m->key, "%s has no key `%s`: a blank is missing behind the colon", where, word);
    else if (near)
        SIM_WRONG(source, m->key, "%s has no key `%s`; did you mean `%s`?", where, word, near);
    else if (is_bare && strspn(word, "0123456789"))
        SIM_WRONG(source, m->key, "%s has no key `%s`: a comma ends the value before it; write 1000, not 1,000", where, word);
    else if (whose)
        SIM_WRONG(source, m->key, "%s has no key `%s`; it is one of `%s`", where, word, whose);
    else if (strcmp(owner, "file") == 0 && m->kind == SIM_MAP)
        SIM_WRONG(source, m->key, "%s has no key `%s`; if it belongs to the section above it, indent it", where, word);
    else
        SIM_WRONG(source, m->key, "%s has no key `%s`; see `headroom explain %s`", where, word, owner);
}

bool sim_keys_read(sim_pool *pool, const sim_source *source, const char *owner, const char *where, sim_node *map, void *def)
{
    bool good = true;
    const char *names[64] = {0};
    size_t n = 0;
    for (const sim_key *k = sim_key_table; k->owner; k++)
        if (strcmp(k->owner, owner) == 0) {
            names[n++] = k->name;
            good = read_key(pool, source, k, where, map, def) && good;
        }
    for (const sim_node *m = map->first; m; m = m->next)
        if (!m->used) {
            tell_unknown(source, owner, where, m, hr_nearest(m->key->text, names));
            good = false;
        }
    return good;
}
