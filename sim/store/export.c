// sim/store/export.c - kept runs as JSON. The verb's document is put in as it is, byte for byte, not read and written again.
#include "sim/store/store.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_text(hr_text *out, const char *text)
{
    json_t *value = text ? json_string(text) : json_null();
    if (!value) {                              // no UTF-8: what is wrong is shown as '?', the store itself has the bytes
        char *copy = hr_strdup(text);
        for (char *c = copy; *c; c++)
            if (*c & 0x80)
                *c = '?';
        value = json_string(copy);
        free(copy);
    }
    char *json = json_dumps(value, JSON_ENCODE_ANY);
    hr_text_add(out, "%s", json);
    free(json);
    json_decref(value);
}

static void add_member(hr_text *out, const char *key, const char *text)
{
    hr_text_add(out, "\"%s\": ", key);
    add_text(out, text);
    hr_text_add(out, ", ");
}

// The shortest decimal that reads back as the same number; JSON has no word for NaN and infinity.
static void add_number(hr_text *out, double value)
{
    char text[32] = "null";
    if (isfinite(value))
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, value);
            if (strtod(text, NULL) == value)
                break;
        }
    hr_text_add(out, "%s", text);
}

static void add_base64(hr_text *out, const void *bytes, size_t size)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *b = bytes;
    for (size_t i = 0; i < size; i += 3) {     // RFC 4648, section 4
        uint32_t three = (uint32_t)b[i] << 16 | (i + 1 < size ? (uint32_t)b[i + 1] << 8 : 0) | (i + 2 < size ? b[i + 2] : 0u);
        char four[4] = {digit[three >> 18], digit[three >> 12 & 63], i + 1 < size ? digit[three >> 6 & 63] : '=',
                        i + 2 < size ? digit[three & 63] : '='};
        hr_text_bytes(out, four, sizeof four);
    }
}

// Many readers take every number for a float64, so a seed that would change in one is written as a text.
static void add_seed(hr_text *out, uint64_t seed)
{
    const char *quote = seed > (UINT64_C(1) << 53) ? "\"" : "";
    hr_text_add(out, "\"seed\": %s%" PRIu64 "%s, ", quote, seed, quote);
}

static void add_document(hr_text *out, const char *document)
{
    json_t *value = document ? json_loads(document, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL) : NULL;
    if (value)
        hr_text_bytes(out, document, strlen(document));
    else
        add_text(out, document);               // none, or several, one a line, as some verbs print
    json_decref(value);
}

static void add_verdicts(hr_text *out, const sim_store_run *run)
{
    hr_text_add(out, ",\n \"verdicts\": [");
    for (size_t i = 0; i < run->verdict_count; i++) {
        hr_text_add(out, "%s\n  {", i ? "," : "");
        add_member(out, "id", run->verdicts[i].id);
        add_member(out, "expression", run->verdicts[i].expression);
        hr_text_add(out, "\"verdict\": ");
        add_text(out, run->verdicts[i].verdict);
        hr_text_add(out, "}");
    }
    hr_text_add(out, "]");
}

static void add_series(hr_text *out, const sim_store_run *run)
{
    hr_text_add(out, ",\n \"series\": [");
    for (size_t i = 0; i < run->series_count; i++) {
        const sim_store_series *x = &run->series[i];
        hr_text_add(out, "%s\n  {", i ? "," : "");
        add_member(out, "variant", x->variant);
        add_member(out, "component", x->component);
        add_member(out, "gauge", x->gauge);
        add_member(out, "unit", x->unit);
        hr_text_add(out, "\"step_s\": ");
        add_number(out, (double)x->step / (double)HR_SEC);
        hr_text_add(out, ", \"values\": [");
        for (size_t k = 0; k < x->count; k++) {
            hr_text_add(out, "%s", k ? "," : "");
            add_number(out, x->values[k]);
        }
        hr_text_add(out, "]}");
    }
    hr_text_add(out, "]");
}

static void add_histograms(hr_text *out, const sim_store_run *run)
{
    hr_text_add(out, ",\n \"histograms\": [");
    for (size_t i = 0; i < run->histogram_count; i++) {
        const sim_store_histogram *x = &run->histograms[i];
        hr_text_add(out, "%s\n  {", i ? "," : "");
        add_member(out, "variant", x->variant);
        add_member(out, "workload", x->workload);
        add_member(out, "operation", x->operation);
        hr_text_add(out, "\"base64\": \"");
        add_base64(out, x->bytes, x->size);
        hr_text_add(out, "\"}");
    }
    hr_text_add(out, "]");
}

char *sim_store_run_json(const sim_store_run *run, bool whole)
{
    hr_text out = {0};
    hr_text_add(&out, "{\"schema\": \"headroom/runs/1\", \"id\": %" PRId64 ", ", run->id);
    add_member(&out, "created", run->created);
    add_member(&out, "verb", run->verb);
    add_member(&out, "name", run->name);
    add_member(&out, "variant", run->variant);
    add_seed(&out, run->seed);
    add_member(&out, "version", run->version);
    hr_text_add(&out, "\"status\": %d,\n \"document\": ", (int)run->status);
    add_document(&out, run->document);
    add_verdicts(&out, run);
    if (whole) {
        hr_text_add(&out, ",\n \"scenario\": ");
        add_text(&out, run->scenario_text);
        add_series(&out, run);
        add_histograms(&out, run);
    }
    hr_text_add(&out, "}\n");
    return out.data;
}

char *sim_store_list_json(const sim_store_summary *list, size_t count)
{
    hr_text out = {0};
    hr_text_add(&out, "{\"schema\": \"headroom/runs/1\", \"runs\": [");
    for (size_t i = 0; i < count; i++) {
        hr_text_add(&out, "%s\n  {\"id\": %" PRId64 ", ", i ? "," : "", list[i].id);
        add_member(&out, "created", list[i].created);
        add_member(&out, "verb", list[i].verb);
        add_member(&out, "name", list[i].name);
        add_member(&out, "variant", list[i].variant);
        add_seed(&out, list[i].seed);
        add_member(&out, "version", list[i].version);
        hr_text_add(&out, "\"status\": %d}", (int)list[i].status);
    }
    hr_text_add(&out, "]}\n");
    return out.data;
}
