// sim/study/theory.c - parameters of queueing models as text, and the checks of the engine against them; see theory.h.
#include "sim/study/theory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario/units.h"

// --- parameters as text -------------------------------------------------------------------------------------------------

hr_status sim_theory_named(const char *name, const sim_theory_model **model, hr_error *e)
{
    const char *names[SIM_THEORY_COUNT + 1] = {0};
    for (size_t i = 0; sim_theory_models[i]; i++)
        names[i] = sim_theory_models[i]->name;
    *model = sim_theory_find(name);
    if (*model)
        return HR_OK;
    const char *near = hr_nearest(name, names);
    return hr_fail(e, HR_BAD_INPUT, "no model '%s'%s; `headroom theory --list` names all", name, HR_HINT(near, '\''));
}

const char *sim_theory_kind_example(sim_theory_kind kind)
{
    static const char *const examples[] = {
        [SIM_THEORY_RATE] = "a rate such as 8/s", [SIM_THEORY_TIME] = "a time such as 50ms", [SIM_THEORY_WHOLE] = "a whole number such as 10",
        [SIM_THEORY_NUMBER] = "a number such as 0.8", [SIM_THEORY_TIMES] = "times such as 50ms,80ms"};
    return examples[kind];
}

static bool read_time(const char *text, double *seconds)
{
    hr_time time;
    if (!sim_read_time(text, &time) || time == HR_FOREVER)
        return false;
    *seconds = (double)time * 1e-9;
    return true;
}

static bool read_times(const char *text, const sim_theory_parameter *p, sim_theory_arguments *a, bool *range)
{
    char *copy = hr_strdup(text);
    bool good = true;
    a->times_count = 0;
    for (char *save = NULL, *word = strtok_r(copy, ",", &save); word && good; word = strtok_r(NULL, ",", &save)) {
        double *x = &a->times[a->times_count < SIM_THEORY_MOST_TIMES ? a->times_count : 0];
        good = a->times_count++ < SIM_THEORY_MOST_TIMES && read_time(word, x);
        *range = *range || (good && (*x < p->least || *x > p->most));
    }
    free(copy);
    return good && a->times_count > 0;
}

static bool read_value(const char *text, const sim_theory_parameter *p, int place, sim_theory_arguments *a, bool *range)
{
    double *x = &a->value[place];
    bool good = false;
    switch (p->kind) {
    case SIM_THEORY_RATE: good = sim_read_rate(text, x); break;
    case SIM_THEORY_TIME: good = read_time(text, x); break;
    case SIM_THEORY_WHOLE: good = sim_read_count(text, x); break;
    case SIM_THEORY_NUMBER: good = sim_read_number(text, x); break;
    case SIM_THEORY_TIMES: return read_times(text, p, a, range) && !*range;
    }
    *range = good && (*x < p->least || *x > p->most);
    return good && !*range;
}

static void read_word(const sim_theory_model *model, const char *word, bool *given, sim_theory_arguments *a, hr_error *e)
{
    const char *equals = strchr(word, '='), *names[SIM_THEORY_MOST_PARAMETERS + 1] = {0};
    char *name = hr_format("%.*s", (int)(equals ? (size_t)(equals - word) : strlen(word)), word);
    int place = -1;
    for (int i = 0; model->parameters[i].name; i++) {
        names[i] = model->parameters[i].name;
        if (strcmp(names[i], name) == 0)
            place = i;
    }
    const char *near = hr_nearest(name, names);
    bool range = false;
    if (place < 0) {
        hr_fail(e, HR_BAD_INPUT, "%s has no parameter '%s'%s; it takes %s", model->name, name, HR_HINT(near, '\''), model->example);
    } else if (!equals) {
        hr_fail(e, HR_BAD_INPUT, "%s %s: a value is missing; want %s=…, %s", model->name, name, name, sim_theory_kind_example(model->parameters[place].kind));
    } else if (given[place]) {
        hr_fail(e, HR_BAD_INPUT, "%s: %s is given a second time", model->name, name);
    } else if (!read_value(equals + 1, &model->parameters[place], place, a, &range)) {
        const sim_theory_parameter *p = &model->parameters[place];
        if (range)
            hr_fail(e, HR_BAD_INPUT, "%s %s: out of range, want %g to %g", model->name, word, p->least, p->most);
        else
            hr_fail(e, HR_BAD_INPUT, "%s %s: want %s", model->name, word, sim_theory_kind_example(p->kind));
    }
    if (place >= 0)
        given[place] = true;
    free(name);
}

hr_status sim_theory_read(const sim_theory_model *model, const char *text, sim_theory_arguments *a, hr_error *e)
{
    bool given[SIM_THEORY_MOST_PARAMETERS] = {false}, range = false;
    int before = e->count;
    *a = (sim_theory_arguments){0};
    char *copy = hr_strdup(text);
    for (char *save = NULL, *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        read_word(model, word, given, a, e);
    free(copy);
    bool understood = e->count == before;
    for (int i = 0; model->parameters[i].name; i++) {
        const sim_theory_parameter *p = &model->parameters[i];
        if (given[i] || (!p->fallback && !understood))
            continue;                          // most likely it is the word that was not understood
        if (!p->fallback)
            hr_fail(e, HR_BAD_INPUT, "%s lacks %s: %s; want %s", model->name, p->name, p->help, sim_theory_kind_example(p->kind));
        else
            HR_ASSERT(read_value(p->fallback, p, i, a, &range));
    }
    return e->count > before ? HR_BAD_INPUT : HR_OK;
}

// --- the checks ---------------------------------------------------------------------------------------------------------

enum { VARIED = 3, REPLICATIONS = 32, MOST_QUANTITIES = 8 };

static const double confidence = 0.99;
static const double bucket_error = 0.008;      // a quantile is the middle of a bucket at most so far from it: sim/core/histogram.h

typedef struct {
    const char *title, *model, *parameters, *varied[VARIED], *quantities;
    double      thousands[VARIED], allowance;
    const char *scenario;
} check;

static const check checks[] = {
#define SIM_THEORY_CHECK(title, model, parameters, varied, quantities, thousands, allowance, scenario) \
    {title, #model, parameters, varied, quantities, thousands, allowance, scenario},
#include "sim/study/theory.def"
#undef SIM_THEORY_CHECK
};

// Where a quantity is read from: a metric of the whole system, or of the component that is named. Times that the formulas give for the
// accepted are those of the answered requests.
static const struct { sim_quantity quantity; sim_metric metric; const char *component; bool is_quantile, is_bound; } sources[] = {
    {SIM_QUANTITY_W, SIM_METRIC_mean, NULL, false, false},
    {SIM_QUANTITY_W_p50, SIM_METRIC_p50, NULL, true, false},
    {SIM_QUANTITY_W_p95, SIM_METRIC_p95, NULL, true, false},
    {SIM_QUANTITY_W_p99, SIM_METRIC_p99, NULL, true, false},
    {SIM_QUANTITY_W_bound, SIM_METRIC_mean, NULL, false, true},
    {SIM_QUANTITY_W1, SIM_METRIC_mean, "first", false, false},
    {SIM_QUANTITY_W2, SIM_METRIC_mean, "second", false, false},
    {SIM_QUANTITY_R, SIM_METRIC_mean, NULL, false, false},
    {SIM_QUANTITY_X, SIM_METRIC_throughput, NULL, false, false},
    {SIM_QUANTITY_Lq, SIM_METRIC_queue, NULL, false, false},
    {SIM_QUANTITY_utilisation, SIM_METRIC_utilisation, "s", false, false},
    {SIM_QUANTITY_p_loss, SIM_METRIC_errors, NULL, false, false},
    {SIM_QUANTITY_p_abandon, SIM_METRIC_errors, NULL, false, false},
    {SIM_QUANTITY_hit_ratio, SIM_METRIC_hit_ratio, NULL, false, false},
};

static size_t quantities_of(const check *c, sim_quantity *out)
{
    size_t n = 0;
    char *copy = hr_strdup(c->quantities);
    for (char *save = NULL, *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        int quantity = sim_quantity_find(word);
        HR_ASSERT(quantity >= 0 && n < MOST_QUANTITIES);
        out[n++] = (sim_quantity)quantity;
    }
    free(copy);
    return n;
}

// The text of parameter `name` in "arrival=8/s service=1s", or NULL; *length tells where it ends.
static const char *parameter_text(const char *parameters, const char *name, size_t name_length, size_t *length)
{
    for (const char *word = parameters; word; word = strchr(word, ' ')) {
        word += *word == ' ';
        if (strncmp(word, name, name_length) == 0 && word[name_length] == '=') {
            *length = strcspn(word + name_length + 1, " ");
            return word + name_length + 1;
        }
    }
    return NULL;
}

static char *fill_parameters(const char *pattern, const char *varied)
{
    hr_text text = {0};
    for (const char *p = pattern; *p; p++)
        if (*p == '@')
            hr_text_add(&text, "%s", varied);
        else
            hr_text_bytes(&text, p, 1);
    return text.data;
}

static char *fill_scenario(const check *c, const char *parameters)
{
    hr_text text = {0};
    hr_text_add(&text, "scenario: theory\n");
    for (const char *p = c->scenario; *p;) {
        size_t plain = strcspn(p, "$"), length = 0;
        hr_text_bytes(&text, p, plain);
        p += plain;
        if (!*p)
            break;
        size_t name = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_0123456789");
        const char *value = parameter_text(parameters, p + 1, name, &length);
        HR_ASSERT(value);                      // a row that names a parameter that it does not have
        hr_text_bytes(&text, value, length);
        p += 1 + name;
    }
    return text.data;
}

// Requests per second: those that arrive from outside, or, in a closed loop, what theory expects.
static double total_rate(const sim_model *model, const sim_theory_answer *exact)
{
    double rate = 0;
    for (int i = 0; i < model->component_count; i++)
        if (model->components[i].kind == SIM_PART_workload)
            rate += ((const sim_workload_def *)model->components[i].def)->arrivals.rate_per_s;
    return rate > 0 ? rate : exact->value[SIM_QUANTITY_X];
}

static hr_status simulate(const check *c, double thousands, const char *parameters, const sim_theory_answer *exact, const sim_theory_options *o, sim_study **study, hr_error *e)
{
    char *text = fill_scenario(c, parameters);
    sim_model *model;
    hr_status status = sim_model_parse(c->title, text, strlen(text), "", &model, e);
    free(text);
    if (status)
        return status;
    model->duration = (hr_time)(thousands * 1000 * o->effort / total_rate(model, exact) * 1e9);
    model->warmup = model->duration / 5;       // many relaxation times even of the most loaded rows
    model->sample = model->duration / 10;      // nobody looks at the series
    sim_study_options options = sim_study_options_default();
    options.seed = o->seed;
    options.threads = o->threads;
    options.least = options.most = REPLICATIONS;
    options.stop = o->stop;
    return sim_study_run(&model, 1, &options, study, e);
}

bool sim_theory_agrees(const sim_theory_row *row)
{
    double off = row->allowance * fabs(row->exact);
    return row->simulated.low - off <= row->exact && (row->is_bound || row->exact <= row->simulated.high + off);
}

double sim_theory_sharpness(const sim_theory_row *row)
{
    return (row->simulated.high - row->simulated.low) / 2 / fabs(row->exact);
}

static void measure(const sim_study *study, const check *c, double level, sim_theory_row *row)
{
    size_t s = 0;
    while (s < HR_COUNT(sources) && sources[s].quantity != row->quantity)
        s++;
    HR_ASSERT(s < HR_COUNT(sources));
    int component = sources[s].component ? sim_model_find(study->variants[0].model, sources[s].component) : -1;
    double x[REPLICATIONS];
    for (int r = 0; r < REPLICATIONS; r++)
        x[r] = sim_study_value(study, 0, r, sources[s].metric, component);
    row->simulated = sim_mean_interval(x, REPLICATIONS, level);
    row->is_bound = sources[s].is_bound;
    row->allowance = c->allowance + (sources[s].is_quantile ? bucket_error : 0);
    row->agrees = sim_theory_agrees(row);
}

sim_theory_options sim_theory_options_default(void)
{
    return (sim_theory_options){.seed = 1, .effort = 1};
}

// One check at one load: the exact values first, then the same from the simulation. Appends its rows.
static hr_status run_check(const check *c, size_t place, const sim_theory_options *o, double level, sim_theory_table *table, hr_error *e)
{
    const sim_theory_model *model = sim_theory_find(c->model);
    char *parameters = fill_parameters(c->parameters, c->varied[place]);
    sim_theory_arguments a;
    sim_theory_answer exact;
    sim_study *study = NULL;
    HR_ASSERT(model);
    hr_status status = sim_theory_read(model, parameters, &a, e);
    if (!status)
        status = sim_theory_compute(model, &a, &exact, e);
    if (!status)
        status = simulate(c, c->thousands[place], parameters, &exact, o, &study, e);
    sim_quantity quantity[MOST_QUANTITIES];
    size_t n = quantities_of(c, quantity);
    for (size_t i = 0; !status && !study->was_stopped && i < n; i++) {
        sim_theory_row *row = &table->rows[table->count++];
        *row = (sim_theory_row){.title = c->title, .model = c->model, .parameters = hr_strdup(parameters), .quantity = quantity[i],
                                .exact = exact.value[quantity[i]]};
        measure(study, c, level, row);
    }
    sim_study_free(study);
    free(parameters);
    return status;
}

// Processor time of all threads so far.
static double processor_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

hr_status sim_theory_check(const sim_theory_options *o, sim_theory_table **out, hr_error *e)
{
    hr_time begun = hr_now();
    double cpu_begun = processor_s();
    sim_quantity ignored[MOST_QUANTITIES];
    size_t rows = 0;
    double work = 0, done = 0;
    for (size_t i = 0; i < HR_COUNT(checks); i++) {
        rows += VARIED * quantities_of(&checks[i], ignored);
        for (size_t v = 0; v < VARIED; v++)
            work += checks[i].thousands[v];
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    sim_theory_table *table = hr_alloc(sizeof *table);
    *table = (sim_theory_table){.rows = hr_alloc(rows * sizeof *table->rows), .replications = REPLICATIONS, .confidence = confidence,
                                .seed = o->seed, .threads = o->threads > 0 ? o->threads : (int)cores};
    double level = sim_look_confidence(confidence, (int)rows);
    hr_status status = HR_OK;
    for (size_t i = 0; i < HR_COUNT(checks) && !status && !table->was_stopped; i++)
        for (size_t v = 0; v < VARIED && !status && !table->was_stopped; v++) {
            status = run_check(&checks[i], v, o, level, table, e);
            table->was_stopped = o->stop && *o->stop;
            done += checks[i].thousands[v];
            if (o->progress)
                o->progress(o->progress_self, done / work);
        }
    table->wall_s = (double)(hr_now() - begun) / 1e9;
    table->cpu_s = processor_s() - cpu_begun;
    if (status && !table->was_stopped) {
        sim_theory_table_free(table);
        return status;
    }
    *out = table;
    return HR_OK;
}

void sim_theory_table_free(sim_theory_table *table)
{
    for (size_t i = 0; table && i < table->count; i++)
        free(table->rows[i].parameters);
    if (table)
        free(table->rows);
    free(table);
}
