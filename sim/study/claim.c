// sim/study/claim.c - claims: expressions over measured quantities, decided on paired replications.
// * Grammar: condition = comparison { "and" comparison }; comparison = sum ("<" | "<=" | ">" | ">=") sum;
//   sum = product { ("+" | "-") product }; product = unary { ("*" | "/") unary };
//   unary = number [unit] | metric "(" variant ["," component or broker.queue] ")" | "(" sum ")".
// * A comparison is decided by the sign of right minus left (for <) over the replications: the interval must lie on one side of zero.
// * A condition holds when every comparison holds, and fails when one fails.
// * Only what is of one kind is added or compared: p99(aside) < 200 would mean 200 s, so it is refused.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/units.h"
#include "sim/study/study.h"
#include "sim/study/dimension.h"

enum { WORD = 2 * SIM_MOST_name + 2 };         // "broker.queue"

typedef struct {
    const char      *text, *at;
    const sim_model *model;                    // names of variants and components
    const sim_study *study;                    // NULL while only checking
    int              replication;
    sim_dimension    unit;                     // of the last value read
    bool             is_absent;                // a variant was named that the study does not have
    const char      *problem;                  // first mistake; `at` stays there
    char             wrong[WORD];              // the word that it is about
    const char      *near;                     // a suggestion, or NULL
} reader;

static double sum(reader *r);

static void skip(reader *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
}

static bool take(reader *r, char c)
{
    skip(r);
    if (*r->at != c)
        return false;
    r->at++;
    return true;
}

static double wrong(reader *r, const char *problem)
{
    if (!r->problem)
        r->problem = problem;
    return NAN;
}

// Letters, digits and what is allowed besides.
static void word(reader *r, char *out, size_t room, const char *besides)
{
    skip(r);
    size_t n = 0;
    while ((isalnum((unsigned char)r->at[n]) || strchr(besides, r->at[n])) && r->at[n] && n + 1 < room)
        n++;
    memcpy(out, r->at, n);
    out[n] = 0;
    r->at += n;
}

static bool read_per_hour(const char *text, double *money) { return sim_read_money(text, "$/h", money); }
static bool read_sum(const char *text, double *money) { return sim_read_money(text, "$", money); }

// A number with the unit that follows it, written as everywhere in a scenario. False: no unit follows.
static bool number_with_unit(reader *r, const char *unit, double *value)
{
    static const struct { bool (*read)(const char *text, double *value); sim_dimension_kind kind; const char *pure; } readers[] = {
        {sim_read_span, SIM_TIME, NULL}, {sim_read_rate, SIM_RATE, NULL}, {sim_read_percent, SIM_PLAIN, "%"}, {read_per_hour, SIM_PER_HOUR, NULL},
        {read_sum, SIM_SUM, NULL}};
    enum { LONGEST = 6 };
    char text[64];
    for (int n = LONGEST; n > 0; n--) {        // the longest one: 500/s is no 500 that something is divided by
        if (strnlen(unit, (size_t)n) < (size_t)n || isalnum((unsigned char)unit[n]) || unit[n] == '_')
            continue;
        snprintf(text, sizeof text, "%.*s%.*s", (int)(unit - r->at), r->at, n, unit);
        for (size_t i = 0; i < HR_COUNT(readers); i++)
            if (readers[i].read(text, value)) {
                r->at = unit + n;
                r->unit = sim_dimension_of_number(readers[i].kind, readers[i].pure);
                return true;
            }
    }
    return false;
}

static double number(reader *r)
{
    char *end;
    double value = strtod(r->at, &end);
    if (number_with_unit(r, end + strspn(end, " "), &value))
        return value;
    r->at = end;
    r->unit = (sim_dimension){.is_zero = value == 0};
    return isalpha((unsigned char)*end) ? wrong(r, "unknown unit: want one such as ms, s, min, %, /s or $/h") : value;
}

static double unknown(reader *r, const char *start, const char *name, const char *problem, const char *const *names)
{
    if (r->problem)
        return NAN;
    r->at = start;
    snprintf(r->wrong, sizeof r->wrong, "%s", name);
    r->near = hr_nearest(name, names);
    return wrong(r, problem);
}

static int variant_of(reader *r)
{
    char name[WORD];
    const char *start = (skip(r), r->at);
    word(r, name, sizeof name, "_-");
    if (r->study) {
        for (size_t v = 0; v < r->study->variant_count; v++)
            if (strcmp(r->study->variants[v].name, name) == 0)
                return (int)v;
        r->is_absent = true;
        return -2;                             // known to the scenario, but not part of this study
    }
    const char *names[65] = {0};
    for (size_t v = 0; v < r->model->variant_count && v < 64; v++) {
        names[v] = r->model->variants[v].name;
        if (strcmp(names[v], name) == 0)
            return (int)v;
    }
    unknown(r, start, name, "unknown variant", names);
    return -1;
}

static int column_of(reader *r)
{
    char name[WORD];
    const char *start = (skip(r), r->at);
    word(r, name, sizeof name, "_-.");
    int column = sim_model_column(r->model, name);
    if (column >= 0)
        return column;
    const char **names = hr_alloc(((size_t)r->model->column_count + 1) * sizeof *names);
    for (uint32_t i = 0; i < r->model->column_count; i++)
        names[i] = r->model->columns[i].name;
    unknown(r, start, name, "unknown component", names);
    free(names);
    return column;
}

static double metric_value(reader *r)
{
    char name[WORD];
    const char *start = r->at;
    word(r, name, sizeof name, "_-");
    int metric = sim_metric_find(name);
    if (metric < 0) {
        const char *names[SIM_METRIC_COUNT + 1] = {0};
        for (int i = 0; i < SIM_METRIC_COUNT; i++)
            names[i] = sim_metrics[i].word;
        return unknown(r, start, name, "unknown metric", names);
    }
    if (!take(r, '('))
        return wrong(r, "want '(' and a variant behind the metric, as in p99(aside)");
    int variant = variant_of(r), column = -1;
    if (take(r, ','))
        column = column_of(r);
    if (!take(r, ')'))
        return wrong(r, "want ')'");
    r->unit = sim_dimension_of((sim_metric)metric);
    if (r->study && r->study->replications == 0)
        return 1;                              // nothing has been measured: only the names are looked at
    return r->study && variant >= 0 ? sim_study_value(r->study, (size_t)variant, r->replication, (sim_metric)metric, column)
           : r->study ? NAN : 1;
}

static double unary(reader *r)
{
    skip(r);
    if (isdigit((unsigned char)*r->at) || *r->at == '.')
        return number(r);
    if (take(r, '(')) {
        double value = sum(r);
        return take(r, ')') ? value : wrong(r, "want ')'");
    }
    if (isalpha((unsigned char)*r->at))
        return metric_value(r);
    return wrong(r, "want a number or a metric such as p99(aside)");
}

static double product(reader *r)
{
    double value = unary(r);
    while (!r->problem) {
        sim_dimension left = r->unit;
        bool divides = take(r, '/');
        if (!divides && !take(r, '*'))
            break;
        value = divides ? value / unary(r) : value * unary(r);
        r->unit = sim_dimension_product(left, r->unit, divides);
    }
    return value;
}

// What is added or compared must be of one kind.
static void join(reader *r, sim_dimension left)
{
    static const char *const problems[] = {
        [SIM_PLAIN] = "this has another unit than what is before it", [SIM_TIME] = "want a time such as 200ms, as before it",
        [SIM_RATE] = "want a rate such as 500/s, as before it", [SIM_PER_HOUR] = "want a price such as 0.5 $/h, as before it",
        [SIM_SUM] = "want a sum such as 2 $, as before it"};
    sim_dimension_kind a = sim_dimension_kind_of(&left), b = sim_dimension_kind_of(&r->unit);
    if (a != SIM_OTHER && b != SIM_OTHER && a != b)
        wrong(r, problems[a]);
    r->unit = sim_dimension_join(left, r->unit);
}

static double sum(reader *r)
{
    double value = product(r);
    while (!r->problem) {
        sim_dimension left = r->unit;
        bool adds = take(r, '+');
        if (!adds && !take(r, '-'))
            break;
        value = adds ? value + product(r) : value - product(r);
        join(r, left);
    }
    return value;
}

// Both sides of the next comparison, whose unit is r->unit; the sign is +1 when left must be below right.
static void comparison(reader *r, double *left, double *right, int *sign)
{
    *left = sum(r);
    sim_dimension unit = r->unit;
    *sign = take(r, '<') ? 1 : take(r, '>') ? -1 : 0;
    if (!*sign) {
        wrong(r, "want '<' or '>'");
        return;
    }
    (void)take(r, '=');                        // quantities are continuous: < and <= are decided alike
    *right = sum(r);
    join(r, unit);
}

static bool take_and(reader *r)
{
    skip(r);
    if (strncmp(r->at, "and", 3) != 0 || isalnum((unsigned char)r->at[3]))
        return false;
    r->at += 3;
    return true;
}

static hr_status check_one(const sim_model *model, const sim_claim *claim, const char *text, hr_error *e)
{
    reader r = {.text = text, .at = text, .model = model};
    double left, right;
    int sign;
    do
        comparison(&r, &left, &right, &sign);
    while (!r.problem && take_and(&r));
    skip(&r);
    if (!r.problem && *r.at)
        wrong(&r, "want 'and' or the end of the claim");
    if (!r.problem)
        return HR_OK;
    int place = (int)(r.at - text);
    char said[WORD + 4] = "";
    if (r.wrong[0])
        snprintf(said, sizeof said, " '%s'", r.wrong);
    return hr_fail(e, HR_BAD_INPUT, "%s:%d:%d: claim %s: %s%s%s\n    %s\n    %*s^", model->path, claim->line, claim->column + place,
                   claim->id, r.problem, said, HR_HINT(r.near, '\''), text, place, "");
}

// How limits of metrics in these units are written; of all others as plain numbers.
static const struct { const char *unit; bool (*read)(const char *text, double *value); const char *example; } written[] = {
    {"ms", sim_read_span, "a time such as 200ms"}, {"s", sim_read_span, "a time such as 20s"}, {"%", sim_read_share, "a share such as 0.1%"},
    {"/s", sim_read_rate, "a rate such as 500/s"}, {"$/h", read_per_hour, "a price such as 0.5 $/h"}, {"$", read_sum, "a sum such as 2 $"}};

// 200 as a limit of p99 would be 200 s, and 99% of goodput about one request a second: a limit is written in its metric's unit.
static hr_status check_objective(const sim_model *model, const sim_objective *o, hr_error *e)
{
    const char *names[SIM_METRIC_COUNT + 1] = {0}, *example = "a number such as 20";
    int metric = sim_metric_find(o->metric);
    double limit;
    for (int m = 0; m < SIM_METRIC_COUNT; m++)
        names[m] = sim_metrics[m].word;
    if (metric < 0)
        return hr_fail(e, HR_BAD_INPUT, "%s:%d:%d: objective '%s' is no metric%s; `headroom list metrics` names them", model->path, o->line, o->column,
                       o->metric, HR_HINT(hr_nearest(o->metric, names), '\''));
    bool (*read)(const char *text, double *value) = sim_read_number;
    for (size_t i = 0; i < HR_COUNT(written); i++)
        if (strcmp(written[i].unit, sim_metrics[metric].unit) == 0) {
            read = written[i].read;
            example = written[i].example;
        }
    return read(o->text, &limit) ? HR_OK
                                 : hr_fail(e, HR_BAD_INPUT, "%s:%d:%d: objective %s: '%s': want %s", model->path, o->line, o->column, o->metric, o->text, example);
}

hr_status sim_claims_check(const sim_model *model, hr_error *e)
{
    hr_status status = HR_OK;
    for (size_t i = 0; i < model->claim_count; i++) {
        hr_status one = check_one(model, &model->claims[i], model->claims[i].expression, e);
        status = status ? status : one;
    }
    for (size_t i = 0; i < model->objective_count; i++) {
        hr_status one = check_objective(model, &model->objectives[i], e);
        status = status ? status : one;
    }
    return status;
}

bool sim_claim_is_asked(const sim_study *study, const sim_claim *claim)
{
    reader r = {.text = claim->expression, .at = claim->expression, .model = study->variants[0].model, .study = study};
    double left, right;
    int sign;
    do
        comparison(&r, &left, &right, &sign);
    while (take_and(&r));
    return !r.is_absent;
}

static void describe(sim_claim_result *result, double left, double right, int sign, const sim_dimension *unit)
{
    size_t used = strlen(result->values);
    char a[80], b[80];
    snprintf(result->values + used, sizeof result->values - used, "%s%s %c %s", used ? " and " : "", sim_dimension_show(unit, left, a, sizeof a),
             sign > 0 ? '<' : '>', sim_dimension_show(unit, right, b, sizeof b));
}

void sim_claim_decide(const sim_study *study, const sim_claim *claim, sim_claim_result *result)
{
    *result = (sim_claim_result){.claim = claim, .verdict = SIM_HOLDS};
    size_t n = (size_t)study->replications;
    double *margin = hr_alloc(n * sizeof *margin);
    bool more = true;
    for (int part = 0; more; part++) {         // one round a comparison of the condition
        double lefts = 0, rights = 0;
        int sign = 0;
        sim_dimension unit = {0};
        for (size_t i = 0; i < n; i++) {
            reader r = {.text = claim->expression, .at = claim->expression, .model = study->variants[0].model, .study = study,
                        .replication = (int)i};
            double left = NAN, right = NAN;
            for (int k = 0; k <= part; k++) {
                comparison(&r, &left, &right, &sign);
                more = take_and(&r);
            }
            margin[i] = sign * (right - left);
            lefts += left / (double)n;
            rights += right / (double)n;
            unit = r.unit;
        }
        sim_verdict verdict = sim_decide_sign(margin, n, study->confidence);
        describe(result, lefts, rights, sign, &unit);
        if (part == 0 || (verdict != SIM_HOLDS && result->verdict != SIM_FAILS))
            result->margin = sim_mean_interval(margin, n, study->confidence);
        if (verdict == SIM_FAILS || (verdict == SIM_UNDECIDED && result->verdict == SIM_HOLDS))
            result->verdict = verdict;
    }
    free(margin);
}
