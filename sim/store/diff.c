// sim/store/diff.c - documents flattened into path and number, then joined by path.
#include "sim/store/diff.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// --- paths ----------------------------------------------------------------------------------------------------------

static bool is_plain(const char *word)
{
    if (!isalpha((unsigned char)*word) && *word != '_')
        return false;
    while (isalnum((unsigned char)*word) || *word == '_' || *word == '-')
        word++;
    return !*word;
}

// Quoted unless plain, so that {"a.b": 1} and {"a": {"b": 1}} have different paths, and the name "0" differs from position 0.
static void add_name(hr_text *path, const char *name)
{
    if (is_plain(name)) {
        hr_text_add(path, "%s", name);
        return;
    }
    hr_text_add(path, "\"");
    for (const char *c = name; *c; c++)
        hr_text_add(path, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
    hr_text_add(path, "\"");
}

static const char *text_at(const json_t *element, const char *key) { return json_string_value(json_object_get(element, key)); }

// The key that names every element of `array` differently, or NULL.
static const char *naming_key(const json_t *array)
{
    static const char *const keys[] = {"id", "name"};
    for (size_t k = 0; k < HR_COUNT(keys); k++) {
        json_t *seen = json_object();
        size_t i;
        json_t *element;
        json_array_foreach(array, i, element) {
            const char *name = text_at(element, keys[k]);
            if (!name || json_object_get(seen, name) || json_object_set_new(seen, name, json_true()))
                break;
        }
        json_decref(seen);
        if (i > 0 && i == json_array_size(array))
            return keys[k];
    }
    return NULL;
}

// --- flattening -----------------------------------------------------------------------------------------------------

static void cut(hr_text *path, size_t used)
{
    path->used = used;
    path->data[used] = 0;
}

// Puts every number under `value` into the object `flat`, by its path; jansson keeps the order of insertion.
// Depth is bounded by jansson's parser (2048).
static void flatten(json_t *value, hr_text *path, json_t *flat)
{
    size_t used = path->used, i;
    const char *key;
    json_t *child;
    if (json_is_number(value)) {
        json_object_set_nocheck(flat, path->data, value);
    } else if (json_is_object(value)) {
        json_object_foreach(value, key, child) {
            hr_text_add(path, "%s", used ? "." : "");
            add_name(path, key);
            flatten(child, path, flat);
            cut(path, used);
        }
    } else if (json_is_array(value)) {
        const char *naming = naming_key(value);
        json_array_foreach(value, i, child) {
            hr_text_add(path, "[");
            if (naming)
                add_name(path, text_at(child, naming));
            else
                hr_text_add(path, "%zu", i);
            hr_text_add(path, "]");
            flatten(child, path, flat);
            cut(path, used);
        }
    }
}

// A number alone has the path "".
static json_t *flat_numbers(const char *document, const char *which, hr_error *e)
{
    json_error_t wrong;
    const char *text = document ? document : "";
    json_t *root = json_loads(text, JSON_DECODE_ANY, &wrong);
    if (!root)                                 // whole numbers above 2^63, such as a seed, are read as float64
        root = json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &wrong);
    if (!root) {
        hr_fail(e, HR_BAD_INPUT, "%s is no JSON: line %d column %d: %s", which, wrong.line, wrong.column, wrong.text);
        return NULL;
    }
    json_t *flat = json_object();
    hr_text path = {0};
    hr_text_add(&path, "%s", "");
    flatten(root, &path, flat);
    free(path.data);
    json_decref(root);
    return flat;
}

hr_status sim_store_numbers(const char *document, sim_store_number **numbers, size_t *count, hr_error *e)
{
    json_t *flat = flat_numbers(document, "the document", e), *value;
    if (!flat)
        return HR_BAD_INPUT;
    sim_store_number *list = hr_alloc(json_object_size(flat) * sizeof *list);
    size_t n = 0;
    const char *path;
    json_object_foreach(flat, path, value)
        list[n++] = (sim_store_number){.path = hr_strdup(path), .value = json_number_value(value)};
    json_decref(flat);
    *numbers = list;
    *count = n;
    return HR_OK;
}

void sim_store_numbers_free(sim_store_number *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(numbers[i].path);
    free(numbers);
}

// --- comparing ------------------------------------------------------------------------------------------------------

// Two seeds above 2^53 that differ by one are equal as float64, so whole numbers are subtracted as such where that fits.
static double subtract(const json_t *a, const json_t *b)
{
    json_int_t whole;
    if (json_is_integer(a) && json_is_integer(b) &&
        !__builtin_sub_overflow(json_integer_value(b), json_integer_value(a), &whole))
        return (double)whole;
    return json_number_value(b) - json_number_value(a);
}

static void add_row(sim_store_diff *diff, const char *path, const json_t *a, const json_t *b)
{
    sim_store_difference *row = &diff->row[diff->count++];
    *row = (sim_store_difference){.path = hr_strdup(path), .in_a = a, .in_b = b, .a = a ? json_number_value(a) : NAN,
                                  .b = b ? json_number_value(b) : NAN, .difference = NAN, .relative = NAN};
    if (!b) {
        diff->only_a++;
    } else if (!a) {
        diff->only_b++;
    } else {
        row->difference = subtract(a, b);
        diff->changed += row->difference != 0;
        if (row->difference == 0)
            row->relative = 0;
        else if (row->a != 0)
            row->relative = row->difference / fabs(row->a);
    }
}

hr_status sim_store_compare(const char *a, const char *b, sim_store_diff *diff, hr_error *e)
{
    json_t *left = flat_numbers(a, "the first document", e), *right = flat_numbers(b, "the second document", e), *value;
    if (left && right) {
        *diff = (sim_store_diff){.row = hr_alloc((json_object_size(left) + json_object_size(right)) * sizeof *diff->row)};
        const char *path;
        json_object_foreach(left, path, value)
            add_row(diff, path, value, json_object_get(right, path));
        json_object_foreach(right, path, value)
            if (!json_object_get(left, path))
                add_row(diff, path, NULL, value);
    }
    hr_status status = left && right ? HR_OK : HR_BAD_INPUT;
    json_decref(left);
    json_decref(right);
    return status;
}

void sim_store_diff_free(sim_store_diff *diff)
{
    for (size_t i = 0; i < diff->count; i++)
        free(diff->row[i].path);
    free(diff->row);
    *diff = (sim_store_diff){0};
}
