// real/validate/document.c - a validation as JSON: headroom/validate/1.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "real/validate/table.h"

// Like the units of the other documents: times in ms, shares as shares.
static double factor_of(sim_metric metric) { return strcmp(sim_metrics[metric].unit, "ms") == 0 ? 1e3 : 1; }
static const char *unit_of(sim_metric metric) { return strcmp(sim_metrics[metric].unit, "%") == 0 ? "share" : sim_metrics[metric].unit; }

static json_t *estimate_json(sim_estimate e, double factor)
{
    json_t *o = json_pack("{s:f}", "value", e.value * factor);
    json_object_set_new(o, "low", isfinite(e.low) ? json_real(e.low * factor) : json_null());
    json_object_set_new(o, "high", isfinite(e.high) ? json_real(e.high * factor) : json_null());
    return o;
}

static json_t *row_json(const real_pack *pack, const real_table *table, const real_row *r)
{
    const real_compared *what = &real_compared_rows[r->compared];
    double factor = factor_of(what->metric), capacity = table->capacity[r->variant];
    return json_pack("{s:s,s:f,s:o,s:s,s:s,s:b,s:i,s:o,s:o,s:f,s:f,s:f,s:b,s:s}", "variant", pack->variants[r->variant], "load", r->rate_per_s,
                     "utilisation", capacity > 0 ? json_real(r->rate_per_s / capacity) : json_null(), "metric", sim_metrics[what->metric].word, "unit",
                     unit_of(what->metric), "fitted", 0, "repeats", (int)r->repeats, "predicted", estimate_json(r->predicted, factor), "measured",
                     estimate_json(r->measured, factor), "error", r->error, "bound", what->bound, "floor", r->floor, "absolute", what->is_absolute,
                     "verdict", real_verdict_name(r->verdict));
}

static json_t *fit_json(const real_fit *f)
{
    return json_pack("{s:s,s:I,s:f,s:f,s:f,s:f,s:f}", "operation", f->name, "samples", (json_int_t)f->samples, "scenario_mean_ms", f->author_mean_s * 1e3, "mean_ms", f->mean_s * 1e3, "scv", f->scv,
                     "mean_at_low_load_ms", f->low_mean_s * 1e3, "mean_at_high_load_ms", f->high_mean_s * 1e3);
}

char *real_table_document(const real_pack *pack, const real_table *table)
{
    json_t *rows = json_array(), *fits = json_array(), *capacities = json_array(), *verdicts = json_object();
    for (size_t i = 0; i < table->row_count; i++)
        json_array_append_new(rows, row_json(pack, table, &table->row[i]));
    for (size_t k = 0; k < table->fits.count; k++)
        if (table->fits.fit[k].quantiles)
            json_array_append_new(fits, fit_json(&table->fits.fit[k]));
    for (size_t v = 0; v < pack->variant_count; v++)
        json_array_append_new(capacities, json_pack("{s:s,s:f}", "variant", pack->variants[v], "per_s", table->capacity[v]));
    for (int v = 0; v < REAL_VERDICT_COUNT; v++)
        json_object_set_new(verdicts, real_verdict_name((real_verdict)v), json_integer((json_int_t)table->verdicts[v]));
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)pack->seed);
    json_t *document = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:{s:f,s:f}}", "schema", "headroom/validate/1", "name", pack->name,
                                 "version", HEADROOM_VERSION, "seed", seed, "created", pack->created, "machine", pack->machine, "servers",
                                 pack->servers, "capacity", capacities, "fits", fits, "rows", rows, "verdicts", verdicts, "lateness_us", "p50",
                                 (double)table->lateness_p50 / 1e3, "p99", (double)table->lateness_p99 / 1e3);
    if (pack->folder)
        json_object_set_new(document, "pack", json_string(pack->folder));
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(document);
    HR_ASSERT(text != NULL);
    return text;
}
