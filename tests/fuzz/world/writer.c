// tests/fuzz/world/writer.c - what a writer of scenarios is made of: choices, values by a key's type, keys by their owner, settings by a policy.
#include "tests/fuzz/world/writer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/parts/parts.h"
#include "sim/policy/balance/balance.h"
#include "sim/policy/evict/evict.h"
#include "sim/policy/retry/retry.h"

uint32_t pick(writer *r, uint32_t count)
{
    uint32_t x = 0;
    for (uint32_t most = 1; most < count && r->size; most <<= 8, r->size--)
        x = x << 8 | *r->data++;
    return count ? x % count : 0;
}

uint32_t rows_of(const void *const *table)
{
    uint32_t rows = 0;
    while (table[rows])
        rows++;
    return rows;
}

const char *any_of(writer *r, const char *const *words, uint32_t count) { return words[pick(r, count)]; }

double pick_size(writer *r, double least, double most, double usual)
{
    uint32_t sort = pick(r, 16);
    double top = sort == 15 ? most : fmin(most, least + (sort < 8 ? 8 : usual));
    return sort == 14 ? least : least + floor((top - least) * pick(r, 256) / 255);
}

void write_example(writer *r, const char *const *examples, uint32_t count)
{
    uint32_t which = pick(r, count);
    bool micro = pick(r, 2);
    while (strstr(examples[which], "FILE"))
        which = (which + 1) % count;
    hr_text_add(&r->text, "\"");
    for (const char *at = examples[which]; *at; at++)
        hr_text_add(&r->text, "%c", micro && at[0] == 'm' && at[1] == 's' ? 'u' : *at);
    hr_text_add(&r->text, "\"");
}

void write_dist(writer *r, bool never_zero)
{
    static const char *const examples[] = {
#define SIM_DISTRIBUTION(name, arguments, help) arguments,
#include "sim/core/distribution.def"
#undef SIM_DISTRIBUTION
    };
    static const char *const edges[] = {"1us", "3s", "1ns", "100000s", "0"};
    if (pick(r, 8) == 7) {
        hr_text_add(&r->text, "%s", any_of(r, edges, never_zero ? 4 : 5));
        return;
    }
    write_example(r, examples, HR_COUNT(examples));
}

static void write_value(writer *r, const sim_key *k)
{
    static const char *const yes_no[] = {"false", "true"};
    static const double bytes[] = {2097152, 100, 4096, 1e9, 1e15}, times[] = {0.01, 0.001, 0.1, 1, 1e-6, 1e4};
    switch (k->type) {
    case SIM_TYPE_COUNT: case SIM_TYPE_COUNT64: {
        bool heavy = strcmp(k->name, "users") == 0 || strcmp(k->name, "replicas") == 0;        // each of them costs time here
        hr_text_add(&r->text, "%.0f", pick_size(r, k->least, heavy ? 300 : k->most, 100));
        break;
    }
    case SIM_TYPE_REAL: hr_text_add(&r->text, "%g", pick(r, 4) == 3 ? k->least : pick_size(r, 1, k->most, 8)); break;
    case SIM_TYPE_BYTES: case SIM_TYPE_BYTES32: case SIM_TYPE_BYTES64:
        hr_text_add(&r->text, "%.0fB", fmax(k->least, fmin(k->most, bytes[pick(r, HR_COUNT(bytes))])));
        break;
    case SIM_TYPE_TIME: case SIM_TYPE_TIME_OR_NONE: {
        uint32_t which = pick(r, HR_COUNT(times) + 1);
        bool is_run = strcmp(k->owner, "run") == 0, endless = which == HR_COUNT(times) && k->type == SIM_TYPE_TIME_OR_NONE;
        double seconds = fmax(is_run ? 1e-3 : k->least, fmin(k->most, times[which % HR_COUNT(times)]));
        if (is_run && strcmp(k->name, "duration") == 0)
            r->duration = seconds;
        if (endless)
            hr_text_add(&r->text, "none");
        else
            hr_text_add(&r->text, "%.9gs", seconds);
        break;
    }
    case SIM_TYPE_RATE: hr_text_add(&r->text, "%g/s", fmin(k->most, (1 + pick(r, 65536)) * pow(10, pick(r, 6) - 3.0))); break;
    case SIM_TYPE_DIST: write_dist(r, strcmp(k->owner, "workload") == 0); break;
    case SIM_TYPE_PLAIN_RATE: hr_text_add(&r->text, "%g/%s", fmin(k->most, 1 + pick(r, 1000)), pick(r, 2) ? "s" : "min"); break;
    case SIM_TYPE_SHARE: hr_text_add(&r->text, "%g%%", 100 * fmax(k->least, fmin(k->most, pick(r, 101) / 100.0))); break;
    case SIM_TYPE_NUMBER: hr_text_add(&r->text, "%g", k->least + (k->most - k->least) * pick(r, 256) / 255); break;
    case SIM_TYPE_EVICTION: hr_text_add(&r->text, "%s", ANY_ROW(r, sim_evictors)->name); break;
    case SIM_TYPE_BALANCER: hr_text_add(&r->text, "%s", ANY_ROW(r, sim_balancers)->name); break;
    case SIM_TYPE_POOLER: hr_text_add(&r->text, "%s", sim_pooler_name(pick(r, SIM_POOLER_COUNT))); break;
    case SIM_TYPE_UPDATE_MODE: hr_text_add(&r->text, "%s", sim_update_mode_name(pick(r, SIM_UPDATE_COUNT))); break;
    case SIM_TYPE_PLAN: hr_text_add(&r->text, "%s", sim_plan_name(pick(r, SIM_PLAN_COUNT))); break;
    case SIM_TYPE_COMMIT: hr_text_add(&r->text, "%s", sim_commit_name(pick(r, SIM_COMMIT_COUNT))); break;
    case SIM_TYPE_RETRY: hr_text_add(&r->text, "%s", ANY_ROW(r, sim_retries)->name); break;
    case SIM_TYPE_LIMITER: case SIM_TYPE_BREAKER: case SIM_TYPE_SHED: case SIM_TYPE_READ: case SIM_TYPE_SHARDING: case SIM_TYPE_SCALER: case SIM_TYPE_DISCIPLINE: break;     // with what the row uses: below
    case SIM_TYPE_BOOL: hr_text_add(&r->text, "%s", any_of(r, yes_no, 2)); break;
    case SIM_TYPE_TEXT: hr_text_add(&r->text, "\"select 1\""); break;
    case SIM_TYPE_OTHER: break;
    }
}

void write_moment(writer *r, double ms) { hr_text_add(&r->text, "%.9gms", fmin(ms, r->duration * 500)); }

// Whether the words, with blanks between them, have this one.
static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return true;
    return false;
}

void write_keys(writer *r, const char *owner, const char *not)
{
    for (const sim_key *k = sim_key_table; k->owner; k++) {
        if (strcmp(k->owner, owner) != 0 || k->type == SIM_TYPE_OTHER || has_word(not, k->name) || (k->fallback && !pick(r, 2)))
            continue;
        hr_text_add(&r->text, ", %s: ", k->name);
        write_value(r, k);
    }
}

void write_settings(writer *r, const char *owner, const sim_setting *table, unsigned uses, const char *not)
{
    char left_out[512];
    int used = snprintf(left_out, sizeof left_out, "policy %s", not);
    for (const sim_setting *s = table; s->word; s++)
        if (!(uses & s->bit))
            used += snprintf(left_out + used, sizeof left_out - (size_t)used, " %s", s->word);
    write_keys(r, owner, left_out);
}

void write_region(writer *r)
{
    if (r->regions && pick(r, 2))
        hr_text_add(&r->text, ", region: r%u", pick(r, r->regions));
}

const char *write_machine(writer *r, const char *not, char *room, size_t size)
{
    static const char *const types[] = {"", "", ", instance: tiny", ", instance: huge"}, *const licences[] = {"", ", licence: 0.5 $/h", ", licence: 0.25 $/core/h"};
    const char *type = any_of(r, types, HR_COUNT(types));
    hr_text_add(&r->text, "%s%s", type, any_of(r, licences, HR_COUNT(licences)));
    snprintf(room, size, "%s%s", not, *type ? " cores memory" : "");
    return room;
}
