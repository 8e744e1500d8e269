// sim/policy/balance/balance.c - the table of balancers, made from balance.def; reading a policy with its parameters; what policies share.
#include "sim/policy/balance/upstream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const sim_balancer *const sim_balancers[] = {
#define SIM_BALANCER(name) &sim_balancer_##name,
#include "sim/policy/balance/balance.def"
#undef SIM_BALANCER
    NULL};

int sim_balancer_find(const char *name)
{
    for (int i = 0; sim_balancers[i]; i++)
        if (strcmp(sim_balancers[i]->name, name) == 0)
            return i;
    return -1;
}

// --- reading ------------------------------------------------------------------------------------------------------------

static hr_status unknown(const char *name, hr_error *e)
{
    const char *names[64] = {0};
    for (size_t i = 0; sim_balancers[i] && i < 63; i++)
        names[i] = sim_balancers[i]->name;
    const char *near = hr_nearest(name, names);
    return hr_fail(e, HR_BAD_INPUT, "no balancer is named '%s'%s; `headroom list balancers` names them", name, HR_HINT(near, '\''));
}

char *sim_balancer_parameters(const sim_balancer *b)
{
    hr_text t = {0};
    for (const sim_balancer_parameter *p = b->parameter; p < b->parameter + SIM_BALANCER_PARAMETERS && p->name; p++)
        hr_text_add(&t, "%s%s=%g%s: %s", p > b->parameter ? "; " : "", p->name, p->fallback, p->unit, p->help);
    return t.data ? t.data : hr_strdup("");
}

static int parameter_named(const sim_balancer *b, const char *name)
{
    for (int i = 0; i < SIM_BALANCER_PARAMETERS && b->parameter[i].name; i++)
        if (strcmp(b->parameter[i].name, name) == 0)
            return i;
    return -1;
}

// One "name=value".
static hr_status read_parameter(const sim_balancer *b, char *word, sim_balancer_choice *choice, hr_error *e)
{
    word += strspn(word, " ");
    char *equals = strchr(word, '='), *end;
    if (equals)
        *equals = 0;
    int i = parameter_named(b, word);
    if (!equals || i < 0) {
        char *known = sim_balancer_parameters(b);
        hr_fail(e, HR_BAD_INPUT, "%s has no parameter '%s'%s%s", b->name, word, *known ? "; it takes " : "; it takes none", known);
        free(known);
        return HR_BAD_INPUT;
    }
    const sim_balancer_parameter *p = &b->parameter[i];
    double value = strtod(equals + 1, &end);
    size_t unit = strlen(p->unit);
    if (unit && strncmp(end, p->unit, unit) == 0)
        end += unit;
    if (end == equals + 1 || end[strspn(end, " ")] != 0 || !(value >= p->least && value <= p->most) || (p->whole && value != floor(value)))
        return hr_fail(e, HR_BAD_INPUT, "%s: %s='%s': want %s from %g to %g%s", b->name, p->name, equals + 1,
                       p->whole ? "a whole number" : "a number", p->least, p->most, p->unit);
    choice->parameter[i] = value;
    return HR_OK;
}

hr_status sim_balancer_read(const char *text, sim_balancer_choice *choice, hr_error *e)
{
    char *copy = hr_strdup(text), *open = strchr(copy, '('), *rest;
    size_t length = strlen(copy);
    hr_status status = HR_OK;
    sim_balancer_choice found = {0};
    if (open && copy[length - 1] != ')') {
        status = hr_fail(e, HR_BAD_INPUT, "'%s': the parenthesis is not closed; want a policy such as power-of-d(d=3)", text);
    } else if (open) {
        copy[length - 1] = 0;
        *open = 0;
    }
    int row = sim_balancer_find(copy);
    if (!status && row < 0)
        status = unknown(copy, e);
    if (!status) {
        found.row = (uint32_t)row;
        for (int i = 0; i < SIM_BALANCER_PARAMETERS; i++)
            found.parameter[i] = sim_balancers[row]->parameter[i].fallback;
    }
    for (char *word = open && !status ? strtok_r(open + 1, ",", &rest) : NULL; word && !status; word = strtok_r(NULL, ",", &rest))
        status = read_parameter(sim_balancers[row], word, &found, e);
    free(copy);
    if (!status)
        *choice = found;
    return status;
}

// --- what policies share --------------------------------------------------------------------------------------------------

// As printf's "%llu", which took 50 ns a call.
static uint32_t write_decimal(uint64_t number, char *text)
{
    uint32_t digits = 1, i;
    for (uint64_t rest = number; rest > 9; rest /= 10)
        digits++;
    for (i = digits; i > 0; number /= 10)
        text[--i] = (char)('0' + number % 10);
    return digits;
}

uint32_t sim_balance_key(unsigned uses, uint64_t key, char text[SIM_BALANCE_KEY_BYTES])
{
    if (uses & SIM_USES_KEY)
        return write_decimal(key, text);
    text[0] = 10;
    for (int i = 1; i < 4; i++)
        text[i] = (char)(uint8_t)(key >> (24 - 8 * i));
    return 4;
}

uint32_t sim_balance_below(const sim_candidates *c, uint32_t i, uint32_t bound)
{
    SIM_ASSERT(c->world, sim_balancers[c->upstream->policy]->uses & SIM_USES_CHANCE);
    const uint64_t *given = c->call->random.word;
    uint64_t word = i < 2 ? given[i] : sim_random(given[0], i, given[1], 0).word[0];
    return (uint32_t)((word >> 32) * bound >> 32);
}

uint64_t sim_balance_hash(uint64_t seed, const void *bytes, size_t count)
{
    uint64_t hash = 0xCBF29CE484222325u ^ seed;
    for (const uint8_t *b = bytes, *end = b + count; b < end; b++)
        hash = (hash ^ *b) * 0x100000001B3u;
    hash = (hash ^ hash >> 30) * 0xBF58476D1CE4E5B9u;
    hash = (hash ^ hash >> 27) * 0x94D049BB133111EBu;
    return hash ^ hash >> 31;
}

uint32_t sim_balance_rotate(const sim_candidates *c)
{
    sim_turn turn = sim_turn_begin();
    for (uint32_t i = 0; i < c->count; i++)
        sim_turn_ask(&turn, c, c->slot[i], true);
    return sim_turn_end(&turn, c);
}
