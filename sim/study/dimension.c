// sim/study/dimension.c - see dimension.h.
#include "sim/study/dimension.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// "3 on average" is a number of replicas.
static const char *word_of(sim_metric metric) { return strcmp(sim_metrics[metric].unit, "on average") == 0 ? "replicas" : sim_metrics[metric].unit; }

// The first metric that is measured in that unit; -1: none is.
static int first_in(const char *unit)
{
    for (int m = 0; m < SIM_METRIC_COUNT; m++)
        if (strcmp(word_of((sim_metric)m), unit) == 0)
            return m;
    return -1;
}

static const struct { const char *unit; sim_dimension_kind kind; } kinds[] = {{"ms", SIM_TIME}, {"/s", SIM_RATE}, {"$/h", SIM_PER_HOUR}, {"$", SIM_SUM}};

static sim_dimension_kind kind_of_unit(const char *unit)
{
    for (size_t i = 0; i < HR_COUNT(kinds); i++)
        if (strcmp(kinds[i].unit, unit) == 0)
            return kinds[i].kind;
    return SIM_PLAIN;
}

sim_dimension sim_dimension_of(sim_metric metric)
{
    const char *unit = word_of(metric);
    sim_dimension u = {.in_seconds = strcmp(unit, "s") == 0};
    if (strcmp(unit, "%") == 0 || strcmp(unit, "x") == 0)
        u.pure = unit;
    else if (*unit)
        u.power[first_in(u.in_seconds ? "ms" : unit)] = 1;
    return u;
}

sim_dimension sim_dimension_of_number(sim_dimension_kind kind, const char *pure)
{
    sim_dimension u = {.pure = pure};
    for (size_t i = 0; i < HR_COUNT(kinds); i++)
        if (kinds[i].kind == kind)
            u.power[first_in(kinds[i].unit)] = 1;
    return u;
}

static bool has_power(const sim_dimension *u)
{
    for (int m = 0; m < SIM_METRIC_COUNT; m++)
        if (u->power[m])
            return true;
    return false;
}

// What is left of "%" and "x": half of a share is a share, a share of a share, too.
static const char *pure_of(const sim_dimension *a, const sim_dimension *b, bool divides)
{
    if (!b->pure)
        return a->pure;
    return divides ? NULL : !a->pure || strcmp(a->pure, b->pure) == 0 ? b->pure : NULL;
}

sim_dimension sim_dimension_product(sim_dimension a, sim_dimension b, bool divides)
{
    sim_dimension u = {.in_seconds = a.in_seconds || b.in_seconds, .is_zero = a.is_zero || b.is_zero};
    for (int m = 0; m < SIM_METRIC_COUNT; m++)
        u.power[m] = (int8_t)(a.power[m] + (divides ? -b.power[m] : b.power[m]));
    int8_t *time = &u.power[first_in("ms")], *rate = &u.power[first_in("/s")];
    for (int sign = -1; sign <= 1; sign += 2)
        while (*time * sign > 0 && *rate * sign > 0) {
            *time = (int8_t)(*time - sign);
            *rate = (int8_t)(*rate - sign);
        }
    if (!has_power(&u))
        u.pure = pure_of(&a, &b, divides);
    return u;
}

sim_dimension sim_dimension_join(sim_dimension a, sim_dimension b)
{
    bool says_more = a.is_zero || (!has_power(&a) && (!a.pure || has_power(&b)));
    return says_more ? b : a;
}

sim_dimension_kind sim_dimension_kind_of(const sim_dimension *u)
{
    sim_dimension_kind kind = SIM_PLAIN;
    for (int m = 0; m < SIM_METRIC_COUNT; m++) {
        sim_dimension_kind one = kind_of_unit(word_of((sim_metric)m));
        if (!u->power[m] || one == SIM_PLAIN)
            continue;
        kind = kind == SIM_PLAIN && u->power[m] == 1 ? one : SIM_OTHER;
    }
    return u->is_zero ? SIM_OTHER : kind;
}

// "ms·calls" of those whose power has that sign, at the end of what is there; behind `per` one of many. Returns the factor to it.
static double add_units(const sim_dimension *u, int sign, char *out, size_t room)
{
    double factor = 1;
    for (int m = 0; m < SIM_METRIC_COUNT; m++) {
        int power = u->power[m] * sign;
        bool is_seconds = u->in_seconds && kind_of_unit(word_of((sim_metric)m)) == SIM_TIME;
        const char *word = is_seconds ? "s" : word_of((sim_metric)m);
        size_t used = strlen(out), n = strlen(word);
        if (power <= 0)
            continue;
        if (sign < 0 && n > 3 && word[n - 1] == 's')
            n--;
        snprintf(out + used, room - used, power > 1 ? "%s%.*s^%d" : "%s%.*s", used ? "·" : "", (int)n, word, power);
        factor *= is_seconds ? 1 : pow(sim_metrics[m].factor, power);
    }
    return factor;
}

const char *sim_dimension_show(const sim_dimension *u, double value, char *out, size_t room)
{
    char above[48] = "", below[48] = "";
    value *= add_units(u, 1, above, sizeof above) / add_units(u, -1, below, sizeof below);
    if (u->pure && strcmp(u->pure, "%") == 0)
        value *= 100;
    if (u->pure)
        snprintf(above, sizeof above, "%s", u->pure);
    snprintf(out, room, *above == '$' ? "%.4g%s%s%s%s" : "%.3g%s%s%s%s", value, *above ? " " : "", above, *below ? " per " : "", below);
    return out;
}
