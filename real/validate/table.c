// real/validate/table.c - see table.h.
#include "real/validate/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double confidence = 0.95, noisy_factor = 1.5, noisy_share = 0.10;

enum { MOST_REPEATS = 64 };

const char *real_verdict_name(real_verdict verdict)
{
    static const char *const names[] = {
#define REAL_VERDICT_ROW(id, word) word,
        REAL_VERDICTS(REAL_VERDICT_ROW)
#undef REAL_VERDICT_ROW
    };
    return names[verdict];
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double real_floor(const double *value, size_t n, bool is_absolute)
{
    if (n < 2)
        return 0;
    double mean = 0, *apart = hr_alloc(n * n * sizeof *apart);
    size_t pairs = 0;
    for (size_t i = 0; i < n; i++) {
        mean += value[i] / (double)n;
        for (size_t k = i + 1; k < n; k++)
            apart[pairs++] = fabs(value[i] - value[k]);
    }
    qsort(apart, pairs, sizeof *apart, by_value);
    double floor = apart[(size_t)ceil(0.95 * (double)pairs) - 1];
    free(apart);
    return is_absolute || mean == 0 ? floor : floor / fabs(mean);
}

real_verdict real_judge(double error, double floor, double bound)
{
    if (floor > noisy_factor * bound)
        return REAL_NOISY;
    if (fabs(error) <= bound)
        return REAL_INSIDE;
    return fabs(error) <= floor ? REAL_INDISTINGUISHABLE : REAL_OUTSIDE;
}

// --- one load ---------------------------------------------------------------------------------------------------------------

typedef struct {                               // the repeats of one variant at one load
    const real_run *first;
    size_t count;
    double predicted[REAL_COMPARED_COUNT][MOST_REPEATS], measured[REAL_COMPARED_COUNT][MOST_REPEATS];
} group;

static bool belongs(const group *g, const real_run *run)
{
    return run->kind == REAL_RUN_MEASURED && run->variant == g->first->variant && run->rate_per_s == g->first->rate_per_s;
}

static void collect(const real_pack *pack, sim_model *const *model, group *g)
{
    for (size_t i = (size_t)(g->first - pack->run); i < pack->run_count && g->count < MOST_REPEATS; i++) {
        const real_run *run = &pack->run[i];
        if (!belongs(g, run))
            continue;
        real_run twin = {.kind = run->kind, .variant = run->variant, .rate_per_s = run->rate_per_s, .repeat = run->repeat, .seed = run->seed,
                         .from = run->from, .to = run->to};
        double predicted[REAL_COMPARED_COUNT], measured[REAL_COMPARED_COUNT];
        real_scale_rate(model[run->variant], run->rate_per_s);
        real_predict_run(model[run->variant], pack->entries, &twin);
        real_run_measure(&twin, model[run->variant], predicted);
        real_run_measure(run, model[run->variant], measured);
        real_run_free(&twin);
        for (int r = 0; r < REAL_COMPARED_COUNT; r++) {
            g->predicted[r][g->count] = predicted[r];
            g->measured[r][g->count] = measured[r];
        }
        g->count++;
    }
}

static void compare(const group *g, real_table *table)
{
    for (int r = 0; r < REAL_COMPARED_COUNT; r++) {
        const real_compared *what = &real_compared_rows[r];
        real_row row = {.variant = g->first->variant, .repeats = (uint32_t)g->count, .rate_per_s = g->first->rate_per_s, .load = g->first->load,
                        .compared = r, .predicted = sim_mean_interval(g->predicted[r], g->count, confidence),
                        .measured = sim_mean_interval(g->measured[r], g->count, confidence),
                        .floor = real_floor(g->measured[r], g->count, what->is_absolute)};
        if (isnan(row.predicted.value) || isnan(row.measured.value))
            continue;                          // such as the hit ratio of a variant without a cache
        row.error = what->is_absolute ? row.predicted.value - row.measured.value : row.predicted.value / row.measured.value - 1;
        row.verdict = real_judge(row.error, row.floor, what->bound);
        table->row = hr_realloc(table->row, (table->row_count + 1) * sizeof *table->row);
        table->row[table->row_count++] = row;
        table->verdicts[row.verdict]++;
    }
}

static bool is_first(const real_pack *pack, size_t i)
{
    group g = {.first = &pack->run[i]};
    for (size_t k = 0; k < i; k++)
        if (belongs(&g, &pack->run[k]))
            return false;
    return pack->run[i].kind == REAL_RUN_MEASURED;
}

static int by_place(const void *a, const void *b)
{
    const real_row *x = a, *y = b;
    if (x->variant != y->variant)
        return x->variant < y->variant ? -1 : 1;
    if (x->rate_per_s != y->rate_per_s)
        return x->rate_per_s < y->rate_per_s ? -1 : 1;
    return x->compared - y->compared;
}

// --- the whole --------------------------------------------------------------------------------------------------------------

static void look_at_runs(const real_pack *pack, real_table *table)
{
    sim_histogram *lateness = hr_alloc(sizeof *lateness);
    for (size_t i = 0; i < pack->run_count; i++) {
        if (pack->run[i].kind == REAL_RUN_CAPACITY)
            table->capacity[pack->run[i].variant] = real_run_served(&pack->run[i]);
        else if (pack->run[i].kind == REAL_RUN_MEASURED)
            real_run_lateness(&pack->run[i], lateness);
    }
    table->lateness_p50 = sim_histogram_quantile(lateness, 0.50);
    table->lateness_p99 = sim_histogram_quantile(lateness, 0.99);
    free(lateness);
}

hr_status real_table_make(const real_pack *pack, real_table *table, hr_error *e)
{
    *table = (real_table){.capacity = hr_alloc(pack->variant_count * sizeof(double))};
    sim_model **model = hr_alloc(pack->variant_count * sizeof *model);
    hr_status status = HR_OK;
    for (size_t v = 0; v < pack->variant_count && !status; v++)
        status = real_pack_model(pack, v, &model[v], e);
    if (!status) {
        real_fits_make(pack, model[0], &table->fits);
        for (size_t v = 0; v < pack->variant_count; v++)
            real_fits_apply(&table->fits, pack, model[v]);
        look_at_runs(pack, table);
        group *g = hr_alloc(sizeof *g);
        for (size_t i = 0; i < pack->run_count; i++)
            if (is_first(pack, i)) {
                *g = (group){.first = &pack->run[i]};
                collect(pack, model, g);
                compare(g, table);
            }
        free(g);
        if (table->row_count)
            qsort(table->row, table->row_count, sizeof *table->row, by_place);
    }
    for (size_t v = 0; v < pack->variant_count; v++)
        sim_model_free(model[v]);
    free(model);
    if (status)
        real_table_free(table);
    return status;
}

void real_table_free(real_table *table)
{
    real_fits_free(&table->fits);
    free(table->capacity);
    free(table->row);
    *table = (real_table){0};
}

hr_status real_table_status(const real_table *table)
{
    if (table->verdicts[REAL_OUTSIDE])
        return HR_FAILS;
    bool few = table->row_count == 0;
    for (size_t i = 0; i < table->row_count; i++)
        few = few || table->row[i].repeats < REAL_REPEATS;
    return few || (double)table->verdicts[REAL_NOISY] > noisy_share * (double)table->row_count ? HR_UNDECIDED : HR_OK;
}
